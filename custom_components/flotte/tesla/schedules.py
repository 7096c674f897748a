"""Schedules for charging and preconditioning, on vehicles with firmware 2024.26 or later.

Schedules are not signals: Tesla returns them only on request, in sections of their own
(`api.fleet.SCHEDULE_SECTIONS`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .commands.charging import DAYS
from .reading_json import as_number, as_object, as_whole
from .signals import Position

_MINUTES_A_DAY = 24 * 60


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


def charge_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """Read the charging schedules in an answer of `vehicle_data`; ignore unreadable values."""
    return [
        _schedule(
            line,
            start_minutes=_minutes(line, "start_time") if line.get("start_enabled") else None,
            end_minutes=_minutes(line, "end_time") if line.get("end_enabled") else None,
        )
        for line in _lines(answer, "charge_schedule_data", "charge_schedules")
    ]


def precondition_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """Read the preconditioning schedules in an answer; ignore unreadable values."""
    return [
        _schedule(line, ready_minutes=_minutes(line, "precondition_time"))
        for line in _lines(answer, "preconditioning_schedule_data", "precondition_schedules")
    ]


def _lines(answer: Mapping[str, Any], section: str, key: str) -> Iterator[Mapping[str, Any]]:
    """The schedules of a section that have an id, without which they cannot be changed."""
    lines = as_object(answer.get(section)).get(key)
    for line in lines if isinstance(lines, list) else ():
        if as_whole(as_object(line).get("id")) is not None:
            yield line


def _schedule(
    line: Mapping[str, Any],
    *,
    start_minutes: int | None = None,
    end_minutes: int | None = None,
    ready_minutes: int | None = None,
) -> Schedule:
    """A schedule of either kind."""
    mask = line.get("days_of_week")
    return Schedule(
        schedule_id=line["id"],
        name=str(line.get("name") or ""),
        days=tuple(
            day for index, day in enumerate(DAYS) if isinstance(mask, int) and mask & 1 << index
        ),
        start_minutes=start_minutes,
        end_minutes=end_minutes,
        ready_minutes=ready_minutes,
        one_time=line.get("one_time") is True,
        enabled=line.get("enabled") is True,
        position=_position(line.get("latitude"), line.get("longitude")),
    )


def _position(latitude: object, longitude: object) -> Position | None:
    north, east = as_number(latitude), as_number(longitude)
    return None if north is None or east is None else (north, east)


def _minutes(line: Mapping[str, Any], key: str) -> int | None:
    """Minutes after midnight; None for anything else."""
    minutes = as_whole(line.get(key))
    return minutes if minutes is not None and 0 <= minutes < _MINUTES_A_DAY else None
