"""Binary sensors."""

from typing import Any

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, snapshot_platform
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte.binary_sensor.tables import VEHICLE_BINARY_SENSORS
from simulator import Simulator
from tests.conftest import MODEL_Y, state_of
from tests.fleet import MINUTE, MOMENT, Wait, keep_details_of_one, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR])


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_binary_sensors(
    hass: HomeAssistant,
    told: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
) -> None:
    await keep_details_of_one(hass, entity_registry, told, VEHICLE_BINARY_SENSORS)
    await snapshot_platform(hass, entity_registry, snapshot, told.entry_id)


@pytest.mark.parametrize(
    ("orders", "entity"),
    [
        ({"open": "df"}, "front_driver_door"),
        ({"open": "dr"}, "rear_driver_door"),
        ({"open": "pf"}, "front_passenger_door"),
        ({"open": "pr"}, "rear_passenger_door"),
        ({"open": "fd"}, "front_driver_window"),
        ({"open": "rd"}, "rear_driver_window"),
        ({"open": "fp"}, "front_passenger_window"),
        ({"open": "rp"}, "rear_passenger_window"),
        ({"tpms": {"fl": 1.9}}, "low_tyre_front_left"),
        ({"tpms": {"fr": 1.9}}, "low_tyre_front_right"),
        ({"tpms": {"rl": 1.9}}, "low_tyre_rear_left"),
        ({"tpms": {"rr": 1.9}}, "low_tyre_rear_right"),
        ({"user_present": True}, "user_present"),
        ({"climate": True}, "preconditioning"),
        ({"plugged_in": "ac1", "charging": False}, "charge_cable"),
        ({"charging": True}, "charging"),
    ],
)
async def test_each_shows_its_own_part(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    orders: dict[str, Any],
    entity: str,
) -> None:
    """And no other: doors and windows are easily mixed up."""
    await told_of(
        tesla,
        wait,
        MODEL_Y,
        **({"plugged_in": False} | orders if "charging" not in orders else orders),
    )
    on = {
        state.entity_id.removeprefix("binary_sensor.aurora_")
        for state in hass.states.async_all("binary_sensor")
        if state.entity_id.startswith("binary_sensor.aurora_") and state.state == "on"
    }
    assert on - {"online"} == {
        entity,
        *(["charge_cable"] if "charging" in orders else []),
        *(["any_door"] if entity.endswith("_door") else []),
    }


async def test_online_follows_the_free_check(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    assert state_of(hass, "binary_sensor.aurora_online").state == "off"
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await wait(MINUTE)
    assert state_of(hass, "binary_sensor.aurora_online").state == "on"
    tesla.world.cars[MODEL_Y].steer({"state": "offline"})
    await wait(MINUTE)
    assert state_of(hass, "binary_sensor.aurora_online").state == "off"


async def test_sleeping_car_keeps_what_is_known(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, open="df")
    car.steer({"state": "asleep"})
    await wait(3 * MINUTE)
    assert state_of(hass, "binary_sensor.aurora_front_driver_door").state == "on"
