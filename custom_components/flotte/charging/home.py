"""Charging at one home: its meter, its prices, and the vehicles that share its surplus.

There is one for a Home Assistant, whatever number of accounts the vehicles belong to. It does
nothing while the mode of every vehicle is off.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..coordinator import SiteCoordinator
from ..tesla.charging.sharing import share_surplus
from ..tesla.listeners import call_both
from .controller import ChargingController
from .departures import Departures
from .inputs import Conditions, after_command
from .issues import ChargingIssues, MeterFacts
from .sentences import async_error_text
from .surroundings import Surroundings

DECISION_INTERVAL: Final = timedelta(seconds=30)
"""Longest time between two decisions; a measurement of the meter causes one earlier."""
_SOON: Final = 1.0
"""Seconds to wait for other changes, such as the rest of a vehicle's answer."""
_LEAST: Final = timedelta(seconds=9)
"""Shortest time between two decisions that only the meter causes."""
_HOME: Final[HassKey[ChargingAtHome]] = HassKey(f"{DOMAIN}_charging_at_home")


@dataclass(frozen=True)
class _Account:
    """An account whose vehicles can charge here."""

    entry: ConfigEntry[Any]
    controllers: tuple[ChargingController, ...]
    sites: tuple[SiteCoordinator, ...]
    shown_changed: Callable[[], None]
    departures: Departures


class ChargingAtHome:
    """Decides for all vehicles, one after the other."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.surroundings = Surroundings(hass)
        self._hass = hass
        self._issues = ChargingIssues(hass)
        self._accounts: dict[str, _Account] = {}
        """By the id of the entry, oldest first."""
        self._stops: list[CALLBACK_TYPE] = []
        self._soon: CALLBACK_TYPE | None = None
        self._ticked_at: datetime | None = None
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
        departures = Departures(self._hass, entry)
        account = _Account(entry, tuple(controllers), tuple(sites), shown_changed, departures)
        self._accounts[entry.entry_id] = account
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
                    stops = (
                        each.async_follow(self._async_soon),
                        account.departures.async_add_listener(self._async_soon),
                    )
                    self._followed[each.vin] = partial(call_both, *stops)
                else:
                    self._unfollow(each)
                account.shown_changed()
            account.departures.async_apply_options()

    def _unfollow(self, controller: ChargingController) -> None:
        if (stop := self._followed.pop(controller.vin, None)) is not None:
            stop()

    @callback
    def _async_start(self) -> None:
        if not self._stops:
            self._stops = [
                self.surroundings.changed.subscribe(self._async_measured),
                async_track_time_interval(
                    self._hass, self._async_tick, DECISION_INTERVAL, cancel_on_shutdown=True
                ),
            ]
        entries = [account.entry for account in self._accounts.values()]
        self.surroundings.async_start(entries, self.sites)
        self._async_soon()

    @callback
    def _async_stop(self) -> None:
        for stop in self._stops:
            stop()
        self._stops.clear()
        if self._soon is not None:
            self._soon()
            self._soon = None
        self.surroundings.async_stop()
        self._issues.async_clear()

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
        now, last = dt_util.utcnow(), self._ticked_at
        self._ticked_at = now
        if self._soon is not None:
            self._soon()
            self._soon = None
        on = [each for each in self.controllers if each.is_on]
        sites = self.sites
        for each in on:
            if last is not None and now < last:
                # The clock was set back.
                each.observed.forget_power()
            each.async_observe(now, sites)
        histories = [each.observed.history for each in on if each.observed.is_at_home]
        conditions = self.surroundings.async_conditions(now, histories)
        for each in on:
            account = self._account_of(each)
            each.async_plan(conditions, account.departures, is_only=len(account.controllers) == 1)
        self._decide(conditions, on)
        self._update_issues(now, on)

    def _account_of(self, controller: ChargingController) -> _Account:
        return self._accounts[controller.coordinator.config_entry.entry_id]

    def _update_issues(self, now: datetime, on: list[ChargingController]) -> None:
        around = self.surroundings
        facts = MeterFacts.of(around.meter, now, is_sign_odd=around.sign.is_wrong)
        self._issues.async_update(
            now,
            facts,
            [
                each.observed.place_facts(
                    each.settings.mode, async_error_text(self._hass, each.sender.failed_stop)
                )
                for each in on
            ],
        )

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
                self.surroundings.sign.note_command(conditions.now.timestamp())
                records[vin] = after_command(records[vin], controller.decision)
                shares = share_surplus(records.values(), conditions.surplus)
        for controller in by_vin.values():
            # Those that are away, or may be.
            controller.observed.count(conditions, None)
            controller.async_decide(conditions)


@callback
def async_get_home(hass: HomeAssistant) -> ChargingAtHome:
    """The home of this Home Assistant."""
    if _HOME not in hass.data:
        hass.data[_HOME] = ChargingAtHome(hass)
    return hass.data[_HOME]
