"""Actions of vehicles: functions without an entity. One table; `dispatch` handles the calls.

Once Home Assistant has passed on a PIN, it appears in no `repr`: neither in that of the call, which
Home Assistant logs when an action fails, nor in that of the command.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import partial
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_ID, ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_NAME
from homeassistant.core import SupportsResponse
from homeassistant.core_config import Config
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN
from ..tesla import commands, signals
from ..tesla.commands import Command
from ..tesla.commands.charging import DAYS
from ..tesla.commands.driving import ORDERS, PARENTAL_SETTINGS
from ..tesla.schedules import CHARGE, PRECONDITION, Schedule, ScheduleKind
from ..tesla.signals import Position
from ..tesla.state import State
from .devices import targeted_schema
from .schedules import (
    ANY_SCHEDULE,
    ATTR_DAYS,
    ATTR_ENABLED,
    ATTR_END,
    ATTR_ONE_TIME,
    ATTR_POSITION,
    ATTR_READY,
    ATTR_START,
    SCHEDULE_ID,
)

# Fields. `active` and `enabled` instead of `on`, which YAML reads as a boolean.
_ACTIVE: Final = "active"
_COMMAND: Final = "command"
_DATA: Final = "data"
_DELAY: Final = "delay"
_DEPARTURE: Final = "departure"
_DESTINATION: Final = "destination"
_DRIVER: Final = "driver"
_LOCALE: Final = "locale"
_NOTE: Final = "note"
_OFF_PEAK: Final = "off_peak"
_OFF_PEAK_END: Final = "off_peak_end"
_ORDER: Final = "order"
_PASSENGER: Final = "passenger"
_PIN: Final = "pin"
_PLACES: Final = "places"
_PRECONDITIONING: Final = "preconditioning"
_SETTING: Final = "setting"
_SPEED: Final = "speed"
_VOLUME: Final = "volume"


@dataclass(frozen=True, slots=True)
class Pin:
    """A PIN on its way to the vehicle, hidden in its `repr`."""

    digits: str = field(repr=False)

    @classmethod
    def of(cls, value: object) -> Pin:
        """Read a PIN from the user's text. Raises Invalid.

        The command checks the digits, because the error of a pattern here would contain them.
        """
        return cls(cv.string(value))


@dataclass(frozen=True, kw_only=True)
class ServiceInput:
    """Input of an action for one vehicle."""

    fields: Mapping[str, Any]
    """Input of the user, checked by the schema."""
    state: State
    now: datetime
    config: Config
    """Home Assistant's configuration: language, country, home."""

    @property
    def position(self) -> Position:
        """Place of a schedule: the user's choice, or that of the vehicle, or home."""
        if place := self.fields.get(ATTR_POSITION):
            return place[ATTR_LATITUDE], place[ATTR_LONGITUDE]
        return self.state[signals.LOCATION] or (self.config.latitude, self.config.longitude)

    @property
    def locale(self) -> str:
        """Language and country of a destination, such as `nl-NL`."""
        if locale := self.fields.get(_LOCALE):
            return str(locale)
        language, country = self.config.language, self.config.country
        return language if "-" in language or country is None else f"{language}-{country}"

    @property
    def pin(self) -> str:
        """The digits; empty if the user gave none."""
        return self.fields[_PIN].digits if _PIN in self.fields else ""

    def minutes(self, name: str) -> int | None:
        """Time of day as minutes after midnight; None if the user gave none."""
        moment: time | None = self.fields.get(name)
        return None if moment is None else moment.hour * 60 + moment.minute

    def needed_minutes(self, name: str) -> int:
        """Time of day that the user must give. Raises ServiceValidationError."""
        minutes = self.minutes(name)
        if minutes is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="field_missing",
                translation_placeholders={"field": name},
            )
        return minutes


def _schedule(given: ServiceInput, kind: ScheduleKind, **minutes: int | None) -> Command:
    """Add a schedule, or update the one with its id."""
    days = given.fields[ATTR_DAYS]
    schedule = Schedule(
        schedule_id=given.fields[ATTR_ID],
        name="",
        days=tuple(day for day in DAYS if day in days),
        one_time=given.fields[ATTR_ONE_TIME],
        enabled=given.fields[ATTR_ENABLED],
        position=given.position,
        **minutes,
    )
    return kind.save_command(schedule, given.position, given.state)


def _add_charge_schedule(given: ServiceInput) -> Command:
    start, end = given.minutes(ATTR_START), given.minutes(ATTR_END)
    return _schedule(given, CHARGE, start_minutes=start, end_minutes=end)


def _add_precondition_schedule(given: ServiceInput) -> Command:
    return _schedule(given, PRECONDITION, ready_minutes=given.needed_minutes(ATTR_READY))


def _set_scheduled_charging(given: ServiceInput) -> Command:
    enabled = given.fields[ATTR_ENABLED]
    return commands.set_scheduled_charging(
        enabled=enabled, start_minutes=given.needed_minutes(ATTR_START) if enabled else 0
    )


