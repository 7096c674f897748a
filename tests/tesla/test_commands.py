"""The command table: the bytes that are signed, the plain form, and what may be asked for."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from custom_components.flotte.tesla import commands, signals
from custom_components.flotte.tesla.commands import Command, Seat
from custom_components.flotte.tesla.errors import InvalidCommand
from custom_components.flotte.tesla.signing import Domain
from custom_components.flotte.tesla.state import Signal

SECURITY = Domain.VEHICLE_SECURITY
INFOTAINMENT = Domain.INFOTAINMENT

ALL = frozenset({"vehicle_cmds"})
CHARGING = frozenset({"vehicle_cmds", "vehicle_charging_cmds"})
ENERGY = frozenset({"energy_cmds"})

HOME = (37.4, -122.1)


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a command must be."""

    make: Callable[[], Command]
    name: str
    domain: Domain | None
    payload: str
    """Hexadecimal, made by Tesla's reference proxy where `reference` says so."""
    parameters: dict[str, Any] = field(default_factory=dict)
    scopes: frozenset[str] = ALL
    repeatable: bool = True
    expects: dict[Signal[Any], Any] = field(default_factory=dict)
    requires: dict[Signal[Any], Any] = field(default_factory=dict)
    already: frozenset[str] = frozenset()
    reference: bool = True
    """Whether these bytes come from Tesla's own proxy (2026-07); the others are by the protobuf."""


