"""Meanings of signed payloads, equal to those of plain commands.

The payloads were made by Tesla's own proxy from these names and parameters (those that it encodes
against its documentation, by another client).
"""

from typing import Any

import pytest
from tesla_protocol.command import car_server_pb2, vcsec_pb2

from simulator import rest_commands, signed_actions
from simulator.commands import COMMANDS
from simulator.protocol.wire import INFOTAINMENT, Fault
from simulator.signed_actions import Invocation

PAYLOADS: list[tuple[int, str, str, dict[str, Any]]] = [
    (2, "22023001", "actuate_trunk", {"which_trunk": "front"}),
    (2, "22022801", "actuate_trunk", {"which_trunk": "rear"}),
    (
        3,
        "12208a061d0880e2cfaa06182220012841300138a4034801559a9915425d3333f4c2",
        "add_charge_schedule",
        {
            "days_of_week": "Monday,Friday",
            "enabled": True,
            "end_enabled": True,
            "end_time": 420,
            "id": 1700000000,
            "lat": 37.4,
            "lon": -122.1,
            "one_time": False,
            "start_enabled": True,
            "start_time": 65,
        },
    ),
    (
        3,
        "121c9a06190881e2cfaa06183e20c203280130013d9a991542453333f4c2",
        "add_precondition_schedule",
        {
            "days_of_week": "Weekdays",
            "enabled": True,
            "id": 1700000001,
            "lat": 37.4,
            "lon": -122.1,
            "one_time": True,
            "precondition_time": 450,
        },
    ),
    (3, "12088201051d0000b040", "adjust_volume", {"volume": 5.5}),
    (3, "120452020801", "auto_conditioning_start", {}),
    (3, "12025200", "auto_conditioning_stop", {}),
    (3, "1203ca0100", "cancel_software_update", {}),
    (3, "120432022200", "charge_max_range", {}),
    (3, "1203ea0300", "charge_port_door_close", {}),
    (3, "1203f20300", "charge_port_door_open", {}),
    (3, "120432021a00", "charge_standard", {}),
    (3, "120432021200", "charge_start", {}),
    (3, "120432022a00", "charge_stop", {}),
    (3, "1203ca0500", "clear_pin_to_drive_admin", {}),
    (2, "22024004", "close_tonneau", {}),
    (2, "1001", "door_lock", {}),
    (2, "1000", "door_unlock", {}),
    (3, "1203c20400", "erase_user_data", {}),
    (3, "1203d20100", "flash_lights", {}),
    (3, "12058a04020801", "guest_mode", {"enable": True}),
    (3, "12038a0400", "guest_mode", {"enable": False}),
    (3, "1203da0100", "honk_horn", {}),
    (3, "1205d208020801", "keep_accessory_power_mode", {"enable": True}),
    (3, "12038a0100", "media_next_fav", {}),
    (3, "12039a0100", "media_next_track", {}),
    (3, "1203920100", "media_prev_fav", {}),
    (3, "1203a20100", "media_prev_track", {}),
    (3, "12027a00", "media_toggle_playback", {}),
    (3, "12058201020801", "media_volume_down", {}),
    (3, "12058201020802", "media_volume_up", {}),
    (2, "22024003", "open_tonneau", {}),
    (3, "120bfa06080801120431323334", "parental_controls_activate", {"pin": "1234"}),
    (3, "1203f20600", "parental_controls_clear_pin_admin", {}),
    (3, "1209fa0606120431323334", "parental_controls_deactivate", {"pin": "1234"}),
    (
        3,
        "120782070408031001",
        "parental_controls_enable_setting",
        {"enable": True, "setting": "Curfew"},
    ),
    (3, "120c8a0709090000000000405040", "parental_controls_set_speed_limit", {"limit_mph": 65}),
    (
        3,
        "12098203060a0408011001",
        "remote_auto_seat_climate_request",
        {"auto_climate_on": True, "auto_seat_position": 1},
    ),
    (3, "1209a202060a042a003a00", "remote_seat_heater_request", {"level": 3, "seat_position": 0}),
    (3, "1209a202060a0412005a00", "remote_seat_heater_request", {"level": 0, "seat_position": 4}),
    (2, "1014", "remote_start_drive", {}),
    (3, "12046a020801", "remote_steering_wheel_heater_request", {"on": True}),
    (3, "12099206060880e2cfaa06", "remove_charge_schedule", {"id": 1700000000}),
    (3, "1209a206060881e2cfaa06", "remove_precondition_schedule", {"id": 1700000001}),
    (3, "1203f20400", "reset_pin_to_drive_pin", {}),
    (3, "1203e20100", "reset_valet_pin", {}),
    (3, "1205ea01020878", "schedule_software_update", {"offset_sec": 120}),
    (3, "12059a02020801", "set_bioweapon_mode", {"manual_override": False, "on": True}),
    (3, "120792030408011001", "set_cabin_overheat_protection", {"fan_only": True, "on": True}),
    (3, "12042a020850", "set_charge_limit", {"percent": 80}),
    (3, "1205da02020810", "set_charging_amps", {"charging_amps": 16}),
    (3, "1205e202020802", "set_climate_keeper_mode", {"climate_keeper_mode": 2}),
    (3, "1203e20200", "set_climate_keeper_mode", {"climate_keeper_mode": 0}),
    (3, "12059208020801", "set_low_power_mode", {"enable": True}),
    (3, "120bea04080801120431323334", "set_pin_to_drive", {"on": True, "password": "1234"}),
    (3, "120462020801", "set_preconditioning_max", {"manual_override": False, "on": True}),
    (3, "1207ca020408011078", "set_scheduled_charging", {"enable": True, "time": 120}),
    (
        3,
        "1213d20210080110e0031a02120022020a0028e802",
        "set_scheduled_departure",
        {
            "departure_time": 480,
            "enable": True,
            "end_off_peak_time": 360,
            "off_peak_charging_enabled": True,
            "off_peak_charging_weekdays_only": False,
            "preconditioning_enabled": True,
            "preconditioning_weekdays_only": True,
        },
    ),
    (3, "1203d20200", "set_scheduled_departure", {"enable": False}),
    (3, "1205f201020801", "set_sentry_mode", {"on": True}),
    (3, "1203f20100", "set_sentry_mode", {"on": False}),
    (
        3,
        "1210720e2a021a00350000ac413d0000a041",
        "set_temps",
        {"driver_temp": 21.5, "passenger_temp": 20},
    ),
    (3, "120bfa01080801120431323334", "set_valet_mode", {"on": True, "password": "1234"}),
    (3, "1203fa0100", "set_valet_mode", {"on": False}),
    (3, "1209b203060a0454657374", "set_vehicle_name", {"vehicle_name": "Test"}),
    (3, "120a4a080801120431323334", "speed_limit_activate", {"pin": "1234"}),
    (3, "12083a060a0431323334", "speed_limit_clear_pin", {"pin": "1234"}),
    (3, "1203fa0400", "speed_limit_clear_pin_admin", {}),
    (3, "12084a06120431323334", "speed_limit_deactivate", {"pin": "1234"}),
    (3, "120b4209090000000000405040", "speed_limit_set_limit", {"limit_mph": 65}),
    (2, "22024002", "stop_tonneau", {}),
    (3, "120f8a020c0a0a0d9a991542153333f4c2", "trigger_homelink", {"lat": 37.4, "lon": -122.1}),
    (3, "12059202021a00", "window_control", {"command": "vent"}),
    (3, "12059202022200", "window_control", {"command": "close"}),
    (
        3,
        "1205e206020801",
        "batch_remove_charge_schedules",
        {"home": True, "work": False, "other": False},
    ),
    (
        3,
        "1205da06020801",
        "batch_remove_precondition_schedules",
        {"home": True, "work": False, "other": False},
    ),
    (
        3,
        "12098a03060a0408041001",
        "remote_seat_cooler_request",
        {"seat_position": 1, "seat_cooler_level": 3},
    ),
    (3, "12059204020803", "set_cop_temp", {"cop_temp": 2}),
    (3, "12058202021a00", "sun_roof_control", {"state": "vent"}),
]