def _set_scheduled_departure(given: ServiceInput) -> Command:
    if not given.fields[ATTR_ENABLED]:
        return commands.set_scheduled_departure(enabled=False)
    off_peak = given.fields.get(_OFF_PEAK)
    return commands.set_scheduled_departure(
        enabled=True,
        departure_minutes=given.needed_minutes(_DEPARTURE),
        preconditioning=given.fields.get(_PRECONDITIONING),
        off_peak=off_peak,
        off_peak_end_minutes=given.needed_minutes(_OFF_PEAK_END) if off_peak else 0,
    )


def _clear_speed_limit_pin(given: ServiceInput) -> Command:
    """Clear the PIN: with its digits, or without them as the owner."""
    if _PIN in given.fields:
        return commands.clear_speed_limit_pin(given.pin)
    return commands.clear_speed_limit_pin_as_owner()


MEDIA_COMMANDS: Final[Mapping[str, Callable[[], Command]]] = {
    "toggle_playback": commands.toggle_playback,
    "next_track": commands.next_track,
    "previous_track": commands.previous_track,
    "next_favourite": commands.next_favourite,
    "previous_favourite": commands.previous_favourite,
    "volume_up": partial(commands.step_volume, up=True),
    "volume_down": partial(commands.step_volume, up=False),
}

_EVERY: Final = vol.In(("all_week", "weekdays"))


@dataclass(frozen=True, kw_only=True)
class VehicleAction:
    """A row: an action, its fields other than the vehicles, and its command."""

    name: str
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    command: Callable[[ServiceInput], Command] | None
    """None for an action that only reads."""
    answer: str | None = None
    """Key of the answers by device in the response of an action that only reads."""
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """Condition on several fields."""
    keeps_schedule: bool = False
    """Whether it saves a schedule, whose id it returns."""
    for_admins: bool = False
    """Whether only administrators may use it: it changes who may drive the vehicle, or how."""

    @property
    def supports_response(self) -> SupportsResponse:
        """Whether the action returns data."""
        if self.command is None:
            return SupportsResponse.NONE if self.answer is None else SupportsResponse.ONLY
        return SupportsResponse.OPTIONAL if self.keeps_schedule else SupportsResponse.NONE

    @property
    def schema(self) -> vol.Schema:
        """Schema of all fields, with the vehicles."""
        return targeted_schema(self.fields, self.check)


