"""The power of a house with solar panels, a battery and a grid, which always adds up.

    solar + battery + grid + generator = load
    (W, whole numbers; battery > 0 gives, grid > 0 is bought)

Source of the signs: Tesla's sample of live_status, August 2024.
"""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from simulator.minutes import Minutes

PEAK_SOLAR_W = 4600
POWERWALL_WH = 13_500
POWERWALL_W = 5000
GRID_CHARGE_W = 3300
"""How fast a battery is filled from the grid."""
TOP_UP_W = 1700
"""How fast a battery below its reserve is brought back to it from the grid."""
MAX_RESERVE = 80
"""Tesla's cloud stores a backup reserve from 81 to 99 as 80 (pypowerwall, 2026-06)."""
MODES = ("self_consumption", "autonomous", "backup")
EXPORT_RULES = ("battery_ok", "pv_only", "never")

_CHEAP_UNTIL_HOUR = 6
_DEAR_HOURS = range(17, 21)
_CLOUD_SLOT = 1800.0
_LOAD_SLOT = 600.0
_NEARLY_WH = 0.5
_GENERATOR_STARTS = 0.3


@dataclass(frozen=True, kw_only=True)
class Power:
    """One moment of the house, in W."""

    solar: int
    battery: int
    grid: int
    load: int
    """The house and its wall connector."""
    wall_connector: int
    generator: int = 0


@dataclass(slots=True)
class Energy:
    """Energy that flowed from one part to another in a period, in Wh."""

    solar_to_home: float = 0.0
    solar_to_battery: float = 0.0
    solar_to_grid: float = 0.0
    battery_to_home: float = 0.0
    battery_to_grid: float = 0.0
    grid_to_home: float = 0.0
    grid_to_battery: float = 0.0
    generator_to_home: float = 0.0
    generator_to_battery: float = 0.0

    def add(self, other: Energy) -> None:
        """Add the energy of another period."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def scaled(self, share: float) -> Energy:
        """A share of it."""
        return Energy(**{name: getattr(self, name) * share for name in self.__slots__})


def flows(power: Power, seconds: float) -> Energy:
    """Split a constant power by source and use.

    Solar feeds the house first, then the battery; a generator only runs without the grid, and feeds
    what solar leaves.
    """
    hours = seconds / 3600
    solar_to_home = min(power.solar, power.load)
    charge = max(-power.battery, 0)
    solar_to_battery = min(power.solar - solar_to_home, charge)
    battery_to_home = min(max(power.battery, 0), power.load - solar_to_home)
    generator_to_home = min(power.generator, power.load - solar_to_home - battery_to_home)
    generator_to_battery = power.generator - generator_to_home
    return Energy(
        solar_to_home=solar_to_home * hours,
        solar_to_battery=solar_to_battery * hours,
        solar_to_grid=(power.solar - solar_to_home - solar_to_battery) * hours,
        battery_to_home=battery_to_home * hours,
        battery_to_grid=(max(power.battery, 0) - battery_to_home) * hours,
        grid_to_home=(power.load - solar_to_home - battery_to_home - generator_to_home) * hours,
        grid_to_battery=(charge - solar_to_battery - generator_to_battery) * hours,
        generator_to_home=generator_to_home * hours,
        generator_to_battery=generator_to_battery * hours,
    )


@dataclass(kw_only=True)
class Settings:
    """The owner's settings."""

    mode: str = "self_consumption"
    reserve_percent: int = 20
    storm_mode_enabled: bool = True
    no_grid_charging: bool = False
    """`disallow_charge_from_grid_with_solar_installed`."""
    export_rule: str = "pv_only"


@lru_cache(maxsize=1024)
def _fraction(seed: str) -> float:
    """A number in [0, 1) that depends on a text only."""
    return random.Random(seed).random()


