"""What a vehicle is asked to push: the plan, the configuration it becomes, and Tesla's answers.

    signals of the enabled entities ─> plan ─> configuration ─> signing.jws ─> api
    Tesla's answers                 ─> read_configured, read_configuration, read_client_errors

The profile table is in `profiles`, what a plan costs in `forecast`; both are passed on here. Pure:
no input, no output, no clock.

Source: Tesla's documentation of the stream and of its endpoints (2026-08), issues of Tesla's server
and of its command proxy (2024 to 2026).
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from ..clock import YEAR_2100
from ..privacy import shortened
from ..state import Signal
from .firmware import release
from .forecast import Forecast, Overdrawn, Plan, Tally, forecast
from .profiles import Profile, Rule, Situation, fitting, read_rules, rule_of, slow_down

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

# --- The plan ------------------------------------------------------------------------------------


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


_MISSING: Final = object()

# --- The configuration ---------------------------------------------------------------------------

ALERT_TYPES: Final = ("customer", "service")
"""Both kinds in use; the sentry alarm is among them."""
LIFETIME: Final = timedelta(days=60)
"""How long a configuration is good for. Whoever removes Flotte without telling the vehicle, or
loses the machine, pays for the stream no longer than that; a year would be long for a mistake."""
RENEWAL: Final = timedelta(days=30)
"""How long before its end a configuration is renewed. A data request a month; and a house that is
left alone for four weeks finds its stream as it was."""


def configuration(
    planned: Plan,
    *,
    hostname: str,
    port: int,
    ca: str,
    expires: datetime,
    alert_types: Sequence[str] = ALERT_TYPES,
) -> dict[str, Any]:
    """The claims of a vehicle's configuration, ready to be signed.

    `delivery_policy` is always `latest`: what nobody acknowledged comes again when it can.

    Args:
        planned: What to stream.
        hostname: Where vehicles connect to; the server's certificate must bear it.
        port: As vehicles see it. Tesla takes a text too, but then nothing ever connects.
        ca: PEM of the authorities that the server's certificate verifies with.
        expires: When it ends; aware.
        alert_types: Kinds of alerts to stream; none leaves alerts out.
    """
    claims: dict[str, Any] = {
        "hostname": hostname,
        "port": int(port),
        "ca": ca,
        "fields": claims_of(planned),
        "delivery_policy": "latest",
        "exp": int(expires.timestamp()),
    }
    if alert_types:
        claims["alert_types"] = sorted(alert_types)
    return claims


def claims_of(planned: Plan) -> dict[str, dict[str, int | float]]:
    """A plan as a configuration has it, sorted by field."""
    return {field: _claims_of(planned[field]) for field in sorted(planned)}


def _claims_of(rule: Rule) -> dict[str, int | float]:
    claims: dict[str, int | float] = {"interval_seconds": rule.interval}
    if rule.delta is not None:
        claims["minimum_delta"] = _short(rule.delta)
    if rule.resend is not None:
        claims["resend_interval_seconds"] = rule.resend
    return claims


def _short(value: float) -> int | float:
    """A whole number as one: `5`, not `5.0`."""
    return int(value) if value == int(value) else value


def differs(wanted: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a vehicle that has the configuration `known` (None: it has none) needs a new one.

    When it ends and who signed it does not matter, nor the order, the spelling of numbers, or
    blanks around certificates: Tesla may hand all of that back otherwise than it was sent.
    Certificates, a delivery policy or kinds of alerts that Tesla does not hand back at all say
    nothing.
    """
    if known is None:
        return True
    told = {**known}
    for key in ("ca", "delivery_policy", "alert_types"):
        if told.get(key) is None:
            told[key] = wanted.get(key)
    return _essence(wanted) != _essence(told)


def _essence(claims: Mapping[str, Any]) -> dict[str, Any]:
    fields = claims.get("fields")
    alert_types = claims.get("alert_types")
    return {
        "hostname": str(claims.get("hostname", "")).strip().lower(),
        "port": _number(claims.get("port")),
        "ca": str(claims.get("ca", "")).split(),
        "fields": {
            str(field): _essence_of_field(rule)
            for field, rule in (fields if isinstance(fields, Mapping) else {}).items()
        },
        "delivery_policy": claims.get("delivery_policy") or None,
        "alert_types": sorted(
            {str(each) for each in (alert_types if isinstance(alert_types, list | tuple) else ())}
        ),
    }


def _essence_of_field(rule: object) -> list[float | None]:
    """Interval, delta and resend interval; what is not asked for is None, also where it says 0."""
    told: Mapping[Any, Any] = rule if isinstance(rule, Mapping) else {}
    return [
        _number(told.get(key)) or None
        for key in ("interval_seconds", "minimum_delta", "resend_interval_seconds")
    ]


