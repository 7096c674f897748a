"""Rows of local days as UTC hours, and how a day is requested."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.flotte.tesla.energy.fields import EnergyField
from custom_components.flotte.tesla.energy.history import EnergyRow
from custom_components.flotte.tesla.energy.hours import HourlyEnergy, request_of_day

FIELD = EnergyField.HOME_USAGE
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def row(start: str, energy: float) -> EnergyRow:
    return EnergyRow(moment(start), {FIELD: energy})


def hourly(*rows: EnergyRow, first: str = "2026-06-01T00:00Z") -> HourlyEnergy:
    found = HourlyEnergy(moment(first))
    found.add(rows)
    return found


def test_rows_are_summed_by_hour() -> None:
    hours = hourly(
        row("2026-06-15T10:00+02:00", 10),
        row("2026-06-15T10:55+02:00", 20),
        row("2026-06-15T12:00+02:00", 40),
    )
    assert hours.take(moment("2026-06-15T13:00+02:00")) == {
        moment("2026-06-15T08:00Z"): {FIELD: 30},
        moment("2026-06-15T10:00Z"): {FIELD: 40},
    }, "an hour without rows is left out"


def test_an_hour_is_taken_once_it_is_over() -> None:
    hours = hourly(row("2026-06-15T10:00Z", 10), row("2026-06-15T11:00Z", 20))
    assert hours.take(moment("2026-06-15T11:59Z")) == {moment("2026-06-15T10:00Z"): {FIELD: 10}}
    hours.add([row("2026-06-15T11:55Z", 5)])
    assert hours.take(moment("2026-06-15T12:00Z")) == {moment("2026-06-15T11:00Z"): {FIELD: 25}}
    assert len(hours) == 0


def test_an_hour_of_two_days_is_joined() -> None:
    """Midnight in Calcutta is at 18:30 in UTC."""
    hours = hourly(row("2026-06-15T23:55+05:30", 10))
    assert hours.take(moment("2026-06-16T00:00+05:30")) == {}
    hours.add([row("2026-06-16T00:00+05:30", 20)])
    assert hours.take(moment("2026-06-17T00:00+05:30")) == {
        moment("2026-06-15T18:00Z"): {FIELD: 30}
    }


def test_what_lies_before_the_first_hour_is_ignored() -> None:
    hours = hourly(
        row("2026-06-15T00:25+05:30", 10),
        row("2026-06-15T00:30+05:30", 20),
        first="2026-06-14T19:00Z",
    )
    assert hours.take(moment("2026-06-16T00:00Z")) == {moment("2026-06-14T19:00Z"): {FIELD: 20}}


@pytest.mark.parametrize(
    ("day", "start", "end", "wrong_end"),
    [
        pytest.param(
            date(2026, 6, 15),
            "2026-06-15T00:00:00+02:00",
            "2026-06-15T23:59:59+02:00",
            "2026-06-15T23:59:59+01:00",
            id="summer",
        ),
        pytest.param(
            date(2026, 1, 15),
            "2026-01-15T00:00:00+01:00",
            "2026-01-15T23:59:59+01:00",
            "2026-01-15T23:59:59+01:00",
            id="winter",
        ),
        pytest.param(
            date(2026, 3, 29),
            "2026-03-29T00:00:00+01:00",
            "2026-03-29T23:59:59+02:00",
            "2026-03-29T23:59:59+01:00",
            id="spring",
        ),
        pytest.param(
            date(2026, 10, 25),
            "2026-10-25T00:00:00+02:00",
            "2026-10-25T23:59:59+01:00",
            "2026-10-25T23:59:59+01:00",
            id="autumn",
        ),
    ],
)
def test_the_request_of_a_day(day: date, start: str, end: str, wrong_end: str) -> None:
    found = request_of_day(day, AMSTERDAM, standard_offset=False)
    assert [each.isoformat() for each in found] == [start, end]
    found = request_of_day(day, AMSTERDAM, standard_offset=True)
    assert [each.isoformat() for each in found] == [start, wrong_end]


@pytest.mark.parametrize(
    ("zone", "day", "end"),
    [
        ("Europe/Dublin", date(2026, 6, 15), "2026-06-15T23:59:59+00:00"),
        ("Australia/Sydney", date(2026, 1, 15), "2026-01-15T23:59:59+10:00"),
        ("Asia/Kolkata", date(2026, 6, 15), "2026-06-15T23:59:59+05:30"),
    ],
)
def test_the_standard_offset_of_zones(zone: str, day: date, end: str) -> None:
    assert request_of_day(day, ZoneInfo(zone), standard_offset=True)[1].isoformat() == end


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_days_have_their_length(hours: int) -> None:
    day = {23: date(2026, 3, 29), 24: date(2026, 6, 15), 25: date(2026, 10, 25)}[hours]
    start, end = request_of_day(day, AMSTERDAM, standard_offset=False)
    assert end.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=hours, seconds=-1)
