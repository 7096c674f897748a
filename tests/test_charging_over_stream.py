"""Charging a vehicle at home that streams: persons at the vehicle, and a stream that is lost."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla.charging.decide import Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import Pass, receiver_of
from tests.fleet import MINUTE, MOMENT
from tests.home_charging import controller_of, house, make_home, reason_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]


@pytest.fixture
async def streamed(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    aurora: Car,
    pass_time: Pass,
) -> ChargingController:
    """Aurora at home, streaming and following 8.5 kW of sun."""
    make_home(hass, aurora)
    aurora.steer({"battery_level": 40, "plugged_in": "ac3", "charging": False})
    house(tesla, 9000)
    controller = controller_of(entry_of_stream)
    controller.async_change(mode=ChargingMode.SUN_FIRST)
    await pass_time(5 * MINUTE)
    assert (aurora.charging.state, aurora.charging.amps) == ("Charging", 12)
    return controller


@pytest.mark.parametrize("order", [{"charge_amps": 7}, {"charging": False}])
async def test_a_person_at_the_vehicle_takes_over(
    streamed: ChargingController,
    tesla: Simulator,
    aurora: Car,
    pass_time: Pass,
    order: dict[str, Any],
) -> None:
    aurora.steer(order)
    await pass_time(2 * MINUTE)
    assert streamed.is_taken_over
    aurora.executions.clear()
    house(tesla, 0)
    await pass_time(5 * MINUTE)
    assert aurora.executions == []


async def test_plugged_in_in_the_dark_it_is_stopped_within_a_minute(
    streamed: ChargingController, tesla: Simulator, aurora: Car, pass_time: Pass
) -> None:
    aurora.steer({"plugged_in": False})
    house(tesla, 0)
    await pass_time(10 * MINUTE)
    assert reason_of(streamed) is Reason.UNPLUGGED
    aurora.steer({"plugged_in": "ac3"})
    await pass_time(timedelta(seconds=75))
    assert aurora.charging.state == "Stopped"
    assert not streamed.is_taken_over


async def test_a_stream_that_is_lost_for_an_hour(
    hass: HomeAssistant,
    entry_of_stream: MockConfigEntry,
    streamed: ChargingController,
    tesla: Simulator,
    aurora: Car,
    pass_time: Pass,
) -> None:
    server = receiver_of(hass, entry_of_stream).server
    await server.stop()
    house(tesla, 5000)
    await pass_time(20 * MINUTE)
    assert (aurora.charging.state, aurora.charging.amps) == ("Charging", 6)
    house(tesla, 0)
    await pass_time(10 * MINUTE)
    assert (aurora.charging.state, streamed.is_taken_over) == ("Stopped", False)
