"""Serves the modules of the dashboard to browsers, while there is an account.

Home Assistant's interface imports the module in every page, in safe mode excepted. Nothing of the
owner's is changed, and nothing stays behind: the dashboard resources would hold an entry.
"""

import hashlib
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import (
    DATA_EXTRA_MODULE_URL,
    add_extra_js_url,
    remove_extra_js_url,
)
from homeassistant.components.http import StaticPathConfig
from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN

FRONTEND: Final = Path(__file__).parent / "frontend"
_ENTRY_POINT: Final = "flotte.js"
_SERVED: Final[HassKey[str]] = HassKey(f"{DOMAIN}_dashboard")
"""Address of the entry point, once it is served."""


async def async_serve_dashboard(hass: HomeAssistant) -> None:
    """Serve the modules from an address of their own for each content.

    Browsers keep them for 31 days, so a new content needs a new address. The entry point imports
    the others relative to its own, so the hash belongs into the path. Without the front end there
    is no page to load them.

    With an account it is offered at once: while Home Assistant starts, a page waits for it for only
    five seconds, and Tesla may take longer to answer.
    """
    if DATA_EXTRA_MODULE_URL not in hass.data:
        return
    folder = f"/{DOMAIN}_dashboard/{await hass.async_add_executor_job(_digest)}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(folder, str(FRONTEND), cache_headers=True)]
    )
    hass.data[_SERVED] = f"{folder}/{_ENTRY_POINT}"
    if hass.config_entries.async_entries(DOMAIN):
        async_offer_dashboard(hass)


def _digest() -> str:
    """Hash all modules."""
    content = hashlib.sha256()
    for path in sorted(FRONTEND.glob("*.js")):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


@callback
def async_offer_dashboard(hass: HomeAssistant) -> None:
    """Let pages load the dashboard, at once those that are open; repeating it is harmless."""
    if (address := hass.data.get(_SERVED)) and address not in hass.data[DATA_EXTRA_MODULE_URL].urls:
        add_extra_js_url(hass, address)


@callback
def async_withdraw_dashboard(hass: HomeAssistant) -> None:
    """Take the dashboard back if no account is left; pages that are open keep it."""
    address = hass.data.get(_SERVED)
    if address and not hass.config_entries.async_entries(DOMAIN):
        remove_extra_js_url(hass, address)
