"""The signal table: every row reads Tesla's values as ours, in our unit, and none ever raises."""

import json
import logging
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.signals import (
    SITE_SIGNALS,
    VEHICLE_SIGNALS,
    decode,
    read_sections,
)
from custom_components.flotte.tesla.state import Derived, Reading, Signal, Source, State

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BEFORE = datetime(2026, 3, 10, 11, 59, 30, tzinfo=UTC)
BEFORE_MS = 1773143970000


@pytest.fixture(autouse=True)
def _log_anew() -> Iterator[None]:
    """Let each test see what is logged only once."""
    signals._logged.clear()
    yield
    signals._logged.clear()


def read(
    sections: Mapping[str, Any], table: tuple[Signal[Any], ...] = VEHICLE_SIGNALS
) -> dict[Signal[Any], Any]:
    return {signal: each.value for signal, each in read_sections(sections, table, NOW).items()}


def read_one(signal: Signal[Any], **section: Any) -> object:
    """The value of one signal in a section of these keys."""
    return read({signal.section: section}, (signal,))[signal]


# --- Polled answers ------------------------------------------------------------------------------

# A car that drives with a route, as `vehicle_data` answers it: miles, miles per hour, bar, Celsius.
# Keys, types and words: Tesla's vehicle_data documentation (2024-08) and what public clients saw.
VEHICLE_DATA = json.loads(
    """
{
  "state": "online",
  "charge_state": {
    "battery_level": 61, "usable_battery_level": 60,
    "battery_range": 201.5, "est_battery_range": 180.25, "ideal_battery_range": 250.0,
    "charging_state": "NoPower", "charge_limit_soc": 80, "charge_limit_soc_min": 50,
    "charge_limit_soc_max": 100, "charge_limit_soc_std": 90, "charge_rate": 31.0,
    "charger_power": 11, "charger_voltage": 231, "charger_actual_current": 16,
    "charger_phases": 3, "charge_energy_added": 4.75, "time_to_full_charge": 1.25,
    "minutes_to_full_charge": 75, "charge_current_request": 15, "charge_current_request_max": 16,
    "charge_port_door_open": true, "charge_port_latch": "Engaged", "conn_charge_cable": "IEC",
    "fast_charger_present": false, "fast_charger_type": "<invalid>", "timestamp": 1773143970000
  },
  "climate_state": {
    "inside_temp": 21.4, "outside_temp": -3.5, "driver_temp_setting": 20.5,
    "passenger_temp_setting": 22.0, "min_avail_temp": 15.0, "max_avail_temp": 28.0,
    "is_climate_on": true, "is_preconditioning": false, "climate_keeper_mode": "dog",
    "defrost_mode": 2, "seat_heater_left": 3, "seat_heater_right": 0,
    "seat_heater_rear_left": 1, "seat_heater_rear_center": 2, "seat_heater_rear_right": 0,
    "steering_wheel_heater": true, "steering_wheel_heat_level": 3, "timestamp": 1773143970000
  },
  "drive_state": {
    "shift_state": "D", "speed": 65, "power": -12, "heading": 271, "latitude": 52.3731,
    "longitude": 4.8903, "active_route_destination": "Utrecht",
    "active_route_latitude": 52.09, "active_route_longitude": 5.12,
    "active_route_energy_at_arrival": 41, "active_route_miles_to_arrival": 12.5,
    "active_route_minutes_to_arrival": 18.5, "active_route_traffic_minutes_delay": 2.5,
    "timestamp": 1773143970000
  },
  "vehicle_state": {
    "locked": true, "odometer": 10000.5, "car_version": "2026.32.6 0123abcd4567",
    "df": 0, "dr": 0, "pf": 1, "pr": 0, "ft": 0, "rt": 32,
    "fd_window": 0, "fp_window": 1, "rd_window": 2, "rp_window": 0,
    "is_user_present": true, "sentry_mode": false, "valet_mode": false,
    "homelink_nearby": true, "homelink_device_count": 2,
    "tpms_pressure_fl": 2.9, "tpms_pressure_fr": 2.95, "tpms_pressure_rl": 3.0,
    "tpms_pressure_rr": 2.5, "tpms_soft_warning_fl": false, "tpms_soft_warning_fr": false,
    "tpms_soft_warning_rl": false, "tpms_soft_warning_rr": true,
    "software_update": {"status": "downloading_wifi_wait", "version": "2026.38.9",
                        "download_perc": 40, "install_perc": 10},
    "vehicle_name": "Aurora", "timestamp": 1773143970000
  },
  "vehicle_config": {
    "rear_seat_heaters": 1, "rhd": false, "motorized_charge_port": true, "plg": true,
    "can_actuate_trunks": true, "timestamp": 1773143970000
  }
}
"""
)

