"""Schedules for charging and preconditioning, as a vehicle from firmware 2024.26 on tells them.

Nothing of it is a signal: the schedules are only told when they are asked for, in sections of their
own (`api.SCHEDULE_SECTIONS`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeIs

from .commands.charging import DAYS
from .signals import Position

_MINUTES_A_DAY = 24 * 60


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """One schedule. Times are minutes after midnight at the vehicle, None where there is none."""

    schedule_id: int
    name: str
    days: tuple[str, ...]
    """Of `DAYS`, in their order."""
    start_minutes: int | None = None
    """When charging starts."""
    end_minutes: int | None = None
    """When charging ends."""
    ready_minutes: int | None = None
    """When the vehicle is to be warm: preconditioning only."""
    one_time: bool
    enabled: bool
    position: Position | None
    """Where it applies, degrees."""


def charge_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """The charging schedules of an answer of `vehicle_data`; what cannot be read is left out."""
    return [
        _schedule(
            told,
            start_minutes=_minutes(told, "start_time") if told.get("start_enabled") else None,
            end_minutes=_minutes(told, "end_time") if told.get("end_enabled") else None,
        )
        for told in _told(answer, "charge_schedule_data", "charge_schedules")
    ]


def precondition_schedules(answer: Mapping[str, Any]) -> list[Schedule]:
    """The preconditioning schedules, likewise."""
    return [
        _schedule(told, ready_minutes=_minutes(told, "precondition_time"))
        for told in _told(answer, "preconditioning_schedule_data", "precondition_schedules")
    ]


def _told(answer: Mapping[str, Any], section: str, key: str) -> Iterator[Mapping[str, Any]]:
    """The schedules of a section that can be named: without its id one cannot be changed."""
    data = answer.get(section)
    schedules = data.get(key) if isinstance(data, Mapping) else None
    for told in schedules if isinstance(schedules, list) else ():
        if isinstance(told, Mapping) and _is_number(told.get("id")):
            yield told


def _schedule(
    told: Mapping[str, Any],
    *,
    start_minutes: int | None = None,
    end_minutes: int | None = None,
    ready_minutes: int | None = None,
) -> Schedule:
    """What both kinds have in common."""
    mask = told.get("days_of_week")
    return Schedule(
        schedule_id=told["id"],
        name=str(told.get("name") or ""),
        days=tuple(
            day for index, day in enumerate(DAYS) if isinstance(mask, int) and mask & 1 << index
        ),
        start_minutes=start_minutes,
        end_minutes=end_minutes,
        ready_minutes=ready_minutes,
        one_time=told.get("one_time") is True,
        enabled=told.get("enabled") is True,
        position=_position(told.get("latitude"), told.get("longitude")),
    )


def _position(latitude: object, longitude: object) -> Position | None:
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return float(latitude), float(longitude)
    return None


def _minutes(told: Mapping[str, Any], key: str) -> int | None:
    """Minutes after midnight, if they are some."""
    minutes = told.get(key)
    return minutes if _is_number(minutes) and 0 <= minutes < _MINUTES_A_DAY else None


def _is_number(value: object) -> TypeIs[int]:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)
