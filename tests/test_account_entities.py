"""The account's entities, its owner's settings, and the reports of the gate's decisions."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.lock import SERVICE_LOCK
from homeassistant.components.number import ATTR_VALUE, SERVICE_SET_VALUE
from homeassistant.components.select import ATTR_OPTION, SERVICE_SELECT_OPTION
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.core import Context, Event, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_load_integrations
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_capture_events,
)

from custom_components.flotte import event as events
from custom_components.flotte.const import CONF_MONTHLY_LIMIT, CONF_SPENDING_MODE, DOMAIN
from custom_components.flotte.entity import AccountEntity
from custom_components.flotte.spending.account_ledger import AccountLedger
from custom_components.flotte.spending.decisions import EVENT_SPENDING_DECISION
from custom_components.flotte.tesla.errors import GateRefused
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import DecisionReason, SpendingRequest
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.modes import EFFECTS, ModeReason, SpendingMode
from custom_components.flotte.tesla.spending.tariff import FREE, Category
from simulator import Simulator
from simulator.bill import Category as TheirCategory
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    STREAMING,
    EntryMaker,
    Pass,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)
from tests.fleet import MINUTE, MOMENT, Wait, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

HOUR: Final = timedelta(hours=1)
SELECT: Final = "select.tesla_account_spending_mode_setting"
BUDGET: Final = "number.tesla_account_monthly_budget"
DECISION: Final = "event.tesla_account_spending_decision"
WAITING: Final = "sensor.aurora_waiting_commands"
LIMIT: Final = "number.aurora_charge_limit"
NO_WAKES: Final = {"wakes_per_day": 0}
"""With it, settings by automations are deferred."""
NIGHT: Final = {"quiet_begin": "01:00:00", "quiet_end": "05:00:00"}
"""It is 3 o'clock in Los Angeles, where the owner of the tests lives."""


@pytest.fixture(autouse=True)
def _decisions_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event entity of decisions is disabled by default."""
    row = replace(events.DECISION, entity_registry_enabled_default=True)
    monkeypatch.setattr(events, "DECISION", row)


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.BINARY_SENSOR,
            Platform.EVENT,
            Platform.LOCK,
            Platform.NUMBER,
            Platform.SELECT,
            Platform.SENSOR,
        ],
    )


@pytest.fixture(autouse=True)
async def _automations(hass: HomeAssistant) -> None:
    """An automation that sets the charge limit from an event."""
    automation = {
        "alias": "Solar surplus",
        "triggers": {"trigger": "event", "event_type": "sun"},
        "actions": {
            "action": "number.set_value",
            "target": {ATTR_ENTITY_ID: LIMIT},
            "data": {ATTR_VALUE: "{{ trigger.event.data.percent }}"},
        },
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})


@pytest.fixture
def sleeper(tesla: Simulator) -> Car:
    """The only car that is not asleep for good."""
    for vin in (MODEL_3, MODEL_S):
        tesla.world.cars[vin].steer({"state": "asleep"})
    return tesla.world.cars[MODEL_Y]


type Loader = Callable[..., Any]


@pytest.fixture
def load(hass: HomeAssistant, sleeper: Car, tesla: Simulator, make_entry: EntryMaker) -> Loader:
    """Sets an account up by these rules."""

    async def load(**options: Any) -> MockConfigEntry:
        await register_key(hass, tesla)
        entry = make_entry(options=options)
        await set_up(hass, entry)
        return entry

    return load


@pytest.fixture
def told_on_bus(hass: HomeAssistant) -> list[Event[Any]]:
    """Decisions on Home Assistant's bus, from now on."""
    told: list[Event[Any]] = async_capture_events(hass, EVENT_SPENDING_DECISION)
    return told


async def shine(hass: HomeAssistant, percent: int) -> None:
    """Have the automation set the charge limit."""
    hass.bus.async_fire("sun", {"percent": percent})
    await hass.async_block_till_done(wait_background_tasks=True)


async def choose(hass: HomeAssistant, mode: str) -> None:
    """Choose a spending mode."""
    await act(hass, SERVICE_SELECT_OPTION, SELECT, **{ATTR_OPTION: mode})


def shown(hass: HomeAssistant, name: str) -> str:
    """The value of a sensor of the account."""
    return state_of(hass, f"sensor.tesla_account_{name}").state


