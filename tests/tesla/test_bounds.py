"""Numbers that mean "none": every number has bounds, whatever its source."""

import json
import logging
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.signals import SITE_SIGNALS, VEHICLE_SIGNALS, read_sections
from custom_components.flotte.tesla.state import Signal, restore_state
from custom_components.flotte.tesla.telemetry import fields
from custom_components.flotte.tesla.telemetry.mqtt import read_message, read_topic
from custom_components.flotte.tesla.telemetry.records import Record, read_record

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVERY_ROW = VEHICLE_SIGNALS + SITE_SIGNALS
A_MILLION_MILES = 1_000_000


@pytest.fixture(autouse=True)
def _nothing_logged_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "_logged", set())
    monkeypatch.setattr(signals.polled, "_logged", set())


def is_number(signal: Signal[Any]) -> bool:
    """Whether a row parses any of these samples as a number."""
    samples: tuple[object, ...] = (
        *(1, 20, 1_800_000_000, "1"),
        *((20, False), (20, True)),
        [{"wall_connector_power": 1}],
    )
    for parse in (signal.parse, signal.polled):
        for sample in samples:
            try:
                value = parse(sample)
            except ValueError, TypeError, AttributeError:
                continue
            if isinstance(value, int | float) and not isinstance(value, bool):
                return True
    return False


NUMBERS = [row for row in EVERY_ROW if is_number(row)]


def test_the_rows_that_are_numbers_are_found() -> None:
    assert len(NUMBERS) > 150
    for row in (signals.UPDATE_START, signals.CRUISE_DISTANCE, signals.WALL_CONNECTOR_POWER):
        assert row in NUMBERS
    assert signals.LOCKED not in NUMBERS
    assert signals.CHARGING_STATE not in NUMBERS


@pytest.mark.parametrize("row", NUMBERS, ids=repr)
def test_every_number_has_bounds(row: Signal[Any]) -> None:
    assert row.bounds is not None
    lowest, highest = row.bounds
    assert lowest < highest
    assert math.isfinite(lowest)
    assert math.isfinite(highest)


@pytest.mark.parametrize("row", [row for row in EVERY_ROW if row not in NUMBERS], ids=repr)
def test_no_other_row_has_bounds(row: Signal[Any]) -> None:
    assert row.bounds is None


NOTHING_IS_AS_LARGE = (1e30, -1e30, 2.0**31 - 1, -(2.0**31), 2.0**32 - 1, math.inf, math.nan)


@pytest.mark.parametrize("row", NUMBERS, ids=repr)
def test_values_that_no_row_accepts(row: Signal[Any]) -> None:
    """Neither streamed nor polled: the values of 32 bits without a value, infinity, no number."""
    for raw in NOTHING_IS_AS_LARGE:
        assert signals.decode(row, raw) is None
        if row.paths:
            assert polled(row, raw) is None
        if row.streamed:
            assert streamed(row, double_value=raw) is None


def record_of(row: Signal[Any], **value: Any) -> Record:
    """A record with one value of the row's field."""
    datum = wire.Datum(key=row.field, value=wire.Value(**value))
    payload = wire.Payload(data=[datum]).SerializeToString()
    return read_record(payload, NOW, zone=UTC)


def streamed(row: Signal[Any], **value: Any) -> object:
    """The reading of a value in a record."""
    return record_of(row, **value).readings[row].value


def polled(row: Signal[Any], raw: object) -> object:
    """The reading of a value in a polled answer, of DC where it matters."""
    section: dict[str, Any] = {"fast_charger_present": row is signals.DC_CHARGING_POWER}
    if row is signals.WALL_CONNECTOR_POWER:
        raw = [{"wall_connector_power": raw}]
    place = section
    *above, key = row.paths[0]
    for each in above:
        place = place.setdefault(each, {})
    place[key] = raw
    return read_sections({row.section: section}, (row,), NOW)[row].value


