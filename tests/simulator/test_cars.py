"""The life of a car: sleeping, waking, charging, driving, and the effects of commands."""

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tesla_protocol.command import car_server_pb2, signatures_pb2, universal_message_pb2, vcsec_pb2

from simulator.cars import Car, SteeringError, UnknownCommand
from simulator.clock import Clock
from simulator.commands import COMMANDS
from simulator.protocol.verification import Request
from simulator.protocol.wire import INFOTAINMENT, VEHICLE_SECURITY
from simulator.refusals import ActionNotClassified, MalformedMessage, ProtocolNotSupported
from simulator.world import AURORA, COMET, OLD_FAITHFUL, World

OK = {"result": True, "reason": ""}
KEY = bytes.fromhex(
    "04b2b6bc68c2da0665ce656815594996c62394edd8bea905fe781a754fe6a845a7"
    "14330902f225e9269d466e05b349981fda9d85cc23c6fb444aa73b629105dc6e"
)


@pytest.fixture
def world(freezer: FrozenDateTimeFactory) -> World:
    freezer.move_to("2026-06-15T10:00:00Z")
    return World(Clock())


@pytest.fixture
def aurora(world: World) -> Car:
    """Awake, plugged in, not charging, at 68 %."""
    car = world.cars[AURORA]
    car.steer({"state": "online"})
    return car


@pytest.fixture
def comet(world: World) -> Car:
    """Online and idle."""
    return world.cars[COMET]


@pytest.fixture
def old(world: World) -> Car:
    return world.cars[OLD_FAITHFUL]


def pass_time(car: Car, seconds: float) -> None:
    car.clock.advance(seconds)
    car.advance()


def is_port_open(car: Car) -> object:
    data = car.vehicle_data({"charge_state"}, location=False)
    return data["charge_state"]["charge_port_door_open"]


def refusal(car: Car, name: str, **body: Any) -> str:
    """The reason with which a command is refused; it must be refused and must not run."""
    before = len(car.executions)
    answer = car.rest_command(name, body)
    assert answer["result"] is False
    assert len(car.executions) == before
    return str(answer["reason"])


# Sleep


def test_an_idle_car_falls_asleep_after_eleven_minutes(comet: Car) -> None:
    pass_time(comet, 659)
    assert comet.state == "online"
    pass_time(comet, 1)
    assert comet.state == "asleep"


def test_looking_at_a_new_car_does_not_keep_it_awake(comet: Car) -> None:
    for _ in range(6):
        pass_time(comet, 110)
        comet.vehicle_object()
        comet.vehicle_data(None, location=False)
    assert comet.state == "asleep"


def test_an_old_car_cannot_sleep_while_it_is_polled(old: Car) -> None:
    for _ in range(6):
        pass_time(old, 300)
        old.vehicle_data(None, location=False)
    assert old.state == "online"
    pass_time(old, 660)
    assert old.state == "asleep"


@pytest.mark.parametrize(
    "order",
    [
        {"sentry_mode": True},
        {"climate": True},
        {"climate": {"keeper": "dog"}},
        {"user_present": True},
        {"open": "df"},
        {"open": "rt"},
        {"software_update": {"status": "downloading"}},
        {"plugged_in": "ac1", "charging": True},
        {"drive": True},
    ],
    ids=str,
)
def test_activities_that_keep_a_car_awake(comet: Car, order: dict[str, Any]) -> None:
    comet.steer(order)
    pass_time(comet, 700)
    assert comet.state == "online"


def test_a_command_puts_sleep_off(comet: Car) -> None:
    pass_time(comet, 600)
    comet.rest_command("flash_lights", {})
    pass_time(comet, 600)
    assert comet.state == "online"
    pass_time(comet, 60)
    assert comet.state == "asleep"


@pytest.mark.parametrize(("ordered", "seconds"), [(12, 12), (25, 25), (3, 10), (300, 60)])
def test_duration_of_waking(world: World, ordered: float, seconds: float) -> None:
    car = world.cars[AURORA]
    car.steer({"wake_seconds": ordered})
    car.wake_up()
    assert car.vehicle_object()["state"] == "asleep"
    pass_time(car, seconds - 1)
    assert car.state == "asleep"
    pass_time(car, 1)
    assert car.state == "online"


def test_only_a_sleeping_car_is_woken(world: World) -> None:
    car = world.cars[AURORA]
    for _ in range(3):
        car.wake_up()
    assert car.wakes == 1
    pass_time(car, 12)
    car.wake_up()
    assert car.wakes == 1
    car.steer({"state": "offline"})
    car.wake_up()
    pass_time(car, 100)
    assert (car.wakes, car.state) == (1, "offline")


def test_a_woken_car_stays_awake_for_eleven_minutes(world: World) -> None:
    car = world.cars[AURORA]
    car.wake_up()
    pass_time(car, 12 + 659)
    assert car.state == "online"
    pass_time(car, 1)
    assert car.state == "asleep"


# Charging


def test_charging_three_phases(aurora: Car) -> None:
    assert aurora.rest_command("charge_start", {}) == OK
    assert aurora.charging.state == "Starting"
    pass_time(aurora, 26)
    charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["charging_state"] == "Charging"
    assert charge["charger_actual_current"] == 16
    assert charge["charger_power"] == 11
    assert charge["charger_phases"] == 2
    # 230 V x 16 A x 3, 92 % of which arrive: 10.157 kW into 75 kWh or 331 miles
    assert charge["charge_rate"] == pytest.approx(44.8, abs=0.1)
    pass_time(aurora, 1800)
    charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["charge_energy_added"] == pytest.approx(5.08, abs=0.02)
    assert charge["battery_level"] == 75
    # 8.9 of the 12 % that were to come are left: 3.92 kWh
    assert charge["minutes_to_full_charge"] == pytest.approx(24, abs=1)


