"""Signals of closures and safety: locks, doors, windows, guards, limits and lights."""

from collections.abc import Callable
from typing import Final

from ..state import Derived, Signal, State
from .bounds import PERCENT, SPEED_SETTING
from .measures import kilometres_per_hour, percent
from .parsers import (
    KILOMETRES_PER_MILE,
    boolean,
    is_open,
    is_recording,
    one_of,
    truth,
    unless,
    whole,
)

TONNEAU_POSITIONS: Final = ("closed", "partially_open", "fully_open")
TENT_MODES: Final = ("inactive", "moving", "failed", "active")
SENTRY_STATES: Final = ("off", "idle", "armed", "aware", "panic", "quiet")
GUEST_ACCESS_STATES: Final = (
    "init",
    "not_authenticated",
    "authenticated",
    "aborted_driving",
    "aborted_using_remote_start",
    "aborted_using_ble_keys",
    "aborted_valet_mode",
    "aborted_guest_mode_off",
    "aborted_drive_auth_time_exceeded",
    "aborted_no_data_received",
    "requesting_from_mothership",
    "requesting_from_auth_d",
    "aborted_fetch_failed",
    "aborted_bad_data_received",
    "showing_qr_code",
    "swiped_away",
    "dismissed_qr_code_expired",
    "succeeded_paired_new_ble_key",
)
TURN_SIGNALS: Final = ("off", "left", "right", "both")

LOCKED = Signal("Locked", boolean, path="vehicle_state.locked")
# Before firmware 2024.44.32 the stream has DriverRear and PassengerFront crossed; its decoder
# undoes that.
DOOR_DRIVER_FRONT = Signal("DoorState.DriverFront", is_open, path="vehicle_state.df")
DOOR_DRIVER_REAR = Signal("DoorState.DriverRear", is_open, path="vehicle_state.dr")
DOOR_PASSENGER_FRONT = Signal("DoorState.PassengerFront", is_open, path="vehicle_state.pf")
DOOR_PASSENGER_REAR = Signal("DoorState.PassengerRear", is_open, path="vehicle_state.pr")
FRUNK = Signal("DoorState.TrunkFront", is_open, path="vehicle_state.ft")
TRUNK = Signal("DoorState.TrunkRear", is_open, path="vehicle_state.rt")
WINDOW_DRIVER_FRONT = Signal("FdWindow", is_open, path="vehicle_state.fd_window")
WINDOW_PASSENGER_FRONT = Signal("FpWindow", is_open, path="vehicle_state.fp_window")
WINDOW_DRIVER_REAR = Signal("RdWindow", is_open, path="vehicle_state.rd_window")
WINDOW_PASSENGER_REAR = Signal("RpWindow", is_open, path="vehicle_state.rp_window")
TONNEAU_POSITION = Signal("TonneauPosition", one_of(*TONNEAU_POSITIONS), firmware="2024.44.25")
TONNEAU_OPEN_PERCENT = Signal("TonneauOpenPercent", percent, PERCENT, firmware="2024.44.25")
# Only the Model S before 2021 has a sunroof; the stream does not report its position.
SUNROOF_OPEN = Signal(
    "SunroofOpen", unless("closed"), path="vehicle_state.sun_roof_state", streamed=False
)
TENT_MODE = Signal("TonneauTentMode", one_of(*TENT_MODES), firmware="2024.44.25")
SENTRY_MODE = Signal("SentryMode", unless("off"), path="vehicle_state.sentry_mode")
SENTRY_STATE = Signal("SentryMode.State", one_of(*SENTRY_STATES))
DASHCAM_RECORDING = Signal(
    "DashcamState", is_recording, path="vehicle_state.dashcam_state", streamed=False
)
VALET_MODE = Signal(
    "ValetModeEnabled", boolean, path="vehicle_state.valet_mode", firmware="2024.44.25"
)
GUEST_MODE = Signal("GuestModeEnabled", boolean)
GUEST_ACCESS = Signal("GuestModeMobileAccessState", one_of(*GUEST_ACCESS_STATES))
PIN_TO_DRIVE = Signal("PinToDriveEnabled", boolean)
SERVICE_MODE = Signal("ServiceMode", boolean, path="vehicle_state.service_mode")
REMOTE_START = Signal(
    "RemoteStartEnabled", boolean, path="vehicle_state.remote_start", firmware="2024.44.25"
)
"""Whether the car can be driven without a key now, after a remote start."""
REMOTE_START_ACTIVE = Signal("RemoteStartActive", boolean, firmware=None)
PAIRED_KEYS = Signal("PairedPhoneKeyAndKeyFobQty", whole, (0, 100))
SPEED_LIMIT_MODE = Signal("SpeedLimitMode", boolean, path="vehicle_state.speed_limit_mode.active")
SPEED_LIMIT = Signal(
    "CurrentLimitMph",
    kilometres_per_hour,
    SPEED_SETTING,
    path="vehicle_state.speed_limit_mode.current_limit_mph",
    step=KILOMETRES_PER_MILE,
)
HOMELINK_NEARBY = Signal(
    "HomelinkNearby", boolean, path="vehicle_state.homelink_nearby", firmware="2024.44.25"
)
HOMELINK_DEVICES = Signal(
    "HomelinkDeviceCount",
    whole,
    (0, 20),
    path="vehicle_state.homelink_device_count",
    firmware="2024.44.25",
)
HAZARD_LIGHTS = Signal("LightsHazardsActive", boolean, firmware="2025.2.6")
HIGH_BEAMS = Signal("LightsHighBeams", boolean, firmware="2025.2.6")
TURN_SIGNAL = Signal("LightsTurnSignal", one_of(*TURN_SIGNALS), firmware="2025.2.6")
ACCESSORY_POWER = Signal("AccessoryRail", boolean, firmware=None)
PORT_12V_STAYS_ON = Signal("Cabin12vPortKeepOn", truth("on", no=("off",)), firmware=None)
PORT_48V_STAYS_ON = Signal("Cabin48vPortKeepOn", truth("on", no=("off",)), firmware=None)

DOORS: Final = (
    DOOR_DRIVER_FRONT,
    DOOR_PASSENGER_FRONT,
    DOOR_DRIVER_REAR,
    DOOR_PASSENGER_REAR,
)
WINDOWS: Final = (
    WINDOW_DRIVER_FRONT,
    WINDOW_PASSENGER_FRONT,
    WINDOW_DRIVER_REAR,
    WINDOW_PASSENGER_REAR,
)


def _any_open(*parts: Signal[bool]) -> Callable[[State], bool | None]:
    """True if any part is known to be open; False only if all are known to be closed."""

    def compute(state: State) -> bool | None:
        known = [state[part] for part in parts]
        if True in known:
            return True
        return None if None in known else False

    return compute


def _tonneau_open(state: State) -> bool | None:
    position = state[TONNEAU_POSITION]
    return None if position is None else position != "closed"


DOORS_OPEN = Derived("DoorsOpen", *DOORS, compute=_any_open(*DOORS))
WINDOWS_OPEN = Derived("WindowsOpen", *WINDOWS, compute=_any_open(*WINDOWS))
TONNEAU_OPEN = Derived("TonneauOpen", TONNEAU_POSITION, compute=_tonneau_open)
