"""The devices that a target names: itself, by its entities, or by an area, floor or label."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from ..const import DOMAIN
from .subjects import async_entry_of


@callback
def async_devices_of(hass: HomeAssistant, target: TargetSelection) -> list[str]:
    """The devices of a target, each once; of an area, floor or label only those of Flotte.

    A device or entity that is named belongs to the list whatever it is, so that a mistake can be
    reported. An entity without a device, or that does not exist, stands for itself.
    """
    registry = er.async_get(hass)
    selected = async_extract_referenced_entity_ids(hass, target, primary_entities_only=False)

    def device_of(entity_id: str) -> str:
        entity = registry.async_get(entity_id)
        return (entity and entity.device_id) or entity_id

    named = [*sorted(target.device_ids), *map(device_of, sorted(selected.referenced))]
    found = [*selected.referenced_devices, *map(device_of, selected.indirectly_referenced)]
    ours = [each for each in sorted(found) if async_entry_of(hass, each) is not None]
    return list(dict.fromkeys(_whole(hass, each) for each in (*named, *ours)))


def _whole(hass: HomeAssistant, device_id: str) -> str:
    """The site of a wall connector; every other device is one of its own."""
    registry = dr.async_get(hass)
    device = registry.async_get(device_id)
    via = device.via_device_id if isinstance(device, dr.DeviceEntry) else None
    whole = None if via is None else registry.async_get(via)
    if whole is None or not any(domain == DOMAIN for domain, *_ in whole.identifiers):
        return device_id
    return whole.id
