"""The house around a charge: real minutes of sun, its meter, its battery, several cars."""

import pytest

from simulator.energy import Site
from simulator.refusals import SteeringError
from simulator.world import AURORA, COMET, SITE_ID, World
from tests.simulator.telemetry_server import DrivenClock

NOW = 1795339800.0
START = "2026-11-22T10:30:00+01:00"
OK = {"result": True, "reason": ""}


@pytest.fixture
def world() -> World:
    """Aurora charges on one phase with 10 A; steady sun and load, and a full home battery."""
    world = World(DrivenClock(NOW))
    site = world.sites[SITE_ID]
    site.steer({"solar_power": 4000, "load_power": 500, "percentage_charged": 100})
    aurora = world.cars[AURORA]
    aurora.steer({"state": "online", "plugged_in": False, "battery_level": 30})
    aurora.steer({"plugged_in": "ac1", "charge_amps": 10})
    pass_time(world, 60)
    return world


def pass_time(world: World, seconds: float) -> None:
    world.clock.advance(seconds)
    world.advance()


def site_of(world: World) -> Site:
    return world.sites[SITE_ID]


def grid_of(world: World) -> int:
    grid: int = site_of(world).live_status()["grid_power"]
    return grid


# ---- The meter ---------------------------------------------------------------------------------


def test_a_change_of_the_current_shows_on_the_meter(world: World) -> None:
    assert grid_of(world) == 500 + 2300 - 4000
    aurora = world.cars[AURORA]
    assert aurora.rest_command("set_charging_amps", {"charging_amps": 16}) == OK
    pass_time(world, 5)
    assert grid_of(world) == -1200
    pass_time(world, 15)
    # The home battery gives what is missing.
    status = site_of(world).live_status()
    assert (status["battery_power"], status["grid_power"]) == (500 + 3680 - 4000, 0)
    assert aurora.rest_command("charge_stop", {}) == OK
    pass_time(world, 1)
    assert grid_of(world) == 500 - 4000


def test_a_meter_that_lags(world: World) -> None:
    site = site_of(world)
    site.steer({"meter": {"delay": 60}})
    before = site.live_status()
    world.cars[AURORA].steer({"charging": False})
    for _ in range(5):
        pass_time(world, 10)
        assert site.live_status() == before
    pass_time(world, 20)
    assert grid_of(world) == -3500
    # Its time stamp is late too.
    assert site.live_status()["timestamp"] == "2026-11-22T10:31:10+01:00"
    site.steer({"meter": {"delay": 0}})
    assert site.live_status()["timestamp"] == "2026-11-22T10:32:10+01:00"


def test_a_lagging_meter_sees_the_past_although_it_was_not_asked(world: World) -> None:
    site = site_of(world)
    site.steer({"meter": {"delay": 60}})
    world.cars[AURORA].steer({"charging": False})
    pass_time(world, 300)
    site.steer({"solar_power": 0})
    pass_time(world, 30)
    assert grid_of(world) == -3500


def test_a_silent_meter_repeats_its_last_reading(world: World) -> None:
    site = site_of(world)
    before = site.live_status()
    site.steer({"meter": {"silent": True}})
    world.cars[AURORA].steer({"charging": False})
    pass_time(world, 600)
    assert site.live_status() == before
    site.steer({"meter": {"silent": False}})
    assert grid_of(world) == -3500


@pytest.mark.parametrize("meter", [7, {"delay": -1}, {"delay": True}, {"silent": 1}, {"late": 1}])
def test_broken_orders_to_the_meter(world: World, meter: object) -> None:
    with pytest.raises(SteeringError):
        site_of(world).steer({"meter": meter})


# ---- Real minutes ------------------------------------------------------------------------------


def test_minutes_of_sun_and_load(world: World) -> None:
    site = site_of(world)
    world.cars[AURORA].steer({"charging": False})
    site.steer({"solar_minutes": {"start": "2026-11-22T10:32:00+01:00", "kw": [1, 2.5, 0]}})
    site.steer({"load_minutes": {"start": START, "kw": [9, 0.2, 0.3, 0.4]}})
    seen = []
    for _ in range(6):
        status = site.live_status()
        seen.append((status["solar_power"], status["load_power"]))
        pass_time(world, 60)
    # Before and after them, the steady values apply again.
    assert seen == [(4000, 200), (1000, 300), (2500, 400), (0, 500), (4000, 500), (4000, 500)]
    site.steer({"solar_minutes": None, "load_minutes": None})
    assert site.live_status()["solar_power"] == 4000


