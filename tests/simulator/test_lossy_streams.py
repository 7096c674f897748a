"""Streams that lose changes, connections that break, and cars that come and go."""

import pytest
from tesla_protocol.telemetry.vehicle_data_pb2 import Doors

from simulator.refusals import SteeringError
from tests.simulator.streaming_car import StreamingCar, of_field

RESENT = {"interval_seconds": 1, "resend_interval_seconds": 600}


def test_a_lost_change_is_never_sent() -> None:
    streaming = StreamingCar(["Locked", "DoorState"], user_present=True)
    streaming.after(10)
    streaming.steer(lost_changes={"Locked": 60}, locked=False, open="df")
    assert streaming.after(3600) == [(10, {"DoorState": Doors(DriverFront=True)})]
    # Only later changes are sent.
    streaming.steer(locked=True)
    assert of_field(streaming.after(60), "Locked") == [(3610, True)]


def test_changes_are_lost_for_a_time() -> None:
    streaming = StreamingCar(["Locked"], user_present=True)
    streaming.after(10)
    streaming.steer(lost_changes={"Locked": 60}, locked=False)
    streaming.after(70)
    streaming.steer(locked=True)
    assert streaming.after(10) == [(80, {"Locked": True})]
    streaming.steer(lost_changes={"Locked": 60})
    streaming.steer(lost_changes={}, locked=False)
    assert streaming.after(10) == [(90, {"Locked": False})]


@pytest.mark.parametrize(
    ("firmware", "times"),
    [
        ("2026.32.6", [610]),
        ("2025.2.6", [610]),
        ("2024.45.32.20", [610]),
        ("2025.2.5", []),
        ("2024.45.32.19", []),
        ("2024.44.32", []),
        ("2024.26", []),
    ],
)
def test_resend_sends_a_lost_change_since_client_1(firmware: str, times: list[int]) -> None:
    streaming = StreamingCar({"Locked": RESENT}, user_present=True, firmware=firmware)
    streaming.after(10)
    streaming.steer(lost_changes={"Locked": 60}, locked=False)
    assert [at for at, _ in streaming.after(1000)] == times


def test_resend_sends_nothing_while_changes_are_lost() -> None:
    streaming = StreamingCar({"Locked": RESENT}, user_present=True)
    streaming.after(10)
    streaming.steer(lost_changes={"Locked": 700}, locked=False)
    assert streaming.after(1300) == [(1210, {"Locked": False})]


def test_everything_is_sent_after_sleep() -> None:
    streaming = StreamingCar(["Locked"])
    streaming.after(10)
    streaming.steer(lost_changes={"Locked": 9000}, locked=False)
    assert streaming.after(1000) == []
    streaming.steer(state="online")
    assert streaming.after(10) == [(1010, {"Locked": False})]


@pytest.mark.parametrize("order", [{"Locked": True}, {"Lights": 60}, ["Locked"]])
def test_wrong_orders_for_losses(order: object) -> None:
    streaming = StreamingCar(["Locked"])
    with pytest.raises(SteeringError, match="lost_changes"):
        streaming.steer(lost_changes=order)


def test_poor_reception_alternates() -> None:
    streaming = StreamingCar(["Locked"], user_present=True)
    streaming.steer(reception={"on": 60, "off": 30, "seconds": 200})
    states = []
    for _ in range(10):
        states.append(streaming.car.state)
        streaming.after(30)
    assert states == [*(["online", "online", "offline"] * 2), *["online"] * 4]


def test_poor_reception_wakes_no_car() -> None:
    streaming = StreamingCar(["Locked"])
    streaming.steer(reception={"on": 60, "off": 60}, state="asleep")
    for _ in range(20):
        streaming.after(30)
        assert streaming.car.state == "asleep"
    streaming.steer(state="online", reception=None)
    streaming.after(90)
    assert streaming.car.state == "online"


def test_ending_poor_reception_brings_the_car_back() -> None:
    streaming = StreamingCar(["Locked"])
    streaming.steer(reception={})
    streaming.after(70)
    assert streaming.car.state == "offline"
    streaming.steer(reception=None)
    assert streaming.car.state == "online"


@pytest.mark.parametrize("order", [{"on": 0}, {"off": "x"}, {"up": 60}, True])
def test_wrong_orders_for_reception(order: object) -> None:
    streaming = StreamingCar(["Locked"])
    with pytest.raises(SteeringError):
        streaming.steer(reception=order)


# ---- the delta rule at a stop ------------------------------------------------------------------


def test_a_difference_below_the_delta_at_a_stop_is_never_sent() -> None:
    streaming = StreamingCar(
        {
            "Location": {"minimum_delta": 250},
            "Odometer": {"minimum_delta": 2},
            "Soc": {"minimum_delta": 5},
            "Gear": {},
        }
    )
    streaming.steer(drive=True)
    heard = streaming.after(1500)
    parked = of_field(heard, "Gear")[-2][0]
    heard += streaming.after(3000)
    car = streaming.car
    last = of_field(heard, "Location")[-1]
    assert last[0] < parked
    assert (last[1].latitude, last[1].longitude) != (round(car.latitude, 6), car.longitude)
    assert 0 < car.odometer_miles - of_field(heard, "Odometer")[-1][1] < 2
    assert 0 < abs(car.battery.percent - of_field(heard, "Soc")[-1][1]) < 5


@pytest.mark.parametrize(("firmware", "is_told"), [("2025.2.6", True), ("2025.2.5", False)])
def test_resend_sends_the_place_of_the_stop(*, firmware: str, is_told: bool) -> None:
    rule = {"interval_seconds": 10, "minimum_delta": 3, "resend_interval_seconds": 60}
    streaming = StreamingCar({"Odometer": rule}, firmware=firmware)
    streaming.steer(drive=True)
    heard = streaming.after(1600)
    told = of_field(heard, "Odometer")[-1][1]
    assert (told == streaming.car.odometer_miles) is is_told
