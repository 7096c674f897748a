"""Binary sensors of vehicles and sites."""

from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.data import FlotteConfigEntry
from ..charging.entity import async_add_charging
from ..coordinator import FlotteCoordinator
from ..entity import FlotteEntity, async_add_tables
from .charging import CHARGING_BINARY_SENSORS, TakenOverSensor
from .tables import (
    SITE_BINARY_SENSORS,
    VEHICLE_BINARY_SENSORS,
    FlotteBinarySensorDescription,
)

PARALLEL_UPDATES = 0


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
    async_add_charging(entry, CHARGING_BINARY_SENSORS, TakenOverSensor, async_add_entities)


class SignalBinarySensor(FlotteEntity[FlotteCoordinator], BinarySensorEntity):
    """Shows one signal."""

    entity_description: FlotteBinarySensorDescription

    @property
    @override
    def is_on(self) -> bool | None:
        is_on: bool | None = self.readings[self.entity_description.signal]
        return is_on