S = signals
ROWS = (
    Row(
        make=commands.lock_doors,
        name="door_lock",
        domain=SECURITY,
        payload="1001",
        expects={S.LOCKED: True},
    ),
    Row(
        make=commands.unlock_doors,
        name="door_unlock",
        domain=SECURITY,
        payload="1000",
        repeatable=False,
        expects={S.LOCKED: False},
    ),
    Row(
        make=commands.remote_start,
        name="remote_start_drive",
        domain=SECURITY,
        payload="1014",
    ),
    Row(
        make=commands.open_frunk,
        name="actuate_trunk",
        domain=SECURITY,
        payload="22023001",
        parameters={"which_trunk": "front"},
        repeatable=False,
        expects={S.FRUNK: True},
        requires={S.FRUNK: False},
    ),
    Row(
        make=lambda: commands.move_trunk(is_open=True),
        name="actuate_trunk",
        domain=SECURITY,
        payload="22022801",
        parameters={"which_trunk": "rear"},
        repeatable=False,
        expects={S.TRUNK: True},
        requires={S.TRUNK: False},
    ),
    Row(
        make=lambda: commands.move_trunk(is_open=False),
        name="actuate_trunk",
        domain=SECURITY,
        payload="22022801",
        parameters={"which_trunk": "rear"},
        repeatable=False,
        expects={S.TRUNK: False},
        requires={S.TRUNK: True},
    ),
    Row(
        make=commands.open_charge_port,
        name="charge_port_door_open",
        domain=INFOTAINMENT,
        payload="1203f20300",
        scopes=CHARGING,
        expects={S.CHARGE_PORT_OPEN: True, S.CHARGE_PORT_LATCH: "disengaged"},
    ),
    Row(
        make=commands.close_charge_port,
        name="charge_port_door_close",
        domain=INFOTAINMENT,
        payload="1203ea0300",
        scopes=CHARGING,
        expects={S.CHARGE_PORT_OPEN: False},
    ),
    Row(
        make=commands.vent_windows,
        name="window_control",
        domain=INFOTAINMENT,
        payload="12059202021a00",
        parameters={"command": "vent", "lat": 0, "lon": 0},
        expects=dict.fromkeys(S.WINDOWS, True),
    ),
    Row(
        make=lambda: commands.close_windows(HOME),
        name="window_control",
        domain=INFOTAINMENT,
        payload="12059202022200",
        parameters={"command": "close", "lat": 37.4, "lon": -122.1},
        expects=dict.fromkeys(S.WINDOWS, False),
    ),
    Row(
        make=lambda: commands.close_windows(None),
        name="window_control",
        domain=INFOTAINMENT,
        payload="12059202022200",
        parameters={"command": "close", "lat": 0.0, "lon": 0.0},
        expects=dict.fromkeys(S.WINDOWS, False),
    ),
    Row(
        make=commands.start_charging,
        name="charge_start",
        domain=INFOTAINMENT,
        payload="120432021200",
        scopes=CHARGING,
        expects={S.CHARGING_STATE: "charging"},
        already=frozenset({"is_charging", "requested", "complete"}),
    ),
    Row(
        make=commands.stop_charging,
        name="charge_stop",
        domain=INFOTAINMENT,
        payload="120432022a00",
        scopes=CHARGING,
        expects={S.CHARGING_STATE: "stopped", S.CHARGER_POWER: 0.0},
        already=frozenset({"not_charging"}),
    ),
    Row(
        make=lambda: commands.set_charge_limit(80),
        name="set_charge_limit",
        domain=INFOTAINMENT,
        payload="12042a020850",
        parameters={"percent": 80},
        scopes=CHARGING,
        expects={S.CHARGE_LIMIT: 80},
    ),
    Row(
        make=lambda: commands.set_charge_current(16),
        name="set_charging_amps",
        domain=INFOTAINMENT,
        payload="1205da02020810",
        parameters={"charging_amps": 16},
        scopes=CHARGING,
        expects={S.CHARGE_CURRENT_REQUEST: 16},
    ),
    Row(
        make=commands.start_climate,
        name="auto_conditioning_start",
        domain=INFOTAINMENT,
        payload="120452020801",
        expects={S.CLIMATE_ON: True},
    ),
    Row(
        make=commands.stop_climate,
        name="auto_conditioning_stop",
        domain=INFOTAINMENT,
        payload="12025200",
        expects={
            S.CLIMATE_ON: False,
            S.PRECONDITIONING: False,
            S.CLIMATE_KEEPER: "off",
            S.DEFROST: False,
        },
    ),
    Row(
        make=lambda: commands.set_temperature(21.5),
        name="set_temps",
        domain=INFOTAINMENT,
        # The reference bytes of 21.5 and 20 with the second number replaced by the first.
        payload="1210720e2a021a00350000ac413d0000ac41",
        parameters={"driver_temp": 21.5, "passenger_temp": 21.5},
        expects={S.DRIVER_TEMPERATURE: 21.5, S.PASSENGER_TEMPERATURE: 21.5},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_climate_keeper("off"),
        name="set_climate_keeper_mode",
        domain=INFOTAINMENT,
        payload="1203e20200",
        parameters={"climate_keeper_mode": 0},
        expects={S.CLIMATE_KEEPER: "off"},
    ),
    Row(
        make=lambda: commands.set_climate_keeper("on"),
        name="set_climate_keeper_mode",
        domain=INFOTAINMENT,
        payload="1205e202020801",
        parameters={"climate_keeper_mode": 1},
        expects={S.CLIMATE_KEEPER: "on", S.CLIMATE_ON: True},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_climate_keeper("dog"),
        name="set_climate_keeper_mode",
        domain=INFOTAINMENT,
        payload="1205e202020802",
        parameters={"climate_keeper_mode": 2},
        expects={S.CLIMATE_KEEPER: "dog", S.CLIMATE_ON: True},
    ),
    Row(
        make=lambda: commands.set_climate_keeper("camp"),
        name="set_climate_keeper_mode",
        domain=INFOTAINMENT,
        payload="1205e202020803",
        parameters={"climate_keeper_mode": 3},
        expects={S.CLIMATE_KEEPER: "camp", S.CLIMATE_ON: True},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_defrost(on=True),
        name="set_preconditioning_max",
        domain=INFOTAINMENT,
        payload="120462020801",
        parameters={"on": True, "manual_override": False},
        expects={S.DEFROST: True, S.CLIMATE_ON: True},
    ),
    Row(
        make=lambda: commands.set_defrost(on=False),
        name="set_preconditioning_max",
        domain=INFOTAINMENT,
        payload="12026200",
        parameters={"on": False, "manual_override": False},
        expects={S.DEFROST: False},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_seat_heater(Seat.FRONT_LEFT, 3),
        name="remote_seat_heater_request",
        domain=INFOTAINMENT,
        payload="1209a202060a042a003a00",
        parameters={"seat_position": 0, "level": 3},
        expects={S.SEAT_HEATER_LEFT: 3},
    ),
    Row(
        make=lambda: commands.set_seat_heater(Seat.FRONT_RIGHT, 1),
        name="remote_seat_heater_request",
        domain=INFOTAINMENT,
        payload="1209a202060a041a004200",
        parameters={"seat_position": 1, "level": 1},
        expects={S.SEAT_HEATER_RIGHT: 1},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_seat_heater(Seat.REAR_LEFT, 2),
        name="remote_seat_heater_request",
        domain=INFOTAINMENT,
        payload="1209a202060a0422004a00",
        parameters={"seat_position": 2, "level": 2},
        expects={S.SEAT_HEATER_REAR_LEFT: 2},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_seat_heater(Seat.REAR_CENTER, 0),
        name="remote_seat_heater_request",
        domain=INFOTAINMENT,
        payload="1209a202060a0412005a00",
        parameters={"seat_position": 4, "level": 0},
        expects={S.SEAT_HEATER_REAR_CENTER: 0},
    ),
    Row(
        make=lambda: commands.set_seat_heater(Seat.REAR_RIGHT, 3),
        name="remote_seat_heater_request",
        domain=INFOTAINMENT,
        payload="1209a202060a042a006200",
        parameters={"seat_position": 5, "level": 3},
        expects={S.SEAT_HEATER_REAR_RIGHT: 3},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_steering_wheel_heater(on=True),
        name="remote_steering_wheel_heater_request",
        domain=INFOTAINMENT,
        payload="12046a020801",
        parameters={"on": True},
        expects={S.STEERING_WHEEL_HEATER: True},
    ),
    Row(
        make=lambda: commands.set_steering_wheel_heater(on=False),
        name="remote_steering_wheel_heater_request",
        domain=INFOTAINMENT,
        payload="12026a00",
        parameters={"on": False},
        expects={S.STEERING_WHEEL_HEATER: False},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_sentry_mode(on=True),
        name="set_sentry_mode",
        domain=INFOTAINMENT,
        payload="1205f201020801",
        parameters={"on": True},
        expects={S.SENTRY_MODE: True},
    ),
    Row(
        make=lambda: commands.set_sentry_mode(on=False),
        name="set_sentry_mode",
        domain=INFOTAINMENT,
        payload="1203f20100",
        parameters={"on": False},
        expects={S.SENTRY_MODE: False},
    ),
    Row(
        make=commands.flash_lights,
        name="flash_lights",
        domain=INFOTAINMENT,
        payload="1203d20100",
        repeatable=False,
    ),
    Row(
        make=commands.honk_horn,
        name="honk_horn",
        domain=INFOTAINMENT,
        payload="1203da0100",
        repeatable=False,
    ),
    Row(
        make=lambda: commands.trigger_homelink(HOME),
        name="trigger_homelink",
        domain=INFOTAINMENT,
        payload="120f8a020c0a0a0d9a991542153333f4c2",
        parameters={"lat": 37.4, "lon": -122.1},
        repeatable=False,
    ),
    Row(
        make=lambda: commands.schedule_software_update(120),
        name="schedule_software_update",
        domain=INFOTAINMENT,
        payload="1205ea01020878",
        parameters={"offset_sec": 120},
        repeatable=False,
        expects={S.UPDATE_STATUS: "scheduled"},
    ),
    Row(
        make=commands.schedule_software_update,
        name="schedule_software_update",
        domain=INFOTAINMENT,
        payload="1203ea0100",
        parameters={"offset_sec": 0},
        repeatable=False,
        expects={S.UPDATE_STATUS: "installing"},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_backup_reserve(20),
        name="backup",
        domain=None,
        payload="",
        parameters={"backup_reserve_percent": 20},
        scopes=ENERGY,
        expects={S.BACKUP_RESERVE: 20},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_backup_reserve(80),
        name="backup",
        domain=None,
        payload="",
        parameters={"backup_reserve_percent": 80},
        scopes=ENERGY,
        expects={S.BACKUP_RESERVE: 80},
        reference=False,
    ),
    Row(
        # Tesla accepts more than 80 and stores 80, so nothing is assumed.
        make=lambda: commands.set_backup_reserve(81),
        name="backup",
        domain=None,
        payload="",
        parameters={"backup_reserve_percent": 81},
        scopes=ENERGY,
        reference=False,
    ),
    Row(
        make=lambda: commands.set_operation_mode("autonomous"),
        name="operation",
        domain=None,
        payload="",
        parameters={"default_real_mode": "autonomous"},
        scopes=ENERGY,
        expects={S.OPERATION_MODE: "autonomous"},
        reference=False,
    ),
    Row(
        make=lambda: commands.set_storm_watch(on=True),
        name="storm_mode",
        domain=None,
        payload="",
        parameters={"enabled": True},
        scopes=ENERGY,
        expects={S.STORM_WATCH: True},
        reference=False,
    ),
)


