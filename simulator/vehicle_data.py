"""The sections of `GET /api/1/vehicles/{vin}/vehicle_data`, in Tesla's shapes and units.

Distances in miles, speeds in mph, temperatures in °C, pressures in bar, whatever the owner's
display shows; `timestamp` in Unix milliseconds; values that depend on an absent cable are the text
`<invalid>`. Source: Tesla, "Vehicle endpoints", samples of 2023 to 2025.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.vehicle.access import MAX_LIMIT_MPH, MIN_LIMIT_MPH
from simulator.vehicle.body import WHEELS, WINDOWS
from simulator.vehicle.charging import (
    FULL_PERCENT,
    IDLE_VOLTS,
    MIN_LIMIT_PERCENT,
    STANDARD_LIMIT_PERCENT,
    THREE_PHASES,
)
from simulator.vehicle.climate import MAX_SETTING, MIN_SETTING
from simulator.vehicle.drive import KWH_PER_MILE, METRES_PER_MILE, MPH_PER_MPS, distance_m
from simulator.vehicle.life import Life
from simulator.vehicle.media import MAX_VOLUME, STEP
from simulator.vehicle.software import INSTALL_SECONDS

type Json = dict[str, Any]

INVALID = "<invalid>"
STANDARD_SECTIONS = frozenset(
    {
        "charge_state",
        "climate_state",
        "drive_state",
        "gui_settings",
        "vehicle_config",
        "vehicle_state",
    }
)
"""The sections of an answer without `endpoints`."""
SCHEDULE_SECTIONS = frozenset({"charge_schedule_data", "preconditioning_schedule_data"})
"""The sections that a car without schedules leaves out."""
_DETOUR = 1.25
"""The ratio of a road's length to the straight line."""
_TOWN_MPH = 25.0
_WARMER_MODULE = 1.5
"""°C by which the warmest part of the battery is above the coldest."""
_NO_RANGE_MILES = 999.0


def sections(life: Life, endpoints: set[str] | None, *, location: bool) -> Json:
    """The requested sections by name; unknown names add nothing.

    `location` says whether the caller may see the car's location; it is included only if
    `location_data` is requested as well.
    """
    wanted = STANDARD_SECTIONS if endpoints is None else endpoints
    if not life.software.knows_schedules:
        wanted = wanted - SCHEDULE_SECTIONS
    answer = {name: build(life) for name, build in _SECTIONS.items() if name in wanted}
    if location and endpoints is not None and "location_data" in endpoints:
        drive = answer.setdefault("drive_state", {"timestamp": milliseconds(life)})
        drive.update(location_data(life))
    return answer


def milliseconds(life: Life) -> int:
    """The time of the answer, which every section contains."""
    return int(life.time * 1000)


