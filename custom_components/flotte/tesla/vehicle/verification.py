"""The verification of commands: read the vehicle's state instead of sending a command twice."""

import logging
from contextlib import nullcontext
from typing import Final

from ..commands import Command
from ..errors import CommandRefused, OutcomeUnknown, TeslaError
from ..spending.caller import Caller
from ..spending.tariff import DATA
from . import waits
from .admission import Admission
from .context import VehicleContext
from .knowledge import MAX_AGE_FOR_TOGGLES, Knowledge
from .outcome import VERIFY_MARGIN_SECONDS, Done, is_same_intent
from .polling import Poller

MOVE_SECONDS: Final = 15.0
"""How long a trunk may take to open or close, with some reserve."""
_LOGGER = logging.getLogger(__name__)


class Verifier:
    """Reads the vehicle's state before a toggle, and after a command with an unknown outcome."""

    def __init__(
        self,
        context: VehicleContext,
        knowledge: Knowledge,
        admission: Admission,
        poller: Poller,
    ) -> None:
        self._context = context
        self._knowledge = knowledge
        self._admission = admission
        self._poller = poller
        # The last toggle that the vehicle accepted, and when, in monotonic seconds.
        self._toggled: tuple[Command, float] | None = None

    def note_accepted(self, command: Command) -> None:
        """Note a command that the vehicle accepted: a toggle then moves for some seconds."""
        if command.requires:
            self._toggled = command, waits.monotonic()

    def _is_moving(self, command: Command) -> bool:
        """Whether this toggle may still move. Meanwhile, the vehicle reports where it was."""
        if self._toggled is None:
            return False
        last, second = self._toggled
        return (
            is_same_intent(command, last)
            and command.expects == last.expects
            and (waits.monotonic() - second < MOVE_SECONDS)
        )

    async def allows(self, command: Command, caller: Caller) -> bool:
        """Whether a command may be sent: a toggle only if its required state was just reported.

        A toggle is not sent again while it may still move, which would stop or reverse it.
        Requests the vehicle's data if no such report is recent enough.

        Raises:
            CommandRefused: the vehicle does not report the required signals, so the toggle might
                do the opposite of what the caller wants.
        """
        if self._is_moving(command):
            return False
        if not command.requires or self._knowledge.was_just_reported(
            command.requires, MAX_AGE_FOR_TOGGLES
        ):
            return True
        # Wait until no earlier command can take effect between the look and the toggle.
        doubt = self._knowledge.doubt_seconds(command.domain)
        if doubt > 0:
            await waits.pause(doubt)
        # The whole cost was admitted without this request if the report was recent then.
        is_admitted = self._context.api.meter.holds(
            DATA, caller, self._context.vin, self._context.now()
        )
        with (
            nullcontext() if is_admitted else self._admission.admit((DATA,), caller, intent=command)
        ):
            readings = await self._poller.refresh(caller)
        for signal, value in command.requires.items():
            reading = readings.get(signal)
            if reading is None or reading.value is None:
                raise CommandRefused(reason="position_unknown")
            if reading.value != value:
                return False
        return True

    async def confirm(self, command: Command, error: OutcomeUnknown, caller: Caller) -> Done:
        """Find out whether a command took effect.

        If the stream covers the effect, wait for its report. Otherwise wait until the command can
        no longer run, then send one data request if the budget has room for it. A vehicle that
        shows another value proves nothing: it may have executed the command and been changed again,
        or have corrected the value.

        Raises:
            OutcomeUnknown: the given error, if nothing confirms the command.
        """
        if not any(signal.paths or signal.streamed for signal in command.expects):
            raise error
        seconds = error.expires_in + VERIFY_MARGIN_SECONDS
        if self._knowledge.is_covered(command.expects):
            sent_at = self._context.now()
            await self._knowledge.wait_until(
                lambda: self._knowledge.shows(command.expects, sent_at), seconds
            )
            if self._knowledge.shows(command.expects, sent_at):
                return Done(already=True)
            if self._knowledge.is_covered(command.expects):
                # An older reading with the wanted value proves nothing: streams lose changes.
                raise error
            # The stream was lost meanwhile. The command has expired by now, so wait no longer.
            seconds = 0.0
        try:
            # Do not wait for a data request that the budget has no room for.
            self._context.api.meter.require((DATA,), self._context.now())
            await waits.pause(seconds)
            readings = await self._poller.refresh(caller)
        except TeslaError as failure:
            _LOGGER.debug("Not verified: %s", failure)
            raise error from failure
        for signal, value in command.expects.items():
            reading = readings.get(signal)
            if reading is None or not signal.same(reading.value, value):
                raise error
        return Done(already=True)
