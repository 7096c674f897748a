"""The cars' configurations: when they are sent, why they may be refused, and their costs."""

import asyncio
import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import EntityRegistryDisabledHandler
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.flotte import async_unload_entry
from custom_components.flotte.streaming.certificates import async_get_authority
from custom_components.flotte.streaming.client_cas import async_get_client_cas
from custom_components.flotte.streaming.options import Settings, read_overrides
from custom_components.flotte.streaming.subscription import StreamRefusal
from custom_components.flotte.tesla.telemetry.forecast import Overdrawn
from custom_components.flotte.tesla.telemetry.profiles import FieldRule, Profile
from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.context import server_context
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    STREAMING,
    EntryMaker,
    Pass,
    asked_of,
    issue_of,
    issues_of,
    receiver_of,
    register_key,
    set_up,
    state_of,
    vehicle_of,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CONFIGURE = "fleet_telemetry_config_jws"
RANGE = "sensor.aurora_estimated_range"
"""Disabled until its owner enables it."""


def claims_of(car: Car) -> dict[str, Any]:
    """The configuration that Tesla has for a car; empty if there is none."""
    subscription = car.telemetry.subscriptions.get(CLIENT_ID)
    return {} if subscription is None else subscription.shown


def fields_of(car: Car) -> dict[str, Any]:
    fields: dict[str, Any] = claims_of(car).get("fields", {})
    return fields


def sent(tesla: Simulator) -> int:
    """How many configurations were sent, taken or not."""
    return sum(each.endpoint == CONFIGURE for each in tesla.requests)


async def change_options(hass: HomeAssistant, entry: MockConfigEntry, **options: Any) -> None:
    """The end of the options flow."""
    hass.config_entries.async_update_entry(entry, options={**entry.options, **options})
    await hass.async_block_till_done(wait_background_tasks=True)