def charge_state(life: Life) -> Json:
    """`charge_state`."""
    battery, charging, supply = life.battery, life.charging, life.charging.supply
    is_ac = supply is not None and not supply.is_fast
    is_dc = supply is not None and supply.is_fast
    is_charging = charging.state == "Charging"
    hours = charging.hours_to_full
    kilowatts = charging.kilowatts
    percent_range = battery.full_range_miles / battery.capacity_kwh
    pilot = charging.highest_amps if is_ac else None
    schedule = charging.schedule
    volts = int(supply.volts) if supply is not None and is_charging else IDLE_VOLTS
    return {
        "battery_heater_on": False,
        "battery_level": round(battery.percent),
        "battery_range": round(battery.range_miles, 2),
        "charge_amps": charging.requested_amps,
        "charge_current_request": charging.requested_amps,
        "charge_current_request_max": charging.highest_amps,
        "charge_enable_request": charging.state not in ("Stopped", "Disconnected"),
        "charge_energy_added": round(charging.added_kwh, 2),
        "charge_limit_soc": charging.limit_percent,
        "charge_limit_soc_max": FULL_PERCENT,
        "charge_limit_soc_min": MIN_LIMIT_PERCENT,
        "charge_limit_soc_std": STANDARD_LIMIT_PERCENT,
        "charge_miles_added_ideal": round(charging.added_kwh * percent_range, 1),
        "charge_miles_added_rated": round(charging.added_kwh * percent_range, 1),
        "charge_port_cold_weather_mode": False,
        "charge_port_color": INVALID,
        "charge_port_door_open": charging.port.is_open,
        "charge_port_latch": _latch(life),
        "charge_rate": round(kilowatts * percent_range, 1),
        "charger_actual_current": charging.amps,
        "charger_phases": _phases(life),
        "charger_pilot_current": pilot,
        "charger_power": round(charging.wall_kilowatts),
        "charger_voltage": volts,
        "charging_state": charging.state,
        "conn_charge_cable": _cable(life),
        "energy_remaining": round(battery.energy_kwh, 2),
        "est_battery_range": round(battery.range_miles * 0.93, 2),
        "fast_charger_brand": supply.brand if supply is not None and is_dc else INVALID,
        "fast_charger_present": is_dc,
        "fast_charger_type": supply.type if supply is not None and is_dc else INVALID,
        "ideal_battery_range": round(ideal_range(life), 2),
        "lifetime_energy_used": round(life.odometer_miles * KWH_PER_MILE, 3),
        "managed_charging_active": False,
        "managed_charging_start_time": None,
        "managed_charging_user_canceled": False,
        "max_range_charge_counter": 0,
        "minutes_to_full_charge": round(hours * 60),
        "module_temp_max": round(life.climate.inside + _WARMER_MODULE, 1),
        "module_temp_min": round(life.climate.inside, 1),
        "not_enough_power_to_heat": None,
        "off_peak_charging_enabled": schedule.is_off_peak,
        "off_peak_charging_times": schedule.off_peak_times,
        "off_peak_hours_end_time": schedule.off_peak_end_minutes,
        "preconditioning_enabled": schedule.is_preconditioning,
        "preconditioning_times": schedule.preconditioning_times,
        "scheduled_charging_mode": schedule.mode,
        "scheduled_charging_pending": life.is_charge_pending,
        "scheduled_charging_start_time": _scheduled_start(life),
        "scheduled_departure_time": _scheduled_departure(life),
        "scheduled_departure_time_minutes": schedule.departure_minutes,
        "supercharger_session_trip_planner": False,
        "time_to_full_charge": round(hours, 2),
        "timestamp": milliseconds(life),
        "trip_charging": False,
        "usable_battery_level": round(battery.percent),
        "user_charge_enable_request": None,
    }


def ideal_range(life: Life) -> float:
    """Ideal range in miles; 999 for cars without one."""
    return life.battery.range_miles if life.model.knows_ideal_range else _NO_RANGE_MILES


def _latch(life: Life) -> str:
    if life.charging.supply is None:
        return "Disengaged" if life.charging.port.is_open else "Engaged"
    return "Engaged" if life.charging.port.is_latch_engaged else "Disengaged"


def _phases(life: Life) -> int | None:
    """Three phases are reported as 2, one as 1, none (also fast charging) as null."""
    if life.charging.state != "Charging" or life.charging.phases == 0:
        return None
    return 2 if life.charging.phases == THREE_PHASES else life.charging.phases


def _cable(life: Life) -> str:
    supply = life.charging.supply
    if supply is None:
        return INVALID
    return life.model.cable


def _scheduled_start(life: Life) -> int | None:
    starts_at = life.charge_starts_at
    return None if starts_at is None else int(starts_at)


def _scheduled_departure(life: Life) -> int | None:
    schedule = life.charging.schedule
    if schedule.mode != "DepartBy":
        return None
    return int(life.next_local_time(schedule.departure_minutes, after=life.time))


