"""Signals of a site's energy: today's, by Tesla's fields, and counters that never fall.

They are sums of the rows of the site's history; see `tesla.site.energy`.
"""

from typing import Final

from ..energy.counters import Counter
from ..energy.fields import EnergyField
from ..state import Signal
from .bounds import DAY_ENERGY, INSTANT, SITE_ENERGY
from .measures import kilowatt_hours, watt_hours
from .parsers import instant

ENERGY_HISTORY: Final = "calendar_history"
"""The section of the sums."""


def _today(field: EnergyField) -> Signal[float]:
    """Energy of the current day; unknown from midnight until the first row with a value."""
    name = "".join(word.capitalize() for word in field.split("_"))
    return Signal(
        f"Today.{name}", watt_hours, DAY_ENERGY, path=f"{ENERGY_HISTORY}.{field}", streamed=False
    )


def _lifetime(counter: Counter) -> Signal[float]:
    """Energy since the counter began, which never falls."""
    name = "".join(word.capitalize() for word in counter.split("_"))
    return Signal(
        f"Lifetime.{name}",
        kilowatt_hours,
        SITE_ENERGY,
        path=f"{ENERGY_HISTORY}.lifetime.{counter}",
        streamed=False,
    )


DAY_BEGAN = Signal("Today.Began", instant, INSTANT, path=f"{ENERGY_HISTORY}.began", streamed=False)
"""When the day of the sums began, at the site; Unix seconds."""
SOLAR_ENERGY_EXPORTED = _today(EnergyField.SOLAR_EXPORTED)
GENERATOR_ENERGY_EXPORTED = _today(EnergyField.GENERATOR_EXPORTED)
GRID_ENERGY_IMPORTED = _today(EnergyField.GRID_IMPORTED)
GRID_SERVICES_ENERGY_IMPORTED = _today(EnergyField.GRID_SERVICES_IMPORTED)
GRID_SERVICES_ENERGY_EXPORTED = _today(EnergyField.GRID_SERVICES_EXPORTED)
GRID_ENERGY_EXPORTED_FROM_SOLAR = _today(EnergyField.GRID_EXPORTED_FROM_SOLAR)
GRID_ENERGY_EXPORTED_FROM_GENERATOR = _today(EnergyField.GRID_EXPORTED_FROM_GENERATOR)
GRID_ENERGY_EXPORTED_FROM_BATTERY = _today(EnergyField.GRID_EXPORTED_FROM_BATTERY)
BATTERY_ENERGY_EXPORTED = _today(EnergyField.BATTERY_EXPORTED)
BATTERY_ENERGY_IMPORTED_FROM_GRID = _today(EnergyField.BATTERY_IMPORTED_FROM_GRID)
BATTERY_ENERGY_IMPORTED_FROM_SOLAR = _today(EnergyField.BATTERY_IMPORTED_FROM_SOLAR)
BATTERY_ENERGY_IMPORTED_FROM_GENERATOR = _today(EnergyField.BATTERY_IMPORTED_FROM_GENERATOR)
CONSUMER_ENERGY_IMPORTED_FROM_GRID = _today(EnergyField.CONSUMER_IMPORTED_FROM_GRID)
CONSUMER_ENERGY_IMPORTED_FROM_SOLAR = _today(EnergyField.CONSUMER_IMPORTED_FROM_SOLAR)
CONSUMER_ENERGY_IMPORTED_FROM_BATTERY = _today(EnergyField.CONSUMER_IMPORTED_FROM_BATTERY)
CONSUMER_ENERGY_IMPORTED_FROM_GENERATOR = _today(EnergyField.CONSUMER_IMPORTED_FROM_GENERATOR)
TOTAL_HOME_USAGE = _today(EnergyField.HOME_USAGE)
TOTAL_BATTERY_CHARGE = _today(EnergyField.BATTERY_CHARGE)
TOTAL_BATTERY_DISCHARGE = _today(EnergyField.BATTERY_DISCHARGE)
TOTAL_SOLAR_GENERATION = _today(EnergyField.SOLAR_GENERATION)
TOTAL_GRID_ENERGY_EXPORTED = _today(EnergyField.GRID_EXPORTED)

LIFETIME_GRID_IMPORT = _lifetime(Counter.GRID_IMPORT)
LIFETIME_GRID_EXPORT = _lifetime(Counter.GRID_EXPORT)
LIFETIME_SOLAR = _lifetime(Counter.SOLAR)
LIFETIME_BATTERY_CHARGE = _lifetime(Counter.BATTERY_CHARGE)
LIFETIME_BATTERY_DISCHARGE = _lifetime(Counter.BATTERY_DISCHARGE)
LIFETIME_HOME = _lifetime(Counter.HOME)
