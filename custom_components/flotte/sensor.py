"""Sensors: one table of what vehicles, sites and the account show, and one class for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, cast, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorEntityStateAttribute,
    SensorStateClass,
)
from homeassistant.const import (
    DEGREE,
    PERCENTAGE,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfLength,
    UnitOfMass,
    UnitOfPower,
    UnitOfPressure,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .account.data import FlotteConfigEntry
from .coordinator import FlotteCoordinator, VehicleCoordinator
from .counters import LifetimeCounter, SessionCounter, read_reset
from .entity import AccountEntity, FlotteEntity, FlotteEntityDescription, told
from .presence import async_add_rows
from .spending.account_ledger import AccountLedger
from .tesla import signals
from .tesla.spending.caller import CallerKind
from .tesla.spending.ledger import Month
from .tesla.spending.modes import ModeReason, SpendingMode
from .tesla.spending.projection import Basis
from .tesla.spending.tariff import CENT, Category
from .tesla.state import Derived, Signal, State
from .tesla.units import Unit

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteSensorDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor that shows a signal, in the unit of that signal."""

    signal: Signal[Any] | Derived[Any]


@dataclass(frozen=True, kw_only=True)
class FlotteAgeDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor about the readings themselves, looked at after every poll."""

    value: Callable[[State], StateType | datetime]


@dataclass(frozen=True, kw_only=True)
class FlotteWaitingDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor about the commands that wait for a vehicle."""


UNITS: Final[Mapping[Unit, str]] = {
    Unit.PERCENT: PERCENTAGE,
    Unit.DEGREE: DEGREE,
    Unit.KILOMETRE: UnitOfLength.KILOMETERS,
    Unit.METRE: UnitOfLength.METERS,
    Unit.KILOMETRE_PER_HOUR: UnitOfSpeed.KILOMETERS_PER_HOUR,
    # Home Assistant has no constants for the next three and for kilo-ohms.
    Unit.METRE_PER_SECOND_SQUARED: "m/s²",
    Unit.RADIAN_PER_SECOND: "rad/s",
    Unit.NEWTON_METRE: "Nm",
    Unit.KILOGRAM: UnitOfMass.KILOGRAMS,
    Unit.CELSIUS: UnitOfTemperature.CELSIUS,
    Unit.BAR: UnitOfPressure.BAR,
    Unit.VOLT: UnitOfElectricPotential.VOLT,
    Unit.AMPERE: UnitOfElectricCurrent.AMPERE,
    Unit.KILOHM: "kΩ",
    Unit.WATT: UnitOfPower.WATT,
    Unit.KILOWATT: UnitOfPower.KILO_WATT,
    Unit.WATT_HOUR: UnitOfEnergy.WATT_HOUR,
    Unit.KILOWATT_HOUR: UnitOfEnergy.KILO_WATT_HOUR,
    Unit.MILLISECOND: UnitOfTime.MILLISECONDS,
    Unit.MINUTE: UnitOfTime.MINUTES,
    Unit.HOUR: UnitOfTime.HOURS,
}
"""Names that Home Assistant has for the units of signals."""

type Row = FlotteSensorDescription | FlotteAgeDescription | FlotteWaitingDescription


def _last_seen(state: State) -> datetime | None:
    """When the vehicle told anything last, or was online."""
    known = [
        reading.time
        for signal, reading in state.readings.items()
        if signal is not signals.ONLINE and reading.value is not None
    ]
    return max(known, default=None)


def _site_last_seen(state: State) -> datetime | None:
    """When the site itself told anything last; its settings are known to Tesla without it."""
    known = [
        reading.time
        for signal, reading in state.readings.items()
        if signal.section == signals.LIVE_STATUS and reading.value is not None
    ]
    return max(known, default=None)


def _has_wall_connectors(state: State) -> bool | None:
    count = state[signals.WALL_CONNECTORS]
    return None if count is None else count > 0


def _data_age(state: State) -> float | None:
    """Minutes since the vehicle's data were true."""
    reading = state.told(signals.BATTERY_LEVEL) or state.told(signals.ODOMETER)
    return None if reading is None else (dt_util.utcnow() - reading.time).total_seconds() / 60


def _distance(
    key: str,
    signal: Signal[float],
    *,
    enabled: bool = True,
    state_class: SensorStateClass = SensorStateClass.MEASUREMENT,
) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        device_class=SensorDeviceClass.DISTANCE,
        state_class=state_class,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
    )