VEHICLE_VALUES: dict[Signal[Any], Any] = {
    signals.BATTERY_LEVEL: 61.0,
    signals.USABLE_BATTERY_LEVEL: 60.0,
    signals.RATED_RANGE: 324.282816,  # km
    signals.ESTIMATED_RANGE: 290.084256,
    signals.IDEAL_RANGE: 402.336,
    signals.CHARGING_STATE: "no_power",
    signals.CHARGER_POWER: 11.0,
    signals.CHARGER_CURRENT: 16.0,
    signals.CHARGER_VOLTAGE: 231.0,
    signals.CHARGER_PHASES: 3,
    signals.CHARGE_RATE: 49.889664,  # km/h
    signals.CHARGE_ENERGY_ADDED: 4.75,
    signals.TIME_TO_FULL: 1.25,  # h
    signals.CHARGE_LIMIT: 80,
    signals.CHARGE_LIMIT_MINIMUM: 50,
    signals.CHARGE_LIMIT_MAXIMUM: 100,
    signals.CHARGE_CURRENT_REQUEST: 15,
    signals.CHARGE_CURRENT_MAXIMUM: 16,
    signals.CHARGE_PORT_OPEN: True,
    signals.CHARGE_PORT_LATCH: "engaged",
    signals.FAST_CHARGER: False,
    signals.SPEED: 104.60736,  # km/h
    signals.SHIFT_STATE: "d",
    signals.DRIVE_POWER: -12.0,
    signals.HEADING: 271.0,
    signals.LOCATION: (52.3731, 4.8903),
    signals.ODOMETER: 16094.244672,  # km
    signals.ROUTE_DESTINATION: "Utrecht",
    signals.ROUTE_LOCATION: (52.09, 5.12),
    signals.ROUTE_DISTANCE: 20.1168,  # km
    signals.ROUTE_MINUTES: 18.5,
    signals.ROUTE_ENERGY: 41.0,
    signals.ROUTE_TRAFFIC_DELAY: 2.5,
    signals.INSIDE_TEMPERATURE: 21.4,
    signals.OUTSIDE_TEMPERATURE: -3.5,
    signals.CLIMATE_ON: True,
    signals.PRECONDITIONING: False,
    signals.DRIVER_TEMPERATURE: 20.5,
    signals.PASSENGER_TEMPERATURE: 22.0,
    signals.MINIMUM_TEMPERATURE: 15.0,
    signals.MAXIMUM_TEMPERATURE: 28.0,
    signals.CLIMATE_KEEPER: "dog",
    signals.DEFROST: True,
    signals.SEAT_HEATER_LEFT: 3,
    signals.SEAT_HEATER_RIGHT: 0,
    signals.SEAT_HEATER_REAR_LEFT: 1,
    signals.SEAT_HEATER_REAR_CENTER: 2,
    signals.SEAT_HEATER_REAR_RIGHT: 0,
    signals.STEERING_WHEEL_HEATER: True,
    signals.STEERING_WHEEL_LEVEL: 3,
    signals.LOCKED: True,
    signals.DOOR_DRIVER_FRONT: False,
    signals.DOOR_DRIVER_REAR: False,
    signals.DOOR_PASSENGER_FRONT: True,
    signals.DOOR_PASSENGER_REAR: False,
    signals.FRUNK: False,
    signals.TRUNK: True,
    signals.WINDOW_DRIVER_FRONT: False,
    signals.WINDOW_PASSENGER_FRONT: True,
    signals.WINDOW_DRIVER_REAR: True,
    signals.WINDOW_PASSENGER_REAR: False,
    signals.SENTRY_MODE: False,
    signals.USER_PRESENT: True,
    signals.VALET_MODE: False,
    signals.HOMELINK_NEARBY: True,
    signals.HOMELINK_DEVICES: 2,
    signals.PRESSURE_FRONT_LEFT: 2.9,  # bar
    signals.PRESSURE_FRONT_RIGHT: 2.95,
    signals.PRESSURE_REAR_LEFT: 3.0,
    signals.PRESSURE_REAR_RIGHT: 2.5,
    signals.LOW_TYRE_FRONT_LEFT: False,
    signals.LOW_TYRE_FRONT_RIGHT: False,
    signals.LOW_TYRE_REAR_LEFT: False,
    signals.LOW_TYRE_REAR_RIGHT: True,
    signals.SOFTWARE_VERSION: "2026.32.6",
    signals.UPDATE_STATUS: "downloading_wifi_wait",
    signals.UPDATE_VERSION: "2026.38.9",
    signals.UPDATE_DOWNLOADED: 40,
    signals.UPDATE_INSTALLED: 10,
    signals.VEHICLE_NAME: "Aurora",
    signals.REAR_SEAT_HEATERS: 1,
    signals.RIGHT_HAND_DRIVE: False,
    signals.MOTORIZED_CHARGE_PORT: True,
    signals.POWER_LIFTGATE: True,
    signals.CAN_ACTUATE_TRUNKS: True,
}

