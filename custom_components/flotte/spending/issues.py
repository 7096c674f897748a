"""Repair issues of a developer account: a suspension by Tesla, or a month in doubt."""

from datetime import datetime
from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..account.issues import async_clear_issues, async_raise_issue
from ..account.storage import CheckedStore, async_show_failure
from ..const import LOGGER
from ..tesla.spending.gate import Gate
from ..tesla.spending.ledger import Month
from .budget_issue import BudgetIssue

SUSPENDED_ISSUE: Final = "account_suspended"
LEDGER_DAMAGED_ISSUE: Final = "ledger_damaged"
LEDGER_UNWRITABLE_ISSUE: Final = "ledger_unwritable"
DASHBOARD: Final = "https://developer.tesla.com/dashboard"
"""Page where a developer raises the billing limit. Source: Tesla's billing page (2026-08)."""


class SpendingIssues:
    """The repair issues of one developer account."""

    def __init__(self, hass: HomeAssistant, gate: Gate, account: str) -> None:
        """Raise issues about this gate's meter; `account` is the name of its ledger."""
        self._hass = hass
        self._meter = gate.meter
        self._account = account
        self._budget = BudgetIssue(hass, gate, account)
        self._is_suspension_shown = self._is_doubt_shown = False
        self._names = ""
        self.is_used = True
        """Whether an account uses the application; if none does, no issue is raised."""

    @callback
    def async_set_names(self, names: str) -> None:
        """Name the accounts on this bill in the issues from now on, and in those that are open."""
        if names != self._names:
            self._names = names
            self._is_suspension_shown = self._is_doubt_shown = False

    @callback
    def async_update(self, now: datetime) -> None:
        """Raise and clear the issues about a suspension and about doubt."""
        if self.is_used:
            self._update_suspension(now)
            self._update_doubt(now)

    @callback
    def async_update_budget(self, now: datetime) -> None:
        """Raise or clear the issue about the end of the budget."""
        if self.is_used:
            self._budget.async_update(now)

    @callback
    def async_update_failure(self, store: CheckedStore) -> None:
        """Raise or clear the issue about a ledger that cannot be written."""
        if self.is_used:
            async_show_failure(
                self._hass, store, LEDGER_UNWRITABLE_ISSUE, self._account, name=self._names
            )

    @callback
    def async_retire(self) -> None:
        """Clear all issues, because no account uses the application any more."""
        self.is_used = self._is_suspension_shown = self._is_doubt_shown = False
        self._budget.async_clear()
        async_clear_issues(
            self._hass,
            self._account,
            SUSPENDED_ISSUE,
            LEDGER_DAMAGED_ISSUE,
            LEDGER_UNWRITABLE_ISSUE,
        )

    def _update_suspension(self, now: datetime) -> None:
        """Ask the owner to raise Tesla's billing limit, as long as the account is suspended."""
        if self._meter.is_suspended(now) is self._is_suspension_shown:
            return
        self._is_suspension_shown = not self._is_suspension_shown
        if not self._is_suspension_shown:
            LOGGER.info("Tesla's suspension of the developer account is over")
            async_clear_issues(self._hass, self._account, SUSPENDED_ISSUE)
            return
        until = Month.of(now).end.date().isoformat()
        LOGGER.warning("Tesla has suspended the developer account until %s", until)
        async_raise_issue(
            self._hass,
            SUSPENDED_ISSUE,
            self._account,
            {"name": self._names, "until": until, "url": DASHBOARD},
            is_error=True,
            fix_data={"account": self._account},
        )

    def _update_doubt(self, now: datetime) -> None:
        """Ask the owner to confirm the month's counts, as long as they are in doubt."""
        doubt = self._meter.doubt
        is_open = doubt is not None and Month.of(now) <= doubt.month
        if is_open is self._is_doubt_shown:
            return
        self._is_doubt_shown = is_open
        if doubt is None or not is_open:
            async_clear_issues(self._hass, self._account, LEDGER_DAMAGED_ISSUE)
            return
        async_raise_issue(
            self._hass,
            LEDGER_DAMAGED_ISSUE,
            self._account,
            {"name": self._names, "file": doubt.file or "—", "url": DASHBOARD},
            is_error=True,
            fix_data={"account": self._account, "issue": LEDGER_DAMAGED_ISSUE},
        )
