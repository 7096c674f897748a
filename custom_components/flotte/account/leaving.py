"""What an account leaves behind when it is removed or moves to another application.

Cars that stream go on costing money until they are told to stop, and the rules of an account held
for those too that share its bill.
"""

from collections.abc import Mapping
from typing import Any, Final, cast

from homeassistant.components.application_credentials import AuthImplementation
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation

from ..const import CONF_BASE_URL, CONF_STREAM, DOMAIN, LOGGER, STREAM_MQTT
from ..spending.account_ledger import AccountLedger, async_get_ledger, async_retire_ledger
from ..spending.rules import async_apply_spending
from ..streaming.issues import async_report_orphaned
from ..streaming.requests import async_delete_configuration
from ..streaming.subscription import configured_cars
from ..tesla.api.fleet import FleetApi
from ..tesla.api.transport import TokenSource
from ..tesla.errors import TeslaError
from .data import FlotteConfigEntry, application_of
from .hosts import get_hosts
from .names import async_distinct_name
from .storage import CheckedStore, Damaged
from .tokens import LastTokens

STREAMING: Final = "streaming"
"""Where in the stored data the subscriptions are; no VIN and no site has that name."""
_STORAGE_VERSION: Final = 1
DAMAGED_ISSUE: Final = "storage_damaged"
UNWRITABLE_ISSUE: Final = "storage_unwritable"


def entry_store(hass: HomeAssistant, entry: FlotteConfigEntry) -> CheckedStore:
    """The file of what is known of an account."""
    return CheckedStore(hass, _STORAGE_VERSION, f"{DOMAIN}.{entry.entry_id}")


async def async_read_known(
    hass: HomeAssistant, entry: FlotteConfigEntry, store: CheckedStore
) -> dict[str, Any]:
    """Read what was known of an account; a damaged file is kept aside, and the owner is told."""
    issue = f"{DAMAGED_ISSUE}_{entry.entry_id}"
    try:
        stored = await store.async_read()
    except Damaged as error:
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=DAMAGED_ISSUE,
            translation_placeholders={
                "name": entry.title,
                "file": error.kept_as or "—",
                "detail": error.detail,
            },
        )
        return {}
    ir.async_delete_issue(hass, DOMAIN, issue)
    return stored or {}


@callback
def async_forget_store(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Drop the issues about the file of an account that is removed."""
    for issue in (DAMAGED_ISSUE, UNWRITABLE_ISSUE):
        ir.async_delete_issue(hass, DOMAIN, f"{issue}_{entry.entry_id}")


def fleet_api(
    hass: HomeAssistant, entry: FlotteConfigEntry, tokens: TokenSource, ledger: AccountLedger
) -> FleetApi:
    """The way to Tesla for an account."""
    return FleetApi(
        async_get_clientsession(hass),
        tokens,
        hosts=get_hosts(hass),
        base_url=entry.data[CONF_BASE_URL],
        meter=ledger.meter,
        endpoints=ledger.endpoints,
        keep=ledger.async_keep,
    )


async def async_leave_application(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Stop the streams that an application is billed for, while its tokens are still stored."""
    if entry.state is ConfigEntryState.LOADED:
        streaming: object = entry.runtime_data.streaming.to_stored()
    else:
        streaming = (await async_read_known(hass, entry, entry_store(hass, entry))).get(STREAMING)
    former = application_of(hass, entry)[-6:]
    await async_end_streams(hass, entry, configured_cars(streaming), former)


@callback
def async_left_application(hass: HomeAssistant, application: str) -> None:
    """Clear up after an account that uses an application no more, given by its client ID."""
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
    """Take cars' configurations away; the entry may be unknown to Home Assistant by now.

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
        LOGGER.warning("Cars go on streaming, because Tesla cannot be told: %s", error)
        for vin, claims in configured.items():
            async_report_orphaned(hass, vin, name_of(vin), claims, former)
        return
    ledger = await async_get_ledger(hass, implementation.client_id)
    api = fleet_api(hass, entry, LastTokens(entry, implementation), ledger)
    is_broker = entry.options.get(CONF_STREAM) == STREAM_MQTT
    for vin, claims in configured.items():
        name = name_of(vin)
        try:
            await async_delete_configuration(
                api, ledger.gate, vin, name, claims, only_ours=is_broker
            )
        except TeslaError:
            async_report_orphaned(hass, vin, name, claims, former)
