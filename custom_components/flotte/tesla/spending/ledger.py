"""The ledger: counts of all requests by day, category, asset and caller.

Nothing here reads a clock. A month is a calendar month in UTC.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final

from .caller import STREAM, CallerKind
from .tariff import Category

CORRECTION: Final = "correction"
"""The caller of rows that adjust the ledger to Tesla's dashboard; their counts may be negative."""


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """Key of a ledger row: a day's requests of a category, for an asset and a caller."""

    day: date
    category: Category
    asset: str
    """VIN of a vehicle or number of a site; empty for requests that concern no single asset."""
    caller: str


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month in UTC."""

    year: int
    month: int

    @classmethod
    def of(cls, moment: datetime | date) -> Month:
        """The month, in UTC, of an aware datetime or of a UTC date."""
        if isinstance(moment, datetime):
            moment = moment.astimezone(UTC)
        return cls(moment.year, moment.month)

    @property
    def end(self) -> datetime:
        """When the next month begins."""
        year, month = (self.year + 1, 1) if self.month == 12 else (self.year, self.month + 1)  # noqa: PLR2004  # December
        return datetime(year, month, 1, tzinfo=UTC)

    def earlier(self, months: int) -> Month:
        """The month that is so many months earlier."""
        index = self.year * 12 + self.month - 1 - months
        return Month(index // 12, index % 12 + 1)

    @property
    def begin(self) -> datetime:
        """When the month begins."""
        return datetime(self.year, self.month, 1, tzinfo=UTC)


KEEP_MONTHS: Final = 24
MAX_UNITS: Final = 10**12
"""Maximum units of a category in a month; a larger number is an error."""


@dataclass
class Ledger:
    """The counts of all requests, by day, category, asset and caller."""

    counts: Counter[LedgerKey] = field(default_factory=Counter)
    unanswered: Counter[LedgerKey] = field(default_factory=Counter)
    """The part of `counts` that never got an answer: Tesla may or may not bill it."""
    avoided: Counter[LedgerKey] = field(default_factory=Counter)
    """Wakes that requests would have cost but did not."""
    _sum: tuple[Month, dict[Category, int]] | None = None
    """Totals of the month that was requested last, kept current, so that booking a charge does not
    walk two years of rows."""

    _wakes: tuple[date, Counter[LedgerKey]] | None = field(default=None, compare=False)
    """Wakes of the day that was requested last, kept current for the same reason."""

    _archived: set[Month] = field(default_factory=set)
    """Past months that are stored in the archive file and have not changed since."""

    _streamed: dict[str, int] = field(default_factory=dict)
    """Signals of one day by car, counted but not booked yet, because they arrive too often to book
    each."""
    _streamed_on: date | None = None

    def count_signals(self, vin: str, count: int, now: datetime) -> None:
        """Count streamed signals; `now` must be in UTC."""
        today = now.date()
        if today != self._streamed_on:
            self._book_streamed()
            self._streamed_on = today
        self._streamed[vin] = self._streamed.get(vin, 0) + count

    def _book_streamed(self) -> None:
        """Book the signals counted since the last call."""
        if self._streamed and self._streamed_on is not None:
            counted, self._streamed = self._streamed, {}
            for vin, count in counted.items():
                self.book(LedgerKey(self._streamed_on, Category.SIGNAL, vin, STREAM.label), count)

    def book(self, row: LedgerKey, count: int) -> None:
        """Add a count to a row; a negative count takes requests back."""
        self._touch(row)
        self.counts[row] += count
        if self._sum is not None and self._sum[0] == Month.of(row.day):
            self._sum[1][row.category] += count
        if row.category is Category.WAKE and self._wakes is not None and self._wakes[0] == row.day:
            self._wakes[1][row] += count

    def month(self, month: Month) -> Mapping[Category, int]:
        """Counts of a month by category, with every category present."""
        self._book_streamed()
        if self._sum is None or self._sum[0] != month:
            totals = dict.fromkeys(Category, 0)
            for row, count in self.counts.items():
                if Month.of(row.day) == month:
                    totals[row.category] += count
            self._sum = (month, totals)
        return self._sum[1]

    def rows(self, month: Month | None = None) -> Iterator[tuple[LedgerKey, int]]:
        """All rows, or those of a month, with their counts, including signals."""
        self._book_streamed()
        for row, count in self.counts.items():
            if month is None or (row.day.year, row.day.month) == (month.year, month.month):
                yield row, count

    def by_day(self, month: Month) -> dict[date, Counter[Category]]:
        """Counts of a month by day (UTC, ascending) and category."""
        days = self._grouped(month, lambda row: row.day)
        return dict(sorted(days.items()))

    def by_asset(self, month: Month) -> dict[str, Counter[Category]]:
        """Counts of a month by asset and category; "" stands for requests without an asset."""
        return self._grouped(month, lambda row: row.asset)

    def by_caller(self, month: Month) -> dict[str, Counter[Category]]:
        """Counts of a month by caller's label and category."""
        return self._grouped(month, lambda row: row.caller)

    def _grouped[K](
        self, month: Month, key: Callable[[LedgerKey], K]
    ) -> dict[K, Counter[Category]]:
        groups: dict[K, Counter[Category]] = {}
        for row, count in self.rows(month):
            groups.setdefault(key(row), Counter())[row.category] += count
        return groups

    def wakes_on(
        self, day: date, asset: str | None = None, kinds: Collection[CallerKind] | None = None
    ) -> int:
        """Wakes on a day (UTC), of one car or of all, by these kinds of callers or by all."""
        if self._wakes is None or self._wakes[0] != day:
            wakes = {
                row: count
                for row, count in self.counts.items()
                if row.category is Category.WAKE and row.day == day
            }
            self._wakes = (day, Counter(wakes))
        return sum(
            count
            for row, count in self._wakes[1].items()
            if asset in (None, row.asset)
            and (kinds is None or row.caller.partition(":")[0] in kinds)
        )

    def avoided_wakes(self, month: Month) -> int:
        """Number of wakes in a month that requests would have cost but did not."""
        return sum(count for row, count in self.avoided.items() if Month.of(row.day) == month)

    def drop_deductions(self) -> None:
        """Drop negative corrections: after damage, counting too much is safer than too little."""
        for row in [row for row, count in self.counts.items() if count < 0]:
            self._touch(row)
            del self.counts[row]
        self._sum = self._wakes = None

    def forget_old(self, now: datetime) -> None:
        """Drop all but the newest `KEEP_MONTHS` past months in which anything was counted.

        This counts months with rows, not months of the calendar: a clock that is years ahead must
        not delete the ledger.
        """
        self._book_streamed()
        this = Month.of(now)
        months = sorted({month for row in self.counts if (month := Month.of(row.day)) < this})
        if len(months) > KEEP_MONTHS:
            self.forget_before(months[-KEEP_MONTHS])

    def forget_before(self, month: Month) -> None:
        """Drop all rows before the given month."""
        self._book_streamed()
        first = date(month.year, month.month, 1)
        for rows in self._kept():
            for row in [row for row in rows if row.day < first]:
                del rows[row]
        self._sum = self._wakes = None

    def note_unanswered(self, row: LedgerKey, count: int) -> None:
        """Count requests of a row that never got an answer."""
        self._touch(row)
        self.unanswered[row] += count

    def note_avoided(self, row: LedgerKey) -> None:
        """Count an avoided wake."""
        self._touch(row)
        self.avoided[row] += 1

    def _touch(self, row: LedgerKey) -> None:
        """Note a change of a row: if its month was archived, it has to be written again."""
        if self._archived:
            self._archived.discard(Month.of(row.day))

    def to_stored(self) -> dict[str, Any]:
        """The ledger as JSON, without archived months."""
        self._book_streamed()
        return self._stored(self._archived, are_wanted=False)

    def has_past(self, now: datetime) -> bool:
        """Whether a past month is not archived yet."""
        return bool(self._past_months(now) - self._archived)

    def past_to_stored(self, now: datetime) -> tuple[dict[str, Any], set[Month]]:
        """All past months as JSON, and the set of these months."""
        self._book_streamed()
        months = self._past_months(now)
        return self._stored(months, are_wanted=True), months

    def _past_months(self, now: datetime) -> set[Month]:
        this = Month.of(now)
        return {
            month for rows in self._kept() for row in rows if (month := Month.of(row.day)) < this
        }

    def mark_archived(self, months: Collection[Month]) -> None:
        """Leave these months out of `to_stored` until they change."""
        self._archived = set(months)

    def add_past(self, past: Ledger) -> None:
        """Add the archived months of which this ledger has no rows of its own."""
        own = {Month.of(row.day) for rows in self._kept() for row in rows}
        for mine, theirs in zip(self._kept(), past._kept(), strict=True):
            for row, count in theirs.items():
                if (month := Month.of(row.day)) not in own:
                    mine[row] += count
                    self._archived.add(month)
        self._sum = self._wakes = None

    def _kept(self) -> tuple[Counter[LedgerKey], ...]:
        return self.counts, self.unanswered, self.avoided

    def _stored(self, months: Collection[Month], *, are_wanted: bool) -> dict[str, Any]:
        """The rows of these months as JSON, or those of all others."""
        # Not as `Month`, and without a call for each row: this precedes each command.
        named = {(each.year, each.month) for each in months}
        return {
            name: [
                [row.day.isoformat(), str(row.category), row.asset, row.caller, count]
                for row, count in rows.items()
                if count and ((row.day.year, row.day.month) in named) is are_wanted
            ]
            for name, rows in zip(("counts", "unanswered", "saved"), self._kept(), strict=True)
        }

    @classmethod
    def from_stored(cls, stored: object) -> Ledger:
        """Restore the ledger from the JSON of `to_stored`; drop unreadable rows."""
        if not isinstance(stored, Mapping):
            return cls()
        return cls(
            _rows_read(stored.get("counts")),
            _rows_read(stored.get("unanswered")),
            _rows_read(stored.get("saved")),
        )


def _rows_read(stored: object) -> Counter[LedgerKey]:
    rows: Counter[LedgerKey] = Counter()
    for line in stored if isinstance(stored, list) else ():
        match line:
            case [str() as day, str() as category, str() as asset, str() as caller, int() as count]:
                least = -MAX_UNITS if caller == CORRECTION else 0
                if isinstance(count, bool) or not least <= count <= MAX_UNITS:
                    continue
                try:
                    row = LedgerKey(date.fromisoformat(day), Category(category), asset, caller)
                except ValueError:
                    continue
                rows[row] += count
    return rows


@dataclass(frozen=True, slots=True)
class Booking:
    """A booked charge, with everything that is needed to refund it."""

    key: LedgerKey
    count: int
    time: datetime | None = field(default=None, compare=False)
