"""Money that charging earns: energy in the battery, less what grid and forgone feed-in cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from .power import ChargingPower, into_battery

NIGHT_EFFICIENCY: Final = 0.907
"""Share of a kWh from the grid that reaches the battery at 11 kW; see `power`."""

GRID_PRICE: Final = 0.32
"""Price of a kWh where none is known: the one of the benchmark, a usual one in euro."""
MIN_GRID_PRICE: Final = 0.08
"""Least price that following the sun counts with, a quarter of the usual one. Below, no command
would be worth its price."""
FEED_IN_RATIO: Final = 0.25
"""Price of a kWh sold, as a share of one bought: of the benchmark, and the most that counts."""
LATER_RATIOS: Final = (0.4, 0.5625)
"""Price of a kWh at another time, as a share of one bought: the least at which the sun is worth
more in the battery than sold, and the one of the benchmark (0.18 of 0.32)."""


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


def sun_prices(grid: float | None, feed_in: float | None, later: float | None) -> EnergyPrices:
    """Prices for following the sun, from those of the contract; None is unknown.

    How much of the grid a sun mode accepts was measured at one ratio of the prices. At other ratios
    the modes would not do as they say: with a fixed price, a kWh from the grid is worth more in the
    battery than it costs, so "sun first" would charge at night; where selling pays well, "sun only"
    would never charge. So the ratios stay where the modes do as they say, and the prices decide
    mainly how many commands a kWh is worth.

    A price of 0 or less (of a dynamic tariff) makes no sun mode charge from the grid: that is for
    the cheapest hours, which plan it. Of the prices now and later the dearer one counts, so that a
    price that changes each hour neither starts nor stops anything.
    """
    known = [price for price in (grid, later) if price is not None]
    dearest = max(known, default=GRID_PRICE)
    scale = max(dearest, MIN_GRID_PRICE)
    low, high = (ratio * scale for ratio in LATER_RATIOS)
    most_sold = FEED_IN_RATIO * scale
    return EnergyPrices(
        grid=scale,
        feed_in=most_sold if feed_in is None else min(max(feed_in, 0.0), most_sold),
        later=high if later is None else min(max(later, low), high),
    )


def planned_prices(
    grid: float | None, feed_in: float | None, cheapest: float | None, planned: float | None
) -> EnergyPrices:
    """Prices for following the sun beside a plan, in the mode of the cheapest hours.

    A kWh of the sun saves one of the dearest planned quarter. If nothing has to be bought, it saves
    one of the next cheap hours, or only the sun of tomorrow: the mean of both counts. In this mode,
    a cheap grid may well charge the vehicle.

    Args:
        grid: A kWh bought now; None is unknown, here and below.
        feed_in: A kWh sold.
        cheapest: A kWh bought in the next cheap hours.
        planned: A kWh in the dearest planned quarter; None if nothing is to be bought.
    """
    usual = sun_prices(grid, feed_in, cheapest)
    if grid is None or cheapest is None:
        return usual
    sold = usual.feed_in if feed_in is None else feed_in
    return EnergyPrices(grid, sold, (sold + cheapest) / 2 if planned is None else planned)


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
