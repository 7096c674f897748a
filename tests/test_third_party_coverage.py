"""Every entity of Home Assistant's integrations of Teslemetry and Tessie has one of ours.

Both pass on what Tesla reports. Their installed code is the reference: an entity that they gain
shows up here. It is read as text, because not all packages that it imports are installed.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import homeassistant.components
import pytest
from homeassistant.helpers.entity import EntityDescription

from custom_components.flotte.services.vehicle import ACTIONS
from custom_components.flotte.tesla.state import inputs_of
from tests.test_core_cars import CARS
from tests.test_core_coverage import CONNECTORS, SITES
from tests.test_entity_tables import CONNECTOR, SITE, VEHICLE

COMPONENTS: Final = Path(homeassistant.components.__file__).parent

TESLA_FLEET: Final = {
    **{f"{platform}.{key}": ours for platform, keys in CARS.items() for key, ours in keys.items()},
    **SITES,
    **CONNECTORS,
}
"""Entities that have a key of `tesla_fleet`, and ours."""
TESLEMETRY: Final = {
    "binary_sensor": {
        "automatic_blind_spot_camera": "blind_spot_camera",
        "automatic_emergency_braking_off": "emergency_braking_off",
        "blind_spot_collision_warning_chime": "blind_spot_chime",
        "bms_full_charge_complete": "battery_full",
        "brake_pedal": "brake_pedal",
        "cellular": "cellular",
        "charge_enable_request": "charge_enabled",
        "charge_port_cold_weather_mode": "charge_port_cold",
        "climate_state_is_rear_defroster_on": "rear_defrost",
        "dc_dc_enable": "dc_converter",
        "defrost_for_preconditioning": "defrost_by_preconditioning",
        "drive_rail": "ready_to_drive",
        "driver_seat_belt": "driver_belt_open",
        "driver_seat_occupied": "user_present",
        "emergency_lane_departure_avoidance": "emergency_lane_departure_avoidance",
        "europe_vehicle": "european",
        "fast_charger_present": "fast_charger",
        "gps_state": "gps_fix",
        "grid_status": "grid_status",
        "guest_mode_enabled": "guest_mode_enabled",
        "homelink_nearby": "homelink_nearby",
        "hvac_auto_mode": "climate_automatic",
        "hvil": "interlock_fault",
        "lights_hazards_active": "hazard_lights",
        "lights_high_beams": "high_beams",
        "located_at_favorite": "at_favourite",
        "located_at_home": "at_home",
        "located_at_work": "at_work",
        "offroad_lightbar_present": "light_bar",
        "pin_to_drive_enabled": "pin_to_drive",
        "rear_display_hvac_enabled": "rear_display_climate",
        "remote_start_enabled": "remote_start_enabled",
        "right_hand_drive": "right_hand_drive",
        "seat_vent_enabled": "seat_ventilation",
        "service_mode": "service_mode",
        "speed_limit_mode": "speed_limit_mode",
        "supercharger_session_trip_planner": "supercharging_on_trip",
        "wifi": "wifi",
        "wiper_heat_enabled": "wiper_heater",
    },
    "calendar": {
        "tariff_content_v2": "buy_tariff",
        "tariff_content_v2_sell_tariff": "sell_tariff",
    },
    "cover": {"tonneau": "tonneau"},
    "device_tracker": {"origin": "route_origin"},
    "select": {
        "climate_state_seat_fan_front_left": "seat_cooler_left",
        "climate_state_seat_fan_front_right": "seat_cooler_right",
    },
    "sensor": {
        "bms_state": "battery_state",
        "brake_pedal_position": "brake_pressure",
        "brick_voltage_max": "brick_voltage_highest",
        "brick_voltage_min": "brick_voltage_lowest",
        "charge_rate_mile_per_hour": "charge_rate",
        "charge_state_charge_energy_added": "ac_charge_energy",
        "cruise_follow_distance": "cruise_distance",
        "cruise_set_speed": "cruise_speed",
        "current_limit_mph": "speed_limit",
        "dc_charging_energy_in": "charge_energy_added",
        "dc_charging_power": "dc_charging_power",
        "di_axle_speed_f": "axle_speed_front",
        "di_axle_speed_r": "axle_speed_rear",
        "di_axle_speed_rel": "axle_speed_rear_left",
        "di_axle_speed_rer": "axle_speed_rear_right",
        "di_heatsink_tf": "heat_sink_front",
        "di_heatsink_tr": "heat_sink_rear",
        "di_heatsink_trel": "heat_sink_rear_left",
        "di_heatsink_trer": "heat_sink_rear_right",
        "di_inverter_tf": "inverter_temperature_front",
        "di_inverter_tr": "inverter_temperature_rear",
        "di_inverter_trel": "inverter_temperature_rear_left",
        "di_inverter_trer": "inverter_temperature_rear_right",
        "di_motor_current_f": "motor_current_front",
        "di_motor_current_r": "motor_current_rear",
        "di_motor_current_rel": "motor_current_rear_left",
        "di_motor_current_rer": "motor_current_rear_right",
        "di_slave_torque_cmd": "torque_request_second",
        "di_state_f": "inverter_front",
        "di_state_r": "inverter_rear",
        "di_state_rel": "inverter_rear_left",
        "di_state_rer": "inverter_rear_right",
        "di_stator_temp_f": "stator_front",
        "di_stator_temp_r": "stator_rear",
        "di_stator_temp_rel": "stator_rear_left",
        "di_stator_temp_rer": "stator_rear_right",
        "di_torque_actual_f": "torque_front",
        "di_torque_actual_r": "torque_rear",
        "di_torque_actual_rel": "torque_rear_left",
        "di_torque_actual_rer": "torque_rear_right",
        "di_torquemotor": "torque_request",
        "di_vbat_f": "inverter_voltage_front",
        "di_vbat_r": "inverter_voltage_rear",
        "di_vbat_rel": "inverter_voltage_rear_left",
        "di_vbat_rer": "inverter_voltage_rear_right",
        "energy_remaining": "energy_remaining",
        "estimated_hours_to_charge_termination": "time_to_limit",
        "forward_collision_warning": "forward_collision_warning",
        "gps_heading": "heading",
        "guest_mode_mobile_access_state": "guest_access",
        "homelink_device_count": "homelink_devices",
        "hvac_fan_speed": "fan_setting",
        "hvac_fan_status": "fan_speed",
        "hvac_left_temperature_request": "driver_temperature",
        "hvac_power_state": "climate_power",
        "hvac_right_temperature_request": "passenger_temperature",
        "isolation_resistance": "isolation_resistance",
        "lane_departure_avoidance": "lane_departure_avoidance",
        "lateral_acceleration": "lateral_acceleration",
        "lifetime_energy_gained_regen": "lifetime_energy_recovered",
        "lifetime_energy_used": "lifetime_energy_used",
        "lights_turn_signal": "turn_signal",
        "longitudinal_acceleration": "longitudinal_acceleration",
        "miles_since_reset": "distance_since_reset",
        "module_temp_max": "module_temperature_highest",
        "module_temp_min": "module_temperature_lowest",
        "pack_current": "pack_current",
        "pack_voltage": "pack_voltage",
        "paired_phone_key_and_key_fob_qty": "paired_keys",
        "pedal_position": "pedal_position",
        "powershare_hours_left": "powershare_hours",
        "powershare_instantaneous_power_kw": "powershare_power",
        "powershare_status": "powershare_state",
        "powershare_stop_reason": "powershare_stop_reason",
        "powershare_type": "powershare_type",
        "rated_range": "range",
        "scheduled_charging_mode": "scheduled_charging_mode",
        "self_driving_miles_since_reset": "self_driven_since_reset",
        "sentry_mode": "sentry_state",
        "software_update_expected_duration_minutes": "update_duration",
        "speed_limit_warning": "speed_limit_warning",
        "tonneau_tent_mode": "tent_mode",
    },
    "switch": {
        "charge_state_charging_state": "charge",
        "guest_mode_enabled": "guest_mode",
        "vehicle_state_valet_mode": "action.set_valet_mode",
    },
}
"""Teslemetry's other entities, and those that show something else than `tesla_fleet`'s."""
TESSIE: Final = {
    "binary_sensor": {
        "charge_state_charge_enable_request": "charge_enabled",
        "charge_state_charge_port_door_open": "cover.charge_port",
        "charge_state_charging_state": "charging",
        "climate_state_auto_seat_climate_left": "switch.auto_seat_left",
        "climate_state_auto_seat_climate_right": "switch.auto_seat_right",
        "climate_state_auto_steering_wheel_heat": "switch.auto_steering_wheel",
        "climate_state_battery_heater": "battery_heater",
        "climate_state_cabin_overheat_protection": "climate.cabin_overheat_protection",
        "grid_status": "grid_status",
    },
    "button": {
        "disable_keep_accessory_power_mode": "switch.keep_accessory_power",
        "enable_keep_accessory_power_mode": "switch.keep_accessory_power",
        "trigger_homelink": "homelink",
    },
    "climate": {"primary": "climate"},
    "number": {"vehicle_state_speed_limit_mode_current_limit_mph": "action.set_speed_limit"},
    "select": {
        "climate_state_seat_fan_front_left": "seat_cooler_left",
        "climate_state_seat_fan_front_right": "seat_cooler_right",
    },
    "sensor": {
        "phantom_drain_percent": "phantom_drain",
        "charge_state_charge_port_latch": "lock.charge_cable_lock",
        "charge_state_energy_remaining": "energy_remaining",
        "lifetime_energy_used": "lifetime_energy_used",
        "module_temp_max": "module_temperature_highest",
        "module_temp_min": "module_temperature_lowest",
        "pack_current": "pack_current",
        "pack_voltage": "pack_voltage",
    },
    "switch": {
        "charge_state_charging_state": "charge",
        "climate_state_steering_wheel_heater": "select.steering_wheel_heater",
        "vehicle_state_valet_mode": "action.set_valet_mode",
    },
    "text": {"navigation_destination": "action.navigate"},
    "update": {"update": "software_update"},
}
"""Tessie's other entities."""
MAPPED: Final = {"teslemetry": TESLEMETRY, "tessie": TESSIE}

