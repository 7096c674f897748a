"""Plan of a charge: the cheapest quarters of an hour until a vehicle has to be ready.

A dynamic programme over the quarters, so that a start has its price too: a cheap quarter on its own
is only taken if it saves more than a start costs. Sun that is expected in time is not bought: a
part of the forecast is counted on, and a plan that is made again without that sun buys the rest. So
a quarter after the sun is better than one before it. Quarters at equal cost are taken late, because
prices, sun and the level may still change, but so early that a third of the power suffices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from .power import into_battery
from .situation import PlanDemand

QUARTER: Final = 900.0
"""Seconds of a slot."""
MAX_QUARTERS: Final = 4 * 24 * 4
"""A plan looks four days ahead: over a weekend, and a holiday beside it."""
TIME_FACTOR: Final = 1.1
"""Charging slows down, and is interrupted."""
SPARE: Final = 960.0
"""Seconds before the vehicle has to be ready: a quarter of an hour, and a minute to wake it."""
SUN_SHARE: Final = 0.75
"""Share of the forecast that is counted on."""
HEDGE: Final = 0.1
"""Share of the price by which buying before the sun is worse than after it."""
PHASE_FACTOR: Final = 3.0
"""Factor of the time that one phase takes instead of three."""
CERTAIN: Final = 1e6
"""Advantage of a quarter that has to be chosen."""
CHANGE_COST: Final = 0.002
"""Cost of planning another quarter than before: commands that stop and start, or that rewrite a
schedule in the vehicle."""
TIE: Final = 1e-9
"""Cost of a second away from the preferred time, less than differences of prices that matter."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A slot; prices per kWh."""

    start: float
    """Seconds since the epoch."""
    price: float | None
    """None if it is not known yet."""
    sun: float = 0.0
    """Forecast surplus in kW."""


@dataclass(frozen=True, slots=True)
class Period:
    """A planned charge, in seconds since the epoch."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ChargingPlan:
    """A plan, with its demand at the moment for which it was made."""

    periods: tuple[Period, ...]
    demand: PlanDemand
    missing: float = 0.0
    """kWh that cannot be charged in time."""
    price: float | None = None
    """Price of a kWh in the dearest planned quarter."""
    beyond_limit: bool = False
    """Whether the ready level is above the charge limit, so that the limit is planned for."""

    def contains(self, moment: float) -> bool:
        """Whether a charge is planned at a moment."""
        return any(period.start <= moment < period.end for period in self.periods)

    @property
    def next_start(self) -> float | None:
        """Begin of the first period that is planned; None if nothing is."""
        return self.periods[0].start if self.periods else None


NO_PLAN: Final = ChargingPlan((), PlanDemand.NONE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Energy that has to be in the battery at a time."""

    needed: float
    """kWh."""
    ready_at: float
    kilowatts: float
    """Power that the vehicle really draws at its highest current."""
    lowest_kilowatts: float
    """Power below which sun is not used."""
    start_cost: float
    """Commands, wakes and wear of a start and its stop."""
    least_kilowatts: float | None = None
    """Power that the vehicle may draw instead; None if there is no doubt."""
    spare: float = SPARE
    """Seconds before `ready_at` at which it should be ready."""

    @property
    def seconds(self) -> float:
        """Time that the charge takes, with some to spare. Raises ZeroDivisionError for no power."""
        return self.needed / into_battery(self.kilowatts) * 3600 * TIME_FACTOR

    @property
    def latest(self) -> float:
        """Moment at which the charge has to begin, at the latest."""
        return self.ready_at - self.spare - self.seconds


def late_plan(now: float, goal: Goal) -> ChargingPlan:
    """The plan of a vehicle for which every minute counts."""
    left = max(0.0, goal.ready_at - now)
    missing = max(0.0, goal.needed - into_battery(goal.kilowatts) * left / 3600)
    end = max(goal.ready_at, now + goal.seconds)
    return ChargingPlan((Period(now, end),), PlanDemand.LATE, missing)


