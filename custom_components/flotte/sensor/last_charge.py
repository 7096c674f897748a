"""Sensors of the last charging session of a car."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.const import PERCENTAGE, UnitOfEnergy, UnitOfTime
from homeassistant.core import callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.charging import PLACE_SIGNALS, SESSION_SIGNALS, ChargingSessions
from ..account.data import AccountData
from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, OccasionalEntity
from ..tesla import signals
from ..tesla.charging.session import ChargingSession, Place
from ..tesla.state import Signal


@dataclass(frozen=True, kw_only=True)
class LastChargeDescription(FlotteEntityDescription, SensorEntityDescription):
    """A row of the last session."""

    needs: tuple[Signal[Any], ...] = ()
    """Signals that the figure follows from, beside those of every session."""
    value: Callable[[ChargingSession], float | str | None]


LAST_CHARGE: Final = (
    LastChargeDescription(
        key="last_charge_energy",
        device_class=SensorDeviceClass.ENERGY,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
        value=lambda session: session.energy,
    ),
    LastChargeDescription(
        key="last_charge_duration",
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        value=lambda session: session.seconds,
    ),
    # No batteries: Home Assistant would show one of them as the battery of the car.
    LastChargeDescription(
        key="last_charge_level_from",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        needs=(signals.BATTERY_LEVEL,),
        value=lambda session: session.level_from,
    ),
    LastChargeDescription(
        key="last_charge_level_to",
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        needs=(signals.BATTERY_LEVEL,),
        value=lambda session: session.level_to,
    ),
    LastChargeDescription(
        key="last_charge_place",
        device_class=SensorDeviceClass.ENUM,
        options=list(Place),
        needs=PLACE_SIGNALS,
        value=lambda session: session.place,
    ),
)
LAST_CHARGE_COST: Final = LastChargeDescription(
    key="last_charge_cost",
    device_class=SensorDeviceClass.MONETARY,
    suggested_display_precision=2,
    needs=PLACE_SIGNALS,
    value=lambda session: session.cost,
)
"""Only if the owner has chosen a price."""


class LastChargeSensor(OccasionalEntity, SensorEntity):
    """Shows one figure of the last session; unknown is not zero."""

    entity_description: LastChargeDescription

    def __init__(
        self,
        coordinator: VehicleCoordinator,
        sessions: ChargingSessions,
        row: LastChargeDescription,
    ) -> None:
        """Show the figure of `row`."""
        super().__init__(coordinator, row, (*SESSION_SIGNALS, *row.needs))
        self._sessions = sessions
        if row.device_class is SensorDeviceClass.MONETARY:
            self._attr_native_unit_of_measurement = coordinator.hass.config.currency

    @property
    @override
    def native_value(self) -> float | str | None:
        last = self._sessions.log.last
        return None if last is None else self.entity_description.value(last)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._sessions.changed.subscribe(self.async_write_ha_state))


@callback
def async_add_last_charge(
    data: AccountData, async_add_entities: AddConfigEntryEntitiesCallback
) -> list[Callable[[], None]]:
    """Add the sensors; the cost once there is a price. Return functions that stop watching."""
    stops = []
    for vehicle in data.vehicles:
        sessions = data.charging_sessions[vehicle.vehicle.vin]
        async_add_entities(LastChargeSensor(vehicle, sessions, row) for row in LAST_CHARGE)
        stops.append(_async_add_cost(vehicle, sessions, async_add_entities))
    return stops


@callback
def _async_add_cost(
    vehicle: VehicleCoordinator,
    sessions: ChargingSessions,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> Callable[[], None]:
    is_added = False

    @callback
    def add() -> None:
        nonlocal is_added
        if sessions.has_price and not is_added:
            is_added = True
            async_add_entities([LastChargeSensor(vehicle, sessions, LAST_CHARGE_COST)])

    add()
    return sessions.changed.subscribe(add)
