"""The fields of a site's energy history, in Wh.

The words name the direction as the device sees it: a battery exports while it discharges, the grid
is imported from when energy is bought, and solar panels export everything they produce. Source:
Tesla, "Energy endpoints" (2024-08); the totals are in live answers only.
"""

from enum import StrEnum


class EnergyField(StrEnum):
    """A field of a row; the value is Tesla's name."""

    SOLAR_EXPORTED = "solar_energy_exported"
    GENERATOR_EXPORTED = "generator_energy_exported"
    GRID_IMPORTED = "grid_energy_imported"
    GRID_SERVICES_IMPORTED = "grid_services_energy_imported"
    GRID_SERVICES_EXPORTED = "grid_services_energy_exported"
    GRID_EXPORTED_FROM_SOLAR = "grid_energy_exported_from_solar"
    GRID_EXPORTED_FROM_GENERATOR = "grid_energy_exported_from_generator"
    GRID_EXPORTED_FROM_BATTERY = "grid_energy_exported_from_battery"
    BATTERY_EXPORTED = "battery_energy_exported"
    BATTERY_IMPORTED_FROM_GRID = "battery_energy_imported_from_grid"
    BATTERY_IMPORTED_FROM_SOLAR = "battery_energy_imported_from_solar"
    BATTERY_IMPORTED_FROM_GENERATOR = "battery_energy_imported_from_generator"
    CONSUMER_IMPORTED_FROM_GRID = "consumer_energy_imported_from_grid"
    CONSUMER_IMPORTED_FROM_SOLAR = "consumer_energy_imported_from_solar"
    CONSUMER_IMPORTED_FROM_BATTERY = "consumer_energy_imported_from_battery"
    CONSUMER_IMPORTED_FROM_GENERATOR = "consumer_energy_imported_from_generator"
    HOME_USAGE = "total_home_usage"
    BATTERY_CHARGE = "total_battery_charge"
    BATTERY_DISCHARGE = "total_battery_discharge"
    SOLAR_GENERATION = "total_solar_generation"
    GRID_EXPORTED = "total_grid_energy_exported"
