"""The polling plan: when to ask a vehicle, as a pure function of what is known.

Asking whether a vehicle is online is free and does not reach it; asking for its data is billed and
reaches it. So the state is checked often, and data is asked for only when it can have changed:

- when the vehicle came online: once, because everything may be different;
- while it drives, charges, is heated or is occupied: at an interval, which for a charge is the time
  in which it shows progress;
- after a command: once, to see what became of it, at once; after a plain setting of an automation,
  which many may follow, together with those;
- while it is plugged in and may begin to charge: at a longer interval;
- while it idles online: at a long interval, so that a drive or a charge that began meanwhile shows.

A vehicle that streams reports all that on its own. Then its state is not checked, and its data is
asked for only to fill in what the stream lacks: at most once while it is awake, if something that
is shown was never reported, or after a week.

Vehicles before 2021 are kept awake by being asked. While one idles it is left alone for longer than
it needs to fall asleep (11 minutes), however long its answers take: the pause is counted from the
last answer, and state checks do not end it. Source: Tesla's best practices (2026-08) and the
measured behaviour of these cars.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from .. import signals
from ..clock import within
from ..state import State

CHECK_INTERVAL: Final = timedelta(seconds=60)
"""Between free state checks; Tesla allows 60 a minute."""
ACTIVE_INTERVAL: Final = timedelta(minutes=10)
"""Between data requests while something goes on: 0.012 EUR an hour."""
RETRY_INTERVAL: Final = timedelta(minutes=5)
"""Least time between two data requests, whatever the reason, but for the one after a command. It
doubles with every answer in a row that yields nothing (in service, asleep after all), because those
are billed too."""
DRIVING_INTERVAL: Final = timedelta(minutes=8)
"""Between data requests while it drives: nothing changes as quickly as its position."""
PLUGGED_INTERVAL: Final = timedelta(minutes=15)
"""Between data requests while it is online, plugged in and not full: a charge may begin."""
CHARGE_STEP: Final = 1.5
"""Per cent of the battery that are worth a data request while it charges."""
MIN_CHARGE_INTERVAL: Final = timedelta(minutes=5)
MAX_CHARGE_INTERVAL: Final = timedelta(minutes=20)
"""Between data requests while it charges, however quickly or slowly that goes."""
IDLE_INTERVAL: Final = timedelta(minutes=60)
"""Between data requests of a vehicle that is online and idle, which does not keep it awake."""
LET_SLEEP: Final = timedelta(minutes=15)
"""How long a vehicle that polling keeps awake is left alone."""
EFFECT_DELAY: Final = timedelta(seconds=8)
"""How long after a command its effect is looked at."""
STREAM_GRACE: Final = timedelta(minutes=3)
"""How long a stream may be away from a vehicle that is online before data is asked for instead. It
connects within half a minute of waking, and tries again at least every 30 s."""
CHECK_ASLEEP_INTERVAL: Final = timedelta(minutes=15)
"""Between state checks of a vehicle that went to sleep while it streamed: it connects when it
wakes, so this only finds out that the stream broke meanwhile."""
QUICK: Final = timedelta(minutes=10)
"""A vehicle that is back online within that time did not sleep, but has poor reception."""
POOR_RECEPTION: Final = 3
"""Quick returns in a row after which an idle vehicle is polled no sooner than any other."""
GAP_PATIENCE: Final = timedelta(minutes=10)
"""How long a vehicle that is awake may report no value before it is asked for one: a process that
restarts is soon back, and before it sleeps most of them end."""
FILL_INTERVAL: Final = timedelta(days=7)
"""Between data requests of a vehicle that streams, for what changes with its software only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSituation:
    """The input of the plan: the vehicle's state and the times of requests and commands."""

    state: State
    data_received_at: datetime | None
    """When the last data request was answered; None if none was since the start."""
    online_since: datetime | None
    """When the vehicle was first seen online in this waking period."""
    data_requested_at: datetime | None = None
    """When data was last asked for, answered or not."""
    failures: int = 0
    """Requests in a row that yielded nothing."""
    commanded_at: datetime | None = None
    """When the last command was executed."""
    automated_at: datetime | None = None
    """When the last plain setting of an automation was executed; it is not urgent."""
    polling_prevents_sleep: bool = False
    """Whether polling keeps this vehicle awake (the first Model S and X)."""
    streaming: bool = False
    """Whether it streams now."""
    stream_overdue_since: datetime | None = None
    """Since when a stream is missing; None if none is expected, or the vehicle sleeps."""
    has_gaps: bool = False
    """Whether something is shown that the stream does not report."""
    slept_streaming: bool = False
    """Whether the stream itself announced its sleep."""
    checked_at: datetime | None = None
    """When its state was last checked."""
    quick_returns: int = 0
    """Returns in a row within `QUICK`."""
    slowdown: int = 1
    """Factor by which the budget stretches the intervals between data requests."""


