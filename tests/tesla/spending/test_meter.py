"""The meter: costs of requests, spending, and the budget, which is never exceeded."""

import gc
import json
import weakref
from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from custom_components.flotte.tesla.errors import AccountSuspended, BudgetExceeded
from custom_components.flotte.tesla.spending.caller import (
    CHARGING_AT_HOME,
    POLLING,
    SETUP,
    STREAM,
    Caller,
    CallerKind,
)
from custom_components.flotte.tesla.spending.ledger import Booking, Ledger, LedgerKey, Month
from custom_components.flotte.tesla.spending.meter import Doubt, Meter
from custom_components.flotte.tesla.spending.tariff import (
    COMMAND,
    DATA,
    ENERGY,
    EURO,
    FREE,
    TARIFFS,
    WAKE,
    Category,
    Charge,
    Tariff,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
CAR = "XP7YGCEK0RB000001"
PERSON = Caller(CallerKind.PERSON)
MARCH = Month(2026, 3)
END_STREAM = Charge(Category.DATA, unasked=True)

# The number of requests for one euro. Source: Tesla, "Billing and limits", copy of August 2026.
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
        ledger.book(LedgerKey(date(2026, 3, 1), Category(name), CAR, "background:polling"), count)
    return Meter(ledger, budget=Decimal(limit))


# --- Prices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("category", "per_euro"), PRICES)
def test_prices(category: Category, per_euro: int) -> None:
    assert EURO.price(category, per_euro) == pytest.approx(Decimal(1), abs=Decimal("1e-20"))
    assert EURO.price(category) == Decimal(1) / per_euro


@pytest.mark.parametrize("category", [Category.ENERGY, Category.FREE])
def test_free_requests(category: Category) -> None:
    assert EURO.price(category, 1_000_000) == 0


def test_the_discount_is_the_default_budget() -> None:
    assert EURO.currency == "EUR"
    assert EURO.discount == Decimal(10)
    assert Meter().budget == Decimal(10)
    assert meter("0").budget == Decimal(0)


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
        # Each category is rounded separately: 0.004 + 0.004 is 0.00, and 0.005 + 0.006 is 0.02.
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
def test_remaining_budget(counts: dict[str, int], left: str) -> None:
    assert meter("1.00", **counts).left(NOW) == Decimal(left)


def test_another_currency() -> None:
    # Source: Tesla's localised pages: 10,000 of 70 kr, 142.45 commands a krone.
    krone = Tariff("DKK", {Category.COMMAND: 1 / Decimal("142.45")}, Decimal(70))
    spent = Meter(tariff=krone)
    assert spent.budget == Decimal(70)
    spent.ledger.book(LedgerKey(date(2026, 3, 1), Category.COMMAND, CAR, "person"), 1_000)
    assert spent.cost(NOW) == Decimal("7.02")
    spent.budget = Decimal("7.02")
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
def test_start_of_the_next_month(month: Month, end: datetime) -> None:
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
def test_a_new_month_starts_at_zero(before: datetime, after: datetime) -> None:
    spent = Meter(budget=Decimal("0.02"))
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
    assert entry.key.day == date(2026, 3, 31)


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


def test_a_refusal_names_the_cost_and_the_remaining_budget() -> None:
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
    row = LedgerKey(date(2026, 3, 10), Category.WAKE, CAR, "automation:solar_surplus")
    assert entry == Booking(row, 1)
    assert fresh.ledger.counts == {
        row: 2,
        LedgerKey(date(2026, 3, 11), Category.WAKE, CAR, "automation:solar_surplus"): 1,
        LedgerKey(date(2026, 3, 10), Category.FREE, "", "background:setup"): 1,
    }


@pytest.mark.parametrize(
    ("caller", "label"),
    [
        (PERSON, "person"),
        (Caller(CallerKind.AUTOMATION, "night"), "automation:night"),
        (Caller(CallerKind.VOICE), "voice"),
        (POLLING, "background:polling"),
    ],
)
def test_how_a_caller_is_written(caller: Caller, label: str) -> None:
    assert caller.label == label


def test_a_refund_cancels_the_booking() -> None:
    fresh = meter("0.02")
    settled: list[int] = []
    fresh.changed.subscribe(lambda: settled.append(fresh.ledger.month(MARCH)[Category.WAKE]))
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
    fresh.changed.subscribe(lambda: settled.append(None))
    entry = fresh.charge(COMMAND, PERSON, CAR, NOW)
    fresh.unanswered(entry)
    assert fresh.ledger.unanswered == Counter({entry.key: 1})
    assert fresh.ledger.counts == Counter({entry.key: 1})
    assert len(settled) == 1


def test_settling_without_listeners() -> None:
    fresh = Meter()
    fresh.unanswered(fresh.charge(COMMAND, PERSON, CAR, NOW))


# --- Suspended by Tesla --------------------------------------------------------------------------


def test_a_suspension_refuses_paid_requests_until_the_month_ends() -> None:
    stopped = Meter()
    settled: list[None] = []
    stopped.changed.subscribe(lambda: settled.append(None))
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


# --- The stored ledger ---------------------------------------------------------------------------


def test_the_ledger_survives_a_round_trip() -> None:
    ledger = Ledger()
    wake = LedgerKey(date(2026, 3, 10), Category.WAKE, CAR, "person:robin")
    ledger.book(wake, 3)
    ledger.book(LedgerKey(date(2026, 2, 28), Category.DATA, "", "background:setup"), 7)
    refunded = LedgerKey(date(2026, 3, 9), Category.COMMAND, CAR, "person")
    ledger.book(refunded, 1)
    ledger.book(refunded, -1)
    ledger.unanswered[wake] += 1
    ledger.avoided[LedgerKey(date(2026, 3, 10), Category.WAKE, CAR, "automation:solar")] += 2

    stored = json.loads(json.dumps(ledger.to_stored()))
    assert stored == {
        "counts": [
            ["2026-03-10", "wake", CAR, "person:robin", 3],
            ["2026-02-28", "data", "", "background:setup", 7],
        ],
        "unanswered": [["2026-03-10", "wake", CAR, "person:robin", 1]],
        "saved": [["2026-03-10", "wake", CAR, "automation:solar", 2]],
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
    assert Ledger.from_stored(stored).to_stored() == {"counts": [], "unanswered": [], "saved": []}


def test_garbage_does_not_take_the_rest_with_it() -> None:
    ledger = Ledger.from_stored({"counts": ["garbage", GOOD, None], "unanswered": 7})
    assert ledger.to_stored() == {"counts": [GOOD], "unanswered": [], "saved": []}


@pytest.mark.parametrize("count", [True, -5])
def test_a_count_that_cannot_be_is_left_out(count: int) -> None:
    ledger = Ledger.from_stored({"counts": [["2026-03-10", "wake", CAR, "person", count]]})
    assert ledger.to_stored()["counts"] == []


def test_equal_rows_add_up() -> None:
    assert Ledger.from_stored({"counts": [GOOD, GOOD]}).month(MARCH)[Category.WAKE] == 6


def test_old_rows_are_forgotten() -> None:
    ledger = Ledger()
    for day in (date(2026, 1, 31), date(2026, 2, 1), date(2026, 3, 10)):
        row = LedgerKey(day, Category.DATA, CAR, "person")
        ledger.book(row, 1)
        ledger.unanswered[row] += 1
    ledger.forget_before(Month(2026, 2))
    days = [date(2026, 2, 1), date(2026, 3, 10)]
    assert [row.day for row in ledger.counts] == days
    assert [row.day for row in ledger.unanswered] == days


def test_forgotten_rows_are_no_longer_summed_up() -> None:
    ledger = Ledger()
    ledger.book(LedgerKey(date(2026, 1, 31), Category.DATA, CAR, "person"), 1)
    assert ledger.month(Month(2026, 1))[Category.DATA] == 1
    ledger.forget_before(Month(2026, 2))
    assert ledger.month(Month(2026, 1))[Category.DATA] == 0


def test_wakes_of_a_day_follow_each_change() -> None:
    ledger, other = Ledger(), Ledger()
    day = date(2026, 1, 31)
    row = LedgerKey(day, Category.WAKE, CAR, "person")
    assert ledger.wakes_on(day) == 0
    ledger.book(row, 2)
    ledger.book(LedgerKey(date(2026, 1, 30), Category.WAKE, CAR, "person"), 5)
    ledger.book(LedgerKey(day, Category.COMMAND, CAR, "person"), 5)
    assert ledger.wakes_on(day) == 2
    ledger.book(row, -3)
    assert ledger.wakes_on(day) == -1
    ledger.drop_deductions()
    assert ledger.wakes_on(day) == 0
    other.book(row, 4)
    ledger.forget_before(Month(2026, 2))
    ledger.add_past(other)
    assert ledger.wakes_on(day) == 4


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
        self.meter = Meter(budget=Decimal("1.23"))
        self.entries: list[Booking] = []
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
        """Reserve several at once, and spend them if there is room."""
        self.months.add(Month.of(now))
        before = self.meter.ledger.to_stored()
        try:
            self.meter.require(charges, now)
        except BudgetExceeded:
            return
        finally:
            assert self.meter.ledger.to_stored() == before
        # A total that was promised can be spent one by one.
        for charge in charges:
            self.entries.append(self.meter.charge(charge, PERSON, "A", now))

    @rule()
    def restart(self) -> None:
        """Continue from the stored ledger."""
        stored = json.loads(json.dumps(self.meter.ledger.to_stored()))
        self.meter = Meter(Ledger.from_stored(stored), budget=self.meter.budget)

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
            assert max(exact, rounded) <= self.meter.budget

    @invariant()
    def the_cached_sum_is_the_true_one(self) -> None:
        """In any order of months."""
        for month in self.months:
            assert self.meter.ledger.month(month) == _fresh_sum(self.meter.ledger, month)
            # The second time it comes from the cache.
            assert self.meter.ledger.month(month) == _fresh_sum(self.meter.ledger, month)

    @invariant()
    def the_cached_wakes_are_the_true_ones(self) -> None:
        """On the day of the last booking, and the next time another day was asked for before."""
        ledger = self.meter.ledger
        for day in {row.day for row in ledger.counts}:
            wakes = Ledger(ledger.counts.copy()).wakes_on(day)
            assert ledger.wakes_on(day) == wakes
            assert ledger.wakes_on(day) == wakes


TestInterleaved = Interleaved.TestCase


@given(st.integers(0, 30_000))
@example(9_994)
@example(9_995)
@example(9_999)
@example(10_000)
def test_the_budget_ends_where_the_rounded_bill_does(commands: int) -> None:
    spent = meter("10", command=commands)
    # Tesla rounds to the cent: from 9.995 on, the bill is 10.00, and still within the budget.
    assert (spent.left(NOW) == 0) is (commands >= 9_995)
    with nullcontext() if commands + 1 <= 10_000 else pytest.raises(BudgetExceeded):
        spent.require([COMMAND], NOW)


def test_the_hold_of_what_ends_spending_needs_no_room() -> None:
    spent = meter("10", command=10_000)
    with pytest.raises(BudgetExceeded):
        spent.hold([COMMAND], CHARGING_AT_HOME, CAR, NOW)
    with spent.hold([replace(COMMAND, unasked=True)], CHARGING_AT_HOME, CAR, NOW):
        spent.charge(COMMAND, CHARGING_AT_HOME, CAR, NOW)
    assert spent.ledger.month(Month.of(NOW))[Category.COMMAND] == 10_001
    with pytest.raises(BudgetExceeded):
        spent.charge(COMMAND, CHARGING_AT_HOME, CAR, NOW)


# --- Tariffs -------------------------------------------------------------------------------------

# The printed number of requests for one unit of the currency, and the discount. Source: Tesla's
# billing page (August 2026) and its home page in several languages.
PRINTED = {
    "EUR": ("150000", "1000", "500", "50", 10),
    "USD": ("150000", "1000", "500", "50", 10),
    "GBP": ("195058.52", "1300.39", "650.2", "65.02", 8),
    "JPY": ("1035.91", "6.91", "3.45", "0.35", 1_448),
    "DKK": ("21367.52", "142.45", "71.23", "7.12", 70),
}


@pytest.mark.parametrize("currency", PRINTED)
def test_a_tariff_is_as_tesla_prints_it(currency: str) -> None:
    tariff = TARIFFS[currency]
    *units, discount = PRINTED[currency]
    assert tariff.currency == currency
    assert tariff.discount == discount
    for (category, _), printed in zip(PRICES, units, strict=True):
        digits = Decimal(str(printed)).as_tuple().exponent
        assert isinstance(digits, int)
        assert round(1 / tariff.price(category), -digits) == Decimal(str(printed)), category


def test_every_tariff_is_tried() -> None:
    assert set(TARIFFS) == set(PRINTED)
    assert TARIFFS["EUR"] is EURO


def test_a_tariff_without_options_is_the_one_in_euros() -> None:
    assert Tariff.from_options({}) == EURO
    assert Tariff.from_options({"currency": "GBP"}) == TARIFFS["GBP"]
    assert Tariff.from_options({"units": None, "discount": None}) == EURO


def test_parts_of_a_tariff_can_be_changed() -> None:
    options = {
        "currency": "DKK",
        "discount": 75.5,
        "units": {"wake": "10", "energy": 500.0, "command": 0},
    }
    tariff = Tariff.from_options(json.loads(json.dumps(options)))
    assert tariff.discount == Decimal("75.5")
    assert tariff.price(Category.WAKE) == Decimal("0.1")
    assert tariff.price(Category.ENERGY) == Decimal("0.002")
    assert tariff.price(Category.COMMAND) == 0
    assert tariff.price(Category.DATA) == TARIFFS["DKK"].price(Category.DATA)
    assert TARIFFS["DKK"].price(Category.ENERGY) == 0, "the table itself stays"


def test_an_unknown_currency_needs_all_its_prices() -> None:
    units = {"signal": 100_000, "command": 700, "data": 350, "wake": 35}
    options: dict[str, Any] = {"currency": "CAD", "discount": "14", "units": units}
    tariff = Tariff.from_options(options)
    assert (tariff.currency, tariff.discount) == ("CAD", Decimal(14))
    assert tariff.price(Category.WAKE, 35) == pytest.approx(Decimal(1), abs=Decimal("1e-20"))
    with pytest.raises(ValueError, match=r"^discount$"):
        Tariff.from_options({**options, "discount": None})
    for name in units:
        fewer = {each: count for each, count in units.items() if each != name}
        with pytest.raises(ValueError, match=rf"^units\.{name}$"):
            Tariff.from_options({**options, "units": fewer})


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"currency": ""}, "currency"),
        ({"currency": None}, "currency"),
        ({"currency": ["EUR"]}, "currency"),
        ({"discount": -1}, "discount"),
        ({"discount": "much"}, "discount"),
        ({"discount": "inf"}, "discount"),
        ({"discount": True}, "discount"),
        ({"discount": []}, "discount"),
        ({"units": [500]}, "units"),
        ({"units": {"wake": "NaN"}}, "units.wake"),
        ({"units": {"wake": -50}}, "units.wake"),
        ({"units": {"wake": None}}, "units.wake"),
        ({"units": {"bribes": 1}}, "units.bribes"),
        ({"units": {"free": 1}}, "units.free"),
    ],
)
def test_a_tariff_that_cannot_be_read(options: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}$"):
        Tariff.from_options(options)


