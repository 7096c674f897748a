"""The spending mode: how strictly to save, given the month's spent and projected cost."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final


class SpendingMode(StrEnum):
    """How strictly to save, in rising order."""

    NORMAL = "normal"
    THRIFTY = "thrifty"
    FRUGAL = "frugal"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects of a spending mode."""

    poll_factor: int = 1
    """Factor by which the intervals of the polling plan, and of billed site requests, grow."""
    saver: bool = False
    """Whether cars stream by the saver profile."""
    polls: bool = True
    """Whether the background may send paid requests."""
    automation_wakes: bool = True
    """Whether automations may wake a car."""
    automations: bool = True
    """Whether automations may spend at all."""
    streams: bool = True
    """Whether the cars stream."""


EFFECTS: Final[Mapping[SpendingMode, Effects]] = {
    SpendingMode.NORMAL: Effects(),
    SpendingMode.THRIFTY: Effects(poll_factor=2, saver=True),
    SpendingMode.FRUGAL: Effects(poll_factor=4, saver=True, polls=False, automation_wakes=False),
    SpendingMode.STOPPED: Effects(
        poll_factor=4,
        saver=True,
        polls=False,
        automation_wakes=False,
        automations=False,
        streams=False,
    ),
}
_RISING: Final = tuple(SpendingMode)

SPENT_SHARES: Final[Mapping[SpendingMode, Decimal]] = {
    SpendingMode.THRIFTY: Decimal("0.5"),
    SpendingMode.FRUGAL: Decimal("0.8"),
    SpendingMode.STOPPED: Decimal("0.99"),
}
"""Share of the budget that must be spent for each mode to begin. The first two also need a
projection above the budget: an owner who will stay within it is not held back. The last hundredth
pays for the requests that stop the stream, and for what people do."""
EARLY_SHARE: Final = Decimal("1.5")
"""A projection of this many budgets begins the first mode at once, without waiting until half the
budget is spent. It is well above 1 because a projection from few days is rough."""
HOLD_SPENT: Final = Decimal("0.98")
"""A mode ends only below this share of the amount at which it began, so that a refund does not end
it."""
HOLD_PROJECTED: Final = Decimal("0.9")
"""The equivalent for the projection, which changes every day, and falls because of the mode."""


class ModeReason(StrEnum):
    """Why the spending mode is what it is; the values are translation keys."""

    IN_ORDER = "mode_in_order"
    """The month will end within the budget."""
    PACE = "mode_pace"
    """The month is projected to end far above the budget."""
    SHARE = "mode_share"
    """A share of the budget is spent, and the month is projected to end above it."""
    USED_UP = "mode_used_up"
    """The budget is spent except for a small rest."""
    CHOSEN = "mode_chosen"
    """The owner chose it."""
    SUSPENDED = "mode_suspended"
    """Tesla has suspended the account, regardless of the budget."""


@dataclass(frozen=True, slots=True)
class ModeStatus:
    """A spending mode and the reason for it."""

    mode: SpendingMode
    reason: ModeReason
    placeholders: Mapping[str, str]

    @property
    def effects(self) -> Effects:
        """Effects of the mode."""
        return EFFECTS[self.mode]


def mode_of(
    spent: Decimal,
    projected: Decimal,
    budget: Decimal,
    current: SpendingMode = SpendingMode.NORMAL,
    override: SpendingMode | None = None,
) -> ModeStatus:
    """Choose the spending mode. The current one ends at a lower amount than it began.

    Args:
        spent: Amount spent this month.
        projected: Projected cost of the whole month.
        budget: The month's budget.
        current: The mode until now.
        override: The mode that the owner chose instead; it applies until the budget is used up.
    """
    words = {
        "spent": f"{spent:.2f}",
        "projected": f"{projected:.2f}",
        "budget": f"{budget:.2f}",
        "percent": f"{100 * spent / budget:.0f}" if budget else "100",
    }
    # This precedes the owner's choice: a stream costs money even if the budget has no room for it.
    share = SPENT_SHARES[SpendingMode.STOPPED]
    if current is SpendingMode.STOPPED:
        share *= HOLD_SPENT
    if spent >= share * budget:
        return ModeStatus(SpendingMode.STOPPED, ModeReason.USED_UP, words)
    if override is not None:
        return ModeStatus(override, ModeReason.CHOSEN, words)
    for mode in reversed(_RISING[1:-1]):
        held = _RISING.index(current) >= _RISING.index(mode)
        of_spent = HOLD_SPENT if held else Decimal(1)
        of_projected = HOLD_PROJECTED if held else Decimal(1)
        is_spent = spent >= SPENT_SHARES[mode] * of_spent * budget
        if is_spent and projected > of_projected * budget:
            return ModeStatus(mode, ModeReason.SHARE, words)
        if mode is SpendingMode.THRIFTY and projected >= EARLY_SHARE * of_projected * budget:
            return ModeStatus(mode, ModeReason.PACE, words)
    return ModeStatus(SpendingMode.NORMAL, ModeReason.IN_ORDER, words)