# Tesla's own sample of live_status, whose signs it proves: 3102 - 3090 + 2569 = 2581.
SITE_DATA = json.loads(
    """
{
  "live_status": {
    "solar_power": 3102, "battery_power": -3090, "grid_power": 2569, "load_power": 2581,
    "energy_left": 6750.5, "total_pack_energy": 13500, "percentage_charged": 50.0037,
    "grid_status": "Active", "island_status": "on_grid", "storm_mode_active": false,
    "wall_connectors": [
      {"din": "a", "wall_connector_state": 1, "wall_connector_power": 7200.5},
      {"din": "b", "wall_connector_state": 2, "wall_connector_power": null},
      {"din": "c", "wall_connector_state": 2}
    ],
    "timestamp": "2026-03-10T12:59:30+01:00"
  },
  "site_info": {
    "site_name": "Home", "backup_reserve_percent": 20, "default_real_mode": "self_consumption",
    "version": "26.4.1 c58c2df3", "user_settings": {"storm_mode_enabled": true}
  }
}
"""
)

SITE_VALUES: dict[Signal[Any], Any] = {
    signals.SOLAR_POWER: 3102.0,
    signals.BATTERY_POWER: -3090.0,
    signals.GRID_POWER: 2569.0,
    signals.LOAD_POWER: 2581.0,
    signals.PERCENTAGE_CHARGED: 50.0037,
    signals.ENERGY_LEFT: 6750.5,
    signals.ISLAND_STATUS: "on_grid",
    signals.WALL_CONNECTOR_POWER: 7200.5,
    signals.STORM_ACTIVE: False,
    signals.BACKUP_RESERVE: 20,
    signals.OPERATION_MODE: "self_consumption",
    signals.STORM_WATCH: True,
    signals.GATEWAY_VERSION: "26.4.1 c58c2df3",
}


OWN = {signals.ONLINE, signals.LAST_ONLINE}
"""What follows from the state check: no answer of the car carries it."""


