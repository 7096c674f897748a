"""A vehicle that streams: what is certain, what is not sent or asked, what the stream proves."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.clock import utc_now
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import OutcomeUnknown
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Signal, Source
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from custom_components.flotte.tesla.telemetry.records import Record
from custom_components.flotte.tesla.vehicle.outcome import Done, StreamCoverage
from custom_components.flotte.tesla.vehicle.stream import Stream
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import NOW, PERSON, Account

AUTOMATION = Caller(CallerKind.AUTOMATION)
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
LIMIT = signals.CHARGE_LIMIT
LIMIT_80 = {LIMIT: 80}
PAUSE = "custom_components.flotte.tesla.vehicle.waits.pause"
COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE


def tell(stream: Stream, values: dict[Signal[Any], Any], *invalid: str) -> None:
    """The fields that the car currently streams."""
    now = utc_now()
    readings = {each: Reading(value, now, Source.STREAM) for each, value in values.items()}
    fields = (*(each.name.partition(".")[0] for each in values), *invalid)
    stream.apply_record(Record(now, readings, fields, frozenset(invalid), is_resend=False))


def ran(car: Car) -> list[str]:
    return [each.name for each in car.executions]


def paid(account: Account) -> dict[Category, int]:
    return {
        each: count
        for each, count in account.booked().items()
        if each not in {FREE, Category.SIGNAL}
    }


@pytest.fixture
def stream(vehicle: Vehicle) -> Stream:
    """That of Aurora; it tells the charge limit once a second at most."""
    stream = Stream(vehicle, Meter(), clock=utc_now)
    stream.continuity.follow({"ChargeLimitSoc": FieldRule(1)})
    return stream


@pytest.fixture
async def followed(awake: Vehicle, car: Car, stream: Stream) -> Vehicle:
    """Aurora, awake, who told her charge limit of 80 % an hour ago and streams since."""
    # So that she stays awake.
    car.steer({"user_present": True})
    stream.opened("1", "wifi")
    tell(stream, LIMIT_80)
    return awake


# --- What is certain ------------------------------------------------------------------------------


async def test_certain_while_streamed(followed: Vehicle, freezer: FrozenDateTimeFactory) -> None:
    freezer.tick(HOUR)
    assert followed.knowledge.is_certain(LIMIT_80)
    assert not followed.knowledge.is_certain({LIMIT: 81})
    assert not followed.knowledge.is_certain({**LIMIT_80, signals.LOCKED: True})


async def test_not_certain_after_a_loss(
    followed: Vehicle, stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    stream.closed("1")
    assert followed.knowledge.is_certain(LIMIT_80), "it was told within the minute"
    freezer.tick(61 * SECOND)
    assert not followed.knowledge.is_certain(LIMIT_80)
    stream.opened("2", "wifi")
    assert not followed.knowledge.is_certain(LIMIT_80)
    tell(stream, LIMIT_80)
    freezer.tick(HOUR)
    assert followed.knowledge.is_certain(LIMIT_80)


async def test_not_certain_from_before_the_stream(
    awake: Vehicle, stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    """A reading of a poll is older than the stream, and the stream told nothing newer."""
    awake.receive({LIMIT: Reading(80, NOW, Source.POLL)})
    freezer.tick(HOUR)
    stream.opened("1", "wifi")
    tell(stream, {}, "ChargeLimitSoc")
    assert not awake.knowledge.is_certain(LIMIT_80)


async def test_polled_readings_are_certain_while_streamed(
    followed: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(SECOND)
    followed.receive({LIMIT: Reading(75, utc_now(), Source.POLL)})
    freezer.tick(HOUR)
    assert followed.knowledge.is_certain({LIMIT: 75})


@pytest.mark.parametrize("source", [Source.RESTORED, Source.ASSUMED])
async def test_assumed_and_restored_readings_are_never_certain(
    awake: Vehicle, stream: Stream, freezer: FrozenDateTimeFactory, source: Source
) -> None:
    stream.opened("1", "wifi")
    tell(stream, {}, "ChargeLimitSoc")
    freezer.tick(SECOND)
    awake.receive({LIMIT: Reading(80, utc_now(), source)})
    freezer.tick(HOUR)
    assert not awake.knowledge.is_certain(LIMIT_80)


async def test_certain_after_a_command_once_a_change_would_have_arrived(
    followed: Vehicle, freezer: FrozenDateTimeFactory, account: Account
) -> None:
    """Any command can change more than it is meant to; the stream takes 16 s to tell of it."""
    freezer.tick(HOUR)
    await followed.send(commands.flash_lights(), PERSON)
    acted = utc_now()
    assert not followed.knowledge.is_certain(LIMIT_80)
    freezer.move_to(acted + 15 * SECOND)
    assert not followed.knowledge.is_certain(LIMIT_80)
    freezer.move_to(acted + 17 * SECOND)
    assert followed.knowledge.is_certain(LIMIT_80)


# --- Nothing for nothing --------------------------------------------------------------------------


async def test_a_redundant_command_is_not_sent(
    followed: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(HOUR)
    assert await followed.send(commands.set_charge_limit(80), PERSON) == Done(already=True)
    assert ran(car) == []
    assert paid(account) == {}


@pytest.mark.parametrize(
    ("seconds", "again", "sent"),
    [(0, 80, True), (29, 80, True), (30, 80, True), (31, 80, False)],
)
async def test_a_person_who_repeats_a_command_gets_it_sent(
    followed: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    seconds: int,
    again: int,
    *,
    sent: bool,
) -> None:
    freezer.tick(HOUR)
    await followed.send(commands.set_charge_limit(80), PERSON)
    freezer.tick(seconds * SECOND)
    await followed.send(commands.set_charge_limit(again), PERSON)
    assert ("signed_command" in account.endpoints) is sent


@pytest.mark.parametrize(
    "caller",
    [AUTOMATION, Caller(CallerKind.AUTOMATION, "automation.solar"), Caller(CallerKind.VOICE)],
    ids=lambda caller: caller.label,
)
async def test_a_repetition_by_an_automation_is_neither_sent_nor_paid(
    followed: Vehicle,
    car: Car,
    account: Account,
    freezer: FrozenDateTimeFactory,
    caller: Caller,
) -> None:
    """Only a person who asks again within 30 seconds overrides what is known."""
    freezer.tick(HOUR)
    before = len(account.arrived)
    for each in (caller, caller, caller, PERSON):
        assert (await followed.send(commands.set_charge_limit(80), each)).already
        freezer.tick(SECOND)
    assert ran(car) == []
    assert paid(account) == {}
    assert len(account.arrived) == before


async def test_another_command_is_not_a_repetition(
    followed: Vehicle, stream: Stream, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(HOUR)
    await followed.send(commands.set_charge_limit(80), PERSON)
    freezer.tick(SECOND)
    tell(stream, {LIMIT: 85})
    assert (await followed.send(commands.set_charge_limit(85), PERSON)).already
    assert ran(car) == []


OPEN_PORT: dict[Signal[Any], Any] = {
    signals.CHARGE_PORT_OPEN: True,
    signals.CHARGE_PORT_LATCH: "disengaged",
}
PORT_WITHOUT_CABLE: dict[Signal[Any], Any] = {
    signals.CHARGE_PORT_OPEN: True,
    signals.CHARGING_STATE: "disconnected",
}
NEVER_SPARED: dict[str, tuple[Command, dict[Signal[Any], Any]]] = {
    "unlock_doors": (commands.unlock_doors(), {signals.LOCKED: False}),
    "open_charge_port": (commands.open_charge_port(), OPEN_PORT),
    "vent_windows": (commands.vent_windows(), dict.fromkeys(signals.WINDOWS, True)),
    "close_charge_port": (commands.close_charge_port(), PORT_WITHOUT_CABLE),
}
"""Commands that are sent although the stream confirms their effect, or their condition."""


@pytest.mark.parametrize("caller", [PERSON, AUTOMATION], ids=["person", "automation"])
@pytest.mark.parametrize("case", NEVER_SPARED)
async def test_commands_sent_regardless_of_the_stream(
    followed: Vehicle, stream: Stream, car: Car, case: str, caller: Caller
) -> None:
    """A car locks, or latches a cable, on its own, and may just be about to."""
    command, reported = NEVER_SPARED[case]
    stream.continuity.follow({each.field: FieldRule(1) for each in reported})
    car.steer({"plugged_in": None})
    car.steer({"open": "charge_port"})
    tell(stream, reported)
    assert await followed.send(command, caller) == Done()
    assert ran(car) == [command.name]


# --- What the stream proves -----------------------------------------------------------------------


@pytest.fixture
def waits(
    monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory
) -> Callable[[Callable[[], None]], list[float]]:
    """Has something happen while something else is waited for; answers what passed in vain."""

    def order(happens: Callable[[], None]) -> list[float]:
        waited: list[float] = []

        async def pause(seconds: float) -> None:
            happens()
            # The first to know goes first.
            for _ in range(5):
                await asyncio.sleep(0)
            freezer.tick(timedelta(seconds=seconds))
            waited.append(seconds)

        monkeypatch.setattr(PAUSE, pause)
        return waited

    return order


type Order = Callable[[Callable[[], None]], list[float]]


async def test_the_stream_confirms_a_lost_answer(
    followed: Vehicle,
    stream: Stream,
    car: Car,
    account: Account,
    waits: Order,
    freezer: FrozenDateTimeFactory,
) -> None:
    """At once, and without the data request that it takes otherwise."""
    await followed.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")

    def happens() -> None:
        freezer.tick(SECOND)
        tell(stream, {LIMIT: 71})

    waited = waits(happens)
    done = await followed.send(commands.set_charge_limit(71), PERSON)
    assert done == Done(already=True)
    assert sum(waited) < 22, "the pause before it was sent again, and no other"
    assert ran(car) == ["flash_lights", "set_charge_limit"]
    assert DATA not in paid(account)


async def test_a_stream_that_shows_nothing_proves_nothing(
    followed: Vehicle, car: Car, account: Account, waits: Order
) -> None:
    await followed.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    waits(lambda: None)
    with pytest.raises(OutcomeUnknown):
        await followed.send(commands.set_charge_limit(71), PERSON)
    assert DATA not in paid(account)


async def test_a_data_request_replaces_a_lost_stream(
    followed: Vehicle, stream: Stream, car: Car, account: Account, waits: Order
) -> None:
    await followed.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    waits(lambda: stream.closed("1"))
    assert await followed.send(commands.set_charge_limit(71), PERSON) == Done(already=True)
    assert paid(account)[DATA] == 1


async def test_a_stream_that_is_not_connected_verifies_nothing(
    followed: Vehicle, account: Account, waits: Order
) -> None:
    """However long it claims to have missed nothing: only a paid look at the car counts."""
    await followed.send(commands.flash_lights(), PERSON)
    account.tesla.faults.order("lost_reply", endpoint="signed_command")
    follower = Mock(spec=StreamCoverage, is_connected=False)
    follower.continuous_since.return_value = NOW
    follower.reports_every_change.return_value = True
    followed.knowledge.coverage = follower
    waits(lambda: None)
    assert await followed.send(commands.set_charge_limit(71), PERSON) == Done(already=True)
    assert paid(account)[DATA] == 1


async def test_streamed_effects_are_not_polled_after_a_command(
    followed: Vehicle, car: Car, account: Account
) -> None:
    await followed.send(commands.set_charge_limit(70), PERSON)
    assert followed.poller.commanded_at is None
    await followed.send(commands.set_charge_current(10), PERSON)
    assert followed.poller.commanded_at is not None, "nobody tells that by himself"


async def test_what_the_stream_confirmed_is_not_looked_at_after_a_restart(
    followed: Vehicle, stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    await followed.send(commands.set_charge_limit(70), PERSON)
    assert followed.to_stored()["commanded"] == NOW.timestamp()
    freezer.tick(2 * SECOND)
    tell(stream, {LIMIT: 70})
    assert followed.to_stored()["commanded"] is None


# --- Sleep, waking, asking ------------------------------------------------------------------------


async def test_a_wake_ends_when_it_connects(
    vehicle: Vehicle, stream: Stream, account: Account, waits: Order
) -> None:
    """Mostly before Tesla says that it is online."""
    vehicle.apply_state("asleep")
    waited = waits(lambda: stream.opened("1", "wifi"))
    await vehicle.wake(PERSON)
    assert vehicle.is_online
    assert waited == []
    assert paid(account) == {WAKE: 1}
    assert account.endpoints.count("vehicle") == 1, "before the wake, never after"


async def test_a_streaming_car_needs_no_check(followed: Vehicle, account: Account) -> None:
    before = len(account.arrived)
    await followed.wake(PERSON)
    assert len(account.arrived) == before


async def test_a_connection_outweighs_teslas_state(followed: Vehicle) -> None:
    followed.apply_state("asleep")
    followed.apply_state("offline")
    assert followed.is_online


async def test_when_a_stream_is_overdue(
    vehicle: Vehicle, stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    """The latest of: it should, it is awake, it was lost."""

    def awaited() -> datetime | None:
        return vehicle.presence.stream_overdue_since

    vehicle.apply_state("online")
    assert awaited() is None, "it is not meant to"
    freezer.tick(SECOND)
    vehicle.presence.stream_expected_since = utc_now()
    assert awaited() == NOW + SECOND
    stream.opened("1", "wifi")
    assert awaited() is None
    freezer.tick(SECOND)
    stream.closed("1")
    assert awaited() == NOW + 2 * SECOND
    vehicle.apply_state("asleep")
    assert awaited() is None
    freezer.tick(SECOND)
    vehicle.apply_state("online")
    assert awaited() == NOW + 3 * SECOND


async def test_sleep_survives_a_restart(
    followed: Vehicle, stream: Stream, make_vehicle: Callable[..., Vehicle]
) -> None:
    """The connection is not, nor what was certain because of it."""
    tell(stream, {}, "ChargePortLatch", "ChargePortDoorOpen")
    stored_streaming = followed.to_stored()
    stream.closed("1")
    stored_asleep = followed.to_stored()
    one, two = make_vehicle(), make_vehicle()
    one.restore(stored_streaming)
    two.restore(stored_asleep)
    assert not one.presence.slept_streaming
    assert two.presence.slept_streaming
    assert one.state[signals.STREAMING] is None
    assert one.state[signals.WIFI] is one.state[signals.CELLULAR] is None
    assert one.state[LIMIT] == 80
    assert not one.knowledge.is_certain(LIMIT_80)


async def test_what_the_stream_leaves_out_is_polled_again_and_again(followed: Vehicle) -> None:
    """It could be streamed but is not, so it gets old, unlike what only polled data contains."""
    followed.poller.shown = frozenset({signals.CHARGE_CURRENT_REQUEST})
    readings = await followed.refresh()
    assert signals.CHARGE_CURRENT_REQUEST in readings
    assert followed.poller.has_gaps()
    followed.poller.shown = frozenset({LIMIT})
    assert not followed.poller.has_gaps()


async def test_gaps_of_the_stream_are_polled_once(
    followed: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    only_polled = next(each for each in signals.VEHICLE_SIGNALS if each.paths and not each.streamed)
    followed.poller.shown = frozenset({only_polled})
    assert followed.data_due()
    await followed.refresh()
    freezer.tick(2 * HOUR)
    assert not followed.data_due()
    assert not followed.check_due()
