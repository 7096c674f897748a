"""Targets of actions: which cars and sites a call acts on."""

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.components.websocket_api.automation import async_get_services_for_target
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import DOMAIN
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, SITE
from tests.test_device_automations import device_of


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.LOCK, Platform.SENSOR])


@pytest.mark.parametrize("what", ["entities", "area", "area of an entity", "label", "all of them"])
async def test_targets(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator, what: str
) -> None:
    """Each vehicle gets the command once; other devices of an area are left alone."""
    entities, devices = er.async_get(hass), dr.async_get(hass)
    area = ar.async_get(hass).async_create("Garage").id
    device_id, site = device_of(hass, told, MODEL_Y), device_of(hass, told, str(SITE))
    of_car = [each.entity_id for each in er.async_entries_for_device(entities, device_id)]
    devices.async_update_device(site, area_id=area)
    if what in ("area", "all of them"):
        devices.async_update_device(device_id, area_id=area)
    if what == "area of an entity":
        entities.async_update_entity(of_car[3], area_id=area)
    devices.async_update_device(device_id, labels={"ours"})
    targets: dict[str, Any] = {
        "entities": {"entity_id": of_car[:2]},
        "label": {"label_id": "ours"},
        "all of them": {"area_id": area, "device_id": device_id, "entity_id": of_car[0]},
    }
    await hass.services.async_call(
        DOMAIN,
        "navigate",
        {"destination": "Dam 1"},
        blocking=True,
        target=targets.get(what, {"area_id": area}),
    )
    await hass.async_block_till_done()
    names = {vin: [each.name for each in car.executions] for vin, car in tesla.world.cars.items()}
    assert names == {MODEL_Y: ["navigation_request"], MODEL_3: [], MODEL_S: []}


@pytest.mark.parametrize(
    ("target", "key", "named"),
    [
        ({"entity_id": "sun.sun"}, "not_a_vehicle", "sun.sun"),
        ({"entity_id": "sensor.nonsense"}, "not_a_vehicle", "sensor.nonsense"),
        ({"entity_id": "sensor.home_solar_power"}, "not_a_vehicle", "Home"),
        ({"area_id": "empty"}, "no_vehicle_in_target", None),
        ({"label_id": "unknown"}, "no_vehicle_in_target", None),
    ],
    ids=["foreign", "missing", "site", "area", "label"],
)
async def test_targets_without_a_car(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    target: dict[str, Any],
    key: str,
    named: str | None,
) -> None:
    """The error names the mistake, and nothing is sent."""
    ar.async_get(hass).async_create("Empty")
    with pytest.raises(ServiceValidationError) as refusal:
        await hass.services.async_call(
            DOMAIN, "navigate", {"destination": "Dam 1"}, blocking=True, target=target
        )
    assert refusal.value.translation_key == key
    assert (refusal.value.translation_placeholders or {}).get("name") == named


@pytest.mark.parametrize(
    ("kind", "key"), [("device_id", "not_a_vehicle"), ("area_id", "no_vehicle_in_target")]
)
async def test_a_disabled_car_gets_no_command(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, kind: str, key: str
) -> None:
    """Neither by name nor in an area."""
    device_id, devices = device_of(hass, loaded, MODEL_S), dr.async_get(hass)
    area = ar.async_get(hass).async_create("Garage").id
    devices.async_update_device(device_id, area_id=area, disabled_by=dr.DeviceEntryDisabler.USER)
    await hass.async_block_till_done()
    target = {"device_id": device_id, "area_id": area}
    with pytest.raises(ServiceValidationError) as refusal:
        await hass.services.async_call(
            DOMAIN, "navigate", {"destination": "Dam 1"}, blocking=True, target={kind: target[kind]}
        )
    assert refusal.value.translation_key == key
    assert tesla.world.cars[MODEL_S].executions == []


async def test_no_target_at_all(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    with pytest.raises(vol.Invalid):
        await hass.services.async_call(DOMAIN, "navigate", {"destination": "Dam 1"}, blocking=True)


async def test_the_editor_lists_actions_under_a_car(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    """And those of sites under a site."""
    of_car, of_site = [
        await async_get_services_for_target(
            hass, {"device_id": device_of(hass, loaded, number)}, expand_group=True
        )
        for number in (MODEL_S, SITE)
    ]
    assert "flotte.navigate" in of_car - of_site
    assert "flotte.time_of_use" in of_site
