"""Commands for software, name, power modes and user data."""

from simulator.commands.command import Parameters, command, flag, require_park, text, whole
from simulator.refusals import Refused
from simulator.vehicle.life import Life


def _vehicle_name(_: Life, __: Parameters) -> None:
    """The name is the car's own; `Car` applies it after the command ran."""


def _schedule_update(life: Life, parameters: Parameters) -> None:
    if life.software.status not in ("available", "scheduled"):
        raise Refused("no_update_available")  # own word
    life.software.schedule(max(parameters["offset_sec"], 0), life.time)


def _cancel_update(life: Life, _: Parameters) -> None:
    life.software.cancel()


def _keep_accessory(life: Life, parameters: Parameters) -> None:
    life.access.keep_accessory_power = parameters["enable"]


def _low_power(life: Life, parameters: Parameters) -> None:
    life.access.low_power_mode = parameters["enable"]


def _erase(life: Life, _: Parameters) -> None:
    require_park(life)
    if not life.access.guest_mode:
        raise Refused("not allowed")
    life.destination = None
    life.media.favourite = 0


COMMANDS = (
    command("set_vehicle_name", _vehicle_name, text("vehicle_name"), is_signed_only=True),
    command("schedule_software_update", _schedule_update, whole("offset_sec")),
    command("cancel_software_update", _cancel_update),
    command("keep_accessory_power_mode", _keep_accessory, flag("enable")),
    command("set_low_power_mode", _low_power, flag("enable")),
    command("erase_user_data", _erase),
)
"""The table of these commands."""
