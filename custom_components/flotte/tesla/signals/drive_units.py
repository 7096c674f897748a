"""Signals of the drive units: rear, front, and rear left and right on cars with three motors."""

from typing import Final

from ..state import Signal
from .bounds import AXLE_SPEED, DRIVE_TEMPERATURE, PACK_AMPERES, PACK_VOLTS, TORQUE
from .measures import amperes, celsius, newton_metres, radians_per_second, volts
from .parsers import one_of

INVERTER_STATES: Final = ("not_available", "standby", "fault", "abort", "enable")
"""Home Assistant has its own meaning of "unavailable"."""

INVERTER_REAR = Signal("DiStateR", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_FRONT = Signal("DiStateF", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_LEFT = Signal("DiStateREL", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_RIGHT = Signal("DiStateRER", one_of(*INVERTER_STATES, unavailable="not_available"))
AXLE_SPEED_REAR = Signal("DiAxleSpeedR", radians_per_second, AXLE_SPEED)
AXLE_SPEED_FRONT = Signal("DiAxleSpeedF", radians_per_second, AXLE_SPEED)
AXLE_SPEED_REAR_LEFT = Signal("DiAxleSpeedREL", radians_per_second, AXLE_SPEED)
AXLE_SPEED_REAR_RIGHT = Signal("DiAxleSpeedRER", radians_per_second, AXLE_SPEED)
TORQUE_REQUEST = Signal("DiTorquemotor", newton_metres, TORQUE)
"""At the axle."""
TORQUE_REQUEST_SECOND = Signal("DiSlaveTorqueCmd", newton_metres, TORQUE)
TORQUE_REAR = Signal("DiTorqueActualR", newton_metres, TORQUE)
TORQUE_FRONT = Signal("DiTorqueActualF", newton_metres, TORQUE)
TORQUE_REAR_LEFT = Signal("DiTorqueActualREL", newton_metres, TORQUE)
TORQUE_REAR_RIGHT = Signal("DiTorqueActualRER", newton_metres, TORQUE)
STATOR_REAR = Signal("DiStatorTempR", celsius, DRIVE_TEMPERATURE)
STATOR_FRONT = Signal("DiStatorTempF", celsius, DRIVE_TEMPERATURE)
STATOR_REAR_LEFT = Signal("DiStatorTempREL", celsius, DRIVE_TEMPERATURE)
STATOR_REAR_RIGHT = Signal("DiStatorTempRER", celsius, DRIVE_TEMPERATURE)
HEAT_SINK_REAR = Signal("DiHeatsinkTR", celsius, DRIVE_TEMPERATURE)
HEAT_SINK_FRONT = Signal("DiHeatsinkTF", celsius, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_LEFT = Signal("DiHeatsinkTREL", celsius, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_RIGHT = Signal("DiHeatsinkTRER", celsius, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR = Signal("DiInverterTR", celsius, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_FRONT = Signal("DiInverterTF", celsius, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_LEFT = Signal("DiInverterTREL", celsius, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_RIGHT = Signal("DiInverterTRER", celsius, DRIVE_TEMPERATURE)
INVERTER_VOLTAGE_REAR = Signal("DiVBatR", volts, PACK_VOLTS)
INVERTER_VOLTAGE_FRONT = Signal("DiVBatF", volts, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_LEFT = Signal("DiVBatREL", volts, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_RIGHT = Signal("DiVBatRER", volts, PACK_VOLTS)
MOTOR_CURRENT_REAR = Signal("DiMotorCurrentR", amperes, PACK_AMPERES)
MOTOR_CURRENT_FRONT = Signal("DiMotorCurrentF", amperes, PACK_AMPERES)
MOTOR_CURRENT_REAR_LEFT = Signal("DiMotorCurrentREL", amperes, PACK_AMPERES)
MOTOR_CURRENT_REAR_RIGHT = Signal("DiMotorCurrentRER", amperes, PACK_AMPERES)
