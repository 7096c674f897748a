"""The configuration that a plan becomes, ready to be signed, and how two of them differ."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..clock import YEAR_2100
from .forecast import Plan
from .profiles import Rule

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
        "port": number_of(claims.get("port")),
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
        number_of(told.get(key)) or None
        for key in ("interval_seconds", "minimum_delta", "resend_interval_seconds")
    ]


def number_of(value: object) -> float | None:
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
    return moment_of(claims.get("exp"))


def due_for_renewal(expires: datetime | None, now: datetime) -> bool:
    """Whether a configuration that ends then should be sent anew; one without an end never."""
    return expires is not None and expires - now <= RENEWAL


def moment_of(told: object) -> datetime | None:
    """A time as Unix seconds or milliseconds, or in ISO 8601 (UTC if it says no zone)."""
    seconds = number_of(told)
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
