"""Power that a charging vehicle draws at each current, and what of it reaches the battery."""

from dataclasses import dataclass
from typing import Final

FIRST_AMPS: Final = 5
"""A: every charge begins at this current at least, whatever was set before. Owners report it for
every interface of Tesla (2021 to 2025)."""
BATTERY_SHARE: Final = 0.93
"""Share of the power that the charger of the vehicle passes on."""
OWN_USE: Final = 0.25
"""kW that a vehicle uses itself while it charges, whatever the current. Reports say 0.2 to 0.35."""
VOLTS: Final = (50, 500)
"""Lowest and highest voltage that is believed."""


@dataclass(frozen=True, slots=True)
class ChargingPower:
    """Currents that a vehicle can be set to, and their power.

    `volts` and `phases` as measured (`phases` 1 or 3), `lowest` and `highest` in A per phase.
    Raises ValueError for a range or a voltage that cannot be.
    """

    volts: float
    phases: int
    lowest: int
    highest: int

    def __post_init__(self) -> None:
        """Refuse a range without currents, and what is no voltage of a wall box."""
        if not 0 < self.lowest <= self.highest:
            raise ValueError(f"no current between {self.lowest} and {self.highest} A")
        if self.phases not in {1, 3} or not VOLTS[0] <= self.volts <= VOLTS[1]:
            raise ValueError(f"{self.phases} phases of {self.volts} V")

    @property
    def currents(self) -> range:
        """The currents in A, from the lowest."""
        return range(self.lowest, self.highest + 1)

    def kilowatts(self, amps: float) -> float:
        """Power at a current."""
        return self.volts * self.phases * amps / 1000

    @property
    def lowest_kilowatts(self) -> float:
        """Power at the lowest current."""
        return self.kilowatts(self.lowest)

    @property
    def highest_kilowatts(self) -> float:
        """Power at the highest current."""
        return self.kilowatts(self.highest)


def into_battery(kilowatts: float) -> float:
    """Power in kW that reaches the battery while the vehicle draws `kilowatts`."""
    return max(0.0, BATTERY_SHARE * kilowatts - OWN_USE)
