"""Odd answers and odd files: values of every type at every key end in readings or in a repair."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.core import State as Shown
from homeassistant.util import dt as dt_util
from homeassistant.util.json import json_loads
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    mock_restore_cache_with_extra_data,
)

from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.streaming.manager import StreamManager
from custom_components.flotte.streaming.subscription import is_leaner
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.reading_json import parse_json
from custom_components.flotte.tesla.spending.caller import POLLING
from custom_components.flotte.tesla.state import State, store_state
from custom_components.flotte.tesla.telemetry.answers import (
    read_client_errors,
    read_configuration,
    read_configured,
)
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from simulator import Simulator
from tests.conftest import MODEL_S, MODEL_Y, set_up, state_of, vehicle_of
from tests.fleet import MOMENT, Wait, add_streamed_of_one
from tests.odd import ODD, places, replaced

pytestmark = pytest.mark.freeze_time(MOMENT)

WORDS = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5_000, '"\\ud800"', '"\\udc00x"']
"""JSON that no file of Home Assistant's can hold, or that Python's parser does not take."""


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", WORDS)
def test_what_is_parsed_can_be_stored(word: str) -> None:
    parsed = parse_json(f'{{"response": {{"a": [{word}], "b": 5}}}}')
    assert isinstance(parsed, dict)
    assert parsed["response"]["b"] == 5
    (value,) = parsed["response"]["a"]
    assert value is None or value in ("?", "?x")
    assert json_loads(json.dumps(parsed, allow_nan=False)) == parsed


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "", "\x00", "[1", '"\\ud8'])
def test_what_is_no_json_is_nothing(text: str) -> None:
    assert parse_json(text) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", None),
        ("-9223372036854775809", None),
        ("1e308", 1e308),
        ('"\\ud83d\\ude97 \\u00e9"', "🚗 é"),
        ('{"\\ud800": 1}', {"?": 1}),
    ],
)
def test_what_is_parsed(text: str, value: object) -> None:
    assert parse_json(text) == value


# --- Products -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "odd", [*ODD[1:], "XP7YGCEK0RB0001", "XP7YGCEK0RB00000/", "\u00d6P7YGCEK0RB00000"]
)
@pytest.mark.parametrize("key", ["vin", "energy_site_id"])
async def test_a_product_with_an_odd_number_is_left_out(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, key: str, odd: object
) -> None:
    products = [
        {key: odd, "state": "online", "display_name": odd, "site_name": odd},
        {"vin": MODEL_Y, "state": odd, "display_name": "Aurora", "command_signing": odd},
        {"vin": MODEL_Y, "state": "asleep", "display_name": "Aurora"},
    ]
    body = json.dumps({"response": products})
    tesla.faults.order("status", endpoint="products", status=200, body=body)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert [each.vehicle.vin for each in entry.runtime_data.vehicles] == [MODEL_Y]


@pytest.mark.parametrize("key", ["key_paired_vins", "unpaired_vins", "vehicle_info"])
@pytest.mark.parametrize("odd", ODD)
async def test_an_odd_fleet_status(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, key: str, odd: object
) -> None:
    status = {"key_paired_vins": [MODEL_Y], "unpaired_vins": [], "vehicle_info": {}, key: odd}
    body = json.dumps({"response": status})
    tesla.faults.order("status", endpoint="fleet_status", status=200, body=body)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED


# --- What cars, sites and Tesla report ------------------------------------------------------------


def turned(answer: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """An answer with something odd at each place, three kinds at each in turn, as it is parsed."""
    for number, path in enumerate(places(answer)):
        for turn in range(3 if path else 0):
            odd = ODD[(3 * number + turn) % len(ODD)]
            parsed = parse_json(json.dumps({"response": replaced(answer, path, odd)}))
            assert isinstance(parsed, dict)
            yield parsed["response"]


async def test_odd_readings_of_cars_and_sites(
    hass: HomeAssistant, told: MockConfigEntry, tesla: Simulator
) -> None:
    now = dt_util.utcnow()
    vehicle = vehicle_of(told, MODEL_Y).vehicle
    site = told.runtime_data.sites[0].site
    answers: list[tuple[str | None, Any, Any]] = [
        (None, await vehicle.api.vehicle_data(MODEL_Y, POLLING), signals.VEHICLE_SIGNALS),
        ("live_status", await site.api.live_status(site.site_id, POLLING), signals.SITE_SIGNALS),
        ("site_info", await site.api.site_info(site.site_id, POLLING), signals.SITE_SIGNALS),
    ]
    for section, answer, table in answers:
        shapes = 0
        for shape in turned(answer):
            sections = shape if section is None else {section: shape}
            readings = signals.read_sections(sections, table, now)
            json.dumps(store_state(State(readings)), allow_nan=False)
            assert all(reading.time <= now for reading in readings.values())
            shapes += 1
        assert shapes > 30


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "answer",
    [
        {
            "synced": True,
            "config": {"fields": {"Gear": {"interval_seconds": 1}}},
            "limit_reached": 1,
        },
        {"updated_vehicles": 1, "skipped_vehicles": {"missing_key": [MODEL_Y]}},
        {
            "fleet_telemetry_errors": [
                {"name": "a", "error": "b", "created_at": "c", "vin": MODEL_Y}
            ]
        },
    ],
)
def test_odd_answers_about_the_stream(answer: dict[str, Any], odd: object) -> None:
    for path in places(answer):
        shape = replaced(answer, path, odd) if path else {"response": odd}
        read_configuration(shape, {"fields": {}})
        read_configured(shape)
        read_client_errors(shape)


# --- Files ----------------------------------------------------------------------------------------


def shapes(hass_storage: dict[str, Any], entry: MockConfigEntry) -> list[Any]:
    """The stored values of an entry, each with something odd at one place."""
    good = hass_storage[f"flotte.{entry.entry_id}"]["data"]
    kinds: list[object] = [None, True, -1, 2**62, "text", [], {}, [[]], {"a": 1}]
    # Each place once, with the kinds in turn: all of them everywhere would take minutes.
    return [
        replaced(good, path, kinds[number % len(kinds)])
        for number, path in enumerate(places(good))
        if path
    ]


async def test_an_entry_starts_with_whatever_is_stored(
    hass: HomeAssistant, told: MockConfigEntry, hass_storage: dict[str, Any], wait: Wait
) -> None:
    data = told.runtime_data
    assert await hass.config_entries.async_unload(told.entry_id)
    key = f"flotte.{told.entry_id}"
    for shape in shapes(hass_storage, told):
        for each in data.vehicles:
            each.vehicle.restore(shape.get(each.vehicle.vin))
            json.dumps(each.vehicle.to_stored(), allow_nan=False)
        for each in data.sites:
            each.site.restore(shape.get(str(each.site.site_id)))
            json.dumps(each.site.to_stored(), allow_nan=False)
    for odd in (7, "text", {"state": 7}, {"sessions": [1]}):
        hass_storage[key]["data"] = {MODEL_Y: odd, MODEL_S: [odd], "streaming": odd}
        assert await hass.config_entries.async_setup(told.entry_id)
        await hass.async_block_till_done()
        assert told.state is ConfigEntryState.LOADED
        assert vehicle_of(told, MODEL_Y).vehicle.vin == MODEL_Y
        assert await hass.config_entries.async_unload(told.entry_id)


@pytest.mark.parametrize("odd", [True, -1, 1.5, "text", [], [[]], [1, 2], {"a": 1}])
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_every_entity_starts_with_odd_stored_readings(
    hass: HomeAssistant,
    told: MockConfigEntry,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    odd: object,
) -> None:
    count = len(hass.states.async_all())
    assets = (MODEL_Y, MODEL_S, str(told.runtime_data.sites[0].site.site_id))
    assert await hass.config_entries.async_unload(told.entry_id)
    data = hass_storage[f"flotte.{told.entry_id}"]["data"]
    seconds = dt_util.utcnow().timestamp()
    table = (*signals.VEHICLE_SIGNALS, *signals.SITE_SIGNALS)
    for asset in assets:
        data[asset]["state"] = {signal.name: [odd, seconds] for signal in table}
    caplog.clear()
    assert await hass.config_entries.async_setup(told.entry_id)
    await hass.async_block_till_done()
    assert not [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(hass.states.async_all()) >= count - 5


RESETS: list[object] = [None, "text", "2026-13-45T00:00:00+00:00", "2026-03-10T12:00:00", 5, []]


@pytest.mark.parametrize("odd", [True, -1, 1e308, 10**400, float("nan"), "text", "5", [], {"a": 1}])
@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_a_counter_starts_with_an_odd_restored_state(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, wait: Wait, odd: object
) -> None:
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    sensors = ["charge_energy_added", "ac_charge_energy", "odometer", "lifetime_energy_used"]
    mock_restore_cache_with_extra_data(
        hass,
        [
            (
                Shown(
                    f"sensor.aurora_{name}", "5", {"last_reset": RESETS[len(name) % len(RESETS)]}
                ),
                {"native_value": odd, "native_unit_of_measurement": odd},
            )
            for name in sensors
        ],
    )
    await set_up(hass, entry)
    await wait(timedelta(minutes=2))
    await add_streamed_of_one(hass, entry)
    shown = {name: state_of(hass, f"sensor.aurora_{name}") for name in sensors}
    assert float(shown["odometer"].state) == pytest.approx(19_868.44, abs=0.01)
    assert float(shown["charge_energy_added"].state) == 0
    assert not [each for each in shown.values() if each.attributes.get("last_reset")]


STREAM: dict[str, Any] = {
    MODEL_Y: {
        "configured": {
            "hostname": "home.flotte.example",
            "port": 4443,
            "ca": "-----BEGIN CERTIFICATE-----",
            "fields": {"Gear": {"interval_seconds": 1, "resend_interval_seconds": 600}},
            "delivery_policy": "latest",
            "exp": 1_820_000_000,
            "alert_types": ["service"],
        },
        "is_distrusted": False,
        "suspensions": 0,
        "refusal": {
            "issue": "stream_refused",
            "detail": "400: no",
            "count": 1,
            "until": "2026-10-20T13:00:00+00:00",
            "circumstances": "a",
        },
        "asked": "2026-10-20T11:00:00+00:00",
        "tally": {
            "plan": "a",
            "slowed": {"Gear": 1},
            "snapshots": 5,
            "hours": {"parked": 5.0},
            "counts": {"parked": {"Gear": 7}},
        },
    },
    "without": ["Gear"],
    "application": "a",
}


@pytest.mark.parametrize("odd", [*ODD, "2026-13-45T00:00:00+00:00", 253_402_300_799])
async def test_streams_with_odd_stored_values(
    hass: HomeAssistant, loaded: MockConfigEntry, odd: object
) -> None:
    data = loaded.runtime_data
    key = await async_get_key(hass)
    for path in places(STREAM):
        streaming = StreamManager(
            hass,
            loaded,
            data.vehicles[0].vehicle.api,
            key,
            vehicles=data.vehicles,
            scopes=data.scopes,
            application="a",
            stored=replaced(STREAM, path, odd),
            is_new_login=False,
        )
        json.dumps(streaming.to_stored(), allow_nan=False)
        json.dumps(streaming.reports.describe(), allow_nan=False)
        for subscription in streaming._subscriptions.values():  # as the review of each hour does
            is_leaner({}, subscription)
            subscription.follow({"Gear": FieldRule(1)}, dt_util.utcnow())
        json.dumps(streaming.to_stored(), allow_nan=False)
