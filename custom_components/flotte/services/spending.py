"""Actions about money: reports, prices, corrections and deferred commands.

None of them sends a request to Tesla. In the answers, money is a number in the tariff's currency, a
time is text, and every text is in Home Assistant's language.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, cast

import voluptuous as vol
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_config_entry
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..account.data import FlotteConfigEntry
from ..account.rights import async_require_control
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..spending.account_ledger import AccountLedger
from ..spending.callers import caller_of
from ..spending.prices import PRICED, async_price, end_text, time_text
from ..spending.report import async_account_report, month_text
from ..tesla.spending.ledger import KEEP_MONTHS, Month
from ..tesla.spending.tariff import Category
from ..tesla.vehicle.deferral import DeferredCommand
from ..texts import async_load_texts
from .action import Action
from .devices import async_get_vehicle, async_targeted_vehicles

_ACTION: Final = "action"
_COMMAND: Final = "command"
_CONFIG_ENTRY_ID: Final = "config_entry_id"
_MONTH: Final = "month"
_MAX_NUMBER: Final = 10**12
"""Upper bound of any count or cost of a month."""

_COUNTED: Final[Mapping[str, Category]] = {
    "signals": Category.SIGNAL,
    "commands": Category.COMMAND,
    "data_requests": Category.DATA,
    "wakes": Category.WAKE,
}
"""Categories on Tesla's dashboard, by the field for the count; fields for costs are `cost_…`."""
_COSTS: Final[Mapping[str, Category]] = {
    f"cost_{name}": category for name, category in _COUNTED.items()
}


# --- Numbers --------------------------------------------------------------------------------------


def _whole(value: object) -> int:
    """Read a whole number of at least 0, which a template may have written as text.

    Raises Invalid. It never rounds: half a wake is a mistake.
    """
    number = _amount(value)
    if number != number.to_integral_value():
        raise vol.Invalid("expected a whole number")
    return int(number)


def _amount(value: object) -> Decimal:
    """Read a number of at least 0. Raises Invalid."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise vol.Invalid("expected a number")
    try:
        finite = math.isfinite(float(value))
        number = Decimal(str(value).strip())
    except (ValueError, ArithmeticError, OverflowError) as error:
        raise vol.Invalid("expected a number") from error
    if not finite or not 0 <= number <= _MAX_NUMBER:
        raise vol.Invalid(f"expected a number from 0 to {_MAX_NUMBER}")
    return number


# --- The report -----------------------------------------------------------------------------------


async def _async_spending_report(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Report what each developer account spent in a month, by cause.

    Raises:
        ServiceValidationError: there is no such account, or nothing is known of that month.
    """
    now = dt_util.utcnow()
    month = _month_of(call.data.get(_MONTH), now)
    entries: list[FlotteConfigEntry]
    if (entry_id := call.data.get(_CONFIG_ENTRY_ID)) is not None:
        wanted = [_ledger_of(hass, entry_id)]
    elif entries := hass.config_entries.async_loaded_entries(DOMAIN):
        # Entries of one developer account share its bill, which is reported once.
        wanted = list(dict.fromkeys(entry.runtime_data.ledger for entry in entries))
    else:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_account_loaded")
    await async_load_texts(hass)
    return {"accounts": [async_account_report(hass, ledger, month, now) for ledger in wanted]}


def _month_of(text: str | None, now: datetime) -> Month:
    """Read a month, by default the current one. Raises ServiceValidationError."""
    this = Month.of(now)
    if text is None:
        return this
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", text.strip(), re.ASCII)
    if found is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="month_unreadable",
            translation_placeholders={_MONTH: text},
        )
    month, first = Month(int(found[1]), int(found[2])), this.earlier(KEEP_MONTHS)
    if not (first.year, first.month) <= (month.year, month.month) <= (this.year, this.month):
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="month_unknown",
            translation_placeholders={
                _MONTH: month_text(month),
                "first": month_text(first),
                "last": month_text(this),
            },
        )
    return month


@callback
def _ledger_of(hass: HomeAssistant, entry_id: str) -> AccountLedger:
    """Return the ledger of a loaded account. Raises ServiceValidationError."""
    entry = cast("FlotteConfigEntry", async_get_config_entry(hass, DOMAIN, entry_id))
    return entry.runtime_data.ledger


# --- Prices ---------------------------------------------------------------------------------------


