"""Subscription of a vehicle: its accepted configuration, the tally of its records, and refusals."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.privacy import shortened
from ..tesla.reading_json import as_moment
from ..tesla.telemetry.forecast import Plan, Tally, forecast
from ..tesla.telemetry.profiles import FieldRule, Situation
from .issues import POSTPONED_ISSUE, RESOLVED_BY_ACCEPTANCE

USUAL_HOURS: Final = {
    Situation.PARKED: 1.95,
    Situation.CHARGING: 5.0,
    Situation.DRIVING: 1.0,
}
"""Time awake on a usual day: two drives of half an hour, and an evening of charging."""
USUAL_WAKES: Final = 3
USUAL_DAYS: Final = 30.44


@dataclass(frozen=True, slots=True)
class StreamRefusal:
    """Reason why a vehicle could not be configured, and the time of the next attempt."""

    issue: str
    """Key of the repair issue."""
    detail: str
    count: int
    """Refusals in a row that Tesla bills."""
    until: datetime | None
    """Time of the next attempt if nothing changes; None for never."""
    fingerprint: str
    """Hash of the possible causes of the refusal; see `StreamRefusals._fingerprint`."""

    def to_stored(self) -> dict[str, Any]:
        """The refusal as JSON."""
        return {
            "issue": self.issue,
            "detail": self.detail,
            "count": self.count,
            "until": None if self.until is None else self.until.isoformat(),
            "circumstances": self.fingerprint,
        }

    @classmethod
    def from_stored(cls, stored: object) -> StreamRefusal | None:
        """The refusal from `to_stored`'s JSON; None if there is none, or it cannot be read."""
        match stored:
            case {
                "issue": str() as issue,
                "detail": str() as detail,
                "count": int() as count,
                "until": str() | None as until,
                "circumstances": str() as fingerprint,
            } if issue in RESOLVED_BY_ACCEPTANCE:
                moment = as_moment(until)
                if (until is None) is (moment is None):
                    return cls(issue, shortened(detail), max(0, count), moment, fingerprint)
        return None


