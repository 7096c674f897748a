"""Entities that act, while their command is under way or waits until the vehicle wakes."""

from datetime import datetime
from typing import Any, Final, override

from homeassistant.util import dt as dt_util

from .coordinator import FlotteCoordinator, VehicleCoordinator
from .entity import FlotteEntity, VehicleEntity
from .tesla.state import State
from .tesla.vehicle.deferred_commands import DeferredCommands

ATTR_WAITING_UNTIL: Final = "waiting_until"
"""When a change of the setting is dropped if the vehicle has not woken; absent if none waits."""


class SettingEntity[CoordinatorT: FlotteCoordinator](FlotteEntity[CoordinatorT]):
    """A setting that shows the wanted value while its change waits until the vehicle wakes."""

    _unrecorded_attributes = frozenset({ATTR_WAITING_UNTIL})

    @property
    def _deferred(self) -> DeferredCommands | None:
        """The deferred commands of the vehicle; sites have none."""
        coordinator = self.coordinator
        return coordinator.vehicle.deferred if isinstance(coordinator, VehicleCoordinator) else None

    @property
    @override
    def readings(self) -> State:
        readings = super().readings
        if self._deferred is None or not (wanted := self._deferred.expected):
            return readings
        return readings.assume(wanted, dt_util.utcnow())

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        until = self._waiting_until
        return None if until is None else {ATTR_WAITING_UNTIL: dt_util.as_local(until)}

    @property
    def _waiting_until(self) -> datetime | None:
        return None if self._deferred is None else self._deferred.waits_until(self._shown)


class MovingEntity(VehicleEntity):
    """A part of the vehicle that moves or locks, which takes time, not least if it has to wake."""

    @property
    def target(self) -> State | None:
        """The state after the commands under way; None if none changes what this entity shows."""
        expected = self.coordinator.vehicle.knowledge.intents.expected
        if not expected or self._shown.isdisjoint(expected):
            return None
        return self.readings.assume(expected, dt_util.utcnow())
