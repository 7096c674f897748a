"""Fields of the stream: the signals that a value is for, and the forms it comes in.

One field is one name in a car's configuration (`VehicleSpeed`). Doors and tyres carry one signal
for each part; any other value is for all signals of its field. Whatever brought a value, protobuf
or JSON, hands it over in one of these forms (`Raw`), and `Field.tell` makes readings of it:

    flag                    bool
    number                  int, float
    enumerated value        its name, with or without the prefix: `ShiftStateD`, `D`
    text                    str; from old cars *everything* comes as text, see `Field.tell`
    position                (latitude, longitude), degrees
    doors, tyres            {part: bool}; a part that is missing is unknown
    time of day             `HH:MM:SS`
    a form of tomorrow      `NOT_UNDERSTOOD`

Source: teslamotors/fleet-telemetry, protos of 2026-07-15; Tesla's list of fields (2026-08);
messages captured from cars.
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
"""A value in a form that this version does not know; the reading becomes unknown."""

type Raw = str | bool | int | float | tuple[float, float] | Mapping[str, bool] | Mystery
type NewReadings = dict[Signal[Any], Reading[Any]]

UNREADABLE: Final = (Unrecognised, TypeError, ValueError, AttributeError, OverflowError)
"""Errors that the parsers of the signal table raise for unknown values."""

INVALID_TEXT: Final = "<invalid>"
"""How old cars spell that there is no value."""
NOT_AVAILABLE: Final = "SNA"
"""Signal not available: how cars spell that there is no value, also in polled texts."""
_NO_WORDS: Final = frozenset({"", "Unknown", "Invalid", NOT_AVAILABLE})
"""Words that say that nothing is known: they are not new, so they are not logged."""
_FLAGS: Final = {"true": True, "false": False}


class Kind(Enum):
    """How the text of old cars has to be read."""

    PLAIN = auto()
    """A number or a flag."""
    TEXT = auto()
    """Text is what it is."""
    ENUMERATED = auto()
    INSTANT = auto()
    """Unix seconds, see `true_instant`."""
    POSITION = auto()
    TIME_OF_DAY = auto()
    PARTS = auto()
    """Flags, one for each part of the car."""


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
"""Fields, and Tesla's name of their enum."""
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
    **dict.fromkeys(_TEXTS, Kind.TEXT),
    **dict.fromkeys(_ENUMERATED, Kind.ENUMERATED),
    **dict.fromkeys(_INSTANTS, Kind.INSTANT),
    "DestinationLocation": Kind.POSITION,
    "DoorState": Kind.PARTS,
    "Location": Kind.POSITION,
    "OriginLocation": Kind.POSITION,
    "RouteLastUpdated": Kind.TIME_OF_DAY,
    "TpmsHardWarnings": Kind.PARTS,
    "TpmsSoftWarnings": Kind.PARTS,
}
"""Every field that is more than a number or a flag."""

CROSSED: Final = {
    "HvacLeftTemperatureRequest": "HvacRightTemperatureRequest",
    "HvacRightTemperatureRequest": "HvacLeftTemperatureRequest",
}
"""Fields that name a side of the car, and whose signals name the driver's side and the other."""

CROSSED_DOORS: Final = {"DriverRear": "PassengerFront", "PassengerFront": "DriverRear"}
"""Doors that cars before `firmware.FIRST_SOUND` take for each other."""

# --- Enumerated values ---------------------------------------------------------------------------


def _short_names() -> dict[str, dict[int, str]]:
    """By the name of an enum: number to name without prefix; 0 is the prefix and `Unknown`."""
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
"""By enum: number to name without its prefix (`DetailedChargeStateCharging` is `Charging`)."""
_WORD_OF_NAME: Final = {
    value.name: WORDS[enum.name][value.number]
    for enum in wire.DESCRIPTOR.enum_types_by_name.values()
    if enum.name in WORDS
    for value in enum.values
}
"""Full name to the one without prefix; full names are unique among all enums."""
_WORDS_LIKE_NUMBERS: Final = frozenset(
    word for words in WORDS.values() for word in words.values() if word.isdecimal()
)

# --- Values that need more than their row --------------------------------------------------------

_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
)
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,18}")
_POSITION: Final = re.compile(
    r"\(\s*([0-9]{1,3}(?:\.[0-9]{0,20})?) ([NS]),\s*([0-9]{1,3}(?:\.[0-9]{0,20})?) ([EW])\s*\)"
)
_TIME_OF_DAY: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]")
_PACIFIC: Final = ZoneInfo("America/Los_Angeles")


def number_in(text: str) -> int | float | None:
    """The number that a text is, also `1.2345e-05`; None if it is none, or not a finite one."""
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        value = float(text)
        return value if isfinite(value) else None
    return None


def position_in(text: str) -> tuple[float, float] | None:
    """`(37.412374 N, 122.145867 W)` as degrees north and east."""
    match = _POSITION.fullmatch(text)
    if match is None:
        return None
    latitude, north_south, longitude, east_west = match.groups()
    return (
        -float(latitude) if north_south == "S" else float(latitude),
        -float(longitude) if east_west == "W" else float(longitude),
    )


