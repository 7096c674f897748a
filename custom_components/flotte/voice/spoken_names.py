"""Names by which people call a vehicle."""

from collections.abc import Iterable, Mapping
from typing import Final

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..account.names import model_of
from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from .grammar import escaped, normalized
from .number_words import DIGIT_WORDS

CLIMATE_KEY: Final = "climate"
"""Key of the entity that is named after the vehicle; its aliases are those of the vehicle."""


@callback
def async_spoken_names(vehicle: VehicleCoordinator, language: str) -> frozenset[str]:
    """The names of a vehicle as they are matched: of its device, its aliases, and its model."""
    hass, vin = vehicle.hass, vehicle.vehicle.vin
    names: list[str | None] = [vehicle.name, model_of(vin)]
    device = dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, vin), vehicle.config_entry.entry_id
    )
    if device is not None:
        names += [device.name, device.name_by_user]
    registry = er.async_get(hass)
    unique_id = vehicle.unique_id_of(CLIMATE_KEY)
    entity_id = registry.async_get_entity_id(Platform.CLIMATE, DOMAIN, unique_id)
    if entity_id is not None and (entity := registry.async_get(entity_id)) is not None:
        names += [alias for alias in entity.aliases if isinstance(alias, str)]
    plain = {_plain(name) for name in names if name}
    spoken = {_with_words(name, language) for name in plain}
    return frozenset(name for name in plain | spoken if name)


def _plain(name: str) -> str:
    """A name as it is spoken and written down again, without emoji and punctuation."""
    kept = (each if each.isalnum() or each in "'&+" else " " for each in normalized(name))
    return " ".join("".join(kept).split())


def _with_words(name: str, language: str) -> str:
    """A name with its single digits as words: "model three"."""
    return " ".join(DIGIT_WORDS[language].get(word, word) for word in name.split())


def names_template(names: Iterable[str], *generic: str) -> str:
    """The template of names, the longest first, and of the names that every vehicle has."""
    by_length = sorted(names, key=lambda name: (-len(name), name))
    return f"({'|'.join([*map(escaped, by_length), *generic])})"


def vehicles_named[T](spoken: str, names: Mapping[T, frozenset[str]]) -> list[T]:
    """The vehicles with a spoken name; none if it is one that every vehicle has."""
    return [vehicle for vehicle, known in names.items() if spoken in known]
