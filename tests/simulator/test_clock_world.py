"""The clock, the standard world, and that living costs little."""

import json
from cProfile import Profile

import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator.clock import Clock
from simulator.world import AURORA, COMET, OLD_FAITHFUL, SITE_ID, World


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    freezer.move_to("2026-06-15T10:00:00Z")
    return World(Clock())


def test_the_clock_follows_the_machine_and_its_offset(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-06-15T10:00:00Z")
    clock = Clock()
    assert clock.now() == 1_781_517_600
    clock.advance(90)
    freezer.tick(10)
    assert clock.now() == 1_781_517_700
    assert clock.offset == 90
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


def test_the_standard_cars(world: World) -> None:
    aurora, comet, old = (world.cars[vin] for vin in (AURORA, COMET, OLD_FAITHFUL))
    assert (aurora.display_name, aurora.state, round(aurora.battery.percent)) == (
        "Aurora",
        "asleep",
        68,
    )
    assert aurora.charging.supply is not None
    assert aurora.pairs_automatically
    assert (comet.state, comet.protocol_required, comet.pairs_automatically) == (
        "online",
        True,
        False,
    )
    assert (old.rest_only, old.protocol_required, old.state) == (True, False, "online")
    assert [car.product_object()["command_signing"] for car in (aurora, comet, old)] == [
        "required",
        "required",
        "off",
    ]
    assert len({car.id for car in world.cars.values()}) == 3


def test_a_car_is_found_by_vin_and_by_id(world: World) -> None:
    aurora = world.cars[AURORA]
    assert world.car(AURORA) is aurora
    assert world.car(str(aurora.id)) is aurora
    assert world.car("nobody") is None


def test_the_same_seed_makes_the_same_world(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-06-15T10:00:00Z")
    truths = []
    for _ in range(2):
        clock = Clock()
        world = World(clock, seed=7)
        world.cars[COMET].steer({"drive": True})
        for _ in range(5):
            clock.advance(100)
            world.advance()
        truths.append(
            json.dumps([car.describe() for car in world.cars.values()])
            + json.dumps(world.sites[SITE_ID].describe())
        )
    assert truths[0] == truths[1]


def test_the_number_of_looks_changes_nothing(freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-06-15T10:00:00Z")
    ends = []
    percents = []
    for looks in (1, 400):
        clock = Clock()
        world = World(clock)
        aurora = world.cars[AURORA]
        aurora.steer({"state": "online", "charging": True, "climate": True})
        world.cars[COMET].steer({"drive": True})
        for _ in range(looks):
            clock.advance(4000 / looks)
            world.advance()
        comet = world.cars[COMET]
        ends.append(
            (
                aurora.charging.state,
                round(aurora.battery.percent, 1),
                round(aurora.climate.inside, 1),
                comet.state,
                round(comet.odometer_miles, 6),
                round(comet.battery.percent, 1),
            )
        )
        percents.append(world.sites[SITE_ID].percent)
    assert ends[0] == ends[1]
    # The house decides again at every look, so the result is only nearly equal.
    assert percents[0] == pytest.approx(percents[1], abs=1)


@pytest.mark.parametrize("days", [3, 400])
def test_a_long_time_is_cheap(world: World, days: int) -> None:
    world.cars[AURORA].steer({"state": "online", "plugged_in": "ac1", "charging": True})
    world.cars[COMET].steer({"sentry_mode": True, "cabin_overheat_protection": "On"})
    world.clock.advance(days * 86_400)
    with Profile() as profile:
        world.advance()
    # Calls are counted, not seconds: they are the same on every machine.
    calls = sum(each.callcount for each in profile.getstats())
    assert calls < {3: 600_000, 400: 5_000_000}[days]
    assert world.cars[AURORA].state == "asleep"
    assert world.cars[COMET].battery.percent == 0 or days == 3


def test_time_that_runs_backwards_is_ignored(world: World, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-06-15T09:00:00Z")
    world.advance()
    assert world.cars[COMET].vehicle_object()["state"] == "online"