@pytest.fixture
def online(tesla: Simulator) -> Car:
    """Aurora, awake and occupied, not configured yet."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "user_present": True})
    return car


@pytest.fixture
def owner_acts(hass: HomeAssistant) -> er.EntityRegistry:
    """The entity registry, with what makes Home Assistant reload an entry when it is changed."""
    EntityRegistryDisabledHandler(hass).async_setup()
    return er.async_get(hass)


@pytest.fixture
def jump(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Pass:
    """Lets time pass for Home Assistant at once, and nothing happen meanwhile."""

    async def jump(duration: timedelta) -> None:
        connector = async_get_clientsession(hass).connector
        assert connector is not None
        for step in (duration, MINUTE, MINUTE):
            # A kept connection that the other side closes just now makes aiohttp ask twice.
            for kept in connector._conns.values():
                for protocol, _ in kept:
                    protocol.close()
            connector._conns.clear()
            freezer.tick(step)
            async_fire_time_changed(hass)
            await hass.async_block_till_done(wait_background_tasks=True)

    return jump


# --- What is shown decides ------------------------------------------------------------------------


async def test_enabled_entities_are_streamed(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    owner_acts: er.EntityRegistry,
) -> None:
    assert "EstBatteryRange" not in fields_of(aurora)
    assert sent(tesla) == 1
    owner_acts.async_update_entity(RANGE, disabled_by=None)
    await pass_time(2 * MINUTE)
    assert "EstBatteryRange" in fields_of(aurora)
    assert sent(tesla) == 2
    assert state_of(hass, STREAMING).state == "on"
    assert float(state_of(hass, RANGE).state) > 100


async def test_disabled_entities_are_no_longer_streamed(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    owner_acts: er.EntityRegistry,
) -> None:
    """Several at once are one configuration, a minute after the last of them."""
    assert {"OutsideTemp", "Odometer", "Gear"} <= set(fields_of(aurora))
    for name in ("outside_temperature", "odometer"):
        owner_acts.async_update_entity(
            f"sensor.aurora_{name}", disabled_by=er.RegistryEntryDisabler.USER
        )
    await pass_time(45 * timedelta(seconds=1))
    assert sent(tesla) == 1
    await pass_time(MINUTE)
    assert not {"OutsideTemp", "Odometer"} & set(fields_of(aurora))
    assert sent(tesla) == 2


async def test_signals_of_movement_are_always_streamed(
    aurora: Car, pass_time: Pass, owner_acts: er.EntityRegistry, entry_of_stream: MockConfigEntry
) -> None:
    for entity in er.async_entries_for_config_entry(owner_acts, entry_of_stream.entry_id):
        if entity.disabled_by is None and "aurora" in entity.entity_id:
            owner_acts.async_update_entity(
                entity.entity_id, disabled_by=er.RegistryEntryDisabler.USER
            )
    await pass_time(2 * MINUTE)
    assert set(fields_of(aurora)) == {"Gear", "DetailedChargeState"}


async def test_other_changes_of_entities_do_not_matter(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    registry = er.async_get(hass)
    registry.async_update_entity(RANGE, name="How far")
    other = registry.async_get_or_create("sensor", "elsewhere", "1")
    registry.async_update_entity(other.entity_id, disabled_by=er.RegistryEntryDisabler.USER)
    registry.async_remove(other.entity_id)
    await pass_time(3 * MINUTE)
    assert sent(tesla) == 1


async def test_a_configuration_is_sent_only_when_it_differs(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    for _ in range(2):
        await hass.config_entries.async_reload(entry_of_stream.entry_id)
        await pass_time(65 * MINUTE)
        assert state_of(hass, STREAMING).state == "on"
    assert sent(tesla) == 1


async def test_displayed_values_survive_a_restart(
    hass: HomeAssistant, aurora: Car, pass_time: Pass, entry_of_stream: MockConfigEntry
) -> None:
    level = state_of(hass, "sensor.aurora_battery").state
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await pass_time(MINUTE)
    assert await hass.config_entries.async_setup(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.aurora_battery").state == level
    assert state_of(hass, STREAMING).state == "off", "a connection does not outlive us"
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"


async def test_two_reasons_at_once_make_one_request(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    pass_time: Pass,
) -> None:
    """The receiver may get ready, the owner act and the hour be over in the same moment."""
    streaming = entry_of_stream.runtime_data.streaming
    streaming._subscriptions[MODEL_Y].configured = None
    await asyncio.gather(streaming.async_configure(), streaming.async_configure())
    assert sent(tesla) == 2
    await pass_time(MINUTE)


async def test_profile_and_own_rules(
    hass: HomeAssistant,
    aurora: Car,
    pass_time: Pass,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
) -> None:
    tuned = fields_of(aurora)
    await change_options(hass, entry_of_stream, stream_profile="live")
    live = fields_of(aurora)
    assert set(live) == set(tuned)
    assert live["VehicleSpeed"]["interval_seconds"] < tuned["VehicleSpeed"]["interval_seconds"]
    await change_options(
        hass,
        entry_of_stream,
        stream_profile="saver",
        stream_overrides={"BatteryLevel": {"interval": 7, "delta": 2}, "OutsideTemp": 90},
    )
    saver = fields_of(aurora)
    assert saver["BatteryLevel"] == {"interval_seconds": 7, "minimum_delta": 2}
    assert saver["OutsideTemp"] == {"interval_seconds": 90}
    assert saver["VehicleSpeed"]["interval_seconds"] > tuned["VehicleSpeed"]["interval_seconds"]
    assert sent(tesla) == 3
    await pass_time(MINUTE)
    assert state_of(hass, STREAMING).state == "on"


@pytest.mark.parametrize(
    ("entered", "rules"),
    [
        (None, {}),
        ("", {}),
        ({}, {}),
        ({"Soc": 60}, {"Soc": FieldRule(60)}),
        ({"Soc": "60"}, {"Soc": FieldRule(60)}),
        (
            {"Soc": {"interval": 60, "delta": 0.5, "resend": 3600}, "Gear": {"interval": 1}},
            {"Soc": FieldRule(60, 0.5, 3600), "Gear": FieldRule(1)},
        ),
        ({"Soc": {"interval": 60, "delta": None}}, {"Soc": FieldRule(60)}),
    ],
)
def test_own_rules_are_read(entered: object, rules: dict[str, FieldRule]) -> None:
    assert read_overrides(entered) == rules


@pytest.mark.parametrize(
    ("entered", "named"),
    [
        ("Soc: 60", "Soc: 60"),
        ([1], "[1]"),
        ({"Nonsense": 60}, "Nonsense"),
        ({5: 60}, "5"),
        ({"Soc": 0}, "Soc"),
        ({"Soc": -1}, "Soc"),
        ({"Soc": "often"}, "Soc"),
        ({"Soc": None}, "Soc"),
        ({"Soc": [1]}, "Soc"),
        ({"Soc": {}}, "Soc"),
        ({"Soc": {"delta": 1}}, "Soc"),
        ({"Soc": {"interval": 60, "delta": 0}}, "Soc"),
        ({"Soc": {"interval": 60, "delta": "nan"}}, "Soc"),
        ({"Soc": {"interval": 60, "delta": float("inf")}}, "Soc"),
        ({"Soc": {"interval": float("inf")}}, "Soc"),
        ({"Soc": {"interval": 60, "resend": 0}}, "Soc"),
        ({"Soc": {"interval": 60, "mimimum": 1}}, "Soc"),
        ({"Gear": 1, "Soc": {"interval": 0}}, "Soc"),
    ],
    ids=str,
)
def test_own_rules_that_make_no_sense(entered: object, named: str) -> None:
    with pytest.raises(ValueError, match=re.escape(named)) as raised:
        read_overrides(entered)
    assert str(raised.value) == named


def test_a_new_installation_streams_nothing() -> None:
    settings = Settings.from_options({})
    assert not settings.is_on
    assert (settings.port, settings.listen_port) == (4443, 4443)
    assert settings.profile is Profile.TUNED


def test_files_of_another_choice_are_not_used() -> None:
    kept = {"stream_certificate_file": "a.pem", "stream_key_file": "b.pem"}
    own = Settings.from_options({**kept, "stream_certificate": "own"})
    files = Settings.from_options({**kept, "stream_certificate": "files"})
    assert (own.certificate_file, own.key_file) == ("", "")
    assert (files.certificate_file, files.key_file) == ("a.pem", "b.pem")


# --- Several cars ---------------------------------------------------------------------------------


@pytest.fixture
async def comet(hass_at_tesla: HomeAssistant, tesla: Simulator) -> Car:
    """Comet, whose owner paired it too."""
    car = tesla.world.cars[MODEL_3]
    car.pairs_automatically = True
    car.steer({"user_present": True})
    await register_key(hass_at_tesla, tesla)
    return car


async def test_cars_with_equal_configurations_share_one_request(
    hass: HomeAssistant, comet: Car, aurora: Car, tesla: Simulator
) -> None:
    assert sent(tesla) == 1
    assert claims_of(comet) == claims_of(aurora) != {}
    assert state_of(hass, "binary_sensor.comet_streaming").state == "on"


async def test_cars_of_other_firmware_get_a_request_of_their_own(
    hass: HomeAssistant,
    comet: Car,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    comet.steer({"firmware": "2024.26.1"})
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    assert sent(tesla) == 2
    assert set(fields_of(comet)) < set(fields_of(online))
    assert state_of(hass, "binary_sensor.comet_streaming").state == "on"
    assert state_of(hass, STREAMING).state == "on"


async def test_one_is_left_out_and_the_other_streams(
    hass: HomeAssistant,
    comet: Car,
    online: Car,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    comet.steer({"telemetry": {"other_configurations": 5}})
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    assert issues_of(hass) == {f"stream_max_configs_{MODEL_3[-6:]}"}
    assert state_of(hass, STREAMING).state == "on"
    assert state_of(hass, "binary_sensor.comet_streaming").state == "off"


async def test_a_car_that_cannot_stream_stays_on_the_poll_plan(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """It is not even tried, no repair is requested, and it has no entities of a stream."""
    old = tesla.world.cars[MODEL_S]
    assert not vehicle_of(entry_of_stream, MODEL_S).stream_watch.is_expected
    assert not vehicle_of(entry_of_stream, MODEL_S).stream_watch.is_missing
    for entity in ("binary_sensor.old_faithful_streaming", "event.old_faithful_alert"):
        assert hass.states.get(entity) is None
    assert hass.states.get("event.aurora_alert") is not None
    old.steer({"drive": {"route": [[52.37, 4.89], [52.6, 5.2]]}})
    await pass_time(25 * MINUTE)
    assert asked_of(tesla, old).count("vehicle_data") >= 2
    assert not old.telemetry.subscriptions
    assert issues_of(hass) == set()


@pytest.mark.parametrize(
    "steering", [{"firmware": "2024.20.1"}, {"telemetry_version": None}], ids=str
)
async def test_a_car_that_is_too_old_is_not_tried(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    steering: dict[str, Any],
) -> None:
    online.steer(steering)
    await set_up(hass, entry_of_stream)
    await pass_time(2 * HOUR)
    assert sent(tesla) == 0
    assert asked_of(tesla, online).count("vehicle_data") >= 10
    assert issues_of(hass) == set()


async def test_an_unpaired_car_is_configured_once_it_is_paired(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    comet = tesla.world.cars[MODEL_3]
    comet.steer({"user_present": True})
    await pass_time(70 * MINUTE)
    assert sent(tesla) == 1
    assert not comet.telemetry.subscriptions
    assert asked_of(tesla, comet).count("vehicle_data") >= 2
    registration = tesla.accounts.registrations[CLIENT_ID, "eu"]
    comet.steer({"pair": registration.public_key.hex()})
    await pass_time(75 * MINUTE)
    assert sent(tesla) == 2
    assert state_of(hass, "binary_sensor.comet_streaming").state == "on"
    assert issues_of(hass) == set()


# --- Tesla or the car does not take it ------------------------------------------------------------


def skip(reason: str) -> dict[str, Any]:
    """An answer of Tesla's that leaves Aurora out."""
    return {
        "kind": "status",
        "status": 200,
        "body": {"response": {"updated_vehicles": 0, "skipped_vehicles": {reason: [MODEL_Y]}}},
    }


