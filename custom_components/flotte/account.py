"""What an entry runs on: one Tesla account, and the owner's rules for spending."""

from dataclasses import dataclass, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import CONF_MONTHLY_LIMIT, CONF_SPENDING_MODE, DOMAIN
from .coordinator import SiteCoordinator, VehicleCoordinator
from .ledger import AccountLedger
from .streaming import Streaming
from .tesla.gate import Policy, SpendingMode
from .tesla.meter import EURO


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


def spending_policy(hass: HomeAssistant, entry: FlotteConfigEntry) -> Policy:
    """What the owner allows; of entries that share a bill the thriftiest decides."""
    policies = [Policy.from_options(entry.options)]
    policies += [
        Policy.from_options(each.options)
        for each in hass.config_entries.async_entries(DOMAIN)
        if each is not entry
        and each.data.get("auth_implementation") == entry.data.get("auth_implementation")
        and (CONF_MONTHLY_LIMIT in each.options or CONF_SPENDING_MODE in each.options)
    ]
    thriftiest = min(policies, key=lambda policy: policy.limit(EURO))
    chosen = [policy.mode for policy in policies if policy.mode is not None]
    return replace(thriftiest, mode=max(chosen, key=list(SpendingMode).index, default=None))


@callback
def async_set_spending_option(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    name: str,
    value: str | float | None,
) -> None:
    """Change one of the owner's rules, at once and without a reload; None is the usual one."""
    options = {**entry.options, name: value}
    hass.config_entries.async_update_entry(
        entry, options={key: each for key, each in options.items() if each is not None}
    )
    entry.runtime_data.ledger.async_set_policy(spending_policy(hass, entry))
