"""Commands that need the climate on: it is switched on first, in one action with one price."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.clock import utc_now
from custom_components.flotte.tesla.commands import Command, Seat
from custom_components.flotte.tesla.errors import (
    BudgetExceeded,
    CommandRefused,
    GateRefused,
    OutcomeUnknown,
)
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import DecisionReason
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Source
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from custom_components.flotte.tesla.telemetry.records import Record
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.stream import Stream
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.cars import Car
from tests.tesla.account import MODEL_S, MODEL_Y, PERSON, Account

type VehicleMaker = Callable[..., Vehicle]

COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE
PAUSE = "custom_components.flotte.tesla.vehicle.waits.pause"
SECOND = timedelta(seconds=1)
AUTOMATION = Caller(CallerKind.AUTOMATION, "automation.winter")
COMFORT_OFF = "reason_cabin_comfort_remote_settings_not_enabled"

HEAT = commands.set_seat_heater(Seat.FRONT_LEFT, 2)
WARMING = [
    pytest.param(HEAT, id="seat heater"),
    pytest.param(commands.set_seat_heater(Seat.THIRD_ROW_RIGHT, 1), id="third row"),
    pytest.param(commands.set_steering_wheel_heater(on=True), id="steering wheel"),
    pytest.param(commands.set_seat_cooler(Seat.FRONT_RIGHT, 3), id="seat cooler"),
    pytest.param(commands.set_auto_seat_climate(Seat.FRONT_LEFT, on=True), id="automatic seat"),
]
SWITCHING_OFF = [
    pytest.param(commands.set_seat_heater(Seat.FRONT_LEFT, 0), id="seat heater"),
    pytest.param(commands.set_steering_wheel_heater(on=False), id="steering wheel"),
    pytest.param(commands.set_seat_cooler(Seat.FRONT_RIGHT, 0), id="seat cooler"),
    pytest.param(commands.set_auto_seat_climate(Seat.FRONT_LEFT, on=False), id="automatic seat"),
]


@pytest.fixture(autouse=True)
def _quick_waits(monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory) -> None:
    """The clock moves instead of the test waiting."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr(PAUSE, pass_time)


@pytest.fixture
def cooled(car: Car) -> Car:
    """Aurora, with seat coolers."""
    car.model = replace(car.model, has_seat_cooling=True)
    return car


def ran(car: Car) -> list[str]:
    return [each.name for each in car.executions]


def refused(car: Car) -> list[str]:
    return [each["reason"] for each in car.refusals]


def paid(account: Account) -> dict[Category, int]:
    return {each: count for each, count in account.booked().items() if each is not FREE}


def tell_climate(vehicle: Vehicle, *, on: bool) -> None:
    reading = Reading(value=on, time=utc_now(), source=Source.POLL)
    vehicle.receive({signals.CLIMATE_ON: reading})


# --- Switched on first ---------------------------------------------------------------------------


