"""Charging at home while the car streams: nothing is polled, and unsent values stay valid."""

from datetime import timedelta
from typing import Any, Final

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla.charging.decide import Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import Pass, asked_of
from tests.fleet import MINUTE, MOMENT
from tests.home_charging import controller_of, house, make_home, reason_of

pytestmark = pytest.mark.freeze_time(MOMENT)

PHASES: Final = 3 * 230 / 1000
"""kW of an ampere."""


@pytest.fixture
async def following(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    aurora: Car,
    pass_time: Pass,
) -> ChargingController:
    """Aurora charging from 2.5 kW of sun: at 4 A, which are 2.76 kW."""
    make_home(hass, aurora)
    aurora.steer({"battery_level": 40, "plugged_in": "ac3", "charging": False})
    house(tesla, 3000)
    await pass_time(2 * MINUTE)
    controller = controller_of(entry_of_stream)
    controller.async_change(mode=ChargingMode.SUN_FIRST)
    await pass_time(4 * MINUTE)
    return controller


def currents(car: Car) -> list[Any]:
    """The currents that were commanded, in order."""
    return [
        each.parameters["charging_amps"]
        for each in car.executions
        if each.name == "set_charging_amps"
    ]


async def test_the_effect_of_a_low_current_is_not_polled(
    following: ChargingController, tesla: Simulator, aurora: Car, pass_time: Pass
) -> None:
    assert (aurora.charging.amps, currents(aurora)) == (4, [5, 4, 4])
    house(tesla, 2000)
    await pass_time(5 * MINUTE)
    # Once below 5 A, one command is enough.
    assert (aurora.charging.amps, currents(aurora)) == (2, [5, 4, 4, 2])
    house(tesla, 0)
    await pass_time(10 * MINUTE)
    assert aurora.charging.state == "Stopped"
    assert asked_of(tesla, aurora).count("vehicle_data") == 1


async def test_a_current_that_a_person_sets_in_the_car_takes_over(
    following: ChargingController, tesla: Simulator, aurora: Car, pass_time: Pass
) -> None:
    aurora.steer({"charge_amps": 12})
    await pass_time(2 * MINUTE)
    assert (following.is_taken_over, reason_of(following)) == (True, Reason.TAKEN_OVER)


async def test_a_car_that_does_not_go_low_is_measured(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    aurora: Car,
    pass_time: Pass,
) -> None:
    aurora.steer({"lowest_amps": 5})
    make_home(hass, aurora)
    aurora.steer({"battery_level": 40, "plugged_in": "ac3", "charging": False})
    house(tesla, 3000)
    controller = controller_of(entry_of_stream)
    controller.async_change(mode=ChargingMode.SUN_FIRST)
    await pass_time(timedelta(minutes=10))
    assert controller.coordinator.vehicle.low_current.lowest == 5
    assert aurora.charging.amps in {0, 5}
    assert controller.observed.kilowatts == pytest.approx(aurora.charging.amps * PHASES, abs=0.1)
    assert asked_of(tesla, aurora).count("vehicle_data") == 1