def climate_state(life: Life) -> Json:
    """`climate_state`."""
    climate = life.climate
    heaters = climate.seat_heaters
    answer: Json = {
        "allow_cabin_overheat_protection": True,
        "auto_seat_climate_left": climate.auto_seats["left"],
        "auto_seat_climate_right": climate.auto_seats["right"],
        "auto_steering_wheel_heat": climate.auto_wheel,
        "battery_heater": False,
        "battery_heater_no_power": None,
        "bioweapon_mode": climate.bioweapon,
        "cabin_overheat_protection": climate.overheat_protection,
        "cabin_overheat_protection_actively_cooling": climate.is_cooling_overheat(life.time),
        "climate_keeper_mode": climate.keeper,
        "cop_activation_temperature": climate.overheat_temperature,
        "defrost_mode": climate.defrost_mode,
        "driver_temp_setting": round(climate.driver_setting, 1),
        "fan_status": 3 if climate.is_on else 0,
        "hvac_auto_request": "On",
        "inside_temp": round(climate.inside, 1),
        "is_auto_conditioning_on": climate.is_on,
        "is_climate_on": climate.is_on,
        "is_front_defroster_on": climate.defrost_mode > 0,
        "is_preconditioning": climate.is_on and not life.is_user_present,
        "is_rear_defroster_on": climate.defrost_mode > 0,
        "left_temp_direction": 0,
        "max_avail_temp": MAX_SETTING,
        "min_avail_temp": MIN_SETTING,
        "outside_temp": round(climate.outside(life.time), 1),
        "passenger_temp_setting": round(climate.passenger_setting, 1),
        "remote_heater_control_enabled": climate.is_on,
        "right_temp_direction": 0,
        "seat_heater_left": heaters["left"],
        "seat_heater_right": heaters["right"],
        "side_mirror_heaters": climate.defrost_mode > 0,
        "steering_wheel_heat_level": climate.wheel_level,
        "steering_wheel_heater": climate.wheel_level > 0,
        "supports_fan_only_cabin_overheat_protection": True,
        "timestamp": milliseconds(life),
        "wiper_blade_heater": False,
    }
    for seat in life.model.heated_rear_seats:
        answer[f"seat_heater_{seat}"] = heaters[seat]
    if life.model.has_seat_cooling:
        answer["seat_fan_front_left"] = climate.seat_fans["left"]
        answer["seat_fan_front_right"] = climate.seat_fans["right"]
    return answer


def drive_state(life: Life) -> Json:
    """`drive_state` without the location; see `location_data`."""
    moment = life.moment
    power = life.drive_kilowatts + life.climate.kilowatts(life.time)
    if life.charging.state == "Charging":
        power = -life.charging.kilowatts
    answer: Json = {
        "power": round(power),
        "shift_state": _shift_state(life),
        "speed": round(moment.speed * MPH_PER_MPS) if moment is not None else None,
        "timestamp": milliseconds(life),
    }
    answer.update(active_route(life))
    return answer


def _shift_state(life: Life) -> str | None:
    """Null in a car without an occupant."""
    if life.drive is not None:
        return "D"
    return "P" if life.is_user_present else None


def active_route(life: Life) -> Json:
    """The `active_route_…` keys; none of them without a destination."""
    destination = life.destination
    if destination is None:
        return {}
    answer: Json = {"active_route_destination": destination.name}
    if destination.latitude is None or destination.longitude is None:
        return answer
    end = (destination.latitude, destination.longitude)
    if life.drive is not None and life.moment is not None:
        miles = (life.drive.length_m - life.moment.driven_m) / METRES_PER_MILE
        minutes = (life.drive.ends_at - life.time) / 60
    else:
        miles = distance_m((life.latitude, life.longitude), end) * _DETOUR / METRES_PER_MILE
        minutes = miles / _TOWN_MPH * 60
    left = life.battery.energy_kwh - miles * KWH_PER_MILE
    answer.update(
        {
            "active_route_latitude": destination.latitude,
            "active_route_longitude": destination.longitude,
            "active_route_energy_at_arrival": round(left / life.battery.capacity_kwh * 100),
            "active_route_miles_to_arrival": round(miles, 2),
            "active_route_minutes_to_arrival": round(minutes, 2),
            "active_route_traffic_minutes_delay": 0.0,
        }
    )
    return answer


def location_data(life: Life) -> Json:
    """The part of `drive_state` that `location_data` adds."""
    latitude, longitude = round(life.latitude, 6), round(life.longitude, 6)
    return {
        "gps_as_of": int(life.time - life.gps_age),
        "heading": round(life.heading) % 360,
        "latitude": latitude,
        "longitude": longitude,
        "native_latitude": latitude,
        "native_location_supported": 1,
        "native_longitude": longitude,
        "native_type": "wgs",
    }


