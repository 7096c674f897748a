"""Our own actions: the car's commands, the answers, and secrets that stay out of them."""

import ast
import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.json import JSONEncoder
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.diagnostics import async_get_config_entry_diagnostics
from custom_components.flotte.services.energy import ENERGY_ACTIONS
from custom_components.flotte.services.sites import SITE_ACTIONS
from custom_components.flotte.services.spending import SPENDING_ACTIONS
from custom_components.flotte.services.superchargers import SUPERCHARGER_ACTIONS
from custom_components.flotte.services.vehicle import ACTIONS, VehicleAction
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla import signals
from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    SITE,
    EntryMaker,
    set_up,
    vehicle_of,
)
from tests.fleet import (
    AURORA,
    BOTH,
    INFOTAINMENT,
    MINUTE,
    MOMENT,
    OLD_FAITHFUL,
    Driven,
    Wait,
    told_of,
)

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

FLOTTE = Path(__file__).parents[1] / "custom_components" / "flotte"
MOMENT_SECONDS = 1792490400
"""`MOMENT` in Unix seconds."""
ALL = (
    *ACTIONS,
    *SPENDING_ACTIONS,
    *ENERGY_ACTIONS,
    *SITE_ACTIONS,
    *SUPERCHARGER_ACTIONS,
)
PIN = "8306"
DAM = {"latitude": 52.3731, "longitude": 4.8926}


@pytest.fixture(autouse=True)
def _only_what_is_needed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Actions need no entity at all; one platform keeps the setup realistic."""
    if "all_platforms" not in request.fixturenames:
        monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BUTTON])


@pytest.fixture
def all_platforms() -> None:
    """For tests that look at the entities too."""


def device_of(hass: HomeAssistant, entry: MockConfigEntry, identifier: str) -> str:
    """The id of a vehicle's or site's device."""
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
    assert device is not None
    return device.id


async def call(
    hass: HomeAssistant,
    action: str,
    device_id: str | list[str],
    *,
    context: Context | None = None,
    answer: bool = False,
    **fields: Any,
) -> Any:
    """Call an action as an automation does."""
    return await hass.services.async_call(
        DOMAIN,
        action,
        {"device_id": device_id, **fields},
        blocking=True,
        context=context,
        return_response=answer,
    )


async def refused(
    hass: HomeAssistant,
    action: str,
    device_id: str | list[str],
    kind: type[HomeAssistantError] = HomeAssistantError,
    **fields: Any,
) -> HomeAssistantError:
    """The error that an action ends in; it can be read by people."""
    with pytest.raises(HomeAssistantError) as refusal:
        await call(hass, action, device_id, **fields)
    error = refusal.value
    assert type(error) is kind
    assert str(error) != error.translation_key
    assert not re.search(r"\{\w*\}", str(error)), "a placeholder is left"
    return error


def executed(car: Car) -> list[str]:
    """The car's executions."""
    return [each.name for each in car.executions]


# --- Commands -----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Row:
    """An action, its fields, and what the car executes."""

    action: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    plain: Mapping[str, Any] | None = None
    """The parameters of the unsigned form, if they differ."""
    before: Mapping[str, Any] = field(default_factory=dict)
    """Orders to the car."""
    access: Mapping[str, Any] = field(default_factory=dict)
    """Modes and PINs that the car has before."""
    timer: str = "Off"
    """Which of the two old timers it has before."""
    is_rest: bool = False
    """Whether it is never signed."""
    is_signed_only: bool = False
    """Whether it has no unsigned form."""


SOMEBODY = {"user_present": True}
UPDATE = {"software_update": {"status": "available"}}
HOME_POSITION = {"lat": 52.3731, "lon": 4.8926}
CHARGE_SCHEDULE = {
    "id": 7,
    "name": "",
    "days_of_week": 2 + 64,
    "start_enabled": True,
    "start_time": 23 * 60 + 30,
    "end_enabled": True,
    "end_time": 6 * 60,
    "one_time": True,
    "enabled": False,
    **HOME_POSITION,
}
DEPARTURE_OFF = {
    "enable": False,
    "departure_time": 0,
    "preconditioning_enabled": False,
    "preconditioning_weekdays_only": False,
    "off_peak_charging_enabled": False,
    "off_peak_charging_weekdays_only": False,
    "end_off_peak_time": 0,
}

