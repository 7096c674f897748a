"""Base of the entities of charging at home, which a vehicle gets once it is used.

Only the charging mode is always there: it is the one thing to choose for owners who want it, and
one entity for all others. Entities that were added once stay, whatever the mode.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import override

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)

from ..account.data import FlotteConfigEntry
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..entity import FlotteEntityDescription, VehicleEntity
from .controller import ChargingController


def applies_always(_hass: HomeAssistant, _controller: ChargingController) -> bool:
    """Return True: the entity makes sense for every vehicle that is charged at home."""
    return True


@dataclass(frozen=True, kw_only=True)
class ChargingDescription(FlotteEntityDescription):
    """A row of charging at home, which is not a signal."""

    before_use: bool = False
    """Whether a vehicle has the entity before charging at home is used."""
    applies: Callable[[HomeAssistant, ChargingController], bool] = applies_always
    """Whether the entity makes sense for a vehicle; once it did, the entity stays."""


class ChargingEntity(VehicleEntity):
    """An entity of a vehicle's charging at home; it shows the controller and no signal."""

    def __init__(
        self,
        coordinator: VehicleCoordinator,
        controller: ChargingController,
        row: ChargingDescription,
    ) -> None:
        """Show `row`'s part of `controller`."""
        super().__init__(coordinator, row, ())
        self._controller = controller
        self._last_fingerprint: object = None

    @property
    @override
    def available(self) -> bool:
        """Whether it can be shown and changed: always, because Tesla is not asked."""
        return True

    @property
    def fingerprint(self) -> object:
        """All changing parts of its state."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self._last_fingerprint = self.fingerprint
        self.async_on_remove(self._controller.changed.subscribe(self.async_refresh_if_changed))

    @callback
    def async_refresh_if_changed(self) -> None:
        """Write the state if it changed; every decision calls this, and few change an entity."""
        fingerprint = self.fingerprint
        if fingerprint != self._last_fingerprint:
            self._last_fingerprint = fingerprint
            self.async_write_ha_state()

    @callback
    def async_change(self, setting: str, value: StrEnum | int | time) -> None:
        """Change a setting of the vehicle.

        Raises:
            ServiceValidationError: the value is out of range.
        """
        try:
            self._controller.async_change(**{setting: value})
        except ValueError as error:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="charging_setting_out_of_range"
            ) from error
        self.async_write_ha_state()


@callback
def async_add_charging[RowT: ChargingDescription](
    entry: FlotteConfigEntry,
    rows: Iterable[RowT],
    make: Callable[[VehicleCoordinator, ChargingController, RowT], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each row and vehicle, now or once charging at home is used.

    Call it from a platform's `async_setup_entry`.
    """
    data = entry.runtime_data
    table = _ChargingTable(
        async_get_current_platform().domain, tuple(rows), make, async_add_entities
    )
    for coordinator in data.vehicles:
        controller = data.charging_controllers[coordinator.vehicle.vin]
        entry.async_on_unload(table.async_follow(coordinator, controller))


@dataclass(frozen=True, slots=True)
class _ChargingTable[RowT: ChargingDescription]:
    """The rows of one platform."""

    domain: str
    rows: tuple[RowT, ...]
    make: Callable[[VehicleCoordinator, ChargingController, RowT], Entity]
    async_add_entities: AddConfigEntryEntitiesCallback

    @callback
    def async_follow(
        self, coordinator: VehicleCoordinator, controller: ChargingController
    ) -> CALLBACK_TYPE:
        """Add the entities of a vehicle, now or later; return a function that stops it."""
        pending = list(self.rows)

        @callback
        def add() -> None:
            found = [row for row in pending if self._is_shown(coordinator, controller, row)]
            if found:
                pending[:] = [row for row in pending if row not in found]
                self.async_add_entities([self.make(coordinator, controller, row) for row in found])

        add()
        return controller.changed.subscribe(add)

    def _is_shown(
        self, coordinator: VehicleCoordinator, controller: ChargingController, row: RowT
    ) -> bool:
        """Whether a vehicle has the entity of a row; it stays once it was added."""
        if row.before_use or not controller.was_used:
            return row.before_use
        registry, unique_id = er.async_get(coordinator.hass), coordinator.unique_id_of(row.key)
        is_registered = registry.async_get_entity_id(self.domain, DOMAIN, unique_id) is not None
        return is_registered or row.applies(coordinator.hass, controller)
