"""The energy of sites in Home Assistant: sensors of the day, counters, and the Energy dashboard."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.components.recorder import Recorder
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.components.sensor import SensorEntityStateAttribute
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from simulator import Simulator
from simulator.energy import Site
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)
START = datetime.fromisoformat(MOMENT)
HOUR = timedelta(hours=1)
USAGE = "sensor.home_home_usage"
LIFETIME = "sensor.home_lifetime_home_usage"


@pytest.fixture(autouse=True)
def _only_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house, which always uses 1200 W and buys them."""
    house = tesla.world.sites[SITE]
    house.steer({"solar_power": 0, "load_power": 1200, "percentage_charged": 20})
    return house


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, house: Site, make_entry: EntryMaker
) -> MockConfigEntry:
    """An account that only shares its site."""
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass_at_tesla, tesla)
    entry = make_entry()
    await set_up(hass_at_tesla, entry)
    return entry


def value_of(hass: HomeAssistant, entity_id: str) -> float:
    return float(state_of(hass, entity_id).state)


async def test_the_energy_of_a_day(hass: HomeAssistant, entry: MockConfigEntry, wait: Wait) -> None:
    assert state_of(hass, USAGE).state == STATE_UNKNOWN
    await wait(HOUR)
    before = value_of(hass, USAGE)
    state = state_of(hass, USAGE)
    assert state.attributes["state_class"] == "total"
    assert state.attributes[SensorEntityStateAttribute.LAST_RESET] == "2026-10-19T22:00:00+00:00"
    await wait(HOUR)
    assert value_of(hass, USAGE) == pytest.approx(before + 1.2, abs=0.001)


async def test_a_new_day(hass: HomeAssistant, entry: MockConfigEntry, wait: Wait) -> None:
    """Midnight in Amsterdam is 22:00 UTC; the first two rows come ten minutes later."""
    await wait(11 * HOUR + 58 * MINUTE)
    counted = value_of(hass, LIFETIME)
    assert value_of(hass, USAGE) > 10
    await wait(5 * MINUTE)
    assert state_of(hass, USAGE).state == STATE_UNKNOWN
    assert value_of(hass, LIFETIME) == pytest.approx(counted, abs=0.2)
    await wait(8 * MINUTE)
    state = state_of(hass, USAGE)
    assert float(state.state) == pytest.approx(0.2, abs=0.001)
    assert state.attributes[SensorEntityStateAttribute.LAST_RESET] == "2026-10-20T22:00:00+00:00"
    assert value_of(hass, LIFETIME) == pytest.approx(counted + 0.3, abs=0.001)


async def test_counters_continue_after_a_restart_and_a_gap(
    hass: HomeAssistant, entry: MockConfigEntry, wait: Wait
) -> None:
    await wait(HOUR)
    counted = value_of(hass, LIFETIME)
    await hass.config_entries.async_unload(entry.entry_id)
    await wait(2 * HOUR)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await wait(2 * MINUTE)
    assert value_of(hass, LIFETIME) == pytest.approx(counted + 2.4, abs=0.11)


async def test_only_the_energy_fails(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await wait(6 * MINUTE)
    known = value_of(hass, LIFETIME)
    fault = tesla.faults.order("status", endpoint="calendar_history", status=500, count=None)
    await wait(14 * MINUTE)
    assert value_of(hass, LIFETIME) == known
    await wait(10 * MINUTE)
    assert state_of(hass, LIFETIME).state == state_of(hass, USAGE).state == STATE_UNAVAILABLE
    assert state_of(hass, "sensor.home_grid_power").state == "1.2"
    tesla.faults.clear([fault.number])
    await wait(6 * MINUTE)
    assert value_of(hass, LIFETIME) == pytest.approx(known + 30 / 60 * 1.2, abs=0.001)
    lost = [each for each in caplog.messages if "energy of Home cannot be read" in each]
    back = [each for each in caplog.messages if "energy of Home can be read again" in each]
    assert (len(lost), len(back)) == (1, 1)


async def test_an_odd_time_zone_is_ignored(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, wait: Wait
) -> None:
    """Home Assistant's is used instead, which is that of California."""
    zone = {"site_info.installation_time_zone": "../../secret"}
    house.steer({"answers": {"values": zone}})
    await wait(16 * MINUTE)
    reset = state_of(hass, USAGE).attributes[SensorEntityStateAttribute.LAST_RESET]
    assert reset == "2026-10-20T07:00:00+00:00"


# --- The Energy dashboard ------------------------------------------------------------------------


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Have a database before Home Assistant begins, that does not print its statements."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


def sources() -> Mapping[str, Any]:
    """The Energy dashboard as docs/energy.md describes it."""

    def sensor(name: str) -> str:
        return f"sensor.home_{name}"

    grid = {
        "type": "grid",
        "stat_energy_from": sensor("lifetime_grid_import"),
        "stat_energy_to": sensor("lifetime_grid_export"),
        "stat_cost": None,
        "entity_energy_price": None,
        "number_energy_price": None,
        "stat_compensation": None,
        "entity_energy_price_export": None,
        "number_energy_price_export": None,
        "stat_rate": sensor("grid_power"),
        "cost_adjustment_day": 0.0,
    }
    solar = {
        "type": "solar",
        "stat_energy_from": sensor("lifetime_solar_generation"),
        "stat_rate": sensor("solar_power"),
        "config_entry_solar_forecast": None,
    }
    battery = {
        "type": "battery",
        "stat_energy_from": sensor("lifetime_battery_discharge"),
        "stat_energy_to": sensor("lifetime_battery_charge"),
        "stat_rate": sensor("battery_power"),
        "stat_soc": sensor("percentage_charged"),
    }
    return {
        "energy_sources": [grid, solar, battery],
        "device_consumption": [
            {
                "stat_consumption": sensor("lifetime_home_usage"),
                "stat_rate": sensor("load_power"),
            }
        ],
    }


@pytest.mark.filterwarnings(
    "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
)
async def test_the_energy_dashboard_finds_no_fault(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    entry: MockConfigEntry,
    wait: Wait,
    hass_ws_client: WebSocketGenerator,
) -> None:
    assert await async_setup_component(hass, "energy", {})
    await wait(6 * MINUTE)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=START)
    await async_wait_recording_done(hass)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "energy/save_prefs", **sources()})
    saved = await client.receive_json()
    assert saved["success"], saved
    await client.send_json_auto_id({"type": "energy/validate"})
    found = await client.receive_json()
    assert found["result"] == {
        "energy_sources": [[], [], []],
        "device_consumption": [[]],
        "device_consumption_water": [],
    }


async def test_six_sensors_of_the_day_are_enabled(
    hass: HomeAssistant, entry: MockConfigEntry, wait: Wait
) -> None:
    """As in Home Assistant's own integration, which has the same 21 of them."""
    await wait(2 * MINUTE)
    registry = er.async_get(hass)
    enabled = {
        each.unique_id.partition("-")[2]
        for each in er.async_entries_for_config_entry(registry, entry.entry_id)
        if each.domain == SENSOR
        and not each.disabled
        and (each.capabilities or {}).get("state_class") == "total"
        and each.unique_id.startswith(str(SITE))
    }
    assert enabled == {
        "grid_energy_imported",
        "total_battery_charge",
        "total_battery_discharge",
        "total_grid_energy_exported",
        "total_home_usage",
        "total_solar_generation",
    }
