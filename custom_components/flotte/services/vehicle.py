"""Actions: what a car can do that has no entity. One table, one handler.

A PIN is in nobody's representation from the moment on in which Home Assistant hands it over: not in
that of the call, which Home Assistant logs when an action fails, nor in that of the command.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_DEVICE_ID, ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.core_config import Config
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_device_and_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.json import JsonObjectType

from ..account.data import FlotteConfigEntry
from ..account.rights import async_require_admin, async_require_control
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..errors import as_home_assistant
from ..tesla import commands, signals
from ..tesla.commands import Command
from ..tesla.commands.charging import DAYS
from ..tesla.errors import InvalidCommand, OutcomeUnknown
from ..tesla.schedules import Schedule, charge_schedules, precondition_schedules
from ..tesla.signals import Position
from ..tesla.state import State

_LAST_SCHEDULE_ID: Final[HassKey[int]] = HassKey(f"{DOMAIN}_last_schedule_id")
_HIGHEST_SCHEDULE_ID: Final = 2**64 - 1
"""Schedule ids have 64 bits without a sign. Source: common.proto."""

# Fields. `active` and `enabled` instead of `on`, which is a truth value in YAML and no key.
_ACTIVE: Final = "active"
_COMMAND: Final = "command"
_DAYS: Final = "days"
_DELAY: Final = "delay"
_DEPARTURE: Final = "departure"
_DESTINATION: Final = "destination"
_DRIVER: Final = "driver"
_ENABLED: Final = "enabled"
_END: Final = "end"
_ID: Final = "id"
_LOCALE: Final = "locale"
_NAME: Final = "name"
_OFF_PEAK: Final = "off_peak"
_OFF_PEAK_END: Final = "off_peak_end"
_ONE_TIME: Final = "one_time"
_PASSENGER: Final = "passenger"
_PIN: Final = "pin"
_POSITION: Final = "position"
_PRECONDITIONING: Final = "preconditioning"
_READY: Final = "ready"
_SPEED: Final = "speed"
_START: Final = "start"
_VOLUME: Final = "volume"


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN on its way to the car; whoever prints it sees nothing of it."""

    digits: str = field(repr=False)

    @classmethod
    def of(cls, value: object) -> Pin:
        """A PIN from the user's text. Raises Invalid.

        The command itself says what is wrong with it, without repeating it; a pattern here would.
        """
        return cls(cv.string(value))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of one car."""

    fields: Mapping[str, Any]
    """As the user gave them, checked by the schema."""
    state: State
    now: datetime
    config: Config
    """Home Assistant's own: language, country, home."""

    @property
    def position(self) -> Position:
        """Where a schedule applies: as given, else where the car is, else at home."""
        if place := self.fields.get(_POSITION):
            return place[ATTR_LATITUDE], place[ATTR_LONGITUDE]
        return self.state[signals.LOCATION] or (self.config.latitude, self.config.longitude)

    @property
    def locale(self) -> str:
        """Language and country, such as `nl-NL`, by which Tesla reads a destination."""
        if given := self.fields.get(_LOCALE):
            return str(given)
        language, country = self.config.language, self.config.country
        return language if "-" in language or country is None else f"{language}-{country}"

    @property
    def pin(self) -> str:
        """The digits; empty if none were given."""
        return self.fields[_PIN].digits if _PIN in self.fields else ""

    def minutes(self, name: str) -> int | None:
        """A time of day as minutes after midnight."""
        moment: time | None = self.fields.get(name)
        return None if moment is None else moment.hour * 60 + moment.minute

    def needed_minutes(self, name: str) -> int:
        """The same, where it cannot be done without. Raises ServiceValidationError."""
        minutes = self.minutes(name)
        if minutes is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="field_missing",
                translation_placeholders={"field": name},
            )
        return minutes


def _add_charge_schedule(asked: Asked) -> Command:
    return commands.add_charge_schedule(
        schedule_id=asked.fields[_ID],
        days=frozenset(asked.fields[_DAYS]),
        position=asked.position,
        start_minutes=asked.minutes(_START),
        end_minutes=asked.minutes(_END),
        one_time=asked.fields[_ONE_TIME],
        enabled=asked.fields[_ENABLED],
    )


def _add_precondition_schedule(asked: Asked) -> Command:
    return commands.add_precondition_schedule(
        schedule_id=asked.fields[_ID],
        days=frozenset(asked.fields[_DAYS]),
        position=asked.position,
        ready_minutes=asked.needed_minutes(_READY),
        one_time=asked.fields[_ONE_TIME],
        enabled=asked.fields[_ENABLED],
    )


def _set_scheduled_charging(asked: Asked) -> Command:
    enabled = asked.fields[_ENABLED]
    return commands.set_scheduled_charging(
        enabled=enabled, start_minutes=asked.needed_minutes(_START) if enabled else 0
    )


