"""A meter that is slower than the house, or falls silent."""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from simulator.refusals import SteeringError

type Json = dict[str, Any]

SAMPLE_SECONDS = 10.0
"""Time between the readings of a meter that lags."""


@dataclass
class Meter:
    """The readings of `live_status`."""

    delay: float = 0.0
    """Seconds by which readings, with their time stamps, are late."""
    is_silent: bool = False
    """Whether the last reading is repeated, with its time stamp."""
    _readings: deque[tuple[float, Json]] = field(default_factory=deque)

    def note(self, at: float, reading: Json) -> None:
        """Take a reading of this moment."""
        if self.is_silent and self._readings:
            return
        self._readings.append((at, reading))
        # The newest of those that are old enough is the one to show.
        while len(self._readings) > 1 and self._readings[1][0] <= at - self.delay:
            self._readings.popleft()

    def read(self) -> Json:
        """The reading that is shown."""
        return self._readings[0][1]

    def steer(self, changes: object) -> None:
        """Apply `{"delay": s, "silent": bool}`. Raises SteeringError."""
        if not isinstance(changes, dict) or set(changes) - {"delay", "silent"}:
            raise SteeringError("meter must be an object of delay, silent")
        delay, silent = changes.get("delay", self.delay), changes.get("silent", self.is_silent)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or delay < 0:
            raise SteeringError("delay must be a number of seconds")
        if not isinstance(silent, bool):
            raise SteeringError("silent must be true or false")
        self.delay, self.is_silent = float(delay), silent
