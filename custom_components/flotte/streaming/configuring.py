"""Configures the vehicles: sends new or changed configurations, and deletes unwanted ones."""

import asyncio
import json
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import LOGGER, STREAM_DIRECT, STREAM_MQTT
from ..errors import as_home_assistant
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
from ..tesla.telemetry.answers import read_configuration, read_configured, unknown_fields
from ..tesla.telemetry.configuration import (
    LIFETIME,
    configuration,
    differs,
    due_for_renewal,
    expiry_of,
)
from ..tesla.telemetry.forecast import Plan
from .issues import (
    OVERDRAWN_ISSUE,
    POSTPONED_ISSUE,
    RESOLVED_BY_ACCEPTANCE,
    StreamIssues,
)
from .options import Settings
from .planning import Planner
from .receiver import async_get_receiver
from .refusals import StreamRefusals, pause_after
from .requests import admit, async_delete_configuration
from .subscription import VehicleSubscription, is_leaner

UNBILLED: Final = (
    Unreachable,
    ServiceError,
    BudgetExceeded,
    AccountSuspended,
    GateRefused,
    NotRecorded,
)
"""Errors that are not billed, so they do not lengthen the pause."""


class Configurator:
    """Sends configurations to vehicles that need one, and deletes those that are not wanted.

    Args:
        hass: Home Assistant.
        entry: The account.
        api: Client of the Fleet API.
        key: Signs the configurations.
        planner: Plans the vehicles' fields.
        subscriptions: The subscriptions, by VIN.
        on_change: Called when something changed that must be stored.
        schedule: Schedules another configuration soon.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        api: FleetApi,
        key: ClientKey,
        planner: Planner,
        *,
        subscriptions: Mapping[str, VehicleSubscription],
        on_change: Callable[[], None],
        schedule: Callable[[], None],
    ) -> None:
        self._hass = hass
        self._api = api
        self._key = key
        self._subscriptions = subscriptions
        self._planner = planner
        self._on_change = on_change
        self._schedule = schedule
        self._issues = StreamIssues(hass, entry.entry_id)
        self.refusals = StreamRefusals(hass, entry, planner, on_change=on_change)
        self.is_paused = False
        self.lock = asyncio.Lock()
        """Held while configurations are sent, so that no configuration is paid for twice."""

    async def async_configure(self) -> None:
        """Send a configuration to each vehicle that needs one; equal ones in one request."""
        async with self.lock:
            await self._async_configure()

    async def _async_configure(self) -> None:
        settings = self._planner.settings
        if settings.source != STREAM_DIRECT or self.is_paused:
            return
        receiver = await async_get_receiver(self._hass, settings.listen_port)
        if not receiver.is_running or receiver.certificate is None:
            # No vehicle could connect; this is called again when it runs.
            return
        now = dt_util.utcnow()
        if self._api.meter.is_suspended(now):
            # Tesla accepts no configurations now, and removed the existing ones. The suspension has
            # an issue of its own; when it ends, this is called again.
            return
        if not self._planner.effects.streams:
            # The budget is used up, and streams would keep costing money.
            for subscription in self._subscriptions.values():
                await self.async_delete(subscription, now)
            return
        await self._async_verify_distrusted()
        for wanted, subscriptions in self._due_groups(settings, receiver.certificate.ca, now):
            if self._planner.settings != settings:
                # The plans changed: the owner would pay for these configurations and the next.
                return
            await self._async_send(wanted, subscriptions)

    def _due_groups(
        self, settings: Settings, ca: str, now: datetime
    ) -> Collection[tuple[dict[str, Any], list[tuple[VehicleSubscription, Plan]]]]:
        """The configurations to send now, each with its vehicles and their plans."""
        groups: dict[str, tuple[dict[str, Any], list[tuple[VehicleSubscription, Plan]]]] = {}
        for subscription in self._subscriptions.values():
            if not self._may_configure(subscription):
                continue
            planned = self._planner.planned(subscription)
            wanted = configuration(
                planned,
                hostname=settings.hostname,
                port=settings.port,
                ca=ca,
                expires=now + LIFETIME,
            )
            known = subscription.known
            if not differs(wanted, known) and not due_for_renewal(expiry_of(known or {}), now):
                continue
            if not self.refusals.may_try(subscription, wanted, now):
                continue
            _, subscriptions = groups.setdefault(json.dumps(wanted, sort_keys=True), (wanted, []))
            subscriptions.append((subscription, planned))
        return groups.values()

    async def _async_verify_distrusted(self) -> None:
        for subscription in self._subscriptions.values():
            if subscription.is_distrusted:
                await self._async_verify(subscription)

    async def _async_verify(self, subscription: VehicleSubscription) -> None:
        """Check that Tesla still has a vehicle's configuration, and send it again if not.

        Without an answer, the next review checks again.
        """
        if subscription.configured is not None:
            gate = subscription.coordinator.vehicle.gate
            try:
                # A vehicle that does not stream is polled, which costs more.
                with admit(
                    self._api,
                    gate,
                    [subscription.vin],
                    Endpoint.FLEET_TELEMETRY_CONFIG_GET,
                    reduces_cost=True,
                ):
                    found = read_configuration(
                        await self._api.telemetry_config(subscription.vin, STREAM),
                        subscription.configured,
                    )
            except TeslaError as error:
                LOGGER.debug(
                    "Could not check the configuration of %s: %s", subscription.vin[-6:], error
                )
                return
            if found.exists is False or found.matches is False:
                LOGGER.info("Tesla dropped the stream configuration of %s", subscription.name)
                subscription.configured = None
        subscription.is_distrusted = False
        self._on_change()

    @staticmethod
    def _may_configure(subscription: VehicleSubscription) -> bool:
        vehicle = subscription.coordinator.vehicle
        return subscription.coordinator.stream_watch.is_expected and not (
            vehicle.channel.needs_key and vehicle.channel.key_paired is False
        )

    async def _async_send(
        self, wanted: dict[str, Any], subscriptions: list[tuple[VehicleSubscription, Plan]]
    ) -> None:
        """Send one configuration to several vehicles."""
        token = await self._hass.async_add_executor_job(jws.sign, wanted, self._key)
        now = dt_util.utcnow()
        # Read before sending: a suspension that begins meanwhile removes this configuration.
        suspensions = self._api.meter.suspension.count
        try:
            vins = [subscription.vin for subscription, _ in subscriptions]
            reduces_cost = all(
                is_leaner(planned, subscription) for subscription, planned in subscriptions
            )
            gate = subscriptions[0][0].coordinator.vehicle.gate
            with admit(
                self._api,
                gate,
                vins,
                Endpoint.FLEET_TELEMETRY_CONFIG_CREATE,
                reduces_cost=reduces_cost,
            ):
                answer = await self._api.configure_telemetry(vins, token, STREAM)
        except TeslaError as error:
            strange = unknown_fields(error.detail) - self._planner.rejected_fields
            if isinstance(error, BadRequest) and strange:
                # A single unknown field makes Tesla reject the whole configuration.
                LOGGER.info("Tesla does not know the fields %s", ", ".join(sorted(strange)))
                self._planner.rejected_fields |= strange
                self._on_change()
                self._schedule()
                return
            if self._api.meter.is_suspended(now):
                # The account's suspension is reported, not each vehicle.
                return
            billed = not isinstance(error, UNBILLED)
            is_ours = isinstance(error, (BudgetExceeded, GateRefused, NotRecorded))
            issue = POSTPONED_ISSUE if is_ours else "stream_refused"
            for subscription, _ in subscriptions:
                detail = error.detail or str(as_home_assistant(error, name=subscription.name))
                self.refusals.record(subscription, wanted, issue, detail, billed=billed)
            return
        result = read_configured(answer)
        for subscription, planned in subscriptions:
            self._issues.async_clear(subscription.vin, *RESOLVED_BY_ACCEPTANCE)
            subscription.suspensions = suspensions
            if (reason := result.skipped.get(subscription.vin)) is not None:
                subscription.configured = None
                subscription.coordinator.vehicle.presence.stream_expected_since = None
                self.refusals.record(subscription, wanted, f"stream_{reason}", billed=True)
                continue
            subscription.configured = wanted
            subscription.refusal = None
            self._issues.async_clear_orphaned(subscription.vin)
            subscription.follow(planned, now)
            chosen = self._planner.settings.overrides.keys()
            if not subscription.tally.slowed.keys() & planned.keys() - chosen:
                self._issues.async_clear(subscription.vin, OVERDRAWN_ISSUE)
        self._on_change()

    async def async_delete(self, subscription: VehicleSubscription, now: datetime) -> None:
        """Delete a vehicle's configuration, unless it has none or Tesla refused recently."""
        if subscription.configured is None or (
            subscription.removal_failed_at is not None
            and within(
                subscription.removal_failed_at, pause_after(subscription.removal_failures), now
            )
        ):
            return
        is_broker = self._planner.settings.source == STREAM_MQTT
        try:
            await async_delete_configuration(
                self._api,
                subscription.coordinator.vehicle.gate,
                subscription.vin,
                subscription.name,
                subscription.configured,
                only_ours=is_broker,
            )
        except TeslaError as error:
            subscription.removal_failed_at = now
            subscription.removal_failures += not isinstance(error, UNBILLED)
            return
        subscription.configured = subscription.removal_failed_at = None
        self._issues.async_clear_orphaned(subscription.vin)
        self._on_change()