@pytest.mark.parametrize(
    ("category", "amount", "units"),
    [
        (Category.DATA, "1.21", 605),
        (Category.WAKE, "0.05", 3),
        (Category.SIGNAL, "0.01", 1_500),
        (Category.ENERGY, "5", 0),
        (Category.COMMAND, "0", 0),
    ],
)
def test_how_many_units_an_amount_is(category: Category, amount: str, units: int) -> None:
    assert EURO.units(category, Decimal(amount)) == units


def test_a_bill_below_zero() -> None:
    counts = {Category.DATA: -500, Category.WAKE: 1}
    assert EURO.bill(counts) == Decimal("0.02")
    assert EURO.rounded(Category.DATA, -500) == 0


# --- Questions to the ledger ---------------------------------------------------------------------


def told() -> Ledger:
    """Two months of two cars and a site."""
    ledger = Ledger()
    for day, category, car, caller, count in (
        (date(2026, 2, 28), Category.WAKE, "A", "person", 9),
        (date(2026, 3, 10), Category.WAKE, "A", "automation:solar", 2),
        (date(2026, 3, 10), Category.WAKE, "A", "person", 1),
        (date(2026, 3, 10), Category.WAKE, "B", "voice", 1),
        (date(2026, 3, 9), Category.WAKE, "A", "automation:night", 1),
        (date(2026, 3, 9), Category.DATA, "A", "background:polling", 40),
        (date(2026, 3, 10), Category.COMMAND, "A", "automation:solar", 5),
        (date(2026, 3, 10), Category.ENERGY, "site", "background:polling", 1_000),
        (date(2026, 3, 10), Category.FREE, "", "background:setup", 3),
        (date(2026, 3, 10), Category.DATA, "", "correction", -30),
    ):
        ledger.book(LedgerKey(day, category, car, caller), count)
    ledger.count_signals("B", 3_000, NOW)
    return ledger


