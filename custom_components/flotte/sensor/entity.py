"""Sensors that show a signal: the class of their rows, and the entity."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, override

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
from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from ..coordinator import FlotteCoordinator
from ..entity import FlotteEntity, SignalDescription
from ..tesla import signals
from ..tesla.reading_json import as_moment
from ..tesla.state import Signal, inputs_of
from ..tesla.units import Unit
from .counters import LifetimeCounter, SessionCounter

UNITS: Final[Mapping[Unit, str]] = {
    Unit.PERCENT: PERCENTAGE,
    Unit.DEGREE: DEGREE,
    Unit.KILOMETRE: UnitOfLength.KILOMETERS,
    Unit.METRE: UnitOfLength.METERS,
    Unit.KILOMETRE_PER_HOUR: UnitOfSpeed.KILOMETERS_PER_HOUR,
    # Home Assistant has no constants for the next three and for kiloohms.
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
"""Home Assistant's names for the units of signals."""


@dataclass(frozen=True, kw_only=True)
class FlotteSensorDescription(SignalDescription, SensorEntityDescription):
    """A sensor of a signal, in the unit of that signal."""


@dataclass(frozen=True, kw_only=True)
class DayEnergyDescription(FlotteSensorDescription):
    """A sensor of the energy of the current day of a site."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.ENERGY
    state_class: SensorStateClass | None = SensorStateClass.TOTAL
    suggested_unit_of_measurement: str | None = UnitOfEnergy.KILO_WATT_HOUR
    suggested_display_precision: int | None = 2


@dataclass(frozen=True, kw_only=True)
class LastSeenDescription(FlotteSensorDescription):
    """A sensor of the time at which something was last seen."""

    device_class: SensorDeviceClass | None = SensorDeviceClass.TIMESTAMP
    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    step: timedelta = timedelta(minutes=10)
    """How far it may lag behind while it moves on, and for how long after."""


@dataclass(frozen=True, kw_only=True)
class DetailSensorDescription(FlotteSensorDescription):
    """A sensor for enthusiasts.

    It is disabled because every enabled entity is streamed, which costs money. A vehicle that does
    not stream reports few of these.
    """

    entity_category: EntityCategory | None = EntityCategory.DIAGNOSTIC
    entity_registry_enabled_default: bool = False


def sensor_of(coordinator: FlotteCoordinator, row: FlotteSensorDescription) -> FlotteSensor:
    """The entity of a row; totals become counters, unless a new day resets them."""
    if isinstance(row, DayEnergyDescription):
        return DayEnergySensor(coordinator, row)
    if isinstance(row, LastSeenDescription):
        return LastSeenSensor(coordinator, row)
    if row.state_class in (SensorStateClass.TOTAL, SensorStateClass.TOTAL_INCREASING):
        return CounterSensor(coordinator, row)
    return FlotteSensor(coordinator, row)


class FlotteSensor(FlotteEntity[FlotteCoordinator], SensorEntity):
    """Shows a signal; a derived one without inputs is refreshed after every poll.

    Args:
        coordinator: Of the vehicle or site.
        row: The signal and how it is shown.
    """

    entity_description: FlotteSensorDescription

    def __init__(
        self,
        coordinator: FlotteCoordinator,
        row: FlotteSensorDescription,
        *also: Signal[Any],
    ) -> None:
        """Show the signal of `row`, and whatever else its attributes follow from."""
        keys = (row.signal, *also) if inputs_of(row.signal) else None
        super().__init__(coordinator, row, keys)
        if row.signal.unit is not None:
            self._attr_native_unit_of_measurement = UNITS[row.signal.unit]

    @property
    @override
    def native_value(self) -> Any:
        return self.readings[self.entity_description.signal]


class LastSeenSensor(FlotteSensor):
    """Shows when a vehicle or site was last seen, in steps while it still is.

    Otherwise, each poll would be a row of the recorder. A shown time is always one at which it was
    seen, and the last one is exact: a vehicle that goes offline shows it at once.
    """

    entity_description: LastSeenDescription
    _shown_at: datetime | None = None

    @property
    @override
    def native_value(self) -> datetime | None:
        seen: datetime | None = super().native_value
        shown, step = self._shown_at, self.entity_description.step
        if (
            seen is None
            or shown is None
            or not timedelta(0) <= seen - shown < step
            or dt_util.utcnow() - seen >= step
            or self.readings[signals.ONLINE] is False
        ):
            self._shown_at = seen
        return self._shown_at


class DayEnergySensor(FlotteSensor):
    """Shows the energy of the current day of a site; unknown until the day has any."""

    def __init__(self, coordinator: FlotteCoordinator, row: DayEnergyDescription) -> None:
        """Show the signal of `row`, and notice a new day even if its value is unchanged."""
        super().__init__(coordinator, row, signals.DAY_BEGAN)

    @property
    @override
    def last_reset(self) -> datetime | None:
        began = self.readings[signals.DAY_BEGAN]
        return None if began is None else datetime.fromtimestamp(began, UTC)


class CounterSensor(FlotteSensor, RestoreSensor):
    """Shows a counter, which continues after a restart from its last value."""

    def __init__(self, coordinator: FlotteCoordinator, row: FlotteSensorDescription) -> None:
        """Show the signal of `row`, a total."""
        super().__init__(coordinator, row)
        self._counter: LifetimeCounter | SessionCounter = (
            LifetimeCounter()
            if row.state_class is SensorStateClass.TOTAL_INCREASING
            else SessionCounter()
        )

    @property
    @override
    def native_value(self) -> float | None:
        return None if super().native_value is None else self._counter.value

    @property
    @override
    def last_reset(self) -> datetime | None:
        return self._counter.began_at

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        stored, state = await self.async_get_last_sensor_data(), await self.async_get_last_state()
        value = None if stored is None else stored.native_value
        signal = self.entity_description.signal
        is_known = isinstance(signal, Signal) and signal.can_hold(value)
        if is_known and isinstance(value, int | float):
            reset = state and state.attributes.get(SensorEntityStateAttribute.LAST_RESET)
            self._counter = self._counter.restored(float(value), as_moment(reset))
        self._count()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        self._count()
        super()._handle_coordinator_update()

    def _count(self) -> None:
        """Apply the current reading to the counter, if its value is known."""
        reading = self.readings.reading(self.entity_description.signal)
        if reading is not None and reading.value is not None:
            self._counter = self._counter.after(reading.value, reading.time)
