"""Fields and answers of the actions about schedules."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_ID, ATTR_LATITUDE, ATTR_LONGITUDE, ATTR_NAME
from homeassistant.helpers import config_validation as cv
from homeassistant.util.json import JsonObjectType

from ..tesla.commands.charging import DAYS
from ..tesla.schedules import Schedule, charge_schedules, precondition_schedules

ATTR_DAYS: Final = "days"
ATTR_ENABLED: Final = "enabled"
ATTR_END: Final = "end"
ATTR_ONE_TIME: Final = "one_time"
ATTR_POSITION: Final = "position"
ATTR_READY: Final = "ready"
ATTR_START: Final = "start"

_MAX_SCHEDULE_ID: Final = 2**64 - 1
"""Schedule ids are unsigned 64-bit numbers. Source: common.proto."""

SCHEDULE_ID: Final = vol.All(vol.Coerce(int), vol.Range(min=1, max=_MAX_SCHEDULE_ID))
ANY_SCHEDULE: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(ATTR_DAYS): vol.All(cv.ensure_list, [vol.In(DAYS)], vol.Length(min=1)),
    vol.Optional(ATTR_POSITION): {
        vol.Required(ATTR_LATITUDE): cv.latitude,
        vol.Required(ATTR_LONGITUDE): cv.longitude,
    },
    vol.Optional(ATTR_ONE_TIME, default=False): cv.boolean,
    vol.Optional(ATTR_ENABLED, default=True): cv.boolean,
    vol.Optional(ATTR_ID): SCHEDULE_ID,
}
"""Fields of both kinds of schedules."""


def describe_schedules(answer: Mapping[str, Any]) -> JsonObjectType:
    """Schedules in Tesla's answer, with the field names of the actions that add schedules."""
    return {
        "charge": [
            {
                **_describe(schedule),
                ATTR_START: _clock(schedule.start_minutes),
                ATTR_END: _clock(schedule.end_minutes),
            }
            for schedule in charge_schedules(answer)
        ],
        "precondition": [
            {**_describe(schedule), ATTR_READY: _clock(schedule.ready_minutes)}
            for schedule in precondition_schedules(answer)
        ],
    }


def _describe(schedule: Schedule) -> JsonObjectType:
    described: JsonObjectType = {
        ATTR_ID: schedule.schedule_id,
        ATTR_NAME: schedule.name,
        ATTR_DAYS: list(schedule.days),
        ATTR_ONE_TIME: schedule.one_time,
        ATTR_ENABLED: schedule.enabled,
    }
    if schedule.position is not None:
        latitude, longitude = schedule.position
        described[ATTR_POSITION] = {ATTR_LATITUDE: latitude, ATTR_LONGITUDE: longitude}
    return described


def _clock(minutes: int | None) -> str | None:
    """Minutes after midnight as HH:MM."""
    return None if minutes is None else f"{minutes // 60:02}:{minutes % 60:02}"
