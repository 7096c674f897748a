"""Cost of a plan: the forecast, and the tally of what was received.

The forecast follows from the profile table's model of how each field moves. The tally counts what
is received. Vehicles do repeat values that hardly changed, every ten seconds and for hours; a field
that costs several times its forecast is found here, shown to the owner, and slowed.

Nothing here has a clock: times are given, aware.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from ..reading_json import as_number
from .profiles import Rule, Situation, is_slowest, row_of

type Plan = Mapping[str, Rule]
"""The fields that a vehicle should stream, with a rule for each."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Signals that a plan is expected to make."""

    rates: Mapping[Situation, Mapping[str, float]]
    """Signals an hour, by field, in each situation."""
    snapshot: int
    """Signals of a connection after waking up: each field is sent once."""

    def per_hour(self, situation: Situation) -> float:
        """Signals in an hour of a situation, without connecting."""
        return sum(self.rates[situation].values())

    def signals(self, hours: Mapping[Situation, float], wakes: float = 0) -> float:
        """Signals of so many hours in each situation, and of so many awakenings."""
        told = sum(self.per_hour(situation) * spent for situation, spent in hours.items())
        return told + self.snapshot * wakes


def forecast(plan: Plan) -> Forecast:
    """Expected signals of a plan, by the model of the profile table."""
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
"""How many times its forecast a field must have cost before anything is done about it: the forecast
is a guess, and may well be wrong by a factor of two."""
LEAST_SIGNALS: Final = 300
"""Signals below which nothing is done: a new configuration is a data request and costs as much."""
SETTLING: Final = timedelta(minutes=30)
"""How long after a change of plan nothing is counted: vehicles were seen to go on as before for 10
to 25 minutes. Source: issues of Tesla's server (2024 to 2026)."""
WINDOW: Final = 48.0
"""Awake hours after which what was counted is halved, so that old habits fade."""
MAX_STEPS: Final = 9
"""Steps of slowing after which a rule is at its slowest, wherever it began."""


@dataclass(frozen=True, slots=True)
class Overdrawn:
    """A field that costs several times its forecast."""

    field: str
    seen: float
    """Signals that came."""
    expected: float
    """Signals that were forecast for the same time."""


