"""Prices and rules as the options say: of one account, of two that share a bill, or unreadable."""

import asyncio
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.spending.account_ledger import AccountLedger, async_get_ledger
from custom_components.flotte.spending.rules import (
    endpoint_categories,
    spending_policy,
    spending_tariff,
)
from custom_components.flotte.tesla.spending.modes import SpendingMode
from custom_components.flotte.tesla.spending.policy import AsleepPolicy, Policy, QuietHours
from custom_components.flotte.tesla.spending.tariff import EURO, TARIFFS, Category
from simulator import Simulator
from tests.conftest import (
    CLIENT_ID,
    EntryMaker,
    issue_of,
    issues_of,
    register_key,
    set_up,
    state_of,
)

COST = "sensor.tesla_account_cost_this_month"
FRANCS = {
    "currency": "CHF",
    "discount": 9,
    "units": {"signal": 140_000, "command": 1_000, "data": 500, "wake": 50},
}


def entry_with(hass: HomeAssistant, **options: Any) -> MockConfigEntry:
    """An entry of the application that all here have, not set up."""
    entry = MockConfigEntry(
        domain="flotte", data={"auth_implementation": "flotte"}, options=options
    )
    entry.add_to_hass(hass)
    return entry


async def ledger_of(hass: HomeAssistant) -> AccountLedger:
    return await async_get_ledger(hass, CLIENT_ID)


# --- One account ---------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", TARIFFS)
async def test_in_each_currency(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, currency: str
) -> None:
    """Tesla's discount is the limit, and what is shown is in that currency."""
    await register_key(hass, tesla)
    await set_up(hass, make_entry(options={"currency": currency}))
    ledger = await ledger_of(hass)
    assert ledger.meter.tariff is not EURO or currency == "EUR"
    assert ledger.meter.tariff == TARIFFS[currency]
    assert ledger.meter.budget == TARIFFS[currency].discount
    assert state_of(hass, COST).attributes["unit_of_measurement"] == currency


