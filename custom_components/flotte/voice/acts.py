"""Acts by voice: the commands of each, and whether it takes the owner's code.

What unlocks, opens or starts a vehicle takes the code: a stranger who shouts through a window must
not get in. Turning sentry mode off and closing things do not, because neither lets anyone in.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from homeassistant.const import Platform, UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_conversion import TemperatureConverter

from ..const import DOMAIN
from ..tesla import commands, signals
from ..tesla.charging.situation import ChargingMode
from ..tesla.commands import Command, Seat
from ..tesla.state import State
from .number_words import number_of
from .wording import say, say_number, say_temperature


class NotUnderstood(Exception):
    """A sentence asks for what makes no sense; `key` is the text that says what to do instead."""

    def __init__(self, key: str = "not_understood") -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class ActRequest:
    """A sentence that asks a vehicle to act."""

    hass: HomeAssistant
    name: str
    """Name of the vehicle."""
    slots: Mapping[str, str]
    state: State
    has_added_trunk_motor: bool = False
    """Whether its owner added a motor to the trunk, which it does not report."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The commands of an act, in their order, and its words."""

    commands: tuple[Command, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    """Placeholders of its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceAct:
    """An act by voice. Its texts are `done_` and `act_` with its intent."""

    plan: Callable[[ActRequest], Planned] | None = None
    """Makes the commands. Raises InvalidCommand or NotUnderstood."""
    entity: tuple[Platform, str] | None = None
    """Platform and key of the entity that does the same: exposing it to Assist is consent."""
    takes_code: bool = False
    wakes: bool = False
    """Whether it is the request to wake the vehicle, instead of a command."""
    mode: ChargingMode | None = None
    """The mode of charging at home that it chooses, instead of a command."""


def _always(command: Callable[[], Command]) -> Callable[[ActRequest], Planned]:
    return lambda _request: Planned((command(),))


def _whole(number: float) -> int:
    if number != int(number):
        raise NotUnderstood
    return int(number)


def _celsius(request: ActRequest) -> float:
    """The temperature of a sentence, in °C rounded to the half degrees of vehicles."""
    degrees = number_of(request.slots["number"])
    unit = request.hass.config.units.temperature_unit
    if (spoken := request.slots.get("unit")) is not None:
        unit = UnitOfTemperature(spoken)
    celsius = TemperatureConverter.convert(degrees, unit, UnitOfTemperature.CELSIUS)
    return round(celsius * 2) / 2


def _temperature(request: ActRequest) -> Planned:
    celsius = _celsius(request)
    words = {"target": say_temperature(request.hass, celsius)}
    return Planned((commands.set_temperature(celsius),), words)


def _climate_to(request: ActRequest) -> Planned:
    """Turn the climate on, at a temperature if the sentence names one."""
    if "number" not in request.slots:
        return Planned((commands.start_climate(),))
    return Planned((commands.set_temperature(_celsius(request)), commands.start_climate()))


_MIN_LIMIT: Final = 50
"""A lower number without a unit may be meant in amperes."""
_MAX_CURRENT: Final = 48
"""A higher number without a unit may be meant in per cent."""


def _charge_limit(request: ActRequest) -> Planned:
    level = _whole(number_of(request.slots["percent"]))
    if "sign" not in request.slots and level < _MIN_LIMIT:
        raise NotUnderstood("which_limit")
    return Planned((commands.set_charge_limit(level),), {"level": say_number(request.hass, level)})


def _charge_current(request: ActRequest) -> Planned:
    amperes = _whole(number_of(request.slots["number"]))
    if "amperes" not in request.slots and amperes > _MAX_CURRENT:
        raise NotUnderstood("which_limit")
    return Planned(
        (commands.set_charge_current(amperes),), {"current": say_number(request.hass, amperes)}
    )


_SEAT_SIGNALS: Final = {
    Seat.FRONT_LEFT: signals.SEAT_HEATER_LEFT,
    Seat.FRONT_RIGHT: signals.SEAT_HEATER_RIGHT,
    Seat.REAR_LEFT: signals.SEAT_HEATER_REAR_LEFT,
    Seat.REAR_CENTER: signals.SEAT_HEATER_REAR_CENTER,
    Seat.REAR_RIGHT: signals.SEAT_HEATER_REAR_RIGHT,
}
_SEATS: Final[Mapping[str, tuple[Seat, ...]]] = {
    "left": (Seat.FRONT_LEFT,),
    "right": (Seat.FRONT_RIGHT,),
    "front": (Seat.FRONT_LEFT, Seat.FRONT_RIGHT),
    "rear": (Seat.REAR_LEFT, Seat.REAR_RIGHT),
    "rear_left": (Seat.REAR_LEFT,),
    "rear_center": (Seat.REAR_CENTER,),
    "rear_right": (Seat.REAR_RIGHT,),
}
_ON_LEVEL: Final = 2
"""Level of a seat heater that is turned on without one."""


def _seats(request: ActRequest, level: int) -> tuple[Seat, ...]:
    """The seats of a sentence: the driver's if it names none, or all heated ones to turn off."""
    place = request.slots.get("seat", "")
    if place in _SEATS:
        return _SEATS[place]
    if not place and not level:
        heated = tuple(seat for seat, row in _SEAT_SIGNALS.items() if request.state[row])
        if heated:
            return heated
    is_right = request.state[signals.RIGHT_HAND_DRIVE]
    if is_right is None:
        raise NotUnderstood("which_side")
    is_driver = place != "passenger"
    return (Seat.FRONT_RIGHT if is_driver is is_right else Seat.FRONT_LEFT,)


def _seat_heat(request: ActRequest) -> Planned:
    return _planned_seats(request, int(request.slots.get("level", _ON_LEVEL)))


def _seat_heat_off(request: ActRequest) -> Planned:
    return _planned_seats(request, 0)


def _planned_seats(request: ActRequest, level: int) -> Planned:
    seats = _seats(request, level)
    key = "level" if level else "level_off"
    return Planned(
        tuple(commands.set_seat_heater(seat, level) for seat in seats),
        {"level": say(request.hass, key, n=level)},
    )


_ADDRESS: Final = re.compile(
    r"\d|\b(street|road|avenue|lane|square|station|airport|hotel)\b"
    r"|(straße|strasse|platz|weg|gasse|allee|bahnhof|flughafen|hotel)\b"
)
"""Parts of an address. Other things that are sent to a car may be messages or flowers."""


def _navigate(request: ActRequest) -> Planned:
    place, config = request.slots.get("place", ""), request.hass.config
    if not place and not _ADDRESS.search(place := request.slots["sent"]):
        raise NotUnderstood
    locale = f"{config.language}-{config.country}" if config.country else config.language
    command = commands.navigate(place, locale=locale, now=dt_util.utcnow())
    return Planned((command,), {"place": place})


def _homelink(request: ActRequest) -> Planned:
    if (position := request.state[signals.LOCATION]) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="position_of_car_unknown"
        )
    return Planned((commands.trigger_homelink(position),))


