"""Signals of driving: speed, position and pedals."""

from typing import Final

from ..state import Signal
from .bounds import ACCELERATION, PERCENT, SPEED_SETTING
from .measures import (
    MICRODEGREE,
    degrees,
    kilometres,
    kilometres_per_hour,
    kilowatts,
    metres,
    metres_per_second_squared,
    percent,
)
from .parsers import KILOMETRES_PER_MILE, boolean, digit, number, one_of, position

SHIFT_STATES: Final = ("p", "r", "n", "d")

SPEED = Signal(
    "VehicleSpeed",
    kilometres_per_hour,
    (-30, 405),
    path="drive_state.speed",
    null=0.0,
    poll_step=KILOMETRES_PER_MILE,
)
SHIFT_STATE = Signal("Gear", one_of(*SHIFT_STATES), path="drive_state.shift_state", null="p")
DRIVE_POWER = Signal(
    "DrivePower", kilowatts, (-1500, 1500), path="drive_state.power", streamed=False, null=0.0
)
READY_TO_DRIVE = Signal("DriveRail", boolean)
GPS_TIME: Final = "gps_as_of"
"""A car without reception, or one that has just woken, reports an old position."""
HEADING = Signal(
    "GpsHeading",
    degrees,
    (0, 360),
    path="drive_state.heading",
    poll_step=1,
    scope="vehicle_location",
    as_of=GPS_TIME,
)
LOCATION = Signal(
    "Location",
    position,
    path="drive_state.latitude,longitude",
    poll_step=MICRODEGREE,
    scope="vehicle_location",
    as_of=GPS_TIME,
)
GPS_FIX = Signal("GpsState", boolean, scope="vehicle_location")
# Its scope is not documented, so the larger scope is required.
GPS_ACCURACY = Signal(
    "GpsAccuracyMeters", metres, (0, 10_000), scope="vehicle_location", firmware=None
)
ODOMETER = Signal(
    "Odometer",
    kilometres,
    (0.001, 4_000_000),
    path="vehicle_state.odometer",
    poll_step=1e-6 * KILOMETRES_PER_MILE,
)
PEDAL_POSITION = Signal("PedalPosition", percent, PERCENT)
BRAKE_PEDAL = Signal("BrakePedal", boolean)
BRAKE_PRESSURE = Signal("BrakePedalPos", number, (-100, 3200))
"""Position of the master cylinder; Tesla documents no unit."""
LATERAL_ACCELERATION = Signal("LateralAcceleration", metres_per_second_squared, ACCELERATION)
LONGITUDINAL_ACCELERATION = Signal(
    "LongitudinalAcceleration", metres_per_second_squared, ACCELERATION
)
"""Tesla's older text says g, but values of 10 were seen."""
# Tesla documents no unit; it is unknown whether the value follows the car's display.
CRUISE_SPEED = Signal("CruiseSetSpeed", kilometres_per_hour, SPEED_SETTING)
CRUISE_DISTANCE = Signal("CruiseFollowDistance", digit, (0, 7))
"""The setting, 1 to 7."""
GRADE = Signal("GradeEstimatePercent", percent, (-100, 100), firmware=None)
ROLLING_RESISTANCE = Signal("RollingResistanceCoefficient", number, (0, 100), firmware=None)
DISTANCE_SINCE_RESET = Signal(
    "MilesSinceReset", kilometres, (0, 4_000_000), firmware="2025.44.25.5"
)
SELF_DRIVEN_SINCE_RESET = Signal(
    "SelfDrivingMilesSinceReset", kilometres, (0, 4_000_000), firmware="2025.44.25.5"
)
