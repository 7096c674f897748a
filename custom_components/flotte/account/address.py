"""Home Assistant's address on the internet, and what Tesla can do with it."""

import re
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError, get_url
from yarl import URL

from ..texts import async_option_texts
from .hosts import is_domain

_CLOUD: Final = ".ui.nabu.casa"
"""End of the addresses that Home Assistant Cloud assigns."""
_HTTPS: Final = 443
_BREAK: Final = "\u200b"
"""A zero-width space, at which a line may break."""


def internet_address(hass: HomeAssistant) -> str:
    """The address at which Home Assistant is reachable from the internet; empty if it has none."""
    try:
        return get_url(hass, allow_internal=False, prefer_external=True)
    except NoURLAvailableError:
        return ""


def boxed(address: str) -> str:
    """An address to copy, in a box of its own: elsewhere, a phone cuts off a long word."""
    return f'<ha-alert alert-type="info">`{address}`</ha-alert>'


def wrapping_link(url: str) -> str:
    """A link as it reads, but with places for a line to break."""
    shown = re.sub(r"(?<=\w)([./_])(?=\w)", rf"\1{_BREAK}", url)
    return f"[{shown}]({url})"


async def async_address_note(hass: HomeAssistant) -> str:
    """A note about an address that Tesla cannot use, or not for everything; empty otherwise."""
    address = internet_address(hass)
    if (kind := _kind_of(address)) is None:
        return ""
    texts = await async_option_texts(hass, "internet_address")
    level = "info" if kind == "cloud" else "warning"
    return f'<ha-alert alert-type="{level}">{texts[kind].format(address=address)}</ha-alert>'


def _kind_of(address: str) -> str | None:
    """Key of the note for an address. Tesla fetches the key from a domain, at HTTPS's own port."""
    if not address:
        return "missing"
    url = URL(address)
    host = url.host or ""
    if url.scheme != "https" or url.port != _HTTPS or not is_domain(host):
        return "unusable"
    return "cloud" if host.endswith(_CLOUD) else None
