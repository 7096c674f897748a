"""The history of a site as the import reads it: one local day after another."""

from datetime import date
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..account.zones import async_apply_zone
from ..tesla import signals
from ..tesla.energy.history import EnergyRow, has_other_offset, read_energy_day
from ..tesla.energy.hours import request_of_day
from ..tesla.reading_json import as_moment
from ..tesla.site import Site
from ..tesla.spending.caller import Caller
from ..tesla.state import State


def has_history(state: State) -> bool | None:
    """Whether a site has a meter whose history can be imported; None if it is not known yet."""
    parts = (state[signals.HAS_SOLAR], state[signals.HAS_BATTERY])
    return True if True in parts else None if None in parts else False


class SiteDays:
    """Reads the days of one site, in its time zone."""

    def __init__(self, hass: HomeAssistant, site: Site) -> None:
        self._hass = hass
        self._site = site
        self._has_standard_offset = False

    async def async_find_zone(self) -> None:
        """Find the time zone of the site; that of Home Assistant until the site reports one."""
        await async_apply_zone(self._hass, self._site)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the site, after `async_find_zone`."""
        return self._site.energy.zone

    @property
    def today(self) -> date:
        """The current day of the site."""
        return dt_util.utcnow().astimezone(self.zone).date()

    @property
    def installed_on(self) -> date | None:
        """The day on which the history begins, if it is known."""
        text = self._site.state[signals.INSTALLATION_DATE]
        moment = as_moment(text)
        return None if moment is None else moment.astimezone(self.zone).date()

    async def async_read(self, day: date, caller: Caller) -> tuple[EnergyRow, ...]:
        """Read the rows of a day; none if nothing is known of it.

        A second request is sent only where it turns out that the site writes the standard offset
        all year, or does not any more: the day would lose its last hour.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
            InvalidAnswer: the answer is no history.
            TeslaError: any other.
        """
        rows, has_other = await self._async_ask(day, caller)
        if has_other is self._has_standard_offset or (rows and not has_other):
            return rows
        self._has_standard_offset = has_other
        again, _ = await self._async_ask(day, caller)
        return again or rows

    async def _async_ask(self, day: date, caller: Caller) -> tuple[tuple[EnergyRow, ...], bool]:
        """The rows of a day, and whether they carry the offset of the other season."""
        start, end = request_of_day(day, self.zone, standard_offset=self._has_standard_offset)
        answer = await self._site.energy_history(start, end, self.zone.key, caller)
        return read_energy_day(answer, day, self.zone), has_other_offset(answer, day, self.zone)
