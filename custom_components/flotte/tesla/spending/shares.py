"""The share of the budget that was used up, and the moments when it first reached a height.

The share counts once a month: a higher budget lowers it, but what was reached stays reached.
"""

from datetime import UTC, datetime
from decimal import Decimal

from ..listeners import Listeners
from ..reading_json import as_number
from .ledger_check import is_month


def share_of(spent: Decimal, budget: Decimal) -> float | None:
    """A cost in per cent of the budget; None if there is no budget."""
    return float(spent / budget * 100) if budget > 0 else None


class BudgetShares:
    """The highest share of the running month."""

    def __init__(self) -> None:
        self.month = (0, 0)
        """Year and month of `highest`, in UTC; (0, 0) before the first share."""
        self.highest = 0.0
        """In per cent."""
        self.reached = Listeners[int, int]()
        """Notified with the highest share before and now in whole per cent, when that has risen."""

    def note(self, spent: Decimal, budget: Decimal, now: datetime) -> None:
        """Note how much of the budget is used now.

        The very first share is only noted: an account may be set up with costs. After a restart,
        the stored share tells what was reported before.
        """
        if budget <= 0:
            return
        is_followed = self.month != (0, 0)
        now = now.astimezone(UTC)
        month, share = (now.year, now.month), float(spent / budget * 100)
        if month < self.month:
            # The clock was set back.
            return
        before = self.highest if month == self.month else 0.0
        self.month, self.highest = month, max(before, share)
        if is_followed and int(share) > int(before):
            self.reached(int(before), int(share))

    def restore(self, stored: object) -> None:
        """Restore it from year, month and share; ignore anything unreadable."""
        match stored:
            case [int() as year, int() as month, highest] if is_month([year, month]):
                share = as_number(highest)
                if share is not None and share >= 0:
                    self.month, self.highest = (year, month), share
