"""Plan of each car: fields and intervals, from what is shown and what may be spent."""

from collections.abc import Mapping
from typing import Final

from ..tesla import signals
from ..tesla.spending.modes import Effects
from ..tesla.telemetry.subscription import Profile, Rule, plan
from .options import Settings
from .subscription import CarSubscription

ALWAYS: Final = (signals.SHIFT_STATE, signals.CHARGING_STATE)
"""Always streamed: they say whether polling a car that lost its stream is worthwhile."""


class Planner:
    """Plans of an account's cars.

    Args:
        settings: The owner's options about the stream.
        cars: The subscriptions, by VIN.
        scopes: Scopes that the owner granted.
        rejected_fields: Fields that Tesla does not know; grows with Tesla's answers.
    """

    def __init__(
        self,
        settings: Settings,
        cars: Mapping[str, CarSubscription],
        scopes: frozenset[str],
        rejected_fields: set[str],
    ) -> None:
        self._settings = settings
        self._cars = cars
        self._scopes = scopes
        self.rejected_fields = rejected_fields

    @property
    def effects(self) -> Effects:
        """Effects of the present spending mode."""
        for car in self._cars.values():
            return car.coordinator.vehicle.gate.step.effects
        return Effects()

    @staticmethod
    def firmware(car: CarSubscription) -> str | None:
        """The car's firmware version, if known."""
        info = car.coordinator.vehicle.fleet_info
        firmware = info.get("firmware_version") or car.coordinator.state[signals.SOFTWARE_VERSION]
        return firmware if isinstance(firmware, str) else None

    def planned(self, car: CarSubscription) -> dict[str, Rule]:
        """The fields that a car should stream now, and how often."""
        return plan(
            car.coordinator.shown_signals.union(ALWAYS),
            Profile.SAVER if self.effects.saver else self._settings.profile,
            overrides=self._settings.overrides,
            slowed=car.tally.slowed,
            without=self.rejected_fields,
            scopes=self._scopes,
            firmware=self.firmware(car),
            semi=car.vin[3:4] == "T",
        )
