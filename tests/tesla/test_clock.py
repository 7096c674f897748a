"""Rules of time: intervals, clocks that are set back, the year 2100."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.flotte.tesla.clock import YEAR_2100, within

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ago", "is_within"),
    [
        (timedelta(), True),
        (timedelta(seconds=59), True),
        (MINUTE, False),
        (timedelta(days=400), False),
        # The clock was set back.
        (-timedelta(microseconds=1), False),
        (-timedelta(days=400), False),
    ],
)
def test_within(ago: timedelta, *, is_within: bool) -> None:
    assert within(NOW - ago, MINUTE, NOW) is is_within


def test_year_2100() -> None:
    assert datetime.fromtimestamp(YEAR_2100, UTC) == datetime(2100, 1, 1, tzinfo=UTC)
