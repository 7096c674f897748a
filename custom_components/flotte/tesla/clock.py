"""Rules of time that hold everywhere: clocks that are set back, and times that cannot be."""

from datetime import UTC, datetime, timedelta
from typing import Final

YEAR_2100: Final = 4_102_444_800
"""The beginning of 2100 in Unix seconds: a later time is noise."""


def utc_now() -> datetime:
    """The time now, aware."""
    return datetime.now(UTC)


def within(moment: datetime, interval: timedelta, now: datetime) -> bool:
    """Whether an interval that began at a moment is not over yet.

    One that began in the future did so before the clock was set back, and counts as over: nothing
    is put off for as long as the clock was ahead.
    """
    return timedelta() <= now - moment < interval