EXCEPTIONS: Final = {
    "teslemetry": {
        "lock.vehicle_state_speed_limit_mode_active": "a text without an entity",
        "sensor.credit_balance": "of Teslemetry's prepaid credits",
        "sensor.credit_quota": "of Teslemetry's prepaid credits",
        "sensor.lifetime_energy_used_drive": "a text without an entity",
        "sensor.route_last_updated": "a text without an entity",
        "sensor.tpms_hard_warnings": "a number of tyres; ours has a binary sensor for each tyre",
        "sensor.tpms_soft_warnings": "a number of tyres; ours has a binary sensor for each tyre",
    },
    "tessie": {},
}
"""Entities without a counterpart, and the reason."""

FIELDS_NAMED_OTHERWISE: Final = {
    "ActiveRouteDestinationLocation": "DestinationLocation",
    "ActiveRouteExpectedEnergyPercentAtTripArrival": "ExpectedEnergyPercentAtTripArrival",
    "ActiveRouteTrafficMinutesDelay": "RouteTrafficMinutesDelay",
    "FrontDriverDoor": "DoorState.DriverFront",
    "FrontDriverWindow": "FdWindow",
    "FrontPassengerDoor": "DoorState.PassengerFront",
    "FrontPassengerWindow": "FpWindow",
    "RearDriverDoor": "DoorState.DriverRear",
    "RearDriverWindow": "RdWindow",
    "RearPassengerDoor": "DoorState.PassengerRear",
    "RearPassengerWindow": "RpWindow",
    "State": "Online",
}
"""Teslemetry's names of streamed fields, and ours."""


