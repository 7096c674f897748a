"""Records: every form in which a car sends a value, and every possible defect."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from google.protobuf.message import Message
from hypothesis import given
from hypothesis import strategies as st
from tesla_protocol.telemetry import vehicle_alert_pb2 as alerts_wire
from tesla_protocol.telemetry import vehicle_data_pb2 as wire
from tesla_protocol.telemetry import vehicle_error_pb2 as errors_wire

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Signal, Source, State
from custom_components.flotte.tesla.telemetry import fields as fields_module
from custom_components.flotte.tesla.telemetry.envelope import read_envelope
from custom_components.flotte.tesla.telemetry.fields import (
    FIELDS,
    KINDS,
    Field,
    TextFormat,
    number_in_text,
    position_in,
    true_instant,
)
from custom_components.flotte.tesla.telemetry.records import (
    LIMIT,
    Alert,
    MalformedRecord,
    Record,
    ReportedError,
    read_alerts,
    read_errors,
    read_record,
)
from tests.tesla.telemetry.encoder import VECTORS, vector

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOLD = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
PACIFIC = ZoneInfo("America/Los_Angeles")

ARMS = wire.Value.DESCRIPTOR.fields_by_name
ENUM_ARMS = [name for name, arm in ARMS.items() if arm.enum_type is not None]


@pytest.fixture(autouse=True)
def _nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields_module, "_logged", set())
    monkeypatch.setattr(signals.polled, "_logged", set())


def datum(field: str | int, **value: Any) -> wire.Datum:
    number = wire.Field.Value(field) if isinstance(field, str) else field
    return wire.Datum(key=number, value=wire.Value(**value))  # type: ignore[arg-type]  # open enum


def payload(*data: wire.Datum, at: datetime | None = TOLD, **more: Any) -> bytes:
    message = wire.Payload(data=data, **more)
    if at is not None:
        message.created_at.FromDatetime(at)
    return message.SerializeToString()


def read(
    *data: wire.Datum, zone: tzinfo = BERLIN, right_hand_drive: bool = False, **more: Any
) -> Record:
    return read_record(payload(*data, **more), NOW, zone=zone, right_hand_drive=right_hand_drive)


def values(record: Record) -> dict[str, Any]:
    return {signal.name: reading.value for signal, reading in record.readings.items()}


def value_of(signal: Signal[Any], **value: Any) -> Any:
    """The state of a signal after one value of its field."""
    return read(datum(signal.name.partition(".")[0], **value)).readings[signal].value


# --- Literal messages ----------------------------------------------------------------------------


def test_a_message_after_waking_up() -> None:
    given_vector = vector("V_20_typed")
    record = read_record(bytes.fromhex(given_vector["payload_hex"]), NOW, zone=BERLIN)
    told = given_vector["payload_decoded"]["data"]
    assert record.fields == tuple(each["key"] for each in told)
    assert record.time == datetime(2026, 11, 22, 9, 30, 0, 468_248, tzinfo=UTC)
    assert record.invalid == {"DestinationName"}
    assert record.is_resend is False
    assert {reading.time for reading in record.readings.values()} == {record.time}
    assert {reading.source for reading in record.readings.values()} == {Source.STREAM}
    shown = {signal: reading.value for signal, reading in record.readings.items()}
    assert signals.ROUTE_DESTINATION not in shown
    expected: dict[Signal[Any], Any] = {
        signals.SPEED: 43.0 * 1.609344,
        signals.LOCATION: (48.137154, 11.576124),
        signals.HEADING: 271.5,
        signals.SHIFT_STATE: "d",
        signals.USABLE_BATTERY_LEVEL: 71.26436781609195,
        signals.BATTERY_LEVEL: 72.41379310344827,
        signals.ESTIMATED_RANGE: 182.3315 * 1.609344,
        signals.IDEAL_RANGE: 213.774 * 1.609344,
        signals.ODOMETER: 12345.678901234 * 1.609344,
        signals.INSIDE_TEMPERATURE: 21.1,
        signals.OUTSIDE_TEMPERATURE: 7.5,
        signals.CHARGING_STATE: "disconnected",
        signals.CHARGE_LIMIT: 80,
        signals.LOCKED: False,
        signals.DOOR_DRIVER_FRONT: False,
        signals.DOOR_DRIVER_REAR: False,
        signals.DOOR_PASSENGER_FRONT: False,
        signals.DOOR_PASSENGER_REAR: False,
        signals.FRUNK: False,
        signals.TRUNK: False,
        signals.CLIMATE_ON: True,
    }
    assert {signal: shown[signal] for signal in expected} == expected


def test_the_usual_message_while_parked() -> None:
    record = read_record(bytes.fromhex(vector("V_one_double")["payload_hex"]), NOW, zone=BERLIN)
    assert record.fields == ("ACChargingPower",)
    assert values(record) == {"ACChargingPower": 0.20000000298023224}
    assert record.time == datetime(2026, 11, 22, 9, 30, 1, 968_042, tzinfo=UTC)


def test_a_message_of_an_old_car() -> None:
    """All text; the date names no zone, so it is unknown."""
    given_vector = vector("V_strings_legacy")
    record = read_record(bytes.fromhex(given_vector["payload_hex"]), NOW, zone=BERLIN)
    assert record.fields == tuple(e["key"] for e in given_vector["payload_decoded"]["data"])
    assert record.invalid == frozenset()
    shown = values(record)
    assert shown.pop("BrakePedalPos", 1.2345e-05) == 1.2345e-05
    assert shown.pop("ScheduledChargingStartTime", None) is None
    assert shown == {
        "Soc": 18.155283129013426,
        "Gear": "d",
        "DoorState.DriverFront": True,
        "DoorState.DriverRear": False,
        "DoorState.PassengerFront": True,
        "DoorState.PassengerRear": False,
        "DoorState.TrunkFront": False,
        "DoorState.TrunkRear": False,
        "FdWindow": True,
        "Location": (37.412374, -122.145867),
        "Locked": True,
    }


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        # 33 % are downloaded, and 3 % "installed".
        (
            "0a0708d801120210210a0f08dc01120a0a08323032352e322e360a0708da011202100312060898ec8ad806",
            "downloading",
        ),
        # All is downloaded, and 10 % "installed".
        (
            "0a0f08dc01120a0a08323032352e322e360a0708d801120210640a0708da011202100a12060898ec8ad806",
            "available",
        ),
    ],
)
def test_the_stage_of_an_update(told: str, stage: str) -> None:
    record = read_record(bytes.fromhex(told), NOW, zone=BERLIN)
    assert State(record.readings)[signals.UPDATE_STAGE] == stage


def test_a_resend() -> None:
    record = read_record(bytes.fromhex(vector("V_resend")["payload_hex"]), NOW, zone=BERLIN)
    assert record.is_resend is True
    assert record.time == datetime(2026, 11, 22, 9, 30, 30, tzinfo=UTC)
    assert values(record) == {"Soc": 70.5, "Locked": True}


def test_values_that_are_zero() -> None:
    """Zero is a value: which kind it is of is on the wire."""
    given_vector = vector("V_zero_values")
    record = read_record(bytes.fromhex(given_vector["payload_hex"]), NOW, zone=BERLIN)
    assert record.fields == tuple(e["key"] for e in given_vector["payload_decoded"]["data"])
    shown = {signal: reading.value for signal, reading in record.readings.items()}
    assert shown[signals.DEFROST] is None
    assert shown[signals.USABLE_BATTERY_LEVEL] == 0.0
    assert shown[signals.CHARGE_LIMIT] == 0
    assert shown[signals.VEHICLE_NAME] is None
    assert shown[signals.LOW_TYRE_FRONT_LEFT] is False
    assert shown[signals.LOW_TYRE_REAR_RIGHT] is False


def test_errors() -> None:
    told = read_errors(bytes.fromhex(vector("errors_one")["payload_hex"]), NOW)
    assert told == (
        ReportedError(
            "cloud_manager_error",
            "websocket: close 1006",
            {"host": "telemetry.example.com"},
            datetime(2026, 11, 22, 9, 29, 55, tzinfo=UTC),
        ),
    )
    assert read_errors(bytes.fromhex(vector("errors_empty")["payload_hex"]), NOW) == ()


# --- Every kind of value -------------------------------------------------------------------------


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """The input of a row's parser for a value of any kind."""

    def tell(kind: TextFormat = TextFormat.PLAIN, **value: Any) -> Any:
        signal = Signal("Odometer", lambda raw: raw)
        monkeypatch.setitem(KINDS, "Odometer", kind)
        number = wire.Field.Value("Odometer")
        monkeypatch.setitem(FIELDS[False], number, Field("Odometer", (signal,)))
        return read(datum("Odometer", **value)).readings[signal].value

    return tell


