"""What requests cost, what was spent, and whether there is room for more.

Everything here is pure: no input, no output, no clock. Times are given (aware datetimes), money is
`Decimal`, the month is the calendar month in UTC.

Tesla bills every priced request that it answers with a status below 500, refusals included, rounds
per category to 0.01, and grants a discount per developer account and month. Energy endpoints count
as their own category, priced 0 today. Source: Tesla's billing page (2026-08) and Home Assistant's
documentation on energy products (2025-01).
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from enum import StrEnum
from types import TracebackType
from typing import Any, Final, Self

from ..clock import within
from ..errors import AccountSuspended, BudgetExceeded, Refused
from ..listeners import Listeners

CENT: Final = Decimal("0.01")
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_MOST_MINUTES: Final = 61


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

    def rounded(self, category: Category, count: int) -> Decimal:
        """Price of a month's units as Tesla rounds it; corrections below nothing count as none."""
        return self.price(category, max(0, count)).quantize(CENT, ROUND_HALF_UP)

    def bill(self, counts: Mapping[Category, int]) -> Decimal:
        """Price of a month's units: exact, or as rounded by category if that is dearer."""
        exact = sum((self.price(each, max(0, count)) for each, count in counts.items()), Decimal(0))
        return max(exact, sum((self.rounded(*each) for each in counts.items()), Decimal(0)))

    def total(self, charges: Iterable[Charge]) -> Decimal:
        """Exact price of an action."""
        return sum((self.price(each.category, each.count) for each in charges), Decimal(0))

    def units(self, category: Category, amount: Decimal) -> int:
        """How many units an amount on Tesla's dashboard stands for; 0 of what costs nothing."""
        price = self.price(category)
        return int((amount / price).to_integral_value(ROUND_HALF_UP)) if price else 0

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Tariff:
        """The tariff that options describe; without any it is Tesla's in euros.

        `currency` chooses one of `TARIFFS`. `discount` (an amount) and `units` (by category, how
        many a whole unit of the currency buys, as Tesla prints it; 0 is free) override its parts. A
        currency that is not in `TARIFFS` needs a discount and units of all that Tesla bills.

        Raises:
            ValueError: naming the option that cannot be read, or is missing.
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
    """A finite number of at least 0; raises ValueError naming it."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise ValueError(name)  # noqa: TRY004  # one kind of error for what cannot be read
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise ValueError(name) from error
    if not number.is_finite() or number < 0:
        raise ValueError(name)
    return number


def _tariff(currency: str, discount: int, signals: str) -> Tariff:
    """A tariff by how many signals a whole unit of the currency buys.

    The other prices follow, because their proportion is the same in every currency that Tesla
    prints: a command costs as much as 150 signals, a data request 300, a wake 3,000. The figures
    printed for those are rounded too far to pay by: 0.35 wakes a yen is 1.4 % too many.
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


class CallerKind(StrEnum):
    """Who asks: it decides how much may be spent."""

    PERSON = "person"
    AUTOMATION = "automation"
    VOICE = "voice"
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
CORRECTION: Final = "correction"
"""The caller of rows that set the ledger to what Tesla's dashboard says; they may be negative."""


@dataclass(frozen=True, slots=True)
class Charge:
    """What one request costs, or several of the same kind."""

    category: Category
    count: int = 1
    unasked: bool = False
    """Booked without asking for room, because it ends spending."""


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


