"""Commands, and the helpers that build them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from google.protobuf.message import DecodeError
from tesla_protocol.command import car_server_pb2, common_pb2, vcsec_pb2

from ..errors import InvalidCommand
from ..signals import KILOMETRES_PER_MILE
from ..signing import Domain
from ..state import Derived, Signal

VEHICLE_COMMAND_SCOPES: Final = frozenset({"vehicle_cmds"})
CHARGING_COMMAND_SCOPES: Final = frozenset({"vehicle_cmds", "vehicle_charging_cmds"})
"""Either of the two scopes is enough."""
ENERGY_COMMAND_SCOPES: Final = frozenset({"energy_cmds"})

InfotainmentAction: Final = car_server_pb2.VehicleAction
Unsigned: Final = vcsec_pb2.UnsignedMessage
VOID: Final = common_pb2.Void()
"""An empty message, whose presence is its value."""


@dataclass(frozen=True, kw_only=True)
class Hindrance:
    """A state in which the vehicle certainly refuses a command."""

    signal: Signal[str]
    values: frozenset[str]
    reason: str
    """Translation key of the vehicle's own refusal."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, ready to be sent. Its representation shows no PIN."""

    name: str
    """Tesla's REST name: `command/{name}` for vehicles, the last part of the path for sites."""
    domain: Domain | None = None
    """Computer that handles it in the vehicle; None if it exists only as a REST request."""
    payload: bytes = field(default=b"", repr=False)
    """Serialised `VCSEC.UnsignedMessage` or `CarServer.Action`, before signing."""
    parameters: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The JSON body of the REST form."""
    rest: bool = True
    """Whether the REST form exists, for vehicles without the protocol."""
    scopes: frozenset[str] = VEHICLE_COMMAND_SCOPES
    """Scopes, any one of which is enough."""
    repeatable: bool = True
    """Whether running it twice has the effect of running it once."""
    expects: Mapping[Signal[Any], Any] = field(default_factory=dict)
    """Expected effect."""
    requires: Mapping[Signal[Any], Any] = field(default_factory=dict)
    """State that the vehicle must have just reported, for commands that toggle."""
    preparation: Command | None = field(default=None, compare=False)
    """Command that has to run first: without its effect, the vehicle refuses this command. Both go
    to the same part of the vehicle. It is skipped if its effect is there already, and dropped from
    deferred commands."""
    prepared_by: Derived[bool] | None = None
    """If true, the effect of the preparation is there already; None if `preparation.expects`
    decides."""
    measured: frozenset[Signal[Any]] = frozenset()
    """Signals of `expects` that the vehicle measures. They reach their value gradually or never, so
    they are not assumed, and the command is not deferred. It wakes no vehicle."""
    hindrance: Hindrance | None = None
    """If the vehicle is known to be in this state, the command is refused without being sent, which
    is free."""
    already: frozenset[str] = frozenset()
    """Refusals that mean "already done", in addition to those that begin with "already"."""
    undoes_itself: bool = False
    """Whether the vehicle reverts it on its own, such as a released cable that latches again. If
    so, no reading is fresh enough to skip the command."""
    unproven: bool = False
    """Whether Tesla's own libraries lack its signed form, so that a vehicle may not know it. Once a
    vehicle has refused it as unknown, it is not sent again until the vehicle's software changes."""
    read: Callable[[bytes], Mapping[Signal[Any], Any] | None] | None = None
    """If the command only asks for values: reads them from the vehicle's reply, or returns None if
    it has none. It wakes no vehicle, and readings stay as certain as they were."""
    awake_only: bool = False
    """Whether it is not worth a wake: a vehicle that turns out to be asleep is not woken for it."""
    supersedes: str | None = None
    """Kind of setting. Of several waiting settings of one kind, only the newest is sent."""

    @property
    def wakes(self) -> bool:
        """Whether the vehicle may be woken for it."""
        return self.read is None and not self.measured and not self.awake_only

    @property
    def assumed(self) -> Mapping[Signal[Any], Any]:
        """The part of the expected effect that is assumed until it is reported."""
        return {each: value for each, value in self.expects.items() if each not in self.measured}


def security(message: vcsec_pb2.UnsignedMessage) -> dict[str, Any]:
    """Domain and payload of a command for the security computer."""
    return {"domain": Domain.VEHICLE_SECURITY, "payload": message.SerializeToString()}


def infotainment(action: car_server_pb2.VehicleAction) -> dict[str, Any]:
    """Domain and payload of a command for the infotainment computer."""
    payload = car_server_pb2.Action(vehicleAction=action).SerializeToString()
    return {"domain": Domain.INFOTAINMENT, "payload": payload}


def is_vehicle_action(payload: bytes) -> bool:
    """Whether a payload is one that `infotainment` creates, and not empty."""
    try:
        return car_server_pb2.Action.FromString(payload).vehicleAction.ByteSize() > 0
    except DecodeError:
        return False


def between(setting: str, value: float, lowest: float, highest: float) -> None:
    """Raise InvalidCommand unless `lowest` <= `value` <= `highest`."""
    if not lowest <= value <= highest:
        _not_allowed(setting, f"{value:g}", f"{lowest:g} … {highest:g}")


def miles_per_hour(setting: str, kilometres_per_hour: float, lowest: int, highest: int) -> int:
    """Convert to whole miles per hour, which Tesla expects; raises InvalidCommand out of range."""
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
    """Raise InvalidCommand unless `minutes` is a time of day, in minutes after midnight."""
    between(setting, minutes, 0, 24 * 60 - 1)


def _not_allowed(setting: str, value: str, allowed: str) -> NoReturn:
    raise InvalidCommand(
        f"{setting}: {value}, allowed: {allowed}", setting=setting, value=value, allowed=allowed
    )
