"""Sensors of the month at Superchargers: what the account paid for, as Tesla billed it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfEnergy
from homeassistant.util import dt as dt_util

from ..account.data import FlotteConfigEntry
from ..account.supercharging import month_begins
from ..entity import AccountEntity
from ..tesla.charging.month import MonthSum
from ..tesla.charging.supercharging import Costs


@dataclass(frozen=True, kw_only=True)
class SuperchargingDescription(SensorEntityDescription):
    """A row of a sum of the month. It is disabled because it costs a data request a day."""

    value: Callable[[MonthSum], Decimal | float | None]
    state_class: SensorStateClass | None = SensorStateClass.TOTAL
    entity_registry_enabled_default: bool = False
    suggested_display_precision: int | None = 2


SUPERCHARGING_SENSORS: Final = (
    SuperchargingDescription(
        key="supercharging_cost",
        value=lambda month: month.cost,
        device_class=SensorDeviceClass.MONETARY,
    ),
    SuperchargingDescription(
        key="supercharging_energy",
        value=lambda month: month.energy,
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
    ),
)


class SuperchargingSensor(AccountEntity, SensorEntity):
    """Shows a sum of the month, as of the time when Tesla was asked."""

    entity_description: SuperchargingDescription

    def __init__(self, entry: FlotteConfigEntry, row: SuperchargingDescription) -> None:
        """Show a sum of `row`."""
        super().__init__(entry, row)
        self._month = entry.runtime_data.supercharging

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._month.async_show(self.async_refresh_if_changed))

    @property
    @override
    def fingerprint(self) -> object:
        return self._month.sum, self._month.awaits_bill, self.last_reset

    @property
    @override
    def native_value(self) -> Decimal | float | None:
        month = self._month.sum
        return None if month is None else self.entity_description.value(month)

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        if self.device_class is SensorDeviceClass.MONETARY:
            # Before the first session, 0 is 0 in any currency.
            return self._month.currency or self.hass.config.currency
        return super().native_unit_of_measurement

    @property
    @override
    def last_reset(self) -> datetime | None:
        return month_begins(dt_util.utcnow())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any]:
        month = self._month.sum
        attributes: dict[str, Any] = {
            "as_of": month and month.read_at,
            "awaits_bill": self._month.awaits_bill,
            "sessions": month and month.sessions,
        }
        if self.device_class is SensorDeviceClass.MONETARY:
            attributes["costs"] = month and _amounts(month.costs)
            attributes["costs_last_month"] = month and _amounts(month.previous)
        return attributes


def _amounts(costs: Costs | None) -> dict[str, float] | None:
    return None if costs is None else {name: float(cost) for name, cost in costs.items()}
