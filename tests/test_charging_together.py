"""Charging at home with others: two cars on one surplus, and an automation of the owner."""

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.errors import VehicleBusy
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from simulator import Simulator
from simulator.cars import Car
from tests import home_charging
from tests.conftest import MODEL_S, issue_of, issues_of
from tests.fleet import MINUTE, MOMENT, Wait
from tests.home_charging import PERSON, controller_of, house, make_home, spent

car, plugged, following = home_charging.car, home_charging.plugged, home_charging.following

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]


@pytest.fixture
async def second(
    told: MockConfigEntry, plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> Car:
    """Old Faithful, plugged in beside Aurora at one phase: 17 A are 3.91 kW."""
    other = tesla.world.cars[MODEL_S]
    home = {"latitude": car.latitude, "longitude": car.longitude}
    other.steer({"location": home, "battery_level": 40, "state": "online"})
    other.steer({"plugged_in": "ac1", "charging": False})
    await told.runtime_data.charging_controllers[MODEL_S].coordinator.vehicle.refresh(PERSON)
    await wait(MINUTE)
    return other


async def test_two_cars_share_the_sun_and_never_fight(
    hass: HomeAssistant,
    told: MockConfigEntry,
    plugged: ChargingController,
    second: Car,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    other = told.runtime_data.charging_controllers[MODEL_S]
    make_home(hass, car)
    plugged.async_change(mode=ChargingMode.SUN_FIRST, priority=1)
    other.async_change(mode=ChargingMode.SUN_FIRST, priority=2)
    house(tesla, 15_500)
    await wait(12 * MINUTE)
    # 11.04 and 3.91 of 15 kW.
    assert (car.charging.amps, second.charging.amps) == (16, 17)

    # A cloud: only the second one gives way, and the first follows only once that does not do.
    before = spent(told)
    await wait(10 * MINUTE)
    assert spent(told) == before
    house(tesla, 9_000)
    await wait(12 * MINUTE)
    assert (second.charging.state, car.charging.amps) == ("Stopped", 12)
    settled = spent(told)
    await wait(20 * MINUTE)
    assert spent(told) == settled
    total = plugged.usage.from_sun + other.usage.from_sun
    # 20 min at 14.9 kW and half an hour at 8.3 kW, but for the changes.
    assert total == pytest.approx(9.0, abs=1.5)


async def test_an_automation_of_the_owner_takes_over(
    following: ChargingController, car: Car, wait: Wait
) -> None:
    automation = Caller(CallerKind.AUTOMATION, "automation.evening")
    await following.coordinator.vehicle.send(commands.set_charge_current(6), automation)
    await wait(10 * MINUTE)
    assert (following.is_taken_over, car.charging.amps) == (True, 6)


async def test_another_mode_ends_a_takeover(
    told: MockConfigEntry, following: ChargingController, car: Car, wait: Wait
) -> None:
    await following.coordinator.vehicle.send(commands.stop_charging(), PERSON)
    await wait(3 * MINUTE)
    assert controller_of(told).is_taken_over
    following.async_change(mode=ChargingMode.NOW)
    await wait(3 * MINUTE)
    assert (following.is_taken_over, car.charging.amps) == (False, 16)


async def test_a_charge_that_does_not_stop_asks_the_owner(
    hass: HomeAssistant,
    monkeypatch: pytest.MonkeyPatch,
    following: ChargingController,
    tesla: Simulator,
    wait: Wait,
) -> None:
    async def refuse(*_: object) -> None:
        raise VehicleBusy

    with monkeypatch.context() as patched:
        patched.setattr(following.coordinator.vehicle, "send", refuse)
        house(tesla, 0)
        await wait(3 * MINUTE)
        assert issues_of(hass) == set()
        await wait(6 * MINUTE)
        (issue,) = issues_of(hass)
        assert "does not stop charging" in issue_of(hass, issue)
    await wait(6 * MINUTE)
    assert issues_of(hass) == set()
