"""Decoding of a vehicle's messages (protobuf) into signals, alerts and errors, without I/O.

    topic         message                  decoded by
    V             Payload                  read_record         signals
    alerts        VehicleAlerts            read_alerts
    errors        VehicleErrors            read_errors         errors of its telemetry client

Decoding raises only if the bytes are no message of that kind. Values that this version does not
know become unknown and are logged once.

Source: teslamotors/fleet-telemetry, protos of 2026-07-15, and messages captured from vehicles.
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
    """The bytes are not the message that their topic promises."""


class Record(NamedTuple):
    """Signals that a vehicle reported at one time.

    Args:
        time: Time of the report by the vehicle's clock; aware, UTC, never in the future. If the
            vehicle's clock was never set, the time of receipt.
        readings: The readings; a value of None is unknown.
        fields: The name of every value in the message, in order, including fields that are invalid
            or unknown here (`999`): Tesla bills all of them.
        invalid: Fields that the vehicle marks as invalid. Their source stopped reporting, which
            does not change the value, so they have no reading.
        is_resend: Whether the vehicle resends a record that was not acknowledged. Its values are
            still the newest that the vehicle has of these fields.
    """

    time: datetime
    readings: dict[Signal[Any], Reading[Any]]
    fields: tuple[str, ...]
    invalid: frozenset[str]
    is_resend: bool


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of a vehicle; active while `ended` is None.

    The same alert may arrive several times, even within one message.

    Args:
        name: Tesla's name, such as `VCSEC_a133_alarmTriggered`.
        audiences: Intended readers: `customer`, `service`, `service_fix`.
        started: Start; aware, UTC, never in the future; None if not reported.
        ended: End; as `started`.
    """

    name: str
    audiences: tuple[str, ...]
    started: datetime | None
    ended: datetime | None

    @property
    def is_alarm(self) -> bool:
        """Whether the car's alarm goes off.

        The names end in `AlarmTriggered` or `alarmTriggered` (captured from vehicles, 2025).
        """
        return "alarmtriggered" in self.name.lower()


@dataclass(frozen=True, slots=True)
class ReportedError:
    """An error of a vehicle's telemetry client.

    Args:
        name: Kind of error, such as `cloud_manager_error`.
        body: The error message.
        tags: Details, as key and value.
        time: Aware, UTC, never in the future; None if not reported.
    """

    name: str
    body: str
    tags: Mapping[str, str] = field(hash=False)
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Connectivity:
    """The opening or closing of a vehicle's connection to Tesla's own server.

    A vehicle can have several. The end of an old one may be reported after the start of a new one.

    Args:
        connection: Name of the connection.
        is_connected: Whether it was opened; None if the server reports another state.
        time: Aware, UTC, never in the future; None if not reported.
        network: `wifi`, `cellular`, or empty.
    """

    connection: str
    is_connected: bool | None
    time: datetime | None
    network: str = ""


# --- Times ---------------------------------------------------------------------------------------

EARLIEST: Final = datetime(2023, 1, 1, tzinfo=UTC)
"""A time in the first year of Fleet Telemetry. An earlier time comes from a clock that was not
set."""
_EARLIEST: Final = int(EARLIEST.timestamp())
_MILLISECONDS: Final = 315_576_000_000
"""Numbers of seconds from here on are taken for milliseconds, as by Tesla's server."""
_NANO: Final = 1e-9
_SECOND: Final = 1_000_000_000


class _Timestamp(Protocol):
    """Protobuf's `Timestamp`. It can exceed the range of a datetime, so its methods may raise."""

    @property
    def seconds(self) -> int: ...
    @property
    def nanos(self) -> int: ...


def _time(stamp: _Timestamp, now: datetime) -> datetime | None:
    """A timestamp as aware UTC, at most `now`; None if it is before `EARLIEST`."""
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
"""Maximum number of values in one message, and of alerts or errors in one list; there are fewer
than 300 fields."""

_SIMPLE: Final = frozenset(
    {"boolean_value", "double_value", "float_value", "int_value", "long_value"}
)
"""Kinds of values that are plain numbers or flags."""
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
"""The part of a signal's name for each of Tesla's wheels: `FrontLeft` for `front_left`."""

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
"""The decoder of each kind of value; None is a kind that is newer than this version."""


def read_record(
    payload: bytes,
    now: datetime,
    *,
    zone: tzinfo,
    right_hand_drive: bool = False,
    unsound_firmware: bool = False,
) -> Record:
    """Decode the signals in a message of topic `V`.

    If a field has two values, the last one wins. An empty value is ignored. A value of a kind that
    this version does not know makes its signals unknown.

    Args:
        payload: Protobuf, `Payload`.
        now: Aware, UTC.
        zone: The vehicle's time zone: some fields have wall clock times, see `fields.true_instant`.
        right_hand_drive: Whether the driver sits on the right: requested temperatures are sent by
            side of the vehicle.
        unsound_firmware: Whether the firmware is older than `firmware.FIRST_SOUND`.

    Raises:
        MalformedRecord: not a `Payload`, or one with far more values than there are fields.
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
    # Iterating over a slice is faster than over the container, which ends with an exception.
    for datum in data[:]:
        told = fields[datum.key]
        names.append(told.name)
        value = datum.value
        arm = value.WhichOneof("value")
        if arm is None and not value.ByteSize():
            # Empty. A value of a newer kind would have bytes.
            continue
        if invalid and arm != "invalid":
            invalid.discard(told.name)
        if arm in _SIMPLE and (signal := told.plain) is not None:
            # Nearly all values take this path, so it avoids every call that it can.
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

# --- Alerts and errors ---------------------------------------------------------------------------

_AUDIENCES: Final[Mapping[int, str]] = {
    alerts_wire.Customer: "customer",
    alerts_wire.Service: "service",
    alerts_wire.ServiceFix: "service_fix",
}
_TAGS: Final = 100
"""Maximum number of tags of one error, and of audiences of one alert."""


def read_alerts(payload: bytes, now: datetime) -> tuple[Alert, ...]:
    """Decode the alerts in a message of topic `alerts`, in order; the same may occur repeatedly.

    Raises:
        MalformedRecord: not a `VehicleAlerts`, or far too long.
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
            # An unreadable end is still an end.
            (_time(alert.ended_at, now) or now) if alert.HasField("ended_at") else None,
        )
        for alert in alerts
    )


def read_errors(payload: bytes, now: datetime) -> tuple[ReportedError, ...]:
    """Decode the errors in a message of topic `errors`; empty when a configuration was removed.

    Raises:
        MalformedRecord: not a `VehicleErrors`, or far too long.
    """
    try:
        message = errors_wire.VehicleErrors.FromString(payload)
    except DecodeError as error:
        raise MalformedRecord("no errors") from error
    if len(message.errors) > LIMIT:
        raise MalformedRecord("too many errors")
    return tuple(
        ReportedError(
            shortened(error.name),
            shortened(error.body),
            dict(islice(error.tags.items(), _TAGS)),
            _time(error.created_at, now) or _time(message.created_at, now),
        )
        for error in message.errors
    )
