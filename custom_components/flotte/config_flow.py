"""The setup flow: log in, find the region, register the domain, pair the vehicles.

The steps follow Tesla's onboarding (developer guide, 2026-08):

    (credentials) ─> user ─> Tesla's login ─> scopes ─> region ─> domain ─> pairing ─> look ─> entry
"""

from collections.abc import Mapping
from typing import Any, Final, cast, override

import voluptuous as vol
from homeassistant.components.application_credentials import AuthImplementation
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_TOKEN
from homeassistant.core import callback
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.network import NoURLAvailableError, get_url
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
)
from yarl import URL

from .account.address import wrapping_link
from .account.api import fleet_api
from .account.data import application_of
from .account.hosts import domain_of, get_hosts, is_domain
from .account.key import async_get_key
from .account.leaving import async_leave_application, async_left_application
from .account.login import async_note_new_login
from .account.pairing import async_list_pairing, pairing_url
from .account.titles import end_of
from .account.tokens import needed_scopes, read_claims
from .const import (
    CONF_BASE_URL,
    CONF_PUBLIC_DOMAIN,
    DOMAIN,
    PUBLIC_KEY_PATH,
    SCOPE_OFFLINE,
    SCOPE_VEHICLE_DATA,
    SCOPES,
)
from .flows.options import FlotteOptionsFlow
from .onboarding.last import LastSteps
from .onboarding.pairing import pairing_code
from .onboarding.refusals import detail_of, error_of_form
from .spending.account_ledger import async_get_ledger
from .tesla.api.fleet import FleetApi
from .tesla.api.partner import partner_token
from .tesla.errors import NotRegistered, TeslaError
from .texts import async_option_texts

CONF_FINISH: Final = "finish_unpaired"


