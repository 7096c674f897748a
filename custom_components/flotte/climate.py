"""Climate entities of a vehicle: the climate control and the overheat protection."""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    PRESET_NONE,
    ClimateEntity,
    ClimateEntityDescription,
    ClimateEntityFeature,
    HVACAction,
    HVACMode,
)
from homeassistant.const import (
    ATTR_TEMPERATURE,
    PRECISION_HALVES,
    PRECISION_WHOLE,
    EntityCategory,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.unit_conversion import TemperatureConverter

from .account.data import FlotteConfigEntry
from .coordinator import VehicleCoordinator
from .entity import FlotteEntityDescription
from .pending import SettingEntity
from .tesla import commands, signals

# Commands to one vehicle are queued in its own turns, so that no other vehicle waits for its wake.
PARALLEL_UPDATES = 0

IDLE_DEGREES: Final = 1
"""Difference in °C below which the cabin is at its temperature: both values come in steps of half
a degree."""
MIN_CELSIUS: Final = 15.0
MAX_CELSIUS: Final = 28.0
"""The range in Tesla's documentation, used until the vehicle reports its own."""

# Tesla's names of the modes that stay on after the driver leaves, with Home Assistant's names.
PRESETS: Final = {"off": PRESET_NONE, "on": "keep", "dog": "dog", "camp": "camp"}


@dataclass(frozen=True, kw_only=True)
class FlotteClimateDescription(FlotteEntityDescription, ClimateEntityDescription):
    """The row of a climate entity."""


CLIMATE: Final = FlotteClimateDescription(key="climate", name=None)
OVERHEAT_PROTECTION: Final = FlotteClimateDescription(
    key="cabin_overheat_protection",
    entity_category=EntityCategory.CONFIG,
    # Enabled entities are streamed, which costs money.
    entity_registry_enabled_default=False,
)

OVERHEAT_MODES: Final = {
    "off": HVACMode.OFF,
    "on": HVACMode.COOL,
    "fan_only": HVACMode.FAN_ONLY,
}
OVERHEAT_CELSIUS: Final = {"low": 30, "medium": 35, "high": 40}
OVERHEAT_FAHRENHEIT: Final = {"low": 90, "medium": 95, "high": 100}
"""Inside temperature above which the vehicle cools: three levels, as vehicles show them in either
unit. Source: Tesla's command documentation (2025)."""


def shows_fahrenheit(hass: HomeAssistant) -> bool:
    """Whether Home Assistant is set to degrees Fahrenheit."""
    return hass.config.units.temperature_unit == UnitOfTemperature.FAHRENHEIT


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the climate control and the overheat protection of each vehicle."""
    vehicles = entry.runtime_data.vehicles
    async_add_entities(
        chain(
            (VehicleClimate(each, CLIMATE, VehicleClimate.shown) for each in vehicles),
            (
                OverheatProtection(each, OVERHEAT_PROTECTION, OverheatProtection.shown)
                for each in vehicles
            ),
        )
    )


class VehicleClimate(SettingEntity[VehicleCoordinator], ClimateEntity):
    """The climate control, named after the vehicle for voice: "set the car to 21 degrees"."""

    shown = (
        signals.CLIMATE_ON,
        signals.INSIDE_TEMPERATURE,
        signals.DRIVER_TEMPERATURE,
        signals.CLIMATE_KEEPER,
        signals.DEFROST,
        signals.MINIMUM_TEMPERATURE,
        signals.MAXIMUM_TEMPERATURE,
    )
    entity_description: FlotteClimateDescription
    _attr_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_hvac_modes = [HVACMode.HEAT_COOL, HVACMode.OFF]
    _attr_preset_modes = list(PRESETS.values())
    _attr_supported_features = (
        ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.PRESET_MODE
        | ClimateEntityFeature.TURN_ON
        | ClimateEntityFeature.TURN_OFF
    )

    @property
    @override
    def precision(self) -> float:
        # Vehicles accept half degrees Celsius, or whole degrees Fahrenheit.
        return PRECISION_WHOLE if shows_fahrenheit(self.hass) else PRECISION_HALVES

    @property
    @override
    def target_temperature_step(self) -> float:
        return self.precision

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        match self.readings[signals.CLIMATE_ON]:
            case True:
                return HVACMode.HEAT_COOL
            case False:
                return HVACMode.OFF
        return None

    @property
    @override
    def hvac_action(self) -> HVACAction | None:
        is_on = self.readings[signals.CLIMATE_ON]
        if not is_on:
            return None if is_on is None else HVACAction.OFF
        if self.readings[signals.DEFROST]:
            return HVACAction.DEFROSTING
        # Vehicles do not report whether they heat or cool, so it follows from the temperatures.
        inside, target = self.current_temperature, self.target_temperature
        if inside is None or target is None:
            return None
        if abs(inside - target) < IDLE_DEGREES:
            return HVACAction.IDLE
        return HVACAction.HEATING if inside < target else HVACAction.COOLING

    @property
    @override
    def current_temperature(self) -> float | None:
        return self.readings[signals.INSIDE_TEMPERATURE]

    @property
    @override
    def target_temperature(self) -> float | None:
        return self.readings[signals.DRIVER_TEMPERATURE]

    @property
    @override
    def min_temp(self) -> float:
        return self.readings[signals.MINIMUM_TEMPERATURE] or MIN_CELSIUS

    @property
    @override
    def max_temp(self) -> float:
        return self.readings[signals.MAXIMUM_TEMPERATURE] or MAX_CELSIUS

    @property
    @override
    def preset_mode(self) -> str | None:
        return PRESETS.get(self.readings[signals.CLIMATE_KEEPER] or "")

    @override
    async def async_turn_on(self) -> None:
        await self.async_send(commands.start_climate())

    @override
    async def async_turn_off(self) -> None:
        await self.async_send(commands.stop_climate())

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        if hvac_mode is HVACMode.OFF:
            await self.async_turn_off()
        else:
            await self.async_turn_on()

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        # Home Assistant drops the context after a few seconds; both commands have one caller.
        context = self._context
        if (temperature := kwargs.get(ATTR_TEMPERATURE)) is not None:
            await self.async_send(commands.set_temperature(float(temperature)))
        if (hvac_mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            self._context = context
            await self.async_set_hvac_mode(hvac_mode)

    @override
    async def async_set_preset_mode(self, preset_mode: str) -> None:
        mode = next(mode for mode, preset in PRESETS.items() if preset == preset_mode)
        await self.async_send(commands.set_climate_keeper(mode))


class OverheatProtection(SettingEntity[VehicleCoordinator], ClimateEntity):
    """Cools the parked cabin, with the air conditioning or the fan alone, above a temperature.

    The vehicle has three levels: 30, 35 and 40 °C, or 90, 95 and 100 °F. Anything in between
    becomes the nearest level. They are in the unit that Home Assistant shows, because 30 °C is not
    90 °F.
    """

    shown = (
        signals.OVERHEAT_MODE,
        signals.OVERHEAT_LIMIT,
        signals.INSIDE_TEMPERATURE,
        signals.OVERHEAT_BY_FAN,
        signals.OVERHEAT_LIMIT_CHOSEN,
        signals.OVERHEAT_COOLING,
    )
    entity_description: FlotteClimateDescription
    _attr_precision = PRECISION_WHOLE
    _attr_target_temperature_step = OVERHEAT_CELSIUS["medium"] - OVERHEAT_CELSIUS["low"]

    @property
    @override
    def temperature_unit(self) -> str:
        return self.hass.config.units.temperature_unit

    @property
    def _levels(self) -> dict[str, int]:
        """Temperature of each level, in the unit of the entity."""
        return OVERHEAT_FAHRENHEIT if shows_fahrenheit(self.hass) else OVERHEAT_CELSIUS

    @property
    @override
    def min_temp(self) -> float:
        return self._levels["low"]

    @property
    @override
    def max_temp(self) -> float:
        return self._levels["high"]

    @property
    @override
    def supported_features(self) -> ClimateEntityFeature:
        features = ClimateEntityFeature.TURN_ON | ClimateEntityFeature.TURN_OFF
        # Assumed to be supported until the vehicle reports that it is not.
        if self.readings[signals.OVERHEAT_LIMIT_CHOSEN] is not False:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        return features

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        if self.readings[signals.OVERHEAT_BY_FAN] is False:
            return [HVACMode.OFF, HVACMode.COOL]
        return list(OVERHEAT_MODES.values())

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        return OVERHEAT_MODES.get(self.readings[signals.OVERHEAT_MODE] or "")

    @property
    @override
    def hvac_action(self) -> HVACAction | None:
        mode, is_cooling = self.hvac_mode, self.readings[signals.OVERHEAT_COOLING]
        if mode is HVACMode.OFF:
            return HVACAction.OFF
        if mode is None or is_cooling is None:
            return None
        if not is_cooling:
            return HVACAction.IDLE
        return HVACAction.FAN if mode is HVACMode.FAN_ONLY else HVACAction.COOLING

    @property
    @override
    def current_temperature(self) -> float | None:
        celsius = self.readings[signals.INSIDE_TEMPERATURE]
        if celsius is None:
            return None
        return TemperatureConverter.convert(
            celsius, UnitOfTemperature.CELSIUS, self.temperature_unit
        )

    @property
    @override
    def target_temperature(self) -> float | None:
        return self._levels.get(self.readings[signals.OVERHEAT_LIMIT] or "")

    @override
    async def async_turn_on(self) -> None:
        await self.async_set_hvac_mode(HVACMode.COOL)

    @override
    async def async_turn_off(self) -> None:
        await self.async_set_hvac_mode(HVACMode.OFF)

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        word = next(word for word, mode in OVERHEAT_MODES.items() if mode is hvac_mode)
        await self.async_send(commands.set_cabin_overheat_protection(word))

    @override
    async def async_set_temperature(self, **kwargs: Any) -> None:
        # Home Assistant drops the context after a few seconds; both commands have one caller.
        context = self._context
        if (temperature := kwargs.get(ATTR_TEMPERATURE)) is not None:
            levels = self._levels
            level = min(levels, key=lambda word: abs(levels[word] - temperature))
            await self.async_send(commands.set_overheat_temperature(level))
        if (hvac_mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            self._context = context
            await self.async_set_hvac_mode(hvac_mode)