ROWS = [
    Row(
        action="navigate",
        fields={"destination": "Dam 1, Amsterdam", "locale": "nl-NL"},
        name="navigation_request",
        parameters={
            "type": "share_ext_content_raw",
            "value": {"android.intent.extra.TEXT": "Dam 1, Amsterdam"},
            "locale": "nl-NL",
            "timestamp_ms": f"{MOMENT_SECONDS + 60}000",
        },
        is_rest=True,
    ),
    Row(
        action="navigate_to_position",
        fields={"position": DAM, "order": "append"},
        name="navigation_gps_request",
        parameters={"lat": 52.3731, "lon": 4.8926, "order": 3},
    ),
    Row(
        action="navigate_to_supercharger",
        fields={"id": 1234},
        name="navigation_sc_request",
        parameters={"id": 1234, "order": 1},
    ),
    Row(
        action="navigate_waypoints",
        fields={"places": ["A-1", "b_2"]},
        name="navigation_waypoints_request",
        parameters={"waypoints": "refId:A-1,refId:b_2"},
    ),
    Row(
        action="take_drive_note",
        fields={"note": "Rattle"},
        name="take_drivenote",
        parameters={"note": "Rattle"},
    ),
    Row(
        action="send_calendar",
        fields={"data": "{}"},
        name="upcoming_calendar_entries",
        parameters={"calendar_data": "{}"},
    ),
    Row(
        action="add_charge_schedule",
        fields={
            "days": ["mon", "sat"],
            "start": "23:30:00",
            "end": "06:00:59",
            "position": DAM,
            "one_time": True,
            "enabled": False,
            "id": 7,
        },
        name="add_charge_schedule",
        parameters=CHARGE_SCHEDULE,
    ),
    Row(
        action="add_charge_schedule",
        fields={"days": "sun", "start": "00:00", "position": DAM, "id": 7},
        name="add_charge_schedule",
        parameters={
            **CHARGE_SCHEDULE,
            "days_of_week": 1,
            "start_time": 0,
            "end_enabled": False,
            "end_time": 0,
            "one_time": False,
            "enabled": True,
        },
    ),
    Row(
        action="add_charge_schedule",
        fields={"days": ["tue", "thu"], "end": "06:00:00", "position": DAM, "id": 2**64 - 1},
        name="add_charge_schedule",
        parameters={
            **CHARGE_SCHEDULE,
            "id": 2**64 - 1,
            "days_of_week": 4 + 16,
            "start_enabled": False,
            "start_time": 0,
            "one_time": False,
            "enabled": True,
        },
    ),
    Row(
        action="remove_charge_schedule",
        fields={"id": 1792490400},
        name="remove_charge_schedule",
        parameters={"id": 1792490400},
    ),
    Row(
        action="add_precondition_schedule",
        fields={"days": ["wed", "fri"], "ready": "07:45:00", "position": DAM, "id": 8},
        name="add_precondition_schedule",
        parameters={
            "id": 8,
            "name": "",
            "days_of_week": 8 + 32,
            "precondition_time": 7 * 60 + 45,
            "one_time": False,
            "enabled": True,
            **HOME_POSITION,
        },
    ),
    Row(
        action="remove_precondition_schedule",
        # As the user interface sends it.
        fields={"id": 1792490400.0},
        name="remove_precondition_schedule",
        parameters={"id": 1792490400},
    ),
    Row(
        action="set_scheduled_charging",
        fields={"enabled": True, "start": "02:05:00"},
        name="set_scheduled_charging",
        parameters={"enable": True, "time": 125},
    ),
    Row(
        action="set_scheduled_charging",
        fields={"enabled": False},
        timer="StartAt",
        name="set_scheduled_charging",
        parameters={"enable": False, "time": 0},
    ),
    Row(
        action="set_scheduled_departure",
        fields={
            "enabled": True,
            "departure": "07:30:00",
            "preconditioning": "weekdays",
            "off_peak": "all_week",
            "off_peak_end": "06:00:00",
        },
        name="set_scheduled_departure",
        parameters={
            "enable": True,
            "departure_time": 450,
            "preconditioning_enabled": True,
            "preconditioning_weekdays_only": True,
            "off_peak_charging_enabled": True,
            "off_peak_charging_weekdays_only": False,
            "end_off_peak_time": 360,
        },
    ),
    Row(
        action="set_scheduled_departure",
        fields={"enabled": True, "departure": "07:30:00"},
        name="set_scheduled_departure",
        parameters={**DEPARTURE_OFF, "enable": True, "departure_time": 450},
    ),
    Row(
        action="set_scheduled_departure",
        fields={"enabled": False, "departure": "07:30:00", "off_peak": "all_week"},
        timer="DepartBy",
        name="set_scheduled_departure",
        parameters=DEPARTURE_OFF,
    ),
    Row(
        action="set_valet_mode",
        fields={"active": True, "pin": PIN},
        name="set_valet_mode",
        parameters={"on": True, "password": PIN},
    ),
    Row(
        action="set_valet_mode",
        fields={"active": False},
        access={"valet_mode": True, "valet_pin": PIN},
        name="set_valet_mode",
        parameters={"on": False, "password": ""},
    ),
    Row(action="reset_valet_pin", access={"valet_pin": PIN}, name="reset_valet_pin"),
    Row(
        action="set_speed_limit",
        fields={"speed": 120},
        name="speed_limit_set_limit",
        parameters={"limit_mph": 75.0},
    ),
    Row(
        action="activate_speed_limit",
        fields={"pin": 8306},
        name="speed_limit_activate",
        parameters={"pin": PIN},
    ),
    Row(
        action="activate_speed_limit",
        fields={"active": False, "pin": PIN},
        access={"speed_limit_active": True, "speed_limit_pin": PIN},
        name="speed_limit_deactivate",
        parameters={"pin": PIN},
    ),
    Row(
        action="clear_speed_limit_pin",
        fields={"pin": PIN},
        access={"speed_limit_pin": PIN},
        name="speed_limit_clear_pin",
        parameters={"pin": PIN},
    ),
    Row(
        action="clear_speed_limit_pin",
        access={"speed_limit_active": True, "speed_limit_pin": PIN},
        name="speed_limit_clear_pin_admin",
    ),
    Row(
        action="set_pin_to_drive",
        fields={"active": True, "pin": PIN},
        name="set_pin_to_drive",
        parameters={"on": True, "password": PIN},
        is_signed_only=True,
    ),
    Row(
        action="set_pin_to_drive",
        fields={"active": False},
        access={"pin_to_drive": True, "drive_pin": PIN},
        name="set_pin_to_drive",
        parameters={"on": False, "password": ""},
        is_signed_only=True,
    ),
    Row(
        action="reset_pin_to_drive",
        access={"drive_pin": PIN},
        name="reset_pin_to_drive_pin",
        is_signed_only=True,
    ),
    Row(
        action="clear_pin_to_drive",
        access={"pin_to_drive": True, "drive_pin": PIN},
        name="clear_pin_to_drive_admin",
    ),
    Row(
        action="activate_parental_controls",
        fields={"pin": 8306},
        name="parental_controls_activate",
        parameters={"pin": PIN},
    ),
    Row(
        action="activate_parental_controls",
        fields={"active": False, "pin": PIN},
        access={"parental_active": True, "parental_pin": PIN},
        name="parental_controls_deactivate",
        parameters={"pin": PIN},
    ),
    Row(
        action="set_parental_control",
        fields={"setting": "curfew", "enabled": True},
        name="parental_controls_enable_setting",
        parameters={"setting": "Curfew", "enable": True},
    ),
    Row(
        action="set_parental_speed_limit",
        fields={"speed": 120},
        name="parental_controls_set_speed_limit",
        parameters={"limit_mph": 75.0},
    ),
    Row(
        action="clear_parental_pin",
        access={"parental_active": True, "parental_pin": PIN},
        name="parental_controls_clear_pin_admin",
    ),
    *(
        Row(
            action="media",
            fields={"command": command},
            name=name,
            before=SOMEBODY,
            is_signed_only=command == "volume_up",
        )
        for command, name in {
            "toggle_playback": "media_toggle_playback",
            "next_track": "media_next_track",
            "previous_track": "media_prev_track",
            "next_favourite": "media_next_fav",
            "previous_favourite": "media_prev_fav",
            "volume_up": "media_volume_up",
            "volume_down": "media_volume_down",
        }.items()
    ),
    Row(
        action="set_temperatures",
        fields={"driver": 21.5, "passenger": 19},
        name="set_temps",
        parameters={"driver_temp": 21.5, "passenger_temp": 19.0},
    ),
    Row(
        action="set_volume",
        fields={"volume": 4.5},
        name="adjust_volume",
        parameters={"volume": 4.5},
        before=SOMEBODY,
    ),
    Row(
        action="schedule_software_update",
        # As the user interface sends it.
        fields={"delay": {"days": 1, "hours": 2, "minutes": 0, "seconds": 5}},
        name="schedule_software_update",
        parameters={"offset_sec": 86400 + 2 * 3600 + 5},
        before=UPDATE,
    ),
    Row(
        action="cancel_software_update",
        name="cancel_software_update",
        before={"software_update": {"status": "scheduled"}},
    ),
    Row(
        action="set_vehicle_name",
        fields={"name": "Borealis"},
        name="set_vehicle_name",
        parameters={"vehicle_name": "Borealis"},
        is_signed_only=True,
    ),
]
EACH_ROW = pytest.mark.parametrize(
    "row", [pytest.param(row, id=f"{row.action}-{index}") for index, row in enumerate(ROWS)]
)