@pytest.mark.parametrize("signal", VEHICLE_SIGNALS, ids=lambda signal: signal.name)
def test_what_a_car_tells(signal: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    if not signal.paths:
        assert signal in OWN, "told by the state check, not by the car"
        return
    value = read(VEHICLE_DATA)[signal]
    assert value == pytest.approx(VEHICLE_VALUES[signal], rel=1e-12)
    assert type(value) is type(VEHICLE_VALUES[signal])
    assert not caplog.records


@pytest.mark.parametrize("signal", SITE_SIGNALS, ids=lambda signal: signal.name)
def test_what_a_site_tells(signal: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    value = read(SITE_DATA, SITE_SIGNALS)[signal]
    assert value == SITE_VALUES[signal]
    assert type(value) is type(SITE_VALUES[signal])
    assert not caplog.records


def test_every_row_is_tried() -> None:
    assert set(VEHICLE_VALUES) == set(VEHICLE_SIGNALS) - OWN
    assert set(SITE_VALUES) == set(SITE_SIGNALS)


@pytest.mark.parametrize(
    ("signal", "key", "word", "value"),
    [
        (signals.CHARGING_STATE, "charging_state", "Disconnected", "disconnected"),
        (signals.CHARGING_STATE, "charging_state", "Starting", "starting"),
        (signals.CHARGING_STATE, "charging_state", "Charging", "charging"),
        (signals.CHARGING_STATE, "charging_state", "Complete", "complete"),
        (signals.CHARGING_STATE, "charging_state", "Stopped", "stopped"),
        (signals.CHARGING_STATE, "charging_state", "Calibrating", "calibrating"),
        (signals.CHARGE_PORT_LATCH, "charge_port_latch", "Disengaged", "disengaged"),
        (signals.CHARGE_PORT_LATCH, "charge_port_latch", "Blocking", "blocking"),
        (signals.SHIFT_STATE, "shift_state", "P", "p"),
        (signals.SHIFT_STATE, "shift_state", "R", "r"),
        (signals.SHIFT_STATE, "shift_state", "N", "n"),
        (signals.CLIMATE_KEEPER, "climate_keeper_mode", "off", "off"),
        (signals.CLIMATE_KEEPER, "climate_keeper_mode", "on", "on"),
        (signals.CLIMATE_KEEPER, "climate_keeper_mode", "camp", "camp"),
        (signals.DEFROST, "defrost_mode", 0, False),
        (signals.DEFROST, "defrost_mode", 1, True),
        (signals.TRUNK, "rt", 0, False),
        (signals.TRUNK, "rt", 16, True),
        (signals.SOFTWARE_VERSION, "car_version", "2023.7.20", "2023.7.20"),
        (signals.SOFTWARE_VERSION, "car_version", " ", None),
        (signals.CHARGE_LIMIT, "charge_limit_soc", 79.6, 80),
        (signals.LOCKED, "locked", 1, True),
        (signals.ISLAND_STATUS, "island_status", "off_grid_intentional", "off_grid_intentional"),
        (signals.ISLAND_STATUS, "island_status", "island_status_unknown", "island_status_unknown"),
        (signals.OPERATION_MODE, "default_real_mode", "autonomous", "autonomous"),
        (signals.OPERATION_MODE, "default_real_mode", "backup", "backup"),
        (signals.WALL_CONNECTOR_POWER, "wall_connectors", [], 0.0),
    ],
)
def test_other_values(signal: Signal[Any], key: str, word: object, value: object) -> None:
    assert read_one(signal, **{key: word}) == value


@pytest.mark.parametrize(
    ("update", "values"),
    [
        # Without an update Tesla answers an empty status and a version of one blank.
        (
            {"status": "", "version": " ", "download_perc": 0, "install_perc": 1},
            {"status": None, "version": None},
        ),
        ({"status": "available"}, {"status": "available"}),
        ({"status": "scheduled"}, {"status": "scheduled"}),
        ({"status": "downloading"}, {"status": "downloading"}),
        ({"status": "installing"}, {"status": "installing"}),
    ],
)
def test_software_update(
    update: dict[str, object], values: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    got = read({"vehicle_state": {"software_update": update}})
    assert got[signals.UPDATE_STATUS] == values["status"]
    assert got.get(signals.UPDATE_VERSION) == values.get("version")
    assert not caplog.records


NULLS: dict[Signal[Any], Any] = {
    # A parked car answers null for what only a moving or charging one has.
    signals.SPEED: 0.0,
    signals.SHIFT_STATE: "p",
    signals.DRIVE_POWER: 0.0,
    signals.CHARGER_POWER: 0.0,
    signals.CHARGER_CURRENT: 0.0,
    signals.CHARGER_VOLTAGE: 0.0,
    signals.CHARGE_RATE: 0.0,
}


def _nulls(section: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _nulls(value) if isinstance(value, dict) else None
        for key, value in section.items()
        if key != "timestamp"
    }


@pytest.mark.parametrize(
    "signal",
    [signal for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS) if signal.paths],
    ids=lambda signal: signal.name,
)
def test_null_is_unknown_unless_it_has_a_meaning(
    signal: Signal[Any], caplog: pytest.LogCaptureFixture
) -> None:
    data = VEHICLE_DATA | SITE_DATA
    value = read({signal.section: _nulls(data[signal.section])}, (signal,))[signal]
    assert value == NULLS.get(signal)
    assert not caplog.records


ENDED_WHEN_ABSENT = {
    signals.ROUTE_DESTINATION,
    signals.ROUTE_LOCATION,
    signals.ROUTE_DISTANCE,
    signals.ROUTE_MINUTES,
    signals.ROUTE_ENERGY,
    signals.ROUTE_TRAFFIC_DELAY,
}
"""A car without a route leaves these keys out."""


def test_an_absent_key_says_nothing() -> None:
    """An absent door is unknown, not open; only a route ends by being absent."""
    sections = {name: {"timestamp": BEFORE_MS} for name in (*VEHICLE_DATA, *SITE_DATA)}
    got = read(sections, (*VEHICLE_SIGNALS, *SITE_SIGNALS))
    assert got == dict.fromkeys(ENDED_WHEN_ABSENT)


@pytest.mark.parametrize("section", [None, [], "text", 7])
def test_a_section_that_is_none_says_nothing(section: object) -> None:
    assert read({"charge_state": section, "drive_state": section}) == {}
    assert read({}) == {}
    assert read({"vehicle_state": {"software_update": section}}) == {}


def test_half_a_position_says_nothing() -> None:
    assert read({"drive_state": {"latitude": 52.3}}, (signals.LOCATION,)) == {}
    assert read({"drive_state": {"latitude": 52.3, "longitude": None}}, (signals.LOCATION,)) == {
        signals.LOCATION: None
    }


# --- Times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        (BEFORE_MS, BEFORE),
        (float(BEFORE_MS), BEFORE),
        ("2026-03-10T12:59:30+01:00", BEFORE),
        ("2026-03-10T11:59:30Z", BEFORE),
        # A wrong clock in the car: the future counts as now.
        (BEFORE_MS + 60_000, NOW),
        ("2026-03-10T12:59:30Z", NOW),
        (4_102_444_800_000, NOW),
        (10**30, NOW),
        (0, NOW),
        (-1, NOW),
        (True, NOW),
        (None, NOW),
        ("yesterday", NOW),
        ("", NOW),
        ([], NOW),
    ],
)
def test_when_a_section_was_true(timestamp: object, time: datetime) -> None:
    section = {"battery_level": 50, "timestamp": timestamp}
    (reading,) = read_sections({"charge_state": section}, (signals.BATTERY_LEVEL,), NOW).values()
    assert reading == Reading(50.0, time, Source.POLL)


