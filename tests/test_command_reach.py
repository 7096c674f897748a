"""Every command of Tesla's vehicles has an entity or an action, or a reason why it has none."""

import ast
import inspect
import re
from pathlib import Path
from typing import Final

import custom_components.flotte
from custom_components.flotte.services.vehicle import ACTIONS
from custom_components.flotte.tesla import commands
from simulator.commands import COMMANDS
from tests.test_entity_tables import VEHICLE

HERE: Final = Path(custom_components.flotte.__file__).parent

REACHED: Final = {
    "actuate_trunk": "cover.trunk",
    "add_charge_schedule": "action.add_charge_schedule",
    "add_precondition_schedule": "action.add_precondition_schedule",
    "adjust_volume": "media_player.media",
    "auto_conditioning_start": "climate.climate",
    "auto_conditioning_stop": "climate.climate",
    "cancel_software_update": "action.cancel_software_update",
    "charge_on_solar": "action.read_charge_on_solar",
    "charge_port_door_close": "cover.charge_port",
    "charge_port_door_open": "cover.charge_port",
    "charge_start": "switch.charge",
    "charge_stop": "switch.charge",
    "clear_pin_to_drive_admin": "action.clear_pin_to_drive",
    "close_tonneau": "cover.tonneau",
    "door_lock": "lock.doors",
    "door_unlock": "lock.doors",
    "flash_lights": "button.flash_lights",
    "guest_mode": "switch.guest_mode",
    "honk_horn": "button.honk_horn",
    "keep_accessory_power_mode": "switch.keep_accessory_power",
    "media_next_fav": "action.media",
    "media_next_track": "media_player.media",
    "media_prev_fav": "action.media",
    "media_prev_track": "media_player.media",
    "media_toggle_playback": "action.media",
    "media_volume_down": "media_player.media",
    "media_volume_up": "media_player.media",
    "navigation_gps_request": "action.navigate_to_position",
    "navigation_request": "action.navigate",
    "navigation_sc_request": "action.navigate_to_supercharger",
    "navigation_waypoints_request": "action.navigate_waypoints",
    "open_tonneau": "cover.tonneau",
    "parental_controls_activate": "action.activate_parental_controls",
    "parental_controls_clear_pin_admin": "action.clear_parental_pin",
    "parental_controls_deactivate": "action.activate_parental_controls",
    "parental_controls_enable_setting": "action.set_parental_control",
    "parental_controls_set_speed_limit": "action.set_parental_speed_limit",
    "remote_auto_seat_climate_request": "switch.auto_seat_left",
    "remote_auto_steering_wheel_heat_climate_request": "switch.auto_steering_wheel",
    "remote_boombox": "button.boombox",
    "remote_seat_cooler_request": "select.seat_cooler_left",
    "remote_seat_heater_request": "select.seat_heater_left",
    "remote_start_drive": "button.remote_start",
    "remote_steering_wheel_heat_level_request": "select.steering_wheel_level",
    "remote_steering_wheel_heater_request": "select.steering_wheel_heater",
    "remove_charge_schedule": "action.remove_charge_schedule",
    "remove_precondition_schedule": "action.remove_precondition_schedule",
    "reset_pin_to_drive_pin": "action.reset_pin_to_drive",
    "reset_valet_pin": "action.reset_valet_pin",
    "schedule_software_update": "update.software_update",
    "set_bioweapon_mode": "switch.bioweapon_mode",
    "set_cabin_overheat_protection": "climate.cabin_overheat_protection",
    "set_charge_limit": "number.charge_limit",
    "set_charging_amps": "number.charge_current",
    "set_climate_keeper_mode": "climate.climate",
    "set_cop_temp": "climate.cabin_overheat_protection",
    "set_low_power_mode": "switch.low_power_mode",
    "set_pin_to_drive": "action.set_pin_to_drive",
    "set_preconditioning_max": "switch.defrost",
    "set_scheduled_charging": "action.set_scheduled_charging",
    "set_scheduled_departure": "action.set_scheduled_departure",
    "set_sentry_mode": "switch.sentry_mode",
    "set_temps": "climate.climate",
    "set_valet_mode": "action.set_valet_mode",
    "set_vehicle_name": "action.set_vehicle_name",
    "speed_limit_activate": "action.activate_speed_limit",
    "speed_limit_clear_pin": "action.clear_speed_limit_pin",
    "speed_limit_clear_pin_admin": "action.clear_speed_limit_pin",
    "speed_limit_deactivate": "action.activate_speed_limit",
    "speed_limit_set_limit": "action.set_speed_limit",
    "stop_tonneau": "cover.tonneau",
    "sun_roof_control": "cover.sunroof",
    "take_drivenote": "action.take_drive_note",
    "trigger_homelink": "button.homelink",
    "upcoming_calendar_entries": "action.send_calendar",
    "update_charge_on_solar": "switch.charge_on_solar",
    "wake_up": "button.wake",
    "window_control": "cover.windows",
}
"""One entity or action that sends each command."""

