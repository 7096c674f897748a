"""Commands that are not sent: the vehicle is known to be like that already, or to refuse them."""

from datetime import timedelta
from typing import Final, NamedTuple

from ..commands import Command
from ..errors import CommandRefused
from ..signing import Domain
from ..spending.caller import Caller, CallerKind
from . import waits
from .deferral import is_deferrable
from .knowledge import MAX_AGE, Knowledge
from .outcome import OVERRIDE_SECONDS, is_same_intent

MAX_AGE_FOR_REPEATS: Final = timedelta(minutes=5)
"""Age up to which a reading counts as known to an automation that repeats its last request, as one
that sets the current every minute: it will ask again. It is also the time in which it repeats."""


class _Asked(NamedTuple):
    """A command that was asked for, whether or not it was sent."""

    command: Command
    caller: Caller
    second: float
    """Monotonic."""


class Redundancy:
    """Decides which commands to one vehicle need not be sent, or are better not sent.

    Each question about a command is noted, because the next one depends on it: an automation that
    repeats itself needs less certainty, and a person who repeats a command gets it sent.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._skipped: _Asked | None = None
        """A person's last command that was not sent, or would not have been."""
        self._asked: dict[str, _Asked] = {}
        """The last question about each command, by the command's name."""

    def is_redundant(self, command: Command, caller: Caller) -> bool:
        """Whether the vehicle is known to be like that already, and no person insists."""
        is_repeat = self._is_repeat(command, caller)
        self._asked[command.name] = _Asked(command, caller, waits.monotonic())
        return self._is_already_so(command, is_repeat=is_repeat) and not self._is_insisted(
            command, caller
        )

    def refuse_hindered(self, command: Command, caller: Caller) -> None:
        """Refuse what the vehicle is known to refuse now, unless a person asks for it again.

        Raises:
            CommandRefused: for the reason that the vehicle would give; nothing was sent.
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
        """Whether the vehicle is known to be like that, so that nothing need be sent.

        Of a plain setting (limit, current, temperature) the stream's word is enough. Whatever
        secures the vehicle, or does harm when left out, needs a report of the last minute. For a
        lock it must be the report of a stream that is still up: what a poll read may have been
        opened by hand since.
        """
        if not command.repeatable or not command.expects or command.undoes_itself:
            return False
        if is_deferrable(command):
            return self._knowledge.is_certain(
                command.expects, MAX_AGE_FOR_REPEATS if is_repeat else MAX_AGE
            )
        return self._knowledge.was_just_reported(command.expects) and (
            command.domain is not Domain.VEHICLE_SECURITY
            or all(self._knowledge.was_streamed(signal) for signal in command.expects)
        )

    def _is_repeat(self, command: Command, caller: Caller) -> bool:
        """Whether an automation asks for what it asked for just before."""
        last = self._asked.get(command.name)
        return (
            last is not None
            and caller.kind is CallerKind.AUTOMATION
            # Without a name it may be any caller: a bridge to another assistant, for example.
            and bool(caller.name)
            and caller == last.caller
            and is_same_intent(command, last.command)
            and waits.monotonic() - last.second <= MAX_AGE_FOR_REPEATS.total_seconds()
        )

    def _is_insisted(self, command: Command, caller: Caller) -> bool:
        """Whether a person asks again for what was just not sent; the question is noted."""
        if caller.kind is not CallerKind.PERSON:
            return False
        skipped, now = self._skipped, waits.monotonic()
        self._skipped = _Asked(command, caller, now)
        return (
            skipped is not None
            and is_same_intent(skipped.command, command)
            and now - skipped.second <= OVERRIDE_SECONDS
        )