def _set_scheduled_departure(asked: Asked) -> Command:
    if not asked.fields[_ENABLED]:
        return commands.set_scheduled_departure(enabled=False)
    off_peak = asked.fields.get(_OFF_PEAK)
    return commands.set_scheduled_departure(
        enabled=True,
        departure_minutes=asked.needed_minutes(_DEPARTURE),
        preconditioning=asked.fields.get(_PRECONDITIONING),
        off_peak=off_peak,
        off_peak_end_minutes=asked.needed_minutes(_OFF_PEAK_END) if off_peak else 0,
    )


def _clear_speed_limit_pin(asked: Asked) -> Command:
    """With the PIN, or without knowing it as the owner."""
    if _PIN in asked.fields:
        return commands.clear_speed_limit_pin(asked.pin)
    return commands.clear_speed_limit_pin_as_owner()


MEDIA: Final[Mapping[str, Callable[[], Command]]] = {
    "toggle_playback": commands.toggle_playback,
    "next_track": commands.next_track,
    "previous_track": commands.previous_track,
    "next_favourite": commands.next_favourite,
    "previous_favourite": commands.previous_favourite,
    "volume_up": partial(commands.step_volume, up=True),
    "volume_down": partial(commands.step_volume, up=False),
}

_SCHEDULE_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1, max=_HIGHEST_SCHEDULE_ID))
_EVERY: Final = vol.In(("all_week", "weekdays"))
_ANY_SCHEDULE: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(_DAYS): vol.All(cv.ensure_list, [vol.In(DAYS)], vol.Length(min=1)),
    vol.Optional(_POSITION): {
        vol.Required(ATTR_LATITUDE): cv.latitude,
        vol.Required(ATTR_LONGITUDE): cv.longitude,
    },
    vol.Optional(_ONE_TIME, default=False): cv.boolean,
    vol.Optional(_ENABLED, default=True): cv.boolean,
    vol.Optional(_ID): _SCHEDULE_ID,
}


