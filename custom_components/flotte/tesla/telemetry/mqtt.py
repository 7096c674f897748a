"""The stream from a broker behind Tesla's own server: topics and JSON in, records out.

    base/VIN/v/FIELD                 one value                 Record with one field
    base/VIN/alerts/NAME/current     the newest alert          tuple of one Alert
    base/VIN/alerts/NAME/history     all of one message        tuple of Alert
    base/VIN/errors/NAME             one error                 ReportedError
    base/VIN/connectivity            a connection              Connectivity

That server leaves out the time of a value, whether it is a resend, and which values arrived
together. So a value counts as sent now, and values of one field can overtake each other. An alert's
`current` has nothing that its `history` lacks, and leaves out alerts without a start; a subscriber
to both receives each alert twice, as equal values.

In its JSON, an invalid value is null. An enumerated value has its prefix (`ShiftStateP`), or is its
number as text if it is newer than the server. Tyres are an object of those that are true. For other
fields `{}` is an empty value, which is ignored. The text values of old vehicles are passed on
unchanged.

Source: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), datastore/mqtt, and messages
captured from that server.
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
    Connectivity,
    MalformedRecord,
    Record,
    ReportedError,
)

SIZE_LIMIT: Final = 1_000_000
"""Maximum size of a message in bytes or characters, as for messages of a vehicle."""
_LIST_LIMIT: Final = 2000
"""Maximum number of alerts in one message."""
_TAGS: Final = 100
"""Maximum number of tags of one error, and of audiences of one alert."""


class TopicKind(StrEnum):
    """Content of a topic, in Tesla's spelling."""

    VALUE = "v"
    ALERTS = "alerts"
    ERRORS = "errors"
    CONNECTIVITY = "connectivity"


@dataclass(frozen=True, slots=True)
class Topic:
    """A parsed topic.

    Args:
        vin: VIN of the vehicle.
        kind: Kind of content.
        name: Name of the field, alert or error; empty for connectivity.
        is_history: For alerts: whether the message lists all alerts of one message of the vehicle.
    """

    vin: str
    kind: TopicKind
    name: str = ""
    is_history: bool = False


type Content = Record | tuple[Alert, ...] | ReportedError | Connectivity


def read_topic(base: str, topic: str) -> Topic | None:
    """Parse a topic; None if it is not one of Tesla's, or unknown to this version.

    Args:
        base: The `topic_base` of the server's configuration.
        topic: The topic; names in it may contain slashes.
    """
    if not topic.startswith(f"{base}/"):
        return None
    vin, _, rest = topic[len(base) + 1 :].partition("/")
    kind, _, name = rest.partition("/")
    if not vin or bool(name) is (kind == TopicKind.CONNECTIVITY):
        return None
    match kind:
        case TopicKind.VALUE | TopicKind.ERRORS | TopicKind.CONNECTIVITY:
            return Topic(vin, TopicKind(kind), name)
        case TopicKind.ALERTS:
            name, _, which = name.rpartition("/")
            if name and which in ("current", "history"):
                return Topic(vin, TopicKind.ALERTS, name, is_history=which == "history")
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
        topic: The message's topic, from `read_topic`.
        payload: JSON.
        now: Aware, UTC.
        zone: The vehicle's time zone; see `fields.true_instant`.
        right_hand_drive: Whether the driver sits on the right.
        unsound_firmware: Whether the firmware is older than `firmware.FIRST_SOUND`.

    Raises:
        MalformedRecord: not JSON, or not what the topic promises.
    """
    if not payload:
        return None
    told = _json(payload)
    match topic.kind:
        case TopicKind.VALUE:
            fields = fields_of(right_hand_drive=right_hand_drive, unsound_firmware=unsound_firmware)
            return _record(fields.named(topic.name), told, now, zone)
        case TopicKind.ALERTS:
            alerts = told if topic.is_history else [told]
            if not isinstance(alerts, list) or len(alerts) > _LIST_LIMIT:
                raise MalformedRecord("no list of alerts")
            return tuple(_alert(topic.name, alert, now) for alert in alerts)
        case TopicKind.ERRORS:
            return _error(topic.name, _object(told), now)
        case TopicKind.CONNECTIVITY:
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
"""Fields whose objects leave out false parts; those of doors have all parts."""


def _raw(name: str, told: object) -> Raw:
    """A JSON value as a `Raw` value for `Field.tell`."""
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


# --- Alerts, errors, connectivity ----------------------------------------------------------------

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
        # An unreadable end is still an end.
        None if ended is None else _time(ended, now) or now,
    )


def _error(name: str, told: Mapping[str, Any], now: datetime) -> ReportedError:
    tags = told.get("Tags")
    known = islice(tags.items(), _TAGS) if isinstance(tags, Mapping) else ()
    return ReportedError(
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
    """Read RFC 3339 as aware UTC, at most `now`; None if unreadable or before `EARLIEST`."""
    time = as_moment(told)
    return None if time is None or time < EARLIEST else min(time, now)
