"""Vehicles: the tables of all topics, and the rows of topics without a file of their own.

These are climate, tyres, closures, software, equipment, and the age of the readings.
"""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorStateClass
from homeassistant.const import EntityCategory
from homeassistant.util import dt as dt_util

from ..tesla import signals
from ..tesla.state import Derived, State
from ..tesla.units import Unit
from .battery import BATTERY_SENSORS
from .charging import CHARGING_SENSORS
from .drive_units import DRIVE_UNIT_SENSORS
from .driving import DRIVING_SENSORS
from .entity import DetailSensorDescription, FlotteSensorDescription


def _data_age(state: State) -> float | None:
    """Age of the newest data of the vehicle, in minutes."""
    reading = state.reported(signals.BATTERY_LEVEL) or state.reported(signals.ODOMETER)
    return None if reading is None else (dt_util.utcnow() - reading.time).total_seconds() / 60


DATA_AGE: Final = Derived("DataAge", compute=_data_age, unit=Unit.MINUTE)

VEHICLE_SENSORS: Final[tuple[FlotteSensorDescription, ...]] = (
    *BATTERY_SENSORS,
    *CHARGING_SENSORS,
    *DRIVING_SENSORS,
    *DRIVE_UNIT_SENSORS,
    FlotteSensorDescription(
        key="last_seen",
        signal=signals.LAST_SEEN,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="data_age",
        signal=DATA_AGE,
        device_class=SensorDeviceClass.DURATION,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="inside_temperature",
        signal=signals.INSIDE_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="outside_temperature",
        signal=signals.OUTSIDE_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="pressure_front_left",
        signal=signals.PRESSURE_FRONT_LEFT,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="pressure_front_right",
        signal=signals.PRESSURE_FRONT_RIGHT,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="pressure_rear_left",
        signal=signals.PRESSURE_REAR_LEFT,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="pressure_rear_right",
        signal=signals.PRESSURE_REAR_RIGHT,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="software_version",
        signal=signals.SOFTWARE_VERSION,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    DetailSensorDescription(
        key="trim",
        signal=signals.TRIM,
    ),
    DetailSensorDescription(
        key="exterior_colour",
        signal=signals.EXTERIOR_COLOUR,
    ),
    DetailSensorDescription(
        key="roof_colour",
        signal=signals.ROOF_COLOUR,
    ),
    DetailSensorDescription(
        key="wheel_type",
        signal=signals.WHEEL_TYPE,
    ),
    DetailSensorDescription(
        key="spoiler_type",
        signal=signals.SPOILER_TYPE,
    ),
    DetailSensorDescription(
        key="efficiency_package",
        signal=signals.EFFICIENCY_PACKAGE,
    ),
    DetailSensorDescription(
        key="rear_seat_heater_package",
        signal=signals.REAR_SEAT_HEATER_PACKAGE,
    ),
    DetailSensorDescription(
        key="vehicle_name",
        signal=signals.VEHICLE_NAME,
    ),
    DetailSensorDescription(
        key="charge_port_type",
        signal=signals.CHARGE_PORT_TYPE,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.CHARGE_PORT_TYPES),
    ),
    DetailSensorDescription(
        key="pressure_seen_front_left",
        signal=signals.PRESSURE_SEEN_FRONT_LEFT,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    DetailSensorDescription(
        key="pressure_seen_front_right",
        signal=signals.PRESSURE_SEEN_FRONT_RIGHT,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    DetailSensorDescription(
        key="pressure_seen_rear_left",
        signal=signals.PRESSURE_SEEN_REAR_LEFT,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    DetailSensorDescription(
        key="pressure_seen_rear_right",
        signal=signals.PRESSURE_SEEN_REAR_RIGHT,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    DetailSensorDescription(
        key="speed_limit",
        signal=signals.SPEED_LIMIT,
        device_class=SensorDeviceClass.SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    DetailSensorDescription(
        key="update_downloaded",
        signal=signals.UPDATE_DOWNLOADED,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    DetailSensorDescription(
        key="update_installed",
        signal=signals.UPDATE_INSTALLED,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    DetailSensorDescription(
        key="tonneau_open",
        signal=signals.TONNEAU_OPEN_PERCENT,
        models=frozenset({"cybertruck"}),
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    DetailSensorDescription(
        key="fan_setting",
        signal=signals.FAN_SETTING,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    DetailSensorDescription(
        key="fan_speed",
        signal=signals.FAN_SPEED,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    DetailSensorDescription(
        key="paired_keys",
        signal=signals.PAIRED_KEYS,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    DetailSensorDescription(
        key="homelink_devices",
        signal=signals.HOMELINK_DEVICES,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    DetailSensorDescription(
        key="driver_temperature",
        signal=signals.DRIVER_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    DetailSensorDescription(
        key="passenger_temperature",
        signal=signals.PASSENGER_TEMPERATURE,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    DetailSensorDescription(
        key="climate_power",
        signal=signals.CLIMATE_POWER,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.CLIMATE_POWER_STATES),
    ),
    DetailSensorDescription(
        key="sentry_state",
        signal=signals.SENTRY_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.SENTRY_STATES),
    ),
    DetailSensorDescription(
        key="guest_access",
        signal=signals.GUEST_ACCESS,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.GUEST_ACCESS_STATES),
    ),
    DetailSensorDescription(
        key="turn_signal",
        signal=signals.TURN_SIGNAL,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.TURN_SIGNALS),
    ),
    DetailSensorDescription(
        key="tent_mode",
        signal=signals.TENT_MODE,
        models=frozenset({"cybertruck"}),
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.TENT_MODES),
    ),
    DetailSensorDescription(
        key="center_display",
        signal=signals.CENTER_DISPLAY,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.DISPLAY_STATES),
    ),
    DetailSensorDescription(
        key="model",
        signal=signals.MODEL,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.MODELS),
    ),
    DetailSensorDescription(
        key="distance_unit",
        signal=signals.DISTANCE_UNIT,
        device_class=SensorDeviceClass.ENUM,
        options=["miles", "kilometers"],
    ),
    DetailSensorDescription(
        key="temperature_unit",
        signal=signals.TEMPERATURE_UNIT,
        device_class=SensorDeviceClass.ENUM,
        options=["fahrenheit", "celsius"],
    ),
    DetailSensorDescription(
        key="pressure_unit",
        signal=signals.PRESSURE_UNIT,
        device_class=SensorDeviceClass.ENUM,
        options=["psi", "bar"],
    ),
    DetailSensorDescription(
        key="charge_unit",
        signal=signals.CHARGE_UNIT,
        device_class=SensorDeviceClass.ENUM,
        options=["distance", "percent"],
    ),
    DetailSensorDescription(
        key="update_duration",
        signal=signals.UPDATE_MINUTES,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
)