def gui_settings(life: Life) -> Json:
    """`gui_settings`: the units of the display, which say nothing about the units of the answer."""
    metric = life.model.eu_vehicle
    return {
        "gui_24_hour_time": metric,
        "gui_charge_rate_units": "kW" if metric else "mi/hr",
        "gui_distance_units": "km/hr" if metric else "mi/hr",
        "gui_range_display": "Rated",
        "gui_temperature_units": "C" if metric else "F",
        "gui_tirepressure_units": "Bar" if metric else "Psi",
        "show_range_units": False,
        "timestamp": milliseconds(life),
    }


def vehicle_config(life: Life) -> Json:
    """`vehicle_config`."""
    model = life.model
    offset = datetime.fromtimestamp(life.time, ZoneInfo(life.time_zone)).utcoffset()
    return {
        "aux_park_lamps": "Eu" if model.eu_vehicle else "NaPremium",
        "badge_version": 0,
        "can_accept_navigation_requests": True,
        "can_actuate_trunks": True,
        "car_special_type": "base",
        "car_type": model.car_type,
        "charge_port_type": model.charge_port_type,
        "cop_user_set_temp_supported": not model.has_air_suspension,
        "dashcam_clip_save_supported": True,
        "default_charge_to_max": False,
        "driver_assist": model.driver_assist,
        "ece_restrictions": model.eu_vehicle,
        "efficiency_package": "Default",
        "eu_vehicle": model.eu_vehicle,
        "exterior_color": model.exterior_color,
        "exterior_trim": "Black",
        "front_drive_unit": "NoneOrSmall",
        "has_air_suspension": model.has_air_suspension,
        "has_ludicrous_mode": False,
        "has_seat_cooling": model.has_seat_cooling,
        "headlamp_type": "Premium",
        "interior_trim_type": "Black2",
        "key_version": 2,
        "motorized_charge_port": model.has_motorized_charge_port,
        "plg": model.has_power_liftgate,
        "pws": True,
        "rear_drive_unit": "PM216MOSFET",
        "rear_seat_heaters": model.rear_seat_heaters,
        "rear_seat_type": 0,
        "rhd": False,
        "roof_color": "RoofColorGlass",
        "seat_type": None,
        "spoiler_type": "None",
        "sun_roof_installed": 1 if model.has_sunroof else None,
        "supports_qr_pairing": False,
        "third_row_seats": model.third_row_seats,
        "timestamp": milliseconds(life),
        "trim_badging": model.trim_badging,
        "use_range_badging": True,
        "utc_offset": int(offset.total_seconds()) if offset is not None else 0,
        "webcam_selfie_supported": True,
        "webcam_supported": True,
        "wheel_type": model.wheel_type,
    }