def _id(row: Row) -> str:
    return f"{row.name} {row.parameters}" if row.parameters else row.name


@pytest.mark.parametrize("row", ROWS, ids=_id)
def test_a_command(row: Row) -> None:
    command = row.make()
    assert command.name == row.name
    assert command.domain is row.domain
    assert command.payload.hex() == row.payload
    assert dict(command.parameters) == row.parameters
    assert command.scopes == row.scopes
    assert command.repeatable is row.repeatable
    assert dict(command.expects) == row.expects
    assert dict(command.requires) == row.requires
    assert command.already == row.already


def test_numbers_of_the_plain_form_keep_their_type() -> None:
    """Tesla's proxy wants JSON numbers and booleans, not their look-alikes."""
    for row in ROWS:
        for key, value in row.make().parameters.items():
            assert type(value) is type(row.parameters[key]), f"{row.name}: {key}"


# Tesla's reference proxy, given the same parameters, made these bytes (2026-07).
REFERENCE = {
    "actuate_trunk": {"22023001", "22022801"},
    "auto_conditioning_start": {"120452020801"},
    "auto_conditioning_stop": {"12025200"},
    "charge_port_door_close": {"1203ea0300"},
    "charge_port_door_open": {"1203f20300"},
    "charge_start": {"120432021200"},
    "charge_stop": {"120432022a00"},
    "door_lock": {"1001"},
    "door_unlock": {"1000"},
    "flash_lights": {"1203d20100"},
    "honk_horn": {"1203da0100"},
    "remote_seat_heater_request": {"1209a202060a042a003a00", "1209a202060a0412005a00"},
    "remote_start_drive": {"1014"},
    "remote_steering_wheel_heater_request": {"12046a020801"},
    "schedule_software_update": {"1205ea01020878"},
    "set_charge_limit": {"12042a020850"},
    "set_charging_amps": {"1205da02020810"},
    "set_climate_keeper_mode": {"1205e202020802", "1203e20200"},
    "set_preconditioning_max": {"120462020801"},
    "set_sentry_mode": {"1205f201020801", "1203f20100"},
    "trigger_homelink": {"120f8a020c0a0a0d9a991542153333f4c2"},
    "window_control": {"12059202021a00", "12059202022200"},
}


