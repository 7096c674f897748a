"""Charge currents below 5 A: sent twice, confirmed by the real current, remembered if in vain."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.errors import CommandRefused, OutcomeUnknown
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.cars import Car
from tests.tesla.account import PERSON, Account

SETTLED = timedelta(minutes=2)


@pytest.fixture
async def charging(awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory) -> Vehicle:
    """Aurora, charging with 16 A."""
    car.steer({"plugged_in": "ac3", "battery_level": 20, "charging": True, "charge_amps": 16})
    freezer.tick(SETTLED)
    await awake.refresh()
    return awake


def sent(car: Car) -> list[int]:
    """The currents that were commanded, in order."""
    return [
        each.parameters["charging_amps"]
        for each in car.executions
        if each.name == "set_charging_amps"
    ]


async def settle(vehicle: Vehicle, freezer: FrozenDateTimeFactory) -> None:
    freezer.tick(SETTLED)
    await vehicle.refresh()
    vehicle.lapse()


async def test_sent_twice_then_once(
    charging: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done()
    assert sent(car) == [3, 3]
    # A measurement is not assumed.
    assert charging.state[signals.CHARGER_CURRENT] == 16.0
    assert charging.state[signals.CHARGE_CURRENT] == 5
    await settle(charging, freezer)
    assert car.charging.amps == 3
    assert charging.state[signals.CHARGE_CURRENT_REQUEST] == 5
    assert charging.state[signals.CHARGE_CURRENT] == 3
    # Once below 5 A, one command is enough, and an equal one is not sent.
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done(already=True)
    assert await charging.send(commands.set_charge_current(2), PERSON) == Done()
    assert sent(car) == [3, 3, 2]
    await settle(charging, freezer)
    assert charging.state[signals.CHARGE_CURRENT] == 2
    assert charging.low_current.lowest == 1


async def test_not_sent_again_while_the_current_falls(charging: Vehicle, car: Car) -> None:
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done()
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done(already=True)
    assert sent(car) == [3, 3]


@pytest.mark.parametrize("has_settled", [True, False])
async def test_five_amps_end_a_lower_current(
    charging: Vehicle, car: Car, freezer: FrozenDateTimeFactory, *, has_settled: bool
) -> None:
    """The car shows 5 A all along, which does not mean that 5 A is set."""
    await charging.send(commands.set_charge_current(3), PERSON)
    if has_settled:
        await settle(charging, freezer)
    assert await charging.send(commands.set_charge_current(5), PERSON) == Done()
    await settle(charging, freezer)
    assert car.charging.amps == 5
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done()
    assert sent(car) == [3, 3, 5, 3, 3]


@pytest.mark.parametrize("lost", [1, 2])
@pytest.mark.usefixtures("quick_waits")
async def test_a_lost_answer_leads_to_no_third(
    charging: Vehicle, car: Car, tesla: Simulator, lost: int
) -> None:
    await charging.send(commands.flash_lights(), PERSON)
    tesla.faults.order("lost_reply", endpoint="signed_command", count=lost)
    try:
        await charging.send(commands.set_charge_current(3), PERSON)
    except OutcomeUnknown:
        assert lost == 2
    assert sent(car) == [3, 3]


@pytest.mark.parametrize(
    "orders",
    [
        {"charging": False},
        {"plugged_in": False},
        {"state": "asleep"},
    ],
)
async def test_refused_unless_the_car_charges(
    charging: Vehicle, car: Car, account: Account, orders: dict[str, object]
) -> None:
    if "state" in orders:
        car.steer({"charging": False, **orders})
        await charging.check()
    else:
        car.steer(orders)
        await charging.refresh()
    before = account.booked()[Category.COMMAND]
    with pytest.raises(CommandRefused) as refusal:
        await charging.send(commands.set_charge_current(3), PERSON)
    assert refusal.value.translation_key == "low_current_not_charging"
    assert account.booked()[Category.COMMAND] == before
    assert (sent(car), car.wakes) == ([], 0)


async def test_remembers_a_car_that_stays_at_five_until_an_update(
    charging: Vehicle,
    car: Car,
    freezer: FrozenDateTimeFactory,
    make_vehicle: Callable[[], Vehicle],
) -> None:
    car.steer({"lowest_amps": 5})
    assert await charging.send(commands.set_charge_current(3), PERSON) == Done()
    await settle(charging, freezer)
    assert charging.low_current.lowest == 5
    with pytest.raises(CommandRefused) as refusal:
        await charging.send(commands.set_charge_current(2), PERSON)
    assert refusal.value.translation_key == "low_current_not_reached"
    assert sent(car) == [3, 3]

    restarted = make_vehicle()
    restarted.restore(charging.to_stored())
    assert restarted.low_current.lowest == 5

    car.steer({"firmware": "2026.44.1"})
    await charging.refresh()
    assert charging.low_current.lowest == 1
