"""The fifteen points that every client of the signed protocol must show, on the level of `Vehicle`.

    1   all vectors                         signing/test_vectors.py
    2   shared secret with leading zeros    signing/test_vectors.py, signing/test_keys.py
    3   unknown fault, unknown error        signing/test_verdict.py; here: test_03
    4   empty success, plain and encrypted  signing/test_session.py; here: test_04
    5   request hash of 33 bytes            signing/test_vectors.py; here: test_05
    6   resync by faults 6, 15, 17          signing/test_session.py; here: test_06
    7   new key with a valid tag            signing/test_session.py; here: test_07
    8   wrong tag changes nothing           signing/test_session.py; here: test_08
    9   stale clock is ignored              signing/test_session.py; here: test_09
    10  lost reply on a toggle              signing/test_conversation.py; here: test_10
    11  parallel first commands             here: test_11
    12  restart from storage                signing/test_storage.py; here: test_12
    13  host clock steps                    signing/test_storage.py; here: test_13
    14  statuses, time-outs, cancelling     here: test_14
    15  a queue longer than the lifetime    signing/test_session.py; here: test_15

Then tests beyond the list: the newest command wins, and an unknown outcome is checked. All of it
over real HTTP, with the checks of the property test (`trial`): each test ends with its invariants.
"""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Command
from custom_components.flotte.tesla.errors import NotSent, OutcomeUnknown, RateLimited, Refused
from custom_components.flotte.tesla.signing import ClientKey, Domain
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.vehicle.outcome import Done
from simulator.bill import Category as Billed
from simulator.protocol.subsystem import Subsystem
from tests.tesla.account import MODEL_S, MODEL_Y
from tests.tesla.trial import QuietSimulator, Trial, on_trial

SECURITY, INFOTAINMENT = Domain.VEHICLE_SECURITY, Domain.INFOTAINMENT
DONE = Done()

lock = commands.lock_doors
honk = commands.honk_horn
open_trunk = partial(commands.move_trunk, is_open=True)


def amperes(number: int) -> Callable[[], Command]:
    """Make the command that sets the charge current."""
    return partial(commands.set_charge_current, number)


def ran(trial: Trial) -> list[str]:
    """The car's executions, in order."""
    return [each.name for each in trial.car.executions]


def sent(trial: Trial) -> list[int | None]:
    """Statuses of everything that came to the gateway for the car, handshakes too."""
    return [each.status for each in trial.tesla.requests if each.endpoint == "signed_command"]


def subsystem(trial: Trial, domain: Domain) -> Subsystem:
    return trial.car.protocol.subsystems[domain]


def handshakes(trial: Trial, domain: Domain) -> int:
    return subsystem(trial, domain).handshakes


def counters(trial: Trial, domain: Domain) -> list[int]:
    """Counters of the commands that the car ran in a domain."""
    return [each.counter or 0 for each in trial.car.executions if each.domain == domain]


def booked(trial: Trial, category: Category) -> int:
    return trial.account.booked()[category]


def fails(trial: Trial, kind: str, **order: Any) -> None:
    """Order a fault for the next signed message."""
    trial.tesla.faults.order(kind, endpoint="signed_command", **order)


# --- 3 to 5: the vehicle's answers ----------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("runs", [False, True])
async def test_03_an_unknown_fault_leaves_it_open(
    trial: Trial, *, runs: bool, encrypted: bool
) -> None:
    """Newer firmware has more faults: the command may have run."""
    trial.car.steer({"protocol": {"fault": {"fault": 77, "runs": runs, "encrypted": encrypted}}})
    assert isinstance(await trial.tell(honk), OutcomeUnknown)
    assert ran(trial) == ["honk_horn"] * runs
    assert await trial.tell(honk) == DONE


@pytest.mark.parametrize("encrypts", [False, True])
@pytest.mark.parametrize("make", [lock, honk], ids=["vehicle security", "infotainment"])
async def test_04_an_empty_success_is_a_success(
    trial: Trial, make: Callable[[], Command], *, encrypts: bool
) -> None:
    trial.car.steer({"protocol": {"encrypt_replies": encrypts}})
    assert await trial.tell(make) == DONE
    assert ran(trial) == [make().name]
    assert trial.car.protocol.replies == int(encrypts)


