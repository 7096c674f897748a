"""Charging of real cars: the rule of 5 A, the first half minute, and automatic starts."""

import pytest

from simulator.cars import Car
from simulator.refusals import SteeringError
from simulator.world import World
from tests.simulator.streaming_car import StreamingCar, of_field
from tests.simulator.telemetry_server import DrivenClock

AURORA = "XP7YGCEK0RB000001"
NOW = 1795339800.0
OK = {"result": True, "reason": ""}


@pytest.fixture
def car() -> Car:
    """Aurora, plugged into one phase with 32 A, and charging with them."""
    car = World(DrivenClock(NOW)).cars[AURORA]
    car.steer({"state": "online", "plugged_in": False, "battery_level": 30})
    car.steer({"plugged_in": "ac1"})
    pass_time(car, 120)
    return car


def pass_time(car: Car, seconds: float) -> None:
    car.clock.advance(seconds)
    car.advance()


def set_amps(car: Car, *amps: int) -> tuple[int, int]:
    """The displayed current, and the real one a minute later."""
    for each in amps:
        assert car.rest_command("set_charging_amps", {"charging_amps": each}) == OK
        pass_time(car, 60)
    charge = car.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["charge_amps"] == charge["charge_current_request"]
    return charge["charge_current_request"], charge["charger_actual_current"]


# ---- A limit that sticks -----------------------------------------------------------------------


def test_a_current_sticks_until_the_cable_is_pulled(car: Car) -> None:
    """Real cars stuck at 6 A after some hours of stops and starts."""
    car.steer({"stuck_amps": 6})
    assert set_amps(car, 16) == (16, 6)
    assert set_amps(car, 5) == (5, 5)
    assert set_amps(car, 32) == (32, 6)
    car.steer({"plugged_in": False})
    car.steer({"plugged_in": "ac1"})
    pass_time(car, 120)
    assert set_amps(car, 16) == (16, 16)


def test_a_current_sticks_after_many_starts(car: Car) -> None:
    for _ in range(29):
        car.steer({"charging": False})
        car.steer({"charging": True})
    pass_time(car, 60)
    assert (car.charging.amps, car.describe()["charge_starts"]) == (32, 30)
    car.steer({"charging": False})
    car.steer({"charging": True})
    pass_time(car, 60)
    assert (car.charging.amps, car.charging.requested_amps) == (6, 32)
    # Neither time nor another start helps, only the cable.
    pass_time(car, 86_400)
    car.steer({"battery_level": 30, "charging": False})
    car.steer({"charging": True})
    pass_time(car, 60)
    assert car.charging.amps == 6
    car.steer({"plugged_in": False})
    car.steer({"plugged_in": "ac1"})
    pass_time(car, 60)
    assert car.charging.amps == 32


def test_number_of_starts_is_steered(car: Car) -> None:
    car.steer({"charging": False, "max_starts": 1})
    car.steer({"charging": True})
    pass_time(car, 60)
    assert car.charging.amps == 6
    car.steer({"stuck_amps": None, "max_starts": None, "charging": False})
    car.steer({"charging": True})
    pass_time(car, 60)
    assert car.charging.amps == 32


# ---- phases ------------------------------------------------------------------------------------


def test_some_cars_stick_on_one_phase(car: Car) -> None:
    def reported() -> tuple[object, int]:
        charge = car.vehicle_data({"charge_state"}, location=False)["charge_state"]
        return charge["charger_phases"], round(car.wall_kilowatts * 1000)

    car.steer({"plugged_in": False, "sticks_on_one_phase": True})
    car.steer({"plugged_in": "ac3"})
    pass_time(car, 60)
    assert reported() == (2, 11040)
    car.steer({"phases": 1})
    assert reported() == (1, 3680)
    car.steer({"phases": 3})
    assert reported() == (1, 3680)
    car.steer({"charging": False})
    assert reported() == (None, 0)
    car.steer({"charging": True})
    pass_time(car, 60)
    assert reported() == (2, 11040)
    car.steer({"sticks_on_one_phase": False, "phases": 1})
    car.steer({"phases": 3})
    assert reported() == (2, 11040)


def test_phases_cannot_be_switched_without_a_cable(car: Car) -> None:
    with pytest.raises(SteeringError):
        car.steer({"phases": 2})
    car.steer({"plugged_in": False})
    with pytest.raises(SteeringError):
        car.steer({"phases": 1})


# ---- 5 A ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("amps", "shown", "flowing"),
    [
        ((16,), 16, 16),
        ((48,), 32, 32),
        ((5,), 5, 5),
        ((3,), 5, 5),
        ((3, 3), 5, 3),
        ((3, 2), 5, 5),
        ((5, 3), 5, 5),
        ((5, 3, 3), 5, 3),
        ((3, 3, 1), 5, 1),
        ((3, 3, 1, 4), 5, 4),
        ((3, 3, 5), 5, 5),
        ((3, 3, 5, 3), 5, 5),
        ((3, 5, 3), 5, 5),
        ((3, 3, 10, 3, 3), 5, 3),
        ((0, 0), 5, 1),
    ],
)
def test_current_below_five_amps(car: Car, amps: tuple[int, ...], shown: int, flowing: int) -> None:
    assert set_amps(car, *amps) == (shown, flowing)


