"""Departures: the next moment at which a vehicle has to be ready.

An owner thinks in local time, and so do the days. Where the clocks skip or repeat a time, the
earlier moment counts: a vehicle that is ready too early harms less than one that is not ready.
"""

import asyncio
import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import Any, Final, override
from unicodedata import normalize

from homeassistant.components.calendar.const import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import WEEKDAYS
from homeassistant.core import (
    CALLBACK_TYPE,
    Event,
    EventStateChangedData,
    HomeAssistant,
    callback,
)
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from ..const import CONF_READY_CALENDAR, CONF_READY_DAYS
from .settings import ChargingSettings, ReadyOn

_LOGGER: Final = logging.getLogger(__name__)

CALENDAR_INTERVAL: Final = timedelta(minutes=15)
"""Interval at which the events are read. A calendar announces only a change of its next event."""
CALENDAR_HORIZON: Final = timedelta(days=8)
"""Time ahead for which events are read: a weekly one is seen, today's included."""
CALENDAR_TIMEOUT: Final = 60.0
"""Seconds that a calendar may take. Some read the internet for each request."""

_DAYS: Final[Mapping[ReadyOn, frozenset[str]]] = MappingProxyType(
    {
        ReadyOn.EVERY_DAY: frozenset(WEEKDAYS),
        ReadyOn.WEEKDAYS: frozenset(WEEKDAYS[:5]),
        ReadyOn.WEEKENDS: frozenset(WEEKDAYS[5:]),
    }
)


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """Begin and title of an event."""

    begin: date | datetime
    """An aware datetime; a date if the event lasts all day."""
    title: str


def next_departure(
    now: datetime,
    settings: ChargingSettings,
    zone: tzinfo,
    *,
    chosen_days: Collection[str] = (),
    entries: Iterable[CalendarEntry] = (),
) -> datetime | None:
    """The next moment after `now` at which a vehicle has to be ready, in UTC; None if none is set.

    `chosen_days` are days of the week as `mon`; `entries` the events that are departures.
    """
    if settings.ready_on is ReadyOn.CALENDAR:
        begins = (_begin(entry.begin, settings.ready_by, zone) for entry in entries)
        return min((begin for begin in begins if begin > now), default=None)
    days = _DAYS.get(settings.ready_on, frozenset())
    if settings.ready_on is ReadyOn.CHOSEN_DAYS:
        days = frozenset(chosen_days)
    today = now.astimezone(zone).date()
    for ahead in range(len(WEEKDAYS) + 1):
        day = today + timedelta(days=ahead)
        if WEEKDAYS[day.weekday()] in days:
            moment = _earliest(day, settings.ready_by, zone)
            if moment > now:
                return moment
    return None


def _begin(begin: date | datetime, ready_by: time, zone: tzinfo) -> datetime:
    """Departure for an event: its begin, or the usual time on the first of its days."""
    if isinstance(begin, datetime):
        return begin.astimezone(UTC)
    return _earliest(begin, ready_by, zone)


def _earliest(day: date, clock: time, zone: tzinfo) -> datetime:
    """The earlier of the two moments that a skipped or repeated local time can mean."""
    local = datetime.combine(day, clock, zone)
    return min(local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))


def entries_naming(
    entries: Iterable[CalendarEntry], names: Iterable[str]
) -> tuple[CalendarEntry, ...]:
    """The events whose title contains one of the names, whatever their case."""
    folded = [_folded(name) for name in names if name.strip()]
    return tuple(entry for entry in entries if any(name in _folded(entry.title) for name in folded))


def _folded(text: str) -> str:
    return normalize("NFKC", text.strip()).casefold()


