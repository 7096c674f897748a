"""Calendars of a site's electricity tariff: an event for each period, with its price."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, override

from homeassistant.components.calendar import (
    CalendarEntity,
    CalendarEntityDescription,
    CalendarEvent,
)
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..entity import reported
from ..tesla import signals
from ..tesla.clock import listable
from ..tesla.energy.rate_plan import ALL, RatePeriod
from .rates import RateDescription, RateEntity

_AHEAD: Final = timedelta(days=8)
"""How far to look for the next event while no price is known: a week has every period."""
_TIME: Final = re.compile(r"PERIOD_\d\d_\d\d")
"""Name of a period by its time, as clients with a price for each half hour write it."""


@dataclass(frozen=True, kw_only=True)
class TariffDescription(RateDescription, CalendarEntityDescription):
    """The row of a calendar of a tariff."""


TARIFF_CALENDARS: Final = (
    TariffDescription(
        key="buy_tariff",
        signal=signals.BUY_TARIFF,
        exists=reported(signals.BUY_TARIFF),
    ),
    TariffDescription(
        key="sell_tariff",
        signal=signals.SELL_TARIFF,
        exists=reported(signals.SELL_TARIFF),
    ),
)


def price_text(price: float) -> str:
    """A price with two to five decimals."""
    text = f"{price:.5f}".rstrip("0")
    missing = 2 - len(text.partition(".")[2])
    return text + "0" * missing


class TariffCalendar(RateEntity, CalendarEntity):
    """The periods of a tariff; the current one is the current event."""

    entity_description: TariffDescription

    @property
    @override
    def event(self) -> CalendarEvent | None:
        now = dt_util.utcnow()
        period = None if self.plan is None else next(self.plan.periods(now, now + _AHEAD), None)
        return None if period is None else self._event_of(period)

    @override
    async def async_get_events(
        self, hass: HomeAssistant, start_date: datetime, end_date: datetime
    ) -> list[CalendarEvent]:
        if self.plan is None:
            return []
        periods = self.plan.periods(*listable(start_date, end_date))
        return [
            self._event_of(period)
            for period in periods
            if period.start < end_date and period.end > start_date
        ]

    def _event_of(self, period: RatePeriod) -> CalendarEvent:
        zone = self.coordinator.site.energy.zone
        unit = f"{self.currency}/kWh" if self.currency else "per kWh"
        price = f"{price_text(period.price)} {unit}"
        is_named = period.name != ALL and not _TIME.fullmatch(period.name)
        return CalendarEvent(
            start=period.start.astimezone(zone),
            end=period.end.astimezone(zone),
            summary=f"{_words(period.name)}: {price}" if is_named else price,
            description=f"Season: {period.season}",
            uid=f"{self.unique_id}-{period.start:%Y%m%dT%H%M%SZ}",
        )


def _words(name: str) -> str:
    """Tesla's name of a period as words: `ON_PEAK` is "On peak"."""
    return name.replace("_", " ").strip().capitalize() if name.isupper() else name
