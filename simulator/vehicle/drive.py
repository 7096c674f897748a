"""A drive along a route: the car's location, speed and power at any moment."""

import bisect
import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_RADIUS_M = 6_371_000.0
METRES_PER_MILE = 1609.344
MPH_PER_MPS = 3600 / METRES_PER_MILE

_ACCELERATION = 1.4
"""m/s², for starting and for stopping."""
_LONG_LEG_M = 2500.0
"""A leg longer than this is a road out of town."""
_AIR_DENSITY = 1.2
_ROLLING = 0.009
_GRAVITY = 9.81
_DRIVE_EFFICIENCY = 0.86
_BRAKE_EFFICIENCY = 0.65
_ELECTRONICS_KW = 0.45

HOME = (52.3731, 4.8903)
ROUTE: tuple[tuple[float, float], ...] = (
    HOME,
    (52.3742, 4.8969),
    (52.3784, 4.9000),
    (52.3765, 4.9117),
    (52.3712, 4.9221),
    (52.3668, 4.9342),
    (52.3553, 4.9427),
    (52.3424, 4.9540),
    (52.3262, 4.9521),
    (52.3110, 4.9473),
)
"""The standard drive: from home through the town to a station in its south east, about 10 km."""
ROUTE_DESTINATION = "Station Zuidoost"


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Great-circle distance of two (latitude, longitude) points in metres."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*start, *end))
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(half)))


def bearing(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Compass direction from one point to another, 0 to 360 degrees."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*start, *end))
    east = math.sin(lon2 - lon1) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(
        lon2 - lon1
    )
    return math.degrees(math.atan2(east, north)) % 360


@dataclass(frozen=True, kw_only=True)
class Moment:
    """The car at one moment of a drive. Metres, m/s, m/s², degrees."""

    driven_m: float
    speed: float
    acceleration: float
    latitude: float
    longitude: float
    heading: float


@dataclass(frozen=True)
class Leg:
    """The way from one corner to the next: accelerate, hold the speed, stop."""

    start: tuple[float, float]
    end: tuple[float, float]
    length: float
    cruise: float

    @property
    def top(self) -> float:
        """The maximum speed; a short leg does not reach its cruising speed."""
        return min(self.cruise, math.sqrt(_ACCELERATION * self.length))

    @property
    def _ramp(self) -> float:
        return self.top / _ACCELERATION

    @property
    def seconds(self) -> float:
        """The duration of the leg."""
        return self._ramp + self.length / self.top

    def at(self, seconds: float) -> tuple[float, float, float]:
        """Distance, speed and acceleration after this many seconds of the leg."""
        if seconds < self._ramp:
            return _ACCELERATION * seconds**2 / 2, _ACCELERATION * seconds, _ACCELERATION
        left = self.seconds - seconds
        if left > self._ramp:
            ramp_length = self.top**2 / (2 * _ACCELERATION)
            return ramp_length + self.top * (seconds - self._ramp), self.top, 0.0
        left = max(left, 0.0)
        return self.length - _ACCELERATION * left**2 / 2, _ACCELERATION * left, -_ACCELERATION


class Drive:
    """A drive that began at a moment and ends with its route.

    Everything is a function of time: observations change nothing.
    """

    def __init__(
        self,
        route: Sequence[tuple[float, float]],
        destination: str,
        started_at: float,
        *,
        seed: int,
        highest_speed: float | None = None,
    ) -> None:
        """Plan the drive; `highest_speed` in m/s.

        Raises ValueError for a route without any length.
        """
        chance = random.Random(seed)
        self.destination = destination
        self.started_at = started_at
        self.legs: list[Leg] = []
        for start, end in itertools.pairwise(route):
            length = distance_m(start, end)
            if length < 1:
                continue
            cruise = chance.uniform(9.0, 14.5) if length < _LONG_LEG_M else chance.uniform(22, 28)
            if highest_speed:
                cruise = min(cruise, highest_speed)
            self.legs.append(Leg(start, end, length, cruise))
        if not self.legs:
            raise ValueError("a route needs two different points")
        self._ends = list(itertools.accumulate(leg.seconds for leg in self.legs))
        self._lengths = [0.0, *itertools.accumulate(leg.length for leg in self.legs)]

    @property
    def ends_at(self) -> float:
        """The Unix time of arrival."""
        return self.started_at + self._ends[-1]

    @property
    def length_m(self) -> float:
        """The length of the whole way."""
        return self._lengths[-1]

    @property
    def end(self) -> tuple[float, float]:
        """The destination."""
        return self.legs[-1].end

    def moment(self, at: float) -> Moment:
        """The state of the drive at a Unix time."""
        seconds = min(max(at - self.started_at, 0.0), self._ends[-1])
        index = min(bisect.bisect_right(self._ends, seconds), len(self.legs) - 1)
        leg = self.legs[index]
        begun = self._ends[index - 1] if index else 0.0
        done, speed, acceleration = leg.at(seconds - begun)
        share = min(done / leg.length, 1.0)
        return Moment(
            driven_m=self._lengths[index] + done,
            speed=speed,
            acceleration=acceleration,
            latitude=leg.start[0] + (leg.end[0] - leg.start[0]) * share,
            longitude=leg.start[1] + (leg.end[1] - leg.start[1]) * share,
            heading=bearing(leg.start, leg.end),
        )


def drive_kilowatts(moment: Moment, mass_kg: float, drag_area_m2: float) -> float:
    """Power out of the battery while driving; negative while braking puts energy back."""
    force = (
        _ROLLING * mass_kg * _GRAVITY
        + _AIR_DENSITY / 2 * drag_area_m2 * moment.speed**2
        + mass_kg * moment.acceleration
    )
    wheels_kw = force * moment.speed / 1000
    driven = wheels_kw / _DRIVE_EFFICIENCY if wheels_kw > 0 else wheels_kw * _BRAKE_EFFICIENCY
    return driven + _ELECTRONICS_KW


KWH_PER_MILE = 0.26
"""The trip planner's estimate for the energy at arrival."""
