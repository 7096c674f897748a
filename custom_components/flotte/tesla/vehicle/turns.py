"""Turns of commands: one at a time to each part of a vehicle, and of each setting the newest only.

A setting that waits for its turn is replaced by a newer one of its kind; all callers get the
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
"""How long a command waits for others to its part of the vehicle: one wake and a reply."""


class PendingCommand:
    """A command from its request to its outcome; until its turn, a newer one may replace it."""

    def __init__(self, command: Command, caller: Caller) -> None:
        self.command = command
        self.caller = caller
        """The last caller that asked for it."""
        self.has_left = False
        """Whether it was sent, so that a later refusal does not speak for it."""
        self.outcome: asyncio.Future[Done] = asyncio.get_running_loop().create_future()

    def fail(self, error: TeslaError) -> None:
        """Hand the error to the other callers that wait for the outcome."""
        self.outcome.set_exception(error)
        # Mostly there are none. An error that is never retrieved would be logged.
        self.outcome.exception()


class Turns:
    """The commands to one vehicle that wait for their turn, and whose turn it is.

    Args:
        execute: Called for each command that is not replaced; it takes its turn with `take`.
    """

    def __init__(self, execute: Callable[[PendingCommand], Awaitable[Done]]) -> None:
        self._execute = execute
        self.locks = {domain: asyncio.Lock() for domain in (None, *Domain)}
        """By part of the vehicle."""
        self._waiting: dict[str, PendingCommand] = {}
        """By kind of setting, those that can still be replaced."""
        self._latest: dict[str, PendingCommand] = {}
        """By kind of setting, the newest, also when it no longer waits."""

    def is_waiting(self, kind: str) -> bool:
        """Whether a setting of this kind waits for its turn."""
        return kind in self._waiting

    async def run(self, command: Command, caller: Caller) -> Done:
        """Run a command when its turn comes, or share the outcome of the one that waits already."""
        kind = command.supersedes
        if kind is None:
            return await self._execute(PendingCommand(command, caller))
        waiting = self._waiting.get(kind)
        # A person's rights serve the person's own command only: one of anybody else gets a turn of
        # its own.
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
            # Cancelled, or a bug: each of the others has to find out itself.
            waiting.outcome.cancel()
            raise
        finally:
            self._close(kind, waiting)
        waiting.outcome.set_result(done)
        return done

    @asynccontextmanager
    async def take(self, pending: PendingCommand) -> AsyncGenerator[tuple[Command, Caller]]:
        """Wait for the turn of a command; gives the command to send, which nothing replaces now.

        Raises:
            VehicleBusy: others took too long; nothing was sent.
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
        """Let nothing replace this command from now on."""
        if self._waiting.get(kind) is pending:
            del self._waiting[kind]

    async def _share(self, waiting: PendingCommand, caller: Caller) -> Done:
        """Wait for the outcome of the command that stands for ours too."""
        await asyncio.wait((waiting.outcome,))
        if not waiting.outcome.cancelled():
            return waiting.outcome.result()
        # Perhaps there is a newer one by now, waiting or on its way: it must not be overtaken.
        latest = self._latest.get(waiting.command.supersedes or "", waiting)
        try:
            if latest is not waiting:
                return await self._share(latest, caller)
            return await self.run(waiting.command, caller)
        except (Refused, Unreachable, AnswerLost, ServiceError, InvalidAnswer) as error:
            if waiting.has_left:
                raise OutcomeUnknown("earlier_attempt") from error
            raise
