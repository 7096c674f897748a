"""Forecast of the sun: the step of each provider, nights and gaps, several entries, failures."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from hypothesis import given
from hypothesis import strategies as st
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)

from custom_components.flotte.charging.forecast import Quarters, SunForecast, read_forecast
from tests.price_answers import utc

NOW = utc("2024-04-26T05:00")


def power(quarters: Quarters, moment: str) -> float | None:
    """The power in kW in a quarter of an hour."""
    found = quarters.get(int(utc(moment).timestamp()) // 900)
    return None if found is None else round(found, 6)


def powers(quarters: Quarters, first: str, count: int) -> list[float | None]:
    """The power in kW in some quarters of an hour."""
    start = utc(first)
    return [
        power(quarters, (start + index * timedelta(minutes=15)).isoformat()[:16])
        for index in range(count)
    ]


# --- Providers -----------------------------------------------------------------------------------

FORECAST_SOLAR = {
    "2024-04-26T06:20:17+02:00": 0,
    "2024-04-26T07:00:00+02:00": 89,
    "2024-04-26T08:00:00+02:00": 376,
    "2024-04-26T09:00:00+02:00": 538,
    "2024-04-26T20:00:00+02:00": 64,
    "2024-04-26T20:59:23+02:00": 19,
    "2024-04-27T06:18:17+02:00": 0,
    "2024-04-27T07:00:00+02:00": 67,
}
"""From an answer of its public service, without the middle of the day."""


def test_forecast_solar_names_the_end_of_an_hour() -> None:
    quarters = read_forecast(FORECAST_SOLAR, by_end=True)
    # From 07:00 to 08:00 in Amsterdam, in which the power rose from 270 to 481 W.
    assert powers(quarters, "2024-04-26T05:00", 4) == [0.376] * 4
    assert powers(quarters, "2024-04-26T06:00", 4) == [0.538] * 4
    # Its first period begins at sunrise: 89 Wh in 2383 seconds, of which 583 are before 04:30.
    assert powers(quarters, "2024-04-26T04:15", 3) == [
        pytest.approx(89 * 583 / 2383 / 250, abs=1e-6),
        pytest.approx(89 * 900 / 2383 / 250, abs=1e-6),
        pytest.approx(89 * 900 / 2383 / 250, abs=1e-6),
    ]
    # What is missing is unknown; the night is dark.
    assert powers(quarters, "2024-04-26T07:00", 1) == [None]
    assert powers(quarters, "2024-04-26T17:00", 4) == [0.064] * 4
    assert powers(quarters, "2024-04-26T19:00", 36) == [0.0] * 36
    assert powers(quarters, "2024-04-27T05:00", 1) == [None]


def test_forecast_solar_with_an_account() -> None:
    energy = {
        "2024-04-27T09:00:00+02:00": 155,
        "2024-04-27T09:30:00+02:00": 186,
        "2024-04-27T10:00:00+02:00": 215,
    }
    quarters = read_forecast(energy, by_end=True)
    assert powers(quarters, "2024-04-27T06:30", 6) == [0.31, 0.31, 0.372, 0.372, 0.43, 0.43]
    assert len(quarters) == 6


def test_a_quarter_of_an_hour_that_is_known_in_part_is_unknown() -> None:
    energy = {
        "2024-04-26T19:00:00+02:00": 147,
        "2024-04-26T20:00:00+02:00": 64,
        "2024-04-26T20:58:30+02:00": 19,
    }
    quarters = read_forecast(energy, by_end=True)
    assert power(quarters, "2024-04-26T18:30") == pytest.approx(19 * 900 / 3510 / 250, abs=1e-6)
    assert power(quarters, "2024-04-26T18:45") is None


def test_victron_names_the_start_of_an_hour() -> None:
    energy = {"2026-11-30T10:00:00+00:00": 1500.5, "2026-11-30T11:00:00+00:00": 1200.0}
    quarters = read_forecast(energy, by_end=False)
    assert powers(quarters, "2026-11-30T09:45", 9) == [None] + [1.5005] * 4 + [1.2] * 4


def test_half_hours_and_quarters_by_their_start() -> None:
    half = {"2026-11-30T11:30:00+01:00": 500, "2026-11-30T12:00:00+01:00": 250}
    quarters = read_forecast(half, by_end=False)
    assert powers(quarters, "2026-11-30T10:30", 5) == [1.0, 1.0, 0.5, 0.5, None]
    quarter = {"2026-11-30T11:30:00+01:00": 500, "2026-11-30T11:45:00+01:00": 250}
    quarters = read_forecast(quarter, by_end=False)
    assert powers(quarters, "2026-11-30T10:15", 4) == [None, 2.0, 1.0, None]


def test_solcast_leaves_out_the_night() -> None:
    energy = {
        "2026-11-30T15:00:00+00:00": 20,
        "2026-11-30T15:30:00+00:00": 0,
        "2026-12-01T07:30:00+00:00": 30,
    }
    quarters = read_forecast(energy, by_end=False)
    assert powers(quarters, "2026-11-30T15:30", 65) == [0.0] * 64 + [0.06]


def test_the_hours_of_a_day_on_which_clocks_change() -> None:
    energy = {"2026-10-25T02:00:00+02:00": 100, "2026-10-25T02:00:00+01:00": 200}
    quarters = read_forecast(energy, by_end=False)
    assert powers(quarters, "2026-10-25T00:00", 8) == [0.1] * 4 + [0.2] * 4


@pytest.mark.parametrize(
    "energy",
    [
        None,
        [],
        {},
        {"2026-11-30T10:00:00+00:00": 100},
        {"2026-11-30T10:00:00": 100, "2026-11-30T11:00:00": 100},
        {"yesterday": 100, "2026-11-30T10:00:00+00:00": None, "2026-11-30T11:00:00+00:00": "5"},
        {"2026-11-30T10:00:00+00:00": -1, "2026-11-30T11:00:00+00:00": True},
        {"2026-11-28T10:00:00+00:00": 10, "2026-11-30T10:00:00+00:00": 10},
    ],
)
def test_an_odd_forecast_is_unknown(energy: object) -> None:
    assert read_forecast(energy, by_end=True) == read_forecast(energy, by_end=False) == {}


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3000)), max_size=30),
    st.sampled_from((1, 0)),
)
def test_no_energy_is_invented(rows: list[tuple[int, int]], by_end: int) -> None:
    energy = {(NOW + timedelta(minutes=5 * step)).isoformat(): wh for step, wh in rows}
    quarters = read_forecast(energy, by_end=bool(by_end))
    assert all(each >= 0 for each in quarters.values())
    assert sum(quarters.values()) / 4 * 1000 <= sum(energy.values()) + 1e-6


# --- In Home Assistant ---------------------------------------------------------------------------

HOURS = {"2024-04-26T05:00:00+00:00": 1000, "2024-04-26T06:00:00+00:00": 2000}


class Provider:
    """A provider, whose forecast is set by a test."""

    def __init__(self, hass: HomeAssistant, domain: str, *, is_loaded: bool = True) -> None:
        self.forecast: Callable[[], Any] = lambda: {"wh_hours": HOURS}
        self.calls = 0
        mock_integration(hass, MockModule(domain), built_in=False)
        module = SimpleNamespace(async_get_solar_forecast=self.get)
        mock_platform(hass, f"{domain}.energy", module)
        hass.config.components.add(domain)
        self.entry = MockConfigEntry(domain=domain)
        self.entry.add_to_hass(hass)
        if is_loaded:
            self.entry.mock_state(hass, ConfigEntryState.LOADED)

    async def get(self, _hass: HomeAssistant, entry_id: str) -> Any:
        """Answer a request."""
        assert entry_id == self.entry.entry_id
        self.calls += 1
        return self.forecast()


async def settle(hass: HomeAssistant) -> None:
    """Let requests end."""
    await hass.async_block_till_done(wait_background_tasks=True)


async def wait(hass: HomeAssistant, freezer: FrozenDateTimeFactory, hours: float) -> None:
    """Move time, and let requests end."""
    freezer.tick(timedelta(hours=hours))
    async_fire_time_changed(hass)
    await settle(hass)


@pytest.fixture
def sun(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Any:
    freezer.move_to(NOW)
    forecast = SunForecast(hass)
    yield forecast
    forecast.async_stop()


async def test_several_entries_are_added(hass: HomeAssistant, sun: SunForecast) -> None:
    one, other = Provider(hass, "roof_forecast"), Provider(hass, "forecast_solar")
    notified: list[None] = []
    sun.changed.subscribe(lambda: notified.append(None))
    sun.async_start([one.entry.entry_id, other.entry.entry_id])
    assert sun.kilowatts(NOW, NOW + timedelta(hours=1)) == [None] * 4
    await settle(hass)
    assert notified == [None]
    # The second one names ends: its first hour is the one before, and its second one is 2 kW.
    start = NOW - timedelta(minutes=15)
    assert sun.kilowatts(start, NOW + timedelta(minutes=61)) == [None] + [3.0] * 4 + [None]
    # A part of a quarter of an hour counts as one.
    assert sun.kilowatts(NOW + timedelta(minutes=1), NOW + timedelta(minutes=16)) == [3.0] * 2
    sun.async_start([one.entry.entry_id])
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [1.0]
    sun.async_start([])
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [None]


@pytest.mark.parametrize("answer", [None, {}, {"wh_hours": None}, KeyError("x"), TimeoutError()])
async def test_a_failure_keeps_the_forecast_for_a_day(
    hass: HomeAssistant, sun: SunForecast, freezer: FrozenDateTimeFactory, answer: Any
) -> None:
    provider = Provider(hass, "roof_forecast")
    sun.async_start([provider.entry.entry_id])
    await settle(hass)

    def fail() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    provider.forecast = fail
    await wait(hass, freezer, 1.01)
    assert provider.calls == 2
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [1.0]
    await wait(hass, freezer, 23)
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [None]
    sun.async_stop()
    calls = provider.calls
    await wait(hass, freezer, 2)
    assert provider.calls == calls


async def test_a_provider_that_does_not_answer(
    hass: HomeAssistant, sun: SunForecast, freezer: FrozenDateTimeFactory
) -> None:
    running, never = asyncio.Event(), asyncio.Event()
    provider = Provider(hass, "roof_forecast")
    is_slow = True

    async def get(_hass: HomeAssistant, _entry_id: str) -> Any:
        provider.calls += 1
        if is_slow:
            running.set()
            await never.wait()
        return {"wh_hours": HOURS}

    mock_platform(hass, "roof_forecast.energy", SimpleNamespace(async_get_solar_forecast=get))
    sun.async_start([provider.entry.entry_id])
    await running.wait()
    # One request at a time.
    provider.entry.mock_state(hass, ConfigEntryState.LOADED)
    await asyncio.sleep(0)
    assert provider.calls == 1
    is_slow = False
    await wait(hass, freezer, 0.02)
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [None]
    await wait(hass, freezer, 1)
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [1.0]


async def test_an_entry_that_is_loaded_later(hass: HomeAssistant, sun: SunForecast) -> None:
    provider = Provider(hass, "roof_forecast", is_loaded=False)
    provider.forecast = dict
    sun.async_start([provider.entry.entry_id])
    await settle(hass)
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [None]
    provider.forecast = lambda: {"wh_hours": HOURS}
    provider.entry.mock_state(hass, ConfigEntryState.LOADED)
    await settle(hass)
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [1.0]
    # It is not requested each time that something of the entry changes.
    provider.entry.mock_state(hass, ConfigEntryState.LOADED)
    await settle(hass)
    assert provider.calls == 2
    # One of two is unknown.
    sun.async_start([provider.entry.entry_id, "gone"])
    assert sun.kilowatts(NOW, NOW + timedelta(minutes=15)) == [None]
