"""Plan of each vehicle: fields and intervals, from the shown signals and the spending mode."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..coordinator import VehicleCoordinator
from ..equipment import UnpaidSignals
from ..tesla import signals
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import STREAM
from ..tesla.spending.meter import Meter
from ..tesla.spending.modes import Effects
from ..tesla.state import Signal
from ..tesla.telemetry.profiles import FieldRule, Profile
from ..tesla.telemetry.stream_plan import can_stream, plan
from ..tesla.vehicle.vehicle import ask_fleet_status
from .options import Settings
from .subscription import VehicleSubscription

ALWAYS: Final = (signals.SHIFT_STATE, signals.CHARGING_STATE)
"""Always streamed: if the stream is lost, they show whether polling the vehicle is worthwhile."""


def paid_signals(coordinator: VehicleCoordinator) -> frozenset[Signal[Any]]:
    """Signals that entities show, without those of entities that polling alone enabled."""
    contexts = coordinator.async_contexts()
    paid = (each for each in contexts if not isinstance(each, UnpaidSignals))
    return coordinator.shown_signals & frozenset().union(*paid)


class Planner:
    """Plans of an account's vehicles.

    Args:
        settings: The owner's options about the stream.
        subscriptions: The subscriptions, by VIN.
        scopes: Scopes that the owner granted.
        rejected_fields: Fields that Tesla does not know, as stored.
        meter: Records whether Tesla suspended the account.
    """

    def __init__(
        self,
        settings: Settings,
        subscriptions: Mapping[str, VehicleSubscription],
        scopes: frozenset[str],
        rejected_fields: object,
        meter: Meter,
    ) -> None:
        self.settings = settings
        self._subscriptions = subscriptions
        self._scopes = scopes
        self.rejected_fields = {
            each
            for each in (rejected_fields if isinstance(rejected_fields, list) else ())
            if isinstance(each, str)
        }
        """Fields that Tesla does not know; Tesla's answers add to it."""
        self._meter = meter
        self._applied_directives = self._directives()

    @property
    def effects(self) -> Effects:
        """Effects of the present spending mode."""
        for subscription in self._subscriptions.values():
            return subscription.coordinator.vehicle.gate.mode_status.effects
        return Effects()

    def may_stream(self, subscription: VehicleSubscription) -> bool:
        """Whether the owner turned streaming on and, as far as known, the vehicle can stream."""
        can = can_stream(subscription.coordinator.vehicle.channel.fleet_info)
        return self.settings.is_on and can is not False

    @callback
    def async_expect_streams(self) -> None:
        """Set for each vehicle whether it is meant to stream.

        That is uncertain while Tesla does not say whether the vehicle can stream, or denies it of a
        vehicle that has a configuration.
        """
        for each in self._subscriptions.values():
            can = can_stream(each.coordinator.vehicle.channel.fleet_info)
            is_doubted = can is None or (can is False and each.configured is not None)
            each.coordinator.stream_watch.async_expect(
                streams=self.may_stream(each), is_certain=not (self.settings.is_on and is_doubted)
            )

    async def async_ask_again(self) -> None:
        """Ask Tesla, at no cost, about vehicles that could not stream when it was last asked.

        Their firmware may be newer, or streaming may be on in an old Model S or X by now.
        """
        if not self.settings.is_on:
            return
        unable = [each for each in self._subscriptions.values() if not self.may_stream(each)]
        with suppress(TeslaError):
            await ask_fleet_status([each.coordinator.vehicle for each in unable], STREAM)

    def _directives(self) -> tuple[Effects, bool, int]:
        """Inputs of the configuration beside the plan: the spending mode's effects and suspensions.

        Suspensions are counted too, because one may begin and end between two calls.
        """
        is_suspended = self._meter.is_suspended(dt_util.utcnow())
        return self.effects, is_suspended, self._meter.suspension.count

    def note_directives(self) -> bool:
        """Note the present directives as applied. Returns whether they differ from the last."""
        present = self._directives()
        are_new = present != self._applied_directives
        self._applied_directives = present
        return are_new

    @staticmethod
    def firmware(subscription: VehicleSubscription) -> str | None:
        """The vehicle's firmware version, if known."""
        info = subscription.coordinator.vehicle.channel.fleet_info
        firmware = (
            info.get("firmware_version") or subscription.coordinator.state[signals.SOFTWARE_VERSION]
        )
        return firmware if isinstance(firmware, str) else None

    def planned(
        self, subscription: VehicleSubscription, profile: Profile | None = None
    ) -> dict[str, FieldRule]:
        """The fields that a vehicle should stream, and how often: now, or with a given profile."""
        return plan(
            paid_signals(subscription.coordinator).union(ALWAYS),
            profile or (Profile.SAVER if self.effects.saver else self.settings.profile),
            overrides=self.settings.overrides,
            slowed=subscription.tally.slowed,
            without=self.rejected_fields,
            scopes=self._scopes,
            firmware=self.firmware(subscription),
            semi=subscription.vin[3:4] == "T",
        )
