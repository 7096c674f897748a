"""Covers: trunk, frunk, charge port, windows, sunroof and tonneau; one table, one class."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.cover import (
    CoverDeviceClass,
    CoverEntity,
    CoverEntityDescription,
    CoverEntityFeature,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import CONF_TRUNK_MOTORS
from .entity import FlotteEntityDescription, async_add_rows
from .pending import MovingEntity
from .tesla import commands, signals
from .tesla.commands import Command
from .tesla.state import Derived, Signal, State

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteCoverDescription(FlotteEntityDescription, CoverEntityDescription):
    """A part that opens, and in most cases closes.

    As configuration, it is not opened by an action that targets the whole device or its area.
    """

    entity_category: EntityCategory | None = EntityCategory.CONFIG
    signal: Signal[bool] | Derived[bool]
    open_command: Callable[[State], Command]
    close_command: Callable[[State], Command] | None
    closes: Callable[[State], bool] = lambda _: True
    """Whether this vehicle has a motor that closes it."""
    added_motors: str | None = None
    """Option that lists the vehicles whose owner added a motor, which they do not report."""
    stop_command: Command | None = None


COVERS: Final = (
    FlotteCoverDescription(
        key="trunk",
        signal=signals.TRUNK,
        device_class=CoverDeviceClass.DOOR,
        open_command=lambda _: commands.move_trunk(is_open=True),
        close_command=lambda _: commands.move_trunk(is_open=False),
        closes=lambda state: state[signals.POWER_LIFTGATE] is not False,
        added_motors=CONF_TRUNK_MOTORS,
    ),
    FlotteCoverDescription(
        key="frunk",
        signal=signals.FRUNK,
        device_class=CoverDeviceClass.DOOR,
        open_command=lambda _: commands.open_frunk(),
        close_command=None,
    ),
    FlotteCoverDescription(
        key="charge_port",
        signal=signals.CHARGE_PORT_OPEN,
        device_class=CoverDeviceClass.DOOR,
        open_command=lambda _: commands.open_charge_port(),
        close_command=lambda _: commands.close_charge_port(),
        closes=lambda state: state[signals.MOTORIZED_CHARGE_PORT] is not False,
    ),
    FlotteCoverDescription(
        key="windows",
        signal=signals.WINDOWS_OPEN,
        device_class=CoverDeviceClass.WINDOW,
        open_command=lambda _: commands.vent_windows(),
        close_command=lambda state: commands.close_windows(state[signals.LOCATION]),
    ),
    FlotteCoverDescription(
        key="sunroof",
        signal=signals.SUNROOF_OPEN,
        device_class=CoverDeviceClass.WINDOW,
        exists=lambda state: state[signals.SUNROOF],
        # Like the windows, it only opens a little: a remote command can do no more.
        open_command=lambda _: commands.move_sunroof("vent"),
        close_command=lambda _: commands.move_sunroof("close"),
        entity_registry_enabled_default=False,
    ),
    FlotteCoverDescription(
        key="tonneau",
        signal=signals.TONNEAU_OPEN,
        device_class=CoverDeviceClass.SHUTTER,
        models=frozenset({"cybertruck"}),
        open_command=lambda _: commands.move_tonneau("open"),
        close_command=lambda _: commands.move_tonneau("close"),
        stop_command=commands.move_tonneau("stop"),
        # Only the stream reports whether it is open.
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add a cover for each row and vehicle."""
    async_add_rows(
        entry.runtime_data.vehicles,
        COVERS,
        lambda coordinator, row: VehicleCover(coordinator, row, (row.signal,)),
        async_add_entities,
    )


class VehicleCover(MovingEntity, CoverEntity):
    """Opens and closes a part of the vehicle."""

    entity_description: FlotteCoverDescription

    @property
    @override
    def supported_features(self) -> CoverEntityFeature:
        description = self.entity_description
        features = CoverEntityFeature.OPEN
        if description.close_command is not None and self._closes:
            features |= CoverEntityFeature.CLOSE
        if description.stop_command is not None:
            features |= CoverEntityFeature.STOP
        return features

    @property
    def _closes(self) -> bool:
        """Whether a motor closes it: one that the vehicle reports, or one that its owner added."""
        description = self.entity_description
        if description.closes(self.readings):
            return True
        if description.added_motors is None:
            return False
        options = self.coordinator.config_entry.options
        return self.coordinator.vehicle.vin in options.get(description.added_motors, ())

    @property
    @override
    def is_closed(self) -> bool | None:
        is_open = self.readings[self.entity_description.signal]
        return None if is_open is None else not is_open

    @property
    @override
    def is_opening(self) -> bool:
        return self._becomes_open is True and self.is_closed is not False

    @property
    @override
    def is_closing(self) -> bool:
        return self._becomes_open is False and self.is_closed is not True

    @property
    def _becomes_open(self) -> bool | None:
        """Whether a command under way opens it; None if none moves it."""
        target = self.target
        return None if target is None else target[self.entity_description.signal]

    @override
    async def async_open_cover(self, **kwargs: Any) -> None:
        await self.async_send(self.entity_description.open_command(self.readings))

    @override
    async def async_close_cover(self, **kwargs: Any) -> None:
        # Home Assistant calls this only with the feature CLOSE, so there is a command.
        if (command := self.entity_description.close_command) is not None:
            await self.async_send(command(self.readings))

    @override
    async def async_stop_cover(self, **kwargs: Any) -> None:
        if (command := self.entity_description.stop_command) is not None:
            await self.async_send(command)
