"""The fields of the stream: which signals a field carries, and the forms of its values.

A field is a name in a vehicle's configuration (`VehicleSpeed`). Fields of doors and tyres carry one
signal for each part; any other value is for all signals of its field. The decoders of protobuf and
JSON pass each value in one of these forms (`Raw`), which `Field.tell` turns into readings:

    flag                    bool
    number                  int, float
    enumerated value        its name, with or without the prefix: `ShiftStateD`, `D`
    text                    str; old vehicles send *everything* as text, see `Field.tell`
    position                (latitude, longitude), degrees
    doors, tyres            {part: bool}; a missing part is unknown
    time of day             `HH:MM:SS`
    an unknown form         `NOT_UNDERSTOOD`

Source: teslamotors/fleet-telemetry, protos of 2026-07-15; Tesla's list of fields (2026-08);
messages captured from vehicles.
"""

import itertools
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, tzinfo
from enum import Enum, auto
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, override
from zoneinfo import ZoneInfo

from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from ..clock import YEAR_2100
from ..signals import SIGNALS_BY_FIELD, decode, log_implausible
from ..state import Implausible, Reading, Signal, Source, Unrecognised

_LOGGER = logging.getLogger(__name__)


class Mystery(Enum):
    """Type of `NOT_UNDERSTOOD`."""

    NOT_UNDERSTOOD = auto()


NOT_UNDERSTOOD: Final = Mystery.NOT_UNDERSTOOD
"""A value in a form that this version does not know; its reading becomes unknown."""

type Raw = str | bool | int | float | tuple[float, float] | Mapping[str, bool] | Mystery
type NewReadings = dict[Signal[Any], Reading[Any]]

UNREADABLE: Final = (Unrecognised, TypeError, ValueError, AttributeError, OverflowError)
"""Errors that parsers of the signal table raise for values that they do not know."""

INVALID_TEXT: Final = "<invalid>"
"""The text by which old vehicles mark a value as invalid."""
NOT_AVAILABLE: Final = "SNA"
"""Signal not available: the text for a missing value, also in polled data."""
_NO_WORDS: Final = frozenset({"", "Unknown", "Invalid", NOT_AVAILABLE})
"""Words for an unknown value. They are nothing new, so they are not logged."""
_FLAGS: Final = {"true": True, "false": False}


class TextFormat(Enum):
    """Kind of a field, which decides how to read the text of old vehicles."""

    PLAIN = auto()
    """A number or a flag."""
    TEXT = auto()
    """A text."""
    ENUMERATED = auto()
    INSTANT = auto()
    """Unix seconds; see `true_instant`."""
    POSITION = auto()
    TIME_OF_DAY = auto()
    PARTS = auto()
    """Flags, one for each part of the vehicle."""


