"""A signed message that the way delivers twice: it runs once, and no second signature is made."""

from collections.abc import Callable

import pytest

from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import OutcomeUnknown
from custom_components.flotte.tesla.signing import Domain
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import PERSON, Account


@pytest.fixture
async def greeted(awake: Vehicle, car: Car, quiet: None) -> Vehicle:
    """Aurora, with a session in both parts."""
    await awake.send(commands.flash_lights(), PERSON)
    await awake.send(commands.unlock_doors(), PERSON)
    car.executions.clear()
    return awake


@pytest.fixture
def quiet(quick_waits: None) -> None:
    """Without any waiting."""


def ran(car: Car) -> list[str]:
    return [each.name for each in car.executions]


@pytest.mark.parametrize("fault", [6, 26])
@pytest.mark.parametrize("omits", [False, True], ids=["with session info", "without"])
@pytest.mark.parametrize(
    "make", [commands.honk_horn, commands.unlock_doors], ids=["infotainment", "security"]
)
async def test_unrepeatable_commands_are_not_signed_again(
    greeted: Vehicle,
    car: Car,
    account: Account,
    make: Callable[[], Command],
    fault: int,
    *,
    omits: bool,
) -> None:
    """The refused copy names the counter of the one that ran; without it a handshake does."""
    car.steer({"protocol": {"doubled": {"count": 1, "fault": fault}, "omit_session_info": omits}})
    before = account.booked()[Category.COMMAND]
    if make is commands.honk_horn:
        # Nothing shows whether it honked.
        with pytest.raises(OutcomeUnknown):
            await greeted.send(make(), PERSON)
    else:
        assert await greeted.send(make(), PERSON) == Done(already=True)
    assert len(ran(car)) == 1
    assert account.booked()[Category.COMMAND] - before == 1 + omits


async def test_repeatable_commands_are_checked(greeted: Vehicle, car: Car) -> None:
    car.steer({"protocol": {"doubled": 1}})
    assert await greeted.send(commands.lock_doors(), PERSON) == Done(already=True)
    assert ran(car) == ["door_lock"]


async def test_a_counter_that_is_too_old_is_signed_again(greeted: Vehicle, car: Car) -> None:
    """The vehicle accepted a higher one from another holder of our key: ours never ran."""
    await greeted.send(commands.flash_lights(), PERSON)
    car.executions.clear()
    greeted.channel.sessions[Domain.INFOTAINMENT].state.counter -= 2
    assert await greeted.send(commands.honk_horn(), PERSON) == Done()
    assert ran(car) == ["honk_horn"]