@pytest.mark.parametrize(("lowest", "flowing"), [(5, 5), (2, 2)])
def test_some_cars_do_not_reach_one_ampere(car: Car, lowest: int, flowing: int) -> None:
    car.steer({"lowest_amps": lowest})
    assert set_amps(car, 1, 1) == (5, flowing)
    assert set_amps(car, 1) == (5, flowing)
    assert set_amps(car, 9) == (9, 9)


@pytest.mark.parametrize("amps", [0, 6])
def test_lowest_current_out_of_range(car: Car, amps: int) -> None:
    with pytest.raises(SteeringError):
        car.steer({"lowest_amps": amps})


def test_each_charge_starts_at_five_amps(car: Car) -> None:
    set_amps(car, 3, 3)
    car.rest_command("charge_stop", {})
    # Before the start it is of no use, however often.
    assert set_amps(car, 3, 3, 3) == (5, 0)
    car.rest_command("charge_start", {})
    pass_time(car, 60)
    assert car.charging.amps == 5
    assert set_amps(car, 3) == (5, 5)
    assert set_amps(car, 3) == (5, 3)


def test_signed_and_plain_commands_are_equal(car: Car) -> None:
    assert set_amps(car, 4) == (5, 5)
    car.steer({"charge_amps": 9})
    assert set_amps(car, 4) == (5, 5)


# ---- time --------------------------------------------------------------------------------------


def test_the_first_half_minute() -> None:
    streaming = StreamingCar(["DetailedChargeState", "ChargeAmps"], battery_level=30)
    streaming.after(10)
    streaming.steer(charging=True)
    heard = streaming.after(60)
    amps = [(at, round(value)) for at, value in of_field(heard, "ChargeAmps") if value]
    assert dict(amps[:12]) == {24 + step: 5 + step for step in range(12)}
    assert {each for _, each in amps[12:]} == {16}
    # The state is "Charging" once the contactors close, before any current flows.
    assert [at for at, _ in of_field(heard, "DetailedChargeState")] == [10, 14]


def test_delay_of_a_new_current(car: Car) -> None:
    car.rest_command("set_charging_amps", {"charging_amps": 12})
    seen = []
    for _ in range(35):
        pass_time(car, 1)
        seen.append(car.charging.amps)
    assert seen[:9] == [32] * 9
    assert seen[9:29] == list(range(31, 11, -1))
    assert set(seen[29:]) == {12}


def test_little_of_a_low_current_reaches_the_battery(car: Car) -> None:
    set_amps(car, 1, 1)
    before = car.battery.energy_kwh
    pass_time(car, 3600)
    assert car.battery.energy_kwh - before == pytest.approx(0.0, abs=0.05)
    assert car.wall_kilowatts == pytest.approx(0.23)


def test_a_long_gap_costs_few_steps(car: Car) -> None:
    car.steer({"charge_limit": 100, "battery_level": 5})
    pass_time(car, 400 * 86_400.0)
    assert car.charging.state == "Complete"


def test_a_plugged_in_car_falls_asleep_after_its_charge_was_stopped(car: Car) -> None:
    car.rest_command("charge_stop", {})
    pass_time(car, 10 * 60)
    assert car.state == "online"
    pass_time(car, 5 * 60)
    assert (car.state, car.charging.state) == ("asleep", "Stopped")


# ---- automatic starts --------------------------------------------------------------------------


def test_plugging_in_starts_a_charge(car: Car) -> None:
    set_amps(car, 10)
    car.steer({"plugged_in": False})
    pass_time(car, 3600)
    car.steer({"plugged_in": "ac3"})
    assert car.charging.state == "Starting"
    pass_time(car, 60)
    # At the current that was chosen last.
    assert (car.charging.state, car.charging.amps) == ("Charging", 10)


def test_a_timer_delays_a_charge_until_it_ends(car: Car) -> None:
    car.steer({"plugged_in": False})
    car.rest_command("set_scheduled_charging", {"enable": True, "time": 30})
    car.steer({"plugged_in": "ac1"})
    pass_time(car, 60)
    assert car.charging.state == "Stopped"
    car.rest_command("set_scheduled_charging", {"enable": False, "time": 30})
    pass_time(car, 60)
    assert car.charging.state == "Charging"


def test_the_end_of_a_timer_does_not_resume_a_stopped_charge(car: Car) -> None:
    car.rest_command("charge_stop", {})
    car.rest_command("set_scheduled_charging", {"enable": True, "time": 30})
    car.rest_command("set_scheduled_charging", {"enable": False, "time": 30})
    assert car.charging.state == "Stopped"


@pytest.mark.parametrize("level", [78.5, 79.5, 80, 85])
def test_no_charge_starts_near_the_limit(car: Car, level: float) -> None:
    car.steer({"charging": False, "battery_level": level})
    assert car.rest_command("charge_start", {}) == {"result": False, "reason": "complete"}
    assert car.charging.state == "Complete"
    car.steer({"plugged_in": False})
    car.steer({"plugged_in": "ac1"})
    assert car.charging.state == "Complete"
    # It continues with a higher limit.
    assert car.rest_command("set_charge_limit", {"percent": 90}) == OK
    pass_time(car, 60)
    assert car.charging.state == "Charging"


def test_charging_orders_may_confirm_the_current_state(car: Car) -> None:
    car.steer({"charging": True})
    car.steer({"charging": False})
    car.steer({"charging": False})
    assert car.charging.state == "Stopped"
