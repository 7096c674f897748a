"""Capacity of a battery between 0 and 100 %, from its remaining energy at different levels.

Tesla reports no capacity, neither the present one nor that of the new battery. The energy that it
reports includes what is left below 0 %, so energy divided by level would be too high, above all at
a low level. The line through several readings has the right slope whatever is left at 0 %.

Polls round the level to whole percent. So readings must be far apart to tell anything, and the
line follows all of them: one for each five points, the newest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import StatisticsError, linear_regression
from typing import Any, Final, Self

from .reading_json import as_number
from .state import restore_time

MAX_APART: Final = timedelta(seconds=10)
"""Time between the readings of a level and of its energy, up to which they belong together."""
MAX_SAMPLE_AGE: Final = timedelta(days=90)
"""A battery ages by less than a percent in this time."""
MIN_SPAN: Final = 30.0
"""Percentage points between the lowest and the highest level. Rounding can then change the capacity
by about three percent at most."""
MAX_DEVIATION: Final = 0.04
"""Share of the capacity by which a reading may miss the line. If one misses it by more, the vehicle
has calibrated its battery in the meantime."""
PLAUSIBLE: Final = (10.0, 1000.0)
"""In kWh; the largest battery is that of the Semi."""
_BIN: Final = 5.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The energy in kWh at a level in percent, and when they were read."""

    percent: float
    energy: float
    time: datetime


@dataclass(frozen=True, slots=True)
class Estimate:
    """A capacity in kWh, and the levels that it was measured between."""

    capacity: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class BatteryCapacity:
    """The samples that a capacity follows from, oldest first."""

    samples: tuple[Sample, ...] = ()

    def after(self, sample: Sample) -> Self:
        """The capacity with another sample, which replaces those that are near or too old."""
        kept = (
            each
            for each in self.samples
            if each.percent // _BIN != sample.percent // _BIN
            and sample.time - each.time < MAX_SAMPLE_AGE
        )
        return replace(self, samples=(*kept, sample))

    @property
    def estimate(self) -> Estimate | None:
        """The capacity; None if the samples do not determine it."""
        percents = [each.percent for each in self.samples]
        if not percents or max(percents) - min(percents) < MIN_SPAN:
            return None
        try:
            slope, rest = linear_regression(percents, [each.energy for each in self.samples])
        except StatisticsError:
            return None
        capacity = 100 * slope
        lowest, highest = PLAUSIBLE
        misses = (abs(each.energy - slope * each.percent - rest) for each in self.samples)
        if not lowest <= capacity <= highest or max(misses) > MAX_DEVIATION * capacity:
            return None
        return Estimate(capacity, min(percents), max(percents))

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The samples, as JSON."""
        return {
            "samples": [[each.percent, each.energy, each.time.timestamp()] for each in self.samples]
        }

    @classmethod
    def restored(cls, stored: Mapping[str, Any]) -> Self:
        """Restore the samples from the JSON of `to_stored`; leave out what is damaged."""
        listed = stored.get("samples")
        samples = [_sample(each) for each in listed] if isinstance(listed, list) else []
        return cls(tuple(each for each in samples if each is not None))


def _sample(stored: object) -> Sample | None:
    match stored:
        case [percent, energy, seconds]:
            level, amount, time = as_number(percent), as_number(energy), restore_time(seconds)
            if level is not None and amount is not None and time is not None:
                return Sample(level, amount, time)
    return None
