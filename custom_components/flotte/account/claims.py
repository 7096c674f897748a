"""Claims: which account shows a vehicle or site that several accounts have.

Home Assistant allows each entity only once. So of the accounts that share a vehicle, one shows it
and the others leave it out. The same account keeps showing it, whichever is set up first after a
restart. When that account goes, another one takes over, with the same entities.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER


@dataclass
class _Claims:
    """Claims of all accounts; vehicles are identified by VIN, sites by number."""

    holders: dict[str, str] = field(default_factory=dict)
    """By vehicle or site: the entry that shows it."""
    left_out: dict[str, frozenset[str]] = field(default_factory=dict)
    """By entry: what it leaves out, while it is loaded."""
    said: set[tuple[str, str]] = field(default_factory=set)
    """Pairs of entry and asset that were logged as left out."""


_CLAIMS: Final[HassKey[_Claims]] = HassKey(f"{DOMAIN}_claims")


@callback
def async_watch_claims(hass: HomeAssistant) -> None:
    """Have other accounts take over assets that no account shows any more."""
    claims = hass.data[_CLAIMS] = _Claims()

    @callback
    def changed(change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        is_settled = entry.state in (ConfigEntryState.LOADED, ConfigEntryState.NOT_LOADED)
        if entry.domain != DOMAIN or not (is_settled or change is ConfigEntryChange.REMOVED):
            return
        for entry_id, left_out in tuple(claims.left_out.items()):
            other = hass.config_entries.async_get_entry(entry_id)
            if other is not None and any(_holder(hass, other, each) is None for each in left_out):
                hass.config_entries.async_schedule_reload(entry_id)

    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, changed)


@callback
def async_claim(
    hass: HomeAssistant, entry: ConfigEntry[Any], names: Mapping[str, str]
) -> frozenset[str]:
    """Claim the vehicles and sites of an account until it is unloaded; return those to leave out.

    Args:
        hass: Home Assistant.
        entry: The account, being set up.
        names: Names of the vehicles and sites, by VIN or site number.
    """
    claims = hass.data[_CLAIMS]
    left_out = set()
    for identifier, name in names.items():
        holder = _holder(hass, entry, identifier)
        if holder is None:
            claims.holders[identifier] = entry.entry_id
            _enable(hass, entry, identifier)
            continue
        left_out.add(identifier)
        if (entry.entry_id, identifier) not in claims.said:
            claims.said.add((entry.entry_id, identifier))
            LOGGER.warning(
                "%s is in two Tesla accounts: %s shows it, so %s leaves it out",
                name,
                holder.title,
                entry.title,
            )
    claims.left_out[entry.entry_id] = frozenset(left_out)

    @callback
    def release() -> None:
        claims.left_out.pop(entry.entry_id, None)
        for identifier, holder_id in tuple(claims.holders.items()):
            if holder_id == entry.entry_id:
                del claims.holders[identifier]

    entry.async_on_unload(release)
    return claims.left_out[entry.entry_id]


def _holder(
    hass: HomeAssistant, entry: ConfigEntry[Any], identifier: str
) -> ConfigEntry[Any] | None:
    """The other account that shows an asset, or will once it is set up; None if none does."""
    claims = hass.data[_CLAIMS]
    holder_id = claims.holders.get(identifier)
    if holder_id is not None:
        return (
            None if holder_id == entry.entry_id else hass.config_entries.async_get_entry(holder_id)
        )
    # A loaded account would have claimed it, if it still had it.
    others = [
        each
        for each in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if each is not entry
        and each.state is not ConfigEntryState.LOADED
        and any(_entities(hass, each, identifier))
    ]
    return min(others, key=lambda each: (each.created_at, each.entry_id), default=None)


def _entities(
    hass: HomeAssistant, entry: ConfigEntry[Any], identifier: str
) -> Iterator[er.RegistryEntry]:
    """The entities of a vehicle or site that belong to an account."""
    for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if each.unique_id.startswith(f"{identifier}-"):
            yield each


@callback
def _enable(hass: HomeAssistant, entry: ConfigEntry[Any], identifier: str) -> None:
    """Enable entities that were disabled only because the account that showed them was."""
    registry = er.async_get(hass)
    for other in hass.config_entries.async_entries(DOMAIN):
        if other is not entry and other.disabled_by is not None:
            for each in tuple(_entities(hass, other, identifier)):
                if each.disabled_by is er.RegistryEntryDisabler.CONFIG_ENTRY:
                    registry.async_update_entity(
                        each.entity_id, config_entry_id=entry.entry_id, disabled_by=None
                    )
