"""Counters of a vehicle: which falls Home Assistant's statistics must treat as a reset.

A lifetime counter never falls, except by the rounding of its two sources: a polled odometer and a
streamed one differ in the last digits. A session counter restarts at 0; a small fall is a
correction, as in `tesla_fleet` of Home Assistant 2026.10.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

MAX_CORRECTION: Final = 1.0
"""In kWh or km; a counter that falls by more has restarted."""


@dataclass(frozen=True, slots=True)
class LifetimeCounter:
    """A counter that only rises; falls due to rounding are ignored."""

    value: float | None = None
    """None before the first one."""
    began_at: None = None
    """Unknown: it began with the vehicle."""

    def restored(self, value: float, _began_at: datetime | None) -> Self:
        """The counter as it was before a restart."""
        return replace(self, value=value)

    def after(self, value: float, _time: datetime) -> Self:
        """The counter with the next value."""
        if self.value is not None and self.value - MAX_CORRECTION <= value <= self.value:
            return self
        return replace(self, value=value)


@dataclass(frozen=True, slots=True)
class SessionCounter:
    """A counter that restarts, and the time of its last restart."""

    value: float | None = None
    """None before the first one."""
    began_at: datetime | None = None
    """None if no restart was seen."""

    def restored(self, value: float, began_at: datetime | None) -> Self:
        """The counter as it was before a restart."""
        return replace(self, value=value, began_at=began_at)

    def after(self, value: float, time: datetime) -> Self:
        """The counter with the next value, measured at `time`."""
        last = value if self.value is None else self.value
        begins = value < last - MAX_CORRECTION or (value == 0 and last != 0)
        return replace(self, value=value, began_at=time if begins else self.began_at)


@dataclass(frozen=True, slots=True)
class SessionSum:
    """The sum over sessions of a counter that restarts with each of them."""

    value: float = 0.0
    last: float | None = None
    """The reading up to which the session is counted; None before the first one."""
    is_over: bool = False
    """Whether the cable was unplugged since that reading."""

    def unplugged(self) -> Self:
        """The sum after the end of a session."""
        return self if self.last is None or self.is_over else replace(self, is_over=True)

    def after(self, reading: float, *, counts: bool) -> Self:
        """The sum with the next reading of a session.

        The first one only tells where to begin. A fall by rounding is ignored, and so is a small
        rise after the end: the stream and a poll round differently.
        """
        if self.last is None:
            return replace(self, last=reading)
        is_near = abs(reading - self.last) <= MAX_CORRECTION
        begins_again = (self.is_over and not is_near) or reading < self.last - MAX_CORRECTION
        if not begins_again and reading != 0 and reading <= self.last:
            return self
        added = reading if begins_again or reading < self.last else reading - self.last
        return replace(
            self,
            value=self.value + added if counts else self.value,
            last=reading,
            is_over=self.is_over and not begins_again and is_near and reading != 0,
        )