def test_the_reference_bytes_are_all_tried() -> None:
    tried: dict[str, set[str]] = {}
    for row in ROWS:
        if row.reference:
            tried.setdefault(row.name, set()).add(row.payload)
    assert tried == REFERENCE


def test_temperatures_as_the_reference_writes_them() -> None:
    """The two sides follow each other in the bytes: 21.5 and 20 in the reference."""
    reference = "1210720e2a021a00350000ac413d0000a041"
    warm = commands.set_temperature(21.5).payload.hex()
    cool = commands.set_temperature(20).payload.hex()
    assert warm[:26] + cool[26:] == reference


def test_every_function_is_tried() -> None:
    functions = {
        name
        for name, function in inspect.getmembers(commands, inspect.isfunction)
        if function.__module__ == commands.__name__ and not name.startswith("_")
    }
    # Either the function itself stands in the row, or a lambda that calls it.
    tried = {name for row in ROWS for name in (row.make.__name__, *row.make.__code__.co_names)}
    assert functions <= tried


# "Idempotent" in the comparison of Tesla's documentation with its proxy: what must never run twice.
NEVER_TWICE = {"actuate_trunk", "flash_lights", "honk_horn", "trigger_homelink"}
# A second one does no harm at once, but a late one opens a car or moves a start: not repeated.
RATHER_NOT = {"door_unlock", "schedule_software_update"}