def ledger_of(entry: MockConfigEntry) -> AccountLedger:
    """The ledger of an entry."""
    ledger: AccountLedger = entry.runtime_data.ledger
    return ledger


def mode_of(entry: MockConfigEntry) -> SpendingMode:
    """The restrictions of an entry."""
    return ledger_of(entry).gate.mode_status.mode


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> dr.DeviceEntry:
    """Aurora's."""
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, MODEL_Y), entry.entry_id)
    assert device is not None
    return device


# --- Sensors -------------------------------------------------------------------------------------


async def test_values_follow_the_ledger(
    hass: HomeAssistant, load: Loader, tesla: Simulator, wait: Wait
) -> None:
    entry = await load()
    assert (shown(hass, "wake_ups_today"), shown(hass, "budget_left")) == ("0", "10.00")
    await shine(hass, 60)
    assert tesla.bill.counts(client_id=CLIENT_ID)[TheirCategory.WAKE] == 1
    assert shown(hass, "wake_ups_today") == "1"
    # A wake, a handshake and a command; whole cents are billed by category.
    assert shown(hass, "cost_of_wake_ups") == "0.02"
    assert ledger_of(entry).meter.left(dt_util.utcnow()) == Decimal("9.978")
    assert shown(hass, "budget_left") == "9.97"
    # 0.22 per cent, and never less than what is spent; once a minute.
    await wait(MINUTE)
    assert shown(hass, "budget_used") == "0.3"
    used = state_of(hass, "sensor.tesla_account_budget_used").attributes
    assert used["unit_of_measurement"] == "%"
    assert shown(hass, "wake_ups_saved_this_month") == "0"
    # Looked at once an hour, but it never claims that a month costs less than it did already.
    assert shown(hass, "projected_cost_this_month") == shown(hass, "cost_this_month") == "0.02"
    await wait(HOUR)
    projection = ledger_of(entry).projection
    assert projection is not None
    assert projection.total > Decimal("0.1")
    assert shown(hass, "projected_cost_this_month") == str(projection.total)
    assert shown(hass, "projection_basis") == "projection_first_days"


async def test_no_sensor_of_the_account_has_attributes_of_its_own(
    hass: HomeAssistant, load: Loader
) -> None:
    await load()
    usual = {
        "attribution",
        "device_class",
        "friendly_name",
        "icon",
        "last_reset",
        "options",
        "state_class",
        "unit_of_measurement",
    }
    found = [each for each in hass.states.async_all("sensor") if "tesla_account" in each.entity_id]
    assert len(found) == 15
    for state in found:
        assert set(state.attributes) <= usual, state.entity_id


async def test_a_day_and_a_month_start_at_zero(
    hass: HomeAssistant, load: Loader, sleeper: Car, wait: Wait, freezer: FrozenDateTimeFactory
) -> None:
    """In UTC, at midnight, even if nothing is booked then."""
    await load(**NIGHT)
    with pytest.raises(HomeAssistantError):
        await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    await act_as_person(hass, LIMIT, 60)
    sleeper.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    assert (shown(hass, "wake_ups_today"), shown(hass, "wake_ups_saved_this_month")) == ("1", "1")

    freezer.move_to("2026-10-20T23:59:30+00:00")
    await wait(timedelta(seconds=1))
    assert shown(hass, "wake_ups_today") == "1"
    await wait(MINUTE)
    today = state_of(hass, "sensor.tesla_account_wake_ups_today")
    assert (today.state, today.attributes["last_reset"]) == ("0", "2026-10-21T00:00:00+00:00")
    saved = state_of(hass, "sensor.tesla_account_wake_ups_saved_this_month")
    assert (saved.state, saved.attributes["last_reset"]) == ("1", "2026-10-01T00:00:00+00:00")

    freezer.move_to("2026-11-01T00:00:30+00:00")
    await wait(MINUTE)
    saved = state_of(hass, "sensor.tesla_account_wake_ups_saved_this_month")
    assert (saved.state, saved.attributes["last_reset"]) == ("0", "2026-11-01T00:00:00+00:00")
    assert shown(hass, "budget_left") == "10.00"
    assert shown(hass, "cost_this_month") == "0.00"