def test_by_day() -> None:
    days = told().by_day(MARCH)
    assert list(days) == [date(2026, 3, 9), date(2026, 3, 10)]
    assert days[date(2026, 3, 9)] == {Category.WAKE: 1, Category.DATA: 40}
    assert days[date(2026, 3, 10)] == {
        Category.WAKE: 4,
        Category.COMMAND: 5,
        Category.ENERGY: 1_000,
        Category.FREE: 3,
        Category.DATA: -30,
        Category.SIGNAL: 3_000,
    }


def test_by_car() -> None:
    assert told().by_asset(MARCH) == {
        "A": {Category.WAKE: 4, Category.DATA: 40, Category.COMMAND: 5},
        "B": {Category.WAKE: 1, Category.SIGNAL: 3_000},
        "site": {Category.ENERGY: 1_000},
        "": {Category.FREE: 3, Category.DATA: -30},
    }
    assert told().by_asset(Month(2026, 2)) == {"A": {Category.WAKE: 9}}
    assert told().by_asset(Month(2025, 3)) == {}


def test_by_caller() -> None:
    callers = told().by_caller(MARCH)
    assert callers["automation:solar"] == {Category.WAKE: 2, Category.COMMAND: 5}
    assert callers["background:stream"] == {Category.SIGNAL: 3_000}
    assert len(callers) == 8


