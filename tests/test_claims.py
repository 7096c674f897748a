"""A car or a site that two Tesla accounts have: one shows it, and which one never changes."""

import asyncio
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import DOMAIN
from simulator import Simulator
from tests.conftest import (
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    SITE,
    EntryMaker,
    register_key,
    set_up,
    state_of,
)
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

ONLINE = "binary_sensor.aurora_online"
RESERVE = "number.home_backup_reserve"
SHARED = pytest.mark.parametrize(
    ("identifier", "entity_id"), [(MODEL_Y, ONLINE), (str(SITE), RESERVE)], ids=["car", "site"]
)


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [Platform.BINARY_SENSOR, Platform.LOCK, Platform.NUMBER]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", few)


@pytest.fixture(autouse=True)
def _fleet(tesla: Simulator) -> None:
    """Aurora and the site are shared; Comet is the second owner's, Old Faithful no one's."""
    tesla.world.cars[MODEL_Y].drivers.add("owner-2")
    tesla.world.sites[SITE].members.add("owner-2")
    tesla.world.cars[MODEL_3].account = "owner-2"
    tesla.world.cars[MODEL_S].account = "owner-3"


@pytest.fixture
async def first(hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker) -> MockConfigEntry:
    """The older account, not set up yet."""
    await register_key(hass, tesla)
    return make_entry("owner-1")


@pytest.fixture
def second(first: MockConfigEntry, make_entry: EntryMaker) -> MockConfigEntry:
    """The younger account, not set up yet."""
    return make_entry("owner-2")


@pytest.fixture
async def both(
    hass: HomeAssistant, first: MockConfigEntry, second: MockConfigEntry
) -> tuple[MockConfigEntry, MockConfigEntry]:
    """Both accounts, the older one set up first."""
    await set_up(hass, first)
    if second.state is ConfigEntryState.NOT_LOADED:
        await set_up(hass, second)
    return first, second


def shown_by(entry: MockConfigEntry) -> set[str]:
    """The cars and sites of a loaded account."""
    data = entry.runtime_data
    return {
        *(each.vehicle.vin for each in data.vehicles),
        *(str(each.site.site_id) for each in data.sites),
    }


