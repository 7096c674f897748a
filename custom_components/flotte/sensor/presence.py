"""Sensor of the state of a vehicle: whether it is reachable, and if not, why as far as known."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
)
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from ..tesla import signals
from ..tesla.clock import within


class VehicleState(StrEnum):
    """The state of a vehicle. Of several that apply, the first in `state_of` is shown."""

    ONLINE = "online"
    ASLEEP = "asleep"
    WAKING = "waking"
    OFFLINE = "offline"
    """Tesla does not reach it; it may be asleep or without reception."""
    IN_SERVICE = "in_service"
    UPDATING = "updating"


MAX_UPDATE: Final = timedelta(hours=3)
"""Age up to which a report of an installation counts: vehicles are silent while they install."""
SERVICE_LIFETIME: Final = timedelta(hours=1)
"""Age up to which Tesla's word that a vehicle is in service counts. State checks renew it; there
are none while the vehicle streams."""


@dataclass(frozen=True, kw_only=True)
class VehicleStateDescription(FlotteEntityDescription, SensorEntityDescription):
    """The row of the state, which is not a signal."""


VEHICLE_STATE: Final = VehicleStateDescription(
    key="state",
    device_class=SensorDeviceClass.ENUM,
    options=[str(state) for state in VehicleState],
)


class VehicleStateSensor(VehicleEntity, SensorEntity):
    """Shows what is known of a vehicle's state; unknown until it was seen once."""

    entity_description: VehicleStateDescription

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Follow whether the vehicle is online, which wakes are reported as, too."""
        super().__init__(coordinator, VEHICLE_STATE, (signals.ONLINE,))

    @property
    @override
    def native_value(self) -> VehicleState | None:
        vehicle = self.coordinator.vehicle
        if vehicle.knowledge.intents.is_waking:
            return VehicleState.WAKING
        if self.readings[signals.ONLINE] is None:
            return None
        if self._is_updating and not vehicle.presence.is_asleep:
            return VehicleState.UPDATING
        if self._is_in_service:
            return VehicleState.IN_SERVICE
        if vehicle.is_online:
            return VehicleState.ONLINE
        return VehicleState.ASLEEP if vehicle.presence.is_asleep else VehicleState.OFFLINE

    @property
    def _is_updating(self) -> bool:
        stage = self.readings.reading(signals.UPDATE_STAGE)
        return (
            stage is not None
            and stage.value == "installing"
            and within(stage.time, MAX_UPDATE, dt_util.utcnow())
        )

    @property
    def _is_in_service(self) -> bool:
        listed = self.readings.reading(signals.IN_SERVICE)
        is_listed = (
            listed is not None
            and listed.value is True
            and within(listed.time, SERVICE_LIFETIME, dt_util.utcnow())
        )
        return is_listed or self.readings[signals.SERVICE_MODE] is True

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # Service and updates are no signals that it shows, because those are streamed, which costs
        # money. Polls find them within a minute, also that a report counts no longer.
        self.async_on_remove(self.coordinator.async_after_poll(self._async_refresh_if_changed))

    @callback
    def _async_refresh_if_changed(self) -> None:
        state = self.hass.states.get(self.entity_id)
        if state is not None and self.available and state.state != self.state:
            self.async_write_ha_state()
