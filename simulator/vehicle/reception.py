"""Poor reception: a car that is reachable and unreachable in turn, while awake."""

import math
from dataclasses import dataclass


@dataclass
class Reception:
    """Turns of being reachable and not. Seconds, and Unix times."""

    on_seconds: float
    off_seconds: float
    ends_at: float
    changes_at: float
    is_on: bool = True

    @classmethod
    def begin(
        cls, now: float, *, on_seconds: float, off_seconds: float, seconds: float | None
    ) -> Reception:
        """Start with a turn of being reachable; `seconds` None has no end."""
        ends_at = math.inf if seconds is None else now + seconds
        return cls(on_seconds, off_seconds, ends_at, min(now + on_seconds, ends_at))

    def turn(self, now: float) -> None:
        """Start the next turn; at the end the car is reachable."""
        self.is_on = not self.is_on or now >= self.ends_at
        seconds = self.on_seconds if self.is_on else self.off_seconds
        self.changes_at = math.inf if now >= self.ends_at else min(now + seconds, self.ends_at)