class Tally:
    """Counts the signals of one vehicle by field and situation, beside the forecast of its plan.

    `opened` and `closed` tell its connections, which may overlap; only the hours between them
    count. A stream that tells no connections (a broker's) needs none of that: the first record
    opens it.

    Args:
        plan: What the vehicle streams by.
    """

    def __init__(self, plan: Plan) -> None:
        self.slowed: dict[str, int] = {}
        """Steps of slowing by field; they stand until the owner takes them back."""
        self._connections = 0
        self._situation = Situation.PARKED
        self._since: datetime | None = None
        self._not_before: datetime | None = None
        self._start(plan)

    def _start(self, plan: Plan) -> None:
        self.plan: Plan = dict(plan)
        self._forecast = forecast(plan)
        self._hours = dict.fromkeys(Situation, 0.0)
        self._snapshots = 0.0
        self._counts: dict[Situation, dict[str, float]] = {
            situation: dict.fromkeys(plan, 0) for situation in Situation
        }
        self._unplanned = 0
        self._current = self._counts[self._situation]

    def follow(self, plan: Plan, now: datetime) -> None:
        """Count for another plan, from when it has settled; the same one changes nothing.

        Call it when Tesla says that the vehicle has the configuration.
        """
        if plan == self.plan:
            return
        self._start(plan)
        self._not_before = now + SETTLING
        if self._since is not None:
            self._since = now

    # --- What happens ----------------------------------------------------------------------------

    def opened(self, now: datetime) -> None:
        """The vehicle connected: it tells every field once, which is part of the forecast."""
        self._connections += 1
        self._snapshots += 1
        if self._since is None:
            self._since = now

    def closed(self, now: datetime) -> None:
        """A connection ended; after the last one no hours are counted."""
        self._connections = max(0, self._connections - 1)
        if not self._connections:
            self._settle(now)
            self._since = None

    def note(self, fields: Iterable[str], situation: Situation, now: datetime) -> None:
        """Count a record's fields: every one that came, also invalid ones, as Tesla bills them."""
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
        """Book the hours up to now."""
        if self._since is not None:
            since = self._since
            if self._not_before is not None:
                since = max(since, self._not_before)
            # A clock that was set back counts nothing.
            spent = max(timedelta(), now - since)
            self._hours[self._situation] += spent / timedelta(hours=1)
            self._since = now
        if self._not_before is not None and now >= self._not_before:
            self._not_before = None
        if sum(self._hours.values()) > WINDOW:
            self._fade()

    def _fade(self) -> None:
        self._hours = {situation: spent / 2 for situation, spent in self._hours.items()}
        self._snapshots /= 2
        for counts in self._counts.values():
            for field in counts:
                counts[field] /= 2

    # --- What follows ----------------------------------------------------------------------------

    @property
    def unplanned(self) -> int:
        """Signals of fields that were not requested: another configuration is at work."""
        return self._unplanned

    def hours(self, now: datetime) -> Mapping[Situation, float]:
        """Connected hours that were counted, by situation."""
        self._settle(now)
        return dict(self._hours)

    def seen(self) -> Mapping[str, float]:
        """Signals that came, by field of the plan."""
        return {
            field: sum(counts[field] for counts in self._counts.values()) for field in self.plan
        }

    def expected(self, now: datetime) -> Mapping[str, float]:
        """Signals that were forecast for the same hours, by field of the plan."""
        self._settle(now)
        rates = self._forecast.rates
        return {
            field: self._snapshots
            + sum(rates[situation][field] * spent for situation, spent in self._hours.items())
            for field in self.plan
        }

    def overdrawn(self, now: datetime) -> tuple[Overdrawn, ...]:
        """Fields that cost several times their forecast, the dearest first."""
        expected = self.expected(now)
        found = [
            Overdrawn(field, count, expected[field])
            for field, count in self.seen().items()
            if count >= LEAST_SIGNALS and count >= OVERDRAWN * expected[field]
        ]
        return tuple(sorted(found, key=lambda each: (-each.seen, each.field)))

    def slow(self, now: datetime, keep: Collection[str] = ()) -> tuple[str, ...]:
        """Slow overdrawn fields by one more step. Returns these fields.

        Nothing changes before a plan is made with `slowed`, and given to `follow`. Fields that are
        already sent as rarely as is useful stay as they are.

        Args:
            now: Time.
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

    # --- Kept over a restart ---------------------------------------------------------------------

    def to_stored(self, now: datetime) -> dict[str, Any]:
        """The tally as JSON."""
        self._settle(now)
        return {
            "plan": _mark(self.plan),
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
        """The tally from `to_stored`'s JSON; what cannot be read is left out.

        What was slowed stays slowed; what was counted for another plan is forgotten.
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
    """Steps of slowing by field, from JSON; what cannot be read is left out."""
    if not isinstance(stored, Mapping):
        return {}
    known: Mapping[Any, Any] = stored
    return {
        field: min(steps, MAX_STEPS)
        for field, steps in known.items()
        if isinstance(field, str) and type(steps) is int and steps > 0
    }


_MOST: Final = 1e9
"""Signals or hours beyond which a stored amount is noise."""


def _amount(stored: object) -> float:
    """A stored number that can be a count; anything else is 0."""
    amount = as_number(stored)
    return amount if amount is not None and 0 <= amount < _MOST else 0.0


def _under(stored: object, key: str) -> object:
    return stored.get(key) if isinstance(stored, Mapping) else None


def _mark(plan: Plan) -> str:
    """Hash that identifies a plan."""
    rules = {field: rule.to_stored() for field, rule in plan.items()}
    return hashlib.sha256(json.dumps(rules, sort_keys=True).encode()).hexdigest()[:16]
