"""THE SIGNAL TABLE: everything that a vehicle or an energy site can tell us, one row each.

A row names Tesla's telemetry field, how its value becomes ours, and where a polled answer carries
it. Tesla always speaks miles, miles per hour, degrees Celsius, bar and kilowatts, whatever the car
displays; here miles become kilometres, once, on entry. One parser serves both sources, so it takes
the polled form (`0`, `"Charging"`) as well as the streamed one (`"WindowStateClosed"` without its
prefix).

Sources: Tesla's vehicle_data documentation (2024-08), the list of streamed fields (2026-08), and
values seen by public clients.
"""

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .clock import YEAR_2100
from .state import (
    KEEP,
    Absent,
    Derived,
    Implausible,
    Reading,
    Signal,
    Source,
    State,
    Unrecognised,
)

_LOGGER = logging.getLogger(__name__)

KILOMETRES_PER_MILE: Final = 1.609344
"""Exact, by the definition of 1959."""

type Position = tuple[float, float]
"""Latitude and longitude, degrees, WGS 84."""

# --- Bounds: the lowest and the highest plausible value, in our unit ------------------------------
#
# Wide enough for every vehicle on sale, and narrow enough for what a computer sends when it has no
# value: 999 miles, a raw value of all zeros (-40 °C) or all ones (87.5 °C, 102.3 %, 255, 32767).

PERCENT: Final = (-0.5, 100.5)
"""%; half a percent more, so that a rounding error does not make a full battery unknown."""
RANGE: Final = (0, 1500)
"""km; 999 miles are 1608 km."""
PACK_ENERGY: Final = (0, 1000)
"""kWh; a Semi holds about 900."""
LIFETIME_ENERGY: Final = (0, 4_000_000)
"""kWh; a Semi uses 2 million in a million miles, and 32 bits of Wh end at 4.29 million."""
PACK_VOLTS: Final = (0, 1100)
"""V; a Semi has about 1000."""
PACK_AMPERES: Final = (-3000, 3000)
BRICK_VOLTS: Final = (0, 5)
PART_NUMBER: Final = (0, 254)
PACK_TEMPERATURE: Final = (-39.5, 85)
"""°C."""
CABIN_TEMPERATURE: Final = (-39.5, 85)
"""°C; in the desert sun a cabin reaches about 80."""
AIR_TEMPERATURE: Final = (-39.5, 70)
"""°C; the sensor warms up over hot asphalt."""
DRIVE_TEMPERATURE: Final = (-39.5, 210)
"""°C; a raw byte ends at 215."""
CLIMATE_SETTING: Final = (5, 40)
"""°C; 15 to 28, and beyond them "low" and "high"."""
HEAT_LEVEL: Final = (0, 3)
SPEED_SETTING: Final = (0, 250)
"""km/h; 255.5 stands for none."""
ACCELERATION: Final = (-50, 50)
"""m/s²."""
AXLE_SPEED: Final = (-3000, 3000)
"""rad/s."""
TORQUE: Final = (-30_000, 30_000)
"""Nm."""
TYRE_PRESSURE: Final = (0, 6)
"""bar; a raw byte ends at 6.375."""
SEMI_TYRE_PRESSURE: Final = (0, 12)
DAY_MINUTES: Final = (0, 1440)
VOLUME: Final = (0, 50)
PLAYING_TIME: Final = (0, 604_800_000)
"""ms; a week of one radio station."""
INSTANT: Final = (1_262_304_000, 2_145_916_800)
"""Unix seconds from 2010 to the end of 2037, before 31 bits are all ones."""
SITE_POWER: Final = (-10_000_000, 10_000_000)
"""W."""

# --- Parsers: Tesla's value in, ours out ---------------------------------------------------------


def number(value: object) -> float:
    """Any JSON number, in the unit that Tesla uses."""
    # Nearly every number of a stream is one already.
    if isinstance(value, float):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unrecognised(value)
    return float(value)


def whole(value: object) -> int:
    """A number that counts something."""
    return round(number(value))


def kilometres(value: object) -> float:
    """Miles to km; miles per hour to km/h."""
    return number(value) * KILOMETRES_PER_MILE


def boolean(value: object) -> bool:
    """True and false, also as 1 and 0."""
    if value in (True, False):
        return bool(value)
    raise Unrecognised(value)


def text(value: object) -> str | None:
    """A text; Tesla's ways of saying "none" (blank, `<invalid>`) are None."""
    if not isinstance(value, str):
        raise Unrecognised(value)
    stripped = value.strip()
    return None if stripped in ("", "<invalid>") else stripped


def first_word(value: object) -> str | None:
    """The text up to the first blank: `2026.32.1 0123abcd` is version `2026.32.1`."""
    words = text(value)
    return words.split()[0] if words else None


def upper_case(value: object) -> str | None:
    """A code that the stream writes in capitals and a polled answer does not: `P74D`."""
    code = text(value)
    return code.upper() if code else None


def instant(value: object) -> float | None:
    """Unix seconds; 0 is Tesla's way of saying "never".

    The stream gives these times in a way of its own, which its decoder undoes.
    """
    return number(value) or None


_POLE: Final = 90
_ANTIMERIDIAN: Final = 180


def position(value: object) -> Position | None:
    """Latitude and longitude in degrees, as a pair; without a fix both are 0."""
    if not isinstance(value, tuple | list) or len(value) != 2:  # noqa: PLR2004  # a pair
        raise Unrecognised(value)
    latitude, longitude = number(value[0]), number(value[1])
    if not (-_POLE <= latitude <= _POLE and -_ANTIMERIDIAN <= longitude <= _ANTIMERIDIAN):
        raise Implausible(value)
    return (latitude, longitude) if latitude or longitude else None


def snake(value: str) -> str:
    """`NoPower` to `no_power`, `BLEKeys` to `ble_keys`: how we and the translations spell words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", value).lower()


_UNTOLD: Final = ("unknown", "invalid", "sna")
"""What Tesla's enumerations say instead of a value; SNA is "signal not available"."""


def one_of(*known: str, **spelled: str) -> Callable[[Any], str | None]:
    """One of `known` words, in lower-case snake; `spelled` maps Tesla's other spellings.

    "Unknown" and "Invalid" are None: Tesla knows no better, and there is nothing new about it.
    """
    options = frozenset(known)

    def parse(value: object) -> str | None:
        if not isinstance(value, str):
            raise Unrecognised(value)
        word = snake(value.strip())
        word = spelled.get(word, word)
        if word in options:
            return word
        if word in _UNTOLD:
            return None
        raise Unrecognised(value)

    return parse


def unless(*off: str) -> Callable[[Any], bool | None]:
    """False for 0, false and the words in `off` (lower-case snake); true for anything else known.

    "Unknown" and "Invalid" are None.
    """

    def parse(value: object) -> bool | None:
        if isinstance(value, bool | int):
            return bool(value)
        if not isinstance(value, str) or not value:
            raise Unrecognised(value)
        word = snake(value)
        return None if word in _UNTOLD else word not in off

    return parse


def truth(yes: str, *, no: tuple[str, ...]) -> Callable[[Any], bool | None]:
    """True and false, also as a word (lower-case snake): `yes`, or one of `no`.

    "Unknown", "Invalid" and "Faulted" (a broken sensor) are None.
    """

    def parse(value: object) -> bool | None:
        if not isinstance(value, str):
            return boolean(value)
        word = snake(value)
        if word == yes or word in no:
            return word == yes
        if word in _UNTOLD or word == "faulted":
            return None
        raise Unrecognised(value)

    return parse


is_open = unless("closed")


def is_recording(value: object) -> bool | None:
    """Whether a dashcam records; any other word is a reason why it does not."""
    if isinstance(value, bool):
        return value
    word = text(value)
    return None if word is None or snake(word) in _UNTOLD else snake(word) == "recording"


def digit(value: object) -> int | None:
    """A number that an enumeration spells: `3` or `"3"`."""
    if not isinstance(value, str):
        return whole(value)
    return None if snake(value) in _UNTOLD else int(value)


def _is_heated(value: object) -> bool:
    """Whether a level of heat is more than none."""
    level = number(value)
    if not HEAT_LEVEL[0] <= level <= HEAT_LEVEL[1]:
        raise Implausible(value)
    return level > 0