def test_charging_ends_at_the_limit(aurora: Car) -> None:
    aurora.rest_command("charge_start", {})
    pass_time(aurora, 3600)
    assert aurora.charging.state == "Complete"
    assert aurora.battery.percent == pytest.approx(80, abs=0.1)
    assert refusal(aurora, "charge_start") == "complete"
    aurora.rest_command("set_charge_limit", {"percent": 90})
    pass_time(aurora, 10)
    assert aurora.charging.state == "Charging"
    aurora.rest_command("set_charge_limit", {"percent": 60})
    pass_time(aurora, 1)
    assert aurora.charging.state == "Complete"


def test_charging_one_phase_with_fewer_amps(aurora: Car) -> None:
    aurora.steer({"plugged_in": "ac1"})
    assert aurora.charging.highest_amps == 32
    aurora.rest_command("set_charging_amps", {"charging_amps": 10})
    aurora.rest_command("charge_start", {})
    pass_time(aurora, 3604)
    charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["charger_phases"] == 1
    assert charge["charger_actual_current"] == 10
    assert charge["charge_amps"] == 10
    assert charge["charge_energy_added"] == pytest.approx(2.116, abs=0.01)


def test_more_amps_than_the_cable_allows_are_cut(aurora: Car) -> None:
    aurora.rest_command("set_charging_amps", {"charging_amps": 48})
    assert aurora.charging.requested_amps == 16


def test_fast_charging_gets_slower(aurora: Car) -> None:
    aurora.steer({"battery_level": 20, "charge_limit": 95, "plugged_in": "dc", "charging": True})
    powers = []
    charge: dict[str, Any] = {}
    for _ in range(5):
        pass_time(aurora, 500)
        charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
        powers.append(charge["charger_power"])
    assert powers[0] == 150
    assert powers == sorted(powers, reverse=True)
    assert powers[-1] < 100
    assert charge["fast_charger_present"] is True
    assert charge["fast_charger_type"] == "Tesla"
    assert charge["charger_phases"] is None


def test_refusals_of_charging(aurora: Car, comet: Car) -> None:
    assert refusal(comet, "charge_start") == "disconnected"
    assert refusal(comet, "charge_stop") == "not_charging"
    aurora.rest_command("charge_start", {})
    assert refusal(aurora, "charge_start") == "requested"
    pass_time(aurora, 5)
    assert refusal(aurora, "charge_start") == "is_charging"
    assert aurora.rest_command("charge_stop", {}) == OK
    assert aurora.charging.state == "Stopped"
    aurora.steer({"has_power": False})
    assert refusal(aurora, "charge_start") == "no_power"
    assert aurora.charging.state == "NoPower"


def test_limits(aurora: Car) -> None:
    assert refusal(aurora, "set_charge_limit", percent=80) == "already_set"
    assert aurora.rest_command("set_charge_limit", {"percent": 40}) == OK
    assert aurora.charging.limit_percent == 80
    assert refusal(aurora, "charge_standard") == "already_standard"
    assert aurora.rest_command("charge_max_range", {}) == OK
    assert aurora.charging.limit_percent == 100


def test_the_charge_port_and_its_cable(aurora: Car, comet: Car) -> None:
    assert refusal(comet, "charge_port_door_close") == "already closed"
    comet.rest_command("charge_port_door_open", {})
    assert is_port_open(comet) is True
    comet.rest_command("charge_port_door_close", {})
    assert is_port_open(comet) is False
    assert refusal(aurora, "charge_port_door_close") == "cable connected"
    aurora.rest_command("charge_start", {})
    assert refusal(aurora, "charge_port_door_open") == "is_charging"
    aurora.rest_command("charge_stop", {})
    aurora.rest_command("charge_port_door_open", {})
    charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["charge_port_latch"] == "Disengaged"
    aurora.steer({"plugged_in": False})
    assert aurora.charging.state == "Disconnected"


def test_a_timer_starts_the_sleeping_car(aurora: Car) -> None:
    # 10:00 UTC is noon at the car; the timer is set to 14:00.
    aurora.rest_command("set_scheduled_charging", {"enable": True, "time": 840})
    charge = aurora.vehicle_data({"charge_state"}, location=False)["charge_state"]
    assert charge["scheduled_charging_mode"] == "StartAt"
    assert charge["scheduled_charging_start_time"] == 1_781_524_800
    assert charge["scheduled_charging_pending"] is True
    pass_time(aurora, 7199)
    assert (aurora.state, aurora.charging.state) == ("asleep", "Stopped")
    pass_time(aurora, 6)
    assert (aurora.state, aurora.charging.state) == ("online", "Charging")


# Driving


