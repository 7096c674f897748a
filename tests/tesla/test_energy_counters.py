"""Counters of a site's energy: they never fall, and end at the sum of the history."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.energy.counters import Counter, EnergyCounters, sums_of
from custom_components.flotte.tesla.energy.fields import EnergyField
from custom_components.flotte.tesla.energy.history import EnergyRow

ZONE = ZoneInfo("Europe/Amsterdam")
DAY = date(2026, 3, 28)
"""The day before spring takes an hour."""
NOON = datetime(2026, 3, 28, 11, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def row(start: datetime, **energy: float) -> EnergyRow:
    """A row with some fields; the others are zero."""
    zeros = dict.fromkeys(EnergyField, 0.0)
    return EnergyRow(start, zeros | {EnergyField(name): value for name, value in energy.items()})


def bought(start: datetime, energy: float) -> EnergyRow:
    return row(start, grid_energy_imported=energy)


def counted(counters: EnergyCounters, counter: Counter = Counter.GRID_IMPORT) -> float | None:
    return None if counters.values is None else counters.values[counter]


def begun(*, at: datetime = NOON) -> EnergyCounters:
    """Counters that began with a row of 100 Wh."""
    counters = EnergyCounters()
    counters.take(DAY, [bought(at - HOUR, 100)], at, ZONE)
    return counters


# --- Counters of fields --------------------------------------------------------------------------


def test_totals() -> None:
    """As in Tesla's live answers."""
    sums = sums_of(
        [
            row(
                NOON,
                solar_energy_exported=50,
                grid_energy_imported=7,
                grid_energy_exported_from_solar=20,
                grid_energy_exported_from_battery=4,
                battery_energy_exported=10,
                battery_energy_imported_from_solar=5,
                consumer_energy_imported_from_solar=25,
                consumer_energy_imported_from_grid=7,
                consumer_energy_imported_from_battery=6,
                total_home_usage=38,
                total_battery_charge=5,
                total_battery_discharge=10,
                total_solar_generation=50,
                total_grid_energy_exported=24,
            ),
            row(NOON + 5 * MINUTE, grid_energy_imported=1, total_home_usage=1),
        ]
    )
    assert sums == {
        "grid_import": 8,
        "grid_export": 24,
        "solar": 50,
        "battery_charge": 5,
        "battery_discharge": 10,
        "home": 39,
    }


def test_parts_where_answers_have_no_totals() -> None:
    sums = sums_of(
        [
            row(
                NOON,
                solar_energy_exported=50,
                grid_energy_exported_from_solar=20,
                grid_energy_exported_from_generator=3,
                battery_energy_exported=6,
                battery_energy_imported_from_solar=5,
                battery_energy_imported_from_grid=2,
                consumer_energy_imported_from_solar=25,
                consumer_energy_imported_from_grid=7,
                consumer_energy_imported_from_battery=6,
            )
        ]
    )
    assert sums == {
        "grid_import": 9,
        "grid_export": 23,
        "solar": 50,
        "battery_charge": 7,
        "battery_discharge": 6,
        "home": 38,
    }


# --- One site ------------------------------------------------------------------------------------


def test_unknown_until_the_first_row() -> None:
    counters = EnergyCounters()
    counters.open_until(DAY)
    counters.take(DAY, [], NOON, ZONE)
    assert counted(counters) is None
    assert counters.to_stored() == {}
    assert counters.due(NOON + 48 * HOUR, ZONE) == []


def test_it_begins_at_zero_and_counts_from_there() -> None:
    counters = begun()
    assert counted(counters) == 0
    counters.take(DAY, [bought(NOON - HOUR, 100), bought(NOON, 30)], NOON + HOUR, ZONE)
    assert counted(counters) == 30
    counters.take(DAY, [bought(NOON - HOUR, 100), bought(NOON, 30)], NOON + HOUR, ZONE)
    assert counted(counters) == 30, "read twice, counted once"


def test_a_correction_never_lowers_it() -> None:
    counters = begun()
    for energy, expected in [(30, 30), (25, 30), (29, 30), (31, 31)]:
        rows = [bought(NOON - HOUR, 100), bought(NOON, energy)]
        counters.take(DAY, rows, NOON + HOUR, ZONE)
        assert counted(counters) == expected


def test_an_answer_without_rows_takes_nothing_away() -> None:
    counters = begun()
    counters.take(DAY, [bought(NOON, 130)], NOON, ZONE)
    counters.take(DAY, [], NOON + HOUR, ZONE)
    assert counted(counters) == 30
    counters.take(DAY, [bought(NOON, 131)], NOON + HOUR, ZONE)
    assert counted(counters) == 31


