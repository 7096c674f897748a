"""What an entry runs on: one Tesla account, and the owner's rules for spending."""

from dataclasses import dataclass

from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import DOMAIN
from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..spending.account_ledger import AccountLedger
from ..streaming.manager import StreamManager
from .storage import CheckedStore


@dataclass(frozen=True)
class AccountData:
    """Everything that belongs to an account while it is loaded."""

    vehicles: list[VehicleCoordinator]
    sites: list[SiteCoordinator]
    ledger: AccountLedger
    store: CheckedStore
    scopes: frozenset[str]
    streaming: StreamManager


type FlotteConfigEntry = ConfigEntry[AccountData]


@callback
def application_of(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """The client ID that an entry logs in with, as the bill goes by that.

    Credentials may be there twice, with an old and a new secret. Those that are gone are told apart
    by their name.
    """
    name = str(entry.data.get("auth_implementation"))
    if (credentials := hass.data.get(DATA_COMPONENT)) is not None:
        for key, credential in credentials.async_client_credentials(DOMAIN).items():
            if key == name:
                return credential.client_id
    return name
