"""Prices of the seven integrations, from literal answers in their own shape."""

import logging
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from hypothesis import given
from hypothesis import strategies as st
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.price_services import (
    PRICE_SERVICES,
    UnusablePrices,
    async_fetch_slots,
)
from custom_components.flotte.charging.price_slots import (
    PriceSlot,
    RowKeys,
    joined,
    price_at,
    read_slots,
)
from tests.price_answers import answering, utc

pytestmark = pytest.mark.freeze_time("2026-11-30T10:20:00+00:00")

NOW = utc("2026-11-30T10:20")
TOMORROWS_END = utc("2026-12-01T23:00")


async def in_zone(hass: HomeAssistant, zone: str, country: str, currency: str) -> None:
    """Move Home Assistant."""
    await hass.config.async_update(time_zone=zone, country=country, currency=currency)


def sensor(
    hass: HomeAssistant, entry: MockConfigEntry, place: str, name: str, unit: str, unique_id: str
) -> str:
    """Register a price sensor of a place, and return its entity id."""
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(entry.domain, place)}, name=name
    )
    return (
        er.async_get(hass)
        .async_get_or_create(
            "sensor",
            entry.domain,
            unique_id,
            config_entry=entry,
            device_id=device.id,
            unit_of_measurement=unit,
        )
        .entity_id
    )


def shown(slots: list[PriceSlot]) -> list[tuple[str, str, float]]:
    """Slots in a form that is read at a glance."""
    return [
        (f"{slot.start:%d %H:%M}", f"{slot.end:%d %H:%M}", round(slot.price, 6)) for slot in slots
    ]


# --- Each integration ----------------------------------------------------------------------------


NORD_POOL = {
    "2026-11-30": [
        {"start": "2026-11-29T23:00:00+00:00", "end": "2026-11-29T23:15:00+00:00", "price": 512.34},
        {"start": "2026-11-29T23:15:00+00:00", "end": "2026-11-29T23:30:00+00:00", "price": -3.1},
    ],
    "2026-12-01": [],
}
"""Per MWh; tomorrow's prices are missing."""


async def test_nord_pool(hass: HomeAssistant) -> None:
    await in_zone(hass, "Europe/Helsinki", "FI", "EUR")
    asked = answering(
        hass, "nordpool", "get_prices_for_date", lambda call: {"SE3": NORD_POOL[call["date"]]}
    )
    # 23:30 UTC is already tomorrow in Oslo.
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, utc("2026-11-30T23:30"))
    assert shown(slots) == [
        ("29 23:00", "29 23:15", 0.51234),
        ("29 23:15", "29 23:30", -0.0031),
    ]
    config_entry = asked.entry.entry_id
    assert asked.calls == [
        {"config_entry": config_entry, "date": "2026-11-30", "currency": "EUR"},
        {"config_entry": config_entry, "date": "2026-12-01", "currency": "EUR"},
    ]


async def test_nord_pool_with_several_areas(hass: HomeAssistant) -> None:
    row = {"start": "2026-11-30T10:00:00+00:00", "end": "2026-11-30T10:15:00+00:00"}
    answer = {"SE3": [row | {"price": 100.0}], "SE4": [row | {"price": 200.0}]}
    asked = answering(hass, "nordpool", "get_prices_for_date", lambda _: answer)
    entity_id = sensor(hass, asked.entry, "SE4", "Nord Pool SE4", "SEK/kWh", "SE4-current_price")
    slots = await async_fetch_slots(hass, asked.entry, entity_id, NOW, NOW + timedelta(hours=1))
    assert shown(slots) == [("30 10:00", "30 10:15", 0.2)]
    with pytest.raises(UnusablePrices, match="several places"):
        await async_fetch_slots(hass, asked.entry, None, NOW, NOW + timedelta(hours=1))


TIBBER: dict[str, dict[str, list[dict[str, Any]]]] = {
    "prices": {
        "Cabin": [{"start_time": "2026-11-30T11:00:00.000+01:00", "price": 9.0}],
        "Hjem": [
            {"start_time": "2026-11-30T11:00:00.000+01:00", "price": 0.46914},
            {"start_time": "2026-11-30T11:15:00.000+01:00", "price": 0.46},
            {"start_time": "2026-11-30T11:45:00.000+01:00", "price": 0.45},
        ],
    }
}


def tibber(call: dict[str, Any]) -> dict[str, Any]:
    """Leave out the slots that began before the span, as Tibber does."""
    start, end = (datetime.fromisoformat(call[key]) for key in ("start", "end"))
    return {
        "prices": {
            home: [row for row in rows if start <= datetime.fromisoformat(row["start_time"]) < end]
            for home, rows in TIBBER["prices"].items()
        }
    }


