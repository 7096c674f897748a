"""What a car can tell: the fields of Fleet Telemetry, read from its life.

Units are Tesla's: miles, mph, °C, kWh, kW, V, A and bar, whatever the owner's display shows. A
field that is not in the table, or that this build or firmware does not have, is left out of every
message. Names, kinds and units: Tesla's `vehicle_data.proto` and list of fields, August 2026;
`number` is the field's in that proto.

Values noisy in real cars are noisy here: a function of time alone, so that it does not matter who
looks and how often.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final
from zoneinfo import ZoneInfo

from tesla_protocol.telemetry.vehicle_data_pb2 import (
    Datum,
    Doors,
    Field,
    LocationValue,
    TireLocation,
    Value,
)

from simulator import vehicle_data
from simulator.vehicle.body import OPEN, WHEELS
from simulator.vehicle.charging import AC_EFFICIENCY, IDLE_VOLTS, THREE_PHASES
from simulator.vehicle.drive import MPH_PER_MPS
from simulator.vehicle.media import MAX_VOLUME, STEP
from simulator.vehicle.software import INSTALL_SECONDS
from simulator.vehicle.vehicle import Vehicle


@final
class Invalid:
    """What a car says of a field whose source does not report: no state, and no value."""


INVALID: Final = Invalid()

type Raw = Any
"""A bool, int, float, text, name of an enum's value without its prefix, pair of coordinates, or a
bool for each door or tyre."""
type Reader = Callable[[Vehicle], Raw | Invalid | None]

_TYPED_ALWAYS = 179
"""Fields from this number on never had a form in text."""
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DOORS = ("DriverFront", "DriverRear", "PassengerFront", "PassengerRear", "TrunkFront", "TrunkRear")
_TYRES = ("front_left", "front_right", "rear_left", "rear_right")
_WHEEL_RADIUS_M = 0.34
_HARD_PEDAL = 3.0
"""m/s² that a fully pressed pedal stands for."""
_OUTSIDE_CYCLE = 14_400.0
_OUTSIDE_QUIET = 1500.0
_OUTSIDE_GAP = 60.0
"""Seconds awake between two gaps of the outside temperature, until the first, and its length; that
there are such gaps is known from captures, how often is assumed."""
_BRICKS = 96
"""Cells in series in a pack."""

_MINIMUM_FIRMWARE = (
    (178, (2024, 26)),
    (179, (2024, 38)),
    (183, (2024, 44, 25)),
    (184, (2024, 44, 32)),
    (228, (2024, 44, 25)),
    (238, (2024, 44, 32)),
    (257, (2025, 2, 6)),
    (259, (2025, 44, 25, 5)),
    (269, (2026, 32)),
)
"""Up to this number of field: the first firmware that has it. None is known for later ones."""

type Version = tuple[int, ...]


def version(text: str) -> Version:
    """`2026.32.6` as numbers that compare; what is no number ends it."""
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _needs(number: int) -> Version:
    for highest, firmware in _MINIMUM_FIRMWARE:
        if number <= highest:
            return firmware
    return (math.inf,)  # type: ignore[return-value]  # above every version there is


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """One field that a car can tell."""

    name: str
    number: int
    arm: str
    """Which member of the oneof carries it."""
    read: Reader
    """The value now; INVALID where the car says so, None where this car does not have the field."""
    numbers: dict[str, int] | None = None
    """Of an enum's values, by their names without what Tesla puts before them."""
    firmware: Version = ()
    """The first one that tells it."""

    @property
    def is_numeric(self) -> bool:
        """Whether a smallest change can be asked for in the field's own unit."""
        return self.arm in ("double_value", "int_value", "long_value")

    def datum(self, value: Raw | Invalid, *, as_text: bool = False) -> Datum:
        """The field with a value, as it goes into a message."""
        if isinstance(value, Invalid):
            return Datum(key=self.name, value=Value(invalid=True))
        if as_text and self.number < _TYPED_ALWAYS:
            return Datum(key=self.name, value=Value(string_value=self.text(value)))
        return Datum(key=self.name, value=Value(**{self.arm: self._typed(value)}))

    def _typed(self, value: Raw) -> Raw:
        if self.numbers is not None:
            return self.numbers[value]
        match self.arm:
            case "location_value":
                return LocationValue(latitude=value[0], longitude=value[1])
            case "door_value":
                return Doors(**dict(zip(_DOORS, value, strict=True)))
            case "tire_location_value":
                return TireLocation(**dict(zip(_TYRES, value, strict=True)))
        return value

    def text(self, value: Raw) -> str:
        """The form of clients before 1.1.0.

        Times are those of the car's own clock. Source: captured data and Tesla's server, which
        reads the form of the place.
        """
        match self.arm:
            case "boolean_value":
                return "true" if value else "false"
            case "location_value":
                north, east = value
                return (
                    f"({abs(north):.6f} {'N' if north >= 0 else 'S'}, "
                    f"{abs(east):.6f} {'E' if east >= 0 else 'W'})"
                )
            case "door_value":
                return "|".join(
                    name for name, is_open in zip(_DOORS, value, strict=True) if is_open
                )
            case "long_value":
                return datetime.fromtimestamp(value, _PACIFIC).strftime("%a %b %-d %H:%M:%S %Y")
        return str(value)


