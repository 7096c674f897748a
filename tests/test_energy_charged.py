"""Energy that a car has charged over all of its sessions: never a fall, nothing counted twice."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.sensor.counters import SessionSum
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)
ALL = "sensor.aurora_energy_charged"
AT_HOME = "sensor.aurora_energy_charged_at_home"
UNPLUGGED, PLUGGED_IN = "unplugged", "plugged in"
SOON = "soon"


@pytest.fixture(autouse=True)
def _only_sensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


@pytest.mark.parametrize(
    ("readings", "value"),
    [
        pytest.param([], 0, id="nothing"),
        pytest.param([12.5], 0, id="the first one tells where to begin"),
        pytest.param([0, 3, 7.5], 7.5, id="a session"),
        pytest.param([4, 7.5], 3.5, id="a session that had begun"),
        pytest.param([0, 7.5, 0, 2], 9.5, id="two sessions"),
        pytest.param([0, 7.5, 2], 9.5, id="a restart that was missed"),
        pytest.param([0, 7.5, UNPLUGGED, 20], 27.5, id="a longer session, seen late"),
        pytest.param([0, 7.5, UNPLUGGED, 7.5, 0, 1], 8.5, id="unplugged and plugged in"),
        pytest.param([0, 7.66, 7.64, 7.66, 8], 8, id="rounding"),
        pytest.param([0, 7.64, UNPLUGGED, 7.66, 7.64, UNPLUGGED, 3], 10.66, id="late rounding"),
        pytest.param([0, 7.5, 7.5, 7.5], 7.5, id="read again"),
        pytest.param([0, 0.4, UNPLUGGED, 0, 0.4], 0.8, id="short sessions"),
        pytest.param([0, 20, UNPLUGGED, SOON, 45, 0, 1], 46, id="the rest after the end"),
        pytest.param([0, 20, UNPLUGGED, SOON, PLUGGED_IN, 45], 65, id="the next one soon after"),
    ],
)  # fmt: skip
def test_sum_of_sessions(readings: list[Any], value: float) -> None:
    """Each reading comes an hour after the previous one, or ten minutes if that is `SOON`."""
    total, time = SessionSum(), datetime.fromisoformat(MOMENT)
    last = 0.0
    for reading in readings:
        if reading == SOON:
            time -= timedelta(minutes=50)
        elif reading == UNPLUGGED:
            total = total.unplugged(time)
        elif reading == PLUGGED_IN:
            total = total.plugged_in()
        else:
            total = total.after(reading, time, counts=True)
        time += timedelta(minutes=0 if reading in (SOON, PLUGGED_IN) else 60)
        assert total.value >= last, "it never falls"
        last = total.value
    assert total.value == pytest.approx(value)


def test_sessions_elsewhere_are_left_out() -> None:
    total, time = SessionSum(), datetime.fromisoformat(MOMENT)
    for reading, counts in ((0, True), (5, True), (0, False), (40, False), (0, True), (2, True)):
        total = total.after(reading, time, counts=counts)
    assert total.value == 7


class Reporter:
    """Reports readings of Aurora, each a minute after the previous one."""

    def __init__(self, entry: MockConfigEntry) -> None:
        self.entry = entry
        self.time = datetime.fromisoformat(MOMENT) + timedelta(minutes=10)

    def report(self, signal: Signal[Any], value: object) -> None:
        """Report one."""
        self.time += timedelta(minutes=1)
        reading = Reading(value, self.time, Source.STREAM)
        vehicle_of(self.entry, MODEL_Y).vehicle.receive({signal: reading}, self.time)


@pytest.fixture
async def reporter(hass: HomeAssistant, told: MockConfigEntry) -> Reporter:
    """Aurora at home, where a session begins."""
    hass.config.latitude, hass.config.longitude = 52.3731, 4.8926
    assert await async_setup_component(hass, "zone", {})
    reporter = Reporter(told)
    reporter.report(signals.LOCATION, (52.3731, 4.8926))
    reporter.report(signals.CHARGE_ENERGY_ADDED, 0.0)
    return reporter


def value_of(hass: HomeAssistant, entity_id: str) -> float:
    return float(state_of(hass, entity_id).state)


async def test_at_home_and_elsewhere(hass: HomeAssistant, reporter: Reporter) -> None:
    reporter.report(signals.CHARGE_ENERGY_ADDED, 2.0)
    before, at_home = value_of(hass, ALL), value_of(hass, AT_HOME)
    reporter.report(signals.CHARGE_ENERGY_ADDED, 7.0)
    reporter.report(signals.CHARGING_STATE, "disconnected")
    reporter.report(signals.LOCATION, (52.1, 5.1))
    reporter.report(signals.CHARGING_STATE, "charging")
    reporter.report(signals.CHARGE_ENERGY_ADDED, 30.0)
    assert value_of(hass, ALL) == before + 35
    assert value_of(hass, AT_HOME) == at_home + 5


async def test_without_a_position_home_is_unknown(hass: HomeAssistant, reporter: Reporter) -> None:
    reporter.report(signals.LOCATION, None)
    reporter.report(signals.CHARGE_ENERGY_ADDED, 5.0)
    assert value_of(hass, ALL) == 5
    assert state_of(hass, AT_HOME).state == STATE_UNKNOWN


async def test_it_continues_after_a_restart(
    hass: HomeAssistant, reporter: Reporter, told: MockConfigEntry
) -> None:
    """The part of the session that was charged meanwhile is counted too."""
    reporter.report(signals.CHARGE_ENERGY_ADDED, 5.0)
    before = value_of(hass, ALL)
    assert await hass.config_entries.async_unload(told.entry_id)
    assert await hass.config_entries.async_setup(told.entry_id)
    await hass.async_block_till_done()
    assert value_of(hass, ALL) == before
    reporter.report(signals.CHARGE_ENERGY_ADDED, 7.0)
    assert value_of(hass, ALL) == before + 2
