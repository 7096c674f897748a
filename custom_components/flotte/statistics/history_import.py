"""The import of a site's energy history, day by day, into long-term statistics.

It begins on its own once Home Assistant has started, at the installation of the site or where it
ended before the restart, and repeats the last two days every hour, because Tesla corrects them. A
person can have a period imported again. Each day is one request, and between two requests there is
a pause: Tesla limits how often it may be asked, and the past is not urgent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_utc_time_change
from homeassistant.helpers.start import async_at_started
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..const import DOMAIN, LOGGER
from ..coordinator import SiteCoordinator
from ..tesla.energy.fields import EnergyField
from ..tesla.energy.history import EnergyRow
from ..tesla.energy.hours import HOUR, HourlyEnergy, day_begins, hour_of
from ..tesla.errors import RateLimited, Refused, TeslaError
from ..tesla.listeners import Listeners
from ..tesla.spending.caller import POLLING, Caller
from ..tesla.spending.endpoints import Endpoint
from .site_days import SiteDays, has_history
from .store import RecorderSilent, SiteStatistics, has_recorder

PACE: Final = timedelta(seconds=3)
"""Pause between two days: twenty requests a minute, a third of what Tesla allows for a device."""
RETRY_AFTER: Final = timedelta(minutes=1)
_ATTEMPTS: Final = 3
"""Of a day in one run, and runs in which a day may fail before it is skipped."""
_DAYS_TO_STORE: Final = 10
"""Days that are stored together."""
_REPEATED: Final = timedelta(days=1)
"""How much more than the newest day is imported again."""
_MINUTE: Final = 12
"""Of the hour. Tesla has the rows of an hour some minutes after its end."""
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class ImportPeriod:
    """A period that will be imported."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days, which is the number of requests."""
        return (self.end - self.start).days + 1


@dataclass(kw_only=True)
class _Run:
    """A period on its way into the statistics."""

    day: date
    """The next one to request."""
    last: date
    caller: Caller
    is_automatic: bool
    hours: HourlyEnergy
    days_held: int = 0
    """Days that were read and are not stored yet."""
    attempts: int = 0
    """Of the next day."""

    @classmethod
    def of(
        cls, period: ImportPeriod, caller: Caller, days: SiteDays, *, is_automatic: bool = False
    ) -> _Run:
        """Begin at the start of a period."""
        midnight = day_begins(period.start, days.zone)
        first = hour_of(midnight)
        if first < midnight and period.start != days.installed_on:
            # A part of that hour is of the day before, which is not read.
            first += HOUR
        return cls(
            day=period.start,
            last=period.end,
            caller=caller,
            is_automatic=is_automatic,
            hours=HourlyEnergy(first),
        )


