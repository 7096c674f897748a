"""Entities of charging at home: when a car has them, and that they show the controller."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any, Final

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flotte import event
from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.charging.decisions import EVENT_CHARGING_DECISION, EVENT_CHARGING_STEP
from custom_components.flotte.charging.settings import ChargingSettings, ReadyOn
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from custom_components.flotte.tesla.charging.plan import ChargingPlan, Period
from custom_components.flotte.tesla.charging.situation import ChargingMode, Memory, PlanDemand
from custom_components.flotte.tesla.charging.usage import ChargeUsage, Usage
from custom_components.flotte.tesla.errors import VehicleUnavailable
from simulator import Simulator
from tests import home_charging
from tests.conftest import MODEL_Y, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait, act
from tests.home_charging import house

pytestmark = pytest.mark.freeze_time(MOMENT)

car, plugged = home_charging.car, home_charging.plugged

MODE: Final = "select.aurora_charging_mode"
OTHERS: Final = {
    "binary_sensor.aurora_taken_over_by_you",
    "button.aurora_follow_the_sun_again",
    "number.aurora_commands_a_day_for_charging",
    "number.aurora_lowest_battery_level",
    "number.aurora_charging_priority",
    "number.aurora_ready_level",
    "select.aurora_ready_on",
    "sensor.aurora_charging_commands_today",
    "sensor.aurora_charging_decision",
    "sensor.aurora_grid_energy_charged",
    "sensor.aurora_solar_energy_charged",
    "sensor.aurora_next_planned_charge",
    "sensor.aurora_sun_share_of_this_charge",
    "sensor.aurora_to_spare_for_the_car",
    "time.aurora_ready_by",
}
"""Entities of a car once charging at home was used, without a price."""
COST: Final = "sensor.aurora_cost_of_this_charge"
DECISION: Final = "sensor.aurora_charging_decision"
SURPLUS: Final = "sensor.aurora_to_spare_for_the_car"


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.BINARY_SENSOR,
            Platform.BUTTON,
            Platform.EVENT,
            Platform.NUMBER,
            Platform.SELECT,
            Platform.SENSOR,
            Platform.TIME,
        ],
    )


def controller_of(entry: MockConfigEntry) -> ChargingController:
    """The controller of Aurora."""
    controller: ChargingController = entry.runtime_data.charging_controllers[MODEL_Y]
    return controller


@pytest.fixture
async def used(hass: HomeAssistant, loaded: MockConfigEntry) -> ChargingController:
    """The controller of a car whose mode was other than off, and is sun first, but decides nothing.

    Tests decide in its place.
    """
    controller = controller_of(loaded)
    controller.settings = ChargingSettings(mode=ChargingMode.SUN_FIRST)
    controller.was_used = True
    controller.changed()
    await hass.async_block_till_done()
    return controller


def shown(hass: HomeAssistant) -> set[str]:
    """The entities of charging at home that have a state."""
    return {each for each in {MODE, COST, *OTHERS} if hass.states.get(each) is not None}


def decide(
    controller: ChargingController,
    action: ChargingStep,
    reason: Reason,
    current: int = 0,
    **figures: float,
) -> None:
    """Decide as the controller does."""
    controller.decision = ChargingDecision(action, reason, Memory(), current, figures)
    controller.decided(controller.decision)
    controller.changed()


async def test_a_car_has_only_the_mode_until_it_is_used(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    assert shown(hass) == {MODE}
    assert state_of(hass, MODE).state == "off"
    await act(hass, "select_option", MODE, option="cheapest_hours")
    await hass.async_block_till_done()
    assert shown(hass) == {MODE, *OTHERS}
    assert controller_of(loaded).settings.mode is ChargingMode.CHEAPEST_HOURS
    assert hass.states.get("select.comet_charging_mode") is not None
    assert hass.states.get("select.comet_ready_on") is None

    await act(hass, "select_option", MODE, option="off")
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert shown(hass) == {MODE, *OTHERS}
    assert state_of(hass, MODE).state == "off"
    assert state_of(hass, DECISION).state == "off"
    assert {state_of(hass, each).state for each in (SURPLUS, COST) if hass.states.get(each)} == {
        STATE_UNKNOWN
    }


@pytest.mark.parametrize(
    ("entity", "service", "data", "settings", "state"),
    [
        (MODE, "select_option", {"option": "now"}, {"mode": ChargingMode.NOW}, "now"),
        (
            "select.aurora_ready_on",
            "select_option",
            {"option": "weekdays"},
            {"ready_on": ReadyOn.WEEKDAYS},
            "weekdays",
        ),
        (
            "time.aurora_ready_by",
            "set_value",
            {"time": "06:45:00"},
            {"ready_by": time(6, 45)},
            "06:45:00",
        ),
        (
            "number.aurora_lowest_battery_level",
            "set_value",
            {"value": 25},
            {"lowest_level": 25},
            "25",
        ),
        ("number.aurora_ready_level", "set_value", {"value": 90}, {"ready_level": 90}, "90"),
        (
            "number.aurora_commands_a_day_for_charging",
            "set_value",
            {"value": 30},
            {"commands_a_day": 30},
            "30",
        ),
        ("number.aurora_charging_priority", "set_value", {"value": 2}, {"priority": 2}, "2"),
    ],
)
async def test_settings(
    hass: HomeAssistant,
    used: ChargingController,
    entity: str,
    service: str,
    data: dict[str, Any],
    settings: dict[str, Any],
    state: str,
) -> None:
    before = used.settings
    await act(hass, service, entity, **data)
    assert used.settings == replace(before, **settings)
    assert state_of(hass, entity).state == state


@pytest.mark.parametrize(
    ("entity", "service", "data"),
    [
        ("number.aurora_lowest_battery_level", "set_value", {"value": 101}),
        ("number.aurora_ready_level", "set_value", {"value": 0}),
        ("number.aurora_commands_a_day_for_charging", "set_value", {"value": 501}),
        ("number.aurora_charging_priority", "set_value", {"value": 10}),
        ("select.aurora_ready_on", "select_option", {"option": "calendar"}),
        ("select.aurora_ready_on", "select_option", {"option": "chosen_days"}),
        (MODE, "select_option", {"option": "sideways"}),
    ],
)
async def test_a_value_that_cannot_be(
    hass: HomeAssistant,
    used: ChargingController,
    entity: str,
    service: str,
    data: dict[str, Any],
) -> None:
    before = used.settings
    with pytest.raises(ServiceValidationError) as refusal:
        await act(hass, service, entity, **data)
    assert refusal.value.translation_key
    assert used.settings == before


async def test_days_from_the_options(
    hass: HomeAssistant, used: ChargingController, loaded: MockConfigEntry
) -> None:
    options = {"ready_days": ["mon", "sat"], "ready_calendar": "calendar.trips"}
    hass.config_entries.async_update_entry(loaded, options=options)
    for option in ("chosen_days", "calendar"):
        await act(hass, "select_option", "select.aurora_ready_on", option=option)
        assert used.settings.ready_on == option


async def test_the_decision_is_put_into_words(
    hass: HomeAssistant, used: ChargingController, wait: Wait
) -> None:
    """A figure alone is written once a minute, another reason or current at once."""
    assert state_of(hass, DECISION).state == STATE_UNKNOWN
    decide(used, ChargingStep.KEEP, Reason.WAITS_FOR_SUN, surplus=1.9, needed=3.45)
    state = state_of(hass, DECISION)
    assert state.state == "waits_for_sun"
    assert state.attributes["sentence"] == "Waiting for sun: 1.9 kW to spare, 3.5 kW needed."
    assert (state.attributes["action"], state.attributes["current"]) == ("keep", None)

    await wait(timedelta(seconds=30))
    decide(used, ChargingStep.KEEP, Reason.WAITS_FOR_SUN, surplus=2.4, needed=3.45)
    assert state_of(hass, DECISION).attributes["sentence"].startswith("Waiting for sun: 1.9")
    await wait(timedelta(seconds=31))
    used.changed()
    assert state_of(hass, DECISION).attributes["sentence"].startswith("Waiting for sun: 2.4")

    decide(used, ChargingStep.START, Reason.FOLLOWS_SUN, surplus=6.2, needed=3.45, amps=9)
    state = state_of(hass, DECISION)
    assert state.state == "follows_sun"
    assert state.attributes["sentence"] == "Charging at 9 A from the sun: 6.2 kW to spare."
    assert (state.attributes["action"], state.attributes["current"]) == ("start", 9)


async def test_the_surplus_is_written_every_ten_seconds_at_most(
    hass: HomeAssistant, used: ChargingController, freezer: FrozenDateTimeFactory
) -> None:
    changes: list[Event[EventStateChangedData]] = async_capture_events(hass, "state_changed")
    for kilowatts in (1.11, 1.14, 2.0, 3.0, 3.04, 3.5):
        used.surplus = kilowatts
        used.changed()
        freezer.tick(4)
    written = [
        each.data["new_state"].state
        for each in changes
        if each.data["entity_id"] == SURPLUS and each.data["new_state"] is not None
    ]
    assert written == ["1.1", "3.0"]
    used.surplus = None
    used.changed()
    assert state_of(hass, SURPLUS).state == STATE_UNKNOWN
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_figures_of_the_controller(
    hass: HomeAssistant, used: ChargingController, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = ChargingPlan((Period(1_792_540_800.0, 1_792_541_700.0),), PlanDemand.WAIT)
    monkeypatch.setattr(ChargingController, "plan", plan)
    charge = ChargeUsage(from_sun=6.0, from_grid=2.0, paid=0.734, from_start=True)
    used.observed.usage = Usage(from_sun=106.004, from_grid=41.2, charge=charge)
    used.changed()
    await hass.async_block_till_done()
    figures = {
        each: state_of(hass, f"sensor.aurora_{each}").state
        for each in (
            "next_planned_charge",
            "sun_share_of_this_charge",
            "cost_of_this_charge",
            "solar_energy_charged",
            "grid_energy_charged",
            "charging_commands_today",
        )
    }
    assert figures == {
        # 1,792,540,800 s after the beginning of 1970, by `date -u`.
        "next_planned_charge": "2026-10-21T00:00:00+00:00",
        "sun_share_of_this_charge": "75",
        "cost_of_this_charge": "0.73",
        "solar_energy_charged": "106.0",
        "grid_energy_charged": "41.2",
        "charging_commands_today": "0",
    }


async def test_energy_never_falls(
    hass: HomeAssistant,
    used: ChargingController,
    loaded: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file that is older than the shown states, as after a crash, only delays the counting."""
    used.observed.usage = Usage(from_sun=12.5, from_grid=3.0)
    used.changed()
    assert state_of(hass, "sensor.aurora_solar_energy_charged").state == "12.5"
    older = Usage(from_sun=10.0, from_grid=3.0)
    monkeypatch.setattr(Usage, "from_stored", lambda _stored: older)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, "sensor.aurora_solar_energy_charged").state == "12.5"
    assert state_of(hass, "sensor.aurora_grid_energy_charged").state == "3.0"
    again = controller_of(loaded)
    assert again.usage == older
    again.observed.usage = Usage(from_sun=11.0, from_grid=3.0)
    again.changed()
    assert state_of(hass, "sensor.aurora_solar_energy_charged").state == "13.5"


