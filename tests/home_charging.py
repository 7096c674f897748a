"""Charging at home in tests: the simulated house, and a vehicle that its controller charges."""

from typing import Any, Final

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla.charging.decide import Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_Y, SITE
from tests.fleet import MINUTE, Wait

PERSON: Final = Caller(CallerKind.PERSON)


def house(tesla: Simulator, solar: float, load: float = 500, **more: Any) -> None:
    """Sun and load of the house in W, without its home battery."""
    tesla.world.sites[SITE].steer({"solar_power": solar, "load_power": load, **more})


def make_home(hass: HomeAssistant, car: Car) -> None:
    """Put the zone of the home where the car is; a setup puts it where the tests are."""
    zone = {"latitude": car.latitude, "longitude": car.longitude, "radius": 100}
    hass.states.async_set("zone.home", "0", zone)


def controller_of(entry: MockConfigEntry) -> ChargingController:
    """Controller of Aurora."""
    controllers: dict[str, ChargingController] = entry.runtime_data.charging_controllers
    return controllers[MODEL_Y]


def reason_of(controller: ChargingController) -> Reason:
    """Reason of the last decision."""
    assert controller.decision is not None
    return controller.decision.reason


def spent(entry: MockConfigEntry) -> dict[Category, int]:
    """Requests of charging, as booked."""
    counts = entry.runtime_data.ledger.meter.ledger.counts
    return {
        row.category: count
        for row, count in counts.items()
        if row.caller == "charging" and row.category is not Category.FREE
    }


@pytest.fixture
def car(tesla: Simulator) -> Car:
    """Aurora."""
    return tesla.world.cars[MODEL_Y]


@pytest.fixture
async def plugged(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, car: Car, wait: Wait
) -> ChargingController:
    """Aurora at home, plugged in at three phases and not charging; the house is dark."""
    make_home(hass, car)
    car.steer({"battery_level": 40, "plugged_in": "ac3", "charging": False})
    house(tesla, 0)
    await wait(15 * MINUTE)
    return controller_of(told)


@pytest.fixture
async def following(
    plugged: ChargingController, tesla: Simulator, wait: Wait
) -> ChargingController:
    """Aurora charging from 8.5 kW of sun: at 12 A, which are 8.28 kW."""
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await wait(3 * MINUTE)
    return plugged