def pacific(car: Vehicle, at: float) -> int:
    """A Unix time as these fields carry it, which is wrong.

    Read as a clock in California the number shows what the car's own clock will show. Source:
    Tesla, "Fleet Telemetry", August 2026.
    """
    wall = datetime.fromtimestamp(at, ZoneInfo(car.time_zone)).replace(tzinfo=_PACIFIC)
    return int(wall.timestamp())


def noise(name: str, at: float) -> float:
    """Something between -1 and 1 that changes each second and looks like chance."""
    turns = (int(at) * 0.618_033_988_7 + sum(name.encode()) * 0.414_213_562_3) % 1.0
    return math.sin(turns * math.tau)


# ---- battery and charging ----------------------------------------------------------------------


def _into_pack_kilowatts(car: Vehicle) -> float:
    """Power into the battery; negative while it feeds the car."""
    draw = car.draw_kilowatts(car.time) + car.drive_kilowatts
    if car.is_on_shore_power:
        draw -= car.climate.kilowatts(car.time)
    return car.charging.kilowatts - draw


def _pack_volts(car: Vehicle) -> float:
    # An idle pack of about 350 V empty and 400 V full; current lifts or lowers it a little.
    volts = 350.0 + car.battery.percent * 0.5 + _into_pack_kilowatts(car) * 0.12
    return round(volts + 0.05 * noise("PackVoltage", car.time), 2)


def _brick_volts(car: Vehicle, offset: float) -> float:
    return round(_pack_volts(car) / _BRICKS + offset, 3)


def _pack_amps(car: Vehicle) -> float:
    amps = _into_pack_kilowatts(car) * 1000 / _pack_volts(car)
    return round(amps + 0.2 * noise("PackCurrent", car.time), 1)


def _charge_state(car: Vehicle) -> str:
    """Words of the charger's own machine, not those of `charging_state`."""
    words = {"Disconnected": "Idle", "Starting": "Startup", "Charging": "Enable"}
    return words.get(car.charging.state, "Standby")


def _is_fast(car: Vehicle) -> bool:
    return car.charging.supply is not None and car.charging.supply.is_fast


def _charger_volts(car: Vehicle) -> float:
    supply = car.charging.supply
    if supply is None or supply.is_fast or car.charging.state != "Charging":
        return round(IDLE_VOLTS + 0.4 * noise("ChargerVoltage", car.time), 3)
    return round(supply.volts + 1.5 * noise("ChargerVoltage", car.time), 3)


def _charge_amps(car: Vehicle) -> float:
    amps = car.charging.amps
    return round(amps + 0.1 * noise("ChargeAmps", car.time), 1) if amps else 0.0


def _phases(car: Vehicle) -> int | Invalid:
    """Three phases are told as 2, as in vehicle_data."""
    charging = car.charging
    if charging.state != "Charging" or not charging.phases:
        return INVALID
    return 2 if charging.phases == THREE_PHASES else charging.phases


