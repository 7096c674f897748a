"""The signal table: every row reads Tesla's values as ours, in our unit, and none ever raises."""

import json
import logging
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tesla_protocol.telemetry import vehicle_data_pb2

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.signals import (
    SIGNALS_BY_FIELD,
    SITE_SIGNALS,
    VEHICLE_SIGNALS,
    decode,
    polled,
    read_sections,
)
from custom_components.flotte.tesla.state import KEEP, Derived, Reading, Signal, Source, State
from simulator import vehicle_data
from simulator.telemetry.field import INVALID
from simulator.telemetry.fields import FIELDS
from simulator.world import AURORA, World
from tests.simulator.telemetry_server import DrivenClock

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
BEFORE = datetime(2026, 3, 10, 11, 59, 30, tzinfo=UTC)
BEFORE_MS = 1773143970000


@pytest.fixture(autouse=True)
def _log_again() -> Iterator[None]:
    """Let each test see what is logged only once."""
    polled._logged.clear()
    yield
    polled._logged.clear()


def read(
    sections: Mapping[str, Any], table: tuple[Signal[Any], ...] = VEHICLE_SIGNALS
) -> dict[Signal[Any], Any]:
    return {signal: each.value for signal, each in read_sections(sections, table, NOW).items()}


def read_one(signal: Signal[Any], **section: Any) -> object:
    """The value of one signal in a section of these keys."""
    return read({signal.section: section}, (signal,))[signal]


# --- Polled answers ------------------------------------------------------------------------------

# A driving car with a route, as `vehicle_data` answers: miles, miles per hour, bar, Celsius. Keys,
# types and words: Tesla's vehicle_data documentation (2024-08) and reports of public clients.
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
    "fast_charger_present": false, "fast_charger_type": "<invalid>",
    "fast_charger_brand": "<invalid>",
    "battery_heater_on": false, "not_enough_power_to_heat": false, "charge_enable_request": true,
    "charge_port_cold_weather_mode": false, "supercharger_session_trip_planner": false,
    "scheduled_charging_mode": "StartAt", "scheduled_charging_pending": true,
    "scheduled_charging_start_time": 1773176400, "scheduled_departure_time": 1773208800,
    "preconditioning_enabled": true, "scheduled_departure_time_minutes": 420,
    "preconditioning_times": "weekdays", "off_peak_charging_enabled": false,
    "off_peak_charging_times": "all_week", "off_peak_hours_end_time": 360,
    "energy_remaining": 45.5, "lifetime_energy_used": 4321.5, "module_temp_min": 11.5,
    "module_temp_max": 13.0, "pack_voltage": 350.5, "pack_current": -1.5, "trip_charging": true,
    "timestamp": 1773143970000
  },
  "climate_state": {
    "inside_temp": 21.4, "outside_temp": -3.5, "driver_temp_setting": 20.5,
    "passenger_temp_setting": 22.0, "min_avail_temp": 15.0, "max_avail_temp": 28.0,
    "is_climate_on": true, "is_preconditioning": false, "climate_keeper_mode": "dog",
    "defrost_mode": 2, "seat_heater_left": 3, "seat_heater_right": 0,
    "seat_heater_rear_left": 1, "seat_heater_rear_center": 2, "seat_heater_rear_right": 0,
    "steering_wheel_heater": true, "steering_wheel_heat_level": 3,
    "auto_steering_wheel_heat": false, "auto_seat_climate_left": true,
    "auto_seat_climate_right": false, "seat_fan_front_left": 1, "seat_fan_front_right": 2,
    "cabin_overheat_protection": "FanOnly", "cop_activation_temperature": "High",
    "cabin_overheat_protection_actively_cooling": false, "hvac_auto_request": "On",
    "fan_status": 3, "is_rear_defroster_on": true, "wiper_blade_heater": false,
    "bioweapon_mode": true, "supports_fan_only_cabin_overheat_protection": true,
    "seat_heater_rear_left_back": 1, "seat_heater_rear_right_back": 2,
    "seat_heater_third_row_left": 3, "seat_heater_third_row_right": 0,
    "timestamp": 1773143970000
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
    "tpms_hard_warning_fl": false, "tpms_hard_warning_fr": true, "tpms_hard_warning_rl": false,
    "tpms_hard_warning_rr": false, "tpms_last_seen_pressure_time_fl": 1773143900,
    "tpms_last_seen_pressure_time_fr": 1773143901, "tpms_last_seen_pressure_time_rl": 1773143902,
    "tpms_last_seen_pressure_time_rr": 1773143903,
    "speed_limit_mode": {"active": false, "current_limit_mph": 75.0, "max_limit_mph": 120},
    "remote_start": false, "service_mode": false, "center_display_state": 7,
    "dashcam_state": "Recording", "sun_roof_state": "vent",
    "media_info": {
      "audio_volume": 2.6667, "audio_volume_increment": 0.333333, "audio_volume_max": 10.333333,
      "media_playback_status": "Playing", "now_playing_album": "Aerial",
      "now_playing_artist": "Kate Bush", "now_playing_duration": 259000,
      "now_playing_elapsed": 12000, "now_playing_source": "13", "now_playing_station": "Radio 6",
      "now_playing_title": "Nocturn"
    },
    "software_update": {"status": "downloading_wifi_wait", "version": "2026.38.9",
                        "download_perc": 40, "install_perc": 10, "expected_duration_sec": 1500,
                        "scheduled_time_ms": 1773198000000},
    "vehicle_name": "Aurora", "timestamp": 1773143970000
  },
  "vehicle_config": {
    "rear_seat_heaters": 1, "rhd": false, "motorized_charge_port": true, "plg": true,
    "can_actuate_trunks": true, "car_type": "modely", "trim_badging": "74d",
    "exterior_color": "MidnightSilver", "roof_color": "RoofColorGlass", "wheel_type": "Gemini19",
    "spoiler_type": "Passive",
    "efficiency_package": "MY2021", "charge_port_type": "CCS", "eu_vehicle": true,
    "sun_roof_installed": 0, "has_seat_cooling": true, "third_row_seats": "FuturisFoldFlat",
    "cop_user_set_temp_supported": true, "timestamp": 1773143970000
  },
  "charge_schedule_data": {
    "charge_schedules": [
      {"id": 1700000000, "name": "Night", "days_of_week": 62, "start_enabled": true,
       "start_time": 1380, "end_enabled": true, "end_time": 360, "one_time": false,
       "enabled": true, "latitude": 52.373100280761719, "longitude": 4.8902997970581055},
      {"id": 9007199254740993, "name": "", "days_of_week": 0, "start_enabled": false,
       "start_time": 0, "end_enabled": true, "end_time": 0, "one_time": true,
       "enabled": false, "latitude": -33, "longitude": 151.20930480957031},
      {"name": "Without an id"}
    ],
    "max_num_charge_schedules": 100, "timestamp": 1773143970000
  },
  "preconditioning_schedule_data": {
    "precondition_schedules": [
      {"id": 1700000001, "name": "", "days_of_week": 127, "precondition_time": 450,
       "one_time": false, "enabled": true, "latitude": 52.3731, "longitude": 4.8903}
    ],
    "max_num_precondition_schedules": 50, "timestamp": 1773143970000
  },
  "gui_settings": {
    "gui_distance_units": "km/hr", "gui_temperature_units": "C", "gui_tirepressure_units": "Bar",
    "gui_24_hour_time": true, "timestamp": 1773143970000
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
    signals.AC_CHARGING_POWER: 11.0,
    signals.DC_CHARGING_POWER: 0.0,
    signals.CHARGER_CURRENT: 16.0,
    signals.CHARGER_VOLTAGE: 231.0,
    signals.CHARGER_PHASES: 3,
    signals.CHARGE_RATE: 49.889664,  # km/h
    signals.CHARGE_ENERGY_ADDED: 4.75,
    signals.TIME_TO_FULL: 1.25,  # h
    signals.TIME_TO_LIMIT: 1.25,  # h
    signals.CHARGE_LIMIT: 80,
    signals.CHARGE_LIMIT_MINIMUM: 50,
    signals.CHARGE_LIMIT_MAXIMUM: 100,
    signals.CHARGE_CURRENT_REQUEST: 15,
    signals.CHARGE_CURRENT_MAXIMUM: 16,
    signals.CHARGE_PORT_OPEN: True,
    signals.CHARGE_PORT_LATCH: "engaged",
    signals.FAST_CHARGER: False,
    signals.FAST_CHARGER_TYPE: None,
    signals.FAST_CHARGER_OF_TESLA: None,
    signals.CABLE_TYPE: "iec",
    signals.BATTERY_HEATER: False,
    signals.NOT_ENOUGH_POWER_TO_HEAT: False,
    signals.CHARGE_ENABLED: True,
    signals.CHARGE_PORT_COLD: False,
    signals.SUPERCHARGING_ON_TRIP: False,
    signals.SCHEDULED_CHARGING_MODE: "start_at",
    signals.SCHEDULED_CHARGING_PENDING: True,
    signals.SCHEDULED_CHARGING_START: 1773176400.0,  # Unix seconds
    signals.SCHEDULED_DEPARTURE: 1773208800.0,
    signals.PRECONDITIONING_ENABLED: True,
    signals.DEPARTURE_MINUTES: 420,
    signals.PRECONDITIONING_DAYS: "weekdays",
    signals.OFF_PEAK_ENABLED: False,
    signals.OFF_PEAK_DAYS: "all_week",
    signals.OFF_PEAK_END_MINUTES: 360,
    signals.CHARGE_SCHEDULES: (
        (1700000000, "Night", 62, 1380, 360, None, False, True, 52.3731, 4.8903),
        (9007199254740993, "", 0, None, 0, None, True, False, -33.0, 151.2093),
    ),
    signals.CHARGE_SCHEDULES_MAXIMUM: 100,
    signals.PRECONDITION_SCHEDULES: (
        (1700000001, "", 127, None, None, 450, False, True, 52.3731, 4.8903),
    ),
    signals.PRECONDITION_SCHEDULES_MAXIMUM: 50,
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
    signals.AUTO_STEERING_WHEEL: False,
    signals.AUTO_SEAT_LEFT: True,
    signals.AUTO_SEAT_RIGHT: False,
    signals.SEAT_COOLER_LEFT: 1,
    signals.SEAT_COOLER_RIGHT: 2,
    signals.OVERHEAT_MODE: "fan_only",
    signals.OVERHEAT_LIMIT: "high",
    signals.OVERHEAT_BY_FAN: True,
    signals.OVERHEAT_LIMIT_CHOSEN: True,
    signals.OVERHEAT_COOLING: False,
    signals.BIOWEAPON_MODE: True,
    signals.SEAT_HEATER_REAR_LEFT_BACK: 1,
    signals.SEAT_HEATER_REAR_RIGHT_BACK: 2,
    signals.SEAT_HEATER_THIRD_ROW_LEFT: 3,
    signals.SEAT_HEATER_THIRD_ROW_RIGHT: 0,
    signals.CLIMATE_AUTOMATIC: True,
    signals.FAN_SPEED: 3,
    signals.REAR_DEFROST: True,
    signals.WIPER_HEATER: False,
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
    signals.SUNROOF_OPEN: True,
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
    signals.FLAT_TYRE_FRONT_LEFT: False,
    signals.FLAT_TYRE_FRONT_RIGHT: True,
    signals.FLAT_TYRE_REAR_LEFT: False,
    signals.FLAT_TYRE_REAR_RIGHT: False,
    signals.PRESSURE_TIME_FRONT_LEFT: 1773143900.0,  # Unix seconds
    signals.PRESSURE_TIME_FRONT_RIGHT: 1773143901.0,
    signals.PRESSURE_TIME_REAR_LEFT: 1773143902.0,
    signals.PRESSURE_TIME_REAR_RIGHT: 1773143903.0,
    signals.SPEED_LIMIT_MODE: False,
    signals.SPEED_LIMIT: 120.7008,  # km/h
    signals.REMOTE_START: False,
    signals.SERVICE_MODE: False,
    signals.DASHCAM_RECORDING: True,
    signals.TRIP_CHARGING: True,
    signals.ENERGY_REMAINING: 45.5,
    signals.LIFETIME_ENERGY_USED: 4321.5,
    signals.MODULE_TEMPERATURE_LOWEST: 11.5,
    signals.MODULE_TEMPERATURE_HIGHEST: 13.0,
    signals.PACK_VOLTAGE: 350.5,
    signals.PACK_CURRENT: -1.5,
    signals.CENTER_DISPLAY: "sentry",
    signals.MEDIA_VOLUME: 2.6667,
    signals.MEDIA_VOLUME_STEP: 0.333333,
    signals.MEDIA_VOLUME_MAXIMUM: 10.333333,
    signals.MEDIA_STATUS: "playing",
    signals.MEDIA_PLAYING: True,
    signals.MEDIA_ALBUM: "Aerial",
    signals.MEDIA_ARTIST: "Kate Bush",
    signals.MEDIA_DURATION: 259000,  # ms
    signals.MEDIA_ELAPSED: 12000,
    signals.MEDIA_SOURCE: "13",
    signals.MEDIA_STATION: "Radio 6",
    signals.MEDIA_TITLE: "Nocturn",
    signals.SOFTWARE_VERSION: "2026.32.6",
    signals.UPDATE_STATUS: "downloading_wifi_wait",
    signals.UPDATE_VERSION: "2026.38.9",
    signals.UPDATE_DOWNLOADED: 40,
    signals.UPDATE_INSTALLED: 10,
    signals.UPDATE_MINUTES: 25,
    signals.UPDATE_START: 1773198000.0,  # Unix seconds
    signals.VEHICLE_NAME: "Aurora",
    signals.REAR_SEAT_HEATERS: 1,
    signals.RIGHT_HAND_DRIVE: False,
    signals.MOTORIZED_CHARGE_PORT: True,
    signals.POWER_LIFTGATE: True,
    signals.MODEL: "model_y",
    signals.TRIM: "74D",
    signals.EXTERIOR_COLOUR: "MidnightSilver",
    signals.ROOF_COLOUR: "RoofColorGlass",
    signals.WHEEL_TYPE: "Gemini19",
    signals.SPOILER_TYPE: "Passive",
    signals.EFFICIENCY_PACKAGE: "MY2021",
    signals.CHARGE_PORT_TYPE: "ccs",
    signals.EUROPEAN: True,
    signals.SUNROOF: False,
    signals.SEAT_COOLERS: True,
    signals.THIRD_ROW: True,
    signals.DISTANCE_UNIT: "kilometers",
    signals.TEMPERATURE_UNIT: "celsius",
    signals.PRESSURE_UNIT: "bar",
    signals.CLOCK_OF_24_HOURS: True,
}

