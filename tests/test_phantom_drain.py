"""Phantom drain of a parked car: known after a night, kept over a restart, and never paid for."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source
from simulator import Simulator
from simulator.bill import Category
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import MOMENT

pytestmark = [
    pytest.mark.freeze_time(MOMENT),
    pytest.mark.usefixtures("entity_registry_enabled_by_default"),
]
DRAIN = "sensor.aurora_phantom_drain"


@pytest.fixture(autouse=True)
def _only_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


def report(entry: MockConfigEntry, hours: float, level: float, **others: object) -> None:
    """Report a level of so many hours later, as a poll does."""
    time = datetime.fromisoformat(MOMENT) + timedelta(hours=hours)
    values: dict[Signal[Any], object] = {
        signals.BATTERY_LEVEL: level,
        signals.ODOMETER: 20_000.0,
        signals.SHIFT_STATE: "p",
        signals.CHARGING_STATE: others.get("charging", "complete"),
        signals.CLIMATE_ON: others.get("climate", False),
    }
    readings = {signal: Reading(each, time, Source.POLL) for signal, each in values.items()}
    vehicle_of(entry, MODEL_Y).vehicle.receive(readings, time)


async def test_drain_of_a_night(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator
) -> None:
    paid = tesla.bill.counts(vin=MODEL_Y)[Category.DATA]
    report(told, 1, 80.0)
    report(told, 7, 79.0)
    assert state_of(hass, DRAIN).state == STATE_UNKNOWN

    assert await hass.config_entries.async_unload(told.entry_id)
    assert await hass.config_entries.async_setup(told.entry_id)
    await hass.async_block_till_done()
    report(told, 17, 78.0)
    state = state_of(hass, DRAIN)
    assert (float(state.state), state.attributes["hours_parked"]) == (3, 16)

    # Neither the climate control nor a charge is drain.
    report(told, 18, 70.0, climate=True)
    report(told, 19, 69.0)
    report(told, 20, 90.0, charging="charging")
    assert float(state_of(hass, DRAIN).state) == 3
    assert tesla.bill.counts(vin=MODEL_Y)[Category.DATA] == paid
    assert tesla.world.cars[MODEL_Y].wakes == 0


async def test_unchanged_level_counts_once_it_was_read_again(
    hass: HomeAssistant, told: MockConfigEntry
) -> None:
    report(told, 1, 80.0)
    report(told, 25, 80.0)
    vehicle_of(told, MODEL_Y).async_update_listeners()
    state = state_of(hass, DRAIN)
    assert (float(state.state), state.attributes["hours_parked"]) == (0, 24)