def true_instant(told: float, zone: tzinfo) -> int | float | None:
    """The Unix seconds that a car means by the ones that it tells.

    Cars take their own wall clock for that of America/Los_Angeles when they count the seconds of a
    planned or past time. So the number, read as a wall clock there, is the wall clock in the car's
    zone. Where that clock time comes twice (the end of summer time), the first is taken, unless the
    clock in Los Angeles is between the same two; where it is skipped, what a clock that was not put
    forward would show.

    Args:
        told: Unix seconds as the car tells them.
        zone: Of the car.

    Returns:
        Unix seconds; None for a time that is no time.

    Source: Tesla's list of fields (2026-08); one capture agrees.
    """
    if not 0 < told < YEAR_2100:
        return None
    true = datetime.fromtimestamp(told, _PACIFIC).replace(tzinfo=zone).timestamp()
    return round(true) if isinstance(told, int) else true


# --- Forms ---------------------------------------------------------------------------------------
#
# By kind of field: what a value may stand for, in the order in which a row is asked; nothing if it
# is certain that nothing is known. All raise Unrecognised for what they do not know.

type Forms = tuple[Raw, ...]


def _number_forms(number: float) -> Forms:
    """A number, unless it is infinite or none."""
    try:
        return (number,) if isfinite(number) else ()
    except OverflowError:
        return ()


def _plain_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """A number or a flag, as itself or as text; also a word, where the row knows it."""
    match raw:
        case int() | float():
            return _number_forms(raw)
        case str() if raw in _NO_WORDS:
            return ()
        case str():
            meant = number_in(raw)
            if meant is None:
                meant = _FLAGS.get(raw.lower())
            return (raw,) if meant is None else (meant, raw)
    raise Unrecognised(raw)


def _text_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """A text as it is; as a number only if the row wants one."""
    match raw:
        case str():
            meant = number_in(raw)
            return (raw,) if meant is None else (raw, meant)
        case int() | float():
            return _number_forms(raw)
    raise Unrecognised(raw)


def _enumerated_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """A word without its prefix. Not a number: a parser of words may take any number for "on".

    The text of a number, as servers write what is newer than they are, was looked up before.
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
            if number_in(word) is None or word in _WORDS_LIKE_NUMBERS:
                return (word,)
    raise Unrecognised(raw)


def _instant_forms(raw: Raw, zone: tzinfo) -> Forms:
    """Unix seconds, as `true_instant` has them; the date text of old cars has no known zone."""
    match raw:
        case bool():
            raise Unrecognised(raw)
        case str():
            told = number_in(raw)
        case int() | float():
            told = raw
        case _:
            raise Unrecognised(raw)
    instant = None if told is None else true_instant(told, zone)
    return () if instant is None else (instant,)


def _position_forms(raw: Raw, _zone: tzinfo) -> Forms:
    """Degrees north and east."""
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
    """`HH:MM:SS`."""
    if not isinstance(raw, str):
        raise Unrecognised(raw)
    return (raw,) if _TIME_OF_DAY.fullmatch(raw) else ()


_FORMS: Final[Mapping[Kind, Callable[[Raw, tzinfo], Forms]]] = {
    Kind.PLAIN: _plain_forms,
    Kind.TEXT: _text_forms,
    Kind.ENUMERATED: _enumerated_forms,
    Kind.INSTANT: _instant_forms,
    Kind.POSITION: _position_forms,
    Kind.TIME_OF_DAY: _time_of_day_forms,
}

# --- Fields --------------------------------------------------------------------------------------


class Field:
    """One field of the stream.

    Args:
        name: Tesla's; the number as text if this version has no name for it.
        signals: Its rows of the signal table.
        crossed: Parts that stand for another part.

    Attributes:
        plain: The only row, if its parser takes numbers and flags just as they come; else None.
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
        self._kind = KINDS.get(name, Kind.PLAIN)
        self._numbered: Mapping[int, str] = WORDS.get(_ENUMERATED.get(name, ""), {})
        self._words: dict[str, Iterable[object]] = {}
        is_plain = len(signals) == 1 and self._kind in (Kind.PLAIN, Kind.TEXT)
        self.plain = signals[0] if is_plain else None

    @override
    def __repr__(self) -> str:
        return f"<Field {self.name}>"

    def tell(self, raw: Raw, time: datetime, zone: tzinfo, readings: NewReadings) -> None:
        """Put a value into `readings`; an unreadable one becomes unknown.

        Text stands for whatever the field is: `71.25`, `1.2345e-05`, `true`, `D`, `PartiallyOpen`,
        `DriverFront|TrunkRear` (the doors that are open), `(48.1 N, 11.5 E)`. The date text of old
        cars in the fields of `Kind.INSTANT` (`Thu Feb 6 00:15:00 2025`) names no time zone, and
        its zone is not documented, so it is unknown.

        Args:
            raw: The value, in one of the forms that the module's docstring names.
            time: When it was true, aware, UTC.
            zone: The car's time zone.
            readings: Where the readings go.
        """
        if not self.signals:
            return
        if isinstance(raw, str):
            raw = raw.strip()
        try:
            values = self._flags(raw) if self._kind is Kind.PARTS else self._values(raw, zone)
        except Unrecognised:
            log_new(self.name)
            values = itertools.repeat(None)
        for signal, value in zip(self.signals, values, strict=False):
            readings[signal] = Reading(value, time, Source.STREAM)

    def retract(self, readings: NewReadings) -> None:
        """Take back what the same record told before."""
        for signal in self.signals:
            readings.pop(signal, None)

    def _values(self, raw: Raw, zone: tzinfo) -> Iterable[object]:
        """Value of the rows; None if it is unknown."""
        if self._kind is not Kind.ENUMERATED or not isinstance(raw, str):
            forms = _FORMS[self._kind](raw, zone)
            return [_first(signal, forms) for signal in self.signals]
        # There are few words, and what a word means does not change.
        values = self._words.get(raw)
        if values is None:
            forms = _FORMS[self._kind](self._word(raw), zone)
            values = [_first(signal, forms) for signal in self.signals]
            if len(self._words) < _WORDS_REMEMBERED:
                self._words[raw] = values
        return values

    def _word(self, raw: str) -> str:
        """The word that the text of an enumeration's number stands for; else the text itself."""
        is_number = raw.isascii() and raw.isdecimal() and len(raw) <= _DIGITS
        return self._numbered.get(int(raw), raw) if is_number else raw

    def _flags(self, raw: Raw) -> Iterable[object]:
        """For each row whether its part is open, low, or whatever the field says."""
        parts = self._parts
        match raw:
            case str():
                true = {bare for word in raw.split("|", _PARTS) if (bare := _bare(word))}
                told = {part: True for part in parts if _bare(part) in true}
                if len(told) == len(true):
                    told = {part: part in told for part in parts}
                else:
                    # One of the words is new: it may stand for any part that is not named.
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
"""Of a number at most; it has 32 bits."""
_WORDS_REMEMBERED: Final = 64
"""Of each field; no enumeration is half as long, but text can be anything."""
_PARTS: Final = 20
"""Words of a text that names parts; no car has as many."""


