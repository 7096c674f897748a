"""Work function: the least that could have been paid so far to stand at each current now.

Every interval adds to each state (off, and each current) the gain that was missed there. A state
never costs more than the cheapest other state and the price of changing from it. The state to go to
is the one that past and price of the change recommend: a passing cloud does not pay for a change, a
lasting one does. This needs no thresholds and no timers. The method is known from online algorithms
for metrical task systems (Borodin, Linial and Saks, 1992).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .power import FIRST_AMPS

BELOW_FIRST: Final = 1.5
"""A change from 5 A or more to less takes two commands."""
RAMP: Final = 30.0
"""Seconds that a start stays at 5 A before a lower current is reached."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Weights of changes, found by a random search on the training cases of the benchmark.

    A change counts as more than the one command it takes, because most changes are taken back.
    """

    change_commands: float = 2.16
    """Commands that a change of the current counts as."""
    switch_commands: float = 3.25
    """Commands that a start, or a stop, counts as."""
    switch_wakes: float = 0.36
    """Wakes that it counts as."""
    look_ahead: float = 150.0
    """Seconds for which the present surplus is taken to last."""


TUNING: Final = Tuning()


@dataclass(frozen=True, slots=True)
class ChangeCosts:
    """Costs that changes are counted with, in the currency of the prices, and how far to look."""

    change: float
    start: float
    stop: float
    look_ahead: float
    """Seconds."""


def advance(
    costs: Sequence[float],
    gains: Sequence[float],
    hours: float,
    change_costs: ChangeCosts,
    lowest: int,
) -> list[float]:
    """Costs of all states after an interval; the least is 0.

    `gains` per hour, both from off to the highest current, `lowest` in A.
    """
    advanced = [cost - gain * hours for cost, gain in zip(costs, gains, strict=True)]
    least_on = min(advanced[1:])
    off = min(advanced[0], least_on + change_costs.stop)
    most_on = off + change_costs.start
    limit = low_limit = min(least_on + change_costs.change, most_on)
    low_end = max(1, FIRST_AMPS - lowest + 1)
    if min(advanced[1:low_end], default=0.0) > least_on:
        low_limit = min(least_on + BELOW_FIRST * change_costs.change, most_on)
    floor = min(off, least_on)
    return [
        off - floor,
        *(min(cost, low_limit) - floor for cost in advanced[1:low_end]),
        *(min(cost, limit) - floor for cost in advanced[low_end:]),
    ]


def best_state(
    costs: Sequence[float],
    gains: Sequence[float],
    state: int,
    change_costs: ChangeCosts,
    lowest: int,
) -> int:
    """Index of the state to go to from `state`; the same index if nothing is to be gained."""
    hours = change_costs.look_ahead / 3600
    stay = costs[state] - gains[state] * hours
    first = max(1, FIRST_AMPS - lowest + 1)
    best, most = state, 0.0
    if state == 0:
        base, below = stay - change_costs.start, 0.0
        first_gain = gains[min(first, len(gains) - 1)]
    else:
        base = stay - change_costs.change
        below = (BELOW_FIRST - 1) * change_costs.change if state >= first else 0.0
        first_gain = None
    for index in range(1, len(costs)):
        profit = base - costs[index] + gains[index] * hours
        if index < first:
            profit -= below
            if first_gain is not None:
                profit -= max(0.0, gains[index] - first_gain) * RAMP / 3600
        if profit > most and index != state:
            best, most = index, profit
    if state and stay - change_costs.stop - costs[0] + gains[0] * hours > most:
        best = 0
    return best
