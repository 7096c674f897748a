"""Days on which what is known of a car is often wrong, and things are asked for all the same.

An episode begins with a car that is as its owner left it, and tells so. Then somebody does
something by hand, of which the stream says nothing: it loses the change, or its connection. Some
time later a person or an automation asks Home Assistant to put it right, which needs a command
whatever the stream said last.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from benchmarks.scripted_days import DAY, MINUTE, MONDAY, Event, Order, Thing, Wish
from simulator.cars import Car
from simulator.vehicle.drive import HOME

EPISODE_SECONDS: Final = 4787.0
"""An hour and twenty minutes, and something: no two meet the same phase of whoever looks hourly."""
FIRST_SECONDS: Final = 600.0
BY_HAND_SECONDS: Final = 240.0
"""After the beginning: the car has told all that it is, and its gear is long gone."""
LONGEST_SECONDS: Final = 4200.0

LOST_FIELDS: Final = (
    "Locked",
    "DoorState",
    "DetailedChargeState",
    "ChargeState",
    "ChargePortDoorOpen",
    "ChargePortLatch",
    "ACChargingPower",
    "ChargeAmps",
    "FdWindow",
    "FpWindow",
    "RdWindow",
    "RpWindow",
    "HvacPower",
    "DefrostMode",
    "SentryMode",
)

WAITS: Final = (20.0, 65.0, 130.0, 290.0, 610.0, 1900.0, 3600.0)
"""Seconds from the deed to the wish: from before a look a minute later until long asleep."""
TROUBLES: Final = ("lost change", "lost connection", "park, then lost connection")
AWAKE_SECONDS: Final = 600.0
"""Until then the car is certainly awake, and automations ask too."""

_QUIET: Final[dict[str, Any]] = {
    "state": "online",
    "lost_changes": {},
    "user_present": False,
    "location": {"latitude": HOME[0], "longitude": HOME[1], "heading": 87.0},
    "battery_level": 50,
    "charge_limit": 80,
    "plugged_in": "ac3",
    "charging": False,
    "locked": True,
    "close": ["df", "dr", "pf", "pr", "ft", "rt", "fd", "fp", "rd", "rp"],
    "climate": False,
    "sentry_mode": False,
    "charge_amps": 8,
}
"""As the owner left it."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """Something that is done by hand, and what is asked for afterwards."""

    name: str
    thing: Thing
    service: str
    is_so: Callable[[Car], bool]
    by_hand: dict[str, Any]
    """The orders that nobody hears of."""
    before: dict[str, Any] | None = None
    """What the car is besides, and told of, before that."""


def _no_window_open(car: Car) -> bool:
    return not any(car.body.windows.values())


def _is_charging(car: Car) -> bool:
    return car.charging.state in ("Charging", "Starting")


DEEDS: Final = (
    Deed(
        name="unlocked by hand",
        thing=Thing.LOCK,
        service="lock.lock",
        is_so=lambda car: car.body.is_locked,
        by_hand={"locked": False},
    ),
    Deed(
        name="windows opened by hand",
        thing=Thing.WINDOWS,
        service="cover.close_cover",
        is_so=_no_window_open,
        by_hand={"open": ["fd", "rp"]},
    ),
    Deed(
        name="trunk opened by hand",
        thing=Thing.TRUNK,
        service="cover.close_cover",
        is_so=lambda car: not car.body.trunk,
        by_hand={"open": "rt"},
    ),
    Deed(
        name="trunk closed by hand",
        thing=Thing.TRUNK,
        service="cover.close_cover",
        is_so=lambda car: not car.body.trunk,
        before={"open": "rt"},
        by_hand={"close": "rt"},
    ),
    Deed(
        name="climate switched on in the car",
        thing=Thing.CLIMATE,
        service="climate.turn_off",
        is_so=lambda car: not car.climate.is_on,
        by_hand={"climate": True},
    ),
    Deed(
        name="defrost switched on in the car",
        thing=Thing.DEFROST,
        service="switch.turn_off",
        is_so=lambda car: car.climate.defrost_mode == 0,
        by_hand={"climate": {"on": True, "defrost": True}},
    ),
    Deed(
        name="sentry mode switched off in the car",
        thing=Thing.SENTRY,
        service="switch.turn_on",
        is_so=lambda car: car.sentry_mode,
        before={"sentry_mode": True},
        by_hand={"sentry_mode": False},
    ),
    Deed(
        name="charge begun by hand",
        thing=Thing.CHARGE,
        service="switch.turn_off",
        is_so=lambda car: not _is_charging(car),
        by_hand={"charging": True},
    ),
    Deed(
        name="charge stopped by hand",
        thing=Thing.CHARGE,
        service="switch.turn_on",
        is_so=_is_charging,
        before={"charging": True},
        by_hand={"charging": False},
    ),
    Deed(
        name="charge port opened by hand",
        thing=Thing.PORT,
        service="cover.close_cover",
        is_so=lambda car: not car.charging.port.is_open,
        before={"plugged_in": False},
        by_hand={"open": "charge_port"},
    ),
)


def _trouble(kind: str, at: float, seconds: float) -> Iterator[Order]:
    """What keeps a deed at this moment from being heard of, until the wish and beyond."""
    lasts = seconds + MINUTE
    match kind:
        case "lost change":
            yield Order(at - 1, 0, {"lost_changes": dict.fromkeys(LOST_FIELDS, lasts)})
        case "lost connection":
            yield Order(at - 1, 0, {"lose_connection": lasts})
        case _:
            # Parked a moment ago: gear and speed are the last things that it tells.
            yield Order(at - 50, 0, {"user_present": True})
            yield Order(at - 40, 0, {"user_present": False})
            yield Order(at - 1, 0, {"lose_connection": lasts})


def _unlatching(begins: float) -> Iterator[Event]:
    """Release the cable, which latches again after a minute, and release it once more."""
    wish = Wish(
        begins + BY_HAND_SECONDS,
        0,
        Thing.CABLE,
        "lock.unlock",
        {},
        lambda car: not car.charging.port.is_latch_engaged,
        name="cable latched again",
    )
    yield wish
    yield replace(wish, at=wish.at + 75, by_automation=True)
    yield replace(wish, at=wish.at + 400)


def episode(number: int, deed: Deed, kind: str, seconds: float) -> Iterator[Event]:
    """One deed that nobody hears of, and the wish after it."""
    begins = MONDAY.timestamp() + FIRST_SECONDS + number * EPISODE_SECONDS
    yield Order(begins, 0, _QUIET)
    if deed.before is not None:
        yield Order(begins + 1, 0, deed.before)
    at = begins + BY_HAND_SECONDS
    yield from _trouble(kind, at, seconds)
    yield Order(at, 0, {"state": "online", **deed.by_hand})
    yield Wish(
        at + seconds,
        0,
        deed.thing,
        deed.service,
        {},
        deed.is_so,
        by_automation=seconds < AWAKE_SECONDS and number % 2 == 1,
        name=f"{deed.name}, {kind}, {seconds:.0f} s",
    )


def doubtful_events(days: int) -> list[Event]:
    """All episodes of so many days: deeds, troubles and waits in ever other combinations."""
    events: list[Event] = []
    count = itertools.count()
    episodes = int((days * DAY - FIRST_SECONDS - LONGEST_SECONDS) // EPISODE_SECONDS)
    for number in range(episodes):
        if number % (len(DEEDS) + 1) == len(DEEDS):
            begins = MONDAY.timestamp() + FIRST_SECONDS + number * EPISODE_SECONDS
            events += [Order(begins, 0, _QUIET), *_unlatching(begins)]
            continue
        turn = next(count)
        kind = TROUBLES[(turn + turn // len(DEEDS)) % len(TROUBLES)]
        events += episode(number, DEEDS[turn % len(DEEDS)], kind, WAITS[turn % len(WAITS)])
    return sorted(events, key=lambda event: event.at)
