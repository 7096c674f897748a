"""How Home Assistant logs the owner in at Tesla.

Source: Tesla's third-party token page (2026-08).
"""

from typing import Any, override

from homeassistant.components.application_credentials import (
    AuthImplementation,
    AuthorizationServer,
    ClientCredential,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_entry_oauth2_flow
from homeassistant.helpers.network import NoURLAvailableError, get_url

from .const import SCOPES
from .hosts import get_hosts
from .tesla.hosts import Hosts


class TeslaImplementation(AuthImplementation):
    """Tesla's authorization server."""

    def __init__(
        self, hass: HomeAssistant, auth_domain: str, credential: ClientCredential, hosts: Hosts
    ) -> None:
        """Use the addresses of `hosts`."""
        super().__init__(
            hass,
            auth_domain,
            credential,
            AuthorizationServer(hosts.authorize_url, hosts.token_url),
        )
        self._hosts = hosts

    @property
    @override
    def extra_authorize_data(self) -> dict[str, Any]:
        """Ask for the scopes, also those that an earlier grant left out."""
        return {
            "scope": " ".join(SCOPES),
            "prompt": "login",
            "prompt_missing_scopes": "true",
            "show_keypair_step": "true",
        }

    @property
    @override
    def extra_token_resolve_data(self) -> dict[str, Any]:
        """Tesla wants to know for which Fleet API the token is; one token serves all regions."""
        return {"audience": next(iter(self._hosts.regions.values()))}


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> config_entry_oauth2_flow.AbstractOAuth2Implementation:
    """Return the implementation for one set of application credentials."""
    return TeslaImplementation(hass, auth_domain, credential, get_hosts(hass))


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """What the credentials dialog tells the user to enter at Tesla."""
    try:
        origin = get_url(hass, allow_internal=False, prefer_external=True)
    except NoURLAvailableError:
        origin = "https://your-home-assistant.example"
    return {
        "portal": "https://developer.tesla.com/dashboard",
        "origin": origin,
        "redirect": "https://my.home-assistant.io/redirect/oauth",
    }
