"""Automatic changes of a car: the latch of the cable, the door of the port, vented windows."""

import pytest

from simulator.cars import Car
from simulator.vehicle.model import MODEL_S_2019
from simulator.world import World
from tests.simulator.streaming_car import StreamingCar, of_field
from tests.simulator.telemetry_server import DrivenClock

COMET = "LRW3E7FS0RC000002"
NOW = 1795339800.0
ENGAGED = 3
DISENGAGED = 2
VENTED = {"fd": 2, "fp": 2, "rd": 2, "rp": 2}
CLOSED = {"fd": 0, "fp": 0, "rd": 0, "rp": 0}
OK = {"result": True, "reason": ""}


@pytest.fixture
def comet() -> Car:
    car = World(DrivenClock(NOW)).cars[COMET]
    car.steer({"state": "online", "sentry_mode": True})
    return car


def is_port_open(car: Car) -> object:
    return car.charging.port.is_open


def pass_time(car: Car, seconds: float) -> None:
    car.clock.advance(seconds)
    car.advance()


def test_the_latch_closes_again_a_minute_after_each_unlock() -> None:
    streaming = StreamingCar(["ChargePortLatch"], user_present=True)
    streaming.after(10)
    assert streaming.car.rest_command("charge_port_door_open", {}) == OK
    assert of_field(streaming.after(75), "ChargePortLatch") == [(10, DISENGAGED), (70, ENGAGED)]
    assert streaming.car.rest_command("charge_port_door_open", {}) == OK
    streaming.after(30)
    assert streaming.car.rest_command("charge_port_door_open", {}) == OK
    assert of_field(streaming.after(120), "ChargePortLatch") == [(175, ENGAGED)]


def test_a_pulled_cable_is_not_latched(comet: Car) -> None:
    comet.steer({"plugged_in": "ac1"})
    comet.rest_command("charge_stop", {})
    assert comet.rest_command("charge_port_door_open", {}) == OK
    comet.steer({"plugged_in": False})
    pass_time(comet, 120)
    assert not is_port_open(comet)
    assert not comet.charging.port.is_latch_engaged


def test_the_door_of_the_port_closes_without_a_cable(comet: Car) -> None:
    comet.steer({"open": "charge_port"})
    pass_time(comet, 299)
    assert is_port_open(comet)
    pass_time(comet, 2)
    assert not is_port_open(comet)
    # With a cable in it stays open.
    comet.rest_command("charge_port_door_open", {})
    comet.steer({"plugged_in": "ac1"})
    pass_time(comet, 3600)
    assert is_port_open(comet)


@pytest.mark.parametrize("leaving", ["locks", "drives", "walks away"])
def test_vented_windows_are_closed(comet: Car, leaving: str) -> None:
    comet.rest_command("window_control", {"command": "vent", "lat": 0, "lon": 0})
    assert comet.body.windows == VENTED
    pass_time(comet, 3600)
    assert comet.body.windows == VENTED
    match leaving:
        case "locks":
            comet.rest_command("door_lock", {})
        case "drives":
            comet.steer({"drive": True})
        case _:
            comet.steer({"drive": True})
            comet.steer({"open": ["fd", "fp", "rd", "rp"]})
            comet.steer({"drive": False})
            pass_time(comet, 60)
    assert comet.body.windows == CLOSED


def test_opened_windows_stay_open(comet: Car) -> None:
    comet.body.windows["fd"] = 1
    comet.rest_command("door_lock", {})
    assert comet.body.windows == {"fd": 1, "fp": 0, "rd": 0, "rp": 0}


def test_old_cars_leave_their_windows_alone(comet: Car) -> None:
    comet.model = MODEL_S_2019
    comet.steer({"open": ["fd", "fp", "rd", "rp"]})
    comet.rest_command("door_lock", {})
    assert comet.body.windows == VENTED
