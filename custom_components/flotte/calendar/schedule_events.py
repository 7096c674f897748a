"""Schedules as events of a calendar, and events as schedules."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, NoReturn

from homeassistant.components.calendar import (
    EVENT_END,
    EVENT_RRULE,
    EVENT_START,
    EVENT_SUMMARY,
)
from homeassistant.exceptions import ServiceValidationError

from ..const import DOMAIN
from ..tesla.commands.charging import DAYS
from ..tesla.schedule_times import MINUTES_OF_A_DAY, OPEN_MINUTES, first_days
from ..tesla.schedules import Schedule

type Event = dict[str, Any]

_CODES: Final = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")
"""The days of `DAYS` in rules of recurrence. Source: RFC 5545, 3.3.10."""
_WEEK: Final = timedelta(days=7)
_IRRELEVANT: Final = frozenset({"INTERVAL=1", "WKST=SU", "WKST=MO"})
"""Parts of a rule that change nothing for a schedule of every week."""


def recurrence_of(schedule: Schedule) -> str | None:
    """The rule by which a schedule recurs; None if it does not."""
    codes = [_CODES[DAYS.index(day)] for day in first_days(schedule)]
    return None if schedule.one_time or not codes else f"FREQ=WEEKLY;BYDAY={','.join(codes)}"


def charge_schedule(event: Event, before: Schedule, now: datetime) -> Schedule:
    """The charging schedule that an event describes.

    A schedule without an end, or without a start, stays so unless the length of its event changes.
    """
    start, end, minutes = _times(event)
    is_open = (before.start_minutes is None) is not (before.end_minutes is None)
    keeps_open = is_open and minutes == OPEN_MINUTES
    has_start = not keeps_open or before.start_minutes is not None
    has_end = not keeps_open or before.end_minutes is not None
    dated = _dated(before, event, start if has_start else end, now)
    return replace(
        dated,
        start_minutes=_minutes_of(start) if has_start else None,
        end_minutes=_minutes_of(end) if has_end else None,
    )


def precondition_schedule(event: Event, before: Schedule, now: datetime) -> Schedule:
    """The preconditioning schedule that an event describes: the car is ready when it ends."""
    _, end, _ = _times(event)
    return replace(_dated(before, event, end, now), ready_minutes=_minutes_of(end))


def _times(event: Event) -> tuple[datetime, datetime, int]:
    """Start, end and minutes of an event, by the clocks on the wall."""
    start, end = event[EVENT_START], event[EVENT_END]
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        _refuse(translation_key="schedule_all_day")
    walls = [each.replace(second=0, microsecond=0, tzinfo=None) for each in (start, end)]
    minutes = (walls[1] - walls[0]) // timedelta(minutes=1)
    if not 0 < minutes <= MINUTES_OF_A_DAY:
        _refuse(translation_key="schedule_length")
    return start, end, minutes


def _minutes_of(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute


def _dated(before: Schedule, event: Event, decisive: datetime, now: datetime) -> Schedule:
    """The schedule with the days and the name of an event.

    Args:
        before: The schedule so far.
        event: The event, which has a start and an end.
        decisive: The time of the event that is the schedule's: its start or its end.
        now: The current time.
    """
    rule, start, end = event.get(EVENT_RRULE), event[EVENT_START], event[EVENT_END]
    shift = (decisive.date() - start.date()).days
    if rule is None:
        # A later one would apply this week already, because the car knows no dates.
        if not now < decisive <= end <= now + _WEEK:
            _refuse(translation_key="schedule_date")
        chosen = {start.isoweekday() % 7}
    else:
        chosen = _days_of(rule)
        if start.isoweekday() % 7 not in chosen:
            _refuse(translation_key="schedule_first_day")
    days = {DAYS[(day + shift) % 7] for day in chosen}
    return replace(
        before,
        name=event[EVENT_SUMMARY].strip(),
        days=tuple(day for day in DAYS if day in days),
        one_time=rule is None,
    )


def _days_of(rule: str) -> set[int]:
    """The days of the week of a rule, as places in `DAYS`."""
    parts = dict(part.split("=", 1) for part in rule.upper().split(";"))
    frequency, codes = parts.pop("FREQ", None), parts.pop("BYDAY", None)
    chosen = set(codes.split(",")) if codes else set(_CODES)
    is_weekly = frequency == "DAILY" or (frequency == "WEEKLY" and codes is not None)
    left = {f"{name}={value}" for name, value in parts.items()} - _IRRELEVANT
    if left or not is_weekly or not chosen <= set(_CODES):
        _refuse(translation_key="schedule_rule", rule=rule)
    return {_CODES.index(code) for code in chosen}


def _refuse(translation_key: str, **placeholders: str) -> NoReturn:
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders=placeholders,
    )
