"""Several vehicles on one surplus: who gets it, and how few commands that takes."""

from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.charging.decide import ChargingStep
from custom_components.flotte.tesla.charging.power import ChargingPower
from custom_components.flotte.tesla.charging.sharing import SharingVehicle, share_surplus
from custom_components.flotte.tesla.charging.situation import ChargingMode
from tests.tesla.garage import ONE, THREE, Driven, Garage

OFF: Final = SharingVehicle(
    key="a", priority=1, level=50.0, power=THREE, amps=0, kilowatts=0.0, wants=True
)
FULL: Final = replace(OFF, amps=16, kilowatts=11.04)
"""First, at its highest current."""
SECOND: Final = replace(OFF, key="b", priority=2)
SECOND_AT_6: Final = replace(SECOND, amps=6, kilowatts=4.14)


@pytest.mark.parametrize(
    ("vehicles", "total", "expected"),
    [
        # Surplus, and whether it stands.
        ((OFF, SECOND), 2.0, {"a": (2.0, False), "b": (2.0, False)}),
        ((OFF, SECOND), 8.0, {"a": (8.0, False), "b": (-3.04, False)}),
        ((replace(OFF, amps=5), SECOND), 8.0, {"a": (8.0, False), "b": (-3.04, False)}),
        ((FULL, SECOND), 15.0, {"a": (15.0, False), "b": (3.96, False)}),
        ((FULL, SECOND_AT_6), 15.0, {"a": (15.0, True), "b": (3.96, False)}),
        # A cloud: the second gives way, the first stands. A deep one: both act.
        ((FULL, SECOND_AT_6), 8.0, {"a": (8.0, True), "b": (-3.04, False)}),
        ((FULL, SECOND_AT_6), 6.0, {"a": (6.0, False), "b": (-5.04, False)}),
        # The first is not full yet, so it does not stand.
        ((replace(FULL, amps=12), SECOND_AT_6), 15.0, {"a": (15.0, False), "b": (3.96, False)}),
        # The first is off: the second goes on until the first has started.
        ((OFF, SECOND_AT_6), 5.0, {"a": (5.0, False), "b": (5.0, False)}),
        # A nearly full battery takes less than its current allows.
        ((replace(FULL, kilowatts=3.0), SECOND), 8.0, {"a": (8.0, False), "b": (5.0, False)}),
        ((replace(FULL, kilowatts=None), SECOND), 15.0, {"a": (15.0, False), "b": (3.96, False)}),
        # Urgent: used up.
        ((replace(FULL, wants=False), SECOND), 15.0, {"a": (15.0, False), "b": (3.96, False)}),
        ((OFF, replace(SECOND_AT_6, wants=False)), 8.0, {"a": (3.86, False), "b": (8.0, False)}),
        # At least the lowest current: that much is never given up.
        (
            (FULL, replace(SECOND_AT_6, amps=5, kilowatts=3.45, keeps_lowest=True)),
            11.0,
            {"a": (7.55, False), "b": (-0.04, False)},
        ),
        (
            (FULL, replace(SECOND_AT_6, keeps_lowest=True)),
            14.0,
            {"a": (10.55, True), "b": (2.96, False)},
        ),
        # Unknown.
        ((FULL, SECOND), None, {"a": (None, False), "b": (None, False)}),
        (
            (OFF, replace(SECOND, kilowatts=None, wants=False)),
            9.0,
            {"a": (None, False), "b": (None, False)},
        ),
    ],
)
def test_shares(
    vehicles: tuple[SharingVehicle, ...],
    total: float | None,
    expected: dict[str, tuple[float | None, bool]],
) -> None:
    shares = share_surplus(reversed(vehicles), total)
    assert list(shares) == list(expected)
    for key, (surplus, stands) in expected.items():
        assert shares[key].surplus == (None if surplus is None else pytest.approx(surplus))
        assert shares[key].stands is stands


@pytest.mark.parametrize(
    ("changes", "order"),
    [
        ({}, "ab"),
        ({"level": 49.0}, "ba"),
        ({"level": None}, "ab"),
        ({"priority": 2, "level": 5.0}, "ab"),
        # The vehicle that charges stays first until it has 10 % more.
        ({"amps": 8, "level": 59.0}, "ba"),
        ({"amps": 8, "level": 61.0}, "ab"),
        ({"amps": 16, "level": 69.0}, "ba"),
        ({"amps": 16, "level": 71.0}, "ab"),
    ],
)
def test_order(changes: dict[str, float], order: str) -> None:
    second = replace(replace(OFF, key="b"), **changes)  # type: ignore[arg-type]
    assert "".join(share_surplus([second, OFF], 5.0)) == order


