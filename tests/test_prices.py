"""Prices of energy at home: their origin, when they are fetched, and what a failure costs."""

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.flotte.charging.preferences import EnergyDashboard
from custom_components.flotte.charging.price_entities import listed_slots
from custom_components.flotte.charging.price_slots import PriceSlot
from custom_components.flotte.charging.prices import EnergyPriceSource, PriceOptions, PriceOrigin
from custom_components.flotte.charging.surcharge import Surcharge
from custom_components.flotte.coordinator import SiteCoordinator
from simulator import Simulator
from tests.conftest import SITE, EntryMaker, register_key, set_up
from tests.fleet import MINUTE, Wait
from tests.price_answers import Asked, answering, utc

pytestmark = pytest.mark.freeze_time("2026-11-30T10:20:00+00:00")

NOW = utc("2026-11-30T10:20")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICE = "sensor.price"
EXPORT = "sensor.export_price"


@pytest.fixture
async def source(hass: HomeAssistant) -> Any:
    """The prices of a home in Amsterdam without a Tesla site."""
    await hass.config.async_update(time_zone="Europe/Amsterdam", country="NL", currency="EUR")
    prices = EnergyPriceSource(hass, lambda: ())
    yield prices
    prices.async_stop()


def hours(first: str, count: int, price: float) -> list[dict[str, Any]]:
    """Rows of EnergyZero."""
    start = utc(first)
    return [
        {
            "start": str(start + index * HOUR),
            "end": str(start + (index + 1) * HOUR),
            "timestamp": str(start + index * HOUR),
            "price": price,
        }
        for index in range(count)
    ]


