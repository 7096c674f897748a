"""The state of a vehicle or site: signals, readings, and the frozen snapshot of all readings.

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
    """A parser does not know a value; its reading becomes unknown."""


class Implausible(Unrecognised):
    """No vehicle or site can have this number: it is a placeholder for "no value", or an error."""


type Bounds = tuple[float, float]


class Source(StrEnum):
    """Source of a reading."""

    POLL = "poll"
    STREAM = "stream"
    ASSUMED = "assumed"
    """The expected effect of an executed command, not confirmed yet."""
    RESTORED = "restored"
    """Stored before the last restart."""


class Absent:
    """The type of `KEEP`: a polled section without the key does not change the signal."""


KEEP: Final = Absent()

FIRST_FIRMWARE: Final = "2024.26"
"""The first firmware that streams to every account. Source: Tesla's list of streamed fields
(2026-08)."""


class Signal[T]:
    """One value that a vehicle or site can report.

    Args:
        name: Tesla's telemetry field, followed by a dot and a part if the field carries several
            signals (`DoorState.DriverFront`); a name of our own if Tesla does not stream it.
        parse: Converts Tesla's value (polled JSON, or the decoded value of a record). Returns None
            if Tesla has no value, and raises `Unrecognised` for an unknown one. For a number with a
            unit it is a `Measure`, whose unit is the signal's.
        bounds: The lowest and the highest plausible number, in our unit. Outside them a streamed,
            polled or stored value is unknown. Every number has bounds.
        path: Place in a polled answer, `section.key`; several keys, separated by commas, are parsed
            as one tuple.
        polled: Parser of the polled value if it differs from the streamed one. Both return the same
            unit.
        streamed: Whether Tesla's stream has this field.
        null: Value of an explicit JSON null; None is unknown.
        absent: Value if a polled section lacks the key, or if the stream reports "invalid"; `KEEP`
            keeps the last value.
        scope: Additional scope that Tesla requires.
        firmware: The first firmware that streams the field, as Tesla writes it; None if unknown.
        semi: Whether only the Semi has the signal.
        step: For a setting, the step in which vehicles store it, in our unit. They round the value
            of a command, so values closer than half a step are equal.
        poll_step: The step to which polled values are rounded, in our unit, if the stream is more
            precise; None if it is not, or if the step is unknown.
        as_of: Key in the polled section with the time of this value, in Unix seconds, if that can
            be older than the section.

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
        "poll_step",
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
        poll_step: float | None = None,
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
        self.poll_step = poll_step
        self.as_of = as_of

    @property
    def field(self) -> str:
        """Tesla's telemetry field: the name without its part."""
        return self.name.partition(".")[0]

    def same(self, one: object, other: object) -> bool:
        """Whether two values are equal to the vehicle."""
        if self.step is None or not isinstance(one, int | float):
            return one == other
        return isinstance(other, int | float) and abs(one - other) < self.step / 2

    def is_rounded(self, polled: object, known: object) -> bool:
        """Whether a polled value is the known one, only less precise.

        The value that stands for "none", such as no power, is a value of its own.
        """
        if self.poll_step is None or polled is None or known is None or polled == self.null:
            return False
        ones, others = _parts(polled), _parts(known)
        return len(ones) == len(others) and all(
            self._distance(one, other) <= self.poll_step / 2 + _FLOAT_ERROR
            for one, other in zip(ones, others, strict=True)
        )

    def _distance(self, one: float, other: float) -> float:
        """Distance of two values; of directions, the shorter way around."""
        distance = abs(one - other)
        return min(distance, FULL_CIRCLE - distance) if self.unit is Unit.DEGREE else distance

    def can_hold(self, value: object) -> bool:
        """Whether the signal can have this value, given in our unit and type."""
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


FULL_CIRCLE: Final = 360
_FLOAT_ERROR: Final = 1e-9
"""How far computed values may be apart that are equal in decimals."""


def _parts(value: Any) -> tuple[float, ...]:  # noqa: ANN401  # a number, or several
    """The numbers of a value: of a position, latitude and longitude."""
    return value if isinstance(value, tuple) else (value,)


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
    """Wrap a parser so that it raises `Implausible` outside the bounds, and for NaN."""
    if isinstance(parse, Measure):
        # Unwrapped, which saves a call for each value of a stream.
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

    Its reading has the time and the source of the newest reading among its inputs.

    Args:
        name: Name of the value.
        inputs: Signals that it follows from; none if it follows from all of them, or from the time.
        compute: Returns the value; None if unknown.
        unit: Unit of the value; None if it has none.
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

    A tuple is created twice as fast as a frozen dataclass, which matters for every streamed value.
    """

    value: T | None
    time: datetime
    source: Source


type Readings = Mapping[Signal[Any], Reading[Any]]


@dataclass(frozen=True, slots=True)
class State:
    """A frozen snapshot of all readings; a change replaces it.

    `state[signal]` returns the *value*, an assumed one first; None is unknown.
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
        """Return the state with newer readings merged in, and the signals whose value changed.

        For each signal, the newest time wins. A reading at or after the time of an assumption
        replaces the assumption. So does a streamed reading that differs from the previous one,
        whatever its time: streams report only changes, by the vehicle's clock, which may be slow. A
        reading later than `now` is from before our clock was set back, and is replaced.

        A polled value that is the previous one, only rounded, confirms that one: its reading gets
        the new time and keeps the precise value.
        """
        readings = dict(self.readings)
        assumed = self.assumed
        latest = now or _NEVER_LATER
        changed = set()
        for signal, new in news.items():
            before = readings.get(signal)
            if before is not None:
                if new.time < before.time <= latest:
                    continue
                if new.source is Source.POLL and signal.is_rounded(new.value, before.value):
                    new = new._replace(value=before.value)  # noqa: PLW2901  # more precise
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
        """Return the state with the expected effects of a command that was just executed."""
        guesses = {signal: Reading(value, now, Source.ASSUMED) for signal, value in values.items()}
        return State(self.readings, {**self.assumed, **guesses})

    def lapse(
        self, now: datetime, kept: Collection[Signal[Any]] = ()
    ) -> tuple[State, frozenset[Signal[Any]]]:
        """Return the state without assumptions that were not confirmed in time, and their signals.

        Assumptions of the signals in `kept` stay. An assumption in the future lapses, because it
        was made before the clock was set back.
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
    """The readings for JSON, `{name: [value, Unix seconds]}`; assumptions are not stored.

    Tuples stay tuples, which JSON writes as lists.
    """
    return {
        signal.name: [value, time.timestamp()]
        for signal, (value, time, _source) in state.readings.items()
    }


def _frozen(value: object) -> object:
    """A value from JSON: lists become tuples."""
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value


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
    """Read an aware time from stored Unix seconds; None if they are no valid time."""
    seconds = as_number(stored)
    if seconds is None or not 0 < seconds < YEAR_2100:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def restore_state(stored: object, signals: Iterable[Signal[Any]]) -> State:
    """Restore a state from the JSON of `store_state`; drop unreadable readings."""
    if not isinstance(stored, dict):
        return State()
    readings: dict[Signal[Any], Reading[Any]] = {}
    for signal in signals:
        match stored.get(signal.name):
            case [value, seconds]:
                value = _frozen(value)
                time = restore_time(seconds)
                if time is not None and signal.can_hold(value):
                    readings[signal] = Reading(value, time, Source.RESTORED)
    return State(readings)