async def test_tibber(hass: HomeAssistant) -> None:
    await in_zone(hass, "Europe/Oslo", "NO", "NOK")
    asked = answering(hass, "tibber", "get_prices", tibber)
    entity_id = sensor(hass, asked.entry, "home-2", "Hjem", "NOK/kWh", "home-2")
    slots = await async_fetch_slots(hass, asked.entry, entity_id, NOW, TOMORROWS_END)
    # A missing quarter of an hour stays a gap; the last one is as long as the others.
    assert shown(slots) == [
        ("30 10:00", "30 10:15", 0.46914),
        ("30 10:15", "30 10:30", 0.46),
        ("30 10:45", "30 11:00", 0.45),
    ]
    assert asked.calls == [
        {"start": "2026-11-30T10:00:00+00:00", "end": "2026-12-01T23:00:00+00:00"}
    ]
    with pytest.raises(UnusablePrices, match="several places"):
        await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)


async def test_tibber_in_another_currency_or_of_another_account(hass: HomeAssistant) -> None:
    await in_zone(hass, "Europe/Oslo", "NO", "NOK")
    asked = answering(hass, "tibber", "get_prices", tibber)
    with pytest.raises(UnusablePrices, match="an unknown currency"):
        await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    sensor(hass, asked.entry, "home-2", "Hjem", "SEK/kWh", "home-2")
    with pytest.raises(UnusablePrices, match="in SEK, and Home Assistant's currency is NOK"):
        await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    second = answering(hass, "tibber", "get_prices", tibber)
    with pytest.raises(UnusablePrices, match="first of its accounts"):
        await async_fetch_slots(hass, second.entry, None, NOW, TOMORROWS_END)
    assert asked.calls == second.calls == []


def energyzero_day(call: dict[str, Any]) -> dict[str, Any]:
    """One hour of a day; tomorrow is not published."""
    if call["start"] == "2026-12-01":
        raise ServiceValidationError(translation_domain="energyzero", translation_key="no_data")
    return {
        "prices": [
            {
                "price": 0.29187,
                "timestamp": "2026-11-30 10:00:00+00:00",
                "start": "2026-11-30 10:00:00+00:00",
                "end": "2026-11-30 11:00:00+00:00",
            }
        ]
    }


@pytest.mark.parametrize(
    ("options", "interval"),
    [({}, "hour"), ({"electricity_price_interval": "quarter_hourly"}, "quarter")],
)
async def test_energyzero(hass: HomeAssistant, options: dict[str, Any], interval: str) -> None:
    await in_zone(hass, "Europe/Amsterdam", "NL", "EUR")
    asked = answering(hass, "energyzero", "get_energy_prices", energyzero_day, options=options)
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    assert shown(slots) == [("30 10:00", "30 11:00", 0.29187)]
    fields = {
        "config_entry": asked.entry.entry_id,
        "incl_vat": True,
        "price_type": "all_in",
        "interval": interval,
    }
    assert asked.calls == [
        fields | {"start": "2026-11-30", "end": "2026-11-30"},
        fields | {"start": "2026-12-01", "end": "2026-12-01"},
    ]


async def test_easyenergy(hass: HomeAssistant) -> None:
    await in_zone(hass, "Europe/Amsterdam", "NL", "EUR")
    answer = {
        "prices": [
            {"timestamp": "2026-11-30 09:00:00+00:00", "price": 0.25},
            {"timestamp": "2026-11-30 10:00:00+00:00", "price": 0.24},
        ]
    }
    asked = answering(hass, "easyenergy", "get_energy_usage_prices", lambda _: answer)
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, NOW + timedelta(hours=1))
    assert shown(slots) == [("30 09:00", "30 10:00", 0.25), ("30 10:00", "30 11:00", 0.24)]
    assert asked.calls == [
        {
            "config_entry": asked.entry.entry_id,
            "incl_vat": True,
            "granularity": "hour",
            "price_type": "invoice",
            "start": "2026-11-30",
            "end": "2026-11-30",
        }
    ]