REFUSED: Final = {
    "batch_remove_charge_schedules": "`remove_charge_schedule` removes what `list_schedules` lists",
    "batch_remove_precondition_schedules": (
        "`remove_precondition_schedule` removes what `list_schedules` lists"
    ),
    "charge_max_range": "`number.charge_limit` sets the limit that it stands for",
    "charge_standard": "`number.charge_limit` sets the limit that it stands for",
    "erase_user_data": "irreversible, and a car neither asks again nor reports it",
    "set_managed_charge_current_request": "no signed form, and undocumented since 2025",
    "set_managed_charger_location": "no signed form, and undocumented since 2025",
    "set_managed_scheduled_charging_time": "no signed form, and undocumented since 2025",
}
"""The commands without one, and the reason."""

FUNCTIONS: Final = {
    "close_tonneau": "move_tonneau",
    "open_tonneau": "move_tonneau",
    "stop_tonneau": "move_tonneau",
    # A part of the vehicle sends these.
    "charge_on_solar": "read_charge_on_solar",
    "update_charge_on_solar": "charge_on_solar",
}
"""Commands whose function is not used by its name, and what is used instead."""


def functions_of(name: str) -> set[str]:
    """The functions of the command table that make a command of this name."""
    if name in FUNCTIONS:
        return {FUNCTIONS[name]}
    return {
        each
        for each, function in vars(commands).items()
        if inspect.isfunction(function)
        for node in ast.walk(ast.parse(inspect.getsource(function)))
        if isinstance(node, ast.Constant) and node.value == name
    }


def test_every_command_is_reached_or_refused() -> None:
    """`wake_up` is no command of the table: it has an endpoint and a price of its own."""
    assert {*REACHED, *REFUSED} == {*COMMANDS, "wake_up"}
    assert set(REACHED) & set(REFUSED) == set()
    # Tesla documents 84; the two of Charge on Solar are known from the community only.
    assert len({*REACHED, *REFUSED}) == 86
    existing = {f"{platform}.{row.key}" for platform, table in VEHICLE.items() for row in table}
    existing |= {f"action.{action.name}" for action in ACTIONS}
    assert set(REACHED.values()) - existing == set()


def test_the_platform_of_a_command_uses_its_function() -> None:
    """An entity that exists proves nothing yet: its platform has to send the command."""
    used = {}
    for platform in {target.partition(".")[0] for target in REACHED.values()}:
        module = "services/vehicle.py" if platform == "action" else f"{platform}.py"
        used[platform] = set(re.findall(r"\w+", (HERE / module).read_text("utf-8")))
    for name, target in REACHED.items():
        if name != "wake_up":
            functions = functions_of(name)
            assert functions, name
            assert functions & used[target.partition(".")[0]], f"{name}: {target}"


def test_no_refused_command_is_used() -> None:
    code = "\n".join(
        path.read_text("utf-8")
        for path in HERE.rglob("*.py")
        if "tesla" not in path.relative_to(HERE).parts
    )
    words = set(re.findall(r"\w+", code))
    for name in REFUSED:
        assert functions_of(name) & words == set(), f"{name} is reached now: move it to REACHED"


def test_the_document_names_exactly_the_refused_commands() -> None:
    document = (HERE.parents[1] / "docs" / "actions.md").read_text("utf-8")
    section = document.partition("\n## Unsupported commands\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"`(\w+)`", section)) & set(COMMANDS) == set(REFUSED)
