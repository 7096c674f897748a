"""Other devices of a house, as owners have them: sentences about these must not reach a car."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.climate import DOMAIN as CLIMATE
from homeassistant.components.climate import ClimateEntity, ClimateEntityFeature, HVACMode
from homeassistant.components.cover import DOMAIN as COVER
from homeassistant.components.cover import CoverDeviceClass, CoverEntity, CoverEntityFeature
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.components.light import DOMAIN as LIGHT
from homeassistant.components.light import ColorMode, LightEntity
from homeassistant.components.lock import DOMAIN as LOCK
from homeassistant.components.lock import LockEntity
from homeassistant.components.sensor import DOMAIN as SENSOR
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.components.switch import DOMAIN as SWITCH
from homeassistant.components.switch import SwitchEntity
from homeassistant.const import ATTR_TEMPERATURE, PERCENTAGE, UnitOfPower, UnitOfTemperature
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import EntityComponent
from homeassistant.setup import async_setup_component


class Light(LightEntity):
    """A light."""

    _attr_color_mode = ColorMode.ONOFF
    _attr_is_on = False

    def __init__(self) -> None:
        """Let it be on or off only."""
        self._attr_supported_color_modes = {ColorMode.ONOFF}

    @override
    async def async_turn_on(self, **_more: Any) -> None:
        self._attr_is_on = True

    @override
    async def async_turn_off(self, **_more: Any) -> None:
        self._attr_is_on = False


class Switch(SwitchEntity):
    """A switch."""

    _attr_is_on = False

    @override
    async def async_turn_on(self, **_more: Any) -> None:
        self._attr_is_on = True

    @override
    async def async_turn_off(self, **_more: Any) -> None:
        self._attr_is_on = False


class Lock(LockEntity):
    """A lock."""

    _attr_is_locked = True

    @override
    async def async_lock(self, **_more: Any) -> None:
        self._attr_is_locked = True

    @override
    async def async_unlock(self, **_more: Any) -> None:
        self._attr_is_locked = False


class Cover(CoverEntity):
    """A window, a blind or a garage door."""

    _attr_is_closed = True
    _attr_supported_features = CoverEntityFeature.OPEN | CoverEntityFeature.CLOSE

    @override
    async def async_open_cover(self, **_more: Any) -> None:
        self._attr_is_closed = False

    @override
    async def async_close_cover(self, **_more: Any) -> None:
        self._attr_is_closed = True


class Thermostat(ClimateEntity):
    """A thermostat."""

    _attr_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_hvac_mode = HVACMode.HEAT
    _attr_current_temperature = 19.0
    _attr_target_temperature = 20.0
    _attr_supported_features = (
        ClimateEntityFeature.TARGET_TEMPERATURE
        | ClimateEntityFeature.TURN_ON
        | ClimateEntityFeature.TURN_OFF
    )

    def __init__(self) -> None:
        """Let it be off or heat."""
        self._attr_hvac_modes = [HVACMode.OFF, HVACMode.HEAT]

    @override
    async def async_set_temperature(self, **wanted: Any) -> None:
        self._attr_target_temperature = wanted[ATTR_TEMPERATURE]

    @override
    async def async_set_hvac_mode(self, hvac_mode: HVACMode) -> None:
        self._attr_hvac_mode = hvac_mode


class Sensor(SensorEntity):
    """A sensor that never changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device with one entity."""

    names: Mapping[str, str]
    """By language."""
    domain: str
    entity: type[Entity]
    area: str | None = None
    more: Mapping[str, Any] | None = None
    """Attributes of the entity."""


_LIVING, _KITCHEN, _GARAGE, _BEDROOM = "living", "kitchen", "garage", "bedroom"
AREAS: Final[Mapping[str, Mapping[str, str]]] = {
    _LIVING: {"en": "Living room", "de": "Wohnzimmer"},
    _KITCHEN: {"en": "Kitchen", "de": "Küche"},
    _GARAGE: {"en": "Garage", "de": "Garage"},
    _BEDROOM: {"en": "Bedroom", "de": "Schlafzimmer"},
}
"""Names of the rooms by language."""
DEVICES: Final = (
    Device(
        names={"en": "Kitchen light", "de": "Küchenlicht"},
        domain=LIGHT,
        entity=Light,
        area=_KITCHEN,
    ),
    Device(
        names={"en": "Living room light", "de": "Wohnzimmerlicht"},
        domain=LIGHT,
        entity=Light,
        area=_LIVING,
    ),
    Device(names={"en": "Carport light", "de": "Licht im Carport"}, domain=LIGHT, entity=Light),
    Device(
        names={"en": "Bedroom light", "de": "Schlafzimmerlicht"},
        domain=LIGHT,
        entity=Light,
        area=_BEDROOM,
    ),
    Device(names={"en": "Front door", "de": "Haustür"}, domain=LOCK, entity=Lock),
    Device(
        names={"en": "Garage door", "de": "Garagentor"},
        domain=COVER,
        entity=Cover,
        area=_GARAGE,
        more={"device_class": CoverDeviceClass.GARAGE},
    ),
    Device(
        names={"en": "Living room window", "de": "Wohnzimmerfenster"},
        domain=COVER,
        entity=Cover,
        area=_LIVING,
        more={"device_class": CoverDeviceClass.WINDOW},
    ),
    Device(
        names={"en": "Living room blinds", "de": "Wohnzimmerjalousie"},
        domain=COVER,
        entity=Cover,
        area=_LIVING,
        more={"device_class": CoverDeviceClass.BLIND},
    ),
    Device(
        names={"en": "Thermostat", "de": "Thermostat"},
        domain=CLIMATE,
        entity=Thermostat,
        area=_LIVING,
    ),
    Device(
        names={"en": "Coffee machine", "de": "Kaffeemaschine"},
        domain=SWITCH,
        entity=Switch,
        area=_KITCHEN,
    ),
    Device(
        names={"en": "Phone battery", "de": "Akku vom Handy"},
        domain=SENSOR,
        entity=Sensor,
        more={
            "device_class": SensorDeviceClass.BATTERY,
            "native_unit_of_measurement": PERCENTAGE,
            "native_value": 43,
        },
    ),
    Device(
        names={"en": "Solar power", "de": "Solarstrom"},
        domain=SENSOR,
        entity=Sensor,
        more={
            "device_class": SensorDeviceClass.POWER,
            "native_unit_of_measurement": UnitOfPower.WATT,
            "native_value": 1200,
        },
    ),
    Device(
        names={"en": "Outside temperature", "de": "Außentemperatur"},
        domain=SENSOR,
        entity=Sensor,
        more={
            "device_class": SensorDeviceClass.TEMPERATURE,
            "native_unit_of_measurement": UnitOfTemperature.CELSIUS,
            "native_value": 7,
        },
    ),
)
_CHANGING: Final = (
    "_attr_is_on",
    "_attr_is_locked",
    "_attr_is_closed",
    "_attr_hvac_mode",
    "_attr_target_temperature",
)
_CONVERSATION: Final = "conversation"
_ANNA: Final = "person.anna"


class House:
    """The devices of the house, all exposed to Assist."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._entities: list[tuple[Entity, Mapping[str, Any]]] = []

    async def async_add(self, language: str) -> None:
        """Add everything, with names in a language."""
        areas = ar.async_get(self._hass)
        rooms = {key: areas.async_create(names[language]).id for key, names in AREAS.items()}
        registry = er.async_get(self._hass)
        for number, device in enumerate(DEVICES):
            if device.domain not in self._hass.config.components:
                await async_setup_component(self._hass, device.domain, {})
            entity = device.entity()
            entity._attr_unique_id = f"house-{number}"  # noqa: SLF001  # how its base class expects it
            entity._attr_name = device.names[language]  # noqa: SLF001  # as above
            entity._attr_should_poll = False  # noqa: SLF001  # as above
            for name, value in (device.more or {}).items():
                setattr(entity, f"_attr_{name}", value)
            attributes = {name: getattr(entity, name, None) for name in _CHANGING}
            component: EntityComponent[Entity] = self._hass.data[device.domain]
            await component.async_add_entities([entity])
            if device.area is not None:
                registry.async_update_entity(entity.entity_id, area_id=rooms[device.area])
            async_expose_entity(self._hass, _CONVERSATION, entity.entity_id, should_expose=True)
            self._entities.append((entity, {k: v for k, v in attributes.items() if v is not None}))
        self._hass.states.async_set(_ANNA, "home", {"friendly_name": "Anna"})
        async_expose_entity(self._hass, _CONVERSATION, _ANNA, should_expose=True)

    @property
    def entity_ids(self) -> frozenset[str]:
        """The ids of all its entities."""
        return frozenset((_ANNA, *(entity.entity_id for entity, _ in self._entities)))

    @callback
    def async_reset(self) -> None:
        """Put everything back as it was at first."""
        for entity, attributes in self._entities:
            for name, value in attributes.items():
                setattr(entity, name, value)
            entity.async_write_ha_state()
