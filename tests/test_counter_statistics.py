"""Counters of a car in Home Assistant's statistics."""

import logging
from datetime import datetime, timedelta

import pytest
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source
from simulator import Simulator
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, vehicle_of
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)
START = datetime.fromisoformat(MOMENT)
ADDED = "sensor.aurora_charge_energy_added"
ODOMETER = "sensor.aurora_odometer"


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Have a database before Home Assistant begins, that does not print what it is asked."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


@pytest.fixture
async def recorded(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> MockConfigEntry:
    """An entry whose sensors are recorded."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])
    await register_key(hass, tesla)
    entry = make_entry()
    await set_up(hass, entry)
    return entry


async def test_falls_by_rounding_are_no_dips(
    hass: HomeAssistant, recorded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """17.66 kWh, 17.64, and a new session of 2 kWh are 2.02 more than before, and no warning."""
    vehicle = vehicle_of(recorded, MODEL_Y).vehicle
    told = (
        (10.0, 20_000.46),
        (17.66, 20_000.4),
        (17.64, 20_001.0),
        (0.0, 20_000.9),
        (2.0, 20_002.0),
    )
    for minute, (added, odometer) in enumerate(told):
        time = START + timedelta(minutes=minute)
        vehicle.receive(
            {
                signals.CHARGE_ENERGY_ADDED: Reading(added, time, Source.STREAM),
                signals.ODOMETER: Reading(odometer, time, Source.STREAM),
            },
            time,
        )
        await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=START)
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(
            hass, START, None, {ADDED, ODOMETER}, "5minute", None, {"sum"}
        )
    )
    sums = {name: row[0].get("sum") for name, row in found.items()}
    assert sums[ADDED] == pytest.approx(17.64 - 10 + 2)
    assert sums[ODOMETER] == pytest.approx(20_002.0 - 20_000.46)
    assert "strictly increasing" not in caplog.text
