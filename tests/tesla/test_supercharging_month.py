"""The month at Superchargers: its sums, when to request it, and restarts."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from custom_components.flotte.tesla.charging.bills import BilledSessions
from custom_components.flotte.tesla.charging.month import (
    MonthPlan,
    MonthSum,
    month_to_stored,
    read_stored_month,
    sum_month,
)
from custom_components.flotte.tesla.charging.supercharging import read_page

ZONE = timezone(timedelta(hours=2))
SEPTEMBER = datetime(2026, 9, 1, tzinfo=ZONE)
OCTOBER = datetime(2026, 10, 1, tzinfo=ZONE)
NOW = datetime(2026, 10, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


def row(start: str | None, due: object, currency: str = "EUR", **more: Any) -> dict[str, Any]:
    """A session with one fee for 20 kWh."""
    fee = {
        "feeType": "CHARGING",
        "currencyCode": currency,
        "pricingType": "PAYMENT",
        "usageBase": 20,
        "totalDue": due,
        "uom": "kwh",
        "isPaid": True,
        **more,
    }
    return {"chargeStartDateTime": start, "fees": [] if due is None else [fee]}


def month_of(*rows: dict[str, Any], known: str | None = None, **more: Any) -> MonthSum:
    """The sums of October with these sessions."""
    page = read_page({"data": list(rows)})
    kept = {"has_more": False, "unreadable": 0, **more}
    billed = BilledSessions(sessions=page.sessions, requests=1, **kept)
    return sum_month(billed, previous=SEPTEMBER, begin=OCTOBER, read_at=NOW, currency=known)


FIRST = "2026-09-30T22:00:00Z"
"""Midnight of October 1, two hours east of Greenwich."""
LATE = "2026-09-30T23:59:59+02:00"
MIDDLE = "2026-10-10T08:00:00+02:00"


@pytest.mark.parametrize(
    ("rows", "cost", "costs", "energy", "currency"),
    [
        ([], "0", {}, 0, None),
        ([row(MIDDLE, 9.1), row(FIRST, 0.2)], "9.3", {"EUR": "9.3"}, 40, "EUR"),
        ([row(MIDDLE, 9, "CHF")], "9", {"CHF": "9"}, 20, "CHF"),
        # Free, unpaid, refunded
        ([row(MIDDLE, 0, pricingType="NO_CHARGE")], "0", {}, 20, None),
        ([row(MIDDLE, 9, isPaid=False)], "9", {"EUR": "9"}, 20, "EUR"),
        ([row(MIDDLE, 9), row(MIDDLE, -4, feeType="REFUND")], "5", {"EUR": "5"}, None, "EUR"),
        # Billed by the minute
        ([row(MIDDLE, 9, uom="min")], "9", {"EUR": "9"}, None, "EUR"),
        # A free session abroad does not count as a currency.
        ([row(MIDDLE, 9), row(FIRST, 0, "CHF")], "9", {"EUR": "9"}, 40, "EUR"),
        ([row(MIDDLE, 9), row(FIRST, 3, "CHF")], None, {"EUR": "9", "CHF": "3"}, 40, None),
        # Not billed yet, or not known how much
        ([row(MIDDLE, 9), row(FIRST, None)], None, None, None, None),
        ([row(MIDDLE, 9), row(FIRST, "soon")], None, None, 40, None),
        ([row(MIDDLE, 9), row(None, 3)], None, None, None, None),
    ],
)
def test_sums(
    rows: list[dict[str, Any]],
    cost: str | None,
    costs: dict[str, str] | None,
    energy: float | None,
    currency: str | None,
) -> None:
    month = month_of(*rows)
    expected = None if costs is None else {each: Decimal(due) for each, due in costs.items()}
    assert (month.costs, month.energy, month.currency) == (expected, energy, currency)
    assert month.cost == (None if cost is None else Decimal(cost))


def test_a_late_session_belongs_to_its_own_month() -> None:
    month = month_of(row(LATE, 7), row(MIDDLE, 9), row("2026-08-31T23:00:00+02:00", 100))
    assert month.previous == {"EUR": Decimal(7)}
    assert (month.cost, month.sessions) == (Decimal(9), 1)
    # One that is not billed yet leaves the other month alone.
    late = month_of(row(LATE, None), row(MIDDLE, 9))
    assert late.cost == Decimal(9)
    assert late.previous is None


def test_the_currency_of_an_empty_month_is_the_last_one() -> None:
    assert month_of(row(LATE, 7, "CHF")).currency == "CHF"
    assert month_of(known="SEK").currency == "SEK"
    assert month_of(row(MIDDLE, 9), row(MIDDLE, 3, "CHF"), known="EUR").currency == "EUR"


@pytest.mark.parametrize("missing", [{"has_more": True}, {"unreadable": 1}])
def test_a_sum_of_a_part_is_unknown(missing: dict[str, Any]) -> None:
    month = month_of(row(MIDDLE, 9), known="EUR", **missing)
    assert {month.cost, month.energy, month.sessions} == {None}
    assert (month.costs, month.previous) == (None, None)
    assert month.currency == "EUR"


# --- When to request it --------------------------------------------------------------------------


def test_once_a_day() -> None:
    assert MonthPlan().is_due(NOW)
    plan = MonthPlan().succeeded(NOW)
    assert not plan.is_due(NOW + 23.9 * HOUR)
    assert plan.is_due(NOW + 24 * HOUR)
    assert plan.is_due(NOW - HOUR), "the clock was set back"


def test_three_hours_after_a_session() -> None:
    plan = MonthPlan().succeeded(NOW).ended(NOW + HOUR)
    assert not plan.is_due(NOW + 3.9 * HOUR)
    assert plan.is_due(NOW + 4 * HOUR)
    assert plan.succeeded(NOW + 4 * HOUR) == MonthPlan(tried_at=NOW + 4 * HOUR)
    # A request in between is too early for the bill.
    early = plan.succeeded(NOW + 2 * HOUR)
    assert not early.is_due(NOW + 3.9 * HOUR)
    assert early.is_due(NOW + 4 * HOUR)


def test_failures_are_retried_later_and_later() -> None:
    """Tesla may bill them, so a session does not hasten them."""
    plan = MonthPlan().ended(NOW - 4 * HOUR)
    for hours in (1, 2, 4, 8, 16, 24, 24):
        plan = plan.failed(NOW)
        assert not plan.is_due(NOW + (hours - 0.1) * HOUR)
        assert plan.is_due(NOW + hours * HOUR)


# --- Restarts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "month", [None, month_of(row(MIDDLE, 9.1), row(LATE, 3, "CHF")), month_of(has_more=True)]
)
def test_a_restart(month: MonthSum | None) -> None:
    plan = MonthPlan(tried_at=NOW, bill_due_at=NOW + HOUR, failures=2)
    assert read_stored_month(month_to_stored(month, plan)) == (month, plan)


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"month": 7, "tried_at": 3, "bill_due_at": "soon", "failures": "many"},
        {"month": {"begin": "2026-10-01T00:00:00", "read_at": 7}, "failures": -1},
    ],
)
def test_a_damaged_file(stored: object) -> None:
    assert read_stored_month(stored) == (None, MonthPlan())


@pytest.mark.parametrize("costs", [7, {"EUR": "much"}, {"EUR": "NaN"}, {"EUR": [1]}])
def test_a_damaged_amount_is_unknown(costs: object) -> None:
    stored = month_to_stored(month_of(row(MIDDLE, 9)), MonthPlan())
    month, _plan = read_stored_month({**stored, "month": {**stored["month"], "costs": costs}})
    assert month is not None
    assert month.costs is None