# Tesla's own sample of live_status, whose signs it proves: 3102 - 3090 + 2569 = 2581.
SITE_DATA = json.loads(
    """
{
  "live_status": {
    "solar_power": 3102, "battery_power": -3090, "grid_power": 2569, "load_power": 2581,
    "energy_left": 6750.5, "total_pack_energy": 13500, "percentage_charged": 50.0037,
    "grid_services_power": -12.5, "generator_power": 0, "backup_capable": true,
    "grid_services_active": false,
    "grid_status": "Active", "island_status": "on_grid", "storm_mode_active": false,
    "wall_connectors": [
      {"din": "a", "wall_connector_state": 1, "wall_connector_fault_state": 7,
       "wall_connector_power": 7200.5, "vin": "XP7YGCEK0RB000001"},
      {"din": "b", "wall_connector_state": 2, "wall_connector_power": null},
      {"din": "c", "wall_connector_state": 2}
    ],
    "timestamp": "2026-03-10T12:59:30+01:00"
  },
  "calendar_history": {
    "began": 1773097200,
    "solar_energy_exported": 100.5, "generator_energy_exported": 101.5,
    "grid_energy_imported": 102.5, "grid_services_energy_imported": 103.5,
    "grid_services_energy_exported": 104.5, "grid_energy_exported_from_solar": 105.5,
    "grid_energy_exported_from_generator": 106.5, "grid_energy_exported_from_battery": 107.5,
    "battery_energy_exported": 108.5, "battery_energy_imported_from_grid": 109.5,
    "battery_energy_imported_from_solar": 110.5, "battery_energy_imported_from_generator": 111.5,
    "consumer_energy_imported_from_grid": 112.5, "consumer_energy_imported_from_solar": 113.5,
    "consumer_energy_imported_from_battery": 114.5,
    "consumer_energy_imported_from_generator": 115.5, "total_home_usage": 116.5,
    "total_battery_charge": 117.5, "total_battery_discharge": 118.5,
    "total_solar_generation": 119.5, "total_grid_energy_exported": 120.5,
    "lifetime": {
      "grid_import": 1000.5, "grid_export": 2000.5, "solar": 3000.5, "battery_charge": 4000.5,
      "battery_discharge": 5000.5, "home": 6000.5
    }
  },
  "backup_history": {"began": 1773050000.5, "minutes": 12.5, "count": 3},
  "site_info": {
    "tariff_content_v2": {
      "version": 1, "utility": "Example Energy", "currency": "EUR",
      "energy_charges": {"ALL": {"rates": {"ALL": 0.3}}},
      "seasons": {
        "Year": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": {}}
      },
      "sell_tariff": {
        "energy_charges": {"ALL": {"rates": {"ALL": 0.08}}},
        "seasons": {
          "Year": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": {}}
        }
      }
    },
    "site_name": "Home", "backup_reserve_percent": 20, "default_real_mode": "self_consumption",
    "vpp_backup_reserve_percent": 15, "battery_count": 2,
    "installation_date": "2023-05-11T10:00:00+02:00",
    "installation_time_zone": "Europe/Amsterdam",
    "version": "26.4.1 c58c2df3", "user_settings": {"storm_mode_enabled": true},
    "off_grid_vehicle_charging_reserve_percent": 35,
    "components": {"solar": true, "battery": true, "grid": true, "grid_services_enabled": true,
      "battery_type": "solar_powerwall", "gateways": [{"part_name": "Gateway 3"}],
      "batteries": [
        {"part_name": "Powerwall 3"}, {"part_name": "Powerwall 3 ", "is_active": true},
        {"part_name": "Powerwall 2", "is_active": false}, {"part_name": null}
      ],
      "wall_connectors": [
        {"din": "a", "serial_number": "B7S23024J00001", "part_name": " Gen 3 Wall Connector "},
        {"din": "", "serial_number": "B7S23024J00002"}
      ],
      "customer_preferred_export_rule": "pv_only", "edit_setting_energy_exports": true,
      "edit_setting_grid_charging": false, "off_grid_vehicle_charging_reserve_supported": true,
      "disallow_charge_from_grid_with_solar_installed": true,
      "storm_mode_capable": false}
  }
}
"""
)