class HistoryImport:
    """Imports the history of one site.

    Args:
        hass: Home Assistant.
        coordinator: Of the site.
    """

    def __init__(self, hass: HomeAssistant, coordinator: SiteCoordinator) -> None:
        self._hass = hass
        self._coordinator = coordinator
        self._site = coordinator.site
        self._names: dict[str, str] = {}
        self._statistics = SiteStatistics(hass, self._site.site_id, self._name_of)
        self._run: _Run | None = None
        self._requested: _Run | None = None
        self._cancel_step: CALLBACK_TYPE | None = None
        self._is_busy = False
        self._completed: date | None = None
        """The last day of the automatic import that came to its end."""
        self._failures: dict[date, int] = {}
        self.days = SiteDays(hass, self._site)
        self._is_pause_logged = False
        self._changed = Listeners[()]()
        self.imported_until: datetime | None = None
        """The end of the newest hour of the import that is under way or came last."""

    # --- For entities and actions -----------------------------------------------------------------

    @callback
    def async_subscribe(self, listener: Callable[[], None]) -> CALLBACK_TYPE:
        """Call `listener` when `imported_until` changes."""
        return self._changed.subscribe(listener)

    @property
    def name(self) -> str:
        """The name of the site."""
        return self._coordinator.device_name

    @property
    def has_history(self) -> bool | None:
        """Whether the site has a history to import; None if it is not known yet."""
        return has_history(self._site.state)

    @callback
    def async_request(self, period: ImportPeriod, caller: Caller) -> None:
        """Import a period again, at the next pause; it takes the place of another request."""
        self._requested = _Run.of(period, caller, self.days)
        self._async_next(timedelta())

    # --- When -------------------------------------------------------------------------------------

    @callback
    def async_start(self) -> None:
        """Import whenever it is time, until the account is unloaded."""
        on_unload = self._coordinator.config_entry.async_on_unload
        on_unload(self._async_cancel)
        on_unload(async_at_started(self._hass, self._async_started))

    @callback
    def _async_started(self, _hass: HomeAssistant) -> None:
        if not has_recorder(self._hass):
            LOGGER.debug("The energy history of %s is not imported: no recorder", self.name)
            return
        second = self._site.site_id % 60
        self._coordinator.config_entry.async_on_unload(
            async_track_utc_time_change(
                self._hass, self._async_on_hour, minute=_MINUTE, second=second
            )
        )
        self._async_next(PACE)

    @callback
    def _async_on_hour(self, _now: datetime) -> None:
        self._async_next(timedelta())

    @callback
    def _async_cancel(self) -> None:
        if self._cancel_step is not None:
            self._cancel_step()
            self._cancel_step = None

    @callback
    def _async_next(self, pause: timedelta) -> None:
        """Take the next step after a pause, unless one is under way or will be taken anyway."""
        is_planned = self._cancel_step is not None and bool(pause)
        if self._is_busy or is_planned or not has_recorder(self._hass):
            return
        self._async_cancel()
        self._cancel_step = async_call_later(self._hass, pause, self._async_begin_step)

    @callback
    def _async_begin_step(self, _now: datetime) -> None:
        """Import one day in the background; the next one follows after a pause."""
        self._cancel_step = None
        self._is_busy = True
        self._coordinator.config_entry.async_create_background_task(
            self._hass, self._async_step(), f"flotte imports history of {self._site.site_id}"
        )

    async def _async_step(self) -> None:
        pause: timedelta | None = None
        try:
            pause = await self._async_import_day()
        except RecorderSilent:
            LOGGER.warning(
                "The recorder does not store the energy history of %s; Flotte retries in an hour",
                self.name,
            )
            self._run = None
        finally:
            self._is_busy = False
        if self._requested is not None and pause is None:
            pause = PACE
        if pause is not None:
            self._async_next(pause)

    # --- Days -------------------------------------------------------------------------------------

    async def _async_import_day(self) -> timedelta | None:
        """Import the next day of the run; returns the pause after it, None at the end."""
        await self.days.async_find_zone()
        if self._requested is not None:
            await self._async_take_request(self._requested)
        run = self._run = self._run or await self._async_automatic_run()
        if run is None:
            return None
        try:
            rows = await self.days.async_read(run.day, run.caller)
        except RateLimited as error:
            return max(error.retry_after, PACE)
        except TeslaError as error:
            return await self._async_failed(run, error)
        self._is_pause_logged = False
        self._failures.pop(run.day, None)
        return await self._async_took(run, rows)

    async def _async_take_request(self, requested: _Run) -> None:
        """Begin with a requested period, unless the automatic import is about to reach it.

        The automatic import continues at the newest hour, so nothing may be stored beyond a part
        that it has not imported yet.
        """
        self._requested = None
        automatic = self._run if self._run is not None and self._run.is_automatic else None
        if automatic is None and self._completed is None:
            automatic = await self._async_automatic_run()
        if automatic is not None and automatic.day <= requested.day:
            self._run = automatic
            return
        if self._run is not None:
            await self._async_store(self._run, day_begins(self._run.day, self.days.zone))
        self._run = requested

    async def _async_took(self, run: _Run, rows: tuple[EnergyRow, ...]) -> timedelta | None:
        """Add the rows of a day to the run, and store them if it is time."""
        run.hours.add(rows)
        run.day += _DAY
        run.attempts = 0
        run.days_held += 1
        is_over = run.day > run.last
        if is_over or run.days_held >= _DAYS_TO_STORE:
            this_hour = hour_of(dt_util.utcnow())
            await self._async_store(run, min(day_begins(run.day, self.days.zone), this_hour))
        if not is_over:
            return PACE
        if run.is_automatic:
            self._completed = run.last
        self._run = None
        return None

    async def _async_failed(self, run: _Run, error: TeslaError) -> timedelta | None:
        """Decide how a run continues after an error."""
        run.attempts += 1
        may_pass = not isinstance(error, Refused)
        if may_pass and run.attempts < _ATTEMPTS:
            return RETRY_AFTER
        self._failures[run.day] = self._failures.get(run.day, 0) + 1
        if (
            may_pass
            and self._failures[run.day] >= _ATTEMPTS
            and run.day < self.days.today - _REPEATED
            and await self.days.async_answers(run.caller)
        ):
            LOGGER.warning(
                "Tesla has no energy history of %s for %s: %s", self.name, run.day, error
            )
            return await self._async_took(run, ())
        if not run.is_automatic:
            LOGGER.warning(
                "The energy history of %s cannot be read: %s. The requested import ended before %s",
                self.name,
                error,
                run.day,
            )
        elif not self._is_pause_logged:
            LOGGER.info(
                "The energy history of %s cannot be read: %s. Flotte retries every hour",
                self.name,
                error,
            )
            self._is_pause_logged = True
        await self._async_store(run, day_begins(run.day, self.days.zone))
        self._run = None
        return None

    async def _async_store(self, run: _Run, end: datetime) -> None:
        """Store the hours that are over at `end`."""
        run.days_held = 0
        hours = run.hours.take(end.astimezone(UTC))
        if hours:
            await self._async_load_names()
            await self._statistics.async_write(hours)
            self._show(max(hours) + HOUR)

    @callback
    def _show(self, until: datetime) -> None:
        if until != self.imported_until:
            self.imported_until = until
            self._changed()

    # --- Runs -------------------------------------------------------------------------------------

    async def _async_automatic_run(self) -> _Run | None:
        """Plan what is missing, with the days that Tesla may have corrected since."""
        is_polled = not self._coordinator.config_entry.pref_disable_polling
        is_free = not self._site.api.price(Endpoint.CALENDAR_HISTORY)
        # What costs something, or is not polled, is imported only on request.
        if not (self.has_history and is_polled and is_free):
            return None
        today = self.days.today
        if self._completed is not None:
            start = min(self._completed, today - _REPEATED)
        elif (newest := await self._statistics.async_complete_until()) is not None:
            self._show(newest)
            start = (newest - HOUR).astimezone(self.days.zone).date() - _REPEATED
        else:
            start = self.days.installed_on or today - _REPEATED
        period = ImportPeriod(min(start, today), today)
        return _Run.of(period, POLLING, self.days, is_automatic=True)

    async def _async_load_names(self) -> None:
        """Load the names of the statistics, which are those of the sensors."""
        language = self._hass.config.language
        self._names = await async_get_translations(self._hass, language, "entity", [DOMAIN])

    def _name_of(self, field: EnergyField) -> str:
        usual = field.replace("_", " ").capitalize()
        name = self._names.get(f"component.{DOMAIN}.entity.sensor.{field}.name", usual)
        return f"{self.name} {name}"
