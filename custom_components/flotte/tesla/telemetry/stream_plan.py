"""The plan of a vehicle's stream: whether it can stream, which fields it sends, and how often."""

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from ..state import Signal
from .firmware import release
from .profiles import FieldRule, Profile, fitting, rule_of, slow_down

_MISSING: Final = object()

LOCATION_SCOPE: Final = "vehicle_location"
LOCATION_FIELDS: Final = frozenset(
    {
        "Location",
        "OriginLocation",
        "DestinationLocation",
        "DestinationName",
        "RouteLine",
        "GpsState",
        "GpsHeading",
    }
)
"""Fields that need the location scope. If the owner withdraws the scope, Tesla removes the whole
configuration from the vehicle, even if it has only one of these fields."""


def plan(
    wanted: Iterable[Signal[Any]],
    profile: Profile,
    *,
    overrides: Mapping[str, FieldRule] | None = None,
    slowed: Mapping[str, int] | None = None,
    without: Collection[str] = (),
    scopes: Collection[str],
    firmware: str | None = None,
    semi: bool = False,
) -> dict[str, FieldRule]:
    """Plan the fields to stream for these signals: a rule for each field, sorted by name.

    Args:
        wanted: Signals that are shown; those that cannot be streamed are left out.
        profile: How often to send each field.
        overrides: The owner's own rules by field, which are never slowed.
        slowed: Steps by which to slow fields that cost too much; see `Tally.slowed`.
        without: Fields that Tesla rejected; see `unknown_fields`.
        scopes: Scopes that the owner granted; fields that need others are left out.
        firmware: The vehicle's firmware; fields of later firmware are left out. If None, all fields
            are included: Tesla does not bill fields that a vehicle does not have.
        semi: Whether the vehicle is a Semi, which has additional fields.
    """
    running = release(firmware)
    chosen = {signal.field for signal in wanted if _is_sent(signal, scopes, running, semi=semi)}
    made = {}
    for field in sorted(chosen.difference(without)):
        if overrides and field in overrides:
            rule = overrides[field]
        else:
            rule = slow_down(field, rule_of(field, profile), (slowed or {}).get(field, 0))
        made[field] = fitting(field, rule)
    return made


def _is_sent(
    signal: Signal[Any], scopes: Collection[str], running: tuple[int, ...] | None, *, semi: bool
) -> bool:
    """Whether the vehicle can stream a signal, and the owner granted the scope for it."""
    needed = LOCATION_SCOPE if signal.field in LOCATION_FIELDS else signal.scope
    first = release(signal.firmware)
    return (
        signal.streamed
        and (semi or not signal.semi)
        and (needed is None or needed in scopes)
        and (running is None or first is None or running >= first)
    )


FIRST_STREAMING: Final = (2024, 26)
"""The first firmware that accepts a signed configuration."""
FIRST_STREAMING_ATOM: Final = (2025, 20)
"""The first firmware for Model S and X with Intel Atom, which have no signed commands but a switch
for streaming."""


class Obstacle(StrEnum):
    """Reason why a vehicle cannot stream."""

    HARDWARE = "hardware"
    """Its computer is too old."""
    FIRMWARE = "firmware"
    """Its software is too old."""
    SWITCH = "switch"
    """Its owner turned streaming off, for which only old Model S and X have a switch."""


def obstacle(info: Mapping[str, Any]) -> Obstacle | None:
    """Find what keeps a vehicle from streaming in its entry in `vehicle_info` of fleet_status."""
    if info.get("fleet_telemetry_version", _MISSING) is None:
        return Obstacle.HARDWARE
    firmware = info.get("firmware_version")
    running = release(firmware if isinstance(firmware, str) else None)
    first = FIRST_STREAMING
    switch = info.get("safety_screen_streaming_toggle_enabled")
    if isinstance(switch, bool) and info.get("vehicle_command_protocol_required") is False:
        first = FIRST_STREAMING_ATOM
        if not switch:
            return Obstacle.SWITCH
    return Obstacle.FIRMWARE if running is not None and running < first else None


def can_stream(info: Mapping[str, Any]) -> bool | None:
    """Whether a vehicle can stream, from its entry in `vehicle_info` of fleet_status.

    None if Tesla does not report it.
    """
    if obstacle(info) is not None:
        return False
    version = info.get("fleet_telemetry_version")
    return True if isinstance(version, str) and release_of_client(version) else None


def release_of_client(version: str) -> tuple[int, ...] | None:
    """Read the version of a vehicle's telemetry client, such as `1.2.0`; None for other texts."""
    parts = version.strip().split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


FIRST_RESENDING_CLIENT: Final = (1, 0, 0)
"""The first telemetry client that resends unacknowledged records, and that resends unchanged values
at their resend interval. Source: Tesla's documentation of the stream (2026-08)."""
FIRST_RESENDING: Final = (2025, 2, 6)
FIRST_RESENDING_BRANCH: Final = (2024, 45, 32, 20)
"""The first firmware with that client, and the first one of an earlier branch that has it too."""


def resends(client: object, firmware: object) -> bool | None:
    """Whether a vehicle resends lost records; None if unknown.

    Args:
        client: Version of the vehicle's telemetry client, if known.
        firmware: The vehicle's firmware, which decides if the client is unknown.
    """
    version = release_of_client(client) if isinstance(client, str) else None
    if version:
        return version >= FIRST_RESENDING_CLIENT
    running = release(firmware if isinstance(firmware, str) else None)
    if running is None:
        return None
    branch = FIRST_RESENDING_BRANCH
    return running >= FIRST_RESENDING or (running[:3] == branch[:3] and running >= branch)
