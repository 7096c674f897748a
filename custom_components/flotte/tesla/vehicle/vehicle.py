"""A vehicle: what is known of it, how it is asked, woken and told what to do.

All readings, whoever told them, are merged into one frozen state; listeners hear which signals show
something else. Commands end in one of three ways: done (`Done` is returned), certainly not executed
(a `Refused` error), or unknown (`OutcomeUnknown`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import Any, Final

from .. import signals
from ..api.fleet import SCHEDULE_SECTIONS, FleetApi
from ..clock import utc_now
from ..commands import Command
from ..errors import (
    AnswerLost,
    CommandRefused,
    Deferred,
    InvalidAnswer,
    MissingScope,
    NotSent,
    OutcomeUnknown,
    Refused,
    ServiceError,
    TeslaError,
    VehicleUnavailable,
)
from ..signing import ClientKey
from ..spending.caller import POLLING, Caller
from ..spending.gate import Gate
from ..spending.holds import Hold
from ..spending.tariff import COMMAND, DATA
from ..state import (
    Readings,
    State,
)
from . import waits
from .admission import Admission
from .channel import CommandChannel
from .context import VehicleContext
from .deferral import Queue, Waiting, may_wait
from .knowledge import MAX_AGE_FOR_TOGGLES, Knowledge, StateListener
from .outcome import (
    MAX_DOUBT_SECONDS,
    VERIFY_MARGIN_SECONDS,
    CommandMode,
    Done,
    Errand,
)
from .persistence import Persistence
from .polling import Poller
from .presence import Presence
from .redundancy import Redundancy
from .turns import PendingCommand, Turns
from .wake_record import WakeRecord
from .waking import Waker

_LOGGER = logging.getLogger(__name__)

OVERTAKEN: Final = "a newer one took its place"

type Settled = Callable[[Waiting, TeslaError | None], None]
"""Hears what became of a command that waited; None is done, and `Deferred` that it was given up."""
UNPREPARED: Final = "reason_cabin_comfort_remote_settings_not_enabled"
"""The refusal of what needs the climate on; some vehicles also give it when their owner switched
such commands off."""


class Vehicle:
    """One vehicle of an account.

    Args:
        vin: Vehicle identification number, 17 characters.
        api: Way to Tesla.
        key: Our key, which the owner paired with the vehicle.
        scopes: What the owner granted.
        mode: How it accepts commands, as far as Tesla's product list says.
        gate: Decides what may be spent; None is the usual one.
        clock: Time now; aware.
    """

    def __init__(
        self,
        vin: str,
        api: FleetApi,
        key: ClientKey,
        *,
        scopes: frozenset[str],
        mode: CommandMode = CommandMode.SIGNED,
        gate: Gate | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.vin = vin
        self.api = api
        self.gate = gate or Gate(api.meter)
        self.context = VehicleContext(vin, api, self.gate, scopes, clock)
        self.knowledge = Knowledge(self.context)
        self.presence = Presence(self.context, self.knowledge)
        self.presence.on_online.subscribe(self._on_online)
        self.persistence = Persistence()
        self.channel = CommandChannel(self.context, key, mode)
        self._last_wake = WakeRecord()
        self.admission = Admission(
            self.context, self.knowledge, self.presence, self.channel, self._last_wake
        )
        self._redundancy = Redundancy(self.knowledge)
        self.turns = Turns(self._execute)
        self.poller = Poller(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            channel=self.channel,
            admission=self.admission,
            persistence=self.persistence,
        )
        self.waker = Waker(
            self.context,
            knowledge=self.knowledge,
            presence=self.presence,
            admission=self.admission,
            last_wake=self._last_wake,
            persistence=self.persistence,
        )
        self.deferred = Queue()
        """Settings that wait until it is awake by itself."""
        self.awoke: Callable[[], None] = lambda: None
        """Called when it is awake and something waits for that."""
        self.settled: Settled = lambda _waiting, _error: None
        self._scopes = scopes
        self._clock = self.context.now
        # One after the other: two could send the same.
        self._deferred_lock = asyncio.Lock()
        # What waited before, and may have to wait on.
        self._tried_again: Command | None = None

    # --- What is known ---------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """All readings, in one frozen snapshot."""
        return self.knowledge.state

    @property
    def is_online(self) -> bool:
        """Whether Tesla could reach it at the last report."""
        return self.presence.is_online

    @property
    def is_streaming(self) -> bool:
        """Whether it streams now."""
        return self.presence.is_streaming

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Notify `listener` of signals whose value changed; call the returned function to stop."""
        return self.knowledge.subscribe(listener)

    def receive(self, readings: Readings, now: datetime | None = None) -> None:
        """Merge readings from any source; a caller that has just read the clock passes `now`."""
        self.knowledge.receive(readings, now)

    def lapse(self) -> None:
        """Drop assumptions that no reading confirmed in time."""
        self.knowledge.lapse()

    def to_stored(self) -> dict[str, Any]:
        """What to keep over a restart, as JSON; nothing in it is secret."""
        monotonic, wall = waits.monotonic(), self._clock().timestamp()
        return {
            **self.knowledge.to_stored(),
            **self.presence.to_stored(),
            **self.channel.to_stored(monotonic=monotonic, wall=wall),
            **self._last_wake.to_stored(monotonic=monotonic, wall=wall),
            **self.poller.to_stored(),
            "deferred": self.deferred.to_stored(),
        }

    def restore(self, stored: object) -> None:
        """Take up what `to_stored` kept; what cannot be read is left out."""
        if not isinstance(stored, Mapping):
            return
        self.knowledge.restore(stored)
        self.presence.restore(stored)
        self.poller.restore(stored)
        self.deferred = Queue.from_stored(stored.get("deferred"))
        monotonic, wall = waits.monotonic(), self._clock().timestamp()
        self._last_wake.restore(stored, monotonic=monotonic, wall=wall)
        self.channel.restore(stored, monotonic=monotonic, wall=wall)

    def _on_online(self) -> None:
        if self.deferred.waiting:
            self.awoke()

    def apply_state(self, word: object) -> None:
        """Apply Tesla's word for the state: `online`, `asleep` or `offline`; ignore others."""
        self.presence.apply_state(word)

    async def check(self, caller: Caller = POLLING) -> bool:
        """Ask Tesla, not the vehicle, whether it is online; usually free."""
        return await self.presence.check(caller)

    def check_due(self) -> bool:
        """Whether the polling plan asks for a state check now."""
        return self.poller.check_due()

    def data_due(self) -> bool:
        """Whether the polling plan allows a data request now."""
        return self.poller.data_due()

    async def poll(self) -> Readings:
        """Refresh in the background; only while spending keeps pace with the month."""
        return await self.poller.poll()

    async def refresh(self, caller: Caller = POLLING) -> Readings:
        """Ask the vehicle for everything, and return the readings: one data request."""
        return await self.poller.refresh(caller)

    async def schedules(self, caller: Caller) -> dict[str, Any]:
        """Ask for the schedules, waking the vehicle first if it sleeps: one data request.

        The answer's sections are read by `schedules`.

        Raises:
            BudgetExceeded: there is no room for the whole cost; nothing was sent.
            TeslaError: any other.
        """
        with self.admission.admit(
            (DATA, *self.admission.wake_cost()), caller, intent=Errand.SCHEDULES
        ):
            await self.waker.ensure_awake(caller, intent=Errand.SCHEDULES)
            try:
                return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)
            except VehicleUnavailable:
                self.presence.found_asleep()
        with self.admission.admit(
            (DATA, *self.admission.wake_cost()), caller, intent=Errand.SCHEDULES
        ):
            # It fell asleep unnoticed.
            await self.waker.ensure_awake(caller, intent=Errand.SCHEDULES)
            return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)

    async def wake(self, caller: Caller) -> None:
        """Make sure that it is online, waking it if it is not; several callers share one wake."""
        await self.waker.wake(caller)

    # --- Commands --------------------------------------------------------------------------------

    async def send(self, command: Command, caller: Caller) -> Done:
        """Carry out a command, waking the vehicle first if it sleeps.

        The whole cost is asked of the meter before the first request leaves. A setting that the
        vehicle is known to have already costs nothing; locks are sent unless the stream vouches for
        them, because one that was opened by hand must not stay open for a cent. Of several settings
        of the same kind that wait for their turn only the newest is sent; all callers hear its
        outcome.

        Raises:
            Refused: certainly not executed.
            OutcomeUnknown: it may have been executed, and the vehicle's state does not confirm it.
        """
        if not command.scopes & self._scopes:
            raise MissingScope(", ".join(sorted(command.scopes)))
        try:
            return await self.turns.run(command, caller)
        except (AnswerLost, ServiceError, InvalidAnswer) as error:
            # About what came before: its own answers end in an outcome.
            raise NotSent(error) from error

    async def _execute(self, pending: PendingCommand) -> Done:
        """Wait for the turn, then execute the newest command of its kind."""
        async with self.turns.take(pending) as (command, caller):
            if self._redundancy.is_redundant(command, caller):
                self._forget_deferred(command)
                if self.admission.wake_cost():
                    self.api.meter.note_avoided_wake(caller, self.vin, self._clock())
                return Done(already=True)
            self._redundancy.refuse_hindered(command, caller)
            try:
                done = await self._perform(pending, command, caller)
            except Deferred as error:
                return await self._defer(command, caller, error)
            now = self._clock()
            self.knowledge.note_action(command, now=now)
        self.poller.note_executed(command, caller, now)
        if command.expects and not done.already:
            self.knowledge.assume(command.expects, now)
            await self.persistence.save_if_possible()
        return done

    async def _perform(self, pending: PendingCommand, command: Command, caller: Caller) -> Done:
        """Send it, after a wake if it needs one, and find out what became of it."""
        try:
            await self.channel.require_key(command, caller)
            with self.admission.admit_command(command, caller) as hold:
                # Before it is awake, or what waited for that would be carried out after this.
                await self._overtake_deferred(command)
                await self.waker.ensure_awake(caller, deferrable=may_wait(command), intent=command)
                pending.has_left = True
                await self.poller.note_departure(command)
                return await self._transmit_awake(command, caller, hold)
        except OutcomeUnknown as error:
            self.knowledge.note_action(command, error.expires_in + VERIFY_MARGIN_SECONDS)
            try:
                return await self._verify(command, error, caller)
            except OutcomeUnknown, asyncio.CancelledError:
                self.poller.look_unless_seen(command)
                raise
        except asyncio.CancelledError:
            self.knowledge.note_action(command, MAX_DOUBT_SECONDS)
            self.poller.look_unless_seen(command)
            raise
        finally:
            self.poller.note_arrival(command)

    # --- Waiting until it is awake ---------------------------------------------------------------

    async def _defer(self, command: Command, caller: Caller, error: Deferred) -> Done:
        """Let a command wait; the one of its kind that waited before is given up for it."""
        now = self._clock()
        until = error.gives_up or now + self.gate.policy.max_deferral
        new = Waiting(command, caller, now, until)
        old = self.deferred.put(new)
        if command is self._tried_again:
            # It waits on.
            return Done(waits_until=until)
        try:
            await self.persistence.save()
        except Refused:
            self.deferred.replace(new, old)
            raise
        if old is not None:
            self.settled(old, error)
        self.api.meter.note_avoided_wake(caller, self.vin, now)
        _LOGGER.debug("%s waits until %s is awake: %s", command.name, self.vin[-6:], error.reason)
        self.knowledge.notify(frozenset({signals.ONLINE}))
        return Done(waits_until=until)

    async def _overtake_deferred(self, command: Command) -> None:
        """Drop what waited of its kind before this is sent, also for after a crash."""
        if self._forget_deferred(command):
            await self.persistence.save_if_possible()

    def _forget_deferred(self, command: Command) -> bool:
        """Drop what waited of its kind, as it is sent now or is so already; answers if any did."""
        old = None if command.supersedes is None else self.deferred.forget(command.supersedes)
        if old is None or old.command is command:
            return False
        self._give_up([old], OVERTAKEN)
        return True

    def _give_up(self, waiting: list[Waiting], why: str) -> None:
        """Say that these wait no longer, and have it kept."""
        for each in waiting:
            self.settled(each, Deferred(why))
        if waiting:
            self.knowledge.notify(frozenset({signals.ONLINE}))

    def expire_deferred(self) -> None:
        """Give up what waited too long."""
        self._give_up(self.deferred.expire(self._clock()), "it waited too long")

    def cancel_deferred(self, names: Collection[str] | None = None) -> int:
        """Take back all that waits, or the commands of these names; answers how many."""
        waiting = [
            each
            for each in self.deferred.waiting.values()
            if names is None or each.command.name in names
        ]
        for each in waiting:
            self.deferred.forget(str(each.command.supersedes))
        self._give_up(waiting, "it was cancelled")
        return len(waiting)

    async def carry_out_deferred(self) -> None:
        """Carry out what waited for the vehicle to be awake, the oldest first.

        Each waits until its turn comes: whoever stops us before loses nothing.
        """
        async with self._deferred_lock:
            self.expire_deferred()
            for kind, each in tuple(self.deferred.waiting.items()):
                if not self.is_online:
                    return
                if self.deferred.waiting.get(kind) is not each:
                    continue
                if self.turns.is_waiting(kind):
                    # It would take the place of a newer wish, whose turn has not come yet.
                    self.deferred.forget(kind)
                    self._give_up([each], OVERTAKEN)
                    continue
                self._tried_again = each.command
                try:
                    await self._try_deferred(kind, each)
                finally:
                    self._tried_again = None
                await self.persistence.save_if_possible()

    async def _try_deferred(self, kind: str, waiting: Waiting) -> None:
        """Carry out what waited, and say what became of it.

        If the vehicle was asleep after all it waits on, but no longer than before.
        """
        try:
            done = await self.send(waiting.command, waiting.caller)
        except TeslaError as error:
            self._forget_deferred(waiting.command)
            self.settled(waiting, error)
            return
        except asyncio.CancelledError:
            if kind not in self.deferred.waiting:
                self.settled(waiting, OutcomeUnknown("cancelled"))
            raise
        if done.waits_until is None:
            self.settled(waiting, None)
            return
        again = self.deferred.waiting.get(kind)
        if again is not None and again.command is waiting.command:
            self.deferred.waiting[kind] = waiting

    # --- Sending ---------------------------------------------------------------------------------

    async def _transmit_awake(self, command: Command, caller: Caller, hold: Hold) -> Done:
        """Send it; if the vehicle fell asleep unnoticed, wake it once and send it once more."""
        try:
            return await self._transmit_prepared(command, caller)
        except VehicleUnavailable:
            # Nothing ran, or the conversation would have said that the outcome is unknown.
            self.presence.found_asleep()
        # What is left of it is asked for anew.
        hold.release()
        with self.admission.admit_command(command, caller):
            # Tesla's word may be minutes old, and has just been found wrong.
            await self.waker.wake(
                caller, believe=False, deferrable=may_wait(command), intent=command
            )
            return await self._transmit_prepared(command, caller)

    async def _transmit_prepared(self, command: Command, caller: Caller) -> Done:
        """Send it after what the vehicle needs first."""
        preparation = command.preparation
        if preparation is None:
            return await self._transmit_guarded(command, caller)
        if not self.knowledge.is_prepared(command):
            await self._make_ready(preparation, caller)
            return await self._transmit_guarded(command, caller)
        try:
            return await self._transmit_guarded(command, caller)
        except CommandRefused as error:
            if error.reason != UNPREPARED:
                raise
        # The stream lost a change, or it happened just now.
        with self.admission.admit((COMMAND, COMMAND), caller, intent=command):
            await self._make_ready(preparation, caller)
            return await self._transmit_guarded(command, caller)

    async def _make_ready(self, preparation: Command, caller: Caller) -> None:
        """Carry out what a command needs first.

        An unknown outcome is no reason to stop: the vehicle refuses the command itself if it is not
        ready.
        """
        try:
            await self.channel.transmit(preparation, caller)
        except OutcomeUnknown as error:
            self.knowledge.note_action(preparation, error.expires_in + VERIFY_MARGIN_SECONDS)
            return
        now = self._clock()
        self.knowledge.note_action(preparation, now=now)
        self.poller.look_unless_reported(preparation.expects, now)
        self.knowledge.assume(preparation.expects, now)

    async def _transmit_guarded(self, command: Command, caller: Caller) -> Done:
        """Send it, unless it toggles what is so already."""
        if not await self._guard(command, caller):
            return Done(already=True)
        return await self.channel.transmit(command, caller)

    async def _verify(self, command: Command, error: OutcomeUnknown, caller: Caller) -> Done:
        """After an unknown outcome, look whether the wish is fulfilled, once it cannot change.

        The stream reports it, and earlier, if it carries what is expected; else one data request
        does, if the meter has room for it. A vehicle that shows otherwise proves nothing: it may
        have done as told and been changed again, or have corrected the value.

        Raises:
            OutcomeUnknown: the same, if nothing confirms the command.
        """
        if not any(signal.paths or signal.streamed for signal in command.expects):
            raise error
        seconds = error.expires_in + VERIFY_MARGIN_SECONDS
        if self.knowledge.is_covered(command.expects):
            sent = self._clock()
            await self.knowledge.wait_until(
                lambda: self.knowledge.shows(command.expects, sent), seconds
            )
            if self.knowledge.shows(command.expects, sent):
                return Done(already=True)
            if self.knowledge.is_covered(command.expects):
                # That it was so before proves nothing: streams lose changes.
                raise error
            # The stream was lost meanwhile; there was time enough.
            seconds = 0.0
        try:
            # Nobody shall wait for what cannot be paid.
            self.api.meter.require((DATA,), self._clock())
            await waits.pause(seconds)
            told = await self.refresh(caller)
        except TeslaError as failure:
            _LOGGER.debug("Not verified: %s", failure)
            raise error from failure
        for signal, value in command.expects.items():
            reading = told.get(signal)
            if reading is None or not signal.same(reading.value, value):
                raise error
        return Done(already=True)

    async def _guard(self, command: Command, caller: Caller) -> bool:
        """Whether a toggling command may be sent: only if the opposite was just reported.

        Raises:
            CommandRefused: the vehicle does not tell, so the toggle could do the opposite.
        """
        if not command.requires or self.knowledge.was_just_reported(
            command.requires, MAX_AGE_FOR_TOGGLES
        ):
            return True
        # One that was sent before and given up must not come in between.
        doubt = self.knowledge.doubt_seconds(command.domain)
        if doubt > 0:
            await waits.pause(doubt)
        # It may have become old since the whole cost was asked for, as while the vehicle woke.
        is_admitted = self.api.meter.holds(DATA, caller, self.vin, self._clock())
        with (
            nullcontext() if is_admitted else self.admission.admit((DATA,), caller, intent=command)
        ):
            told = await self.refresh(caller)
        for signal, value in command.requires.items():
            reading = told.get(signal)
            if reading is None or reading.value is None:
                raise CommandRefused(reason="position_unknown")
            if reading.value != value:
                return False
        return True
