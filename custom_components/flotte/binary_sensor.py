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

from .coordinator import FlotteConfigEntry, FlotteCoordinator
from .entity import FlotteEntity, FlotteEntityDescription, told
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


VEHICLE_BINARY_SENSORS: Final = (
    FlotteBinarySensorDescription(
        key="online",
        signal=signals.ONLINE,
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
    data = entry.runtime_data
    async_add_entities(
        SignalBinarySensor(coordinator, row, (row.signal,))
        for coordinators, table in (
            (data.vehicles, VEHICLE_BINARY_SENSORS),
            (data.sites, SITE_BINARY_SENSORS),
        )
        for coordinator in coordinators
        for row in table
        if row.exists(coordinator.state)
    )


class SignalBinarySensor(FlotteEntity[FlotteCoordinator], BinarySensorEntity):
    """Shows one signal."""

    entity_description: FlotteBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        is_on: bool | None = self.state_of_things[self.entity_description.signal]
        return is_on
