"""An automation that sets the same thing again and again, at a car that only answers questions.

What it costs is decided here: nothing that is so already is sent, and many commands are looked at
with one data request.
"""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.meter import Caller, CallerKind, Category
from custom_components.flotte.tesla.vehicle import Done, Vehicle
from simulator.cars import Car
from tests.tesla.account import PERSON, Account

SOLAR = Caller(CallerKind.AUTOMATION, "automation.solar")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def charging(awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory) -> Vehicle:
    """Aurora charging, and read a while ago."""
    car.steer({"plugged_in": "ac3", "battery_level": 20, "charging": True, "charge_amps": 10})
    await awake.refresh()
    freezer.tick(6 * MINUTE)
    return awake


def commanded(account: Account) -> int:
    """Commands that were sent, without handshakes."""
    return account.booked()[Category.COMMAND] - 1


async def test_the_same_again_is_not_sent_for_five_minutes(
    charging: Vehicle, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    amps = commands.set_charge_current(8)
    assert await charging.send(amps, SOLAR) == Done()
    for _ in range(5):
        freezer.tick(MINUTE)
        assert await charging.send(amps, SOLAR) == Done(already=True)
    assert commanded(account) == 1
    freezer.tick(SECOND)
    assert await charging.send(amps, SOLAR) == Done()
    assert commanded(account) == 2


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (Caller(CallerKind.AUTOMATION, "automation.other"), SOLAR),
        (PERSON, SOLAR),
        (Caller(CallerKind.AUTOMATION), Caller(CallerKind.AUTOMATION)),
        (Caller(CallerKind.VOICE, "alexa"), Caller(CallerKind.VOICE, "alexa")),
    ],
    ids=lambda caller: caller.label,
)
async def test_who_does_not_repeat_themselves_is_heard(
    charging: Vehicle, car: Car, freezer: FrozenDateTimeFactory, first: Caller, then: Caller
) -> None:
    """It may be so no more, and they will not ask again."""
    amps = commands.set_charge_current(8)
    assert await charging.send(amps, first) == Done()
    freezer.tick(MINUTE + SECOND)
    car.steer({"charge_amps": 12})
    assert await charging.send(amps, then) == Done()
    assert car.charging.requested_amps == 8


async def test_a_person_s_is_sent_after_a_minute(
    charging: Vehicle, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    amps = commands.set_charge_current(8)
    assert await charging.send(amps, SOLAR) == Done()
    freezer.tick(MINUTE)
    assert await charging.send(amps, PERSON) == Done(already=True)
    freezer.tick(SECOND)
    assert await charging.send(amps, PERSON) == Done()
    assert commanded(account) == 2


async def test_another_value_is_sent_at_once(charging: Vehicle, account: Account, car: Car) -> None:
    assert await charging.send(commands.set_charge_current(8), SOLAR) == Done()
    assert await charging.send(commands.set_charge_current(9), SOLAR) == Done()
    assert commanded(account) == 2
    assert car.charging.requested_amps == 9


async def test_a_lock_is_always_sent(
    charging: Vehicle, account: Account, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """Somebody may have opened it by hand since."""
    assert await charging.send(commands.lock_doors(), SOLAR) == Done()
    freezer.tick(MINUTE)
    car.steer({"locked": False})
    assert await charging.send(commands.lock_doors(), SOLAR) == Done()
    assert car.body.is_locked


async def test_one_look_for_many_commands(
    charging: Vehicle, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """What an automation set is shown until it is looked at, five minutes after the last look."""
    asked = []
    for minute in range(12):
        await charging.send(commands.set_charge_current(6 + minute % 2), SOLAR)
        for _ in range(6):
            freezer.tick(10 * SECOND)
            if charging.data_due():
                await charging.poll()
                asked.append(minute)
            charging.lapse()
            assert charging.state[signals.CHARGE_CURRENT_REQUEST] == 6 + minute % 2
    assert asked == [0, 5, 10]
    assert commanded(account) == 12


async def test_a_person_s_command_is_looked_at_at_once(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    await charging.poll()
    await charging.send(commands.set_charge_current(8), PERSON)
    freezer.tick(7 * SECOND)
    assert not charging.data_due()
    freezer.tick(SECOND)
    assert charging.data_due()


async def test_what_nobody_looks_at_lapses_all_the_same(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    """The budget may refuse the look; what the car was seen to have is shown again then."""
    await charging.send(commands.set_charge_current(8), SOLAR)
    freezer.tick(6 * MINUTE - SECOND)
    charging.lapse()
    assert charging.state[signals.CHARGE_CURRENT_REQUEST] == 8
    freezer.tick(SECOND)
    charging.lapse()
    assert charging.state[signals.CHARGE_CURRENT_REQUEST] == 10
