"""Coordinators: they poll as sparingly as the plan says, and hand on what anybody tells.

Readings reach the entities signal by signal: one that shows none of the changed signals is not
touched. Everything that acts goes through `async_send`, which turns the Tesla side's errors into
Home Assistant's.
"""

import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator
from homeassistant.util import dt as dt_util

from .account.issues import async_clear_issues, async_raise_issue, issue_subject
from .account.names import AssetName, async_distinct_name
from .const import (
    CONF_PUBLIC_DOMAIN,
    DOMAIN,
    LOGGER,
    PAIRING_INTERVAL,
    SUSPENDED_INTERVAL,
    UNREACHABLE_GRACE,
)
from .errors import as_home_assistant, as_update_failed
from .spending.callers import caller_of
from .tesla import signals
from .tesla.clock import within
from .tesla.commands import Command
from .tesla.errors import (
    AccountSuspended,
    BudgetExceeded,
    Deferred,
    GateRefused,
    KeyNotPaired,
    NotRecorded,
    TeslaError,
    VehicleUnavailable,
)
from .tesla.listeners import Listeners
from .tesla.signals import LIVE_STATUS, SITE_INFO
from .tesla.site import Site
from .tesla.spending.caller import POLLING, Caller
from .tesla.spending.meter import Meter
from .tesla.state import Signal, State
from .tesla.vehicle import poll_plan as plan
from .tesla.vehicle.deferral import DeferredCommand
from .tesla.vehicle.stream import Stream
from .tesla.vehicle.vehicle import Vehicle

PAIRING_ISSUE: Final = "key_not_paired"


