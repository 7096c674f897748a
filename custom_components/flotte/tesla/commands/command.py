"""Commands, and the helpers that build them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2, common_pb2, vcsec_pb2

from ..errors import InvalidCommand
from ..signals import KILOMETRES_PER_MILE
from ..signing import Domain
from ..state import Signal

COMMANDS: Final = frozenset({"vehicle_cmds"})
CHARGING: Final = frozenset({"vehicle_cmds", "vehicle_charging_cmds"})
"""Either of the two scopes is enough."""
ENERGY: Final = frozenset({"energy_cmds"})

Action: Final = car_server_pb2.VehicleAction
Unsigned: Final = vcsec_pb2.UnsignedMessage
VOID: Final = common_pb2.Void()
"""A member whose presence is its value."""


@dataclass(frozen=True, kw_only=True)
class Hindrance:
    """A state of the vehicle in which it certainly refuses a command."""

    signal: Signal[str]
    values: frozenset[str]
    reason: str
    """Translation key, the same as for the vehicle's own refusal."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One thing to be done, ready to be sent. Its representation shows no PIN."""

    name: str
    """Tesla's REST name: `command/{name}` for vehicles, the last part of the path for sites."""
    domain: Domain | None = None
    """Computer that handles it in the vehicle; None if it only exists as a REST request."""
    payload: bytes = field(default=b"", repr=False)
    """Serialised `VCSEC.UnsignedMessage` or `CarServer.Action`, before signing."""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The JSON body of the REST form."""
    rest: bool = True
    """Whether the REST form exists, for cars without the protocol."""
    scopes: frozenset[str] = COMMANDS
    """Any one of them is enough."""
    repeatable: bool = True
    """Whether doing it twice is the same as doing it once."""
    expects: Mapping[Signal[Any], Any] = field(default_factory=dict)
    """State that it should bring about."""
    requires: Mapping[Signal[Any], Any] = field(default_factory=dict)
    """State that must be known right before: the guard of commands that toggle."""
    preparation: Command | None = field(default=None, compare=False)
    """Command that the vehicle needs first: it refuses this command unless it is as the preparation
    `expects`. Both go to the same part of the vehicle. It is left out if that is so already, and
    for what waited, which is the same command without it."""
    hindrance: Hindrance | None = None
    """While it is known to be so, the command is refused without being sent, which is free."""
    already: frozenset[str] = frozenset()
    """Refusals that mean it was so before, beside those that say "already ..."."""
    undoes_itself: bool = False
    """Whether the vehicle reverts it on its own, as a released cable that latches again. Then no
    reading, however fresh, says that it is still so."""
    supersedes: str | None = None
    """Settings with the same word here overtake each other while they wait: the newest wins."""


def security(message: vcsec_pb2.UnsignedMessage) -> dict[str, Any]:
    """Domain and payload of what the security computer handles."""
    return {"domain": Domain.VEHICLE_SECURITY, "payload": message.SerializeToString()}


def infotainment(action: car_server_pb2.VehicleAction) -> dict[str, Any]:
    """Domain and payload of what the infotainment computer handles."""
    payload = car_server_pb2.Action(vehicleAction=action).SerializeToString()
    return {"domain": Domain.INFOTAINMENT, "payload": payload}


def is_vehicle_action(payload: bytes) -> bool:
    """Whether this is what `infotainment` makes, and not empty."""
    try:
        return car_server_pb2.Action.FromString(payload).vehicleAction.ByteSize() > 0
    except DecodeError:
        return False


def between(setting: str, value: float, lowest: float, highest: float) -> None:
    """Raise InvalidCommand unless `lowest` <= `value` <= `highest`."""
    if not lowest <= value <= highest:
        _not_allowed(setting, f"{value:g}", f"{lowest:g} … {highest:g}")


def miles_per_hour(setting: str, kilometres_per_hour: float, lowest: int, highest: int) -> int:
    """The whole miles per hour that Tesla wants; raises InvalidCommand outside of its range."""
    miles = kilometres_per_hour / KILOMETRES_PER_MILE
    between(setting, miles, lowest - 0.5, highest + 0.5)
    whole = round(miles)
    between(setting, whole, lowest, highest)
    return whole


def among(setting: str, value: str, options: tuple[str, ...]) -> None:
    """Raise InvalidCommand unless `value` is one of `options`."""
    if value not in options:
        _not_allowed(setting, value, ", ".join(options))


_PIN_LENGTH: Final = 4


def four_digits(pin: str) -> None:
    """Raise InvalidCommand unless `pin` is four digits; the error does not repeat it."""
    if len(pin) != _PIN_LENGTH or not (pin.isascii() and pin.isdigit()):
        _not_allowed("PIN", "****", "0000 … 9999")


def minutes_of_day(setting: str, minutes: int) -> None:
    """Raise InvalidCommand unless `minutes` after midnight lie within the day."""
    between(setting, minutes, 0, 24 * 60 - 1)


def _not_allowed(setting: str, value: str, allowed: str) -> NoReturn:
    raise InvalidCommand(
        f"{setting}: {value}, allowed: {allowed}", setting=setting, value=value, allowed=allowed
    )
