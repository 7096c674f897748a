"""The computer behind gear and speed, which stops reporting soon after each park.

Real cars stream `Gear` and `VehicleSpeed` as invalid 5 to 20 s after a park while everything else
continues, and the speed is never 0 before that. Source: captures of real cars, 2024 to 2026.
"""

from dataclasses import dataclass

MIN_LINGER = 5.0
MAX_LINGER = 20.0
"""Seconds from parking, leaving or waking until it stops reporting."""
FLIP_SECONDS = 70.0
"""The time for which a Model S or X with an Intel Atom alternately reports P and nothing."""


@dataclass
class Drivetrain:
    """Whether gear and speed are reported."""

    flips: bool
    """Whether a parked car reports and stops in turn, as cars with an Intel Atom do."""
    is_on: bool = False
    stops_at: float | None = None
    """Unix time at which it stops reporting; None without a change."""
    stopped_at: float | None = None
    """When it stopped in a car that is still awake."""
    is_speed_held: bool = False
    """Whether the last speed of a drive remains, because the 0 at its end is never reported."""

    def start(self) -> None:
        """Report until `linger`: someone drives or sits in the car."""
        self.is_on = True
        self.stops_at = None
        self.is_speed_held = False

    def linger(self, now: float) -> None:
        """Continue for 5 to 20 s, a seemingly random time that depends on the time only."""
        if self.is_on:
            span = MAX_LINGER - MIN_LINGER
            self.stops_at = now + MIN_LINGER + now * 0.618_033_988_7 % 1.0 * span

    def park(self, now: float) -> None:
        """Come to rest after a drive."""
        self.is_speed_held = True
        self.linger(now)

    def stop(self, now: float) -> None:
        """Stop reporting in a car that stays awake."""
        self.sleep()
        self.stopped_at = now

    def sleep(self) -> None:
        """Stop with the car."""
        self.is_on = False
        self.stops_at = None
        self.stopped_at = None
        self.is_speed_held = False

    def reports_gear(self, now: float) -> bool:
        """Whether there is a gear at this Unix time, which must not lie before the last event."""
        if self.is_on or not self.flips or self.stopped_at is None:
            return self.is_on
        return (now - self.stopped_at) // FLIP_SECONDS % 2 == 1
