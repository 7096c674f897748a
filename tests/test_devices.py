"""Descriptions of devices: model, version and address."""

from typing import Any

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from tests.conftest import MODEL_S, SITE, EntryMaker, register_key, set_up
from tests.fleet import MINUTE, MOMENT, Wait, told_of

pytestmark = pytest.mark.freeze_time(MOMENT)

OTHER = 2_000_000_000_001
GATEWAYS = {"home": "Gateway 2", "powerwall_3": "Gateway 3"}


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An account that is not set up yet."""
    await register_key(hass_at_tesla, tesla)
    return make_entry()


def device_of(hass: HomeAssistant, entry: MockConfigEntry, number: object) -> dr.DeviceEntry:
    identifier = ("flotte", str(number))
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, entry.entry_id)
    assert device is not None
    return device


async def test_a_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The list says nothing about trim and software; the car does."""
    device = device_of(hass, loaded, MODEL_S)
    assert (device.model, device.model_id, device.sw_version) == ("Model S", None, None)
    assert device.configuration_url == "https://www.tesla.com/teslaaccount"
    await told_of(tesla, wait, MODEL_S)
    device = device_of(hass, loaded, MODEL_S)
    assert (device.model, device.model_id, device.sw_version, device.serial_number) == (
        "Model S",
        "100D",
        "2024.44.25",
        MODEL_S,
    )


@pytest.mark.parametrize(
    ("kind", "model", "model_id"),
    [
        ("home", "Powerwall 2", "ac_powerwall"),
        ("powerwall_3", "2 x Powerwall 3, Powerwall 3 Expansion", "solar_powerwall"),
        ("solar_only", "Solar panels", None),
        ("connectors_only", "Wall Connectors", None),
    ],
)
async def test_a_site(
    hass: HomeAssistant,
    tesla: Simulator,
    entry: MockConfigEntry,
    kind: str,
    model: str,
    model_id: str | None,
) -> None:
    tesla.world.add_site(kind, OTHER, "Cottage")
    await set_up(hass, entry)
    device = device_of(hass, entry, OTHER)
    assert (device.model, device.model_id, device.serial_number) == (model, model_id, str(OTHER))
    version = "26.10.3 6a1f3e2b" if model_id else None
    assert device.sw_version == version
    assert device.hw_version == GATEWAYS.get(kind)
    assert device.configuration_url == "https://www.tesla.com/teslaaccount"


BATTERIES = "site_info.components.batteries"


@pytest.mark.parametrize(
    ("orders", "model"),
    [
        ({"missing": [BATTERIES]}, "Powerwall"),
        ({"missing": [BATTERIES], "values": {"site_info.battery_count": 3}}, "3 x Powerwall"),
        ({"values": {BATTERIES: [{"part_name": 7}, "text", None]}}, "text"),
        ({"missing": ["site_info.components"]}, "Energy site"),
    ],
)
async def test_a_site_that_names_no_parts(
    hass: HomeAssistant,
    tesla: Simulator,
    entry: MockConfigEntry,
    orders: dict[str, Any],
    model: str,
) -> None:
    tesla.world.sites[SITE].steer({"answers": orders})
    await set_up(hass, entry)
    assert device_of(hass, entry, SITE).model == model


async def test_an_update_is_described(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    assert device_of(hass, loaded, SITE).sw_version == "26.10.3 6a1f3e2b"
    values = {"site_info.version": "26.20.1 0123abcd"}
    tesla.world.sites[SITE].steer({"answers": {"values": values}})
    await wait(11 * MINUTE)
    assert device_of(hass, loaded, SITE).sw_version == "26.20.1 0123abcd"


async def test_a_restart_without_answers_changes_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    assert await hass.config_entries.async_unload(loaded.entry_id)
    tesla.faults.order("status", path="*/energy_sites/*", status=500, count=None)
    await set_up(hass, loaded)
    device = device_of(hass, loaded, SITE)
    assert (device.model, device.sw_version) == ("Powerwall 2", "26.10.3 6a1f3e2b")
