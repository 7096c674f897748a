"""Signals of the climate: temperatures, air conditioning and overheat protection."""

from typing import Final

from ..state import Signal
from .bounds import AIR_TEMPERATURE, CABIN_TEMPERATURE, CLIMATE_SETTING
from .measures import celsius
from .parsers import boolean, one_of, truth, unless, whole

KEEPER_MODES: Final = ("off", "on", "dog", "camp")
OVERHEAT_PROTECTION_MODES: Final = ("off", "on", "fan_only")
OVERHEAT_LIMITS: Final = ("low", "medium", "high")
CLIMATE_POWER_STATES: Final = ("off", "on", "precondition", "overheat_protect")

INSIDE_TEMPERATURE = Signal(
    "InsideTemp", celsius, CABIN_TEMPERATURE, path="climate_state.inside_temp", poll_step=0.1
)
OUTSIDE_TEMPERATURE = Signal(
    "OutsideTemp", celsius, AIR_TEMPERATURE, path="climate_state.outside_temp", poll_step=0.1
)
# The streamed word combines three keys of a polled answer.
CLIMATE_ON = Signal(
    "HvacPower",
    unless("off", "overheat_protect"),
    path="climate_state.is_climate_on",
    firmware="2024.44.25",
)
PRECONDITIONING = Signal(
    "HvacPower.Precondition",
    truth("precondition", no=("off", "on", "overheat_protect")),
    path="climate_state.is_preconditioning",
    firmware="2024.44.25",
)
OVERHEAT_COOLING = Signal(
    "HvacPower.OverheatProtect",
    truth("overheat_protect", no=("off", "on", "precondition")),
    path="climate_state.cabin_overheat_protection_actively_cooling",
    firmware="2024.44.25",
)
CLIMATE_POWER = Signal("HvacPower.State", one_of(*CLIMATE_POWER_STATES), firmware="2024.44.25")
# Tesla names the streamed requests by side, the polled ones by driver; on right-hand drive cars
# the two are crossed, which the stream's decoder has to undo.
TEMPERATURE_STEP: Final = 0.5
"""°C; a car that shows °F keeps whole ones of those, and reports 72 °F as 22.2 °C."""
DRIVER_TEMPERATURE = Signal(
    "HvacLeftTemperatureRequest",
    celsius,
    CLIMATE_SETTING,
    path="climate_state.driver_temp_setting",
    firmware="2024.44.25",
    step=TEMPERATURE_STEP,
    poll_step=0.1,
)
PASSENGER_TEMPERATURE = Signal(
    "HvacRightTemperatureRequest",
    celsius,
    CLIMATE_SETTING,
    path="climate_state.passenger_temp_setting",
    firmware="2024.44.25",
    step=TEMPERATURE_STEP,
    poll_step=0.1,
)
MINIMUM_TEMPERATURE = Signal(
    "MinAvailTemp", celsius, CLIMATE_SETTING, path="climate_state.min_avail_temp", streamed=False
)
MAXIMUM_TEMPERATURE = Signal(
    "MaxAvailTemp", celsius, CLIMATE_SETTING, path="climate_state.max_avail_temp", streamed=False
)
CLIMATE_KEEPER = Signal(
    "ClimateKeeperMode",
    one_of(*KEEPER_MODES, party="camp", keep="on"),
    path="climate_state.climate_keeper_mode",
    firmware="2024.44.25",
)
CLIMATE_AUTOMATIC = Signal(
    "HvacAutoMode",
    truth("on", no=("override", "off")),
    path="climate_state.hvac_auto_request",
    firmware="2024.44.25",
)
AIR_CONDITIONING = Signal("HvacACEnabled", boolean, firmware="2024.44.25")
FAN_SETTING = Signal("HvacFanSpeed", whole, (0, 12), firmware="2024.44.25")
"""0 to 10."""
FAN_SPEED = Signal(
    "HvacFanStatus", whole, (0, 12), path="climate_state.fan_status", firmware="2024.44.25"
)
"""0 to 10."""
DEFROST = Signal(
    "DefrostMode", unless("off"), path="climate_state.defrost_mode", firmware="2024.44.25"
)
DEFROST_BY_PRECONDITIONING = Signal("DefrostForPreconditioning", boolean, firmware="2024.44.25")
REAR_DEFROST = Signal(
    "RearDefrostEnabled",
    boolean,
    path="climate_state.is_rear_defroster_on",
    firmware="2025.2.6",
)
WIPER_HEATER = Signal(
    "WiperHeatEnabled", boolean, path="climate_state.wiper_blade_heater", firmware="2024.44.25"
)
OVERHEAT_MODE = Signal(
    "CabinOverheatProtectionMode",
    one_of(*OVERHEAT_PROTECTION_MODES),
    path="climate_state.cabin_overheat_protection",
    firmware="2024.44.25",
)
OVERHEAT_LIMIT = Signal(
    "CabinOverheatProtectionTemperatureLimit",
    one_of(*OVERHEAT_LIMITS),
    path="climate_state.cop_activation_temperature",
    firmware="2024.44.25",
)
"""Low is 30 °C, medium 35 °C, high 40 °C."""
OVERHEAT_BY_FAN = Signal(
    "SupportsFanOnlyCabinOverheatProtection",
    boolean,
    path="climate_state.supports_fan_only_cabin_overheat_protection",
    streamed=False,
)
"""Whether it can protect the cabin with the fan alone."""
OVERHEAT_LIMIT_CHOSEN = Signal(
    "CopUserSetTempSupported",
    boolean,
    path="vehicle_config.cop_user_set_temp_supported",
    streamed=False,
)
"""Whether the owner chooses the limit."""
BIOWEAPON_MODE = Signal(
    "BioweaponMode", boolean, path="climate_state.bioweapon_mode", streamed=False
)
REAR_DISPLAY_CLIMATE = Signal("RearDisplayHvacEnabled", boolean, firmware="2024.44.25")
