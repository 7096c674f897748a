"""The planner of a vehicle: when it plans, and its demand between two plans."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.plan import NO_PLAN, Period, Quarter
from custom_components.flotte.tesla.charging.planner import ChargePlanner, PlanningSituation
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.quarters import (
    Stretch,
    by_quarter,
    quarters_between,
    surplus_by_quarter,
)
from custom_components.flotte.tesla.charging.real_power import DrawnPower, PowerReport, RealPower
from custom_components.flotte.tesla.charging.situation import ChargingMode, PlanDemand
from custom_components.flotte.tesla.charging.worth import Changes

NIGHT: Final = 90_028_800.0
"""A midnight."""
HOUR: Final = 3600.0
THREE_PHASES: Final = ChargingPower(230, 3, 5, 16)
"""11.04 kW, of which 10.017 kW reach the battery: 7.5 kWh take 49.4 minutes with a tenth to spare,
planned as four quarters."""


def prices(by_hour: Mapping[int, float], hours: int = 24, usual: float = 0.3) -> list[Stretch]:
    """Prices of each hour from midnight."""
    return [
        Stretch(NIGHT + hour * HOUR, NIGHT + (hour + 1) * HOUR, by_hour.get(hour, usual))
        for hour in range(hours)
    ]


def situation(hour: float, **other: Any) -> PlanningSituation:
    """Plugged in at 50 %, to have 60 % at seven; two cheap hours from two."""
    usual: dict[str, Any] = {
        "now": NIGHT + hour * HOUR,
        "mode": ChargingMode.SUN_FIRST,
        "is_here": True,
        "is_charging": False,
        "level": 50.0,
        "limit": 80.0,
        "ready_level": 60.0,
        "ready_at": NIGHT + 7 * HOUR,
        "capacity": 75.0,
        "power": THREE_PHASES,
        "prices": prices({2: 0.2, 3: 0.21}),
        "tesla": Changes(0.001, 0.02),
    }
    return PlanningSituation(**(usual | other))


def hours(planner: ChargePlanner) -> list[tuple[float, float]]:
    """The planned periods, in hours from midnight."""
    return [
        ((each.start - NIGHT) / HOUR, (each.end - NIGHT) / HOUR) for each in planner.plan.periods
    ]


def test_demand_between_two_plans() -> None:
    planner = ChargePlanner()
    assert planner.update(situation(0)).demand is PlanDemand.WAIT
    assert hours(planner) == [(2, 3)]
    demands = [planner.demand(NIGHT + hour * HOUR) for hour in (1.99, 2, 2.99, 3, 5.9, 5.92)]
    wait, slot, late = PlanDemand.WAIT, PlanDemand.SLOT, PlanDemand.LATE
    # The last moment: seven, less 16 minutes to spare and 49.4 minutes of charging, is 5:54:36.
    assert demands == [wait, slot, slot, wait, wait, late]


@pytest.mark.parametrize(
    ("other", "periods"),
    [
        ({"prices": prices({5: 0.1})}, [(5, 6)]),
        ({"level": 55.0}, [(2.5, 3)]),
        ({"ready_level": 55.0}, [(2.5, 3)]),
        ({"limit": 55.0}, [(2.5, 3)]),
        ({"capacity": 37.5}, [(2.5, 3)]),
        ({"ready_at": NIGHT + 3 * HOUR}, [(1.75, 2.75)]),
        ({"power": ChargingPower(230, 3, 5, 32)}, [(2.5, 3)]),
        ({"level": 60.0}, []),
        ({"level": None}, []),
        ({"ready_at": None}, []),
        ({"ready_at": NIGHT + 100 * HOUR}, []),
        ({"is_here": False}, []),
        ({"mode": ChargingMode.OFF}, []),
        ({"mode": ChargingMode.NOW}, []),
        # Nothing that a new plan would be made for within a quarter of an hour.
        ({"level": 50.9}, [(2, 3)]),
        ({"sun": {NIGHT + 1 * HOUR: 11.0}}, [(2, 3)]),
        ({"is_asleep": True}, [(2, 3)]),
    ],
)
def test_a_new_plan(other: dict[str, Any], periods: list[tuple[float, float]]) -> None:
    planner = ChargePlanner()
    planner.update(situation(0))
    made = planner.update(situation(0.1, **other))
    assert hours(planner) == periods
    assert (made.demand is PlanDemand.NONE) == (not periods)


def test_sun_is_counted_in_the_next_quarter() -> None:
    planner = ChargePlanner()
    planner.update(situation(0))
    sun = {NIGHT + hour / 4 * HOUR: 12.0 for hour in range(4, 8)}
    planner.update(situation(0.25, sun=sun))
    assert hours(planner) == []
    assert planner.plan.demand is PlanDemand.WAIT


def test_the_charge_limit_is_never_exceeded() -> None:
    planner = ChargePlanner()
    assert planner.update(situation(0, ready_level=90.0, limit=60.0)).beyond_limit
    assert hours(planner) == [(2, 3)]
    assert planner.update(situation(0, ready_level=90.0, limit=51.0)) == planner.plan
    # Within two per cent of the limit, a start would be refused.
    assert planner.plan.periods == ()
    assert not planner.update(situation(0)).beyond_limit


def test_a_charge_from_the_sun_does_not_make_the_grid_cheaper() -> None:
    """It needs no start now, but would need one later: that is no reason to buy at noon."""
    planner = ChargePlanner()
    fixed = prices({}, 24)
    for hour in (0, 0.25, 0.5):
        assert planner.update(situation(hour, prices=fixed, is_charging=True)).demand is (
            PlanDemand.WAIT
        )


def test_a_running_quarter_is_finished() -> None:
    planner = ChargePlanner()
    planner.update(situation(2))
    later = situation(2.1, is_charging=True, prices=prices({5: 0.01}))
    assert planner.update(later).demand is PlanDemand.SLOT
    assert hours(planner)[0] == (2, 2.25)
    assert planner.update(situation(2.25, prices=later.prices)).demand is PlanDemand.WAIT
    assert hours(planner) == [(5, 6)]


def test_no_charge_begins_at_the_end_of_a_quarter() -> None:
    planner = ChargePlanner()
    planner.update(situation(2.1, prices=prices({2: 0.1})))
    assert hours(planner)[0][0] == 2.25
    planner = ChargePlanner()
    planner.update(situation(2.05, prices=prices({2: 0.1})))
    assert hours(planner)[0][0] == 2


def test_a_late_vehicle_is_late_until_it_has_time_to_spare() -> None:
    planner = ChargePlanner()
    made = planner.update(situation(5.95))
    assert made.demand is PlanDemand.LATE
    assert made.periods == (Period(NIGHT + 5.95 * HOUR, NIGHT + 7 * HOUR),)
    # 55 % need 24.7 minutes: 20 are to spare, less than half an hour.
    assert planner.update(situation(6, level=55.0)).demand is PlanDemand.LATE
    assert planner.update(situation(6, level=58.0)).demand is PlanDemand.WAIT
    assert planner.update(situation(6, level=55.0)).demand is PlanDemand.SLOT
    assert planner.update(situation(6, level=60.0)) == NO_PLAN


@pytest.mark.parametrize(
    ("hour", "other", "demand"),
    [
        (7.0, {"is_charging": True}, PlanDemand.LATE),
        (7.9, {"is_charging": True}, PlanDemand.LATE),
        (8.1, {"is_charging": True}, PlanDemand.WAIT),
        (7.1, {"is_charging": False}, PlanDemand.WAIT),
        (7.1, {"is_charging": True, "level": 60.0}, PlanDemand.NONE),
    ],
)
def test_a_late_charge_continues_after_the_departure(
    hour: float, other: dict[str, Any], demand: PlanDemand
) -> None:
    planner = ChargePlanner()
    planner.update(situation(6.9, is_charging=True))
    made = planner.update(situation(hour, ready_at=NIGHT + 31 * HOUR, **other))
    assert made.demand is demand


def test_time_lost_with_refused_starts_is_spared() -> None:
    """Each minute of a planned charge that does not begin moves the last moment forward."""
    planner = ChargePlanner()
    for minute in range(61):
        planner.update(situation(2 + minute / 60))
    assert planner.demand(NIGHT + 4.9 * HOUR) is PlanDemand.WAIT
    assert planner.demand(NIGHT + 5 * HOUR) is PlanDemand.LATE


def test_a_sleeping_vehicle_is_woken_earlier() -> None:
    planner = ChargePlanner()
    planner.update(situation(0, is_asleep=True))
    assert planner.demand(NIGHT + 5.84 * HOUR) is PlanDemand.LATE


def test_the_cheapest_hours_within_a_day() -> None:
    """Without a departure, in that mode only; the day is not extended, even by a restart."""
    planner = ChargePlanner()
    cheapest: dict[str, Any] = {"ready_at": None, "mode": ChargingMode.CHEAPEST_HOURS}
    planner.update(situation(0, **cheapest))
    assert hours(planner) == [(2, 3)]
    planner = ChargePlanner.from_stored(planner.to_stored())
    planner.update(situation(4, prices=prices({30: 0.01}, 48), **cheapest))
    assert hours(planner) != [(30, 31)]
    assert planner.update(situation(23, **cheapest)).demand is PlanDemand.LATE
    planner.update(situation(23.5, level=61.0, **cheapest))
    assert planner.plan == NO_PLAN
    planner.update(situation(24, prices=prices({30: 0.01}, 48), **cheapest))
    assert hours(planner) == [(30, 31)]


def test_a_departure_counts_in_the_cheapest_hours_too() -> None:
    planner = ChargePlanner()
    mode = ChargingMode.CHEAPEST_HOURS
    planner.update(
        situation(4, mode=mode, ready_at=NIGHT + 34 * HOUR, prices=prices({29: 0.1}, 48))
    )
    assert hours(planner) == [(29, 30)]


def test_the_real_power_is_planned_with() -> None:
    planner = ChargePlanner()
    for second in range(0, 600, 30):
        at = NIGHT + second
        planner.report(
            PowerReport(at=at, measured_at=at, requested=16, highest=16, kilowatts=3.68, level=50.0)
        )
    planner.update(situation(0))
    # 3.17 kW reach the battery: 7.5 kWh take 2.6 hours, with a tenth to spare.
    assert sum(end - begin for begin, end in hours(planner)) == 2.75


def test_a_slow_wall_box_may_be_slow_again() -> None:
    """The charge begins while its slow power would do, and shows what it is."""
    charges = (DrawnPower(3.68, NIGHT - 2e6), DrawnPower(11.0, NIGHT - 1e6))
    planner = ChargePlanner(RealPower(16, charges))
    late = prices({5: 0.1}, usual=0.3)
    planner.update(situation(0, prices=late))
    # 7.5 kWh at 3.17 kW take 2.37 hours: 6:44 less that is 4:22.
    assert hours(planner)[0] == (4.25, 4.5)
    assert hours(planner)[1] == (5, 5.75)
    # It does not begin again where the wall box gave all since the cable was plugged in.
    planner = ChargePlanner(RealPower(16, (*charges, DrawnPower(11.0, NIGHT + 1))))
    planner.update(situation(0, prices=late))
    assert hours(planner) == [(5, 6)]


def test_a_damaged_file_is_an_empty_planner() -> None:
    damaged: list[object] = [None, [], {"real_power": 7, "cheapest_until": "soon"}]
    for stored in damaged:
        assert ChargePlanner.from_stored(stored).to_stored() == ChargePlanner().to_stored()


def test_quarters_of_any_stretches() -> None:
    """Five minutes, half an hour and a gap; tomorrow is like today."""
    found = by_quarter(
        [
            Stretch(NIGHT, NIGHT + 300, 0.125),
            Stretch(NIGHT + 300, NIGHT + 900, 0.5),
            Stretch(NIGHT + 900, NIGHT + 2700, 0.25),
        ]
    )
    assert found == {NIGHT: 0.375, NIGHT + 900: 0.25, NIGHT + 1800: 0.25}
    day = 24 * HOUR
    assert quarters_between(NIGHT + day + 100, NIGHT + day + 2700, found, {}) == [
        Quarter(NIGHT + day, 0.375),
        Quarter(NIGHT + day + 900, 0.25),
        Quarter(NIGHT + day + 1800, 0.25),
    ]
    assert quarters_between(NIGHT + 2700, NIGHT + 3600, found, {NIGHT + 2700: 2.0}) == [
        Quarter(NIGHT + 2700, None, 2.0)
    ]
    assert quarters_between(NIGHT, NIGHT - 900, found, {}) == []


def test_the_house_takes_its_share_of_the_sun() -> None:
    forecast = [Stretch(NIGHT, NIGHT + 1800, 3.0), Stretch(NIGHT + 1800, NIGHT + 2700, 0.2)]
    assert surplus_by_quarter(forecast, 0.5) == {NIGHT: 2.5, NIGHT + 900: 2.5, NIGHT + 1800: 0.0}


@given(
    st.lists(st.integers(5, 60), min_size=12, max_size=12),
    st.integers(0, 100),
    st.sampled_from([3.68, 7.36, 11.04]),
)
@settings(max_examples=30)
def test_a_charge_as_demanded_is_ready_in_time(
    cents: list[int], level: int, kilowatts: float
) -> None:
    """Whatever the prices are, unless there was too little time from the start."""
    power = ChargingPower(230, 1, 5, round(kilowatts / 0.23))
    tariff = prices({hour: cent / 100 for hour, cent in enumerate(cents)}, 12)
    planner, now, battery, starts = ChargePlanner(), 0.0, float(level), 0
    was_on = False
    in_time = 0.75 * (60 - level) / (0.93 * power.highest_kilowatts - 0.25) * 1.1 < 11.7
    while now < 12:
        planner.update(
            situation(
                now,
                level=float(int(battery)),
                ready_at=NIGHT + 12 * HOUR,
                prices=tariff,
                power=power,
                is_charging=was_on,
            )
        )
        on = planner.demand(NIGHT + now * HOUR) in {PlanDemand.SLOT, PlanDemand.LATE}
        starts += on and not was_on
        battery += on * (0.93 * power.highest_kilowatts - 0.25) / 60 / 0.75
        was_on, now = on, now + 1 / 60
    assert battery >= 60 or not in_time
    assert battery <= max(level, 61.5)
    assert starts <= 7