def test_every_action_is_tried() -> None:
    assert {row.action for row in ROWS} == {row.name for row in ACTIONS if row.command}


OTHER_TESTS = (
    "spending_actions",
    "history_import",
    "site_actions",
    "supercharger_actions",
    "charge_on_solar",
)
"""Files with tests of actions, without `test_`."""
CALLS = {"call", "ask"}
"""Helpers of the tests of actions that call an action which succeeds; its name comes second."""


def called_by_name() -> set[str]:
    """The actions that a test of this file or of `OTHER_TESTS` calls by name."""
    here = Path(__file__)
    return {
        node.args[1].value
        for path in (here, *(here.with_name(f"test_{each}.py") for each in OTHER_TESTS))
        for test in ast.parse(path.read_text("utf-8")).body
        if isinstance(test, ast.AsyncFunctionDef) and test.name.startswith("test_")
        for node in ast.walk(test)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in CALLS
        and len(node.args) > 1
        and isinstance(node.args[1], ast.Constant)
        and isinstance(node.args[1].value, str)
    }


def test_every_described_action_is_called_by_a_test() -> None:
    """Those of `ROWS` are called below; the others have a test that calls them by name."""
    described = load_yaml_dict(str(FLOTTE / "services.yaml")).keys()
    assert described - {row.action for row in ROWS} <= called_by_name()


async def prepared(tesla: Simulator, wait: Wait, driven: Driven, row: Row) -> Car:
    """The car, ready for the action."""
    car = tesla.world.cars[driven.vin]
    car.charging.schedule.mode = row.timer
    for name, value in row.access.items():
        assert hasattr(car.access, name)
        setattr(car.access, name, value)
    return await told_of(tesla, wait, driven.vin, **row.before)


@EACH_ROW
@pytest.mark.parametrize("driven", BOTH)
async def test_the_car_executes_it(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    driven: Driven,
    row: Row,
) -> None:
    car = await prepared(tesla, wait, driven, row)
    device_id = device_of(hass, loaded, driven.vin)

    if row.is_signed_only and not driven.signed:
        billed = tesla.bill.counts()
        error = await refused(hass, row.action, device_id, **row.fields)
        assert error.translation_key == "no_unsigned_form"
        assert executed(car) == []
        assert tesla.bill.counts() == billed
        return
    assert await call(hass, row.action, device_id, **row.fields) is None

    (execution,) = car.executions
    signed = driven.signed and not row.is_rest
    assert (execution.name, execution.signed) == (row.name, signed)
    assert execution.domain == (INFOTAINMENT if signed else None)
    assert execution.parameters == row.parameters