def test_a_drive(comet: Car) -> None:
    odometer, level = comet.odometer_miles, comet.battery.percent
    comet.steer({"plugged_in": "ac1"})
    comet.steer({"drive": True})
    assert comet.charging.state == "Disconnected"
    seen = []
    for _ in range(12):
        pass_time(comet, 30)
        data = comet.vehicle_data({"drive_state", "location_data"}, location=True)["drive_state"]
        assert data["shift_state"] == "D"
        seen.append(data)
    speeds = [data["speed"] for data in seen]
    assert 15 < max(speeds) < 40
    miles = [data["active_route_miles_to_arrival"] for data in seen]
    assert miles == sorted(miles, reverse=True)
    assert seen[0]["active_route_destination"] == "Station Zuidoost"
    assert len({data["latitude"] for data in seen}) == 12
    assert comet.odometer_miles - odometer == pytest.approx(
        miles[0] - miles[-1] + comet_first_leg(miles), abs=0.6
    )
    left = seen[-1]["active_route_minutes_to_arrival"] * 60
    pass_time(comet, left + 1)
    assert comet.drive is None
    state = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]
    assert (state["is_user_present"], state["locked"]) == (True, False)
    data = comet.vehicle_data({"drive_state", "location_data"}, location=True)["drive_state"]
    assert data["shift_state"] == "P"
    assert data["speed"] is None
    assert "active_route_destination" not in data
    assert (data["latitude"], data["longitude"]) == (52.311, 4.9473)
    assert 0.5 < level - comet.battery.percent < 8
    pass_time(comet, 60)
    state = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]
    assert (state["is_user_present"], state["locked"]) == (False, True)
    pass_time(comet, 700)
    assert comet.state == "asleep"


def comet_first_leg(miles: list[float]) -> float:
    """The distance driven before the first look, according to the second one."""
    return miles[0] - miles[1]


def test_power_is_positive_going_and_negative_braking(comet: Car) -> None:
    comet.steer({"drive": True})
    powers = []
    for _ in range(100):
        pass_time(comet, 5)
        powers.append(comet.vehicle_data({"drive_state"}, location=False)["drive_state"]["power"])
    assert max(powers) > 5
    assert min(powers) < -5


def test_a_drive_along_an_own_route(comet: Car) -> None:
    comet.steer(
        {
            "drive": {
                "route": [[52.0, 5.0], [52.1, 5.0]],
                "destination": "North",
                "speed_kmh": 50,
            }
        }
    )
    pass_time(comet, 300)
    assert comet.heading == pytest.approx(0, abs=0.01)
    data = comet.vehicle_data({"drive_state"}, location=False)["drive_state"]
    assert data["speed"] == 31
    assert data["active_route_destination"] == "North"
    comet.steer({"drive": False})
    assert comet.drive is None
    with pytest.raises(SteeringError):
        comet.steer({"drive": {"route": [[52.0, 5.0], [52.0, 5.0]]}})


@pytest.mark.parametrize(
    "name", ["honk_horn", "flash_lights", "remote_start_drive", "charge_port_door_open"]
)
def test_commands_that_need_a_parked_car(comet: Car, name: str) -> None:
    comet.steer({"drive": True})
    assert refusal(comet, name) == "vehicle_not_in_park"


# Cabin


def test_the_cabin_gets_warm_and_costs_energy(comet: Car) -> None:
    comet.steer({"outside_temp": -5, "inside_temp": -3})
    comet.rest_command("set_temps", {"driver_temp": 22, "passenger_temp": 20})
    before = comet.battery.energy_kwh
    assert comet.rest_command("auto_conditioning_start", {}) == OK
    pass_time(comet, 300)
    assert 12 < comet.climate.inside < 20
    pass_time(comet, 1200)
    assert comet.climate.inside == pytest.approx(22, abs=0.5)
    assert 0.3 < before - comet.battery.energy_kwh < 1.5
    assert comet.climate.passenger_setting == 20
    comet.rest_command("auto_conditioning_stop", {})
    pass_time(comet, 7200)
    assert comet.climate.inside < 8


def test_a_plugged_in_car_warms_its_cabin_from_the_wall(aurora: Car) -> None:
    before, wall = aurora.battery.energy_kwh, aurora.charging.wall_kwh
    aurora.rest_command("auto_conditioning_start", {})
    pass_time(aurora, 600)
    assert aurora.charging.wall_kwh > wall
    assert before - aurora.battery.energy_kwh < 0.05


def test_an_unused_air_conditioning_turns_off(comet: Car) -> None:
    comet.rest_command("auto_conditioning_start", {})
    seen = []
    for seconds in (7199, 2):
        pass_time(comet, seconds)
        seen.append(comet.climate.is_on)
    assert seen == [True, False]
    comet.rest_command("set_climate_keeper_mode", {"climate_keeper_mode": 2})
    pass_time(comet, 10_000)
    assert (comet.climate.is_on, comet.climate.keeper, comet.state) == (True, "dog", "online")
    comet.rest_command("set_climate_keeper_mode", {"climate_keeper_mode": 0})
    assert not comet.climate.is_on


def test_defrosting(comet: Car) -> None:
    comet.rest_command("set_preconditioning_max", {"on": True, "manual_override": False})
    climate = comet.vehicle_data({"climate_state"}, location=False)["climate_state"]
    assert climate["defrost_mode"] == 2
    assert climate["is_climate_on"] is True
    assert climate["is_front_defroster_on"] is True
    comet.rest_command("set_preconditioning_max", {"on": False})
    assert comet.climate.defrost_mode == 0


def test_comfort_needs_the_climate(comet: Car) -> None:
    off = "cabin comfort remote settings not enabled"
    heat = {"seat_position": 0, "level": 3}
    assert refusal(comet, "remote_seat_heater_request", **heat) == off
    assert refusal(comet, "remote_steering_wheel_heater_request", on=True) == off
    cold = {"seat_position": 0, "level": 0}
    assert comet.rest_command("remote_seat_heater_request", cold) == OK, "off needs no climate"
    comet.rest_command("auto_conditioning_start", {})
    assert comet.rest_command("remote_seat_heater_request", heat) == OK
    comet.rest_command("remote_steering_wheel_heater_request", {"on": True})
    climate = comet.vehicle_data({"climate_state"}, location=False)["climate_state"]
    assert climate["seat_heater_left"] == 3
    assert climate["steering_wheel_heater"] is True
    comet.rest_command("auto_conditioning_stop", {})
    assert comet.climate.seat_heaters["left"] == 0
    fan = {"seat_position": 1, "seat_cooler_level": 1}
    assert refusal(comet, "remote_seat_cooler_request", **fan) == "not_supported"


