"""Planner of one vehicle: keeps its plan, and says at every moment what the plan demands.

A plan is made again each quarter of an hour, and when prices, the plug, the level in whole per cent
or the owner's settings change. Between two plans only the time is compared, so that it costs
nothing to ask at each decision. A vehicle that is late stays late until there is time to spare, and
finishes a quarter that it has begun: otherwise it would start and stop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ..reading_json import as_number, as_object
from .decide import NEAR_LIMIT
from .plan import (
    MAX_QUARTERS,
    NO_PLAN,
    QUARTER,
    SPARE,
    ChargingPlan,
    Goal,
    Period,
    late_plan,
    make_plan,
)
from .power import ChargingPower, into_battery
from .quarters import Stretch, by_quarter, quarter_of, quarters_between
from .real_power import PowerReport, RealPower
from .situation import ChargingMode, PlanDemand
from .worth import Changes

CHEAPEST_WITHIN: Final = 86_400.0
"""Seconds in which the cheapest hours are chosen for a vehicle without a departure."""
MAX_AHEAD: Final = MAX_QUARTERS * QUARTER
"""A later departure is not planned for yet."""
PRICES_KEPT: Final = 5 * 86_400.0
MIN_FIRST: Final = 600.0
"""Seconds that must be left of a quarter to begin a charge in it."""
LATE_UNTIL: Final = 1800.0
"""Seconds to spare from which a late vehicle is not late any more."""
OVERRUN: Final = 3600.0
"""Seconds after the departure in which a late charge continues, if the vehicle is still here."""
ASLEEP_SPARE: Final = 300.0
"""More to spare while the vehicle is asleep: a wake may take minutes."""
REFUSED_AFTER: Final = 180.0
"""Seconds after which a start has not worked. The time that is lost then is spared later on."""
MAX_LOST: Final = 2 * 3600.0
_TICK: Final = 120.0
"""Longest time between two updates that counts as lost."""
_DUE: Final = frozenset({PlanDemand.SLOT, PlanDemand.LATE})
WEAR: Final = 0.01
"""Wear of a start and its stop, in the currency of the prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningSituation:
    """Everything that a plan rests on; times in seconds since the epoch."""

    now: float
    mode: ChargingMode
    is_here: bool
    """Whether the vehicle is plugged in at home, and charging is Flotte's to steer."""
    is_charging: bool
    level: float | None
    """Per cent, as are `limit` and `ready_level`."""
    limit: float | None
    ready_level: float
    ready_at: float | None
    """The next departure."""
    capacity: float
    """kWh between 0 and 100 %."""
    power: ChargingPower
    is_asleep: bool = False
    prices: Sequence[Stretch] = ()
    """Prices of a kWh, those of the past hours too if they are known."""
    sun: Mapping[float, float] = field(default_factory=dict)
    """Expected surplus in kW; see `surplus_by_quarter`."""
    tesla: Changes = field(default_factory=lambda: Changes(0.0, 0.0))
    in_vehicle: Sequence[Period] = ()
    """Periods that the vehicle knows as schedules; another plan would have to rewrite them."""


