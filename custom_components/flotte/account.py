"""What an entry runs on: one Tesla account, and the owner's rules for spending."""

from dataclasses import dataclass, replace
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store

from .const import CONF_ENDPOINT_CATEGORIES, DOMAIN, LOGGER, TARIFF_OPTIONS
from .coordinator import SiteCoordinator, VehicleCoordinator
from .ledger import AccountLedger
from .streaming import Streaming
from .tesla.endpoints import read_categories
from .tesla.gate import Policy, SpendingMode
from .tesla.meter import EURO, Category, Tariff


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


def _sharing(hass: HomeAssistant, entry: FlotteConfigEntry) -> list[FlotteConfigEntry]:
    """The entries that share a bill, this one too, in an order that is the same for all of them."""
    implementation = entry.data.get("auth_implementation")
    sharing = [
        each
        for each in hass.config_entries.async_entries(DOMAIN)
        if each.data.get("auth_implementation") == implementation
    ]
    return sorted(sharing, key=lambda each: (each.created_at, each.entry_id))


def spending_policy(hass: HomeAssistant, entry: FlotteConfigEntry) -> Policy:
    """What the owner allows; of entries that share a bill the thriftiest decides.

    One that names no budget decides only if none does: it was not asked.
    """
    policies = [_policy(each)[0] for each in _sharing(hass, entry)]
    tariff = spending_tariff(hass, entry)
    usual = Policy()
    thriftiest = min(
        (policy for policy in policies if policy.budget is not None),
        key=lambda policy: policy.limit(tariff),
        default=next((policy for policy in policies if policy != usual), usual),
    )
    chosen = [policy.mode for policy in policies if policy.mode is not None]
    return replace(thriftiest, mode=max(chosen, key=list(SpendingMode).index, default=None))


def spending_tariff(hass: HomeAssistant, entry: FlotteConfigEntry) -> Tariff:
    """What Tesla asks for; of entries that share a bill the oldest that says so decides."""
    for each in _sharing(hass, entry):
        if any(name in each.options for name in TARIFF_OPTIONS):
            return _tariff(each)[0]
    return EURO


def endpoint_categories(hass: HomeAssistant, entry: FlotteConfigEntry) -> dict[str, Category]:
    """What the owner knows better of endpoints; of entries that share a bill all together.

    Where they differ the oldest decides.
    """
    together: dict[str, Category] = {}
    for each in reversed(_sharing(hass, entry)):
        together |= _categories(each)[0]
    return together


def _policy(entry: FlotteConfigEntry) -> tuple[Policy, list[str]]:
    """What an entry's options allow, and those of them that cannot be read."""
    unreadable = []
    for name, value in entry.options.items():
        try:
            Policy.from_options({name: value})
        except ValueError:
            unreadable.append(name)
    readable = {name: each for name, each in entry.options.items() if name not in unreadable}
    return Policy.from_options(readable), unreadable


def _tariff(entry: FlotteConfigEntry) -> tuple[Tariff, list[str]]:
    """What an entry's options say of prices, and what of them cannot be read."""
    try:
        return Tariff.from_options(entry.options), []
    except ValueError as error:
        return EURO, [str(error)]


def _categories(entry: FlotteConfigEntry) -> tuple[dict[str, Category], list[str]]:
    """What an entry's options say of endpoints, and what of them cannot be read."""
    stored = entry.options.get(CONF_ENDPOINT_CATEGORIES)
    try:
        return read_categories(stored), []
    except ValueError as error:
        return {}, [f"{CONF_ENDPOINT_CATEGORIES}.{error}"]


@callback
def async_apply_spending(
    hass: HomeAssistant, entry: FlotteConfigEntry, ledger: AccountLedger
) -> None:
    """Count and spend as the options of an entry say, and of those that share its bill.

    Options that cannot be read keep nobody from starting: the usual ones hold instead, which cost
    nothing beyond the discount, and the owner is told.
    """
    unreadable = sorted({*_policy(entry)[1], *_tariff(entry)[1], *_categories(entry)[1]})
    issue_id = f"options_unreadable_{entry.entry_id}"
    if unreadable:
        LOGGER.warning("Options that cannot be read, so the usual ones hold: %s", unreadable)
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="options_unreadable",
            translation_placeholders={"name": entry.title, "options": ", ".join(unreadable)},
        )
    else:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
    currency = ledger.meter.tariff.currency
    ledger.async_set_prices(spending_tariff(hass, entry), endpoint_categories(hass, entry))
    ledger.async_set_policy(spending_policy(hass, entry))
    if ledger.meter.tariff.currency == currency:
        return
    for each in _sharing(hass, entry):
        # What it shows is in the old currency; one that is being set up shows nothing yet.
        if each.state is ConfigEntryState.LOADED and each.runtime_data.ledger is ledger:
            hass.config_entries.async_schedule_reload(each.entry_id)


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
