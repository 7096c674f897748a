"""The plan of a charge as schedules in the vehicle, so that it happens without Home Assistant.

A block in the vehicle survives a night in which Home Assistant, the internet or the budget fails,
and needs no wake at its start. Each block costs one command, and so does each change. The rules:

- Only blocks of a plan that begin within a day are written, at most three, each of which applies
  once. By day, a block that begins within half an hour is left to Home Assistant.
- A block stays as it is if it is too short by up to a quarter of an hour, or too long by up to
  half an hour. That half hour at 11 kW, if it is charged at all, costs some cents more than at its
  best time. A rewrite costs 0.1 cents, but the plan alternates by a quarter of an hour each time
  the level changes. `MAX_SCHEDULE_COMMANDS` bounds the rest.
- Nothing is written while the vehicle charges for another reason, until an hour before the block:
  if Home Assistant fails meanwhile, the vehicle is charging already.
- A schedule is ours if its id is in our memory, and only while it is as we wrote it: one that a
  person changed is theirs. The schedules of others are never changed here.
- Removing the last schedule that holds a vehicle back can start a charge (reported by owners). So
  one is removed only if no charge can start, or if a later block of ours holds the vehicle.
  Otherwise its id is used for the next block, or it expires.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from ..commands.charging import DAYS
from ..schedules import Schedule
from ..signals import Position
from .plan import QUARTER, Period
from .situation import ChargingMode

SCHEDULE_NAME: Final = "Flotte"
"""Name of our schedules in the vehicle; Tesla's plain commands carry none."""
MAX_BLOCKS: Final = 3
MAX_SCHEDULE_COMMANDS: Final = 10
"""Commands about schedules from noon to noon: three blocks, and their changes."""
DAY_AHEAD: Final = 86_400.0
MAX_SHORTER: Final = QUARTER
"""By how many seconds a block in the vehicle may be shorter than in the plan, which has reserves
of a quarter of an hour and a tenth."""
MAX_LONGER: Final = 2 * QUARTER
"""By how many seconds it may be longer."""
LEFT_BY_DAY: Final = 1800.0
"""Seconds before its start within which a block of the day is left to Home Assistant."""
SOON: Final = 3600.0
"""Seconds before its start from which a block is worth a wake, or a change during a charge."""
_NIGHT_BEGINS: Final = 22
_NIGHT_ENDS: Final = 6
PLANNED_MODES: Final = frozenset(
    {ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST, ChargingMode.CHEAPEST_HOURS}
)
"""Modes whose plans are written. In the others the vehicle charges anyway, and the end of a block
would stop it."""


@dataclass(frozen=True, slots=True)
class OwnSchedule:
    """A schedule that Flotte put into the vehicle."""

    schedule_id: int
    period: Period
    written_at: float
    """When the command had run, or at the latest can have run."""
    is_doubtful: bool = False
    """Whether it is unknown if the vehicle has it in this form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSituation:
    """Input of `change_schedules`. Times are seconds since the epoch."""

    now: float
    zone: tzinfo
    """The vehicle's zone."""
    periods: Sequence[Period]
    """Planned periods; none if no plan is to be in the vehicle."""
    own: Sequence[OwnSchedule]
    reported: Sequence[Schedule] | None
    """All schedules of the vehicle; None if they are unknown."""
    reported_at: float = 0.0
    maximum: int | None = None
    """How many schedules the vehicle can have; None if that is unknown."""
    is_charging: bool = False
    is_loose: bool = False
    """Whether no charge can start, because the vehicle is unplugged, away or full."""
    commands: int = 0
    """Commands about schedules since noon."""


class ScheduleNote(StrEnum):
    """State of the plan in the vehicle."""

    NO_PLAN = "no_plan"
    """There is nothing to be written."""
    UNKNOWN = "unknown"
    """The vehicle's schedules were never reported, so nothing is changed."""
    IN_VEHICLE = "in_vehicle"
    CHANGES = "changes"
    LATER = "later"
    """The plan is written when the charge ends, or an hour before the block."""
    FULL = "full"
    """The vehicle has no room for all blocks; Home Assistant starts the others."""
    SPENT = "spent"
    """`MAX_SCHEDULE_COMMANDS` were sent; Home Assistant does the rest."""