def as_sent(arm: str) -> dict[str, Any]:
    """A value of each kind, and the parser's expected input."""
    simple: dict[str, tuple[Any, Any]] = {
        "string_value": ("hello", "hello"),
        "int_value": (-80, -80),
        "long_value": (1 << 60, 1 << 60),
        "float_value": (0.5, 0.5),
        "double_value": (-45.6, -45.6),
        "boolean_value": (True, True),
        "location_value": (wire.LocationValue(latitude=-1.5, longitude=2.5), (-1.5, 2.5)),
        "time_value": (wire.Time(hour=7, minute=5, second=9), "07:05:09"),
    }
    sent, expected = simple.get(arm, (None, None))
    return {"sent": sent, "expected": expected}


@pytest.mark.parametrize(
    ("arm", "kind"),
    [
        ("string_value", TextFormat.TEXT),
        ("int_value", TextFormat.PLAIN),
        ("long_value", TextFormat.PLAIN),
        ("float_value", TextFormat.PLAIN),
        ("double_value", TextFormat.PLAIN),
        ("boolean_value", TextFormat.PLAIN),
        ("location_value", TextFormat.POSITION),
        ("time_value", TextFormat.TIME_OF_DAY),
    ],
)
def test_a_value_of_each_kind(told: Callable[..., Any], arm: str, kind: TextFormat) -> None:
    case = as_sent(arm)
    value = told(kind, **{arm: case["sent"]})
    assert value == case["expected"]
    assert type(value) is type(case["expected"])


@pytest.mark.parametrize("arm", ENUM_ARMS)
def test_every_enumerated_value(told: Callable[..., Any], arm: str) -> None:
    """The word without the prefix that all of its enum share; 0 is always Unknown."""
    values_of_enum = ARMS[arm].enum_type.values_by_number  # type: ignore[union-attr]  # chosen so
    prefix = values_of_enum[0].name.removesuffix("Unknown")
    assert prefix != values_of_enum[0].name
    for number, value in values_of_enum.items():
        word = value.name.removeprefix(prefix)
        assert word != value.name
        expected = None if word in ("Unknown", "Invalid", "SNA") else word
        assert told(TextFormat.ENUMERATED, **{arm: number}) == expected


