"""What an entry runs on: one Tesla account."""

from dataclasses import dataclass
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.helpers.storage import Store

from .coordinator import SiteCoordinator, VehicleCoordinator
from .ledger import AccountLedger
from .streaming import Streaming


@dataclass(frozen=True)
class AccountData:
    """Everything that belongs to an account while it is loaded."""

    vehicles: list[VehicleCoordinator]
    sites: list[SiteCoordinator]
    ledger: AccountLedger
    store: Store[dict[str, Any]]
    scopes: frozenset[str]
    streaming: Streaming


type FlotteConfigEntry = ConfigEntry[AccountData]
