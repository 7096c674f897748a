"""Calendars: the electricity tariffs of sites."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.data import FlotteConfigEntry
from ..entity import async_add_rows
from .tariff import TARIFF_CALENDARS, TariffCalendar

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a calendar for each tariff of a site."""
    async_add_rows(entry.runtime_data.sites, TARIFF_CALENDARS, TariffCalendar, async_add_entities)
