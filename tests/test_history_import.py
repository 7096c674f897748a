"""The energy history of a site in Home Assistant's statistics: the simulator's hours, to 1 Wh."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import (
    async_add_external_statistics,
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)

from custom_components.flotte.tesla.energy.fields import EnergyField
from simulator import Simulator
from simulator.balance import Energy
from simulator.energy import Site
from simulator.energy.histories import rows
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of

MOMENT = "2026-11-20T14:30:00+00:00"
"""Half past three in Amsterdam."""
pytestmark = pytest.mark.freeze_time(MOMENT)
NOW = datetime.fromisoformat(MOMENT)
UNTIL = "sensor.home_history_imported_until"

TRUTH: Mapping[str, Callable[[Energy], float]] = {
    "total_home_usage": lambda it: it.grid_to_home + it.solar_to_home + it.battery_to_home,
    "total_solar_generation": lambda it: it.solar_to_home + it.solar_to_battery + it.solar_to_grid,
    "grid_energy_imported": lambda it: it.grid_to_home + it.grid_to_battery,
    "total_grid_energy_exported": lambda it: it.solar_to_grid + it.battery_to_grid,
    "battery_energy_exported": lambda it: it.battery_to_home + it.battery_to_grid,
    "total_battery_charge": lambda it: it.solar_to_battery + it.grid_to_battery,
}
"""The energy of each statistic, from the flows of the simulated house."""

type Hours = dict[datetime, tuple[float, float]]
"""Energy and sum of an hour, in Wh."""
type Steps = Callable[[int], Coroutine[Any, Any, None]]


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Have a database before Home Assistant begins, that does not print what it is asked."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house, three weeks old."""
    house = tesla.world.sites[SITE]
    house.steer({"installed": "2026-11-01T09:20:00+01:00"})
    return house


@pytest.fixture
def few_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """Import the fields whose truth is known: the recorder takes 2 ms for each hour of a field."""
    fields = tuple(EnergyField(each) for each in TRUTH)
    monkeypatch.setattr("custom_components.flotte.statistics.store.IMPORTED", fields)


@pytest.fixture
async def entry(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> MockConfigEntry:
    """An account with nothing but the site, not set up yet."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass, tesla)
    return make_entry()


@pytest.fixture
def steps(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Steps:
    """Lets the import take a number of steps, with its pauses."""

    async def steps(number: int) -> None:
        for _ in range(number):
            freezer.tick(timedelta(seconds=3))
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)

    return steps


@pytest.fixture
def asked(house: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The days for which the history was requested, in order."""
    days: list[str] = []
    history = house.history

    def noted(kind: str, query: dict[str, Any]) -> Any:
        days.append(query["start_date"][:10])
        return history(kind, query)

    monkeypatch.setattr(house, "history", noted)
    return days


async def stored(hass: HomeAssistant, field: str) -> Hours:
    """A statistic of the house."""
    await async_wait_recording_done(hass)
    name = f"flotte:{SITE}_{field}"
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(
            hass,
            datetime(2020, 1, 1, tzinfo=UTC),
            None,
            {name},
            "hour",
            {"energy": "Wh"},
            {"state", "sum"},
        )
    )
    hours: Hours = {}
    for row in found.get(name, []):
        energy, total = row.get("state"), row.get("sum")
        assert energy is not None
        assert total is not None
        hours[datetime.fromtimestamp(row["start"], UTC)] = energy, total
    return hours


def truth(house: Site, field: str, until: datetime) -> dict[datetime, float]:
    """The energy of each hour that is over, in Wh, since the installation."""
    hours: dict[datetime, float] = {}
    for begins, energy in rows(house, 0, until.timestamp()):
        hour = datetime.fromtimestamp(begins - begins % 3600, UTC)
        hours[hour] = hours.get(hour, 0.0) + TRUTH[field](energy)
    return hours


async def check(hass: HomeAssistant, house: Site, until: datetime) -> None:
    """Compare every hour and every sum with the flows of the house, to 1 Wh."""
    for field in TRUTH:
        found, expected = await stored(hass, field), truth(house, field, until)
        if not any(expected.values()):
            assert not found, "a statistic begins with its first energy"
            continue
        assert list(found) == list(expected), field
        total = 0.0
        for hour, energy in expected.items():
            total += energy
            assert found[hour] == pytest.approx((energy, total), abs=1), hour


CAUGHT_UP = 23
"""Steps that import the history of the house and a few more."""


async def restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Begin again from what is stored, without a word to the import under way."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_wait_recording_done(hass)
    await set_up(hass, entry)


async def test_the_history_since_the_installation(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    asked: list[str],
    steps: Steps,
) -> None:
    await set_up(hass, entry)
    await steps(22)
    assert asked == [f"2026-11-{day:02}" for day in range(1, 21)]
    await check(hass, house, NOW.replace(minute=0))
    assert state_of(hass, UNTIL).state == "2026-11-20T14:00:00+00:00"
    for field in TRUTH:
        sums = [total for _, total in (await stored(hass, field)).values()]
        assert all(earlier <= later for earlier, later in pairwise(sums))
    known = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    solar = next(each for each in known if each["statistic_id"].endswith("_solar_generation"))
    assert solar == {
        "statistic_id": f"flotte:{SITE}_total_solar_generation",
        "name": "Home Total solar generation",
        "source": "flotte",
        "unit_class": "energy",
        "display_unit_of_measurement": "kWh",
        "statistics_unit_of_measurement": "kWh",
        "has_sum": True,
        "mean_type": 0,
        "has_mean": False,
    }
    names = {each["statistic_id"] for each in known}
    assert f"flotte:{SITE}_generator_energy_exported" not in names, "there is none"


