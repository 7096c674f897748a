"""Forecast of the sun: the expected power of all panels, per quarter of an hour.

It comes from the integrations that the owner chose in the Energy dashboard, through its platform.
That fixes neither the step of a forecast nor whether a time is the start or the end of its period:

| integration | step | a time is |
|---|---|---|
| Forecast.Solar | an hour, with an account half of one, shorter at sunrise and sunset | the end |
| Victron Remote Monitoring | an hour | the start |
| Solcast (HACS) | half an hour | the start |
| Open-Meteo (HACS) | a quarter of an hour, an hour in older versions | the start |
| any other | any | taken to be the start |

Forecast.Solar's figures show it: the energy at 08:00 is the mean of the powers at 07:00 and 08:00,
although Home Assistant's action describes it as the hour from 08:00 on (2026.10).
"""

from asyncio import Task, timeout
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Final

from homeassistant.components.energy.types import GetSolarForecastType
from homeassistant.components.energy.websocket_api import async_get_energy_platforms
from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla.charging.plan import QUARTER
from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_moment, as_number, as_object

_BY_END: Final = {"forecast_solar"}
"""Integrations whose times are the ends of periods."""
_MAX_PERIOD: Final = 3600.0
"""Seconds; a longer distance between two times is a gap."""
_MAX_NIGHT: Final = 24 * 3600.0
"""Seconds that a period without sun may last: nights are left out."""
_MAX_SECONDS: Final = 60
"""Longest wait for a forecast."""
_REFRESH: Final = timedelta(hours=1)
_MAX_AGE: Final = timedelta(hours=24)
"""How long a forecast counts if there is no newer one."""

type Quarters = Mapping[int, float]
"""Expected kW by the number of the quarter of an hour since the epoch."""


def read_forecast(energy: object, *, by_end: bool) -> Quarters:
    """Spread a forecast over quarters of an hour; those that it does not cover wholly are left out.

    Args:
        energy: Wh by time, as aware ISO 8601. What is unreadable is left out.
        by_end: Whether a time is the end of its period.
    """
    wh: defaultdict[int, float] = defaultdict(float)
    covered: defaultdict[int, float] = defaultdict(float)
    for start, end, amount in _periods(energy, by_end=by_end):
        for quarter in range(int(start // QUARTER), ceil(end / QUARTER)):
            begin = quarter * QUARTER
            seconds = min(end, begin + QUARTER) - max(start, begin)
            wh[quarter] += amount * seconds / (end - start)
            covered[quarter] += seconds
    # Wh of a quarter of an hour in kW. A second may be lost, because sunrise is to the second.
    return {quarter: wh[quarter] / 250 for quarter in wh if covered[quarter] > QUARTER - 1}


def _periods(energy: object, *, by_end: bool) -> Iterator[tuple[float, float, float]]:
    """Start, end and Wh of each period, in seconds since the epoch; they never overlap."""
    rows = sorted(
        (moment.timestamp(), amount)
        for key, value in as_object(energy).items()
        if (moment := as_moment(key)) is not None
        and (amount := as_number(value)) is not None
        and amount >= 0
    )
    gaps = [later - earlier for (earlier, _), (later, _) in pairwise(rows)]
    usual = Counter(gap for gap in gaps if 0 < gap <= _MAX_PERIOD).most_common(1)
    if not usual:
        return
    step = usual[0][0]
    for (at, amount), gap in zip(rows, [step, *gaps] if by_end else [*gaps, step], strict=True):
        longest = _MAX_PERIOD if amount else _MAX_NIGHT
        length = gap if gap <= longest else step
        if length:
            yield (at - length, at, amount) if by_end else (at, at + length, amount)


@dataclass(frozen=True, slots=True)
class _Known:
    """A forecast of one entry."""

    at: datetime
    quarters: Quarters


class SunForecast:
    """The forecast of all entries together, requested each hour.

    Args:
        hass: The Home Assistant.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        self.changed = Listeners[()]()
        """Notified when the forecast has changed."""
        self._hass = hass
        self._entry_ids: Sequence[str] = ()
        self._known: dict[str, _Known] = {}
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._task: Task[None] | None = None

    @callback
    def async_start(self, entry_ids: Sequence[str]) -> None:
        """Follow the forecasts of these entries; again with others, if they have changed."""
        if self._unsubscribe:
            if tuple(entry_ids) == tuple(self._entry_ids):
                return
            self.async_stop()
        self._entry_ids = tuple(entry_ids)
        self._unsubscribe = [
            async_track_time_interval(
                self._hass, self._async_on_time, _REFRESH, cancel_on_shutdown=True
            ),
            async_dispatcher_connect(self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_on_entry),
        ]
        self._async_refresh()

    @callback
    def async_stop(self) -> None:
        """Follow nothing more; what is known is kept."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def kilowatts(self, start: datetime, end: datetime) -> list[float | None]:
        """The expected power in each quarter of an hour that overlaps with [start, end).

        Quarters begin at full hours in UTC. The power is None where one of the forecasts has no
        value, for a sum without it would be too low.
        """
        first, last = start.timestamp() // QUARTER, ceil(end.timestamp() / QUARTER)
        now = dt_util.utcnow()
        forecasts = [
            known.quarters if known is not None and now - known.at < _MAX_AGE else {}
            for known in map(self._known.get, self._entry_ids)
        ]
        powers: list[float | None] = []
        for quarter in range(int(first), last):
            values = [each[quarter] for each in forecasts if quarter in each]
            is_known = bool(forecasts) and len(values) == len(forecasts)
            powers.append(sum(values) if is_known else None)
        return powers

    @callback
    def _async_on_time(self, _now: datetime) -> None:
        self._async_refresh()

    @callback
    def _async_on_entry(self, _change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Request the first forecast of an entry as soon as it is loaded."""
        is_new = entry.entry_id in self._entry_ids and entry.entry_id not in self._known
        if is_new and entry.state is ConfigEntryState.LOADED:
            self._async_refresh()

    @callback
    def _async_refresh(self) -> None:
        """Request all forecasts, unless that is under way."""
        if self._task is None and self._entry_ids:
            self._task = self._hass.async_create_background_task(
                self._async_request(self._entry_ids),
                "flotte requests forecasts of the sun",
                eager_start=False,
            )

    async def _async_request(self, entry_ids: Sequence[str]) -> None:
        before = dict(self._known)
        platforms = await async_get_energy_platforms(self._hass)
        for entry_id in entry_ids:
            entry = self._hass.config_entries.async_get_entry(entry_id)
            if entry is None or entry.domain not in platforms:
                continue
            quarters = await self._async_forecast(platforms[entry.domain], entry)
            if quarters:
                self._known[entry_id] = _Known(dt_util.utcnow(), quarters)
        self._task = None
        if self._known != before:
            self.changed()

    async def _async_forecast(self, get: GetSolarForecastType, entry: ConfigEntry) -> Quarters:
        """The forecast of an entry; empty if there is none."""
        try:
            async with timeout(_MAX_SECONDS):
                forecast = await get(self._hass, entry.entry_id)
        except Exception as error:  # noqa: BLE001  # an integration of others may raise anything
            LOGGER.debug("No forecast of the sun from %s: %r", entry.title, error)
            return {}
        energy = as_object(forecast).get("wh_hours")
        return read_forecast(energy, by_end=entry.domain in _BY_END)
