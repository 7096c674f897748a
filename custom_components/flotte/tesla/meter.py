"""What requests cost, what was spent, and whether there is room for more.

Everything here is pure: no input, no output, no clock. Times are given (aware datetimes), money is
`Decimal`, the month is the calendar month in UTC.

Tesla bills every priced request that it answers with a status below 500, refusals included, rounds
per category to 0.01, and grants a discount per developer account and month. Energy endpoints count
as their own category, priced 0 today. Source: Tesla's billing page (2026-08) and Home Assistant's
documentation on energy products (2025-01).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any, Final

from .errors import AccountSuspended, BudgetExceeded

CENT: Final = Decimal("0.01")


class Category(StrEnum):
    """What Tesla counts; FREE is what it does not bill."""

    SIGNAL = "signal"
    COMMAND = "command"
    DATA = "data"
    WAKE = "wake"
    ENERGY = "energy"
    FREE = "free"


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices per single unit, and the monthly discount, in one currency."""

    currency: str
    prices: Mapping[Category, Decimal]
    discount: Decimal

    def price(self, category: Category, count: int = 1) -> Decimal:
        """Exact price of `count` units."""
        return self.prices.get(category, Decimal(0)) * count


EURO: Final = Tariff(
    "EUR",
    {
        # 1 EUR buys 150,000 signals, 1,000 commands, 500 data requests or 50 wakes.
        Category.SIGNAL: Decimal(1) / Decimal(150_000),
        Category.COMMAND: Decimal(1) / Decimal(1_000),
        Category.DATA: Decimal(1) / Decimal(500),
        Category.WAKE: Decimal(1) / Decimal(50),
    },
    Decimal(10),
)


class CallerKind(StrEnum):
    """Who asks: it decides how much may be spent."""

    PERSON = "person"
    AUTOMATION = "automation"
    BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by what name the ledger knows them."""

    kind: CallerKind
    name: str = ""

    @property
    def label(self) -> str:
        """How the ledger writes it: `automation:solar_surplus`."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)


STREAM: Final = Caller(CallerKind.BACKGROUND, "stream")
SETUP: Final = Caller(CallerKind.BACKGROUND, "setup")
POLLING: Final = Caller(CallerKind.BACKGROUND, "polling")


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request costs, or several of the same kind."""

    category: Category
    count: int = 1


FREE: Final = Charge(Category.FREE)
DATA: Final = Charge(Category.DATA)
COMMAND: Final = Charge(Category.COMMAND)
WAKE: Final = Charge(Category.WAKE)
ENERGY: Final = Charge(Category.ENERGY)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger: what, when, for which car or site, because of whom."""

    day: date
    category: Category
    car: str
    caller: str


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime | date) -> Month:
        """The month that an aware datetime falls into, in UTC; or that of a UTC date."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(UTC)
        return cls(moment.year, moment.month)

    @property
    def end(self) -> datetime:
        """When the next month begins."""
        year, month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)  # noqa: PLR2004  # December
        return datetime(year, month, 1, tzinfo=UTC)

    def earlier(self, months: int) -> Month:
        """The month so many months before."""
        index = self.year * 12 + self.month - 1 - months
        return Month(index // 12, index % 12 + 1)


KEEP_MONTHS: Final = 24


@dataclass
class Ledger:
    """How often what was asked of Tesla, by day, category, car and caller."""

    counts: Counter[Row] = field(default_factory=Counter)
    unanswered: Counter[Row] = field(default_factory=Counter)
    """Of `counts`, what never got an answer: Tesla may or may not bill it."""
    _sum: tuple[Month, dict[Category, int]] | None = None
    """The month that was summed up last, kept current: a charge must not walk two years of rows."""

    _streamed: dict[str, int] = field(default_factory=dict)
    """Signals by car that were counted but not booked yet, all on the same day: they come too often
    for a row each."""
    _streamed_on: date | None = None

    def count_signals(self, car: str, count: int, now: datetime) -> None:
        """Count streamed signals. `now` in UTC."""
        today = now.date()
        if today != self._streamed_on:
            self._book_streamed()
            self._streamed_on = today
        self._streamed[car] = self._streamed.get(car, 0) + count

    def _book_streamed(self) -> None:
        """Book what was counted since the last time."""
        if self._streamed and self._streamed_on is not None:
            counted, self._streamed = self._streamed, {}
            for car, count in counted.items():
                self.book(Row(self._streamed_on, Category.SIGNAL, car, STREAM.label), count)

    def book(self, row: Row, count: int) -> None:
        """Add to a row; a negative count takes back."""
        self.counts[row] += count
        if self._sum is not None and self._sum[0] == Month.of(row.day):
            self._sum[1][row.category] += count

    def month(self, month: Month) -> Mapping[Category, int]:
        """Counts of a month by category; every category is there."""
        self._book_streamed()
        if self._sum is None or self._sum[0] != month:
            totals = dict.fromkeys(Category, 0)
            for row, count in self.counts.items():
                if Month.of(row.day) == month:
                    totals[row.category] += count
            self._sum = (month, totals)
        return self._sum[1]

    def forget_before(self, month: Month) -> None:
        """Drop what is older than this month."""
        self._book_streamed()
        first = date(month.year, month.month, 1)
        for rows in (self.counts, self.unanswered):
            for row in [row for row in rows if row.day < first]:
                del rows[row]
        self._sum = None

    def to_stored(self) -> dict[str, Any]:
        """The ledger as JSON."""
        self._book_streamed()
        return {"counts": _rows_stored(self.counts), "unanswered": _rows_stored(self.unanswered)}

    @classmethod
    def from_stored(cls, stored: object) -> Ledger:
        """The ledger from `to_stored`'s JSON; lines that cannot be read are left out."""
        if not isinstance(stored, Mapping):
            return cls()
        return cls(_rows_read(stored.get("counts")), _rows_read(stored.get("unanswered")))


