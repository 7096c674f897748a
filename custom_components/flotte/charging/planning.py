"""Plan of one vehicle's charge: its readings and settings, prices and the sun for the planner."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from ..const import CONF_NEW_CAPACITIES
from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.capacity import MAX_APART, BatteryCapacity, Sample
from ..tesla.charging.plan import QUARTER, ChargingPlan, Period
from ..tesla.charging.planner import MAX_AHEAD, PRICES_KEPT, ChargePlanner, PlanningSituation
from ..tesla.charging.quarters import Stretch, quarter_of
from ..tesla.charging.real_power import PowerReport
from ..tesla.charging.situation import ChargingVehicle, PlanDemand, Plug
from ..tesla.charging.worth import Changes, EnergyPrices, planned_prices
from ..tesla.reading_json import as_number, as_object
from ..tesla.state import Source
from .forecast import SunForecast
from .prices import EnergyPriceSource
from .settings import ChargingSettings

_HERE: Final = frozenset({Plug.STOPPED, Plug.CHARGING, Plug.COMPLETE})

BATTERIES: Final[Mapping[str, float]] = MappingProxyType(
    {"3": 80.0, "Y": 80.0, "S": 100.0, "X": 100.0, "C": 125.0, "R": 200.0, "T": 900.0}
)
"""The largest battery of each model in kWh, by the fourth character of the VIN. Too much rather
than too little: a vehicle that needs less is ready early. Source: owners' reports, 2025."""
UNKNOWN_MODEL: Final = 100.0
"""kWh."""
MIN_LEVEL: Final = 30.0
"""Level in per cent from which the energy at it is taken for that share of the capacity. The energy
below 0 %, some four per cent, makes it too much by a seventh at most."""
LIKELY: Final = (0.4, 1.6)
"""Least and greatest capacity that is believed, as shares of the model's largest battery."""


class CapacityBasis(StrEnum):
    """Source of the capacity that a plan is made with."""

    MEASURED = "energy_at_levels"
    """The energy at different levels."""
    REMAINING = "energy_at_level"
    """The energy at the present level: somewhat too much."""
    WHEN_NEW = "capacity_when_new"
    """As entered by the owner."""
    MODEL = "largest_of_model"


@dataclass(frozen=True, slots=True)
class PlannedCapacity:
    """The capacity between 0 and 100 % in kWh, and its source."""

    kilowatt_hours: float
    basis: CapacityBasis


@dataclass(frozen=True, slots=True)
class Outlook:
    """Known prices, and the sun that each vehicle can expect."""

    prices: tuple[Stretch, ...] = ()
    sun: Mapping[float, float] = field(default_factory=dict)
    """Surplus in kW, by the begin of each quarter of an hour in seconds since the epoch."""


def outlook_at(
    now: datetime,
    prices: EnergyPriceSource,
    forecast: SunForecast | None,
    house_kilowatts: float,
    vehicles: int = 1,
) -> Outlook:
    """The outlook; compute it once for all vehicles of a home.

    Args:
        now: The time.
        prices: Those of the last days count too: unknown ones are expected to be like them.
        forecast: None if there is no forecast.
        house_kilowatts: Usual use of the house without its vehicles.
        vehicles: Number of vehicles that share the sun.
    """
    begin = quarter_of(now.timestamp())
    start = datetime.fromtimestamp(begin, UTC)
    end = datetime.fromtimestamp(begin + MAX_AHEAD, UTC)
    slots = prices.slots(datetime.fromtimestamp(begin - PRICES_KEPT, UTC), end)
    powers = [] if forecast is None else forecast.kilowatts(start, end)
    return Outlook(
        tuple(Stretch(each.start.timestamp(), each.end.timestamp(), each.price) for each in slots),
        {
            begin + number * QUARTER: max(0.0, power - house_kilowatts) / max(1, vehicles)
            for number, power in enumerate(powers)
            if power is not None
        },
    )


