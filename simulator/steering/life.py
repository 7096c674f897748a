"""Orders to a car's life: sleep, battery, places, body, cabin, software and media."""

from simulator.connected_vehicle import ConnectedVehicle
from simulator.refusals import Refused, SteeringError
from simulator.steering.reading import (
    Json,
    Order,
    as_flag,
    as_number,
    as_object,
    as_place,
    as_word,
    attribute,
)
from simulator.vehicle.body import DOORS, VENTED, WHEELS, WINDOWS
from simulator.vehicle.charging import SUPPLIES, THREE_PHASES, Supply
from simulator.vehicle.climate import DEFROST_MAX, KEEPER_MODES
from simulator.vehicle.current import MIN_DISPLAYED, MIN_REAL
from simulator.vehicle.drive import ROUTE, ROUTE_DESTINATION
from simulator.vehicle.software import STATES

_KMH_PER_MPS = 3.6
_OVERHEAT = ("Off", "On", "FanOnly")
_PLAYBACK = ("Playing", "Paused", "Stopped")
_FULL = 100
_PLACES = ("home", "away")
_AWAY = ROUTE[-1]


def _battery_level(car: ConnectedVehicle, value: object) -> None:
    percent = as_number(value, "battery_level")
    if not 0 <= percent <= _FULL:
        raise SteeringError("battery_level must be from 0 to 100")
    car.battery.percent = percent
    if car.charging.state == "Complete" and not car.charging.is_full:
        car.charging.state = "Stopped"


def _charge_limit(car: ConnectedVehicle, value: object) -> None:
    percent = int(as_number(value, "charge_limit"))
    if percent != car.charging.limit_percent:
        car.charging.set_limit(percent, car.time)


def _charge_amps(car: ConnectedVehicle, value: object) -> None:
    wanted = max(int(as_number(value, "charge_amps")), MIN_DISPLAYED)
    car.charging.command_amps(wanted, car.time)


def _stuck_amps(car: ConnectedVehicle, value: object) -> None:
    car.charging.current.stick(
        None if value is None else int(as_number(value, "stuck_amps")), car.time
    )


def _max_starts(car: ConnectedVehicle, value: object) -> None:
    car.charging.current.max_starts = None if value is None else int(as_number(value, "max_starts"))


def _sticks_on_one_phase(car: ConnectedVehicle, value: object) -> None:
    car.charging.sticks_on_one_phase = as_flag(value, "sticks_on_one_phase")


def _phases(car: ConnectedVehicle, value: object) -> None:
    if value not in (1, THREE_PHASES):
        raise SteeringError("phases must be 1 or 3")
    try:
        car.charging.switch_phases(int(as_number(value, "phases")))
    except Refused as refused:
        raise SteeringError(f"phases: {refused.reason}") from refused


def _lowest_amps(car: ConnectedVehicle, value: object) -> None:
    amps = int(as_number(value, "lowest_amps"))
    if not MIN_REAL <= amps <= MIN_DISPLAYED:
        raise SteeringError(f"lowest_amps must be from {MIN_REAL} to {MIN_DISPLAYED}")
    car.charging.current.lowest = amps


def _plugged_in(car: ConnectedVehicle, value: object) -> None:
    """Plug in or pull the cable.

    `true` is the three-phase wall box, a name one of SUPPLIES, an object changes single values of
    one (`{"name": "ac1", "amps": 10}`), `false` or `null` pulls the cable.
    """
    car.rouse(car.time)
    if value in (False, None):
        car.charging.unplug()
        return
    wanted: Json = {"name": "ac3"} if value is True else {"name": value}
    if isinstance(value, dict):
        wanted = {"name": "ac3", **value}
    base = SUPPLIES.get(str(wanted.pop("name")))
    if base is None:
        raise SteeringError(f"no such supply; known are {', '.join(SUPPLIES)}")
    try:
        supply = Supply(**{**vars(base), **wanted})
    except TypeError as error:
        raise SteeringError(f"plugged_in: {error}") from error
    car.charging.plug_in(supply, now=car.time)


