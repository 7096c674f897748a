"""Actions about money: what was spent, what something would cost now, and what waits for a car.

None of them asks Tesla for anything. Money is answered as a number in the tariff's currency, times
are answered as text, and every text is in Home Assistant's language.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import partial
from typing import Any, Final, cast

import voluptuous as vol
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.service import async_get_config_entry, async_register_admin_service
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..account.data import FlotteConfigEntry
from ..account.rights import async_require_control
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..spending.account_ledger import AccountLedger
from ..spending.callers import caller_of
from ..spending.decisions import OUTCOMES, async_load_texts, async_text, name_of
from ..tesla import commands
from ..tesla.commands import Command
from ..tesla.errors import NotKept
from ..tesla.spending.caller import Caller
from ..tesla.spending.gate import Allow, Decision, Request
from ..tesla.spending.ledger import KEEP_MONTHS, Month
from ..tesla.spending.tariff import CENT, COMMAND, DATA, Category, Tariff
from ..tesla.vehicle.deferral import Waiting
from .vehicle import async_get_vehicle

_ACTION: Final = "action"
_COMMAND: Final = "command"
_CONFIG_ENTRY_ID: Final = "config_entry_id"
_MONTH: Final = "month"
_MOST: Final = 10**12
"""More of anything nobody is billed in a month."""
_DIGITS_OF_SHARES: Final = 5
"""Of what one caller, car or day cost: a single signal is worth 0.00001."""

_COUNTED: Final[Mapping[str, Category]] = {
    "signals": Category.SIGNAL,
    "commands": Category.COMMAND,
    "data_requests": Category.DATA,
    "wakes": Category.WAKE,
}
"""What Tesla's dashboard shows, by the field for its count; that for its cost is `cost_…`."""
_COSTS: Final[Mapping[str, Category]] = {
    f"cost_{name}": category for name, category in _COUNTED.items()
}

type Handle = Callable[[HomeAssistant, ServiceCall], Coroutine[Any, Any, JsonObjectType]]


# --- Numbers -------------------------------------------------------------------------------------


def _whole(value: object) -> int:
    """A whole number of at least 0, also as the user interface or a template writes it.

    Raises Invalid. It never rounds: half a wake is a mistake.
    """
    number = _amount(value)
    if number != number.to_integral_value():
        raise vol.Invalid("expected a whole number")
    return int(number)


