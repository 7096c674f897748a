"""The answer of `fleet_status` about one vehicle: whether it has our key, or needs it at all."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

MAX_KEYS: Final = 20
"""Keys that fit on a vehicle. Source: Tesla's guide to virtual keys (2026-08)."""


class KeyStatus(StrEnum):
    """Whether our key is on a vehicle."""

    PAIRED = "paired"
    MISSING = "missing"
    NO_ROOM = "no_room"
    """Missing, and the vehicle holds as many keys as it can."""
    NOT_NEEDED = "not_needed"
    """The vehicle does not know the protocol of signed commands."""
    UNKNOWN = "unknown"
    """Tesla's answer does not name the vehicle."""


def key_status(answer: Mapping[str, Any], vin: str) -> KeyStatus:
    """Read the status of a vehicle's key from an answer of `fleet_status`."""
    vehicles = answer.get("vehicle_info")
    info = vehicles.get(vin) if isinstance(vehicles, Mapping) else None
    known: Mapping[str, Any] = info if isinstance(info, Mapping) else {}
    if is_listed(vin, answer.get("key_paired_vins")):
        return KeyStatus.PAIRED
    if known.get("vehicle_command_protocol_required") is False:
        return KeyStatus.NOT_NEEDED
    if not is_listed(vin, answer.get("unpaired_vins")):
        return KeyStatus.UNKNOWN
    count = known.get("total_number_of_keys")
    is_full = isinstance(count, int) and count >= MAX_KEYS
    return KeyStatus.NO_ROOM if is_full else KeyStatus.MISSING


def is_listed(vin: str, vins: object) -> bool:
    """Whether a list in Tesla's answer contains this VIN."""
    return isinstance(vins, list) and vin in vins