async def test_04_plaintext_after_encrypted_replies_is_not_believed(trial: Trial) -> None:
    """Anyone on the way can have written it, so the car is looked at."""
    assert await trial.tell(lock) == DONE
    trial.car.steer({"locked": False, "protocol": {"encrypt_replies": False}})
    assert await trial.tell(lock) == Done(already=True)
    assert booked(trial, Category.DATA) == 1
    trial.car.steer({"protocol": {"encrypt_replies": True}})
    assert await trial.tell(honk) == DONE
    trial.car.steer({"protocol": {"encrypt_replies": False}})
    assert isinstance(await trial.tell(honk), OutcomeUnknown)


async def test_05_encrypted_replies_of_both_domains_are_read(trial: Trial) -> None:
    """The hash of the request has 33 bytes in one and 17 in the other."""
    assert await trial.tell(honk, lock) == [DONE, DONE]
    assert trial.car.protocol.replies == 2
    assert all(
        session.state.encrypted_replies_seen for session in trial.vehicle.channel.sessions.values()
    )


# --- 6 to 9: sessions ----------------------------------------------------------------------------


def another_program(trial: Trial, domain: Domain) -> None:
    """Uses our key too, and is ahead of us."""
    subsystem(trial, domain).session(trial.key.public_bytes).counter = 500


def reboot(trial: Trial, domain: Domain) -> None:
    trial.car.steer({"protocol": {"reboot": int(domain)}})


def clock_ahead(trial: Trial, domain: Domain) -> None:
    trial.car.steer({"protocol": {"clock_drift": {int(domain): 60}}})


RESYNCS = {6: another_program, 15: reboot, 17: clock_ahead}
BOTH = pytest.mark.parametrize(
    ("make", "domain"), [(lock, SECURITY), (honk, INFOTAINMENT)], ids=["security", "infotainment"]
)


@BOTH
@pytest.mark.parametrize("fault", RESYNCS)
async def test_06_the_included_session_info_is_enough(
    trial: Trial, make: Callable[[], Command], domain: Domain, fault: int
) -> None:
    assert await trial.tell(make) == DONE
    RESYNCS[fault](trial, domain)
    assert await trial.tell(make) == DONE
    assert subsystem(trial, domain).faults == {fault: 1}
    assert len(ran(trial)) == 2
    assert handshakes(trial, domain) == 1
    # A handshake and the first command; the second and its replacement.
    assert sent(trial) == [200] * 4


@pytest.mark.parametrize("fault", RESYNCS)
async def test_06_without_session_info_there_is_a_handshake(trial: Trial, fault: int) -> None:
    assert await trial.tell(honk) == DONE
    RESYNCS[fault](trial, INFOTAINMENT)
    trial.car.steer({"protocol": {"omit_session_info": True}})
    assert await trial.tell(honk) == DONE
    assert handshakes(trial, INFOTAINMENT) == 2
    assert len(ran(trial)) == 2


@BOTH
@pytest.mark.parametrize("rebooted", [False, True])
async def test_07_a_new_key_is_accepted(
    trial: Trial, make: Callable[[], Command], domain: Domain, *, rebooted: bool
) -> None:
    """After a service: one fault, whose answer proves the new key."""
    assert await trial.tell(make) == DONE
    order = {"new_key": int(domain)} | ({"reboot": int(domain)} if rebooted else {})
    trial.car.steer({"protocol": order})
    assert await trial.tell(make) == DONE
    assert (
        trial.vehicle.channel.sessions[domain].state.vehicle_public
        == subsystem(trial, domain).public_key
    )
    assert len(ran(trial)) == 2
    assert handshakes(trial, domain) == 1
    # And it is kept.
    trial.restart()
    assert await trial.tell(make) == DONE
    assert handshakes(trial, domain) == 1


async def test_08_a_wrong_tag_changes_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attacker answers in the vehicle's name, with a key, an epoch and a clock."""
    assert await trial.tell(lock) == DONE
    session = trial.vehicle.channel.sessions[SECURITY]
    known = (session.state.vehicle_public, session.state.epoch)
    trial.car.steer({"protocol": {"new_key": 2, "reboot": 2}})
    with monkeypatch.context() as forged:
        forged.setattr("simulator.protocol.session_info_tag", lambda *_: bytes(32))
        assert isinstance(await trial.tell(lock), Refused)
    assert (session.state.vehicle_public, session.state.epoch) == known
    assert session.state.counter == 2
    assert ran(trial) == ["door_lock"]
    assert await trial.tell(lock) == DONE
    assert (session.state.vehicle_public, session.state.epoch) != known


