"""The steps before and around Tesla's page: choose scopes and an application, log in again."""

import logging
from collections.abc import Mapping
from typing import Any, Final, cast, override

import voluptuous as vol
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlowResult,
    FlowType,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.config_entry_oauth2_flow import (
    AbstractOAuth2FlowHandler,
    ImplementationUnavailableError,
    async_get_implementations,
)
from homeassistant.helpers.selector import BooleanSelector

from ..account.address import async_address_note, boxed
from ..account.data import application_of
from ..account.tokens import granted_scopes
from ..application_credentials import TeslaImplementation
from ..const import DEVELOPER_PORTAL, DOMAIN, ENERGY_SCOPES, LOGGER, SCOPES, VEHICLE_SCOPES
from ..tesla.privacy import shortened
from .refusals import detail_of, reason_of_login_page, reason_of_token_error

CONF_VEHICLES: Final = "vehicles"
CONF_ENERGY: Final = "energy"

_CHOICES: Final[Mapping[str, frozenset[str]]] = {
    CONF_VEHICLES: VEHICLE_SCOPES,
    CONF_ENERGY: ENERGY_SCOPES,
}


class LoginSteps(AbstractOAuth2FlowHandler):
    """The steps before and around Tesla's page: choose scopes and an application, log in again."""

    DOMAIN = DOMAIN
    VERSION = 1

    def __init__(self) -> None:
        """Start without an account."""
        super().__init__()
        self._requested: frozenset[str] = frozenset(SCOPES)
        """The scopes to request on Tesla's page."""

    @property
    @override
    def logger(self) -> logging.Logger:
        return LOGGER

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Explain the scopes, before Tesla's page asks for them."""
        if user_input is None and await self._lacks_application():
            # Home Assistant then asks for credentials and restarts the flow; no choice is lost yet.
            return await self.async_step_pick_implementation()
        if user_input is None or not self._choose_scopes(user_input):
            return await self._async_show_choice("user", user_input)
        return await self.async_step_pick_implementation()

    async def _lacks_application(self) -> bool:
        """Whether there are no application credentials to log in with."""
        try:
            return not await async_get_implementations(self.hass, DOMAIN)
        except ImplementationUnavailableError:
            return False

    async def _async_show_choice(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Let the owner choose vehicles, energy products or both.

        Tesla refuses the whole login if a scope is not enabled for the application.
        """
        return self.async_show_form(
            step_id=step_id,
            data_schema=vol.Schema(
                {
                    vol.Optional(key, default=bool(scopes & self._requested)): BooleanSelector()
                    for key, scopes in _CHOICES.items()
                }
            ),
            errors={"base": "nothing_chosen"} if user_input is not None else {},
            description_placeholders={"address": await async_address_note(self.hass)},
        )

    def _choose_scopes(self, user_input: Mapping[str, Any]) -> bool:
        """Request the scopes of what was chosen; returns whether anything was."""
        refused = {
            scope
            for key, scopes in _CHOICES.items()
            if not user_input.get(key, True)
            for scope in scopes
        }
        asked = frozenset(SCOPES) - refused
        if not asked & (VEHICLE_SCOPES | ENERGY_SCOPES):
            return False
        self._requested = asked
        return True

    @property
    @override
    def extra_authorize_data(self) -> dict[str, Any]:
        return {"scope": " ".join(scope for scope in SCOPES if scope in self._requested)}

    @callback
    @override
    def async_abort(
        self,
        *,
        reason: str,
        description_placeholders: Mapping[str, str] | None = None,
        translation_domain: str | None = None,
        next_flow: tuple[FlowType, str] | None = None,
    ) -> ConfigFlowResult:
        """End with a text of ours, which says what to do; Home Assistant would show its own."""
        return super().async_abort(
            reason=reason,
            description_placeholders=description_placeholders,
            translation_domain=DOMAIN,
            next_flow=next_flow,
        )

    @override
    async def async_step_auth(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Open Tesla's page; the text beside it names the redirect URI that Tesla must know."""
        result = await super().async_step_auth(user_input)
        if result["type"] is FlowResultType.EXTERNAL_STEP:
            result["description_placeholders"] = {
                "redirect": boxed(self._implementation.redirect_uri),
                "portal": DEVELOPER_PORTAL,
            }
        return result

    @override
    async def async_step_creation(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Exchange the code for tokens; if that fails, the text says why."""
        result = await super().async_step_creation(user_input)
        failure = self._implementation.failure
        if failure is None or result["type"] is not FlowResultType.ABORT:
            return result
        return self.async_abort(
            reason=reason_of_token_error(failure),
            description_placeholders={"detail": detail_of(failure)},
        )

    @override
    async def async_step_authorize_rejected(self, data: None = None) -> ConfigFlowResult:
        """End: Tesla's page sent the owner back without a code."""
        error = shortened(str(self.external_data["error"]))
        return self.async_abort(
            reason=reason_of_login_page(error), description_placeholders={"detail": error}
        )

    @property
    def _implementation(self) -> TeslaImplementation:
        return cast("TeslaImplementation", self.flow_impl)

    @property
    def _existing_entry(self) -> ConfigEntry | None:
        """The entry that is being reauthenticated or reconfigured; None for a new one."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        return self._get_reconfigure_entry() if self.source == SOURCE_RECONFIGURE else None

    @property
    def _client_id(self) -> str:
        return self._implementation.client_id

    def _leaves_application(self, entry: ConfigEntry) -> bool:
        """Whether the owner chose another application, which needs the domain registered too."""
        return application_of(self.hass, entry) != self._client_id

    def _request_as_before(self, entry: ConfigEntry) -> None:
        """Request vehicle scopes, or energy scopes, only if any of them was granted before."""
        granted = granted_scopes(entry.data)
        kinds = {key: bool(scopes & granted) for key, scopes in _CHOICES.items()}
        if any(kinds.values()):
            self._choose_scopes(kinds)

    async def _choose_application(self, entry: ConfigEntry) -> ConfigFlowResult:
        """Log in with the application of the entry, or another one if there are several.

        Another application has its own bill. A new secret means new credentials.
        """
        current = entry.data["auth_implementation"]
        try:
            implementations = await async_get_implementations(self.hass, DOMAIN)
        except ImplementationUnavailableError:
            implementations = {}
        if len(implementations) <= 1 or current not in implementations:
            return await self.async_step_pick_implementation({"implementation": current})
        names = [each.name for each in implementations.values()]
        return self.async_show_form(
            step_id="pick_implementation",
            data_schema=vol.Schema(
                {
                    vol.Required("implementation", default=current): vol.In(
                        {
                            key: each.name
                            if names.count(each.name) == 1
                            else f"{each.name} ({key})"
                            for key, each in implementations.items()
                        }
                    )
                }
            ),
        )
