"""The stream of one car: changing connections, and conclusions from them."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from google.protobuf.timestamp_pb2 import Timestamp
from tesla_protocol.telemetry import vehicle_data_pb2 as wire
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlert, VehicleAlerts
from tesla_protocol.telemetry.vehicle_data_pb2 import Datum, Payload, Value
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleError, VehicleErrors

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.clock import utc_now
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.spending.tariff import Category
from custom_components.flotte.tesla.state import Reading, Signal, Source
from custom_components.flotte.tesla.telemetry.profiles import FieldRule
from custom_components.flotte.tesla.telemetry.records import (
    Alert,
    MalformedRecord,
    Record,
    ReportedError,
)
from custom_components.flotte.tesla.vehicle.stream import MAX_FIELDS, SLEEP_FIELDS, Stream
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from tests.tesla.account import MODEL_Y, NOW

SECOND = timedelta(seconds=1)
LEVEL, LIMIT = signals.BATTERY_LEVEL, signals.CHARGE_LIMIT


@pytest.fixture
def meter() -> Meter:
    return Meter()


@pytest.fixture
def stream(vehicle: Vehicle, meter: Meter) -> Stream:
    """Aurora's stream without known readings; it reports each change of everything."""
    stream = Stream(vehicle, meter, clock=utc_now)
    stream.continuity.follow(dict.fromkeys(signals.SIGNALS_BY_FIELD, FieldRule(1)))
    return stream


def field_of(signal: Signal[Any]) -> str:
    return signal.name.partition(".")[0]


def record(
    values: dict[Signal[Any], Any] | None = None, *invalid: str, time: datetime | None = None
) -> Record:
    """A reading of a car, now or at another time."""
    time = time or utc_now()
    values = values or {}
    readings = {each: Reading(value, time, Source.STREAM) for each, value in values.items()}
    fields = (*map(field_of, values), *invalid)
    return Record(time, readings, fields, frozenset(invalid), is_resend=False)


def is_on(stream: Stream) -> bool | None:
    """Whether the car is shown as streaming, evaluated now."""
    return stream.vehicle.state[signals.STREAMING]


def is_online(stream: Stream) -> bool:
    return stream.vehicle.is_online


def counted(meter: Meter) -> int:
    return meter.ledger.month(Month.of(utc_now()))[Category.SIGNAL]


# --- Connections ----------------------------------------------------------------------------------


async def test_a_connection_shows_that_the_car_is_awake(stream: Stream) -> None:
    stream.opened("1", "wifi")
    assert is_on(stream) is True
    assert is_online(stream)
    assert stream.vehicle.presence.online_since == NOW
    assert stream.vehicle.state[signals.LAST_ONLINE] == NOW.timestamp()
    assert stream.connections == {"1": "wifi"}


