"""A vehicle and the gate: what wakes it, what waits until it is awake, and what room is kept."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.clock import utc_now
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import (
    BudgetExceeded,
    GateRefused,
    NotKept,
    NotSent,
    TeslaError,
    VehicleUnavailable,
    WakeFailed,
)
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.modes import ModeReason, ModeStatus, SpendingMode
from custom_components.flotte.tesla.spending.policy import AsleepPolicy, Policy, QuietHours
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Source
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from custom_components.flotte.tesla.vehicle.deferral import DeferredCommand
from custom_components.flotte.tesla.vehicle.deferred_commands import DeferralResult, Dropped
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.stream import Stream
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import NOW, PERSON, Account
from tests.tesla.servers import until

type VehicleMaker = Callable[..., Vehicle]
type Settled = list[tuple[str, DeferralResult]]

COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE
PAUSE = "custom_components.flotte.tesla.vehicle.waits.pause"
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

SUN = Caller(CallerKind.AUTOMATION, "automation.solar_surplus")
NIGHT = Caller(CallerKind.AUTOMATION, "automation.good_night")
VOICE = Caller(CallerKind.VOICE)

NO_WAKES = Policy(budget=Decimal(10), wakes_per_day=0)
"""Automations wake nothing, so that a setting of theirs waits at once."""


def ran(car: Car) -> list[tuple[str, object]]:
    """Names of the commands that the car executed, with what they set."""
    return [(each.name, next(iter(each.parameters.values()), None)) for each in car.executions]


def limits(car: Car) -> list[object]:
    """The received charge limits, in order."""
    return [value for name, value in ran(car) if name == "set_charge_limit"]


def paid(account: Account) -> dict[Category, int]:
    return {each: count for each, count in account.booked().items() if each is not FREE}


def deferred(vehicle: Vehicle) -> list[Command]:
    return [each.command for each in vehicle.deferred.waiting.values()]


def nothing_is_held(account: Account) -> bool:
    """Whether no room is kept for anything."""
    now = utc_now()
    return account.meter.committed(now) == account.meter.ledger.month(Month.of(now))


async def fall_asleep(vehicle: Vehicle, car: Car) -> None:
    car.steer({"state": "asleep"})
    await vehicle.check()


@pytest.fixture
def settled(vehicle: Vehicle) -> Settled:
    """The results of the deferred commands."""
    told: Settled = []

    def note(waiting: DeferredCommand, result: DeferralResult) -> None:
        told.append((waiting.command.name, result))

    vehicle.deferred.on_result.subscribe(note)
    return told


@pytest.fixture
def tasks(vehicle: Vehicle) -> list[asyncio.Task[None]]:
    """Tasks that start because the vehicle woke, immediately, as in the coordinator."""
    begun: list[asyncio.Task[None]] = []

    def awoke() -> None:
        begun.append(
            asyncio.Task(
                vehicle.deferred.run_all(), loop=asyncio.get_running_loop(), eager_start=True
            )
        )

    vehicle.deferred.on_awake.subscribe(awoke)
    return begun


@pytest.fixture(autouse=True)
def _policy(vehicle: Vehicle, quick_waits: None) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10))


@pytest.fixture
def quick_waits(monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory) -> None:
    """The clock moves instead of the test waiting."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr(PAUSE, pass_time)


async def use_up_wakes(vehicle: Vehicle, car: Car, caller: Caller = SUN) -> None:
    """Two settings of an automation wake it."""
    for percent in (60, 61):
        assert await vehicle.send(commands.set_charge_limit(percent), caller) == Done()
        await fall_asleep(vehicle, car)
    assert car.wakes == 2


# --- The third wake of the day -------------------------------------------------------------------


