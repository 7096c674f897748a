"""The energy history of a site in Home Assistant's statistics: the simulator's hours, to 1 Wh."""

import logging
from collections.abc import Callable, Coroutine, Mapping
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
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
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator
from sqlalchemy.exc import OperationalError

from custom_components.flotte.statistics.site_days import SiteDays
from custom_components.flotte.tesla.energy.fields import EnergyField
from custom_components.flotte.tesla.site import Site as AccountSite
from custom_components.flotte.tesla.spending.caller import Caller
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
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The days that the import requested, in order; polls request the current day besides."""
    days: list[str] = []
    day_read = ContextVar("day_read", default="")
    read, request = SiteDays.async_read, AccountSite.energy_history

    async def noted_read(self: SiteDays, day: date, caller: Caller) -> Any:
        day_read.set(str(day))
        try:
            return await read(self, day, caller)
        finally:
            day_read.set("")

    async def noted_request(self: AccountSite, *arguments: Any) -> Any:
        if day := day_read.get():
            days.append(day)
        return await request(self, *arguments)

    monkeypatch.setattr(SiteDays, "async_read", noted_read)
    monkeypatch.setattr(AccountSite, "energy_history", noted_request)
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
        "name": "Home Solar generated",
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


@pytest.mark.filterwarnings(
    "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
)
async def test_the_energy_dashboard_takes_the_statistics(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    steps: Steps,
    hass_ws_client: WebSocketGenerator,
) -> None:
    house.steer({"installed": "2026-11-18T09:20:00+01:00"})
    assert await async_setup_component(hass, "energy", {})
    await set_up(hass, entry)
    await steps(5)
    await async_wait_recording_done(hass)
    known = await get_instance(hass).async_add_executor_job(list_statistic_ids, hass)
    names = {each["statistic_id"].partition("_")[2] for each in known}
    assert {"grid_energy_imported", "total_battery_charge", "total_battery_discharge"} <= names
    sources: list[dict[str, Any]] = [
        {
            "type": "grid",
            "stat_energy_from": f"flotte:{SITE}_grid_energy_imported",
            "stat_energy_to": None,
            "stat_cost": None,
            "stat_compensation": None,
            "entity_energy_price": None,
            "number_energy_price": None,
            "entity_energy_price_export": None,
            "number_energy_price_export": None,
            "cost_adjustment_day": 0,
        },
        {
            "type": "solar",
            "stat_energy_from": f"flotte:{SITE}_total_solar_generation",
            "config_entry_solar_forecast": None,
        },
        {
            "type": "battery",
            "stat_energy_from": f"flotte:{SITE}_total_battery_discharge",
            "stat_energy_to": f"flotte:{SITE}_total_battery_charge",
        },
    ]
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "energy/save_prefs", "energy_sources": sources})
    saved = await client.receive_json()
    assert saved["success"], saved
    await client.send_json_auto_id({"type": "energy/validate"})
    found = await client.receive_json()
    assert found["result"]["energy_sources"] == [[], [], []]


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
    monkeypatch.setattr("custom_components.flotte.statistics.history_import._DAYS_TO_STORE", 3)
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
        await steps(7)
        assert count > written
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


# --- A period again -------------------------------------------------------------------------------


def device_of(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """The device of the house."""
    device = dr.async_get(hass).async_get_device_by_identifier(
        ("flotte", str(SITE)), entry.entry_id
    )
    assert device is not None
    return device.id


async def call(hass: HomeAssistant, action: str, device: str, **period: str) -> dict[str, Any]:
    """Call an action for the house; returns its answer about it."""
    answer = await hass.services.async_call(
        "flotte",
        action,
        {"device_id": device, **period},
        blocking=True,
        return_response=True,
    )
    assert isinstance(answer, dict)
    sites: Any = answer["sites"]
    found: dict[str, Any] = sites[device]
    return found


@pytest.mark.usefixtures("few_fields")
async def test_a_gap_that_was_filled(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    """All later sums follow."""
    gaps = [["2026-11-04T04:00:00Z", "2026-11-05T13:00:00Z"]]
    house.steer({"history": {"gaps": gaps}})
    await set_up(hass, entry)
    await steps(CAUGHT_UP)
    before = await stored(hass, "total_home_usage")
    assert datetime(2026, 11, 4, 12, tzinfo=UTC) not in before
    house.steer({"history": {"gaps": []}})
    asked.clear()
    answer = await call(
        hass, "import_energy_history", device_of(hass, entry), start="2026-11-03", end="2026-11-06"
    )
    assert answer == {
        "name": "Home",
        "start": "2026-11-03",
        "end": "2026-11-06",
        "days": 4,
        "minutes": 1,
    }
    await steps(3)
    assert state_of(hass, UNTIL).state == "2026-11-20T14:00:00+00:00", "nothing is stored yet"
    await steps(4)
    assert asked == ["2026-11-03", "2026-11-04", "2026-11-05", "2026-11-06"]
    assert state_of(hass, UNTIL).state == "2026-11-06T23:00:00+00:00"
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_hours_that_do_not_come_again_are_kept(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, steps: Steps
) -> None:
    await set_up(hass, entry)
    await steps(CAUGHT_UP)
    house.steer({"history": {"gaps": [["2026-11-04T04:00:00Z", "2026-11-05T13:00:00Z"]]}})
    await call(
        hass, "import_energy_history", device_of(hass, entry), start="2026-11-03", end="2026-11-06"
    )
    await steps(6)
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_a_period_that_the_import_has_not_reached(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    """It must not look as if everything before it were imported."""
    await set_up(hass, entry)
    await steps(4)
    await call(
        hass, "import_energy_history", device_of(hass, entry), start="2026-11-15", end="2026-11-16"
    )
    await steps(CAUGHT_UP)
    assert asked == [f"2026-11-{day:02}" for day in range(1, 21)]
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_everything_again_during_the_import(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    await set_up(hass, entry)
    await steps(14)
    asked.clear()
    answer = await call(hass, "import_energy_history", device_of(hass, entry))
    assert (answer["start"], answer["end"], answer["minutes"]) == ("2026-11-01", "2026-11-20", 1)
    await steps(CAUGHT_UP)
    assert asked == [f"2026-11-{day:02}" for day in range(1, 21)]
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.parametrize(
    ("period", "key", "text"),
    [
        (
            {"start": "2026-10-31"},
            "history_before_installation",
            (
                "The start, 2026-10-31, is before the installation of Home. "
                "Choose 2026-11-01 or a later day"
            ),
        ),
        (
            {"start": "2026-11-10", "end": "2026-11-09"},
            "history_order",
            "The start, 2026-11-10, is after the end, 2026-11-09. Change one of them",
        ),
        (
            {"end": "2026-11-21"},
            "history_in_future",
            "The end, 2026-11-21, is in the future. Choose 2026-11-20 or an earlier day for Home",
        ),
    ],
)
async def test_periods_that_cannot_be(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    asked: list[str],
    period: dict[str, str],
    key: str,
    text: str,
) -> None:
    await set_up(hass, entry)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "import_energy_history", device_of(hass, entry), **period)
    assert refused.value.translation_key == key
    assert str(refused.value) == text
    assert asked == []


async def test_sites_whose_history_is_unknown(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site
) -> None:
    house.steer({"answers": {"missing": ["site_info.installation_date"]}})
    await set_up(hass, entry)
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "import_energy_history", device_of(hass, entry))
    assert refused.value.translation_key == "history_start_unknown"
    account = dr.async_get(hass).async_get_device_by_identifier(
        ("flotte", str(entry.unique_id)), entry.entry_id
    )
    assert account is not None
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "import_energy_history", account.id)
    assert refused.value.translation_key == "not_a_site"


async def test_a_site_without_solar_and_battery(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    values = {"site_info.components.solar": False, "site_info.components.battery": False}
    house.steer({"answers": {"values": values}})
    await set_up(hass, entry)
    await steps(3)
    assert asked == []
    assert hass.states.get(UNTIL) is None
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "import_energy_history", device_of(hass, entry))
    assert refused.value.translation_key == "no_energy_history"


async def test_the_action_is_for_administrators(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, hass_read_only_user: MockUser
) -> None:
    await set_up(hass, entry)
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            "flotte",
            "import_energy_history",
            {"device_id": device_of(hass, entry)},
            blocking=True,
            context=Context(user_id=hass_read_only_user.id),
        )


# --- Trouble --------------------------------------------------------------------------------------


async def test_without_a_recorder(
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    house: Site,
    make_entry: EntryMaker,
    asked: list[str],
    steps: Steps,
) -> None:
    hass, entry = hass_at_tesla, make_entry()
    await register_key(hass, tesla)
    await set_up(hass, entry)
    await steps(3)
    assert asked == []
    assert state_of(hass, "sensor.home_solar_power").state != "unknown"
    assert hass.states.get(UNTIL) is None
    with pytest.raises(ServiceValidationError) as refused:
        await call(hass, "import_energy_history", device_of(hass, entry))
    assert refused.value.translation_key == "no_recorder"


async def pass_hours(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, steps: Steps, number: int
) -> None:
    """Let hours pass, with what the import does in each of them."""
    for _ in range(number):
        now = dt_util.utcnow().replace(minute=0, second=0)
        freezer.move_to(now + timedelta(hours=1, minutes=14))
        async_fire_time_changed(hass)
        await steps(4)


@pytest.mark.usefixtures("few_fields")
async def test_a_day_that_tesla_does_not_have(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    freezer: FrozenDateTimeFactory,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is left out after three runs with three attempts each, and the days after it follow."""
    house.steer({"installed": "2026-11-15T09:20:00+01:00"})
    history = house.history
    attempts = 0

    def broken(kind: str, query: dict[str, Any]) -> Any:
        nonlocal attempts
        if query["start_date"].startswith("2026-11-17"):
            attempts += 1
            return {"period": "day", "time_series": "none"}
        return history(kind, query)

    monkeypatch.setattr(house, "history", broken)
    await set_up(hass, entry)
    await steps(3)
    for _ in range(2):
        freezer.tick(60)
        await steps(1)
    assert attempts == 3
    assert state_of(hass, UNTIL).state == "2026-11-16T23:00:00+00:00"
    for _ in range(2):
        await pass_hours(hass, freezer, steps, 1)
        for _ in range(2):
            freezer.tick(60)
            await steps(1)
    assert attempts == 9
    await steps(5)
    found = await stored(hass, "total_home_usage")
    expected = truth(house, "total_home_usage", NOW.replace(hour=16, minute=0))
    assert list(found) == [
        hour for hour in expected if (hour + timedelta(hours=1)).date().day != 17
    ]
    assert "Tesla has no energy history of Home for 2026-11-17" in caplog.text


