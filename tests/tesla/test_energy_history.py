"""The energy history of a site: answers of Tesla's cloud, and the rows that follow from them."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from custom_components.flotte.tesla.energy.fields import EnergyField
from custom_components.flotte.tesla.energy.history import EnergyRow, read_energy_day
from custom_components.flotte.tesla.errors import InvalidAnswer

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
NEW_YORK = ZoneInfo("America/New_York")
WINTER = date(2026, 1, 20)
SUMMER = date(2026, 7, 20)
SPRING = date(2026, 3, 29)
AUTUMN = date(2026, 10, 25)
GRID, SOLAR, HOME = EnergyField.GRID_IMPORTED, EnergyField.SOLAR_EXPORTED, EnergyField.HOME_USAGE

type Row = tuple[str, dict[str, Any]]


def answer(*rows: Row, **more: object) -> dict[str, Any]:
    """An answer with rows of (timestamp, values)."""
    series = [{"timestamp": timestamp, **values} for timestamp, values in rows]
    return {"period": "day", "time_series": series, **more}


def grid(row: EnergyRow) -> tuple[str, float]:
    """The start in UTC and the imported energy of a row."""
    assert row.start.tzinfo is UTC
    return f"{row.start:%Y-%m-%dT%H:%MZ}", row.energy[GRID]


def labels(day: date, offset: str, hours: Iterator[int] | range | list[int]) -> list[Row]:
    """One row for each hour of the clock, with its place in the list as energy."""
    return [
        (f"{day}T{hour:02}:00:00{offset}", {"grid_energy_imported": place + 1.0})
        for place, hour in enumerate(hours)
    ]


def test_an_omitted_field_is_zero() -> None:
    """A row as Tesla's live answers have them."""
    (row,) = read_energy_day(
        answer(
            (
                "2026-01-20T09:05:00+01:00",
                {
                    "solar_energy_exported": 12.5,
                    "consumer_energy_imported_from_solar": 12.5,
                    "total_solar_generation": 12.5,
                    "total_home_usage": 12,
                    "raw_timestamp": "2026-01-20T09:05:07+01:00",
                },
            )
        ),
        WINTER,
        AMSTERDAM,
    )
    assert row.start == datetime(2026, 1, 20, 8, 5, tzinfo=UTC)
    assert set(row.energy) == set(EnergyField)
    assert {name: value for name, value in row.energy.items() if value} == {
        "solar_energy_exported": 12.5,
        "consumer_energy_imported_from_solar": 12.5,
        "total_solar_generation": 12.5,
        "total_home_usage": 12.0,
    }


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        {"period": "day"},
        answer(),
        {"time_series": None},
        {"time_series": None, "entries": None},
        answer(("2026-01-20T00:00:00+01:00", {})),
        answer(("2026-01-20T00:00:00+01:00", {}), ("2026-01-20T00:05:00+01:00", {"new": 5})),
        answer(("2026-01-20T00:00:00+01:00", {"grid_energy_imported": None})),
        answer(("2026-01-19T23:55:00+01:00", {"grid_energy_imported": 40})),
    ],
)
def test_without_any_value_nothing_is_known(nothing: dict[str, Any]) -> None:
    """After midnight, and of a dead site: unknown, and not a day without energy."""
    assert read_energy_day(nothing, WINTER, AMSTERDAM) == ()


def test_rows_without_a_value_count_once_there_is_one() -> None:
    rows = read_energy_day(
        answer(
            ("2026-01-20T00:00:00+01:00", {}),
            ("2026-01-20T00:05:00+01:00", {"grid_energy_imported": 3}),
        ),
        WINTER,
        AMSTERDAM,
    )
    assert [grid(row) for row in rows] == [("2026-01-19T23:00Z", 0.0), ("2026-01-19T23:05Z", 3.0)]


@pytest.mark.parametrize("rows", ["text", 5, {}, True])
def test_rows_that_are_none(rows: object) -> None:
    with pytest.raises(InvalidAnswer):
        read_energy_day({"time_series": rows}, WINTER, AMSTERDAM)


def test_older_descriptions_call_the_rows_entries() -> None:
    entries = answer(("2026-01-20T00:00:00+01:00", {"grid_energy_imported": 3}))["time_series"]
    (row,) = read_energy_day({"entries": entries}, WINTER, AMSTERDAM)
    assert grid(row) == ("2026-01-19T23:00Z", 3.0)


