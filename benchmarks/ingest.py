"""Records of cars, from their bytes to the last state written, compared with the writes alone.

In the process: the records of one car, straight into the server, without TLS. Through TLS: cars in
another process push two records a second each, whether or not they are acknowledged.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import batched
from typing import Any, Final

from homeassistant.components.sensor import SensorStateClass
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers.typing import StateType
from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from benchmarks.bare_sensors import AlikeSensor, BareSensor, show_all
from benchmarks.home_assistant import STREAM_HOST, Enabled, Fleet, home_assistant
from benchmarks.records import MAX_VALUE, MIN_VALUE, Records, raw_values
from benchmarks.streaming_cars import Push, Pushed, StreamingCars, streaming_cars
from benchmarks.timing import Timing, alternate, machine, positive
from custom_components.flotte.sensor.entity import FlotteSensor, FlotteSensorDescription
from custom_components.flotte.sensor.vehicle import VEHICLE_SENSORS
from custom_components.flotte.tesla.signals import GPS_ACCURACY
from custom_components.flotte.tesla.state import Signal, Unrecognised, inputs_of
from simulator.telemetry import envelope

OURS: Final = "Flotte"
FLOOR: Final = "writes alone"
ALIKE: Final = "writes alone, like Flotte's"

MAX_OF_FLOOR: Final = {1: 1.5, 4: 1.35, 40: 1.2}
"""Goals: the maximum ratio to the writes alone, by number of signals."""
CARS: Final = (1, 10, 100)
GOAL_CARS: Final = 10
MAX_P99: Final = 50.0
"""Goal in milliseconds, by number of cars."""
PER_SECOND: Final = 2.0
"""Records per car: Tesla's cars collect for 500 ms, so none sends more."""
SIGNALS: Final = 4
"""Signals in each record that comes through TLS."""
ENTITIES: Final = 150
"""Entities of each car."""
FEW, MANY = 50, 300
"""Entities of two cars whose records are compared: unchanged entities must cost nothing."""
WARM_UP_REPEATS: Final = 2
WARM_UP_SECONDS: Final = 2.0

_FIELDS: Final = frozenset(wire.Field.keys())


class WrongResult(Exception):
    """The measured code did not do what it should, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A sensor whose writes are measured, and its signal."""

    row: FlotteSensorDescription
    signal: Signal[Any]

    @property
    def field(self) -> str:
        """The streamed field of the signal."""
        return self.signal.field


def _shows_every_value(signal: Signal[Any]) -> bool:
    """Whether every value of the records is within the bounds of a signal and is not rounded."""
    try:
        signal.parse(MAX_VALUE)
        return bool(signal.parse(MIN_VALUE) != signal.parse(MIN_VALUE + 0.0625))
    except Unrecognised:
        return False


def _measured() -> list[Measured]:
    """All sensors of numbers with class and unit, each for one signal of one streamed field."""
    return [
        Measured(row, row.signal)
        for row in VEHICLE_SENSORS
        if isinstance(row.signal, Signal)
        and row.signal.name in _FIELDS
        and row.device_class is not None
        and row.signal.unit is not None
        and _shows_every_value(row.signal)
        # A total ignores falling values.
        and row.state_class is not SensorStateClass.TOTAL_INCREASING
        # The device tracker shows this signal too.
        and row.signal is not GPS_ACCURACY
    ]


SENSORS: Final = tuple(_measured()[: max(MAX_OF_FLOOR)])
STREAMED: Final = tuple(each for each in SENSORS if not each.signal.paths)[:SIGNALS]
"""Signals that are not polled, so that only a record changes them."""


def enabled(numbers: Mapping[str, int]) -> Enabled:
    """Enable so many entities of each car, but only one for each measured signal."""
    return Enabled({each.signal: each.row.key for each in SENSORS}, numbers)


# --- In the process ------------------------------------------------------------------------------


