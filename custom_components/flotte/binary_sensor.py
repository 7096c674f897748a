"""Binary sensors: one table, one class."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .coordinator import FlotteCoordinator
from .entity import FlotteEntity, FlotteEntityDescription, told
from .presence import async_add_tables
from .tesla import signals
from .tesla.state import Derived, Signal

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteBinarySensorDescription(FlotteEntityDescription, BinarySensorEntityDescription):
    """A binary sensor that shows a signal."""

    signal: Signal[Any] | Derived[Any]


def _each(
    device_class: BinarySensorDeviceClass, **rows: Signal[bool]
) -> tuple[FlotteBinarySensorDescription, ...]:
    """Rows that differ in name and signal only."""
    return tuple(
        FlotteBinarySensorDescription(
            key=key,
            signal=signal,
            device_class=device_class,
            entity_category=(
                EntityCategory.DIAGNOSTIC
                if device_class is BinarySensorDeviceClass.PROBLEM
                else None
            ),
        )
        for key, signal in rows.items()
    )


def _details(
    device_class: BinarySensorDeviceClass | None, **rows: Signal[bool]
) -> tuple[FlotteBinarySensorDescription, ...]:
    """Rows for those who look for them.

    What is enabled is streamed, and what is streamed costs, so these are disabled; and a vehicle
    that does not stream never tells most of them.
    """
    return tuple(
        FlotteBinarySensorDescription(
            key=key,
            signal=signal,
            device_class=device_class,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for key, signal in rows.items()
    )


VEHICLE_BINARY_SENSORS: Final = (
    FlotteBinarySensorDescription(
        key="online",
        signal=signals.ONLINE,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteBinarySensorDescription(
        key="streaming",
        signal=signals.STREAMING,
        # Only a car that is meant to stream says that it does not.
        exists=told(signals.STREAMING),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
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
    *_each(
        BinarySensorDeviceClass.DOOR,
        door_driver_front=signals.DOOR_DRIVER_FRONT,
        door_driver_rear=signals.DOOR_DRIVER_REAR,
        door_passenger_front=signals.DOOR_PASSENGER_FRONT,
        door_passenger_rear=signals.DOOR_PASSENGER_REAR,
    ),
    *_each(
        BinarySensorDeviceClass.WINDOW,
        window_driver_front=signals.WINDOW_DRIVER_FRONT,
        window_driver_rear=signals.WINDOW_DRIVER_REAR,
        window_passenger_front=signals.WINDOW_PASSENGER_FRONT,
        window_passenger_rear=signals.WINDOW_PASSENGER_REAR,
    ),
    *_each(
        BinarySensorDeviceClass.PROBLEM,
        low_tyre_front_left=signals.LOW_TYRE_FRONT_LEFT,
        low_tyre_front_right=signals.LOW_TYRE_FRONT_RIGHT,
        low_tyre_rear_left=signals.LOW_TYRE_REAR_LEFT,
        low_tyre_rear_right=signals.LOW_TYRE_REAR_RIGHT,
    ),
    *_details(
        BinarySensorDeviceClass.PROBLEM,
        flat_tyre_front_left=signals.FLAT_TYRE_FRONT_LEFT,
        flat_tyre_front_right=signals.FLAT_TYRE_FRONT_RIGHT,
        flat_tyre_rear_left=signals.FLAT_TYRE_REAR_LEFT,
        flat_tyre_rear_right=signals.FLAT_TYRE_REAR_RIGHT,
        interlock_fault=signals.INTERLOCK_FAULT,
        not_enough_power_to_heat=signals.NOT_ENOUGH_POWER_TO_HEAT,
        emergency_braking_off=signals.EMERGENCY_BRAKING_OFF,
    ),
    *_details(
        BinarySensorDeviceClass.SAFETY,
        driver_belt_open=signals.DRIVER_BELT_OPEN,
        rear_center_belt_open=signals.REAR_CENTER_BELT_OPEN,
    ),
    *_details(
        BinarySensorDeviceClass.PRESENCE,
        at_home=signals.AT_HOME,
        at_work=signals.AT_WORK,
        at_favourite=signals.AT_FAVOURITE,
    ),
    *_details(
        BinarySensorDeviceClass.CONNECTIVITY,
        gps_fix=signals.GPS_FIX,
        homelink_nearby=signals.HOMELINK_NEARBY,
        fast_charger=signals.FAST_CHARGER,
    ),
    *_details(
        BinarySensorDeviceClass.HEAT,
        battery_heater=signals.BATTERY_HEATER,
        rear_defrost=signals.REAR_DEFROST,
        wiper_heater=signals.WIPER_HEATER,
    ),
    *_details(
        BinarySensorDeviceClass.RUNNING,
        overheat_cooling=signals.OVERHEAT_COOLING,
        air_conditioning=signals.AIR_CONDITIONING,
        defrost_by_preconditioning=signals.DEFROST_BY_PRECONDITIONING,
        seat_ventilation=signals.SEAT_VENTILATION,
        update_in_progress=signals.UPDATE_IN_PROGRESS,
        dashcam=signals.DASHCAM_RECORDING,
    ),
    *_details(BinarySensorDeviceClass.UPDATE, update_available=signals.UPDATE_AVAILABLE),
    *_details(
        BinarySensorDeviceClass.LIGHT,
        hazard_lights=signals.HAZARD_LIGHTS,
        high_beams=signals.HIGH_BEAMS,
    ),
    *_details(
        BinarySensorDeviceClass.POWER,
        ready_to_drive=signals.READY_TO_DRIVE,
        dc_converter=signals.DC_CONVERTER_ENABLED,
        accessory_power=signals.ACCESSORY_POWER,
    ),
    *_details(
        None,
        battery_full=signals.BATTERY_FULL,
        charge_enabled=signals.CHARGE_ENABLED,
        charge_port_cold=signals.CHARGE_PORT_COLD,
        supercharging_on_trip=signals.SUPERCHARGING_ON_TRIP,
        trip_charging=signals.TRIP_CHARGING,
        scheduled_charging_pending=signals.SCHEDULED_CHARGING_PENDING,
        preconditioning_enabled=signals.PRECONDITIONING_ENABLED,
        climate_automatic=signals.CLIMATE_AUTOMATIC,
        rear_display_climate=signals.REAR_DISPLAY_CLIMATE,
        brake_pedal=signals.BRAKE_PEDAL,
        guest_mode_enabled=signals.GUEST_MODE,
        pin_to_drive=signals.PIN_TO_DRIVE,
        service_mode=signals.SERVICE_MODE,
        remote_start_enabled=signals.REMOTE_START,
        remote_start_active=signals.REMOTE_START_ACTIVE,
        speed_limit_mode=signals.SPEED_LIMIT_MODE,
        valet_mode=signals.VALET_MODE,
        port_12v_stays_on=signals.PORT_12V_STAYS_ON,
        port_48v_stays_on=signals.PORT_48V_STAYS_ON,
        emergency_lane_departure_avoidance=signals.EMERGENCY_LANE_DEPARTURE_AVOIDANCE,
        blind_spot_camera=signals.BLIND_SPOT_CAMERA,
        blind_spot_chime=signals.BLIND_SPOT_CHIME,
        european=signals.EUROPEAN,
        right_hand_drive=signals.RIGHT_HAND_DRIVE,
        light_bar=signals.LIGHT_BAR,
        clock_of_24_hours=signals.CLOCK_OF_24_HOURS,
    ),
)

SITE_BINARY_SENSORS: Final = (
    FlotteBinarySensorDescription(
        key="storm_active",
        signal=signals.STORM_ACTIVE,
        exists=told(signals.STORM_ACTIVE),
        device_class=BinarySensorDeviceClass.RUNNING,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a binary sensor for each row and device."""
    async_add_tables(
        entry.runtime_data,
        VEHICLE_BINARY_SENSORS,
        SITE_BINARY_SENSORS,
        lambda coordinator, row: SignalBinarySensor(coordinator, row, (row.signal,)),
        async_add_entities,
    )


class SignalBinarySensor(FlotteEntity[FlotteCoordinator], BinarySensorEntity):
    """Shows one signal."""

    entity_description: FlotteBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        is_on: bool | None = self.state_of_things[self.entity_description.signal]
        return is_on
