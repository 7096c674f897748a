"""The age of displayed values, compared with the truth in each simulated second.

A displayed value is true while it differs from the car's by no more than the resolution. Its
**stale age** is the time since it was last true; 0 while it is. A value that was never true, or is
missing, is as old as the observation. Each quantity is observed only while it matters: a battery
level, for example, while the car drives or charges.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from simulator.cars import Car
from simulator.vehicle.drive import distance_m

MAX_MEMORY: Final = 7200
"""Seconds of truth that are kept to determine the age of a newly displayed value."""
_TOLERANCE: Final = 1e-6

type Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Quantity[T]:
    """A displayed quantity of a car.

    Args:
        name: Its name in the figures.
        truth: Returns the true value.
        error: Returns the difference of two values.
        resolution: The error up to which a value counts as true, in the quantity's unit.
    """

    name: str
    truth: Callable[[Car], T]
    error: Callable[[T, T], float]
    resolution: float


def _place(car: Car) -> Place:
    return car.latitude, car.longitude


def _level(car: Car) -> float:
    return car.battery.percent


def _power(car: Car) -> float:
    return car.charging.wall_kilowatts


def _lock(car: Car) -> bool:
    return car.body.is_locked


def _difference(one: float, other: float) -> float:
    return abs(one - other)


PLACE: Final = Quantity[Place]("location", _place, distance_m, 100.0)
"""In metres."""
LEVEL: Final = Quantity[float]("battery_level", _level, _difference, 0.5)
"""In per cent; half of one, because polled levels are whole numbers."""
POWER: Final = Quantity[float]("charging_power", _power, _difference, 0.5)
"""In kW; half of one, for the same reason."""
LOCK: Final = Quantity[bool]("lock", _lock, lambda one, other: float(one is not other), 0.0)


@dataclass(slots=True)
class Ages:
    """Observations of one quantity of one car, or of several."""

    seconds: Counter[int] = field(default_factory=Counter)
    """The number of looks by age in whole seconds."""
    total_age: float = 0.0
    errors: Counter[int] = field(default_factory=Counter)
    """The number of looks by error in hundredths of the unit."""
    total_error: float = 0.0
    missing: int = 0
    """Looks that found no value; they count for the ages, not for the errors."""

    def add(self, other: Ages) -> None:
        """Add other observations."""
        self.seconds.update(other.seconds)
        self.errors.update(other.errors)
        self.total_age += other.total_age
        self.total_error += other.total_error
        self.missing += other.missing

    @property
    def looks(self) -> int:
        """The number of looks."""
        return self.seconds.total()

    def figures(self) -> dict[str, float]:
        """Ages in seconds, errors in the quantity's unit."""
        looks = max(self.looks, 1)
        return {
            "age_mean": round(self.total_age / looks, 3),
            "age_p95": share(self.seconds, 0.95),
            "age_max": max(self.seconds, default=0),
            "wrong": round(1 - self.seconds[0] / looks, 4),
            "error_mean": round(self.total_error / max(self.errors.total(), 1), 3),
            "error_p95": share(self.errors, 0.95) / 100,
            "looks": self.looks,
            "missing": self.missing,
        }


def share(counts: Counter[int], part: float) -> int:
    """The value that this part of all looks does not exceed; 0 without any."""
    left = counts.total() * part
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return 0


class Watch[T]:
    """The observer of one quantity of one car."""

    def __init__(self, quantity: Quantity[T]) -> None:
        self.ages = Ages()
        self._quantity = quantity
        self._shown: T | None = None
        self._true_at: float | None = None
        self._first: float | None = None
        self._past: deque[tuple[float, T]] = deque()
        """The true values, each with the time from which it was true."""

    def live(self, car: Car, now: float) -> None:
        """Note the true value, whether or not it is observed."""
        truth = self._quantity.truth(car)
        if not self._past or self._past[-1][1] != truth:
            self._past.append((now, truth))
            while len(self._past) > 1 and now - self._past[1][0] > MAX_MEMORY:
                self._past.popleft()
        self._first = now if self._first is None else self._first

    def look(self, shown: T | None, now: float, *, counts: bool) -> None:
        """Observe the displayed value; `counts` says whether it matters now.

        `live` must have been called for this moment.
        """
        if shown != self._shown:
            self._shown = shown
            self._true_at = self._last_true(shown, now)
        truth = self._past[-1][1]
        error = None if shown is None else self._quantity.error(shown, truth)
        if error is not None and error <= self._quantity.resolution + _TOLERANCE:
            self._true_at = now
        if not counts:
            return
        since = self._true_at if self._true_at is not None else self._first
        age = now - since if since is not None else 0.0
        self.ages.seconds[round(age)] += 1
        self.ages.total_age += age
        if error is None:
            self.ages.missing += 1
        else:
            self.ages.errors[round(error * 100)] += 1
            self.ages.total_error += error

    def _last_true(self, shown: T | None, now: float) -> float | None:
        """The last time at which a newly displayed value was true."""
        if shown is None:
            return self._true_at
        until = now
        for since, truth in reversed(self._past):
            if self._quantity.error(shown, truth) <= self._quantity.resolution + _TOLERANCE:
                return until
            until = since
        return self._true_at


def is_driving(car: Car) -> bool:
    """Whether the car's location changes."""
    return car.drive is not None


def is_charging(car: Car) -> bool:
    """Whether the car's battery level rises."""
    return car.charging.state in ("Charging", "Starting")
