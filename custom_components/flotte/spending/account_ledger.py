"""The ledger on disk: one for each Tesla developer account, whatever entries share it.

Wakes and commands are on disk before their request leaves; what is cheap follows within 10 s.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import (
    async_call_later,
    async_track_time_interval,
    async_track_utc_time_change,
)
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account.storage import CheckedStore, Damaged, NotWritten, async_show_failure
from ..const import (
    DOMAIN,
    FREE_DELAY_SECONDS,
    LEDGER_DELAY_SECONDS,
    LOGGER,
    REVIEW_INTERVAL,
    REWRITE_SECONDS,
    SHORT_DELAY_SECONDS,
)
from ..tesla.errors import NotRecorded
from ..tesla.listeners import Listeners
from ..tesla.spending.endpoints import Endpoint, Endpoints
from ..tesla.spending.gate import Gate
from ..tesla.spending.ledger import Booking, Ledger, Month
from ..tesla.spending.ledger_check import find_defect, is_count, is_month
from ..tesla.spending.meter import Doubt, Meter
from ..tesla.spending.modes import SpendingMode
from ..tesla.spending.policy import Policy
from ..tesla.spending.projection import Projection, project
from ..tesla.spending.tariff import Category, Tariff
from .budget_issue import BudgetIssue

_ACCOUNTS: Final[HassKey[dict[str, AccountLedger]]] = HassKey(f"{DOMAIN}_ledgers")
_LOADING: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_loading_ledger")
_VERSION: Final = 1
NEARLY_NOTHING: Final = Decimal("0.01")
"""The share of the limit from which on every booking is a reason to look at the spending mode."""
SUSPENDED_ISSUE: Final = "account_suspended"
DAMAGED_ISSUE: Final = "ledger_damaged"
UNWRITABLE_ISSUE: Final = "ledger_unwritable"
DASHBOARD: Final = "https://developer.tesla.com/dashboard"
"""Where a developer raises the limit. Source: Tesla's billing page (2026-08)."""


