"""The shapes and units of `vehicle_data`, against the list of fields that Tesla's samples show."""

import json
from dataclasses import replace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator.cars import Car
from simulator.clock import Clock
from simulator.world import AURORA, COMET, OLD_FAITHFUL, World

NOW_MS = 1_781_517_600_000

FIELDS = {
    "charge_state": """
        battery_level usable_battery_level battery_range est_battery_range ideal_battery_range
        charging_state charge_limit_soc charge_limit_soc_min charge_limit_soc_max
        charge_limit_soc_std charge_rate charger_power charger_voltage charger_actual_current
        charge_amps charge_current_request charge_current_request_max charger_pilot_current
        charger_phases charge_energy_added charge_miles_added_rated charge_miles_added_ideal
        minutes_to_full_charge time_to_full_charge charge_port_door_open charge_port_latch
        charge_port_cold_weather_mode battery_heater_on charge_enable_request
        user_charge_enable_request trip_charging fast_charger_present managed_charging_active
        preconditioning_enabled off_peak_charging_enabled scheduled_charging_pending
        supercharger_session_trip_planner conn_charge_cable fast_charger_type fast_charger_brand
        scheduled_charging_mode scheduled_charging_start_time scheduled_departure_time
        scheduled_departure_time_minutes off_peak_hours_end_time preconditioning_times
        off_peak_charging_times timestamp
    """,
    "climate_state": """
        inside_temp outside_temp driver_temp_setting passenger_temp_setting min_avail_temp
        max_avail_temp is_climate_on is_auto_conditioning_on is_preconditioning
        is_front_defroster_on is_rear_defroster_on bioweapon_mode side_mirror_heaters
        wiper_blade_heater battery_heater steering_wheel_heater auto_seat_climate_left
        auto_seat_climate_right auto_steering_wheel_heat remote_heater_control_enabled
        allow_cabin_overheat_protection cabin_overheat_protection_actively_cooling
        supports_fan_only_cabin_overheat_protection fan_status defrost_mode hvac_auto_request
        climate_keeper_mode cabin_overheat_protection cop_activation_temperature seat_heater_left
        seat_heater_right seat_heater_rear_left seat_heater_rear_center seat_heater_rear_right
        steering_wheel_heat_level timestamp
    """,
    "drive_state": "shift_state speed power timestamp",
    "vehicle_state": """
        locked odometer car_version df dr pf pr ft rt fd_window fp_window rd_window rp_window
        is_user_present sentry_mode sentry_mode_available valet_mode valet_pin_needed service_mode
        remote_start remote_start_enabled homelink_nearby webcam_available homelink_device_count
        dashcam_state dashcam_clip_save_available center_display_state tpms_pressure_fl
        tpms_pressure_fr tpms_pressure_rl tpms_pressure_rr tpms_rcp_front_value
        tpms_rcp_rear_value tpms_soft_warning_fl tpms_hard_warning_fl
        tpms_last_seen_pressure_time_fl speed_limit_mode media_state media_info software_update
        feature_bitmask santa_mode vehicle_name api_version timestamp
    """,
    "vehicle_config": """
        car_type trim_badging exterior_color wheel_type charge_port_type eu_vehicle rhd
        has_seat_cooling has_air_suspension rear_seat_heaters third_row_seats sun_roof_installed
        can_actuate_trunks can_accept_navigation_requests motorized_charge_port
        cop_user_set_temp_supported webcam_supported plg driver_assist utc_offset key_version
        timestamp
    """,
    "gui_settings": """
        gui_distance_units gui_temperature_units gui_charge_rate_units gui_range_display
        gui_tirepressure_units gui_24_hour_time show_range_units timestamp
    """,
    "charge_schedule_data": """
        charge_schedules charge_schedule_window charge_buffer max_num_charge_schedules
        next_schedule show_schedule_complete_state timestamp
    """,
    "preconditioning_schedule_data": """
        precondition_schedules max_num_precondition_schedules next_schedule timestamp
    """,
}


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    freezer.move_to("2026-06-15T10:00:00Z")
    return World(Clock())


@pytest.fixture
def aurora(world: World) -> Car:
    car = world.cars[AURORA]
    car.steer({"state": "online"})
    return car


def section(car: Car, name: str) -> dict[str, Any]:
    data: dict[str, Any] = car.vehicle_data({name}, location=False)[name]
    return data


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("vin", [AURORA, COMET])
def test_every_documented_field_is_there(world: World, name: str, vin: str) -> None:
    car = world.cars[vin]
    car.steer({"state": "online"})
    data = section(car, name)
    assert not set(FIELDS[name].split()) - set(data)
    assert data["timestamp"] == NOW_MS


def test_standard_sections(aurora: Car) -> None:
    data = aurora.vehicle_data(None, location=True)
    assert {key for key, value in data.items() if isinstance(value, dict)} == {
        "charge_state",
        "climate_state",
        "drive_state",
        "gui_settings",
        "vehicle_config",
        "vehicle_state",
        "granular_access",
    }
    assert "latitude" not in data["drive_state"]
    assert (data["state"], data["vin"], data["id_s"]) == ("online", AURORA, str(data["id"]))


def test_sections_by_endpoints(aurora: Car) -> None:
    data = aurora.vehicle_data({"charge_state", "nonsense"}, location=True)
    assert "charge_state" in data
    assert "climate_state" not in data
    assert "nonsense" not in data