def test_minutes_are_counted_in_the_history(world: World) -> None:
    """Each minute counts, however rarely someone looks."""
    site = site_of(world)
    world.cars[AURORA].steer({"charging": False})
    pass_time(world, 240)
    kilowatts = [6, 0, 0, 0, 6, 0, 6, 6, 6, 6]
    site.steer({"solar_minutes": {"start": "2026-11-22T10:35:00+01:00", "kw": kilowatts}})
    pass_time(world, 900)
    rows = site.history("energy", {"period": "day"})["time_series"]
    energy = {row["timestamp"][11:16]: row.get("total_solar_generation") for row in rows[-3:-1]}
    assert energy == {"10:35": pytest.approx(200), "10:40": pytest.approx(400)}


def test_minutes_in_fast_motion(world: World) -> None:
    site = site_of(world)
    site.steer(
        {"solar_minutes": {"start": "2026-11-22T10:31:00+01:00", "kw": [1, 2], "seconds": 1}}
    )
    assert site.live_status()["solar_power"] == 1000
    pass_time(world, 1)
    assert site.live_status()["solar_power"] == 2000


@pytest.mark.parametrize(
    "minutes",
    [
        [1, 2],
        {"start": START},
        {"start": START, "kw": []},
        {"start": START, "kw": ["1"]},
        {"start": START, "kw": [-1]},
        {"start": START, "kw": [1], "seconds": 0},
        {"start": "noon", "kw": [1]},
        {"kw": [1]},
        {"start": START, "kw": [1], "minutes": 1},
    ],
)
def test_broken_minutes(world: World, minutes: object) -> None:
    with pytest.raises(SteeringError):
        site_of(world).steer({"solar_minutes": minutes})


# ---- Several cars ------------------------------------------------------------------------------


def test_two_cars_at_home(world: World) -> None:
    site, comet = site_of(world), world.cars[COMET]
    comet.steer({"state": "online", "location": "home", "plugged_in": "ac1", "charge_amps": 6})
    pass_time(world, 60)
    # One wall connector: the second car has a socket, and only the load shows it.
    status = site.live_status()
    assert [each.get("vin") for each in status["wall_connectors"]] == [AURORA]
    assert status["wall_connectors"][0]["wall_connector_power"] == 2300
    assert status["load_power"] == 500 + 2300 + 1380
    world.cars[AURORA].steer({"plugged_in": False})
    status = site.live_status()
    assert status["wall_connectors"][0]["vin"] == COMET
    assert status["load_power"] == 500 + 1380
    comet.steer({"plugged_in": False, "location": "away"})
    assert site.live_status()["load_power"] == 500
    assert comet.describe()["location"]["latitude"] == pytest.approx(52.311)


def test_a_second_car_does_not_bring_along_what_it_took_elsewhere(world: World) -> None:
    site, comet = site_of(world), world.cars[COMET]
    world.cars[AURORA].steer({"plugged_in": False})
    comet.steer({"state": "online", "plugged_in": "ac1"})
    pass_time(world, 1800)
    comet.steer({"plugged_in": False, "location": "home"})
    comet.steer({"plugged_in": "ac1", "charging": False})
    pass_time(world, 600)
    assert [each["energy_added_wh"] for each in site.history("charge", {})["charge_history"]] == [
        pytest.approx(0, abs=50),
        pytest.approx(0, abs=50),
    ]
    rows = site.history("energy", {"period": "day"})["time_series"]
    assert max(row["total_home_usage"] for row in rows[-3:]) == pytest.approx(500 / 12, abs=5)


# ---- Without a grid ----------------------------------------------------------------------------


def test_a_charge_empties_the_battery_without_a_grid(world: World) -> None:
    site, aurora = site_of(world), world.cars[AURORA]
    site.steer({"solar_power": 0, "on_grid": False, "percentage_charged": 50})
    pass_time(world, 3600)
    # 500 W of the house and 2300 W of the car, of 13.5 kWh.
    assert site.percent == pytest.approx(50 - 2.8 / 13.5 * 100, abs=0.2)
    pass_time(world, 3600 * 3)
    assert site.percent == pytest.approx(0, abs=0.1)
    assert (aurora.charging.state, site.live_status()["grid_power"]) == ("NoPower", 0)
    site.steer({"on_grid": True})
    pass_time(world, 60)
    assert aurora.charging.state == "Charging"


def test_the_home_battery_takes_what_is_left_of_the_sun(world: World) -> None:
    site = site_of(world)
    site.steer({"percentage_charged": 50})
    status = site.live_status()
    assert (status["battery_power"], status["grid_power"]) == (-1200, 0)
    site.steer({"solar_power": 1000})
    assert site.live_status()["battery_power"] == 1800
    # It gives up to its own limit, and nothing below the reserve of 20 %.
    world.cars[AURORA].steer({"charge_amps": 32})
    pass_time(world, 60)
    status = site.live_status()
    assert (status["battery_power"], status["grid_power"]) == (5000, 500 + 7360 - 1000 - 5000)
    site.steer({"percentage_charged": 20})
    assert site.live_status()["battery_power"] == 0
