"""Money that charging earns: energy in the battery, less what grid and forgone feed-in cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from .power import ChargingPower, into_battery

NIGHT_EFFICIENCY: Final = 0.907
"""Share of a kWh from the grid that reaches the battery at 11 kW; see `power`."""


@dataclass(frozen=True, slots=True)
class EnergyPrices:
    """Prices of a kWh, in one currency. Floats: a decision compares them, nothing is billed."""

    grid: float
    """A kWh bought."""
    feed_in: float
    """A kWh sold."""
    later: float
    """A kWh from the grid at the time when the vehicle would be charged otherwise, as at night."""

    @property
    def stored(self) -> float:
        """Worth of a kWh in the battery."""
        return self.later / NIGHT_EFFICIENCY


@dataclass(frozen=True, slots=True)
class Changes:
    """Prices of what Tesla charges for steering."""

    command: Decimal | float
    wake: Decimal | float


class Gains:
    """Gain per hour of every state of a charge: off first, then each current from the lowest.

    `grid_weight` multiplies the price of bought energy: above 1 the grid is avoided beyond its
    price.
    """

    __slots__ = ("_feed_in", "_grid", "_kilowatts", "_stored")

    def __init__(self, power: ChargingPower, prices: EnergyPrices, grid_weight: float) -> None:
        self._kilowatts = [0.0, *(power.kilowatts(amps) for amps in power.currents)]
        self._stored = [prices.stored * into_battery(drawn) for drawn in self._kilowatts]
        self._grid = prices.grid * grid_weight
        self._feed_in = prices.feed_in

    def at(self, surplus: float) -> list[float]:
        """Gains per hour at a surplus in kW; without surplus, all of it is bought."""
        grid, feed_in = self._grid, self._feed_in
        if surplus <= 0:
            return [
                stored - grid * drawn
                for stored, drawn in zip(self._stored, self._kilowatts, strict=True)
            ]
        sold = feed_in * surplus
        return [
            stored - feed_in * drawn
            if drawn <= surplus
            else stored - sold - grid * (drawn - surplus)
            for stored, drawn in zip(self._stored, self._kilowatts, strict=True)
        ]
