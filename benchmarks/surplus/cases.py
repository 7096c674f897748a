"""Cases: a roof, a load, a wall box and a meter. Training and test cases share no roof and load."""

from dataclasses import dataclass
from typing import Final

from benchmarks.surplus.minutes import Minutes


@dataclass(frozen=True, slots=True)
class House:
    """A wall box, the peak power of the roof in kW, and seconds between readings of the meter."""

    phases: int
    peak: float
    meter: int


@dataclass(frozen=True, slots=True)
class Case:
    """A house with its minutes."""

    roof: str
    load: str
    house: House

    def surplus(self, minutes: dict[str, Minutes]) -> Minutes:
        """Power beyond the house's own use in kW, by minute; negative when it is bought."""
        return minutes[self.roof] * self.house.peak - minutes[self.load]


HOUSES: Final = (House(3, 10.0, 10), House(1, 5.0, 10), House(3, 8.0, 60))
TRAINING: Final = tuple(Case("south", "2009", house) for house in HOUSES)
TEST: Final = tuple(
    Case(roof, load, house)
    for roof, load in (("west", "2007"), ("south_south_east", "2008"), ("flat", "2010"))
    for house in HOUSES
)
