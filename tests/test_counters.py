"""Counters of a car as statistics take them: never a fall by rounding, and a known beginning."""

from datetime import UTC, datetime, timedelta

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.sensor.counters import LifetimeCounter, SessionCounter
from custom_components.flotte.sensor.vehicle import VEHICLE_SENSORS
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Signal, Source
from tests.conftest import MODEL_Y, state_of, vehicle_of
from tests.fleet import MOMENT

pytestmark = [
    pytest.mark.freeze_time(MOMENT),
    pytest.mark.usefixtures("entity_registry_enabled_by_default"),
]
START = datetime.fromisoformat(MOMENT)
ADDED = "sensor.aurora_charge_energy_added"
ODOMETER = "sensor.aurora_odometer"


@pytest.fixture(autouse=True)
def _only_this_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.SENSOR])


class Reporter:
    """Reports readings of Aurora, each a minute after the previous one, in the near future."""

    def __init__(self, entry: MockConfigEntry) -> None:
        self.entry = entry
        self.time = START + timedelta(minutes=10)

    def report(self, signal: Signal[float], value: float | None) -> datetime:
        """Report one, and return its time."""
        self.time += timedelta(minutes=1)
        reading = Reading(value, self.time, Source.STREAM)
        vehicle_of(self.entry, MODEL_Y).vehicle.receive({signal: reading}, self.time)
        return self.time


@pytest.fixture
def reporter(told: MockConfigEntry) -> Reporter:
    return Reporter(told)


def test_every_counter_is_of_one_of_both_kinds() -> None:
    """A counter that begins again is a total; one that never does only increases."""
    kinds = {
        kind: {row.key for row in VEHICLE_SENSORS if row.state_class == kind}
        for kind in ("total", "total_increasing")
    }
    assert kinds == {
        "total": {
            "charge_energy_added",
            "ac_charge_energy",
            "distance_since_reset",
            "self_driven_since_reset",
        },
        "total_increasing": {
            "odometer",
            "lifetime_energy_used",
            "lifetime_energy_recovered",
            "lifetime_energy_charged",
            "lifetime_energy_charged_dc",
        },
    }


async def test_a_small_fall_is_no_reset(hass: HomeAssistant, reporter: Reporter) -> None:
    """17.66 kWh as polled, 17.64 as streamed: the same session."""
    for value in (17.66, 17.64, 16.7):
        reporter.report(signals.CHARGE_ENERGY_ADDED, value)
        state = state_of(hass, ADDED)
        assert float(state.state) == value
        assert (state.attributes["state_class"], state.attributes.get("last_reset")) == (
            "total",
            None,
        )


@pytest.mark.parametrize("again", [0.0, 16.5, 0.1])
async def test_the_next_session(hass: HomeAssistant, reporter: Reporter, again: float) -> None:
    reporter.report(signals.CHARGE_ENERGY_ADDED, 17.66)
    reporter.report(signals.CHARGE_ENERGY_ADDED, None)
    assert state_of(hass, ADDED).state == "unknown"
    reset = reporter.report(signals.CHARGE_ENERGY_ADDED, again)
    assert state_of(hass, ADDED).attributes["last_reset"] == reset.isoformat()
    reporter.report(signals.CHARGE_ENERGY_ADDED, again + 2)
    assert state_of(hass, ADDED).attributes["last_reset"] == reset.isoformat()


async def test_a_session_continues_after_a_restart(hass: HomeAssistant, reporter: Reporter) -> None:
    reporter.report(signals.CHARGE_ENERGY_ADDED, 5.0)
    reset = reporter.report(signals.CHARGE_ENERGY_ADDED, 0.0)
    reporter.report(signals.CHARGE_ENERGY_ADDED, 17.0)
    await hass.config_entries.async_reload(reporter.entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, ADDED).attributes["last_reset"] == reset.isoformat()
    reset = reporter.report(signals.CHARGE_ENERGY_ADDED, 0.0)
    assert state_of(hass, ADDED).attributes["last_reset"] == reset.isoformat()


async def test_an_odometer_never_falls_by_rounding(hass: HomeAssistant, reporter: Reporter) -> None:
    shown = []
    for value in (20_000.46, 20_000.4, None, 20_000.45, 20_000.5, 19_999.6):
        reporter.report(signals.ODOMETER, value)
        shown.append(state_of(hass, ODOMETER).state)
    assert shown == ["20000.46", "20000.46", "unknown", "20000.46", "20000.5", "20000.5"]
    await hass.config_entries.async_reload(reporter.entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(hass, ODOMETER).state == "20000.5"
    reporter.report(signals.ODOMETER, 100.0)
    assert state_of(hass, ODOMETER).state == "100.0", (
        "another computer, which counts from the beginning"
    )


NOON = datetime(2026, 10, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "began"),
    [
        ((), False),
        ((0.0,), False),
        ((5.0, 4.0), False),
        ((5.0, 3.9), True),
        ((0.5, 0.0), True),
        ((0.0, 0.0), False),
    ],
)
def test_a_beginning(values: tuple[float, ...], *, began: bool) -> None:
    counter = SessionCounter()
    for value in values:
        counter = counter.after(value, NOON)
    assert counter.began_at == (NOON if began else None)


@pytest.mark.parametrize(
    ("before", "value", "shown"),
    [(None, 5.0, 5.0), (5.0, 5.1, 5.1), (5.0, 4.0, 5.0), (5.0, 3.9, 3.9), (0.5, 0.0, 0.5)],
)
def test_small_falls_are_rounding(before: float | None, value: float, shown: float) -> None:
    assert LifetimeCounter(before).after(value, NOON).value == shown
