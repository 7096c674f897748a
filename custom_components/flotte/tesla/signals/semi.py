"""Signals of the Semi only: middle (1) and rear (2) axle, left and right, inner and outer tyre.

No entity shows them; they are here because the table has every field that Tesla streams.
"""

from typing import Final

from ..state import Signal
from .bounds import SEMI_TYRE_PRESSURE, SPEED_SETTING
from .measures import bar, kilograms, kilometres_per_hour
from .parsers import one_of

SEAT_POSITIONS: Final = ("faulted", "not_configured", "folded", "unfolded")
AIR_BRAKES: Final = (
    "not_available",
    "error",
    "bobtail_mode",
    "charged",
    "building_pressure_intermediate",
    "exhausting_pressure_intermediate",
    "exhausted",
)

SEMI_PRESSURE_1_LEFT_0 = Signal("SemitruckTpmsPressureRe1L0", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_1_LEFT_1 = Signal("SemitruckTpmsPressureRe1L1", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_1_RIGHT_0 = Signal("SemitruckTpmsPressureRe1R0", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_1_RIGHT_1 = Signal("SemitruckTpmsPressureRe1R1", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_LEFT_0 = Signal("SemitruckTpmsPressureRe2L0", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_LEFT_1 = Signal("SemitruckTpmsPressureRe2L1", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_RIGHT_0 = Signal("SemitruckTpmsPressureRe2R0", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_PRESSURE_2_RIGHT_1 = Signal("SemitruckTpmsPressureRe2R1", bar, SEMI_TYRE_PRESSURE, semi=True)
SEMI_SEAT = Signal("SemitruckPassengerSeatFoldPosition", one_of(*SEAT_POSITIONS), semi=True)
SEMI_TRACTOR_BRAKE = Signal("SemitruckTractorParkBrakeStatus", one_of(*AIR_BRAKES), semi=True)
SEMI_TRAILER_BRAKE = Signal("SemitruckTrailerParkBrakeStatus", one_of(*AIR_BRAKES), semi=True)
SEMI_CRUISE_LIMIT = Signal(
    "SemiCruiseSpeedLimitMph", kilometres_per_hour, SPEED_SETTING, firmware=None, semi=True
)
SEMI_MASS = Signal("SemiVehicleMassKg", kilograms, (0, 60_000), firmware=None, semi=True)