@pytest.mark.parametrize(
    ("now", "is_due", "read_at"),
    [
        ("2026-03-28T23:09:59Z", False, None),
        ("2026-03-28T23:10:00Z", True, None),
        ("2026-03-29T04:59:59Z", False, "2026-03-28T23:10:00Z"),
        ("2026-03-29T05:00:00Z", True, "2026-03-28T23:10:00Z"),
        ("2026-03-29T05:00:00Z", False, "2026-03-29T05:00:00Z"),
        ("2026-03-30T04:59:59Z", False, "2026-03-29T05:00:00Z"),
        ("2026-03-30T05:00:00Z", True, "2026-03-29T05:00:00Z"),
        ("2026-05-01T00:00:00Z", True, "2026-03-29T05:00:00Z"),
    ],
)
def test_a_day_is_read_again_after_its_end(now: str, is_due: bool, read_at: str | None) -> None:  # noqa: FBT001  # the expectation
    """The 28th ends at 23:00 UTC; it is read 10 minutes, 6 hours and 30 hours later."""
    counters = begun()
    if read_at is not None:
        counters.take(DAY, [bought(NOON, 100)], datetime.fromisoformat(read_at), ZONE)
    assert counters.due(datetime.fromisoformat(now), ZONE) == ([DAY] if is_due else [])


def test_a_settled_day_stays() -> None:
    counters = begun()
    late = NOON + 48 * HOUR
    counters.take(DAY, [bought(NOON, 150)], late, ZONE)
    counters.take(DAY, [bought(NOON, 999)], late, ZONE)
    counters.open_until(DAY)
    assert counted(counters) == 50
    assert counters.due(late, ZONE) == []


def test_the_days_of_a_gap_are_due() -> None:
    counters = begun()
    counters.open_until(DAY + timedelta(days=3))
    now = NOON + 72 * HOUR
    assert counters.due(now, ZONE) == [DAY + timedelta(days=day) for day in range(3)]
    for day, energy in enumerate([120, 5, 6, 7]):
        counters.take(DAY + timedelta(days=day), [bought(NOON, energy)], now, ZONE)
    assert counted(counters) == 20 + 5 + 6 + 7
    assert counters.due(now, ZONE) == []


def test_a_day_that_tesla_does_not_answer_is_given_up() -> None:
    counters = begun()
    counters.open_until(DAY + timedelta(days=1))
    counters.settle(DAY)
    assert counters.due(NOON + 24 * HOUR, ZONE) == []
    counters.open_until(DAY + timedelta(days=1))
    assert counters.due(NOON + 24 * HOUR, ZONE) == []


def test_a_clock_that_was_wrong_for_a_while() -> None:
    counters = begun()
    wrong = date(2126, 3, 28)
    counters.open_until(wrong)
    counters.take(wrong, [], datetime(2126, 3, 28, 11, tzinfo=UTC), ZONE)
    counters.open_until(DAY + timedelta(days=1))
    assert counters.due(NOON + 24 * HOUR, ZONE) == [DAY]
    counters.take(DAY + timedelta(days=1), [bought(NOON, 7)], NOON + 24 * HOUR, ZONE)
    assert counted(counters) == 7


def test_a_clock_that_goes_back_over_midnight() -> None:
    """The next day is read again from its beginning, so nothing counts twice and nothing falls."""
    counters = begun()
    tomorrow = DAY + timedelta(days=1)
    counters.open_until(tomorrow)
    counters.take(tomorrow, [bought(NOON + 12 * HOUR, 7)], NOON + 13 * HOUR, ZONE)
    counters.open_until(DAY)
    counters.take(DAY, [bought(NOON, 102)], NOON + 12 * HOUR, ZONE)
    assert counted(counters) == 7
    counters.open_until(tomorrow)
    counters.take(tomorrow, [bought(NOON + 12 * HOUR, 9)], NOON + 14 * HOUR, ZONE)
    assert counted(counters) == 2 + 9


# --- Storage -------------------------------------------------------------------------------------


def restarted(counters: EnergyCounters) -> EnergyCounters:
    """Counters after a restart."""
    again = EnergyCounters()
    again.restore(json.loads(json.dumps(counters.to_stored())))
    return again


def test_it_continues_after_a_restart() -> None:
    counters = begun()
    counters.take(DAY, [bought(NOON, 130.1234567)], NOON, ZONE)
    counters = restarted(counters)
    assert counted(counters) == 30.123
    counters.take(DAY, [bought(NOON, 140)], NOON, ZONE)
    assert counted(counters) == 40


