"""Commands for locks, trunks, windows, roofs and the charge port."""

from collections.abc import Callable

from simulator.commands.command import (
    CLOSURES_OPEN,
    DISABLED_FOR_USER_COMMAND,
    NOT_SUPPORTED,
    Parameters,
    charge_command,
    command,
    require_park,
    text,
)
from simulator.refusals import Refused
from simulator.vehicle.body import VENTED
from simulator.vehicle.life import Life
from simulator.vehicle.state import KEYLESS_SECONDS


def _door_lock(life: Life, _: Parameters) -> None:
    if life.body.has_open_closure:
        raise Refused("closures_open", CLOSURES_OPEN)
    life.lock()


def _door_unlock(life: Life, _: Parameters) -> None:
    life.body.is_locked = False


def _remote_start(life: Life, _: Parameters) -> None:
    if not life.remote_start_enabled:
        raise Refused("keyless_driving_disabled", DISABLED_FOR_USER_COMMAND)  # own word
    require_park(life)
    life.keyless_until = life.time + KEYLESS_SECONDS


def _actuate_trunk(life: Life, parameters: Parameters) -> None:
    """MOVE toggles a powered liftgate; a frunk and a plain boot lid can only be opened.

    The signed forms OPEN and CLOSE (`move`) work on parts with a motor that the car knows. An
    aftermarket lift reacts to the latch, and toggles like a powered liftgate.
    """
    require_park(life)
    move = parameters.get("move", "move")
    is_front = parameters["which_trunk"] == "front"
    model = life.model
    has_motor = (model.has_power_liftgate or model.has_aftermarket_lift) and not is_front
    if move == "close" and (is_front or not model.has_power_liftgate):
        raise Refused("not_supported", NOT_SUPPORTED)
    if is_front:
        life.body.frunk = 1
    elif move == "close":
        life.body.trunk = 0
    elif move == "move" and has_motor:
        life.body.trunk = 0 if life.body.trunk else 1
    else:
        life.body.trunk = 1


def _tonneau(position: str | None) -> Callable[[Life, Parameters], None]:
    """Move the cover to a position immediately; None stops it where it is."""

    def run(life: Life, _: Parameters) -> None:
        if not life.model.has_tonneau:
            raise Refused("not_supported", NOT_SUPPORTED)
        require_park(life)
        life.body.tonneau = position or life.body.tonneau

    return run


def _charge_port_open(life: Life, _: Parameters) -> None:
    """Open the door; with a cable in, unlatch it, unless current flows."""
    require_park(life)
    charging = life.charging
    if charging.supply is None:
        charging.port.open(life.time)
        return
    if charging.state in ("Charging", "Starting"):
        raise Refused("is_charging")  # own word for this command
    charging.port.unlatch(life.time)


def _charge_port_close(life: Life, _: Parameters) -> None:
    if life.charging.supply is not None:
        raise Refused("cable connected")
    if not life.model.has_motorized_charge_port:
        raise Refused("not_supported", NOT_SUPPORTED)
    if not life.charging.port.is_open:
        raise Refused("already closed")
    life.charging.port.close()


def _window_control(life: Life, parameters: Parameters) -> None:
    """Cars before the Model 3 close only for a caller nearby (Tesla's documentation)."""
    require_park(life)
    if parameters["command"] == "close" and life.model.closes_windows_nearby_only:
        place = (parameters.get("lat"), parameters.get("lon"))
        match place:
            case (int() | float() as latitude, int() | float() as longitude) if life.is_near(
                latitude, longitude
            ):
                pass
            case _:
                raise Refused("not_nearby")  # own word
    value = VENTED if parameters["command"] == "vent" else 0
    life.body.windows = dict.fromkeys(life.body.windows, value)


def _sun_roof(life: Life, parameters: Parameters) -> None:
    if not life.model.has_sunroof:
        raise Refused("not_supported", NOT_SUPPORTED)
    states = {"vent": "vent", "close": "closed", "open": "open", "stop": life.body.sunroof}
    life.body.sunroof = states[parameters["state"]]


COMMANDS = (
    command("door_lock", _door_lock),
    command("door_unlock", _door_unlock),
    command("remote_start_drive", _remote_start),
    command("actuate_trunk", _actuate_trunk, text("which_trunk", "front", "rear")),
    command("open_tonneau", _tonneau("FullyOpen")),
    command("close_tonneau", _tonneau("Closed")),
    command("stop_tonneau", _tonneau(None)),
    command("window_control", _window_control, text("command", "vent", "close")),
    command("sun_roof_control", _sun_roof, text("state", "stop", "close", "vent", "open")),
    charge_command("charge_port_door_open", _charge_port_open),
    charge_command("charge_port_door_close", _charge_port_close),
)
"""The table of these commands."""
