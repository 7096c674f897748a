"""The month's end: exact for days that are alike, sensible with few, and never negative."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.spending.ledger import Ledger, LedgerKey, Month
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.projection import Basis, project
from custom_components.flotte.tesla.spending.tariff import EURO, TARIFFS, Category

CAR = "XP7YGCEK0RB000001"
MARCH = Month(2026, 3)
# A Tuesday.
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
RUNNING = {"free": 1_440}
"""The minimum of a day on which anything ran."""


def book(
    ledger: Ledger, day: date, counts: Mapping[str, int], caller: str = "background:polling"
) -> None:
    for name, count in counts.items():
        ledger.book(LedgerKey(day, Category(name), CAR, caller), count)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def ledger_of(by_day: Mapping[date, Mapping[str, int]]) -> Ledger:
    ledger = Ledger()
    for day, counts in by_day.items():
        book(ledger, day, {**RUNNING, **counts})
    return ledger


def test_an_empty_ledger() -> None:
    found = project(Ledger(), EURO, NOW)
    assert found.basis is Basis.NOTHING
    assert found.total == 0
    assert set(found.costs) == set(Category)
    assert found.placeholders == {
        "days": "0",
        "first": "",
        "last": "",
        "working_days": "0",
        "weekend_days": "0",
        "rest_days": "21",
        "spent": "0.00",
        "currency": "EUR",
    }


def test_days_alike() -> None:
    ledger = ledger_of({day: {"data": 48} for day in days(date(2026, 3, 2), date(2026, 3, 9))})
    book(ledger, date(2026, 3, 10), {"data": 20})
    found = project(ledger, EURO, NOW)
    # Eight days were counted, and 22 with today are to come: 30 days of 48.
    assert found.counts[Category.DATA] == 30 * 48
    assert found.costs[Category.DATA] == found.total == Decimal("2.88")
    assert found.basis is Basis.WEEK
    assert found.placeholders == {
        # The very first day does not count as a whole one.
        "days": "7",
        "first": "2026-03-03",
        "last": "2026-03-09",
        "working_days": "5",
        "weekend_days": "2",
        "rest_days": "21",
        "spent": "0.81",
        "currency": "EUR",
    }


def test_today_may_be_dearer_than_others() -> None:
    ledger = ledger_of({day: {"wake": 2} for day in days(date(2026, 3, 5), date(2026, 3, 9))})
    book(ledger, date(2026, 3, 10), {"wake": 7})
    assert project(ledger, EURO, NOW).counts[Category.WAKE] == 10 + 7 + 21 * 2


def test_working_days_and_weekends() -> None:
    by_day = {
        day: {"command": 3 if day.weekday() >= 5 else 10}
        for day in days(date(2026, 2, 20), date(2026, 3, 9))
    }
    found = project(ledger_of(by_day), EURO, NOW)
    assert found.basis is Basis.WEEK
    assert found.placeholders["days"] == "14"
    # March 2026 has 22 working days and 9 weekend days.
    assert found.counts[Category.COMMAND] == 22 * 10 + 9 * 3


@pytest.mark.parametrize(
    ("first", "basis"),
    [
        # The first day is left out. Friday to Monday: two weekend days, but only two working days.
        (date(2026, 3, 5), Basis.DAYS),
        # Three of them.
        (date(2026, 3, 4), Basis.WEEK),
        # Only Sunday and Monday.
        (date(2026, 3, 7), Basis.DAYS),
    ],
)
def test_few_days_are_not_separated(first: date, basis: Basis) -> None:
    ledger = ledger_of({day: {"data": 1} for day in days(first, date(2026, 3, 9))})
    assert project(ledger, EURO, NOW).basis is basis


def test_few_days_are_all_alike() -> None:
    by_day = {date(2026, 3, 7): {"wake": 9}, date(2026, 3, 8): {"wake": 1}}
    found = project(ledger_of({**by_day, date(2026, 3, 9): {"wake": 2}}), EURO, NOW)
    assert found.basis is Basis.DAYS
    # One and a half a day: 1.5 today, and 21 days.
    assert found.counts[Category.WAKE] == 12 + 33


def test_the_first_day_is_not_a_whole_one() -> None:
    """It started in the evening, with the requests of the setup."""
    by_day = {date(2026, 3, 8): {"data": 400}, date(2026, 3, 9): {"data": 10}}
    found = project(ledger_of(by_day), EURO, NOW)
    assert found.counts[Category.DATA] == 410 + 22 * 10


def test_no_whole_day_yet() -> None:
    ledger = ledger_of({date(2026, 3, 9): {"data": 20}, date(2026, 3, 10): {"data": 10}})
    found = project(ledger, EURO, NOW)
    assert found.basis is Basis.FIRST_DAYS
    # 30 in a day and a half are 20 a day; 10 are still to come today.
    assert found.counts[Category.DATA] == 30 + 10 + 21 * 20
    assert found.placeholders["days"] == "2"


@pytest.mark.parametrize(
    ("now", "wakes"),
    [
        # After 1 hour a wake is not a habit of 24 a day, nor of 12: it is 2 a day.
        (datetime(2026, 3, 10, 1, tzinfo=UTC), 1 + 1 + 21 * 2),
        (datetime(2026, 3, 10, 12, tzinfo=UTC), 1 + 1 + 21 * 2),
        # 1 in 18 hours is 4 in 3 days: a third to come today, and 28 in 21 days.
        (datetime(2026, 3, 10, 18, tzinfo=UTC), 1 + 29),
    ],
)
def test_the_first_hours_are_not_a_habit(now: datetime, wakes: int) -> None:
    found = project(ledger_of({date(2026, 3, 10): {"wake": 1}}), EURO, now)
    assert found.basis is Basis.FIRST_DAYS
    assert found.counts[Category.WAKE] == wakes


def test_the_first_of_a_month_knows_the_last_one() -> None:
    by_day = {day: {"data": 48} for day in days(date(2026, 2, 1), date(2026, 2, 28))}
    found = project(ledger_of(by_day), EURO, datetime(2026, 3, 1, tzinfo=UTC))
    assert found.counts[Category.DATA] == 31 * 48
    assert found.placeholders["spent"] == "0.00"
    assert found.placeholders["days"] == "14"


def test_the_last_day() -> None:
    by_day = {day: {"data": 48} for day in days(date(2026, 3, 1), date(2026, 3, 30))}
    now = datetime(2026, 3, 31, 23, 59, tzinfo=UTC)
    found = project(ledger_of({**by_day, date(2026, 3, 31): {"data": 48}}), EURO, now)
    assert found.counts[Category.DATA] == 31 * 48
    assert found.placeholders["rest_days"] == "0"


def test_the_day_is_the_one_in_utc() -> None:
    by_day = {day: {"data": 48} for day in days(date(2026, 3, 1), date(2026, 3, 31))}
    now = datetime(2026, 4, 1, 1, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))
    assert project(ledger_of(by_day), EURO, now).counts[Category.DATA] == 31 * 48


def test_old_days_are_forgotten() -> None:
    by_day = {day: {"wake": 50} for day in days(date(2026, 2, 1), date(2026, 2, 23))}
    by_day |= {day: {"wake": 1} for day in days(date(2026, 2, 24), date(2026, 3, 9))}
    assert project(ledger_of(by_day), EURO, NOW).counts[Category.WAKE] == 31


def test_a_long_pause() -> None:
    found = project(ledger_of({date(2026, 1, 1): {"wake": 50}}), EURO, NOW)
    assert found.basis is Basis.NOTHING
    assert found.total == 0


def test_days_without_requests_do_not_count() -> None:
    by_day = {day: {"data": 48} for day in days(date(2026, 2, 1), date(2026, 3, 4))}
    found = project(ledger_of(by_day), EURO, NOW)
    # Four days were counted; nothing ran for five, and 22 days remain.
    assert found.counts[Category.DATA] == (4 + 22) * 48
    # A day on which it only idled is different.
    by_day |= {day: {} for day in days(date(2026, 3, 5), date(2026, 3, 9))}
    assert project(ledger_of(by_day), EURO, NOW).counts[Category.DATA] < 4 * 48 + 22 * 40


def test_a_correction_is_no_habit() -> None:
    meter = Meter(
        ledger_of({day: {"data": 10} for day in days(date(2026, 2, 1), date(2026, 3, 9))})
    )
    meter.correct({Category.DATA: 1_000, Category.WAKE: 5}, NOW)
    found = project(meter.ledger, EURO, NOW)
    assert found.counts[Category.DATA] == 1_000 + 22 * 10
    assert found.counts[Category.WAKE] == 5
    meter.correct({Category.DATA: 0}, NOW)
    assert project(meter.ledger, EURO, NOW).counts[Category.DATA] == 22 * 10


def test_a_correction_alone_is_no_day() -> None:
    meter = Meter()
    meter.correct({Category.DATA: 1_000}, NOW)
    found = project(meter.ledger, EURO, NOW)
    assert found.basis is Basis.NOTHING
    assert found.total == Decimal("2.00")


def test_future_days_do_not_count() -> None:
    """The clock was set back."""
    by_day = {day: {"data": 10} for day in days(date(2026, 3, 1), date(2026, 3, 9))}
    found = project(ledger_of({**by_day, date(2026, 3, 20): {"data": 7_000}}), EURO, NOW)
    assert found.counts[Category.DATA] == 9 * 10 + 7_000 + 22 * 10


def test_another_currency() -> None:
    by_day = {day: {"wake": 1} for day in days(date(2026, 3, 1), date(2026, 3, 9))}
    found = project(ledger_of(by_day), TARIFFS["DKK"], NOW)
    assert found.total == Decimal("4.35")
    assert found.placeholders["currency"] == "DKK"


COUNTS = st.fixed_dictionaries(
    {}, optional={str(category): st.integers(0, 5_000) for category in Category}
)
MOMENTS = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001  # hypothesis adds the time zone
    datetime(2027, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, st.integers(2, 40), COUNTS, st.data())
def test_exact_for_constant_days(
    now: datetime, before: int, counts: dict[str, int], data: st.DataObject
) -> None:
    ledger = Ledger()
    first = now.date() - timedelta(days=before)
    for day in days(first, now.date() - timedelta(days=1)):
        book(ledger, day, {"free": 1, **counts})
    so_far = {name: data.draw(st.integers(0, count)) for name, count in counts.items()}
    book(ledger, now.date(), so_far)
    month = Month.of(now)
    last = month.end.date() - timedelta(days=1)
    number = len(days(max(first, month.begin.date()), last))
    found = project(ledger, EURO, now)
    for name, count in counts.items():
        assert found.counts[Category(name)] == number * count
        assert found.costs[Category(name)] == EURO.rounded(Category(name), number * count)


@given(
    MOMENTS,
    st.lists(st.tuples(st.integers(-40, 5), COUNTS), max_size=20),
    st.dictionaries(st.sampled_from(Category), st.integers(0, 9_000)),
)
def test_never_negative_and_never_below_the_spending(
    now: datetime, booked: list[tuple[int, dict[str, int]]], corrected: dict[Category, int]
) -> None:
    meter = Meter()
    for offset, counts in booked:
        book(meter.ledger, now.date() + timedelta(days=offset), counts)
    meter.correct(corrected, now)
    found = project(meter.ledger, EURO, now)
    assert found.total >= meter.cost(now) >= 0
    for category in Category:
        assert found.counts[category] >= 0
        assert found.costs[category] >= meter.cost(now, category)


@given(MOMENTS, st.integers(-500, -1))
def test_more_refunded_than_booked(now: datetime, taken: int) -> None:
    ledger = Ledger()
    book(ledger, now.date(), {"data": taken}, "correction")
    book(ledger, now.date() - timedelta(days=3), {"data": taken})
    found = project(ledger, EURO, now)
    assert found.total == 0
    assert found.counts[Category.DATA] == 0
