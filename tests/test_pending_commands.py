"""Entities while their command is under way, or waits until the car wakes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_TEMPERATURE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait, act, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

CANCEL: Final = "button.aurora_cancel_waiting_commands"
DOORS: Final = "lock.aurora_doors"
STATE: Final = "sensor.aurora_state"
WAITING: Final = "sensor.aurora_waiting_commands"

SETTINGS: Final[list[tuple[str, str, dict[str, Any], str, str | None]]] = [
    ("number.aurora_charge_limit", "set_value", {"value": 55}, "55", None),
    ("number.aurora_charge_current", "set_value", {"value": 9}, "9", None),
    ("select.aurora_seat_heater_front_left", "select_option", {"option": "high"}, "high", None),
    ("climate.aurora", "set_temperature", {ATTR_TEMPERATURE: 25.5}, "off", ATTR_TEMPERATURE),
    ("climate.aurora_cabin_overheat_protection", "turn_on", {}, "cool", None),
]
"""Settings that wait: the action, and the state or the attribute that shows the wanted value."""


@contextmanager
def states_of(hass: HomeAssistant, entity_id: str) -> Iterator[list[str]]:
    """The states that an entity passes through."""
    passed: list[str] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        if event.data["entity_id"] == entity_id and (new := event.data["new_state"]) is not None:
            passed.append(new.state)

    stop = hass.bus.async_listen("state_changed", note)
    yield passed
    stop()


@pytest.mark.usefixtures("quick_waits")
@pytest.mark.parametrize(
    ("entity_id", "action", "order", "passed"),
    [
        ("lock.aurora_doors", "unlock", {"locked": True}, ["unlocking", "unlocked"]),
        ("lock.aurora_doors", "lock", {"locked": False}, ["locking", "locked"]),
        ("cover.aurora_windows", "open_cover", {}, ["opening", "open"]),
        ("cover.aurora_windows", "close_cover", {"open": ["fd", "rp"]}, ["closing", "closed"]),
        ("cover.aurora_frunk", "open_cover", {}, ["opening", "open"]),
    ],
)
async def test_a_part_moves_from_the_press_to_the_outcome(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    entity_id: str,
    action: str,
    order: dict[str, Any],
    passed: list[str],
) -> None:
    """Also while the car is woken for it."""
    car = await told_of(tesla, wait, MODEL_Y, **order)
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    with states_of(hass, entity_id) as seen, states_of(hass, STATE) as presence:
        await act(hass, action, entity_id)
    assert seen == passed
    assert presence == ["waking", "online"]
    assert car.wakes == 1


async def test_a_command_that_waits_for_a_wake_ends_with_a_restart(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """The wake is paid for, but the car is not unlocked minutes later, with no one there."""
    car = await told_of(tesla, wait, MODEL_Y, locked=True)
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    began = asyncio.Event()

    async def wait_for_ever(_seconds: float) -> None:
        began.set()
        await asyncio.Event().wait()

    with patch("custom_components.flotte.tesla.vehicle.waits.pause", wait_for_ever):
        press = hass.async_create_task(act(hass, "unlock", DOORS))
        await asyncio.wait_for(began.wait(), 120)
        shown = state_of(hass, DOORS).state, state_of(hass, STATE).state
        press.cancel()
        with pytest.raises(asyncio.CancelledError):
            await press
    assert shown == ("unlocking", "waking")

    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert (state_of(hass, DOORS).state, state_of(hass, STATE).state) == ("locked", "asleep")
    car.steer({"state": "online"})
    await wait(3 * MINUTE)
    assert state_of(hass, STATE).state == "online"
    assert car.executions == []
    assert car.wakes == 1


@pytest.fixture
async def sleeper(hass: HomeAssistant, make_entry: EntryMaker, tesla: Simulator, wait: Wait) -> Car:
    """A car that is asleep, and is woken for no one."""
    entry = make_entry(options={"asleep_person": "wait", "asleep_automation": "wait"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    car = await told_of(tesla, wait, MODEL_Y, locked=True)
    car.steer({"state": "asleep"})
    await wait(2 * MINUTE)
    return car


@pytest.mark.usefixtures("entity_registry_enabled_by_default", "quick_waits")
async def test_a_setting_that_waits_shows_the_wanted_value_and_says_so(
    hass: HomeAssistant, sleeper: Car, wait: Wait
) -> None:
    """Until it has run, is cancelled, or Home Assistant has restarted meanwhile."""
    before = {entity_id: state_of(hass, entity_id) for entity_id, *_ in SETTINGS}
    for entity_id, action, data, shown, attribute in SETTINGS:
        await act(hass, action, entity_id, **data)
        state = state_of(hass, entity_id)
        assert state.state == shown
        if attribute:
            assert state.attributes[attribute] == data[attribute]
        assert "waiting_until" in state.attributes, entity_id
        assert "waiting_until" not in before[entity_id].attributes
    assert state_of(hass, WAITING).state == str(len(SETTINGS))

    # A restart drops nothing that waits.
    wanted = {each: state_of(hass, each).state for each in before}
    (entry,) = hass.config_entries.async_entries("flotte")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    for entity_id, value in wanted.items():
        assert state_of(hass, entity_id).state == value
        assert "waiting_until" in state_of(hass, entity_id).attributes

    await act(hass, "press", CANCEL)
    assert state_of(hass, WAITING).state == "0"
    assert state_of(hass, CANCEL).state == "unavailable"
    for entity_id, earlier in before.items():
        state = state_of(hass, entity_id)
        assert state.state == earlier.state
        assert state.attributes.get(ATTR_TEMPERATURE) == earlier.attributes.get(ATTR_TEMPERATURE)
        assert "waiting_until" not in state.attributes
    sleeper.steer({"state": "online"})
    await wait(2 * MINUTE)
    assert sleeper.executions == []


@pytest.mark.usefixtures("quick_waits")
async def test_a_setting_that_waited_too_long_shows_the_old_value(
    hass: HomeAssistant, sleeper: Car, wait: Wait, freezer: FrozenDateTimeFactory
) -> None:
    entity_id, action, data, shown, _ = SETTINGS[0]
    before = state_of(hass, entity_id).state
    await act(hass, action, entity_id, **data)
    waiting = state_of(hass, entity_id)
    assert waiting.state == shown
    freezer.move_to(waiting.attributes["waiting_until"] + MINUTE)
    await wait(2 * MINUTE)
    over = state_of(hass, entity_id)
    assert (over.state, over.attributes.get("waiting_until")) == (before, None)
    assert state_of(hass, CANCEL).state == "unavailable"
    assert sleeper.executions == []
