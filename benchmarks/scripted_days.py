"""The simulated days of the cost benchmark: events at the cars, and calls of Home Assistant.

A working day (UTC), modelled on the commuter's day for which the goals are set:

| time | at the car | calls, in scenarios with calls |
|---|---|---|
| 00:00 | asleep at home, plugged in, charged to its limit | |
| 07:25 | | climate on (car asleep), 07:26 seat heater |
| 07:30 | pre-conditioning, the owner gets in at 07:38 | |
| 07:40 | 28 km to work, half an hour, stop and go | |
| 08:12 | left and locked | 08:13 lock, although already locked |
| 12:00 | an hour of sentry mode | |
| 17:10 | | climate on (car asleep) |
| 17:18 | in; home at 17:20; plugged in 17:52; locked 17:53 | |
| 18:00 | charges at 5.5 kW up to its limit, some five hours | 18:05 current, 19:00 limit |
| 21:00 | | current |
| 23:30 | asleep | lock, although already locked, and asleep |

A day of the weekend has the same eight calls around two drives of 9 km: out at 10:00, home at
15:00, charging from 15:30. Each day starts some minutes later than the one before, so that no
result depends on the phase of a polling interval. A second car does the same twenty minutes later.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from simulator.cars import Car
from simulator.refusals import SteeringError
from simulator.vehicle.drive import EARTH_RADIUS_M, HOME, Drive

MONDAY: Final = datetime(2026, 6, 1, tzinfo=UTC)
"""The start of every run: a Monday, and the first of a month of thirty days, so that a month of
days is also one month of the bill."""
DAY: Final = 86_400.0
MINUTE: Final = 60.0
LATER_EACH_DAY: Final = 137.0
"""Seconds; within a week, no two days start at the same phase of a poll every ten minutes."""
PHASES: Final = 600.0
SECOND_CAR_LATER: Final = 20 * MINUTE
SATURDAY: Final = 5

FULL: Final = 80
"""The charge limit in per cent, so that every night starts alike."""
HOME_AMPS: Final = 8
"""Per phase of three: 5.5 kW from the wall."""
COMMUTE_SECONDS: Final = 1790.0
"""Chosen so that the car stands at the times of the table."""
ERRAND_SECONDS: Final = 890.0
_KMH: Final = 3.6
_HEAVY_KG: Final = 3500.0
_HEAVY_DRAG: Final = 3.2
"""Square metres. With this mass the two drives of a day take some 25 kWh, as in the fact sheet's
day, so that a third of a battery is charged each night."""


class Feature(StrEnum):
    """A feature of a car that is controlled or displayed."""

    CLIMATE = "climate"
    SEAT = "seat heater"
    LOCK = "lock"
    CURRENT = "charge current"
    LIMIT = "charge limit"
    LEVEL = "battery level"
    POWER = "charging power"
    PLACE = "location"
    WINDOWS = "windows"
    TRUNK = "trunk"
    PORT = "charge port"
    CABLE = "charge cable"
    CHARGE = "charge"
    SENTRY = "sentry mode"
    DEFROST = "defrost"


@dataclass(frozen=True, slots=True)
class Order:
    """An event at a car: on its own, or by its owner's hand."""

    at: float
    """Unix seconds."""
    car: int
    """The number of the car, from 0."""
    changes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an action of Home Assistant."""

    at: float
    car: int
    feature: Feature
    service: str
    """Domain and name, for example `lock.lock`."""
    data: dict[str, Any]
    is_done: Callable[[Car], bool]
    """Whether the car is in the requested state."""
    by_automation: bool = False
    name: str = ""
    """The kind of call, where a scenario has several."""


type Event = Order | Call


@dataclass(frozen=True, slots=True)
class Trip:
    """A route between two places, driven there or back."""

    route: tuple[tuple[float, float], ...]
    seconds: float

    def order(self, car: Car, *, back: bool = False) -> dict[str, Any]:
        """The steering order that makes a car drive the route in exactly this time."""
        route = self.route[::-1] if back else self.route
        return {
            "route": [list(place) for place in route],
            "speed_kmh": speed_for(route, self.seconds, car.seed) * _KMH,
            "destination": "Home" if back else "Work",
        }


def way(start: tuple[float, float], legs: list[float], bearing: float) -> Trip:
    """A zigzag of legs (metres) along a bearing (degrees), without its duration."""
    places = [start]
    for number, length in enumerate(legs):
        angle = math.radians(bearing + (30 if number % 2 else -30))
        north, east = length * math.cos(angle), length * math.sin(angle)
        latitude, longitude = places[-1]
        places.append(
            (
                round(latitude + math.degrees(north / EARTH_RADIUS_M), 6),
                round(
                    longitude
                    + math.degrees(east / EARTH_RADIUS_M / math.cos(math.radians(latitude))),
                    6,
                ),
            )
        )
    return Trip(tuple(places), 0.0)


def speed_for(route: tuple[tuple[float, float], ...], seconds: float, seed: int) -> float:
    """The maximum speed in m/s at which a drive takes so long.

    Raises ValueError for a drive that takes longer at any speed.
    """

    def takes(speed: float) -> float:
        return Drive(route, "", 0.0, seed=seed, highest_speed=speed).ends_at

    slow, fast = 3.0, 40.0
    if takes(fast) > seconds:
        raise ValueError(f"the drive takes {takes(fast):.0f} s at its fastest")
    while fast - slow > 1e-6:  # noqa: PLR2004  # a millisecond of the drive
        middle = (slow + fast) / 2
        slow, fast = (middle, fast) if takes(middle) > seconds else (slow, middle)
    return fast


_TOWN: Final = [400.0] * 8
COMMUTE: Final = replace(
    way(HOME, [*_TOWN, *[3100.0] * 7, *_TOWN[:-1], 500.0], 150.0), seconds=COMMUTE_SECONDS
)
"""28 km: out of town, along a road, into another town."""
ERRAND: Final = replace(way(HOME, [*_TOWN, 3000.0, *_TOWN[:6]], 60.0), seconds=ERRAND_SECONDS)


def begin(car: Car) -> None:
    """Put a car into its state at night: at home, plugged in and full. It soon falls asleep."""
    car.model = replace(car.model, mass_kg=_HEAVY_KG, drag_area_m2=_HEAVY_DRAG)
    # The same seed gives both cars the same cruising speeds, and so the same day.
    car.seed = 2
    place = {"latitude": HOME[0], "longitude": HOME[1], "heading": 87.0}
    car.steer({"state": "online", "location": place, "home": list(HOME)})
    car.steer({"work": list(COMMUTE.route[-1]), "battery_level": FULL, "charge_limit": FULL})
    car.steer({"plugged_in": "ac3", "locked": True})
    car.steer({"charge_amps": HOME_AMPS})
    # The battery is full, and the car reports it from now on.
    with suppress(SteeringError):
        car.steer({"charging": True})


class Days:
    """All events of a run.

    Args:
        cars: The cars, because a drive depends on the car.
        has_calls: Whether they include the eight calls of a day.
    """

    def __init__(self, cars: list[Car], *, has_calls: bool) -> None:
        self._cars = cars
        self._has_calls = has_calls

    def day(self, number: int) -> list[Event]:
        """All events of a day, counted from 0, in order."""
        midnight = MONDAY.timestamp() + number * DAY
        is_weekend = datetime.fromtimestamp(midnight, UTC).weekday() >= SATURDAY
        events: list[Event] = []
        for index, car in enumerate(self._cars):
            later = number * LATER_EACH_DAY % PHASES + index * SECOND_CAR_LATER
            plan = self._weekend(car) if is_weekend else self._working_day(car)
            events += [Order(midnight + later + at, index, changes) for at, changes in plan]
            if self._has_calls:
                calls = eight_calls(number, is_weekend=is_weekend)
                events += [
                    replace(call, at=midnight + later + call.at, car=index) for call in calls
                ]
        return sorted(events, key=lambda event: event.at)

    def around_trips(self, number: int, index: int) -> list[tuple[float, float]]:
        """The times at which the lock of a car is observed, because people come and go."""
        midnight = MONDAY.timestamp() + number * DAY
        later = number * LATER_EACH_DAY % PHASES + index * SECOND_CAR_LATER
        is_weekend = datetime.fromtimestamp(midnight, UTC).weekday() >= SATURDAY
        hours = ((9.8, 10.7), (14.8, 15.7)) if is_weekend else ((7.4, 8.5), (17.1, 18.2))
        return [
            (midnight + later + begins * 3600, midnight + later + ends * 3600)
            for begins, ends in hours
        ]

    @staticmethod
    def _working_day(car: Car) -> Iterator[tuple[float, dict[str, Any]]]:
        """Events with their second of the day."""
        yield clock(7, 30), {"climate": True}
        yield from _get_in(clock(7, 38))
        yield clock(7, 40), {"drive": COMMUTE.order(car)}
        yield from _get_out(clock(8, 10), clock(8, 12))
        yield clock(12), {"sentry_mode": True}
        yield clock(13), {"sentry_mode": False}
        yield from _get_in(clock(17, 18))
        yield clock(17, 20), {"drive": COMMUTE.order(car, back=True)}
        yield from _get_out(clock(17, 50), clock(17, 53), plugs_in=True)
        yield clock(18), {"charging": True}

    @staticmethod
    def _weekend(car: Car) -> Iterator[tuple[float, dict[str, Any]]]:
        yield from _get_in(clock(9, 58))
        yield clock(10), {"drive": ERRAND.order(car)}
        yield from _get_out(clock(10, 15), clock(10, 18))
        yield from _get_in(clock(14, 58))
        yield clock(15), {"drive": ERRAND.order(car, back=True)}
        yield from _get_out(clock(15, 15), clock(15, 18), plugs_in=True)
        yield clock(15, 30), {"charging": True}


def clock(hour: int, minute: int = 0) -> float:
    """Seconds since midnight."""
    return hour * 3600.0 + minute * MINUTE


def _get_in(at: float) -> Iterator[tuple[float, dict[str, Any]]]:
    yield at, {"locked": False, "open": "df", "user_present": True}
    yield at + 15, {"close": "df", "climate": True}


def _get_out(
    parked: float, locked: float, *, plugs_in: bool = False
) -> Iterator[tuple[float, dict[str, Any]]]:
    """Stay in for a while, so that the car does not lock on its own, then get out and lock."""
    yield parked, {"user_present": True}
    yield parked + 60, {"open": "df"}
    yield parked + 75, {"close": "df", "user_present": False, "climate": False}
    if plugs_in:
        # The car would start charging at once; its owner postpones it.
        yield parked + 120, {"plugged_in": "ac3", "charge_amps": HOME_AMPS, "charging": False}
    yield locked, {"locked": True}


def climate_on(at: float) -> Call:
    """Turn the climate control on."""
    return Call(at, 0, Feature.CLIMATE, "climate.turn_on", {}, lambda car: car.climate.is_on)


def seat(at: float, level: int) -> Call:
    """Set the heater of the driver's seat, 0 to 3."""
    option = ("off", "low", "medium", "high")[level]
    return Call(
        at,
        0,
        Feature.SEAT,
        "select.select_option",
        {"option": option},
        lambda car: car.climate.seat_heaters["left"] == level,
    )


