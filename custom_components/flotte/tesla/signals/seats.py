"""Signals of the seats and the steering wheel."""

from ..state import Implausible, Signal
from .bounds import HEAT_LEVEL
from .parsers import boolean, number, truth, whole


def _is_heated(value: object) -> bool:
    """Whether a heat level is above 0."""
    level = number(value)
    if not HEAT_LEVEL[0] <= level <= HEAT_LEVEL[1]:
        raise Implausible(value)
    return level > 0


SEAT_HEATER_LEFT = Signal(
    "SeatHeaterLeft", whole, HEAT_LEVEL, path="climate_state.seat_heater_left"
)
SEAT_HEATER_RIGHT = Signal(
    "SeatHeaterRight", whole, HEAT_LEVEL, path="climate_state.seat_heater_right"
)
SEAT_HEATER_REAR_LEFT = Signal(
    "SeatHeaterRearLeft", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_left"
)
SEAT_HEATER_REAR_CENTER = Signal(
    "SeatHeaterRearCenter", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_center"
)
SEAT_HEATER_REAR_RIGHT = Signal(
    "SeatHeaterRearRight", whole, HEAT_LEVEL, path="climate_state.seat_heater_rear_right"
)
# Not every car has these seats, and the stream does not report them.
SEAT_HEATER_REAR_LEFT_BACK = Signal(
    "SeatHeaterRearLeftBack",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_rear_left_back",
    streamed=False,
)
SEAT_HEATER_REAR_RIGHT_BACK = Signal(
    "SeatHeaterRearRightBack",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_rear_right_back",
    streamed=False,
)
SEAT_HEATER_THIRD_ROW_LEFT = Signal(
    "SeatHeaterThirdRowLeft",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_third_row_left",
    streamed=False,
)
SEAT_HEATER_THIRD_ROW_RIGHT = Signal(
    "SeatHeaterThirdRowRight",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_heater_third_row_right",
    streamed=False,
)
SEAT_COOLER_LEFT = Signal(
    "ClimateSeatCoolingFrontLeft",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_fan_front_left",
    firmware="2024.44.32",
)
SEAT_COOLER_RIGHT = Signal(
    "ClimateSeatCoolingFrontRight",
    whole,
    HEAT_LEVEL,
    path="climate_state.seat_fan_front_right",
    firmware="2024.44.32",
)
SEAT_VENTILATION = Signal("SeatVentEnabled", boolean, firmware="2025.2.6")
AUTO_SEAT_LEFT = Signal("AutoSeatClimateLeft", boolean, path="climate_state.auto_seat_climate_left")
AUTO_SEAT_RIGHT = Signal(
    "AutoSeatClimateRight", boolean, path="climate_state.auto_seat_climate_right"
)
STEERING_WHEEL_LEVEL = Signal(
    "HvacSteeringWheelHeatLevel",
    whole,
    HEAT_LEVEL,
    path="climate_state.steering_wheel_heat_level",
    firmware="2024.44.25",
)
STEERING_WHEEL_HEATER = Signal(
    "HvacSteeringWheelHeatLevel.On",
    _is_heated,
    path="climate_state.steering_wheel_heater",
    polled=boolean,
    firmware="2024.44.25",
)
AUTO_STEERING_WHEEL = Signal(
    "HvacSteeringWheelHeatAuto",
    boolean,
    path="climate_state.auto_steering_wheel_heat",
    firmware="2024.44.25",
)
USER_PRESENT = Signal("DriverSeatOccupied", boolean, path="vehicle_state.is_user_present")
# Tesla: true means that the belt is open. The field is listed as a flag, and has an enumeration.
DRIVER_BELT_OPEN = Signal("DriverSeatBelt", truth("unlatched", no=("latched",)))
# Despite the field's name, it reports this belt, according to Tesla.
REAR_CENTER_BELT_OPEN = Signal("PassengerSeatBelt", truth("unlatched", no=("latched",)))
