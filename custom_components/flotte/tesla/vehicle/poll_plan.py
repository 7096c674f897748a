"""The polling plan: pure functions that decide when to poll a vehicle.

A state check asks Tesla whether a vehicle is online; it is free and does not reach the vehicle. A
data request is billed and reaches the vehicle. So the state is checked often, but data is requested
only when it may have changed:

- once when the vehicle comes online, because everything may be different;
- at an interval while it drives, charges, runs its climate or is occupied; for a charge, the
  interval is the time in which it makes visible progress;
- once after a command, to see its effect; soon after most commands, but later after an
  automation's plain setting, so that one request covers the settings that may follow;
- at a longer interval while it is plugged in and may begin to charge;
- at a long interval while it idles online, to notice a drive or a charge that began meanwhile.

A vehicle that streams reports all of that on its own. Its state is not checked, and its data is
requested only to fill gaps: at most once per waking period, if a shown signal was never reported,
or after a week.

Polling keeps old vehicles (the first Model S and X) awake. While one idles, it is not polled for
longer than it needs to fall asleep (11 minutes), however long its answers take: the pause is
counted from the last answer, and state checks do not end it. Source: Tesla's best practices
(2026-08) and the measured behaviour of these cars.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from .. import signals
from ..clock import within
from ..state import State

CHECK_INTERVAL: Final = timedelta(seconds=60)
"""Time between free state checks; Tesla allows 60 a minute."""
ACTIVE_INTERVAL: Final = timedelta(minutes=10)
"""Time between data requests while the vehicle is active: 0.012 EUR an hour."""
RETRY_INTERVAL: Final = timedelta(minutes=5)
"""Minimum time between two data requests for any reason other than a command. It doubles with every
answer in a row that yields no data (in service, asleep after all), because those are billed too."""
DRIVING_INTERVAL: Final = timedelta(minutes=8)
"""Time between data requests during a drive: nothing changes as quickly as the position."""
PLUGGED_INTERVAL: Final = timedelta(minutes=15)
"""Time between data requests while the vehicle is plugged in and not full: a charge may begin."""
CHARGE_STEP: Final = 1.5
"""Progress of a charge, in per cent of the battery, that is worth a data request."""
MIN_CHARGE_INTERVAL: Final = timedelta(minutes=5)
MAX_CHARGE_INTERVAL: Final = timedelta(minutes=20)
"""Bounds of the time between data requests during a charge."""
IDLE_INTERVAL: Final = timedelta(minutes=60)
"""Time between data requests to an idle vehicle that polling does not keep awake."""
LET_SLEEP: Final = timedelta(minutes=15)
"""Time between data requests to an idle vehicle that polling keeps awake."""
EFFECT_DELAY: Final = timedelta(seconds=8)
"""Time after a command before its effect is polled."""
STREAM_GRACE: Final = timedelta(minutes=3)
"""How long a stream may be missing from an online vehicle before data is requested instead. A
vehicle connects within half a minute of waking, and retries at least every 30 s."""
CHECK_ASLEEP_INTERVAL: Final = timedelta(minutes=15)
"""Time between state checks of a vehicle that fell asleep while streaming. It connects when it
wakes, so these checks only detect a broken stream."""
QUICK: Final = timedelta(minutes=10)
"""A vehicle that is back online within this time did not sleep, but has poor reception."""
POOR_RECEPTION: Final = 3
"""Quick returns in a row from which an idle vehicle is polled at `IDLE_INTERVAL` only."""
GAP_PATIENCE: Final = timedelta(minutes=10)
"""How long an awake vehicle may report no value before its data is requested. A process that
restarts is soon back, and most fields become invalid before the vehicle sleeps."""
FILL_INTERVAL: Final = timedelta(days=7)
"""Time between data requests to a streaming vehicle, for values that change only with its
software."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PollingSituation:
    """The input of the plan: the vehicle's state and the times of requests and commands."""

    state: State
    data_received_at: datetime | None
    """When the last data request was answered; None if none has been."""
    online_since: datetime | None
    """When the vehicle was first seen online in this waking period."""
    data_requested_at: datetime | None = None
    """When data was last requested, answered or not."""
    failures: int = 0
    """Requests in a row that yielded no data."""
    commanded_at: datetime | None = None
    """When the last command was executed."""
    automated_at: datetime | None = None
    """When the last plain setting of an automation was executed; it is not urgent."""
    polling_prevents_sleep: bool = False
    """Whether polling keeps this vehicle awake (the first Model S and X)."""
    streaming: bool = False
    """Whether the vehicle is streaming now."""
    stream_overdue_since: datetime | None = None
    """Since when the stream has been missing; None if none is expected, or the vehicle sleeps."""
    has_gaps: bool = False
    """Whether the stream does not report some signals that are shown."""
    slept_streaming: bool = False
    """Whether the stream announced that the vehicle falls asleep."""
    checked_at: datetime | None = None
    """When the vehicle's state was last checked."""
    quick_returns: int = 0
    """Returns in a row within `QUICK`."""
    slowdown: int = 1
    """Factor by which the budget stretches the intervals between data requests."""