async def test_09_a_clock_that_goes_backwards_is_ignored(trial: Trial) -> None:
    """In the same epoch it can only be an old answer; two of our own are needed to believe it."""
    trial.advance(60)
    assert await trial.tell(honk) == DONE
    clock = trial.vehicle.channel.sessions[INFOTAINMENT].state.vehicle_clock(trial.monotonic())
    trial.car.steer({"protocol": {"clock_drift": {3: -40}}})
    outcome = await trial.tell(honk)
    assert isinstance(outcome, Refused)
    assert ran(trial) == ["honk_horn"]
    assert (
        trial.vehicle.channel.sessions[INFOTAINMENT].state.vehicle_clock(trial.monotonic()) > clock
    )
    assert await trial.tell(honk) == DONE
    assert ran(trial) == ["honk_horn"] * 2


# --- 10: toggles ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost_reply", "malformed", "dropped"])
@pytest.mark.parametrize("count", [1, 2, 5])
async def test_10_a_toggle_runs_at_most_once(trial: Trial, kind: str, count: int) -> None:
    trial.car.steer({"user_present": True})
    assert await trial.tell(honk) == DONE
    fails(trial, kind, count=count)
    outcome = await trial.tell(commands.toggle_playback)
    toggles = ran(trial).count("media_toggle_playback")
    if kind == "dropped" and count == 1:
        # The same bytes once more, and they arrive.
        assert (outcome, toggles) == (DONE, 1)
    else:
        assert isinstance(outcome, OutcomeUnknown)
        assert toggles == (0 if kind == "dropped" else 1)
    # The handshake, the horn, and the same bytes twice.
    assert len(sent(trial)) == 4


@pytest.mark.parametrize("kind", ["lost_reply", "malformed"])
async def test_10_a_trunk_is_looked_at(trial: Trial, kind: str) -> None:
    assert await trial.tell(lock) == DONE
    fails(trial, kind, count=2)
    assert await trial.tell(open_trunk) == Done(already=True)
    assert trial.car.body.trunk == 1
    assert ran(trial) == ["door_lock", "actuate_trunk"]
    # Before, because it toggles, and afterwards, because the answer was lost.
    assert booked(trial, Category.DATA) == 2


@pytest.mark.parametrize("seconds", [0.5, 3, 14])
async def test_10_two_copies_that_both_arrive(trial: Trial, seconds: float) -> None:
    """The first is slow and overtaken by its copy, or arrives after it was abandoned."""
    trial.car.steer({"user_present": True})
    trial.late_orders.append(seconds)
    outcome = await trial.tell(commands.toggle_playback)
    trial.advance(60)
    assert ran(trial) == ["media_toggle_playback"]
    assert outcome == DONE or isinstance(outcome, OutcomeUnknown)


# --- 11: concurrency ------------------------------------------------------------------------------


async def test_11_parallel_first_commands_shake_hands_once(trial: Trial) -> None:
    trial.car.steer({"user_present": True})
    makes = (
        lock,
        honk,
        commands.flash_lights,
        commands.unlock_doors,
        commands.next_track,
        commands.remote_start,
    )
    assert await trial.tell(*makes) == [DONE] * 6
    for domain in Domain:
        assert handshakes(trial, domain) == 1
        assert subsystem(trial, domain).faults == {}
        assert counters(trial, domain) == [1, 2, 3]
    assert sent(trial) == [200] * 8


# --- 12 and 13: restarts and clocks ---------------------------------------------------------------


async def test_12_a_restart_costs_no_handshake(trial: Trial) -> None:
    assert await trial.tell(honk, lock) == [DONE, DONE]
    trial.store()
    trial.advance(30)
    trial.restart()
    assert await trial.tell(honk, lock) == [DONE, DONE]
    assert [handshakes(trial, domain) for domain in Domain] == [1, 1]
    assert [counters(trial, domain)[1] for domain in Domain] == [102, 102]


