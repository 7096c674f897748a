"""Schedules for charging and preconditioning, on vehicles with firmware 2024.26 or later.

Their signals hold tuples, which survive a restart as they are; here they get names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .commands.charging import DAYS
from .reading_json import as_object
from .signals import CHARGE_SCHEDULES, PRECONDITION_SCHEDULES, Position, coordinate
from .signals.schedules import ScheduleLine, ScheduleLines
from .state import Signal


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One schedule. Times are minutes after midnight in the vehicle's zone, or None."""

    schedule_id: int
    name: str
    days: tuple[str, ...]
    """Days from `DAYS`, in that order."""
    start_minutes: int | None = None
    """When charging starts."""
    end_minutes: int | None = None
    """When charging ends."""
    ready_minutes: int | None = None
    """When the vehicle has to be warm; only for preconditioning."""
    one_time: bool
    enabled: bool
    position: Position | None
    """Where the schedule applies, in degrees."""

    @classmethod
    def from_line(cls, line: ScheduleLine) -> Schedule:
        """Name the parts of a reading."""
        schedule_id, name, mask, start, end, ready, one_time, enabled, north, east = line
        return cls(
            schedule_id=schedule_id,
            name=name,
            days=tuple(day for index, day in enumerate(DAYS) if mask & 1 << index),
            start_minutes=start,
            end_minutes=end,
            ready_minutes=ready,
            one_time=one_time,
            enabled=enabled,
            position=None if north is None or east is None else (north, east),
        )

    def to_line(self) -> ScheduleLine:
        """The reading of a vehicle that has this schedule."""
        north, east = self.position or (None, None)
        return (
            self.schedule_id,
            self.name,
            sum(1 << DAYS.index(day) for day in self.days),
            self.start_minutes,
            self.end_minutes,
            self.ready_minutes,
            self.one_time,
            self.enabled,
            coordinate(north),
            coordinate(east),
        )


def schedules_in(lines: ScheduleLines | None) -> list[Schedule]:
    """The schedules of a reading; none if it is unknown."""
    return [Schedule.from_line(line) for line in lines or ()]


def charge_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """Read the charging schedules in an answer of `vehicle_data`; ignore unreadable values."""
    return _read(answer, CHARGE_SCHEDULES)


def precondition_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """Read the preconditioning schedules in an answer; ignore unreadable values."""
    return _read(answer, PRECONDITION_SCHEDULES)


def _read(answer: Mapping[str, Any], signal: Signal[ScheduleLines]) -> list[Schedule]:
    ((key,),) = signal.paths
    value = as_object(answer.get(signal.section)).get(key)
    return schedules_in(signal.parse(value) if isinstance(value, list) else None)