def _first(signal: Signal[Any], forms: Forms) -> object:
    """The value of the first form that the row knows; unknown if it knows none, logged once."""
    for form in forms:
        if form != NOT_AVAILABLE:
            try:
                return signal.parse(form)
            except Implausible:
                log_implausible(signal, form)
                return None
            except UNREADABLE:
                continue
    # Says so in the log, once.
    return decode(signal, forms[-1]) if forms else None


def _bare(name: str) -> str:
    """`front_left` and `FrontLeft` are the same part."""
    return name.strip().replace("_", "").lower()


# --- The table of fields -------------------------------------------------------------------------

_LOG_LIMIT: Final = 1000
"""Different names that are remembered, so that a hostile source cannot fill memory."""
_logged: set[str] = set()


def log_new(name: str) -> None:
    """Say, once for each field, that a value of it is not understood."""
    _log_once(name, "Tesla tells something new about %s; it is unknown here")


def _log_once(name: str, text: str) -> None:
    if name not in _logged and len(_logged) < _LOG_LIMIT:
        _logged.add(name)
        _LOGGER.warning(text, name)


_NUMBERS: Final = wire.Field.DESCRIPTOR.values_by_number
_NAMES: Final = wire.Field.DESCRIPTOR.values_by_name


class Fields(dict[int, Field]):
    """The fields by their number, made when they are first asked for.

    Args:
        right_hand_drive: Whether the driver sits on the right, so that `CROSSED` applies.
        unsound: Whether the firmware is older than `firmware.FIRST_SOUND`: two doors are crossed,
            and the version, which may be the one on offer, is only counted.
    """

    __slots__ = ("_right_hand_drive", "_unsound")

    def __init__(self, *, right_hand_drive: bool, unsound: bool) -> None:
        super().__init__()
        self._right_hand_drive = right_hand_drive
        self._unsound = unsound

    def __missing__(self, number: int) -> Field:
        """The field of this number; one that Tesla invented since then has a name and no rows."""
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
        """The field of this name, or of the number that stands there instead of a name."""
        if value := _NAMES.get(name):
            return self[value.number]
        if name.isascii() and name.isdigit() and len(name) <= _DIGITS:
            # The broker's server may be older than this version.
            return self[int(name)]
        _log_once(name[:_NAME_LIMIT], "Tesla streams a new field, %s; it is counted, not shown")
        return Field(name, ())


_NAME_LIMIT: Final = 60
"""Characters of an unknown name that are logged and remembered."""

FIELDS: Final = tuple(
    Fields(right_hand_drive=right, unsound=unsound)
    for unsound in (False, True)
    for right in (False, True)
)
"""By whether the driver sits on the right; then the same for unsound firmware, see `fields_of`."""


def fields_of(*, right_hand_drive: bool, unsound_firmware: bool) -> Fields:
    """The fields as a vehicle means them."""
    return FIELDS[right_hand_drive + 2 * unsound_firmware]
