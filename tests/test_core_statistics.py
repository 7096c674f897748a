"""The months of an owner who comes from core: a sensor with the entity id of before goes on."""

import logging
from datetime import datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder, get_instance
from homeassistant.components.recorder.statistics import statistics_during_period
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
    do_adhoc_statistics,
)

from simulator import Simulator
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, Wait

MOMENT = "2026-11-20T14:25:30+00:00"
pytestmark = pytest.mark.freeze_time(MOMENT)
NOW = datetime.fromisoformat(MOMENT)
HOME_USAGE = "sensor.home_home_usage"


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: object) -> None:
    """Have a database before Home Assistant begins, that does not print what it is asked."""
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)


async def sums(hass: HomeAssistant) -> list[float]:
    """The sums of the statistic, every five minutes, in kWh."""
    await async_wait_recording_done(hass)
    found = await get_instance(hass).async_add_executor_job(
        lambda: statistics_during_period(
            hass, NOW - timedelta(hours=1), None, {HOME_USAGE}, "5minute", None, {"sum"}
        )
    )
    return [row.get("sum") or 0.0 for row in found[HOME_USAGE]]


async def test_the_statistics_of_a_history_sensor_of_core_go_on(
    recorder_mock: Recorder,
    hass: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    wait: Wait,
) -> None:
    """Core shows the energy since midnight in kWh, with that midnight as `last_reset`."""
    history = tesla.world.sites[SITE].history(
        "energy",
        {
            "start_date": "2026-11-20T00:00:00+01:00",
            "end_date": "2026-11-20T23:59:59+01:00",
        },
    )
    before = sum(row.get("total_home_usage", 0.0) for row in history["time_series"]) / 1000
    attributes = {
        "state_class": "total",
        "last_reset": "2026-11-19T23:00:00+00:00",
        "unit_of_measurement": "kWh",
        "device_class": "energy",
    }
    assert await async_setup_component(hass, "sensor", {})
    hass.states.async_set(HOME_USAGE, "2.0", attributes)
    freezer.tick(1)
    hass.states.async_set(HOME_USAGE, str(before), attributes)
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=NOW.replace(minute=25, second=0))
    counted = (await sums(hass))[-1]
    assert counted == pytest.approx(before - 2)
    hass.states.async_remove(HOME_USAGE)

    freezer.move_to("2026-11-20T14:31:00+00:00")
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass, tesla)
    await set_up(hass, make_entry())
    await wait(2 * MINUTE)
    shown = state_of(hass, HOME_USAGE)
    assert float(shown.state) > before
    assert shown.attributes["last_reset"] == attributes["last_reset"]
    await async_wait_recording_done(hass)
    do_adhoc_statistics(hass, start=NOW.replace(minute=30, second=0))
    assert (await sums(hass))[-1] == pytest.approx(counted + float(shown.state) - before)
