"""Binary sensors that show a signal: a table for vehicles, and one for sites."""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from ..entity import SignalDescription, equipped, reported
from ..tesla import signals
from ..tesla.state import State


@dataclass(frozen=True, kw_only=True)
class FlotteBinarySensorDescription(SignalDescription, BinarySensorEntityDescription):
    """A binary sensor that shows a signal."""


@dataclass(frozen=True, kw_only=True)
class DetailBinarySensorDescription(FlotteBinarySensorDescription):
    """A binary sensor for enthusiasts.

    It is disabled because every enabled entity is streamed, which costs money. A vehicle that does
    not stream reports few of these.
    """

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    entity_registry_enabled_default: bool = False


VEHICLE_BINARY_SENSORS: Final[tuple[FlotteBinarySensorDescription, ...]] = (
    FlotteBinarySensorDescription(
        key="online",
        signal=signals.ONLINE,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="streaming",
        signal=signals.STREAMING,
        # Known only for vehicles that are configured to stream.
        exists=reported(signals.STREAMING),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    DetailBinarySensorDescription(
        key="wifi",
        signal=signals.WIFI,
        exists=reported(signals.WIFI),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    DetailBinarySensorDescription(
        key="cellular",
        signal=signals.CELLULAR,
        exists=reported(signals.CELLULAR),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    FlotteBinarySensorDescription(
        key="charging",
        signal=signals.IS_CHARGING,
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
    ),
    FlotteBinarySensorDescription(
        key="charge_cable",
        signal=signals.PLUGGED_IN,
        device_class=BinarySensorDeviceClass.PLUG,
    ),
    FlotteBinarySensorDescription(
        key="preconditioning",
        signal=signals.PRECONDITIONING,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    FlotteBinarySensorDescription(
        key="user_present",
        signal=signals.USER_PRESENT,
        device_class=BinarySensorDeviceClass.OCCUPANCY,
    ),
    FlotteBinarySensorDescription(
        key="door_driver_front",
        signal=signals.DOOR_DRIVER_FRONT,
        device_class=BinarySensorDeviceClass.DOOR,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="door_driver_rear",
        signal=signals.DOOR_DRIVER_REAR,
        device_class=BinarySensorDeviceClass.DOOR,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="door_passenger_front",
        signal=signals.DOOR_PASSENGER_FRONT,
        device_class=BinarySensorDeviceClass.DOOR,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="door_passenger_rear",
        signal=signals.DOOR_PASSENGER_REAR,
        device_class=BinarySensorDeviceClass.DOOR,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="doors_open",
        signal=signals.DOORS_OPEN,
        device_class=BinarySensorDeviceClass.DOOR,
    ),
    FlotteBinarySensorDescription(
        key="window_driver_front",
        signal=signals.WINDOW_DRIVER_FRONT,
        device_class=BinarySensorDeviceClass.WINDOW,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="window_driver_rear",
        signal=signals.WINDOW_DRIVER_REAR,
        device_class=BinarySensorDeviceClass.WINDOW,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="window_passenger_front",
        signal=signals.WINDOW_PASSENGER_FRONT,
        device_class=BinarySensorDeviceClass.WINDOW,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="window_passenger_rear",
        signal=signals.WINDOW_PASSENGER_REAR,
        device_class=BinarySensorDeviceClass.WINDOW,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="low_tyre_front_left",
        signal=signals.LOW_TYRE_FRONT_LEFT,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="low_tyre_front_right",
        signal=signals.LOW_TYRE_FRONT_RIGHT,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="low_tyre_rear_left",
        signal=signals.LOW_TYRE_REAR_LEFT,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="low_tyre_rear_right",
        signal=signals.LOW_TYRE_REAR_RIGHT,
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    DetailBinarySensorDescription(
        key="flat_tyre_front_left",
        signal=signals.FLAT_TYRE_FRONT_LEFT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="flat_tyre_front_right",
        signal=signals.FLAT_TYRE_FRONT_RIGHT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="flat_tyre_rear_left",
        signal=signals.FLAT_TYRE_REAR_LEFT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="flat_tyre_rear_right",
        signal=signals.FLAT_TYRE_REAR_RIGHT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="interlock_fault",
        signal=signals.INTERLOCK_FAULT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="not_enough_power_to_heat",
        signal=signals.NOT_ENOUGH_POWER_TO_HEAT,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="emergency_braking_off",
        signal=signals.EMERGENCY_BRAKING_OFF,
        device_class=BinarySensorDeviceClass.PROBLEM,
    ),
    DetailBinarySensorDescription(
        key="driver_belt_open",
        signal=signals.DRIVER_BELT_OPEN,
        device_class=BinarySensorDeviceClass.SAFETY,
    ),
    DetailBinarySensorDescription(
        key="rear_center_belt_open",
        signal=signals.REAR_CENTER_BELT_OPEN,
        device_class=BinarySensorDeviceClass.SAFETY,
    ),
    DetailBinarySensorDescription(
        key="at_home",
        signal=signals.AT_HOME,
        device_class=BinarySensorDeviceClass.PRESENCE,
    ),
    DetailBinarySensorDescription(
        key="at_work",
        signal=signals.AT_WORK,
        device_class=BinarySensorDeviceClass.PRESENCE,
    ),
    DetailBinarySensorDescription(
        key="at_favourite",
        signal=signals.AT_FAVOURITE,
        device_class=BinarySensorDeviceClass.PRESENCE,
    ),
    DetailBinarySensorDescription(
        key="gps_fix",
        signal=signals.GPS_FIX,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    DetailBinarySensorDescription(
        key="homelink_nearby",
        signal=signals.HOMELINK_NEARBY,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    DetailBinarySensorDescription(
        key="fast_charger",
        signal=signals.FAST_CHARGER,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    DetailBinarySensorDescription(
        key="battery_heater",
        signal=signals.BATTERY_HEATER,
        device_class=BinarySensorDeviceClass.HEAT,
    ),
    DetailBinarySensorDescription(
        key="rear_defrost",
        signal=signals.REAR_DEFROST,
        device_class=BinarySensorDeviceClass.HEAT,
    ),
    DetailBinarySensorDescription(
        key="wiper_heater",
        signal=signals.WIPER_HEATER,
        device_class=BinarySensorDeviceClass.HEAT,
    ),
    DetailBinarySensorDescription(
        key="overheat_cooling",
        signal=signals.OVERHEAT_COOLING,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="air_conditioning",
        signal=signals.AIR_CONDITIONING,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="defrost_by_preconditioning",
        signal=signals.DEFROST_BY_PRECONDITIONING,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="seat_ventilation",
        signal=signals.SEAT_VENTILATION,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="update_in_progress",
        signal=signals.UPDATE_IN_PROGRESS,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="dashcam",
        signal=signals.DASHCAM_RECORDING,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    DetailBinarySensorDescription(
        key="update_available",
        signal=signals.UPDATE_AVAILABLE,
        device_class=BinarySensorDeviceClass.UPDATE,
    ),
    DetailBinarySensorDescription(
        key="hazard_lights",
        signal=signals.HAZARD_LIGHTS,
        device_class=BinarySensorDeviceClass.LIGHT,
    ),
    DetailBinarySensorDescription(
        key="high_beams",
        signal=signals.HIGH_BEAMS,
        device_class=BinarySensorDeviceClass.LIGHT,
    ),
    DetailBinarySensorDescription(
        key="ready_to_drive",
        signal=signals.READY_TO_DRIVE,
        device_class=BinarySensorDeviceClass.POWER,
    ),
    DetailBinarySensorDescription(
        key="dc_converter",
        signal=signals.DC_CONVERTER_ENABLED,
        device_class=BinarySensorDeviceClass.POWER,
    ),
    DetailBinarySensorDescription(
        key="accessory_power",
        signal=signals.ACCESSORY_POWER,
        device_class=BinarySensorDeviceClass.POWER,
    ),
    DetailBinarySensorDescription(
        key="battery_full",
        signal=signals.BATTERY_FULL,
    ),
    DetailBinarySensorDescription(
        key="charge_enabled",
        signal=signals.CHARGE_ENABLED,
    ),
    DetailBinarySensorDescription(
        key="charge_port_cold",
        signal=signals.CHARGE_PORT_COLD,
    ),
    DetailBinarySensorDescription(
        key="supercharging_on_trip",
        signal=signals.SUPERCHARGING_ON_TRIP,
    ),
    DetailBinarySensorDescription(
        key="trip_charging",
        signal=signals.TRIP_CHARGING,
    ),
    DetailBinarySensorDescription(
        key="scheduled_charging_pending",
        signal=signals.SCHEDULED_CHARGING_PENDING,
    ),
    DetailBinarySensorDescription(
        key="preconditioning_enabled",
        signal=signals.PRECONDITIONING_ENABLED,
    ),
    DetailBinarySensorDescription(
        key="climate_automatic",
        signal=signals.CLIMATE_AUTOMATIC,
    ),
    DetailBinarySensorDescription(
        key="rear_display_climate",
        signal=signals.REAR_DISPLAY_CLIMATE,
    ),
    DetailBinarySensorDescription(
        key="brake_pedal",
        signal=signals.BRAKE_PEDAL,
    ),
    DetailBinarySensorDescription(
        key="guest_mode_enabled",
        signal=signals.GUEST_MODE,
    ),
    DetailBinarySensorDescription(
        key="pin_to_drive",
        signal=signals.PIN_TO_DRIVE,
    ),
    DetailBinarySensorDescription(
        key="service_mode",
        signal=signals.SERVICE_MODE,
    ),
    DetailBinarySensorDescription(
        key="remote_start_enabled",
        signal=signals.REMOTE_START,
    ),
    DetailBinarySensorDescription(
        key="remote_start_active",
        signal=signals.REMOTE_START_ACTIVE,
    ),
    DetailBinarySensorDescription(
        key="speed_limit_mode",
        signal=signals.SPEED_LIMIT_MODE,
    ),
    DetailBinarySensorDescription(
        key="valet_mode",
        signal=signals.VALET_MODE,
    ),
    DetailBinarySensorDescription(
        key="port_12v_stays_on",
        signal=signals.PORT_12V_STAYS_ON,
    ),
    DetailBinarySensorDescription(
        key="port_48v_stays_on",
        signal=signals.PORT_48V_STAYS_ON,
    ),
    DetailBinarySensorDescription(
        key="emergency_lane_departure_avoidance",
        signal=signals.EMERGENCY_LANE_DEPARTURE_AVOIDANCE,
    ),
    DetailBinarySensorDescription(
        key="blind_spot_camera",
        signal=signals.BLIND_SPOT_CAMERA,
    ),
    DetailBinarySensorDescription(
        key="blind_spot_chime",
        signal=signals.BLIND_SPOT_CHIME,
    ),
    DetailBinarySensorDescription(
        key="european",
        signal=signals.EUROPEAN,
    ),
    DetailBinarySensorDescription(
        key="right_hand_drive",
        signal=signals.RIGHT_HAND_DRIVE,
    ),
    DetailBinarySensorDescription(
        key="light_bar",
        signal=signals.LIGHT_BAR,
        models=frozenset({"cybertruck"}),
    ),
    DetailBinarySensorDescription(
        key="clock_of_24_hours",
        signal=signals.CLOCK_OF_24_HOURS,
    ),
)


def _watches_storms(state: State) -> bool | None:
    """Whether a battery is filled ahead of storms; sites without one report that it is not."""
    parts = state[signals.HAS_BATTERY], state[signals.STORM_CAPABLE]
    if False in parts and not state[signals.STORM_ACTIVE]:
        return False
    return reported(signals.STORM_ACTIVE)(state)


SITE_BINARY_SENSORS: Final = (
    FlotteBinarySensorDescription(
        key="storm_active",
        signal=signals.STORM_ACTIVE,
        exists=_watches_storms,
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
    FlotteBinarySensorDescription(
        key="grid_status",
        signal=signals.GRID_STATUS,
        exists=reported(signals.GRID_STATUS, signals.HAS_GRID),
        device_class=BinarySensorDeviceClass.POWER,
    ),
    FlotteBinarySensorDescription(
        key="backup_capable",
        signal=signals.BACKUP_CAPABLE,
        exists=reported(signals.BACKUP_CAPABLE),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="grid_services_enabled",
        signal=signals.GRID_SERVICES_ENABLED,
        exists=equipped(signals.GRID_SERVICES_ENABLED, signals.HAS_BATTERY),
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="grid_services_active",
        signal=signals.GRID_SERVICES_ACTIVE,
        exists=equipped(signals.GRID_SERVICES_ACTIVE, signals.GRID_SERVICES_ENABLED),
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)
