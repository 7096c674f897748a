"""Flotte for Tesla: Tesla's Fleet API in Home Assistant, with signed commands and a meter."""

from typing import Final

from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .account.claims import async_watch_claims
from .account.data import AccountData, FlotteConfigEntry
from .account.discovery import async_watch_products
from .account.entry_store import async_keep_entry, async_save_entry
from .account.first_look import async_look_first
from .account.hosts import CONFIG_SCHEMA as CONFIG_SCHEMA
from .account.hosts import set_hosts
from .account.leaving import async_forget_account
from .account.options import async_watch_options
from .account.setup import async_set_up_account
from .account.titles import async_watch_title
from .charging.home import async_get_home
from .const import DOMAIN
from .dashboard.serving import (
    async_offer_dashboard,
    async_serve_dashboard,
    async_withdraw_dashboard,
)
from .services import async_setup_services
from .spending.callers import async_watch_callers
from .voice.sentences import async_watch_voice

PLATFORMS: Final = [
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.CALENDAR,
    Platform.CLIMATE,
    Platform.COVER,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.LOCK,
    Platform.MEDIA_PLAYER,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TIME,
    Platform.UPDATE,
]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Set up what all accounts share, and register the actions."""
    set_hosts(hass, config)
    await async_watch_callers(hass)
    async_watch_claims(hass)
    async_watch_options(hass)
    async_setup_services(hass)
    await async_serve_dashboard(hass)
    async_watch_voice(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> bool:
    """Set up one Tesla account."""
    data = entry.runtime_data = await async_set_up_account(hass, entry)
    async_keep_entry(hass, entry)
    entry.async_on_unload(data.ledger.async_subscribe(data.streaming.async_apply_spending_mode))
    async_watch_products(hass, entry)
    async_watch_title(hass, entry)
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    for coordinator in data.vehicles:
        # After all vehicles have devices, so that vehicles with equal names get distinct ones.
        coordinator.async_show_pairing()
        coordinator.async_look_after_restart()
    async_get_home(hass).async_add(
        entry,
        data.charging_controllers.values(),
        data.sites,
        data.streaming.async_shown_changed,
    )
    for sessions in data.charging_sessions.values():
        sessions.async_start(entry)
    for history in data.history_imports.values():
        history.async_start()
    async_offer_dashboard(hass)
    async_look_first(hass, entry)
    # In the background: the setup depends neither on the port nor on a vehicle.
    entry.async_create_background_task(
        hass, data.streaming.async_start(), "flotte starts the stream"
    )
    return True


async def async_unload_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> bool:
    """Unload an account and save its readings."""
    streaming = entry.runtime_data.streaming
    # Before the entities go: without them nothing is shown, and vehicles would be reconfigured.
    streaming.async_pause()
    unloaded = await hass.config_entries.async_unload_platforms(entry, PLATFORMS)
    if unloaded:
        await streaming.async_stop()
        await async_save_entry(entry)
    else:
        streaming.async_resume()
    return unloaded


async def async_remove_entry(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Clean up after an account."""
    await async_forget_account(hass, entry)
    async_withdraw_dashboard(hass)


async def async_remove_config_entry_device(
    _hass: HomeAssistant, entry: FlotteConfigEntry, device: dr.DeviceEntry
) -> bool:
    """Allow to remove devices of vehicles, sites and wall connectors that left the account.

    Only a loaded account knows which ones have left. While it is not loaded, the owner may remove
    any device but the account's own; if the vehicle or site is still in the account, its device
    returns unchanged with the next setup.
    """
    present = {str(entry.unique_id)}
    data: AccountData | None = getattr(entry, "runtime_data", None)
    if data is not None:
        present |= data.devices
    return not any((DOMAIN, each) in device.identifiers for each in present)