CHARGING_STATES: Final = (
    "disconnected",
    "no_power",
    "starting",
    "charging",
    "complete",
    "stopped",
    "calibrating",
)
SHIFT_STATES: Final = ("p", "r", "n", "d")
KEEPER_MODES: Final = ("off", "on", "dog", "camp")
UPDATE_STATES: Final = (
    "available",
    "scheduled",
    "downloading",
    "downloading_wifi_wait",
    "installing",
)
OVERHEAT_PROTECTION: Final = ("off", "on", "fan_only")
OVERHEAT_LIMITS: Final = ("low", "medium", "high")
LATCH_STATES: Final = ("engaged", "disengaged", "blocking")
BATTERY_STATES: Final = (
    "standby",
    "drive",
    "support",
    "charge",
    "feim",
    "clear_fault",
    "fault",
    "weld",
    "test",
)
CABLE_TYPES: Final = ("iec", "sae", "gb_ac", "gb_dc")
FAST_CHARGER_TYPES: Final = (
    "supercharger",
    "chademo",
    "gb",
    "ac_single_wire_can",
    "combo",
    "mc_single_wire_can",
    "other",
)
SCHEDULE_MODES: Final = ("off", "start_at", "depart_by")
SCHEDULE_DAYS: Final = ("all_week", "weekdays")
POWERSHARE_STATES: Final = (
    "inactive",
    "handshaking",
    "init",
    "enabled",
    "enabled_reconnecting_soon",
    "stopped",
)
POWERSHARE_TYPES: Final = ("none", "load", "home")
POWERSHARE_STOP_REASONS: Final = (
    "none",
    "soc_too_low",
    "retry",
    "fault",
    "user",
    "reconnecting",
    "authentication",
)
POWER_TRANSFER_STATES: Final = (
    "standby",
    "faulted",
    "emergency_shutdown",
    "ext_evse_test_allowed",
    "ext_precharge_allowed",
    "charge_enabling",
    "charge_enabled",
    "graceful_shutdown",
    "blocked",
)
INVERTER_STATES: Final = ("not_available", "standby", "fault", "abort", "enable")
"""Home Assistant has its own meaning of "unavailable"."""
CLIMATE_POWER_STATES: Final = ("off", "on", "precondition", "overheat_protect")
TONNEAU_POSITIONS: Final = ("closed", "partially_open", "fully_open")
TENT_MODES: Final = ("inactive", "moving", "failed", "active")
SENTRY_STATES: Final = ("off", "idle", "armed", "aware", "panic", "quiet")
GUEST_ACCESS_STATES: Final = (
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
)
TURN_SIGNALS: Final = ("off", "left", "right", "both")
COLLISION_WARNINGS: Final = ("off", "late", "average", "early")
LANE_ASSISTANCE: Final = ("none", "warning", "assist")
SPEED_WARNINGS: Final = ("none", "display", "chime")
EMERGENCY_BRAKING_STATES: Final = ("not_available", "standby", "enabled", "standstill")
MEDIA_STATES: Final = ("stopped", "playing", "paused")
MODELS: Final = ("model_s", "model_x", "model_3", "model_y", "semi", "cybertruck", "cybercab")
# Streamed and polled words; the refreshed Model S and X have polled names of their own.
_MODEL_WORDS: Final = {
    "model3": "model_3",
    "modely": "model_y",
    "models": "model_s",
    "models2": "model_s",
    "lychee": "model_s",
    "modelx": "model_x",
    "tamarind": "model_x",
    "semi_truck": "semi",
    "semi_truck_v2": "semi",
}
CHARGE_PORT_TYPES: Final = ("us", "eu", "gb", "ccs")
DISPLAY_STATES: Final = (
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
)
SEAT_POSITIONS: Final = ("faulted", "not_configured", "folded", "unfolded")
AIR_BRAKES: Final = (
    "not_available",
    "error",
    "bobtail_mode",
    "charged",
    "building_pressure_intermediate",
    "exhausting_pressure_intermediate",
    "exhausted",
)

# A polled answer has a number for what the stream spells. Source: public clients.
_DISPLAY_NUMBERS: Final = {
    0: "off",
    2: "on",
    3: "charging",
    4: "on",
    5: "charging",
    6: "lock",
    7: "sentry",
    8: "dog",
    9: "entertainment",
}


def _display_state(value: object) -> str:
    if (word := _DISPLAY_NUMBERS.get(whole(value))) is None:
        raise Unrecognised(value)
    return word


def _power(*, is_dc: bool) -> Callable[[Any], float]:
    """Power in kW of one kind of current, from the polled power and whether it is from DC."""

    def parse(value: tuple[object, object]) -> float:
        power, is_fast = value
        return number(power) if boolean(is_fast) is is_dc else 0.0

    return parse


# --- Vehicles ------------------------------------------------------------------------------------

ONLINE = Signal("Online", boolean, streamed=False)
"""Whether Tesla can reach the vehicle now; told by the free state check."""

STREAMING = Signal("Streaming", boolean, streamed=False)
"""Whether it has a connection to us, or to the owner's own server, now."""

LAST_ONLINE = Signal("LastOnline", number, INSTANT, streamed=False)
"""Unix seconds at which it was last found online."""

# Battery
BATTERY_LEVEL = Signal("BatteryLevel", number, PERCENT, path="charge_state.battery_level")
"""%, of what the pack holds; in the cold more than can be used."""
USABLE_BATTERY_LEVEL = Signal("Soc", number, PERCENT, path="charge_state.usable_battery_level")
RATED_RANGE = Signal("RatedRange", kilometres, RANGE, path="charge_state.battery_range")
ESTIMATED_RANGE = Signal(
    "EstBatteryRange", kilometres, RANGE, path="charge_state.est_battery_range"
)
IDEAL_RANGE = Signal(
    "IdealBatteryRange", kilometres, RANGE, path="charge_state.ideal_battery_range"
)
ENERGY_REMAINING = Signal(
    "EnergyRemaining", number, PACK_ENERGY, path="charge_state.energy_remaining"
)
"""kWh."""
FULL_PACK_ENERGY = Signal("NominalFullPackEnergyKwh", number, PACK_ENERGY, firmware=None)
"""kWh."""
BATTERY_HEATER = Signal("BatteryHeaterOn", boolean, path="charge_state.battery_heater_on")
NOT_ENOUGH_POWER_TO_HEAT = Signal(
    "NotEnoughPowerToHeat", boolean, path="charge_state.not_enough_power_to_heat"
)
PACK_VOLTAGE = Signal("PackVoltage", number, PACK_VOLTS, path="charge_state.pack_voltage")
PACK_CURRENT = Signal("PackCurrent", number, PACK_AMPERES, path="charge_state.pack_current")
"""A, positive into the pack."""
BRICK_VOLTAGE_HIGHEST = Signal("BrickVoltageMax", number, BRICK_VOLTS)
BRICK_VOLTAGE_LOWEST = Signal("BrickVoltageMin", number, BRICK_VOLTS)
BRICK_OF_HIGHEST_VOLTAGE = Signal("NumBrickVoltageMax", whole, PART_NUMBER)
BRICK_OF_LOWEST_VOLTAGE = Signal("NumBrickVoltageMin", whole, PART_NUMBER)
BRICK_LEVEL_LOWEST = Signal("BrickSocMinPercent", number, PERCENT, firmware=None)
MODULE_TEMPERATURE_HIGHEST = Signal(
    "ModuleTempMax", number, PACK_TEMPERATURE, path="charge_state.module_temp_max"
)
MODULE_TEMPERATURE_LOWEST = Signal(
    "ModuleTempMin", number, PACK_TEMPERATURE, path="charge_state.module_temp_min"
)
WARMEST_MODULE = Signal("NumModuleTempMax", whole, PART_NUMBER)
COLDEST_MODULE = Signal("NumModuleTempMin", whole, PART_NUMBER)
BATTERY_STATE = Signal("BMSState", one_of(*BATTERY_STATES))
BATTERY_FULL = Signal("BmsFullchargecomplete", boolean)
INTERLOCK_FAULT = Signal("Hvil", truth("fault", no=("ok",)))
"""Whether the loop that switches the high voltage off is broken."""
ISOLATION_RESISTANCE = Signal("IsolationResistance", number, (0, 60_000))
"""Tesla names no unit; public clients read kilo-ohms."""
DC_CONVERTER_ENABLED = Signal("DCDCEnable", boolean)
LIFETIME_ENERGY_USED = Signal(
    "LifetimeEnergyUsed", number, LIFETIME_ENERGY, path="charge_state.lifetime_energy_used"
)
"""kWh out of the pack over its life."""
LIFETIME_ENERGY_RECOVERED = Signal("LifetimeEnergyGainedRegen", number, LIFETIME_ENERGY)
LIFETIME_ENERGY_CHARGED = Signal("LifetimeEnergyChargedKwh", number, LIFETIME_ENERGY, firmware=None)
LIFETIME_ENERGY_CHARGED_DC = Signal(
    "LifetimeDcChargeEnergyKwh", number, LIFETIME_ENERGY, firmware=None
)
LIFETIME_ENERGY_DRIVEN = Signal("LifetimeEnergyUsedDrive", number, LIFETIME_ENERGY, semi=True)

