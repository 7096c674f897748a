"""The collection of fields: the rules of one configuration, applied to the car's life.

Every field is sent once when the collection starts. After that a field is sent when its interval
has passed since it was last sent, and its value differs from the last one (by `minimum_delta`, if
that is configured and the firmware supports it), or when `resend_interval_seconds` has passed. All
of it happens on a grid of 500 ms; changes in between are lost. Source: Tesla, "Fleet Telemetry",
August 2026. So a difference below the minimum when a car comes to rest is not sent then, and not
later either, until the resend interval has passed or the car has slept.

Streams of real cars lose changes of single fields (public reports: Locked, DoorState,
DetailedChargeState): the collector counts them as sent, but they never arrive. `lost_changes` of a
car's telemetry lists such fields, and for how long.

The collector does not look at every point of the grid. A life stops where something can be due:
when an interval ends, after every event and order, each half second while the car drives, and each
five seconds while it stands awake, when nothing in it moves fast.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from google.protobuf.timestamp_pb2 import Timestamp
from tesla_protocol.telemetry.vehicle_data_pb2 import Datum, Payload

from simulator.telemetry.configuration import Configuration, Wanted
from simulator.telemetry.field import INVALID, FieldSpec, Invalid, Raw, version
from simulator.telemetry.fields import BEFORE_SLEEP, FIELDS
from simulator.vehicle.drive import distance_m
from simulator.vehicle.vehicle import Vehicle

TICKS_PER_SECOND = 2
STANDING_TICKS = 5 * TICKS_PER_SECOND
"""Interval for a standing car, whose values change slowly: cabin, battery."""

_BUILT_IN_DELTAS = {"Odometer": 0.1, "ChargerVoltage": 0.3}
_LIST_FIRMWARE = (2024, 44, 32)
"""Supports `minimum_delta`."""
_CLIENT_1_FIRMWARE = (2025, 2, 6)
_CLIENT_1_BRANCH = (2024, 45, 32, 20)
"""Client 1.0.0 came with the firmware above, and with this one for cars that stayed on 2024.45."""
_NANOSECONDS = 500_000_000


def is_client_1(firmware: tuple[int, ...]) -> bool:
    """Whether a firmware has the client 1.0.0 or a later one.

    It supports `resend_interval_seconds`, `delivery_policy`, the built-in deltas, and metres for
    locations; older ones ignore these settings and never send anything again.
    """
    return firmware >= _CLIENT_1_FIRMWARE or _CLIENT_1_BRANCH <= firmware < _CLIENT_1_FIRMWARE[:1]


def tick_of(at: float) -> int:
    """The first point of the grid at or after a Unix time."""
    return math.ceil(at * TICKS_PER_SECOND)


def time_of(tick: int) -> float:
    """The Unix time of a point of the grid."""
    return tick / TICKS_PER_SECOND


def timestamp(tick: int) -> Timestamp:
    """The car's clock at a point of the grid, as messages carry it."""
    seconds, half = divmod(tick, TICKS_PER_SECOND)
    return Timestamp(seconds=seconds, nanos=half * _NANOSECONDS)


@dataclass(frozen=True, slots=True)
class Sample:
    """One message with fields, and its contents in short."""

    names: tuple[str, ...]
    payload: bytes
    is_full: bool = False
    """Whether it has every field, so that earlier messages need not be sent again."""


class _Slot:
    """One configured field, with its settings and its last value."""

    __slots__ = ("delta", "interval", "last", "resend", "spec", "tick", "times")

    def __init__(self, wanted: Wanted, spec: FieldSpec, firmware: tuple[int, ...]) -> None:
        self.spec = spec
        self.interval = wanted.interval * TICKS_PER_SECOND
        is_new = is_client_1(firmware)
        self.resend = wanted.resend * TICKS_PER_SECOND if wanted.resend and is_new else None
        self.delta = wanted.minimum_delta if firmware >= _LIST_FIRMWARE else None
        is_place = spec.arm == "location_value"
        if is_new:
            if self.delta is None:
                self.delta = _BUILT_IN_DELTAS.get(wanted.name)
        elif is_place:
            self.delta = None
        if not is_place and not spec.is_numeric:
            self.delta = None
        self.last: Raw | Invalid | None = None
        self.tick = 0
        """The point of the grid at which it was last sent."""
        self.times = 0

    def differs(self, value: Raw | Invalid) -> bool:
        """Whether a value differs enough to be sent."""
        if value == self.last:
            return False
        if not self.delta or isinstance(value, Invalid) or isinstance(self.last, Invalid | None):
            return True
        if self.spec.arm == "location_value":
            return distance_m(self.last, value) >= self.delta
        return bool(abs(value - self.last) >= self.delta)