@dataclass(frozen=True, slots=True)
class BlockWrite:
    """A block to put into the vehicle."""

    period: Period
    schedule_id: int | None
    """Own schedule to change; None for a new one."""


@dataclass(frozen=True, slots=True)
class ScheduleChanges:
    """Output of `change_schedules`."""

    note: ScheduleNote
    own: tuple[OwnSchedule, ...] = ()
    """Our schedules by the report."""
    writes: tuple[BlockWrite, ...] = ()
    """To be sent first, so that the vehicle is held back throughout."""
    removals: tuple[int, ...] = ()
    kept: frozenset[int] = frozenset()
    """Our schedules that serve a planned period as they are."""


def schedule_of(
    period: Period, schedule_id: int, zone: tzinfo, position: Position | None = None
) -> Schedule:
    """The schedule that makes a vehicle charge during a period, once.

    Vehicles follow the local time of day. An end in the hour that the clocks repeat is moved behind
    it: the vehicle would stop an hour early otherwise.
    """
    start, end = (datetime.fromtimestamp(moment, zone) for moment in (period.start, period.end))
    while end.replace(fold=0).utcoffset() != end.replace(fold=1).utcoffset():
        end = (end.astimezone(UTC) + timedelta(minutes=1)).astimezone(zone)
    return Schedule(
        schedule_id=schedule_id,
        name=SCHEDULE_NAME,
        days=(DAYS[start.isoweekday() % len(DAYS)],),
        start_minutes=start.hour * 60 + start.minute,
        end_minutes=end.hour * 60 + end.minute,
        one_time=True,
        enabled=True,
        position=position,
    )


def change_schedules(situation: ScheduleSituation) -> ScheduleChanges:
    """Compare the plan with the schedules in the vehicle."""
    if situation.reported is None:
        note = ScheduleNote.UNKNOWN if situation.periods else ScheduleNote.NO_PLAN
        return ScheduleChanges(note, tuple(situation.own))
    own = tuple(_still_ours(situation, situation.reported))
    wanted = _blocks(situation)
    kept, left = _matched(situation, own, wanted)
    ids = [each.schedule_id for each in left]
    writes: list[BlockWrite] = []
    for block in wanted:
        if block in kept.values():
            continue
        running = next((each for each in left if _is_running(each, situation.now)), None)
        if block.start <= situation.now:
            # A block that runs keeps its start: only its end has moved.
            if running is not None:
                ids.remove(running.schedule_id)
                begun = Period(running.period.start, block.end)
                writes.append(BlockWrite(begun, running.schedule_id))
        elif _is_safer_in_vehicle(situation, block):
            writes.append(BlockWrite(block, ids.pop(0) if ids else None))
    changes = _bounded(situation, own, writes, _removable(situation, own, kept, writes))
    return replace(changes, kept=frozenset(kept))


def _still_ours(
    situation: ScheduleSituation, reported: Sequence[Schedule]
) -> Iterable[OwnSchedule]:
    """Our schedules that the vehicle has, or may have."""
    by_id = {each.schedule_id: each for each in reported}
    for each in situation.own:
        is_settled = situation.reported_at > each.written_at
        line = by_id.get(each.schedule_id)
        if line is None:
            if not is_settled:
                yield each
        elif _does(line, schedule_of(each.period, each.schedule_id, situation.zone)):
            yield replace(each, is_doubtful=False)
        elif each.is_doubtful or not is_settled:
            yield each


def _does(line: Schedule, ours: Schedule) -> bool:
    """Whether a reported schedule does what ours was to do; the name and place may be rounded."""
    return replace(line, name=ours.name, position=ours.position) == ours


def _blocks(situation: ScheduleSituation) -> list[Period]:
    """The periods that the vehicle can have as schedules, the earliest first."""
    now = situation.now
    return [
        each
        for each in sorted(situation.periods, key=lambda period: period.start)
        if each.end > now and each.start < now + DAY_AHEAD and each.end - each.start < DAY_AHEAD
    ][:MAX_BLOCKS]


