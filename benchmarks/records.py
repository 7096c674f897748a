"""Messages of cars: numbers that always change, in Tesla's protobuf and envelope."""

import itertools
import time
from collections.abc import Iterator, Sequence
from itertools import islice

from tesla_protocol.telemetry import vehicle_data_pb2 as wire

from simulator.telemetry import envelope

TOPIC = b"V"


MIN_VALUE = 20.0
MAX_VALUE = 125.0
"""The bounds of all values, for at least forty fields."""


def values_of(field_index: int) -> Iterator[float]:
    """Numbers as a car reports them, in Tesla's units; two successive ones always differ."""
    for turn in itertools.count():
        yield MIN_VALUE + field_index + turn % 997 / 16


def raw_values(fields: int, records: int) -> list[tuple[float, ...]]:
    """The values of the first so many records with so many fields."""
    return list(islice(zip(*map(values_of, range(fields)), strict=True), records))


class Records:
    """The records of one car.

    Args:
        vin: The car.
        fields: Names of the fields in each record, in order.
    """

    def __init__(self, vin: str, fields: Sequence[str]) -> None:
        self._vin = vin
        self._values = [(field, values_of(index)) for index, field in enumerate(fields)]
        self._numbers = itertools.count()

    def next(self) -> bytes:
        """The next record, as it is sent through the WebSocket; its time is now."""
        payload = wire.Payload(vin=self._vin)
        now = time.time()
        payload.created_at.FromNanoseconds(int(now * 1e9))
        for field, values in self._values:
            value = wire.Value(double_value=next(values))
            payload.data.append(wire.Datum(key=field, value=value))
        return envelope.write(
            topic=TOPIC,
            txid=b"%036d" % next(self._numbers),
            vin=self._vin,
            payload=payload.SerializeToString(),
            created_at=int(now),
        )