def is_active(state: State) -> bool:
    """Whether the vehicle does something whose progress is worth a data request."""
    gear = state[signals.SHIFT_STATE]
    update = state[signals.UPDATE_STAGE]
    return (
        gear not in (None, "p")
        or state[signals.IS_CHARGING] is True
        or state[signals.CLIMATE_ON] is True
        or state[signals.USER_PRESENT] is True
        or update in ("downloading", "installing")
    )


def quick_returns(
    before: int,
    went_offline: datetime | None,
    now: datetime,
    *,
    online_for: timedelta,
    was_asleep: bool,
) -> int:
    """Count the quick returns in a row, now that a vehicle is back online.

    Args:
        before: The count so far.
        went_offline: When it was last seen to be no longer online.
        now: The time.
        online_for: How long it had been online then. Before it sleeps it is longer than `QUICK`.
        was_asleep: Whether Tesla called it asleep meanwhile, and not only offline.
    """
    if went_offline is None:
        return 0
    span = IDLE_INTERVAL if online_for < QUICK else QUICK
    if was_asleep:
        span = RETRY_INTERVAL
    return before + 1 if within(went_offline, span, now) else 0


def check_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to ask Tesla now if the vehicle is online."""
    if situation.streaming:
        return False
    checked_at = situation.checked_at
    if situation.slept_streaming and checked_at is not None:
        return not within(checked_at, CHECK_ASLEEP_INTERVAL, now)
    return True


def data_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to ask a vehicle that is online for its data now."""
    received_at, commanded_at = situation.data_received_at, _looked_for(situation)
    requested_at = situation.data_requested_at
    is_after_command = commanded_at is not None and (
        requested_at is None or requested_at < commanded_at + EFFECT_DELAY
    )
    # A stream that begins need not report what was commanded before.
    is_settled = (
        is_after_command and commanded_at is not None and now >= commanded_at + EFFECT_DELAY
    )
    if situation.online_since is None or (_is_awaited(situation, now) and not is_settled):
        return False
    if not is_after_command:
        if _is_paused(situation, now):
            return False
        if situation.streaming:
            return _fill_due(situation, now)
    if received_at is None or (
        received_at < situation.online_since and not _is_back(situation, now)
    ):
        return True
    for executed_at in (commanded_at, situation.automated_at):
        if executed_at is not None and received_at < executed_at + EFFECT_DELAY:
            return now >= executed_at + EFFECT_DELAY
    return now - received_at >= _usual_interval(situation) * situation.slowdown


def _is_back(situation: PollingSituation, now: datetime) -> bool:
    """Whether the vehicle came back online so soon that this is no new waking period.

    The first quick return may be a short sleep; with each further one it is asked half as often.
    """
    received_at, returns = situation.data_received_at, min(situation.quick_returns, 8)
    pause = min(RETRY_INTERVAL * 2 ** (returns - 1), IDLE_INTERVAL) if returns else timedelta()
    return received_at is not None and within(received_at, pause, now)


def _looked_for(situation: PollingSituation) -> datetime | None:
    """When the last command was executed whose effect is looked at as soon as it shows.

    That may be an automation's setting, if data was received too early after it: the readings may
    be from before.
    """
    received_at = situation.data_received_at
    commanded_at, automated_at = situation.commanded_at, situation.automated_at
    if (
        received_at is None
        or automated_at is None
        or not automated_at <= received_at < automated_at + EFFECT_DELAY
    ):
        return commanded_at
    return automated_at if commanded_at is None else max(commanded_at, automated_at)


