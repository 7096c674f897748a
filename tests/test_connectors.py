"""Wall connectors: each is a device of its own."""

from typing import Any

import pytest
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from custom_components.flotte import async_remove_config_entry_device
from custom_components.flotte.diagnostics import async_get_config_entry_diagnostics
from simulator import Simulator
from simulator.energy import Site
from tests.conftest import MODEL_Y, SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

DIN = "1529455-02-D--B7S23024J00001"
SECOND = "1734412-02-C--B7S23024J00002"
STATE = "sensor.wall_connector_state"
VEHICLE = "sensor.wall_connector_connected_vehicle"
POWER = "sensor.wall_connector_power"
SUM = "sensor.home_wall_connector_power"


@pytest.fixture(autouse=True)
def _only_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house."""
    return tesla.world.sites[SITE]


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An account that is not set up yet."""
    await register_key(hass_at_tesla, tesla)
    return make_entry()


def report(house: Site, *connectors: dict[str, Any]) -> None:
    """Have the site answer these wall connectors."""
    house.steer({"answers": {"values": {"live_status.wall_connectors": list(connectors)}}})


def device_of(hass: HomeAssistant, entry: MockConfigEntry, number: str) -> dr.DeviceEntry:
    device = dr.async_get(hass).async_get_device_by_identifier(("flotte", number), entry.entry_id)
    assert device is not None
    return device


