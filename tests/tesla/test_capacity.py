"""Capacity of a battery: measured over a range of levels, or unknown."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.capacity import BatteryCapacity, Sample

BEGIN = datetime(2026, 1, 5, 18, tzinfo=UTC)


def measured(*samples: tuple[float, float], days: float = 1) -> BatteryCapacity:
    """The capacity after samples of level and energy, so many days apart."""
    capacity = BatteryCapacity()
    for number, (percent, energy) in enumerate(samples):
        capacity = capacity.after(Sample(percent, energy, BEGIN + timedelta(days=days * number)))
    return capacity


@pytest.mark.parametrize(
    ("samples", "capacity"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([(80, 64)], None, id="one level"),
        pytest.param([(80, 64), (60, 49)], None, id="levels too near"),
        # 75 kWh, and 4 kWh that are left at 0 %: 64 kWh at 80 % look like 80, 19 at 20 % like 95.
        pytest.param([(80, 64), (20, 19)], 75, id="energy below zero"),
        pytest.param([(80, 64), (50, 41.5), (20, 19)], 75, id="three levels"),
        pytest.param([(80, 70), (20, 19), (81, 64.75)], 75, id="a newer reading of a level"),
        pytest.param([(80, 64), (50, 55), (20, 19)], None, id="a reading far off the line"),
        pytest.param([(80, 19), (20, 64)], None, id="less energy at a higher level"),
        pytest.param([(80, 1), (20, 0.5)], None, id="no capacity of a vehicle"),
    ],
)
def test_capacity(samples: list[tuple[float, float]], capacity: float | None) -> None:
    estimate = measured(*samples).estimate
    assert (None if estimate is None else round(estimate.capacity, 6)) == capacity


def test_levels_that_it_was_measured_between() -> None:
    estimate = measured((50, 41.5), (83, 66.25), (21, 19.75)).estimate
    assert estimate is not None
    assert (estimate.lowest, estimate.highest) == (21, 83)


def test_old_readings_are_dropped() -> None:
    assert measured((80, 64), (20, 19), days=89).estimate is not None
    assert measured((80, 64), (20, 19), days=90).estimate is None


def test_samples_are_restored() -> None:
    capacity = measured((80, 64), (20, 19))
    assert BatteryCapacity.restored(capacity.to_stored()) == capacity


@pytest.mark.parametrize("samples", [None, 5, [5, [1, 2], ["80", 64, 1e9], [80, 64, -5]]])
def test_damaged_samples_are_left_out(samples: Any) -> None:
    assert BatteryCapacity.restored({"samples": samples}) == BatteryCapacity()


@given(
    capacity=st.floats(40, 120),
    below=st.floats(0, 5),
    levels=st.lists(st.floats(0, 100), min_size=2, max_size=40),
)
def test_rounding_changes_it_by_a_few_percent(
    capacity: float, below: float, levels: list[float]
) -> None:
    """Polls round the level to whole percent."""
    samples = [(round(level), below + capacity * level / 100) for level in levels]
    estimate = measured(*samples, days=0.1).estimate
    if estimate is not None:
        assert estimate.capacity == pytest.approx(capacity, rel=0.07)