PLAUSIBLE = [
    # In Tesla's units: values that cars, or their successors of the next years, really reach.
    (signals.BATTERY_LEVEL, (0, 100, 100.2)),
    (signals.RATED_RANGE, (0, 0.4, 405, 620)),
    (signals.IDEAL_RANGE, (412, 700)),
    (signals.ODOMETER, (3.1, A_MILLION_MILES, 2_000_000)),
    (signals.SPEED, (0, 1.24, 200, 250)),
    (signals.INSIDE_TEMPERATURE, (-35, 0, 80)),
    (signals.OUTSIDE_TEMPERATURE, (-39, 0, 55)),
    (signals.CHARGER_VOLTAGE, (0, 2, 277, 500)),
    (signals.CHARGER_CURRENT, (0, 80)),
    (signals.CHARGE_RATE, (0, 1100)),
    (signals.TIME_TO_FULL, (0, 100)),
    (signals.CHARGE_ENERGY_ADDED, (0, 0.01, 123)),
    (signals.PRESSURE_FRONT_LEFT, (0, 2.9, 5.2)),
    (signals.ROUTE_ENERGY, (-40, 0, 100)),
    (signals.ROUTE_MINUTES, (0, 4000)),
    (signals.SEAT_HEATER_LEFT, (0, 1, 2, 3)),
    (signals.MEDIA_VOLUME, (0, 10.3333, 11)),
    (signals.CHARGE_LIMIT, (50, 100)),
    (signals.MODULE_TEMPERATURE_LOWEST, (-30, 60)),
    (signals.ENERGY_REMAINING, (0, 123)),
    (signals.LIFETIME_ENERGY_USED, (1, 200_000)),
]


@pytest.mark.parametrize(("row", "values"), PLAUSIBLE, ids=repr)
def test_possible_values_are_shown(
    row: Signal[Any], values: tuple[float, ...], caplog: pytest.LogCaptureFixture
) -> None:
    for value in values:
        assert streamed(row, double_value=value) is not None
        if row.paths:
            assert polled(row, value) is not None
    assert not caplog.records


IMPLAUSIBLE = [
    # A computer's value for "none", or one beyond any car.
    (signals.IDEAL_RANGE, (999, -1)),
    (signals.RATED_RANGE, (999, 1023, 4095)),
    (signals.ESTIMATED_RANGE, (999, 32767)),
    (signals.BATTERY_LEVEL, (102.3, 127, 255, -1)),
    (signals.USABLE_BATTERY_LEVEL, (102.2, 127)),
    (signals.CHARGE_LIMIT, (127, 255)),
    (signals.PEDAL_POSITION, (102, 102.3)),
    (signals.OUTSIDE_TEMPERATURE, (-40, 87.5, 85, 215, 327.67, -273.15)),
    (signals.INSIDE_TEMPERATURE, (-40, 87.5, 127, 327.67)),
    (signals.MODULE_TEMPERATURE_HIGHEST, (-40, 87.5, 125)),
    (signals.STATOR_REAR, (-40, 215, 255)),
    (signals.DRIVER_TEMPERATURE, (-40, 0, 46.5)),
    (signals.ODOMETER, (0, -1, 4_294_967.295)),
    (signals.SPEED, (255, 511, -25)),
    (signals.CRUISE_SPEED, (158.8, 255)),
    (signals.CHARGER_CURRENT, (127, 255, -40)),
    (signals.CHARGE_CURRENT_REQUEST, (127, 255)),
    (signals.CHARGER_VOLTAGE, (4095, 6553.5)),
    (signals.CHARGER_PHASES, (7, 127, 255)),
    (signals.BRICK_VOLTAGE_LOWEST, (6.5535, 8.191)),
    (signals.PACK_VOLTAGE, (6553.5,)),
    (signals.PACK_CURRENT, (3276.7, -3276.8)),
    (signals.TIME_TO_FULL, (255, 6553.5)),
    (signals.PRESSURE_FRONT_LEFT, (6.375, 255)),
    (signals.HEADING, (511, -1)),
    (signals.SEAT_HEATER_LEFT, (7, 15)),
    (signals.SEAT_COOLER_LEFT, (7,)),
    (signals.STEERING_WHEEL_LEVEL, (7,)),
    (signals.FAN_SPEED, (15,)),
    (signals.PAIRED_KEYS, (127, 255)),
    (signals.UPDATE_INSTALLED, (127, 255)),
    (signals.GRADE, (102.3,)),
    (signals.LATERAL_ACCELERATION, (327.67,)),
    (signals.TORQUE_REAR, (32767,)),
    (signals.ROUTE_ENERGY, (127, 255)),
    (signals.ROUTE_MINUTES, (32767, 65535)),
    (signals.ROUTE_DISTANCE, (32767, 65535)),
    (signals.MEDIA_VOLUME, (255,)),
    (signals.ISOLATION_RESISTANCE, (65535,)),
]


