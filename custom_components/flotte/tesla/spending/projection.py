"""The projected cost of the month: a pure function of the ledger and the time.

Recent days give the pattern of a typical day, separately for working days and weekends if there are
enough of each. The projection is the month's counts so far, plus typical days for the rest of today
and of the month. So it is as good on the first of a month as later.

The pattern leaves out today, which is not over; the first day of all, which did not begin at
midnight; days without even a free request, because nothing ran then; and corrections, which no
typical day has. The counts so far include all of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Final

from .ledger import CORRECTION, Ledger, Month
from .tariff import Category, Tariff

PATTERN_WINDOW: Final = timedelta(days=14)
"""How far back days count for the pattern: two weeks have four weekend days."""
LEAST_WORKING_DAYS: Final = 3
LEAST_WEEKEND_DAYS: Final = 2
"""Minimum number of each, to have a pattern of their own."""
LEAST_OF_A_DAY: Final = Fraction(1, 2)
"""Minimum share of a day for which the first day counts. Otherwise the requests of the setup would
be projected onto every day."""
_SATURDAY: Final = 5


class Basis(StrEnum):
    """Basis of a projection; the values are translation keys."""

    NOTHING = "projection_nothing"
    """Nothing was counted yet, or nothing recently."""
    FIRST_DAYS = "projection_first_days"
    """No day is complete yet."""
    DAYS = "projection_days"
    """The last days, with one pattern for all of them."""
    WEEK = "projection_week"
    """The last days, with separate patterns for working days and weekends."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The projected cost of the month, before the discount, and its basis."""

    counts: Mapping[Category, int]
    """Projected counts at the month's end."""
    costs: Mapping[Category, Decimal]
    """Price of these counts by category, as Tesla rounds it."""
    basis: Basis
    placeholders: Mapping[str, str]
    """Placeholders for the text of the basis. Of the days in the pattern: `days` (their number),
    `first`, `last`, `working_days`, `weekend_days`. Of the month: `spent` so far, `rest_days` after
    today, `currency`."""

    @property
    def total(self) -> Decimal:
        """The projected cost of the whole month."""
        return sum(self.costs.values(), Decimal(0))


type _Day = Mapping[Category, Fraction]


@dataclass(frozen=True, slots=True)
class _Pattern:
    """Counts of a typical day."""

    basis: Basis
    working_day: _Day
    weekend_day: _Day
    days: tuple[date, ...]

    def of(self, day: date) -> _Day:
        return self.weekend_day if _is_weekend(day) else self.working_day


def project(ledger: Ledger, tariff: Tariff, now: datetime) -> Projection:
    """Project the month's end from the last days.

    This walks the whole ledger, so call it every few minutes and not for every request.
    """
    today = now.astimezone(UTC).date()
    month = Month.of(now)
    days = _days(ledger)
    pattern = _pattern(days, now)
    counted_today = days.get(today, Counter())
    last = month.end.date() - timedelta(days=1)
    rest = [today + timedelta(days=number) for number in range(1, (last - today).days + 1)]
    counts = {}
    for category, counted in ledger.month(month).items():
        like_today = pattern.of(today).get(category, Fraction(0))
        to_come = max(Fraction(0), like_today - counted_today[category])
        to_come += sum((pattern.of(day).get(category, Fraction(0)) for day in rest), Fraction(0))
        counts[category] = max(0, counted) + ceil(to_come)
    spent = sum((tariff.rounded(*each) for each in ledger.month(month).items()), Decimal(0))
    weekend_days = sum(map(_is_weekend, pattern.days))
    return Projection(
        counts,
        {category: tariff.rounded(category, count) for category, count in counts.items()},
        pattern.basis,
        {
            "days": str(len(pattern.days)),
            "first": pattern.days[0].isoformat() if pattern.days else "",
            "last": pattern.days[-1].isoformat() if pattern.days else "",
            "working_days": str(len(pattern.days) - weekend_days),
            "weekend_days": str(weekend_days),
            "rest_days": str(len(rest)),
            "spent": f"{spent:.2f}",
            "currency": tariff.currency,
        },
    )


def _days(ledger: Ledger) -> dict[date, Counter[Category]]:
    """Counts by day of all days on which something ran, ascending, without corrections."""
    days: dict[date, Counter[Category]] = {}
    for row, count in ledger.rows():
        if row.caller != CORRECTION:
            days.setdefault(row.day, Counter())[row.category] += count
    return dict(sorted(days.items()))


def _pattern(days: Mapping[date, Counter[Category]], now: datetime) -> _Pattern:
    """The pattern of the last days."""
    today = now.astimezone(UTC).date()
    # Days in the future were counted before the clock was set back.
    past = [day for day in days if day <= today]
    if not past:
        return _Pattern(Basis.NOTHING, {}, {}, ())
    full = tuple(day for day in past[1:] if today - PATTERN_WINDOW <= day < today)
    if not full:
        return _first_days(days, past, now)
    working = [days[day] for day in full if not _is_weekend(day)]
    weekend = [days[day] for day in full if _is_weekend(day)]
    if len(working) >= LEAST_WORKING_DAYS and len(weekend) >= LEAST_WEEKEND_DAYS:
        return _Pattern(
            Basis.WEEK, _mean(working, len(working)), _mean(weekend, len(weekend)), full
        )
    mean = _mean([*working, *weekend], len(full))
    return _Pattern(Basis.DAYS, mean, mean, full)


def _first_days(
    days: Mapping[date, Counter[Category]], past: list[date], now: datetime
) -> _Pattern:
    """The pattern while no day is complete: from the first day and today."""
    midnight = datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
    of_today = Fraction((now - midnight) // timedelta(microseconds=1), 24 * 3600 * 1_000_000)
    seen = [day for day in past if midnight.date() - day <= PATTERN_WINDOW]
    if not seen:
        # The last day was too long ago.
        return _Pattern(Basis.NOTHING, {}, {}, ())
    before = [day for day in seen if day < midnight.date()]
    mean = _mean([days[day] for day in seen], max(LEAST_OF_A_DAY, len(before) + of_today))
    return _Pattern(Basis.FIRST_DAYS, mean, mean, tuple(seen))


def _mean(days: Iterable[Counter[Category]], number: Fraction | int) -> _Day:
    """The counts of all these days, divided by `number` days."""
    total: Counter[Category] = Counter()
    for day in days:
        total.update(day)
    return {category: max(Fraction(0), Fraction(total[category]) / number) for category in total}


def _is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY
