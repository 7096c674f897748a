"""Selects: seat heaters and coolers, steering wheel, and the modes of sites and of spending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .charging.entity import ChargingDescription, ChargingEntity, async_add_charging
from .charging.settings import ReadyOn
from .const import CONF_READY_CALENDAR, CONF_READY_DAYS, CONF_SPENDING_MODE, DOMAIN
from .coordinator import FlotteCoordinator
from .entity import (
    AccountEntity,
    FlotteEntityDescription,
    always,
    async_add_tables,
    reported,
)
from .pending import SettingEntity
from .tesla import commands, signals
from .tesla.charging.situation import ChargingMode
from .tesla.commands import Command, Seat
from .tesla.spending.modes import SpendingMode
from .tesla.state import Signal, State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0

LEVELS: Final = ["off", "low", "medium", "high"]


@dataclass(frozen=True, kw_only=True)
class FlotteSelectDescription(FlotteEntityDescription, SelectEntityDescription):
    """A setting with a few values; `values` holds the signal's value of each option."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    signal: Signal[Any]
    values: tuple[Any, ...]
    command: Callable[[Any], Command]


@dataclass(frozen=True, kw_only=True)
class SpendingRuleDescription(SelectEntityDescription):
    """A spending option of the account, with a few values."""

    rule: str
    """Key of the option."""


class NeededOption(NamedTuple):
    """An option of the account, and the error without it."""

    option: str
    translation_key: str


@dataclass(frozen=True, kw_only=True)
class ChargingSelectDescription(ChargingDescription, SelectEntityDescription):
    """A setting of charging at home with a few values."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    setting: str
    kind: type[StrEnum]
    needs: Mapping[str, NeededOption] = MappingProxyType({})
    """Options of the account that some values need."""


NO_REAR_HEATERS: Final = 0
OUTER_REAR_HEATERS: Final = 2
THIRD_ROW_HEATERS: Final = 3
"""Values that a vehicle reports for its rear seat heaters; 1 means one in each of three seats."""


def _has_rear_heaters(state: State) -> bool | None:
    heaters = state[signals.REAR_SEAT_HEATERS]
    return None if heaters is None else heaters != NO_REAR_HEATERS


def _has_rear_center_heater(state: State) -> bool | None:
    heaters = state[signals.REAR_SEAT_HEATERS]
    return None if heaters is None else heaters not in {NO_REAR_HEATERS, OUTER_REAR_HEATERS}


def _has_third_row_heaters(state: State) -> bool | None:
    if state[signals.THIRD_ROW] is False:
        return False
    heaters = state[signals.REAR_SEAT_HEATERS]
    return None if heaters is None else heaters == THIRD_ROW_HEATERS


def _has_coolers(state: State) -> bool | None:
    return state[signals.SEAT_COOLERS]


def _seat(
    key: str,
    seat: Seat,
    signal: Signal[int],
    has_it: Callable[[State], bool | None] = always,
    *,
    enabled: bool = True,
    command: Callable[[Seat, int], Command] = commands.set_seat_heater,
) -> FlotteSelectDescription:
    return FlotteSelectDescription(
        key=key,
        signal=signal,
        options=LEVELS,
        values=tuple(range(len(LEVELS))),
        command=partial(command, seat),
        exists=_once_reported(signal, has_it),
        entity_registry_enabled_default=enabled,
    )


def _once_reported(
    signal: Signal[int], has_it: Callable[[State], bool | None]
) -> Callable[[State], bool | None]:
    """Make an `exists` that follows the signal while the configuration does not say it."""
    if has_it is always:
        return always

    def exists(state: State) -> bool | None:
        found = has_it(state)
        return reported(signal)(state) if found is None else found

    return exists


def _cooler(key: str, seat: Seat, signal: Signal[int]) -> FlotteSelectDescription:
    # Enabled entities are streamed, which costs money.
    return _seat(key, seat, signal, _has_coolers, enabled=False, command=commands.set_seat_cooler)


VEHICLE_SELECTS: Final = (
    _seat("seat_heater_left", Seat.FRONT_LEFT, signals.SEAT_HEATER_LEFT),
    _seat("seat_heater_right", Seat.FRONT_RIGHT, signals.SEAT_HEATER_RIGHT),
    _seat(
        "seat_heater_rear_left",
        Seat.REAR_LEFT,
        signals.SEAT_HEATER_REAR_LEFT,
        _has_rear_heaters,
    ),
    _seat(
        "seat_heater_rear_center",
        Seat.REAR_CENTER,
        signals.SEAT_HEATER_REAR_CENTER,
        _has_rear_center_heater,
    ),
    _seat(
        "seat_heater_rear_right",
        Seat.REAR_RIGHT,
        signals.SEAT_HEATER_REAR_RIGHT,
        _has_rear_heaters,
    ),
    _seat(
        "seat_heater_third_row_left",
        Seat.THIRD_ROW_LEFT,
        signals.SEAT_HEATER_THIRD_ROW_LEFT,
        _has_third_row_heaters,
        enabled=False,
    ),
    _seat(
        "seat_heater_third_row_right",
        Seat.THIRD_ROW_RIGHT,
        signals.SEAT_HEATER_THIRD_ROW_RIGHT,
        _has_third_row_heaters,
        enabled=False,
    ),
    _cooler("seat_cooler_left", Seat.FRONT_LEFT, signals.SEAT_COOLER_LEFT),
    _cooler("seat_cooler_right", Seat.FRONT_RIGHT, signals.SEAT_COOLER_RIGHT),
    FlotteSelectDescription(
        key="steering_wheel_heater",
        signal=signals.STEERING_WHEEL_HEATER,
        options=["off", "on"],
        values=(False, True),
        command=lambda on: commands.set_steering_wheel_heater(on=on),
    ),
    FlotteSelectDescription(
        key="steering_wheel_level",
        signal=signals.STEERING_WHEEL_LEVEL,
        exists=reported(signals.STEERING_WHEEL_LEVEL),
        options=["off", "low", "high"],
        values=(0, 1, 3),
        command=commands.set_steering_wheel_level,
        # Not every car knows it.
        entity_registry_enabled_default=False,
    ),
)


def _has_export_rule(state: State) -> bool | None:
    """Whether there is solar and battery energy to export, and the owner decides about it."""
    parts = state[signals.HAS_SOLAR], state[signals.HAS_BATTERY]
    if False in parts or state[signals.EXPORT_RULE_EDITABLE] is False:
        return False
    return True if state[signals.EXPORT_RULE_EDITABLE] else reported(signals.EXPORT_RULE)(state)


SITE_SELECTS: Final = (
    FlotteSelectDescription(
        key="operation_mode",
        signal=signals.OPERATION_MODE,
        exists=reported(signals.OPERATION_MODE, signals.HAS_BATTERY),
        options=list(signals.OPERATION_MODES),
        values=signals.OPERATION_MODES,
        command=commands.set_operation_mode,
    ),
    FlotteSelectDescription(
        key="export_rule",
        signal=signals.EXPORT_RULE,
        exists=_has_export_rule,
        options=list(signals.EXPORT_RULES),
        values=signals.EXPORT_RULES,
        command=commands.set_export_rule,
    ),
)

CHARGING_SELECTS: Final = (
    ChargingSelectDescription(
        key="charging_mode",
        setting="mode",
        kind=ChargingMode,
        options=[str(mode) for mode in ChargingMode],
        before_use=True,
    ),
    ChargingSelectDescription(
        key="ready_on",
        setting="ready_on",
        kind=ReadyOn,
        options=[str(days) for days in ReadyOn],
        needs={
            ReadyOn.CHOSEN_DAYS: NeededOption(
                CONF_READY_DAYS, translation_key="ready_days_missing"
            ),
            ReadyOn.CALENDAR: NeededOption(
                CONF_READY_CALENDAR, translation_key="ready_calendar_missing"
            ),
        },
    ),
)

AUTOMATIC: Final = "automatic"
"""The spending mode follows the budget."""
ACCOUNT_SELECTS: Final = (
    SpendingRuleDescription(
        key="spending_mode",
        rule=CONF_SPENDING_MODE,
        options=[AUTOMATIC, *(str(mode) for mode in SpendingMode)],
        entity_category=EntityCategory.CONFIG,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a select for each row and device."""
    async_add_tables(
        entry.runtime_data,
        VEHICLE_SELECTS,
        SITE_SELECTS,
        lambda coordinator, row: SettingSelect(coordinator, row, (row.signal,)),
        async_add_entities,
    )
    async_add_charging(entry, CHARGING_SELECTS, ChargingSelect, async_add_entities)
    async_add_entities(SpendingModeSelect(entry, row) for row in ACCOUNT_SELECTS)


