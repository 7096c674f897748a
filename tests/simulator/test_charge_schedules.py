"""Charge schedules of real cars: they hold back, start and stop a charge at their place."""

import pytest

from simulator.cars import Car
from simulator.world import World
from tests.simulator.streaming_car import StreamingCar, of_field
from tests.simulator.telemetry_server import DrivenClock

AURORA = "XP7YGCEK0RB000001"
NOW = 1795339800.0
"""Sunday, 22 November 2026, 10:30 in Amsterdam."""
OK = {"result": True, "reason": ""}
HOME = {"lat": 52.3731, "lon": 4.8903}
NIGHT = {
    "id": 7,
    "days_of_week": 127,
    "start_enabled": True,
    "start_time": 60,
    "end_enabled": True,
    "end_time": 300,
    "enabled": True,
    **HOME,
}
HOUR = 3600


@pytest.fixture
def car() -> Car:
    """Aurora at home without a cable, at 30 %."""
    car = World(DrivenClock(NOW)).cars[AURORA]
    car.steer({"state": "online", "plugged_in": False, "battery_level": 30})
    return car


def pass_time(car: Car, seconds: float) -> None:
    car.clock.advance(seconds)
    car.advance()


def add(car: Car, **changes: object) -> None:
    assert car.rest_command("add_charge_schedule", {**NIGHT, **changes}) == OK


def charge_state(car: Car) -> dict[str, object]:
    state: dict[str, object] = car.vehicle_data({"charge_state"}, location=False)["charge_state"]
    return state


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "Stopped"),
        ({"start_time": 600, "end_time": 660}, "Starting"),
        ({"start_time": 660, "end_time": 600}, "Stopped"),
        ({"start_time": 1380, "end_time": 690}, "Starting"),
        ({"enabled": False}, "Starting"),
        ({"lat": 52.30}, "Starting"),
        # Without an end, a car that comes within six hours charges at once.
        ({"start_time": 300, "end_enabled": False}, "Starting"),
        ({"start_time": 240, "end_enabled": False}, "Stopped"),
        # Without a start, nothing is held back.
        ({"start_enabled": False}, "Starting"),
        # Sunday is the lowest bit.
        ({"start_time": 600, "end_time": 660, "days_of_week": 1}, "Starting"),
        ({"start_time": 600, "end_time": 660, "days_of_week": 64}, "Stopped"),
    ],
)
def test_plugging_in_with_a_schedule(car: Car, changes: dict[str, object], state: str) -> None:
    add(car, **changes)
    car.steer({"plugged_in": "ac1"})
    assert car.charging.state == state
    # At a fast charger no schedule counts.
    car.steer({"plugged_in": False})
    car.steer({"plugged_in": "dc"})
    assert car.charging.state == "Starting"


def test_a_sleeping_car_wakes_and_streams_when_its_schedule_is_due() -> None:
    streaming = StreamingCar(["DetailedChargeState", "ChargeAmps"], battery_level=30)
    add(streaming.car)
    streaming.after(14 * HOUR)
    assert streaming.car.state == "asleep"
    heard = streaming.after(HOUR)
    # "Starting" at 01:00 in Amsterdam, and "Charging" four seconds later.
    assert [at for at, _ in of_field(heard, "DetailedChargeState")] == [52200, 52204]
    assert max(value for _, value in of_field(heard, "ChargeAmps")) == pytest.approx(16, abs=0.5)


def test_a_schedule_starts_and_stops_a_charge(car: Car) -> None:
    add(car)
    car.steer({"plugged_in": "ac1"})
    waiting = charge_state(car)
    assert waiting["charging_state"] == "Stopped"
    assert waiting["scheduled_charging_pending"] is True
    # 23 November 2026, 01:00 in Amsterdam.
    assert waiting["scheduled_charging_start_time"] == 1795392000
    pass_time(car, 14.4 * HOUR)
    assert (car.state, car.charging.state, car.wakes) == ("asleep", "Stopped", 0)
    pass_time(car, 0.2 * HOUR)
    assert (car.state, car.charging.state) == ("online", "Charging")
    pass_time(car, 3.8 * HOUR)
    assert car.charging.state == "Charging"
    pass_time(car, 0.2 * HOUR)
    assert car.charging.state == "Stopped"
    # The session lasted from 01:00 to 05:00, and the next night continues.
    assert car.charging.sessions[-1].started_at == pytest.approx(1795392000, abs=1)
    assert car.charging.sessions[-1].seconds == pytest.approx(4 * HOUR - 4, abs=1)
    pass_time(car, 20 * HOUR)
    assert car.charging.state == "Charging"


def test_a_manual_start_overrides_a_schedule(car: Car) -> None:
    add(car, start_time=660, end_time=690)
    car.steer({"plugged_in": "ac1"})
    assert car.rest_command("charge_start", {}) == OK
    pass_time(car, 1.5 * HOUR)
    assert car.charging.state == "Charging"
    # After another plug, the schedule counts again.
    car.steer({"plugged_in": False})
    car.steer({"plugged_in": "ac1"})
    assert car.charging.state == "Stopped"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("remove_charge_schedule", {"id": 7}),
        ("batch_remove_charge_schedules", {"home": True}),
        ("add_charge_schedule", {**NIGHT, "enabled": False}),
    ],
)
def test_the_end_of_a_schedule_starts_the_charge_that_it_held(
    car: Car, name: str, body: dict[str, object]
) -> None:
    add(car)
    car.steer({"plugged_in": "ac1"})
    assert car.rest_command(name, body) == OK
    assert car.charging.state == "Starting"


def test_the_end_of_a_schedule_does_not_resume_a_stopped_charge(car: Car) -> None:
    car.steer({"plugged_in": "ac1"})
    assert car.rest_command("charge_stop", {}) == OK
    add(car)
    assert car.rest_command("remove_charge_schedule", {"id": 7}) == OK
    assert car.charging.state == "Stopped"


def test_a_stopped_charge_is_started_by_a_schedule(car: Car) -> None:
    """A plan for the night holds, although the charge was stopped in the evening."""
    car.steer({"plugged_in": "ac1"})
    assert car.rest_command("charge_stop", {}) == OK
    add(car, one_time=True, days_of_week=0)
    add(car, id=8, start_time=300, end_time=330, one_time=True, days_of_week=2)
    pass_time(car, 15 * HOUR)
    assert car.charging.state == "Charging"
    pass_time(car, 3.75 * HOUR)
    # 05:15: the first block is gone, the second continues without a break.
    assert (car.charging.state, list(car.plans.charge)) == ("Charging", [8])
    assert len(car.charging.sessions) == 2
    pass_time(car, 0.5 * HOUR)
    assert (car.charging.state, car.plans.charge) == ("Stopped", {})
    pass_time(car, 48 * HOUR)
    assert car.charging.state == "Stopped"
    assert not charge_state(car)["scheduled_charging_pending"]


def test_a_schedule_of_another_place_stays(car: Car) -> None:
    add(car, lat=52.30, one_time=True, days_of_week=0)
    car.steer({"plugged_in": "ac1", "charging": False})
    pass_time(car, 24 * HOUR)
    assert (car.charging.state, list(car.plans.charge)) == ("Stopped", [7])
