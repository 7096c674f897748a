"""Schedules for charging and preconditioning, on vehicles with firmware 2024.26 or later.

Their signals hold tuples, which survive a restart as they are; here they get names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Final

from . import commands
from .commands import Command
from .commands.charging import DAYS
from .reading_json import as_object
from .signals import (
    CHARGE_SCHEDULES,
    CHARGE_SCHEDULES_MAXIMUM,
    PRECONDITION_SCHEDULES,
    PRECONDITION_SCHEDULES_MAXIMUM,
    Position,
    coordinate,
)
from .signals.schedules import ScheduleLine, ScheduleLines
from .state import Signal, State


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
    def empty(cls) -> Schedule:
        """An enabled schedule that does nothing yet."""
        return cls(schedule_id=0, name="", days=(), one_time=False, enabled=True, position=None)

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


@dataclass(frozen=True, kw_only=True)
class ScheduleKind:
    """A kind of schedules: where they are reported, and the commands that change them."""

    signal: Signal[ScheduleLines]
    maximum: Signal[int]
    """How many schedules of this kind the vehicle can have."""
    add: Callable[[Schedule, Position], Command]
    remove: Callable[[int], Command]

    def save_command(self, schedule: Schedule, position: Position, state: State) -> Command:
        """Make the command that adds a schedule, or updates the one with its id."""
        command, before = self.add(schedule, position), state[self.signal]
        if before is None:
            return command
        line = replace(schedule, position=position).to_line()
        return self._expecting(command, (*_without(schedule.schedule_id, before), line))

    def remove_command(self, schedule_id: int, state: State) -> Command:
        """Make the command that removes a schedule.

        An unknown one may be there nevertheless, so nothing is expected of its removal.
        """
        command, before = self.remove(schedule_id), state[self.signal] or ()
        left = _without(schedule_id, before)
        return command if left == before else self._expecting(command, left)

    def _expecting(self, command: Command, lines: ScheduleLines) -> Command:
        """The command with its expected effect."""
        return replace(command, expects={self.signal: tuple(sorted(lines, key=itemgetter(0)))})


def _without(schedule_id: int, lines: ScheduleLines) -> ScheduleLines:
    return tuple(line for line in lines if line[0] != schedule_id)


def _add_charging(schedule: Schedule, position: Position) -> Command:
    return commands.add_charge_schedule(
        schedule_id=schedule.schedule_id,
        name=schedule.name,
        days=frozenset(schedule.days),
        position=position,
        start_minutes=schedule.start_minutes,
        end_minutes=schedule.end_minutes,
        one_time=schedule.one_time,
        enabled=schedule.enabled,
    )


def _add_preconditioning(schedule: Schedule, position: Position) -> Command:
    return commands.add_precondition_schedule(
        schedule_id=schedule.schedule_id,
        name=schedule.name,
        days=frozenset(schedule.days),
        position=position,
        ready_minutes=schedule.ready_minutes or 0,
        one_time=schedule.one_time,
        enabled=schedule.enabled,
    )


CHARGE: Final = ScheduleKind(
    signal=CHARGE_SCHEDULES,
    maximum=CHARGE_SCHEDULES_MAXIMUM,
    add=_add_charging,
    remove=commands.remove_charge_schedule,
)
PRECONDITION: Final = ScheduleKind(
    signal=PRECONDITION_SCHEDULES,
    maximum=PRECONDITION_SCHEDULES_MAXIMUM,
    add=_add_preconditioning,
    remove=commands.remove_precondition_schedule,
)


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
