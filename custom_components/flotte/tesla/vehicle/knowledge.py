"""The state of a vehicle, and how certain it is.

Readings from polls, the stream, commands and the disk are merged into one frozen state, and
listeners are notified of the signals that changed. After a command, older readings prove nothing,
because a command can change more than it is meant to.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..clock import within
from ..commands import Command
from ..listeners import Listeners
from ..signing import Domain
from ..state import (
    ASSUMED_LIFETIME,
    Reading,
    Readings,
    Signal,
    Source,
    State,
    StoredState,
    restore_state,
)
from . import poll_plan as plan
from . import waits
from .consequences import Consequences, follows
from .context import VehicleContext
from .intents import Intents
from .outcome import MAX_DOUBT_SECONDS, StreamCoverage

MAX_AGE: Final = timedelta(seconds=60)
"""Age up to which a reading is certain enough to skip a command."""
MAX_AGE_FOR_TOGGLES: Final = timedelta(seconds=10)
"""Age up to which a reading decides about a toggle; if it is older, new data is requested."""
_SETTLED: Final = timedelta(seconds=60)
"""Time after a command from which a measurement shows its effect."""
_MAX_DOUBT: Final = timedelta(seconds=MAX_DOUBT_SECONDS)

type StateListener = Callable[[frozenset[Signal[Any]]], None]


class Knowledge:
    """The readings of one vehicle, and the time of the last command that may have changed them."""

    def __init__(self, context: VehicleContext) -> None:
        self.state = State()
        self.coverage: StreamCoverage | None = None
        """The vehicle's stream, if it has one."""
        self.intents = Intents()
        self.context = context
        self._stored = StoredState()
        self._changed = Listeners[frozenset[Signal[Any]]]()
        self._consequences = Consequences()
        # When the last command may have taken effect: readings from before say nothing about it.
        # This never decreases, or a clock set back and forth would make old readings count again.
        self._acted_at: datetime | None = None
        self._acted_second = 0.0
        # Monotonic second until which a command to a part of the vehicle may still take effect.
        self._doubt: dict[Domain | None, float] = {}
        # When an automation last set a signal, whose assumption lapses later than others.
        self._automated: dict[Signal[Any], datetime] = {}

    def subscribe(self, listener: StateListener) -> Callable[[], None]:
        """Notify `listener` when the values of signals change; return a function that stops it."""
        return self._changed.subscribe(listener)

    def notify(self, changed: frozenset[Signal[Any]]) -> None:
        """Notify the listeners of changed signals, if there are any."""
        if changed:
            self._changed(changed)

    # --- Readings --------------------------------------------------------------------------------

    def receive(self, readings: Readings, now: datetime | None = None) -> None:
        """Merge readings from any source. Pass `now` if the clock has just been read."""
        now, before = now or self.context.now(), self.state
        self.state, changed = before.merge(readings, now)
        if implied := self._consequences.of(before, self.state, readings):
            self.state, more = self.state.merge(implied, now)
            changed |= more
        self.notify(changed)

    def assume(self, expected: Mapping[Signal[Any], Any], now: datetime) -> None:
        """Assume the expected effect of a command until a reading confirms it or it lapses."""
        self.state = self.state.assume(expected, now)
        self.notify(frozenset(expected))

    def note_automated(self, expected: Iterable[Signal[Any]], now: datetime) -> None:
        """Let the assumptions of an automation's setting lapse later than others."""
        self._automated |= dict.fromkeys(expected, now)

    def lapse(self) -> None:
        """Drop assumptions that no reading confirmed in time.

        The assumptions of automations get more time, because one data request confirms several.
        """
        if self.coverage is not None:
            self.coverage.lapse()
        now, patience = self.context.now(), plan.RETRY_INTERVAL + ASSUMED_LIFETIME
        patient = {each for each, since in self._automated.items() if within(since, patience, now)}
        self.state, gone = self.state.lapse(now, patient)
        self.notify(gone)

    # --- Commands that may have changed the state ------------------------------------------------

    def note_action(
        self, command: Command, seconds: float = 0.0, *, now: datetime | None = None
    ) -> None:
        """Note that a command was sent that may still take effect for so many seconds."""
        monotonic = waits.monotonic()
        domain = command.domain
        until = self._doubt[domain] = max(self._doubt.get(domain, monotonic), monotonic + seconds)
        acted_at = (now or self.context.now()) + timedelta(seconds=until - monotonic)
        self._acted_at = max(acted_at, self._acted_at or acted_at)
        self._acted_second = monotonic

    def doubt_seconds(self, domain: Domain | None) -> float:
        """Seconds for which an earlier command to this part of the vehicle may still take effect.

        0 or less if none can. Commands can take effect late if their outcome is unknown or their
        caller was cancelled.
        """
        return self._doubt.get(domain, 0.0) - waits.monotonic()

    def _acted_by(self, now: datetime) -> datetime | None:
        """When the last command may have taken effect, corrected if the clock was set back."""
        acted_at = self._acted_at
        if acted_at is None or acted_at - now <= _MAX_DOUBT:
            return acted_at
        # A time that far ahead means that the clock was set back.
        return now - timedelta(seconds=waits.monotonic() - self._acted_second)

    # --- Certainty -------------------------------------------------------------------------------

    def is_certain(self, wanted: Mapping[Signal[Any], Any], max_age: timedelta = MAX_AGE) -> bool:
        """Whether all of these values are certain.

        A value is certain if it was read within `max_age`, or if the stream covers it: streamed
        without a gap since, or the vehicle has been asleep. After a command, it must have been read
        again, or the stream must have had time to report a change, because a command can change
        more than it is meant to. A reading from the future is not certain: it was taken before the
        clock was set back.
        """
        now = self.context.now()
        return all(
            self._is_certain(signal, value, now, max_age) for signal, value in wanted.items()
        )

    def is_prepared(self, command: Command) -> bool:
        """Whether the effect of the command's preparation is certain."""
        prepared_by = command.prepared_by
        if command.preparation is None:
            return True
        if prepared_by is None:
            return self.is_certain(command.preparation.expects)
        acted_at = self._acted_by(self.context.now())
        effect = self.state[prepared_by]
        return (
            effect is True
            # An earlier command may still be taking effect.
            and (acted_at is None or acted_at + _SETTLED <= self.context.now())
            and all(
                self.is_certain({each: self.state[each]}) or held_until(self, each) is not None
                for each in prepared_by.inputs
            )
        )

    def was_just_reported(
        self, wanted: Mapping[Signal[Any], Any], max_age: timedelta = MAX_AGE
    ) -> bool:
        """Whether the vehicle itself reported all of these values within `max_age`.

        Assumptions after a command do not count. Nor do older values of a stream without a gap,
        because streams lose changes. Source: owners' reports about Locked, DoorState and
        DetailedChargeState (2025, 2026).
        """
        now = self.context.now()
        acted_at = self._acted_by(now)
        return all(
            (reading := self.state.reported(signal)) is not None
            # An assumed signal has no report since its command, whatever the vehicle's clock says.
            and signal not in self.state.assumed
            and reading.source is not Source.RESTORED
            and signal.same(reading.value, value)
            and now - max_age <= reading.time <= now
            and (acted_at is None or reading.time >= acted_at)
            for signal, value in wanted.items()
        )

    def _is_certain(
        self, signal: Signal[Any], value: object, now: datetime, max_age: timedelta
    ) -> bool:
        reading = self.state.reading(signal)
        if (
            reading is None
            or not signal.same(reading.value, value)
            or reading.time > now
            or reading.source is Source.RESTORED
        ):
            return False
        acted_at = self._acted_by(now)
        if reading.time >= max(now - max_age, acted_at or now - max_age):
            return True
        coverage = self.coverage
        if coverage is None or reading.source is Source.ASSUMED:
            return False
        since = coverage.continuous_since(signal)
        if since is None or reading.time < since:
            return False
        return (
            acted_at is None
            or reading.time >= acted_at
            or now >= acted_at + coverage.latency_of(signal)
        )

    def was_streamed(self, signal: Signal[Any]) -> bool:
        """Whether the stream would have reported any change since the signal's reading."""
        reading, coverage = self.state.reading(signal), self.coverage
        since = None if coverage is None else coverage.continuous_since(signal)
        return reading is not None and since is not None and reading.time >= since

    def is_covered(self, wanted: Iterable[Signal[Any]]) -> bool:
        """Whether the stream covers all of these signals now, and will report their changes."""
        coverage = self.coverage
        return (
            coverage is not None
            and self.will_be_reported(wanted)
            and all(coverage.continuous_since(signal) is not None for signal in wanted)
        )

    def will_be_reported(self, wanted: Iterable[Signal[Any]]) -> bool:
        """Whether the stream will report each change of these signals."""
        coverage = self.coverage
        return (
            coverage is not None
            and coverage.is_connected
            and all(coverage.reports_every_change(signal) for signal in wanted)
        )

    def shows(self, wanted: Mapping[Signal[Any], Any], since: datetime) -> bool:
        """Whether the vehicle reported all of these values at or after a time."""
        return all(
            (reading := self.state.reported(signal)) is not None
            and signal.same(reading.value, value)
            and reading.time >= since
            for signal, value in wanted.items()
        )

    async def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait until a change fulfils the condition, but at most so many seconds."""
        fulfilled = asyncio.Event()

        def on_change(_changed: frozenset[Signal[Any]]) -> None:
            if condition():
                fulfilled.set()

        unsubscribe = self.subscribe(on_change)
        tasks = [
            asyncio.ensure_future(waits.pause(seconds)),
            asyncio.ensure_future(fulfilled.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            unsubscribe()
            for each in tasks:
                each.cancel()

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The state, as JSON."""
        return {"state": self._stored.of(self.state)}

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore the state from the JSON of `to_stored`, with the times of its readings."""
        self.state = restore_state(
            stored.get("state"),
            # No connection survives a restart.
            (each for each in signals.VEHICLE_SIGNALS if each not in signals.CONNECTION_SIGNALS),
        )
        implied: dict[Signal[Any], Reading[Any]] = self._consequences.of(
            self.state, self.state, self.state.readings
        )
        self.state, _ = self.state.merge(implied, self.context.now())


def held_until(knowledge: Knowledge, signal: Signal[Any]) -> datetime | None:
    """Until when a signal has certainly kept its value, up to its step.

    A stream does not send a value that stays the same. None if it does not follow the signal.
    """
    reading, coverage = knowledge.state.reported(signal), knowledge.coverage
    if reading is None or coverage is None or not coverage.is_connected:
        return None
    since = coverage.continuous_since(signal, in_steps=True)
    if since is None or reading.time < since:
        return None
    return max(reading.time, knowledge.context.now() - coverage.latency_of(signal))


def will_be_shown(knowledge: Knowledge, command: Command) -> bool:
    """Whether the stream will show the effect of a command, at once or once it is measured."""
    expects = command.expects
    return knowledge.coverage is not None and (
        knowledge.will_be_reported(expects)
        or all(
            knowledge.will_be_reported({signal})
            or follows(signal, value, expects)
            or (signal in command.measured and held_until(knowledge, signal) is not None)
            for signal, value in expects.items()
        )
    )
