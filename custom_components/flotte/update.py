"""Software update of a vehicle."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final, override

from homeassistant.components.update import (
    UpdateDeviceClass,
    UpdateEntity,
    UpdateEntityDescription,
    UpdateEntityFeature,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import LOGGER
from .entity import FlotteEntityDescription, VehicleEntity
from .tesla import commands, signals

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteUpdateDescription(FlotteEntityDescription, UpdateEntityDescription):
    """The row of the software update."""


SOFTWARE: Final = FlotteUpdateDescription(
    key="software_update", device_class=UpdateDeviceClass.FIRMWARE
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the software update of each vehicle."""
    async_add_entities(
        SoftwareUpdate(
            coordinator,
            SOFTWARE,
            (
                signals.SOFTWARE_VERSION,
                signals.UPDATE_STAGE,
                signals.UPDATE_VERSION,
                signals.UPDATE_INSTALLED,
            ),
        )
        for coordinator in entry.runtime_data.vehicles
    )


class SoftwareUpdate(VehicleEntity, UpdateEntity):
    """Shows an update that is on offer, and installs one that the vehicle has downloaded."""

    entity_description: FlotteUpdateDescription

    @property
    @override
    def supported_features(self) -> UpdateEntityFeature:
        features = UpdateEntityFeature.PROGRESS | UpdateEntityFeature.RELEASE_NOTES
        # The vehicle downloads on its own, over Wi-Fi; only then can an installation start.
        status = self.readings[signals.UPDATE_STAGE]
        if status in ("available", "scheduled"):
            features |= UpdateEntityFeature.INSTALL
        return features

    @property
    @override
    def installed_version(self) -> str | None:
        return self.readings[signals.SOFTWARE_VERSION]

    @property
    @override
    def latest_version(self) -> str | None:
        if self.readings[signals.UPDATE_STAGE] is None:
            return self.installed_version
        return self.readings[signals.UPDATE_VERSION] or self.installed_version

    @property
    @override
    def in_progress(self) -> bool:
        return self.readings[signals.UPDATE_STAGE] == "installing"

    @property
    @override
    def update_percentage(self) -> int | None:
        return self.readings[signals.UPDATE_INSTALLED] if self.in_progress else None

    @override
    async def async_install(self, version: str | None, backup: bool, **kwargs: Any) -> None:
        await self.async_send(commands.schedule_software_update())

    @override
    async def async_release_notes(self) -> str | None:
        """Request the notes when someone opens them; Flotte keeps them, because they cost money.

        No person is known to wait for them, so the budget's reserve for people stays untouched.
        """
        version = self.latest_version
        if version is None:
            return None
        request = partial(
            self.coordinator.vehicle.release_notes.of,
            version,
            staged=version != self.installed_version,
        )
        try:
            return await self.coordinator.async_ask(request, None)
        except HomeAssistantError as error:
            LOGGER.info("No release notes of %s: %s", self.coordinator.device_name, error)
            return None
