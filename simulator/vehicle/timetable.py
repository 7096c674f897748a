"""The charge schedules of a car, at the place where it stands.

They hold back a charge outside their windows, start it and stop it. The car does so alone: also
asleep, and without Tesla's cloud. How real cars treat the cases below is not documented in full:

- A schedule without an end is a window of six hours. Source: Tesla's owner's manual, about
  scheduled charging: a car that is plugged in within six hours of the start charges at once.
- A schedule without a start holds nothing back; it only stops a charge.
- A one-time schedule without days is due on any day. It disappears once it ran, not before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from simulator.vehicle.drive import HOME, distance_m

OPEN_WINDOW = timedelta(hours=6)
_DAY = timedelta(days=1)
_WEEK_DAYS = 7
_NEAR_METRES = 300.0
_EVERY_DAY = 0b111_1111


@dataclass(frozen=True)
class Window:
    """One occurrence of a schedule, in Unix time."""

    key: int
    begins: float
    ends: float
    is_started: bool
    """Whether the schedule has a start."""
    is_stopped: bool
    """Whether the schedule has an end."""

    @property
    def is_over_at(self) -> float:
        """The moment from which a one-time schedule is of no more use."""
        return self.ends if self.is_stopped else self.begins


@dataclass
class Timetable:
    """The windows of the schedules that apply here."""

    plans: dict[int, dict[str, Any]] = field(default_factory=dict)
    """`ChargeSchedule` of the protocol by id; Sunday is the lowest bit of `days_of_week`."""
    place: Callable[[], tuple[float, float]] = lambda: HOME
    time_zone: Callable[[], str] = lambda: "UTC"

    def holds(self, now: float) -> bool:
        """Whether a car that is plugged in now has to wait."""
        plans = [plan for plan in self._here() if plan.get("start_enabled")]
        return bool(plans) and not self.is_inside(now)

    def is_inside(self, now: float) -> bool:
        """Whether this moment lies in a window."""
        return any(window.begins <= now < window.ends for window in self._windows(now))

    def next_start(self, after: float) -> float | None:
        """The next moment at which a waiting car starts."""
        starts = (each.begins for each in self._windows(after) if each.is_started)
        return min((at for at in starts if at > after), default=None)

    def next_end(self, after: float) -> float | None:
        """The next moment at which a charge may have to stop."""
        ends = (each.ends for each in self._windows(after) if each.is_stopped)
        return min((at for at in ends if at > after), default=None)

    def forget_finished(self, since: float, now: float) -> None:
        """Remove the one-time schedules that ran between two moments."""
        for window in list(self._windows(since)):
            if since < window.is_over_at <= now and self.plans[window.key].get("one_time"):
                self.plans.pop(window.key)
                return self.forget_finished(since, now)
        return None

    def _here(self) -> Iterator[dict[str, Any]]:
        place = self.place()
        for plan in self.plans.values():
            if not plan.get("enabled") or {"latitude", "longitude"} - set(plan):
                continue
            if not plan.get("start_enabled") and not plan.get("end_enabled"):
                continue
            if distance_m(place, (plan["latitude"], plan["longitude"])) < _NEAR_METRES:
                yield plan

    def _windows(self, around: float) -> Iterator[Window]:
        """The windows from the day before a moment to a week after it."""
        plans = list(self._here())
        if not plans:
            return
        zone = ZoneInfo(self.time_zone())
        first = datetime.fromtimestamp(around, zone).replace(
            hour=0, minute=0, second=0, microsecond=0, fold=0
        )
        for number in range(-1, _WEEK_DAYS + 1):
            midnight = first + number * _DAY
            for plan in plans:
                if self._days(plan) >> midnight.isoweekday() % _WEEK_DAYS & 1:
                    yield _window(plan, midnight)

    @staticmethod
    def _days(plan: dict[str, Any]) -> int:
        days: int = plan.get("days_of_week") or 0
        return days or (_EVERY_DAY if plan.get("one_time") else 0)


def _window(plan: dict[str, Any], midnight: datetime) -> Window:
    """The window of a schedule whose start, or else its end, is on this day."""
    start = midnight + timedelta(minutes=plan.get("start_time") or 0)
    end = midnight + timedelta(minutes=plan.get("end_time") or 0)
    if not plan.get("end_enabled"):
        end = start + OPEN_WINDOW
    elif not plan.get("start_enabled"):
        start = end - _DAY
    elif end <= start:
        end += _DAY
    return Window(
        key=plan["id"],
        begins=start.timestamp(),
        ends=end.timestamp(),
        is_started=bool(plan.get("start_enabled")),
        is_stopped=bool(plan.get("end_enabled")),
    )