WHOLE_YEAR: Final = {
    "Year": {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": {}}
}

SITE_VALUES: dict[Signal[Any], Any] = {
    signals.SOLAR_POWER: 3102.0,
    signals.BATTERY_POWER: -3090.0,
    signals.GRID_POWER: 2569.0,
    signals.LOAD_POWER: 2581.0,
    signals.PERCENTAGE_CHARGED: 50.0037,
    signals.ENERGY_LEFT: 6750.5,
    signals.TOTAL_PACK_ENERGY: 13500.0,
    signals.GENERATOR_POWER: 0.0,
    signals.GRID_SERVICES_POWER: -12.5,
    signals.GRID_SERVICES_ACTIVE: False,
    signals.GRID_SERVICES_ENABLED: True,
    signals.BACKUP_CAPABLE: True,
    signals.GRID_STATUS: True,
    signals.ISLAND_STATUS: "on_grid",
    signals.WALL_CONNECTOR_POWER: 7200.5,
    signals.WALL_CONNECTORS: 3,
    signals.STORM_ACTIVE: False,
    signals.BACKUP_RESERVE: 20,
    signals.BUY_TARIFF: (
        {"energy_charges": {"ALL": {"rates": {"ALL": 0.3}}}, "seasons": WHOLE_YEAR},
        "EUR",
    ),
    signals.SELL_TARIFF: (
        {"energy_charges": {"ALL": {"rates": {"ALL": 0.08}}}, "seasons": WHOLE_YEAR},
        "EUR",
    ),
    signals.OPERATION_MODE: "self_consumption",
    signals.STORM_WATCH: True,
    signals.GATEWAY_VERSION: "26.4.1 c58c2df3",
    signals.SITE_TIME_ZONE: "Europe/Amsterdam",
    signals.INSTALLATION_DATE: "2023-05-11T10:00:00+02:00",
    signals.SITE_NAME: "Home",
    signals.HAS_SOLAR: True,
    signals.HAS_BATTERY: True,
    signals.HAS_GRID: True,
    signals.VPP_RESERVE: 15,
    signals.EXPORT_RULE: "pv_only",
    signals.EXPORT_RULE_EDITABLE: True,
    signals.CHARGE_FROM_GRID: False,
    signals.CHARGE_FROM_GRID_EDITABLE: False,
    signals.OFF_GRID_VEHICLE_RESERVE: 35,
    signals.OFF_GRID_VEHICLE_RESERVE_SUPPORTED: True,
    signals.STORM_CAPABLE: False,
    signals.BATTERY_PARTS: ("Powerwall 3", "Powerwall 3"),
    signals.GATEWAY_PARTS: ("Gateway 3",),
    signals.BATTERY_COUNT: 2,
    signals.BATTERY_TYPE: "solar_powerwall",
    signals.CONNECTORS: (
        ("a", 1, 7, 7200.5, "XP7YGCEK0RB000001"),
        ("b", 2, None, None, None),
        ("c", 2, None, None, None),
    ),
    signals.CONNECTOR_PARTS: (("a", "B7S23024J00001", "Gen 3 Wall Connector"),),
    signals.DAY_BEGAN: 1773097200.0,
    signals.SOLAR_ENERGY_EXPORTED: 100.5,
    signals.GENERATOR_ENERGY_EXPORTED: 101.5,
    signals.GRID_ENERGY_IMPORTED: 102.5,
    signals.GRID_SERVICES_ENERGY_IMPORTED: 103.5,
    signals.GRID_SERVICES_ENERGY_EXPORTED: 104.5,
    signals.GRID_ENERGY_EXPORTED_FROM_SOLAR: 105.5,
    signals.GRID_ENERGY_EXPORTED_FROM_GENERATOR: 106.5,
    signals.GRID_ENERGY_EXPORTED_FROM_BATTERY: 107.5,
    signals.BATTERY_ENERGY_EXPORTED: 108.5,
    signals.BATTERY_ENERGY_IMPORTED_FROM_GRID: 109.5,
    signals.BATTERY_ENERGY_IMPORTED_FROM_SOLAR: 110.5,
    signals.BATTERY_ENERGY_IMPORTED_FROM_GENERATOR: 111.5,
    signals.CONSUMER_ENERGY_IMPORTED_FROM_GRID: 112.5,
    signals.CONSUMER_ENERGY_IMPORTED_FROM_SOLAR: 113.5,
    signals.CONSUMER_ENERGY_IMPORTED_FROM_BATTERY: 114.5,
    signals.CONSUMER_ENERGY_IMPORTED_FROM_GENERATOR: 115.5,
    signals.TOTAL_HOME_USAGE: 116.5,
    signals.TOTAL_BATTERY_CHARGE: 117.5,
    signals.TOTAL_BATTERY_DISCHARGE: 118.5,
    signals.TOTAL_SOLAR_GENERATION: 119.5,
    signals.TOTAL_GRID_ENERGY_EXPORTED: 120.5,
    signals.LIFETIME_GRID_IMPORT: 1000.5,
    signals.LIFETIME_GRID_EXPORT: 2000.5,
    signals.LIFETIME_SOLAR: 3000.5,
    signals.LIFETIME_BATTERY_CHARGE: 4000.5,
    signals.LIFETIME_BATTERY_DISCHARGE: 5000.5,
    signals.LIFETIME_HOME: 6000.5,
    signals.LAST_OUTAGE_BEGAN: 1773050000.5,
    signals.LAST_OUTAGE_DURATION: 12.5,
    signals.OUTAGES_IN_12_MONTHS: 3,
}


OWN = {
    signals.ONLINE,
    signals.IN_SERVICE,
    signals.LAST_ONLINE,
    signals.STREAMING,
    signals.WIFI,
    signals.CELLULAR,
    *signals.CHARGE_ON_SOLAR_SETTINGS,
}
"""Signals of the state check and of the connection, and those that a car is asked for."""
LISTS = {signals.CHARGE_SCHEDULES, signals.PRECONDITION_SCHEDULES}
POLLED = [signal for signal in VEHICLE_SIGNALS if signal.paths]


@pytest.mark.parametrize("signal", POLLED, ids=lambda signal: signal.name)
def test_signal_of_a_car(signal: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    value, expected = read(VEHICLE_DATA)[signal], VEHICLE_VALUES[signal]
    assert value == (expected if signal in LISTS else pytest.approx(expected, rel=1e-12))
    assert type(value) is type(VEHICLE_VALUES[signal])
    assert not caplog.records


@pytest.mark.parametrize("signal", SITE_SIGNALS, ids=lambda signal: signal.name)
def test_signal_of_a_site(signal: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    value = read(SITE_DATA, SITE_SIGNALS)[signal]
    assert value == SITE_VALUES[signal]
    assert type(value) is type(SITE_VALUES[signal])
    assert not caplog.records


FIX = 1_773_140_400
"""Unix seconds: 10 March 2026, 11:00 UTC."""


@pytest.mark.parametrize(
    ("as_of", "time"),
    [
        ({"gps_as_of": FIX}, datetime.fromtimestamp(FIX, UTC)),
        ({"gps_as_of": float(FIX)}, datetime.fromtimestamp(FIX, UTC)),
        # A car whose clock is ahead.
        ({"gps_as_of": int(NOW.timestamp()) + 9000}, NOW),
        ({"gps_as_of": None}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": 0}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": -5}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": 10**30}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": math.nan}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": True}, NOW - timedelta(minutes=1)),
        ({"gps_as_of": "now"}, NOW - timedelta(minutes=1)),
        ({}, NOW - timedelta(minutes=1)),
    ],
)
def test_a_position_is_as_old_as_its_fix(as_of: dict[str, Any], time: datetime) -> None:
    minute_ago = int((NOW - timedelta(minutes=1)).timestamp() * 1000)
    section = {"latitude": 52.1, "longitude": 4.3, "heading": 87, "speed": None, **as_of}
    told = read_sections(
        {"drive_state": {**section, "timestamp": minute_ago}}, VEHICLE_SIGNALS, NOW
    )
    assert told[signals.LOCATION].time == time
    assert told[signals.HEADING].time == time
    assert told[signals.SPEED].time == NOW - timedelta(minutes=1), (
        "the rest is as old as the answer"
    )


@pytest.mark.parametrize(
    ("signal", "one", "other", "same"),
    [
        (signals.DRIVER_TEMPERATURE, (72 - 32) / 1.8, 22.2, True),
        (signals.DRIVER_TEMPERATURE, (72 - 32) / 1.8, 22.0, True),
        (signals.DRIVER_TEMPERATURE, (73 - 32) / 1.8, 22.2, False),
        (signals.DRIVER_TEMPERATURE, (73 - 32) / 1.8, 22.5, False),
        (signals.PASSENGER_TEMPERATURE, 21.5, 21.0, False),
        (signals.PASSENGER_TEMPERATURE, 21.0, None, False),
        (signals.PASSENGER_TEMPERATURE, None, None, True),
        (signals.MEDIA_VOLUME, 16 / 3, 5.3333, True),
        (signals.MEDIA_VOLUME, 16 / 3, 5.0, False),
        (signals.SPEED_LIMIT, 104.6, 104.607, True),
        (signals.SPEED_LIMIT, 104.6, 106.2, False),
        (signals.CHARGE_LIMIT, 80, 81, False),
        (signals.SEAT_HEATER_LEFT, 1, 2, False),
        (signals.CLIMATE_KEEPER, "dog", "camp", False),
    ],
)
def test_the_same_to_the_car(
    signal: Signal[Any], one: object, other: object, *, same: bool
) -> None:
    assert signal.same(one, other) is same
    assert signal.same(other, one) is same


def test_every_row_is_tried() -> None:
    assert set(VEHICLE_VALUES) == set(POLLED)
    assert {row for row in VEHICLE_SIGNALS if not row.paths and not row.streamed} == OWN
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
        (signals.GRID_STATUS, "grid_status", "Inactive", False),
        (signals.EXPORT_RULE, "components", {"non_export_configured": True}, "never"),
        (signals.EXPORT_RULE, "components", {"non_export_configured": False}, None),
        (signals.EXPORT_RULE, "components", {"battery": True}, None),
        (signals.CHARGE_FROM_GRID, "components", {"solar": True, "battery": True}, True),
        (signals.CHARGE_FROM_GRID, "components", {"solar": False, "battery": True}, None),
        (signals.CHARGE_FROM_GRID, "components", {"solar": True}, None),
        (signals.GRID_STATUS, "grid_status", "Unknown", None),
        (signals.OPERATION_MODE, "default_real_mode", "autonomous", "autonomous"),
        (signals.OPERATION_MODE, "default_real_mode", "backup", "backup"),
        (signals.WALL_CONNECTOR_POWER, "wall_connectors", [], None),
        (signals.FAST_CHARGER_TYPE, "fast_charger_type", "Tesla", "supercharger"),
        (signals.FAST_CHARGER_OF_TESLA, "fast_charger_brand", "Tesla", True),
        (signals.FAST_CHARGER_OF_TESLA, "fast_charger_brand", "Ionity", False),
        (signals.FAST_CHARGER_TYPE, "fast_charger_type", "Combo", "combo"),
        (signals.FAST_CHARGER_TYPE, "fast_charger_type", "ACSingleWireCAN", "ac_single_wire_can"),
        (signals.CABLE_TYPE, "conn_charge_cable", "GB_DC", "gb_dc"),
        (signals.CABLE_TYPE, "conn_charge_cable", "<invalid>", None),
        (signals.CLIMATE_AUTOMATIC, "hvac_auto_request", "Override", False),
        (signals.CLIMATE_AUTOMATIC, "hvac_auto_request", "Off", False),
        (signals.PRECONDITIONING, "is_preconditioning", True, True),
        (signals.OVERHEAT_COOLING, "cabin_overheat_protection_actively_cooling", True, True),
        (signals.STEERING_WHEEL_HEATER, "steering_wheel_heater", False, False),
        (signals.MODEL, "car_type", "models", "model_s"),
        (signals.MODEL, "car_type", "models2", "model_s"),
        (signals.MODEL, "car_type", "lychee", "model_s"),
        (signals.MODEL, "car_type", "modelx", "model_x"),
        (signals.MODEL, "car_type", "tamarind", "model_x"),
        (signals.MODEL, "car_type", "model3", "model_3"),
        (signals.MODEL, "car_type", "cybertruck", "cybertruck"),
        (signals.CENTER_DISPLAY, "center_display_state", 0, "off"),
        (signals.CENTER_DISPLAY, "center_display_state", 2, "on"),
        (signals.CENTER_DISPLAY, "center_display_state", 3, "charging"),
        (signals.CENTER_DISPLAY, "center_display_state", 4, "on"),
        (signals.CENTER_DISPLAY, "center_display_state", 5, "charging"),
        (signals.CENTER_DISPLAY, "center_display_state", 6, "lock"),
        (signals.CENTER_DISPLAY, "center_display_state", 8, "dog"),
        (signals.CENTER_DISPLAY, "center_display_state", 9, "entertainment"),
        (signals.CENTER_DISPLAY, "center_display_state", 1, None),
        (signals.DISTANCE_UNIT, "gui_distance_units", "mi/hr", "miles"),
        (signals.TEMPERATURE_UNIT, "gui_temperature_units", "F", "fahrenheit"),
        (signals.PRESSURE_UNIT, "gui_tirepressure_units", "Psi", "psi"),
        (signals.SUNROOF, "sun_roof_installed", 1, True),
        (signals.SUNROOF_OPEN, "sun_roof_state", "closed", False),
        (signals.SUNROOF_OPEN, "sun_roof_state", "open", True),
        (signals.SUNROOF_OPEN, "sun_roof_state", "unknown", None),
        (signals.THIRD_ROW, "third_row_seats", "None", False),
        (signals.THIRD_ROW, "third_row_seats", "<invalid>", None),
        (signals.SCHEDULED_DEPARTURE, "scheduled_departure_time", 0, None),
        (signals.SCHEDULED_DEPARTURE, "scheduled_departure_time", -1, None),
        (signals.SCHEDULED_DEPARTURE, "scheduled_departure_time", 10**12, None),
    ],
)
def test_other_values(signal: Signal[Any], key: str, word: object, value: object) -> None:
    got = read_one(signal, **{key: word})
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("power", "is_fast", "alternating", "direct"),
    [
        (11, False, 11.0, 0.0),
        (150, True, 0.0, 150.0),
        (0, False, 0.0, 0.0),
        # A parked car answers null.
        (None, False, 0.0, 0.0),
        (11, "yes", None, None),
    ],
)
def test_polled_power_is_of_one_kind_of_current(
    power: int | None, is_fast: object, alternating: float | None, direct: float | None
) -> None:
    section = {"charger_power": power, "fast_charger_present": is_fast}
    rows = (signals.AC_CHARGING_POWER, signals.DC_CHARGING_POWER)
    assert read({"charge_state": section}, rows) == dict(
        zip(rows, (alternating, direct), strict=True)
    )


