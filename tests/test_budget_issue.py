"""The end of the budget is reported once, whatever the cars do."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from tests.conftest import MODEL_Y, EntryMaker, issue_of, issues_of, register_key, set_up
from tests.fleet import MINUTE, Wait

# The middle of a month: by then the background may have spent half of the budget.
pytestmark = [
    pytest.mark.freeze_time("2026-10-16T10:00:00+00:00"),
    pytest.mark.usefixtures("quick_waits"),
]


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR])


@pytest.fixture
def spent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The spending is only booked here, so the simulator's bill differs."""

    async def agrees(_hass: HomeAssistant, _tesla: Simulator) -> None:
        """Do not compare."""

    monkeypatch.setattr("tests.conftest.check_bill", agrees)


@pytest.fixture
def raised(hass: HomeAssistant) -> list[str]:
    """Issues about the budget, each time that one is raised."""
    ids: list[str] = []

    @callback
    def updated(event: Event[Any]) -> None:
        if event.data["action"] == "create" and "budget" in event.data["issue_id"]:
            ids.append(event.data["issue_id"])

    hass.bus.async_listen(ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED, updated)
    return ids


def ledger_of(entry: MockConfigEntry) -> AccountLedger:
    ledger: AccountLedger = entry.runtime_data.ledger
    return ledger


def spend(entry: MockConfigEntry, euro: str) -> None:
    """Have so much spent this month, by data requests."""
    ledger, now = ledger_of(entry), dt_util.utcnow()
    ledger.meter.correct({Category.DATA: round(Decimal(euro) / Decimal("0.002"))}, now)
    ledger.async_changed()
    ledger.async_review(now)


async def load(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, **options: Any
) -> MockConfigEntry:
    """Set up an account whose cars sleep, or are polled."""
    await register_key(hass, tesla)
    entry = make_entry(options=options)
    await set_up(hass, entry)
    return entry


async def test_cars_that_are_polled(
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    raised: list[str],
) -> None:
    """They never use it up: they are not asked any more before."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    entry = await load(hass, tesla, make_entry, monthly_limit=0.05, head_start_days=31)
    await wait(timedelta(hours=6))
    ledger = ledger_of(entry)
    assert ledger.meter.left(dt_util.utcnow()) > 0
    assert raised == [f"budget_low_{ledger.name}"]
    assert issues_of(hass) == set(raised)
    text = issue_of(hass, raised[0])
    assert "this month's budget of 0.05 EUR" in text
    assert "2026-11-01 (UTC)" in text


@pytest.mark.usefixtures("spent_elsewhere")
@pytest.mark.parametrize(
    ("euro", "issue"),
    [
        ("7.00", None),
        ("8.99", None),
        ("9.00", "budget_low"),
        ("9.50", "budget_low"),
        ("9.89", "budget_low"),
        ("9.95", "budget_used_up"),
        ("12.00", "budget_used_up"),
    ],
)
async def test_times_of_the_report(
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    raised: list[str],
    euro: str,
    issue: str | None,
) -> None:
    entry = await load(hass, tesla, make_entry)
    spend(entry, euro)
    assert raised == ([f"{issue}_{ledger_of(entry).name}"] if issue else [])


@pytest.mark.usefixtures("spent_elsewhere")
async def test_once_a_month(
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
    raised: list[str],
) -> None:
    """Over all steps to the end: that it is low, and that it is used up."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    entry = await load(hass, tesla, make_entry)
    for euro in ("9.00", "9.10", "9.90", "9.99"):
        spend(entry, euro)
        await wait(3 * MINUTE)
        assert len(issues_of(hass)) == 1
    name = ledger_of(entry).name
    assert raised == [f"budget_low_{name}", f"budget_used_up_{name}"]
    freezer.move_to("2026-11-01T00:00:30+00:00")
    await wait(2 * MINUTE)
    assert issues_of(hass) == set()
    spend(entry, "9.99")
    assert len(raised) == 3


@pytest.mark.usefixtures("spent_elsewhere")
async def test_once_however_the_forecast_moves(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    """Cars are not asked from four fifths of the budget on, as long as the rest would not do."""
    entry = await load(hass, tesla, make_entry)
    spend(entry, "8.50")
    ledger, now = ledger_of(entry), dt_util.utcnow()
    assert raised == []
    for projected in (12, 8, 12, 9, 11):
        ledger.gate.review(Decimal(projected), now)
        ledger.async_changed()
        await hass.async_block_till_done()
        assert len(issues_of(hass)) == 1
    assert len(raised) == 1


@pytest.mark.usefixtures("spent_elsewhere")
async def test_a_higher_budget_ends_it(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    entry = await load(hass, tesla, make_entry, monthly_limit=5)
    spend(entry, "4.99")
    assert len(issues_of(hass)) == 1
    hass.config_entries.async_update_entry(entry, options={"monthly_limit": 20})
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert issues_of(hass) == set()
    spend(entry, "19.99")
    assert "of 20.00 EUR" in issue_of(hass, f"budget_used_up_{ledger_of(entry).name}")


@pytest.mark.usefixtures("spent_elsewhere")
async def test_a_corrected_count_ends_it(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    entry = await load(hass, tesla, make_entry)
    spend(entry, "9.99")
    assert len(issues_of(hass)) == 1
    spend(entry, "2.00")
    assert issues_of(hass) == set()


@pytest.mark.usefixtures("spent_elsewhere")
async def test_two_accounts_with_one_bill(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    entry = await load(hass, tesla, make_entry)
    await set_up(hass, make_entry("owner-2"))
    spend(entry, "9.99")
    assert len(issues_of(hass)) == len(raised) == 1


@pytest.mark.usefixtures("spent_elsewhere")
async def test_a_chosen_mode_is_not_the_end(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    entry = await load(hass, tesla, make_entry, spending_mode="stopped")
    spend(entry, "5.00")
    assert raised == []


@pytest.mark.usefixtures("spent_elsewhere")
async def test_a_refund_lets_a_used_up_budget_be_low_again(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    """A text that said more than what is true would be wrong for the rest of the month."""
    entry = await load(hass, tesla, make_entry)
    for euro in ("9.95", "9.20"):
        spend(entry, euro)
    name = ledger_of(entry).name
    assert raised == [f"budget_used_up_{name}", f"budget_low_{name}"]
    assert issues_of(hass) == {f"budget_low_{name}"}


@pytest.mark.usefixtures("spent_elsewhere")
async def test_teslas_suspension_is_reported_instead(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, raised: list[str]
) -> None:
    entry = await load(hass, tesla, make_entry)
    ledger = ledger_of(entry)
    ledger.meter.suspend(dt_util.utcnow())
    spend(entry, "9.99")
    assert issues_of(hass) == {f"account_suspended_{ledger.name}"}
    ledger.async_resume()
    await hass.async_block_till_done()
    assert issues_of(hass) == {f"budget_used_up_{ledger.name}"}
