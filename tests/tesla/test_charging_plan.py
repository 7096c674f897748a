"""The plan of a charge: cheapest quarters, starts counted, ready in time."""

from itertools import combinations
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.plan import (
    NO_PLAN,
    QUARTER,
    ChargingPlan,
    Goal,
    Period,
    Quarter,
    make_plan,
)
from custom_components.flotte.tesla.charging.situation import PlanDemand

NOW: Final = 90_000_000.0
KILOWATTS: Final = 10.0
"""9.05 kW of them reach the battery (93 per cent, less 250 W): 2.2625 kWh a quarter."""
A_QUARTER: Final = 2.2625 / 1.1
"""kWh that are planned into one quarter."""


def plan(
    prices: list[float | None],
    quarters: float = 1.0,
    *,
    sun: dict[int, float] | None = None,
    start_cost: float = 0.0,
    ready_after: float = 48 * 3600,
    is_charging: bool = False,
) -> ChargingPlan:
    """The plan for the energy of some quarters, at prices from now on."""
    goal = Goal(
        needed=A_QUARTER * quarters * 0.999,
        ready_at=NOW + ready_after,
        kilowatts=KILOWATTS,
        lowest_kilowatts=3.45,
        start_cost=start_cost,
    )
    slots = [
        Quarter(NOW + index * QUARTER, price, (sun or {}).get(index, 0.0))
        for index, price in enumerate(prices)
    ]
    return make_plan(NOW, goal, slots, is_charging=is_charging)


def indices(made: ChargingPlan) -> list[tuple[float, float]]:
    """The periods in quarters from now."""
    return [((each.start - NOW) / QUARTER, (each.end - NOW) / QUARTER) for each in made.periods]


@pytest.mark.parametrize(
    ("prices", "quarters", "expected"),
    [
        ([0.3, 0.2, 0.1, 0.2], 1, [(2, 3)]),
        ([0.1, 0.2, 0.1, 0.2], 1, [(2, 3)]),  # at equal price the later one
        ([0.1, 0.3, 0.1, 0.3], 2, [(0, 1), (2, 3)]),
        ([0.3, 0.3, 0.3, 0.3], 2, [(2, 4)]),
        ([0.1, 0.2, 0.3, 0.4], 1.5, [(0, 2)]),  # a part of a quarter takes a whole one
        ([-0.1, 0.2, 0.2], 1, [(0, 1)]),
        ([0.1, 0.2], 9, [(0, 2)]),  # more than there are prices for
        ([], 1, []),
    ],
)
def test_cheapest_quarters(
    prices: list[float | None], quarters: float, expected: list[tuple[int, int]]
) -> None:
    assert indices(plan(prices, quarters)) == expected


def test_a_start_has_its_price() -> None:
    """Two cheap quarters apart save 0.05 EUR each of 2.5 kWh against the one beside the first."""
    prices: list[float | None] = [0.10, 0.12, 0.3, 0.10, 0.3]
    assert indices(plan(prices, 2, start_cost=0.02)) == [(0, 1), (3, 4)]
    assert indices(plan(prices, 2, start_cost=0.06)) == [(0, 2)]


def test_a_running_charge_goes_on() -> None:
    """A charge that runs needs no other start."""
    prices: list[float | None] = [0.101, 0.3, 0.10, 0.3]
    assert indices(plan(prices, 1, start_cost=0.02)) == [(2, 3)]
    made = plan(prices, 1, start_cost=0.02, is_charging=True)
    assert indices(made) == [(0, 1)]
    assert made.demand is PlanDemand.SLOT


@pytest.mark.parametrize(
    ("sun", "expected"),
    [
        ({}, [(1, 3)]),
        # Of 6 kW, 5.33 kW are stored, and 75 per cent of that counted on: 0.999 kWh a quarter.
        ({3: 6.0}, [(1, 3)]),
        ({3: 6.0, 4: 6.0, 5: 6.0}, [(2, 3)]),
        (dict.fromkeys(range(3, 8), 6.0), []),
        # Of 3.5 kW, 3.005 kW are stored: 0.563 kWh a quarter. 3.4 kW are less than the lowest.
        (dict.fromkeys(range(3, 8), 3.5), [(2, 3)]),
        (dict.fromkeys(range(3, 8), 3.4), [(1, 3)]),
    ],
)
def test_sun_is_not_bought(sun: dict[int, float], expected: list[tuple[int, int]]) -> None:
    prices: list[float | None] = [0.3, 0.2, 0.2, 0.3, 0.3, 0.3, 0.3, 0.3]
    made = plan(prices, 2, sun=sun)
    assert indices(made) == expected
    assert made.demand is PlanDemand.WAIT