def make_plan(
    now: float,
    goal: Goal,
    quarters: Sequence[Quarter],
    *,
    is_charging: bool = False,
    before: Sequence[Period] = (),
) -> ChargingPlan:
    """Plan the charge from `now`; `quarters` are in order, each 15 minutes after the one before.

    Unknown prices are taken to be the mean of the known ones. Raises ValueError if the vehicle
    draws so little that nothing reaches the battery.
    """
    if goal.needed <= 0 or now >= goal.ready_at:
        return NO_PLAN
    into = into_battery(goal.kilowatts)
    if into <= 0:
        raise ValueError(f"{goal.kilowatts} kW never fill a battery")
    if now >= goal.latest:
        return late_plan(now, goal)
    latest = goal.ready_at - goal.spare
    usable = [
        quarter for quarter in quarters if quarter.start + QUARTER > now and quarter.start < latest
    ][:MAX_QUARTERS]
    bought = max(0.0, goal.needed - _from_sun(usable, goal)) / into * 3600 * TIME_FACTOR
    costs = _costs(usable, goal, latest - goal.seconds * (PHASE_FACTOR - 0.5))
    for index, quarter in enumerate(usable):
        if any(period.start <= quarter.start < period.end for period in before):
            costs[index] -= CHANGE_COST
    count = min(ceil(bought / QUARTER), len(usable))
    _begin_in_time(costs, usable, goal, count)
    chosen = _cheapest(costs, count, goal.start_cost, is_charging=is_charging)
    prices = [price for index in chosen if (price := usable[index].price) is not None]
    periods = _joined([usable[index].start for index in chosen])
    is_now = bool(periods) and periods[0].start <= now
    demand = PlanDemand.SLOT if is_now else PlanDemand.WAIT
    return ChargingPlan(periods, demand, price=max(prices, default=None))


def _begin_in_time(costs: list[float], quarters: Sequence[Quarter], goal: Goal, count: int) -> None:
    """Have one quarter chosen while even the least power suffices: the charge shows which it is."""
    least = goal.kilowatts if goal.least_kilowatts is None else goal.least_kilowatts
    into = into_battery(least)
    if not count or least >= goal.kilowatts or into <= 0:
        return
    last = goal.ready_at - goal.spare - goal.needed / into * 3600
    early = [index for index, quarter in enumerate(quarters) if quarter.start <= last] or [0]
    costs[min(early, key=lambda index: costs[index])] -= CERTAIN


def _from_sun(quarters: Sequence[Quarter], goal: Goal) -> float:
    """Energy in kWh that the sun is expected to bring into the battery."""
    return sum(_sun_stored(quarter, goal) for quarter in quarters)


def _sun_stored(quarter: Quarter, goal: Goal) -> float:
    if quarter.sun < goal.lowest_kilowatts:
        return 0.0
    return SUN_SHARE * into_battery(min(quarter.sun, goal.kilowatts)) / 4


def _costs(quarters: Sequence[Quarter], goal: Goal, preferred: float) -> list[float]:
    """Cost of charging from the grid in each quarter; `preferred` is the best at equal prices."""
    known = [quarter.price for quarter in quarters if quarter.price is not None]
    mean = sum(known) / len(known) if known else 0.0
    costs: list[float] = []
    sun_later = 0.0
    for quarter in reversed(quarters):
        price = mean if quarter.price is None else quarter.price
        hedge = HEDGE * min(1.0, sun_later / goal.needed) * abs(price)
        tie = TIE * abs(quarter.start + QUARTER / 2 - preferred)
        costs.append(goal.kilowatts / 4 * (price + hedge + tie))
        sun_later += _sun_stored(quarter, goal)
    return costs[::-1]


def _cheapest(
    costs: Sequence[float], count: int, start_cost: float, *, is_charging: bool
) -> list[int]:
    """Indices of `count` quarters with the least cost, starts included."""
    impossible = float("inf")
    # Least cost of the rest, by how many quarters are left to choose: before it off, and on.
    off = [0.0] + [impossible] * count
    on = [0.0] + [impossible] * count
    choices: list[tuple[list[bool], list[bool]]] = []
    for cost in reversed(costs):
        takes_from_off, takes_from_on = [False] * (count + 1), [False] * (count + 1)
        new_off, new_on = off[:], off[:]
        for left in range(1, count + 1):
            taken = cost + on[left - 1]
            if taken + start_cost < off[left]:
                new_off[left], takes_from_off[left] = taken + start_cost, True
            if taken < off[left]:
                new_on[left], takes_from_on[left] = taken, True
        off, on = new_off, new_on
        choices.append((takes_from_off, takes_from_on))
    chosen: list[int] = []
    left, was_on = count, is_charging
    for index, choice in enumerate(reversed(choices)):
        was_on = choice[was_on][left]
        if was_on:
            chosen.append(index)
            left -= 1
    return chosen


def _joined(starts: Sequence[float]) -> tuple[Period, ...]:
    """Periods of quarters that follow each other."""
    periods: list[Period] = []
    for start in starts:
        if periods and periods[-1].end == start:
            periods[-1] = Period(periods[-1].start, start + QUARTER)
        else:
            periods.append(Period(start, start + QUARTER))
    return tuple(periods)
