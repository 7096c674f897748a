"""Repair issues about the end of the budget, each raised once a month for a developer account.

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

USED_UP_ISSUE: Final = "budget_used_up"
"""Nothing but what people do is paid any more."""
LOW_ISSUE: Final = "budget_low"
"""The background does not send paid requests any more."""
_STAYS: Final = SPENT_SHARES[SpendingMode.FRUGAL] * HOLD_SPENT
"""Share of the budget above which only a new month or another budget resolves the first issue."""


class BudgetIssue:
    """The issue of one developer account: that its budget is low, or that it is used up."""

    def __init__(self, hass: HomeAssistant, gate: Gate, account: str) -> None:
        """Watch this gate's budget; `account` is the name of its ledger."""
        self._hass = hass
        self._gate = gate
        self._account = account
        self._reported: tuple[str, Month, Decimal] | None = None
        """The issue, with its month and budget; None if none was raised."""

    @callback
    def async_update(self, now: datetime) -> None:
        """Raise the issue when the budget ends, and clear it with a new month or a higher budget.

        In between, a low budget stays one: otherwise, each change of the projection could raise the
        issue again.
        """
        meter = self._gate.meter
        month, budget = Month.of(now), meter.budget
        spent = meter.tariff.bill(meter.ledger.month(month))
        if (issue := self._issue(spent, now)) is not None:
            if self._reported != (issue, month, budget):
                self.async_clear()
                self._reported = issue, month, budget
                self._raise(issue, spent, month)
            return
        stays = self._reported == (LOW_ISSUE, month, budget) and not meter.is_suspended(now)
        if self._reported is not None and not (stays and spent >= budget * _STAYS):
            self.async_clear()

    @callback
    def async_clear(self) -> None:
        """Clear the issue."""
        self._reported = None
        async_clear_issues(self._hass, self._account, LOW_ISSUE, USED_UP_ISSUE)

    def _raise(self, issue: str, spent: Decimal, month: Month) -> None:
        meter = self._gate.meter
        async_raise_issue(
            self._hass,
            issue,
            self._account,
            {
                "spent": f"{spent:.2f}",
                "limit": f"{meter.budget:.2f}",
                "currency": meter.tariff.currency,
                "until": month.end.date().isoformat(),
            },
        )

    def _issue(self, spent: Decimal, now: datetime) -> str | None:
        """The issue that the budget deserves now, if any."""
        gate, meter = self._gate, self._gate.meter
        if meter.is_suspended(now):
            # The suspension has an issue of its own, and a higher budget does not end it.
            return None
        status = gate.mode_status
        if status.reason is ModeReason.USED_UP:
            return USED_UP_ISSUE
        if status.reason is ModeReason.SHARE and not status.effects.polls:
            return LOW_ISSUE
        ceiling = meter.budget * (1 - gate.policy.reserve)
        is_reached = spent > 0 and 0 < ceiling < spent + meter.tariff.price(DATA.category)
        return LOW_ISSUE if is_reached else None