def test_unordered_and_repeated_rows_and_rows_of_other_days() -> None:
    rows = read_energy_day(
        answer(
            ("2026-01-20T00:10:00+01:00", {"grid_energy_imported": 3}),
            ("2026-01-20T00:05:00+01:00", {"grid_energy_imported": 2}),
            ("2026-01-19T23:55:00+01:00", {"grid_energy_imported": 40}),
            ("2026-01-20T00:05:00+01:00", {"grid_energy_imported": 2.5}),
            ("2026-01-20T00:05:00+01:00", {}),
            ("2026-01-21T00:00:00+01:00", {"grid_energy_imported": 50}),
            ("2026-01-19T23:00:00Z", {"grid_energy_imported": 1}),
            ("2026-01-20T00:15:00", {"grid_energy_imported": 4}),
        ),
        WINTER,
        AMSTERDAM,
    )
    assert [grid(row) for row in rows] == [
        ("2026-01-19T23:00Z", 1.0),
        ("2026-01-19T23:05Z", 2.5),
        ("2026-01-19T23:10Z", 3.0),
        ("2026-01-19T23:15Z", 4.0),
    ]


@pytest.mark.parametrize(
    "row",
    [
        None,
        "text",
        {},
        {"timestamp": None, "grid_energy_imported": 9},
        {"timestamp": 1768900000, "grid_energy_imported": 9},
        {"timestamp": "yesterday", "grid_energy_imported": 9},
        {"timestamp": "0001-01-01T00:00:00+01:00", "grid_energy_imported": 9},
        {"timestamp": "9999-12-31T23:55:00-05:00", "grid_energy_imported": 9},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": "9"},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": True},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": [9]},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": float("nan")},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": float("inf")},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": -101},
        {"timestamp": "2026-01-20T00:05:00+01:00", "grid_energy_imported": 83_334},
        {
            "timestamp": "2026-01-20T00:05:00+01:00",
            "grid_energy_imported": 9,
            "total_home_usage": 4_294_967_295,
        },
    ],
)
def test_a_row_that_cannot_be_is_left_out(row: object) -> None:
    series = [
        {"timestamp": "2026-01-20T00:00:00+01:00", "grid_energy_imported": 3},
        row,
        {"timestamp": "2026-01-20T00:10:00+01:00", "grid_energy_imported": 4},
        {"timestamp": "2026-01-20T00:15:00+01:00", "grid_energy_imported": 83_333},
    ]
    rows = read_energy_day({"time_series": series}, WINTER, AMSTERDAM)
    assert [grid(row) for row in rows] == [
        ("2026-01-19T23:00Z", 3.0),
        ("2026-01-19T23:10Z", 4.0),
        ("2026-01-19T23:15Z", 83_333.0),
    ]


def test_the_noise_of_a_meter_is_zero() -> None:
    (row,) = read_energy_day(
        answer(
            ("2026-01-20T00:00:00+01:00", {"solar_energy_exported": -0.4, "total_home_usage": 5})
        ),
        WINTER,
        AMSTERDAM,
    )
    assert (row.energy[SOLAR], row.energy[HOME]) == (0.0, 5.0)


@pytest.mark.parametrize(
    ("minutes", "most"), [([0, 15, 30], 250_000), ([0, 30], 500_000), ([0], 24_000_000)]
)
def test_old_sites_have_fewer_rows(minutes: list[int], most: int) -> None:
    """The longer a row, the more energy it may have; a single one may be that of the day."""
    rows = read_energy_day(
        answer(
            *(
                (f"2026-01-20T00:{minute:02}:00+01:00", {"grid_energy_imported": most})
                for minute in minutes
            )
        ),
        WINTER,
        AMSTERDAM,
    )
    assert [row.energy[GRID] for row in rows] == [most] * len(minutes)


