"""The devices that a target names: itself, by its entities, or by an area, floor or label."""

from typing import NamedTuple

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from ..const import DOMAIN
from .subjects import async_entry_of


class TargetedDevices(NamedTuple):
    """The devices of a target, each once."""

    named: list[str]
    """Devices that it names, or one of whose entities it names, also those of other integrations.
    An entity without a device stands for itself."""
    found: list[str]
    """Further devices of Flotte in its areas, on its floors, or with its labels, except for those
    that are disabled."""


@callback
def async_devices_of(hass: HomeAssistant, target: TargetSelection) -> TargetedDevices:
    """Resolve a target. A wall connector stands for its site."""
    registry = er.async_get(hass)
    selected = async_extract_referenced_entity_ids(hass, target, primary_entities_only=False)

    def device_of(entity_id: str) -> str:
        entity = registry.async_get(entity_id)
        return (entity and entity.device_id) or entity_id

    named = [*sorted(target.device_ids), *map(device_of, sorted(selected.referenced))]
    found = {*selected.referenced_devices, *map(device_of, selected.indirectly_referenced)}
    ours = [each for each in sorted(found) if async_entry_of(hass, each) is not None]
    whole = list(dict.fromkeys(_whole(hass, each) for each in named))
    others = dict.fromkeys(_whole(hass, each) for each in ours)
    return TargetedDevices(
        whole, [each for each in others if each not in whole and not is_disabled(hass, each)]
    )


@callback
def is_disabled(hass: HomeAssistant, device_id: str) -> bool:
    """Whether the user disabled a device."""
    device = dr.async_get(hass).async_get(device_id)
    return isinstance(device, dr.DeviceEntry) and device.disabled


def _whole(hass: HomeAssistant, device_id: str) -> str:
    """The site of a wall connector; every other device is one of its own."""
    registry = dr.async_get(hass)
    device = registry.async_get(device_id)
    via = device.via_device_id if isinstance(device, dr.DeviceEntry) else None
    whole = None if via is None else registry.async_get(via)
    if whole is None or not any(domain == DOMAIN for domain, *_ in whole.identifiers):
        return device_id
    return whole.id
