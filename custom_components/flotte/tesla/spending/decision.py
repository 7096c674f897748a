"""Requests to the gate and its decisions: what `gate` decides about, and its answers.

Every decision has a reason, whose value is the key of a text, and the placeholders of that text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Final

from ..errors import AccountSuspended, BudgetExceeded, GateRefused, Refused
from .caller import Caller, CallerKind
from .modes import SpendingMode
from .tariff import Category, Charge, Tariff

UNATTENDED: Final = frozenset({CallerKind.AUTOMATION, CallerKind.VOICE})
"""Callers that share the daily wakes: those that act without a person at a screen."""
CHARGING_ONLY: Final = frozenset({CallerKind.CHARGING})


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendingRequest:
    """An action to decide about, with its whole cost."""

    caller: Caller
    charges: tuple[Charge, ...]
    """Everything that the action may need: a wake if the car is asleep and no other action wakes
    it, a data request, a handshake, the command."""
    asset: str = ""
    """VIN of a vehicle or number of a site; empty if the action concerns no single asset."""
    deferrable: bool = False
    """Whether the action is a plain setting, which can run later as well as now. Never true for
    unlocking, opening, remote start, or anything else that acts instead of setting a value."""
    confirmed: bool = False
    """Whether a person confirmed the action by repeating it."""
    reduces_cost: bool = False
    """Whether the action makes the rest of the month cheaper, such as a leaner stream."""

    @property
    def wakes(self) -> bool:
        """Whether the action wakes the car."""
        return any(charge.category is Category.WAKE for charge in self.charges)

    @property
    def ends_spending(self) -> bool:
        """Whether the budget need not have room, because refusing it would cost more."""
        return False not in [charge.unasked for charge in self.charges]

    @property
    def sharing_wakes(self) -> frozenset[CallerKind]:
        """The kinds of callers whose daily wakes count together with this one's."""
        return CHARGING_ONLY if self.caller.kind is CallerKind.CHARGING else UNATTENDED

    @property
    def without_wake(self) -> SpendingRequest:
        """This action for a car that is awake already."""
        rest = tuple(each for each in self.charges if each.category is not Category.WAKE)
        return replace(self, charges=rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Everything besides the request that a decision depends on."""

    now: datetime
    tariff: Tariff
    counts: Mapping[Category, int]
    """This month's counts, including held requests."""
    unaccounted: Decimal = Decimal(0)
    """Amount that counts as spent in addition; see `Meter.unaccounted`."""
    zone: tzinfo = UTC
    """The owner's time zone, for quiet hours and for times in texts."""
    suspended: bool = False
    """Whether Tesla has suspended the account."""
    mode: SpendingMode = SpendingMode.NORMAL
    wakes_today: int = 0
    """Wakes of this car today (UTC) by callers that share them; see `sharing_wakes`."""
    last_wake: datetime | None = None
    """When this car was last woken."""


class DecisionReason(StrEnum):
    """The reason for a decision; the values are translation keys."""

    FREE = "gate_free"
    PERSON = "gate_person"
    AUTOMATION = "gate_automation"
    IN_STEP = "gate_in_step"
    SAVES = "gate_saves"
    STOP = "gate_charging_stop"
    BUDGET = "budget_exceeded"
    SUSPENDED = "account_suspended"
    RESERVE = "gate_reserve"
    STOPPED = "gate_stopped"
    NO_POLLING = "gate_no_polling"
    AHEAD = "gate_ahead"
    BACKGROUND = "gate_background"
    CONFIRM = "gate_confirm"
    ASLEEP = "gate_asleep"
    NO_WAKES = "gate_no_wakes"
    QUOTA = "gate_quota"
    CHARGING_QUOTA = "gate_charging_quota"
    QUIET = "gate_quiet"
    GAP = "gate_gap"


WAITING: Final = frozenset(
    {
        DecisionReason.BUDGET,
        DecisionReason.RESERVE,
        DecisionReason.ASLEEP,
        DecisionReason.NO_WAKES,
        DecisionReason.QUOTA,
        DecisionReason.QUIET,
        DecisionReason.GAP,
    }
)
"""Reasons that a wake is refused for, but not the setting itself once the car is awake."""


@dataclass(frozen=True, slots=True)
class Allow:
    """The action may begin now."""

    reason: DecisionReason
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return str(self.reason)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The action may not run."""

    reason: DecisionReason
    until: datetime | None
    """When the action may be allowed if nothing else changes; None if unknown."""
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return str(self.reason)

    def error(self) -> Refused:
        """The error for this refusal."""
        if self.reason is DecisionReason.SUSPENDED:
            return AccountSuspended("Tesla's own limit is exceeded")
        if self.reason is DecisionReason.BUDGET:
            return BudgetExceeded(**self.placeholders)
        return GateRefused(reason=self.key, **self.placeholders)


@dataclass(frozen=True, slots=True)
class Defer:
    """The action is deferred until the car wakes on its own."""

    reason: DecisionReason
    """The reason not to wake the car."""
    until: datetime
    """When the deferral expires."""
    placeholders: Mapping[str, str]

    @property
    def key(self) -> str:
        """Key of its text."""
        return f"{self.reason}_waits"


type Decision = Allow | Refuse | Defer
