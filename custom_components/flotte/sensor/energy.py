"""Energy of sites: today's by source and use, and counters for the Energy dashboard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import UnitOfPower

from ..entity import reported
from ..statistics.site_days import has_history
from ..tesla import signals
from ..tesla.state import Signal, State
from .entity import DayEnergyDescription, FlotteSensorDescription


def _metered(*parts: Signal[bool]) -> Callable[[State], bool | None]:
    """Make an `exists` for the energy of some parts of a site."""

    def exists(state: State) -> bool | None:
        known = [has_history(state), *(state[part] for part in parts)]
        return False if False in known else None if None in known else True

    return exists


def _once_used(signal: Signal[Any]) -> Callable[[State], bool | None]:
    """Make an `exists` for equipment that is only known from having been used."""
    return lambda state: True if state[signal] else None


@dataclass(frozen=True, kw_only=True)
class LifetimeDescription(FlotteSensorDescription):
    """A counter that never falls."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.ENERGY
    state_class: SensorStateClass | None = SensorStateClass.TOTAL_INCREASING
    suggested_display_precision: int | None = 1


@dataclass(frozen=True, kw_only=True)
class OneWayDescription(FlotteSensorDescription):
    """A power in one direction, for those who need two sensors instead of one with a sign."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.POWER
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_unit_of_measurement: str | None = UnitOfPower.KILO_WATT
    suggested_display_precision: int | None = 2
    entity_registry_enabled_default: bool = False


ENERGY_SENSORS: Final[tuple[FlotteSensorDescription, ...]] = (
    DayEnergyDescription(
        key="solar_energy_exported",
        signal=signals.SOLAR_ENERGY_EXPORTED,
        exists=_metered(signals.HAS_SOLAR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="generator_energy_exported",
        signal=signals.GENERATOR_ENERGY_EXPORTED,
        exists=_once_used(signals.GENERATOR_ENERGY_EXPORTED),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="grid_energy_imported",
        signal=signals.GRID_ENERGY_IMPORTED,
        exists=_metered(signals.HAS_GRID),
    ),
    DayEnergyDescription(
        key="grid_services_energy_imported",
        signal=signals.GRID_SERVICES_ENERGY_IMPORTED,
        exists=_once_used(signals.GRID_SERVICES_ENERGY_IMPORTED),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="grid_services_energy_exported",
        signal=signals.GRID_SERVICES_ENERGY_EXPORTED,
        exists=_once_used(signals.GRID_SERVICES_ENERGY_EXPORTED),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="grid_energy_exported_from_solar",
        signal=signals.GRID_ENERGY_EXPORTED_FROM_SOLAR,
        exists=_metered(signals.HAS_GRID, signals.HAS_SOLAR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="grid_energy_exported_from_generator",
        signal=signals.GRID_ENERGY_EXPORTED_FROM_GENERATOR,
        exists=_once_used(signals.GRID_ENERGY_EXPORTED_FROM_GENERATOR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="grid_energy_exported_from_battery",
        signal=signals.GRID_ENERGY_EXPORTED_FROM_BATTERY,
        exists=_metered(signals.HAS_GRID, signals.HAS_BATTERY),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="battery_energy_exported",
        signal=signals.BATTERY_ENERGY_EXPORTED,
        exists=_metered(signals.HAS_BATTERY),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="battery_energy_imported_from_grid",
        signal=signals.BATTERY_ENERGY_IMPORTED_FROM_GRID,
        exists=_metered(signals.HAS_BATTERY, signals.HAS_GRID),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="battery_energy_imported_from_solar",
        signal=signals.BATTERY_ENERGY_IMPORTED_FROM_SOLAR,
        exists=_metered(signals.HAS_BATTERY, signals.HAS_SOLAR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="battery_energy_imported_from_generator",
        signal=signals.BATTERY_ENERGY_IMPORTED_FROM_GENERATOR,
        exists=_once_used(signals.BATTERY_ENERGY_IMPORTED_FROM_GENERATOR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="consumer_energy_imported_from_grid",
        signal=signals.CONSUMER_ENERGY_IMPORTED_FROM_GRID,
        exists=_metered(signals.HAS_GRID),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="consumer_energy_imported_from_solar",
        signal=signals.CONSUMER_ENERGY_IMPORTED_FROM_SOLAR,
        exists=_metered(signals.HAS_SOLAR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="consumer_energy_imported_from_battery",
        signal=signals.CONSUMER_ENERGY_IMPORTED_FROM_BATTERY,
        exists=_metered(signals.HAS_BATTERY),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="consumer_energy_imported_from_generator",
        signal=signals.CONSUMER_ENERGY_IMPORTED_FROM_GENERATOR,
        exists=_once_used(signals.CONSUMER_ENERGY_IMPORTED_FROM_GENERATOR),
        entity_registry_enabled_default=False,
    ),
    DayEnergyDescription(
        key="total_home_usage",
        signal=signals.TOTAL_HOME_USAGE,
        exists=_metered(),
    ),
    DayEnergyDescription(
        key="total_battery_charge",
        signal=signals.TOTAL_BATTERY_CHARGE,
        exists=_metered(signals.HAS_BATTERY),
    ),
    DayEnergyDescription(
        key="total_battery_discharge",
        signal=signals.TOTAL_BATTERY_DISCHARGE,
        exists=_metered(signals.HAS_BATTERY),
    ),
    DayEnergyDescription(
        key="total_solar_generation",
        signal=signals.TOTAL_SOLAR_GENERATION,
        exists=_metered(signals.HAS_SOLAR),
    ),
    DayEnergyDescription(
        key="total_grid_energy_exported",
        signal=signals.TOTAL_GRID_ENERGY_EXPORTED,
        exists=_metered(signals.HAS_GRID),
    ),
    LifetimeDescription(
        key="lifetime_grid_import",
        signal=signals.LIFETIME_GRID_IMPORT,
        exists=_metered(signals.HAS_GRID),
    ),
    LifetimeDescription(
        key="lifetime_grid_export",
        signal=signals.LIFETIME_GRID_EXPORT,
        exists=_metered(signals.HAS_GRID),
    ),
    LifetimeDescription(
        key="lifetime_solar",
        signal=signals.LIFETIME_SOLAR,
        exists=_metered(signals.HAS_SOLAR),
    ),
    LifetimeDescription(
        key="lifetime_battery_charge",
        signal=signals.LIFETIME_BATTERY_CHARGE,
        exists=_metered(signals.HAS_BATTERY),
    ),
    LifetimeDescription(
        key="lifetime_battery_discharge",
        signal=signals.LIFETIME_BATTERY_DISCHARGE,
        exists=_metered(signals.HAS_BATTERY),
    ),
    LifetimeDescription(
        key="lifetime_home",
        signal=signals.LIFETIME_HOME,
        exists=_metered(),
    ),
    OneWayDescription(
        key="grid_import_power",
        signal=signals.GRID_IMPORT_POWER,
        exists=reported(signals.GRID_POWER, signals.HAS_GRID),
    ),
    OneWayDescription(
        key="grid_export_power",
        signal=signals.GRID_EXPORT_POWER,
        exists=reported(signals.GRID_POWER, signals.HAS_GRID),
    ),
    OneWayDescription(
        key="battery_charge_power",
        signal=signals.BATTERY_CHARGE_POWER,
        exists=reported(signals.BATTERY_POWER, signals.HAS_BATTERY),
    ),
    OneWayDescription(
        key="battery_discharge_power",
        signal=signals.BATTERY_DISCHARGE_POWER,
        exists=reported(signals.BATTERY_POWER, signals.HAS_BATTERY),
    ),
)