def test_temperatures_are_clamped(comet: Car) -> None:
    comet.rest_command("set_temps", {"driver_temp": 35.0, "passenger_temp": 3})
    assert comet.climate.driver_setting == 28
    assert comet.climate.passenger_setting == 15


@pytest.mark.parametrize(
    ("vin", "celsius", "kept"),
    [
        # Half degrees Celsius; whole ones of Fahrenheit, reported to a tenth of a degree Celsius.
        (COMET, 22.2222, 22.0),
        (COMET, 22.7778, 23.0),
        (COMET, 21.5, 21.5),
        (OLD_FAITHFUL, 22.2222, 22.2),
        (OLD_FAITHFUL, 22.7778, 22.8),
        (OLD_FAITHFUL, 21.5, 21.7),
        (OLD_FAITHFUL, 28.0, 27.8),
    ],
)
def test_temperatures_are_rounded(world: World, vin: str, celsius: float, kept: float) -> None:
    car = world.cars[vin]
    car.rest_command("set_temps", {"driver_temp": celsius, "passenger_temp": celsius})
    assert (car.climate.driver_setting, car.climate.passenger_setting) == (kept, kept)


def test_a_name_that_the_cloud_lost(comet: Car) -> None:
    comet.steer({"is_name_lost": True})
    assert comet.vehicle_object()["display_name"] is None
    assert comet.product_object()["display_name"] is None
    state = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]
    assert state["vehicle_name"] == "Comet"


def test_an_old_fix(comet: Car) -> None:
    comet.steer({"gps_age": 3600, "gps_accuracy": 12.5})
    drive = comet.vehicle_data({"drive_state", "location_data"}, location=True)["drive_state"]
    assert drive["timestamp"] // 1000 - drive["gps_as_of"] == 3600


def test_overheat_protection(comet: Car) -> None:
    comet.steer({"outside_temp": 38, "inside_temp": 45, "cabin_overheat_protection": "On"})
    comet.rest_command("set_cop_temp", {"cop_temp": 1})
    climate = comet.vehicle_data({"climate_state"}, location=False)["climate_state"]
    assert climate["cabin_overheat_protection_actively_cooling"] is True
    assert climate["cop_activation_temperature"] == "Medium"
    pass_time(comet, 1200)
    assert comet.climate.inside == pytest.approx(35, abs=1)


# Locks and closures


def test_locking_needs_closed_doors(comet: Car) -> None:
    comet.rest_command("door_unlock", {})
    assert not comet.body.is_locked
    comet.steer({"open": ["pr"]})
    assert refusal(comet, "door_lock") == "closures_open"
    comet.steer({"close": ["pr"]})
    assert comet.rest_command("door_lock", {}) == OK
    assert comet.body.is_locked


def test_trunks(aurora: Car, comet: Car) -> None:
    for state in (1, 0, 1):
        aurora.rest_command("actuate_trunk", {"which_trunk": "rear"})
        assert aurora.body.trunk == state
    for _ in range(2):
        comet.rest_command("actuate_trunk", {"which_trunk": "rear"})
        comet.rest_command("actuate_trunk", {"which_trunk": "front"})
        assert (comet.body.trunk, comet.body.frunk) == (1, 1)


def test_windows(comet: Car, old: Car) -> None:
    comet.rest_command("window_control", {"command": "vent", "lat": 0, "lon": 0})
    assert all(comet.body.windows.values())
    comet.rest_command("window_control", {"command": "close", "lat": 0, "lon": 0})
    assert not any(comet.body.windows.values())
    old.rest_command("window_control", {"command": "vent"})
    assert refusal(old, "window_control", command="close") == "not_nearby"
    near = {"command": "close", "lat": old.latitude, "lon": old.longitude}
    assert old.rest_command("window_control", near) == OK
    assert not any(old.body.windows.values())


def test_homelink(aurora: Car, comet: Car) -> None:
    place = {"lat": comet.latitude, "lon": comet.longitude}
    assert refusal(comet, "trigger_homelink", **place) == "not_supported"
    home = {"lat": aurora.latitude, "lon": aurora.longitude}
    assert aurora.rest_command("trigger_homelink", home) == OK
    assert aurora.homelink_moves == 1
    assert refusal(aurora, "trigger_homelink", lat=48.0, lon=11.0) == "not_nearby"


def test_remote_start_lasts_two_minutes(comet: Car) -> None:
    comet.rest_command("remote_start_drive", {})
    assert comet.is_remotely_started
    pass_time(comet, 121)
    assert not comet.is_remotely_started


# The rest


