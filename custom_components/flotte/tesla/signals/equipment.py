"""Signals of the equipment, and of the display's preferences."""

from typing import Final

from ..state import Signal, Unrecognised
from .parsers import boolean, one_of, text, unless, upper_case, whole

MODELS: Final = ("model_s", "model_x", "model_3", "model_y", "semi", "cybertruck", "cybercab")
# Streamed and polled words; the refreshed Model S and X have polled names of their own.
_MODEL_WORDS: Final = {
    "model3": "model_3",
    "modely": "model_y",
    "models": "model_s",
    "models2": "model_s",
    "lychee": "model_s",
    "modelx": "model_x",
    "tamarind": "model_x",
    "semi_truck": "semi",
    "semi_truck_v2": "semi",
}
# By the fourth character of a VIN. Source: Tesla's vehicle identification numbers, public decoders.
_MODELS_BY_LETTER: Final = {
    "S": "model_s",
    "X": "model_x",
    "3": "model_3",
    "Y": "model_y",
    "T": "semi",
    "C": "cybertruck",
}
CHARGE_PORT_TYPES: Final = ("us", "eu", "gb", "ccs")
DISPLAY_STATES: Final = (
    "off",
    "dim",
    "accessory",
    "on",
    "driving",
    "charging",
    "lock",
    "sentry",
    "dog",
    "entertainment",
)

# Polled answers have numbers for the stream's words. Source: public clients.
_DISPLAY_NUMBERS: Final = {
    0: "off",
    2: "on",
    3: "charging",
    4: "on",
    5: "charging",
    6: "lock",
    7: "sentry",
    8: "dog",
    9: "entertainment",
}


def model_of_vin(vin: str) -> str | None:
    """The model that a VIN identifies; None if it is unknown."""
    return _MODELS_BY_LETTER.get(vin[3:4])


def _display_state(value: object) -> str:
    if (word := _DISPLAY_NUMBERS.get(whole(value))) is None:
        raise Unrecognised(value)
    return word


VEHICLE_NAME = Signal("VehicleName", text, path="vehicle_state.vehicle_name")
MODEL = Signal("CarType", one_of(*MODELS, **_MODEL_WORDS), path="vehicle_config.car_type")
TRIM = Signal("Trim", upper_case, path="vehicle_config.trim_badging")
EXTERIOR_COLOUR = Signal("ExteriorColor", text, path="vehicle_config.exterior_color")
ROOF_COLOUR = Signal("RoofColor", text, path="vehicle_config.roof_color")
WHEEL_TYPE = Signal("WheelType", text, path="vehicle_config.wheel_type", firmware="2024.44.25")
SPOILER_TYPE = Signal("SpoilerType", text, path="vehicle_config.spoiler_type", streamed=False)
EFFICIENCY_PACKAGE = Signal(
    "EfficiencyPackage", text, path="vehicle_config.efficiency_package", firmware="2024.44.25"
)
CHARGE_PORT_TYPE = Signal(
    "ChargePort", one_of(*CHARGE_PORT_TYPES), path="vehicle_config.charge_port_type"
)
# The stream has an undocumented text here, the polled answer a number.
REAR_SEAT_HEATERS = Signal(
    "RearSeatHeaterCount", whole, (0, 7), path="vehicle_config.rear_seat_heaters", streamed=False
)
REAR_SEAT_HEATER_PACKAGE = Signal("RearSeatHeaters", text, firmware="2024.44.25")
RIGHT_HAND_DRIVE = Signal(
    "RightHandDrive", boolean, path="vehicle_config.rhd", firmware="2024.44.25"
)
EUROPEAN = Signal("EuropeVehicle", boolean, path="vehicle_config.eu_vehicle", firmware="2024.44.25")
SUNROOF = Signal(
    "SunroofInstalled",
    unless("not_installed"),
    path="vehicle_config.sun_roof_installed",
    # Reported by cars that never had the option.
    null=False,
    firmware="2025.2.6",
)
SEAT_COOLERS = Signal(
    "HasSeatCooling", boolean, path="vehicle_config.has_seat_cooling", streamed=False
)
THIRD_ROW = Signal(
    "ThirdRowSeats", unless("none"), path="vehicle_config.third_row_seats", streamed=False
)
LIGHT_BAR = Signal("OffroadLightbarPresent", boolean, firmware="2024.44.25")
MOTORIZED_CHARGE_PORT = Signal(
    "MotorizedChargePort", boolean, path="vehicle_config.motorized_charge_port", streamed=False
)
POWER_LIFTGATE = Signal("PowerLiftgate", boolean, path="vehicle_config.plg", streamed=False)
CENTER_DISPLAY = Signal(
    "CenterDisplay",
    one_of(*DISPLAY_STATES),
    path="vehicle_state.center_display_state",
    polled=_display_state,
    firmware="2024.44.25",
)
# Units of the display, which do not affect the values that Tesla reports.
DISTANCE_UNIT = Signal(
    "SettingDistanceUnit",
    one_of("miles", "kilometers", **{"mi/hr": "miles", "km/hr": "kilometers"}),
    path="gui_settings.gui_distance_units",
    firmware="2024.44.32",
)
TEMPERATURE_UNIT = Signal(
    "SettingTemperatureUnit",
    one_of("fahrenheit", "celsius", f="fahrenheit", c="celsius"),
    path="gui_settings.gui_temperature_units",
    firmware="2024.44.32",
)
PRESSURE_UNIT = Signal(
    "SettingTirePressureUnit",
    one_of("psi", "bar"),
    path="gui_settings.gui_tirepressure_units",
    firmware="2024.44.32",
)
# The corresponding polled key is unknown.
CHARGE_UNIT = Signal("SettingChargeUnit", one_of("distance", "percent"), firmware="2024.44.32")
CLOCK_OF_24_HOURS = Signal(
    "Setting24HourTime", boolean, path="gui_settings.gui_24_hour_time", firmware="2024.44.32"
)