async def test_12_an_old_counter(trial: Trial) -> None:
    """More was sent since it was stored, but less than the gap: this has no effect."""
    assert await trial.tell(honk) == DONE
    trial.store()
    for _ in range(20):
        trial.advance(3)
        assert await trial.tell(honk) == DONE
    trial.restart()
    assert await trial.tell(honk) == DONE
    assert subsystem(trial, INFOTAINMENT).faults == {}


async def test_12_a_counter_older_than_the_gap_costs_one_fault(trial: Trial) -> None:
    assert await trial.tell(lock) == DONE
    trial.store()
    another_program(trial, SECURITY)
    trial.restart()
    assert await trial.tell(lock) == DONE
    assert subsystem(trial, SECURITY).faults == {6: 1}
    assert handshakes(trial, SECURITY) == 1


@BOTH
async def test_12_a_vehicle_that_was_rebooted_meanwhile(
    trial: Trial, make: Callable[[], Command], domain: Domain
) -> None:
    assert await trial.tell(make) == DONE
    trial.store()
    reboot(trial, domain)
    trial.advance(5)
    trial.restart()
    assert await trial.tell(make) == DONE
    assert subsystem(trial, domain).faults == {15: 1}
    assert handshakes(trial, domain) == 1
    assert len(ran(trial)) == 2


HOUR = timedelta(hours=1)
STEPS = pytest.mark.parametrize("step", [HOUR, -HOUR], ids=["+1 h", "-1 h"])


@STEPS
async def test_13_a_clock_step_while_running_changes_nothing(trial: Trial, step: timedelta) -> None:
    assert await trial.tell(honk) == DONE
    trial.wall_error = step
    assert await trial.tell(honk) == DONE
    assert subsystem(trial, INFOTAINMENT).faults == {}
    assert handshakes(trial, INFOTAINMENT) == 1
    # The session stored now fits the new time.
    trial.store()
    trial.restart()
    assert await trial.tell(honk) == DONE
    assert subsystem(trial, INFOTAINMENT).faults == {}
    assert handshakes(trial, INFOTAINMENT) == 1


