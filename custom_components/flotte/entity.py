"""What all entities have in common: a row of a table, a coordinator, a device."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .account.data import FlotteConfigEntry
from .account.rights import async_require_admin
from .const import DOMAIN
from .coordinator import FlotteCoordinator, VehicleCoordinator
from .spending.rules import async_set_spending_option
from .tesla.commands import Command
from .tesla.state import Derived, Signal, State, inputs_of


def always(_state: State) -> bool:
    """Every vehicle has it."""
    return True


def told(signal: Signal[Any], part: Signal[bool] | None = None) -> Callable[[State], bool | None]:
    """Whether a vehicle or site has it: yes as soon as it tells a value, else nobody knows.

    Sites leave out what belongs to equipment that they lack, or tell zero. Where they also tell of
    a part that they lack it, there is nothing to show.
    """

    def exists(state: State) -> bool | None:
        if part is not None and state[part] is False and not state[signal]:
            return False
        return True if state[signal] is not None else None

    return exists


@dataclass(frozen=True, kw_only=True)
class FlotteEntityDescription(EntityDescription):
    """A row: how something is named and shown. Unique id and translation key follow from `key`."""

    exists: Callable[[State], bool | None] = always
    """Whether this vehicle or site has it; None if it did not tell yet, see `presence`."""


class FlotteEntity[CoordinatorT: FlotteCoordinator](CoordinatorEntity[CoordinatorT]):
    """An entity of a vehicle or site, listening to the signals that it shows.

    Args:
        coordinator: Of the vehicle or site.
        description: The row.
        keys: What it shows; None to be called after every poll instead.
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
        """Whether Tesla answered lately."""
        return self.coordinator.is_available(self._shown)

    @property
    def state_of_things(self) -> State:
        """What is known of the vehicle or site."""
        return self.coordinator.state

    async def async_send(self, command: Command) -> None:
        """Have a command carried out for whoever called the action."""
        await self.coordinator.async_send(command, self._context)


class VehicleEntity(FlotteEntity[VehicleCoordinator]):
    """An entity of a vehicle."""


class AccountEntity(Entity):
    """An entity of the account, showing what its ledger says.

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
        self._last_shown: object = None
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
    def shown(self) -> object:
        """All that it shows and that may change; None if the ledger does not change it."""
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
        self._last_shown = self.shown
        self.async_on_remove(self._ledger.async_subscribe(self.async_look))

    @callback
    def async_look(self, *_: object) -> None:
        """Show it again if it is something else: every booking calls, and most change little."""
        shown = self.shown
        if shown != self._last_shown:
            self._last_shown = shown
            self.async_write_ha_state()
