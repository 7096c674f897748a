"""The plan as schedules in the vehicle: few commands, no surprise start, nothing of the owner's."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.plan import Period
from custom_components.flotte.tesla.charging.schedule_plan import (
    MAX_SCHEDULE_COMMANDS,
    OwnSchedule,
    ScheduleNote,
    ScheduleSituation,
    change_schedules,
    schedule_of,
)
from custom_components.flotte.tesla.schedule_times import occurrences
from custom_components.flotte.tesla.schedules import Schedule

ZONE: Final = ZoneInfo("Europe/Amsterdam")
EVENING: Final = datetime(2026, 10, 20, 18, 0, tzinfo=ZONE).timestamp()
"""A Tuesday."""


def at(clock: str, day: int = 20) -> float:
    """A local time of October 2026."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, day, hour, minute, tzinfo=ZONE).timestamp()


def block(start: str, end: str, day: int = 21) -> Period:
    """A period of one day, by default of the night that follows."""
    return Period(at(start, day), at(end, day))


def own(schedule_id: int, period: Period, *, doubtful: bool = False) -> OwnSchedule:
    return OwnSchedule(schedule_id, period, EVENING - 600, doubtful)


def line(schedule_id: int, period: Period, **changed: Any) -> Schedule:
    """The report of one of our schedules."""
    return replace(schedule_of(period, schedule_id, ZONE, (52.3731, 4.8903)), **changed)


ONE_TO_FOUR: Final = block("01:00", "04:00")
FIVE: Final = block("05:00", "05:30")
OWNERS: Final = replace(line(7, block("23:00", "06:00")), name="", one_time=False)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A situation, by default at six in the evening and stopped at home, with its changes."""

    situation: dict[str, Any]
    writes: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Local start, end, and id to change."""
    removals: tuple[int, ...] = ()
    note: ScheduleNote
    ours: tuple[int, ...] = ()
    """Ids of our schedules that remain after the report."""


