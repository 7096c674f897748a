"""An automation that sets the same thing again and again, at a car that only answers questions.

What it costs is decided here: nothing that is so already is sent, and many commands are looked at
with one data request.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from unittest.mock import Mock

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.errors import GateRefused
from custom_components.flotte.tesla.signing import Domain
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.modes import ModeReason, ModeStatus, SpendingMode
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.vehicle.outcome import Done, StreamCoverage
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import NOW, PERSON, Account

SOLAR = Caller(CallerKind.AUTOMATION, "automation.solar")
COMMAND = Category.COMMAND
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


async def test_an_automations_repetition_is_not_sent_for_five_minutes(
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
async def test_a_command_that_is_no_repetition_is_sent(
    charging: Vehicle, car: Car, freezer: FrozenDateTimeFactory, first: Caller, then: Caller
) -> None:
    """It may be so no more, and they will not ask again."""
    amps = commands.set_charge_current(8)
    assert await charging.send(amps, first) == Done()
    freezer.tick(MINUTE + SECOND)
    car.steer({"charge_amps": 12})
    assert await charging.send(amps, then) == Done()
    assert car.charging.requested_amps == 8


async def test_a_persons_command_is_sent_after_a_minute(
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
    """It may have been opened by hand since."""
    assert await charging.send(commands.lock_doors(), SOLAR) == Done()
    freezer.tick(MINUTE)
    car.steer({"locked": False})
    assert await charging.send(commands.lock_doors(), SOLAR) == Done()
    assert car.body.is_locked


async def test_one_data_request_for_many_commands(
    charging: Vehicle, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """A setting by an automation is shown until its check, five minutes after the last one."""
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


async def test_the_effect_of_a_persons_command_is_polled_at_once(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    await charging.poll()
    await charging.send(commands.set_charge_current(8), PERSON)
    freezer.tick(7 * SECOND)
    assert not charging.data_due()
    freezer.tick(SECOND)
    assert charging.data_due()


async def test_assumptions_lapse_without_a_poll(
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


async def test_effects_that_are_not_streamed_are_polled(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    """A car that streams is not asked for anything else."""
    stream = Mock(spec=StreamCoverage, is_connected=True)
    stream.continuous_since.return_value = None
    stream.reports_every_change.return_value = stream.includes.return_value = False
    charging.knowledge.coverage = stream
    await charging.send(commands.set_charge_current(8), SOLAR)
    freezer.tick(8 * SECOND)
    assert charging.data_due()


async def test_only_plain_settings_are_assumed_for_longer(
    charging: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """A repeated "on" at the end of a minute is deliberate."""
    assert await charging.send(commands.start_climate(), SOLAR) == Done()
    freezer.tick(MINUTE + SECOND)
    car.steer({"climate": False})
    assert await charging.send(commands.start_climate(), SOLAR) == Done()
    assert car.climate.is_on


async def test_other_assumptions_lapse_as_usual(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    await charging.send(commands.set_charge_current(8), SOLAR)
    await charging.send(commands.lock_doors(), PERSON)
    freezer.tick(MINUTE)
    charging.lapse()
    assert set(charging.state.assumed) == {signals.CHARGE_CURRENT_REQUEST}


async def test_a_poll_that_came_too_early_is_repeated_at_once(
    charging: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    """The car may not have had the time to do it."""
    await charging.send(commands.set_charge_current(8), SOLAR)
    freezer.tick(2 * SECOND)
    await charging.refresh()
    freezer.tick(5 * SECOND)
    assert not charging.data_due()
    freezer.tick(SECOND)
    assert charging.data_due()


# --- Callers -------------------------------------------------------------------------------------


@pytest.fixture
async def turn(vehicle: Vehicle) -> AsyncIterator[Callable[[], None]]:
    """The turn of another caller, which ends when this is called."""
    lock = vehicle.turns.locks[Domain.INFOTAINMENT]
    await lock.acquire()
    yield lock.release
    if lock.locked():
        lock.release()


async def test_a_persons_command_ignores_an_automations_rules(
    vehicle: Vehicle, car: Car, turn: Callable[[], None], quick_waits: None
) -> None:
    vehicle.gate.policy = Policy(wakes_per_day=0)
    first = asyncio.create_task(vehicle.send(commands.set_charge_limit(70), SOLAR))
    await asyncio.sleep(0)
    second = asyncio.create_task(vehicle.send(commands.set_charge_limit(75), PERSON))
    await asyncio.sleep(0)
    turn()
    assert (await second).waits_until is None
    assert (await first).waits_until is None
    assert (car.charging.limit_percent, car.wakes) == (75, 1)


async def test_an_automations_command_lacks_a_persons_rights(
    vehicle: Vehicle, account: Account, car: Car, turn: Callable[[], None], quick_waits: None
) -> None:
    vehicle.gate.mode_status = ModeStatus(SpendingMode.STOPPED, ModeReason.USED_UP, {})
    first = asyncio.create_task(vehicle.send(commands.set_charge_limit(70), PERSON))
    await asyncio.sleep(0)
    second = asyncio.create_task(vehicle.send(commands.set_charge_limit(55), SOLAR))
    await asyncio.sleep(0)
    turn()
    assert await first == Done()
    with pytest.raises(GateRefused):
        await second
    assert car.charging.limit_percent == 70
    assert {row.caller for row in account.meter.ledger.counts if row.category is COMMAND} == {
        PERSON.label
    }


# --- What waits -----------------------------------------------------------------------------------


async def test_cancelling_before_the_turn_loses_nothing(
    vehicle: Vehicle, car: Car, turn: Callable[[], None], quick_waits: None
) -> None:
    """Home Assistant unloads while another command is under way."""
    vehicle.gate.policy = Policy(wakes_per_day=0)
    told: list[object] = []
    vehicle.deferred.on_result.subscribe(
        lambda deferred, result: told.append((deferred.command.name, result))
    )
    lock = vehicle.turns.locks[Domain.INFOTAINMENT]
    turn()
    assert (await vehicle.send(commands.set_charge_limit(70), SOLAR)).waits_until is not None
    await lock.acquire()
    car.steer({"state": "online"})
    vehicle.apply_state("online")
    task = asyncio.create_task(vehicle.deferred.run_all())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(vehicle.deferred.waiting) == len(vehicle.to_stored()["deferred"]) == 1
    lock.release()
    await vehicle.deferred.run_all()
    assert car.charging.limit_percent == 70
    assert told == [("set_charge_limit", Done())]
    assert not vehicle.deferred.waiting


async def test_one_avoided_wake_an_hour(
    vehicle: Vehicle, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """One wake would have served all that an automation repeats."""
    vehicle.gate.policy = Policy(wakes_per_day=0)
    for _ in range(90):
        await vehicle.send(commands.set_charge_limit(70), SOLAR)
        freezer.tick(MINUTE)
    assert account.meter.ledger.avoided_wakes(Month.of(NOW)) == 2
