"""Plain commands: `POST /api/1/vehicles/{vin}/command/{name}` with a JSON body.

Names and fields: Tesla, "Vehicle commands". A body that lacks a required field, or has a word or a
kind of value without a meaning for the command, is refused as a whole (InvalidBody); nothing is
guessed, and numbers in quotes are not numbers.
"""

from typing import Any

from simulator.commands import COMMANDS, Parameter, Parameters, out_of_range
from simulator.refusals import InvalidBody, UnknownCommand

__all__ = ["InvalidBody", "UnknownCommand", "must_be_signed", "parse", "scopes"]

CHARGING_SCOPES = frozenset({"vehicle_cmds", "vehicle_charging_cmds"})
COMMAND_SCOPES = frozenset({"vehicle_cmds"})
MAX_INTEGER = (1 << 64) - 1
"""The maximum of any field of any command (schedule ids are 64 bits wide)."""
ALIASES = {"share": "navigation_request", "update_calendar_entries": "upcoming_calendar_entries"}
"""Older names of the same commands."""

_DAYS = {
    "SUN": 1,
    "SUNDAY": 1,
    "MON": 2,
    "MONDAY": 2,
    "TUES": 4,
    "TUESDAY": 4,
    "WED": 8,
    "WEDNESDAY": 8,
    "THURS": 16,
    "THURSDAY": 16,
    "FRI": 32,
    "FRIDAY": 32,
    "SAT": 64,
    "SATURDAY": 64,
    "WEEKDAYS": 62,
    "ALL": 127,
}
"""Exactly these names are known; TUE and THU are not. Source: Tesla's proxy."""


def must_be_signed(name: str) -> bool:
    """Whether a car that requires the protocol refuses this command unsigned (403).

    Names that do not exist need no signature: they are refused as unknown.
    """
    command = COMMANDS.get(ALIASES.get(name, name))
    return command is not None and not command.is_rest_only


def scopes(name: str) -> frozenset[str]:
    """The scopes of which any one is enough for a plain command."""
    command = COMMANDS.get(ALIASES.get(name, name))
    return CHARGING_SCOPES if command is not None and command.is_charging else COMMAND_SCOPES


def parse(name: str, body: dict[str, Any]) -> tuple[str, Parameters]:
    """The command's name in the table, and all of its parameters.

    Raises UnknownCommand, or InvalidBody naming the field.
    """
    command = COMMANDS.get(ALIASES.get(name, name))
    if command is None:
        raise UnknownCommand(name)
    if not isinstance(body, dict):
        raise InvalidBody("body", "must be an object")
    body = _old_names(command.name, body)
    parameters = {
        parameter.name: _value(parameter, body.get(parameter.name))
        for parameter in command.parameters
    }
    if command.name == "window_control":
        # The location matters only to old cars, which require it in the caller's body.
        parameters |= {key: body[key] for key in ("lat", "lon") if key in body}
    wrong = out_of_range(command.name, parameters)
    if wrong is not None:
        raise InvalidBody(wrong, "out of range")
    return command.name, parameters


def _old_names(name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Convert alternative spellings to the canonical one."""
    if name == "remote_seat_heater_request" and "seat_position" not in body:
        return {**body, "seat_position": body.get("heater")}
    if isinstance(body.get("days_of_week"), str):
        return {**body, "days_of_week": _days(body["days_of_week"])}
    return body


def _days(text: str) -> int:
    mask = 0
    for word in text.split(","):
        day = _DAYS.get(word.strip().upper())
        if day is None:
            raise InvalidBody("days_of_week", f"unknown day {word.strip()!r}")
        mask |= day
    return mask


def _value(parameter: Parameter, value: Any) -> Any:  # noqa: ANN401 - JSON comes in and goes out
    """A validated field of the body."""
    if value is None:
        if parameter.is_required:
            raise InvalidBody(parameter.name, "missing")
        return parameter.default
    if not _is_kind(value, parameter.kind):
        raise InvalidBody(parameter.name, f"must be {parameter.kind.__name__}")
    if parameter.words is not None and value not in parameter.words:
        raise InvalidBody(parameter.name, "invalid_value")
    if parameter.kind is int:
        if abs(value) > MAX_INTEGER:
            raise InvalidBody(parameter.name, "out of range")
        return int(value)
    if parameter.kind is not float:
        return value
    try:
        return float(value)
    except OverflowError as error:
        raise InvalidBody(parameter.name, "out of range") from error


def _is_kind(value: object, kind: type) -> bool:
    """Whether a JSON value is of a kind; true and false are no numbers, 5.0 is a whole number."""
    if kind is bool or isinstance(value, bool):
        return kind in (bool, object) and isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    if kind is float:
        return isinstance(value, int | float)
    return isinstance(value, kind)