async def act_as_person(hass: HomeAssistant, entity_id: str, value: float) -> None:
    """Set a number as a person."""
    user = MockUser(is_owner=True).add_to_hass(hass)
    await hass.services.async_call(
        "number",
        SERVICE_SET_VALUE,
        {ATTR_ENTITY_ID: entity_id, ATTR_VALUE: value},
        blocking=True,
        context=Context(user_id=user.id),
    )


async def test_an_unbilled_wake_is_refunded(
    hass: HomeAssistant, load: Loader, tesla: Simulator
) -> None:
    """Within the same day: a sensor that only increases would count it twice."""
    entry = await load()
    await shine(hass, 60)
    before = state_of(hass, "sensor.tesla_account_wake_ups_today")
    meter = ledger_of(entry).meter
    booked = next(row for row in meter.ledger.counts if row.category is Category.WAKE)
    meter.ledger.book(booked, -1)
    meter.changed()
    await hass.async_block_till_done()
    after = state_of(hass, "sensor.tesla_account_wake_ups_today")
    assert (before.state, after.state) == ("1", "0")
    assert after.attributes["state_class"] == "total"
    assert after.attributes["last_reset"] == before.attributes["last_reset"]
    meter.ledger.book(booked, 1)


async def test_a_correction_is_no_wake_of_today(hass: HomeAssistant, load: Loader) -> None:
    entry = await load()
    meter = ledger_of(entry).meter
    added = meter.correct({Category.WAKE: 20}, dt_util.utcnow())
    await hass.async_block_till_done()
    assert (shown(hass, "cost_of_wake_ups"), shown(hass, "wake_ups_today")) == ("0.40", "0")
    meter.correct({Category.WAKE: 0}, dt_util.utcnow())
    assert added == {Category.WAKE: 20}
    assert meter.ledger.month(Month.of(dt_util.utcnow()))[Category.WAKE] == 0


async def test_only_changed_states_are_written(
    hass: HomeAssistant, load: Loader, monkeypatch: pytest.MonkeyPatch, wait: Wait
) -> None:
    """A stream books every ten seconds, and most of it changes nothing that is shown."""
    entry = await load()
    await wait(HOUR)
    written: list[str] = []
    write = AccountEntity.async_write_ha_state

    def note(entity: AccountEntity) -> None:
        written.append(entity.entity_id)
        write(entity)

    monkeypatch.setattr(AccountEntity, "async_write_ha_state", note)
    ledger_of(entry).async_changed()
    await wait(2 * MINUTE)
    assert written == []
    await shine(hass, 60)
    assert set(written) >= {"sensor.tesla_account_wake_ups_today", DECISION}
    assert SELECT not in written


async def test_signals_decrease_without_a_booking(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, wait: Wait
) -> None:
    """When nothing streams any more nothing is booked either."""
    meter = ledger_of(entry_of_stream).meter
    await wait(5 * MINUTE)
    lately = meter.signals_last_hour(dt_util.utcnow())
    assert lately > 10
    assert shown(hass, "signals_per_hour") == str(lately)
    aurora.steer({"state": "asleep"})
    await wait(HOUR + 5 * MINUTE)
    assert shown(hass, "signals_per_hour") == str(meter.signals_last_hour(dt_util.utcnow())) == "0"


# --- What waits ----------------------------------------------------------------------------------


async def test_deferred_commands_are_counted(
    hass: HomeAssistant, load: Loader, sleeper: Car, wait: Wait
) -> None:
    entry = await load(**NO_WAKES)
    assert state_of(hass, WAITING).state == "0"
    await shine(hass, 70)
    assert state_of(hass, WAITING).state == "1"
    await shine(hass, 71)
    assert state_of(hass, WAITING).state == "1", "of one kind only the newest waits"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, WAITING).state == "1"

    sleeper.steer({"state": "online"})
    await wait(MINUTE)
    assert [each.name for each in sleeper.executions] == ["set_charge_limit"]
    assert state_of(hass, WAITING).state == "0"


async def test_the_end_of_waiting_shows_at_once(
    hass: HomeAssistant, load: Loader, sleeper: Car
) -> None:
    """Not only with the next state check: it runs as soon as the car is known to be awake."""
    entry = await load(**NO_WAKES)
    await shine(hass, 70)
    vehicle = vehicle_of(entry, MODEL_Y).vehicle
    sleeper.steer({"state": "online"})
    vehicle.apply_state("online")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(sleeper.executions) == 1
    assert state_of(hass, WAITING).state == "0"