async def test_taken_over_and_resumed(
    hass: HomeAssistant, used: ChargingController, monkeypatch: pytest.MonkeyPatch
) -> None:
    button, sensor = OTHERS_OF_A_PERSON
    assert state_of(hass, sensor).state == "off"
    assert state_of(hass, button).state == STATE_UNAVAILABLE
    monkeypatch.setattr(used, "_memory", Memory(taken_over=True))
    used.changed()
    assert state_of(hass, sensor).state == "on"
    assert state_of(hass, button).state == STATE_UNKNOWN
    resumed: list[bool] = []
    monkeypatch.setattr(used, "async_resume", lambda: resumed.append(True))
    await act(hass, "press", button)
    assert resumed == [True]


OTHERS_OF_A_PERSON: Final = (
    "button.aurora_follow_the_sun_again",
    "binary_sensor.aurora_taken_over_by_you",
)

SUN: Final = {"surplus": 6.2, "needed": 3.45}


@pytest.fixture
def events_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The event entity of decisions is disabled by default."""
    row = replace(event.CHARGING_DECISION, entity_registry_enabled_default=True)
    monkeypatch.setattr(event, "CHARGING_DECISION", row)


async def test_events_of_decisions(
    hass: HomeAssistant, events_enabled: None, loaded: MockConfigEntry, used: ChargingController
) -> None:
    """Each command, and each new reason to wait; not what a cloud changes for a waiting car."""
    on_the_bus = async_capture_events(hass, EVENT_CHARGING_DECISION)
    in_the_logbook = async_capture_events(hass, EVENT_CHARGING_STEP)
    changes: list[Event[EventStateChangedData]] = async_capture_events(hass, "state_changed")
    for action, reason, figures in (
        (ChargingStep.KEEP, Reason.WAITS_FOR_SUN, SUN),
        (ChargingStep.KEEP, Reason.RESTS, SUN),
        (ChargingStep.START, Reason.FOLLOWS_SUN, {**SUN, "amps": 9}),
        (ChargingStep.KEEP, Reason.FOLLOWS_SUN, {**SUN, "amps": 9}),
        (ChargingStep.SET, Reason.FOLLOWS_SUN, {**SUN, "amps": 11}),
        (ChargingStep.KEEP, Reason.KEEPS_MINIMUM, {**SUN, "amps": 11}),
        (ChargingStep.STOP, Reason.SURPLUS_ENDED, SUN),
        (ChargingStep.KEEP, Reason.RESTS, SUN),
        (ChargingStep.KEEP, Reason.WAITS_FOR_SUN, SUN),
        (ChargingStep.KEEP, Reason.PLAN_WAITS, {}),
        (ChargingStep.KEEP, Reason.WAITS_FOR_SUN, SUN),
        (ChargingStep.HANDS_OFF, Reason.TAKEN_OVER, {}),
        (ChargingStep.HANDS_OFF, Reason.TAKEN_OVER, {}),
        (ChargingStep.HANDS_OFF, Reason.UNPLUGGED, {}),
    ):
        decide(used, action, reason, 0, **figures)
    fired = [
        (
            each.data["new_state"].attributes["event_type"],
            each.data["new_state"].attributes["reason"],
        )
        for each in changes
        if each.data["entity_id"] == "event.aurora_charging_by_flotte" and each.data["new_state"]
    ]
    assert fired == [
        ("waits", "waits_for_sun"),
        ("started", "follows_sun"),
        ("changed", "follows_sun"),
        ("stopped", "surplus_ended"),
        ("waits", "plan_waits"),
        ("waits", "waits_for_sun"),
        ("hands_off", "taken_over"),
        ("hands_off", "unplugged"),
    ]
    assert [(each.data["decision"], each.data["reason"]) for each in on_the_bus] == fired
    # The state of the sensor, which is a line of its own, has every other reason.
    shown = [(each.data["decision"], each.data["sentence"]) for each in in_the_logbook]
    assert shown[1:] == [("changed", "Charging at 11 A from the sun: 6.2 kW to spare.")]
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, MODEL_Y), loaded.entry_id)
    assert device is not None
    assert on_the_bus[1].data == {
        "decision": "started",
        "reason": "follows_sun",
        "sentence": "Charging at 9 A from the sun: 6.2 kW to spare.",
        "current": 9,
        "car": "Aurora",
        "device_id": device.id,
        "entity_id": "sensor.aurora_charging_decision",
    }


async def test_a_failure_is_an_event_once(
    hass: HomeAssistant, used: ChargingController, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing has started then, however often it is retried."""
    on_the_bus = async_capture_events(hass, EVENT_CHARGING_DECISION)
    monkeypatch.setattr(used.sender, "problem", VehicleUnavailable())
    for _ in range(2):
        decide(used, ChargingStep.START, Reason.FOLLOWS_SUN, 9, **SUN, amps=9)
    sentence = (
        "Flotte tried to charge at 9 A. The car is asleep or offline. Wake it first, or try again "
        "when it has reception."
    )
    assert state_of(hass, DECISION).attributes["sentence"] == sentence
    monkeypatch.setattr(used.sender, "problem", None)
    decide(used, ChargingStep.START, Reason.FOLLOWS_SUN, 9, **SUN, amps=9)
    assert [
        (each.data["decision"], each.data["sentence"], each.data["current"]) for each in on_the_bus
    ] == [
        ("waits", sentence, None),
        ("started", "Charging at 9 A from the sun: 6.2 kW to spare.", 9),
    ]


