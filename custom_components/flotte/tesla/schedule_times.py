"""When schedules apply: from days of the week and minutes after midnight to moments.

Vehicles keep the local time of day, so a schedule keeps it over a change of the clocks.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Final

from .commands.charging import DAYS
from .schedules import Schedule

MINUTES_OF_A_DAY: Final = 24 * 60
OPEN_MINUTES: Final = 60
"""For how long a schedule is shown that has only a start, or only an end."""
LEAD_MINUTES: Final = 30
"""How long before its time preconditioning is shown; the vehicle decides when it begins."""
_WEEK: Final = 7


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A schedule on one day. The moments are aware, in the vehicle's zone."""

    schedule: Schedule
    start: datetime
    end: datetime


def span_of(schedule: Schedule) -> tuple[int, int] | None:
    """Start and end in minutes after midnight of the schedule's day; None if it has neither.

    They are negative on the day before, and 1440 or more on the day after. The day of a window
    over midnight is that of its start.
    """
    start, end, ready = schedule.start_minutes, schedule.end_minutes, schedule.ready_minutes
    if ready is not None:
        return ready - LEAD_MINUTES, ready
    if start is not None and end is not None:
        return start, end if end > start else end + MINUTES_OF_A_DAY
    if start is not None:
        return start, start + OPEN_MINUTES
    return None if end is None else (end - OPEN_MINUTES, end)


def first_days(schedule: Schedule) -> tuple[str, ...]:
    """The days on which the schedule's occurrences start, from `DAYS`."""
    span = span_of(schedule)
    shift = -1 if span is not None and span[0] < 0 else 0
    shown = {DAYS[(DAYS.index(day) + shift) % _WEEK] for day in schedule.days}
    return tuple(day for day in DAYS if day in shown)


def occurrences(
    schedules: Iterable[Schedule], start: datetime, end: datetime, zone: tzinfo, known_at: datetime
) -> list[Occurrence]:
    """Everything that happens at least in part between two moments, in order.

    Args:
        schedules: The vehicle's schedules; those that are disabled do not happen.
        start: Beginning of the range.
        end: End of the range.
        zone: The vehicle's zone.
        known_at: When the vehicle reported the schedules. Those that apply only once do so the next
            time after it.
    """
    found = [
        each
        for schedule in schedules
        if schedule.enabled
        for each in _occurrences(schedule, start, end, zone, known_at)
        if each.start < end and each.end > start
    ]
    return sorted(found, key=lambda each: (each.start, each.end))


def _occurrences(
    schedule: Schedule, start: datetime, end: datetime, zone: tzinfo, known_at: datetime
) -> Iterator[Occurrence]:
    if not schedule.one_time:
        last = end.astimezone(zone).date() + timedelta(days=1)
        return _from(schedule, start, last, zone)
    last = known_at.astimezone(zone).date() + timedelta(days=_WEEK + 1)
    later = (each for each in _from(schedule, known_at, last, zone) if each.end > known_at)
    return islice(later, 1)


def _from(schedule: Schedule, start: datetime, last: date, zone: tzinfo) -> Iterator[Occurrence]:
    """The occurrences up to the last day, from two days before a moment."""
    span = span_of(schedule)
    day = start.astimezone(zone).date() - timedelta(days=2)
    while span is not None and day <= last:
        # A schedule without days applies on the next day that has its time, but only once.
        if DAYS[day.isoweekday() % _WEEK] in (schedule.days or DAYS * schedule.one_time):
            begins, ends = (_moment(day, minutes, zone) for minutes in span)
            yield Occurrence(schedule, begins, ends)
        day += timedelta(days=1)


def _moment(day: date, minutes: int, zone: tzinfo) -> datetime:
    """A local time of day; the next one that exists, where the clocks skip it."""
    moment = datetime.combine(day, time(), zone) + timedelta(minutes=minutes)
    while _skipped(moment, zone):
        moment += timedelta(minutes=1)
    return moment


def _skipped(moment: datetime, zone: tzinfo) -> bool:
    """Whether the clocks skip a local time, so that it comes back as another one."""
    return moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != moment.replace(
        tzinfo=None
    )