@dataclass(slots=True)
class Distortions:
    """Ordered differences between a stream and the truth."""

    flapping: dict[str, float] = field(default_factory=dict)
    """The amount by which fields alternate each time they are sent."""
    values: dict[str, Raw | Invalid] = field(default_factory=dict)
    """Values that are sent instead of the real ones."""
    lost_changes: dict[str, float] = field(default_factory=dict)
    """Fields whose changes are lost, with the Unix time at which that ends."""
    text_values: bool = False
    """Whether everything is sent as text, as clients before 1.1.0 do."""


class Collector:
    """One configuration at work in an awake car."""

    def __init__(
        self, vehicle: Vehicle, configuration: Configuration, distortions: Distortions
    ) -> None:
        self._vehicle = vehicle
        self._distortions = distortions
        firmware = version(vehicle.firmware)
        self._slots = [
            _Slot(wanted, spec, firmware)
            for wanted in configuration.fields
            if (spec := FIELDS.get(wanted.name)) is not None and spec.firmware <= firmware
        ]
        self._is_new = True

    def look(self, tick: int, stretch: float = 1.0) -> tuple[Sample | None, int]:
        """The message of a point of the grid, and the next point at which to look.

        `stretch` above 1 looks at a standing car that many times less often, whatever its intervals
        are: for gaps of more than a week.
        """
        is_full, self._is_new = self._is_new, False
        told: list[_Slot] = []
        ahead = 1 if self._vehicle.drive is not None else int(STANDING_TICKS * stretch)
        following = tick + ahead
        for slot in self._slots:
            due = slot.tick + slot.interval
            if not is_full and tick < due:
                following = min(following, due)
                continue
            value = self._read(slot)
            if value is None:
                continue
            again = None if slot.resend is None else slot.tick + slot.resend
            if is_full or slot.differs(value) or (again is not None and again <= tick):
                is_lost = not is_full and self._is_lost(slot, tick)
                slot.last, slot.tick = value, tick
                if not is_lost:
                    slot.times += 1
                    told.append(slot)
                following = min(following, tick + slot.interval)
            elif again is not None:
                following = min(following, again)
        if stretch > 1 and ahead > 1:
            following = tick + ahead
        message = self._message(told, tick, is_full=is_full) if told else None
        return message, following

    def say_invalid(self, tick: int) -> Sample | None:
        """The last message before the car falls asleep; None if it is empty."""
        told = [
            slot
            for slot in self._slots
            if slot.spec.name in BEFORE_SLEEP and slot.last not in (None, INVALID)
        ]
        for slot in told:
            slot.last, slot.tick = INVALID, tick
        return self._message(told, tick) if told else None

    def again(self, names: Iterable[str], tick: int) -> Sample | None:
        """Current values of these fields, marked as a resend."""
        wanted = set(names)
        told = [slot for slot in self._slots if slot.spec.name in wanted and slot.last is not None]
        for slot in told:
            value = self._read(slot)
            slot.last = slot.last if value is None else value
        return self._message(told, tick, is_resend=True) if told else None

    def _is_lost(self, slot: _Slot, tick: int) -> bool:
        return time_of(tick) < self._distortions.lost_changes.get(slot.spec.name, 0.0)

    def _read(self, slot: _Slot) -> Raw | Invalid | None:
        name = slot.spec.name
        if name in self._distortions.values:
            return self._distortions.values[name]
        value = slot.spec.read(self._vehicle)
        if (
            name in self._distortions.flapping
            and not isinstance(value, Invalid)
            and value is not None
        ):
            # Alternates with each message.
            value += self._distortions.flapping[name] * (slot.times % 2)
        return value

    def _message(
        self, slots: list[_Slot], tick: int, *, is_full: bool = False, is_resend: bool = False
    ) -> Sample:
        datum: Callable[[_Slot], Datum] = self._datum
        payload = Payload(
            data=[datum(slot) for slot in slots],
            created_at=timestamp(tick),
            is_resend=is_resend,
        )
        names = tuple(slot.spec.name for slot in slots)
        return Sample(names, payload.SerializeToString(), is_full)

    def _datum(self, slot: _Slot) -> Datum:
        return slot.spec.datum(slot.last, as_text=self._distortions.text_values)
