"""Every entity of a car of Home Assistant's own integration has one of ours.

The installed `tesla_fleet` is the reference: an entity that it gains shows up here.
"""

import inspect
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from homeassistant.components import tesla_fleet

from tests.test_entity_tables import VEHICLE

CARS: Final = {
    "binary_sensor": {
        "charge_state_battery_heater_on": "battery_heater",
        "charge_state_charger_phases": "sensor.charger_phases",
        "charge_state_conn_charge_cable": "charge_cable",
        "charge_state_preconditioning_enabled": "preconditioning_enabled",
        "charge_state_scheduled_charging_pending": "scheduled_charging_pending",
        "charge_state_trip_charging": "trip_charging",
        "climate_state_cabin_overheat_protection_actively_cooling": "overheat_cooling",
        "climate_state_is_preconditioning": "preconditioning",
        "state": "online",
        "vehicle_state_dashcam_state": "dashcam",
        "vehicle_state_df": "door_driver_front",
        "vehicle_state_dr": "door_driver_rear",
        "vehicle_state_fd_window": "window_driver_front",
        "vehicle_state_fp_window": "window_passenger_front",
        "vehicle_state_is_user_present": "user_present",
        "vehicle_state_pf": "door_passenger_front",
        "vehicle_state_pr": "door_passenger_rear",
        "vehicle_state_rd_window": "window_driver_rear",
        "vehicle_state_rp_window": "window_passenger_rear",
        "vehicle_state_tpms_soft_warning_fl": "low_tyre_front_left",
        "vehicle_state_tpms_soft_warning_fr": "low_tyre_front_right",
        "vehicle_state_tpms_soft_warning_rl": "low_tyre_rear_left",
        "vehicle_state_tpms_soft_warning_rr": "low_tyre_rear_right",
    },
    "button": {
        "boombox": "boombox",
        "enable_keyless_driving": "remote_start",
        "flash_lights": "flash_lights",
        "homelink": "homelink",
        "honk": "honk_horn",
        "wake": "wake",
    },
    "climate": {
        "climate_state_cabin_overheat_protection": "cabin_overheat_protection",
        "driver_temp": "climate",
    },
    "cover": {
        "charge_state_charge_port_door_open": "charge_port",
        "vehicle_state_ft": "frunk",
        "vehicle_state_rt": "trunk",
        "vehicle_state_sun_roof_state": "sunroof",
        "windows": "windows",
    },
    "device_tracker": {
        "location": "location",
        "route": "route",
    },
    "lock": {
        "charge_state_charge_port_latch": "charge_cable_lock",
        "vehicle_state_locked": "doors",
    },
    "media_player": {
        "media": "media",
    },
    "number": {
        "charge_state_charge_current_request": "charge_current",
        "charge_state_charge_limit_soc": "charge_limit",
    },
    "select": {
        "climate_state_seat_heater_left": "seat_heater_left",
        "climate_state_seat_heater_rear_center": "seat_heater_rear_center",
        "climate_state_seat_heater_rear_left": "seat_heater_rear_left",
        "climate_state_seat_heater_rear_right": "seat_heater_rear_right",
        "climate_state_seat_heater_right": "seat_heater_right",
        "climate_state_seat_heater_third_row_left": "seat_heater_third_row_left",
        "climate_state_seat_heater_third_row_right": "seat_heater_third_row_right",
        "climate_state_steering_wheel_heat_level": "steering_wheel_level",
    },
    "sensor": {
        "charge_state_battery_level": "battery_level",
        "charge_state_battery_range": "range",
        "charge_state_charge_energy_added": "charge_energy_added",
        "charge_state_charge_rate": "charge_rate",
        "charge_state_charger_actual_current": "charger_current",
        "charge_state_charger_power": "charger_power",
        "charge_state_charger_voltage": "charger_voltage",
        "charge_state_charging_state": "charging_status",
        "charge_state_conn_charge_cable": "charge_cable_type",
        "charge_state_est_battery_range": "estimated_range",
        "charge_state_fast_charger_type": "fast_charger_type",
        "charge_state_ideal_battery_range": "ideal_range",
        "charge_state_minutes_to_full_charge": "charge_end",
        "charge_state_usable_battery_level": "usable_battery_level",
        "climate_state_driver_temp_setting": "driver_temperature",
        "climate_state_inside_temp": "inside_temperature",
        "climate_state_outside_temp": "outside_temperature",
        "climate_state_passenger_temp_setting": "passenger_temperature",
        "drive_state_active_route_destination": "route_destination",
        "drive_state_active_route_energy_at_arrival": "route_energy",
        "drive_state_active_route_miles_to_arrival": "route_distance",
        "drive_state_active_route_minutes_to_arrival": "route_arrival",
        "drive_state_active_route_traffic_minutes_delay": "route_traffic_delay",
        "drive_state_power": "drive_power",
        "drive_state_shift_state": "shift_state",
        "drive_state_speed": "speed",
        "vehicle_state_odometer": "odometer",
        "vehicle_state_tpms_pressure_fl": "pressure_front_left",
        "vehicle_state_tpms_pressure_fr": "pressure_front_right",
        "vehicle_state_tpms_pressure_rl": "pressure_rear_left",
        "vehicle_state_tpms_pressure_rr": "pressure_rear_right",
    },
    "switch": {
        "charge_state_user_charge_enable_request": "charge",
        "climate_state_auto_seat_climate_left": "auto_seat_left",
        "climate_state_auto_seat_climate_right": "auto_seat_right",
        "climate_state_auto_steering_wheel_heat": "auto_steering_wheel",
        "climate_state_defrost_mode": "defrost",
        "vehicle_state_sentry_mode": "sentry_mode",
    },
    "update": {
        "vehicle_state_software_update_status": "software_update",
    },
}
"""By platform: core's entities, by the end of their unique ids, and ours. One of ours is of another
platform: core says whether a charger has several phases, ours how many."""


def entities_of_core() -> Iterator[str]:
    """Core's entities of a car: the rows of its tables, and those that have a class instead."""
    for platform in CARS:
        module = import_module(f"homeassistant.components.tesla_fleet.{platform}")
        for table, rows in vars(module).items():
            if table.endswith("DESCRIPTIONS") and not table.startswith(("ENERGY", "WALL")):
                for row in rows:
                    yield f"{platform}.{getattr(row, 'unique_id', None) or row.key}"
        source = inspect.getsource(module)
        for each in re.split(r"^class ", source, flags=re.MULTILINE)[1:]:
            if "TeslaFleetEnergyInfoEntity" in each:
                continue
            for key in re.findall(r'super\(\).__init__\(\s*\w+,\s*"(\w+)"', each):
                yield f"{platform}.{key}"
            for key in re.findall(r'\b_?key = "(\w+)"', each):
                yield f"{platform}.{key}"
        if platform == "climate":
            yield f"{platform}.{module.TeslaFleetClimateSide.DRIVER}"


def test_cars() -> None:
    known = {f"{platform}.{key}" for platform, keys in CARS.items() for key in keys}
    assert set(entities_of_core()) == known
    assert len(known) == 89
    existing = {f"{platform}.{row.key}" for platform, table in VEHICLE.items() for row in table}
    ours = {
        key if "." in key else f"{platform}.{key}"
        for platform, keys in CARS.items()
        for key in keys.values()
    }
    assert ours - existing == set()


def test_every_platform_of_core_is_compared() -> None:
    assert {str(platform) for platform in tesla_fleet.PLATFORMS} == set(CARS)
