"""The whole loop of charging from the sun: meter, vehicles, surplus, shares and decisions."""

from typing import Final

import pytest

from custom_components.flotte.tesla.charging.sharing import share_surplus
from custom_components.flotte.tesla.charging.surplus import PowerHistory, house_surplus
from tests.tesla.garage import NOW, THREE, Driven

SUN: Final = [8.0] * 900 + [5.0] * 900 + [17.0] * 900
"""kW beyond the house, each second."""


class Slow:
    """A vehicle that waits 10 s, then changes by 1 A a second, and reports each 10 s."""

    def __init__(self, driven: Driven) -> None:
        self.driven = driven
        self.history = PowerHistory()
        self.history.note(NOW, 0.0)
        self.kilowatts = 0.0
        self._commanded_at = 0

    def drive(self, second: int) -> None:
        """Go on by a second."""
        change = self.driven.power.kilowatts(self.driven.amps) - self.kilowatts
        if second >= self._commanded_at + 10:
            self.kilowatts += max(-0.69, min(0.69, change))
        if second % 10 == 3:
            self.history.note(NOW + second, self.kilowatts)

    def decide(self, second: int, surplus: float | None, *, stands: bool) -> None:
        """Decide and note a command."""
        before = len(self.driven.commands)
        self.driven.decide(NOW + second, surplus, stands=stands)
        if len(self.driven.commands) > before:
            self._commanded_at = second
            self.history.note_command(NOW + second)


@pytest.mark.parametrize(("delay", "interval"), [(3, 10), (8, 10), (20, 60)])
def test_a_change_of_the_sun_costs_one_command(delay: int, interval: int) -> None:
    """The meter is behind, the vehicles are slow, and nothing goes up and down."""
    vehicles = {key: Slow(Driven(key, THREE)) for key in "ab"}
    surplus: float | None = None
    grid: list[float] = []
    for second, sun in enumerate(SUN):
        for vehicle in vehicles.values():
            vehicle.drive(second)
        grid.append(sum(vehicle.kilowatts for vehicle in vehicles.values()) - sun)
        if second % interval == interval // 2 and second >= delay:
            found = house_surplus(
                grid=grid[second - delay],
                battery=0.0,
                battery_level=None,
                battery_first=0.0,
                measured_at=NOW + second,
                histories=[vehicle.history for vehicle in vehicles.values()],
            )
            surplus = surplus if found is None else found
        if second % 10 == 0 and surplus is not None:
            for key, vehicle in vehicles.items():
                shares = share_surplus((each.driven.record for each in vehicles.values()), surplus)
                vehicle.decide(second, shares[key].surplus, stands=shares[key].stands)
    assert [step.value for step in vehicles["a"].driven.commands] == ["start", "set", "set"]
    assert [step.value for step in vehicles["b"].driven.commands] == ["start"]
    assert [vehicle.driven.amps for vehicle in vehicles.values()] == [16, 8]
