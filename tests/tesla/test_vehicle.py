"""A vehicle: its polling, waking and commands, and their cost."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from tesla_protocol.command import car_server_pb2

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import (
    BudgetExceeded,
    CommandRefused,
    InvalidAnswer,
    KeyNotPaired,
    MissingScope,
    MobileAccessDisabled,
    NotAvailable,
    NotFound,
    NotSent,
    NoUnsignedForm,
    OutcomeUnknown,
    ProtocolRequired,
    ProtocolUnsupported,
    RateLimited,
    Refused,
    ServiceError,
    TeslaError,
    VehicleBusy,
    VehicleUnavailable,
    WakeFailed,
)
from custom_components.flotte.tesla.signing import ClientKey, Domain
from custom_components.flotte.tesla.spending.caller import POLLING
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Signal, Source, State
from custom_components.flotte.tesla.vehicle import waits
from custom_components.flotte.tesla.vehicle.outcome import CommandMode, Done
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.cars import Car
from simulator.protocol.verification import Request
from tests.tesla.account import MODEL_3, MODEL_S, MODEL_Y, NOW, PERSON, Account
from tests.tesla.servers import until

type VehicleMaker = Callable[..., Vehicle]
type Changes = list[frozenset[Signal[Any]]]

COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE
PAUSE = "custom_components.flotte.tesla.vehicle.waits.pause"
SECOND = timedelta(seconds=1)


def ran(car: Car) -> list[str]:
    """Names of the commands that the car executed, in order."""
    return [each.name for each in car.executions]


def handshakes(car: Car, domain: str) -> int:
    counted: int = car.describe()["protocol"]["domains"][domain]["handshakes"]
    return counted


def changes_of(vehicle: Vehicle) -> Changes:
    """Collect the notifications of listeners from now on."""
    told: Changes = []
    vehicle.subscribe(told.append)
    return told


def is_paired(vehicle: Vehicle) -> bool | None:
    """Whether our key is paired; a function, as the type checker assumes that it never changes."""
    return vehicle.channel.key_paired


def paid(account: Account) -> dict[Category, int]:
    return {each: count for each, count in account.booked().items() if each is not FREE}


def no_request_leaves(account: Account) -> asyncio.Event:
    """Block all bookings from now on; the returned event is set when the first one is blocked."""
    begun = asyncio.Event()

    async def keep(_entry: object) -> None:
        begun.set()
        await asyncio.Event().wait()

    account.api.transport.sender.keep = keep
    return begun


async def give_up(task: asyncio.Task[Done], account: Account) -> None:
    """Cancel a command whose booking is blocked: only the test knows that it was not sent."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    account.strays += 1
    account.api.transport.sender.keep = account.keep


@pytest.fixture
def old(make_vehicle: VehicleMaker) -> Vehicle:
    """Old Faithful, which accepts only plain commands; online."""
    vehicle = make_vehicle(MODEL_S)
    vehicle.apply_state("online")
    return vehicle


@pytest.fixture
def old_car(tesla: Simulator) -> Car:
    """The simulated Old Faithful."""
    return tesla.world.cars[MODEL_S]


# --- What is known -------------------------------------------------------------------------------


async def test_nothing_is_known_at_first(vehicle: Vehicle) -> None:
    assert not vehicle.is_online
    assert vehicle.state == State()
    assert is_paired(vehicle) is None
    assert vehicle.channel.needs_key
    assert not vehicle.data_due()


