"""The outages of a site: its backup history, read a few times a day and after each outage."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from .. import signals
from ..clock import within
from ..energy.outages import BackupHistory, Outage
from ..errors import ServiceError, TeslaError, Unreachable
from ..listeners import Listeners
from ..reading_json import as_moment, as_object
from ..signals import BACKUP_HISTORY
from ..spending.caller import POLLING, Caller
from ..state import Readings, State, restore_time
from ..vehicle.poll_plan import site_due
from .section import Section, is_lost

LOOK_DELAY: Final = timedelta(minutes=5)
"""How long after the grid is back the history is read: Tesla needs time to write it."""
RETRY_DELAY: Final = timedelta(minutes=15)
"""Pause after a request that Tesla's servers failed to answer, which is free. It doubles with each
further one."""
COUNTED: Final = timedelta(days=365)
"""How far back outages are counted."""
LATENESS: Final = timedelta(days=1)
"""How long after its end an outage may be in the history for the first time."""
_ENDS_NOW: Final = timedelta(minutes=2)
_ENDS_NOW_OFF_GRID: Final = timedelta(hours=1)
"""How long before the request the end of an outage must lie, or else it may still go on: Tesla
writes the current length. Off grid, that may be an old one."""
_OFF_GRID: Final = ("off_grid", "off_grid_intentional", "off_grid_unintentional")

type PageRequest = Callable[[datetime, datetime, Caller], Awaitable[dict[str, Any]]]
"""Asks Tesla for a page of the outages of a period; see `FleetApi.backup_history`."""


class SiteOutages:
    """The outages of one site.

    Args:
        ask: Way to Tesla.
        state: Returns the readings of the site.
        publish: Takes new readings.
        clock: Time now; aware.
    """

    def __init__(
        self,
        ask: PageRequest,
        state: Callable[[], State],
        publish: Callable[[Readings], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.section = Section()
        self.on_outage = Listeners[Outage]()
        """Notified of each new outage, once it is over."""
        self._read_since: datetime | None = None
        """When the history was read first. Outages of long before are not new, even if that answer
        was empty."""
        self._newest: datetime | None = None
        """When the newest outage that is over began."""
        self._is_off_grid = False
        self._back_since: datetime | None = None
        """Since when the grid is back; None once the history was requested after it."""
        self._ask = ask
        self._state = state
        self._publish = publish
        self._clock = clock

    def is_due(self, interval: timedelta | None, now: datetime) -> bool:
        """Whether to request the history now.

        Args:
            interval: The usual time between two requests; None for never.
            now: The current time.
        """
        island = self._state()[signals.ISLAND_STATUS]
        if island in _OFF_GRID:
            self._is_off_grid = True
        elif island == "on_grid" and self._is_off_grid:
            self._is_off_grid, self._back_since = False, now
        if interval is None:
            return False
        if self._back_since is not None and not within(self._back_since, LOOK_DELAY, now):
            return True
        if isinstance(self.section.error, ServiceError | Unreachable):
            doublings = min(self.section.failures - 1, 8)
            interval = min(interval, RETRY_DELAY * 2**doublings)
        return site_due(self.section.tried, interval, now)

    async def refresh(self, caller: Caller = POLLING) -> None:
        """Read the outages of the last twelve months, and at least the newest page.

        Raises:
            TeslaError: a page cannot be read; those before it are published.
        """
        now = self.section.tried = self._clock()
        self._back_since = None
        counted_from = now - COUNTED
        installed_on = self._state()[signals.INSTALLATION_DATE]
        start = min(as_moment(installed_on) or now, counted_from)
        history = BackupHistory(counted_from, now)
        try:
            await self._read_pages(history, start, caller)
        except TeslaError as error:
            if is_lost(error):
                self.section.failed(error, self._clock())
            if history.outages:
                self._take(history, now)
            raise
        self.section.succeeded(self._clock())
        self._take(history, now)

    async def read(self, start: datetime, end: datetime, caller: Caller) -> BackupHistory:
        """Read the outages that began in a period.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
            TeslaError: any other.
        """
        history = BackupHistory(start, end)
        await self._read_pages(history, start, caller)
        return history

    async def _read_pages(self, history: BackupHistory, start: datetime, caller: Caller) -> None:
        """Request page by page, each of which passes the gate."""
        while (end := history.next_end) is not None:
            history.take(await self._ask(start, end, caller))

    def _take(self, history: BackupHistory, now: datetime) -> None:
        """Publish what is over, and notify of what is new."""
        over = [each for each in history.outages if not self._may_go_on(each, now)]
        if len(over) < len(history.outages) and not self._is_off_grid:
            self._back_since = now
        before, since = self._newest, self._read_since
        self._read_since = since or now
        counted = [each.start for each in over if each.start >= now - COUNTED]
        is_forgotten = before is not None and before >= now - COUNTED and before not in counted
        is_complete = history.is_complete and not is_forgotten
        section: dict[str, Any] = {"count": len(counted) if is_complete else None}
        if over and (before is None or over[-1].start >= before):
            self._newest = over[-1].start
            section["began"] = over[-1].start.timestamp()
            section["minutes"] = over[-1].duration / timedelta(minutes=1)
        self._publish(signals.read_sections({BACKUP_HISTORY: section}, signals.SITE_SIGNALS, now))
        if since is not None:
            for outage in over:
                is_newest = before is None or outage.start > before
                if is_newest and outage.end >= since - LATENESS:
                    self.on_outage(outage)

    def _may_go_on(self, outage: Outage, now: datetime) -> bool:
        return now - outage.end < (_ENDS_NOW_OFF_GRID if self._is_off_grid else _ENDS_NOW)

    # --- Storage ---------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The part that has to outlive a restart, as JSON."""
        times = {"read_since": self._read_since, "newest": self._newest}
        return {name: time and time.timestamp() for name, time in times.items()}

    def restore(self, stored: object) -> None:
        """Apply what `to_stored` returned; damaged, the next reading counts as the first."""
        kept = as_object(stored)
        self._newest = restore_time(kept.get("newest"))
        is_whole = self._newest is not None or kept.get("newest") is None
        self._read_since = restore_time(kept.get("read_since")) if is_whole else None
