"""Sensors that only show a number, to measure Home Assistant alone."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.helpers.typing import StateType

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.sensor.entity import UNITS, FlotteSensorDescription


class BareSensor(SensorEntity):
    """A sensor with class, unit and device like one of Flotte's, and nothing optional."""

    _attr_should_poll = False

    def __init__(self, row: FlotteSensorDescription, car: str = "") -> None:
        """Take class and unit from `row`, and belong to the device of `car`."""
        kind = type(self).__name__ + car
        self._attr_name = f"{kind} {row.key}"
        self._attr_unique_id = f"{kind}-{row.key}"
        self._attr_device_class = row.device_class
        unit = row.signal.unit
        self._attr_native_unit_of_measurement = None if unit is None else UNITS[unit]
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, kind)}, name=kind)

    def show(self, value: StateType) -> None:
        """Write a value."""
        self._attr_native_value = value
        self.async_write_ha_state()


class AlikeSensor(BareSensor):
    """A sensor with everything that one of Flotte's has: state class, precision, translation."""

    _attr_has_entity_name = True

    def __init__(self, row: FlotteSensorDescription) -> None:
        """Take all attributes from `row`."""
        super().__init__(row)
        self._attr_state_class = row.state_class
        self._attr_suggested_display_precision = row.suggested_display_precision
        self._attr_translation_key = row.key


def show_all(sensors: Sequence[BareSensor], rounds: Sequence[Sequence[StateType]]) -> None:
    """Write all sensors once for each round of values."""
    for values in rounds:
        for sensor, value in zip(sensors, values, strict=True):
            sensor.show(value)


async def add_sensors(
    hass: HomeAssistant, entry: ConfigEntry, sensors: Sequence[SensorEntity]
) -> None:
    """Add sensors that are not Flotte's, with their devices, to its config entry."""
    platform = EntityPlatform(
        hass=hass,
        logger=logging.getLogger(__name__),
        domain=Platform.SENSOR,
        platform_name=DOMAIN,
        platform=None,
        scan_interval=timedelta(minutes=1),
        entity_namespace=None,
    )
    platform.config_entry = entry
    await platform.async_add_entities(sensors)
