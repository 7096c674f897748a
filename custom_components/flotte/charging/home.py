"""Charging at one home: its meter, its prices, and the vehicles that share its surplus.

There is one for a Home Assistant, whatever number of accounts the vehicles belong to. It does
nothing while the mode of every vehicle is off.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import SUN_EVENT_SUNRISE, SUN_EVENT_SUNSET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.sun import get_astral_event_date
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import CONF_HOME_BATTERY_FIRST, DOMAIN
from ..coordinator import SiteCoordinator
from ..tesla.charging.sharing import share_surplus
from ..tesla.charging.surplus import house_surplus
from ..tesla.charging.worth import sun_prices
from ..tesla.reading_json import as_number
from .controller import ChargingController
from .inputs import Conditions
from .meter import HouseMeter
from .meter_source import MeterOptions
from .preferences import EnergyPreferences, async_get_preferences
from .prices import EnergyPriceSource, PriceOptions

DECISION_INTERVAL: Final = timedelta(seconds=30)
"""Longest time between two decisions; a measurement of the meter causes one earlier."""
_SOON: Final = 1.0
"""Seconds to wait for other changes, such as the rest of a vehicle's answer."""
_LEAST: Final = timedelta(seconds=9)
"""Shortest time between two decisions that only the meter causes."""
_AHEAD: Final = timedelta(hours=24)
_CHEAPEST: Final = 8
"""Slots of the next day, mostly quarters of an hour, in which a vehicle is usually charged."""
_HOME: Final[HassKey[ChargingAtHome]] = HassKey(f"{DOMAIN}_charging_at_home")


@dataclass(frozen=True)
class _Account:
    """An account whose vehicles can charge here."""

    entry: ConfigEntry[Any]
    controllers: tuple[ChargingController, ...]
    sites: tuple[SiteCoordinator, ...]
    shown_changed: Callable[[], None]


