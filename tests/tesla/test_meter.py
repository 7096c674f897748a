"""The meter: what requests cost, what was spent, and that the limit is never passed."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from custom_components.flotte.tesla.errors import AccountSuspended, BudgetExceeded
from custom_components.flotte.tesla.meter import (
    COMMAND,
    DATA,
    ENERGY,
    EURO,
    FREE,
    POLLING,
    SETUP,
    WAKE,
    Caller,
    CallerKind,
    Category,
    Charge,
    Entry,
    Ledger,
    Meter,
    Month,
    Row,
    Tariff,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAR = "XP7YGCEK0RB000001"
PERSON = Caller(CallerKind.PERSON)
MARCH = Month(2026, 3)

# What one euro buys. Source: Tesla, "Billing and limits", copy of August 2026.
PRICES = (
    (Category.SIGNAL, 150_000),
    (Category.COMMAND, 1_000),
    (Category.DATA, 500),
    (Category.WAKE, 50),
)


def meter(limit: str = "10", /, **counts: int) -> Meter:
    """A meter after so many of each category in March 2026."""
    ledger = Ledger()
    for name, count in counts.items():
        ledger.book(Row(date(2026, 3, 1), Category(name), CAR, "background:polling"), count)
    return Meter(ledger, limit=Decimal(limit))


# --- Prices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("category", "per_euro"), PRICES)
def test_prices(category: Category, per_euro: int) -> None:
    assert EURO.price(category, per_euro) == pytest.approx(Decimal(1), abs=Decimal("1e-20"))
    assert EURO.price(category) == Decimal(1) / per_euro


@pytest.mark.parametrize("category", [Category.ENERGY, Category.FREE])
def test_what_costs_nothing(category: Category) -> None:
    assert EURO.price(category, 1_000_000) == 0


def test_the_discount_is_the_limit_of_who_touches_nothing() -> None:
    assert EURO.currency == "EUR"
    assert EURO.discount == Decimal(10)
    assert Meter().limit == Decimal(10)
    assert meter("0").limit == Decimal(0)


@pytest.mark.parametrize(
    ("counts", "cost"),
    [
        # Tesla's own example: 1,211 commands cost 1.21.
        ({"command": 1_211}, "1.21"),
        ({"command": 1_215}, "1.22"),
        ({"command": 1_214}, "1.21"),
        ({"command": 4}, "0.00"),
        ({"command": 5}, "0.01"),
        ({"data": 384, "command": 4, "wake": 4}, "0.85"),
        ({"signal": 749}, "0.00"),
        ({"signal": 750}, "0.01"),
        # Each category is rounded by itself: 0.004 + 0.004 is 0.00, and 0.005 + 0.006 is 0.02.
        ({"command": 4, "data": 2}, "0.00"),
        ({"command": 5, "data": 3}, "0.02"),
        ({"energy": 100_000, "free": 100_000}, "0.00"),
    ],
)
def test_the_bill_is_rounded_as_tesla_does(counts: dict[str, int], cost: str) -> None:
    assert meter(**counts).cost(NOW) == Decimal(cost)


def test_cost_by_category() -> None:
    spent = meter(command=1_211, data=500, wake=1)
    assert {each: spent.cost(NOW, each) for each in Category} == {
        Category.SIGNAL: Decimal("0.00"),
        Category.COMMAND: Decimal("1.21"),
        Category.DATA: Decimal("1.00"),
        Category.WAKE: Decimal("0.02"),
        Category.ENERGY: Decimal("0.00"),
        Category.FREE: Decimal("0.00"),
    }
    assert spent.cost(NOW) == Decimal("2.23")


@pytest.mark.parametrize(
    ("counts", "left"),
    [
        ({}, "1.00"),
        ({"command": 1}, "0.999"),
        # As rounded it is dearer: 5 commands cost 0.01.
        ({"command": 5}, "0.99"),
        ({"wake": 50}, "0"),
        ({"wake": 51}, "0"),
    ],
)
def test_what_is_left(counts: dict[str, int], left: str) -> None:
    assert meter("1.00", **counts).left(NOW) == Decimal(left)


def test_another_currency() -> None:
    # Source: Tesla's localised pages: 10,000 of 70 kr, 142.45 commands a krone.
    krone = Tariff("DKK", {Category.COMMAND: 1 / Decimal("142.45")}, Decimal(70))
    spent = Meter(tariff=krone)
    assert spent.limit == Decimal(70)
    spent.ledger.book(Row(date(2026, 3, 1), Category.COMMAND, CAR, "person"), 1_000)
    assert spent.cost(NOW) == Decimal("7.02")
    spent.limit = Decimal("7.02")
    with pytest.raises(BudgetExceeded) as refusal:
        spent.require([COMMAND], NOW)
    assert refusal.value.placeholders["currency"] == "DKK"


# --- The month -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 3, 1, tzinfo=UTC), Month(2026, 3)),
        (datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC), Month(2026, 2)),
        # One o'clock on New Year's Day in Amsterdam is midnight in UTC; half an hour earlier it is
        # still last year for Tesla.
        (datetime(2027, 1, 1, 1, 0, tzinfo=ZoneInfo("Europe/Amsterdam")), Month(2027, 1)),
        (datetime(2027, 1, 1, 0, 30, tzinfo=ZoneInfo("Europe/Amsterdam")), Month(2026, 12)),
        (datetime(2026, 3, 31, 19, 0, tzinfo=ZoneInfo("America/Los_Angeles")), Month(2026, 4)),
        (datetime(2026, 4, 1, 13, 0, tzinfo=ZoneInfo("Pacific/Kiritimati")), Month(2026, 3)),
        (date(2026, 3, 31), Month(2026, 3)),
    ],
)
def test_the_month_is_the_one_in_utc(moment: datetime | date, month: Month) -> None:
    assert Month.of(moment) == month


@pytest.mark.parametrize(
    ("month", "end"),
    [
        (Month(2026, 3), datetime(2026, 4, 1, tzinfo=UTC)),
        (Month(2026, 12), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_when_the_next_month_begins(month: Month, end: datetime) -> None:
    assert month.end == end


@pytest.mark.parametrize(
    ("months", "month"),
    [(0, Month(2026, 3)), (2, Month(2026, 1)), (3, Month(2025, 12)), (24, Month(2024, 3))],
)
def test_earlier_months(months: int, month: Month) -> None:
    assert MARCH.earlier(months) == month


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (datetime(2026, 3, 31, 23, 59, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, 23, 59, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
    ids=["month", "year"],
)
def test_a_new_month_begins_with_nothing_spent(before: datetime, after: datetime) -> None:
    spent = Meter(limit=Decimal("0.02"))
    spent.charge(WAKE, PERSON, CAR, before)
    with pytest.raises(BudgetExceeded):
        spent.require([COMMAND], before)
    assert spent.left(after) == Decimal("0.02")
    spent.charge(WAKE, PERSON, CAR, after)
    assert spent.cost(after) == spent.cost(before) == Decimal("0.02")


def test_the_day_in_the_ledger_is_the_one_in_utc() -> None:
    entry = Meter().charge(
        DATA, PERSON, CAR, datetime(2026, 4, 1, 1, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
    )
    assert entry.row.day == date(2026, 3, 31)


# --- Room for the whole cost ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "charges", "fits"),
    [
        ("0.020", [WAKE], True),
        ("0.019", [WAKE], False),
        ("0.021", [WAKE, COMMAND], True),
        ("0.020", [WAKE, COMMAND], False),
        ("0.021", [WAKE, COMMAND, COMMAND], False),
        ("0.022", [WAKE, COMMAND, COMMAND], True),
        ("0.004", [Charge(Category.COMMAND, 4)], True),
        ("0.003", [Charge(Category.COMMAND, 4)], False),
        # Five commands are billed as 0.01.
        ("0.009", [Charge(Category.COMMAND, 5)], False),
        ("0.010", [Charge(Category.COMMAND, 5)], True),
        ("0", [FREE, ENERGY], True),
        ("0", [], True),
        ("0", [COMMAND], False),
    ],
)
def test_room_is_needed_for_the_whole_cost(
    limit: str, charges: list[Charge], *, fits: bool
) -> None:
    fresh = meter(limit)
    if fits:
        fresh.require(charges, NOW)
    else:
        with pytest.raises(BudgetExceeded):
            fresh.require(charges, NOW)
    assert fresh.ledger == Ledger(_sum=fresh.ledger._sum), "asking books nothing"


def test_a_refusal_says_what_it_would_cost_and_what_is_left() -> None:
    spent = meter("10", wake=499)
    with pytest.raises(BudgetExceeded) as refusal:
        spent.require([WAKE, COMMAND, FREE], NOW)
    assert refusal.value.placeholders == {
        "detail": "",
        "cost": "0.021",
        "left": "0.02",
        "limit": "10.00",
        "currency": "EUR",
        "until": "2026-04-01",
    }


def test_a_refused_charge_books_nothing() -> None:
    spent = meter("0.02", wake=1)
    before = spent.ledger.to_stored()
    with pytest.raises(BudgetExceeded):
        spent.charge(COMMAND, PERSON, CAR, NOW)
    assert spent.ledger.to_stored() == before


def test_a_charge_is_booked_by_day_category_car_and_caller() -> None:
    fresh = Meter()
    automation = Caller(CallerKind.AUTOMATION, "solar_surplus")
    entry = fresh.charge(WAKE, automation, CAR, NOW)
    fresh.charge(WAKE, automation, CAR, NOW + timedelta(hours=11))
    fresh.charge(WAKE, automation, CAR, NOW + timedelta(hours=13))
    fresh.charge(FREE, SETUP, "", NOW)
    row = Row(date(2026, 3, 10), Category.WAKE, CAR, "automation:solar_surplus")
    assert entry == Entry(row, 1)
    assert fresh.ledger.counts == {
        row: 2,
        Row(date(2026, 3, 11), Category.WAKE, CAR, "automation:solar_surplus"): 1,
        Row(date(2026, 3, 10), Category.FREE, "", "background:setup"): 1,
    }


@pytest.mark.parametrize(
    ("caller", "label"),
    [
        (PERSON, "person"),
        (Caller(CallerKind.AUTOMATION, "night"), "automation:night"),
        (POLLING, "background:polling"),
    ],
)
def test_how_a_caller_is_written(caller: Caller, label: str) -> None:
    assert caller.label == label


def test_a_refund_takes_back_what_was_booked() -> None:
    fresh = meter("0.02")
    settled: list[int] = []
    fresh.settled = lambda: settled.append(fresh.ledger.month(MARCH)[Category.WAKE])
    entry = fresh.charge(WAKE, PERSON, CAR, NOW)
    assert settled == []
    fresh.refund(entry)
    assert settled == [0]
    assert fresh.cost(NOW) == 0
    fresh.charge(WAKE, PERSON, CAR, NOW)


def test_a_refund_after_midnight_goes_to_the_month_of_the_charge() -> None:
    fresh = Meter()
    night = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    entry = fresh.charge(WAKE, PERSON, CAR, night)
    april = night + timedelta(seconds=2)
    assert fresh.cost(april) == 0
    fresh.refund(entry)
    assert fresh.cost(april) == 0
    assert fresh.cost(night) == 0


def test_the_unanswered_stays_booked() -> None:
    fresh = Meter()
    settled: list[None] = []
    fresh.settled = lambda: settled.append(None)
    entry = fresh.charge(COMMAND, PERSON, CAR, NOW)
    fresh.unanswered(entry)
    assert fresh.ledger.unanswered == Counter({entry.row: 1})
    assert fresh.ledger.counts == Counter({entry.row: 1})
    assert len(settled) == 1


def test_settling_needs_nobody_who_listens() -> None:
    fresh = Meter()
    fresh.unanswered(fresh.charge(COMMAND, PERSON, CAR, NOW))


# --- Suspended by Tesla --------------------------------------------------------------------------


def test_suspended_refuses_what_is_paid_until_the_month_ends() -> None:
    stopped = Meter()
    settled: list[None] = []
    stopped.settled = lambda: settled.append(None)
    stopped.suspend(NOW)
    assert len(settled) == 1, "so that it can be kept"
    for charge in (COMMAND, DATA, WAKE):
        with pytest.raises(AccountSuspended):
            stopped.charge(charge, PERSON, CAR, NOW)
    assert not stopped.ledger.counts
    stopped.charge(FREE, PERSON, CAR, NOW)
    stopped.charge(ENERGY, PERSON, CAR, NOW)
    with pytest.raises(AccountSuspended):
        stopped.require([COMMAND], MARCH.end - timedelta(seconds=1))
    stopped.require([COMMAND], MARCH.end)


def test_resume_ends_the_suspension() -> None:
    stopped = Meter()
    stopped.suspend(NOW)
    stopped.resume()
    stopped.charge(COMMAND, PERSON, CAR, NOW)


# --- The ledger is kept --------------------------------------------------------------------------


def test_the_ledger_comes_back_as_it_was_stored() -> None:
    ledger = Ledger()
    wake = Row(date(2026, 3, 10), Category.WAKE, CAR, "person:robin")
    ledger.book(wake, 3)
    ledger.book(Row(date(2026, 2, 28), Category.DATA, "", "background:setup"), 7)
    refunded = Row(date(2026, 3, 9), Category.COMMAND, CAR, "person")
    ledger.book(refunded, 1)
    ledger.book(refunded, -1)
    ledger.unanswered[wake] += 1

    stored = json.loads(json.dumps(ledger.to_stored()))
    assert stored == {
        "counts": [
            ["2026-03-10", "wake", CAR, "person:robin", 3],
            ["2026-02-28", "data", "", "background:setup", 7],
        ],
        "unanswered": [["2026-03-10", "wake", CAR, "person:robin", 1]],
    }
    again = Ledger.from_stored(stored)
    assert again.to_stored() == stored
    assert again.month(MARCH)[Category.WAKE] == 3


GOOD = ["2026-03-10", "wake", CAR, "person", 3]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        "text",
        7,
        {},
        {"counts": None},
        {"counts": {"2026-03-10": 3}},
        {"counts": "text"},
        {"counts": [None, 7, "text", [], {}]},
        {"counts": [["yesterday", "wake", CAR, "person", 3]]},
        {"counts": [["2026-03-10", "bribes", CAR, "person", 3]]},
        {"counts": [["2026-03-10", "wake", None, "person", 3]]},
        {"counts": [["2026-03-10", "wake", CAR, "person", "3"]]},
        {"counts": [["2026-03-10", "wake", CAR, "person", 3.5]]},
        {"counts": [["2026-03-10", "wake", CAR, "person"]]},
        {"counts": [[*GOOD, 4]]},
    ],
)
def test_lines_that_cannot_be_read_are_left_out(stored: object) -> None:
    assert Ledger.from_stored(stored).to_stored() == {"counts": [], "unanswered": []}


def test_garbage_does_not_take_the_rest_with_it() -> None:
    ledger = Ledger.from_stored({"counts": ["garbage", GOOD, None], "unanswered": 7})
    assert ledger.to_stored() == {"counts": [GOOD], "unanswered": []}


@pytest.mark.parametrize("count", [True, -5])
def test_a_count_that_cannot_be_is_left_out(count: int) -> None:
    ledger = Ledger.from_stored({"counts": [["2026-03-10", "wake", CAR, "person", count]]})
    assert ledger.to_stored()["counts"] == []


def test_the_same_row_twice_adds_up() -> None:
    assert Ledger.from_stored({"counts": [GOOD, GOOD]}).month(MARCH)[Category.WAKE] == 6


def test_forget_what_is_older() -> None:
    ledger = Ledger()
    for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 10)):
        row = Row(day, Category.DATA, CAR, "person")
        ledger.book(row, 1)
        ledger.unanswered[row] += 1
    ledger.forget_before(Month(2026, 2))
    days = [date(2026, 2, 1), date(2026, 3, 10)]
    assert [row.day for row in ledger.counts] == days
    assert [row.day for row in ledger.unanswered] == days


def test_what_was_forgotten_is_no_longer_summed_up() -> None:
    ledger = Ledger()
    ledger.book(Row(date(2026, 1, 31), Category.DATA, CAR, "person"), 1)
    assert ledger.month(Month(2026, 1))[Category.DATA] == 1
    ledger.forget_before(Month(2026, 2))
    assert ledger.month(Month(2026, 1))[Category.DATA] == 0


# --- However charges interleave ------------------------------------------------------------------

CHARGES = st.builds(Charge, st.sampled_from(Category), st.integers(1, 40))
MOMENTS = st.datetimes(
    datetime(2026, 1, 28),  # noqa: DTZ001  # hypothesis adds the time zone
    datetime(2026, 3, 4),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Europe/Amsterdam"), ZoneInfo("Asia/Tokyo")]),
)


def _fresh_sum(ledger: Ledger, month: Month) -> dict[Category, int]:
    totals = dict.fromkeys(Category, 0)
    for row, count in ledger.counts.items():
        if (row.day.year, row.day.month) == (month.year, month.month):
            totals[row.category] += count
    return totals


class Interleaved(RuleBasedStateMachine):
    """Charges, refunds and questions in any order and at any time, in several months at once."""

    def __init__(self) -> None:
        super().__init__()
        self.meter = Meter(limit=Decimal("1.23"))
        self.entries: list[Entry] = []
        self.months: set[Month] = set()

    @rule(charge=CHARGES, now=MOMENTS, car=st.sampled_from(["A", "B"]))
    def charge(self, charge: Charge, now: datetime, car: str) -> None:
        """Book, or be refused."""
        before = self.meter.ledger.to_stored()
        self.months.add(Month.of(now))
        try:
            self.entries.append(self.meter.charge(charge, PERSON, car, now))
        except BudgetExceeded:
            assert self.meter.ledger.to_stored() == before, "a refusal changes nothing"

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def refund(self, data: Any) -> None:
        """Take one of the charges back."""
        entry = data.draw(st.sampled_from(self.entries))
        self.entries.remove(entry)
        self.meter.refund(entry)

    @rule(charges=st.lists(CHARGES, max_size=3), now=MOMENTS)
    def require(self, charges: list[Charge], now: datetime) -> None:
        """Ask for several at once, and spend them if there is room."""
        self.months.add(Month.of(now))
        before = self.meter.ledger.to_stored()
        try:
            self.meter.require(charges, now)
        except BudgetExceeded:
            return
        finally:
            assert self.meter.ledger.to_stored() == before
        # What was promised as a whole can be spent one by one.
        for charge in charges:
            self.entries.append(self.meter.charge(charge, PERSON, "A", now))

    @rule()
    def restart(self) -> None:
        """Go on from what was stored."""
        stored = json.loads(json.dumps(self.meter.ledger.to_stored()))
        self.meter = Meter(Ledger.from_stored(stored), limit=self.meter.limit)

    @invariant()
    def never_above_the_limit(self) -> None:
        """Neither exactly nor as Tesla rounds."""
        for month in self.months:
            totals = _fresh_sum(self.meter.ledger, month)
            exact = sum((Decimal(totals[category]) / per for category, per in PRICES), Decimal(0))
            rounded = sum(
                (
                    (Decimal(totals[category]) / per).quantize(Decimal("0.01"), "ROUND_HALF_UP")
                    for category, per in PRICES
                ),
                Decimal(0),
            )
            assert max(exact, rounded) <= self.meter.limit

    @invariant()
    def the_kept_sum_is_the_true_one(self) -> None:
        """However the months were asked for."""
        for month in self.months:
            assert self.meter.ledger.month(month) == _fresh_sum(self.meter.ledger, month)
            # The second time it comes from what is kept.
            assert self.meter.ledger.month(month) == _fresh_sum(self.meter.ledger, month)


TestInterleaved = Interleaved.TestCase


@given(st.integers(0, 30_000))
def test_left_and_require_agree(commands: int) -> None:
    spent = meter("10", command=commands)
    try:
        spent.require([COMMAND], NOW)
    except BudgetExceeded:
        assert commands + 1 > 10_000 or spent.left(NOW) < Decimal("0.01")
    else:
        assert spent.left(NOW) >= Decimal("0.001")