def test_without_a_timestamp_it_is_true_now() -> None:
    section = {"backup_reserve_percent": 20}
    (reading,) = read_sections({"site_info": section}, (signals.BACKUP_RESERVE,), NOW).values()
    assert reading.time == NOW


def test_each_section_has_its_own_time() -> None:
    earlier = BEFORE_MS - 30_000
    readings = read_sections(
        {
            "charge_state": {"battery_level": 50, "timestamp": BEFORE_MS},
            "climate_state": {"inside_temp": 20, "timestamp": earlier},
        },
        VEHICLE_SIGNALS,
        NOW,
    )
    assert readings[signals.BATTERY_LEVEL].time == BEFORE
    assert readings[signals.INSIDE_TEMPERATURE].time == BEFORE - timedelta(seconds=30)


# --- Streamed spellings --------------------------------------------------------------------------

# Values of Tesla's stream once the prefix of the enumeration is gone. Source: vehicle_data.proto of
# fleet-telemetry (2026-08); "Party" is the stream's word for camp.
STREAMED = (
    (signals.CHARGING_STATE, "NoPower", "no_power"),
    (signals.CHARGING_STATE, "Charging", "charging"),
    (signals.CHARGING_STATE, "Calibrating", "calibrating"),
    (signals.SHIFT_STATE, "P", "p"),
    (signals.SHIFT_STATE, "D", "d"),
    (signals.CHARGE_PORT_LATCH, "Engaged", "engaged"),
    (signals.CLIMATE_KEEPER, "Off", "off"),
    (signals.CLIMATE_KEEPER, "On", "on"),
    (signals.CLIMATE_KEEPER, "Dog", "dog"),
    (signals.CLIMATE_KEEPER, "Party", "camp"),
    (signals.DEFROST, "Off", False),
    (signals.DEFROST, "Normal", True),
    (signals.DEFROST, "Max", True),
    (signals.DEFROST, "AutoDefog", True),
    (signals.CLIMATE_ON, "Off", False),
    (signals.CLIMATE_ON, "On", True),
    (signals.CLIMATE_ON, "Precondition", True),
    (signals.CLIMATE_ON, "OverheatProtect", False),
    (signals.SENTRY_MODE, "Off", False),
    (signals.SENTRY_MODE, "Idle", True),
    (signals.SENTRY_MODE, "Armed", True),
    (signals.SENTRY_MODE, "Aware", True),
    (signals.SENTRY_MODE, "Panic", True),
    (signals.SENTRY_MODE, "Quiet", True),
    (signals.WINDOW_DRIVER_FRONT, "Closed", False),
    (signals.WINDOW_PASSENGER_FRONT, "PartiallyOpen", True),
    (signals.WINDOW_DRIVER_REAR, "Opened", True),
    (signals.DOOR_DRIVER_FRONT, True, True),
    (signals.DOOR_DRIVER_FRONT, False, False),
    (signals.LOW_TYRE_REAR_RIGHT, True, True),
    (signals.BATTERY_LEVEL, 61.25, 61.25),
    (signals.CHARGE_LIMIT, 80, 80),
    (signals.ODOMETER, 100.0, 160.9344),
    (signals.SPEED, 0.0, 0.0),
    (signals.LOCATION, (52.3731, 4.8903), (52.3731, 4.8903)),
    (signals.LOCATION, [52.3731, 4.8903], (52.3731, 4.8903)),
    (signals.SOFTWARE_VERSION, "2026.32.6", "2026.32.6"),
    (signals.VEHICLE_NAME, " Aurora ", "Aurora"),
)


