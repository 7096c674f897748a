"""What every command does to a car, whichever way it came.

A signed action and a REST body are both turned into a name of this table and its parameters (named
and measured as the REST documentation does), so that they cannot mean different things. A command
that does not run raises Refused with the car's word for it. Words that no published source knows
are this simulator's own and marked so.

Sources: Tesla, "Vehicle commands" (January 2025 to August 2026); vehicle-command,
pkg/proxy/command.go and pkg/vehicle (July 2026); reasons as public issue reports quote them.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.refusals import Refused
from simulator.vehicle.access import FASTEST_LIMIT_MPH, SLOWEST_LIMIT_MPH
from simulator.vehicle.body import VENTED
from simulator.vehicle.charging import FULL_PERCENT
from simulator.vehicle.climate import (
    COLDEST_SETTING,
    DEFROST_MAX,
    KEEPER_MODES,
    SEATS,
    WARMEST_SETTING,
)
from simulator.vehicle.life import KEYLESS_SECONDS, Destination, Life
from simulator.vehicle.media import STEP

type Parameters = dict[str, Any]

# Errors.GenericError_E, what the security domain answers with (errors.proto).
CLOSURES_OPEN = 2
DISABLED_FOR_USER_COMMAND = 4
VEHICLE_NOT_IN_PARK = 5
NOT_SUPPORTED = 9

COMFORT_OFF = "cabin comfort remote settings not enabled"
FRONT_SEATS = ("left", "right")
COP_LEVELS = ("Low", "Medium", "High")
HIGHEST_LEVEL = 3
MINUTES_PER_DAY = 1440
DRIVENOTE_LENGTH = 80
_PIN = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field of a command's JSON body."""

    name: str
    kind: type
    """bool, int, float (a whole number will do), str or dict."""
    is_required: bool = True
    words: tuple[str, ...] | None = None
    """The only texts that mean something."""
    default: Any = None


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, what it needs to know, and what it does."""

    name: str
    run: Callable[[Life, Parameters], None]
    parameters: tuple[Parameter, ...] = ()
    is_charging: bool = False
    """Whether the scope `vehicle_charging_cmds` is enough."""
    is_rest_only: bool = False
    """Whether even cars that require the protocol take it unsigned."""
    is_signed_only: bool = False
    """Whether REST answers that the command needs the protocol, on every car."""


# Locks, trunks and other things that open


def _door_lock(life: Life, _: Parameters) -> None:
    if life.body.has_open_closure:
        raise Refused("closures_open", CLOSURES_OPEN)
    life.lock()


def _door_unlock(life: Life, _: Parameters) -> None:
    life.body.is_locked = False


def _remote_start(life: Life, _: Parameters) -> None:
    if not life.remote_start_enabled:
        raise Refused("keyless_driving_disabled", DISABLED_FOR_USER_COMMAND)  # own word
    _require_park(life)
    life.keyless_until = life.time + KEYLESS_SECONDS


def _actuate_trunk(life: Life, parameters: Parameters) -> None:
    """MOVE toggles a powered liftgate; a frunk and a plain boot lid can only be opened.

    The signed forms OPEN and CLOSE (`move`) work where there is a motor.
    """
    _require_park(life)
    move = parameters.get("move", "move")
    is_front = parameters["which_trunk"] == "front"
    has_motor = life.model.has_power_liftgate and not is_front
    if move == "close" and not has_motor:
        raise Refused("not_supported", NOT_SUPPORTED)
    if is_front:
        life.body.frunk = 1
    elif move == "close":
        life.body.trunk = 0
    elif move == "move" and has_motor:
        life.body.trunk = 0 if life.body.trunk else 1
    else:
        life.body.trunk = 1


def _tonneau(position: str | None) -> Callable[[Life, Parameters], None]:
    """It gets there at once; None stops it where it is."""

    def run(life: Life, _: Parameters) -> None:
        if not life.model.has_tonneau:
            raise Refused("not_supported", NOT_SUPPORTED)
        _require_park(life)
        life.body.tonneau = position or life.body.tonneau

    return run


def _charge_port_open(life: Life, _: Parameters) -> None:
    """Open the door; with a cable in, let go of it, unless current flows."""
    _require_park(life)
    charging = life.charging
    if charging.supply is None:
        charging.port.open(life.time)
        return
    if charging.state in ("Charging", "Starting"):
        raise Refused("is_charging")  # own word for this command
    charging.port.unlatch(life.time)


def _charge_port_close(life: Life, _: Parameters) -> None:
    if life.charging.supply is not None:
        raise Refused("cable connected")
    if not life.model.has_motorized_charge_port:
        raise Refused("not_supported", NOT_SUPPORTED)
    if not life.charging.port.is_open:
        raise Refused("already closed")
    life.charging.port.close()


def _window_control(life: Life, parameters: Parameters) -> None:
    """Cars before the Model 3 close only for somebody near them (Tesla's documentation)."""
    _require_park(life)
    if parameters["command"] == "close" and life.model.closes_windows_nearby_only:
        place = (parameters.get("lat"), parameters.get("lon"))
        match place:
            case (int() | float() as latitude, int() | float() as longitude) if life.is_near(
                latitude, longitude
            ):
                pass
            case _:
                raise Refused("not_nearby")  # own word
    value = VENTED if parameters["command"] == "vent" else 0
    life.body.windows = dict.fromkeys(life.body.windows, value)


def _sun_roof(life: Life, parameters: Parameters) -> None:
    if not life.model.has_sunroof:
        raise Refused("not_supported", NOT_SUPPORTED)
    states = {"vent": "vent", "close": "closed", "open": "open", "stop": life.body.sunroof}
    life.body.sunroof = states[parameters["state"]]


def _homelink(life: Life, parameters: Parameters) -> None:
    if not life.model.homelink_devices:
        raise Refused("not_supported", NOT_SUPPORTED)
    place = (parameters["lat"], parameters["lon"])
    if not (life.is_near(*life.home) and life.is_near(*place)):
        raise Refused("not_nearby")  # own word
    life.homelink_moves += 1


def _flash(life: Life, _: Parameters) -> None:
    _require_park(life)
    life.flashes += 1


def _honk(life: Life, _: Parameters) -> None:
    _require_park(life)
    life.honks += 1


def _boombox(life: Life, _: Parameters) -> None:
    _require_park(life)
    life.honks += 1


def _require_park(life: Life) -> None:
    if not life.is_parked:
        raise Refused("vehicle_not_in_park", VEHICLE_NOT_IN_PARK)


# Charging


def _charge_start(life: Life, _: Parameters) -> None:
    life.charging.begin(life.time)


def _charge_stop(life: Life, _: Parameters) -> None:
    life.charging.end()


def _charge_limit(life: Life, parameters: Parameters) -> None:
    life.charging.set_limit(parameters["percent"], life.time)


def _charge_standard(life: Life, _: Parameters) -> None:
    _charge_preset(life, 80, "already_standard")


def _charge_max_range(life: Life, _: Parameters) -> None:
    _charge_preset(life, FULL_PERCENT, "already_max_range")


def _charge_preset(life: Life, percent: int, already: str) -> None:
    if life.charging.limit_percent == percent:
        raise Refused(already)
    life.charging.set_limit(percent, life.time)


def _charging_amps(life: Life, parameters: Parameters) -> None:
    life.charging.command_amps(parameters["charging_amps"], life.time)


def _scheduled_charging(life: Life, parameters: Parameters) -> None:
    schedule = life.charging.schedule
    if parameters["enable"]:
        schedule.mode = "StartAt"
        schedule.start_minutes = parameters["time"] % MINUTES_PER_DAY
    elif schedule.mode == "StartAt":
        schedule.mode = "Off"
        if life.charging.is_held:
            # What the timer held back begins (reports of owners).
            life.charging.try_to_begin(life.time)


def _scheduled_departure(life: Life, parameters: Parameters) -> None:
    schedule = life.charging.schedule
    if not parameters["enable"]:
        if schedule.mode == "DepartBy":
            schedule.mode = "Off"
        return
    schedule.mode = "DepartBy"
    schedule.departure_minutes = parameters["departure_time"] % MINUTES_PER_DAY
    schedule.off_peak_end_minutes = parameters["end_off_peak_time"]
    # weekdays_only wins over enabled (vehicle-command, pkg/proxy/command.go)
    weekdays = parameters["preconditioning_weekdays_only"]
    schedule.is_preconditioning = weekdays or parameters["preconditioning_enabled"]
    schedule.preconditioning_times = "weekdays" if weekdays else "all_week"
    weekdays = parameters["off_peak_charging_weekdays_only"]
    schedule.is_off_peak = weekdays or parameters["off_peak_charging_enabled"]
    schedule.off_peak_times = "weekdays" if weekdays else "all_week"


def _add_charge_schedule(life: Life, parameters: Parameters) -> None:
    """The same id changes the schedule that has it."""
    key = parameters["id"] or int(life.time)
    life.plans.charge[key] = {
        "id": key,
        "name": parameters["name"],
        "days_of_week": parameters["days_of_week"],
        "start_enabled": parameters["start_enabled"],
        "start_time": parameters["start_time"],
        "end_enabled": parameters["end_enabled"],
        "end_time": parameters["end_time"],
        "one_time": parameters["one_time"],
        "enabled": parameters["enabled"],
        "latitude": parameters["lat"],
        "longitude": parameters["lon"],
    }


def _add_precondition_schedule(life: Life, parameters: Parameters) -> None:
    key = parameters["id"] or int(life.time)
    life.plans.precondition[key] = {
        "id": key,
        "name": parameters["name"],
        "days_of_week": parameters["days_of_week"],
        "precondition_time": parameters["precondition_time"],
        "one_time": parameters["one_time"],
        "enabled": parameters["enabled"],
        "latitude": parameters["lat"],
        "longitude": parameters["lon"],
    }


def _remove_charge_schedule(life: Life, parameters: Parameters) -> None:
    life.plans.charge.pop(parameters["id"], None)


def _remove_precondition_schedule(life: Life, parameters: Parameters) -> None:
    life.plans.precondition.pop(parameters["id"], None)


def _batch_remove_charge(life: Life, parameters: Parameters) -> None:
    _batch_remove(life, life.plans.charge, parameters)


def _batch_remove_precondition(life: Life, parameters: Parameters) -> None:
    _batch_remove(life, life.plans.precondition, parameters)


def _batch_remove(life: Life, plans: dict[int, dict[str, Any]], parameters: Parameters) -> None:
    for key, plan in list(plans.items()):
        if parameters[_kind_of_place(life, plan["latitude"], plan["longitude"])]:
            del plans[key]


def _kind_of_place(life: Life, latitude: float, longitude: float) -> str:
    """`home`, `work` or `other`: two places within some hundred metres are one."""
    near = 0.003
    for name, place in (("home", life.home), ("work", life.work)):
        if place is None:
            continue
        if abs(latitude - place[0]) < near and abs(longitude - place[1]) < near:
            return name
    return "other"


# Climate


def _climate_on(life: Life, _: Parameters) -> None:
    life.climate.switch_on(life.time)


def _climate_off(life: Life, _: Parameters) -> None:
    life.climate.switch_off()


def _set_temps(life: Life, parameters: Parameters) -> None:
    """Values outside what the car can do are cut to it; 0 stands for a value left out."""
    climate = life.climate
    if parameters["driver_temp"]:
        climate.driver_setting = _temperature(life, parameters["driver_temp"])
    if parameters["passenger_temp"]:
        climate.passenger_setting = _temperature(life, parameters["passenger_temp"])


def _temperature(life: Life, celsius: float) -> float:
    """As the car keeps it: half degrees Celsius, or whole Fahrenheit and reported to a tenth."""
    if life.model.eu_vehicle:
        kept = round(celsius * 2) / 2
    else:
        kept = round((round(celsius * 1.8 + 32) - 32) / 1.8, 1)
    return min(max(kept, COLDEST_SETTING), WARMEST_SETTING)


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
    """Refuse a heater or cooler while the climate is off; `wanted` 0 or false is always taken."""
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
    life.climate.wheel_level = HIGHEST_LEVEL if parameters["on"] else 0


def _wheel_level(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["level"])
    life.climate.wheel_level = parameters["level"]


def _auto_wheel(life: Life, parameters: Parameters) -> None:
    _require_climate(life, wanted=parameters["on"])
    life.climate.auto_wheel = parameters["on"]


# Watching, names, software


def _sentry(life: Life, parameters: Parameters) -> None:
    if parameters["on"]:
        _require_park(life)
    life.sentry_mode = parameters["on"]


def _vehicle_name(_: Life, __: Parameters) -> None:
    """The name is the car's own; `Car` puts it on after the command ran."""


def _schedule_update(life: Life, parameters: Parameters) -> None:
    if life.software.status not in ("available", "scheduled"):
        raise Refused("no_update_available")  # own word
    life.software.schedule(max(parameters["offset_sec"], 0), life.time)


def _cancel_update(life: Life, _: Parameters) -> None:
    life.software.cancel()


def _keep_accessory(life: Life, parameters: Parameters) -> None:
    life.access.keep_accessory_power = parameters["enable"]


def _low_power(life: Life, parameters: Parameters) -> None:
    life.access.low_power_mode = parameters["enable"]


def _erase(life: Life, _: Parameters) -> None:
    _require_park(life)
    if not life.access.guest_mode:
        raise Refused("not allowed")
    life.destination = None
    life.media.favourite = 0


def _guest_mode(life: Life, parameters: Parameters) -> None:
    life.access.guest_mode = parameters["enable"]


# Modes behind a PIN


def _require_pin(pin: str) -> None:
    if not _PIN.fullmatch(pin):
        raise Refused("invalid_pin")  # own word


def _valet(life: Life, parameters: Parameters) -> None:
    access = life.access
    if parameters["on"]:
        if access.valet_pin is None:
            _require_pin(parameters["password"])
            access.valet_pin = parameters["password"]
        access.valet_mode = True
        return
    if not access.valet_mode:
        raise Refused("valet mode already off")
    access.valet_mode = False


def _reset_valet_pin(life: Life, _: Parameters) -> None:
    if life.access.valet_mode:
        raise Refused("valet_mode_active")  # own word
    life.access.valet_pin = None


def _speed_limit(life: Life, parameters: Parameters, *, activate: bool) -> None:
    access = life.access
    _require_pin(parameters["pin"])
    if access.speed_limit_pin is None:
        access.speed_limit_pin = parameters["pin"]
    elif access.speed_limit_pin != parameters["pin"]:
        raise Refused("wrong_pin")  # own word
    access.speed_limit_active = activate


def _speed_limit_on(life: Life, parameters: Parameters) -> None:
    _speed_limit(life, parameters, activate=True)


def _speed_limit_off(life: Life, parameters: Parameters) -> None:
    _speed_limit(life, parameters, activate=False)


def _speed_limit_clear(life: Life, parameters: Parameters) -> None:
    if life.access.speed_limit_active:
        raise Refused("speed_limit_mode_active")
    if life.access.speed_limit_pin not in (None, parameters["pin"]):
        raise Refused("wrong_pin")  # own word
    life.access.speed_limit_pin = None


def _speed_limit_clear_admin(life: Life, _: Parameters) -> None:
    life.access.speed_limit_active = False
    life.access.speed_limit_pin = None


def _speed_limit_set(life: Life, parameters: Parameters) -> None:
    if life.access.speed_limit_active:
        raise Refused("speed_limit_mode_active")
    if not SLOWEST_LIMIT_MPH <= parameters["limit_mph"] <= FASTEST_LIMIT_MPH:
        raise Refused("not allowed")
    life.access.speed_limit_mph = float(parameters["limit_mph"])


def _pin_to_drive(life: Life, parameters: Parameters) -> None:
    """The first PIN is remembered; a different one later is ignored until it is cleared."""
    if parameters["on"] and life.access.drive_pin is None:
        _require_pin(parameters["password"])
        life.access.drive_pin = parameters["password"]
    life.access.pin_to_drive = parameters["on"]


def _reset_pin_to_drive(life: Life, _: Parameters) -> None:
    if life.access.pin_to_drive or life.access.valet_mode:
        raise Refused("not allowed")
    life.access.drive_pin = None


def _clear_pin_to_drive(life: Life, _: Parameters) -> None:
    life.access.pin_to_drive = False
    life.access.drive_pin = None


def _parental(life: Life, parameters: Parameters, *, activate: bool) -> None:
    access = life.access
    _require_pin(parameters["pin"])
    if access.parental_pin is None:
        access.parental_pin = parameters["pin"]
    elif access.parental_pin != parameters["pin"]:
        raise Refused("wrong_pin")  # own word
    access.parental_active = activate


def _parental_on(life: Life, parameters: Parameters) -> None:
    _parental(life, parameters, activate=True)


def _parental_off(life: Life, parameters: Parameters) -> None:
    _parental(life, parameters, activate=False)


def _parental_clear(life: Life, _: Parameters) -> None:
    life.access.parental_active = False
    life.access.parental_pin = None


def _require_no_parental(life: Life) -> None:
    if life.access.parental_active:
        raise Refused("parental_controls_active")


def _parental_setting(life: Life, parameters: Parameters) -> None:
    _require_no_parental(life)
    if parameters["setting"] not in life.access.parental_settings:
        raise Refused("not_supported", NOT_SUPPORTED)
    life.access.parental_settings[parameters["setting"]] = parameters["enable"]


def _parental_limit(life: Life, parameters: Parameters) -> None:
    _require_no_parental(life)
    life.access.parental_limit_mph = float(parameters["limit_mph"])


# Media


def _require_listener(life: Life) -> None:
    if not life.is_user_present:
        raise Refused("user_not_present")  # own word for a documented rule


def _toggle_playback(life: Life, _: Parameters) -> None:
    _require_listener(life)
    life.media.toggle(life.time)


def _skip(tracks: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.skip(tracks, life.time)

    return run


def _tune(favourites: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.tune(favourites)

    return run


def _louder(steps: int) -> Callable[[Life, Parameters], None]:
    def run(life: Life, _: Parameters) -> None:
        _require_listener(life)
        life.media.set_volume(life.media.volume + steps * STEP)

    return run


def _adjust_volume(life: Life, parameters: Parameters) -> None:
    _require_listener(life)
    life.media.set_volume(parameters["volume"])


# Navigation


def _navigate_text(life: Life, parameters: Parameters) -> None:
    """Tesla's servers make a place of the text; here it stays a name without coordinates."""
    text = parameters["value"].get("android.intent.extra.TEXT")
    if not isinstance(text, str) or not text.strip():
        raise Refused("invalid_value")  # own word
    life.destination = Destination(name=text.strip())


def _navigate_gps(life: Life, parameters: Parameters) -> None:
    latitude, longitude = parameters["lat"], parameters["lon"]
    life.destination = Destination(
        name=f"{latitude:.5f}, {longitude:.5f}", latitude=latitude, longitude=longitude
    )


def _navigate_waypoints(life: Life, parameters: Parameters) -> None:
    places = [part for part in parameters["waypoints"].split(",") if part]
    if not places:
        raise Refused("invalid_value")  # own word
    life.destination = Destination(name=places[-1])


def _nothing(_: Life, __: Parameters) -> None:
    """Answers success and has no effect a car could show."""


def _flag(name: str, *, is_required: bool = True) -> Parameter:
    return Parameter(name=name, kind=bool, is_required=is_required, default=False)


def _number(name: str, *, is_required: bool = True, default: float = 0) -> Parameter:
    return Parameter(name=name, kind=float, is_required=is_required, default=default)


def _whole(name: str, *, is_required: bool = True, default: int = 0) -> Parameter:
    return Parameter(name=name, kind=int, is_required=is_required, default=default)


def _text(name: str, *words: str, is_required: bool = True) -> Parameter:
    return Parameter(name=name, kind=str, is_required=is_required, words=words or None, default="")


def _command(
    name: str,
    run: Callable[[Life, Parameters], None],
    *parameters: Parameter,
    is_rest_only: bool = False,
    is_signed_only: bool = False,
) -> Command:
    return Command(
        name=name,
        run=run,
        parameters=parameters,
        is_rest_only=is_rest_only,
        is_signed_only=is_signed_only,
    )


def _charge_command(
    name: str, run: Callable[[Life, Parameters], None], *parameters: Parameter
) -> Command:
    return Command(name=name, run=run, parameters=parameters, is_charging=True)


_PLACE = (_number("lat"), _number("lon"))
_BATCH = tuple(_flag(name, is_required=False) for name in ("home", "work", "other"))

COMMANDS: dict[str, Command] = {
    command.name: command
    for command in (
        _command("door_lock", _door_lock),
        _command("door_unlock", _door_unlock),
        _command("remote_start_drive", _remote_start),
        _command("actuate_trunk", _actuate_trunk, _text("which_trunk", "front", "rear")),
        _command("open_tonneau", _tonneau("FullyOpen")),
        _command("close_tonneau", _tonneau("Closed")),
        _command("stop_tonneau", _tonneau(None)),
        _command("window_control", _window_control, _text("command", "vent", "close")),
        _command("sun_roof_control", _sun_roof, _text("state", "stop", "close", "vent", "open")),
        _command("trigger_homelink", _homelink, *_PLACE),
        _command("flash_lights", _flash),
        _command("honk_horn", _honk),
        _command("remote_boombox", _boombox, _whole("sound")),
        _charge_command("charge_port_door_open", _charge_port_open),
        _charge_command("charge_port_door_close", _charge_port_close),
        _charge_command("charge_start", _charge_start),
        _charge_command("charge_stop", _charge_stop),
        _charge_command("charge_standard", _charge_standard),
        _charge_command("charge_max_range", _charge_max_range),
        _charge_command("set_charge_limit", _charge_limit, _whole("percent")),
        _charge_command("set_charging_amps", _charging_amps, _whole("charging_amps")),
        _charge_command(
            "set_scheduled_charging",
            _scheduled_charging,
            _flag("enable"),
            _whole("time", is_required=False),
        ),
        _charge_command(
            "set_scheduled_departure",
            _scheduled_departure,
            _flag("enable"),
            _whole("departure_time", is_required=False),
            _flag("preconditioning_enabled", is_required=False),
            _flag("preconditioning_weekdays_only", is_required=False),
            _flag("off_peak_charging_enabled", is_required=False),
            _flag("off_peak_charging_weekdays_only", is_required=False),
            _whole("end_off_peak_time", is_required=False),
        ),
        _charge_command(
            "add_charge_schedule",
            _add_charge_schedule,
            _whole("id", is_required=False),
            _text("name", is_required=False),
            _whole("days_of_week"),
            _flag("start_enabled"),
            _whole("start_time", is_required=False),
            _flag("end_enabled"),
            _whole("end_time", is_required=False),
            _flag("one_time", is_required=False),
            _flag("enabled"),
            *_PLACE,
        ),
        _charge_command(
            "add_precondition_schedule",
            _add_precondition_schedule,
            _whole("id", is_required=False),
            _text("name", is_required=False),
            _whole("days_of_week"),
            _whole("precondition_time"),
            _flag("one_time", is_required=False),
            _flag("enabled"),
            *_PLACE,
        ),
        _charge_command("remove_charge_schedule", _remove_charge_schedule, _whole("id")),
        _charge_command(
            "remove_precondition_schedule", _remove_precondition_schedule, _whole("id")
        ),
        _charge_command("batch_remove_charge_schedules", _batch_remove_charge, *_BATCH),
        _charge_command("batch_remove_precondition_schedules", _batch_remove_precondition, *_BATCH),
        _command("auto_conditioning_start", _climate_on),
        _command("auto_conditioning_stop", _climate_off),
        _command(
            "set_temps",
            _set_temps,
            _number("driver_temp", is_required=False),
            _number("passenger_temp", is_required=False),
        ),
        _command(
            "set_climate_keeper_mode",
            _keeper,
            _whole("climate_keeper_mode"),
            _flag("manual_override", is_required=False),
        ),
        _command(
            "set_preconditioning_max",
            _preconditioning_max,
            _flag("on"),
            _flag("manual_override", is_required=False),
        ),
        _command("set_bioweapon_mode", _bioweapon, _flag("on"), _flag("manual_override")),
        _command(
            "set_cabin_overheat_protection",
            _cabin_overheat,
            _flag("on"),
            _flag("fan_only", is_required=False),
        ),
        _command("set_cop_temp", _cop_temp, _whole("cop_temp")),
        _command(
            "remote_seat_heater_request", _seat_heater, _whole("seat_position"), _whole("level")
        ),
        _command(
            "remote_seat_cooler_request",
            _seat_cooler,
            _whole("seat_position"),
            _whole("seat_cooler_level"),
        ),
        _command(
            "remote_auto_seat_climate_request",
            _auto_seat,
            _whole("auto_seat_position"),
            _flag("auto_climate_on"),
        ),
        _command("remote_steering_wheel_heater_request", _wheel_heater, _flag("on")),
        _command("remote_steering_wheel_heat_level_request", _wheel_level, _whole("level")),
        _command("remote_auto_steering_wheel_heat_climate_request", _auto_wheel, _flag("on")),
        _command("set_sentry_mode", _sentry, _flag("on")),
        _command("set_vehicle_name", _vehicle_name, _text("vehicle_name"), is_signed_only=True),
        _command("schedule_software_update", _schedule_update, _whole("offset_sec")),
        _command("cancel_software_update", _cancel_update),
        _command("keep_accessory_power_mode", _keep_accessory, _flag("enable")),
        _command("set_low_power_mode", _low_power, _flag("enable")),
        _command("erase_user_data", _erase),
        _command("guest_mode", _guest_mode, _flag("enable")),
        _command("set_valet_mode", _valet, _flag("on"), _text("password", is_required=False)),
        _command("reset_valet_pin", _reset_valet_pin),
        _command("speed_limit_activate", _speed_limit_on, _text("pin")),
        _command("speed_limit_deactivate", _speed_limit_off, _text("pin")),
        _command("speed_limit_clear_pin", _speed_limit_clear, _text("pin")),
        _command("speed_limit_clear_pin_admin", _speed_limit_clear_admin),
        _command("speed_limit_set_limit", _speed_limit_set, _number("limit_mph")),
        _command(
            "set_pin_to_drive",
            _pin_to_drive,
            _flag("on"),
            _text("password", is_required=False),
            is_signed_only=True,
        ),
        _command("reset_pin_to_drive_pin", _reset_pin_to_drive, is_signed_only=True),
        _command("clear_pin_to_drive_admin", _clear_pin_to_drive),
        _command("parental_controls_activate", _parental_on, _text("pin")),
        _command("parental_controls_deactivate", _parental_off, _text("pin")),
        _command("parental_controls_clear_pin_admin", _parental_clear),
        _command(
            "parental_controls_enable_setting",
            _parental_setting,
            _text("setting"),
            _flag("enable"),
        ),
        _command("parental_controls_set_speed_limit", _parental_limit, _number("limit_mph")),
        _command("media_toggle_playback", _toggle_playback),
        _command("media_next_track", _skip(1)),
        _command("media_prev_track", _skip(-1)),
        _command("media_next_fav", _tune(1)),
        _command("media_prev_fav", _tune(-1)),
        _command("media_volume_up", _louder(1)),
        _command("media_volume_down", _louder(-1)),
        _command("adjust_volume", _adjust_volume, _number("volume")),
        _command(
            "navigation_request",
            _navigate_text,
            _text("type"),
            Parameter(name="value", kind=dict),
            _text("locale", is_required=False),
            Parameter(name="timestamp_ms", kind=object, is_required=False),
            is_rest_only=True,
        ),
        _command(
            "navigation_gps_request", _navigate_gps, *_PLACE, _whole("order", is_required=False)
        ),
        # REST may answer success without any effect (vehicle-command, issue 442).
        _command(
            "navigation_sc_request",
            _nothing,
            _whole("id", is_required=False),
            _whole("order", is_required=False),
            is_rest_only=True,
        ),
        _command("navigation_waypoints_request", _navigate_waypoints, _text("waypoints")),
        _command("upcoming_calendar_entries", _nothing, _text("calendar_data"), is_rest_only=True),
        _command("take_drivenote", _nothing, _text("note")),
        _command("set_managed_charge_current_request", _nothing, is_rest_only=True),
        _command("set_managed_charger_location", _nothing, is_rest_only=True),
        _command("set_managed_scheduled_charging_time", _nothing, is_rest_only=True),
    )
}
"""Every command by its REST name."""

_RANGES: dict[tuple[str, str], range] = {
    ("set_climate_keeper_mode", "climate_keeper_mode"): range(len(KEEPER_MODES)),
    ("set_cop_temp", "cop_temp"): range(len(COP_LEVELS)),
    ("remote_seat_heater_request", "seat_position"): range(len(SEATS)),
    ("remote_seat_heater_request", "level"): range(HIGHEST_LEVEL + 1),
    ("remote_seat_cooler_request", "seat_position"): range(1, 3),
    ("remote_seat_cooler_request", "seat_cooler_level"): range(HIGHEST_LEVEL + 1),
    ("remote_auto_seat_climate_request", "auto_seat_position"): range(1, 3),
    ("remote_steering_wheel_heat_level_request", "level"): range(HIGHEST_LEVEL + 1),
}


def out_of_range(name: str, parameters: Parameters) -> str | None:
    """The first parameter that lies outside its list of meanings, if one does."""
    for (command, parameter), allowed in _RANGES.items():
        if command == name and parameters[parameter] not in allowed:
            return parameter
    return None


def run(life: Life, name: str, parameters: Parameters) -> None:
    """Run a command.

    Raises Refused when the car says no, KeyError for a name that is not in the table.
    """
    if out_of_range(name, parameters) or not all(map(_is_finite, parameters.values())):
        raise Refused("invalid_value")  # own word
    COMMANDS[name].run(life, parameters)


def _is_finite(value: object) -> bool:
    """Whether a parameter is a number that can be reckoned with, or no number at all."""
    return not isinstance(value, float) or math.isfinite(value)
