"""The deferred commands of a vehicle: queued, superseded, and run once it wakes on its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .. import signals
from ..commands import Command
from ..errors import OutcomeUnknown, Refused, TeslaError
from ..listeners import Listeners
from ..spending.caller import Caller
from ..spending.decision import Defer
from ..state import Signal
from .context import VehicleContext
from .deferral import DeferralQueue, DeferredCommand
from .knowledge import Knowledge
from .outcome import Done
from .persistence import Persistence
from .presence import Presence
from .turns import Turns

_LOGGER = logging.getLogger(__name__)

SUPERSEDED: Final = "superseded by a newer command"


def _settings_of(command: Command) -> Mapping[Signal[Any], Any]:
    """The values that a deferred command sets itself.

    A seat heater also expects the climate to be on, which its preparation would have done.
    """
    return {
        each: value for each, value in command.expects.items() if each is not signals.CLIMATE_ON
    }


@dataclass(frozen=True, slots=True)
class Dropped:
    """The result of a deferred command that will not run."""

    reason: str


type DeferralResult = Done | TeslaError | Dropped
"""The result of a deferred command. Its caller got an answer when it was deferred."""


class DeferredCommands:
    """Settings that wait until the vehicle wakes on its own.

    Args:
        context: The vehicle's context.
        knowledge: Notifies its listeners when the number of deferred commands changes.
        presence: Reports when the vehicle is online.
        turns: Shows whether a pending command supersedes a deferred one.
        persistence: Saves a deferral before its caller gets an answer.
        send: Runs a command.
    """

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        turns: Turns,
        persistence: Persistence,
        send: Callable[[Command, Caller], Awaitable[Done]],
    ) -> None:
        self.queue = DeferralQueue()
        self.on_awake = Listeners[()]()
        """Called when the vehicle is awake and a command is deferred."""
        self.on_result = Listeners[DeferredCommand, DeferralResult]()
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._turns = turns
        self._persistence = persistence
        self._send = send
        # One run at a time: two could send the same command twice.
        self._lock = asyncio.Lock()
        # One save at a time: undoing a deferral must restore the one before it.
        self._saving = asyncio.Lock()
        # The kind of the deferral that is being saved; it may still be undone.
        self._unsaved: str | None = None
        # The deferred command that is being sent; it may be deferred again.
        self._resuming: Command | None = None
        # Whether it has its result already, such as being cancelled; then it must not be sent.
        self._has_result = False
        presence.on_online.subscribe(self._on_online)
        self.on_result.subscribe(lambda deferred, _: knowledge.intents.note(deferred.command))

    @property
    def waiting(self) -> Mapping[str, DeferredCommand]:
        """The deferred commands by kind, the oldest first."""
        return self.queue.waiting

    @property
    def expected(self) -> Mapping[Signal[Any], Any]:
        """The values that the deferred commands are to set."""
        return {
            signal: value
            for each in self.waiting.values()
            for signal, value in _settings_of(each.command).items()
        }

    def waits_until(self, shown: Collection[Signal[Any]]) -> datetime | None:
        """When the deferred commands that set one of these signals expire; None if none waits."""
        ends = (
            each.until
            for each in self.waiting.values()
            if not _settings_of(each.command).keys().isdisjoint(shown)
        )
        return max(ends, default=None)

    def _on_online(self) -> None:
        if self.waiting:
            self.on_awake()

    # --- Deferring -------------------------------------------------------------------------------

    async def put(self, command: Command, caller: Caller, decision: Defer) -> Done:
        """Defer a command, and drop an earlier deferred command of its kind.

        Raises:
            Refused: the deferral could not be saved, so the command is not deferred; or it was
                dropped while it was to run.
        """
        async with self._saving:
            self._refuse_dropped(command)
            now = self._context.now()
            new = DeferredCommand(command, caller, now, decision.until)
            old = self.queue.put(new)
            if command is self._resuming:
                # A deferred command that could not run continues to wait.
                return Done(waits_until=decision.until)
            await self._save(new, old)
        self._context.api.meter.note_avoided_wake(caller, self._context.vin, now)
        _LOGGER.debug(
            "%s waits until %s is awake: %s", command.name, self._context.vin[-6:], decision.key
        )
        self._knowledge.notify(frozenset({signals.ONLINE}))
        self._knowledge.intents.note(command)
        if self._presence.is_online:
            self._on_online()
        return Done(waits_until=decision.until)

    async def _save(self, new: DeferredCommand, old: DeferredCommand | None) -> None:
        """Save a deferral; if its caller gets an error instead, restore the one before it.

        If the deferral was cancelled or superseded meanwhile, so was the one before it.

        Raises:
            Refused: it could not be saved.
        """
        self._unsaved = new.command.supersedes
        try:
            await self._persistence.save()
        except Refused, asyncio.CancelledError:
            if self.queue.replace(new, old):
                old = None
            raise
        finally:
            self._unsaved = None
            if old is not None:
                self._report(old, Dropped(SUPERSEDED))

    async def supersede(self, command: Command) -> None:
        """Drop an earlier deferred command of this kind, and save that before this one is sent.

        Raises:
            Refused: this is a deferred command that was dropped while it waited for its turn.
        """
        self._refuse_dropped(command)
        if self.forget(command):
            await self._persistence.save_if_possible()

    def forget(self, command: Command) -> bool:
        """Drop an earlier deferred command of this kind; return whether there was one."""
        old = None if command.supersedes is None else self.queue.forget(command.supersedes)
        if old is None or old.command is command:
            return False
        self._drop([old], SUPERSEDED)
        return True

    def expire(self) -> None:
        """Drop expired commands."""
        self._drop(self.queue.expire(self._context.now()), "it waited too long")

    def cancel(self, names: Collection[str] | None = None) -> int:
        """Drop all deferred commands, or those of these names; return how many."""
        cancelled = [
            each for each in self.waiting.values() if names is None or each.command.name in names
        ]
        for each in cancelled:
            self.queue.forget(str(each.command.supersedes))
        self._drop(cancelled, "it was cancelled")
        return len(cancelled)

    async def withdraw(self, names: Collection[str] | None = None) -> int:
        """Cancel deferred commands as `cancel` does, and remove them from disk."""
        count = self.cancel(names)
        if count:
            await self._persistence.save_if_possible()
        return count

    def _drop(self, dropped: list[DeferredCommand], why: str) -> None:
        """Report commands that were removed from the queue as dropped."""
        for each in dropped:
            self._report(each, Dropped(why))
        if dropped:
            self._knowledge.notify(frozenset({signals.ONLINE}))

    def _refuse_dropped(self, command: Command) -> None:
        """Refuse to send or defer a command that was dropped while it was to run."""
        if command is self._resuming and self._has_result:
            raise Refused("dropped")

    def _report(self, deferred: DeferredCommand, result: DeferralResult) -> None:
        """Report the result of a deferred command, unless it has one already."""
        if deferred.command is self._resuming:
            if self._has_result:
                return
            self._has_result = True
        self.on_result(deferred, result)

    # --- Running ---------------------------------------------------------------------------------

    async def run_all(self) -> None:
        """Run the deferred commands while the vehicle is awake, the oldest first.

        Each stays in the queue until its turn, so that cancelling this loses none.
        """
        async with self._lock:
            self.expire()
            for kind, each in tuple(self.waiting.items()):
                if not self._presence.is_online:
                    return
                if self.waiting.get(kind) is not each or kind == self._unsaved:
                    continue
                if self._turns.is_waiting(kind):
                    # Running it would replace a newer command that waits for its turn.
                    self.queue.forget(kind)
                    self._drop([each], SUPERSEDED)
                    continue
                self._resuming, self._has_result = each.command, False
                try:
                    await self._run(kind, each)
                finally:
                    self._resuming = None
                await self._persistence.save_if_possible()

    async def _run(self, kind: str, deferred: DeferredCommand) -> None:
        """Run a deferred command, and report its result.

        If the vehicle was asleep after all, the command stays deferred with its old expiry.
        """
        try:
            done = await self._send(deferred.command, deferred.caller)
        except TeslaError as error:
            self.forget(deferred.command)
            self._report(deferred, error)
            return
        except asyncio.CancelledError:
            if kind not in self.waiting:
                self._report(deferred, OutcomeUnknown("cancelled"))
            raise
        if done.waits_until is None:
            self._report(deferred, done)
            return
        again = self.waiting.get(kind)
        if again is not None and again.command is deferred.command:
            self.queue.waiting[kind] = deferred

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The deferred commands, as JSON."""
        return {"deferred": self.queue.to_stored()}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the deferred commands from the JSON of `to_stored`."""
        self.queue = DeferralQueue.from_stored(stored.get("deferred"))
