"""Has the vehicles of an account stream the signals that are shown, and no others.

    entities that are enabled ─> their signals ─> plan ─> signed configuration ─> Tesla ─> vehicle
                                                   ^                                       │
                                     records received, counted by field <──────────────────┘

A configuration is sent only when it differs from the vehicle's. If a vehicle cannot have one, or
does not connect, a repair issue says what to do, and the vehicle is polled meanwhile.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import LOGGER, STREAM_DIRECT
from ..coordinator import VehicleCoordinator
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.listeners import Listeners
from ..tesla.signing import ClientKey
from .configuring import Configurator
from .issues import ISSUES, StreamIssues
from .options import Settings
from .planning import Planner
from .refusals import is_retry_due
from .reports import StreamReports
from .retiring import Retirement
from .source import StreamSource
from .subscription import VehicleSubscription
from .watching import Watcher

CONFIGURE_DELAY_SECONDS: Final = 60.0
"""Delay in which changes of the shown signals are grouped. Tesla asks for few changes of
configurations: a vehicle may ignore one that comes too soon after another for 25 minutes."""
COUNT_INTERVAL: Final = timedelta(minutes=1)
STREAM_REVIEW_INTERVAL: Final = timedelta(hours=1)
_REJECTED_FIELDS: Final = "without"
"""Key in the stored data of the fields that Tesla does not know; no VIN has that name."""
_APPLICATION: Final = "application"
"""Key of the application that configured the vehicles, by the name of its ledger."""


class StreamManager:
    """Life cycle of an account's subscriptions.

    Args:
        hass: Home Assistant.
        entry: The account.
        api: Client of the Fleet API.
        key: Signs the configurations.
        vehicles: All vehicles of the account.
        scopes: Scopes that the owner granted.
        application: Name of the application's ledger.
        stored: State from `to_stored`.
        is_new_login: Whether the owner has just logged in again. Tesla removes the configurations
            of owners who withdrew their consent, and a new consent does not restore them.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        api: FleetApi,
        key: ClientKey,
        *,
        vehicles: list[VehicleCoordinator],
        scopes: frozenset[str],
        application: str,
        stored: object,
        is_new_login: bool,
    ) -> None:
        kept = stored if isinstance(stored, Mapping) else {}
        self._application = application
        self._hass = hass
        self._entry = entry
        restored = (VehicleSubscription(each, kept.get(each.vehicle.vin)) for each in vehicles)
        self._subscriptions = {each.vin: each for each in restored}
        settings, rejected = Settings.from_options(entry.options), kept.get(_REJECTED_FIELDS)
        self._planner = Planner(settings, self._subscriptions, scopes, rejected, api.meter)
        self._stops: list[CALLBACK_TYPE] = []
        self._reviewed: datetime | None = None
        self._is_started = self._is_stopped = False
        self._starting = asyncio.Lock()
        self._source = StreamSource(
            hass,
            entry.entry_id,
            {vin: each.coordinator.stream for vin, each in self._subscriptions.items()},
            api.meter,
            self._replan,
        )
        self._debouncer = Debouncer(
            hass,
            LOGGER,
            cooldown=CONFIGURE_DELAY_SECONDS,
            immediate=False,
            function=self.async_configure,
        )
        self.changed = Listeners[()]()
        """Called when something changed that must be stored."""
        self._issues = StreamIssues(hass, entry.entry_id)
        self._configurator = Configurator(
            hass,
            entry,
            api,
            key,
            self._planner,
            subscriptions=self._subscriptions,
            on_change=self.changed,
            schedule=self._debouncer.async_schedule_call,
        )
        locks = (self._starting, self._configurator.lock)
        self.reports = StreamReports(hass, api, self._subscriptions, self._planner, locks)
        self._retirement = Retirement(hass, self._configurator, self._subscriptions)
        self._watcher = Watcher(hass, entry.entry_id, api, self._planner, on_change=self.changed)
        for each in self._subscriptions.values():
            if kept.get(_APPLICATION, application) != application:
                each.forget_configuration()
            elif is_new_login:
                each.distrust_configuration()
        self._planner.async_expect_streams()

    async def async_start(self) -> None:
        """Start once the entities exist. Failures here never fail the account's setup."""
        async with self._starting:
            await self._async_start()

    async def _async_start(self) -> None:
        self._is_started = True
        settings = self._planner.settings
        if settings.source != STREAM_DIRECT:
            # Retire configurations from before the owner chose another source.
            for each in self._subscriptions.values():
                each.refusal = None
                self._issues.async_clear(each.vin, *ISSUES)
            await self._retirement.async_start()
            if self._is_stopped:
                return
        if settings.is_on:
            self._follow(
                each for each in self._subscriptions.values() if each.configured is not None
            )
            self._watch()
        await self._source.async_start(settings)

    def _watch(self) -> None:
        """Watch the vehicles, their entities and the time."""
        for each in self._subscriptions.values():
            if each.refusal is not None:
                # Issues do not survive a restart, and the retry may be days away.
                self._configurator.refusals.async_report(each, each.refusal)
            on_connection = self._watcher.connection_handler(each)
            self._stops.append(each.coordinator.stream.on_connection(on_connection))
        self._stops += (
            async_track_time_interval(self._hass, self._async_minute, COUNT_INTERVAL),
            self._hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_registry_updated
            ),
            # Home Assistant does not unload accounts when it stops.
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_stopping),
        )

    def _follow(self, subscriptions: Iterable[VehicleSubscription]) -> None:
        """Expect the vehicles that are meant to stream to follow their present plans."""
        now = dt_util.utcnow()
        for each in subscriptions:
            if each.coordinator.stream_watch.is_expected:
                each.follow(self._planner.planned(each), now)

    @callback
    def async_use(self, settings: Settings) -> None:
        """Apply the owner's options soon; the source is restarted only if it changed.

        This also retries configurations that a spending rule had postponed.
        """
        before, self._planner.settings = self._planner.settings, settings
        if not self._is_started:
            # The start applies them.
            self._planner.async_expect_streams()
        elif not settings.has_same_source(before):
            self._begin(self._async_restart())
        elif settings != before or any(each.is_postponed for each in self._subscriptions.values()):
            self._replan()

    async def _async_restart(self) -> None:
        # A configuration that is being sent must not arrive after its deletion.
        async with self._starting, self._configurator.lock:
            await self._async_disconnect()
            await self._planner.async_ask_again()
            if self._is_stopped:
                return
            for each in self._subscriptions.values():
                each.unfollow(dt_util.utcnow())
            self._planner.async_expect_streams()
            await self._async_start()

    @callback
    def _replan(self) -> None:
        """Plan and configure again, because the source became ready or the settings changed."""
        if self._source.has_broker:
            self._follow(self._subscriptions.values())
        self._begin(self.async_configure())

    @callback
    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` in a moment, when all options and rules are set."""
        self._entry.async_create_background_task(
            self._hass, work, "flotte keeps the cars streaming", eager_start=False
        )

    @callback
    def async_pause(self) -> None:
        """Pause configuring: the entities are about to unload, and would seem to show nothing."""
        self._configurator.is_paused = True
        self._debouncer.async_cancel()

    @callback
    def async_resume(self) -> None:
        """Resume configuring, because the entities stay after all."""
        self._configurator.is_paused = False
        self._debouncer.async_schedule_call()

    async def async_stop(self) -> None:
        """Stop; the vehicles keep their configurations."""
        self._is_stopped = self._configurator.is_paused = True
        self._debouncer.async_shutdown()
        await self._async_disconnect()

    async def _async_disconnect(self) -> None:
        self._retirement.async_stop()
        for stop in self._stops:
            stop()
        self._stops.clear()
        await self._source.async_stop()

    async def _async_stopping(self, _event: Event) -> None:
        await self.async_stop()

    def to_stored(self) -> dict[str, Any]:
        """State to store, as JSON without secrets."""
        now = dt_util.utcnow()
        return {
            **{vin: each.to_stored(now) for vin, each in self._subscriptions.items()},
            _REJECTED_FIELDS: sorted(self._planner.rejected_fields),
            _APPLICATION: self._application,
        }

    @callback
    def _async_registry_updated(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Configure again when an entity is enabled or disabled, as other signals may be shown."""
        if _may_change_plan(self._hass, self._entry.entry_id, event.data):
            self._debouncer.async_schedule_call()

    @callback
    def async_shown_changed(self) -> None:
        """Configure soon, because other signals are shown; before the start, that comes anyway."""
        if self._stops and not self._configurator.is_paused:
            self._debouncer.async_schedule_call()

    async def async_configure(self) -> None:
        """Send a configuration to each vehicle that needs one."""
        await self._configurator.async_configure()

    @callback
    def async_apply_spending_mode(self) -> None:
        """Configure the vehicles at once if the spending mode changed: streams keep costing.

        Called with each booking; a change while paused is noticed within a minute.
        """
        if not self._configurator.is_paused and self._planner.note_directives():
            self._entry.async_create_background_task(
                self._hass, self.async_configure(), "flotte applies the spending mode"
            )

    async def _async_minute(self, now: datetime) -> None:
        """Count records each minute, and review the streams each hour."""
        for each in self._subscriptions.values():
            each.count(now)
            self._watcher.close_silent(each, now)
        if self._planner.note_directives():
            await self.async_configure()
        if self._reviewed is not None and within(self._reviewed, STREAM_REVIEW_INTERVAL, now):
            if any(is_retry_due(each, now) for each in self._subscriptions.values()):
                await self.async_configure()
            return
        first, self._reviewed = self._reviewed is None, now
        if first:
            return
        self.changed()
        for each in self._subscriptions.values():
            self._watcher.slow_costly_fields(each, now)
            await self._watcher.async_diagnose(each, now)
        await self.async_configure()


def _may_change_plan(
    hass: HomeAssistant, entry_id: str, data: er.EventEntityRegistryUpdatedData
) -> bool:
    """Whether an entity of the account was added, removed, enabled or disabled."""
    if data["action"] == "update" and "disabled_by" not in data["changes"]:
        return False
    entity = er.async_get(hass).async_get(data["entity_id"])
    if entity is not None and data["action"] == "create" and entity.disabled:
        # It shows nothing. Cars get many of these with their first answer.
        return False
    return entity is None or entity.config_entry_id == entry_id
