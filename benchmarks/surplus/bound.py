"""The bound: the most money that anyone could have made, knowing every minute before it comes.

A backward dynamic programme on the minutes, over off (for 0 to 15 minutes, asleep from then on) and
each current. Prices as for the contestants, but without any delay, so that it is above all of them.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.surplus.minutes import Minutes
from benchmarks.surplus.money import COMMAND, FEED_IN, GRID, STORED, VOLTS, WAKE, into_battery
from benchmarks.surplus.world import FIRST, HIGHEST

OFF_MINUTES: Final = 16

type _Floats = npt.NDArray[np.float64]


def bounds(cases: Iterable[tuple[Minutes, int]], lowest: int) -> list[float]:
    """The bound of each case: its surplus and its phases."""
    surplus, phases = zip(*cases, strict=True)
    return [
        float(value)
        for value in _values(np.array(surplus), np.array(phases, dtype=np.float64), lowest)
    ]


def _values(surplus: _Floats, phases: _Floats, lowest: int) -> _Floats:
    """Value of being asleep at the first minute; a row of `surplus` is a case."""
    currents = np.arange(lowest, HIGHEST + 1)
    drawn = phases[:, None] * currents * VOLTS / 1000
    stored = np.vectorize(into_battery)(drawn) * STORED
    is_low = currents < FIRST
    start = np.where(currents == FIRST, COMMAND, np.where(is_low, 3 * COMMAND, 2 * COMMAND))
    down = np.where(is_low, 2 * COMMAND, COMMAND)
    off = np.zeros((len(surplus), OFF_MINUTES))
    on = np.zeros(drawn.shape)
    for minute in range(surplus.shape[1] - 1, -1, -1):
        available = np.maximum(surplus[:, minute, None], 0.0)
        sun = np.minimum(available, drawn)
        charges = (stored - FEED_IN * sun - GRID * (drawn - sun)) / 60 + on
        waits = np.concatenate((off[:, 1:], off[:, -1:]), axis=1)
        best_start = (charges - start).max(axis=1)
        off = np.maximum(waits, best_start[:, None])
        off[:, -1] = np.maximum(waits[:, -1], best_start - WAKE)
        on = np.maximum(charges, waits[:, :1] - COMMAND)
        on = np.maximum(on, (charges - down).max(axis=1)[:, None])
        # From below 5 A every current takes one command.
        changed = (charges - COMMAND).max(axis=1)[:, None]
        on[:, is_low] = np.maximum(on[:, is_low], changed)
    return off[:, -1]
