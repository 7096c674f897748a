"""Prompts the owner to log in, for as long as Tesla refuses the login."""

from datetime import datetime
from functools import partial
from typing import Final

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowContext,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.event import async_call_later
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..tesla.api.fleet import FleetApi
from ..tesla.api.login import FIRST_LOGIN_PAUSE, MAX_LOGIN_PAUSE
from ..tesla.errors import TeslaError
from ..tesla.spending.caller import POLLING
from .issues import async_clear_issues, async_raise_issue

MIN_PROBE: Final = 5.0
"""Minimum seconds between two probes of a refused login."""
_ISSUE: Final = "login_needed"
_NEW_LOGINS: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_new_logins")
_RETRIES: Final[HassKey[dict[str, CALLBACK_TYPE]]] = HassKey(f"{DOMAIN}_login_retries")


@callback
def async_note_new_login(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Note for the next setup of an entry that its owner has logged in again."""
    hass.data.setdefault(_NEW_LOGINS, set()).add(entry.entry_id)


@callback
def async_take_new_login(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Whether the owner has logged in again since the last call."""
    new_logins = hass.data.get(_NEW_LOGINS, set())
    is_new = entry.entry_id in new_logins
    new_logins.discard(entry.entry_id)
    return is_new


@callback
def async_watch_login(hass: HomeAssistant, entry: ConfigEntry, api: FleetApi) -> None:
    """Start and end the flow in which the owner logs in again, following Tesla's answers.

    While the login is refused, probe it from time to time with a request that is always free.
    Vehicles that stream are not polled, so without the probes nothing would show that Tesla accepts
    the login again.
    """
    cancel: CALLBACK_TYPE | None = None

    @callback
    def stop() -> None:
        nonlocal cancel
        if cancel is not None:
            cancel()
        cancel = None

    @callback
    def refused() -> None:
        nonlocal cancel
        async_ask_to_log_in(hass, entry)
        if cancel is None and entry.state is ConfigEntryState.LOADED:
            # During setup, Home Assistant retries the whole setup instead.
            job = HassJob(probe, f"flotte probes {entry.title}", cancel_on_shutdown=True)
            cancel = async_call_later(hass, max(api.login.probe_in, MIN_PROBE), job)

    async def probe(_now: datetime) -> None:
        nonlocal cancel
        cancel = None
        if not api.login.is_refused or entry.state is not ConfigEntryState.LOADED:
            return
        try:
            await api.products(POLLING)
        except TeslaError as error:
            LOGGER.debug("The login of %s is not accepted yet: %s", entry.title, error)
            refused()

    api.login.on_accepted = partial(_async_end_flows, hass, entry)
    api.login.on_refused = refused
    entry.async_on_unload(stop)


@callback
def async_ask_to_log_in(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Start a flow in which the owner logs in again, unless one is open."""
    if any(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
        return
    if any(entry.async_get_active_flows(hass, {SOURCE_RECONFIGURE})):
        # An open flow may be in a tab that was closed long ago, and Home Assistant starts no second
        # one. But it must not be ended either: the owner may be about to finish it.
        hass.async_create_task(
            _async_start_flow(hass, entry), f"flotte asks to log in to {entry.title}"
        )
        return
    entry.async_start_reauth(hass)


async def _async_start_flow(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Start the flow and show a repair issue, as Home Assistant itself does."""
    if any(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
        return
    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context=ConfigFlowContext(
            source=SOURCE_REAUTH,
            entry_id=entry.entry_id,
            title_placeholders={"name": entry.title},
            unique_id=entry.unique_id,
        ),
        data=dict(entry.data),
    )
    if result["type"] is not FlowResultType.FORM:
        return
    async_raise_issue(hass, _ISSUE, entry.entry_id, {"name": entry.title}, is_error=True)


@callback
def _async_end_flows(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """End the flows that ask the owner to log in again, because the login works."""
    async_clear_issues(hass, entry.entry_id, _ISSUE)
    for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
        LOGGER.info("Tesla accepts the login of %s again", entry.title)
        hass.config_entries.flow.async_abort(flow["flow_id"])


@callback
def async_retry_set_up(
    hass: HomeAssistant, entry: ConfigEntry, api: FleetApi, pause: float = FIRST_LOGIN_PAUSE
) -> None:
    """Set an entry up again once Tesla accepts its login.

    Home Assistant itself does not retry after a failed authentication.
    """
    retries = hass.data.setdefault(_RETRIES, {})

    async def retry(_now: datetime) -> None:
        retries.pop(entry.entry_id, None)
        if entry.state is not ConfigEntryState.SETUP_ERROR:
            # It was set up, disabled or removed.
            return
        try:
            await api.products()
        except TeslaError as error:
            LOGGER.debug("%s cannot be set up yet: %s", entry.title, error)
            if entry.entry_id not in retries:
                async_retry_set_up(hass, entry, api, min(2 * pause, MAX_LOGIN_PAUSE))
            return
        if entry.state is ConfigEntryState.SETUP_ERROR:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    if (cancel := retries.pop(entry.entry_id, None)) is not None:
        cancel()
    retries[entry.entry_id] = async_call_later(
        hass, pause, HassJob(retry, f"flotte retries {entry.title}", cancel_on_shutdown=True)
    )
