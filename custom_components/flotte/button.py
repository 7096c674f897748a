"""Buttons: one table, one class."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .charging.entity import ChargingDescription, ChargingEntity, async_add_charging
from .const import DOMAIN
from .coordinator import VehicleCoordinator
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


def _has_homelink(state: State) -> bool | None:
    devices = state[signals.HOMELINK_DEVICES]
    return None if devices is None else devices > 0


@dataclass(frozen=True, kw_only=True)
class FlotteButtonDescription(FlotteEntityDescription, ButtonEntityDescription):
    """A button that sends a command, or a request.

    Like everything that acts except doors, climate and media, it is configuration: Home Assistant
    leaves such entities out when an action targets the whole device or its area.
    """

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    command: Callable[[State], Command] | None = None
    request: Callable[[VehicleCoordinator], Callable[..., Awaitable[object]]] | None = None
    """The request of the vehicle, if there is no command."""


BUTTONS: Final = (
    FlotteButtonDescription(key="wake", request=lambda each: each.vehicle.wake),
    FlotteButtonDescription(
        key="refresh",
        request=lambda each: each.vehicle.look,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
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
        exists=_has_homelink,
    ),
)


CANCEL: Final = FlotteButtonDescription(key="cancel_waiting_commands")
"""The button that drops the settings that wait until the vehicle wakes."""


@dataclass(frozen=True, kw_only=True)
class ResumeDescription(ChargingDescription, ButtonEntityDescription):
    """The row of the button that ends the time in which a person has taken over."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG


CHARGING_BUTTONS: Final = (ResumeDescription(key="follow_sun_again"),)


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
    async_add_entities(
        CancelButton(coordinator, CANCEL, (signals.ONLINE,))
        for coordinator in entry.runtime_data.vehicles
    )
    async_add_charging(entry, CHARGING_BUTTONS, ResumeButton, async_add_entities)


class CommandButton(VehicleEntity, ButtonEntity):
    """Sends a command when pressed."""

    entity_description: FlotteButtonDescription

    @override
    async def async_press(self) -> None:
        row = self.entity_description
        if row.command is not None:
            await self.async_send(row.command(self.readings))
        elif row.request is not None:
            await self.coordinator.async_ask(row.request(self.coordinator), self._context)


class CancelButton(VehicleEntity, ButtonEntity):
    """Cancels the deferred commands; a change of their number is reported as one of ONLINE."""

    entity_description: FlotteButtonDescription

    @property
    @override
    def available(self) -> bool:
        return bool(self.coordinator.vehicle.deferred.waiting)

    @override
    async def async_press(self) -> None:
        await self.coordinator.vehicle.deferred.withdraw()


class ResumeButton(ChargingEntity, ButtonEntity):
    """Has the charging mode followed again after a person has taken over."""

    entity_description: ResumeDescription

    @property
    @override
    def available(self) -> bool:
        return self._controller.is_taken_over

    @property
    @override
    def fingerprint(self) -> object:
        return self.available

    @override
    async def async_press(self) -> None:
        self._controller.async_resume()