_TEXTS: Final = (
    "ChargeState",
    "DestinationName",
    "EfficiencyPackage",
    "ExteriorColor",
    "MediaNowPlayingAlbum",
    "MediaNowPlayingArtist",
    "MediaNowPlayingStation",
    "MediaNowPlayingTitle",
    "MediaPlaybackSource",
    "RearSeatHeaters",
    "RoofColor",
    "RouteLine",
    "SoftwareUpdateVersion",
    "Trim",
    "VehicleName",
    "Version",
    "WheelType",
)
_ENUMERATED: Final = {
    "AutomaticEmergencyBrakingState": "AutomaticEmergencyBrakingStateValue",
    "BMSState": "BMSStateValue",
    "Cabin12vPortKeepOn": "CabinPortKeepOnState",
    "Cabin48vPortKeepOn": "CabinPortKeepOnState",
    "CabinOverheatProtectionMode": "CabinOverheatProtectionModeState",
    "CabinOverheatProtectionTemperatureLimit": "ClimateOverheatProtectionTempLimit",
    "CarType": "CarTypeValue",
    "CenterDisplay": "DisplayState",
    "ChargePort": "ChargePortValue",
    "ChargePortLatch": "ChargePortLatchValue",
    "ChargingCableType": "CableType",
    "ClimateKeeperMode": "ClimateKeeperModeState",
    "CruiseFollowDistance": "FollowDistance",
    "DefrostMode": "DefrostModeState",
    "DetailedChargeState": "DetailedChargeStateValue",
    "DiStateF": "DriveInverterState",
    "DiStateR": "DriveInverterState",
    "DiStateREL": "DriveInverterState",
    "DiStateRER": "DriveInverterState",
    "DriverSeatBelt": "BuckleStatus",
    "FastChargerType": "FastCharger",
    "FdWindow": "WindowState",
    "ForwardCollisionWarning": "ForwardCollisionSensitivity",
    "FpWindow": "WindowState",
    "Gear": "ShiftState",
    "GuestModeMobileAccessState": "GuestModeMobileAccess",
    "Hvil": "HvilStatus",
    "HvacAutoMode": "HvacAutoModeState",
    "HvacPower": "HvacPowerState",
    "LaneDepartureAvoidance": "LaneAssistLevel",
    "LightsTurnSignal": "TurnSignalState",
    "MediaPlaybackStatus": "MediaStatus",
    "PassengerSeatBelt": "BuckleStatus",
    "PowerTransferStatus": "PowerTransferStatusValue",
    "PowershareStatus": "PowershareState",
    "PowershareStopReason": "PowershareStopReasonStatus",
    "PowershareType": "PowershareTypeStatus",
    "RdWindow": "WindowState",
    "RpWindow": "WindowState",
    "ScheduledChargingMode": "ScheduledChargingModeValue",
    "SemitruckPassengerSeatFoldPosition": "SeatFoldPosition",
    "SemitruckTractorParkBrakeStatus": "TractorAirStatus",
    "SemitruckTrailerParkBrakeStatus": "TrailerAirStatus",
    "SentryMode": "SentryModeState",
    "SettingChargeUnit": "ChargeUnitPreference",
    "SettingDistanceUnit": "DistanceUnit",
    "SettingTemperatureUnit": "TemperatureUnit",
    "SettingTirePressureUnit": "PressureUnit",
    "SpeedLimitWarning": "SpeedAssistLevel",
    "SunroofInstalled": "SunroofInstalledState",
    "TonneauPosition": "TonneauPositionState",
    "TonneauTentMode": "TonneauTentModeState",
}
"""Tesla's name of the enum of each enumerated field."""
_INSTANTS: Final = (
    "ScheduledChargingStartTime",
    "ScheduledDepartureTime",
    "SoftwareUpdateScheduledStartTime",
    "TpmsLastSeenPressureTimeFl",
    "TpmsLastSeenPressureTimeFr",
    "TpmsLastSeenPressureTimeRl",
    "TpmsLastSeenPressureTimeRr",
)
KINDS: Final = {
    **dict.fromkeys(_TEXTS, TextFormat.TEXT),
    **dict.fromkeys(_ENUMERATED, TextFormat.ENUMERATED),
    **dict.fromkeys(_INSTANTS, TextFormat.INSTANT),
    "DestinationLocation": TextFormat.POSITION,
    "DoorState": TextFormat.PARTS,
    "Location": TextFormat.POSITION,
    "OriginLocation": TextFormat.POSITION,
    "RouteLastUpdated": TextFormat.TIME_OF_DAY,
    "TpmsHardWarnings": TextFormat.PARTS,
    "TpmsSoftWarnings": TextFormat.PARTS,
}
"""The kind of every field that is more than a number or a flag."""

CROSSED: Final = {
    "HvacLeftTemperatureRequest": "HvacRightTemperatureRequest",
    "HvacRightTemperatureRequest": "HvacLeftTemperatureRequest",
}
"""Fields that name the left or right side of the vehicle, while their signals name the driver's or
the passenger's side."""

CROSSED_DOORS: Final = {"DriverRear": "PassengerFront", "PassengerFront": "DriverRear"}
"""Doors that firmware before `firmware.FIRST_SOUND` swaps."""

# --- Enumerated values ---------------------------------------------------------------------------


def _short_names() -> dict[str, dict[int, str]]:
    """For each enum, names without their prefix by number; value 0 is the prefix + `Unknown`."""
    enums = wire.DESCRIPTOR.enum_types_by_name
    return {
        name: {
            value.number: value.name.removeprefix(
                enum.values_by_number[0].name.removesuffix("Unknown")
            )
            for value in enum.values
        }
        for name, enum in enums.items()
        if name != "Field"
    }


WORDS: Final = _short_names()
"""For each enum, names without their prefix by number: `Charging` for
`DetailedChargeStateCharging`."""
_WORD_OF_NAME: Final = {
    value.name: WORDS[enum.name][value.number]
    for enum in wire.DESCRIPTOR.enum_types_by_name.values()
    if enum.name in WORDS
    for value in enum.values
}
"""Names without their prefix by full name; full names are unique across all enums."""
_WORDS_LIKE_NUMBERS: Final = frozenset(
    word for words in WORDS.values() for word in words.values() if word.isdecimal()
)

