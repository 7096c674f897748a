"""Capacity of a car's battery, and its state of health."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfEnergy
from homeassistant.core import callback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from ..const import CONF_NEW_CAPACITIES
from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from ..tesla import signals
from ..tesla.capacity import MAX_APART, BatteryCapacity, Sample
from ..tesla.reading_json import as_number, as_object

MEASURED: Final = "energy_at_levels"
"""Basis of a capacity: the remaining energy at different levels."""


@dataclass(frozen=True, kw_only=True)
class CapacityDescription(FlotteEntityDescription, SensorEntityDescription):
    """A row of a value that follows from the measured capacity, which is not a signal."""

    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    suggested_display_precision: int | None = 1
    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    entity_registry_enabled_default: bool = False


BATTERY_CAPACITY: Final = CapacityDescription(
    key="battery_capacity",
    device_class=SensorDeviceClass.ENERGY_STORAGE,
    native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
)
STATE_OF_HEALTH: Final = CapacityDescription(
    key="state_of_health", native_unit_of_measurement=PERCENTAGE
)


@dataclass(frozen=True)
class _StoredCapacity(ExtraStoredData):
    """The samples that the capacity follows from."""

    capacity: BatteryCapacity

    @override
    def as_dict(self) -> dict[str, Any]:
        return self.capacity.to_stored()


class BatteryCapacitySensor(VehicleEntity, SensorEntity, RestoreEntity):
    """Measures the capacity between 0 and 100 %, and names what it is based on."""

    entity_description: CapacityDescription

    def __init__(
        self, coordinator: VehicleCoordinator, row: CapacityDescription = BATTERY_CAPACITY
    ) -> None:
        """Follow the level and the energy."""
        super().__init__(coordinator, row, (signals.BATTERY_LEVEL, signals.ENERGY_REMAINING))
        self._capacity = BatteryCapacity()

    @property
    @override
    def native_value(self) -> float | None:
        estimate = self._capacity.estimate
        return None if estimate is None else estimate.capacity

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        estimate = self._capacity.estimate
        if estimate is None:
            return {"basis": None, "lowest_level": None, "highest_level": None}
        return {
            "basis": MEASURED,
            "lowest_level": round(estimate.lowest),
            "highest_level": round(estimate.highest),
        }

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return _StoredCapacity(self._capacity)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._capacity = BatteryCapacity.restored(stored.as_dict())
        self._measure()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._measure()
        super()._handle_coordinator_update()

    def _measure(self) -> None:
        """Apply the readings if level and energy were read together."""
        state = self.coordinator.vehicle.state
        level, energy = (
            state.reported(each) for each in (signals.BATTERY_LEVEL, signals.ENERGY_REMAINING)
        )
        if level is None or level.value is None or energy is None or energy.value is None:
            return
        if abs(level.time - energy.time) <= MAX_APART:
            sample = Sample(level.value, energy.value, min(level.time, energy.time))
            self._capacity = self._capacity.after(sample)


class StateOfHealthSensor(BatteryCapacitySensor):
    """Compares the capacity with that of the new battery, which only the owner knows."""

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Measure the capacity too, because the sensor of it may be disabled."""
        super().__init__(coordinator, STATE_OF_HEALTH)

    @property
    @override
    def native_value(self) -> float | None:
        capacity, new = super().native_value, self._new_capacity
        return None if capacity is None or not new else 100 * capacity / new

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return {**super().extra_state_attributes, "capacity_when_new": self._new_capacity}

    @property
    def _new_capacity(self) -> float | None:
        """Capacity of the new battery in kWh; None if the owner did not enter it."""
        entered = as_object(self.coordinator.config_entry.options.get(CONF_NEW_CAPACITIES))
        return as_number(entered.get(self.coordinator.vehicle.vin))
