"""Commands from start to end, and above all: never twice."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import product

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command import universal_message_pb2 as universal

from custom_components.flotte.tesla.signing import (
    FAULTS,
    LOST,
    NOT_SENT,
    Answer,
    ClientKey,
    Domain,
    Faulted,
    Incoming,
    Outcome,
    Outgoing,
    Replied,
    Session,
    TransportFailure,
    Unknown,
    Why,
    conversation,
)
from custom_components.flotte.tesla.signing.faults import (
    NO_SESSION,
    OPERATION_ERROR,
    SESSION_INFO_ONLY,
    UNSENT,
)
from tests.tesla.signing.car import VIN, Car, Clock

LOCK = b"\x10\x01"
HELLO, COMMAND, RESEND = "handshake", "command", "the same bytes again"
LATENCY = 0.25


class Vanishes:
    """The message gets lost on its way to the car."""


class Late:
    """The car receives the message, but its reply gets lost."""


@dataclass
class Line:
    """The way to the car: the outcome of each transmission in turn; afterwards all succeed."""

    car: Car
    clock: Clock
    events: list[object] = field(default_factory=list)
    """`Vanishes`, `Late`, NOT_SENT, or bytes to answer instead of the car; None for normal."""
    lasts: float = LATENCY
    sent: list[Outgoing] = field(default_factory=list)

    @property
    def purposes(self) -> list[str]:
        """The kind of each message, from its bytes."""
        messages = [outgoing.message for outgoing in self.sent]
        return [
            HELLO
            if universal.RoutableMessage.FromString(message).HasField("session_info_request")
            else RESEND
            if message in messages[:number]
            else COMMAND
            for number, message in enumerate(messages)
        ]

    @property
    def pauses(self) -> list[float]:
        """The pause before each."""
        return [outgoing.not_before for outgoing in self.sent]

    def transmit(self, outgoing: Outgoing) -> Incoming:
        """Handle one message according to the next event."""
        self.sent.append(outgoing)
        self.clock.now += outgoing.not_before
        event = self.events.pop(0) if self.events else None
        if isinstance(event, TransportFailure | bytes):
            return event
        if event is Vanishes:
            self.clock.now += self.lasts
            return LOST
        reply = self.car.receive(outgoing.message)
        self.clock.now += self.lasts
        return LOST if event is Late else reply

    def carry(
        self, session: Session, *, repeatable: bool = False, lifetime: float = 15.0
    ) -> Answer:
        """Perform a new conversation."""
        return self.perform(
            conversation(session, LOCK, clock=self.clock, repeatable=repeatable, lifetime=lifetime)
        )

    def perform(self, talk: Generator[Outgoing, Incoming, Answer]) -> Answer:
        """Run a conversation until it returns."""
        try:
            outgoing = next(talk)
            for _ in range(30):
                outgoing = talk.send(self.transmit(outgoing))
        except StopIteration as end:
            answer: Answer = end.value
            return answer
        raise AssertionError("it does not end")


@pytest.fixture
def line(car: Car, clock: Clock) -> Line:
    return Line(car, clock)


def done(answer: Answer) -> bool:
    return isinstance(answer, Replied) and answer.verdict.outcome is Outcome.OK


# -- the normal way --------------------------------------------------------------------------------


def test_first_command_starts_with_a_handshake(empty: Session, car: Car, line: Line) -> None:
    assert done(line.carry(empty))
    assert line.purposes == [HELLO, COMMAND]
    assert line.pauses == [0, 0]
    assert car.executed == [LOCK]


def test_next_command_is_one_message(session: Session, car: Car, line: Line) -> None:
    for _ in range(3):
        assert done(line.carry(session))
    assert line.purposes == [COMMAND] * 3
    assert car.accepted == [1, 2, 3]


def test_parallel_commands_under_one_lock_make_one_handshake(
    empty: Session, car: Car, line: Line
) -> None:
    """The lock runs conversations one by one; each starts in its turn."""
    talks = [conversation(empty, LOCK, clock=line.clock, repeatable=True) for _ in range(3)]
    for talk in talks:
        assert done(line.perform(talk))
    assert car.handshakes == 1
    assert car.accepted == [1, 2, 3]


def test_domains_have_sessions_of_their_own(
    client_key: ClientKey, make_car: Callable[[Domain], Car], clock: Clock
) -> None:
    counters: list[list[int]] = []
    for domain in Domain:
        car = make_car(domain)
        car.counter = 10 * domain
        session = Session(client_key, VIN, domain)
        assert done(Line(car, clock).carry(session))
        counters.append(car.accepted)
    assert counters == [[21], [31]]


def test_answer_bears_the_payload_and_its_meaning(
    client_key: ClientKey, make_car: Callable[[Domain], Car], clock: Clock
) -> None:
    car = make_car(Domain.INFOTAINMENT)
    car.payload = bytes.fromhex("0a0c 0801 1208 0a06") + b"no_way"
    answer = Line(car, clock).carry(Session(client_key, VIN, Domain.INFOTAINMENT))
    assert isinstance(answer, Replied)
    assert answer.payload == car.payload
    assert answer.verdict.outcome is Outcome.REFUSED
    assert answer.verdict.reason == "no_way"
    assert answer.verified
    assert "no_way" not in repr(answer.payload.hex())


def test_success_in_plaintext_is_unverified_once_the_car_encrypted(
    session: Session, car: Car, line: Line
) -> None:
    car.encrypts = False
    answer = line.carry(session)
    assert isinstance(answer, Replied)
    assert answer.verified  # firmware before 2024.38
    car.encrypts = True
    line.carry(session)
    car.encrypts = False
    answer = line.carry(session)
    assert isinstance(answer, Replied)
    assert not answer.verified


# -- the handshake ---------------------------------------------------------------------------------


def spoil_tag(reply: universal.RoutableMessage) -> None:
    reply.signature_data.session_info_tag.tag = bytes(32)


def test_handshake_is_tried_at_most_four_times(empty: Session, car: Car, line: Line) -> None:
    car.spoil = spoil_tag
    assert line.carry(empty) == Faulted(NO_SESSION)
    assert line.purposes == [HELLO] * 4
    assert line.pauses == [0, 1, 1, 1]
    assert car.executed == []


def test_handshake_succeeds_at_the_last_try(empty: Session, line: Line) -> None:
    line.events = [b"\xff", b"", b"\x3a\x02\x08\x07", None]
    assert done(line.carry(empty))
    assert line.purposes == [HELLO] * 4 + [COMMAND]


def test_unpaired_key_ends_it_at_once(empty: Session, car: Car, line: Line) -> None:
    car.paired = False
    assert line.carry(empty) == Faulted(FAULTS[3])
    assert line.purposes == [HELLO]


def test_key_that_was_removed(session: Session, car: Car, line: Line) -> None:
    car.paired = False
    assert line.carry(session) == Faulted(FAULTS[3])
    assert line.purposes == [COMMAND]


def test_lost_handshake_is_repeated_once(empty: Session, line: Line) -> None:
    line.events = [Late]
    assert done(line.carry(empty))
    assert line.purposes == [HELLO, HELLO, COMMAND]


def test_handshake_lost_twice_ends_it(empty: Session, line: Line) -> None:
    line.events = [Late, Late]
    assert line.carry(empty) == Faulted(NO_SESSION)
    assert line.purposes == [HELLO, HELLO]


def fault_reply(domain: int, fault: int, status: int = 2) -> bytes:
    """A bare fault: from domain [7.1], status [12.1], fault [12.2]."""
    return bytes([0x3A, 2, 8, domain, 0x62, 4, 8, status, 0x10, fault])


@pytest.mark.parametrize(
    ("fault", "sends"), [(1, 4), (11, 4), (2, 4), (3, 1), (7, 1), (21, 1), (6, 4), (99, 1)]
)
def test_fault_of_a_handshake(empty: Session, car: Car, line: Line, fault: int, sends: int) -> None:
    line.events = [fault_reply(car.domain, fault)] * 9
    answer = line.carry(empty)
    assert isinstance(answer, Faulted)
    assert line.purposes == [HELLO] * sends
    if fault == 6:
        assert answer.fault is NO_SESSION
    else:
        assert answer.fault.number == fault


def test_waiting_car_at_the_handshake(empty: Session, car: Car, line: Line) -> None:
    line.events = [bytes([0x3A, 2, 8, car.domain, 0x62, 2, 8, 1])]
    assert done(line.carry(empty))
    assert line.pauses == [0, 2, 0]


def test_no_command_without_a_counter_left(session: Session, car: Car, line: Line) -> None:
    session.state.counter = car.counter = 2**32 - 1
    assert line.carry(session) == Faulted(NO_SESSION)
    assert line.purposes == [HELLO]
    assert car.executed == []


def test_no_command_with_an_impossible_clock(session: Session, line: Line) -> None:
    assert line.carry(session, lifetime=2.0**30) == Faulted(NO_SESSION)
    assert line.purposes == []
    assert done(line.carry(session))
    assert line.purposes == [HELLO, COMMAND]


def test_stale_clock_heals_with_the_next_command(session: Session, car: Car, line: Line) -> None:
    """A vehicle whose clock went back within an epoch must not stay shut out."""
    car.started += 50
    car.faults = [15]
    answer = line.carry(session)
    assert answer == Faulted(NO_SESSION)
    assert line.purposes == [COMMAND, HELLO, HELLO, HELLO, HELLO]
    assert done(line.carry(session))


# -- resync ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize("fault", [5, 6, 15, 17, 20, 26])
def test_resync_with_included_session_info(
    session: Session, car: Car, line: Line, fault: int, *, repeatable: bool
) -> None:
    car.faults = [fault]
    car.counter = 70
    assert done(line.carry(session, repeatable=repeatable))
    assert line.purposes == [COMMAND, COMMAND]
    assert line.pauses == [0, 0]
    assert car.accepted == [71]
    assert car.handshakes == 1  # the fixture's


@pytest.mark.parametrize("fault", [5, 6, 15, 17, 20, 26])
def test_resync_with_a_handshake(session: Session, car: Car, line: Line, fault: int) -> None:
    car.faults = [fault]
    car.with_session_info = False
    assert done(line.carry(session))
    assert line.purposes == [COMMAND, HELLO, COMMAND]
    assert len(car.executed) == 1


def test_pause_of_a_second_resync_is_before_its_handshake(
    session: Session, car: Car, line: Line
) -> None:
    car.faults = [6, 6]
    car.with_session_info = False
    assert done(line.carry(session))
    assert line.purposes == [COMMAND, HELLO, COMMAND, HELLO, COMMAND]
    assert line.pauses == [0, 0, 0, 1, 0]


def test_resync_with_session_info_that_does_not_verify(
    session: Session, car: Car, line: Line
) -> None:
    def first_only(reply: universal.RoutableMessage) -> None:
        spoil_tag(reply)
        car.spoil = None

    car.faults = [6]
    car.spoil = first_only
    assert done(line.carry(session))
    assert line.purposes == [COMMAND, HELLO, COMMAND]


@pytest.mark.parametrize(("fault", "resyncs"), [(5, 1), (20, 1), (6, 2), (15, 2), (17, 2), (26, 2)])
def test_resyncs_are_limited(
    session: Session, car: Car, line: Line, fault: int, resyncs: int
) -> None:
    car.faults = [fault] * 9
    assert line.carry(session, repeatable=True) == Faulted(FAULTS[fault])
    assert line.purposes == [COMMAND] * (1 + resyncs)
    assert line.pauses == [0, 0, 1][: 1 + resyncs]
    assert car.executed == []
    assert not session.state.ready  # the next one starts with a handshake
    car.faults = []
    assert done(line.carry(session))
    assert line.purposes[1 + resyncs :] == [HELLO, COMMAND]


def test_resyncs_are_limited_over_all_faults(session: Session, car: Car, line: Line) -> None:
    car.faults = [6, 15, 17, 5]
    assert line.carry(session) == Faulted(FAULTS[17])
    assert line.purposes == [COMMAND] * 3


def test_rebooted_car(session: Session, car: Car, line: Line) -> None:
    line.carry(session)
    car.reboot()
    assert done(line.carry(session))
    assert line.purposes == [COMMAND] * 3
    assert car.accepted == [1, 1]


def test_car_with_a_new_key(session: Session, car: Car, line: Line) -> None:
    car.key = ec.generate_private_key(ec.SECP256R1())
    assert done(line.carry(session))
    assert line.purposes == [COMMAND, COMMAND]


def test_too_long_lifetime_is_halved_once(session: Session, car: Car, line: Line) -> None:
    assert done(line.carry(session, lifetime=50.0))
    assert line.purposes == [COMMAND, COMMAND]
    assert car.lifetimes[0] > 30
    assert 23 <= car.lifetimes[1] <= 26


def test_command_answered_with_session_info_only(session: Session, car: Car, line: Line) -> None:
    def no_fault(reply: universal.RoutableMessage) -> None:
        reply.ClearField("signedMessageStatus")

    car.faults = [6]
    car.spoil = no_fault
    assert done(line.carry(session))
    assert line.purposes == [COMMAND, COMMAND]
    car.faults = [6] * 9
    assert line.carry(session) == Faulted(SESSION_INFO_ONLY)


def test_resync_for_a_key_that_is_not_paired(session: Session, car: Car, line: Line) -> None:
    def unpaired(reply: universal.RoutableMessage) -> None:
        reply.session_info = b"\x28\x01"

    car.faults = [6]
    car.spoil = unpaired
    assert line.carry(session) == Faulted(FAULTS[3])
    assert line.purposes == [COMMAND]


# -- waiting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("repeatable", [True, False])
def test_busy_is_waited_for(session: Session, car: Car, line: Line, *, repeatable: bool) -> None:
    car.faults = [1, 1, 1]
    assert done(line.carry(session, repeatable=repeatable))
    assert line.purposes == [COMMAND] * 4
    assert line.pauses == [0, 2, 2, 2]
    assert len(car.executed) == 1


def test_busy_is_given_up(session: Session, car: Car, line: Line) -> None:
    car.faults = [1] * 9
    assert line.carry(session) == Faulted(FAULTS[1])
    assert line.purposes == [COMMAND] * 4
    assert session.state.ready


def test_lifetime_starts_after_the_pause(session: Session, car: Car, line: Line) -> None:
    car.faults = [1, 1]
    line.carry(session)
    # Each arrived with the same lifetime, give or take a second of rounding and latency.
    assert max(car.lifetimes) - min(car.lifetimes) <= 1


def test_status_wait_is_waited_for(session: Session, car: Car, line: Line) -> None:
    car.statuses = [1, 1]
    assert done(line.carry(session))
    assert line.purposes == [COMMAND] * 3


def test_wait_in_the_payload_is_waited_for(
    client_key: ClientKey, make_car: Callable[[Domain], Car], clock: Clock
) -> None:
    car = make_car(Domain.VEHICLE_SECURITY)
    car.payload = bytes.fromhex("22020801")
    line = Line(car, clock)
    assert line.carry(Session(client_key, VIN, Domain.VEHICLE_SECURITY)) == Faulted(FAULTS[1])
    assert line.purposes == [HELLO] + [COMMAND] * 4


@pytest.mark.parametrize(("repeatable", "sends"), [(True, 4), (False, 2)])
def test_internal_fault(
    session: Session, car: Car, line: Line, *, repeatable: bool, sends: int
) -> None:
    car.faults = [11] * 9
    assert line.carry(session, repeatable=repeatable) == Faulted(FAULTS[11])
    assert line.purposes == [COMMAND] * sends


def test_missing_encryption_flag_is_tried_once_more(session: Session, car: Car, line: Line) -> None:
    car.faults = [28] * 9
    assert line.carry(session, repeatable=True) == Faulted(FAULTS[28])
    assert line.purposes == [COMMAND, COMMAND]


FATAL = [3, 4, 7, 8, 9, 10, 12, 13, 14, 16, 18, 19, 21, 22, 23, 24, 27, 29]


@pytest.mark.parametrize("fault", FATAL)
def test_fatal_fault(session: Session, car: Car, line: Line, fault: int) -> None:
    car.faults = [fault]
    assert line.carry(session, repeatable=True) == Faulted(FAULTS[fault])
    assert line.purposes == [COMMAND]


def test_older_error_channel_resyncs_with_a_handshake(
    client_key: ClientKey, make_car: Callable[[Domain], Car], clock: Clock
) -> None:
    car = make_car(Domain.VEHICLE_SECURITY)
    car.payload = bytes.fromhex("2206 0802 1202 1011")  # commandStatus error, 17 expired
    line = Line(car, clock)
    session = Session(client_key, VIN, Domain.VEHICLE_SECURITY)
    assert line.carry(session) == Faulted(FAULTS[17])
    assert line.purposes == [HELLO, COMMAND, HELLO, COMMAND, HELLO, COMMAND]


# -- unknown outcomes ------------------------------------------------------------------------------


def unknown(answer: Answer) -> Unknown:
    assert isinstance(answer, Unknown)
    return answer


@pytest.mark.parametrize("repeatable", [True, False])
def test_lost_reply_means_delivered_and_exactly_one_execution(
    session: Session, car: Car, line: Line, *, repeatable: bool
) -> None:
    line.events = [Late]
    answer = unknown(line.carry(session, repeatable=repeatable))
    assert answer.why is Why.DELIVERED
    assert answer.fault is FAULTS[6]
    assert line.purposes == [COMMAND, RESEND]
    assert line.sent[0].message == line.sent[1].message
    assert car.executed == [LOCK]
    assert done(line.carry(session))  # the session is fine, and in step
    assert car.executed == [LOCK, LOCK]


@pytest.mark.parametrize("fault", [6, 26])
def test_used_counter_after_a_resend(session: Session, car: Car, line: Line, fault: int) -> None:
    line.events = [Vanishes]
    car.faults = [fault]
    assert unknown(line.carry(session, repeatable=True)).why is Why.DELIVERED
    assert line.purposes == [COMMAND, RESEND]


@pytest.mark.parametrize("repeatable", [True, False])
def test_lost_request_is_resent_and_done(
    session: Session, car: Car, line: Line, *, repeatable: bool
) -> None:
    line.events = [Vanishes]
    assert done(line.carry(session, repeatable=repeatable))
    assert line.purposes == [COMMAND, RESEND]
    assert line.sent[0].message == line.sent[1].message
    assert car.executed == [LOCK]


@pytest.mark.parametrize("event", [Late, Vanishes])
def test_both_lost(session: Session, car: Car, line: Line, event: object) -> None:
    line.events = [event, event]
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.why is Why.REPLY_LOST
    assert line.purposes == [COMMAND, RESEND]
    assert 13 < answer.expires_in < 16
    assert len(car.executed) == (1 if event is Late else 0)


def test_resend_not_sent(session: Session, line: Line) -> None:
    line.events = [Late, NOT_SENT]
    assert unknown(line.carry(session)).why is Why.REPLY_LOST


@pytest.mark.parametrize("lasts", [14.0, 20.0, 300.0])
def test_expired_bytes_are_not_resent(session: Session, line: Line, lasts: float) -> None:
    line.lasts = lasts
    line.events = [Vanishes]
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.why is Why.REPLY_LOST
    assert line.purposes == [COMMAND]
    assert answer.expires_in == (0 if lasts > 16 else pytest.approx(1.75, abs=1))


def test_resend_that_came_too_late(session: Session, car: Car, line: Line) -> None:
    line.events = [Vanishes]
    car.faults = [17]
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.why is Why.REPLY_LOST
    assert answer.fault is FAULTS[17]
    assert line.purposes == [COMMAND, RESEND]
    assert car.executed == []


@pytest.mark.parametrize("fault", [1, 2, 5, 11, 15, 17, 20, 25, 28, 99])
def test_no_new_signature_after_a_lost_reply(
    session: Session, car: Car, line: Line, fault: int
) -> None:
    line.events = [Vanishes]
    car.faults = [fault]
    unknown(line.carry(session, repeatable=True))
    assert line.purposes == [COMMAND, RESEND]


@pytest.mark.parametrize("fault", FATAL)
def test_resend_that_is_forbidden_does_not_speak_for_the_first_copy(
    session: Session, car: Car, line: Line, fault: int
) -> None:
    def forbid_from_now_on(_: universal.RoutableMessage) -> None:
        car.faults = [fault]

    line.events = [Late]
    car.spoil = forbid_from_now_on
    answer = unknown(line.carry(session, repeatable=True))
    assert (answer.why, answer.fault) == (Why.REPLY_LOST, FAULTS[fault])
    assert car.executed == [LOCK]


@pytest.mark.parametrize("reply", [b"\xff", b"", b"\x3a\x02\x08\x07"])
def test_unreadable_reply(session: Session, line: Line, reply: bytes) -> None:
    line.events = [reply]
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.why is Why.UNREADABLE_REPLY
    assert answer.expires_in > 14
    assert line.purposes == [COMMAND]


def test_unreadable_payload(session: Session, car: Car, line: Line) -> None:
    car.payload = b"\xff"
    assert unknown(line.carry(session)).why is Why.UNREADABLE_REPLY
    assert len(car.executed) == 1


@pytest.mark.parametrize("fault", [2, 25, 99, 4711])
def test_fault_that_leaves_it_open(session: Session, car: Car, line: Line, fault: int) -> None:
    car.faults = [fault]
    answer = unknown(line.carry(session))
    assert answer.why is Why.FAULT
    assert answer.fault is not None
    assert answer.fault.number == fault
    assert line.purposes == [COMMAND]


def test_error_without_a_fault_is_no_success(session: Session, car: Car, line: Line) -> None:
    car.statuses = [2]
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.fault is OPERATION_ERROR
    assert line.purposes == [COMMAND]


def test_timeout_of_a_repeatable_command(session: Session, car: Car, line: Line) -> None:
    car.faults = [2, 2]
    assert done(line.carry(session, repeatable=True))
    assert line.purposes == [COMMAND] * 3
    car.faults = [2] * 9
    answer = unknown(line.carry(session, repeatable=True))
    assert (answer.why, answer.fault) == (Why.FAULT, FAULTS[2])
    assert line.purposes == [COMMAND] * 6


@pytest.mark.parametrize(
    ("faults", "events", "why"),
    [
        ((2, 7), (), Why.EARLIER_ATTEMPT),
        ((2, 1, 1, 1, 1), (), Why.EARLIER_ATTEMPT),
        ((2, 15, 15, 15), (), Why.EARLIER_ATTEMPT),
        ((2,), (None, NOT_SENT), Why.FAULT),
        ((2, 9), (None, Vanishes), Why.REPLY_LOST),
        ((2, 6), (None, Vanishes), Why.DELIVERED),
    ],
)
def test_after_a_timeout_no_refusal_is_certain(
    session: Session,
    car: Car,
    line: Line,
    faults: tuple[int, ...],
    events: tuple[object, ...],
    why: Why,
) -> None:
    car.faults = list(faults)
    line.events = list(events)
    answer = unknown(line.carry(session, repeatable=True))
    assert answer.why is why
    assert answer.expires_in > 0


def test_after_a_timeout_a_failed_handshake_is_not_certain_either(
    session: Session, car: Car, line: Line
) -> None:
    car.faults = [2, 6]
    car.with_session_info = False
    line.events = [None, None, fault_reply(car.domain, 3)]
    answer = unknown(line.carry(session, repeatable=True))
    assert (answer.why, answer.fault) == (Why.EARLIER_ATTEMPT, FAULTS[3])
    assert line.purposes == [COMMAND, COMMAND, HELLO]


def test_after_a_timeout_a_refusal_in_the_payload_is_not_certain_either(
    client_key: ClientKey, make_car: Callable[[Domain], Car], clock: Clock
) -> None:
    car = make_car(Domain.INFOTAINMENT)
    car.payload = bytes.fromhex("0a0c 0801 1208 0a06") + b"no_way"
    car.faults = [2]
    line = Line(car, clock)
    answer = unknown(line.carry(Session(client_key, VIN, Domain.INFOTAINMENT), repeatable=True))
    assert answer.why is Why.EARLIER_ATTEMPT


# -- the caller gives up ---------------------------------------------------------------------------


def test_command_that_was_not_sent(session: Session, car: Car, line: Line) -> None:
    line.events = [NOT_SENT]
    assert line.carry(session) == Faulted(UNSENT)
    assert car.executed == []


def test_handshake_that_was_not_sent(empty: Session, line: Line) -> None:
    line.events = [NOT_SENT]
    assert line.carry(empty) == Faulted(UNSENT)
    assert line.purposes == [HELLO]


def test_deadline_while_the_car_is_busy(session: Session, car: Car, line: Line) -> None:
    car.faults = [1]
    line.events = [None, NOT_SENT]
    assert line.carry(session) == Faulted(FAULTS[1])


def test_cancelled_command_keeps_its_counter(session: Session, car: Car, line: Line) -> None:
    talk = conversation(session, LOCK, clock=line.clock, repeatable=False)
    car.receive(next(talk).message)
    talk.close()
    assert session.state.counter == 1
    assert done(line.carry(session))
    assert car.accepted == [1, 2]


# -- any order of events ---------------------------------------------------------------------------


@pytest.mark.parametrize("faults", [(), (1,), (6,), (15, 1), (11,), (17, 6), (2,)])
def test_a_toggle_runs_at_most_once_and_the_answer_is_true(
    client_key: ClientKey,
    make_car: Callable[[Domain], Car],
    domain: Domain,
    clock: Clock,
    faults: tuple[int, ...],
) -> None:
    for events in product((None, Vanishes, Late, NOT_SENT), repeat=4):
        car = make_car(domain)
        car.faults = list(faults)
        session = Session(client_key, VIN, domain)
        answer = Line(car, clock, list(events)).carry(session, repeatable=False)
        assert len(car.executed) <= 1, events
        match answer:
            case Replied():
                assert car.executed == [LOCK], events
            case Faulted():
                assert car.executed == [], events
            case Unknown(why=Why.DELIVERED) if not faults:
                assert car.executed == [LOCK], events


def test_message_is_never_shown() -> None:
    assert "1234" not in repr(Outgoing(b"1234"))
    assert "1234" not in repr(Replied(b"1234"))