class EnergyZero:
    """EnergyZero with literal prices by day; a day that is missing fails."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.days = {"2026-11-30": hours("2026-11-29T23:00", 24, 0.25)}
        self.asked: Asked = answering(hass, "energyzero", "get_energy_prices", self._answer)

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        if call["start"] not in self.days:
            raise HomeAssistantError("no data")
        return {"prices": self.days[call["start"]]}

    def asked_for(self) -> list[str]:
        """The days that were asked for since the last call of this."""
        days = [call["start"] for call in self.asked.calls]
        self.asked.calls.clear()
        return days


@pytest.fixture
def energyzero(hass: HomeAssistant, source: EnergyPriceSource) -> EnergyZero:
    return EnergyZero(hass)


def origin_of(prices: EnergyPriceSource) -> PriceOrigin:
    """The origin; mypy takes a property for the same all the time."""
    return prices.origin


async def settle(hass: HomeAssistant) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)


async def move_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str) -> None:
    """Set the clock, and let whatever is due run."""
    freezer.move_to(utc(moment))
    async_fire_time_changed(hass)
    await settle(hass)


# --- The origin ----------------------------------------------------------------------------------


async def test_a_home_without_prices(hass: HomeAssistant, source: EnergyPriceSource) -> None:
    source.async_start(PriceOptions(), EnergyDashboard())
    assert origin_of(source) is PriceOrigin.NONE
    assert source.grid_now(NOW) is None
    assert source.feed_in_now(NOW) is None
    assert source.slots(NOW, NOW + DAY) == source.feed_in_slots(NOW, NOW + DAY) == []


OF_DASHBOARD = EnergyDashboard(
    import_price_entity=PRICE,
    import_price=0.31,
    export_price_entity=EXPORT,
    export_price=0.07,
)


@pytest.mark.parametrize(
    ("options", "dashboard", "origin", "grid"),
    [
        (PriceOptions(price=0.3), EnergyDashboard(import_price=0.31), PriceOrigin.FIXED, 0.3),
        (PriceOptions(), EnergyDashboard(import_price=0.31), PriceOrigin.FIXED, 0.31),
        (PriceOptions(price=0.0), EnergyDashboard(import_price=0.31), PriceOrigin.FIXED, 0.0),
        (PriceOptions(price=0.3), OF_DASHBOARD, PriceOrigin.ENTITY, 0.4),
        (PriceOptions(entity=EXPORT), OF_DASHBOARD, PriceOrigin.ENTITY, 0.08),
        (PriceOptions(entity="sensor.gone"), OF_DASHBOARD, PriceOrigin.ENTITY, None),
        (PriceOptions.from_options({"charging_price": 0.5}), EnergyDashboard(), "fixed", 0.5),
        (PriceOptions.from_options({"charging_price": "x"}), EnergyDashboard(), "none", None),
    ],
)
async def test_origin(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    options: PriceOptions,
    dashboard: EnergyDashboard,
    origin: PriceOrigin,
    grid: float | None,
) -> None:
    hass.states.async_set(PRICE, "400", {"unit_of_measurement": "EUR/MWh"})
    hass.states.async_set(EXPORT, "0.08", {"unit_of_measurement": "EUR/kWh"})
    source.async_start(options, dashboard)
    assert source.origin is PriceOrigin(origin)
    assert source.grid_now(NOW) == grid
    slots = source.slots(NOW, NOW + DAY)
    assert {slot.price for slot in slots} == ({grid} if grid is not None else set())
    # An entity knows no price but that of now.
    ends = {
        PriceOrigin.ENTITY: utc("2026-11-30T10:30"),
        PriceOrigin.FIXED: NOW + DAY,
    }
    assert all(slot.end == ends[source.origin] for slot in slots)


@pytest.mark.parametrize(
    ("options", "dashboard", "feed_in"),
    [
        (PriceOptions(feed_in=0.05), OF_DASHBOARD, 0.05),
        (PriceOptions(), OF_DASHBOARD, 0.08),
        (PriceOptions(), EnergyDashboard(export_price=0.07), 0.07),
        (PriceOptions(), EnergyDashboard(export_price_entity="sensor.gone"), None),
    ],
)
async def test_feed_in(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    options: PriceOptions,
    dashboard: EnergyDashboard,
    feed_in: float | None,
) -> None:
    hass.states.async_set(EXPORT, "0.08", {"unit_of_measurement": "EUR/kWh"})
    source.async_start(options, dashboard)
    assert source.feed_in_now(NOW) == feed_in
    slots = source.feed_in_slots(NOW, NOW + HOUR)
    assert [slot.price for slot in slots] == ([] if feed_in is None else [feed_in])


async def test_integrations_before_entities(
    hass: HomeAssistant, source: EnergyPriceSource, energyzero: EnergyZero
) -> None:
    hass.states.async_set(PRICE, "0.4", {"unit_of_measurement": "EUR/kWh"})
    # The only one that is loaded; but an entity with taxes and fees shows the price of now.
    source.async_start(PriceOptions(), EnergyDashboard(import_price_entity=PRICE))
    await settle(hass)
    assert origin_of(source) is PriceOrigin.SERVICE
    assert source.grid_now(NOW) == 0.4
    assert {round(slot.price, 9) for slot in source.slots(NOW, NOW + DAY)} == {0.4}
    # A fixed price that the owner named is no guess.
    source.async_start(PriceOptions(price=0.3), EnergyDashboard())
    assert origin_of(source) is PriceOrigin.FIXED
    # A second one: none is the only one, until the owner chooses.
    easyenergy = answering(hass, "easyenergy", "get_energy_usage_prices", lambda _: {})
    source.async_start(PriceOptions(), EnergyDashboard())
    assert origin_of(source) is PriceOrigin.NONE
    source.async_start(PriceOptions(service=energyzero.asked.entry.entry_id), OF_DASHBOARD)
    assert origin_of(source) is PriceOrigin.SERVICE
    # The one behind the price entity of the Energy dashboard.
    entity = er.async_get(hass).async_get_or_create(
        "sensor", "easyenergy", "today", config_entry=easyenergy.entry
    )
    energyzero.asked_for()
    source.async_start(PriceOptions(), EnergyDashboard(import_price_entity=entity.entity_id))
    assert source.slots(NOW, NOW + DAY) == []
    await settle(hass)
    assert origin_of(source) is PriceOrigin.SERVICE
    assert source.slots(NOW, NOW + DAY) == []
    assert energyzero.asked_for() == []
    assert easyenergy.calls


async def test_taxes_and_fees_of_an_exchange(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    energyzero: EnergyZero,
    freezer: FrozenDateTimeFactory,
) -> None:
    """The owner's entity has 15 cents more than the exchange."""
    energyzero.days["2026-11-30"][11]["price"] = 0.35
    energyzero.days["2026-11-30"][12]["price"] = 0.45
    hass.states.async_set(PRICE, "0.5", {"unit_of_measurement": "EUR/kWh"})
    source.async_start(PriceOptions(entity=PRICE), EnergyDashboard())
    await settle(hass)
    expected = [0.5, 0.6, 0.4, 0.4]
    hour = utc("2026-11-30T10:00")
    assert [slot.price for slot in source.slots(hour, hour + 4 * HOUR)] == pytest.approx(expected)
    # It is late: for a moment it shows the price of the hour before.
    await move_to(hass, freezer, "2026-11-30T11:00:02")
    hass.states.async_set(PRICE, "0.5", {"unit_of_measurement": "EUR/kWh", "late": True})
    await move_to(hass, freezer, "2026-11-30T11:00:10")
    hass.states.async_set(PRICE, "0.6", {"unit_of_measurement": "EUR/kWh"})
    await settle(hass)
    assert [slot.price for slot in source.slots(hour, hour + 4 * HOUR)] == pytest.approx(expected)
    # While it is unavailable, nothing changes.
    hass.states.async_set(PRICE, "unavailable")
    await settle(hass)
    assert source.grid_now(hour) == pytest.approx(0.5)
    assert source.grid_now(hour + HOUR) == pytest.approx(0.6)


