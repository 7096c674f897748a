"""Device trackers: where the car is, and where it is going."""

from datetime import timedelta

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from simulator.accounts import SCOPES
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, add_streamed_of_one, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.DEVICE_TRACKER])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_device_trackers(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await add_streamed_of_one(hass, told)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


async def test_position_moves_with_the_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, location={"latitude": 48.2, "longitude": 16.37})
    attributes = state_of(hass, "device_tracker.aurora_location").attributes
    assert (attributes["latitude"], attributes["longitude"]) == (48.2, 16.37)


async def test_a_position_is_as_old_as_its_fix(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """An answer with an old fix does not move a car back that has reported a newer position."""
    car = await told_of(tesla, wait, MODEL_Y)
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    now = dt_util.utcnow()
    vehicle.receive({signals.LOCATION: Reading((48.2, 16.37), now, Source.STREAM)})
    car.steer({"location": {"latitude": 47.1, "longitude": 15.4, "heading": 10}, "gps_age": 3600})
    answer = await vehicle.refresh()
    assert answer[signals.LOCATION].time == answer[signals.HEADING].time
    assert timedelta(minutes=59) < now - answer[signals.LOCATION].time < timedelta(minutes=61)
    await hass.async_block_till_done()
    attributes = state_of(hass, "device_tracker.aurora_location").attributes
    assert (attributes["latitude"], attributes["longitude"]) == (48.2, 16.37)

    car.steer({"gps_age": 0})
    await wait(MINUTE)
    await vehicle.refresh()
    attributes = state_of(hass, "device_tracker.aurora_location").attributes
    assert (attributes["latitude"], attributes["longitude"]) == (47.1, 15.4)


async def test_accuracy_comes_from_the_stream(hass: HomeAssistant, told: MockConfigEntry) -> None:
    """Shown if the car reports it; the end of a route has none."""
    entity_id = "device_tracker.aurora_location"
    assert state_of(hass, entity_id).attributes["gps_accuracy"] == 0
    vehicle = vehicle_of(told, MODEL_Y).vehicle
    now = dt_util.utcnow()
    vehicle.receive({signals.GPS_ACCURACY: Reading(12.5, now, Source.STREAM)})
    assert state_of(hass, entity_id).attributes["gps_accuracy"] == 12.5
    vehicle.receive({signals.GPS_ACCURACY: Reading(None, now + MINUTE, Source.STREAM)})
    assert state_of(hass, entity_id).attributes["gps_accuracy"] == 0
    assert signals.GPS_ACCURACY not in vehicle_of(told, MODEL_Y).shown_signals, "it is not paid for"


async def test_route_shows_where_the_drive_ends(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """And it is gone after the arrival."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"drive": {"route": [[52.37, 4.89], [52.38, 4.92]], "speed_kmh": 50}})
    await wait(MINUTE)
    attributes = state_of(hass, "device_tracker.aurora_route").attributes
    assert (attributes["latitude"], attributes["longitude"]) == (52.38, 4.92)
    car.steer({"drive": False})
    await wait(10 * MINUTE)
    assert "latitude" not in state_of(hass, "device_tracker.aurora_route").attributes


async def test_no_trackers_without_the_scope(
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS", [Platform.DEVICE_TRACKER, Platform.SENSOR]
    )
    entry = make_entry(scopes=SCOPES - {"vehicle_location"})
    await register_key(hass, tesla)
    await set_up(hass, entry)
    await told_of(tesla, wait, MODEL_Y)
    assert hass.states.async_all("device_tracker") == []
    asked = [each.path for each in tesla.requests if each.endpoint == "vehicle_data"]
    assert asked
    assert not any("location_data" in path for path in asked)
