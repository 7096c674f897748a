"""The rules of spending in force: of several entries that share a bill, the strictest decide."""

from typing import Final

from homeassistant.core import HomeAssistant, callback

from ..account.data import FlotteConfigEntry, application_of
from ..account.issues import async_clear_issues, async_raise_issue
from ..const import CONF_ENDPOINT_CATEGORIES, DOMAIN, LOGGER, TARIFF_OPTIONS
from ..tesla.spending.endpoints import Endpoint, read_categories
from ..tesla.spending.policy import Policy, strictest_options, unreadable_options
from ..tesla.spending.tariff import EURO, Category, Tariff
from .account_ledger import AccountLedger

_UNREADABLE_ISSUE: Final = "options_unreadable"


def _sharing(hass: HomeAssistant, entry: FlotteConfigEntry) -> list[FlotteConfigEntry]:
    """The entries that share this one's bill, itself included, in one order for all of them."""
    application = application_of(hass, entry)
    sharing = [
        each
        for each in hass.config_entries.async_entries(DOMAIN)
        if application_of(hass, each) == application
    ]
    return sorted(sharing, key=lambda each: (each.created_at, each.entry_id))


def spending_policy(hass: HomeAssistant, entry: FlotteConfigEntry) -> Policy:
    """The policy of an entry and of all that share its bill: the strictest, rule by rule."""
    return Policy.from_options(strictest_options(each.options for each in _sharing(hass, entry)))


def spending_tariff(hass: HomeAssistant, entry: FlotteConfigEntry) -> Tariff:
    """Tesla's prices. Of entries that share a bill, the oldest one that has prices decides."""
    for each in _sharing(hass, entry):
        if any(name in each.options for name in TARIFF_OPTIONS):
            return _tariff(each)[0]
    return EURO


def endpoint_categories(hass: HomeAssistant, entry: FlotteConfigEntry) -> dict[Endpoint, Category]:
    """Categories of endpoints that the owner corrected, in all entries that share a bill.

    If they differ, the oldest decides.
    """
    together: dict[Endpoint, Category] = {}
    for each in reversed(_sharing(hass, entry)):
        together |= _categories(each)[0]
    return together


def _tariff(entry: FlotteConfigEntry) -> tuple[Tariff, list[str]]:
    """Read the prices in an entry's options; also return those that cannot be read."""
    try:
        return Tariff.from_options(entry.options), []
    except ValueError as error:
        return EURO, [str(error)]


def _categories(entry: FlotteConfigEntry) -> tuple[dict[Endpoint, Category], list[str]]:
    """Read the endpoints in an entry's options; also return those that cannot be read."""
    stored = entry.options.get(CONF_ENDPOINT_CATEGORIES)
    try:
        return read_categories(stored), []
    except ValueError as error:
        return {}, [f"{CONF_ENDPOINT_CATEGORIES}.{error}"]


@callback
def async_apply_spending(
    hass: HomeAssistant, entry: FlotteConfigEntry, ledger: AccountLedger
) -> None:
    """Count and spend by the options of an entry and of those that share its bill.

    Unreadable options do not keep an account from starting: their defaults apply, which cost
    nothing beyond the discount, and an issue is raised.
    """
    unreadable = sorted(
        {*unreadable_options(entry.options), *_tariff(entry)[1], *_categories(entry)[1]}
    )
    if unreadable:
        LOGGER.warning("Unreadable options, for which the defaults apply: %s", unreadable)
        async_raise_issue(
            hass,
            _UNREADABLE_ISSUE,
            entry.entry_id,
            {"name": entry.title, "options": ", ".join(unreadable)},
        )
    else:
        async_clear_issues(hass, entry.entry_id, _UNREADABLE_ISSUE)
    ledger.async_set_prices(spending_tariff(hass, entry), endpoint_categories(hass, entry))
    names = ", ".join(each.title for each in _sharing(hass, entry))
    ledger.async_set_policy(spending_policy(hass, entry), names)


@callback
def async_set_spending_option(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    name: str,
    value: str | float | None,
) -> None:
    """Change one of the owner's rules, or reset it to its default with None."""
    options = {**entry.options, name: value}
    # `account.options` applies it.
    hass.config_entries.async_update_entry(
        entry, options={key: each for key, each in options.items() if each is not None}
    )