async def test_untouched(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    ledger = await ledger_of(hass)
    assert (ledger.meter.tariff, ledger.meter.budget) == (EURO, Decimal(10))
    assert ledger.gate.policy == Policy()
    assert ledger.endpoints.own == {}
    assert issues_of(hass) == set()


async def test_all_requests_of_an_account_go_by_its_table(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    await register_key(hass, tesla)
    # No request is made in this test, so that the bill stays the simulator's.
    entry = make_entry(options={"endpoint_categories": {"backup": "data"}})
    await set_up(hass, entry)
    ledger = await ledger_of(hass)
    assert ledger.endpoints.own == {"backup": Category.DATA}
    data = entry.runtime_data
    apis = [each.vehicle.api for each in data.vehicles] + [each.site.api for each in data.sites]
    assert len(apis) == 4
    assert all(api.endpoints is ledger.endpoints for api in apis)


# --- Several that share a bill --------------------------------------------------------------------


async def test_the_account_with_a_value_sets_the_tariff(hass: HomeAssistant) -> None:
    silent, speaking = entry_with(hass), entry_with(hass, **FRANCS)
    for each in (silent, speaking):
        assert spending_tariff(hass, each).currency == "CHF"
        assert spending_policy(hass, each).budget_in(spending_tariff(hass, each)) == 9


async def test_another_application_has_its_own(hass: HomeAssistant) -> None:
    entry = entry_with(hass)
    other = MockConfigEntry(domain="flotte", data={"auth_implementation": "b"}, options=FRANCS)
    other.add_to_hass(hass)
    assert spending_tariff(hass, entry) == EURO
    assert endpoint_categories(hass, entry) == {}


@pytest.mark.parametrize(
    ("limits", "limit"),
    [
        ((None, None), 1448),
        ((None, 5000), 5000),
        ((5000, None), 5000),
        ((5000, 2000), 2000),
        ((2000, 5000), 2000),
    ],
)
async def test_the_lowest_budget_counts_in_any_order(
    hass: HomeAssistant, limits: tuple[int | None, ...], limit: int
) -> None:
    """An account without a value does not restrict the other."""
    entries = [
        entry_with(hass, currency="JPY", **({} if each is None else {"monthly_limit": each}))
        for each in limits
    ]
    for each in entries:
        assert spending_policy(hass, each).budget_in(spending_tariff(hass, each)) == limit


async def test_a_chosen_mode_is_no_budget(hass: HomeAssistant) -> None:
    frugal = entry_with(hass, spending_mode="frugal")
    rich = entry_with(hass, monthly_limit=25, spending_mode="thrifty")
    for each in (frugal, rich):
        policy = spending_policy(hass, each)
        assert (policy.budget, policy.spending_mode) == (Decimal(25), SpendingMode.FRUGAL)


async def test_categories_are_merged(hass: HomeAssistant) -> None:
    """For any caller: otherwise the accounts would undo each other's."""
    first = entry_with(hass, endpoint_categories={"vehicle": "data"})
    second = entry_with(hass, endpoint_categories={"vehicle": "free", "backup": "free"})
    for each in (second, first):
        together = endpoint_categories(hass, each)
        assert together == {"vehicle": Category.DATA, "backup": Category.FREE}


async def test_two_tariffs_do_not_fight(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    """Each start would otherwise bring the other one's."""
    await register_key(hass, tesla)
    first = make_entry(options={"currency": "GBP"})
    second = make_entry("owner-2", options={"currency": "DKK"})
    assert spending_tariff(hass, first) == spending_tariff(hass, second) == TARIFFS["GBP"]
    await set_up(hass, first)
    if second.state is ConfigEntryState.NOT_LOADED:
        await set_up(hass, second)
    kept = first.runtime_data, second.runtime_data
    for each in (second, first):
        await hass.config_entries.async_reload(each.entry_id)
        await hass.async_block_till_done()
    assert (await ledger_of(hass)).meter.tariff == TARIFFS["GBP"]
    assert first.runtime_data is not kept[0]
    assert first.state is second.state is ConfigEntryState.LOADED


async def test_the_currency_leaves_with_its_account(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    await register_key(hass, tesla)
    first, second = make_entry(options={"currency": "GBP"}), make_entry("owner-2")
    await set_up(hass, first)
    if second.state is ConfigEntryState.NOT_LOADED:
        await set_up(hass, second)
    await hass.config_entries.async_remove(first.entry_id)
    await hass.async_block_till_done()
    assert (await ledger_of(hass)).meter.tariff == EURO
    assert second.state is ConfigEntryState.LOADED
    shown = {
        state.attributes["unit_of_measurement"]
        for state in hass.states.async_all("sensor")
        if "cost" in state.entity_id and "unit_of_measurement" in state.attributes
    }
    assert shown == {"EUR"}


async def test_rules_of_one_that_names_no_budget(hass: HomeAssistant) -> None:
    silent, strict = entry_with(hass), entry_with(hass, wakes_per_day=0)
    for each in (silent, strict):
        assert spending_policy(hass, each) == Policy(wakes_per_day=0)


@pytest.mark.parametrize(
    "own",
    [{"spending_mode": "thrifty"}, {"monthly_limit": 3.0}, {"wakes_per_day": 9.0}],
    ids=lambda own: next(iter(own)),
)
async def test_each_rule_is_the_strictest_that_anybody_names(
    hass: HomeAssistant, own: dict[str, Any]
) -> None:
    """A choice of one account lifts no restriction of another one."""
    first = entry_with(hass, **own)
    entry_with(
        hass,
        monthly_limit=5.0,
        wakes_per_day=0.0,
        confirm_wakes=True,
        quiet_begin="22:00:00",
        quiet_end="06:00:00",
        asleep_automation="wait",
        asleep_callers={"voice:assist": "refuse"},
    )
    entry_with(hass, quiet_begin="01:00:00", asleep_callers={"voice:assist": "wake"})
    policy = spending_policy(hass, first)
    assert policy == Policy(
        budget=Decimal(str(own.get("monthly_limit", 5.0))),
        wakes_per_day=0,
        confirm_wakes=True,
        quiet_hours=QuietHours(time(22), time(6)),
        asleep_automation=AsleepPolicy.WAIT,
        asleep_callers={"voice:assist": AsleepPolicy.REFUSE},
        spending_mode=SpendingMode.THRIFTY if "spending_mode" in own else None,
    )


async def test_two_that_start_together_share_one_ledger(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was made and not used would go on looking at the spending mode."""
    loaded = []
    load = AccountLedger.async_load

    async def slowly(ledger: AccountLedger) -> None:
        loaded.append(ledger)
        await asyncio.sleep(0)
        await load(ledger)

    monkeypatch.setattr(AccountLedger, "async_load", slowly)
    first, second = await asyncio.gather(ledger_of(hass), ledger_of(hass))
    assert loaded == [first]
    assert first is second


async def test_limits_are_shown_as_they_hold(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    """Another account of the same application says what the bill is in, and what it may be."""
    other = make_entry("owner-2", options={"currency": "JPY", "monthly_limit": 700})
    await set_up(hass, other)
    await hass.async_block_till_done(wait_background_tasks=True)
    budget = state_of(hass, "number.tesla_account_monthly_budget")
    assert (budget.state, budget.attributes["unit_of_measurement"]) == ("700.0", "JPY")
    flow = await hass.config_entries.options.async_init(loaded.entry_id)
    form = await hass.config_entries.options.async_configure(
        flow["flow_id"], {"next_step_id": "spending"}
    )
    assert form["description_placeholders"] == {"discount": "1448", "currency": "JPY"}


async def test_the_other_account_uses_the_new_currency(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    """At once, without loading either account again."""
    await register_key(hass, tesla)
    first, second = make_entry(), make_entry("owner-2")
    await set_up(hass, first)
    if second.state is ConfigEntryState.NOT_LOADED:
        await set_up(hass, second)
    assert state_of(hass, COST).attributes["unit_of_measurement"] == "EUR"
    before = first.runtime_data, second.runtime_data
    hass.config_entries.async_update_entry(first, options={"currency": "GBP"})
    await hass.async_block_till_done()
    assert (first.runtime_data, second.runtime_data) == before
    shown = {
        state.attributes["unit_of_measurement"]
        for state in hass.states.async_all("sensor")
        if "cost" in state.entity_id and "unit_of_measurement" in state.attributes
    }
    assert shown == {"GBP"}


# --- What cannot be read --------------------------------------------------------------------------

UNREADABLE: list[tuple[dict[str, Any], str]] = [
    ({"monthly_limit": "much"}, "monthly_limit"),
    ({"monthly_limit": -1}, "monthly_limit"),
    ({"monthly_limit": "NaN"}, "monthly_limit"),
    ({"reserve_percent": 101}, "reserve_percent"),
    ({"wakes_per_day": 1.5}, "wakes_per_day"),
    ({"quiet_begin": "noon"}, "quiet_begin"),
    ({"asleep_person": "never"}, "asleep_person"),
    ({"asleep_callers": ["voice"]}, "asleep_callers"),
    ({"confirm_wakes": "yes"}, "confirm_wakes"),
    ({"spending_mode": "lavish"}, "spending_mode"),
    ({"currency": "XXX"}, "discount"),
    ({"currency": 7}, "currency"),
    ({"discount": "much"}, "discount"),
    ({"units": {"data": -1}}, "units.data"),
    ({"units": "many"}, "units"),
    ({"endpoint_categories": {"vehicle_data": "free"}}, "endpoint_categories.vehicle_data"),
    ({"endpoint_categories": 3}, "endpoint_categories.endpoint_categories"),
]


@pytest.mark.parametrize(("options", "named"), UNREADABLE)
async def test_it_starts_with_the_usual_rules(
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    caplog: pytest.LogCaptureFixture,
    options: dict[str, Any],
    named: str,
) -> None:
    """And says so, until it can be read."""
    await register_key(hass, tesla)
    entry = make_entry(options=options)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    ledger = await ledger_of(hass)
    assert (ledger.meter.tariff, ledger.meter.budget) == (EURO, Decimal(10))
    assert ledger.gate.policy == Policy()
    assert ledger.endpoints.own == {}
    assert f"['{named}']" in caplog.text
    assert named in issue_of(hass, "options_unreadable")
    hass.config_entries.async_update_entry(entry, options={})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert "options_unreadable" not in issues_of(hass)


async def test_the_rest_of_the_rules_stays(hass: HomeAssistant) -> None:
    entry = entry_with(hass, monthly_limit="much", wakes_per_day=0, confirm_wakes=True)
    assert spending_policy(hass, entry) == Policy(wakes_per_day=0, confirm_wakes=True)
