"""Decision about charging: one function from a situation to what to do, and why.

The rules below are asked in order; the first with an answer decides. Whatever fails (meter, grid,
budget, place) has its rule before the sun is asked, so that no vehicle stays at a current that was
right in the sun.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Final

from ..spending.modes import SpendingMode
from .power import FIRST_AMPS
from .situation import (
    ChargingMode,
    ChargingSituation,
    ChargingVehicle,
    Memory,
    PlanDemand,
    Plug,
    Sent,
)
from .work import ChangeCosts, advance, best_state
from .worth import Gains

MIN_ON: Final = 180.0
"""Seconds that a start lasts at least, to spare the contactors."""
MIN_OFF: Final = 60.0
MAX_STARTS: Final = 12
"""Starts a day for the sun. Vehicles refuse to charge, or stay at a low current, after dozens."""
OVERRIDE_AFTER: Final = 60.0
"""Seconds after a command of ours from which a different reading means that a person acted."""
ENDED_REST: Final = 900.0
"""Seconds without a start after one that the vehicle, or its charger, ended at once."""
FLOOR_MARGIN: Final = 2.0
"""Per cent above the floor up to which a charge from below it goes on."""
NEAR_LIMIT: Final = 2.0
"""Per cent below the limit from which a start is refused or ends at once."""
TICK: Final = 10.0
"""Seconds between two decisions."""
MAX_INTERVAL: Final = 120.0
"""Longer gaps between decisions count as this many seconds in the work function."""
STALE_HOLD: Final = 180.0
"""Seconds without a fresh surplus before the current goes down to the lowest."""
STALE_STOP: Final = 600.0
"""As above, before charging stops."""
MIN_STALE: Final = 180.0
"""Seconds after which a surplus is too old, or three intervals of the meter if that is longer."""

AWAKE_WAKE_SHARE: Final = 0.25
"""Share of a wake that a stop of an awake vehicle counts as: it will have fallen asleep by then."""
GRID_WEIGHTS: Final[Mapping[ChargingMode, float]] = MappingProxyType(
    {
        ChargingMode.SUN_ONLY: 2.5,
        ChargingMode.SUN_FIRST: 1.0,
        ChargingMode.SUN_AND_LOWEST: 1.0,
        ChargingMode.CHEAPEST_HOURS: 2.5,
    }
)
"""Factor of the grid's price in each mode that follows the sun."""
THRIFTY_FACTOR: Final = 1.6
"""Factor of the cost of commands while Flotte saves."""
ALLOWANCE_BASE: Final = 2.0
MAX_ALLOWANCE_FACTOR: Final = 64.0


class ChargingStep(StrEnum):
    """Move of a vehicle's charge."""

    HANDS_OFF = "hands_off"
    """Nothing, and nothing is intended."""
    KEEP = "keep"
    START = "start"
    SET = "set"
    STOP = "stop"


class Reason(StrEnum):
    """Reason of a decision; each has a sentence with its figures."""

    OFF = "off"
    UNPLUGGED = "unplugged"
    NO_POWER = "no_power"
    PORT_UNKNOWN = "port_unknown"
    """Nothing is known of the charge port yet."""
    IN_SERVICE = "in_service"
    FAST_CHARGING = "fast_charging"
    AWAY = "away"
    PLACE_UNKNOWN = "place_unknown"
    TAKEN_OVER = "taken_over"
    GRID_DOWN = "grid_down"
    COMPLETE = "complete"
    BELOW_FLOOR = "below_floor"
    NOW = "now"
    PLAN_LATE = "plan_late"
    PLAN_SLOT = "plan_slot"
    PLAN_WAITS = "plan_waits"
    SPENDING_STOPPED = "spending_stopped"
    SPENDING_FRUGAL = "spending_frugal"
    METER_SILENT = "meter_silent"
    METER_SIGN = "meter_sign"
    """The meter has the wrong sign, so that its surplus is none."""
    FOLLOWS_SUN = "follows_sun"
    WAITS_FOR_SUN = "waits_for_sun"
    SURPLUS_ENDED = "surplus_ended"
    KEEPS_MINIMUM = "keeps_minimum"
    RESTS = "rests"
    """Stopped a moment ago, ended at once after the last start, or started too often today."""
    STANDS = "stands"


