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

from .state import KEEP, Absent, Derived, Reading, Signal, Source, State, Unrecognised

_LOGGER = logging.getLogger(__name__)

KILOMETRES_PER_MILE: Final = 1.609344
"""Exact, by the definition of 1959."""

type Position = tuple[float, float]
"""Latitude and longitude, degrees, WGS 84."""

# --- Parsers: Tesla's value in, ours out ---------------------------------------------------------


def number(value: object) -> float:
    """Any JSON number, in the unit that Tesla uses."""
    if isinstance(value, bool) or not isinstance(value, int | float):
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


def position(value: object) -> Position:
    """Latitude and longitude in degrees, as a pair."""
    if not isinstance(value, tuple | list) or len(value) != 2:  # noqa: PLR2004  # a pair
        raise Unrecognised(value)
    return number(value[0]), number(value[1])


def snake(value: str) -> str:
    """`NoPower` to `no_power`: how enumerated values are spelled here and in the translations."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", value).lower()


def one_of(*known: str, **spelled: str) -> Callable[[Any], str]:
    """One of `known` words, in lower-case snake; `spelled` maps Tesla's other spellings."""
    options = frozenset(known)

    def parse(value: object) -> str:
        if not isinstance(value, str):
            raise Unrecognised(value)
        word = snake(value.strip())
        word = spelled.get(word, word)
        if word not in options:
            raise Unrecognised(value)
        return word

    return parse


def unless(*off: str) -> Callable[[Any], bool]:
    """False for 0, false and the words in `off` (lower-case snake); true for anything else known.

    "Unknown" and "Invalid" are not known.
    """

    def parse(value: object) -> bool:
        if isinstance(value, bool | int):
            return bool(value)
        if not isinstance(value, str) or snake(value) in ("", "unknown", "invalid", "sna"):
            raise Unrecognised(value)
        return snake(value) not in off

    return parse


is_open = unless("closed")

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
LATCH_STATES: Final = ("engaged", "disengaged", "blocking")

# --- Vehicles ------------------------------------------------------------------------------------

ONLINE = Signal("Online", boolean, streamed=False)
"""Whether Tesla can reach the vehicle now; told by the free state check."""

LAST_ONLINE = Signal("LastOnline", number, streamed=False)
"""Unix seconds at which it was last found online."""

# Battery and charging
BATTERY_LEVEL = Signal("BatteryLevel", number, path="charge_state.battery_level")
USABLE_BATTERY_LEVEL = Signal("Soc", number, path="charge_state.usable_battery_level")
RATED_RANGE = Signal("RatedRange", kilometres, path="charge_state.battery_range")
ESTIMATED_RANGE = Signal("EstBatteryRange", kilometres, path="charge_state.est_battery_range")
IDEAL_RANGE = Signal("IdealBatteryRange", kilometres, path="charge_state.ideal_battery_range")
CHARGING_STATE = Signal(
    "DetailedChargeState", one_of(*CHARGING_STATES), path="charge_state.charging_state"
)
CHARGER_POWER = Signal(
    "ChargerPower", number, path="charge_state.charger_power", streamed=False, null=0.0
)
CHARGER_CURRENT = Signal("ChargeAmps", number, path="charge_state.charger_actual_current", null=0.0)
CHARGER_VOLTAGE = Signal("ChargerVoltage", number, path="charge_state.charger_voltage", null=0.0)
CHARGER_PHASES = Signal("ChargerPhases", whole, path="charge_state.charger_phases")
CHARGE_RATE = Signal("ChargeRateMilePerHour", kilometres, path="charge_state.charge_rate", null=0.0)
CHARGE_ENERGY_ADDED = Signal("ACChargingEnergyIn", number, path="charge_state.charge_energy_added")
TIME_TO_FULL = Signal("TimeToFullCharge", number, path="charge_state.time_to_full_charge")
CHARGE_LIMIT = Signal("ChargeLimitSoc", whole, path="charge_state.charge_limit_soc")
CHARGE_LIMIT_MINIMUM = Signal(
    "ChargeLimitSocMin", whole, path="charge_state.charge_limit_soc_min", streamed=False
)
CHARGE_LIMIT_MAXIMUM = Signal(
    "ChargeLimitSocMax", whole, path="charge_state.charge_limit_soc_max", streamed=False
)
CHARGE_CURRENT_REQUEST = Signal(
    "ChargeCurrentRequest", whole, path="charge_state.charge_current_request"
)
CHARGE_CURRENT_MAXIMUM = Signal(
    "ChargeCurrentRequestMax", whole, path="charge_state.charge_current_request_max"
)
CHARGE_PORT_OPEN = Signal("ChargePortDoorOpen", boolean, path="charge_state.charge_port_door_open")
CHARGE_PORT_LATCH = Signal(
    "ChargePortLatch", one_of(*LATCH_STATES), path="charge_state.charge_port_latch"
)
FAST_CHARGER = Signal("FastChargerPresent", boolean, path="charge_state.fast_charger_present")