async def test_a_broken_connection_does_not_mean_sleep(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    stream.closed("1")
    assert is_on(stream) is False
    assert is_online(stream)
    assert stream.vehicle.presence.stream_lost_at == NOW
    assert not stream.vehicle.presence.slept_streaming


async def test_a_car_that_changes_networks(stream: Stream) -> None:
    """The new connection is there before the old one is gone."""
    told: list[bool] = []
    stop = stream.on_connection(told.append)
    stream.opened("1", "wifi")
    stream.opened("2", "cellular")
    stream.closed("1")
    assert is_on(stream) is True
    assert told == [True]
    stream.closed("1")
    stream.closed("no such connection")
    assert told == [True]
    stream.closed("2")
    assert is_on(stream) is False
    assert told == [True, False]
    stop()
    stop()
    stream.opened("3", "")
    assert told == [True, False]


async def test_networks_are_those_of_the_connections(stream: Stream) -> None:
    """Cars that change networks have both for a moment; without a connection neither is known."""

    def networks() -> tuple[bool | None, bool | None]:
        state = stream.vehicle.state
        return state[signals.WIFI], state[signals.CELLULAR]

    assert networks() == (None, None)
    stream.opened("1", "wifi")
    assert networks() == (True, False)
    stream.opened("2", "cellular")
    assert networks() == (True, True)
    stream.closed("1")
    assert networks() == (False, True)
    stream.opened("3", "")
    assert networks() == (None, None)
    stream.closed("3")
    assert networks() == (False, True)
    stream.closed("2")
    assert networks() == (None, None)


async def test_all_connections_end_with_their_source(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.opened("2", "wifi")
    stream.close_all()
    assert not stream.is_connected
    stream.close_all()


async def test_a_connection_that_was_wrongly_closed(stream: Stream) -> None:
    """Its next record opens it again, whatever its name; its end ends it."""
    stream.opened("1", "wifi")
    stream.close_all()
    stream.receive(b"V", b"")
    assert is_on(stream) is True
    stream.closed("1")
    assert is_on(stream) is False


async def test_the_last_record_before_sleep(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    stream.apply_record(record({}, "Gear", "VehicleSpeed", "InsideTemp"))
    stream.apply_record(record({}, "ChargePortLatch", "ChargePortDoorOpen", "FastChargerPresent"))
    assert is_online(stream), "it is only about to sleep"
    stream.closed("1")
    assert not is_online(stream)
    assert stream.vehicle.presence.slept_streaming
    assert stream.vehicle.presence.online_since is None
    assert stream.vehicle.state[LEVEL] == 60, "invalid is no change"


@pytest.mark.parametrize(
    "words",
    [
        (record({}, "Gear", time=NOW),),
        (record({}, "Gear", time=NOW), record({}, "Gear", time=NOW)),
        (record({}, "Soc", "BatteryLevel", "DoorState", time=NOW),),
        (record({}, "Gear", "VehicleSpeed", "OutsideTemp", "InsideTemp", time=NOW),),
        (record({}, "ChargingCableType", "FastChargerPresent", "FastChargerType", time=NOW),),
        (record({}, "Gear", "VehicleSpeed", "ChargePortLatch", time=NOW),),
        (
            record({}, "ChargePortLatch", "ChargePortDoorOpen", time=NOW),
            record(
                {signals.CHARGE_PORT_LATCH: "engaged", signals.CHARGE_PORT_OPEN: False}, time=NOW
            ),
        ),
    ],
    ids=[
        "one process",
        "the same one",
        "other fields",
        "a park",
        "a cable that is pulled",
        "a park and one process",
        "they came back",
    ],
)
async def test_records_that_do_not_mean_sleep(stream: Stream, words: tuple[Record, ...]) -> None:
    stream.opened("1", "wifi")
    for each in words:
        stream.apply_record(each)
    stream.closed("1")
    assert is_online(stream)


async def test_the_last_record_counts_for_one_connection_only(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({}, "PackVoltage", "PackCurrent"))
    stream.closed("1")
    assert not is_online(stream)
    stream.opened("2", "wifi")
    assert is_online(stream)
    assert not stream.vehicle.presence.slept_streaming
    stream.closed("2")
    assert is_online(stream)


def test_the_fields_of_the_last_record_exist() -> None:
    assert set(signals.SIGNALS_BY_FIELD) >= SLEEP_FIELDS


# --- Stream coverage -----------------------------------------------------------------------------


async def test_followed_from_its_first_value_on(
    stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    assert stream.continuous_since(LEVEL) is None
    stream.opened("1", "wifi")
    assert stream.continuous_since(LEVEL) is None
    freezer.tick(SECOND)
    stream.apply_record(record({LEVEL: 60}))
    freezer.tick(SECOND)
    stream.apply_record(record({LEVEL: 61}))
    assert stream.continuous_since(LEVEL) == NOW + SECOND
    assert stream.continuous_since(LIMIT) is None
    assert stream.continuous_since(signals.ONLINE) is None, "that is no field"


async def test_parts_of_a_field_are_followed_together(stream: Stream) -> None:
    door = signals.SIGNALS_BY_FIELD["DoorState"]
    stream.opened("1", "wifi")
    stream.apply_record(record({door[0]: True}))
    assert all(stream.continuous_since(each) == NOW for each in door)


async def test_followed_through_sleep(stream: Stream, freezer: FrozenDateTimeFactory) -> None:
    """Nothing changes in a sleeping car; once it is awake it has to report again."""
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    freezer.tick(SECOND)
    stream.apply_record(record({}, "ChargePortLatch", "ChargePortDoorOpen"))
    stream.closed("1")
    freezer.tick(3600 * SECOND)
    assert stream.continuous_since(LEVEL) == NOW
    assert stream.vehicle.knowledge.is_certain({LEVEL: 60})
    stream.vehicle.apply_state("online")
    assert stream.continuous_since(LEVEL) is None, "it is awake, and does not stream yet"
    assert not stream.vehicle.knowledge.is_certain({LEVEL: 60})
    stream.opened("2", "wifi")
    assert stream.continuous_since(LEVEL) is None
    stream.apply_record(record({LEVEL: 60}))
    assert stream.continuous_since(LEVEL) == utc_now()


async def test_not_followed_over_a_loss(stream: Stream, freezer: FrozenDateTimeFactory) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    stream.closed("1")
    freezer.tick(90 * SECOND)
    assert stream.continuous_since(LEVEL) is None
    stream.opened("2", "wifi")
    assert stream.continuous_since(LEVEL) is None
    freezer.tick(SECOND)
    stream.apply_record(record({LEVEL: 60}))
    assert stream.continuous_since(LEVEL) == utc_now()


async def test_followed_while_networks_change(
    stream: Stream, freezer: FrozenDateTimeFactory
) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    freezer.tick(SECOND)
    stream.opened("2", "cellular")
    stream.closed("1")
    assert stream.continuous_since(LEVEL) == NOW


async def test_how_long_a_change_may_take(stream: Stream) -> None:
    stream.continuity.follow({"BatteryLevel": FieldRule(60), "ChargeLimitSoc": FieldRule(1)})
    assert stream.latency_of(LEVEL) == 75 * SECOND
    assert stream.latency_of(LIMIT) == 16 * SECOND


@pytest.mark.parametrize(
    ("rule", "is_certain"),
    [
        (FieldRule(1), True),
        (FieldRule(15), True),
        (FieldRule(16), False),
        (FieldRule(1, 0.5), False),
        (None, False),
    ],
)
async def test_only_immediate_fields_are_covered(
    stream: Stream, rule: FieldRule | None, *, is_certain: bool
) -> None:
    stream.continuity.follow({} if rule is None else {"ChargeLimitSoc": rule})
    stream.opened("1", "wifi")
    stream.apply_record(record({LIMIT: 80}))
    assert (stream.continuous_since(LIMIT) is not None) is is_certain
    assert stream.reports_every_change(LIMIT) is is_certain


async def test_removed_fields_are_no_longer_covered(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LIMIT: 80}))
    stream.continuity.follow({"Gear": FieldRule(1)})
    stream.continuity.follow({"ChargeLimitSoc": FieldRule(1)})
    assert stream.continuous_since(LIMIT) is None


async def test_a_backlog_is_not_current(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LIMIT: 80}, time=utc_now() - 31 * SECOND))
    assert stream.continuous_since(LIMIT) is None
    stream.apply_record(record({LIMIT: 80}))
    assert stream.continuous_since(LIMIT) is not None


