"""Buttons: one table, one class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import DOMAIN
from .entity import FlotteEntityDescription, VehicleEntity, async_add_rows
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


def _homelink(state: State) -> Command:
    """The command for HomeLink, which needs the position of the vehicle.

    Raises:
        ServiceValidationError: the position is unknown.
    """
    position = state[signals.LOCATION]
    if position is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="position_of_car_unknown"
        )
    return commands.trigger_homelink(position)


@dataclass(frozen=True, kw_only=True)
class FlotteButtonDescription(FlotteEntityDescription, ButtonEntityDescription):
    """A button that sends a command, or wakes the vehicle if it has no command."""

    command: Callable[[State], Command] | None


BUTTONS: Final = (
    FlotteButtonDescription(key="wake", command=None),
    FlotteButtonDescription(key="flash_lights", command=lambda _: commands.flash_lights()),
    FlotteButtonDescription(key="honk_horn", command=lambda _: commands.honk_horn()),
    FlotteButtonDescription(key="remote_start", command=lambda _: commands.remote_start()),
    FlotteButtonDescription(
        key="boombox",
        command=lambda _: commands.play_sound("random"),
        # Not every car knows it.
        entity_registry_enabled_default=False,
    ),
    FlotteButtonDescription(
        key="locate",
        command=lambda _: commands.play_sound("locate"),
        entity_registry_enabled_default=False,
    ),
    FlotteButtonDescription(
        key="homelink",
        command=_homelink,
        exists=lambda state: state[signals.HOMELINK_DEVICES] != 0,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a button for each row and vehicle."""
    async_add_rows(
        entry.runtime_data.vehicles,
        BUTTONS,
        lambda coordinator, row: CommandButton(coordinator, row, ()),
        async_add_entities,
    )


class CommandButton(VehicleEntity, ButtonEntity):
    """Sends a command when pressed."""

    entity_description: FlotteButtonDescription

    @override
    async def async_press(self) -> None:
        if (command := self.entity_description.command) is None:
            await self.coordinator.async_wake(self._context)
        else:
            await self.async_send(command(self.readings))
