"""The instructions for the owner at Tesla, and the request to Tesla when the owner logs in."""

import json
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp.test_utils import make_mocked_request
from homeassistant.components.application_credentials import ClientCredential
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers.config_entry_oauth2_flow import (
    MY_AUTH_CALLBACK_PATH,
    async_get_implementations,
)
from homeassistant.setup import async_setup_component
from yarl import URL

from custom_components.flotte import application_credentials
from custom_components.flotte.account.address import boxed
from custom_components.flotte.application_credentials import (
    TeslaImplementation,
    async_get_auth_implementation,
    async_get_description_placeholders,
)
from custom_components.flotte.const import DOMAIN, NEEDED_SCOPES, SCOPES
from simulator import Simulator
from simulator.accounts import SCOPES as GRANTABLE
from tests.conftest import CLIENT_ID, CLIENT_SECRET

# Home Assistant's own web application uses string keys for requests, too.
pytestmark = pytest.mark.filterwarnings(
    "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
)

TRANSLATIONS = Path(application_credentials.__file__).parent / "translations" / "en.json"


async def implementation_of(hass: HomeAssistant) -> TeslaImplementation:
    """The implementation that the config flow gets for the one set of credentials."""
    (implementation,) = (await async_get_implementations(hass, DOMAIN)).values()
    assert isinstance(implementation, TeslaImplementation)
    return implementation


async def test_address_of_the_page(hass: HomeAssistant) -> None:
    """Without a simulator it is Tesla's own, and the token comes from Tesla's own server."""
    assert await async_setup_component(hass, "http", {})
    implementation = cast(
        "TeslaImplementation",
        await async_get_auth_implementation(hass, DOMAIN, ClientCredential("id", "secret")),
    )
    assert implementation.authorize_url == "https://auth.tesla.com/oauth2/v3/authorize"
    assert implementation.token_url == "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"
    assert implementation.extra_token_resolve_data == {
        "audience": "https://fleet-api.prd.na.vn.cloud.tesla.com"
    }


@pytest.mark.usefixtures("current_request_with_host")
async def test_parameters_of_the_login_page(hass_at_tesla: HomeAssistant, tesla: Simulator) -> None:
    implementation = await implementation_of(hass_at_tesla)
    url = URL(await implementation.async_generate_authorize_url("flow"))
    assert str(url.with_query(None)) == f"{tesla.auth_url}/oauth2/v3/authorize"
    query = dict(url.query)
    # Signed by Home Assistant; says to which flow the answer belongs.
    assert query.pop("state")
    assert set(query.pop("scope").split()) == set(SCOPES)
    assert query == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": "https://example.com/auth/external/callback",
        "prompt": "login",
        # A scope left out earlier is asked for again; the page ends with pairing our key.
        "prompt_missing_scopes": "true",
        "show_keypair_step": "true",
    }
    assert CLIENT_SECRET not in str(url)


def test_scopes_are_tesla_s() -> None:
    """Tesla's page refuses to open if one of them is misspelt."""
    assert set(SCOPES) <= GRANTABLE
    assert set(SCOPES) >= NEEDED_SCOPES
    assert len(set(SCOPES)) == len(SCOPES)


async def test_audience_is_one_of_the_regions(
    hass_at_tesla: HomeAssistant, tesla: Simulator
) -> None:
    """Tesla refuses to exchange the code for any other; one token then serves all regions."""
    implementation = await implementation_of(hass_at_tesla)
    assert implementation.extra_token_resolve_data["audience"] in {tesla.eu_url, tesla.na_url}


@pytest.mark.parametrize(
    ("external", "origin"),
    [
        ("https://home.flotte.example", "https://home.flotte.example"),
        ("https://home.flotte.example:8443", "https://home.flotte.example:8443"),
        (None, "https://your-home-assistant.example"),
    ],
)
async def test_instructions_for_the_owner(
    hass: HomeAssistant, external: str | None, origin: str
) -> None:
    """An address inside the house is never named: Tesla could not reach it."""
    await hass.config.async_update(external_url=external, internal_url="http://192.168.1.2:8123")
    placeholders = await async_get_description_placeholders(hass)
    texts = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))
    text: str = texts["application_credentials"]["description"].format(**placeholders)
    assert f"`{origin}`" in text
    # Home Assistant's own service for that is not loaded.
    assert f"`{origin}/auth/external/callback`" in text
    assert "](https://developer.tesla.com/dashboard)" in text
    assert "192.168.1.2" not in text


@pytest.mark.parametrize(
    ("external", "language", "note"),
    [
        (None, "en", "**Home Assistant does not know its address on the internet.**"),
        (None, "de", "**Home Assistant kennt seine"),
        ("http://home.flotte.example", "en", "**Tesla cannot use Home Assistant's address"),
        ("https://home.flotte.example:8443", "en", "**Tesla cannot use Home Assistant's"),
        ("https://192.0.2.1", "de", "**Tesla kann die"),
        ("https://abcd.ui.nabu.casa", "en", "Home Assistant Cloud's address, https://abcd."),
        ("https://home.flotte.example", "en", ""),
    ],
)
async def test_note_about_the_address_is_where_the_setup_begins(
    hass_at_tesla: HomeAssistant, external: str | None, language: str, note: str
) -> None:
    """The dialog for credentials and the first page of the flow say what to change, and where."""
    hass = hass_at_tesla
    hass.config.language = language
    await hass.config.async_update(external_url=external, internal_url="http://192.168.1.2:8123")
    shown = (await async_get_description_placeholders(hass))["address"]
    assert shown.partition(">")[2].startswith(note)
    assert bool(shown) is bool(note)
    assert ("(/config/network)" in shown) is ("warning" in shown)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["description_placeholders"] == {"address": shown}


@pytest.mark.parametrize("is_loaded", [True, False])
@pytest.mark.usefixtures("current_request_with_host")
async def test_redirect_is_the_one_that_is_used(
    hass_at_tesla: HomeAssistant,
    is_loaded: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """Tesla refuses a login with any other."""
    if is_loaded:
        hass_at_tesla.config.components.add("my")
    implementation = await implementation_of(hass_at_tesla)
    url = URL(await implementation.async_generate_authorize_url("flow"))
    placeholders = await async_get_description_placeholders(hass_at_tesla)
    assert placeholders["redirect"] == boxed(url.query["redirect_uri"])
    assert (url.query["redirect_uri"] == MY_AUTH_CALLBACK_PATH) is is_loaded


async def test_redirect_follows_the_browsers_address(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The dialog comes over a WebSocket; the login later returns to the page of the dialog."""
    await hass.config.async_update(external_url="https://home.flotte.example")
    request = make_mocked_request(
        "GET", "/api/websocket", headers={"Origin": "http://here.example:8123"}
    )
    now: ContextVar[Any] = ContextVar("current_request", default=request)
    monkeypatch.setattr("homeassistant.helpers.http.current_request", now)
    placeholders = await async_get_description_placeholders(hass)
    assert "`http://here.example:8123/auth/external/callback`" in placeholders["redirect"]
    assert "`https://home.flotte.example`" in placeholders["origin"]


async def test_dialog_gets_them(
    hass_at_tesla: HomeAssistant, hass_ws_client: Callable[..., Awaitable[Any]]
) -> None:
    client = await hass_ws_client(hass_at_tesla)
    await client.send_json_auto_id({"type": "application_credentials/config"})
    answer = await client.receive_json()
    assert answer["result"]["integrations"][DOMAIN] == {
        "description_placeholders": await async_get_description_placeholders(hass_at_tesla)
    }
