"""A vehicle: what is known of it, how it is asked, woken and told what to do.

All readings, whoever told them, are merged into one frozen state; listeners hear which signals show
something else. Commands end in one of three ways: done (`Done` is returned), certainly not executed
(a `Refused` error), or unknown (`OutcomeUnknown`).
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext, suppress
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
    RateLimited,
    Refused,
    ServiceError,
    TeslaError,
    Unreachable,
    VehicleUnavailable,
    WakeFailed,
)
from ..signing import ClientKey, Domain
from ..spending.caller import POLLING, Caller, CallerKind
from ..spending.gate import Gate
from ..spending.holds import Hold
from ..spending.tariff import COMMAND, DATA
from ..state import (
    Readings,
    Signal,
    State,
    restore_time,
)
from . import poll_plan as plan
from . import waits
from .admission import PAID_CHECK_SECONDS, Admission
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
    Intent,
    can_be_looked_at,
)
from .persistence import Persistence
from .presence import DATES as PRESENCE_DATES
from .presence import Presence
from .redundancy import Redundancy
from .turns import PendingCommand, Turns
from .wake_record import WAKE_TIMEOUT, WakeRecord

_LOGGER = logging.getLogger(__name__)

WAKE_CHECK_SECONDS: Final = 4.0
"""Between free state checks while waking."""
USUAL_WAKE: Final = (8.0, 24.0)
"""Seconds between which most vehicles come online."""
USUAL_WAKE_CHECK_SECONDS: Final = 2.0
"""Between the checks then: three cars at once stay at the 60 a minute that Tesla allows."""
OVERTAKEN: Final = "a newer one took its place"

_DATES: Final = ("asked", "tried", "commanded", "automated")
"""Attributes of `Vehicle` that the plan compares with the time now."""


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

    asked: datetime | None = None
    """When the last data request was answered, since the start."""
    tried: datetime | None = None
    """When data was asked for last, answered or not."""
    failures = 0
    """How often in a row that told nothing."""
    commanded: datetime | None = None
    """When it carried out a command last whose effect is to be looked at."""
    automated: datetime | None = None
    """The same for an automation's plain setting, which many may follow."""

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
        self.deferred = Queue()
        """Settings that wait until it is awake by itself."""
        self.awoke: Callable[[], None] = lambda: None
        """Called when it is awake and something waits for that."""
        self.settled: Settled = lambda _waiting, _error: None
        self.shown: frozenset[Signal[Any]] = frozenset()
        """What anybody wants to know: the stream may not tell all of it."""
        # What was shown when it answered last: what that did not hold it does not have.
        self._asked_for: frozenset[Signal[Any]] = frozenset()
        self._scopes = scopes
        self._clock = self.context.now
        self._wake_lock = asyncio.Lock()
        # One after the other: two could send the same.
        self._deferred_lock = asyncio.Lock()
        # What waited before, and may have to wait on.
        self._tried_again: Command | None = None
        # By part of the vehicle: since when a command is on its way whose effect can be looked at.
        self._on_the_way: dict[Domain | None, datetime] = {}

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
            "asked": self.asked.timestamp() if self.asked else None,
            "tried": self.tried.timestamp() if self.tried else None,
            "commanded": self._look_pending_since(),
            "automated": self.automated.timestamp() if self.automated else None,
            "deferred": self.deferred.to_stored(),
        }

    @property
    def look_due_at(self) -> datetime | None:
        """When the effect of the last command is to be looked at; None if that was done."""
        commanded = self.commanded
        if commanded is None or (self.asked is not None and self.asked >= commanded + plan.SETTLE):
            return None
        return commanded + plan.SETTLE

    def _look_pending_since(self) -> float | None:
        """When the last command was sent whose effect nobody has reported yet, Unix seconds.

        Also if the stream would report it: what it reports to a Home Assistant that is just being
        started is lost. And also if its answer is awaited: whoever starts again never gets it.
        """
        unconfirmed = [guess.time for guess in self.state.assumed.values()]
        unconfirmed.extend(self._on_the_way.values())
        if self.commanded is not None:
            unconfirmed.append(self.commanded)
        return max(unconfirmed).timestamp() if unconfirmed else None

    def restore(self, stored: object) -> None:
        """Take up what `to_stored` kept; what cannot be read is left out."""
        if not isinstance(stored, Mapping):
            return
        self.knowledge.restore(stored)
        self.presence.restore(stored)
        # A restart is no reason to ask again: the plan goes on from where it was.
        self.asked = restore_time(stored.get("asked"))
        self.tried = restore_time(stored.get("tried"))
        self.commanded = restore_time(stored.get("commanded"))
        self.automated = restore_time(stored.get("automated"))
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
        """Whether the poll plan asks for a state check now; see `plan`.

        If it is billed after all, it is asked for seldom, and in step with the month.
        """
        now = self._clock()
        if not plan.check_due(self._situation(), now):
            return False
        if not self.presence.is_check_paid:
            return True
        if self.presence.was_checked_within(plan.CHECK_ASLEEP_INTERVAL, now):
            return False
        return self.gate.lets_poll(self.presence.check_charge(), self.vin, now)

    def data_due(self) -> bool:
        """Whether the poll plan allows a data request now; see `plan`."""
        return plan.data_due(self._situation(), self._clock())

    def _follow_clock(self) -> None:
        """Shift dates in the future, from before the clock was set back, to now.

        The newest of them becomes now and the others keep their distance to it, so that the plan
        goes on at its usual pace.
        """
        now = self._clock()
        owners = ((self, _DATES), (self.presence, PRESENCE_DATES))
        future = [
            (owner, name, moment)
            for owner, names in owners
            for name in names
            if (moment := getattr(owner, name)) is not None and moment > now
        ]
        for owner, name, moment in future:
            setattr(owner, name, moment - (max(each for _, _, each in future) - now))

    def _situation(self) -> plan.Situation:
        self._follow_clock()
        return plan.Situation(
            state=self.state,
            asked=self.asked,
            came_online=self.presence.online_since,
            tried=self.tried,
            failures=self.failures,
            commanded=self.commanded,
            automated=self.automated,
            kept_awake=self.channel.polling_prevents_sleep,
            streaming=self.is_streaming,
            awaited=self.presence.stream_overdue_since,
            has_gaps=self._has_gaps(),
            slept_streaming=self.presence.slept_streaming,
            checked=self.presence.checked_at,
            quick_returns=self.presence.quick_returns,
            slower=self.gate.step.effects.poll_factor,
        )

    def _has_gaps(self) -> bool:
        """Whether something is shown that the stream does not report, and an answer might hold."""
        return any(
            signal.paths
            and (signal.scope is None or signal.scope in self._scopes)
            and (self._is_missing(signal) or self._is_left_out(signal))
            for signal in self.shown
        )

    def _is_missing(self, signal: Signal[Any]) -> bool:
        """Whether the vehicle, although awake, has reported for a while that it has no value."""
        since = (
            None
            if self.knowledge.coverage is None
            else self.knowledge.coverage.missing_since(signal)
        )
        return since is not None and self._clock() - since >= plan.GAP_PATIENCE

    def _is_left_out(self, signal: Signal[Any]) -> bool:
        """Whether the stream does not hold it, or an answer did not hold it although it could."""
        if self.knowledge.coverage is not None and self.knowledge.coverage.includes(signal):
            return False
        # What the last answer did not hold the next one will not either; what the stream leaves
        # out although it could report it gets old meanwhile.
        return signal.streamed or (
            signal not in self.state.readings and signal not in self._asked_for
        )

    async def poll(self) -> Readings:
        """The same as `refresh`, for nobody: in step with the month, or not at all.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: the background may not spend that now.
        """
        with self.admission.admit((DATA,), POLLING):
            return await self.refresh(POLLING)

    async def refresh(self, caller: Caller = POLLING) -> Readings:
        """Ask the vehicle for everything, and answer what it told: one data request.

        Raises:
            VehicleUnavailable: it is not online after all; the state says so then.
            TeslaError: any other.
        """
        self.tried = self._clock()
        self.failures += 1
        try:
            answer = await self.api.vehicle_data(
                self.vin, caller, location="vehicle_location" in self._scopes
            )
        except VehicleUnavailable:
            self.presence.found_asleep()
            raise
        now = self._clock()
        told = signals.read_sections(answer, signals.VEHICLE_SIGNALS, now)
        self.presence.apply_state(answer.get("state", "online"))
        if self.is_online and not told:
            raise InvalidAnswer("it says nothing about the car")
        self.asked = now
        self._asked_for = self.shown
        if self.is_online:
            self.failures = 0
        self.receive(told)
        return told

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
            await self._wake_if_asleep(caller, intent=Errand.SCHEDULES)
            try:
                return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)
            except VehicleUnavailable:
                self.presence.found_asleep()
        with self.admission.admit(
            (DATA, *self.admission.wake_cost()), caller, intent=Errand.SCHEDULES
        ):
            # It fell asleep unnoticed.
            await self._wake_if_asleep(caller, intent=Errand.SCHEDULES)
            return await self.api.vehicle_data(self.vin, caller, sections=SCHEDULE_SECTIONS)

    # --- Waking ----------------------------------------------------------------------------------

    async def wake(
        self,
        caller: Caller,
        *,
        believe: bool = True,
        deferrable: bool = False,
        intent: Intent = Errand.WAKE,
    ) -> None:
        """Make sure that it is online, waking it if it is not; several callers share one wake.

        Args:
            caller: For whom.
            believe: Ask Tesla first whether it is online; that is free, but may be minutes old.
            deferrable: Whether what it is for may wait instead.
            intent: What it is for.

        Raises:
            WakeFailed: it did not come online within a minute.
            BudgetExceeded: there is no room for a wake.
            Deferred: it is to wait; only if `deferrable`.
            TeslaError: any other.
        """
        async with self._wake_lock:
            if self.is_streaming:
                self._last_wake.began = None
                return
            # A look that is billed is part of what the gate is asked for.
            with (
                self.admission.admit_wake(caller, deferrable=deferrable, intent=intent)
                if self.presence.is_check_paid
                else nullcontext()
            ):
                await self._wake(caller, believe=believe, deferrable=deferrable, intent=intent)

    async def _wake(
        self, caller: Caller, *, believe: bool, deferrable: bool, intent: Intent
    ) -> None:
        """The same, when nobody else does it."""
        # Free mostly, and a needless wake costs as much as ten data requests.
        if believe and await self.check(caller):
            self._last_wake.began = None
            return
        # Not by the date, which may be set meanwhile.
        began, timeout = self._last_wake.began, WAKE_TIMEOUT.total_seconds()
        if began is None or not self._last_wake.is_under_way:
            self._last_wake.began = None
            with self.admission.admit_wake(caller, deferrable=deferrable, intent=intent):
                began = await self._wake_up(caller)
        while not self.is_online:
            if waits.monotonic() - began >= timeout:
                raise WakeFailed
            # It connects when it is ready, often before Tesla says that it is online.
            pause = _wake_pause(waits.monotonic() - began)
            if self.presence.is_check_paid:
                pause = PAID_CHECK_SECONDS
            await self.knowledge.wait_until(lambda: self.is_online, pause)
            await self._check_again(caller)
        # It may fall asleep again at once; that is for another wake.
        self._last_wake.began = None

    async def _wake_up(self, caller: Caller) -> float:
        """Have Tesla wake it; answers the monotonic second at which that began."""
        _LOGGER.debug("Waking %s for %s", self.vin[-6:], caller.label)
        # Also if the answer is lost it may be waking, and the next one need not pay again.
        began = self._last_wake.began = waits.monotonic()
        await self.persistence.save_if_possible()
        try:
            answer = await self.api.wake_up(self.vin, caller)
        except Refused, Unreachable, ServiceError:
            # It was not woken, so there is nothing to wait for next time.
            self._last_wake.began = None
            raise
        self.presence.apply_state(answer.get("state"))
        return began

    async def _wake_if_asleep(
        self, caller: Caller, *, deferrable: bool = False, intent: Intent = Errand.WAKE
    ) -> None:
        """Before something that needs it awake."""
        if not self.is_online:
            await self.wake(caller, deferrable=deferrable, intent=intent)

    async def _check_again(self, caller: Caller) -> None:
        """See whether the wake is over, unless the vehicle said so itself."""
        if self.is_streaming:
            return
        # The wake is paid for; it goes on while we are asked to be quiet.
        with suppress(RateLimited):
            await self.check(caller)

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
        # If there is something to look at that the vehicle can be asked for, and does not tell by
        # itself.
        if can_be_looked_at(command) and not self.knowledge.will_be_reported(command.expects):
            hurries = self.is_streaming or not may_wait(command)
            if caller.kind is CallerKind.AUTOMATION and not hurries:
                self.automated = now
                self.knowledge.note_automated(command.expects, now)
            else:
                self.commanded = now
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
                await self._wake_if_asleep(caller, deferrable=may_wait(command), intent=command)
                pending.has_left = True
                await self._note_departure(command)
                return await self._transmit_awake(command, caller, hold)
        except OutcomeUnknown as error:
            self.knowledge.note_action(command, error.expires_in + VERIFY_MARGIN_SECONDS)
            try:
                return await self._verify(command, error, caller)
            except OutcomeUnknown, asyncio.CancelledError:
                self._look_unless_seen(command)
                raise
        except asyncio.CancelledError:
            self.knowledge.note_action(command, MAX_DOUBT_SECONDS)
            self._look_unless_seen(command)
            raise
        finally:
            self._on_the_way.pop(command.domain, None)

    async def _note_departure(self, command: Command) -> None:
        """Remember that a command is on its way, so that its effect is looked at in any case.

        Of a plain setting that is enough while we run; of anything else it is kept on disk, too.
        """
        if can_be_looked_at(command):
            self._on_the_way[command.domain] = self._clock()
            if not may_wait(command):
                await self.persistence.save_if_possible()

    def _look_unless_seen(self, command: Command) -> None:
        """After a command that may have been carried out, have its effect looked at, unless it was.

        Nobody is told that it was done, so nothing else leads to that look.
        """
        sent = self._on_the_way.get(command.domain)
        if sent is None or (self.asked is not None and self.asked > sent):
            return
        if not self.knowledge.will_be_reported(command.expects):
            self.commanded = self._clock()

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
            await self.wake(caller, believe=False, deferrable=may_wait(command), intent=command)
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
        if not self.knowledge.will_be_reported(preparation.expects):
            self.commanded = now
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


def _wake_pause(seconds: float) -> float:
    """How long to wait for the next look at a vehicle that was woken so many seconds ago."""
    earliest, latest = USUAL_WAKE
    return USUAL_WAKE_CHECK_SECONDS if earliest <= seconds < latest else WAKE_CHECK_SECONDS
