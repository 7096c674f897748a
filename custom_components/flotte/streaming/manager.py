"""Keeps the cars of an account streaming what is shown, and no more.

    entities that are enabled ─> their signals ─> plan ─> signed configuration ─> Tesla ─> car
                                                   ^                                       │
                                     what really comes, counted by field <─────────────────┘

A configuration is sent only when it differs from what the car has. Where a car cannot have it, or
does not connect, a repair issue says what to do, and the car is polled meanwhile.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.importlib import async_import_module
from homeassistant.util import dt as dt_util

from ..account.hosts import get_hosts
from ..const import DOMAIN, LOGGER, STREAM_DIRECT, STREAM_MQTT
from ..coordinator import VehicleCoordinator, as_home_assistant
from ..tesla import signals
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.errors import (
    AccountSuspended,
    BadRequest,
    BudgetExceeded,
    GateRefused,
    NotRecorded,
    ServiceError,
    TeslaError,
    Unreachable,
)
from ..tesla.signing import ClientKey, jws
from ..tesla.spending.caller import STREAM
from ..tesla.spending.endpoints import Endpoint
from ..tesla.spending.gate import Gate, Request
from ..tesla.spending.meter import Hold
from ..tesla.spending.modes import Effects
from ..tesla.spending.tariff import Category
from ..tesla.telemetry.selfcheck import Check, Finding, check_address, client_context
from ..tesla.telemetry.subscription import (
    LIFETIME,
    ClientError,
    Plan,
    Profile,
    Remedy,
    Rule,
    Situation,
    can_stream,
    claims_of,
    configuration,
    differs,
    due_for_renewal,
    expiry_of,
    forecast,
    plan,
    read_client_errors,
    read_configuration,
    read_configured,
    unknown_fields,
)
from .issues import (
    BROKER_OVERDRAWN_ISSUE,
    CONNECTION_ENDS,
    ISSUES,
    LEFT_ISSUE,
    NEVER_AGAIN,
    OVERDRAWN_ISSUE,
    POSTPONED_ISSUE,
    TAKEN_ENDS,
    issue_id,
)
from .options import Settings
from .receiver import Address, async_get_receiver
from .subscription import USUAL_DAYS, USUAL_HOURS, USUAL_WAKES, Refusal, StreamingCar, is_leaner

ALWAYS: Final = (signals.SHIFT_STATE, signals.CHARGING_STATE)
"""Streamed whatever is shown: they say whether a car that lost its stream is worth asking."""
CONFIGURE_DELAY_SECONDS: Final = 60.0
"""How long a change of what is shown waits for others. Tesla wants configurations to change seldom,
and one that follows another too soon may be ignored by the car for 25 minutes."""
RETRY_INTERVALS: Final = (
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=7),
)
"""Between two tries to configure a car that Tesla refused: each of them is billed, and what Tesla
objects to seldom goes away by itself. What may have mended it makes the next try come at once."""


def _pause_after(count: int) -> timedelta:
    """How long to wait after so many refusals in a row that were billed; none is as the first."""
    return RETRY_INTERVALS[min(max(count - 1, 0), len(RETRY_INTERVALS) - 1)]


def _is_over(until: datetime, now: datetime) -> bool:
    """Whether a wait is over; one longer than there is any began while the clock was ahead."""
    return not now < until <= now + RETRY_INTERVALS[-1]


UNBILLED: Final = (
    Unreachable,
    ServiceError,
    BudgetExceeded,
    AccountSuspended,
    GateRefused,
    NotRecorded,
)
"""Trouble that costs nothing to meet again, so that the first interval stays."""
MINUTE: Final = timedelta(minutes=1)
REVIEW_INTERVAL: Final = timedelta(hours=1)
CONNECT_TIME: Final = timedelta(minutes=30)
"""How long a car may be online without connecting before Tesla is asked why: two data requests."""
BROKER_SILENCE: Final = timedelta(minutes=10)
"""How long a car may say nothing through a broker before its stream counts as lost."""
ASK_INTERVAL: Final = timedelta(days=1)
"""Between two such questions about a car."""
_WITHOUT: Final = "without"
"""Where in the stored data the fields are that Tesla does not know; no VIN has that name."""
_APPLICATION: Final = "application"
"""The same for the application that configured the cars, by the name of its ledger."""


def _admit(
    api: FleetApi, gate: Gate, vins: list[str], *endpoints: Endpoint, saves: bool = False
) -> Hold:
    """Ask the gate for requests about the stream, for nobody: in step with the month.

    Args:
        api: Way to Tesla, which books a request about several cars for none of them.
        gate: Decides.
        vins: The cars.
        endpoints: What is asked.
        saves: Whether the rest of the month gets cheaper by it: then it need not wait.

    Raises:
        BudgetExceeded, AccountSuspended, GateRefused: not now.
    """
    car = vins[0] if len(vins) == 1 else ""
    charges = tuple(api.endpoints.charge(each) for each in endpoints)
    request = Request(caller=STREAM, charges=charges, car=car, saves=saves)
    return gate.admit(request, dt_util.utcnow())


async def async_take_away(
    api: FleetApi,
    gate: Gate,
    vin: str,
    name: str,
    configured: Mapping[str, Any],
    *,
    only_ours: bool = False,
) -> None:
    """Have Tesla tell a car to stream no longer; while it does, that costs money.

    Args:
        api: Way to Tesla.
        gate: Is asked whether one may look first. The end itself needs nobody's leave, as it is
            what stops the spending.
        vin: Which car.
        name: How its owner calls it.
        configured: What we configured.
        only_ours: Ask first whether it is still that: the owner's own server, which belongs to the
            same application, may have configured the car since.

    Raises:
        TeslaError: it streams on, which was logged.
    """
    try:
        if only_ours:
            with _admit(api, gate, [vin], Endpoint.FLEET_TELEMETRY_CONFIG_GET, saves=True):
                told = read_configuration(await api.telemetry_config(vin, STREAM), configured)
            if told.exists is False or told.matches is False:
                return
        await api.delete_telemetry_config(vin, STREAM)
    except TeslaError as error:
        LOGGER.warning(
            "%s goes on streaming until %s, because its configuration could not be taken away: %s",
            name,
            expiry_of(configured),
            error,
        )
        raise


class Streaming:
    """The subscriptions of an account.

    Args:
        hass: Home Assistant.
        entry: The account.
        api: Way to Tesla.
        key: Signs the configurations.
        vehicles: All its cars.
        scopes: What the owner granted.
        application: Name of the application's ledger.
        stored: What `to_stored` kept.
        is_new_login: Whether the owner has just logged in again. Tesla removes the configurations
            of those who withdrew their consent, and a new one does not bring them back.
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
        self._key = key
        self._scopes = scopes
        self._cars = {
            each.vehicle.vin: StreamingCar(each, kept.get(each.vehicle.vin)) for each in vehicles
        }
        # Fields of the table that Tesla refused.
        without = kept.get(_WITHOUT)
        self._without = {
            each for each in (without if isinstance(without, list) else ()) if isinstance(each, str)
        }
        self._stops: list[CALLBACK_TYPE] = []
        self._reviewed: datetime | None = None
        self._obeyed = self._orders
        self._is_stopped = False
        self._is_paused = False
        self._take_back: CALLBACK_TYPE | None = None
        # Two reasons to configure at once must not pay twice.
        self._configuring = asyncio.Lock()
        self._debouncer = Debouncer(
            hass,
            LOGGER,
            cooldown=CONFIGURE_DELAY_SECONDS,
            immediate=False,
            function=self.async_configure,
        )
        self.changed: Callable[[], None] = lambda: None
        """Called when something changed that must be kept."""
        for car in self._cars.values():
            if kept.get(_APPLICATION, application) != application:
                car.forget_configuration()
            elif is_new_login:
                car.distrust_configuration()
            car.coordinator.async_set_streams(
                self.settings.is_on and can_stream(car.coordinator.vehicle.fleet_info) is not False
            )

    # --- Life ------------------------------------------------------------------------------------

    async def async_start(self) -> None:
        """Begin; the entities are there. Nothing that goes wrong here keeps the account from it."""
        if self.settings.source != STREAM_MQTT:
            ir.async_delete_issue(self._hass, DOMAIN, f"no_mqtt_{self._entry.entry_id}")
        if self.settings.source != STREAM_DIRECT:
            # What we configured, before the owner chose something else.
            for car in self._cars.values():
                car.refusal = None
                self._async_clear(car, *ISSUES)
            await self._async_take_back()
            if not self.settings.is_on:
                return
        now = dt_util.utcnow()
        for car in self._cars.values():
            if car.configured is not None and car.coordinator.streams:
                car.follow(self._planned(car), now)
            if car.refusal is not None:
                # Issues do not outlive a restart, and it is not tried again at once.
                self._async_tell_refusal(car, car.refusal)
            self._stops.append(car.coordinator.stream.on_connection(self._watcher(car)))
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
            )
            if self._is_stopped:
                await receiver.async_leave(self._entry.entry_id)

    async def _async_start_mqtt(self) -> None:
        """Listen to the broker; what the cars send is up to the owner's own server."""
        streams = {vin: car.coordinator.stream for vin, car in self._cars.items()}
        issue = f"no_mqtt_{self._entry.entry_id}"
        try:
            # Only who has a broker has what Home Assistant's side of it needs.
            source = await async_import_module(self._hass, f"{__package__}.mqtt")
            stop = await source.async_subscribe(self._hass, self.settings.topic_base, streams)
        except (HomeAssistantError, ImportError) as error:
            LOGGER.debug("No broker: %s", error)
            ir.async_create_issue(
                self._hass,
                DOMAIN,
                issue,
                is_fixable=False,
                severity=ir.IssueSeverity.WARNING,
                translation_key="no_mqtt",
            )
            return
        ir.async_delete_issue(self._hass, DOMAIN, issue)
        if self._is_stopped:
            # It was unloaded meanwhile.
            stop()
            return
        self._stops.append(stop)
        now = dt_util.utcnow()
        for car in self._cars.values():
            if car.coordinator.streams:
                car.follow(self._planned(car), now)

    @callback
    def async_pause(self) -> None:
        """Configure no car: its entities are about to go, so nothing would seem to be shown."""
        self._is_paused = True
        self._debouncer.async_cancel()

    @callback
    def async_resume(self) -> None:
        """The entities stay after all."""
        self._is_paused = False
        self._debouncer.async_schedule_call()

    async def async_stop(self) -> None:
        """End; the cars keep their configurations."""
        self._is_stopped = self._is_paused = True
        self._debouncer.async_shutdown()
        # The next start says so again, if it is still the way that was chosen.
        ir.async_delete_issue(self._hass, DOMAIN, f"no_mqtt_{self._entry.entry_id}")
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

    async def _async_take_back(self, _now: datetime | None = None) -> None:
        """Take away what we configured, and try again later what Tesla did not take away."""
        now = dt_util.utcnow()
        for car in self._cars.values():
            await self._async_take_away(car, now)
        is_left = any(car.configured is not None for car in self._cars.values())
        if is_left and self._take_back is None and not self._is_stopped:
            self._take_back = async_track_time_interval(
                self._hass, self._async_take_back, REVIEW_INTERVAL
            )
            self._stops.append(self._forget_take_back)
        elif not is_left:
            self._forget_take_back()

    @callback
    def _forget_take_back(self) -> None:
        if self._take_back is not None:
            self._take_back()
        self._take_back = None

    async def _async_stop_for_want_of_money(self, now: datetime) -> None:
        """The budget is used up, and the stream would go on costing."""
        for car in self._cars.values():
            await self._async_take_away(car, now)

    async def _async_take_away(self, car: StreamingCar, now: datetime) -> None:
        """Have a car stream no more, unless it does not, or Tesla refused that lately."""
        if car.configured is None or (
            car.kept_since is not None and within(car.kept_since, _pause_after(car.kept_count), now)
        ):
            return
        is_broker = self.settings.source == STREAM_MQTT
        try:
            await async_take_away(
                self._api,
                car.coordinator.vehicle.gate,
                car.vin,
                car.coordinator.device_name,
                car.configured,
                only_ours=is_broker,
            )
        except TeslaError as error:
            car.kept_since = now
            car.kept_count += not isinstance(error, UNBILLED)
            return
        car.configured = car.kept_since = None
        self._async_clear_left(car)
        self.changed()

    @callback
    def _async_clear_left(self, car: StreamingCar) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, f"{LEFT_ISSUE}_{car.vin[-6:]}")

    def to_stored(self) -> dict[str, Any]:
        """What to keep over a restart, as JSON; nothing in it is secret."""
        now = dt_util.utcnow()
        cars = {vin: car.to_stored(now) for vin, car in self._cars.items()}
        return {**cars, _WITHOUT: sorted(self._without), _APPLICATION: self._application}

    # --- Configuring -----------------------------------------------------------------------------

    @callback
    def _receiver_ready(self) -> None:
        """The server runs, so what the cars have to trust is known."""
        self._entry.async_create_background_task(
            self._hass, self.async_configure(), "flotte configures the stream"
        )

    @callback
    def _async_registry_updated(self, event: Event[er.EventEntityRegistryUpdatedData]) -> None:
        """An entity of ours was enabled or disabled: other signals may be shown."""
        data = event.data
        if data["action"] == "update" and "disabled_by" not in data["changes"]:
            return
        entity = er.async_get(self._hass).async_get(data["entity_id"])
        if entity is None or entity.config_entry_id == self._entry.entry_id:
            self._debouncer.async_schedule_call()

    @staticmethod
    def _firmware(car: StreamingCar) -> str | None:
        """What runs in a car, as far as that is known."""
        info = car.coordinator.vehicle.fleet_info
        firmware = info.get("firmware_version") or car.coordinator.state[signals.SOFTWARE_VERSION]
        return firmware if isinstance(firmware, str) else None

    def _planned(self, car: StreamingCar) -> dict[str, Rule]:
        """What a car should stream now."""
        return plan(
            car.coordinator.shown_signals.union(ALWAYS),
            Profile.SAVER if self._effects.saver else self.settings.profile,
            overrides=self.settings.overrides,
            slowed=car.tally.slowed,
            without=self._without,
            scopes=self._scopes,
            firmware=self._firmware(car),
            semi=car.vin[3:4] == "T",
        )

    async def async_configure(self) -> None:
        """Send each car that needs one its configuration; cars that want the same, in one go."""
        async with self._configuring:
            await self._async_configure()

    async def _async_configure(self) -> None:
        if self.settings.source != STREAM_DIRECT or self._is_paused:
            return
        receiver = await async_get_receiver(self._hass, self.settings.listen_port)
        if not receiver.is_running or receiver.certificate is None:
            # Nobody could connect; this is called again when it runs.
            return
        now = dt_util.utcnow()
        if self._api.meter.is_suspended(now):
            # Tesla takes no configuration, and removed those that it had; the owner is told of the
            # account. It comes back here when that is over.
            return
        if not self._effects.streams:
            await self._async_stop_for_want_of_money(now)
            return
        await self._async_verify_cars()
        groups: dict[str, tuple[dict[str, Any], list[tuple[StreamingCar, Plan]]]] = {}
        for car in self._cars.values():
            if not self._may_configure(car):
                continue
            planned = self._planned(car)
            wanted = configuration(
                planned,
                hostname=self.settings.hostname,
                port=self.settings.port,
                ca=receiver.certificate.ca,
                expires=now + LIFETIME,
            )
            known = car.known
            if not differs(wanted, known) and not due_for_renewal(expiry_of(known or {}), now):
                continue
            if not self._may_try(car, wanted, now):
                continue
            _, cars = groups.setdefault(json.dumps(wanted, sort_keys=True), (wanted, []))
            cars.append((car, planned))
        for wanted, cars in groups.values():
            await self._async_send(wanted, cars)

    async def _async_verify_cars(self) -> None:
        for car in self._cars.values():
            if car.is_distrusted:
                await self._async_verify(car)

    async def _async_verify(self, car: StreamingCar) -> None:
        """Ask whether Tesla still has a car's configuration; if not, it is sent again.

        When the answer cannot be had, the question is asked again with the next review.
        """
        if car.configured is not None:
            gate = car.coordinator.vehicle.gate
            try:
                # A car that does not stream is polled, which costs more.
                with _admit(
                    self._api, gate, [car.vin], Endpoint.FLEET_TELEMETRY_CONFIG_GET, saves=True
                ):
                    told = read_configuration(
                        await self._api.telemetry_config(car.vin, STREAM), car.configured
                    )
            except TeslaError as error:
                LOGGER.debug("Whether %s is configured is not known: %s", car.vin[-6:], error)
                return
            if told.exists is False or told.matches is False:
                LOGGER.info("Tesla has dropped the stream of %s", car.coordinator.device_name)
                car.configured = None
        car.is_distrusted = False
        self.changed()

    @staticmethod
    def _may_configure(car: StreamingCar) -> bool:
        vehicle = car.coordinator.vehicle
        return car.coordinator.streams and not (vehicle.needs_key and vehicle.key_paired is False)

    def _may_try(self, car: StreamingCar, wanted: Mapping[str, Any], now: datetime) -> bool:
        """Whether a configuration is not the one that was refused, or that was long enough ago."""
        refusal = car.refusal
        if refusal is None:
            return True
        if refusal.until is None:
            return False
        return _is_over(refusal.until, now) or refusal.circumstances != self._circumstances(
            car, wanted
        )

    def _circumstances(self, car: StreamingCar, wanted: Mapping[str, Any]) -> str:
        """What may be why a car's configuration is refused, as one short text to compare."""
        vehicle = car.coordinator.vehicle
        told = {
            # When it ends is another time with each try.
            "wanted": {name: value for name, value in wanted.items() if name != "exp"},
            "firmware": self._firmware(car),
            "key": vehicle.key_paired,
            "options": dict(self._entry.options),
        }
        text = json.dumps(told, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _refused(
        self,
        car: StreamingCar,
        wanted: Mapping[str, Any],
        issue: str,
        detail: str = "",
        *,
        billed: bool,
    ) -> None:
        """Note that a car could not be configured, and tell the owner."""
        count = (car.refusal.count if car.refusal else 0) + billed
        until = None if issue == NEVER_AGAIN else dt_util.utcnow() + _pause_after(count)
        car.refusal = Refusal(issue, detail, count, until, self._circumstances(car, wanted))
        self._async_tell_refusal(car, car.refusal)
        self.changed()

    @callback
    def _async_tell_refusal(self, car: StreamingCar, refusal: Refusal) -> None:
        """Tell the owner why a car could not be configured, if that matters to them."""
        if refusal.issue != POSTPONED_ISSUE or car.known is None:
            # Who streams already goes on by the plan that it has.
            self._async_tell(car, refusal.issue, detail=refusal.detail)

    async def _async_send(
        self, wanted: dict[str, Any], cars: list[tuple[StreamingCar, Plan]]
    ) -> None:
        """Send one configuration to some cars."""
        token = await self._hass.async_add_executor_job(jws.sign, wanted, self._key)
        now = dt_util.utcnow()
        # Before: one that comes meanwhile takes away what is sent now.
        suspensions = self._api.meter.suspension.count
        try:
            vins = [car.vin for car, _ in cars]
            saves = all(is_leaner(planned, car) for car, planned in cars)
            gate = cars[0][0].coordinator.vehicle.gate
            with _admit(self._api, gate, vins, Endpoint.FLEET_TELEMETRY_CONFIG_CREATE, saves=saves):
                answer = await self._api.configure_telemetry(vins, token, STREAM)
        except TeslaError as error:
            strange = unknown_fields(error.detail) - self._without
            if isinstance(error, BadRequest) and strange:
                # One field that Tesla does not know yet, or any more, spoils all the others.
                LOGGER.info("Tesla does not know the fields %s", ", ".join(sorted(strange)))
                self._without |= strange
                self.changed()
                self._debouncer.async_schedule_call()
                return
            if self._api.meter.is_suspended(now):
                # The owner is told of the account, not of each car.
                return
            billed = not isinstance(error, UNBILLED)
            is_ours = isinstance(error, (BudgetExceeded, GateRefused, NotRecorded))
            issue = POSTPONED_ISSUE if is_ours else "stream_refused"
            for car, _ in cars:
                error.placeholders = {**error.placeholders, "name": car.coordinator.device_name}
                detail = error.detail or str(as_home_assistant(error))
                self._refused(car, wanted, issue, detail, billed=billed)
            return
        result = read_configured(answer)
        for car, planned in cars:
            self._async_clear(car, *TAKEN_ENDS)
            car.suspensions = suspensions
            if (reason := result.skipped.get(car.vin)) is not None:
                car.configured = None
                car.coordinator.vehicle.stream_expected = None
                self._refused(car, wanted, f"stream_{reason}", billed=True)
                continue
            car.configured = wanted
            car.refusal = None
            self._async_clear_left(car)
            car.follow(planned, now)
            if not car.tally.slowed.keys() & planned.keys() - self.settings.overrides.keys():
                self._async_clear(car, OVERDRAWN_ISSUE)
        self.changed()

    # --- Watching --------------------------------------------------------------------------------

    def _watcher(self, car: StreamingCar) -> Callable[[bool], None]:
        @callback
        def connected(is_connected: bool) -> None:  # noqa: FBT001  # the only thing it is told
            now = dt_util.utcnow()
            if is_connected:
                car.tally.opened(now)
                self._async_clear(car, *CONNECTION_ENDS)
            else:
                car.count(now)
                car.tally.closed(now)

        return connected

    @property
    def _effects(self) -> Effects:
        """What the spending mode changes now."""
        for car in self._cars.values():
            return car.coordinator.vehicle.gate.step.effects
        return Effects()

    @property
    def _orders(self) -> tuple[Effects, bool, int]:
        """What decides what cars are told: the spending mode's effects, Tesla's own stops.

        Those are counted too: one may be over before anybody looks.
        """
        meter = self._api.meter
        return self._effects, meter.is_suspended(dt_util.utcnow()), meter.suspension.count

    @callback
    def async_obey(self) -> None:
        """Tell the cars at once if the spending mode changed: until then a stream goes on costing.

        Called with each booking; what comes while it is paused is noticed within a minute.
        """
        if not self._is_paused and self._orders != self._obeyed:
            self._obeyed = self._orders
            self._entry.async_create_background_task(
                self._hass, self.async_configure(), "flotte obeys the spending mode"
            )

    async def _async_minute(self, now: datetime) -> None:
        """Count, and look every hour whether anything has to be done."""
        for car in self._cars.values():
            car.count(now)
            self._close_silent(car, now)
        if self._orders != self._obeyed:
            self._obeyed = self._orders
            await self.async_configure()
        if self._reviewed is not None and within(self._reviewed, REVIEW_INTERVAL, now):
            until = [car.refusal.until for car in self._cars.values() if car.refusal]
            if any(each is not None and _is_over(each, now) for each in until):
                await self.async_configure()
            return
        first, self._reviewed = self._reviewed is None, now
        if first:
            return
        self.changed()
        for car in self._cars.values():
            self._slow(car, now)
            await self._async_ask_why(car, now)
        await self.async_configure()

    def _close_silent(self, car: StreamingCar, now: datetime) -> None:
        """A broker does not tell that the server behind it is gone; only silence does."""
        told = car.coordinator.stream.last_told
        if (
            self.settings.source == STREAM_MQTT
            and car.coordinator.stream.is_connected
            and (told is None or not within(told, BROKER_SILENCE, now))
        ):
            car.coordinator.stream.close_all()

    def _slow(self, car: StreamingCar, now: datetime) -> None:
        """Slow what costs several times its forecast, and say so."""
        dear = {
            each.field: f"- {each.field}: {each.seen:.0f} (expected {each.expected:.0f})"
            for each in car.tally.overdrawn(now)
        }
        if self.settings.source == STREAM_MQTT:
            # Its owner's server decides what it sends.
            named = dear.keys() - self.settings.overrides.keys()
            if named and not car.is_reported:
                text = "\n".join(line for name, line in dear.items() if name in named)
                self._async_tell(car, BROKER_OVERDRAWN_ISSUE, fields=text)
            elif not named:
                self._async_clear(car, BROKER_OVERDRAWN_ISSUE)
            car.is_reported = bool(named)
            return
        if not self._has_present_rules(car):
            # What was counted says nothing of a step that it has not been told yet.
            return
        if chosen := car.tally.slow(now, keep=self.settings.overrides):
            self._async_tell(car, OVERDRAWN_ISSUE, fields="\n".join(dear[name] for name in chosen))

    def _has_present_rules(self, car: StreamingCar) -> bool:
        """Whether a car was told all that it should stream by now."""
        if car.configured is None:
            return False
        wanted = {**car.configured, "fields": claims_of(self._planned(car))}
        return not differs(wanted, car.configured)

    async def _async_ask_why(self, car: StreamingCar, now: datetime) -> None:
        """Ask Tesla why a car that is online does not connect."""
        awaited = car.coordinator.vehicle.awaited
        if (
            awaited is None
            or now - awaited < CONNECT_TIME
            or car.configured is None
            # Why is known then.
            or car.is_lost
            or (car.asked is not None and within(car.asked, ASK_INTERVAL, now))
        ):
            return
        try:
            with _admit(
                self._api,
                car.coordinator.vehicle.gate,
                [car.vin],
                Endpoint.FLEET_TELEMETRY_CONFIG_GET,
                Endpoint.FLEET_TELEMETRY_ERRORS,
            ):
                car.asked = now
                self.changed()
                told = read_configuration(
                    await self._api.telemetry_config(car.vin, STREAM), car.configured
                )
                errors = read_client_errors(await self._api.telemetry_errors(car.vin, STREAM))
        except TeslaError as error:
            LOGGER.debug("Why %s does not stream is not known: %s", car.vin[-6:], error)
            return
        if told.is_full:
            car.configured = None
            self._async_tell(car, "stream_limit_reached")
        elif told.key_paired is False:
            self._async_tell(car, "stream_missing_key")
        elif told.exists is False or told.matches is False:
            # Somebody else changed or removed it; it is sent again.
            car.configured = None
        elif errors:
            self._tell_error(car, errors[-1])
            if errors[-1].remedy is Remedy.SIGNATURE:
                # It is of no use to the car any more, even if the key is on it by now.
                car.configured = None
        elif told.synced:
            self._tell_error(car, ClientError("", "", None, Remedy.NOT_REACHABLE))

    def _tell_error(self, car: StreamingCar, error: ClientError) -> None:
        self._async_tell(
            car,
            f"stream_error_{error.remedy}",
            detail=f"{error.name} {error.error}".strip() or "—",
            address=self.address,
        )

    @callback
    def _async_tell(self, car: StreamingCar, key: str, **placeholders: str) -> None:
        name = car.coordinator.device_name
        LOGGER.debug("%s: %s %s", name, key, placeholders)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id(key, car.vin, self._entry.entry_id),
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={"name": name, **placeholders},
        )

    @callback
    def _async_clear(self, car: StreamingCar, *keys: str) -> None:
        for key in keys:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id(key, car.vin, self._entry.entry_id))

    # --- Telling ---------------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Where the cars connect, `host:port`."""
        return f"{self.settings.hostname}:{self.settings.port}"

    async def async_check(self) -> Check:
        """Look at our own address as a car does."""
        receiver = await async_get_receiver(self._hass, self.settings.listen_port)
        if not receiver.is_running or receiver.certificate is None:
            return Check(Finding.NOT_RUNNING)
        context = await self._hass.async_add_executor_job(client_context, receiver.certificate.ca)
        # A simulator's cars come to this machine whatever the name is.
        at = get_hosts(self._hass).listen_at
        return await check_address(self.settings.hostname, self.settings.port, context, at=at)

    def describe_costs(self) -> list[str]:
        """What the stream is expected to cost, a line for each car."""
        tariff = self._api.meter.tariff
        price = tariff.price(Category.SIGNAL)
        lines = []
        for car in self._cars.values():
            if can_stream(car.coordinator.vehicle.fleet_info) is False:
                continue
            planned = self._planned(car)
            expected = forecast(planned)
            hours = " / ".join(f"{expected.per_hour(situation):.0f}" for situation in Situation)
            month = expected.signals(USUAL_HOURS, USUAL_WAKES) * USUAL_DAYS
            cost = price * Decimal(round(month))
            lines.append(
                f"- {car.coordinator.device_name}: {len(planned)}; {hours}; "
                f"{cost:.2f} {tariff.currency}"
            )
        return lines

    def describe_cars(self) -> list[str]:
        """How each car's stream is, a line for each."""
        lines = []
        for car in self._cars.values():
            vehicle = car.coordinator.vehicle
            mark = "✅" if vehicle.is_streaming else "⏳" if car.configured else "➖"  # noqa: RUF001
            told = car.coordinator.stream.last_told
            when = "" if told is None else f" ({dt_util.as_local(told):%Y-%m-%d %H:%M:%S})"
            lines.append(f"- {mark} {car.coordinator.device_name}{when}")
        return lines

    async def async_describe(self) -> dict[str, Any]:
        """The same, with what listens for the cars."""
        if self.settings.source != STREAM_DIRECT:
            return self.describe()
        receiver = await async_get_receiver(self._hass, self.settings.listen_port)
        return {**self.describe(), "receiver": receiver.describe()}

    def describe(self) -> dict[str, Any]:
        """For diagnostics: nothing that tells a car or a place."""
        now = dt_util.utcnow()
        return {
            "source": self.settings.source,
            "profile": str(self.settings.profile),
            "cars": [
                {
                    "streams": car.coordinator.streams,
                    "configured_until": _text(expiry_of(car.configured or {})),
                    "connections": len(car.coordinator.stream.connections),
                    "fields": len(car.plan),
                    "expected": {
                        name: round(count, 1) for name, count in car.tally.expected(now).items()
                    },
                    "seen": car.tally.seen(),
                    "unplanned": car.tally.unplanned,
                    "slowed": dict(car.tally.slowed),
                    "errors": [each.name for each in car.coordinator.stream.errors],
                }
                for car in self._cars.values()
            ],
        }


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
