"""Watches a device for a trigger, also while its account is reloaded."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util import dt as dt_util

from ..account.data import AccountData
from ..coordinator import VehicleCoordinator
from ..tesla.listeners import call_both
from .facts import Fact, Known
from .subjects import Subject, async_entry_of, async_find_subject

type Fire = Callable[[Mapping[str, Any]], None]
"""Runs the actions of a trigger, with what they can read about it."""
type Subscribe = Callable[[Subject, Fire], CALLBACK_TYPE]
"""Calls a function whenever something happens to a subject, until the returned one is called."""


class DeviceWatch:
    """Subscribes to what a device stands for, and again after each reload of its account."""

    def __init__(
        self, hass: HomeAssistant, device_id: str, subscribe: Subscribe, fire: Fire
    ) -> None:
        """Call `fire` from `async_start` on."""
        self._hass = hass
        self._device_id = device_id
        self._subscribe = subscribe
        self._fire = fire
        self._watched: AccountData | None = None
        self._unsubscribe: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Start; return a function that stops it."""
        disconnect = async_dispatcher_connect(
            self._hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._async_entry_changed
        )
        self._async_follow()
        return partial(call_both, disconnect, self._async_stop)

    @callback
    def _async_entry_changed(self, _change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        if entry is async_entry_of(self._hass, self._device_id) or self._watched is not None:
            self._async_follow()

    @callback
    def _async_follow(self) -> None:
        subject = async_find_subject(self._hass, self._device_id)
        if subject is not None and subject.data is self._watched:
            return
        self._async_leave()
        if subject is not None:
            self._watched = subject.data
            self._unsubscribe = self._subscribe(subject, self._fire)
            subject.data.streaming.async_shown_changed()

    @callback
    def _async_leave(self) -> None:
        self._watched = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @callback
    def _async_stop(self) -> None:
        watched = self._watched
        self._async_leave()
        # Not when the account is unloaded: then nothing is shown, and vehicles keep what they send.
        if watched is not None:
            watched.streaming.async_shown_changed()


class FactWatch:
    """Compares what is known of a vehicle with what was known before."""

    def __init__(
        self,
        subject: Subject,
        vehicle: VehicleCoordinator,
        fact: Fact,
        happens: Callable[[object, object], bool],
        fire: Fire,
    ) -> None:
        """Call `fire` when the fact changes from a value to another so that `happens` is true.

        The first value is only remembered: when it came about is unknown.
        """
        self._hass = subject.hass
        self._vehicle = vehicle
        self._fact = fact
        self._happens = happens
        self._fire = fire
        self._before: Known | None = None
        self._since: datetime | None = None
        """When the value before was first reported."""

    @callback
    def async_start(self) -> CALLBACK_TYPE:
        """Start; return a function that stops it."""
        self._async_compare()
        vehicle = self._vehicle
        return partial(
            call_both,
            vehicle.async_add_listener(self._async_compare, frozenset(self._fact.signals(vehicle))),
            # A value that was confirmed notifies nothing else.
            vehicle.async_after_poll(self._async_compare),
        )

    @callback
    def _async_compare(self) -> None:
        before = self._before
        known = self._fact.read(self._hass, self._vehicle, before)
        if known is None:
            return
        self._before = known
        since = self._since
        if (
            before is None
            or since is None
            or (before.value, before.basis) != (known.value, known.basis)
        ):
            self._since = known.time
        if (
            before is None
            or before.basis != known.basis
            or (before.is_restored and not known.is_change)
            or not self._happens(before.value, known.value)
        ):
            return
        passed = dt_util.utcnow() - before.time
        held = before.time - (since or before.time)
        self._fire(
            {
                "unseen_for": max(0, round(passed.total_seconds())),
                "held_for": max(0, round(held.total_seconds())),
            }
        )
