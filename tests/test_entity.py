"""Entities of what a car turned out not to have."""

from dataclasses import replace

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from simulator import Simulator
from tests.conftest import MODEL_S, set_up
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

LACKING = {
    "button.comet_homelink",
    "button.old_faithful_homelink",
    "select.old_faithful_seat_heater_rear_left",
    "select.old_faithful_seat_heater_rear_centre",
    "select.old_faithful_seat_heater_rear_right",
}
"""Enabled entities of what these two cars say that they do not have."""


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.COVER, Platform.SELECT],
    )


def registered(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {each.entity_id for each in found}


def stale(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """Entities that Home Assistant shows as no longer provided."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {
        each.entity_id
        for each in found
        if not each.disabled
        and ((state := hass.states.get(each.entity_id)) is None or "restored" in state.attributes)
    }


async def test_entities_of_missing_equipment_leave_the_registry(
    hass: HomeAssistant, entry: MockConfigEntry, wait: Wait
) -> None:
    await set_up(hass, entry)
    before = registered(hass, entry)
    assert before >= LACKING, "nobody knows yet"
    await wait(2 * MINUTE)
    after = registered(hass, entry)
    assert after & LACKING == set()
    assert not any(hass.states.get(each) for each in LACKING)
    assert stale(hass, entry) == set()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert registered(hass, entry) == after
    assert stale(hass, entry) == set()


async def test_leftovers_of_an_earlier_version_are_removed(
    hass: HomeAssistant, entry: MockConfigEntry, wait: Wait
) -> None:
    await set_up(hass, entry)
    await wait(2 * MINUTE)
    registry = er.async_get(hass)
    left = registry.async_get_or_create(
        "button", "flotte", f"{MODEL_S}-homelink", config_entry=entry
    )
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert registry.async_get(left.entity_id) is None


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 200, "body": {"response": {}}}])
async def test_nothing_is_removed_without_a_report_of_the_car(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    fault: dict[str, object],
) -> None:
    tesla.faults.order("status", endpoint="vehicle_data", count=None, **fault)  # type: ignore[arg-type]
    await set_up(hass, entry)
    before = registered(hass, entry)
    await wait(5 * MINUTE)
    assert registered(hass, entry) == before
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert registered(hass, entry) == before
    assert stale(hass, entry) == set()


async def test_the_owner_s_choice_comes_back_with_the_equipment(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Home Assistant keeps what the owner did with an entity that went."""
    await set_up(hass, entry)
    registry = er.async_get(hass)
    entity_id = "button.old_faithful_homelink"
    registry.async_update_entity(entity_id, name="Gate", disabled_by=er.RegistryEntryDisabler.USER)
    await wait(2 * MINUTE)
    assert registry.async_get(entity_id) is None
    car = tesla.world.cars[MODEL_S]
    car.model = replace(car.model, homelink_devices=1)
    car.steer({"state": "asleep"})
    await wait(60 * MINUTE)
    car.steer({"state": "online"})
    await wait(3 * MINUTE)
    back = registry.async_get(entity_id)
    assert back is not None
    assert (back.name, back.disabled_by) == ("Gate", er.RegistryEntryDisabler.USER)


async def test_a_disabled_device_is_not_polled_for_its_equipment(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Looking for equipment is no reason to poll a car of which nothing is shown."""
    registry = er.async_get(hass)
    for each in er.async_entries_for_config_entry(registry, loaded.entry_id):
        if each.unique_id.startswith(MODEL_S):
            registry.async_update_entity(each.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    assert await hass.config_entries.async_reload(loaded.entry_id)
    await hass.async_block_till_done()
    asked = len([each for each in tesla.requests if each.vin == MODEL_S])
    await wait(5 * MINUTE)
    assert len([each for each in tesla.requests if each.vin == MODEL_S]) == asked
