"""Orders to a car, from tests, the demo and whoever plays with `/simulator/cars/{vin}`.

An order is one key of a JSON object; several are followed in the order of this table, whatever the
order of the object.

| key | value | what happens |
|---|---|---|
| state | "online", "asleep", "offline" | so it is, at once |
| wake_seconds | 10..60 | how long the next wake takes |
| busy_seconds | s | how long after waking signed commands meet fault 1 (busy) |
| reception | {"on": 60, "off": 60, "seconds": s} or null | comes and goes by turns, awake |
| idle_seconds | s | pretend that nothing happened for so long (660 and it falls asleep) |
| battery_level | 0..100 | that much is in it |
| charge_limit, charge_amps | %, A | as if set in the car |
| stuck_amps | A or null | no more flows, whatever is set, until the cable is pulled |
| plugged_in | true, "ac1", "ac3", "dc", {"name":…, "amps":…}, false | the cable goes in or out |
| has_power | bool | whether the supply gives any |
| charging | bool | start or stop; SteeringError where the car would refuse |
| location | {"latitude":…, "longitude":…, "heading":…} | the car stands there |
| home, work | [latitude, longitude] or null | places of the owner |
| drive | true, {"route": [[lat, lon],…], "destination":…, "speed_kmh":…}, false | drives, parks |
| odometer | mi | |
| gps_age, gps_accuracy | s, m | answers have a position that is so old; the stream says how exact |
| gear_flips | bool | true: P and invalid in turn while it stands, as old Model S and X |
| user_present, sentry_mode, locked, remote_start_enabled | bool | |
| open, close | name or list of df dr pf pr ft rt fd fp rd rp charge_port | opens or closes them |
| climate | bool or {"on":…, "driver_temp":…, "keeper":…, "defrost":…} | |
| inside_temp, outside_temp | °C; null lets the outside be as the time of day | |
| cabin_overheat_protection | "Off", "On", "FanOnly" | |
| tpms | {"fl": bar, …} | |
| software_update | {"version":…, "status":…} or null | an update is in this stage |
| media | "Playing", "Paused", "Stopped" | |
| firmware, telemetry_version, display_name, account, access_type | text | |
| is_name_lost | bool | true: the cloud answers null for the name that the car reports |
| in_service, protocol_required, rest_only, pairs_automatically, mobile_access_disabled | bool | |
| polls_keep_awake, discounted_device_data | bool | |
| streaming_toggle | bool or null | the switch of an old Model S or X that lets it stream |
| unclassified | list of command names | the gateway answers 501 to them |
| pair, unpair | public key in hex | |
| alert | {"name":…, "audiences": ["customer", "service"], "active": bool} | told on the stream |
| client_error | {"name":…, "body":…, "tags": {…}} | told on the stream, topic errors |
| flapping | {field: amount} | goes there and back by so much each time it is told; {} ends it |
| values | {field: value} | is told so, whatever is true; null is invalid; {} ends it |
| lost_changes | {field: s} | the stream loses its changes for so long; {} ends it |
| lose_connection | s | cut without sleeping, and not made again for so long (0: cut only) |
| text_values | bool | true: the stream of a client before 1.1.0 |
| telemetry | object, see below | |
| protocol | object, see below | |

A value of `values` is a bool, number, text, [latitude, longitude], a bool for each door or tyre, or
the name of an enum's value without its prefix. An alert is raised, or ended with "active" false.

`telemetry`:

| key | value | what happens |
|---|---|---|
| config_delay | s | a new configuration takes so long to reach an online car |
| resend_after | s | after so long without an ack something is sent again |
| other_configurations | number | so many places are taken by other applications |
| most_configurations | number | so many there are |
| hides_limit | bool | true: a full car is told as updated, and gets nothing |
| certificate | "oid", "name", "wifi", "stranger", "none" | what the car shows from now on |

`protocol`:

| key | value | what happens |
|---|---|---|
| fault | number or {"fault": n, "count": k, "domain":…, "runs":…, "encrypted":…} | see below |
| wait | k or {"count": k, "domain":…} | the next k signed messages get WAIT |
| error | k or {"count": k, "domain":…, "runs": bool} | the next k get ERROR without a fault |
| doubled | k or {"count": k, "domain":…, "fault": 6 or 26} | the next k arrive twice, see below |
| clear | true | takes all these orders back |
| reboot | true or domain | new epoch, clock at zero, no counters |
| new_key | true or domain | another key; together with reboot: another computer |
| clock_drift | s or {domain: s} | the subsystem's clock runs ahead by so much (or behind) |
| arrival_delay | s | every message takes so long to arrive |
| encrypt_replies | bool | false: as firmware before 2024.38 |
| omit_session_info | bool | faults come without it |

An ordered fault is what the next k (1) signed messages are answered with. With "runs" the command
is verified and runs all the same, as with faults 2 and 25; with "encrypted" it is verified, and the
fault comes inside an encrypted reply.

A doubled message reaches the car twice on its way, the same bytes. The first copy runs; the caller
gets the answer to the second: fault 6 (or 26), with the car's session info.

A domain is "vehicle_security", "infotainment", 2 or 3; left out it means both.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

from simulator.connected_vehicle import ConnectedVehicle
from simulator.protocol import (
    DOMAIN_NAMES,
    INVALID_TOKEN_OR_COUNTER,
    OPERATION_ERROR,
    OPERATION_WAIT,
    REPEATED_COUNTER,
    FaultOrder,
    Subsystem,
)
from simulator.refusals import Refused, SteeringError
from simulator.telemetry.certificates import Kind
from simulator.telemetry.fields import FIELDS, INVALID, Invalid, Raw
from simulator.telemetry.recorder import AUDIENCES
from simulator.vehicle.body import DOORS, VENTED, WHEELS, WINDOWS
from simulator.vehicle.climate import DEFROST_MAX, KEEPER_MODES
from simulator.vehicle.current import LOWEST_SHOWN
from simulator.vehicle.drive import ROUTE, ROUTE_DESTINATION
from simulator.vehicle.life import IDLE_SECONDS
from simulator.vehicle.reception import Reception
from simulator.vehicle.software import STATES

type Json = dict[str, Any]
type Order = Callable[[ConnectedVehicle, Any], None]

VEHICLE_STATES = ("online", "asleep", "offline")
_KMH_PER_MPS = 3.6
_OVERHEAT = ("Off", "On", "FanOnly")
_PLAYBACK = ("Playing", "Paused", "Stopped")
_FULL = 100
ALARM = "VCSEC_a133_alarmTriggered"
"""The alert of an alarm, as owners saw it."""


def steer(car: ConnectedVehicle, changes: Json) -> None:
    """Follow the orders. Raises SteeringError, for an unknown one before any is followed."""
    unknown = sorted(set(changes) - set(_ORDERS))
    if unknown:
        raise SteeringError(f"unknown: {', '.join(unknown)}; known are {', '.join(_ORDERS)}")
    for name, order in _ORDERS.items():
        if name in changes:
            order(car, changes[name])


def _flag(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise SteeringError(f"{name} must be true or false")
    return value


def _number(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise SteeringError(f"{name} must be a number")
    return float(value)


def _word(value: object, name: str, words: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in words:
        raise SteeringError(f"{name} must be one of {', '.join(words)}")
    return value


def _object(value: object, name: str) -> Json:
    if not isinstance(value, dict):
        raise SteeringError(f"{name} must be an object")
    return dict(value)


def _place(value: object, name: str) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != len(("latitude", "longitude")):
        raise SteeringError(f"{name} must be [latitude, longitude]")
    return _number(value[0], name), _number(value[1], name)


# Being awake


def _state(car: ConnectedVehicle, value: object) -> None:
    state = _word(value, "state", VEHICLE_STATES)
    if state == "asleep":
        car.fall_asleep()
    elif state == "online":
        car.rouse(car.time)
        car.state = "online"
    else:
        car.waking_until = None
        car.state = state


def _reception(car: ConnectedVehicle, value: object) -> None:
    car.reception = None
    if car.state == "offline":
        car.state = "online"
    if value is None:
        return
    order = _object(value, "reception")
    unknown = sorted(set(order) - {"on", "off", "seconds"})
    if unknown:
        raise SteeringError(f"unknown in reception: {', '.join(unknown)}")
    on_seconds = _number(order.get("on", 60), "on")
    off_seconds = _number(order.get("off", 60), "off")
    if min(on_seconds, off_seconds) < 1:
        raise SteeringError("reception: a turn lasts 1 s at least")
    seconds = order.get("seconds")
    car.reception = Reception.begin(
        car.time,
        on_seconds=on_seconds,
        off_seconds=off_seconds,
        seconds=None if seconds is None else _number(seconds, "seconds"),
    )


def _wake_seconds(car: ConnectedVehicle, value: object) -> None:
    car.wake_seconds = _number(value, "wake_seconds")


def _busy_seconds(car: ConnectedVehicle, value: object) -> None:
    car.busy_seconds = _number(value, "busy_seconds")


def _idle_seconds(car: ConnectedVehicle, value: object) -> None:
    car.last_activity = car.time - min(_number(value, "idle_seconds"), IDLE_SECONDS)


# Battery and cable


def _battery_level(car: ConnectedVehicle, value: object) -> None:
    percent = _number(value, "battery_level")
    if not 0 <= percent <= _FULL:
        raise SteeringError("battery_level must be from 0 to 100")
    car.battery.percent = percent
    if car.charging.state == "Complete" and not car.charging.is_full:
        car.charging.state = "Stopped"


def _charge_limit(car: ConnectedVehicle, value: object) -> None:
    percent = int(_number(value, "charge_limit"))
    if percent != car.charging.limit_percent:
        car.charging.set_limit(percent, car.time)


def _charge_amps(car: ConnectedVehicle, value: object) -> None:
    wanted = max(int(_number(value, "charge_amps")), LOWEST_SHOWN)
    car.charging.command_amps(wanted, car.time)


def _stuck_amps(car: ConnectedVehicle, value: object) -> None:
    car.charging.current.stick(
        None if value is None else int(_number(value, "stuck_amps")), car.time
    )


def _plugged_in(car: ConnectedVehicle, value: object) -> None:
    car.rouse(car.time)
    car.charging.steer_supply(value, now=car.time)


def _has_power(car: ConnectedVehicle, value: object) -> None:
    car.charging.has_power = _flag(value, "has_power")
    if not car.charging.has_power and car.charging.state in ("Charging", "Starting"):
        car.charging.interrupt("NoPower")
    elif car.charging.has_power and car.charging.state == "NoPower":
        car.charging.state = "Stopped"


def _charging(car: ConnectedVehicle, value: object) -> None:
    is_wanted = _flag(value, "charging")
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


# Places and drives


def _location(car: ConnectedVehicle, value: object) -> None:
    place = _object(value, "location")
    car.latitude = _number(place.get("latitude"), "latitude")
    car.longitude = _number(place.get("longitude"), "longitude")
    car.heading = _number(place.get("heading", car.heading), "heading")
    car.climate.longitude = car.longitude


def _home(car: ConnectedVehicle, value: object) -> None:
    car.home = _place(value, "home")


def _work(car: ConnectedVehicle, value: object) -> None:
    car.work = None if value is None else _place(value, "work")


def _drive(car: ConnectedVehicle, value: object) -> None:
    if value in (False, None):
        car.stop_driving()
        return
    order = {} if value is True else _object(value, "drive")
    points = order.get("route")
    route = [_place(point, "route") for point in points] if points else list(ROUTE)
    speed = order.get("speed_kmh")
    car.set_off(
        route,
        str(order.get("destination") or ROUTE_DESTINATION),
        highest_speed=None if speed is None else _number(speed, "speed_kmh") / _KMH_PER_MPS,
    )


def _odometer(car: ConnectedVehicle, value: object) -> None:
    car.odometer_miles = _number(value, "odometer")


# Body


def _user_present(car: ConnectedVehicle, value: object) -> None:
    if _flag(value, "user_present"):
        car.enter()
    else:
        car.leave()


def _gear_flips(car: ConnectedVehicle, value: object) -> None:
    car.drivetrain.flips = _flag(value, "gear_flips")


def _sentry(car: ConnectedVehicle, value: object) -> None:
    car.sentry_mode = _flag(value, "sentry_mode")
    if car.sentry_mode:
        car.rouse(car.time)


def _locked(car: ConnectedVehicle, value: object) -> None:
    car.body.is_locked = _flag(value, "locked")


def _remote_start_enabled(car: ConnectedVehicle, value: object) -> None:
    car.remote_start_enabled = _flag(value, "remote_start_enabled")


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
    for wheel, bar in _object(value, "tpms").items():
        wheel_name = _word(wheel, "tpms", WHEELS)
        car.tyres.pressure[wheel_name] = _number(bar, "tpms")
        car.tyres.seen_at[wheel_name] = car.time


# Cabin


def _climate(car: ConnectedVehicle, value: object) -> None:
    order = {"on": value} if isinstance(value, bool) else _object(value, "climate")
    if "driver_temp" in order:
        car.climate.driver_setting = _number(order["driver_temp"], "driver_temp")
        car.climate.passenger_setting = car.climate.driver_setting
    if order.get("on"):
        car.rouse(car.time)
        car.climate.switch_on(car.time)
    elif "on" in order:
        car.climate.switch_off()
    if "keeper" in order:
        car.climate.keeper = _word(order["keeper"], "keeper", KEEPER_MODES)
        if car.climate.keeper != "off":
            car.rouse(car.time)
            car.climate.switch_on(car.time)
    if "defrost" in order:
        car.climate.defrost_mode = DEFROST_MAX if _flag(order["defrost"], "defrost") else 0


def _inside_temp(car: ConnectedVehicle, value: object) -> None:
    car.climate.inside = _number(value, "inside_temp")


def _outside_temp(car: ConnectedVehicle, value: object) -> None:
    car.climate.fixed_outside = None if value is None else _number(value, "outside_temp")


def _overheat(car: ConnectedVehicle, value: object) -> None:
    car.climate.overheat_protection = _word(value, "cabin_overheat_protection", _OVERHEAT)


# Software, media, identity


def _software_update(car: ConnectedVehicle, value: object) -> None:
    if value is None:
        car.software.offered = None
        car.software.status = ""
        return
    order = _object(value, "software_update")
    status = _word(order.get("status", "available"), "status", STATES)
    car.software.offer(str(order.get("version", "2026.38.9")), status, car.time)
    if car.software.is_busy:
        car.rouse(car.time)


def _media(car: ConnectedVehicle, value: object) -> None:
    car.media.status = _word(value, "media", _PLAYBACK)
    car.media.started_at = car.time


def _attribute(name: str, *kinds: type) -> Order:
    """An order that sets the attribute of its name."""

    def order(car: ConnectedVehicle, value: object) -> None:
        if not isinstance(value, kinds):
            raise SteeringError(f"{name} must be {' or '.join(kind.__name__ for kind in kinds)}")
        setattr(car, name, value)

    return order


def _unclassified(car: ConnectedVehicle, value: object) -> None:
    if not isinstance(value, list):
        raise SteeringError("unclassified must be a list of command names")
    car.unclassified = {str(name) for name in value}


def _key(value: object) -> bytes:
    try:
        return bytes.fromhex(str(value))
    except ValueError as error:
        raise SteeringError("a public key is written in hex") from error


def _pair(car: ConnectedVehicle, value: object) -> None:
    car.pair(_key(value))


def _unpair(car: ConnectedVehicle, value: object) -> None:
    car.unpair(_key(value))


# Telemetry


def _alert(car: ConnectedVehicle, value: object) -> None:
    order = {"name": value} if isinstance(value, str) else _object(value, "alert")
    audiences = order.get("audiences", ["customer"])
    if not isinstance(audiences, list):
        raise SteeringError("audiences must be a list")
    for audience in audiences:
        _word(audience, "audiences", AUDIENCES)
    car.rouse(car.time)
    car.telemetry.alert(
        str(order.get("name") or ALARM),
        audiences,
        is_active=_flag(order.get("active", True), "active"),
    )


def _client_error(car: ConnectedVehicle, value: object) -> None:
    order = _object(value, "client_error")
    tags = _object(order.get("tags", {}), "tags")
    car.telemetry.client_error(
        str(order.get("name", "")),
        str(order.get("body", "")),
        {key: str(tag) for key, tag in tags.items()},
    )


def _flapping(car: ConnectedVehicle, value: object) -> None:
    wanted = _object(value, "flapping")
    for name, amount in wanted.items():
        if name not in FIELDS or FIELDS[name].arm != "double_value":
            raise SteeringError(f"flapping: {name} is no number that a car tells")
        _number(amount, "flapping")
    car.telemetry.distortions.flapping.clear()
    car.telemetry.distortions.flapping.update(wanted)


def _values(car: ConnectedVehicle, value: object) -> None:
    wanted: dict[str, Raw | Invalid] = {}
    for name, raw in _object(value, "values").items():
        spec = FIELDS.get(name)
        if spec is None:
            raise SteeringError(f"values: a car does not tell {name}")
        told = INVALID if raw is None else tuple(raw) if isinstance(raw, list) else raw
        try:
            spec.datum(told)
        except (LookupError, TypeError, ValueError) as error:
            raise SteeringError(f"values: {name} cannot be {raw!r}") from error
        wanted[name] = told
    car.telemetry.distortions.values.clear()
    car.telemetry.distortions.values.update(wanted)


def _lost_changes(car: ConnectedVehicle, value: object) -> None:
    lost: dict[str, float] = {}
    for name, seconds in _object(value, "lost_changes").items():
        if name not in FIELDS:
            raise SteeringError(f"lost_changes: a car does not tell {name}")
        lost[name] = car.time + _number(seconds, "lost_changes")
    car.telemetry.distortions.lost_changes.clear()
    car.telemetry.distortions.lost_changes.update(lost)


def _lose_connection(car: ConnectedVehicle, value: object) -> None:
    car.telemetry.lose_connection(_number(value, "lose_connection"))


def _text_values(car: ConnectedVehicle, value: object) -> None:
    car.telemetry.distortions.text_values = _flag(value, "text_values")


def _telemetry(car: ConnectedVehicle, value: object) -> None:
    telemetry = car.telemetry
    for name, wanted in _object(value, "telemetry").items():
        match name:
            case "config_delay" | "resend_after":
                setattr(telemetry, name, _number(wanted, name))
            case "other_configurations" | "most_configurations":
                setattr(telemetry, name, int(_number(wanted, name)))
            case "hides_limit":
                telemetry.hides_limit = _flag(wanted, name)
            case "certificate":
                telemetry.certificate = Kind(_word(wanted, name, list(Kind)))
            case _:
                raise SteeringError(f"unknown in telemetry: {name}")


# Protocol


def _protocol(car: ConnectedVehicle, value: object) -> None:
    order = _object(value, "protocol")
    unknown = sorted(set(order) - set(_PROTOCOL_ORDERS))
    if unknown:
        raise SteeringError(f"unknown in protocol: {', '.join(unknown)}")
    for name, follow in _PROTOCOL_ORDERS.items():
        if name in order:
            follow(car, order[name])


def _domain(value: object) -> int | None:
    """A domain's number; None for both."""
    if value in (None, True):
        return None
    for number, name in DOMAIN_NAMES.items():
        if value in (number, name, str(number)):
            return number
    raise SteeringError(f"there is no domain {value!r}")