def test_a_fixed_price_is_paid_late_but_not_at_the_last_moment() -> None:
    """An hour is needed: the charge begins three hours before, so that one phase suffices."""
    made = plan([0.3] * 48, 4, ready_after=960 + 40 * QUARTER)
    # With a tenth to spare, 13.2 quarters before the minute of the wake and the last quarter.
    assert indices(made) == [(28, 32)]


def test_energy_is_better_bought_after_the_sun() -> None:
    """Energy bought before the sun is wasted money if there is more sun than expected."""
    sun = {3: 10.0}
    assert indices(plan([0.20, 0.3, 0.3, 0.3, 0.21, 0.3], 1, sun=sun)) == [(4, 5)]
    assert indices(plan([0.20, 0.3, 0.3, 0.3, 0.23, 0.3], 1, sun=sun)) == [(0, 1)]


def test_unknown_prices_are_the_mean_of_the_known_ones() -> None:
    assert indices(plan([0.1, 0.3, None], 1)) == [(0, 1)]
    assert indices(plan([0.3, 0.1, 0.3, None, None], 3)) == [(1, 2), (3, 5)]
    assert indices(plan([None, None, None], 1)) == [(2, 3)]


@pytest.mark.parametrize(
    ("ready_after", "demand", "missing"),
    [
        (3 * 3600.0, PlanDemand.WAIT, 0.0),
        (960 + 900 * 4 + 1, PlanDemand.WAIT, 0.0),
        (960 + 900 * 4 - 8, PlanDemand.LATE, 0.0),
        (1800, PlanDemand.LATE, A_QUARTER * 4 * 0.999 - 2 * 2.2625),
    ],
)
def test_late(ready_after: float, demand: PlanDemand, missing: float) -> None:
    made = plan([0.3, *[0.2] * 11], 4, ready_after=ready_after)
    assert made.demand is demand
    assert made.missing == pytest.approx(missing)


def test_a_late_plan_begins_at_once() -> None:
    made = plan([0.3] * 12, 4, ready_after=3600)
    assert made.periods == (Period(NOW, NOW + 3600),)
    assert made.next_start == NOW


def test_nothing_needed_and_nothing_to_wait_for() -> None:
    assert plan([0.1], 0) == NO_PLAN
    assert plan([0.1], 1, ready_after=-1) == NO_PLAN
    assert NO_PLAN.next_start is None


def test_too_little_power_fills_no_battery() -> None:
    goal = Goal(needed=1, ready_at=NOW + 9e4, kilowatts=0.2, lowest_kilowatts=3.45, start_cost=0)
    with pytest.raises(ValueError, match=r"0\.2 kW"):
        make_plan(NOW, goal, [])


@given(
    st.lists(st.integers(-20, 60), min_size=1, max_size=9),
    st.integers(1, 5),
    st.integers(0, 10),
)
@settings(max_examples=60)
def test_no_choice_is_cheaper(cents: list[int], count: int, start_cents: int) -> None:
    """Every choice of as many quarters is tried."""
    count = min(count, len(cents))
    made = plan([cent / 100 for cent in cents], count, start_cost=start_cents / 100)
    chosen = [index for begin, end in indices(made) for index in range(int(begin), int(end))]
    assert len(chosen) == count

    def cost(choice: tuple[int, ...]) -> float:
        starts = sum(index - 1 not in choice for index in choice)
        return sum(cents[index] for index in choice) * KILOWATTS / 4 + starts * start_cents

    best = min(cost(choice) for choice in combinations(range(len(cents)), count))
    assert cost(tuple(chosen)) == pytest.approx(best)


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        ([0.1, 0.1, 0.1, 0.1], [(1, 2)]),
        # A change costs 0.002, and a quarter is 2.5 kWh.
        ([0.1, 0.1, 0.1, 0.0995], [(1, 2)]),
        ([0.1, 0.1, 0.1, 0.0985], [(3, 4)]),
    ],
)
def test_another_quarter_has_to_be_worth_the_change(
    prices: list[float], expected: list[tuple[float, float]]
) -> None:
    goal = Goal(
        needed=A_QUARTER * 0.999,
        ready_at=NOW + 48 * 3600,
        kilowatts=KILOWATTS,
        lowest_kilowatts=3.45,
        start_cost=0.0,
    )
    slots = [Quarter(NOW + index * QUARTER, price) for index, price in enumerate(prices)]
    before = [Period(NOW + QUARTER, NOW + 2 * QUARTER)]
    assert indices(make_plan(NOW, goal, slots, before=before)) == expected