@dataclass(kw_only=True)
class House:
    """Sunshine, consumption, and orders that replace them."""

    seed: int
    longitude: float
    time_zone: str
    has_solar: bool = True
    battery_wh: int = POWERWALL_WH
    """0 without a battery."""
    battery_w: int = POWERWALL_W
    generator_w: int = 0
    """It runs while the grid is gone and the battery is nearly empty."""
    fixed_solar: int | None = None
    fixed_load: int | None = None
    solar_minutes: Minutes | None = None
    """Real minutes of the panels, which precede all else while they last."""
    load_minutes: Minutes | None = None
    is_on_grid: bool = True
    is_stormy: bool = False
    settings: Settings = field(default_factory=Settings)

    def solar(self, at: float) -> int:
        """The possible power of the panels in W: sun, season and clouds."""
        if not self.has_solar:
            return 0
        given = None if self.solar_minutes is None else self.solar_minutes.at(at)
        if given is None:
            given = self.fixed_solar
        if given is not None:
            return given
        moment = datetime.fromtimestamp(at, UTC)
        sun_hour = (moment.hour + moment.minute / 60 + self.longitude / 15) % 24
        season = math.cos((moment.timetuple().tm_yday - 172) / 365 * 2 * math.pi)
        half_day = 6.2 + 2.0 * season
        if abs(sun_hour - 12) >= half_day:
            return 0
        height = math.cos((sun_hour - 12) / half_day * math.pi / 2)
        peak = PEAK_SOLAR_W * (0.65 + 0.35 * season)
        return round(
            peak * math.pow(height, 1.3) * self._smooth("cloud", at, _CLOUD_SLOT, 0.45, 1.0)
        )

    def house_load(self, at: float) -> int:
        """The consumption of the house without the car, in W."""
        given = None if self.load_minutes is None else self.load_minutes.at(at)
        if given is None:
            given = self.fixed_load
        if given is not None:
            return given
        local = datetime.fromtimestamp(at, ZoneInfo(self.time_zone))
        hour = local.hour + local.minute / 60
        breakfast = 900 * math.exp(-(((hour - 7.5) / 1.0) ** 2))
        evening = 1500 * math.exp(-(((hour - 19.0) / 2.0) ** 2))
        noise = self._smooth("load", at, _LOAD_SLOT, 0.8, 1.25)
        return round((290 + breakfast + evening) * noise)

    def _smooth(self, name: str, at: float, slot: float, low: float, high: float) -> float:
        """A value that wanders between two others, and depends on seed and time only."""
        number, share = divmod(at / slot, 1.0)
        here, there = (
            low + (high - low) * _fraction(f"{self.seed}/{name}/{int(number) + step}")
            for step in (0, 1)
        )
        return here + (there - here) * share

    def reserve_wh(self) -> float:
        """The energy that the battery keeps; none once the grid is gone."""
        if not self.is_on_grid:
            return 0.0
        if self.settings.mode == "backup" or self.is_storm_mode_active:
            return float(self.battery_wh)
        return self.battery_wh * self.settings.reserve_percent / 100

    @property
    def is_storm_mode_active(self) -> bool:
        """Whether the battery is being filled because of a storm."""
        return self.is_stormy and self.settings.storm_mode_enabled

    def power(self, at: float, energy_wh: float, wall_w: int, *, seconds: float = 0.0) -> Power:
        """The power of the house at a moment.

        `energy_wh` is the energy in the battery. With `seconds`, the power is one that the battery
        can sustain for that long.
        """
        solar = self.solar(at)
        generator = self._generator(energy_wh)
        load = self.house_load(at) + wall_w
        battery = self._desired_battery_power(at, solar + generator, load, energy_wh)
        battery = self._battery_limit(battery, energy_wh, seconds)
        grid = load - solar - battery - generator
        if grid < 0 and (self.settings.export_rule == "never" or not self.is_on_grid):
            # Nothing can be exported: the generator and the panels produce less.
            saved = min(-grid, generator)
            generator -= saved
            solar += grid + saved
            grid = 0
        if grid > 0 and not self.is_on_grid:
            # Nothing can be imported: the house gets less.
            load -= grid
            wall_w = min(wall_w, load)
            grid = 0
        return Power(
            solar=solar,
            battery=battery,
            grid=grid,
            load=load,
            wall_connector=wall_w,
            generator=generator,
        )

    def _generator(self, energy_wh: float) -> int:
        is_needed = not self.is_on_grid and energy_wh < self.battery_wh * _GENERATOR_STARTS
        return self.generator_w if is_needed else 0

    def _desired_battery_power(self, at: float, produced: int, load: int, energy_wh: float) -> int:
        """The power that an endless battery would give, or take if negative."""
        surplus = produced - load
        reserve = self.reserve_wh()
        if not self.is_on_grid:
            return -surplus
        may_buy = not self.settings.no_grid_charging
        hour = datetime.fromtimestamp(at, ZoneInfo(self.time_zone)).hour
        autonomous = self.settings.mode == "autonomous"
        if energy_wh < reserve - _NEARLY_WH:
            rate = GRID_CHARGE_W if reserve >= self.battery_wh else TOP_UP_W
            return -max(surplus, rate if may_buy else 0, 0)
        if autonomous and hour < _CHEAP_UNTIL_HOUR and may_buy:
            return -max(surplus, GRID_CHARGE_W)
        if autonomous and surplus < 0 and hour not in _DEAR_HOURS:
            # Kept for the expensive hours.
            return 0
        return -surplus

    def _battery_limit(self, watts: int, energy_wh: float, seconds: float) -> int:
        """Limit a power by the inverter, the battery's energy and its remaining capacity."""
        watts = min(max(watts, -self.battery_w), self.battery_w)
        room = max(self.battery_wh - energy_wh, 0.0)
        there = max(energy_wh - self.reserve_wh(), 0.0)
        if seconds:
            hours = seconds / 3600
            return int(min(max(watts, -room / hours), there / hours))
        if (watts < 0 and room < _NEARLY_WH) or (watts > 0 and there < _NEARLY_WH):
            return 0
        return watts