def test_the_surcharge_is_that_of_most_hours() -> None:
    slots = [PriceSlot(NOW + index * HOUR, NOW + (index + 1) * HOUR, 0.1) for index in range(30)]
    surcharge = Surcharge()
    assert surcharge.added("nordpool", slots) == slots
    for index, slot in enumerate(slots):
        surcharge.observe("nordpool", slot, 0.9 if index < 18 else 0.3)
    # Of the last 24 hours, the first 12 had 0.8 more, the others 0.2.
    assert surcharge.added("nordpool", slots)[0].price == pytest.approx(0.6)
    assert surcharge.added("tibber", slots) == slots
    surcharge.observe("tibber", slots[0], 0.1)
    assert surcharge.added("tibber", slots)[0].price == pytest.approx(0.1)


# --- When prices are fetched ---------------------------------------------------------------------


async def test_prices_are_fetched_each_hour_and_when_they_are_published(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    energyzero: EnergyZero,
    freezer: FrozenDateTimeFactory,
) -> None:
    today, tomorrow = "2026-11-30", "2026-12-01"
    notified: list[None] = []
    source.changed.subscribe(lambda: notified.append(None))
    source.async_start(PriceOptions(), EnergyDashboard())
    await settle(hass)
    assert energyzero.asked_for() == [today, tomorrow]
    assert len(source.slots(NOW, NOW + 2 * DAY)) == 13
    assert source.grid_now(NOW) == 0.25
    assert notified
    await move_to(hass, freezer, "2026-11-30T11:19:59")
    assert energyzero.asked_for() == []
    await move_to(hass, freezer, "2026-11-30T11:20:01")
    assert energyzero.asked_for() == [today, tomorrow]
    # 13:05 in Amsterdam, and then each quarter of an hour until they are there.
    await move_to(hass, freezer, "2026-11-30T12:05:01")
    await move_to(hass, freezer, "2026-11-30T12:20:02")
    assert energyzero.asked_for() == [today, tomorrow] * 2
    energyzero.days[tomorrow] = hours("2026-11-30T23:00", 24, 0.2)
    await move_to(hass, freezer, "2026-11-30T12:35:03")
    assert energyzero.asked_for() == [today, tomorrow]
    assert len(source.slots(NOW, NOW + 2 * DAY)) == 13 + 24
    await move_to(hass, freezer, "2026-11-30T13:30:00")
    assert energyzero.asked_for() == []
    await move_to(hass, freezer, "2026-11-30T13:35:04")
    assert energyzero.asked_for() == [today, tomorrow]
    source.async_stop()
    await move_to(hass, freezer, "2026-11-30T15:00:00")
    assert energyzero.asked_for() == []


