"""Days on which the known state of a car is often wrong when calls are made.

An episode starts with a car as its owner left it, known to Home Assistant. Then a person changes
something by hand, and the stream does not report it, because it loses the change or its connection.
Some time later, a person or an automation asks Home Assistant to undo the change, which needs a
command whatever the stream reported last.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from benchmarks.scripted_days import DAY, MINUTE, MONDAY, Call, Event, Feature, Order
from simulator.cars import Car
from simulator.vehicle.drive import HOME

EPISODE_SECONDS: Final = 4787.0
"""A little less than an hour and twenty minutes, so that no two episodes start at the same phase of
an hourly poll."""
FIRST_SECONDS: Final = 600.0
BY_HAND_SECONDS: Final = 240.0
"""After the start: the car has reported everything, and its gear was reported long ago."""
MAX_SECONDS: Final = 4200.0

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
"""Seconds from the change to the call: from before a poll a minute later until long asleep."""
TROUBLES: Final = ("lost change", "lost connection", "park, then lost connection")
AWAKE_SECONDS: Final = 600.0
"""Seconds for which the car is certainly awake, so that automations make calls too."""

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
"""The car as its owner left it."""


@dataclass(frozen=True, kw_only=True)
class ManualChange:
    """A change made by hand, and the call that undoes it."""

    name: str
    feature: Feature
    service: str
    is_done: Callable[[Car], bool]
    by_hand: dict[str, Any]
    """The steering orders that the stream does not report."""
    before: dict[str, Any] | None = None
    """Steering orders for the known state before that."""


def _no_window_open(car: Car) -> bool:
    return not any(car.body.windows.values())


def _is_charging(car: Car) -> bool:
    return car.charging.state in ("Charging", "Starting")


MANUAL_CHANGES: Final = (
    ManualChange(
        name="unlocked by hand",
        feature=Feature.LOCK,
        service="lock.lock",
        is_done=lambda car: car.body.is_locked,
        by_hand={"locked": False},
    ),
    ManualChange(
        name="windows opened by hand",
        feature=Feature.WINDOWS,
        service="cover.close_cover",
        is_done=_no_window_open,
        by_hand={"open": ["fd", "rp"]},
    ),
    ManualChange(
        name="trunk opened by hand",
        feature=Feature.TRUNK,
        service="cover.close_cover",
        is_done=lambda car: not car.body.trunk,
        by_hand={"open": "rt"},
    ),
    ManualChange(
        name="trunk closed by hand",
        feature=Feature.TRUNK,
        service="cover.close_cover",
        is_done=lambda car: not car.body.trunk,
        before={"open": "rt"},
        by_hand={"close": "rt"},
    ),
    ManualChange(
        name="climate turned on in the car",
        feature=Feature.CLIMATE,
        service="climate.turn_off",
        is_done=lambda car: not car.climate.is_on,
        by_hand={"climate": True},
    ),
    ManualChange(
        name="defrost turned on in the car",
        feature=Feature.DEFROST,
        service="switch.turn_off",
        is_done=lambda car: car.climate.defrost_mode == 0,
        by_hand={"climate": {"on": True, "defrost": True}},
    ),
    ManualChange(
        name="sentry mode turned off in the car",
        feature=Feature.SENTRY,
        service="switch.turn_on",
        is_done=lambda car: car.sentry_mode,
        before={"sentry_mode": True},
        by_hand={"sentry_mode": False},
    ),
    ManualChange(
        name="charge started by hand",
        feature=Feature.CHARGE,
        service="switch.turn_off",
        is_done=lambda car: not _is_charging(car),
        by_hand={"charging": True},
    ),
    ManualChange(
        name="charge stopped by hand",
        feature=Feature.CHARGE,
        service="switch.turn_on",
        is_done=_is_charging,
        before={"charging": True},
        by_hand={"charging": False},
    ),
    ManualChange(
        name="charge port opened by hand",
        feature=Feature.PORT,
        service="cover.close_cover",
        is_done=lambda car: not car.charging.port.is_open,
        before={"plugged_in": False},
        by_hand={"open": "charge_port"},
    ),
)


def _trouble(kind: str, at: float, seconds: float) -> Iterator[Order]:
    """The trouble that keeps a change from being reported until after the call."""
    lasts = seconds + MINUTE
    match kind:
        case "lost change":
            yield Order(at - 1, 0, {"lost_changes": dict.fromkeys(LOST_FIELDS, lasts)})
        case "lost connection":
            yield Order(at - 1, 0, {"lose_connection": lasts})
        case _:
            # Parked a moment ago: gear and speed are the last values that it reports.
            yield Order(at - 50, 0, {"user_present": True})
            yield Order(at - 40, 0, {"user_present": False})
            yield Order(at - 1, 0, {"lose_connection": lasts})


def _unlatching(begins: float) -> Iterator[Event]:
    """Release the cable, which latches again after a minute, and release it twice more."""
    call = Call(
        begins + BY_HAND_SECONDS,
        0,
        Feature.CABLE,
        "lock.unlock",
        {},
        lambda car: not car.charging.port.is_latch_engaged,
        name="cable latched again",
    )
    yield call
    yield replace(call, at=call.at + 75, by_automation=True)
    yield replace(call, at=call.at + 400)


def episode(number: int, change: ManualChange, kind: str, seconds: float) -> Iterator[Event]:
    """A change that is not reported, and the call after it."""
    begins = MONDAY.timestamp() + FIRST_SECONDS + number * EPISODE_SECONDS
    yield Order(begins, 0, _QUIET)
    if change.before is not None:
        yield Order(begins + 1, 0, change.before)
    at = begins + BY_HAND_SECONDS
    yield from _trouble(kind, at, seconds)
    yield Order(at, 0, {"state": "online", **change.by_hand})
    yield Call(
        at + seconds,
        0,
        change.feature,
        change.service,
        {},
        change.is_done,
        by_automation=seconds < AWAKE_SECONDS and number % 2 == 1,
        name=f"{change.name}, {kind}, {seconds:.0f} s",
    )


def doubtful_events(days: int) -> list[Event]:
    """All episodes of so many days, in varying combinations of change, trouble and wait."""
    events: list[Event] = []
    count = itertools.count()
    episodes = int((days * DAY - FIRST_SECONDS - MAX_SECONDS) // EPISODE_SECONDS)
    for number in range(episodes):
        if number % (len(MANUAL_CHANGES) + 1) == len(MANUAL_CHANGES):
            begins = MONDAY.timestamp() + FIRST_SECONDS + number * EPISODE_SECONDS
            events += [Order(begins, 0, _QUIET), *_unlatching(begins)]
            continue
        turn = next(count)
        kind = TROUBLES[(turn + turn // len(MANUAL_CHANGES)) % len(TROUBLES)]
        events += episode(
            number, MANUAL_CHANGES[turn % len(MANUAL_CHANGES)], kind, WAITS[turn % len(WAITS)]
        )
    return sorted(events, key=lambda event: event.at)
