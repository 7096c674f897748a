"""Entities of optional equipment: added when it is reported, removed when it is reported missing.

The `exists` of a row answers whether a vehicle or site has the equipment. Only a report of the
vehicle or site itself removes an entity; missing data and failed polls never do.
"""

from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)

from .account.data import AccountData
from .const import DOMAIN, LOGGER
from .coordinator import FlotteCoordinator
from .entity import FlotteEntityDescription, always


@callback
def async_add_rows[RowT: FlotteEntityDescription, CoordinatorT: FlotteCoordinator](
    coordinators: Iterable[CoordinatorT],
    table: Iterable[RowT],
    make: Callable[[CoordinatorT, RowT], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add an entity for each row and coordinator, now or when its equipment appears.

    Call it from a platform's `async_setup_entry`.
    """
    domain = async_get_current_platform().domain
    rows = tuple(table)
    for coordinator in coordinators:
        _Presence(domain, coordinator, rows, make, async_add_entities).async_start()


@callback
def async_add_tables[RowT: FlotteEntityDescription](
    data: AccountData,
    vehicles: Iterable[RowT],
    sites: Iterable[RowT],
    make: Callable[[FlotteCoordinator, RowT], Entity],
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the entities of a platform that has a table for vehicles and one for sites."""
    async_add_rows(data.vehicles, vehicles, make, async_add_entities)
    async_add_rows(data.sites, sites, make, async_add_entities)


class _Presence[RowT: FlotteEntityDescription, CoordinatorT: FlotteCoordinator]:
    """The entities of one platform for one vehicle or site."""

    def __init__(
        self,
        domain: str,
        coordinator: CoordinatorT,
        rows: tuple[RowT, ...],
        make: Callable[[CoordinatorT, RowT], Entity],
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        self._domain = domain
        self._coordinator = coordinator
        self._rows = rows
        self._make = make
        self._async_add_entities = async_add_entities
        self._registry = er.async_get(coordinator.hass)
        self._made: set[str] = set()
        self._doubted: set[str] = set()
        """Keys of rows that existed before, but not in the last answer."""

    @callback
    def async_start(self) -> None:
        """Add the existing ones, and check again after each poll."""
        self._async_update(self._rows)
        depends = tuple(row for row in self._rows if row.exists is not always)
        if depends:
            self._coordinator.config_entry.async_on_unload(
                self._coordinator.async_after_poll(lambda: self._async_update(depends))
            )

    @callback
    def _async_update(self, rows: tuple[RowT, ...]) -> None:
        found = [row for row in rows if self._async_is_new(row)]
        self._made.update(row.key for row in found)
        if found:
            self._async_add_entities(self._make(self._coordinator, row) for row in found)

    @callback
    def _async_is_new(self, row: RowT) -> bool:
        """Whether an entity has to be added now."""
        exists = row.exists(self._coordinator.state)
        if exists is False:
            if row.key in self._made and row.key not in self._doubted:
                # One odd answer must not remove an entity that is in use.
                self._doubted.add(row.key)
                self._coordinator.async_ask_again()
            else:
                self._async_remove(row)
            return False
        self._doubted.discard(row.key)
        # If it is not known yet, it is added only if it existed before the restart.
        return row.key not in self._made and (exists or self._entry_of(row) is not None)

    @callback
    def _async_remove(self, row: RowT) -> None:
        """Remove an entity, also of an earlier start. Home Assistant keeps its settings."""
        self._made.discard(row.key)
        self._doubted.discard(row.key)
        if (entity := self._entry_of(row)) is None:
            return
        LOGGER.debug(
            "Removed %s: %s has no such equipment", entity.entity_id, self._coordinator.device_name
        )
        self._registry.async_remove(entity.entity_id)

    def _entry_of(self, row: RowT) -> er.RegistryEntry | None:
        """The registry's entry of a row, if it belongs to this account."""
        unique_id = self._coordinator.unique_id_of(row.key)
        entity_id = self._registry.async_get_entity_id(self._domain, DOMAIN, unique_id)
        entity = None if entity_id is None else self._registry.async_get(entity_id)
        account = self._coordinator.config_entry.entry_id
        return entity if entity is not None and entity.config_entry_id == account else None