@dataclass(frozen=True, slots=True)
class ChargingDecision:
    """Output for one vehicle: the action, its reason, figures for the sentence, and the memory."""

    action: ChargingStep
    reason: Reason
    memory: Memory
    amps: int = 0
    """Current for START and SET."""
    figures: Mapping[str, float] = MappingProxyType({})
    """By the placeholders of the reason's sentence: power in kW, levels in per cent, times in
    seconds since the epoch. `amps` is the current after the decision; missing if none flows."""
    saves: bool = False
    """Whether the command saves money, so that no budget refuses it."""


type _ChargingRule = Callable[[ChargingSituation, Memory], ChargingDecision | None]


def decide_charging(situation: ChargingSituation, memory: Memory) -> ChargingDecision:
    """Decide for one vehicle."""
    memory = _renewed(situation, memory)
    for rule in _RULES:
        if (decision := rule(situation, memory)) is not None:
            return _with_current(situation, decision)
    raise AssertionError("the last rule always answers")


def sent(decision: ChargingDecision, now: float) -> Memory:
    """The memory after the command of a decision was accepted by the vehicle."""
    memory = decision.memory
    if decision.action is ChargingStep.START:
        return replace(
            memory,
            sent=Sent(now, decision.amps),
            started_at=now,
            stopped_at=None,
            starts=memory.starts + 1,
        )
    if decision.action is ChargingStep.STOP:
        return replace(memory, sent=Sent(now, 0), started_at=None, stopped_at=now)
    return replace(memory, sent=Sent(now, decision.amps))


def maybe_sent(decision: ChargingDecision, now: float) -> Memory:
    """The memory after a command that the vehicle may have executed or not.

    No reading counts as a takeover then: it may show our own command. The limits of the hardware
    count the command as executed.
    """
    return replace(sent(decision, now), sent=None)


def _with_current(situation: ChargingSituation, decision: ChargingDecision) -> ChargingDecision:
    """The decision with the current that flows after it among its figures."""
    amps = decision.amps
    if decision.action is ChargingStep.KEEP and (state := _state(situation, decision.memory)):
        amps = state + situation.vehicle.power.lowest - 1
    if decision.action is ChargingStep.START:
        # Every charge begins at 5 A; a lower current is another decision.
        amps = max(amps, min(FIRST_AMPS, situation.vehicle.power.highest))
    if decision.action in {ChargingStep.HANDS_OFF, ChargingStep.STOP} or not amps:
        return decision
    return replace(decision, figures={**decision.figures, "amps": amps})


def _next_charge(situation: ChargingSituation) -> dict[str, float]:
    """The figure of the next planned charge, if there is one."""
    return {} if situation.next_charge is None else {"next": situation.next_charge}


def _renewed(situation: ChargingSituation, memory: Memory) -> Memory:
    """The memory with what ends on its own: the day, the plug, an override, another range."""
    vehicle = situation.vehicle
    if memory.day != situation.day:
        memory = replace(memory, day=situation.day, starts=0)
    memory = memory.without_future(situation.now, ENDED_REST)
    if vehicle.plug is Plug.UNPLUGGED and (memory.sent or memory.taken_over or memory.costs):
        memory = Memory(day=situation.day, starts=memory.starts)
    if vehicle.at_home is False and (memory.sent or memory.costs):
        # Not the takeover: a position that drifts must not end it.
        memory = replace(memory, sent=None, costs=(), advanced_at=None)
    if situation.resumed and memory.taken_over:
        memory = replace(memory, taken_over=False, sent=None)
    if memory.costs and len(memory.costs) != len(vehicle.power.currents) + 1:
        memory = replace(memory, costs=(), advanced_at=None)
    if _has_ended_at_once(situation, memory):
        rests_until = situation.now + ENDED_REST
        memory = replace(memory, sent=None, started_at=None, rests_until=rests_until)
    return _with_takeover(vehicle, memory)


def _with_takeover(vehicle: ChargingVehicle, memory: Memory) -> Memory:
    """The memory after something else started, stopped or changed the charge."""
    if vehicle.commanded_by_person:
        return replace(memory, taken_over=True)
    if memory.sent is None or not _contradicts(vehicle, memory.sent):
        return memory
    if vehicle.by_own_schedule:
        # Our schedule explains it only for a while, and no person acted after that either.
        return replace(memory, sent=None, started_at=None)
    return replace(memory, taken_over=True)


def _has_ended_at_once(situation: ChargingSituation, memory: Memory) -> bool:
    """Whether the vehicle or its charger ended our start within the time that it needs to show."""
    vehicle, last = situation.vehicle, memory.sent
    return (
        last is not None
        and last.amps > 0
        and vehicle.plug is Plug.STOPPED
        and last.at < vehicle.reported_at < last.at + OVERRIDE_AFTER <= situation.now
    )