def _subsystems(car: ConnectedVehicle, value: object) -> list[Subsystem]:
    number = _domain(value)
    return [
        subsystem
        for domain, subsystem in car.protocol.subsystems.items()
        if number in (None, domain)
    ]


def _fault(car: ConnectedVehicle, value: object) -> None:
    order = {"fault": value} if isinstance(value, int) else _object(value, "fault")
    car.protocol.orders.append(
        FaultOrder(
            fault=int(_number(order.get("fault"), "fault")),
            left=int(_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=_flag(order.get("runs", False), "runs"),
            is_encrypted=_flag(order.get("encrypted", False), "encrypted"),
        )
    )


def _doubled(car: ConnectedVehicle, value: object) -> None:
    order = {"count": value} if isinstance(value, int) else _object(value, "doubled")
    fault = order.get("fault", INVALID_TOKEN_OR_COUNTER)
    if fault not in (INVALID_TOKEN_OR_COUNTER, REPEATED_COUNTER):
        raise SteeringError("a doubled message is answered with fault 6 or 26")
    car.protocol.orders.append(
        FaultOrder(
            fault=fault,
            left=int(_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=True,
        )
    )


def _wait(car: ConnectedVehicle, value: object) -> None:
    _operation(car, value, OPERATION_WAIT)


def _error(car: ConnectedVehicle, value: object) -> None:
    _operation(car, value, OPERATION_ERROR)


def _operation(car: ConnectedVehicle, value: object, operation: int) -> None:
    order = {"count": value} if isinstance(value, int) else _object(value, "operation")
    car.protocol.orders.append(
        FaultOrder(
            operation=operation,
            left=int(_number(order.get("count", 1), "count")),
            domain=_domain(order.get("domain")),
            runs=_flag(order.get("runs", False), "runs"),
        )
    )


def _clear(car: ConnectedVehicle, value: object) -> None:
    if _flag(value, "clear"):
        car.protocol.orders.clear()


def _reboot(car: ConnectedVehicle, value: object) -> None:
    for subsystem in _subsystems(car, value):
        subsystem.reboot(car.time)


def _new_key(car: ConnectedVehicle, value: object) -> None:
    for subsystem in _subsystems(car, value):
        subsystem.change_key()


def _clock_drift(car: ConnectedVehicle, value: object) -> None:
    drifts = value if isinstance(value, dict) else {None: value}
    for domain, seconds in drifts.items():
        for subsystem in _subsystems(car, domain):
            subsystem.drift = _number(seconds, "clock_drift")


def _arrival_delay(car: ConnectedVehicle, value: object) -> None:
    car.protocol.arrival_delay = _number(value, "arrival_delay")


def _encrypt_replies(car: ConnectedVehicle, value: object) -> None:
    car.protocol.encrypts_replies = _flag(value, "encrypt_replies")


def _omit_session_info(car: ConnectedVehicle, value: object) -> None:
    car.protocol.omits_session_info = _flag(value, "omit_session_info")


_PROTOCOL_ORDERS: dict[str, Order] = {
    "clear": _clear,
    "new_key": _new_key,
    "reboot": _reboot,
    "clock_drift": _clock_drift,
    "arrival_delay": _arrival_delay,
    "encrypt_replies": _encrypt_replies,
    "omit_session_info": _omit_session_info,
    "fault": _fault,
    "doubled": _doubled,
    "wait": _wait,
    "error": _error,
}

_ORDERS: dict[str, Order] = {
    "display_name": _attribute("display_name", str),
    "is_name_lost": _attribute("is_name_lost", bool),
    "account": _attribute("account", str),
    "access_type": _attribute("access_type", str),
    "firmware": _attribute("firmware", str),
    "telemetry_version": _attribute("telemetry_version", str, type(None)),
    "in_service": _attribute("in_service", bool),
    "protocol_required": _attribute("protocol_required", bool),
    "rest_only": _attribute("rest_only", bool),
    "pairs_automatically": _attribute("pairs_automatically", bool),
    "mobile_access_disabled": _attribute("mobile_access_disabled", bool),
    "polls_keep_awake": _attribute("polls_keep_awake", bool),
    "discounted_device_data": _attribute("discounted_device_data", bool),
    "streaming_toggle": _attribute("streaming_toggle", bool, type(None)),
    "unclassified": _unclassified,
    # Before all that changes something, so that changes of the same call are lost.
    "lost_changes": _lost_changes,
    "lose_connection": _lose_connection,
    "pair": _pair,
    "unpair": _unpair,
    "location": _location,
    "gps_age": _attribute("gps_age", int, float),
    "gps_accuracy": _attribute("gps_accuracy", int, float),
    "home": _home,
    "work": _work,
    "odometer": _odometer,
    "battery_level": _battery_level,
    "drive": _drive,
    "plugged_in": _plugged_in,
    "has_power": _has_power,
    "charge_limit": _charge_limit,
    "charge_amps": _charge_amps,
    "stuck_amps": _stuck_amps,
    "charging": _charging,
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
    "flapping": _flapping,
    "values": _values,
    "text_values": _text_values,
    "telemetry": _telemetry,
    "alert": _alert,
    "client_error": _client_error,
    "protocol": _protocol,
    "wake_seconds": _wake_seconds,
    "busy_seconds": _busy_seconds,
    "idle_seconds": _idle_seconds,
    "reception": _reception,
    # Last: an order that falls asleep must not be undone by the cable that goes in with it.
    "state": _state,
}
"""Every order, in the order in which they are followed."""


def describe(car: ConnectedVehicle) -> Json:
    """Everything that can be steered, and what the protocol has counted, as JSON."""
    charging, climate, body = car.charging, car.climate, car.body
    return {
        "vin": car.vin,
        "id": car.id,
        "display_name": car.display_name,
        "account": car.account,
        "access_type": car.access_type,
        "state": car.state,
        "time": car.time,
        "reception": None if car.reception is None else asdict(car.reception),
        "wakes": car.wakes,
        "wake_seconds": car.wake_seconds,
        "busy_seconds": car.busy_seconds,
        "waking_until": car.waking_until,
        "last_activity": car.last_activity,
        "in_service": car.in_service,
        "protocol_required": car.protocol_required,
        "rest_only": car.rest_only,
        "pairs_automatically": car.pairs_automatically,
        "mobile_access_disabled": car.mobile_access_disabled,
        "keys": sorted(key.hex() for key in car.keys),
        "firmware": car.firmware,
        "telemetry_version": car.telemetry_version,
        "battery_level": car.battery.percent,
        "battery_kwh": car.battery.energy_kwh,
        "charging_state": charging.state,
        "plugged_in": None if charging.supply is None else charging.supply.name,
        "charge_limit": charging.limit_percent,
        "charge_amps": charging.requested_amps,
        "charge_energy_added": charging.added_kwh,
        "wall_watts": round(car.wall_kilowatts * 1000),
        "charge_port_open": charging.port.is_open,
        "charge_cable_locked": charging.supply is not None and charging.port.is_latch_engaged,
        "location": {
            "latitude": car.latitude,
            "longitude": car.longitude,
            "heading": car.heading,
        },
        "driving": car.drive is not None,
        "destination": None if car.destination is None else car.destination.name,
        "odometer": car.odometer_miles,
        "gear_flips": car.drivetrain.flips,
        "user_present": car.is_user_present,
        "sentry_mode": car.sentry_mode,
        "locked": body.is_locked,
        "remote_start": car.is_remotely_started,
        "doors": dict(body.doors),
        "windows": dict(body.windows),
        "frunk": body.frunk,
        "trunk": body.trunk,
        "tpms": dict(car.tyres.pressure),
        "flashes": car.flashes,
        "honks": car.honks,
        "homelink_moves": car.homelink_moves,
        "climate": asdict(climate) | {"outside": climate.outside(car.time)},
        "software": asdict(car.software),
        "media": asdict(car.media),
        "access": asdict(car.access),
        "charge_schedules": list(car.plans.charge.values()),
        "precondition_schedules": list(car.plans.precondition.values()),
        "schedule": asdict(charging.schedule),
        "protocol": _describe_protocol(car),
    }


def _describe_protocol(car: ConnectedVehicle) -> Json:
    return {
        "orders": [asdict(order) for order in car.protocol.orders],
        "encrypted_replies": car.protocol.replies,
        "domains": {
            DOMAIN_NAMES[domain]: {
                "public_key": subsystem.public_key.hex(),
                "epoch": subsystem.epoch.hex(),
                "boots": subsystem.boots,
                "clock": subsystem.clock(car.time),
                "clock_drift": subsystem.drift,
                "counters": {key.hex(): item.counter for key, item in subsystem.sessions.items()},
                "accepted": subsystem.accepted,
                "handshakes": subsystem.handshakes,
                "faults": {str(number): count for number, count in subsystem.faults.items()},
            }
            for domain, subsystem in car.protocol.subsystems.items()
        },
    }