async def test_a_failure_loses_nothing(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    energyzero: EnergyZero,
    freezer: FrozenDateTimeFactory,
) -> None:
    source.async_start(PriceOptions(), EnergyDashboard())
    await settle(hass)
    energyzero.days = {}
    await move_to(hass, freezer, "2026-11-30T11:20:01")
    assert source.grid_now(utc("2026-11-30T11:20")) == 0.25
    assert len(source.slots(NOW, NOW + DAY)) == 13
    energyzero.asked_for()
    await move_to(hass, freezer, "2026-11-30T11:35:02")
    assert energyzero.asked_for() == ["2026-11-30", "2026-12-01"]
    assert source.grid_now(utc("2026-12-01T12:00")) is None


async def test_an_integration_that_is_loaded_later(
    hass: HomeAssistant, source: EnergyPriceSource, energyzero: EnergyZero
) -> None:
    entry = energyzero.asked.entry
    entry.mock_state(hass, ConfigEntryState.SETUP_RETRY)
    source.async_start(PriceOptions(service=entry.entry_id), EnergyDashboard())
    await settle(hass)
    assert origin_of(source) is PriceOrigin.SERVICE
    assert source.grid_now(NOW) is None
    entry.mock_state(hass, ConfigEntryState.LOADED)
    await settle(hass)
    assert source.grid_now(NOW) == 0.25


async def test_an_integration_that_does_not_answer(
    hass: HomeAssistant, source: EnergyPriceSource, freezer: FrozenDateTimeFactory
) -> None:
    running, never = asyncio.Event(), asyncio.Event()
    calls: list[str] = []
    is_slow = True

    async def answer(call: ServiceCall) -> ServiceResponse:
        calls.append(call.data["start"])
        if is_slow:
            running.set()
            await never.wait()
        rows: Any = hours("2026-11-29T23:00", 24, 0.25)
        return {"prices": rows}

    asked = answering(hass, "energyzero", "get_energy_prices", lambda _: {})
    hass.services.async_register(
        "energyzero", "get_energy_prices", answer, supports_response=SupportsResponse.ONLY
    )
    options = PriceOptions(service=asked.entry.entry_id)
    source.async_start(options, EnergyDashboard())
    await running.wait()
    # One call at a time.
    source.async_start(options, EnergyDashboard())
    asked.entry.mock_state(hass, ConfigEntryState.LOADED)
    await asyncio.sleep(0)
    assert calls == ["2026-11-30"]
    is_slow = False
    await move_to(hass, freezer, "2026-11-30T10:21:02")
    # The days after the one without an answer are still requested.
    assert calls == ["2026-11-30", "2026-12-01"]
    assert source.grid_now(NOW) == 0.25


