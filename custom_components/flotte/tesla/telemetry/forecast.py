"""The cost of a plan: a forecast, and a tally of the signals received.

The forecast follows from the profile table's model of how each field moves. The tally counts the
received signals. Some vehicles repeat values that hardly changed every ten seconds for hours. The
comparison finds fields that cost several times their forecast, to show them to the owner and slow
them.

Nothing here reads a clock; callers pass the time, timezone-aware.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..reading_json import as_number
from .profiles import FieldRule, Situation, is_slowest, row_of

type Plan = Mapping[str, FieldRule]
"""The fields that a vehicle should stream, with a rule for each."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The signals that a plan is expected to cause."""

    rates: Mapping[Situation, Mapping[str, float]]
    """Signals per hour in each situation, by field."""
    snapshot: int
    """Signals of each new connection, in which the vehicle sends every field once."""

    def per_hour(self, situation: Situation) -> float:
        """Signals per hour in a situation, without those of new connections."""
        return sum(self.rates[situation].values())

    def signals(self, hours: Mapping[Situation, float], wakes: float = 0) -> float:
        """Signals in so many hours of each situation, with so many wakes."""
        told = sum(self.per_hour(situation) * spent for situation, spent in hours.items())
        return told + self.snapshot * wakes


def forecast(plan: Plan) -> Forecast:
    """Forecast the signals of a plan by the model of the profile table."""
    return Forecast(
        {
            situation: {
                field: row_of(field).motion.per_hour(rule, situation)
                for field, rule in plan.items()
            }
            for situation in Situation
        },
        len(plan),
    )


OVERDRAWN: Final = 3.0
"""Multiple of its forecast at which a field counts as overdrawn. The forecast is an estimate that
may well be wrong by a factor of two."""
LEAST_SIGNALS: Final = 300
"""Minimum signals of an overdrawn field: a new configuration is a data request, which costs as much
as this many signals."""
SETTLING: Final = timedelta(minutes=30)
"""Time after a change of plan in which nothing is counted, because vehicles were seen to follow the
old plan for 10 to 25 minutes. Source: issues of Tesla's server (2024 to 2026)."""
TALLY_WINDOW: Final = 48.0
"""Connected hours after which all counts are halved, so that old habits fade."""
MAX_STEPS: Final = 9
"""Maximum steps of slowing; any rule is at its slowest by then."""


@dataclass(frozen=True, slots=True)
class Overdrawn:
    """A field that costs several times its forecast."""

    field: str
    seen: float
    """Signals received."""
    expected: float
    """Signals forecast for the same hours."""


