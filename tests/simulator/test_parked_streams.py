"""Fields that a real car stops sending while it stands, awake and before it falls asleep."""

import pytest

from tests.simulator.streaming_car import StreamingCar, of_field

PARKED = 2
"""ShiftStateP."""
DRIVING = 5
"""ShiftStateD."""
SHORT_DRIVE = {"route": [[52.3731, 4.8903], [52.3742, 4.8969]], "destination": "Round the corner"}


@pytest.mark.parametrize("plugged_in", ["ac3", None])
def test_gear_and_speed_end_soon_after_each_park(plugged_in: str | None) -> None:
    streaming = StreamingCar(["Gear", "VehicleSpeed", "Locked", "DetailedChargeState"])
    streaming.after(60)
    for _ in range(2):
        streaming.steer(drive=SHORT_DRIVE)
        heard = streaming.after(120)
        if plugged_in:
            streaming.steer(plugged_in=plugged_in, charging=True)
        heard += streaming.after(480)
        (driving, _), (parked, parked_as), (ended, ended_as) = of_field(heard, "Gear")
        assert (parked_as, ended_as) == (PARKED, "invalid")
        assert 30 < parked - driving < 120
        assert 5 <= ended - parked <= 20.5
        speeds = of_field(heard, "VehicleSpeed")
        assert speeds[-1] == (ended, "invalid")
        # It never came to 0: the last speed is one of a car that still rolled.
        assert speeds[-2][1] > 0
        assert speeds[-2][0] <= parked
        assert "invalid" not in [value for _, value in of_field(heard, "Locked")]
        streaming.steer(location={"latitude": 52.3731, "longitude": 4.8903})
    assert streaming.car.state == "online"


def test_a_waking_car_sends_gear_and_speed_for_a_moment() -> None:
    heard = StreamingCar(["Gear", "VehicleSpeed"]).after(60)
    (begun, first), (ended, values) = heard
    assert begun == 0
    assert first == {"Gear": PARKED, "VehicleSpeed": 0.0}
    assert values == {"Gear": "invalid", "VehicleSpeed": "invalid"}
    assert 5 <= ended <= 20.5


def test_gear_stays_while_the_car_is_occupied() -> None:
    streaming = StreamingCar(["Gear"], user_present=True)
    assert streaming.after(600) == [(0, {"Gear": PARKED})]
    streaming.steer(user_present=False)
    ((ended, values),) = streaming.after(60)
    assert values == {"Gear": "invalid"}
    assert 605 <= ended <= 620.5


def test_an_old_model_s_sends_park_and_invalid_in_turn() -> None:
    streaming = StreamingCar(["Gear", "VehicleSpeed"], gear_flips=True)
    heard = streaming.after(350)
    gears = of_field(heard, "Gear")
    begun = gears[1][0]
    assert [value for _, value in gears] == [PARKED, "invalid"] * 3
    for number, (at, _) in enumerate(gears[1:]):
        # A standing car is sampled every five seconds.
        assert at == pytest.approx(begun + 70 * number, abs=5)
    assert [value for _, value in of_field(heard, "VehicleSpeed")] == [0.0, "invalid"]


def test_the_outside_temperature_is_invalid_for_a_minute() -> None:
    streaming = StreamingCar(["OutsideTemp", "InsideTemp", "Locked"], user_present=True)
    heard = streaming.after(1700)
    temperatures = of_field(heard, "OutsideTemp")
    ((ended, _),) = [told for told in temperatures if told[1] == "invalid"]
    back = min(at for at, _ in temperatures if at > ended)
    assert back - ended == pytest.approx(60, abs=5)
    assert "invalid" not in [
        value for _, values in heard for name, value in values.items() if name != "OutsideTemp"
    ]


def test_fields_that_end_before_sleep() -> None:
    ending = [
        "ACChargingPower",
        "BrickVoltageMax",
        "ChargePortDoorOpen",
        "ChargePortLatch",
        "ChargeState",
        "ChargingCableType",
        "DetailedChargeState",
        "FastChargerPresent",
        "InsideTemp",
        "PackCurrent",
        "PackVoltage",
    ]
    lasting = ["Locked", "DoorState", "Soc", "Odometer", "ChargeLimitSoc", "FdWindow"]
    names = [*ending, *lasting, "Gear", "VehicleSpeed"]
    streaming = StreamingCar({name: {"interval_seconds": 3600} for name in names})
    heard = streaming.after(659)
    assert [values for _, values in heard if "invalid" in values.values()] == []
    heard = streaming.after(10)
    assert streaming.car.state == "asleep"
    assert heard[-1][1] == dict.fromkeys([*ending, "Gear", "VehicleSpeed"], "invalid")
    assert streaming.after(3600) == []


def test_an_invalid_gear_is_not_sent_again_before_sleep() -> None:
    streaming = StreamingCar(["Gear", "VehicleSpeed", "ChargePortLatch"])
    streaming.after(60)
    assert streaming.after(640) == [(660, {"ChargePortLatch": "invalid"})]
