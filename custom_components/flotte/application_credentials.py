"""OAuth login of the owner at Tesla.

Source: Tesla's third-party token page (2026-08).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, override

from aiohttp import RequestInfo
from homeassistant.components.application_credentials import (
    AuthImplementation,
    AuthorizationServer,
    ClientCredential,
)
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import (
    OAuth2TokenRequestConnectionError,
    OAuth2TokenRequestReauthError,
)
from homeassistant.helpers import config_entry_oauth2_flow, http
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.network import NoURLAvailableError
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .account.address import async_address_note, boxed, internet_address
from .account.hosts import get_hosts
from .const import DEVELOPER_PORTAL, SCOPES
from .tesla.api.oauth import request_token
from .tesla.errors import InvalidAnswer, LoginRequired, TeslaError
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
        self.failure: TeslaError | None = None
        """Why the last request for a token failed; None if it did not."""

    @property
    @override
    def extra_authorize_data(self) -> dict[str, Any]:
        """Request the scopes, including those that an earlier grant left out."""
        return {
            "scope": " ".join(SCOPES),
            "prompt": "login",
            "prompt_missing_scopes": "true",
            "show_keypair_step": "true",
        }

    @property
    @override
    def extra_token_resolve_data(self) -> dict[str, Any]:
        """Name the Fleet API that the token is for, as Tesla demands; it serves all regions."""
        return {"audience": next(iter(self._hosts.regions.values()))}

    @override
    async def async_generate_authorize_url(self, flow_id: str) -> str:
        """The address of Tesla's page. Raises NoURLAvailableError."""
        try:
            return await super().async_generate_authorize_url(flow_id)
        except RuntimeError as error:
            # The request does not say at which address Home Assistant was opened.
            raise NoURLAvailableError from error

    @override
    async def async_resolve_external_data(self, external_data: Any) -> dict[str, Any]:
        """Exchange the code for tokens; an answer that holds none comes back empty."""
        try:
            return await super().async_resolve_external_data(external_data)
        except OAuth2TokenRequestConnectionError as error:
            if isinstance(error.__cause__, InvalidAnswer):
                # The flow has its own text for this.
                return {}
            raise

    @override
    async def _token_request(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Ask Tesla's token server within our limits.

        Home Assistant's own request has no time-out and no size limit, sends the secrets along on a
        redirect, and treats any 4xx as a refusal, even a firewall's 403.

        Raises:
            OAuth2TokenRequestReauthError: Tesla refused; the cause says why.
            OAuth2TokenRequestConnectionError: anything else, which is temporary.
        """
        self.failure = None
        form = {**data, "client_id": self.client_id, "client_secret": self.client_secret}
        try:
            return await request_token(async_get_clientsession(self.hass), self.token_url, form)
        except LoginRequired as error:
            self.failure = error
            url = URL(self.token_url)
            raise OAuth2TokenRequestReauthError(
                request_info=RequestInfo(url, "POST", CIMultiDictProxy(CIMultiDict()), url),
                status=HTTPStatus.UNAUTHORIZED,
                message=error.detail,
                domain=self.service_domain,
            ) from error
        except TeslaError as error:
            self.failure = error
            raise OAuth2TokenRequestConnectionError(domain=self.service_domain) from error


async def async_get_auth_implementation(
    hass: HomeAssistant, auth_domain: str, credential: ClientCredential
) -> config_entry_oauth2_flow.AbstractOAuth2Implementation:
    """Return the implementation for one set of application credentials."""
    return TeslaImplementation(hass, auth_domain, credential, get_hosts(hass))


async def async_get_description_placeholders(hass: HomeAssistant) -> dict[str, str]:
    """The values that the credentials dialog shows, for the user to enter at Tesla."""
    origin = internet_address(hass) or "https://your-home-assistant.example"
    return {
        "address": await async_address_note(hass),
        "portal": DEVELOPER_PORTAL,
        "origin": boxed(origin),
        "redirect": boxed(_redirect(hass, origin)),
    }


def _redirect(hass: HomeAssistant, origin: str) -> str:
    """The address that Tesla sends the browser back to after a login."""
    if "my" in hass.config.components:
        return config_entry_oauth2_flow.MY_AUTH_CALLBACK_PATH
    # Without My Home Assistant, the redirect goes to the address in the user's browser. The browser
    # requests this dialog, mostly over a WebSocket, whose request has only an Origin header.
    request = http.current_request.get()
    headers = {} if request is None else request.headers
    browser = headers.get(config_entry_oauth2_flow.HEADER_FRONTEND_BASE) or headers.get("Origin")
    return f"{browser or origin}{config_entry_oauth2_flow.AUTH_CALLBACK_PATH}"
