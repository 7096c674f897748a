"""A car's telemetry configuration: the cloud's checks, and the car's interpretation.

Source of claims and limits: Tesla, "Vehicle endpoints" and "Fleet Telemetry", August 2026.
"""

from dataclasses import dataclass
from typing import Any

from simulator.telemetry.fields import LOCATION_FIELDS, NAMES
from simulator.telemetry.signature import AUDIENCE, Token, audience

type Json = dict[str, Any]

FULL_PORT = 65_535
SIGNERS_CLAIMS = frozenset({"iss", "aud"})
"""Claims about the signature, not about the configuration."""

_ONLY_WITH_DELTA = {"SelfDrivingMilesSinceReset": 1}
"""Fields that require a `minimum_delta`, with its minimum."""
_OF_FIELD = frozenset(
    {"interval_seconds", "minimum_delta", "resend_interval_seconds", "include_fields"}
)


class ConfigurationError(ValueError):
    """The cloud refuses the configuration; the text is the reason."""


def check(claims: Json) -> None:
    """Check the claims as the cloud does.

    A port of the wrong kind is not noticed (fleet-telemetry issue 119), and the signer is not
    checked (issue 303). That a field's members are checked this closely is assumed: a client that
    misspells one should notice.

    Raises ConfigurationError.
    """
    for name in ("hostname", "ca"):
        if not isinstance(claims.get(name), str) or not claims[name]:
            raise ConfigurationError(f"{name} is missing")
    fields = claims.get("fields")
    if not isinstance(fields, dict) or not fields:
        raise ConfigurationError("fields is missing")
    for name, members in fields.items():
        if name not in NAMES:
            raise ConfigurationError(f"Unknown field {name}")
        _check_field(name, members)
    alert_types = claims.get("alert_types", [])
    if not isinstance(alert_types, list) or not all(isinstance(kind, str) for kind in alert_types):
        raise ConfigurationError("alert_types must be a list of strings")
    if not _is_whole(claims.get("exp", 0)):
        raise ConfigurationError("exp must be Unix seconds")
    if claims.get("delivery_policy", "latest") != "latest":
        raise ConfigurationError("delivery_policy must be latest")


def _check_field(name: str, members: object) -> None:
    if not isinstance(members, dict):
        raise ConfigurationError(f"{name} must be an object")
    if unknown := sorted(set(members) - _OF_FIELD):
        raise ConfigurationError(f"{name}: unknown {', '.join(unknown)}")
    interval = members.get("interval_seconds", 0)
    if not _is_whole(interval) or interval < 1:
        raise ConfigurationError(f"{name}: interval_seconds must be a whole number from 1")
    resend = members.get("resend_interval_seconds", 1)
    if not _is_whole(resend) or resend < 1:
        raise ConfigurationError(f"{name}: resend_interval_seconds must be a whole number from 1")
    delta = members.get("minimum_delta", _ONLY_WITH_DELTA.get(name, 0))
    if isinstance(delta, bool) or not isinstance(delta, int | float) or delta < 0:
        raise ConfigurationError(f"{name}: minimum_delta must be a number from 0")
    if members.get("minimum_delta", 0) < _ONLY_WITH_DELTA.get(name, 0):
        raise ConfigurationError(f"{name}: minimum_delta must be at least 1")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def needs_location(claims: Json) -> bool:
    """Whether one of the fields contains the car's location."""
    return not LOCATION_FIELDS.isdisjoint(claims.get("fields", {}))


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The settings of one field; seconds, and the field's own unit."""

    name: str
    interval: int
    minimum_delta: float | None
    resend: int | None


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """The configuration that a car applies."""

    hostname: str
    port: object
    """The port as written: only a whole number is usable."""
    ca: str
    fields: tuple[Wanted, ...]
    alert_types: frozenset[str]
    is_latest_delivered: bool
    """Whether messages that the server did not acknowledge are sent again."""
    expires_at: float | None

    @classmethod
    def of(cls, claims: Json) -> Configuration:
        """Read claims that `check` has passed."""
        return cls(
            hostname=claims["hostname"],
            port=claims.get("port", 443),
            ca=claims["ca"],
            fields=tuple(
                Wanted(
                    name=name,
                    interval=members["interval_seconds"],
                    minimum_delta=members.get("minimum_delta"),
                    resend=members.get("resend_interval_seconds"),
                )
                for name, members in claims["fields"].items()
            ),
            alert_types=frozenset(claims.get("alert_types", ())),
            is_latest_delivered=claims.get("delivery_policy") == "latest",
            expires_at=claims.get("exp"),
        )

    @property
    def tcp_port(self) -> int | None:
        """The port, if it is a valid one."""
        port = self.port
        if not _is_whole(port) or not isinstance(port, int) or not 0 < port <= FULL_PORT:
            return None
        return port


def refusal(token: Token, vin: str, keys: set[bytes], now: float) -> str | None:
    """The reason why a car refuses a configuration; None if it accepts it.

    The words for an unknown key are those that users reported (fleet-telemetry issue 303).
    """
    if token.issuer not in keys:
        return "InvalidSignature: unknown issuer"
    if not token.is_signed:
        return "InvalidSignature: verification failed"
    if token.claims.get("aud") not in (AUDIENCE, audience(vin)):
        return "InvalidSignature: invalid audience"
    expires_at = token.claims.get("exp")
    if expires_at is not None and expires_at <= now:
        return "TokenExpired"
    return None