@pytest.mark.parametrize("arm", ENUM_ARMS)
def test_a_number_that_no_enum_has(
    told: Callable[..., Any], arm: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert told(TextFormat.ENUMERATED, **{arm: 99}) is None
    assert told(TextFormat.ENUMERATED, **{arm: -1}) is None
    assert len(caplog.records) == 1


def test_every_kind_of_value_is_covered() -> None:
    """So that a kind of a newer version of the messages is not forgotten."""
    simple = [arm for arm in ARMS if as_sent(arm)["sent"] is not None]
    rest = {"invalid", "door_value", "tire_location_value"}
    assert {*simple, *ENUM_ARMS, *rest} == set(ARMS)


@pytest.mark.parametrize(
    ("arm", "number", "word"),
    [
        ("shift_state_value", 2, "P"),
        ("detailed_charge_state_value", 4, "Charging"),
        ("cable_type_value", 3, "GB_AC"),
        ("follow_distance_value", 3, "3"),
        ("charge_unit_preference_value", 2, "Percent"),
        ("bms_state_value", 4, "Charge"),
        ("car_type_value", 3, "Model3"),
        ("charging_value", 4, "Charging"),
        ("guest_mode_mobile_access_value", 18, "SucceededPairedNewBLEKey"),
    ],
)
def test_words(told: Callable[..., Any], arm: str, number: int, word: str) -> None:
    assert told(TextFormat.ENUMERATED, **{arm: number}) == word


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number(number: float, caplog: pytest.LogCaptureFixture) -> None:
    assert value_of(signals.USABLE_BATTERY_LEVEL, double_value=number) is None
    assert value_of(signals.SPEED, float_value=number) is None
    assert not caplog.records


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [(90.1, 0), (-91, 0), (0, 180.5), (0, -181), (float("nan"), 0), (0, float("inf"))],
)
def test_no_place_on_earth(latitude: float, longitude: float) -> None:
    place = wire.LocationValue(latitude=latitude, longitude=longitude)
    assert value_of(signals.LOCATION, location_value=place) is None


@pytest.mark.parametrize(
    "time", [(24, 0, 0), (0, 60, 0), (0, 0, 60), (-1, 0, 0), (2**31 - 1, 0, 0)]
)
def test_no_time_of_day(told: Callable[..., Any], time: tuple[int, int, int]) -> None:
    hour, minute, second = time
    sent = wire.Time(hour=hour, minute=minute, second=second)
    assert told(TextFormat.TIME_OF_DAY, time_value=sent) is None


DOORS = {
    "DriverFront": signals.DOOR_DRIVER_FRONT,
    "DriverRear": signals.DOOR_DRIVER_REAR,
    "PassengerFront": signals.DOOR_PASSENGER_FRONT,
    "PassengerRear": signals.DOOR_PASSENGER_REAR,
    "TrunkFront": signals.FRUNK,
    "TrunkRear": signals.TRUNK,
}


@pytest.mark.parametrize("part", DOORS)
def test_each_door(part: str) -> None:
    expected = {f"DoorState.{each}": each == part for each in DOORS}
    assert values(read(datum("DoorState", door_value=wire.Doors(**{part: True})))) == expected
    assert values(read(datum("DoorState", string_value=part))) == expected


@pytest.mark.parametrize("field", ["TpmsSoftWarnings", "TpmsHardWarnings"])
@pytest.mark.parametrize(
    ("wheel", "part"),
    [
        ("front_left", "FrontLeft"),
        ("front_right", "FrontRight"),
        ("rear_left", "RearLeft"),
        ("rear_right", "RearRight"),
    ],
)
def test_each_tyre(field: str, wheel: str, part: str) -> None:
    shown = values(read(datum(field, tire_location_value=wire.TireLocation(**{wheel: True}))))
    assert [name for name, flag in shown.items() if flag] == [f"{field}.{part}"]
    assert None not in shown.values()
    assert values(read(datum(field, string_value=wheel))) == shown


def test_doors_as_text() -> None:
    both = values(read(datum("DoorState", string_value="DriverFront|TrunkRear")))
    assert [name for name, is_open in both.items() if is_open] == [
        "DoorState.DriverFront",
        "DoorState.TrunkRear",
    ]
    none = values(read(datum("DoorState", string_value="")))
    assert set(none.values()) == {False}


def test_a_new_door_makes_the_others_unknown(caplog: pytest.LogCaptureFixture) -> None:
    """It may be a new name of any of them: without a report, none counts as closed."""
    shown = values(read(datum("DoorState", string_value="DriverFront|Hatch")))
    assert shown.pop("DoorState.DriverFront") is True
    assert set(shown.values()) == {None}
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


@pytest.mark.parametrize("value", [{"double_value": 1.0}, {"boolean_value": True}])
def test_doors_of_another_kind_are_unknown(value: dict[str, Any]) -> None:
    assert set(values(read(datum("DoorState", **value))).values()) == {None}


def test_doors_in_a_field_without_parts_are_unknown() -> None:
    assert value_of(signals.LOCKED, door_value=wire.Doors()) is None
    assert value_of(signals.USABLE_BATTERY_LEVEL, tire_location_value=wire.TireLocation()) is None