# Charging
CHARGING_STATE = Signal(
    "DetailedChargeState",
    one_of(*CHARGING_STATES),
    path="charge_state.charging_state",
    firmware="2024.38",
)
CHARGER_STATE = Signal("ChargeState", text)
"""The word of the charger's own state machine (`Standby`, `Enable`); not those of charging."""
# A polled answer has one power, at the charger, for both kinds of current.
AC_CHARGING_POWER = Signal(
    "ACChargingPower",
    number,
    (-25, 30),
    path="charge_state.charger_power,fast_charger_present",
    polled=_power(is_dc=False),
    null=0.0,
)
DC_CHARGING_POWER = Signal(
    "DCChargingPower",
    number,
    (-50, 1500),
    path="charge_state.charger_power,fast_charger_present",
    polled=_power(is_dc=True),
    null=0.0,
)
# Measured at the battery for both kinds of current, as the polled value is. What the charger counts
# is more, because it is before the losses, and means nothing during DC: one entity showing now the
# one and now the other would jump.
CHARGE_ENERGY_ADDED = Signal(
    "DCChargingEnergyIn", number, PACK_ENERGY, path="charge_state.charge_energy_added"
)
AC_CHARGE_ENERGY = Signal("ACChargingEnergyIn", number, PACK_ENERGY)
"""kWh into the charger in this session."""
# Not `charge_state.charge_amps`, which is the request.
CHARGER_CURRENT = Signal(
    "ChargeAmps", number, (0, 100), path="charge_state.charger_actual_current", null=0.0
)
CHARGER_VOLTAGE = Signal(
    "ChargerVoltage",
    number,
    PACK_VOLTS,
    path="charge_state.charger_voltage",
    null=0.0,
    firmware="2024.44.32",
)
CHARGER_PHASES = Signal("ChargerPhases", whole, (0, 3), path="charge_state.charger_phases")
CHARGE_RATE = Signal(
    "ChargeRateMilePerHour",
    kilometres,
    (0, 2500),
    path="charge_state.charge_rate",
    null=0.0,
    firmware="2025.2.6",
)
TIME_TO_FULL = Signal("TimeToFullCharge", number, (0, 250), path="charge_state.time_to_full_charge")
"""Hours, on a trip to the trip's target."""
TIME_TO_LIMIT = Signal(
    "EstimatedHoursToChargeTermination",
    number,
    (0, 250),
    path="charge_state.minutes_to_full_charge",
    polled=lambda value: number(value) / 60,
    firmware="2024.44.25",
)
"""Hours."""
CHARGE_LIMIT = Signal("ChargeLimitSoc", whole, PERCENT, path="charge_state.charge_limit_soc")
CHARGE_LIMIT_MINIMUM = Signal(
    "ChargeLimitSocMin", whole, PERCENT, path="charge_state.charge_limit_soc_min", streamed=False
)
CHARGE_LIMIT_MAXIMUM = Signal(
    "ChargeLimitSocMax", whole, PERCENT, path="charge_state.charge_limit_soc_max", streamed=False
)
CHARGE_CURRENT_REQUEST = Signal(
    "ChargeCurrentRequest", whole, (0, 100), path="charge_state.charge_current_request"
)
CHARGE_CURRENT_MAXIMUM = Signal(
    "ChargeCurrentRequestMax", whole, (0, 100), path="charge_state.charge_current_request_max"
)
CHARGE_ENABLED = Signal("ChargeEnableRequest", boolean, path="charge_state.charge_enable_request")
CHARGE_PORT_OPEN = Signal(
    "ChargePortDoorOpen",
    boolean,
    path="charge_state.charge_port_door_open",
    firmware="2024.44.25",
)
CHARGE_PORT_LATCH = Signal(
    "ChargePortLatch", one_of(*LATCH_STATES), path="charge_state.charge_port_latch"
)
CHARGE_PORT_COLD = Signal(
    "ChargePortColdWeatherMode", boolean, path="charge_state.charge_port_cold_weather_mode"
)
CABLE_TYPE = Signal(
    "ChargingCableType",
    one_of(*CABLE_TYPES),
    path="charge_state.conn_charge_cable",
    firmware="2024.44.25",
)
FAST_CHARGER = Signal("FastChargerPresent", boolean, path="charge_state.fast_charger_present")
FAST_CHARGER_TYPE = Signal(
    "FastChargerType",
    one_of(*FAST_CHARGER_TYPES, tesla="supercharger", ch_ade_mo="chademo"),
    path="charge_state.fast_charger_type",
    firmware="2024.44.25",
)
SUPERCHARGING_ON_TRIP = Signal(
    "SuperchargerSessionTripPlanner",
    boolean,
    path="charge_state.supercharger_session_trip_planner",
)
TRIP_CHARGING = Signal("TripCharging", boolean, path="charge_state.trip_charging", streamed=False)
SCHEDULED_CHARGING_MODE = Signal(
    "ScheduledChargingMode",
    one_of(*SCHEDULE_MODES),
    path="charge_state.scheduled_charging_mode",
)
SCHEDULED_CHARGING_PENDING = Signal(
    "ScheduledChargingPending", boolean, path="charge_state.scheduled_charging_pending"
)
SCHEDULED_CHARGING_START = Signal(
    "ScheduledChargingStartTime",
    instant,
    INSTANT,
    path="charge_state.scheduled_charging_start_time",
)
SCHEDULED_DEPARTURE = Signal(
    "ScheduledDepartureTime", instant, INSTANT, path="charge_state.scheduled_departure_time"
)
PRECONDITIONING_ENABLED = Signal(
    "PreconditioningEnabled", boolean, path="charge_state.preconditioning_enabled"
)
"""Whether the car is to be warm at the time of departure."""
# The rest of a scheduled departure, which only a polled answer tells; times are minutes after
# midnight.
DEPARTURE_MINUTES = Signal(
    "ScheduledDepartureTimeMinutes",
    whole,
    DAY_MINUTES,
    path="charge_state.scheduled_departure_time_minutes",
    streamed=False,
)
PRECONDITIONING_DAYS = Signal(
    "PreconditioningTimes",
    one_of(*SCHEDULE_DAYS),
    path="charge_state.preconditioning_times",
    streamed=False,
)
OFF_PEAK_ENABLED = Signal(
    "OffPeakChargingEnabled",
    boolean,
    path="charge_state.off_peak_charging_enabled",
    streamed=False,
)
OFF_PEAK_DAYS = Signal(
    "OffPeakChargingTimes",
    one_of(*SCHEDULE_DAYS),
    path="charge_state.off_peak_charging_times",
    streamed=False,
)
OFF_PEAK_END_MINUTES = Signal(
    "OffPeakHoursEndTime",
    whole,
    DAY_MINUTES,
    path="charge_state.off_peak_hours_end_time",
    streamed=False,
)
POWERSHARE_STATE = Signal("PowershareStatus", one_of(*POWERSHARE_STATES), firmware="2024.44.25")
POWERSHARE_TYPE = Signal("PowershareType", one_of(*POWERSHARE_TYPES), firmware="2024.44.25")
POWERSHARE_STOP_REASON = Signal(
    "PowershareStopReason", one_of(*POWERSHARE_STOP_REASONS), firmware="2024.44.25"
)
POWERSHARE_POWER = Signal(
    "PowershareInstantaneousPowerKW", number, (-25, 30), firmware="2024.44.25"
)
"""kW, positive out of the battery."""
POWERSHARE_HOURS = Signal("PowershareHoursLeft", whole, (0, 1000), firmware="2024.44.25")
POWER_TRANSFER_STATE = Signal("PowerTransferStatus", one_of(*POWER_TRANSFER_STATES), firmware=None)

# Driving
SPEED = Signal("VehicleSpeed", kilometres, (-30, 405), path="drive_state.speed", null=0.0)
SHIFT_STATE = Signal("Gear", one_of(*SHIFT_STATES), path="drive_state.shift_state", null="p")
DRIVE_POWER = Signal(
    "DrivePower", number, (-1500, 1500), path="drive_state.power", streamed=False, null=0.0
)
READY_TO_DRIVE = Signal("DriveRail", boolean)
GPS_TIME: Final = "gps_as_of"
"""A car that has no reception, or has just woken, answers with an old position."""
HEADING = Signal(
    "GpsHeading",
    number,
    (0, 360),
    path="drive_state.heading",
    scope="vehicle_location",
    as_of=GPS_TIME,
)
LOCATION = Signal(
    "Location",
    position,
    path="drive_state.latitude,longitude",
    scope="vehicle_location",
    as_of=GPS_TIME,
)
GPS_FIX = Signal("GpsState", boolean, scope="vehicle_location")
# Nobody says which scope it wants; the larger one gets it or leaves it out.
GPS_ACCURACY = Signal(
    "GpsAccuracyMeters", number, (0, 10_000), scope="vehicle_location", firmware=None
)
ODOMETER = Signal("Odometer", kilometres, (0.001, 4_000_000), path="vehicle_state.odometer")
PEDAL_POSITION = Signal("PedalPosition", number, PERCENT)
"""%."""
BRAKE_PEDAL = Signal("BrakePedal", boolean)
BRAKE_PRESSURE = Signal("BrakePedalPos", number, (-100, 3200))
"""Of the master cylinder; Tesla names no unit."""
LATERAL_ACCELERATION = Signal("LateralAcceleration", number, ACCELERATION)
LONGITUDINAL_ACCELERATION = Signal("LongitudinalAcceleration", number, ACCELERATION)
"""m/s²; Tesla's older text says g, but values of 10 were seen."""
# Tesla names no unit; whether it follows the car's display is not known.
CRUISE_SPEED = Signal("CruiseSetSpeed", kilometres, SPEED_SETTING)
CRUISE_DISTANCE = Signal("CruiseFollowDistance", digit, (0, 7))
"""The setting, 1 to 7."""
GRADE = Signal("GradeEstimatePercent", number, (-100, 100), firmware=None)
ROLLING_RESISTANCE = Signal("RollingResistanceCoefficient", number, (0, 100), firmware=None)
DISTANCE_SINCE_RESET = Signal(
    "MilesSinceReset", kilometres, (0, 4_000_000), firmware="2025.44.25.5"
)
SELF_DRIVEN_SINCE_RESET = Signal(
    "SelfDrivingMilesSinceReset", kilometres, (0, 4_000_000), firmware="2025.44.25.5"
)

