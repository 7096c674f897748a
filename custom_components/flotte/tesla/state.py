"""State of a vehicle or site: signals, readings, and the frozen snapshot made of them.

A `Signal[T]` is one value that a vehicle can report. It is the key of a telemetry record, of a
polled answer, of the state, of an entity row and of a stream subscription, and it carries the type
of its value: `state[BATTERY_LEVEL]` is `float | None` for the type checker too.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple, overload, override

from .clock import YEAR_2100, within
from .reading_json import as_number
from .units import Measure, Unit, unit_of

ASSUMED_LIFETIME: Final = timedelta(seconds=60)
"""Time after which an assumed reading lapses unless a real one confirms it."""


class Unrecognised(ValueError):
    """A value that a parser does not know; the reading becomes unknown, nothing breaks."""


class Implausible(Unrecognised):
    """A number that no vehicle or site can have: it stands for "no value", or is an error."""


type Bounds = tuple[float, float]


class Source(StrEnum):
    """Source of a reading."""

    POLL = "poll"
    STREAM = "stream"
    ASSUMED = "assumed"
    """Expected after a command that was executed, not yet confirmed."""
    RESTORED = "restored"
    """Stored before the last restart."""


class Absent:
    """Type of `KEEP`: a polled answer without this key says nothing about the signal."""


KEEP: Final = Absent()

FIRST_FIRMWARE: Final = "2024.26"
"""The first that streams to every account. Source: Tesla's list of streamed fields (2026-08)."""


class Signal[T]:
    """One value that a vehicle or site can report.

    Args:
        name: Tesla's telemetry field, with a part after a dot where one field carries several
            signals (`DoorState.DriverFront`); an own name where Tesla does not stream it.
        parse: Converts Tesla's value (JSON of a poll, or the decoded value of a record); returns
            None where Tesla has no value, and raises `Unrecognised` for one that it does not know.
            A `Measure` where the value is a number with a unit, which is then the signal's.
        bounds: The lowest and the highest plausible number, in our unit; outside them, streamed,
            polled or stored, it is unknown. Every number has them.
        path: Where a polled answer carries it, `section.key`; several keys, separated by commas,
            are parsed as one tuple.
        polled: Parser of the polled value where that differs from the streamed one. Both return
            the same unit.
        streamed: Whether Tesla's stream has this field.
        null: Value of an explicit JSON null; None is unknown.
        absent: Value of a polled section without the key, or of a streamed "invalid"; with `KEEP`
            the last value stays.
        scope: Additional scope that Tesla requires.
        firmware: The first that streams the field, as Tesla writes it; None if that is not known.
        semi: Whether only the Semi has it.
        step: Of a setting, the step in which vehicles store it, in our unit: they round the value
            of a command, so values closer than half a step are equal.
        as_of: Key of the polled section with the time of this value, in Unix seconds, where that
            may be older than the section.

    Raises:
        ValueError: the two parsers return different units.
    """

    __slots__ = (
        "absent",
        "as_of",
        "bounds",
        "firmware",
        "name",
        "null",
        "parse",
        "paths",
        "polled",
        "scope",
        "section",
        "semi",
        "step",
        "streamed",
        "unit",
    )

    def __init__(
        self,
        name: str,
        parse: Callable[[Any], T | None],
        bounds: Bounds | None = None,
        *,
        path: str | None = None,
        polled: Callable[[Any], T | None] | None = None,
        streamed: bool = True,
        null: T | None = None,
        absent: T | Absent | None = KEEP,
        scope: str | None = None,
        firmware: str | None = FIRST_FIRMWARE,
        semi: bool = False,
        step: float | None = None,
        as_of: str | None = None,
    ) -> None:
        self.name = name
        self.unit = unit_of(parse)
        if polled is not None and unit_of(polled) is not self.unit:
            raise ValueError(f"{name} is streamed and polled in different units")
        self.bounds = bounds
        self.parse = _bounded(parse, bounds)
        self.polled = _bounded(polled or parse, bounds)
        section, _, rest = (path or "").partition(".")
        self.section = section
        self.paths = tuple(tuple(key.split(".")) for key in rest.split(",")) if rest else ()
        self.streamed = streamed
        self.null = null
        self.absent = absent
        self.scope = scope
        self.firmware = firmware
        self.semi = semi
        self.step = step
        self.as_of = as_of

    @property
    def field(self) -> str:
        """Tesla's telemetry field: the name without its part."""
        return self.name.partition(".")[0]

    def same(self, one: object, other: object) -> bool:
        """Whether two values are one and the same to the vehicle."""
        if self.step is None or not isinstance(one, int | float):
            return one == other
        return isinstance(other, int | float) and abs(one - other) < self.step / 2

    def can_hold(self, value: object) -> bool:
        """Whether it can have this value, which is in our unit and of its own type."""
        if value is None:
            return True
        if self.bounds is None:
            # A parser returns its own results unchanged.
            return any(_is_same(_try(parse, value), value) for parse in (self.parse, self.polled))
        lowest, highest = self.bounds
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not lowest <= value <= highest:
            return False
        # A parser of counts or levels never returns a fraction.
        return not isinstance(_try(self.parse, value), int) or value == int(value)

    @override
    def __repr__(self) -> str:
        return f"<Signal {self.name}>"


