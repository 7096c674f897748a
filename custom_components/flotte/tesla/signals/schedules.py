"""Signals of schedules for charging and preconditioning; the module `schedules` explains them.

Only polled answers have them. A schedule is a tuple, so that it is stored like other readings.
"""

import struct
from collections.abc import Callable
from operator import itemgetter
from typing import Any, Final

from ..reading_json import as_number, as_whole
from ..state import Signal, Unrecognised
from .parsers import whole

type ScheduleLine = tuple[
    int, str, int, int | None, int | None, int | None, bool, bool, float | None, float | None
]
"""A schedule: id, name, days as a mask (1 is Sunday), minutes of its start, of its end, and when
the vehicle is ready, whether it applies only once, whether it is enabled, latitude, longitude."""

type ScheduleLines = tuple[ScheduleLine, ...]

_MINUTES_A_DAY: Final = 24 * 60
_MAX_COUNT: Final = 10_000
_PARTS: Final = 10
_POLE: Final = 90
_ANTIMERIDIAN: Final = 180


def _charging(line: dict[str, Any]) -> ScheduleLine | None:
    start = _minutes(line.get("start_time")) if line.get("start_enabled") else None
    end = _minutes(line.get("end_time")) if line.get("end_enabled") else None
    return _line(line, start, end, None)


def _preconditioning(line: dict[str, Any]) -> ScheduleLine | None:
    return _line(line, None, None, _minutes(line.get("precondition_time")))


def _line(
    line: dict[str, Any], start: int | None, end: int | None, ready: int | None
) -> ScheduleLine | None:
    """A schedule of either kind; None without an id, without which it cannot be changed."""
    schedule_id, mask = as_whole(line.get("id")), as_whole(line.get("days_of_week"))
    if schedule_id is None:
        return None
    return (
        schedule_id,
        str(line.get("name") or ""),
        mask or 0,
        start,
        end,
        ready,
        line.get("one_time") is True,
        line.get("enabled") is True,
        _within(line.get("latitude"), _POLE),
        _within(line.get("longitude"), _ANTIMERIDIAN),
    )


def _within(value: object, limit: int) -> float | None:
    """A coordinate; None if no place has it."""
    degrees = as_number(value)
    return None if degrees is None or abs(degrees) > limit else coordinate(degrees)


def coordinate(value: float | None) -> float | None:
    """A coordinate as vehicles store it, so that a sent one equals the reported one.

    That is the shortest number with the same 32-bit representation; None if it has none.
    """
    try:
        stored = b"" if value is None else struct.pack("f", value)
    except OverflowError:
        return None
    # Nine digits are always enough (IEEE 754).
    shorter = (float(f"{value:.{digits}g}") for digits in range(6, 9) if value is not None)
    return next((each for each in shorter if struct.pack("f", each) == stored), value)


def _minutes(value: object) -> int | None:
    """Minutes after midnight; None for anything else."""
    minutes = as_whole(value)
    return minutes if minutes is not None and 0 <= minutes < _MINUTES_A_DAY else None


def _lines(
    read: Callable[[dict[str, Any]], ScheduleLine | None],
) -> Callable[[object], ScheduleLines]:
    """Create a parser of a list of schedules, whether Tesla sent it or we stored it."""

    def parse(value: object) -> ScheduleLines:
        if isinstance(value, tuple) and all(map(_is_line, value)):
            return value
        if not isinstance(value, list):
            raise Unrecognised(value)
        lines = (read(each) if isinstance(each, dict) else None for each in value)
        # In the order of their ids, so that lists of the same schedules are equal.
        return tuple(sorted((each for each in lines if each is not None), key=itemgetter(0)))

    return parse


def _is_line(value: object) -> bool:
    """Whether a stored value is a schedule."""
    if not isinstance(value, tuple) or len(value) != _PARTS:
        return False
    schedule_id, name, mask, start, end, ready, one_time, enabled, *place = value
    return (
        as_whole(schedule_id) is not None
        and isinstance(name, str)
        and as_whole(mask) is not None
        and all(each is None or _minutes(each) is not None for each in (start, end, ready))
        and isinstance(one_time, bool)
        and isinstance(enabled, bool)
        and all(
            each is None or _within(each, limit) is not None
            for each, limit in zip(place, (_POLE, _ANTIMERIDIAN), strict=True)
        )
    )


# A section without its list says nothing, and an older list may be wrong by now.
CHARGE_SCHEDULES: Final[Signal[ScheduleLines]] = Signal(
    "ChargeSchedules",
    _lines(_charging),
    path="charge_schedule_data.charge_schedules",
    streamed=False,
    absent=None,
)
PRECONDITION_SCHEDULES: Final[Signal[ScheduleLines]] = Signal(
    "PreconditionSchedules",
    _lines(_preconditioning),
    path="preconditioning_schedule_data.precondition_schedules",
    streamed=False,
    absent=None,
)
CHARGE_SCHEDULES_MAXIMUM: Final = Signal(
    "ChargeSchedulesMaximum",
    whole,
    (0, _MAX_COUNT),
    path="charge_schedule_data.max_num_charge_schedules",
    streamed=False,
)
PRECONDITION_SCHEDULES_MAXIMUM: Final = Signal(
    "PreconditionSchedulesMaximum",
    whole,
    (0, _MAX_COUNT),
    path="preconditioning_schedule_data.max_num_precondition_schedules",
    streamed=False,
)
SCHEDULE_SIGNALS: Final = (
    CHARGE_SCHEDULES,
    CHARGE_SCHEDULES_MAXIMUM,
    PRECONDITION_SCHEDULES,
    PRECONDITION_SCHEDULES_MAXIMUM,
)
