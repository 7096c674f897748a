"""Sensors: one table of what vehicles, sites and the account show, and one class for each."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import (
    PERCENTAGE,
    EntityCategory,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfLength,
    UnitOfPower,
    UnitOfPressure,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.event import async_track_utc_time_change
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import FlotteConfigEntry, FlotteCoordinator
from .entity import FlotteEntity, FlotteEntityDescription, told
from .ledger import AccountLedger
from .tesla import signals
from .tesla.meter import Category
from .tesla.state import Derived, Signal, State

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteSensorDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor that shows a signal."""

    signal: Signal[Any] | Derived[Any]


@dataclass(frozen=True, kw_only=True)
class FlotteAgeDescription(FlotteEntityDescription, SensorEntityDescription):
    """A sensor about the readings themselves, looked at after every poll."""

    value: Callable[[State], StateType | datetime]


def _last_seen(state: State) -> datetime | None:
    """When the vehicle told anything last, or was online."""
    known = [
        reading.time
        for signal, reading in state.readings.items()
        if signal is not signals.ONLINE and reading.value is not None
    ]
    return max(known, default=None)


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
        native_unit_of_measurement=UnitOfLength.KILOMETERS,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
    )


def _temperature(key: str, signal: Signal[float]) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        device_class=SensorDeviceClass.TEMPERATURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTemperature.CELSIUS,
        suggested_display_precision=1,
    )


def _pressure(key: str, signal: Signal[float]) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        device_class=SensorDeviceClass.PRESSURE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPressure.BAR,
        suggested_display_precision=1,
        entity_category=EntityCategory.DIAGNOSTIC,
    )


def _site_power(key: str, signal: Signal[float]) -> FlotteSensorDescription:
    return FlotteSensorDescription(
        key=key,
        signal=signal,
        exists=told(signal),
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=2,
    )