def test_rows_have_the_signals_too() -> None:
    rows = dict(told().rows())
    assert rows[LedgerKey(date(2026, 3, 10), Category.SIGNAL, "B", "background:stream")] == 3_000
    assert rows[LedgerKey(date(2026, 2, 28), Category.WAKE, "A", "person")] == 9
    assert len(rows) == len(dict(told().rows(MARCH))) + 1


@pytest.mark.parametrize(
    ("car", "kinds", "wakes"),
    [
        (None, None, 4),
        ("A", None, 3),
        ("A", {CallerKind.AUTOMATION, CallerKind.VOICE}, 2),
        ("A", {CallerKind.PERSON}, 1),
        ("B", {CallerKind.AUTOMATION, CallerKind.VOICE}, 1),
        (None, {CallerKind.AUTOMATION, CallerKind.VOICE}, 3),
        ("C", None, 0),
        (None, set(), 0),
    ],
)
def test_wakes_of_a_day(car: str | None, kinds: set[CallerKind] | None, wakes: int) -> None:
    assert told().wakes_on(date(2026, 3, 10), car, kinds) == wakes


def test_the_dearest_callers() -> None:
    spent = Meter(told())
    dearest = spent.dearest_callers(MARCH)
    assert [(each.caller, each.cost) for each in dearest] == [
        ("background:polling", Decimal("0.080")),
        ("automation:solar", Decimal("0.045")),
        # As dear as each other: by name.
        ("automation:night", Decimal("0.02")),
        ("background:stream", pytest.approx(Decimal("0.02"), abs=Decimal("1e-20"))),
        ("person", Decimal("0.02")),
        ("voice", Decimal("0.02")),
    ]
    assert dearest[1].counts == {Category.WAKE: 2, Category.COMMAND: 5}
    assert [each.caller for each in spent.dearest_callers(MARCH, 1)] == ["background:polling"]


