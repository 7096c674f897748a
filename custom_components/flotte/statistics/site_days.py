"""The history of a site as the import reads it: one local day after another."""

from datetime import date
from zoneinfo import ZoneInfo

from homeassistant.core import HomeAssistant

from ..account.zones import async_apply_zone
from ..tesla import signals
from ..tesla.energy.history import EnergyRow
from ..tesla.errors import TeslaError
from ..tesla.reading_json import as_moment
from ..tesla.site import Site
from ..tesla.spending.caller import Caller
from ..tesla.state import State


def has_history(state: State) -> bool | None:
    """Whether a site has an energy history; None if it is not known yet.

    It has one if it has panels or a battery, and thus a meter.
    """
    parts = (state[signals.HAS_SOLAR], state[signals.HAS_BATTERY])
    return True if True in parts else None if None in parts else False


class SiteDays:
    """Reads the days of one site, in its time zone."""

    def __init__(self, hass: HomeAssistant, site: Site) -> None:
        self._hass = hass
        self._site = site

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
        return self._site.energy.today

    @property
    def installed_on(self) -> date | None:
        """The day on which the history begins, if it is known."""
        text = self._site.state[signals.INSTALLATION_DATE]
        moment = as_moment(text)
        return None if moment is None else moment.astimezone(self.zone).date()

    async def async_read(self, day: date, caller: Caller) -> tuple[EnergyRow, ...]:
        """Read the rows of a day; see `SiteEnergy.read_day`.

        Raises:
            BudgetExceeded, AccountSuspended, GateRefused: it costs too much for this caller now.
            InvalidAnswer: the answer is no history.
            TeslaError: any other.
        """
        return await self._site.energy.read_day(day, caller)

    async def async_answers(self, caller: Caller) -> bool:
        """Whether Tesla answers about today, so that another day that fails is itself at fault."""
        try:
            await self.async_read(self.today, caller)
        except TeslaError:
            return False
        return True
