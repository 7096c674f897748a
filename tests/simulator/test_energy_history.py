"""The energy history of a site: its length, midnight, daylight saving, gaps and wrong offsets."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator import Simulator
from simulator.clock import Clock
from simulator.energy import Site
from simulator.refusals import SteeringError
from simulator.world import SITE_ID, World
from tests.simulator.visitor import Visitor

type Rows = list[dict[str, Any]]


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    """Half past two in Amsterdam."""
    freezer.move_to("2026-11-20T13:30:00Z")
    return World(Clock())


@pytest.fixture
def site(world: World) -> Site:
    return world.sites[SITE_ID]


def answered(site: Site, start: str, end: str) -> Rows:
    """The rows of a request for a day."""
    query = {"period": "day", "start_date": start, "end_date": end}
    rows: Rows = site.history("energy", query)["time_series"]
    return rows


def span(rows: Rows) -> tuple[str, str, int]:
    """First and last time, and the number of rows."""
    return rows[0]["timestamp"], rows[-1]["timestamp"], len(rows)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        pytest.param(
            "2025-11-20T00:00:00+01:00",
            "2025-11-20T23:59:59+01:00",
            ("2025-11-20T00:00:00+01:00", "2025-11-20T23:55:00+01:00", 288),
            id="a year ago",
        ),
        pytest.param(
            "2026-03-29T00:00:00+01:00",
            "2026-03-29T23:59:59+02:00",
            ("2026-03-29T00:00:00+01:00", "2026-03-29T23:55:00+02:00", 276),
            id="spring",
        ),
        pytest.param(
            "2026-10-25T00:00:00+02:00",
            "2026-10-25T23:59:59+01:00",
            ("2026-10-25T00:00:00+02:00", "2026-10-25T23:55:00+01:00", 300),
            id="autumn",
        ),
        pytest.param(
            "2023-05-11T00:00:00+02:00",
            "2023-05-11T23:59:59+02:00",
            ("2023-05-11T10:00:00+02:00", "2023-05-11T23:55:00+02:00", 168),
            id="the day of the installation",
        ),
        pytest.param(
            "2026-06-14T00:00:00+02:00",
            "2026-06-15T00:59:59+02:00",
            ("2026-06-15T00:00:00+02:00", "2026-06-15T00:55:00+02:00", 12),
            id="an end that is on the next day",
        ),
        pytest.param(
            "2026-11-20T00:00:00+01:00",
            "2026-11-20T23:59:59+01:00",
            ("2026-11-20T00:00:00+01:00", "2026-11-20T14:25:00+01:00", 174),
            id="today",
        ),
    ],
)
def test_days(site: Site, start: str, end: str, expected: tuple[str, str, int]) -> None:
    assert span(answered(site, start, end)) == expected


def test_nothing_is_older_than_the_installation(site: Site) -> None:
    assert answered(site, "2023-05-10T00:00:00+02:00", "2023-05-10T23:59:59+02:00") == []
    site.steer({"installed": "2026-11-01T09:00:00Z"})
    assert site.site_info()["installation_date"] == "2026-11-01T10:00:00+01:00"
    assert answered(site, "2026-10-31T00:00:00+01:00", "2026-10-31T23:59:59+01:00") == []
    rows = answered(site, "2026-11-01T00:00:00+01:00", "2026-11-01T23:59:59+01:00")
    assert rows[0]["timestamp"] == "2026-11-01T10:00:00+01:00"


def test_orders_of_today_do_not_change_the_past(site: Site) -> None:
    day = ("2026-06-15T00:00:00+02:00", "2026-06-15T23:59:59+02:00")
    before = answered(site, *day)
    site.steer({"solar_power": 0, "load_power": 9000, "on_grid": False, "mode": "backup"})
    for other in range(10, 15):
        answered(site, f"2026-06-{other}T00:00:00+02:00", f"2026-06-{other}T23:59:59+02:00")
    assert answered(site, *day) == before
    assert sum(row.get("solar_energy_exported", 0) for row in before) > 8000


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        pytest.param(4, [], id="first it is empty"),
        pytest.param(6, [{"timestamp": "2026-11-21T00:00:00+01:00"}], id="then without values"),
        pytest.param(9, [{"timestamp": "2026-11-21T00:00:00+01:00"}], id="for five minutes"),
    ],
)
def test_midnight(
    world: World, site: Site, freezer: FrozenDateTimeFactory, minutes: int, expected: Rows
) -> None:
    freezer.move_to("2026-11-20T23:00:00Z")
    freezer.tick(minutes * 60)
    assert site.history("energy", {})["time_series"] == expected


def test_a_row_is_published_once_it_is_over(
    world: World, site: Site, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T23:10:30Z")
    rows = site.history("energy", {})["time_series"]
    assert [row["timestamp"] for row in rows] == [
        "2026-11-21T00:00:00+01:00",
        "2026-11-21T00:05:00+01:00",
    ]
    assert all(row["total_home_usage"] > 0 for row in rows)


# --- Faults ---------------------------------------------------------------------------------------

SUMMER = ("2026-06-15T00:00:00+02:00", "2026-06-15T23:59:59+02:00")


def test_the_standard_offset_all_year(site: Site) -> None:
    """The local times are right, the offset is not, and so the last hour is cut off."""
    right = answered(site, *SUMMER)
    site.steer({"history": {"standard_offset": True}})
    wrong = answered(site, *SUMMER)
    assert span(wrong) == ("2026-06-15T00:00:00+01:00", "2026-06-15T22:55:00+01:00", 276)
    assert [{**row, "timestamp": row["timestamp"][:16]} for row in wrong] == [
        {**row, "timestamp": row["timestamp"][:16]} for row in right[:276]
    ]


def test_the_standard_offset_in_the_requested_end_brings_the_last_hour(site: Site) -> None:
    site.steer({"history": {"standard_offset": True}})
    rows = answered(site, SUMMER[0], "2026-06-15T23:59:59+01:00")
    assert span(rows) == ("2026-06-15T00:00:00+01:00", "2026-06-15T23:55:00+01:00", 288)


def test_the_standard_offset_in_winter_is_right(site: Site) -> None:
    site.steer({"history": {"standard_offset": True}})
    rows = answered(site, "2026-01-15T00:00:00+01:00", "2026-01-15T23:59:59+01:00")
    assert span(rows) == ("2026-01-15T00:00:00+01:00", "2026-01-15T23:55:00+01:00", 288)


def test_the_double_hour_with_the_standard_offset(site: Site) -> None:
    site.steer({"history": {"standard_offset": True}})
    rows = answered(site, "2026-10-25T00:00:00+02:00", "2026-10-25T23:59:59+01:00")
    assert len(rows) == 300
    times = [row["timestamp"] for row in rows]
    assert times.count("2026-10-25T02:30:00+01:00") == 2
    assert times.count("2026-10-25T01:30:00+01:00") == 1


def test_a_gap(site: Site) -> None:
    whole = answered(site, *SUMMER)
    site.steer({"history": {"gaps": [["2026-06-15T08:20:00Z", "2026-06-15T11:00:00Z"]]}})
    rows = answered(site, *SUMMER)
    times = [row["timestamp"][11:16] for row in rows]
    assert "10:15" in times
    assert not {"10:20", "11:30", "12:55"} & set(times)
    assert "13:00" in times
    site.steer({"history": {"gaps": []}})
    assert answered(site, *SUMMER) == whole, "filled later"


def test_sums_that_are_too_low_at_first(site: Site, freezer: FrozenDateTimeFactory) -> None:
    today = ("2026-11-20T00:00:00+01:00", "2026-11-20T23:59:59+01:00")
    final = answered(site, *today)
    site.steer({"history": {"provisional_hours": 3}})
    first = answered(site, *today)
    assert first[0] == final[0]
    assert first[-1]["total_home_usage"] == pytest.approx(
        0.9 * final[-1]["total_home_usage"], abs=0.001
    )
    freezer.tick(3 * 3600)
    assert answered(site, *today)[: len(final)] == final


def test_pages_of_outages(site: Site, freezer: FrozenDateTimeFactory) -> None:
    """The newest first; the oldest of a page is on the next one too."""
    for _ in range(40):
        site.steer({"on_grid": False})
        freezer.tick(20)
        site.steer({"on_grid": True})
        freezer.tick(5)
    site.steer({"on_grid": False})
    query = {"start_date": "2026-11-20T00:00:00+01:00", "end_date": "2026-11-21T00:00:00+01:00"}
    first = site.history("backup", query)
    assert (first["total_events"], first["events_count"]) == (41, 25)
    assert first["events"][0]["duration"] == 0
    freezer.tick(30)
    assert site.history("backup", query)["events"][0]["duration"] == 30, "it goes on"
    second = site.history("backup", {**query, "end_date": first["next_end_date"]})
    assert second["events_count"] == 17
    assert "next_end_date" not in second
    assert second["events"][0] == first["events"][-1]
    starts = [each["timestamp"] for each in first["events"] + second["events"][1:]]
    assert len(set(starts)) == 41
    assert starts == sorted(starts, reverse=True)
    site.steer({"history": {"repeats_page": True}})
    again = site.history("backup", {**query, "end_date": first["next_end_date"]})
    assert again["events"] == site.history("backup", query)["events"]


@pytest.mark.parametrize(
    "order",
    [
        {"history": None},
        {"history": {"weather": 1}},
        {"history": {"standard_offset": 1}},
        {"history": {"provisional_hours": True}},
        {"history": {"repeats_page": 1}},
        {"history": {"gaps": ["today"]}},
        {"history": {"gaps": [["today", "tomorrow"]]}},
        {"installed": "2026-11-01T09:00:00"},
    ],
)
def test_orders_that_cannot_be_followed(site: Site, order: dict[str, Any]) -> None:
    with pytest.raises(SteeringError):
        site.steer(order)


@pytest.mark.parametrize("instead", [None, [], {}, {"period": "day", "time_series": ""}])
async def test_answers_on_order(
    simulator: Simulator, visitor: Visitor, token: str, instead: object
) -> None:
    path = f"/api/1/energy_sites/{SITE_ID}/calendar_history"
    query = {
        "kind": "energy",
        "period": "day",
        "start_date": "2026-06-15T00:00:00+02:00",
        "end_date": "2026-06-15T23:59:59+02:00",
        "time_zone": "Europe/Amsterdam",
    }
    simulator.world.sites[SITE_ID].steer({"answers": {"instead": {"energy_history": instead}}})
    assert (await visitor.get(path, token=token, params=query)).response == instead
    simulator.faults.order("status", endpoint="calendar_history", status=503)
    assert (await visitor.get(path, token=token, params=query)).status == 503
