"""The configuration that a plan becomes, ready to be signed, and how two of them differ."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ..clock import YEAR_2100
from ..reading_json import number_in
from .forecast import Plan
from .profiles import Rule

ALERT_TYPES: Final = ("customer", "service")
"""Both kinds that exist; the sentry alarm is one of them."""
LIFETIME: Final = timedelta(days=60)
"""Validity of a configuration. An owner who loses the machine, or removes Flotte while Tesla is out
of reach, keeps paying for the stream no longer than this."""
RENEWAL: Final = timedelta(days=30)
"""Time before its end at which a configuration is renewed: one data request a month, and the stream
survives four weeks without a connection to the internet."""


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
    """The plan in a configuration, sorted by field."""
    return {field: _claims_of(planned[field]) for field in sorted(planned)}


def _claims_of(rule: Rule) -> dict[str, int | float]:
    claims: dict[str, int | float] = {"interval_seconds": rule.interval}
    if rule.delta is not None:
        claims["minimum_delta"] = _short(rule.delta)
    if rule.resend is not None:
        claims["resend_interval_seconds"] = rule.resend
    return claims


def _short(value: float) -> int | float:
    """Shortest form of a number: `5`, not `5.0`."""
    return int(value) if value == int(value) else value


def differs(wanted: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    """Whether a vehicle that has the configuration `known` (None: it has none) needs a new one.

    Its end, its signer, the order, the spelling of numbers and blanks around certificates do not
    count: Tesla may return them in another form. Certificates, a delivery policy or kinds of
    alerts that Tesla does not return at all do not count either.
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
    """End of a configuration; None if it has none, or an unreadable one."""
    return moment_of(claims.get("exp"))


def due_for_renewal(expires: datetime | None, now: datetime) -> bool:
    """Whether a configuration with this end should be renewed; one without an end never."""
    return expires is not None and expires - now <= RENEWAL


def moment_of(value: object) -> datetime | None:
    """A time as Unix seconds or milliseconds, or in ISO 8601 (UTC if it has no zone)."""
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