async def test_check_asks_tesla_and_not_the_car(
    vehicle: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    assert await vehicle.check() is False
    assert vehicle.state.reading(signals.ONLINE) == Reading(
        value=False, time=NOW, source=Source.POLL
    )
    assert vehicle.presence.online_since is None
    car.steer({"state": "online"})
    freezer.tick(SECOND)
    assert await vehicle.check() is True
    assert vehicle.presence.online_since == NOW + SECOND
    freezer.tick(SECOND)
    await vehicle.check()
    assert vehicle.presence.online_since == NOW + SECOND, "since then, not since the last check"
    seen = (NOW + 2 * SECOND).timestamp()
    assert vehicle.state[signals.LAST_ONLINE] == seen
    car.steer({"state": "asleep"})
    freezer.tick(SECOND)
    await vehicle.check()
    assert vehicle.state[signals.LAST_ONLINE] == seen
    assert account.booked() == {FREE: 4}


@pytest.mark.parametrize(
    ("word", "online"),
    [
        ("online", True),
        ("asleep", False),
        ("offline", False),
        (None, True),
        ("", True),
        ("driving", True),
        (7, True),
    ],
)
async def test_state_that_tesla_reports(vehicle: Vehicle, word: object, *, online: bool) -> None:
    vehicle.apply_state("online")
    vehicle.apply_state(word)
    assert vehicle.is_online is online
    assert (vehicle.presence.online_since is not None) is online


async def test_listeners_are_notified_of_changed_signals(vehicle: Vehicle) -> None:
    told: Changes = []
    unsubscribe = vehicle.subscribe(told.append)
    reading = Reading(50.0, NOW, Source.POLL)
    vehicle.receive({signals.BATTERY_LEVEL: reading})
    vehicle.receive({signals.BATTERY_LEVEL: reading})
    assert told == [{signals.BATTERY_LEVEL}]
    unsubscribe()
    vehicle.receive({signals.BATTERY_LEVEL: Reading(51.0, NOW, Source.POLL)})
    assert len(told) == 1
    unsubscribe()


async def test_assumptions_lapse(awake: Vehicle, freezer: FrozenDateTimeFactory) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    told = changes_of(awake)
    assert awake.state[signals.LOCKED] is True
    freezer.tick(timedelta(seconds=59))
    awake.lapse()
    assert told == []
    freezer.tick(SECOND)
    awake.lapse()
    assert told == [{signals.LOCKED}]
    assert awake.state[signals.LOCKED] is None


LIMIT_80 = {signals.CHARGE_LIMIT: 80}


@pytest.mark.parametrize(
    ("value", "age", "source", "known"),
    [
        (80, 0, Source.POLL, True),
        (80, 60, Source.POLL, True),
        (80, 61, Source.POLL, False),
        (80, 0, Source.STREAM, True),
        (80, 0, Source.RESTORED, False),
        (79, 0, Source.POLL, False),
        (None, 0, Source.POLL, False),
    ],
)
async def test_certain_readings(
    vehicle: Vehicle, value: int | None, age: int, source: Source, *, known: bool
) -> None:
    reading = Reading(value, NOW - timedelta(seconds=age), source)
    vehicle.receive({signals.CHARGE_LIMIT: reading})
    assert vehicle.knowledge.is_certain(LIMIT_80) is known


async def test_every_value_must_be_certain(vehicle: Vehicle) -> None:
    vehicle.receive({signals.CHARGE_LIMIT: Reading(80, NOW, Source.POLL)})
    assert not vehicle.knowledge.is_certain({**LIMIT_80, signals.LOCKED: True})
    assert vehicle.knowledge.is_certain({})


@pytest.mark.parametrize(
    ("vin", "kept_awake"),
    [
        # The fourth character is the model, the tenth the year: B is 2011, L 2020, M 2021.
        *((f"5YJSA7E20{year}F000003", True) for year in "BCDEFGHJKL"),
        *((f"5YJXA7E20{year}F000003", True) for year in "GHJKL"),
        *((f"5YJSA7E20{year}F000003", False) for year in "MNPRSTVWXY"),
        *((f"7SAXA7E20{year}F000003", False) for year in "MNPRSTVWXY"),
        *((f"5YJ3A7E20{year}F000003", False) for year in "HJKLMNPRST"),
        *((f"7SAYA7E20{year}F000003", False) for year in "LMNPRST"),
        (MODEL_Y, False),
        (MODEL_3, False),
        (MODEL_S, True),
    ],
)
async def test_cars_that_polling_keeps_awake(
    make_vehicle: VehicleMaker, vin: str, *, kept_awake: bool
) -> None:
    assert make_vehicle(vin).channel.polling_prevents_sleep is kept_awake


@pytest.mark.parametrize(
    ("vin", "required", "kept_awake"),
    [
        ("5YJXCCE23MF000001", False, True),
        ("5YJSA7E20MF000001", False, True),
        ("7SAXCCE23NF000001", False, True),
        ("5YJXCCE23MF000001", True, False),
        ("5YJXCCE23LF000001", True, False),
        ("5YJXCCE23LF000001", False, True),
        ("5YJXCCE23MF000001", None, False),
        ("5YJXCCE23LF000001", None, True),
        ("5YJ3E1EA7KF000001", False, False),
    ],
)
async def test_fleet_status_overrides_the_model_year(
    make_vehicle: VehicleMaker, vin: str, *, required: bool | None, kept_awake: bool
) -> None:
    """Legacy cars accept no signed commands, even after a restart, before Tesla says so again."""
    vehicle = make_vehicle(vin)
    vehicle.channel.apply_fleet_status(
        {"vehicle_info": {vin: {"vehicle_command_protocol_required": required}}}
    )
    assert vehicle.channel.polling_prevents_sleep is kept_awake
    again = make_vehicle(vin)
    again.restore(vehicle.to_stored())
    if required is not True:
        assert again.channel.polling_prevents_sleep is kept_awake


@pytest.mark.parametrize(
    ("status", "paired", "protocol"),
    [
        ({}, None, CommandMode.SIGNED),
        ({"key_paired_vins": None, "unpaired_vins": None}, None, CommandMode.SIGNED),
        ({"key_paired_vins": [MODEL_Y]}, True, CommandMode.SIGNED),
        ({"unpaired_vins": [MODEL_Y]}, False, CommandMode.SIGNED),
        ({"key_paired_vins": [MODEL_3], "unpaired_vins": []}, None, CommandMode.SIGNED),
        ({"vehicle_info": {MODEL_Y: None}}, None, CommandMode.SIGNED),
        ({"vehicle_info": None}, None, CommandMode.SIGNED),
        ({"vehicle_info": {MODEL_Y: {}}}, None, CommandMode.SIGNED),
        (
            {"vehicle_info": {MODEL_Y: {"vehicle_command_protocol_required": True}}},
            None,
            CommandMode.SIGNED,
        ),
        (
            {"vehicle_info": {MODEL_Y: {"vehicle_command_protocol_required": False}}},
            None,
            CommandMode.UNSIGNED,
        ),
        (
            {
                "unpaired_vins": [MODEL_Y],
                "vehicle_info": {MODEL_Y: {"vehicle_command_protocol_required": False}},
            },
            False,
            CommandMode.UNSIGNED,
        ),
        # It takes both, and our key is on it: signed is the better way.
        (
            {
                "key_paired_vins": [MODEL_Y],
                "vehicle_info": {MODEL_Y: {"vehicle_command_protocol_required": False}},
            },
            True,
            CommandMode.SIGNED,
        ),
        (
            {"vehicle_info": {MODEL_3: {"vehicle_command_protocol_required": False}}},
            None,
            CommandMode.SIGNED,
        ),
    ],
)
async def test_fleet_status(
    vehicle: Vehicle, status: dict[str, Any], *, paired: bool | None, protocol: CommandMode
) -> None:
    vehicle.channel.apply_fleet_status(status)
    assert is_paired(vehicle) is paired
    assert vehicle.channel.mode is protocol


async def test_a_car_that_begins_to_require_signatures(make_vehicle: VehicleMaker) -> None:
    vehicle = make_vehicle(mode=CommandMode.UNSIGNED)
    vehicle.channel.apply_fleet_status(
        {"vehicle_info": {MODEL_Y: {"vehicle_command_protocol_required": True}}}
    )
    assert vehicle.channel.needs_key


@pytest.mark.parametrize(
    ("vin", "paired", "protocol"),
    [
        (MODEL_Y, True, CommandMode.SIGNED),
        (MODEL_3, False, CommandMode.SIGNED),
        (MODEL_S, False, CommandMode.UNSIGNED),
    ],
)
async def test_checking_the_pairing_is_free(
    make_vehicle: VehicleMaker, account: Account, vin: str, *, paired: bool, protocol: CommandMode
) -> None:
    vehicle = make_vehicle(vin)
    await vehicle.channel.check_pairing(PERSON)
    assert is_paired(vehicle) is paired
    assert vehicle.channel.mode is protocol
    assert account.booked() == {FREE: 1}


# --- Asking --------------------------------------------------------------------------------------


async def test_refresh(awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory) -> None:
    told = changes_of(awake)
    freezer.tick(timedelta(seconds=5))
    await awake.refresh()
    assert awake.state[signals.BATTERY_LEVEL] == 68.0
    assert awake.state[signals.VEHICLE_NAME] == "Aurora"
    assert awake.state[signals.LOCATION] == pytest.approx((52.3731, 4.8903))
    assert awake.poller.data_received_at == NOW + timedelta(seconds=5)
    assert signals.BATTERY_LEVEL in told[-1]
    car.steer({"locked": False})
    freezer.tick(timedelta(seconds=5))
    await awake.refresh()
    assert signals.LOCKED in told[-1]
    assert signals.BATTERY_LEVEL not in told[-1]


async def test_location_is_not_requested_without_its_scope(
    make_vehicle: VehicleMaker, car: Car, account: Account
) -> None:
    vehicle = make_vehicle(scopes=SCOPES - {"vehicle_location"})
    car.steer({"state": "online"})
    await vehicle.refresh()
    assert "location_data" not in account.arrived[-1]
    assert vehicle.state[signals.LOCATION] is None
    assert vehicle.is_online, "it has just answered"


async def test_refresh_of_a_car_that_fell_asleep(
    awake: Vehicle, car: Car, account: Account
) -> None:
    car.steer({"state": "asleep"})
    with pytest.raises(VehicleUnavailable):
        await awake.refresh()
    assert not awake.is_online
    assert awake.presence.online_since is None
    assert awake.poller.data_received_at is None
    assert paid(account) == {DATA: 1}


async def test_a_stale_answer_while_a_car_falls_asleep(awake: Vehicle, account: Account) -> None:
    answer = {"response": {"state": "asleep", "charge_state": {"battery_level": 12}}}
    account.tesla.faults.order("status", status=200, body=answer)
    await awake.refresh()
    assert not awake.is_online
    assert awake.state[signals.BATTERY_LEVEL] == 12


async def test_answers_without_data_count_as_failures(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """Such answers are billed too, so the pause before the next request grows."""
    account.tesla.faults.order("status", endpoint="vehicle_data", status=405, count=3)
    for _ in range(3):
        with pytest.raises(NotAvailable):
            await awake.refresh()
    assert (
        awake.poller.failures,
        awake.poller.data_requested_at,
        awake.poller.data_received_at,
    ) == (3, NOW, None)
    freezer.tick(timedelta(minutes=40) - SECOND)
    assert not awake.data_due()
    freezer.tick(SECOND)
    assert awake.data_due()

    asleep = {"response": {"state": "asleep"}}
    account.tesla.faults.order("status", endpoint="vehicle_data", status=200, body=asleep)
    await awake.refresh()
    assert awake.poller.failures == 4
    car.steer({"state": "online"})
    await awake.refresh()
    assert awake.poller.failures == 0


@pytest.mark.parametrize(
    "answer",
    [{}, {"state": "online"}, {"charge_state": None}, {"charge_state": {}, "drive_state": []}],
)
async def test_an_empty_answer_is_a_failure(
    awake: Vehicle, account: Account, answer: dict[str, Any]
) -> None:
    account.tesla.faults.order(
        "status", endpoint="vehicle_data", status=200, body={"response": answer}
    )
    with pytest.raises(InvalidAnswer):
        await awake.refresh()
    assert (
        awake.poller.failures,
        awake.poller.data_requested_at,
        awake.poller.data_received_at,
    ) == (1, NOW, None)
    assert not awake.data_due(), "it was billed"


async def test_when_data_is_due(awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory) -> None:
    assert awake.data_due()
    await awake.refresh()
    assert not awake.data_due()
    freezer.tick(SECOND)
    await awake.send(commands.lock_doors(), PERSON)
    assert not awake.data_due()
    freezer.tick(timedelta(seconds=8))
    assert awake.data_due(), "to see what became of the command"
    awake.apply_state("asleep")
    assert not awake.data_due()


async def test_schedules(awake: Vehicle, account: Account) -> None:
    answer = await awake.schedules(PERSON)
    assert "charge_schedules" in answer["charge_schedule_data"]
    assert "precondition_schedules" in answer["preconditioning_schedule_data"]
    assert paid(account) == {DATA: 1}
    assert awake.poller.data_received_at is None, "it does not tell what the plan wants to know"


async def test_schedules_of_a_sleeping_car(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    account.meter.budget = Decimal("0.0219")
    with pytest.raises(BudgetExceeded):
        await vehicle.schedules(PERSON)
    assert account.arrived == []
    account.meter.budget = Decimal("0.022")
    assert "charge_schedule_data" in await vehicle.schedules(PERSON)
    assert paid(account) == {WAKE: 1, DATA: 1}
    assert car.wakes == 1


async def test_schedules_of_a_car_believed_online(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    vehicle.apply_state("online")
    assert "charge_schedule_data" in await vehicle.schedules(PERSON)
    assert car.wakes == 1
    assert paid(account) == {WAKE: 1, DATA: 2}


# --- Waking --------------------------------------------------------------------------------------


async def test_wake(vehicle: Vehicle, car: Car, account: Account, quick_waits: None) -> None:
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    assert car.wakes == 1
    # It takes the car 12 s, and Tesla is asked after 4 s, and from 8 s on every 2 s.
    assert account.endpoints == ["vehicle", "wake_up", *["vehicle"] * 4]
    assert account.booked() == {WAKE: 1, FREE: 5}


async def test_a_needless_wake_is_never_bought(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await vehicle.check()
    car.steer({"state": "online"})
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    assert account.endpoints == ["vehicle", "vehicle"]
    assert paid(account) == {}


async def test_a_quick_wake(vehicle: Vehicle, account: Account) -> None:
    answer = {"response": {"vin": MODEL_Y, "state": "online"}}
    account.tesla.faults.order("status", endpoint="wake_up", status=200, body=answer)
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    assert account.endpoints == ["vehicle", "wake_up"]


async def test_two_callers_share_one_wake(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await asyncio.gather(vehicle.wake(PERSON), vehicle.wake(POLLING))
    assert car.wakes == 1
    assert paid(account) == {WAKE: 1}
    # One of them asks how it goes; Tesla allows 60 questions a minute.
    assert account.endpoints == ["vehicle", "wake_up", *["vehicle"] * 5]


async def test_two_commands_share_one_wake(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await asyncio.gather(
        vehicle.send(commands.lock_doors(), PERSON),
        vehicle.send(commands.set_temperature(21), PERSON),
    )
    assert sorted(ran(car)) == ["door_lock", "set_temps"]
    assert car.wakes == 1
    assert paid(account) == {WAKE: 1, COMMAND: 4}


async def test_a_wake_that_fails(
    vehicle: Vehicle,
    car: Car,
    account: Account,
    quick_waits: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    car.steer({"state": "offline"})
    with pytest.raises(WakeFailed):
        await vehicle.wake(PERSON)
    assert datetime.now(UTC) - NOW == timedelta(seconds=60)
    assert paid(account) == {WAKE: 1}
    # Before it; after 4 s; every 2 s from 8 s to 24 s, when most come; every 4 s until 60 s.
    assert account.endpoints.count("vehicle") == 1 + 1 + 9 + 9
    # The next one is a new wake.
    freezer.tick(SECOND)
    with pytest.raises(WakeFailed):
        await vehicle.wake(PERSON)
    assert paid(account) == {WAKE: 2}
    assert datetime.now(UTC) - NOW == timedelta(seconds=121)


async def test_callers_share_a_wake_that_fails(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    car.steer({"state": "offline"})
    outcomes = await asyncio.gather(
        vehicle.wake(PERSON), vehicle.wake(POLLING), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [WakeFailed, WakeFailed]
    assert paid(account) == {WAKE: 1}


async def test_a_cancelled_wake_is_not_paid_for_again(
    vehicle: Vehicle,
    car: Car,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
) -> None:
    waiting = asyncio.Event()

    async def wait(_seconds: float) -> None:
        waiting.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(PAUSE, wait)
    first = asyncio.create_task(vehicle.wake(PERSON))
    await until(waiting.is_set)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr(PAUSE, pass_time)
    await vehicle.wake(POLLING)
    assert vehicle.is_online
    assert car.wakes == 1
    assert paid(account) == {WAKE: 1}


async def test_a_wake_continues_during_a_rate_limit(
    vehicle: Vehicle, account: Account, quick_waits: None
) -> None:
    account.tesla.faults.order(
        "status", endpoint="vehicle", skip=1, status=429, headers={"Retry-After": "10"}
    )
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    # Asked after 4 s, silent from 8 s to 12 s, and asked again after 14 s.
    assert account.endpoints == ["vehicle", "wake_up", "vehicle", "vehicle"]
    assert datetime.now(UTC) - NOW == timedelta(seconds=14)


async def test_a_wake_needs_room_in_the_budget(vehicle: Vehicle, account: Account) -> None:
    account.meter.budget = Decimal("0.019")
    with pytest.raises(BudgetExceeded):
        await vehicle.wake(PERSON)
    assert account.endpoints == ["vehicle"], "asking is free"


@pytest.mark.parametrize("status", [500, 503])
async def test_a_wake_with_a_server_error_is_not_awaited(
    vehicle: Vehicle, account: Account, quick_waits: None, status: int
) -> None:
    account.tesla.faults.order("status", endpoint="wake_up", status=status)
    with pytest.raises(ServiceError):
        await vehicle.wake(PERSON)
    await vehicle.wake(PERSON)
    assert vehicle.is_online


async def test_a_refused_wake_is_not_awaited(
    vehicle: Vehicle, account: Account, quick_waits: None
) -> None:
    account.meter.budget = Decimal(0)
    with pytest.raises(BudgetExceeded):
        await vehicle.wake(PERSON)
    account.meter.budget = Decimal(10)
    await vehicle.wake(PERSON)
    assert vehicle.is_online


async def test_a_car_that_falls_asleep_at_once_is_woken_again(
    vehicle: Vehicle, car: Car, quick_waits: None
) -> None:
    await vehicle.wake(PERSON)
    car.steer({"state": "asleep"})
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    assert car.wakes == 2


# --- Commands: the ways --------------------------------------------------------------------------


async def test_a_signed_command(awake: Vehicle, car: Car, account: Account) -> None:
    car.steer({"locked": False})
    told = changes_of(awake)
    assert await awake.send(commands.lock_doors(), PERSON) == Done()
    (execution,) = car.executions
    assert (execution.name, execution.signed, execution.domain) == ("door_lock", True, 2)
    assert awake.state.reading(signals.LOCKED) == Reading(
        value=True, time=NOW, source=Source.ASSUMED
    )
    assert told == [{signals.LOCKED}]
    assert awake.poller.commanded_at == NOW
    assert is_paired(awake) is True
    assert account.endpoints == ["vehicle", "signed_command", "signed_command"]


async def test_one_handshake_serves_many_commands(
    awake: Vehicle, car: Car, account: Account
) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    await awake.send(commands.unlock_doors(), PERSON)
    await awake.send(commands.lock_doors(), PERSON)
    assert handshakes(car, "vehicle_security") == 1
    first, second, third = (each.counter for each in car.executions)
    assert first is not None
    assert (second, third) == (first + 1, first + 2)
    await awake.send(commands.flash_lights(), PERSON)
    assert handshakes(car, "infotainment") == 1, "each computer has its own"
    assert paid(account) == {COMMAND: 6}


async def test_commands_to_one_computer_go_one_at_a_time(awake: Vehicle, car: Car) -> None:
    wishes = [
        commands.set_charge_limit(60),
        commands.set_charge_current(8),
        commands.set_sentry_mode(on=True),
    ]
    await asyncio.gather(*(awake.send(wish, PERSON) for wish in wishes))
    assert ran(car) == [wish.name for wish in wishes]
    counters = [each.counter or 0 for each in car.executions]
    assert counters == sorted(set(counters))
    assert handshakes(car, "infotainment") == 1


async def test_of_waiting_settings_the_newest_wins(
    awake: Vehicle, car: Car, account: Account
) -> None:
    """A slider is dragged: the first value is being sent, the others replace each other."""
    outcomes = await asyncio.gather(
        *(awake.send(commands.set_charge_limit(percent), PERSON) for percent in (60, 70, 75, 85))
    )
    assert outcomes == [Done()] * 4
    assert [each.parameters["percent"] for each in car.executions] == [60, 85]
    assert awake.state[signals.CHARGE_LIMIT] == 85
    assert paid(account) == {COMMAND: 3}


async def test_callers_of_a_replaced_command_get_the_refusal(
    awake: Vehicle, car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="signed_command", skip=2, status=404)
    outcomes = await asyncio.gather(
        *(awake.send(commands.set_charge_limit(percent), PERSON) for percent in (60, 70, 80)),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [Done, NotFound, NotFound]
    assert [each.parameters["percent"] for each in car.executions] == [60]


async def test_cancelling_a_caller_does_not_stop_the_others(awake: Vehicle, car: Car) -> None:
    async with awake.turns.locks[Domain.INFOTAINMENT]:
        first, second, third = (
            asyncio.create_task(awake.send(commands.set_charge_limit(percent), PERSON))
            for percent in (60, 70, 75)
        )
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    # The second caller finds it done, or the car reports that.
    assert {await second, await third} <= {Done(), Done(already=True)}
    assert [each.parameters["percent"] for each in car.executions] == [75], "once for both"


async def test_after_a_cancellation_others_get_the_refusal(
    awake: Vehicle, car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="signed_command", status=404)
    async with awake.turns.locks[Domain.INFOTAINMENT]:
        first, second = (
            asyncio.create_task(awake.send(commands.set_charge_limit(percent), PERSON))
            for percent in (60, 70)
        )
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
    with pytest.raises(NotFound):
        await second
    assert ran(car) == []


async def test_after_a_cancellation_a_sent_command_is_unknown(
    awake: Vehicle, car: Car, account: Account
) -> None:
    """It may have been sent for both; a refusal of the second attempt does not undo the first."""
    async with awake.turns.locks[Domain.INFOTAINMENT]:
        first, second = (
            asyncio.create_task(awake.send(commands.set_charge_limit(percent), PERSON))
            for percent in (60, 70)
        )
        await asyncio.sleep(0)
        begun = no_request_leaves(account)
    await until(begun.is_set)
    await give_up(first, account)
    account.tesla.faults.order("status", endpoint="signed_command", status=404)
    with pytest.raises(OutcomeUnknown):
        await second
    assert ran(car) == []


async def test_pause_waits(freezer: FrozenDateTimeFactory) -> None:
    """The real function, which other tests replace by one that moves the clock."""
    waiting = asyncio.create_task(waits.pause(4))
    await asyncio.sleep(0)
    freezer.tick(timedelta(seconds=3.9))
    await asyncio.sleep(0)
    assert not waiting.done()
    freezer.tick(timedelta(seconds=0.2))
    await waiting


async def test_a_plain_command(old: Vehicle, old_car: Car, account: Account) -> None:
    assert await old.send(commands.set_charge_limit(70), PERSON) == Done()
    (execution,) = old_car.executions
    assert (execution.name, execution.signed) == ("set_charge_limit", False)
    assert old.state[signals.CHARGE_LIMIT] == 70
    assert old.channel.key_paired is None
    assert paid(account) == {COMMAND: 1}


async def test_a_car_without_the_protocol_gets_the_plain_form(
    make_vehicle: VehicleMaker, old_car: Car, account: Account
) -> None:
    vehicle = make_vehicle(MODEL_S, mode=CommandMode.SIGNED)
    vehicle.apply_state("online")
    await vehicle.send(commands.flash_lights(), PERSON)
    assert ran(old_car) == ["flash_lights"]
    assert vehicle.channel.mode is CommandMode.UNSIGNED
    assert account.endpoints == ["signed_command", "command/flash_lights"]
    await vehicle.send(commands.flash_lights(), PERSON)
    assert account.endpoints[2:] == ["command/flash_lights"], "learnt once"


async def test_a_car_that_requires_signatures_gets_the_signed_form(
    make_vehicle: VehicleMaker, car: Car, account: Account
) -> None:
    vehicle = make_vehicle(mode=CommandMode.UNSIGNED)
    car.steer({"state": "online"})
    await vehicle.check()
    await vehicle.send(commands.lock_doors(), PERSON)
    (execution,) = car.executions
    assert execution.signed
    assert vehicle.channel.mode is CommandMode.SIGNED
    assert account.endpoints[1:] == ["command/door_lock", "signed_command", "signed_command"]
    await vehicle.send(commands.lock_doors(), PERSON)
    assert account.endpoints[4:] == ["signed_command"]


async def test_a_command_that_cannot_be_signed_is_refused(
    awake: Vehicle, car: Car, account: Account
) -> None:
    """A command without a payload, to a car that requires it signed."""
    with pytest.raises(ProtocolRequired):
        await awake.send(Command(name="door_lock"), PERSON)
    assert ran(car) == []
    assert paid(account) == {COMMAND: 1}


async def test_a_command_without_a_plain_form_is_refused(
    old: Vehicle, old_car: Car, account: Account
) -> None:
    with pytest.raises(NoUnsignedForm):
        await old.send(commands.set_low_power_mode(on=True), PERSON)
    assert account.arrived == []


@pytest.mark.parametrize(
    ("command", "scopes", "allowed"),
    [
        (commands.lock_doors(), {"vehicle_cmds"}, True),
        (commands.lock_doors(), {"vehicle_charging_cmds", "vehicle_device_data"}, False),
        (commands.set_charge_limit(70), {"vehicle_charging_cmds"}, True),
        (commands.set_charge_limit(70), {"vehicle_cmds"}, True),
        (commands.set_charge_limit(70), {"energy_cmds"}, False),
        (commands.lock_doors(), set(), False),
    ],
)
async def test_scopes(
    make_vehicle: VehicleMaker,
    car: Car,
    account: Account,
    command: Command,
    scopes: set[str],
    *,
    allowed: bool,
) -> None:
    vehicle = make_vehicle(scopes=frozenset(scopes))
    car.steer({"state": "online"})
    vehicle.apply_state("online")
    if allowed:
        await vehicle.send(command, PERSON)
        assert ran(car) == [command.name]
    else:
        with pytest.raises(MissingScope) as refusal:
            await vehicle.send(command, PERSON)
        assert "vehicle_cmds" in refusal.value.detail
        assert account.arrived == []


# --- Commands: the whole cost first --------------------------------------------------------------

WITH_HANDSHAKE = "0.022"
WITHOUT_HANDSHAKE = "0.021"
JUST_BELOW = {WITH_HANDSHAKE: "0.0219", WITHOUT_HANDSHAKE: "0.0209"}


async def test_a_sleeping_car_needs_room_for_wake_handshake_and_command(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    account.meter.budget = Decimal(JUST_BELOW[WITH_HANDSHAKE])
    with pytest.raises(BudgetExceeded) as refusal:
        await vehicle.send(commands.lock_doors(), PERSON)
    assert refusal.value.placeholders["cost"] == WITH_HANDSHAKE
    assert account.arrived == [], "there would be room for the command, but not for the wake"
    account.meter.budget = Decimal(WITH_HANDSHAKE)
    await vehicle.send(commands.lock_doors(), PERSON)
    assert paid(account) == {WAKE: 1, COMMAND: 2}


async def test_a_plain_command_needs_no_handshake(
    make_vehicle: VehicleMaker, old_car: Car, account: Account, quick_waits: None
) -> None:
    vehicle = make_vehicle(MODEL_S)
    old_car.steer({"state": "asleep"})
    account.meter.budget = Decimal(JUST_BELOW[WITHOUT_HANDSHAKE])
    with pytest.raises(BudgetExceeded):
        await vehicle.send(commands.flash_lights(), PERSON)
    assert account.arrived == []
    account.meter.budget = Decimal(WITHOUT_HANDSHAKE)
    await vehicle.send(commands.flash_lights(), PERSON)
    assert paid(account) == {WAKE: 1, COMMAND: 1}


async def test_a_ready_session_needs_no_handshake(awake: Vehicle, account: Account) -> None:
    account.meter.budget = Decimal("0.002")
    await awake.send(commands.lock_doors(), PERSON)
    account.meter.budget = Decimal("0.003")
    await awake.send(commands.lock_doors(), PERSON)
    with pytest.raises(BudgetExceeded):
        await awake.send(commands.lock_doors(), PERSON)
    account.meter.budget = Decimal("0.0049")
    with pytest.raises(BudgetExceeded):
        await awake.send(commands.flash_lights(), PERSON)
    assert paid(account) == {COMMAND: 3}


async def test_a_toggle_needs_room_for_a_data_request(awake: Vehicle, account: Account) -> None:
    account.meter.budget = Decimal("0.0039")
    with pytest.raises(BudgetExceeded) as refusal:
        await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert refusal.value.placeholders["cost"] == "0.004"
    assert paid(account) == {}
    account.meter.budget = Decimal("0.004")
    await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert paid(account) == {COMMAND: 2, DATA: 1}


# --- Commands: believed online -------------------------------------------------------------------


@pytest.mark.parametrize("vin", [MODEL_Y, MODEL_S])
async def test_believed_online_but_asleep(
    make_vehicle: VehicleMaker, tesla: Simulator, account: Account, quick_waits: None, vin: str
) -> None:
    vehicle, car = make_vehicle(vin), tesla.world.cars[vin]
    vehicle.apply_state("online")
    car.steer({"state": "asleep"})
    assert await vehicle.send(commands.flash_lights(), PERSON) == Done()
    assert ran(car) == ["flash_lights"]
    assert car.wakes == 1
    # The one that met a sleeping car is billed.
    assert paid(account) == {WAKE: 1, COMMAND: 3 if vin == MODEL_Y else 2}


async def test_a_command_is_sent_again_only_once(
    vehicle: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    vehicle.apply_state("online")
    car.steer({"state": "online"})
    asleep = {"error": "vehicle unavailable: vehicle is offline or asleep"}
    account.tesla.faults.order(
        "status", endpoint="signed_command", count=None, status=408, body=asleep
    )
    with pytest.raises(VehicleUnavailable):
        await vehicle.send(commands.flash_lights(), PERSON)
    # Woken although Tesla said that it was online: that may be minutes old.
    assert paid(account) == {COMMAND: 2, WAKE: 1}
    assert ran(car) == []


async def test_believed_online_but_asleep_before_a_toggle(
    vehicle: Vehicle, car: Car, quick_waits: None
) -> None:
    vehicle.apply_state("online")
    await vehicle.send(commands.move_trunk(is_open=True), PERSON)
    assert ran(car) == ["actuate_trunk"]


# --- Commands: pairing ---------------------------------------------------------------------------


async def test_an_unpaired_car_costs_only_one_command(
    make_vehicle: VehicleMaker, tesla: Simulator, account: Account, client_key: ClientKey
) -> None:
    vehicle, car = make_vehicle(MODEL_3), tesla.world.cars[MODEL_3]
    vehicle.apply_state("online")
    with pytest.raises(KeyNotPaired):
        await vehicle.send(commands.lock_doors(), PERSON)
    assert is_paired(vehicle) is False
    assert paid(account) == {COMMAND: 1}
    for _ in range(2):
        with pytest.raises(KeyNotPaired):
            await vehicle.send(commands.lock_doors(), PERSON)
    assert account.endpoints == ["signed_command", "fleet_status", "fleet_status"]
    assert paid(account) == {COMMAND: 1}

    car.pair(client_key.public_bytes)
    assert await vehicle.send(commands.lock_doors(), PERSON) == Done()
    assert is_paired(vehicle) is True
    assert ran(car) == ["door_lock"]


async def test_an_unpaired_car_is_not_woken(
    vehicle: Vehicle, car: Car, account: Account, client_key: ClientKey
) -> None:
    car.unpair(client_key.public_bytes)
    await vehicle.channel.check_pairing(PERSON)
    with pytest.raises(KeyNotPaired):
        await vehicle.send(commands.lock_doors(), PERSON)
    assert paid(account) == {}


async def test_a_key_that_was_removed_in_the_car(
    awake: Vehicle, car: Car, client_key: ClientKey
) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    car.unpair(client_key.public_bytes)
    with pytest.raises(KeyNotPaired):
        await awake.send(commands.lock_doors(), PERSON)
    assert is_paired(awake) is False
    assert ran(car) == ["door_lock"]


# --- Commands that toggle ------------------------------------------------------------------------


async def test_a_toggle_requests_data_first(awake: Vehicle, car: Car, account: Account) -> None:
    await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert car.body.trunk
    assert account.endpoints == ["vehicle", "vehicle_data", "signed_command", "signed_command"]


async def test_a_toggle_with_a_fresh_reading_requests_no_data(
    awake: Vehicle, car: Car, account: Account
) -> None:
    await awake.refresh()
    await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert car.body.trunk
    assert paid(account) == {DATA: 1, COMMAND: 2}


async def test_a_redundant_toggle_is_not_sent(awake: Vehicle, car: Car, account: Account) -> None:
    car.steer({"open": "rt"})
    assert await awake.send(commands.move_trunk(is_open=True), PERSON) == Done(already=True)
    assert ran(car) == []
    assert car.body.trunk
    assert paid(account) == {DATA: 1}


async def test_a_toggle_ignores_restored_readings(
    awake: Vehicle, car: Car, account: Account
) -> None:
    """The trunk was opened meanwhile, so the command would close it."""
    awake.restore({"state": {"DoorState.TrunkRear": [False, NOW.timestamp()]}})
    awake.apply_state("online")
    car.steer({"open": "rt"})
    assert await awake.send(commands.move_trunk(is_open=True), PERSON) == Done(already=True)
    assert car.body.trunk
    assert paid(account) == {DATA: 1}


NO_TRUNK = {"response": {"state": "online", "vehicle_state": {"locked": True}}}
NULL_TRUNK = {"response": {"state": "online", "vehicle_state": {"locked": True, "rt": None}}}


@pytest.mark.parametrize("answer", [NO_TRUNK, NULL_TRUNK], ids=["absent", "null"])
async def test_a_toggle_with_an_unknown_position_is_not_sent(
    awake: Vehicle, car: Car, account: Account, answer: dict[str, Any]
) -> None:
    account.tesla.faults.order("status", endpoint="vehicle_data", status=200, body=answer)
    with pytest.raises(CommandRefused) as refusal:
        await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert refusal.value.translation_key == "position_unknown"
    assert ran(car) == []


async def test_a_toggle_ignores_old_readings(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await awake.refresh()
    freezer.tick(timedelta(minutes=5))
    car.steer({"open": "rt"})
    account.tesla.faults.order("status", endpoint="vehicle_data", status=200, body=NO_TRUNK)
    with pytest.raises(CommandRefused):
        await awake.send(commands.move_trunk(is_open=True), PERSON)
    assert car.body.trunk, "it was open, and the command would have closed it"


# --- Nothing for nothing -------------------------------------------------------------------------


async def test_a_redundant_setting_is_not_sent(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    car.steer({"charge_limit": 70})
    await awake.refresh()
    before = len(account.arrived)
    freezer.tick(timedelta(seconds=60))
    assert await awake.send(commands.set_charge_limit(70), PERSON) == Done(already=True)
    assert len(account.arrived) == before
    assert awake.poller.commanded_at is None
    freezer.tick(SECOND)
    # Too old to be known: the car itself says that it is so.
    assert await awake.send(commands.set_charge_limit(70), PERSON) == Done(already=True)
    assert account.endpoints[before:] == ["signed_command", "signed_command"]


async def test_another_value_is_sent(awake: Vehicle, car: Car) -> None:
    car.steer({"charge_limit": 70})
    await awake.refresh()
    assert await awake.send(commands.set_charge_limit(71), PERSON) == Done()
    assert ran(car) == ["set_charge_limit"]


async def test_a_setting_just_made_is_not_sent_again(awake: Vehicle, car: Car) -> None:
    assert await awake.send(commands.set_charge_limit(71), PERSON) == Done()
    assert await awake.send(commands.set_charge_limit(71), PERSON) == Done(already=True)
    assert ran(car) == ["set_charge_limit"]


async def test_a_redundant_setting_wakes_no_car(awake: Vehicle, car: Car, account: Account) -> None:
    car.steer({"charge_limit": 70})
    await awake.refresh()
    car.steer({"state": "asleep"})
    await awake.check()
    await awake.send(commands.set_charge_limit(70), PERSON)
    assert paid(account) == {DATA: 1}


async def test_locks_are_always_sent(awake: Vehicle, car: Car) -> None:
    """A door opened by hand a moment ago must not stay unlocked to save a cent."""
    car.steer({"locked": True})
    await awake.refresh()
    assert await awake.send(commands.lock_doors(), PERSON) == Done()
    assert ran(car) == ["door_lock"]


async def test_an_unrepeatable_command_is_always_sent(awake: Vehicle, car: Car) -> None:
    for _ in range(2):
        assert await awake.send(commands.honk_horn(), PERSON) == Done()
    assert ran(car) == ["honk_horn", "honk_horn"]


async def test_an_unrepeatable_command_is_sent_despite_its_state(awake: Vehicle, car: Car) -> None:
    """A second command moves the start, so it is not redundant."""
    car.steer({"software_update": {"status": "available"}})
    for seconds in (7200, 3600):
        assert await awake.send(commands.schedule_software_update(seconds), PERSON) == Done()
    assert ran(car) == ["schedule_software_update", "schedule_software_update"]


async def test_restored_readings_make_nothing_redundant(awake: Vehicle, car: Car) -> None:
    car.steer({"charge_limit": 60})
    awake.restore({"state": {"ChargeLimitSoc": [70, NOW.timestamp()]}})
    awake.apply_state("online")
    assert await awake.send(commands.set_charge_limit(70), PERSON) == Done()
    assert car.charging.limit_percent == 70


# --- Waiting for one's turn ----------------------------------------------------------------------


async def test_waiting_for_a_turn_times_out(
    awake: Vehicle, car: Car, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.turns.LOCK_TIMEOUT_SECONDS", 0)
    async with awake.turns.locks[Domain.VEHICLE_SECURITY]:
        with pytest.raises(VehicleBusy):
            await awake.send(commands.lock_doors(), PERSON)
        assert paid(account) == {}
        monkeypatch.undo()
        await awake.send(commands.flash_lights(), PERSON)
    await awake.send(commands.lock_doors(), PERSON)
    assert ran(car) == ["flash_lights", "door_lock"]


async def test_the_turn_is_passed_on_after_a_failure(
    awake: Vehicle, car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="signed_command", status=404)
    with pytest.raises(NotFound):
        await awake.send(commands.lock_doors(), PERSON)
    await awake.send(commands.lock_doors(), PERSON)
    assert ran(car) == ["door_lock"]


# --- What the vehicle answers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "error", "key"),
    [
        (1, VehicleBusy, "fault_busy"),
        (3, KeyNotPaired, "key_not_paired"),
        (4, KeyNotPaired, "fault_inactive_key"),
        (7, CommandRefused, "fault_insufficient_privileges"),
        (9, CommandRefused, "fault_invalid_command"),
        (21, MobileAccessDisabled, "mobile_access_disabled"),
    ],
)
async def test_faults(
    awake: Vehicle,
    car: Car,
    quick_waits: None,
    fault: int,
    error: type[TeslaError],
    key: str,
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    car.steer({"protocol": {"fault": {"fault": fault, "count": 10}}})
    with pytest.raises(TeslaError) as refusal:
        await awake.send(commands.flash_lights(), PERSON)
    assert type(refusal.value) is error
    assert refusal.value.translation_key == key
    assert issubclass(error, Refused)
    assert ran(car) == ["flash_lights"]
    assert is_paired(awake) is (fault not in (3, 4))


async def test_a_command_to_a_busy_car_is_retried(
    awake: Vehicle, car: Car, quick_waits: None
) -> None:
    car.steer({"protocol": {"wait": 1}})
    assert await awake.send(commands.flash_lights(), PERSON) == Done()
    assert ran(car) == ["flash_lights"]
    assert datetime.now(UTC) - NOW == timedelta(seconds=2)


async def test_a_car_that_was_restarted_is_resynchronised(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    car.steer({"protocol": {"reboot": True}})
    assert await awake.send(commands.lock_doors(), PERSON) == Done()
    assert ran(car) == ["door_lock", "door_lock"]
    assert handshakes(car, "vehicle_security") == 1, "the fault bore what was needed"
    assert paid(account) == {COMMAND: 4}


async def test_a_refusal_of_the_car_has_its_reason(awake: Vehicle, car: Car) -> None:
    car.steer({"open": "df"})
    with pytest.raises(CommandRefused) as refusal:
        await awake.send(commands.lock_doors(), PERSON)
    assert refusal.value.translation_key == "refused_closures_open"
    assert awake.state[signals.LOCKED] is None, "nothing is assumed"
    assert awake.poller.commanded_at is None


@pytest.mark.parametrize(
    ("before", "command", "done"),
    [
        ({"plugged_in": "ac3", "charging": True}, commands.start_charging(), True),
        ({"plugged_in": False}, commands.stop_charging(), True),
        ({"charge_limit": 70}, commands.set_charge_limit(70), True),
        ({"plugged_in": False}, commands.start_charging(), False),
    ],
    ids=["is charging", "is not charging", "is set", "is not plugged in"],
)
@pytest.mark.parametrize("vin", [MODEL_Y, MODEL_S])
async def test_refusals_that_mean_already_done(
    make_vehicle: VehicleMaker,
    tesla: Simulator,
    vin: str,
    before: dict[str, Any],
    command: Command,
    *,
    done: bool,
) -> None:
    vehicle, car = make_vehicle(vin), tesla.world.cars[vin]
    vehicle.apply_state("online")
    car.steer(before | {"state": "online"})
    if done:
        assert await vehicle.send(command, PERSON) == Done(already=True)
    else:
        with pytest.raises(CommandRefused) as refusal:
            await vehicle.send(command, PERSON)
        assert refusal.value.translation_key == "reason_disconnected"
    assert car.executions == []
    assert not vehicle.state.assumed


@pytest.mark.parametrize(
    ("command", "reason", "key"),
    [
        (commands.set_charge_limit(70), "already_set", None),
        (commands.set_charge_limit(70), "Already Set", None),
        (commands.start_charging(), "is_charging", None),
        (commands.start_charging(), "requested", None),
        (commands.start_charging(), "complete", None),
        (commands.stop_charging(), "not_charging", None),
        (commands.start_climate(), "already_on", None),
        (commands.set_sentry_mode(on=False), "sentry mode already off", None),
        # An "already" fulfils only some requests.
        (commands.open_charge_port(), "is_charging", "reason_is_charging"),
        (commands.set_charge_limit(70), "not_charging", "reason_not_charging"),
        (commands.set_charge_current(8), "complete", "reason_complete"),
        (commands.open_charge_port(), "car_wash", "reason_car_wash"),
        (commands.open_charge_port(), "cable connected", "reason_cable_connected"),
        (commands.flash_lights(), "not_supported", "reason_not_supported"),
        (commands.flash_lights(), "something new", "reason_other"),
        (commands.flash_lights(), "", "refused_unknown"),
        (commands.flash_lights(), None, "refused_unknown"),
    ],
)
async def test_reasons(
    old: Vehicle, account: Account, command: Command, reason: str | None, key: str | None
) -> None:
    answer = {"response": {"result": False, "reason": reason}}
    account.tesla.faults.order("status", status=200, body=answer)
    if key is None:
        assert await old.send(command, PERSON) == Done(already=True)
    else:
        with pytest.raises(CommandRefused) as refusal:
            await old.send(command, PERSON)
        assert refusal.value.translation_key == key
    assert not old.state.assumed


@pytest.mark.parametrize(
    "answer", [{}, {"reason": ""}, {"result": None}, {"code": 500, "message": "no"}]
)
async def test_plain_answer_without_a_confirmation(
    old: Vehicle, account: Account, answer: dict[str, Any]
) -> None:
    account.tesla.faults.order("status", status=200, body={"response": answer})
    with pytest.raises(OutcomeUnknown):
        await old.send(commands.flash_lights(), PERSON)


@pytest.mark.parametrize("answer", [{"Result": True}, {"Code": 200, "Message": "Done"}])
async def test_plain_answer_in_another_form(
    old: Vehicle, account: Account, answer: dict[str, Any]
) -> None:
    account.tesla.faults.order("status", status=200, body={"response": answer})
    assert await old.send(commands.flash_lights(), PERSON) == Done()


async def test_an_ambiguous_reason_after_a_timeout_is_unknown(
    awake: Vehicle, car: Car, quick_waits: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt opened the port, whatever the second one is answered."""
    car.steer({"protocol": {"fault": {"fault": 2, "runs": True}}})
    answer = car_server_pb2.Response()
    answer.actionStatus.result = car_server_pb2.OPERATIONSTATUS_ERROR
    answer.actionStatus.result_reason.plain_text = "is_charging"
    execute = car.execute

    def only_once(request: Request) -> bytes:
        return answer.SerializeToString() if ran(car) else execute(request)

    monkeypatch.setattr(car, "execute", only_once)
    # It was looked for, and found.
    assert await awake.send(commands.open_charge_port(), PERSON) == Done(already=True)
    assert ran(car) == ["charge_port_door_open"]


async def test_a_plain_form_that_is_not_supported_is_sent_once(
    old: Vehicle, old_car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="command/*", status=422, count=None)
    with pytest.raises(ProtocolUnsupported):
        await old.send(commands.flash_lights(), PERSON)
    assert [each.status for each in account.tesla.requests if "command/" in each.endpoint] == [422]


async def test_a_rest_only_command_does_not_change_the_mode(
    awake: Vehicle, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="command/*", status=422)
    with pytest.raises(ProtocolUnsupported):
        await awake.send(commands.navigate("Amsterdam", locale="nl-NL", now=NOW), PERSON)
    assert awake.channel.mode is CommandMode.SIGNED


async def test_a_car_that_requires_signatures_by_its_reason(
    make_vehicle: VehicleMaker, car: Car, account: Account
) -> None:
    vehicle = make_vehicle(mode=CommandMode.UNSIGNED)
    car.steer({"state": "online"})
    answer = {"response": {"result": False, "reason": "unsigned_cmds_hardlocked"}}
    account.tesla.faults.order("status", endpoint="command/*", status=200, body=answer)
    assert await vehicle.send(commands.flash_lights(), PERSON) == Done()
    assert vehicle.channel.mode is CommandMode.SIGNED
    assert ran(car) == ["flash_lights"]


# --- Unknown outcomes ----------------------------------------------------------------------------


async def test_a_lost_reply_of_a_signed_command_is_verified(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    """A repetition of the bytes: the car has used that counter, so the first copy had arrived.

    What became of it is then read, once it can no longer change.
    """
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    assert await awake.send(commands.set_charge_limit(71), PERSON) == Done(already=True)
    assert ran(car) == ["flash_lights", "set_charge_limit"], "exactly once"
    assert paid(account) == {COMMAND: 4, DATA: 1}
    assert account.endpoints[-3:] == ["signed_command", "signed_command", "vehicle_data"]
    # 1 s before the resend; a command lives for 15 s and a margin; 5 s beyond.
    assert timedelta(seconds=15) < datetime.now(UTC) - NOW < timedelta(seconds=25)
    reading = awake.state.reading(signals.CHARGE_LIMIT)
    assert reading is not None
    assert (reading.value, reading.source) == (71, Source.POLL), "read, not assumed"


async def test_a_car_that_shows_otherwise_proves_nothing(
    awake: Vehicle,
    car: Car,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The car may have executed the command and been changed again."""

    async def meanwhile(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))
        if seconds > 2:
            car.steer({"charge_limit": 65})

    monkeypatch.setattr(PAUSE, meanwhile)
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.set_charge_limit(71), PERSON)
    assert ran(car) == ["flash_lights", "set_charge_limit"]
    assert awake.state[signals.CHARGE_LIMIT] == 65
    assert not awake.state.assumed


async def test_verification_without_room_does_not_wait(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.meter.budget = Decimal("0.005")
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.set_charge_limit(71), PERSON)
    assert ran(car) == ["flash_lights", "set_charge_limit"]
    assert awake.state[signals.CHARGE_LIMIT] is None
    assert paid(account) == {COMMAND: 4}
    assert datetime.now(UTC) - NOW == timedelta(seconds=1), "before the resend"


@pytest.mark.parametrize("status", [408, 500])
async def test_a_failed_verification_leaves_the_outcome_unknown(
    awake: Vehicle, car: Car, account: Account, quick_waits: None, status: int
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    account.tesla.faults.order("status", endpoint="vehicle_data", status=status)
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.set_charge_limit(71), PERSON)
    assert ran(car) == ["flash_lights", "set_charge_limit"]


async def test_a_toggle_waits_until_an_earlier_one_has_expired(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    """However the cancelled command ended, it has expired before the next one requests data."""
    await awake.send(commands.lock_doors(), PERSON)
    await awake.refresh()
    begun = no_request_leaves(account)
    toggle = asyncio.create_task(awake.send(commands.move_trunk(is_open=True), PERSON))
    await until(begun.is_set)
    await give_up(toggle, account)
    car.steer({"open": "rt"})
    assert await awake.send(commands.move_trunk(is_open=True), PERSON) == Done(already=True)
    assert car.body.trunk
    # A command lives for 15 s and the second that it is rounded up to; 5 s beyond.
    assert datetime.now(UTC) - NOW == timedelta(seconds=21)


@pytest.mark.parametrize("kind", ["lost_reply", "dropped"])
async def test_two_lost_replies(
    awake: Vehicle, car: Car, account: Account, quick_waits: None, kind: str
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order(kind, endpoint="signed_command", count=2)
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car).count("honk_horn") == (1 if kind == "lost_reply" else 0)
    assert account.unanswered() == {COMMAND: 2}
    assert await awake.send(commands.flash_lights(), PERSON) == Done()


async def test_a_request_that_did_not_arrive_is_sent_again(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("dropped", endpoint="signed_command")
    assert await awake.send(commands.honk_horn(), PERSON) == Done()
    assert ran(car) == ["flash_lights", "honk_horn"]
    assert account.unanswered() == {COMMAND: 1}


@pytest.mark.parametrize("status", [500, 503, 504, 540])
async def test_a_server_error_says_nothing_about_the_car(
    awake: Vehicle, car: Car, account: Account, quick_waits: None, status: int
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("status", endpoint="signed_command", count=2, status=status)
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == ["flash_lights"]
    assert paid(account) == {COMMAND: 2}, "Tesla does not bill its own failures"


@pytest.mark.parametrize("kind", ["lost_reply", "dropped", "malformed"])
async def test_a_plain_command_is_never_repeated(
    old: Vehicle, old_car: Car, account: Account, kind: str
) -> None:
    account.tesla.faults.order(kind, endpoint="command/*")
    with pytest.raises(OutcomeUnknown):
        await old.send(commands.honk_horn(), PERSON)
    assert ran(old_car) == ([] if kind == "dropped" else ["honk_horn"])
    assert account.endpoints == ["command/honk_horn"]


async def test_a_plain_setting_is_verified(
    old: Vehicle, old_car: Car, account: Account, quick_waits: None
) -> None:
    account.tesla.faults.order("lost_reply", endpoint="command/*")
    assert await old.send(commands.set_charge_limit(70), PERSON) == Done(already=True)
    assert ran(old_car) == ["set_charge_limit"]
    assert paid(account) == {COMMAND: 1, DATA: 1}


async def test_a_plain_command_and_a_server_error(
    old: Vehicle, old_car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="command/*", status=503)
    with pytest.raises(OutcomeUnknown):
        await old.send(commands.honk_horn(), PERSON)
    assert ran(old_car) == []
    assert paid(account) == {}


async def test_a_fault_that_leaves_the_outcome_open(awake: Vehicle, car: Car) -> None:
    """Fault 25: it ran, but the answer was too large."""
    car.steer({"protocol": {"fault": {"fault": 25, "runs": True}}})
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.flash_lights(), PERSON)
    assert ran(car) == ["flash_lights"]


async def test_an_unreadable_reply(awake: Vehicle, car: Car, account: Account) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("malformed", endpoint="signed_command", body='{"response": "AAAA"}')
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == ["flash_lights", "honk_horn"]


@pytest.mark.parametrize("kind", ["lost_reply", "dropped", "status"])
async def test_a_lost_handshake_did_not_act(
    awake: Vehicle, car: Car, account: Account, quick_waits: None, kind: str
) -> None:
    account.tesla.faults.order(kind, endpoint="signed_command", count=2, status=503)
    with pytest.raises(NotSent) as failure:
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == []
    assert failure.value.translation_key == (
        "service_error" if kind == "status" else "answer_lost"
    ), "the user reads about the trouble itself"


async def test_a_plaintext_reply_of_an_encrypting_car_is_unverified(
    awake: Vehicle, car: Car
) -> None:
    """A success in plaintext can be forged on the way."""
    await awake.send(commands.flash_lights(), PERSON)
    car.steer({"protocol": {"encrypt_replies": False}})
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == ["flash_lights", "honk_horn"]


async def test_a_plaintext_reply_of_an_old_car_is_accepted(awake: Vehicle, car: Car) -> None:
    """Firmware before 2024.38."""
    car.steer({"protocol": {"encrypt_replies": False}})
    assert await awake.send(commands.flash_lights(), PERSON) == Done()


async def test_a_handshake_that_does_not_verify(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    account.tesla.faults.order(
        "status", endpoint="signed_command", count=None, status=200, body='{"response": "AAAA"}'
    )
    with pytest.raises(VehicleBusy):
        await awake.send(commands.flash_lights(), PERSON)
    assert ran(car) == []


async def test_a_rate_limit_before_the_command_is_a_refusal(
    awake: Vehicle, car: Car, account: Account
) -> None:
    account.tesla.faults.order("status", endpoint="signed_command", skip=1, status=429)
    with pytest.raises(RateLimited):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == []


async def test_without_room_for_the_resend_the_outcome_is_unknown(
    awake: Vehicle, car: Car, account: Account, quick_waits: None
) -> None:
    """The first copy may have run, whatever our own meter says about the second."""
    await awake.send(commands.flash_lights(), PERSON)
    account.meter.budget = Decimal("0.003")
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.honk_horn(), PERSON)
    assert ran(car) == ["flash_lights", "honk_horn"]
    assert paid(account) == {COMMAND: 3}


async def test_a_cancelled_command_runs_at_most_once_and_frees_its_turn(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await awake.send(commands.flash_lights(), PERSON)
    arrived = len(account.arrived)
    sending = asyncio.create_task(awake.send(commands.honk_horn(), PERSON))
    await until(lambda: len(account.arrived) > arrived)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert ran(car) == ["flash_lights", "honk_horn"]
    assert account.unanswered() == {COMMAND: 1}

    freezer.tick(SECOND)
    assert await awake.send(commands.flash_lights(), PERSON) == Done()
    assert ran(car) == ["flash_lights", "honk_horn", "flash_lights"]
    assert handshakes(car, "infotainment") == 1


# --- Over a restart ------------------------------------------------------------------------------


def restarted(vehicle: Vehicle, make_vehicle: VehicleMaker) -> Vehicle:
    """The vehicle after a restart of ours."""
    again = make_vehicle(vehicle.vin)
    again.restore(json.loads(json.dumps(vehicle.to_stored())))
    return again


async def test_readings_survive_a_restart(
    awake: Vehicle, make_vehicle: VehicleMaker, freezer: FrozenDateTimeFactory
) -> None:
    await awake.refresh()
    freezer.tick(timedelta(hours=1))
    again = restarted(awake, make_vehicle)
    assert again.state[signals.BATTERY_LEVEL] == 68.0
    assert again.state[signals.LOCATION] == pytest.approx((52.3731, 4.8903))
    reading = again.state.reading(signals.BATTERY_LEVEL)
    assert reading is not None
    assert (reading.time, reading.source) == (NOW, Source.RESTORED)
    assert (again.poller.data_received_at, again.presence.online_since) == (NOW, NOW)
    assert again.is_online


async def test_a_handshake_survives_a_restart(
    awake: Vehicle,
    car: Car,
    account: Account,
    make_vehicle: VehicleMaker,
    freezer: FrozenDateTimeFactory,
) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    freezer.tick(timedelta(minutes=5))
    again = restarted(awake, make_vehicle)
    assert await again.send(commands.lock_doors(), PERSON) == Done()
    assert handshakes(car, "vehicle_security") == 1
    assert paid(account) == {COMMAND: 3}, "no second handshake is billed"


async def test_a_restart_is_no_reason_to_ask_again(
    awake: Vehicle, make_vehicle: VehicleMaker
) -> None:
    await awake.refresh()
    again = restarted(awake, make_vehicle)
    assert not again.data_due()


async def test_the_protocol_survives_a_restart(old: Vehicle, make_vehicle: VehicleMaker) -> None:
    assert restarted(old, make_vehicle).channel.mode is CommandMode.UNSIGNED
    again = make_vehicle(MODEL_S, mode=CommandMode.SIGNED)
    again.restore(old.to_stored())
    assert again.channel.mode is CommandMode.UNSIGNED


async def test_nothing_secret_is_stored(
    awake: Vehicle, client_key: ClientKey, account: Account
) -> None:
    await awake.send(commands.lock_doors(), PERSON)
    stored = json.dumps(awake.to_stored())
    assert '"sessions": {"2": {' in stored
    assert account.access_token not in stored
    # The private number of a key, as its PEM would be spelled out.
    secret = client_key._private.private_numbers().private_value
    assert f"{secret:064x}" not in stored
    assert str(secret) not in stored


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"state": None, "protocol": None, "asked": None, "came_online": None, "sessions": None},
        {"state": 7, "protocol": 7, "asked": "noon", "came_online": [], "sessions": []},
        {"state": {"BatteryLevel": 50}, "asked": True, "came_online": False},
        {"sessions": {"2": None, "3": 7}},
        {"sessions": {"2": {}, "3": {"client_key": "another"}, "4": {}}},
        {"sessions": {"2": {"client_key": None, "counter": -1, "epoch": "garbage"}}},
    ],
)
async def test_unreadable_stored_values_are_ignored(
    vehicle: Vehicle, car: Car, stored: dict[str, Any]
) -> None:
    vehicle.restore(stored)
    assert vehicle.state == State()
    assert vehicle.poller.data_received_at is None
    assert vehicle.presence.online_since is None
    assert vehicle.channel.mode is CommandMode.SIGNED
    car.steer({"state": "online"})
    vehicle.apply_state("online")
    assert await vehicle.send(commands.lock_doors(), PERSON) == Done()


@pytest.mark.parametrize("seconds", [1e300, float("nan"), 10**30])
async def test_impossible_stored_times_are_ignored(vehicle: Vehicle, seconds: float) -> None:
    vehicle.restore({"asked": seconds})
    assert vehicle.poller.data_received_at is None


async def test_a_restored_future_reading_is_replaced(awake: Vehicle) -> None:
    tomorrow = NOW + timedelta(days=1)
    awake.restore({"state": {"BatteryLevel": [10.0, tomorrow.timestamp()]}})
    await awake.refresh()
    assert awake.state[signals.BATTERY_LEVEL] == 68.0
