"""Signals of charging: charger, cable, schedules and Powershare."""

from datetime import datetime, timedelta
from typing import Final

from ..state import Derived, Signal, State
from ..units import Measure, Unit
from .bounds import INSTANT, MINUTE_OF_DAY, PACK_ENERGY, PACK_VOLTS, PERCENT
from .measures import (
    amperes,
    hours,
    kilometres_per_hour,
    kilowatt_hours,
    kilowatts,
    volts,
    whole_amperes,
    whole_hours,
    whole_minutes,
    whole_percent,
)
from .moments import date_of, later
from .parsers import KILOMETRES_PER_MILE, boolean, instant, number, one_of, text, whole

CHARGING_STATES: Final = (
    "disconnected",
    "no_power",
    "starting",
    "charging",
    "complete",
    "stopped",
    "calibrating",
)
LATCH_STATES: Final = ("engaged", "disengaged", "blocking")
CABLE_TYPES: Final = ("iec", "sae", "gb_ac", "gb_dc")
FAST_CHARGER_TYPES: Final = (
    "supercharger",
    "chademo",
    "gb",
    "ac_single_wire_can",
    "combo",
    "mc_single_wire_can",
    "other",
)
SCHEDULE_MODES: Final = ("off", "start_at", "depart_by")
SCHEDULE_DAYS: Final = ("all_week", "weekdays")
POWERSHARE_STATES: Final = (
    "inactive",
    "handshaking",
    "init",
    "enabled",
    "enabled_reconnecting_soon",
    "stopped",
)
POWERSHARE_TYPES: Final = ("none", "load", "home")
POWERSHARE_STOP_REASONS: Final = (
    "none",
    "soc_too_low",
    "retry",
    "fault",
    "user",
    "reconnecting",
    "authentication",
)
POWER_TRANSFER_STATES: Final = (
    "standby",
    "faulted",
    "emergency_shutdown",
    "ext_evse_test_allowed",
    "ext_precharge_allowed",
    "charge_enabling",
    "charge_enabled",
    "graceful_shutdown",
    "blocked",
)


def _power(*, is_dc: bool) -> Measure[float]:
    """Power in kW of one kind of current, from the polled power and whether that is DC."""

    def parse(value: tuple[object, object]) -> float:
        power, is_fast = value
        return number(power) if boolean(is_fast) is is_dc else 0.0

    return Measure(Unit.KILOWATT, parse)


def _of_tesla(value: object) -> bool | None:
    """Whether a fast charger is one of Tesla's, by its brand; None without a brand."""
    if isinstance(value, bool):
        return value
    brand = text(value)
    return None if brand is None else brand == "Tesla"


CHARGING_STATE = Signal(
    "DetailedChargeState",
    one_of(*CHARGING_STATES),
    path="charge_state.charging_state",
    firmware="2024.38",
)
CHARGER_STATE = Signal("ChargeState", text)
"""State of the charger's own state machine (`Standby`, `Enable`), not of the charge."""
# A polled answer has one power, at the charger, for both kinds of current.
AC_CHARGING_POWER = Signal(
    "ACChargingPower",
    kilowatts,
    (-25, 30),
    path="charge_state.charger_power,fast_charger_present",
    polled=_power(is_dc=False),
    poll_step=1,
    null=0.0,
)
DC_CHARGING_POWER = Signal(
    "DCChargingPower",
    kilowatts,
    (-50, 1500),
    path="charge_state.charger_power,fast_charger_present",
    polled=_power(is_dc=True),
    poll_step=1,
    null=0.0,
)
# Measured at the battery for both kinds of current, as the polled value is. The charger counts
# more, because it measures before the losses, and nothing during DC: an entity that switched
# between the two would jump.
CHARGE_ENERGY_ADDED = Signal(
    "DCChargingEnergyIn",
    kilowatt_hours,
    PACK_ENERGY,
    path="charge_state.charge_energy_added",
    poll_step=0.01,
)
AC_CHARGE_ENERGY = Signal("ACChargingEnergyIn", kilowatt_hours, PACK_ENERGY)
"""Energy into the charger in this session."""
# Not from `charge_state.charge_amps`, which is the requested current.
CHARGER_CURRENT = Signal(
    "ChargeAmps",
    amperes,
    (0, 100),
    path="charge_state.charger_actual_current",
    null=0.0,
    # Measured, but set in whole amperes.
    step=1.0,
    poll_step=1,
)
CHARGER_VOLTAGE = Signal(
    "ChargerVoltage",
    volts,
    PACK_VOLTS,
    path="charge_state.charger_voltage",
    poll_step=1,
    null=0.0,
    firmware="2024.44.32",
)
CHARGER_PHASES = Signal("ChargerPhases", whole, (0, 3), path="charge_state.charger_phases")
CHARGE_RATE = Signal(
    "ChargeRateMilePerHour",
    kilometres_per_hour,
    (0, 2500),
    path="charge_state.charge_rate",
    poll_step=0.1 * KILOMETRES_PER_MILE,
    null=0.0,
    firmware="2025.2.6",
)
TIME_TO_FULL = Signal(
    "TimeToFullCharge", hours, (0, 250), path="charge_state.time_to_full_charge", poll_step=0.01
)
"""During a trip, the time to the trip's target."""
TIME_TO_LIMIT = Signal(
    "EstimatedHoursToChargeTermination",
    hours,
    (0, 250),
    path="charge_state.minutes_to_full_charge",
    polled=Measure(Unit.HOUR, lambda value: number(value) / 60),
    poll_step=1 / 60,
    firmware="2024.44.25",
)
CHARGE_LIMIT = Signal(
    "ChargeLimitSoc", whole_percent, PERCENT, path="charge_state.charge_limit_soc"
)
CHARGE_LIMIT_MINIMUM = Signal(
    "ChargeLimitSocMin",
    whole_percent,
    PERCENT,
    path="charge_state.charge_limit_soc_min",
    streamed=False,
)
CHARGE_LIMIT_MAXIMUM = Signal(
    "ChargeLimitSocMax",
    whole_percent,
    PERCENT,
    path="charge_state.charge_limit_soc_max",
    streamed=False,
)
CHARGE_CURRENT_REQUEST = Signal(
    "ChargeCurrentRequest", whole_amperes, (0, 100), path="charge_state.charge_current_request"
)
MIN_SHOWN_CURRENT: Final = 5
"""A. Vehicles show no lower setting, although most can draw less. Sources: esphome-tesla-ble 120,
vehicle-command 256."""