class FlotteCoordinator(DataUpdateCoordinator[State]):
    """What vehicles and sites have in common: state told signal by signal, one way to act."""

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
        """Poll every `interval`; the first time after it, because a start costs nothing."""
        super().__init__(
            hass, LOGGER, config_entry=entry, name=name.shown, update_interval=interval
        )
        self.device_info = device_info
        device_info["name"] = name.shown
        self.unique_prefix = unique_prefix
        self._asset_name = name
        self._reported_name = reported_name
        self._by_signal: dict[Signal[Any], set[CALLBACK_TYPE]] = {}
        self._after_poll: list[CALLBACK_TYPE] = []
        self._told_availability: object = True
        # In monotonic seconds: a clock that is set makes nothing unavailable.
        self._failing_since: float | None = None
        self._meter = meter
        self._suspended_at: datetime | None = None
        self._budget_logged = False

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Call `update_callback` when one of the signals in `context` shows something else.

        Without a context it is called after every poll.
        """
        remove = super().async_add_listener(update_callback, context)
        for signal in context or ():
            self._by_signal.setdefault(signal, set()).add(update_callback)

        @callback
        def remove_listener() -> None:
            for signal in context or ():
                self._by_signal[signal].discard(update_callback)
            remove()

        return remove_listener

    @property
    def is_reachable(self) -> bool:
        """Whether polling works, or failed only lately.

        What is known does not vanish, and actions are not dropped unheard (as Home Assistant does
        for what is unavailable), because Tesla's gateway was in trouble for a moment.
        """
        if self._failing_since is None:
            return True
        return time.monotonic() - self._failing_since < UNREACHABLE_GRACE.total_seconds()

    @property
    def availability(self) -> object:
        """All that the availability of any entity depends on."""
        return self.is_reachable

    def is_available(self, _shown: Collection[Signal[Any]]) -> bool:
        """Whether an entity that shows these signals is available."""
        return self.is_reachable

    def unique_id_of(self, key: str) -> str:
        """The unique id of an entity by the key of its row."""
        return f"{self.unique_prefix}-{key}"

    @callback
    def async_after_poll(self, update_callback: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Call `update_callback` after every poll, without being a reason to poll."""
        self._after_poll.append(update_callback)
        return lambda: self._after_poll.remove(update_callback)

    @callback
    def async_ask_again(self) -> None:
        """Have the next poll ask for everything that costs nothing, whatever is due."""

    @callback
    @override
    def async_update_listeners(self) -> None:
        """After a poll: its readings were told already, so tell only whether polling works."""
        if self.last_update_success:
            self._failing_since = None
        elif self._failing_since is None:
            self._failing_since = time.monotonic()
        for after_poll in tuple(self._after_poll):
            after_poll()
        everybody = self.availability != self._told_availability
        self._told_availability = self.availability
        for update_callback, context in tuple(self._listeners.values()):
            if everybody or context is None:
                update_callback()

    @callback
    @override
    def _async_refresh_finished(self) -> None:
        """Home Assistant tells of the first failure only; the end of the grace comes later."""
        super()._async_refresh_finished()
        if not self.last_update_success:
            self.async_update_listeners()

    @property
    def device_name(self) -> str:
        """Its name in texts, told apart from others of the same name."""
        return async_distinct_name(
            self.hass, self.config_entry.entry_id, self.unique_prefix, self._asset_name.shown
        )

    @callback
    def async_list(self, name: object) -> None:
        """Take in the name in Tesla's product list."""
        if self._asset_name.list(name):
            self.async_renamed()

    @callback
    def async_renamed(self) -> None:
        """Show the new name; what the owner called the device stays."""
        name = self.name = self._asset_name.shown
        self.device_info["name"] = name
        devices = dr.async_get(self.hass)
        device = devices.async_get_device_by_identifier(
            (DOMAIN, self.unique_prefix), self.config_entry.entry_id
        )
        if device is not None:
            devices.async_update_device(device.id, name=name)

    @property
    def shown_signals(self) -> frozenset[Signal[Any]]:
        """What any entity shows: it decides what is streamed, and so what that costs."""
        return frozenset(signal for signal, listeners in self._by_signal.items() if listeners)

    @callback
    def async_told(self, changed: frozenset[Signal[Any]]) -> None:
        """Pass on what shows something else now; each listener is called once."""
        self.data = self.state
        if self._reported_name in changed and self._asset_name.report(
            self.state[self._reported_name]
        ):
            self.async_renamed()
        by_signal = self._by_signal
        # A set of its own: who is called may add or remove a listener.
        for update_callback in set().union(
            *[by_signal[signal] for signal in changed if signal in by_signal]
        ):
            update_callback()

    @property
    @abstractmethod
    def state(self) -> State:
        """What is known."""

    @abstractmethod
    async def async_poll(self) -> None:
        """Ask what the plan says. Raises TeslaError."""

    @abstractmethod
    def async_lapse(self) -> None:
        """Drop what nobody confirmed in time."""

    @abstractmethod
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        """Have a command carried out. Raises TeslaError."""

    @override
    async def _async_update_data(self) -> State:
        try:
            if not self._is_left_alone:
                await self.async_poll()
        except AccountSuspended as error:
            # The owner is told of the account. What is known stays, as with a spent budget.
            if not self._meter.is_suspended(dt_util.utcnow()):
                raise as_update_failed(error) from error
            self._suspended_at = dt_util.utcnow()
        except TeslaError as error:
            # For a refused login too: `account.login` asks the owner.
            raise as_update_failed(error) from error
        finally:
            # Last, so that a reading that confirms an assumption comes before its end.
            self.async_lapse()
        return self.state

    @property
    def _is_left_alone(self) -> bool:
        """Whether Tesla refused lately even what is free, and would again."""
        now, at = dt_util.utcnow(), self._suspended_at
        return (
            at is not None and self._meter.is_suspended(now) and within(at, SUSPENDED_INTERVAL, now)
        )

    @callback
    def _async_no_room(self, error: TeslaError) -> None:
        """Log once that the background may not spend: what is known stays, and is no failure."""
        if not self._budget_logged:
            LOGGER.info("No data is asked of %s: %s", self.device_name, error)
        self._budget_logged = True

    async def async_send(self, command: Command, context: Context | None) -> None:
        """Carry out a command for whoever `context` stands for.

        Raises:
            HomeAssistantError: it was refused, or its outcome is unknown; the text says which.
        """
        await self._async_act(self.async_carry_out(command, caller_of(self.hass, context)))

    async def _async_act[ResultT](self, action: Awaitable[ResultT]) -> ResultT:
        try:
            return await action
        except TeslaError as error:
            self.async_refused(error)
            raise as_home_assistant(error, name=self.device_name) from error

    @callback
    def async_refused(self, error: TeslaError) -> None:
        """Hear of an action that was not carried out."""


