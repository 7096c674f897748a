"""Energy sites: power, and the state of the battery and of the grid."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory, UnitOfEnergy, UnitOfPower

from ..entity import equipped, reported
from ..tesla import signals
from ..tesla.state import State
from .energy import ENERGY_SENSORS
from .entity import FlotteSensorDescription, LastSeenDescription
from .outages import OUTAGE_SENSORS


def _has_wall_connectors(state: State) -> bool | None:
    count = state[signals.WALL_CONNECTORS]
    return None if count is None else count > 0


def _has_generator(state: State) -> bool | None:
    # Sites without a generator report zero; one that is there reports power once it runs.
    return True if state[signals.GENERATOR_POWER] else None


def _has_battery_energy(state: State) -> bool | None:
    # Without a battery, sites report 0 or 1 Wh.
    if state[signals.HAS_BATTERY] is False:
        return False
    return reported(signals.TOTAL_PACK_ENERGY)(state)


def _has_island_status(state: State) -> bool | None:
    # A site that cannot tell reports that this is unknown.
    return None if state[signals.ISLAND_STATUS] in (None, "island_status_unknown") else True


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
        exists=reported(signals.GRID_POWER, signals.HAS_GRID),
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
        key="generator_power",
        signal=signals.GENERATOR_POWER,
        exists=_has_generator,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    ),
    FlotteSensorDescription(
        key="grid_services_power",
        signal=signals.GRID_SERVICES_POWER,
        exists=equipped(signals.GRID_SERVICES_POWER, signals.GRID_SERVICES_ENABLED),
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
        key="total_pack_energy",
        signal=signals.TOTAL_PACK_ENERGY,
        exists=_has_battery_energy,
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="vpp_reserve",
        signal=signals.VPP_RESERVE,
        exists=equipped(signals.VPP_RESERVE, signals.HAS_BATTERY),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="gateway_version",
        signal=signals.GATEWAY_VERSION,
        exists=reported(signals.GATEWAY_VERSION),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="island_status",
        signal=signals.ISLAND_STATUS,
        exists=_has_island_status,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.ISLAND_STATES),
    ),
    LastSeenDescription(
        key="site_last_seen",
        signal=signals.SITE_LAST_SEEN,
    ),
    *ENERGY_SENSORS,
    *OUTAGE_SENSORS,
)
