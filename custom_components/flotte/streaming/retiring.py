"""Retires the configurations of vehicles that must not stream any more."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .configuring import Configurator
from .subscription import VehicleSubscription

RETIRE_INTERVAL: Final = timedelta(hours=1)


class Retirement:
    """Deletes configurations, and retries those that Tesla did not delete."""

    def __init__(
        self,
        hass: HomeAssistant,
        configurator: Configurator,
        subscriptions: Mapping[str, VehicleSubscription],
    ) -> None:
        """Retire the configurations of these vehicles, by VIN."""
        self._hass = hass
        self._configurator = configurator
        self._subscriptions = subscriptions
        self._stop_retrying: CALLBACK_TYPE | None = None
        self._is_stopped = False

    async def async_start(self) -> None:
        """Delete the configurations now, and retry each hour while one is left."""
        self._is_stopped = False
        await self._async_retire()

    async def _async_retry(self, _now: datetime) -> None:
        # A configuration that is sent for a newly chosen source must not be deleted.
        async with self._configurator.lock:
            if not self._is_stopped:
                await self._async_retire()

    async def _async_retire(self) -> None:
        now = dt_util.utcnow()
        for subscription in self._subscriptions.values():
            await self._configurator.async_delete(subscription, now)
        is_left = any(each.configured is not None for each in self._subscriptions.values())
        if not is_left:
            self._forget_retry()
        elif self._stop_retrying is None and not self._is_stopped:
            self._stop_retrying = async_track_time_interval(
                self._hass, self._async_retry, RETIRE_INTERVAL
            )

    @callback
    def async_stop(self) -> None:
        """Stop retrying."""
        self._is_stopped = True
        self._forget_retry()

    def _forget_retry(self) -> None:
        if self._stop_retrying is not None:
            self._stop_retrying()
        self._stop_retrying = None