async def test_13_a_clock_ahead_over_a_restart_costs_one_fault(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    trial.store()
    trial.wall_error = HOUR
    trial.restart()
    assert await trial.tell(honk) == DONE
    assert subsystem(trial, INFOTAINMENT).faults == {20: 1}
    assert handshakes(trial, INFOTAINMENT) == 1


async def test_13_a_clock_set_back_over_a_restart_costs_a_handshake(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    trial.store()
    trial.wall_error = -HOUR
    trial.restart()
    assert await trial.tell(honk) == DONE
    assert subsystem(trial, INFOTAINMENT).faults == {}
    assert handshakes(trial, INFOTAINMENT) == 2


@STEPS
async def test_13_a_clock_step_while_waking(trial: Trial, step: timedelta) -> None:
    """The minute that a wake may take is not measured by the date."""
    assert await trial.tell(lock) == DONE
    trial.car.steer({"state": "asleep"})
    trial.vehicle.apply_state("asleep")
    assert await trial.tell(lock) == DONE
    trial.advance(120)
    trial.wall_error = step
    trial.car.steer({"state": "asleep"})
    trial.vehicle.apply_state("asleep")
    begun = trial.monotonic()
    assert await trial.tell(lock) == DONE
    assert trial.monotonic() - begun < 60
    assert trial.car.wakes == 2


@STEPS
async def test_13_readings_after_a_clock_step(trial: Trial, step: timedelta) -> None:
    """Data from before is not fresh, and data from afterwards is not older."""
    assert await trial.tell(amperes(8)) == DONE
    trial.advance(60)
    await trial.vehicle.refresh()
    trial.wall_error = step
    trial.car.steer({"charge_amps": 13})
    assert not trial.vehicle.knowledge.is_certain({signals.CHARGE_CURRENT_REQUEST: 8})
    trial.advance(30)
    await trial.vehicle.refresh()
    assert trial.vehicle.state[signals.CHARGE_CURRENT_REQUEST] == 13
    assert await trial.tell(amperes(8)) == DONE
    assert trial.car.charging.requested_amps == 8


# --- 14: statuses, time-outs, cancelling ----------------------------------------------------------


async def test_14_offline_is_woken_and_signed_again(trial: Trial) -> None:
    """Tesla's stored state was stale: 408, a wake, and a new signature."""
    assert await trial.tell(honk) == DONE
    trial.car.steer({"state": "asleep"})
    assert await trial.tell(honk) == DONE
    assert sent(trial) == [200, 200, 408, 200]
    assert counters(trial, INFOTAINMENT) == [1, 3]
    assert trial.car.wakes == 1


@pytest.mark.parametrize("status", [408, 499, 500, 502, 503, 504, 540])
async def test_14_statuses_that_leave_it_open(trial: Trial, status: int) -> None:
    """Repeat the bytes; the vehicle may have got the first ones."""
    assert await trial.tell(honk) == DONE
    fails(trial, "status", status=status, body="gateway timeout")
    assert await trial.tell(honk) == DONE
    assert counters(trial, INFOTAINMENT) == [1, 2]
    assert sent(trial) == [200, 200, status, 200]
    fails(trial, "status", status=status, body="gateway timeout", count=2)
    assert isinstance(await trial.tell(honk), OutcomeUnknown)
    assert sent(trial) == [200, 200, status, 200, status, status]


async def test_14_421_is_followed(trial: Trial) -> None:
    trial.api.transport.base_url = trial.tesla.na_url
    assert await trial.tell(honk) == DONE
    assert trial.api.base_url == trial.tesla.eu_url
    assert ran(trial) == ["honk_horn"]


async def test_14_422_falls_back_to_plain(
    quiet_tesla: QuietSimulator, client_key: ClientKey
) -> None:
    """An old car that requires signatures according to Tesla."""
    async with on_trial(quiet_tesla, client_key, MODEL_S) as trial:
        required = {"vehicle_command_protocol_required": True}
        trial.vehicle.channel.apply_fleet_status({"vehicle_info": {MODEL_S: required}})
        assert trial.vehicle.channel.needs_key
        assert await trial.tell(honk) == DONE
        assert sent(trial) == [422]
        assert await trial.tell(honk) == DONE
        assert sent(trial) == [422]
        assert [each.signed for each in trial.car.executions] == [False, False]


async def test_14_429_is_waited_for_and_signed_again(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    fails(trial, "status", status=429, headers={"Retry-After": "40"})
    outcome = await trial.tell(honk)
    assert isinstance(outcome, RateLimited)
    assert outcome.retry_after == timedelta(seconds=40)
    assert isinstance(await trial.tell(honk), RateLimited)
    assert sent(trial) == [200, 200, 429]
    trial.advance(41)
    assert await trial.tell(honk) == DONE
    # Each attempt was signed separately.
    assert counters(trial, INFOTAINMENT) == [1, 4]


async def test_14_a_time_out(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    trial.timeouts = 1
    assert await trial.tell(honk) == DONE
    trial.timeouts = 2
    assert isinstance(await trial.tell(honk), OutcomeUnknown)
    assert await trial.tell(honk) == DONE
    # A counter is used up in any case; a copy has that of its original.
    assert counters(trial, INFOTAINMENT) == [1, 2, 4]


@pytest.mark.parametrize("moment", ["leaving", "executed"])
async def test_14_a_cancelled_task(trial: Trial, moment: str) -> None:
    """Its counter is used, the next command can follow, and nothing runs twice."""
    assert await trial.tell(honk) == DONE
    outcome = await trial.tell(honk, cancel_at=moment)
    assert isinstance(outcome, asyncio.CancelledError)
    times = len(ran(trial))
    assert times == 2 or (times == 1 and moment == "leaving")
    assert trial.vehicle.channel.sessions[INFOTAINMENT].state.counter == 2
    assert await trial.tell(honk) == DONE
    assert counters(trial, INFOTAINMENT)[-1] == 3
    assert subsystem(trial, INFOTAINMENT).faults == {}


async def test_14_a_cancelled_toggle_that_arrives_late(trial: Trial) -> None:
    """Requested again, it must not close what the first copy opened: the check comes after that."""
    assert await trial.tell(lock) == DONE
    trial.late_orders.append(10)
    outcome = await trial.tell(open_trunk, cancel_at="pause")
    assert isinstance(outcome, asyncio.CancelledError)
    assert trial.car.body.trunk == 0
    assert await trial.tell(open_trunk) == Done(already=True)
    assert trial.car.body.trunk == 1
    assert ran(trial).count("actuate_trunk") == 1


# --- 15: queues -----------------------------------------------------------------------------------


async def test_15_a_queue_longer_than_the_lifetime(trial: Trial) -> None:
    """Each is signed in its turn, so that none has expired on arrival."""
    assert await trial.tell(honk) == DONE
    trial.latency = 9
    begun = trial.monotonic()
    assert await trial.tell(*(honk,) * 5) == [DONE] * 5
    assert trial.monotonic() - begun > 2 * 15
    assert subsystem(trial, INFOTAINMENT).faults == {}
    assert counters(trial, INFOTAINMENT) == [1, 2, 3, 4, 5, 6]


async def test_15_a_message_slower_than_its_lifetime(trial: Trial) -> None:
    """It expires on the way each time: the vehicle reports that, and the command is not done."""
    assert await trial.tell(honk) == DONE
    trial.car.steer({"protocol": {"arrival_delay": 20}})
    trial.latency = 20
    assert isinstance(await trial.tell(honk), Refused)
    assert ran(trial) == ["honk_horn"]
    assert set(subsystem(trial, INFOTAINMENT).faults) == {17}


# --- The newest wins ------------------------------------------------------------------------------


def currents(trial: Trial) -> list[int]:
    """The requested charge current, in A."""
    return [
        each.parameters["charging_amps"]
        for each in trial.car.executions
        if each.name == "set_charging_amps"
    ]


async def until_they_wait() -> None:
    """Let a task that has just started reach its first wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_of_ten_waiting_settings_two_are_sent(trial: Trial) -> None:
    """The first is on its way, the last one counts; every caller gets an outcome."""
    assert await trial.tell(*(amperes(number) for number in range(5, 15))) == [DONE] * 10
    assert currents(trial) == [5, 14]
    assert booked(trial, Category.COMMAND) == 3


async def test_the_refusal_of_the_newest_is_everybodys(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    fails(trial, "status", status=404, skip=1)
    first, *others = await trial.tell(*(amperes(number) for number in range(5, 15)))
    assert first == DONE
    assert len(others) == 9
    assert all(isinstance(each, Refused) for each in others)
    assert currents(trial) == [5]


async def test_a_cancelled_first_caller_does_not_cancel_the_others(trial: Trial) -> None:
    """The first is cancelled while it is on its way; the next one continues."""
    first, *others = await trial.tell(*map(amperes, (5, 6, 7)), cancel_at="executed")
    assert isinstance(first, asyncio.CancelledError)
    assert others == [DONE, DONE]
    assert currents(trial) == [5, 7]


async def test_cancelling_a_waiting_caller_affects_no_other(trial: Trial) -> None:
    """The one that waits for all of them is cancelled before its turn comes."""
    async with trial.vehicle.turns.locks[INFOTAINMENT]:
        telling = asyncio.create_task(trial.tell(*map(amperes, (5, 6, 7))))
        await until_they_wait()
        trial.sendings[0].task.cancel()
        await until_they_wait()
    first, *others = await telling
    assert isinstance(first, asyncio.CancelledError)
    assert others == [DONE, DONE]
    assert currents(trial) == [7]


async def test_an_older_command_never_replaces_a_newer_one(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer one already waits when those that shared the cancelled one check for themselves."""
    vehicle = trial.vehicle
    transmit = vehicle.channel.transmit

    async def overtake(command: Command, *more: Any) -> Done:
        # 5 and 6 waited together, and 6 leaves now: this is when 7 comes.
        if len(trial.sendings) == 2:
            trial.join(amperes(7))
            await until_they_wait()
            trial.sendings[0].task.cancel()
        return await transmit(command, *more)

    monkeypatch.setattr(vehicle.channel, "transmit", overtake)
    async with vehicle.turns.locks[INFOTAINMENT]:
        telling = asyncio.create_task(trial.tell(*map(amperes, (5, 6))))
        await until_they_wait()
    first, second, third = await telling
    assert isinstance(first, asyncio.CancelledError)
    assert second == third == DONE
    assert currents(trial)[-1] == 7


async def test_a_refusal_does_not_speak_for_the_one_that_was_cancelled(trial: Trial) -> None:
    """A caller that shared it checks, is refused, and cannot know whether it ran before."""
    assert await trial.tell(honk) == DONE
    fails(trial, "status", status=404, skip=1)
    async with trial.vehicle.turns.locks[INFOTAINMENT]:
        telling = asyncio.create_task(trial.tell(*map(amperes, (5, 6)), cancel_at="executed"))
        await until_they_wait()
    first, second = await telling
    assert isinstance(first, asyncio.CancelledError)
    assert currents(trial) == [6]
    assert isinstance(second, OutcomeUnknown)


# --- Unknown outcomes -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["lost_reply", "dropped"])
async def test_an_unknown_outcome_is_looked_at_once_it_can_no_longer_change(
    trial: Trial, kind: str
) -> None:
    assert await trial.tell(honk) == DONE
    fails(trial, kind, count=2)
    begun = trial.monotonic()
    outcome = await trial.tell(amperes(8))
    assert trial.monotonic() - begun > 15 + 5
    if kind == "lost_reply":
        assert outcome == Done(already=True)
        assert currents(trial) == [8]
    else:
        assert isinstance(outcome, OutcomeUnknown)
        assert currents(trial) == []
    assert booked(trial, Category.DATA) == 1
    assert trial.tesla.bill.counts(vin=MODEL_Y)[Billed.DATA] == 1


async def test_without_budget_there_is_no_check_and_no_wait(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    # Room for the command and its copy; a look costs two of them.
    trial.api.meter.budget = Decimal("0.005")
    fails(trial, "lost_reply", count=2)
    begun = trial.monotonic()
    assert isinstance(await trial.tell(amperes(8)), OutcomeUnknown)
    assert trial.monotonic() - begun < 5
    assert booked(trial, Category.DATA) == 0
    assert currents(trial) == [8]


async def test_commands_without_a_trace_are_not_checked(trial: Trial) -> None:
    assert await trial.tell(honk) == DONE
    fails(trial, "lost_reply", count=2)
    assert isinstance(await trial.tell(honk), OutcomeUnknown)
    assert booked(trial, Category.DATA) == 0


# --- Known state ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "between"),
    [
        (partial(commands.set_charge_limit, 80), commands.charge_to_maximum),
        (commands.start_climate, partial(commands.set_climate_keeper, "off")),
        (commands.start_climate, partial(commands.set_defrost, on=False)),
    ],
    ids=["limit", "keeper", "defrost"],
)
async def test_a_command_can_change_more_than_it_is_meant_to(
    trial: Trial, before: Callable[[], Command], between: Callable[[], Command]
) -> None:
    """So readings from before do not count: the setting is sent again."""
    for begin in (
        partial(commands.set_defrost, on=True),
        partial(commands.set_climate_keeper, "dog"),
    ):
        assert await trial.tell(begin) == DONE
    await trial.vehicle.refresh()
    assert await trial.tell(before) == Done(already=True)
    assert await trial.tell(between) == DONE
    assert await trial.tell(before) == DONE


async def test_a_command_done_a_moment_ago_is_not_repeated(trial: Trial) -> None:
    assert await trial.tell(amperes(8)) == DONE
    assert await trial.tell(amperes(8)) == Done(already=True)
    assert currents(trial) == [8]


async def test_a_late_copy_of_a_cancelled_setting_is_reckoned_with(trial: Trial) -> None:
    """Cancelled, overwritten, and then it arrives after all: the last command is sent once more."""
    assert await trial.tell(honk) == DONE
    trial.late_orders.append(8)
    assert isinstance(await trial.tell(amperes(8), cancel_at="pause"), asyncio.CancelledError)
    assert await trial.tell(amperes(13)) == DONE
    trial.advance(10)
    assert trial.car.charging.requested_amps == 8
    assert await trial.tell(amperes(13)) == DONE
    assert trial.car.charging.requested_amps == 13


async def test_trouble_before_the_command_is_a_refusal(trial: Trial) -> None:
    """A look, a wake or a handshake that fails is no reason to believe that anything ran."""
    fails(trial, "lost_reply", count=2)
    handshake = await trial.tell(honk)
    trial.tesla.faults.order("status", endpoint="vehicle_data", status=500)
    look = await trial.tell(open_trunk)
    trial.vehicle.apply_state("asleep")
    trial.tesla.faults.order("malformed", endpoint="vehicle")
    wake = await trial.tell(honk)
    assert ran(trial) == []
    for outcome, key in (
        (handshake, "answer_lost"),
        (look, "service_error"),
        (wake, "invalid_answer"),
    ):
        assert isinstance(outcome, NotSent)
        assert outcome.translation_key == key
