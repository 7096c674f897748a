"""Chargers near a vehicle, as Tesla lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .reading_json import as_number
from .signals import KILOMETRES_PER_MILE, Position, position
from .state import Unrecognised


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSite:
    """A place with chargers. None is unknown."""

    name: str
    position: Position | None
    distance: float | None
    """km as the crow flies."""
    free_stalls: int | None
    stalls: int | None
    is_closed: bool | None


def superchargers(answer: Mapping[str, Any]) -> list[ChargingSite]:
    """The Superchargers in an answer of `nearby_charging_sites`."""
    return _sites(answer.get("superchargers"))


def destination_chargers(answer: Mapping[str, Any]) -> list[ChargingSite]:
    """The destination chargers in an answer of `nearby_charging_sites`."""
    return _sites(answer.get("destination_charging"))


def _sites(listed: object) -> list[ChargingSite]:
    if not isinstance(listed, list):
        return []
    return [_site(each) for each in listed if isinstance(each, Mapping)]


def _site(each: Mapping[str, Any]) -> ChargingSite:
    miles, closed = as_number(each.get("distance_miles")), each.get("site_closed")
    return ChargingSite(
        name=str(each.get("name") or ""),
        position=_position(each.get("location")),
        distance=None if miles is None else round(miles * KILOMETRES_PER_MILE, 1),
        free_stalls=_count(each.get("available_stalls")),
        stalls=_count(each.get("total_stalls")),
        is_closed=closed if isinstance(closed, bool) else None,
    )


def _position(place: object) -> Position | None:
    if not isinstance(place, Mapping):
        return None
    try:
        return position((place.get("lat"), place.get("long")))
    except Unrecognised:
        return None


def _count(value: object) -> int | None:
    number = as_number(value)
    return None if number is None or number < 0 else int(number)