# --- Corrections ---------------------------------------------------------------------------------


def test_a_correction_sets_the_month_to_date() -> None:
    spent = meter(data=100, wake=7)
    settled: list[None] = []
    spent.changed.subscribe(lambda: settled.append(None))
    added = spent.correct({Category.DATA: 120, Category.WAKE: 4, Category.COMMAND: 0}, NOW)
    assert added == {Category.DATA: 20, Category.WAKE: -3}
    assert len(settled) == 1
    assert spent.cost(NOW) == Decimal("0.32")
    assert spent.ledger.counts[LedgerKey(date(2026, 3, 10), Category.DATA, "", "correction")] == 20
    assert spent.ledger.counts[LedgerKey(date(2026, 3, 10), Category.WAKE, "", "correction")] == -3
    # Again, and back.
    assert spent.correct({Category.WAKE: 4}, NOW) == {}
    assert len(settled) == 1
    assert spent.correct({Category.DATA: 100, Category.WAKE: 7}, NOW + timedelta(days=1)) == {
        Category.DATA: -20,
        Category.WAKE: 3,
    }
    assert spent.ledger.month(MARCH)[Category.DATA] == 100


def test_a_correction_below_zero_changes_nothing() -> None:
    spent = meter(data=100)
    with pytest.raises(ValueError, match="negative"):
        spent.correct({Category.DATA: 1, Category.WAKE: -1}, NOW)
    assert spent.ledger.month(MARCH)[Category.DATA] == 100


def test_a_correction_survives_a_round_trip() -> None:
    spent = meter(wake=7)
    spent.correct({Category.WAKE: 4}, NOW)
    stored = json.loads(json.dumps(spent.ledger.to_stored()))
    assert Ledger.from_stored(stored).month(MARCH)[Category.WAKE] == 4
    assert Ledger.from_stored(stored).to_stored() == stored


def test_a_refund_after_a_correction_makes_no_room() -> None:
    spent = meter("0.02")
    entry = spent.charge(WAKE, PERSON, CAR, NOW)
    spent.correct({Category.WAKE: 0}, NOW)
    spent.refund(entry)
    assert spent.ledger.month(MARCH)[Category.WAKE] == -1
    assert spent.cost(NOW) == 0
    assert spent.left(NOW) == Decimal("0.02")


# --- A damaged ledger -----------------------------------------------------------------------------


