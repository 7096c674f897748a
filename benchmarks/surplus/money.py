"""Money of the benchmark, in EUR."""

from dataclasses import dataclass
from typing import Final

GRID: Final = 0.32
FEED_IN: Final = 0.08
NIGHT: Final = 0.18
"""A kWh bought at night."""
NIGHT_EFFICIENCY: Final = 0.907
STORED: Final = NIGHT / NIGHT_EFFICIENCY
"""Worth of a kWh in the battery."""
COMMAND: Final = 0.001
WAKE: Final = 0.02
CHARGER: Final = 0.93
OWN_USE: Final = 0.25
VOLTS: Final = 230.0


def into_battery(kilowatts: float) -> float:
    """Power that reaches the battery of a vehicle drawing `kilowatts`."""
    return max(0.0, CHARGER * kilowatts - OWN_USE)


@dataclass(frozen=True, slots=True)
class Result:
    """A run of a contestant; money and energy (kWh) of the whole run."""

    days: float
    net: float
    stored: float
    sun: float
    available: float
    """Surplus that could have been used."""
    grid: float
    commands: int
    worst_day: int
    wakes: int
    starts: int

    @property
    def bill(self) -> float:
        """Tesla's bill."""
        return self.commands * COMMAND + self.wakes * WAKE
