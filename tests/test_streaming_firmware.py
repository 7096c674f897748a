"""A car whose firmware crosses two doors, until that is replaced."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import PAIRING_INTERVAL
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_Y, Pass, state_of, vehicle_of
from tests.fleet import MINUTE


@pytest.fixture
def old(tesla: Simulator) -> None:
    """Let Aurora run firmware before 2024.44.32."""
    tesla.world.cars[MODEL_Y].software.installed = "2024.44.25"


def doors(hass: HomeAssistant) -> dict[str, str]:
    """The displayed states of the two crossed doors."""
    names = {"dr": "rear_driver_door", "pf": "front_passenger_door"}
    return {
        door: state_of(hass, f"binary_sensor.aurora_{name}").state for door, name in names.items()
    }


async def test_doors_before_and_after_an_update(
    hass: HomeAssistant,
    old: None,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
) -> None:
    def is_unsound() -> bool:
        return vehicle_of(entry_of_stream, MODEL_Y).stream.has_unsound_firmware

    assert is_unsound()
    aurora.steer({"open": ["dr"]})
    await pass_time(MINUTE)
    assert doors(hass) == {"dr": "on", "pf": "off"}
    aurora.software.installed = "2026.32.6"
    await pass_time(PAIRING_INTERVAL + 2 * MINUTE)
    assert not is_unsound()
    aurora.steer({"open": ["pf"]})
    await pass_time(MINUTE)
    assert doors(hass)["pf"] == "on"
