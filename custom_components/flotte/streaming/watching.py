"""Watches the streams: their cost, silent brokers, and vehicles that do not connect."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..const import LOGGER, STREAM_DIRECT, STREAM_MQTT
from ..tesla.api.fleet import FleetApi
from ..tesla.clock import within
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import STREAM
from ..tesla.spending.endpoints import Endpoint
from ..tesla.telemetry.answers import ClientError, read_client_errors, read_configuration
from ..tesla.telemetry.configuration import claims_of, differs
from ..tesla.telemetry.remedies import Remedy
from .issues import (
    BROKER_OVERDRAWN_ISSUE,
    OVERDRAWN_ISSUE,
    RESOLVED_BY_CONNECTION,
    UNANCHORED_ISSUE,
    StreamIssues,
)
from .planning import Planner
from .receiver import async_get_receiver
from .requests import admit
from .subscription import VehicleSubscription

CONNECT_TIME: Final = timedelta(minutes=30)
"""Time online without a connection until Tesla is asked for the reason, which costs two data
requests."""
BROKER_SILENCE: Final = timedelta(minutes=10)
"""Silence after which a broker's stream counts as lost."""
ASK_INTERVAL: Final = timedelta(days=1)
"""Time between such requests about a vehicle."""


class Watcher:
    """Watches the vehicles' records and their cost, and finds out why a vehicle does not connect.

    Args:
        hass: Home Assistant.
        entry_id: The account's entry.
        api: Client of the Fleet API.
        planner: Plans the vehicles' fields.
        on_change: Called when something changed that must be stored.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry_id: str,
        api: FleetApi,
        planner: Planner,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self._hass = hass
        self._api = api
        self._planner = planner
        self._on_change = on_change
        self._issues = StreamIssues(hass, entry_id)

    def connection_handler(self, subscription: VehicleSubscription) -> Callable[[bool], None]:
        """Listener that updates the tally and the issues of a vehicle with its connection."""

        @callback
        def on_connection(is_connected: bool) -> None:  # noqa: FBT001  # the listener's only argument
            now = dt_util.utcnow()
            if is_connected:
                subscription.tally.opened(now)
                self._issues.async_clear(subscription.vin, *RESOLVED_BY_CONNECTION)
            else:
                subscription.count(now)
                subscription.tally.closed(now)

        return on_connection

    def close_silent(self, subscription: VehicleSubscription, now: datetime) -> None:
        """Close a silent broker's stream: a broker does not report that its server is gone."""
        found = subscription.coordinator.stream.received_at
        if (
            self._planner.settings.source == STREAM_MQTT
            and subscription.coordinator.stream.is_connected
            and (found is None or not within(found, BROKER_SILENCE, now))
        ):
            subscription.coordinator.stream.close_all()

    def slow_costly_fields(self, subscription: VehicleSubscription, now: datetime) -> None:
        """Slow fields that cost several times their forecast, and report them."""
        dear = {
            each.field: f"- {each.field}: {each.seen:.0f} (expected {each.expected:.0f})"
            for each in subscription.tally.overdrawn(now)
        }
        if self._planner.settings.source == STREAM_MQTT:
            # The owner's server decides what the vehicle sends.
            named = dear.keys() - self._planner.settings.overrides.keys()
            if named and not subscription.is_reported:
                text = "\n".join(line for name, line in dear.items() if name in named)
                self._issues.async_report(
                    BROKER_OVERDRAWN_ISSUE, subscription.vin, subscription.name, fields=text
                )
            elif not named:
                self._issues.async_clear(subscription.vin, BROKER_OVERDRAWN_ISSUE)
            subscription.is_reported = bool(named)
            return
        if not self._has_present_rules(subscription):
            # The vehicle does not have the last slower rules yet, so the counts do not reflect
            # them.
            return
        if chosen := subscription.tally.slow(now, keep=self._planner.settings.overrides):
            self._issues.async_report(
                OVERDRAWN_ISSUE,
                subscription.vin,
                subscription.name,
                fields="\n".join(dear[name] for name in chosen),
            )

    def _has_present_rules(self, subscription: VehicleSubscription) -> bool:
        """Whether a vehicle has the configuration that its plan asks for."""
        if subscription.configured is None:
            return False
        wanted = {
            **subscription.configured,
            "fields": claims_of(self._planner.planned(subscription)),
        }
        return not differs(wanted, subscription.configured)

    @staticmethod
    def _is_overdue(subscription: VehicleSubscription, now: datetime) -> bool:
        """Whether a vehicle has been online without a connection for a while."""
        overdue_since = subscription.coordinator.vehicle.presence.stream_overdue_since
        return overdue_since is not None and now - overdue_since >= CONNECT_TIME

    async def _async_check_anchor(self, subscription: VehicleSubscription, now: datetime) -> None:
        """Report a chain of certificates without a root, if a vehicle does not connect.

        Some vehicles insist on a root. The others connect, so there is nothing to report.
        """
        if self._planner.settings.source != STREAM_DIRECT or subscription.configured is None:
            return
        receiver = await async_get_receiver(self._hass, self._planner.settings.listen_port)
        if receiver.certificate is None or receiver.certificate.is_anchored:
            self._issues.async_clear(subscription.vin, UNANCHORED_ISSUE)
        elif self._is_overdue(subscription, now):
            self._issues.async_report(
                UNANCHORED_ISSUE,
                subscription.vin,
                subscription.name,
                address=self._planner.settings.address,
            )

    async def async_diagnose(self, subscription: VehicleSubscription, now: datetime) -> None:
        """Ask Tesla why an online vehicle does not connect, and report the reason."""
        await self._async_check_anchor(subscription, now)
        if (
            not self._is_overdue(subscription, now)
            or subscription.configured is None
            # In this case, the suspension is the reason.
            or subscription.is_lost
            or (subscription.asked is not None and within(subscription.asked, ASK_INTERVAL, now))
        ):
            return
        try:
            with admit(
                self._api,
                subscription.coordinator.vehicle.gate,
                [subscription.vin],
                Endpoint.FLEET_TELEMETRY_CONFIG_GET,
                Endpoint.FLEET_TELEMETRY_ERRORS,
            ):
                subscription.asked = now
                self._on_change()
                found = read_configuration(
                    await self._api.telemetry_config(subscription.vin, STREAM),
                    subscription.configured,
                )
                errors = read_client_errors(
                    await self._api.telemetry_errors(subscription.vin, STREAM)
                )
        except TeslaError as error:
            LOGGER.debug(
                "Could not find out why %s does not stream: %s", subscription.vin[-6:], error
            )
            return
        if found.is_full:
            subscription.configured = None
            self._issues.async_report("stream_limit_reached", subscription.vin, subscription.name)
        elif found.key_paired is False:
            self._issues.async_report("stream_missing_key", subscription.vin, subscription.name)
        elif found.exists is False or found.matches is False:
            # Another program changed or removed it; send it again.
            subscription.configured = None
        elif errors:
            self._report_client_error(subscription, errors[-1])
            if errors[-1].remedy is Remedy.SIGNATURE:
                # The vehicle rejects this signature even if it has the key by now.
                subscription.configured = None
        elif found.synced:
            self._report_client_error(subscription, ClientError("", "", None, Remedy.NOT_REACHABLE))

    def _report_client_error(self, subscription: VehicleSubscription, error: ClientError) -> None:
        self._issues.async_report(
            f"stream_error_{error.remedy}",
            subscription.vin,
            subscription.name,
            detail=f"{error.name} {error.error}".strip() or "—",
            address=self._planner.settings.address,
        )
