"""Messages of Tesla's own server at a broker: the readings equal those from a car itself."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.state import Signal, Source
from custom_components.flotte.tesla.telemetry import fields as fields_module
from custom_components.flotte.tesla.telemetry.mqtt import (
    SIZE_LIMIT,
    Content,
    Topic,
    TopicKind,
    read_message,
    read_topic,
)
from custom_components.flotte.tesla.telemetry.records import (
    Alert,
    Connectivity,
    MalformedRecord,
    Record,
    ReportedError,
    read_record,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
VIN = "5YJ3E1EA7KF000001"


@pytest.fixture(autouse=True)
def _nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields_module, "_logged", set())
    monkeypatch.setattr(signals.polled, "_logged", set())


def read(topic: str, payload: str | bytes, **more: Any) -> Content | None:
    """A message below `telemetry/VIN/`."""
    place = read_topic("telemetry", f"telemetry/{VIN}/{topic}")
    assert place is not None
    return read_message(place, payload, NOW, zone=BERLIN, **more)


def record_of(field: str, payload: str, **more: Any) -> Record:
    record = read(f"v/{field}", payload, **more)
    assert isinstance(record, Record)
    return record


def shown(signal: Signal[Any], payload: str) -> Any:
    return record_of(signal.name.partition(".")[0], payload).readings[signal].value


# --- Topics --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("v/Soc", Topic(VIN, TopicKind.VALUE, "Soc")),
        ("v/999", Topic(VIN, TopicKind.VALUE, "999")),
        ("alerts/name/current", Topic(VIN, TopicKind.ALERTS, "name")),
        ("alerts/name/history", Topic(VIN, TopicKind.ALERTS, "name", is_history=True)),
        (
            "alerts/a/b/current/history",
            Topic(VIN, TopicKind.ALERTS, "a/b/current", is_history=True),
        ),
        ("errors/some error/with slash", Topic(VIN, TopicKind.ERRORS, "some error/with slash")),
        ("connectivity", Topic(VIN, TopicKind.CONNECTIVITY)),
        ("connectivity/more", None),
        ("alerts/name", None),
        ("alerts/current", None),
        ("alerts/name/later", None),
        ("alerts", None),
        ("errors", None),
        ("errors/", None),
        ("v", None),
        ("v/", None),
        ("metrics/x", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("base", ["telemetry", "a/b", ""])
def test_topics(base: str, rest: str, expected: Topic | None) -> None:
    assert read_topic(base, f"{base}/{VIN}/{rest}") == expected


@pytest.mark.parametrize(
    "topic",
    ["other/VIN/v/Soc", "telemetryx/VIN/v/Soc", "telemetry", "telemetry//v/Soc", "telemetry/"],
)
def test_topics_of_others(topic: str) -> None:
    assert read_topic("telemetry", topic) is None


# --- Values --------------------------------------------------------------------------------------

SAME: list[tuple[str, str, dict[str, Any]]] = [
    ("Soc", "71.26436781609195", {"double_value": 71.26436781609195}),
    ("Soc", "0", {"double_value": 0.0}),
    ("Odometer", "1e+21", {"double_value": 1e21}),
    ("OutsideTemp", "1e-7", {"double_value": 1e-7}),
    ("ChargeLimitSoc", "80", {"int_value": 80}),
    ("Locked", "true", {"boolean_value": True}),
    ("Locked", "false", {"boolean_value": False}),
    ("Version", '"2026.38.1"', {"string_value": "2026.38.1"}),
    ("VehicleName", '"42"', {"string_value": "42"}),
    ("VehicleName", r'"\u003cA\u0026B\u003e"', {"string_value": "<A&B>"}),
    ("VehicleName", '""', {"string_value": ""}),
    (
        "Location",
        '{"latitude":48.137154,"longitude":11.576124}',
        {"location_value": wire.LocationValue(latitude=48.137154, longitude=11.576124)},
    ),
    ("Location", '{"latitude":0,"longitude":0}', {"location_value": wire.LocationValue()}),
    (
        "DoorState",
        json.dumps(
            {
                part: part in ("DriverFront", "TrunkRear")
                for part in wire.Doors.DESCRIPTOR.fields_by_name
            }
        ),
        {"door_value": wire.Doors(DriverFront=True, TrunkRear=True)},
    ),
    ("DoorState", '"DriverFront|TrunkRear"', {"string_value": "DriverFront|TrunkRear"}),
    (
        "TpmsSoftWarnings",
        '{"front_left":true}',
        {"tire_location_value": wire.TireLocation(front_left=True)},
    ),
    ("TpmsHardWarnings", "{}", {"tire_location_value": wire.TireLocation()}),
    ("RouteLastUpdated", '"07:05:09"', {"time_value": wire.Time(hour=7, minute=5, second=9)}),
    ("Gear", '"ShiftStateP"', {"shift_state_value": wire.ShiftStateP}),
    ("Gear", '"P"', {"shift_state_value": wire.ShiftStateP}),
    (
        "DetailedChargeState",
        '"DetailedChargeStateCharging"',
        {"detailed_charge_state_value": wire.DetailedChargeStateCharging},
    ),
    ("HvacPower", '"HvacPowerStateOn"', {"hvac_power_value": wire.HvacPowerStateOn}),
    ("DefrostMode", '"DefrostModeStateUnknown"', {"defrost_mode_value": 0}),
    ("ChargingCableType", '"CableTypeIEC"', {"cable_type_value": wire.CableTypeIEC}),
    ("CruiseFollowDistance", '"FollowDistance3"', {"follow_distance_value": wire.FollowDistance3}),
    ("SentryMode", '"99"', {"sentry_mode_state_value": 99}),
    ("HvacPower", '"99"', {"hvac_power_value": 99}),
    ("Soc", '"71.25"', {"double_value": 71.25}),
    ("BrakePedalPos", '"0.00001"', {"string_value": "0.00001"}),
    ("ScheduledChargingStartTime", "1795000000", {"long_value": 1_795_000_000}),
    ("SoftwareUpdateScheduledStartTime", "1795000000", {"long_value": 1_795_000_000}),
    ("HvacLeftTemperatureRequest", "21.5", {"double_value": 21.5}),
]


@pytest.mark.parametrize(("field", "payload", "value"), SAME, ids=[f"{e[0]} {e[1]}" for e in SAME])
@pytest.mark.parametrize("right", [False, True])
def test_readings_equal_those_from_the_car(
    field: str,
    payload: str,
    value: dict[str, Any],
    right: bool,  # noqa: FBT001  # a parameter
) -> None:
    message = wire.Payload(data=[wire.Datum(key=field, value=wire.Value(**value))])
    from_car = read_record(message.SerializeToString(), NOW, zone=BERLIN, right_hand_drive=right)
    for form in (payload, payload.encode()):
        place = Topic(VIN, TopicKind.VALUE, field)
        told = read_message(place, form, NOW, zone=BERLIN, right_hand_drive=right)
        assert told == from_car


def test_that_not_all_of_them_are_unknown() -> None:
    known = {
        field
        for field, payload, _ in SAME
        if any(r.value is not None for r in record_of(field, payload).readings.values())
    }
    assert known >= {
        "Soc",
        "Locked",
        "Location",
        "DoorState",
        "TpmsSoftWarnings",
        "Gear",
        "HvacPower",
    }


def test_a_value_counts_from_its_arrival() -> None:
    record = record_of("Soc", "71.5")
    assert record.time == NOW
    assert record.fields == ("Soc",)
    assert record.is_resend is False
    reading = record.readings[signals.USABLE_BATTERY_LEVEL]
    assert (reading.value, reading.time, reading.source) == (71.5, NOW, Source.STREAM)


@pytest.mark.parametrize("payload", ["null", '"<invalid>"'])
def test_null_is_invalid(payload: str) -> None:
    record = record_of("Gear", payload)
    assert record.readings == {}
    assert record.invalid == {"Gear"}
    assert record.fields == ("Gear",)


@pytest.mark.parametrize("field", ["Soc", "Gear", "Locked", "Location", "VehicleName", "DoorState"])
def test_an_empty_value_is_ignored(field: str) -> None:
    record = record_of(field, "{}")
    assert (record.readings, record.invalid, record.fields) == ({}, frozenset(), (field,))


@pytest.mark.parametrize(
    ("signal", "payload", "value"),
    [
        (signals.CHARGING_STATE, '"7"', "calibrating"),
        (signals.CHARGING_STATE, '"4"', "charging"),
        (signals.SHIFT_STATE, '"2"', "p"),
        (signals.CENTER_DISPLAY, '"8"', "sentry"),
        (signals.CRUISE_DISTANCE, '"7"', 7),
        (signals.WINDOW_DRIVER_FRONT, '"1"', False),
        (signals.WINDOW_DRIVER_FRONT, '"2"', True),
        (signals.CLIMATE_ON, '"0"', None),
        (signals.CLIMATE_ON, '"99"', None),
        (signals.CLIMATE_ON, '"9999999999"', None),
        (signals.CLIMATE_ON, '"-1"', None),
        (signals.CLIMATE_ON, '"1.0"', None),
    ],
)
def test_a_word_that_is_newer_than_the_server(
    signal: Signal[Any], payload: str, value: object
) -> None:
    """It writes the number, which we may know."""
    assert record_of(signal.field, payload).readings[signal].value == value


@pytest.mark.parametrize(
    "payload", ["[]", "[1]", '{"a":1}', '{"latitude":1}', "1e400", "NaN", "-Infinity"]
)
@pytest.mark.parametrize("field", ["Soc", "Gear", "Location", "DoorState", "VehicleName"])
def test_values_that_no_server_sends(field: str, payload: str) -> None:
    assert {r.value for r in record_of(field, payload).readings.values()} == {None}


def test_a_number_too_large_for_any_car() -> None:
    assert shown(signals.USABLE_BATTERY_LEVEL, "9" * 400) is None
    assert shown(signals.LOCATION, '{"latitude":' + "9" * 400 + ',"longitude":0}') is None


def test_a_door_that_is_missing_is_unknown() -> None:
    record = record_of("DoorState", '{"DriverFront":true,"TrunkRear":false,"TrunkFront":1}')
    assert {signal.name: reading.value for signal, reading in record.readings.items()} == {
        "DoorState.DriverFront": True,
        "DoorState.DriverRear": None,
        "DoorState.PassengerFront": None,
        "DoorState.PassengerRear": None,
        "DoorState.TrunkFront": None,
        "DoorState.TrunkRear": False,
    }


def test_a_field_that_is_newer_than_the_server() -> None:
    """It prints the number, which we may know."""
    assert record_of(str(wire.Soc), "5").readings[signals.USABLE_BATTERY_LEVEL].value == 5
    assert record_of(str(wire.Soc), "5").fields == ("Soc",)


@pytest.mark.parametrize("name", ["999", "Brand New", "a/b", "9" * 400, "١٢٣"])
def test_an_unknown_field(name: str, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        record = record_of(name, "5")
        assert record.readings == {}
        assert len(record.fields) == 1
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING]) == 1


def test_right_hand_drive() -> None:
    record = record_of("HvacLeftTemperatureRequest", "19", right_hand_drive=True)
    assert set(record.readings) == {signals.PASSENGER_TEMPERATURE}


def test_an_empty_message_only_clears_the_broker() -> None:
    for topic in ("v/Soc", "alerts/a/current", "errors/a", "connectivity"):
        assert read(topic, "") is None
        assert read(topic, b"") is None


# --- The rest ------------------------------------------------------------------------------------


def test_alerts() -> None:
    told = '{"Audiences":["Customer","Service","Other",5],"StartedAt":"2026-11-18T11:06:41Z"}'
    started = datetime(2026, 11, 18, 11, 6, 41, tzinfo=UTC)
    active = Alert("name", ("customer", "service"), started, None)
    assert read("alerts/name/current", told) == (active,)
    ended = '{"Audiences":null,"EndedAt":"2026-11-18T12:06:41+01:00"}'
    over = Alert("name", (), None, started)
    assert read("alerts/name/history", f"[{told},{ended}]") == (active, over)
    assert read("alerts/name/history", "[]") == ()


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-11-22T11:00:00.5Z", datetime(2026, 11, 22, 11, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-11-23T11:00:00Z", NOW),
        ("1970-01-01T00:00:00Z", None),
        ("2026-11-22T11:00:00", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        ("soon", None),
        (5, None),
        (None, None),
    ],
)
def test_times(stamp: object, expected: datetime | None) -> None:
    body = json.dumps({"CreatedAt": stamp, "ConnectionId": "a", "Status": "CONNECTED"})
    told = read("connectivity", body)
    assert told == Connectivity("a", is_connected=True, time=expected)
    ended = read("alerts/name/current", json.dumps({"EndedAt": stamp}))
    assert ended == (Alert("name", (), None, None if stamp is None else expected or NOW),)


def test_errors() -> None:
    told = '{"Body":"boom","CreatedAt":"2026-11-18T11:06:43Z","Tags":{"k":"v","n":5}}'
    time = datetime(2026, 11, 18, 11, 6, 43, tzinfo=UTC)
    assert read("errors/a/b", told) == ReportedError("a/b", "boom", {"k": "v"}, time)
    assert read("errors/a", '{"Body":5,"Tags":null}') == ReportedError("a", "", {}, None)


def test_connectivity() -> None:
    told = (
        '{"ConnectionId":"30864e9b-8589-4925-b38f-a3e5f5d5d589",'
        '"CreatedAt":"2026-11-22T10:40:20Z","Status":"CONNECTED"}'
    )
    assert read("connectivity", told) == Connectivity(
        "30864e9b-8589-4925-b38f-a3e5f5d5d589",
        is_connected=True,
        time=NOW - timedelta(hours=1, minutes=19, seconds=40),
    )
    for status, connected in (("DISCONNECTED", False), ("UNKNOWN", None), ("", None)):
        heard = read("connectivity", json.dumps({"Status": status}))
        assert heard == Connectivity("", is_connected=connected, time=None)


# --- Hostile messages ----------------------------------------------------------------------------

TOPICS = (
    "v/Soc",
    "v/DoorState",
    "alerts/a/current",
    "alerts/a/history",
    "errors/a",
    "connectivity",
)


@pytest.mark.parametrize(
    "payload",
    [
        "{",
        "nul",
        "'a'",
        "1 2",
        "[" * 100_000,
        "9" * 5000,
        b"\xff\xfe",
        b'"\xff"',
        "x" * (SIZE_LIMIT + 1),
    ],
    ids=lambda payload: repr(payload[:10]),
)
@pytest.mark.parametrize("topic", TOPICS)
def test_invalid_json(topic: str, payload: str | bytes) -> None:
    with pytest.raises(MalformedRecord):
        read(topic, payload)


@pytest.mark.parametrize("payload", ["5", '"a"', "null", "true", "[5]", "[[]]"])
@pytest.mark.parametrize("topic", TOPICS[2:])
def test_unexpected_topics(topic: str, payload: str) -> None:
    with pytest.raises(MalformedRecord):
        read(topic, payload)


def test_a_list_of_very_many_alerts() -> None:
    with pytest.raises(MalformedRecord):
        read("alerts/a/history", "[" + ",".join(["{}"] * 2001) + "]")


def test_very_many_tags_and_audiences_are_cut() -> None:
    error = read("errors/a", json.dumps({"Tags": {str(each): "x" for each in range(5000)}}))
    assert isinstance(error, ReportedError)
    assert len(error.tags) == 100
    late = json.dumps({"Audiences": ["x"] * 5000 + ["Customer"]})
    assert read("alerts/a/current", late) == (Alert("a", (), None, None),)


_keys = st.sampled_from(
    [
        "latitude",
        "longitude",
        "DriverFront",
        "front_left",
        "Audiences",
        "StartedAt",
        "EndedAt",
        "Tags",
        "Body",
        "Status",
        "ConnectionId",
        "CreatedAt",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_keys, inner, max_size=5),
    max_leaves=12,
)
_fields = st.sampled_from(sorted(value.name for value in wire.Field.DESCRIPTOR.values))


@given(_fields.map("v/{}".format) | st.sampled_from(TOPICS), _json)
def test_any_json(topic: str, told: Any) -> None:
    """Never another exception, and no number is shown that is none."""
    try:
        content = read(topic, json.dumps(told))
    except MalformedRecord:
        return
    if isinstance(content, Record):
        for reading in content.readings.values():
            assert reading.value == reading.value, "not a number"  # NaN differs


@given(st.sampled_from(TOPICS), st.binary(max_size=60) | st.text(max_size=60))
def test_any_bytes(topic: str, payload: bytes | str) -> None:
    try:
        read(topic, payload)
    except MalformedRecord:
        return


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_topic(base: str, topic: str) -> None:
    read_topic(base, topic)
    read_topic(base, f"{base}/{topic}")
