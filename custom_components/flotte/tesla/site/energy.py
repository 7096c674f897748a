"""A site's energy history: read every five minutes, and summed for today and for good."""

from collections import Counter as Count
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from .. import signals
from ..energy.counters import EnergyCounters
from ..energy.fields import EnergyField
from ..energy.history import EnergyRow, has_other_offset, read_energy_day
from ..energy.hours import day_begins, request_of_day
from ..errors import InvalidAnswer, TeslaError
from ..reading_json import as_object
from ..signals import ENERGY_HISTORY
from ..spending.caller import POLLING, Caller
from ..state import Reading, Readings, Source
from .section import Section, is_lost

MAX_ATTEMPTS: Final = 10
"""How often a past day is requested in vain, while Tesla answers about today, until it is settled
as it is."""
_KILO: Final = 1000

_OF_TODAY: Final = tuple(
    signal
    for signal in signals.SITE_SIGNALS
    if signal.section == ENERGY_HISTORY and "lifetime" not in signal.paths[0]
)


type HistoryRequest = Callable[[datetime, datetime, str, Caller], Awaitable[dict[str, Any]]]
"""Asks Tesla for the energy of a span of one day; see `FleetApi.energy_history`."""


class SiteEnergy:
    """The energy history of one site.

    Args:
        ask: Way to Tesla.
        publish: Takes new readings.
        clock: Time now; aware.
    """

    def __init__(
        self,
        ask: HistoryRequest,
        publish: Callable[[Readings], None],
        clock: Callable[[], datetime],
    ) -> None:
        self.section = Section()
        self.zone = ZoneInfo("UTC")
        """The time zone of the site."""
        self._counters = EnergyCounters()
        self._shown_day: date | None = None
        """The day of the sums that are shown."""
        self._has_standard_offset = False
        """Whether the site writes the standard offset all year."""
        self._attempts: Count[date] = Count()
        """Requests in vain for a past day."""
        self._is_past_next = False
        self._ask = ask
        self._publish = publish
        self._clock = clock

    async def refresh(self, caller: Caller = POLLING, *, one_request: bool = False) -> None:
        """Read today, and the past day that needs it most.

        Args:
            caller: Who asks.
            one_request: Read one day only, because it costs something: they take turns.

        Raises:
            TeslaError: today cannot be read.
        """
        now = self.section.tried = self._clock()
        today = self.today
        self._counters.open_until(today)
        past = self._counters.due(now, self.zone)
        past.sort(key=lambda day: self._attempts[day])
        if past and one_request and self._is_past_next:
            self._is_past_next = False
            await self._read_past(past[0], caller)
        else:
            self._is_past_next = True
            await self._read_today(today, caller)
            if past and not one_request:
                await self._read_past(past[0], caller)

    async def _read_today(self, today: date, caller: Caller) -> None:
        now = self._clock()
        try:
            rows = await self.read_day(today, caller)
            if not rows and self._shown_day == today:
                raise InvalidAnswer("the energy of the day is gone")
        except TeslaError as error:
            if is_lost(error):
                self.section.failed(error, self._clock())
            raise
        self.section.succeeded(self._clock())
        self._shown_day = today if rows else None
        self._counters.take(today, rows, now, self.zone)
        began = day_begins(today, self.zone).timestamp() if rows else None
        self._show({**_sums_of(rows), "began": began}, now)

    async def _read_past(self, day: date, caller: Caller) -> None:
        """Read a day that is over. That it fails is no error: today is read already."""
        now = self._clock()
        try:
            rows = await self.read_day(day, caller)
        except TeslaError as error:
            if not is_lost(error):
                raise
            self._attempts[day] += 1
            if self._attempts[day] < MAX_ATTEMPTS or self.section.error is not None:
                return
            self._counters.settle(day)
        else:
            self._counters.take(day, rows, now, self.zone)
        del self._attempts[day]
        self._show({}, now)

    def _show(self, section: Mapping[str, Any], now: datetime) -> None:
        """Publish sums of today, and the counters."""
        if (values := self._counters.values) is not None:
            lifetime = {each: value / _KILO for each, value in values.items()}
            section = {**section, "lifetime": lifetime}
        self._publish(signals.read_sections({ENERGY_HISTORY: section}, signals.SITE_SIGNALS, now))

    async def read_day(self, day: date, caller: Caller) -> tuple[EnergyRow, ...]:
        """The rows of a local day, none if nothing is known of it. Raises TeslaError.

        It takes a second request where it turns out that the site writes the standard offset all
        year, or not any more: Tesla leaves out the last hour of a day that is requested wrongly.
        """
        rows, has_other = await self._read(day, caller)
        if has_other is self._has_standard_offset or (rows and not has_other):
            return rows
        self._has_standard_offset = has_other
        again, _ = await self._read(day, caller)
        return again or rows

    async def _read(self, day: date, caller: Caller) -> tuple[tuple[EnergyRow, ...], bool]:
        """The rows of a day, and whether they carry the offset of the other season."""
        start, end = request_of_day(day, self.zone, standard_offset=self._has_standard_offset)
        answer = await self._ask(start, end, self.zone.key, caller)
        return read_energy_day(answer, day, self.zone), has_other_offset(answer, day, self.zone)

    # --- Time ------------------------------------------------------------------------------------

    @property
    def today(self) -> date:
        """The current day of the site."""
        return self._clock().astimezone(self.zone).date()

    def lapse(self) -> None:
        """Make the sums unknown once their day is over: no value is better than yesterday's."""
        if self._shown_day in (None, self.today):
            return
        now = self._clock()
        self._shown_day = None
        self._publish({signal: Reading(None, now, Source.POLL) for signal in _OF_TODAY})

    # --- Storage ---------------------------------------------------------------------------------

    def to_stored(self) -> dict[str, Any]:
        """The part that has to outlive a restart, as JSON."""
        return {
            "counters": self._counters.to_stored(),
            "day": None if self._shown_day is None else self._shown_day.isoformat(),
            "standard_offset": self._has_standard_offset,
        }

    def restore(self, stored: object) -> None:
        """Apply what `to_stored` returned."""
        kept = as_object(stored)
        self._counters.restore(kept.get("counters"))
        self._has_standard_offset = kept.get("standard_offset") is True
        try:
            self._shown_day = date.fromisoformat(kept.get("day") or "")
        except TypeError, ValueError:
            # The sums are of an unknown day, so they go with the next look at the clock.
            self._shown_day = date.min


def _sums_of(rows: Iterable[EnergyRow]) -> dict[str, float | None]:
    """The energy of a day by Tesla's fields, in Wh; None without rows."""
    rows = tuple(rows)
    return {
        str(each): sum(row.energy[each] for row in rows) if rows else None for each in EnergyField
    }
