"""Keeps the prices of an integration up to date, with one call at a time."""

from asyncio import Task
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..tesla.listeners import Listeners
from .price_services import PRICE_SERVICES, UnusablePrices, async_fetch_slots
from .price_slots import PriceSlot, joined, price_at
from .unused_prices import UnusedPrices

_RETRY: Final = timedelta(minutes=15)
_PUBLISHED: Final = timedelta(hours=13, minutes=5)
"""Local time at which tomorrow's prices are published in Europe, about."""
_KEPT: Final = timedelta(days=1)
"""How long prices of the past are kept: those of tomorrow are expected to be like them."""
_TOMORROWS_NOON: Final = timedelta(days=1, hours=12)
"""A moment whose price is only known once tomorrow's are: the first ones may be known today."""

type Chosen = tuple[ConfigEntry, str | None]
"""An entry of an integration, and the entity that says which of several places is meant."""


class PriceFetching:
    """Fetches the prices of the chosen integration: today's, and tomorrow's once they are known.

    A failure loses nothing: known prices are kept, and it is tried again.

    Args:
        hass: The Home Assistant.
        choose: Returns the integration to ask now; None if there is none.
        unused: Logs why prices are not used.
    """

    def __init__(
        self, hass: HomeAssistant, choose: Callable[[], Chosen | None], unused: UnusedPrices
    ) -> None:
        self.changed = Listeners[()]()
        """Notified when prices were added."""
        self._hass = hass
        self._choose = choose
        self._fetched: tuple[str, str | None] | None = None
        """Entry id and entity of the known slots."""
        self._slots: list[PriceSlot] = []
        self._cancel: CALLBACK_TYPE | None = None
        self._task: Task[None] | None = None
        self._is_running = False
        self._unused = unused

    @property
    def slots(self) -> Sequence[PriceSlot]:
        """The known prices of the chosen integration, in order of time."""
        return self._slots if self._key(self._choose()) == self._fetched else ()

    @callback
    def async_start(self) -> None:
        """Fetch from now on."""
        self._is_running = True
        self.async_refresh()

    @callback
    def async_stop(self) -> None:
        """Fetch nothing more; known prices are kept."""
        self._is_running = False
        self._async_unschedule()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    @callback
    def async_refresh_if_new(self) -> None:
        """Fetch now if nothing was fetched from the chosen integration."""
        if not self.slots:
            self.async_refresh()

    @callback
    def async_refresh(self) -> None:
        """Fetch now, unless a call is under way or the chosen integration is not ready."""
        if not self._is_running or self._task is not None:
            return
        self._async_unschedule()
        chosen = self._choose()
        if chosen is not None and chosen[0].state is ConfigEntryState.LOADED:
            self._task = self._hass.async_create_background_task(
                self._async_fetch(*chosen), "flotte fetches prices of energy", eager_start=False
            )

    async def _async_fetch(self, entry: ConfigEntry, entity_id: str | None) -> None:
        today = dt_util.start_of_local_day()
        after_tomorrow = dt_util.start_of_local_day(today + timedelta(days=2))
        span = today.astimezone(dt_util.UTC), after_tomorrow.astimezone(dt_util.UTC)
        try:
            slots = await async_fetch_slots(self._hass, entry, entity_id, *span)
        except UnusablePrices as error:
            slots = []
            self._unused.log(entry.title, error)
        self._task = None
        self._async_apply(entry, entity_id, slots)

    @callback
    def _async_apply(
        self, entry: ConfigEntry, entity_id: str | None, slots: Sequence[PriceSlot]
    ) -> None:
        now = dt_util.utcnow()
        key = (entry.entry_id, entity_id)
        known = self._slots if key == self._fetched else []
        before, self._fetched = self._slots, key
        self._slots = [slot for slot in joined(known, slots) if slot.end > now - _KEPT]
        self._async_schedule(now, entry.domain, is_new=bool(slots))
        if self._slots != before:
            self.changed()
        if self._key(self._choose()) != key:
            # Another integration was chosen meanwhile.
            self.async_refresh()

    @callback
    def _async_schedule(self, now: datetime, domain: str, *, is_new: bool) -> None:
        """Fetch again after a while; sooner after a failure and when prices will be published."""
        delay = PRICE_SERVICES[domain].refresh if is_new else _RETRY
        # In local time, so these are right on a day on which clocks change.
        today = dt_util.start_of_local_day(dt_util.as_local(now))
        published = (today + _PUBLISHED).astimezone(dt_util.UTC)
        tomorrows_noon = (today + _TOMORROWS_NOON).astimezone(dt_util.UTC)
        at = now + delay
        if now < published:
            at = min(at, published)
        elif price_at(self._slots, tomorrows_noon) is None:
            at = min(at, now + _RETRY)
        self._cancel = async_track_point_in_utc_time(self._hass, self._async_on_time, at)

    @callback
    def _async_on_time(self, _now: datetime) -> None:
        self._cancel = None
        self.async_refresh()

    @callback
    def _async_unschedule(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @staticmethod
    def _key(chosen: Chosen | None) -> tuple[str, str | None] | None:
        return None if chosen is None else (chosen[0].entry_id, chosen[1])