def _usual_interval(situation: PollingSituation) -> timedelta:
    """Interval between two data requests, unless there is a special reason."""
    state = situation.state
    if state[signals.SHIFT_STATE] not in (None, "p"):
        return DRIVING_INTERVAL
    if state[signals.IS_CHARGING] is True:
        return _charge_interval(state)
    if is_active(state):
        return ACTIVE_INTERVAL
    if situation.polling_prevents_sleep:
        return LET_SLEEP
    # With poor reception nothing can be asked in step with it anyway.
    is_reachable = situation.quick_returns < POOR_RECEPTION
    if is_reachable and state[signals.LOCKED] is False:
        # A person is about to get in, or to lock it; before it sleeps this is worth knowing.
        return ACTIVE_INTERVAL
    # A charge that is complete, or stands at its limit, does not begin again on its own.
    is_plugged = state[signals.CHARGING_STATE] not in (None, "disconnected", "complete")
    return PLUGGED_INTERVAL if is_reachable and is_plugged else IDLE_INTERVAL


def _charge_interval(state: State) -> timedelta:
    """Time in which a charge shows progress, by the car's own estimate of its end."""
    level, limit = state[signals.BATTERY_LEVEL], state[signals.CHARGE_LIMIT]
    hours = state[signals.TIME_TO_FULL]
    if level is None or limit is None or not hours or limit <= level:
        return ACTIVE_INTERVAL
    step = timedelta(hours=hours) * (CHARGE_STEP / (limit - level))
    return min(max(step, MIN_CHARGE_INTERVAL), MAX_CHARGE_INTERVAL)


def _is_awaited(situation: PollingSituation, now: datetime) -> bool:
    """Whether a stream is about to begin."""
    overdue_since = situation.stream_overdue_since
    return overdue_since is not None and within(overdue_since, STREAM_GRACE, now)


def _is_paused(situation: PollingSituation, now: datetime) -> bool:
    """Whether the last data request is too recent; failures lengthen the pause."""
    pause = min(RETRY_INTERVAL * 2 ** min(situation.failures, 8), IDLE_INTERVAL)
    requested_at = situation.data_requested_at
    return requested_at is not None and within(requested_at, pause, now)


def _fill_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to ask a vehicle that streams for what its stream lacks."""
    received_at, online_since = situation.data_received_at, situation.online_since
    if received_at is None:
        return True
    if online_since is not None and (received_at >= online_since or _is_back(situation, now)):
        return False
    return situation.has_gaps or now - received_at >= FILL_INTERVAL


# --- Energy sites --------------------------------------------------------------------------------

SITE_INTERVAL: Final = timedelta(seconds=60)
"""Between two looks at a site's power flows, as Home Assistant's own integration does it."""
SITE_INFO_INTERVAL: Final = timedelta(minutes=10)
"""Between two looks at a site's settings, which only people change."""
SITE_SHARE: Final = Decimal("0.2")
"""The most of a month's budget that a site's power flows may take, should they cost something one
day: asked every minute at the price of data they would take 86 EUR."""
SITE_SLACK: Final = timedelta(seconds=5)
"""How much earlier than due is soon enough: who asks every minute is not exact."""


def site_interval(
    usual: timedelta, price: Decimal, limit: Decimal, slower: int = 1
) -> timedelta | None:
    """How long to wait between two questions to an energy site; None is for ever.

    Args:
        usual: If they cost nothing.
        price: Of one question, in the tariff's currency.
        limit: What a month may cost.
        slower: By how much the budget wants the intervals to grow.
    """
    if not price:
        return usual
    if not limit:
        return None
    month = price * 31 * (timedelta(days=1) // SITE_INTERVAL)
    return usual * max(1, float(month / (limit * SITE_SHARE))) * slower


def site_due(asked: datetime | None, interval: timedelta | None, now: datetime) -> bool:
    """Whether an energy site should be asked now.

    Args:
        asked: When it was asked last; None if it was not since the start.
        interval: Between two questions; see `site_interval`.
        now: The time.
    """
    if interval is None:
        return False
    return asked is None or not within(asked, interval - SITE_SLACK, now)
