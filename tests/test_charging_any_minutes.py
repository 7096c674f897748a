"""Charging at home through random minutes: what must hold whatever house and car do."""

from random import Random
from typing import Final

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.controller import ChargingController
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.spending.tariff import Category
from simulator import Simulator
from simulator.cars import Car
from tests import home_charging
from tests.conftest import MODEL_Y
from tests.fleet import MINUTE, MOMENT, Wait
from tests.home_charging import house, spent

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

car, plugged = home_charging.car, home_charging.plugged

MINUTES: Final = 200
ALLOWED: Final = 20
TICK: Final = 10
"""Seconds between two commands, at least."""
MIN_OFF: Final = 60
"""Seconds between a stop and the next start, at least."""
SUN_MODES: Final = (ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST, ChargingMode.SUN_AND_LOWEST)


def disturb(chance: Random, tesla: Simulator, car: Car, controller: ChargingController) -> None:
    """Let one thing happen."""
    match chance.randrange(9):
        case 0:
            tesla.faults.order(
                chance.choice(("lost_reply", "dropped")), endpoint="signed_command", vin=MODEL_Y
            )
        case 1:
            tesla.faults.order("status", endpoint="vehicle_data", status=503, vin=MODEL_Y)
        case 2 if car.charging.supply is not None:
            car.steer({"charging": chance.random() < 0.5})
        case 3:
            car.steer({"plugged_in": chance.choice((False, "ac3", "ac1"))})
        case 4:
            controller.async_change(mode=chance.choice(SUN_MODES))
        case 5:
            car.steer({"state": "asleep"})
        case 6 if car.charging.supply is not None:
            car.steer({"phases": chance.choice((1, 3))})
        case 7:
            controller.async_resume()
        case _:
            car.steer({"charge_amps": chance.randint(5, 16)})


async def test_random_minutes(
    told: MockConfigEntry,
    plugged: ChargingController,
    tesla: Simulator,
    car: Car,
    wait: Wait,
) -> None:
    chance = Random(1)  # noqa: S311 - no secret
    plugged.async_change(mode=ChargingMode.SUN_FIRST, commands_a_day=ALLOWED)
    car.executions.clear()
    highest = 0
    for minute in range(MINUTES):
        solar = max(0.0, chance.gauss(6000, 4000)) if minute % 3 == 0 else None
        if solar is not None:
            house(tesla, solar, on_grid=chance.random() > 0.03)
        if chance.random() < 0.25:
            disturb(chance, tesla, car, plugged)
        await wait(MINUTE)
        highest = max(highest, car.charging.amps - car.charging.highest_amps)
    ours = [each for each in car.executions if each.name != "wake"]
    assert len(ours) > 5
    assert highest <= 0
    stopped_at = last_at = 0.0
    for each in ours:
        if each.name == "charge_start":
            # With the current that is set for it at the same time.
            assert each.time - stopped_at >= MIN_OFF
        elif each.parameters.get("charging_amps", 5) >= 5:
            assert each.time - last_at >= TICK
        if each.name == "charge_stop":
            stopped_at = each.time
        last_at = each.time
    assert spent(told).get(Category.COMMAND, 0) <= 1.5 * ALLOWED
    assert plugged.sender.commands_today == spent(told).get(Category.COMMAND, 0)
