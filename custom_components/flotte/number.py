"""Numbers: settings of vehicles and sites, and the budget of the account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple, override

from homeassistant.components.number import (
    NumberDeviceClass,
    NumberEntity,
    NumberEntityDescription,
    NumberMode,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfElectricCurrent
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .account.data import FlotteConfigEntry
from .charging.controller import ChargingController
from .charging.entity import ChargingDescription, ChargingEntity, async_add_charging
from .charging.settings import RANGES
from .const import CONF_MONTHLY_LIMIT, DOMAIN
from .coordinator import FlotteCoordinator, VehicleCoordinator
from .entity import (
    AccountEntity,
    FlotteEntityDescription,
    VehicleEntity,
    async_add_rows,
    async_add_tables,
    equipped,
    reported,
)
from .pending import SettingEntity
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import Derived, Signal, Source, State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteNumberDescription(FlotteEntityDescription, NumberEntityDescription):
    """A setting with a value; the vehicle may report its own limits."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    signal: Signal[int] | Derived[int]
    command: Callable[[int], Command]
    lowest: Signal[int] | None = None
    highest: Signal[int] | None = None
    lowest_of: Callable[[VehicleCoordinator], int] | None = None
    """The minimum that a vehicle was observed to reach; it has no signal."""


@dataclass(frozen=True, kw_only=True)
class ChargeOnSolarLimitDescription(FlotteEntityDescription, NumberEntityDescription):
    """A limit of Charge on Solar, which is changed together with the other one."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    limit: Signal[float]
    device_class: NumberDeviceClass | None = NumberDeviceClass.BATTERY
    native_unit_of_measurement: str | None = PERCENTAGE
    native_min_value: float | None = 0
    native_max_value: float | None = 100
    native_step: float | None = 1
    mode: NumberMode | None = NumberMode.SLIDER


@dataclass(frozen=True, kw_only=True)
class FlotteRuleDescription(NumberEntityDescription):
    """One of the owner's rules for spending, an amount of money."""

    rule: str
    """The option of the account that it changes."""


@dataclass(frozen=True, kw_only=True)
class ChargingNumberDescription(ChargingDescription, NumberEntityDescription):
    """A setting of charging at home, which has the range of the setting."""

    setting: str
    native_step: float | None = 1
    entity_category: EntityCategory | None = EntityCategory.CONFIG


VEHICLE_NUMBERS: Final = (
    FlotteNumberDescription(
        key="charge_limit",
        signal=signals.CHARGE_LIMIT,
        command=commands.set_charge_limit,
        device_class=NumberDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=50,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
        lowest=signals.CHARGE_LIMIT_MINIMUM,
        highest=signals.CHARGE_LIMIT_MAXIMUM,
    ),
    FlotteNumberDescription(
        key="charge_current",
        signal=signals.CHARGE_CURRENT,
        command=commands.set_charge_current,
        device_class=NumberDeviceClass.CURRENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        native_min_value=1,
        # The largest that any Tesla accepts; the vehicle reports its own.
        native_max_value=48,
        native_step=1,
        mode=NumberMode.SLIDER,
        lowest_of=lambda coordinator: coordinator.vehicle.low_current.lowest,
        highest=signals.CHARGE_CURRENT_MAXIMUM,
    ),
)

SOLAR_LIMITS: Final = (
    ChargeOnSolarLimitDescription(
        key="charge_on_solar_lower_limit",
        limit=signals.CHARGE_ON_SOLAR_LOWER,
        exists=reported(signals.CHARGE_ON_SOLAR),
        asked=True,
    ),
    ChargeOnSolarLimitDescription(
        key="charge_on_solar_upper_limit",
        limit=signals.CHARGE_ON_SOLAR_UPPER,
        exists=reported(signals.CHARGE_ON_SOLAR),
        asked=True,
    ),
)