@pytest.mark.parametrize(("row", "values"), IMPLAUSIBLE, ids=repr)
def test_values_for_none_are_unknown(row: Signal[Any], values: tuple[float, ...]) -> None:
    for value in values:
        assert streamed(row, double_value=value) is None
        # As cars before 2025.44 write it.
        assert streamed(row, string_value=str(value)) is None
        if row.paths:
            assert polled(row, value) is None


def test_999_miles_in_a_record() -> None:
    told = bytes.fromhex("0a0d08291209290000000000388f4012060898ec8ad806")
    record = read_record(told, NOW, zone=UTC)
    assert record.readings[signals.IDEAL_RANGE].value is None
    assert record.fields == ("IdealBatteryRange",), "it is billed all the same"


def test_999_miles_from_a_broker() -> None:
    topic = read_topic("telemetry", "telemetry/5YJ3E7EA7KF000001/v/IdealBatteryRange")
    assert topic is not None
    for payload in ("999", '"999"', '"999.0"', "1e30"):
        record = read_message(topic, payload, NOW, zone=UTC)
        assert isinstance(record, Record)
        assert record.readings[signals.IDEAL_RANGE].value is None


@pytest.mark.parametrize("row", [signals.IDEAL_RANGE, signals.INSIDE_TEMPERATURE], ids=repr)
def test_it_is_logged_once(row: Signal[Any], caplog: pytest.LogCaptureFixture) -> None:
    """In any form, and although the number differs each time."""
    for value in (1e4, 1e5):
        streamed(row, double_value=value)
        streamed(row, string_value=str(value))
        polled(row, value)
        signals.decode(row, value)
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert [each.getMessage() for each in warnings] == [
        f"Ignoring implausible values of {row.name}; it is unknown"
    ]


def test_a_level_without_a_value_is_no_heat() -> None:
    assert streamed(signals.STEERING_WHEEL_HEATER, int_value=7) is None
    assert streamed(signals.STEERING_WHEEL_HEATER, int_value=3) is True


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0, 0), (90.1, 0), (0, 180.1), (math.nan, 5), (math.inf, 5)]
)
def test_no_place(latitude: float, longitude: float) -> None:
    """Without a fix both are 0; an island there would be in the sea."""
    place = wire.LocationValue(latitude=latitude, longitude=longitude)
    assert streamed(signals.LOCATION, location_value=place) is None
    section = json.loads(json.dumps({"latitude": latitude, "longitude": longitude}))
    readings = read_sections({"drive_state": section}, (signals.LOCATION,), NOW)
    assert readings[signals.LOCATION].value is None


def test_implausible_stored_values_are_dropped_at_the_next_start() -> None:
    """An older version stored it as a value."""
    stored = {
        "IdealBatteryRange": [1607.7, NOW.timestamp()],
        "RatedRange": [400.0, NOW.timestamp()],
        "InsideTemp": ["warm", NOW.timestamp()],
        "OutsideTemp": [None, NOW.timestamp()],
    }
    restored = restore_state(stored, VEHICLE_SIGNALS)
    assert {row.name: each.value for row, each in restored.readings.items()} == {
        "RatedRange": 400.0,
        "OutsideTemp": None,
    }
