"""Commands for the climate, the seats and the steering wheel."""

from simulator.commands.command import NOT_SUPPORTED, Parameters, command, flag, number, whole
from simulator.refusals import Refused
from simulator.vehicle.climate import (
    DEFROST_MAX,
    KEEPER_MODES,
    MAX_SETTING,
    MIN_SETTING,
    SEATS,
)
from simulator.vehicle.life import Life

COMFORT_OFF = "cabin comfort remote settings not enabled"
FRONT_SEATS = ("left", "right")
COP_LEVELS = ("Low", "Medium", "High")
MAX_LEVEL = 3


def _climate_on(life: Life, _: Parameters) -> None:
    life.climate.switch_on(life.time)


def _climate_off(life: Life, _: Parameters) -> None:
    life.climate.switch_off()


def _set_temps(life: Life, parameters: Parameters) -> None:
    """Values beyond the car's limits are clamped; 0 stands for a value left out."""
    climate = life.climate
    if parameters["driver_temp"]:
        climate.driver_setting = _temperature(life, parameters["driver_temp"])
    if parameters["passenger_temp"]:
        climate.passenger_setting = _temperature(life, parameters["passenger_temp"])


def _temperature(life: Life, celsius: float) -> float:
    """Round to the car's resolution: half degrees Celsius, or whole Fahrenheit to a tenth."""
    if life.model.eu_vehicle:
        kept = round(celsius * 2) / 2
    else:
        kept = round((round(celsius * 1.8 + 32) - 32) / 1.8, 1)
    return min(max(kept, MIN_SETTING), MAX_SETTING)


def _keeper(life: Life, parameters: Parameters) -> None:
    mode = KEEPER_MODES[parameters["climate_keeper_mode"]]
    if mode != "off":
        life.climate.switch_on(life.time)
    elif life.climate.keeper != "off":
        life.climate.switch_off()
    life.climate.keeper = mode


def _preconditioning_max(life: Life, parameters: Parameters) -> None:
    if parameters["on"]:
        life.climate.switch_on(life.time)
        life.climate.defrost_mode = DEFROST_MAX
    elif life.climate.defrost_mode:
        life.climate.switch_off()


def _bioweapon(life: Life, parameters: Parameters) -> None:
    if parameters["on"]:
        life.climate.switch_on(life.time)
    life.climate.bioweapon = parameters["on"]


def _cabin_overheat(life: Life, parameters: Parameters) -> None:
    if not parameters["on"]:
        life.climate.overheat_protection = "Off"
    else:
        life.climate.overheat_protection = "FanOnly" if parameters["fan_only"] else "On"


def _cop_temp(life: Life, parameters: Parameters) -> None:
    life.climate.overheat_temperature = COP_LEVELS[parameters["cop_temp"]]


def _require_climate(life: Life, *, wanted: float) -> None:
    """Refuse a heater or cooler while the climate is off; 0 and false are always accepted."""
    if wanted and not life.climate.is_on:
        raise Refused(COMFORT_OFF)


def _seat_heater(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["level"])
    life.climate.seat_heaters[SEATS[parameters["seat_position"]]] = parameters["level"]


def _seat_cooler(life: Life, parameters: Parameters) -> None:
    if not life.model.has_seat_cooling:
        raise Refused("not_supported", NOT_SUPPORTED)
    _require_climate(life, wanted=parameters["seat_cooler_level"])
    seat = FRONT_SEATS[parameters["seat_position"] - 1]
    life.climate.seat_fans[seat] = parameters["seat_cooler_level"]


def _auto_seat(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["auto_climate_on"])
    seat = FRONT_SEATS[parameters["auto_seat_position"] - 1]
    life.climate.auto_seats[seat] = parameters["auto_climate_on"]


def _wheel_heater(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["on"])
    life.climate.wheel_level = MAX_LEVEL if parameters["on"] else 0


def _wheel_level(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["level"])
    life.climate.wheel_level = parameters["level"]


def _auto_wheel(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["on"])
    life.climate.auto_wheel = parameters["on"]


COMMANDS = (
    command("auto_conditioning_start", _climate_on),
    command("auto_conditioning_stop", _climate_off),
    command(
        "set_temps",
        _set_temps,
        number("driver_temp", is_required=False),
        number("passenger_temp", is_required=False),
    ),
    command(
        "set_climate_keeper_mode",
        _keeper,
        whole("climate_keeper_mode"),
        flag("manual_override", is_required=False),
    ),
    command(
        "set_preconditioning_max",
        _preconditioning_max,
        flag("on"),
        flag("manual_override", is_required=False),
    ),
    command("set_bioweapon_mode", _bioweapon, flag("on"), flag("manual_override")),
    command(
        "set_cabin_overheat_protection",
        _cabin_overheat,
        flag("on"),
        flag("fan_only", is_required=False),
    ),
    command("set_cop_temp", _cop_temp, whole("cop_temp")),
    command("remote_seat_heater_request", _seat_heater, whole("seat_position"), whole("level")),
    command(
        "remote_seat_cooler_request",
        _seat_cooler,
        whole("seat_position"),
        whole("seat_cooler_level"),
    ),
    command(
        "remote_auto_seat_climate_request",
        _auto_seat,
        whole("auto_seat_position"),
        flag("auto_climate_on"),
    ),
    command("remote_steering_wheel_heater_request", _wheel_heater, flag("on")),
    command("remote_steering_wheel_heat_level_request", _wheel_level, whole("level")),
    command("remote_auto_steering_wheel_heat_climate_request", _auto_wheel, flag("on")),
)
"""The table of these commands."""