def _contradicts(vehicle: ChargingVehicle, last: Sent) -> bool:
    """Whether a charge was started, stopped or changed by something else since our last command."""
    settled_at = last.at + OVERRIDE_AFTER
    if vehicle.reported_at >= settled_at:
        if last.amps == 0:
            return vehicle.plug is Plug.CHARGING
        if vehicle.plug is Plug.STOPPED:
            return True
    requested_at = vehicle.reported_at if vehicle.requested_at is None else vehicle.requested_at
    if last.amps == 0 or requested_at < settled_at:
        return False
    if vehicle.plug is not Plug.CHARGING or vehicle.requested is None:
        return False
    # A wall box may offer less than before.
    return vehicle.requested != min(max(last.amps, FIRST_AMPS), vehicle.power.highest)


def _absent(situation: ChargingSituation, memory: Memory) -> ChargingDecision | None:
    """Hands off where there is nothing to steer."""
    vehicle = situation.vehicle
    reason: Reason | None = None
    if situation.mode is ChargingMode.OFF:
        reason = Reason.OFF
    elif vehicle.plug is None:
        reason = Reason.PORT_UNKNOWN
    elif vehicle.plug is Plug.UNPLUGGED:
        reason = Reason.UNPLUGGED
    elif vehicle.plug is Plug.NO_POWER:
        reason = Reason.NO_POWER
    elif vehicle.in_service:
        reason = Reason.IN_SERVICE
    elif vehicle.fast_charging:
        reason = Reason.FAST_CHARGING
    elif vehicle.at_home is None:
        reason = Reason.PLACE_UNKNOWN
    elif not vehicle.at_home:
        reason = Reason.AWAY
    elif memory.taken_over:
        reason = Reason.TAKEN_OVER
    return None if reason is None else ChargingDecision(ChargingStep.HANDS_OFF, reason, memory)


def _grid_down(situation: ChargingSituation, memory: Memory) -> ChargingDecision | None:
    """Stop in an outage: the vehicle would empty the home battery."""
    if situation.house.grid_up is not False:
        return None
    return _stop(situation, memory, Reason.GRID_DOWN)


def _complete(situation: ChargingSituation, memory: Memory) -> ChargingDecision | None:
    """Nothing near the limit: a start would be refused, or end at once."""
    vehicle = situation.vehicle
    figures = {} if vehicle.limit is None else {"limit": vehicle.limit}
    if vehicle.plug is Plug.COMPLETE:
        return ChargingDecision(ChargingStep.HANDS_OFF, Reason.COMPLETE, memory, figures=figures)
    if vehicle.level is None or vehicle.limit is None or vehicle.plug is Plug.CHARGING:
        return None
    if vehicle.level <= vehicle.limit - NEAR_LIMIT:
        return None
    return ChargingDecision(ChargingStep.KEEP, Reason.COMPLETE, memory, figures=figures)


def _at_once(situation: ChargingSituation, memory: Memory) -> ChargingDecision | None:
    """Charge at the highest current if the level, the mode or the plan asks for it."""
    vehicle, last = situation.vehicle, memory.sent
    floor = situation.floor_level
    if last is not None and last.amps == vehicle.power.highest:
        # A level falls again after a stop, and would start the next charge.
        floor += FLOOR_MARGIN
    if vehicle.level is not None and situation.floor_level and vehicle.level < floor:
        figures = {"level": vehicle.level, "floor": situation.floor_level}
        return _full(situation, memory, Reason.BELOW_FLOOR, figures)
    if situation.plan is PlanDemand.LATE:
        return _full(situation, memory, Reason.PLAN_LATE)
    if situation.spending is SpendingMode.STOPPED:
        return _stop(situation, memory, Reason.SPENDING_STOPPED)
    if situation.mode is ChargingMode.NOW:
        return _full(situation, memory, Reason.NOW)
    return _slot(situation, memory) if situation.plan is PlanDemand.SLOT else None


def _slot(situation: ChargingSituation, memory: Memory) -> ChargingDecision:
    """Charge in a slot of the plan, unless the vehicle is about to start without a command."""
    if situation.vehicle.starts_alone and _state(situation, memory) == 0:
        return ChargingDecision(ChargingStep.KEEP, Reason.PLAN_SLOT, memory)
    return _full(situation, memory, Reason.PLAN_SLOT)


