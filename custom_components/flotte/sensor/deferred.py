"""Sensor of the commands that wait until a vehicle wakes on its own."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.sensor import (
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory

from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from ..tesla import signals


@dataclass(frozen=True, kw_only=True)
class DeferredCommandsDescription(FlotteEntityDescription, SensorEntityDescription):
    """The row of the number of deferred commands, which is not a signal."""


DEFERRED_COMMANDS: Final = DeferredCommandsDescription(
    key="waiting_commands",
    state_class=SensorStateClass.MEASUREMENT,
    entity_category=EntityCategory.DIAGNOSTIC,
)


class DeferredCommandsSensor(VehicleEntity, SensorEntity):
    """Counts the deferred commands of a vehicle."""

    entity_description: DeferredCommandsDescription

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Recount when a command is added or removed, which is reported as a change of ONLINE."""
        super().__init__(coordinator, DEFERRED_COMMANDS, (signals.ONLINE,))

    @property
    @override
    def native_value(self) -> int:
        return len(self.coordinator.vehicle.deferred.waiting)
