"""Stream from a broker behind Tesla's own server: topics and JSON in, records out.

    base/VIN/v/FIELD                 one value                 Record with one field
    base/VIN/alerts/NAME/current     the newest alert          tuple of one Alert
    base/VIN/alerts/NAME/history     all of one message        tuple of Alert
    base/VIN/errors/NAME             one error                 CarError
    base/VIN/connectivity            a connection              Connectivity

What that server leaves out: when a value was true, whether it is a resend, and which values came
together. So a value counts as sent now; values of one field may overtake each other. `current` says
nothing that `history` of one message does not say, and leaves out alerts without a start: a
subscriber to both receives each alert twice, as equal values.

Its JSON of values: invalid is null, enumerated values have their prefix (`ShiftStateP`) or, when
newer than the server, are the text of their number; tyres are an object with the true ones only.
For other fields `{}` is a value without content, which says nothing. Old cars' text comes through
as it is.

Source: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), datastore/mqtt, and messages of
that server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from ..privacy import shortened
from ..reading_json import as_moment, as_text
from ..state import Reading, Signal
from .fields import INVALID_TEXT, NOT_UNDERSTOOD, Field, Raw, fields_of
from .records import (
    EARLIEST,
    TYRES,
    Alert,
    CarError,
    Connectivity,
    MalformedRecord,
    Record,
)

SIZE_LIMIT: Final = 1_000_000
"""Bytes or characters of one message, as on the way from the car."""
_LIST_LIMIT: Final = 2000
"""Alerts in one message."""
_TAGS: Final = 100
"""Tags of one error, and audiences of one alert, that are read."""


class Kind(StrEnum):
    """Content of a topic, in Tesla's spelling."""

    VALUE = "v"
    ALERTS = "alerts"
    ERRORS = "errors"
    CONNECTIVITY = "connectivity"


@dataclass(frozen=True, slots=True)
class Topic:
    """Where a message belongs.

    Args:
        vin: Of the car.
        kind: What is in it.
        name: Of the field, alert or error; empty for connectivity.
        is_history: Of alerts: whether it lists all of one message.
    """

    vin: str
    kind: Kind
    name: str = ""
    is_history: bool = False


type Content = Record | tuple[Alert, ...] | CarError | Connectivity


def read_topic(base: str, topic: str) -> Topic | None:
    """Where a message belongs; None for topics that are not Tesla's, or not of this version.

    Args:
        base: The `topic_base` of the server's configuration.
        topic: Of the message; names in it may have slashes.
    """
    if not topic.startswith(f"{base}/"):
        return None
    vin, _, rest = topic[len(base) + 1 :].partition("/")
    kind, _, name = rest.partition("/")
    if not vin or bool(name) is (kind == Kind.CONNECTIVITY):
        return None
    match kind:
        case Kind.VALUE | Kind.ERRORS | Kind.CONNECTIVITY:
            return Topic(vin, Kind(kind), name)
        case Kind.ALERTS:
            name, _, which = name.rpartition("/")
            if name and which in ("current", "history"):
                return Topic(vin, Kind.ALERTS, name, is_history=which == "history")
    return None


def read_message(
    topic: Topic,
    payload: str | bytes,
    now: datetime,
    *,
    zone: tzinfo,
    right_hand_drive: bool = False,
    unsound_firmware: bool = False,
) -> Content | None:
    """Read a message; None for an empty one, which only clears a retained message.

    Args:
        topic: Of the message, from `read_topic`.
        payload: JSON.
        now: Aware, UTC.
        zone: Of the car, see `fields.true_instant`.
        right_hand_drive: Whether its driver sits on the right.
        unsound_firmware: Whether its firmware is older than `firmware.FIRST_SOUND`.

    Raises:
        MalformedRecord: no JSON, or not what the topic promises.
    """
    if not payload:
        return None
    told = _json(payload)
    match topic.kind:
        case Kind.VALUE:
            fields = fields_of(right_hand_drive=right_hand_drive, unsound_firmware=unsound_firmware)
            return _record(fields.named(topic.name), told, now, zone)
        case Kind.ALERTS:
            alerts = told if topic.is_history else [told]
            if not isinstance(alerts, list) or len(alerts) > _LIST_LIMIT:
                raise MalformedRecord("no list of alerts")
            return tuple(_alert(topic.name, alert, now) for alert in alerts)
        case Kind.ERRORS:
            return _error(topic.name, _object(told), now)
        case Kind.CONNECTIVITY:
            return _connectivity(_object(told), now)