def _has_rivals(hass: HomeAssistant, _controller: ChargingController) -> bool:
    """Whether there are several vehicles, of one account or of several."""
    entries: list[FlotteConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return sum(len(each.runtime_data.vehicles) for each in entries) > 1


CHARGING_NUMBERS: Final = (
    ChargingNumberDescription(
        key="lowest_level",
        setting="lowest_level",
        native_unit_of_measurement=PERCENTAGE,
        mode=NumberMode.SLIDER,
    ),
    ChargingNumberDescription(
        key="ready_level",
        setting="ready_level",
        native_unit_of_measurement=PERCENTAGE,
        mode=NumberMode.SLIDER,
    ),
    ChargingNumberDescription(
        key="charging_commands_a_day", setting="commands_a_day", mode=NumberMode.BOX
    ),
    ChargingNumberDescription(
        key="charging_priority", setting="priority", mode=NumberMode.BOX, applies=_has_rivals
    ),
)


def _keeps_off_grid_vehicle_reserve(state: State) -> bool | None:
    if state[signals.HAS_BATTERY] is False:
        return False
    supported = signals.OFF_GRID_VEHICLE_RESERVE_SUPPORTED
    return equipped(signals.OFF_GRID_VEHICLE_RESERVE, supported)(state)


SITE_NUMBERS: Final = (
    FlotteNumberDescription(
        key="backup_reserve",
        signal=signals.BACKUP_RESERVE,
        exists=reported(signals.BACKUP_RESERVE, signals.HAS_BATTERY),
        command=commands.set_backup_reserve,
        device_class=NumberDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
    ),
    FlotteNumberDescription(
        key="off_grid_vehicle_reserve",
        signal=signals.OFF_GRID_VEHICLE_RESERVE,
        exists=_keeps_off_grid_vehicle_reserve,
        command=commands.set_off_grid_vehicle_reserve,
        device_class=NumberDeviceClass.BATTERY,
        native_unit_of_measurement=PERCENTAGE,
        native_min_value=0,
        native_max_value=100,
        native_step=1,
        mode=NumberMode.SLIDER,
    ),
)

ACCOUNT_NUMBERS: Final = (
    FlotteRuleDescription(
        key="monthly_budget",
        rule=CONF_MONTHLY_LIMIT,
        device_class=NumberDeviceClass.MONETARY,
        native_min_value=0,
        native_max_value=1000,
        native_step=0.5,
        mode=NumberMode.BOX,
        entity_category=EntityCategory.CONFIG,
    ),
)
LIMIT_LIFETIME: Final = timedelta(seconds=60)
"""How long a limit that a vehicle reported is enforced."""
_MAX_DISCOUNTS: Final = 100
"""The largest budget in monthly discounts, unless the row's maximum is larger."""


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a number for each row and device."""
    async_add_tables(
        entry.runtime_data,
        VEHICLE_NUMBERS,
        SITE_NUMBERS,
        lambda coordinator, row: SettingNumber(
            coordinator, row, [each for each in (row.signal, row.lowest, row.highest) if each]
        ),
        async_add_entities,
    )
    async_add_rows(
        entry.runtime_data.vehicles,
        SOLAR_LIMITS,
        lambda coordinator, row: ChargeOnSolarNumber(coordinator, row, (row.limit,)),
        async_add_entities,
    )
    async_add_charging(entry, CHARGING_NUMBERS, ChargingNumber, async_add_entities)
    async_add_entities(BudgetNumber(entry, row) for row in ACCOUNT_NUMBERS)


class _Limit(NamedTuple):
    """A limit of a setting."""

    value: int
    is_fresh: bool


class SettingNumber(SettingEntity[FlotteCoordinator], NumberEntity):
    """Shows and changes a setting."""

    entity_description: FlotteNumberDescription

    @property
    @override
    def native_value(self) -> int | None:
        return self.readings[self.entity_description.signal]

    @property
    @override
    def native_min_value(self) -> float:
        description = self.entity_description
        usual = description.native_min_value or 0
        if description.lowest_of and isinstance(self.coordinator, VehicleCoordinator):
            return description.lowest_of(self.coordinator)
        limit = self._limit(description.lowest)
        if limit is None:
            return usual
        return limit.value if limit.is_fresh else min(limit.value, usual)

    @property
    @override
    def native_max_value(self) -> float:
        description = self.entity_description
        usual = description.native_max_value or 100
        limit = self._limit(description.highest)
        if limit is None:
            return usual
        return limit.value if limit.is_fresh else max(limit.value, usual)

    def _limit(self, signal: Signal[int] | None) -> _Limit | None:
        """The limit that the vehicle reported, if it did.

        An old limit is not enforced: it may belong to another cable, and the vehicle itself reduces
        a value that is too large. Some vehicles report 0 while nothing is plugged in; that is no
        limit either.
        """
        reading = self.readings.reading(signal) if signal else None
        if reading is None or not reading.value:
            return None
        age = dt_util.utcnow() - reading.time
        is_fresh = reading.source is not Source.RESTORED and abs(age) <= LIMIT_LIFETIME
        return _Limit(reading.value, is_fresh)

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.async_send(self.entity_description.command(round(value)))


class ChargeOnSolarNumber(VehicleEntity, NumberEntity):
    """Shows and changes a limit of Charge on Solar."""

    entity_description: ChargeOnSolarLimitDescription

    @property
    @override
    def native_value(self) -> float | None:
        return self.readings[self.entity_description.limit]

    @override
    async def async_set_native_value(self, value: float) -> None:
        change = partial(
            self.coordinator.vehicle.charge_on_solar.change, {self.entity_description.limit: value}
        )
        await self.coordinator.async_ask(change, self._context)


class ChargingNumber(ChargingEntity, NumberEntity):
    """Shows and changes a setting of charging at home."""

    entity_description: ChargingNumberDescription

    @property
    @override
    def native_value(self) -> int:
        value: int = getattr(self._controller.settings, self.entity_description.setting)
        return value

    @property
    @override
    def native_min_value(self) -> float:
        return RANGES[self.entity_description.setting][0]

    @property
    @override
    def native_max_value(self) -> float:
        return RANGES[self.entity_description.setting][1]

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value

    @override
    async def async_set_native_value(self, value: float) -> None:
        self.async_change(self.entity_description.setting, round(value))


class BudgetNumber(AccountEntity, NumberEntity):
    """The maximum cost of a month before Tesla's discount; by default, equal to the discount."""

    entity_description: FlotteRuleDescription

    @property
    @override
    def native_value(self) -> float:
        # The budget in effect: of accounts that share a bill, the lowest budget counts.
        return float(self._ledger.meter.budget)

    @property
    @override
    def native_max_value(self) -> float:
        most = self.entity_description.native_max_value or 0
        return max(most, float(_MAX_DISCOUNTS * self._ledger.meter.tariff.discount))

    @property
    @override
    def native_unit_of_measurement(self) -> str:
        return self._ledger.meter.tariff.currency

    @property
    @override
    def fingerprint(self) -> object:
        return self.native_value, self.native_max_value, self.native_unit_of_measurement

    @override
    async def async_set_native_value(self, value: float) -> None:
        await self.async_set_rule(self.entity_description.rule, value)
