"""Common rules of time: clocks that are set back, and impossible times."""

from datetime import UTC, datetime, timedelta
from typing import Final

YEAR_2100: Final = 4_102_444_800
"""The beginning of 2100 in Unix seconds; a later time is an error."""
_FIRST: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = datetime.fromtimestamp(YEAR_2100, UTC)
_LONGEST: Final = timedelta(days=2 * 366)


def utc_now() -> datetime:
    """The current time, timezone-aware."""
    return datetime.now(UTC)


def within(moment: datetime, interval: timedelta, now: datetime) -> bool:
    """Whether an interval that began at a moment is not over yet.

    If the moment is in the future, the clock has been set back since. Then the interval counts as
    over, so that nothing waits for as long as the clock was ahead.
    """
    return timedelta() <= now - moment < interval


def listable(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    """The part of a range in which to list what recurs without end.

    At its edges, times in another zone may not exist, and a longer list would block everything.
    """
    last = max(_FIRST, min(end, _LAST))
    begin = min(max(start, _FIRST), last)
    return begin, min(last, begin + _LONGEST)
