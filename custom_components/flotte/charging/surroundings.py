"""Everything around the vehicles of one home: its meter, its prices and the expected sun."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import SUN_EVENT_SUNRISE, SUN_EVENT_SUNSET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.sun import get_astral_event_date
from homeassistant.util import dt as dt_util

from ..const import CONF_HOME_BATTERY_FIRST
from ..coordinator import SiteCoordinator
from ..tesla.charging.sign import MeterSign
from ..tesla.charging.surplus import PowerHistory, house_surplus
from ..tesla.listeners import Listeners
from ..tesla.reading_json import as_number
from .forecast import SunForecast
from .inputs import Conditions
from .meter import HouseMeter, MeterReading
from .meter_source import MeterOptions
from .planning import Outlook, outlook_at
from .preferences import EnergyPreferences, async_get_preferences
from .prices import EnergyPriceSource, PriceOptions

_CLOCK_SLACK: Final = timedelta(minutes=1)
"""How far the clock of a meter may be ahead of ours."""
_AHEAD: Final = timedelta(hours=24)
_CHEAPEST: Final = 8
"""Slots of the next day, mostly quarters of an hour, in which a vehicle is usually charged."""
_OUTLOOK_AGE: Final = timedelta(minutes=5)
_USUAL_LOAD: Final = 0.4
"""kW that a house uses until its nights have been seen."""
_LOAD_SHARE: Final = 0.002
"""Share of each measurement in the night in the usual load: the mean of the last hours."""
_MAX_LOAD: Final = 5.0
"""kW; more is another vehicle or a heater."""


class Surroundings:
    """Follows the meter, the prices and the forecast while a vehicle needs them."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.changed = Listeners[()]()
        """Notified after each measurement."""
        self.meter = HouseMeter(hass)
        self.prices = EnergyPriceSource(hass, lambda: [each.site for each in self._sites])
        self.forecast = SunForecast(hass)
        self.sign = MeterSign()
        self._hass = hass
        self._sites: tuple[SiteCoordinator, ...] = ()
        self._entries: tuple[ConfigEntry[Any], ...] = ()
        self._preferences: EnergyPreferences | None = None
        self._meter_of: object = None
        """Arguments with which the meter was started; None while it is stopped."""
        self._names = ""
        """The meter that the sign is checked of."""
        self._stops: list[CALLBACK_TYPE] = []
        self._surplus: tuple[float, datetime] | None = None
        """The last surplus of the house in kW, and when it was measured."""
        self._load = _USUAL_LOAD
        self._outlook: tuple[datetime, int, Outlook] | None = None

    # --- Start and stop --------------------------------------------------------------------------

    @callback
    def async_start(
        self, entries: Sequence[ConfigEntry[Any]], sites: Iterable[SiteCoordinator]
    ) -> None:
        """Follow everything; call it again if entries, options or sites have changed."""
        self._entries, self._sites = tuple(entries), tuple(sites)
        if not self._stops:
            self._stops = [
                self.meter.changed.subscribe(self.changed),
                self.prices.changed.subscribe(self._async_forget_outlook),
                self.forecast.changed.subscribe(self._async_forget_outlook),
            ]
        wanted = self._sites, MeterOptions.of(entries)
        if wanted != self._meter_of:
            self._meter_of = wanted
            entries[0].async_create_background_task(
                self._hass, self.meter.async_start(*wanted), "flotte finds the meter of the house"
            )
        if self._preferences is None:
            entries[0].async_create_background_task(
                self._hass, self._async_read_preferences(), "flotte reads the Energy dashboard"
            )
        else:
            self._async_follow_preferences()

    async def _async_read_preferences(self) -> None:
        preferences = await async_get_preferences(self._hass)
        if self._stops and self._preferences is None:
            self._preferences = preferences
            self._stops.append(preferences.changed.subscribe(self._async_follow_preferences))
            self._async_follow_preferences()

    @callback
    def _async_follow_preferences(self) -> None:
        """Follow the prices and forecasts that options and the Energy dashboard name."""
        if self._preferences is None:
            return
        dashboard = self._preferences.dashboard
        options = (PriceOptions.from_options(entry.options) for entry in self._entries)
        chosen = next((each for each in options if each != PriceOptions()), PriceOptions())
        self.prices.async_start(chosen, dashboard)
        self.forecast.async_start(dashboard.solar_forecasts)

    @callback
    def async_stop(self) -> None:
        """Follow nothing."""
        if not self._stops:
            return
        for stop in self._stops:
            stop()
        self._stops.clear()
        self.meter.async_stop()
        self.prices.async_stop()
        self.forecast.async_stop()
        self._preferences = self._meter_of = self._surplus = self._outlook = None

    # --- What they say ---------------------------------------------------------------------------

    @callback
    def async_conditions(self, now: datetime, histories: Sequence[PowerHistory]) -> Conditions:
        """Conditions for the decisions at a moment; `histories` of the vehicles at home."""
        reading = self.meter.reading
        if reading is not None and reading.measured_at <= now + _CLOCK_SLACK:
            self._measure(reading, histories)
        surplus, measured_at = self._surplus or (None, None)
        if measured_at is not None and measured_at > now + _CLOCK_SLACK:
            # The clock was set back since: its age is unknown.
            surplus = measured_at = self._surplus = None
        return Conditions(
            now=now,
            surplus=surplus,
            measured_at=measured_at,
            interval=self.meter.interval,
            grid_up=None if reading is None else reading.grid_up,
            is_sign_wrong=self.sign.is_wrong,
            grid_price=self.prices.grid_now(now),
            feed_in_price=self.prices.feed_in_now(now),
            cheapest_price=self._cheapest(now),
            day_share=_day_share(self._hass, now),
            outlook=self._outlook_at(now, len(histories)),
        )

    def _measure(self, reading: MeterReading, histories: Sequence[PowerHistory]) -> None:
        at = reading.measured_at.timestamp()
        if self.meter.names != self._names:
            self.sign, self._names = MeterSign(), self.meter.names
        drawn = [history.at(at) for history in histories]
        known = [each for each in drawn if each is not None]
        total = sum(known) if len(known) == len(drawn) else None
        self.sign.note(at, reading.grid, total)
        surplus = house_surplus(
            grid=reading.grid,
            battery=reading.battery,
            battery_level=reading.battery_level,
            battery_first=self._battery_first(),
            measured_at=at,
            histories=histories,
        )
        if surplus is not None:
            self._surplus = surplus, reading.measured_at
        if total is not None and not 0 < _day_share(self._hass, reading.measured_at) < 1:
            # In the night the sun hides nothing of what the house uses.
            load = min(max(reading.grid + reading.battery - total, 0.0), _MAX_LOAD)
            self._load += _LOAD_SHARE * (load - self._load)

    def _battery_first(self) -> float:
        """The level in per cent up to which the home battery comes first."""
        levels = (as_number(each.options.get(CONF_HOME_BATTERY_FIRST)) for each in self._entries)
        return max((each for each in levels if each is not None), default=0.0)

    def _cheapest(self, now: datetime) -> float | None:
        """The price for which a vehicle would be charged otherwise: of the cheapest hours."""
        slots = self.prices.slots(now, now + _AHEAD)
        cheapest = sorted(slot.price for slot in slots)[:_CHEAPEST]
        return sum(cheapest) / len(cheapest) if cheapest else None

    @callback
    def _async_forget_outlook(self) -> None:
        self._outlook = None

    def _outlook_at(self, now: datetime, vehicles: int) -> Outlook:
        """The outlook, which is computed only every few minutes."""
        known = self._outlook
        is_equal = known is not None and known[1] == vehicles
        if known is not None and is_equal and timedelta() <= now - known[0] < _OUTLOOK_AGE:
            return known[2]
        outlook = outlook_at(now, self.prices, self.forecast, self._load, max(1, vehicles))
        self._outlook = now, vehicles, outlook
        return outlook


def _day_share(hass: HomeAssistant, now: datetime) -> float:
    """Share of the day's sun that is over, 0 to 1; half of it where the sun does not rise or set.

    By the sun's position, not by the forecast: it only spreads the commands over the day.
    """
    today = dt_util.as_local(now).date()
    rise = get_astral_event_date(hass, SUN_EVENT_SUNRISE, today)
    down = get_astral_event_date(hass, SUN_EVENT_SUNSET, today)
    if rise is None or down is None or down <= rise:
        return 0.5
    return min(max((now - rise) / (down - rise), 0.0), 1.0)
