"""Signals of driver assistance."""

from typing import Final

from ..state import Signal
from .parsers import boolean, one_of

COLLISION_WARNINGS: Final = ("off", "late", "average", "early")
LANE_ASSISTANCE: Final = ("none", "warning", "assist")
SPEED_WARNINGS: Final = ("none", "display", "chime")
EMERGENCY_BRAKING_STATES: Final = ("not_available", "standby", "enabled", "standstill")

FORWARD_COLLISION_WARNING = Signal("ForwardCollisionWarning", one_of(*COLLISION_WARNINGS))
LANE_DEPARTURE_AVOIDANCE = Signal("LaneDepartureAvoidance", one_of(*LANE_ASSISTANCE))
EMERGENCY_LANE_DEPARTURE_AVOIDANCE = Signal("EmergencyLaneDepartureAvoidance", boolean)
SPEED_LIMIT_WARNING = Signal("SpeedLimitWarning", one_of(*SPEED_WARNINGS))
EMERGENCY_BRAKING_OFF = Signal("AutomaticEmergencyBrakingOff", boolean)
EMERGENCY_BRAKING_STATE = Signal(
    "AutomaticEmergencyBrakingState",
    one_of(*EMERGENCY_BRAKING_STATES, unavailable="not_available"),
    firmware=None,
)
BLIND_SPOT_CAMERA = Signal("AutomaticBlindSpotCamera", boolean)
BLIND_SPOT_CHIME = Signal("BlindSpotCollisionWarningChime", boolean)
