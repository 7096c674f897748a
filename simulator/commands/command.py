"""The row of a command, its parameters, and helpers of several commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.refusals import Refused
from simulator.vehicle.life import Life

type Parameters = dict[str, Any]

# Errors.GenericError_E, the answer of the security domain (errors.proto).
CLOSURES_OPEN = 2
DISABLED_FOR_USER_COMMAND = 4
VEHICLE_NOT_IN_PARK = 5
NOT_SUPPORTED = 9


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One field of a command's JSON body."""

    name: str
    kind: type
    """bool, int, float (accepts whole numbers too), str or dict."""
    is_required: bool = True
    words: tuple[str, ...] | None = None
    """The only texts with a meaning."""
    default: Any = None


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command with its parameters and its effect."""

    name: str
    run: Callable[[Life, Parameters], None]
    parameters: tuple[Parameter, ...] = ()
    is_charging: bool = False
    """Whether the scope `vehicle_charging_cmds` is enough."""
    is_rest_only: bool = False
    """Whether even cars that require the protocol accept it unsigned."""
    is_signed_only: bool = False
    """Whether REST answers on every car that the command needs the protocol."""


def require_park(life: Life) -> None:
    """Refuse the command unless the car is in park."""
    if not life.is_parked:
        raise Refused("vehicle_not_in_park", VEHICLE_NOT_IN_PARK)


def do_nothing(_: Life, __: Parameters) -> None:
    """Report success without a visible effect."""


def flag(name: str, *, is_required: bool = True) -> Parameter:
    """A parameter that is true or false."""
    return Parameter(name=name, kind=bool, is_required=is_required, default=False)


def number(name: str, *, is_required: bool = True, default: float = 0) -> Parameter:
    """A parameter that is a number."""
    return Parameter(name=name, kind=float, is_required=is_required, default=default)


def whole(name: str, *, is_required: bool = True, default: int = 0) -> Parameter:
    """A parameter that is a whole number."""
    return Parameter(name=name, kind=int, is_required=is_required, default=default)


def text(name: str, *words: str, is_required: bool = True) -> Parameter:
    """A parameter that is a text, one of `words` if any are given."""
    return Parameter(name=name, kind=str, is_required=is_required, words=words or None, default="")


def command(
    name: str,
    run: Callable[[Life, Parameters], None],
    *parameters: Parameter,
    is_rest_only: bool = False,
    is_signed_only: bool = False,
) -> Command:
    """Return the row of a command that needs the scope `vehicle_cmds`."""
    return Command(
        name=name,
        run=run,
        parameters=parameters,
        is_rest_only=is_rest_only,
        is_signed_only=is_signed_only,
    )


def charge_command(
    name: str, run: Callable[[Life, Parameters], None], *parameters: Parameter
) -> Command:
    """Return the row of a command for which `vehicle_charging_cmds` is enough."""
    return Command(name=name, run=run, parameters=parameters, is_charging=True)


PLACE = (number("lat"), number("lon"))