def test_what_must_not_run_twice() -> None:
    once = {row.name for row in ROWS if not row.make().repeatable}
    assert once == NEVER_TWICE | RATHER_NOT


def test_only_toggles_have_a_guard() -> None:
    guarded = {row.name for row in ROWS if row.make().requires}
    assert guarded == {"actuate_trunk"}
    for row in ROWS:
        for signal, value in row.make().requires.items():
            assert row.make().expects[signal] is not value


# --- Ranges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "lowest", "highest"),
    [
        (commands.set_charge_limit, 50, 100),
        (commands.set_charge_current, 0, 80),
        (commands.set_temperature, 15, 28),
        (lambda level: commands.set_seat_heater(Seat.FRONT_LEFT, level), 0, 3),
        (commands.schedule_software_update, 0, 604_800),
        (commands.set_backup_reserve, 0, 100),
    ],
    ids=["charge limit", "charge current", "temperature", "seat heater", "update", "reserve"],
)
def test_ranges(make: Callable[[float], Command], lowest: int, highest: int) -> None:
    make(lowest)
    make(highest)
    for wrong in (lowest - 1, highest + 1, float("nan"), float("inf"), float("-inf")):
        with pytest.raises(InvalidCommand):
            make(wrong)


def test_a_refusal_says_what_is_allowed() -> None:
    with pytest.raises(InvalidCommand) as refusal:
        commands.set_temperature(28.5)
    assert refusal.value.placeholders == {
        "detail": "temperature: 28.5, allowed: 15 … 28",
        "setting": "temperature",
        "value": "28.5",
        "allowed": "15 … 28",
    }


@pytest.mark.parametrize(
    ("make", "wrong", "allowed"),
    [
        (commands.set_climate_keeper, "party", "off, on, dog, camp"),
        (commands.set_climate_keeper, "", "off, on, dog, camp"),
        (commands.set_operation_mode, "on", "autonomous, self_consumption, backup"),
    ],
)
def test_words(make: Callable[[str], Command], wrong: str, allowed: str) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        make(wrong)
    assert refusal.value.placeholders["allowed"] == allowed
    assert refusal.value.placeholders["value"] == wrong


def test_seats_have_teslas_numbers() -> None:
    assert {seat.name: int(seat) for seat in Seat} == {
        "FRONT_LEFT": 0,
        "FRONT_RIGHT": 1,
        "REAR_LEFT": 2,
        "REAR_CENTER": 4,
        "REAR_RIGHT": 5,
    }