def test_a_software_update(comet: Car) -> None:
    reason = refusal(comet, "schedule_software_update", offset_sec=60)
    assert reason == "no_update_available"
    comet.steer({"software_update": {"version": "2026.38.2", "status": "downloading"}})
    pass_time(comet, 450)
    update = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"][
        "software_update"
    ]
    assert (update["status"], update["download_perc"], update["version"]) == (
        "downloading",
        50,
        "2026.38.2",
    )
    assert update["install_perc"] == 3
    pass_time(comet, 450)
    assert comet.software.status == "available"
    assert comet.software.install_percent(comet.time) == 10
    comet.rest_command("schedule_software_update", {"offset_sec": 120})
    update = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"][
        "software_update"
    ]
    assert update["scheduled_time_ms"] == int((comet.time + 120) * 1000)
    comet.rest_command("cancel_software_update", {})
    assert comet.software.status == "available"
    comet.rest_command("schedule_software_update", {"offset_sec": 120})
    pass_time(comet, 120 + 750)
    assert comet.software.status == "installing"
    # 10 % were counted before it started, as in real cars.
    assert comet.software.install_percent(comet.time) == 55
    pass_time(comet, 751)
    assert comet.firmware == "2026.38.2"
    data = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]
    assert data["software_update"]["version"] == " "
    assert data["car_version"].startswith("2026.38.2 ")


def test_pins(comet: Car) -> None:
    assert refusal(comet, "set_valet_mode", on=False).endswith("already off")
    assert refusal(comet, "set_valet_mode", on=True, password="12") == "invalid_pin"
    assert comet.rest_command("set_valet_mode", {"on": True, "password": "1234"}) == OK
    assert comet.access.valet_mode
    comet.rest_command("set_valet_mode", {"on": False})
    comet.rest_command("reset_valet_pin", {})
    assert comet.access.valet_pin is None
    comet.rest_command("speed_limit_activate", {"pin": "1234"})
    assert refusal(comet, "speed_limit_set_limit", limit_mph=60) == "speed_limit_mode_active"
    assert refusal(comet, "speed_limit_deactivate", pin="4321") == "wrong_pin"
    comet.rest_command("speed_limit_deactivate", {"pin": "1234"})
    comet.rest_command("speed_limit_set_limit", {"limit_mph": 60})
    assert comet.access.speed_limit_mph == 60
    comet.rest_command("parental_controls_activate", {"pin": "1234"})
    reason = refusal(comet, "parental_controls_enable_setting", setting="Curfew", enable=True)
    assert reason == "parental_controls_active"


def test_media_needs_a_listener(comet: Car) -> None:
    assert refusal(comet, "media_toggle_playback") == "user_not_present"
    comet.steer({"user_present": True})
    comet.rest_command("media_toggle_playback", {})
    comet.rest_command("media_next_track", {})
    comet.rest_command("adjust_volume", {"volume": 5})
    comet.rest_command("media_volume_up", {})
    media = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]["media_info"]
    assert media["media_playback_status"] == "Playing"
    assert media["now_playing_title"] == "Paper Lanterns"
    assert media["audio_volume"] == pytest.approx(5.333, abs=0.001)


def test_schedules(comet: Car) -> None:
    schedule = {
        "days_of_week": "Weekdays",
        "enabled": True,
        "start_enabled": True,
        "start_time": 60,
        "end_enabled": False,
        "lat": comet.home[0],
        "lon": comet.home[1],
    }
    comet.rest_command("add_charge_schedule", {**schedule, "id": 5})
    comet.rest_command("add_charge_schedule", {**schedule, "id": 5, "start_time": 90})
    comet.rest_command("add_charge_schedule", {**schedule, "lat": 1.0, "lon": 2.0})
    data = comet.vehicle_data({"charge_schedule_data"}, location=False)["charge_schedule_data"]
    first, second = data["charge_schedules"]
    assert (first["id"], first["start_time"], first["days_of_week"]) == (5, 90, 62)
    assert second["id"] == int(comet.time)
    comet.rest_command("batch_remove_charge_schedules", {"home": True})
    assert list(comet.plans.charge) == [second["id"]]
    comet.rest_command("remove_charge_schedule", {"id": second["id"]})
    assert not comet.plans.charge


def test_schedules_can_be_steered(comet: Car) -> None:
    comet.steer({"schedules": {"charge": [{"id": 5, "enabled": True}]}})
    data = comet.vehicle_data({"charge_schedule_data"}, location=False)["charge_schedule_data"]
    assert data["charge_schedules"] == [{"id": 5, "enabled": True}]
    wrong: Any
    for wrong in ({"work": []}, {"charge": 7}, {"charge": [{"name": "Night"}]}):
        with pytest.raises(SteeringError):
            comet.steer({"schedules": wrong})
    assert list(comet.plans.charge) == [5]


def test_schedules_need_new_software_and_room(comet: Car) -> None:
    schedule = {
        "days_of_week": "All",
        "enabled": True,
        "precondition_time": 420,
        "lat": 1,
        "lon": 2,
    }
    comet.plans.maximum = 1
    comet.rest_command("add_precondition_schedule", {**schedule, "id": 1})
    comet.rest_command("add_precondition_schedule", {**schedule, "id": 1, "enabled": False})
    assert refusal(comet, "add_precondition_schedule", **schedule, id=2) == "too_many_schedules"
    comet.steer({"firmware": "2024.20.9"})
    assert refusal(comet, "remove_precondition_schedule", id=1) == "unsupported_firmware"
    sections = {"preconditioning_schedule_data", "charge_state"}
    data = comet.vehicle_data(sections, location=False)
    assert sections & data.keys() == {"charge_state"}


def test_navigation(comet: Car) -> None:
    body = {
        "type": "share_ext_content_raw",
        "value": {"android.intent.extra.TEXT": "Dam 1, Amsterdam"},
        "locale": "en-US",
        "timestamp_ms": 1,
    }
    assert comet.rest_command("navigation_request", body) == {
        "result": True,
        "reason": "",
        "queued": False,
    }
    drive = comet.vehicle_data({"drive_state"}, location=False)["drive_state"]
    assert drive["active_route_destination"] == "Dam 1, Amsterdam"


