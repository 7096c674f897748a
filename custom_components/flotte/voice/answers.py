"""Answers to questions about a vehicle, in words with units and age.

They read the last known state only: a question never wakes a vehicle and costs nothing. What is
not known is said to be unknown, with the way to learn it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.components.zone import async_active_zone
from homeassistant.const import ATTR_FRIENDLY_NAME
from homeassistant.core import callback
from homeassistant.util import dt as dt_util
from homeassistant.util.location import distance as distance_between

from ..account.data import FlotteConfigEntry
from ..charging.sentences import async_sentence
from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.state import Derived, Signal, inputs_of
from .wording import (
    is_fresh,
    say,
    say_age,
    say_distance,
    say_duration,
    say_list,
    say_moment,
    say_money,
    say_number,
    say_pressure,
    say_temperature,
)

type _Key = Signal[Any] | Derived[Any]

_HOME_ZONE: Final = "zone.home"
_DRIVING: Final[frozenset[str | None]] = frozenset({"d", "r", "n"})
_DOOR_NAMES: Final[Mapping[Signal[bool], str]] = {
    signals.DOOR_DRIVER_FRONT: "door_driver_front",
    signals.DOOR_PASSENGER_FRONT: "door_passenger_front",
    signals.DOOR_DRIVER_REAR: "door_driver_rear",
    signals.DOOR_PASSENGER_REAR: "door_passenger_rear",
}
_WINDOW_NAMES: Final[Mapping[Signal[bool], str]] = {
    signals.WINDOW_DRIVER_FRONT: "window_driver_front",
    signals.WINDOW_PASSENGER_FRONT: "window_passenger_front",
    signals.WINDOW_DRIVER_REAR: "window_driver_rear",
    signals.WINDOW_PASSENGER_REAR: "window_passenger_rear",
}
_LID_NAMES: Final[Mapping[Signal[bool], str]] = {signals.TRUNK: "trunk", signals.FRUNK: "frunk"}
_ALL_NAMES: Final[Mapping[Signal[bool], str]] = {**_DOOR_NAMES, **_LID_NAMES, **_WINDOW_NAMES}
_TYRES: Final = {
    "front_left": signals.PRESSURE_FRONT_LEFT,
    "front_right": signals.PRESSURE_FRONT_RIGHT,
    "rear_left": signals.PRESSURE_REAR_LEFT,
    "rear_right": signals.PRESSURE_REAR_RIGHT,
}
_CHARGING: Final = {
    "starting": "charging_starting",
    "complete": "charging_complete",
    "stopped": "charging_stopped",
    "no_power": "charging_no_power",
    "disconnected": "charging_unplugged",
}
_OFFERED: Final[frozenset[str | None]] = frozenset(
    {"available", "scheduled", "downloading", "downloading_wifi_wait", "installing"}
)


@callback
def say_unknown(vehicle: VehicleCoordinator, what: str) -> str:
    """The answer if a value is not known, with the way to learn it."""
    hass, presence = vehicle.hass, vehicle.vehicle.presence
    how = "asleep" if presence.is_asleep else "online" if presence.is_online else "offline"
    return say(
        hass,
        "unknown",
        what=say(hass, f"what_{what}"),
        name=vehicle.device_name,
        how=say(hass, f"unknown_{how}"),
    )


def _time_of(vehicle: VehicleCoordinator, key: _Key) -> datetime | None:
    """The time as of which a value is known; that of its oldest part."""
    coverage, times = vehicle.vehicle.knowledge.coverage, []
    for signal in inputs_of(key):
        if (reading := vehicle.state.reading(signal)) is None or reading.value is None:
            continue
        # A stream without a gap since then would have reported a change.
        is_followed = coverage is not None and coverage.continuous_since(signal) is not None
        times.append(dt_util.utcnow() if is_followed else reading.time)
    return min(times, default=None)


@callback
def _answer(vehicle: VehicleCoordinator, text: str, *keys: _Key) -> str:
    """An answer with its age, and with whether the vehicle is asleep."""
    hass, presence = vehicle.hass, vehicle.vehicle.presence
    parts = [text]
    times = [time for key in keys if (time := _time_of(vehicle, key)) is not None]
    if times and not is_fresh(min(times)):
        parts.append(say(hass, "as_of", age=say_age(hass, min(times))))
    if presence.is_asleep:
        parts.append(say(hass, "asleep"))
    elif not presence.is_online:
        parts.append(say(hass, "offline"))
    sentence = ", ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


@callback
def describe_battery(vehicle: VehicleCoordinator) -> str:
    """Level and range."""
    hass, name = vehicle.hass, vehicle.device_name
    level, reach = vehicle.state[signals.BATTERY_LEVEL], vehicle.state[signals.RATED_RANGE]
    if level is None:
        return say_unknown(vehicle, "battery")
    figures = {"name": name, "level": say_number(hass, level)}
    if reach is None:
        return _answer(vehicle, say(hass, "battery", **figures), signals.BATTERY_LEVEL)
    text = say(hass, "battery_range", **figures, range=say_distance(hass, reach))
    return _answer(vehicle, text, signals.BATTERY_LEVEL, signals.RATED_RANGE)


@callback
def describe_range(vehicle: VehicleCoordinator) -> str:
    """Range, with the level that it belongs to."""
    hass, level = vehicle.hass, vehicle.state[signals.BATTERY_LEVEL]
    if (reach := vehicle.state[signals.RATED_RANGE]) is None:
        return say_unknown(vehicle, "range")
    figures = {"name": vehicle.device_name, "range": say_distance(hass, reach)}
    if level is None:
        return _answer(vehicle, say(hass, "range", **figures), signals.RATED_RANGE)
    text = say(hass, "range_level", **figures, level=say_number(hass, level))
    return _answer(vehicle, text, signals.RATED_RANGE, signals.BATTERY_LEVEL)


@callback
def _charging_words(vehicle: VehicleCoordinator) -> str | None:
    """Whether a vehicle is charging, and how fast; None if it is not known."""
    hass, state, name = vehicle.hass, vehicle.state, vehicle.device_name
    charging = state[signals.CHARGING_STATE]
    if charging is None:
        return None
    if (key := _CHARGING.get(charging)) is not None:
        return say(hass, key, name=name)
    if not state[signals.IS_CHARGING]:
        return say(hass, "charging_stopped", name=name)
    level, power = state[signals.BATTERY_LEVEL], state[signals.CHARGER_POWER]
    if level is None:
        return say(hass, "charging_bare", name=name)
    if power is None:
        return say(hass, "charging", name=name, level=say_number(hass, level))
    return say(
        hass,
        "charging_power",
        name=name,
        level=say_number(hass, level),
        power=say_number(hass, power, 1),
    )


@callback
def describe_charging(vehicle: VehicleCoordinator) -> str:
    """Whether it is charging, and how fast."""
    if (text := _charging_words(vehicle)) is None:
        return say_unknown(vehicle, "charging")
    return _answer(vehicle, text, signals.CHARGING_STATE)


@callback
def describe_charge_end(vehicle: VehicleCoordinator) -> str:
    """When the charge will be done."""
    hass, name = vehicle.hass, vehicle.device_name
    if (text := _charging_words(vehicle)) is None:
        return say_unknown(vehicle, "charging")
    if not vehicle.state[signals.IS_CHARGING]:
        return _answer(vehicle, say(hass, "charge_end_not", state=text), signals.CHARGING_STATE)
    if (end := vehicle.state[signals.CHARGE_END]) is None:
        return say_unknown(vehicle, "charge_end")
    left = end - dt_util.utcnow()
    if left <= timedelta():
        return _answer(vehicle, say(hass, "charge_end_over", name=name), signals.CHARGE_END)
    when, duration = say_moment(hass, end), say_duration(hass, left)
    text = say(hass, "charge_end", name=name, when=when, duration=duration)
    return _answer(vehicle, text, signals.CHARGE_END)


@callback
def describe_plugged_in(vehicle: VehicleCoordinator) -> str:
    """Whether the cable is plugged in."""
    if (plugged := vehicle.state[signals.PLUGGED_IN]) is None:
        return say_unknown(vehicle, "charging")
    key = "plugged_in" if plugged else "unplugged"
    text = say(vehicle.hass, key, name=vehicle.device_name)
    return _answer(vehicle, text, signals.PLUGGED_IN)


@callback
def _place_words(vehicle: VehicleCoordinator) -> str | None:
    """The zone of a vehicle, or its distance from home; None if its location is not known."""
    hass, name = vehicle.hass, vehicle.device_name
    if (position := vehicle.state[signals.LOCATION]) is None:
        return None
    zone = async_active_zone(hass, *position)
    if zone is not None and zone.entity_id == _HOME_ZONE:
        return say(hass, "at_home", name=name)
    if zone is not None:
        shown = zone.attributes.get(ATTR_FRIENDLY_NAME, zone.name)
        return say(hass, "in_zone", name=name, zone=shown)
    metres = distance_between(*position, hass.config.latitude, hass.config.longitude)
    return say(hass, "away", name=name, distance=say_distance(hass, (metres or 0) / 1000))


@callback
def describe_location(vehicle: VehicleCoordinator) -> str:
    """Where it is, and where it drives to."""
    hass, state = vehicle.hass, vehicle.state
    if (text := _place_words(vehicle)) is None:
        if state[signals.AT_HOME]:
            return describe_at_home(vehicle)
        return say_unknown(vehicle, "location")
    answer = _answer(vehicle, text, signals.LOCATION)
    if state[signals.SHIFT_STATE] not in _DRIVING or not vehicle.vehicle.is_online:
        return answer
    place, arrival = state[signals.ROUTE_DESTINATION], state[signals.ROUTE_ARRIVAL]
    if place is None:
        return f"{answer} {say(hass, 'driving')}."
    if arrival is None:
        return f"{answer} {say(hass, 'destination', place=place)}."
    return f"{answer} {say(hass, 'arrival', place=place, when=say_moment(hass, arrival))}."


@callback
def describe_at_home(vehicle: VehicleCoordinator) -> str:
    """Whether it is at home, by the zone of Home Assistant or as the vehicle itself reports."""
    hass, name = vehicle.hass, vehicle.device_name
    if (text := _place_words(vehicle)) is not None:
        return _answer(vehicle, text, signals.LOCATION)
    if (is_home := vehicle.state[signals.AT_HOME]) is None:
        return say_unknown(vehicle, "location")
    key = "at_home" if is_home else "not_home"
    return _answer(vehicle, say(hass, key, name=name), signals.AT_HOME)


@callback
def describe_locked(vehicle: VehicleCoordinator) -> str:
    """Whether it is locked, and what is open."""
    hass = vehicle.hass
    if (locked := vehicle.state[signals.LOCKED]) is None:
        return say_unknown(vehicle, "locked")
    text = say(hass, "locked" if locked else "unlocked", name=vehicle.device_name)
    answer = _answer(vehicle, text, signals.LOCKED)
    if any(vehicle.state[part] is True for part in _ALL_NAMES):
        return f"{answer} {_describe_parts(vehicle, _ALL_NAMES, 'closed_all', 'doors')}"
    return answer


@callback
def _describe_parts(
    vehicle: VehicleCoordinator, parts: Mapping[Signal[bool], str], closed: str, what: str
) -> str:
    """Which parts are open; all are closed only if each is known to be."""
    hass, name, state = vehicle.hass, vehicle.device_name, vehicle.state
    known = [part for part in parts if state[part] is not None]
    if not known:
        return say_unknown(vehicle, what)
    if is_open := [part for part in known if state[part]]:
        names = say_list(hass, [say(hass, parts[part]) for part in is_open])
        key = "open_one" if len(is_open) == 1 else "open_some"
        return _answer(vehicle, say(hass, key, name=name, parts=names), *is_open)
    if len(known) < len(parts):
        unknown = say_list(hass, [say(hass, parts[each]) for each in parts if each not in known])
        return _answer(vehicle, say(hass, "closed_known", name=name, parts=unknown), *known)
    return _answer(vehicle, say(hass, closed, name=name), *known)


@callback
def describe_windows(vehicle: VehicleCoordinator) -> str:
    """Which windows are open."""
    return _describe_parts(vehicle, _WINDOW_NAMES, "closed_windows", "windows")


@callback
def describe_openings(vehicle: VehicleCoordinator) -> str:
    """Which doors, lids and windows are open."""
    return _describe_parts(vehicle, _ALL_NAMES, "closed_all", "doors")


def _lid(signal: Signal[bool], key: str) -> Callable[[VehicleCoordinator], str]:
    """Make the answer whether a lid is open."""

    @callback
    def describe(vehicle: VehicleCoordinator) -> str:
        hass = vehicle.hass
        if (is_open := vehicle.state[signal]) is None:
            return say_unknown(vehicle, key)
        text = "is_open" if is_open else "is_closed"
        return _answer(
            vehicle, say(hass, text, part=say(hass, key), name=vehicle.device_name), signal
        )

    return describe


describe_trunk: Final = _lid(signals.TRUNK, "trunk")
describe_frunk: Final = _lid(signals.FRUNK, "frunk")
describe_charge_port: Final = _lid(signals.CHARGE_PORT_OPEN, "charge_port")


@callback
def describe_inside_temperature(vehicle: VehicleCoordinator) -> str:
    """Temperature inside, and outside if it is known."""
    hass, state, name = vehicle.hass, vehicle.state, vehicle.device_name
    inside, outside = state[signals.INSIDE_TEMPERATURE], state[signals.OUTSIDE_TEMPERATURE]
    if inside is None:
        return say_unknown(vehicle, "inside")
    words = {"name": name, "inside": say_temperature(hass, inside)}
    if outside is None:
        return _answer(vehicle, say(hass, "inside", **words), signals.INSIDE_TEMPERATURE)
    text = say(hass, "inside_outside", **words, outside=say_temperature(hass, outside))
    return _answer(vehicle, text, signals.INSIDE_TEMPERATURE, signals.OUTSIDE_TEMPERATURE)


@callback
def describe_outside_temperature(vehicle: VehicleCoordinator) -> str:
    """Temperature outside."""
    hass = vehicle.hass
    if (outside := vehicle.state[signals.OUTSIDE_TEMPERATURE]) is None:
        return say_unknown(vehicle, "outside")
    shown = say_temperature(hass, outside)
    text = say(hass, "outside", name=vehicle.device_name, outside=shown)
    return _answer(vehicle, text, signals.OUTSIDE_TEMPERATURE)


@callback
def describe_climate(vehicle: VehicleCoordinator) -> str:
    """Whether the climate control is on, and its temperature."""
    hass, state, name = vehicle.hass, vehicle.state, vehicle.device_name
    is_on, target = state[signals.CLIMATE_ON], state[signals.DRIVER_TEMPERATURE]
    if is_on is None:
        return say_unknown(vehicle, "climate")
    if not is_on:
        text = say(hass, "climate_off", name=name)
    elif target is None:
        text = say(hass, "climate_on_bare", name=name)
    else:
        text = say(hass, "climate_on", name=name, target=say_temperature(hass, target))
    return _answer(vehicle, text, signals.CLIMATE_ON)


@callback
def describe_cost(vehicle: VehicleCoordinator) -> str:
    """Cost of the account's month at Tesla's interface, which all of its vehicles share."""
    hass = vehicle.hass
    entry: FlotteConfigEntry = vehicle.config_entry
    meter = entry.runtime_data.ledger.meter
    cost, budget = meter.cost(dt_util.utcnow()), meter.budget
    text = say(
        hass,
        "cost",
        cost=say_number(hass, float(cost), 2),
        budget=say_money(hass, float(budget), meter.tariff.currency),
    )
    return f"{text}."


@callback
def describe_software(vehicle: VehicleCoordinator) -> str:
    """Version of the software, and whether an update is on offer."""
    hass, state, name = vehicle.hass, vehicle.state, vehicle.device_name
    if (version := state[signals.SOFTWARE_VERSION]) is None:
        return say_unknown(vehicle, "software")
    stage, new = state[signals.UPDATE_STAGE], state[signals.UPDATE_VERSION]
    if stage in _OFFERED and new:
        text = say(hass, "update", name=name, version=version, new=new)
    elif stage in _OFFERED or state.reading(signals.UPDATE_VERSION) is None:
        text = say(hass, "software", name=name, version=version)
    else:
        text = say(hass, "up_to_date", name=name, version=version)
    return _answer(vehicle, text, signals.SOFTWARE_VERSION)


@callback
def describe_tyres(vehicle: VehicleCoordinator) -> str:
    """Pressures of the tyres."""
    hass, state = vehicle.hass, vehicle.state
    pressures = {place: state[signal] for place, signal in _TYRES.items()}
    known = {place: bar for place, bar in pressures.items() if bar is not None}
    if len(known) < len(pressures):
        return say_unknown(vehicle, "tyres")
    figures = {place: say_pressure(hass, bar) for place, bar in known.items()}
    words = {place: number for place, (number, _) in figures.items()}
    _, unit = figures["front_left"]
    text = say(hass, "tyres", name=vehicle.device_name, unit=unit, **words)
    return _answer(vehicle, text, *_TYRES.values())


@callback
def describe_odometer(vehicle: VehicleCoordinator) -> str:
    """Distance that it has driven."""
    hass = vehicle.hass
    if (driven := vehicle.state[signals.ODOMETER]) is None:
        return say_unknown(vehicle, "odometer")
    text = say(hass, "odometer", name=vehicle.device_name, distance=say_distance(hass, driven))
    return _answer(vehicle, text, signals.ODOMETER)


@callback
def describe_charge_limit(vehicle: VehicleCoordinator) -> str:
    """Level at which a charge ends."""
    hass = vehicle.hass
    if (limit := vehicle.state[signals.CHARGE_LIMIT]) is None:
        return say_unknown(vehicle, "charge_limit")
    text = say(hass, "charge_limit", name=vehicle.device_name, level=limit)
    return _answer(vehicle, text, signals.CHARGE_LIMIT)


@callback
def describe_sentry(vehicle: VehicleCoordinator) -> str:
    """Whether sentry mode is on."""
    if (is_on := vehicle.state[signals.SENTRY_MODE]) is None:
        return say_unknown(vehicle, "sentry")
    key = "sentry_on" if is_on else "sentry_off"
    text = say(vehicle.hass, key, name=vehicle.device_name)
    return _answer(vehicle, text, signals.SENTRY_MODE)


@callback
def describe_presence(vehicle: VehicleCoordinator) -> str:
    """Whether it is online, when it last reported, and its level."""
    hass, presence = vehicle.hass, vehicle.vehicle.presence
    key = "asleep" if presence.is_asleep else "online" if presence.is_online else "offline"
    text = say(hass, f"state_{key}", name=vehicle.device_name)
    if (seen := vehicle.state[signals.LAST_SEEN]) is not None:
        text = f"{text}, {say(hass, 'seen', age=say_age(hass, seen))}"
    return f"{text}. {describe_battery(vehicle)}"


@callback
def describe_sun(vehicle: VehicleCoordinator) -> str:
    """Decision of charging at home, in the words of its controller, or the charging state."""
    hass = vehicle.hass
    entry: FlotteConfigEntry = vehicle.config_entry
    controller = entry.runtime_data.charging_controllers.get(vehicle.vehicle.vin)
    state = describe_charging(vehicle)
    if controller is None or not controller.is_on:
        return f"{state} {say(hass, 'sun_off', name=vehicle.device_name)}"
    if controller.decision is None:
        return state
    problem = controller.sender.problem
    return f"{state} {async_sentence(hass, controller.decision, problem)}"


def _only(key: str) -> Callable[[VehicleCoordinator], str]:
    """Make an answer that does not depend on readings."""
    return lambda vehicle: say(vehicle.hass, key, name=vehicle.device_name)


QUESTIONS: Final[Mapping[str, Callable[[VehicleCoordinator], str]]] = {
    "at_home": describe_at_home,
    "battery": describe_battery,
    "charge_end": describe_charge_end,
    "charge_limit_state": describe_charge_limit,
    "charge_port": describe_charge_port,
    "charging": describe_charging,
    "climate": describe_climate,
    "cost": describe_cost,
    "frunk": describe_frunk,
    "frunk_close": _only("frunk_by_hand"),
    "inside_temperature": describe_inside_temperature,
    "location": describe_location,
    "locked": describe_locked,
    "odometer": describe_odometer,
    "openings": describe_openings,
    "outside_temperature": describe_outside_temperature,
    "plugged_in": describe_plugged_in,
    "presence": describe_presence,
    "range": describe_range,
    "sentry_state": describe_sentry,
    "software": describe_software,
    "sun": describe_sun,
    "trunk": describe_trunk,
    "tyres": describe_tyres,
    "unclear": _only("not_understood"),
    "windows": describe_windows,
}
"""The answer to each question, by the intent of its sentences."""

WITHOUT_PLACE: Final[Mapping[str, Callable[[VehicleCoordinator], str]]] = {
    "at_home": _only("place_withheld"),
    "location": _only("place_withheld"),
    "sun": lambda vehicle: f"{describe_charging(vehicle)} {_only('reason_withheld')(vehicle)}",
}
"""The answers to questions that say where a vehicle is, to a person who must not hear it."""
