"""The computer behind gear and speed, which stops reporting soon after each park.

Real cars stream `Gear` and `VehicleSpeed` as invalid 5 to 20 s after a park while everything else
goes on, and the speed never comes to 0 first. Source: captures of real cars, 2024 to 2026.
"""

from dataclasses import dataclass

SHORTEST_LINGER = 5.0
LONGEST_LINGER = 20.0
"""Seconds from parking, leaving or waking until it stops reporting."""
FLIP_SECONDS = 70.0
"""How long a Model S or X with an Intel Atom reports P, and then nothing, in turn."""


@dataclass
class Drivetrain:
    """Whether gear and speed are reported."""

    flips: bool
    """Whether a parked car comes and goes, as cars with an Intel Atom do."""
    is_on: bool = False
    stops_at: float | None = None
    """Unix time at which it stops reporting; None while it stays as it is."""
    stopped_at: float | None = None
    """When it stopped in a car that is still awake."""
    is_speed_held: bool = False
    """Whether the last speed of a drive stands, because the 0 at its end is never reported."""

    def start(self) -> None:
        """Report until told to linger: somebody drives or sits in the car."""
        self.is_on = True
        self.stops_at = None
        self.is_speed_held = False

    def linger(self, now: float) -> None:
        """Go on for 5 to 20 s, which look like chance and depend on the time alone."""
        if self.is_on:
            span = LONGEST_LINGER - SHORTEST_LINGER
            self.stops_at = now + SHORTEST_LINGER + now * 0.618_033_988_7 % 1.0 * span

    def park(self, now: float) -> None:
        """Come to rest after a drive."""
        self.is_speed_held = True
        self.linger(now)

    def stop(self, now: float) -> None:
        """Stop reporting in a car that stays awake."""
        self.sleep()
        self.stopped_at = now

    def sleep(self) -> None:
        """Stop for good, with the car."""
        self.is_on = False
        self.stops_at = None
        self.stopped_at = None
        self.is_speed_held = False

    def reports_gear(self, now: float) -> bool:
        """Whether there is a gear at this Unix time, which must not lie before the last event."""
        if self.is_on or not self.flips or self.stopped_at is None:
            return self.is_on
        return (now - self.stopped_at) // FLIP_SECONDS % 2 == 1