async def test_a_broker_may_lose_something(stream: Stream) -> None:
    stream.continuity.is_gapless = False
    stream.opened("1", "wifi")
    stream.apply_record(record({LIMIT: 80}))
    assert stream.continuous_since(LIMIT) is None


async def test_the_last_record_expires(stream: Stream, freezer: FrozenDateTimeFactory) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LIMIT: 80}, "ChargePortLatch", "ChargePortDoorOpen"))
    freezer.tick(121 * SECOND)
    stream.closed("1")
    assert is_online(stream)
    assert stream.continuous_since(LIMIT) is None


async def test_signals_are_counted_once(stream: Stream, meter: Meter) -> None:
    stream.is_billed = False
    stream.apply_record(record({LIMIT: 80}))
    stream.apply_alerts((alert(),))
    assert counted(meter) == 0


async def test_invented_names_fill_no_memory(stream: Stream) -> None:
    for number in range(MAX_FIELDS + 10):
        stream.apply_record(record({LIMIT: 80}, str(10_000 + number)))
    assert len(stream.counts) < MAX_FIELDS
    assert stream.counts["ChargeLimitSoc"] == MAX_FIELDS + 10


# --- Records --------------------------------------------------------------------------------------


def stamp(moment: datetime) -> Timestamp:
    return Timestamp(seconds=int(moment.timestamp()))


def payload(*data: Datum) -> bytes:
    return Payload(data=data, created_at=stamp(utc_now())).SerializeToString()


async def test_values_as_a_car_sends_them(stream: Stream, meter: Meter) -> None:
    stream.opened("1", "wifi")
    stream.receive(
        b"V",
        payload(
            Datum(key=wire.Field.BatteryLevel, value=Value(double_value=60.5)),
            Datum(key=wire.Field.Locked, value=Value(boolean_value=True)),
        ),
    )
    assert stream.vehicle.state[LEVEL] == 60.5
    assert stream.vehicle.state.reading(LEVEL) == Reading(60.5, NOW, Source.STREAM)
    assert stream.vehicle.state[signals.LOCKED] is True
    assert counted(meter) == 2
    assert stream.counts == {"BatteryLevel": 1, "Locked": 1}
    assert stream.received_at == NOW


