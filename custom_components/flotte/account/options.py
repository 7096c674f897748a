"""Applies an account's options whenever they change, without reloading the account."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from ..charging.home import async_get_home
from ..const import DOMAIN
from ..spending.account_ledger import ledger_in_use
from ..spending.rules import async_apply_spending
from ..streaming.options import Settings
from ..tesla import signals
from .data import FlotteConfigEntry, application_of


@callback
def async_watch_options(hass: HomeAssistant) -> None:
    """Apply changed options from now on.

    An update listener of the entry does not suffice: Home Assistant calls it only while the account
    is loaded, and expects it to reload the account after a new login.
    """
    known: dict[str, Mapping[str, Any]] = {
        entry.entry_id: entry.options for entry in hass.config_entries.async_entries(DOMAIN)
    }

    @callback
    def on_change(change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        if entry.domain != DOMAIN:
            return
        if change is ConfigEntryChange.REMOVED:
            known.pop(entry.entry_id, None)
            return
        before = known.get(entry.entry_id, entry.options)
        known[entry.entry_id] = entry.options
        if entry.options != before:
            _async_apply(hass, entry)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_change)


@callback
def _async_apply(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Apply the options of an account, and of all that share its bill."""
    if (data := getattr(entry, "runtime_data", None)) is not None:
        # First, because a new spending mode reconfigures the vehicles at once.
        data.streaming.async_use(Settings.from_options(entry.options))
        async_get_home(hass).async_apply()
        for vehicle in data.vehicles:
            # What covers offer and the state of health depend on the owner's options too.
            vehicle.async_apply_changes(frozenset({signals.TRUNK, signals.BATTERY_LEVEL}))
    # The rules of an account that is not loaded also apply to others that share its bill.
    if (ledger := ledger_in_use(hass, application_of(hass, entry))) is not None:
        async_apply_spending(hass, entry, ledger)
    if entry.state in (ConfigEntryState.SETUP_RETRY, ConfigEntryState.SETUP_ERROR):
        hass.config_entries.async_schedule_reload(entry.entry_id)
