"""Counters that a car keeps: what Home Assistant's statistics take for a new beginning.

A lifetime counter never falls, except by the rounding of its two sources: a polled odometer and a
streamed one differ in the last digits. A session counter begins again at 0; a small fall is a
correction, as `tesla_fleet` of Home Assistant 2026.10 takes it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

LARGEST_CORRECTION: Final = 1.0
"""kWh or km; a counter that falls by more has begun again."""


def read_reset(stored: object) -> datetime | None:
    """When a counter began, from the state of its sensor; None if that does not say so."""
    try:
        moment = datetime.fromisoformat(stored) if isinstance(stored, str) else None
    except ValueError:
        return None
    return None if moment is None or moment.tzinfo is None else moment


@dataclass(frozen=True, slots=True)
class LifetimeCounter:
    """A counter that is shown without the falls that rounding makes."""

    shown: float | None = None
    """None before the first value."""

    def after(self, value: float) -> Self:
        """The counter with the next value."""
        if self.shown is not None and self.shown - LARGEST_CORRECTION <= value <= self.shown:
            return self
        return replace(self, shown=value)


@dataclass(frozen=True, slots=True)
class SessionCounter:
    """A counter that begins again, and when it did."""

    last: float | None = None
    """None before the first value."""
    began_at: datetime | None = None
    """None if no beginning was seen."""

    def after(self, value: float, time: datetime) -> Self:
        """The counter with the next value, which was true at `time`."""
        last = value if self.last is None else self.last
        begins = value < last - LARGEST_CORRECTION or (value == 0 and last != 0)
        return replace(self, last=value, began_at=time if begins else self.began_at)