class Departures(DataUpdateCoordinator[tuple[CalendarEntry, ...]]):
    """Departures of the vehicles of an account, by the days or the calendar of its options.

    Its data are the events of the calendar. They are read while there are listeners, which are
    called when they change: without any, no calendar is asked. While the calendar fails, the last
    known events count.
    """

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Read nothing yet."""
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name="departure calendar",
            update_interval=CALENDAR_INTERVAL,
            always_update=False,
        )
        self.data = ()
        self._entry = entry
        self._calendar: str | None = None
        """The calendar whose events are in `data`."""
        self._followers = 0
        self._stop_tracking: CALLBACK_TYPE | None = None
        self._is_missed = False

    def next_departure(
        self, now: datetime, settings: ChargingSettings, names: Collection[str], *, is_only: bool
    ) -> datetime | None:
        """The next departure of a vehicle after `now`, in UTC; None if none is set.

        Of the calendar, the events with one of its names count. All do for the only vehicle.
        """
        days = self._entry.options.get(CONF_READY_DAYS)
        return next_departure(
            now,
            settings,
            dt_util.get_default_time_zone(),
            chosen_days=days if isinstance(days, list) else (),
            entries=self.data if is_only else entries_naming(self.data, names),
        )

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> CALLBACK_TYPE:
        remove = super().async_add_listener(update_callback, context)
        self._followers += 1
        if self._followers == 1:
            self.async_apply_options()

        @callback
        def stop() -> None:
            remove()
            self._followers -= 1
            if not self._followers:
                self._untrack()

        return stop

    @callback
    def async_apply_options(self) -> None:
        """Follow the calendar that the options name now, if there are listeners."""
        chosen = self._entry.options.get(CONF_READY_CALENDAR)
        calendar = chosen if isinstance(chosen, str) and chosen else None
        is_tracked = self._stop_tracking is not None
        if not self._followers or (calendar == self._calendar and is_tracked):
            return
        self._untrack()
        if calendar != self._calendar:
            self._calendar, self._is_missed = calendar, False
            self.last_update_success = True
            if self.data:
                self.async_set_updated_data(())
        if calendar is not None:
            self._stop_tracking = async_track_state_change_event(
                self.hass, calendar, self._on_state
            )
            self._refresh_soon()

    @callback
    def _untrack(self) -> None:
        if self._stop_tracking is not None:
            self._stop_tracking()
            self._stop_tracking = None

    @callback
    def _on_state(self, _event: Event[EventStateChangedData]) -> None:
        self._refresh_soon()

    @callback
    def _refresh_soon(self) -> None:
        """Read the events, without holding up the start of Home Assistant."""
        self._entry.async_create_background_task(
            self.hass, self.async_request_refresh(), "Flotte: read the departure calendar"
        )

    @override
    async def async_shutdown(self) -> None:
        self._untrack()
        await super().async_shutdown()

    @override
    async def _async_update_data(self) -> tuple[CalendarEntry, ...]:
        calendar = self._calendar
        if calendar is None or self._is_gone(calendar):
            return ()
        component = self.hass.data.get(DATA_COMPONENT)
        entity = None if component is None else component.get_entity(calendar)
        if entity is None:
            if not self.hass.is_running:
                return self.data  # Its integration is not loaded yet.
            raise UpdateFailed(f"{calendar} is not available")
        now = dt_util.now()
        try:
            async with asyncio.timeout(CALENDAR_TIMEOUT):
                events = await entity.async_get_events(self.hass, now, now + CALENDAR_HORIZON)
        except Exception as error:  # any integration can provide it, and raise what it likes
            raise UpdateFailed(f"{calendar}: {str(error) or type(error).__name__}") from error
        if calendar != self._calendar:
            return self.data  # Another one was chosen meanwhile, and is read next.
        return tuple(CalendarEntry(event.start, event.summary) for event in events)

    def _is_gone(self, calendar: str) -> bool:
        """Whether the calendar does not exist, which is logged once.

        One whose integration is not loaded has a state: Home Assistant keeps it.
        """
        if self.hass.states.get(calendar) is not None:
            self._is_missed = False
            return False
        if self.hass.is_running and not self._is_missed:
            self._is_missed = True
            _LOGGER.warning(
                "The departure calendar %s does not exist, so that no car has to be ready. Choose"
                " another calendar in the options of Flotte",
                calendar,
            )
        return True
