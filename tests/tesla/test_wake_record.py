"""The record of the last wake, which a restart must not lose: the next one would be paid again."""

import pytest

from custom_components.flotte.tesla.vehicle.wake_record import WakeRecord

WALL = 1_773_144_000.0


def test_a_wake_is_stored_with_the_time_at_which_it_began() -> None:
    """The monotonic clock starts over with the computer, so the wall clock is stored."""
    record = WakeRecord()
    assert record.to_stored(monotonic=130.0, wall=WALL) == {"woken": None}
    record.began = 100.0
    assert record.to_stored(monotonic=130.0, wall=WALL) == {"woken": WALL - 30}


@pytest.mark.parametrize(
    ("age", "began"),
    [(0, 500.0), (1, 499.0), (59, 441.0), (60, None), (3600, None), (-1, None)],
)
def test_a_wake_that_may_still_be_under_way_is_restored(age: float, began: float | None) -> None:
    """A wake in the future began before the clock was set back; its age is unknown."""
    record = WakeRecord()
    record.restore({"woken": WALL - age}, monotonic=500.0, wall=WALL)
    assert record.began == began


@pytest.mark.parametrize("stored", [{}, {"woken": None}, {"woken": "now"}])
def test_what_cannot_be_read_is_no_wake(stored: dict[str, object]) -> None:
    record = WakeRecord()
    record.restore(stored, monotonic=500.0, wall=WALL)
    assert record.began is None