async def _async_price_of(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Report what an action would cost each vehicle now, and the gate's decision for this caller.

    Raises:
        ServiceValidationError: one of the devices is not a vehicle of Flotte's.
    """
    coordinators = _coordinators(hass, call)
    await async_load_texts(hass)
    caller = caller_of(hass, call.context)
    action = call.data[_ACTION]
    prices: JsonObjectType = {
        key: async_price(each, action, caller) for key, each in coordinators.items()
    }
    return {"prices": prices}


# --- Corrections ----------------------------------------------------------------------------------


async def _async_set_month_to_date(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Set this month's counts to those on Tesla's dashboard.

    Raises:
        ServiceValidationError: there is no such account, or a number is invalid. Nothing has
            changed.
    """
    ledger = _ledger_of(hass, call.data[_CONFIG_ENTRY_ID])
    now = dt_util.utcnow()
    wanted = _counts_of(call.data, ledger, now)
    added = ledger.meter.correct(wanted, now)
    ledger.async_review(now)
    return {
        "added": {str(category): added.get(category, 0) for category in wanted},
        "spent": float(ledger.meter.cost(now)),
        "currency": ledger.meter.tariff.currency,
        "spending_mode": str(ledger.gate.mode_status.mode),
    }


def _counts_of(
    fields: Mapping[str, Any], ledger: AccountLedger, now: datetime
) -> dict[Category, int]:
    """Read the counts on the dashboard, by category. Raises ServiceValidationError."""
    tariff = ledger.meter.tariff
    counted = ledger.meter.ledger.month(Month.of(now))
    wanted = {category: fields[name] for name, category in _COUNTED.items() if name in fields}
    for name, category in _COSTS.items():
        if name not in fields:
            continue
        if category in wanted:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="count_and_cost",
                translation_placeholders={"count": name.removeprefix("cost_"), "cost": name},
            )
        if not tariff.price(category):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="cost_of_nothing",
                translation_placeholders={"count": name.removeprefix("cost_"), "cost": name},
            )
        cost: Decimal = fields[name]
        # An amount is rounded to the cent, which may be 1,500 signals: if it agrees with our
        # count, our count is more precise.
        is_ours = tariff.rounded(category, counted[category]) == cost
        wanted[category] = counted[category] if is_ours else tariff.units(category, cost)
    return wanted


# --- Deferred commands ----------------------------------------------------------------------------


def _coordinators(hass: HomeAssistant, call: ServiceCall) -> dict[str, VehicleCoordinator]:
    """Return the vehicles of a call by device. Raises ServiceValidationError."""
    return {each: async_get_vehicle(hass, each) for each in async_targeted_vehicles(hass, call)}


async def _async_list_waiting_commands(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """List the deferred commands of each vehicle, the oldest first."""
    now = dt_util.utcnow()
    return {
        "cars": {
            key: {
                "name": coordinator.device_name,
                "waiting": [
                    _describe(each)
                    for each in coordinator.vehicle.deferred.waiting.values()
                    # Expired commands are dropped with the next poll of the vehicle.
                    if now < each.until
                ],
            }
            for key, coordinator in _coordinators(hass, call).items()
        }
    }


def _describe(waiting: DeferredCommand) -> JsonObjectType:
    """Describe a deferred command. Only plain settings are deferred, so no parameter is a PIN."""
    return {
        _COMMAND: waiting.command.name,
        "parameters": dict(waiting.command.parameters),
        "caller": waiting.caller.label,
        "since": time_text(waiting.since),
        "until": end_text(waiting.until),
    }


async def _async_cancel_waiting_commands(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Cancel all deferred commands, or those with the given names."""
    names: list[str] | None = call.data.get(_COMMAND)
    await async_require_control(hass, call.context, async_targeted_vehicles(hass, call))
    coordinators = _coordinators(hass, call)
    cancelled: JsonObjectType = {}
    for key, coordinator in coordinators.items():
        cancelled[key] = await coordinator.vehicle.deferred.withdraw(names)
    return {"cancelled": cancelled}


# --- The table ------------------------------------------------------------------------------------

SPENDING_ACTIONS: Final = (
    Action(
        name="spending_report",
        fields={vol.Optional(_CONFIG_ENTRY_ID): cv.string, vol.Optional(_MONTH): cv.string},
        handle=_async_spending_report,
    ),
    Action(
        name="price_of",
        fields={vol.Optional(_ACTION, default=_COMMAND): vol.In(PRICED)},
        has_target=True,
        handle=_async_price_of,
    ),
    Action(
        name="set_month_to_date",
        fields={
            vol.Required(_CONFIG_ENTRY_ID): cv.string,
            **{vol.Optional(name): _whole for name in _COUNTED},
            **{vol.Optional(name): _amount for name in _COSTS},
        },
        check=cv.has_at_least_one_key(*_COUNTED, *_COSTS),
        handle=_async_set_month_to_date,
        supports_response=SupportsResponse.OPTIONAL,
        for_admins=True,
    ),
    Action(
        name="list_waiting_commands",
        fields={},
        has_target=True,
        handle=_async_list_waiting_commands,
    ),
    Action(
        name="cancel_waiting_commands",
        fields={
            vol.Optional(_COMMAND): vol.All(cv.ensure_list, [cv.string], vol.Length(min=1)),
        },
        has_target=True,
        handle=_async_cancel_waiting_commands,
        supports_response=SupportsResponse.OPTIONAL,
    ),
)