async def test_one_car_has_no_priority(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await set_up(hass, entry)
    vehicles = entry.runtime_data.vehicles
    del vehicles[1:]
    controller = controller_of(entry)
    controller.was_used = True
    controller.changed()
    await hass.async_block_till_done()
    assert hass.states.get("number.aurora_ready_level") is not None
    assert hass.states.get("number.aurora_charging_priority") is None


@pytest.mark.usefixtures("quick_waits")
async def test_a_day_in_the_sun(
    hass: HomeAssistant, plugged: ChargingController, tesla: Simulator, wait: Wait
) -> None:
    """From the choice of the mode to the first cloud, as its owner sees it."""
    on_the_bus = async_capture_events(hass, EVENT_CHARGING_DECISION)
    await act(hass, "select_option", MODE, option="sun_first")
    await wait(2 * MINUTE)
    assert state_of(hass, DECISION).state == "waits_for_sun"
    house(tesla, 9000)
    await wait(3 * MINUTE)
    assert state_of(hass, DECISION).attributes["sentence"] == (
        "Charging at 12 A from the sun: 8.5 kW to spare."
    )
    assert state_of(hass, SURPLUS).state == "8.5"
    house(tesla, 0)
    await wait(5 * MINUTE)
    assert [each.data["decision"] for each in on_the_bus] == ["waits", "started", "stopped"]
    assert float(state_of(hass, "sensor.aurora_solar_energy_charged").state) > 0.2
    assert state_of(hass, "sensor.aurora_sun_share_of_this_charge").state != "0"
    assert state_of(hass, "sensor.aurora_charging_commands_today").state == str(
        plugged.sender.commands_today
    )
