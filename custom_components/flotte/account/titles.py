"""Titles of the entries: the names of their cars, which distinguish several accounts.

A title that the owner gave an entry stays.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from ..const import DOMAIN
from .data import FlotteConfigEntry
from .names import MANUFACTURER

ENTRY_TITLE: Final = MANUFACTURER
"""Title of an account without cars and energy sites."""
_NAMES_SHOWN: Final = 4
_END_SHOWN: Final = 4
"""Characters of Tesla's number of an account that texts contain."""


def end_of(account: str | None) -> str:
    """The end of Tesla's number of an account, the only part of it that texts contain."""
    return f"…{(account or '')[-_END_SHOWN:]}"


def title_of(names: Iterable[str]) -> str:
    """The title for an account with cars, or otherwise sites, of these names."""
    ordered = sorted(names, key=str.casefold)
    more = ["…"] if len(ordered) > _NAMES_SHOWN else []
    return ", ".join([*ordered[:_NAMES_SHOWN], *more]) or ENTRY_TITLE


@callback
def async_distinct_title(
    hass: HomeAssistant, account: str | None, names: Iterable[str], entry_id: str = ""
) -> str:
    """The title for an account; with the end of its number if another entry has this title."""
    title = title_of(names)
    others = {
        each.title
        for each in hass.config_entries.async_entries(DOMAIN)
        if each.entry_id != entry_id
    }
    return f"{title} ({end_of(account)})" if title in others else title


@callback
def async_watch_title(hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
    """Let a title that consists of names follow them, and the cars that are added.

    Call it before the devices of a new car are registered: those that are say what the title was.
    """
    data = entry.runtime_data
    names = {each.unique_prefix: each.name for each in data.vehicles or data.sites}
    devices = dr.async_get(hass)
    before = {
        asset: device.name or ""
        for asset in names
        if (device := devices.async_get_device_by_identifier((DOMAIN, asset), entry.entry_id))
    }
    if before:
        _async_follow(hass, entry, before, names)

    @callback
    def changed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        if event.data["action"] != "update" or "name" not in event.data["changes"]:
            return
        device = devices.async_get(event.data["device_id"])
        if device is None or device.config_entry_id != entry.entry_id:
            return
        for domain, asset in device.identifiers:
            if domain == DOMAIN and asset in names:
                was = dict(names)
                names[asset] = device.name or ""
                _async_follow(hass, entry, was, names)

    entry.async_on_unload(hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, changed))


@callback
def _async_follow(
    hass: HomeAssistant,
    entry: ConfigEntry[Any],
    before: Mapping[str, str],
    names: Mapping[str, str],
) -> None:
    """Replace the title that was made of the names before, unless it already fits."""
    old = title_of(before.values())
    if entry.title not in (old, f"{old} ({end_of(entry.unique_id)})"):
        return
    title = async_distinct_title(hass, entry.unique_id, names.values(), entry.entry_id)
    if title_of(names.values()) != old:
        hass.config_entries.async_update_entry(entry, title=title)
