"""Entities of charging at home: when a car has them, and that they show the controller."""

from dataclasses import replace
from datetime import time
from typing import Any, Final

import pytest
from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.charging.decisions import EVENT_CHARGING_DECISION
from custom_components.flotte.charging.settings import ChargingSettings, ReadyOn
from custom_components.flotte.tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode, Memory
from tests.conftest import MODEL_Y, set_up, state_of
from tests.fleet import MOMENT, act

pytestmark = pytest.mark.freeze_time(MOMENT)

MODE: Final = "select.aurora_charging_mode"
OTHERS: Final = {
    "event.aurora_charging_by_flotte",
    "number.aurora_commands_a_day",
    "number.aurora_lowest_level",
    "number.aurora_priority_among_cars",
    "number.aurora_ready_level",
    "select.aurora_ready_on",
    "time.aurora_ready_by",
}
"""Entities of a car once charging at home was used, without a price."""


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.EVENT,
            Platform.NUMBER,
            Platform.SELECT,
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
    return {each for each in {MODE, *OTHERS} if hass.states.get(each) is not None}


def decide(
    controller: ChargingController,
    action: ChargingStep,
    reason: Reason,
    **figures: float,
) -> None:
    """Decide as the controller does."""
    controller.decision = ChargingDecision(action, reason, Memory(), figures=figures)
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
        ("number.aurora_lowest_level", "set_value", {"value": 25}, {"lowest_level": 25}, "25"),
        ("number.aurora_ready_level", "set_value", {"value": 90}, {"ready_level": 90}, "90"),
        (
            "number.aurora_commands_a_day",
            "set_value",
            {"value": 30},
            {"commands_a_day": 30},
            "30",
        ),
        ("number.aurora_priority_among_cars", "set_value", {"value": 2}, {"priority": 2}, "2"),
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
        ("number.aurora_lowest_level", "set_value", {"value": 101}),
        ("number.aurora_ready_level", "set_value", {"value": 0}),
        ("number.aurora_commands_a_day", "set_value", {"value": 501}),
        ("number.aurora_priority_among_cars", "set_value", {"value": 10}),
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


SUN: Final = {"surplus": 6.2, "needed": 3.45}


async def test_events_of_decisions(hass: HomeAssistant, used: ChargingController) -> None:
    """Each command, and each new reason to wait; not what a cloud changes for a waiting car."""
    on_the_bus = async_capture_events(hass, EVENT_CHARGING_DECISION)
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
        decide(used, action, reason, **figures)
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
    assert on_the_bus[1].data == {
        "decision": "started",
        "reason": "follows_sun",
        "sentence": "Charging at 9 A from the sun: 6.2 kW to spare.",
        "current": 9,
        "car": "Aurora",
    }


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
    assert hass.states.get("number.aurora_priority_among_cars") is None
