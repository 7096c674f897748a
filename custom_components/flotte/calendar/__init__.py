"""Calendars: the schedules of vehicles, and the electricity tariffs of sites."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..account.data import FlotteConfigEntry
from ..entity import async_add_rows
from .schedules import SCHEDULE_CALENDARS, ScheduleCalendar
from .tariff import TARIFF_CALENDARS, TariffCalendar

PARALLEL_UPDATES = 0


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add two calendars for each vehicle with schedules, and one for each tariff of a site."""
    data = entry.runtime_data
    async_add_rows(data.vehicles, SCHEDULE_CALENDARS, ScheduleCalendar, async_add_entities)
    async_add_rows(data.sites, TARIFF_CALENDARS, TariffCalendar, async_add_entities)