class Tally:
    """Counts one vehicle's signals by field and situation, to compare them with the forecast.

    Only connected hours count. Report connections with `opened` and `closed`; they may overlap. For
    a stream without connections (a broker's) neither is needed: its first record opens it.

    Args:
        plan: The plan by which the vehicle streams.
    """

    def __init__(self, plan: Plan) -> None:
        self.slowed: dict[str, int] = {}
        """Steps of slowing by field, which remain until the owner takes them back."""
        self._connections = 0
        self._situation = Situation.PARKED
        self._since: datetime | None = None
        self._not_before: datetime | None = None
        self._start(plan)

    def _start(self, plan: Plan) -> None:
        self.plan: Plan = dict(plan)
        self._plan_mark: str | None = None
        self._forecast = forecast(plan)
        self._hours = dict.fromkeys(Situation, 0.0)
        self._snapshots = 0.0
        self._counts: dict[Situation, dict[str, float]] = {
            situation: dict.fromkeys(plan, 0) for situation in Situation
        }
        self._unplanned = 0
        self._current = self._counts[self._situation]

    def follow(self, plan: Plan, now: datetime) -> None:
        """Start counting for a new plan once it has settled; does nothing for the same plan.

        Call this when Tesla reports that the vehicle has received the configuration.
        """
        if plan == self.plan:
            return
        self._start(plan)
        self._not_before = now + SETTLING
        if self._since is not None:
            self._since = now

    # --- Counting --------------------------------------------------------------------------------

    def opened(self, now: datetime) -> None:
        """Note a connection. The vehicle now sends every field once, as the forecast includes."""
        self._connections += 1
        self._snapshots += 1
        if self._since is None:
            self._since = now

    def closed(self, now: datetime) -> None:
        """Note the end of a connection; after the last one, hours no longer count."""
        self._connections = max(0, self._connections - 1)
        if not self._connections:
            self._settle(now)
            self._since = None

    def note(self, fields: Iterable[str], situation: Situation, now: datetime) -> None:
        """Count all fields of a record, even invalid ones, because Tesla bills them."""
        if self._since is None:
            self._since = now
            self._snapshots += 1
        if situation is not self._situation:
            self._settle(now)
            self._situation = situation
            self._current = self._counts[situation]
        if self._not_before is not None:
            if now < self._not_before:
                return
            self._settle(now)
        counts = self._current
        for field in fields:
            if field in counts:
                counts[field] += 1
            else:
                self._unplanned += 1

    def _settle(self, now: datetime) -> None:
        """Count the hours up to now."""
        if self._since is not None:
            since = self._since
            if self._not_before is not None:
                since = max(since, self._not_before)
            # If the clock was set back, no time counts.
            spent = max(timedelta(), now - since)
            self._hours[self._situation] += spent / timedelta(hours=1)
            self._since = now
        if self._not_before is not None and now >= self._not_before:
            self._not_before = None
        if sum(self._hours.values()) > TALLY_WINDOW:
            self._fade()

    def _fade(self) -> None:
        self._hours = {situation: spent / 2 for situation, spent in self._hours.items()}
        self._snapshots /= 2
        for counts in self._counts.values():
            for field in counts:
                counts[field] /= 2

    # --- Comparison ------------------------------------------------------------------------------

    @property
    def unplanned(self) -> int:
        """Signals of fields outside the plan, which show that another configuration is at work."""
        return self._unplanned

    def hours(self, now: datetime) -> Mapping[Situation, float]:
        """Connected hours by situation."""
        self._settle(now)
        return dict(self._hours)

    def seen(self) -> Mapping[str, float]:
        """Signals received, by field of the plan."""
        return {
            field: sum(counts[field] for counts in self._counts.values()) for field in self.plan
        }

    def expected(self, now: datetime) -> Mapping[str, float]:
        """Signals forecast for the same hours, by field of the plan."""
        self._settle(now)
        rates = self._forecast.rates
        return {
            field: self._snapshots
            + sum(rates[situation][field] * spent for situation, spent in self._hours.items())
            for field in self.plan
        }

    def overdrawn(self, now: datetime) -> tuple[Overdrawn, ...]:
        """Fields that cost several times their forecast, dearest first."""
        expected = self.expected(now)
        found = [
            Overdrawn(field, count, expected[field])
            for field, count in self.seen().items()
            if count >= LEAST_SIGNALS and count >= OVERDRAWN * expected[field]
        ]
        return tuple(sorted(found, key=lambda each: (-each.seen, each.field)))

    def slow(self, now: datetime, keep: Collection[str] = ()) -> tuple[str, ...]:
        """Slow overdrawn fields by one more step, and return these fields.

        This takes effect once a plan is made with `slowed` and passed to `follow`. Fields that are
        already at their slowest do not change.

        Args:
            now: The current time.
            keep: Fields with the owner's own rules, which are not slowed.
        """
        chosen = tuple(
            each.field
            for each in self.overdrawn(now)
            if each.field not in keep
            and self.slowed.get(each.field, 0) < MAX_STEPS
            and not is_slowest(each.field, self.plan[each.field])
        )
        for field in chosen:
            self.slowed[field] = self.slowed.get(field, 0) + 1
        return chosen

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self, now: datetime) -> dict[str, Any]:
        """The tally as JSON."""
        self._settle(now)
        if self._plan_mark is None:
            self._plan_mark = _mark(self.plan)
        return {
            "plan": self._plan_mark,
            "slowed": dict(self.slowed),
            "snapshots": self._snapshots,
            "hours": {str(situation): spent for situation, spent in self._hours.items()},
            "counts": {
                str(situation): {field: count for field, count in counts.items() if count}
                for situation, counts in self._counts.items()
            },
        }

    @classmethod
    def from_stored(cls, plan: Plan, stored: object) -> Tally:
        """Restore a tally from the JSON of `to_stored`; ignore unreadable values.

        Slowed fields stay slowed, but counts for another plan are dropped.
        """
        tally = cls(plan)
        if not isinstance(stored, Mapping):
            return tally
        tally.slowed = read_slowed(stored.get("slowed"))
        if stored.get("plan") != _mark(plan):
            return tally
        tally._snapshots = _amount(stored.get("snapshots"))
        for situation in Situation:
            tally._hours[situation] = _amount(_under(stored.get("hours"), situation))
            counts = _under(stored.get("counts"), situation)
            for field in tally.plan:
                tally._counts[situation][field] = _amount(_under(counts, field))
        return tally


def read_slowed(stored: object) -> dict[str, int]:
    """Read the steps of slowing by field from JSON; ignore unreadable values."""
    if not isinstance(stored, Mapping):
        return {}
    known: Mapping[Any, Any] = stored
    return {
        field: min(steps, MAX_STEPS)
        for field, steps in known.items()
        if isinstance(field, str) and type(steps) is int and steps > 0
    }


_MOST: Final = 1e9
"""Signals or hours beyond which a stored amount is an error."""


def _amount(stored: object) -> float:
    """Read a stored number of signals or hours; 0 if it cannot be one."""
    amount = as_number(stored)
    return amount if amount is not None and 0 <= amount < _MOST else 0.0


def _under(stored: object, key: str) -> object:
    return stored.get(key) if isinstance(stored, Mapping) else None


def _mark(plan: Plan) -> str:
    """Hash that identifies a plan."""
    rules = {field: rule.to_stored() for field, rule in plan.items()}
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]