class LoginAgainSteps(LastSteps):
    """The first steps for an account that is set up: log in again, or set up again."""

    async def async_step_reauth(self, _entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Log in again, after Tesla refused the stored tokens."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask before leaving for Tesla's page."""
        if user_input is None:
            return self.async_show_form(step_id="reauth_confirm", data_schema=vol.Schema({}))
        entry = self._get_reauth_entry()
        self._request_as_before(entry)
        return await self._choose_application(entry)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Log in, register and pair again: after a new domain, new scopes or a new vehicle."""
        entry = self._get_reconfigure_entry()
        if user_input is None:
            self._request_as_before(entry)
        if user_input is None or not self._choose_scopes(user_input):
            return await self._async_show_choice("reconfigure", user_input)
        return await self._choose_application(entry)

    def _end_older_flows(self) -> None:
        """End other flows of this account, which may be in a tab that was closed long ago.

        Home Assistant itself would end this one, and the older one only with a restart.
        """
        for flow in self._async_in_progress(
            include_uninitialized=True, match_context={"unique_id": self.unique_id}
        ):
            if flow["context"]["source"] != SOURCE_REAUTH:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])


class FlotteFlowHandler(LoginAgainSteps, domain=DOMAIN):
    """The flow that creates the entry of a Tesla account, or repairs one."""

    def __init__(self) -> None:
        """Start without an account."""
        super().__init__()
        self._base_url = ""

    @classmethod
    @callback
    @override
    def async_get_options_flow(cls, config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow of the options."""
        return FlotteOptionsFlow()

    # --- Scopes ----------------------------------------------------------------------------------

    @override
    async def async_oauth_create_entry(self, data: dict[str, Any]) -> ConfigFlowResult:
        """Check the scopes that the owner granted."""
        claims = read_claims(data[CONF_TOKEN][CONF_ACCESS_TOKEN])
        if claims is None:
            return self.async_abort(reason="oauth_error")
        self._granted = claims.scopes
        if missing := needed_scopes(claims.scopes) - claims.scopes:
            names = await async_option_texts(self.hass, "scope")
            return self.async_abort(
                reason="missing_scopes",
                description_placeholders={
                    "scopes": ", ".join(names.get(each, each) for each in sorted(missing))
                },
            )
        if not data[CONF_TOKEN].get("refresh_token"):
            # Without this scope, the login would end within hours.
            return self.async_abort(reason="oauth_error")
        await self.async_set_unique_id(claims.subject, raise_on_progress=False)
        self._data = data
        entry = self._existing_entry
        if entry is None:
            self._abort_if_unique_id_configured(
                description_placeholders={"name": self._name_of_account(claims.subject)}
            )
        else:
            self._abort_if_unique_id_mismatch(
                reason="wrong_account",
                description_placeholders={
                    "name": entry.title,
                    "expected": end_of(entry.unique_id),
                    "other": self._name_of_account(claims.subject),
                },
            )
        self._end_older_flows()
        if (
            entry is not None
            and self.source == SOURCE_REAUTH
            and not self._leaves_application(entry)
        ):
            # The rest of the entry's data (domain, region) stays as it is.
            return await self._finish()
        hosts = get_hosts(self.hass)
        self._base_url = hosts.regions[hosts.region_of(claims.region)]
        return await self.async_step_region({})

    def _name_of_account(self, account: str) -> str:
        """An account as texts name it: by the end of its number, and its title if it is set up."""
        entry = self.hass.config_entries.async_entry_for_domain_unique_id(DOMAIN, account)
        return end_of(account) if entry is None else f"{entry.title} ({end_of(account)})"

    # --- Region ----------------------------------------------------------------------------------

    async def async_step_region(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Request the region of the account; shown only when that fails."""
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {"detail": ""}
        if user_input is not None:
            api = await self._api(self._data[CONF_TOKEN][CONF_ACCESS_TOKEN])
            try:
                await api.region()
            except NotRegistered:
                # Tesla answers no requests before the domain is registered. A wrong region would
                # have answered differently, and the registration will show it too.
                self._base_url = api.base_url
                return await self.async_step_domain()
            except TeslaError as error:
                errors["base"] = error_of_form(error)
                placeholders["detail"] = detail_of(error)
            else:
                self._base_url = api.base_url
                return await self.async_step_domain()
        return self.async_show_form(
            step_id="region",
            data_schema=vol.Schema({}),
            errors=errors,
            description_placeholders=placeholders,
        )

    # --- Domain ----------------------------------------------------------------------------------

    async def async_step_domain(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Register the domain that serves our public key, and check that Tesla found our key."""
        try:
            key = await async_get_key(self.hass)
        except ValueError, KeyError:
            return self.async_abort(reason="private_key_unreadable")
        errors: dict[str, str] = {}
        placeholders = {"path": PUBLIC_KEY_PATH, "detail": "", "url": ""}
        domain = (user_input or {}).get(CONF_PUBLIC_DOMAIN, "")
        if user_input is not None:
            domain = domain_of(domain)
            placeholders["url"] = f"https://{domain}{PUBLIC_KEY_PATH}"
            if not is_domain(domain):
                errors[CONF_PUBLIC_DOMAIN] = "invalid_domain"
            else:
                try:
                    account = await self._register(domain)
                    if await self._follow_region():
                        account = await self._register(domain)
                except TeslaError as error:
                    errors["base"] = error_of_form(error)
                    placeholders["detail"] = detail_of(error)
                else:
                    seen = str(account.get("public_key") or "").lower()
                    if seen == key.public_bytes.hex():
                        self._data = {
                            **self._data,
                            CONF_BASE_URL: self._base_url,
                            CONF_PUBLIC_DOMAIN: domain,
                        }
                        return await self.async_step_pairing()
                    errors["base"] = "other_key" if seen else "public_key_not_fetched"
        return self.async_show_form(
            step_id="domain",
            data_schema=self.add_suggested_values_to_schema(
                vol.Schema({vol.Required(CONF_PUBLIC_DOMAIN): TextSelector()}),
                {CONF_PUBLIC_DOMAIN: domain or self._suggested_domain()},
            ),
            errors=errors,
            description_placeholders=placeholders,
        )

    async def _register(self, domain: str) -> dict[str, Any]:
        implementation = cast("AuthImplementation", self.flow_impl)
        token = await partner_token(
            async_get_clientsession(self.hass),
            get_hosts(self.hass),
            self._base_url,
            client_id=implementation.client_id,
            client_secret=implementation.client_secret,
            # A scope that the owner could grant is enabled for the application; others may not be.
            scopes=[each for each in SCOPES if each in self._granted and each != SCOPE_OFFLINE],
        )
        api = await self._api(token)
        account = await api.register(domain)
        self._base_url = api.base_url
        return account

    async def _follow_region(self) -> bool:
        """Whether another region serves the account than the one that just registered the domain.

        Before a registration, Tesla answers no request, not even the one for the region.
        """
        registered_at = self._base_url
        api = await self._api(self._data[CONF_TOKEN][CONF_ACCESS_TOKEN])
        try:
            await api.region()
        except NotRegistered:
            if api.base_url == registered_at:
                raise
        self._base_url = api.base_url
        return self._base_url != registered_at

    def _suggested_domain(self) -> str:
        """The domain used before, or the host of Home Assistant's external URL."""
        if (entry := self._existing_entry) is not None:
            return str(entry.data.get(CONF_PUBLIC_DOMAIN, ""))
        try:
            url = get_url(self.hass, allow_internal=False, allow_ip=False, require_ssl=True)
        except NoURLAvailableError:
            return ""
        return URL(url).host or ""

    # --- Pairing ---------------------------------------------------------------------------------

    async def async_step_pairing(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show how to pair, and which vehicles are unpaired; the owner may also pair them later."""
        errors: dict[str, str] = {}
        api = await self._api(self._data[CONF_TOKEN][CONF_ACCESS_TOKEN])
        vehicles: list[str] = []
        unpaired = False
        detail = ""
        try:
            if SCOPE_VEHICLE_DATA in self._granted:
                self._products = products = await api.products()
                vehicles, unpaired = await async_list_pairing(api, products)
        except TeslaError as error:
            errors["base"] = error_of_form(error)
            detail = detail_of(error)
        if not vehicles and not errors:
            # Nothing to pair. If a vehicle is added, a repair issue asks to pair it.
            return await self._finish()
        if user_input is not None:
            if user_input.get(CONF_FINISH) or not (errors or unpaired):
                return await self._finish()
            if not errors:
                errors["base"] = "still_unpaired"
        url = pairing_url(self.hass, self._data)
        schema = pairing_code(url)
        if unpaired or errors:
            schema[vol.Optional(CONF_FINISH, default=False)] = BooleanSelector()
        return self.async_show_form(
            step_id="pairing",
            data_schema=vol.Schema(schema),
            errors=errors,
            description_placeholders={
                "url": wrapping_link(url),
                "cars": "\n".join(vehicles) or "—",
                "detail": detail,
            },
        )

    async def _finish(self) -> ConfigFlowResult:
        entry = self._existing_entry
        if entry is None:
            return await self._async_conclude()
        application = application_of(self.hass, entry)
        if application != self._client_id:
            await async_leave_application(self.hass, entry)
        async_note_new_login(self.hass, entry)
        result = self.async_update_reload_and_abort(entry, data_updates=self._data)
        if application != self._client_id:
            async_left_application(self.hass, application)
        return result

    @override
    async def _api(self, token: str) -> FleetApi:
        """The API with this token, booked to the application like any other request."""

        async def source(_renew: bool) -> str:  # noqa: FBT001  # the type TokenSource says so
            return token

        ledger = await async_get_ledger(self.hass, self._client_id)
        return fleet_api(self.hass, self._base_url, source, ledger)
