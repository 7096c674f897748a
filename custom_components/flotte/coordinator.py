"""Coordinators: poll as rarely as the polling plan allows, and fan readings out to entities.

Readings reach the entities signal by signal: an entity that shows none of the changed signals is
not updated. Every action goes through `async_send`, which turns errors of the Tesla side into Home
Assistant's.
"""

import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .account.names import AssetName, async_change_device, async_distinct_name
from .account.pairing import Pairing
from .account.refusals import Refusals
from .account.stream_watch import StreamWatch
from .account.zones import async_apply_zone
from .const import LOGGER, SUSPENDED_INTERVAL, UNREACHABLE_GRACE
from .errors import as_home_assistant, as_update_failed
from .spending.callers import caller_of
from .tesla import signals
from .tesla.clock import within
from .tesla.commands import Command
from .tesla.errors import (
    AccountSuspended,
    BudgetExceeded,
    GateRefused,
    KeyNotPaired,
    NotRecorded,
    TeslaError,
    VehicleUnavailable,
)
from .tesla.listeners import KeyedListeners, Listeners, call_both
from .tesla.signals import BACKUP_HISTORY, ENERGY_HISTORY, LIVE_STATUS, SITE_INFO
from .tesla.site import Site
from .tesla.spending.caller import Caller
from .tesla.spending.meter import Meter
from .tesla.state import Signal, State
from .tesla.vehicle import poll_plan as plan
from .tesla.vehicle.deferral import DeferredCommand
from .tesla.vehicle.deferred_commands import DeferralResult, Dropped
from .tesla.vehicle.stream import Stream
from .tesla.vehicle.vehicle import Vehicle


