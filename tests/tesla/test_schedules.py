"""Schedules as vehicles send them, and as no vehicle should."""

from typing import Any

import pytest

from custom_components.flotte.tesla.schedules import (
    Schedule,
    charge_schedules,
    precondition_schedules,
)

CHARGE = {
    "id": 1_700_000_000,
    "name": "Night",
    "days_of_week": 62,
    "start_enabled": True,
    "start_time": 1410,
    "end_enabled": True,
    "end_time": 0,
    "one_time": False,
    "enabled": True,
    "latitude": 52.3731,
    "longitude": 4.8926,
}
PRECONDITION = {
    "id": 1_700_000_001,
    "name": "",
    "days_of_week": 127,
    "precondition_time": 1439,
    "one_time": True,
    "enabled": False,
    "latitude": -33,
    "longitude": 151,
}


def charge(*told: Any) -> list[Schedule]:
    """The parsed charging schedules."""
    return charge_schedules({"charge_schedule_data": {"charge_schedules": list(told)}})


def precondition(*told: Any) -> list[Schedule]:
    """The parsed preconditioning schedules."""
    data = {"precondition_schedules": list(told)}
    return precondition_schedules({"preconditioning_schedule_data": data})


def test_charge_schedule() -> None:
    assert charge(CHARGE) == [
        Schedule(
            schedule_id=1_700_000_000,
            name="Night",
            days=("mon", "tue", "wed", "thu", "fri"),
            start_minutes=1410,
            end_minutes=0,
            one_time=False,
            enabled=True,
            position=(52.3731, 4.8926),
        )
    ]


def test_precondition_schedule() -> None:
    assert precondition(PRECONDITION) == [
        Schedule(
            schedule_id=1_700_000_001,
            name="",
            days=("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
            ready_minutes=1439,
            one_time=True,
            enabled=False,
            position=(-33.0, 151.0),
        )
    ]


def test_times_that_are_switched_off_are_none() -> None:
    (schedule,) = charge({**CHARGE, "start_enabled": False, "end_enabled": None})
    assert (schedule.start_minutes, schedule.end_minutes) == (None, None)


@pytest.mark.parametrize(
    ("key", "value", "attribute", "expected"),
    [
        ("start_time", None, "start_minutes", None),
        ("start_time", 1440, "start_minutes", None),
        ("start_time", -1, "start_minutes", None),
        ("start_time", True, "start_minutes", None),
        ("start_time", "23:30", "start_minutes", None),
        ("name", None, "name", ""),
        ("days_of_week", None, "days", ()),
        ("days_of_week", "All", "days", ()),
        ("days_of_week", 128, "days", ()),
        ("one_time", None, "one_time", False),
        ("enabled", None, "enabled", False),
        ("latitude", None, "position", None),
        ("longitude", "<invalid>", "position", None),
        ("latitude", 90.5, "position", None),
        ("longitude", 1e300, "position", None),
    ],
)
def test_unreadable_schedules_are_left_out(
    key: str, value: object, attribute: str, expected: object
) -> None:
    (schedule,) = charge({**CHARGE, key: value})
    assert getattr(schedule, attribute) == expected


@pytest.mark.parametrize("told", [None, "text", [], {}, {"id": None}, {"id": "5"}, {"id": True}])
def test_without_an_id_it_is_none(told: object) -> None:
    (schedule,) = charge(told, CHARGE)
    assert schedule.schedule_id == CHARGE["id"]


@pytest.mark.parametrize(
    "section", [None, [], "text", {}, {"charge_schedules": None}, {"charge_schedules": {}}]
)
def test_sections_without_schedules(section: object) -> None:
    assert charge_schedules({"charge_schedule_data": section}) == []
    assert charge_schedules({}) == []
    assert precondition_schedules({"preconditioning_schedule_data": section}) == []