def is_active(state: State) -> bool:
    """Whether the vehicle is doing something whose progress is worth a data request."""
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
        went_offline: When the vehicle was last seen to go offline.
        now: The current time.
        online_for: How long it had been online then. Before a sleep, that is longer than `QUICK`.
        was_asleep: Whether Tesla reported it asleep meanwhile, and not only offline.
    """
    if went_offline is None:
        return 0
    span = IDLE_INTERVAL if online_for < QUICK else QUICK
    if was_asleep:
        span = RETRY_INTERVAL
    return before + 1 if within(went_offline, span, now) else 0


def check_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to ask Tesla now whether the vehicle is online."""
    if situation.streaming:
        return False
    checked_at = situation.checked_at
    if situation.slept_streaming and checked_at is not None:
        return not within(checked_at, CHECK_ASLEEP_INTERVAL, now)
    return True


def data_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to request the data of an online vehicle now."""
    received_at, commanded_at = situation.data_received_at, _looked_for(situation)
    requested_at = situation.data_requested_at
    is_after_command = commanded_at is not None and (
        requested_at is None or requested_at < commanded_at + EFFECT_DELAY
    )
    # A new stream need not report the effect of an earlier command, so do not wait for it.
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

    The first quick return may follow a short sleep. Each further one doubles the time between data
    requests.
    """
    received_at, returns = situation.data_received_at, min(situation.quick_returns, 8)
    pause = min(RETRY_INTERVAL * 2 ** (returns - 1), IDLE_INTERVAL) if returns else timedelta()
    return received_at is not None and within(received_at, pause, now)


def _looked_for(situation: PollingSituation) -> datetime | None:
    """When the last command ran whose effect is to be polled as soon as it can show.

    That includes an automation's setting if data arrived too early after it to show its effect.
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
    # With poor reception, polling cannot keep step with the vehicle anyway.
    is_reachable = situation.quick_returns < POOR_RECEPTION
    if is_reachable and state[signals.LOCKED] is False:
        # Someone is about to get in or to lock it, which should show before the vehicle sleeps.
        return ACTIVE_INTERVAL
    # A charge that is complete, or stands at its limit, does not begin again on its own.
    is_plugged = state[signals.CHARGING_STATE] not in (None, "disconnected", "complete")
    return PLUGGED_INTERVAL if is_reachable and is_plugged else IDLE_INTERVAL


def _charge_interval(state: State) -> timedelta:
    """Time in which a charge makes visible progress, by the vehicle's estimate of its end."""
    level, limit = state[signals.BATTERY_LEVEL], state[signals.CHARGE_LIMIT]
    hours = state[signals.TIME_TO_FULL]
    if level is None or limit is None or not hours or limit <= level:
        return ACTIVE_INTERVAL
    step = timedelta(hours=hours) * (CHARGE_STEP / (limit - level))
    return min(max(step, MIN_CHARGE_INTERVAL), MAX_CHARGE_INTERVAL)


