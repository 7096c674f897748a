"""Conclusions that silence does not allow: that a car sleeps, that nothing changed, that it waits.

Records are those that cars sent, as bytes of Tesla's protobuf; the simulated car has the truth.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.clock import utc_now
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import CommandRefused, OutcomeUnknown
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import Decision, SpendingRequest
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Signal, Source
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from custom_components.flotte.tesla.telemetry.records import Record
from custom_components.flotte.tesla.vehicle import poll_plan as plan
from custom_components.flotte.tesla.vehicle.outcome import Done
from custom_components.flotte.tesla.vehicle.stream import Stream
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import PERSON, Account

COMMAND, DATA, WAKE, FREE = Category.COMMAND, Category.DATA, Category.WAKE, Category.FREE
AUTOMATION = Caller(CallerKind.AUTOMATION, "automation.good_night")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

CAPTURED = datetime(2026, 11, 22, 9, 29, 50, tzinfo=UTC)
"""When the first of these records was made."""
LOCKED = bytes.fromhex("0a06083b120230011206088eec8ad806")
SLOW = bytes.fromhex("0a0d080412092984bfaad645e2f33f1206089bec8ad806")
"""1.24 mph, 13 s later."""
PARKED = bytes.fromhex("0a06080a120248021206089dec8ad806")
"""15 s later."""
NO_GEAR = bytes.fromhex("0a06080a12025001120608a4ec8ad806")
"""22 s later."""
NO_SPEED = bytes.fromhex("0a06080412025001120608aaec8ad806")
"""28 s later."""


@pytest.fixture
async def stream(awake: Vehicle, account: Account, freezer: FrozenDateTimeFactory) -> Stream:
    """That of Aurora, awake and connected; it carries every field."""
    stream = Stream(awake, Meter(), clock=utc_now)
    stream.continuity.follow(dict.fromkeys(signals.SIGNALS_BY_FIELD, FieldRule(1)))
    freezer.move_to(CAPTURED)
    await account.token(renewed=True)
    stream.opened("1", "wifi")
    return stream


@pytest.fixture(autouse=True)
def _stays_awake(car: Car) -> None:
    """Occupied, so that the simulated car does not fall asleep meanwhile."""
    car.steer({"user_present": True})


def paid(account: Account) -> dict[Category, int]:
    return {each: count for each, count in account.booked().items() if each is not FREE}


def ran(car: Car) -> list[str]:
    return [each.name for each in car.executions]


def report(stream: Stream, values: dict[Signal[Any], Any], *ended: str) -> None:
    """Have the car report values, and the end of some fields, now."""
    now = utc_now()
    readings = {each: Reading(value, now, Source.STREAM) for each, value in values.items()}
    fields = (*(each.field for each in values), *ended)
    stream.apply_record(Record(now, readings, fields, frozenset(ended), is_resend=False))


# --- A lost connection is not sleep ---------------------------------------------------------------


async def test_a_connection_lost_after_a_park_is_no_sleep(
    stream: Stream, awake: Vehicle, account: Account, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """The car is awake, checked for free at the next poll, and locked on request."""
    stream.receive(b"V", LOCKED)
    freezer.tick(22 * SECOND)
    stream.receive(b"V", NO_GEAR)
    freezer.tick(6 * SECOND)
    stream.receive(b"V", NO_SPEED)
    stream.closed("1")
    assert awake.is_online
    assert not awake.presence.slept_streaming
    assert awake.check_due()
    freezer.tick(MINUTE)
    assert awake.check_due()
    car.steer({"locked": False})
    assert await awake.send(commands.lock_doors(), PERSON) == Done()
    assert ran(car) == ["door_lock"]
    assert car.body.is_locked


@pytest.mark.parametrize("is_asleep", [True, False])
async def test_that_it_sleeps_is_looked_at_within_a_minute(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    car: Car,
    freezer: FrozenDateTimeFactory,
    *,
    is_asleep: bool,
) -> None:
    """Also a stream that looks like the end before sleep: Tesla knows, and the check is free."""
    # ChargePortLatch and ChargePortDoorOpen are invalid, as they are before it sleeps.
    stream.receive(b"V", bytes.fromhex("0a060876120250010a0708b7011202500112060898ec8ad806"))
    stream.closed("1")
    assert not awake.is_online
    freezer.tick(plan.CHECK_INTERVAL)
    assert awake.check_due()
    if is_asleep:
        car.steer({"user_present": False, "state": "asleep"})
    await awake.check()
    assert awake.is_online is not is_asleep
    freezer.tick(5 * MINUTE)
    # From now on the wake shows in a connection; this finds out only that the stream broke.
    assert awake.check_due() is not is_asleep
    assert paid(account) == {}


# --- A stream loses changes -----------------------------------------------------------------------

SECURING: list[tuple[Command, dict[Signal[Any], Any]]] = [
    (commands.lock_doors(), {signals.LOCKED: True}),
    (commands.close_windows(None), dict.fromkeys(signals.WINDOWS, False)),
    (commands.close_charge_port(), {signals.CHARGE_PORT_OPEN: False}),
    (commands.stop_climate(), dict(commands.stop_climate().expects)),
    (commands.set_sentry_mode(on=True), {signals.SENTRY_MODE: True}),
    (commands.start_charging(), {signals.CHARGING_STATE: "charging"}),
    (
        commands.stop_charging(),
        {
            signals.CHARGING_STATE: "stopped",
            signals.AC_CHARGING_POWER: 0.0,
            signals.DC_CHARGING_POWER: 0.0,
        },
    ),
    (commands.set_defrost(on=False), {signals.DEFROST: False}),
    (commands.set_valet_mode(on=True, pin="1234"), {signals.VALET_MODE: True}),
]


@pytest.mark.parametrize(("command", "shown"), SECURING, ids=[each.name for each, _ in SECURING])
@pytest.mark.parametrize("caller", [PERSON, AUTOMATION], ids=["person", "automation"])
async def test_securing_commands_are_sent_despite_the_stream(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    command: Command,
    shown: dict[Signal[Any], Any],
    caller: Caller,
) -> None:
    report(stream, shown)
    freezer.tick(61 * SECOND)
    # The car refuses some in its state: it was requested.
    with suppress(CommandRefused):
        await awake.send(command, caller)
    assert paid(account)[COMMAND] >= 1


@pytest.mark.parametrize(("command", "shown"), SECURING, ids=[each.name for each, _ in SECURING])
async def test_a_report_of_the_last_minute_is_believed(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    command: Command,
    shown: dict[Signal[Any], Any],
) -> None:
    report(stream, shown)
    freezer.tick(59 * SECOND)
    assert (await awake.send(command, AUTOMATION)).already
    assert paid(account) == {}


@pytest.mark.parametrize(
    "command",
    [commands.stop_climate(), commands.set_defrost(on=False), commands.set_climate_keeper("off")],
    ids=lambda command: command.name,
)
async def test_a_sleeping_car_is_not_woken_to_turn_off_its_climate(
    awake: Vehicle, car: Car, account: Account, freezer: FrozenDateTimeFactory, command: Command
) -> None:
    """Unless a person insists. It fell asleep after its climate was last seen on, in dog mode."""
    car.steer({"climate": {"on": True, "keeper": "dog"}})
    freezer.tick(MINUTE)
    await awake.refresh(PERSON)
    assert (awake.state[signals.CLIMATE_ON], awake.state[signals.CLIMATE_KEEPER]) == (True, "dog")
    car.steer({"climate": False, "user_present": False, "state": "asleep"})
    freezer.tick(MINUTE)
    await awake.check()
    for signal, value in command.expects.items():
        assert awake.state[signal] == value
    before = paid(account)
    freezer.tick(MINUTE)
    assert (await awake.send(command, AUTOMATION)).already
    assert (await awake.send(command, PERSON)).already
    assert paid(account) == before
    car.steer({"state": "online"})
    assert not (await awake.send(command, PERSON)).already


async def test_an_old_word_of_sleep_saves_no_command(
    awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    car.steer({"user_present": False, "state": "asleep"})
    await awake.check()
    freezer.tick(3 * MINUTE)
    car.steer({"state": "online", "climate": True})
    await awake.send(commands.stop_climate(), AUTOMATION)
    assert ran(car) == ["auto_conditioning_stop"]


async def test_an_assumption_is_no_report(
    stream: Stream, awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """The car was commanded half a minute ago, and may have been changed since."""
    await awake.send(commands.stop_climate(), PERSON)
    freezer.tick(30 * SECOND)
    await awake.send(commands.stop_climate(), AUTOMATION)
    assert ran(car) == ["auto_conditioning_stop"] * 2


async def test_a_trunk_that_was_closed_by_hand_stays_closed(
    stream: Stream, awake: Vehicle, account: Account, car: Car, freezer: FrozenDateTimeFactory
) -> None:
    """The stream lost the closing: one data request, no execution, shown as closed."""
    car.steer({"open": ["rt"]})
    report(stream, {signals.TRUNK: True})
    car.steer({"close": ["rt"]})
    freezer.tick(90 * MINUTE)
    assert await awake.send(commands.move_trunk(is_open=False), PERSON) == Done(already=True)
    assert paid(account) == {DATA: 1}
    assert ran(car) == []
    assert awake.state[signals.TRUNK] is False


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (commands.move_trunk(is_open=True), {signals.TRUNK: False}),
        (commands.open_frunk(), {signals.FRUNK: False}),
        (commands.set_playback(playing=True), {signals.MEDIA_PLAYING: False}),
    ],
    ids=["trunk", "frunk", "playback"],
)
@pytest.mark.parametrize(("age", "looks"), [(9, 0), (11, 1)])
async def test_toggles_are_checked_first(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    car: Car,
    freezer: FrozenDateTimeFactory,
    command: Command,
    shown: dict[Signal[Any], Any],
    age: int,
    looks: int,
) -> None:
    car.steer({"media": "Paused"})
    report(stream, shown)
    freezer.tick(timedelta(seconds=age))
    await awake.send(command, PERSON)
    assert len(car.executions) == 1
    assert paid(account).get(DATA, 0) == looks


async def test_an_unplanned_check_passes_the_gate(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    car: Car,
    freezer: FrozenDateTimeFactory,
    quick_waits: None,
) -> None:
    """The report was fresh at the time of the estimate, and old when the car was awake."""
    report(stream, {signals.TRUNK: False}, "ChargePortLatch", "PackVoltage")
    stream.closed("1")
    car.steer({"user_present": False, "state": "asleep", "wake_seconds": 20})
    asked: list[list[Category]] = []

    def note(request: SpendingRequest, _decision: Decision) -> None:
        asked.append([each.category for each in request.charges])

    awake.gate.decided.subscribe(note)
    assert await awake.send(commands.move_trunk(is_open=True), PERSON) == Done()
    assert asked == [[COMMAND, WAKE, COMMAND], [DATA]]
    assert paid(account) == {WAKE: 1, DATA: 1, COMMAND: 2}


@pytest.mark.parametrize(
    ("info", "version", "spared"),
    [
        ({"fleet_telemetry_version": "1.0.0", "firmware_version": "2024.44.25"}, None, True),
        ({"fleet_telemetry_version": "0.9.9", "firmware_version": "2026.32.6"}, None, False),
        ({"firmware_version": "2025.2.6"}, None, True),
        ({"firmware_version": "2025.2.5"}, None, False),
        ({"firmware_version": "2024.45.32.20"}, None, True),
        ({"firmware_version": "2024.45.32.15"}, None, False),
        ({"firmware_version": "2025.2"}, None, False),
        ({}, "2024.44.25", False),
        ({}, "2026.38.9", True),
        ({"fleet_telemetry_version": None}, "2024.26.8", False),
    ],
)
async def test_an_old_client_never_resends_lost_values(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    info: dict[str, Any],
    version: str | None,
    *,
    spared: bool,
) -> None:
    """So its silence does not even vouch for a setting."""
    awake.channel.fleet_info = info
    values: dict[Signal[Any], Any] = {signals.CHARGE_LIMIT: 80}
    report(stream, values | ({signals.SOFTWARE_VERSION: version} if version else {}))
    freezer.tick(HOUR)
    await awake.send(commands.set_charge_limit(80), PERSON)
    assert (COMMAND in paid(account)) is not spared


async def test_earlier_state_does_not_prove_a_lost_command(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    car: Car,
    freezer: FrozenDateTimeFactory,
    quick_waits: None,
) -> None:
    """The answer is lost, and the stream had always reported "locked": that was before."""
    await awake.send(commands.unlock_doors(), PERSON)
    report(stream, {signals.LOCKED: True})
    freezer.tick(2 * MINUTE)
    account.tesla.faults.order("dropped", endpoint="signed_command", count=2)
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.lock_doors(), PERSON)
    assert not car.body.is_locked


# --- Settings that revert ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (
            commands.open_charge_port(),
            {signals.CHARGE_PORT_OPEN: True, signals.CHARGE_PORT_LATCH: "disengaged"},
        ),
        (commands.vent_windows(), dict.fromkeys(signals.WINDOWS, True)),
        (commands.move_sunroof("vent"), {signals.SUNROOF_OPEN: True}),
    ],
    ids=["charge port", "windows", "sunroof"],
)
async def test_reverting_settings_are_always_sent(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    command: Command,
    shown: dict[Signal[Any], Any],
) -> None:
    report(stream, shown)
    freezer.tick(15 * SECOND)
    with suppress(CommandRefused):
        await awake.send(command, PERSON)
    assert paid(account)[COMMAND] >= 1


# --- Values that were never ended -----------------------------------------------------------------


async def test_a_parked_car_does_not_move(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    """It ends the speed without a last 0, and the gear although it is still in P."""
    freezer.tick(13 * SECOND)
    stream.receive(b"V", SLOW)
    assert awake.state[signals.SPEED] == pytest.approx(2.0)
    freezer.tick(2 * SECOND)
    stream.receive(b"V", PARKED)
    assert awake.state[signals.SPEED] == 0
    freezer.tick(13 * SECOND)
    stream.receive(b"V", NO_SPEED)
    stream.receive(b"V", NO_GEAR)
    assert awake.state[signals.SPEED] == 0
    freezer.tick(8 * HOUR)
    awake.lapse()
    assert (awake.state[signals.SPEED], awake.state[signals.SHIFT_STATE]) == (0, "p")
    awake.poller.data_received_at, awake.poller.shown = (
        None,
        frozenset({signals.SPEED, signals.SHIFT_STATE}),
    )
    assert not awake.poller.has_gaps()


CHARGE: dict[Signal[Any], Any] = {
    signals.CHARGING_STATE: "charging",
    signals.FAST_CHARGER: False,
    signals.AC_CHARGING_POWER: 11.1,
    signals.CHARGER_CURRENT: 16.0,
    signals.CHARGE_RATE: 60.0,
    signals.TIME_TO_FULL: 2.5,
    signals.CHARGER_VOLTAGE: 231.0,
    signals.FAST_CHARGER_TYPE: "supercharger",
    signals.CABLE_TYPE: "iec",
}


@pytest.mark.parametrize(
    ("word", "left"),
    [
        ("disconnected", {}),
        ("complete", {signals.CHARGER_VOLTAGE: 231.0, signals.FAST_CHARGER_TYPE: "supercharger"}),
        ("stopped", {signals.CHARGER_VOLTAGE: 231.0, signals.CABLE_TYPE: "iec"}),
        ("no_power", {}),
    ],
)
async def test_nothing_flows_while_nothing_charges(
    stream: Stream,
    awake: Vehicle,
    freezer: FrozenDateTimeFactory,
    word: str,
    left: dict[Signal[Any], Any],
) -> None:
    report(stream, CHARGE)
    assert awake.state[signals.CHARGER_POWER] == pytest.approx(11.1)
    freezer.tick(MINUTE)
    report(stream, {signals.CHARGING_STATE: word})
    for signal in (
        signals.AC_CHARGING_POWER,
        signals.CHARGER_CURRENT,
        signals.CHARGE_RATE,
        signals.TIME_TO_FULL,
    ):
        assert awake.state[signal] == 0
    assert awake.state[signals.CHARGER_POWER] == 0
    assert {signal: awake.state[signal] for signal in left} == left
    if word == "disconnected":
        assert awake.state[signals.CHARGER_VOLTAGE] == 0
        assert awake.state[signals.FAST_CHARGER_TYPE] is None
        assert awake.state[signals.CABLE_TYPE] is None


async def test_restored_readings_imply_the_same_values(
    make_vehicle: Callable[..., Vehicle],
) -> None:
    """A speed that was stored before anything was derived from P."""
    now = utc_now().timestamp()
    vehicle = make_vehicle()
    vehicle.restore({"state": {"VehicleSpeed": [2.0, now - 2], "Gear": ["p", now]}})
    assert vehicle.state[signals.SPEED] == 0


async def test_readings_of_one_answer_are_restored_together(
    make_vehicle: Callable[..., Vehicle],
) -> None:
    """A charger may measure 2 V with nothing plugged in."""
    now = utc_now().timestamp()
    vehicle = make_vehicle()
    state = {"ChargerVoltage": [2.0, now], "DetailedChargeState": ["disconnected", now]}
    vehicle.restore({"state": state})
    assert vehicle.state[signals.CHARGER_VOLTAGE] == 2.0


BUSY: dict[Signal[Any], Any] = CHARGE | {
    signals.SHIFT_STATE: "d",
    signals.SPEED: 50.0,
    signals.CLIMATE_ON: True,
    signals.USER_PRESENT: True,
    signals.LOCKED: True,
}


@pytest.mark.parametrize(
    ("last_words", "word", "sleeps"),
    [
        (("ChargePortLatch", "PackVoltage"), "offline", True),
        (("ChargePortLatch", "PackVoltage"), "asleep", True),
        ((), "asleep", True),
        ((), "offline", False),
    ],
    ids=["last words", "last words, and asleep", "asleep", "a tunnel"],
)
async def test_a_sleeping_car_does_not_drive_or_charge(
    stream: Stream,
    awake: Vehicle,
    freezer: FrozenDateTimeFactory,
    last_words: tuple[str, ...],
    word: str,
    *,
    sleeps: bool,
) -> None:
    """The stream lost the parking, the end of the charge, and the driver's leaving."""
    report(stream, BUSY)
    freezer.tick(20 * MINUTE)
    report(stream, {}, *last_words)
    stream.closed("1")
    freezer.tick(MINUTE)
    awake.apply_state(word)
    assert awake.state[signals.LOCKED] is True
    assert not awake.is_online
    if not sleeps:
        assert all(awake.state[each] == value for each, value in BUSY.items())
        return
    assert awake.state[signals.SHIFT_STATE] == "p"
    assert awake.state[signals.CHARGING_STATE] is None
    assert awake.state[signals.CLIMATE_ON] is False
    assert awake.state[signals.USER_PRESENT] is False
    for signal in (signals.SPEED, signals.CHARGER_POWER, signals.CHARGER_CURRENT):
        assert awake.state[signal] == 0


