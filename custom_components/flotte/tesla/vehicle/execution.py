"""The execution of commands: every step of a command, from its turn to its assumed effect.

A command must never run twice, and its whole cost must be admitted before anything is sent. The
order of the steps in `Executor._execute` and `Executor._perform` guarantees both.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, Final

from ..commands import Command
from ..errors import (
    AnswerLost,
    CommandRefused,
    InvalidAnswer,
    MissingScope,
    NotSent,
    OutcomeUnknown,
    ServiceError,
    VehicleUnavailable,
)
from ..listeners import Listeners
from ..spending.caller import Caller
from ..spending.decision import Defer
from ..spending.holds import Hold
from ..spending.tariff import COMMAND
from ..state import Reading, Signal, Source
from .admission import Admission
from .channel import CommandChannel
from .context import VehicleContext
from .deferred_commands import DeferredCommands
from .knowledge import Knowledge
from .low_current import LowCurrent
from .outcome import MAX_DOUBT_SECONDS, VERIFY_MARGIN_SECONDS, Done
from .persistence import Persistence
from .polling import Poller
from .presence import Presence
from .redundancy import Redundancy
from .turns import PendingCommand, Turns
from .unknown_commands import UnknownCommands
from .verification import Verifier
from .waking import Waker

UNPREPARED: Final = "reason_cabin_comfort_remote_settings_not_enabled"
"""The refusal of a command that needs the climate to be on. Some vehicles also refuse with it when
their owner has turned off remote comfort commands."""


class Executor:
    """Runs the commands to one vehicle, each at most once."""

    def __init__(
        self,
        context: VehicleContext,
        *,
        knowledge: Knowledge,
        presence: Presence,
        channel: CommandChannel,
        admission: Admission,
        poller: Poller,
        waker: Waker,
        persistence: Persistence,
    ) -> None:
        self.turns = Turns(self._execute)
        self.deferred = DeferredCommands(
            context,
            knowledge=knowledge,
            presence=presence,
            turns=self.turns,
            persistence=persistence,
            send=self.send,
        )
        self.executed = Listeners[Command, Caller]()
        """Notified of each command that was executed, or may have been."""
        self.under_way: list[tuple[Command, Caller]] = []
        """Commands that were requested and have no outcome yet, the oldest first."""
        self._context = context
        self._knowledge = knowledge
        self._presence = presence
        self._channel = channel
        self._admission = admission
        self._poller = poller
        self._waker = waker
        self._persistence = persistence
        self._redundancy = Redundancy(knowledge, presence)
        self.unknown = UnknownCommands(knowledge)
        self.low_current = LowCurrent(
            context, knowledge=knowledge, presence=presence, admission=admission, poller=poller
        )
        self._verifier = Verifier(context, knowledge, admission, poller)

    async def send(self, command: Command, caller: Caller) -> Done:
        """Run a command, waking the vehicle first if necessary.

        The gate admits the whole cost before the first request is sent. A command whose effect the
        vehicle is known to have already is skipped and costs nothing. Locking is skipped only if
        the stream confirms it: a door opened by hand must not stay unlocked to save a cent. Of
        several settings of one kind that wait for their turn, only the newest is sent; all callers
        get its outcome.

        Raises:
            Refused: the command was certainly not executed.
            OutcomeUnknown: it may have been executed, and the vehicle's state does not confirm it.
        """
        if not command.scopes & self._context.scopes:
            raise MissingScope(", ".join(sorted(command.scopes)))
        requested = command, caller
        self.under_way.append(requested)
        try:
            return await self.turns.run(command, caller)
        except (AnswerLost, ServiceError, InvalidAnswer) as error:
            if command.read is not None:
                raise
            # This answered an earlier step: answers to the command itself end in an outcome.
            raise NotSent(error) from error
        finally:
            self.under_way.remove(requested)

    # --- The steps of a command ------------------------------------------------------------------

    async def _execute(self, pending: PendingCommand) -> Done:
        """Wait for the command's turn, then run the newest command of its kind."""
        with ExitStack() as intents:
            return await self._execute_in_turn(pending, intents)

    async def _execute_in_turn(self, pending: PendingCommand, intents: ExitStack) -> Done:
        """Run a command in its turn; it is under way until `intents` is closed."""
        async with self.turns.take(pending) as (command, caller):
            by_report = self._redundancy.is_redundant(command, caller)
            if self.low_current.is_redundant(command, by_report=by_report):
                return self._skip(command, caller)
            self._redundancy.refuse_hindered(command, caller)
            await self.low_current.refuse(command, caller)
            self.unknown.refuse(command)
            intents.enter_context(self._knowledge.intents.under_way(command))
            done = await self._perform(pending, command, caller)
            if isinstance(done, Defer):
                return await self.deferred.put(command, caller, done)
            if command.read is not None:
                self._learn(command.read(done.reply))
                return done
            now = self._context.now()
            self._knowledge.note_action(command, now=now)
            self.low_current.note(command, now)
        self._poller.note_executed(command, caller, now)
        self.executed(command, caller)
        if command.expects and not done.already:
            self._knowledge.intents.done(command)
            self._knowledge.assume(command.assumed, now)
            await self._persistence.save_if_possible()
        return done

    async def _perform(
        self, pending: PendingCommand, command: Command, caller: Caller
    ) -> Done | Defer:
        """Wake the vehicle if necessary, send the command, and determine its outcome.

        Returns the gate's decision instead if the command is to be deferred.
        """
        try:
            await self._channel.require_key(command, caller)
            admitted = self._admission.admit_command(command, caller)
            if isinstance(admitted, Defer):
                return admitted
            with admitted as hold:
                # Before the wake, which would run a deferred command after this one.
                await self.deferred.supersede(command)
                if not self._presence.is_online:
                    if not command.wakes:
                        raise VehicleUnavailable
                    deferral = await self._waker.wake_for(command, caller)
                    if deferral is not None:
                        return deferral
                pending.has_left = True
                await self._poller.note_departure(command)
                return await self._transmit_awake(command, caller, hold)
        except OutcomeUnknown as error:
            if command.read is not None:
                raise AnswerLost(error.detail) from error
            self._knowledge.note_action(command, error.expires_in + VERIFY_MARGIN_SECONDS)
            try:
                return await self._verifier.confirm(command, error, caller)
            except OutcomeUnknown, asyncio.CancelledError:
                self._poller.look_unless_seen(command)
                raise
        except asyncio.CancelledError:
            self._knowledge.note_action(command, MAX_DOUBT_SECONDS)
            self._poller.look_unless_seen(command)
            raise
        finally:
            self._poller.note_arrival(command)

    def _learn(self, values: Mapping[Signal[Any], Any] | None) -> None:
        """Apply the values that the vehicle was asked for.

        Raises:
            CommandRefused: the reply has none, so the vehicle lacks what they belong to.
        """
        if values is None:
            raise CommandRefused("no answer", reason="reason_not_supported")
        now = self._context.now()
        self._knowledge.receive(
            {signal: Reading(value, now, Source.POLL) for signal, value in values.items()}, now
        )

    def _skip(self, command: Command, caller: Caller) -> Done:
        """Send nothing, because the command is redundant."""
        self.deferred.forget(command)
        if self._admission.wake_cost():
            self._context.api.meter.note_avoided_wake(
                caller, self._context.vin, self._context.now()
            )
        return Done(already=True)

    # --- Sending ---------------------------------------------------------------------------------

    async def _transmit_awake(self, command: Command, caller: Caller, hold: Hold) -> Done | Defer:
        """Send a command; if the vehicle turns out to be asleep, wake it once and send it again."""
        try:
            return await self._transmit_prepared(command, caller)
        except VehicleUnavailable:
            # The command did not run: otherwise the error would be `OutcomeUnknown`.
            self._presence.found_asleep()
            if not command.wakes:
                raise
        # Return the rest of the hold, and have the whole cost admitted again.
        hold.release()
        admitted = self._admission.admit_command(command, caller)
        if isinstance(admitted, Defer):
            return admitted
        with admitted:
            # Tesla's state can be minutes old, and has just proved wrong.
            deferral = await self._waker.wake_for(command, caller, believe=False)
            if deferral is not None:
                return deferral
            return await self._transmit_prepared(command, caller)

    async def _transmit_prepared(self, command: Command, caller: Caller) -> Done:
        """Send a command, after its preparation if that is needed."""
        preparation = command.preparation
        if preparation is None:
            return await self._transmit_guarded(command, caller)
        if not self._knowledge.is_prepared(command):
            await self._prepare(preparation, caller)
            return await self._transmit_guarded(command, caller)
        try:
            return await self._transmit_guarded(command, caller)
        except CommandRefused as error:
            if error.reason != UNPREPARED:
                raise
        # The vehicle is not prepared after all: the stream lost a change, or it is very recent.
        with self._admission.admit((COMMAND, COMMAND), caller, intent=command):
            await self._prepare(preparation, caller)
            return await self._transmit_guarded(command, caller)

    async def _prepare(self, preparation: Command, caller: Caller) -> None:
        """Run the command that another one needs first.

        An unknown outcome is no reason to stop: a vehicle that is not prepared refuses the other
        command.
        """
        try:
            await self._channel.transmit(preparation, caller)
        except OutcomeUnknown as error:
            self._knowledge.note_action(preparation, error.expires_in + VERIFY_MARGIN_SECONDS)
            return
        now = self._context.now()
        self.low_current.note_first()
        self._knowledge.note_action(preparation, now=now)
        self._poller.look_unless_reported(preparation.expects, now)
        self._knowledge.assume(preparation.expects, now)

    async def _transmit_guarded(self, command: Command, caller: Caller) -> Done:
        """Send a command, unless it would toggle a state that is already right."""
        if not await self._verifier.allows(command, caller):
            return Done(already=True)
        try:
            done = await self._channel.transmit(command, caller)
        except CommandRefused as error:
            self.unknown.note(command, error)
            raise
        self._verifier.note_accepted(command)
        return done