def test_no_sun_is_counted_twice() -> None:
    urgent = replace(FULL, wants=False)
    shares = share_surplus([urgent, SECOND_AT_6, replace(SECOND, key="c")], 12.0)
    assert [share.sun for share in shares.values()] == pytest.approx([12.0, 0.96, -3.18])
    unknown = replace(FULL, kilowatts=None)
    assert [share.sun for share in share_surplus([unknown, SECOND], 12.0).values()] == [12.0, None]


@pytest.mark.parametrize(
    ("total", "amps"),
    [
        (0.9, [0, 0]),
        (2.0, [0, 8]),  # too little for the first, enough for one phase
        (5.0, [7, 0]),
        (8.0, [11, 0]),
        (12.0, [16, 0]),
        (13.0, [16, 8]),
        (20.0, [16, 16]),
    ],
)
def test_one_command_each_for_steady_sun(total: float, amps: list[int]) -> None:
    garage = Garage(Driven("a", THREE), Driven("b", ONE))
    assert garage.live([total] * 360) == len([current for current in amps if current])
    assert garage.amps == amps


def test_a_cloud_costs_the_commands_of_one_vehicle() -> None:
    first, second = Driven("a", THREE), Driven("b", THREE)
    garage = Garage(first, second)
    garage.live([16.0] * 60)
    garage.live([11.0] * 18)
    assert garage.amps == [16, 0]
    garage.live([16.0] * 60)
    assert garage.amps == [16, 7]
    assert first.commands == [ChargingStep.START]
    assert second.commands == [ChargingStep.START, ChargingStep.STOP, ChargingStep.START]


def test_the_first_stands_while_the_second_may_not_stop_yet() -> None:
    first, second = Driven("a", THREE), Driven("b", THREE)
    garage = Garage(first, second)
    garage.live([16.0] * 6)
    assert garage.live([9.0] * 6) == 0
    assert garage.live([16.0] * 60) == 0
    assert garage.amps == [16, 7]


def test_the_first_takes_over_from_the_second_when_there_is_enough() -> None:
    first, second = Driven("a", THREE), Driven("b", ONE)
    garage = Garage(first, second)
    garage.live([2.5] * 60)
    assert garage.amps == [0, 11]
    garage.live([6.0] * 60)
    assert garage.amps == [8, 0]
    assert len(first.commands) + len(second.commands) == 3


VEHICLES = st.lists(
    st.tuples(
        st.sampled_from([ONE, THREE, ChargingPower(230.0, 1, 1, 16)]),
        st.sampled_from([ChargingMode.SUN_ONLY, ChargingMode.SUN_FIRST]),
    ),
    min_size=2,
    max_size=3,
)
CLOUDS = st.lists(
    st.tuples(st.floats(-2, 25, width=16), st.integers(1, 40)), min_size=1, max_size=8
)


@given(VEHICLES, CLOUDS, st.floats(0, 25, width=16))
@settings(max_examples=12)
def test_after_clouds_all_settle(
    chosen: list[tuple[ChargingPower, ChargingMode]],
    clouds: list[tuple[float, int]],
    total: float,
) -> None:
    garage = Garage(
        *(Driven(key, power, mode) for key, (power, mode) in zip("abc", chosen, strict=False))
    )
    sky = [kilowatts for kilowatts, ticks in clouds for _ in range(ticks)]
    assert garage.live(sky) <= len(garage.vehicles) * (1 + 2 * len(clouds))
    # Each goes to its place, and stays there.
    assert garage.live([total] * 240) <= 2 * len(garage.vehicles)
    assert garage.live([total] * 120) == 0
    charging = [vehicle for vehicle in garage.vehicles if vehicle.amps]
    if charging:
        step = max(vehicle.power.lowest_kilowatts for vehicle in charging)
        assert garage.kilowatts <= max(total, 0) + step
    for vehicle in charging[:-1]:
        assert vehicle.amps == vehicle.power.highest
