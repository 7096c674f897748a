"""Energy from the sun and from the grid, and its cost."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from custom_components.flotte.tesla.charging.usage import ChargeUsage, Usage, advance_usage

NOW: Final = 1_000_000.0


def count(usage: Usage, minutes: float, **changes: Any) -> Usage:
    """Count minutes in steps of 30 s: 6 kW at a surplus of 4 kW, with changes."""
    values = {"kilowatts": 6.0, "surplus": 4.0, "grid_price": 0.3, "feed_in": 0.1, **changes}
    if usage.counted_at is None:
        usage = replace(usage, counted_at=NOW, kilowatts=0.0)
    for _ in range(int(minutes * 2)):
        assert usage.counted_at is not None
        usage = advance_usage(usage, now=usage.counted_at + 30, **values)
    return usage


def gap(usage: Usage, seconds: float, kilowatts: float | None) -> Usage:
    """One step after a time."""
    at = usage.counted_at
    assert at is not None
    return advance_usage(
        usage, now=at + seconds, kilowatts=kilowatts, surplus=4.0, grid_price=0.3, feed_in=0.1
    )


PLUGGED_IN: Final = Usage().plugged_in()


@pytest.mark.parametrize(
    ("changes", "from_sun", "from_grid", "share", "cost"),
    [
        ({}, 4.0, 2.0, 66.667, 1.0),
        ({"surplus": 9.0}, 6.0, 0.0, 100.0, 0.6),
        ({"surplus": 9.0, "feed_in": None}, 6.0, 0.0, 100.0, 0.0),
        ({"surplus": 9.0, "grid_price": None}, 6.0, 0.0, 100.0, 0.6),
        ({"surplus": 0.0}, 0.0, 6.0, 0.0, 1.8),
        ({"surplus": -3.0}, 0.0, 6.0, 0.0, 1.8),
        ({"surplus": -3.0, "grid_price": -0.1}, 0.0, 6.0, 0.0, -0.6),
        ({"grid_price": None}, 4.0, 2.0, 66.667, None),
        ({"kilowatts": 0.0}, 0.0, 0.0, None, 0.0),
        ({"surplus": None}, 0.0, 0.0, None, None),
        ({"kilowatts": None}, 0.0, 0.0, None, None),
    ],
)
def test_an_hour(
    changes: dict[str, Any],
    from_sun: float,
    from_grid: float,
    share: float | None,
    cost: float | None,
) -> None:
    usage = count(PLUGGED_IN, 60, **changes)
    assert (usage.from_sun, usage.from_grid) == pytest.approx((from_sun, from_grid))
    assert (usage.charge.from_sun, usage.charge.from_grid) == pytest.approx((from_sun, from_grid))
    assert usage.charge.sun_share == (share and pytest.approx(share, abs=0.001))
    assert usage.charge.cost == (cost and pytest.approx(cost))


@pytest.mark.parametrize("unknown", [{"surplus": None}, {"kilowatts": None}])
def test_a_tenth_may_be_unknown(unknown: dict[str, Any]) -> None:
    usage = count(count(PLUGGED_IN, 60), 6, **unknown)
    assert usage.charge.sun_share == pytest.approx(66.667, abs=0.001)
    # Energy from an unknown source costs as much as from the grid.
    assert usage.charge.cost == pytest.approx(1.18 if "surplus" in unknown else 1.0)
    usage = count(usage, 1, **unknown)
    assert (usage.charge.sun_share, usage.charge.cost) == (None, None)
    assert usage.from_sun == pytest.approx(4.0)


def test_a_new_charge() -> None:
    usage = count(count(PLUGGED_IN, 60, grid_price=None).plugged_in(), 30, surplus=6.0)
    assert (usage.from_sun, usage.from_grid) == pytest.approx((7.0, 2.0))
    assert usage.charge.sun_share == 100.0
    assert usage.charge.cost == pytest.approx(0.3)


def test_a_charge_that_was_not_seen_from_its_start_is_unknown() -> None:
    usage = count(Usage(), 60)
    assert usage.from_sun == pytest.approx(4.0)
    assert (usage.charge.sun_share, usage.charge.cost) == (None, None)


@pytest.mark.parametrize(
    ("seconds", "kilowatts", "from_sun", "share"),
    [
        (120, 6.0, 4.1333, 66.667),
        (121, 6.0, 4.0, 66.667),  # 0.2 kWh uncounted
        (3600, 6.0, 4.0, None),
        (3600, 0.0, 4.0, None),  # it may have charged until just now
        (3600, None, 4.0, None),
        (0, 6.0, 4.0, 66.667),
        (-3600, 6.0, 4.0, 66.667),
    ],
)
def test_gaps(seconds: float, kilowatts: float | None, from_sun: float, share: float) -> None:
    usage = gap(count(PLUGGED_IN, 60), seconds, kilowatts)
    assert usage.from_sun == pytest.approx(from_sun, abs=0.0001)
    assert usage.charge.sun_share == (share and pytest.approx(share, abs=0.001))


def test_a_night_without_charging_is_no_gap_of_the_charge() -> None:
    usage = gap(count(count(PLUGGED_IN, 60), 1, kilowatts=0.0), 30_000, 0.0)
    assert usage.charge.sun_share == pytest.approx(66.667, abs=0.001)


def test_it_survives_a_restart() -> None:
    usage = count(PLUGGED_IN, 60)
    assert Usage.from_stored(json.loads(json.dumps(usage.to_stored()))) == usage
    unpriced = count(PLUGGED_IN, 60, grid_price=None)
    assert Usage.from_stored(json.loads(json.dumps(unpriced.to_stored()))) == unpriced


@pytest.mark.parametrize("stored", [None, [], {}, {"from_sun": -1, "charge": 3}, {"charge": {}}])
def test_odd_storage(stored: Any) -> None:
    assert Usage.from_stored(stored) == Usage()


@pytest.mark.parametrize(
    "damage",
    [{"uncounted": "x"}, {"from_sun": -1.0}, {"from_grid": float("nan")}, {"from_start": 1}],
)
def test_a_damaged_charge_keeps_the_totals(damage: dict[str, Any]) -> None:
    stored = count(PLUGGED_IN, 60).to_stored()
    stored["charge"] |= damage
    usage = Usage.from_stored(stored)
    assert (usage.from_sun, usage.from_grid) == pytest.approx((4.0, 2.0))
    assert usage.charge.sun_share is None
    assert ChargeUsage().cost is None