def test_a_command_that_does_not_exist(comet: Car) -> None:
    with pytest.raises(UnknownCommand):
        comet.rest_command("make_coffee", {})


def test_executions_are_noted_once(comet: Car) -> None:
    comet.rest_command("honk_horn", {})
    [execution] = comet.executions
    assert (execution.name, execution.signed, execution.counter) == ("honk_horn", False, None)
    assert execution.time == comet.time
    assert comet.describe()["executions"][0]["name"] == "honk_horn"


# Signed commands as the car sees them; the protocol has its own tests


def run_signed(car: Car, payload: bytes, domain: int = INFOTAINMENT) -> bytes:
    return car.execute(Request(domain=domain, payload=payload, client=KEY, counter=9))


def test_signed_and_plain_commands_have_equal_effects(comet: Car) -> None:
    assert run_signed(comet, bytes.fromhex("12042a02085a")).hex() == "0a00"
    assert comet.charging.limit_percent == 90
    [execution] = comet.executions
    assert execution.name == "set_charge_limit"
    assert execution.parameters == {"percent": 90}
    assert (execution.signed, execution.counter, execution.domain) == (True, 9, 3)


def test_a_refusal_of_infotainment_has_a_reason(comet: Car) -> None:
    answer = car_server_pb2.Response()
    answer.ParseFromString(run_signed(comet, bytes.fromhex("120432021200")))
    assert answer.actionStatus.result == 1
    assert answer.actionStatus.result_reason.plain_text == "disconnected"
    assert not comet.executions
    assert comet.refusals[0]["reason"] == "disconnected"


def test_a_refusal_of_vehicle_security_has_a_number(comet: Car) -> None:
    comet.steer({"open": "df"})
    answer = vcsec_pb2.FromVCSECMessage()
    answer.ParseFromString(run_signed(comet, b"\x10\x01", VEHICLE_SECURITY))
    assert answer.nominalError.genericError == 2
    comet.steer({"close": "df"})
    assert run_signed(comet, b"\x10\x01", VEHICLE_SECURITY) == b""


def test_keys_cannot_be_managed_remotely(comet: Car) -> None:
    answer = vcsec_pb2.FromVCSECMessage()
    answer.ParseFromString(run_signed(comet, bytes.fromhex("820100"), VEHICLE_SECURITY))
    assert answer.commandStatus.operationStatus == 2
    assert answer.commandStatus.whitelistOperationStatus.whitelistOperationInformation == 5


def test_the_status_needs_no_key(comet: Car) -> None:
    comet.steer({"open": "rt"})
    request = Request(domain=2, payload=bytes.fromhex("0a00"), client=None, counter=None)
    answer = vcsec_pb2.FromVCSECMessage()
    answer.ParseFromString(comet.execute(request))
    assert answer.vehicleStatus.vehicleLockState == 1
    assert answer.vehicleStatus.closureStatuses.rearTrunk == 1


def test_numbers_that_are_none_do_not_get_in(comet: Car) -> None:
    action = car_server_pb2.Action()
    temperature = action.vehicleAction.hvacTemperatureAdjustmentAction
    temperature.driver_temp_celsius = float("nan")
    answer = car_server_pb2.Response()
    answer.ParseFromString(run_signed(comet, action.SerializeToString()))
    assert answer.actionStatus.result == 1
    assert comet.climate.driver_setting == 21


def test_a_rest_only_car_refuses_signed_commands(old: Car) -> None:
    with pytest.raises(ProtocolNotSupported) as caught:
        old.signed_command(b"")
    assert caught.value.status == 422


def test_scopes_of_messages(comet: Car) -> None:
    def message(domain: int, payload: str) -> bytes:
        body = bytes.fromhex(payload)
        return bytes((0x32, 2, 8, domain, 0x52, len(body))) + body

    both = {"vehicle_cmds", "vehicle_charging_cmds"}
    assert comet.scopes_for(message(3, "120432021200")) == both
    assert comet.scopes_for(message(3, "120452020801")) == {"vehicle_cmds"}
    assert comet.scopes_for(message(2, "1001")) == {"vehicle_cmds"}
    assert comet.scopes_for(message(2, "22023803")) == {"vehicle_cmds"}
    assert comet.scopes_for(b"nonsense") == both


def test_actions_that_the_gateway_does_not_know(comet: Car) -> None:
    comet.steer({"unclassified": ["charge_start"]})
    body = bytes.fromhex("120432021200")
    with pytest.raises(ActionNotClassified) as caught:
        comet.signed_command(bytes((0x32, 2, 8, 3, 0x52, len(body))) + body)
    assert caught.value.status == 501
    with pytest.raises(MalformedMessage):
        comet.signed_command(b"nonsense")


def test_the_keychain(comet: Car, old: Car) -> None:
    comet.pair(KEY)
    assert comet.keys == {KEY}
    comet.protocol.subsystems[2].session(KEY).counter = 5
    comet.unpair(KEY)
    assert not comet.keys
    assert not comet.protocol.subsystems[2].sessions
    with pytest.raises(SteeringError):
        old.pair(KEY)
    for number in range(18):
        comet.pair(bytes((number,)))
    with pytest.raises(SteeringError, match="full"):
        comet.pair(KEY)


