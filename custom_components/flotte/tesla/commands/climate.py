"""Climate, seats and steering wheel."""

from enum import IntEnum
from typing import Any, Final

from tesla_protocol.command import car_server_pb2

from .. import signals
from ..state import Signal
from .command import VOID, Command, InfotainmentAction, among, between, infotainment


def start_climate() -> Command:
    """Turn on the climate, with its last settings."""
    action = car_server_pb2.HvacAutoAction(power_on=True)
    return Command(
        name="auto_conditioning_start",
        **infotainment(InfotainmentAction(hvacAutoAction=action)),
        expects={signals.CLIMATE_ON: True},
    )


def _with_climate(signal: Signal[Any], value: int) -> dict[str, Any]:
    """Fields of a command that needs the climate to be on, unless it turns something off.

    A vehicle that runs such commands has its climate on, so they expect that too.
    """
    if not value:
        return {"expects": {signal: value}}
    climate = start_climate()
    return {"expects": {signal: value, **climate.expects}, "preparation": climate}


def stop_climate() -> Command:
    """Turn off the climate, and all modes that keep it on."""
    action = car_server_pb2.HvacAutoAction(power_on=False)
    return Command(
        name="auto_conditioning_stop",
        **infotainment(InfotainmentAction(hvacAutoAction=action)),
        expects={
            signals.CLIMATE_ON: False,
            signals.PRECONDITIONING: False,
            signals.CLIMATE_KEEPER: "off",
            signals.DEFROST: False,
        },
    )


def set_temperature(driver: float, passenger: float | None = None) -> Command:
    """Set 15 to 28 °C on the driver's side, and the same or another one on the passenger's side.

    Both are always sent, because Tesla takes a missing side for 0.
    """
    passenger = driver if passenger is None else passenger
    for celsius in (driver, passenger):
        between("temperature", celsius, 15, 28)
    action = car_server_pb2.HvacTemperatureAdjustmentAction(
        driver_temp_celsius=driver,
        passenger_temp_celsius=passenger,
        # Tesla's own client always sends this with the two numbers.
        level=car_server_pb2.HvacTemperatureAdjustmentAction.Temperature(TEMP_MAX=VOID),
    )
    return Command(
        name="set_temps",
        **infotainment(InfotainmentAction(hvacTemperatureAdjustmentAction=action)),
        parameters={"driver_temp": driver, "passenger_temp": passenger},
        expects={signals.DRIVER_TEMPERATURE: driver, signals.PASSENGER_TEMPERATURE: passenger},
        supersedes="temperature",
    )


def set_climate_keeper(mode: str, *, manual_override: bool = False) -> Command:
    """Keep the climate on after leaving: `off`, `on` (keep), `dog` or `camp`.

    Tesla does not document `manual_override`, here and below; its own client sends false.
    """
    among("climate keeper", mode, signals.KEEPER_MODES)
    number = signals.KEEPER_MODES.index(mode)
    action = car_server_pb2.HvacClimateKeeperAction(manual_override=manual_override)
    action.ClimateKeeperAction = number  # type: ignore[assignment]  # the enum's number is its index
    expects: dict[Signal[Any], Any] = {signals.CLIMATE_KEEPER: mode}
    if mode != "off":
        expects[signals.CLIMATE_ON] = True
    return Command(
        name="set_climate_keeper_mode",
        **infotainment(InfotainmentAction(hvacClimateKeeperAction=action)),
        parameters={"climate_keeper_mode": number, "manual_override": manual_override},
        expects=expects,
    )


def set_defrost(*, on: bool, manual_override: bool = False) -> Command:
    """Turn maximum defrost on or off."""
    action = car_server_pb2.HvacSetPreconditioningMaxAction(on=on, manual_override=manual_override)
    expects: dict[Signal[Any], Any] = {signals.DEFROST: on}
    if on:
        expects[signals.CLIMATE_ON] = True
    return Command(
        name="set_preconditioning_max",
        **infotainment(InfotainmentAction(hvacSetPreconditioningMaxAction=action)),
        parameters={"on": on, "manual_override": manual_override},
        expects=expects,
    )


class Seat(IntEnum):
    """A heated seat, by Tesla's REST number."""

    FRONT_LEFT = 0
    FRONT_RIGHT = 1
    REAR_LEFT = 2
    REAR_LEFT_BACK = 3
    REAR_CENTER = 4
    REAR_RIGHT = 5
    REAR_RIGHT_BACK = 6
    THIRD_ROW_LEFT = 7
    THIRD_ROW_RIGHT = 8


