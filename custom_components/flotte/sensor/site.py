"""Energy sites: power, and the state of the battery and of the grid."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower

from ..entity import reported
from ..tesla import signals
from ..tesla.state import State
from .entity import FlotteSensorDescription


def _has_wall_connectors(state: State) -> bool | None:
    count = state[signals.WALL_CONNECTORS]
    return None if count is None else count > 0


SITE_SENSORS: Final[tuple[FlotteSensorDescription, ...]] = (
    FlotteSensorDescription(
        key="solar_power",
        signal=signals.SOLAR_POWER,
        exists=reported(signals.SOLAR_POWER, signals.HAS_SOLAR),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="battery_power",
        signal=signals.BATTERY_POWER,
        exists=reported(signals.BATTERY_POWER, signals.HAS_BATTERY),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="grid_power",
        signal=signals.GRID_POWER,
        exists=reported(signals.GRID_POWER),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="load_power",
        signal=signals.LOAD_POWER,
        exists=reported(signals.LOAD_POWER),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="wall_connector_power",
        signal=signals.WALL_CONNECTOR_POWER,
        exists=_has_wall_connectors,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="percentage_charged",
        signal=signals.PERCENTAGE_CHARGED,
        exists=reported(signals.PERCENTAGE_CHARGED, signals.HAS_BATTERY),
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="energy_left",
        signal=signals.ENERGY_LEFT,
        exists=reported(signals.ENERGY_LEFT, signals.HAS_BATTERY),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="island_status",
        signal=signals.ISLAND_STATUS,
        exists=reported(signals.ISLAND_STATUS),
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.ISLAND_STATES),
    ),
    FlotteSensorDescription(
        key="site_last_seen",
        signal=signals.SITE_LAST_SEEN,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)
