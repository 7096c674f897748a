"""Charging sessions in Home Assistant: from the stream and from polls, and for no request more."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.const import STATE_UNKNOWN, Platform
from homeassistant.core import Event, EventStateChangedData, HomeAssistant
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.charging import energy_price, place_of
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Reading, Source, State
from simulator import Simulator
from simulator.cars import Car
from tests.conftest import MODEL_S, Pass, asked_of, set_up
from tests.fleet import MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

MINUTE = timedelta(minutes=1)
PRICE = "sensor.price"


@pytest.fixture(autouse=True)
def _only_what_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR],
    )


def make_home(hass: HomeAssistant, latitude: float, longitude: float) -> None:
    """Put the zone of the home somewhere."""
    place = {"latitude": latitude, "longitude": longitude, "radius": 100}
    hass.states.async_set("zone.home", "0", place)


def follow(hass: HomeAssistant, entity_id: str) -> list[dict[str, Any]]:
    """Attributes of the events from now on."""
    fired: list[dict[str, Any]] = []

    def on_event(event: Event[EventStateChangedData]) -> None:
        if event.data["new_state"] is not None and event.data["new_state"].state != STATE_UNKNOWN:
            fired.append(dict(event.data["new_state"].attributes))

    async_track_state_change_event(hass, entity_id, on_event)
    return fired


def last_charge(hass: HomeAssistant, car: str) -> dict[str, str]:
    """The sensors of the last session, by the last part of their names."""
    beginning = f"sensor.{car}_last_charge_"
    return {
        state.entity_id.removeprefix(beginning): state.state
        for state in hass.states.async_all("sensor")
        if state.entity_id.startswith(beginning)
    }


async def test_a_streamed_session(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    make_home(hass, aurora.latitude, aurora.longitude)
    aurora.steer({"plugged_in": False, "battery_level": 40, "charge_limit": 60})
    await pass_time(15 * MINUTE)
    fired = follow(hass, "event.aurora_charging_session")
    hass.states.async_set(PRICE, "0.2", {"unit_of_measurement": "EUR/kWh"})
    options = {**entry_of_stream.options, "charging_price_entity": PRICE}
    hass.config_entries.async_update_entry(entry_of_stream, options=options)
    await pass_time(MINUTE)
    before = asked_of(tesla, aurora)
    aurora.steer({"plugged_in": "ac3"})
    await pass_time(5 * MINUTE)
    assert [each["event_type"] for each in fired] == ["started"]
    await pass_time(timedelta(hours=3))
    aurora.steer({"plugged_in": False})
    await pass_time(2 * MINUTE)
    assert [each["event_type"] for each in fired] == ["started", "completed", "ended"]
    charged = aurora.charging.added_kwh
    shown = last_charge(hass, "aurora")
    assert float(shown["energy"]) == pytest.approx(charged, abs=0.5)
    assert float(shown["cost"]) == pytest.approx(0.2 * float(shown["energy"]))
    assert float(shown["battery_at_start"]) == pytest.approx(40, abs=0.5)
    assert float(shown["battery_at_end"]) == pytest.approx(60, abs=0.5)
    assert shown["place"] == "home"
    kilowatts = 3 * 16 * 0.230 * 0.92
    assert fired[-1]["minutes"] == pytest.approx(charged / kilowatts * 60, abs=2)
    assert set(asked_of(tesla, aurora)) <= {*before, "vehicle"}


async def test_a_polled_session(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """At a Supercharger, whose price only Tesla knows; a restart in between fires nothing again."""
    car = tesla.world.cars[MODEL_S]
    car.steer({"state": "online", "plugged_in": False, "battery_level": 20, "user_present": True})
    hass.config_entries.async_update_entry(entry, options={"charging_price": 0.3})
    await set_up(hass, entry)
    await wait(15 * MINUTE)
    fired = follow(hass, "event.old_faithful_charging_session")
    car.steer({"plugged_in": "dc"})
    await wait(12 * MINUTE)
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    await wait(8 * MINUTE)
    car.steer({"plugged_in": False})
    await wait(21 * MINUTE)
    events = [each["event_type"] for each in fired if each.get("event_type")]
    assert [events[0], events[-1]] == ["started", "ended"]
    assert len([each for each in events if each == "started"]) <= 2, "and its restored state"
    shown = last_charge(hass, "old_faithful")
    assert float(shown["energy"]) == pytest.approx(car.charging.added_kwh, abs=0.1)
    assert (shown["place"], shown["cost"]) == ("supercharger", STATE_UNKNOWN)
    assert shown["battery_at_start"] == STATE_UNKNOWN, "first seen with many kWh in it"
    before = shown
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert last_charge(hass, "old_faithful") == before


@pytest.mark.parametrize(
    ("state", "unit", "price"),
    [
        ("0.25", "EUR/kWh", 0.25),
        ("250", "EUR/MWh", 0.25),
        ("-0.01", "EUR/kWh", -0.01),
        ("25", "ct/kWh", None),
        ("0.25", "USD/kWh", None),
        ("0.25", None, None),
        ("unknown", "EUR/kWh", None),
        ("nan", "EUR/kWh", None),
    ],
)
async def test_price_of_an_entity(
    hass: HomeAssistant, state: str, unit: str | None, price: float | None
) -> None:
    hass.states.async_set(PRICE, state, {"unit_of_measurement": unit})
    assert energy_price(hass, PRICE) == (None if price is None else pytest.approx(price))
    assert energy_price(hass, "sensor.missing") is None


@pytest.mark.parametrize(
    ("position", "fast", "kind", "brand", "place"),
    [
        ((52.3731, 4.8926), False, None, None, "home"),
        ((52.3731, 4.8926), None, None, None, "home"),
        ((48.1, 11.5), False, None, None, "elsewhere"),
        ((48.1, 11.5), None, None, None, None),
        (None, False, None, None, None),
        ((48.1, 11.5), True, "combo", None, "fast_charger"),
        ((48.1, 11.5), True, None, None, "fast_charger"),
        ((48.1, 11.5), True, "combo", True, "supercharger"),
        (None, True, "supercharger", None, "supercharger"),
    ],
)
async def test_places(
    hass: HomeAssistant,
    position: tuple[float, float] | None,
    fast: bool | None,  # noqa: FBT001  # of a table
    kind: str | None,
    brand: bool | None,  # noqa: FBT001  # of a table
    place: str | None,
) -> None:
    values: dict[Any, Any] = {
        signals.LOCATION: position,
        signals.FAST_CHARGER: fast,
        signals.FAST_CHARGER_TYPE: kind,
        signals.FAST_CHARGER_OF_TESLA: brand,
    }
    make_home(hass, 52.3731, 4.8926)
    now = dt_util.utcnow()
    state = State({key: Reading(value, now, Source.POLL) for key, value in values.items()})
    assert place_of(hass, state) == place
