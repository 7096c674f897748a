"""Actions that target a whole car or its area: only doors, climate and media take part."""

from contextlib import suppress
from typing import Any, Final

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_should_expose
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from tests.conftest import MODEL_Y
from tests.fleet import MINUTE, MOMENT, Wait, told_of
from tests.test_coordinator import paid
from tests.test_entity_tables import VEHICLE

ACTIONS: Final[dict[str, dict[str, Any]]] = {
    "button.press": {},
    "calendar.create_event": {
        "summary": "Charge",
        "start_date_time": "2026-10-21T10:00:00+00:00",
        "end_date_time": "2026-10-21T11:00:00+00:00",
    },
    "cover.open_cover": {},
    "cover.close_cover": {},
    "cover.stop_cover": {},
    "cover.toggle": {},
    "number.set_value": {"value": 50},
    "select.select_first": {},
    "select.select_last": {},
    "select.select_next": {},
    "select.select_option": {"option": "high"},
    "select.select_previous": {},
    "switch.toggle": {},
    "switch.turn_off": {},
    "switch.turn_on": {},
    "time.set_value": {"time": "07:00:00"},
    "update.install": {},
}
"""All actions of the platforms that act, except for those of doors, climate and media."""

HARMLESS: Final[dict[str, dict[str, Any]]] = {
    "climate.set_hvac_mode": {"hvac_mode": "off"},
    "climate.turn_off": {},
    "homeassistant.turn_off": {},
    "media_player.media_pause": {},
    "media_player.media_play": {},
    "media_player.turn_off": {},
}
"""Actions of the entities that take part, such as those at bed time: none wakes a sleeping car."""

PRIMARY: Final = {"climate.climate", "lock.doors", "media_player.media"}
"""The entities that act when an action targets the whole car."""

READ_ONLY: Final = {
    Platform.BINARY_SENSOR,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.SENSOR,
}


def test_only_doors_climate_and_media_are_controls() -> None:
    """Whatever else starts, opens, makes noise or costs a wake-up has a category."""
    found = {
        f"{platform}.{row.key}"
        for platform, table in VEHICLE.items()
        if platform not in READ_ONLY
        for row in table
        if row.entity_category is None
    }
    assert found == PRIMARY


@pytest.mark.freeze_time(MOMENT)
@pytest.mark.usefixtures("entity_registry_enabled_by_default", "quick_waits")
async def test_an_action_on_the_whole_car_starts_opens_and_wakes_nothing(
    hass: HomeAssistant,
    told: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    entity_registry: er.EntityRegistry,
    device_registry: dr.DeviceRegistry,
    area_registry: ar.AreaRegistry,
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    floor = fr.async_get(hass).async_create("Ground").floor_id
    label = lr.async_get(hass).async_create("Tesla").label_id
    area = area_registry.async_create("Garage", floor_id=floor).id
    lock = entity_registry.async_get("lock.aurora_doors")
    assert lock is not None
    aurora = lock.device_id
    # With the devices of the energy site and of the account, but not the other cars.
    devices = [
        each.id
        for each in dr.async_entries_for_config_entry(device_registry, told.entry_id)
        if each.id == aurora or each.name not in {"Comet", "Old Faithful"}
    ]
    assert len(devices) >= 3
    for each in devices:
        device_registry.async_update_device(each, area_id=area, labels={label})
    missing = {each for each in ACTIONS if not hass.services.has_service(*each.split("."))}
    assert missing == set()
    car = await told_of(tesla, wait, MODEL_Y, locked=True, plugged_in="ac1", charging=False)

    async def act(action: str, data: dict[str, Any]) -> None:
        domain, _, service = action.partition(".")
        for target in (
            {"device_id": devices},
            {"area_id": [area]},
            {"floor_id": [floor]},
            {"label_id": [label]},
        ):
            with suppress(HomeAssistantError):
                await hass.services.async_call(domain, service, data, target=target, blocking=True)

    for action, data in ACTIONS.items():
        await act(action, data)
    assert car.executions == []
    assert [each.commands for each in tesla.world.sites.values()] == [[]]

    # "Unlock the car" unlocks the doors, and releases no charge cable.
    await act("lock.unlock", {})
    assert {each.name for each in car.executions} == {"door_unlock"}
    await act("lock.lock", {})
    assert car.executions[-1].name == "door_lock"

    # It fell asleep while it was shown to be in dog mode.
    car.steer({"climate": {"on": True, "keeper": "dog"}})
    await wait(MINUTE)
    car.steer({"climate": False, "state": "asleep"})
    await wait(MINUTE)
    before = paid(tesla)
    for action, data in (*ACTIONS.items(), *HARMLESS.items()):
        await act(action, data)
    await hass.async_block_till_done()
    assert paid(tesla) == before
    assert car.state == "asleep"


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_voice_assistants_are_given_nothing_that_opens(
    hass: HomeAssistant, told: MockConfigEntry, entity_registry: er.EntityRegistry
) -> None:
    """By default, voice reaches the climate control, the media player and what only informs."""
    assert await async_setup_component(hass, "homeassistant", {})
    exposed = {
        entity.entity_id
        for entity in er.async_entries_for_config_entry(entity_registry, told.entry_id)
        if entity.unique_id.startswith(MODEL_Y)
        and entity.disabled_by is None
        and async_should_expose(hass, "conversation", entity.entity_id)
    }
    assert exposed == {
        "binary_sensor.aurora_any_door",
        "climate.aurora",
        "media_player.aurora_media",
        "sensor.aurora_inside_temperature",
        "sensor.aurora_outside_temperature",
    }
