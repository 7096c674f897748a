"""Configurations that Tesla refused: what is reported, and when one is sent again."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .issues import PERMANENT, POSTPONED_ISSUE, StreamIssues
from .planning import Planner
from .subscription import StreamRefusal, VehicleSubscription

RETRY_INTERVALS: Final = (
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(days=1),
    timedelta(days=7),
)
"""Pauses between attempts to configure a vehicle that Tesla refused: each attempt is billed, and
few causes of a refusal disappear on their own. A change that may have removed the cause triggers a
retry at once."""


def pause_after(count: int) -> timedelta:
    """Interval before the next attempt after `count` billed refusals in a row."""
    return RETRY_INTERVALS[min(max(count - 1, 0), len(RETRY_INTERVALS) - 1)]


def is_over(until: datetime, now: datetime) -> bool:
    """Whether a wait is over; one longer than any pause was set while the clock was ahead."""
    return not now < until <= now + RETRY_INTERVALS[-1]


def is_retry_due(subscription: VehicleSubscription, now: datetime) -> bool:
    """Whether a refused configuration is due to be sent again."""
    until = None if subscription.refusal is None else subscription.refusal.until
    return until is not None and is_over(until, now)


class StreamRefusals:
    """Records and reports refused configurations, and decides whether to send one again.

    Args:
        hass: Home Assistant.
        entry: The account.
        planner: Plans the vehicles' fields.
        on_change: Called when something changed that must be stored.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        planner: Planner,
        *,
        on_change: Callable[[], None],
    ) -> None:
        self._entry = entry
        self._planner = planner
        self._on_change = on_change
        self._issues = StreamIssues(hass, entry.entry_id)

    def may_try(
        self, subscription: VehicleSubscription, wanted: Mapping[str, Any], now: datetime
    ) -> bool:
        """Whether a configuration differs from the refused one, or its retry is due."""
        refusal = subscription.refusal
        if refusal is None:
            return True
        if refusal.until is None:
            return False
        return is_over(refusal.until, now) or refusal.fingerprint != self._fingerprint(
            subscription, wanted, refusal.issue
        )

    def _fingerprint(
        self, subscription: VehicleSubscription, wanted: Mapping[str, Any], issue: str
    ) -> str:
        """Hash of everything that may cause a refusal; a change makes a retry worthwhile."""
        vehicle = subscription.coordinator.vehicle
        found = {
            # The expiry differs with each attempt.
            "wanted": {name: value for name, value in wanted.items() if name != "exp"},
            "firmware": self._planner.firmware(subscription),
            "key": vehicle.channel.key_paired,
            "settings": self._planner.settings,
            # What may be spent has no part in a refusal of Tesla's.
            "options": dict(self._entry.options) if issue == POSTPONED_ISSUE else None,
        }
        text = json.dumps(found, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def record(
        self,
        subscription: VehicleSubscription,
        wanted: Mapping[str, Any],
        issue: str,
        detail: str = "",
        *,
        billed: bool,
    ) -> None:
        """Record a refused configuration, and report it."""
        count = (subscription.refusal.count if subscription.refusal else 0) + billed
        until = None if issue == PERMANENT else dt_util.utcnow() + pause_after(count)
        subscription.refusal = StreamRefusal(
            issue, detail, count, until, self._fingerprint(subscription, wanted, issue)
        )
        self.async_report(subscription, subscription.refusal)
        self._on_change()

    @callback
    def async_report(self, subscription: VehicleSubscription, refusal: StreamRefusal) -> None:
        """Report why a vehicle could not be configured, if that affects its stream."""
        is_postponed = refusal.issue == POSTPONED_ISSUE
        if not is_postponed or subscription.known is None:
            # A vehicle that is already streaming keeps its present plan.
            # The text ends the sentence, but for a refusal of ours, which is one.
            detail = refusal.detail if is_postponed else refusal.detail.rstrip(".")
            self._issues.async_report(
                refusal.issue, subscription.vin, subscription.name, detail=detail
            )
