"""Input of a decision about charging, from the house, the vehicle and its settings."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from homeassistant.util import dt as dt_util

from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from ..tesla.charging.plan import ChargingPlan
from ..tesla.charging.power import FIRST_AMPS
from ..tesla.charging.sharing import Share, SharingVehicle
from ..tesla.charging.situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    CommandAllowance,
    House,
    Memory,
    Plug,
)
from ..tesla.charging.worth import Changes, EnergyPrices
from ..tesla.spending.gate import Gate
from ..tesla.spending.tariff import Category
from .planning import Outlook
from .settings import ChargingSettings

SUN_REASONS: Final = frozenset(
    {
        Reason.METER_SILENT,
        Reason.METER_SIGN,
        Reason.FOLLOWS_SUN,
        Reason.WAITS_FOR_SUN,
        Reason.PLAN_WAITS,
        Reason.SURPLUS_ENDED,
        Reason.KEEPS_MINIMUM,
        Reason.RESTS,
        Reason.STANDS,
    }
)
"""Reasons of a vehicle that follows the surplus, or waits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Everything outside the vehicle that a decision rests on."""

    now: datetime
    surplus: float | None
    """kW of the house at `measured_at`, the power of all vehicles included."""
    measured_at: datetime | None
    interval: float
    """Usual seconds between measurements."""
    grid_up: bool | None
    is_sign_wrong: bool
    """Whether the meter has shown that its sign is wrong."""
    grid_price: float | None
    """Price of a kWh bought now; None is unknown, here and below."""
    feed_in_price: float | None
    """Price of a kWh sold now."""
    cheapest_price: float | None
    """Price of a kWh in the cheapest hours of the next day."""
    day_share: float
    """Share of the day's sun that is over, 0 to 1."""
    outlook: Outlook
    """Prices and sun of the next days."""


def charging_situation(
    conditions: Conditions,
    vehicle: ChargingVehicle,
    settings: ChargingSettings,
    gate: Gate,
    share: Share,
    *,
    used: int,
    resumed: bool,
    prices: EnergyPrices,
    plan: ChargingPlan,
) -> ChargingSituation:
    """The situation of one vehicle; `used` are the commands that charging sent it today."""
    measured_at = conditions.measured_at
    return ChargingSituation(
        now=conditions.now.timestamp(),
        day=dt_util.as_local(conditions.now).date().toordinal(),
        mode=settings.mode,
        vehicle=vehicle,
        house=House(
            surplus=share.surplus,
            measured_at=None if measured_at is None else measured_at.timestamp(),
            interval=conditions.interval,
            grid_up=conditions.grid_up,
            is_sign_wrong=conditions.is_sign_wrong,
        ),
        prices=prices,
        tesla=tesla_prices(gate),
        plan=plan.demand,
        next_charge=plan.next_start,
        floor_level=settings.lowest_level,
        allowance=CommandAllowance(
            commands=settings.commands_a_day, used=used, day_share=conditions.day_share
        ),
        spending=gate.shown_mode_status(conditions.now).mode,
        resumed=resumed,
        stands=share.stands,
    )


def tesla_prices(gate: Gate) -> Changes:
    """Prices of Tesla for steering a vehicle."""
    tariff = gate.meter.tariff
    return Changes(tariff.price(Category.COMMAND), tariff.price(Category.WAKE))


def set_amps(vehicle: ChargingVehicle, memory: Memory) -> int:
    """The current in A that a vehicle is set to, also by a command on its way; 0 if it is off."""
    last, is_charging = memory.sent, vehicle.plug is Plug.CHARGING
    if last is not None and (vehicle.reported_at < last.at or (is_charging and last.amps)):
        return last.amps
    return vehicle.requested or FIRST_AMPS if is_charging else 0


def sharing_vehicle(
    key: str,
    vehicle: ChargingVehicle,
    memory: Memory,
    settings: ChargingSettings,
    decision: ChargingDecision,
    *,
    kilowatts: float | None,
) -> SharingVehicle:
    """A vehicle as its share of the surplus is computed, from its decision for all of it."""
    return SharingVehicle(
        key=key,
        priority=settings.priority,
        level=vehicle.level,
        power=vehicle.power,
        amps=set_amps(vehicle, memory),
        kilowatts=kilowatts,
        # One that has used up its starts of the day must not keep others waiting.
        wants=decision.reason in SUN_REASONS and "starts" not in decision.figures,
        keeps_lowest=settings.mode is ChargingMode.SUN_AND_LOWEST,
    )


def after_command(before: SharingVehicle, decision: ChargingDecision | None) -> SharingVehicle:
    """The record of a vehicle once the command of a decision is executed."""
    if decision is None:
        return before
    amps = 0 if decision.action is ChargingStep.STOP else decision.amps
    return replace(before, amps=amps, kilowatts=before.power.kilowatts(amps))
