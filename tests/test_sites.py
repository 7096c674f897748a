"""Energy sites in Home Assistant: what is shown while parts of them do not answer."""

from typing import Any

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from simulator.energy import Site
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

POWER = "sensor.home_solar_power"
RESERVE = "number.home_backup_reserve"
CONNECTOR = "sensor.home_wall_connector_power"
STORM_WATCH = "switch.home_storm_watch"
STORM_ACTIVE = "binary_sensor.home_storm_active"
LAST_SEEN = "sensor.home_last_seen"
LIVE = {
    POWER,
    "sensor.home_battery_power",
    "sensor.home_grid_power",
    "sensor.home_load_power",
    CONNECTOR,
    "sensor.home_percentage_charged",
    "sensor.home_energy_left",
    "sensor.home_total_pack_energy",
    "sensor.home_grid_status",
    STORM_ACTIVE,
    "binary_sensor.home_grid",
    "binary_sensor.home_backup_capable",
}
HISTORIES = {
    f"sensor.home_{name}"
    for name in (
        "battery_charged",
        "battery_discharged",
        "grid_exported",
        "grid_imported",
        "home_usage",
        "lifetime_battery_charge",
        "lifetime_battery_discharge",
        "lifetime_grid_export",
        "lifetime_grid_import",
        "lifetime_home_usage",
        "lifetime_solar_generation",
        "solar_generated",
        "last_outage",
        "last_outage_duration",
        "outages_in_12_months",
    )
}
"""Entities of the histories, which have their own tests."""
SETTINGS = {
    RESERVE,
    STORM_WATCH,
    "number.home_off_grid_vehicle_reserve",
    "select.home_operation_mode",
    "select.home_export_rule",
    "switch.home_charge_from_grid",
    "sensor.home_buy_price",
    "sensor.home_sell_price",
    "sensor.home_gateway_version",
    "sensor.home_grid_services_reserve",
    "binary_sensor.home_grid_services_enabled",
}


@pytest.fixture(autouse=True)
def _only_what_sites_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.BINARY_SENSOR,
            Platform.NUMBER,
            Platform.SELECT,
            Platform.SENSOR,
            Platform.SWITCH,
        ],
    )


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house."""
    house = tesla.world.sites[SITE]
    house.steer({"solar_power": 3000, "load_power": 1200})
    return house


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An account that only shares its site, not set up yet."""
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass_at_tesla, tesla)
    return make_entry()