def _latch(car: Vehicle) -> str:
    charging = car.charging
    if charging.supply is None:
        return "Disengaged" if charging.port.is_open else "Engaged"
    return "Engaged" if charging.port.is_latch_engaged else "Disengaged"


def _fast_charger(car: Vehicle) -> str | Invalid:
    supply = car.charging.supply
    if supply is None or not supply.is_fast:
        return INVALID
    return "Supercharger" if supply.brand == "Tesla" else "Combo"


def _scheduled_start(car: Vehicle) -> int | Invalid:
    schedule = car.charging.schedule
    if schedule.mode != "StartAt":
        return INVALID
    return pacific(car, car.next_local_time(schedule.start_minutes, after=car.time))


def _scheduled_departure(car: Vehicle) -> int | Invalid:
    schedule = car.charging.schedule
    if schedule.mode != "DepartBy":
        return INVALID
    return pacific(car, car.next_local_time(schedule.departure_minutes, after=car.time))


def _battery_state(car: Vehicle) -> str:
    if car.drive is not None:
        return "Drive"
    return "Charge" if car.charging.state == "Charging" else "Support"


# ---- driving and places ------------------------------------------------------------------------


def _gear(car: Vehicle) -> str | Invalid:
    if car.drive is not None:
        return "D"
    return "P" if car.drivetrain.reports_gear(car.time) else INVALID


def _speed(car: Vehicle) -> float | Invalid | None:
    """Nothing at all between the end of a drive and the end of the reports."""
    if car.moment is not None:
        return float(round(car.moment.speed * MPH_PER_MPS))
    if not car.drivetrain.is_on:
        return INVALID
    return None if car.drivetrain.is_speed_held else 0.0


def _acceleration(car: Vehicle) -> float:
    return car.moment.acceleration if car.moment else 0.0


def _route(name: str) -> Reader:
    """What the navigation says; invalid without a place to go to."""

    def read(car: Vehicle) -> Raw | Invalid:
        return vehicle_data.active_route(car).get(f"active_route_{name}", INVALID)

    return read


def _destination(car: Vehicle) -> tuple[float, float] | Invalid:
    place = car.destination
    if place is None or place.latitude is None or place.longitude is None:
        return INVALID
    return place.latitude, place.longitude


def _is_at(car: Vehicle, place: tuple[float, float] | None) -> bool:
    return place is not None and car.is_near(*place)


# ---- body and cabin ----------------------------------------------------------------------------


def _is_unsound(car: Vehicle) -> bool:
    """Whether two doors are crossed, and the version is the one on offer.

    Source: Tesla's list of fields, August 2026.
    """
    return version(car.firmware) < (2024, 44, 32)


def _version(car: Vehicle) -> str:
    offered = car.software.offered
    return offered if offered and _is_unsound(car) else car.software.car_version


def _doors(car: Vehicle) -> tuple[bool, ...]:
    body = car.body
    doors = ("df", "pf", "dr", "pr") if _is_unsound(car) else ("df", "dr", "pf", "pr")
    return (
        *(bool(body.doors[name]) for name in doors),
        bool(body.frunk),
        bool(body.trunk),
    )


def _window(name: str) -> Reader:
    def read(car: Vehicle) -> str:
        state = car.body.windows[name]
        return "Closed" if not state else "Opened" if state == OPEN else "PartiallyOpen"

    return read


def _sentry(car: Vehicle) -> str:
    if not car.sentry_mode:
        return "Off"
    return "Idle" if car.is_user_present else "Armed"


def _tyre(wheel: str) -> Reader:
    """Told in steps of 0.025."""
    return lambda car: round(round(car.tyres.pressure[wheel] / 0.025) * 0.025, 3)


def _seen(wheel: str) -> Reader:
    return lambda car: pacific(car, car.tyres.seen_at[wheel])


def _heater(seat: str) -> Reader:
    return lambda car: car.climate.seat_heaters[seat]


def _rear_heater(seat: str) -> Reader:
    return lambda car: (
        car.climate.seat_heaters[seat] if seat in car.model.heated_rear_seats else None
    )


def _fan(seat: str) -> Reader:
    return lambda car: car.climate.seat_fans[seat] if car.model.has_seat_cooling else None


