"""Signals of the tyres, in bar.

Tesla documents bar for both sources; some public clients read the stream as atm, which is 1.3 %
more.
"""

from ..state import Signal
from .bounds import INSTANT, TYRE_PRESSURE
from .measures import bar
from .moments import date_of
from .parsers import boolean, instant

PRESSURE_FRONT_LEFT = Signal(
    "TpmsPressureFl", bar, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_fl", poll_step=0.001
)
PRESSURE_FRONT_RIGHT = Signal(
    "TpmsPressureFr", bar, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_fr", poll_step=0.001
)
PRESSURE_REAR_LEFT = Signal(
    "TpmsPressureRl", bar, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_rl", poll_step=0.001
)
PRESSURE_REAR_RIGHT = Signal(
    "TpmsPressureRr", bar, TYRE_PRESSURE, path="vehicle_state.tpms_pressure_rr", poll_step=0.001
)
PRESSURE_TIME_FRONT_LEFT = Signal(
    "TpmsLastSeenPressureTimeFl",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_fl",
)
PRESSURE_TIME_FRONT_RIGHT = Signal(
    "TpmsLastSeenPressureTimeFr",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_fr",
)
PRESSURE_TIME_REAR_LEFT = Signal(
    "TpmsLastSeenPressureTimeRl",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_rl",
)
PRESSURE_TIME_REAR_RIGHT = Signal(
    "TpmsLastSeenPressureTimeRr",
    instant,
    INSTANT,
    path="vehicle_state.tpms_last_seen_pressure_time_rr",
)
LOW_TYRE_FRONT_LEFT = Signal(
    "TpmsSoftWarnings.FrontLeft",
    boolean,
    path="vehicle_state.tpms_soft_warning_fl",
    firmware="2024.44.25",
)
LOW_TYRE_FRONT_RIGHT = Signal(
    "TpmsSoftWarnings.FrontRight",
    boolean,
    path="vehicle_state.tpms_soft_warning_fr",
    firmware="2024.44.25",
)
LOW_TYRE_REAR_LEFT = Signal(
    "TpmsSoftWarnings.RearLeft",
    boolean,
    path="vehicle_state.tpms_soft_warning_rl",
    firmware="2024.44.25",
)
LOW_TYRE_REAR_RIGHT = Signal(
    "TpmsSoftWarnings.RearRight",
    boolean,
    path="vehicle_state.tpms_soft_warning_rr",
    firmware="2024.44.25",
)
FLAT_TYRE_FRONT_LEFT = Signal(
    "TpmsHardWarnings.FrontLeft",
    boolean,
    path="vehicle_state.tpms_hard_warning_fl",
    firmware="2024.44.25",
)
FLAT_TYRE_FRONT_RIGHT = Signal(
    "TpmsHardWarnings.FrontRight",
    boolean,
    path="vehicle_state.tpms_hard_warning_fr",
    firmware="2024.44.25",
)
FLAT_TYRE_REAR_LEFT = Signal(
    "TpmsHardWarnings.RearLeft",
    boolean,
    path="vehicle_state.tpms_hard_warning_rl",
    firmware="2024.44.25",
)
FLAT_TYRE_REAR_RIGHT = Signal(
    "TpmsHardWarnings.RearRight",
    boolean,
    path="vehicle_state.tpms_hard_warning_rr",
    firmware="2024.44.25",
)
PRESSURE_SEEN_FRONT_LEFT = date_of("PressureSeenFrontLeft", PRESSURE_TIME_FRONT_LEFT)
PRESSURE_SEEN_FRONT_RIGHT = date_of("PressureSeenFrontRight", PRESSURE_TIME_FRONT_RIGHT)
PRESSURE_SEEN_REAR_LEFT = date_of("PressureSeenRearLeft", PRESSURE_TIME_REAR_LEFT)
PRESSURE_SEEN_REAR_RIGHT = date_of("PressureSeenRearRight", PRESSURE_TIME_REAR_RIGHT)
