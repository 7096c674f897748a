"""The climate control of a vehicle, and what keeps its cabin from overheating."""

from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, override

from homeassistant.components.climate import (
    ATTR_HVAC_MODE,
    PRESET_NONE,
    ClimateEntity,
    ClimateEntityDescription,
    ClimateEntityFeature,
    HVACMode,
)
from homeassistant.const import (
    ATTR_TEMPERATURE,
    PRECISION_HALVES,
    PRECISION_WHOLE,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util.unit_conversion import TemperatureConverter

from .account.data import FlotteConfigEntry
from .entity import FlotteEntityDescription, VehicleEntity
from .tesla import commands, signals

# Each vehicle has its own turns; another one must not wait for its wake.
PARALLEL_UPDATES = 0

LOWEST_CELSIUS: Final = 15.0
HIGHEST_CELSIUS: Final = 28.0
"""What Tesla's documentation calls the usual range; the car tells its own."""

# What Tesla calls the modes that go on after leaving, and what Home Assistant shows.
PRESETS: Final = {"off": PRESET_NONE, "on": "keep", "dog": "dog", "camp": "camp"}


@dataclass(frozen=True, kw_only=True)
class FlotteClimateDescription(FlotteEntityDescription, ClimateEntityDescription):
    """The row of a climate entity."""


CLIMATE: Final = FlotteClimateDescription(key="climate", name=None)
OVERHEAT_PROTECTION: Final = FlotteClimateDescription(
    key="cabin_overheat_protection",
    # What is enabled is streamed, and that costs.
    entity_registry_enabled_default=False,
)

OVERHEAT_MODES: Final = {
    "off": HVACMode.OFF,
    "on": HVACMode.COOL,
    "fan_only": HVACMode.FAN_ONLY,
}
OVERHEAT_CELSIUS: Final = {"low": 30, "medium": 35, "high": 40}
OVERHEAT_FAHRENHEIT: Final = {"low": 90, "medium": 95, "high": 100}
"""At which inside temperature the car begins: the same three levels, as cars show them in either
unit. Source: Tesla's command documentation (2025)."""


def shows_fahrenheit(hass: HomeAssistant) -> bool:
    """Whether the owner's Home Assistant shows degrees Fahrenheit."""
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


class VehicleClimate(VehicleEntity, ClimateEntity):
    """Carries the vehicle's own name, so that voice finds it: "set the car to 21 degrees"."""

    shown = (
        signals.CLIMATE_ON,
        signals.INSIDE_TEMPERATURE,
        signals.DRIVER_TEMPERATURE,
        signals.CLIMATE_KEEPER,
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
        # Cars are set in half degrees Celsius, or in whole ones of Fahrenheit.
        return PRECISION_WHOLE if shows_fahrenheit(self.hass) else PRECISION_HALVES

    @property
    @override
    def target_temperature_step(self) -> float:
        return self.precision

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        match self.state_of_things[signals.CLIMATE_ON]:
            case True:
                return HVACMode.HEAT_COOL
            case False:
                return HVACMode.OFF
        return None

    @property
    @override
    def current_temperature(self) -> float | None:
        return self.state_of_things[signals.INSIDE_TEMPERATURE]

    @property
    @override
    def target_temperature(self) -> float | None:
        return self.state_of_things[signals.DRIVER_TEMPERATURE]

    @property
    @override
    def min_temp(self) -> float:
        return self.state_of_things[signals.MINIMUM_TEMPERATURE] or LOWEST_CELSIUS

    @property
    @override
    def max_temp(self) -> float:
        return self.state_of_things[signals.MAXIMUM_TEMPERATURE] or HIGHEST_CELSIUS

    @property
    @override
    def preset_mode(self) -> str | None:
        return PRESETS.get(self.state_of_things[signals.CLIMATE_KEEPER] or "")

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
        # Home Assistant forgets the context a few seconds on; the caller stays the same.
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


class OverheatProtection(VehicleEntity, ClimateEntity):
    """Cools the parked cabin, with the air conditioning or the fan alone, above a temperature.

    The car knows three temperatures, which are 30, 35 and 40 °C or 90, 95 and 100 °F; in between
    the nearest is taken. They are offered in the unit that Home Assistant shows, because 30 °C is
    not 90 °F.
    """

    shown = (
        signals.OVERHEAT_MODE,
        signals.OVERHEAT_LIMIT,
        signals.INSIDE_TEMPERATURE,
        signals.OVERHEAT_BY_FAN,
        signals.OVERHEAT_LIMIT_CHOSEN,
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
        """The temperature of each level, in that unit."""
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
        # What is not known is taken to exist.
        if self.state_of_things[signals.OVERHEAT_LIMIT_CHOSEN] is not False:
            features |= ClimateEntityFeature.TARGET_TEMPERATURE
        return features

    @property
    @override
    def hvac_modes(self) -> list[HVACMode]:
        if self.state_of_things[signals.OVERHEAT_BY_FAN] is False:
            return [HVACMode.OFF, HVACMode.COOL]
        return list(OVERHEAT_MODES.values())

    @property
    @override
    def hvac_mode(self) -> HVACMode | None:
        return OVERHEAT_MODES.get(self.state_of_things[signals.OVERHEAT_MODE] or "")

    @property
    @override
    def current_temperature(self) -> float | None:
        celsius = self.state_of_things[signals.INSIDE_TEMPERATURE]
        if celsius is None:
            return None
        return TemperatureConverter.convert(
            celsius, UnitOfTemperature.CELSIUS, self.temperature_unit
        )

    @property
    @override
    def target_temperature(self) -> float | None:
        return self._levels.get(self.state_of_things[signals.OVERHEAT_LIMIT] or "")

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
        # Home Assistant forgets the context a few seconds on; the caller stays the same.
        context = self._context
        if (wish := kwargs.get(ATTR_TEMPERATURE)) is not None:
            levels = self._levels
            level = min(levels, key=lambda word: abs(levels[word] - wish))
            await self.async_send(commands.set_overheat_temperature(level))
        if (hvac_mode := kwargs.get(ATTR_HVAC_MODE)) is not None:
            self._context = context
            await self.async_set_hvac_mode(hvac_mode)