def texts_of(domain: str) -> set[str]:
    """The entities that have a text in an integration: all of them are translated."""
    texts = json.loads((COMPONENTS / domain / "strings.json").read_text("utf-8"))["entity"]
    return {f"{platform}.{key}" for platform, keys in texts.items() for key in keys}


def descriptions_of(domain: str) -> Iterator[tuple[str, ast.Call]]:
    """The rows of an integration's tables, with platform and key."""
    for platform in {name.partition(".")[0] for name in texts_of(domain)}:
        code = (COMPONENTS / domain / f"{platform}.py").read_text("utf-8")
        for call in ast.walk(ast.parse(code)):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("Description"):
                for argument in call.keywords:
                    if argument.arg == "key" and isinstance(argument.value, ast.Constant):
                        yield f"{platform}.{argument.value.value!s}", call


def ours_of(domain: str) -> dict[str, str]:
    """Our entity or action for each entity of an integration, both with their platforms."""
    named = dict(TESLA_FLEET)
    for platform, keys in MAPPED[domain].items():
        named |= {f"{platform}.{key}": ours for key, ours in keys.items()}
    return {
        name: named[name] if "." in named[name] else f"{name.partition('.')[0]}.{named[name]}"
        for name in texts_of(domain) & set(named)
    }


def rows_of_ours() -> dict[str, EntityDescription]:
    """Our rows of cars, sites and wall connectors, with platform and key."""
    return {
        f"{platform}.{row.key}": row
        for tables in (CONNECTOR, SITE, VEHICLE)
        for platform, table in tables.items()
        for row in table
    }


@pytest.mark.parametrize(("domain", "total"), [("teslemetry", 268), ("tessie", 151)])
def test_every_entity_has_one_of_ours(domain: str, total: int) -> None:
    texts = texts_of(domain)
    assert len(texts) == total
    assert {name for name, _ in descriptions_of(domain)} <= texts
    ours = ours_of(domain)
    assert texts - set(ours) == set(EXCEPTIONS[domain]), "map it, or name the reason"
    existing = {*rows_of_ours(), *(f"action.{action.name}" for action in ACTIONS)}
    assert set(ours.values()) - existing == set()
    unused = {
        f"{platform}.{key}" for platform, keys in MAPPED[domain].items() for key in keys
    } - texts
    assert unused == set()


def test_ours_shows_the_field_that_teslemetry_shows() -> None:
    """A row that is mapped to its neighbour would look plausible for ever."""
    ours, rows = ours_of("teslemetry"), rows_of_ours()
    other = {}
    for name, call in descriptions_of("teslemetry"):
        fields = {
            node.attr.removeprefix("listen_")
            for node in ast.walk(call)
            if isinstance(node, ast.Attribute) and node.attr.startswith("listen_")
        }
        signal = getattr(rows.get(ours.get(name, "")), "signal", None)
        if not fields or signal is None:
            continue
        shown = {each.name.casefold() for each in inputs_of(signal)}
        shown |= {each.partition(".")[0] for each in shown}
        wanted = {FIELDS_NAMED_OTHERWISE.get(field, field).casefold() for field in fields}
        if not wanted & shown:
            other[name] = (wanted, shown)
    assert other == {}
