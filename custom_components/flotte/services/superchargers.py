"""Actions for what an account paid at Superchargers."""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final, cast

import voluptuous as vol
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType, JsonValueType

from ..account.data import FlotteConfigEntry
from ..account.rights import async_require_admin, async_require_control
from ..const import DOMAIN
from ..errors import as_home_assistant
from ..spending.callers import caller_of
from ..tesla.charging.bills import MAX_REQUESTS
from ..tesla.charging.supercharging import Costs, Fee, SuperchargerSession, total_costs
from ..tesla.errors import TeslaError
from ..tesla.privacy import VIN_SHOWN
from .action import Action
from .devices import async_get_vehicle
from .files import check_target, write_file
from .period import PERIOD_FIELDS, period_of

_CONFIG_ENTRY_ID: Final = "config_entry_id"
_START: Final = "start"
_END: Final = "end"
_MAX_REQUESTS: Final = "max_requests"
_FILENAME: Final = "filename"
_OVERWRITE: Final = "overwrite"
_INVOICE: Final = re.compile(r"(?!\.+$)[\w.~+=-]{1,200}", re.ASCII)
"""Numbers of invoices; nothing that could lead to another address of Tesla's."""
_USUAL_REQUESTS: Final = 4

type _Names = Mapping[str, str]
"""Names of vehicles by VIN."""


async def _async_get_history(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """List the sessions of an account, or of one of its vehicles.

    Raises:
        Unauthorized: the user may not control the vehicle, or the account; nothing was sent.
        ServiceValidationError: there is no such account or vehicle, or a date is wrong.
        HomeAssistantError: Tesla's answer failed, or its cost is too high.
    """
    entry = _account_of(hass, call)
    vin = await _async_vin(hass, call, entry)
    start, end = period_of(call, dt_util.now().date(), dt_util.get_default_time_zone())
    try:
        billed = await entry.runtime_data.bills.sessions(
            start,
            end,
            caller_of(hass, call.context),
            max_requests=call.data[_MAX_REQUESTS],
            vin=vin,
        )
    except TeslaError as error:
        raise as_home_assistant(error, name=entry.title) from error
    names = {each.vehicle.vin: each.device_name for each in entry.runtime_data.vehicles}
    return {
        "sessions": [_described(each, names) for each in billed.sessions],
        "costs": _amounts(total_costs(billed.sessions) if billed.is_complete else None),
        "requests": billed.requests,
        "more": billed.has_more,
        "unreadable": billed.unreadable,
    }


async def _async_get_invoice(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Save an invoice as a file.

    Raises:
        ServiceValidationError: there is no such account, or the file may not be written; nothing
            was sent.
        HomeAssistantError: there is no such invoice, Tesla's answer failed, its cost is too high,
            or the file could not be written.
    """
    entry, invoice = _account_of(hass, call), call.data[ATTR_ID]
    filename, overwrite = call.data[_FILENAME], call.data[_OVERWRITE]
    target = await hass.async_add_executor_job(
        partial(check_target, hass.config, filename, ".pdf", overwrite=overwrite)
    )
    try:
        content = await entry.runtime_data.bills.invoice(invoice, caller_of(hass, call.context))
    except TeslaError as error:
        raise as_home_assistant(error, name=entry.title) from error
    await hass.async_add_executor_job(partial(write_file, target, content, overwrite=overwrite))
    return {_FILENAME: str(target), "size": len(content)}


def _invoice_id(value: object) -> str:
    """Read the number of an invoice. Raises Invalid."""
    text = cv.string(value).strip()
    if not _INVOICE.fullmatch(text):
        raise vol.Invalid("expected the number of an invoice")
    return text


def _account_of(hass: HomeAssistant, call: ServiceCall) -> FlotteConfigEntry:
    """Return the loaded account of a call. Raises ServiceValidationError."""
    entry = async_get_config_entry(hass, DOMAIN, call.data[_CONFIG_ENTRY_ID])
    return cast("FlotteConfigEntry", entry)


async def _async_vin(hass: HomeAssistant, call: ServiceCall, entry: FlotteConfigEntry) -> str:
    """Check the caller's rights, and return the VIN of the call's vehicle; empty for all of them.

    Raises:
        Unauthorized: the user may not control the vehicle, or the account.
        ServiceValidationError: there is no such vehicle, or it belongs to another account.
    """
    device_id: str | None = call.data.get(ATTR_DEVICE_ID)
    if device_id is None:
        account = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, str(entry.unique_id)), entry.entry_id
        )
        if account is None:
            await async_require_admin(hass, call.context)
        else:
            await async_require_control(hass, call.context, [account.id])
        return ""
    await async_require_control(hass, call.context, [device_id])
    vehicle = async_get_vehicle(hass, device_id)
    if vehicle.config_entry.entry_id != entry.entry_id:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="car_of_another_account",
            translation_placeholders={"name": vehicle.device_name, "account": entry.title},
        )
    return vehicle.vehicle.vin


def _described(session: SuperchargerSession, names: _Names) -> JsonObjectType:
    vin = session.vin or ""
    fees: list[JsonValueType] = [_described_fee(fee) for fee in session.fees]
    return {
        "car": names.get(vin) or vin[-VIN_SHOWN:] or None,
        "place": session.place,
        "country": session.country,
        _START: _local(session.start),
        _END: _local(session.end),
        "energy": session.energy,
        "costs": _amounts(session.costs),
        "paid": session.is_paid,
        "fees": fees,
        "invoices": list(session.invoices),
    }


def _described_fee(fee: Fee) -> JsonObjectType:
    return {
        "type": fee.kind,
        "cost": None if fee.cost is None else float(fee.cost),
        "currency": fee.currency,
        "paid": fee.is_paid,
    }


def _amounts(costs: Costs | None) -> JsonObjectType | None:
    return None if costs is None else {name: float(cost) for name, cost in costs.items()}


def _local(moment: datetime | None) -> str | None:
    return None if moment is None else dt_util.as_local(moment).isoformat(timespec="seconds")


_ACCOUNT: Final[Mapping[vol.Marker, Any]] = {vol.Required(_CONFIG_ENTRY_ID): cv.string}

SUPERCHARGER_ACTIONS: Final = (
    Action(
        name="get_supercharger_history",
        fields={
            **_ACCOUNT,
            vol.Optional(ATTR_DEVICE_ID): cv.string,
            **PERIOD_FIELDS,
            vol.Optional(_MAX_REQUESTS, default=_USUAL_REQUESTS): vol.All(
                vol.Coerce(int), vol.Range(1, MAX_REQUESTS)
            ),
        },
        handle=_async_get_history,
    ),
    Action(
        name="get_supercharger_invoice",
        fields={
            **_ACCOUNT,
            vol.Required(ATTR_ID): _invoice_id,
            vol.Required(_FILENAME): cv.path,
            vol.Optional(_OVERWRITE, default=False): cv.boolean,
        },
        handle=_async_get_invoice,
        supports_response=SupportsResponse.OPTIONAL,
        for_admins=True,
    ),
)