def test_power_without_its_kind_is_ignored() -> None:
    section = {"charger_power": 11}
    assert read({"charge_state": section}, (signals.AC_CHARGING_POWER,)) == {}


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


@pytest.mark.parametrize(
    ("word", "value"),
    [("Recording", True), ("Available", False), ("Unavailable", False), ("Off", False)]
    + [(word, None) for word in ("<invalid>", "", "Unknown", "Invalid", None)],
)
def test_the_dashcam(word: str | None, value: bool | None) -> None:  # noqa: FBT001  # parameters
    """An unknown reason also means that it does not record."""
    assert read_one(signals.DASHCAM_RECORDING, dashcam_state=word) is value


NULLS: dict[Signal[Any], Any] = {
    # A parked car answers null for values of a moving or charging one.
    signals.SPEED: 0.0,
    signals.SHIFT_STATE: "p",
    signals.DRIVE_POWER: 0.0,
    signals.AC_CHARGING_POWER: 0.0,
    signals.DC_CHARGING_POWER: 0.0,
    signals.WALL_CONNECTORS: 0,
    signals.CONNECTORS: (),
    signals.CHARGER_CURRENT: 0.0,
    signals.CHARGER_VOLTAGE: 0.0,
    signals.CHARGE_RATE: 0.0,
    # And a car without a sunroof answers null for it.
    signals.SUNROOF: False,
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
"""A car without a route leaves these keys out, and streams them as invalid."""
ENDED_WHEN_INVALID = {signals.ROUTE_ORIGIN, signals.ROUTE_LINE, signals.ROUTE_SPEED}
"""Signals of a route that only the stream has."""
UNKNOWN_WHEN_ABSENT = LISTS
"""A list that an answer leaves out is neither empty nor the old one."""


def test_an_absent_key_is_ignored() -> None:
    """An absent door is unknown, not open; only a route ends by being absent."""
    sections = {name: {"timestamp": BEFORE_MS} for name in (*VEHICLE_DATA, *SITE_DATA)}
    got = read(sections, (*VEHICLE_SIGNALS, *SITE_SIGNALS))
    assert got == dict.fromkeys(ENDED_WHEN_ABSENT | UNKNOWN_WHEN_ABSENT)
    absent = {row for row in (*VEHICLE_SIGNALS, *SITE_SIGNALS) if row.absent is not KEEP}
    assert absent == ENDED_WHEN_ABSENT | ENDED_WHEN_INVALID | UNKNOWN_WHEN_ABSENT


@pytest.mark.parametrize("section", [None, [], "text", 7])
def test_an_invalid_section_is_ignored(section: object) -> None:
    assert read({"charge_state": section, "drive_state": section}) == {}
    assert read({}) == {}
    assert read({"vehicle_state": {"software_update": section}}) == {}


def test_half_a_position_is_ignored() -> None:
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
        # No car and no site is that old.
        (1, NOW),
        (1_325_375_999_999, NOW),
        ("1970-01-01T00:00:00Z", NOW),
        ("2011-12-31T23:59:59Z", NOW),
        ("0001-01-01T00:00:00+14:00", NOW),
        ("9999-12-31T23:59:59-14:00", NOW),
        ("2026-03-10T12:59:30", NOW),
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

# The content of each field of the stream. Source: Tesla's list of streamed fields (2026-08), and
# for those that it lacks the enumeration in tesla-protocol 4.0.1 with the types that the names
# suggest.
FLAGS = {
    "AccessoryRail",
    "AutoSeatClimateLeft",
    "AutoSeatClimateRight",
    "AutomaticBlindSpotCamera",
    "AutomaticEmergencyBrakingOff",
    "BatteryHeaterOn",
    "BlindSpotCollisionWarningChime",
    "BmsFullchargecomplete",
    "BrakePedal",
    "ChargeEnableRequest",
    "ChargePortColdWeatherMode",
    "ChargePortDoorOpen",
    "DCDCEnable",
    "DefrostForPreconditioning",
    "DriveRail",
    "DriverSeatOccupied",
    "EmergencyLaneDepartureAvoidance",
    "EuropeVehicle",
    "FastChargerPresent",
    "GpsState",
    "GuestModeEnabled",
    "HomelinkNearby",
    "HvacACEnabled",
    "HvacSteeringWheelHeatAuto",
    "LightsHazardsActive",
    "LightsHighBeams",
    "LocatedAtFavorite",
    "LocatedAtHome",
    "LocatedAtWork",
    "Locked",
    "NotEnoughPowerToHeat",
    "OffroadLightbarPresent",
    "PinToDriveEnabled",
    "PreconditioningEnabled",
    "RearDefrostEnabled",
    "RearDisplayHvacEnabled",
    "RemoteStartActive",
    "RemoteStartEnabled",
    "RightHandDrive",
    "ScheduledChargingPending",
    "SeatVentEnabled",
    "ServiceMode",
    "Setting24HourTime",
    "SoftwareUpdateAvailable",
    "SoftwareUpdateInProgress",
    "SpeedLimitMode",
    "SuperchargerSessionTripPlanner",
    "ValetModeEnabled",
    "WiperHeatEnabled",
}
TEXTS = {
    "ChargeState",
    "DestinationName",
    "EfficiencyPackage",
    "ExteriorColor",
    "MediaNowPlayingAlbum",
    "MediaNowPlayingArtist",
    "MediaNowPlayingStation",
    "MediaNowPlayingTitle",
    "MediaPlaybackSource",
    "RearSeatHeaters",
    "RoofColor",
    "RouteLine",
    "SoftwareUpdateVersion",
    "Trim",
    "VehicleName",
    "Version",
    "WheelType",
}
MILES = {
    "ChargeRateMilePerHour",
    "CruiseSetSpeed",
    "CurrentLimitMph",
    "EstBatteryRange",
    "IdealBatteryRange",
    "MaxSpeedToReachDestinationMph",
    "MilesSinceReset",
    "MilesToArrival",
    "Odometer",
    "RatedRange",
    "SelfDrivingMilesSinceReset",
    "SemiCruiseSpeedLimitMph",
    "VehicleSpeed",
}
NUMBERS = {
    "ACChargingEnergyIn",
    "ACChargingPower",
    "BatteryLevel",
    "BrakePedalPos",
    "BrickSocMinPercent",
    "BrickVoltageMax",
    "BrickVoltageMin",
    "ChargeAmps",
    "ChargerVoltage",
    "DCChargingEnergyIn",
    "DCChargingPower",
    "DiAxleSpeedF",
    "DiAxleSpeedR",
    "DiAxleSpeedREL",
    "DiAxleSpeedRER",
    "DiHeatsinkTF",
    "DiHeatsinkTR",
    "DiHeatsinkTREL",
    "DiHeatsinkTRER",
    "DiInverterTF",
    "DiInverterTR",
    "DiInverterTREL",
    "DiInverterTRER",
    "DiMotorCurrentF",
    "DiMotorCurrentR",
    "DiMotorCurrentREL",
    "DiMotorCurrentRER",
    "DiSlaveTorqueCmd",
    "DiStatorTempF",
    "DiStatorTempR",
    "DiStatorTempREL",
    "DiStatorTempRER",
    "DiTorqueActualF",
    "DiTorqueActualR",
    "DiTorqueActualREL",
    "DiTorqueActualRER",
    "DiTorquemotor",
    "DiVBatF",
    "DiVBatR",
    "DiVBatREL",
    "DiVBatRER",
    "EnergyRemaining",
    "EstimatedHoursToChargeTermination",
    "GpsAccuracyMeters",
    "GpsHeading",
    "GradeEstimatePercent",
    "HvacLeftTemperatureRequest",
    "HvacRightTemperatureRequest",
    "InsideTemp",
    "IsolationResistance",
    "LateralAcceleration",
    "LifetimeDcChargeEnergyKwh",
    "LifetimeEnergyChargedKwh",
    "LifetimeEnergyGainedRegen",
    "LifetimeEnergyUsed",
    "LifetimeEnergyUsedDrive",
    "LongitudinalAcceleration",
    "MediaAudioVolume",
    "MediaAudioVolumeIncrement",
    "MediaAudioVolumeMax",
    "MinutesToArrival",
    "ModuleTempMax",
    "ModuleTempMin",
    "NominalFullPackEnergyKwh",
    "OutsideTemp",
    "PackCurrent",
    "PackVoltage",
    "PedalPosition",
    "PowershareInstantaneousPowerKW",
    "RollingResistanceCoefficient",
    "RouteTrafficMinutesDelay",
    "SemiVehicleMassKg",
    "SemitruckTpmsPressureRe1L0",
    "SemitruckTpmsPressureRe1L1",
    "SemitruckTpmsPressureRe1R0",
    "SemitruckTpmsPressureRe1R1",
    "SemitruckTpmsPressureRe2L0",
    "SemitruckTpmsPressureRe2L1",
    "SemitruckTpmsPressureRe2R0",
    "SemitruckTpmsPressureRe2R1",
    "Soc",
    "TimeToFullCharge",
    "TonneauOpenPercent",
    "TpmsPressureFl",
    "TpmsPressureFr",
    "TpmsPressureRl",
    "TpmsPressureRr",
}
POSITIONS = {
    "DestinationLocation",
    "Location",
    "OriginLocation",
}
COUNTS = {
    "ChargeCurrentRequest",
    "ChargeCurrentRequestMax",
    "ChargeLimitSoc",
    "ChargerPhases",
    "ClimateSeatCoolingFrontLeft",
    "ClimateSeatCoolingFrontRight",
    "ExpectedEnergyPercentAtTripArrival",
    "HomelinkDeviceCount",
    "HvacFanSpeed",
    "HvacFanStatus",
    "HvacSteeringWheelHeatLevel",
    "MediaNowPlayingDuration",
    "MediaNowPlayingElapsed",
    "NumBrickVoltageMax",
    "NumBrickVoltageMin",
    "NumModuleTempMax",
    "NumModuleTempMin",
    "PairedPhoneKeyAndKeyFobQty",
    "PowershareHoursLeft",
    "SeatHeaterLeft",
    "SeatHeaterRearCenter",
    "SeatHeaterRearLeft",
    "SeatHeaterRearRight",
    "SeatHeaterRight",
    "SoftwareUpdateDownloadPercentComplete",
    "SoftwareUpdateExpectedDurationMinutes",
    "SoftwareUpdateInstallationPercentComplete",
}
INSTANTS = {
    "ScheduledChargingStartTime",
    "ScheduledDepartureTime",
    "SoftwareUpdateScheduledStartTime",
    "TpmsLastSeenPressureTimeFl",
    "TpmsLastSeenPressureTimeFr",
    "TpmsLastSeenPressureTimeRl",
    "TpmsLastSeenPressureTimeRr",
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
    "TpmsHardWarnings": {"FrontLeft", "FrontRight", "RearLeft", "RearRight"},
    "TpmsSoftWarnings": {"FrontLeft", "FrontRight", "RearLeft", "RearRight"},
}

# Values of Tesla's enumerations, in the order of their members, as each signal reads them once the
# prefix is gone. Source: vehicle_data.proto of fleet-telemetry (2026-08) and tesla-protocol 4.0.1.
# None is deliberately unknown: Tesla's Unknown, Invalid and SNA, and the faulted sensor of a belt.
ENUMERATED: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("Gear", "ShiftState", (None, None, "p", "r", "n", "d", None)),
    (
        "DiStateR",
        "DriveInverterState",
        (None, "not_available", "standby", "fault", "abort", "enable"),
    ),
    (
        "DiStateF",
        "DriveInverterState",
        (None, "not_available", "standby", "fault", "abort", "enable"),
    ),
    (
        "DiStateREL",
        "DriveInverterState",
        (None, "not_available", "standby", "fault", "abort", "enable"),
    ),
    (
        "DiStateRER",
        "DriveInverterState",
        (None, "not_available", "standby", "fault", "abort", "enable"),
    ),
    ("Hvil", "HvilStatus", (None, True, False)),
    ("ScheduledChargingMode", "ScheduledChargingModeValue", (None, "off", "start_at", "depart_by")),
    ("FdWindow", "WindowState", (None, False, True, True)),
    ("FpWindow", "WindowState", (None, False, True, True)),
    ("RdWindow", "WindowState", (None, False, True, True)),
    ("RpWindow", "WindowState", (None, False, True, True)),
    ("SentryMode", "SentryModeState", (None, False, True, True, True, True, True)),
    (
        "SentryMode.State",
        "SentryModeState",
        (None, "off", "idle", "armed", "aware", "panic", "quiet"),
    ),
    ("DriverSeatBelt", "BuckleStatus", (None, True, False, None, None)),
    ("PassengerSeatBelt", "BuckleStatus", (None, True, False, None, None)),
    (
        "SemitruckPassengerSeatFoldPosition",
        "SeatFoldPosition",
        (None, None, "faulted", "not_configured", "folded", "unfolded"),
    ),
    (
        "SemitruckTractorParkBrakeStatus",
        "TractorAirStatus",
        (
            None,
            "not_available",
            "error",
            "charged",
            "building_pressure_intermediate",
            "exhausting_pressure_intermediate",
            "exhausted",
        ),
    ),
    (
        "SemitruckTrailerParkBrakeStatus",
        "TrailerAirStatus",
        (
            None,
            None,
            None,
            "bobtail_mode",
            "charged",
            "building_pressure_intermediate",
            "exhausting_pressure_intermediate",
            "exhausted",
        ),
    ),
    (
        "CarType",
        "CarTypeValue",
        (
            None,
            "model_s",
            "model_x",
            "model_3",
            "model_y",
            "semi",
            "cybertruck",
            "semi",
            "cybercab",
        ),
    ),
    ("ChargePort", "ChargePortValue", (None, "us", "eu", "gb", "ccs")),
    ("ChargePortLatch", "ChargePortLatchValue", (None, None, "disengaged", "engaged", "blocking")),
    ("CruiseFollowDistance", "FollowDistance", (None, 1, 2, 3, 4, 5, 6, 7)),
    ("SpeedLimitWarning", "SpeedAssistLevel", (None, "none", "display", "chime")),
    (
        "ForwardCollisionWarning",
        "ForwardCollisionSensitivity",
        (None, "off", "late", "average", "early"),
    ),
    ("LaneDepartureAvoidance", "LaneAssistLevel", (None, "none", "warning", "assist")),
    (
        "BMSState",
        "BMSStateValue",
        (
            None,
            "standby",
            "drive",
            "support",
            "charge",
            "feim",
            "clear_fault",
            "fault",
            "weld",
            "test",
            None,
        ),
    ),
    (
        "GuestModeMobileAccessState",
        "GuestModeMobileAccess",
        (
            None,
            "init",
            "not_authenticated",
            "authenticated",
            "aborted_driving",
            "aborted_using_remote_start",
            "aborted_using_ble_keys",
            "aborted_valet_mode",
            "aborted_guest_mode_off",
            "aborted_drive_auth_time_exceeded",
            "aborted_no_data_received",
            "requesting_from_mothership",
            "requesting_from_auth_d",
            "aborted_fetch_failed",
            "aborted_bad_data_received",
            "showing_qr_code",
            "swiped_away",
            "dismissed_qr_code_expired",
            "succeeded_paired_new_ble_key",
        ),
    ),
    (
        "DetailedChargeState",
        "DetailedChargeStateValue",
        (
            None,
            "disconnected",
            "no_power",
            "starting",
            "charging",
            "complete",
            "stopped",
            "calibrating",
        ),
    ),
    (
        "CabinOverheatProtectionMode",
        "CabinOverheatProtectionModeState",
        (None, "off", "on", "fan_only"),
    ),
    (
        "CabinOverheatProtectionTemperatureLimit",
        "ClimateOverheatProtectionTempLimit",
        (None, "high", "medium", "low"),
    ),
    (
        "CenterDisplay",
        "DisplayState",
        (
            None,
            "off",
            "dim",
            "accessory",
            "on",
            "driving",
            "charging",
            "lock",
            "sentry",
            "dog",
            "entertainment",
        ),
    ),
    ("ChargingCableType", "CableType", (None, "iec", "sae", "gb_ac", "gb_dc", None)),
    ("ClimateKeeperMode", "ClimateKeeperModeState", (None, "off", "on", "dog", "camp")),
    ("DefrostMode", "DefrostModeState", (None, False, True, True, True)),
    (
        "FastChargerType",
        "FastCharger",
        (
            None,
            "supercharger",
            "chademo",
            "gb",
            "ac_single_wire_can",
            "combo",
            "mc_single_wire_can",
            "other",
            None,
        ),
    ),
    ("HvacAutoMode", "HvacAutoModeState", (None, True, False)),
    ("HvacPower", "HvacPowerState", (None, False, True, True, False)),
    ("HvacPower.Precondition", "HvacPowerState", (None, False, False, True, False)),
    ("HvacPower.OverheatProtect", "HvacPowerState", (None, False, False, False, True)),
    ("HvacPower.State", "HvacPowerState", (None, "off", "on", "precondition", "overheat_protect")),
    (
        "PowershareStatus",
        "PowershareState",
        (
            None,
            "inactive",
            "handshaking",
            "init",
            "enabled",
            "enabled_reconnecting_soon",
            "stopped",
        ),
    ),
    (
        "PowershareStopReason",
        "PowershareStopReasonStatus",
        (None, "none", "soc_too_low", "retry", "fault", "user", "reconnecting", "authentication"),
    ),
    ("PowershareType", "PowershareTypeStatus", (None, "none", "load", "home")),
    (
        "TonneauPosition",
        "TonneauPositionState",
        (None, None, "closed", "partially_open", "fully_open"),
    ),
    ("TonneauTentMode", "TonneauTentModeState", (None, "inactive", "moving", "failed", "active")),
    ("SettingDistanceUnit", "DistanceUnit", (None, "miles", "kilometers")),
    ("SettingTemperatureUnit", "TemperatureUnit", (None, "fahrenheit", "celsius")),
    ("SettingTirePressureUnit", "PressureUnit", (None, "psi", "bar")),
    ("SettingChargeUnit", "ChargeUnitPreference", (None, "distance", "percent")),
    ("LightsTurnSignal", "TurnSignalState", (None, "off", "left", "right", "both")),
    ("MediaPlaybackStatus", "MediaStatus", (None, "stopped", "playing", "paused")),
    ("MediaPlaybackStatus.Playing", "MediaStatus", (None, False, True, False)),
    ("SunroofInstalled", "SunroofInstalledState", (None, False, True, True)),
    ("Cabin12vPortKeepOn", "CabinPortKeepOnState", (None, False, True)),
    ("Cabin48vPortKeepOn", "CabinPortKeepOnState", (None, False, True)),
    (
        "PowerTransferStatus",
        "PowerTransferStatusValue",
        (
            None,
            "standby",
            "faulted",
            "emergency_shutdown",
            "ext_evse_test_allowed",
            "ext_precharge_allowed",
            "charge_enabling",
            "charge_enabled",
            "graceful_shutdown",
            "blocked",
        ),
    ),
    (
        "AutomaticEmergencyBrakingState",
        "AutomaticEmergencyBrakingStateValue",
        (None, "not_available", "standby", "enabled", "standstill"),
    ),
)
BY_NAME = {signal.name: signal for signal in VEHICLE_SIGNALS}