def _amount(value: object) -> Decimal:
    """A number of at least 0. Raises Invalid."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise vol.Invalid("expected a number")
    try:
        finite = math.isfinite(float(value))
        number = Decimal(str(value).strip())
    except (ValueError, ArithmeticError, OverflowError) as error:
        raise vol.Invalid("expected a number") from error
    if not finite or not 0 <= number <= _MOST:
        raise vol.Invalid(f"expected a number from 0 to {_MOST}")
    return number


def _share(cost: Decimal) -> float:
    """What a part of the bill cost; only whole categories are rounded on a bill."""
    return float(round(cost, _DIGITS_OF_SHARES))


# --- The report ----------------------------------------------------------------------------------


async def _async_spending_report(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """What each developer account spent in a month, and because of whom.

    Raises:
        ServiceValidationError: no such account, or no month that anything is known of.
    """
    now = dt_util.utcnow()
    month = _month_of(call.data.get(_MONTH), now)
    entries: list[FlotteConfigEntry]
    if (entry_id := call.data.get(_CONFIG_ENTRY_ID)) is not None:
        wanted = [_ledger_of(hass, entry_id)]
    elif entries := hass.config_entries.async_loaded_entries(DOMAIN):
        # Entries of one developer account share its bill; each bill is told once.
        wanted = list(dict.fromkeys(entry.runtime_data.ledger for entry in entries))
    else:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_account_loaded")
    await async_load_texts(hass)
    return {"accounts": [_account_report(hass, ledger, month, now) for ledger in wanted]}


def _month_of(text: str | None, now: datetime) -> Month:
    """The month that is meant; this one if none is. Raises ServiceValidationError."""
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
                _MONTH: _month_text(month),
                "first": _month_text(first),
                "last": _month_text(this),
            },
        )
    return month


def _month_text(month: Month) -> str:
    return f"{month.year:04}-{month.month:02}"


@callback
def _ledger_of(hass: HomeAssistant, entry_id: str) -> AccountLedger:
    """The ledger of a loaded account. Raises ServiceValidationError."""
    entry = cast("FlotteConfigEntry", async_get_config_entry(hass, DOMAIN, entry_id))
    return entry.runtime_data.ledger


@callback
def _entries_of(hass: HomeAssistant, ledger: AccountLedger) -> list[FlotteConfigEntry]:
    """The loaded entries that share a bill."""
    entries: list[FlotteConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return [entry for entry in entries if entry.runtime_data.ledger is ledger]


def _account_report(
    hass: HomeAssistant, ledger: AccountLedger, month: Month, now: datetime
) -> JsonObjectType:
    """A month of one developer account."""
    is_current = month == Month.of(now)
    if is_current:
        # The mode, what explains it, and the projection are looked at every hour only.
        ledger.async_review(now)
    meter, tariff = ledger.meter, ledger.meter.tariff
    counts = meter.ledger.month(month)
    spent = sum((tariff.rounded(*each) for each in counts.items()), Decimal(0))
    entries = _entries_of(hass, ledger)
    unanswered: Counter[Category] = Counter()
    for row, count in meter.ledger.unanswered.items():
        if Month.of(row.day) == month:
            unanswered[row.category] += count
    return {
        "entries": [{_CONFIG_ENTRY_ID: entry.entry_id, "title": entry.title} for entry in entries],
        _MONTH: _month_text(month),
        "currency": tariff.currency,
        # Those of other months are not known: the budget may have been another one.
        "budget": float(meter.budget) if is_current else None,
        "left": float(meter.left(now).quantize(CENT, ROUND_DOWN)) if is_current else None,
        "spent": float(spent),
        "discount": float(tariff.discount),
        "to_pay": float(max(Decimal(0), spent - tariff.discount)),
        "by_category": {
            str(category): {"count": count, "cost": float(tariff.rounded(category, count))}
            for category, count in counts.items()
        },
        "by_day": {
            day.isoformat(): part
            for day, of_day in meter.ledger.by_day(month).items()
            if (part := _part(tariff, of_day))
        },
        "by_car": [
            {**_name_of(hass, entries, car), **part}
            for car, of_car in meter.ledger.by_car(month).items()
            if (part := _part(tariff, of_car))
        ],
        "by_caller": {
            label: part
            for label, of_caller in meter.ledger.by_caller(month).items()
            if (part := _part(tariff, of_caller))
        },
        "dearest_callers": [
            {"caller": each.caller, **_part(tariff, each.counts)}
            for each in meter.dearest_callers(month)
        ],
        "wakes_saved": meter.ledger.avoided_wakes(month),
        "unanswered": _counts(unanswered),
        "spending_mode": _mode_report(hass, ledger) if is_current else None,
        "projection": _projection_report(hass, ledger) if is_current else None,
    }


def _counts(counts: Mapping[Category, int]) -> JsonObjectType:
    """What was counted, without what was not."""
    return {str(category): counts[category] for category in Category if counts.get(category)}


def _part(tariff: Tariff, counts: Mapping[Category, int]) -> JsonObjectType:
    """A part of the bill; empty if nothing was counted. Corrections may be below nothing."""
    cost = sum((tariff.price(*each) for each in counts.items()), Decimal(0))
    counted = _counts(counts)
    return {"counts": counted, "cost": _share(cost)} if counted else {}


@callback
def _name_of(
    hass: HomeAssistant, entries: Iterable[FlotteConfigEntry], identifier: str
) -> JsonObjectType:
    """What the ledger calls by VIN or site number: its name, and the last six characters of that.

    "" is the account itself, for what is asked of no single car or site.
    """
    if not identifier:
        return {"name": "account", "id": ""}
    devices = dr.async_get(hass)
    found = (
        devices.async_get_device_by_identifier((DOMAIN, identifier), entry.entry_id)
        for entry in entries
    )
    name = next((each.name_by_user or each.name for each in found if each is not None), None)
    # Also of a car that was sold there is something to tell.
    return {"name": name or identifier[-6:], "id": identifier[-6:]}


@callback
def _mode_report(hass: HomeAssistant, ledger: AccountLedger) -> JsonObjectType:
    """How much the budget restrains now, and why."""
    step = ledger.gate.shown_step(dt_util.utcnow())
    words = {**step.placeholders, "currency": ledger.meter.tariff.currency}
    return {
        "mode": str(step.mode),
        "reason": str(step.reason),
        "explanation": async_text(hass, step.reason, words),
    }


@callback
def _projection_report(hass: HomeAssistant, ledger: AccountLedger) -> JsonObjectType | None:
    """What this month will probably cost by the last look, and what that rests on."""
    tariff, projection = ledger.meter.tariff, ledger.projection
    if projection is None:
        return None
    return {
        "total": float(projection.total),
        "to_pay": float(max(Decimal(0), projection.total - tariff.discount)),
        "by_category": {
            str(category): {"count": count, "cost": float(projection.costs[category])}
            for category, count in projection.counts.items()
        },
        "basis": str(projection.basis),
        "explanation": async_text(hass, projection.basis, projection.placeholders),
    }


# --- What it would cost --------------------------------------------------------------------------

_WAKE_ONLY: Final = "wake"
_DATA_REQUEST: Final = "data"
PRICED: Final[Mapping[str, Callable[[], Command] | None]] = {
    _WAKE_ONLY: None,
    _DATA_REQUEST: None,
    # One that everybody's car has, that acts at once, and that no stream can make superfluous.
    _COMMAND: commands.flash_lights,
    # Plain settings of all kinds are alike: they may wait. The value does not matter.
    "setting": lambda: commands.set_charge_limit(80),
    "lock": commands.lock_doors,
    "unlock": commands.unlock_doors,
    "climate": commands.start_climate,
    "charge": commands.start_charging,
    "trunk": lambda: commands.move_trunk(is_open=True),
}
"""What a price can be asked of, and the command that stands for it."""


async def _async_price_of(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """What each car would cost now for whoever calls, and whether that would be allowed.

    Raises:
        ServiceValidationError: one of them is no car of ours.
    """
    cars = _cars(hass, call)
    await async_load_texts(hass)
    caller = caller_of(hass, call.context)
    wish = call.data[_ACTION]
    return {"prices": {key: _price(car, wish, caller) for key, car in cars.items()}}


def _price(car: VehicleCoordinator, wish: str, caller: Caller) -> JsonObjectType:
    """What a wish would cost for one car; nothing is sent, and nothing is counted."""
    vehicle, command = car.vehicle, PRICED[wish]
    request, decision = vehicle.admission.quote(command and command(), caller)
    if wish == _DATA_REQUEST:
        request = replace(request, charges=(DATA, *request.charges))
        decision = vehicle.gate.decide(request, dt_util.utcnow())
    tariff = vehicle.api.meter.tariff
    return {
        "name": car.device_name,
        "cost": _share(tariff.total(request.charges)),
        "currency": tariff.currency,
        "consists_of": _consists_of(request),
        **_decision_report(car.hass, decision, caller),
    }


def _consists_of(request: Request) -> JsonObjectType:
    """The requests that it may need."""
    parts: Counter[str] = Counter()
    for charge in request.charges:
        # The second one is not the command: the car is asked for what its signature needs.
        is_handshake = charge == COMMAND and parts[charge.category] > 0
        parts["handshake" if is_handshake else str(charge.category)] += charge.count
    return dict(parts)


@callback
def _decision_report(hass: HomeAssistant, decision: Decision, caller: Caller) -> JsonObjectType:
    """What the gate says, in words."""
    until = None if isinstance(decision, Allow) else decision.until
    words = {**decision.placeholders, "caller": name_of(caller.label)}
    return {
        "decision": str(OUTCOMES[type(decision)]),
        "reason": decision.key,
        "explanation": async_text(hass, decision.key, words),
        "until": _end_text(until),
    }


def _time_text(moment: datetime | None) -> str | None:
    """A time in the user's zone, with its offset."""
    return None if moment is None else dt_util.as_local(moment).isoformat(timespec="seconds")