def _json(payload: str | bytes) -> Any:  # noqa: ANN401  # JSON can be anything
    if len(payload) > SIZE_LIMIT:
        raise MalformedRecord("too long")
    try:
        return json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise MalformedRecord("no JSON") from error


def _object(told: object) -> Mapping[str, Any]:
    if not isinstance(told, Mapping):
        raise MalformedRecord("no JSON object")
    return told


def _record(field: Field, told: object, now: datetime, zone: tzinfo) -> Record:
    readings: dict[Signal[Any], Reading[Any]] = {}
    is_invalid = told is None or told == INVALID_TEXT
    is_empty = told == {} and field.name not in _TYRE_FIELDS
    if not is_invalid and not is_empty:
        field.tell(_raw(field.name, told), now, zone, readings)
    invalid = frozenset({field.name} if is_invalid else ())
    return Record(now, readings, (field.name,), invalid, is_resend=False)


_TYRE_FIELDS: Final = frozenset({"TpmsHardWarnings", "TpmsSoftWarnings"})
"""Their objects leave out what is false; doors are always all there."""


def _raw(name: str, told: object) -> Raw:
    """A JSON value in the form that fields take."""
    match told:
        case str() | bool() | int() | float():
            return told
        case {"latitude": int() | float() as latitude, "longitude": int() | float() as longitude}:
            return latitude, longitude
        case Mapping() if name in _TYRE_FIELDS:
            return _flags({part: told.get(wheel, False) for wheel, part in TYRES.items()})
        case Mapping():
            return _flags(told)
    return NOT_UNDERSTOOD


def _flags(told: Mapping[str, object]) -> Mapping[str, bool]:
    return {part: flag for part, flag in told.items() if isinstance(flag, bool)}


# --- The rest ------------------------------------------------------------------------------------

_AUDIENCES: Final = {"Customer": "customer", "Service": "service", "ServiceFix": "service_fix"}


def _alert(name: str, told: object, now: datetime) -> Alert:
    alert = _object(told)
    audiences = alert.get("Audiences")
    known = audiences[:_TAGS] if isinstance(audiences, list) else []
    ended = alert.get("EndedAt")
    return Alert(
        name,
        tuple(
            dict.fromkeys(
                _AUDIENCES[each] for each in known if isinstance(each, str) and each in _AUDIENCES
            )
        ),
        _time(alert.get("StartedAt"), now),
        # An end that cannot be read is still an end.
        None if ended is None else _time(ended, now) or now,
    )


def _error(name: str, told: Mapping[str, Any], now: datetime) -> CarError:
    tags = told.get("Tags")
    known = islice(tags.items(), _TAGS) if isinstance(tags, Mapping) else ()
    return CarError(
        shortened(name),
        shortened(as_text(told.get("Body")) or ""),
        {key: value for key, value in known if isinstance(value, str)},
        _time(told.get("CreatedAt"), now),
    )


_CONNECTED: Final = {"CONNECTED": True, "DISCONNECTED": False}


def _connectivity(told: Mapping[str, Any], now: datetime) -> Connectivity:
    return Connectivity(
        as_text(told.get("ConnectionId")) or "",
        _CONNECTED.get(as_text(told.get("Status")) or ""),
        _time(told.get("CreatedAt"), now),
    )


def _time(told: object, now: datetime) -> datetime | None:
    """RFC 3339 as aware UTC, at the latest now; None for what cannot be read or be true."""
    time = as_moment(told)
    return None if time is None or time < EARLIEST else min(time, now)