@pytest.mark.parametrize(("signal", "raw", "value"), STREAMED)
def test_streamed_spelling(
    signal: Signal[Any], raw: object, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert decode(signal, raw) == value
    assert not caplog.records


# --- What nobody here knows ----------------------------------------------------------------------

UNKNOWN: tuple[tuple[Signal[Any], Any], ...] = (
    (signals.CHARGING_STATE, "Levitating"),
    (signals.CHARGING_STATE, 4),
    (signals.SHIFT_STATE, "X"),
    (signals.SHIFT_STATE, "Invalid"),
    (signals.CLIMATE_KEEPER, "Unknown"),
    (signals.WINDOW_DRIVER_FRONT, "Unknown"),
    (signals.SENTRY_MODE, "Unknown"),
    (signals.SENTRY_MODE, ""),
    (signals.CLIMATE_ON, "Invalid"),
    (signals.DEFROST, 1.5),
    (signals.BATTERY_LEVEL, "61"),
    (signals.BATTERY_LEVEL, True),
    (signals.BATTERY_LEVEL, []),
    (signals.LOCKED, "locked"),
    (signals.LOCKED, 2),
    (signals.LOCKED, {}),
    (signals.LOCATION, (52.3,)),
    (signals.LOCATION, (52.3, "4.9")),
    (signals.LOCATION, "(52.3 N, 4.9 E)"),
    (signals.VEHICLE_NAME, 7),
    (signals.SOFTWARE_VERSION, 2026.32),
    (signals.UPDATE_STATUS, "exploding"),
    (signals.WALL_CONNECTOR_POWER, {}),
    (signals.WALL_CONNECTOR_POWER, [{"wall_connector_power": "7200"}]),
    (signals.CHARGE_LIMIT, float("nan")),
)


@pytest.mark.parametrize(("signal", "raw"), UNKNOWN)
def test_the_unknown_is_unknown_and_logged_once(
    signal: Signal[Any], raw: object, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert decode(signal, raw) is None
    assert decode(signal, raw) is None
    warning, detail = caplog.records
    assert warning.levelno == logging.WARNING
    assert signal.name in warning.getMessage()
    assert detail.levelno == logging.DEBUG


def test_a_private_value_is_not_in_the_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    decode(signals.LOCATION, "(52.3731 N, 4.8903 E)" + "x" * 100)
    assert "52.37" not in caplog.text
    caplog.set_level(logging.DEBUG)
    decode(signals.ROUTE_LOCATION, "(52.3731 N, 4.8903 E)" + "x" * 100)
    assert "52.3731 N" in caplog.text
    assert "x" * 40 not in caplog.text, "it may be long"


def test_a_hostile_source_cannot_fill_memory(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    for number in range(signals._LOG_LIMIT + 5):
        decode(signals.SHIFT_STATE, f"word {number}")
    assert len(signals._logged) == signals._LOG_LIMIT == 1000
    assert len(caplog.records) == 1000


def test_an_unknown_value_does_not_take_the_rest_with_it() -> None:
    section = {"charging_state": "Levitating", "battery_level": 50}
    got = read({"charge_state": section})
    assert got == {signals.CHARGING_STATE: None, signals.BATTERY_LEVEL: 50.0}


@pytest.mark.parametrize(
    ("signal", "raw"),
    [
        (signals.CHARGE_PORT_LATCH, "<invalid>"),
        (signals.CHARGE_PORT_LATCH, "SNA"),
        (signals.SHIFT_STATE, "SNA"),
        (signals.SEAT_HEATER_LEFT, "SNA"),
    ],
)
def test_a_known_way_of_saying_none_is_not_logged(
    signal: Signal[Any], raw: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert decode(signal, raw) is None
    assert not caplog.records


@pytest.mark.parametrize("raw", ["<invalid>", "", " "])
def test_a_text_that_says_none(raw: str, caplog: pytest.LogCaptureFixture) -> None:
    assert decode(signals.ROUTE_DESTINATION, raw) is None
    assert not caplog.records


@pytest.mark.parametrize(
    ("signal", "raw"),
    [
        (signals.WALL_CONNECTOR_POWER, [None]),
        (signals.WALL_CONNECTOR_POWER, ["din"]),
        # JSON's 1e999 is infinite, and its whole numbers have no end.
        (signals.CHARGE_LIMIT, json.loads("1e999")),
        (signals.BATTERY_LEVEL, json.loads("1" + "0" * 400)),
    ],
)
def test_never_raises(signal: Signal[Any], raw: object) -> None:
    assert decode(signal, raw) is None


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_infinity=False)
    | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(raw=JSON)
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_json_makes_a_row_raise(raw: object) -> None:
    for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS):
        if signal is not signals.WALL_CONNECTOR_POWER:  # see test_never_raises
            decode(signal, raw)


# --- The table itself ----------------------------------------------------------------------------

# Names of Tesla's list of streamed fields (2026-08) that a signal of ours is streamed by.
TELEMETRY_FIELDS = {
    "ACChargingEnergyIn",
    "BatteryLevel",
    "ChargeAmps",
    "ChargeCurrentRequest",
    "ChargeCurrentRequestMax",
    "ChargeLimitSoc",
    "ChargePortDoorOpen",
    "ChargePortLatch",
    "ChargeRateMilePerHour",
    "ChargerPhases",
    "ChargerVoltage",
    "ClimateKeeperMode",
    "DefrostMode",
    "DestinationLocation",
    "DestinationName",
    "DetailedChargeState",
    "DoorState",
    "DriverSeatOccupied",
    "EstBatteryRange",
    "ExpectedEnergyPercentAtTripArrival",
    "FastChargerPresent",
    "FdWindow",
    "FpWindow",
    "Gear",
    "GpsHeading",
    "HomelinkDeviceCount",
    "HomelinkNearby",
    "HvacLeftTemperatureRequest",
    "HvacPower",
    "HvacRightTemperatureRequest",
    "HvacSteeringWheelHeatLevel",
    "IdealBatteryRange",
    "InsideTemp",
    "Location",
    "Locked",
    "MilesToArrival",
    "MinutesToArrival",
    "Odometer",
    "OutsideTemp",
    "RatedRange",
    "RdWindow",
    "RightHandDrive",
    "RouteTrafficMinutesDelay",
    "RpWindow",
    "SeatHeaterLeft",
    "SeatHeaterRearCenter",
    "SeatHeaterRearLeft",
    "SeatHeaterRearRight",
    "SeatHeaterRight",
    "SentryMode",
    "Soc",
    "SoftwareUpdateDownloadPercentComplete",
    "SoftwareUpdateInstallationPercentComplete",
    "SoftwareUpdateVersion",
    "TimeToFullCharge",
    "TpmsPressureFl",
    "TpmsPressureFr",
    "TpmsPressureRl",
    "TpmsPressureRr",
    "TpmsSoftWarnings",
    "ValetModeEnabled",
    "VehicleName",
    "VehicleSpeed",
    "Version",
}
PARTS = {
    "DoorState": {
        "DriverFront",
        "DriverRear",
        "PassengerFront",
        "PassengerRear",
        "TrunkFront",
        "TrunkRear",
    },
    "TpmsSoftWarnings": {"FrontLeft", "FrontRight", "RearLeft", "RearRight"},
}
LOCATION_FIELDS = {"DestinationLocation", "DestinationName", "GpsHeading", "Location"}
"""Tesla streams these only with the scope `vehicle_location`."""


def test_names_are_unique() -> None:
    names = [signal.name for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS)]
    assert len(set(names)) == len(names)
    derived = [row.name for row in vars(signals).values() if isinstance(row, Derived)]
    assert len(set(derived)) == len(derived)
    assert not set(derived) & set(names)


def test_the_tables_hold_every_row() -> None:
    rows = {row for row in vars(signals).values() if isinstance(row, Signal)}
    assert set(VEHICLE_SIGNALS) | set(SITE_SIGNALS) == rows
    assert not set(VEHICLE_SIGNALS) & set(SITE_SIGNALS)


def test_streamed_names_are_teslas() -> None:
    streamed = [signal.name for signal in VEHICLE_SIGNALS if signal.streamed]
    assert {name.partition(".")[0] for name in streamed} == TELEMETRY_FIELDS
    for field, parts in PARTS.items():
        assert {
            name.partition(".")[2] for name in streamed if name.partition(".")[0] == field
        } == parts
    assert all("." not in name or name.partition(".")[0] in PARTS for name in streamed)
    assert not any(signal.streamed for signal in SITE_SIGNALS)


def test_scopes_are_teslas() -> None:
    scoped = {signal.name: signal.scope for signal in VEHICLE_SIGNALS if signal.scope}
    assert scoped == dict.fromkeys(LOCATION_FIELDS, "vehicle_location")


def test_two_signals_do_not_read_the_same_key() -> None:
    keys = [
        (signal.section, path)
        for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS)
        for path in signal.paths
    ]
    assert len(set(keys)) == len(keys)