def _members(enumeration: str) -> list[str]:
    """Words of one of Tesla's enumerations, without the prefix that the first one shows."""
    names = [
        each.name for each in vehicle_data_pb2.DESCRIPTOR.enum_types_by_name[enumeration].values
    ]
    prefix = names[0].removesuffix("Unknown")
    return [name.removeprefix(prefix) for name in names]


def test_every_field_of_the_stream_is_read() -> None:
    """All streamed fields, except those that are no signals, reserved for tests, or broken."""
    fields = {
        each.name
        for each in vehicle_data_pb2.Field.DESCRIPTOR.values
        if each.number <= 277  # a later version may add more
        and each.name not in ("Unknown", "RouteLastUpdated")
        and not each.name.startswith(("Deprecated_", "Experimental_"))
    }
    enumerated = {name.partition(".")[0] for name, _, _ in ENUMERATED}
    by_kind = (FLAGS, NUMBERS, MILES, COUNTS, TEXTS, INSTANTS, POSITIONS, set(PARTS), enumerated)
    assert sum(len(kind) for kind in by_kind) == len(fields)
    assert set().union(*by_kind) == fields == set(SIGNALS_BY_FIELD)


def test_signals_are_found_by_field() -> None:
    found = [signal for row in SIGNALS_BY_FIELD.values() for signal in row]
    assert set(found) == {signal for signal in VEHICLE_SIGNALS if signal.streamed}
    assert len(found) == len(set(found))
    assert SIGNALS_BY_FIELD["Gear"] == (signals.SHIFT_STATE,)
    assert {signal.name for signal in SIGNALS_BY_FIELD["DoorState"]} == {
        f"DoorState.{part}" for part in PARTS["DoorState"]
    }


