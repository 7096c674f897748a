"""Signals of a site's wall connectors, each of which is a device of its own."""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..state import Signal, State, Unrecognised
from .bounds import SITE_POWER
from .parsers import number, whole


class Connector(NamedTuple):
    """A wall connector as the site reports it; None is unknown."""

    din: str
    """Tesla's number of the device: part number and serial number."""
    code: int | None
    """State; see `CONNECTOR_STATES`."""
    fault: int | None
    """Tesla documents no meaning. A healthy connector reports 2 when idle and 7 when charging."""
    power: float | None
    """W; negative when a vehicle feeds the house."""
    vin: str | None
    """VIN of the connected vehicle, if it is a Tesla."""


class ConnectorParts(NamedTuple):
    """A wall connector in the list of the site's equipment."""

    din: str
    serial_number: str | None
    part_name: str | None


CONNECTOR_STATES: Final[Mapping[int, str]] = {
    0: "booting",
    1: "charging",
    2: "disconnected",
    4: "connected",
    5: "scheduled",
    6: "negotiating",
    7: "error",
    8: "charging_finished",
    9: "waiting_for_vehicle",
    10: "charging_reduced",
}
"""Tesla documents none of these. Source: Home Assistant's `tessie` (2026-10); its developers saw
1, 2, 4, 5 and 8."""

_MAX_CONNECTORS: Final = 32
"""Wall connectors of a site to show, so that an odd answer cannot make thousands of devices."""
_DIN: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
_VIN: Final = re.compile(r"[A-Za-z0-9]{17}")


def _entries(value: object, keys: tuple[str, ...]) -> list[list[Any]]:
    """The parts of each entry with a valid DIN, from Tesla's objects or from our own tuples."""
    if not isinstance(value, list | tuple):
        raise Unrecognised(value)
    found: dict[str, list[Any]] = {}
    for each in value:
        parts = each
        if isinstance(each, Mapping):
            # One that was replaced stays in the list.
            parts = None if each.get("is_active") is False else [each.get(key) for key in keys]
        if isinstance(parts, list | tuple) and len(parts) == len(keys):
            din = parts[0]
            if isinstance(din, str) and _DIN.fullmatch(din) and len(found) < _MAX_CONNECTORS:
                found.setdefault(din, list(parts))
    return list(found.values())


def _connectors(value: object) -> tuple[Connector, ...]:
    keys = (
        "din",
        "wall_connector_state",
        "wall_connector_fault_state",
        "wall_connector_power",
        "vin",
    )
    return tuple(
        Connector(din, _code(code), _code(fault), _power(power), _vin(vin))
        for din, code, fault, power, vin in _entries(value, keys)
    )


def _code(value: object) -> int | None:
    try:
        code = whole(value)
    except ValueError, OverflowError:
        return None
    return code if 0 <= code <= _MAX_CODE else None


_MAX_CODE: Final = 65_535


def _power(value: object) -> float | None:
    lowest, highest = SITE_POWER
    try:
        watts = number(value)
    except ValueError:
        return None
    return watts if lowest <= watts <= highest else None


def _vin(value: object) -> str | None:
    return value if isinstance(value, str) and _VIN.fullmatch(value) else None


def _parts(value: object) -> tuple[ConnectorParts, ...]:
    return tuple(
        ConnectorParts(din, _word(serial_number), _word(part_name))
        for din, serial_number, part_name in _entries(value, ("din", "serial_number", "part_name"))
    )


def _word(value: object) -> str | None:
    word = value.strip() if isinstance(value, str) else ""
    return word[:60] or None


CONNECTORS: Final[Signal[tuple[Connector, ...]]] = Signal(
    "Connectors", _connectors, path="live_status.wall_connectors", null=(), streamed=False
)
CONNECTOR_PARTS: Final[Signal[tuple[ConnectorParts, ...]]] = Signal(
    "ConnectorParts", _parts, path="site_info.components.wall_connectors", streamed=False
)


def connector_of(state: State, din: str) -> Connector | None:
    """A wall connector in the last answer; None if that did not contain it."""
    # Restored ones are plain tuples.
    return next((Connector(*each) for each in state[CONNECTORS] or () if each[0] == din), None)


def connector_parts_of(state: State, din: str) -> ConnectorParts:
    """The identity of a wall connector, whose serial number is the end of its DIN."""
    for known, serial_number, part_name in state[CONNECTOR_PARTS] or ():
        if known == din and serial_number:
            return ConnectorParts(din, serial_number, part_name)
    return ConnectorParts(din, din.rpartition("--")[2], None)


def connector_dins(state: State) -> frozenset[str]:
    """The wall connectors that a site reports, in either answer."""
    reported = {each[0] for each in state[CONNECTORS] or ()}
    return frozenset(reported | {each[0] for each in state[CONNECTOR_PARTS] or ()})