def test_one_value_for_several_signals() -> None:
    """A word is for all rows of its field."""
    field = next(
        name
        for name, rows in signals.SIGNALS_BY_FIELD.items()
        if len(rows) > 1 and KINDS.get(name) is TextFormat.ENUMERATED
    )
    assert field == "HvacPower"
    shown = values(read(datum(field, hvac_power_value=wire.HvacPowerStatePrecondition)))
    assert shown["HvacPower"] is True
    assert shown["HvacPower.Precondition"] is True
    assert shown["HvacPower.OverheatProtect"] is False


def test_one_number_for_several_signals() -> None:
    rows = signals.SIGNALS_BY_FIELD["HvacSteeringWheelHeatLevel"]
    assert len(rows) > 1
    record = read(datum("HvacSteeringWheelHeatLevel", int_value=2))
    assert set(record.readings) == set(rows)
    assert None not in values(record).values()


# --- Text of old cars has the meaning of typed values
# ----------------------------------------------

TEXTS: list[tuple[Signal[Any], str, dict[str, Any]]] = [
    (signals.USABLE_BATTERY_LEVEL, "71.25", {"double_value": 71.25}),
    (signals.USABLE_BATTERY_LEVEL, "71", {"int_value": 71}),
    (signals.USABLE_BATTERY_LEVEL, " 71.25 ", {"double_value": 71.25}),
    (signals.ODOMETER, "1.2345e+04", {"double_value": 12345.0}),
    (signals.ODOMETER, "12E3", {"double_value": 12000.0}),
    (signals.OUTSIDE_TEMPERATURE, "-7.5", {"double_value": -7.5}),
    (signals.OUTSIDE_TEMPERATURE, "1.2345e-05", {"double_value": 1.2345e-05}),
    (signals.CHARGE_LIMIT, "80", {"int_value": 80}),
    (signals.LOCKED, "true", {"boolean_value": True}),
    (signals.LOCKED, "false", {"boolean_value": False}),
    (signals.SHIFT_STATE, "D", {"shift_state_value": wire.ShiftStateD}),
    (signals.SHIFT_STATE, "ShiftStateD", {"shift_state_value": wire.ShiftStateD}),
    (signals.SHIFT_STATE, "SNA", {"shift_state_value": wire.ShiftStateSNA}),
    (signals.SHIFT_STATE, "Invalid", {"shift_state_value": wire.ShiftStateInvalid}),
    (signals.SHIFT_STATE, "", {"shift_state_value": wire.ShiftStateUnknown}),
    (signals.WINDOW_DRIVER_FRONT, "Closed", {"window_state_value": wire.WindowStateClosed}),
    (signals.WINDOW_DRIVER_FRONT, "Opened", {"window_state_value": wire.WindowStateOpened}),
    (
        signals.WINDOW_DRIVER_FRONT,
        "PartiallyOpen",
        {"window_state_value": wire.WindowStatePartiallyOpen},
    ),
    (signals.SENTRY_MODE, "Armed", {"sentry_mode_state_value": wire.SentryModeStateArmed}),
    (signals.SENTRY_MODE, "SentryModeStateOff", {"sentry_mode_state_value": 1}),
    (signals.SENTRY_MODE, "Off", {"sentry_mode_state_value": 1}),
    (signals.SENTRY_MODE, "9", {"sentry_mode_state_value": 9}),
    (
        signals.LOCATION,
        "(37.412374 N, 122.145867 W)",
        {"location_value": wire.LocationValue(latitude=37.412374, longitude=-122.145867)},
    ),
    (
        signals.LOCATION,
        "(33.5 S, 151.25 E)",
        {"location_value": wire.LocationValue(latitude=-33.5, longitude=151.25)},
    ),
    (
        signals.ROUTE_LOCATION,
        "(48.1 N, 11.5 E)",
        {"location_value": wire.LocationValue(latitude=48.1, longitude=11.5)},
    ),
]


@pytest.mark.parametrize(("signal", "text", "typed"), TEXTS, ids=[repr(e[:2]) for e in TEXTS])
def test_text_equals_typed_values(signal: Signal[Any], text: str, typed: dict[str, Any]) -> None:
    value = value_of(signal, string_value=text)
    assert value == value_of(signal, **typed)
    assert type(value) is type(value_of(signal, **typed))


def test_the_texts_that_must_be_known_are_known() -> None:
    """The test above would pass if both were unknown."""
    unknown = [text for signal, text, _ in TEXTS if value_of(signal, string_value=text) is None]
    assert unknown == ["SNA", "Invalid", "", "9"]


@pytest.mark.parametrize(
    "name", ["42", "1e3", "true", "Unknown", "Invalid", "ShiftStateP", "(1 N)"]
)
def test_a_text_is_unchanged(name: str) -> None:
    """A car may be called 42."""
    assert value_of(signals.VEHICLE_NAME, string_value=name) == name


@pytest.mark.parametrize(
    "text", ["new", "0x10", "1_000", "١٢", "nan", "inf", "1e999", "--1", "1,5"]
)
def test_text_that_is_no_number(text: str) -> None:
    assert value_of(signals.USABLE_BATTERY_LEVEL, string_value=text) is None


@pytest.mark.parametrize(
    "text", ["(91 N, 0 E)", "(0 N, 181 E)", "(1 N 2 E)", "(1 X, 2 E)", "1, 2", "(-1 N, 2 E)"]
)
def test_text_that_is_no_place(text: str) -> None:
    assert value_of(signals.LOCATION, string_value=text) is None