@pytest.mark.usefixtures("few_fields")
async def test_an_outage_of_tesla_costs_no_day(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    freezer: FrozenDateTimeFactory,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However often a day fails: while Tesla does not answer about today either, it is not lost."""
    house.steer({"installed": "2026-11-17T09:20:00+01:00"})
    with monkeypatch.context() as patched:
        patched.setattr(house, "history", lambda *_: {"time_series": "none"})
        await set_up(hass, entry)
        for _ in range(5):
            for _ in range(3):
                freezer.tick(60)
                await steps(1)
            await pass_hours(hass, freezer, steps, 1)
    await pass_hours(hass, freezer, steps, 1)
    await steps(4)
    await check(hass, house, dt_util.utcnow().replace(minute=0, second=0))


@pytest.mark.usefixtures("few_fields")
async def test_tesla_limits_the_rate(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    tesla: Simulator,
    asked: list[str],
    freezer: FrozenDateTimeFactory,
    steps: Steps,
) -> None:
    headers = {"Retry-After": "200"}
    tesla.faults.order("status", endpoint="calendar_history", status=429, headers=headers, skip=5)
    await set_up(hass, entry)
    await steps(60)
    assert len(asked) == 6, "none while Tesla wants to be left alone"
    freezer.tick(30)
    await steps(CAUGHT_UP)
    assert list(dict.fromkeys(asked)) == [f"2026-11-{day:02}" for day in range(1, 21)]
    await check(hass, house, NOW.replace(minute=0))


async def test_what_costs_something_is_not_imported(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    hass.config_entries.async_update_entry(entry, options={"units": {"energy": 500}})
    await set_up(hass, entry)
    await steps(3)
    assert asked == []


@pytest.mark.usefixtures("few_fields")
async def test_an_account_that_is_not_polled(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    """Its owner turned off polling in Home Assistant, and can still import a period."""
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    await set_up(hass, entry)
    await steps(3)
    assert asked == []
    await call(
        hass,
        "import_energy_history",
        device_of(hass, entry),
        start="2026-11-18",
        end="2026-11-19",
    )
    await steps(4)
    assert asked == ["2026-11-18", "2026-11-19"]
    assert len(await stored(hass, "total_home_usage")) == 48


@pytest.mark.usefixtures("few_fields")
async def test_a_request_that_the_budget_has_no_room_for(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    tesla: Simulator,
    asked: list[str],
    steps: Steps,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A day costs 0.002 EUR here; after each test the bill has to equal the ledger."""
    options = {"units": {"energy": 500}, "monthly_limit": 0.005, "head_start_days": 31}
    hass.config_entries.async_update_entry(entry, options=options)
    await set_up(hass, entry)
    device = device_of(hass, entry)
    house.steer({"installed": "2026-11-15T09:20:00+01:00"})
    await hass.services.async_call(
        "flotte",
        "import_energy_history",
        {"device_id": device, "start": "2026-11-16"},
        blocking=True,
    )
    await steps(6)
    requests = [each for each in tesla.requests if each.endpoint == "calendar_history"]
    assert len(requests) < len(asked) < 5
    assert "The energy history of Home cannot be read" in caplog.text
    assert "The requested import ended before 2026-11-18" in caplog.text


@pytest.mark.usefixtures("few_fields")
@pytest.mark.parametrize("zone", ["Mars/Olympus", "/etc", "..", 7, None])
async def test_time_zones_that_do_not_exist(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, steps: Steps, zone: object
) -> None:
    """The days are those of Home Assistant, and the hours are right anyway."""
    house.steer(
        {
            "installed": "2026-11-17T09:20:00+01:00",
            "answers": {"values": {"site_info.installation_time_zone": zone}},
        }
    )
    await hass.config.async_set_time_zone("Asia/Kolkata")
    await set_up(hass, entry)
    await steps(6)
    await check(hass, house, NOW.replace(minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_a_recorder_that_does_not_store(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    freezer: FrozenDateTimeFactory,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = "custom_components.flotte.statistics.store"
    with monkeypatch.context() as patched:
        patched.setattr(f"{store}.RECORDER_PATIENCE", timedelta(seconds=0))
        patched.setattr(f"{store}.async_add_external_statistics", lambda *_: None)
        await set_up(hass, entry)
        await steps(13)
        assert "The recorder does not store the energy history of Home" in caplog.text
    assert await stored(hass, "total_home_usage") == {}
    freezer.move_to(NOW.replace(hour=15, minute=14))
    async_fire_time_changed(hass)
    await steps(CAUGHT_UP)
    await check(hass, house, NOW.replace(hour=15, minute=0))


@pytest.mark.usefixtures("few_fields")
async def test_a_disk_that_is_full_for_an_hour(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    freezer: FrozenDateTimeFactory,
    steps: Steps,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The recorder logs the failure and goes on; the import neither skips the days nor goes on."""

    def full(*_: object) -> bool:
        raise OperationalError("INSERT", {}, Exception("database or disk is full"))

    await set_up(hass, entry)
    await steps(12)
    until = state_of(hass, UNTIL).state
    with monkeypatch.context() as patched:
        patched.setattr(
            "homeassistant.components.recorder.statistics._import_statistics_with_session", full
        )
        await steps(CAUGHT_UP)
        assert "The recorder does not store the energy history of Home" in caplog.text
        assert state_of(hass, UNTIL).state == until
    freezer.move_to(NOW.replace(hour=15, minute=14))
    async_fire_time_changed(hass)
    await steps(CAUGHT_UP)
    await check(hass, house, NOW.replace(hour=15, minute=0))


# --- Clocks ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("few_fields")
@pytest.mark.freeze_time("2026-04-02T14:30:00+00:00")
async def test_the_standard_offset_all_year_in_spring(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    house.steer({"installed": "2026-03-25T09:20:00+01:00", "history": {"standard_offset": True}})
    await set_up(hass, entry)
    await steps(14)
    days = [f"2026-03-{day}" for day in (25, 26, 27, 28, 29, 29, 30, 31)]
    assert asked == [*days, "2026-04-01", "2026-04-02"], "one more, where it turns out"
    await check(hass, house, datetime(2026, 4, 2, 14, tzinfo=UTC))


@pytest.mark.usefixtures("few_fields")
@pytest.mark.freeze_time("2026-10-29T14:30:00+00:00")
async def test_the_standard_offset_all_year_in_autumn(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, asked: list[str], steps: Steps
) -> None:
    house.steer({"installed": "2026-10-22T09:20:00+02:00", "history": {"standard_offset": True}})
    await set_up(hass, entry)
    await steps(12)
    assert len(asked) == 9
    house.steer({"history": {"standard_offset": False}})
    await call(
        hass, "import_energy_history", device_of(hass, entry), start="2026-10-23", end="2026-10-26"
    )
    await steps(8)
    await check(hass, house, datetime(2026, 10, 29, 14, tzinfo=UTC))