def lock(at: float) -> Call:
    """Lock the car."""
    return Call(at, 0, Feature.LOCK, "lock.lock", {}, lambda car: car.body.is_locked)


def current(at: float, amps: int) -> Call:
    """Set the charge current."""
    return Call(
        at,
        0,
        Feature.CURRENT,
        "number.set_value",
        {"value": amps},
        lambda car: car.charging.requested_amps == amps,
    )


def limit(at: float, percent: int) -> Call:
    """Set the charge limit."""
    return Call(
        at,
        0,
        Feature.LIMIT,
        "number.set_value",
        {"value": percent},
        lambda car: car.charging.limit_percent == percent,
    )


def eight_calls(number: int, *, is_weekend: bool) -> list[Call]:
    """The calls of a day, at seconds since midnight; six of them change something.

    Values differ from one day to the next, so that each is a change.
    """
    is_even = number % 2 == 0
    level, percent = (3, FULL + 1) if is_even else (2, FULL)
    if is_weekend:
        at = (
            clock(9, 45),
            clock(10, 19),
            clock(14, 50),
            clock(15, 35),
            clock(15, 50),
            clock(16, 5),
        )
    else:
        at = (clock(7, 25), clock(8, 13), clock(17, 10), clock(18, 5), clock(19), clock(21))
    return [
        climate_on(at[0]),
        seat(at[0] + MINUTE, level),
        lock(at[1]),
        climate_on(at[2]),
        current(at[3], HOME_AMPS + 1),
        limit(at[4], percent),
        current(at[5], HOME_AMPS),
        lock(clock(23, 30)),
    ]


