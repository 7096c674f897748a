"""The plan of one vehicle: kept up to date, and the schedules in the vehicle in line with it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..coordinator import VehicleCoordinator
from ..tesla.charging.plan import NO_PLAN, ChargingPlan
from ..tesla.charging.situation import ChargingMode, ChargingVehicle, PlanDemand
from ..tesla.charging.worth import EnergyPrices, sun_prices
from .departures import Departures
from .inputs import Conditions, tesla_prices
from .planned_schedules import PlannedSchedules, SendCommand
from .planning import VehiclePlanning
from .settings import ChargingSettings

_FOLLOW_SECONDS: Final = 300
"""Seconds after which the schedules in the vehicle are compared again, whatever has changed."""


class PlanKeeper:
    """Keeps the plan of one vehicle."""

    def __init__(
        self, hass: HomeAssistant, coordinator: VehicleCoordinator, send: SendCommand
    ) -> None:
        self.plan: ChargingPlan = NO_PLAN
        self.schedules = PlannedSchedules(hass, coordinator, send)
        self._hass = hass
        self._coordinator = coordinator
        self._planning = VehiclePlanning(coordinator)
        self._followed: object = None
        """Everything that the schedules in the vehicle depend on, at the last time."""

    @callback
    def async_update(
        self,
        conditions: Conditions,
        vehicle: ChargingVehicle,
        settings: ChargingSettings,
        departures: Departures,
        *,
        is_only: bool,
        is_taken_over: bool,
    ) -> None:
        """Bring the plan up to date; `is_only` is whether the account has no other vehicle."""
        names = (self._coordinator.device_name, self._coordinator.name)
        plan = self._planning.update(
            conditions.now,
            vehicle,
            settings,
            ready_at=departures.next_departure(conditions.now, settings, names, is_only=is_only),
            outlook=conditions.outlook,
            tesla=tesla_prices(self._coordinator.vehicle.gate),
            is_taken_over=is_taken_over,
            in_vehicle=self.schedules.periods,
        )
        if plan.demand is PlanDemand.WAIT and self.schedules.serves(conditions.now):
            # A stop and a start a quarter of an hour later cost more than charging at once.
            plan = replace(plan, demand=PlanDemand.SLOT)
        self.plan = plan
        self._async_follow(vehicle, settings.mode, is_taken_over=is_taken_over)

    @callback
    def async_drop(self, vehicle: ChargingVehicle) -> None:
        """Drop the plan, and clean up in the vehicle, because the mode was set to off."""
        self.plan = NO_PLAN
        self._async_follow(vehicle, ChargingMode.OFF, is_taken_over=False)

    def prices(self, conditions: Conditions, mode: ChargingMode) -> EnergyPrices:
        """Prices for following the sun beside the plan."""
        known = conditions.grid_price, conditions.feed_in_price, conditions.cheapest_price
        if mode is ChargingMode.CHEAPEST_HOURS:
            return self._planning.sun_prices(*known)
        return sun_prices(*known)

    @callback
    def _async_follow(
        self, vehicle: ChargingVehicle, mode: ChargingMode, *, is_taken_over: bool
    ) -> None:
        """Have the schedules in the vehicle follow the plan, if anything has changed."""
        basis = (
            self.plan.periods,
            mode,
            vehicle.plug,
            vehicle.at_home,
            vehicle.asleep,
            is_taken_over,
            dt_util.utcnow().timestamp() // _FOLLOW_SECONDS,
        )
        if basis == self._followed:
            return
        self._followed = basis
        self._coordinator.config_entry.async_create_background_task(
            self._hass,
            self.schedules.async_follow(self.plan, mode, vehicle, is_taken_over=is_taken_over),
            "flotte plans a charge in the vehicle",
        )

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """State that outlives a restart, as JSON."""
        return {"planning": self._planning.to_stored(), "schedules": self.schedules.to_stored()}

    def restore(self, stored: object) -> None:
        """Restore each part from the JSON of `to_stored`; ignore unreadable values."""
        if isinstance(stored, Mapping):
            self._planning.restore(stored.get("planning"))
            self.schedules.restore(stored.get("schedules"))