def doubtful(**counts: int) -> Meter:
    """A meter with a budget of 10 of which 1 is reserved, after damage in March."""
    damaged = meter("10", **counts)
    damaged.reserve = Decimal(1)
    damaged.doubt = Doubt(MARCH, {Category.WAKE: 100}, "ledger.damaged")
    return damaged


def test_possible_losses_by_damage_count_as_spent() -> None:
    """The budget except the reserve and the readable rows, which are booked anyway."""
    damaged = doubtful(wake=100)
    assert damaged.unaccounted(NOW) == Decimal(7)
    assert damaged.spent(NOW) == Decimal(9)
    assert damaged.left(NOW) == Decimal(1)
    damaged.require([Charge(Category.WAKE, 50)], NOW)
    with pytest.raises(BudgetExceeded):
        damaged.require([Charge(Category.WAKE, 51)], NOW)


def test_possible_losses_by_damage_are_never_below_zero() -> None:
    damaged = doubtful()
    damaged.budget = Decimal(2)
    assert damaged.unaccounted(NOW) == 0


def test_doubt_ends_with_its_month_and_not_because_the_clock_is_set_back() -> None:
    damaged = doubtful()
    assert damaged.unaccounted(MARCH.end) == 0
    assert damaged.unaccounted(datetime(2026, 2, 10, tzinfo=UTC)) == Decimal(7)
    assert damaged.unaccounted(MARCH.end - timedelta(seconds=1)) == Decimal(7)


def test_a_correction_ends_the_doubt_even_if_nothing_differs() -> None:
    damaged = doubtful(wake=100)
    stored: list[Doubt | None] = []
    damaged.changed.subscribe(lambda: stored.append(damaged.doubt))
    assert damaged.correct({Category.WAKE: 100}, NOW) == {}
    assert stored == [None]
    assert damaged.unaccounted(NOW) == 0


def test_corrections_and_free_requests_are_no_spenders() -> None:
    spent = meter()
    for number in range(12):
        spent.charge(COMMAND, Caller(CallerKind.AUTOMATION, f"{number:02}"), CAR, NOW)
    spent.charge(FREE, SETUP, "", NOW)
    spent.correct({Category.WAKE: 100}, NOW)
    dearest = spent.dearest_callers(MARCH)
    assert [each.caller for each in dearest] == [f"automation:{number:02}" for number in range(10)]


# --- Room that is promised -----------------------------------------------------------------------


def test_a_hold_keeps_room_and_gives_it_back() -> None:
    fresh = meter("0.022")
    with fresh.hold([WAKE, COMMAND], PERSON, CAR, NOW) as hold:
        assert fresh.committed(NOW)[Category.WAKE] == 1
        assert fresh.left(NOW) == Decimal("0.022"), "not spent yet"
        fresh.require([COMMAND], NOW)
        with pytest.raises(BudgetExceeded):
            fresh.require([WAKE], NOW)
        fresh.charge(WAKE, PERSON, CAR, NOW)
        assert hold.left == {Category.WAKE: 0, Category.COMMAND: 1}
        with pytest.raises(BudgetExceeded):
            fresh.charge(Charge(Category.COMMAND, 2), POLLING, CAR, NOW)
    assert fresh.committed(NOW)[Category.COMMAND] == 0
    hold.release()
    fresh.charge(Charge(Category.COMMAND, 2), POLLING, CAR, NOW)


def test_holds_of_other_cars_promise_no_wake_to_this_one() -> None:
    fresh = Meter()
    kinds = {CallerKind.PERSON}
    with fresh.hold([WAKE], PERSON, "B", NOW), fresh.hold([WAKE, WAKE], PERSON, "C", NOW):
        assert not fresh.is_wake_held(CAR, NOW)
        assert [fresh.wakes_today(each, kinds, NOW) for each in (CAR, "B", "C")] == [0, 1, 2]
        fresh.charge(WAKE, PERSON, "C", NOW)
        assert fresh.wakes_today("C", kinds, NOW) == 2, "one of them is booked now"
        assert not fresh.holds(WAKE, PERSON, CAR, NOW)
        assert fresh.holds(WAKE, PERSON, "B", NOW)
    assert fresh.wakes_today("C", kinds, NOW) == 1
    assert not fresh.is_wake_held("B", NOW)
    assert not fresh.holds(WAKE, PERSON, "B", NOW)


def test_a_wake_is_promised_until_it_is_booked_and_for_its_month() -> None:
    fresh = Meter()
    with fresh.hold([WAKE], PERSON, CAR, NOW):
        assert fresh.is_wake_held(CAR, NOW)
        assert not fresh.is_wake_held(CAR, MARCH.end)
        fresh.charge(WAKE, PERSON, CAR, NOW)
        assert not fresh.is_wake_held(CAR, NOW)
        assert not fresh.holds(WAKE, PERSON, CAR, NOW), "no room is left in it"