def _end_text(moment: datetime | None) -> str | None:
    """A time to wait for, likewise, but rounded up: before it the answer is the same."""
    if moment is not None and moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return _time_text(moment)


# --- Tesla's own count ---------------------------------------------------------------------------


async def _async_set_month_to_date(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Set this month's counts to what Tesla's dashboard shows.

    Raises:
        ServiceValidationError: there is no such account, or what is given is no count. Nothing
            has changed then.
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
        "spending_mode": str(ledger.gate.step.mode),
    }


def _counts_of(
    fields: Mapping[str, Any], ledger: AccountLedger, now: datetime
) -> dict[Category, int]:
    """The counts that the dashboard stands at, by category. Raises ServiceValidationError."""
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
        # An amount is rounded to the cent, which may be 1,500 signals: where it says the same as
        # our count, that is the better one.
        is_ours = tariff.rounded(category, counted[category]) == cost
        wanted[category] = counted[category] if is_ours else tariff.units(category, cost)
    return wanted


# --- What waits ----------------------------------------------------------------------------------


def _cars(hass: HomeAssistant, call: ServiceCall) -> dict[str, VehicleCoordinator]:
    """The cars that are meant, by device. Raises ServiceValidationError."""
    return {each: async_get_vehicle(hass, each) for each in call.data[ATTR_DEVICE_ID]}