@pytest.mark.parametrize(("name", "enumeration", "values"), ENUMERATED, ids=str)
def test_every_word_of_an_enumeration_is_known(
    name: str, enumeration: str, values: tuple[Any, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Each is a value of ours or deliberately unknown; none is something new."""
    got = tuple(decode(BY_NAME[name], member) for member in _members(enumeration))
    assert got == values
    assert [type(each) for each in got] == [type(each) for each in values]
    assert not caplog.records


def test_every_signal_of_an_enumeration_is_tried() -> None:
    tried = {name for name, _, _ in ENUMERATED}
    fields = {name.partition(".")[0] for name in tried}
    assert tried == {row.name for field in fields for row in SIGNALS_BY_FIELD[field]}


CLIMATE_SETTINGS = (signals.DRIVER_TEMPERATURE, signals.PASSENGER_TEMPERATURE)


@pytest.mark.parametrize(
    ("fields", "raw", "value"),
    [
        (FLAGS, True, True),
        (FLAGS, False, False),
        (NUMBERS, 2.5, 2.5),
        (NUMBERS, 3, 3.0),
        (MILES, 100.0, 160.9344),
        (COUNTS, 3, 3),
        (COUNTS, 0, 0),
        (INSTANTS, 1773176400, 1773176400.0),
        (INSTANTS, 0, None),
        (POSITIONS, (52.3731, 4.8903), (52.3731, 4.8903)),
        (POSITIONS, [52.3731, 4.8903], (52.3731, 4.8903)),
        (TEXTS, " ", None),
    ],
)
def test_streamed_value(
    fields: set[str], raw: object, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    for field in sorted(fields):
        for signal in SIGNALS_BY_FIELD[field]:
            if signal in (signals.STEERING_WHEEL_HEATER, signals.ROUTE_ENERGY):
                continue  # below
            if signal in CLIMATE_SETTINGS:
                continue  # `test_bounds.py`: no car heats to 3 °C
            got = decode(signal, raw)
            assert got == value, signal
            assert type(got) is type(value), signal
    assert not caplog.records


# Values that are more than their kind.
STREAMED = (
    (signals.STEERING_WHEEL_HEATER, 0, False),
    (signals.STEERING_WHEEL_HEATER, 3, True),
    (signals.ROUTE_ENERGY, 41, 41.0),
    # Listed as a flag, and there is an enumeration too.
    (signals.DRIVER_BELT_OPEN, True, True),
    (signals.DRIVER_BELT_OPEN, False, False),
    (signals.DOOR_DRIVER_FRONT, True, True),
    (signals.DOOR_DRIVER_FRONT, False, False),
    (signals.LOW_TYRE_REAR_RIGHT, True, True),
    (signals.FLAT_TYRE_REAR_RIGHT, True, True),
    (signals.TRIM, "P74D", "P74D"),
    (signals.SOFTWARE_VERSION, "2026.32.6", "2026.32.6"),
    (signals.VEHICLE_NAME, " Aurora ", "Aurora"),
    (signals.CHARGER_STATE, "QualifyLineConfig", "QualifyLineConfig"),
    (signals.REAR_SEAT_HEATER_PACKAGE, "Something", "Something"),
    (signals.TIME_TO_LIMIT, 1.5, 1.5),
    (signals.UPDATE_MINUTES, 25, 25),
    (signals.UPDATE_START, 1773198000, 1773198000.0),
    (signals.AC_CHARGING_POWER, 10.8, 10.8),
    (signals.CENTER_DISPLAY, "BigScreen", None),
)


@pytest.mark.parametrize(("signal", "raw", "value"), STREAMED)
def test_streamed_spelling(signal: Signal[Any], raw: object, value: object) -> None:
    got = decode(signal, raw)
    assert got == value
    assert type(got) is type(value)


# --- Unrecognised values -------------------------------------------------------------------------

UNKNOWN: tuple[tuple[Signal[Any], Any], ...] = (
    (signals.CHARGING_STATE, "Levitating"),
    (signals.CHARGING_STATE, 4),
    (signals.SHIFT_STATE, "X"),
    (signals.INTERLOCK_FAULT, "Maybe"),
    (signals.INTERLOCK_FAULT, 2),
    (signals.CRUISE_DISTANCE, "Far"),
    (signals.CRUISE_DISTANCE, "²"),
    (signals.SCHEDULED_DEPARTURE, -1),
    (signals.SCHEDULED_DEPARTURE, 4_102_444_800),
    (signals.STEERING_WHEEL_HEATER, "On"),
    (signals.SENTRY_MODE, ""),
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
    for number in range(polled._LOG_LIMIT + 5):
        decode(signals.SHIFT_STATE, f"word {number}")
    assert len(polled._logged) == polled._LOG_LIMIT == 1000
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
        (signals.SHIFT_STATE, "Invalid"),
        (signals.SENTRY_MODE, "Unknown"),
        (signals.CLIMATE_ON, "invalid"),
        (signals.INTERLOCK_FAULT, "Unknown"),
        (signals.CRUISE_DISTANCE, "Unknown"),
    ],
)
def test_a_known_value_for_none_is_not_logged(
    signal: Signal[Any], raw: object, caplog: pytest.LogCaptureFixture
) -> None:
    assert decode(signal, raw) is None
    assert not caplog.records


@pytest.mark.parametrize("raw", ["<invalid>", "", " "])
def test_a_text_for_none(raw: str, caplog: pytest.LogCaptureFixture) -> None:
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
            read({signal.section: {path[0]: raw for path in signal.paths}}, (signal,))


# --- The table ----------------------------------------------------------------------------------

LOCATION_FIELDS = {
    "DestinationLocation",
    "DestinationName",
    "GpsHeading",
    "GpsState",
    "Location",
    "OriginLocation",
    "RouteLine",
}
"""Tesla streams these only with the scope `vehicle_location`."""
FIRMWARE = (
    # Numbers of fields, and the first firmware that streams them. Source: Tesla's list (2026-08).
    (range(1, 179), "2024.26"),
    (range(179, 180), "2024.38"),
    (range(180, 184), "2024.44.25"),
    (range(184, 185), "2024.44.32"),
    (range(185, 229), "2024.44.25"),
    (range(229, 239), "2024.44.32"),
    (range(239, 258), "2025.2.6"),
    (range(258, 260), "2025.44.25.5"),
    (range(260, 278), None),
)


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


def test_parts_are_teslas() -> None:
    for field, parts in PARTS.items():
        names = {signal.name for signal in SIGNALS_BY_FIELD[field]}
        assert names == {f"{field}.{part}" for part in parts}
    for field, (first, *others) in SIGNALS_BY_FIELD.items():
        if field not in PARTS:
            assert first.name == field
            assert all(other.name.startswith(f"{field}.") for other in others)
    assert not any(signal.streamed for signal in SITE_SIGNALS)


def test_scopes_are_teslas() -> None:
    scoped = {signal.name: signal.scope for signal in VEHICLE_SIGNALS if signal.scope}
    # The scope of the newest field is not documented.
    assert scoped == dict.fromkeys({*LOCATION_FIELDS, "GpsAccuracyMeters"}, "vehicle_location")


def test_firmware_is_teslas() -> None:
    number = vehicle_data_pb2.Field.Value
    for field, rows in SIGNALS_BY_FIELD.items():
        (firmware,) = (first for numbers, first in FIRMWARE if number(field) in numbers)
        assert [row.firmware for row in rows] == [firmware] * len(rows), field


def test_signals_of_the_semi() -> None:
    """All names but one show it."""
    assert {row.field for row in VEHICLE_SIGNALS if row.semi} == {
        *(field for field in SIGNALS_BY_FIELD if field.startswith("Semi")),
        "LifetimeEnergyUsedDrive",
    }


def test_two_signals_do_not_read_the_same_key() -> None:
    keys = [
        (signal.section, path)
        for signal in (*VEHICLE_SIGNALS, *SITE_SIGNALS)
        for path in signal.paths
    ]
    repeated = {key for key in keys if keys.count(key) > 1}
    # One power for both kinds of current: which of them is the other key.
    assert repeated == {
        ("charge_state", ("charger_power",)),
        ("charge_state", ("fast_charger_present",)),
        # How many there are, their power, and each of them.
        ("live_status", ("wall_connectors",)),
        # Two settings follow from several keys.
        ("site_info", ("components",)),
        # Of buying and of selling.
        ("site_info", ("tariff_content_v2",)),
        # A word, and its equivalent as true or false.
        ("vehicle_state", ("media_info", "media_playback_status")),
    }


# --- Derived values ------------------------------------------------------------------------------


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
    ("position", "is_open"),
    [("closed", False), ("partially_open", True), ("fully_open", True), (None, None)],
)
def test_tonneau_open(position: str | None, *, is_open: bool | None) -> None:
    assert state({signals.TONNEAU_POSITION: position})[signals.TONNEAU_OPEN] is is_open


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


@pytest.mark.parametrize(
    ("is_fast", "alternating", "direct", "power"),
    [
        # Each field is meaningless while the other kind of current flows.
        (False, 11.0, 10.1, 11.0),
        (True, 3.0, 150.0, 150.0),
        (False, 0.0, 0.3, 0.0),
        (True, 11.0, None, None),
        (False, None, 150.0, None),
        # The kind of current is unknown.
        (None, 11.0, 10.1, 11.0),
        (None, 0.0, 150.0, 150.0),
        (None, None, 150.0, 150.0),
        (None, 0.0, None, 0.0),
        (None, None, None, None),
    ],
)
def test_charger_power(
    *, is_fast: bool | None, alternating: float | None, direct: float | None, power: float | None
) -> None:
    known = state(
        {
            signals.FAST_CHARGER: is_fast,
            signals.AC_CHARGING_POWER: alternating,
            signals.DC_CHARGING_POWER: direct,
        }
    )
    assert known[signals.CHARGER_POWER] == power


def test_charger_power_is_the_latest_reading() -> None:
    """The stream between two polls, and each poll for both kinds of current."""
    section = {"charger_power": 11, "fast_charger_present": False, "timestamp": BEFORE_MS}
    known, _ = State().merge(read_sections({"charge_state": section}, VEHICLE_SIGNALS, NOW))
    assert known[signals.CHARGER_POWER] == 11.0
    second = timedelta(seconds=1)
    known, _ = known.merge(
        {signals.AC_CHARGING_POWER: Reading(10.8, BEFORE + second, Source.STREAM)}
    )
    reading = known.reading(signals.CHARGER_POWER)
    assert reading == Reading(10.8, BEFORE + second, Source.STREAM)
    section = {"charger_power": 150, "fast_charger_present": True, "timestamp": BEFORE_MS + 2000}
    known, _ = known.merge(read_sections({"charge_state": section}, VEHICLE_SIGNALS, NOW))
    reading = known.reading(signals.CHARGER_POWER)
    assert reading == Reading(150.0, BEFORE + 2 * second, Source.POLL)


@pytest.mark.parametrize(
    ("word", "cable"),
    [("charging", "iec"), ("stopped", "iec"), (None, "iec"), ("disconnected", None)],
)
def test_a_pulled_cable_has_no_type(word: str | None, cable: str | None) -> None:
    """Before sleep the stream marks it as invalid too; the last type remains while plugged in."""
    known = state({signals.CHARGING_STATE: word, signals.CABLE_TYPE: "iec"})
    assert known[signals.CONNECTED_CABLE] == cable


@pytest.mark.parametrize(
    ("key", "signal"),
    [
        (signals.CHARGING_STARTS, signals.SCHEDULED_CHARGING_START),
        (signals.DEPARTURE, signals.SCHEDULED_DEPARTURE),
        (signals.PRESSURE_SEEN_FRONT_LEFT, signals.PRESSURE_TIME_FRONT_LEFT),
        (signals.PRESSURE_SEEN_FRONT_RIGHT, signals.PRESSURE_TIME_FRONT_RIGHT),
        (signals.PRESSURE_SEEN_REAR_LEFT, signals.PRESSURE_TIME_REAR_LEFT),
        (signals.PRESSURE_SEEN_REAR_RIGHT, signals.PRESSURE_TIME_REAR_RIGHT),
    ],
)
def test_dates(key: Derived[datetime], signal: Signal[float]) -> None:
    assert state({signal: 1773176400.0})[key] == datetime(2026, 3, 10, 21, tzinfo=UTC)
    assert state({signal: None})[key] is None


def test_pack_power_and_imbalance() -> None:
    known = state({signals.PACK_VOLTAGE: 400.0, signals.PACK_CURRENT: -50.0})
    assert known[signals.PACK_POWER] == -20.0  # kW out of the pack
    assert state({signals.PACK_VOLTAGE: 400.0})[signals.PACK_POWER] is None
    assert state({signals.PACK_CURRENT: 1.0})[signals.PACK_POWER] is None
    bricks: dict[Signal[Any], Any] = {
        signals.BRICK_VOLTAGE_HIGHEST: 4.125,
        signals.BRICK_VOLTAGE_LOWEST: 4.0,
    }
    assert state(bricks)[signals.BRICK_IMBALANCE] == 0.125
    for signal in bricks:
        assert state(bricks | {signal: None})[signals.BRICK_IMBALANCE] is None


LATER = BEFORE.timestamp() + 3600
"""Unix seconds, after the time at which the readings of these tests were true."""


@pytest.mark.parametrize(
    ("version", "downloaded", "installed", "start", "stage"),
    [
        (None, 100, 50, LATER, None),
        ("2026.38.9", 0, 0, None, "downloading_wifi_wait"),
        ("2026.38.9", None, None, None, "downloading_wifi_wait"),
        ("2026.38.9", 40, 1, None, "downloading"),
        ("2026.38.9", 100, 1, None, "available"),
        ("2026.38.9", 100, 1, LATER, "scheduled"),
        ("2026.38.9", 100, 1, LATER - 7200, "available"),
        # Up to 10 % is no installation, but counts the download and the unpacking.
        ("2025.2.6", 33, 3, None, "downloading"),
        ("2026.38.9", 99, 10, None, "downloading"),
        ("2026.38.9", 0, 3, None, "downloading_wifi_wait"),
        ("2025.2.6", 100, 10, None, "available"),
        ("2026.38.9", 100, 10, LATER, "scheduled"),
        ("2026.38.9", 100, 3, LATER, "scheduled"),
        ("2026.38.9", 100, 11, LATER, "installing"),
        ("2026.38.9", 100, 60, None, "installing"),
        ("2026.38.9", 100, 99, None, "installing"),
        ("2026.38.9", 100, 100, None, "available"),
    ],
)
def test_stage_of_a_streamed_update(
    version: str | None,
    downloaded: int | None,
    installed: int | None,
    start: float | None,
    stage: str | None,
) -> None:
    known = state(
        {
            signals.UPDATE_VERSION: version,
            signals.UPDATE_DOWNLOADED: downloaded,
            signals.UPDATE_INSTALLED: installed,
            signals.UPDATE_START: start,
        }
    )
    assert known[signals.UPDATE_STAGE] == stage


def test_a_polled_stage_stands_until_the_stream_reports_something_newer() -> None:
    update = {"status": "scheduled", "version": "2026.38.9", "download_perc": 100}
    section = {"software_update": update, "timestamp": BEFORE_MS}
    known, _ = State().merge(read_sections({"vehicle_state": section}, VEHICLE_SIGNALS, NOW))
    assert known[signals.UPDATE_STAGE] == "scheduled"
    known, _ = known.merge({signals.UPDATE_INSTALLED: Reading(15, NOW, Source.STREAM)})
    assert known[signals.UPDATE_STAGE] == "installing"
    assert known.assume({signals.UPDATE_STATUS: "scheduled"}, NOW)[signals.UPDATE_STAGE] == (
        "scheduled"
    ), "just ordered"
    assert State()[signals.UPDATE_STAGE] is None
    assert state({signals.UPDATE_STATUS: "available"})[signals.UPDATE_STAGE] == "available"


def test_an_installed_version_is_no_offer() -> None:
    """Cars mark the rest as invalid once an update is installed, so the stage remains."""
    installing: dict[Signal[Any], Any] = {
        signals.SOFTWARE_VERSION: "2026.32.6",
        signals.UPDATE_VERSION: "2026.38.9",
        signals.UPDATE_DOWNLOADED: 100,
        signals.UPDATE_INSTALLED: 60,
    }
    known = state(installing)
    assert known[signals.UPDATE_STAGE] == "installing"
    done = Reading("2026.38.9", NOW, Source.STREAM)
    assert known.merge({signals.SOFTWARE_VERSION: done})[0][signals.UPDATE_STAGE] is None
    # Also if a polled answer reported the installation before.
    known = state({**installing, signals.UPDATE_STATUS: "installing"})
    assert known[signals.UPDATE_STAGE] == "installing"
    assert known.merge({signals.SOFTWARE_VERSION: done})[0][signals.UPDATE_STAGE] is None
    # Another version is no information about the offered one.
    other = Reading("2026.32.7", NOW, Source.STREAM)
    assert known.merge({signals.SOFTWARE_VERSION: other})[0][signals.UPDATE_STAGE] == "installing"


def test_the_installation_of_an_earlier_update_is_over() -> None:
    """60 % were reported before this version was on offer."""
    known = state({signals.UPDATE_VERSION: "2026.38.9", signals.UPDATE_INSTALLED: 60})
    offer = {
        signals.SOFTWARE_VERSION: Reading("2026.38.9", NOW, Source.STREAM),
        signals.UPDATE_VERSION: Reading("2026.44.1", NOW, Source.STREAM),
    }
    assert known.merge(offer)[0][signals.UPDATE_STAGE] == "downloading_wifi_wait"


def test_a_start_that_is_past_is_no_schedule() -> None:
    """The car reports something after the start, and does not install."""
    known = state({signals.UPDATE_VERSION: "2026.38.9", signals.UPDATE_DOWNLOADED: 100})
    known, _ = known.merge({signals.UPDATE_START: Reading(NOW.timestamp() - 1, BEFORE, STREAM)})
    assert known[signals.UPDATE_STAGE] == "scheduled"
    known, _ = known.merge({signals.UPDATE_DOWNLOADED: Reading(100, NOW, STREAM)})
    assert known[signals.UPDATE_STAGE] == "available"


STREAM = Source.STREAM


@pytest.mark.parametrize("told", ["2026.38.9", "2026.38.9 4567cdef"])
def test_an_offer_without_its_build(told: str) -> None:
    """It is compared with the installed version, which has none either."""
    assert decode(signals.UPDATE_VERSION, told) == "2026.38.9"
    assert decode(signals.SOFTWARE_VERSION, told) == "2026.38.9"


PLACES = {"FRONT", "REAR", "LEFT", "RIGHT"}
OTHER_PLACES = {"SEAT_COOLER_LEFT", "SEAT_COOLER_RIGHT"}
"""Signals whose field names a part more precisely: only the front seats have coolers."""


def places_of(field: str) -> set[str]:
    """The places in a name of Tesla's: `DiStatorTempREL`, `TpmsPressureFr`, `SeatHeaterLeft`."""
    ending = re.search(r"(REL|RER|[FR][lr]?)$", field)
    if ending is None or not field.startswith(("Di", "Tpms")):
        return {word.upper() for word in re.findall(r"[A-Z][a-z]+", field)} & PLACES
    letters = ending.group().upper()
    side = {"L": {"LEFT"}, "R": {"RIGHT"}}.get(letters[-1], set()) if len(letters) > 1 else set()
    return side | {"FRONT" if letters[0] == "F" else "REAR"}


def test_signals_are_named_for_the_place_of_their_field() -> None:
    """The field of the other motor, tyre or seat would look plausible forever."""
    compared = 0
    for name, signal in vars(signals).items():
        if isinstance(signal, Signal):
            ours, teslas = set(name.split("_")) & PLACES, places_of(signal.name)
            if ours and teslas and name not in OTHER_PLACES:
                assert ours == teslas, name
                compared += 1
    assert compared > 50


def test_a_poll_only_rounds_what_the_same_car_streams() -> None:
    """Each number that a car streams keeps its decimals when it is polled at the same moment."""
    now = datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
    car = World(clock := DrivenClock(now.timestamp())).cars[AURORA]
    car.steer({"state": "online", "plugged_in": "ac1", "battery_level": 68.756, "charging": True})
    # 72 °F, on the car's display.
    car.steer({"climate": {"on": True, "driver_temp": (72 - 32) / 1.8}})
    clock.advance(1234.5)
    car.advance()
    streamed = {
        signal: Reading(signal.parse(value), now, Source.STREAM)
        for signal in signals.VEHICLE_SIGNALS
        if (spec := FIELDS.get(signal.name)) is not None
        and spec.arm in {"double_value", "location_value"}
        and (value := spec.read(car)) not in (None, INVALID)
    }
    wanted = {*vehicle_data.STANDARD_SECTIONS, "location_data"}
    answer = vehicle_data.sections(car, wanted, location=True)
    polled = signals.read_sections(answer, signals.VEHICLE_SIGNALS, now)
    # The simulated stream has noise on the voltage, which its polled answers lack.
    both = streamed.keys() & polled.keys() - {signals.CHARGER_VOLTAGE}
    assert len(both) > 20
    before, _ = State().merge(streamed)
    after, _ = before.merge({each: polled[each] for each in both})
    assert {each.name for each in both if after[each] != before[each]} == set()