# Route
ROUTE_DESTINATION = Signal(
    "DestinationName",
    text,
    path="drive_state.active_route_destination",
    absent=None,
    scope="vehicle_location",
)
ROUTE_LOCATION = Signal(
    "DestinationLocation",
    position,
    path="drive_state.active_route_latitude,active_route_longitude",
    absent=None,
    scope="vehicle_location",
)
ROUTE_ORIGIN = Signal("OriginLocation", position, absent=None, scope="vehicle_location")
ROUTE_LINE = Signal("RouteLine", text, absent=None, scope="vehicle_location")
"""Base64 of an encoded polyline of precision 6."""
ROUTE_DISTANCE = Signal(
    "MilesToArrival",
    kilometres,
    (-1, 20_000),
    path="drive_state.active_route_miles_to_arrival",
    absent=None,
)
ROUTE_MINUTES = Signal(
    "MinutesToArrival",
    number,
    (-1, 30_000),
    path="drive_state.active_route_minutes_to_arrival",
    absent=None,
)
ROUTE_ENERGY = Signal(
    "ExpectedEnergyPercentAtTripArrival",
    number,
    (-200, 100.5),
    path="drive_state.active_route_energy_at_arrival",
    absent=None,
    firmware="2024.44.25",
)
ROUTE_TRAFFIC_DELAY = Signal(
    "RouteTrafficMinutesDelay",
    number,
    (-1440, 1440),
    path="drive_state.active_route_traffic_minutes_delay",
    absent=None,
    firmware="2024.44.25",
)
ROUTE_SPEED = Signal(
    "MaxSpeedToReachDestinationMph", kilometres, SPEED_SETTING, absent=None, firmware=None
)
"""km/h, the fastest with which the charge lasts to the destination."""
AT_HOME = Signal("LocatedAtHome", boolean, firmware="2024.44.32")
AT_WORK = Signal("LocatedAtWork", boolean, firmware="2024.44.32")
AT_FAVOURITE = Signal("LocatedAtFavorite", boolean, firmware="2024.44.32")