def _try(parse: Callable[[Any], object], value: object) -> object:
    """The parsed value; None if the parser rejects it."""
    try:
        return parse(value)
    except Unrecognised, TypeError, ValueError, AttributeError, OverflowError:
        return None


def _is_same(one: object, other: object) -> bool:
    """Whether two values are equal and of one type: `True` is not 1."""
    return type(one) is type(other) and one == other


def _bounded[T](
    parse: Callable[[Any], T | None], bounds: Bounds | None
) -> Callable[[Any], T | None]:
    """A parser that raises `Implausible` outside the bounds, also for NaN."""
    if isinstance(parse, Measure):
        # Without the call in between: there is one for each value of a stream.
        parse = parse.parse
    if bounds is None:
        return parse
    lowest, highest = bounds

    def bounded(value: Any) -> T | None:  # noqa: ANN401  # as it comes over the wire
        parsed: Any = parse(value)
        if parsed is None or lowest <= parsed <= highest:
            return parsed  # type: ignore[no-any-return]  # a number, which mypy cannot know
        raise Implausible(value)

    return bounded


class Derived[T]:
    """A value that follows from signals, computed on demand.

    Its reading carries the newest time among `inputs`, and the source of that one.

    Args:
        name: A name of its own.
        inputs: The signals it follows from; none if it follows from all of them, or from the time.
        compute: Returns the value; None if it is unknown.
        unit: Unit of that value; None if it has none.
    """

    __slots__ = ("compute", "inputs", "name", "unit")

    def __init__(
        self,
        name: str,
        *inputs: Signal[Any],
        compute: Callable[[State], T | None],
        unit: Unit | None = None,
    ) -> None:
        self.name = name
        self.inputs = inputs
        self.compute = compute
        self.unit = unit

    @override
    def __repr__(self) -> str:
        return f"<Derived {self.name}>"


type Key[T] = Signal[T] | Derived[T]


def inputs_of(key: Key[Any]) -> tuple[Signal[Any], ...]:
    """The signals that a key depends on."""
    return key.inputs if isinstance(key, Derived) else (key,)


class Reading[T](NamedTuple):
    """A value, its time (aware, UTC) and its source. A value of None is unknown.

    A tuple, because it is created twice as fast as a frozen dataclass, and there is one for each
    value of a stream.
    """

    value: T | None
    time: datetime
    source: Source


type Readings = Mapping[Signal[Any], Reading[Any]]


