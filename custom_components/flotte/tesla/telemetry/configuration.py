"""Configurations of the stream: made from a plan, ready to be signed, and compared."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..clock import YEAR_2100
from ..reading_json import number_in
from .forecast import Plan
from .profiles import FieldRule

ALERT_TYPES: Final = ("customer", "service")
"""All kinds of alerts that exist; the sentry alarm is among them."""
LIFETIME: Final = timedelta(days=60)
"""Validity of a configuration. It limits how long an owner keeps paying for the stream after losing
the machine, or after removing Flotte while Tesla is unreachable."""
RENEWAL: Final = timedelta(days=30)
"""Time before its expiry at which a configuration is renewed. That costs one data request a month,
and lets the stream survive four weeks without an internet connection."""


def configuration(
    planned: Plan,
    *,
    hostname: str,
    port: int,
    ca: str,
    expires: datetime,
    alert_types: Sequence[str] = ALERT_TYPES,
) -> dict[str, Any]:
    """Claims of a vehicle's configuration, ready to be signed.

    `delivery_policy` is always `latest`: unacknowledged records are sent again.

    Args:
        planned: Fields to stream.
        hostname: Host name that vehicles connect to; the server's certificate must name it.
        port: Public port. Tesla also accepts a text, but then no vehicle ever connects.
        ca: PEM of the authorities that vehicles verify the server's certificate with.
        expires: When the configuration expires; aware.
        alert_types: Kinds of alerts to stream; if empty, no alerts are streamed.
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
    """The `fields` of a configuration for a plan, sorted by field."""
    return {field: _claims_of(planned[field]) for field in sorted(planned)}


def _claims_of(rule: FieldRule) -> dict[str, int | float]:
    claims: dict[str, int | float] = {"interval_seconds": rule.interval}
    if rule.delta is not None:
        claims["minimum_delta"] = _short(rule.delta)
    if rule.resend is not None:
        claims["resend_interval_seconds"] = rule.resend
    return claims


def _short(value: float) -> int | float:
    """A number in its shortest form: `5`, not `5.0`."""
    return int(value) if value == int(value) else value


def differs(wanted: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a vehicle with the configuration `known` (None if it has none) needs a new one.

    Differences in expiry, signer, order, spelling of numbers and blanks around certificates do not
    count, because Tesla may return these in another form. Nor do certificates, a delivery policy or
    kinds of alerts that Tesla does not return at all.
    """
    if known is None:
        return True
    found = {**known}
    for key in ("ca", "delivery_policy", "alert_types"):
        if found.get(key) is None:
            found[key] = wanted.get(key)
    return _essence(wanted) != _essence(found)


def _essence(claims: Mapping[str, Any]) -> dict[str, Any]:
    fields = claims.get("fields")
    alert_types = claims.get("alert_types")
    return {
        "hostname": str(claims.get("hostname", "")).strip().lower(),
        "port": number_in(claims.get("port")),
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
    """Interval, delta and resend interval; None for one that is missing or 0."""
    claims: Mapping[Any, Any] = rule if isinstance(rule, Mapping) else {}
    return [
        number_in(claims.get(key)) or None
        for key in ("interval_seconds", "minimum_delta", "resend_interval_seconds")
    ]


def expiry_of(claims: Mapping[str, Any]) -> datetime | None:
    """Expiry of a configuration; None if it has none or it is unreadable."""
    return moment_of(claims.get("exp"))


def due_for_renewal(expires: datetime | None, now: datetime) -> bool:
    """Whether to renew a configuration with this expiry; one without an expiry never."""
    return expires is not None and expires - now <= RENEWAL


def moment_of(value: object) -> datetime | None:
    """Read a time in Unix seconds, Unix milliseconds or ISO 8601 (UTC if it has no zone)."""
    seconds = number_in(value)
    if seconds is None:
        return _written(value)
    if seconds >= YEAR_2100:
        seconds /= 1000
    return datetime.fromtimestamp(seconds, UTC) if 0 < seconds < YEAR_2100 else None


def _written(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except ValueError, OverflowError:
        return None
