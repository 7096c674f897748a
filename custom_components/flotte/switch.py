"""Switches: one table, one class."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .coordinator import FlotteCoordinator
from .entity import (
    FlotteEntityDescription,
    VehicleEntity,
    async_add_rows,
    async_add_tables,
    reported,
)
from .pending import SettingEntity
from .tesla import commands, signals
from .tesla.commands import Command, Seat
from .tesla.state import Derived, Signal, State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class ChargeOnSolarDescription(FlotteEntityDescription, SwitchEntityDescription):
    """The row of Charge on Solar, which is changed together with its limits."""

    entity_category: EntityCategory | None = EntityCategory.CONFIG


@dataclass(frozen=True, kw_only=True)
class FlotteSwitchDescription(FlotteEntityDescription, SwitchEntityDescription):
    """A setting that is on or off.

    As configuration, it is not switched by an action that targets the whole device or its area.
    """

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    signal: Signal[bool] | Derived[bool] | None
    """None if no signal reports it: it can be switched both ways, and its state is unknown."""
    command: Callable[[bool], Command]


def _disabled(
    key: str,
    signal: Signal[bool] | None,
    command: Callable[[bool], Command],
    *,
    enabled_while_polled: bool = False,
) -> FlotteSwitchDescription:
    """A disabled row: enabled entities are streamed, which costs money."""
    return FlotteSwitchDescription(
        key=key,
        signal=signal,
        command=command,
        entity_registry_enabled_default=False,
        enabled_while_polled=enabled_while_polled,
    )


VEHICLE_SWITCHES: Final = (
    FlotteSwitchDescription(
        key="charge",
        signal=signals.IS_CHARGING,
        command=lambda on: commands.start_charging() if on else commands.stop_charging(),
    ),
    FlotteSwitchDescription(
        key="sentry_mode",
        signal=signals.SENTRY_MODE,
        command=lambda on: commands.set_sentry_mode(on=on),
    ),
    FlotteSwitchDescription(
        key="defrost",
        signal=signals.DEFROST,
        command=lambda on: commands.set_defrost(on=on),
    ),
    _disabled(
        "bioweapon_mode",
        signals.BIOWEAPON_MODE,
        lambda on: commands.set_bioweapon_mode(on=on),
    ),
    _disabled(
        "auto_seat_left",
        signals.AUTO_SEAT_LEFT,
        lambda on: commands.set_auto_seat_climate(Seat.FRONT_LEFT, on=on),
        enabled_while_polled=True,
    ),
    _disabled(
        "auto_seat_right",
        signals.AUTO_SEAT_RIGHT,
        lambda on: commands.set_auto_seat_climate(Seat.FRONT_RIGHT, on=on),
        enabled_while_polled=True,
    ),
    FlotteSwitchDescription(
        key="auto_steering_wheel",
        signal=signals.AUTO_STEERING_WHEEL,
        exists=reported(signals.AUTO_STEERING_WHEEL),
        command=lambda on: commands.set_auto_steering_wheel(on=on),
        entity_registry_enabled_default=False,
    ),
    _disabled("guest_mode", signals.GUEST_MODE, lambda on: commands.set_guest_mode(on=on)),
    _disabled("low_power_mode", None, lambda on: commands.set_low_power_mode(on=on)),
    _disabled("keep_accessory_power", None, lambda on: commands.set_keep_accessory_power(on=on)),
)

SOLAR_SWITCH: Final = ChargeOnSolarDescription(
    key="charge_on_solar", exists=reported(signals.CHARGE_ON_SOLAR), asked=True
)


def _watches_storms(state: State) -> bool | None:
    """Whether a site has storm watch; one without it may still report an old setting."""
    return False if state[signals.STORM_CAPABLE] is False else reported(signals.STORM_WATCH)(state)


def _may_charge_from_grid(state: State) -> bool | None:
    """Whether a site has a choice: without solar energy, a battery always charges from the grid."""
    parts = state[signals.HAS_SOLAR], state[signals.HAS_BATTERY]
    if False in parts or state[signals.CHARGE_FROM_GRID_EDITABLE] is False:
        return False
    return reported(signals.CHARGE_FROM_GRID)(state)


SITE_SWITCHES: Final = (
    FlotteSwitchDescription(
        key="storm_watch",
        signal=signals.STORM_WATCH,
        exists=_watches_storms,
        command=lambda on: commands.set_storm_watch(on=on),
    ),
    FlotteSwitchDescription(
        key="charge_from_grid",
        signal=signals.CHARGE_FROM_GRID,
        exists=_may_charge_from_grid,
        command=lambda on: commands.set_charge_from_grid(on=on),
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a switch for each row and device."""
    async_add_tables(
        entry.runtime_data,
        VEHICLE_SWITCHES,
        SITE_SWITCHES,
        lambda coordinator, row: SettingSwitch(
            coordinator, row, (row.signal,) if row.signal else ()
        ),
        async_add_entities,
    )
    async_add_rows(
        entry.runtime_data.vehicles,
        (SOLAR_SWITCH,),
        lambda coordinator, row: ChargeOnSolarSwitch(
            coordinator, row, signals.CHARGE_ON_SOLAR_SETTINGS
        ),
        async_add_entities,
    )


class SettingSwitch(SettingEntity[FlotteCoordinator], SwitchEntity):
    """Shows and changes a setting."""

    entity_description: FlotteSwitchDescription

    @property
    @override
    def assumed_state(self) -> bool:
        # Home Assistant then shows two buttons instead of a switch that claims to be off.
        return self.entity_description.signal is None

    @property
    @override
    def is_on(self) -> bool | None:
        signal = self.entity_description.signal
        return None if signal is None else self.readings[signal]

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self.async_send(self.entity_description.command(True))  # noqa: FBT003  # on

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self.async_send(self.entity_description.command(False))  # noqa: FBT003  # off


class ChargeOnSolarSwitch(VehicleEntity, SwitchEntity):
    """Lets the vehicle charge on solar energy; it keeps its limits."""

    entity_description: ChargeOnSolarDescription

    @property
    @override
    def is_on(self) -> bool | None:
        return self.readings[signals.CHARGE_ON_SOLAR]

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        await self._async_turn(is_on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        await self._async_turn(is_on=False)

    async def _async_turn(self, *, is_on: bool) -> None:
        change = partial(
            self.coordinator.vehicle.charge_on_solar.change, {signals.CHARGE_ON_SOLAR: is_on}
        )
        await self.coordinator.async_ask(change, self._context)
