"""Cleanup after an account that is removed or moves to another application.

Vehicles that stream keep costing money until they are stopped, and an account's rules also apply to
the other accounts that share its bill.
"""

from collections.abc import Mapping
from typing import Any, cast

from homeassistant.components.application_credentials import AuthImplementation
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation

from ..const import CONF_BASE_URL, CONF_STREAM, DOMAIN, LOGGER, STREAM_MQTT
from ..spending.account_ledger import async_get_ledger, async_retire_ledger
from ..spending.rules import async_apply_spending
from ..streaming.issues import async_report_orphaned
from ..streaming.requests import async_delete_configuration
from ..streaming.subscription import configured_vehicles
from ..tesla.errors import TeslaError
from .api import fleet_api
from .data import FlotteConfigEntry, application_of
from .entry_store import STREAMING_KEY, async_read_entry, entry_store
from .issues import async_clear_all_issues
from .names import async_distinct_name
from .tokens import LastTokens


async def async_forget_account(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Clean up after an entry that was removed.

    Vehicles that stream to this Home Assistant are stopped, because streaming costs money. The key
    stays, because pairings depend on it, and so does the ledger.
    """
    store = entry_store(hass, entry)
    stored = await async_read_entry(hass, entry, store)
    async_clear_all_issues(hass, entry.entry_id)
    await async_end_streams(hass, entry, configured_vehicles(stored.get(STREAMING_KEY)))
    await store.async_remove()
    # Its rules also applied to the other accounts on its bill.
    async_left_application(hass, application_of(hass, entry))


async def async_leave_application(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Stop the streams billed to an application, while its tokens are still stored."""
    if entry.state is ConfigEntryState.LOADED:
        streaming: object = entry.runtime_data.streaming.to_stored()
    else:
        streaming = (await async_read_entry(hass, entry, entry_store(hass, entry))).get(
            STREAMING_KEY
        )
    former = application_of(hass, entry)[-6:]
    await async_end_streams(hass, entry, configured_vehicles(streaming), former)


@callback
def async_left_application(hass: HomeAssistant, application: str) -> None:
    """Clean up after an account that stopped using the application with this client ID."""
    others = [
        each
        for each in hass.config_entries.async_entries(DOMAIN)
        if application_of(hass, each) == application
    ]
    for other in others:
        if other.state is ConfigEntryState.LOADED:
            async_apply_spending(hass, other, other.runtime_data.ledger)
    if not others:
        async_retire_ledger(hass, application)


async def async_end_streams(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    configured: Mapping[str, Mapping[str, Any]],
    former: str = "",
) -> None:
    """Delete the vehicles' configurations; Home Assistant may have forgotten the entry by now.

    `former` is as in `async_report_orphaned`.
    """
    if not configured:
        return
    devices = dr.async_get(hass)

    def name_of(vin: str) -> str:
        device = devices.async_get_device_by_identifier((DOMAIN, vin), entry.entry_id)
        name = (device and device.name) or vin[-6:]
        return async_distinct_name(hass, entry.entry_id, vin, name)

    try:
        implementation = cast(
            "AuthImplementation", await async_get_config_entry_implementation(hass, entry)
        )
    except (HomeAssistantError, ValueError) as error:
        # The application's credentials were removed first.
        LOGGER.warning(
            "Could not stop the stream; cars keep streaming until their configuration expires: %s",
            error,
        )
        for vin, claims in configured.items():
            async_report_orphaned(hass, vin, name_of(vin), claims, former)
        return
    ledger = await async_get_ledger(hass, implementation.client_id)
    api = fleet_api(hass, entry.data[CONF_BASE_URL], LastTokens(entry, implementation), ledger)
    is_broker = entry.options.get(CONF_STREAM) == STREAM_MQTT
    for vin, claims in configured.items():
        name = name_of(vin)
        try:
            await async_delete_configuration(
                api, ledger.gate, vin, name, claims, only_ours=is_broker
            )
        except TeslaError:
            async_report_orphaned(hass, vin, name, claims, former)