def _low_current(state: State) -> int | None:
    """The real current in A if the vehicle shows 5 A but draws less; None if it does not."""
    real = state[CHARGER_CURRENT]
    if (
        real is None
        or state[CHARGING_STATE] != "charging"
        or state[CHARGE_CURRENT_REQUEST] != MIN_SHOWN_CURRENT
    ):
        return None
    amperes = round(real)
    return amperes if 0 < amperes < MIN_SHOWN_CURRENT else None


_CURRENTS: Final = (CHARGING_STATE, CHARGE_CURRENT_REQUEST, CHARGER_CURRENT)
CHARGES_BELOW_SHOWN = Derived(
    "ChargesBelowShown", *_CURRENTS, compute=lambda state: _low_current(state) is not None
)
CHARGE_CURRENT = Derived(
    "ChargeCurrent",
    *_CURRENTS,
    compute=lambda state: _low_current(state) or state[CHARGE_CURRENT_REQUEST],
    unit=CHARGE_CURRENT_REQUEST.unit,
)
"""The setting as it applies: below 5 A, the vehicle shows 5 A and draws less."""
CHARGE_CURRENT_MAXIMUM = Signal(
    "ChargeCurrentRequestMax",
    whole_amperes,
    (0, 100),
    path="charge_state.charge_current_request_max",
)
CHARGE_ENABLED = Signal("ChargeEnableRequest", boolean, path="charge_state.charge_enable_request")
CHARGE_PORT_OPEN = Signal(
    "ChargePortDoorOpen",
    boolean,
    path="charge_state.charge_port_door_open",
    firmware="2024.44.25",
)
CHARGE_PORT_LATCH = Signal(
    "ChargePortLatch", one_of(*LATCH_STATES), path="charge_state.charge_port_latch"
)
CHARGE_PORT_COLD = Signal(
    "ChargePortColdWeatherMode", boolean, path="charge_state.charge_port_cold_weather_mode"
)
CABLE_TYPE = Signal(
    "ChargingCableType",
    one_of(*CABLE_TYPES),
    path="charge_state.conn_charge_cable",
    firmware="2024.44.25",
)
FAST_CHARGER = Signal("FastChargerPresent", boolean, path="charge_state.fast_charger_present")
FAST_CHARGER_TYPE = Signal(
    "FastChargerType",
    one_of(*FAST_CHARGER_TYPES, tesla="supercharger", ch_ade_mo="chademo"),
    path="charge_state.fast_charger_type",
    firmware="2024.44.25",
)
FAST_CHARGER_OF_TESLA = Signal(
    "FastChargerOfTesla", _of_tesla, path="charge_state.fast_charger_brand", streamed=False
)
SUPERCHARGING_ON_TRIP = Signal(
    "SuperchargerSessionTripPlanner",
    boolean,
    path="charge_state.supercharger_session_trip_planner",
)
TRIP_CHARGING = Signal("TripCharging", boolean, path="charge_state.trip_charging", streamed=False)
SCHEDULED_CHARGING_MODE = Signal(
    "ScheduledChargingMode",
    one_of(*SCHEDULE_MODES),
    path="charge_state.scheduled_charging_mode",
)
SCHEDULED_CHARGING_PENDING = Signal(
    "ScheduledChargingPending", boolean, path="charge_state.scheduled_charging_pending"
)
SCHEDULED_CHARGING_START = Signal(
    "ScheduledChargingStartTime",
    instant,
    INSTANT,
    path="charge_state.scheduled_charging_start_time",
)
SCHEDULED_DEPARTURE = Signal(
    "ScheduledDepartureTime", instant, INSTANT, path="charge_state.scheduled_departure_time"
)
PRECONDITIONING_ENABLED = Signal(
    "PreconditioningEnabled", boolean, path="charge_state.preconditioning_enabled"
)
"""Whether the car preconditions for the time of departure."""
# The other settings of a scheduled departure, which are only polled; times are minutes after
# midnight.
DEPARTURE_MINUTES = Signal(
    "ScheduledDepartureTimeMinutes",
    whole_minutes,
    MINUTE_OF_DAY,
    path="charge_state.scheduled_departure_time_minutes",
    streamed=False,
)
PRECONDITIONING_DAYS = Signal(
    "PreconditioningTimes",
    one_of(*SCHEDULE_DAYS),
    path="charge_state.preconditioning_times",
    streamed=False,
)
OFF_PEAK_ENABLED = Signal(
    "OffPeakChargingEnabled",
    boolean,
    path="charge_state.off_peak_charging_enabled",
    streamed=False,
)
OFF_PEAK_DAYS = Signal(
    "OffPeakChargingTimes",
    one_of(*SCHEDULE_DAYS),
    path="charge_state.off_peak_charging_times",
    streamed=False,
)
OFF_PEAK_END_MINUTES = Signal(
    "OffPeakHoursEndTime",
    whole_minutes,
    MINUTE_OF_DAY,
    path="charge_state.off_peak_hours_end_time",
    streamed=False,
)
POWERSHARE_STATE = Signal("PowershareStatus", one_of(*POWERSHARE_STATES), firmware="2024.44.25")
POWERSHARE_TYPE = Signal("PowershareType", one_of(*POWERSHARE_TYPES), firmware="2024.44.25")
POWERSHARE_STOP_REASON = Signal(
    "PowershareStopReason", one_of(*POWERSHARE_STOP_REASONS), firmware="2024.44.25"
)
POWERSHARE_POWER = Signal(
    "PowershareInstantaneousPowerKW", kilowatts, (-25, 30), firmware="2024.44.25"
)
"""Positive out of the battery."""
POWERSHARE_HOURS = Signal("PowershareHoursLeft", whole_hours, (0, 1000), firmware="2024.44.25")
POWER_TRANSFER_STATE = Signal("PowerTransferStatus", one_of(*POWER_TRANSFER_STATES), firmware=None)