def read(domain: int, payload: bytes) -> list[Invocation]:
    if domain == INFOTAINMENT:
        return signed_actions.read_infotainment(payload)
    invocation = signed_actions.read_vehicle_security(payload)
    assert isinstance(invocation, Invocation)
    return [invocation]


@pytest.mark.parametrize(("domain", "payload", "name", "parameters"), PAYLOADS)
def test_payloads_equal_plain_commands(
    domain: int, payload: str, name: str, parameters: dict[str, Any]
) -> None:
    [invocation] = read(domain, bytes.fromhex(payload))
    plain_name, plain = rest_commands.parse(name, parameters)
    assert invocation.name == plain_name == name
    assert invocation.parameters == plain


def test_every_command_that_can_be_signed_is_in_the_table() -> None:
    tested = {name for _, _, name, _ in PAYLOADS}
    never_signed = {name for name, command in COMMANDS.items() if command.is_rest_only}
    community_only = {
        "charge_on_solar",
        "navigation_gps_request",
        "navigation_waypoints_request",
        "remote_auto_steering_wheel_heat_climate_request",
        "remote_boombox",
        "remote_steering_wheel_heat_level_request",
        "take_drivenote",
        "update_charge_on_solar",
    }
    assert set(COMMANDS) - tested == never_signed | community_only, (
        "add the signed bytes of each of these to PAYLOADS, and read them in signed_actions.py"
    )


