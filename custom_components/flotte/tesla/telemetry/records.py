"""Records in the messages of a car: signals, alerts, errors (protobuf), decoded without I/O.

    topic         message                  read by
    V             Payload                  read_record         signals
    alerts        VehicleAlerts            read_alerts
    errors        VehicleErrors            read_errors         trouble of the car's telemetry client

Only bytes that are not a message raise. Values that this version does not know become unknown, and
are logged once.

Source: teslamotors/fleet-telemetry, protos of 2026-07-15, and messages captured from cars.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import islice
from math import isfinite
from typing import Any, Final, NamedTuple, Protocol

from google.protobuf.message import DecodeError
from tesla_protocol.telemetry import vehicle_alert_pb2 as alerts_wire
from tesla_protocol.telemetry import vehicle_data_pb2 as wire
from tesla_protocol.telemetry import vehicle_error_pb2 as errors_wire

from ..clock import YEAR_2100
from ..privacy import shortened
from ..state import Reading, Signal, Source
from .fields import INVALID_TEXT, NOT_UNDERSTOOD, UNREADABLE, WORDS, Raw, fields_of


class MalformedRecord(ValueError):
    """Not the message that its topic promises."""


class Record(NamedTuple):
    """Signals that a car told at one time.

    Args:
        time: When, by the car's clock; aware, UTC, never later than now. A clock that was never set
            counts as now.
        readings: What is known from it; a value of None is unknown.
        fields: The name of every value in the message, in its order, also of those that are
            invalid or not known here (`999`): this is what Tesla bills.
        invalid: Fields that the car marks as invalid: their source stopped reporting, which is no
            change of the value, so there is no reading.
        is_resend: Whether the car repeats what was not acknowledged; it is still the newest that
            the car knows of these fields.
    """

    time: datetime
    readings: dict[Signal[Any], Reading[Any]]
    fields: tuple[str, ...]
    invalid: frozenset[str]
    is_resend: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of a car; active as long as `ended` is None.

    The same one may come several times, also in one message.

    Args:
        name: `VCSEC_a133_alarmTriggered`.
        audiences: For whom: `customer`, `service`, `service_fix`.
        started: Aware, UTC, never later than now; None if not told.
        ended: The same.
    """

    name: str
    audiences: tuple[str, ...]
    started: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class CarError:
    """Trouble of a car's telemetry client.

    Args:
        name: `cloud_manager_error`.
        body: What it says.
        tags: What it says it of.
        time: Aware, UTC, never later than now; None if not told.
    """

    name: str
    body: str
    tags: Mapping[str, str] = field(hash=False)
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connectivity:
    """A connection of a car to Tesla's own server that was opened or closed.

    A car can have several; the end of an old one may be reported after the start of a new one.

    Args:
        connection: Name of the connection.
        is_connected: None if the server reports another state.
        time: Aware, UTC, never later than now; None if not reported.
        network: `wifi`, `cellular`, or empty.
    """

    connection: str
    is_connected: bool | None
    time: datetime | None
    network: str = ""


# --- Times ---------------------------------------------------------------------------------------

EARLIEST: Final = datetime(2023, 1, 1, tzinfo=UTC)
"""In the first year of Fleet Telemetry: before it a clock was not set."""
_EARLIEST: Final = int(EARLIEST.timestamp())
_MILLISECONDS: Final = 315_576_000_000
"""Seconds from here on are milliseconds, as Tesla's server takes them."""
_NANO: Final = 1e-9
_SECOND: Final = 1_000_000_000


class _Timestamp(Protocol):
    """Of protobuf; may hold what no date can, and then its own methods raise."""

    @property
    def seconds(self) -> int: ...
    @property
    def nanos(self) -> int: ...


def _time(stamp: _Timestamp, now: datetime) -> datetime | None:
    """The time of a stamp, aware, UTC, at the latest now; None before there was any telemetry."""
    seconds: float = stamp.seconds
    nanos = stamp.nanos
    if seconds >= _MILLISECONDS:
        seconds, nanos = seconds / 1000, 0
    if seconds < _EARLIEST or not 0 <= nanos < _SECOND:
        return None
    if seconds >= YEAR_2100:
        return now
    time = datetime.fromtimestamp(seconds + nanos * _NANO, UTC)
    if time > now:
        return now
    return time


# --- Signals -------------------------------------------------------------------------------------

LIMIT: Final = 2000
"""Values in one message, alerts or errors in one list: there are fewer than 300 fields."""

_SIMPLE: Final = frozenset(
    {"boolean_value", "double_value", "float_value", "int_value", "long_value"}
)
"""Kinds of values that are a number or a flag as they are."""
_new_payload: Final = wire.Payload.FromString


def _position(value: wire.Value) -> Raw:
    return value.location_value.latitude, value.location_value.longitude


def _doors(value: wire.Value) -> Raw:
    doors = value.door_value
    return {part: getattr(doors, part) for part in _DOORS}


def _tyres(value: wire.Value) -> Raw:
    tyres = value.tire_location_value
    return {part: getattr(tyres, name) for name, part in TYRES.items()}


def _time_of_day(value: wire.Value) -> Raw:
    time = value.time_value
    return f"{time.hour:02}:{time.minute:02}:{time.second:02}"


def _enumerated(arm: str, words: Mapping[int, str]) -> Callable[[wire.Value], Raw]:
    def word(value: wire.Value) -> Raw:
        return words.get(getattr(value, arm), NOT_UNDERSTOOD)

    return word


