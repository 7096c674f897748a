"""Vehicles and sites that a call of an action names by their devices."""

from collections.abc import Callable, Iterable

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.service import async_get_device_and_config_entry

from ..account.data import AccountData, FlotteConfigEntry
from ..const import DOMAIN
from ..coordinator import FlotteCoordinator, SiteCoordinator, VehicleCoordinator


@callback
def async_get_vehicle(hass: HomeAssistant, device_id: str) -> VehicleCoordinator:
    """Return the coordinator of a vehicle's device.

    Raises:
        ServiceValidationError: there is no such device, it is not a vehicle of Flotte's, or its
            account is not loaded.
    """
    return _async_find(hass, device_id, lambda data: data.vehicles, translation_key="not_a_vehicle")


@callback
def async_get_site(hass: HomeAssistant, device_id: str) -> SiteCoordinator:
    """Return the coordinator of a site's device; see `async_get_vehicle`."""
    return _async_find(hass, device_id, lambda data: data.sites, translation_key="not_a_site")


@callback
def _async_find[CoordinatorT: FlotteCoordinator](
    hass: HomeAssistant,
    device_id: str,
    coordinators_of: Callable[[AccountData], Iterable[CoordinatorT]],
    *,
    translation_key: str,
) -> CoordinatorT:
    entry: FlotteConfigEntry
    device, entry = async_get_device_and_config_entry(
        hass, DOMAIN, device_id, include_child_devices=False
    )
    for coordinator in coordinators_of(entry.runtime_data):
        if (DOMAIN, coordinator.unique_prefix) in device.identifiers:
            return coordinator
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders={"name": device.name_by_user or device.name or device_id},
    )
