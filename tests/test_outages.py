"""Outages of the grid at a site in Home Assistant: event and sensors, and what they cost."""

from typing import Any

import pytest
from homeassistant.const import Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)

from simulator import Simulator
from simulator.energy import Site
from simulator.energy.past import Outage
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

EVENT = "event.home_power_outage"
LAST = "sensor.home_last_outage"
DURATION = "sensor.home_last_outage_duration"
COUNT = "sensor.home_outages_in_12_months"
ENTITIES = {EVENT, LAST, DURATION, COUNT}


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.EVENT, Platform.SENSOR])


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house, which had an outage yesterday."""
    house = tesla.world.sites[SITE]
    house.past.outages.append(Outage(began_at=house.time - 86_400, ended_at=house.time - 86_100))
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


def asked(tesla: Simulator) -> int:
    """How often the backup history was requested."""
    return sum("kind=backup" in each.path for each in tesla.requests)


def shown(hass: HomeAssistant) -> tuple[str, str, str]:
    return tuple(state_of(hass, each).state for each in (LAST, DURATION, COUNT))  # type: ignore[return-value]


def outages(fired: list[Event[EventStateChangedData]]) -> list[dict[str, Any]]:
    """The outages that were fired: changes of the event entity's state."""
    return [
        {name: new.attributes[name] for name in ("event_type", "start", "end", "minutes")}
        for each in fired
        if each.data["entity_id"] == EVENT
        and (new := each.data["new_state"]) is not None
        and (old := each.data["old_state"]) is not None
        and new.state != old.state
        and new.state not in ("unknown", "unavailable")
        and "restored" not in old.attributes
    ]


async def test_an_outage(
    hass: HomeAssistant, tesla: Simulator, house: Site, entry: MockConfigEntry, wait: Wait
) -> None:
    """Fired once it is over, and not again after a restart."""
    await set_up(hass, entry)
    assert asked(tesla) == 0, "a start pays for nothing"
    await wait(2 * MINUTE)
    assert asked(tesla) == 1
    assert shown(hass) == ("2026-10-19T10:00:00+00:00", "5.0", "1")
    assert state_of(hass, EVENT).state == "unknown"

    fired: list[Event[EventStateChangedData]] = async_capture_events(hass, "state_changed")
    house.steer({"on_grid": False})
    await wait(20 * MINUTE)
    assert state_of(hass, "sensor.home_grid_status").state == "off_grid_unintentional"
    house.steer({"on_grid": True})
    assert asked(tesla) == 1
    await wait(10 * MINUTE)
    assert asked(tesla) == 2
    outage = {
        "event_type": "outage",
        "start": "2026-10-20T10:02:00+00:00",
        "end": "2026-10-20T10:22:00+00:00",
        "minutes": 20.0,
    }
    assert outages(fired) == [outage]
    assert shown(hass) == ("2026-10-20T10:02:00+00:00", "20.0", "2")

    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await wait(2 * MINUTE)
    assert asked(tesla) == 3
    assert outages(fired) == [outage]
    assert shown(hass) == ("2026-10-20T10:02:00+00:00", "20.0", "2")


async def test_a_history_that_cannot_be_read(
    hass: HomeAssistant,
    tesla: Simulator,
    house: Site,
    entry: MockConfigEntry,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Only its entities become unavailable, which is logged once, and nothing is fired."""
    fault = tesla.faults.order("status", endpoint="calendar_history", status=503, count=None)
    await set_up(hass, entry)
    await wait(17 * MINUTE)
    assert {state_of(hass, each).state for each in ENTITIES} == {"unavailable"}
    assert state_of(hass, "sensor.home_grid_status").state == "on_grid"
    fault.count = 0
    await wait(30 * MINUTE)
    assert asked(tesla) == 3
    assert shown(hass) == ("2026-10-19T10:00:00+00:00", "5.0", "1")
    assert state_of(hass, EVENT).state == "unknown"
    messages = [each for each in caplog.messages if "outages of Home" in each]
    assert len(messages) == 2
    assert "outages of Home cannot be read" in messages[0]
    assert "outages of Home can be read again" in messages[1]


@pytest.mark.parametrize("enabled", [set(), {EVENT}, {COUNT}], ids=["none", "event", "count"])
async def test_it_costs_nothing_if_it_is_off(
    hass: HomeAssistant,
    tesla: Simulator,
    house: Site,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    wait: Wait,
    enabled: set[str],
) -> None:
    """Any one of the four has the history requested."""
    await set_up(hass, entry)
    for each in ENTITIES - enabled:
        entity_registry.async_update_entity(each, disabled_by=er.RegistryEntryDisabler.USER)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    house.steer({"on_grid": False})
    await wait(2 * MINUTE)
    house.steer({"on_grid": True})
    await wait(8 * MINUTE)
    assert asked(tesla) == (2 if enabled else 0)


async def test_it_costs_nothing_without_polling(
    hass: HomeAssistant, tesla: Simulator, house: Site, entry: MockConfigEntry, wait: Wait
) -> None:
    hass.config_entries.async_update_entry(entry, pref_disable_polling=True)
    await set_up(hass, entry)
    await wait(5 * MINUTE)
    assert asked(tesla) == 0


@pytest.mark.parametrize(
    ("order", "exist"),
    [
        ({}, True),
        ({"values": {"site_info.components.battery": False}}, False),
        ({"values": {"site_info.components.grid": False}}, False),
    ],
    ids=["home", "no battery", "no grid"],
)
async def test_only_with_a_battery_and_a_grid(
    hass: HomeAssistant,
    tesla: Simulator,
    house: Site,
    entry: MockConfigEntry,
    wait: Wait,
    order: dict[str, Any],
    *,
    exist: bool,
) -> None:
    house.steer({"answers": order})
    await set_up(hass, entry)
    await wait(3 * MINUTE)
    assert {each for each in ENTITIES if hass.states.get(each)} == (ENTITIES if exist else set())
    assert (asked(tesla) > 0) is exist
