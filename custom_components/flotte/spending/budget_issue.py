"""Repair issue about the end of the budget, raised once a month for a developer account.

The streams end when the budget is used up. Polled vehicles never get that far: polling pauses
earlier, and their readings become old.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..account.issues import async_clear_issues, async_raise_issue
from ..tesla.spending.gate import Gate
from ..tesla.spending.ledger import Month
from ..tesla.spending.modes import HOLD_SPENT, SPENT_SHARES, ModeReason, SpendingMode
from ..tesla.spending.tariff import DATA

BUDGET_ISSUE: Final = "budget_used_up"
_STAYS: Final = SPENT_SHARES[SpendingMode.FRUGAL] * HOLD_SPENT
"""Share of the budget above which only a new month or another budget resolves the issue."""


class BudgetIssue:
    """The issue of one developer account."""

    def __init__(self, hass: HomeAssistant, gate: Gate, account: str) -> None:
        """Watch this gate's budget; `account` is the name of its ledger."""
        self._hass = hass
        self._gate = gate
        self._account = account
        self._reported: tuple[Month, Decimal] | None = None
        """Month and budget of the issue; None if it was not raised."""

    @callback
    def async_update(self, now: datetime) -> None:
        """Raise the issue when the budget ends, and clear it with a new month or a higher budget.

        In between, it stays: otherwise, each change of the projection could raise it again.
        """
        meter = self._gate.meter
        month, budget = Month.of(now), meter.budget
        is_current = self._reported == (month, budget) and not meter.is_suspended(now)
        spent = meter.tariff.bill(meter.ledger.month(month))
        if self._has_ended(spent, now):
            if not is_current:
                self._reported = (month, budget)
                self._raise(spent, month)
        elif self._reported is not None and not (is_current and spent >= budget * _STAYS):
            self.async_clear()

    @callback
    def async_clear(self) -> None:
        """Clear the issue."""
        self._reported = None
        async_clear_issues(self._hass, self._account, BUDGET_ISSUE)

    def _raise(self, spent: Decimal, month: Month) -> None:
        meter = self._gate.meter
        async_raise_issue(
            self._hass,
            BUDGET_ISSUE,
            self._account,
            {
                "spent": f"{spent:.2f}",
                "limit": f"{meter.budget:.2f}",
                "currency": meter.tariff.currency,
                "until": month.end.date().isoformat(),
            },
        )

    def _has_ended(self, spent: Decimal, now: datetime) -> bool:
        """Whether the budget prevents paid requests of the background."""
        gate, meter = self._gate, self._gate.meter
        if meter.is_suspended(now):
            # The suspension has an issue of its own, and a higher budget does not end it.
            return False
        status = gate.mode_status
        if status.reason is ModeReason.USED_UP:
            return True
        if status.reason is ModeReason.SHARE and not status.effects.polls:
            return True
        ceiling = meter.budget * (1 - gate.policy.reserve)
        return spent > 0 and 0 < ceiling < spent + meter.tariff.price(DATA.category)
