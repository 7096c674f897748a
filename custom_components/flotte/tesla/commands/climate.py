"""Climate, seats and steering wheel."""

from enum import IntEnum
from typing import Any, Final

from tesla_protocol.command import car_server_pb2

from .. import signals
from ..state import Signal
from .command import VOID, Action, Command, among, between, infotainment


def start_climate() -> Command:
    """Switch the climate control on, with its last settings."""
    action = car_server_pb2.HvacAutoAction(power_on=True)
    return Command(
        name="auto_conditioning_start",
        **infotainment(Action(hvacAutoAction=action)),
        expects={signals.CLIMATE_ON: True},
    )


def stop_climate() -> Command:
    """Switch the climate control off, and with it what keeps it on."""
    action = car_server_pb2.HvacAutoAction(power_on=False)
    return Command(
        name="auto_conditioning_stop",
        **infotainment(Action(hvacAutoAction=action)),
        expects={
            signals.CLIMATE_ON: False,
            signals.PRECONDITIONING: False,
            signals.CLIMATE_KEEPER: "off",
            signals.DEFROST: False,
        },
    )


def set_temperature(celsius: float) -> Command:
    """Wish `celsius` °C, 15 to 28, on both sides; Tesla takes a missing side for 0."""
    between("temperature", celsius, 15, 28)
    action = car_server_pb2.HvacTemperatureAdjustmentAction(
        driver_temp_celsius=celsius,
        passenger_temp_celsius=celsius,
        # Tesla's own client always says so beside the two numbers.
        level=car_server_pb2.HvacTemperatureAdjustmentAction.Temperature(TEMP_MAX=VOID),
    )
    return Command(
        name="set_temps",
        **infotainment(Action(hvacTemperatureAdjustmentAction=action)),
        parameters={"driver_temp": celsius, "passenger_temp": celsius},
        expects={signals.DRIVER_TEMPERATURE: celsius, signals.PASSENGER_TEMPERATURE: celsius},
        supersedes="temperature",
    )


def set_climate_keeper(mode: str) -> Command:
    """Keep the climate after leaving: `off`, `on` (keep), `dog` or `camp`."""
    among("climate keeper", mode, signals.KEEPER_MODES)
    number = signals.KEEPER_MODES.index(mode)
    action = car_server_pb2.HvacClimateKeeperAction()
    action.ClimateKeeperAction = number  # type: ignore[assignment]  # the enum's number is its index
    expects: dict[Signal[Any], Any] = {signals.CLIMATE_KEEPER: mode}
    if mode != "off":
        expects[signals.CLIMATE_ON] = True
    return Command(
        name="set_climate_keeper_mode",
        **infotainment(Action(hvacClimateKeeperAction=action)),
        parameters={"climate_keeper_mode": number},
        expects=expects,
    )


def set_defrost(*, on: bool) -> Command:
    """Switch the maximum defrost on or off."""
    action = car_server_pb2.HvacSetPreconditioningMaxAction(on=on)
    expects: dict[Signal[Any], Any] = {signals.DEFROST: on}
    if on:
        expects[signals.CLIMATE_ON] = True
    return Command(
        name="set_preconditioning_max",
        **infotainment(Action(hvacSetPreconditioningMaxAction=action)),
        parameters={"on": on, "manual_override": False},
        expects=expects,
    )


class Seat(IntEnum):
    """A heated seat, by Tesla's REST number."""

    FRONT_LEFT = 0
    FRONT_RIGHT = 1
    REAR_LEFT = 2
    REAR_CENTER = 4
    REAR_RIGHT = 5


_SEAT_FIELDS: Final = {
    Seat.FRONT_LEFT: ("CAR_SEAT_FRONT_LEFT", signals.SEAT_HEATER_LEFT),
    Seat.FRONT_RIGHT: ("CAR_SEAT_FRONT_RIGHT", signals.SEAT_HEATER_RIGHT),
    Seat.REAR_LEFT: ("CAR_SEAT_REAR_LEFT", signals.SEAT_HEATER_REAR_LEFT),
    Seat.REAR_CENTER: ("CAR_SEAT_REAR_CENTER", signals.SEAT_HEATER_REAR_CENTER),
    Seat.REAR_RIGHT: ("CAR_SEAT_REAR_RIGHT", signals.SEAT_HEATER_REAR_RIGHT),
}
_LEVEL_FIELDS: Final = ("SEAT_HEATER_OFF", "SEAT_HEATER_LOW", "SEAT_HEATER_MED", "SEAT_HEATER_HIGH")


