"""Counters of a vehicle: which falls Home Assistant's statistics must treat as a reset.

A lifetime counter never falls, except by the rounding of its two sources: a polled odometer and a
streamed one differ in the last digits. A session counter restarts at 0; a small fall is a
correction, as in `tesla_fleet` of Home Assistant 2026.10.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Self

from ..tesla.charging.energy import MAX_CORRECTION, SessionEnergy


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
    energy: SessionEnergy = field(default_factory=SessionEnergy)
    """The reading up to which the session is counted."""

    @property
    def is_known(self) -> bool:
        """Whether there was a reading."""
        return self.energy.last is not None

    def unplugged(self, at: datetime) -> Self:
        """The sum after the end of a session."""
        return replace(self, energy=self.energy.unplugged(at))

    def plugged_in(self) -> Self:
        """The sum once the cable is connected."""
        return replace(self, energy=self.energy.plugged_in())

    def after(self, reading: float, time: datetime, *, counts: bool) -> Self:
        """The sum with the next reading of a session."""
        step = self.energy.after(reading, time)
        return replace(
            self, value=self.value + step.added if counts else self.value, energy=step.energy
        )