@pytest.mark.parametrize("signal", [signals.USABLE_BATTERY_LEVEL, signals.LOCKED, signals.LOCATION])
def test_an_empty_text_is_ignored(signal: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    assert value_of(signal, string_value="") is None
    assert not caplog.records


def test_the_numbers_of_enumerated_values_are_not_on() -> None:
    """A parser of words takes any number for "on": it must not get one."""
    assert value_of(signals.SENTRY_MODE, int_value=7) is None
    assert value_of(signals.CLIMATE_ON, string_value="99") is None
    assert value_of(signals.CLIMATE_ON, double_value=1.0) is None


@pytest.mark.parametrize("huge", ["9" * 5000, "1" * 400 + "." + "0" * 400, "1e" + "9" * 400])
def test_huge_texts(huge: str) -> None:
    assert number_in_text(huge) is None
    assert value_of(signals.USABLE_BATTERY_LEVEL, string_value=huge) is None


# --- Invalid, unknown, repeated ------------------------------------------------------------------


@pytest.mark.parametrize(
    "value", [{"invalid": True}, {"invalid": False}, {"string_value": "<invalid>"}]
)
def test_invalid_is_no_reading(value: dict[str, Any]) -> None:
    record = read(datum("Gear", **value), datum("Soc", double_value=5.0), datum("Locked", **value))
    assert values(record) == {"Soc": 5.0}
    assert record.invalid == {"Gear", "Locked"}
    assert record.fields == ("Gear", "Soc", "Locked")


def test_of_two_values_the_last_wins() -> None:
    five, six = datum("Soc", double_value=5.0), datum("Soc", double_value=6.0)
    invalid = datum("Soc", invalid=True)
    assert values(read(five, six)) == {"Soc": 6.0}
    assert values(read(six, five)) == {"Soc": 5.0}
    last_invalid = read(five, invalid)
    assert values(last_invalid) == {}
    assert last_invalid.invalid == {"Soc"}
    last_valid = read(invalid, five)
    assert values(last_valid) == {"Soc": 5.0}
    assert last_valid.invalid == frozenset()
    assert last_valid.fields == ("Soc", "Soc")
    doors = read(datum("DoorState", door_value=wire.Doors()), datum("DoorState", invalid=True))
    assert values(doors) == {}


@pytest.mark.parametrize("told", ["0a0308e301", "0a0508e3011200"])
def test_an_empty_value_is_ignored(told: str) -> None:
    """It is billed, and leaves the known value unchanged."""
    record = read_record(bytes.fromhex(told), NOW, zone=BERLIN)
    assert record.fields == ("WheelType",)
    assert (values(record), record.invalid) == ({}, frozenset())


def test_a_value_without_content_beside_another() -> None:
    empty = wire.Datum(key="Soc")
    assert values(read(datum("Soc", double_value=5.0), empty)) == {"Soc": 5.0}
    assert read(datum("Soc", invalid=True), empty).invalid == {"Soc"}


def test_a_value_of_a_kind_of_tomorrow_is_unknown() -> None:
    # Field 2 (value), 3 bytes: field 999, a number.
    newer = wire.Datum.FromString(b"\x08\x08\x12\x03\xb8\x3e\x05")
    record = read(newer)
    assert record.fields == ("Soc",)
    assert values(record) == {"Soc": None}
    assert record.invalid == frozenset()


def test_every_enumerated_field_names_its_enum() -> None:
    """One with words that its rows know."""
    for name, enum in fields_module._ENUMERATED.items():
        words = fields_module.WORDS[enum]
        told = FIELDS[False].named(name)
        known = 0
        for number, word in words.items():
            by_word: dict[Signal[Any], Any] = {}
            by_number: dict[Signal[Any], Any] = {}
            told.tell(word, NOW, BERLIN, by_word)
            told.tell(str(number), NOW, BERLIN, by_number)
            assert by_number == by_word, (name, word)
            known += any(reading.value is not None for reading in by_word.values())
        assert known > 1, name


def test_an_unknown_field_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    data = (datum(999, double_value=1.0), datum("Soc", double_value=5.0), datum(999, invalid=True))
    for _ in range(3):
        record = read(*data)
        assert record.fields == ("999", "Soc", "999")
        assert values(record) == {"Soc": 5.0}
        assert record.invalid == {"999"}
    assert ["999" in record.getMessage() for record in caplog.records] == [True]


def test_unknown_fields_cannot_fill_memory() -> None:
    before = len(FIELDS[False])
    for start in range(1000, 6000, 1000):
        read(*(datum(start + each, int_value=1) for each in range(1000)))
    assert len(FIELDS[False]) == before
    assert len(fields_module._logged) <= 1000


@pytest.mark.parametrize("field", ["Unknown", "Experimental_1", "Deprecated_2"])
def test_a_field_without_a_row_is_only_counted(
    field: str, caplog: pytest.LogCaptureFixture
) -> None:
    record = read(datum(field, double_value=1.0))
    assert record.fields == (field,)
    assert record.readings == {}
    assert not caplog.records


def test_a_new_value_is_logged_once_and_without_the_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(3):
        assert value_of(signals.CHARGING_STATE, string_value="Levitating") is None
        assert value_of(signals.LOCKED, string_value="perhaps") is None
    texts = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(texts) == 2
    assert not [text for text in texts if "Levitating" in text or "perhaps" in text]


def test_unknown_words_cannot_fill_memory() -> None:
    for number in range(500):
        read(datum("Gear", string_value=f"Word{number}x"))
    assert len(FIELDS[False][wire.Field.Value("Gear")]._words) <= 64


def test_a_flag_in_a_field_of_words(told: Callable[..., Any]) -> None:
    """DriverSeatBelt is a flag in Tesla's list and enumerated in its messages."""
    assert told(TextFormat.ENUMERATED, boolean_value=True) is True
    assert told(TextFormat.ENUMERATED, string_value="false") is False
    assert told(TextFormat.ENUMERATED, string_value="Latched") == "Latched"


def test_a_number_in_a_field_of_times_of_day(told: Callable[..., Any]) -> None:
    assert told(TextFormat.TIME_OF_DAY, int_value=5) is None


def test_a_field_shows_its_name() -> None:
    assert repr(FIELDS[False][wire.Field.Value("Soc")]) == "<Field Soc>"


def test_a_row_that_parses_numbers_from_text_gets_it(told: Callable[..., Any]) -> None:
    """RearSeatHeaters is text in the stream and a number in a polled answer."""
    assert told(TextFormat.TEXT, string_value="3") == "3"
    assert value_of(signals.VEHICLE_NAME, int_value=3) is None


def test_every_field_of_every_row_is_one_of_teslas() -> None:
    names = {value.name for value in wire.Field.DESCRIPTOR.values}
    assert set(signals.SIGNALS_BY_FIELD) <= names
    assert set(KINDS) <= names


def test_every_row_with_parts_is_read_by_parts() -> None:
    parts = {name for name, kind in KINDS.items() if kind is TextFormat.PARTS}
    assert parts == {"DoorState", "TpmsHardWarnings", "TpmsSoftWarnings"}
    for name in parts:
        assert all("." in row.name for row in signals.SIGNALS_BY_FIELD[name])


# --- Right-hand drive ----------------------------------------------------------------------------


def test_the_drivers_temperature_on_either_side() -> None:
    data = (
        datum("HvacLeftTemperatureRequest", double_value=19.0),
        datum("HvacRightTemperatureRequest", double_value=23.0),
    )
    left, right = read(*data), read(*data, right_hand_drive=True)
    assert left.fields == right.fields
    assert left.readings[signals.DRIVER_TEMPERATURE].value == 19.0
    assert left.readings[signals.PASSENGER_TEMPERATURE].value == 23.0
    assert right.readings[signals.DRIVER_TEMPERATURE].value == 23.0
    assert right.readings[signals.PASSENGER_TEMPERATURE].value == 19.0


def test_an_invalid_side_retracts_the_right_signal() -> None:
    record = read(
        datum("HvacLeftTemperatureRequest", double_value=19.0),
        datum("HvacRightTemperatureRequest", double_value=23.0),
        datum("HvacLeftTemperatureRequest", invalid=True),
        right_hand_drive=True,
    )
    assert record.invalid == {"HvacLeftTemperatureRequest"}
    assert set(record.readings) == {signals.DRIVER_TEMPERATURE}


# --- Times ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "nanos"),
    [
        (0, 0),
        (1, 0),
        (-1, 0),
        (1_672_531_199, 0),
        (int(NOW.timestamp()) + 1, 0),
        (4_102_444_800, 0),
        (315_576_000_000_000, 0),
        (2**63 - 1, 0),
        (-(2**63), 0),
        (int(TOLD.timestamp()), -1),
        (int(TOLD.timestamp()), 1_000_000_000),
        (int(TOLD.timestamp()), 2**31 - 1),
    ],
)
def test_a_clock_that_is_wrong_counts_as_now(seconds: int, nanos: int) -> None:
    message = wire.Payload(data=[datum("Soc", double_value=5.0)])
    message.created_at.seconds = seconds
    message.created_at.nanos = nanos
    record = read_record(message.SerializeToString(), NOW, zone=BERLIN)
    assert record.time == NOW
    assert record.readings[signals.USABLE_BATTERY_LEVEL].time == NOW