def _is_awaited(situation: PollingSituation, now: datetime) -> bool:
    """Whether a stream is expected to begin soon."""
    overdue_since = situation.stream_overdue_since
    return overdue_since is not None and within(overdue_since, STREAM_GRACE, now)


def _is_paused(situation: PollingSituation, now: datetime) -> bool:
    """Whether the last data request is too recent; failures lengthen the pause."""
    pause = min(RETRY_INTERVAL * 2 ** min(situation.failures, 8), IDLE_INTERVAL)
    requested_at = situation.data_requested_at
    return requested_at is not None and within(requested_at, pause, now)


def _fill_due(situation: PollingSituation, now: datetime) -> bool:
    """Whether to request data of a streaming vehicle, to fill the gaps of its stream."""
    received_at, online_since = situation.data_received_at, situation.online_since
    if received_at is None:
        return True
    if online_since is not None and (received_at >= online_since or _is_back(situation, now)):
        return False
    return situation.has_gaps or now - received_at >= FILL_INTERVAL


# --- Energy sites --------------------------------------------------------------------------------

SITE_INTERVAL: Final = timedelta(seconds=60)
"""Time between requests for a site's power flows, as in Home Assistant's own integration."""
SITE_INFO_INTERVAL: Final = timedelta(minutes=10)
"""Time between requests for a site's settings, which only people change."""
HISTORY_INTERVAL: Final = timedelta(minutes=5)
"""Time between requests for a site's energy history, which gets a row as often."""
OUTAGES_INTERVAL: Final = timedelta(hours=6)
"""Time between requests for a site's outages; those that end in between are looked for soon."""
SITE_SHARE: Final = Decimal("0.2")
"""Largest share of a month's budget for a site's power flows, should Tesla ever charge for them:
every minute at the price of a data request would cost 86 EUR."""
SITE_SLACK: Final = timedelta(seconds=5)
"""How much too early a request counts as due, because the caller's timer is not exact."""


def site_interval(
    usual: timedelta, price: Decimal, budget: Decimal, slower: int = 1
) -> timedelta | None:
    """Time between two requests to an energy site; None if it must not be polled at all.

    Args:
        usual: The interval if requests are free.
        price: Price of one request, in the tariff's currency.
        budget: The month's budget.
        slower: Factor by which the budget stretches the interval.
    """
    if not price:
        return usual
    if not budget:
        return None
    month = price * 31 * (timedelta(days=1) // SITE_INTERVAL)
    return usual * max(1, float(month / (budget * SITE_SHARE))) * slower


def site_due(asked: datetime | None, interval: timedelta | None, now: datetime) -> bool:
    """Whether a request to an energy site is due.

    Args:
        asked: When the last request was sent; None if none has been.
        interval: Time between two requests; see `site_interval`.
        now: The current time.
    """
    if interval is None:
        return False
    return asked is None or not within(asked, interval - SITE_SLACK, now)


def history_due(
    asked: datetime | None, interval: timedelta | None, delay: timedelta, now: datetime
) -> bool:
    """Whether a request for a site's energy history is due: once for each of Tesla's rows.

    Args:
        asked: When the last request was sent; None if none has been.
        interval: Time between two requests; see `site_interval`.
        delay: How long after the end of a row it is requested; not all sites ask at once.
        now: The current time.
    """
    if interval is None:
        return False
    if asked is None:
        return True
    if interval > HISTORY_INTERVAL and within(asked, interval - SITE_SLACK, now):
        return False
    step, published = HISTORY_INTERVAL.total_seconds(), now - delay
    begins = datetime.fromtimestamp(published.timestamp() // step * step, UTC) + delay
    return not begins <= asked <= now
