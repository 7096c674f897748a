"""Holds: parts of the budget set aside for actions, from their admission to their end.

Nothing here reads a clock; callers pass the month.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, MutableMapping
from types import TracebackType
from typing import Self

from .caller import Caller, CallerKind
from .ledger import Month
from .tariff import Category, Charge


class Hold:
    """A part of the budget set aside for one action.

    For other requests it counts as spent. Charges of its caller for its asset in its month are
    taken out of it. It must be released however the action ends: use a `with` statement.
    """

    def __init__(
        self,
        charges: Iterable[Charge],
        caller: Caller,
        asset: str,
        month: Month,
        on_release: Callable[[Hold], None],
    ) -> None:
        self.caller = caller
        self.asset = asset
        self.month = month
        charges = tuple(charges)
        self.is_unasked = False not in [charge.unasked for charge in charges]
        """Whether the budget need not have room for its charges."""
        self.left: Counter[Category] = Counter()
        for charge in charges:
            self.left[charge.category] += charge.count
        self._on_release = on_release

    def release(self) -> None:
        """Give back the rest of the hold; harmless if repeated."""
        self.left.clear()
        self._on_release(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


class Holds:
    """All holds of a developer account."""

    def __init__(self) -> None:
        self._holds: list[Hold] = []

    def add(self, charges: Iterable[Charge], caller: Caller, asset: str, month: Month) -> Hold:
        """Add a hold for an action; it counts until it is released."""
        hold = Hold(charges, caller, asset, month, self._forget)
        self._holds.append(hold)
        return hold

    def _forget(self, hold: Hold) -> None:
        self._holds = [each for each in self._holds if each is not hold]

    def find(self, charge: Charge, caller: Caller, asset: str, month: Month) -> Hold | None:
        """Find a hold of this caller and asset that has room for a charge."""
        for hold in self._holds:
            if (hold.caller, hold.asset, hold.month) == (caller, asset, month) and (
                hold.left[charge.category] >= charge.count
            ):
                return hold
        return None

    def add_to(self, counts: MutableMapping[Category, int], month: Month) -> None:
        """Add the held requests of a month to `counts`, which must have every category."""
        for hold in self._holds:
            if hold.month == month:
                for category, count in hold.left.items():
                    counts[category] += count

    def wakes(
        self, asset: str, month: Month, kinds: Collection[CallerKind] = frozenset(CallerKind)
    ) -> int:
        """Number of wakes of a vehicle that are held for these kinds of callers."""
        return sum(
            hold.left[Category.WAKE]
            for hold in self._holds
            if hold.asset == asset and hold.month == month and hold.caller.kind in kinds
        )