def test_no_clock_counts_as_now() -> None:
    assert read(datum("Soc", double_value=5.0), at=None).time == NOW


@pytest.mark.parametrize("told_at", [NOW, NOW - timedelta(microseconds=500_000), TOLD])
def test_a_clock_that_is_right(told_at: datetime) -> None:
    record = read(at=told_at)
    assert record.time == told_at
    assert record.time.tzinfo is UTC


def wall(zone: tzinfo, *when: int, fold: int = 0) -> float:
    """Unix seconds of a wall clock."""
    return datetime(*when, fold=fold, tzinfo=zone).timestamp()  # type: ignore[misc,arg-type]  # a date and a time


@pytest.mark.parametrize(
    "zone",
    [
        ZoneInfo(name)
        for name in ("Europe/Berlin", "Asia/Tokyo", "America/New_York", "Asia/Kolkata")
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "when",
    [(2026, 1, 15, 6, 30), (2026, 7, 15, 6, 30), (2026, 12, 31, 23, 59), (2026, 3, 20, 2, 30)],
)
def test_the_wall_clock_is_interpreted_as_pacific(zone: tzinfo, when: tuple[int, ...]) -> None:
    """Winter, summer, and between the changes of the clocks there and here."""
    assert true_instant(wall(PACIFIC, *when), zone) == wall(zone, *when)


def test_a_captured_pacific_time() -> None:
    """A car on Central European Time, a moment after 09:24:21 there."""
    true = true_instant(1_739_899_580, BERLIN)
    assert true is not None
    assert datetime.fromtimestamp(true, BERLIN) == datetime(2025, 2, 18, 9, 26, 20, tzinfo=BERLIN)


@pytest.mark.parametrize("fold", [0, 1])
def test_a_car_in_los_angeles_is_right(fold: int) -> None:
    for when in ((2026, 11, 1, 1, 30), (2026, 3, 8, 3, 30), (2026, 7, 1, 12)):
        told_at = wall(PACIFIC, *when, fold=fold)
        assert true_instant(told_at, PACIFIC) == told_at


def test_hours_that_come_twice_or_never() -> None:
    twice = (2026, 10, 25, 2, 30)
    assert true_instant(wall(PACIFIC, *twice), BERLIN) == wall(BERLIN, *twice, fold=0)
    never = (2026, 3, 29, 2, 30)
    shown = true_instant(wall(PACIFIC, *never), BERLIN)
    assert shown == wall(BERLIN, 2026, 3, 29, 3, 30)
    # Clocks in Los Angeles skip an hour that clocks here have: the nearest possible time.
    skipped = true_instant(wall(PACIFIC, 2026, 3, 8, 2, 30), BERLIN)
    assert skipped in (wall(BERLIN, 2026, 3, 8, 1, 30), wall(BERLIN, 2026, 3, 8, 3, 30))


INSTANTS = sorted(name for name, kind in KINDS.items() if kind is TextFormat.INSTANT)


@pytest.mark.parametrize("field", INSTANTS)
@pytest.mark.parametrize("form", [int, str])
def test_each_field_with_a_wall_clock_time(field: str, form: type) -> None:
    when = int(wall(PACIFIC, 2026, 11, 23, 6, 30))
    arm = "long_value" if form is int else "string_value"
    record = read(datum(field, **{arm: form(when)}))
    rows = signals.SIGNALS_BY_FIELD.get(field, ())
    assert set(record.readings) == set(rows)
    for row in rows:
        expected = row.parse(int(wall(BERLIN, 2026, 11, 23, 6, 30)))
        assert record.readings[row].value == expected


def test_some_of_these_fields_have_rows() -> None:
    assert len([name for name in INSTANTS if name in signals.SIGNALS_BY_FIELD]) >= 2


@pytest.mark.parametrize(
    "value",
    [
        {"long_value": 0},
        {"long_value": -5},
        {"long_value": 1 << 62},
        {"double_value": float("nan")},
        {"boolean_value": True},
        {"string_value": "Thu Feb 6 00:15:00 2025"},
        {"string_value": ""},
    ],
)
def test_a_time_that_is_none(told: Callable[..., Any], value: dict[str, Any]) -> None:
    assert told(TextFormat.INSTANT, **value) is None


# --- Alerts --------------------------------------------------------------------------------------


def alert(**times: int) -> alerts_wire.VehicleAlert:
    told_alert = alerts_wire.VehicleAlert(name="VCSEC_a133_alarmTriggered", audiences=[1, 2, 3])  # type: ignore[list-item]  # mypy knows the enum only
    for name, seconds in times.items():
        getattr(told_alert, name).seconds = seconds
    return told_alert


def alerts(*told_alerts: alerts_wire.VehicleAlert) -> tuple[Alert, ...]:
    return read_alerts(alerts_wire.VehicleAlerts(alerts=told_alerts).SerializeToString(), NOW)


def test_alerts() -> None:
    seconds = int(TOLD.timestamp())
    later = TOLD + timedelta(minutes=1)
    audiences = ("customer", "service", "service_fix")
    active, ended = alerts(
        alert(started_at=seconds), alert(started_at=seconds, ended_at=seconds + 60)
    )
    assert active == Alert("VCSEC_a133_alarmTriggered", audiences, TOLD, None)
    assert ended == Alert("VCSEC_a133_alarmTriggered", audiences, TOLD, later)
    assert alerts() == ()


def test_alert_times_in_milliseconds() -> None:
    (only,) = alerts(alert(started_at=1_795_339_800_500, ended_at=1_795_339_800_750))
    assert only.started == TOLD + timedelta(milliseconds=500)
    assert only.ended == TOLD + timedelta(milliseconds=750)


def test_alert_times_that_are_wrong() -> None:
    future = int(NOW.timestamp()) + 500
    (only,) = alerts(alert(started_at=future, ended_at=future))
    assert (only.started, only.ended) == (NOW, NOW)
    (never,) = alerts(alert(started_at=5, ended_at=5))
    assert (never.started, never.ended) == (None, NOW)
    (untold,) = alerts(alert())
    assert (untold.started, untold.ended) == (None, None)


def test_audiences() -> None:
    many = alerts_wire.VehicleAlert(name="a", audiences=[0, 2, 2, 9, 1])  # type: ignore[list-item]  # mypy knows the enum only
    (only,) = alerts(many)
    assert only.audiences == ("service", "customer")
    endless = alerts_wire.VehicleAlert(name="a", audiences=[0] * 200_000 + [1])  # type: ignore[arg-type]  # as above
    assert alerts(endless)[0].audiences == ()


def test_the_time_of_an_error() -> None:
    message = errors_wire.VehicleErrors(errors=[errors_wire.VehicleError(name="a")])
    assert read_errors(message.SerializeToString(), NOW)[0].time is None
    message.created_at.FromDatetime(TOLD)
    assert read_errors(message.SerializeToString(), NOW)[0].time == TOLD
    message.errors[0].created_at.FromDatetime(TOLD - timedelta(seconds=9))
    assert read_errors(message.SerializeToString(), NOW)[0].time == TOLD - timedelta(seconds=9)


def test_an_error_of_very_many_tags_is_cut() -> None:
    tags = {str(number): "x" for number in range(5000)}
    message = errors_wire.VehicleErrors(errors=[errors_wire.VehicleError(name="a", tags=tags)])
    assert len(read_errors(message.SerializeToString(), NOW)[0].tags) == 100


# --- Hostile messages ----------------------------------------------------------------------------

READERS: list[Callable[[bytes], object]] = [
    lambda data: read_record(data, NOW, zone=BERLIN),
    lambda data: read_record(data, NOW, zone=BERLIN, right_hand_drive=True),
    lambda data: read_alerts(data, NOW),
    lambda data: read_errors(data, NOW),
]


def check(data: bytes) -> None:
    for reader in READERS:
        try:
            result = reader(data)
        except MalformedRecord:
            continue
        if isinstance(result, Record):
            assert result.time <= NOW
            assert result.invalid <= set(result.fields)


@pytest.mark.parametrize(
    "data", [b"\xff", b"\x0a", b"\x0a\x05\x08", b"hello", b"\x0a\x04\x12\x02\x0a\xff"]
)
def test_invalid_messages(data: bytes) -> None:
    for reader in READERS:
        with pytest.raises(MalformedRecord):
            reader(data)


def test_text_that_is_no_unicode_is_no_message() -> None:
    good = payload(datum("VehicleName", string_value="name"))
    with pytest.raises(MalformedRecord):
        read_record(good.replace(b"name", b"\xff\xfe\xfd\xfc"), NOW, zone=BERLIN)


@pytest.mark.parametrize("given_vector", VECTORS["vehicle_messages"], ids=lambda v: v["name"])
def test_every_truncation(given_vector: dict[str, Any]) -> None:
    data = read_envelope(bytes.fromhex(given_vector["envelope_hex"])).payload
    for length in range(len(data) + 1):
        check(data[:length])


@given(st.binary(max_size=200))
def test_random_bytes(data: bytes) -> None:
    check(data)


@given(
    st.sampled_from([bytes.fromhex(v["payload_hex"]) for v in VECTORS["vehicle_messages"]]),
    st.lists(st.tuples(st.integers(0, 300), st.binary(min_size=1, max_size=4)), max_size=6),
)
def test_mutated_messages(data: bytes, changes: list[tuple[int, bytes]]) -> None:
    for at, piece in changes:
        data = data[:at] + piece + data[at + len(piece) :]
    check(data)


_values = st.one_of(
    st.builds(wire.Value, string_value=st.text(max_size=40)),
    st.builds(wire.Value, string_value=st.from_regex(r"\A[-+0-9.eENSWE(), ]{1,20}\Z")),
    st.builds(wire.Value, double_value=st.floats()),
    st.builds(wire.Value, float_value=st.floats(width=32)),
    st.builds(wire.Value, int_value=st.integers(-(2**31), 2**31 - 1)),
    st.builds(wire.Value, long_value=st.integers(-(2**63), 2**63 - 1)),
    st.builds(wire.Value, boolean_value=st.booleans()),
    st.builds(wire.Value, invalid=st.booleans()),
    st.builds(
        wire.Value,
        location_value=st.builds(wire.LocationValue, latitude=st.floats(), longitude=st.floats()),
    ),
    st.builds(wire.Value, door_value=st.builds(wire.Doors, DriverFront=st.booleans())),
    st.builds(wire.Value, tire_location_value=st.builds(wire.TireLocation)),
    st.builds(wire.Value, time_value=st.builds(wire.Time, hour=st.integers(-(2**31), 2**31 - 1))),
    st.tuples(st.sampled_from(ENUM_ARMS), st.integers(-5, 300)).map(
        lambda each: wire.Value(**{each[0]: each[1]})  # type: ignore[arg-type]  # any kind
    ),
    st.builds(wire.Value),
)


@given(st.lists(st.tuples(st.integers(0, 290), _values), max_size=12), st.booleans())
def test_any_value_in_any_field(data: list[tuple[int, Message]], right: bool) -> None:  # noqa: FBT001  # hypothesis's
    """Never an exception, every value is counted, and no number is shown that is none."""
    message = payload(*(wire.Datum(key=key, value=value) for key, value in data))  # type: ignore[arg-type]  # any
    record = read_record(message, NOW, zone=BERLIN, right_hand_drive=right)
    assert len(record.fields) == len(data)
    for reading in record.readings.values():
        assert reading.value == reading.value, "not a number"  # NaN differs
        assert reading.value not in (float("inf"), float("-inf"))


def test_a_record_of_very_many_values_is_refused() -> None:
    two_bytes = b"\x0a\x00"
    assert len(read_record(two_bytes * LIMIT, NOW, zone=BERLIN).fields) == LIMIT
    for reader in READERS[:4]:
        with pytest.raises(MalformedRecord):
            reader(two_bytes * 500_000)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    number_in_text(text)
    position_in(text)