# --- Other scenarios ------------------------------------------------------------------------------

SURPLUS_CALLS: Final = 300


def surplus_calls(number: int) -> list[Call]:
    """The calls of a naive automation on solar surplus: a current each minute for five hours.

    Two and a half hours from cloud to cloud, between 5 and 11 A: the value changes with about every
    twelfth call.
    """
    midnight = MONDAY.timestamp() + number * DAY
    later = number * LATER_EACH_DAY % PHASES
    return [
        replace(
            current(
                midnight + later + clock(18, 1) + minute * MINUTE,
                round(HOME_AMPS - 3 * math.sin(2 * math.pi * minute / 150)),
            ),
            by_automation=True,
        )
        for minute in range(SURPLUS_CALLS)
    ]


EPISODE_SECONDS: Final = 6047.0
"""A little more than an hour and forty minutes, so that each episode starts at another phase of a
polling interval."""
EPISODES: Final = 13
ASLEEP_AFTER: Final = 660.0
AFTER_SLEEP: Final = "fell asleep"
AFTER_WAKING: Final = "woke on its own"


def episodes() -> list[Event]:
    """Calls at moments at which the known state of a car is old.

    In each episode, a door is opened, and the car falls asleep eleven minutes later. Some time
    after that (20 s to 9.6 min) comes the first call, for which the car takes 10 to 58 s to wake.
    Later, a door is opened again, and a minute after that comes the second call, with the car
    awake. All charge limits are below the battery's level, so that nothing starts to charge.
    """
    events: list[Event] = []
    for number in range(EPISODES):
        begins = MONDAY.timestamp() + 600 + number * EPISODE_SECONDS
        asleep = begins + 1 + ASLEEP_AFTER
        call = replace(
            limit(asleep + 20 + 46.3 * number, 51 + number),
            name=AFTER_SLEEP,
        )
        opened = begins + 3600
        events += [
            Order(begins, 0, {"open": "df", "wake_seconds": 10 + 4 * number}),
            Order(begins + 1, 0, {"close": "df"}),
            call,
            Order(opened, 0, {"open": "df"}),
            Order(opened + 1, 0, {"close": "df"}),
            replace(limit(opened + 60, 77 - number), name=AFTER_WAKING),
        ]
    return sorted(events, key=lambda event: event.at)


def spendthrift_calls() -> list[Call]:
    """Calls beyond a small budget: all day long, and every minute while the car charges.

    The last calls are cheap enough to use up the budget to the last cent; what the car streams
    after that comes on top, unless it was reserved.
    """
    at = [MONDAY.timestamp() + 7 + 15 * MINUTE * number for number in range(4 * 24)]
    at += [MONDAY.timestamp() + 37 + clock(18, 10 + number) for number in range(100)]
    return [
        replace(limit(moment, 51 + number % 20), by_automation=number % 3 == 0)
        for number, moment in enumerate(sorted(at))
    ]
