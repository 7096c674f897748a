"""The repair issue that tells the owner of the budget's end: once a month, for the whole account.

Cars that stream are stopped when the budget is used up. Where all cars are polled that is never
reached: Flotte stops asking them before, and what they show gets old.
"""

from datetime import datetime
from decimal import Decimal
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import DOMAIN
from ..tesla.spending.gate import Gate
from ..tesla.spending.ledger import Month
from ..tesla.spending.modes import HOLD_SPENT, SPENT_SHARES, ModeReason, SpendingMode
from ..tesla.spending.tariff import DATA

BUDGET_ISSUE: Final = "budget_used_up"
_STAYS: Final = SPENT_SHARES[SpendingMode.FRUGAL] * HOLD_SPENT
"""The share of the budget above which only a new month or another budget ends the issue."""


class BudgetIssue:
    """What the owner of a developer account is told of its budget."""

    def __init__(self, hass: HomeAssistant, gate: Gate, account: str) -> None:
        """Tell of this gate's budget; `account` is the name of its ledger."""
        self._hass = hass
        self._gate = gate
        self._issue_id = f"{BUDGET_ISSUE}_{account}"
        self._told: tuple[Month, Decimal] | None = None
        """The month and the budget that the owner was told of."""

    @callback
    def async_look(self, now: datetime) -> None:
        """Raise the issue when the budget ends, and clear it with a new month or a higher budget.

        In between it stays: a forecast that moves would raise it again and again.
        """
        meter = self._gate.meter
        month, limit = Month.of(now), meter.budget
        is_told = self._told == (month, limit) and not meter.is_suspended(now)
        spent = meter.tariff.bill(meter.ledger.month(month))
        if self._has_ended(spent, now):
            if not is_told:
                self._told = (month, limit)
                self._tell(spent, month)
        elif self._told is not None and not (is_told and spent >= limit * _STAYS):
            self.async_clear()

    @callback
    def async_clear(self) -> None:
        """Withdraw the issue."""
        self._told = None
        ir.async_delete_issue(self._hass, DOMAIN, self._issue_id)

    def _tell(self, spent: Decimal, month: Month) -> None:
        meter = self._gate.meter
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            self._issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=BUDGET_ISSUE,
            translation_placeholders={
                "spent": f"{spent:.2f}",
                "limit": f"{meter.budget:.2f}",
                "currency": meter.tariff.currency,
                "until": month.end.date().isoformat(),
            },
        )

    def _has_ended(self, spent: Decimal, now: datetime) -> bool:
        """Whether the budget keeps Flotte from asking for what is paid on its own."""
        gate, meter = self._gate, self._gate.meter
        if meter.is_suspended(now):
            # The owner is told of that, and no budget helps.
            return False
        step = gate.step
        if step.reason is ModeReason.USED_UP:
            return True
        if step.reason is ModeReason.SHARE and not step.effects.polls:
            return True
        ceiling = meter.budget * (1 - gate.policy.reserve)
        return spent > 0 and 0 < ceiling < spent + meter.tariff.price(DATA.category)
