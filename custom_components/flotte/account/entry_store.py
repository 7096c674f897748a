"""The file of a config entry: readings, sessions, deferred commands, subscriptions, bills."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CoreState, HomeAssistant, callback

from ..charging.settings import ChargingSettings
from ..const import DOMAIN, REWRITE_SECONDS, SAVE_DELAY_SECONDS
from ..tesla.errors import NotKept
from .data import FlotteConfigEntry
from .issues import async_clear_issues, async_raise_issue
from .storage import CheckedStore, Damaged, NotWritten, async_show_failure

STREAMING_KEY: Final = "streaming"
"""Key of the subscriptions in the file; no VIN and no site has that name."""
CONTROLLERS_KEY: Final = "charging_at_home"
"""Key of the settings and memories of charging at home."""
SUPERCHARGING_KEY: Final = "supercharging"
"""Key of the month at Superchargers."""
STORAGE_DAMAGED_ISSUE: Final = "storage_damaged"
STORAGE_UNWRITABLE_ISSUE: Final = "storage_unwritable"
_STORAGE_VERSION: Final = 1
_UNUSED: Final = ChargingSettings()


def entry_store(hass: HomeAssistant, entry: FlotteConfigEntry) -> CheckedStore:
    """The store of an entry, whether or not it is set up."""
    return CheckedStore(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}")


async def async_read_entry(
    hass: HomeAssistant, entry: FlotteConfigEntry, store: CheckedStore
) -> dict[str, Any]:
    """Read the file; a damaged one is set aside, and a repair issue names the copy."""
    try:
        stored = await store.async_read()
    except Damaged as error:
        async_raise_issue(
            hass,
            STORAGE_DAMAGED_ISSUE,
            entry.entry_id,
            {"name": entry.title, "file": error.kept_as or "—", "detail": error.detail},
        )
        return {}
    async_clear_issues(hass, entry.entry_id, STORAGE_DAMAGED_ISSUE)
    return stored or {}


async def async_save_entry(entry: FlotteConfigEntry) -> None:
    """Write the file of an entry that is unloaded."""
    await entry.runtime_data.store.async_save(_to_stored(entry))


@callback
def async_keep_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Write changes after a delay and at shutdown, deferred commands at once.

    A failed write is retried: a vehicle that sleeps may not change again before the restart.
    """
    data = entry.runtime_data

    is_scheduled = False

    @callback
    def to_stored() -> dict[str, Any]:
        nonlocal is_scheduled
        is_scheduled = False
        return _to_stored(entry)

    @callback
    def on_change(*_: object) -> None:
        # Schedule one write, not one for each record: records must be fast, and a steady stream
        # would postpone the write forever.
        nonlocal is_scheduled
        is_unloaded = getattr(entry, "runtime_data", None) is not data
        if not is_scheduled and not is_unloaded:
            is_scheduled = True
            data.store.async_delay_save(to_stored, SAVE_DELAY_SECONDS)

    async def keep() -> None:
        try:
            await data.store.async_write(to_stored())
        except NotWritten as error:
            raise NotKept(error.detail) from error

    @callback
    def on_write() -> None:
        nonlocal is_scheduled
        if data.store.failure is not None and _can_retry(hass, entry):
            is_scheduled = True
            data.store.async_delay_save(to_stored, REWRITE_SECONDS)
        async_show_failure(
            hass, data.store, STORAGE_UNWRITABLE_ISSUE, entry.entry_id, name=entry.title
        )

    data.store.written = on_write
    _async_watch(entry, on_change, keep)


@callback
def _async_watch(
    entry: FlotteConfigEntry, on_change: Callable[..., None], keep: Callable[[], Awaitable[None]]
) -> None:
    """Call `on_change` for every part of an account that has changed, `keep` for what is urgent."""
    data = entry.runtime_data
    # Never unsubscribed: Tesla may still answer while the entry unloads, until its last write.
    data.streaming.changed.subscribe(on_change)
    data.supercharging.changed.subscribe(on_change)
    for controller in data.charging_controllers.values():
        controller.must_keep.subscribe(on_change)
    for vehicle in data.vehicles:
        vehicle.vehicle.persistence.save = keep
        entry.async_on_unload(vehicle.vehicle.subscribe(on_change))
        entry.async_on_unload(vehicle.stream.on_alert(on_change))
    for site in data.sites:
        entry.async_on_unload(site.site.subscribe(on_change))


def _can_retry(hass: HomeAssistant, entry: FlotteConfigEntry) -> bool:
    """Whether a failed write has a next time: later, or when Home Assistant stops."""
    return hass.state is not CoreState.final_write and entry.state is ConfigEntryState.LOADED


def _to_stored(entry: FlotteConfigEntry) -> dict[str, Any]:
    data = entry.runtime_data
    stored: dict[str, Any] = {}
    for vehicle in data.vehicles:
        stored[vehicle.vehicle.vin] = vehicle.vehicle.to_stored()
    for site in data.sites:
        stored[str(site.site.site_id)] = site.site.to_stored()
    stored[STREAMING_KEY] = data.streaming.to_stored()
    stored[CONTROLLERS_KEY] = {
        vin: controller.to_stored()
        for vin, controller in data.charging_controllers.items()
        if controller.was_used or controller.settings != _UNUSED
    }
    stored[SUPERCHARGING_KEY] = data.supercharging.to_stored()
    return stored