# Driving
SPEED = Signal("VehicleSpeed", kilometres, path="drive_state.speed", null=0.0)
SHIFT_STATE = Signal("Gear", one_of(*SHIFT_STATES), path="drive_state.shift_state", null="p")
DRIVE_POWER = Signal("DrivePower", number, path="drive_state.power", streamed=False, null=0.0)
HEADING = Signal("GpsHeading", number, path="drive_state.heading", scope="vehicle_location")
LOCATION = Signal(
    "Location", position, path="drive_state.latitude,longitude", scope="vehicle_location"
)
ODOMETER = Signal("Odometer", kilometres, path="vehicle_state.odometer")
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
ROUTE_DISTANCE = Signal(
    "MilesToArrival", kilometres, path="drive_state.active_route_miles_to_arrival", absent=None
)
ROUTE_MINUTES = Signal(
    "MinutesToArrival", number, path="drive_state.active_route_minutes_to_arrival", absent=None
)
ROUTE_ENERGY = Signal(
    "ExpectedEnergyPercentAtTripArrival",
    number,
    path="drive_state.active_route_energy_at_arrival",
    absent=None,
)
ROUTE_TRAFFIC_DELAY = Signal(
    "RouteTrafficMinutesDelay",
    number,
    path="drive_state.active_route_traffic_minutes_delay",
    absent=None,
)

# Climate
INSIDE_TEMPERATURE = Signal("InsideTemp", number, path="climate_state.inside_temp")
OUTSIDE_TEMPERATURE = Signal("OutsideTemp", number, path="climate_state.outside_temp")
CLIMATE_ON = Signal(
    "HvacPower", unless("off", "overheat_protect"), path="climate_state.is_climate_on"
)
PRECONDITIONING = Signal(
    "Preconditioning", boolean, path="climate_state.is_preconditioning", streamed=False
)
# Tesla names the streamed requests by side, the polled ones by driver; on right-hand drive cars
# the two are crossed, which the stream's decoder has to undo.
DRIVER_TEMPERATURE = Signal(
    "HvacLeftTemperatureRequest", number, path="climate_state.driver_temp_setting"
)
PASSENGER_TEMPERATURE = Signal(
    "HvacRightTemperatureRequest", number, path="climate_state.passenger_temp_setting"
)
MINIMUM_TEMPERATURE = Signal(
    "MinAvailTemp", number, path="climate_state.min_avail_temp", streamed=False
)
MAXIMUM_TEMPERATURE = Signal(
    "MaxAvailTemp", number, path="climate_state.max_avail_temp", streamed=False
)
CLIMATE_KEEPER = Signal(
    "ClimateKeeperMode",
    one_of(*KEEPER_MODES, party="camp", keep="on"),
    path="climate_state.climate_keeper_mode",
)
DEFROST = Signal("DefrostMode", unless("off"), path="climate_state.defrost_mode")
SEAT_HEATER_LEFT = Signal("SeatHeaterLeft", whole, path="climate_state.seat_heater_left")
SEAT_HEATER_RIGHT = Signal("SeatHeaterRight", whole, path="climate_state.seat_heater_right")
SEAT_HEATER_REAR_LEFT = Signal(
    "SeatHeaterRearLeft", whole, path="climate_state.seat_heater_rear_left"
)
SEAT_HEATER_REAR_CENTER = Signal(
    "SeatHeaterRearCenter", whole, path="climate_state.seat_heater_rear_center"
)
SEAT_HEATER_REAR_RIGHT = Signal(
    "SeatHeaterRearRight", whole, path="climate_state.seat_heater_rear_right"
)
STEERING_WHEEL_HEATER = Signal(
    "SteeringWheelHeater", boolean, path="climate_state.steering_wheel_heater", streamed=False
)
STEERING_WHEEL_LEVEL = Signal(
    "HvacSteeringWheelHeatLevel", whole, path="climate_state.steering_wheel_heat_level"
)