def vehicle_state(life: Life) -> Json:
    """`vehicle_state`, without the name and the versions that `Car` adds."""
    body, access, tyres = life.body, life.access, life.tyres
    answer: Json = {
        "api_version": 71,
        "autopark_state_v2": "unavailable",
        "autopark_style": "standard",
        "calendar_supported": True,
        "car_version": life.software.car_version,
        "center_display_state": 2 if life.is_user_present else 0,
        "dashcam_clip_save_available": life.sentry_mode or life.drive is not None,
        "dashcam_state": "Recording" if life.drive is not None else life.dashcam_state,
        "feature_bitmask": "fbdffbff,187f",
        "ft": body.frunk,
        "homelink_device_count": life.model.homelink_devices,
        "homelink_nearby": life.model.homelink_devices > 0 and life.is_near(*life.home),
        "is_user_present": life.is_user_present,
        "last_autopark_error": "no_error",
        "locked": body.is_locked,
        "media_info": media_info(life),
        "media_state": {"remote_control_enabled": True},
        "notifications_supported": True,
        "odometer": round(life.odometer_miles, 6),
        "parsed_calendar_supported": True,
        "remote_start": life.is_remotely_started,
        "remote_start_enabled": life.remote_start_enabled,
        "remote_start_supported": True,
        "rt": body.trunk,
        "santa_mode": 0,
        "sentry_mode": life.sentry_mode,
        "sentry_mode_available": life.is_parked,
        "service_mode": False,
        "service_mode_plus": False,
        "smart_summon_available": False,
        "software_update": software_update(life),
        "speed_limit_mode": {
            "active": access.speed_limit_active,
            "current_limit_mph": access.speed_limit_mph,
            "max_limit_mph": MAX_LIMIT_MPH,
            "min_limit_mph": MIN_LIMIT_MPH,
            "pin_code_set": access.speed_limit_pin is not None,
        },
        "summon_standby_mode_enabled": False,
        "timestamp": milliseconds(life),
        "tpms_rcp_front_value": tyres.recommended_front,
        "tpms_rcp_rear_value": tyres.recommended_rear,
        "valet_mode": access.valet_mode,
        "valet_pin_needed": access.valet_pin is None,
        "webcam_available": True,
    }
    answer.update(body.doors)
    answer.update({f"{window}_window": body.windows[window] for window in WINDOWS})
    for wheel in WHEELS:
        answer[f"tpms_pressure_{wheel}"] = round(tyres.pressure[wheel], 3)
        answer[f"tpms_last_seen_pressure_time_{wheel}"] = int(tyres.seen_at[wheel])
        answer[f"tpms_soft_warning_{wheel}"] = tyres.is_soft(wheel)
        answer[f"tpms_hard_warning_{wheel}"] = tyres.is_hard(wheel)
    if life.model.has_sunroof:
        answer["sun_roof_state"] = body.sunroof
        answer["sun_roof_percent_open"] = {"closed": 0, "vent": 15}.get(body.sunroof, 100)
    return answer


def media_info(life: Life) -> Json:
    """`vehicle_state.media_info`."""
    media = life.media
    is_idle = media.status == "Stopped"
    title, artist, album, length = media.title
    return {
        "a2dp_source_name": "Pixel 10" if life.is_user_present else "",
        "audio_volume": round(media.volume, 4),
        "audio_volume_increment": STEP,
        "audio_volume_max": MAX_VOLUME,
        "media_playback_status": media.status,
        "now_playing_album": "" if is_idle else album,
        "now_playing_artist": "" if is_idle else artist,
        "now_playing_duration": 0 if is_idle else length * 1000,
        "now_playing_elapsed": media.elapsed(life.time) * 1000,
        "now_playing_source": "13" if is_idle else "12",
        "now_playing_station": media.station,
        "now_playing_title": "" if is_idle else title,
    }


def software_update(life: Life) -> Json:
    """`vehicle_state.software_update`; `version` is a single blank when there is none."""
    software = life.software
    answer: Json = {
        "download_perc": software.download_percent(life.time),
        "expected_duration_sec": int(INSTALL_SECONDS),
        "install_perc": software.install_percent(life.time),
        "status": software.status,
        "version": software.offered or " ",
    }
    if software.scheduled_at is not None:
        answer["scheduled_time_ms"] = int(software.scheduled_at * 1000)
    return answer


def charge_schedule_data(life: Life) -> Json:
    """`charge_schedule_data`."""
    return {
        "charge_buffer": 0,
        "charge_schedule_window": None,
        "charge_schedules": list(life.plans.charge.values()),
        "max_num_charge_schedules": life.plans.maximum,
        "next_schedule": False,
        "show_schedule_complete_state": False,
        "timestamp": milliseconds(life),
    }


def preconditioning_schedule_data(life: Life) -> Json:
    """`preconditioning_schedule_data`."""
    return {
        "max_num_precondition_schedules": life.plans.maximum,
        "next_schedule": False,
        "precondition_schedules": list(life.plans.precondition.values()),
        "preconditioning_schedule_window": None,
        "timestamp": milliseconds(life),
    }


_SECTIONS: dict[str, Callable[[Life], Json]] = {
    "charge_state": charge_state,
    "climate_state": climate_state,
    "drive_state": drive_state,
    "gui_settings": gui_settings,
    "vehicle_config": vehicle_config,
    "vehicle_state": vehicle_state,
    "charge_schedule_data": charge_schedule_data,
    "preconditioning_schedule_data": preconditioning_schedule_data,
}