def test_several_seats_in_one_message() -> None:
    action = car_server_pb2.Action()
    for _ in range(2):
        seat = action.vehicleAction.hvacSeatHeaterActions.hvacSeatHeaterAction.add()
        seat.SEAT_HEATER_LOW.SetInParent()
        seat.CAR_SEAT_REAR_RIGHT.SetInParent()
    assert (
        read(3, action.SerializeToString())
        == [Invocation("remote_seat_heater_request", {"seat_position": 5, "level": 1})] * 2
    )


@pytest.mark.parametrize(("level", "meaning"), [(1, 0), (2, 1), (3, 3), (0, -1)])
def test_levels_of_the_steering_wheel(level: int, meaning: int) -> None:
    action = car_server_pb2.Action()
    action.vehicleAction.stwHeatLevelAction.stw_heat_level = level  # type: ignore[assignment]
    action.vehicleAction.stwHeatLevelAction.SetInParent()
    [invocation] = read(3, action.SerializeToString())
    assert invocation == Invocation("remote_steering_wheel_heat_level_request", {"level": meaning})


@pytest.mark.parametrize(
    ("closure", "move", "invocation"),
    [
        ("rearTrunk", 3, Invocation("actuate_trunk", {"which_trunk": "rear", "move": "open"})),
        ("rearTrunk", 4, Invocation("actuate_trunk", {"which_trunk": "rear", "move": "close"})),
        ("chargePort", 3, Invocation("charge_port_door_open")),
        ("chargePort", 4, Invocation("charge_port_door_close")),
    ],
)
def test_closures(closure: str, move: int, invocation: Invocation) -> None:
    message = vcsec_pb2.UnsignedMessage()
    setattr(message.closureMoveRequest, closure, move)
    assert read(2, message.SerializeToString()) == [invocation]


@pytest.mark.parametrize(
    ("domain", "payload", "fault"),
    [
        (3, "ff", 10),  # no message
        (2, "ff", 10),
        (3, "", 9),  # an empty request
        (2, "", 9),
        (3, "1200", 9),  # a vehicle action without an action
        (3, "12020a00", 9),  # getVehicleData, which this car does not answer
        (3, "12023200", 9),  # start or stop charging: neither
        (2, "101e", 9),  # RKE_ACTION_WAKE_VEHICLE is for Bluetooth
        (2, "22020801", 9),  # a door that no motor moves
    ],
)
def test_payloads_that_cannot_be_run(domain: int, payload: str, fault: int) -> None:
    with pytest.raises(Fault) as caught:
        read(domain, bytes.fromhex(payload))
    assert caught.value.number == fault


# Plain commands


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("actuate_trunk", {}, "which_trunk"),
        ("actuate_trunk", {"which_trunk": "side"}, "which_trunk"),
        ("set_charge_limit", {"percent": "80"}, "percent"),
        ("set_charge_limit", {"percent": True}, "percent"),
        ("set_charge_limit", {"percent": 80.5}, "percent"),
        ("set_sentry_mode", {"on": 1}, "on"),
        ("set_temps", {"driver_temp": "21"}, "driver_temp"),
        ("add_charge_schedule", {"days_of_week": "Tue"}, "days_of_week"),
        ("set_climate_keeper_mode", {"climate_keeper_mode": 4}, "climate_keeper_mode"),
        ("remote_seat_heater_request", {"seat_position": 9, "level": 1}, "seat_position"),
        ("trigger_homelink", {"lat": 52.0}, "lon"),
    ],
)
def test_bodies_that_do_not_fit(name: str, body: dict[str, Any], field: str) -> None:
    with pytest.raises(rest_commands.InvalidBody) as caught:
        rest_commands.parse(name, body)
    assert caught.value.field == field
    assert caught.value.status == 400


def test_a_command_that_does_not_exist() -> None:
    with pytest.raises(rest_commands.UnknownCommand):
        rest_commands.parse("make_coffee", {})
    assert not rest_commands.must_be_signed("make_coffee")


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("door_lock", True),
        ("remote_boombox", True),
        ("navigation_gps_request", True),
        ("navigation_request", False),
        ("share", False),
        ("set_managed_charger_location", False),
    ],
)
def test_commands_that_must_be_signed(name: str, *, signed: bool) -> None:
    assert rest_commands.must_be_signed(name) is signed


@pytest.mark.parametrize(
    ("name", "narrow"),
    [
        ("charge_start", True),
        ("set_charge_limit", True),
        ("charge_port_door_open", True),
        ("add_precondition_schedule", True),
        ("door_lock", False),
        ("set_temps", False),
    ],
)
def test_the_charging_scope_covers_charging(name: str, *, narrow: bool) -> None:
    assert ("vehicle_charging_cmds" in rest_commands.scopes(name)) is narrow
    assert "vehicle_cmds" in rest_commands.scopes(name)


def test_the_old_name_of_a_seat() -> None:
    _, parameters = rest_commands.parse("remote_seat_heater_request", {"heater": 1, "level": 2})
    assert parameters == {"seat_position": 1, "level": 2}
