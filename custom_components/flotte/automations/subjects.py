"""The vehicle, site or account that a device stands for."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..account.data import AccountData, FlotteConfigEntry
from ..const import DOMAIN
from ..coordinator import SiteCoordinator, VehicleCoordinator


@dataclass(frozen=True)
class Subject:
    """A device of a loaded account: of a vehicle, of a site, or of the account itself."""

    hass: HomeAssistant
    entry: FlotteConfigEntry
    vehicle: VehicleCoordinator | None = None
    site: SiteCoordinator | None = None

    @property
    def data(self) -> AccountData:
        """Parts of the account."""
        return self.entry.runtime_data

    @property
    def is_account(self) -> bool:
        """Whether the device stands for the account."""
        return self.vehicle is None and self.site is None


@callback
def async_entry_of(hass: HomeAssistant, device_id: str) -> FlotteConfigEntry | None:
    """The account that a device belongs to, loaded or not; None if it is not one of Flotte's."""
    device = dr.async_get(hass).async_get(device_id)
    if device is None:
        return None
    entry = hass.config_entries.async_get_entry(device.config_entry_id)
    return entry if entry is not None and entry.domain == DOMAIN else None


@callback
def async_find_subject(hass: HomeAssistant, device_id: str) -> Subject | None:
    """The subject of a device; None if there is none, or its account is not loaded."""
    entry, device = async_entry_of(hass, device_id), dr.async_get(hass).async_get(device_id)
    if entry is None or device is None or entry.state is not ConfigEntryState.LOADED:
        return None
    for vehicle in entry.runtime_data.vehicles:
        if (DOMAIN, vehicle.unique_prefix) in device.identifiers:
            return Subject(hass, entry, vehicle=vehicle)
    for site in entry.runtime_data.sites:
        if (DOMAIN, site.unique_prefix) in device.identifiers:
            return Subject(hass, entry, site=site)
    if (DOMAIN, str(entry.unique_id)) in device.identifiers:
        return Subject(hass, entry)
    return None
