"""When schedules apply: days of the week, windows over midnight, and changes of the clocks."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.flotte.tesla.schedule_times import first_days, occurrences
from custom_components.flotte.tesla.schedules import Schedule

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
TUESDAY = datetime(2026, 10, 20, 10, tzinfo=UTC)
"""Noon in Amsterdam."""
WEEK = timedelta(days=7)


def schedule(*days: str, **more: Any) -> Schedule:
    """A schedule on these days."""
    return Schedule(
        **{
            "schedule_id": 1,
            "name": "",
            "days": days,
            "one_time": False,
            "enabled": True,
            "position": None,
            **more,
        }
    )


def times(
    each: Schedule, start: datetime = TUESDAY, span: timedelta = WEEK, known_at: datetime = TUESDAY
) -> list[tuple[str, str]]:
    """The occurrences within a range, as local texts."""
    found = occurrences([each], start, start + span, AMSTERDAM, known_at)
    return [(f"{each.start:%a %d %H:%M%z}", f"{each.end:%a %d %H:%M%z}") for each in found]


NIGHT = {"start_minutes": 23 * 60, "end_minutes": 6 * 60}


@pytest.mark.parametrize(
    ("each", "expected"),
    [
        (
            schedule("mon", "fri", start_minutes=60, end_minutes=300),
            [
                ("Fri 23 01:00+0200", "Fri 23 05:00+0200"),
                ("Mon 26 01:00+0100", "Mon 26 05:00+0100"),
            ],
        ),
        # A window over midnight belongs to the day of its start, here as the clocks change.
        (schedule("sat", **NIGHT), [("Sat 24 23:00+0200", "Sun 25 06:00+0100")]),
        # Already running at the beginning of the range.
        (
            schedule("tue", start_minutes=600, end_minutes=600),
            [
                ("Tue 20 10:00+0200", "Wed 21 10:00+0200"),
                ("Tue 27 10:00+0100", "Wed 28 10:00+0100"),
            ],
        ),
        (schedule("thu", start_minutes=1410), [("Thu 22 23:30+0200", "Fri 23 00:30+0200")]),
        (schedule("thu", end_minutes=30), [("Wed 21 23:30+0200", "Thu 22 00:30+0200")]),
        (schedule("thu", ready_minutes=10), [("Wed 21 23:40+0200", "Thu 22 00:10+0200")]),
        (schedule("thu"), []),
        (schedule("thu", enabled=False, **NIGHT), []),
        (schedule(**NIGHT), []),
        # Once: the next time after the vehicle reported it, on one of its days or on any.
        (
            schedule("mon", "thu", one_time=True, **NIGHT),
            [("Thu 22 23:00+0200", "Fri 23 06:00+0200")],
        ),
        (schedule(one_time=True, **NIGHT), [("Tue 20 23:00+0200", "Wed 21 06:00+0200")]),
        (
            schedule("tue", one_time=True, ready_minutes=11 * 60),
            [("Tue 27 10:30+0100", "Tue 27 11:00+0100")],
        ),
    ],
)
def test_occurrences(each: Schedule, expected: list[tuple[str, str]]) -> None:
    assert times(each) == expected


def test_a_schedule_that_applied_once_does_not_come_back() -> None:
    """Until the vehicle reports it again."""
    once = schedule("thu", one_time=True, **NIGHT)
    later = TUESDAY + timedelta(days=4)
    assert times(once, later) == []
    assert times(once, later, known_at=later) == [("Thu 29 23:00+0100", "Fri 30 06:00+0100")]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        ((150, 190), ("Sun 28 03:00+0200", "Sun 28 03:10+0200")),
        ((60, 150), ("Sun 28 01:00+0100", "Sun 28 03:00+0200")),
        ((130, 170), ("Sun 28 03:00+0200", "Sun 28 03:00+0200")),
        ((130, 300), ("Sun 28 03:00+0200", "Sun 28 05:00+0200")),
    ],
)
def test_times_that_the_clocks_skip(minutes: tuple[int, int], expected: tuple[str, str]) -> None:
    """From 02:00 to 03:00 on 28 March 2027."""
    each = schedule("sun", start_minutes=minutes[0], end_minutes=minutes[1])
    assert times(each, datetime(2027, 3, 27, 12, tzinfo=UTC), timedelta(days=1)) == [expected]


def test_times_that_come_twice() -> None:
    """From 02:00 to 03:00 on 25 October 2026; the first one counts."""
    each = schedule("sun", start_minutes=150, end_minutes=190)
    assert times(each, datetime(2026, 10, 24, 12, tzinfo=UTC), timedelta(days=1)) == [
        ("Sun 25 02:30+0200", "Sun 25 03:10+0100")
    ]


def test_days_on_which_events_begin() -> None:
    assert first_days(schedule("sun", "mon", **NIGHT)) == ("sun", "mon")
    assert first_days(schedule("sun", "mon", ready_minutes=10)) == ("sun", "sat")
    assert first_days(schedule("sun", "mon", ready_minutes=30)) == ("sun", "mon")
