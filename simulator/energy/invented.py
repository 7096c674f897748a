"""The days of an energy site before its world began, computed when they are requested."""

from collections.abc import Iterator
from dataclasses import replace

from simulator.balance import Energy, House, Settings, flows
from simulator.energy.past import ROW_SECONDS

DAY_SECONDS = 86_400.0
_DAYS_REMEMBERED = 4


class InventedPast:
    """Rows of every day before the world began; orders do not change them.

    The house had its usual settings, and its battery was half full at each midnight
    (UTC). So a day depends on nothing but its date, and each can be computed alone.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._has_grid = house.is_on_grid
        self._days: dict[int, list[tuple[float, Energy]]] = {}

    def rows(self, start: float, end: float) -> Iterator[tuple[float, Energy]]:
        """Yield the rows that begin in [start, end), with the Unix times of their starts."""
        for day in range(int(start // DAY_SECONDS), int(end // DAY_SECONDS) + 1):
            for begins, energy in self._day(day):
                if start <= begins < end:
                    yield begins, energy

    def _day(self, day: int) -> list[tuple[float, Energy]]:
        if day not in self._days:
            while len(self._days) >= _DAYS_REMEMBERED:
                del self._days[next(iter(self._days))]
            self._days[day] = list(self._invent(day * DAY_SECONDS))
        return self._days[day]

    def _invent(self, at: float) -> Iterator[tuple[float, Energy]]:
        house = replace(
            self._house,
            fixed_solar=None,
            fixed_load=None,
            solar_minutes=None,
            load_minutes=None,
            is_on_grid=self._has_grid,
            is_stormy=False,
            settings=Settings(),
        )
        energy_wh = house.battery_wh / 2
        for _ in range(int(DAY_SECONDS / ROW_SECONDS)):
            power = house.power(at + ROW_SECONDS / 2, energy_wh, 0, seconds=ROW_SECONDS)
            yield at, flows(power, ROW_SECONDS)
            energy_wh -= power.battery * ROW_SECONDS / 3600
            at += ROW_SECONDS
