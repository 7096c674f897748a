"""Base of all entities: a row of a table, shown for a vehicle, a site or the account.

Entities of optional equipment are added when it is reported, and removed when it is reported
missing. Only a report of the vehicle or site itself removes an entity; missing data and failed
polls never do.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    async_get_current_platform,
)
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .account.data import AccountData, FlotteConfigEntry
from .account.rights import async_require_admin
from .const import DOMAIN, LOGGER
from .coordinator import FlotteCoordinator, VehicleCoordinator
from .spending.rules import async_set_spending_option
from .tesla.commands import Command
from .tesla.state import Derived, Signal, State, inputs_of


def always(_state: State) -> bool:
    """Return True: every vehicle or site has the equipment."""
    return True


def reported(
    signal: Signal[Any], part: Signal[bool] | None = None
) -> Callable[[State], bool | None]:
    """Make an `exists` that is true once `signal` has a value, and unknown before.

    Sites omit the signals of equipment that they lack, or report zero. If a site reports that it
    lacks `part` and `signal` has no other value, the equipment does not exist.
    """

    def exists(state: State) -> bool | None:
        if part is not None and state[part] is False and not state[signal]:
            return False
        return True if state[signal] is not None else None

    return exists


def equipped(signal: Signal[Any], part: Signal[bool]) -> Callable[[State], bool | None]:
    """Make an `exists` that is true where `part` is reported and `signal` has a value.

    Unlike `reported`, a value alone proves nothing: sites report values of parts that they lack.
    """

    def exists(state: State) -> bool | None:
        has_part = state[part]
        return reported(signal)(state) if has_part else has_part

    return exists


@dataclass(frozen=True, kw_only=True)
class FlotteEntityDescription(EntityDescription):
    """A row: name and appearance of an entity. Unique id and translation key follow from `key`."""

    exists: Callable[[State], bool | None] = always
    """Whether a vehicle or site with this state has the equipment; None if it is not known yet."""


class FlotteEntity[CoordinatorT: FlotteCoordinator](CoordinatorEntity[CoordinatorT]):
    """An entity of a vehicle or site, updated when one of the signals that it shows changes.

    Args:
        coordinator: Of the vehicle or site.
        description: The row.
        keys: Signals that it shows; None to update it after every poll instead.
    """

    _attr_has_entity_name = True
    entity_description: FlotteEntityDescription

    def __init__(
        self,
        coordinator: CoordinatorT,
        description: FlotteEntityDescription,
        keys: Iterable[Signal[Any] | Derived[Any]] | None,
    ) -> None:
        """Show `keys` of the coordinator's state."""
        context = None if keys is None else {each for key in keys for each in inputs_of(key)}
        super().__init__(coordinator, context)
        self._shown: frozenset[Signal[Any]] = frozenset(context or ())
        self.entity_description = description
        self._attr_unique_id = coordinator.unique_id_of(description.key)
        self._attr_translation_key = description.translation_key or description.key
        self._attr_device_info = coordinator.device_info

    @property
    @override
    def available(self) -> bool:
        """Whether Tesla answered recently."""
        return self.coordinator.is_available(self._shown)

    @property
    def readings(self) -> State:
        """Readings of the vehicle or site."""
        return self.coordinator.state

    async def async_send(self, command: Command) -> None:
        """Send a command on behalf of the caller of the action."""
        await self.coordinator.async_send(command, self._context)


class VehicleEntity(FlotteEntity[VehicleCoordinator]):
    """An entity of a vehicle."""


class AccountEntity(Entity):
    """An entity of the account, which shows its ledger.

    Args:
        entry: The account, set up.
        description: The row; unique id and translation key follow from its key.
    """

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: FlotteConfigEntry, description: EntityDescription) -> None:
        """Show `description`'s part of the ledger."""
        self.entity_description = description
        self._entry = entry
        self._ledger = entry.runtime_data.ledger
        self._last_fingerprint: object = None
        self._attr_unique_id = f"{entry.unique_id}-{description.key}"
        self._attr_translation_key = description.key
        self._attr_device_info = dr.DeviceInfo(
            identifiers={(DOMAIN, str(entry.unique_id))},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer="Tesla",
            model="Fleet API",
            translation_key="account",
        )

    @property
    def fingerprint(self) -> object:
        """All changing parts of its state; None if they do not come from the ledger."""
        return None

    async def async_set_rule(self, rule: str, value: str | float | None) -> None:
        """Change one of the owner's rules for spending, as the options do.

        Raises:
            Unauthorized: the user is no administrator.
        """
        await async_require_admin(self.hass, self._context)
        async_set_spending_option(self.hass, self._entry, rule, value)

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self._last_fingerprint = self.fingerprint
        self.async_on_remove(self._ledger.async_subscribe(self.async_refresh_if_changed))

    @callback
    def async_refresh_if_changed(self, *_: object) -> None:
        """Write the state if it changed; every booking calls this, and few change an entity."""
        fingerprint = self.fingerprint
        if fingerprint != self._last_fingerprint:
            self._last_fingerprint = fingerprint
            self.async_write_ha_state()


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
        _Entities(domain, coordinator, rows, make, async_add_entities).async_start()


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


class _Entities[RowT: FlotteEntityDescription, CoordinatorT: FlotteCoordinator]:
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
        """Keys of rows whose equipment existed before, but not in the last answer."""

    @callback
    def async_start(self) -> None:
        """Add the existing ones, and check again after each poll."""
        self._async_update(self._rows)
        depends = tuple(row for row in self._rows if row.exists is not always)
        if not depends:
            return
        on_unload = self._coordinator.config_entry.async_on_unload
        on_unload(self._coordinator.async_after_poll(lambda: self._async_update(depends)))
        if isinstance(self._coordinator, VehicleCoordinator):
            changed = self._coordinator.stream_watch.changed
            on_unload(changed.subscribe(lambda: self._async_add_reported(depends)))

    @callback
    def _async_update(self, rows: tuple[RowT, ...]) -> None:
        self._async_add([row for row in rows if self._async_is_new(row)])

    @callback
    def _async_add_reported(self, rows: tuple[RowT, ...]) -> None:
        """Add entities between two polls. Only a poll can show that one must be removed."""
        state = self._coordinator.state
        self._async_add([row for row in rows if row.key not in self._made and row.exists(state)])

    @callback
    def _async_add(self, found: list[RowT]) -> None:
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
        # While this is unknown, an entity is added only if it existed before the restart.
        return row.key not in self._made and (exists or self._entry_of(row) is not None)

    @callback
    def _async_remove(self, row: RowT) -> None:
        """Remove an entity, even one of an earlier start. Home Assistant keeps its settings."""
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
