"""Ready by a time, at prices that change by the quarter of an hour: cost and missed departures.

A month in quarters of an hour: the vehicle drives on working days, and must be at 60 per cent when
it leaves. Prices of the next day are known from 13 o'clock, the forecast of the sun is wrong.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, override

import numpy as np

from benchmarks.surplus.minutes import DAYS, Minutes
from benchmarks.surplus.money import COMMAND, FEED_IN, NIGHT_EFFICIENCY, VOLTS, WAKE, into_battery
from custom_components.flotte.tesla.charging.decide import GRID_WEIGHTS
from custom_components.flotte.tesla.charging.plan import QUARTER, Period
from custom_components.flotte.tesla.charging.planner import ChargePlanner, PlanningSituation
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.quarters import Stretch
from custom_components.flotte.tesla.charging.real_power import PowerReport
from custom_components.flotte.tesla.charging.schedule_plan import DAY_AHEAD, MAX_BLOCKS
from custom_components.flotte.tesla.charging.situation import ChargingMode, PlanDemand
from custom_components.flotte.tesla.charging.worth import Changes, Gains, planned_prices

PER_DAY: Final = 96
SLOTS: Final = DAYS * PER_DAY
CAPACITY: Final = 75.0
LIMIT: Final = 0.8 * CAPACITY
READY: Final = 0.6 * CAPACITY
"""kWh."""
DRIVEN: Final = 12.0
"""kWh a working day."""
NEAR_LIMIT: Final = 0.02 * CAPACITY
"""A vehicle this near to its limit does not start."""
TOLERANCE: Final = 0.01 * CAPACITY
"""A vehicle shows whole per cent."""
THREE_PHASES: Final = ChargingPower(VOLTS, 3, 5, 16)
ONE_PHASE: Final = ChargingPower(VOLTS, 1, 5, 16)
DAYTIME_PRICES: Final = ((0, 0.20), (6, 0.36), (10, 0.22), (16, 0.40), (22, 0.26))
"""Hour from which a price holds, in EUR per kWh: a shape of night, morning, noon and evening."""
DAILY_SPREAD: Final = 0.12
WORKING_DAYS: Final = 5
LEVELS: Final = 601
IMPOSSIBLE: Final = 1e6
LOST_COMMANDS: Final = 0.05
CHEAPEST: Final = 8
"""Slots of the next day whose mean is the price of charging at another time."""
START_COST: Final = 2 * COMMAND + WAKE + 0.01
"""Of a start and its stop, with some wear."""


@dataclass(frozen=True, slots=True)
class Habit:
    """When a vehicle is away, in hours: every working day, or every day."""

    name: str
    leaves: float
    returns: float

    def is_home(self, slot: int) -> bool:
        """Whether it is plugged in at home."""
        hour = slot % PER_DAY / 4
        return not (is_working_day(slot) and self.leaves <= hour < self.returns)

    def departs(self, slot: int) -> bool:
        """Whether it leaves at the begin of a slot."""
        return is_working_day(slot) and slot % PER_DAY == int(self.leaves * 4)


COMMUTER: Final = Habit("commuter", 7.5, 17.5)
AT_HOME: Final = Habit("mostly at home", 7.5, 8.5)
HABITS: Final = (AT_HOME, COMMUTER)


@dataclass(frozen=True, slots=True)
class Faults:
    """Slots with faults, by their kind."""

    lost_commands: frozenset[int] = frozenset()
    no_meter: frozenset[int] = frozenset()
    one_phase: frozenset[int] = frozenset()
    """Slots in which the wall box gives one phase."""
    down: frozenset[int] = frozenset()
    """Slots in which Home Assistant does not run."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month as it will be."""

    habit: Habit
    surplus: Sequence[float]
    """kW by slot."""
    forecast: Sequence[float]
    prices: Sequence[float]
    faults: Faults = field(default_factory=Faults)

    @property
    def replacement(self) -> float:
        """Price of a kWh in the battery that is missing at the end: bought at a cheap hour."""
        return sorted(self.prices)[len(self.prices) // 5] / NIGHT_EFFICIENCY

    def known_prices(self, slot: int) -> int:
        """Slot up to which prices are known."""
        day = slot // PER_DAY
        return min((day + (2 if slot % PER_DAY >= 13 * 4 else 1)) * PER_DAY, SLOTS)

    def next_departure(self, slot: int) -> int | None:
        """The next slot with a departure after this one."""
        later = range(slot + 1, min(slot + 4 * PER_DAY, SLOTS))
        return next((each for each in later if self.habit.departs(each)), None)


def is_working_day(slot: int) -> bool:
    """Whether a slot is on a working day; the first day is a Thursday."""
    return (slot // PER_DAY + 3) % 7 < WORKING_DAYS


def make_month(habit: Habit, surplus: Minutes, seed: int, spread: float) -> Month:
    """A month with prices and a forecast that is wrong by a log-normal factor a day."""
    chance = random.Random(seed)  # noqa: S311 # protects nothing
    factors = [chance.gauss(1, DAILY_SPREAD) for _ in range(DAYS)]
    prices = [
        factors[slot // PER_DAY]
        * next(price for hour, price in reversed(DAYTIME_PRICES) if slot % PER_DAY / 4 >= hour)
        for slot in range(SLOTS)
    ]
    means = surplus[: SLOTS * 15].reshape(SLOTS, 15).mean(axis=1)
    wrong = [math.exp(chance.gauss(0, spread)) for _ in range(DAYS)]
    forecast = [max(float(mean), 0.0) * wrong[slot // PER_DAY] for slot, mean in enumerate(means)]
    return Month(habit, means.tolist(), forecast, prices)


def with_faults(month: Month, seed: int) -> Month:
    """The month with faults of every kind."""
    chance = random.Random(seed)  # noqa: S311 # protects nothing

    def some(days: float, first: int, last: int) -> frozenset[int]:
        return frozenset(
            day * PER_DAY + slot
            for day in range(DAYS)
            if chance.random() < days
            for slot in range(first * 4, last * 4)
        )

    faults = Faults(
        lost_commands=frozenset(slot for slot in range(SLOTS) if chance.random() < LOST_COMMANDS),
        no_meter=some(0.2, 0, 24),
        one_phase=some(0.15, 0, 24),
        down=some(0.2, 0, 5),
    )
    return Month(month.habit, month.surplus, month.forecast, month.prices, faults)


@dataclass(frozen=True, slots=True)
class View:
    """Knowledge of a contestant at the begin of a slot."""

    month: Month
    slot: int
    level: float
    """kWh."""
    amps: int
    power: ChargingPower
    """As the last charge was."""

    @property
    def surplus(self) -> float | None:
        """Power in kW during this slot, as the sun is followed within it; None: a dead meter."""
        is_dead = self.slot in self.month.faults.no_meter
        return None if is_dead else self.month.surplus[self.slot]


class Planner(Protocol):
    """A way to charge; made for each month."""

    schedule_commands: int
    """Commands that put schedules into the vehicle."""

    def amps(self, view: View) -> int:
        """Current for the coming quarter of an hour; 0 is off."""

    def unattended(self, view: View) -> int:
        """Current while Home Assistant does not run."""


class Unscheduled:
    """A way to charge that puts nothing into the vehicle, and leaves it as it is when it fails."""

    schedule_commands = 0

    def unattended(self, view: View) -> int:
        """The present current."""
        return view.amps


class AtOnce(Unscheduled):
    """Charge to the limit as soon as the vehicle is plugged in."""

    def amps(self, view: View) -> int:
        """Always the highest."""
        return view.power.highest


class OwnTimer(Unscheduled):
    """The vehicle's own schedule: it begins at midnight."""

    def amps(self, view: View) -> int:
        """The highest from midnight to six."""
        return view.power.highest if view.slot % PER_DAY < 6 * 4 or view.amps else 0

    @override
    def unattended(self, view: View) -> int:
        """It does not need Home Assistant."""
        return self.amps(view)


class CheapestSlots(Unscheduled):
    """The cheapest quarters until the departure, as price controllers do: no starts, no sun."""

    def amps(self, view: View) -> int:
        """The highest in a chosen quarter."""
        departure = view.month.next_departure(view.slot)
        missing = READY - view.level
        if departure is None or missing <= 0:
            return 0
        energy = into_battery(view.power.highest_kilowatts) / 4
        count = math.ceil(missing / energy) + 1
        known = range(view.slot, min(departure, view.month.known_prices(view.slot)))
        chosen = sorted(known, key=lambda slot: (view.month.prices[slot], -slot))[:count]
        is_last = departure - view.slot <= count
        return view.power.highest if view.slot in chosen or is_last else 0


class Ours:
    """Flotte: its plan, also as schedules in the vehicle, and the sun by the gain of each current.

    Forecasts are known for the quarters in which the vehicle is at home.
    """

    def __init__(self) -> None:
        """Begin without a plan."""
        self.schedule_commands = 0
        self._planner = ChargePlanner()
        self._blocks: tuple[Period, ...] = ()
        """In the vehicle."""
        self._slot = -2

    def amps(self, view: View) -> int:
        """The highest if the plan asks for it, or what the sun is worth."""
        if view.slot != self._slot + 1:
            # The vehicle was away, or Home Assistant was down.
            self._planner.update(self._situation(view, is_here=False))
        elif view.amps == view.power.highest:
            self._report(view)
        self._slot = view.slot
        plan = self._planner.update(self._situation(view))
        self._schedule(plan.periods, view.slot * QUARTER)
        if plan.demand in {PlanDemand.SLOT, PlanDemand.LATE}:
            return view.power.highest
        if view.surplus is None:
            return 0
        known = view.month.prices[view.slot : view.month.known_prices(view.slot)]
        cheapest = sorted(known[:PER_DAY])[:CHEAPEST]
        later = sum(cheapest) / len(cheapest)
        prices = planned_prices(known[0], FEED_IN, later, plan.price)
        weight = GRID_WEIGHTS[ChargingMode.CHEAPEST_HOURS]
        gains = Gains(view.power, prices, weight).at(view.surplus)
        best = max(range(len(gains)), key=gains.__getitem__)
        if best and not view.amps and gains[best] < START_COST:
            return 0
        return best + view.power.lowest - 1 if best else 0

    def unattended(self, view: View) -> int:
        """The highest in the blocks that are in the vehicle, off after each, else as it is."""
        now = view.slot * QUARTER
        if any(block.start <= now < block.end for block in self._blocks):
            return view.power.highest
        return 0 if any(block.end <= now for block in self._blocks) else view.amps

    def _schedule(self, periods: Sequence[Period], now: float) -> None:
        """Put the next blocks of the plan into the vehicle; a running one stays."""
        blocks = [period for period in periods if period.start < now + DAY_AHEAD][:MAX_BLOCKS]
        starts = {block.start for block in self._blocks}
        self.schedule_commands += sum(
            block.start > now and block.start not in starts for block in blocks
        )
        self._blocks = tuple(blocks)

    def _report(self, view: View) -> None:
        """Report the power of the quarter that is over."""
        end = view.slot * QUARTER
        for at in (end - QUARTER, end - QUARTER / 2, end - 1):
            report = PowerReport(
                at=at,
                measured_at=at,
                requested=view.amps,
                highest=view.power.highest,
                kilowatts=view.power.highest_kilowatts,
                level=100 * view.level / CAPACITY,
            )
            self._planner.report(report)

    @staticmethod
    def _situation(view: View, *, is_here: bool = True) -> PlanningSituation:
        month, slot = view.month, view.slot
        departure = month.next_departure(slot)
        yesterday = max(0, slot // PER_DAY - 1) * PER_DAY
        ahead = range(slot, min(slot + 4 * PER_DAY, SLOTS))
        return PlanningSituation(
            now=slot * QUARTER,
            mode=ChargingMode.CHEAPEST_HOURS,
            is_here=is_here,
            is_charging=view.amps > 0,
            level=100 * view.level / CAPACITY,
            limit=100 * LIMIT / CAPACITY,
            ready_level=100 * READY / CAPACITY,
            ready_at=None if departure is None else departure * QUARTER,
            capacity=CAPACITY,
            power=view.power,
            prices=tuple(
                Stretch(each * QUARTER, (each + 1) * QUARTER, month.prices[each])
                for each in range(yesterday, month.known_prices(slot))
            ),
            sun={
                each * QUARTER: month.forecast[each] for each in ahead if month.habit.is_home(each)
            },
            tesla=Changes(COMMAND, WAKE),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """Cost of a month in EUR, levelled to the energy at its begin, and missed departures."""

    cost: float
    missed: int


def live(month: Month, planner: Planner) -> Outcome:
    """Let a contestant charge through the month."""
    level, amps, cost, missed = READY, 0, 0.0, 0
    power = THREE_PHASES
    for slot in range(SLOTS):
        if month.habit.departs(slot):
            missed += level < READY - TOLERANCE
            level -= DRIVEN
        if not month.habit.is_home(slot):
            amps = 0
            continue
        view = View(month, slot, level, amps, power)
        is_down = slot in month.faults.down
        wanted = planner.unattended(view) if is_down else planner.amps(view)
        if not amps and level > LIMIT - NEAR_LIMIT:
            wanted = 0
        if is_down:
            amps = wanted
        elif wanted != amps and slot not in month.faults.lost_commands:
            cost += COMMAND + (WAKE if amps == 0 else 0)
            amps = wanted
        if not amps:
            continue
        # A planner learns the phases from the charge; it knows them from the next quarter on.
        power = ONE_PHASE if slot in month.faults.one_phase else THREE_PHASES
        stored = min(into_battery(power.kilowatts(amps)) / 4, LIMIT - level)
        if stored <= 0:
            amps = 0
            continue
        share = stored / (into_battery(power.kilowatts(amps)) / 4)
        drawn = power.kilowatts(amps) / 4 * share
        sun = min(max(month.surplus[slot], 0.0) / 4, drawn)
        cost += sun * FEED_IN + (drawn - sun) * month.prices[slot]
        level += stored
    cost += planner.schedule_commands * COMMAND
    return Outcome(cost + (READY - level) * month.replacement, missed)


def least_cost(month: Month) -> float:
    """Cost with perfect foresight: a dynamic programme over levels, with a current each quarter.

    Starts, commands and delays are free. Costs between two levels of the grid are interpolated.
    """
    levels = np.linspace(0, LIMIT, LEVELS)
    drawn = np.array([0.0, *(THREE_PHASES.kilowatts(amps) / 4 for amps in THREE_PHASES.currents)])
    stored = np.array([into_battery(4 * energy) / 4 for energy in drawn])
    after = np.minimum(levels + stored[:, None], LIMIT)
    # A charge that the limit ends draws only its share.
    with np.errstate(invalid="ignore"):
        share = np.nan_to_num((after - levels) / stored[:, None], nan=0.0)
    taken = drawn[:, None] * share
    rest = (READY - levels) * month.replacement
    for slot in range(SLOTS - 1, -1, -1):
        if month.habit.is_home(slot):
            sun = np.minimum(max(month.surplus[slot], 0.0) / 4, taken)
            cost = sun * FEED_IN + (taken - sun) * month.prices[slot]
            rest = (cost + np.interp(after, levels, rest)).min(axis=0)
        if month.habit.departs(slot):
            left = np.interp(levels - DRIVEN, levels, rest)
            rest = np.where(levels >= READY, left, IMPOSSIBLE)
    return float(np.interp(READY, levels, rest))


@dataclass(frozen=True, slots=True)
class ReadyBy:
    """Figures of one contestant over the months of a habit."""

    name: str
    cost: float
    """EUR a month."""
    of_bound: float
    missed: int
    missed_with_faults: int


def compare(habit: Habit, surpluses: Sequence[Minutes]) -> list[ReadyBy]:
    """Figures of all contestants; each house twice, with a good and a bad forecast."""
    months = [
        make_month(habit, surplus, seed, spread)
        for seed, surplus in enumerate(surpluses)
        for spread in FORECAST_SPREADS
    ]
    best = sum(least_cost(month) for month in months)
    rows = []
    for name, make in CONTESTANTS.items():
        outcomes = [live(month, make()) for month in months]
        faulty = [live(with_faults(month, seed), make()) for seed, month in enumerate(months)]
        cost = sum(outcome.cost for outcome in outcomes)
        rows.append(
            ReadyBy(
                name=name,
                cost=cost / len(months) / DAYS * 30,
                of_bound=cost / best,
                missed=sum(outcome.missed for outcome in outcomes),
                missed_with_faults=sum(outcome.missed for outcome in faulty),
            )
        )
    return rows


OURS: Final = "Flotte"
FORECAST_SPREADS: Final = (0.35, 0.9)
CONTESTANTS: Final[dict[str, Callable[[], Planner]]] = {
    "at once": AtOnce,
    "the vehicle's own timer": OwnTimer,
    "cheapest slots": CheapestSlots,
    OURS: Ours,
}