def _temperature(key: str, signal: Signal[float]) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    )


def _pressure(key: str, signal: Signal[float]) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    )


def _details(
    device_class: SensorDeviceClass | None = None,
    *,
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT,
    precision: int | None = None,
    **rows: Signal[Any] | Derived[Any],
) -> tuple[FlotteSensorDescription, ...]:
    """Rows that differ in name and signal only, for those who look for them.

    What is enabled is streamed, and what is streamed costs, so these are disabled; and a vehicle
    that does not stream never tells most of them.
    """
    return tuple(
        FlotteSensorDescription(
            key=key,
            signal=signal,
            device_class=device_class,
            state_class=state_class,
            suggested_display_precision=precision,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for key, signal in rows.items()
    )


def _words(
    options: tuple[str, ...], **rows: Signal[str] | Derived[str]
) -> tuple[FlotteSensorDescription, ...]:
    """Details that are one of a few words."""
    return tuple(
        FlotteSensorDescription(
            key=key,
            signal=signal,
            device_class=SensorDeviceClass.ENUM,
            options=list(options),
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
        )
        for key, signal in rows.items()
    )


def _site_power(
    key: str, signal: Signal[float], exists: Callable[[State], bool | None] | None = None
) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        exists=exists or told(signal),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    )


VEHICLE_SENSORS: Final[tuple[Row, ...]] = (
    FlotteSensorDescription(
        key="battery_level",
        signal=signals.BATTERY_LEVEL,
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="usable_battery_level",
        signal=signals.USABLE_BATTERY_LEVEL,
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        # Nearly the same as the one above, and streaming both costs twice.
        entity_registry_enabled_default=False,
    ),
    _distance("range", signals.RATED_RANGE),
    _distance("estimated_range", signals.ESTIMATED_RANGE, enabled=False),
    _distance("ideal_range", signals.IDEAL_RANGE, enabled=False),
    FlotteSensorDescription(
        key="charging_status",
        signal=signals.CHARGING_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.CHARGING_STATES),
    ),
    FlotteSensorDescription(
        key="charger_power",
        signal=signals.CHARGER_POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="charger_current",
        signal=signals.CHARGER_CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charger_voltage",
        signal=signals.CHARGER_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charge_rate",
        signal=signals.CHARGE_RATE,
        device_class=SensorDeviceClass.SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charge_energy_added",
        signal=signals.CHARGE_ENERGY_ADDED,
        device_class=SensorDeviceClass.ENERGY,
        # Starts again at 0 with every charging session.
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="charge_end",
        signal=signals.CHARGE_END,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    FlotteSensorDescription(
        key="current_charge_limit",
        signal=signals.CHARGE_LIMIT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    _temperature("inside_temperature", signals.INSIDE_TEMPERATURE),
    _temperature("outside_temperature", signals.OUTSIDE_TEMPERATURE),
    _distance("odometer", signals.ODOMETER, state_class=SensorStateClass.TOTAL_INCREASING),
    FlotteSensorDescription(
        key="speed",
        signal=signals.SPEED,
        device_class=SensorDeviceClass.SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="shift_state",
        signal=signals.SHIFT_STATE,
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.SHIFT_STATES),
    ),
    FlotteSensorDescription(
        key="drive_power",
        signal=signals.DRIVE_POWER,
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
    ),
    FlotteSensorDescription(
        key="heading",
        signal=signals.HEADING,
        state_class=SensorStateClass.MEASUREMENT_ANGLE,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    _pressure("pressure_front_left", signals.PRESSURE_FRONT_LEFT),
    _pressure("pressure_front_right", signals.PRESSURE_FRONT_RIGHT),
    _pressure("pressure_rear_left", signals.PRESSURE_REAR_LEFT),
    _pressure("pressure_rear_right", signals.PRESSURE_REAR_RIGHT),
    FlotteSensorDescription(key="route_destination", signal=signals.ROUTE_DESTINATION),
    FlotteSensorDescription(
        key="route_arrival",
        signal=signals.ROUTE_ARRIVAL,
        device_class=SensorDeviceClass.TIMESTAMP,
    ),
    _distance("route_distance", signals.ROUTE_DISTANCE),
    FlotteSensorDescription(
        key="route_energy",
        signal=signals.ROUTE_ENERGY,
        device_class=SensorDeviceClass.BATTERY,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="route_traffic_delay",
        signal=signals.ROUTE_TRAFFIC_DELAY,
        device_class=SensorDeviceClass.DURATION,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="software_version",
        signal=signals.SOFTWARE_VERSION,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteAgeDescription(
        key="last_seen",
        value=_last_seen,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteAgeDescription(
        key="data_age",
        value=_data_age,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteWaitingDescription(key="waiting_commands", state_class=SensorStateClass.MEASUREMENT),
    # Details of the battery
    *_details(
        SensorDeviceClass.ENERGY_STORAGE,
        precision=1,
        energy_remaining=signals.ENERGY_REMAINING,
        full_pack_energy=signals.FULL_PACK_ENERGY,
    ),
    *_details(
        SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL_INCREASING,
        precision=1,
        lifetime_energy_used=signals.LIFETIME_ENERGY_USED,
        lifetime_energy_recovered=signals.LIFETIME_ENERGY_RECOVERED,
        lifetime_energy_charged=signals.LIFETIME_ENERGY_CHARGED,
        lifetime_energy_charged_dc=signals.LIFETIME_ENERGY_CHARGED_DC,
    ),
    *_details(
        SensorDeviceClass.ENERGY,
        state_class=SensorStateClass.TOTAL,
        precision=1,
        ac_charge_energy=signals.AC_CHARGE_ENERGY,
    ),
    *_details(
        SensorDeviceClass.VOLTAGE,
        precision=1,
        pack_voltage=signals.PACK_VOLTAGE,
        inverter_voltage_rear=signals.INVERTER_VOLTAGE_REAR,
        inverter_voltage_front=signals.INVERTER_VOLTAGE_FRONT,
        inverter_voltage_rear_left=signals.INVERTER_VOLTAGE_REAR_LEFT,
        inverter_voltage_rear_right=signals.INVERTER_VOLTAGE_REAR_RIGHT,
    ),
    *_details(
        SensorDeviceClass.VOLTAGE,
        precision=3,
        brick_voltage_highest=signals.BRICK_VOLTAGE_HIGHEST,
        brick_voltage_lowest=signals.BRICK_VOLTAGE_LOWEST,
        brick_imbalance=signals.BRICK_IMBALANCE,
    ),
    *_details(
        SensorDeviceClass.CURRENT,
        precision=1,
        pack_current=signals.PACK_CURRENT,
        motor_current_rear=signals.MOTOR_CURRENT_REAR,
        motor_current_front=signals.MOTOR_CURRENT_FRONT,
        motor_current_rear_left=signals.MOTOR_CURRENT_REAR_LEFT,
        motor_current_rear_right=signals.MOTOR_CURRENT_REAR_RIGHT,
    ),
    *_details(
        SensorDeviceClass.POWER,
        precision=1,
        pack_power=signals.PACK_POWER,
        ac_charging_power=signals.AC_CHARGING_POWER,
        dc_charging_power=signals.DC_CHARGING_POWER,
        powershare_power=signals.POWERSHARE_POWER,
    ),
    *_details(
        SensorDeviceClass.BATTERY,
        precision=1,
        brick_level_lowest=signals.BRICK_LEVEL_LOWEST,
    ),
    *_details(
        state_class=None,
        brick_of_highest_voltage=signals.BRICK_OF_HIGHEST_VOLTAGE,
        brick_of_lowest_voltage=signals.BRICK_OF_LOWEST_VOLTAGE,
        warmest_module=signals.WARMEST_MODULE,
        coldest_module=signals.COLDEST_MODULE,
        charger_phases=signals.CHARGER_PHASES,
        cruise_distance=signals.CRUISE_DISTANCE,
        # Texts: Tesla's own codes
        charger_state=signals.CHARGER_STATE,
        trim=signals.TRIM,
        exterior_colour=signals.EXTERIOR_COLOUR,
        roof_colour=signals.ROOF_COLOUR,
        wheel_type=signals.WHEEL_TYPE,
        efficiency_package=signals.EFFICIENCY_PACKAGE,
        rear_seat_heater_package=signals.REAR_SEAT_HEATER_PACKAGE,
        vehicle_name=signals.VEHICLE_NAME,
    ),
    *_details(precision=0, isolation_resistance=signals.ISOLATION_RESISTANCE),
    *_words(signals.BATTERY_STATES, battery_state=signals.BATTERY_STATE),
    # Details of charging
    *_words(signals.CABLE_TYPES, charge_cable_type=signals.CONNECTED_CABLE),
    *_words(signals.FAST_CHARGER_TYPES, fast_charger_type=signals.FAST_CHARGER_TYPE),
    *_words(signals.CHARGE_PORT_TYPES, charge_port_type=signals.CHARGE_PORT_TYPE),
    *_words(signals.SCHEDULE_MODES, scheduled_charging_mode=signals.SCHEDULED_CHARGING_MODE),
    *_details(
        SensorDeviceClass.TIMESTAMP,
        state_class=None,
        scheduled_charging_start=signals.CHARGING_STARTS,
        scheduled_departure=signals.DEPARTURE,
        pressure_seen_front_left=signals.PRESSURE_SEEN_FRONT_LEFT,
        pressure_seen_front_right=signals.PRESSURE_SEEN_FRONT_RIGHT,
        pressure_seen_rear_left=signals.PRESSURE_SEEN_REAR_LEFT,
        pressure_seen_rear_right=signals.PRESSURE_SEEN_REAR_RIGHT,
    ),
    *_details(
        SensorDeviceClass.DURATION,
        precision=2,
        time_to_limit=signals.TIME_TO_LIMIT,
        powershare_hours=signals.POWERSHARE_HOURS,
    ),
    *_words(signals.POWERSHARE_STATES, powershare_state=signals.POWERSHARE_STATE),
    *_words(signals.POWERSHARE_TYPES, powershare_type=signals.POWERSHARE_TYPE),
    *_words(signals.POWERSHARE_STOP_REASONS, powershare_stop_reason=signals.POWERSHARE_STOP_REASON),
    *_words(signals.POWER_TRANSFER_STATES, power_transfer_state=signals.POWER_TRANSFER_STATE),
    # Details of driving
    *_details(
        SensorDeviceClass.SPEED,
        precision=0,
        cruise_speed=signals.CRUISE_SPEED,
        speed_limit=signals.SPEED_LIMIT,
        route_speed=signals.ROUTE_SPEED,
    ),
    *_details(
        SensorDeviceClass.DISTANCE,
        # Starts again at 0 when somebody resets it in the car.
        state_class=SensorStateClass.TOTAL,
        precision=0,
        distance_since_reset=signals.DISTANCE_SINCE_RESET,
        self_driven_since_reset=signals.SELF_DRIVEN_SINCE_RESET,
    ),
    *_details(
        SensorDeviceClass.DISTANCE,
        precision=0,
        gps_accuracy=signals.GPS_ACCURACY,
    ),
    *_details(
        precision=0,
        pedal_position=signals.PEDAL_POSITION,
        update_downloaded=signals.UPDATE_DOWNLOADED,
        update_installed=signals.UPDATE_INSTALLED,
        tonneau_open=signals.TONNEAU_OPEN_PERCENT,
    ),
    *_details(precision=1, grade=signals.GRADE),
    *_details(
        precision=1,
        lateral_acceleration=signals.LATERAL_ACCELERATION,
        longitudinal_acceleration=signals.LONGITUDINAL_ACCELERATION,
    ),
    *_details(
        brake_pressure=signals.BRAKE_PRESSURE,
        rolling_resistance=signals.ROLLING_RESISTANCE,
        fan_setting=signals.FAN_SETTING,
        fan_speed=signals.FAN_SPEED,
        paired_keys=signals.PAIRED_KEYS,
        homelink_devices=signals.HOMELINK_DEVICES,
    ),
    # Details of the drive units; cars with three motors have two at the rear
    *_words(
        signals.INVERTER_STATES,
        inverter_rear=signals.INVERTER_REAR,
        inverter_front=signals.INVERTER_FRONT,
        inverter_rear_left=signals.INVERTER_REAR_LEFT,
        inverter_rear_right=signals.INVERTER_REAR_RIGHT,
    ),
    *_details(
        precision=0,
        axle_speed_rear=signals.AXLE_SPEED_REAR,
        axle_speed_front=signals.AXLE_SPEED_FRONT,
        axle_speed_rear_left=signals.AXLE_SPEED_REAR_LEFT,
        axle_speed_rear_right=signals.AXLE_SPEED_REAR_RIGHT,
    ),
    *_details(
        precision=0,
        torque_request=signals.TORQUE_REQUEST,
        torque_request_second=signals.TORQUE_REQUEST_SECOND,
        torque_rear=signals.TORQUE_REAR,
        torque_front=signals.TORQUE_FRONT,
        torque_rear_left=signals.TORQUE_REAR_LEFT,
        torque_rear_right=signals.TORQUE_REAR_RIGHT,
    ),
    *_details(
        SensorDeviceClass.TEMPERATURE,
        precision=1,
        module_temperature_highest=signals.MODULE_TEMPERATURE_HIGHEST,
        module_temperature_lowest=signals.MODULE_TEMPERATURE_LOWEST,
        driver_temperature=signals.DRIVER_TEMPERATURE,
        passenger_temperature=signals.PASSENGER_TEMPERATURE,
        stator_rear=signals.STATOR_REAR,
        stator_front=signals.STATOR_FRONT,
        stator_rear_left=signals.STATOR_REAR_LEFT,
        stator_rear_right=signals.STATOR_REAR_RIGHT,
        heat_sink_rear=signals.HEAT_SINK_REAR,
        heat_sink_front=signals.HEAT_SINK_FRONT,
        heat_sink_rear_left=signals.HEAT_SINK_REAR_LEFT,
        heat_sink_rear_right=signals.HEAT_SINK_REAR_RIGHT,
        inverter_temperature_rear=signals.INVERTER_TEMPERATURE_REAR,
        inverter_temperature_front=signals.INVERTER_TEMPERATURE_FRONT,
        inverter_temperature_rear_left=signals.INVERTER_TEMPERATURE_REAR_LEFT,
        inverter_temperature_rear_right=signals.INVERTER_TEMPERATURE_REAR_RIGHT,
    ),
    # Details of everything else
    *_words(signals.CLIMATE_POWER_STATES, climate_power=signals.CLIMATE_POWER),
    *_words(signals.SENTRY_STATES, sentry_state=signals.SENTRY_STATE),
    *_words(signals.GUEST_ACCESS_STATES, guest_access=signals.GUEST_ACCESS),
    *_words(signals.TURN_SIGNALS, turn_signal=signals.TURN_SIGNAL),
    *_words(signals.TENT_MODES, tent_mode=signals.TENT_MODE),
    *_words(
        signals.COLLISION_WARNINGS, forward_collision_warning=signals.FORWARD_COLLISION_WARNING
    ),
    *_words(signals.LANE_ASSISTANCE, lane_departure_avoidance=signals.LANE_DEPARTURE_AVOIDANCE),
    *_words(signals.SPEED_WARNINGS, speed_limit_warning=signals.SPEED_LIMIT_WARNING),
    *_words(
        signals.EMERGENCY_BRAKING_STATES, emergency_braking_state=signals.EMERGENCY_BRAKING_STATE
    ),
    *_words(signals.DISPLAY_STATES, center_display=signals.CENTER_DISPLAY),
    *_words(signals.MODELS, model=signals.MODEL),
    *_words(("miles", "kilometers"), distance_unit=signals.DISTANCE_UNIT),
    *_words(("fahrenheit", "celsius"), temperature_unit=signals.TEMPERATURE_UNIT),
    *_words(("psi", "bar"), pressure_unit=signals.PRESSURE_UNIT),
    *_words(("distance", "percent"), charge_unit=signals.CHARGE_UNIT),
    *_details(
        SensorDeviceClass.DURATION,
        precision=0,
        update_duration=signals.UPDATE_MINUTES,
    ),
)

SITE_SENSORS: Final = (
    _site_power("solar_power", signals.SOLAR_POWER, told(signals.SOLAR_POWER, signals.HAS_SOLAR)),
    _site_power(
        "battery_power",
        signals.BATTERY_POWER,
        told(signals.BATTERY_POWER, signals.HAS_BATTERY),
    ),
    _site_power("grid_power", signals.GRID_POWER),
    _site_power("load_power", signals.LOAD_POWER),
    _site_power("wall_connector_power", signals.WALL_CONNECTOR_POWER, _has_wall_connectors),
    FlotteSensorDescription(
        key="percentage_charged",
        signal=signals.PERCENTAGE_CHARGED,
        exists=told(signals.PERCENTAGE_CHARGED, signals.HAS_BATTERY),
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="energy_left",
        signal=signals.ENERGY_LEFT,
        exists=told(signals.ENERGY_LEFT, signals.HAS_BATTERY),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="island_status",
        signal=signals.ISLAND_STATUS,
        exists=told(signals.ISLAND_STATUS),
        device_class=SensorDeviceClass.ENUM,
        options=list(signals.ISLAND_STATES),
    ),
    FlotteAgeDescription(
        key="site_last_seen",
        value=_site_last_seen,
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


@dataclass(frozen=True, kw_only=True)
class FlotteAccountDescription(SensorEntityDescription):
    """A sensor about the account; money is in the currency of its tariff."""

    value: Callable[[AccountLedger, datetime], StateType | Decimal]
    """What it shows at a time."""
    counts_from: Callable[[datetime], datetime] | None = None
    """When what it counts began at nothing, for totals."""
    passes: bool = False
    """Whether it changes just because time passes."""


def _month(now: datetime) -> datetime:
    """When the month began, in UTC as Tesla bills."""
    return Month.of(now).begin


def _day(now: datetime) -> datetime:
    """When the day began, in UTC as the ledger counts."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _cost(key: str, category: Category | None) -> FlotteAccountDescription:
    """This month's cost before Tesla's discount, of a category or of all."""
    return FlotteAccountDescription(
        key=key,
        value=lambda ledger, now: ledger.meter.cost(now, category),
        counts_from=_month,
        device_class=SensorDeviceClass.MONETARY,
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=2,
        entity_category=EntityCategory.DIAGNOSTIC if category else None,
    )


def _wakes_today(ledger: AccountLedger, now: datetime) -> int:
    """Wakes of all cars; corrections are no wakes of that day."""
    return ledger.meter.ledger.wakes_on(now.astimezone(UTC).date(), kinds=tuple(CallerKind))


def _projected(ledger: AccountLedger, now: datetime) -> Decimal | None:
    """What the month will cost; looked at every hour, and never less than what is spent by now."""
    if ledger.projection is None:
        return None
    return max(ledger.projection.total, ledger.meter.cost(now))


ACCOUNT_SENSORS: Final = (
    _cost("cost_month", None),
    _cost("cost_signal", Category.SIGNAL),
    _cost("cost_command", Category.COMMAND),
    _cost("cost_data", Category.DATA),
    _cost("cost_wake", Category.WAKE),
    _cost("cost_energy", Category.ENERGY),
    # No statistics of these two: Home Assistant only sums up money, and a sum of forecasts or of
    # what is left says nothing.
    FlotteAccountDescription(
        key="projected_cost",
        value=_projected,
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
    ),
    FlotteAccountDescription(
        key="budget_left",
        # Never more than is left.
        value=lambda ledger, now: ledger.meter.left(now).quantize(CENT, ROUND_DOWN),
        device_class=SensorDeviceClass.MONETARY,
        suggested_display_precision=2,
    ),
    # A total with its beginning, and not one that only increases: a wake that Tesla did not bill is
    # taken back, which would be taken for a new beginning, and be counted twice.
    FlotteAccountDescription(
        key="wakes_today",
        value=_wakes_today,
        counts_from=_day,
        state_class=SensorStateClass.TOTAL,
    ),
    FlotteAccountDescription(
        key="wakes_saved",
        value=lambda ledger, now: ledger.meter.ledger.avoided_wakes(Month.of(now)),
        counts_from=_month,
        state_class=SensorStateClass.TOTAL,
    ),
    FlotteAccountDescription(
        key="signals_per_hour",
        value=lambda ledger, now: ledger.meter.signals_last_hour(now),
        passes=True,
        state_class=SensorStateClass.MEASUREMENT,
    ),
    FlotteAccountDescription(
        key="spending_mode",
        value=lambda ledger, now: ledger.gate.shown_step(now).mode,
        device_class=SensorDeviceClass.ENUM,
        options=[str(mode) for mode in SpendingMode],
    ),
    FlotteAccountDescription(
        key="spending_reason",
        value=lambda ledger, now: ledger.gate.shown_step(now).reason,
        device_class=SensorDeviceClass.ENUM,
        options=[str(reason) for reason in ModeReason],
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteAccountDescription(
        key="projection_basis",
        value=lambda ledger, _: ledger.projection.basis if ledger.projection else None,
        device_class=SensorDeviceClass.ENUM,
        options=[str(basis) for basis in Basis],
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a sensor for each row and device."""
    data = entry.runtime_data
    for coordinators, table in ((data.vehicles, VEHICLE_SENSORS), (data.sites, SITE_SENSORS)):
        async_add_rows(coordinators, table, _sensor, async_add_entities)
    async_add_entities(AccountSensor(entry, row) for row in ACCOUNT_SENSORS)


def _sensor(coordinator: FlotteCoordinator, row: Row) -> Entity:
    if isinstance(row, FlotteAgeDescription):
        return AgeSensor(coordinator, row, None)
    if isinstance(row, FlotteWaitingDescription):
        # Only cars have such rows. What begins or ceases to wait is told with that signal.
        return WaitingSensor(cast("VehicleCoordinator", coordinator), row, (signals.ONLINE,))
    match row.state_class:
        case SensorStateClass.TOTAL:
            return SessionSensor(coordinator, row, (row.signal,))
        case SensorStateClass.TOTAL_INCREASING:
            return LifetimeSensor(coordinator, row, (row.signal,))
    return SignalSensor(coordinator, row, (row.signal,))


class SignalSensor(FlotteEntity[FlotteCoordinator], SensorEntity):
    """Shows one signal."""

    entity_description: FlotteSensorDescription

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        unit = self.entity_description.signal.unit
        return None if unit is None else UNITS[unit]

    @property
    @override
    def native_value(self) -> Any:
        return self.state_of_things[self.entity_description.signal]


class CounterSensor(SignalSensor, RestoreSensor):
    """Shows a counter, which goes on after a restart from what it showed before."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        stored, state = await self.async_get_last_sensor_data(), await self.async_get_last_state()
        value = None if stored is None else stored.native_value
        signal = self.entity_description.signal
        is_known = isinstance(signal, Signal) and signal.can_hold(value)
        if is_known and isinstance(value, int | float):
            reset = state and state.attributes.get(SensorEntityStateAttribute.LAST_RESET)
            self._restore(float(value), read_reset(reset))
        self._take()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._take()
        super()._handle_coordinator_update()

    def _take(self) -> None:
        """Take in the reading, if its value is known."""
        reading = self.state_of_things.reading(self.entity_description.signal)
        if reading is not None and reading.value is not None:
            self._count(reading.value, reading.time)

    def _restore(self, value: float, reset: datetime | None) -> None:
        raise NotImplementedError

    def _count(self, value: float, time: datetime) -> None:
        raise NotImplementedError


class LifetimeSensor(CounterSensor):
    """Shows a counter that only rises."""

    _counter = LifetimeCounter()

    @property
    @override
    def native_value(self) -> float | None:
        return None if super().native_value is None else self._counter.shown

    @override
    def _restore(self, value: float, reset: datetime | None) -> None:
        self._counter = LifetimeCounter(value)

    @override
    def _count(self, value: float, time: datetime) -> None:
        self._counter = self._counter.after(value)


class SessionSensor(CounterSensor):
    """Shows a counter that begins again, and when it did."""

    _counter = SessionCounter()

    @property
    @override
    def last_reset(self) -> datetime | None:
        return self._counter.began_at

    @override
    def _restore(self, value: float, reset: datetime | None) -> None:
        self._counter = SessionCounter(value, reset)

    @override
    def _count(self, value: float, time: datetime) -> None:
        self._counter = self._counter.after(value, time)


class AgeSensor(FlotteEntity[FlotteCoordinator], SensorEntity):
    """Shows how old what is known is."""

    entity_description: FlotteAgeDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value(self.state_of_things)


class WaitingSensor(FlotteEntity[VehicleCoordinator], SensorEntity):
    """Counts the settings that wait until the car is awake by itself."""

    entity_description: FlotteWaitingDescription

    @property
    @override
    def native_value(self) -> int:
        return len(self.coordinator.vehicle.deferred.waiting)


class AccountSensor(AccountEntity, SensorEntity):
    """Shows what the developer account counts, spends and may spend."""

    entity_description: FlotteAccountDescription

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # The ledger tells when a day begins.
        if self.entity_description.passes:
            self.async_on_remove(async_track_utc_time_change(self.hass, self.async_look, second=0))

    @property
    @override
    def shown(self) -> object:
        return self.native_value, self.last_reset, self.native_unit_of_measurement

    @property
    @override
    def native_value(self) -> StateType | Decimal:
        return self.entity_description.value(self._ledger, dt_util.utcnow())

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        if self.device_class is SensorDeviceClass.MONETARY:
            return self._ledger.meter.tariff.currency
        return super().native_unit_of_measurement

    @property
    @override
    def last_reset(self) -> datetime | None:
        counts_from = self.entity_description.counts_from
        return counts_from(dt_util.utcnow()) if counts_from else None
