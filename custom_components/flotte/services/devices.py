"""Vehicles and sites that a call of an action targets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import async_get_device_and_config_entry
from homeassistant.helpers.target import TargetSelection

from ..account.data import AccountData, FlotteConfigEntry
from ..automations.subjects import Subject, async_entry_of, async_find_subject
from ..automations.targets import async_devices_of
from ..const import DOMAIN
from ..coordinator import FlotteCoordinator, SiteCoordinator, VehicleCoordinator

_TARGET: Final[Mapping[Any, Any]] = cv.TARGET_SERVICE_FIELDS


def targeted_schema(
    fields: Mapping[vol.Marker, Any],
    check: Callable[[dict[str, Any]], dict[str, Any]] | None = None,
) -> vol.Schema:
    """Schema of an action with a target; Home Assistant merges that with the other fields.

    So `device_id` may be part of the target or a field, as it was in earlier versions.
    """
    has_target = cv.has_at_least_one_key(*(str(key) for key in _TARGET))
    parts = [has_target, {**_TARGET, **fields}, *([] if check is None else [check])]
    return vol.Schema(vol.All(*parts))


@callback
def async_targeted_vehicles(hass: HomeAssistant, call: ServiceCall) -> list[str]:
    """Return the devices of the vehicles that a call targets, each once.

    Raises:
        ServiceValidationError: an entity has no device, or an area, a floor or a label no vehicle.
    """
    wanted = _async_targeted(hass, call, lambda each: each.vehicle is not None, are_sites=False)
    if wanted is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_vehicle_in_target"
        )
    return wanted


@callback
def async_targeted_sites(hass: HomeAssistant, call: ServiceCall) -> list[str]:
    """Return the devices of the sites that a call targets; see `async_targeted_vehicles`."""
    wanted = _async_targeted(hass, call, lambda each: each.site is not None, are_sites=True)
    if wanted is None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="no_site_in_target")
    return wanted


@callback
def _async_targeted(
    hass: HomeAssistant,
    call: ServiceCall,
    is_wanted: Callable[[Subject], bool],
    *,
    are_sites: bool,
) -> list[str] | None:
    """Return the devices; None if there is a target, and none of them is in it."""
    selection = TargetSelection(dict(call.data))
    devices = async_devices_of(hass, selection)
    for each in devices.named:
        if "." in each:
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="not_a_site" if are_sites else "not_a_vehicle",
                translation_placeholders={"name": each},
            )

    def may_be_wanted(device_id: str) -> bool:
        """Whether to act on a device of an area: not on other kinds of devices in it."""
        entry = async_entry_of(hass, device_id)
        if entry is not None and entry.state is not ConfigEntryState.LOADED:
            # It may be one, which the owner must know.
            return True
        subject = async_find_subject(hass, device_id)
        return subject is not None and is_wanted(subject)

    wanted = [*devices.named, *filter(may_be_wanted, devices.found)]
    return None if selection.has_any_target and not wanted else wanted


@callback
def async_get_vehicle(hass: HomeAssistant, device_id: str) -> VehicleCoordinator:
    """Return the coordinator of a vehicle's device.

    Raises:
        ServiceValidationError: there is no such device, it is not a vehicle of Flotte's or is
            disabled, or its account is not loaded.
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
        if (DOMAIN, coordinator.unique_prefix) in device.identifiers and not device.disabled:
            return coordinator
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=translation_key,
        translation_placeholders={"name": device.name_by_user or device.name or device_id},
    )
