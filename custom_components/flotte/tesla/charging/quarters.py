"""Quarters of an hour with the price and the sun in them, from stretches of any length."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

from .plan import QUARTER, Quarter

_DAY: Final = 86_400.0
MAX_DAYS_BACK: Final = 5
"""Days after which a price says nothing about the same time of day: a plan looks four days ahead,
and a day's prices are known before it begins."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time with one value: a price, or a power in kW."""

    start: float
    """Seconds since the epoch, as is `end`."""
    end: float
    value: float


def quarter_of(moment: float) -> float:
    """Begin of the quarter of an hour that a moment is in, in every time zone."""
    return floor(moment / QUARTER) * QUARTER


def by_quarter(stretches: Iterable[Stretch]) -> dict[float, float]:
    """Mean value of each quarter that stretches cover, by its begin."""
    sums: dict[float, tuple[float, float]] = {}
    for stretch in stretches:
        first = floor(stretch.start / QUARTER)
        for number in range(first, ceil(stretch.end / QUARTER)):
            start = number * QUARTER
            covered = min(stretch.end, start + QUARTER) - max(stretch.start, start)
            if covered > 0:
                seconds, total = sums.get(start, (0.0, 0.0))
                sums[start] = seconds + covered, total + covered * stretch.value
    return {start: total / seconds for start, (seconds, total) in sums.items()}


def quarters_between(
    start: float, end: float, prices: Mapping[float, float], sun: Mapping[float, float]
) -> list[Quarter]:
    """The quarters from the one that holds `start` to `end`.

    A price that is not known yet is expected to be that of the day before at the same time: prices
    follow the hours of the day. Where there is none either, it stays unknown.
    """
    first = quarter_of(start)
    count = max(0, ceil((end - first) / QUARTER))
    return [
        Quarter(begin, _price(prices, begin), sun.get(begin, 0.0))
        for begin in (first + number * QUARTER for number in range(count))
    ]


def _price(prices: Mapping[float, float], begin: float) -> float | None:
    days = (begin - back * _DAY for back in range(MAX_DAYS_BACK + 1))
    return next((prices[day] for day in days if day in prices), None)


def surplus_by_quarter(forecast: Sequence[Stretch], house_kilowatts: float) -> dict[float, float]:
    """Expected power beyond the house's own use in kW, by the begin of each quarter."""
    return {
        start: max(0.0, power - house_kilowatts) for start, power in by_quarter(forecast).items()
    }