def _number(value: object) -> float | None:
    """A number, also as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if math.isfinite(number) else None


def expiry_of(claims: Mapping[str, Any]) -> datetime | None:
    """When a configuration ends; None if never, or if it does not say so readably."""
    return _moment(claims.get("exp"))


def due_for_renewal(expires: datetime | None, now: datetime) -> bool:
    """Whether a configuration that ends then should be sent anew; one without an end never."""
    return expires is not None and expires - now <= RENEWAL


# --- Tesla's answers -----------------------------------------------------------------------------


_UNKNOWN_FIELD: Final = re.compile(r"unknown field:?\s+[\"'`]?(\w+)", re.IGNORECASE)


def unknown_fields(detail: str) -> frozenset[str]:
    """Fields that Tesla does not know, by its refusal of a configuration (`Unknown field NAME`).

    One of them makes Tesla refuse the whole: without them it may be sent again.
    """
    return frozenset(_UNKNOWN_FIELD.findall(detail))


class SkipReason(StrEnum):
    """Why a vehicle did not take a configuration; also the key of what to do about it."""

    MISSING_KEY = "missing_key"
    """Our key is not on the vehicle."""
    UNSUPPORTED_HARDWARE = "unsupported_hardware"
    UNSUPPORTED_FIRMWARE = "unsupported_firmware"
    MAX_CONFIGS = "max_configs"
    """Other applications hold all places; the owner must take one away, and we must ask again."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Configured:
    """What became of a configuration."""

    updated: int
    """How many vehicles took it, as Tesla counts."""
    skipped: Mapping[str, SkipReason]
    """Vehicles that did not, by VIN."""


def read_configured(answer: Mapping[str, Any]) -> Configured:
    """Tesla's answer to a configuration.

    `skipped_vehicles` is an object with a list of VINs for each reason; older answers were a list
    of objects with `vin` and `reason`.
    """
    updated = _number(answer.get("updated_vehicles"))
    skipped = {
        vin: _skip_reason(reason) for reason, vin in _skipped(answer.get("skipped_vehicles"))
    }
    return Configured(int(updated) if updated is not None and updated > 0 else 0, skipped)


def _skipped(told: object) -> Iterator[tuple[object, str]]:
    """Reason and VIN of each vehicle that was left out."""
    if isinstance(told, Mapping):
        rows: Mapping[Any, Any] = told
        for reason, vins in rows.items():
            for vin in vins if isinstance(vins, list) else [vins]:
                if isinstance(vin, str) and vin:
                    yield reason, vin
    for row in told if isinstance(told, list) else ():
        if isinstance(row, Mapping) and isinstance(vin := row.get("vin"), str) and vin:
            yield row.get("reason"), vin
        elif isinstance(row, str) and row:
            yield None, row


def _skip_reason(told: object) -> SkipReason:
    try:
        return SkipReason(str(told).strip().lower())
    except ValueError:
        return SkipReason.OTHER


@dataclass(frozen=True, slots=True)
class CarConfiguration:
    """What Tesla says about the configuration of a vehicle."""

    synced: bool | None
    """Whether the vehicle has it; it takes seconds to a day. None if Tesla does not say."""
    exists: bool | None
    """Whether there is one. None if Tesla does not say."""
    matches: bool | None
    """Whether it is the one that was wanted; false if there is none. None if that is not known."""
    expires: datetime | None
    """When it ends; None if there is none, or it never does."""
    limit_reached: bool
    """Whether other applications hold all places."""
    key_paired: bool | None
    """Whether our key is on the vehicle. None if Tesla does not say."""

    @property
    def is_full(self) -> bool:
        """Whether the vehicle had no place for a configuration that was sent to it.

        Tesla says so, or calls it synced and then knows none. A place that becomes free does not
        bring it back: it must be sent again.
        """
        return self.limit_reached or (self.synced is True and self.exists is False)


def read_configuration(
    answer: Mapping[str, Any], wanted: Mapping[str, Any] | None = None
) -> CarConfiguration:
    """Tesla's answer to the question how a vehicle is configured.

    Args:
        answer: What Tesla said.
        wanted: The configuration that it should be; without one nothing matches or does not.
    """
    told = answer.get("config", _MISSING)
    claims: Mapping[str, Any] | None = told if isinstance(told, Mapping) else None
    exists = matches = None
    if told is None:
        exists = matches = False
    elif claims is not None:
        exists = True
        matches = None if wanted is None else not differs(wanted, claims)
    return CarConfiguration(
        synced=_flag(answer.get("synced")),
        exists=exists,
        matches=matches,
        expires=None if claims is None else expiry_of(claims),
        limit_reached=answer.get("limit_reached") is True,
        key_paired=_flag(answer.get("key_paired")),
    )


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


class Remedy(StrEnum):
    """What helps against trouble that a vehicle reports: the key of a repair's text."""

    SIGNATURE = "signature"
    """The vehicle does not accept who signed the configuration: pair our key, then send it anew."""
    HOST_NAME = "host_name"
    """The server's certificate bears another name."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE = "certificate"
    """The vehicle does not trust the server's certificate: wrong `ca`, or an incomplete chain."""
    NAME_NOT_FOUND = "name_not_found"
    """The host name leads nowhere."""
    NOT_REACHABLE = "not_reachable"
    """Nobody answers at the port: forwarding, firewall, or Flotte is not running."""
    REFUSED_THERE = "refused_there"
    """Somebody answers who is not the receiver, or who wants no such client."""
    OTHER = "other"


