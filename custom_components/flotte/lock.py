"""Locks: the doors, and the charge cable; one table, one class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.lock import LockEntity, LockEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import DOMAIN
from .entity import FlotteEntityDescription, async_add_rows
from .pending import MovingEntity
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import Signal, State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


def _latched(state: State) -> bool | None:
    latch = state[signals.CHARGE_PORT_LATCH]
    return None if latch is None else latch == "engaged"


@dataclass(frozen=True, kw_only=True)
class FlotteLockDescription(FlotteEntityDescription, LockEntityDescription):
    """A part that can be locked."""

    signal: Signal[Any]
    is_locked: Callable[[State], bool | None]
    lock_command: Callable[[], Command] | None
    """None if it locks on its own."""
    unlock_command: Callable[[], Command]


LOCKS: Final = (
    FlotteLockDescription(
        key="doors",
        signal=signals.LOCKED,
        is_locked=lambda state: state[signals.LOCKED],
        lock_command=commands.lock_doors,
        unlock_command=commands.unlock_doors,
    ),
    FlotteLockDescription(
        key="charge_cable_lock",
        # Releasing the cable opens the charge port, which "unlock the car" does not mean.
        entity_category=EntityCategory.CONFIG,
        signal=signals.CHARGE_PORT_LATCH,
        is_locked=_latched,
        lock_command=None,
        unlock_command=commands.open_charge_port,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a lock for each row and vehicle."""
    async_add_rows(
        entry.runtime_data.vehicles,
        LOCKS,
        lambda coordinator, row: VehicleLock(coordinator, row, (row.signal,)),
        async_add_entities,
    )


class VehicleLock(MovingEntity, LockEntity):
    """Locks and unlocks a part of the vehicle."""

    entity_description: FlotteLockDescription

    @property
    @override
    def is_locked(self) -> bool | None:
        return self.entity_description.is_locked(self.readings)

    @property
    @override
    def is_locking(self) -> bool:
        return self._becomes_locked is True

    @property
    @override
    def is_unlocking(self) -> bool:
        return self._becomes_locked is False

    @property
    def _becomes_locked(self) -> bool | None:
        """Whether a command under way locks it; None if none does anything."""
        target = self.target
        return None if target is None else self.entity_description.is_locked(target)

    @override
    async def async_lock(self, **kwargs: Any) -> None:
        if (command := self.entity_description.lock_command) is None:
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key="cable_locks_itself"
            )
        await self.async_send(command())

    @override
    async def async_unlock(self, **kwargs: Any) -> None:
        await self.async_send(self.entity_description.unlock_command())