def _has_power(car: ConnectedVehicle, value: object) -> None:
    car.charging.has_power = as_flag(value, "has_power")
    if not car.charging.has_power and car.charging.state in ("Charging", "Starting"):
        car.charging.interrupt("NoPower")
    elif car.charging.has_power and car.charging.state == "NoPower":
        car.charging.state = "Stopped"


def _charging(car: ConnectedVehicle, value: object) -> None:
    is_wanted = as_flag(value, "charging")
    if is_wanted == (car.charging.state in ("Charging", "Starting")):
        return
    try:
        if is_wanted:
            car.rouse(car.time)
            car.charging.begin(car.time)
        else:
            car.charging.end()
    except Refused as refused:
        raise SteeringError(f"charging: {refused.reason}") from refused


def _location(car: ConnectedVehicle, value: object) -> None:
    if value in _PLACES:
        car.latitude, car.longitude = car.home if value == "home" else _AWAY
        car.climate.longitude = car.longitude
        return
    place = as_object(value, "location")
    car.latitude = as_number(place.get("latitude"), "latitude")
    car.longitude = as_number(place.get("longitude"), "longitude")
    car.heading = as_number(place.get("heading", car.heading), "heading")
    car.climate.longitude = car.longitude


def _home(car: ConnectedVehicle, value: object) -> None:
    car.home = as_place(value, "home")


def _work(car: ConnectedVehicle, value: object) -> None:
    car.work = None if value is None else as_place(value, "work")


def _drive(car: ConnectedVehicle, value: object) -> None:
    if value in (False, None):
        car.stop_driving()
        return
    order = {} if value is True else as_object(value, "drive")
    points = order.get("route")
    route = [as_place(point, "route") for point in points] if points else list(ROUTE)
    speed = order.get("speed_kmh")
    car.set_off(
        route,
        str(order.get("destination") or ROUTE_DESTINATION),
        highest_speed=None if speed is None else as_number(speed, "speed_kmh") / _KMH_PER_MPS,
    )


def _odometer(car: ConnectedVehicle, value: object) -> None:
    car.odometer_miles = as_number(value, "odometer")


def _user_present(car: ConnectedVehicle, value: object) -> None:
    if as_flag(value, "user_present"):
        car.enter()
    else:
        car.leave()


def _gear_flips(car: ConnectedVehicle, value: object) -> None:
    car.drivetrain.flips = as_flag(value, "gear_flips")


def _sentry(car: ConnectedVehicle, value: object) -> None:
    car.sentry_mode = as_flag(value, "sentry_mode")
    if car.sentry_mode:
        car.rouse(car.time)


def _locked(car: ConnectedVehicle, value: object) -> None:
    car.body.is_locked = as_flag(value, "locked")


def _remote_start_enabled(car: ConnectedVehicle, value: object) -> None:
    car.remote_start_enabled = as_flag(value, "remote_start_enabled")


def _open(car: ConnectedVehicle, value: object) -> None:
    car.rouse(car.time)
    for name in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        _move(car, name, is_open=True)


def _close(car: ConnectedVehicle, value: object) -> None:
    for name in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
        _move(car, name, is_open=False)


def _move(car: ConnectedVehicle, name: object, *, is_open: bool) -> None:
    body = car.body
    match name:
        case str() if name in DOORS:
            body.doors[name] = int(is_open)
        case str() if name in WINDOWS:
            body.windows[name] = VENTED if is_open else 0
        case "ft":
            body.frunk = int(is_open)
        case "rt":
            body.trunk = int(is_open)
        case "charge_port":
            _move_port(car, is_open=is_open)
        case _:
            raise SteeringError(f"there is no {name!r} to open or close")


def _move_port(car: ConnectedVehicle, *, is_open: bool) -> None:
    """By hand; a door with a cable in it stays as it is."""
    if car.charging.supply is not None:
        return
    if is_open:
        car.charging.port.open(car.time)
    else:
        car.charging.port.close()


