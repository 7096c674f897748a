"""Sessions at Superchargers, as Tesla lists and bills them.

Amounts are exact, because they are added up. Source of the fields: Tesla, "Charging endpoints"
(2024-08); clients in the field add up `totalDue`, and for the energy `usageBase` and all tiers.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from ..reading_json import as_flag, as_moment, as_object, as_text, as_whole, number_in

CHARGING: Final = "charging"
"""The kind of a fee for energy or for the time of charging; others are "parking", "congestion"."""
_FREE: Final = "no_charge"
_TIERS: Final = ("usageTier1", "usageTier2", "usageTier3", "usageTier4")
_CURRENCY_LETTERS: Final = 3

type Costs = Mapping[str, Decimal]
"""Amounts by currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A part of the bill of a session. None is unknown."""

    kind: str
    """In lower case, such as `CHARGING` above."""
    cost: Decimal | None
    """Negative for a refund."""
    currency: str | None
    energy: float | None
    """kWh, if the fee is one for energy."""
    is_paid: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuperchargerSession:
    """A session at a Supercharger. None is unknown."""

    number: str | None
    """Tesla's number of the session."""
    vin: str | None
    place: str | None
    country: str | None
    start: datetime | None
    end: datetime | None
    fees: tuple[Fee, ...]
    invoices: tuple[str, ...]
    """Tesla's numbers of its invoices."""

    @property
    def costs(self) -> Costs | None:
        """Cost of the session; None if a fee is unknown, or if Tesla has not billed it yet."""
        costs: dict[str, Decimal] = {}
        for fee in self.fees:
            if fee.cost is None or (fee.cost and fee.currency is None):
                return None
            if fee.currency is not None:
                costs[fee.currency] = costs.get(fee.currency, Decimal()) + fee.cost
        return costs if self.fees else None

    @property
    def energy(self) -> float | None:
        """Billed energy in kWh; None if Tesla billed the time, or nothing yet."""
        fees = [fee.energy for fee in self.fees if fee.kind == CHARGING]
        known = [energy for energy in fees if energy is not None]
        return sum(known) if known and len(known) == len(fees) else None

    @property
    def is_paid(self) -> bool | None:
        """Whether every fee is paid."""
        paid = {fee.is_paid for fee in self.fees}
        if False in paid:
            return False
        return None if None in paid or not paid else True


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of Tesla's list."""

    sessions: tuple[SuperchargerSession, ...]
    rows: int
    """Number of its rows, with those that cannot be read."""
    total: int | None
    """Number of all sessions of the period, if Tesla states it."""


def read_page(answer: Mapping[str, Any]) -> Page:
    """Read an answer of `charging_history`."""
    rows = answer.get("data")
    rows = rows if isinstance(rows, list) else []
    return Page(
        sessions=tuple(_session(row) for row in rows if isinstance(row, Mapping)),
        rows=len(rows),
        total=as_whole(answer.get("totalResults")),
    )


def total_costs(sessions: Iterable[SuperchargerSession]) -> Costs | None:
    """Cost of all sessions; None if that of one is unknown."""
    total: dict[str, Decimal] = {}
    for session in sessions:
        if (costs := session.costs) is None:
            return None
        for currency, cost in costs.items():
            total[currency] = total.get(currency, Decimal()) + cost
    return total


def total_energy(sessions: Iterable[SuperchargerSession]) -> float | None:
    """Energy of all sessions in kWh; None if that of one is unknown."""
    total = 0.0
    for session in sessions:
        if (energy := session.energy) is None:
            return None
        total += energy
    return total


def _session(row: Mapping[str, Any]) -> SuperchargerSession:
    number = row.get("sessionId")
    fees, invoices = row.get("fees"), row.get("invoices")
    numbers = [_word(as_object(each).get("contentId")) for each in _listed(invoices)]
    return SuperchargerSession(
        number=_word(number) if isinstance(number, str) else _digits(number),
        vin=_word(row.get("vin")),
        place=_word(row.get("siteLocationName")),
        country=_word(row.get("countryCode")),
        start=as_moment(row.get("chargeStartDateTime")),
        end=as_moment(row.get("chargeStopDateTime")),
        fees=tuple(_fee(as_object(each)) for each in _listed(fees)),
        invoices=tuple(each for each in numbers if each is not None),
    )


def _fee(row: Mapping[str, Any]) -> Fee:
    kind = (_word(row.get("feeType")) or "unknown").lower()
    is_free = (_word(row.get("pricingType")) or "").lower() == _FREE
    due = number_in(row.get("totalDue"))
    if due is None:
        due = number_in(row.get("netDue"))
    currency = (_word(row.get("currencyCode")) or "").upper()
    is_currency = len(currency) == _CURRENCY_LETTERS and currency.isalpha()
    return Fee(
        kind=kind,
        cost=Decimal() if is_free else None if due is None else Decimal(str(due)),
        currency=currency if is_currency else None,
        energy=_energy(row) if kind == CHARGING else None,
        is_paid=True if is_free else as_flag(row.get("isPaid")),
    )


def _energy(row: Mapping[str, Any]) -> float | None:
    """Energy of a fee in kWh; None if it is one for time."""
    base = number_in(row.get("usageBase"))
    if base is None or (_word(row.get("uom")) or "").lower() != "kwh":
        return None
    energy = base + sum(number_in(row.get(tier)) or 0.0 for tier in _TIERS)
    return energy if energy >= 0 else None


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _word(value: object) -> str | None:
    return (as_text(value) or "").strip() or None


def _digits(value: object) -> str | None:
    number = as_whole(value)
    return None if number is None else str(number)
