"""The energy counter of a vehicle: which of its readings belong to one session.

The counter restarts when the cable is plugged in, counts over all starts and stops until the next
one, and keeps its value after unplugging. Source: owners of TeslaLogger (2025).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, Self

MAX_CORRECTION: Final = 1.0
"""In kWh; a counter that falls by more has restarted. Polls and the stream round differently. An
odometer in km has the same limit."""
REMAINDER: Final = timedelta(minutes=15)
"""Time after unplugging in which a rise still belongs to the session that ended. The stream sends
the energy every ten minutes, so the last part of a session arrives after its end."""


@dataclass(frozen=True, slots=True)
class SessionEnergy:
    """The last reading of the counter, and whether its session is over."""

    last: float | None = None
    """In kWh; None before the first reading."""
    is_over: bool = False
    """Whether the cable was unplugged since that reading."""
    unplugged_at: datetime | None = None
    """When it was, while the rest of the session may still arrive."""

    def unplugged(self, at: datetime) -> Self:
        """The counter after the end of a session."""
        if self.last is None or self.is_over:
            return self
        return replace(self, is_over=True, unplugged_at=at)

    def plugged_in(self) -> Self:
        """The counter once the cable is connected: a rise is no longer that of the last session."""
        return self if self.unplugged_at is None else replace(self, unplugged_at=None)

    def after(self, reading: float, time: datetime) -> Step:
        """Apply a reading of this time.

        The first one only shows where to begin. A fall by rounding is ignored, and so is a small
        rise after the end.
        """
        if self.last is None:
            return Step(replace(self, last=reading), added=0.0, begins=False)
        is_near = abs(reading - self.last) <= MAX_CORRECTION
        begins = reading < self.last - MAX_CORRECTION or (
            self.is_over and not is_near and not self._is_remainder(reading, time)
        )
        if not begins and reading != 0 and reading <= self.last:
            return Step(self, added=0.0, begins=False)
        restarts = begins or reading < self.last
        is_over = self.is_over and not begins and reading != 0
        after = SessionEnergy(reading, is_over, self.unplugged_at if is_over else None)
        return Step(after, added=reading if restarts else reading - self.last, begins=restarts)

    def _is_remainder(self, reading: float, time: datetime) -> bool:
        """Whether a higher reading is the last part of the session that was just unplugged."""
        if self.last is None or self.unplugged_at is None:
            return False
        return reading > self.last and time - self.unplugged_at <= REMAINDER


class Step(NamedTuple):
    """The result of a reading."""

    energy: SessionEnergy
    added: float
    """Energy that was not counted before, in kWh."""
    begins: bool
    """Whether the reading is the first one of another session."""