def _outside_temp(car: Vehicle) -> float | Invalid:
    """Invalid by itself once in a while in a car that stands awake."""
    if car.drive is None and _OUTSIDE_QUIET <= (car.time - car.awake_since) % _OUTSIDE_CYCLE < (
        _OUTSIDE_QUIET + _OUTSIDE_GAP
    ):
        return INVALID
    return round(car.climate.outside(car.time), 1)


def _climate_power(car: Vehicle) -> str:
    if car.climate.is_on:
        return "On" if car.is_user_present else "Precondition"
    return "OverheatProtect" if car.climate.is_cooling_overheat(car.time) else "Off"


def _display(car: Vehicle) -> str:
    if car.drive is not None:
        return "Driving"
    if car.is_user_present:
        return "On"
    if car.sentry_mode:
        return "Sentry"
    return "Dog" if car.climate.keeper == "dog" else "Off"


def _playing(part: int) -> Reader:
    """Part of what plays; empty while nothing does."""
    return lambda car: "" if car.media.status == "Stopped" else car.media.title[part]


def _of_update(read: Reader) -> Reader:
    """A field that a car calls invalid while no update is offered."""
    return lambda car: INVALID if car.software.offered is None else read(car)


def _update_start(car: Vehicle) -> int | Invalid:
    at = car.software.scheduled_at
    return INVALID if at is None else pacific(car, at)


_CAR_TYPES = {"models": "ModelS", "models2": "ModelS", "model3": "Model3", "modely": "ModelY"}
_KEEPERS = {"off": "Off", "on": "On", "dog": "Dog", "camp": "Party"}
_DEFROST = ("Off", "Normal", "Max")

