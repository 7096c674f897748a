"""Base of all entities: a row of a table, shown for a vehicle, a site or the account.

Entities of optional equipment are added when it is reported, and removed when it is reported
missing. Only a report of the vehicle or site itself removes an entity; missing data and failed
polls never do. Entities that a vehicle cannot have (see `equipment`) are not added; one that an
earlier version registered is removed unless its owner has used it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
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
from .equipment import (
    UnpaidSignals,
    answered_at,
    can_have,
    can_report,
    can_show,
    is_only_polled,
    is_unused,
    streams,
)
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


def built_with(*parts: Signal[bool]) -> Callable[[State], bool | None]:
    """Make an `exists` that is true where all `parts` are, and unknown until all are reported."""

    def exists(state: State) -> bool | None:
        known = [state[part] for part in parts]
        return False if False in known else None if None in known else True

    return exists


@dataclass(frozen=True, kw_only=True)
class FlotteEntityDescription(EntityDescription):
    """A row: name and appearance of an entity. Unique id and translation key follow from `key`."""

    exists: Callable[[State], bool | None] = always
    """Whether a vehicle or site with this state has the equipment; None if it is not known yet."""
    asked: bool = False
    """Whether nothing reports the equipment: a vehicle has to be asked for it."""
    models: frozenset[str] = frozenset()
    """The only models of vehicles that can have the equipment; none if all can."""
    enabled_while_polled: bool = False
    """Whether a row that is disabled by default is enabled for a vehicle that only is polled, which
    costs nothing more. It is disabled when the vehicle begins to stream."""

    @property
    def awaited(self) -> tuple[Signal[Any], ...]:
        """Signals of which a vehicle must report or stream one first; none to add it at once."""
        return ()


@dataclass(frozen=True, kw_only=True)
class SignalDescription(FlotteEntityDescription):
    """A row that only shows a signal.

    If it is disabled by default, it is added when a vehicle reports the signal: there are hundreds,
    and each vehicle reports others.
    """

    signal: Signal[Any] | Derived[Any]

    @property
    @override
    def awaited(self) -> tuple[Signal[Any], ...]:
        return () if self.entity_registry_enabled_default else inputs_of(self.signal)


@cache
def _inputs_of_all(keys: tuple[Signal[Any] | Derived[Any], ...]) -> frozenset[Signal[Any]]:
    """The signals that these keys depend on, one set for the entities of all vehicles."""
    return frozenset(each for key in keys for each in inputs_of(key))


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
        context = None if keys is None else _inputs_of_all(tuple(keys))
        if context is not None and description.enabled_while_polled and is_only_polled(coordinator):
            context = UnpaidSignals(context)
            self._attr_entity_registry_enabled_default = True
        super().__init__(coordinator, context)
        self._shown: frozenset[Signal[Any]] = context or frozenset()
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


class OccasionalEntity(VehicleEntity):
    """An entity of a vehicle that needs signals, but does not show their current values.

    Its own state is written by its own occasions.
    """

    _was_available: bool | None = None

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        if self.available != self._was_available:
            self._was_available = self.available
            super()._handle_coordinator_update()


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

    @property
    def follows_ledger(self) -> bool:
        """Whether each booking may change its state at once."""
        return True

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
        if self.follows_ledger:
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
    rows = _Table(table)
    parts = (
        _Entities(domain, coordinator, rows, make, async_add_entities)
        for coordinator in coordinators
    )
    # All at once, because each call of Home Assistant's function is a task of its own.
    async_add_entities([entity for part in parts for entity in part.async_start()])


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


class _Table[RowT: FlotteEntityDescription]:
    """The rows of one platform, shared by all vehicles or sites of an account."""

    def __init__(self, rows: Iterable[RowT]) -> None:
        self.rows = tuple(rows)
        self.optional = tuple(row for row in self.rows if row.exists is not always or row.models)
        """Rows that depend on the equipment."""
        self.awaited: dict[Signal[Any], list[RowT]] = {}
        """Rows to add when a signal is reported."""
        self.unpaid = tuple(row for row in self.rows if row.enabled_while_polled)
        for row in self.rows:
            for signal in row.awaited:
                self.awaited.setdefault(signal, []).append(row)


class _Entities[RowT: FlotteEntityDescription, CoordinatorT: FlotteCoordinator]:
    """The entities of one platform for one vehicle or site."""

    def __init__(
        self,
        domain: str,
        coordinator: CoordinatorT,
        table: _Table[RowT],
        make: Callable[[CoordinatorT, RowT], Entity],
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        self._domain = domain
        self._coordinator = coordinator
        self._table = table
        self._make = make
        self._async_add_entities = async_add_entities
        self._registry = er.async_get(coordinator.hass)
        self._made: set[str] = set()
        self._seen: set[str] = set()
        """Keys of rows whose equipment was reported."""
        self._doubted: dict[str, tuple[object, ...]] = {}
        """Keys of rows whose equipment existed before, but not in the last answer, and when each
        part of that answer came."""

    @callback
    def async_start(self) -> list[Entity]:
        """Make the existing ones; add others when a poll, a reading or the stream shows them."""
        coordinator, table = self._coordinator, self._table
        self._async_disable_paid()
        found = [row for row in table.rows if self._async_starts(row)]
        on_unload = coordinator.config_entry.async_on_unload
        if table.optional or table.awaited:
            on_unload(coordinator.async_after_poll(self._async_polled))
        if isinstance(coordinator, VehicleCoordinator):
            if table.awaited:
                on_unload(coordinator.vehicle.subscribe(self._async_changed))
            on_unload(coordinator.stream_watch.changed.subscribe(self._async_stream_changed))
        return self._make_all(found)

    @callback
    def _async_stream_changed(self) -> None:
        """Add the entities of streamed signals, and disable those that would cost money."""
        self._async_disable_paid()
        self._async_add_found()

    @callback
    def _async_disable_paid(self) -> None:
        """Disable what was enabled while it cost nothing, if the vehicle begins to stream."""
        coordinator = self._coordinator
        if not isinstance(coordinator, VehicleCoordinator) or not coordinator.stream_watch.begins:
            return
        for row in self._table.unpaid:
            entity = self._entry_of(row)
            if entity is not None and not entity.disabled:
                LOGGER.info("Disabled %s, which would be streamed and paid", entity.entity_id)
                self._registry.async_update_entity(
                    entity.entity_id, disabled_by=er.RegistryEntryDisabler.INTEGRATION
                )

    @callback
    def _async_starts(self, row: RowT) -> bool:
        """Whether an entity is added at the start, also because it existed before."""
        if row.exists(self._coordinator.state):
            self._seen.add(row.key)
        if self._is_found(row):
            return True
        if row.exists(self._coordinator.state) is False:
            self._async_remove(row)
            return False
        if (entity := self._entry_of(row)) is None:
            return False
        if not can_show(self._coordinator, row.models, row.awaited) and is_unused(entity):
            self._async_remove(row)
            return False
        return True

    def _is_found(self, row: RowT) -> bool:
        """Whether the vehicle or site is known to have what an entity shows.

        If an entity would be enabled, a vehicle that is meant to stream need not be known to have
        it: its stream would have to be configured again soon after the first time. That does not
        apply to equipment that is never streamed.
        """
        coordinator = self._coordinator
        exists = row.exists(coordinator.state)
        if exists is None and row.entity_registry_enabled_default and not row.asked:
            exists = streams(coordinator)
        return bool(
            exists and can_have(coordinator, row.models) and can_report(coordinator, row.awaited)
        )

    @callback
    def _async_polled(self) -> None:
        """Add what the answer shows, and remove what it denies."""
        for row in self._table.optional:
            self._async_check(row)
        self._async_add_found()

    @callback
    def _async_check(self, row: RowT) -> None:
        """Remove an entity whose equipment is denied twice: one odd answer must not remove it."""
        coordinator, key = self._coordinator, row.key
        if (exists := row.exists(coordinator.state)) is not False:
            self._doubted.pop(key, None)
            if exists:
                self._seen.add(key)
        elif key in self._made and key not in self._doubted:
            self._doubted[key] = answered_at(coordinator)
            coordinator.async_ask_again()
        elif self._is_denied_again(key):
            self._async_remove(row)

    def _is_denied_again(self, key: str) -> bool:
        """Whether every part was answered again since a doubt about reported equipment."""
        doubted = self._doubted.get(key)
        if doubted is None or key not in self._seen:
            return True
        times = zip(answered_at(self._coordinator), doubted, strict=True)
        return all(now != before for now, before in times)

    @callback
    def _async_add_found(self) -> None:
        """Add new entities. Only a poll can show that one must be removed."""
        made, rows = self._made, self._table.rows
        if found := [row for row in rows if row.key not in made and self._is_found(row)]:
            self._async_add(found)

    @callback
    def _async_changed(self, changed: frozenset[Signal[Any]]) -> None:
        """Add the entities of signals that are reported for the first time."""
        awaited = self._table.awaited
        found = {
            row.key: row
            for signal in changed
            if signal in awaited
            for row in awaited[signal]
            if row.key not in self._made and self._is_found(row)
        }
        if found:
            self._async_add(list(found.values()))

    @callback
    def _async_add(self, found: list[RowT]) -> None:
        self._async_add_entities(self._make_all(found))

    def _make_all(self, rows: list[RowT]) -> list[Entity]:
        self._made.update(row.key for row in rows)
        return [self._make(self._coordinator, row) for row in rows]

    @callback
    def _async_remove(self, row: RowT) -> None:
        """Remove an entity, even one of an earlier start. Home Assistant keeps its settings."""
        self._made.discard(row.key)
        self._doubted.pop(row.key, None)
        if (entity := self._entry_of(row)) is None:
            return
        LOGGER.debug(
            "Removed %s: %s cannot have it", entity.entity_id, self._coordinator.device_name
        )
        self._registry.async_remove(entity.entity_id)

    def _entry_of(self, row: RowT) -> er.RegistryEntry | None:
        """The registry's entry of a row, if it belongs to this account."""
        unique_id = self._coordinator.unique_id_of(row.key)
        entity_id = self._registry.async_get_entity_id(self._domain, DOMAIN, unique_id)
        entity = None if entity_id is None else self._registry.async_get(entity_id)
        account = self._coordinator.config_entry.entry_id
        return entity if entity is not None and entity.config_entry_id == account else None