@dataclass(frozen=True, slots=True, order=True)
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

    @property
    def begin(self) -> datetime:
        """When it begins."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)


KEEP_MONTHS: Final = 24
MOST_UNITS: Final = 10**12
"""More of anything nobody is billed in a month."""


@dataclass
class Ledger:
    """How often what was asked of Tesla, by day, category, car and caller."""

    counts: Counter[Row] = field(default_factory=Counter)
    unanswered: Counter[Row] = field(default_factory=Counter)
    """Of `counts`, what never got an answer: Tesla may or may not bill it."""
    saved: Counter[Row] = field(default_factory=Counter)
    """Wakes that somebody's wish would have cost, and did not."""
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

    def rows(self, month: Month | None = None) -> Iterator[tuple[Row, int]]:
        """All rows, or those of a month, with their counts, signals included."""
        self._book_streamed()
        for row, count in self.counts.items():
            if month is None or (row.day.year, row.day.month) == (month.year, month.month):
                yield row, count

    def by_day(self, month: Month) -> dict[date, Counter[Category]]:
        """Counts of a month by day in UTC, in their order, and category."""
        days = self._grouped(month, lambda row: row.day)
        return dict(sorted(days.items()))

    def by_car(self, month: Month) -> dict[str, Counter[Category]]:
        """Counts of a month by car or site and category; "" is what no single one is asked for."""
        return self._grouped(month, lambda row: row.car)

    def by_caller(self, month: Month) -> dict[str, Counter[Category]]:
        """Counts of a month by caller's label and category."""
        return self._grouped(month, lambda row: row.caller)

    def _grouped[K](self, month: Month, key: Callable[[Row], K]) -> dict[K, Counter[Category]]:
        groups: dict[K, Counter[Category]] = {}
        for row, count in self.rows(month):
            groups.setdefault(key(row), Counter())[row.category] += count
        return groups

    def wakes_on(
        self, day: date, car: str | None = None, kinds: Collection[CallerKind] | None = None
    ) -> int:
        """Wakes of a day in UTC: of one car or of all, for these kinds of callers or for all."""
        return sum(
            count
            for row, count in self.counts.items()
            if row.category is Category.WAKE
            and row.day == day
            and car in (None, row.car)
            and (kinds is None or row.caller.partition(":")[0] in kinds)
        )

    def saved_wakes(self, month: Month) -> int:
        """How many wakes of a month somebody's wish would have cost, and did not."""
        return sum(count for row, count in self.saved.items() if Month.of(row.day) == month)

    def drop_deductions(self) -> None:
        """Drop corrections that take away: after damage, too much is safer than too little."""
        for row in [row for row, count in self.counts.items() if count < 0]:
            del self.counts[row]
        self._sum = None

    def forget_old(self, now: datetime) -> None:
        """Drop all but the newest months before this one in which anything was counted.

        By what was counted and not by the clock: one that is years ahead must not delete what was
        spent.
        """
        self._book_streamed()
        this = Month.of(now)
        months = sorted({month for row in self.counts if (month := Month.of(row.day)) < this})
        if len(months) > KEEP_MONTHS:
            self.forget_before(months[-KEEP_MONTHS])

    def forget_before(self, month: Month) -> None:
        """Drop what is older than this month."""
        self._book_streamed()
        first = date(month.year, month.month, 1)
        for rows in (self.counts, self.unanswered, self.saved):
            for row in [row for row in rows if row.day < first]:
                del rows[row]
        self._sum = None

    def to_stored(self) -> dict[str, Any]:
        """The ledger as JSON."""
        self._book_streamed()
        return {
            "counts": _rows_stored(self.counts),
            "unanswered": _rows_stored(self.unanswered),
            "saved": _rows_stored(self.saved),
        }

    @classmethod
    def from_stored(cls, stored: object) -> Ledger:
        """The ledger from `to_stored`'s JSON; lines that cannot be read are left out."""
        if not isinstance(stored, Mapping):
            return cls()
        return cls(
            _rows_read(stored.get("counts")),
            _rows_read(stored.get("unanswered")),
            _rows_read(stored.get("saved")),
        )


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
                least = -MOST_UNITS if caller == CORRECTION else 0
                if isinstance(count, bool) or not least <= count <= MOST_UNITS:
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
    time: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Spender:
    """What one caller spent in a month."""

    caller: str
    cost: Decimal
    """Exact: only whole categories are rounded on a bill."""
    counts: Mapping[Category, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is known of a month whose ledger was damaged."""

    month: Month
    counts: Mapping[Category, int]
    """What could be read."""
    file: str
    """The name under which the damaged ledger was kept."""


class Hold:
    """Room that is kept for an action, from the yes it got until it is over.

    Other requests see it as spent. What the same caller is charged with for the same car in the
    month of the hold is taken out of it. It must be released, whatever became of the action: use it
    in a `with` statement.
    """

    def __init__(
        self, meter: Meter, charges: Iterable[Charge], caller: Caller, car: str, month: Month
    ) -> None:
        self.caller = caller
        self.car = car
        self.month = month
        self.left: Counter[Category] = Counter()
        for charge in charges:
            self.left[charge.category] += charge.count
        self._meter = meter

    def release(self) -> None:
        """Give back what is left of it; more than once does no harm."""
        self.left.clear()
        self._meter.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


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
        self.reserve = Decimal(0)
        """What of the limit is kept for people; see `gate.Policy`."""
        self.doubt: Doubt | None = None
        """Set while the owner has not said what was spent in a month whose ledger was damaged."""
        self.suspended: Month | None = None
        """The month in which Tesla said that its own limit is exceeded."""
        self.suspensions = 0
        """How often Tesla stopped the account. Each time it removes what the cars are to stream, so
        what was configured before the last one is gone."""
        self._refused_free: set[str] = set()
        self._distrusted: Month | None = None
        self._lifted: Month | None = None
        self.changed = Listeners[()]()
        """Notified of what is to be stored beside the charge of a request that is about to leave:
        refunds, corrections, suspensions."""
        self.signals_counted = Listeners[()]()
        """Notified of each record of a stream that was counted; listeners must be quick."""
        self.woken: dict[str, list[datetime]] = {}
        """When each car was woken last and the time before, oldest first."""
        self._holds: list[Hold] = []
        # When whose wish for which car was last counted as a wake saved.
        self._saved: dict[tuple[Caller, str], datetime] = {}
        # Streamed signals of the last hour, by the minute in which they came.
        self._lately: deque[tuple[datetime, int]] = deque()

    def cost(self, now: datetime, category: Category | None = None) -> Decimal:
        """This month's bill before the discount, as Tesla rounds it; of one category or of all."""
        counts = self.ledger.month(Month.of(now))
        wanted = counts if category is None else (category,)
        return sum((self.tariff.rounded(each, counts[each]) for each in wanted), Decimal(0))

    def left(self, now: datetime) -> Decimal:
        """What of the limit is left this month; never below 0."""
        return max(Decimal(0), self.limit - self.spent(now))

    def spent(self, now: datetime) -> Decimal:
        """What counts as spent this month: the bill, and what a damaged ledger may have lost."""
        return self.tariff.bill(self.ledger.month(Month.of(now))) + self.unaccounted(now)

    def unaccounted(self, now: datetime) -> Decimal:
        """What a damaged ledger may have lost: all of the limit but the reserve.

        A clock that was set back makes no difference.
        """
        doubt = self.doubt
        if doubt is None or Month.of(now) > doubt.month:
            return Decimal(0)
        return max(Decimal(0), self.limit - self.reserve - self.tariff.bill(doubt.counts))

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
        counts = self.committed(now)
        for charge in wanted:
            counts[charge.category] += charge.count
        has_to_fit = not all(charge.unasked for charge in wanted)
        if has_to_fit and self.tariff.bill(counts) + self.unaccounted(now) > self.limit:
            raise BudgetExceeded(
                cost=f"{self.tariff.total(wanted):.3f}",
                left=f"{self.left(now):.2f}",
                limit=f"{self.limit:.2f}",
                currency=self.tariff.currency,
                until=Month.of(now).end.date().isoformat(),
            )

    def charge(self, charge: Charge, caller: Caller, car: str, now: datetime) -> Entry:
        """Book a request that is about to leave, out of its action's hold if there is one.

        Raises like `require`; nothing has changed then.
        """
        hold = self._hold_for(charge, caller, car, Month.of(now))
        if hold is not None:
            hold.left[charge.category] -= charge.count
        try:
            self.require((charge,), now)
        except Refused:
            if hold is not None:
                hold.left[charge.category] += charge.count
            raise
        row = Row(now.astimezone(UTC).date(), charge.category, car, caller.label)
        self.ledger.book(row, charge.count)
        if charge.category is Category.WAKE:
            self.woken[car] = [*self.woken.get(car, [])[-1:], now]
        return Entry(row, charge.count, now)

    # --- Room that is promised -------------------------------------------------------------------

    def hold(self, charges: Iterable[Charge], caller: Caller, car: str, now: datetime) -> Hold:
        """Keep room for the whole cost of an action until it is over. Raises like `require`."""
        charges = tuple(charges)
        self.require(charges, now)
        hold = Hold(self, charges, caller, car, Month.of(now))
        self._holds.append(hold)
        return hold

    def forget(self, hold: Hold) -> None:
        """Keep no more room for it."""
        self._holds = [each for each in self._holds if each is not hold]

    def committed(self, now: datetime) -> dict[Category, int]:
        """This month's counts with what is promised to actions under way."""
        month = Month.of(now)
        counts = dict(self.ledger.month(month))
        for hold in self._holds:
            if hold.month == month:
                for category, count in hold.left.items():
                    counts[category] += count
        return counts

    def wake_promised(self, car: str, now: datetime) -> bool:
        """Whether somebody is about to wake this car: one wake serves all."""
        month = Month.of(now)
        return any(
            hold.car == car and hold.month == month and hold.left[Category.WAKE] > 0
            for hold in self._holds
        )

    def holds(self, charge: Charge, caller: Caller, car: str, now: datetime) -> bool:
        """Whether room for this is kept for an action of this caller."""
        return self._hold_for(charge, caller, car, Month.of(now)) is not None

    def wakes_today(self, car: str, kinds: Collection[CallerKind], now: datetime) -> int:
        """Wakes of this car for such callers today (UTC), with those that are promised."""
        month = Month.of(now)
        promised = sum(
            hold.left[Category.WAKE]
            for hold in self._holds
            if hold.car == car and hold.month == month and hold.caller.kind in kinds
        )
        return self.ledger.wakes_on(now.astimezone(UTC).date(), car, kinds) + promised

    def last_wake(self, car: str) -> datetime | None:
        """When a car was woken last, as far as anybody remembers."""
        times = self.woken.get(car)
        return times[-1] if times else None

    def _hold_for(self, charge: Charge, caller: Caller, car: str, month: Month) -> Hold | None:
        """A hold that has room for a charge."""
        for hold in self._holds:
            if (hold.caller, hold.car, hold.month) == (caller, car, month) and (
                hold.left[charge.category] >= charge.count
            ):
                return hold
        return None

    # --- What was spent --------------------------------------------------------------------------

    def dearest_callers(self, month: Month, most: int = 10) -> list[Spender]:
        """Those who spent the most in a month, dearest first; who spent nothing is left out."""
        spenders = [
            Spender(
                caller,
                sum((self.tariff.price(*each) for each in counts.items()), Decimal(0)),
                dict(counts),
            )
            for caller, counts in self.ledger.by_caller(month).items()
            if caller != CORRECTION
        ]
        spenders = [each for each in spenders if each.cost > 0]
        return sorted(spenders, key=lambda each: (-each.cost, each.caller))[:most]

    def correct(self, counts: Mapping[Category, int], now: datetime) -> dict[Category, int]:
        """Set this month's counts to what Tesla's dashboard shows.

        The difference is booked to today in rows of their own, so that it can be seen, and taken
        back by another correction. Categories that are not named stay.

        Returns:
            What was added by category; negative is what was taken.

        Raises:
            ValueError: a count is negative.
        """
        if any(count < 0 for count in counts.values()):
            raise ValueError("negative")
        today = now.astimezone(UTC).date()
        counted = self.ledger.month(Month.of(now))
        added = {
            category: difference
            for category, count in counts.items()
            if (difference := count - counted[category])
        }
        for category, difference in added.items():
            self.ledger.book(Row(today, category, "", CORRECTION), difference)
        if added or self.doubt is not None:
            self.doubt = None
            self.changed()
        return added

    # --- What came of it -------------------------------------------------------------------------

    def count_signals(self, car: str, count: int, now: datetime) -> None:
        """Count what a car streamed; Tesla bills it whether there is room for it or not."""
        if not count:
            return
        self.ledger.count_signals(car, count, now)
        if self._lately and within(self._lately[-1][0], _MINUTE, now):
            began, before = self._lately.pop()
            self._lately.append((began, before + count))
        else:
            self._lately.append((now, count))
            if len(self._lately) > _MOST_MINUTES:
                self._lately.popleft()
        self.signals_counted()

    def signals_last_hour(self, now: datetime) -> int:
        """How many signals were streamed within the last hour, to the minute, since the start."""
        return sum(count for began, count in self._lately if within(began, _HOUR, now))

    def save_wake(self, caller: Caller, car: str, now: datetime) -> None:
        """Note that a wake was not needed that this caller's wish would have cost.

        Once an hour for each caller and car: one wake would have served all of their wishes.
        """
        before = self._saved.get((caller, car))
        if before is not None and within(before, _HOUR, now):
            return
        self._saved[caller, car] = now
        day = now.astimezone(UTC).date()
        self.ledger.saved[Row(day, Category.WAKE, car, caller.label)] += 1
        self.changed()

    def refund(self, entry: Entry) -> None:
        """Take back what Tesla does not bill: the request never left, or its status was 5xx."""
        self.ledger.book(entry.row, -entry.count)
        times = self.woken.get(entry.row.car, [])
        if entry.row.category is Category.WAKE and entry.time in times:
            times.remove(entry.time)
        self.changed()

    def unanswered(self, entry: Entry) -> None:
        """Note that nobody knows whether Tesla saw this request; it stays booked."""
        self.ledger.unanswered[entry.row] += entry.count
        self.changed()

    def is_suspended(self, now: datetime) -> bool:
        """Whether Tesla said this month that its own limit is exceeded."""
        return self.suspended == Month.of(now)

    def suspend(self, now: datetime, free: str | None = None) -> None:
        """Tesla said EXCEEDED_LIMIT: nothing paid is asked for until `resume` or a new month.

        Args:
            now: When.
            free: What was asked, if it costs nothing: its answer can tell as well that this is
                over; see `answered_free`.
        """
        if not self.is_suspended(now):
            if self._lifted == Month.of(now):
                # It was not over, or not for long. Each mistake costs a request, so for the rest of
                # the month a person has to say so.
                self._distrusted = self._lifted
            self._refused_free.clear()
            self.suspended = Month.of(now)
            self.suspensions += 1
        if free is not None:
            self._refused_free.add(free)
        self.changed()

    def resume(self) -> None:
        """The owner says that Tesla's limit was raised."""
        self.suspended = None

    def tells_of_the_end(self, free: str, now: datetime) -> bool:
        """Whether Tesla would not answer this, which costs nothing, if it were not over."""
        month = Month.of(now)
        return self.suspended == month != self._distrusted and free in self._refused_free

    def answered_free(self) -> None:
        """Tesla answers again what it refused while the account was suspended: that is over."""
        self._lifted = self.suspended
        self.resume()
        self.changed()