@pytest.mark.parametrize(
    ("endpoints", "allowed", "shown"),
    [
        ({"drive_state", "location_data"}, True, True),
        ({"drive_state", "location_data"}, False, False),
        ({"drive_state"}, True, False),
        ({"location_data"}, True, True),
    ],
)
def test_the_location_is_sent_on_request_only(
    aurora: Car, endpoints: set[str], *, allowed: bool, shown: bool
) -> None:
    drive = aurora.vehicle_data(endpoints, location=allowed)["drive_state"]
    assert ("latitude" in drive) is shown
    if shown:
        assert (drive["latitude"], drive["longitude"]) == (52.3731, 4.8903)
        assert drive["native_latitude"] == 52.3731
        assert drive["gps_as_of"] == NOW_MS // 1000
    assert ("shift_state" in drive) is ("drive_state" in endpoints)


def test_a_parked_car_has_neither_speed_nor_gear(aurora: Car) -> None:
    drive = section(aurora, "drive_state")
    assert drive["speed"] is None
    assert drive["shift_state"] is None
    assert not any(key.startswith("active_route") for key in drive)


def test_units_of_the_battery(aurora: Car) -> None:
    charge = section(aurora, "charge_state")
    assert charge["battery_level"] == 68
    # miles: 68 % of 331
    assert charge["battery_range"] == pytest.approx(225.08, abs=0.01)
    assert charge["charge_limit_soc"] == 80
    assert charge["charging_state"] == "Stopped"
    assert charge["conn_charge_cable"] == "IEC"
    assert charge["charger_phases"] is None
    assert charge["charger_voltage"] == 2
    assert charge["fast_charger_type"] == "<invalid>"


def test_without_a_cable(world: World) -> None:
    charge = section(world.cars[COMET], "charge_state")
    assert charge["charging_state"] == "Disconnected"
    assert charge["conn_charge_cable"] == "<invalid>"
    assert charge["charger_pilot_current"] is None
    assert charge["charge_port_door_open"] is False


def test_speed_in_miles_per_hour_and_heading(aurora: Car) -> None:
    route = [[52.0, 5.0], [52.0, 5.2]]
    aurora.steer({"drive": {"route": route, "speed_kmh": 100}})
    aurora.clock.advance(120)
    data = aurora.vehicle_data({"drive_state", "location_data"}, location=True)["drive_state"]
    # 100 km/h are held only if the leg's own speed allows; 22 m/s are 49 mph.
    assert 48 <= data["speed"] <= 63
    assert data["heading"] == 90
    assert data["power"] > 5
    aurora.advance()
    moment = aurora.moment
    assert moment is not None
    assert data["speed"] == round(moment.speed * 3600 / 1609.344)


def test_pressures_in_bar_and_their_times(aurora: Car) -> None:
    state = section(aurora, "vehicle_state")
    assert [state[f"tpms_pressure_{wheel}"] for wheel in ("fl", "fr", "rl", "rr")] == [2.9] * 4
    assert state["tpms_last_seen_pressure_time_fl"] == NOW_MS // 1000


def test_open_closures(aurora: Car) -> None:
    aurora.steer({"open": ["df", "ft", "rp"]})
    state = section(aurora, "vehicle_state")
    assert (state["df"], state["dr"], state["ft"], state["rt"]) == (1, 0, 1, 0)
    assert state["rp_window"] > 0
    assert state["fd_window"] == 0


def test_the_old_car_is_another_one(world: World) -> None:
    car = world.cars[OLD_FAITHFUL]
    config, state = section(car, "vehicle_config"), section(car, "vehicle_state")
    assert (config["car_type"], config["eu_vehicle"]) == ("models2", False)
    assert state["sun_roof_state"] == "closed"
    assert "seat_heater_rear_left" not in section(car, "climate_state")
    assert section(car, "gui_settings")["gui_distance_units"] == "mi/hr"
    charge = section(car, "charge_state")
    assert (charge["ideal_battery_range"], charge["battery_range"] < 335) == (999.0, True)


@pytest.mark.parametrize(
    ("heaters", "third_row", "seats"),
    [
        (0, "FuturisFoldFlat", ""),
        (1, "FuturisFoldFlat", "rear_center rear_left rear_right"),
        (2, "None", "rear_left rear_right"),
        (3, "None", "rear_center rear_left rear_right"),
        (3, "FuturisFoldFlat", "rear_center rear_left rear_right third_row_left third_row_right"),
    ],
)
def test_heated_rear_seats(aurora: Car, heaters: int, third_row: str, seats: str) -> None:
    aurora.model = replace(aurora.model, rear_seat_heaters=heaters, third_row_seats=third_row)
    told = [key for key in section(aurora, "climate_state") if key.startswith("seat_heater_")]
    rear = sorted(set(told) - {"seat_heater_left", "seat_heater_right"})
    assert rear == [f"seat_heater_{seat}" for seat in seats.split()]


def test_local_time(aurora: Car) -> None:
    assert section(aurora, "vehicle_config")["utc_offset"] == 7200


def test_everything_is_json(world: World) -> None:
    for car in world.cars.values():
        text = json.dumps(car.vehicle_data(set(FIELDS) | {"location_data"}, location=True))
        assert "NaN" not in text
        json.dumps(car.describe())
        json.dumps(car.product_object())