@pytest.mark.parametrize(("delay", "power"), [(5, 0.0), (300, 0.3)])
async def test_a_late_power_is_of_the_charge_that_is_over(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory, delay: int, power: float
) -> None:
    """A much later report is true: the cabin is warmed, or the stream lost a start."""
    report(stream, CHARGE)
    report(stream, {signals.CHARGING_STATE: "complete"})
    freezer.tick(timedelta(seconds=delay))
    report(stream, {signals.AC_CHARGING_POWER: 0.3})
    assert awake.state[signals.AC_CHARGING_POWER] == power
    freezer.tick(10 * MINUTE)
    # Sent again although it did not change.
    report(stream, {signals.CHARGING_STATE: "complete"})
    assert awake.state[signals.AC_CHARGING_POWER] == power


async def test_a_polled_answer_is_consistent(awake: Vehicle) -> None:
    """A car that is full may warm its cabin from the wall."""
    now = utc_now()
    values: dict[Signal[Any], Any] = {
        signals.CHARGING_STATE: "complete",
        signals.AC_CHARGING_POWER: 3.0,
    }
    awake.receive({each: Reading(value, now, Source.POLL) for each, value in values.items()})
    assert awake.state[signals.AC_CHARGING_POWER] == 3.0


# --- Values that ended while the car stays awake --------------------------------------------------

