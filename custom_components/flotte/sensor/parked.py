"""Percentage of its battery that a parked car loses in a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory
from homeassistant.core import callback
from homeassistant.helpers.restore_state import ExtraStoredData, RestoreEntity
from homeassistant.util import dt as dt_util

from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from ..tesla import signals
from ..tesla.parked import Level, Look, ParkedLoss

_REPORT_TIME: Final = timedelta(minutes=2)
"""A car that drives streams its odometer at least this often."""


@dataclass(frozen=True, kw_only=True)
class ParkedLossDescription(FlotteEntityDescription, SensorEntityDescription):
    """The row of the loss while parked, which is not a signal."""


PHANTOM_DRAIN: Final = ParkedLossDescription(
    key="phantom_drain",
    state_class=SensorStateClass.MEASUREMENT,
    # Home Assistant has no unit for a percentage of a day.
    native_unit_of_measurement="%/d",
    suggested_display_precision=1,
    entity_category=EntityCategory.DIAGNOSTIC,
    entity_registry_enabled_default=False,
)

_CHARGES: Final[tuple[str | None, ...]] = ("starting", "charging")

_SHOWN: Final = (
    signals.BATTERY_LEVEL,
    signals.ODOMETER,
    signals.SHIFT_STATE,
    signals.CHARGING_STATE,
    signals.CHARGE_ENERGY_ADDED,
    signals.CLIMATE_ON,
)


@dataclass(frozen=True)
class _StoredLoss(ExtraStoredData):
    """The loss and the rest that has not ended."""

    loss: ParkedLoss

    @override
    def as_dict(self) -> dict[str, Any]:
        return self.loss.to_stored()


class PhantomDrainSensor(VehicleEntity, SensorEntity, RestoreEntity):
    """Averages the loss of the last rests; `tesla.parked` defines it."""

    entity_description: ParkedLossDescription

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Follow the level, and all that shows whether the vehicle rests."""
        super().__init__(coordinator, PHANTOM_DRAIN, _SHOWN)
        self._loss = ParkedLoss()

    @property
    @override
    def native_value(self) -> float | None:
        return self._loss.percent_per_day

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        return {"hours_parked": round(self._loss.hours)}

    @property
    @override
    def extra_restore_state_data(self) -> ExtraStoredData:
        return _StoredLoss(self._loss)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        if (stored := await self.async_get_last_extra_data()) is not None:
            self._loss = ParkedLoss.restored(stored.as_dict())
        self._look()
        # A level that was read again unchanged counts too, and is no change.
        self.async_on_remove(self.coordinator.async_after_poll(self._async_look_again))

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._look()
        super()._handle_coordinator_update()

    @callback
    def _async_look_again(self) -> None:
        before = self._loss.counted
        self._look()
        if self._loss.counted != before:
            self.async_write_ha_state()

    def _look(self) -> None:
        """Apply the readings, if the level and the odometer are known."""
        state = self.coordinator.vehicle.state
        level, odometer = (
            state.reported(signal) for signal in (signals.BATTERY_LEVEL, signals.ODOMETER)
        )
        if level is None or level.value is None or odometer is None or odometer.value is None:
            return
        odometer_until = odometer.time
        if self.coordinator.vehicle.knowledge.was_streamed(signals.ODOMETER):
            odometer_until = max(odometer_until, dt_util.utcnow() - _REPORT_TIME)
        self._loss = self._loss.after(
            Look(
                level=Level(level.value, level.time),
                odometer=odometer.value,
                odometer_until=odometer_until,
                charged=state[signals.CHARGE_ENERGY_ADDED],
                settled_at=self._settled_at,
            )
        )

    @property
    def _settled_at(self) -> datetime | None:
        """The newest reading that shows that the vehicle rests; None if it does not."""
        state = self.coordinator.vehicle.state
        if (
            state[signals.SHIFT_STATE] != "p"
            or state[signals.CHARGING_STATE] in _CHARGES
            or state[signals.CLIMATE_ON]
        ):
            return None
        witnesses = (state.reported(each) for each in _SHOWN if each is not signals.BATTERY_LEVEL)
        return max(each.time for each in witnesses if each is not None)
