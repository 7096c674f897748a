"""Turns of commands: one command at a time to each part of a vehicle.

A setting that waits for its turn is replaced by a newer one of its kind. All its callers get the
outcome of the one that is sent.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from ..commands import Command
from ..errors import (
    AnswerLost,
    InvalidAnswer,
    OutcomeUnknown,
    Refused,
    ServiceError,
    TeslaError,
    Unreachable,
    VehicleBusy,
)
from ..signing import Domain
from ..spending.caller import Caller, CallerKind
from .outcome import Done

LOCK_TIMEOUT_SECONDS: Final = 90.0
"""Longest time a command waits for its turn: time for one wake and one reply."""


class PendingCommand:
    """A command between its request and its outcome; a newer one can replace it until its turn."""

    def __init__(self, command: Command, caller: Caller) -> None:
        self.command = command
        self.caller = caller
        """The last caller that requested it."""
        self.has_left = False
        """Whether it may have been sent, so that a later refusal does not prove that it never
        ran."""
        self.outcome: asyncio.Future[Done] = asyncio.get_running_loop().create_future()

    def fail(self, error: TeslaError) -> None:
        """Pass the error to the other callers that wait for the outcome."""
        self.outcome.set_exception(error)
        # Usually no one else waits, and asyncio would log an error that is never retrieved.
        self.outcome.exception()


class Turns:
    """The turns of the commands to one vehicle.

    Args:
        execute: Runs a command that was not replaced. It has to take its turn with `take`.
    """

    def __init__(self, execute: Callable[[PendingCommand], Awaitable[Done]]) -> None:
        self._execute = execute
        self.locks = {domain: asyncio.Lock() for domain in (None, *Domain)}
        """One lock for each part of the vehicle."""
        self._waiting: dict[str, PendingCommand] = {}
        """The command of each kind of setting that waits and can still be replaced."""
        self._latest: dict[str, PendingCommand] = {}
        """The newest command of each kind of setting, waiting or not."""

    def is_waiting(self, kind: str) -> bool:
        """Whether a setting of this kind waits for its turn."""
        return kind in self._waiting

    async def run(self, command: Command, caller: Caller) -> Done:
        """Run a command in its turn, or have it replace one that waits and share its outcome."""
        kind = command.supersedes
        if kind is None:
            return await self._execute(PendingCommand(command, caller))
        waiting = self._waiting.get(kind)
        # A person may spend more than other callers. So no one else's command may replace a
        # person's and run with those rights; it gets a turn of its own.
        is_lesser = waiting is not None and (
            waiting.caller.kind is CallerKind.PERSON and caller.kind is not CallerKind.PERSON
        )
        if waiting is not None and not is_lesser:
            waiting.command, waiting.caller = command, caller
            return await self._share(waiting, caller)
        waiting = PendingCommand(command, caller)
        self._waiting[kind] = self._latest[kind] = waiting
        try:
            done = await self._execute(waiting)
        except TeslaError as error:
            waiting.fail(error)
            raise
        except BaseException:
            # Cancelled, or a bug: each of the other callers has to try on its own.
            waiting.outcome.cancel()
            raise
        finally:
            self._close(kind, waiting)
        waiting.outcome.set_result(done)
        return done

    @asynccontextmanager
    async def take(self, pending: PendingCommand) -> AsyncGenerator[tuple[Command, Caller]]:
        """Wait for a command's turn, then yield the command to send, which is now final.

        Raises:
            VehicleBusy: other commands took too long; nothing was sent.
        """
        lock = self.locks[pending.command.domain]
        try:
            async with asyncio.timeout(LOCK_TIMEOUT_SECONDS):
                await lock.acquire()
        except TimeoutError as error:
            raise VehicleBusy from error
        try:
            command, caller = pending.command, pending.caller
            if command.supersedes is not None:
                self._close(command.supersedes, pending)
            yield command, caller
        finally:
            lock.release()

    def _close(self, kind: str, pending: PendingCommand) -> None:
        """Make this command final: nothing can replace it from now on."""
        if self._waiting.get(kind) is pending:
            del self._waiting[kind]

    async def _share(self, waiting: PendingCommand, caller: Caller) -> Done:
        """Wait for the outcome of a pending command that also stands for this caller's."""
        await asyncio.wait((waiting.outcome,))
        if not waiting.outcome.cancelled():
            return waiting.outcome.result()
        # It was cancelled. If a newer command of its kind exists, do not overtake that one.
        latest = self._latest.get(waiting.command.supersedes or "", waiting)
        try:
            if latest is not waiting:
                return await self._share(latest, caller)
            return await self.run(waiting.command, caller)
        except (Refused, Unreachable, AnswerLost, ServiceError, InvalidAnswer) as error:
            if waiting.has_left:
                raise OutcomeUnknown("earlier_attempt") from error
            raise