class VehiclePlanning:
    """The plan of one vehicle, and what it has learnt about its battery and its wall box."""

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Begin without a plan."""
        self._coordinator = coordinator
        self._planner = ChargePlanner()
        self._capacity = BatteryCapacity()

    @property
    def plan(self) -> ChargingPlan:
        """The plan at the last update."""
        return self._planner.plan

    def demand(self, now: datetime) -> PlanDemand:
        """Demand of the plan at a moment, at no cost."""
        return self._planner.demand(now.timestamp())

    def update(
        self,
        now: datetime,
        vehicle: ChargingVehicle,
        settings: ChargingSettings,
        *,
        ready_at: datetime | None,
        outlook: Outlook,
        tesla: Changes,
        is_taken_over: bool = False,
        in_vehicle: Sequence[Period] = (),
    ) -> ChargingPlan:
        """The plan now; call it before each decision."""
        if (sample := self._sample()) is not None:
            self._capacity = self._capacity.after(sample)
        is_home = vehicle.at_home is True and not vehicle.fast_charging and not vehicle.in_service
        if is_home and vehicle.plug is Plug.CHARGING:
            self._planner.report(self._power_report(now, vehicle))
        return self._planner.update(
            PlanningSituation(
                now=now.timestamp(),
                mode=settings.mode,
                is_here=is_home and vehicle.plug in _HERE and not is_taken_over,
                is_charging=vehicle.plug is Plug.CHARGING,
                level=vehicle.level,
                limit=vehicle.limit,
                ready_level=settings.ready_level,
                ready_at=None if ready_at is None else ready_at.timestamp(),
                capacity=self.capacity.kilowatt_hours,
                power=vehicle.power,
                is_asleep=vehicle.asleep,
                prices=outlook.prices,
                sun=outlook.sun,
                tesla=tesla,
                in_vehicle=in_vehicle,
            )
        )

    def sun_prices(
        self, grid: float | None, feed_in: float | None, cheapest: float | None
    ) -> EnergyPrices:
        """Prices for following the sun in the mode of the cheapest hours; see `planned_prices`."""
        return planned_prices(grid, feed_in, cheapest, self.plan.price)

    # --- Readings --------------------------------------------------------------------------------

    @property
    def capacity(self) -> PlannedCapacity:
        """The capacity to plan with, from the first source that has a likely one."""
        largest = BATTERIES.get(self._vin[3:4], UNKNOWN_MODEL)
        low, high = (factor * largest for factor in LIKELY)
        for basis, capacity in self._capacities():
            if capacity is not None and low <= capacity <= high:
                return PlannedCapacity(round(capacity), basis)
        return PlannedCapacity(largest, CapacityBasis.MODEL)

    @property
    def _vin(self) -> str:
        return self._coordinator.vehicle.vin

    def _capacities(self) -> Iterator[tuple[CapacityBasis, float | None]]:
        """The capacities in kWh of all sources, the best one first."""
        estimate = self._capacity.estimate
        yield CapacityBasis.MEASURED, None if estimate is None else estimate.capacity
        sample = self._sample()
        if sample is not None and sample.percent >= MIN_LEVEL:
            yield CapacityBasis.REMAINING, 100 * sample.energy / sample.percent
        entered = as_object(self._coordinator.config_entry.options.get(CONF_NEW_CAPACITIES))
        yield CapacityBasis.WHEN_NEW, as_number(entered.get(self._vin))

    def _sample(self) -> Sample | None:
        """Level and energy, if they were read together."""
        state = self._coordinator.vehicle.state
        level, energy = map(state.reported, (signals.BATTERY_LEVEL, signals.ENERGY_REMAINING))
        if level is None or level.value is None or energy is None or energy.value is None:
            return None
        if abs(level.time - energy.time) > MAX_APART:
            return None
        return Sample(level.value, energy.value, min(level.time, energy.time))

    def _power_report(self, now: datetime, vehicle: ChargingVehicle) -> PowerReport:
        """The power as streamed, or by the current: polls round the power to whole kW."""
        state = self._coordinator.vehicle.state
        power = state.reported(signals.AC_CHARGING_POWER)
        current = state.reported(signals.CHARGER_CURRENT)
        kilowatts, measured_at = None, now
        if power is not None and power.value is not None and power.source is Source.STREAM:
            kilowatts, measured_at = power.value, power.time
        elif current is not None and current.value is not None:
            kilowatts, measured_at = vehicle.power.kilowatts(current.value), current.time
        return PowerReport(
            at=now.timestamp(),
            measured_at=measured_at.timestamp(),
            requested=vehicle.requested,
            highest=vehicle.power.highest,
            kilowatts=kilowatts,
            level=vehicle.level,
        )

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """State that outlives a restart, as JSON."""
        return {"planner": self._planner.to_stored(), "capacity": self._capacity.to_stored()}

    def restore(self, stored: object) -> None:
        """Restore from the JSON of `to_stored`; what is damaged is left out."""
        values = as_object(stored)
        self._planner = ChargePlanner.from_stored(values.get("planner"))
        self._capacity = BatteryCapacity.restored(as_object(values.get("capacity")))
