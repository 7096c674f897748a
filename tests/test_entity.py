"""Entities of what a car may have or not."""

from dataclasses import replace

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.streaming.planning import paid_signals
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, set_up, state_of, vehicle_of
from tests.fleet import MINUTE, MOMENT, Wait, act, add_streamed_of_one, told_of

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

MEDIA = "media_player.aurora_media"
LACKING = {
    "button.comet_homelink": f"{MODEL_3}-homelink",
    "button.old_faithful_homelink": f"{MODEL_S}-homelink",
    "select.old_faithful_seat_heater_rear_left": f"{MODEL_S}-seat_heater_rear_left",
    "select.old_faithful_seat_heater_rear_centre": f"{MODEL_S}-seat_heater_rear_center",
    "select.old_faithful_seat_heater_rear_right": f"{MODEL_S}-seat_heater_rear_right",
}
"""Unique ids of enabled entities of what these two cars say that they do not have."""


def register_lacking(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Register them, as an earlier version did."""
    for entity_id, unique_id in LACKING.items():
        domain, _, name = entity_id.partition(".")
        er.async_get(hass).async_get_or_create(
            domain, "flotte", unique_id, config_entry=entry, suggested_object_id=name
        )


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.BINARY_SENSOR,
            Platform.BUTTON,
            Platform.COVER,
            Platform.MEDIA_PLAYER,
            Platform.SELECT,
        ],
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
    register_lacking(hass, entry)
    await set_up(hass, entry)
    before = registered(hass, entry)
    assert before >= set(LACKING), "the cars have not reported it yet"
    await wait(2 * MINUTE)
    after = registered(hass, entry)
    assert after & set(LACKING) == set()
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
    register_lacking(hass, entry)
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


async def test_an_odd_answer_removes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Checks of a car's state bring no second answer, however many there are."""
    await set_up(hass, entry)
    car = await told_of(tesla, wait, MODEL_Y)
    entity_id = "select.aurora_seat_heater_rear_left"
    assert state_of(hass, entity_id).state == "off"
    car.model = replace(car.model, rear_seat_heaters=0)
    await act(hass, "press", "button.aurora_refresh")
    await wait(3 * MINUTE)
    assert entity_id in registered(hass, entry)
    await act(hass, "press", "button.aurora_refresh")
    await wait(MINUTE)
    assert entity_id not in registered(hass, entry)


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


def keys_of(hass: HomeAssistant, entry: MockConfigEntry, vin: str) -> set[str]:
    """Keys of all registered entities of a car."""
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {each.unique_id.partition("-")[2] for each in found if each.unique_id.startswith(vin)}


async def test_details_are_registered_once_the_car_reports_or_streams_them(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A polled car has no entities of what only streams report, and none of another model."""
    await set_up(hass, entry)
    assert not keys_of(hass, entry, MODEL_Y) & {"valet_mode", "brake_pedal", "light_bar"}
    await told_of(tesla, wait, MODEL_Y)
    polled = keys_of(hass, entry, MODEL_Y)
    assert "valet_mode" in polled
    assert not polled & {"brake_pedal", "light_bar", "tonneau", "sunroof"}

    reading = Reading(value=True, time=dt_util.utcnow(), source=Source.STREAM)
    vehicle_of(entry, MODEL_Y).vehicle.receive({signals.BRAKE_PEDAL: reading})
    await hass.async_block_till_done()
    assert keys_of(hass, entry, MODEL_Y) == polled | {"brake_pedal"}

    await add_streamed_of_one(hass, entry)
    streamed = keys_of(hass, entry, MODEL_Y)
    assert streamed > polled | {"gps_fix", "hazard_lights"}
    assert not streamed & {"light_bar", "tonneau", "sunroof"}


async def test_only_unused_entities_are_removed_without_a_report(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    """An earlier version registered them for every car; those in use stay."""
    registry = er.async_get(hass)
    left, renamed, enabled = (
        registry.async_get_or_create(
            "binary_sensor",
            "flotte",
            f"{MODEL_Y}-{key}",
            config_entry=entry,
            disabled_by=er.RegistryEntryDisabler.INTEGRATION,
        ).entity_id
        for key in ("light_bar", "high_beams", "brake_pedal")
    )
    registry.async_update_entity(renamed, name="Beam")
    registry.async_update_entity(enabled, disabled_by=None)
    await set_up(hass, entry)
    assert registry.async_get(left) is None
    assert registry.async_get(renamed) is not None
    assert state_of(hass, enabled).state == "unknown"
    assert not stale(hass, entry)


async def test_what_polling_alone_enabled_is_not_streamed(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """The media player costs nothing until the car streams; then only its owner can enable it."""
    await set_up(hass, entry)
    await told_of(tesla, wait, MODEL_Y)
    assert state_of(hass, MEDIA).state != "unknown"
    vehicle = vehicle_of(entry, MODEL_Y)
    assert signals.MEDIA_TITLE in vehicle.shown_signals
    assert signals.MEDIA_TITLE not in paid_signals(vehicle)

    registry = er.async_get(hass)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "stream": "mqtt"})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert vehicle.stream_watch.is_expected
    assert registry.async_get(MEDIA).disabled_by is er.RegistryEntryDisabler.INTEGRATION  # type: ignore[union-attr]
    assert signals.MEDIA_TITLE not in vehicle.shown_signals

    registry.async_update_entity(MEDIA, disabled_by=None)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.get(MEDIA) is not None
    assert signals.MEDIA_TITLE in paid_signals(vehicle_of(entry, MODEL_Y))


async def test_a_car_of_which_little_is_known_does_not_begin_to_stream(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    """It may be one that cannot stream, and would lose its media player for good."""
    await set_up(hass, entry)
    registry = er.async_get(hass)
    assert registry.async_get(MEDIA).disabled_by is None  # type: ignore[union-attr]
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, options={**entry.options, "stream": "mqtt"})
    tesla.faults.order("status", endpoint="fleet_status", count=None, status=500)
    await set_up(hass, entry)
    assert registry.async_get(MEDIA).disabled_by is None  # type: ignore[union-attr]
    vehicle = vehicle_of(entry, MODEL_Y)
    assert signals.MEDIA_TITLE in vehicle.shown_signals
    assert signals.MEDIA_TITLE not in paid_signals(vehicle)

    tesla.faults.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert registry.async_get(MEDIA).disabled_by is er.RegistryEntryDisabler.INTEGRATION  # type: ignore[union-attr]