@pytest.mark.parametrize("driven", BOTH)
async def test_effects_of_actions(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Not only the parameters: the car is in the new state."""
    car = await told_of(tesla, wait, driven.vin, user_present=True)
    device_id = device_of(hass, loaded, driven.vin)

    await call(hass, "navigate", device_id, destination="Dam 1, Amsterdam")
    assert car.destination is not None
    assert car.destination.name == "Dam 1, Amsterdam"

    await call(hass, "set_valet_mode", device_id, active=True, pin=PIN)
    assert (car.access.valet_mode, car.access.valet_pin) == (True, PIN)

    await call(hass, "set_speed_limit", device_id, speed=130)
    await call(hass, "activate_speed_limit", device_id, pin=PIN)
    assert (car.access.speed_limit_active, car.access.speed_limit_mph) == (True, 81.0)

    await call(hass, "set_volume", device_id, volume=2)
    assert car.media.volume == 2

    await call(hass, "add_precondition_schedule", device_id, days=["mon"], ready="07:00:00", id=5)
    assert list(car.plans.precondition) == [5]
    await call(hass, "remove_precondition_schedule", device_id, id=5)
    assert not car.plans.precondition


@pytest.mark.parametrize(
    ("language", "country", "locale"),
    [("nl", "BE", "nl-BE"), ("en-GB", "NL", "en-GB"), ("de", None, "de")],
)
async def test_locale_is_that_of_home_assistant(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    language: str,
    country: str | None,
    locale: str,
) -> None:
    car = await told_of(tesla, wait, MODEL_S)
    hass.config.language, hass.config.country = language, country
    await call(hass, "navigate", device_of(hass, loaded, MODEL_S), destination="Dam 1")
    (execution,) = car.executions
    assert execution.parameters["locale"] == locale


async def test_schedule_applies_where_the_car_is(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y, location={"latitude": 52.09, "longitude": 5.12})
    await call(
        hass, "add_charge_schedule", device_of(hass, loaded, MODEL_Y), days=["mon"], end="06:00"
    )
    (schedule,) = car.plans.charge.values()
    assert (schedule["latitude"], schedule["longitude"]) == (52.09, 5.12)


async def test_schedule_applies_at_home_if_the_location_is_unknown(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_at_tesla: HomeAssistant,
    make_entry: EntryMaker,
    tesla: Simulator,
    wait: Wait,
) -> None:
    """It never told where it is, because it has been asleep since the beginning."""
    await set_up(hass, entry)
    car = tesla.world.cars[MODEL_Y]
    hass.config.latitude, hass.config.longitude = 51.92, 4.48
    await call(
        hass,
        "add_precondition_schedule",
        device_of(hass, entry, MODEL_Y),
        days=["mon"],
        ready="06:00",
    )
    (schedule,) = car.plans.precondition.values()
    assert (schedule["latitude"], schedule["longitude"]) == (51.92, 4.48)
    assert car.wakes == 1


# --- Ids and answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("driven", BOTH)
async def test_new_schedules_get_ids_that_are_answered(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """The Unix second, and the next one for a second request within that second."""
    car = await told_of(tesla, wait, driven.vin)
    device_id = device_of(hass, loaded, driven.vin)
    first = await call(
        hass, "add_charge_schedule", device_id, answer=True, days=["mon"], start="23:00"
    )
    second = await call(
        hass, "add_charge_schedule", device_id, answer=True, days=["tue"], start="23:00"
    )
    third = await call(
        hass, "add_precondition_schedule", device_id, answer=True, days=["tue"], ready="07:00"
    )
    now = MOMENT_SECONDS + 60
    assert first == {"schedules": {device_id: {"id": now}}}
    assert second == {"schedules": {device_id: {"id": now + 1}}}
    assert third == {"schedules": {device_id: {"id": now + 2}}}
    assert list(car.plans.charge) == [now, now + 1]
    assert list(car.plans.precondition) == [now + 2]

    # With time, the ids are the seconds again.
    await wait(MINUTE)
    fourth = await call(
        hass, "add_charge_schedule", device_id, answer=True, days=["wed"], start="23:00"
    )
    assert fourth == {"schedules": {device_id: {"id": now + 60}}}


async def test_a_schedule_with_an_id_is_changed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    device_id = device_of(hass, loaded, MODEL_Y)
    for start in ("22:00:00", "23:00:00"):
        answer = await call(
            hass, "add_charge_schedule", device_id, answer=True, days=["mon"], start=start, id=9
        )
        assert answer == {"schedules": {device_id: {"id": 9}}}
    (schedule,) = car.plans.charge.values()
    assert schedule["start_time"] == 23 * 60


@pytest.mark.parametrize("driven", BOTH)
@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("add_charge_schedule", {"days": ["mon"], "start": "23:00"}),
        ("add_precondition_schedule", {"days": ["mon"], "ready": "07:00"}),
    ],
)
async def test_id_of_a_schedule_that_may_have_been_saved(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    quick_waits: None,
    wait: Wait,
    driven: Driven,
    action: str,
    fields: Mapping[str, Any],
) -> None:
    """Repeating without the id would create a second one, so the error contains the id."""
    car = await told_of(tesla, wait, driven.vin)
    device_id = device_of(hass, loaded, driven.vin)
    endpoint = "signed_command" if driven.signed else "command/*"
    tesla.faults.order("lost_reply", endpoint=endpoint, skip=int(driven.signed), count=None)
    # Or the car's data would show that it was saved.
    tesla.faults.order("lost_reply", endpoint="vehicle_data", count=None)
    error = await refused(hass, action, device_id, **fields)
    assert error.translation_key == "schedule_outcome_unknown"
    assert str(MOMENT_SECONDS + 60) in str(error)
    assert executed(car) == [action]

    tesla.faults.clear()
    await call(hass, action, device_id, **fields, id=MOMENT_SECONDS + 60)
    assert executed(car) == [action, action]
    assert len(car.plans.charge) + len(car.plans.precondition) == 1


@pytest.mark.parametrize("driven", BOTH)
async def test_unknown_outcome(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """Also of what has an id, but saves nothing."""
    car = await told_of(tesla, wait, driven.vin, user_present=True)
    device_id = device_of(hass, loaded, driven.vin)
    endpoint = "signed_command" if driven.signed else "command/*"
    tesla.faults.order("lost_reply", endpoint=endpoint, skip=int(driven.signed), count=None)
    for action, fields in (
        ("media", {"command": "next_track"}),
        ("remove_charge_schedule", {"id": 5}),
    ):
        error = await refused(hass, action, device_id, **fields)
        assert error.translation_key == "outcome_unknown"
    assert executed(car) == ["media_next_track", "remove_charge_schedule"]


async def test_refused_by_the_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, user_present=False)
    error = await refused(
        hass, "media", device_of(hass, loaded, MODEL_Y), command="toggle_playback"
    )
    assert "user_not_present" in str(error)


async def test_the_caller_is_in_the_ledger(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    hass_admin_user: MockUser,
) -> None:
    await told_of(tesla, wait, MODEL_S)
    device_id = device_of(hass, loaded, MODEL_S)
    somebody = Context(user_id=hass_admin_user.id)
    await call(hass, "navigate", device_id, destination="Dam 1", context=somebody)
    await call(hass, "navigate", device_id, destination="Dam 2")
    await call(hass, "list_schedules", device_id, answer=True, context=somebody)
    ledger = (await async_get_ledger(hass, CLIENT_ID)).meter.ledger
    counted = {
        (str(row.category), row.caller): count
        for row, count in ledger.counts.items()
        if row.asset == MODEL_S and row.category in ("command", "data")
    }
    assert counted[("command", "person")] == 1
    assert counted[("command", "automation")] == 1
    assert counted[("data", "person")] == 1


# --- Several cars --------------------------------------------------------------------------------


async def test_several_cars(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """A car that is named twice gets the command once."""
    cars = [await told_of(tesla, wait, each.vin) for each in (AURORA, OLD_FAITHFUL)]
    devices = [device_of(hass, loaded, car.vin) for car in cars]
    answer = await call(
        hass,
        "add_charge_schedule",
        [*devices, devices[0]],
        answer=True,
        days=["mon"],
        start="23:00:00",
        id=11,
    )
    assert answer == {"schedules": {each: {"id": 11} for each in devices}}
    for car in cars:
        assert executed(car) == ["add_charge_schedule"]


async def test_several_cars_and_one_refuses(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Comet does not have our key; Aurora ran it anyway, and the text explains both."""
    aurora = await told_of(tesla, wait, MODEL_Y)
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_3, MODEL_Y)]
    error = await refused(hass, "set_speed_limit", devices, speed=130)
    assert error.translation_key == "some_cars_failed"
    assert "Succeeded: Aurora." in str(error)
    assert "Comet: Flotte's key is not paired with Comet." in str(error)
    assert executed(aurora) == ["speed_limit_set_limit"]
    assert executed(tesla.world.cars[MODEL_3]) == []


async def test_several_cars_and_all_refuse(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y, user_present=False)
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_3, MODEL_Y)]
    error = await refused(hass, "media", devices, command="next_track")
    assert "Succeeded: -." in str(error)
    assert "Comet: " in str(error)
    assert "Aurora: " in str(error)


async def test_a_fault_of_ours_is_not_dressed_up(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await told_of(tesla, wait, MODEL_S)

    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(vehicle_of(loaded, MODEL_Y), "async_send", broken)
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_S, MODEL_Y)]
    with pytest.raises(RuntimeError, match="a bug"):
        await call(hass, "navigate", devices, destination="Dam 1")
    assert executed(tesla.world.cars[MODEL_S]) == ["navigation_request"]


