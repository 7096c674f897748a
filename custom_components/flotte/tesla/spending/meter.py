"""The meter: books each request before it is sent, and keeps each month within its budget.

Nothing here does I/O or reads a clock. Callers pass times as aware datetimes. Money is `Decimal`,
and a month is a calendar month in UTC.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from ..clock import within
from ..errors import AccountSuspended, BudgetExceeded, Refused
from ..listeners import Listeners
from .caller import Caller, CallerKind
from .holds import Hold, Holds
from .ledger import CORRECTION, Booking, Ledger, LedgerKey, Month
from .shares import BudgetShares, share_of
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
    """Not rounded: Tesla's bill rounds only the sums of categories."""
    counts: Mapping[Category, int]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A month whose ledger was damaged, so that its cost is in doubt."""

    month: Month
    counts: Mapping[Category, int]
    """The counts that could be read."""
    file: str
    """The name of the copy of the damaged ledger."""


class SignalRate:
    """The number of signals streamed within the last hour, to the minute."""

    def __init__(self) -> None:
        # Counts by minute, oldest first; one more minute than fit into an hour.
        self._minutes: deque[tuple[datetime, int]] = deque(maxlen=_MAX_MINUTES)

    def count(self, signals: int, now: datetime) -> None:
        """Count signals that arrived now."""
        if self._minutes and within(self._minutes[-1][0], _MINUTE, now):
            began, before = self._minutes.pop()
            signals += before
        else:
            began = now
        self._minutes.append((began, signals))

    def last_hour(self, now: datetime) -> int:
        """Number of signals that arrived within the last hour."""
        return sum(count for began, count in self._minutes if within(began, _HOUR, now))


class Meter:
    """Books the requests of a developer account, and refuses those its budget has no room for.

    Args:
        ledger: The ledger so far.
        tariff: Prices and discount.
        budget: The month's budget, before the discount, in the tariff's currency; None stands for
            the discount, so that an owner who changes nothing pays nothing.
    """

    def __init__(
        self, ledger: Ledger | None = None, tariff: Tariff = EURO, budget: Decimal | None = None
    ) -> None:
        self.ledger = ledger or Ledger()
        self.tariff = tariff
        self.budget = tariff.discount if budget is None else budget
        self.reserve = Decimal(0)
        """The part of the budget that is reserved for people; see `Policy.reserve`."""
        self.doubt: Doubt | None = None
        """A month whose ledger was damaged, until the owner corrects its counts."""
        self.suspension = Suspension()
        self.shares = BudgetShares()
        """The highest share of the budget that was used this month."""
        self.changed = Listeners[()]()
        """Notified of changes to store other than a request's charge: refunds, corrections,
        suspensions."""
        self.signals_counted = Listeners[()]()
        """Notified after the signals of each streamed record were counted; listeners must be
        quick."""
        self.woken: dict[str, list[datetime]] = {}
        """The last two wakes of each vehicle by VIN, oldest first."""
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
        """The rest of this month's budget, never below 0."""
        return max(Decimal(0), self.budget - self.spent(now))

    def spent(self, now: datetime) -> Decimal:
        """This month's bill, plus the amount that a damaged ledger may have lost."""
        return self.tariff.bill(self.ledger.month(Month.of(now))) + self.unaccounted(now)

    def share(self, now: datetime) -> float | None:
        """This month's bill in per cent of the budget; None without a budget."""
        return share_of(self.tariff.bill(self.ledger.month(Month.of(now))), self.budget)

    def unaccounted(self, now: datetime) -> Decimal:
        """The amount that a damaged ledger may have lost: up to all of the budget but the reserve.

        It counts until the damaged month is over, so setting the clock back does not remove it.
        """
        doubt = self.doubt
        if doubt is None or Month.of(now) > doubt.month:
            return Decimal(0)
        return max(Decimal(0), self.budget - self.reserve - self.tariff.bill(doubt.counts))

    def require(self, charges: Iterable[Charge], now: datetime) -> None:
        """Check that the budget has room for the whole cost of an action, before it begins.

        Raises:
            BudgetExceeded: the budget has no room for it.
            AccountSuspended: Tesla suspended the account this month.
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
        """Book a request that is about to be sent, and take it out of its action's hold, if any.

        Raises the errors of `require`, without having changed anything.
        """
        hold = self._holds.find(charge, caller, asset, Month.of(now))
        if hold is not None:
            hold.left[charge.category] -= charge.count
            if hold.is_unasked:
                charge = replace(charge, unasked=True)
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

    # --- Holds -----------------------------------------------------------------------------------

    def hold(self, charges: Iterable[Charge], caller: Caller, asset: str, now: datetime) -> Hold:
        """Hold room for the whole cost of an action until it ends. Raises the same as `require`."""
        charges = tuple(charges)
        self.require(charges, now)
        return self._holds.add(charges, caller, asset, Month.of(now))

    def committed(self, now: datetime) -> dict[Category, int]:
        """This month's counts, including held requests."""
        month = Month.of(now)
        counts = dict(self.ledger.month(month))
        self._holds.add_to(counts, month)
        return counts

    def is_wake_held(self, vin: str, now: datetime) -> bool:
        """Whether an action under way holds a wake of this vehicle, which serves others too."""
        return self._holds.wakes(vin, Month.of(now)) > 0

    def holds(self, charge: Charge, caller: Caller, asset: str, now: datetime) -> bool:
        """Whether an action of this caller holds room for a charge."""
        return self._holds.find(charge, caller, asset, Month.of(now)) is not None

    def wakes_today(self, vin: str, kinds: Collection[CallerKind], now: datetime) -> int:
        """Wakes of this vehicle by these kinds of callers today (UTC), including held ones."""
        held = self._holds.wakes(vin, Month.of(now), kinds)
        return self.ledger.wakes_on(now.astimezone(UTC).date(), vin, kinds) + held

    def last_wake(self, vin: str) -> datetime | None:
        """When a vehicle was last woken; None if unknown."""
        times = self.woken.get(vin)
        return times[-1] if times else None

    # --- Reports and corrections -----------------------------------------------------------------

    def dearest_callers(self, month: Month, most: int = 10) -> list[Spender]:
        """The callers who spent the most in a month, dearest first, without those at 0."""
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

        The differences are booked to today in rows of their own, so that they stay visible and
        another correction can undo them. Categories that are not in `counts` do not change.

        Returns:
            The difference by category; negative if units were removed.

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

    # --- After the request -----------------------------------------------------------------------

    def count_signals(self, vin: str, count: int, now: datetime) -> None:
        """Count streamed signals. Tesla bills them even if the budget has no room for them."""
        if not count:
            return
        self.ledger.count_signals(vin, count, now)
        self._signal_rate.count(count, now)
        self.signals_counted()

    def signals_last_hour(self, now: datetime) -> int:
        """Number of signals streamed within the last hour, to the minute; it starts at 0."""
        return self._signal_rate.last_hour(now)

    def note_avoided_wake(self, caller: Caller, vin: str, now: datetime) -> None:
        """Count a wake that this caller's request would have cost.

        At most once an hour for each caller and vehicle, because one wake would have served all of
        the caller's requests.
        """
        before = self._avoided_at.get((caller, vin))
        if before is not None and within(before, _HOUR, now):
            return
        self._avoided_at[caller, vin] = now
        day = now.astimezone(UTC).date()
        self.ledger.note_avoided(LedgerKey(day, Category.WAKE, vin, caller.label))
        self.changed()

    def refund(self, entry: Booking) -> None:
        """Undo a booking that Tesla does not bill: the request was not sent, or failed with 5xx."""
        self.ledger.book(entry.key, -entry.count)
        times = self.woken.get(entry.key.asset, [])
        if entry.key.category is Category.WAKE and entry.time in times:
            times.remove(entry.time)
        self.changed()

    def unanswered(self, entry: Booking) -> None:
        """Note that Tesla may not have received a request; it stays booked."""
        self.ledger.note_unanswered(entry.key, entry.count)
        self.changed()

    def is_suspended(self, now: datetime) -> bool:
        """Whether Tesla has suspended the account, so that no paid request may be sent."""
        return self.suspension.is_active(now)

    def suspend(self, now: datetime, free: str | None = None) -> None:
        """Begin the suspension, after a refusal with EXCEEDED_LIMIT; see `Suspension.begin`."""
        self.suspension.begin(now, free)
        self.changed()

    def resume(self) -> None:
        """End the suspension, because the owner says that Tesla's limit was raised."""
        self.suspension.end()

    def note_service_resumed(self) -> None:
        """End the suspension, because Tesla answered a probe."""
        self.suspension.lift()
        self.changed()
