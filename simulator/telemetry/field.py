"""One field of Fleet Telemetry: its name, its type on the wire, and the firmware that has it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, final
from zoneinfo import ZoneInfo

from tesla_protocol.telemetry.vehicle_data_pb2 import (
    Datum,
    Doors,
    LocationValue,
    TireLocation,
    Value,
)

from simulator.vehicle.vehicle import Vehicle


@final
class Invalid:
    """Sent for a field whose source does not report: no state, and no value."""


INVALID: Final = Invalid()

type Raw = Any
"""A bool, int, float, text, name of an enum's value without its prefix, pair of coordinates, or a
bool for each door or tyre."""
type Reader = Callable[[Vehicle], Raw | Invalid | None]

_TYPED_ALWAYS = 179
"""Fields from this number on are never sent as text."""
_PACIFIC = ZoneInfo("America/Los_Angeles")
_DOORS = ("DriverFront", "DriverRear", "PassengerFront", "PassengerRear", "TrunkFront", "TrunkRear")
_TYRES = ("front_left", "front_right", "rear_left", "rear_right")

type Version = tuple[int, ...]


def version(text: str) -> Version:
    """`2026.32.6` as comparable numbers, up to the first part that is no number."""
    numbers: list[int] = []
    for part in text.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """One field that a car can send."""

    name: str
    number: int
    arm: str
    """The member of the oneof that carries it."""
    read: Reader
    """Current value; INVALID if its source does not report, None if this car lacks the field."""
    numbers: dict[str, int] | None = None
    """Numbers of an enum's values, by their names without Tesla's prefix."""
    firmware: Version = ()
    """The first one that sends it."""

    @property
    def is_numeric(self) -> bool:
        """Whether a minimum change can be configured in the field's own unit."""
        return self.arm in ("double_value", "int_value", "long_value")

    def datum(self, value: Raw | Invalid, *, as_text: bool = False) -> Datum:
        """The field with a value, as it is sent in a message."""
        if isinstance(value, Invalid):
            return Datum(key=self.name, value=Value(invalid=True))
        if as_text and self.number < _TYPED_ALWAYS:
            return Datum(key=self.name, value=Value(string_value=self.text(value)))
        return Datum(key=self.name, value=Value(**{self.arm: self._typed(value)}))

    def _typed(self, value: Raw) -> Raw:
        if self.numbers is not None:
            return self.numbers[value]
        match self.arm:
            case "location_value":
                return LocationValue(latitude=value[0], longitude=value[1])
            case "door_value":
                return Doors(**dict(zip(_DOORS, value, strict=True)))
            case "tire_location_value":
                return TireLocation(**dict(zip(_TYRES, value, strict=True)))
        return value

    def text(self, value: Raw) -> str:
        """The text that clients before 1.1.0 send.

        Times are those of the car's own clock. Source: captured data and Tesla's server, which
        parses the text of a location.
        """
        match self.arm:
            case "boolean_value":
                return "true" if value else "false"
            case "location_value":
                north, east = value
                return (
                    f"({abs(north):.6f} {'N' if north >= 0 else 'S'}, "
                    f"{abs(east):.6f} {'E' if east >= 0 else 'W'})"
                )
            case "door_value":
                return "|".join(
                    name for name, is_open in zip(_DOORS, value, strict=True) if is_open
                )
            case "long_value":
                return datetime.fromtimestamp(value, _PACIFIC).strftime("%a %b %-d %H:%M:%S %Y")
        return str(value)


def pacific(car: Vehicle, at: float) -> int:
    """A Unix time as these fields carry it, which is wrong.

    Converted to California's local time, the number gives the local time at the car. Source:
    Tesla, "Fleet Telemetry", August 2026.
    """
    wall = datetime.fromtimestamp(at, ZoneInfo(car.time_zone)).replace(tzinfo=_PACIFIC)
    return int(wall.timestamp())