def _no_surplus(situation: ChargingSituation, memory: Memory) -> ChargingDecision | None:
    """Without a surplus to trust: start nothing, and step down in time what charges."""
    house, now = situation.house, situation.now
    oldest = now - max(MIN_STALE, 3 * house.interval)
    measured_at = None if house.surplus is None else house.measured_at
    if measured_at is not None and measured_at >= oldest and not house.is_sign_wrong:
        return None
    reason = Reason.METER_SIGN if house.is_sign_wrong else Reason.METER_SILENT
    if situation.mode is ChargingMode.CHEAPEST_HOURS:
        return _stop(situation, memory, Reason.PLAN_WAITS, _next_charge(situation))
    if _state(situation, memory) == 0:
        memory = replace(memory, costs=(), advanced_at=None)
        return ChargingDecision(ChargingStep.KEEP, reason, memory)
    lost_at = now if memory.surplus_lost_at is None else memory.surplus_lost_at
    memory = replace(memory, costs=(), advanced_at=None, surplus_lost_at=lost_at)
    if now - lost_at >= STALE_STOP and situation.mode is not ChargingMode.SUN_AND_LOWEST:
        return _stop(situation, memory, reason)
    if now - lost_at >= STALE_HOLD:
        return _set(situation, memory, situation.vehicle.power.lowest, reason)
    return ChargingDecision(ChargingStep.KEEP, reason, memory)


def _sun(situation: ChargingSituation, memory: Memory) -> ChargingDecision:
    """Follow the sun by the work function."""
    vehicle = situation.vehicle
    surplus = situation.house.surplus or 0.0
    gains = Gains(vehicle.power, situation.prices, GRID_WEIGHTS[situation.mode]).at(surplus)
    costs = _change_costs(situation)
    lowest = vehicle.power.lowest
    before = memory.costs or (0.0,) * len(gains)
    elapsed = TICK if memory.advanced_at is None else situation.now - memory.advanced_at
    hours = min(max(elapsed, 0.0), MAX_INTERVAL) / 3600
    work = advance(before, gains, hours, costs, lowest)
    memory = replace(memory, costs=tuple(work), advanced_at=situation.now, surplus_lost_at=None)
    state = _state(situation, memory)
    best = best_state(work, gains, state, costs, lowest)
    if situation.spending is SpendingMode.FRUGAL and state and best != state:
        # The current is not changed, so the choice is between this one and none.
        only_stop = [cost if index in {0, state} else inf for index, cost in enumerate(work)]
        best = best_state(only_stop, gains, state, costs, lowest)
    if situation.mode is ChargingMode.SUN_AND_LOWEST:
        best = max(best, 1)
    decision = _go(situation, memory, state, best)
    figures = {"surplus": surplus, "needed": vehicle.power.lowest_kilowatts}
    if decision.reason is Reason.PLAN_WAITS:
        figures |= _next_charge(situation)
    if decision.reason is Reason.RESTS:
        starts = {"starts": memory.starts} if memory.starts >= MAX_STARTS else {}
        figures |= _rest(situation.now, memory) or starts
    if (allowed := situation.allowance.commands) and situation.allowance.used >= allowed:
        figures |= {"used": situation.allowance.used, "allowed": allowed}
    return replace(decision, figures=figures)


def _go(situation: ChargingSituation, memory: Memory, state: int, best: int) -> ChargingDecision:
    """Go from a state to the best one, unless something stands against it."""
    now = situation.now
    amps = best + situation.vehicle.power.lowest - 1 if best else 0
    is_kept = True
    if situation.stands and state:
        reason = Reason.STANDS
    elif best == state:
        reason = Reason.FOLLOWS_SUN
        if state == 0:
            waits = situation.plan is PlanDemand.WAIT
            reason = Reason.PLAN_WAITS if waits else Reason.WAITS_FOR_SUN
    elif best == 0:
        reason = Reason.SURPLUS_ENDED
        if is_kept := memory.started_at is not None and now - memory.started_at < MIN_ON:
            reason = Reason.KEEPS_MINIMUM
    elif situation.spending is SpendingMode.FRUGAL:
        reason = Reason.SPENDING_FRUGAL
    elif state == 0 and not _may_start(now, memory):
        reason = Reason.RESTS
    else:
        reason, is_kept = Reason.FOLLOWS_SUN, False
    if is_kept:
        return ChargingDecision(ChargingStep.KEEP, reason, memory)
    if best == 0:
        return ChargingDecision(ChargingStep.STOP, reason, memory, saves=True)
    return ChargingDecision(ChargingStep.SET if state else ChargingStep.START, reason, memory, amps)