class AccountLedger:
    """The meter of a developer account, and its file."""

    def __init__(self, hass: HomeAssistant, client_id: str) -> None:
        """Keep the ledger of this application."""
        # The client id is no secret, but file names end up in backups' listings and reports.
        self.name = hashlib.sha256(client_id.encode()).hexdigest()[:12]
        """What tells this developer account from others, and not which one it is."""
        self._store = CheckedStore(hass, _VERSION, f"{DOMAIN}.ledger.{self.name}")
        self._store.written = self._async_written
        self._rewrite: CALLBACK_TYPE | None = None
        self.meter = Meter()
        self.meter.changed.subscribe(self.async_changed)
        self.meter.signals_counted.subscribe(self._async_streamed)
        self._hass = hass
        self._tell_streamed: CALLBACK_TYPE | None = None
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_stop)
        self.endpoints = Endpoints()
        """What the requests of this developer account are billed as."""
        self.gate = Gate(self.meter)
        """Asked before each action; see `tesla.gate`."""
        self._budget_issue = BudgetIssue(hass, self.gate, self.name)
        self.projection: Projection | None = None
        """What the month will probably cost; None before the first look."""
        self._stop_reviews = async_track_time_interval(hass, self.async_review, REVIEW_INTERVAL)
        # A new month has its own bill, and ends what the old one's brought.
        self._stop_midnights = async_track_utc_time_change(
            hass, self._async_midnight, hour=0, minute=0, second=0
        )
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_core_changed)
        self._is_suspension_shown = self._is_doubt_shown = False
        self._is_used = True
        """Whether an account uses the application; if none does, nobody is told anything."""
        self._listeners = Listeners[()]()
        self._has_news = self._has_free_news = False

    async def async_load(self) -> None:
        """Take up what was booked before."""
        kept_as: str | None = None
        try:
            kept = await self._store.async_read()
        except Damaged as error:
            kept, kept_as = None, error.kept_as
        else:
            if kept is not None and (defect := find_defect(kept)) is not None:
                LOGGER.warning("In the ledger, %s cannot be read", defect)
                kept_as = await self._store.async_set_aside()
        stored = kept or {}
        self.meter.ledger = Ledger.from_stored(stored.get("ledger"))
        self.meter.ledger.forget_old(dt_util.utcnow())
        suspended = _read_month(stored.get("suspended"))
        if suspended is not None and suspended >= Month.of(dt_util.utcnow()):
            self.meter.suspension.month = suspended
        suspensions = stored.get("suspensions")
        if is_count(suspensions):
            self.meter.suspension.count = suspensions
        self.meter.woken = _read_woken(stored.get("woken"))
        self.meter.doubt = _read_doubt(stored.get("doubt"))
        if kept_as is not None:
            await self._async_doubt(kept_as)
        self.async_review(dt_util.utcnow())

    async def _async_doubt(self, kept_as: str) -> None:
        """Take the month for spent up to the reserve until the owner says what was."""
        month = Month.of(dt_util.utcnow())
        self.meter.ledger.drop_deductions()
        self.meter.doubt = Doubt(month, dict(self.meter.ledger.month(month)), kept_as)
        with suppress(NotWritten):
            await self._store.async_write(self._to_stored())

    @callback
    def _async_midnight(self, now: datetime) -> None:
        """Perhaps a month begins: forget the one that is too old by now, and look anew."""
        self.meter.ledger.forget_old(now)
        self.async_review(now)

    @callback
    def _async_core_changed(self, _event: Event) -> None:
        """Perhaps the owner moved: quiet hours are theirs."""
        self.gate.zone = dt_util.get_default_time_zone()

    async def async_keep(self, entry: Booking) -> None:
        """Make a booking durable before its request leaves.

        Data requests are cheap enough to be written a little later, unless that failed the last
        time: what is forgotten at a restart would be granted again.

        Raises:
            NotRecorded: it cannot be written, and costs money.
        """
        category = entry.key.category
        is_failing = self._store.failure is not None and self.meter.tariff.price(category)
        if is_failing or category in (Category.WAKE, Category.COMMAND):
            self.async_changed()
            try:
                await self._store.async_write(self._to_stored())
            except NotWritten as error:
                raise NotRecorded(error.detail) from error
        elif self.meter.tariff.price(category):
            self.async_changed()
        elif not (self._has_free_news or self._has_news):
            # Asked every minute and worth nothing: the ledger is not rewritten for that alone.
            self._has_free_news = True
            self._store.async_delay_save(self._to_stored, FREE_DELAY_SECONDS)

    @callback
    def async_changed(self) -> None:
        """Write soon, and tell those who show the cost."""
        self._async_write_soon()
        now = dt_util.utcnow()
        self._async_show_suspension(now)
        self._async_show_doubt(now)
        if self.gate.step.mode is not SpendingMode.STOPPED and self.meter.left(now) <= (
            self.meter.budget * NEARLY_NOTHING
        ):
            # What costs by itself, as the stream does, must be stopped in time.
            self.async_review(now)
            return
        self._async_look_at_budget(now)
        self._listeners()

    @callback
    def _async_write_soon(self) -> None:
        # Once: each call would put the write off anew, and a stream would do that for ever.
        if not self._has_news:
            self._has_news = True
            self._store.async_delay_save(self._to_stored, LEDGER_DELAY_SECONDS)

    @callback
    def _async_written(self) -> None:
        """Report that the ledger cannot be written, and retry; or that it can again."""
        if self._rewrite is not None:
            self._rewrite()
            self._rewrite = None
        if self._store.failure is not None and not self._hass.is_stopping:
            self._rewrite = async_call_later(self._hass, REWRITE_SECONDS, self._async_rewrite)
        if self._is_used:
            async_show_failure(self._hass, self._store, UNWRITABLE_ISSUE, self.name)

    async def _async_rewrite(self, _now: datetime) -> None:
        self._rewrite = None
        with suppress(NotWritten):
            await self._store.async_write(self._to_stored())

    @callback
    def _async_streamed(self) -> None:
        """Write and tell of counted signals, but not of each: two records a second may come."""
        self._async_write_soon()
        if self._tell_streamed is None:
            # What is left then lasts for long enough, or somebody has to stop the stream in time.
            is_short = self.meter.left(dt_util.utcnow()) <= 2 * NEARLY_NOTHING * self.meter.budget
            delay = SHORT_DELAY_SECONDS if is_short else LEDGER_DELAY_SECONDS
            self._tell_streamed = async_call_later(self._hass, delay, self._async_tell_streamed)

    @callback
    def _async_tell_streamed(self, _now: datetime) -> None:
        self._tell_streamed = None
        self.async_changed()

    async def _async_stop(self, _event: Event) -> None:
        """Write what was streamed last: it is too late for a writing that is only ordered."""
        self._stop_reviews()
        self._stop_midnights()
        if self._rewrite is not None:
            self._rewrite()
            self._rewrite = None
        if self._tell_streamed is not None:
            self._tell_streamed()
            self._tell_streamed = None
            await self._store.async_save(self._to_stored())

    @callback
    def async_set_prices(self, tariff: Tariff, categories: Mapping[Endpoint, Category]) -> None:
        """Count by these prices from now on; the policy's limit follows when that is set."""
        self.meter.tariff = tariff
        self.endpoints.own = categories

    @callback
    def async_set_policy(self, policy: Policy) -> None:
        """Spend by these rules from now on."""
        self.gate.zone = dt_util.get_default_time_zone()
        self.gate.policy = policy
        self._is_used = True
        self.async_review(dt_util.utcnow())

    @callback
    def async_retire(self) -> None:
        """Withdraw all issues, because no account uses the application any more.

        The next one that does is told again, by `async_set_policy`.
        """
        self._is_used = self._is_suspension_shown = self._is_doubt_shown = False
        self._budget_issue.async_clear()
        for issue in (SUSPENDED_ISSUE, DAMAGED_ISSUE, UNWRITABLE_ISSUE):
            ir.async_delete_issue(self._hass, DOMAIN, f"{issue}_{self.name}")

    @callback
    def async_review(self, now: datetime) -> None:
        """Look at what the month will cost, and at the spending mode that follows."""
        self._async_show_suspension(now)
        self._async_show_doubt(now)
        self.projection = project(self.meter.ledger, self.meter.tariff, now)
        before = self.gate.step.mode
        step = self.gate.review(sum(self.projection.costs.values(), Decimal(0)), now)
        self._async_look_at_budget(now)
        if step.mode is not before:
            LOGGER.info("Spending mode %s: %s %s", step.mode, step.reason, dict(step.placeholders))
        self._listeners()

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call `listener` when something was booked; call the answer to stop."""
        return self._listeners.subscribe(listener)

    @callback
    def async_resume(self) -> None:
        """The owner says that Tesla's limit was raised."""
        self.meter.resume()
        self.async_changed()

    @callback
    def _async_show_suspension(self, now: datetime) -> None:
        """Ask the owner to raise Tesla's limit, as long as the account is suspended."""
        if not self._is_used or self.meter.is_suspended(now) is self._is_suspension_shown:
            return
        self._is_suspension_shown = not self._is_suspension_shown
        issue_id = f"{SUSPENDED_ISSUE}_{self.name}"
        if not self._is_suspension_shown:
            LOGGER.info("Tesla's suspension of the developer account is over")
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        until = Month.of(now).end.date().isoformat()
        LOGGER.warning("Tesla has suspended the developer account until %s", until)
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            data={"account": self.name},
            severity=ir.IssueSeverity.ERROR,
            translation_key=SUSPENDED_ISSUE,
            translation_placeholders={"until": until, "url": DASHBOARD},
        )

    @callback
    def _async_look_at_budget(self, now: datetime) -> None:
        if self._is_used:
            self._budget_issue.async_look(now)

    @callback
    def _async_show_doubt(self, now: datetime) -> None:
        """Ask the owner what was spent, as long as that is in doubt."""
        doubt = self.meter.doubt
        is_open = doubt is not None and Month.of(now) <= doubt.month
        if not self._is_used or is_open is self._is_doubt_shown:
            return
        self._is_doubt_shown = is_open
        issue_id = f"{DAMAGED_ISSUE}_{self.name}"
        if doubt is None or not is_open:
            ir.async_delete_issue(self._hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            data={"account": self.name, "issue": DAMAGED_ISSUE},
            severity=ir.IssueSeverity.ERROR,
            translation_key=DAMAGED_ISSUE,
            translation_placeholders={"file": doubt.file or "—", "url": DASHBOARD},
        )

    @callback
    def _to_stored(self) -> dict[str, Any]:
        self._has_news = self._has_free_news = False
        month, doubt = self.meter.suspension.month, self.meter.doubt
        return {
            "ledger": self.meter.ledger.to_stored(),
            "suspended": [month.year, month.month] if month else None,
            "suspensions": self.meter.suspension.count,
            **({} if doubt is None else {"doubt": _doubt_stored(doubt)}),
            "woken": {
                car: [each.timestamp() for each in times] for car, times in self.meter.woken.items()
            },
        }


