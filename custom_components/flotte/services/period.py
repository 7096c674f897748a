"""The period of a history that an action asks for: whole days, by default the last thirty."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Final

import voluptuous as vol
from homeassistant.core import ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv

from ..const import DOMAIN

_START: Final = "start"
_END: Final = "end"
_USUAL_DAYS: Final = timedelta(days=30)
_DATE: Final = vol.All(cv.date, vol.Range(min=date(2000, 1, 1), max=date(2100, 1, 1)))
"""A date of a history. Before and after, there is none, and times in its zone may not exist."""

PERIOD_FIELDS: Final[Mapping[vol.Marker, Any]] = {
    vol.Optional(_START): _DATE,
    vol.Optional(_END): _DATE,
}
"""The fields of actions that read a history."""


def period_of(call: ServiceCall, today: date, zone: tzinfo) -> tuple[datetime, datetime]:
    """Start and end of the period of a call, in a zone.

    Raises:
        ServiceValidationError: the start is after the end.
    """
    last: date = call.data.get(_END, today)
    first: date = call.data.get(_START, last - _USUAL_DAYS)
    if first > last:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="history_order",
            translation_placeholders={_START: str(first), _END: str(last)},
        )
    return datetime.combine(first, time.min, zone), datetime.combine(last, time(23, 59, 59), zone)