# --- The clocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "zone", "offset", "first", "last"),
    [
        (WINTER, AMSTERDAM, "+01:00", "2026-01-19T23:00Z", "2026-01-20T22:00Z"),
        (SUMMER, AMSTERDAM, "+02:00", "2026-07-19T22:00Z", "2026-07-20T21:00Z"),
        (SUMMER, NEW_YORK, "-04:00", "2026-07-20T04:00Z", "2026-07-21T03:00Z"),
        # Sites that write the standard offset all year, or that of the day of the request.
        (SUMMER, AMSTERDAM, "+01:00", "2026-07-19T22:00Z", "2026-07-20T21:00Z"),
        (SUMMER, NEW_YORK, "-05:00", "2026-07-20T04:00Z", "2026-07-21T03:00Z"),
        (WINTER, NEW_YORK, "-04:00", "2026-01-20T05:00Z", "2026-01-21T04:00Z"),
    ],
)
def test_a_day_of_24_hours(day: date, zone: ZoneInfo, offset: str, first: str, last: str) -> None:
    rows = read_energy_day(answer(*labels(day, offset, range(24))), day, zone)
    assert len(rows) == 24
    assert (grid(rows[0]), grid(rows[-1])) == ((first, 1.0), (last, 24.0))
    assert {later.start - row.start for row, later in pairwise(rows)} == {timedelta(hours=1)}


def test_rows_in_utc_are_not_those_of_another_season() -> None:
    rows = read_energy_day(answer(*labels(WINTER, "Z", range(24))), WINTER, AMSTERDAM)
    assert (len(rows), grid(rows[0])) == (23, ("2026-01-20T00:00Z", 1.0))


def test_a_day_in_summer_that_starts_late() -> None:
    """An hour was lost; the rest is where it belongs, and nothing is moved."""
    rows = read_energy_day(answer(*labels(SUMMER, "+02:00", range(1, 24))), SUMMER, AMSTERDAM)
    assert (len(rows), grid(rows[0])) == (23, ("2026-07-19T23:00Z", 1.0))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            labels(SPRING, "+01:00", [0, 1])
            + [
                (label, {"grid_energy_imported": value["grid_energy_imported"] + 2})
                for label, value in labels(SPRING, "+02:00", range(3, 24))
            ],
            id="right",
        ),
        pytest.param(labels(SPRING, "+01:00", [0, 1, *range(3, 24)]), id="standard offset"),
        pytest.param(
            labels(SPRING, "+01:00", range(23)), id="standard time, with the hour left out"
        ),
    ],
)
def test_spring_has_23_hours(rows: list[Row]) -> None:
    found = read_energy_day(answer(*rows), SPRING, AMSTERDAM)
    assert [grid(row) for row in found] == [
        (
            f"{datetime(2026, 3, 28, 23, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%dT%H:%MZ}",
            hour + 1.0,
        )
        for hour in range(23)
    ]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            labels(AUTUMN, "+02:00", [0, 1, 2])
            + [
                (label, {"grid_energy_imported": value["grid_energy_imported"] + 3})
                for label, value in labels(AUTUMN, "+01:00", range(2, 24))
            ],
            id="right",
        ),
        pytest.param(labels(AUTUMN, "+01:00", [0, 1, 2, 2, *range(3, 24)]), id="standard offset"),
    ],
)
def test_autumn_has_25_hours(rows: list[Row]) -> None:
    found = read_energy_day(answer(*rows), AUTUMN, AMSTERDAM)
    assert [grid(row) for row in found] == [
        (
            f"{datetime(2026, 10, 24, 22, tzinfo=UTC) + timedelta(hours=hour):%Y-%m-%dT%H:%MZ}",
            hour + 1.0,
        )
        for hour in range(25)
    ]


def test_the_double_hour_with_equal_labels_keeps_its_order() -> None:
    """The offset is that of standard time throughout, in rows of half an hour."""
    rows = [
        (f"2026-10-25T{time}:00+01:00", {"grid_energy_imported": value})
        for time, value in [
            ("01:30", 1), ("02:00", 2), ("02:30", 3), ("02:00", 4), ("02:30", 5), ("03:00", 6),
        ]
    ]  # fmt: skip
    assert [grid(row) for row in read_energy_day(answer(*rows), AUTUMN, AMSTERDAM)] == [
        ("2026-10-24T23:30Z", 1.0),
        ("2026-10-25T00:00Z", 2.0),
        ("2026-10-25T00:30Z", 3.0),
        ("2026-10-25T01:00Z", 4.0),
        ("2026-10-25T01:30Z", 5.0),
        ("2026-10-25T02:00Z", 6.0),
    ]