# Closures and safety
LOCKED = Signal("Locked", boolean, path="vehicle_state.locked")
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
SENTRY_MODE = Signal("SentryMode", unless("off"), path="vehicle_state.sentry_mode")
USER_PRESENT = Signal("DriverSeatOccupied", boolean, path="vehicle_state.is_user_present")
VALET_MODE = Signal("ValetModeEnabled", boolean, path="vehicle_state.valet_mode")
HOMELINK_NEARBY = Signal("HomelinkNearby", boolean, path="vehicle_state.homelink_nearby")
HOMELINK_DEVICES = Signal("HomelinkDeviceCount", whole, path="vehicle_state.homelink_device_count")

# Tyres
PRESSURE_FRONT_LEFT = Signal("TpmsPressureFl", number, path="vehicle_state.tpms_pressure_fl")
PRESSURE_FRONT_RIGHT = Signal("TpmsPressureFr", number, path="vehicle_state.tpms_pressure_fr")
PRESSURE_REAR_LEFT = Signal("TpmsPressureRl", number, path="vehicle_state.tpms_pressure_rl")
PRESSURE_REAR_RIGHT = Signal("TpmsPressureRr", number, path="vehicle_state.tpms_pressure_rr")
LOW_TYRE_FRONT_LEFT = Signal(
    "TpmsSoftWarnings.FrontLeft", boolean, path="vehicle_state.tpms_soft_warning_fl"
)
LOW_TYRE_FRONT_RIGHT = Signal(
    "TpmsSoftWarnings.FrontRight", boolean, path="vehicle_state.tpms_soft_warning_fr"
)
LOW_TYRE_REAR_LEFT = Signal(
    "TpmsSoftWarnings.RearLeft", boolean, path="vehicle_state.tpms_soft_warning_rl"
)
LOW_TYRE_REAR_RIGHT = Signal(
    "TpmsSoftWarnings.RearRight", boolean, path="vehicle_state.tpms_soft_warning_rr"
)

# Software and equipment
SOFTWARE_VERSION = Signal("Version", first_word, path="vehicle_state.car_version")
UPDATE_STATUS = Signal(
    "SoftwareUpdateStatus",
    lambda value: one_of(*UPDATE_STATES)(value) if text(value) else None,
    path="vehicle_state.software_update.status",
    streamed=False,
)
UPDATE_VERSION = Signal("SoftwareUpdateVersion", text, path="vehicle_state.software_update.version")
UPDATE_DOWNLOADED = Signal(
    "SoftwareUpdateDownloadPercentComplete",
    whole,
    path="vehicle_state.software_update.download_perc",
)
UPDATE_INSTALLED = Signal(
    "SoftwareUpdateInstallationPercentComplete",
    whole,
    path="vehicle_state.software_update.install_perc",
)
VEHICLE_NAME = Signal("VehicleName", text, path="vehicle_state.vehicle_name")
REAR_SEAT_HEATERS = Signal(
    "RearSeatHeaters", whole, path="vehicle_config.rear_seat_heaters", streamed=False
)
RIGHT_HAND_DRIVE = Signal("RightHandDrive", boolean, path="vehicle_config.rhd")
MOTORIZED_CHARGE_PORT = Signal(
    "MotorizedChargePort", boolean, path="vehicle_config.motorized_charge_port", streamed=False
)
POWER_LIFTGATE = Signal("PowerLiftgate", boolean, path="vehicle_config.plg", streamed=False)
CAN_ACTUATE_TRUNKS = Signal(
    "CanActuateTrunks", boolean, path="vehicle_config.can_actuate_trunks", streamed=False
)

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


def _connector_power(value: object) -> float:
    """The sum over the site's wall connectors, W."""
    if not isinstance(value, list):
        raise Unrecognised(value)
    return sum(number(each.get("wall_connector_power") or 0) for each in value)


def _any_open(state: State) -> bool | None:
    """True if one window is known to be open; false only if all are known to be closed."""
    known = [state[window] for window in WINDOWS]
    if True in known:
        return True
    return None if None in known else False


