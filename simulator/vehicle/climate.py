"""The cabin: its temperature, the influences on it, and their power."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

MIN_SETTING = 15.0
"""`min_avail_temp` in °C."""
MAX_SETTING = 28.0
"""`max_avail_temp` in °C."""
ON_SECONDS = 7200.0
"""A remotely conditioned cabin is turned off after two hours, unless it is kept."""
DEFROST_MAX = 2
"""`defrost_mode` of a car that defrosts (2 = max in practice)."""

KEEPER_MODES = ("off", "on", "dog", "camp")
"""`climate_keeper_mode` by the number in the command."""
SEATS = (
    "left",
    "right",
    "rear_left",
    "rear_left_back",
    "rear_center",
    "rear_right",
    "rear_right_back",
    "third_row_left",
    "third_row_right",
)
"""`seat_heater_…` by the number in `remote_seat_heater_request`."""
COP_TEMPERATURES = {"Low": 30.0, "Medium": 35.0, "High": 40.0}
"""The inside temperatures in °C at which cabin overheat protection starts."""

_CONDITIONED_TAU = 240.0
"""Seconds in which a conditioned cabin gets 63 % closer to its setting."""
_LEFT_ALONE_TAU = 2700.0
"""Seconds for the same share on the way to the temperature outside."""
_HARDEST_KW = 6.0
_DEFROST_KW = 4.0
_BASE_KW = 0.6
_KW_PER_DEGREE = 0.18
_SEAT_KW = 0.04
_WHEEL_KW = 0.06
_COP_KW = 0.9
_COP_FAN_KW = 0.15
_SUN_DEGREES = 9.0
"""Degrees by which a closed car is hotter than the air at noon."""
_MEAN_OUTSIDE = 14.0
_DAILY_SWING = 5.0
_WARMEST_HOUR = 15.0


@dataclass
class Climate:
    """Air conditioning, heaters and the air they work on. Temperatures in °C."""

    longitude: float
    """The car's longitude determines the sun's time."""
    inside: float = 16.0
    fixed_outside: float | None = None
    """An ordered outside temperature; otherwise it follows the time of day."""
    is_on: bool = False
    on_since: float | None = None
    driver_setting: float = 21.0
    passenger_setting: float = 21.0
    keeper: str = "off"
    defrost_mode: int = 0
    bioweapon: bool = False
    overheat_protection: str = "Off"
    overheat_temperature: str = "High"
    seat_heaters: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEATS, 0))
    seat_fans: dict[str, int] = field(default_factory=lambda: {"left": 0, "right": 0})
    auto_seats: dict[str, bool] = field(default_factory=lambda: {"left": True, "right": True})
    auto_wheel: bool = False
    wheel_level: int = 0
    """`steering_wheel_heat_level`: 0 off, 1 low, 3 high."""

    def outside(self, at: float) -> float:
        """The air around the car at a Unix time."""
        if self.fixed_outside is not None:
            return self.fixed_outside
        hour = self._sun_hour(at)
        swing = _DAILY_SWING * math.cos((hour - _WARMEST_HOUR) / 24 * 2 * math.pi)
        return _MEAN_OUTSIDE + swing

    def _sun_hour(self, at: float) -> float:
        """Solar time (0 to 24) at the car."""
        moment = datetime.fromtimestamp(at, UTC)
        hour = moment.hour + moment.minute / 60 + moment.second / 3600
        return (hour + self.longitude / 15) % 24

    def _left_alone(self, at: float) -> float:
        """The equilibrium of an untouched cabin: the air outside, warmed by the sun."""
        sun = max(0.0, math.sin((self._sun_hour(at) - 6) / 12 * math.pi))
        return self.outside(at) + _SUN_DEGREES * sun

    def is_cooling_overheat(self, at: float) -> bool:
        """`cabin_overheat_protection_actively_cooling`."""
        if self.is_on or self.overheat_protection == "Off":
            return False
        limit = COP_TEMPERATURES[self.overheat_temperature]
        return self.inside >= limit - 0.5 and self._left_alone(at) > limit

    def _target(self, at: float) -> tuple[float, float]:
        """The temperature that the cabin approaches, and the time constant in seconds."""
        if self.is_on:
            setting = MAX_SETTING if self.defrost_mode else self.driver_setting
            return setting, _CONDITIONED_TAU
        if self.is_cooling_overheat(at):
            return COP_TEMPERATURES[self.overheat_temperature], _CONDITIONED_TAU
        return self._left_alone(at), _LEFT_ALONE_TAU

    def kilowatts(self, at: float) -> float:
        """Power of the climate control and all heaters."""
        if self.is_on:
            setting, _ = self._target(at)
            air = min(_HARDEST_KW, _BASE_KW + _KW_PER_DEGREE * abs(setting - self.inside))
            seats = _SEAT_KW * (sum(self.seat_heaters.values()) + sum(self.seat_fans.values()))
            defrost = _DEFROST_KW if self.defrost_mode else 0.0
            return air + seats + defrost + (_WHEEL_KW if self.wheel_level else 0.0)
        if self.is_cooling_overheat(at):
            return _COP_FAN_KW if self.overheat_protection == "FanOnly" else _COP_KW
        return 0.0

    def live(self, at: float, seconds: float) -> None:
        """Let the temperature change for a while; `at` is the middle of it."""
        target, tau = self._target(at)
        self.inside = target + (self.inside - target) * math.exp(-seconds / tau)

    def switch_on(self, now: float) -> None:
        """Start conditioning the cabin."""
        if not self.is_on:
            self.is_on = True
            self.on_since = now

    def switch_off(self) -> None:
        """Turn everything off that depends on the air conditioning."""
        self.is_on = False
        self.on_since = None
        self.keeper = "off"
        self.defrost_mode = 0
        self.bioweapon = False
        self.wheel_level = 0
        self.seat_heaters = dict.fromkeys(self.seat_heaters, 0)
        self.seat_fans = dict.fromkeys(self.seat_fans, 0)