def _read_month(stored: object) -> Month | None:
    """A month as it was kept; None if there is none, or it cannot be read."""
    match stored:
        case [int() as year, int() as month] if is_month(stored):
            return Month(year, month)
    return None


def _doubt_stored(doubt: Doubt) -> dict[str, Any]:
    return {
        "month": [doubt.month.year, doubt.month.month],
        "counts": {str(each): count for each, count in doubt.counts.items() if count},
        "file": doubt.file,
    }


def _read_doubt(stored: object) -> Doubt | None:
    """What is in doubt as it was kept; None if nothing is, or it cannot be read."""
    match stored:
        case {"month": kept, "counts": dict() as counts, "file": str() as file}:
            month = _read_month(kept)
            with suppress(ValueError):
                read = {Category(name): int(count) for name, count in counts.items()}
                return None if month is None else Doubt(month, read, file)
    return None


def _read_woken(stored: object) -> dict[str, list[datetime]]:
    """When cars were woken, as it was kept; what cannot be read is left out."""
    woken: dict[str, list[datetime]] = {}
    for car, times in stored.items() if isinstance(stored, dict) else ():
        with suppress(TypeError, ValueError, OverflowError, OSError):
            woken[str(car)] = [dt_util.utc_from_timestamp(each) for each in times]
    return woken


@callback
def async_retire_ledger(hass: HomeAssistant, client_id: str) -> None:
    """Withdraw the issues about an application that no account uses any more."""
    if (ledger := hass.data.get(_ACCOUNTS, {}).get(client_id)) is not None:
        ledger.async_retire()


@callback
def find_ledger(hass: HomeAssistant, name: str) -> AccountLedger | None:
    """The ledger that is called so, if it is in use."""
    ledgers = hass.data.get(_ACCOUNTS, {}).values()
    return next((ledger for ledger in ledgers if ledger.name == name), None)


async def async_get_ledger(hass: HomeAssistant, client_id: str) -> AccountLedger:
    """The ledger of an application; entries with the same client id share it."""
    accounts = hass.data.setdefault(_ACCOUNTS, {})
    # Two entries may start together, and there must be one.
    async with hass.data.setdefault(_LOADING, asyncio.Lock()):
        if (ledger := accounts.get(client_id)) is None:
            ledger = AccountLedger(hass, client_id)
            await ledger.async_load()
            accounts[client_id] = ledger
    return ledger