async def test_omie(hass: HomeAssistant) -> None:
    # Portugal's clocks are an hour behind: its day of the market begins at 23:00.
    await in_zone(hass, "Europe/Lisbon", "PT", "EUR")
    row = {"start": "2026-12-01T00:00:00+01:00", "end": "2026-12-01T00:15:00+01:00"}
    answer = {"pt": [row | {"price": 0.0712}]}
    asked = answering(hass, "omie", "get_prices_for_date", lambda _: answer)
    start = utc("2026-11-30T23:10")
    slots = await async_fetch_slots(hass, asked.entry, None, start, start + timedelta(hours=1))
    assert shown(slots) == [("30 23:00", "30 23:15", 0.0712)]
    assert asked.calls == [{"date": "2026-12-01", "countries": ["pt"]}]
    # The day of the market after tomorrow is never known, although tomorrow ends in it.
    asked.calls.clear()
    await async_fetch_slots(hass, asked.entry, None, start, utc("2026-12-02T00:00"))
    assert asked.calls == [{"date": "2026-12-01", "countries": ["pt"]}]
    await in_zone(hass, "Europe/Lisbon", "FR", "EUR")
    with pytest.raises(UnusablePrices, match="neither in Spain nor in Portugal"):
        await async_fetch_slots(hass, asked.entry, None, start, start + timedelta(hours=1))


async def test_green_planet_energy(hass: HomeAssistant) -> None:
    await in_zone(hass, "Europe/Berlin", "DE", "EUR")
    answer = {
        "prices": [
            {
                "start": "2026-11-30T11:15:00+01:00",
                "end": "2026-11-30T11:30:00+01:00",
                "price": 0.301234,
            }
        ],
        "hours_requested": 24.0,
    }
    asked = answering(hass, "green_planet_energy", "get_prices", lambda _: answer)
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    assert shown(slots) == [("30 10:15", "30 10:30", 0.301234)]
    assert asked.calls == [{"config_entry_id": asked.entry.entry_id, "hours": 24}]


async def test_green_planet_energy_when_clocks_change(hass: HomeAssistant) -> None:
    """It adds to local time, so an end may be an hour late, or before its start."""
    await in_zone(hass, "Europe/Berlin", "DE", "EUR")
    autumn = ("2026-10-25T02:45:00+02:00", "2026-10-25T03:00:00+01:00")
    spring = ("2026-03-29T02:45:00+01:00", "2026-03-29T03:00:00+02:00")
    answer = {"prices": [{"start": a, "end": b, "price": 0.3} for a, b in (autumn, spring)]}
    asked = answering(hass, "green_planet_energy", "get_prices", lambda _: answer)
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    assert shown(slots) == [("25 00:45", "25 01:00", 0.3)]


async def test_amber(hass: HomeAssistant) -> None:
    await in_zone(hass, "Australia/Sydney", "AU", "AUD")
    interval = {"spike_status": "none", "nem_date": "2026-11-30T21:30:00+10:00"}
    answer = {
        "forecasts": [
            {
                "duration": 30,
                "start_time": "2026-11-30T11:00:01+00:00",
                "end_time": "2026-11-30T11:30:00+00:00",
                "per_kwh": 0.1,
            }
            | interval,
            {
                "duration": 5,
                "start_time": "2026-11-30T10:55:01+00:00",
                "end_time": "2026-11-30T11:00:00+00:00",
                "per_kwh": -0.02,
            }
            | interval,
        ]
    }
    asked = answering(hass, "amberelectric", "get_forecasts", lambda _: answer)
    slots = await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    assert shown(slots) == [("30 10:55", "30 11:00", -0.02), ("30 11:00", "30 11:30", 0.1)]
    assert slots[0].start == utc("2026-11-30T10:55")
    assert asked.calls == [{"config_entry_id": asked.entry.entry_id, "channel_type": "general"}]


# --- Whole days ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "quarters"), [("2026-11-30", 96), ("2026-03-29", 92), ("2026-10-25", 100)]
)
async def test_a_day_of_23_and_of_25_hours(hass: HomeAssistant, day: str, quarters: int) -> None:
    await in_zone(hass, "Europe/Stockholm", "SE", "SEK")
    zone = hass.config.time_zone
    midnight = {"2026-11-30": "29T23", "2026-03-29": "28T23", "2026-10-25": "24T22"}[day]
    start = utc(f"{day[:8]}{midnight}:00")
    rows = [
        {
            "start": (start + index * timedelta(minutes=15)).isoformat(),
            "end": (start + (index + 1) * timedelta(minutes=15)).isoformat(),
            "price": float(index),
        }
        for index in range(quarters)
    ]
    asked = answering(hass, "nordpool", "get_prices_for_date", lambda _: {"SE3": rows})
    end = start + quarters * timedelta(minutes=15)
    slots = await async_fetch_slots(hass, asked.entry, None, start, end)
    assert [call["date"] for call in asked.calls] == [day], zone
    assert len(slots) == quarters
    assert all(earlier.end == later.start for earlier, later in pairwise(slots))
    assert (slots[0].start, slots[-1].end) == (start, end)


