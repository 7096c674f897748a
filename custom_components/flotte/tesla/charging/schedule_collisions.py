"""Schedules of the owner that work against the charging mode.

A schedule with a start makes the vehicle charge at its time, from the grid and whatever the price;
one with an end stops it. Both look as if a person had taken over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from ..schedule_times import Occurrence, occurrences
from ..schedules import Schedule
from .plan import QUARTER, Period
from .situation import ChargingMode

_AHEAD: Final = timedelta(hours=18)
"""How far a plan is compared: up to the next noon, but not to the night after this one."""
_CHARGING_MODES: Final = frozenset({ChargingMode.NOW, ChargingMode.SUN_AND_LOWEST})
"""Modes that always charge: only the end of a schedule works against them."""
_SUN_MODES: Final = frozenset({ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST})
_SUNNY_HOURS: Final = range(6, 22)
"""Local hours in which the end of a schedule can stop a charge from the sun."""


class CollisionKind(StrEnum):
    """Effect of a schedule against the mode."""

    STARTS = "starts"
    """It starts a charge that the mode does not want."""
    ENDS = "ends"
    """It ends a charge that the mode wants."""


@dataclass(frozen=True, slots=True)
class ScheduleCollision:
    """A schedule of the owner, and its effect against the mode."""

    schedule: Schedule
    kind: CollisionKind
    at: datetime
    """When it next has the effect, in the vehicle's zone."""


def find_collision(
    now: datetime,
    zone: tzinfo,
    schedules: Iterable[Schedule],
    reported_at: datetime,
    *,
    mode: ChargingMode,
    periods: Sequence[Period],
) -> ScheduleCollision | None:
    """The next collision up to the next noon; None if there is none.

    Args:
        now: The current time.
        zone: The vehicle's zone.
        schedules: Schedules that apply where it is charged and that are not Flotte's.
        reported_at: When the vehicle reported them.
        mode: The charging mode.
        periods: Planned periods.
    """
    if mode is ChargingMode.OFF:
        return None
    for each in occurrences(schedules, now, now + _AHEAD, zone, reported_at):
        if (found := _collision(each, now, mode, periods)) is not None:
            return found
    return None


def _collision(
    occurrence: Occurrence, now: datetime, mode: ChargingMode, periods: Sequence[Period]
) -> ScheduleCollision | None:
    schedule = occurrence.schedule
    start = max(occurrence.start, now).timestamp()
    end = occurrence.end.timestamp()
    if mode not in _CHARGING_MODES and schedule.start_minutes is not None:
        # Without an end, the vehicle charges on, which the plan cannot want or not want yet.
        until = start if schedule.end_minutes is None else end
        if not any(
            each.start - QUARTER <= start and until <= each.end + QUARTER for each in periods
        ):
            return ScheduleCollision(schedule, CollisionKind.STARTS, occurrence.start)
    if schedule.end_minutes is None or occurrence.end <= now:
        return None
    is_wanted = (
        mode in _CHARGING_MODES
        or any(each.start < end < each.end - QUARTER for each in periods)
        or (mode in _SUN_MODES and occurrence.end.hour in _SUNNY_HOURS)
    )
    return ScheduleCollision(schedule, CollisionKind.ENDS, occurrence.end) if is_wanted else None
