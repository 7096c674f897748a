"""Actions about money: they answer what the simulator billed, and asking changes nothing."""

import inspect
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import (
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.const import CONF_BASE_URL, DOMAIN
from custom_components.flotte.services.action import Action
from custom_components.flotte.services.spending import SPENDING_ACTIONS
from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.spending.prices import PRICED
from custom_components.flotte.spending.rules import async_set_spending_option
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.spending.caller import STREAM, Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import DecisionReason
from custom_components.flotte.tesla.spending.ledger import LedgerKey
from custom_components.flotte.tesla.spending.modes import EFFECTS, ModeReason, SpendingMode
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.projection import Basis
from custom_components.flotte.tesla.spending.tariff import Category, Tariff
from custom_components.flotte.tesla.vehicle.deferral import DeferredCommand, is_deferrable
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category as Billed
from simulator.bill import cost as billed_cost
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    SITE,
    EntryMaker,
    set_up,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait, told_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

FLOTTE = Path(__file__).parents[1] / "custom_components" / "flotte"
ENGLISH = json.loads((FLOTTE / "translations" / "en.json").read_text("utf-8"))
DESCRIBED = load_yaml_dict(str(FLOTTE / "services.yaml"))
ICONS = json.loads((FLOTTE / "icons.json").read_text("utf-8"))
ROWS = {row.name: row for row in SPENDING_ACTIONS}
EACH_ROW = pytest.mark.parametrize("row", SPENDING_ACTIONS, ids=lambda row: row.name)

ANNA = Context(user_id="anna")
PAID = (Billed.SIGNAL, Billed.COMMAND, Billed.DATA, Billed.WAKE, Billed.ENERGY)
NOON = datetime.fromisoformat(MOMENT)


@pytest.fixture(autouse=True)
def _only_what_is_needed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions need no entity at all; a site has a device only by its sensors."""
    few = [Platform.SENSOR] if "with_site" in request.fixturenames else [Platform.BUTTON]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", few)


@pytest.fixture
def with_site() -> None:
    """For tests that look at the site's device."""


@pytest.fixture
def asleep(tesla: Simulator) -> None:
    """All cars sleep, so that only what a test does is billed."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})


def device_of(hass: HomeAssistant, entry: MockConfigEntry, identifier: str) -> str:
    """The id of a vehicle's or site's device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None
    return device.id


async def ask(
    hass: HomeAssistant, name: str, /, context: Context | None = None, **fields: Any
) -> Any:
    """The answer of an action, which can be sent to any client."""
    answer = await hass.services.async_call(
        DOMAIN, name, fields, blocking=True, context=context, return_response=True
    )
    assert json.loads(json.dumps(answer)) == answer
    assert "{" not in " ".join(_texts(answer)), "a placeholder is left"
    return answer


def _texts(value: Any) -> Iterable[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)


async def report(hass: HomeAssistant, **fields: Any) -> Any:
    """The report of the only account."""
    (account,) = (await ask(hass, "spending_report", **fields))["accounts"]
    return account


async def price(
    hass: HomeAssistant, device_id: str, action: str | None = None, context: Context | None = ANNA
) -> Any:
    """The price for one car."""
    wish = {} if action is None else {"action": action}
    answer = await ask(hass, "price_of", context, device_id=device_id, **wish)
    assert answer["prices"].keys() == {device_id}
    return answer["prices"][device_id]


def ledger_of(entry: MockConfigEntry) -> AccountLedger:
    ledger: AccountLedger = entry.runtime_data.ledger
    return ledger


def counted(ledger: AccountLedger) -> dict[LedgerKey, int]:
    """All that is booked."""
    return {row: count for row, count in ledger.meter.ledger.rows() if count}


def by_category(counts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The sum of the parts of a report."""
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each["counts"])
    return {str(each): total[each] for each in PAID if total[each]}


def waits(vehicle: Vehicle, command: Command, caller: Caller) -> DeferredCommand:
    """Let a command wait for six hours from now."""
    now = dt_util.utcnow()
    waiting = DeferredCommand(command, caller, now, now + timedelta(hours=6))
    vehicle.deferred.queue.put(waiting)
    return waiting


# --- The report ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("with_site", "asleep")
async def test_report_equals_the_simulators_bill(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A person wakes Aurora, an automation flashes Old Faithful's lights; a day passes."""
    aurora, faithful = vehicle_of(loaded, MODEL_Y), vehicle_of(loaded, MODEL_S)
    await aurora.async_send(commands.set_charge_limit(70), ANNA)
    await wait(5 * MINUTE)
    await told_of(tesla, wait, MODEL_S)
    await faithful.async_send(commands.flash_lights(), Context())
    billed = tesla.bill.counts(client_id=CLIENT_ID)

    told = await report(hass)

    assert billed[Billed.WAKE] == 1
    assert billed[Billed.COMMAND] >= 3, "handshake and command, and the lights"
    assert billed[Billed.DATA] >= 1
    assert {each: told["by_category"][each]["count"] for each in PAID} == {
        each: billed[each] for each in PAID
    }
    for each in PAID:
        cents = billed_cost(each, billed[each]).quantize(Decimal("0.01"))
        assert told["by_category"][each]["cost"] == pytest.approx(float(cents), abs=0.01)
    assert told["month"] == "2026-10"
    assert (told["currency"], told["discount"], told["budget"]) == ("EUR", 10.0, 10.0)
    # What Tesla will ask for is nothing, because of the discount.
    assert told["to_pay"] == float(tesla.bill.due(CLIENT_ID)) == 0
    assert told["spent"] == pytest.approx(
        sum(each["cost"] for each in told["by_category"].values())
    )
    assert told["left"] == pytest.approx(10 - told["spent"], abs=0.01)

    same = {str(each): billed[each] for each in PAID if billed[each]}
    for parts in ("by_day", "by_caller"):
        assert by_category(told[parts].values()) == same
    assert by_category(told["by_car"]) == same
    assert list(told["by_day"]) == ["2026-10-20"]
    by_car = {(each["name"], each["id"]): each["counts"] for each in told["by_car"]}
    assert by_car["Aurora", "000001"]["wake"] == 1
    assert by_car["account", ""].keys() == {"free"}, "logging in asks for no single car"
    assert by_car["Home", str(SITE)[-6:]].keys() == {"energy"}
    for vin, name in ((MODEL_Y, "Aurora"), (MODEL_3, "Comet"), (MODEL_S, "Old Faithful")):
        of_car = tesla.bill.counts(vin=vin)
        mine = by_car.get((name, vin[-6:]), {})
        assert [mine.get(each, 0) for each in PAID] == [of_car[each] for each in PAID]
    assert told["by_caller"]["person"]["counts"]["wake"] == 1
    assert told["by_caller"]["person"]["cost"] == pytest.approx(0.022)
    assert told["by_caller"]["automation"]["counts"] == {"command": 1}
    assert told["dearest_callers"][0] == {"caller": "person", **told["by_caller"]["person"]}
    costs = [each["cost"] for each in told["dearest_callers"]]
    assert costs == sorted(costs, reverse=True)
    assert (told["wakes_saved"], told["unanswered"]) == (0, {})
    assert told["entries"] == [{"config_entry_id": loaded.entry_id, "title": "Tesla"}]


@pytest.mark.usefixtures("asleep")
async def test_report_of_a_device_that_the_user_renamed(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    devices = dr.async_get(hass)
    devices.async_update_device(device_of(hass, loaded, MODEL_Y), name_by_user="Borealis")
    meter = ledger_of(loaded).meter
    for car in (MODEL_Y, "XP7YGCEK0RB999999"):
        meter.ledger.book(LedgerKey(NOON.date(), Category.FREE, car, STREAM.label), 3)
    told = await report(hass)
    cars = [(each["name"], each["id"]) for each in told["by_car"]]
    assert ("Borealis", "000001") in cars
    assert ("999999", "999999") in cars, "one that was sold"


@pytest.mark.usefixtures("asleep")
async def test_report_of_savings_and_unanswered_requests(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    """A lost answer is counted separately; a refused wake is a saved wake."""
    vehicle = vehicle_of(loaded, MODEL_Y)
    ledger_of(loaded).meter.budget = Decimal("0.001")
    with pytest.raises(HomeAssistantError):
        await vehicle.async_send(commands.flash_lights(), ANNA)
    ledger_of(loaded).meter.budget = Decimal(10)
    tesla.faults.order("lost_reply", endpoint="wake_up")
    with pytest.raises(HomeAssistantError):
        await vehicle.async_send(commands.flash_lights(), ANNA)
    told = await report(hass)
    assert told["unanswered"] == {"wake": 1}
    assert told["by_category"]["wake"]["count"] == 1 == tesla.bill.counts()[Billed.WAKE]
    ledger_of(loaded).meter.note_avoided_wake(Caller(CallerKind.PERSON), MODEL_Y, dt_util.utcnow())
    assert (await report(hass))["wakes_saved"] == told["wakes_saved"] + 1


@pytest.mark.usefixtures("asleep")
async def test_report_of_another_month(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Values that depend on now are left out."""
    meter = ledger_of(loaded).meter
    meter.ledger.book(LedgerKey(NOON.date(), Category.WAKE, MODEL_Y, "person"), 700)
    meter.ledger.unanswered[LedgerKey(NOON.date(), Category.WAKE, MODEL_Y, "person")] += 2
    freezer.move_to("2026-11-02T10:00:00+00:00")
    now = await report(hass)
    assert (now["month"], now["by_category"]["wake"]["count"]) == ("2026-11", 0)
    assert now["unanswered"] == {}
    before = await report(hass, month="2026-10")
    assert (before["month"], before["by_category"]["wake"]) == (
        "2026-10",
        {"count": 700, "cost": 14.0},
    )
    assert (before["spent"], before["discount"], before["to_pay"]) == (14.0, 10.0, 4.0)
    assert before["unanswered"] == {"wake": 2}
    assert [before[each] for each in ("budget", "left", "spending_mode", "projection")] == [
        None,
        None,
        None,
        None,
    ]
    assert await report(hass, month="2026-11") == now
    meter.ledger.book(LedgerKey(NOON.date(), Category.WAKE, MODEL_Y, "person"), -700)


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("category", [Category.SIGNAL, Category.WAKE])
async def test_projection_of_the_report(
    hass: HomeAssistant, loaded: MockConfigEntry, category: Category
) -> None:
    """Each of the last ten days was alike; eleven more are to come after this one."""
    ledger = ledger_of(loaded)
    rows = [
        LedgerKey(NOON.date() - timedelta(days=days), category, MODEL_Y, STREAM.label)
        for days in range(1, 11)
    ]
    for row in rows:
        ledger.meter.ledger.book(row, 600)
    told = await report(hass)
    projection = told["projection"]
    price = ledger.meter.tariff.price(category, 600 * 22)
    assert projection["by_category"][category] == {
        "count": 600 * 22,
        "cost": pytest.approx(float(price), abs=0.005),
    }
    assert projection["total"] == pytest.approx(float(price), abs=0.005)
    assert projection["to_pay"] == pytest.approx(max(0, float(price) - 10), abs=0.005)
    assert projection["basis"] == "projection_week"
    assert "number of days: 9" in projection["explanation"]
    assert "2026-10-11 to 2026-10-19" in projection["explanation"]
    assert "days remaining after today: 11" in projection["explanation"]
    for row in rows:
        ledger.meter.ledger.book(row, -600)


@pytest.mark.usefixtures("asleep")
async def test_mode_of_the_report(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    told = (await report(hass))["spending_mode"]
    assert (told["mode"], told["reason"]) == ("normal", "mode_in_order")
    assert "of 10.00 EUR is spent" in told["explanation"]
    async_set_spending_option(hass, loaded, "spending_mode", "frugal")
    told = (await report(hass))["spending_mode"]
    assert (told["mode"], told["reason"]) == ("frugal", "mode_chosen")
    assert told["explanation"].startswith("This spending mode was set manually")


@pytest.mark.usefixtures("asleep", "loaded")
async def test_texts_in_a_language_that_has_none(hass: HomeAssistant) -> None:
    hass.config.language = "fi"
    told = await report(hass)
    assert told["spending_mode"]["explanation"].startswith("Nothing is held back")


@pytest.mark.parametrize("key", [*ModeReason, *Basis], ids=str)
def test_every_reason_has_a_text(key: str) -> None:
    """One that can be filled with what there is."""
    words = dict.fromkeys(("spent", "projected", "budget", "percent", "currency"), "1")
    if key in Basis:
        words = dict.fromkeys(
            ("days", "first", "last", "working_days", "weekend_days", "rest_days", "spent"), "1"
        ) | {"currency": "EUR"}
    text: str = ENGLISH["exceptions"][key]["message"].format_map(words)
    assert "{" not in text


@pytest.mark.usefixtures("asleep")
async def test_two_entries_on_one_developer_account(
    hass: HomeAssistant, loaded: MockConfigEntry, make_entry: EntryMaker
) -> None:
    """They share a discount and a bill, so the bill appears once, whichever of them is queried."""
    second = make_entry("owner-2")
    await set_up(hass, second)
    answer = await ask(hass, "spending_report")
    (account,) = answer["accounts"]
    assert {each["config_entry_id"] for each in account["entries"]} == {
        loaded.entry_id,
        second.entry_id,
    }
    for entry in (loaded, second):
        assert await ask(hass, "spending_report", config_entry_id=entry.entry_id) == answer


@pytest.fixture
async def stranger(
    hass_at_tesla: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> MockConfigEntry:
    """An entry of owner-2 on another developer account."""
    other = "lenient-demo"
    await async_import_client_credential(
        hass_at_tesla, DOMAIN, ClientCredential(other, "lenient-secret", "Other"), "other"
    )
    token = tesla.login("owner-2", other, SCOPES)
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Other",
        unique_id=tesla.accounts.users["owner-2"].subject,
        data={
            "auth_implementation": "other",
            "token": {**token, "expires_at": tesla.clock.now() + token["expires_in"]},
            CONF_BASE_URL: tesla.eu_url,
            "public_domain": "lenient.example",
        },
    )
    entry.add_to_hass(hass_at_tesla)
    registration = tesla.accounts.registrations[CLIENT_ID, "eu"]
    tesla.accounts.registrations[other, "eu"] = registration
    await set_up(hass_at_tesla, entry)
    return entry


@pytest.mark.usefixtures("asleep")
async def test_two_developer_accounts(
    hass: HomeAssistant, loaded: MockConfigEntry, stranger: MockConfigEntry, tesla: Simulator
) -> None:
    """Each has its own bill; a correction of one leaves the other alone."""
    await vehicle_of(loaded, MODEL_Y).async_ask(vehicle_of(loaded, MODEL_Y).vehicle.wake, ANNA)
    answer = await ask(hass, "spending_report")
    first, second = answer["accounts"]
    assert [each["entries"][0]["title"] for each in (first, second)] == ["Tesla", "Other"]
    assert (first["by_category"]["wake"]["count"], second["by_category"]["wake"]["count"]) == (1, 0)
    for account, client in ((first, CLIENT_ID), (second, "lenient-demo")):
        billed = tesla.bill.counts(client_id=client)
        assert all(account["by_category"][each]["count"] == billed[each] for each in PAID)
    assert await ask(hass, "spending_report", config_entry_id=stranger.entry_id) == {
        "accounts": [second]
    }
    await ask(hass, "set_month_to_date", config_entry_id=stranger.entry_id, wakes=5)
    after = (await ask(hass, "spending_report"))["accounts"]
    assert [each["by_category"]["wake"]["count"] for each in after] == [1, 5]


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    ("month", "key"),
    [
        ("october", "month_unreadable"),
        ("", "month_unreadable"),
        ("2026", "month_unreadable"),
        ("2026-13", "month_unreadable"),
        ("2026-00", "month_unreadable"),
        ("2026-1", "month_unreadable"),
        ("26-10", "month_unreadable"),
        ("2026-10-01", "month_unreadable"),
        # Digits of another script.
        ("\uff12\uff10\uff12\uff16-10", "month_unreadable"),
        ("0000-01", "month_unknown"),
        ("2026-11", "month_unknown"),
        ("9999-12", "month_unknown"),
        ("2024-09", "month_unknown"),
    ],
)
async def test_months_that_are_none(
    hass: HomeAssistant, loaded: MockConfigEntry, month: str, key: str
) -> None:
    error = await refused(hass, "spending_report", month=month)
    assert error.translation_key == key
    assert month in str(error)


@pytest.mark.usefixtures("asleep", "loaded")
@pytest.mark.parametrize("month", ["2024-10", "2026-10", " 2026-09 "])
async def test_stored_months(hass: HomeAssistant, month: str) -> None:
    assert (await report(hass, month=month))["month"] == month.strip()


async def test_report_without_an_account(hass_at_tesla: HomeAssistant) -> None:
    error = await refused(hass_at_tesla, "spending_report")
    assert error.translation_key == "no_account_loaded"


# --- What it would cost --------------------------------------------------------------------------


async def refused(hass: HomeAssistant, name: str, /, **fields: Any) -> ServiceValidationError:
    """The mistake that an action ends in; it can be read by people."""
    with pytest.raises(ServiceValidationError) as refusal:
        await ask(hass, name, **fields)
    error = refusal.value
    assert str(error) != error.translation_key
    assert "{" not in str(error)
    return error


SIGNED: dict[str, dict[str, int]] = {
    "wake": {},
    "data": {"data": 1},
    "command": {"command": 1, "handshake": 1},
    "setting": {"command": 1, "handshake": 1},
    "lock": {"command": 1, "handshake": 1},
    "unlock": {"command": 1, "handshake": 1},
    "climate": {"command": 1, "handshake": 1},
    "charge": {"command": 1, "handshake": 1},
    "trunk": {"data": 1, "command": 1, "handshake": 1},
}
COSTS = {"wake": 0.02, "data": 0.002, "command": 0.001, "handshake": 0.001}


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize("vin", [MODEL_Y, MODEL_S])
@pytest.mark.parametrize("state", ["asleep", "online"])
@pytest.mark.parametrize(("action", "parts"), SIGNED.items())
async def test_price_depends_on_the_cars_needs(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    vin: str,
    state: str,
    action: str,
    parts: dict[str, int],
) -> None:
    """A sleeping car is woken, one that takes plain commands needs no handshake."""
    tesla.world.cars[vin].steer({"state": state})
    vehicle = vehicle_of(loaded, vin).vehicle
    await vehicle.check()
    wanted = dict(parts)
    if state == "asleep":
        wanted["wake"] = 1
    if vin == MODEL_S:
        wanted.pop("handshake", None)
    billed, booked = tesla.bill.counts(), counted(ledger_of(loaded))
    asked, stored = len(tesla.requests), vehicle.to_stored()

    told = await price(hass, device_of(hass, loaded, vin), action)

    assert told["consists_of"] == wanted
    assert told["cost"] == pytest.approx(sum(COSTS[each] * n for each, n in wanted.items()))
    assert told["currency"] == "EUR"
    assert (told["decision"], told["until"]) == ("allowed", None)
    assert told["reason"] == ("gate_person" if wanted else "gate_free")
    assert told["name"] == ("Aurora" if vin == MODEL_Y else "Old Faithful")
    # Asking changed nothing, and nothing was sent.
    assert (tesla.bill.counts(), counted(ledger_of(loaded))) == (billed, booked)
    assert len(tesla.requests) == asked
    assert vehicle.to_stored() == stored
    assert not ledger_of(loaded).meter.ledger.avoided


@pytest.mark.usefixtures("asleep")
async def test_price_equals_the_later_bill(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    """The action right afterwards costs exactly that; the second one needs no handshake."""
    device_id = device_of(hass, loaded, MODEL_Y)
    coordinator = vehicle_of(loaded, MODEL_Y)
    parts = []
    for command in (commands.flash_lights(), commands.honk_horn()):
        told = await price(hass, device_id)
        before = tesla.bill.counts(vin=MODEL_Y)
        await coordinator.async_send(command, ANNA)
        after = tesla.bill.counts(vin=MODEL_Y)
        billed = sum((billed_cost(each, after[each] - before[each]) for each in PAID), Decimal(0))
        assert told["cost"] == pytest.approx(float(billed))
        parts.append(told["consists_of"])
    assert parts == [{"wake": 1, "command": 1, "handshake": 1}, {"command": 1}]


@pytest.mark.usefixtures("asleep")
async def test_price_of_several_cars(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    tesla.world.cars[MODEL_S].steer({"state": "online"})
    await vehicle_of(loaded, MODEL_S).vehicle.check()
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_Y, MODEL_S)]
    told = (await ask(hass, "price_of", ANNA, device_id=devices, action="wake"))["prices"]
    assert {key: each["cost"] for key, each in told.items()} == {devices[0]: 0.02, devices[1]: 0}


DECISIONS: list[Any] = [
    pytest.param("person", {}, "setting", "allowed", "gate_person", None, id="person"),
    pytest.param("automation", {}, "setting", "allowed", "gate_automation", None, id="automation"),
    pytest.param(
        "automation",
        {"wakes_per_day": 0},
        "setting",
        "waits",
        "gate_asleep_waits",
        "2026-10-20T09:00:00-07:00",
        id="waits",
    ),
    pytest.param(
        "automation",
        {"wakes_per_day": 0},
        "unlock",
        "refused",
        "gate_asleep",
        None,
        id="never-waits",
    ),
    pytest.param(
        "automation",
        {"quiet_begin": "00:00", "quiet_end": "06:00"},
        "climate",
        "refused",
        "gate_quiet",
        "2026-10-20T06:00:00-07:00",
        id="quiet",
    ),
    pytest.param(
        "person",
        {"monthly_limit": "0.02"},
        "command",
        "refused",
        "budget_exceeded",
        "2026-10-31T17:00:00-07:00",
        id="budget",
    ),
    pytest.param(
        "automation",
        {"spending_mode": "frugal"},
        "wake",
        "refused",
        "gate_no_wakes",
        "2026-10-31T17:00:00-07:00",
        id="frugal",
    ),
    pytest.param(
        "automation",
        {"spending_mode": "stopped"},
        "data",
        "refused",
        "gate_stopped",
        "2026-10-31T17:00:00-07:00",
        id="stopped",
    ),
    pytest.param(
        "person", {"asleep_person": "refuse"}, "data", "refused", "gate_asleep", None, id="never"
    ),
]


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(("who", "options", "action", "decision", "reason", "until"), DECISIONS)
async def test_price_has_the_gates_later_decision(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    who: str,
    options: dict[str, Any],
    action: str,
    decision: str,
    reason: str,
    until: str | None,
    hass_admin_user: MockUser,
) -> None:
    """For the caller, in the user's zone; and it is the decision that this caller really gets."""
    ledger, coordinator = ledger_of(loaded), vehicle_of(loaded, MODEL_Y)
    ledger.async_set_policy(Policy.from_options(options))
    context = Context(user_id=hass_admin_user.id) if who == "person" else Context()
    device_id = device_of(hass, loaded, MODEL_Y)
    told = await price(hass, device_id, action, context)
    assert (told["decision"], told["reason"], told["until"]) == (decision, reason, until)
    if reason == "gate_asleep_waits":
        assert (
            "your rules do not let an automation wake it. The command is deferred:"
            in told["explanation"]
        )

    really: list[str] = []
    ledger.gate.decided.subscribe(lambda _request, each: really.append(each.key))
    made = PRICED[action]
    done = (
        coordinator.async_send(made(), context)
        if made is not None
        else coordinator.async_ask(coordinator.vehicle.wake, context)
        if action == "wake"
        else ask(hass, "list_schedules", context, device_id=device_id)
    )
    if decision == "refused":
        with pytest.raises(HomeAssistantError) as refusal:
            await done
        assert refusal.value.translation_key == reason
    else:
        await done
    assert really[:1] == [reason]
    assert len(coordinator.vehicle.deferred.waiting) == int(decision == "waits")
    assert tesla.world.cars[MODEL_Y].wakes == int(decision == "allowed")


@pytest.mark.parametrize("key", list(DecisionReason), ids=str)
def test_every_decision_has_a_text(key: str) -> None:
    assert ENGLISH["exceptions"][key]["message"]


@pytest.mark.usefixtures("asleep")
async def test_price_of_a_confirmed_command(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A caller who was just asked to confirm would be allowed now."""
    ledger_of(loaded).async_set_policy(Policy.from_options({"confirm_wakes": True}))
    device_id = device_of(hass, loaded, MODEL_Y)
    assert (await price(hass, device_id, "wake"))["reason"] == "gate_confirm"
    # To ask for the price is not to ask for a wake.
    assert (await price(hass, device_id, "wake"))["reason"] == "gate_confirm"
    with pytest.raises(HomeAssistantError, match="try again within half a minute"):
        await vehicle_of(loaded, MODEL_Y).async_ask(vehicle_of(loaded, MODEL_Y).vehicle.wake, ANNA)
    for wish in ("wake", "data"):
        assert (await price(hass, device_id, wish))["reason"] == "gate_person"
    assert (await price(hass, device_id, "unlock"))["reason"] == "gate_confirm"
    assert (await price(hass, device_id, "wake", Context()))["reason"] == "gate_automation"


@pytest.mark.usefixtures("asleep")
async def test_price_if_state_checks_are_billed(
    hass: HomeAssistant, loaded: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then a wake costs the looks beside it, and those are no handshakes."""
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    monkeypatch.setattr(vehicle.api.endpoints, "own", {"vehicle": Category.COMMAND})
    device_id = device_of(hass, loaded, MODEL_Y)
    told = await price(hass, device_id, "wake")
    looks = told["consists_of"]["command"]
    assert told["consists_of"] == {"wake": 1, "command": looks}
    assert told["cost"] == pytest.approx(0.02 + looks * 0.001)
    told = await price(hass, device_id, "command")
    assert told["consists_of"] == {"wake": 1, "command": looks + 1, "handshake": 1}


def test_settings_are_the_deferrable_commands() -> None:
    waiting = {name for name, make in PRICED.items() if make is not None and is_deferrable(make())}
    assert waiting == {"setting"}


# --- Errors about cars and accounts --------------------------------------------------------------

OF_CARS = pytest.mark.parametrize(
    "action", ["price_of", "list_waiting_commands", "cancel_waiting_commands"]
)


@pytest.mark.usefixtures("asleep")
@OF_CARS
async def test_unknown_device(hass: HomeAssistant, loaded: MockConfigEntry, action: str) -> None:
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    waits(vehicle, commands.set_charge_limit(70), Caller(CallerKind.AUTOMATION))
    devices = [device_of(hass, loaded, MODEL_Y), "nonsense"]
    error = await refused(hass, action, device_id=devices)
    assert error.translation_key == "service_device_not_found"
    assert vehicle.deferred.waiting, "nothing is done to any car then"


@pytest.mark.usefixtures("with_site", "asleep")
@OF_CARS
async def test_a_site_is_no_car(hass: HomeAssistant, loaded: MockConfigEntry, action: str) -> None:
    error = await refused(hass, action, device_id=device_of(hass, loaded, str(SITE)))
    assert error.translation_key == "not_a_vehicle"


@pytest.mark.usefixtures("asleep")
@OF_CARS
async def test_car_of_an_account_that_is_not_loaded(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str
) -> None:
    device_id = device_of(hass, loaded, MODEL_Y)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    error = await refused(hass, action, device_id=device_id)
    assert error.translation_key == "service_config_entry_not_loaded"


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    ("action", "fields"), [("spending_report", {}), ("set_month_to_date", {"wakes": 1})]
)
@pytest.mark.parametrize(
    ("which", "key"),
    [
        ("nobody", "service_config_entry_not_found"),
        ("kettle", "service_config_entry_wrong_domain"),
        ("unloaded", "service_config_entry_not_loaded"),
    ],
)
async def test_wrong_account(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    action: str,
    fields: dict[str, Any],
    which: str,
    key: str,
) -> None:
    kettle = MockConfigEntry(domain="kettle", title="Kettle")
    kettle.add_to_hass(hass)
    ledger = ledger_of(loaded)
    booked = counted(ledger)
    if which == "unloaded":
        assert await hass.config_entries.async_unload(loaded.entry_id)
    chosen = {"nobody": "nonsense", "kettle": kettle.entry_id, "unloaded": loaded.entry_id}[which]
    error = await refused(hass, action, config_entry_id=chosen, **fields)
    assert error.translation_key == key
    assert counted(ledger) == booked


# --- Tesla's own count ---------------------------------------------------------------------------


def also_billed(tesla: Simulator, category: Billed, count: int) -> None:
    """Something else, on the same developer account, was billed without us."""
    tesla.bill.charge(CLIENT_ID, category, amount=count)


@pytest.mark.usefixtures("asleep")
async def test_month_is_set_to_the_counts_of_the_dashboard(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_storage: dict[str, Any],
) -> None:
    await vehicle_of(loaded, MODEL_Y).async_send(commands.flash_lights(), ANNA)
    for category, count in (
        (Billed.SIGNAL, 120_000),
        (Billed.COMMAND, 1_000),
        (Billed.DATA, 40),
        (Billed.WAKE, 3),
    ):
        also_billed(tesla, category, count)
    # A fixture compares them too, at the end of every test.
    dashboard = tesla.bill.counts(client_id=CLIENT_ID)
    told = await ask(
        hass,
        "set_month_to_date",
        config_entry_id=loaded.entry_id,
        signals=dashboard[Billed.SIGNAL],
        # As the user interface and templates send them.
        commands=float(dashboard[Billed.COMMAND]),
        data_requests=str(dashboard[Billed.DATA]),
        wakes=dashboard[Billed.WAKE],
    )
    assert told["added"] == {"signal": 120_000, "command": 1_000, "data": 40, "wake": 3}
    assert told["currency"] == "EUR"
    after = await report(hass)
    assert told["spent"] == after["spent"]
    assert {each: after["by_category"][each]["count"] for each in PAID} == {
        each: dashboard[each] for each in PAID
    }
    assert after["by_caller"]["correction"]["counts"] == told["added"]
    assert "correction" not in {each["caller"] for each in after["dearest_callers"]}
    # It is written, so that a restart does not forget it.
    await wait(timedelta(seconds=11))
    (stored,) = (
        each["data"] for name, each in hass_storage.items() if name.startswith("flotte.ledger.")
    )
    assert ["2026-10-20", "wake", "", "correction", 3] in stored["ledger"]["counts"]
    # Again: there is nothing left to add.
    told = await ask(
        hass, "set_month_to_date", config_entry_id=loaded.entry_id, wakes=dashboard[Billed.WAKE]
    )
    assert told["added"] == {"wake": 0}


@pytest.mark.usefixtures("asleep")
async def test_month_is_set_to_the_costs_of_the_dashboard(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    """An amount that says the same as our exact count changes nothing."""
    also_billed(tesla, Billed.SIGNAL, 150_600)
    also_billed(tesla, Billed.COMMAND, 1_210)
    also_billed(tesla, Billed.WAKE, 7)
    await ask(hass, "set_month_to_date", config_entry_id=loaded.entry_id, signals=150_600)
    told = await ask(
        hass,
        "set_month_to_date",
        config_entry_id=loaded.entry_id,
        cost_signals=1.00,
        cost_commands="1.21",
        cost_data_requests=0,
        cost_wakes=0.14,
    )
    assert told["added"] == {"signal": 0, "command": 1_210, "data": 0, "wake": 7}


@pytest.mark.usefixtures("asleep")
async def test_month_can_be_set_back(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """A correction is taken back by another one, and what it brought about with it."""
    told = await ask(hass, "set_month_to_date", config_entry_id=loaded.entry_id, wakes=499)
    assert (told["spent"], told["spending_mode"]) == (9.98, "stopped")
    assert ledger_of(loaded).gate.mode_status.effects == EFFECTS[SpendingMode.STOPPED]
    told = await ask(hass, "set_month_to_date", config_entry_id=loaded.entry_id, cost_wakes=0)
    assert (told["added"], told["spent"], told["spending_mode"]) == ({"wake": -499}, 0, "normal")
    assert ledger_of(loaded).gate.mode_status.effects == EFFECTS[SpendingMode.NORMAL]


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    ("fields", "key", "words"),
    [
        ({"wakes": 3, "cost_wakes": 0.06}, "count_and_cost", ["wakes", "cost_wakes"]),
        (
            {"wakes": 1, "data_requests": 3, "cost_data_requests": 1},
            "count_and_cost",
            ["cost_data_requests"],
        ),
        ({"wakes": 1, "cost_signals": 1}, "cost_of_nothing", ["signals", "cost_signals"]),
    ],
)
async def test_invalid_counts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    fields: dict[str, Any],
    key: str,
    words: list[str],
) -> None:
    ledger = ledger_of(loaded)
    ledger.meter.tariff = Tariff.from_options({"units": {"signal": 0}})
    booked = counted(ledger)
    error = await refused(hass, "set_month_to_date", config_entry_id=loaded.entry_id, **fields)
    assert error.translation_key == key
    assert all(word in str(error) for word in words)
    assert counted(ledger) == booked


@pytest.mark.usefixtures("asleep")
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"wakes": -1},
        {"wakes": 1.5},
        {"wakes": True},
        {"wakes": "many"},
        {"wakes": float("nan")},
        {"wakes": float("inf")},
        {"wakes": None},
        {"wakes": [1]},
        {"wakes": "1e999999"},
        {"cost_wakes": -0.01},
        {"cost_wakes": "NaN"},
        {"cost_wakes": "a little"},
        {"lights": 1},
    ],
    ids=str,
)
async def test_counts_that_do_not_fit_the_schema(
    hass: HomeAssistant, loaded: MockConfigEntry, fields: dict[str, Any]
) -> None:
    booked = counted(ledger_of(loaded))
    with pytest.raises(vol.Invalid):
        await ask(hass, "set_month_to_date", config_entry_id=loaded.entry_id, **fields)
    assert counted(ledger_of(loaded)) == booked


@pytest.mark.usefixtures("asleep")
async def test_changing_counts_needs_the_right_to_change_the_budget(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    hass_read_only_user: MockUser,
    hass_admin_user: MockUser,
) -> None:
    """A count of 0 is as good as a new budget."""
    booked = counted(ledger_of(loaded))
    fields = {"config_entry_id": loaded.entry_id, "commands": 0}
    with pytest.raises(Unauthorized):
        await ask(hass, "set_month_to_date", Context(user_id=hass_read_only_user.id), **fields)
    assert counted(ledger_of(loaded)) == booked
    await ask(hass, "set_month_to_date", Context(user_id=hass_admin_user.id), **fields)


# --- What waits ----------------------------------------------------------------------------------

SOLAR = Caller(CallerKind.AUTOMATION, "automation.solar_surplus")


@pytest.mark.usefixtures("asleep")
async def test_deferred_commands_are_listed_and_cancelled(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Automations that may not wake the car; what was cancelled is never carried out."""
    ledger_of(loaded).async_set_policy(Policy.from_options({"wakes_per_day": 0}))
    coordinator = vehicle_of(loaded, MODEL_Y)
    aurora, faithful = (device_of(hass, loaded, vin) for vin in (MODEL_Y, MODEL_S))
    await coordinator.async_send(commands.set_charge_limit(70), Context())
    await wait(MINUTE)
    await coordinator.async_send(commands.set_charge_current(9), Context())
    await coordinator.async_send(commands.set_temperature(21), Context())
    billed = tesla.bill.counts()

    told = await ask(hass, "list_waiting_commands", device_id=[aurora, faithful])

    assert told["cars"][faithful] == {"name": "Old Faithful", "waiting": []}
    assert told["cars"][aurora]["name"] == "Aurora"
    first, second, third = told["cars"][aurora]["waiting"]
    assert first == {
        "command": "set_charge_limit",
        "parameters": {"percent": 70},
        "caller": "automation",
        "since": "2026-10-20T03:00:00-07:00",
        "until": "2026-10-20T09:00:00-07:00",
    }
    assert second["command"] == "set_charging_amps"
    assert second["since"] == "2026-10-20T03:01:00-07:00"
    assert third["parameters"] == {"driver_temp": 21, "passenger_temp": 21}

    told = await ask(
        hass, "cancel_waiting_commands", device_id=[aurora, faithful], command="set_charging_amps"
    )
    assert told == {"cancelled": {aurora: 1, faithful: 0}}
    told = await ask(hass, "list_waiting_commands", device_id=aurora)
    assert [each["command"] for each in told["cars"][aurora]["waiting"]] == [
        "set_charge_limit",
        "set_temps",
    ]
    names = ["set_temps", "honk_horn"]
    told = await ask(hass, "cancel_waiting_commands", device_id=aurora, command=names)
    assert told == {"cancelled": {aurora: 1}}
    assert tesla.bill.counts() == billed
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await wait(2 * MINUTE)
    assert [each.name for each in tesla.world.cars[MODEL_Y].executions] == ["set_charge_limit"]
    assert tesla.bill.counts(vin=MODEL_Y)[Billed.COMMAND] == 2, "one handshake, one setting"


@pytest.mark.usefixtures("asleep")
async def test_all_that_waits_is_cancelled(
    hass: HomeAssistant, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    told: list[object] = []
    vehicle.subscribe(told.append)
    for command in (commands.set_charge_limit(70), commands.set_charge_current(9)):
        waits(vehicle, command, SOLAR)
    device_id = device_of(hass, loaded, MODEL_Y)
    for count in (2, 0):
        answer = await ask(hass, "cancel_waiting_commands", device_id=device_id)
        assert answer == {"cancelled": {device_id: count}}
        assert len(told) == 1, "those who show it hear of it, once"
    assert caplog.text.count("for Aurora: it was cancelled") == 2
    assert not vehicle.deferred.waiting
    # Also by an automation that wants no answer.
    waits(vehicle, commands.set_charge_limit(70), SOLAR)
    await hass.services.async_call(
        DOMAIN, "cancel_waiting_commands", {"device_id": device_id}, blocking=True
    )
    assert not vehicle.deferred.waiting


@pytest.mark.usefixtures("asleep")
async def test_expired_commands_are_not_listed(
    hass: HomeAssistant, loaded: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    waiting = waits(vehicle, commands.set_charge_limit(70), SOLAR)
    device_id = device_of(hass, loaded, MODEL_Y)
    freezer.move_to(waiting.until - timedelta(seconds=1))
    (each,) = (await ask(hass, "list_waiting_commands", device_id=device_id))["cars"][device_id][
        "waiting"
    ]
    assert each["caller"] == "automation:automation.solar_surplus"
    freezer.move_to(waiting.until)
    told = await ask(hass, "list_waiting_commands", device_id=device_id)
    assert told["cars"][device_id]["waiting"] == []


def _with_a_pin() -> list[Callable[..., Command]]:
    functions = [getattr(commands, name) for name in commands.__all__]
    return [
        each
        for each in functions
        if inspect.isfunction(each) and "pin" in inspect.signature(each).parameters
    ]


@pytest.mark.parametrize("make", _with_a_pin(), ids=lambda make: make.__name__)
def test_no_pin_waits(make: Callable[..., Command]) -> None:
    """Deferred commands are listed with their parameters."""
    fields = {"on": True} if "on" in inspect.signature(make).parameters else {}
    assert not is_deferrable(make(**fields, pin="8306"))


# --- What the user sees --------------------------------------------------------------------------


def markers(row: Action) -> dict[str, vol.Marker]:
    """The fields of a row's schema."""
    return {str(marker): marker for marker in row.fields}


@EACH_ROW
def test_fields_are_described_as_they_are(row: Action) -> None:
    """Needed or not, and what is taken if they are left out."""
    described = DESCRIBED[row.name].get("fields", {})
    assert ("target" in DESCRIBED[row.name]) is row.has_target
    assert described.keys() == markers(row).keys()
    assert ENGLISH["services"][row.name].get("fields", {}).keys() == described.keys()
    for name, marker in markers(row).items():
        settings = described[name]
        assert settings.get("required", False) is isinstance(marker, vol.Required), name
        default: Any = getattr(marker, "default", vol.UNDEFINED)
        if default is not vol.UNDEFINED:
            assert settings["default"] == default(), name
    assert ICONS["services"][row.name]["service"].startswith("mdi:")


@EACH_ROW
def test_examples_and_options_fit_the_schema(row: Action) -> None:
    """All choices of the user interface are accepted."""
    fields: dict[str, Any] = {"device_id": ["abc"]} if row.has_target else {}
    for name, settings in DESCRIBED[row.name].get("fields", {}).items():
        if "example" in settings:
            example = settings["example"]
            fields[name] = json.loads(example) if str(example)[:1] == "[" else example
        select = settings["selector"].get("select") or {}
        for option in select.get("options", ()):
            row.schema({**fields, name: option})
        if select:
            assert select["options"] == list(PRICED)
            texts = ENGLISH["selector"][select["translation_key"]]["options"]
            assert list(texts) == select["options"]
    row.schema(fields)


@EACH_ROW
async def test_answers_of_actions(hass_at_tesla: HomeAssistant, row: Action) -> None:
    """Actions that only return data are useless without a response."""
    registered = hass_at_tesla.services.supports_response(DOMAIN, row.name)
    only = {"spending_report", "price_of", "list_waiting_commands"}
    assert (registered is SupportsResponse.ONLY) is (row.name in only)
    assert (registered is SupportsResponse.OPTIONAL) is (row.name not in only)


@EACH_ROW
def test_the_documentation_names_every_action_and_field(row: Action) -> None:
    text = (FLOTTE.parents[1] / "docs" / "actions.md").read_text("utf-8")
    assert f"`flotte.{row.name}`" in text
    for name in markers(row):
        assert f"`{name}`" in text, name
    if row.name == "price_of":
        assert all(f"`{wish}`" in text for wish in PRICED)
