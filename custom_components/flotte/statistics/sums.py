"""The rows of a statistic: hours with their energy, and a sum that never falls.

The sum of an hour is the sum of the hour before plus its own energy. So all sums follow from the
energies, and a revised hour moves the sums of all later hours.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_DIGITS: Final = 6
"""Of kWh: a thousandth of a Wh."""
_SAME: Final = 2e-6
"""kWh; closer numbers are equal, but for their rounding."""


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a statistic, in kWh."""

    energy: float
    sum: float

    def is_close(self, other: Hour | None) -> bool:
        """Whether both are equal, but for their rounding."""
        return (
            other is not None
            and abs(self.energy - other.energy) < _SAME
            and abs(self.sum - other.sum) < _SAME
        )


type Hours = dict[datetime, Hour]
"""By the beginning of the hour, in UTC and in order."""


def summed(energies: Mapping[datetime, float], base: float) -> Hours:
    """Hours with their sums, after the hour whose sum is `base`."""
    hours: Hours = {}
    total = base
    for start in sorted(energies):
        energy = round(energies[start], _DIGITS)
        total = round(total + energy, _DIGITS)
        hours[start] = Hour(energy, total)
    return hours


def merged(stored: Hours, new: Mapping[datetime, float], base: float) -> Hours:
    """The hours of a span after a part of them was read again.

    Args:
        stored: The hours of the span that are known; those that did not come again are kept.
        new: The energy of hours that were read, in kWh.
        base: The sum before the span.
    """
    return summed({start: hour.energy for start, hour in stored.items()} | dict(new), base)


def changed(stored: Hours, hours: Hours) -> Iterator[tuple[datetime, Hour]]:
    """Yield the hours that differ from the stored ones."""
    for start, hour in hours.items():
        if not hour.is_close(stored.get(start)):
            yield start, hour


def last_sum(hours: Hours, base: float) -> float:
    """The sum after the last of the hours."""
    return hours[max(hours)].sum if hours else base


def is_moved(before: float, after: float) -> bool:
    """Whether a sum differs from another one by more than rounding."""
    return abs(before - after) >= _SAME