async def test_a_currency_is_logged_once(
    hass: HomeAssistant,
    source: EnergyPriceSource,
    energyzero: EnergyZero,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    await hass.config.async_update(currency="CHF")
    with caplog.at_level(logging.WARNING, "custom_components.flotte"):
        source.async_start(PriceOptions(), EnergyDashboard())
        await settle(hass)
        await move_to(hass, freezer, "2026-11-30T11:20:01")
    assert source.slots(NOW, NOW + DAY) == []
    assert caplog.text.count("are not used: they are in EUR") == 1
    assert energyzero.asked_for() == []


@pytest.mark.parametrize("unit", ["ct/kWh", "EUR", "CHF/kWh"])
async def test_an_entity_of_another_unit_is_logged_once(
    hass: HomeAssistant, source: EnergyPriceSource, unit: str, caplog: pytest.LogCaptureFixture
) -> None:
    hass.states.async_set(PRICE, "25", {"unit_of_measurement": unit})
    with caplog.at_level(logging.WARNING, "custom_components.flotte"):
        source.async_start(PriceOptions(entity=PRICE), EnergyDashboard())
        assert source.grid_now(NOW) is None
        assert source.slots(NOW, NOW + DAY) == []
    text = f"Prices of sensor.price are not used: their unit is {unit}, not EUR/kWh"
    assert caplog.text.count(text) == 1


# --- Entities that list their prices -------------------------------------------------------------

ROW = ("2026-11-30T11:00:00+01:00", "2026-11-30T12:00:00+01:00")
NEXT = ("2026-12-01T11:00:00+01:00", "2026-12-01T12:00:00+01:00")


def rows(start: str, end: str, price: str, values: tuple[float, float]) -> list[dict[str, Any]]:
    """The hour of now and one of tomorrow."""
    spans = zip((ROW, NEXT), values, strict=True)
    return [{start: span[0], end: span[1], price: value} for span, value in spans]


NORD_POOL = rows("start", "end", "value", (251.2, 198.0))
EPEX = ("start_time", "end_time")
OCTOPUS = rows("start", "end", "value_inc_vat", (0.2512, 0.198))


@pytest.mark.parametrize(
    ("state", "unit", "attributes"),
    [
        ("251", "EUR/MWh", {"raw_today": NORD_POOL[:1], "raw_tomorrow": NORD_POOL[1:]}),
        ("0.251", "EUR/kWh", {"data": rows(*EPEX, "price_per_kwh", (0.2512, 0.198))}),
        ("0.251", "EUR/kWh", {"data": rows(*EPEX, "price_ct_per_kwh", (25.12, 19.8))}),
        ("251.2", "EUR/MWh", {"data": rows(*EPEX, "price_eur_per_mwh", (251.2, 198.0))}),
        ("0.251", "EUR/kWh", {"rates": OCTOPUS}),
    ],
)
async def test_an_entity_that_lists_its_prices(
    hass: HomeAssistant, source: EnergyPriceSource, state: str, unit: str, attributes: Any
) -> None:
    source.async_start(PriceOptions(entity=PRICE), EnergyDashboard())
    hass.states.async_set(PRICE, state, attributes | {"unit_of_measurement": unit})
    await settle(hass)
    slots = source.slots(NOW, NOW + 2 * DAY)
    assert [(slot.start, slot.end) for slot in slots] == [
        (utc("2026-11-30T10:00"), utc("2026-11-30T11:00")),
        (utc("2026-12-01T10:00"), utc("2026-12-01T11:00")),
    ]
    assert [slot.price for slot in slots] == pytest.approx([0.2512, 0.198])
    # It shows the next price before its list has changed, or is unavailable: nothing is lost.
    hass.states.async_set(PRICE, "unavailable")
    await settle(hass)
    assert source.slots(NOW, NOW + 2 * DAY) == slots
    assert source.grid_now(NOW) is None


@pytest.mark.parametrize(
    ("state", "unit", "attributes"),
    [
        ("0.31", "EUR/kWh", {"data": rows(*EPEX, "price_ct_per_kwh", (25.12, 19.8))}),
        ("25.12", "ct/kWh", {"data": rows(*EPEX, "price_ct_per_kwh", (25.12, 19.8))}),
        ("0.2512", "EUR/kWh", {"raw_today": rows("start", "end", "value", (25.12, 19.8))}),
        ("0.2512", "EUR/kWh", {"raw_today": NORD_POOL[1:]}),
        ("0.2512", "EUR/kWh", {"data": "soon", "rates": {"start": 1}, "raw_today": [None, 3]}),
    ],
)
async def test_a_list_that_contradicts_its_entity_is_not_used(
    hass: HomeAssistant, source: EnergyPriceSource, state: str, unit: str, attributes: Any
) -> None:
    hass.states.async_set(PRICE, state, attributes | {"unit_of_measurement": unit})
    assert listed_slots(hass, PRICE, NOW) == []


async def test_octopus_lists_prices_in_events(
    hass: HomeAssistant, source: EnergyPriceSource
) -> None:
    await hass.config.async_update(currency="GBP")
    registry = er.async_get(hass)
    meter = "octopus_energy_electricity_19L_1200"
    ids = [
        registry.async_get_or_create(domain, "octopus_energy", meter + name).entity_id
        for domain, name in (
            ("sensor", "_current_rate"),
            ("event", "_current_day_rates"),
            ("event", "_next_day_rates"),
        )
    ]
    hass.states.async_set(ids[0], "0.2512", {"unit_of_measurement": "GBP/kWh"})
    assert listed_slots(hass, ids[0], NOW) == []
    hass.states.async_set(ids[1], NOW.isoformat(), {"rates": OCTOPUS[:1]})
    hass.states.async_set(ids[2], NOW.isoformat(), {"rates": OCTOPUS[1:]})
    assert [slot.price for slot in listed_slots(hass, ids[0], NOW)] == [0.2512, 0.198]


# --- The tariff of a site ------------------------------------------------------------------------


@pytest.fixture
async def site(
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> SiteCoordinator:
    """The simulated house: 0.38 EUR from 17:00 to 21:00 in Amsterdam, otherwise 0.24."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CALENDAR, Platform.SENSOR])
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass_at_tesla, tesla)
    entry = make_entry()
    await set_up(hass_at_tesla, entry)
    await wait(MINUTE)
    coordinator: SiteCoordinator = entry.runtime_data.sites[0]
    return coordinator


async def test_the_tariff_of_a_site(
    hass: HomeAssistant,
    site: SiteCoordinator,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sites = [site.site]
    prices = EnergyPriceSource(hass, lambda: sites)
    prices.async_start(PriceOptions(price=0.3), EnergyDashboard())
    assert origin_of(prices) is PriceOrigin.SITE
    assert prices.grid_now(NOW) == 0.24
    assert prices.grid_now(utc("2026-11-30T16:00")) == 0.38
    assert prices.feed_in_now(NOW) == 0.09
    assert [
        (f"{slot.start:%d %H:%M}", f"{slot.end:%d %H:%M}", slot.price)
        for slot in prices.slots(NOW, utc("2026-11-30T20:30"))
    ] == [
        ("29 20:00", "30 16:00", 0.24),
        ("30 16:00", "30 20:00", 0.38),
        ("30 20:00", "01 16:00", 0.24),
    ]
    assert {slot.price for slot in prices.feed_in_slots(NOW, NOW + HOUR)} == {0.09}
    # The tariff of which site, and in which currency?
    sites.append(site.site)
    assert origin_of(prices) is PriceOrigin.FIXED
    sites.pop()
    assert origin_of(prices) is PriceOrigin.SITE
    year = {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31}
    tariff = {"seasons": {"Year": year}, "energy_charges": {"Year": {"rates": {"ALL": 0.31}}}}
    answers = {"values": {"site_info.tariff_content_v2": tariff | {"currency": "EUR"}}}
    tesla.world.sites[SITE].steer({"answers": answers})
    await wait(11 * MINUTE)
    assert prices.grid_now(NOW) == 0.31
    await hass.config.async_update(currency="CHF")
    assert origin_of(prices) is PriceOrigin.FIXED
    assert prices.feed_in_now(NOW) is None
    text = "Prices of the Tesla site's tariff are not used: they are in EUR"
    assert caplog.text.count(text) == 1
    prices.async_stop()