class ChargingAtHome:
    """Decides for all vehicles, one after the other."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.meter = HouseMeter(hass)
        self.prices = EnergyPriceSource(hass, lambda: (each.site for each in self.sites))
        self._hass = hass
        self._preferences: EnergyPreferences | None = None
        self._accounts: dict[str, _Account] = {}
        """By the id of the entry, oldest first."""
        self._stops: list[CALLBACK_TYPE] = []
        self._soon: CALLBACK_TYPE | None = None
        self._surplus: tuple[float, datetime] | None = None
        """The last surplus of the house in kW, and when it was measured."""
        self._ticked_at: datetime | None = None
        self._meter_of: tuple[tuple[SiteCoordinator, ...], MeterOptions] | None = None
        """Arguments with which the meter was started; None while it is stopped."""
        self._followed: dict[str, CALLBACK_TYPE] = {}

    @property
    def controllers(self) -> list[ChargingController]:
        """Controllers of all vehicles of all accounts."""
        return [each for account in self._accounts.values() for each in account.controllers]

    @property
    def sites(self) -> tuple[SiteCoordinator, ...]:
        """Energy sites of all accounts."""
        return tuple(site for account in self._accounts.values() for site in account.sites)

    # --- Accounts --------------------------------------------------------------------------------

    @callback
    def async_add(
        self,
        entry: ConfigEntry[Any],
        controllers: Iterable[ChargingController],
        sites: Iterable[SiteCoordinator],
        shown_changed: Callable[[], None],
    ) -> None:
        """Charge the vehicles of an account until its entry is unloaded.

        `shown_changed` is called when other signals of its vehicles are needed.
        """
        account = self._accounts[entry.entry_id] = _Account(
            entry, tuple(controllers), tuple(sites), shown_changed
        )
        removes = [
            each.settings_changed.subscribe(self.async_apply) for each in account.controllers
        ]

        @callback
        def remove() -> None:
            for stop in removes:
                stop()
            del self._accounts[entry.entry_id]
            for controller in account.controllers:
                self._unfollow(controller)
            self.async_apply()

        entry.async_on_unload(remove)
        self.async_apply()

    @callback
    def async_apply(self) -> None:
        """Apply changed settings, options, vehicles or sites."""
        if not any(each.is_on for each in self.controllers):
            self._async_stop()
        else:
            self._async_start()
        for account in self._accounts.values():
            for each in account.controllers:
                if each.is_on is (each.vin in self._followed):
                    continue
                if each.is_on:
                    self._followed[each.vin] = each.async_follow(self._async_soon)
                else:
                    self._unfollow(each)
                account.shown_changed()

    def _unfollow(self, controller: ChargingController) -> None:
        if (stop := self._followed.pop(controller.vin, None)) is not None:
            stop()

    @callback
    def _async_start(self) -> None:
        if not self._stops:
            self._stops = [
                self.meter.changed.subscribe(self._async_measured),
                async_track_time_interval(
                    self._hass, self._async_tick, DECISION_INTERVAL, cancel_on_shutdown=True
                ),
            ]
        entries = [account.entry for account in self._accounts.values()]
        wanted = self.sites, MeterOptions.of(entries)
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
            self._async_start_prices()
        self._async_soon()

    async def _async_read_preferences(self) -> None:
        """Follow the prices that the Energy dashboard names, also when they change."""
        preferences = await async_get_preferences(self._hass)
        if self._stops and self._preferences is None:
            self._preferences = preferences
            self._stops.append(preferences.changed.subscribe(self._async_start_prices))
            self._async_start_prices()

    @callback
    def _async_start_prices(self) -> None:
        options = (
            PriceOptions.from_options(each.entry.options) for each in self._accounts.values()
        )
        chosen = next((each for each in options if each != PriceOptions()), PriceOptions())
        if self._preferences is not None:
            self.prices.async_start(chosen, self._preferences.dashboard)

    @callback
    def _async_stop(self) -> None:
        for stop in self._stops:
            stop()
        self._stops.clear()
        if self._soon is not None:
            self._soon()
            self._soon = None
        if self._meter_of is not None:
            self.meter.async_stop()
        self._meter_of = None
        self.prices.async_stop()
        self._preferences = None
        self._surplus = None

    # --- Ticks -----------------------------------------------------------------------------------

    @callback
    def _async_soon(self) -> None:
        """Decide soon, because something changed."""
        if self._soon is None and self._stops:
            self._soon = async_call_later(self._hass, _SOON, self._async_tick)

    @callback
    def _async_measured(self) -> None:
        """Decide on a new measurement, unless one was decided on a moment ago."""
        now, last = dt_util.utcnow(), self._ticked_at
        if last is None or not timedelta() <= now - last < _LEAST:
            self._async_tick(now)

    @callback
    def _async_tick(self, _now: datetime) -> None:
        now = self._ticked_at = dt_util.utcnow()
        if self._soon is not None:
            self._soon()
            self._soon = None
        on = [each for each in self.controllers if each.is_on]
        sites = self.sites
        for each in on:
            each.async_observe(now, sites)
        conditions = self._conditions(now, on)
        self._decide(conditions, on)

    def _conditions(self, now: datetime, on: list[ChargingController]) -> Conditions:
        reading = self.meter.reading
        if reading is not None:
            surplus = house_surplus(
                grid=reading.grid,
                battery=reading.battery,
                battery_level=reading.battery_level,
                battery_first=self._battery_first(),
                measured_at=reading.measured_at.timestamp(),
                histories=[each.observed.history for each in on if each.observed.is_at_home],
            )
            if surplus is not None:
                self._surplus = surplus, reading.measured_at
        surplus, measured_at = self._surplus or (None, None)
        grid_price, feed_in = self.prices.grid_now(now), self.prices.feed_in_now(now)
        return Conditions(
            now=now,
            surplus=surplus,
            measured_at=measured_at,
            interval=self.meter.interval,
            grid_up=None if reading is None else reading.grid_up,
            prices=sun_prices(grid_price, feed_in, self._later(now)),
            grid_price=grid_price,
            feed_in_price=feed_in,
            day_share=_day_share(self._hass, now),
        )

    def _later(self, now: datetime) -> float | None:
        """The price for which a vehicle would be charged otherwise: of the cheapest hours."""
        slots = self.prices.slots(now, now + _AHEAD)
        cheapest = sorted(slot.price for slot in slots)[:_CHEAPEST]
        return sum(cheapest) / len(cheapest) if len(cheapest) == _CHEAPEST else None

    def _decide(self, conditions: Conditions, on: list[ChargingController]) -> None:
        """Decide for each vehicle, the first one first, and share again after each command."""
        by_vin = {each.vin: each for each in on}
        records = {
            record.key: record
            for each in on
            if (record := each.async_sharing(conditions)) is not None
        }
        shares = share_surplus(records.values(), conditions.surplus)
        for vin in list(shares):
            controller = by_vin.pop(vin)
            controller.observed.count(conditions, shares[vin].sun)
            if controller.async_decide(conditions, shares[vin]):
                records[vin] = controller.after_decision(records[vin])
                shares = share_surplus(records.values(), conditions.surplus)
        for controller in by_vin.values():
            # Those that are away, or may be.
            controller.observed.count(conditions, None)
            controller.async_decide(conditions)

    def _battery_first(self) -> float:
        """The level in per cent up to which the home battery comes first."""
        options = (account.entry.options for account in self._accounts.values())
        levels = (as_number(each.get(CONF_HOME_BATTERY_FIRST)) for each in options)
        return max((each for each in levels if each is not None), default=0.0)


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


@callback
def async_get_home(hass: HomeAssistant) -> ChargingAtHome:
    """The home of this Home Assistant."""
    if _HOME not in hass.data:
        hass.data[_HOME] = ChargingAtHome(hass)
    return hass.data[_HOME]
