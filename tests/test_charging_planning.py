"""A plan from the readings of a simulated car, and from prices and sun of the house."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from unittest.mock import Mock

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.charging.forecast import SunForecast
from custom_components.flotte.charging.planning import (
    CapacityBasis,
    Outlook,
    PlannedCapacity,
    VehiclePlanning,
    outlook_at,
)
from custom_components.flotte.charging.price_slots import PriceSlot
from custom_components.flotte.charging.prices import EnergyPriceSource
from custom_components.flotte.charging.settings import ChargingSettings
from custom_components.flotte.const import CONF_NEW_CAPACITIES
from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.quarters import Stretch
from custom_components.flotte.tesla.charging.situation import (
    ChargingMode,
    ChargingVehicle,
    PlanDemand,
    Plug,
)
from custom_components.flotte.tesla.charging.worth import Changes
from custom_components.flotte.tesla.state import Reading, Signal, Source
from tests.conftest import MODEL_S, MODEL_Y, vehicle_of

NOW: Final = datetime(2026, 10, 20, 10, 7, tzinfo=UTC)
QUARTER_BEGAN: Final = datetime(2026, 10, 20, 10, 0, tzinfo=UTC)
VEHICLE: Final = ChargingVehicle(
    plug=Plug.STOPPED, power=ChargingPower(230, 3, 5, 16), level=50.0, limit=80.0
)


def test_the_outlook_of_a_house() -> None:
    """Sun beyond the house's own use, divided among two vehicles; what is unknown is left out."""
    hour = timedelta(hours=1)
    prices, forecast = Mock(spec=EnergyPriceSource), Mock(spec=SunForecast)
    prices.slots.return_value = [PriceSlot(QUARTER_BEGAN, QUARTER_BEGAN + hour, 0.25)]
    forecast.kilowatts.return_value = [5.0, None, 0.2, 4.5]

    outlook = outlook_at(NOW, prices, forecast, 0.5, vehicles=2)

    begin = QUARTER_BEGAN.timestamp()
    assert outlook.prices == (Stretch(begin, begin + 3600, 0.25),)
    assert outlook.sun == {begin: 2.25, begin + 1800: 0.0, begin + 2700: 2.0}
    # The past days and the next four, in whole quarters: a fixed price is the same until the next.
    prices.slots.assert_called_once_with(
        datetime(2026, 10, 15, 10, 0, tzinfo=UTC), datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
    )
    assert outlook_at(NOW, prices, None, 0.5).sun == {}


@pytest.fixture
def planning(loaded: MockConfigEntry) -> VehiclePlanning:
    return VehiclePlanning(vehicle_of(loaded, MODEL_Y))


def update(planning: VehiclePlanning, at: datetime = NOW, **changes: Any) -> PlanDemand:
    """Plan for nine hours from now, or for what the changes say."""
    vehicle = changes.pop("vehicle", VEHICLE)
    settings = ChargingSettings(mode=ChargingMode.SUN_FIRST, ready_level=60)
    usual: dict[str, Any] = {
        "ready_at": NOW + timedelta(hours=9),
        "outlook": Outlook(),
        "tesla": Changes(0.001, 0.02),
    }
    return planning.update(at, vehicle, settings, **(usual | changes)).demand


async def test_who_has_a_plan(planning: VehiclePlanning) -> None:
    assert planning.sun_prices(0.3, 0.08, 0.2).later == pytest.approx(0.14)
    outlook = Outlook((Stretch(NOW.timestamp(), NOW.timestamp() + 36_000, 0.25),))
    assert update(planning, outlook=outlook) is PlanDemand.WAIT
    assert planning.sun_prices(0.3, 0.08, 0.2).later == 0.25
    assert planning.demand(NOW + timedelta(hours=8)) is PlanDemand.LATE
    for other in (
        {"plug": Plug.UNPLUGGED},
        {"plug": Plug.NO_POWER},
        {"plug": None},
        {"at_home": False},
        {"at_home": None},
        {"fast_charging": True},
        {"in_service": True},
        {"level": None},
        {"level": 60.0},
    ):
        changed: Any = other
        assert update(planning, vehicle=replace(VEHICLE, **changed)) is PlanDemand.NONE, other
    assert update(planning, is_taken_over=True) is PlanDemand.NONE
    assert update(planning, ready_at=None) is PlanDemand.NONE


def report(entry: MockConfigEntry, at: datetime, readings: Mapping[Signal[Any], float]) -> None:
    """Stream readings of the car."""
    news = {signal: Reading(value, at, Source.STREAM) for signal, value in readings.items()}
    vehicle_of(entry, MODEL_Y).vehicle.receive(news, at)


@pytest.mark.freeze_time(NOW)
async def test_the_real_power_is_learnt_while_the_car_charges(
    hass: HomeAssistant, loaded: MockConfigEntry, planning: VehiclePlanning
) -> None:
    """The wall box gives one phase instead of three; after a restart, that is still known."""
    charging = replace(VEHICLE, plug=Plug.CHARGING, requested=16)
    for second in range(0, 300, 30):
        at = NOW + timedelta(seconds=second)
        report(loaded, at, {signals.AC_CHARGING_POWER: 3.68})
        update(planning, at, vehicle=charging)
    restarted = VehiclePlanning(vehicle_of(loaded, MODEL_Y))
    restarted.restore(planning.to_stored())
    update(restarted)
    # 8 kWh need 2.8 hours at 3.17 kW, instead of 53 minutes, with a tenth and 16 minutes to spare.
    assert restarted.demand(NOW + timedelta(hours=5.9)) is PlanDemand.WAIT
    assert restarted.demand(NOW + timedelta(hours=6)) is PlanDemand.LATE


@pytest.mark.freeze_time(NOW)
async def test_capacity_to_plan_with(
    hass: HomeAssistant, loaded: MockConfigEntry, planning: VehiclePlanning
) -> None:
    """Too much rather than too little, from the best source there is."""
    assert VehiclePlanning(vehicle_of(loaded, MODEL_S)).capacity.kilowatt_hours == 100

    def capacity(hours: float, level: float, energy: float) -> PlannedCapacity:
        at = NOW + timedelta(hours=hours)
        report(loaded, at, {signals.BATTERY_LEVEL: level, signals.ENERGY_REMAINING: energy})
        update(planning, at)
        return planning.capacity

    assert capacity(0, 20.0, 19.0) == PlannedCapacity(80, CapacityBasis.MODEL)
    options = {CONF_NEW_CAPACITIES: {MODEL_Y: 78.125}}
    hass.config_entries.async_update_entry(loaded, options=options)
    assert planning.capacity == PlannedCapacity(78, CapacityBasis.WHEN_NEW)
    assert capacity(1, 40.0, 34.0) == PlannedCapacity(85, CapacityBasis.REMAINING)
    assert capacity(2, 80.0, 64.0) == PlannedCapacity(75, CapacityBasis.MEASURED)
