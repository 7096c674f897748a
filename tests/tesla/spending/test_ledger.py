"""The ledger: rows dropped after damage and with age, and rows that are never dropped."""

from datetime import UTC, date, datetime

from custom_components.flotte.tesla.spending.ledger import KEEP_MONTHS, Ledger, LedgerKey, Month
from custom_components.flotte.tesla.spending.tariff import Category

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
MARCH = Month(2026, 3)


def key(day: date, category: Category = Category.DATA, caller: str = "person") -> LedgerKey:
    return LedgerKey(day, category, "car", caller)


def test_only_deductions_are_dropped() -> None:
    """After damage too much is safer than too little."""
    ledger = Ledger()
    kept, nothing, deducted = (key(date(2026, 3, day)) for day in (1, 2, 3))
    ledger.book(kept, 1)
    ledger.book(nothing, 0)
    ledger.book(deducted, -5)
    assert ledger.month(MARCH)[Category.DATA] == -4
    ledger.drop_deductions()
    assert ledger.counts == {kept: 1, nothing: 0}
    assert ledger.month(MARCH)[Category.DATA] == 1, "the sum that is kept current follows"


def test_the_newest_months_before_this_one_are_kept() -> None:
    ledger = Ledger()
    months = [MARCH.earlier(count) for count in range(KEEP_MONTHS + 2)]
    for month in months:
        ledger.book(key(date(month.year, month.month, 28)), 1)
    ledger.forget_old(NOW)
    assert {Month.of(each.day) for each in ledger.counts} == set(months[: KEEP_MONTHS + 1])
    ledger.forget_old(NOW)
    assert len(ledger.counts) == KEEP_MONTHS + 1


def test_the_maximum_of_months_loses_nothing() -> None:
    ledger = Ledger()
    for count in range(KEEP_MONTHS + 1):
        month = MARCH.earlier(count)
        ledger.book(key(date(month.year, month.month, 1)), 1)
    before = dict(ledger.counts)
    ledger.forget_old(NOW)
    assert ledger.counts == before


def test_a_clock_that_is_years_ahead_deletes_nothing() -> None:
    ledger = Ledger()
    ledger.book(key(date(2026, 3, 10)), 7)
    ledger.count_signals("car", 5, NOW)
    ledger.forget_old(datetime(2046, 3, 10, tzinfo=UTC))
    assert ledger.month(MARCH)[Category.DATA] == 7
    assert ledger.month(MARCH)[Category.SIGNAL] == 5


def test_avoided_wakes_are_counted_by_month() -> None:
    ledger = Ledger()
    ledger.avoided[key(date(2026, 3, 31), Category.WAKE)] += 2
    ledger.avoided[key(date(2026, 3, 1), Category.WAKE, "voice")] += 1
    ledger.avoided[key(date(2026, 4, 1), Category.WAKE)] += 4
    assert ledger.avoided_wakes(MARCH) == 3
    assert ledger.avoided_wakes(Month(2026, 4)) == 4
    assert ledger.avoided_wakes(Month(2026, 2)) == 0


def test_a_month_starts_on_its_first_day() -> None:
    assert MARCH.begin == datetime(2026, 3, 1, tzinfo=UTC)
