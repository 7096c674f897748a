"""The month at Superchargers: requested once a day, and some hours after a session.

Only while an entity shows it. The gate decides, as for other background requests.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..tesla import signals
from ..tesla.charging.bills import Bills
from ..tesla.charging.month import (
    MonthSum,
    month_to_stored,
    read_stored_month,
    sum_month,
)
from ..tesla.errors import TeslaError
from ..tesla.listeners import Listeners
from ..tesla.spending.caller import POLLING
from ..tesla.spending.endpoints import Endpoint
from ..tesla.state import Signal
from ..tesla.vehicle.vehicle import Vehicle

_CHECK_INTERVAL: Final = timedelta(minutes=10)
_MAX_REQUESTS: Final = 4
"""Pages of two months: 200 sessions."""


def month_begins(now: datetime) -> datetime:
    """The beginning of the month in Home Assistant's time zone."""
    return dt_util.start_of_local_day(dt_util.as_local(now).date().replace(day=1))


class SuperchargingMonth:
    """Requests the sessions of this month and of the one before.

    Args:
        hass: Home Assistant.
        bills: Sends the requests.
        vehicles: Vehicles of the account.
        stored: The JSON of `to_stored`.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        bills: Bills,
        vehicles: Iterable[Vehicle],
        stored: object,
    ) -> None:
        self._hass = hass
        self._bills = bills
        self._sum, self._plan = read_stored_month(stored)
        self._is_reading = False
        self._stops: list[CALLBACK_TYPE] = []
        self.changed = Listeners[()]()
        """Notified of a new sum, and of a session that ended."""
        self._viewers = 0
        self._at_charger: set[str] = set()
        self._vehicles = tuple(vehicles)

    @property
    def exists(self) -> bool:
        """Whether the account can see what it paid."""
        return self._bills.may_ask

    @property
    def sum(self) -> MonthSum | None:
        """The sums of this month; None if Tesla was not asked in it, or did not answer."""
        known = self._sum
        return known if known and known.begin == month_begins(dt_util.utcnow()) else None

    @property
    def currency(self) -> str | None:
        """The currency of the account's sessions, as far as known."""
        return None if self._sum is None else self._sum.currency

    @property
    def awaits_bill(self) -> bool:
        """Whether a session has ended that the sums may lack."""
        return self._plan.bill_due_at is not None

    @callback
    def async_show(self, listener: CALLBACK_TYPE) -> CALLBACK_TYPE:
        """Request the month from now on, and call `listener` when it changes."""
        unsubscribe = self.changed.subscribe(listener)
        self._viewers += 1
        if not self._stops:
            # Only while it is shown: each change of a car calls its listeners.
            self._stops = [
                async_track_time_interval(self._hass, self._async_check, _CHECK_INTERVAL),
                *(self._async_watch(vehicle) for vehicle in self._vehicles),
            ]

        @callback
        def hide() -> None:
            unsubscribe()
            self._viewers -= 1
            if not self._viewers:
                for stop in self._stops:
                    stop()
                self._stops = []

        return hide

    def to_stored(self) -> dict[str, Any]:
        """Everything that survives a restart, as JSON."""
        return month_to_stored(self._sum, self._plan)

    @callback
    def _async_watch(self, vehicle: Vehicle) -> CALLBACK_TYPE:
        """Notice the end of each session at a fast charger; return a function that stops it."""

        @callback
        def on_change(changed: Collection[Signal[Any]]) -> None:
            if signals.FAST_CHARGER not in changed:
                return
            is_there = vehicle.state[signals.FAST_CHARGER]
            if is_there:
                self._at_charger.add(vehicle.vin)
            elif is_there is False and vehicle.vin in self._at_charger:
                self._at_charger.discard(vehicle.vin)
                self._plan = self._plan.ended(dt_util.utcnow())
                self.changed()

        on_change((signals.FAST_CHARGER,))
        return vehicle.subscribe(on_change)

    async def _async_check(self, now: datetime) -> None:
        """Request the month if it is due and may be paid for."""
        if self._is_reading or not self._plan.is_due(now):
            return
        charge = self._bills.api.endpoints.charge(Endpoint.CHARGING_HISTORY, _MAX_REQUESTS)
        if not self._bills.gate.lets_poll(charge, "", now):
            return
        self._is_reading = True
        try:
            self._sum = await self._async_read(now)
            self._plan = self._plan.succeeded(now)
        except TeslaError as error:
            LOGGER.debug("Cannot read the sessions at Superchargers: %s", error)
            self._plan = self._plan.failed(now)
        finally:
            self._is_reading = False
        self.changed()

    async def _async_read(self, now: datetime) -> MonthSum:
        begin = month_begins(now)
        previous = month_begins(begin - timedelta(days=1))
        billed = await self._bills.sessions(previous, now, POLLING, max_requests=_MAX_REQUESTS)
        if not billed.is_complete:
            LOGGER.warning(
                "The sum of this month at Superchargers is unknown: of Tesla's list, %s rows "
                "cannot be read%s",
                billed.unreadable,
                ", and there are more" if billed.has_more else "",
            )
        return sum_month(
            billed, previous=previous, begin=begin, read_at=now, currency=self.currency
        )