async def test_every_value_is_counted_as_it_is_billed(stream: Stream, meter: Meter) -> None:
    """Also invalid, resent or unknown values."""
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}, "Gear", "FieldOfTomorrow"))
    stream.apply_record(record({LEVEL: 60})._replace(is_resend=True))
    stream.apply_record(record())
    assert counted(meter) == 4
    assert stream.counts.total() == 4


async def test_older_readings_do_not_replace_newer_ones(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.apply_record(record({LEVEL: 60}))
    stream.apply_record(record({LEVEL: 70}, time=NOW - 60 * SECOND))
    assert stream.vehicle.state[LEVEL] == 60


async def test_the_end_of_a_route(stream: Stream) -> None:
    """Of some signals invalid means that there is none now, of most it means nothing."""
    stream.opened("1", "wifi")
    stream.apply_record(record({signals.ROUTE_DESTINATION: "Work", LEVEL: 60}))
    stream.apply_record(
        record({}, "DestinationName", "BatteryLevel", "NobodyKnows", time=NOW + SECOND)
    )
    assert stream.vehicle.state[signals.ROUTE_DESTINATION] is None
    assert stream.vehicle.state[LEVEL] == 60


async def test_the_cars_own_clock_counts_for_each_record(vehicle: Vehicle) -> None:
    zones: list[str] = []

    def zone() -> ZoneInfo:
        zones.append("asked")
        return ZoneInfo("Europe/Berlin")

    stream = Stream(vehicle, Meter(), zone=zone, clock=utc_now)
    for _ in range(2):
        stream.receive(b"V", payload())
    assert len(zones) == 2


@pytest.mark.parametrize("topic", [b"V", b"alerts", b"errors"])
async def test_unreadable_records(stream: Stream, topic: bytes) -> None:
    """The server answers with an error; nothing is counted."""
    stream.opened("1", "wifi")
    with pytest.raises(MalformedRecord):
        stream.receive(topic, b"\xff\xff\xff")
    assert stream.counts.total() == 0


@pytest.mark.parametrize("topic", [b"", b"connectivity", b"tomorrow" * 100, b"\xff\x00"])
async def test_an_unknown_topic(
    stream: Stream, topic: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stream.receive(topic, b"\xff\xff\xff")
    assert "unknown topic" in caplog.text
    assert len(caplog.records[-1].getMessage()) < 200


# --- Firmware before 2024.44.32 -------------------------------------------------------------------

SECOND_DOOR = bytes.fromhex("0a09083a1205aa01021001")
"""DoorState: the second of six doors is open, which is called DriverRear."""
VERSION_44_32 = bytes.fromhex("0a100844120c0a0a323032342e34342e3332")
VERSION_38_7 = bytes.fromhex("0a0f0844120b0a09323032342e33382e37")


def firmware_of(stream: Stream, firmware: str) -> None:
    """Let Tesla report the firmware of the car."""
    info = {"vehicle_info": {MODEL_Y: {"firmware_version": firmware}}}
    stream.vehicle.channel.apply_fleet_status(info)


def open_doors(stream: Stream) -> list[str]:
    state = stream.vehicle.state
    doors = (
        signals.DOOR_DRIVER_FRONT,
        signals.DOOR_DRIVER_REAR,
        signals.DOOR_PASSENGER_FRONT,
        signals.DOOR_PASSENGER_REAR,
    )
    return [door.name for door in doors if state[door]]


@pytest.mark.parametrize(
    ("firmware", "door"),
    [
        ("2024.44.32", "DoorState.DriverRear"),
        ("2026.32.6 0123abcd", "DoorState.DriverRear"),
        ("2024.44.31.9", "DoorState.PassengerFront"),
        ("2024.38.7 0123abcd", "DoorState.PassengerFront"),
    ],
)
async def test_doors_that_old_firmware_crosses(stream: Stream, firmware: str, door: str) -> None:
    firmware_of(stream, firmware)
    stream.opened("1", "wifi")
    stream.receive(b"V", SECOND_DOOR)
    assert open_doors(stream) == [door]
    text = wire.Datum(key="DoorState", value=wire.Value(string_value="DriverRear|TrunkRear"))
    stream.receive(b"V", wire.Payload(data=[text]).SerializeToString())
    assert open_doors(stream) == [door]
    assert stream.vehicle.state[signals.TRUNK] is True


async def test_the_version_of_old_firmware_may_be_the_offered_one(
    stream: Stream, meter: Meter
) -> None:
    """A polled version is the running one; a streamed one is believed once it runs."""
    polled = Reading("2024.38.7", utc_now(), Source.POLL)
    stream.vehicle.receive({signals.SOFTWARE_VERSION: polled})
    stream.opened("1", "wifi")
    stream.receive(b"V", VERSION_44_32)
    assert stream.vehicle.state[signals.SOFTWARE_VERSION] == "2024.38.7"
    assert counted(meter) == 1
    firmware_of(stream, "2024.44.32")
    stream.receive(b"V", VERSION_44_32)
    assert stream.vehicle.state[signals.SOFTWARE_VERSION] == "2024.44.32"


@pytest.mark.parametrize("payload", [VERSION_38_7 + SECOND_DOOR, SECOND_DOOR + VERSION_38_7])
async def test_old_firmware_that_is_only_streamed(stream: Stream, payload: bytes) -> None:
    """The running version is no newer than the streamed one; the record's doors are crossed."""
    stream.opened("1", "wifi")
    stream.receive(b"V", payload)
    assert open_doors(stream) == ["DoorState.PassengerFront"]
    assert stream.vehicle.state[signals.SOFTWARE_VERSION] == "2024.38.7"
    assert stream.has_unsound_firmware


async def test_unknown_firmware_is_sound(stream: Stream) -> None:
    stream.opened("1", "wifi")
    stream.receive(b"V", SECOND_DOOR)
    assert open_doors(stream) == ["DoorState.DriverRear"]
    assert not stream.has_unsound_firmware


# --- Alerts and errors ----------------------------------------------------------------------------


def alert(name: str = "VCSEC_a133_alarmTriggered", started: datetime | None = NOW) -> Alert:
    return Alert(name, ("customer",), started, None)


@pytest.fixture
def alerts(stream: Stream) -> list[Alert]:
    """The notifications of listeners."""
    alerts: list[Alert] = []
    stream.on_alert(alerts.append)
    return alerts


async def test_an_alert_as_a_car_sends_it(
    stream: Stream, alerts: list[Alert], meter: Meter
) -> None:
    told = VehicleAlert(name="VCSEC_a133_alarmTriggered", started_at=stamp(NOW))
    stream.receive(b"alerts", VehicleAlerts(alerts=[told]).SerializeToString())
    assert [(each.name, each.started) for each in alerts] == [("VCSEC_a133_alarmTriggered", NOW)]
    assert counted(meter) == 1


async def test_reported_once_and_billed_each_time(
    stream: Stream, alerts: list[Alert], meter: Meter, freezer: FrozenDateTimeFactory
) -> None:
    """It is sent again with each other one, and once more when it ends."""
    stream.apply_alerts((alert(), alert()))
    freezer.tick(60 * SECOND)
    stream.apply_alerts((alert(), alert("Other")))
    ended = Alert("VCSEC_a133_alarmTriggered", ("customer",), NOW, utc_now())
    stream.apply_alerts((ended,))
    assert [each.name for each in alerts] == ["VCSEC_a133_alarmTriggered", "Other"]
    assert counted(meter) == 5
    stream.apply_alerts((alert(started=utc_now()),))
    assert len(alerts) == 3, "the next alarm"


@pytest.mark.parametrize(
    ("age", "is_news"), [(0, True), (3600, True), (3601, False), (86400, False)]
)
async def test_old_alerts_are_history(
    stream: Stream, alerts: list[Alert], age: int, *, is_news: bool
) -> None:
    stream.apply_alerts((alert(started=NOW - timedelta(seconds=age)),))
    assert bool(alerts) is is_news


async def test_ended_subscriptions_receive_nothing(stream: Stream) -> None:
    heard: list[Alert] = []
    stop = stream.on_alert(heard.append)
    stream.apply_alerts((alert("one"),))
    stop()
    stop()
    stream.apply_alerts((alert("two"),))
    assert [each.name for each in heard] == ["one"]


async def test_errors_of_the_car_s_client(
    stream: Stream, meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    """The last ones are kept, none is billed, and the log does not identify the car."""
    caplog.set_level("DEBUG")
    error = VehicleError(name="cloud_manager_error", body="somewhere", created_at=stamp(NOW))
    stream.receive(b"errors", VehicleErrors(errors=[error]).SerializeToString())
    stream.receive(b"errors", b"")
    assert [(each.name, each.body) for each in stream.errors] == [
        ("cloud_manager_error", "somewhere")
    ]
    assert MODEL_Y not in caplog.text
    stream.apply_errors(tuple(ReportedError(str(number), "", {}, NOW) for number in range(30)))
    assert [each.name for each in stream.errors] == [str(number) for number in range(10, 30)]
    assert counted(meter) == 0
