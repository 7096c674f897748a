"""Places of schedules: positions as texts, and texts as positions."""

import re
from typing import Final

from homeassistant.components.zone import async_active_zone
from homeassistant.components.zone.const import DOMAIN as ZONE_DOMAIN
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.location import distance

from ..tesla.signals import Position

HOME: Final = "Home"
_PAIR: Final = re.compile(r"\s*(-?\d{1,2}(?:\.\d+)?)\s*[,;]\s*(-?\d{1,3}(?:\.\d+)?)\s*")
_POLE: Final = 90
_ANTIMERIDIAN: Final = 180


@callback
def async_home(hass: HomeAssistant) -> Position:
    """The position of Home Assistant's home."""
    return hass.config.latitude, hass.config.longitude


@callback
def async_place_of(hass: HomeAssistant, position: Position) -> str:
    """The name of a position: home, another zone, or its coordinates."""
    away = distance(*async_home(hass), *position)
    if away is not None and away <= hass.config.radius:
        return HOME
    if (zone := async_active_zone(hass, *position)) is not None:
        return zone.name
    return f"{position[0]:.5f}, {position[1]:.5f}"


@callback
def async_find_place(hass: HomeAssistant, text: str) -> Position | None:
    """The position of a place: home, a zone by its name, or coordinates; None if there is none."""
    wanted = text.strip().casefold()
    if wanted == HOME.casefold():
        return async_home(hass)
    for zone in hass.states.async_all(ZONE_DOMAIN):
        if zone.name.casefold() == wanted:
            return zone.attributes[ATTR_LATITUDE], zone.attributes[ATTR_LONGITUDE]
    if (pair := _PAIR.fullmatch(text)) is None:
        return None
    latitude, longitude = float(pair[1]), float(pair[2])
    is_valid = abs(latitude) <= _POLE and abs(longitude) <= _ANTIMERIDIAN
    return (latitude, longitude) if is_valid else None
