"""When to ask a vehicle, and what for: a pure function of what is known.

Asking whether a vehicle is online is free and does not reach it; asking for its data is billed and
reaches it. So the state is checked often, and data is asked for only when it can have changed:

- when the vehicle came online: once, because everything may be different;
- while it drives, charges, is heated or has somebody in it: at an interval;
- after a command: once, to see what became of it;
- while it idles online: seldom, so that a drive or a charge that began meanwhile is noticed.

Vehicles before 2021 are kept awake by being asked. While one idles it is left alone for longer than
it needs to fall asleep (11 minutes), however long its answers take: the pause is counted from the
last answer, and state checks do not end it. Source: Tesla's best practices (2026-08) and the
measured behaviour of these cars.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from . import signals
from .state import State

CHECK_INTERVAL: Final = timedelta(seconds=60)
"""Between free state checks; Tesla allows 60 a minute."""
ACTIVE_INTERVAL: Final = timedelta(minutes=10)
"""Between data requests while something goes on: 0.012 EUR an hour."""
RETRY_INTERVAL: Final = timedelta(minutes=5)
"""Least time between two data requests, whatever the reason, but for the one after a command. It
doubles with every answer in a row that told nothing (in service, asleep after all), because those
are billed too."""
IDLE_INTERVAL: Final = timedelta(minutes=60)
"""Between data requests of a vehicle that is online and idle, which does not keep it awake."""
LET_SLEEP: Final = timedelta(minutes=15)
"""How long a vehicle that is kept awake by questions is left alone."""
SETTLE: Final = timedelta(seconds=8)
"""How long after a command its effect is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the plan needs to know, besides the vehicle's state."""

    state: State
    asked: datetime | None
    """When the last data request was answered; None if there was none since the start."""
    came_online: datetime | None
    """When the vehicle was first seen online in this waking period."""
    tried: datetime | None = None
    """When data was asked for last, answered or not."""
    failures: int = 0
    """How often in a row that told nothing."""
    commanded: datetime | None = None
    """When the last command was carried out."""
    kept_awake: bool = False
    """Whether questions keep this vehicle awake (model year before 2021)."""


def is_active(state: State) -> bool:
    """Whether the vehicle does something whose progress is worth asking for."""
    gear = state[signals.SHIFT_STATE]
    update = state[signals.UPDATE_STATUS]
    return (
        gear not in (None, "p")
        or state[signals.IS_CHARGING] is True
        or state[signals.CLIMATE_ON] is True
        or state[signals.USER_PRESENT] is True
        or update in ("downloading", "installing")
    )


def data_due(situation: Situation, now: datetime) -> bool:
    """Whether a vehicle that was just found online should be asked for its data now."""
    asked = situation.asked
    if situation.came_online is None:
        return False
    tried, commanded = situation.tried, situation.commanded
    is_after_command = commanded is not None and (tried is None or tried < commanded + SETTLE)
    if tried is not None and not is_after_command:
        pause = min(RETRY_INTERVAL * 2 ** min(situation.failures, 8), IDLE_INTERVAL)
        # A date in the future is from before the clock was set back.
        if timedelta() <= now - tried < pause:
            return False
    if asked is None or asked < situation.came_online:
        return True
    if commanded is not None and asked < commanded + SETTLE:
        return now >= commanded + SETTLE
    if is_active(situation.state):
        return now - asked >= ACTIVE_INTERVAL
    return now - asked >= (LET_SLEEP if situation.kept_awake else IDLE_INTERVAL)
