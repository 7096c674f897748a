"""The ledger on disk: one for each Tesla developer account, however many entries share it.

Wakes and commands are on disk before their request leaves; cheap requests follow within 10 s.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Final

from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import (
    async_call_later,
    async_track_time_interval,
    async_track_utc_time_change,
)
from homeassistant.helpers.start import async_at_started
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..account.storage import NotWritten
from ..const import DOMAIN, LEDGER_DELAY_SECONDS, LOGGER, REVIEW_INTERVAL, SHORT_DELAY_SECONDS
from ..tesla.errors import NotRecorded
from ..tesla.listeners import Listeners
from ..tesla.spending.endpoints import Endpoint, Endpoints
from ..tesla.spending.gate import Gate
from ..tesla.spending.ledger import Booking, Month
from ..tesla.spending.meter import Doubt, Meter
from ..tesla.spending.modes import SpendingMode
from ..tesla.spending.policy import Policy
from ..tesla.spending.projection import Projection, project
from ..tesla.spending.tariff import Category, Tariff
from .issues import SpendingIssues
from .ledger_file import LedgerFile

_ACCOUNTS: Final[HassKey[dict[str, AccountLedger]]] = HassKey(f"{DOMAIN}_ledgers")
_LOADING: Final[HassKey[asyncio.Lock]] = HassKey(f"{DOMAIN}_loading_ledger")
FIRST_SHARE_SECONDS: Final = 60
"""How long after the start of Home Assistant all accounts are loaded and automations listen."""
NEARLY_NOTHING: Final = Decimal("0.01")
"""Share of the budget left, from which on every booking causes a review of the spending mode."""


class AccountLedger:
    """The meter of a developer account, and its file."""

    def __init__(self, hass: HomeAssistant, client_id: str) -> None:
        """Keep the ledger of this application."""
        # The client id is no secret, but file names appear in lists of backups and in reports.
        self.name = hashlib.sha256(client_id.encode()).hexdigest()[:12]
        """Identifies this developer account without naming it."""
        self.meter = Meter()
        self.meter.changed.subscribe(self.async_changed)
        self.meter.signals_counted.subscribe(self._async_streamed)
        self.endpoints = Endpoints()
        """Categories in which the requests of this developer account are billed."""
        self.gate = Gate(self.meter)
        """Decides about each action; see `tesla.spending.gate`."""
        self._has_policy = False
        self._notes_shares = False
        self._is_late = hass.is_running
        """Whether automations ran before this ledger was loaded."""
        self._wait_for_listeners: CALLBACK_TYPE | None = None
        self.projection: Projection | None = None
        """The estimated cost of the month; None before the first review."""
        self._hass = hass
        self.account_names = ""
        """Names of the accounts on this bill, for texts."""
        self._issues = SpendingIssues(hass, self.gate, self.name)
        self._file = LedgerFile(hass, self.name, self.meter, self._issues.async_update_failure)
        self._listeners = Listeners[()]()
        self._report: asyncio.Handle | None = None
        self._streamed_report: CALLBACK_TYPE | None = None
        async_at_started(hass, self._async_started)
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_stop)
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_core_changed)
        self._stop_reviews = async_track_time_interval(hass, self.async_review, REVIEW_INTERVAL)
        # A new month has its own bill, and ends what applied to the old one.
        self._stop_midnights = async_track_utc_time_change(
            hass, self._async_midnight, hour=0, minute=0, second=0
        )

    async def async_load(self) -> None:
        """Restore the bookings."""
        kept_as = await self._file.async_read()
        if kept_as is not None:
            await self._async_doubt(kept_as)
        await self._file.async_archive(dt_util.utcnow())
        self.async_review(dt_util.utcnow())

    async def _async_doubt(self, kept_as: str) -> None:
        """Count the month as spent up to the reserve until the owner confirms its counts."""
        month = Month.of(dt_util.utcnow())
        self.meter.ledger.drop_deductions()
        self.meter.doubt = Doubt(month, dict(self.meter.ledger.month(month)), kept_as)
        with suppress(NotWritten):
            await self._file.async_write()

    async def _async_midnight(self, now: datetime) -> None:
        """If a month begins: archive the last one, drop the oldest, and review the new one."""
        self.meter.ledger.forget_old(now)
        self.async_review(now)
        await self._file.async_archive(now)

    @callback
    def _async_core_changed(self, _event: Event) -> None:
        """Follow Home Assistant's time zone, which quiet hours are in."""
        self.gate.zone = dt_util.get_default_time_zone()

    async def async_keep(self, entry: Booking) -> None:
        """Make a booking durable before its request leaves.

        Data requests are cheap enough to be written a little later, unless the last write failed:
        bookings that are lost in a restart could be spent again.

        Raises:
            NotRecorded: the request costs money, and its booking cannot be written.
        """
        category = entry.key.category
        is_priced = bool(self.meter.tariff.price(category))
        if category in (Category.WAKE, Category.COMMAND) or (is_priced and self._file.has_failed):
            try:
                await self._file.async_write()
            except NotWritten as error:
                raise NotRecorded(error.detail) from error
            self._report_soon()
        elif is_priced:
            self.async_changed()
        else:
            # Sent every minute and free: not worth rewriting the ledger.
            self._file.async_write_some_time()

    @callback
    def async_changed(self) -> None:
        """Write soon, and report what changed."""
        self._file.async_write_soon()
        self._report_soon()

    def _report_soon(self) -> None:
        """Report as soon as the loop is free, after the booked request has left."""
        if self._report is None:
            self._report = self._hass.loop.call_soon(self._async_report)

    @callback
    def _async_report(self) -> None:
        """Update the issues, and notify the entities that show the cost."""
        self._report = None
        now = dt_util.utcnow()
        spent, budget = self.meter.spent(now), self.meter.budget
        self._note_share(spent, now)
        self._issues.async_update(now)
        if self.gate.mode_status.mode is not SpendingMode.STOPPED and budget - spent <= (
            budget * NEARLY_NOTHING
        ):
            # Streams, which cost money on their own, must be stopped in time.
            self.async_review(now)
            return
        self._issues.async_update_budget(now)
        self._listeners()

    def _note_share(self, spent: Decimal, now: datetime) -> None:
        """Note the share of the budget that is used, and write it if it rose by a whole per cent.

        A damaged ledger does not show what was spent.
        """
        if self._notes_shares and self._has_policy and self.meter.doubt is None:
            shares = self.meter.shares
            before = shares.month, int(shares.highest)
            shares.note(spent, self.meter.budget, now)
            if (shares.month, int(shares.highest)) != before:
                self._file.async_write_soon()

    @callback
    def _async_started(self, _hass: HomeAssistant) -> None:
        """Begin to note shares a while after the start.

        By then, every account on this bill has added its budget, and automations are listening: a
        share that was reached shortly before the restart is still reported, and only once.
        """
        self._wait_for_listeners = async_call_later(
            self._hass, FIRST_SHARE_SECONDS, self._async_note_shares
        )

    @callback
    def _async_note_shares(self, now: datetime | None = None) -> None:
        now = now or dt_util.utcnow()
        self._notes_shares = True
        self._note_share(self.meter.spent(now), now)

    @callback
    def async_subscribe_shares(self, listener: Callable[[int, int], None]) -> Callable[[], None]:
        """Call `listener` with the shares before and after, in whole per cent, when they rise."""
        if self._is_late and not self._notes_shares:
            # Automations listen as soon as the account is loaded.
            self._hass.loop.call_soon(self._async_note_shares)
        return self.meter.shares.reached.subscribe(listener)

    @callback
    def _async_streamed(self) -> None:
        """Write and report counted signals, but not at once: two records may arrive each second."""
        self._file.async_write_soon()
        if self._streamed_report is None:
            # Report sooner when little is left, so that the stream is stopped in time.
            is_short = self.meter.left(dt_util.utcnow()) <= 2 * NEARLY_NOTHING * self.meter.budget
            delay = SHORT_DELAY_SECONDS if is_short else LEDGER_DELAY_SECONDS
            self._streamed_report = async_call_later(self._hass, delay, self._async_report_streamed)

    @callback
    def _async_report_streamed(self, _now: datetime) -> None:
        self._streamed_report = None
        self.async_changed()

    @callback
    def _async_stop(self, _event: Event) -> None:
        """Stop all timers; the file writes what is not on disk yet."""
        if self._wait_for_listeners is not None:
            self._wait_for_listeners()
        self._stop_reviews()
        self._stop_midnights()
        if self._report is not None:
            self._report.cancel()
            self._report = None
        if self._streamed_report is not None:
            self._streamed_report()
            self._streamed_report = None

    @callback
    def async_set_prices(self, tariff: Tariff, categories: Mapping[Endpoint, Category]) -> None:
        """Count by these prices from now on; the budget changes with the next policy."""
        self.meter.tariff = tariff
        self.endpoints.own = categories

    @callback
    def async_set_policy(self, policy: Policy, names: str = "") -> None:
        """Spend by these rules from now on; `names` are those of the accounts on this bill."""
        self.account_names = names
        self._issues.async_set_names(names)
        self.gate.zone = dt_util.get_default_time_zone()
        # What was reached with the old budget stays reached.
        now = dt_util.utcnow()
        self._note_share(self.meter.spent(now), now)
        self.gate.policy = policy
        self._has_policy = True
        self._file.async_write_soon()
        self._issues.is_used = True
        self.async_review(dt_util.utcnow())

    @callback
    def async_retire(self) -> None:
        """Clear all issues, because no account uses the application any more.

        `async_set_policy` raises them again for the next account that does.
        """
        self._issues.async_retire()

    @callback
    def async_review(self, now: datetime) -> None:
        """Update the projection of the month, and the spending mode that follows from it."""
        self._note_share(self.meter.spent(now), now)
        self._issues.async_update(now)
        self.projection = project(self.meter.ledger, self.meter.tariff, now)
        before = self.gate.mode_status.mode
        step = self.gate.review(sum(self.projection.costs.values(), Decimal(0)), now)
        self._issues.async_update_budget(now)
        if step.mode is not before:
            LOGGER.info("Spending mode %s: %s %s", step.mode, step.reason, dict(step.placeholders))
        self._listeners()

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call `listener` after each booking; call the returned function to stop."""
        return self._listeners.subscribe(listener)

    @callback
    def async_resume(self) -> None:
        """Resume paid requests: the owner confirmed that Tesla's billing limit was raised."""
        self.meter.resume()
        self.async_changed()


@callback
def async_retire_ledger(hass: HomeAssistant, client_id: str) -> None:
    """Withdraw the issues about an application that no account uses any more."""
    if (ledger := ledger_in_use(hass, client_id)) is not None:
        ledger.async_retire()


@callback
def ledger_in_use(hass: HomeAssistant, client_id: str) -> AccountLedger | None:
    """The ledger of an application, if an account was set up with it."""
    return hass.data.get(_ACCOUNTS, {}).get(client_id)


@callback
def find_ledger(hass: HomeAssistant, name: str) -> AccountLedger | None:
    """The ledger with this name, if it is in use."""
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
