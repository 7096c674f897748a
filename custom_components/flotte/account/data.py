"""What an entry runs on: one Tesla account, and the owner's rules for spending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

from homeassistant.components.application_credentials import DATA_COMPONENT
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from ..const import CONF_ENDPOINT_CATEGORIES, DOMAIN, LOGGER, TARIFF_OPTIONS
from ..coordinator import SiteCoordinator, VehicleCoordinator
from ..spending.account_ledger import AccountLedger
from ..streaming.manager import Streaming
from ..tesla.spending.endpoints import read_categories
from ..tesla.spending.modes import SpendingMode
from ..tesla.spending.policy import POLICY_OPTIONS, Asleep, Policy
from ..tesla.spending.tariff import EURO, Category, Tariff
from .storage import CheckedStore


@dataclass(frozen=True)
class AccountData:
    """Everything that belongs to an account while it is loaded."""

    vehicles: list[VehicleCoordinator]
    sites: list[SiteCoordinator]
    ledger: AccountLedger
    store: CheckedStore
    scopes: frozenset[str]
    streaming: Streaming


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


def _sharing(hass: HomeAssistant, entry: FlotteConfigEntry) -> list[FlotteConfigEntry]:
    """The entries that share a bill, this one too, in an order that is the same for all of them."""
    application = application_of(hass, entry)
    sharing = [
        each
        for each in hass.config_entries.async_entries(DOMAIN)
        if application_of(hass, each) == application
    ]
    return sorted(sharing, key=lambda each: (each.created_at, each.entry_id))


def spending_policy(hass: HomeAssistant, entry: FlotteConfigEntry) -> Policy:
    """What the owner allows; of entries that share a bill the strictest decides, rule by rule.

    One that does not name a rule has no say in it: its owner was not asked.
    """
    named: dict[str, list[Any]] = {}
    for each in _sharing(hass, entry):
        options = _readable(each)
        if not {"quiet_begin", "quiet_end"} <= options.keys() or "quiet_begin" in named:
            # The hours of the oldest, and not the begin of one with the end of another.
            options = {name: options[name] for name in options if not name.startswith("quiet_")}
        for name, value in options.items():
            named.setdefault(name, []).append(value)
    return Policy.from_options(
        {name: _STRICTEST.get(name, itemgetter(0))(values) for name, values in named.items()}
    )


def _thriftiest(values: list[Any]) -> object:
    return min(values, key=lambda value: Decimal(str(value)))


def _most_careful(values: list[Any]) -> object:
    return max(values, key=lambda value: Decimal(str(value)))


def _strictest_callers(values: list[Mapping[str, str]]) -> dict[str, str]:
    together: dict[str, str] = {}
    for callers in values:
        for label, asleep in callers.items():
            together[label] = max(together.get(label, Asleep.WAKE), asleep, key=_ASLEEP.index)
    return together


_ASLEEP: Final[list[str]] = list(Asleep)
_MODES: Final[list[str]] = list(SpendingMode)
_STRICTEST: Final[Mapping[str, Callable[[list[Any]], object]]] = {
    "monthly_limit": _thriftiest,
    "reserve_percent": _most_careful,
    "wakes_per_day": _thriftiest,
    "wake_gap_minutes": _most_careful,
    "head_start_days": _thriftiest,
    "patience_hours": _thriftiest,
    "confirm_wakes": any,
    "asleep_person": lambda values: max(values, key=_ASLEEP.index),
    "asleep_automation": lambda values: max(values, key=_ASLEEP.index),
    "asleep_callers": _strictest_callers,
    "spending_mode": lambda values: max(values, key=_MODES.index),
}
"""By rule: the strictest of what several entries say; of the others the oldest decides."""


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


def _readable(entry: FlotteConfigEntry) -> dict[str, Any]:
    """The options about spending that can be read."""
    unreadable = _unreadable(entry)
    return {
        name: value
        for name, value in entry.options.items()
        if name in POLICY_OPTIONS and name not in unreadable and value is not None
    }


def _unreadable(entry: FlotteConfigEntry) -> list[str]:
    """Those that cannot."""
    unreadable = []
    for name, value in entry.options.items():
        try:
            Policy.from_options({name: value})
        except ValueError:
            unreadable.append(name)
    return unreadable


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
    unreadable = sorted({*_unreadable(entry), *_tariff(entry)[1], *_categories(entry)[1]})
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