class SettingSelect(SettingEntity[FlotteCoordinator], SelectEntity):
    """Shows and changes a setting."""

    entity_description: FlotteSelectDescription

    @property
    @override
    def current_option(self) -> str | None:
        description = self.entity_description
        value = self.readings[description.signal]
        if value not in description.values:
            return None
        return self.options[description.values.index(value)]

    @override
    async def async_select_option(self, option: str) -> None:
        description = self.entity_description
        await self.async_send(description.command(description.values[self.options.index(option)]))


class ChargingSelect(ChargingEntity, SelectEntity):
    """Shows and changes a setting of charging at home."""

    entity_description: ChargingSelectDescription

    @property
    @override
    def current_option(self) -> str:
        return str(getattr(self._controller.settings, self.entity_description.setting))

    @property
    @override
    def fingerprint(self) -> object:
        return self.current_option

    @override
    async def async_select_option(self, option: str) -> None:
        row = self.entity_description
        needed = row.needs.get(option)
        if needed is not None and not self.coordinator.config_entry.options.get(needed.option):
            raise ServiceValidationError(
                translation_domain=DOMAIN, translation_key=needed.translation_key
            )
        self.async_change(row.setting, row.kind(option))


class SpendingModeSelect(AccountEntity, SelectEntity):
    """Overrides the spending mode that follows from the budget."""

    entity_description: SpendingRuleDescription

    @property
    @override
    def current_option(self) -> str:
        chosen = self._entry.options.get(self.entity_description.rule)
        return str(chosen) if chosen in self.options else AUTOMATIC

    @property
    @override
    def fingerprint(self) -> object:
        return self.current_option

    @override
    async def async_select_option(self, option: str) -> None:
        mode = None if option == AUTOMATIC else option
        await self.async_set_rule(self.entity_description.rule, mode)