async def test_deferring_a_setting_costs_nothing(
    vehicle: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    await use_up_wakes(vehicle, car)
    before, asked = paid(account), len(account.arrived)
    assert before == {WAKE: 2, COMMAND: 3}

    done = await vehicle.send(commands.set_charge_limit(70), SUN)
    assert done == Done(waits_until=utc_now() + 6 * HOUR)
    assert paid(account) == before
    assert len(account.arrived) == asked, "not even free questions"
    assert deferred(vehicle) == [commands.set_charge_limit(70)]
    assert vehicle.state[signals.CHARGE_LIMIT] != 70, "nothing is assumed"
    assert nothing_is_held(account)


async def test_a_deferred_command_runs_when_a_check_finds_the_car_awake(
    vehicle: Vehicle,
    car: Car,
    account: Account,
    settled: Settled,
    tasks: list[asyncio.Task[None]],
) -> None:
    await use_up_wakes(vehicle, car)
    await vehicle.send(commands.set_charge_limit(70), SUN)
    await vehicle.check()
    assert tasks == [], "it sleeps"

    car.steer({"state": "online"})
    await vehicle.check()
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert limits(car) == [60, 61, 70]
    assert settled == [("set_charge_limit", Done())]
    assert paid(account) == {WAKE: 2, COMMAND: 4}
    assert account.meter.ledger.by_caller(Month.of(utc_now()))[SUN.label][COMMAND] == 4
    assert deferred(vehicle) == []
    begun = len(tasks)
    await vehicle.check()
    assert len(tasks) == begun
    assert nothing_is_held(account)


async def test_a_deferred_command_runs_when_the_stream_connects(
    vehicle: Vehicle, car: Car, settled: Settled, tasks: list[asyncio.Task[None]]
) -> None:
    stream = Stream(vehicle, vehicle.api.meter, clock=utc_now)
    stream.continuity.follow({"ChargeLimitSoc": FieldRule(1)})
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    car.steer({"state": "online"})
    stream.opened("1", "wifi")
    (task,) = tasks
    await task
    assert limits(car) == [70]
    assert settled == [("set_charge_limit", Done())]


async def test_deferred_commands_run_oldest_first_and_newest_of_a_kind(
    vehicle: Vehicle, car: Car, settled: Settled, tasks: list[asyncio.Task[None]]
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    await vehicle.send(commands.set_temperature(21), SUN)
    await vehicle.send(commands.set_charge_limit(75), NIGHT)
    ((name, error),) = settled
    assert name == "set_charge_limit"
    assert isinstance(error, Dropped)
    settled.clear()
    car.steer({"state": "online"})
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert [name for name, _ in ran(car)] == ["set_temps", "set_charge_limit"]
    assert limits(car) == [75]
    assert settled == [("set_temps", Done()), ("set_charge_limit", Done())]


async def test_a_refusal_of_a_deferred_command_is_reported(
    vehicle: Vehicle, car: Car, settled: Settled, tasks: list[asyncio.Task[None]], account: Account
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    await vehicle.send(commands.set_temperature(21), SUN)
    account.tesla.faults.order("status", endpoint="signed_command", status=403)
    car.steer({"state": "online"})
    await vehicle.check()
    await asyncio.gather(*tasks)
    (first, second) = settled
    assert first[0] == "set_charge_limit"
    assert first[1] is not None
    assert second == ("set_temps", Done()), "one that fails keeps no other"
    assert deferred(vehicle) == []


async def test_a_deferral_keeps_its_expiry_if_the_car_sleeps_again(
    vehicle: Vehicle,
    car: Car,
    settled: Settled,
    tasks: list[asyncio.Task[None]],
    freezer: FrozenDateTimeFactory,
) -> None:
    """Tesla calls it online, and it does not answer: that is no reason to wait for ever."""
    vehicle.gate.policy = NO_WAKES
    waits_until = (await vehicle.send(commands.set_charge_limit(70), SUN)).waits_until
    freezer.tick(HOUR)
    vehicle.apply_state("online")
    await asyncio.gather(*tasks)
    assert settled == [], "nothing was carried out"
    assert car.wakes == 0
    (waiting,) = vehicle.deferred.waiting.values()
    assert waiting.until == waits_until
    assert waiting.since == NOW


# --- A newer command -----------------------------------------------------------------------------


async def test_a_command_deferred_again_can_be_superseded(
    vehicle: Vehicle, car: Car, settled: Settled
) -> None:
    """An earlier attempt of the command must not keep a newer one off the disk."""
    vehicle.gate.policy = NO_WAKES
    limit = commands.set_charge_limit(70)
    await vehicle.send(limit, SUN)
    vehicle.receive({signals.ONLINE: Reading(value=True, time=utc_now(), source=Source.POLL)})
    await vehicle.deferred.run_all()
    assert deferred(vehicle) == [limit], "it sleeps, whatever Tesla said"
    assert settled == []
    kept: list[object] = []

    async def keep() -> None:
        kept.append(vehicle.to_stored()["deferred"][0]["caller"])

    vehicle.persistence.save = keep
    await vehicle.send(limit, NIGHT)
    assert kept == [[str(NIGHT.kind), NIGHT.name]]
    assert [name for name, _ in settled] == ["set_charge_limit"], "the older one is given up"


@pytest.mark.parametrize(
    "command",
    [commands.set_charge_limit(70), commands.set_seat_heater(commands.Seat.FRONT_LEFT, 2)],
    ids=lambda command: command.name,
)
async def test_a_deferral_that_cannot_be_saved_is_refused(
    vehicle: Vehicle, car: Car, settled: Settled, command: Command
) -> None:
    """Its caller gets an error, so it must not run later."""

    async def fail() -> None:
        raise NotKept

    vehicle.gate.policy = NO_WAKES
    vehicle.persistence.save = fail
    with pytest.raises(NotKept):
        await vehicle.send(command, SUN)
    assert deferred(vehicle) == []
    assert settled == []


@pytest.mark.parametrize("meanwhile", ["nothing", "cancelled", "newer", "awake", "stopped"])
async def test_a_deferral_that_cannot_be_saved_loses_no_other(
    vehicle: Vehicle, car: Car, settled: Settled, meanwhile: str
) -> None:
    """The setting before it waits again, unless it was dropped too, which is reported."""
    vehicle.gate.policy = NO_WAKES
    first, second, third = map(commands.set_charge_limit, (60, 70, 80))
    await vehicle.send(first, SUN)
    may_fail = asyncio.Event()

    async def fail() -> None:
        await may_fail.wait()
        raise NotKept

    vehicle.persistence.save = fail
    failing = [asyncio.create_task(vehicle.send(second, SUN))]
    await until(lambda: deferred(vehicle) == [second])
    if meanwhile == "cancelled":
        assert vehicle.deferred.cancel() == 1
    elif meanwhile == "newer":
        failing.append(asyncio.create_task(vehicle.send(third, SUN)))
        await asyncio.sleep(0)
    elif meanwhile == "awake":
        car.steer({"state": "online"})
        vehicle.apply_state("online")
        await vehicle.deferred.run_all()
    elif meanwhile == "stopped":
        failing[0].cancel()
    may_fail.set()
    results = await asyncio.gather(*failing, return_exceptions=True)
    wanted = asyncio.CancelledError if meanwhile == "stopped" else NotKept
    assert [type(each) for each in results] == [wanted] * len(failing)
    dropped = meanwhile == "cancelled"
    assert deferred(vehicle) == ([] if dropped else [first])
    assert [type(result) for _, result in settled] == ([Dropped, Dropped] if dropped else [])
    assert car.executions == []


async def test_a_persons_setting_supersedes_a_deferred_one(
    vehicle: Vehicle, car: Car, settled: Settled, tasks: list[asyncio.Task[None]]
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    assert await vehicle.send(commands.set_charge_limit(85), PERSON) == Done()
    await asyncio.gather(*tasks)
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert limits(car) == [85], "what waited is older than what the person wants"
    assert car.wakes == 1
    assert [type(result) for _, result in settled] == [Dropped]


async def test_a_superseded_deferral_is_off_the_disk_before_sending(
    vehicle: Vehicle, car: Car
) -> None:
    """After a crash it would be sent again, and undo what the person set."""
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    car.steer({"state": "online"})
    await vehicle.check()
    saved: list[tuple[object, list[object]]] = []

    async def save() -> None:
        saved.append((vehicle.to_stored()["deferred"], limits(car)))

    vehicle.persistence.save = save
    await vehicle.send(commands.set_charge_limit(85), PERSON)
    assert saved[0] == ([], [])
    assert limits(car) == [85]


async def test_a_refused_wake_never_shows(vehicle: Vehicle, car: Car, account: Account) -> None:
    """It would trigger automations for nothing."""
    account.meter.budget = Decimal("0.01")
    vehicle.gate.policy = Policy(budget=Decimal("0.01"))
    intents, seen = vehicle.knowledge.intents, list[bool]()
    intents.changed.subscribe(lambda _: seen.append(intents.is_waking))
    with pytest.raises(BudgetExceeded):
        await vehicle.wake(PERSON)
    assert seen == []
    assert car.wakes == 0


async def test_a_wake_is_on_disk_before_it_is_paid(
    vehicle: Vehicle, account: Account, car: Car
) -> None:
    """After a crash the car is waited for, and not woken again."""
    saved: list[tuple[object, int]] = []

    async def save() -> None:
        saved.append((vehicle.to_stored()["woken"], account.endpoints.count("wake_up")))

    vehicle.persistence.save = save
    began = utc_now().timestamp()
    await vehicle.wake(PERSON)
    assert car.wakes == 1
    assert saved[0] == (pytest.approx(began), 0)


async def test_a_setting_that_waits_for_its_turn_supersedes_a_deferred_one(
    vehicle: Vehicle, car: Car, settled: Settled
) -> None:
    """Otherwise the earlier command would be sent instead of it."""
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    car.steer({"state": "online"})
    await vehicle.check()
    limit = commands.set_charge_limit(85)
    async with vehicle.turns.locks[limit.domain]:
        newer = asyncio.create_task(vehicle.send(limit, PERSON))
        await until(lambda: vehicle.turns.is_waiting(str(limit.supersedes)))
        older = asyncio.create_task(vehicle.deferred.run_all())
        await until(lambda: deferred(vehicle) == [])
    await asyncio.gather(newer, older)
    assert limits(car) == [85]
    assert [type(result) for _, result in settled] == [Dropped]


async def test_a_redundant_setting_supersedes_a_deferred_one(
    vehicle: Vehicle, car: Car, tasks: list[asyncio.Task[None]]
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    vehicle.receive({signals.CHARGE_LIMIT: Reading(80, utc_now(), Source.POLL)})
    assert await vehicle.send(commands.set_charge_limit(80), PERSON) == Done(already=True)
    car.steer({"state": "online"})
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert limits(car) == []


async def test_another_kind_supersedes_nothing(
    vehicle: Vehicle, car: Car, tasks: list[asyncio.Task[None]]
) -> None:
    """But its wake serves what waits."""
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    await vehicle.send(commands.set_temperature(21), PERSON)
    await asyncio.gather(*tasks)
    assert sorted(ran(car), key=str) == [("set_charge_limit", 90), ("set_temps", 21.0)]
    assert car.wakes == 1


async def test_a_refused_command_supersedes_nothing(vehicle: Vehicle, account: Account) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(90), SUN)
    account.meter.budget = Decimal("0.021")
    vehicle.gate.policy = Policy(budget=Decimal("0.021"), wakes_per_day=0)
    with pytest.raises(BudgetExceeded):
        await vehicle.send(commands.set_charge_limit(80), PERSON)
    assert deferred(vehicle) == [commands.set_charge_limit(90)]


# --- The end of waiting --------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "over"), [(6 * HOUR - SECOND, False), (6 * HOUR, True)])
async def test_a_deferral_expires(
    vehicle: Vehicle,
    car: Car,
    settled: Settled,
    tasks: list[asyncio.Task[None]],
    freezer: FrozenDateTimeFactory,
    after: timedelta,
    *,
    over: bool,
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    freezer.tick(after)
    vehicle.deferred.expire()
    assert (deferred(vehicle) == []) is over
    assert [type(result) for _, result in settled] == ([Dropped] if over else [])
    car.steer({"state": "online"})
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert limits(car) == ([] if over else [70])


async def test_a_deferral_expires_before_it_would_run(
    vehicle: Vehicle,
    car: Car,
    settled: Settled,
    tasks: list[asyncio.Task[None]],
    freezer: FrozenDateTimeFactory,
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    freezer.tick(6 * HOUR)
    car.steer({"state": "online"})
    await vehicle.check()
    await asyncio.gather(*tasks)
    assert limits(car) == []
    assert [type(result) for _, result in settled] == [Dropped]


async def test_the_owner_sets_how_long_deferrals_wait(vehicle: Vehicle) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), wakes_per_day=0, max_deferral=HOUR)
    done = await vehicle.send(commands.set_charge_limit(70), SUN)
    assert done.waits_until == NOW + HOUR


async def test_a_deferral_is_cancelled(
    vehicle: Vehicle, car: Car, settled: Settled, tasks: list[asyncio.Task[None]]
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    await vehicle.send(commands.set_temperature(21), SUN)
    told: list[object] = []
    vehicle.subscribe(told.append)
    assert vehicle.deferred.cancel() == 2
    assert told, "so that it is kept that nothing waits"
    assert [type(result) for _, result in settled] == [Dropped, Dropped]
    assert vehicle.deferred.cancel() == 0
    car.steer({"state": "online"})
    await vehicle.check()
    assert tasks == []


@pytest.mark.parametrize("asleep", [False, True])
async def test_a_deferral_cancelled_while_it_is_to_run_is_not_sent(
    vehicle: Vehicle,
    car: Car,
    settled: Settled,
    monkeypatch: pytest.MonkeyPatch,
    *,
    asleep: bool,
) -> None:
    """Nor deferred again, if the car turns out to be asleep."""
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    vehicle.apply_state("online")

    async def cancel(*_: object) -> None:
        assert vehicle.deferred.cancel() == 1
        vehicle.apply_state("asleep" if asleep else "online")

    monkeypatch.setattr(vehicle.channel, "require_key", cancel)
    await vehicle.deferred.run_all()
    assert [type(result) for _, result in settled] == [Dropped]
    assert deferred(vehicle) == []
    assert car.executions == []


async def test_a_setting_that_replaces_a_deferred_one_in_its_turn_leaves_it_one_result(
    vehicle: Vehicle, car: Car, settled: Settled
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    car.steer({"state": "online"})
    await vehicle.check()
    limit = commands.set_charge_limit(85)
    async with vehicle.turns.locks[limit.domain]:
        older = asyncio.create_task(vehicle.deferred.run_all())
        await until(lambda: vehicle.turns.is_waiting(str(limit.supersedes)))
        newer = asyncio.create_task(vehicle.send(limit, PERSON))
        await asyncio.sleep(0)
    await asyncio.gather(newer, older)
    assert limits(car) == [85]
    assert [type(result) for _, result in settled] == [Dropped]


async def test_a_deferral_survives_a_restart(
    vehicle: Vehicle,
    make_vehicle: VehicleMaker,
    car: Car,
    tasks: list[asyncio.Task[None]],
    freezer: FrozenDateTimeFactory,
) -> None:
    vehicle.gate.policy = NO_WAKES
    await vehicle.send(commands.set_charge_limit(70), SUN)
    stored = json.loads(json.dumps(vehicle.to_stored()))
    again = make_vehicle()
    again.restore(stored)
    assert again.deferred.queue == vehicle.deferred.queue
    freezer.tick(HOUR)
    car.steer({"state": "online"})
    awoke: list[bool] = []
    again.deferred.on_awake.subscribe(lambda: awoke.append(True))
    await again.check()
    assert awoke == [True]
    await again.deferred.run_all()
    assert limits(car) == [70]
    assert tasks == []


# --- What does not wait --------------------------------------------------------------------------


@pytest.mark.parametrize("make", [commands.lock_doors, commands.flash_lights])
async def test_a_command_that_is_no_setting_is_refused(
    vehicle: Vehicle, car: Car, account: Account, make: Callable[[], Command]
) -> None:
    await use_up_wakes(vehicle, car)
    before, asked = paid(account), len(account.arrived)
    with pytest.raises(GateRefused) as refusal:
        await vehicle.send(make(), SUN)
    error = refusal.value
    assert error.translation_key == "gate_quota"
    assert (error.placeholders["wakes"], error.placeholders["quota"]) == ("2", "2")
    assert error.placeholders["until"] == "2026-03-11 00:00"
    assert paid(account) == before
    assert len(account.arrived) == asked
    assert deferred(vehicle) == []
    assert nothing_is_held(account)


async def test_automations_and_voice_share_the_daily_wakes(vehicle: Vehicle, car: Car) -> None:
    await use_up_wakes(vehicle, car, VOICE)
    with pytest.raises(GateRefused):
        await vehicle.send(commands.lock_doors(), NIGHT)


async def test_a_new_day_has_new_wakes(
    vehicle: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    await use_up_wakes(vehicle, car)
    freezer.move_to(datetime(2026, 3, 11, tzinfo=UTC))
    assert await vehicle.send(commands.set_charge_limit(70), SUN) == Done()
    assert car.wakes == 3


async def test_an_awake_car_needs_no_wake(vehicle: Vehicle, car: Car) -> None:
    await use_up_wakes(vehicle, car)
    car.steer({"state": "online"})
    await vehicle.check()
    assert await vehicle.send(commands.set_charge_limit(70), SUN) == Done()
    await vehicle.send(commands.flash_lights(), SUN)
    assert car.wakes == 2


async def test_a_person_is_not_limited(
    vehicle: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    await use_up_wakes(vehicle, car)
    # Tesla takes three wakes a minute.
    freezer.tick(HOUR)
    for percent in (70, 71):
        assert await vehicle.send(commands.set_charge_limit(percent), PERSON) == Done()
        await fall_asleep(vehicle, car)
    await vehicle.send(commands.lock_doors(), PERSON)
    assert car.wakes == 5


async def test_a_wake_without_a_command_passes_the_gate(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    await use_up_wakes(vehicle, car)
    with pytest.raises(GateRefused) as refusal:
        await vehicle.wake(SUN)
    assert refusal.value.translation_key == "gate_quota"
    assert car.wakes == 2
    await vehicle.wake(PERSON)
    assert paid(account)[WAKE] == 3


# --- What else the owner wants -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Policy(budget=Decimal(10), wakes_per_day=0), "gate_asleep"),
        (Policy(budget=Decimal(10), asleep_automation=AsleepPolicy.REFUSE), "gate_asleep"),
        (
            Policy(budget=Decimal(10), asleep_callers={SUN.label: AsleepPolicy.REFUSE}),
            "gate_asleep",
        ),
        (Policy(budget=Decimal(10), quiet_hours=QuietHours(time(11), time(13))), "gate_quiet"),
        (Policy(budget=Decimal("0.024")), "gate_reserve"),
    ],
)
async def test_commands_follow_the_owners_rules(
    vehicle: Vehicle, account: Account, policy: Policy, reason: str
) -> None:
    vehicle.gate.policy = policy
    with pytest.raises(GateRefused) as refusal:
        await vehicle.send(commands.lock_doors(), SUN)
    assert refusal.value.translation_key == reason
    assert account.arrived == []


@pytest.mark.parametrize(
    ("policy", "waits"),
    [
        (Policy(budget=Decimal(10), asleep_automation=AsleepPolicy.WAIT), True),
        (Policy(budget=Decimal(10), quiet_hours=QuietHours(time(11), time(13))), True),
        (Policy(budget=Decimal("0.024")), True),
        (Policy(budget=Decimal(10), asleep_automation=AsleepPolicy.REFUSE), False),
        # There would be no room for it even if the car was awake.
        (Policy(budget=Decimal("0.001")), False),
    ],
)
async def test_settings_are_deferred_by_the_owners_rules(
    vehicle: Vehicle, account: Account, policy: Policy, *, waits: bool
) -> None:
    vehicle.gate.policy = policy
    if waits:
        done = await vehicle.send(commands.set_charge_limit(70), SUN)
        assert done.waits_until == NOW + 6 * HOUR
    else:
        with pytest.raises((GateRefused, BudgetExceeded)):
            await vehicle.send(commands.set_charge_limit(70), SUN)
        assert deferred(vehicle) == []
    assert account.arrived == []


async def test_a_pause_between_wakes(
    vehicle: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), wake_gap=HOUR)
    await vehicle.send(commands.lock_doors(), PERSON)
    woken = vehicle.api.meter.last_wake(vehicle.vin)
    assert woken is not None
    await fall_asleep(vehicle, car)
    with pytest.raises(GateRefused) as refusal:
        await vehicle.send(commands.lock_doors(), SUN)
    assert refusal.value.translation_key == "gate_gap"
    assert refusal.value.placeholders["until"] == f"{woken + HOUR:%Y-%m-%d %H:%M}"
    freezer.move_to(woken + HOUR)
    assert await vehicle.send(commands.lock_doors(), SUN) == Done()


async def test_a_persons_setting_can_be_deferred_too(
    vehicle: Vehicle, car: Car, tasks: list[asyncio.Task[None]]
) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), asleep_person=AsleepPolicy.WAIT)
    done = await vehicle.send(commands.set_charge_limit(70), PERSON)
    assert done.waits_until is not None
    await vehicle.send(commands.lock_doors(), PERSON)
    await asyncio.gather(*tasks)
    assert limits(car) == [70]
    assert car.wakes == 1


async def test_no_polling_when_the_month_is_spent(awake: Vehicle, account: Account) -> None:
    awake.gate.mode_status = ModeStatus(SpendingMode.FRUGAL, ModeReason.SHARE, {})
    with pytest.raises(GateRefused) as refusal:
        await awake.poll()
    assert refusal.value.translation_key == "gate_no_polling"
    await awake.refresh(PERSON)
    assert paid(account) == {DATA: 1}


async def test_polling_in_step_with_the_month(awake: Vehicle, account: Account) -> None:
    # Nine and a half of 31 days are gone, and three more are allowed: 0.0028 of 0.007 x 0.9.
    awake.gate.policy = Policy(budget=Decimal("0.007"))
    await awake.poll()
    with pytest.raises(GateRefused) as refusal:
        await awake.poll()
    assert refusal.value.translation_key == "gate_ahead"
    assert refusal.value.placeholders["until"]
    assert nothing_is_held(account)


# --- One wake for all ----------------------------------------------------------------------------


async def test_one_wake_serves_two_and_is_billed_once(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    """The second one is no second wake of the day, and needs no room for one."""
    vehicle.gate.policy = Policy(budget=Decimal("0.024"), reserve=Decimal(0), wakes_per_day=1)
    outcomes = await asyncio.gather(
        vehicle.send(commands.lock_doors(), SUN),
        vehicle.send(commands.set_temperature(21), NIGHT),
    )
    assert list(outcomes) == [Done(), Done()]
    assert car.wakes == 1
    assert paid(account) == {WAKE: 1, COMMAND: 4}
    assert account.meter.ledger.by_caller(Month.of(NOW))[SUN.label][WAKE] == 1
    assert nothing_is_held(account)


async def test_a_setting_is_deferred_if_a_shared_wake_fails(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    """A person was about to wake it, so it did not ask for a wake of its own."""
    vehicle.gate.policy = NO_WAKES
    account.tesla.faults.order("status", endpoint="wake_up", status=500)
    outcomes = await asyncio.gather(
        vehicle.send(commands.lock_doors(), PERSON),
        vehicle.send(commands.set_charge_limit(70), SUN),
        return_exceptions=True,
    )
    assert isinstance(outcomes[0], NotSent)
    assert isinstance(outcomes[1], Done)
    assert outcomes[1].waits_until is not None
    assert deferred(vehicle) == [commands.set_charge_limit(70)]
    assert car.wakes == 0
    assert paid(account) == {}
    assert nothing_is_held(account)


async def test_a_setting_that_met_a_sleeping_car_is_deferred_if_a_shared_wake_fails(
    vehicle: Vehicle, car: Car, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own attempt is the only paid one: it neither wakes the car nor tries again."""
    vehicle.gate.policy = NO_WAKES
    account.tesla.faults.order("status", endpoint="wake_up", status=500)
    wake_up, is_waking, may_fail = account.api.wake_up, asyncio.Event(), asyncio.Event()

    async def wake_slowly(vin: str, caller: Caller) -> object:
        is_waking.set()
        await may_fail.wait()
        return await wake_up(vin, caller)

    monkeypatch.setattr(account.api, "wake_up", wake_slowly)
    person = asyncio.create_task(vehicle.send(commands.lock_doors(), PERSON))
    await is_waking.wait()
    vehicle.apply_state("online")  # an outdated answer of Tesla's
    setting = asyncio.create_task(vehicle.send(commands.set_charge_limit(70), SUN))
    await until(lambda: not vehicle.presence.is_online)
    assert paid(account) == {COMMAND: 1}, "the setting's handshake"
    may_fail.set()
    with pytest.raises(NotSent):
        await person
    assert (await setting).waits_until is not None
    assert deferred(vehicle) == [commands.set_charge_limit(70)]
    assert car.wakes == 0
    assert paid(account) == {COMMAND: 1}
    assert nothing_is_held(account)


async def test_the_whole_cost_is_just_enough(vehicle: Vehicle, account: Account) -> None:
    """A reserved amount is not decided on again when it is spent."""
    vehicle.gate.policy = Policy(budget=Decimal("0.022"), reserve=Decimal(0))
    assert await vehicle.send(commands.set_charge_limit(70), SUN) == Done()
    assert paid(account) == {WAKE: 1, COMMAND: 2}
    assert account.meter.left(utc_now()) == 0


async def test_held_room_counts_as_spent_for_others(vehicle: Vehicle, account: Account) -> None:
    vehicle.gate.policy = Policy(budget=Decimal("0.023"), reserve=Decimal(0))
    outcomes = await asyncio.gather(
        vehicle.send(commands.lock_doors(), PERSON),
        vehicle.send(commands.set_temperature(21), PERSON),
        return_exceptions=True,
    )
    assert outcomes[0] == Done()
    assert isinstance(outcomes[1], BudgetExceeded)
    assert paid(account) == {WAKE: 1, COMMAND: 2}


# --- Room is given back --------------------------------------------------------------------------


async def test_a_failed_wake_releases_its_hold(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    car.steer({"state": "offline"})
    with pytest.raises(WakeFailed):
        await vehicle.send(commands.lock_doors(), SUN)
    assert paid(account) == {WAKE: 1}
    assert nothing_is_held(account)


async def test_a_cancellation_releases_the_hold(
    vehicle: Vehicle, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = asyncio.Event()

    async def wait(_seconds: float) -> None:
        waits.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(PAUSE, wait)
    task = asyncio.create_task(vehicle.send(commands.lock_doors(), SUN))
    await until(waits.is_set)
    assert not nothing_is_held(account)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert nothing_is_held(account)
    assert paid(account) == {WAKE: 1}


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_a_failure_releases_the_hold(awake: Vehicle, account: Account, status: int) -> None:
    account.tesla.faults.order("status", endpoint="signed_command", count=None, status=status)
    with pytest.raises(TeslaError):
        await awake.send(commands.lock_doors(), SUN)
    assert nothing_is_held(account)


# --- Believed online -----------------------------------------------------------------------------


async def test_believed_online_but_asleep_wakes_once_through_the_gate(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    vehicle.apply_state("online")
    assert await vehicle.send(commands.set_charge_limit(70), SUN) == Done()
    assert car.wakes == 1
    assert account.meter.wakes_today(vehicle.vin, {CallerKind.AUTOMATION}, utc_now()) == 1
    assert nothing_is_held(account)


async def test_believed_online_and_no_wake_left(
    vehicle: Vehicle, car: Car, account: Account, settled: Settled
) -> None:
    await use_up_wakes(vehicle, car)
    vehicle.apply_state("online")
    done = await vehicle.send(commands.set_charge_limit(70), SUN)
    assert done.waits_until is not None
    assert deferred(vehicle) == [commands.set_charge_limit(70)]
    vehicle.apply_state("online")
    with pytest.raises(GateRefused):
        await vehicle.send(commands.flash_lights(), SUN)
    assert car.wakes == 2
    assert settled == []
    assert nothing_is_held(account)


async def test_a_car_that_never_answers_is_woken_once(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    vehicle.apply_state("online")
    car.steer({"state": "online"})
    account.tesla.faults.order(
        "status",
        endpoint="signed_command",
        count=None,
        status=408,
        body={"error": "vehicle unavailable: vehicle is offline or asleep"},
    )
    with pytest.raises(VehicleUnavailable):
        await vehicle.send(commands.set_charge_limit(70), SUN)
    assert paid(account) == {COMMAND: 2, WAKE: 1}
    assert nothing_is_held(account)


async def test_the_second_attempt_needs_no_room_twice(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    """The handshake that met a sleeping car is paid; then wake, handshake and command."""
    vehicle.gate.policy = Policy(budget=Decimal("0.023"), reserve=Decimal(0))
    vehicle.apply_state("online")
    assert await vehicle.send(commands.set_charge_limit(70), SUN) == Done()
    assert paid(account) == {WAKE: 1, COMMAND: 3}
    assert car.wakes == 1
