"""Commands for charging, its timers and its schedules."""

from typing import Any

from simulator.commands.command import (
    PLACE,
    Parameters,
    charge_command,
    command,
    do_nothing,
    flag,
    number,
    text,
    whole,
)
from simulator.refusals import Refused
from simulator.vehicle.charging import FULL_PERCENT
from simulator.vehicle.life import Life

MINUTES_PER_DAY = 1440
_BATCH = tuple(flag(name, is_required=False) for name in ("home", "work", "other"))


def _charge_start(life: Life, _: Parameters) -> None:
    life.charging.begin(life.time)


def _charge_stop(life: Life, _: Parameters) -> None:
    life.charging.end()


def _charge_limit(life: Life, parameters: Parameters) -> None:
    life.charging.set_limit(parameters["percent"], life.time)


def _charge_standard(life: Life, _: Parameters) -> None:
    _charge_preset(life, 80, "already_standard")


def _charge_max_range(life: Life, _: Parameters) -> None:
    _charge_preset(life, FULL_PERCENT, "already_max_range")


def _charge_preset(life: Life, percent: int, already: str) -> None:
    if life.charging.limit_percent == percent:
        raise Refused(already)
    life.charging.set_limit(percent, life.time)


def _read_on_solar(life: Life, _: Parameters) -> None:
    """The answer itself is made by `cars`."""


def _update_on_solar(life: Life, parameters: Parameters) -> None:
    settings = life.charging.on_solar
    lower, upper = parameters["lower_charge_limit"], parameters["upper_charge_limit"]
    if settings is None or not 0 <= lower <= upper <= FULL_PERCENT:
        raise Refused("not_supported")  # own word
    settings.enabled, settings.lower, settings.upper = parameters["enabled"], lower, upper


def _charging_amps(life: Life, parameters: Parameters) -> None:
    life.charging.command_amps(parameters["charging_amps"], life.time)


def _scheduled_charging(life: Life, parameters: Parameters) -> None:
    schedule = life.charging.schedule
    if parameters["enable"]:
        schedule.mode = "StartAt"
        schedule.start_minutes = parameters["time"] % MINUTES_PER_DAY
    elif schedule.mode == "StartAt":
        schedule.mode = "Off"
        life.charging.reconsider(life.time)


def _scheduled_departure(life: Life, parameters: Parameters) -> None:
    schedule = life.charging.schedule
    if not parameters["enable"]:
        if schedule.mode == "DepartBy":
            schedule.mode = "Off"
        return
    schedule.mode = "DepartBy"
    schedule.departure_minutes = parameters["departure_time"] % MINUTES_PER_DAY
    schedule.off_peak_end_minutes = parameters["end_off_peak_time"]
    # weekdays_only wins over enabled (vehicle-command, pkg/proxy/command.go)
    weekdays = parameters["preconditioning_weekdays_only"]
    schedule.is_preconditioning = weekdays or parameters["preconditioning_enabled"]
    schedule.preconditioning_times = "weekdays" if weekdays else "all_week"
    weekdays = parameters["off_peak_charging_weekdays_only"]
    schedule.is_off_peak = weekdays or parameters["off_peak_charging_enabled"]
    schedule.off_peak_times = "weekdays" if weekdays else "all_week"


def _require_schedules(life: Life) -> None:
    if not life.software.knows_schedules:
        raise Refused("unsupported_firmware")  # own word


def _room_for(life: Life, plans: dict[int, dict[str, Any]], parameters: Parameters) -> int:
    """The id under which a schedule is stored; a new one needs room."""
    _require_schedules(life)
    key: int = parameters["id"] or int(life.time)
    if key not in plans and len(plans) >= life.plans.maximum:
        raise Refused("too_many_schedules")  # own word
    return key


def _add_charge_schedule(life: Life, parameters: Parameters) -> None:
    """A schedule with the same id is replaced."""
    key = _room_for(life, life.plans.charge, parameters)
    life.plans.charge[key] = {
        "id": key,
        "name": parameters["name"],
        "days_of_week": parameters["days_of_week"],
        "start_enabled": parameters["start_enabled"],
        "start_time": parameters["start_time"],
        "end_enabled": parameters["end_enabled"],
        "end_time": parameters["end_time"],
        "one_time": parameters["one_time"],
        "enabled": parameters["enabled"],
        "latitude": parameters["lat"],
        "longitude": parameters["lon"],
    }
    life.charging.reconsider(life.time)


