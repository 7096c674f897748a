"""The effect of every command on a car, by the topics of the integration's `tesla/commands/`.

A signed action and a REST body are both turned into a name of this table and its parameters (with
the names and units of the REST documentation), so that they cannot mean different things. A command
that does not run raises Refused with the car's reason. Reasons without a published source are the
simulator's own and marked "own word".

Sources: Tesla, "Vehicle commands" (January 2025 to August 2026); vehicle-command,
pkg/proxy/command.go and pkg/vehicle (July 2026); reasons as public issue reports quote them.
"""

import math

from simulator.commands import charging, climate, closures, driving, media, software
from simulator.commands.climate import COP_LEVELS, MAX_LEVEL
from simulator.commands.command import Command, Parameter, Parameters
from simulator.refusals import Refused
from simulator.vehicle.climate import KEEPER_MODES, SEATS
from simulator.vehicle.life import Life

__all__ = ["COMMANDS", "Command", "Parameter", "Parameters", "out_of_range", "run"]

COMMANDS: dict[str, Command] = {
    command.name: command
    for topic in (charging, climate, closures, driving, media, software)
    for command in topic.COMMANDS
}
"""Every command by its REST name."""

_RANGES: dict[tuple[str, str], range] = {
    ("set_climate_keeper_mode", "climate_keeper_mode"): range(len(KEEPER_MODES)),
    ("set_cop_temp", "cop_temp"): range(len(COP_LEVELS)),
    ("remote_seat_heater_request", "seat_position"): range(len(SEATS)),
    ("remote_seat_heater_request", "level"): range(MAX_LEVEL + 1),
    ("remote_seat_cooler_request", "seat_position"): range(1, 3),
    ("remote_seat_cooler_request", "seat_cooler_level"): range(MAX_LEVEL + 1),
    ("remote_auto_seat_climate_request", "auto_seat_position"): range(1, 3),
    ("remote_steering_wheel_heat_level_request", "level"): range(MAX_LEVEL + 1),
}


def out_of_range(name: str, parameters: Parameters) -> str | None:
    """The first parameter with a value outside of its range of meanings, if any."""
    for (command, parameter), allowed in _RANGES.items():
        if command == name and parameters[parameter] not in allowed:
            return parameter
    return None


def run(life: Life, name: str, parameters: Parameters) -> None:
    """Run a command.

    Raises Refused when the car refuses, KeyError for a name that is not in the table.
    """
    if out_of_range(name, parameters) or not all(map(_is_finite, parameters.values())):
        raise Refused("invalid_value")  # own word
    COMMANDS[name].run(life, parameters)


def _is_finite(value: object) -> bool:
    """Whether a parameter is a finite number, or no number at all."""
    return not isinstance(value, float) or math.isfinite(value)
