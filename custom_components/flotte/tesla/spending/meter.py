"""The meter: books each request before it leaves, and keeps a month within its budget.

Everything here is pure: no input, no output, no clock. Times are given (aware datetimes), money is
`Decimal`, the month is the calendar month in UTC.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ..clock import within
from ..errors import AccountSuspended, BudgetExceeded, Refused
from ..listeners import Listeners
from .caller import Caller, CallerKind
from .holds import Hold, Holds
from .ledger import CORRECTION, Booking, Ledger, LedgerKey, Month
from .suspension import Suspension
from .tariff import EURO, Category, Charge, Tariff

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_MAX_MINUTES: Final = 61


@dataclass(frozen=True, slots=True)
class Spender:
    """Spending of one caller in a month."""

    caller: str
    cost: Decimal
    """Exact: only whole categories are rounded on a bill."""
    counts: Mapping[Category, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """Remains of a month whose ledger was damaged."""

    month: Month
    counts: Mapping[Category, int]
    """The counts that could be read."""
    file: str
    """The name under which the damaged ledger was kept."""


class SignalRate:
    """How many signals are streamed an hour, to the minute."""

    def __init__(self) -> None:
        # By the minute in which they came, oldest first; one more than fit into an hour.
        self._minutes: deque[tuple[datetime, int]] = deque(maxlen=_MAX_MINUTES)

    def count(self, signals: int, now: datetime) -> None:
        """Count signals that came now."""
        if self._minutes and within(self._minutes[-1][0], _MINUTE, now):
            began, before = self._minutes.pop()
            signals += before
        else:
            began = now
        self._minutes.append((began, signals))

    def last_hour(self, now: datetime) -> int:
        """How many came within the last hour."""
        return sum(count for began, count in self._minutes if within(began, _HOUR, now))


class Meter:
    """Counts what a developer account spends, and refuses what its monthly budget has no room for.

    Args:
        budget: Most that may be spent in a month, before the discount, in the tariff's currency;
            None is the discount itself: a user who touches nothing pays nothing.
    """

    def __init__(
        self, ledger: Ledger | None = None, tariff: Tariff = EURO, budget: Decimal | None = None
    ) -> None:
        self.ledger = ledger or Ledger()
        self.tariff = tariff
        self.budget = tariff.discount if budget is None else budget
        self.reserve = Decimal(0)
        """Part of the budget that is kept for people; see `gate.Policy`."""
        self.doubt: Doubt | None = None
        """Set while the owner has not said what was spent in a month whose ledger was damaged."""
        self.suspension = Suspension()
        self.changed = Listeners[()]()
        """Notified of what is to be stored beside the charge of a request that is about to leave:
        refunds, corrections, suspensions."""
        self.signals_counted = Listeners[()]()
        """Notified of each record of a stream that was counted; listeners must be quick."""
        self.woken: dict[str, list[datetime]] = {}
        """When each vehicle was woken last and the time before, by VIN, oldest first."""
        self._holds = Holds()
        # When an avoided wake was last counted, by caller and vehicle.
        self._avoided_at: dict[tuple[Caller, str], datetime] = {}
        self._signal_rate = SignalRate()

    def cost(self, now: datetime, category: Category | None = None) -> Decimal:
        """This month's bill before the discount, as Tesla rounds it; of one category or of all."""
        counts = self.ledger.month(Month.of(now))
        wanted = counts if category is None else (category,)
        return sum((self.tariff.rounded(each, counts[each]) for each in wanted), Decimal(0))

    def left(self, now: datetime) -> Decimal:
        """Rest of the budget this month; never below 0."""
        return max(Decimal(0), self.budget - self.spent(now))

    def spent(self, now: datetime) -> Decimal:
        """Spent amount: this month's bill, and what a damaged ledger may have lost."""
        return self.tariff.bill(self.ledger.month(Month.of(now))) + self.unaccounted(now)

    def unaccounted(self, now: datetime) -> Decimal:
        """Amount that a damaged ledger may have lost: all of the budget but the reserve.

        A clock that was set back makes no difference.
        """
        doubt = self.doubt
        if doubt is None or Month.of(now) > doubt.month:
            return Decimal(0)
        return max(Decimal(0), self.budget - self.reserve - self.tariff.bill(doubt.counts))

    def require(self, charges: Iterable[Charge], now: datetime) -> None:
        """Make sure that there is room for the whole cost of an action before it begins.

        Raises:
            BudgetExceeded: there is not.
            AccountSuspended: Tesla stopped the account this month.
        """
        wanted = [charge for charge in charges if self.tariff.price(charge.category)]
        if not wanted:
            return
        if self.is_suspended(now):
            raise AccountSuspended("Tesla's own limit is exceeded")
        counts = self.committed(now)
        for charge in wanted:
            counts[charge.category] += charge.count
        has_to_fit = not all(charge.unasked for charge in wanted)
        if has_to_fit and self.tariff.bill(counts) + self.unaccounted(now) > self.budget:
            raise BudgetExceeded(
                cost=f"{self.tariff.total(wanted):.3f}",
                left=f"{self.left(now):.2f}",
                limit=f"{self.budget:.2f}",
                currency=self.tariff.currency,
                until=Month.of(now).end.date().isoformat(),
            )

    def charge(self, charge: Charge, caller: Caller, asset: str, now: datetime) -> Booking:
        """Book a request that is about to leave, out of its action's hold if there is one.

        Raises like `require`; nothing has changed then.
        """
        hold = self._holds.find(charge, caller, asset, Month.of(now))
        if hold is not None:
            hold.left[charge.category] -= charge.count
        try:
            self.require((charge,), now)
        except Refused:
            if hold is not None:
                hold.left[charge.category] += charge.count
            raise
        row = LedgerKey(now.astimezone(UTC).date(), charge.category, asset, caller.label)
        self.ledger.book(row, charge.count)
        if charge.category is Category.WAKE:
            self.woken[asset] = [*self.woken.get(asset, [])[-1:], now]
        return Booking(row, charge.count, now)

    # --- Room that is held -----------------------------------------------------------------------

    def hold(self, charges: Iterable[Charge], caller: Caller, asset: str, now: datetime) -> Hold:
        """Keep room for the whole cost of an action until it is over. Raises like `require`."""
        charges = tuple(charges)
        self.require(charges, now)
        return self._holds.add(charges, caller, asset, Month.of(now))

    def committed(self, now: datetime) -> dict[Category, int]:
        """This month's counts with what is held for actions under way."""
        month = Month.of(now)
        counts = dict(self.ledger.month(month))
        self._holds.add_to(counts, month)
        return counts

    def is_wake_held(self, vin: str, now: datetime) -> bool:
        """Whether an action under way is about to wake this vehicle: one wake serves all."""
        return self._holds.wakes(vin, Month.of(now)) > 0

    def holds(self, charge: Charge, caller: Caller, asset: str, now: datetime) -> bool:
        """Whether room for this is kept for an action of this caller."""
        return self._holds.find(charge, caller, asset, Month.of(now)) is not None

    def wakes_today(self, vin: str, kinds: Collection[CallerKind], now: datetime) -> int:
        """Wakes of this vehicle for these callers today (UTC), with those that are held."""
        held = self._holds.wakes(vin, Month.of(now), kinds)
        return self.ledger.wakes_on(now.astimezone(UTC).date(), vin, kinds) + held

    def last_wake(self, vin: str) -> datetime | None:
        """When a vehicle was woken last, as far as it is known."""
        times = self.woken.get(vin)
        return times[-1] if times else None

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
            self.ledger.book(LedgerKey(today, category, "", CORRECTION), difference)
        if added or self.doubt is not None:
            self.doubt = None
            self.changed()
        return added

    # --- What came of it -------------------------------------------------------------------------

    def count_signals(self, vin: str, count: int, now: datetime) -> None:
        """Count streamed signals; Tesla bills them whether there is room for them or not."""
        if not count:
            return
        self.ledger.count_signals(vin, count, now)
        self._signal_rate.count(count, now)
        self.signals_counted()

    def signals_last_hour(self, now: datetime) -> int:
        """How many signals were streamed within the last hour, to the minute, since the start."""
        return self._signal_rate.last_hour(now)

    def note_avoided_wake(self, caller: Caller, vin: str, now: datetime) -> None:
        """Note that a wake was avoided that this caller's request would have cost.

        Once an hour for each caller and vehicle: one wake would have served all their requests.
        """
        before = self._avoided_at.get((caller, vin))
        if before is not None and within(before, _HOUR, now):
            return
        self._avoided_at[caller, vin] = now
        day = now.astimezone(UTC).date()
        self.ledger.note_avoided(LedgerKey(day, Category.WAKE, vin, caller.label))
        self.changed()

    def refund(self, entry: Booking) -> None:
        """Take back what Tesla does not bill: the request never left, or its status was 5xx."""
        self.ledger.book(entry.key, -entry.count)
        times = self.woken.get(entry.key.asset, [])
        if entry.key.category is Category.WAKE and entry.time in times:
            times.remove(entry.time)
        self.changed()

    def unanswered(self, entry: Booking) -> None:
        """Note that Tesla may or may not have seen this request; it stays booked."""
        self.ledger.note_unanswered(entry.key, entry.count)
        self.changed()

    def is_suspended(self, now: datetime) -> bool:
        """Whether Tesla stopped the account, so that nothing that is paid may be requested."""
        return self.suspension.is_active(now)

    def suspend(self, now: datetime, free: str | None = None) -> None:
        """Apply that Tesla refused a request with EXCEEDED_LIMIT; see `Suspension.begin`."""
        self.suspension.begin(now, free)
        self.changed()

    def resume(self) -> None:
        """Let paid requests through again, because the owner says that Tesla's limit was raised."""
        self.suspension.end()

    def note_service_resumed(self) -> None:
        """Apply that Tesla answered a probe of the suspension: it is over."""
        self.suspension.lift()
        self.changed()