class ChargePlanner:
    """The plan of one vehicle."""

    def __init__(
        self, real_power: RealPower | None = None, cheapest_until: float | None = None
    ) -> None:
        """Begin without a plan."""
        self.plan = NO_PLAN
        self.real_power = RealPower() if real_power is None else real_power
        self._cheapest_until = cheapest_until
        """When a vehicle without a departure has to be ready, in the mode of the cheapest hours."""
        self._goal: Goal | None = None
        self._basis: object = None
        """Everything that the plan was made from, but the sun."""
        self._is_late = False
        self._known_prices: dict[float, float] = {}
        self._prices_read: Sequence[Stretch] = ()
        self._here_since: float | None = None
        self._updated_at: float | None = None
        self._lost = 0.0

    # --- Plan ------------------------------------------------------------------------------------

    def update(self, situation: PlanningSituation) -> ChargingPlan:
        """The plan now; call it before each decision.

        Without a departure, the mode of the cheapest hours has its own goal: the ready level within
        24 hours, in their cheapest quarters. The 24 hours begin when the vehicle is plugged in, or
        falls below that level; they are not extended, so that the charge is not put off for ever.
        Other modes have no plan without a departure, nor have "off" and "now". With a departure,
        even "sun only" buys what the sun does not bring in time.
        """
        now = situation.now
        self._learn_prices(situation)
        self._note_presence(situation)
        goal = self._next_goal(situation)
        if goal is None:
            self._goal, self._basis, self._is_late, self.plan = None, None, False, NO_PLAN
            return self.plan
        if self._goal is None or goal.ready_at != self._goal.ready_at:
            self._is_late, self._lost = False, 0.0
        self._goal = goal
        self._is_late = now >= goal.latest + (-LATE_UNTIL if self._is_late else 0.0)
        basis = (
            quarter_of(now),
            self._is_late,
            situation.mode,
            situation.prices,
            situation.power,
            int(situation.level or 0),
            goal.needed > 0,
            replace(goal, needed=0.0, spare=SPARE, kilowatts=round(goal.kilowatts, 1)),
            situation.capacity,
            situation.ready_level,
            situation.limit,
        )
        if basis != self._basis:
            self._basis = basis
            self.plan = self._made(situation, goal)
        elif (demand := self.demand(now)) is not self.plan.demand:
            self.plan = replace(self.plan, demand=demand)
        return self.plan

    def demand(self, now: float) -> PlanDemand:
        """Demand of the plan at a moment, at no cost."""
        if self._goal is None or self._goal.needed <= 0:
            return PlanDemand.NONE
        if self._is_late or now >= self._goal.latest:
            return PlanDemand.LATE
        return PlanDemand.SLOT if self.plan.contains(now) else PlanDemand.WAIT

    def _made(self, situation: PlanningSituation, goal: Goal) -> ChargingPlan:
        """A new plan."""
        now, before = situation.now, self.plan
        limit = situation.limit
        beyond = limit is not None and situation.ready_level > limit
        if goal.needed <= 0:
            return replace(NO_PLAN, beyond_limit=beyond)
        if self._is_late:
            return replace(late_plan(now, goal), beyond_limit=beyond)
        quarter_end = quarter_of(now) + QUARTER
        # Not as the first quarter of a charge that has not begun, if little is left of it.
        skips = quarter_end - now < MIN_FIRST and not situation.is_charging
        begin = quarter_end if skips and not before.contains(now) else now
        quarters = quarters_between(begin, goal.ready_at, self._known_prices, situation.sun)
        # A charge from the sun ends with the sun, so it saves no start.
        is_planned = situation.is_charging and before.demand in _DUE
        kept = (*before.periods, *situation.in_vehicle)
        made = make_plan(now, goal, quarters, is_charging=is_planned, before=kept)
        if is_planned and before.contains(now) and made.demand is PlanDemand.WAIT:
            periods = (Period(quarter_end - QUARTER, quarter_end), *made.periods)
            made = replace(made, periods=periods, demand=PlanDemand.SLOT)
        return replace(made, beyond_limit=beyond)

    # --- Goal ------------------------------------------------------------------------------------

    def _next_goal(self, situation: PlanningSituation) -> Goal | None:
        """The goal now; None if there is nothing to be ready for."""
        is_planned = situation.mode not in {ChargingMode.OFF, ChargingMode.NOW}
        if not situation.is_here or not is_planned:
            self._cheapest_until = None
            return None
        if situation.level is None:
            return None
        needed = _missing(situation) / 100 * situation.capacity
        ready_at = self._ready_at(situation, needed)
        kilowatts = self.real_power.kilowatts(situation.power)
        if ready_at is None or into_battery(kilowatts) <= 0:
            return None
        asleep = ASLEEP_SPARE if situation.is_asleep else 0.0
        lost = min(max(0.0, self._lost - REFUSED_AFTER), MAX_LOST)
        return Goal(
            needed=needed,
            ready_at=ready_at,
            kilowatts=kilowatts,
            lowest_kilowatts=situation.power.lowest_kilowatts,
            start_cost=2 * float(situation.tesla.command) + float(situation.tesla.wake) + WEAR,
            least_kilowatts=self._least(situation),
            spare=SPARE + asleep + lost,
        )

    def _ready_at(self, situation: PlanningSituation, needed: float) -> float | None:
        """When the vehicle has to be ready."""
        now, last = situation.now, self._goal
        continues = self._is_late and situation.is_charging and needed > 0
        if last is not None and continues and last.ready_at <= now < last.ready_at + OVERRUN:
            return last.ready_at
        if situation.ready_at is not None and now < situation.ready_at <= now + MAX_AHEAD:
            self._cheapest_until = None
            return situation.ready_at
        if situation.mode is not ChargingMode.CHEAPEST_HOURS or needed <= 0:
            self._cheapest_until = None
            return None
        if self._cheapest_until is None or not now < self._cheapest_until <= now + CHEAPEST_WITHIN:
            self._cheapest_until = now + CHEAPEST_WITHIN
        return self._cheapest_until

    def _least(self, situation: PlanningSituation) -> float | None:
        """Power that a charge may have, unless this one has shown its power."""
        charges, since = self.real_power.charges, self._here_since
        if charges and since is not None and charges[-1].at >= since:
            return None
        return self.real_power.least_kilowatts(situation.power, situation.now)

    def _note_presence(self, situation: PlanningSituation) -> None:
        """Follow the plug, and the time lost where a charge was planned but did not begin."""
        now, before = situation.now, self._updated_at
        self._updated_at = now
        if not situation.is_here:
            self._here_since = None
            return
        if self._here_since is None:
            self._here_since = now
        if before is not None and self.plan.demand in _DUE and not situation.is_charging:
            self._lost += min(max(0.0, now - before), _TICK)

    def _learn_prices(self, situation: PlanningSituation) -> None:
        """Keep the prices of the last days: tomorrow's are expected to be like them."""
        if situation.prices == self._prices_read:
            return
        self._prices_read = situation.prices
        oldest = situation.now - PRICES_KEPT
        known = self._known_prices | by_quarter(situation.prices)
        self._known_prices = {start: price for start, price in known.items() if start >= oldest}

    # --- Power -----------------------------------------------------------------------------------

    def report(self, report: PowerReport) -> None:
        """Learn the real power from a charge at home."""
        self.real_power = self.real_power.after(report)

    # --- Restarts --------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """State that outlives a restart, as JSON."""
        return {
            "real_power": self.real_power.to_stored(),
            "cheapest_until": self._cheapest_until,
        }

    @classmethod
    def from_stored(cls, stored: object) -> ChargePlanner:
        """Restore the planner from the JSON of `to_stored`; what is damaged is left out."""
        values = as_object(stored)
        real_power = RealPower.from_stored(values.get("real_power"))
        return cls(real_power, as_number(values.get("cheapest_until")))


def _missing(situation: PlanningSituation) -> float:
    """Per cent that have to be charged; the charge limit is never exceeded."""
    level, limit = situation.level, situation.limit
    if level is None:
        return 0.0
    if limit is None:
        return max(0.0, situation.ready_level - level)
    if not situation.is_charging and level > limit - NEAR_LIMIT:
        return 0.0  # A start would be refused, or end at once.
    return max(0.0, min(situation.ready_level, limit) - level)