@pytest.mark.parametrize(
    ("reason", "issue"),
    [
        ("missing_key", "stream_missing_key"),
        ("unsupported_firmware", "stream_unsupported_firmware"),
        ("max_configs", "stream_max_configs"),
        ("solar_eclipse", "stream_other"),
    ],
)
async def test_tesla_leaves_a_car_out(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    reason: str,
    issue: str,
) -> None:
    """It is said why, the car is polled at once, and it is tried again after an hour."""
    tesla.faults.order(endpoint=CONFIGURE, **skip(reason))
    await set_up(hass, entry_of_stream)
    await pass_time(25 * MINUTE)
    assert issues_of(hass) == {f"{issue}_{MODEL_Y[-6:]}"}
    assert "Aurora" in issue_of(hass, f"{issue}_{MODEL_Y[-6:]}")
    assert sent(tesla) == 1
    assert asked_of(tesla, online).count("vehicle_data") >= 3
    await pass_time(40 * MINUTE)
    if reason == "unsupported_hardware":
        # Nothing will ever change that, and each try costs.
        assert sent(tesla) == 1
        return
    assert sent(tesla) == 2
    assert issues_of(hass) == set()
    assert state_of(hass, STREAMING).state == "on"


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "refused": (
        {"kind": "status", "status": 403, "body": '{"error": "no such thing."}'},
        "thing. Flotte retries",
    ),
    "broken": ({"kind": "status", "status": 503}, "503"),
    "lost": ({"kind": "dropped"}, "Disconnected"),
    "busy": ({"kind": "status", "status": 429}, "429"),
}


