"""Energy sites of each kind: an entity for what is there, and none for what is not."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from simulator.energy import Site
from simulator.energy.equipment import KINDS
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

OTHER = 2_000_000_000_001

type Build = Callable[..., Coroutine[Any, Any, tuple[Site, MockConfigEntry]]]


@pytest.fixture
def build(hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker) -> Build:
    """Build a site of a kind, give it its first orders, and set up an account that has only it."""

    async def build(kind: str, **orders: Any) -> tuple[Site, MockConfigEntry]:
        for car in tesla.world.cars.values():
            car.steer({"account": "owner-2"})
        tesla.world.sites[SITE].steer({"account": "owner-2"})
        site = tesla.world.add_site(kind, OTHER, "Cottage")
        site.steer({"solar_power": 3000, "load_power": 1200} | orders)
        await register_key(hass_at_tesla, tesla)
        entry = make_entry()
        await set_up(hass_at_tesla, entry)
        return site, entry

    return build


def states_of_sites(hass: HomeAssistant, entry: MockConfigEntry) -> dict[str, str]:
    """The state of each entity of a site; of a disabled one that it is disabled."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {
        each.entity_id: "disabled" if each.disabled_by else state_of(hass, each.entity_id).state
        for each in sorted(found, key=lambda each: each.entity_id)
        if not each.unique_id.startswith(str(entry.unique_id))
    }


@pytest.mark.parametrize("kind", KINDS)
async def test_entities_of_a_kind(
    hass: HomeAssistant, build: Build, snapshot: SnapshotAssertion, kind: str
) -> None:
    _, entry = await build(kind)
    assert states_of_sites(hass, entry) == snapshot


async def test_sites_of_one_account_do_not_mix(
    hass: HomeAssistant, tesla: Simulator, build: Build
) -> None:
    tesla.world.add_site("connectors_only", OTHER + 1, "Garage")
    _, entry = await build("solar_only")
    states = states_of_sites(hass, entry)
    found = {entity_id.partition(".")[2].partition("_")[0] for entity_id in states}
    assert {"sensor.cottage_solar_power", "sensor.garage_wall_connector_power"} <= set(states)
    assert found == {"cottage", "garage", "wall"}, "a wall connector is a device of its own"


async def test_a_generator_appears_when_it_runs(
    hass: HomeAssistant, build: Build, wait: Wait
) -> None:
    """Until then a site with one reports what a site without one does."""
    site, _ = await build("generator", solar_power=0, percentage_charged=10)
    assert hass.states.get("sensor.cottage_generator_power") is None
    site.steer({"on_grid": False})
    await wait(MINUTE)
    assert state_of(hass, "sensor.cottage_generator_power").state == "6.0"
    assert state_of(hass, "binary_sensor.cottage_grid").state == "off"
    site.steer({"on_grid": True})
    await wait(MINUTE)
    assert state_of(hass, "sensor.cottage_generator_power").state == "0.0"


async def test_an_event_of_grid_services(hass: HomeAssistant, build: Build, wait: Wait) -> None:
    site, _ = await build("grid_services")
    assert state_of(hass, "binary_sensor.cottage_grid_services_active").state == "off"
    site.steer({"grid_services": -1250})
    await wait(MINUTE)
    assert state_of(hass, "binary_sensor.cottage_grid_services_active").state == "on"
    assert state_of(hass, "sensor.cottage_grid_services_power").state == "-1.25"


async def test_a_word_for_the_grid_that_says_nothing(
    hass: HomeAssistant, build: Build, wait: Wait
) -> None:
    site, _ = await build("home")
    assert state_of(hass, "binary_sensor.cottage_grid").state == "on"
    site.steer({"answers": {"values": {"live_status.grid_status": "Unknown"}}})
    await wait(MINUTE)
    assert state_of(hass, "binary_sensor.cottage_grid").state == STATE_UNKNOWN


async def test_export_in_a_programme_of_grid_services(
    hass: HomeAssistant, tesla: Simulator, build: Build, wait: Wait
) -> None:
    """The owner has no rule then; an owner who joins loses the entity, as in Tesla's app."""
    site, _ = await build("home")
    assert state_of(hass, "select.cottage_export_rule").state == "pv_only"
    components = {
        "site_info.components.edit_setting_energy_exports": False,
        "site_info.components.non_export_configured": True,
    }
    site.steer({"answers": {"values": components}})
    await wait(12 * MINUTE)
    assert hass.states.get("select.cottage_export_rule") is None
    rule = "site_info.components.customer_preferred_export_rule"
    components["site_info.components.edit_setting_energy_exports"] = True
    site.steer({"answers": {"values": components, "missing": [rule]}})
    await wait(10 * MINUTE)
    assert state_of(hass, "select.cottage_export_rule").state == "never"
    del components["site_info.components.non_export_configured"]
    site.steer({"answers": {"values": components, "missing": [rule]}})
    await wait(10 * MINUTE)
    assert state_of(hass, "select.cottage_export_rule").state == STATE_UNKNOWN
