"""Check of the meter's sign: when a vehicle draws more, the house must buy more.

A meter with the wrong sign shows an import as surplus, and the vehicle would charge from the grid
at full power. So the meter is watched around our own commands. House, clouds and a home battery
move it too, which makes a single case worth little; only several clear ones that point the other
way count.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from ..reading_json import as_flag, as_object
from .surplus import SETTLE

MIN_CHANGE: Final = 1.0
"""kW by which the power of the vehicles has to change."""
TOLERANCE: Final = 0.5
"""Share of that change by which the meter may differ, or be unsteady, in a clear case."""
READINGS: Final = 3
"""Readings before a command, and after it has settled."""
WINDOW: Final = 200.0
"""Seconds in which they have to be."""
MAX_CASES: Final = 5
MIN_WRONG: Final = 4
"""Cases, of the last `MAX_CASES`, that make the sign wrong."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """Meter and vehicles at a moment, in kW."""

    at: float
    grid: float
    drawn: float


class MeterSign:
    """Evidence on whether the meter is above 0 while the house buys, as it should be."""

    __slots__ = ("_before", "_cases", "_command_at", "_pairs")

    def __init__(self, cases: tuple[bool, ...] = ()) -> None:
        self._cases = cases[-MAX_CASES:]
        self._pairs: list[_Pair] = []
        self._before: list[_Pair] = []
        self._command_at: float | None = None

    @property
    def cases(self) -> tuple[bool, ...]:
        """The last clear cases, oldest first: whether the meter moved as it should."""
        return self._cases

    @property
    def is_wrong(self) -> bool:
        """Whether the sign is wrong; without enough evidence it is not."""
        return self._cases.count(False) >= MIN_WRONG

    def note(self, at: float, grid: float | None, drawn: float | None) -> None:
        """Note a reading of the meter, and the power of all vehicles at its time."""
        if grid is None or drawn is None:
            return
        if self._command_at is not None and at < self._command_at + SETTLE:
            return
        pairs = [*self._pairs, _Pair(at, grid, drawn)]
        self._pairs = [pair for pair in pairs if at - WINDOW < pair.at <= at][-READINGS:]
        if self._before and len(self._pairs) == READINGS:
            self._judge(self._before, self._pairs)
            self._before = []

    def note_command(self, at: float) -> None:
        """Note a command that changes the power of a vehicle. It ends the case of the last one."""
        recent = [pair for pair in self._pairs if at - WINDOW < pair.at <= at]
        self._before = recent if len(recent) == READINGS else []
        self._pairs = []
        self._command_at = at

    def to_stored(self) -> dict[str, Any]:
        """The evidence as JSON."""
        return {"cases": list(self._cases)}

    @classmethod
    def from_stored(cls, stored: object) -> MeterSign:
        """The stored evidence; none if it is damaged."""
        cases = as_object(stored).get("cases")
        known = [as_flag(case) for case in cases] if isinstance(cases, list) else []
        if None in known:
            return cls()
        return cls(tuple(case is True for case in known))

    def _judge(self, before: list[_Pair], after: list[_Pair]) -> None:
        """Add the case, if it is a clear one."""
        if after[0].at - before[-1].at > WINDOW:
            return
        change = _mean(pair.drawn for pair in after) - _mean(pair.drawn for pair in before)
        moved = _mean(pair.grid for pair in after) - _mean(pair.grid for pair in before)
        allowed = TOLERANCE * abs(change)
        unsteady = max(
            max(_spread(pair.grid for pair in pairs), _spread(pair.drawn for pair in pairs))
            for pairs in (before, after)
        )
        if abs(change) < MIN_CHANGE or unsteady > allowed:
            return
        if abs(abs(moved) - abs(change)) <= allowed:
            self._cases = (*self._cases, (moved > 0) == (change > 0))[-MAX_CASES:]


def _mean(values: Iterable[float]) -> float:
    """Mean of the values of some readings."""
    return sum(values) / READINGS


def _spread(values: Iterable[float]) -> float:
    """Difference between the highest and the lowest value."""
    known = list(values)
    return max(known) - min(known)