# --- Values in text, and times -------------------------------------------------------------------

_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_POSITION: Final = re.compile(
    r"\(\s*([0-9]{1,3}(?:\.[0-9]{0,20})?) ([NS]),\s*([0-9]{1,3}(?:\.[0-9]{0,20})?) ([EW])\s*\)"
)
_TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")


def number_in_text(text: str) -> int | float | None:
    """Read a number from text, such as `71.25` or `1.2345e-05`; None if it is no finite number."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        value = float(text)
        return value if isfinite(value) else None
    return None


def position_in(text: str) -> tuple[float, float] | None:
    """Read a text such as `(37.412374 N, 122.145867 W)` as degrees north and east."""
    match = _POSITION.fullmatch(text)
    if match is None:
        return None
    latitude, north_south, longitude, east_west = match.groups()
    return (
        -float(latitude) if north_south == "S" else float(latitude),
        -float(longitude) if east_west == "W" else float(longitude),
    )


def true_instant(told: float, zone: tzinfo) -> int | float | None:
    """Correct the Unix seconds that a vehicle sends for a planned or past time.

    Vehicles compute them as if their local clock time were that of America/Los_Angeles. So the
    number, converted to clock time in Los Angeles, is the clock time in the vehicle's zone. If that
    clock time occurs twice there (at the end of summer time), the first occurrence counts, unless
    the time is the second occurrence in Los Angeles too. If it is skipped (at the start of summer
    time), the offset before the change applies.

    Args:
        told: Unix seconds as sent by the vehicle.
        zone: The vehicle's time zone.

    Returns:
        Unix seconds; None if the number is no plausible time.

    Source: Tesla's list of fields (2026-08); one capture agrees.
    """
    if not 0 < told < YEAR_2100:
        return None
    true = datetime.fromtimestamp(told, _PACIFIC).replace(tzinfo=zone).timestamp()
    return round(true) if isinstance(told, int) else true


# --- Forms ---------------------------------------------------------------------------------------
#
# For each kind of field, a function that lists the forms to try with a signal's parser, in order.
# The list is empty if the value is certainly unknown. All raise Unrecognised for unexpected values.

type Forms = tuple[Raw, ...]


def _number_forms(number: float) -> Forms:
    """The number, unless it is infinite or not a number."""
    try:
        return (number,) if isfinite(number) else ()
    except OverflowError:
        return ()


def _plain_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """A number or a flag, given as such or as text; then the text itself, if a parser knows it."""
    match raw:
        case int() | float():
            return _number_forms(raw)
        case str() if raw in _NO_WORDS:
            return ()
        case str():
            meant = number_in_text(raw)
            if meant is None:
                meant = _FLAGS.get(raw.lower())
            return (raw,) if meant is None else (meant, raw)
    raise Unrecognised(raw)


def _text_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """The text itself; then as a number, for a parser that needs one."""
    match raw:
        case str():
            meant = number_in_text(raw)
            return (raw,) if meant is None else (raw, meant)
        case int() | float():
            return _number_forms(raw)
    raise Unrecognised(raw)


def _enumerated_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """The word without its prefix. Never a number: some parsers of words take any number as "on".

    The caller has already replaced a number as text, which servers send for values newer than they
    are, with its word.
    """
    match raw:
        case bool():
            return (raw,)
        case str():
            word = _WORD_OF_NAME.get(raw, raw)
            if word in _NO_WORDS:
                return ()
            if word.lower() in _FLAGS:
                return (_FLAGS[word.lower()], word)
            if number_in_text(word) is None or word in _WORDS_LIKE_NUMBERS:
                return (word,)
    raise Unrecognised(raw)


def _instant_forms(raw: Raw, zone: tzinfo) -> Forms:
    """Unix seconds, corrected by `true_instant`.

    Date texts of old vehicles have no known time zone.
    """
    match raw:
        case bool():
            raise Unrecognised(raw)
        case str():
            told = number_in_text(raw)
        case int() | float():
            told = raw
        case _:
            raise Unrecognised(raw)
    instant = None if told is None else true_instant(told, zone)
    return () if instant is None else (instant,)


def _position_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """The position, in degrees north and east."""
    match raw:
        case str() if raw in _NO_WORDS:
            return ()
        case str():
            place = position_in(raw)
        case tuple():
            place = raw
        case _:
            place = None
    if place is None:
        raise Unrecognised(raw)
    return (place,)


def _time_of_day_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """The time of day, if it is `HH:MM:SS`."""
    if not isinstance(raw, str):
        raise Unrecognised(raw)
    return (raw,) if _TIME_OF_DAY.fullmatch(raw) else ()


_FORMS: Final[Mapping[TextFormat, Callable[[Raw, tzinfo], Forms]]] = {
    TextFormat.PLAIN: _plain_forms,
    TextFormat.TEXT: _text_forms,
    TextFormat.ENUMERATED: _enumerated_forms,
    TextFormat.INSTANT: _instant_forms,
    TextFormat.POSITION: _position_forms,
    TextFormat.TIME_OF_DAY: _time_of_day_forms,
}

# --- Fields --------------------------------------------------------------------------------------


class Field:
    """One field of the stream.

    Args:
        name: Tesla's name; the number as text if this version has no name for it.
        signals: The field's signals.
        crossed: Parts that the vehicle swaps with another part.

    Attributes:
        plain: The field's only signal, if its parser takes raw numbers and flags; otherwise None.
    """

    __slots__ = ("_kind", "_numbered", "_parts", "_words", "name", "plain", "signals")

    def __init__(
        self,
        name: str,
        signals: tuple[Signal[Any], ...],
        crossed: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        parts = (signal.name.partition(".")[2] for signal in signals)
        self._parts = [crossed.get(part, part) for part in parts]
        self.name = name
        self.signals = signals
        self._kind = KINDS.get(name, TextFormat.PLAIN)
        self._numbered: Mapping[int, str] = WORDS.get(_ENUMERATED.get(name, ""), {})
        self._words: dict[str, Iterable[object]] = {}
        is_plain = len(signals) == 1 and self._kind in (TextFormat.PLAIN, TextFormat.TEXT)
        self.plain = signals[0] if is_plain else None

    @override
    def __repr__(self) -> str:
        return f"<Field {self.name}>"

    def tell(self, raw: Raw, time: datetime, zone: tzinfo, readings: NewReadings) -> None:
        """Add the readings of a value to `readings`; an unreadable value becomes unknown.

        Text can represent any kind of value: `71.25`, `1.2345e-05`, `true`, `D`, `PartiallyOpen`,
        `DriverFront|TrunkRear` (the open doors), `(48.1 N, 11.5 E)`. In fields of
        `TextFormat.INSTANT`, old vehicles send date texts (`Thu Feb 6 00:15:00 2025`) without a
        time zone, which is not documented either, so these become unknown.

        Args:
            raw: The value, in one of the forms listed in the module's docstring.
            time: Time of the value, aware, UTC.
            zone: The vehicle's time zone.
            readings: Receives the readings.
        """
        if not self.signals:
            return
        if isinstance(raw, str):
            raw = raw.strip()
        try:
            values = self._flags(raw) if self._kind is TextFormat.PARTS else self._values(raw, zone)
        except Unrecognised:
            log_new(self.name)
            values = itertools.repeat(None)
        for signal, value in zip(self.signals, values, strict=False):
            readings[signal] = Reading(value, time, Source.STREAM)

    def retract(self, readings: NewReadings) -> None:
        """Remove the readings of an earlier value in the same record."""
        for signal in self.signals:
            readings.pop(signal, None)

    def _values(self, raw: Raw, zone: tzinfo) -> Iterable[object]:
        """The value of each signal; None if unknown."""
        if self._kind is not TextFormat.ENUMERATED or not isinstance(raw, str):
            forms = _FORMS[self._kind](raw, zone)
            return [_first(signal, forms) for signal in self.signals]
        # Cached, because there are few words, and the meaning of a word does not change.
        values = self._words.get(raw)
        if values is None:
            forms = _FORMS[self._kind](self._word(raw), zone)
            values = [_first(signal, forms) for signal in self.signals]
            if len(self._words) < _WORDS_REMEMBERED:
                self._words[raw] = values
        return values

    def _word(self, raw: str) -> str:
        """The word for an enumeration's number given as text; any other text is returned as is."""
        is_number = raw.isascii() and raw.isdecimal() and len(raw) <= _DIGITS
        return self._numbered.get(int(raw), raw) if is_number else raw

    def _flags(self, raw: Raw) -> Iterable[object]:
        """The flag of each signal's part: open, low, or whatever the field reports."""
        parts = self._parts
        match raw:
            case str():
                true = {bare for word in raw.split("|", _PARTS) if (bare := _bare(word))}
                told = {part: True for part in parts if _bare(part) in true}
                if len(told) == len(true):
                    told = {part: part in told for part in parts}
                else:
                    # One of the words is new. It may mean any part that is not named, so those
                    # become unknown.
                    log_new(self.name)
            case Mapping():
                told = dict(raw)
            case _:
                raise Unrecognised(raw)
        return [
            decode(signal, told[part]) if part in told else None
            for signal, part in zip(self.signals, parts, strict=True)
        ]


