"""A site's energy by UTC hours, joined from the rows of local days."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from .fields import EnergyField
from .history import EnergyRow

HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)

type Energies = dict[EnergyField, float]
"""Wh of one hour."""


def hour_of(moment: datetime) -> datetime:
    """The beginning of the UTC hour of a moment."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


class HourlyEnergy:
    """Sums rows by hour until the hours are over.

    In a zone whose offset is not whole hours, an hour is spread over two local days. So an hour is
    taken out only once all of its rows can have been added. An hour without rows has no sum.
    """

    def __init__(self, first: datetime) -> None:
        """Ignore what lies before `first`, the beginning of an hour."""
        self._first = first
        self._hours: dict[datetime, Energies] = {}

    def __len__(self) -> int:
        """The number of hours with rows."""
        return len(self._hours)

    def add(self, rows: Iterable[EnergyRow]) -> None:
        """Add rows; each may be added once."""
        for row in rows:
            hour = hour_of(row.start)
            if hour < self._first:
                continue
            energies = self._hours.setdefault(hour, dict.fromkeys(row.energy, 0.0))
            for field, energy in row.energy.items():
                energies[field] += energy

    def take(self, end: datetime) -> dict[datetime, Energies]:
        """Take out the hours that are over at `end`, in order of time."""
        over = [hour for hour in sorted(self._hours) if hour + HOUR <= end]
        return {hour: self._hours.pop(hour) for hour in over}


def day_begins(day: date, zone: ZoneInfo) -> datetime:
    """The local midnight at the beginning of a day; aware, in the zone."""
    return datetime.combine(day, time.min, zone)


def request_of_day(
    day: date, zone: ZoneInfo, *, standard_offset: bool
) -> tuple[datetime, datetime]:
    """The first and the last second of a local day, as Tesla has to be asked for it.

    Args:
        day: The day, as the site counts it.
        zone: The time zone of the site.
        standard_offset: Whether the site writes the standard offset all year. Tesla compares its
            wrong times with the end of the request, which has to be wrong in the same way, or the
            last hour of a summer's day is missing.
    """
    start = day_begins(day, zone)
    end = day_begins(day + _DAY, zone).astimezone(UTC) - _SECOND
    local = end.astimezone(zone)
    if not standard_offset:
        return start, local
    # By the months, because tzdata calls the winter's offset of some zones the special one.
    offsets = [day_begins(date(day.year, month, 1), zone).utcoffset() for month in (1, 7)]
    standard = min(each for each in offsets if each is not None)
    return start, local.replace(tzinfo=timezone(standard), fold=0)
