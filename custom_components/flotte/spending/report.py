"""Report of a month's bill, in numbers and in the user's language.

Money is a number in the tariff's currency. Load the texts of `decisions` first.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.util import dt as dt_util
from homeassistant.util.json import JsonObjectType

from ..account.data import FlotteConfigEntry
from ..const import DOMAIN
from ..tesla.spending.ledger import Month
from ..tesla.spending.tariff import CENT, Category, Tariff
from ..texts import async_text
from .account_ledger import AccountLedger

_SHARE_DIGITS: Final = 5
"""Decimals of the cost of one caller, vehicle or day: a single signal costs 0.00001."""


@callback
def async_account_report(
    hass: HomeAssistant, ledger: AccountLedger, month: Month, now: datetime
) -> JsonObjectType:
    """Report a month of one developer account; budget and mode are those of the current month."""
    is_current = month == Month.of(now)
    if is_current:
        # Otherwise, the mode, its explanation and the projection may be up to an hour old.
        ledger.async_review(now)
    meter, tariff = ledger.meter, ledger.meter.tariff
    counts = meter.ledger.month(month)
    spent = sum((tariff.rounded(*each) for each in counts.items()), Decimal(0))
    entries = _entries_of(hass, ledger)
    unanswered: Counter[Category] = Counter()
    for key, count in meter.ledger.unanswered.items():
        if Month.of(key.day) == month:
            unanswered[key.category] += count
    return {
        "entries": [{"config_entry_id": entry.entry_id, "title": entry.title} for entry in entries],
        "month": month_text(month),
        "currency": tariff.currency,
        # Unknown for other months, which may have had another budget.
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
            {**_name_of(hass, entries, asset), **part}
            for asset, of_asset in meter.ledger.by_asset(month).items()
            if (part := _part(tariff, of_asset))
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


def month_text(month: Month) -> str:
    """A month as YYYY-MM."""
    return f"{month.year:04}-{month.month:02}"


def share(cost: Decimal) -> float:
    """Cost of a part of the bill; only whole categories are rounded to the cent."""
    return float(round(cost, _SHARE_DIGITS))


@callback
def _entries_of(hass: HomeAssistant, ledger: AccountLedger) -> list[FlotteConfigEntry]:
    """Return the loaded entries that share this ledger's bill."""
    entries: list[FlotteConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return [entry for entry in entries if entry.runtime_data.ledger is ledger]


def _counts(counts: Mapping[Category, int]) -> JsonObjectType:
    """Counts of the categories that have any."""
    return {str(category): counts[category] for category in Category if counts.get(category)}


def _part(tariff: Tariff, counts: Mapping[Category, int]) -> JsonObjectType:
    """Part of the bill, empty without counts; corrections may make a count negative."""
    cost = sum((tariff.price(*each) for each in counts.items()), Decimal(0))
    counted = _counts(counts)
    return {"counts": counted, "cost": share(cost)} if counted else {}


@callback
def _name_of(
    hass: HomeAssistant, entries: Iterable[FlotteConfigEntry], asset: str
) -> JsonObjectType:
    """Return the name of an asset, and the last six characters of its VIN or site number.

    A blank `asset` is the account itself, for requests that concern no single vehicle or site.
    """
    if not asset:
        return {"name": "account", "id": ""}
    devices = dr.async_get(hass)
    found = (
        devices.async_get_device_by_identifier((DOMAIN, asset), entry.entry_id) for entry in entries
    )
    name = next((each.name_by_user or each.name for each in found if each is not None), None)
    # A vehicle that was sold has counts, but no device.
    return {"name": name or asset[-6:], "id": asset[-6:]}


@callback
def _mode_report(hass: HomeAssistant, ledger: AccountLedger) -> JsonObjectType:
    """Report how strict the gate is now, and why."""
    status = ledger.gate.shown_mode_status(dt_util.utcnow())
    words = {**status.placeholders, "currency": ledger.meter.tariff.currency}
    return {
        "mode": str(status.mode),
        "reason": str(status.reason),
        "explanation": async_text(hass, status.reason, words),
    }


@callback
def _projection_report(hass: HomeAssistant, ledger: AccountLedger) -> JsonObjectType | None:
    """Report the projected cost of this month, and the basis of the projection."""
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
