"""Texts about the streams for the options form, and diagnostics of the streams."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..account.hosts import get_hosts
from ..const import STREAM_DIRECT
from ..tesla.api.fleet import FleetApi
from ..tesla.spending.tariff import Category
from ..tesla.telemetry.configuration import expiry_of
from ..tesla.telemetry.forecast import forecast
from ..tesla.telemetry.profiles import Situation
from ..tesla.telemetry.selfcheck import Check, Finding, check_address, client_context
from ..tesla.telemetry.stream_plan import can_stream
from .planning import Planner
from .receiver import async_get_receiver
from .subscription import USUAL_DAYS, USUAL_HOURS, USUAL_WAKES, VehicleSubscription


class StreamReports:
    """Reports on an account's streams.

    Args:
        hass: Home Assistant.
        api: Client of the Fleet API.
        subscriptions: The subscriptions, by VIN.
        planner: Plans the vehicles' fields.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        api: FleetApi,
        subscriptions: Mapping[str, VehicleSubscription],
        planner: Planner,
    ) -> None:
        self._hass = hass
        self._api = api
        self._subscriptions = subscriptions
        self._planner = planner

    @property
    def address(self) -> str:
        """Address at which the vehicles connect, `host:port`."""
        return self._planner.settings.address

    async def async_check(self) -> Check:
        """Check the public address by connecting to it like a vehicle."""
        settings = self._planner.settings
        receiver = await async_get_receiver(self._hass, settings.listen_port)
        if not receiver.is_running or receiver.certificate is None:
            return Check(Finding.NOT_RUNNING)
        context = await self._hass.async_add_executor_job(client_context, receiver.certificate.ca)
        # A simulator's vehicles connect to this machine, whatever the host name.
        at = get_hosts(self._hass).listen_at
        return await check_address(settings.hostname, settings.port, context, at=at)

    def describe_costs(self) -> list[str]:
        """Expected cost of the stream, with a line for each vehicle."""
        tariff = self._api.meter.tariff
        price = tariff.price(Category.SIGNAL)
        lines = []
        for subscription in self._subscriptions.values():
            if can_stream(subscription.coordinator.vehicle.channel.fleet_info) is False:
                continue
            planned = self._planner.planned(subscription)
            expected = forecast(planned)
            hours = " / ".join(f"{expected.per_hour(situation):.0f}" for situation in Situation)
            month = expected.signals(USUAL_HOURS, USUAL_WAKES) * USUAL_DAYS
            cost = price * Decimal(round(month))
            lines.append(
                f"- {subscription.name}: {len(planned)}; {hours}; {cost:.2f} {tariff.currency}"
            )
        return lines

    def describe_vehicles(self) -> list[str]:
        """State of the streams, with a line for each vehicle."""
        lines = []
        for subscription in self._subscriptions.values():
            vehicle = subscription.coordinator.vehicle
            mark = "✅" if vehicle.is_streaming else "⏳" if subscription.configured else "➖"  # noqa: RUF001
            told = subscription.coordinator.stream.received_at
            when = "" if told is None else f" ({dt_util.as_local(told):%Y-%m-%d %H:%M:%S})"
            lines.append(f"- {mark} {subscription.name}{when}")
        return lines

    def describe(self) -> dict[str, Any]:
        """Diagnostics, without anything that identifies a vehicle or a place."""
        now = dt_util.utcnow()
        settings = self._planner.settings
        return {
            "source": settings.source,
            "profile": str(settings.profile),
            "cars": [
                {
                    "streams": subscription.coordinator.stream_watch.is_expected,
                    "configured_until": _text(expiry_of(subscription.configured or {})),
                    "connections": len(subscription.coordinator.stream.connections),
                    "fields": len(subscription.plan),
                    "expected": {
                        name: round(count, 1)
                        for name, count in subscription.tally.expected(now).items()
                    },
                    "seen": subscription.tally.seen(),
                    "unplanned": subscription.tally.unplanned,
                    "slowed": dict(subscription.tally.slowed),
                    "errors": [each.name for each in subscription.coordinator.stream.errors],
                }
                for subscription in self._subscriptions.values()
            ],
        }

    async def async_describe(self) -> dict[str, Any]:
        """Diagnostics of the streams and of the receiver."""
        settings = self._planner.settings
        if settings.source != STREAM_DIRECT:
            return self.describe()
        receiver = await async_get_receiver(self._hass, settings.listen_port)
        return {**self.describe(), "receiver": receiver.describe()}


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