class Phone:
    """A client of a car's protocol, put together here and not by the code under test."""

    def __init__(self, car: Car) -> None:
        self.car = car
        self.private = ec.derive_private_key(4711, ec.SECP256R1())
        self.public = self.private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self.infos: dict[int, signatures_pb2.SessionInfo] = {}
        self.counter = 0

    def _message(self, domain: int) -> universal_message_pb2.RoutableMessage:
        message = universal_message_pb2.RoutableMessage()
        message.to_destination.domain = domain  # type: ignore[assignment]  # an enum's number
        message.from_destination.routing_address = bytes(range(16))
        message.uuid = bytes(reversed(range(16)))
        return message

    def _exchange(
        self, message: universal_message_pb2.RoutableMessage
    ) -> universal_message_pb2.RoutableMessage:
        reply = universal_message_pb2.RoutableMessage()
        reply.ParseFromString(self.car.signed_command(message.SerializeToString()))
        if reply.WhichOneof("payload") == "session_info":
            info = signatures_pb2.SessionInfo()
            info.ParseFromString(reply.session_info)
            self.infos[reply.from_destination.domain] = info
        return reply

    def _key(self, domain: int) -> bytes:
        point = ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), self.infos[domain].publicKey
        )
        shared = self.private.exchange(ec.ECDH(), point)
        return hashlib.sha1(shared, usedforsecurity=False).digest()[:16]

    def shake_hands(self, domain: int) -> signatures_pb2.SessionInfo:
        """The car's session info."""
        message = self._message(domain)
        message.session_info_request.public_key = self.public
        self._exchange(message)
        return self.infos[domain]

    def send(self, payload: bytes, domain: int = INFOTAINMENT) -> tuple[int, bytes]:
        """The fault and the payload of the answer, opened if it was sealed."""
        info = self.infos[domain]
        self.counter += 1
        message = self._message(domain)
        message.protobuf_message_as_bytes = payload
        message.flags = 2
        message.signature_data.signer_identity.public_key = self.public
        data = message.signature_data.HMAC_Personalized_data
        data.epoch, data.counter = info.epoch, self.counter
        data.expires_at = info.clock_time + 15
        vin = self.car.vin.encode()
        head = bytes((1, 1, domain, 2, 17)) + vin
        signed = (
            b"\0\1\x08"
            + head
            + b"\3\x10"
            + info.epoch
            + b"\4\4"
            + data.expires_at.to_bytes(4, "big")
            + b"\5\4"
            + data.counter.to_bytes(4, "big")
            + b"\7\4\0\0\0\2\xff"
            + payload
        )
        key = self._key(domain)
        subkey = hmac.digest(key, b"authenticated command", "sha256")
        data.tag = hmac.digest(subkey, signed, "sha256")
        reply = self._exchange(message)
        fault = int(reply.signedMessageStatus.signed_message_fault)
        if not reply.signature_data.HasField("AES_GCM_Response_data"):
            return fault, reply.protobuf_message_as_bytes
        sealed = reply.signature_data.AES_GCM_Response_data
        request_hash = (b"\x08" + data.tag)[: 17 if domain == VEHICLE_SECURITY else 33]
        metadata = (
            b"\0\1\x09"
            + head
            + b"\5\4"
            + sealed.counter.to_bytes(4, "big")
            + b"\7\4\0\0\0\0"
            + bytes((8, len(request_hash)))
            + request_hash
            + b"\x09\4"
            + fault.to_bytes(4, "big")
            + b"\xff"
        )
        opened = AESGCM(key).decrypt(
            sealed.nonce,
            reply.protobuf_message_as_bytes + sealed.tag,
            hashlib.sha256(metadata).digest(),
        )
        return fault, opened


@pytest.fixture
def phone(comet: Car) -> Phone:
    phone = Phone(comet)
    comet.pair(phone.public)
    return phone


def test_from_the_handshake_to_the_open_door(comet: Car, phone: Phone) -> None:
    for domain in (VEHICLE_SECURITY, INFOTAINMENT):
        info = phone.shake_hands(domain)
        assert (info.counter, info.status) == (0, 0)
    assert phone.send(b"\x10\x00", VEHICLE_SECURITY) == (0, b"")
    assert comet.body.is_locked is False
    assert phone.send(bytes.fromhex("120452020801")) == (0, b"\x0a\x00")
    assert comet.climate.is_on is True
    assert [(item.name, item.counter, item.domain) for item in comet.executions] == [
        ("door_unlock", 1, 2),
        ("auto_conditioning_start", 2, 3),
    ]
    assert comet.describe()["protocol"]["encrypted_replies"] == 2
    assert comet.describe()["protocol"]["domains"]["infotainment"]["counters"] == {
        phone.public.hex(): 2
    }


def test_session_info_of_the_fault_recovers_from_a_reboot(comet: Car, phone: Phone) -> None:
    phone.shake_hands(INFOTAINMENT)
    comet.steer({"protocol": {"reboot": True, "new_key": True}})
    flash = bytes.fromhex("1203d20100")
    assert phone.send(flash)[0] == 15
    assert comet.flashes == 0
    assert phone.send(flash) == (0, b"\x0a\x00")
    assert comet.flashes == 1


@pytest.mark.parametrize(
    ("order", "fault"), [(1, 6), ({"fault": 26}, 26), ({"domain": "infotainment"}, 6)]
)
def test_a_message_that_arrives_twice_runs_once(
    comet: Car, phone: Phone, order: object, fault: int
) -> None:
    phone.shake_hands(INFOTAINMENT)
    comet.steer({"protocol": {"doubled": order}})
    flash = bytes.fromhex("1203d20100")
    assert phone.send(flash)[0] == fault
    assert comet.flashes == 1
    # The session info of the fault shows the counter of this very message.
    assert phone.infos[INFOTAINMENT].counter == phone.counter == 1
    assert phone.send(flash) == (0, b"\x0a\x00")
    assert comet.flashes == 2


