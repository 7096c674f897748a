"""The share of the budget that was first reached, month by month."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from custom_components.flotte.tesla.spending.shares import BudgetShares

OCTOBER = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
BUDGET = Decimal(10)


class Followed(BudgetShares):
    """Shares whose steps are noted."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[int, int]] = []
        self.reached.subscribe(lambda before, after: self.steps.append((before, after)))

    def spend(self, spent: str, now: datetime = OCTOBER, budget: Decimal = BUDGET) -> None:
        """Note that so much was spent."""
        self.note(Decimal(spent), budget, now)


def test_each_height_is_reached_once_a_month() -> None:
    shares = Followed()
    shares.spend("0.50")
    shares.spend("5.00")
    shares.spend("5.001")
    shares.spend("4.00")
    shares.spend("5.00", budget=Decimal(20))
    shares.spend("8.19")
    assert shares.steps == [(5, 50), (50, 81)]
    shares.spend("0.40", NOVEMBER)
    assert shares.steps[2:] == [(0, 4)]
    shares.spend("9.00", OCTOBER)
    assert shares.steps[3:] == []


def test_a_restart_reaches_nothing_again_and_misses_nothing() -> None:
    shares = Followed()
    shares.restore([2026, 10, 50.5])
    shares.spend("5.05")
    assert shares.steps == []
    shares.spend("8.10")
    assert shares.steps == [(50, 81)]
    restarted = Followed()
    restarted.restore([*shares.month, shares.highest])
    restarted.spend("8.10")
    assert restarted.steps == []
    restarted.spend("6.00", NOVEMBER)
    assert restarted.steps == [(0, 60)]


def test_the_first_share_of_all_was_reached_by_nothing_that_was_seen() -> None:
    shares = Followed()
    shares.spend("6.00")
    shares.spend("8.10")
    assert shares.steps == [(60, 81)]


def test_no_budget_has_no_share() -> None:
    shares = Followed()
    shares.spend("0.00", budget=Decimal(0))
    shares.spend("5.00", budget=Decimal(0))
    assert shares.steps == []


@pytest.mark.parametrize(
    "stored", [None, 7, [], [2026, 13, 5.0], [2026, 10, -1.0], [2026, 10, "much"], [2026, 10]]
)
def test_what_cannot_be_read_is_left_out(stored: object) -> None:
    shares = Followed()
    shares.restore(stored)
    assert (shares.month, shares.highest) == ((0, 0), 0)