class VehicleSubscription:
    """One vehicle's subscription."""

    def __init__(self, coordinator: VehicleCoordinator, stored: object) -> None:
        """Restore the state from `to_stored`; unreadable parts are dropped."""
        kept = stored if isinstance(stored, Mapping) else {}
        self.coordinator = coordinator
        self.vin = coordinator.vehicle.vin
        coordinator.stream_watch.was_polled = kept.get("was_polled") is True
        configured = kept.get("configured")
        self.configured: dict[str, Any] | None = (
            dict(configured) if isinstance(configured, Mapping) else None
        )
        """The configuration that Tesla accepted last."""
        self.is_distrusted = kept.get("is_distrusted") is True
        """Whether Tesla may have dropped that configuration."""
        suspensions = kept.get("suspensions")
        self.suspensions = suspensions if type(suspensions) is int else 0
        """Number of the account's suspensions when it was accepted; see `is_lost`."""
        self.plan: Plan = {}
        self.tally = Tally.from_stored({}, kept.get("tally"))
        self.stored_tally = kept.get("tally")
        self.refusal = StreamRefusal.from_stored(kept.get("refusal"))
        """Refusal of the last configuration, if any."""
        self.asked = as_moment(kept.get("asked"))
        """Time when Tesla was last asked why the vehicle does not connect."""
        self.removal_failed_at: datetime | None = None
        """Time of the last failed deletion of the configuration."""
        self.is_reported = False
        """Whether the cost of a broker's stream was reported."""
        self.removal_failures = 0
        """Consecutive failed deletions that were billed."""
        self._counted: Counter[str] = Counter()

    @property
    def is_postponed(self) -> bool:
        """Whether its configuration waits for the budget, rather than being refused by Tesla."""
        return self.refusal is not None and self.refusal.issue == POSTPONED_ISSUE

    @property
    def name(self) -> str:
        """Name of the vehicle's device."""
        return self.coordinator.device_name

    def follow(self, planned: Plan, now: datetime) -> None:
        """Expect the vehicle to stream by this plan from now on, and count its records by it.

        The vehicle need not be connected, because a new plan takes effect after a while.
        """
        if not self.plan:
            self.tally = Tally.from_stored(planned, self.stored_tally)
            if self.coordinator.stream.is_connected:
                self.tally.opened(now)
        else:
            self.tally.follow(planned, now)
        self.plan = planned
        self.coordinator.stream.continuity.follow(planned)
        self.coordinator.vehicle.presence.stream_expected_since = now

    def unfollow(self, now: datetime) -> None:
        """Expect no records: the source of the stream is about to change."""
        self.stored_tally = self.tally.to_stored(now) if self.plan else self.stored_tally
        self.plan = {}
        self.coordinator.stream.continuity.follow({})
        self.coordinator.stream.continuity.is_gapless = True
        self.coordinator.vehicle.presence.stream_expected_since = None
        self.is_reported = False
        # The owner has just chosen this, so a deletion is tried at once.
        self.removal_failed_at, self.removal_failures = None, 0

    def count(self, now: datetime) -> None:
        """Add new records to the tally; this is not done for each, because records are frequent."""
        counts = self.coordinator.stream.counts
        fresh = counts - self._counted
        self._counted = counts.copy()
        if fresh:
            self.tally.note(fresh.elements(), situation_of(self.coordinator), now)

    def forget_configuration(self) -> None:
        """Forget the configuration, which is for another application."""
        self.configured = None
        self.suspensions = self.coordinator.vehicle.api.meter.suspension.count
        self.refusal = self.asked = None
        self.is_distrusted = False

    def distrust_configuration(self) -> None:
        """Check the configuration at Tesla soon, and retry a refused one."""
        self.is_distrusted = self.configured is not None
        if self.refusal is not None and self.refusal.until is not None:
            self.refusal = None

    @property
    def is_lost(self) -> bool:
        """Whether Tesla removed its configuration, as it does when it suspends an account.

        Suspensions are counted instead of dated, because clocks may be changed.
        """
        return self.suspensions != self.coordinator.vehicle.api.meter.suspension.count

    @property
    def known(self) -> dict[str, Any] | None:
        """The configuration that the vehicle has, as far as known."""
        return None if self.is_lost else self.configured

    def to_stored(self, now: datetime) -> dict[str, Any]:
        """State to store, as JSON."""
        return {
            "configured": self.configured,
            "was_polled": self.coordinator.stream_watch.was_polled,
            "is_distrusted": self.is_distrusted,
            "suspensions": self.suspensions,
            "refusal": None if self.refusal is None else self.refusal.to_stored(),
            "asked": None if self.asked is None else self.asked.isoformat(),
            "tally": self.tally.to_stored(now) if self.plan else self.stored_tally,
        }


def configured_vehicles(stored: object) -> dict[str, Mapping[str, Any]]:
    """Configurations by VIN of the vehicles that stream to us, from `StreamManager.to_stored`."""
    kept = stored if isinstance(stored, Mapping) else {}
    return {
        vin: each["configured"]
        for vin, each in kept.items()
        if isinstance(each, Mapping) and isinstance(each.get("configured"), Mapping)
    }


def situation_of(coordinator: VehicleCoordinator) -> Situation:
    """Situation of a vehicle, for the forecast of its stream."""
    state = coordinator.state
    if state[signals.SHIFT_STATE] not in (None, "p"):
        return Situation.DRIVING
    return Situation.CHARGING if state[signals.IS_CHARGING] else Situation.PARKED


def is_leaner(planned: Plan, subscription: VehicleSubscription) -> bool:
    """Whether a plan costs less than a vehicle's last configuration.

    After a restart, the last configuration may differ from the plan, because the shown entities may
    have changed.
    """
    told = _plan_of((subscription.known or {}).get("fields"))
    new, old = (forecast(each).signals(USUAL_HOURS, USUAL_WAKES) for each in (planned, told))
    return new < old


def _plan_of(claims: object) -> Plan:
    """The plan of a configuration's fields; unreadable ones are dropped."""
    plans: dict[str, FieldRule] = {}
    for name, claim in claims.items() if isinstance(claims, Mapping) else ():
        with suppress(AttributeError, KeyError, TypeError, ValueError):
            rule = FieldRule(
                claim["interval_seconds"],
                claim.get("minimum_delta"),
                claim.get("resend_interval_seconds"),
            )
            if name in signals.SIGNALS_BY_FIELD:
                plans[name] = rule
    return plans
