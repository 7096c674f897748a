"""Schedules of the owner against the charging mode."""

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from custom_components.flotte.tesla.charging.plan import Period
from custom_components.flotte.tesla.charging.schedule_collisions import find_collision
from custom_components.flotte.tesla.charging.situation import ChargingMode
from custom_components.flotte.tesla.schedules import Schedule

ZONE: Final = ZoneInfo("Europe/Amsterdam")
NOW: Final = datetime(2026, 10, 20, 18, 0, tzinfo=ZONE)
"""A Tuesday."""
NIGHTLY: Final = Schedule(
    schedule_id=7,
    name="",
    days=("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
    start_minutes=60,
    end_minutes=240,
    one_time=False,
    enabled=True,
    position=None,
)
START_ONLY: Final = replace(NIGHTLY, end_minutes=None)
END_ONLY: Final = replace(NIGHTLY, start_minutes=None)
IN_SUN: Final = replace(END_ONLY, end_minutes=11 * 60)
PLANNED: Final = ("01:00", "04:00")


def at(clock: str, day: int = 21) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, day, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("mode", "schedule", "blocks", "found"),
    [
        ("off", NIGHTLY, [], None),
        ("sun_only", NIGHTLY, [], ("starts", "01:00")),
        ("sun_first", START_ONLY, [], ("starts", "01:00")),
        ("cheapest_hours", NIGHTLY, [("03:00", "05:00")], ("starts", "01:00")),
        # It does what the plan wants.
        ("cheapest_hours", NIGHTLY, [PLANNED], None),
        ("cheapest_hours", START_ONLY, [PLANNED], None),
        ("cheapest_hours", NIGHTLY, [("01:10", "03:50")], None),
        # It would stop what the plan wants.
        ("cheapest_hours", NIGHTLY, [("00:30", "06:00")], ("ends", "04:00")),
        ("cheapest_hours", END_ONLY, [("03:00", "05:00")], ("ends", "04:00")),
        ("cheapest_hours", END_ONLY, [], None),
        ("sun_first", END_ONLY, [], None),
        ("sun_first", IN_SUN, [], ("ends", "11:00")),
        # Modes that charge anyway are only stopped.
        ("now", START_ONLY, [], None),
        ("now", NIGHTLY, [], ("ends", "04:00")),
        ("sun_and_lowest", NIGHTLY, [], ("ends", "04:00")),
        ("sun_only", replace(NIGHTLY, enabled=False), [], None),
        ("sun_only", replace(NIGHTLY, days=("thu",)), [], None),
        ("sun_only", replace(NIGHTLY, days=("wed",), one_time=True), [], ("starts", "01:00")),
    ],
)
def test_collisions(mode: str, schedule: Schedule, blocks: list[Any], found: Any) -> None:
    periods = [Period(at(start).timestamp(), at(end).timestamp()) for start, end in blocks]
    collision = find_collision(NOW, ZONE, [schedule], NOW, mode=ChargingMode(mode), periods=periods)
    shown = None if collision is None else (collision.kind, f"{collision.at:%H:%M}")
    assert shown == found


def test_one_that_runs_is_reported_unless_it_is_the_plan() -> None:
    now = at("02:00")
    wanted = [Period(at("02:00").timestamp(), at("04:00").timestamp())]
    mode = ChargingMode.CHEAPEST_HOURS
    assert find_collision(now, ZONE, [NIGHTLY], NOW, mode=mode, periods=wanted) is None
    assert find_collision(now, ZONE, [NIGHTLY], NOW, mode=mode, periods=[]) is not None