async def test_a_failed_deferred_command_is_dropped(
    hass: HomeAssistant, load: Loader, sleeper: Car
) -> None:
    entry = await load(**NO_WAKES)
    await shine(hass, 70)
    sleeper.steer({"state": "online", "mobile_access_disabled": True})
    vehicle_of(entry, MODEL_Y).vehicle.apply_state("online")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert sleeper.executions == []
    assert state_of(hass, WAITING).state == "0"


async def test_a_deferred_command_is_superseded_by_a_person(
    hass: HomeAssistant, load: Loader
) -> None:
    await load(**NO_WAKES)
    await shine(hass, 70)
    await act_as_person(hass, LIMIT, 80)
    assert state_of(hass, WAITING).state == "0"


async def test_an_expired_command_is_not_counted(
    hass: HomeAssistant, load: Loader, wait: Wait, freezer: FrozenDateTimeFactory
) -> None:
    await load(**NO_WAKES)
    await shine(hass, 70)
    freezer.tick(6 * HOUR)
    await wait(2 * MINUTE)
    assert state_of(hass, WAITING).state == "0"


async def test_a_cancelled_command_is_not_counted(hass: HomeAssistant, load: Loader) -> None:
    entry = await load(**NO_WAKES)
    await shine(hass, 70)
    assert vehicle_of(entry, MODEL_Y).vehicle.deferred.cancel() == 1
    assert state_of(hass, WAITING).state == "0"


# --- The spending mode ---------------------------------------------------------------------------


async def test_a_chosen_mode_takes_effect_and_can_be_reverted(
    hass: HomeAssistant, load: Loader, sleeper: Car
) -> None:
    entry = await load()
    data = entry.runtime_data
    assert state_of(hass, SELECT).state == "automatic"
    assert (shown(hass, "spending_mode"), shown(hass, "spending_mode_reason")) == (
        SpendingMode.NORMAL,
        ModeReason.IN_ORDER,
    )
    await choose(hass, "frugal")
    assert mode_of(entry) is SpendingMode.FRUGAL
    assert state_of(hass, SELECT).state == "frugal"
    assert (shown(hass, "spending_mode"), shown(hass, "spending_mode_reason")) == (
        SpendingMode.FRUGAL,
        ModeReason.CHOSEN,
    )
    await shine(hass, 60)
    assert sleeper.wakes == 0
    assert state_of(hass, WAITING).state == "1"

    await choose(hass, "automatic")
    assert mode_of(entry) is SpendingMode.NORMAL
    assert shown(hass, "spending_mode_reason") == ModeReason.IN_ORDER
    assert CONF_SPENDING_MODE not in entry.options
    await shine(hass, 60)
    assert sleeper.wakes == 1
    assert entry.runtime_data is data, "nothing was set up anew"


@pytest.mark.parametrize("mode", SpendingMode)
async def test_each_mode_can_be_chosen(
    hass: HomeAssistant, load: Loader, mode: SpendingMode
) -> None:
    entry = await load()
    await choose(hass, mode)
    assert ledger_of(entry).gate.mode_status.effects == EFFECTS[mode]
    assert shown(hass, "spending_mode") == mode


async def test_a_chosen_mode_survives(hass: HomeAssistant, load: Loader) -> None:
    entry = await load()
    await choose(hass, "thrifty")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, SELECT).state == shown(hass, "spending_mode") == "thrifty"


