"""A measured or chosen power, value by value: real minutes of the sun, or of a house."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

MINUTE = 60.0


@dataclass(frozen=True)
class Minutes:
    """Power in W from a moment on; each value holds until the next, and nothing is invented."""

    start: float
    """Unix time."""
    watts: tuple[int, ...]
    seconds: float = MINUTE
    """Time per value; less than a minute shows a day in fast motion."""

    @classmethod
    def of_kilowatts(cls, start: float, values: Sequence[float], seconds: float) -> Self:
        """The power of values in kW."""
        return cls(start, tuple(round(value * 1000) for value in values), seconds)

    @property
    def end(self) -> float:
        """The end of the last value, in Unix time."""
        return self.start + len(self.watts) * self.seconds

    def next_change(self, moment: float) -> float:
        """The Unix time at which the value, or the validity of the values, next changes."""
        if moment < self.start:
            return self.start
        if moment >= self.end:
            return math.inf
        return self.start + (int((moment - self.start) / self.seconds) + 1) * self.seconds

    def at(self, moment: float) -> int | None:
        """The power at a Unix time; None outside the values."""
        if not self.start <= moment < self.end:
            return None
        return self.watts[int((moment - self.start) / self.seconds)]
