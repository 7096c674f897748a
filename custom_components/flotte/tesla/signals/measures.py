"""Measures: parsers of numbers with a unit.

Cars always report miles, miles per hour, degrees Celsius, bar and kilowatts, whatever they display;
sites report watts. Tesla's own unit is named below where it differs from ours.
"""

from typing import Final

from ..units import Measure, Unit
from .parsers import KILOMETRES_PER_MILE, number, whole

CENTIMILE: Final = 0.01 * KILOMETRES_PER_MILE
"""km; polled distances have two decimals of a mile."""
MICRODEGREE: Final = 1e-6
"""Degrees; polled coordinates have six decimals."""


def _from_miles(value: object) -> float:
    return number(value) * KILOMETRES_PER_MILE


percent: Final = Measure(Unit.PERCENT, number)
whole_percent: Final = Measure(Unit.PERCENT, whole)
degrees: Final = Measure(Unit.DEGREE, number)
kilometres: Final = Measure(Unit.KILOMETRE, _from_miles)
"""From miles."""
metres: Final = Measure(Unit.METRE, number)
kilometres_per_hour: Final = Measure(Unit.KILOMETRE_PER_HOUR, _from_miles)
"""From miles per hour."""
metres_per_second_squared: Final = Measure(Unit.METRE_PER_SECOND_SQUARED, number)
radians_per_second: Final = Measure(Unit.RADIAN_PER_SECOND, number)
newton_metres: Final = Measure(Unit.NEWTON_METRE, number)
kilograms: Final = Measure(Unit.KILOGRAM, number)
celsius: Final = Measure(Unit.CELSIUS, number)
bar: Final = Measure(Unit.BAR, number)
volts: Final = Measure(Unit.VOLT, number)
amperes: Final = Measure(Unit.AMPERE, number)
whole_amperes: Final = Measure(Unit.AMPERE, whole)
kilohms: Final = Measure(Unit.KILOHM, number)
watts: Final = Measure(Unit.WATT, number)
kilowatts: Final = Measure(Unit.KILOWATT, number)
watt_hours: Final = Measure(Unit.WATT_HOUR, number)
kilowatt_hours: Final = Measure(Unit.KILOWATT_HOUR, number)
whole_milliseconds: Final = Measure(Unit.MILLISECOND, whole)
minutes: Final = Measure(Unit.MINUTE, number)
whole_minutes: Final = Measure(Unit.MINUTE, whole)
hours: Final = Measure(Unit.HOUR, number)
whole_hours: Final = Measure(Unit.HOUR, whole)
