"""Facts about the streams: checks and a forecast for the options, and diagnostics."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..account.address import wrapping_link
from ..account.hosts import get_hosts
from ..const import STREAM_DIRECT
from ..tesla.api.fleet import FleetApi
from ..tesla.spending.caller import STREAM
from ..tesla.spending.endpoints import Endpoint
from ..tesla.spending.tariff import Category
from ..tesla.telemetry.answers import VehicleConfiguration, read_configuration
from ..tesla.telemetry.configuration import expiry_of
from ..tesla.telemetry.forecast import forecast
from ..tesla.telemetry.profiles import Profile
from ..tesla.telemetry.selfcheck import Check, Finding, check_address, client_context
from ..tesla.telemetry.stream_plan import can_stream, obstacle
from .checks import CheckLine, StreamFacts, address_lines, vehicle_lines
from .planning import Planner
from .receiver import async_get_receiver
from .requests import admit
from .subscription import USUAL_DAYS, USUAL_HOURS, USUAL_WAKES, VehicleSubscription


@dataclass(frozen=True, slots=True)
class CostForecast:
    """The forecast of one vehicle with one profile, on usual days."""

    name: str
    profile: Profile
    signals: int
    """Signals of a day."""
    cost: str
    """Cost of a month, with its currency."""


class StreamReports:
    """Reports on an account's streams.

    Args:
        hass: Home Assistant.
        api: Client of the Fleet API.
        subscriptions: The subscriptions, by VIN.
        planner: Plans the vehicles' fields.
        locks: Held while the source starts, and while configurations are sent, in this order.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        api: FleetApi,
        subscriptions: Mapping[str, VehicleSubscription],
        planner: Planner,
        locks: Sequence[asyncio.Lock],
    ) -> None:
        self._hass = hass
        self._api = api
        self._subscriptions = subscriptions
        self._planner = planner
        self._locks = locks

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

    async def async_settle(self) -> None:
        """Wait until options that have just changed are applied, and configurations are sent."""
        for lock in self._locks:
            # The work that holds the lock begins in a moment.
            await asyncio.sleep(0)
            async with lock:
                pass

    def forecast_costs(self) -> list[CostForecast]:
        """Forecast each vehicle that can stream, with each profile."""
        tariff = self._api.meter.tariff
        price = tariff.price(Category.SIGNAL)
        found = []
        for subscription in self._subscriptions.values():
            if can_stream(subscription.coordinator.vehicle.channel.fleet_info) is False:
                continue
            for profile in Profile:
                planned = self._planner.planned(subscription, profile)
                signals = forecast(planned).signals(USUAL_HOURS, USUAL_WAKES)
                cost = price * Decimal(round(signals * USUAL_DAYS))
                found.append(
                    CostForecast(
                        subscription.name, profile, round(signals), f"{cost:.2f} {tariff.currency}"
                    )
                )
        return found

    async def async_address_lines(self) -> list[CheckLine]:
        """Check the way to this machine by connecting like a vehicle."""
        settings = self._planner.settings
        return list(
            address_lines(
                await self.async_check(),
                hostname=settings.hostname,
                port=settings.port,
                listen_port=settings.listen_port,
                has_vehicles=any(
                    each.coordinator.stream.is_connected for each in self._subscriptions.values()
                ),
            )
        )

    def vehicle_lines(
        self, answers: Mapping[str, VehicleConfiguration]
    ) -> dict[str, list[CheckLine]]:
        """Check each vehicle, by its name; `answers` are Tesla's, by VIN."""
        return {
            each.name: list(vehicle_lines(self._facts(each, answers.get(each.vin))))
            for each in self._subscriptions.values()
        }

    def _facts(
        self, subscription: VehicleSubscription, found: VehicleConfiguration | None
    ) -> StreamFacts:
        coordinator = subscription.coordinator
        channel, received = coordinator.vehicle.channel, coordinator.stream.received_at
        return StreamFacts(
            name=subscription.name,
            firmware=self._planner.firmware(subscription) or "",
            obstacle=obstacle(channel.fleet_info),
            can_stream=can_stream(channel.fleet_info),
            needs_key=channel.needs_key,
            key_paired=channel.key_paired,
            pairing_url=wrapping_link(coordinator.pairing.url),
            is_direct=self._planner.settings.source == STREAM_DIRECT,
            may_spend=self._planner.effects.streams,
            is_configured=subscription.known is not None,
            refusal=subscription.refusal,
            found=found,
            is_connected=coordinator.stream.is_connected,
            received="" if received is None else f"{dt_util.as_local(received):%Y-%m-%d %H:%M:%S}",
        )

    @property
    def unconfirmed(self) -> list[VehicleSubscription]:
        """Vehicles whose configuration Tesla accepted, and that have not connected."""
        return [
            each
            for each in self._subscriptions.values()
            if each.known is not None and not each.coordinator.stream.is_connected
        ]

    @property
    def price_of_asking(self) -> str:
        """Price of asking Tesla about all of those."""
        charge = self._api.endpoints.charge(Endpoint.FLEET_TELEMETRY_CONFIG_GET)
        tariff = self._api.meter.tariff
        return f"{tariff.price(charge.category) * len(self.unconfirmed):.3f} {tariff.currency}"

    async def async_ask(self) -> dict[str, VehicleConfiguration]:
        """Ask Tesla whether these vehicles have their configuration, by VIN. Raises TeslaError."""
        answers = {}
        for each in self.unconfirmed:
            gate = each.coordinator.vehicle.gate
            with admit(self._api, gate, [each.vin], Endpoint.FLEET_TELEMETRY_CONFIG_GET):
                answer = await self._api.telemetry_config(each.vin, STREAM)
            found = read_configuration(answer, each.configured)
            answers[each.vin] = found
            if found.exists is False or found.matches is False:
                # Another program changed or removed it; it is sent again.
                each.configured = None
        return answers

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