def _close_trunk(request: ActRequest) -> Planned:
    if request.state[signals.POWER_LIFTGATE] is False and not request.has_added_trunk_motor:
        raise NotUnderstood("trunk_by_hand")
    return Planned((commands.move_trunk(is_open=False),))


def _close_windows(request: ActRequest) -> Planned:
    return Planned((commands.close_windows(request.state[signals.LOCATION]),))


ACTS: Final[Mapping[str, VoiceAct]] = {
    "camp_mode": VoiceAct(
        plan=lambda _request: Planned((commands.set_climate_keeper("camp"),)),
        entity=(Platform.CLIMATE, "climate"),
    ),
    "charge_current": VoiceAct(plan=_charge_current, entity=(Platform.NUMBER, "charge_current")),
    "charge_limit": VoiceAct(plan=_charge_limit, entity=(Platform.NUMBER, "charge_limit")),
    "charge_port_close": VoiceAct(
        plan=_always(commands.close_charge_port), entity=(Platform.COVER, "charge_port")
    ),
    "charge_port_open": VoiceAct(plan=_always(commands.open_charge_port), takes_code=True),
    "charging_start": VoiceAct(
        plan=_always(commands.start_charging), entity=(Platform.SWITCH, "charge")
    ),
    "charging_stop": VoiceAct(
        plan=_always(commands.stop_charging), entity=(Platform.SWITCH, "charge")
    ),
    "climate_off": VoiceAct(
        plan=_always(commands.stop_climate), entity=(Platform.CLIMATE, "climate")
    ),
    "climate_on": VoiceAct(plan=_climate_to, entity=(Platform.CLIMATE, "climate")),
    "defrost_off": VoiceAct(
        plan=lambda _request: Planned((commands.set_defrost(on=False),)),
        entity=(Platform.SWITCH, "defrost"),
    ),
    "defrost_on": VoiceAct(
        plan=lambda _request: Planned((commands.set_defrost(on=True),)),
        entity=(Platform.SWITCH, "defrost"),
    ),
    "dog_mode": VoiceAct(
        plan=lambda _request: Planned((commands.set_climate_keeper("dog"),)),
        entity=(Platform.CLIMATE, "climate"),
    ),
    "flash": VoiceAct(
        plan=_always(commands.flash_lights), entity=(Platform.BUTTON, "flash_lights")
    ),
    "frunk_open": VoiceAct(plan=_always(commands.open_frunk), takes_code=True),
    "homelink": VoiceAct(plan=_homelink, takes_code=True),
    "honk": VoiceAct(plan=_always(commands.honk_horn), entity=(Platform.BUTTON, "honk_horn")),
    "keeper_off": VoiceAct(
        plan=lambda _request: Planned((commands.set_climate_keeper("off"),)),
        entity=(Platform.CLIMATE, "climate"),
    ),
    "lock": VoiceAct(plan=_always(commands.lock_doors), entity=(Platform.LOCK, "doors")),
    "navigate": VoiceAct(plan=_navigate),
    "remote_start": VoiceAct(plan=_always(commands.remote_start), takes_code=True),
    "seat_heat": VoiceAct(plan=_seat_heat, entity=(Platform.SELECT, "seat_heater_left")),
    "seat_heat_off": VoiceAct(plan=_seat_heat_off, entity=(Platform.SELECT, "seat_heater_left")),
    "sentry_off": VoiceAct(
        plan=lambda _request: Planned((commands.set_sentry_mode(on=False),)),
        entity=(Platform.SWITCH, "sentry_mode"),
    ),
    "sentry_on": VoiceAct(
        plan=lambda _request: Planned((commands.set_sentry_mode(on=True),)),
        entity=(Platform.SWITCH, "sentry_mode"),
    ),
    "sun_first": VoiceAct(mode=ChargingMode.SUN_FIRST, entity=(Platform.SELECT, "charging_mode")),
    "sun_off": VoiceAct(mode=ChargingMode.OFF, entity=(Platform.SELECT, "charging_mode")),
    "sun_only": VoiceAct(mode=ChargingMode.SUN_ONLY, entity=(Platform.SELECT, "charging_mode")),
    "temperature": VoiceAct(plan=_temperature, entity=(Platform.CLIMATE, "climate")),
    "trunk_close": VoiceAct(plan=_close_trunk, entity=(Platform.COVER, "trunk")),
    "trunk_open": VoiceAct(
        plan=lambda _request: Planned((commands.move_trunk(is_open=True),)), takes_code=True
    ),
    "unlock": VoiceAct(plan=_always(commands.unlock_doors), takes_code=True),
    "wake": VoiceAct(wakes=True, entity=(Platform.BUTTON, "wake")),
    "wheel_heat_off": VoiceAct(
        plan=lambda _request: Planned((commands.set_steering_wheel_heater(on=False),)),
        entity=(Platform.SELECT, "steering_wheel_heater"),
    ),
    "wheel_heat_on": VoiceAct(
        plan=lambda _request: Planned((commands.set_steering_wheel_heater(on=True),)),
        entity=(Platform.SELECT, "steering_wheel_heater"),
    ),
    "windows_close": VoiceAct(plan=_close_windows, entity=(Platform.COVER, "windows")),
    "windows_open": VoiceAct(plan=_always(commands.vent_windows), takes_code=True),
}
"""The acts that sentences can ask for, by intent."""
