"""Entities of a site's electricity tariff: one direction, updated when the price changes.

The price follows from the tariff and the clock, so a timer runs until its next change.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, override
from weakref import WeakKeyDictionary

from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..account.zones import async_apply_zone
from ..const import LOGGER
from ..coordinator import SiteCoordinator
from ..entity import FlotteEntity, FlotteEntityDescription
from ..tesla import signals
from ..tesla.energy.rate_plan import BadRatePlan, RatePlan, read_rate_plan
from ..tesla.energy.rate_plan_rules import check_rate_plan
from ..tesla.signals import SiteTariff
from ..tesla.state import Signal

_logged: Final[WeakKeyDictionary[SiteCoordinator, set[tuple[str, str]]]] = WeakKeyDictionary()
"""Faults of tariffs that were logged since the account was loaded: two entities show one tariff."""


@dataclass(frozen=True, kw_only=True)
class RateDescription(FlotteEntityDescription):
    """The row of an entity of a tariff."""

    signal: Signal[SiteTariff]


class RateEntity(FlotteEntity[SiteCoordinator]):
    """An entity of the tariff for buying or for selling."""

    entity_description: RateDescription
    _cancel: CALLBACK_TYPE | None = None
    _source: object = None
    _plan: RatePlan | None = None

    def __init__(self, coordinator: SiteCoordinator, row: RateDescription) -> None:
        """Show the tariff of `row`."""
        super().__init__(coordinator, row, (row.signal, signals.SITE_TIME_ZONE))

    @property
    def currency(self) -> str | None:
        """The currency of the prices; None if unknown."""
        tariff = self.readings[self.entity_description.signal]
        return None if tariff is None else tariff[1]

    @property
    def plan(self) -> RatePlan | None:
        """The prices; None while the tariff or the time zone of the site is unknown."""
        state, zone = self.readings, self.coordinator.site.energy.zone
        tariff, reported = state[self.entity_description.signal], state[signals.SITE_TIME_ZONE]
        source = (tariff, reported, zone)
        if source != self._source:
            self._source = source
            is_local = reported in (None, zone.key)
            self._plan = None if tariff is None or not is_local else self._read(tariff)
        return self._plan

    def _read(self, tariff: SiteTariff) -> RatePlan | None:
        content, _ = tariff
        try:
            plan = read_rate_plan(content, self.coordinator.site.energy.zone)
        except BadRatePlan as error:
            self._log(error)
            return None
        try:
            check_rate_plan(content)
        except BadRatePlan as error:
            self._log(error)
        return plan

    def _log(self, error: BadRatePlan) -> None:
        """Log, once, that prices are unknown for a part of the time or for all of it."""
        logged = _logged.setdefault(self.coordinator, set())
        fault = self.entity_description.signal.name, str(error)
        if fault not in logged:
            logged.add(fault)
            LOGGER.warning(
                "Some prices of %s are unknown, because Tesla reports an incomplete tariff: %s",
                self.coordinator.device_name,
                error,
            )

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        await async_apply_zone(self.hass, self.coordinator.site)
        self.async_on_remove(self._async_stop)
        # The zone is applied after the poll that reports it.
        self.async_on_remove(self.coordinator.async_after_poll(self._async_update_if_changed))
        self._async_track()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._async_track()
        super()._handle_coordinator_update()

    @callback
    def _async_update_if_changed(self) -> None:
        before = self._plan
        if self.plan is not before:
            self._handle_coordinator_update()

    @callback
    def _async_track(self) -> None:
        """Update the entity at the next change of the price."""
        self._async_stop()
        if (plan := self.plan) is not None:
            self._cancel = async_track_point_in_utc_time(
                self.hass, self._async_on_change, plan.next_change(dt_util.utcnow())
            )

    @callback
    def _async_on_change(self, _now: datetime) -> None:
        self._cancel = None
        self._handle_coordinator_update()

    @callback
    def _async_stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
