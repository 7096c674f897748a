"""Loss of a parked vehicle: nothing is concluded from silence, drives or charges."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.flotte.tesla.parked import Level, Look, Loss, ParkedLoss

BEGIN = datetime(2026, 1, 5, 18, tzinfo=UTC)


def at(hours: float) -> datetime:
    """So many hours after the vehicle was parked."""
    return BEGIN + timedelta(hours=hours)


def look(
    hours: float,
    percent: float,
    *,
    odometer: float = 1000,
    known: float | None = None,
    charged: float | None = 7.5,
    settled: float | None = 0,
) -> Look:
    """A look at a level of so many hours after the vehicle was parked."""
    return Look(
        level=Level(percent, at(hours)),
        odometer=odometer,
        odometer_until=at(hours if known is None else known),
        charged=charged,
        settled_at=None if settled is None else at(settled),
    )


def drain(*looks: Look) -> float | None:
    loss = ParkedLoss()
    for each in looks:
        loss = loss.after(each)
    return loss.percent_per_day


DRIVE = look(30, 60, odometer=1050, settled=None)


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        pytest.param([], None, id="nothing"),
        pytest.param([look(0, 80)], None, id="a single level"),
        pytest.param([look(0, 80), look(11, 79)], None, id="too short"),
        pytest.param([look(0, 80), look(12, 79)], 2, id="half a day"),
        pytest.param([look(0, 80), look(24, 80)], 0, id="nothing lost"),
        pytest.param([look(0, 80), look(24, 81)], 0, id="a battery that warmed up"),
        pytest.param([look(0, 80), look(12, 82), look(24, 79)], 1, id="warmed up in between"),
        pytest.param([look(0, 80), look(24, 79), DRIVE], 1, id="a drive ends it"),
        # The last level of the drive, reported before the vehicle was parked.
        pytest.param([look(-1, 81), look(24, 79)], None, id="a level from before"),
        pytest.param([look(-1, 81), look(1, 80), look(25, 79)], 1, id="a later level"),
        pytest.param([look(0, 80), look(20, 60, odometer=1050)], None, id="a missed drive"),
        pytest.param([look(0, 80), look(20, 79, charged=2)], None, id="a missed charge"),
        pytest.param([look(0, 80), look(20, 79, charged=None)], None, id="charge unknown"),
        pytest.param([look(0, 80), look(20, 84), look(21, 79)], None, id="a rise like a charge"),
        # The level of a missed drive arrives before its odometer.
        pytest.param(
            [look(0, 80), look(24, 79), look(30, 60, known=24), DRIVE], 1, id="a level too early"
        ),
        pytest.param([look(0, 80), look(24, 79, known=0)], None, id="the odometer is older"),
        pytest.param(
            [look(0, 80), look(24, 79, known=0), look(24, 79, known=25)], 1, id="confirmed later"
        ),
        pytest.param([look(0, 80), look(12, 78), look(1, 50), look(24, 78)], 2, id="an old level"),
    ],
)
def test_loss(looks: list[Look], expected: float | None) -> None:
    assert drain(*looks) == expected


def test_nights_are_added_up() -> None:
    """Eight hours each, of which none suffices alone."""
    loss = ParkedLoss()
    for night, lost in enumerate((1, 0, 1)):
        begin, odometer = night * 24, 1000 + 50 * night
        loss = loss.after(look(begin, 80, odometer=odometer, settled=begin))
        loss = loss.after(look(begin + 8, 80 - lost, odometer=odometer, settled=begin))
        loss = loss.after(look(begin + 9, 70, odometer=odometer + 40, settled=None))
    assert (loss.percent_per_day, loss.hours) == (2, 24)
    # Three days in which nothing was lost make up for all that was before.
    loss = loss.after(look(100, 80, odometer=2000, settled=100))
    loss = loss.after(look(172, 80, odometer=2000, settled=100))
    assert (loss.percent_per_day, loss.hours) == (0, 72)


def test_rests_are_restored() -> None:
    loss = ParkedLoss((Loss(1.0, timedelta(hours=20)),)).after(look(0, 80)).after(look(5, 79))
    restored = ParkedLoss.restored(loss.to_stored())
    assert restored == loss
    assert restored.after(look(25, 78)).hours == 45


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"losses": 3, "rest": 4},
        {"losses": [[1, 0], [1, -5], ["1", 5], [1, 1e300], 7], "rest": {"since": 1}},
        {"rest": {"since": 1e9, "odometer": 5, "first": [80, "x"], "last": [80]}},
    ],
)
def test_damaged_rests_are_left_out(stored: dict[str, object]) -> None:
    assert ParkedLoss.restored(stored) == ParkedLoss()


@given(
    per_day=st.floats(0, 6),
    days=st.lists(
        st.tuples(st.floats(1, 20), st.floats(0.1, 20), st.booleans()), min_size=1, max_size=8
    ),
)
def test_error_is_at_most_the_rounding(
    per_day: float, days: list[tuple[float, float, bool]]
) -> None:
    """Rests of some hours, then a drive that may be missed; polls round to whole percent."""
    loss, percent, hours, odometer = ParkedLoss(), 100.0, 0.0, 1000.0
    for rest, driven, is_seen in days:
        loss = loss.after(look(hours, round(percent), odometer=odometer, settled=hours))
        percent -= per_day * rest / 24
        loss = loss.after(
            look(hours + rest, round(percent), odometer=odometer, settled=hours + rest)
        )
        hours, odometer, percent = hours + rest + 1, odometer + 5 * driven, percent - driven
        if is_seen:
            loss = loss.after(look(hours, round(percent), odometer=odometer, settled=None))
        percent = 100.0
        hours += 1
    found = loss.percent_per_day
    if found is not None:
        assert abs(found - per_day) <= len(loss.counted) * 24 / loss.hours + 1e-6
