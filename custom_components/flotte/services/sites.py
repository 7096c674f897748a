"""Actions of energy sites that send a setting or read a history at once."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.util.json import JsonObjectType, JsonValueType

from ..account.rights import async_require_control
from ..account.zones import async_apply_zone
from ..coordinator import SiteCoordinator
from ..errors import as_home_assistant
from ..spending.callers import caller_of
from ..tesla.commands import set_rate_plan
from ..tesla.energy.charge_history import ChargeSession
from ..tesla.energy.outages import BackupHistory, Outage
from ..tesla.errors import InvalidCommand, TeslaError
from ..tesla.site import Site
from ..tesla.site.charges import request_charges
from ..tesla.spending.caller import Caller
from .action import Action
from .devices import async_get_site, async_targeted_sites
from .period import PERIOD_FIELDS, period_of

_TOU_SETTINGS: Final = "tou_settings"
_CONTENT: Final = "tariff_content_v2"
_START: Final = "start"
_END: Final = "end"


async def _async_time_of_use(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Set the electricity tariff of sites, one after the other.

    Raises:
        Unauthorized: the user may not control a site; nothing was sent.
        ServiceValidationError: the tariff breaks a rule of Tesla's; nothing was sent.
        HomeAssistantError: a site refused, or the outcome is unknown; later ones got nothing.
    """
    sites = await _async_sites(hass, call)
    content: Mapping[str, Any] = call.data[_TOU_SETTINGS]
    try:
        command = set_rate_plan(content.get(_CONTENT, content))
    except InvalidCommand as error:
        raise as_home_assistant(error) from error
    for site in sites.values():
        await site.async_send(command, call.context)
    return {}


async def _async_get_charge_history(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Read the charging sessions of the wall connectors of sites; see `_async_get`."""

    def described(sessions: tuple[ChargeSession, ...], zone: ZoneInfo) -> JsonObjectType:
        rows: list[JsonValueType] = [
            {**_span(each, zone), "energy": each.energy / 1000} for each in sessions
        ]
        return {"sessions": rows}

    return await _async_get(hass, call, request_charges, described)


async def _async_get_backup_history(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Read the outages of sites; see `_async_get`."""

    async def request(site: Site, start: datetime, end: datetime, caller: Caller) -> BackupHistory:
        return await site.outages.read(start, end, caller)

    def described(history: BackupHistory, zone: ZoneInfo) -> JsonObjectType:
        rows: list[JsonValueType] = [
            {**_span(each, zone), "minutes": round(each.duration / timedelta(minutes=1), 1)}
            for each in history.outages
        ]
        return {"outages": rows, "complete": history.is_complete}

    return await _async_get(hass, call, request, described)


def _span(row: ChargeSession | Outage, zone: ZoneInfo) -> JsonObjectType:
    """Start and end of a row in the time zone of the site."""
    return {
        _START: row.start.astimezone(zone).isoformat(),
        _END: row.end.astimezone(zone).isoformat(),
    }


async def _async_get[HistoryT](
    hass: HomeAssistant,
    call: ServiceCall,
    request: Callable[[Site, datetime, datetime, Caller], Awaitable[HistoryT]],
    described: Callable[[HistoryT, ZoneInfo], JsonObjectType],
) -> JsonObjectType:
    """Read a history of sites.

    Raises:
        Unauthorized: the user may not control a site; nothing was read.
        ServiceValidationError: the start is after the end.
        HomeAssistantError: Tesla's answer failed, or its cost is too high.
    """
    answers: JsonObjectType = {}
    for device_id, coordinator in (await _async_sites(hass, call)).items():
        site = coordinator.site
        await async_apply_zone(hass, site)
        zone = site.energy.zone
        start, end = period_of(call, site.energy.today, zone)
        try:
            found = await request(site, start, end, caller_of(hass, call.context))
        except TeslaError as error:
            raise as_home_assistant(error, name=coordinator.device_name) from error
        answers[device_id] = {"name": coordinator.device_name, **described(found, zone)}
    return {"sites": answers}


async def _async_sites(hass: HomeAssistant, call: ServiceCall) -> dict[str, SiteCoordinator]:
    """The sites of a call by their device. Raises Unauthorized, ServiceValidationError."""
    devices = async_targeted_sites(hass, call)
    await async_require_control(hass, call.context, devices)
    return {each: async_get_site(hass, each) for each in devices}


SITE_ACTIONS: Final = (
    Action(
        name="time_of_use",
        fields={vol.Required(_TOU_SETTINGS): dict},
        has_target=True,
        handle=_async_time_of_use,
        supports_response=SupportsResponse.NONE,
    ),
    Action(
        name="get_charge_history",
        fields=PERIOD_FIELDS,
        has_target=True,
        handle=_async_get_charge_history,
    ),
    Action(
        name="get_backup_history",
        fields=PERIOD_FIELDS,
        has_target=True,
        handle=_async_get_backup_history,
    ),
)
