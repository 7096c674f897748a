"""Runtime data of a config entry, which stands for a Tesla account."""

from collections.abc import Mapping
from dataclasses import dataclass

from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..charging.controller import ChargingController
from ..const import DOMAIN
from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..spending.account_ledger import AccountLedger
from ..statistics.history_import import HistoryImport
from ..streaming.manager import StreamManager
from ..tesla import signals
from ..tesla.api.fleet import FleetApi
from ..tesla.charging.bills import Bills
from .charging import ChargingSessions
from .storage import CheckedStore
from .supercharging import SuperchargingMonth


@dataclass(frozen=True)
class AccountData:
    """Parts of a loaded account."""

    api: FleetApi
    vehicles: list[VehicleCoordinator]
    sites: list[SiteCoordinator]
    left_out: frozenset[str]
    """VINs and site numbers of the account that another account shows."""
    ledger: AccountLedger
    store: CheckedStore
    scopes: frozenset[str]
    streaming: StreamManager
    history_imports: Mapping[int, HistoryImport]
    """By the number of the site."""
    bills: Bills
    supercharging: SuperchargingMonth
    charging_sessions: Mapping[str, ChargingSessions]
    """By VIN."""
    charging_controllers: Mapping[str, ChargingController]
    """By VIN."""

    @property
    def assets(self) -> frozenset[str]:
        """VINs and site numbers of the vehicles and sites that this account shows."""
        return frozenset(each.unique_prefix for each in (*self.vehicles, *self.sites))

    @property
    def devices(self) -> frozenset[str]:
        """Identifiers of the devices of these, and of the wall connectors that sites report."""
        connectors = (signals.connector_dins(site.state) for site in self.sites)
        return self.assets.union(*connectors)


type FlotteConfigEntry = ConfigEntry[AccountData]


@callback
def application_of(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Client ID that an entry logs in with; Tesla bills each client ID.

    Two credentials may share it, with an old and a new secret. If the credentials were removed,
    their name stands in for the client ID.
    """
    name = str(entry.data.get("auth_implementation"))
    if (credentials := hass.data.get(DATA_COMPONENT)) is not None:
        for key, credential in credentials.async_client_credentials(DOMAIN).items():
            if key == name:
                return credential.client_id
    return name
