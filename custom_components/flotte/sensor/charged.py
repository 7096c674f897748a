"""Energy that a car has charged, over all of its sessions: in all, and at home."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity

from ..account.charging import is_at_home
from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from ..tesla import signals
from ..tesla.charging.energy import SessionEnergy
from ..tesla.reading_json import as_flag, as_number
from ..tesla.state import State, restore_time
from .counters import SessionSum


def _anywhere(_hass: HomeAssistant, _state: State) -> bool | None:
    return True


@dataclass(frozen=True, kw_only=True)
class EnergyChargedDescription(FlotteEntityDescription, SensorEntityDescription):
    """A row of a sum over sessions, which is not a signal."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.ENERGY
    state_class: SensorStateClass | None = SensorStateClass.TOTAL_INCREASING
    native_unit_of_measurement: str | None = UnitOfEnergy.KILO_WATT_HOUR
    suggested_display_precision: int | None = 1
    counts: Callable[[HomeAssistant, State], bool | None]
    """Whether it counts what a car charges where it is now; None if that is not known."""


ENERGY_CHARGED: Final = (
    EnergyChargedDescription(key="energy_charged", counts=_anywhere),
    EnergyChargedDescription(key="energy_charged_at_home", counts=is_at_home),
)


@dataclass(frozen=True)
class _StoredSum(ExtraStoredData):
    """The sum, and the reading that is already part of it."""

    sum: SessionSum

    @override
    def as_dict(self) -> dict[str, Any]:
        energy = self.sum.energy
        return {
            "value": self.sum.value,
            "last": energy.last,
            "is_over": energy.is_over,
            "unplugged_at": energy.unplugged_at and energy.unplugged_at.timestamp(),
        }


class EnergyChargedSensor(VehicleEntity, SensorEntity, RestoreEntity):
    """Adds up the energy of a car's sessions, and never falls."""

    entity_description: EnergyChargedDescription

    def __init__(self, coordinator: VehicleCoordinator, row: EnergyChargedDescription) -> None:
        """Count whenever the energy of the session changes, or the cable is unplugged."""
        super().__init__(coordinator, row, (signals.CHARGE_ENERGY_ADDED, signals.CHARGING_STATE))
        self._sum = SessionSum()

    @property
    @override
    def native_value(self) -> float | None:
        counts = self.entity_description.counts(self.hass, self.readings)
        is_known = self._sum.is_known and (counts is not None or self._sum.value)
        return self._sum.value if is_known else None

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return _StoredSum(self._sum)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._sum = _restored(stored.as_dict())
        self._count()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._count()
        super()._handle_coordinator_update()

    def _count(self) -> None:
        """Apply the reading of the session."""
        charging = self.readings.reading(signals.CHARGING_STATE)
        added = self.readings.reading(signals.CHARGE_ENERGY_ADDED)
        if charging is not None and charging.value is not None:
            is_unplugged = charging.value == "disconnected"
            total = self._sum
            self._sum = total.unplugged(charging.time) if is_unplugged else total.plugged_in()
        if added is not None and added.value is not None:
            counts = self.entity_description.counts(self.hass, self.readings)
            self._sum = self._sum.after(added.value, added.time, counts=counts is True)


def _restored(stored: Mapping[str, Any]) -> SessionSum:
    """The sum before a restart; a new one if it is damaged."""
    value, last = as_number(stored.get("value")), as_number(stored.get("last"))
    if value is None or last is None or value < 0 or last < 0:
        return SessionSum()
    is_over, unplugged_at = as_flag(stored.get("is_over")), restore_time(stored.get("unplugged_at"))
    return SessionSum(value, SessionEnergy(last, is_over is True, unplugged_at))