CASES: Final = {
    "a plan is written": Case(
        situation={"periods": [ONE_TO_FOUR, FIVE]},
        writes=[("01:00", "04:00", None), ("05:00", "05:30", None)],
        note=ScheduleNote.CHANGES,
    ),
    "unknown schedules are not touched": Case(
        situation={"periods": [ONE_TO_FOUR], "reported": None, "own": [own(1, FIVE)]},
        note=ScheduleNote.UNKNOWN,
        ours=(1,),
    ),
    "nothing is planned": Case(situation={"periods": []}, note=ScheduleNote.NO_PLAN),
    "it is in the vehicle already": Case(
        situation={
            "periods": [ONE_TO_FOUR],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR, name="")],
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "a move of ten minutes is not worth a command": Case(
        situation={
            "periods": [block("01:10", "04:10")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "nor is one of a quarter of an hour": Case(
        situation={
            "periods": [block("01:15", "04:15")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "one of half an hour is": Case(
        situation={
            "periods": [block("01:30", "04:30")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        writes=[("01:30", "04:30", 1)],
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "half an hour less is harmless": Case(
        situation={
            "periods": [block("01:30", "04:00")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "an hour less is not": Case(
        situation={
            "periods": [block("01:00", "03:00")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        writes=[("01:00", "03:00", 1)],
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "a second block keeps the vehicle back while the first is removed": Case(
        situation={
            "periods": [FIVE],
            "own": [own(1, ONE_TO_FOUR), own(2, FIVE)],
            "reported": [line(1, ONE_TO_FOUR), line(2, FIVE)],
        },
        removals=(1,),
        note=ScheduleNote.CHANGES,
        ours=(1, 2),
    ),
    "the last schedule of a stopped vehicle stays": Case(
        situation={
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        note=ScheduleNote.NO_PLAN,
        ours=(1,),
    ),
    "that of an unplugged one is removed": Case(
        situation={
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR), OWNERS],
            "is_loose": True,
        },
        removals=(1,),
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "so is that of one that charges": Case(
        situation={
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "is_charging": True,
        },
        removals=(1,),
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "a person removed it": Case(
        situation={"periods": [ONE_TO_FOUR], "own": [own(1, ONE_TO_FOUR)], "reported": [OWNERS]},
        writes=[("01:00", "04:00", None)],
        note=ScheduleNote.CHANGES,
    ),
    "a person changed it, so it is theirs": Case(
        situation={
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR, enabled=False)],
            "is_loose": True,
        },
        note=ScheduleNote.NO_PLAN,
    ),
    "one with our name but another id is not ours": Case(
        situation={"periods": [], "reported": [line(9, ONE_TO_FOUR)], "is_loose": True},
        note=ScheduleNote.NO_PLAN,
    ),
    "a report from before the command proves nothing": Case(
        situation={
            "periods": [ONE_TO_FOUR],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [],
            "reported_at": EVENING - 700,
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "a doubtful one is repeated with its id": Case(
        situation={
            "periods": [ONE_TO_FOUR],
            "own": [own(1, ONE_TO_FOUR, doubtful=True)],
            "reported": [],
            "reported_at": EVENING - 700,
        },
        writes=[("01:00", "04:00", 1)],
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "a report settles the doubt": Case(
        situation={
            "periods": [ONE_TO_FOUR],
            "own": [own(1, ONE_TO_FOUR, doubtful=True)],
            "reported": [line(1, ONE_TO_FOUR)],
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "one that is over is used again, even if it did not remove itself": Case(
        situation={
            "periods": [ONE_TO_FOUR],
            "own": [own(1, block("02:00", "03:00", 20))],
            "reported": [line(1, block("02:00", "03:00", 20))],
        },
        writes=[("01:00", "04:00", 1)],
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "by day, a block that begins soon is Home Assistant's": Case(
        situation={"periods": [block("18:20", "19:20", 20)]}, note=ScheduleNote.IN_VEHICLE
    ),
    "at night, it is written": Case(
        situation={"now": at("02:55", 21), "periods": [block("03:00", "04:00")]},
        writes=[("03:00", "04:00", None)],
        note=ScheduleNote.CHANGES,
    ),
    "a block that runs is not written": Case(
        situation={"now": at("02:00", 21), "periods": [block("02:00", "04:00")]},
        note=ScheduleNote.IN_VEHICLE,
    ),
    "one that runs in the vehicle is kept by a plan that begins now": Case(
        situation={
            "now": at("02:10", 21),
            "periods": [block("02:00", "04:00")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "is_charging": True,
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "one that turns out to be too long is stopped by Home Assistant": Case(
        situation={
            "now": at("02:10", 21),
            "periods": [block("02:00", "03:00")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "is_charging": True,
        },
        note=ScheduleNote.IN_VEHICLE,
        ours=(1,),
    ),
    "one that is over is left until a later report has it": Case(
        situation={
            "now": at("04:10", 21),
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "reported_at": at("03:00", 21),
            "is_loose": True,
        },
        note=ScheduleNote.NO_PLAN,
        ours=(1,),
    ),
    "one that is over but reported again did not run": Case(
        situation={
            "now": at("04:10", 21),
            "periods": [],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "reported_at": at("04:05", 21),
            "is_loose": True,
        },
        removals=(1,),
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "only its end moves": Case(
        situation={
            "now": at("02:10", 21),
            "periods": [block("02:00", "05:00")],
            "own": [own(1, ONE_TO_FOUR)],
            "reported": [line(1, ONE_TO_FOUR)],
            "is_charging": True,
        },
        writes=[("01:00", "05:00", 1)],
        note=ScheduleNote.CHANGES,
        ours=(1,),
    ),
    "while it charges in the sun, the night can wait": Case(
        situation={"periods": [ONE_TO_FOUR], "is_charging": True}, note=ScheduleNote.LATER
    ),
    "but not within an hour": Case(
        situation={"now": at("00:10", 21), "periods": [ONE_TO_FOUR], "is_charging": True},
        writes=[("01:00", "04:00", None)],
        note=ScheduleNote.CHANGES,
    ),
    "the vehicle has no room": Case(
        situation={"periods": [ONE_TO_FOUR, FIVE], "reported": [OWNERS], "maximum": 2},
        writes=[("01:00", "04:00", None)],
        note=ScheduleNote.FULL,
    ),
    "four blocks": Case(
        situation={"periods": [block(f"{hour:02}:00", f"{hour:02}:30") for hour in (1, 2, 3, 4)]},
        writes=[(f"0{hour}:00", f"0{hour}:30", None) for hour in (1, 2, 3)],
        note=ScheduleNote.CHANGES,
    ),
    "more than a day ahead": Case(
        situation={"periods": [block("18:00", "19:00")]}, note=ScheduleNote.IN_VEHICLE
    ),
    "enough commands for one night": Case(
        situation={"periods": [ONE_TO_FOUR, FIVE], "commands": MAX_SCHEDULE_COMMANDS - 1},
        writes=[("01:00", "04:00", None)],
        note=ScheduleNote.SPENT,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_changes(case: Case) -> None:
    given_ = {"now": EVENING, "zone": ZONE, "own": (), "reported": [], "reported_at": EVENING}
    changes = change_schedules(ScheduleSituation(**{**given_, **case.situation}))
    written = [
        (
            *(
                datetime.fromtimestamp(moment, ZONE).strftime("%H:%M")
                for moment in (each.period.start, each.period.end)
            ),
            each.schedule_id,
        )
        for each in changes.writes
    ]
    assert (written, changes.removals, changes.note) == (case.writes, case.removals, case.note)
    assert tuple(each.schedule_id for each in changes.own) == case.ours


def test_a_schedule_applies_once_on_its_day() -> None:
    made = schedule_of(Period(at("23:00"), at("04:15", 21)), 5, ZONE, (52.3731, 4.8903))
    assert made == Schedule(
        schedule_id=5,
        name="Flotte",
        days=("tue",),
        start_minutes=1380,
        end_minutes=255,
        one_time=True,
        enabled=True,
        position=(52.3731, 4.8903),
    )


def test_an_end_in_the_repeated_hour_is_moved_behind_it() -> None:
    """On 2026-10-25, the clocks go back from three to two."""
    second = datetime(2026, 10, 25, 2, 30, tzinfo=ZONE, fold=1).timestamp()
    made = schedule_of(Period(at("01:00", 25), second), 5, ZONE)
    assert (made.days, made.start_minutes, made.end_minutes) == (("sun",), 60, 180)


@given(
    change=st.sampled_from(
        [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]
    ),
    before=st.integers(-8, 200),
    ahead=st.integers(1, 95),
    quarters=st.integers(1, 40),
)
def test_the_vehicle_charges_in_the_period(
    change: datetime, before: int, ahead: int, quarters: int
) -> None:
    """Its next occurrence contains the period, and is at most an hour longer at either end."""
    now = change - timedelta(minutes=15 * before)
    start = now + timedelta(minutes=15 * ahead)
    end = start + timedelta(minutes=15 * quarters)
    made = schedule_of(Period(start.timestamp(), end.timestamp()), 5, ZONE)
    (found,) = occurrences([made], now, now + timedelta(days=3), ZONE, now)
    hour = timedelta(hours=1)
    assert start - hour <= found.start.astimezone(UTC) <= start
    assert end <= found.end.astimezone(UTC) <= end + hour
