"""The power that a vehicle really draws, learnt from its charges."""

from typing import Any, Final

import pytest

from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.real_power import PowerReport, RealPower

NOW: Final = 90_000_000.0
DAY: Final = 86_400.0
PROMISED: Final = ChargingPower(230, 3, 5, 16)
"""11.04 kW."""


def charge(
    known: RealPower,
    kilowatts: float | None,
    *,
    at: float = NOW,
    seconds: float = 600.0,
    measured_after: float = 0.0,
    **other: Any,
) -> RealPower:
    """Report a charge each 30 seconds; the power is measured at first, or each time."""
    for elapsed in range(0, int(seconds) + 1, 30):
        report = {
            "at": at + elapsed,
            "measured_at": at + (measured_after or elapsed),
            "requested": 16,
            "highest": 16,
            "kilowatts": kilowatts,
            "level": 50.0,
        }
        known = known.after(PowerReport(**(report | other)))
    return known


def test_a_slow_wall_box_counts_as_it_is() -> None:
    assert RealPower().kilowatts(PROMISED) == 11.04
    assert charge(RealPower(), 3.7).kilowatts(PROMISED) == 3.7
    assert charge(RealPower(), 3.7).kilowatts(ChargingPower(230, 3, 5, 32)) == 22.08


@pytest.mark.parametrize(
    "other",
    [
        {"seconds": 60},  # the start is not over
        {"requested": 10},
        {"requested": None},
        {"highest": None},
        {"kilowatts": None},
        {"kilowatts": 0.0},
        {"kilowatts": 40.0},
        {"level": 96.0},  # the battery takes less
        {"level": None},
        {"measured_after": 20.0},  # measured while the current still rose
    ],
)
def test_nothing_is_learnt(other: dict[str, Any]) -> None:
    assert charge(RealPower(), **({"kilowatts": 3.7} | other)).charges == ()


def test_a_steady_power_is_reported_once() -> None:
    assert charge(RealPower(), 7.4, measured_after=40.0).kilowatts(PROMISED) == 7.4


def test_the_last_charge_counts_and_the_slowest_of_a_month_is_remembered() -> None:
    known = charge(charge(RealPower(), 3.7), 11.0, at=NOW + DAY)
    assert known.kilowatts(PROMISED) == 11.0
    assert known.least_kilowatts(PROMISED, NOW + 2 * DAY) == 3.7
    assert known.least_kilowatts(PROMISED, NOW + 40 * DAY) == 11.0
    assert known.least_kilowatts(ChargingPower(230, 3, 5, 32), NOW) == 22.08


def test_a_power_that_changes_in_a_charge_is_followed_within_minutes() -> None:
    known = charge(RealPower(), 11.0)
    known = charge(known, 3.7, at=NOW + 630, seconds=60)
    assert 8.0 < known.kilowatts(PROMISED) < 10.5
    known = charge(known, 3.7, at=NOW + 720, seconds=1200)
    assert known.kilowatts(PROMISED) == pytest.approx(3.7, abs=0.2)
    assert len(known.charges) == 1


def test_another_cable_forgets() -> None:
    known = charge(charge(RealPower(), 3.7), 7.0, at=NOW + DAY, highest=32, requested=32)
    assert [each.kilowatts for each in known.charges] == [7.0]


def test_charges_are_bounded_and_survive_a_restart() -> None:
    known = RealPower()
    for day in range(30):
        known = charge(known, 3.0 + day / 10, at=NOW + day * DAY)
    assert [round(each.kilowatts, 1) for each in known.charges][::9] == [5.0, 5.9]
    assert len(known.charges) == 10
    restored = RealPower.from_stored(known.to_stored())
    assert (restored.highest, restored.charges) == (16, known.charges)


@pytest.mark.parametrize(
    ("stored", "charges"),
    [
        (None, 0),
        ([], 0),
        ({"highest": "16", "charges": [[3.7, NOW]]}, 0),
        ({"highest": 16, "charges": {"a": 1}}, 0),
        ({"highest": 16, "charges": [[3.7, NOW], [11, NOW - 1]]}, 0),
        ({"highest": 16, "charges": [[3.7], [900, NOW], [True, NOW], 3, [11, NOW]]}, 1),
    ],
)
def test_a_damaged_file_is_not_believed(stored: object, charges: int) -> None:
    assert len(RealPower.from_stored(stored).charges) == charges