class Car:
    """A car set up in Flotte, and the records that it sends."""

    def __init__(self, fleet: Fleet, vin: str, sensors: Sequence[Measured]) -> None:
        self._hass = fleet.hass
        self._server = fleet.receiver.server
        self._stream = fleet.coordinator(vin).stream
        self._records = Records(vin, [each.field for each in sensors])
        self._signals = len(sensors)
        if not self._stream.is_connected:
            # The server calls this when a car connects.
            self._stream.opened("benchmark", "wifi")

    def batches(self, number: int, size: int) -> Callable[[], Awaitable[None]]:
        """Return a function that receives a batch of records with each call; all are made now.

        No batch is received twice, because readings older than the latest are ignored.
        """
        batches = batched((self._records.next() for _ in range(number * size)), size, strict=True)
        waiting = iter(list(batches))

        async def receive() -> None:
            self._receive(next(waiting))

        return receive

    def _receive(self, records: Sequence[bytes]) -> None:
        answer, stream = self._server.messages.answer, self._stream
        for record in records:
            answer(record, stream)

    def check(self) -> None:
        """Check that a record is acknowledged and changes one state for each of its signals.

        Raises:
            WrongResult: it was not.
        """
        written: list[str] = []

        @callback
        def hear(event: Event[EventStateChangedData]) -> None:
            written.append(event.data["entity_id"])

        record = self._records.next()
        stop = self._hass.bus.async_listen(EVENT_STATE_CHANGED, hear)
        answer = self._server.messages.answer(record, self._stream)
        stop()
        if envelope.read(answer).message_type != envelope.ACK:
            raise WrongResult("a record is not acknowledged")
        if len(written) != self._signals or len(set(written)) != self._signals:
            raise WrongResult(f"{self._signals} signals changed {written}")