def _plugged_in(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging != "disconnected"


def _is_charging(state: State) -> bool | None:
    charging = state[CHARGING_STATE]
    return None if charging is None else charging in ("charging", "starting")


def _charger_power(state: State) -> float | None:
    """Power in kW. Each field is valid only for its own kind of current."""
    alternating, direct = state[AC_CHARGING_POWER], state[DC_CHARGING_POWER]
    match state[FAST_CHARGER]:
        case True:
            return direct
        case False:
            return alternating
    return alternating or (alternating if direct is None else direct)


def _connected_cable(state: State) -> str | None:
    """The kind of cable. The stream reports it as invalid when it is pulled, and before sleep."""
    return None if _plugged_in(state) is False else state[CABLE_TYPE]


def _charge_end(state: State) -> datetime | None:
    if not _is_charging(state):
        return None
    return later(state, TIME_TO_FULL, timedelta(hours=1))


PLUGGED_IN = Derived("PluggedIn", CHARGING_STATE, compute=_plugged_in)
IS_CHARGING = Derived("IsCharging", CHARGING_STATE, compute=_is_charging)
CHARGER_POWER = Derived(
    "ChargerPower",
    AC_CHARGING_POWER,
    DC_CHARGING_POWER,
    FAST_CHARGER,
    compute=_charger_power,
    unit=Unit.KILOWATT,
)
CONNECTED_CABLE = Derived("ConnectedCable", CABLE_TYPE, CHARGING_STATE, compute=_connected_cable)
CHARGE_END = Derived("ChargeEnd", TIME_TO_FULL, CHARGING_STATE, compute=_charge_end)
CHARGING_STARTS = date_of("ChargingStarts", SCHEDULED_CHARGING_START)
DEPARTURE = date_of("Departure", SCHEDULED_DEPARTURE)
