"""Plan of a car's stream: which fields, how often, and which cars can stream at all."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from ..state import Signal
from .firmware import release
from .profiles import Profile, Rule, fitting, rule_of, slow_down

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
"""Fields for which Tesla wants the location scope; with one of them too much, and the scope taken
back, the whole configuration is removed from the vehicle."""


def plan(
    wanted: Iterable[Signal[Any]],
    profile: Profile,
    *,
    overrides: Mapping[str, Rule] | None = None,
    slowed: Mapping[str, int] | None = None,
    without: Collection[str] = (),
    scopes: Collection[str],
    firmware: str | None = None,
    semi: bool = False,
) -> dict[str, Rule]:
    """What to stream so that these signals are known: a rule for each field, sorted by name.

    Args:
        wanted: Signals that somebody shows; what is not streamed is left out.
        profile: How much of it.
        overrides: The owner's own rules, by field; they are obeyed, never slowed.
        slowed: Steps by which fields are slowed because they cost too much; `Tally.slowed`.
        without: Fields that Tesla refused; see `unknown_fields`.
        scopes: What the owner granted; fields that need more are left out.
        firmware: What runs in the vehicle; fields of later ones are left out. None if not known:
            then nothing is, as Tesla does not bill what a vehicle does not have.
        semi: Whether the vehicle is a Semi, which has fields of its own.
    """
    running = release(firmware)
    chosen = {field_of(signal) for signal in wanted if _is_told(signal, scopes, running, semi=semi)}
    made = {}
    for field in sorted(chosen.difference(without)):
        if overrides and field in overrides:
            rule = overrides[field]
        else:
            rule = slow_down(field, rule_of(field, profile), (slowed or {}).get(field, 0))
        made[field] = fitting(field, rule)
    return made


def field_of(signal: Signal[Any]) -> str:
    """Tesla's field that carries a signal."""
    return signal.name.partition(".")[0]


def _is_told(
    signal: Signal[Any], scopes: Collection[str], running: tuple[int, ...] | None, *, semi: bool
) -> bool:
    """Whether this vehicle can stream a signal, and may."""
    needed = LOCATION_SCOPE if field_of(signal) in LOCATION_FIELDS else signal.scope
    first = release(signal.firmware)
    return (
        signal.streamed
        and (semi or not signal.semi)
        and (needed is None or needed in scopes)
        and (running is None or first is None or running >= first)
    )


FIRST_STREAMING: Final = (2024, 26)
"""The first firmware that takes a signed configuration."""
FIRST_STREAMING_ATOM: Final = (2025, 20)
"""The same for Model S and X with an Intel Atom; no signed commands, but a switch in the car."""


def can_stream(info: Mapping[str, Any]) -> bool | None:
    """Whether a vehicle can stream, from its entry in `vehicle_info` of fleet_status.

    False if its computer cannot, its firmware is too old, or its owner switched it off (only the
    old Model S and X have that switch, on their Safety screen). None if Tesla does not say.
    """
    version = info.get("fleet_telemetry_version", _MISSING)
    if version is None:
        return False
    firmware = info.get("firmware_version")
    running = release(firmware if isinstance(firmware, str) else None)
    first = FIRST_STREAMING
    switch = info.get("safety_screen_streaming_toggle_enabled")
    if isinstance(switch, bool) and info.get("vehicle_command_protocol_required") is False:
        first = FIRST_STREAMING_ATOM
        if not switch:
            return False
    if running is not None and running < first:
        return False
    return True if isinstance(version, str) and release_of_client(version) else None


def release_of_client(version: str) -> tuple[int, ...] | None:
    """The version of a vehicle's telemetry client, such as `1.2.0`; None if it is none."""
    parts = version.strip().split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


FIRST_RESENDING_CLIENT: Final = (1, 0, 0)
"""The first telemetry client that sends again what was not acknowledged, and unchanged values at
their resend interval. Source: Tesla's documentation of the stream (2026-08)."""
FIRST_RESENDING: Final = (2025, 2, 6)
FIRST_RESENDING_BRANCH: Final = (2024, 45, 32, 20)
"""The firmware that came with it: this one and later ones, and one branch before."""


def resends(client: object, firmware: object) -> bool | None:
    """Whether a vehicle sends again what got lost; None if nobody knows.

    Args:
        client: Version of its telemetry client, if it is known.
        firmware: What runs in it, which decides where the client is not known.
    """
    version = release_of_client(client) if isinstance(client, str) else None
    if version:
        return version >= FIRST_RESENDING_CLIENT
    running = release(firmware if isinstance(firmware, str) else None)
    if running is None:
        return None
    branch = FIRST_RESENDING_BRANCH
    return running >= FIRST_RESENDING or (running[:3] == branch[:3] and running >= branch)
