"""Signals of the battery: level, range, energy, and details of the pack."""

from typing import Final

from ..state import Derived, Signal, State
from ..units import Unit
from .bounds import (
    BRICK_VOLTS,
    LIFETIME_ENERGY,
    PACK_AMPERES,
    PACK_ENERGY,
    PACK_TEMPERATURE,
    PACK_VOLTS,
    PART_NUMBER,
    PERCENT,
    RANGE,
)
from .measures import (
    CENTIMILE,
    amperes,
    celsius,
    kilohms,
    kilometres,
    kilowatt_hours,
    percent,
    volts,
)
from .parsers import boolean, one_of, truth, whole

BATTERY_STATES: Final = (
    "standby",
    "drive",
    "support",
    "charge",
    "feim",
    "clear_fault",
    "fault",
    "weld",
    "test",
)

BATTERY_LEVEL = Signal(
    "BatteryLevel", percent, PERCENT, path="charge_state.battery_level", poll_step=1
)
"""Share of the energy in the pack; when it is cold, not all of that can be used."""
USABLE_BATTERY_LEVEL = Signal(
    "Soc", percent, PERCENT, path="charge_state.usable_battery_level", poll_step=1
)
RATED_RANGE = Signal(
    "RatedRange", kilometres, RANGE, path="charge_state.battery_range", poll_step=CENTIMILE
)
ESTIMATED_RANGE = Signal(
    "EstBatteryRange", kilometres, RANGE, path="charge_state.est_battery_range", poll_step=CENTIMILE
)
IDEAL_RANGE = Signal(
    "IdealBatteryRange",
    kilometres,
    RANGE,
    path="charge_state.ideal_battery_range",
    poll_step=CENTIMILE,
)
ENERGY_REMAINING = Signal(
    "EnergyRemaining",
    kilowatt_hours,
    PACK_ENERGY,
    path="charge_state.energy_remaining",
    poll_step=0.01,
)
FULL_PACK_ENERGY = Signal("NominalFullPackEnergyKwh", kilowatt_hours, PACK_ENERGY, firmware=None)
BATTERY_HEATER = Signal("BatteryHeaterOn", boolean, path="charge_state.battery_heater_on")
NOT_ENOUGH_POWER_TO_HEAT = Signal(
    "NotEnoughPowerToHeat", boolean, path="charge_state.not_enough_power_to_heat"
)
PACK_VOLTAGE = Signal("PackVoltage", volts, PACK_VOLTS, path="charge_state.pack_voltage")
PACK_CURRENT = Signal("PackCurrent", amperes, PACK_AMPERES, path="charge_state.pack_current")
"""Positive into the pack."""
BRICK_VOLTAGE_HIGHEST = Signal("BrickVoltageMax", volts, BRICK_VOLTS)
BRICK_VOLTAGE_LOWEST = Signal("BrickVoltageMin", volts, BRICK_VOLTS)
BRICK_OF_HIGHEST_VOLTAGE = Signal("NumBrickVoltageMax", whole, PART_NUMBER)
BRICK_OF_LOWEST_VOLTAGE = Signal("NumBrickVoltageMin", whole, PART_NUMBER)
BRICK_LEVEL_LOWEST = Signal("BrickSocMinPercent", percent, PERCENT, firmware=None)
MODULE_TEMPERATURE_HIGHEST = Signal(
    "ModuleTempMax", celsius, PACK_TEMPERATURE, path="charge_state.module_temp_max", poll_step=0.1
)
MODULE_TEMPERATURE_LOWEST = Signal(
    "ModuleTempMin", celsius, PACK_TEMPERATURE, path="charge_state.module_temp_min", poll_step=0.1
)
WARMEST_MODULE = Signal("NumModuleTempMax", whole, PART_NUMBER)
COLDEST_MODULE = Signal("NumModuleTempMin", whole, PART_NUMBER)
BATTERY_STATE = Signal("BMSState", one_of(*BATTERY_STATES))
BATTERY_FULL = Signal("BmsFullchargecomplete", boolean)
INTERLOCK_FAULT = Signal("Hvil", truth("fault", no=("ok",)))
"""Whether the loop that turns off the high voltage is broken."""
ISOLATION_RESISTANCE = Signal("IsolationResistance", kilohms, (0, 60_000))
"""Tesla documents no unit; public clients assume kilo-ohms."""
DC_CONVERTER_ENABLED = Signal("DCDCEnable", boolean)
LIFETIME_ENERGY_USED = Signal(
    "LifetimeEnergyUsed",
    kilowatt_hours,
    LIFETIME_ENERGY,
    path="charge_state.lifetime_energy_used",
    poll_step=0.001,
)
"""Energy out of the pack over its life."""
LIFETIME_ENERGY_RECOVERED = Signal("LifetimeEnergyGainedRegen", kilowatt_hours, LIFETIME_ENERGY)
LIFETIME_ENERGY_CHARGED = Signal(
    "LifetimeEnergyChargedKwh", kilowatt_hours, LIFETIME_ENERGY, firmware=None
)
LIFETIME_ENERGY_CHARGED_DC = Signal(
    "LifetimeDcChargeEnergyKwh", kilowatt_hours, LIFETIME_ENERGY, firmware=None
)
LIFETIME_ENERGY_DRIVEN = Signal(
    "LifetimeEnergyUsedDrive", kilowatt_hours, LIFETIME_ENERGY, semi=True
)


def _pack_power(state: State) -> float | None:
    """Power in kW, positive into the pack."""
    voltage, current = state[PACK_VOLTAGE], state[PACK_CURRENT]
    return None if voltage is None or current is None else voltage * current / 1000


def _imbalance(state: State) -> float | None:
    """Voltage between the fullest and the emptiest brick, in V."""
    highest, lowest = state[BRICK_VOLTAGE_HIGHEST], state[BRICK_VOLTAGE_LOWEST]
    return None if highest is None or lowest is None else highest - lowest


PACK_POWER = Derived(
    "PackPower", PACK_VOLTAGE, PACK_CURRENT, compute=_pack_power, unit=Unit.KILOWATT
)
BRICK_IMBALANCE = Derived(
    "BrickImbalance",
    BRICK_VOLTAGE_HIGHEST,
    BRICK_VOLTAGE_LOWEST,
    compute=_imbalance,
    unit=Unit.VOLT,
)