# --- What is wrong with a call -------------------------------------------------------------------


async def test_actions_are_there_without_an_account(hass_at_tesla: HomeAssistant) -> None:
    assert set(hass_at_tesla.services.async_services_for_domain(DOMAIN)) == {
        row.name for row in ALL
    }


@pytest.mark.parametrize("others", [False, True])
async def test_unknown_device(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, *, others: bool
) -> None:
    """Then no car gets the command, not even the known ones."""
    car = await told_of(tesla, wait, MODEL_S)
    devices = [*([device_of(hass, loaded, MODEL_S)] if others else []), "nonsense"]
    error = await refused(hass, "navigate", devices, ServiceValidationError, destination="Dam 1")
    assert error.translation_key == "service_device_not_found"
    assert "nonsense" in str(error)
    assert executed(car) == []


async def test_device_of_another_integration(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    other = MockConfigEntry(domain="kettle")
    other.add_to_hass(hass)
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("kettle", "1")}, name="Kettle"
    )
    error = await refused(hass, "navigate", device.id, ServiceValidationError, destination="Dam 1")
    assert error.translation_key == "service_device_wrong_domain"
    assert "Kettle" in str(error)


@pytest.mark.usefixtures("all_platforms")
async def test_energy_site_is_no_car(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    device_id = device_of(hass, loaded, str(SITE))
    error = await refused(hass, "navigate", device_id, ServiceValidationError, destination="Dam 1")
    assert error.translation_key == "not_a_vehicle"
    device = dr.async_get(hass).async_get(device_id)
    assert device is not None
    assert f"{device.name} is not a car" in str(error)

    dr.async_get(hass).async_update_device(device_id, name_by_user="Roof")
    error = await refused(hass, "navigate", device_id, ServiceValidationError, destination="Dam 1")
    assert "Roof is not a car" in str(error)


async def test_account_is_not_loaded(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    device_id = device_of(hass, loaded, MODEL_S)
    assert await hass.config_entries.async_unload(loaded.entry_id)
    error = await refused(hass, "navigate", device_id, ServiceValidationError, destination="Dam 1")
    assert error.translation_key == "service_config_entry_not_loaded"
    assert executed(tesla.world.cars[MODEL_S]) == []


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("navigate", {"destination": ""}, "invalid_command", "destination"),
    ("set_speed_limit", {"speed": 79}, "invalid_command", "speed limit"),
    ("set_speed_limit", {"speed": 194}, "invalid_command", "speed limit"),
    ("set_temperatures", {"driver": 14, "passenger": 20}, "invalid_command", "temperature"),
    ("set_temperatures", {"driver": 20, "passenger": 29}, "invalid_command", "temperature"),
    ("set_volume", {"volume": 11.5}, "invalid_command", "volume"),
    ("set_volume", {"volume": -1}, "invalid_command", "volume"),
    ("schedule_software_update", {"delay": {"days": 8}}, "invalid_command", "delay"),
    ("set_vehicle_name", {"name": ""}, "invalid_command", "name"),
    ("set_vehicle_name", {"name": "x" * 33}, "invalid_command", "name"),
    ("set_scheduled_charging", {"enabled": True}, "field_missing", "start"),
    ("set_scheduled_departure", {"enabled": True}, "field_missing", "departure"),
    (
        "set_scheduled_departure",
        {"enabled": True, "departure": "07:00", "off_peak": "weekdays"},
        "field_missing",
        "off_peak_end",
    ),
    ("set_valet_mode", {"active": True}, "invalid_command", "PIN"),
    ("set_valet_mode", {"active": True, "pin": "830"}, "invalid_command", "PIN"),
    ("set_pin_to_drive", {"active": True}, "invalid_command", "PIN"),
    ("set_pin_to_drive", {"active": True, "pin": "830a"}, "invalid_command", "PIN"),
    ("activate_speed_limit", {"pin": "83061"}, "invalid_command", "PIN"),
    # An empty template must not clear it as the owner.
    ("clear_speed_limit_pin", {"pin": ""}, "invalid_command", "PIN"),
]


@pytest.mark.parametrize(("action", "fields", "key", "word"), WRONG)
async def test_values_that_no_car_accepts(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    action: str,
    fields: dict[str, Any],
    key: str,
    word: str,
) -> None:
    """The text names the field, and nothing is sent."""
    car = await told_of(tesla, wait, MODEL_Y)
    billed = tesla.bill.counts()
    device_id = device_of(hass, loaded, MODEL_Y)
    error = await refused(hass, action, device_id, ServiceValidationError, **fields)
    assert error.translation_key == key
    assert word in str(error)
    assert (executed(car), tesla.bill.counts()) == ([], billed)


SCHEDULE = {"days": ["mon"], "start": "23:00:00"}
MALFORMED: list[tuple[str, dict[str, Any]]] = [
    ("navigate", {}),
    ("navigate", {"destination": "Dam 1", "flavour": "salty"}),
    ("add_charge_schedule", {"days": ["mon"]}),
    ("add_charge_schedule", {"start": "23:00:00"}),
    ("add_charge_schedule", {**SCHEDULE, "days": []}),
    ("add_charge_schedule", {**SCHEDULE, "days": ["monday"]}),
    ("add_charge_schedule", {**SCHEDULE, "start": "25:00:00"}),
    ("add_charge_schedule", {**SCHEDULE, "position": {"latitude": 52.0}}),
    ("add_charge_schedule", {**SCHEDULE, "position": {"latitude": 91, "longitude": 4.0}}),
    ("add_charge_schedule", {**SCHEDULE, "id": 0}),
    ("add_charge_schedule", {**SCHEDULE, "id": 2**64}),
    ("add_charge_schedule", {**SCHEDULE, "id": "home"}),
    ("remove_charge_schedule", {}),
    ("add_precondition_schedule", {"days": ["mon"]}),
    ("remove_precondition_schedule", {"id": -1}),
    ("set_scheduled_charging", {"start": "23:00:00"}),
    ("set_scheduled_departure", {"enabled": True, "preconditioning": "weekends"}),
    ("set_scheduled_departure", {"enabled": True, "off_peak": "sundays"}),
    ("set_valet_mode", {"pin": PIN}),
    ("activate_speed_limit", {"active": True}),
    ("set_speed_limit", {"speed": "fast"}),
    ("media", {"command": "boombox"}),
    ("set_temperatures", {"driver": 20}),
    ("set_volume", {"volume": "loud"}),
    ("schedule_software_update", {"delay": "-00:01:00"}),
    ("schedule_software_update", {}),
    ("set_vehicle_name", {}),
]


@pytest.mark.parametrize(("action", "fields"), MALFORMED)
async def test_calls_that_do_not_fit_the_schema(
    hass: HomeAssistant, loaded: MockConfigEntry, action: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(vol.Invalid):
        await call(hass, action, device_of(hass, loaded, MODEL_Y), **fields)


@pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.name)
async def test_a_car_is_needed(hass_at_tesla: HomeAssistant, row: VehicleAction) -> None:
    with pytest.raises(vol.Invalid, match="device_id"):
        await hass_at_tesla.services.async_call(
            DOMAIN,
            row.name,
            {},
            blocking=True,
            return_response=row.supports_response is SupportsResponse.ONLY,
        )


# --- Schedules that the car has ------------------------------------------------------------------

PLAN: dict[str, Any] = {
    "days": ["sun", "wed", "sat"],
    "start": "23:30",
    "position": DAM,
    "one_time": False,
    "enabled": True,
}


@pytest.mark.parametrize("driven", BOTH)
async def test_schedules_are_returned_in_words(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, driven: Driven
) -> None:
    """One data request; and the answer can be sent back unchanged."""
    car = await told_of(tesla, wait, driven.vin)
    device_id = device_of(hass, loaded, driven.vin)
    await call(hass, "add_charge_schedule", device_id, **PLAN, id=1)
    await call(
        hass, "add_charge_schedule", device_id, days=["mon"], end="00:00", one_time=True, id=2
    )
    await call(
        hass,
        "add_precondition_schedule",
        device_id,
        days=["tue"],
        ready="07:05",
        enabled=False,
        position=DAM,
        id=3,
    )
    car.plans.charge[1]["name"] = "Night"
    here = {"latitude": round(car.latitude, 5), "longitude": round(car.longitude, 5)}
    asked = tesla.bill.counts()[Category.DATA]

    answer = await call(hass, "list_schedules", device_id, answer=True)

    assert answer == {
        "schedules": {
            device_id: {
                "name": "Aurora" if driven.signed else "Old Faithful",
                "charge": [
                    {"id": 1, "name": "Night", **PLAN, "end": None},
                    {
                        "id": 2,
                        "name": "",
                        "days": ["mon"],
                        "start": None,
                        "end": "00:00",
                        "position": pytest.approx(here),
                        "one_time": True,
                        "enabled": True,
                    },
                ],
                "precondition": [
                    {
                        "id": 3,
                        "name": "",
                        "days": ["tue"],
                        "ready": "07:05",
                        "position": DAM,
                        "one_time": False,
                        "enabled": False,
                    }
                ],
            }
        }
    }
    json.dumps(answer)
    assert tesla.bill.counts()[Category.DATA] == asked + 1

    # The readings are no poorer for it.
    assert vehicle_of(loaded, driven.vin).state.readings


async def test_a_car_without_schedules(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y)
    device_id = device_of(hass, loaded, MODEL_Y)
    answer = await call(hass, "list_schedules", [device_id], answer=True)
    assert answer["schedules"][device_id] == {"name": "Aurora", "charge": [], "precondition": []}


async def test_a_schedule_without_a_place(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    """Values that the car does not report are left out, not invented."""
    car = await told_of(tesla, wait, MODEL_Y)
    car.plans.charge[5] = {"id": 5, "enabled": True}
    device_id = device_of(hass, loaded, MODEL_Y)
    answer = await call(hass, "list_schedules", device_id, answer=True)
    assert answer["schedules"][device_id]["charge"] == [
        {
            "id": 5,
            "name": "",
            "days": [],
            "start": None,
            "end": None,
            "one_time": False,
            "enabled": True,
        }
    ]


async def test_chargers_nearby_are_returned_in_our_units(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y)
    device_id = device_of(hass, loaded, MODEL_Y)
    before = tesla.bill.counts()[Category.DATA]
    answer = await call(hass, "nearby_charging_sites", device_id, answer=True)
    sites = answer["sites"][device_id]
    assert sites["name"] == "Aurora"
    (charger,) = sites["superchargers"]
    assert charger == {
        "name": "Motorway east",
        # 0.05 degrees of longitude at this latitude
        "distance": pytest.approx(3.4, abs=0.1),
        "free_stalls": 9,
        "stalls": 12,
        "closed": False,
        "latitude": pytest.approx(52.3731, abs=1e-4),
        "longitude": pytest.approx(4.9403, abs=1e-4),
    }
    (hotel,) = sites["destination_chargers"]
    assert hotel["free_stalls"] is hotel["stalls"] is hotel["closed"] is None
    assert tesla.bill.counts()[Category.DATA] == before + 1


async def test_refresh_costs_one_data_request(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    vehicle = vehicle_of(loaded, MODEL_Y)
    car.steer({"battery_level": 33})
    before = tesla.bill.counts()[Category.DATA]
    await call(hass, "refresh", device_of(hass, loaded, MODEL_Y))
    assert tesla.bill.counts()[Category.DATA] == before + 1
    assert vehicle.state[signals.BATTERY_LEVEL] == 33


@pytest.mark.parametrize("action", ["refresh", "nearby_charging_sites"])
async def test_a_sleeping_car_is_neither_woken_nor_paid_for(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, action: str
) -> None:
    """Even if it fell asleep since the last check."""
    car = await told_of(tesla, wait, MODEL_Y)
    car.steer({"state": "asleep"})
    before = tesla.bill.counts()
    device_id = device_of(hass, loaded, MODEL_Y)
    error = await refused(hass, action, device_id, answer=action == "nearby_charging_sites")
    assert error.translation_key == "vehicle_unavailable"
    assert car.wakes == 0
    counts = tesla.bill.counts()
    assert (counts[Category.DATA], counts[Category.WAKE]) == (
        before[Category.DATA],
        before[Category.WAKE],
    )


@pytest.mark.parametrize("action", ["refresh", "nearby_charging_sites"])
async def test_a_look_must_fit_into_the_budget(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait, action: str
) -> None:
    await told_of(tesla, wait, MODEL_Y)
    vehicle_of(loaded, MODEL_Y).vehicle.api.meter.budget = Decimal("0.001")
    before = tesla.bill.counts()[Category.DATA]
    device_id = device_of(hass, loaded, MODEL_Y)
    error = await refused(hass, action, device_id, answer=action == "nearby_charging_sites")
    assert error.translation_key == "budget_exceeded"
    assert tesla.bill.counts()[Category.DATA] == before


async def test_schedules_of_a_sleeping_car(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    device_id = device_of(hass, loaded, MODEL_Y)
    answer = await call(hass, "list_schedules", device_id, answer=True)
    assert answer["schedules"][device_id]["charge"] == []
    assert tesla.world.cars[MODEL_Y].wakes == 1
    counts = tesla.bill.counts(vin=MODEL_Y)
    assert (counts[Category.WAKE], counts[Category.DATA]) == (1, 1)


async def test_schedules_of_a_car_that_fell_asleep_unnoticed(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = await told_of(tesla, wait, MODEL_Y)
    car.steer({"state": "asleep"})
    device_id = device_of(hass, loaded, MODEL_Y)
    answer = await call(hass, "list_schedules", device_id, answer=True)
    assert device_id in answer["schedules"]
    assert car.wakes == 1


@pytest.mark.parametrize(
    ("limit", "state", "fits"),
    [
        ("0.001", "online", False),
        ("0.005", "online", True),
        ("0.021", "asleep", False),
        ("0.022", "asleep", True),
    ],
)
async def test_schedules_must_fit_into_the_limit(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    limit: str,
    state: str,
    *,
    fits: bool,
) -> None:
    """The whole cost, before the car is woken: 0.002 for the data, 0.02 for the wake."""
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": state})
    vehicle = vehicle_of(loaded, MODEL_Y).vehicle
    await vehicle.check()
    vehicle.api.meter.budget = Decimal(limit)
    device_id = device_of(hass, loaded, MODEL_Y)
    if fits:
        await call(hass, "list_schedules", device_id, answer=True)
    else:
        error = await refused(hass, "list_schedules", device_id, answer=True)
        assert error.translation_key == "budget_exceeded"
    assert car.wakes == int(fits and state == "asleep")
    assert tesla.bill.counts()[Category.DATA] == int(fits)


async def test_schedules_and_the_login_is_over(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    await told_of(tesla, wait, MODEL_Y)
    tesla.faults.order("status", endpoint="vehicle_data", status=401, count=None)
    error = await refused(hass, "list_schedules", device_of(hass, loaded, MODEL_Y), answer=True)
    assert error.translation_key == "login_required"
    (flow,) = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_schedules_of_several_cars_and_one_does_not_answer(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    for driven in (AURORA, OLD_FAITHFUL):
        await told_of(tesla, wait, driven.vin)
    tesla.faults.order("status", endpoint="vehicle_data", vin=MODEL_S, status=503, count=None)
    devices = [device_of(hass, loaded, vin) for vin in (MODEL_Y, MODEL_S)]
    error = await refused(hass, "list_schedules", devices, answer=True)
    assert error.translation_key == "some_cars_failed"
    assert "Old Faithful: " in str(error)


# --- PINs ----------------------------------------------------------------------------------------

WITH_PIN: list[tuple[str, dict[str, Any]]] = [
    ("set_valet_mode", {"active": True}),
    ("set_pin_to_drive", {"active": True}),
    ("activate_speed_limit", {}),
    ("clear_speed_limit_pin", {}),
    ("activate_parental_controls", {}),
]
EVERY_PIN = pytest.mark.parametrize(("action", "fields"), WITH_PIN)

OF_HOME_ASSISTANT = ("Bus:Handling <Event call_service", "Invalid data for service call")
"""Home Assistant's own debug log about every action of every integration, written before the
integration is called."""


def shows(text: str, pin: str) -> bool:
    """Whether a PIN can be read in a text; digits of a longer number or of a random id are none."""
    return re.search(rf"(?<![\dA-Za-f]){pin}(?![\dA-Za-f])", text) is not None


def chain(error: BaseException | None) -> list[BaseException]:
    """An error and what caused it."""
    return [] if error is None else [error, *chain(error.__cause__ or error.__context__)]


def check_secret(caplog: pytest.LogCaptureFixture, pin: str, error: BaseException | None) -> None:
    """The PIN is neither in the log nor in the error, in any representation."""
    assert caplog.records
    for record in caplog.records:
        if record.name == "homeassistant.core" and record.message.startswith(OF_HOME_ASSISTANT):
            continue
        text = logging.Formatter().format(record)
        assert not shows(text, pin), f"{record.name}: {text}"
    for each in chain(error):
        told = [str(each), repr(each), repr(vars(each)), repr(each.args)]
        told.append(repr(getattr(each, "translation_placeholders", "")))
        assert not any(shows(text, pin) for text in told), repr(each)


def test_a_pin_would_be_found() -> None:
    """So that the tests below can fail."""
    assert shows("pin=8306>", PIN)
    assert shows("{'pin': '8306'}", PIN)
    assert shows("pin8306", PIN)
    assert not shows("127.0.0.1:48306", PIN)
    # Ids of contexts and of entries.
    assert not shows("01M5CC3MV0ANNW8TN1GC8306ZM", PIN)
    assert not shows("5f3c8306ab", PIN)


@pytest.mark.usefixtures("all_platforms")
@EVERY_PIN
@pytest.mark.parametrize("driven", BOTH)
async def test_pin_is_nowhere_after_success(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
    driven: Driven,
    action: str,
    fields: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    car = await told_of(tesla, wait, driven.vin)
    if action == "set_pin_to_drive" and not driven.signed:
        return
    await call(hass, action, device_of(hass, loaded, driven.vin), **fields, pin=PIN)
    await wait(MINUTE)
    (execution,) = car.executions
    assert PIN in execution.parameters.values()
    check_secret(caplog, PIN, None)
    shown = json.dumps([state.as_dict() for state in hass.states.async_all()], cls=JSONEncoder)
    assert "aurora" in shown
    assert not shows(shown, PIN)
    diagnostics = await async_get_config_entry_diagnostics(hass, loaded)
    assert not shows(json.dumps(diagnostics, cls=JSONEncoder), PIN)
    stored = vehicle_of(loaded, driven.vin).vehicle.to_stored()
    assert not shows(json.dumps(stored, cls=JSONEncoder), PIN)


@EVERY_PIN
@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize(
    ("pin", "fault"),
    [
        (PIN, {"kind": "lost_reply", "count": None}),
        (PIN, {"kind": "status", "status": 400}),
        ("83065", None),
    ],
    ids=["unknown", "refused", "invalid"],
)
async def test_pin_is_nowhere_after_a_failure(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    caplog: pytest.LogCaptureFixture,
    action: str,
    fields: dict[str, Any],
    pin: str,
    fault: dict[str, Any] | None,
    *,
    blocking: bool,
) -> None:
    """Home Assistant logs an action that failed in the background, with all its fields."""
    caplog.set_level(logging.DEBUG)
    await told_of(tesla, wait, MODEL_Y)
    if fault is not None:
        tesla.faults.order(**fault, endpoint="signed_command", skip=1)
        # Valet mode can be looked at afterwards, and then its outcome would be known.
        tesla.faults.order("status", endpoint="vehicle_data", count=None)
    data = {"device_id": device_of(hass, loaded, MODEL_Y), **fields, "pin": pin}
    if blocking:
        with pytest.raises(HomeAssistantError) as failure:
            await hass.services.async_call(DOMAIN, action, data, blocking=True)
        check_secret(caplog, pin, failure.value)
        return
    await hass.services.async_call(DOMAIN, action, data)
    await hass.async_block_till_done()
    assert "Error executing service" in caplog.text
    assert "pin=" in caplog.text
    check_secret(caplog, pin, None)


@EVERY_PIN
async def test_pin_is_not_in_the_error_about_another_field(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    action: str,
    fields: dict[str, Any],
) -> None:
    caplog.set_level(logging.DEBUG)
    for wrong in ({"active": "perhaps"}, {"flavour": "salty"}, {"pin": [PIN]}):
        with pytest.raises(vol.Invalid) as failure:
            await call(
                hass, action, device_of(hass, loaded, MODEL_Y), **{**fields, "pin": PIN, **wrong}
            )
        assert not shows(str(failure.value), PIN)
    check_secret(caplog, PIN, None)


# --- Texts for the user --------------------------------------------------------------------------

DESCRIBED = load_yaml_dict(str(FLOTTE / "services.yaml"))
ENGLISH = json.loads((FLOTTE / "translations" / "en.json").read_text())
ICONS = json.loads((FLOTTE / "icons.json").read_text())
EACH_ACTION = pytest.mark.parametrize("row", ACTIONS, ids=lambda row: row.name)


def markers(row: VehicleAction) -> dict[str, vol.Marker]:
    """The fields of the row, beside the target."""
    return {str(marker): marker for marker in row.fields}


@EACH_ACTION
def test_fields_are_described_as_they_are(row: VehicleAction) -> None:
    """Whether they are required, and their defaults."""
    described = DESCRIBED[row.name].get("fields", {})
    assert DESCRIBED[row.name]["target"]["entity"][0]["domain"] == ["climate", "cover", "lock"]
    assert described.keys() == markers(row).keys()
    assert ENGLISH["services"][row.name].get("fields", {}).keys() == described.keys()
    for name, marker in markers(row).items():
        settings = described[name] or {}
        assert settings.get("required", False) is isinstance(marker, vol.Required), name
        default: Any = getattr(marker, "default", vol.UNDEFINED)
        if default is not vol.UNDEFINED:
            assert settings["default"] == default(), name


@EACH_ACTION
def test_an_action_has_an_icon(row: VehicleAction) -> None:
    assert ICONS["services"][row.name]["service"].startswith("mdi:")


@EACH_ACTION
def test_examples_and_options_fit_the_schema(row: VehicleAction) -> None:
    """All choices of the user interface are accepted."""
    fields: dict[str, Any] = {"device_id": ["abc"]}
    for name, settings in DESCRIBED[row.name].get("fields", {}).items():
        selector = settings["selector"]
        options = (selector.get("select") or {}).get("options")
        if options is not None:
            texts = ENGLISH["selector"][selector["select"]["translation_key"]]["options"]
            assert list(texts) == options
            for option in options:
                wanted = {**EXAMPLES[row.name], "device_id": ["abc"], name: option}
                row.schema(wanted)
        if "example" in settings:
            example = settings["example"]
            parsed = json.loads(example) if str(example)[:1] in "[{" else example
            fields[name] = parsed
        elif "default" in settings:
            fields[name] = settings["default"]
        elif name == "pin":
            assert selector == {"text": {"type": "password"}}
            fields[name] = PIN
    row.schema(fields)


EXAMPLES: dict[str, dict[str, Any]] = {
    "add_charge_schedule": SCHEDULE,
    "add_precondition_schedule": {"days": ["mon"], "ready": "07:00"},
    "set_scheduled_departure": {"enabled": True},
    "media": {},
    "set_parental_control": {"enabled": True},
    "navigate_to_position": {"position": DAM},
    "navigate_to_supercharger": {"id": 1234},
}


def test_nothing_else_is_described() -> None:
    names = {row.name for row in ALL}
    assert DESCRIBED.keys() == names
    assert ENGLISH["services"].keys() == names
    assert ICONS["services"].keys() == names


def test_the_documentation_names_every_action_and_field() -> None:
    text = (FLOTTE.parents[1] / "docs" / "actions.md").read_text()
    for row in ACTIONS:
        assert f"`flotte.{row.name}`" in text
        for name in markers(row):
            assert f"`{name}`" in text, f"{row.name}.{name}"


def _examples() -> list[str]:
    """The automations of the documentation, and the answer that it shows."""
    text = (FLOTTE.parents[1] / "docs" / "actions.md").read_text()
    return re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)


def _actions_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every call of an action of ours in an automation, however deep."""
    match value:
        case {"action": str() as name} if name.startswith(f"{DOMAIN}."):
            yield value
        case dict():
            for each in value.values():
                yield from _actions_in(each)
        case list():
            for each in value:
                yield from _actions_in(each)


TEMPLATES = {
    "id": 20,
    "start": "23:30:00",
    "end": "06:00:00",
    "filename": "/media/invoices/20.pdf",
}
ANSWERS = ("schedules:", "sites:", "accounts:", "prices:", "cars:", "sessions:", "settings:")


@pytest.mark.parametrize("text", _examples())
def test_examples_of_the_documentation_fit_the_schema(text: str) -> None:
    example = parse_yaml(text.replace("!secret speed_limit_pin", '"8306"'))
    rows = {row.name: row.schema for row in ALL}
    found = list(_actions_in(example))
    assert bool(found) is not text.startswith(ANSWERS)
    for action in found:
        data = {
            # A template is only known when it runs.
            name: TEMPLATES[name] if "{{" in str(value) else value
            for name, value in {**action.get("target", {}), **action.get("data", {})}.items()
        }
        rows[action["action"].removeprefix(f"{DOMAIN}.")](data)
