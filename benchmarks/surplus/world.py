"""A vehicle at a wall box, a meter, and Tesla's bill, in steps of 10 seconds.

The vehicle behaves as owners report: whole amperes, a start at 5 A, the first command below 5 A
only reaches 5 A, a dead time after each command, asleep a quarter of an hour after the last one.
"""

from dataclasses import dataclass, replace
from typing import Final, Protocol

from benchmarks.surplus.minutes import Minutes
from benchmarks.surplus.money import FEED_IN, GRID, STORED, VOLTS, Result, into_battery

STEP: Final = 10
ASLEEP_AFTER: Final = 900
WAKE_SECONDS: Final = 30
MINUTE_PHASE: Final = 20
"""Seconds of a minute that are over when the contestants decide: without it they would know each
minute the moment it begins."""
METER_PHASE: Final = 20
"""Seconds of a minute at which a meter of 60 s is read."""
FIRST: Final = 5
HIGHEST: Final = 16


@dataclass(frozen=True, slots=True)
class Pace:
    """Times of a vehicle: seconds until a start and a change show, and amperes a step from then."""

    start: int
    change: int
    ramp: float
    asleep_after: int = ASLEEP_AFTER
    """Seconds after the last command."""
    wake: int = WAKE_SECONDS


QUICK: Final = Pace(20, 10, 10.0)
SLOW: Final = Pace(60, 30, 2.0)
SUN_HOURS: Final = (6.0, 20.0)
"""Hours over which the commands of a day are spread."""


class World:
    """The house at one moment, as a contestant sees it, and what it may do."""

    def __init__(
        self,
        surplus: Minutes,
        phases: int,
        meter: int,
        pace: Pace,
        *,
        sun_hours: tuple[float, float] = SUN_HOURS,
    ) -> None:
        self._surplus = surplus.tolist()
        self.phases = phases
        self.meter_interval = meter
        self._pace = pace
        self._sun_hours = sun_hours
        self.now = 0
        self.charging = False
        self.requested = FIRST
        self.amps = 0.0
        """The measured current."""
        self.grid = 0.0
        """The meter's last reading in kW; bought is positive."""
        self.grid_at = -1
        self.drawn_at_reading = 0.0
        """kW that the vehicle drew when the meter was read."""
        self._target = 0.0
        self._is_low_asked = False
        """Whether a current below 5 A was asked for once while the vehicle charged."""
        self._applies_at: int | None = None
        self._active_at = -pace.asleep_after
        """The last moment that kept the vehicle awake."""
        self._commands_of_day = [0] * (len(self._surplus) // 1440 + 1)
        self._wakes = self._starts = 0
        self._money = self._stored = self._sun = self._bought = self._available = 0.0

    @property
    def kilowatts_per_amp(self) -> float:
        """Power of an ampere."""
        return VOLTS * self.phases / 1000

    @property
    def drawn(self) -> float:
        """Power that the vehicle draws in kW."""
        return self.amps * self.kilowatts_per_amp

    @property
    def asleep(self) -> bool:
        """Whether the next command needs a wake."""
        return not self.charging and self.now - self._active_at >= self._pace.asleep_after

    @property
    def commands_today(self) -> int:
        """Commands since midnight."""
        return self._commands_of_day[self.now // 86400]

    @property
    def day_share(self) -> float:
        """Share of the hours of sun that is over."""
        rise, down = self._sun_hours
        return min(max((self.now % 86400 / 3600 - rise) / (down - rise), 0.0), 1.0)

    def start(self) -> None:
        """Start charging, at 5 A or at the request if that is higher."""
        is_asleep = self.asleep
        self._command()
        if self.charging:
            return
        self._starts += 1
        self.charging = True
        self.requested = max(self.requested, FIRST)
        self._is_low_asked = False
        self._target = float(self.requested)
        self._applies_at = self.now + self._pace.start + (self._pace.wake if is_asleep else 0)

    def stop(self) -> None:
        """Stop charging."""
        self._command()
        self.charging = False
        self.amps, self._applies_at = 0.0, None

    def set_amps(self, amps: int) -> None:
        """Send one command with a current."""
        self._command()
        if amps >= FIRST:
            self._is_low_asked = False
        elif not self.amps or not self._is_low_asked:
            self._is_low_asked = self.amps > 0
            amps = FIRST
        self.requested = amps
        if self.charging:
            self._target = float(amps)
            if self._applies_at is None or self.amps > 0:
                self._applies_at = self.now + self._pace.change

    def step(self) -> None:
        """Let 10 s pass, then read the meter if it is due."""
        minute = (self.now + MINUTE_PHASE) // 60 % len(self._surplus)
        if self._applies_at is not None and self.now >= self._applies_at:
            self._applies_at = None
        if self.charging and self._applies_at is None:
            ramp = self._pace.ramp
            self.amps += min(max(self._target - self.amps, -ramp), ramp)
        surplus, drawn = self._surplus[minute], self.drawn
        sun = min(max(surplus, 0.0), drawn)
        stored = into_battery(drawn)
        hours = STEP / 3600
        self._money += (stored * STORED - sun * FEED_IN - (drawn - sun) * GRID) * hours
        self._stored += stored * hours
        self._sun += sun * hours
        self._bought += (drawn - sun) * hours
        self._available += max(surplus, 0.0) * hours
        if self.now % self.meter_interval == METER_PHASE % self.meter_interval:
            self.grid, self.grid_at = drawn - surplus, self.now
            self.drawn_at_reading = drawn
        self.now += STEP

    def result(self) -> Result:
        """The result so far."""
        commands = sum(self._commands_of_day)
        result = Result(
            days=self.now / 86400,
            net=self._money,
            stored=self._stored,
            sun=self._sun,
            available=self._available,
            grid=self._bought,
            commands=commands,
            worst_day=max(self._commands_of_day),
            wakes=self._wakes,
            starts=self._starts,
        )
        return replace(result, net=result.net - result.bill)

    def _command(self) -> None:
        self._wakes += self.asleep
        self._active_at = self.now
        self._commands_of_day[self.now // 86400] += 1


class Contestant(Protocol):
    """A way to steer."""

    def decide(self, world: World) -> None:
        """Look at the world after each step of 10 s, and send commands."""


def run_case(
    surplus: Minutes,
    phases: int,
    meter: int,
    pace: Pace,
    steers: Contestant,
    *,
    sun_hours: tuple[float, float] = SUN_HOURS,
) -> Result:
    """Let a contestant steer through all minutes."""
    world = World(surplus, phases, meter, pace, sun_hours=sun_hours)
    for _ in range(len(surplus) * 60 // STEP):
        world.step()
        steers.decide(world)
    return world.result()