_SEAT_FIELDS: Final = {
    Seat.FRONT_LEFT: ("CAR_SEAT_FRONT_LEFT", signals.SEAT_HEATER_LEFT),
    Seat.FRONT_RIGHT: ("CAR_SEAT_FRONT_RIGHT", signals.SEAT_HEATER_RIGHT),
    Seat.REAR_LEFT: ("CAR_SEAT_REAR_LEFT", signals.SEAT_HEATER_REAR_LEFT),
    Seat.REAR_LEFT_BACK: ("CAR_SEAT_REAR_LEFT_BACK", signals.SEAT_HEATER_REAR_LEFT_BACK),
    Seat.REAR_CENTER: ("CAR_SEAT_REAR_CENTER", signals.SEAT_HEATER_REAR_CENTER),
    Seat.REAR_RIGHT: ("CAR_SEAT_REAR_RIGHT", signals.SEAT_HEATER_REAR_RIGHT),
    Seat.REAR_RIGHT_BACK: ("CAR_SEAT_REAR_RIGHT_BACK", signals.SEAT_HEATER_REAR_RIGHT_BACK),
    Seat.THIRD_ROW_LEFT: ("CAR_SEAT_THIRD_ROW_LEFT", signals.SEAT_HEATER_THIRD_ROW_LEFT),
    Seat.THIRD_ROW_RIGHT: ("CAR_SEAT_THIRD_ROW_RIGHT", signals.SEAT_HEATER_THIRD_ROW_RIGHT),
}
_LEVEL_FIELDS: Final = ("SEAT_HEATER_OFF", "SEAT_HEATER_LOW", "SEAT_HEATER_MED", "SEAT_HEATER_HIGH")


def set_seat_heater(seat: Seat, level: int) -> Command:
    """Heat a seat at `level` 0 (off) to 3; the climate is turned on first."""
    between("seat heater", level, 0, len(_LEVEL_FIELDS) - 1)
    seat_field, signal = _SEAT_FIELDS[seat]
    action = car_server_pb2.HvacSeatHeaterActions.HvacSeatHeaterAction()
    for name in (_LEVEL_FIELDS[level], seat_field):
        getattr(action, name).SetInParent()
    actions = car_server_pb2.HvacSeatHeaterActions(hvacSeatHeaterAction=[action])
    return Command(
        name="remote_seat_heater_request",
        **infotainment(InfotainmentAction(hvacSeatHeaterActions=actions)),
        parameters={"seat_position": int(seat), "level": level},
        **_with_climate(signal, level),
        supersedes=f"seat_heater_{seat.name}",
    )


def set_steering_wheel_heater(*, on: bool) -> Command:
    """Heat the steering wheel; the climate is turned on first."""
    action = car_server_pb2.HvacSteeringWheelHeaterAction(power_on=on)
    return Command(
        name="remote_steering_wheel_heater_request",
        **infotainment(InfotainmentAction(hvacSteeringWheelHeaterAction=action)),
        parameters={"on": on},
        **_with_climate(signals.STEERING_WHEEL_HEATER, on),
    )


_WHEEL_LEVELS: Final = {0: 1, 1: 2, 3: 3}
"""Levels of the steering wheel as vehicles report them, with their numbers in the message."""


def set_steering_wheel_level(level: int) -> Command:
    """Heat the steering wheel at `level` 0 (off), 1 or 3; the climate is turned on first."""
    among("steering wheel heater", str(level), tuple(map(str, _WHEEL_LEVELS)))
    action = car_server_pb2.StwHeatLevelAction()
    action.stw_heat_level = _WHEEL_LEVELS[level]  # type: ignore[assignment]  # the enum's number
    return Command(
        name="remote_steering_wheel_heat_level_request",
        **infotainment(InfotainmentAction(stwHeatLevelAction=action)),
        parameters={"level": level},
        **_with_climate(signals.STEERING_WHEEL_LEVEL, level),
        unproven=True,
        supersedes="steering_wheel_level",
    )


def set_auto_steering_wheel(*, on: bool) -> Command:
    """Let the car heat the steering wheel automatically; the climate is turned on first."""
    return Command(
        name="remote_auto_steering_wheel_heat_climate_request",
        **infotainment(
            InfotainmentAction(autoStwHeatAction=car_server_pb2.AutoStwHeatAction(on=on))
        ),
        parameters={"on": on},
        **_with_climate(signals.AUTO_STEERING_WHEEL, on),
        unproven=True,
    )