def test_a_refund_of_a_command_leaves_the_wake_of_that_moment() -> None:
    fresh = Meter()
    fresh.charge(WAKE, PERSON, CAR, NOW)
    fresh.refund(fresh.charge(COMMAND, PERSON, CAR, NOW))
    assert fresh.last_wake(CAR) == NOW


def test_a_released_hold_is_forgotten() -> None:
    """There is one for each command, as long as Home Assistant runs."""
    fresh = Meter()
    kept = fresh.hold([WAKE], PERSON, CAR, NOW)
    hold = fresh.hold([COMMAND], PERSON, CAR, NOW)
    hold.release()
    forgotten = weakref.ref(hold)
    del hold
    gc.collect()
    assert forgotten() is None
    assert fresh.is_wake_held(CAR, NOW), "the other one is still there"
    kept.release()


def test_a_hold_is_given_back_after_an_error() -> None:
    fresh = meter("0.02")
    with pytest.raises(KeyError), fresh.hold([WAKE], PERSON, CAR, NOW):
        raise KeyError
    fresh.require([WAKE], NOW)


def test_a_hold_needs_room() -> None:
    fresh = meter("0.02")
    with pytest.raises(BudgetExceeded):
        fresh.hold([WAKE, COMMAND], PERSON, CAR, NOW)
    fresh.require([WAKE], NOW)


@pytest.mark.parametrize(
    ("caller", "car"), [(POLLING, CAR), (Caller(CallerKind.PERSON, "robin"), CAR), (PERSON, "B")]
)
def test_a_hold_is_for_one_caller_and_car(caller: Caller, car: str) -> None:
    fresh = meter("0.02")
    with fresh.hold([WAKE], PERSON, CAR, NOW) as hold:
        with pytest.raises(BudgetExceeded):
            fresh.charge(WAKE, caller, car, NOW)
        assert hold.left[Category.WAKE] == 1


def test_a_hold_is_for_its_month() -> None:
    fresh = meter("0.02")
    april = MARCH.end
    with fresh.hold([WAKE], PERSON, CAR, NOW):
        fresh.charge(WAKE, PERSON, CAR, april)
        with pytest.raises(BudgetExceeded):
            fresh.charge(WAKE, PERSON, CAR, april)
        fresh.charge(WAKE, PERSON, CAR, NOW)


def test_a_hold_outlives_a_refusal() -> None:
    """Tesla suspended the account meanwhile, and the owner put it right."""
    fresh = meter("0.02")
    with fresh.hold([WAKE], PERSON, CAR, NOW) as hold:
        fresh.suspend(NOW)
        with pytest.raises(AccountSuspended):
            fresh.charge(WAKE, PERSON, CAR, NOW)
        assert hold.left[Category.WAKE] == 1
        fresh.resume()
        fresh.charge(WAKE, PERSON, CAR, NOW)
        assert hold.left[Category.WAKE] == 0


def test_when_a_car_was_woken() -> None:
    fresh = Meter()
    assert fresh.last_wake(CAR) is None
    first = fresh.charge(WAKE, PERSON, CAR, NOW)
    fresh.charge(COMMAND, PERSON, CAR, NOW + timedelta(minutes=1))
    second = fresh.charge(WAKE, PERSON, CAR, NOW + timedelta(hours=1))
    assert fresh.last_wake(CAR) == NOW + timedelta(hours=1)
    fresh.refund(second)
    assert fresh.last_wake(CAR) == NOW
    fresh.refund(first)
    assert fresh.last_wake(CAR) is None
    assert fresh.last_wake("another") is None


# --- Streamed signals -----------------------------------------------------------------------------


def test_streamed_signals_are_one_row_for_each_car_and_day() -> None:
    """They come too often for finer rows; the day is that of UTC."""
    ledger = Ledger()
    late = datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC)
    for _ in range(3):
        ledger.count_signals("A", 5, late)
    ledger.count_signals("B", 1, late)
    assert not ledger.counts, "not booked before somebody looks"
    ledger.count_signals("A", 2, late + timedelta(seconds=1))
    assert ledger.month(Month(2026, 3))[Category.SIGNAL] == 16
    assert ledger.month(Month(2026, 4))[Category.SIGNAL] == 2
    assert ledger.counts == {
        LedgerKey(date(2026, 3, 31), Category.SIGNAL, "A", STREAM.label): 15,
        LedgerKey(date(2026, 3, 31), Category.SIGNAL, "B", STREAM.label): 1,
        LedgerKey(date(2026, 4, 1), Category.SIGNAL, "A", STREAM.label): 2,
    }
    ledger.count_signals("A", 2, late + timedelta(seconds=2))
    assert ledger.month(Month(2026, 4))[Category.SIGNAL] == 4, "the sum is kept current"