def unique_ids(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """Unique ids of the wall connector's entities and of the sum, by entity id."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {each.entity_id: each.unique_id for each in found if "wall_connector" in each.entity_id}


async def test_the_device(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    connector = device_of(hass, loaded, DIN)
    assert (connector.manufacturer, connector.model, connector.model_id) == (
        "Tesla",
        "Gen 3 Wall Connector",
        "1529455-02-D",
    )
    assert (connector.name, connector.serial_number) == ("Wall Connector", "B7S23024J00001")
    assert connector.via_device_id == device_of(hass, loaded, str(SITE)).id


async def test_unique_ids(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    """The shape of Home Assistant's own integration; the sum has the key that it always had."""
    assert unique_ids(hass, loaded) == {
        SUM: f"{SITE}-wall_connector_power",
        STATE: f"{SITE}-{DIN}-connector_state",
        POWER: f"{SITE}-{DIN}-connector_power",
        VEHICLE: f"{SITE}-{DIN}-connected_vehicle",
        "sensor.wall_connector_state_code": f"{SITE}-{DIN}-connector_state_code",
        "sensor.wall_connector_fault_code": f"{SITE}-{DIN}-connector_fault_code",
    }


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_entities(
    hass: HomeAssistant, loaded: MockConfigEntry, snapshot: SnapshotAssertion
) -> None:
    for entity_id in sorted(unique_ids(hass, loaded)):
        assert state_of(hass, entity_id) == snapshot(name=entity_id)


async def test_a_charging_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    assert state_of(hass, STATE).state == "connected"
    assert state_of(hass, VEHICLE).state == "Aurora"
    tesla.world.cars[MODEL_Y].steer({"state": "online", "charging": True})
    await wait(2 * MINUTE)
    assert state_of(hass, STATE).state == "charging"
    assert float(state_of(hass, POWER).state) == pytest.approx(11, abs=1)
    assert state_of(hass, POWER).state == state_of(hass, SUM).state


@pytest.mark.parametrize(
    ("connector", "state", "vehicle"),
    [
        ({"wall_connector_state": 2}, "disconnected", "none"),
        ({"wall_connector_state": 4}, "connected", "other"),
        ({"wall_connector_state": 4, "vin": "5YJ3E1EA7KF317000"}, "connected", "…317000"),
        ({"wall_connector_state": 9, "vin": MODEL_Y}, "waiting_for_vehicle", "Aurora"),
        ({"wall_connector_state": 7}, "error", STATE_UNKNOWN),
        ({"wall_connector_state": 3}, "other", STATE_UNKNOWN),
        ({"wall_connector_state": 12, "vin": MODEL_Y}, "other", "Aurora"),
        ({"wall_connector_state": None}, STATE_UNKNOWN, STATE_UNKNOWN),
        ({"wall_connector_state": "on", "vin": 7}, STATE_UNKNOWN, STATE_UNKNOWN),
        ({}, STATE_UNKNOWN, STATE_UNKNOWN),
    ],
)
async def test_states_and_vehicles(
    hass: HomeAssistant,
    house: Site,
    entry: MockConfigEntry,
    connector: dict[str, Any],
    state: str,
    vehicle: str,
) -> None:
    """A whole VIN is never shown."""
    report(house, {"din": DIN} | connector)
    await set_up(hass, entry)
    assert (state_of(hass, STATE).state, state_of(hass, VEHICLE).state) == (state, vehicle)
    assert state_of(hass, POWER).state == STATE_UNKNOWN
    shown = [str(each.as_dict()) for each in hass.states.async_all("sensor")]
    assert not [each for each in shown if "5YJ3E1EA7KF317000" in each or MODEL_Y in each]


async def test_one_that_appears_and_one_that_is_missing(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    """A missing one stays, and is unknown; so it is after a restart."""
    report(house, {"din": SECOND, "wall_connector_state": 2, "wall_connector_power": -9027.5})
    await wait(MINUTE)
    assert state_of(hass, STATE).state == STATE_UNKNOWN
    assert state_of(hass, "sensor.wall_connector_0002_power").state == "-9.0275"
    assert device_of(hass, loaded, SECOND).serial_number == "B7S23024J00002"
    assert device_of(hass, loaded, SECOND).model == "Wall Connector"
    report(house)
    await wait(30 * MINUTE)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    states = (STATE, "sensor.wall_connector_0002_state")
    assert [state_of(hass, each).state for each in states] == [STATE_UNKNOWN] * 2


async def test_a_model_that_comes_late(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order("status", endpoint="site_info", status=500)
    await set_up(hass, entry)
    assert device_of(hass, entry, DIN).model == "Wall Connector"
    await wait(MINUTE)
    assert device_of(hass, entry, DIN).model == "Gen 3 Wall Connector"


async def test_only_one_that_is_gone_may_be_removed(
    hass: HomeAssistant, house: Site, loaded: MockConfigEntry, wait: Wait
) -> None:
    connector = device_of(hass, loaded, DIN)
    assert not await async_remove_config_entry_device(hass, loaded, connector)
    replaced = {"din": DIN, "is_active": False}
    values = {
        "live_status.wall_connectors": [],
        "site_info.components.wall_connectors": [replaced],
    }
    house.steer({"answers": {"values": values}})
    await wait(11 * MINUTE)
    assert await async_remove_config_entry_device(hass, loaded, connector)


async def test_values_survive_a_restart(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    assert await hass.config_entries.async_unload(loaded.entry_id)
    tesla.faults.order("status", path="*/energy_sites/*", status=500, count=None)
    await set_up(hass, loaded)
    assert (state_of(hass, STATE).state, state_of(hass, VEHICLE).state) == ("connected", "Aurora")
    assert device_of(hass, loaded, DIN).model == "Gen 3 Wall Connector"


async def test_a_site_that_is_lost(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    tesla.faults.order("status", endpoint="live_status", status=500, count=None)
    await wait(20 * MINUTE)
    assert state_of(hass, STATE).state == STATE_UNAVAILABLE


async def test_thousands_of_connectors_are_no_devices(
    hass: HomeAssistant, house: Site, entry: MockConfigEntry
) -> None:
    report(house, *({"din": f"X--{number}"} for number in range(2000)))
    await set_up(hass, entry)
    assert len([each for each in unique_ids(hass, entry) if each.startswith(STATE)]) < 100


async def test_diagnostics_do_not_contain_serial_numbers(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    assert "B7S23024J00001" not in str(await async_get_config_entry_diagnostics(hass, loaded))
