"""Keeps the cars of an account streaming what is shown, and no more.

    entities that are enabled ─> their signals ─> plan ─> signed configuration ─> Tesla ─> car
                                                   ^                                       │
                                     what really comes, counted by field <─────────────────┘

A configuration is sent only when it differs from what the car has. Where a car cannot have it, or
does not connect, a repair issue says what to do, and the car is polled meanwhile.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import LOGGER, STREAM_DIRECT, STREAM_MQTT
from ..coordinator import VehicleCoordinator
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.listeners import Listeners
from ..tesla.signing import ClientKey
from ..tesla.telemetry.stream_plan import can_stream
from .broker import Broker
from .configuring import Configurator, is_over
from .issues import ISSUES, StreamIssues
from .options import Settings
from .planning import Planner
from .receiver import Address, Member, async_get_receiver
from .reports import StreamReports
from .retiring import Retirement
from .subscription import CarSubscription
from .watching import Watcher

CONFIGURE_DELAY_SECONDS: Final = 60.0
"""Delay that groups changes of what is shown. Tesla asks for few changes of configurations; a car
may ignore one that follows another too soon for 25 minutes."""
MINUTE: Final = timedelta(minutes=1)
REVIEW_INTERVAL: Final = timedelta(hours=1)
_REJECTED_FIELDS: Final = "without"
"""Key in the stored data of the fields that Tesla does not know; no VIN has that name."""
_APPLICATION: Final = "application"
"""Key of the application that configured the cars, by the name of its ledger."""


class StreamManager:
    """Life cycle of an account's subscriptions.

    Args:
        hass: Home Assistant.
        entry: The account.
        api: Way to Tesla.
        key: Signs the configurations.
        vehicles: All cars of the account.
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
        self.settings = Settings.from_options(entry.options)
        kept = stored if isinstance(stored, Mapping) else {}
        self._application = application
        self._hass = hass
        self._entry = entry
        self._api = api
        self._cars = {
            each.vehicle.vin: CarSubscription(each, kept.get(each.vehicle.vin)) for each in vehicles
        }
        rejected = kept.get(_REJECTED_FIELDS)
        self._planner = Planner(
            self.settings,
            self._cars,
            scopes,
            {
                each
                for each in (rejected if isinstance(rejected, list) else ())
                if isinstance(each, str)
            },
            api.meter,
        )
        self._stops: list[CALLBACK_TYPE] = []
        self._reviewed: datetime | None = None
        self._is_stopped = False
        self._broker = Broker(hass, entry.entry_id)
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
        self.reports = StreamReports(hass, api, self.settings, self._cars, self._planner)
        self._configurator = Configurator(
            hass,
            entry,
            api,
            key,
            self._planner,
            cars=self._cars,
            settings=self.settings,
            on_change=self.changed,
            schedule=self._debouncer.async_schedule_call,
        )
        self._retirement = Retirement(hass, self._configurator, self._cars)
        self._stops.append(self._retirement.async_stop)
        self._watcher = Watcher(
            hass, entry.entry_id, api, self.settings, self._planner, on_change=self.changed
        )
        for car in self._cars.values():
            if kept.get(_APPLICATION, application) != application:
                car.forget_configuration()
            elif is_new_login:
                car.distrust_configuration()
            car.coordinator.async_set_streams(
                self.settings.is_on
                and can_stream(car.coordinator.vehicle.channel.fleet_info) is not False
            )

    async def async_start(self) -> None:
        """Start once the entities exist. Failures here never fail the account's setup."""
        if self.settings.source != STREAM_MQTT:
            self._broker.async_clear()
        if self.settings.source != STREAM_DIRECT:
            # Retire configurations from before the owner chose another source.
            for car in self._cars.values():
                car.refusal = None
                self._issues.async_clear(car.vin, *ISSUES)
            await self._retirement.async_retire()
            if not self.settings.is_on:
                return
        now = dt_util.utcnow()
        for car in self._cars.values():
            if car.configured is not None and car.coordinator.streams:
                car.follow(self._planner.planned(car), now)
            if car.refusal is not None:
                # Issues do not survive a restart, and the retry may be days away.
                self._configurator.async_report_refusal(car, car.refusal)
            self._stops.append(
                car.coordinator.stream.on_connection(self._watcher.connection_handler(car))
            )
        self._stops += (
            async_track_time_interval(self._hass, self._async_minute, MINUTE),
            self._hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._async_registry_updated
            ),
            # Home Assistant does not unload accounts when it stops.
            self._hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_stopping),
        )
        if self.settings.source == STREAM_MQTT:
            await self._async_start_mqtt()
        else:
            receiver = await async_get_receiver(self._hass, self.settings.listen_port)
            await receiver.async_join(
                self._entry.entry_id,
                Member(
                    Address(
                        self.settings.hostname,
                        self.settings.port,
                        self.settings.listen_port,
                        self.settings.certificate_file,
                        self.settings.key_file,
                    ),
                    {vin: car.coordinator.stream for vin, car in self._cars.items()},
                    self._receiver_ready,
                    self._api.meter,
                ),
            )
            if self._is_stopped:
                await receiver.async_leave(self._entry.entry_id)

    async def _async_start_mqtt(self) -> None:
        """Subscribe to the broker; the owner's own server decides what the cars send."""
        streams = {vin: car.coordinator.stream for vin, car in self._cars.items()}
        stop = await self._broker.async_subscribe(self.settings.topic_base, streams)
        if stop is None:
            return
        if self._is_stopped:
            # The entry was unloaded meanwhile.
            stop()
            return
        self._stops.append(stop)
        now = dt_util.utcnow()
        for car in self._cars.values():
            if car.coordinator.streams:
                car.follow(self._planner.planned(car), now)

    @callback
    def async_pause(self) -> None:
        """Pause configuring: the entities are about to unload, and would seem to show nothing."""
        self._configurator.is_paused = True
        self._debouncer.async_cancel()

    @callback
    def async_resume(self) -> None:
        """Resume configuring, as the entities stay."""
        self._configurator.is_paused = False
        self._debouncer.async_schedule_call()

    async def async_stop(self) -> None:
        """Stop; the cars keep their configurations."""
        self._is_stopped = self._configurator.is_paused = True
        self._debouncer.async_shutdown()
        # The next start reports it again if a broker is still the chosen source.
        self._broker.async_clear()
        for stop in self._stops:
            stop()
        self._stops.clear()
        if self.settings.source == STREAM_DIRECT:
            receiver = await async_get_receiver(self._hass, self.settings.listen_port)
            await receiver.async_leave(self._entry.entry_id)
        for car in self._cars.values():
            car.coordinator.stream.close_all()

    async def _async_stopping(self, _event: Event) -> None:
        await self.async_stop()

    def to_stored(self) -> dict[str, Any]:
        """State to store, as JSON without secrets."""
        now = dt_util.utcnow()
        cars = {vin: car.to_stored(now) for vin, car in self._cars.items()}
        return {
            **cars,
            _REJECTED_FIELDS: sorted(self._planner.rejected_fields),
            _APPLICATION: self._application,
        }

    @callback
    def _receiver_ready(self) -> None:
        """Configure the cars: the server runs, so the CA that they have to trust is known."""
        self._entry.async_create_background_task(
            self._hass, self.async_configure(), "flotte configures the stream"
        )

    @callback
    def _async_registry_updated(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """Configure again when an entity is enabled or disabled: other signals may be shown."""
        data = event.data
        if data["action"] == "update" and "disabled_by" not in data["changes"]:
            return
        entity = er.async_get(self._hass).async_get(data["entity_id"])
        if entity is None or entity.config_entry_id == self._entry.entry_id:
            self._debouncer.async_schedule_call()

    async def async_configure(self) -> None:
        """Send a configuration to each car that needs one."""
        await self._configurator.async_configure()

    @callback
    def async_obey(self) -> None:
        """Configure the cars at once if the spending mode changed: until then streams keep costing.

        Called with each booking; a change while paused is noticed within a minute.
        """
        if not self._configurator.is_paused and self._planner.note_directives():
            self._entry.async_create_background_task(
                self._hass, self.async_configure(), "flotte applies the spending mode"
            )

    async def _async_minute(self, now: datetime) -> None:
        """Count records each minute, and review the streams each hour."""
        for car in self._cars.values():
            car.count(now)
            self._watcher.close_silent(car, now)
        if self._planner.note_directives():
            await self.async_configure()
        if self._reviewed is not None and within(self._reviewed, REVIEW_INTERVAL, now):
            until = [car.refusal.until for car in self._cars.values() if car.refusal]
            if any(each is not None and is_over(each, now) for each in until):
                await self.async_configure()
            return
        first, self._reviewed = self._reviewed is None, now
        if first:
            return
        self.changed()
        for car in self._cars.values():
            self._watcher.slow_costly_fields(car, now)
            await self._watcher.async_diagnose(car, now)
        await self.async_configure()