def test_streamed_signals_are_stored_and_forgotten_like_all_others() -> None:
    ledger = Ledger()
    ledger.count_signals("A", 5, datetime(2026, 3, 10, 12, tzinfo=UTC))
    stored = Ledger.from_stored(ledger.to_stored())
    assert stored.month(Month(2026, 3))[Category.SIGNAL] == 5
    ledger.count_signals("A", 5, datetime(2026, 3, 10, 12, tzinfo=UTC))
    ledger.forget_before(Month(2026, 4))
    assert not ledger.counts
    assert ledger.month(Month(2026, 3))[Category.SIGNAL] == 0


def test_streamed_signals_cost_and_are_reported() -> None:
    told: list[None] = []
    meter = Meter()
    meter.signals_counted.subscribe(lambda: told.append(None))
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    meter.count_signals("A", 150_000, now)
    meter.count_signals("A", 0, now)
    assert meter.cost(now) == 1
    assert len(told) == 1
    meter.count_signals("A", 15_000_000, now)
    assert meter.left(now) == 0, "Tesla bills it whether or not there is room"


@pytest.mark.parametrize(
    ("after", "signals"),
    [
        (timedelta(minutes=20), 1_111),
        (timedelta(minutes=59, seconds=59), 1_111),
        # The first three came within a minute, so they leave together.
        (timedelta(minutes=60), 1_000),
        (timedelta(minutes=79, seconds=59), 1_000),
        (timedelta(minutes=80), 0),
        # The clock was set back behind the last of them, and then behind all.
        (timedelta(minutes=19), 111),
        (timedelta(minutes=-1), 0),
    ],
)
def test_signals_of_the_last_hour(after: timedelta, signals: int) -> None:
    meter = Meter()
    for seconds, car, count in ((0, "A", 1), (30, "B", 10), (59, "A", 100), (1_200, "A", 1_000)):
        meter.count_signals(car, count, NOW + timedelta(seconds=seconds))
    assert meter.signals_last_hour(NOW + after) == signals


def test_signals_of_an_hour_of_streaming() -> None:
    """Ten a second, for two hours: nothing older than one hour is kept."""
    meter = Meter()
    for second in range(7_200):
        meter.count_signals(CAR, 10, NOW + timedelta(seconds=second))
    last = NOW + timedelta(seconds=7_199)
    assert meter.signals_last_hour(last) == 36_000
    assert meter.signals_last_hour(last + timedelta(minutes=30)) == 18_000
    assert meter.ledger.month(MARCH)[Category.SIGNAL] == 72_000


def test_an_avoided_wake_is_counted_once_an_hour_for_each_caller_and_car() -> None:
    fresh = Meter()
    settled: list[None] = []
    fresh.changed.subscribe(lambda: settled.append(None))
    robin = Caller(CallerKind.PERSON, "robin")
    for minutes, caller, car, avoided in (
        (0, PERSON, CAR, 1),
        (1, PERSON, CAR, 1),
        (2, robin, CAR, 2),
        (3, PERSON, "B", 3),
        (59, PERSON, CAR, 3),
        (60, PERSON, CAR, 4),
        (61, PERSON, CAR, 4),
        # The clock was set back.
        (30, PERSON, CAR, 5),
    ):
        fresh.note_avoided_wake(caller, car, NOW + timedelta(minutes=minutes))
        assert fresh.ledger.avoided_wakes(MARCH) == len(settled) == avoided, minutes
    assert fresh.ledger.avoided_wakes(Month(2026, 2)) == 0
    assert fresh.ledger.avoided[LedgerKey(date(2026, 3, 10), Category.WAKE, CAR, "person")] == 3
    assert not fresh.ledger.counts, "it costs nothing"


def test_requests_that_end_spending_need_no_budget() -> None:
    """It is booked anyway; after Tesla's own stop nothing is requested."""
    meter = Meter(budget=Decimal(0))
    now = datetime(2026, 10, 20, 12, tzinfo=UTC)
    with pytest.raises(BudgetExceeded):
        meter.charge(DATA, STREAM, "car", now)
    meter.charge(END_STREAM, STREAM, "car", now)
    assert meter.ledger.month(Month.of(now))[Category.DATA] == 1
    with pytest.raises(BudgetExceeded):
        meter.require((END_STREAM, DATA), now)
    meter.suspend(now)
    with pytest.raises(AccountSuspended):
        meter.charge(END_STREAM, STREAM, "car", now)