def registries(hass: HomeAssistant) -> set[tuple[str | None, ...]]:
    """All entities and devices, and whose they are."""
    entities = er.async_get(hass).entities.values()
    devices = dr.async_get(hass)
    return {
        *((each.entity_id, each.config_entry_id, each.device_id) for each in entities),
        *(
            (each.id, entry.entry_id, each.name)
            for entry in hass.config_entries.async_entries(DOMAIN)
            for each in dr.async_entries_for_config_entry(devices, entry.entry_id)
        ),
    }


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Errors in the log, as that of an entity that is there twice."""
    return [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]


async def settle(hass: HomeAssistant) -> None:
    """Let everything that follows happen."""
    await hass.async_block_till_done(wait_background_tasks=True)


# --- Who shows it --------------------------------------------------------------------------------


async def test_the_second_omits_devices_of_the_first(
    hass: HomeAssistant,
    first: MockConfigEntry,
    second: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await set_up(hass, first)
    await set_up(hass, second)
    assert shown_by(first) == {MODEL_Y, str(SITE)}
    assert shown_by(second) == {MODEL_3}
    for _ in range(2):
        await hass.config_entries.async_reload(second.entry_id)
        await settle(hass)
    assert shown_by(second) == {MODEL_3}
    said = [each.getMessage() for each in caplog.records if "leaves it out" in each.getMessage()]
    assert sorted(each.partition(" ")[0] for each in said) == ["Aurora", "Home"]
    assert complaints(caplog) == []


async def test_both_set_up_for_the_first_time_at_once(
    hass: HomeAssistant,
    first: MockConfigEntry,
    second: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await hass.config_entries.async_setup(first.entry_id)
    await asyncio.gather(
        *(hass.config_entries.async_reload(each.entry_id) for each in (second, first))
    )
    await settle(hass)
    shown = [shown_by(first), shown_by(second)]
    assert shown[0] | shown[1] == {MODEL_Y, MODEL_3, str(SITE)}
    assert shown[0] & shown[1] == set()
    assert complaints(caplog) == []


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["older_first", "younger_first"])
@pytest.mark.parametrize("at_once", [False, True], ids=["one_by_one", "at_once"])
async def test_nothing_moves_over_restarts(
    hass: HomeAssistant,
    both: tuple[MockConfigEntry, MockConfigEntry],
    caplog: pytest.LogCaptureFixture,
    order: tuple[int, int],
    at_once: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    before = registries(hass)
    for entry in both:
        assert await hass.config_entries.async_unload(entry.entry_id)
    entries = [both[each] for each in order]
    if at_once:
        await asyncio.gather(*(hass.config_entries.async_setup(each.entry_id) for each in entries))
    else:
        for entry in entries:
            await hass.config_entries.async_setup(entry.entry_id)
            await settle(hass)
    await settle(hass)
    assert shown_by(both[0]) == {MODEL_Y, str(SITE)}
    assert registries(hass) == before
    assert complaints(caplog) == []


async def test_the_first_in_trouble_is_not_gone(
    hass: HomeAssistant, both: tuple[MockConfigEntry, MockConfigEntry], tesla: Simulator
) -> None:
    """Tesla does not answer it at a start: it is tried again, and nothing moves meanwhile."""
    first, second = both
    before = registries(hass)
    for entry in both:
        assert await hass.config_entries.async_unload(entry.entry_id)
    tesla.faults.order("status", endpoint="products", status=503)
    assert not await hass.config_entries.async_setup(first.entry_id)
    assert first.state is ConfigEntryState.SETUP_RETRY
    await set_up(hass, second)
    assert shown_by(second) == {MODEL_3}
    assert registries(hass) == before
    await hass.config_entries.async_reload(first.entry_id)
    await settle(hass)
    assert shown_by(first) == {MODEL_Y, str(SITE)}
    assert registries(hass) == before


async def test_a_car_that_is_listed_twice(
    hass: HomeAssistant,
    first: MockConfigEntry,
    tesla: Simulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    car = {"vin": MODEL_Y, "display_name": "Aurora", "state": "online"}
    wall = {"energy_site_id": 17, "site_name": "Garage", "resource_type": "wall_connector"}
    body = {"response": [car, dict(car), wall, dict(wall)], "count": 4}
    tesla.faults.order("status", endpoint="products", status=200, body=body)
    await set_up(hass, first)
    assert shown_by(first) == {MODEL_Y, "17"}
    assert len(first.runtime_data.vehicles) == len(first.runtime_data.sites) == 1
    assert complaints(caplog) == []


async def test_omitted_devices_are_not_new(
    hass: HomeAssistant,
    both: tuple[MockConfigEntry, MockConfigEntry],
    tesla: Simulator,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
) -> None:
    """So there is no reason to reload the account every few hours."""
    for car in tesla.world.cars.values():
        car.steer({"state": "asleep"})
    _, second = both
    before = second.runtime_data
    read = [each.endpoint for each in tesla.requests].count("products")
    # Minute by minute only when the account is about to be read.
    freezer.tick(timedelta(hours=5, minutes=50))
    await wait(20 * MINUTE)
    assert [each.endpoint for each in tesla.requests].count("products") == read + 2
    assert second.runtime_data is before


# --- Taking over ---------------------------------------------------------------------------------


@SHARED
async def test_the_second_takes_over_when_the_first_is_removed(
    hass: HomeAssistant,
    both: tuple[MockConfigEntry, MockConfigEntry],
    caplog: pytest.LogCaptureFixture,
    identifier: str,
    entity_id: str,
) -> None:
    """With the same entities, as the owner named them."""
    first, second = both
    registry = er.async_get(hass)
    registry.async_update_entity(entity_id, name="My own name")
    entities = {
        each.entity_id
        for each in er.async_entries_for_config_entry(registry, first.entry_id)
        if each.unique_id.startswith(identifier)
    }
    await hass.config_entries.async_remove(first.entry_id)
    await settle(hass)
    assert shown_by(second) == {MODEL_Y, MODEL_3, str(SITE)}
    kept = {
        each.entity_id
        for each in er.async_entries_for_config_entry(registry, second.entry_id)
        if each.unique_id.startswith(identifier)
    }
    assert kept == entities
    assert state_of(hass, entity_id).name.endswith("My own name")
    assert complaints(caplog) == []


@SHARED
async def test_the_second_takes_over_when_the_first_is_disabled(
    hass: HomeAssistant,
    both: tuple[MockConfigEntry, MockConfigEntry],
    caplog: pytest.LogCaptureFixture,
    identifier: str,
    entity_id: str,
) -> None:
    """And keeps it when that is enabled again."""
    first, second = both
    await hass.config_entries.async_set_disabled_by(first.entry_id, ConfigEntryDisabler.USER)
    await settle(hass)
    assert identifier in shown_by(second)
    assert state_of(hass, entity_id).state != "unavailable"
    await hass.config_entries.async_set_disabled_by(first.entry_id, None)
    await settle(hass)
    assert shown_by(first) == set()
    assert identifier in shown_by(second)
    before = registries(hass)
    for entry in (first, second):
        await hass.config_entries.async_reload(entry.entry_id)
        await settle(hass)
    assert shown_by(first) == set()
    assert registries(hass) == before
    assert complaints(caplog) == []


@SHARED
async def test_the_second_takes_over_devices_that_left_the_first(
    hass: HomeAssistant,
    both: tuple[MockConfigEntry, MockConfigEntry],
    tesla: Simulator,
    caplog: pytest.LogCaptureFixture,
    identifier: str,
    entity_id: str,
) -> None:
    """The car was given away; the device that is left can be removed."""
    first, second = both
    tesla.world.cars[MODEL_Y].account = tesla.world.sites[SITE].account = "owner-2"
    await hass.config_entries.async_reload(first.entry_id)
    await settle(hass)
    assert shown_by(first) == set()
    assert identifier in shown_by(second)
    assert state_of(hass, entity_id).state != "unavailable"
    before = registries(hass)
    for entry in (first, second):
        await hass.config_entries.async_unload(entry.entry_id)
    for entry in (first, second):
        await hass.config_entries.async_setup(entry.entry_id)
        await settle(hass)
    assert identifier in shown_by(second)
    assert registries(hass) == before
    assert complaints(caplog) == []