_DIGITS: Final = 9
"""Maximum digits of an enumeration's number, which has 32 bits."""
_WORDS_REMEMBERED: Final = 64
"""Maximum words to cache for each field. No enumeration is half as long, but text can be
anything."""
_PARTS: Final = 20
"""Maximum words to read in a text that lists parts; no vehicle has as many parts."""


def _first(signal: Signal[Any], forms: Forms) -> object:
    """The value of the first form that the signal's parser knows; None if it knows none."""
    for form in forms:
        if form != NOT_AVAILABLE:
            try:
                return signal.parse(form)
            except Implausible:
                log_implausible(signal, form)
                return None
            except UNREADABLE:
                continue
    # No parser knew it: `decode` logs that, once for each signal.
    return decode(signal, forms[-1]) if forms else None


def _bare(name: str) -> str:
    """Normalise the name of a part: `front_left` and `FrontLeft` are equal."""
    return name.strip().replace("_", "").lower()


# --- The table of fields -------------------------------------------------------------------------

_LOG_LIMIT: Final = 1000
"""Maximum number of names to remember as logged, so that a hostile source cannot fill memory."""
_logged: set[str] = set()


def log_new(name: str) -> None:
    """Log, once for each field, that this version does not understand a value."""
    _log_once(name, "Tesla sent a new kind of value of %s; it is shown as unknown")


