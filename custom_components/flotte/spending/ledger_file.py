"""The files of a ledger: the running month in one, the months before it in another.

The running month is rewritten before each wake and command, so it must stay small. A month is read
from the first file if that contains any of its lines, otherwise from the second: so a crash between
the two writes loses nothing and counts nothing twice.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from homeassistant.core import CoreState, HomeAssistant, callback
from homeassistant.util import dt as dt_util

from ..account.storage import CheckedStore, Damaged, NotWritten
from ..const import DOMAIN, FREE_DELAY_SECONDS, LEDGER_DELAY_SECONDS, LOGGER, REWRITE_SECONDS
from ..tesla.spending.ledger import Ledger, Month
from ..tesla.spending.ledger_check import find_defect, is_count, is_month
from ..tesla.spending.meter import Doubt, Meter
from ..tesla.spending.tariff import Category

_VERSION: Final = 1


class LedgerFile:
    """Data of a meter on disk."""

    def __init__(
        self,
        hass: HomeAssistant,
        name: str,
        meter: Meter,
        on_written: Callable[[CheckedStore], None],
    ) -> None:
        """Keep this meter under a name; `on_written` is called after each write, failed or not."""
        self._hass = hass
        self._meter = meter
        self._store = CheckedStore(hass, _VERSION, f"{DOMAIN}.ledger.{name}")
        self._store.written = self._async_written
        self._past = CheckedStore(hass, _VERSION, f"{DOMAIN}.ledger.{name}.past")
        self._on_written = on_written
        self._is_due = self._is_free_due = False

    @property
    def has_failed(self) -> bool:
        """Whether the last write failed."""
        return self._store.failure is not None

    async def async_read(self) -> str | None:
        """Fill the meter from the file; if that is damaged, return the name of its copy."""
        kept_as: str | None = None
        try:
            stored = await self._store.async_read()
        except Damaged as error:
            stored, kept_as = None, error.kept_as
        else:
            if stored is not None and (defect := find_defect(stored)) is not None:
                LOGGER.warning("In the ledger, %s cannot be read", defect)
                kept_as = await self._store.async_set_aside()
        stored = stored or {}
        now = dt_util.utcnow()
        ledger = Ledger.from_stored(stored.get("ledger"))
        ledger.add_past(await self._async_read_past())
        ledger.forget_old(now)
        self._meter.ledger = ledger
        suspended = _read_month(stored.get("suspended"))
        if suspended is not None and suspended >= Month.of(now):
            self._meter.suspension.month = suspended
        suspensions = stored.get("suspensions")
        if is_count(suspensions):
            self._meter.suspension.count = suspensions
        self._meter.woken = _read_woken(stored.get("woken"))
        self._meter.doubt = _read_doubt(stored.get("doubt"))
        self._meter.shares.restore(stored.get("share"))
        return kept_as

    async def _async_read_past(self) -> Ledger:
        try:
            stored = await self._past.async_read() or {}
        except Damaged:
            # The running month, which decides about spending, is in the other file.
            return Ledger()
        return Ledger.from_stored(stored.get("ledger"))

    async def async_archive(self, now: datetime) -> None:
        """Move the months before this one to their own file; if that fails, they stay."""
        ledger = self._meter.ledger
        if not ledger.has_past(now):
            return
        past, months = ledger.past_to_stored(now)
        try:
            await self._past.async_write({"ledger": past})
        except NotWritten as error:
            LOGGER.warning("Past months of the ledger cannot be moved: %s", error.detail)
            return
        # A month that changed during the write stays in the first file until the next attempt.
        if ledger.past_to_stored(now)[0] == past:
            ledger.mark_archived(months)

    async def async_write(self) -> None:
        """Write now.

        Raises:
            NotWritten: the file is as it was before.
        """
        await self._store.async_write(self._to_stored())

    @callback
    def async_write_soon(self) -> None:
        """Write within seconds."""
        # Only once: another call would postpone the write, and a stream would do so forever.
        if not self._is_due:
            self._is_due = True
            self._store.async_delay_save(self._to_stored, LEDGER_DELAY_SECONDS)

    @callback
    def async_write_some_time(self) -> None:
        """Write within minutes, for frequent requests that are free."""
        if not (self._is_free_due or self._is_due):
            self._is_free_due = True
            self._store.async_delay_save(self._to_stored, FREE_DELAY_SECONDS)

    @callback
    def _async_written(self) -> None:
        """Retry a failed write later, or when Home Assistant stops, and report the result."""
        if self.has_failed and self._hass.state is not CoreState.final_write:
            self._is_free_due = True
            self._store.async_delay_save(self._to_stored, REWRITE_SECONDS)
        self._on_written(self._store)

    @callback
    def _to_stored(self) -> dict[str, Any]:
        self._is_due = self._is_free_due = False
        month, doubt = self._meter.suspension.month, self._meter.doubt
        # Without a call of its own: this is written before each wake and command.
        shares = self._meter.shares
        return {
            "ledger": self._meter.ledger.to_stored(),
            "suspended": [month.year, month.month] if month else None,
            "suspensions": self._meter.suspension.count,
            "share": [*shares.month, shares.highest],
            **({} if doubt is None else {"doubt": _doubt_stored(doubt)}),
            "woken": {
                vin: [each.timestamp() for each in times]
                for vin, times in self._meter.woken.items()
            },
        }


def _read_month(stored: object) -> Month | None:
    """Read a stored month; None if there is none, or it cannot be read."""
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
    """Read the stored doubt; None if there is none, or it cannot be read."""
    match stored:
        case {"month": kept, "counts": dict() as counts, "file": str() as file}:
            month = _read_month(kept)
            with suppress(ValueError):
                read = {Category(name): int(count) for name, count in counts.items()}
                return None if month is None else Doubt(month, read, file)
    return None


def _read_woken(stored: object) -> dict[str, list[datetime]]:
    """Read the stored times of wakes; unreadable ones are left out."""
    woken: dict[str, list[datetime]] = {}
    for vin, times in stored.items() if isinstance(stored, dict) else ():
        with suppress(TypeError, ValueError, OverflowError, OSError):
            woken[str(vin)] = [dt_util.utc_from_timestamp(each) for each in times]
    return woken