_REMEDIES: Final = (
    # The first row of which one text is found decides, so the more telling ones come first:
    # "x509: certificate is valid for a, not b" is about a name.
    (Remedy.SIGNATURE, ("invalidsignature", "invalid signature")),
    (
        Remedy.HOST_NAME,
        (
            "valid for",
            "hostname mismatch",
            "host name mismatch",
            "hostname does not match",
            "notvalidforname",
            "ip sans",
            "legacy common name",
        ),
    ),
    (
        Remedy.CERTIFICATE_EXPIRED,
        ("certificate has expired", "certificate expired", "not yet valid"),
    ),
    (
        Remedy.CERTIFICATE,
        (
            "unknown authority",
            "unknown ca",
            "unknown_ca",
            "unknownissuer",
            "bad certificate",
            "bad_certificate",
            "badcertificate",
            "peer certificate",
            "certificate verify failed",
            "self signed certificate",
            "self-signed certificate",
            "unable to get local issuer",
            "x509",
        ),
    ),
    (Remedy.SIGNATURE, ("unknown issuer",)),
    (
        Remedy.NAME_NOT_FOUND,
        ("no such host", "name resolution", "nxdomain", "server misbehaving", "getaddrinfo"),
    ),
    (
        Remedy.NOT_REACHABLE,
        (
            "connection refused",
            "timed out",
            "timeout",
            "deadline exceeded",
            "no route to host",
            "network is unreachable",
            "host is down",
        ),
    ),
    (
        Remedy.REFUSED_THERE,
        (
            "bad handshake",
            "bad status",
            "unexpected status",
            "connection reset",
            "certificate required",
            "handshake failure",
            "protocol version",
            "does not look like a tls handshake",
            "unexpected eof",
            ": eof",
        ),
    ),
)
"""Parts of what vehicles report, in lower case. Tesla lists none of them: they were seen in issues
of its server, or are how the usual TLS libraries put it."""


def remedy_for(*texts: str) -> Remedy:
    """What helps against trouble of this name and description."""
    told = " ".join(texts).lower()
    for remedy, parts in _REMEDIES:
        if any(part in told for part in parts):
            return remedy
    return Remedy.OTHER


@dataclass(frozen=True, slots=True)
class ClientError:
    """Trouble that a vehicle had with its stream, as Tesla tells it."""

    name: str
    """What kind: `config_manager_error`, …; blank if not told."""
    error: str
    """In the vehicle's words."""
    time: datetime | None
    remedy: Remedy
    vin: str = ""
    client: str = ""
    """Which application it is about; blank if not told."""


_MOST_ERRORS: Final = 1000
_LONGEST_TEXT: Final = 1000


def read_client_errors(answer: object) -> tuple[ClientError, ...]:
    """The errors of a vehicle's client, oldest first; those without a time come before.

    Tesla shows no such answer of a single vehicle; that of all of an application's is a list under
    `fleet_telemetry_errors` with `vin`, `name` (the client's id), `error`, `error_name` and
    `created_at`. What is no error is left out.
    """
    rows = answer
    if isinstance(answer, Mapping):
        rows = answer.get("fleet_telemetry_errors", answer.get("errors"))
    found = [
        ClientError(
            name=shortened(name),
            error=shortened(error),
            time=_moment(row.get("created_at")),
            remedy=remedy_for(name, error),
            vin=_words(row.get("vin")),
            client=_words(row.get("name")),
        )
        for row in (rows[:_MOST_ERRORS] if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
        and ((name := _words(row.get("error_name"))) + (error := _words(row.get("error"))))
    ]
    return tuple(sorted(found, key=lambda each: each.time or _FIRST))


def _words(value: object) -> str:
    return value.strip()[:_LONGEST_TEXT] if isinstance(value, str) else ""


_FIRST: Final = datetime.min.replace(tzinfo=UTC)


def _moment(told: object) -> datetime | None:
    """A time as Unix seconds or milliseconds, or in ISO 8601 (UTC if it says no zone)."""
    seconds = _number(told)
    if seconds is None:
        return _written(told)
    if seconds >= YEAR_2100:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < YEAR_2100 else None


def _written(told: object) -> datetime | None:
    if not isinstance(told, str):
        return None
    try:
        read = datetime.fromisoformat(told.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except ValueError, OverflowError:
        return None


__all__ = [
    "ALERT_TYPES",
    "LIFETIME",
    "LOCATION_FIELDS",
    "LOCATION_SCOPE",
    "RENEWAL",
    "CarConfiguration",
    "ClientError",
    "Configured",
    "Forecast",
    "Overdrawn",
    "Plan",
    "Profile",
    "Remedy",
    "Rule",
    "Situation",
    "SkipReason",
    "Tally",
    "can_stream",
    "configuration",
    "differs",
    "due_for_renewal",
    "expiry_of",
    "field_of",
    "forecast",
    "plan",
    "read_client_errors",
    "read_configuration",
    "read_configured",
    "read_rules",
    "release",
    "remedy_for",
    "unknown_fields",
]