def _simple(arm: str) -> Callable[[wire.Value], Raw]:
    def raw(value: wire.Value) -> Raw:
        told: Raw = getattr(value, arm)
        return told

    return raw


_DOORS: Final = tuple(wire.Doors.DESCRIPTOR.fields_by_name)
TYRES: Final = {
    name: "".join(part.capitalize() for part in name.split("_"))
    for name in wire.TireLocation.DESCRIPTOR.fields_by_name
}
"""Tesla's name of a wheel to the part of a signal's name: `front_left` is `FrontLeft`."""

_ARMS: Final[dict[str | None, Callable[[wire.Value], Raw]]] = {
    **{name: _simple(name) for name in (*_SIMPLE, "string_value")},
    **{
        name: _enumerated(name, WORDS[each.enum_type.name])
        for name, each in wire.Value.DESCRIPTOR.fields_by_name.items()
        if each.enum_type is not None
    },
    "location_value": _position,
    "door_value": _doors,
    "tire_location_value": _tyres,
    "time_value": _time_of_day,
    "invalid": lambda _: INVALID_TEXT,
    None: lambda _: NOT_UNDERSTOOD,
}
"""How each kind of value is read; without a kind it is of one that is newer than this version."""


def read_record(
    payload: bytes,
    now: datetime,
    *,
    zone: tzinfo,
    right_hand_drive: bool = False,
    unsound_firmware: bool = False,
) -> Record:
    """The signals in a message of topic `V`.

    Of two values of one field the last one wins. A value without content says nothing; one of a
    kind that this version does not know makes its signals unknown.

    Args:
        payload: Protobuf, `Payload`.
        now: Aware, UTC.
        zone: Of the car: some fields have wall clock times, see `fields.true_instant`.
        right_hand_drive: Whether its driver sits on the right: requested temperatures are sent by
            side of the car.
        unsound_firmware: Whether its firmware is older than `firmware.FIRST_SOUND`.

    Raises:
        MalformedRecord: not a `Payload`, or one with more values than there are fields by far.
    """
    try:
        message = _new_payload(payload)
    except DecodeError as error:
        raise MalformedRecord("no record of signals") from error
    data = message.data
    if len(data) > LIMIT:
        raise MalformedRecord("more values than there are fields")
    time = _time(message.created_at, now) or now
    fields = fields_of(right_hand_drive=right_hand_drive, unsound_firmware=unsound_firmware)
    readings: dict[Signal[Any], Reading[Any]] = {}
    names = []
    invalid: set[str] = set()
    # The slice is read faster than the container itself, which ends with an exception.
    for datum in data[:]:
        told = fields[datum.key]
        names.append(told.name)
        value = datum.value
        arm = value.WhichOneof("value")
        if arm is None and not value.ByteSize():
            # It says nothing. One of a newer kind has bytes.
            continue
        if invalid and arm != "invalid":
            invalid.discard(told.name)
        if arm in _SIMPLE and (signal := told.plain) is not None:
            # Nearly everything comes along here, so nothing is called that is not needed.
            raw = getattr(value, arm)
            if isfinite(raw):
                try:
                    readings[signal] = Reading(signal.parse(raw), time, _STREAM)
                except UNREADABLE:
                    told.tell(raw, time, zone, readings)
                continue
        raw = _ARMS[arm](value)
        if raw == INVALID_TEXT:
            told.retract(readings)
            invalid.add(told.name)
        else:
            told.tell(raw, time, zone, readings)
    return Record(time, readings, tuple(names), frozenset(invalid), message.is_resend)


_STREAM: Final = Source.STREAM

# --- The rest ------------------------------------------------------------------------------------

_AUDIENCES: Final[Mapping[int, str]] = {
    alerts_wire.Customer: "customer",
    alerts_wire.Service: "service",
    alerts_wire.ServiceFix: "service_fix",
}
_TAGS: Final = 100
"""Tags of one error, and audiences of one alert, that are read."""


def read_alerts(payload: bytes, now: datetime) -> tuple[Alert, ...]:
    """The alerts in a message of topic `alerts`, in its order; the same may be there repeatedly.

    Raises:
        MalformedRecord: not a `VehicleAlerts`, or one that is far too long.
    """
    try:
        alerts = alerts_wire.VehicleAlerts.FromString(payload).alerts
    except DecodeError as error:
        raise MalformedRecord("no alerts") from error
    if len(alerts) > LIMIT:
        raise MalformedRecord("too many alerts")
    return tuple(
        Alert(
            alert.name,
            tuple(
                dict.fromkeys(
                    _AUDIENCES[each] for each in alert.audiences[:_TAGS] if each in _AUDIENCES
                )
            ),
            _time(alert.started_at, now) if alert.HasField("started_at") else None,
            # An end that cannot be read is still an end.
            (_time(alert.ended_at, now) or now) if alert.HasField("ended_at") else None,
        )
        for alert in alerts
    )


def read_errors(payload: bytes, now: datetime) -> tuple[CarError, ...]:
    """The errors in a message of topic `errors`; none when a configuration was removed.

    Raises:
        MalformedRecord: not a `VehicleErrors`, or one that is far too long.
    """
    try:
        message = errors_wire.VehicleErrors.FromString(payload)
    except DecodeError as error:
        raise MalformedRecord("no errors") from error
    if len(message.errors) > LIMIT:
        raise MalformedRecord("too many errors")
    return tuple(
        CarError(
            shortened(error.name),
            shortened(error.body),
            dict(islice(error.tags.items(), _TAGS)),
            _time(error.created_at, now) or _time(message.created_at, now),
        )
        for error in message.errors
    )