# Drive units: rear, front, and on cars with three motors rear left and rear right
INVERTER_REAR = Signal("DiStateR", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_FRONT = Signal("DiStateF", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_LEFT = Signal("DiStateREL", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_RIGHT = Signal("DiStateRER", one_of(*INVERTER_STATES, unavailable="not_available"))
AXLE_SPEED_REAR = Signal("DiAxleSpeedR", number, AXLE_SPEED)
"""rad/s."""
AXLE_SPEED_FRONT = Signal("DiAxleSpeedF", number, AXLE_SPEED)
AXLE_SPEED_REAR_LEFT = Signal("DiAxleSpeedREL", number, AXLE_SPEED)
AXLE_SPEED_REAR_RIGHT = Signal("DiAxleSpeedRER", number, AXLE_SPEED)
TORQUE_REQUEST = Signal("DiTorquemotor", number, TORQUE)
"""Nm, at the axle."""
TORQUE_REQUEST_SECOND = Signal("DiSlaveTorqueCmd", number, TORQUE)
TORQUE_REAR = Signal("DiTorqueActualR", number, TORQUE)
TORQUE_FRONT = Signal("DiTorqueActualF", number, TORQUE)
TORQUE_REAR_LEFT = Signal("DiTorqueActualREL", number, TORQUE)
TORQUE_REAR_RIGHT = Signal("DiTorqueActualRER", number, TORQUE)
STATOR_REAR = Signal("DiStatorTempR", number, DRIVE_TEMPERATURE)
STATOR_FRONT = Signal("DiStatorTempF", number, DRIVE_TEMPERATURE)
STATOR_REAR_LEFT = Signal("DiStatorTempREL", number, DRIVE_TEMPERATURE)
STATOR_REAR_RIGHT = Signal("DiStatorTempRER", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR = Signal("DiHeatsinkTR", number, DRIVE_TEMPERATURE)
HEAT_SINK_FRONT = Signal("DiHeatsinkTF", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_LEFT = Signal("DiHeatsinkTREL", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_RIGHT = Signal("DiHeatsinkTRER", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR = Signal("DiInverterTR", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_FRONT = Signal("DiInverterTF", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_LEFT = Signal("DiInverterTREL", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_RIGHT = Signal("DiInverterTRER", number, DRIVE_TEMPERATURE)
INVERTER_VOLTAGE_REAR = Signal("DiVBatR", number, PACK_VOLTS)
INVERTER_VOLTAGE_FRONT = Signal("DiVBatF", number, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_LEFT = Signal("DiVBatREL", number, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_RIGHT = Signal("DiVBatRER", number, PACK_VOLTS)
MOTOR_CURRENT_REAR = Signal("DiMotorCurrentR", number, PACK_AMPERES)
MOTOR_CURRENT_FRONT = Signal("DiMotorCurrentF", number, PACK_AMPERES)
MOTOR_CURRENT_REAR_LEFT = Signal("DiMotorCurrentREL", number, PACK_AMPERES)
MOTOR_CURRENT_REAR_RIGHT = Signal("DiMotorCurrentRER", number, PACK_AMPERES)

# Climate
INSIDE_TEMPERATURE = Signal(
    "InsideTemp", number, CABIN_TEMPERATURE, path="climate_state.inside_temp"
)
OUTSIDE_TEMPERATURE = Signal(
    "OutsideTemp", number, AIR_TEMPERATURE, path="climate_state.outside_temp"
)
# The streamed word says at once what a polled answer has in three keys.
CLIMATE_ON = Signal(
    "HvacPower",
    unless("off", "overheat_protect"),
    path="climate_state.is_climate_on",
    firmware="2024.44.25",
)
PRECONDITIONING = Signal(
    "HvacPower.Precondition",
    truth("precondition", no=("off", "on", "overheat_protect")),
    path="climate_state.is_preconditioning",
    firmware="2024.44.25",
)
OVERHEAT_COOLING = Signal(
    "HvacPower.OverheatProtect",
    truth("overheat_protect", no=("off", "on", "precondition")),
    path="climate_state.cabin_overheat_protection_actively_cooling",
    firmware="2024.44.25",
)
CLIMATE_POWER = Signal("HvacPower.State", one_of(*CLIMATE_POWER_STATES), firmware="2024.44.25")
# Tesla names the streamed requests by side, the polled ones by driver; on right-hand drive cars
# the two are crossed, which the stream's decoder has to undo.
TEMPERATURE_STEP: Final = 0.5
"""°C; a car that shows °F keeps whole ones of those, and reports 72 °F as 22.2 °C."""
DRIVER_TEMPERATURE = Signal(
    "HvacLeftTemperatureRequest",
    number,
    CLIMATE_SETTING,
    path="climate_state.driver_temp_setting",
    firmware="2024.44.25",
    step=TEMPERATURE_STEP,
)
PASSENGER_TEMPERATURE = Signal(
    "HvacRightTemperatureRequest",
    number,
    CLIMATE_SETTING,
    path="climate_state.passenger_temp_setting",
    firmware="2024.44.25",
    step=TEMPERATURE_STEP,
)
MINIMUM_TEMPERATURE = Signal(
    "MinAvailTemp", number, CLIMATE_SETTING, path="climate_state.min_avail_temp", streamed=False
)
MAXIMUM_TEMPERATURE = Signal(
    "MaxAvailTemp", number, CLIMATE_SETTING, path="climate_state.max_avail_temp", streamed=False
)
CLIMATE_KEEPER = Signal(
    "ClimateKeeperMode",
    one_of(*KEEPER_MODES, party="camp", keep="on"),
    path="climate_state.climate_keeper_mode",
    firmware="2024.44.25",
)
CLIMATE_AUTOMATIC = Signal(
    "HvacAutoMode",
    truth("on", no=("override", "off")),
    path="climate_state.hvac_auto_request",
    firmware="2024.44.25",
)
AIR_CONDITIONING = Signal("HvacACEnabled", boolean, firmware="2024.44.25")
FAN_SETTING = Signal("HvacFanSpeed", whole, (0, 12), firmware="2024.44.25")
"""0 to 10."""
FAN_SPEED = Signal(
    "HvacFanStatus", whole, (0, 12), path="climate_state.fan_status", firmware="2024.44.25"
)
"""0 to 10."""
DEFROST = Signal(
    "DefrostMode", unless("off"), path="climate_state.defrost_mode", firmware="2024.44.25"
)
DEFROST_BY_PRECONDITIONING = Signal("DefrostForPreconditioning", boolean, firmware="2024.44.25")
REAR_DEFROST = Signal(
    "RearDefrostEnabled",
    boolean,
    path="climate_state.is_rear_defroster_on",
    firmware="2025.2.6",
)
WIPER_HEATER = Signal(
    "WiperHeatEnabled", boolean, path="climate_state.wiper_blade_heater", firmware="2024.44.25"
)
OVERHEAT_MODE = Signal(
    "CabinOverheatProtectionMode",
    one_of(*OVERHEAT_PROTECTION),
    path="climate_state.cabin_overheat_protection",
    firmware="2024.44.25",
)
OVERHEAT_LIMIT = Signal(
    "CabinOverheatProtectionTemperatureLimit",
    one_of(*OVERHEAT_LIMITS),
    path="climate_state.cop_activation_temperature",
    firmware="2024.44.25",
)
"""Low is 30 °C, medium 35 °C, high 40 °C."""
OVERHEAT_BY_FAN = Signal(
    "SupportsFanOnlyCabinOverheatProtection",
    boolean,
    path="climate_state.supports_fan_only_cabin_overheat_protection",
    streamed=False,
)
"""Whether it can protect the cabin with the fan alone."""
OVERHEAT_LIMIT_CHOSEN = Signal(
    "CopUserSetTempSupported",
    boolean,
    path="vehicle_config.cop_user_set_temp_supported",
    streamed=False,
)
"""Whether the owner chooses the limit."""
BIOWEAPON_MODE = Signal(
    "BioweaponMode", boolean, path="climate_state.bioweapon_mode", streamed=False
)
REAR_DISPLAY_CLIMATE = Signal("RearDisplayHvacEnabled", boolean, firmware="2024.44.25")

# Seats and steering wheel
SEAT_HEATER_LEFT = Signal(
    "SeatHeaterLeft", whole, HEAT_LEVEL, path="climate_state.seat_heater_left"
)
SEAT_HEATER_RIGHT = Signal(
    "SeatHeaterRight", whole, HEAT_LEVEL, path="climate_state.seat_heater_right"
)
SEAT_HEATER_REAR_LEFT = Signal(
    "SeatHeaterRearLeft", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_left"
)
SEAT_HEATER_REAR_CENTER = Signal(
    "SeatHeaterRearCenter", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_center"
)
SEAT_HEATER_REAR_RIGHT = Signal(
    "SeatHeaterRearRight", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_right"
)
# Not every car has these, and the stream has none of them.
SEAT_HEATER_REAR_LEFT_BACK = Signal(
    "SeatHeaterRearLeftBack",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_rear_left_back",
    streamed=False,
)
SEAT_HEATER_REAR_RIGHT_BACK = Signal(
    "SeatHeaterRearRightBack",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_rear_right_back",
    streamed=False,
)
SEAT_HEATER_THIRD_ROW_LEFT = Signal(
    "SeatHeaterThirdRowLeft",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_third_row_left",
    streamed=False,
)
SEAT_HEATER_THIRD_ROW_RIGHT = Signal(
    "SeatHeaterThirdRowRight",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_third_row_right",
    streamed=False,
)
SEAT_COOLER_LEFT = Signal(
    "ClimateSeatCoolingFrontLeft",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_fan_front_left",
    firmware="2024.44.32",
)
SEAT_COOLER_RIGHT = Signal(
    "ClimateSeatCoolingFrontRight",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_fan_front_right",
    firmware="2024.44.32",
)
SEAT_VENTILATION = Signal("SeatVentEnabled", boolean, firmware="2025.2.6")
AUTO_SEAT_LEFT = Signal("AutoSeatClimateLeft", boolean, path="climate_state.auto_seat_climate_left")
AUTO_SEAT_RIGHT = Signal(
    "AutoSeatClimateRight", boolean, path="climate_state.auto_seat_climate_right"
)
STEERING_WHEEL_LEVEL = Signal(
    "HvacSteeringWheelHeatLevel",
    whole,
    HEAT_LEVEL,
    path="climate_state.steering_wheel_heat_level",
    firmware="2024.44.25",
)
STEERING_WHEEL_HEATER = Signal(
    "HvacSteeringWheelHeatLevel.On",
    _is_heated,
    path="climate_state.steering_wheel_heater",
    polled=boolean,
    firmware="2024.44.25",
)
AUTO_STEERING_WHEEL = Signal(
    "HvacSteeringWheelHeatAuto",
    boolean,
    path="climate_state.auto_steering_wheel_heat",
    firmware="2024.44.25",
)
USER_PRESENT = Signal("DriverSeatOccupied", boolean, path="vehicle_state.is_user_present")
# Tesla: true tells that the belt was opened. The field is listed as a flag, and has an enumeration.
DRIVER_BELT_OPEN = Signal("DriverSeatBelt", truth("unlatched", no=("latched",)))
# Tesla: it tells of this belt, whatever its name says.
REAR_CENTER_BELT_OPEN = Signal("PassengerSeatBelt", truth("unlatched", no=("latched",)))

# Closures and safety
LOCKED = Signal("Locked", boolean, path="vehicle_state.locked")
# Before firmware 2024.44.32 the stream has DriverRear and PassengerFront crossed; its decoder
# undoes that.
DOOR_DRIVER_FRONT = Signal("DoorState.DriverFront", is_open, path="vehicle_state.df")
DOOR_DRIVER_REAR = Signal("DoorState.DriverRear", is_open, path="vehicle_state.dr")
DOOR_PASSENGER_FRONT = Signal("DoorState.PassengerFront", is_open, path="vehicle_state.pf")
DOOR_PASSENGER_REAR = Signal("DoorState.PassengerRear", is_open, path="vehicle_state.pr")
FRUNK = Signal("DoorState.TrunkFront", is_open, path="vehicle_state.ft")
TRUNK = Signal("DoorState.TrunkRear", is_open, path="vehicle_state.rt")
WINDOW_DRIVER_FRONT = Signal("FdWindow", is_open, path="vehicle_state.fd_window")
WINDOW_PASSENGER_FRONT = Signal("FpWindow", is_open, path="vehicle_state.fp_window")
WINDOW_DRIVER_REAR = Signal("RdWindow", is_open, path="vehicle_state.rd_window")
WINDOW_PASSENGER_REAR = Signal("RpWindow", is_open, path="vehicle_state.rp_window")
TONNEAU_POSITION = Signal("TonneauPosition", one_of(*TONNEAU_POSITIONS), firmware="2024.44.25")
TONNEAU_OPEN_PERCENT = Signal("TonneauOpenPercent", number, PERCENT, firmware="2024.44.25")
# Only Model S from before 2021 have one; the stream does not tell how it stands.
SUNROOF_OPEN = Signal(
    "SunroofOpen", unless("closed"), path="vehicle_state.sun_roof_state", streamed=False
)
TENT_MODE = Signal("TonneauTentMode", one_of(*TENT_MODES), firmware="2024.44.25")
SENTRY_MODE = Signal("SentryMode", unless("off"), path="vehicle_state.sentry_mode")
SENTRY_STATE = Signal("SentryMode.State", one_of(*SENTRY_STATES))
DASHCAM_RECORDING = Signal(
    "DashcamState", is_recording, path="vehicle_state.dashcam_state", streamed=False
)
VALET_MODE = Signal(
    "ValetModeEnabled", boolean, path="vehicle_state.valet_mode", firmware="2024.44.25"
)
GUEST_MODE = Signal("GuestModeEnabled", boolean)
GUEST_ACCESS = Signal("GuestModeMobileAccessState", one_of(*GUEST_ACCESS_STATES))
PIN_TO_DRIVE = Signal("PinToDriveEnabled", boolean)
SERVICE_MODE = Signal("ServiceMode", boolean, path="vehicle_state.service_mode")
REMOTE_START = Signal(
    "RemoteStartEnabled", boolean, path="vehicle_state.remote_start", firmware="2024.44.25"
)
"""Whether it may be driven without a key now, after a remote start."""
REMOTE_START_ACTIVE = Signal("RemoteStartActive", boolean, firmware=None)
PAIRED_KEYS = Signal("PairedPhoneKeyAndKeyFobQty", whole, (0, 100))
SPEED_LIMIT_MODE = Signal("SpeedLimitMode", boolean, path="vehicle_state.speed_limit_mode.active")
SPEED_LIMIT = Signal(
    "CurrentLimitMph",
    kilometres,
    SPEED_SETTING,
    path="vehicle_state.speed_limit_mode.current_limit_mph",
    step=KILOMETRES_PER_MILE,
)
HOMELINK_NEARBY = Signal(
    "HomelinkNearby", boolean, path="vehicle_state.homelink_nearby", firmware="2024.44.25"
)
HOMELINK_DEVICES = Signal(
    "HomelinkDeviceCount",
    whole,
    (0, 20),
    path="vehicle_state.homelink_device_count",
    firmware="2024.44.25",
)
HAZARD_LIGHTS = Signal("LightsHazardsActive", boolean, firmware="2025.2.6")
HIGH_BEAMS = Signal("LightsHighBeams", boolean, firmware="2025.2.6")
TURN_SIGNAL = Signal("LightsTurnSignal", one_of(*TURN_SIGNALS), firmware="2025.2.6")
ACCESSORY_POWER = Signal("AccessoryRail", boolean, firmware=None)
PORT_12V_STAYS_ON = Signal("Cabin12vPortKeepOn", truth("on", no=("off",)), firmware=None)
PORT_48V_STAYS_ON = Signal("Cabin48vPortKeepOn", truth("on", no=("off",)), firmware=None)

# Driver assistance
FORWARD_COLLISION_WARNING = Signal("ForwardCollisionWarning", one_of(*COLLISION_WARNINGS))
LANE_DEPARTURE_AVOIDANCE = Signal("LaneDepartureAvoidance", one_of(*LANE_ASSISTANCE))
EMERGENCY_LANE_DEPARTURE_AVOIDANCE = Signal("EmergencyLaneDepartureAvoidance", boolean)
SPEED_LIMIT_WARNING = Signal("SpeedLimitWarning", one_of(*SPEED_WARNINGS))
EMERGENCY_BRAKING_OFF = Signal("AutomaticEmergencyBrakingOff", boolean)
EMERGENCY_BRAKING_STATE = Signal(
    "AutomaticEmergencyBrakingState",
    one_of(*EMERGENCY_BRAKING_STATES, unavailable="not_available"),
    firmware=None,
)
BLIND_SPOT_CAMERA = Signal("AutomaticBlindSpotCamera", boolean)
BLIND_SPOT_CHIME = Signal("BlindSpotCollisionWarningChime", boolean)

# Tyres: bar, as Tesla documents it for both sources; some public clients take the stream for atm,
# which is 1.3 % more.
PRESSURE_FRONT_LEFT = Signal(
    "TpmsPressureFl", number, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_fl"
)
PRESSURE_FRONT_RIGHT = Signal(
    "TpmsPressureFr", number, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_fr"
)
PRESSURE_REAR_LEFT = Signal(
    "TpmsPressureRl", number, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_rl"
)
PRESSURE_REAR_RIGHT = Signal(
    "TpmsPressureRr", number, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_rr"
)
PRESSURE_TIME_FRONT_LEFT = Signal(
    "TpmsLastSeenPressureTimeFl",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_fl",
)
PRESSURE_TIME_FRONT_RIGHT = Signal(
    "TpmsLastSeenPressureTimeFr",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_fr",
)
PRESSURE_TIME_REAR_LEFT = Signal(
    "TpmsLastSeenPressureTimeRl",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_rl",
)
PRESSURE_TIME_REAR_RIGHT = Signal(
    "TpmsLastSeenPressureTimeRr",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_rr",
)
LOW_TYRE_FRONT_LEFT = Signal(
    "TpmsSoftWarnings.FrontLeft",
    boolean,
    path="vehicle_state.tpms_soft_warning_fl",
    firmware="2024.44.25",
)
LOW_TYRE_FRONT_RIGHT = Signal(
    "TpmsSoftWarnings.FrontRight",
    boolean,
    path="vehicle_state.tpms_soft_warning_fr",
    firmware="2024.44.25",
)
LOW_TYRE_REAR_LEFT = Signal(
    "TpmsSoftWarnings.RearLeft",
    boolean,
    path="vehicle_state.tpms_soft_warning_rl",
    firmware="2024.44.25",
)
LOW_TYRE_REAR_RIGHT = Signal(
    "TpmsSoftWarnings.RearRight",
    boolean,
    path="vehicle_state.tpms_soft_warning_rr",
    firmware="2024.44.25",
)
FLAT_TYRE_FRONT_LEFT = Signal(
    "TpmsHardWarnings.FrontLeft",
    boolean,
    path="vehicle_state.tpms_hard_warning_fl",
    firmware="2024.44.25",
)
FLAT_TYRE_FRONT_RIGHT = Signal(
    "TpmsHardWarnings.FrontRight",
    boolean,
    path="vehicle_state.tpms_hard_warning_fr",
    firmware="2024.44.25",
)
FLAT_TYRE_REAR_LEFT = Signal(
    "TpmsHardWarnings.RearLeft",
    boolean,
    path="vehicle_state.tpms_hard_warning_rl",
    firmware="2024.44.25",
)
FLAT_TYRE_REAR_RIGHT = Signal(
    "TpmsHardWarnings.RearRight",
    boolean,
    path="vehicle_state.tpms_hard_warning_rr",
    firmware="2024.44.25",
)

# Software
# Before firmware 2024.44.32 the stream may tell the version on offer; its decoder leaves that out.
SOFTWARE_VERSION = Signal("Version", first_word, path="vehicle_state.car_version")
UPDATE_STATUS = Signal(
    "SoftwareUpdateStatus",
    lambda value: one_of(*UPDATE_STATES)(value) if text(value) else None,
    path="vehicle_state.software_update.status",
    streamed=False,
)
UPDATE_VERSION = Signal(
    "SoftwareUpdateVersion",
    first_word,
    path="vehicle_state.software_update.version",
    firmware="2024.44.25",
)
UPDATE_DOWNLOADED = Signal(
    "SoftwareUpdateDownloadPercentComplete",
    whole,
    PERCENT,
    path="vehicle_state.software_update.download_perc",
    firmware="2024.44.25",
)
UPDATE_INSTALLED = Signal(
    "SoftwareUpdateInstallationPercentComplete",
    whole,
    PERCENT,
    path="vehicle_state.software_update.install_perc",
    firmware="2024.44.25",
)
UPDATE_MINUTES = Signal(
    "SoftwareUpdateExpectedDurationMinutes",
    whole,
    DAY_MINUTES,
    path="vehicle_state.software_update.expected_duration_sec",
    polled=lambda value: round(number(value) / 60),
    firmware="2024.44.25",
)
UPDATE_START = Signal(
    "SoftwareUpdateScheduledStartTime",
    instant,
    INSTANT,
    path="vehicle_state.software_update.scheduled_time_ms",
    polled=lambda value: instant(number(value) / 1000),
    firmware="2024.44.25",
)
UPDATE_AVAILABLE = Signal("SoftwareUpdateAvailable", boolean, firmware=None)
UPDATE_IN_PROGRESS = Signal("SoftwareUpdateInProgress", boolean, firmware=None)

# Media
MEDIA_STATUS = Signal(
    "MediaPlaybackStatus",
    one_of(*MEDIA_STATES),
    path="vehicle_state.media_info.media_playback_status",
    firmware="2025.2.6",
)
MEDIA_PLAYING = Signal(
    "MediaPlaybackStatus.Playing",
    truth("playing", no=("stopped", "paused")),
    path="vehicle_state.media_info.media_playback_status",
    firmware="2025.2.6",
)
"""The same as true or false: what has to be known before a command that toggles it."""
MEDIA_SOURCE = Signal(
    "MediaPlaybackSource",
    text,
    path="vehicle_state.media_info.now_playing_source",
    firmware="2025.2.6",
)
MEDIA_VOLUME = Signal(
    "MediaAudioVolume",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume",
    firmware="2025.2.6",
    step=1 / 3,
)
MEDIA_VOLUME_STEP = Signal(
    "MediaAudioVolumeIncrement",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume_increment",
    firmware="2025.2.6",
)
MEDIA_VOLUME_MAXIMUM = Signal(
    "MediaAudioVolumeMax",
    number,
    VOLUME,
    path="vehicle_state.media_info.audio_volume_max",
    firmware="2025.2.6",
)
MEDIA_DURATION = Signal(
    "MediaNowPlayingDuration",
    whole,
    PLAYING_TIME,
    path="vehicle_state.media_info.now_playing_duration",
    firmware="2025.2.6",
)
"""Milliseconds."""
MEDIA_ELAPSED = Signal(
    "MediaNowPlayingElapsed",
    whole,
    PLAYING_TIME,
    path="vehicle_state.media_info.now_playing_elapsed",
    firmware="2025.2.6",
)
"""Milliseconds."""
MEDIA_TITLE = Signal(
    "MediaNowPlayingTitle",
    text,
    path="vehicle_state.media_info.now_playing_title",
    firmware="2025.2.6",
)
MEDIA_ARTIST = Signal(
    "MediaNowPlayingArtist",
    text,
    path="vehicle_state.media_info.now_playing_artist",
    firmware="2025.2.6",
)
MEDIA_ALBUM = Signal(
    "MediaNowPlayingAlbum",
    text,
    path="vehicle_state.media_info.now_playing_album",
    firmware="2025.2.6",
)
MEDIA_STATION = Signal(
    "MediaNowPlayingStation",
    text,
    path="vehicle_state.media_info.now_playing_station",
    firmware="2025.2.6",
)

# Equipment and preferences
VEHICLE_NAME = Signal("VehicleName", text, path="vehicle_state.vehicle_name")
MODEL = Signal("CarType", one_of(*MODELS, **_MODEL_WORDS), path="vehicle_config.car_type")
TRIM = Signal("Trim", upper_case, path="vehicle_config.trim_badging")
EXTERIOR_COLOUR = Signal("ExteriorColor", text, path="vehicle_config.exterior_color")
ROOF_COLOUR = Signal("RoofColor", text, path="vehicle_config.roof_color")
WHEEL_TYPE = Signal("WheelType", text, path="vehicle_config.wheel_type", firmware="2024.44.25")
EFFICIENCY_PACKAGE = Signal(
    "EfficiencyPackage", text, path="vehicle_config.efficiency_package", firmware="2024.44.25"
)
CHARGE_PORT_TYPE = Signal(
    "ChargePort", one_of(*CHARGE_PORT_TYPES), path="vehicle_config.charge_port_type"
)
# The stream has a text here whose words are not documented, the polled answer a number.
REAR_SEAT_HEATERS = Signal(
    "RearSeatHeaterCount", whole, (0, 7), path="vehicle_config.rear_seat_heaters", streamed=False
)
REAR_SEAT_HEATER_PACKAGE = Signal("RearSeatHeaters", text, firmware="2024.44.25")
RIGHT_HAND_DRIVE = Signal(
    "RightHandDrive", boolean, path="vehicle_config.rhd", firmware="2024.44.25"
)
EUROPEAN = Signal("EuropeVehicle", boolean, path="vehicle_config.eu_vehicle", firmware="2024.44.25")
SUNROOF = Signal(
    "SunroofInstalled",
    unless("not_installed"),
    path="vehicle_config.sun_roof_installed",
    # So say cars that never had the option.
    null=False,
    firmware="2025.2.6",
)
SEAT_COOLERS = Signal(
    "HasSeatCooling", boolean, path="vehicle_config.has_seat_cooling", streamed=False
)
THIRD_ROW = Signal(
    "ThirdRowSeats", unless("none"), path="vehicle_config.third_row_seats", streamed=False
)
LIGHT_BAR = Signal("OffroadLightbarPresent", boolean, firmware="2024.44.25")
MOTORIZED_CHARGE_PORT = Signal(
    "MotorizedChargePort", boolean, path="vehicle_config.motorized_charge_port", streamed=False
)
POWER_LIFTGATE = Signal("PowerLiftgate", boolean, path="vehicle_config.plg", streamed=False)
CAN_ACTUATE_TRUNKS = Signal(
    "CanActuateTrunks", boolean, path="vehicle_config.can_actuate_trunks", streamed=False
)
CENTER_DISPLAY = Signal(
    "CenterDisplay",
    one_of(*DISPLAY_STATES),
    path="vehicle_state.center_display_state",
    polled=_display_state,
    firmware="2024.44.25",
)
# What the display shows; Tesla's values do not follow it.
DISTANCE_UNIT = Signal(
    "SettingDistanceUnit",
    one_of("miles", "kilometers", **{"mi/hr": "miles", "km/hr": "kilometers"}),
    path="gui_settings.gui_distance_units",
    firmware="2024.44.32",
)
TEMPERATURE_UNIT = Signal(
    "SettingTemperatureUnit",
    one_of("fahrenheit", "celsius", f="fahrenheit", c="celsius"),
    path="gui_settings.gui_temperature_units",
    firmware="2024.44.32",
)
PRESSURE_UNIT = Signal(
    "SettingTirePressureUnit",
    one_of("psi", "bar"),
    path="gui_settings.gui_tirepressure_units",
    firmware="2024.44.32",
)
# Nobody verified which polled key is the same.
CHARGE_UNIT = Signal("SettingChargeUnit", one_of("distance", "percent"), firmware="2024.44.32")
CLOCK_OF_24_HOURS = Signal(
    "Setting24HourTime", boolean, path="gui_settings.gui_24_hour_time", firmware="2024.44.32"
)

# The Semi's own: middle (1) and rear (2) axle, left and right, inner and outer tyre
SEMI_PRESSURE_1_LEFT_0 = Signal("SemitruckTpmsPressureRe1L0", number, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_1_LEFT_1 = Signal("SemitruckTpmsPressureRe1L1", number, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_1_RIGHT_0 = Signal(
    "SemitruckTpmsPressureRe1R0", number, SEMI_TYRE_PRESSURE, semi=True
)
SEMI_PRESSURE_1_RIGHT_1 = Signal(
    "SemitruckTpmsPressureRe1R1", number, SEMI_TYRE_PRESSURE, semi=True
)
SEMI_PRESSURE_2_LEFT_0 = Signal("SemitruckTpmsPressureRe2L0", number, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_LEFT_1 = Signal("SemitruckTpmsPressureRe2L1", number, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_RIGHT_0 = Signal(
    "SemitruckTpmsPressureRe2R0", number, SEMI_TYRE_PRESSURE, semi=True
)
SEMI_PRESSURE_2_RIGHT_1 = Signal(
    "SemitruckTpmsPressureRe2R1", number, SEMI_TYRE_PRESSURE, semi=True
)
SEMI_SEAT = Signal("SemitruckPassengerSeatFoldPosition", one_of(*SEAT_POSITIONS), semi=True)
SEMI_TRACTOR_BRAKE = Signal("SemitruckTractorParkBrakeStatus", one_of(*AIR_BRAKES), semi=True)
SEMI_TRAILER_BRAKE = Signal("SemitruckTrailerParkBrakeStatus", one_of(*AIR_BRAKES), semi=True)
SEMI_CRUISE_LIMIT = Signal(
    "SemiCruiseSpeedLimitMph", kilometres, SPEED_SETTING, firmware=None, semi=True
)
SEMI_MASS = Signal("SemiVehicleMassKg", number, (0, 60_000), firmware=None, semi=True)

DOORS: Final = (
    DOOR_DRIVER_FRONT,
    DOOR_DRIVER_REAR,
    DOOR_PASSENGER_FRONT,
    DOOR_PASSENGER_REAR,
)
WINDOWS: Final = (
    WINDOW_DRIVER_FRONT,
    WINDOW_PASSENGER_FRONT,
    WINDOW_DRIVER_REAR,
    WINDOW_PASSENGER_REAR,
)


def _connector_power(value: object) -> float | None:
    """The sum over the site's wall connectors, W; None without any."""
    if not isinstance(value, list):
        raise Unrecognised(value)
    if not value:
        return None
    return sum((number(each.get("wall_connector_power") or 0) for each in value), 0.0)


def _count(value: object) -> int:
    """How many there are in a list."""
    if not isinstance(value, list):
        raise Unrecognised(value)
    return len(value)


def _any_open(state: State) -> bool | None:
    """True if one window is known to be open; false only if all are known to be closed."""
    known = [state[window] for window in WINDOWS]
    if True in known:
        return True
    return None if None in known else False


def _tonneau_open(state: State) -> bool | None:
    position = state[TONNEAU_POSITION]
    return None if position is None else position != "closed"


def _plugged_in(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging != "disconnected"


def _is_charging(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging in ("charging", "starting")


def _charger_power(state: State) -> float | None:
    """Power in kW; each field is only good for its own kind of current."""
    alternating, direct = state[AC_CHARGING_POWER], state[DC_CHARGING_POWER]
    match state[FAST_CHARGER]:
        case True:
            return direct
        case False:
            return alternating
    return alternating or (alternating if direct is None else direct)


def _connected_cable(state: State) -> str | None:
    """The kind of cable; the stream calls it invalid when it is pulled, and also before sleep."""
    return None if _plugged_in(state) is False else state[CABLE_TYPE]


def _later(state: State, signal: Signal[float], unit: timedelta) -> datetime | None:
    """The instant that a remaining time points to, to the minute, so that it does not jitter."""
    reading = state.reading(signal)
    if reading is None or not reading.value:
        return None
    moment = reading.time + reading.value * unit
    return (moment + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _charge_end(state: State) -> datetime | None:
    if not _is_charging(state):
        return None
    return _later(state, TIME_TO_FULL, timedelta(hours=1))


def _arrival(state: State) -> datetime | None:
    return _later(state, ROUTE_MINUTES, timedelta(minutes=1))


def _date_of(name: str, signal: Signal[float]) -> Derived[datetime]:
    """A signal of Unix seconds, which the stored state can hold, as a date."""

    def compute(state: State) -> datetime | None:
        seconds = state[signal]
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    return Derived(name, signal, compute=compute)


def _pack_power(state: State) -> float | None:
    """Power in kW, positive into the pack."""
    voltage, current = state[PACK_VOLTAGE], state[PACK_CURRENT]
    return None if voltage is None or current is None else voltage * current / 1000


def _imbalance(state: State) -> float | None:
    """Volts between the fullest and the emptiest brick."""
    highest, lowest = state[BRICK_VOLTAGE_HIGHEST], state[BRICK_VOLTAGE_LOWEST]
    return None if highest is None or lowest is None else highest - lowest


def _update_stage(state: State) -> str | None:
    """Stage of the update that is on offer; None if there is none.

    The stream has no such word. A polled one stands until the stream reports something newer; from
    then on the stage follows from what the stream does report. A download goes from 0 to 100
    several times. After an installation only the version is reported: the offer stays as it was.
    """
    offer, version = state.reading(UPDATE_VERSION), state.reading(SOFTWARE_VERSION)
    offered = None if offer is None else offer.value
    is_installed = version is not None and version.value == offered
    times = [each.time for row in _UPDATE_SIGNALS if (each := state.reading(row)) is not None]
    newest = max(times, default=_LONG_AGO)
    status = state.reading(UPDATE_STATUS)
    if status is not None and newest <= status.time:
        is_over = is_installed and version is not None and version.time > status.time
        return None if is_over else status.value
    if offer is None or offered is None or is_installed:
        return None
    installed = state.reading(UPDATE_INSTALLED)
    # What was reported before this offer is of an earlier update.
    if (
        installed is not None
        and installed.time >= offer.time
        and _PREPARED < (installed.value or 0) < _ALL
    ):
        return "installing"
    downloaded = state[UPDATE_DOWNLOADED] or 0
    if 0 < downloaded < _ALL:
        return "downloading"
    if (state[UPDATE_START] or 0) > newest.timestamp():
        return "scheduled"
    return "available" if downloaded >= _ALL else "downloading_wifi_wait"


_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_PREPARED: Final = 10
"""% of an installation that cars count while they download and unpack. Source: captured data."""
_ALL: Final = 100
_UPDATE_SIGNALS: Final[tuple[Signal[Any], ...]] = (
    UPDATE_VERSION,
    UPDATE_DOWNLOADED,
    UPDATE_INSTALLED,
    UPDATE_START,
)

WINDOWS_OPEN = Derived("WindowsOpen", *WINDOWS, compute=_any_open)
TONNEAU_OPEN = Derived("TonneauOpen", TONNEAU_POSITION, compute=_tonneau_open)
PLUGGED_IN = Derived("PluggedIn", CHARGING_STATE, compute=_plugged_in)
IS_CHARGING = Derived("IsCharging", CHARGING_STATE, compute=_is_charging)
CHARGER_POWER = Derived(
    "ChargerPower", AC_CHARGING_POWER, DC_CHARGING_POWER, FAST_CHARGER, compute=_charger_power
)
CONNECTED_CABLE = Derived("ConnectedCable", CABLE_TYPE, CHARGING_STATE, compute=_connected_cable)
CHARGE_END = Derived("ChargeEnd", TIME_TO_FULL, CHARGING_STATE, compute=_charge_end)
ROUTE_ARRIVAL = Derived("RouteArrival", ROUTE_MINUTES, compute=_arrival)
CHARGING_STARTS = _date_of("ChargingStarts", SCHEDULED_CHARGING_START)
DEPARTURE = _date_of("Departure", SCHEDULED_DEPARTURE)
PRESSURE_SEEN_FRONT_LEFT = _date_of("PressureSeenFrontLeft", PRESSURE_TIME_FRONT_LEFT)
PRESSURE_SEEN_FRONT_RIGHT = _date_of("PressureSeenFrontRight", PRESSURE_TIME_FRONT_RIGHT)
PRESSURE_SEEN_REAR_LEFT = _date_of("PressureSeenRearLeft", PRESSURE_TIME_REAR_LEFT)
PRESSURE_SEEN_REAR_RIGHT = _date_of("PressureSeenRearRight", PRESSURE_TIME_REAR_RIGHT)
PACK_POWER = Derived("PackPower", PACK_VOLTAGE, PACK_CURRENT, compute=_pack_power)
BRICK_IMBALANCE = Derived(
    "BrickImbalance", BRICK_VOLTAGE_HIGHEST, BRICK_VOLTAGE_LOWEST, compute=_imbalance
)
UPDATE_STAGE = Derived(
    "UpdateStage", UPDATE_STATUS, SOFTWARE_VERSION, *_UPDATE_SIGNALS, compute=_update_stage
)

# --- Energy sites: power in W, energy in Wh ------------------------------------------------------

SOLAR_POWER = Signal(
    "SolarPower", number, SITE_POWER, path="live_status.solar_power", streamed=False
)
BATTERY_POWER = Signal(
    "BatteryPower", number, SITE_POWER, path="live_status.battery_power", streamed=False
)
"""W; positive while discharging, negative while charging."""
GRID_POWER = Signal("GridPower", number, SITE_POWER, path="live_status.grid_power", streamed=False)
"""W; positive while importing, negative while exporting."""
LOAD_POWER = Signal("LoadPower", number, SITE_POWER, path="live_status.load_power", streamed=False)
PERCENTAGE_CHARGED = Signal(
    "PercentageCharged", number, (-1, 110), path="live_status.percentage_charged", streamed=False
)
ENERGY_LEFT = Signal(
    "EnergyLeft", number, (-10_000, 100_000_000), path="live_status.energy_left", streamed=False
)
ISLAND_STATES: Final = (
    "on_grid",
    "off_grid",
    "off_grid_intentional",
    "off_grid_unintentional",
    "island_status_unknown",
)
ISLAND_STATUS = Signal(
    "IslandStatus", one_of(*ISLAND_STATES), path="live_status.island_status", streamed=False
)
WALL_CONNECTOR_POWER = Signal(
    "WallConnectorPower",
    _connector_power,
    SITE_POWER,
    path="live_status.wall_connectors",
    streamed=False,
)
"""W, of all wall connectors of the site together."""
WALL_CONNECTORS = Signal(
    "WallConnectors", _count, (0, 100), path="live_status.wall_connectors", null=0, streamed=False
)
"""How many the site has."""
STORM_ACTIVE = Signal("StormActive", boolean, path="live_status.storm_mode_active", streamed=False)
BACKUP_RESERVE = Signal(
    "BackupReserve", whole, PERCENT, path="site_info.backup_reserve_percent", streamed=False
)
OPERATION_MODES: Final = ("autonomous", "self_consumption", "backup")
OPERATION_MODE = Signal(
    "OperationMode", one_of(*OPERATION_MODES), path="site_info.default_real_mode", streamed=False
)
STORM_WATCH = Signal(
    "StormWatch", boolean, path="site_info.user_settings.storm_mode_enabled", streamed=False
)
SITE_NAME = Signal("SiteName", text, path="site_info.site_name", streamed=False)
GATEWAY_VERSION = Signal("GatewayVersion", text, path="site_info.version", streamed=False)
HAS_SOLAR = Signal("HasSolar", boolean, path="site_info.components.solar", streamed=False)
HAS_BATTERY = Signal("HasBattery", boolean, path="site_info.components.battery", streamed=False)
STORM_CAPABLE = Signal(
    "StormCapable", boolean, path="site_info.components.storm_mode_capable", streamed=False
)
"""Whether the site can watch for storms at all."""

LIVE_STATUS: Final = "live_status"
SITE_INFO: Final = "site_info"
"""The sections of a site."""
_SITE_SECTIONS: Final = (LIVE_STATUS, SITE_INFO)
_TABLE: Final = tuple(row for row in list(globals().values()) if isinstance(row, Signal))
VEHICLE_SIGNALS: Final = tuple(row for row in _TABLE if row.section not in _SITE_SECTIONS)
"""Every vehicle signal above."""
SITE_SIGNALS: Final = tuple(row for row in _TABLE if row.section in _SITE_SECTIONS)
"""Every site signal above."""

_FIELDS: Final = sorted({row.field for row in VEHICLE_SIGNALS if row.streamed})
SIGNALS_BY_FIELD: Final[Mapping[str, tuple[Signal[Any], ...]]] = {
    field: tuple(row for row in VEHICLE_SIGNALS if row.streamed and row.field == field)
    for field in _FIELDS
}
"""The signals that each streamed field carries.

A field of many flags (doors, tyres) has one flag for each `Field.Part`. A single value is for all
signals of its field: each parser reads its own thing from it.
"""

# --- Polled answers ------------------------------------------------------------------------------

_NONE: Final = ("<invalid>", "SNA")
"""How Tesla spells "there is none" and "signal not available"."""
_MISSING: Final = Absent()
_logged: set[tuple[str, str]] = set()


def read_sections(
    sections: Mapping[str, Any], table: Iterable[Signal[Any]], now: datetime
) -> dict[Signal[Any], Reading[Any]]:
    """Readings from a polled answer: `{section: {key: value, "timestamp": Unix ms}}`.

    A section that is missing says nothing. A value that nobody here knows becomes unknown and is
    logged once. Times in the future (a wrong clock in the car) count as now.
    """
    readings: dict[Signal[Any], Reading[Any]] = {}
    for signal in table:
        section = sections.get(signal.section)
        if not signal.paths or not isinstance(section, Mapping):
            continue
        raw = tuple(_at(section, path) for path in signal.paths)
        if any(value is _MISSING for value in raw):
            if signal.absent is KEEP:
                continue
            value = signal.absent
        elif any(value is None for value in raw):
            value = signal.null
        else:
            value = _decode(signal, signal.polled, raw[0] if len(raw) == 1 else raw)
        readings[signal] = Reading(value, _time_of(signal, section, now), Source.POLL)
    return readings


def decode[T](signal: Signal[T], raw: object) -> T | None:
    """Tesla's streamed value as ours, or None when it is not one that we know (logged once)."""
    return _decode(signal, signal.parse, raw)


def _decode[T](signal: Signal[T], parse: Callable[[Any], T | None], raw: object) -> T | None:
    if raw in _NONE:
        return None
    try:
        return parse(raw)
    except Implausible:
        log_implausible(signal, raw)
        return None
    except Unrecognised, TypeError, ValueError, AttributeError, OverflowError:
        # Not the value itself at warning level: it may be private, and it may be long.
        if (seen := (signal.name, str(raw)[:40])) not in _logged and len(_logged) < _LOG_LIMIT:
            _logged.add(seen)
            _LOGGER.warning("Tesla tells something new about %s; it is unknown here", signal.name)
            _LOGGER.debug("%s: %s", *seen)
        return None


def log_implausible(signal: Signal[Any], raw: object) -> None:
    """Log, once for each signal, that Tesla reports what cannot be."""
    if (seen := (signal.name, "")) not in _logged:
        _logged.add(seen)
        _LOGGER.warning("Ignoring implausible values of %s; it is unknown", signal.name)
        _LOGGER.debug("%s: %s", signal.name, str(raw)[:40])


_LOG_LIMIT: Final = 1000
"""Different unknown values that are remembered, so that a hostile source cannot fill memory."""


def _at(section: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: object = section
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _time_of(signal: Signal[Any], section: Mapping[str, Any], now: datetime) -> datetime:
    """When a value was true: where the section has no time of its own for it, that of all of it."""
    match section.get(signal.as_of) if signal.as_of else None:
        case bool():
            pass
        case int() | float() as seconds if 0 < seconds < YEAR_2100:
            return min(now, datetime.fromtimestamp(seconds, UTC))
    return _section_time(section, now)


def _section_time(section: Mapping[str, Any], now: datetime) -> datetime:
    """When the section was true by its time stamp, see `read_time`; else now."""
    return read_time(section.get("timestamp"), now) or now


def read_time(stamp: object, now: datetime) -> datetime | None:
    """A time stamp, never later than now; None for one that cannot be.

    Vehicles write Unix milliseconds, sites RFC 3339.
    """
    match stamp:
        case bool():
            return None
        case int() | float() as milliseconds if _EARLIEST_MS <= milliseconds < 1000 * YEAR_2100:
            return min(now, datetime.fromtimestamp(milliseconds / 1000, UTC))
        case str():
            try:
                told = datetime.fromisoformat(stamp)
            except ValueError:
                return None
            # Without an offset nobody knows which zone is meant.
            if told.tzinfo is not None and told.year in _YEARS:
                return min(now, told.astimezone(UTC))
    return None


_YEARS: Final = range(2012, 2100)
"""Outside of them a time stamp is noise: no car or site is older."""
_EARLIEST_MS: Final = 1_325_376_000_000
"""The beginning of 2012."""
