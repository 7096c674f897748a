"""Device trackers: where the car is, and where it is going."""

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from simulator.accounts import SCOPES
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait, told_of

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
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


async def test_position_moves_with_the_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, location={"latitude": 48.2, "longitude": 16.37})
    attributes = state_of(hass, "device_tracker.aurora_location").attributes
    assert (attributes["latitude"], attributes["longitude"]) == (48.2, 16.37)


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