def set_seat_heater(seat: Seat, level: int) -> Command:
    """Heat a seat at `level` 0 (off) to 3; the climate control must be on."""
    between("seat heater", level, 0, len(_LEVEL_FIELDS) - 1)
    seat_field, signal = _SEAT_FIELDS[seat]
    action = car_server_pb2.HvacSeatHeaterActions.HvacSeatHeaterAction()
    for name in (_LEVEL_FIELDS[level], seat_field):
        getattr(action, name).SetInParent()
    actions = car_server_pb2.HvacSeatHeaterActions(hvacSeatHeaterAction=[action])
    return Command(
        name="remote_seat_heater_request",
        **infotainment(Action(hvacSeatHeaterActions=actions)),
        parameters={"seat_position": int(seat), "level": level},
        expects={signal: level},
        supersedes=f"seat_heater_{seat.name}",
    )


def set_steering_wheel_heater(*, on: bool) -> Command:
    """Heat the steering wheel; the climate control must be on."""
    action = car_server_pb2.HvacSteeringWheelHeaterAction(power_on=on)
    return Command(
        name="remote_steering_wheel_heater_request",
        **infotainment(Action(hvacSteeringWheelHeaterAction=action)),
        parameters={"on": on},
        expects={signals.STEERING_WHEEL_HEATER: on},
    )


def set_bioweapon_mode(*, on: bool) -> Command:
    """Filter the air as well as the car can."""
    action = car_server_pb2.HvacBioweaponModeAction(on=on)
    return Command(
        name="set_bioweapon_mode",
        **infotainment(Action(hvacBioweaponModeAction=action)),
        parameters={"on": on, "manual_override": False},
    )


def set_cabin_overheat_protection(mode: str) -> Command:
    """Keep the parked cabin from overheating: `off`, `on`, or `fan_only`."""
    among("cabin overheat protection", mode, signals.OVERHEAT_PROTECTION)
    on, fan_only = mode != "off", mode == "fan_only"
    action = car_server_pb2.SetCabinOverheatProtectionAction(on=on, fan_only=fan_only)
    return Command(
        name="set_cabin_overheat_protection",
        **infotainment(Action(setCabinOverheatProtectionAction=action)),
        parameters={"on": on, "fan_only": fan_only},
    )


def set_overheat_temperature(level: str) -> Command:
    """Where overheat protection begins: `low` 30 °C, `medium` 35 °C, `high` 40 °C.

    Tesla's own proxy sends one level too low; the documentation is followed here.
    """
    levels = ("low", "medium", "high")
    among("overheat temperature", level, levels)
    number = levels.index(level)
    action = car_server_pb2.SetCopTempAction()
    # The enum begins with "unspecified".
    action.copActivationTemp = number + 1  # type: ignore[assignment]  # the enum's number
    return Command(
        name="set_cop_temp",
        **infotainment(Action(setCopTempAction=action)),
        parameters={"cop_temp": number},
    )


_FRONT_SEATS: Final = {Seat.FRONT_LEFT: 1, Seat.FRONT_RIGHT: 2}
"""Front seats, as automatic climate and coolers number them."""


def _front(seat: Seat) -> int:
    among("seat", seat.name.lower(), tuple(each.name.lower() for each in _FRONT_SEATS))
    return _FRONT_SEATS[seat]


def set_auto_seat_climate(seat: Seat, *, on: bool) -> Command:
    """Let the car heat and cool a front seat by itself; the climate must be on."""
    number = _front(seat)
    place = car_server_pb2.AutoSeatClimateAction.CarSeat(on=on)
    place.seat_position = number  # type: ignore[assignment]  # the enum's number
    action = car_server_pb2.AutoSeatClimateAction(carseat=[place])
    return Command(
        name="remote_auto_seat_climate_request",
        **infotainment(Action(autoSeatClimateAction=action)),
        parameters={"auto_seat_position": number, "auto_climate_on": on},
    )


def set_seat_cooler(seat: Seat, level: int) -> Command:
    """Cool a front seat at `level` 0 (off) to 3; the climate must be on.

    Tesla's own proxy sends one level too low; the documentation is followed here.
    """
    between("seat cooler", level, 0, 3)
    number = _front(seat)
    place = car_server_pb2.HvacSeatCoolerActions.HvacSeatCoolerAction()
    place.seat_cooler_level = level + 1  # type: ignore[assignment]  # the enum begins with "unknown"
    place.seat_position = number  # type: ignore[assignment]  # the enum's number
    actions = car_server_pb2.HvacSeatCoolerActions(hvacSeatCoolerAction=[place])
    return Command(
        name="remote_seat_cooler_request",
        **infotainment(Action(hvacSeatCoolerActions=actions)),
        parameters={"seat_position": number, "seat_cooler_level": level},
        supersedes=f"seat_cooler_{seat.name}",
    )