async def test_a_chosen_mode_reaches_the_stream(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry, pass_time: Pass
) -> None:
    await choose(hass, "stopped")
    await pass_time(3 * MINUTE)
    assert state_of(hass, STREAMING).state == "off"
    await choose(hass, "automatic")
    await pass_time(5 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"


# --- The budget ----------------------------------------------------------------------------------


async def test_a_budget_takes_effect_at_once_and_survives(
    hass: HomeAssistant, load: Loader, sleeper: Car
) -> None:
    entry = await load()
    data = entry.runtime_data
    budget = state_of(hass, BUDGET)
    assert (budget.state, budget.attributes["unit_of_measurement"]) == ("10.0", "EUR")
    assert (budget.attributes["min"], budget.attributes["max"]) == (0, 1000)
    await act(hass, SERVICE_SET_VALUE, BUDGET, **{ATTR_VALUE: 20})
    assert shown(hass, "budget_left") == "20.00"
    assert entry.options[CONF_MONTHLY_LIMIT] == 20
    await act(hass, SERVICE_SET_VALUE, BUDGET, **{ATTR_VALUE: 0})
    assert (state_of(hass, BUDGET).state, shown(hass, "budget_left")) == ("0.0", "0.00")
    assert shown(hass, "spending_mode") == SpendingMode.STOPPED
    assert shown(hass, "spending_mode_reason") == ModeReason.USED_UP
    await shine(hass, 60)
    assert sleeper.wakes == 0
    assert entry.runtime_data is data, "nothing was set up anew"

    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert (state_of(hass, BUDGET).state, shown(hass, "budget_left")) == ("0.0", "0.00")
    assert shown(hass, "budget_used") == "unknown", "a share of nothing"


# --- Decisions -----------------------------------------------------------------------------------


async def test_a_refused_wake_at_night(
    hass: HomeAssistant, load: Loader, told_on_bus: list[Event[Any]]
) -> None:
    entry = await load(**NIGHT)
    assert state_of(hass, DECISION).state == "unknown"
    with pytest.raises(HomeAssistantError) as refusal:
        await act(hass, SERVICE_LOCK, "lock.aurora_doors")
    attributes = dict(state_of(hass, DECISION).attributes)
    explanation = attributes.pop("explanation")
    assert explanation == (
        "The car is asleep, and automations cannot wake a car between 01:00 and 05:00. Wait until "
        "2026-10-20 05:00, change the quiet hours in Flotte's options, or do it yourself."
    )
    assert str(refusal.value) == explanation.rstrip(".")
    for name in ("event_types", "friendly_name"):
        attributes.pop(name)
    expected = {
        "reason": "gate_quiet",
        "caller": "automation",
        "car": "Aurora",
        # A wake, a handshake and the command.
        "cost": attributes["cost"],
        "currency": "EUR",
        "until": "2026-10-20T12:00:00+00:00",
    }
    assert attributes == {"event_type": "refused", **expected}
    assert 0.021 <= attributes["cost"] <= 0.023

    (event,) = told_on_bus
    assert event.data == {
        "decision": "refused",
        "explanation": explanation,
        "device_id": device_of(hass, entry).id,
        **expected,
    }
    assert state_of(hass, DECISION).context is event.context
    assert MODEL_Y not in str(event.data)
    assert ledger_of(entry).meter.ledger.avoided_wakes(Month(2026, 10)) == 1


async def test_a_setting_that_waits(
    hass: HomeAssistant, load: Loader, told_on_bus: list[Event[Any]]
) -> None:
    await load(**NO_WAKES)
    await shine(hass, 70)
    attributes = state_of(hass, DECISION).attributes
    assert attributes["event_type"] == "waits"
    assert attributes["reason"] == "gate_asleep_waits"
    assert attributes["caller"] == "automation:automation.solar_surplus"
    assert attributes["explanation"] == (
        "The car is asleep, and your rules do not let automation.solar_surplus wake it. The "
        "command is deferred: it runs the next time the car wakes on its own, or is dropped at "
        "2026-10-20 09:00."
    )
    assert attributes["until"] == "2026-10-20T16:00:00+00:00"
    assert [each.data["decision"] for each in told_on_bus] == ["waits"]


async def test_an_allowed_command_of_a_person(
    hass: HomeAssistant, load: Loader, told_on_bus: list[Event[Any]]
) -> None:
    entry = await load()
    device = device_of(hass, entry)
    dr.async_get(hass).async_update_device(device.id, name_by_user="Our car")
    await act_as_person(hass, LIMIT, 60)
    attributes = state_of(hass, DECISION).attributes
    assert attributes["event_type"] == "allowed"
    assert (attributes["caller"], attributes["reason"]) == ("person", "gate_person")
    assert (attributes["car"], attributes["until"]) == ("Our car", None)
    assert attributes["explanation"].startswith("People may spend the whole budget.")
    assert [each.data["decision"] for each in told_on_bus] == ["allowed"]


async def test_each_decision_for_a_caller_is_reported(
    hass: HomeAssistant, load: Loader, told_on_bus: list[Event[Any]]
) -> None:
    await load(**NO_WAKES)
    for percent in (70, 71, 72):
        await shine(hass, percent)
    assert len(told_on_bus) == 3


async def test_background_decisions_are_reported_once_in_a_row(
    hass: HomeAssistant,
    load: Loader,
    sleeper: Car,
    tesla: Simulator,
    wait: Wait,
    told_on_bus: list[Event[Any]],
) -> None:
    """For each car separately: they are polled in turn."""
    entry = await load()
    cars = [vehicle_of(entry, vin).vehicle for vin in (MODEL_Y, MODEL_S)]

    async def ask() -> list[tuple[str, ...]]:
        told_on_bus.clear()
        for vehicle in cars * 3:
            # As when polling falls due.
            with suppress(GateRefused):
                await vehicle.poll()
        assert {each.data["caller"] for each in told_on_bus} <= {"background:polling"}
        return [
            (each.data["car"], each.data["decision"], each.data["reason"]) for each in told_on_bus
        ]

    for car in cars:
        tesla.world.cars[car.vin].steer({"state": "online", "user_present": True})
    allowed = [
        ("Aurora", "allowed", "gate_in_step"),
        ("Old Faithful", "allowed", "gate_in_step"),
    ]
    assert await ask() == allowed
    await wait(2 * MINUTE)
    assert await ask() == []
    await choose(hass, "frugal")
    assert await ask() == [
        ("Aurora", "refused", "gate_no_polling"),
        ("Old Faithful", "refused", "gate_no_polling"),
    ]
    # A different answer is reported, although the first one was before.
    await choose(hass, "automatic")
    assert await ask() == allowed


async def test_free_requests_are_not_reported(
    hass: HomeAssistant, load: Loader, wait: Wait, told_on_bus: list[Event[Any]]
) -> None:
    entry = await load()
    await wait(5 * MINUTE)
    await act(hass, SERVICE_SET_VALUE, "number.home_backup_reserve", **{ATTR_VALUE: 30})
    decided: list[DecisionReason] = []
    ledger = ledger_of(entry)
    ledger.gate.decided.subscribe(lambda _, decision: decided.append(decision.reason))
    free = SpendingRequest(caller=Caller(CallerKind.PERSON), charges=(FREE,), asset=MODEL_Y)
    ledger.gate.admit(free, dt_util.utcnow()).release()
    assert decided == [DecisionReason.FREE]
    assert told_on_bus == []


async def test_the_event_is_fired_without_the_entity(
    hass: HomeAssistant, load: Loader, told_on_bus: list[Event[Any]]
) -> None:
    entry = await load(**NO_WAKES)
    er.async_get(hass).async_update_entity(DECISION, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    await shine(hass, 70)
    assert len(told_on_bus) == 1
    ledger = ledger_of(entry)
    assert ledger.gate.decided._listeners
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert not ledger.gate.decided._listeners


async def test_the_explanation_is_in_home_assistants_language(
    hass: HomeAssistant, load: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(**NO_WAKES)
    hass.config.language = "nl"
    await async_load_integrations(hass, {DOMAIN})
    await shine(hass, 70)
    assert state_of(hass, DECISION).attributes["explanation"].startswith("De auto slaapt")
    asked: list[str] = []

    def dutch(_hass: HomeAssistant, language: str, category: str, domain: str) -> dict[str, str]:
        asked.append(f"{language} {category} {domain}")
        return {
            "component.flotte.exceptions.gate_asleep_waits.message": "{caller} wacht tot {expires}"
        }

    monkeypatch.setattr("custom_components.flotte.texts.async_get_cached_translations", dutch)
    await shine(hass, 71)
    words = state_of(hass, DECISION).attributes["explanation"]
    assert words == "automation.solar_surplus wacht tot 2026-10-20 09:00"
    assert asked == ["nl exceptions flotte"]


async def test_accounts_that_share_a_bill_report_their_own_cars(
    hass: HomeAssistant,
    load: Loader,
    make_entry: EntryMaker,
    told_on_bus: list[Event[Any]],
) -> None:
    await load(**NO_WAKES)
    await set_up(hass, make_entry("owner-2", options=NO_WAKES))
    await shine(hass, 70)
    assert len(told_on_bus) == 1
    assert state_of(hass, DECISION).attributes["event_type"] == "waits"
    assert state_of(hass, f"{DECISION}_2").state == "unknown"