def shown(hass: HomeAssistant) -> set[str]:
    """The entities of power flows and settings, but for when the site was seen last."""
    return {
        each
        for each in hass.states.async_entity_ids()
        if each.partition(".")[2].startswith("home_")
    } - {LAST_SEEN, *HISTORIES}


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Their devices in the registry."""
    registry = er.async_get(hass)
    found = er.async_entries_for_config_entry(registry, entry.entry_id)
    return {
        each.entity_id
        for each in found
        if each.unique_id.startswith(str(SITE))
        and each.entity_id not in {LAST_SEEN, *HISTORIES}
        and not each.disabled
        # Wall connectors are devices of their own.
        and not each.entity_id.startswith("sensor.wall_connector_")
    }


def unavailable(hass: HomeAssistant) -> set[str]:
    return {each for each in shown(hass) if state_of(hass, each).state == STATE_UNAVAILABLE}


# --- Two sections, each with its own fate ---------------------------------------------------------


async def test_only_power_flows_fail(
    hass: HomeAssistant,
    house: Site,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert shown(hass) == LIVE | SETTINGS
    fault = tesla.faults.order("status", endpoint="live_status", status=500, count=None)
    await wait(14 * MINUTE)
    assert unavailable(hass) == set()
    await wait(3 * MINUTE)
    assert unavailable(hass) == LIVE
    house.steer({"reserve": 41})
    await wait(10 * MINUTE)
    assert state_of(hass, RESERVE).state == "41"
    last_seen = state_of(hass, LAST_SEEN).state
    assert dt_util.parse_datetime(last_seen, raise_on_error=True).isoformat() == MOMENT
    tesla.faults.clear([fault.number])
    await wait(MINUTE)
    assert unavailable(hass) == set()
    assert len([each for each in caplog.messages if "Error fetching Home" in each]) == 1
    assert len([each for each in caplog.messages if "Fetching Home data recovered" in each]) == 1
    assert "settings of Home" not in caplog.text


async def test_only_settings_fail(
    hass: HomeAssistant,
    house: Site,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fault = tesla.faults.order("status", endpoint="site_info", status=500, count=None)
    await wait(24 * MINUTE)
    assert unavailable(hass) == set(), "they are asked every ten minutes"
    await wait(2 * MINUTE)
    assert unavailable(hass) == SETTINGS
    house.steer({"solar_power": 1000})
    await wait(2 * MINUTE)
    assert state_of(hass, POWER).state == "1.0"
    tesla.faults.clear([fault.number])
    await wait(10 * MINUTE)
    assert unavailable(hass) == set()
    lost = [each for each in caplog.messages if "settings of Home cannot be read" in each]
    back = [each for each in caplog.messages if "settings of Home can be read again" in each]
    assert (len(lost), len(back)) == (1, 1)
    assert "Error fetching Home" not in caplog.text


async def test_both_fail(
    hass: HomeAssistant,
    house: Site,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """One line at the loss and one at the return, and both are back at the same time."""
    fault = tesla.faults.order("status", path="*/energy_sites/*", status=500, count=None)
    await wait(35 * MINUTE)
    assert unavailable(hass) == LIVE | SETTINGS
    assert state_of(hass, LAST_SEEN).state != STATE_UNAVAILABLE
    tesla.faults.clear([fault.number])
    await wait(2 * MINUTE)
    assert unavailable(hass) == set()
    assert len([each for each in caplog.messages if "Error fetching Home" in each]) == 1
    assert len([each for each in caplog.messages if "Fetching Home data recovered" in each]) == 1
    assert "settings of Home" not in caplog.text


@pytest.mark.parametrize("answer", [None, [], {}, "", {"timestamp": "2026-10-20T10:00:00Z"}])
async def test_a_site_without_reports(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait, answer: object
) -> None:
    house.steer({"answers": {"instead": {"live_status": answer, "site_info": answer}}})
    await wait(35 * MINUTE)
    assert unavailable(hass) == LIVE | SETTINGS
    last_seen = dt_util.parse_datetime(state_of(hass, LAST_SEEN).state, raise_on_error=True)
    assert last_seen.isoformat() == MOMENT


async def test_last_seen_advances_while_it_reports(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    """In steps of ten minutes: each would be a row of the recorder."""
    for minutes in (20, 5):
        await wait(minutes * MINUTE)
        last_seen = dt_util.parse_datetime(state_of(hass, LAST_SEEN).state, raise_on_error=True)
        assert dt_util.utcnow() - last_seen < 10 * MINUTE


async def test_a_key_that_goes_missing_becomes_unknown(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    """Nothing is removed for it, not even after a restart."""
    house.steer({"answers": {"missing": ["live_status.solar_power", "site_info.user_settings"]}})
    await wait(25 * MINUTE)
    assert state_of(hass, POWER).state == STATE_UNKNOWN
    assert state_of(hass, STORM_WATCH).state == STATE_UNKNOWN
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await wait(2 * MINUTE)
    assert shown(hass) == registered(hass, loaded) == LIVE | SETTINGS, "of the start before"
    house.steer({"answers": {"missing": []}})
    await wait(10 * MINUTE)
    assert state_of(hass, POWER).state == "3.0"


# --- Its name -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "", "  ", 7])
async def test_a_name_that_is_only_in_the_settings(
    hass: HomeAssistant, house: Site, entry: MockConfigEntry, name: object
) -> None:
    house.steer({"answers": {"values": {"products.site_name": name}}})
    await set_up(hass, entry)
    assert state_of(hass, POWER).name == "Home Solar power"


async def test_a_name_that_comes_late(
    hass: HomeAssistant, house: Site, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    house.steer({"answers": {"missing": ["products.site_name"]}})
    tesla.faults.order("status", endpoint="site_info", status=500)
    await set_up(hass, entry)
    assert state_of(hass, "sensor.energy_site_solar_power").name == "Energy site Solar power"
    await wait(MINUTE)
    assert state_of(hass, "sensor.energy_site_solar_power").name == "Home Solar power"


# --- What a site has ------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["live_status", "site_info"])
async def test_entities_are_made_with_the_first_answer(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait, endpoint: str
) -> None:
    tesla.faults.order("status", endpoint=endpoint, status=500)
    await set_up(hass, entry)
    assert shown(hass) == (SETTINGS if endpoint == "live_status" else LIVE)
    await wait(MINUTE)
    assert shown(hass) == LIVE | SETTINGS


async def test_a_priced_site_is_polled_once_for_its_equipment(
    hass: HomeAssistant, tesla: Simulator, entry: MockConfigEntry, wait: Wait
) -> None:
    """A start pays for nothing, and until it answers nothing is shown that would be asked for."""
    hass.config_entries.async_update_entry(
        entry, options={"units": {"energy": 500}, "head_start_days": 31}
    )
    await set_up(hass, entry)
    assert shown(hass) == set()
    await wait(3 * MINUTE)
    assert shown(hass) == LIVE | SETTINGS
    asked = sorted(each.endpoint for each in tesla.requests if "energy_sites" in each.path)
    # Of the energy and of the outages.
    assert asked == ["calendar_history", "calendar_history", "live_status", "site_info"]


@pytest.mark.parametrize("connectors", [None, []])
async def test_wall_connectors_that_appear_and_go(
    hass: HomeAssistant,
    house: Site,
    entry: MockConfigEntry,
    wait: Wait,
    connectors: list[Any] | None,
) -> None:
    none = {"answers": {"values": {"live_status.wall_connectors": connectors}}}
    house.steer(none)
    await set_up(hass, entry)
    await wait(3 * MINUTE)
    assert CONNECTOR not in shown(hass) | registered(hass, entry)
    house.steer({"answers": {"values": {}}})
    await wait(MINUTE)
    assert state_of(hass, CONNECTOR).state == "0.0"
    house.steer(none)
    await wait(MINUTE)
    assert state_of(hass, CONNECTOR).state == STATE_UNKNOWN, "one answer may be odd"
    await wait(MINUTE)
    assert CONNECTOR not in shown(hass) | registered(hass, entry)
    house.steer({"answers": {"values": {}}})
    await wait(MINUTE)
    assert state_of(hass, CONNECTOR).state == "0.0"


async def test_a_missing_key_says_nothing_about_equipment(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    house.steer({"answers": {"missing": ["live_status.wall_connectors", "site_info.components"]}})
    await wait(30 * MINUTE)
    assert registered(hass, loaded) == LIVE | SETTINGS


@pytest.mark.parametrize("is_enabled", [False, True])
async def test_a_site_that_cannot_watch_for_storms(
    hass: HomeAssistant,
    house: Site,
    loaded: MockConfigEntry,
    wait: Wait,
    is_enabled: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """A switch that an earlier version made goes, too, whatever its last setting."""
    house.steer({"answers": {"values": {"site_info.components.storm_mode_capable": False}}})
    house.steer({"storm_mode_enabled": is_enabled})
    await wait(12 * MINUTE)
    assert (
        shown(hass) == registered(hass, loaded) == (LIVE | SETTINGS) - {STORM_WATCH, STORM_ACTIVE}
    )
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    assert (
        shown(hass) == registered(hass, loaded) == (LIVE | SETTINGS) - {STORM_WATCH, STORM_ACTIVE}
    )


async def test_one_odd_answer_removes_nothing(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    """Settings are asked every ten minutes, but again at once when equipment is gone."""
    house.steer({"storm_mode_enabled": False})
    await wait(MINUTE)
    house.steer({"answers": {"values": {"site_info.components.storm_mode_capable": False}}})
    await wait(9 * MINUTE)
    house.steer({"answers": {"values": {}}})
    for _ in range(5):
        await wait(MINUTE)
        assert STORM_WATCH in shown(hass)


async def test_a_site_without_a_battery(
    hass: HomeAssistant, house: Site, entry: MockConfigEntry, wait: Wait
) -> None:
    """Zero watts of a battery that is not there are nothing to show."""
    house.steer(
        {
            "answers": {
                "values": {
                    "site_info.components.battery": False,
                    "live_status.battery_power": 0,
                    "live_status.percentage_charged": 0,
                    "live_status.wall_connectors": [],
                },
                "missing": [
                    "live_status.energy_left",
                    "site_info.backup_reserve_percent",
                    "site_info.default_real_mode",
                    "site_info.tariff_content_v2",
                ],
            }
        }
    )
    await set_up(hass, entry)
    assert (
        shown(hass)
        == registered(hass, entry)
        == {
            POWER,
            "sensor.home_grid_power",
            "sensor.home_load_power",
            "sensor.home_grid_status",
            "binary_sensor.home_grid",
            "binary_sensor.home_backup_capable",
            "sensor.home_gateway_version",
            STORM_WATCH,
        }
    )


async def test_failed_polls_remove_nothing(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order("status", path="*/energy_sites/*", status=404, count=None)
    await wait(60 * MINUTE)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await wait(2 * MINUTE)
    assert registered(hass, loaded) == shown(hass) == LIVE | SETTINGS


async def test_devices_are_restored_without_a_store(
    hass: HomeAssistant,
    house: Site,
    loaded: MockConfigEntry,
    tesla: Simulator,
    hass_storage: dict[str, Any],
) -> None:
    assert await hass.config_entries.async_unload(loaded.entry_id)
    hass_storage.clear()
    tesla.faults.order("status", path="*/energy_sites/*", status=500, count=None)
    await set_up(hass, loaded)
    assert shown(hass) == LIVE | SETTINGS
    assert state_of(hass, POWER).state == STATE_UNKNOWN