def _may_start(now: float, memory: Memory) -> bool:
    """Whether the limits of the hardware allow a start for the sun."""
    has_rested = not _pause(now, memory) and not _rest(now, memory)
    return has_rested and memory.starts < MAX_STARTS


def _pause(now: float, memory: Memory) -> dict[str, float]:
    """The figure of the time until which to pause, if a stop was a moment ago."""
    stopped_at = memory.stopped_at
    is_over = stopped_at is None or now - stopped_at >= MIN_OFF
    return {} if stopped_at is None or is_over else {"until": stopped_at + MIN_OFF}


def _rest(now: float, memory: Memory) -> dict[str, float]:
    """The figure of the time until which to rest, if the last start ended at once."""
    until = memory.rests_until
    return {} if until is None or now >= until else {"until": until}


_RULES: Final[tuple[_ChargingRule, ...]] = (
    _absent,
    _grid_down,
    _complete,
    _at_once,
    _no_surplus,
    _sun,
)


def _state(situation: ChargingSituation, memory: Memory) -> int:
    """Index of the state that the vehicle is in, or will be in after our last command."""
    vehicle, last = situation.vehicle, memory.sent
    is_settled = last is not None and situation.now >= last.at + OVERRIDE_AFTER
    if last is not None and vehicle.reported_at < last.at + (0 if is_settled else OVERRIDE_AFTER):
        amps = last.amps
    elif vehicle.plug is not Plug.CHARGING:
        amps = 0
    else:
        amps = last.amps if last is not None and last.amps else vehicle.requested or FIRST_AMPS
    if amps == 0:
        return 0
    return min(max(amps, vehicle.power.lowest), vehicle.power.highest) - vehicle.power.lowest + 1


def _change_costs(situation: ChargingSituation) -> ChangeCosts:
    """Costs of changes; saving raises all of them but a stop, which saves money itself."""
    allowance, tuning = situation.allowance, situation.tuning
    factor = THRIFTY_FACTOR if situation.spending is SpendingMode.THRIFTY else 1.0
    if allowance.commands:
        excess = allowance.used / allowance.commands - allowance.day_share
        factor *= min(MAX_ALLOWANCE_FACTOR, max(1.0, ALLOWANCE_BASE ** (4 * excess)))
    command = float(situation.tesla.command)
    wake = float(situation.tesla.wake) * (1.0 if situation.vehicle.asleep else AWAKE_WAKE_SHARE)
    stop = tuning.switch_commands * command + tuning.switch_wakes * wake
    return ChangeCosts(
        change=tuning.change_commands * command * factor,
        start=stop + tuning.switch_commands * command * (factor - 1),
        stop=stop,
        look_ahead=tuning.look_ahead,
    )


def _full(
    situation: ChargingSituation,
    memory: Memory,
    reason: Reason,
    figures: Mapping[str, float] = MappingProxyType({}),
) -> ChargingDecision:
    """Charge at the highest current."""
    highest = situation.vehicle.power.highest
    if _state(situation, memory) == 0:
        if rest := _rest(situation.now, memory) or _pause(situation.now, memory):
            return ChargingDecision(ChargingStep.KEEP, Reason.RESTS, memory, figures=rest)
        return ChargingDecision(ChargingStep.START, reason, memory, highest, figures)
    return _set(situation, memory, highest, reason, figures)


def _set(
    situation: ChargingSituation,
    memory: Memory,
    amps: int,
    reason: Reason,
    figures: Mapping[str, float] = MappingProxyType({}),
) -> ChargingDecision:
    """Set the current of a vehicle that charges, unless it is set."""
    if _state(situation, memory) == amps - situation.vehicle.power.lowest + 1:
        return ChargingDecision(ChargingStep.KEEP, reason, memory, amps, figures)
    return ChargingDecision(ChargingStep.SET, reason, memory, amps, figures)


def _stop(
    situation: ChargingSituation,
    memory: Memory,
    reason: Reason,
    figures: Mapping[str, float] = MappingProxyType({}),
) -> ChargingDecision:
    """Stop charging, unless it is stopped. A stop saves money and is never refused."""
    if _state(situation, memory) == 0:
        return ChargingDecision(ChargingStep.KEEP, reason, memory, figures=figures)
    return ChargingDecision(ChargingStep.STOP, reason, memory, figures=figures, saves=True)
