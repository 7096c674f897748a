"""Calendars and prices of a site's electricity tariff."""

from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from simulator import Simulator
from simulator.energy import Site
from tests.conftest import SITE, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

CALENDAR = "calendar.home_buy_tariff"
PRICE = "sensor.home_buy_price"
SELL_PRICE = "sensor.home_sell_price"
TARIFF = "site_info.tariff_content_v2"


@pytest.fixture(autouse=True)
def _only_these_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CALENDAR, Platform.SENSOR])


@pytest.fixture
def house(tesla: Simulator) -> Site:
    """The simulated house: 0.38 EUR from 17:00 to 21:00 in Amsterdam, otherwise 0.24."""
    return tesla.world.sites[SITE]


@pytest.fixture
async def entry(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> MockConfigEntry:
    """An account that only shares its site, not set up yet."""
    for car in tesla.world.cars.values():
        car.steer({"account": "owner-2"})
    await register_key(hass_at_tesla, tesla)
    return make_entry()


@pytest.fixture
async def told(hass: HomeAssistant, entry: MockConfigEntry, wait: Wait) -> MockConfigEntry:
    """The account after its first poll."""
    await set_up(hass, entry)
    await wait(MINUTE)
    return entry


async def move_to(hass: HomeAssistant, freezer: FrozenDateTimeFactory, moment: str) -> None:
    """Set the clock, and let whatever is due run."""
    freezer.move_to(moment)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def events(hass: HomeAssistant, start: str, end: str) -> list[dict[str, Any]]:
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    found: Any = answer[CALENDAR]
    return list(found["events"])


async def test_calendars(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    wait: Wait,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CALENDAR])
    await set_up(hass, entry)
    await wait(MINUTE)
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)


async def test_current_price_is_the_current_event(
    hass: HomeAssistant, told: MockConfigEntry
) -> None:
    state = state_of(hass, CALENDAR)
    assert state.state == "on"
    assert state.attributes["message"] == "Off peak: 0.24 EUR/kWh"
    # In Home Assistant's time zone, which is San Diego's here: since 21:00 in Amsterdam.
    assert state.attributes["start_time"] == "2026-10-19 12:00:00"
    assert state.attributes["end_time"] == "2026-10-20 08:00:00"
    assert state_of(hass, PRICE).state == "0.24"
    assert state_of(hass, PRICE).attributes["unit_of_measurement"] == "EUR/kWh"
    assert state_of(hass, SELL_PRICE).state == "0.09"


