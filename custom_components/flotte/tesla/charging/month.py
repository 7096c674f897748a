"""Cost and energy of a month at Superchargers, and when to request them again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from ..clock import within
from ..reading_json import as_moment, as_number, as_object, as_text, as_whole
from .bills import BilledSessions
from .supercharging import Costs, SuperchargerSession, total_costs, total_energy

DAY: Final = timedelta(days=1)
BILLED_AFTER: Final = timedelta(hours=3)
"""Time from the end of a session until it is requested. Tesla bills most of them sooner."""
FIRST_RETRY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthSum:
    """The sums of a month, as Tesla listed its sessions at a time. None is unknown."""

    begin: datetime
    """The beginning of the month in the owner's time zone."""
    read_at: datetime
    sessions: int | None
    costs: Costs | None
    """Amounts other than 0, by currency."""
    energy: float | None
    """kWh."""
    previous: Costs | None
    """Costs of the month before: sessions are billed late."""
    currency: str | None
    """The only currency of the month, or of the last session before it."""

    @property
    def cost(self) -> Decimal | None:
        """The cost in `currency`; None if there are several currencies."""
        if self.costs is None or len(self.costs) > 1:
            return None
        return next(iter(self.costs.values()), Decimal())


def sum_month(
    billed: BilledSessions,
    *,
    previous: datetime,
    begin: datetime,
    read_at: datetime,
    currency: str | None,
) -> MonthSum:
    """Add up the sessions of a month and of the one before.

    A sum is unknown if a session is missing, has no time, or has an unknown cost: it must never be
    too low without saying so.

    Args:
        billed: All sessions since the beginning of the month before.
        previous: Beginning of the month before.
        begin: Beginning of the month.
        read_at: When Tesla listed them.
        currency: The currency so far.
    """
    starts = [session.start for session in billed.sessions]
    if not billed.is_complete or None in starts:
        return MonthSum(
            begin=begin,
            read_at=read_at,
            sessions=None,
            costs=None,
            energy=None,
            previous=None,
            currency=currency,
        )
    this = [each for each in billed.sessions if each.start is not None and each.start >= begin]
    before = [
        each
        for each in billed.sessions
        if each.start is not None and previous <= each.start < begin
    ]
    costs = _amounts(this)
    earlier = [costs, _amounts(before), {} if currency is None else {currency: Decimal()}]
    only = next((list(each) for each in earlier if each), [])
    return MonthSum(
        begin=begin,
        read_at=read_at,
        sessions=len(this),
        costs=costs,
        energy=total_energy(this),
        previous=_amounts(before),
        currency=only[0] if len(only) == 1 else currency,
    )


def _amounts(sessions: list[SuperchargerSession]) -> Costs | None:
    total = total_costs(sessions)
    return None if total is None else {name: cost for name, cost in total.items() if cost}


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthPlan:
    """When to request the month: once a day, and some hours after a session."""

    tried_at: datetime | None = None
    bill_due_at: datetime | None = None
    """When the last session may be billed; None if it has been requested since."""
    failures: int = 0
    """Requests that failed in a row."""

    def is_due(self, now: datetime) -> bool:
        """Whether to send a request."""
        if self.tried_at is None:
            return True
        if self.failures:
            return not within(self.tried_at, min(FIRST_RETRY * 2 ** (self.failures - 1), DAY), now)
        if self.bill_due_at is not None and now >= self.bill_due_at:
            return True
        return not within(self.tried_at, DAY, now)

    def ended(self, now: datetime) -> MonthPlan:
        """The plan after the end of a session."""
        return replace(self, bill_due_at=now + BILLED_AFTER)

    def succeeded(self, now: datetime) -> MonthPlan:
        """The plan after an answer."""
        waits = self.bill_due_at is not None and now < self.bill_due_at
        return MonthPlan(tried_at=now, bill_due_at=self.bill_due_at if waits else None)

    def failed(self, now: datetime) -> MonthPlan:
        """The plan after a failure: it retries later and later, at most once a day."""
        return replace(self, tried_at=now, failures=self.failures + 1)


# --- Restarts ------------------------------------------------------------------------------------


def month_to_stored(month: MonthSum | None, plan: MonthPlan) -> dict[str, Any]:
    """Both as JSON."""
    return {
        "month": None
        if month is None
        else {
            "begin": month.begin.isoformat(),
            "read_at": month.read_at.isoformat(),
            "sessions": month.sessions,
            "costs": _to_stored(month.costs),
            "energy": month.energy,
            "previous": _to_stored(month.previous),
            "currency": month.currency,
        },
        "tried_at": plan.tried_at and plan.tried_at.isoformat(),
        "bill_due_at": plan.bill_due_at and plan.bill_due_at.isoformat(),
        "failures": plan.failures,
    }


def read_stored_month(stored: object) -> tuple[MonthSum | None, MonthPlan]:
    """Read the JSON of `month_to_stored`; unreadable values are unknown."""
    kept = as_object(stored)
    failures = as_whole(kept.get("failures")) or 0
    plan = MonthPlan(
        tried_at=as_moment(kept.get("tried_at")),
        bill_due_at=as_moment(kept.get("bill_due_at")),
        failures=min(max(failures, 0), 10),
    )
    month = as_object(kept.get("month"))
    begin, read_at = as_moment(month.get("begin")), as_moment(month.get("read_at"))
    if begin is None or read_at is None:
        return None, plan
    return MonthSum(
        begin=begin,
        read_at=read_at,
        sessions=as_whole(month.get("sessions")),
        costs=_from_stored(month.get("costs")),
        energy=as_number(month.get("energy")),
        previous=_from_stored(month.get("previous")),
        currency=as_text(month.get("currency")),
    ), plan


def _to_stored(costs: Costs | None) -> dict[str, str] | None:
    return None if costs is None else {name: str(cost) for name, cost in costs.items()}


def _from_stored(stored: object) -> Costs | None:
    """Amounts by currency; None if one of them is unreadable."""
    if not isinstance(stored, Mapping):
        return None
    try:
        costs = {str(name): Decimal(cost) for name, cost in stored.items()}
    except InvalidOperation, TypeError, ValueError:
        return None
    return costs if all(cost.is_finite() for cost in costs.values()) else None