async def _async_list_waiting_commands(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """What waits until each car is awake by itself, the oldest first."""
    now = dt_util.utcnow()
    return {
        "cars": {
            key: {
                "name": car.device_name,
                "waiting": [
                    _in_words(each)
                    for each in car.vehicle.deferred.waiting.values()
                    # What expired is given up with the next look at the car.
                    if now < each.until
                ],
            }
            for key, car in _cars(hass, call).items()
        }
    }


def _in_words(waiting: Waiting) -> JsonObjectType:
    """A command that waits. Only plain settings do, so there is no PIN in the parameters."""
    return {
        _COMMAND: waiting.command.name,
        "parameters": dict(waiting.command.parameters),
        "caller": waiting.caller.label,
        "since": _time_text(waiting.since),
        "until": _end_text(waiting.until),
    }


async def _async_cancel_waiting_commands(hass: HomeAssistant, call: ServiceCall) -> JsonObjectType:
    """Take back what waits, all of it or the commands that are named."""
    names: list[str] | None = call.data.get(_COMMAND)
    await async_require_control(hass, call.context, call.data[ATTR_DEVICE_ID])
    cars = _cars(hass, call)
    cancelled: JsonObjectType = {}
    for key, car in cars.items():
        cancelled[key] = car.vehicle.cancel_deferred(names)
        if cancelled[key]:
            with suppress(NotKept):
                await car.vehicle.persistence.save()
    return {"cancelled": cancelled}


# --- The table -----------------------------------------------------------------------------------

_CARS: Final[Mapping[vol.Marker, Any]] = {
    vol.Required(ATTR_DEVICE_ID): vol.All(cv.ensure_list, [cv.string])
}


@dataclass(frozen=True, kw_only=True)
class SpendingAction:
    """A row: an action, its fields, and what carries it out."""

    name: str
    fields: Mapping[vol.Marker, Any]
    handle: Handle
    supports_response: SupportsResponse = SupportsResponse.ONLY
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What the fields must fulfil together."""
    for_admins: bool = False
    """Whether it changes what may be spent, as the options do."""

    @property
    def schema(self) -> vol.Schema:
        """All fields."""
        fields = dict(self.fields)
        return vol.Schema(fields if self.check is None else vol.All(fields, self.check))


SPENDING_ACTIONS: Final = (
    SpendingAction(
        name="spending_report",
        fields={vol.Optional(_CONFIG_ENTRY_ID): cv.string, vol.Optional(_MONTH): cv.string},
        handle=_async_spending_report,
    ),
    SpendingAction(
        name="price_of",
        fields={**_CARS, vol.Optional(_ACTION, default=_COMMAND): vol.In(PRICED)},
        handle=_async_price_of,
    ),
    SpendingAction(
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
    SpendingAction(
        name="list_waiting_commands",
        fields=_CARS,
        handle=_async_list_waiting_commands,
    ),
    SpendingAction(
        name="cancel_waiting_commands",
        fields={
            **_CARS,
            vol.Optional(_COMMAND): vol.All(cv.ensure_list, [cv.string], vol.Length(min=1)),
        },
        handle=_async_cancel_waiting_commands,
        supports_response=SupportsResponse.OPTIONAL,
    ),
)


@callback
def async_register_spending_actions(hass: HomeAssistant) -> None:
    """Offer every action of the table, whether or not an account is set up."""
    for row in SPENDING_ACTIONS:
        handle = partial(row.handle, hass)
        if row.for_admins:
            async_register_admin_service(
                hass, DOMAIN, row.name, handle, row.schema, row.supports_response
            )
        else:
            hass.services.async_register(
                DOMAIN,
                row.name,
                handle,
                schema=row.schema,
                supports_response=row.supports_response,
            )
