"""A command from start to end, as a generator: it yields messages to send, and receives replies.

    talk = conversation(session, payload, clock=time.monotonic, repeatable=True)
    outgoing = next(talk)
    while True:
        wait outgoing.not_before seconds; post outgoing.message      (the caller's own I/O)
        try:
            outgoing = talk.send(the reply's bytes, or LOST, or NOT_SENT)
        except StopIteration as end:
            answer = end.value                                       (Replied, Faulted or Unknown)

Run it under the lock of its vehicle and domain. To give up (deadline, no budget), send NOT_SENT:
the conversation then returns the outcome so far. If the generator is closed instead, the outcome of
a command that was sent is unknown.

These rules keep a command from running twice:

    1. The same bytes run at most once, because the vehicle refuses a used counter. So after a lost
       reply, the same bytes are sent once more while they are valid. If the vehicle refuses them
       because of the counter, the first transmission had arrived.
    2. A new signature is a second command. None is made while an earlier one may have run or may
       still arrive, except for a repeatable command after fault 2 (TIMEOUT), where it does no harm.
    3. A message may be delivered twice. So after a fault about the counter, compare the vehicle's
       counter: if it equals that of the refused message, a first copy was accepted.
    4. Only a fault that proves that nothing ran allows a new signature, apart from rule 2, and only
       as often as `faults.FAULTS` says.
"""

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum

from . import faults
from .faults import Fault, Handling, ProtocolError, Ran, fault_of
from .session import DEFAULT_LIFETIME, Acceptance, Reply, Request, Session
from .verdict import OK, Outcome, Verdict, interpret

MAX_HANDSHAKES = 4
"""One handshake, and up to three more if an answer does not verify."""
MAX_LOST_HANDSHAKES = 2
"""A first loss may be a connection that was just closed; a second one is an outage."""
RESEND_PAUSE = 1.0
"""Seconds before sending again; the reference client's interval over the internet."""


_COUNTER_FAULTS = frozenset({faults.INVALID_TOKEN_OR_COUNTER, faults.REPEATED_COUNTER})
"""Faults that report a counter as used, or as too low."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The next message to send."""

    message: bytes = field(repr=False)
    """A serialised RoutableMessage."""
    not_before: float = 0.0
    """Seconds to wait before sending. The command's lifetime begins after them."""


class TransportFailure(Enum):
    """Sent to the conversation instead of a reply."""

    LOST = "lost"
    """The message may have arrived."""
    NOT_SENT = "not sent"
    """The message certainly did not arrive, or the caller gave up before sending it."""


LOST = TransportFailure.LOST
NOT_SENT = TransportFailure.NOT_SENT


class Why(Enum):
    """Why an outcome is unknown."""

    REPLY_LOST = "reply_lost"
    DELIVERED = "delivered"
    """The vehicle accepted the command, but its answer was lost."""
    UNREADABLE_REPLY = "unreadable_reply"
    FAULT = "fault"
    """The vehicle reported a fault that leaves open whether the command ran."""
    EARLIER_ATTEMPT = "earlier_attempt"
    """The last attempt did not run, but one before it may have."""


@dataclass(frozen=True, slots=True)
class Replied:
    """The vehicle received the command and answered; `verdict` says whether it was executed."""

    payload: bytes = field(repr=False)
    """The domain's answer; may contain personal data."""
    verdict: Verdict = OK
    """Its outcome is `OK`, `ALREADY` or `REFUSED`."""
    verified: bool = True
    """False if the answer is in plaintext, but the vehicle has encrypted its answers before."""


@dataclass(frozen=True, slots=True)
class Faulted:
    """The command was certainly not executed."""

    fault: Fault
    """The reason. If it is from a handshake, ignore its `ran`, which is about commands."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The command may have been executed; only the vehicle's state shows whether it was."""

    why: Why
    expires_in: float
    """Seconds in which the command can still run. Until then, do not sign again, and do not trust
    the vehicle's state."""
    fault: Fault | None = None
    """The vehicle's last answer, if any."""


type Answer = Replied | Faulted | Unknown
type Incoming = bytes | TransportFailure


def conversation(
    session: Session,
    payload: bytes,
    *,
    clock: Callable[[], float],
    repeatable: bool,
    lifetime: float = DEFAULT_LIFETIME,
) -> Generator[Outgoing, Incoming, Answer]:
    """Run one command on the vehicle.

    Args:
        session: Session of the vehicle's domain; updated during the conversation.
        payload: A serialised VCSEC.UnsignedMessage or CarServer.Action.
        clock: Returns monotonic seconds.
        repeatable: Whether running the command twice has the effect of running it once (set, lock;
            not toggle, step, honk).
        lifetime: Seconds after sending from which the vehicle refuses the command.
    """
    return (yield from _Conversation(session, payload, clock, repeatable, lifetime).run())


