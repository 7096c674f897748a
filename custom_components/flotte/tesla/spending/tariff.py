"""The cost of requests: categories, prices, and the bill as Tesla calculates it.

Tesla bills every priced request that it answers with a status below 500, including refusals. It
rounds per category to 0.01 and grants a discount per developer account and month. Energy endpoints
have a category of their own, priced 0 today. Source: Tesla's billing page (2026-08) and Home
Assistant's documentation on energy products (2025-01).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, Final

CENT: Final = Decimal("0.01")


class Category(StrEnum):
    """Categories of Tesla's bill, and FREE for requests that are not on it."""

    SIGNAL = "signal"
    COMMAND = "command"
    DATA = "data"
    WAKE = "wake"
    ENERGY = "energy"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Charge:
    """The charge for one request, or for several of one kind."""

    category: Category
    count: int = 1
    unasked: bool = False
    """Whether it is booked even if the budget has no room, because the request ends spending."""


FREE: Final = Charge(Category.FREE)
DATA: Final = Charge(Category.DATA)
COMMAND: Final = Charge(Category.COMMAND)
WAKE: Final = Charge(Category.WAKE)
ENERGY: Final = Charge(Category.ENERGY)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices per unit and the monthly discount, in one currency."""

    currency: str
    prices: Mapping[Category, Decimal]
    discount: Decimal

    def price(self, category: Category, count: int = 1) -> Decimal:
        """Exact price of `count` units, not rounded."""
        return self.prices.get(category, Decimal(0)) * count

    def rounded(self, category: Category, count: int) -> Decimal:
        """Price of a month's units as Tesla rounds it; a negative count counts as 0."""
        return self.price(category, max(0, count)).quantize(CENT, ROUND_HALF_UP)

    def bill(self, counts: Mapping[Category, int]) -> Decimal:
        """Price of a month's units: the exact sum, or the sum rounded by category if higher."""
        exact = rounded = Decimal(0)
        for category, count in counts.items():
            # Like `rounded`, without its calls: each request compares several bills.
            if count > 0 and (price := self.prices.get(category)):
                cost = price * count
                exact += cost
                rounded += cost.quantize(CENT, ROUND_HALF_UP)
        return max(exact, rounded)

    def total(self, charges: Iterable[Charge]) -> Decimal:
        """Exact price of an action."""
        return sum((self.price(each.category, each.count) for each in charges), Decimal(0))

    def units(self, category: Category, amount: Decimal) -> int:
        """Number of units that cost an amount on Tesla's dashboard; 0 if they are free."""
        price = self.price(category)
        return int((amount / price).to_integral_value(ROUND_HALF_UP)) if price else 0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Tariff:
        """Create the tariff that options describe; by default, Tesla's tariff in euros.

        `currency` selects one of `TARIFFS`; `discount` and `units` override its parts. `discount`
        is an amount. `units` gives for a category how many units one euro, dollar, ... buys, as
        Tesla prints it; 0 means free. A currency that is not in `TARIFFS` needs a discount and
        units of every category that Tesla bills.

        Raises:
            ValueError: names the option that is unreadable or missing.
        """
        currency = options.get("currency", EURO.currency)
        if not isinstance(currency, str) or not currency.strip():
            raise ValueError("currency")
        known = TARIFFS.get(currency)
        discount = known.discount if known else None
        if options.get("discount") is not None:
            discount = _not_negative(options["discount"], "discount")
        prices = dict(known.prices) if known else {}
        units = options.get("units") or {}
        if not isinstance(units, Mapping):
            raise ValueError("units")  # noqa: TRY004  # as below
        for name, value in units.items():
            if name not in Category or name == Category.FREE:
                raise ValueError(f"units.{name}")
            count = _not_negative(value, f"units.{name}")
            prices[Category(name)] = 1 / count if count else Decimal(0)
        if discount is None:
            raise ValueError("discount")
        if missing := EURO.prices.keys() - prices.keys():
            raise ValueError(f"units.{min(missing)}")
        return cls(currency, prices, discount)


def _not_negative(value: object, name: str) -> Decimal:
    """Read a finite number of at least 0. Raises ValueError with the option's name."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(name)  # noqa: TRY004  # one kind of error for unreadable options
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(name) from error
    if not number.is_finite() or number < 0:
        raise ValueError(name)
    return number


def _tariff(currency: str, discount: int, signals: str) -> Tariff:
    """Create a tariff from the number of signals that one unit of its currency buys.

    The other prices follow from that, because their ratio is the same in every currency that Tesla
    publishes: a command costs as much as 150 signals, a data request 300, a wake 3,000. The
    published figures for those are rounded too much: 0.35 wakes for a yen are 1.4 % too many.
    """
    signal = 1 / Decimal(signals)
    return Tariff(
        currency,
        {
            Category.SIGNAL: signal,
            Category.COMMAND: 150 / Decimal(signals),
            Category.DATA: 300 / Decimal(signals),
            Category.WAKE: 3_000 / Decimal(signals),
        },
        Decimal(discount),
    )


# 1 EUR buys 150,000 signals, 1,000 commands, 500 data requests or 50 wakes.
EURO: Final = _tariff("EUR", 10, "150000")
# Source: Tesla's billing page (2026-08) and its home page in several languages.
TARIFFS: Final[Mapping[str, Tariff]] = {
    tariff.currency: tariff
    for tariff in (
        EURO,
        _tariff("USD", 10, "150000"),
        _tariff("GBP", 8, "195058.52"),
        _tariff("JPY", 1_448, "1035.91"),
        _tariff("DKK", 70, "21367.52"),
    )
}