@pytest.mark.parametrize(
    "damage",
    [
        {"values": None},
        {"values": {"grid_import": 5}},
        {"settled": {"grid_import": "5"}},
        {"settled_until": 5},
        {"settled_until": "never"},
        {"days": {"never": {}}},
        {"days": {"2026-03-28": None}},
        {"days": {}},
    ],
)
def test_damaged_counters_begin_again(damage: dict[str, object]) -> None:
    """At zero, which Home Assistant takes for a new meter: nothing is counted twice."""
    counters = EnergyCounters()
    counters.restore(begun().to_stored() | damage)
    assert counters.values is None
    counters.take(DAY, [bought(NOON, 130)], NOON, ZONE)
    assert counted(counters) == 0


@pytest.mark.parametrize("stored", [None, [], "text", 5, {}])
def test_nothing_to_restore(stored: object) -> None:
    counters = EnergyCounters()
    counters.restore(stored)
    assert counters.values is None


# --- Whatever happens ----------------------------------------------------------------------------

FIVE = timedelta(minutes=5)


@dataclass
class House:
    """A house in Amsterdam and its history: rows come late, and provisional at first."""

    changes: date
    """The day on which the clocks change."""
    lateness: list[int] = field(default_factory=lambda: [0])
    """How many minutes after its end each row is there, in turn."""

    def energy(self, start: datetime) -> float:
        """The true energy of a row, which is never round."""
        return 1.1 + (start.timestamp() // 300) % 97 / 7

    def midnight(self, day: date) -> datetime:
        """The beginning of a day, in UTC."""
        return datetime.combine(day, time.min, ZONE).astimezone(UTC)

    def starts(self, day: date) -> Iterable[datetime]:
        """The rows of a day."""
        start, end = self.midnight(day), self.midnight(day + timedelta(days=1))
        while start < end:
            yield start
            start += FIVE

    def rows(self, day: date, now: datetime) -> list[EnergyRow]:
        """The rows that Tesla has of a day; in its first hours a row is a tenth too small."""
        found = []
        for start in self.starts(day):
            late = self.lateness[int(start.timestamp() // 300) % len(self.lateness)]
            if (age := now - start - FIVE) >= late * MINUTE:
                share = 0.9 if age < 3 * HOUR else 1.0
                found.append(bought(start, self.energy(start) * share))
        return found

    def total(self, first: date, last: date) -> float:
        """The true energy of the days."""
        days = (last - first).days + 1
        return sum(
            self.energy(start)
            for day in range(days)
            for start in self.starts(first + timedelta(days=day))
        )


@given(
    changes=st.sampled_from([date(2026, 3, 29), date(2026, 10, 25)]),
    lateness=st.lists(st.integers(0, 300), min_size=1, max_size=5),
    steps=st.lists(
        st.tuples(st.integers(1, 900), st.booleans(), st.booleans()), min_size=1, max_size=60
    ),
)
def test_at_the_end_it_is_the_sum_of_the_history(
    changes: date, lateness: list[int], steps: list[tuple[int, bool, bool]]
) -> None:
    """Polls at any times, restarts and lost answers, over midnights and a change of the clocks."""
    house = House(changes, lateness)
    first = changes - timedelta(days=1)
    now = house.midnight(first) + 17 * HOUR
    counters = EnergyCounters()
    counters.take(first, house.rows(first, now), now, ZONE)
    before = sum(each.energy[EnergyField.GRID_IMPORTED] for each in house.rows(first, now))
    last = 0.0

    def poll() -> None:
        nonlocal last
        today = now.astimezone(ZONE).date()
        counters.open_until(today)
        for day in [today, *counters.due(now, ZONE)[:1]]:
            counters.take(day, house.rows(day, now), now, ZONE)
        value = counted(counters)
        assert value is not None
        assert value >= last - 0.001, "it never falls"
        last = value

    for minutes, restarts, is_lost in steps:
        now += minutes * MINUTE
        if restarts:
            counters = restarted(counters)
        if not is_lost:
            poll()
    end = now.astimezone(ZONE).date()
    # Two days later, everything that is late has come.
    now = house.midnight(end + timedelta(days=1)) + 36 * HOUR
    today = now.astimezone(ZONE).date()
    for _ in range((today - first).days + 3):
        poll()
    value = counted(counters)
    seen = sum(each.energy[EnergyField.GRID_IMPORTED] for each in house.rows(today, now))
    expected = house.total(first, today - timedelta(days=1)) + seen - before
    assert value == pytest.approx(expected, abs=1)