# --- A year, kills and restarts -------------------------------------------------------------------


async def test_a_year_with_restarts(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    tesla: Simulator,
    asked: list[str],
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both changes of the clocks, gaps, a refused day, and restarts with days not yet stored."""
    fields = (EnergyField.HOME_USAGE,)
    monkeypatch.setattr("custom_components.flotte.statistics.store.IMPORTED", fields)
    gaps = [
        ["2026-01-10T09:00:00Z", "2026-01-10T13:00:00Z"],
        ["2026-02-01T00:00:00Z", "2026-03-02T00:00:00Z"],
        ["2026-03-28T22:00:00Z", "2026-03-29T00:00:00Z"],
        ["2026-07-05T07:25:00Z", "2026-07-05T07:50:00Z"],
    ]
    house.steer({"installed": "2025-11-20T09:20:00+01:00", "history": {"gaps": gaps}})
    await set_up(hass, entry)
    await steps(77)
    await restart(hass, entry)
    await steps(100)
    tesla.faults.order("status", endpoint="calendar_history", status=503, count=2)
    await steps(45)
    await restart(hass, entry)
    await steps(210)
    days = {NOW.date() - timedelta(days=each) for each in range(366)}
    assert set(asked) == {str(each) for each in days}
    assert len(asked) < 366 + 2 * 12 + 2, "a restart repeats at most the days that were not stored"
    for field in fields:
        found = await stored(hass, field)
        whole = truth(house, field, NOW.replace(minute=0))
        left_out = {
            hour
            for hour in whole
            for start, end in gaps
            if datetime.fromisoformat(start) <= hour
            and hour + timedelta(hours=1) <= datetime.fromisoformat(end)
        }
        assert len(left_out) == 4 + 29 * 24 + 2
        assert list(found) == [hour for hour in whole if hour not in left_out]
        total = 0.0
        for hour, (energy, summed) in found.items():
            if not any(hour.isoformat()[:13] == start[:13] for start, _ in gaps[3:]):
                assert energy == pytest.approx(whole[hour], abs=1), hour
            total += energy
            assert summed == pytest.approx(total, abs=1), hour
    kept = await stored(hass, "total_home_usage")
    # 25 minutes of an hour have no rows.
    assert kept[datetime(2026, 7, 5, 7, tzinfo=UTC)][0] == pytest.approx(
        whole_of(house, "2026-07-05T07:00Z", "2026-07-05T07:25Z")
        + whole_of(house, "2026-07-05T07:50Z", "2026-07-05T08:00Z"),
        abs=1,
    )


def whole_of(house: Site, start: str, end: str) -> float:
    """The use of the home in a span, in Wh."""
    span = datetime.fromisoformat(start).timestamp(), datetime.fromisoformat(end).timestamp()
    return sum(TRUTH["total_home_usage"](energy) for _, energy in rows(house, *span))


@pytest.mark.usefixtures("few_fields")
@pytest.mark.parametrize("written", [0, 1, 3, 4, 5, 7, 8, 9, 10])
async def test_a_kill_between_two_statistics(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    written: int,
) -> None:
    """Whatever had been stored: nothing is missing and nothing is doubled afterwards."""
    house.steer({"installed": "2026-11-15T09:20:00+01:00"})
    monkeypatch.setattr("custom_components.flotte.statistics.history_import._DAYS_TO_STORE", 2)
    count = 0

    def killed(*arguments: Any) -> None:
        nonlocal count
        count += 1
        if count <= written:
            async_add_external_statistics(*arguments)

    add = "custom_components.flotte.statistics.store.async_add_external_statistics"
    with monkeypatch.context() as patched:
        patched.setattr(add, killed)
        await set_up(hass, entry)
        await steps(5)
        assert count > 10
    await restart(hass, entry)
    await steps(8)
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_a_second_start_asks_for_two_days(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    await set_up(hass, entry)
    await steps(CAUGHT_UP)
    asked.clear()
    await restart(hass, entry)
    await steps(5)
    assert asked == ["2026-11-19", "2026-11-20"]
    await check(hass, house, NOW.replace(minute=0))


# --- Hour by hour ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_fields")
async def test_every_hour_the_last_two_days(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    asked: list[str],
    steps: Steps,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Over midnight, with sums that Tesla corrects later and a gap that it fills later."""
    house.steer(
        {
            "installed": "2026-11-17T09:20:00+01:00",
            "history": {
                "provisional_hours": 5,
                "gaps": [["2026-11-20T04:00:00Z", "2026-11-20T06:00:00Z"]],
            },
        }
    )
    await set_up(hass, entry)
    await steps(6)
    before = await stored(hass, "total_home_usage")
    assert datetime(2026, 11, 20, 4, tzinfo=UTC) not in before
    house.steer({"history": {"gaps": []}})
    for hour in range(15, 15 + 15):
        asked.clear()
        freezer.move_to(NOW.replace(hour=0, minute=14) + timedelta(hours=hour))
        async_fire_time_changed(hass)
        await steps(3)
        assert len(asked) == 2
    assert asked == ["2026-11-20", "2026-11-21"]
    until = datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert state_of(hass, UNTIL).state == until.isoformat()
    final = until - timedelta(hours=5)
    for field in ("total_home_usage", "battery_energy_exported"):
        found, expected = await stored(hass, field), truth(house, field, until)
        assert list(found) == list(expected)
        total = 0.0
        for hour_of_day, (energy, summed) in found.items():
            total += energy
            assert summed == pytest.approx(total, abs=1)
            if hour_of_day < final:
                assert energy == pytest.approx(expected[hour_of_day], abs=1)
