"""Locks, trunks, windows and ports."""

from typing import Any, Final

from tesla_protocol.command import car_server_pb2, vcsec_pb2

from .. import signals
from ..signals import Position
from ..state import Signal
from .command import (
    CHARGING_COMMAND_SCOPES,
    VOID,
    Command,
    Hindrance,
    InfotainmentAction,
    Unsigned,
    among,
    infotainment,
    security,
)


def lock_doors() -> Command:
    """Lock the doors. Refused while a door or trunk is open."""
    return Command(
        name="door_lock",
        **security(Unsigned(RKEAction=vcsec_pb2.RKE_ACTION_LOCK)),
        expects={signals.LOCKED: True},
    )


def unlock_doors() -> Command:
    """Unlock the doors. Not repeatable: a late copy could unlock a vehicle locked since."""
    return Command(
        name="door_unlock",
        **security(Unsigned(RKEAction=vcsec_pb2.RKE_ACTION_UNLOCK)),
        repeatable=False,
        expects={signals.LOCKED: False},
    )


def remote_start() -> Command:
    """Allow driving without a key for two minutes; the vehicle must have that enabled."""
    return Command(
        name="remote_start_drive",
        **security(Unsigned(RKEAction=vcsec_pb2.RKE_ACTION_REMOTE_DRIVE)),
    )


def open_frunk() -> Command:
    """Open the front trunk; it can only be closed by hand."""
    request = vcsec_pb2.ClosureMoveRequest(frontTrunk=vcsec_pb2.CLOSURE_MOVE_TYPE_MOVE)
    return Command(
        name="actuate_trunk",
        **security(Unsigned(closureMoveRequest=request)),
        parameters={"which_trunk": "front"},
        repeatable=False,
        expects={signals.FRUNK: True},
        requires={signals.FRUNK: False},
    )


def move_trunk(*, is_open: bool) -> Command:
    """Open or close the rear trunk.

    Tesla's command toggles a powered trunk, so it is only sent when the trunk is known to be in
    the other position.
    """
    request = vcsec_pb2.ClosureMoveRequest(rearTrunk=vcsec_pb2.CLOSURE_MOVE_TYPE_MOVE)
    return Command(
        name="actuate_trunk",
        **security(Unsigned(closureMoveRequest=request)),
        parameters={"which_trunk": "rear"},
        repeatable=False,
        expects={signals.TRUNK: is_open},
        requires={signals.TRUNK: not is_open},
    )


def open_charge_port() -> Command:
    """Open the charge port, or release the cable in it.

    The cable latches again after a minute, and a port without a cable closes some minutes later.
    """
    return Command(
        name="charge_port_door_open",
        **infotainment(InfotainmentAction(chargePortDoorOpen=car_server_pb2.ChargePortDoorOpen())),
        scopes=CHARGING_COMMAND_SCOPES,
        expects={signals.CHARGE_PORT_OPEN: True, signals.CHARGE_PORT_LATCH: "disengaged"},
        undoes_itself=True,
    )


def close_charge_port() -> Command:
    """Close the charge port; refused with a cable in it or without a motor."""
    return Command(
        name="charge_port_door_close",
        **infotainment(
            InfotainmentAction(chargePortDoorClose=car_server_pb2.ChargePortDoorClose())
        ),
        scopes=CHARGING_COMMAND_SCOPES,
        expects={signals.CHARGE_PORT_OPEN: False},
        hindrance=Hindrance(
            signal=signals.CHARGING_STATE,
            values=frozenset(signals.CHARGING_STATES) - {"disconnected"},
            reason="reason_cable_connected",
        ),
    )


def vent_windows() -> Command:
    """Open all windows a little; the vehicle must be parked, and may close them on its own."""
    action = car_server_pb2.VehicleControlWindowAction(vent=VOID)
    return Command(
        name="window_control",
        **infotainment(InfotainmentAction(vehicleControlWindowAction=action)),
        parameters={"command": "vent", "lat": 0, "lon": 0},
        expects=dict.fromkeys(signals.WINDOWS, True),
        undoes_itself=True,
    )


def close_windows(position: Position | None) -> Command:
    """Close all windows. Vehicles without the protocol need the position of the user.

    Args:
        position: Latitude and longitude of the vehicle, degrees; None if unknown.
    """
    latitude, longitude = position or (0.0, 0.0)
    action = car_server_pb2.VehicleControlWindowAction(close=VOID)
    return Command(
        name="window_control",
        **infotainment(InfotainmentAction(vehicleControlWindowAction=action)),
        parameters={"command": "close", "lat": latitude, "lon": longitude},
        expects=dict.fromkeys(signals.WINDOWS, False),
    )


# After a stop, the position is unknown.
_TONNEAU_ENDS: Final[dict[str, dict[Signal[Any], Any]]] = {
    "open": {signals.TONNEAU_POSITION: "fully_open"},
    "close": {signals.TONNEAU_POSITION: "closed"},
    "stop": {},
}


def move_tonneau(move: str) -> Command:
    """`open`, `close` or `stop` the bed cover of a Cybertruck; there is no REST form."""
    among("tonneau", move, ("open", "close", "stop"))
    number = {
        "open": vcsec_pb2.CLOSURE_MOVE_TYPE_OPEN,
        "close": vcsec_pb2.CLOSURE_MOVE_TYPE_CLOSE,
        "stop": vcsec_pb2.CLOSURE_MOVE_TYPE_STOP,
    }[move]
    return Command(
        name=f"{move}_tonneau",
        **security(Unsigned(closureMoveRequest=vcsec_pb2.ClosureMoveRequest(tonneau=number))),
        rest=False,
        expects=_TONNEAU_ENDS[move],
    )


def move_sunroof(move: str) -> Command:
    """`vent`, `close` or `open` the sunroof of an old Model S.

    Opening it has no documented plain form, and vehicles answered 400 to it (2017).
    """
    among("sunroof", move, ("vent", "close", "open"))
    action = car_server_pb2.VehicleControlSunroofOpenCloseAction()
    getattr(action, move).SetInParent()
    return Command(
        name="sun_roof_control",
        **infotainment(InfotainmentAction(vehicleControlSunroofOpenCloseAction=action)),
        parameters={"state": move},
        rest=move != "open",
        expects={signals.SUNROOF_OPEN: move != "close"},
        undoes_itself=move != "close",
    )