def _plugged_in(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging != "disconnected"


def _is_charging(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging in ("charging", "starting")


def _later(state: State, signal: Signal[float], unit: timedelta) -> datetime | None:
    """The instant that a remaining time points to, to the minute, so that it does not jitter."""
    reading = state.reading(signal)
    if reading is None or not reading.value:
        return None
    instant = reading.time + reading.value * unit
    return (instant + timedelta(seconds=30)).replace(second=0, microsecond=0)


def _charge_end(state: State) -> datetime | None:
    if not _is_charging(state):
        return None
    return _later(state, TIME_TO_FULL, timedelta(hours=1))


def _arrival(state: State) -> datetime | None:
    return _later(state, ROUTE_MINUTES, timedelta(minutes=1))


WINDOWS_OPEN = Derived("WindowsOpen", *WINDOWS, compute=_any_open)
PLUGGED_IN = Derived("PluggedIn", CHARGING_STATE, compute=_plugged_in)
IS_CHARGING = Derived("IsCharging", CHARGING_STATE, compute=_is_charging)
CHARGE_END = Derived("ChargeEnd", TIME_TO_FULL, CHARGING_STATE, compute=_charge_end)
ROUTE_ARRIVAL = Derived("RouteArrival", ROUTE_MINUTES, compute=_arrival)

# --- Energy sites: power in W, energy in Wh ------------------------------------------------------

SOLAR_POWER = Signal("SolarPower", number, path="live_status.solar_power", streamed=False)
BATTERY_POWER = Signal("BatteryPower", number, path="live_status.battery_power", streamed=False)
"""W; positive while discharging, negative while charging."""
GRID_POWER = Signal("GridPower", number, path="live_status.grid_power", streamed=False)
"""W; positive while importing, negative while exporting."""
LOAD_POWER = Signal("LoadPower", number, path="live_status.load_power", streamed=False)
PERCENTAGE_CHARGED = Signal(
    "PercentageCharged", number, path="live_status.percentage_charged", streamed=False
)
ENERGY_LEFT = Signal("EnergyLeft", number, path="live_status.energy_left", streamed=False)
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
    path="live_status.wall_connectors",
    streamed=False,
)
"""W, of all wall connectors of the site together."""
STORM_ACTIVE = Signal("StormActive", boolean, path="live_status.storm_mode_active", streamed=False)
BACKUP_RESERVE = Signal(
    "BackupReserve", whole, path="site_info.backup_reserve_percent", streamed=False
)
OPERATION_MODES: Final = ("autonomous", "self_consumption", "backup")
OPERATION_MODE = Signal(
    "OperationMode", one_of(*OPERATION_MODES), path="site_info.default_real_mode", streamed=False
)
STORM_WATCH = Signal(
    "StormWatch", boolean, path="site_info.user_settings.storm_mode_enabled", streamed=False
)
GATEWAY_VERSION = Signal("GatewayVersion", text, path="site_info.version", streamed=False)

_SITE_SECTIONS: Final = ("live_status", "site_info")
_TABLE: Final = tuple(row for row in list(globals().values()) if isinstance(row, Signal))
VEHICLE_SIGNALS: Final = tuple(row for row in _TABLE if row.section not in _SITE_SECTIONS)
"""Every vehicle signal above."""
SITE_SIGNALS: Final = tuple(row for row in _TABLE if row.section in _SITE_SECTIONS)
"""Every site signal above."""

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
            value = decode(signal, raw[0] if len(raw) == 1 else raw)
        readings[signal] = Reading(value, _section_time(section, now), Source.POLL)
    return readings


def decode[T](signal: Signal[T], raw: object) -> T | None:
    """Tesla's value as ours, or None when it is not one that we know (logged once)."""
    if raw in _NONE:
        return None
    try:
        return signal.parse(raw)
    except Unrecognised, TypeError, ValueError, AttributeError, OverflowError:
        # Not the value itself at warning level: it may be private, and it may be long.
        if (seen := (signal.name, str(raw)[:40])) not in _logged and len(_logged) < _LOG_LIMIT:
            _logged.add(seen)
            _LOGGER.warning("Tesla tells something new about %s; it is unknown here", signal.name)
            _LOGGER.debug("%s: %s", *seen)
        return None


_LOG_LIMIT: Final = 1000
"""Different unknown values that are remembered, so that a hostile source cannot fill memory."""


def _at(section: Mapping[str, Any], path: tuple[str, ...]) -> object:
    value: object = section
    for key in path:
        if not isinstance(value, Mapping) or key not in value:
            return _MISSING
        value = value[key]
    return value


def _section_time(section: Mapping[str, Any], now: datetime) -> datetime:
    """When the section was true: Unix milliseconds for vehicles, RFC 3339 for sites, else now."""
    match section.get("timestamp"):
        case bool():
            return now
        case int() | float() as milliseconds if 0 < milliseconds < _LATEST_MS:
            return min(now, datetime.fromtimestamp(milliseconds / 1000, UTC))
        case str() as stamp:
            try:
                told = datetime.fromisoformat(stamp)
            except ValueError:
                return now
            return min(now, told.astimezone(UTC))
    return now


_LATEST_MS: Final = 4_102_444_800_000
"""The year 2100: beyond it a time stamp is noise."""
