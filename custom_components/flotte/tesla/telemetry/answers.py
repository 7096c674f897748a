"""Tesla's answers about the configurations of cars."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from ..privacy import shortened
from .configuration import differs, expiry_of, moment_of, number_of
from .remedies import Remedy, remedy_for

_MISSING: Final = object()

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
    updated = number_of(answer.get("updated_vehicles"))
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
            time=moment_of(row.get("created_at")),
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
