"""Times of a vehicle's charging at home."""

from dataclasses import dataclass
from datetime import time
from typing import Final, override

from homeassistant.components.time import TimeEntity, TimeEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .charging.entity import ChargingDescription, ChargingEntity, async_add_charging

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ChargingTimeDescription(ChargingDescription, TimeEntityDescription):
    """The row of a time; its key is the setting."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG


TIMES: Final = (ChargingTimeDescription(key="ready_by"),)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a time for each row and vehicle."""
    async_add_charging(entry, TIMES, ChargingTime, async_add_entities)


class ChargingTime(ChargingEntity, TimeEntity):
    """Shows and changes a time of the settings, which is local."""

    entity_description: ChargingTimeDescription

    @property
    @override
    def native_value(self) -> time:
        return self._controller.settings.ready_by

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value

    @override
    async def async_set_value(self, value: time) -> None:
        self.async_change(self.entity_description.key, value.replace(tzinfo=None))