# --- What follows from signals -------------------------------------------------------------------


def state(values: Mapping[Signal[Any], Any]) -> State:
    merged, _ = State().merge(
        {signal: Reading(value, BEFORE, Source.POLL) for signal, value in values.items()}
    )
    return merged


W = signals.WINDOWS


@pytest.mark.parametrize(
    ("windows", "is_open"),
    [
        ((), None),
        ((False, False, False, False), False),
        ((False, False, False, True), True),
        ((None, None, True, None), True),
        ((False, False, False, None), None),
        ((False, False, False), None),
    ],
)
def test_windows_open(windows: tuple[bool | None, ...], *, is_open: bool | None) -> None:
    assert state(dict(zip(W, windows, strict=False)))[signals.WINDOWS_OPEN] is is_open


@pytest.mark.parametrize(
    ("word", "plugged_in", "charging"),
    [
        (None, None, None),
        ("disconnected", False, False),
        ("no_power", True, False),
        ("starting", True, True),
        ("charging", True, True),
        ("complete", True, False),
        ("stopped", True, False),
        ("calibrating", True, False),
    ],
)
def test_plugged_in_and_charging(
    word: str | None, *, plugged_in: bool | None, charging: bool | None
) -> None:
    known = state({signals.CHARGING_STATE: word})
    assert known[signals.PLUGGED_IN] is plugged_in
    assert known[signals.IS_CHARGING] is charging


