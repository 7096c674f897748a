"""Capacity and health of a car's battery, with their basis; unknown until both can be known."""

from datetime import datetime, timedelta

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import MOMENT

pytestmark = [
    pytest.mark.freeze_time(MOMENT),
    pytest.mark.usefixtures("entity_registry_enabled_by_default"),
]
CAPACITY = "sensor.aurora_battery_capacity"
HEALTH = "sensor.aurora_state_of_health"


@pytest.fixture(autouse=True)
def _only_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


def report(
    entry: MockConfigEntry, hours: float, level: float, energy: float, apart: float = 0
) -> None:
    """Report a level, and its energy so many seconds later."""
    time = datetime.fromisoformat(MOMENT) + timedelta(hours=hours)
    vehicle = vehicle_of(entry, MODEL_Y).vehicle
    for signal, value, later in (
        (signals.BATTERY_LEVEL, level, 0.0),
        (signals.ENERGY_REMAINING, energy, apart),
    ):
        at = time + timedelta(seconds=later)
        vehicle.receive({signal: Reading(value, at, Source.STREAM)}, at)


async def test_capacity_and_health(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    report(loaded, 1, 80.0, 64.0)
    # Read apart, at different levels.
    report(loaded, 2, 21.0, 40.0, apart=600)
    assert state_of(hass, CAPACITY).state == STATE_UNKNOWN
    assert state_of(hass, CAPACITY).attributes["basis"] is None

    assert await hass.config_entries.async_unload(loaded.entry_id)
    assert await hass.config_entries.async_setup(loaded.entry_id)
    await hass.async_block_till_done()
    report(loaded, 3, 20.0, 19.0)
    state = state_of(hass, CAPACITY)
    assert float(state.state) == pytest.approx(75)
    assert state.attributes["basis"] == "energy_at_levels"
    assert (state.attributes["lowest_level"], state.attributes["highest_level"]) == (20, 80)
    assert state_of(hass, HEALTH).state == STATE_UNKNOWN, "nobody knows the new battery"

    options = {"new_capacities": {MODEL_Y: 78.125}}
    hass.config_entries.async_update_entry(loaded, options=options)
    await hass.async_block_till_done()
    state = state_of(hass, HEALTH)
    assert float(state.state) == pytest.approx(96)
    assert state.attributes["capacity_when_new"] == 78.125