class _Conversation:
    """The state of one conversation."""

    def __init__(
        self,
        session: Session,
        payload: bytes,
        clock: Callable[[], float],
        repeatable: bool,  # noqa: FBT001  # passed on by the function above only
        lifetime: float,
    ) -> None:
        self._session = session
        self._payload = payload
        self._clock = clock
        self._repeatable = repeatable
        self._lifetime = lifetime
        self._tries: Counter[Fault | Handling] = Counter()
        self._pause = 0.0
        self._last_fault = faults.UNSENT
        # The last attempt that may have run. If there is one, no later refusal is certain.
        self._uncertain: Request | None = None

    def run(self) -> Generator[Outgoing, Incoming, Answer]:
        """Sign and send until there is an answer."""
        if not self._session.state.ready:
            failure = yield from self._handshake()
            if failure is not None:
                return Faulted(failure)
        while True:
            try:
                request = self._session.sign(
                    self._payload, now=self._clock() + self._pause, lifetime=self._lifetime
                )
            except ProtocolError:  # the counter is used up, or the clock cannot be true
                self._session.state.forget()
                return self._refused(faults.NO_SESSION)
            incoming = yield Outgoing(request.message, self._pause)
            if incoming is NOT_SENT:
                return self._refused(self._last_fault)
            if isinstance(incoming, TransportFailure):
                return (yield from self._resend(request))
            result, acceptance = self._read(request, incoming)
            if not isinstance(result, Fault):
                return result
            end = yield from self._prepare_next(request, result, acceptance)
            if end is not None:
                return end

    def _resend(self, request: Request) -> Generator[Outgoing, Incoming, Answer]:
        """Send the same bytes once more after a lost reply, and return what that proves."""
        if self._session.expires_in(request, self._clock() + RESEND_PAUSE) <= 1:
            return self._unknown(request, Why.REPLY_LOST)
        incoming = yield Outgoing(request.message, RESEND_PAUSE)
        if isinstance(incoming, TransportFailure):
            return self._unknown(request, Why.REPLY_LOST)
        result, _ = self._read(request, incoming)
        if not isinstance(result, Fault):
            return result
        if result in _COUNTER_FAULTS:
            return self._unknown(request, Why.DELIVERED, result)
        # Any other fault concerns only this copy; the first may have run before.
        return self._unknown(request, Why.REPLY_LOST, result)

    def _read(self, request: Request, incoming: bytes) -> tuple[Answer | Fault, Acceptance | None]:
        """Return the final answer or the fault to handle, and whether session info was accepted."""
        try:
            reply = self._session.open(request, incoming, now=self._clock())
        except ProtocolError:
            return self._unknown(request, Why.UNREADABLE_REPLY), None
        fault = _fault_in(reply)
        if fault is not None or reply.payload is None:
            return fault or faults.SESSION_INFO_ONLY, reply.session_info
        return self._read_payload(request, reply, reply.payload), None

    def _read_payload(self, request: Request, reply: Reply, payload: bytes) -> Answer | Fault:
        verdict = interpret(self._session.domain, payload)
        match verdict.outcome:
            case Outcome.WAIT:
                return faults.BUSY
            case Outcome.REFUSED if verdict.fault is not None:
                return verdict.fault
            # An `ALREADY` with a text is a success for some commands only, so it may be a refusal.
            case Outcome.REFUSED | Outcome.ALREADY if (
                self._uncertain is not None and verdict.translation_key
            ):
                return self._unknown(self._uncertain, Why.EARLIER_ATTEMPT)
            case Outcome.UNKNOWN:
                return self._unknown(request, Why.UNREADABLE_REPLY)
        return Replied(payload, verdict, verified=not reply.downgraded)

    def _prepare_next(
        self, request: Request, fault: Fault, acceptance: Acceptance | None
    ) -> Generator[Outgoing, Incoming, Answer | None]:
        """Prepare the next signature after a fault; return an answer if there must be none."""
        if fault.ran is Ran.MAYBE:
            self._uncertain = request
        if acceptance is Acceptance.KEY_NOT_PAIRED and fault.handling is Handling.RESYNC:
            fault = faults.UNKNOWN_KEY_ID
        is_about_counter = fault in _COUNTER_FAULTS
        if is_about_counter and self._session.shows_arrival(request):
            return self._unknown(request, Why.DELIVERED, fault)
        # Without the vehicle's counter, it is still unknown whether a first copy had arrived.
        doubtful = request if is_about_counter and acceptance is not Acceptance.ACCEPTED else None
        self._last_fault = fault
        self._tries[fault] += 1
        self._tries[fault.handling] += 1
        allowed = fault.retries if self._repeatable else fault.retries_unrepeatable
        in_all = faults.MAX_RESYNCS if fault.handling is Handling.RESYNC else faults.MAX_RETRIES
        if self._tries[fault] > allowed or self._tries[fault.handling] > in_all:
            return (yield from self._end(request, fault, doubtful))
        if fault.handling is Handling.RETRY:
            self._pause = fault.pause
            return None
        if fault is faults.TIME_TO_LIVE_TOO_LONG:
            self._lifetime /= 2
        return (yield from self._resync(request, fault, acceptance, doubtful))

    def _end(
        self, request: Request, fault: Fault, doubtful: Request | None
    ) -> Generator[Outgoing, Incoming, Answer]:
        """Return the answer after the last attempt that a fault allows."""
        if doubtful is not None and (yield from self._handshake()) is None:
            if self._session.shows_arrival(request):
                return self._unknown(request, Why.DELIVERED, fault)
            doubtful = None
        if fault.handling is Handling.RESYNC:
            self._session.state.forget()
        return self._refused(fault, doubtful)

    def _resync(
        self,
        request: Request,
        fault: Fault,
        acceptance: Acceptance | None,
        doubtful: Request | None,
    ) -> Generator[Outgoing, Incoming, Answer | None]:
        """Update the session; return an answer if there must be no new signature."""
        # The first resync is immediate, because waiting would gain nothing.
        self._pause = 0.0 if self._tries[Handling.RESYNC] == 1 else RESEND_PAUSE
        if acceptance is Acceptance.ACCEPTED:
            return None
        failure = yield from self._handshake()
        if failure is not None:
            return self._refused(failure, doubtful)
        if doubtful is not None and self._session.shows_arrival(request):
            return self._unknown(request, Why.DELIVERED, fault)
        self._pause = 0.0
        return None

    def _handshake(self) -> Generator[Outgoing, Incoming, Fault | None]:
        """Update the session with a handshake; return the fault if that fails."""
        pause = self._pause
        lost = 0
        fault = faults.NO_SESSION
        for _ in range(MAX_HANDSHAKES):
            request = self._session.hello(now=self._clock() + pause)
            incoming = yield Outgoing(request.message, pause)
            if incoming is NOT_SENT:
                return self._last_fault
            if isinstance(incoming, TransportFailure):
                lost += 1
                if lost == MAX_LOST_HANDSHAKES:
                    break
                found: Fault | None = faults.NO_SESSION
            else:
                found = self._read_handshake(request, incoming)
            if found is None or found.handling is Handling.FATAL:
                return found
            fault = found
            pause = max(RESEND_PAUSE, fault.pause)
        # Our own state may be why no answer was accepted, so begin again next time.
        self._session.state.forget()
        return fault

    def _read_handshake(self, request: Request, incoming: bytes) -> Fault | None:
        """Return None if the session was updated, otherwise the fault."""
        try:
            reply = self._session.open(request, incoming, now=self._clock())
        except ProtocolError:
            return faults.NO_SESSION
        if reply.session_info is Acceptance.ACCEPTED:
            return None
        if reply.session_info is Acceptance.KEY_NOT_PAIRED:
            return faults.UNKNOWN_KEY_ID
        fault = _fault_in(reply) or faults.NO_SESSION
        return faults.NO_SESSION if fault.handling is Handling.RESYNC else fault

    def _refused(self, fault: Fault, doubtful: Request | None = None) -> Answer:
        """The answer after the last attempt failed; `doubtful` is an attempt that may have run."""
        uncertain = self._uncertain or doubtful
        if uncertain is None:
            return Faulted(fault)
        why = Why.FAULT if fault.ran is Ran.MAYBE else Why.EARLIER_ATTEMPT
        return self._unknown(uncertain, why, fault)

    def _unknown(self, request: Request, why: Why, fault: Fault | None = None) -> Unknown:
        return Unknown(why, self._session.expires_in(request, self._clock()), fault)


def _fault_in(reply: Reply) -> Fault | None:
    if reply.fault:
        return fault_of(reply.fault)
    if reply.wait:
        return faults.BUSY
    return faults.OPERATION_ERROR if reply.operation_status else None