@dataclass(frozen=True, kw_only=True)
class FlotteAction:
    """A row: an action, its fields beside the cars, and the command that it comes to."""

    name: str
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    command: Callable[[Asked], Command] | None
    """None asks for the schedules instead."""
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What the fields must fulfil together."""
    keeps_schedule: bool = False
    """Whether a schedule is saved, under an id that is chosen here and answered."""
    for_admins: bool = False
    """Whether it changes who may drive the car, or how: only an administrator may ask for that."""

    @property
    def supports_response(self) -> SupportsResponse:
        """Whether there is something to answer."""
        if self.command is None:
            return SupportsResponse.ONLY
        return SupportsResponse.OPTIONAL if self.keeps_schedule else SupportsResponse.NONE

    @property
    def schema(self) -> vol.Schema:
        """All fields, with the cars."""
        fields = {vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string]), **self.fields}
        return vol.Schema(fields if self.check is None else vol.All(fields, self.check))


ACTIONS: Final = (
    FlotteAction(
        name="navigate",
        fields={vol.Required(_DESTINATION): cv.string, vol.Optional(_LOCALE): cv.string},
        command=lambda asked: commands.navigate(
            asked.fields[_DESTINATION], locale=asked.locale, now=asked.now
        ),
    ),
    FlotteAction(
        name="add_charge_schedule",
        fields={**_ANY_SCHEDULE, vol.Optional(_START): cv.time, vol.Optional(_END): cv.time},
        # Without both it would neither start nor stop anything.
        check=cv.has_at_least_one_key(_START, _END),
        command=_add_charge_schedule,
        keeps_schedule=True,
    ),
    FlotteAction(
        name="remove_charge_schedule",
        fields={vol.Required(_ID): _SCHEDULE_ID},
        command=lambda asked: commands.remove_charge_schedule(asked.fields[_ID]),
    ),
    FlotteAction(
        name="add_precondition_schedule",
        fields={**_ANY_SCHEDULE, vol.Required(_READY): cv.time},
        command=_add_precondition_schedule,
        keeps_schedule=True,
    ),
    FlotteAction(
        name="remove_precondition_schedule",
        fields={vol.Required(_ID): _SCHEDULE_ID},
        command=lambda asked: commands.remove_precondition_schedule(asked.fields[_ID]),
    ),
    FlotteAction(name="list_schedules", command=None),
    FlotteAction(
        name="set_scheduled_charging",
        fields={vol.Required(_ENABLED): cv.boolean, vol.Optional(_START): cv.time},
        command=_set_scheduled_charging,
    ),
    FlotteAction(
        name="set_scheduled_departure",
        fields={
            vol.Required(_ENABLED): cv.boolean,
            vol.Optional(_DEPARTURE): cv.time,
            vol.Optional(_PRECONDITIONING): _EVERY,
            vol.Optional(_OFF_PEAK): _EVERY,
            vol.Optional(_OFF_PEAK_END): cv.time,
        },
        command=_set_scheduled_departure,
    ),
    FlotteAction(
        name="set_valet_mode",
        for_admins=True,
        fields={vol.Required(_ACTIVE): cv.boolean, vol.Optional(_PIN): Pin.of},
        command=lambda asked: commands.set_valet_mode(on=asked.fields[_ACTIVE], pin=asked.pin),
    ),
    FlotteAction(
        name="reset_valet_pin", for_admins=True, command=lambda _: commands.reset_valet_pin()
    ),
    FlotteAction(
        name="set_speed_limit",
        for_admins=True,
        fields={vol.Required(_SPEED): vol.Coerce(float)},
        command=lambda asked: commands.set_speed_limit(asked.fields[_SPEED]),
    ),
    FlotteAction(
        name="activate_speed_limit",
        for_admins=True,
        fields={vol.Optional(_ACTIVE, default=True): cv.boolean, vol.Required(_PIN): Pin.of},
        command=lambda asked: commands.activate_speed_limit(
            on=asked.fields[_ACTIVE], pin=asked.pin
        ),
    ),
    FlotteAction(
        name="clear_speed_limit_pin",
        for_admins=True,
        fields={vol.Optional(_PIN): Pin.of},
        command=_clear_speed_limit_pin,
    ),
    FlotteAction(
        name="set_pin_to_drive",
        for_admins=True,
        fields={vol.Required(_ACTIVE): cv.boolean, vol.Optional(_PIN): Pin.of},
        command=lambda asked: commands.set_pin_to_drive(on=asked.fields[_ACTIVE], pin=asked.pin),
    ),
    FlotteAction(
        name="reset_pin_to_drive", for_admins=True, command=lambda _: commands.reset_pin_to_drive()
    ),
    FlotteAction(
        name="clear_pin_to_drive", for_admins=True, command=lambda _: commands.clear_pin_to_drive()
    ),
    FlotteAction(
        name="media",
        fields={vol.Required(_COMMAND): vol.In(MEDIA)},
        command=lambda asked: MEDIA[asked.fields[_COMMAND]](),
    ),
    FlotteAction(
        name="set_temperatures",
        fields={
            vol.Required(_DRIVER): vol.Coerce(float),
            vol.Required(_PASSENGER): vol.Coerce(float),
        },
        command=lambda asked: commands.set_temperature(
            asked.fields[_DRIVER], asked.fields[_PASSENGER]
        ),
    ),
    FlotteAction(
        name="set_volume",
        fields={vol.Required(_VOLUME): vol.Coerce(float)},
        command=lambda asked: commands.set_volume(asked.fields[_VOLUME]),
    ),
    FlotteAction(
        name="schedule_software_update",
        fields={vol.Required(_DELAY): cv.positive_time_period},
        command=lambda asked: commands.schedule_software_update(
            int(asked.fields[_DELAY].total_seconds())
        ),
    ),
    FlotteAction(
        name="cancel_software_update", command=lambda _: commands.cancel_software_update()
    ),
    FlotteAction(
        name="set_vehicle_name",
        fields={vol.Required(_NAME): cv.string},
        command=lambda asked: commands.set_vehicle_name(asked.fields[_NAME]),
    ),
)


@callback
def async_register_actions(hass: HomeAssistant) -> None:
    """Offer every action of the table, whether or not an account is set up."""
    for row in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            row.name,
            partial(_async_handle, hass, row),
            schema=row.schema,
            supports_response=row.supports_response,
        )


async def _async_handle(
    hass: HomeAssistant, row: FlotteAction, call: ServiceCall
) -> ServiceResponse:
    """Do what is asked to every car, at once; nothing is sent unless it can be asked of all.

    Raises:
        Unauthorized: the user may not do that; nothing was sent.
        ServiceValidationError: the user's mistake; nothing was sent.
        HomeAssistantError: a car refused, or the outcome is unknown; the text says which and who.
    """
    if row.for_admins:
        await async_require_admin(hass, call.context)
    # Also for what only looks: a look is paid, and may wake the car.
    await async_require_control(hass, call.context, call.data[ATTR_DEVICE_ID])
    cars = {each: async_get_vehicle(hass, each) for each in call.data[ATTR_DEVICE_ID]}
    if row.command is None:
        schedules = await _async_all(cars, {key: _async_schedules(cars[key], call) for key in cars})
        return {"schedules": schedules}
    now = dt_util.utcnow()
    fields = dict(call.data)
    if row.keeps_schedule and _ID not in fields:
        fields[_ID] = _new_schedule_id(hass, now)
    try:
        wishes = {
            key: row.command(Asked(fields=fields, state=car.state, now=now, config=hass.config))
            for key, car in cars.items()
        }
    except InvalidCommand as error:
        raise as_home_assistant(error) from error
    schedule_id = fields[_ID] if row.keeps_schedule else None
    answers = await _async_all(
        cars, {key: _async_send(cars[key], wish, schedule_id, call) for key, wish in wishes.items()}
    )
    return {"schedules": answers} if row.keeps_schedule else None


@callback
def async_get_vehicle(hass: HomeAssistant, device_id: str) -> VehicleCoordinator:
    """The coordinator of a car's device.

    Raises:
        ServiceValidationError: there is no such device, it is no car of ours, or its account is not
            loaded.
    """
    entry: FlotteConfigEntry
    device, entry = async_get_device_and_config_entry(
        hass, DOMAIN, device_id, include_child_devices=False
    )
    for coordinator in entry.runtime_data.vehicles:
        if (DOMAIN, coordinator.vehicle.vin) in device.identifiers:
            return coordinator
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_a_vehicle",
        translation_placeholders={"name": device.name_by_user or device.name or device_id},
    )


def _new_schedule_id(hass: HomeAssistant, now: datetime) -> int:
    """The Unix second, as Tesla's own clients do it, but never the same one twice.

    Two schedules that are added within one second would else be one: the same id changes.
    """
    chosen = max(int(now.timestamp()), hass.data.get(_LAST_SCHEDULE_ID, 0) + 1)
    hass.data[_LAST_SCHEDULE_ID] = chosen
    return chosen


async def _async_all(
    cars: Mapping[str, VehicleCoordinator], work: Mapping[str, Coroutine[Any, Any, JsonObjectType]]
) -> JsonObjectType:
    """What each car answers, by device; all are asked at once, and all are heard out.

    Raises:
        HomeAssistantError: of the only car, or one that says which cars did it and which did not.
    """
    outcomes = await asyncio.gather(*work.values(), return_exceptions=True)
    answers: JsonObjectType = {}
    failures: dict[str, HomeAssistantError] = {}
    for device_id, outcome in zip(work, outcomes, strict=True):
        if isinstance(outcome, HomeAssistantError):
            failures[device_id] = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            answers[device_id] = outcome
    if not failures:
        return answers
    if len(cars) == 1:
        raise next(iter(failures.values()))
    raise HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="some_cars_failed",
        translation_placeholders={
            "done": ", ".join(cars[each].device_name for each in answers) or "-",
            "failed": " ".join(
                f"{cars[each].device_name}: {error}" for each, error in failures.items()
            ),
        },
    )


async def _async_send(
    car: VehicleCoordinator, command: Command, schedule_id: int | None, call: ServiceCall
) -> JsonObjectType:
    """Have a command carried out; answers the id of the schedule that it saves, if it does."""
    try:
        await car.async_send(command, call.context)
    except HomeAssistantError as error:
        if schedule_id is None or not isinstance(error.__cause__, OutcomeUnknown):
            raise
        # Whoever asks again without the id may end up with two schedules.
        raise HomeAssistantError(
            translation_domain=DOMAIN,
            translation_key="schedule_outcome_unknown",
            translation_placeholders={_ID: str(schedule_id)},
        ) from error
    return {} if schedule_id is None else {_ID: schedule_id}


async def _async_schedules(car: VehicleCoordinator, call: ServiceCall) -> JsonObjectType:
    """The schedules of a car, in words."""
    answer = await car.async_schedules(call.context)
    return {
        "name": car.device_name,
        "charge": [
            {
                **_in_words(schedule),
                _START: _clock(schedule.start_minutes),
                _END: _clock(schedule.end_minutes),
            }
            for schedule in charge_schedules(answer)
        ],
        "precondition": [
            {**_in_words(schedule), _READY: _clock(schedule.ready_minutes)}
            for schedule in precondition_schedules(answer)
        ],
    }


def _in_words(schedule: Schedule) -> JsonObjectType:
    """What both kinds have in common, named as the fields that make such a schedule."""
    words: JsonObjectType = {
        _ID: schedule.schedule_id,
        _NAME: schedule.name,
        _DAYS: list(schedule.days),
        _ONE_TIME: schedule.one_time,
        _ENABLED: schedule.enabled,
    }
    if schedule.position is not None:
        latitude, longitude = schedule.position
        words[_POSITION] = {ATTR_LATITUDE: latitude, ATTR_LONGITUDE: longitude}
    return words


def _clock(minutes: int | None) -> str | None:
    """Minutes after midnight as HH:MM."""
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
