"""Contestants that others ship, by the rules that their sources and documents state.

Each knows the current that the vehicle draws now, and the meter's last reading. Simplified where
the surroundings are missing; docs/benchmarks.md says where.
"""

from collections import deque
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from benchmarks.surplus.money import VOLTS
from benchmarks.surplus.world import FIRST, HIGHEST, World

TSC_LOCK: Final = 25
TSC_DELAY: Final = 300
OPENEVSE_MIN_ON: Final = 600
"""Seconds."""


def _free_amps(world: World) -> float:
    """Amperes that the vehicle could draw: its own and what is fed in, by the last reading."""
    return world.amps - world.grid / world.kilowatts_per_amp


def _wanted(world: World, amps: int) -> None:
    """Send a current if it is not the last one that was sent."""
    if world.requested != amps:
        world.set_amps(amps)


@dataclass(slots=True)
class Naive:
    """An automation that each minute sets what is free, rounded down, and starts and stops at 5 A.

    Through core every run sends; through Flotte only changes are sent.
    """

    sends_always: bool
    period: int = 60
    lowest: int = FIRST

    def decide(self, world: World) -> None:
        """Run the automation."""
        if world.now % self.period:
            return
        amps = min(int(_free_amps(world)), HIGHEST)
        if amps < self.lowest:
            if world.charging:
                world.stop()
            return
        if not world.charging:
            _wanted(world, max(amps, FIRST))
            world.start()
        elif self.sends_always:
            world.set_amps(amps)
        else:
            _wanted(world, amps)


@dataclass(slots=True)
class Evcc:
    """evcc's mode `pv`: every 30 s, whole amperes cut off, 60 s to start and 180 s to stop."""

    lowest: int
    start_after: int = 60
    stop_after: int = 180
    period: int = 30
    start_share: float = 1.0
    """Share of the lowest current that has to be free for a start."""
    stop_grid: float = 0.0
    """kW from the grid, as a share of the lowest power, from which a stop counts."""
    rounding: float = 0.0
    _above_since: int | None = None
    _below_since: int | None = None

    def decide(self, world: World) -> None:
        """Run the loop."""
        if world.now % self.period:
            return
        own = min(world.amps + 2, float(world.requested)) if world.charging else 0.0
        target = own - world.grid / world.kilowatts_per_amp
        if not world.charging:
            if target < self.lowest * self.start_share:
                self._above_since = None
                return
            self._above_since = world.now if self._above_since is None else self._above_since
            if world.now - self._above_since >= self.start_after:
                self._above_since = self._below_since = None
                _wanted(world, max(self.lowest, FIRST))
                world.start()
            return
        if target < self.lowest:
            limit = self.stop_grid * self.lowest * world.kilowatts_per_amp
            if world.grid < limit:
                self._below_since = None
            else:
                self._below_since = world.now if self._below_since is None else self._below_since
                if world.now - self._below_since >= self.stop_after:
                    self._above_since = self._below_since = None
                    world.stop()
                    return
        else:
            self._below_since = None
        _wanted(world, max(self.lowest, min(int(target + self.rounding), HIGHEST)))


@dataclass(slots=True)
class TeslaSolarCharger:
    """TeslaSolarCharger: every 30 s, not within 25 s of a change; 5 min to start and to stop."""

    lowest: int
    _changed_at: int = -60
    _above_since: int | None = None
    _below_since: int | None = None

    def decide(self, world: World) -> None:
        """Run the loop."""
        if world.now % 30 or world.now - self._changed_at < TSC_LOCK:
            return
        if world.grid_at < self._changed_at:
            return
        amps = int(round(_free_amps(world), 1))
        if not world.charging:
            if amps < self.lowest:
                self._above_since = None
                return
            self._above_since = world.now if self._above_since is None else self._above_since
            if world.now - self._above_since >= TSC_DELAY:
                self._above_since = None
                _wanted(world, max(min(amps, HIGHEST), FIRST))
                world.start()
                self._changed_at = world.now + 25
            return
        if amps < self.lowest:
            self._below_since = world.now if self._below_since is None else self._below_since
            if world.now - self._below_since >= TSC_DELAY:
                self._below_since = None
                world.stop()
                world.set_amps(HIGHEST)
                self._changed_at = world.now
                return
        else:
            self._below_since = None
        amps = max(self.lowest, min(amps, HIGHEST))
        if world.requested != amps:
            world.set_amps(amps)
            self._changed_at = world.now


@dataclass(slots=True)
class SolarCharger:
    """SolarCharger (an integration of Home Assistant): every 60 s, pauses by a median of 10 min."""

    lowest: int
    _powers: deque[float] = field(default_factory=lambda: deque(maxlen=10))

    def decide(self, world: World) -> None:
        """Run the loop."""
        if world.now % 60:
            return
        free = _free_amps(world)
        self._powers.append(free)
        middle = median(self._powers)
        if not world.charging:
            if len(self._powers) == self._powers.maxlen and middle >= 1.1 * self.lowest:
                _wanted(world, 6)
                world.start()
            return
        if middle < self.lowest and free < self.lowest:
            world.stop()
            return
        amps = round(world.amps - (world.grid * 1000 / VOLTS / world.phases + 0.3))
        _wanted(world, max(self.lowest, min(amps, HIGHEST)))


@dataclass(slots=True)
class OpenEvse:
    """OpenEVSE's divert: smoothed for starts and stops, at least 10 minutes on."""

    lowest: int
    _smoothed: float = 0.0
    _started_at: int = -600

    def decide(self, world: World) -> None:
        """Run the loop."""
        if world.now % 30:
            return
        free = _free_amps(world)
        constant = 20 if free > self._smoothed else 600
        self._smoothed += (free - self._smoothed) * (1 - 2.718281828 ** (-30 / constant))
        if not world.charging:
            if self._smoothed >= self.lowest + 0.5:
                _wanted(world, max(min(int(free), HIGHEST), FIRST))
                world.start()
                self._started_at = world.now
            return
        if self._smoothed < self.lowest and world.now - self._started_at >= OPENEVSE_MIN_ON:
            world.stop()
            return
        _wanted(world, max(self.lowest, min(int(free), HIGHEST)))


def searched_thresholds(lowest: int) -> Evcc:
    """A controller of evcc's form, with the best of 60 random settings on the training cases.

    They were searched at 5 A.
    """
    return Evcc(lowest, 0, 60, 60, start_share=0.64, stop_grid=0.42, rounding=0.5)
