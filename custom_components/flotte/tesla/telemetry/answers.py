"""Tesla's answers about the configurations of vehicles."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ..privacy import shortened
from ..reading_json import as_flag, number_in
from .configuration import differs, expiry_of, moment_of
from .remedies import Remedy, remedy_for

_MISSING: Final = object()

_UNKNOWN_FIELD: Final = re.compile(r"unknown field:?\s+[\"'`]?(\w+)", re.IGNORECASE)


def unknown_fields(detail: str) -> frozenset[str]:
    """Find the fields that Tesla does not know in its refusal (`Unknown field NAME`).

    A single unknown field makes Tesla reject the whole configuration; retry without them.
    """
    return frozenset(_UNKNOWN_FIELD.findall(detail))


class SkipReason(StrEnum):
    """The reason why Tesla skipped a vehicle; part of the key of its repair issue."""

    MISSING_KEY = "missing_key"
    """Our key is not on the vehicle."""
    UNSUPPORTED_HARDWARE = "unsupported_hardware"
    UNSUPPORTED_FIRMWARE = "unsupported_firmware"
    MAX_CONFIGS = "max_configs"
    """Other applications use all places. The owner has to remove one before we retry."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Configured:
    """The result of sending a configuration."""

    updated: int
    """Number of vehicles that Tesla accepted the configuration for, by its own count."""
    skipped: Mapping[str, SkipReason]
    """The reason for each skipped vehicle, by VIN."""


def read_configured(answer: Mapping[str, Any]) -> Configured:
    """Read Tesla's answer to a configuration.

    `skipped_vehicles` is an object with a list of VINs for each reason; older answers were a list
    of objects with `vin` and `reason`.
    """
    updated = number_in(answer.get("updated_vehicles"))
    skipped = {
        vin: _skip_reason(reason) for reason, vin in _skipped(answer.get("skipped_vehicles"))
    }
    return Configured(int(updated) if updated is not None and updated > 0 else 0, skipped)


def _skipped(answer: object) -> Iterator[tuple[object, str]]:
    """Reason and VIN of each skipped vehicle."""
    if isinstance(answer, Mapping):
        rows: Mapping[Any, Any] = answer
        for reason, vins in rows.items():
            for vin in vins if isinstance(vins, list) else [vins]:
                if isinstance(vin, str) and vin:
                    yield reason, vin
    for row in answer if isinstance(answer, list) else ():
        if isinstance(row, Mapping) and isinstance(vin := row.get("vin"), str) and vin:
            yield row.get("reason"), vin
        elif isinstance(row, str) and row:
            yield None, row


def _skip_reason(text: object) -> SkipReason:
    try:
        return SkipReason(str(text).strip().lower())
    except ValueError:
        return SkipReason.OTHER


@dataclass(frozen=True, slots=True)
class VehicleConfiguration:
    """The state of a vehicle's configuration, as reported by Tesla."""

    synced: bool | None
    """Whether the vehicle has received it, which takes seconds to a day; None if not reported."""
    exists: bool | None
    """Whether there is a configuration; None if not reported."""
    matches: bool | None
    """Whether it is the wanted one; False if there is none, None if unknown."""
    expires: datetime | None
    """Expiry of the configuration; None if there is none, or it has no expiry."""
    limit_reached: bool
    """Whether other applications use all places."""
    key_paired: bool | None
    """Whether our key is on the vehicle; None if not reported."""

    @property
    def is_full(self) -> bool:
        """Whether the vehicle had no place for the configuration.

        Tesla reports either that, or a synced vehicle without a configuration. Once a place is
        free, the configuration has to be sent again.
        """
        return self.limit_reached or (self.synced is True and self.exists is False)


def read_configuration(
    answer: Mapping[str, Any], wanted: Mapping[str, Any] | None = None
) -> VehicleConfiguration:
    """Read Tesla's answer about the configuration of a vehicle.

    Args:
        answer: Tesla's answer.
        wanted: The configuration to compare with; without one, `matches` is None.
    """
    found = answer.get("config", _MISSING)
    claims: Mapping[str, Any] | None = found if isinstance(found, Mapping) else None
    exists = matches = None
    if found is None:
        exists = matches = False
    elif claims is not None:
        exists = True
        matches = None if wanted is None else not differs(wanted, claims)
    return VehicleConfiguration(
        synced=as_flag(answer.get("synced")),
        exists=exists,
        matches=matches,
        expires=None if claims is None else expiry_of(claims),
        limit_reached=answer.get("limit_reached") is True,
        key_paired=as_flag(answer.get("key_paired")),
    )


@dataclass(frozen=True, slots=True)
class ClientError:
    """An error of a vehicle's telemetry client, as reported by Tesla."""

    name: str
    """Kind of error, such as `config_manager_error`; empty if not reported."""
    error: str
    """The vehicle's error message."""
    time: datetime | None
    remedy: Remedy
    vin: str = ""
    client: str = ""
    """Id of the application concerned; empty if not reported."""


_MAX_ERRORS: Final = 1000
_MAX_TEXT: Final = 1000


def read_client_errors(answer: object) -> tuple[ClientError, ...]:
    """Read the errors of a vehicle's client: those without a time first, then the oldest first.

    Tesla does not document the answer for a single vehicle. The answer for an application is a list
    under `fleet_telemetry_errors` with `vin`, `name` (the client's id), `error`, `error_name` and
    `created_at`. Malformed rows are skipped.
    """
    rows = answer
    if isinstance(answer, Mapping):
        rows = answer.get("fleet_telemetry_errors", answer.get("errors"))
    found = [
        ClientError(
            name=shortened(name),
            error=shortened(error),
            time=moment_of(row.get("created_at")),
            remedy=remedy_for(name, error),
            vin=_words(row.get("vin")),
            client=_words(row.get("name")),
        )
        for row in (rows[:_MAX_ERRORS] if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
        and ((name := _words(row.get("error_name"))) + (error := _words(row.get("error"))))
    ]
    return tuple(sorted(found, key=lambda each: each.time or _FIRST))


def _words(value: object) -> str:
    return value.strip()[:_MAX_TEXT] if isinstance(value, str) else ""


_FIRST: Final = datetime.min.replace(tzinfo=UTC)
