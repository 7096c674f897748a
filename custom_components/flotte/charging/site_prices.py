"""Prices of a Tesla site's tariff."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from ..tesla import signals
from ..tesla.energy.rate_plan import BadRatePlan, RatePlan, read_rate_plan
from ..tesla.signals import SiteTariff
from ..tesla.site import Site
from ..tesla.state import Signal
from .price_slots import PriceSlot
from .unused_prices import UnusedPrices, other_currency

_NOT_READ: Final = object()


class SitePrices:
    """The tariff of the only site that has one; with several, the one of the home is unknown.

    Args:
        signal: The tariff for buying or for selling.
        sites: Returns the sites of all accounts.
        currency: Returns Home Assistant's currency.
        unused: Logs why prices are not used.
    """

    def __init__(
        self,
        signal: Signal[SiteTariff],
        sites: Callable[[], Iterable[Site]],
        currency: Callable[[], str],
        unused: UnusedPrices,
    ) -> None:
        self._signal = signal
        self._sites = sites
        self._currency = currency
        self._unused = unused
        self._source: object = _NOT_READ
        self._plan: RatePlan | None = None

    @property
    def plan(self) -> RatePlan | None:
        """The prices; None if they are unknown or in another currency."""
        found = [site for site in self._sites() if site.state[self._signal] is not None]
        if len(found) != 1:
            return None
        site = found[0]
        tariff, zone = site.state[self._signal], site.energy.zone
        reported = site.state[signals.SITE_TIME_ZONE]
        if tariff is None or reported not in (None, zone.key):
            return None
        content, currency = tariff
        if currency is not None and currency != (expected := self._currency()):
            self._unused.log("the Tesla site's tariff", other_currency(currency, expected))
            return None
        # Reading takes longer than comparing, and prices are looked up often.
        if self._source != (source := (content, zone)):
            try:
                self._plan = read_rate_plan(content, zone)
            except BadRatePlan:
                self._plan = None
            self._source = source
        return self._plan

    def price_at(self, moment: datetime) -> float | None:
        """The price of a kWh at a moment; None if it is unknown."""
        found = None if (plan := self.plan) is None else plan.price_at(moment)
        return None if found is None else found[1]

    def slots(self, start: datetime, end: datetime) -> list[PriceSlot]:
        """The known prices that overlap with [start, end)."""
        periods = () if (plan := self.plan) is None else plan.periods(start, end)
        return [PriceSlot(period.start, period.end, period.price) for period in periods]