VEHICLE_SENSORS: Final = (
    FlotteSensorDescription(
        key="battery_level",
        signal=signals.BATTERY_LEVEL,
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="usable_battery_level",
        signal=signals.USABLE_BATTERY_LEVEL,
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
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
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        suggested_display_precision=1,
    ),
    FlotteSensorDescription(
        key="charger_current",
        signal=signals.CHARGER_CURRENT,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charger_voltage",
        signal=signals.CHARGER_VOLTAGE,
        device_class=SensorDeviceClass.VOLTAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricPotential.VOLT,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charge_rate",
        signal=signals.CHARGE_RATE,
        device_class=SensorDeviceClass.SPEED,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfSpeed.KILOMETERS_PER_HOUR,
        suggested_display_precision=0,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteSensorDescription(
        key="charge_energy_added",
        signal=signals.CHARGE_ENERGY_ADDED,
        device_class=SensorDeviceClass.ENERGY,
        # Starts again at 0 with every charging session.
        state_class=SensorStateClass.TOTAL_INCREASING,
        native_unit_of_measurement=UnitOfEnergy.KILO_WATT_HOUR,
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
        native_unit_of_measurement=PERCENTAGE,
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
        native_unit_of_measurement=UnitOfSpeed.KILOMETERS_PER_HOUR,
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
        native_unit_of_measurement=UnitOfPower.KILO_WATT,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
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
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="route_traffic_delay",
        signal=signals.ROUTE_TRAFFIC_DELAY,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.MINUTES,
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
)

SITE_SENSORS: Final = (
    _site_power("solar_power", signals.SOLAR_POWER),
    _site_power("battery_power", signals.BATTERY_POWER),
    _site_power("grid_power", signals.GRID_POWER),
    _site_power("load_power", signals.LOAD_POWER),
    _site_power("wall_connector_power", signals.WALL_CONNECTOR_POWER),
    FlotteSensorDescription(
        key="percentage_charged",
        signal=signals.PERCENTAGE_CHARGED,
        exists=told(signals.PERCENTAGE_CHARGED),
        device_class=SensorDeviceClass.BATTERY,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
    ),
    FlotteSensorDescription(
        key="energy_left",
        signal=signals.ENERGY_LEFT,
        exists=told(signals.ENERGY_LEFT),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfEnergy.WATT_HOUR,
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
)


@dataclass(frozen=True, kw_only=True)
class FlotteCostDescription(SensorEntityDescription):
    """A sensor of what the account costs this month."""

    category: Category | None
    """None for all of them together."""


ACCOUNT_SENSORS: Final = (
    FlotteCostDescription(key="cost_month", category=None),
    FlotteCostDescription(
        key="cost_signal",
        category=Category.SIGNAL,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteCostDescription(
        key="cost_command",
        category=Category.COMMAND,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteCostDescription(
        key="cost_data",
        category=Category.DATA,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteCostDescription(
        key="cost_wake",
        category=Category.WAKE,
        entity_category=EntityCategory.DIAGNOSTIC,
    ),
    FlotteCostDescription(
        key="cost_energy",
        category=Category.ENERGY,
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
    entities: list[Entity] = [
        _sensor(coordinator, row)
        for coordinators, table in ((data.vehicles, VEHICLE_SENSORS), (data.sites, SITE_SENSORS))
        for coordinator in coordinators
        for row in table
        if row.exists(coordinator.state)
    ]
    entities += [CostSensor(entry, data.ledger, row) for row in ACCOUNT_SENSORS]
    async_add_entities(entities)


def _sensor(
    coordinator: FlotteCoordinator, row: FlotteSensorDescription | FlotteAgeDescription
) -> Entity:
    if isinstance(row, FlotteAgeDescription):
        return AgeSensor(coordinator, row, None)
    return SignalSensor(coordinator, row, (row.signal,))


class SignalSensor(FlotteEntity[FlotteCoordinator], SensorEntity):
    """Shows one signal."""

    entity_description: FlotteSensorDescription

    @property
    @override
    def native_value(self) -> Any:
        return self.state_of_things[self.entity_description.signal]


class AgeSensor(FlotteEntity[FlotteCoordinator], SensorEntity):
    """Shows how old what is known is."""

    entity_description: FlotteAgeDescription

    @property
    @override
    def native_value(self) -> StateType | datetime:
        return self.entity_description.value(self.state_of_things)


class CostSensor(SensorEntity):
    """Shows what the developer account has to pay this month, before Tesla's discount."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_device_class = SensorDeviceClass.MONETARY
    _attr_state_class = SensorStateClass.TOTAL
    _attr_suggested_display_precision = 2
    entity_description: FlotteCostDescription

    def __init__(
        self, entry: FlotteConfigEntry, ledger: AccountLedger, description: FlotteCostDescription
    ) -> None:
        """Show `description`'s part of the ledger."""
        self.entity_description = description
        self._ledger = ledger
        self._attr_unique_id = f"{entry.unique_id}-{description.key}"
        self._attr_translation_key = description.key
        self._attr_native_unit_of_measurement = ledger.meter.tariff.currency
        self._attr_device_info = dr.DeviceInfo(
            identifiers={(DOMAIN, str(entry.unique_id))},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer="Tesla",
            model="Fleet API",
            translation_key="account",
        )

    @override
    async def async_added_to_hass(self) -> None:
        self.async_on_remove(self._ledger.async_subscribe(self.async_write_ha_state))
        # A month begins at nothing even if nothing is booked in it.
        self.async_on_remove(
            async_track_utc_time_change(self.hass, self._new_day, hour=0, minute=0, second=0)
        )

    @callback
    def _new_day(self, _now: datetime) -> None:
        self.async_write_ha_state()

    @property
    @override
    def native_value(self) -> Decimal:
        return self._ledger.meter.cost(dt_util.utcnow(), self.entity_description.category)

    @property
    @override
    def last_reset(self) -> datetime:
        """The month begins in UTC."""
        now = dt_util.utcnow()
        return datetime(now.year, now.month, 1, tzinfo=UTC)
