"""Signals of the drive units: rear, front, and rear left and right on cars with three motors."""

from typing import Final

from ..state import Signal
from .bounds import AXLE_SPEED, DRIVE_TEMPERATURE, PACK_AMPERES, PACK_VOLTS, TORQUE
from .parsers import number, one_of

INVERTER_STATES: Final = ("not_available", "standby", "fault", "abort", "enable")
"""Home Assistant has its own meaning of "unavailable"."""

INVERTER_REAR = Signal("DiStateR", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_FRONT = Signal("DiStateF", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_LEFT = Signal("DiStateREL", one_of(*INVERTER_STATES, unavailable="not_available"))
INVERTER_REAR_RIGHT = Signal("DiStateRER", one_of(*INVERTER_STATES, unavailable="not_available"))
AXLE_SPEED_REAR = Signal("DiAxleSpeedR", number, AXLE_SPEED)
"""rad/s."""
AXLE_SPEED_FRONT = Signal("DiAxleSpeedF", number, AXLE_SPEED)
AXLE_SPEED_REAR_LEFT = Signal("DiAxleSpeedREL", number, AXLE_SPEED)
AXLE_SPEED_REAR_RIGHT = Signal("DiAxleSpeedRER", number, AXLE_SPEED)
TORQUE_REQUEST = Signal("DiTorquemotor", number, TORQUE)
"""Nm, at the axle."""
TORQUE_REQUEST_SECOND = Signal("DiSlaveTorqueCmd", number, TORQUE)
TORQUE_REAR = Signal("DiTorqueActualR", number, TORQUE)
TORQUE_FRONT = Signal("DiTorqueActualF", number, TORQUE)
TORQUE_REAR_LEFT = Signal("DiTorqueActualREL", number, TORQUE)
TORQUE_REAR_RIGHT = Signal("DiTorqueActualRER", number, TORQUE)
STATOR_REAR = Signal("DiStatorTempR", number, DRIVE_TEMPERATURE)
STATOR_FRONT = Signal("DiStatorTempF", number, DRIVE_TEMPERATURE)
STATOR_REAR_LEFT = Signal("DiStatorTempREL", number, DRIVE_TEMPERATURE)
STATOR_REAR_RIGHT = Signal("DiStatorTempRER", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR = Signal("DiHeatsinkTR", number, DRIVE_TEMPERATURE)
HEAT_SINK_FRONT = Signal("DiHeatsinkTF", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_LEFT = Signal("DiHeatsinkTREL", number, DRIVE_TEMPERATURE)
HEAT_SINK_REAR_RIGHT = Signal("DiHeatsinkTRER", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR = Signal("DiInverterTR", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_FRONT = Signal("DiInverterTF", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_LEFT = Signal("DiInverterTREL", number, DRIVE_TEMPERATURE)
INVERTER_TEMPERATURE_REAR_RIGHT = Signal("DiInverterTRER", number, DRIVE_TEMPERATURE)
INVERTER_VOLTAGE_REAR = Signal("DiVBatR", number, PACK_VOLTS)
INVERTER_VOLTAGE_FRONT = Signal("DiVBatF", number, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_LEFT = Signal("DiVBatREL", number, PACK_VOLTS)
INVERTER_VOLTAGE_REAR_RIGHT = Signal("DiVBatRER", number, PACK_VOLTS)
MOTOR_CURRENT_REAR = Signal("DiMotorCurrentR", number, PACK_AMPERES)
MOTOR_CURRENT_FRONT = Signal("DiMotorCurrentF", number, PACK_AMPERES)
MOTOR_CURRENT_REAR_LEFT = Signal("DiMotorCurrentREL", number, PACK_AMPERES)
MOTOR_CURRENT_REAR_RIGHT = Signal("DiMotorCurrentRER", number, PACK_AMPERES)
