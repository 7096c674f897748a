"""The stream inside a real Home Assistant, with the simulator's cars at the other end."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import Event, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_Y, STREAMING, Pass, asked_of, state_of, vehicle_of

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
DOOR = "binary_sensor.aurora_front_driver_door"
ONLINE = "binary_sensor.aurora_online"


async def test_a_door_shows_without_a_request(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    before = asked_of(tesla, aurora)
    aurora.steer({"open": "df"})
    await pass_time(2 * SECOND)
    assert state_of(hass, DOOR).state == "on"
    aurora.steer({"close": "df"})
    await pass_time(2 * SECOND)
    assert state_of(hass, DOOR).state == "off"
    assert asked_of(tesla, aurora) == before


METRE = 1 / 111_195
"""Degrees of latitude."""


@pytest.mark.parametrize(
    ("told", "parked"), [(121, 25), (110, 90), (60, 130)], ids=["home", "just home", "just not"]
)
async def test_a_car_that_parks_is_where_it_parks(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass, told: int, parked: int
) -> None:
    """A change within the delta when a car stops is never sent, so the delta is small."""
    before = asked_of(tesla, aurora)
    latitude, longitude = aurora.latitude, aurora.longitude
    home = {"latitude": latitude, "longitude": longitude, "radius": 100, "passive": False}
    hass.states.async_set("zone.home", "zoning", home)

    async def move(metres: int, wait: timedelta) -> str:
        place = {"latitude": latitude + metres * METRE, "longitude": longitude}
        aurora.steer({"location": place})
        await pass_time(wait)
        return state_of(hass, "device_tracker.aurora_location").state

    assert await move(told, 20 * SECOND) == ("home" if told < 100 else "not_home")
    assert await move(parked, MINUTE) == ("home" if parked < 100 else "not_home")
    assert asked_of(tesla, aurora) == before


async def test_the_odometer_is_right_when_it_stops(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    start = aurora.odometer_miles
    aurora.steer({"odometer": start + 10})
    await pass_time(6 * MINUTE)
    aurora.steer({"odometer": start + 10.8})
    await pass_time(6 * MINUTE)
    shown = float(state_of(hass, "sensor.aurora_odometer").state)
    assert shown == pytest.approx((start + 10.8) * 1.609344, abs=0.2)


async def test_a_push_only_updates_entities_that_show_it(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    changed = async_capture_events(hass, EVENT_STATE_CHANGED)
    reported: list[Event[Any]] = []

    @callback
    def report(event: Event[Any]) -> None:
        reported.append(event)

    hass.bus.async_listen(EVENT_STATE_REPORTED, report, callback(lambda _: True))
    aurora.steer({"open": "df"})
    freezer.tick(2 * SECOND)
    await tesla.stream()
    await hass.async_block_till_done()
    assert {each.data["entity_id"] for each in changed} == {DOOR, "binary_sensor.aurora_any_door"}
    assert not reported


async def test_a_stream_stops_the_questions(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    """Not one for an hour, although the car is awake."""
    before = asked_of(tesla, aurora)
    await pass_time(timedelta(hours=1))
    assert asked_of(tesla, aurora) == before
    assert state_of(hass, STREAMING).state == "on"


async def test_sleep_and_waking_are_known_for_free(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    before = asked_of(tesla, aurora)
    level = state_of(hass, "sensor.aurora_battery").state
    aurora.steer({"user_present": False, "idle_seconds": 700})
    await pass_time(MINUTE)
    assert aurora.state == "asleep"
    assert state_of(hass, ONLINE).state == "off"
    assert state_of(hass, STREAMING).state == "off"
    assert state_of(hass, "sensor.aurora_battery").state == level
    await pass_time(10 * MINUTE)
    # Silence is no proof of sleep, so Tesla is asked once, for free.
    before += ["vehicle"]
    assert asked_of(tesla, aurora) == before
    aurora.steer({"state": "online"})
    await pass_time(MINUTE)
    assert state_of(hass, ONLINE).state == "on"
    assert state_of(hass, STREAMING).state == "on"
    assert asked_of(tesla, aurora) == before


async def test_a_lost_stream_is_logged_once_and_the_car_polled(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    before = asked_of(tesla, aurora)
    stream = vehicle_of(entry_of_stream, MODEL_Y).stream
    server = hass.data["flotte_receivers"][entry_of_stream.options["stream_port"]].server
    await server.stop()
    assert not stream.is_connected
    await hass.async_block_till_done()
    assert state_of(hass, STREAMING).state == "off"
    assert state_of(hass, ONLINE).state == "on"
    await pass_time(20 * MINUTE)
    new = asked_of(tesla, aurora)[len(before) :]
    assert "vehicle_data" in new
    assert caplog.text.count("Aurora is online but does not stream") == 1


async def test_an_unlocked_car_is_shown_as_such_right_after_a_reload(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Its stream, which may take minutes to return, is not waited for: one check, after 8 s."""
    doors = {"entity_id": "lock.aurora_doors"}
    await hass.services.async_call("lock", "lock", doors, blocking=True)
    await pass_time(MINUTE)
    await hass.services.async_call("lock", "unlock", doors, blocking=True)
    before = asked_of(tesla, aurora)
    assert await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done()
    for _ in range(9):
        freezer.tick(SECOND)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "lock.aurora_doors").state == "unlocked"
    await pass_time(10 * MINUTE)
    assert asked_of(tesla, aurora)[len(before) :].count("vehicle_data") == 1
