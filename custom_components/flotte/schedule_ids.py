"""Ids of new schedules in vehicles, which their caller chooses."""

from collections.abc import Container
from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_LAST_SCHEDULE_ID: Final[HassKey[int]] = HassKey(f"{DOMAIN}_last_schedule_id")


@callback
def async_new_schedule_id(hass: HomeAssistant, now: datetime, taken: Container[str] = ()) -> int:
    """Return the Unix second, as Tesla's own clients do, or a later one if it is taken.

    Otherwise, two schedules added within a second would become one, because a known id updates its
    schedule. `taken` has the ids, as texts, of schedules that the vehicle is known to have.
    """
    chosen = max(int(now.timestamp()), hass.data.get(_LAST_SCHEDULE_ID, 0) + 1)
    while str(chosen) in taken:
        chosen += 1
    hass.data[_LAST_SCHEDULE_ID] = chosen
    return chosen
