"""The simulated Tesla's own bill: the use and the cost of each developer account.

It counts as Tesla counts: every priced request that was answered with a status below 500, also 401,
403, 408 and 429. Prices per category: one euro buys 150,000 streamed signals, 1,000 commands, 500
data requests or 50 wakes, and the first ten euro of a month are free per developer account. Source:
Tesla, "Billing and limits", copy of August 2026.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from simulator.clock import Clock


class Category(StrEnum):
    """The billing category of a request or a streamed value."""

    DATA = "data"
    COMMAND = "command"
    WAKE = "wake"
    SIGNAL = "signal"
    ENERGY = "energy"
    FREE = "free"


PER_EURO: dict[Category, int] = {
    Category.SIGNAL: 150_000,
    Category.COMMAND: 1_000,
    Category.DATA: 500,
    Category.WAKE: 50,
}
"""The number of a category that one euro buys. Other categories cost nothing."""

DISCOUNT = Decimal(10)
"""Discount in euro per month and developer account."""

CENT = Decimal("0.01")

BILLED_BELOW_STATUS = 500


class Item(NamedTuple):
    """The key of a count."""

    client_id: str
    """The developer account; empty for requests that no account can be charged for."""
    day: date
    """The day in UTC."""
    category: Category
    vin: str | None
    """The vehicle of the request, if it was about one."""


def cost(category: Category, count: int) -> Decimal:
    """The cost of `count` uses of a category, in euro, not rounded."""
    return Decimal(count) / PER_EURO[category] if category in PER_EURO else Decimal(0)


class Bill:
    """Counts of all developer accounts, by day, category and vehicle."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: Counter[Item] = Counter()
        self.limits: dict[str, Decimal] = {}
        """Euro per month beyond the discount at which an account is suspended.

        An account without an entry is never suspended. Tesla's default is 0.
        """
        self.dropped = 0
        """Requests whose connection was closed before anything ran; they are not billed."""

    def today(self) -> date:
        """The simulated day in UTC."""
        return datetime.fromtimestamp(self._clock.now(), UTC).date()

    def charge(
        self,
        client_id: str,
        category: Category,
        *,
        status: int = 200,
        vin: str | None = None,
        amount: int = 1,
    ) -> bool:
        """Count a request, or `amount` streamed signals; returns whether it counted.

        Nothing is counted for a status of 500 and above.
        """
        if status >= BILLED_BELOW_STATUS:
            return False
        self._counts[Item(client_id, self.today(), category, vin)] += amount
        return True

    def items(
        self,
        *,
        client_id: str | None = None,
        month: date | None = None,
        day: date | None = None,
        vin: str | None = None,
    ) -> dict[Item, int]:
        """The matching counts; `month` is any day of that month."""
        return {
            item: count
            for item, count in self._counts.items()
            if (client_id is None or item.client_id == client_id)
            and (month is None or (item.day.year, item.day.month) == (month.year, month.month))
            and (day is None or item.day == day)
            and (vin is None or item.vin == vin)
        }

    def counts(
        self,
        *,
        client_id: str | None = None,
        month: date | None = None,
        day: date | None = None,
        vin: str | None = None,
    ) -> dict[Category, int]:
        """How often each category was used; every category is there, also with zero."""
        return _by_category(self.items(client_id=client_id, month=month, day=day, vin=vin).items())

    def total(self, client_id: str, month: date | None = None) -> Decimal:
        """Euro of a calendar month (default: this one) before the discount, not rounded."""
        counts = self.counts(client_id=client_id, month=month or self.today())
        return sum((cost(category, count) for category, count in counts.items()), Decimal(0))

    def due(self, client_id: str, month: date | None = None) -> Decimal:
        """The amount of the month's invoice in euro.

        Each category is rounded to the cent, the discount is taken off, and the sum is capped at
        the account's limit. Source: Tesla, "Billing and limits", copy of August 2026.
        """
        counts = self.counts(client_id=client_id, month=month or self.today())
        rounded = sum(
            (
                cost(category, count).quantize(CENT, ROUND_HALF_UP)
                for category, count in counts.items()
            ),
            Decimal(0),
        )
        due = max(rounded - DISCOUNT, Decimal(0)).quantize(CENT)
        limit = self.limits.get(client_id)
        return due if limit is None else min(due, limit)

    def suspended(self, client_id: str) -> bool:
        """Whether this month's use lies beyond the discount and the account's limit."""
        limit = self.limits.get(client_id)
        return limit is not None and self.total(client_id) - DISCOUNT > limit

    def clear(self) -> None:
        """Forget all counts; the limits stay."""
        self._counts.clear()
        self.dropped = 0

    def as_json(
        self,
        *,
        client_id: str | None = None,
        month: date | None = None,
        day: date | None = None,
        vin: str | None = None,
    ) -> dict[str, Any]:
        """The bill for `/simulator/bill`; euro are decimal strings.

        `counts` and `euro` follow the filters; `month_total`, `due` and `suspended` are always
        those of the whole account in the current month.
        """
        accounts: dict[str, Any] = {}
        chosen = self.items(client_id=client_id, month=month, day=day, vin=vin)
        for account in sorted({item.client_id for item in self._counts} | set(self.limits)):
            if client_id is not None and account != client_id:
                continue
            own = {item: count for item, count in chosen.items() if item.client_id == account}
            counts = _by_category(own.items())
            limit = self.limits.get(account)
            accounts[account] = {
                "counts": {str(category): count for category, count in counts.items()},
                "euro": {
                    str(category): str(cost(category, counts[category])) for category in counts
                },
                "days": _nested(own, lambda item: item.day.isoformat()),
                "vehicles": _nested(own, lambda item: item.vin or ""),
                "month_total": str(self.total(account)),
                "discount": str(DISCOUNT),
                "due": str(self.due(account)),
                "limit": None if limit is None else str(limit),
                "suspended": self.suspended(account),
            }
        return {
            "accounts": accounts,
            "dropped": self.dropped,
            "per_euro": {str(category): number for category, number in PER_EURO.items()},
        }


def _by_category(items: Iterable[tuple[Item, int]]) -> dict[Category, int]:
    counts = dict.fromkeys(Category, 0)
    for item, count in items:
        counts[item.category] += count
    return counts


def _nested(items: dict[Item, int], name: Callable[[Item], str]) -> dict[str, dict[str, int]]:
    """Counts by a field of the item, then by category, without zeros."""
    nested: dict[str, Counter[str]] = {}
    for item, count in sorted(items.items(), key=lambda entry: name(entry[0])):
        nested.setdefault(name(item), Counter())[str(item.category)] += count
    return {key: dict(counts) for key, counts in nested.items()}