def _rows_stored(rows: Counter[Row]) -> list[list[Any]]:
    return [
        [row.day.isoformat(), str(row.category), row.car, row.caller, count]
        for row, count in rows.items()
        if count
    ]


def _rows_read(stored: object) -> Counter[Row]:
    rows: Counter[Row] = Counter()
    for line in stored if isinstance(stored, list) else ():
        match line:
            case [str() as day, str() as category, str() as car, str() as caller, int() as count]:
                if isinstance(count, bool) or count < 0:
                    continue
                try:
                    row = Row(date.fromisoformat(day), Category(category), car, caller)
                except ValueError:
                    continue
                rows[row] += count
    return rows


@dataclass(frozen=True, slots=True)
class Entry:
    """A charge that was booked, with what is needed to take it back."""

    row: Row
    count: int


class Meter:
    """Counts what a developer account spends, and refuses what its monthly limit has no room for.

    Args:
        limit: Most that may be spent in a month, before the discount, in the tariff's currency;
            None is the discount itself: a user who touches nothing pays nothing.
    """

    def __init__(
        self, ledger: Ledger | None = None, tariff: Tariff = EURO, limit: Decimal | None = None
    ) -> None:
        self.ledger = ledger or Ledger()
        self.tariff = tariff
        self.limit = tariff.discount if limit is None else limit
        self.suspended: Month | None = None
        """The month in which Tesla said that its own limit is exceeded."""
        self.settled: Callable[[], None] = lambda: None
        """Called when a booking was corrected after its request, so that it can be kept."""
        self.streamed: Callable[[], None] = lambda: None
        """Called for each record of a stream that was counted; must be quick."""

    def cost(self, now: datetime, category: Category | None = None) -> Decimal:
        """This month's bill before the discount, as Tesla rounds it; of one category or of all."""
        counts = self.ledger.month(Month.of(now))
        wanted = counts if category is None else (category,)
        return sum((self._rounded(each, counts[each]) for each in wanted), Decimal(0))

    def left(self, now: datetime) -> Decimal:
        """What of the limit is left this month; never below 0."""
        return max(Decimal(0), self.limit - self._spent(now, ()))

    def require(self, charges: Iterable[Charge], now: datetime) -> None:
        """Make sure that there is room for the whole cost of an action before it begins.

        Raises:
            BudgetExceeded: there is not.
            AccountSuspended: Tesla stopped the account this month.
        """
        wanted = [charge for charge in charges if self.tariff.price(charge.category)]
        if not wanted:
            return
        if self.suspended == Month.of(now):
            raise AccountSuspended("Tesla's own limit is exceeded")
        if self._spent(now, wanted) > self.limit:
            price = sum(
                (self.tariff.price(each.category, each.count) for each in wanted), Decimal(0)
            )
            raise BudgetExceeded(
                cost=f"{price:.3f}",
                left=f"{self.left(now):.2f}",
                limit=f"{self.limit:.2f}",
                currency=self.tariff.currency,
                until=Month.of(now).end.date().isoformat(),
            )

    def charge(self, charge: Charge, caller: Caller, car: str, now: datetime) -> Entry:
        """Book a request that is about to leave. Raises like `require`."""
        self.require((charge,), now)
        row = Row(now.astimezone(UTC).date(), charge.category, car, caller.label)
        self.ledger.book(row, charge.count)
        return Entry(row, charge.count)

    def count_signals(self, car: str, count: int, now: datetime) -> None:
        """Count what a car streamed; Tesla bills it whether there is room for it or not."""
        if count:
            self.ledger.count_signals(car, count, now)
            self.streamed()

    def refund(self, entry: Entry) -> None:
        """Take back what Tesla does not bill: the request never left, or its status was 5xx."""
        self.ledger.book(entry.row, -entry.count)
        self.settled()

    def unanswered(self, entry: Entry) -> None:
        """Note that nobody knows whether Tesla saw this request; it stays booked."""
        self.ledger.unanswered[entry.row] += entry.count
        self.settled()

    def suspend(self, now: datetime) -> None:
        """Tesla said EXCEEDED_LIMIT: nothing paid is asked for until `resume` or a new month."""
        self.suspended = Month.of(now)
        self.settled()

    def resume(self) -> None:
        """The owner says that Tesla's limit was raised."""
        self.suspended = None

    def _rounded(self, category: Category, count: int) -> Decimal:
        return self.tariff.price(category, count).quantize(CENT, ROUND_HALF_UP)

    def _spent(self, now: datetime, more: Iterable[Charge]) -> Decimal:
        """This month's bill with `more` on it: exact, or as rounded if that is dearer."""
        counts = dict(self.ledger.month(Month.of(now)))
        for charge in more:
            counts[charge.category] += charge.count
        exact = sum((self.tariff.price(*each) for each in counts.items()), Decimal(0))
        rounded = sum((self._rounded(*each) for each in counts.items()), Decimal(0))
        return max(exact, rounded)