class VehicleCoordinator(FlotteCoordinator):
    """One vehicle: the free state check every minute, its data when the plan allows."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        vehicle: Vehicle,
        name: AssetName,
        device_info: DeviceInfo,
    ) -> None:
        """Show what `vehicle` knows."""
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
            vehicle,
            vehicle.api.meter,
            zone=dt_util.get_default_time_zone,
            clock=dt_util.utcnow,
        )
        self.streams = False
        """Whether it is meant to stream."""
        self.streams_changed = Listeners[()]()
        vehicle.deferred.on_awake = self._async_awoke
        vehicle.deferred.on_result = self._async_settled
        vehicle.presence.on_name = self.async_list
        self._stream_missed = False
        self._pairing_asked = dt_util.utcnow()
        entry.async_on_unload(vehicle.subscribe(self.async_told))

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
        await self._async_look_for_pairing()
        self.vehicle.poller.shown = self.shown_signals
        self._async_watch_stream()
        if self.vehicle.check_due():
            await self.vehicle.check()
        if not self.vehicle.is_online or not self.vehicle.data_due():
            return
        try:
            await self.vehicle.poll()
        except VehicleUnavailable:
            # It fell asleep between the two questions; that is now known.
            return
        except (BudgetExceeded, AccountSuspended, GateRefused, NotRecorded) as error:
            self._async_no_room(error)
            return
        self._budget_logged = False

    @callback
    def async_look_after_restart(self) -> None:
        """Look at what became of a command from right before a restart, as soon as that shows."""
        if (due_at := self.vehicle.poller.look_due_at) is None:
            return

        async def look(_now: datetime) -> None:
            await self.async_refresh()

        delay = max(due_at - dt_util.utcnow(), timedelta())
        self.config_entry.async_on_unload(async_call_later(self.hass, delay, look))

    @callback
    def async_set_streams(self, streams: bool) -> None:  # noqa: FBT001  # what it is told
        """Set whether it is meant to stream, while it has no connection."""
        self.streams = streams
        if streams:
            self.vehicle.presence.mark_not_streaming()
        self.streams_changed()

    @callback
    def _async_watch_stream(self) -> None:
        """Log once that the stream is missed, and once that it is back."""
        vehicle = self.vehicle
        if vehicle.is_streaming:
            if self._stream_missed:
                LOGGER.info("%s streams again", self.device_name)
            self._stream_missed = False
        elif self.stream_is_missed and not self._stream_missed:
            LOGGER.warning("%s is online but does not stream; it is polled", self.device_name)
            self._stream_missed = True

    @property
    def stream_is_missed(self) -> bool:
        """Whether it is online and should stream, but has not for longer than it may take."""
        awaited = self.vehicle.presence.stream_overdue_since
        return awaited is not None and dt_util.utcnow() - awaited >= plan.STREAM_GRACE

    @callback
    def _async_awoke(self) -> None:
        """Carry out what waited for that."""
        self.config_entry.async_create_background_task(
            self.hass, self.vehicle.deferred.run_all(), "flotte carries out what waited"
        )

    @callback
    def _async_settled(self, waiting: DeferredCommand, error: TeslaError | None) -> None:
        """Say what became of a command whose caller waits no more, and that it waits no more."""
        self.async_told(frozenset({signals.ONLINE}))
        name, command = self.device_name, waiting.command.name
        if error is None:
            LOGGER.info("%s is awake: %s was carried out", name, command)
        elif isinstance(error, Deferred):
            LOGGER.info("%s for %s waits no longer: %s", command, name, error)
        else:
            LOGGER.warning("%s for %s had waited, and failed: %s", command, name, error)

    async def _async_look_for_pairing(self) -> None:
        """Look now and then whether a missing key was added, or old firmware replaced; it is free.

        What an old firmware streams means something else, and does not say when it is replaced.
        """
        vehicle = self.vehicle
        lacks_key = vehicle.channel.key_paired is False and vehicle.channel.needs_key
        is_old = self.stream.is_connected and self.stream.has_unsound_firmware
        if not lacks_key and not is_old:
            return
        now = dt_util.utcnow()
        if within(self._pairing_asked, PAIRING_INTERVAL, now):
            return
        self._pairing_asked = now
        await vehicle.channel.check_pairing(POLLING)
        self.async_show_pairing()

    @override
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        await self.vehicle.send(command, caller)
        self.async_show_pairing()

    async def async_wake(self, context: Context | None) -> None:
        """Wake the vehicle for whoever `context` stands for. Raises HomeAssistantError."""
        await self._async_act(self.vehicle.wake(caller_of(self.hass, context)))

    async def async_schedules(self, context: Context | None) -> Mapping[str, Any]:
        """Request the sections that hold the schedules. Raises HomeAssistantError."""
        return await self._async_act(self.vehicle.schedules(caller_of(self.hass, context)))

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
        """Raise or clear the repair issue that asks the owner to pair our key."""
        subject = issue_subject(self.vehicle.vin, self.config_entry.entry_id)
        if self.vehicle.channel.key_paired is not False or not self.vehicle.channel.needs_key:
            async_clear_issues(self.hass, subject, PAIRING_ISSUE)
            return
        url = pairing_url(self.config_entry.data)
        async_raise_issue(self.hass, PAIRING_ISSUE, subject, {"name": self.device_name, "url": url})


_FAILURES: Final = 2
"""In a row, before a section of a site counts as lost: settings are asked every ten minutes."""


class SiteCoordinator(FlotteCoordinator):
    """One energy site: power flows every minute, settings every ten and after each change.

    Each of the two may fail while the other works: only its own entities become unavailable then.
    Should it cost something, only what an entity shows is asked for, and once what there is.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        site: Site,
        name: AssetName,
        device_info: DeviceInfo,
    ) -> None:
        """Show what `site` knows."""
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
        self._told_availability = self.availability
        self._settings_missed = False
        entry.async_on_unload(site.subscribe(self.async_told))

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
        """Whether a section can be read, or failed only lately or once."""
        section = self.site.sections[name]
        if section.failing_since is None or section.failures < _FAILURES:
            return True
        return within(section.failing_since, UNREACHABLE_GRACE, dt_util.utcnow())

    @override
    async def async_poll(self) -> None:
        settings = self.site.sections[SITE_INFO]
        failures = settings.failures
        try:
            await self.site.poll(self.shown_signals | self._awaited)
        except (BudgetExceeded, GateRefused, NotRecorded) as error:
            self._async_no_room(error)
            return
        finally:
            if settings.failures != failures:
                self._async_watch_settings(settings.error)
        self._budget_logged = False

    @callback
    @override
    def async_ask_again(self) -> None:
        self.site.ask_again()

    @property
    def _awaited(self) -> frozenset[Signal[Any]]:
        """The signals of sections that never answered: nobody knows yet what there is to show."""
        known = {signal.section for signal in self.state.readings}
        return frozenset(each for each in signals.SITE_SIGNALS if each.section not in known)

    @callback
    def _async_watch_settings(self, error: TeslaError | None) -> None:
        """Log once that only the settings cannot be read, and once that they can again."""
        if error is None:
            if self._settings_missed:
                LOGGER.info("The settings of %s can be read again", self.device_name)
            self._settings_missed = False
        elif not self._settings_missed and self.site.sections[LIVE_STATUS].error is None:
            LOGGER.warning("The settings of %s cannot be read: %s", self.device_name, error)
            self._settings_missed = True

    @override
    def async_lapse(self) -> None:
        self.site.lapse()

    @override
    async def async_carry_out(self, command: Command, caller: Caller) -> None:
        await self.site.send(command, caller)


def pairing_url(data: Mapping[str, Any]) -> str:
    """The link that opens the Tesla app to pair our key. Source: Tesla's developer guide (2026).

    Tesla's optional `?vin=` is left out: a link in a repair issue is shown around.
    """
    return f"https://tesla.com/_ak/{data[CONF_PUBLIC_DOMAIN]}"