class FlotteCoordinator(DataUpdateCoordinator[State]):
    """Base of the coordinators of vehicles and sites: polling, notifying entities, acting."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        name: AssetName,
        *,
        meter: Meter,
        interval: timedelta,
        device_info: DeviceInfo,
        unique_prefix: str,
        reported_name: Signal[str],
    ) -> None:
        """Poll every `interval`, but not at the start, which must cost nothing."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=name.shown, update_interval=interval
        )
        self.device_info = device_info
        device_info["name"] = name.shown
        self.unique_prefix = unique_prefix
        self._asset_name = name
        self._reported_name = reported_name
        self._by_signal = KeyedListeners[Signal[Any]]()
        self._after_poll = Listeners[()]()
        self.refusals = Refusals(hass, lambda: self.device_name)
        self._last_availability: object = True
        # In monotonic seconds: setting the clock must not make entities unavailable.
        self._failing_since: float | None = None
        self._meter = meter
        self._suspended_at: datetime | None = None
        self._is_pause_logged = False

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Call `update_callback` when a signal in `context` changes, or if None after each poll."""
        remove = super().async_add_listener(update_callback, context)
        unsubscribe = self._by_signal.subscribe(context or (), update_callback)
        return partial(call_both, unsubscribe, remove)

    @property
    def is_reachable(self) -> bool:
        """Whether polling works, or failed only recently.

        A short failure of Tesla's gateway must not hide readings, nor make Home Assistant drop
        actions without an error, as it does for unavailable entities.
        """
        if self._failing_since is None:
            return True
        return time.monotonic() - self._failing_since < UNREACHABLE_GRACE.total_seconds()

    @property
    def availability(self) -> object:
        """Everything that the availability of an entity depends on."""
        return self.is_reachable

    def is_available(self, _shown: Collection[Signal[Any]]) -> bool:
        """Whether an entity that shows these signals is available."""
        return self.is_reachable

    def unique_id_of(self, key: str) -> str:
        """Unique id of the entity of a row, given by its key."""
        return f"{self.unique_prefix}-{key}"

    @callback
    def async_after_poll(self, update_callback: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `update_callback` after every poll; unlike an entity, it does not cause polls."""
        return self._after_poll.subscribe(update_callback)

    @callback
    def async_ask_again(self) -> None:
        """Make the next poll request everything that is free, even if it is not due."""

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Notify entities after a poll if availability changed; they have its readings already."""
        if self.last_update_success:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = time.monotonic()
        self._after_poll()
        has_changed = self.availability != self._last_availability
        self._last_availability = self.availability
        for update_callback, context in tuple(self._listeners.values()):
            if has_changed or context is None:
                update_callback()

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Notify after every failure, not only the first: the period of grace ends later."""
        super()._async_refresh_finished()
        if not self.last_update_success:
            self.async_update_listeners()

    @property
    def device_name(self) -> str:
        """Name for texts, distinct from devices with an equal name."""
        return async_distinct_name(
            self.hass, self.config_entry.entry_id, self.unique_prefix, self._asset_name.shown
        )

    @callback
    def async_list(self, name: object) -> None:
        """Apply the name in Tesla's product list."""
        if self._asset_name.list(name):
            self.async_renamed()

    @callback
    def async_renamed(self) -> None:
        """Apply a new name to the device; a name that the owner gave it stays."""
        name = self.name = self._asset_name.shown
        self.device_info["name"] = name
        account = self.config_entry.entry_id
        async_change_device(self.hass, account, self.unique_prefix, name=name)

    @property
    def shown_signals(self) -> frozenset[Signal[Any]]:
        """Signals that entities show. Only these are streamed and paid for."""
        return self._by_signal.keys

    @callback
    def async_apply_changes(self, changed: frozenset[Signal[Any]]) -> None:
        """Notify the entities that show any of the changed signals."""
        self.data = self.state
        if self._reported_name in changed and self._asset_name.report(
            self.state[self._reported_name]
        ):
            self.async_renamed()
        self._by_signal(changed)

    @property
    @abstractmethod
    def state(self) -> State:
        """Current readings."""

    @abstractmethod
    async def async_poll(self) -> None:
        """Request whatever is due. Raises TeslaError."""

    @abstractmethod
    def async_lapse(self) -> None:
        """Drop assumed readings that were not confirmed in time."""

    @abstractmethod
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        """Run a command. Raises TeslaError."""

    @override
    async def _async_update_data(self) -> State:
        try:
            if not self._is_suspension_recent:
                await self.async_poll()
        except AccountSuspended as error:
            # The account has an issue. Readings stay available, as with a spent budget.
            if not self._meter.is_suspended(dt_util.utcnow()):
                raise as_update_failed(error) from error
            self._suspended_at = dt_util.utcnow()
        except TeslaError as error:
            # For a refused login too: `account.login` asks the owner.
            raise as_update_failed(error) from error
        finally:
            # Last, so that a reading can confirm an assumption before it lapses.
            self.async_lapse()
        return self.state

    @property
    def _is_suspension_recent(self) -> bool:
        """Whether Tesla recently refused even a free request, so would refuse the next one."""
        now, at = dt_util.utcnow(), self._suspended_at
        return (
            at is not None and self._meter.is_suspended(now) and within(at, SUSPENDED_INTERVAL, now)
        )

    @callback
    def _async_log_pause(self, error: TeslaError) -> None:
        """Log once that background polling is paused; this is not a failure, and readings stay."""
        if not self._is_pause_logged:
            LOGGER.info("Background polling of %s is paused: %s", self.device_name, error)
        self._is_pause_logged = True

    async def async_send(self, command: Command, context: Context | None) -> None:
        """Run a command for the caller that `context` stands for.

        Raises:
            HomeAssistantError: it was refused, or its outcome is unknown; the text says which.
        """
        sending = self.async_carry_out(command, caller_of(self.hass, context))
        await self._async_act(sending, command)

    async def _async_act[T](self, action: Awaitable[T], command: Command | None = None) -> T:
        try:
            return await action
        except TeslaError as error:
            self.async_refused(error)
            self.refusals.async_report(command, error)
            raise as_home_assistant(error, name=self.device_name) from error

    @callback
    def async_refused(self, error: TeslaError) -> None:
        """React to an action that failed."""