def set_bioweapon_mode(*, on: bool, manual_override: bool = False) -> Command:
    """Filter the air as well as the vehicle can."""
    action = car_server_pb2.HvacBioweaponModeAction(on=on, manual_override=manual_override)
    return Command(
        name="set_bioweapon_mode",
        **infotainment(InfotainmentAction(hvacBioweaponModeAction=action)),
        parameters={"on": on, "manual_override": manual_override},
        expects={signals.BIOWEAPON_MODE: on},
    )


def set_cabin_overheat_protection(mode: str) -> Command:
    """Keep the parked cabin from overheating: `off`, `on`, or `fan_only`."""
    among("cabin overheat protection", mode, signals.OVERHEAT_PROTECTION_MODES)
    on, fan_only = mode != "off", mode == "fan_only"
    action = car_server_pb2.SetCabinOverheatProtectionAction(on=on, fan_only=fan_only)
    return Command(
        name="set_cabin_overheat_protection",
        **infotainment(InfotainmentAction(setCabinOverheatProtectionAction=action)),
        parameters={"on": on, "fan_only": fan_only},
        expects={signals.OVERHEAT_MODE: mode},
        supersedes="cabin_overheat_protection",
    )


def set_overheat_temperature(level: str) -> Command:
    """Set where overheat protection begins: `low` 30 °C, `medium` 35 °C, `high` 40 °C.

    This follows the documentation; Tesla's own proxy sends one level too low.
    """
    among("overheat temperature", level, signals.OVERHEAT_LIMITS)
    number = signals.OVERHEAT_LIMITS.index(level)
    action = car_server_pb2.SetCopTempAction()
    # The enum begins with "unspecified".
    action.copActivationTemp = number + 1  # type: ignore[assignment]  # the enum's number
    return Command(
        name="set_cop_temp",
        **infotainment(InfotainmentAction(setCopTempAction=action)),
        parameters={"cop_temp": number},
        expects={signals.OVERHEAT_LIMIT: level},
        supersedes="overheat_temperature",
    )


_FRONT_SEATS: Final = {
    Seat.FRONT_LEFT: (1, signals.AUTO_SEAT_LEFT, signals.SEAT_COOLER_LEFT),
    Seat.FRONT_RIGHT: (2, signals.AUTO_SEAT_RIGHT, signals.SEAT_COOLER_RIGHT),
}
"""For each front seat: its number in these commands, and the signals of automatic and cooler."""


def _front(seat: Seat) -> tuple[int, Signal[bool], Signal[int]]:
    among("seat", seat.name.lower(), tuple(each.name.lower() for each in _FRONT_SEATS))
    return _FRONT_SEATS[seat]


def set_auto_seat_climate(seat: Seat, *, on: bool) -> Command:
    """Let the vehicle heat and cool a front seat automatically; the climate is turned on first."""
    number, signal, _ = _front(seat)
    place = car_server_pb2.AutoSeatClimateAction.CarSeat(on=on)
    place.seat_position = number  # type: ignore[assignment]  # the enum's number
    action = car_server_pb2.AutoSeatClimateAction(carseat=[place])
    return Command(
        name="remote_auto_seat_climate_request",
        **infotainment(InfotainmentAction(autoSeatClimateAction=action)),
        parameters={"auto_seat_position": number, "auto_climate_on": on},
        **_with_climate(signal, on),
    )


def set_seat_cooler(seat: Seat, level: int) -> Command:
    """Cool a front seat at `level` 0 (off) to 3; the climate is turned on first.

    This follows the documentation; Tesla's own proxy sends one level too low.
    """
    between("seat cooler", level, 0, 3)
    number, _, signal = _front(seat)
    place = car_server_pb2.HvacSeatCoolerActions.HvacSeatCoolerAction()
    place.seat_cooler_level = level + 1  # type: ignore[assignment]  # the enum begins with "unknown"
    place.seat_position = number  # type: ignore[assignment]  # the enum's number
    actions = car_server_pb2.HvacSeatCoolerActions(hvacSeatCoolerAction=[place])
    return Command(
        name="remote_seat_cooler_request",
        **infotainment(InfotainmentAction(hvacSeatCoolerActions=actions)),
        parameters={"seat_position": number, "seat_cooler_level": level},
        **_with_climate(signal, level),
        supersedes=f"seat_cooler_{seat.name}",
    )