@pytest.mark.parametrize(
    ("word", "hours", "end"),
    [
        # Read at 11:59:30; half a minute or more counts as a whole one.
        ("charging", 1.0, datetime(2026, 3, 10, 13, 0, tzinfo=UTC)),
        ("charging", 0.99, datetime(2026, 3, 10, 12, 59, tzinfo=UTC)),
        ("charging", 13.0, datetime(2026, 3, 11, 1, 0, tzinfo=UTC)),
        ("charging", 0.0, None),
        ("charging", None, None),
        ("complete", 1.0, None),
        (None, 1.0, None),
    ],
)
def test_charge_end(word: str | None, hours: float | None, end: datetime | None) -> None:
    known = state({signals.CHARGING_STATE: word, signals.TIME_TO_FULL: hours})
    assert known[signals.CHARGE_END] == end


@pytest.mark.parametrize(
    ("minutes", "arrival"),
    [
        (18.5, datetime(2026, 3, 10, 12, 18, tzinfo=UTC)),
        (18.4, datetime(2026, 3, 10, 12, 18, tzinfo=UTC)),
        (0.0, None),
        (None, None),
    ],
)
def test_route_arrival(minutes: float | None, arrival: datetime | None) -> None:
    assert state({signals.ROUTE_MINUTES: minutes})[signals.ROUTE_ARRIVAL] == arrival


def test_no_arrival_without_a_word() -> None:
    assert State()[signals.ROUTE_ARRIVAL] is None
    assert State()[signals.CHARGE_END] is None