class VehicleCoordinator(FlotteCoordinator):
    """Coordinator of a vehicle: a free state check every minute, data when the plan allows."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        vehicle: Vehicle,
        name: AssetName,
        device_info: DeviceInfo,
    ) -> None:
        """Show the readings of `vehicle`."""
        super().__init__(
            hass,
            entry,
            name,
            meter=vehicle.api.meter,
            interval=plan.CHECK_INTERVAL,
            device_info=device_info,
            unique_prefix=vehicle.vin,
            reported_name=signals.VEHICLE_NAME,
        )
        self.vehicle = vehicle
        self.data = vehicle.state
        self.stream = Stream(
            vehicle, vehicle.api.meter, zone=dt_util.get_default_time_zone, clock=dt_util.utcnow
        )
        self.stream_watch = StreamWatch(vehicle)
        vehicle.deferred.on_awake.subscribe(self._async_run_deferred)
        vehicle.deferred.on_result.subscribe(self._async_report_deferred)
        vehicle.presence.on_name = self.async_list
        self.pairing = Pairing(hass, entry, vehicle, self.stream)
        entry.async_on_unload(vehicle.subscribe(self.async_apply_changes))
        entry.async_on_unload(vehicle.knowledge.intents.changed.subscribe(self._by_signal))

    @property
    @override
    def state(self) -> State:
        return self.vehicle.state

    @override
    def async_lapse(self) -> None:
        self.vehicle.lapse()
        self.vehicle.deferred.expire()

    @override
    async def async_poll(self) -> None:
        if await self.pairing.async_check():
            self.async_show_pairing()
        self.vehicle.poller.shown = self.shown_signals
        self.stream_watch.async_log(self.device_name)
        if self.vehicle.check_due():
            await self.vehicle.check()
        if not self.vehicle.is_online or not self.vehicle.data_due():
            return
        try:
            await self.vehicle.poll()
        except VehicleUnavailable:
            # It fell asleep between the two requests, which the state shows now.
            return
        except (BudgetExceeded, AccountSuspended, GateRefused, NotRecorded) as error:
            self._async_log_pause(error)
            return
        self._is_pause_logged = False

    @callback
    def async_look_after_restart(self) -> None:
        """Poll for the effect of a command from right before the restart, once it can show."""
        if (due_at := self.vehicle.poller.look_due_at) is None:
            return

        async def look(_now: datetime) -> None:
            await self.async_refresh()

        delay = max(due_at - dt_util.utcnow(), timedelta())
        self.config_entry.async_on_unload(async_call_later(self.hass, delay, look))

    @callback
    def _async_run_deferred(self) -> None:
        """Run the deferred commands of a vehicle that woke."""
        self.config_entry.async_create_background_task(
            self.hass, self.vehicle.deferred.run_all(), "flotte runs deferred commands"
        )

    @callback
    def _async_report_deferred(self, deferred: DeferredCommand, result: DeferralResult) -> None:
        """Log the result of a deferred command, and update the entity that lists them."""
        self.async_apply_changes(frozenset({signals.ONLINE}))
        name, command = self.device_name, deferred.command.name
        self.refusals.async_report(deferred.command, result)
        if isinstance(result, Dropped):
            LOGGER.info("Dropped the deferred %s for %s: %s", command, name, result.reason)
        elif isinstance(result, TeslaError):
            LOGGER.warning("The deferred %s for %s failed: %s", command, name, result)
        else:
            LOGGER.info("%s is awake: ran the deferred %s", name, command)

    @override
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        await self.vehicle.send(command, caller)
        self.async_show_pairing()

    async def async_ask[T](
        self, ask: Callable[[Caller], Awaitable[T]], context: Context | None
    ) -> T:
        """Send a request of the vehicle for a caller. Raises HomeAssistantError."""
        return await self._async_act(ask(caller_of(self.hass, context)))

    @callback
    @override
    def async_refused(self, error: TeslaError) -> None:
        if isinstance(error, KeyNotPaired):
            self.async_show_pairing()

    @callback
    @override
    def async_renamed(self) -> None:
        super().async_renamed()
        self.async_show_pairing()

    @callback
    def async_show_pairing(self) -> None:
        """Raise or clear the repair issue that asks the owner to pair the key."""
        self.pairing.async_show(self.device_name)


_MIN_FAILURES: Final = 2
"""Failures in a row before a section of a site counts as lost."""
_LOGGED: Final = {SITE_INFO: "settings", ENERGY_HISTORY: "energy", BACKUP_HISTORY: "outages"}
"""Sections whose loss is logged apart: Home Assistant logs that of the power flows."""


class SiteCoordinator(FlotteCoordinator):
    """Coordinator of a site: power every minute, energy every five, settings every ten.

    Each section may fail while others work, and then only its entities become unavailable. If
    sites cost money, only shown sections are polled, and each once to find out what it has.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        site: Site,
        name: AssetName,
        device_info: DeviceInfo,
    ) -> None:
        """Show the readings of `site`."""
        super().__init__(
            hass,
            entry,
            name,
            meter=site.api.meter,
            interval=plan.SITE_INTERVAL,
            device_info=device_info,
            unique_prefix=str(site.site_id),
            reported_name=signals.SITE_NAME,
        )
        self.site = site
        self.data = site.state
        self._last_availability = self.availability
        self._missed: set[str] = set()
        """Sections whose loss was logged."""
        entry.async_on_unload(site.subscribe(self.async_apply_changes))

    @property
    @override
    def state(self) -> State:
        return self.site.state

    @property
    @override
    def availability(self) -> object:
        return [self._answers(name) for name in self.site.sections]

    @override
    def is_available(self, shown: Collection[Signal[Any]]) -> bool:
        return all(self._answers(name) for name in {signal.section for signal in shown})

    def _answers(self, name: str) -> bool:
        """Whether a section can be read, or failed only once or recently."""
        section = self.site.sections[name]
        if section.failing_since is None or section.failures < _MIN_FAILURES:
            return True
        return within(section.failing_since, UNREACHABLE_GRACE, dt_util.utcnow())

    @override
    async def async_poll(self) -> None:
        await async_apply_zone(self.hass, self.site)
        failures = {name: section.failures for name, section in self.site.sections.items()}
        try:
            await self.site.poll(self.shown_signals | self._awaited)
        except (BudgetExceeded, GateRefused, NotRecorded) as error:
            self._async_log_pause(error)
            return
        finally:
            for name, subject in _LOGGED.items():
                if self.site.sections[name].failures != failures[name]:
                    self._async_log_section(name, subject)
        self._is_pause_logged = False

    @callback
    @override
    def async_ask_again(self) -> None:
        self.site.ask_again()

    @property
    def _awaited(self) -> frozenset[Signal[Any]]:
        """Signals of sections that say what a site has, and never answered."""
        known = {each.section for each in self.state.readings} | {ENERGY_HISTORY, BACKUP_HISTORY}
        return frozenset(each for each in signals.SITE_SIGNALS if each.section not in known)

    @callback
    def _async_log_section(self, name: str, subject: str) -> None:
        """Log once that only one section cannot be read, and once that it can be read again."""
        section = self.site.sections[name]
        if section.error is None:
            if name in self._missed:
                LOGGER.info("The %s of %s can be read again", subject, self.device_name)
            self._missed.discard(name)
        elif section.failures >= _MIN_FAILURES and self.site.sections[LIVE_STATUS].error is None:
            if name not in self._missed:
                LOGGER.warning(
                    "The %s of %s cannot be read: %s", subject, self.device_name, section.error
                )
            self._missed.add(name)

    @override
    def async_lapse(self) -> None:
        self.site.lapse()

    @override
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        await self.site.send(command, caller)