async def measure_records(
    fleet: Fleet, vin: str, *, repeats: int, writes: int
) -> dict[int, dict[str, Timing]]:
    """Microseconds for a record, and for its writes alone, by number of signals."""
    rows = [each.row for each in SENSORS]
    bare, alike = [BareSensor(row) for row in rows], [AlikeSensor(row) for row in rows]
    await fleet.add_sensors([*bare, *alike])
    timings: dict[int, dict[str, Timing]] = {}
    for signals in MAX_OF_FLOOR:
        size = -(-writes // signals)
        sensors = SENSORS[:signals]
        car = Car(fleet, vin, sensors)
        # The first record may reach entities that have no value yet.
        for _ in range(2):
            car.check()
        # As Flotte displays them: a number with many digits takes longer to write.
        values = [
            [each.signal.parse(raw) for each, raw in zip(sensors, record, strict=True)]
            for record in raw_values(signals, size)
        ]
        timings[signals] = await alternate(
            {
                OURS: car.batches(WARM_UP_REPEATS + repeats, size),
                FLOOR: writing(bare[:signals], values),
                ALIKE: writing(alike[:signals], values),
            },
            repeats=repeats,
            warm_up=WARM_UP_REPEATS,
            units=size,
        )
    return timings


def writing(
    sensors: Sequence[BareSensor], values: Sequence[Sequence[StateType]]
) -> Callable[[], Awaitable[None]]:
    """Return a function that writes all values to all sensors."""

    async def write() -> None:
        show_all(sensors, values)

    return write


async def measure_growth(
    fleet: Fleet, few: str, many: str, *, repeats: int, writes: int
) -> dict[int, Timing]:
    """Microseconds for a record of one signal, by number of the car's entities."""
    coordinator = fleet.coordinator(many)
    missing = MANY - fleet.entities(many)
    signals = {each.signal for each in SENSORS}
    # No car has as many: some unchanged ones are added a second time.
    again = [
        replace(row, key=f"{row.key}_again", entity_registry_enabled_default=True)
        for row in VEHICLE_SENSORS
        if (inputs := inputs_of(row.signal)) and not signals.intersection(inputs)
    ]
    await fleet.add_sensors([FlotteSensor(coordinator, row) for row in again[:missing]])
    cars = {FEW: Car(fleet, few, STREAMED[:1]), MANY: Car(fleet, many, STREAMED[:1])}
    for number, vin in ((FEW, few), (MANY, many)):
        if fleet.entities(vin) != number:
            raise WrongResult(f"{fleet.entities(vin)} entities instead of {number}")
        for _ in range(2):
            cars[number].check()
    timings = await alternate(
        {
            str(number): car.batches(WARM_UP_REPEATS + repeats, writes)
            for number, car in cars.items()
        },
        repeats=repeats,
        warm_up=WARM_UP_REPEATS,
        units=writes,
    )
    return {int(number): timing for number, timing in timings.items()}


# --- Through TLS ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Latency:
    """Delay of records through TLS, in milliseconds, of all records of all repeats."""

    records: int
    median: float
    p99: float
    worst: float
    acknowledged: float
    """Median until the car received the acknowledgement."""
    late: float
    """99th percentile of how late the cars sent records, which is not part of the delays."""
    cpu: float
    """Processor time of Home Assistant's process, in microseconds per record."""


class Watch:
    """Records when the states of some entities were written."""

    def __init__(self, fleet: Fleet, vins: Sequence[str]) -> None:
        self._written: dict[str, list[int]] = {
            fleet.entity_id(vin, each.row.key): [] for vin in vins for each in STREAMED
        }
        self._stop = fleet.hass.bus.async_listen(EVENT_STATE_CHANGED, self._hear)

    @callback
    def _hear(self, event: Event[EventStateChangedData]) -> None:
        if (written := self._written.get(event.data["entity_id"])) is not None:
            written.append(time.monotonic_ns())

    def take(self, records: int) -> list[list[int]]:
        """The times when the last state of each record was written, by car; resets the observation.

        Raises:
            WrongResult: a record did not change each state once.
        """
        cars = []
        for of_car in batched(self._written.values(), len(STREAMED), strict=True):
            if any(len(written) != records for written in of_car):
                raise WrongResult(f"{records} records changed {[len(each) for each in of_car]}")
            cars.append([max(times) for times in zip(*of_car, strict=True)])
        for written in self._written.values():
            written.clear()
        return cars

    def end(self) -> None:
        """Stop observing."""
        self._stop()


async def measure_latency(number: int, *, repeats: int, seconds: float) -> Latency:
    """Let so many cars push, each with `ENTITIES` entities, for so long and so often."""
    async with streaming_cars(number) as cars:
        vins = cars.account.vins
        async with home_assistant(cars, enabled(dict.fromkeys(vins, ENTITIES))) as fleet:
            return await _push(fleet, cars, repeats=repeats, seconds=seconds)


async def _push(fleet: Fleet, cars: StreamingCars, *, repeats: int, seconds: float) -> Latency:
    vins = cars.account.vins
    for vin in vins:
        if fleet.entities(vin) != ENTITIES:
            raise WrongResult(f"{fleet.entities(vin)} entities instead of {ENTITIES}")
    await cars.connect(port=fleet.port, host=STREAM_HOST, ca=fleet.ca, cars=len(vins))
    order = Push([each.field for each in STREAMED], PER_SECOND, seconds)
    watch = Watch(fleet, vins)
    warm_up = replace(order, seconds=WARM_UP_SECONDS)
    await cars.push(warm_up)
    watch.take(warm_up.records)
    pushed: list[tuple[Pushed, list[list[int]]]] = []
    cpu = 0.0
    for _ in range(repeats):
        before = time.process_time()
        result = await cars.push(order)
        cpu += time.process_time() - before
        pushed.append((result, watch.take(order.records)))
    watch.end()
    await cars.disconnect()
    delays = [delay for result, written in pushed for delay in _milliseconds(result.sent, written)]
    return Latency(
        records=len(delays),
        median=statistics.median(delays),
        p99=_p99(delays),
        worst=max(delays),
        acknowledged=statistics.median(
            delay
            for result, _ in pushed
            for delay in _milliseconds(result.sent, result.acknowledged)
        ),
        late=_p99(
            [delay for result, _ in pushed for delay in _milliseconds(result.due, result.sent)]
        ),
        cpu=cpu * 1e6 / len(delays),
    )


def _milliseconds(begins: list[list[int]], ends: list[list[int]]) -> list[float]:
    """Milliseconds from begin to end of all records of all cars; the arguments are nanoseconds."""
    return [
        (end - begin) / 1e6
        for of_car in zip(begins, ends, strict=True)
        for begin, end in zip(*of_car, strict=True)
    ]


def _p99(numbers: list[float]) -> float:
    return statistics.quantiles(numbers, n=100, method="inclusive")[-1]


# --- All figures ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of all measurements."""

    records: Mapping[int, Mapping[str, Timing]]
    """A record, and its writes alone, by number of signals."""
    growth: Mapping[int, Timing]
    """A record of one signal, by number of entities."""
    latency: Mapping[int, Latency]
    """The delays, by number of cars."""

    def ratio(self, signals: int) -> float:
        """The time of a record compared with the writes alone."""
        timings = self.records[signals]
        return timings[OURS].median / timings[FLOOR].median

    def to_json(self) -> str:
        """The figures to be tracked, as one line of JSON."""
        return json.dumps(
            {
                "us_per_record": {
                    str(signals): round(timings[OURS].median, 2)
                    for signals, timings in self.records.items()
                },
                "floor_us": {
                    str(signals): round(timings[FLOOR].median, 2)
                    for signals, timings in self.records.items()
                },
                "ratio_floor": {
                    str(signals): round(self.ratio(signals), 4) for signals in self.records
                },
                "median_ms": {str(cars): round(each.median, 3) for cars, each in self._latencies},
                "p99_ms": {str(cars): round(each.p99, 3) for cars, each in self._latencies},
                "cpu_us_per_record": round(self.latency[max(self.latency)].cpu, 1),
            }
        )

    @property
    def _latencies(self) -> list[tuple[int, Latency]]:
        return list(self.latency.items())


async def measure(
    *, repeats: int, writes: int, seconds: float, cars: Sequence[int] = CARS
) -> Figures:
    """Measure everything in one run.

    Args:
        repeats: The number of timed batches, and of pushes.
        writes: The number of states that each batch writes.
        seconds: The length of each push.
        cars: The number of cars that push.
    """
    async with streaming_cars(3) as three:
        one, few, many = three.account.vins
        numbers = {one: ENTITIES, few: FEW, many: MANY}
        async with home_assistant(three, enabled(numbers)) as fleet:
            records = await measure_records(fleet, one, repeats=repeats, writes=writes)
            growth = await measure_growth(fleet, few, many, repeats=repeats, writes=writes)
    latency = {
        number: await measure_latency(number, repeats=repeats, seconds=seconds) for number in cars
    }
    return Figures(records, growth, latency)


def table(figures: Figures) -> str:
    """The table of all figures."""
    lines = [machine(), "", _head("microseconds per record", "median", "10 %", "90 %")]
    for signals, timings in figures.records.items():
        lines += [f"signals: {signals}", *_rows(timings)]
    lines += [
        "signals: 1, by entities of the car, of which one changes",
        *_rows({f"{number} entities": each for number, each in figures.growth.items()}),
        "",
        _head(
            f"milliseconds, {PER_SECOND:g} records/s each",
            "median", "99 %", "worst", "ack", "late 99 %", "cpu us", "records",
        ),
    ]  # fmt: skip
    for number, each in figures.latency.items():
        shown_figures = (each.median, each.p99, each.worst, each.acknowledged, each.late)
        lines.append(
            f"  {f'{number} cars, {ENTITIES} entities each':<38}"
            + "".join(f"{figure:>10.2f}" for figure in shown_figures)
            + f"{each.cpu:>10.0f}{each.records:>10}"
        )
    lines.append("")
    lines += [
        _goal(f"{OURS} / {FLOOR}, {signals} signals", figures.ratio(signals), most)
        for signals, most in MAX_OF_FLOOR.items()
    ]
    if GOAL_CARS in figures.latency:
        lines.append(
            _goal(f"99 % of {GOAL_CARS} cars, ms", figures.latency[GOAL_CARS].p99, MAX_P99)
        )
    return "\n".join(lines)


def _head(name: str, *columns: str) -> str:
    return f"{name:<40}" + "".join(f"{column:>10}" for column in columns)


def _rows(timings: Mapping[str, Timing]) -> list[str]:
    return [
        f"  {name:<38}{timing.median:>10,.2f}{timing.low:>10,.2f}{timing.high:>10,.2f}"
        for name, timing in timings.items()
    ]


def _goal(name: str, figure: float, most: float) -> str:
    verdict = "met" if figure <= most else "MISSED"
    return f"{name:<40}{figure:>10.3f}   goal: at most {most:g}, {verdict}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of measurements."""
    parser.add_argument("--repeats", type=positive, default=9, help="of everything (%(default)s)")
    parser.add_argument(
        "--writes", type=positive, default=20_000, help="states in a batch (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=positive, default=6, help="that cars push each time (%(default)s)"
    )
    parser.add_argument(
        "--cars", type=positive, nargs="+", default=CARS, help="that push (1 10 100)"
    )


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    figures = await measure(
        repeats=options.repeats,
        writes=options.writes,
        seconds=options.seconds,
        cars=options.cars,
    )
    sys.stdout.write(f"{table(figures)}\n\n{figures.to_json()}\n")
