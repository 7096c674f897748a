"""Charging at home while answers, readings, power or money are missing."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla.charging.decide import Reason
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests import home_charging
from tests.conftest import CLIENT_ID, MODEL_Y
from tests.fleet import MINUTE, MOMENT, Wait
from tests.home_charging import house, make_home, reason_of, spent

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

car, plugged, following = home_charging.car, home_charging.plugged, home_charging.following


def names(car: Car) -> list[str]:
    """The commands that the car executed."""
    return [each.name for each in car.executions]


def commands_of(entry: MockConfigEntry) -> int:
    """Commands of charging, as booked."""
    return spent(entry)[Category.COMMAND]


# --- Lost answers --------------------------------------------------------------------------------

LOST = pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "lost_reply"}, id="executed"),
        pytest.param({"kind": "dropped"}, id="not executed"),
        pytest.param({"kind": "status", "status": 429}, id="limited"),
    ],
)


@LOST
async def test_a_stop_without_an_answer_is_carried_out_once(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    fault: dict[str, Any],
) -> None:
    before = commands_of(told)
    tesla.faults.order(**fault, endpoint="signed_command", vin=MODEL_Y)
    house(tesla, 0)
    await wait(8 * MINUTE)
    assert (car.charging.state, following.is_taken_over) == ("Stopped", False)
    assert names(car).count("charge_stop") == 1
    assert commands_of(told) - before <= 2


@LOST
async def test_a_current_without_an_answer_is_set_once(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    fault: dict[str, Any],
) -> None:
    before = commands_of(told)
    tesla.faults.order(**fault, endpoint="signed_command", vin=MODEL_Y)
    house(tesla, 5000)
    await wait(12 * MINUTE)
    assert (car.charging.amps, following.is_taken_over) == (6, False)
    assert commands_of(told) - before <= 2


@LOST
async def test_a_start_without_an_answer_starts_once(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    fault: dict[str, Any],
) -> None:
    house(tesla, 0)
    await wait(8 * MINUTE)
    assert car.charging.state == "Stopped"
    car.executions.clear()
    before = commands_of(told)
    # The first command sets the current.
    tesla.faults.order(**fault, endpoint="signed_command", vin=MODEL_Y, skip=1)
    house(tesla, 7000)
    await wait(8 * MINUTE)
    assert (car.charging.amps, following.is_taken_over) == (9, False)
    assert names(car).count("charge_start") == 1
    assert commands_of(told) - before <= 4


# --- A vehicle that does not do it ---------------------------------------------------------------


async def test_a_wake_that_fails_is_not_paid_for_all_day(
    told: MockConfigEntry, plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    fault = tesla.faults.order("status", endpoint="wake_up", status=503, count=None)
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await wait(60 * MINUTE)
    assert (fault.hits <= 6, spent(told).get(Category.COMMAND)) == (True, None)
    assert plugged.sender.problem is not None


async def test_a_vehicle_that_was_unplugged_unnoticed_is_asked_once(
    told: MockConfigEntry, plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    car.charging.unplug()
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    await wait(60 * MINUTE)
    assert reason_of(plugged) is Reason.UNPLUGGED
    assert commands_of(told) <= 4


async def test_a_charge_that_ends_at_once_is_not_started_again_and_again(
    told: MockConfigEntry, plugged: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    plugged.async_change(mode=ChargingMode.SUN_FIRST)
    house(tesla, 9000)
    for _ in range(40):
        await wait(MINUTE)
        if car.charging.state in {"Charging", "Starting"}:
            car.charging.interrupt("Stopped")
    assert names(car).count("charge_start") <= 3


async def test_a_limit_below_the_level_ends_the_charge_for_good(
    told: MockConfigEntry, following: ChargingController, car: Car, wait: Wait
) -> None:
    car.steer({"battery_level": 60, "charge_limit": 50})
    await wait(15 * MINUTE)
    before = spent(told)
    await wait(30 * MINUTE)
    assert (reason_of(following), spent(told)) == (Reason.COMPLETE, before)
    assert not following.is_taken_over


@pytest.mark.parametrize("order", [{"lowest_amps": 5}, {"stuck_amps": 6}, {"phases": 1}])
async def test_a_charger_that_does_less_costs_no_command_each_tick(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    order: dict[str, Any],
) -> None:
    car.steer(order)
    before = commands_of(told)
    for solar in (3000, 9000, 3000):
        house(tesla, solar)
        await wait(12 * MINUTE)
    assert (car.charging.state, following.is_taken_over) == ("Charging", False)
    assert commands_of(told) - before <= 9


# --- Missing readings ----------------------------------------------------------------------------


async def test_a_charge_is_stopped_without_any_reading_of_the_vehicle(
    following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    """Only its answers to commands say that it charges."""
    house(tesla, 0)
    await wait(8 * MINUTE)
    assert car.charging.state == "Stopped"
    tesla.faults.order("status", endpoint="vehicle_data", status=503, count=None)
    house(tesla, 9000)
    await wait(15 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.FOLLOWS_SUN, "Charging")
    house(tesla, 0)
    await wait(8 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.WAITS_FOR_SUN, "Stopped")
    car.charging.unplug()
    car.executions.clear()
    house(tesla, 9000)
    await wait(30 * MINUTE)
    # Each refusal doubles the pause.
    assert names(car).count("set_charging_amps") <= 5


async def test_a_charge_is_stopped_without_readings_of_vehicle_and_meter(
    following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    house(tesla, 0)
    await wait(8 * MINUTE)
    tesla.faults.order("status", endpoint="vehicle_data", status=503, count=None)
    house(tesla, 9000)
    await wait(5 * MINUTE)
    assert car.charging.state == "Charging"
    house(tesla, 9000, meter={"delay": 0, "silent": True})
    await wait(20 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.METER_SILENT, "Stopped")


async def test_an_outage_that_ends_lets_the_charge_go_on(
    following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    house(tesla, 9000, on_grid=False)
    await wait(5 * MINUTE)
    assert car.charging.state == "Stopped"
    house(tesla, 9000, on_grid=True)
    await wait(5 * MINUTE)
    assert (car.charging.state, following.is_taken_over) == ("Charging", False)


async def test_away_nothing_is_done_and_a_return_in_the_dark_is_stopped(
    hass: HomeAssistant,
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    car.steer({"plugged_in": False, "location": "away"})
    await wait(20 * MINUTE)
    before = spent(told)
    car.steer({"plugged_in": "ac1"})
    await wait(30 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.AWAY, "Charging")
    assert spent(told) == before
    car.steer({"plugged_in": False, "location": "home"})
    house(tesla, 0)
    await wait(20 * MINUTE)
    car.steer({"plugged_in": "ac3"})
    await wait(20 * MINUTE)
    # Its tracker made the zone show the place of Home Assistant again.
    make_home(hass, car)
    await wait(2 * MINUTE)
    assert (reason_of(following), car.charging.state) == (Reason.WAITS_FOR_SUN, "Stopped")


# --- Missing money -------------------------------------------------------------------------------


async def test_without_budget_only_a_stop_is_sent(
    told: MockConfigEntry, following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    rules = told.runtime_data.ledger.gate
    rules.policy = rules.policy.from_options({"monthly_limit": 0.01})
    before = commands_of(told)
    house(tesla, 5000)
    await wait(8 * MINUTE)
    assert (car.charging.amps, commands_of(told)) == (12, before)
    house(tesla, 0)
    await wait(5 * MINUTE)
    assert (car.charging.state, commands_of(told)) == ("Stopped", before + 1)
    house(tesla, 9000)
    await wait(15 * MINUTE)
    assert (car.charging.state, commands_of(told)) == ("Stopped", before + 1)


async def test_a_suspended_account_is_not_asked_all_the_time(
    told: MockConfigEntry, following: ChargingController, tesla: Simulator, car: Car, wait: Wait
) -> None:
    tesla.bill.limits[CLIENT_ID] = Decimal(-10)
    before = len([each for each in tesla.requests if each.endpoint == "signed_command"])
    house(tesla, 0)
    await wait(30 * MINUTE)
    asked = len([each for each in tesla.requests if each.endpoint == "signed_command"])
    assert (car.charging.state, asked - before <= 2) == ("Charging", True)
    assert following.sender.problem is not None


@pytest.mark.parametrize("mode", ["frugal", "stopped"])
async def test_while_money_is_saved_the_charge_is_stopped_once(
    told: MockConfigEntry,
    following: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
    mode: str,
) -> None:
    rules = told.runtime_data.ledger.gate
    rules.policy = rules.policy.from_options({"spending_mode": mode})
    now: datetime = following.coordinator.vehicle.context.now()
    rules.review(Decimal(0), now)
    before = commands_of(told)
    house(tesla, 3000)
    await wait(8 * MINUTE)
    assert (car.charging.state, commands_of(told)) == ("Stopped", before + 1)
    house(tesla, 9000)
    await wait(15 * MINUTE)
    assert commands_of(told) == before + 1