_READERS: dict[str, tuple[str, Reader]] = {
    # Battery and charging
    "ChargeState": ("string_value", _charge_state),
    "BmsFullchargecomplete": ("boolean_value", lambda car: car.battery.percent > 99.9),  # noqa: PLR2004 - percent
    "PackVoltage": ("double_value", _pack_volts),
    "PackCurrent": ("double_value", _pack_amps),
    "BrickVoltageMax": ("double_value", lambda car: _brick_volts(car, 0.004)),
    "BrickVoltageMin": ("double_value", lambda car: _brick_volts(car, -0.004)),
    "Soc": ("double_value", lambda car: car.battery.percent),
    "BatteryLevel": ("double_value", lambda car: car.battery.percent),
    "EnergyRemaining": ("double_value", lambda car: round(car.battery.energy_kwh, 2)),
    "RatedRange": ("double_value", lambda car: car.battery.range_miles),
    "IdealBatteryRange": ("double_value", vehicle_data.ideal_range),
    "EstBatteryRange": ("double_value", lambda car: car.battery.range_miles * 0.93),
    "DCDCEnable": ("boolean_value", lambda _car: True),
    "Hvil": ("hvil_status_value", lambda _car: "OK"),
    "BMSState": ("bms_state_value", _battery_state),
    "DCChargingEnergyIn": ("double_value", lambda car: round(car.charging.added_kwh, 3)),
    "DCChargingPower": (
        "double_value",
        lambda car: round(car.charging.kilowatts, 2) if _is_fast(car) else 0.0,
    ),
    "ACChargingEnergyIn": (
        "double_value",
        lambda car: 0.0 if _is_fast(car) else round(car.charging.added_kwh / AC_EFFICIENCY, 3),
    ),
    "ACChargingPower": (
        "double_value",
        lambda car: 0.0 if _is_fast(car) else round(car.charging.wall_kilowatts, 2),
    ),
    "ChargeLimitSoc": ("int_value", lambda car: car.charging.limit_percent),
    "FastChargerPresent": ("boolean_value", _is_fast),
    "FastChargerType": ("fast_charger_value", _fast_charger),
    "TimeToFullCharge": ("double_value", lambda car: car.charging.hours_to_full),
    "EstimatedHoursToChargeTermination": ("double_value", lambda car: car.charging.hours_to_full),
    "ChargeRateMilePerHour": (
        "double_value",
        lambda car: (
            car.charging.kilowatts * car.battery.full_range_miles / car.battery.capacity_kwh
        ),
    ),
    "ScheduledChargingStartTime": ("long_value", _scheduled_start),
    "ScheduledChargingPending": (
        "boolean_value",
        lambda car: car.charging.schedule.mode == "StartAt" and car.charging.state == "Stopped",
    ),
    "ScheduledDepartureTime": ("long_value", _scheduled_departure),
    "ScheduledChargingMode": (
        "scheduled_charging_mode_value",
        lambda car: car.charging.schedule.mode,
    ),
    "PreconditioningEnabled": (
        "boolean_value",
        lambda car: car.charging.schedule.is_preconditioning,
    ),
    "ChargeAmps": ("double_value", _charge_amps),
    "ChargerVoltage": ("double_value", _charger_volts),
    "ChargerPhases": ("int_value", _phases),
    "ChargeEnableRequest": (
        "boolean_value",
        lambda car: car.charging.state not in ("Stopped", "Disconnected"),
    ),
    "ChargePortColdWeatherMode": ("boolean_value", lambda _car: False),
    "ChargeCurrentRequest": ("int_value", lambda car: car.charging.requested_amps),
    "ChargeCurrentRequestMax": ("int_value", lambda car: car.charging.highest_amps),
    "BatteryHeaterOn": ("boolean_value", lambda _car: False),
    "NotEnoughPowerToHeat": ("boolean_value", lambda _car: False),
    "SuperchargerSessionTripPlanner": ("boolean_value", lambda _car: False),
    "DetailedChargeState": ("detailed_charge_state_value", lambda car: car.charging.state),
    "ChargePort": ("charge_port_value", lambda car: car.model.charge_port_type),
    "ChargePortLatch": ("charge_port_latch_value", _latch),
    "ChargePortDoorOpen": ("boolean_value", lambda car: car.charging.port.is_open),
    "ChargingCableType": (
        "cable_type_value",
        lambda car: INVALID if car.charging.supply is None else car.model.cable,
    ),
    "NominalFullPackEnergyKwh": ("double_value", lambda car: car.model.capacity_kwh),
    # Driving
    "DriveRail": ("boolean_value", lambda car: car.drive is not None or car.is_user_present),
    "Gear": ("shift_state_value", _gear),
    "VehicleSpeed": ("double_value", _speed),
    "Odometer": ("double_value", lambda car: car.odometer_miles),
    "PedalPosition": (
        "double_value",
        lambda car: round(max(_acceleration(car), 0.0) / _HARD_PEDAL * 100, 1),
    ),
    "BrakePedal": ("boolean_value", lambda car: _acceleration(car) < 0),
    "LongitudinalAcceleration": ("double_value", lambda car: round(_acceleration(car), 2)),
    "LateralAcceleration": ("double_value", lambda _car: 0.0),
    "DiStateR": (
        "drive_inverter_state_value",
        lambda car: "Standby" if car.drive is None else "Enable",
    ),
    "DiAxleSpeedR": (
        "double_value",
        lambda car: round(car.moment.speed / _WHEEL_RADIUS_M, 1) if car.moment else 0.0,
    ),
    "DiVBatR": ("double_value", _pack_volts),
    # Places
    "Location": ("location_value", lambda car: (round(car.latitude, 6), round(car.longitude, 6))),
    "GpsState": ("boolean_value", lambda _car: True),
    "GpsHeading": ("double_value", lambda car: round(car.heading, 1) % 360),
    "GpsAccuracyMeters": ("double_value", lambda car: car.gps_accuracy),
    "DestinationName": ("string_value", _route("destination")),
    "DestinationLocation": ("location_value", _destination),
    "OriginLocation": (
        "location_value",
        lambda car: INVALID if car.drive is None else car.drive.legs[0].start,
    ),
    "MilesToArrival": ("double_value", _route("miles_to_arrival")),
    "MinutesToArrival": ("double_value", _route("minutes_to_arrival")),
    "ExpectedEnergyPercentAtTripArrival": ("int_value", _route("energy_at_arrival")),
    "RouteTrafficMinutesDelay": ("double_value", _route("traffic_minutes_delay")),
    "LocatedAtHome": ("boolean_value", lambda car: _is_at(car, car.home)),
    "LocatedAtWork": ("boolean_value", lambda car: _is_at(car, car.work)),
    "LocatedAtFavorite": ("boolean_value", lambda _car: False),
    "HomelinkDeviceCount": ("int_value", lambda car: car.model.homelink_devices),
    "HomelinkNearby": (
        "boolean_value",
        lambda car: car.model.homelink_devices > 0 and _is_at(car, car.home),
    ),
    # Body
    "DoorState": ("door_value", _doors),
    "Locked": ("boolean_value", lambda car: car.body.is_locked),
    "FdWindow": ("window_state_value", _window("fd")),
    "FpWindow": ("window_state_value", _window("fp")),
    "RdWindow": ("window_state_value", _window("rd")),
    "RpWindow": ("window_state_value", _window("rp")),
    "DriverSeatOccupied": ("boolean_value", lambda car: car.is_user_present),
    "DriverSeatBelt": (
        "buckle_status_value",
        lambda car: "Unlatched" if car.drive is None else "Latched",
    ),
    "PassengerSeatBelt": ("buckle_status_value", lambda _car: "Unlatched"),
    "LightsHazardsActive": ("boolean_value", lambda _car: False),
    "LightsTurnSignal": ("turn_signal_state_value", lambda _car: "Off"),
    "LightsHighBeams": ("boolean_value", lambda _car: False),
    "CenterDisplay": ("display_state_value", _display),
    "TpmsPressureFl": ("double_value", _tyre("fl")),
    "TpmsPressureFr": ("double_value", _tyre("fr")),
    "TpmsPressureRl": ("double_value", _tyre("rl")),
    "TpmsPressureRr": ("double_value", _tyre("rr")),
    "TpmsLastSeenPressureTimeFl": ("long_value", _seen("fl")),
    "TpmsLastSeenPressureTimeFr": ("long_value", _seen("fr")),
    "TpmsLastSeenPressureTimeRl": ("long_value", _seen("rl")),
    "TpmsLastSeenPressureTimeRr": ("long_value", _seen("rr")),
    "TpmsHardWarnings": (
        "tire_location_value",
        lambda car: tuple(car.tyres.is_hard(wheel) for wheel in WHEELS),
    ),
    "TpmsSoftWarnings": (
        "tire_location_value",
        lambda car: tuple(car.tyres.is_soft(wheel) for wheel in WHEELS),
    ),
    # Cabin
    "InsideTemp": ("double_value", lambda car: round(car.climate.inside, 2)),
    "OutsideTemp": ("double_value", _outside_temp),
    "HvacLeftTemperatureRequest": ("double_value", lambda car: car.climate.driver_setting),
    "HvacRightTemperatureRequest": ("double_value", lambda car: car.climate.passenger_setting),
    "HvacPower": ("hvac_power_value", _climate_power),
    "HvacACEnabled": ("boolean_value", lambda car: car.climate.is_on),
    "HvacAutoMode": ("hvac_auto_mode_value", lambda _car: "On"),
    "HvacFanSpeed": ("int_value", lambda car: 3 if car.climate.is_on else 0),
    "HvacFanStatus": ("int_value", lambda car: 3 if car.climate.is_on else 0),
    "HvacSteeringWheelHeatAuto": ("boolean_value", lambda car: car.climate.auto_wheel),
    "HvacSteeringWheelHeatLevel": ("int_value", lambda car: car.climate.wheel_level),
    "ClimateKeeperMode": (
        "climate_keeper_mode_value",
        lambda car: _KEEPERS[car.climate.keeper],
    ),
    "DefrostMode": ("defrost_mode_value", lambda car: _DEFROST[car.climate.defrost_mode]),
    "DefrostForPreconditioning": ("boolean_value", lambda _car: False),
    "RearDefrostEnabled": ("boolean_value", lambda car: car.climate.defrost_mode > 0),
    "WiperHeatEnabled": ("boolean_value", lambda _car: False),
    "CabinOverheatProtectionMode": (
        "cabin_overheat_protection_mode_value",
        lambda car: car.climate.overheat_protection,
    ),
    "CabinOverheatProtectionTemperatureLimit": (
        "cabin_overheat_protection_temperature_limit_value",
        lambda car: car.climate.overheat_temperature,
    ),
    "SeatHeaterLeft": ("int_value", _heater("left")),
    "SeatHeaterRight": ("int_value", _heater("right")),
    "SeatHeaterRearLeft": ("int_value", _rear_heater("rear_left")),
    "SeatHeaterRearRight": ("int_value", _rear_heater("rear_right")),
    "SeatHeaterRearCenter": ("int_value", _rear_heater("rear_center")),
    "AutoSeatClimateLeft": ("boolean_value", lambda car: car.climate.auto_seats["left"]),
    "AutoSeatClimateRight": ("boolean_value", lambda car: car.climate.auto_seats["right"]),
    "ClimateSeatCoolingFrontLeft": ("int_value", _fan("left")),
    "ClimateSeatCoolingFrontRight": ("int_value", _fan("right")),
    "SeatVentEnabled": (
        "boolean_value",
        lambda car: any(car.climate.seat_fans.values()) if car.model.has_seat_cooling else None,
    ),
    # Modes and settings
    "SentryMode": ("sentry_mode_state_value", _sentry),
    "SpeedLimitMode": ("boolean_value", lambda car: car.access.speed_limit_active),
    "CurrentLimitMph": ("double_value", lambda car: car.access.speed_limit_mph),
    "ValetModeEnabled": ("boolean_value", lambda car: car.access.valet_mode),
    "GuestModeEnabled": ("boolean_value", lambda car: car.access.guest_mode),
    "GuestModeMobileAccessState": ("guest_mode_mobile_access_value", lambda _car: "Init"),
    "PinToDriveEnabled": ("boolean_value", lambda car: car.access.pin_to_drive),
    "PairedPhoneKeyAndKeyFobQty": ("int_value", lambda car: car.other_keys),
    "RemoteStartEnabled": ("boolean_value", lambda car: car.is_remotely_started),
    "RemoteStartActive": ("boolean_value", lambda car: car.is_remotely_started),
    "ServiceMode": ("boolean_value", lambda _car: False),
    "SpeedLimitWarning": ("speed_assist_level_value", lambda _car: "Display"),
    "ForwardCollisionWarning": ("forward_collision_sensitivity_value", lambda _car: "Average"),
    "LaneDepartureAvoidance": ("lane_assist_level_value", lambda _car: "Assist"),
    "EmergencyLaneDepartureAvoidance": ("boolean_value", lambda _car: True),
    "AutomaticEmergencyBrakingOff": ("boolean_value", lambda _car: False),
    "AutomaticBlindSpotCamera": ("boolean_value", lambda _car: True),
    "BlindSpotCollisionWarningChime": ("boolean_value", lambda _car: True),
    "CruiseFollowDistance": ("follow_distance_value", lambda _car: "3"),
    "SettingDistanceUnit": (
        "distance_unit_value",
        lambda car: "Kilometers" if car.model.eu_vehicle else "Miles",
    ),
    "SettingTemperatureUnit": (
        "temperature_unit_value",
        lambda car: "Celsius" if car.model.eu_vehicle else "Fahrenheit",
    ),
    "Setting24HourTime": ("boolean_value", lambda car: car.model.eu_vehicle),
    "SettingTirePressureUnit": (
        "pressure_unit_value",
        lambda car: "Bar" if car.model.eu_vehicle else "Psi",
    ),
    "SettingChargeUnit": ("charge_unit_preference_value", lambda _car: "Percent"),
    # Media
    "MediaPlaybackStatus": ("media_status_value", lambda car: car.media.status),
    "MediaPlaybackSource": (
        "string_value",
        lambda car: "13" if car.media.status == "Stopped" else "12",
    ),
    "MediaAudioVolume": ("double_value", lambda car: car.media.volume),
    "MediaAudioVolumeIncrement": ("double_value", lambda _car: STEP),
    "MediaAudioVolumeMax": ("double_value", lambda _car: MAX_VOLUME),
    "MediaNowPlayingTitle": ("string_value", _playing(0)),
    "MediaNowPlayingArtist": ("string_value", _playing(1)),
    "MediaNowPlayingAlbum": ("string_value", _playing(2)),
    "MediaNowPlayingStation": ("string_value", lambda car: car.media.station),
    "MediaNowPlayingDuration": (
        "int_value",
        lambda car: 0 if car.media.status == "Stopped" else car.media.title[3] * 1000,
    ),
    "MediaNowPlayingElapsed": ("int_value", lambda car: car.media.elapsed(car.time) * 1000),
    # Software
    "Version": ("string_value", _version),
    "SoftwareUpdateVersion": ("string_value", _of_update(lambda car: car.software.offered)),
    "SoftwareUpdateDownloadPercentComplete": (
        "int_value",
        _of_update(lambda car: car.software.download_percent(car.time)),
    ),
    "SoftwareUpdateInstallationPercentComplete": (
        "int_value",
        _of_update(lambda car: car.software.install_percent(car.time)),
    ),
    "SoftwareUpdateExpectedDurationMinutes": (
        "int_value",
        _of_update(lambda _car: int(INSTALL_SECONDS / 60)),
    ),
    "SoftwareUpdateScheduledStartTime": ("long_value", _update_start),
    "SoftwareUpdateAvailable": ("boolean_value", lambda car: car.software.offered is not None),
    "SoftwareUpdateInProgress": ("boolean_value", lambda car: car.software.status == "installing"),
    # What it was built as
    "VehicleName": ("string_value", lambda car: car.display_name),
    "CarType": ("car_type_value", lambda car: _CAR_TYPES.get(car.model.car_type, "Unknown")),
    "Trim": ("string_value", lambda car: car.model.trim_badging.upper()),
    "ExteriorColor": ("string_value", lambda car: car.model.exterior_color),
    "RoofColor": ("string_value", lambda _car: "RoofColorGlass"),
    "WheelType": ("string_value", lambda car: car.model.wheel_type),
    "EfficiencyPackage": ("string_value", lambda _car: "Default"),
    "EuropeVehicle": ("boolean_value", lambda car: car.model.eu_vehicle),
    "RightHandDrive": ("boolean_value", lambda _car: False),
    "RearSeatHeaters": ("string_value", lambda car: str(car.model.rear_seat_heaters)),
    "SunroofInstalled": (
        "sunroof_installed_state_value",
        lambda car: "Gen1Installed" if car.model.has_sunroof else "NotInstalled",
    ),
    "OffroadLightbarPresent": ("boolean_value", lambda _car: False),
}