def _log_once(name: str, text: str) -> None:
    if name not in _logged and len(_logged) < _LOG_LIMIT:
        _logged.add(name)
        _LOGGER.warning(text, name)


_NUMBERS: Final = wire.Field.DESCRIPTOR.values_by_number
_NAMES: Final = wire.Field.DESCRIPTOR.values_by_name


class Fields(dict[int, Field]):
    """The fields by number, each created on first use.

    Args:
        right_hand_drive: Whether the driver sits on the right, so that `CROSSED` applies.
        unsound: Whether the firmware is older than `firmware.FIRST_SOUND`, so that two doors are
            swapped, and the version is counted but not read, as it may be the one on offer.
    """

    __slots__ = ("_right_hand_drive", "_unsound")

    def __init__(self, *, right_hand_drive: bool, unsound: bool) -> None:
        super().__init__()
        self._right_hand_drive = right_hand_drive
        self._unsound = unsound

    def __missing__(self, number: int) -> Field:
        """Create the field of this number; one that this version does not know has no signals."""
        value = _NUMBERS.get(number)
        if value is None:
            name = str(number)
            _log_once(name[:_NAME_LIMIT], "Tesla streams a new field, %s; it is counted, not shown")
            return Field(name, ())
        row = CROSSED.get(value.name, value.name) if self._right_hand_drive else value.name
        rows = SIGNALS_BY_FIELD.get(row, ())
        if self._unsound:
            rows = () if row == "Version" else rows
            field = Field(value.name, rows, CROSSED_DOORS)
        else:
            field = Field(value.name, rows)
        self[number] = field
        return field

    def named(self, name: str) -> Field:
        """The field of this name, which may also be a number as text."""
        if value := _NAMES.get(name):
            return self[value.number]
        if name.isascii() and name.isdigit() and len(name) <= _DIGITS:
            # The server behind the broker is older than this version, which may know the name.
            return self[int(name)]
        _log_once(name[:_NAME_LIMIT], "Tesla streams a new field, %s; it is counted, not shown")
        return Field(name, ())


_NAME_LIMIT: Final = 60
"""Maximum characters of an unknown name to log and remember."""

FIELDS: Final = tuple(
    Fields(right_hand_drive=right, unsound=unsound)
    for unsound in (False, True)
    for right in (False, True)
)
"""The fields for the driver on the left and on the right, first for sound, then for unsound
firmware; see `fields_of`."""


def fields_of(*, right_hand_drive: bool, unsound_firmware: bool) -> Fields:
    """The fields for a vehicle's firmware and driver's side."""
    return FIELDS[right_hand_drive + 2 * unsound_firmware]