@dataclass(frozen=True, slots=True)
class State:
    """Frozen snapshot of all readings; a change replaces it.

    `state[signal]` answers the *value*, with assumed readings on top; None is unknown.
    """

    readings: Readings = field(default_factory=dict)
    assumed: Readings = field(default_factory=dict)

    @overload
    def __getitem__[T](self, key: Signal[T]) -> T | None: ...
    @overload
    def __getitem__[T](self, key: Derived[T]) -> T | None: ...
    def __getitem__[T](self, key: Key[T]) -> T | None:
        """The value; None if it is unknown."""
        if isinstance(key, Derived):
            return key.compute(self)
        reading = self.assumed.get(key) or self.readings.get(key)
        return None if reading is None else reading.value

    def reading[T](self, key: Key[T]) -> Reading[T] | None:
        """The reading of a key, an assumed one first; None if there never was one."""
        if isinstance(key, Derived):
            known = [each for signal in key.inputs if (each := self.reading(signal)) is not None]
            if not known:
                return None
            newest = max(known, key=attrgetter("time"))
            return Reading(key.compute(self), newest.time, newest.source)
        return self.assumed.get(key) or self.readings.get(key)

    def reported[T](self, signal: Signal[T]) -> Reading[T] | None:
        """The last reading that is not assumed."""
        return self.readings.get(signal)

    def merge(
        self, news: Readings, now: datetime | None = None
    ) -> tuple[State, frozenset[Signal[Any]]]:
        """The state with newer readings merged in, and the signals whose value changed.

        Per signal the newest time wins. A reading at or after the time of an assumption replaces
        that assumption, and so does one of the stream that differs from its previous one: the
        stream only reports changes, and by the vehicle's clock, which may be behind ours. A
        reading later than `now` is from before our clock was set back, and is replaced.
        """
        readings = dict(self.readings)
        assumed = self.assumed
        latest = now or _NEVER_LATER
        changed = set()
        for signal, new in news.items():
            before = readings.get(signal)
            if before is not None and new.time < before.time <= latest:
                continue
            readings[signal] = shown = new
            if assumed and (guess := assumed.get(signal)) is not None:
                reported, before = before, guess
                is_change = reported is not None and reported.value != new.value
                if new.time < guess.time <= latest and not (
                    new.source is Source.STREAM and is_change
                ):
                    shown = guess
                else:
                    assumed = {key: value for key, value in assumed.items() if key is not signal}
            if before is None or shown.value != before.value:
                changed.add(signal)
        return State(readings, assumed), frozenset(changed)

    def assume(self, values: Mapping[Signal[Any], Any], now: datetime) -> State:
        """The state with the expected effects of a command that was just executed."""
        guesses = {signal: Reading(value, now, Source.ASSUMED) for signal, value in values.items()}
        return State(self.readings, {**self.assumed, **guesses})

    def lapse(
        self, now: datetime, kept: Collection[Signal[Any]] = ()
    ) -> tuple[State, frozenset[Signal[Any]]]:
        """The state without assumptions that were not confirmed in time, and their signals.

        Those of the signals in `kept` stay for longer. One from the future, made before the clock
        was set back, lapses.
        """
        gone = frozenset(
            signal
            for signal, guess in self.assumed.items()
            if not within(guess.time, ASSUMED_LIFETIME, now) and signal not in kept
        )
        if not gone:
            return self, gone
        kept = {signal: guess for signal, guess in self.assumed.items() if signal not in gone}
        return State(self.readings, kept), gone


_NEVER_LATER: Final = datetime.max.replace(tzinfo=UTC)


def store_state(state: State) -> dict[str, list[Any]]:
    """The readings as JSON: name to [value, Unix seconds]; assumptions are not kept."""
    return {
        signal.name: [list(value) if isinstance(value, tuple) else value, time.timestamp()]
        for signal, (value, time, _source) in state.readings.items()
    }


class StoredState:
    """The JSON of `store_state`, made again only after the readings changed.

    Each command stores all vehicles of an account, most of which have no news.
    """

    def __init__(self) -> None:
        self._readings: Readings = {}
        self._stored: dict[str, list[Any]] = {}

    def of(self, state: State) -> dict[str, list[Any]]:
        """The readings as JSON, which must not be changed."""
        if state.readings is not self._readings:
            self._readings, self._stored = state.readings, store_state(state)
        return self._stored


def restore_time(stored: object) -> datetime | None:
    """An aware time from stored Unix seconds; None if they cannot be one."""
    seconds = as_number(stored)
    if seconds is None or not 0 < seconds < YEAR_2100:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def restore_state(stored: object, signals: Iterable[Signal[Any]]) -> State:
    """The state from `store_state`'s JSON; unreadable parts are left out, never invented."""
    if not isinstance(stored, dict):
        return State()
    readings: dict[Signal[Any], Reading[Any]] = {}
    for signal in signals:
        match stored.get(signal.name):
            case [value, seconds]:
                value = tuple(value) if isinstance(value, list) else value
                time = restore_time(seconds)
                if time is not None and signal.can_hold(value):
                    readings[signal] = Reading(value, time, Source.RESTORED)
    return State(readings)