INSIDE = signals.INSIDE_TEMPERATURE


async def test_an_ended_signal_is_polled_and_then_unknown(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    awake.poller.shown = frozenset({INSIDE})
    await awake.refresh()
    awake.poller.data_received_at, awake.presence.online_since = utc_now() - HOUR, utc_now()
    freezer.tick(SECOND)
    report(stream, {INSIDE: 21.0})
    report(stream, {}, "InsideTemp")
    freezer.tick(plan.GAP_PATIENCE - SECOND)
    assert not awake.data_due()
    freezer.tick(SECOND)
    assert awake.data_due()
    freezer.tick(50 * MINUTE - SECOND)
    awake.lapse()
    assert awake.state[INSIDE] == 21.0
    freezer.tick(SECOND)
    awake.lapse()
    assert awake.state[INSIDE] is None


async def test_a_polled_value_counts_for_an_hour(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    report(stream, {INSIDE: 21.0})
    report(stream, {}, "InsideTemp")
    freezer.tick(50 * MINUTE)
    awake.receive({INSIDE: Reading(23.0, utc_now(), Source.POLL)})
    freezer.tick(59 * MINUTE)
    awake.lapse()
    assert awake.state[INSIDE] == 23.0
    freezer.tick(MINUTE)
    awake.lapse()
    assert awake.state[INSIDE] is None


@pytest.mark.parametrize("ends", ["it comes back", "it sleeps"])
async def test_no_gap(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory, ends: str
) -> None:
    awake.poller.shown = frozenset({INSIDE})
    report(stream, {INSIDE: 21.0})
    report(stream, {}, "InsideTemp")
    if ends == "it sleeps":
        report(stream, {}, "ChargePortLatch", "PackVoltage")
        stream.closed("1")
        freezer.tick(8 * HOUR)
        stream.opened("2", "wifi")
    else:
        freezer.tick(5 * MINUTE)
        report(stream, {INSIDE: 21.0})
    freezer.tick(2 * HOUR)
    awake.lapse()
    assert awake.state[INSIDE] == 21.0
    assert not awake.poller.has_gaps()


@pytest.mark.parametrize(
    ("signal", "value", "ended", "had"),
    [
        (INSIDE, 21.0, "InsideTemp", False),
        (signals.UPDATE_DOWNLOADED, 40.0, "SoftwareUpdateDownloadPercentComplete", True),
        (signals.MEDIA_TITLE, "Aria", "MediaNowPlayingTitle", True),
        (signals.CRUISE_SPEED, 100.0, "CruiseSetSpeed", True),
    ],
    ids=["it has none since it woke", "no update", "no music", "no cruise control"],
)
async def test_optional_signals_are_not_paid_for(
    stream: Stream,
    awake: Vehicle,
    freezer: FrozenDateTimeFactory,
    signal: Signal[Any],
    value: object,
    ended: str,
    *,
    had: bool,
) -> None:
    """It is unknown after an hour anyway."""
    awake.poller.shown = frozenset({signal})
    if had:
        report(stream, {signal: value})
    else:
        awake.receive({signal: Reading(value, utc_now() - HOUR, Source.POLL)})
    report(stream, {}, ended)
    freezer.tick(30 * MINUTE)
    assert not awake.poller.has_gaps()
    freezer.tick(31 * MINUTE)
    awake.lapse()
    assert awake.state[signal] is None


@pytest.mark.parametrize("comes_back", [False, True])
async def test_a_setting_that_ended_is_sent(
    stream: Stream,
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    *,
    comes_back: bool,
) -> None:
    """The stream no longer reports it."""
    report(stream, {signals.CHARGE_LIMIT: 80})
    freezer.tick(HOUR)
    report(stream, {}, "ChargeLimitSoc")
    freezer.tick(MINUTE)
    if comes_back:
        report(stream, {signals.CHARGE_LIMIT: 80})
        freezer.tick(HOUR)
    await awake.send(commands.set_charge_limit(80), PERSON)
    assert (COMMAND in paid(account)) is not comes_back


async def test_a_gear_that_ended_while_it_drove_is_a_gap(
    stream: Stream, awake: Vehicle, freezer: FrozenDateTimeFactory
) -> None:
    """P was lost: the car is not shown as driving for good."""
    awake.poller.shown = frozenset({signals.SHIFT_STATE, signals.SPEED})
    report(stream, {signals.SHIFT_STATE: "d", signals.SPEED: 50.0})
    report(stream, {}, "Gear", "VehicleSpeed")
    freezer.tick(plan.GAP_PATIENCE)
    assert awake.poller.has_gaps()
    freezer.tick(HOUR)
    awake.lapse()
    assert awake.state[signals.SHIFT_STATE] is None
    assert awake.state[signals.SPEED] is None


# --- A restart ------------------------------------------------------------------------------------

type VehicleMaker = Callable[..., Vehicle]


async def test_a_look_after_a_command_survives_a_restart(
    awake: Vehicle, car: Car, make_vehicle: VehicleMaker, freezer: FrozenDateTimeFactory
) -> None:
    await awake.refresh()
    freezer.tick(SECOND)
    await awake.send(commands.unlock_doors(), PERSON)
    again = make_vehicle()
    again.restore(awake.to_stored())
    again.apply_state("online")
    due_at = again.poller.look_due_at
    assert due_at == utc_now() + plan.EFFECT_DELAY
    assert not again.data_due()
    freezer.tick(plan.EFFECT_DELAY)
    assert again.data_due()
    await again.refresh()
    assert again.state[signals.LOCKED] is False
    assert again.poller.look_due_at is None
    assert not again.data_due()


async def test_a_check_that_the_stream_would_have_saved_runs_after_a_restart(
    stream: Stream, awake: Vehicle, make_vehicle: VehicleMaker, freezer: FrozenDateTimeFactory
) -> None:
    await awake.refresh()
    report(stream, {signals.LOCKED: True})
    freezer.tick(SECOND)
    await awake.send(commands.unlock_doors(), PERSON)
    again = make_vehicle()
    again.restore(awake.to_stored())
    again.apply_state("online")
    # It is expected to stream, and may take minutes to start.
    again.presence.stream_expected_since = utc_now()
    assert not again.data_due()
    freezer.tick(plan.EFFECT_DELAY)
    assert again.data_due()


async def _hang(
    awake: Vehicle, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> asyncio.Task[Done]:
    """Unlock her; the answer never comes, although she did it."""
    await awake.send(commands.lock_doors(), PERSON)
    freezer.tick(MINUTE)
    await awake.refresh()
    freezer.tick(MINUTE)
    executed = asyncio.Event()
    send = awake.api.signed_command

    async def never_answers(*arguments: Any) -> None:
        await send(*arguments)
        executed.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(awake.api, "signed_command", never_answers)
    sending = asyncio.create_task(awake.send(commands.unlock_doors(), PERSON))
    await executed.wait()
    return sending


@pytest.mark.parametrize("streams", [False, True])
async def test_a_command_on_its_way_is_looked_at_after_a_crash(
    awake: Vehicle,
    car: Car,
    make_vehicle: VehicleMaker,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    *,
    streams: bool,
) -> None:
    """Its answer was lost; the stored state is from before it was sent."""
    if streams:
        stream = Stream(awake, Meter(), clock=utc_now)
        stream.continuity.follow(dict.fromkeys(signals.SIGNALS_BY_FIELD, FieldRule(1)))
        stream.opened("1", "wifi")
    kept: list[dict[str, Any]] = []

    async def keep() -> None:
        kept.append(awake.to_stored())

    awake.persistence.save = keep
    sending = await _hang(awake, freezer, monkeypatch)
    again = make_vehicle()
    again.restore(kept[-1])
    sending.cancel()
    await asyncio.wait([sending])
    again.apply_state("online")
    assert not car.body.is_locked
    assert again.poller.look_due_at == utc_now() + plan.EFFECT_DELAY
    freezer.tick(plan.EFFECT_DELAY)
    assert again.data_due()
    await again.refresh()
    assert again.state[signals.LOCKED] is False
    assert again.poller.look_due_at is None


async def test_a_command_that_is_cancelled_on_its_way_is_looked_at(
    awake: Vehicle, car: Car, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    sending = await _hang(awake, freezer, monkeypatch)
    freezer.tick(SECOND)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert awake.poller.look_due_at == utc_now() + plan.EFFECT_DELAY
    freezer.tick(plan.EFFECT_DELAY)
    assert awake.data_due()
    await awake.refresh()
    assert awake.state[signals.LOCKED] is False


@pytest.mark.parametrize("answers", [False, True], ids=["no look", "a look"])
async def test_an_unknown_outcome_is_looked_at_once(
    awake: Vehicle,
    account: Account,
    car: Car,
    freezer: FrozenDateTimeFactory,
    quick_waits: None,
    *,
    answers: bool,
) -> None:
    """If the look that verifies it fails, another one follows."""
    await awake.refresh()
    await awake.send(commands.lock_doors(), PERSON)
    freezer.tick(MINUTE)
    await awake.refresh()
    account.tesla.faults.order("dropped", endpoint="signed_command", count=2)
    if not answers:
        account.tesla.faults.order("status", status=503, endpoint="vehicle_data")
    with pytest.raises(OutcomeUnknown):
        await awake.send(commands.unlock_doors(), PERSON)
    freezer.tick(plan.EFFECT_DELAY)
    assert awake.data_due() is not answers
    assert (awake.poller.look_due_at is None) is answers


@pytest.mark.parametrize(("after", "wakes"), [(20, 1), (61, 2)])
async def test_a_wake_that_is_paid_survives_a_restart(
    vehicle: Vehicle,
    car: Car,
    account: Account,
    make_vehicle: VehicleMaker,
    freezer: FrozenDateTimeFactory,
    after: int,
    wakes: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    car.steer({"user_present": False, "state": "asleep", "wake_seconds": 30})

    asking = asyncio.Event()

    async def never_ends(_seconds: float) -> None:
        asking.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", never_ends)
    sending = asyncio.create_task(vehicle.send(commands.lock_doors(), PERSON))
    await asking.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    stored = vehicle.to_stored()
    freezer.tick(timedelta(seconds=after))
    if after > 60:
        car.steer({"state": "asleep"})
    again = make_vehicle()
    again.restore(stored)

    async def passes(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", passes)
    await again.send(commands.lock_doors(), PERSON)
    assert paid(account)[WAKE] == wakes


# --- Poor reception -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("up", "down"),
    [(1, 1), (2, 3), (5, 5), (1, 8), (1, 12), (9, 12), (3, 30), (10, 1), (11, 4), (15, 2)],
)
@pytest.mark.parametrize("charging_state", ["disconnected", "stopped"])
async def test_poor_reception_costs_little(
    awake: Vehicle,
    account: Account,
    freezer: FrozenDateTimeFactory,
    up: int,
    down: int,
    charging_state: str,
) -> None:
    """A polled car that is within reach for some minutes, six hours long."""
    answer = {
        "response": {
            "state": "online",
            "charge_state": {"charging_state": charging_state},
            "vehicle_state": {"locked": True},
        }
    }
    account.tesla.faults.order("status", endpoint="vehicle_data", body=answer, status=200, count=99)
    for minute in range(6 * 60):
        awake.apply_state("online" if minute % (up + down) < up else "offline")
        if awake.is_online and awake.data_due():
            await awake.refresh()
        freezer.tick(MINUTE)
    assert 1 <= paid(account)[DATA] <= 10
