"""The kinds of energy sites: the installed equipment, which decides what a site answers.

Sources of the shapes: Tesla's samples (August 2024); a capture of a site with only panels
(July 2022, in the documentation of timdorr/tesla-api), which reports zeros and "Unknown" for what
it lacks; captures in pypowerwall of sites with Powerwalls. Answers of a site with only wall
connectors, of one that never had a grid, and of Powerwall 3 with expansions are assumed from the
rule that keys of missing equipment are missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.balance import POWERWALL_W, POWERWALL_WH


@dataclass(frozen=True, kw_only=True)
class Connector:
    """A wall connector."""

    din: str
    device_id: str = "c0ffee00-0000-4000-8000-000000000001"
    part_name: str = "Gen 3 Wall Connector"

    @property
    def serial_number(self) -> str:
        """The last part of the DIN."""
        return self.din.rpartition("--")[2]


CONNECTOR = Connector(din="1529455-02-D--B7S23024J00001")
FOLLOWER = Connector(
    din="1734412-02-C--B7S23024J00002",
    device_id="c0ffee00-0000-4000-8000-000000000002",
    part_name="Universal Wall Connector",
)


@dataclass(frozen=True, kw_only=True)
class Battery:
    """A Powerwall, or an expansion of one."""

    din: str
    part_name: str = "Powerwall 2"
    power: int = POWERWALL_W
    """W; 0 for an expansion, which has no inverter of its own."""


POWERWALL_2 = Battery(din="2012170-25-E--TG123069000001")
_POWERWALLS_3 = (
    Battery(din="1707000-11-J--TG124000000001", part_name="Powerwall 3", power=11_500),
    Battery(din="1707000-11-J--TG124000000002", part_name="Powerwall 3", power=11_500),
    Battery(din="1807000-20-B--TG124000000003", part_name="Powerwall 3 Expansion", power=0),
)


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """The installed equipment of a site."""

    has_solar: bool = True
    batteries: tuple[Battery, ...] = (POWERWALL_2,)
    battery_type: str = "ac_powerwall"
    gateway: str = "Gateway 2"
    connectors: tuple[Connector, ...] = ()
    has_grid: bool = True
    generator_w: int = 0
    """Power of the generator in W; 0 if there is none."""
    is_in_programme: bool = False
    """Whether the site takes part in grid services (a virtual power plant)."""

    @property
    def battery_wh(self) -> int:
        """The energy of all batteries together."""
        return POWERWALL_WH * len(self.batteries)

    @property
    def battery_w(self) -> int:
        """The power of all batteries together."""
        return sum(battery.power for battery in self.batteries)

    @property
    def powerwalls(self) -> int:
        """Number of Powerwalls without their expansions."""
        return sum(battery.power > 0 for battery in self.batteries)

    @property
    def resource_type(self) -> str:
        """The word for the site in `products`."""
        if self.batteries:
            return "battery"
        return "solar" if self.has_solar else "wall_connector"


KINDS: Mapping[str, Equipment] = {
    "home": Equipment(connectors=(CONNECTOR,)),
    "powerwall_3": Equipment(
        batteries=_POWERWALLS_3, battery_type="solar_powerwall", gateway="Gateway 3"
    ),
    "solar_only": Equipment(batteries=()),
    "connectors_only": Equipment(has_solar=False, batteries=(), connectors=(CONNECTOR, FOLLOWER)),
    "off_grid": Equipment(has_grid=False),
    "generator": Equipment(generator_w=6000),
    "grid_services": Equipment(is_in_programme=True),
}
"""By name; "home" is the standard one."""
