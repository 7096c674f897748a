"""Commands not worth sending: they are redundant, or the vehicle is known to refuse them now."""

from datetime import timedelta
from typing import Final, NamedTuple

from ..commands import Command
from ..errors import CommandRefused
from ..signing import Domain
from ..spending.caller import Caller, CallerKind
from . import waits
from .consequences import WHILE_ASLEEP
from .deferral import is_deferrable
from .knowledge import MAX_AGE, Knowledge
from .outcome import OVERRIDE_SECONDS, is_same_intent
from .presence import Presence

MAX_AGE_FOR_REPEATS: Final = timedelta(minutes=5)
"""Age up to which a reading counts as known to an automation that repeats its last command, such as
one that sets the current every minute: it will ask again. Also the longest time between a command
and its repetition."""

MAX_AGE_OF_SLEEP: Final = timedelta(minutes=2)
"""Age up to which Tesla's word that a vehicle sleeps counts; polls renew it each minute."""


class _Asked(NamedTuple):
    """A requested command, whether or not it was sent."""

    command: Command
    caller: Caller
    second: float
    """When it was requested, in monotonic seconds."""


class Redundancy:
    """Decides which commands to one vehicle need not or should not be sent.

    Every request is recorded, because the next decision depends on it: an automation that repeats a
    command needs less certainty, and a person who repeats a skipped command gets it sent.
    """

    def __init__(self, knowledge: Knowledge, presence: Presence) -> None:
        self._knowledge = knowledge
        self._presence = presence
        self._skipped: _Asked | None = None
        """The last command of a person that was skipped, or would have been without a repeat."""
        self._asked: dict[str, _Asked] = {}
        """The last request of each command, by the command's name."""

    def is_redundant(self, command: Command, caller: Caller) -> bool:
        """Whether the command is redundant, and no person insists on it."""
        is_repeat = self._is_repeat(command, caller)
        self._asked[command.name] = _Asked(command, caller, waits.monotonic())
        return self._is_already_so(command, is_repeat=is_repeat) and not self._is_insisted(
            command, caller
        )

    def refuse_hindered(self, command: Command, caller: Caller) -> None:
        """Refuse a command that the vehicle would certainly refuse, unless a person insists on it.

        Raises:
            CommandRefused: with the reason that the vehicle would give; nothing was sent.
        """
        hindrance = command.hindrance
        if hindrance is None:
            return
        value = self._knowledge.state[hindrance.signal]
        if (
            value in hindrance.values
            and self._knowledge.is_certain({hindrance.signal: value})
            and not self._is_insisted(command, caller)
        ):
            raise CommandRefused(reason=hindrance.reason, is_temporary=True)

    def _is_already_so(self, command: Command, *, is_repeat: bool) -> bool:
        """Whether the vehicle is known to be in the state that the command would bring about.

        For a plain setting (limit, current, temperature), coverage by the stream is enough. A
        command that secures the vehicle, or whose omission could do harm, needs a report from the
        last minute. For locks, it must come from a stream that is still connected: a door that a
        poll saw locked may have been opened by hand since.

        A vehicle that sleeps is not woken to turn off the climate, which would keep it awake.
        """
        if not command.repeatable or not command.expects or command.undoes_itself:
            return False
        if self._is_asleep and command.expects.items() <= WHILE_ASLEEP.items():
            return True
        if is_deferrable(command):
            return self._knowledge.is_certain(
                command.expects, MAX_AGE_FOR_REPEATS if is_repeat else MAX_AGE
            )
        return self._knowledge.was_just_reported(command.expects) and (
            command.domain is not Domain.VEHICLE_SECURITY
            or all(self._knowledge.was_streamed(signal) for signal in command.expects)
        )

    @property
    def _is_asleep(self) -> bool:
        """Whether Tesla has just reported that the vehicle sleeps."""
        presence = self._presence
        return presence.is_asleep and presence.was_checked_within(
            MAX_AGE_OF_SLEEP, self._knowledge.context.now()
        )

    def _is_repeat(self, command: Command, caller: Caller) -> bool:
        """Whether an automation repeats its last command."""
        last = self._asked.get(command.name)
        return (
            last is not None
            and caller.kind is CallerKind.AUTOMATION
            # A nameless caller may be several, such as a bridge to another assistant.
            and bool(caller.name)
            and caller == last.caller
            and is_same_intent(command, last.command)
            and waits.monotonic() - last.second <= MAX_AGE_FOR_REPEATS.total_seconds()
        )

    def _is_insisted(self, command: Command, caller: Caller) -> bool:
        """Whether a person repeats a command that was just skipped. Records this request."""
        if caller.kind is not CallerKind.PERSON:
            return False
        skipped, now = self._skipped, waits.monotonic()
        self._skipped = _Asked(command, caller, now)
        return (
            skipped is not None
            and is_same_intent(skipped.command, command)
            and now - skipped.second <= OVERRIDE_SECONDS
        )