def test_a_stale_clock_is_noticed(comet: Car, phone: Phone) -> None:
    phone.shake_hands(INFOTAINMENT)
    pass_time(comet, 15)
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 0
    pass_time(comet, 1)
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 17
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 0


def test_a_car_that_just_woke_is_busy(comet: Car, phone: Phone) -> None:
    comet.steer({"busy_seconds": 5, "state": "asleep"})
    comet.wake_up()
    pass_time(comet, 12)
    phone.shake_hands(INFOTAINMENT)
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 1
    pass_time(comet, 5)
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 0


def test_an_unpaired_key_gets_nowhere(comet: Car, phone: Phone) -> None:
    phone.shake_hands(INFOTAINMENT)
    comet.unpair(phone.public)
    assert phone.send(bytes.fromhex("1203d20100"))[0] == 3
    assert phone.shake_hands(INFOTAINMENT).status == 1
    assert comet.flashes == 0


SOME_PAYLOADS = [
    bytes.fromhex(payload)
    for payload in (
        "12208a061d0880e2cfaa06182220012841300138a4034801559a9915425d3333f4c2",
        "1209a202060a042a003a00",
        "12098a03060a0408041001",
        "1210720e2a021a00350000ac413d0000a041",
        "1213d20210080110e0031a02120022020a0028e802",
        "1207ca020408011078",
        "120782070408031001",
        "1205e202020802",
        "12059204020803",
        "1205ea01020878",
        "12058201020801",
        "120f8a020c0a0a0d9a991542153333f4c2",
        "22022801",
        "1001",
    )
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_payload_signed_by_a_paired_key_is_answered(
    world: World, comet: Car, phone: Phone, data: st.DataObject
) -> None:
    """Authenticated nonsense is no excuse for a crash, nor for state that is no JSON."""
    domain = data.draw(st.sampled_from([VEHICLE_SECURITY, INFOTAINMENT]))
    payload = bytearray(data.draw(st.sampled_from(SOME_PAYLOADS)))
    for _ in range(data.draw(st.integers(1, 4))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    phone.shake_hands(domain)
    fault, _ = phone.send(bytes(payload), domain)
    assert fault in (0, 9, 10)
    comet.clock.advance(3)
    world.advance()
    assert "NaN" not in json.dumps(comet.vehicle_data(None, location=True))


JSON = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=2),
    st.just(10**400),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), name=st.sampled_from(sorted(COMMANDS)))
def test_any_body_is_answered(comet: Car, data: st.DataObject, name: str) -> None:
    fields = [parameter.name for parameter in COMMANDS[name].parameters]
    body = {field: data.draw(JSON) for field in fields}
    try:
        answer = comet.rest_command(name, body)
    except UnknownCommand:
        return
    assert set(answer) <= {"result", "reason", "queued"}
    assert "NaN" not in json.dumps(comet.vehicle_data(None, location=True))


# Orders


def test_orders_that_make_no_sense(comet: Car) -> None:
    for order in (
        {"colour": "red"},
        {"state": "flying"},
        {"battery_level": 140},
        {"battery_level": "full"},
        {"sentry_mode": "yes"},
        {"open": ["bonnet"]},
        {"plugged_in": "hamster wheel"},
        {"plugged_in": {"volt": 12}},
        {"charging": True},
        {"protocol": {"explode": True}},
        {"protocol": {"fault": {"fault": 6, "domain": "kitchen"}}},
        {"protocol": {"doubled": {"fault": 17}}},
        {"firmware": 7},
        {"pair": "xyz"},
    ):
        with pytest.raises(SteeringError):
            comet.steer(order)


def test_orders_of_the_protocol(comet: Car) -> None:
    before = {domain: item.epoch for domain, item in comet.protocol.subsystems.items()}
    comet.steer(
        {
            "protocol": {
                "reboot": "infotainment",
                "clock_drift": {"vehicle_security": 40},
                "fault": {"fault": 6, "count": 3, "domain": 2},
                "wait": 2,
                "encrypt_replies": False,
            }
        }
    )
    described = comet.describe()["protocol"]
    assert described["domains"]["infotainment"]["clock"] == 0
    assert described["domains"]["vehicle_security"]["clock_drift"] == 40
    assert comet.protocol.subsystems[2].epoch == before[2]
    assert comet.protocol.subsystems[3].epoch != before[3]
    assert [(order["fault"], order["left"]) for order in described["orders"]] == [(6, 3), (0, 2)]
    assert not comet.protocol.can_encrypt
    comet.steer({"protocol": {"clear": True}})
    assert not comet.protocol.orders


def test_plain_attributes_are_steered(comet: Car) -> None:
    comet.steer(
        {
            "display_name": "Halley",
            "firmware": "2024.20.1",
            "in_service": True,
            "tpms": {"fl": 2.1},
            "location": {"latitude": 48.1, "longitude": 11.6},
            "odometer": 7.5,
        }
    )
    assert comet.vehicle_object()["display_name"] == "Halley"
    assert comet.vehicle_object()["in_service"] is True
    state = comet.vehicle_data({"vehicle_state"}, location=False)["vehicle_state"]
    assert state["tpms_pressure_fl"] == 2.1
    assert state["tpms_soft_warning_fl"] is True
    assert state["tpms_hard_warning_fl"] is False
    assert state["odometer"] == 7.5
    assert state["car_version"].startswith("2024.20.1 ")