# --- Failures ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [HomeAssistantError("no"), ServiceValidationError("no"), KeyError("x"), TimeoutError()]
)
async def test_an_action_that_fails_has_no_prices(hass: HomeAssistant, error: Exception) -> None:
    def fail(_call: dict[str, Any]) -> None:
        raise error

    asked = answering(hass, "nordpool", "get_prices_for_date", fail)
    assert await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END) == []
    assert len(asked.calls) == 2


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"prices": None},
        {"prices": {"start": 1}},
        {"prices": [None, 5, {}, {"start": "2026-11-30T11:15:00+01:00", "price": 0.3}]},
        {"prices": [{"start": "2026-11-30T11:15:00", "end": "2026-11-30T11:30:00", "price": 0.3}]},
        {"prices": [{"start": NOW.isoformat(), "end": NOW.isoformat(), "price": 0.3}]},
        {"prices": [{"start": NOW.isoformat(), "end": TOMORROWS_END.isoformat(), "price": "0.3"}]},
        {"prices": [{"start": NOW.isoformat(), "end": TOMORROWS_END.isoformat(), "price": True}]},
    ],
)
async def test_an_odd_answer_has_no_prices(hass: HomeAssistant, answer: dict[str, Any]) -> None:
    await in_zone(hass, "Europe/Berlin", "DE", "EUR")
    asked = answering(hass, "green_planet_energy", "get_prices", lambda _: answer)
    assert await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END) == []


async def test_an_action_that_is_missing(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    await in_zone(hass, "Europe/Berlin", "DE", "EUR")
    entry = answering(hass, "green_planet_energy", "get_cheapest_duration", lambda _: {}).entry
    entry.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    with pytest.raises(UnusablePrices, match="not loaded"):
        await async_fetch_slots(hass, entry, None, NOW, TOMORROWS_END)
    entry.mock_state(hass, ConfigEntryState.LOADED)
    with caplog.at_level(logging.DEBUG, "custom_components.flotte"):
        assert await async_fetch_slots(hass, entry, None, NOW, TOMORROWS_END) == []
    assert "ServiceNotFound" in caplog.text


@pytest.mark.parametrize("domain", sorted(set(PRICE_SERVICES) - {"nordpool", "tibber"}))
async def test_prices_in_another_currency_are_not_used(hass: HomeAssistant, domain: str) -> None:
    await in_zone(hass, "Europe/Zurich", "CH", "CHF")
    asked = answering(hass, domain, PRICE_SERVICES[domain].action, lambda _: {})
    with pytest.raises(UnusablePrices, match="Home Assistant's currency is CHF"):
        await async_fetch_slots(hass, asked.entry, None, NOW, TOMORROWS_END)
    assert asked.calls == []


# --- Slots ---------------------------------------------------------------------------------------


def slot(start: int, end: int, price: float) -> PriceSlot:
    """A slot of some minutes after NOW."""
    return PriceSlot(NOW + timedelta(minutes=start), NOW + timedelta(minutes=end), price)


def test_newer_prices_replace_older_ones() -> None:
    known = [slot(0, 30, 1.0), slot(30, 60, 2.0), slot(90, 120, 3.0)]
    assert joined(known, [slot(5, 10, 7.0), slot(30, 60, 8.0)]) == [
        slot(0, 5, 1.0),
        slot(5, 10, 7.0),
        slot(10, 30, 1.0),
        slot(30, 60, 8.0),
        slot(90, 120, 3.0),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(-20, 90)), max_size=12),
    st.lists(st.tuples(st.integers(0, 200), st.integers(-20, 90)), max_size=12),
    st.sampled_from(("end", None)),
)
def test_slots_never_overlap(
    first: list[tuple[int, int]], second: list[tuple[int, int]], end: str | None
) -> None:
    keys = RowKeys(end=end)
    read = [
        read_slots(
            [
                {
                    "start": NOW + timedelta(minutes=start),
                    "end": NOW + timedelta(minutes=start + length),
                    "price": float(index),
                }
                for index, (start, length) in enumerate(rows)
            ],
            keys,
        )
        for rows in (first, second)
    ]
    for slots in (*read, both := joined(*read)):
        assert all(one.start < one.end for one in slots)
        assert all(one.end <= other.start for one, other in pairwise(slots))
    for one in (*read[0], *read[1]):
        newer = price_at(read[1], one.start)
        assert price_at(both, one.start) == (one.price if newer is None else newer)