def _matched(
    situation: ScheduleSituation, own: Sequence[OwnSchedule], wanted: Sequence[Period]
) -> tuple[dict[int, Period], list[OwnSchedule]]:
    """The wanted blocks that are in the vehicle, by id, and our other schedules."""
    kept: dict[int, Period] = {}
    left: list[OwnSchedule] = []
    for each in sorted(own, key=lambda own_one: own_one.period.start):
        found = next(
            (
                block
                for block in wanted
                if block not in kept.values() and _is_close(each.period, block, situation.now)
            ),
            None,
        )
        if found is None or each.is_doubtful:
            left.append(each)
        else:
            kept[each.schedule_id] = found
    return kept, left


def _is_close(one: Period, other: Period, now: float) -> bool:
    """Whether a block in the vehicle serves as another one, so that a rewrite is not worth it.

    Too short is worse than too long: the vehicle would not be ready. A plan that is made again and
    again alternates by a quarter of an hour.
    """
    # A plan for the present begins now, whenever its block began.
    start, wanted = max(one.start, now), max(other.start, now)
    if one.end <= now or start >= other.end or wanted >= one.end:
        return False
    short = max(0.0, start - wanted) + max(0.0, other.end - one.end)
    # Home Assistant stops a block that runs and turns out to be too long, for the same price.
    long = 0.0 if one.start <= now else max(0.0, wanted - start) + max(0.0, one.end - other.end)
    return short <= MAX_SHORTER and long <= MAX_LONGER


def _is_running(own: OwnSchedule, now: float) -> bool:
    return own.period.start <= now < own.period.end


def _is_safer_in_vehicle(situation: ScheduleSituation, block: Period) -> bool:
    """Whether a block that is to come belongs in the vehicle rather than to Home Assistant."""
    hour = datetime.fromtimestamp(block.start, situation.zone).hour
    is_night = hour >= _NIGHT_BEGINS or hour < _NIGHT_ENDS
    return is_night or block.start - situation.now > LEFT_BY_DAY


def _removable(
    situation: ScheduleSituation,
    own: Sequence[OwnSchedule],
    kept: dict[int, Period],
    writes: Sequence[BlockWrite],
) -> list[int]:
    """Our schedules that are no longer needed, and can be removed without starting a charge."""
    now, reported = situation.now, situation.reported or ()
    holding = (*kept.values(), *(each.period for each in writes))
    may_remove = (
        situation.is_loose or situation.is_charging or any(each.start > now for each in holding)
    )
    if not may_remove:
        return []
    needed = {*kept, *(each.schedule_id for each in writes)}
    listed = {each.schedule_id for each in reported}
    return [
        each.schedule_id
        for each in own
        if each.schedule_id not in needed
        and each.schedule_id in listed
        # One that runs ends soon; one that is over removed itself, unless a later report has it.
        and not _is_running(each, now)
        and (each.period.start > now or situation.reported_at > each.period.end)
    ]


def _bounded(
    situation: ScheduleSituation,
    own: tuple[OwnSchedule, ...],
    writes: list[BlockWrite],
    removals: list[int],
) -> ScheduleChanges:
    """The changes that may be sent now."""
    note = ScheduleNote.IN_VEHICLE if situation.periods else ScheduleNote.NO_PLAN
    if writes or removals:
        note = ScheduleNote.CHANGES
    if situation.maximum is not None:
        ids = {each.schedule_id for each in situation.reported or ()}
        room = max(0, situation.maximum - len(ids.union(each.schedule_id for each in own)))
        new = [each for each in writes if each.schedule_id is None]
        if len(new) > room:
            note = ScheduleNote.FULL
            writes = [each for each in writes if each not in new[room:]]
    if situation.is_charging and not any(_is_running(each, situation.now) for each in own):
        soon = [each for each in writes if each.period.start - situation.now <= SOON]
        if len(soon) < len(writes):
            note, writes = ScheduleNote.LATER, soon
    left = max(0, MAX_SCHEDULE_COMMANDS - situation.commands)
    if len(writes) + len(removals) > left:
        note, writes = ScheduleNote.SPENT, writes[:left]
        removals = removals[: left - len(writes)]
    return ScheduleChanges(note, own, tuple(writes), tuple(removals))