ACTIONS: Final = (
    VehicleAction(
        name="navigate",
        fields={vol.Required(_DESTINATION): cv.string, vol.Optional(_LOCALE): cv.string},
        command=lambda given: commands.navigate(
            given.fields[_DESTINATION], locale=given.locale, now=given.now
        ),
    ),
    VehicleAction(
        name="navigate_to_position",
        fields={
            vol.Required(ATTR_POSITION): {
                vol.Required(ATTR_LATITUDE): cv.latitude,
                vol.Required(ATTR_LONGITUDE): cv.longitude,
            },
            vol.Optional(_ORDER, default="replace"): vol.In(ORDERS),
        },
        command=lambda given: commands.navigate_to_position(given.position, given.fields[_ORDER]),
    ),
    VehicleAction(
        name="navigate_to_supercharger",
        fields={
            vol.Required(ATTR_ID): vol.Coerce(int),
            vol.Optional(_ORDER, default="replace"): vol.In(ORDERS),
        },
        command=lambda given: commands.navigate_to_supercharger(
            given.fields[ATTR_ID], given.fields[_ORDER]
        ),
    ),
    VehicleAction(
        name="navigate_waypoints",
        fields={vol.Required(_PLACES): vol.All(cv.ensure_list, [cv.string])},
        command=lambda given: commands.navigate_waypoints(given.fields[_PLACES]),
    ),
    VehicleAction(
        name="take_drive_note",
        fields={vol.Required(_NOTE): cv.string},
        command=lambda given: commands.take_drive_note(given.fields[_NOTE]),
    ),
    VehicleAction(
        name="send_calendar",
        fields={vol.Required(_DATA): cv.string},
        command=lambda given: commands.send_calendar(given.fields[_DATA]),
    ),
    VehicleAction(
        name="add_charge_schedule",
        fields={**ANY_SCHEDULE, vol.Optional(ATTR_START): cv.time, vol.Optional(ATTR_END): cv.time},
        # A schedule with neither would start and stop nothing.
        check=cv.has_at_least_one_key(ATTR_START, ATTR_END),
        command=_add_charge_schedule,
        keeps_schedule=True,
    ),
    VehicleAction(
        name="remove_charge_schedule",
        fields={vol.Required(ATTR_ID): SCHEDULE_ID},
        command=lambda given: CHARGE.remove_command(given.fields[ATTR_ID], given.state),
    ),
    VehicleAction(
        name="add_precondition_schedule",
        fields={**ANY_SCHEDULE, vol.Required(ATTR_READY): cv.time},
        command=_add_precondition_schedule,
        keeps_schedule=True,
    ),
    VehicleAction(
        name="remove_precondition_schedule",
        fields={vol.Required(ATTR_ID): SCHEDULE_ID},
        command=lambda given: PRECONDITION.remove_command(given.fields[ATTR_ID], given.state),
    ),
    VehicleAction(name="list_schedules", command=None, answer="schedules"),
    VehicleAction(name="refresh", command=None),
    VehicleAction(name="nearby_charging_sites", command=None, answer="sites"),
    VehicleAction(name="read_charge_on_solar", command=None, answer="settings"),
    VehicleAction(
        name="set_scheduled_charging",
        fields={vol.Required(ATTR_ENABLED): cv.boolean, vol.Optional(ATTR_START): cv.time},
        command=_set_scheduled_charging,
    ),
    VehicleAction(
        name="set_scheduled_departure",
        fields={
            vol.Required(ATTR_ENABLED): cv.boolean,
            vol.Optional(_DEPARTURE): cv.time,
            vol.Optional(_PRECONDITIONING): _EVERY,
            vol.Optional(_OFF_PEAK): _EVERY,
            vol.Optional(_OFF_PEAK_END): cv.time,
        },
        command=_set_scheduled_departure,
    ),
    VehicleAction(
        name="set_valet_mode",
        for_admins=True,
        fields={vol.Required(_ACTIVE): cv.boolean, vol.Optional(_PIN): Pin.of},
        command=lambda given: commands.set_valet_mode(on=given.fields[_ACTIVE], pin=given.pin),
    ),
    VehicleAction(
        name="reset_valet_pin", for_admins=True, command=lambda _: commands.reset_valet_pin()
    ),
    VehicleAction(
        name="set_speed_limit",
        for_admins=True,
        fields={vol.Required(_SPEED): vol.Coerce(float)},
        command=lambda given: commands.set_speed_limit(given.fields[_SPEED]),
    ),
    VehicleAction(
        name="activate_speed_limit",
        for_admins=True,
        fields={vol.Optional(_ACTIVE, default=True): cv.boolean, vol.Required(_PIN): Pin.of},
        command=lambda given: commands.activate_speed_limit(
            on=given.fields[_ACTIVE], pin=given.pin
        ),
    ),
    VehicleAction(
        name="clear_speed_limit_pin",
        for_admins=True,
        fields={vol.Optional(_PIN): Pin.of},
        command=_clear_speed_limit_pin,
    ),
    VehicleAction(
        name="set_pin_to_drive",
        for_admins=True,
        fields={vol.Required(_ACTIVE): cv.boolean, vol.Optional(_PIN): Pin.of},
        command=lambda given: commands.set_pin_to_drive(on=given.fields[_ACTIVE], pin=given.pin),
    ),
    VehicleAction(
        name="reset_pin_to_drive", for_admins=True, command=lambda _: commands.reset_pin_to_drive()
    ),
    VehicleAction(
        name="clear_pin_to_drive", for_admins=True, command=lambda _: commands.clear_pin_to_drive()
    ),
    VehicleAction(
        name="activate_parental_controls",
        for_admins=True,
        fields={vol.Optional(_ACTIVE, default=True): cv.boolean, vol.Required(_PIN): Pin.of},
        command=lambda given: commands.activate_parental_controls(
            on=given.fields[_ACTIVE], pin=given.pin
        ),
    ),
    VehicleAction(
        name="set_parental_control",
        for_admins=True,
        fields={
            vol.Required(_SETTING): vol.In(PARENTAL_SETTINGS),
            vol.Required(ATTR_ENABLED): cv.boolean,
        },
        command=lambda given: commands.set_parental_control(
            given.fields[_SETTING], on=given.fields[ATTR_ENABLED]
        ),
    ),
    VehicleAction(
        name="set_parental_speed_limit",
        for_admins=True,
        fields={vol.Required(_SPEED): vol.Coerce(float)},
        command=lambda given: commands.set_parental_speed_limit(given.fields[_SPEED]),
    ),
    VehicleAction(
        name="clear_parental_pin", for_admins=True, command=lambda _: commands.clear_parental_pin()
    ),
    VehicleAction(
        name="media",
        fields={vol.Required(_COMMAND): vol.In(MEDIA_COMMANDS)},
        command=lambda given: MEDIA_COMMANDS[given.fields[_COMMAND]](),
    ),
    VehicleAction(
        name="set_temperatures",
        fields={
            vol.Required(_DRIVER): vol.Coerce(float),
            vol.Required(_PASSENGER): vol.Coerce(float),
        },
        command=lambda given: commands.set_temperature(
            given.fields[_DRIVER], given.fields[_PASSENGER]
        ),
    ),
    VehicleAction(
        name="set_volume",
        fields={vol.Required(_VOLUME): vol.Coerce(float)},
        command=lambda given: commands.set_volume(given.fields[_VOLUME]),
    ),
    VehicleAction(
        name="schedule_software_update",
        fields={vol.Required(_DELAY): cv.positive_time_period},
        command=lambda given: commands.schedule_software_update(
            int(given.fields[_DELAY].total_seconds())
        ),
    ),
    VehicleAction(
        name="cancel_software_update", command=lambda _: commands.cancel_software_update()
    ),
    VehicleAction(
        name="set_vehicle_name",
        fields={vol.Required(ATTR_NAME): cv.string},
        command=lambda given: commands.set_vehicle_name(given.fields[ATTR_NAME]),
    ),
)