def _add_precondition_schedule(life: Life, parameters: Parameters) -> None:
    key = _room_for(life, life.plans.precondition, parameters)
    life.plans.precondition[key] = {
        "id": key,
        "name": parameters["name"],
        "days_of_week": parameters["days_of_week"],
        "precondition_time": parameters["precondition_time"],
        "one_time": parameters["one_time"],
        "enabled": parameters["enabled"],
        "latitude": parameters["lat"],
        "longitude": parameters["lon"],
    }


def _remove_charge_schedule(life: Life, parameters: Parameters) -> None:
    _require_schedules(life)
    life.plans.charge.pop(parameters["id"], None)
    life.charging.reconsider(life.time)


def _remove_precondition_schedule(life: Life, parameters: Parameters) -> None:
    _require_schedules(life)
    life.plans.precondition.pop(parameters["id"], None)


def _batch_remove_charge(life: Life, parameters: Parameters) -> None:
    _batch_remove(life, life.plans.charge, parameters)
    life.charging.reconsider(life.time)


def _batch_remove_precondition(life: Life, parameters: Parameters) -> None:
    _batch_remove(life, life.plans.precondition, parameters)


def _batch_remove(life: Life, plans: dict[int, dict[str, Any]], parameters: Parameters) -> None:
    for key, plan in list(plans.items()):
        if parameters[_kind_of_place(life, plan["latitude"], plan["longitude"])]:
            del plans[key]


def _kind_of_place(life: Life, latitude: float, longitude: float) -> str:
    """`home`, `work` or `other`: two places within some hundred metres count as one."""
    near = 0.003
    for name, place in (("home", life.home), ("work", life.work)):
        if place is None:
            continue
        if abs(latitude - place[0]) < near and abs(longitude - place[1]) < near:
            return name
    return "other"


COMMANDS = (
    charge_command("charge_start", _charge_start),
    charge_command("charge_stop", _charge_stop),
    charge_command("charge_standard", _charge_standard),
    charge_command("charge_max_range", _charge_max_range),
    charge_command("set_charge_limit", _charge_limit, whole("percent")),
    charge_command("set_charging_amps", _charging_amps, whole("charging_amps")),
    charge_command(
        "set_scheduled_charging",
        _scheduled_charging,
        flag("enable"),
        whole("time", is_required=False),
    ),
    charge_command(
        "set_scheduled_departure",
        _scheduled_departure,
        flag("enable"),
        whole("departure_time", is_required=False),
        flag("preconditioning_enabled", is_required=False),
        flag("preconditioning_weekdays_only", is_required=False),
        flag("off_peak_charging_enabled", is_required=False),
        flag("off_peak_charging_weekdays_only", is_required=False),
        whole("end_off_peak_time", is_required=False),
    ),
    charge_command(
        "add_charge_schedule",
        _add_charge_schedule,
        whole("id", is_required=False),
        text("name", is_required=False),
        whole("days_of_week"),
        flag("start_enabled"),
        whole("start_time", is_required=False),
        flag("end_enabled"),
        whole("end_time", is_required=False),
        flag("one_time", is_required=False),
        flag("enabled"),
        *PLACE,
    ),
    charge_command(
        "add_precondition_schedule",
        _add_precondition_schedule,
        whole("id", is_required=False),
        text("name", is_required=False),
        whole("days_of_week"),
        whole("precondition_time"),
        flag("one_time", is_required=False),
        flag("enabled"),
        *PLACE,
    ),
    charge_command("remove_charge_schedule", _remove_charge_schedule, whole("id")),
    charge_command("remove_precondition_schedule", _remove_precondition_schedule, whole("id")),
    charge_command("batch_remove_charge_schedules", _batch_remove_charge, *_BATCH),
    charge_command("batch_remove_precondition_schedules", _batch_remove_precondition, *_BATCH),
    command("charge_on_solar", _read_on_solar),
    command(
        "update_charge_on_solar",
        _update_on_solar,
        flag("enabled"),
        number("lower_charge_limit"),
        number("upper_charge_limit"),
    ),
    command("set_managed_charge_current_request", do_nothing, is_rest_only=True),
    command("set_managed_charger_location", do_nothing, is_rest_only=True),
    command("set_managed_scheduled_charging_time", do_nothing, is_rest_only=True),
)
"""The table of these commands."""