def _tpms(car: ConnectedVehicle, value: object) -> None:
    for wheel, bar in as_object(value, "tpms").items():
        wheel_name = as_word(wheel, "tpms", WHEELS)
        car.tyres.pressure[wheel_name] = as_number(bar, "tpms")
        car.tyres.seen_at[wheel_name] = car.time


def _climate(car: ConnectedVehicle, value: object) -> None:
    order = {"on": value} if isinstance(value, bool) else as_object(value, "climate")
    if "driver_temp" in order:
        car.climate.driver_setting = as_number(order["driver_temp"], "driver_temp")
        car.climate.passenger_setting = car.climate.driver_setting
    if order.get("on"):
        car.rouse(car.time)
        car.climate.switch_on(car.time)
    elif "on" in order:
        car.climate.switch_off()
    if "keeper" in order:
        car.climate.keeper = as_word(order["keeper"], "keeper", KEEPER_MODES)
        if car.climate.keeper != "off":
            car.rouse(car.time)
            car.climate.switch_on(car.time)
    if "defrost" in order:
        car.climate.defrost_mode = DEFROST_MAX if as_flag(order["defrost"], "defrost") else 0


def _inside_temp(car: ConnectedVehicle, value: object) -> None:
    car.climate.inside = as_number(value, "inside_temp")


def _outside_temp(car: ConnectedVehicle, value: object) -> None:
    car.climate.fixed_outside = None if value is None else as_number(value, "outside_temp")


def _overheat(car: ConnectedVehicle, value: object) -> None:
    car.climate.overheat_protection = as_word(value, "cabin_overheat_protection", _OVERHEAT)


def _software_update(car: ConnectedVehicle, value: object) -> None:
    if value is None:
        car.software.offered = None
        car.software.status = ""
        return
    order = as_object(value, "software_update")
    status = as_word(order.get("status", "available"), "status", STATES)
    car.software.offer(str(order.get("version", "2026.38.9")), status, car.time)
    if car.software.is_busy:
        car.rouse(car.time)


def _media(car: ConnectedVehicle, value: object) -> None:
    car.media.status = as_word(value, "media", _PLAYBACK)
    car.media.started_at = car.time


def _schedules(car: ConnectedVehicle, value: object) -> None:
    """Replace lists of schedules; each is an object as in `vehicle_data`."""
    lists = {"charge": car.plans.charge, "precondition": car.plans.precondition}
    for kind, listed in as_object(value, "schedules").items():
        plans = lists[as_word(kind, "schedules", lists)]
        if not isinstance(listed, list):
            raise SteeringError("schedules must be lists")
        found = [as_object(each, "schedules") for each in listed]
        by_id = {int(as_number(each.get("id"), "id")): each for each in found}
        plans.clear()
        plans.update(by_id)
    car.charging.reconsider(car.time)


ORDERS: dict[str, Order] = {
    "location": _location,
    "gps_age": attribute("gps_age", int, float),
    "gps_accuracy": attribute("gps_accuracy", int, float),
    "home": _home,
    "work": _work,
    "odometer": _odometer,
    "battery_level": _battery_level,
    "drive": _drive,
    "plugged_in": _plugged_in,
    "has_power": _has_power,
    "charge_limit": _charge_limit,
    "charge_amps": _charge_amps,
    "lowest_amps": _lowest_amps,
    "stuck_amps": _stuck_amps,
    "max_starts": _max_starts,
    "sticks_on_one_phase": _sticks_on_one_phase,
    "phases": _phases,
    "charging": _charging,
    "schedules": _schedules,
    "open": _open,
    "close": _close,
    "locked": _locked,
    "remote_start_enabled": _remote_start_enabled,
    "gear_flips": _gear_flips,
    "user_present": _user_present,
    "sentry_mode": _sentry,
    "tpms": _tpms,
    "inside_temp": _inside_temp,
    "outside_temp": _outside_temp,
    "cabin_overheat_protection": _overheat,
    "climate": _climate,
    "software_update": _software_update,
    "media": _media,
}
"""By name, in the order of application."""