async def test_price_changes_when_its_period_begins(
    hass: HomeAssistant, told: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """To the second, and not with the next poll."""
    await move_to(hass, freezer, "2026-10-20T14:59:58+00:00")
    assert state_of(hass, PRICE).state == "0.24"
    await move_to(hass, freezer, "2026-10-20T15:00:00+00:00")
    assert state_of(hass, PRICE).state == "0.38"
    assert state_of(hass, CALENDAR).attributes["message"] == "On peak: 0.38 EUR/kWh"
    await move_to(hass, freezer, "2026-10-20T19:00:00+00:00")
    assert state_of(hass, PRICE).state == "0.24"


async def test_events_of_a_range(hass: HomeAssistant, told: MockConfigEntry) -> None:
    """Over the night in which the clocks change: the same local times, one hour later in UTC."""
    found = await events(hass, "2026-10-24T20:00:00+00:00", "2026-10-25T20:00:00+00:00")
    assert [(each["start"], each["end"], each["summary"]) for each in found] == [
        ("2026-10-24T21:00:00+02:00", "2026-10-25T17:00:00+01:00", "Off peak: 0.24 EUR/kWh"),
        ("2026-10-25T17:00:00+01:00", "2026-10-25T21:00:00+01:00", "On peak: 0.38 EUR/kWh"),
    ]
    assert found[0]["description"] == "Season: Year"


@pytest.mark.parametrize(
    ("name", "price", "summary"),
    [
        ("ON_PEAK", 0.2385, "On peak: 0.2385 EUR/kWh"),
        ("PERIOD_00_00", 1, "1.00 EUR/kWh"),
        ("ALL", 0.3, "0.30 EUR/kWh"),
        ("Nachtstrom", 0, "Nachtstrom: 0.00 EUR/kWh"),
    ],
)
async def test_summaries(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    wait: Wait,
    name: str,
    price: float,
    summary: str,
) -> None:
    house.steer({"answers": {"values": {TARIFF: flat(name, price)}}})
    await set_up(hass, entry)
    await wait(MINUTE)
    assert state_of(hass, CALENDAR).attributes["message"] == summary
    assert float(state_of(hass, PRICE).state) == price


def flat(name: str, price: float, **more: Any) -> dict[str, Any]:
    """A tariff with one price."""
    periods = {name: {"periods": [{"toDayOfWeek": 6, **more}]}}
    year = {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": periods}
    charges = {"Year": {"rates": {name: price}}}
    return {"currency": "EUR", "seasons": {"Year": year}, "energy_charges": charges}


async def test_a_new_tariff_applies_with_the_next_answer(
    hass: HomeAssistant, told: MockConfigEntry, house: Site, wait: Wait
) -> None:
    house.steer({"answers": {"values": {TARIFF: flat("ALL", 0.31)}}})
    await wait(11 * MINUTE)
    assert state_of(hass, PRICE).state == "0.31"


@pytest.mark.parametrize(
    ("tariff", "exist"),
    [
        (None, False),
        ({}, False),
        ({"seasons": {"Summer": {}}, "energy_charges": {"ALL": {"rates": {"ALL": 0}}}}, False),
        ("none", False),
        (flat("ALL", 0.3, fromHour=99), False),
        (flat("ALL", 0.3), True),
    ],
)
async def test_entities_exist_only_with_a_tariff(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    wait: Wait,
    tariff: object,
    *,
    exist: bool,
) -> None:
    house.steer({"answers": {"values": {TARIFF: tariff}}})
    await set_up(hass, entry)
    await wait(MINUTE)
    assert [hass.states.get(each) is not None for each in (CALENDAR, PRICE)] == [exist, exist]
    # That tariff has no prices for selling.
    assert hass.states.get(SELL_PRICE) is None


async def test_price_is_unknown_in_a_gap(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    house: Site,
    wait: Wait,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Noon in Amsterdam: nothing until 18:00. The log says so once."""
    house.steer({"answers": {"values": {TARIFF: flat("ON_PEAK", 0.3, fromHour=18)}}})
    await set_up(hass, entry)
    await wait(12 * MINUTE)
    assert state_of(hass, PRICE).state == STATE_UNKNOWN
    calendar = state_of(hass, CALENDAR)
    assert calendar.state == "off"
    assert calendar.attributes["start_time"] == "2026-10-20 09:00:00"
    assert caplog.text.count("rate_plan_period_gap (Year, Mon 00:00)") == 1
    await move_to(hass, freezer, "2026-10-20T16:00:00+00:00")
    assert state_of(hass, PRICE).state == "0.3"
    assert state_of(hass, CALENDAR).state == "on"
    await move_to(hass, freezer, "2026-10-20T22:00:00+00:00")
    assert state_of(hass, PRICE).state == STATE_UNKNOWN
    await hass.config_entries.async_reload(entry.entry_id)
    await wait(MINUTE)
    assert caplog.text.count("rate_plan_period_gap (Year, Mon 00:00)") == 2, "a reload is a start"


async def test_price_follows_the_zone_of_the_site(
    hass: HomeAssistant, entry: MockConfigEntry, house: Site, wait: Wait
) -> None:
    """It is 19:00 in Tokyo, and never a moment the price of another zone."""
    house.steer({"answers": {"values": {"site_info.installation_time_zone": "Asia/Tokyo"}}})
    await set_up(hass, entry)
    await wait(MINUTE)
    assert state_of(hass, PRICE).state == "0.38"
    house.steer({"answers": {"values": {"site_info.installation_time_zone": "Nowhere/Else"}}})
    await wait(11 * MINUTE)
    assert state_of(hass, PRICE).state == STATE_UNKNOWN


async def test_a_list_of_events_has_an_end(hass: HomeAssistant, told: MockConfigEntry) -> None:
    """Three periods a day, for two years at most, whatever an automation asks for."""
    found = await events(hass, "0001-01-01 12:00:00", "9999-12-31 12:00:00")
    assert found[0]["start"] == "1999-12-31T21:00:00+01:00"
    assert 1000 < len(found) < 3 * 732
    for year in ("0001", "9999"):
        assert await events(hass, f"{year}-01-01 12:00:00", f"{year}-12-31 12:00:00") == []


async def test_prices_are_known_right_after_a_restart(
    hass: HomeAssistant, told: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """From the stored tariff, before Tesla answers."""
    assert await hass.config_entries.async_unload(told.entry_id)
    await hass.async_block_till_done()
    freezer.move_to("2026-10-20T15:30:00+00:00")
    await set_up(hass, told)
    assert state_of(hass, PRICE).state == "0.38"
    assert state_of(hass, SELL_PRICE).state == "0.09"


async def test_timers_end_with_the_entities(
    hass: HomeAssistant, told: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    assert await hass.config_entries.async_unload(told.entry_id)
    await move_to(hass, freezer, "2026-10-20T15:00:00+00:00")
    assert state_of(hass, PRICE).state == "unavailable"