@pytest.mark.parametrize(("fault", "detail"), REFUSALS.values(), ids=REFUSALS)
async def test_tesla_does_not_take_it(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    fault: dict[str, Any],
    detail: str,
) -> None:
    tesla.faults.order(endpoint=CONFIGURE, **fault)
    await set_up(hass, entry_of_stream)
    await pass_time(25 * MINUTE)
    assert issues_of(hass) == {f"stream_refused_{MODEL_Y[-6:]}"}
    assert detail in issue_of(hass, f"stream_refused_{MODEL_Y[-6:]}")
    assert sent(tesla) == 1
    assert asked_of(tesla, online).count("vehicle_data") >= 3
    await pass_time(40 * MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == set()
    assert state_of(hass, STREAMING).state == "on"


@pytest.mark.parametrize(
    "fault", [{"kind": "lost_reply"}, {"kind": "malformed", "body": '{"response": null}'}], ids=str
)
async def test_tesla_accepted_it_but_the_answer_was_lost(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    fault: dict[str, Any],
) -> None:
    """The car's stream is accepted, and it is configured once more."""
    tesla.faults.order(endpoint=CONFIGURE, **fault)
    await set_up(hass, entry_of_stream)
    await pass_time(25 * MINUTE)
    assert issues_of(hass) == {f"stream_refused_{MODEL_Y[-6:]}"}
    assert state_of(hass, STREAMING).state == "on"
    await pass_time(40 * MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == set()


async def test_the_hour_starts_with_the_refusal(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    owner_acts: er.EntityRegistry,
) -> None:
    """Not with the hour of the review, which would make it nearly two."""
    await pass_time(20 * MINUTE)
    tesla.faults.order("status", endpoint=CONFIGURE, status=403)
    owner_acts.async_update_entity(
        "sensor.aurora_odometer", disabled_by=er.RegistryEntryDisabler.USER
    )
    await pass_time(2 * MINUTE)
    assert sent(tesla) == 2
    await pass_time(57 * MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == {f"stream_refused_{MODEL_Y[-6:]}"}
    assert state_of(hass, STREAMING).state == "on", "with the configuration that it has"
    await pass_time(5 * MINUTE)
    assert sent(tesla) == 3
    assert issues_of(hass) == set()


async def test_there_is_no_room_in_the_budget(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    hass.config_entries.async_update_entry(
        entry_of_stream, options={**entry_of_stream.options, "monthly_limit": 0.001}
    )
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    text = issue_of(hass, f"stream_postponed_{MODEL_Y[-6:]}")
    assert "budget_exceeded" not in text, "a key is not for people"
    assert "0.00" in text
    assert sent(tesla) == 0
    await change_options(hass, entry_of_stream, monthly_limit=10)
    await pass_time(MINUTE)
    assert sent(tesla) == 1
    assert issues_of(hass) == set()


async def test_a_budget_that_is_used_up_ends_the_stream(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """It would go on costing; the month or a higher limit brings it back."""
    await change_options(hass, entry_of_stream, monthly_limit=0)
    await pass_time(2 * MINUTE)
    name = entry_of_stream.runtime_data.ledger.name
    assert issues_of(hass) == {f"budget_used_up_{name}"}
    assert "Cars no longer stream" in issue_of(hass, f"budget_used_up_{name}")
    assert state_of(hass, STREAMING).state == "off"
    assert not fields_of(aurora)
    await change_options(hass, entry_of_stream, monthly_limit=10)
    await pass_time(2 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


async def test_a_field_that_tesla_does_not_know_is_left_out(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It must not spoil the others; nor is it tried again after the next restart."""
    body = '{"error": "Unknown field DoorState"}'
    tesla.faults.order("status", endpoint=CONFIGURE, status=400, body=body)
    await set_up(hass, entry_of_stream)
    await pass_time(3 * MINUTE)
    assert "Tesla does not know the fields DoorState" in caplog.text
    assert sent(tesla) == 2
    assert len(fields_of(online)) > 40
    assert "DoorState" not in fields_of(online)
    assert state_of(hass, STREAMING).state == "on"
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(3 * MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == set()


async def test_a_field_outside_the_configuration_cannot_be_left_out(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """Tesla's repeated complaint about a field ends in an issue, not in a loop of paid requests."""
    body = '{"error": "Unknown field DoorState"}'
    tesla.faults.order("status", endpoint=CONFIGURE, status=400, body=body, count=None)
    await set_up(hass, entry_of_stream)
    await pass_time(30 * MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == {f"stream_refused_{MODEL_Y[-6:]}"}


# --- It was taken, and the car does not come ------------------------------------------------------


async def test_the_car_had_no_room_without_an_error(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    jump: Pass,
) -> None:
    """Tesla counts it as updated; asked for the configuration, it has none."""
    online.steer({"telemetry": {"other_configurations": 5, "hides_limit": True}})
    await set_up(hass, entry_of_stream)
    await pass_time(20 * MINUTE)
    assert issues_of(hass) == set()
    await pass_time(80 * MINUTE)
    assert issues_of(hass) == {f"stream_limit_reached_{MODEL_Y[-6:]}"}
    assert asked_of(tesla, online).count("fleet_telemetry_config") == 1
    online.steer({"telemetry": {"other_configurations": 4}})
    await jump(24 * HOUR)
    await pass_time(HOUR)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


async def test_the_key_was_removed_from_the_car(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    registration = tesla.accounts.registrations[CLIENT_ID, "eu"]
    aurora.steer({"unpair": registration.public_key.hex()})
    aurora.telemetry.subscriptions[CLIENT_ID].configuration = None
    await tesla.streams.link(MODEL_Y).close()
    aurora.telemetry.subscriptions[CLIENT_ID].collector = None
    await pass_time(2 * HOUR)
    assert f"stream_missing_key_{MODEL_Y[-6:]}" in issues_of(hass)


async def test_the_car_does_not_accept_the_signer(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """The key came on the car after the configuration did: it has to be sent again."""
    online.steer({"telemetry": {"config_delay": 60}})
    await set_up(hass, entry_of_stream)
    await hass.async_block_till_done(wait_background_tasks=True)
    registration = tesla.accounts.registrations[CLIENT_ID, "eu"]
    online.steer({"unpair": registration.public_key.hex()})
    await pass_time(2 * MINUTE)
    assert "unknown issuer" in online.telemetry.errors[-1]["error"]
    online.steer({"pair": registration.public_key.hex()})
    tesla.faults.order("status", endpoint=CONFIGURE, status=503)
    await pass_time(65 * MINUTE)
    text = issue_of(hass, f"stream_error_signature_{MODEL_Y[-6:]}")
    assert "InvalidSignature: unknown issuer" in text
    await pass_time(2 * HOUR)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


OTHER_CERTIFICATES: dict[str, tuple[bool, str, timedelta]] = {
    # Whether it is of our CA, for which host, and how long ago it was issued.
    "certificate": (False, "home.flotte.example", timedelta()),
    "host_name": (True, "other.flotte.example", timedelta()),
    "certificate_expired": (True, "home.flotte.example", timedelta(days=500)),
}


@pytest.mark.parametrize("remedy", OTHER_CERTIFICATES)
async def test_the_car_does_not_accept_the_certificate(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
    tmp_path: Path,
    remedy: str,
) -> None:
    """Its error at Tesla becomes an issue with instructions; when it connects, that is resolved."""
    receiver = receiver_of(hass, entry_of_stream)
    is_ours, host, age = OTHER_CERTIFICATES[remedy]
    now = dt_util.utcnow()
    authority = await async_get_authority(hass) if is_ours else Authority.generate(now)
    cas = await async_get_client_cas(hass)
    receiver.server.use(server_context(authority.issue(host, now - age), cas, tmp_path))
    await tesla.streams.link(MODEL_Y).cut()
    await pass_time(100 * MINUTE)
    assert issues_of(hass) == {f"stream_error_{remedy}_{MODEL_Y[-6:]}"}
    assert "home.flotte.example:" in issue_of(hass, f"stream_error_{remedy}_{MODEL_Y[-6:]}")
    assert asked_of(tesla, aurora).count("vehicle_data") >= 5
    present = receiver.certificate
    assert present is not None
    receiver.server.use(server_context(present, cas, tmp_path))
    await pass_time(2 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()
    assert sent(tesla) == 1


@pytest.mark.parametrize(
    "told", [[], ["dial tcp 203.0.113.7:4443: connect: connection refused"]], ids=str
)
async def test_the_car_does_not_get_through(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    jump: Pass,
    entry_of_stream: MockConfigEntry,
    told: list[str],
) -> None:
    """Asked once a day, because that is two data requests; whether or not the car says why."""
    await receiver_of(hass, entry_of_stream).server.stop()
    rows = [{"vin": MODEL_Y, "error_name": "cloud_manager_error", "error": each} for each in told]
    tesla.faults.order(
        "status",
        endpoint="fleet_telemetry_errors",
        status=200,
        body={"response": {"fleet_telemetry_errors": rows}},
        count=None,
    )
    await pass_time(25 * MINUTE)
    assert "fleet_telemetry_config" not in asked_of(tesla, aurora)
    await pass_time(95 * MINUTE)
    text = issue_of(hass, f"stream_error_not_reachable_{MODEL_Y[-6:]}")
    for each in told:
        assert each in text

    def asked() -> tuple[int, int]:
        names = asked_of(tesla, aurora)
        return names.count("fleet_telemetry_config"), names.count("fleet_telemetry_errors")

    assert asked() == (1, 1)
    await pass_time(2 * HOUR)
    await jump(19 * HOUR)
    assert asked() == (1, 1)
    await jump(3 * HOUR)
    assert asked() == (2, 2)
    assert sent(tesla) == 1


async def test_the_cars_errors_are_unavailable(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    await receiver_of(hass, entry_of_stream).server.stop()
    tesla.faults.order("status", endpoint="fleet_telemetry_config", status=503)
    await pass_time(2 * HOUR)
    assert not tesla.faults.pending()
    assert issues_of(hass) == set()


async def test_a_car_that_has_not_got_it_yet_is_left_alone(
    hass: HomeAssistant,
    online: Car,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """It takes up to a day to get there, and that is no trouble."""
    online.steer({"telemetry": {"config_delay": 3 * 3600}})
    await set_up(hass, entry_of_stream)
    await pass_time(2 * HOUR)
    assert issues_of(hass) == set()
    await pass_time(2 * HOUR)
    assert state_of(hass, STREAMING).state == "on"


async def test_another_program_of_the_application_took_over(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    subscription = aurora.telemetry.subscriptions[CLIENT_ID]
    wanted = dict(subscription.claims)
    subscription.claims = {**wanted, "hostname": "elsewhere.flotte.example"}
    subscription.configuration = subscription.collector = None
    await tesla.streams.link(MODEL_Y).close()
    await pass_time(100 * MINUTE)
    assert sent(tesla) == 2
    assert claims_of(aurora)["hostname"] == "home.flotte.example"
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


async def test_the_configuration_was_removed_elsewhere(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, pass_time: Pass
) -> None:
    aurora.telemetry.withdraw(CLIENT_ID)
    await pass_time(100 * MINUTE)
    assert sent(tesla) == 2
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


# --- As time goes by ------------------------------------------------------------------------------


async def test_renewed_long_before_it_ends(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    jump: Pass,
) -> None:
    aurora.steer({"state": "asleep"})
    await pass_time(MINUTE)
    first = claims_of(aurora)["exp"]

    await jump(29 * DAY)
    assert sent(tesla) == 1
    await jump(DAY)
    assert sent(tesla) == 2
    assert claims_of(aurora)["exp"] - first == pytest.approx(30 * 86400, abs=3600)
    await jump(29 * DAY)
    assert sent(tesla) == 2


FLAPPING = "HvacLeftTemperatureRequest"


@pytest.fixture
async def flapping(aurora: Car, pass_time: Pass) -> Car:
    """Aurora, who told a setting over and over for two and a half hours."""
    aurora.steer({"flapping": {FLAPPING: 0.5}})
    await pass_time(150 * MINUTE)
    return aurora


async def test_fields_far_above_their_forecast_are_slowed_and_shown(
    hass: HomeAssistant,
    flapping: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    issue = f"stream_overdrawn_{MODEL_Y[-6:]}"
    assert f"- {FLAPPING}: " in issue_of(hass, issue)
    assert sent(tesla) >= 2
    slowed = fields_of(flapping)[FLAPPING]["interval_seconds"]
    assert slowed > 1
    before = sent(tesla)
    flapping.steer({"flapping": {}})
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(2 * HOUR)
    assert fields_of(flapping)[FLAPPING]["interval_seconds"] == slowed, "it is known to flap"
    assert sent(tesla) == before


async def test_own_rules_end_the_warning(
    hass: HomeAssistant, flapping: Car, pass_time: Pass, entry_of_stream: MockConfigEntry
) -> None:
    """They are never slowed, whatever they cost."""
    await change_options(hass, entry_of_stream, stream_overrides={FLAPPING: 2})
    assert fields_of(flapping)[FLAPPING]["interval_seconds"] == 2
    assert issues_of(hass) == set()
    await pass_time(3 * HOUR)
    assert fields_of(flapping)[FLAPPING]["interval_seconds"] == 2
    assert issues_of(hass) == set()


# --- No more --------------------------------------------------------------------------------------


async def test_switched_off(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    await change_options(hass, entry_of_stream, stream="off")
    assert asked_of(tesla, aurora)[-1] == "fleet_telemetry_config_delete"
    assert not aurora.telemetry.subscriptions
    signals = tesla.bill.counts(client_id=CLIENT_ID)
    await pass_time(25 * MINUTE)
    assert tesla.bill.counts(client_id=CLIENT_ID)[Category.SIGNAL] == signals[Category.SIGNAL]
    assert asked_of(tesla, aurora).count("vehicle_data") >= 3
    # Nothing becomes unavailable by that, but the next start adds no entity for alerts.
    assert state_of(hass, "event.aurora_alert").state == "unknown"
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "event.aurora_alert").state == "unavailable"
    assert asked_of(tesla, aurora).count("fleet_telemetry_config_delete") == 1


async def test_switched_off_while_tesla_is_away(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It goes on costing money, so that is said, and tried again at the next start."""
    tesla.faults.order("status", endpoint="fleet_telemetry_config_delete", status=503)
    await change_options(hass, entry_of_stream, stream="off")
    assert "Aurora; it keeps streaming until" in caplog.text
    assert aurora.telemetry.subscriptions
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not aurora.telemetry.subscriptions


async def test_turning_off_resolves_the_issues(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    tesla.faults.order(endpoint=CONFIGURE, **skip("max_configs"))
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    assert issues_of(hass)
    await change_options(hass, entry_of_stream, stream="off")
    assert issues_of(hass) == set()
    assert "fleet_telemetry_config_delete" not in asked_of(tesla, online)


async def test_removed(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, entry_of_stream: MockConfigEntry
) -> None:
    """An owner who removes the integration must not continue to pay."""
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert asked_of(tesla, aurora)[-1] == "fleet_telemetry_config_delete"
    assert not aurora.telemetry.subscriptions
    assert issues_of(hass) == set()


async def test_removed_when_the_access_token_is_over(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    pass_time: Pass,
) -> None:
    aurora.steer({"state": "asleep"})
    await pass_time(MINUTE)
    freezer.tick(DAY)
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    assert not aurora.telemetry.subscriptions


async def test_removed_while_it_is_not_loaded(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    """It was disabled first, or Tesla was unavailable at the last start."""
    await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    assert not aurora.telemetry.subscriptions


async def test_removed_while_tesla_is_away(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    tesla.faults.order("status", endpoint="fleet_telemetry_config_delete", status=503)
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    assert hass.config_entries.async_entries("flotte") == []
    assert "keeps streaming until" in caplog.text
    assert f"flotte.{entry_of_stream.entry_id}" not in hass_storage


async def test_removed_after_the_credentials(
    hass: HomeAssistant,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Then Tesla cannot be reached; the owner gets an issue."""
    credentials = hass.data[DATA_COMPONENT]
    for credential in credentials.async_items():
        await credentials.async_delete_item(credential["id"])
    hass.data["oauth2_impl"].get("flotte", {}).clear()
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    assert hass.config_entries.async_entries("flotte") == []
    assert "Could not stop the stream" in caplog.text


async def test_removing_an_account_without_a_stream_sends_nothing(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    before = len(tesla.requests)
    await hass.config_entries.async_remove(loaded.entry_id)
    assert len(tesla.requests) == before


async def test_the_broker_s_cars_are_not_configured(
    hass: HomeAssistant, online: Car, tesla: Simulator, make_entry: EntryMaker, pass_time: Pass
) -> None:
    """The owner of a server configures the cars without Flotte."""
    await register_key(hass, tesla)
    entry = make_entry(options={"stream": "mqtt", "mqtt_topic_base": "telemetry"})
    await set_up(hass, entry)
    await pass_time(65 * MINUTE)
    await entry.runtime_data.streaming.async_configure()
    assert sent(tesla) == 0


# --- What Tesla refuses is not paid for over and over ---------------------------------------------


async def test_permanent_refusals_are_retried_less_and_less_often(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    jump: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    """An hour, four hours, a day, also across restarts. The owner may have fixed it."""
    tesla.faults.order(endpoint=CONFIGURE, **skip("max_configs"), count=None)
    await set_up(hass, entry_of_stream)
    await pass_time(2 * MINUTE)
    online.steer({"state": "asleep"})
    assert sent(tesla) == 1
    await jump(HOUR)
    assert sent(tesla) == 2
    await jump(2 * HOUR)
    assert sent(tesla) == 2
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await jump(MINUTE)
    assert sent(tesla) == 2
    assert issues_of(hass) == {f"stream_max_configs_{MODEL_Y[-6:]}"}
    await jump(2 * HOUR)
    assert sent(tesla) == 3
    await jump(20 * HOUR)
    assert sent(tesla) == 3
    await jump(4 * HOUR)
    assert sent(tesla) == 4
    await change_options(hass, entry_of_stream, stream_profile="live")
    assert sent(tesla) == 5


async def test_a_computer_that_cannot_stream_is_configured_once(
    hass: HomeAssistant,
    online: Car,
    tesla: Simulator,
    pass_time: Pass,
    jump: Pass,
    entry_of_stream: MockConfigEntry,
) -> None:
    tesla.faults.order(endpoint=CONFIGURE, **skip("unsupported_hardware"), count=None)
    await set_up(hass, entry_of_stream)
    await pass_time(MINUTE)
    online.steer({"state": "asleep"})
    for duration in (HOUR, DAY, 10 * DAY):
        await jump(duration)
    await change_options(hass, entry_of_stream, stream_profile="live")
    assert sent(tesla) == 1
    assert issues_of(hass) == {f"stream_unsupported_hardware_{MODEL_Y[-6:]}"}


async def test_only_configured_fields_are_slowed(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else it is slowed further every hour while Tesla refuses, whatever the car does."""
    streaming = entry_of_stream.runtime_data.streaming
    subscription = streaming._subscriptions[MODEL_Y]
    now = dt_util.utcnow()
    found = (Overdrawn(FLAPPING, 5000, 10),)
    monkeypatch.setattr(subscription.tally, "overdrawn", lambda _: found)
    for _ in range(3):
        streaming._watcher.slow_costly_fields(subscription, now)
    assert subscription.tally.slowed == {FLAPPING: 1}
    assert issues_of(hass) == {f"stream_overdrawn_{MODEL_Y[-6:]}"}


async def test_a_brokers_car_is_not_slowed(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its owner gets one report, which does not claim that Flotte did something about it."""
    streaming = entry_of_stream.runtime_data.streaming
    subscription = streaming._subscriptions[MODEL_Y]
    planner = streaming._planner
    monkeypatch.setattr(planner, "settings", dataclasses.replace(planner.settings, source="mqtt"))
    dear = [Overdrawn(FLAPPING, 5000, 10)]
    monkeypatch.setattr(subscription.tally, "overdrawn", lambda _: tuple(dear))
    for _ in range(3):
        streaming._watcher.slow_costly_fields(subscription, dt_util.utcnow())
    assert subscription.tally.slowed == {}
    assert "Your own telemetry server" in issue_of(hass, f"broker_overdrawn_{MODEL_Y[-6:]}")
    dear.clear()
    streaming._watcher.slow_costly_fields(subscription, dt_util.utcnow())
    assert issues_of(hass) == set()
    monkeypatch.undo()


# --- What ends the spending -----------------------------------------------------------------------


async def test_switched_off_when_the_budget_is_spent(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    """The one request that stops the stream must not fail for want of money."""
    await change_options(hass, entry_of_stream, stream="off", monthly_limit=0)
    assert not aurora.telemetry.subscriptions


async def test_switched_off_and_tried_again_after_an_hour(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    jump: Pass,
) -> None:
    endpoint = "fleet_telemetry_config_delete"
    tesla.faults.order("status", endpoint=endpoint, status=503)
    await change_options(hass, entry_of_stream, stream="off")
    assert aurora.telemetry.subscriptions
    await jump(HOUR)
    assert not aurora.telemetry.subscriptions
    asked = asked_of(tesla, aurora).count(endpoint)
    await jump(2 * HOUR)
    assert asked_of(tesla, aurora).count(endpoint) == asked


@pytest.mark.parametrize("is_ours", [True, False])
async def test_changed_to_a_broker(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    is_ours: bool,  # noqa: FBT001  # a parameter of the test
) -> None:
    """Our configuration is removed once; that of the owner's own server stays."""
    endpoint = "fleet_telemetry_config_delete"
    if not is_ours:
        subscription = aurora.telemetry.subscriptions[CLIENT_ID]
        subscription.claims = {**subscription.claims, "hostname": "own.flotte.example"}
    await change_options(hass, entry_of_stream, stream="mqtt", mqtt_topic_base="telemetry")
    assert bool(aurora.telemetry.subscriptions) is not is_ours
    assert asked_of(tesla, aurora).count(endpoint) == is_ours
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    assert asked_of(tesla, aurora).count(endpoint) == is_ours


async def test_a_car_that_could_not_be_reached_is_reported(
    hass: HomeAssistant, aurora: Car, tesla: Simulator, entry_of_stream: MockConfigEntry
) -> None:
    """The log is not enough: it costs money. Other repairs are resolved."""
    streaming = entry_of_stream.runtime_data.streaming
    streaming._issues.async_report("stream_missing_key", MODEL_Y, "Aurora")
    tesla.faults.order("status", endpoint="fleet_telemetry_config_delete", status=503)
    await hass.config_entries.async_remove(entry_of_stream.entry_id)
    left = f"stream_left_{MODEL_Y[-6:]}"
    assert {each.issue_id for each in ir.async_get(hass).issues.values()} == {left}
    assert "Aurora" in issue_of(hass, left)
    issue = ir.async_get(hass).async_get_issue("flotte", left)
    assert issue is not None
    assert issue.is_persistent


async def test_nothing_is_configured_while_it_is_unloaded(
    hass: HomeAssistant,
    aurora: Car,
    tesla: Simulator,
    entry_of_stream: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Without entities nothing is shown; and if unloading fails, all goes on."""
    streaming = entry_of_stream.runtime_data.streaming
    unload = hass.config_entries.async_unload_platforms
    succeeds = False

    async def unload_slowly(*args: Any) -> bool:
        for vehicle in entry_of_stream.runtime_data.vehicles:
            monkeypatch.setattr(type(vehicle), "shown_signals", frozenset())
        await streaming.async_configure()
        monkeypatch.undo()
        monkeypatch.setattr(hass.config_entries, "async_unload_platforms", unload_slowly)
        return succeeds and await unload(*args)

    monkeypatch.setattr(hass.config_entries, "async_unload_platforms", unload_slowly)
    assert not await async_unload_entry(hass, entry_of_stream)
    assert sent(tesla) == 1
    streaming._subscriptions[MODEL_Y].configured = None
    await streaming.async_configure()
    assert sent(tesla) == 2
    succeeds = True
    assert await hass.config_entries.async_unload(entry_of_stream.entry_id)
    await streaming.async_configure()
    assert sent(tesla) == 2


def test_a_stored_rule_that_cannot_be_read_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    """The form refuses it; a start must not fail because of it."""
    kept = {"FieldOfTomorrow": 60, "Soc": 60, "Gear": "often"}
    assert Settings.from_options({"stream_overrides": kept}).overrides == {"Soc": FieldRule(60)}
    assert Settings.from_options({"stream_overrides": "Soc"}).overrides == {}
    assert "rule for the field FieldOfTomorrow" in caplog.text


async def test_errors_are_requested_once_a_day_over_restarts(
    hass: HomeAssistant, aurora: Car, entry_of_stream: MockConfigEntry
) -> None:
    """Each time is two data requests."""
    moment = dt_util.utcnow()
    entry_of_stream.runtime_data.streaming._subscriptions[MODEL_Y].asked = moment
    await hass.config_entries.async_reload(entry_of_stream.entry_id)
    assert entry_of_stream.runtime_data.streaming._subscriptions[MODEL_Y].asked == moment


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        {"issue": "x", "detail": "", "count": 1, "until": None, "circumstances": ""},
        {"issue": "stream_refused", "detail": "", "count": 1, "until": "?", "circumstances": ""},
    ],
    ids=str,
)
def test_a_stored_refusal_that_cannot_be_read_is_none(stored: object) -> None:
    assert StreamRefusal.from_stored(stored) is None
