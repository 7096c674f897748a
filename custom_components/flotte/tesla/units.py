"""Units of signals, and the parsers that convert Tesla's numbers to them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Unit(StrEnum):
    """The unit of a number, with its symbol."""

    PERCENT = "%"
    DEGREE = "°"
    KILOMETRE = "km"
    METRE = "m"
    KILOMETRE_PER_HOUR = "km/h"
    METRE_PER_SECOND_SQUARED = "m/s²"
    RADIAN_PER_SECOND = "rad/s"
    NEWTON_METRE = "Nm"
    KILOGRAM = "kg"
    CELSIUS = "°C"
    BAR = "bar"
    VOLT = "V"
    AMPERE = "A"
    KILOHM = "kΩ"
    WATT = "W"
    KILOWATT = "kW"
    WATT_HOUR = "Wh"
    KILOWATT_HOUR = "kWh"
    MILLISECOND = "ms"
    MINUTE = "min"
    HOUR = "h"


@dataclass(frozen=True, slots=True)
class Measure[T]:
    """A parser of numbers, and the unit in which it returns them."""

    unit: Unit
    parse: Callable[[Any], T | None]

    def __call__(self, value: Any) -> T | None:  # noqa: ANN401  # as it comes over the wire
        """Convert Tesla's value."""
        return self.parse(value)


def unit_of(parse: Callable[[Any], object]) -> Unit | None:
    """The unit of a parser's numbers; None if they have none, or if it returns no numbers."""
    return parse.unit if isinstance(parse, Measure) else None
