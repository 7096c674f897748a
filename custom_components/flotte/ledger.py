"""The ledger on disk: one for each Tesla developer account, whatever entries share it.

Wakes and commands are on disk before their request leaves; what is cheap follows within 10 s.
"""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import (
    DOMAIN,
    FREE_DELAY_SECONDS,
    LEDGER_DELAY_SECONDS,
    LOGGER,
    REVIEW_INTERVAL,
)
from .tesla.gate import Decision, Gate, Policy, Request, SpendingMode
from .tesla.meter import KEEP_MONTHS, Category, Entry, Ledger, Meter, Month
from .tesla.projection import Projection, project

_ACCOUNTS: Final[HassKey[dict[str, AccountLedger]]] = HassKey(f"{DOMAIN}_ledgers")
_VERSION: Final = 1
NEARLY_NOTHING: Final = Decimal("0.01")
"""The share of the limit from which on every booking is a reason to look at the spending mode."""


class AccountLedger:
    """The meter of a developer account, and its file."""

    def __init__(self, hass: HomeAssistant, client_id: str) -> None:
        """Keep the ledger of this application."""
        # The client id is no secret, but file names end up in backups' listings and reports.
        name = hashlib.sha256(client_id.encode()).hexdigest()[:12]
        self._store: Store[dict[str, Any]] = Store(
            hass, _VERSION, f"{DOMAIN}.ledger.{name}", private=True, atomic_writes=True
        )
        self.meter = Meter()
        self.meter.settled = self.async_changed
        self.meter.streamed = self._async_streamed
        self._hass = hass
        self._tell_streamed: CALLBACK_TYPE | None = None
        hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, self._async_stop)
        self.gate = Gate(self.meter)
        """Asked before each action; see `tesla.gate`."""
        self.projection: Projection | None = None
        """What the month will probably cost; None before the first look."""
        self._stop_reviews = async_track_time_interval(hass, self.async_review, REVIEW_INTERVAL)
        self._listeners: set[CALLBACK_TYPE] = set()
        self._decision_listeners: set[Callable[[Request, Decision], None]] = set()
        self.gate.decided = self._async_decided
        self._has_news = self._has_free_news = False

    async def async_load(self) -> None:
        """Take up what was booked before."""
        stored: object = await self._store.async_load()
        if not isinstance(stored, dict):
            stored = {}
        self.meter.ledger = Ledger.from_stored(stored.get("ledger"))
        this_month = Month.of(dt_util.utcnow())
        self.meter.ledger.forget_before(this_month.earlier(KEEP_MONTHS))
        if stored.get("suspended") == [this_month.year, this_month.month]:
            self.meter.suspended = this_month
        self.meter.woken = _read_woken(stored.get("woken"))
        self.async_review(dt_util.utcnow())

    async def async_keep(self, entry: Entry) -> None:
        """Make a booking durable before its request leaves."""
        if entry.row.category in (Category.WAKE, Category.COMMAND):
            self.async_changed()
            await self._store.async_save(self._to_stored())
        elif self.meter.tariff.price(entry.row.category):
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
        if self.gate.step.mode is not SpendingMode.STOPPED and self.meter.left(now) < (
            self.meter.limit * NEARLY_NOTHING
        ):
            # What costs by itself, as the stream does, must be stopped in time.
            self.async_review(now)
            return
        for listener in tuple(self._listeners):
            listener()

    @callback
    def _async_write_soon(self) -> None:
        # Once: each call would put the write off anew, and a stream would do that for ever.
        if not self._has_news:
            self._has_news = True
            self._store.async_delay_save(self._to_stored, LEDGER_DELAY_SECONDS)

    @callback
    def _async_streamed(self) -> None:
        """Write and tell of counted signals, but not of each: two records a second may come."""
        self._async_write_soon()
        if self._tell_streamed is None:
            self._tell_streamed = async_call_later(
                self._hass, LEDGER_DELAY_SECONDS, self._async_tell_streamed
            )

    @callback
    def _async_tell_streamed(self, _now: datetime) -> None:
        self._tell_streamed = None
        self.async_changed()

    async def _async_stop(self, _event: Event) -> None:
        """Write what was streamed last: it is too late for a writing that is only ordered."""
        self._stop_reviews()
        if self._tell_streamed is not None:
            self._tell_streamed()
            self._tell_streamed = None
            await self._store.async_save(self._to_stored())

    @callback
    def async_set_policy(self, policy: Policy) -> None:
        """Spend by these rules from now on."""
        self.gate.zone = dt_util.get_default_time_zone()
        self.gate.policy = policy
        self.async_review(dt_util.utcnow())

    @callback
    def async_review(self, now: datetime) -> None:
        """Look at what the month will cost, and at the spending mode that follows."""
        self.projection = project(self.meter.ledger, self.meter.tariff, now)
        before = self.gate.step.mode
        step = self.gate.review(sum(self.projection.costs.values(), Decimal(0)), now)
        if step.mode is not before:
            LOGGER.info("Spending mode %s: %s %s", step.mode, step.reason, dict(step.placeholders))
        for listener in tuple(self._listeners):
            listener()

    @callback
    def async_subscribe(self, listener: CALLBACK_TYPE) -> Callable[[], None]:
        """Call `listener` when something was booked; call the answer to stop."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    @callback
    def async_on_decision(
        self, listener: Callable[[Request, Decision], None]
    ) -> Callable[[], None]:
        """Call `listener` with each decision of the gate that counted; call the answer to stop."""
        self._decision_listeners.add(listener)
        return lambda: self._decision_listeners.discard(listener)

    @callback
    def _async_decided(self, request: Request, decision: Decision) -> None:
        for listener in tuple(self._decision_listeners):
            listener(request, decision)

    @callback
    def async_resume(self) -> None:
        """The owner says that Tesla's limit was raised."""
        self.meter.resume()
        self.async_changed()

    @callback
    def _to_stored(self) -> dict[str, Any]:
        self._has_news = self._has_free_news = False
        month = self.meter.suspended
        return {
            "ledger": self.meter.ledger.to_stored(),
            "suspended": [month.year, month.month] if month else None,
            "woken": {
                car: [each.timestamp() for each in times] for car, times in self.meter.woken.items()
            },
        }


def _read_woken(stored: object) -> dict[str, list[datetime]]:
    """When cars were woken, as it was kept; what cannot be read is left out."""
    woken: dict[str, list[datetime]] = {}
    for car, times in stored.items() if isinstance(stored, dict) else ():
        with suppress(TypeError, ValueError, OverflowError, OSError):
            woken[str(car)] = [dt_util.utc_from_timestamp(each) for each in times]
    return woken


async def async_get_ledger(hass: HomeAssistant, client_id: str) -> AccountLedger:
    """The ledger of an application; entries with the same client id share it."""
    accounts = hass.data.setdefault(_ACCOUNTS, {})
    if (ledger := accounts.get(client_id)) is None:
        ledger = AccountLedger(hass, client_id)
        await ledger.async_load()
        # Another entry may have loaded it meanwhile; there must be one.
        ledger = accounts.setdefault(client_id, ledger)
    return ledger