@pytest.mark.usefixtures("cooled")
@pytest.mark.parametrize("command", WARMING)
async def test_the_climate_is_turned_on_first(
    awake: Vehicle, car: Car, account: Account, command: Command
) -> None:
    assert await awake.send(command, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", command.name]
    assert refused(car) == []
    assert paid(account) == {COMMAND: 3}, "one handshake, two commands"
    assert awake.state[signals.CLIMATE_ON] is True
    assert all(awake.state[signal] == value for signal, value in command.expects.items())


async def test_plain_commands_turn_on_the_climate_too(
    make_vehicle: VehicleMaker, tesla: Simulator, account: Account
) -> None:
    vehicle, car = make_vehicle(MODEL_S), tesla.world.cars[MODEL_S]
    vehicle.apply_state("online")
    assert await vehicle.send(HEAT, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]
    assert paid(account) == {COMMAND: 2}


@pytest.mark.parametrize("command", SWITCHING_OFF)
@pytest.mark.usefixtures("cooled")
async def test_turning_off_needs_no_climate(awake: Vehicle, car: Car, command: Command) -> None:
    tell_climate(awake, on=False)
    assert await awake.send(command, PERSON) == Done()
    assert ran(car) == [command.name]
    assert not car.climate.is_on


async def test_a_climate_that_is_known_to_be_on_is_left_alone(
    awake: Vehicle, car: Car, account: Account
) -> None:
    car.steer({"climate": True})
    tell_climate(awake, on=True)
    assert await awake.send(HEAT, PERSON) == Done()
    assert ran(car) == ["remote_seat_heater_request"]
    assert paid(account) == {COMMAND: 2}


async def test_several_seats_turn_on_the_climate_once(
    awake: Vehicle, car: Car, account: Account
) -> None:
    """A seat that accepts its level shows that the climate is on."""
    for seat in (Seat.FRONT_LEFT, Seat.FRONT_RIGHT, Seat.REAR_LEFT):
        await awake.send(commands.set_seat_heater(seat, 3), PERSON)
    assert ran(car) == ["auto_conditioning_start", *["remote_seat_heater_request"] * 3]
    assert paid(account) == {COMMAND: 5}


async def test_an_old_reading_does_not_count(
    awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    tell_climate(awake, on=True)
    freezer.tick(61 * SECOND)
    assert await awake.send(HEAT, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]


async def test_a_heated_seat_is_sent_again_if_the_climate_is_off(awake: Vehicle, car: Car) -> None:
    """The level that a car shows while its climate is off heats nothing."""
    now = utc_now()
    awake.receive({signals.SEAT_HEATER_LEFT: Reading(2, now, Source.POLL)})
    tell_climate(awake, on=False)
    assert await awake.send(HEAT, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]


async def test_a_stream_that_lost_a_change(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    """The stream says that the climate is on; the car knows better, and says so."""
    stream = Stream(awake, Meter(), clock=utc_now)
    stream.continuity.follow({"HvacPower": FieldRule(1)})
    stream.opened("1", "wifi")
    on = Reading(value=True, time=utc_now(), source=Source.STREAM)
    told = {signals.CLIMATE_ON: on}
    stream.apply_record(Record(on.time, told, ("HvacPower",), frozenset(), is_resend=False))
    car.steer({"user_present": True})
    freezer.tick(timedelta(minutes=5))
    assert await awake.send(HEAT, PERSON) == Done()
    assert refused(car) == ["cabin comfort remote settings not enabled"]
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]
    assert paid(account) == {COMMAND: 4}


async def test_a_car_that_refuses_although_the_climate_is_on(
    awake: Vehicle, car: Car, tesla: Simulator
) -> None:
    """Its owner turned remote comfort off: that is reported, and not retried."""
    refusal = {"response": {"result": False, "reason": "cabin comfort remote settings not enabled"}}
    vehicle = awake
    vehicle.channel.mode = vehicle.channel.mode.UNSIGNED
    car.protocol_required = False
    tesla.faults.order(
        "status",
        endpoint="command/remote_seat_heater_request",
        status=200,
        body=refusal,
        count=None,
    )
    with pytest.raises(CommandRefused) as error:
        await vehicle.send(HEAT, PERSON)
    assert error.value.translation_key == COMFORT_OFF
    assert ran(car) == ["auto_conditioning_start"]
    assert vehicle.state[signals.CLIMATE_ON] is True, "that part was carried out"
    assert vehicle.state[signals.SEAT_HEATER_LEFT] is None
    assert vehicle.poller.commanded_at == utc_now(), "and is looked at"


async def test_a_climate_that_cannot_be_turned_on(
    awake: Vehicle, car: Car, tesla: Simulator
) -> None:
    awake.channel.mode = awake.channel.mode.UNSIGNED
    car.protocol_required = False
    tesla.faults.order(
        "status",
        endpoint="command/auto_conditioning_start",
        status=200,
        body={"response": {"result": False, "reason": "low_power_mode_enforced"}},
    )
    with pytest.raises(CommandRefused) as error:
        await awake.send(HEAT, PERSON)
    assert error.value.translation_key == "reason_low_power_mode_enforced"
    assert ran(car) == []


async def test_a_lost_answer_about_the_climate_stops_nothing(
    awake: Vehicle, car: Car, tesla: Simulator
) -> None:
    """It may be repeated, and the car refuses the heater itself if the climate is off."""
    awake.channel.mode = awake.channel.mode.UNSIGNED
    car.protocol_required = False
    tesla.faults.order("lost_reply", endpoint="command/auto_conditioning_start")
    assert await awake.send(HEAT, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]


async def test_a_climate_that_may_still_turn_on_is_turned_off(
    awake: Vehicle, car: Car, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Its answer was lost, so a report that it is off may be older than its effect."""
    awake.channel.mode = awake.channel.mode.UNSIGNED
    car.protocol_required = False
    tesla.faults.order("lost_reply", endpoint="command/auto_conditioning_start")
    assert await awake.send(HEAT, PERSON) == Done()
    freezer.tick(3 * SECOND)
    now, off = utc_now(), commands.stop_climate()
    awake.receive({each: Reading(v, now, Source.POLL) for each, v in off.expects.items()})
    assert await awake.send(off, AUTOMATION) == Done()
    assert ran(car)[-1] == "auto_conditioning_stop"
    assert not car.climate.is_on


async def test_a_lost_answer_about_the_heater_is_verified(
    awake: Vehicle, car: Car, tesla: Simulator, account: Account
) -> None:
    awake.channel.mode = awake.channel.mode.UNSIGNED
    car.protocol_required = False
    tesla.faults.order("lost_reply", endpoint="command/remote_seat_heater_request")
    assert await awake.send(HEAT, PERSON) == Done(already=True)
    assert paid(account) == {COMMAND: 2, DATA: 1}
    tesla.faults.order("dropped", endpoint="command/remote_seat_heater_request")
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.set_seat_heater(Seat.FRONT_RIGHT, 1), PERSON)
    assert car.climate.seat_heaters["right"] == 0


async def test_a_lost_answer_is_verified_by_polling_without_a_stream(
    awake: Vehicle, car: Car, tesla: Simulator, account: Account
) -> None:
    awake.channel.mode = awake.channel.mode.UNSIGNED
    car.protocol_required = False
    assert not signals.BIOWEAPON_MODE.streamed
    tesla.faults.order("lost_reply", endpoint="command/set_bioweapon_mode")
    done = await awake.send(commands.set_bioweapon_mode(on=True), PERSON)
    assert done == Done(already=True)
    assert ran(car) == ["set_bioweapon_mode"]
    assert paid(account) == {COMMAND: 1, DATA: 1}


# --- One price -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("vin", "cost", "just_below", "commands_paid"),
    [(MODEL_Y, "0.023", "0.0229", 3), (MODEL_S, "0.022", "0.0219", 2)],
)
async def test_the_whole_cost_is_admitted_before_anything_is_sent(
    make_vehicle: VehicleMaker,
    tesla: Simulator,
    account: Account,
    vin: str,
    cost: str,
    just_below: str,
    commands_paid: int,
) -> None:
    """A wake, a handshake where there is one, the climate, and the heater."""
    vehicle, car = make_vehicle(vin), tesla.world.cars[vin]
    car.steer({"state": "asleep"})
    account.meter.budget = Decimal(just_below)
    with pytest.raises(BudgetExceeded) as refusal:
        await vehicle.send(HEAT, PERSON)
    assert refusal.value.placeholders["cost"] == cost
    assert account.arrived == []

    asked: list[Decimal] = []
    vehicle.gate.decided.subscribe(
        lambda request, _decision: asked.append(account.meter.tariff.total(request.charges))
    )
    account.meter.budget = Decimal(cost)
    assert await vehicle.send(HEAT, PERSON) == Done()
    assert asked == [Decimal(cost)]
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]
    assert paid(account) == {WAKE: 1, COMMAND: commands_paid}


async def test_the_quote_has_the_whole_cost(awake: Vehicle, account: Account) -> None:
    tariff = account.meter.tariff
    request, _ = awake.admission.quote(HEAT, PERSON)
    assert tariff.total(request.charges) == Decimal("0.003")
    request, _ = awake.admission.quote(commands.set_seat_heater(Seat.FRONT_LEFT, 0), PERSON)
    assert tariff.total(request.charges) == Decimal("0.002")


# --- What waits ----------------------------------------------------------------------------------


async def test_a_deferred_heater_turns_on_no_climate(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    """Hours later the car may be empty: it heats if the climate is on by then."""
    vehicle.gate.policy = Policy(budget=Decimal(10), wakes_per_day=0)
    done = await vehicle.send(HEAT, AUTOMATION)
    assert done.waits_until is not None
    assert paid(account) == {}
    car.steer({"state": "online"})
    await vehicle.check()
    await vehicle.deferred.run_all()
    assert ran(car) == []
    assert not car.climate.is_on

    await vehicle.send(HEAT, AUTOMATION)
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"], "it is awake"


async def test_a_deferred_heater_runs_if_the_climate_is_on(vehicle: Vehicle, car: Car) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), wakes_per_day=0)
    await vehicle.send(HEAT, AUTOMATION)
    car.steer({"state": "online", "climate": True})
    await vehicle.check()
    await vehicle.deferred.run_all()
    assert ran(car) == ["remote_seat_heater_request"]


async def test_a_wheel_heater_is_never_deferred(vehicle: Vehicle, account: Account) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), wakes_per_day=0)
    with pytest.raises(GateRefused) as refusal:
        await vehicle.send(commands.set_steering_wheel_heater(on=True), AUTOMATION)
    assert refusal.value.reason == DecisionReason.ASLEEP
    assert account.arrived == []


async def test_believed_online_but_asleep(vehicle: Vehicle, car: Car, account: Account) -> None:
    vehicle.apply_state("online")
    assert await vehicle.send(HEAT, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", "remote_seat_heater_request"]
    assert car.wakes == 1
    # The handshake that met a sleeping car is billed.
    assert paid(account) == {WAKE: 1, COMMAND: 4}


async def test_a_setting_that_is_undone_at_once_is_sent(awake: Vehicle, car: Car) -> None:
    """A report from before the command does not count, even if the car's clock is not behind."""
    car.climate.auto_seats["left"] = False
    now = utc_now()
    awake.receive({signals.AUTO_SEAT_LEFT: Reading(value=False, time=now, source=Source.POLL)})
    for on in (True, False):
        command = commands.set_auto_seat_climate(Seat.FRONT_LEFT, on=on)
        assert await awake.send(command, PERSON) == Done()
    assert ran(car) == ["auto_conditioning_start", *["remote_auto_seat_climate_request"] * 2]
    assert car.climate.auto_seats["left"] is False