def _numbers(arm: str) -> dict[str, int] | None:
    """The first value of each of Tesla's enums is its prefix and "Unknown"."""
    enum = Value.DESCRIPTOR.fields_by_name[arm].enum_type
    if enum is None:
        return None
    prefix = enum.values[0].name.removesuffix("Unknown")
    return {value.name.removeprefix(prefix): value.number for value in enum.values}


FIELDS: dict[str, FieldSpec] = {
    name: FieldSpec(
        name=name,
        number=Field.Value(name),
        arm=arm,
        read=read,
        numbers=_numbers(arm),
        firmware=_needs(Field.Value(name)),
    )
    for name, (arm, read) in _READERS.items()
}
"""Everything that a simulated car tells, by Tesla's name."""

BEFORE_SLEEP = frozenset(
    {
        "ACChargingPower",
        "BrickVoltageMax",
        "BrickVoltageMin",
        "ChargeAmps",
        "ChargeState",
        "ChargerVoltage",
        "DCChargingPower",
        "DetailedChargeState",
        "ChargePortLatch",
        "ChargePortDoorOpen",
        "ChargingCableType",
        "FastChargerPresent",
        "FastChargerType",
        "Gear",
        "InsideTemp",
        "OutsideTemp",
        "PackCurrent",
        "PackVoltage",
        "VehicleSpeed",
    }
)
"""What a car calls invalid before it falls asleep. Source: fleet-telemetry issue 341 and captures
of real cars; which other fields real cars call so is not known."""

LOCATION_FIELDS = frozenset(
    {
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    }
)
"""What needs the scope `vehicle_location`. Source: Tesla, "Fleet Telemetry", August 2026."""

NAMES = frozenset(Field.keys()) - {"Unknown"}
"""Every name that a configuration may hold, told by simulated cars or not."""
