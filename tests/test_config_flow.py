"""The whole way from nothing to an entry: every step, every way to fail, and the way on from there.

The owner logs in on the simulator's own page and is sent back to this Home Assistant's callback;
the simulator fetches the public key from this Home Assistant's own view. Only the browser's
address bar is played: what it would follow is followed here.
"""

import json
import logging
import re
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from unittest.mock import PropertyMock, patch

import aiohttp
import pytest
import voluptuous as vol
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from homeassistant.components.application_credentials import (
    DATA_COMPONENT,
    ClientCredential,
    async_import_client_credential,
)
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, UnknownFlow
from homeassistant.helpers.config_entry_oauth2_flow import (
    ImplementationUnavailableError,
    async_get_implementations,
)
from homeassistant.helpers.selector import QrCodeSelector
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.flotte.account.address import wrapping_link
from custom_components.flotte.account.key import async_get_key
from custom_components.flotte.config_flow import CONF_FINISH
from custom_components.flotte.const import (
    CONF_BASE_URL,
    CONF_PUBLIC_DOMAIN,
    DOMAIN,
    PUBLIC_KEY_PATH,
)
from custom_components.flotte.onboarding.last import CONF_LOOK
from custom_components.flotte.onboarding.login import CONF_ENERGY, CONF_VEHICLES
from custom_components.flotte.spending.account_ledger import async_get_ledger
from custom_components.flotte.tesla.api import oauth
from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.ledger import Month
from simulator import Simulator
from simulator.accounts import SCOPES, Registration
from simulator.bill import Category
from simulator.cars import Car
from tests.conftest import (
    CLIENT_ID,
    CLIENT_SECRET,
    MODEL_3,
    MODEL_S,
    MODEL_Y,
    PUBLIC_DOMAIN,
    STREAMING,
    TRANSLATIONS,
    EntryMaker,
    Pass,
    asked_of,
    issues_of,
    register_key,
    state_of,
)
from tests.fleet import MINUTE, MOMENT
from tests.flow_texts import check_texts, fields_of, placeholder, shown_reason
from tests.odd import bodies
from tests.test_command_errors import ADVICE

pytestmark = [
    pytest.mark.usefixtures("current_request_with_host", "every_text_exists"),
    # Home Assistant's own web application uses string keys for requests, too.
    pytest.mark.filterwarnings(
        "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
    ),
]


@pytest.fixture(autouse=True)
def _one_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the platform that these tests look at: most of their time went into other entities."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR])


type ClientMaker = Callable[[], Awaitable[TestClient[web.Request, web.Application]]]


# --- The owner, and what the owner reads ----------------------------------------------------------


@dataclass
class Owner:
    """A person in front of Home Assistant's pages, with a browser."""

    hass: HomeAssistant
    client: TestClient[web.Request, web.Application]

    async def begin(self) -> ConfigFlowResult:
        """Add the integration, read what it will ask for, and go on to Tesla's page."""
        result = await self.hass.config_entries.flow.async_init(
            DOMAIN, context={"source": SOURCE_USER}
        )
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "user")
        return await self.submit(result)

    async def submit(self, result: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
        """Send a form, and at the end of the setup have no car read."""
        result = await self.send(result, **fields)
        if result.get("step_id") == "look":
            result = await self.send(result, **{CONF_LOOK: []})
        return result

    async def send(self, result: ConfigFlowResult, **fields: Any) -> ConfigFlowResult:
        """Send a form; the result is the next page."""
        assert result["type"] is FlowResultType.FORM
        return await self.hass.config_entries.flow.async_configure(result["flow_id"], fields)

    async def answer(self, result: ConfigFlowResult, **query: str) -> ConfigFlowResult:
        """Answer Tesla's page, and follow it back to Home Assistant."""
        assert result["type"] is FlowResultType.EXTERNAL_STEP
        page = URL(result["url"]).update_query(query)
        async with (
            aiohttp.ClientSession() as browser,
            browser.get(page, allow_redirects=False) as response,
        ):
            assert response.status == HTTPStatus.FOUND, await response.text()
            back = URL(response.headers["Location"])
        assert str(back.with_query(None)) == "https://example.com/auth/external/callback"
        response = await self.client.get(back.relative())
        assert response.status == HTTPStatus.OK
        return await self.hass.config_entries.flow.async_configure(result["flow_id"])

    async def log_in(self, user: str = "owner-1", **query: str) -> ConfigFlowResult:
        """Begin, and allow everything (or the scopes in `simulator_scopes`) at Tesla."""
        return await self.answer(await self.begin(), simulator_allow=user, **query)

    async def finish(
        self, result: ConfigFlowResult, domain: str = PUBLIC_DOMAIN
    ) -> ConfigFlowResult:
        """Go through what is left, pairing nothing; answers the result that made the entry."""
        if result["step_id"] == "region":
            result = await self.submit(result)
        if result["step_id"] == "domain":
            result = await self.submit(result, **{CONF_PUBLIC_DOMAIN: domain})
        if result.get("step_id") == "no_vehicles":
            result = await self.submit(result)
        elif result["type"] is FlowResultType.FORM:
            # The account has cars.
            assert (result["step_id"], result["errors"]) == ("pairing", {})
            fields = {CONF_FINISH: True} if CONF_FINISH in fields_of(result) else {}
            result = await self.submit(result, **fields)
        assert result["type"] is FlowResultType.CREATE_ENTRY
        await self.hass.async_block_till_done()
        assert result["result"].state is ConfigEntryState.LOADED
        return result


@pytest.fixture
async def owner(
    hass_at_tesla: HomeAssistant, tesla: Simulator, hass_client_no_auth: ClientMaker
) -> Owner:
    """The owner; the public domain leads to this Home Assistant."""
    # As Home Assistant does when it starts its server: views may come later.
    hass_at_tesla.http.app._router.freeze = lambda: None  # type: ignore[method-assign]
    client = await hass_client_no_auth()
    tesla.domains[PUBLIC_DOMAIN] = str(client.make_url("/"))
    return Owner(hass_at_tesla, client)


def suggested_domain(result: ConfigFlowResult) -> str | None:
    """The form's default for the domain."""
    schema = result["data_schema"]
    assert schema is not None
    (field,) = schema.schema
    suggestion: str | None = (field.description or {}).get("suggested_value")
    return suggestion


@pytest.mark.parametrize(
    "result",
    [
        {"type": FlowResultType.ABORT, "reason": "made_up"},
        {"type": FlowResultType.ABORT, "reason": "missing_scopes"},
        {"type": FlowResultType.FORM, "step_id": "made_up"},
        {
            "type": FlowResultType.FORM,
            "step_id": "region",
            "data_schema": vol.Schema({}),
            "errors": {"base": "made_up"},
            "description_placeholders": {"detail": ""},
        },
        {
            "type": FlowResultType.FORM,
            "step_id": "region",
            "data_schema": vol.Schema({vol.Required("made_up"): str}),
            "errors": {},
            "description_placeholders": {"detail": ""},
        },
    ],
    ids=["reason", "placeholder", "step", "error", "field"],
)
def test_check_of_texts_sees_gaps(result: dict[str, Any]) -> None:
    texts = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["config"]
    with pytest.raises((KeyError, AssertionError)):
        check_texts(texts, result)


IMPERATIVE: Final = {
    "en": ADVICE,
    "de": re.compile(
        r"\b(Aktiviere|Beginne|Erhöhe|Füge|Gib|Leite|Melde|Öffne|Prüfe|Schließe|Stelle|Versuche|"
        r"Wähle|Warte|beginne|melde|schalte)\b"
    ),
}


@pytest.mark.parametrize("language", IMPERATIVE)
@pytest.mark.parametrize("kind", ["error", "abort"])
def test_end_and_error_say_what_to_do(kind: str, language: str) -> None:
    path = TRANSLATIONS.with_name(f"{language}.json")
    found: dict[str, str] = json.loads(path.read_text("utf-8"))["config"][kind]
    texts = {key: text for key, text in found.items() if "successful" not in key}
    assert {key: text for key, text in texts.items() if not IMPERATIVE[language].search(text)} == {}


# --- The whole way --------------------------------------------------------------------------------


async def test_the_whole_way(
    hass: HomeAssistant, owner: Owner, tesla: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    """From nothing to a loaded entry, with the key that this Home Assistant serves."""
    caplog.set_level(logging.DEBUG)

    result = await owner.log_in()
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "domain")
    assert result["errors"] == {}

    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    key = await async_get_key(hass)
    registration = tesla.accounts.registrations[CLIENT_ID, "eu"]
    assert (registration.domain, registration.public_key) == (PUBLIC_DOMAIN, key.public_bytes)

    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pairing")
    assert result["errors"] == {}
    assert result["description_placeholders"] == {
        "detail": "",
        "url": wrapping_link(f"{tesla.eu_url}/_ak/{PUBLIC_DOMAIN}"),
        "cars": "- ✓ Aurora (000001)\n- ✗ Comet (000002)\n- – Old Faithful (000003)",  # noqa: RUF001  # as shown
    }
    code = fields_of(result)["qr_code"]
    assert isinstance(code, QrCodeSelector)
    assert code.config["data"] == f"{tesla.eu_url}/_ak/{PUBLIC_DOMAIN}"

    result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    assert (entry.title, entry.unique_id) == (
        "Aurora, Comet, Old Faithful",
        tesla.accounts.users["owner-1"].subject,
    )
    token = entry.data["token"]
    assert entry.data == {
        "auth_implementation": DOMAIN,
        "token": token,
        CONF_BASE_URL: tesla.eu_url,
        CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN,
    }
    assert {"access_token", "refresh_token", "expires_at"} <= set(token)

    paid = {Category.DATA, Category.COMMAND, Category.WAKE}
    assert not any(tesla.bill.counts(client_id=CLIENT_ID).get(each) for each in paid)
    # What was asked of Tesla, in this order; the rest belongs to the entry.
    assert [each.endpoint for each in tesla.requests][:8] == [
        "authorize",
        "token",
        "region",
        "token",
        "register",
        "region",
        "products",
        "fleet_status",
    ]
    check_nothing_secret_is_logged(
        caplog,
        {
            "access token": token["access_token"],
            "refresh token": token["refresh_token"],
            "identity token": token["id_token"],
            "client secret": CLIENT_SECRET,
            "private key": key.to_pem().splitlines()[1],
            **{f"token {n}": each for n, each in enumerate(tesla.cloud.tokens._access)},
        },
    )


def check_nothing_secret_is_logged(
    caplog: pytest.LogCaptureFixture, secrets: dict[str, str]
) -> None:
    """No secret, nor a telling part of one, is in anything that was logged."""
    lines = [
        f"{record.name} {record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        # The stand-in for the disk logs what it writes; the disk itself does not.
        if not record.name.startswith("pytest_homeassistant_custom_component")
    ]
    assert any(line.startswith("custom_components.flotte") for line in lines)
    for name, secret in secrets.items():
        # The signature of a token, the middle of what is random.
        telling = secret.rpartition(".")[2][:24]
        assert len(telling) >= 12, name
        found = [line for line in lines if telling in line]
        assert not found, f"{name}: {found}"
    # The search finds what is there: the stand-in did log the key.
    written = "".join(record.getMessage() for record in caplog.records)
    assert secrets["private key"] in written.replace("\\n", "\n")


@pytest.mark.usefixtures("owner")
async def test_credentials_come_first(hass: HomeAssistant) -> None:
    credentials = hass.data[DATA_COMPONENT]
    (credential,) = credentials.async_items()
    await credentials.async_delete_item(credential["id"])
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "missing_credentials")


async def test_choice_between_credentials(
    hass: HomeAssistant, owner: Owner, tesla: Simulator
) -> None:
    """Each application has its own bill, so which one is used is for the owner to say."""
    other = "lenient-demo"
    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(other, "lenient-secret", "Other"), "second"
    )
    domain = "lenient.example"
    tesla.domains[domain] = tesla.domains[PUBLIC_DOMAIN]

    result = await owner.begin()
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pick_implementation")
    result = await owner.submit(result, implementation="second")
    result = await owner.answer(result, simulator_allow="owner-1")
    result = await owner.finish(result, domain)

    assert result["result"].data["auth_implementation"] == "second"
    assert (other, "eu") in tesla.accounts.registrations
    assert (CLIENT_ID, "eu") not in tesla.accounts.registrations
    asked = {each.client_id for each in tesla.requests if each.endpoint == "products"}
    assert asked == {other}


# --- Tesla's login --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "reason", "begins", "beginnt"),
    [
        ("access_denied", "user_rejected_authorize", "You did not allow", "Du hast den Zugriff"),
        ("server_error", "oauth_failed", "Tesla's login service", "Teslas Anmeldedienst"),
        ("unauthorized_client", "application_refused", "Tesla does not accept", "Tesla nimmt"),
        ("invalid_scope", "invalid_scope", "Tesla refused because", "Tesla hat abgelehnt, weil"),
        (
            "login_required",
            "authorize_refused",
            "Tesla's login page ended with an error: login_required.",
            "Teslas Anmeldeseite endete mit einem Fehler: login_required.",
        ),
    ],
)
async def test_page_ends_without_a_login(
    hass: HomeAssistant, owner: Owner, error: str, reason: str, begins: str, beginnt: str
) -> None:
    """The owner reads a text of ours that says what to do."""
    result = await owner.begin()
    assert "`https://example.com/auth/external/callback`" in placeholder(result, "redirect")
    if error == "access_denied":
        result = await owner.answer(result, simulator_deny="1")
    else:
        # Tesla's page sends the owner back with the error.
        state = URL(result["url"]).query["state"]
        await owner.client.get(URL("/auth/external/callback").with_query(state=state, error=error))
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    await check_abort(hass, result, reason, begins, beginnt)


async def check_abort(
    hass: HomeAssistant, result: ConfigFlowResult, reason: str, begins: str, beginnt: str
) -> None:
    """The flow ended with this text, in English and German, and the text says what to do."""
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, reason)
    english = await shown_reason(hass, result, "en")
    german = await shown_reason(hass, result, "de")
    assert english.startswith(begins)
    assert german.startswith(beginnt)
    assert re.search(r"\b(start|try) again\b", english, re.IGNORECASE), english
    assert "noch einmal" in german


TESLA_S_LOCK = {"error": "account_locked", "error_description": "too many attempts"}
CODE_FAULTS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "refused": (
        {"kind": "status", "status": 400, "body": {"error": "invalid_auth_code"}},
        *("oauth_unauthorized", "Tesla no longer accepts the code", "Tesla nimmt den Code"),
    ),
    "wrong secret": (
        {"kind": "status", "status": 401, "body": {"error": "unauthorized_client"}},
        *("application_refused", "Tesla does not accept the client ID", "Tesla nimmt Client-ID"),
    ),
    "account locked": (
        {"kind": "status", "status": 423, "body": TESLA_S_LOCK},
        "account_locked",
        "Tesla has locked the account: 423: account_locked: too many attempts.",
        "Tesla hat das Konto gesperrt: 423: account_locked: too many attempts.",
    ),
    "rate limited": (
        {"kind": "status", "status": 429},
        *("rate_limited", "Tesla accepts no more", "Tesla nimmt von deiner Anwendung"),
    ),
    "server error": (
        {"kind": "status", "status": 503},
        *("oauth_failed", "Tesla's login service", "Teslas Anmeldedienst"),
    ),
    "firewall": (
        {"kind": "firewall"},
        *("oauth_failed", "Tesla's login service", "Teslas Anmeldedienst"),
    ),
    "connection lost": (
        {"kind": "dropped"},
        *("oauth_timeout", "Tesla did not answer", "Tesla hat auf die Anmeldung nicht"),
    ),
    "no answer": (
        {"kind": "hang"},
        *("oauth_timeout", "Tesla did not answer", "Tesla hat auf die Anmeldung nicht"),
    ),
    "no expiry": (
        {"kind": "malformed", "body": '{"access_token": "a"}'},
        *("oauth_error", "Tesla's answer to the login", "Teslas Antwort auf die Anmeldung"),
    ),
}


@pytest.mark.parametrize(
    ("fault", "reason", "begins", "beginnt"), CODE_FAULTS.values(), ids=CODE_FAULTS
)
async def test_code_is_not_exchanged(
    hass: HomeAssistant,
    owner: Owner,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    reason: str,
    begins: str,
    beginnt: str,
) -> None:
    if fault["kind"] == "hang":
        monkeypatch.setattr(oauth, "REQUEST_TIMEOUT", aiohttp.ClientTimeout(total=0.1))
    tesla.faults.order(endpoint="token", **fault)
    await check_abort(hass, await owner.log_in(), reason, begins, beginnt)
    await owner.finish(await owner.log_in())


async def test_login_fails_before_or_after_tesla(
    hass: HomeAssistant, owner: Owner, tesla: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page cannot be prepared, or Tesla is out of reach when the owner comes back."""
    (implementation,) = (await async_get_implementations(hass, DOMAIN)).values()
    kind = type(implementation)
    for failure, reason, begins, beginnt in (
        (TimeoutError, "authorize_url_timeout", "Preparing Tesla's", "Teslas Anmeldeseite konnte"),
        (RuntimeError, "no_url_available", "Home Assistant does not", "Home Assistant kennt"),
    ):
        with patch.object(kind, "redirect_uri", PropertyMock(side_effect=failure)):
            await check_abort(hass, await owner.begin(), reason, begins, beginnt)
    result = await owner.begin()
    page = URL(result["url"]).update_query(simulator_allow="owner-1")
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(page, allow_redirects=False) as response,
    ):
        back = URL(response.headers["Location"])
    async with out_of_reach(tesla):
        await owner.client.get(back.relative())
        result = await hass.config_entries.flow.async_configure(result["flow_id"])
    await check_abort(
        hass,
        result,
        "cannot_connect",
        "Home Assistant got no answer",
        "Home Assistant hat von Tesla",
    )
    with patch(
        "homeassistant.components.application_credentials._get_platform",
        side_effect=ImplementationUnavailableError,
    ):
        result = await owner.begin()
    await check_abort(
        hass,
        result,
        *("oauth_implementation_unavailable", "Home Assistant could not", "Home Assistant konnte"),
    )


@pytest.mark.parametrize(
    ("left_out", "named"),
    [
        ({"vehicle_device_data"}, "Vehicle information"),
        ({"vehicle_cmds"}, "Vehicle commands"),
        ({"vehicle_device_data", "vehicle_cmds"}, "Vehicle commands, Vehicle information"),
    ],
    ids=["data", "commands", "both"],
)
async def test_needed_scope_is_not_granted(
    owner: Owner, tesla: Simulator, left_out: set[str], named: str
) -> None:
    result = await owner.log_in(simulator_scopes=" ".join(SCOPES - left_out))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "missing_scopes")
    assert result["description_placeholders"] == {"scopes": named}
    # The second time Tesla's page asks for what was left out.
    await owner.finish(await owner.log_in())


async def test_token_that_cannot_be_renewed(owner: Owner, tesla: Simulator) -> None:
    """Tesla's page offers no choice about `offline_access`, but an application may lack it."""
    token = tesla.login("owner-1", CLIENT_ID, SCOPES - {"offline_access"})
    tesla.faults.order("malformed", endpoint="token", body=json.dumps(token))
    result = await owner.log_in()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "missing_scopes")
    assert result["description_placeholders"] == {"scopes": "offline_access"}
    await owner.finish(await owner.log_in())


async def test_answer_without_a_refresh_token(owner: Owner, tesla: Simulator) -> None:
    token = tesla.login("owner-1", CLIENT_ID, SCOPES)
    del token["refresh_token"]
    tesla.faults.order("malformed", endpoint="token", body=json.dumps(token))
    result = await owner.log_in()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "oauth_error")
    await owner.finish(await owner.log_in())


@pytest.mark.parametrize(
    "left_out",
    ["vehicle_location", "vehicle_charging_cmds", "energy_device_data", "energy_cmds"],
)
async def test_other_scopes_may_be_left_out(owner: Owner, left_out: str) -> None:
    result = await owner.finish(await owner.log_in(simulator_scopes=" ".join(SCOPES - {left_out})))
    assert left_out not in result["result"].runtime_data.scopes


async def test_token_that_cannot_be_read(owner: Owner, tesla: Simulator) -> None:
    token = {"access_token": "opaque", "refresh_token": "r", "expires_in": 60}
    tesla.faults.order("malformed", endpoint="token", body=json.dumps(token))
    result = await owner.log_in()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "oauth_error")
    await owner.finish(await owner.log_in())


async def test_account_is_set_up_already(
    hass: HomeAssistant, owner: Owner, make_entry: EntryMaker
) -> None:
    make_entry()
    await check_abort(
        hass,
        await owner.log_in(),
        "already_configured",
        "This Tesla account is already set up: Tesla (…0001).",
        "Dieses Tesla-Konto",
    )
    await owner.finish(await owner.log_in("owner-2"))
    assert len(hass.config_entries.async_entries(DOMAIN)) == 2


async def test_newest_tab_wins(hass: HomeAssistant, owner: Owner) -> None:
    """The older flow may be in a tab that was closed, and would block all others."""
    first = await owner.log_in()
    second = await owner.log_in()
    with pytest.raises(UnknownFlow):
        await owner.submit(first, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    await owner.finish(second)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


@pytest.mark.usefixtures("loaded")
async def test_closed_tab_blocks_no_new_login(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry
) -> None:
    given_up = await owner.submit(await loaded.start_reconfigure_flow(hass))
    given_up = await owner.answer(given_up, simulator_allow="owner-1")
    assert given_up["step_id"] == "domain"
    result = await owner.submit(await loaded.start_reauth_flow(hass))
    result = await owner.answer(result, simulator_allow="owner-1")
    assert result["reason"] == "reauth_successful"
    assert hass.config_entries.flow.async_progress() == []
    # The entry is loaded again; its requests are booked first and billed when they arrive.
    await hass.async_block_till_done(wait_background_tasks=True)


# --- Energy products alone ------------------------------------------------------------------------

ENERGY = {"openid", "offline_access", "energy_device_data", "energy_cmds"}
CHOSEN = {CONF_VEHICLES: False, CONF_ENERGY: True}


@pytest.fixture
def energy_application(tesla: Simulator) -> None:
    """An application for which nothing about vehicles is enabled."""
    tesla.accounts.applications[CLIENT_ID].scopes = set(ENERGY)


async def begin_with(owner: Owner, **chosen: bool) -> ConfigFlowResult:
    """Begin, and choose what to ask for."""
    result = await owner.hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return await owner.submit(result, **chosen)


@pytest.mark.usefixtures("energy_application")
@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_owner_of_energy_products_alone(
    hass: HomeAssistant, owner: Owner, tesla: Simulator, source: str
) -> None:
    """The application has energy scopes alone, and so is asked for nothing else, ever."""
    result = await begin_with(owner, **CHOSEN)
    assert set(URL(result["url"]).query["scope"].split()) == ENERGY
    result = await owner.answer(result, simulator_allow="owner-1")
    assert result["step_id"] == "domain"
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    # There are cars in the account, but nothing may be asked about them.
    assert (entry.runtime_data.vehicles, len(entry.runtime_data.sites)) == ([], 1)
    assert not [each for each in tesla.requests if each.status == HTTPStatus.FORBIDDEN]

    result = await hass.config_entries.flow.async_init(
        DOMAIN,
        context={"source": source, "entry_id": entry.entry_id},
        data=dict(entry.data) if source == "reauth" else None,
    )
    result = await owner.submit(result)
    assert set(URL(result["url"]).query["scope"].split()) == ENERGY
    result = await owner.answer(result, simulator_allow="owner-1")
    if source == "reconfigure":
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, f"{source}_successful")


async def test_energy_scopes_alone_are_granted(owner: Owner) -> None:
    """The application has all, and the owner leaves everything about vehicles out."""
    result = await owner.log_in(simulator_scopes=" ".join(ENERGY))
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ({"energy_cmds"}, "Energy product information"),
        (set(), "Vehicle commands, Vehicle information"),
        ({"energy_device_data", "vehicle_location"}, "Vehicle commands, Vehicle information"),
    ],
)
async def test_too_little_is_granted(owner: Owner, granted: set[str], missing: str) -> None:
    result = await owner.log_in(simulator_scopes=" ".join(granted))
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "missing_scopes")
    assert result["description_placeholders"] == {"scopes": missing}


async def test_owner_of_vehicles_alone(owner: Owner, tesla: Simulator) -> None:
    tesla.accounts.applications[CLIENT_ID].scopes -= {"energy_device_data", "energy_cmds"}
    result = await begin_with(owner, **{CONF_VEHICLES: True, CONF_ENERGY: False})
    await owner.finish(await owner.answer(result, simulator_allow="owner-1"))


async def test_something_must_be_chosen(owner: Owner) -> None:
    result = await begin_with(owner, **{CONF_VEHICLES: False, CONF_ENERGY: False})
    assert (result["step_id"], result["errors"]) == ("user", {"base": "nothing_chosen"})
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.EXTERNAL_STEP


async def test_scope_is_disabled_before_the_registration(owner: Owner, tesla: Simulator) -> None:
    result = await owner.log_in()
    application = tesla.accounts.applications[CLIENT_ID]
    application.scopes -= {"vehicle_cmds"}
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    check_refused_domain(result, "invalid_scope")
    assert "vehicle_cmds" in placeholder(result, "detail")
    application.scopes |= {"vehicle_cmds"}
    await owner.finish(result)


# --- Region ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("registered", [True, False])
@pytest.mark.parametrize(("user", "region"), [("owner-1", "eu"), ("owner-3", "na")])
async def test_region_is_found(
    hass: HomeAssistant,
    owner: Owner,
    tesla: Simulator,
    user: str,
    region: str,
    registered: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """The token of owner-3 says EU, and Tesla's answer (421 or not) sends it to NA."""
    base_urls = {"eu": tesla.eu_url, "na": tesla.na_url}
    if registered:
        first = await owner.finish(await owner.log_in(user))
        assert await hass.config_entries.async_remove(first["result"].entry_id)

    result = await owner.log_in(user)
    asked = [each for each in tesla.requests if each.endpoint == "region"][-1]
    assert (asked.region, asked.status) == (region, 200 if registered else 412)
    result = await owner.finish(result)

    assert result["result"].data[CONF_BASE_URL] == base_urls[region]
    assert set(tesla.accounts.registrations) == {(CLIENT_ID, region)}


ELSEWHERE = "https://fleet-api.example"

REGION_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "server error": ({"kind": "status", "status": 500}, "tesla_unavailable"),
    # aiohttp repeats a request when a kept connection is closed.
    "connection lost": ({"kind": "dropped", "count": 2}, "cannot_connect"),
    "unreadable": ({"kind": "malformed"}, "tesla_unavailable"),
    "not an object": ({"kind": "malformed", "body": '{"response": []}'}, "tesla_unavailable"),
    "too many requests": ({"kind": "status", "status": 429}, "rate_limited"),
    "locked": ({"kind": "status", "status": 423}, "account_locked"),
    "no permission": ({"kind": "status", "status": 403}, "refused_by_tesla"),
    "moved elsewhere": (
        {"kind": "status", "status": 421, "body": f"use base URL: {ELSEWHERE}"},
        "wrong_region",
    ),
    "moved nowhere": ({"kind": "status", "status": 421, "body": "out of region"}, "wrong_region"),
    "served elsewhere": (
        {
            "kind": "malformed",
            "body": json.dumps({"response": {"fleet_api_base_url": ELSEWHERE}}),
        },
        "wrong_region",
    ),
}


@pytest.mark.parametrize(("fault", "error"), REGION_FAULTS.values(), ids=REGION_FAULTS)
async def test_region_is_not_found_and_then_is(
    hass: HomeAssistant,
    owner: Owner,
    tesla: Simulator,
    make_entry: EntryMaker,
    fault: dict[str, Any],
    error: str,
) -> None:
    await register_key(hass, tesla)
    tesla.faults.order(endpoint="region", **fault)
    result = await owner.log_in()
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "region")
    assert result["errors"] == {"base": error}
    # The owner reads Tesla's own words, if there are any.
    assert placeholder(result, "detail")

    result = await owner.finish(result)
    assert result["result"].data[CONF_BASE_URL] == tesla.eu_url


async def test_tesla_is_unreachable_and_returns(owner: Owner, tesla: Simulator) -> None:
    """Nothing listens there at all, at each step; nothing that was entered is lost."""
    result = await owner.begin()
    result = await owner.answer(result, simulator_allow="owner-1")
    assert result["step_id"] == "domain"
    async with out_of_reach(tesla):
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
        assert (result["step_id"], result["errors"]) == ("domain", {"base": "cannot_connect"})
        assert suggested_domain(result) == PUBLIC_DOMAIN
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert (result["step_id"], result["errors"]) == ("pairing", {})
    async with out_of_reach(tesla):
        result = await owner.submit(result)
        assert (result["step_id"], result["errors"]) == ("pairing", {"base": "cannot_connect"})
    result = await owner.submit(result)
    assert result["errors"] == {"base": "still_unpaired"}
    result = await owner.submit(result, **{CONF_FINISH: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("known_there", [True, False])
async def test_region_is_only_known_after_registration(
    hass: HomeAssistant,
    owner: Owner,
    tesla: Simulator,
    known_there: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """Where Tesla asks for the registration first, it is made in the region that it then names."""
    if known_there:
        first = await owner.finish(await owner.log_in("owner-3"))
        assert await hass.config_entries.async_remove(first["result"].entry_id)
    tesla.faults.order("status", endpoint="region", status=412)
    result = await owner.finish(await owner.log_in("owner-3"))
    assert result["result"].data[CONF_BASE_URL] == tesla.na_url
    assert set(tesla.accounts.registrations) == {(CLIENT_ID, "eu"), (CLIENT_ID, "na")}
    registered = [each.region for each in tesla.requests if each.endpoint == "register"]
    assert registered[-2:] == ["eu", "na"]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 412}, "domain_not_allowed"),
        ({"kind": "status", "status": 500}, "tesla_unavailable"),
        ({"kind": "status", "status": 421, "body": f"use base URL: {ELSEWHERE}"}, "wrong_region"),
    ],
    ids=["still not registered", "server error", "moved elsewhere"],
)
async def test_region_is_not_confirmed_and_then_is(
    owner: Owner, tesla: Simulator, fault: dict[str, Any], error: str
) -> None:
    result = await owner.log_in()
    tesla.faults.order(endpoint="region", **fault)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    check_refused_domain(result, error)
    result = await owner.finish(result)
    assert result["result"].data[CONF_BASE_URL] == tesla.eu_url


@asynccontextmanager
async def out_of_reach(tesla: Simulator) -> AsyncIterator[None]:
    """Nothing answers at Tesla's addresses for a while."""
    ports = {region: URL(url).port for region, url in tesla.cloud.base_urls.items()}
    assert all(ports.values())
    await tesla.stop()
    yield
    tesla._ports = {region: port for region, port in ports.items() if port}
    await tesla.start()


# --- Domain ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("external", "suggested"),
    [
        ("https://home.flotte.example", "home.flotte.example"),
        ("https://home.flotte.example:8443", "home.flotte.example"),
        ("http://home.flotte.example", None),
        ("https://192.0.2.1", None),
        (None, None),
    ],
    ids=["domain", "port", "not HTTPS", "address", "none"],
)
async def test_domain_is_suggested(
    hass: HomeAssistant, owner: Owner, external: str | None, suggested: str | None
) -> None:
    """Only what Tesla can reach is worth suggesting: a name, over HTTPS."""
    await hass.config.async_update(external_url=external, internal_url="https://home.internal")
    result = await owner.log_in()
    assert (suggested_domain(result) or None) == suggested
    await owner.finish(result)


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("", ""),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
        ("https://[2001:db8::1]/", "2001:db8::1"),
        ("home_1.flotte.example", "home_1.flotte.example"),
        ("-home.flotte.example", "-home.flotte.example"),
        ("home..flotte.example", "home..flotte.example"),
        ("home flotte.example", "home flotte.example"),
        ("owner@flotte.example", "owner@flotte.example"),
        ("flotte.example.", "flotte.example."),
        (f"{'a' * 64}.example", f"{'a' * 64}.example"),
        (f"{'a.' * 127}example", f"{'a.' * 127}example"),
        ("https://", ""),
    ],
)
async def test_domain_is_no_name(owner: Owner, tesla: Simulator, entered: str, kept: str) -> None:
    result = await owner.log_in()
    asked = len(tesla.requests)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: entered})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "domain")
    assert result["errors"] == {CONF_PUBLIC_DOMAIN: "invalid_domain"}
    assert (suggested_domain(result) or "") == kept
    assert len(tesla.requests) == asked
    await owner.finish(result)


@pytest.mark.parametrize(
    "entered",
    ["https://[flotte.example", "https://flotte.example:port", "https://flotte.example:99999"],
)
async def test_domain_is_no_readable_address(owner: Owner, entered: str) -> None:
    result = await owner.log_in()
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: entered})
    assert result["errors"] == {CONF_PUBLIC_DOMAIN: "invalid_domain"}
    await owner.finish(result)


@pytest.mark.parametrize(
    "entered",
    [
        "https://flotte.example",
        "https://flotte.example/",
        "HTTPS://Flotte.Example:443/lovelace/0?edit=1#here",
        f"https://flotte.example{PUBLIC_KEY_PATH}",
        "http://flotte.example:8123",
        "flotte.example/lovelace",
        "flotte.example:8123",
        "  flotte.example\n",
        "FLOTTE.example",
    ],
)
async def test_domain_may_be_pasted(owner: Owner, tesla: Simulator, entered: str) -> None:
    result = await owner.finish(await owner.log_in(), entered)
    assert result["result"].data[CONF_PUBLIC_DOMAIN] == PUBLIC_DOMAIN
    assert tesla.accounts.registrations[CLIENT_ID, "eu"].domain == PUBLIC_DOMAIN


@pytest.mark.parametrize("domain", ["xn--mnchen-3ya.example", "flotte.xn--p1ai"])
async def test_domain_may_be_written_in_other_letters(
    hass: HomeAssistant, owner: Owner, tesla: Simulator, domain: str
) -> None:
    """Domain names of other scripts are ASCII where Tesla sees them (RFC 5890)."""
    tesla.accounts.applications[CLIENT_ID].allowed_origins.append(f"https://{domain}")
    tesla.domains[domain] = tesla.domains[PUBLIC_DOMAIN]
    result = await owner.finish(await owner.log_in(), f"https://{domain}/")
    assert result["result"].data[CONF_PUBLIC_DOMAIN] == domain


@asynccontextmanager
async def served(status: int, text: str) -> AsyncIterator[str]:
    """Another server that answers at the key's address; yields its own address."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=text)

    app = web.Application()
    app.router.add_get(PUBLIC_KEY_PATH, answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


OTHER_KEY = ClientKey.generate().public_pem

AT_THE_DOMAIN: dict[str, tuple[int, str, str]] = {
    "other key": (200, OTHER_KEY, "other_key"),
    "no key": (200, "<html>", "public_key_not_fetched"),
    "not found": (404, OTHER_KEY, "public_key_not_fetched"),
    "log-in page": (302, OTHER_KEY, "public_key_not_fetched"),
    "not authorised": (401, OTHER_KEY, "public_key_not_fetched"),
}


@pytest.mark.parametrize(("status", "text", "error"), AT_THE_DOMAIN.values(), ids=AT_THE_DOMAIN)
async def test_another_server_answers_at_the_domain(
    owner: Owner, tesla: Simulator, status: int, text: str, error: str
) -> None:
    home = tesla.domains[PUBLIC_DOMAIN]
    result = await owner.log_in()
    async with served(status, text) as elsewhere:
        tesla.domains[PUBLIC_DOMAIN] = elsewhere
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    check_refused_domain(result, error)
    tesla.domains[PUBLIC_DOMAIN] = home
    await owner.finish(result)


async def test_no_server_answers_at_the_domain(owner: Owner, tesla: Simulator) -> None:
    home = tesla.domains.pop(PUBLIC_DOMAIN)
    result = await owner.log_in()
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    check_refused_domain(result, "public_key_not_fetched")
    assert "424" in placeholder(result, "detail")
    tesla.domains[PUBLIC_DOMAIN] = home
    await owner.finish(result)


def check_refused_domain(result: ConfigFlowResult, error: str, domain: str = PUBLIC_DOMAIN) -> None:
    """The form is shown again with the error, what was entered, and where Tesla looks."""
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "domain")
    assert result["errors"] == {"base": error}
    assert suggested_domain(result) == domain
    assert placeholder(result, "url") == f"https://{domain}{PUBLIC_KEY_PATH}"


@pytest.mark.parametrize("domain", ["home.elsewhere.example", "taken.flotte.example"])
async def test_domain_is_not_allowed(owner: Owner, tesla: Simulator, domain: str) -> None:
    """It is not one of the application's origins, or another application has it."""
    tesla.domains[domain] = tesla.domains[PUBLIC_DOMAIN]
    tesla.accounts.registrations["somebody-else", "eu"] = Registration(
        "somebody-else", "eu", "taken.flotte.example", b"", 0, 0
    )
    result = await owner.log_in()
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: domain})
    check_refused_domain(result, "domain_not_allowed", domain)
    assert "412" in placeholder(result, "detail")
    await owner.finish(result)


async def test_client_secret_is_wrong(owner: Owner, tesla: Simulator) -> None:
    """It was changed in the portal after the login."""
    result = await owner.log_in()
    tesla.accounts.applications[CLIENT_ID].client_secret = "changed"
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    check_refused_domain(result, "credentials_refused")
    assert CLIENT_SECRET not in placeholder(result, "detail")
    tesla.accounts.applications[CLIENT_ID].client_secret = CLIENT_SECRET
    await owner.finish(result)


REGISTRATION_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no token: grant type is missing": (
        {"endpoint": "token", "kind": "status", "status": 403},
        "credentials_refused",
    ),
    "no token: server error": (
        {"endpoint": "token", "kind": "status", "status": 500},
        "tesla_unavailable",
    ),
    "no token: connection lost": ({"endpoint": "token", "kind": "dropped"}, "cannot_connect"),
    "no token: unreadable": ({"endpoint": "token", "kind": "malformed"}, "tesla_unavailable"),
    "no token: other answer": (
        {"endpoint": "token", "kind": "malformed", "body": "{}"},
        "tesla_unavailable",
    ),
    "badly written": (
        {"endpoint": "register", "kind": "status", "status": 400},
        "domain_not_allowed",
    ),
    "server error": (
        {"endpoint": "register", "kind": "status", "status": 503},
        "tesla_unavailable",
    ),
    "too many requests": (
        {"endpoint": "register", "kind": "status", "status": 429},
        "rate_limited",
    ),
    "connection lost before": ({"endpoint": "register", "kind": "dropped"}, "cannot_connect"),
    "connection lost after": ({"endpoint": "register", "kind": "lost_reply"}, "cannot_connect"),
    "unreadable": ({"endpoint": "register", "kind": "malformed"}, "tesla_unavailable"),
    "no key in the answer": (
        {
            "endpoint": "register",
            "kind": "malformed",
            "body": json.dumps({"response": {"client_id": CLIENT_ID, "public_key": None}}),
        },
        "public_key_not_fetched",
    ),
    "account locked": (
        {"endpoint": "register", "kind": "status", "status": 423},
        "account_locked",
    ),
    "region unknown": (
        {
            "endpoint": "register",
            "kind": "status",
            "status": 421,
            "body": f"use base URL: {ELSEWHERE}",
        },
        "wrong_region",
    ),
}


@pytest.mark.parametrize(("fault", "error"), REGISTRATION_FAULTS.values(), ids=REGISTRATION_FAULTS)
async def test_registration_fails_and_then_works(
    owner: Owner, tesla: Simulator, fault: dict[str, Any], error: str
) -> None:
    result = await owner.log_in()
    tesla.faults.order(**fault)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert not tesla.faults.pending()
    check_refused_domain(result, error)
    await owner.finish(result)


async def test_private_key_cannot_be_read(owner: Owner, hass_storage: dict[str, Any]) -> None:
    """It is neither replaced nor gone round; with the backup in its place the owner goes on."""
    broken = {"version": 1, "minor_version": 1, "data": {"private_key": "rubbish"}}
    hass_storage[f"{DOMAIN}.private_key"] = dict(broken)
    result = await owner.log_in()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "private_key_unreadable")
    assert hass_storage[f"{DOMAIN}.private_key"] == broken
    restored = {"version": 1, "data": {"private_key": ClientKey.generate().to_pem()}}
    hass_storage[f"{DOMAIN}.private_key"] = restored
    await owner.finish(await owner.log_in())


# --- Pairing --------------------------------------------------------------------------------------


async def to_pairing(owner: Owner, user: str = "owner-1") -> ConfigFlowResult:
    """Go as far as the pairing step."""
    return await owner.submit(await owner.log_in(user), **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})


async def test_all_cars_are_paired(owner: Owner, tesla: Simulator) -> None:
    tesla.world.cars[MODEL_3].pairs_automatically = True
    result = await to_pairing(owner)
    assert list(fields_of(result)) == ["qr_code"]
    assert "✗" not in placeholder(result, "cars")
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_car_is_not_paired_and_may_stay_so(owner: Owner) -> None:
    result = await to_pairing(owner)
    for fields in ({}, {CONF_FINISH: False}):
        result = await owner.submit(result, **fields)
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pairing")
        assert result["errors"] == {"base": "still_unpaired"}
    result = await owner.submit(result, **{CONF_FINISH: True})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_car_is_paired_meanwhile(owner: Owner, tesla: Simulator) -> None:
    result = await to_pairing(owner)
    # What the code leads to, in the owner's app.
    async with (
        aiohttp.ClientSession() as phone,
        phone.post(
            f"{tesla.eu_url}/_ak/{PUBLIC_DOMAIN}",
            json={"vin": MODEL_3},
            headers={"Accept": "application/json"},
        ) as response,
    ):
        assert await response.json() == {"paired": True, "vin": MODEL_3}
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "status", "status": 500}, "tesla_unavailable"),
        ({"kind": "dropped", "count": 2}, "cannot_connect"),
        ({"kind": "malformed", "body": '{"response": null}'}, "tesla_unavailable"),
        ({"kind": "status", "status": 423}, "account_locked"),
    ],
    ids=["server error", "connection lost", "unreadable", "locked"],
)
@pytest.mark.parametrize("endpoint", ["products", "fleet_status"])
async def test_pairing_is_not_known_and_then_is(
    owner: Owner, tesla: Simulator, endpoint: str, fault: dict[str, Any], error: str
) -> None:
    tesla.world.cars[MODEL_3].pairs_automatically = True
    result = await owner.log_in()
    tesla.faults.order(endpoint=endpoint, **fault)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert (result["step_id"], result["errors"]) == ("pairing", {"base": error})
    assert placeholder(result, "cars") == "—"
    tesla.faults.clear()
    # Not knowing is not the same as paired: it is asked again before the entry is made.
    tesla.faults.order(endpoint=endpoint, **fault)
    result = await owner.submit(result)
    assert (result["step_id"], result["errors"]) == ("pairing", {"base": error})
    tesla.faults.clear()
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("endpoint", ["products", "fleet_status"])
async def test_pairing_is_not_known_and_may_stay_so(
    owner: Owner, tesla: Simulator, endpoint: str
) -> None:
    """Pairing can wait; Tesla's trouble does not prevent the owner from finishing."""
    result = await owner.log_in()
    tesla.faults.order("status", endpoint=endpoint, status=503, count=2)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert result["errors"] == {"base": "tesla_unavailable"}
    assert CONF_FINISH in fields_of(result)
    result = await owner.submit(result, **{CONF_FINISH: True})
    assert not tesla.faults.pending()
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_account_without_cars(owner: Owner, tesla: Simulator) -> None:
    """There is nothing to pair, and the owner learns that, and what to do."""
    result = await to_pairing(owner, "owner-2")
    assert "fleet_status" not in {each.endpoint for each in tesla.requests}
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "no_vehicles")
    assert result["description_placeholders"] == {"account": "…0002", "sites": "—"}
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Tesla"
    assert result["result"].unique_id == tesla.accounts.users["owner-2"].subject


# --- The first look -------------------------------------------------------------------------------


async def to_look(owner: Owner, language: str = "en") -> ConfigFlowResult:
    """Go as far as the offer to read the cars."""
    owner.hass.config.language = language
    return await owner.send(await to_pairing(owner), **{CONF_FINISH: True})


@pytest.mark.parametrize(
    ("language", "labels", "unreachable"),
    [
        (
            "en",
            [
                "Aurora: asleep, wake it and read it for 0.022 EUR",
                "Comet: awake, 0.002 EUR",
            ],
            "Out of reach for the moment: Old Faithful.",
        ),
        (
            "de",
            [
                "Aurora: schläft, wecken und lesen für 0,022 EUR",
                "Comet: wach, 0,002 EUR",
            ],
            "Im Moment nicht erreichbar: Old Faithful.",
        ),
    ],
)
async def test_look_is_offered_with_its_price(
    owner: Owner, tesla: Simulator, language: str, labels: list[str], unreachable: str
) -> None:
    """Tesla's list says who sleeps; nothing is asked of the cars, and none is woken."""
    tesla.world.cars[MODEL_S].state = "offline"
    result = await to_look(owner, language)
    selector = fields_of(result)[CONF_LOOK]
    assert [each["label"] for each in selector.config["options"]] == labels
    schema = result["data_schema"]
    assert schema is not None
    assert schema({}) == {CONF_LOOK: [MODEL_3]}
    assert placeholder(result, "unreachable") == unreachable
    assert paid(tesla) == {}
    assert tesla.world.cars[MODEL_Y].state == "asleep"


def paid(tesla: Simulator) -> dict[Category, int]:
    """The requests on the simulated Tesla's bill."""
    counts = tesla.bill.counts(client_id=CLIENT_ID)
    return {each: count for each, count in counts.items() if count and each in PAID}


PAID = {Category.DATA, Category.COMMAND, Category.WAKE}


@pytest.mark.usefixtures("quick_waits")
async def test_online_cars_are_read_at_once(
    hass: HomeAssistant, owner: Owner, tesla: Simulator
) -> None:
    """With the background's money; a car that sleeps stays asleep, and an issue says so."""
    result = await owner.send(await to_look(owner))
    await hass.async_block_till_done(wait_background_tasks=True)
    entry = result["result"]
    assert paid(tesla) == {Category.DATA: 2}
    ledger = entry.runtime_data.ledger.meter.ledger
    (month,) = {Month.of(each.day) for each in ledger.counts}
    assert set(ledger.by_caller(month)) == {"background:setup", "background:polling"}
    unread = f"never_read_{MODEL_Y[-6:]}"
    assert issues_of(hass) == {unread}
    assert tesla.world.cars[MODEL_Y].state == "asleep"

    # The owner follows the issue.
    await entry.runtime_data.vehicles[0].vehicle.wake(Caller(CallerKind.PERSON))
    await entry.runtime_data.vehicles[0].async_refresh()
    assert issues_of(hass) == set()


@pytest.mark.usefixtures("quick_waits")
async def test_sleeping_car_is_woken_if_the_owner_chose_it(
    hass: HomeAssistant, owner: Owner, tesla: Simulator
) -> None:
    result = await owner.send(await to_look(owner), **{CONF_LOOK: [MODEL_Y]})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert paid(tesla) == {Category.DATA: 1, Category.WAKE: 1}
    vehicle = result["result"].runtime_data.vehicles[0].vehicle
    assert (vehicle.vin, vehicle.poller.data_received_at is None) == (MODEL_Y, False)
    assert issues_of(hass) == {f"never_read_{vin[-6:]}" for vin in (MODEL_3, MODEL_S)}


@pytest.mark.usefixtures("quick_waits")
async def test_car_that_fell_asleep_meanwhile_is_not_woken(
    hass: HomeAssistant, owner: Owner, tesla: Simulator
) -> None:
    """Its price named no wake."""
    result = await to_look(owner)
    tesla.world.cars[MODEL_3].state = "asleep"
    await owner.send(result, **{CONF_LOOK: [MODEL_3]})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert Category.WAKE not in paid(tesla)
    assert tesla.world.cars[MODEL_3].state == "asleep"


# --- Titles ---------------------------------------------------------------------------------------


async def test_equal_titles_are_distinguished(hass: HomeAssistant, owner: Owner) -> None:
    """The end of Tesla's number of the account is all that is shown of it."""
    MockConfigEntry(domain=DOMAIN, title="Aurora, Comet, Old Faithful").add_to_hass(hass)
    result = await owner.submit(await to_pairing(owner), **{CONF_FINISH: True})
    assert result["title"] == "Aurora, Comet, Old Faithful (…0001)"


@pytest.mark.parametrize("is_renamed", [False, True])
async def test_title_follows_the_cars_unless_the_owner_chose_it(
    hass: HomeAssistant,
    owner: Owner,
    is_renamed: bool,  # noqa: FBT001  # pytest names it
) -> None:
    entry = (await owner.finish(await owner.log_in()))["result"]
    if is_renamed:
        hass.config_entries.async_update_entry(entry, title="Our cars")
    entry.runtime_data.vehicles[0].async_list("Borealis")
    await hass.async_block_till_done()
    assert entry.title == ("Our cars" if is_renamed else "Borealis, Comet, Old Faithful")


# --- Repairs --------------------------------------------------------------------------------------


async def test_log_in_again(hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry) -> None:
    before = dict(loaded.data)
    result = await loaded.start_reauth_flow(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "reauth_confirm")
    result = await owner.answer(await owner.submit(result), simulator_allow="owner-1")
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert await shown_reason(hass, result, "en") == "You are logged in again."
    assert await shown_reason(hass, result, "de") == "Du bist wieder angemeldet."
    assert loaded.data["token"]["access_token"] != before["token"]["access_token"]
    assert {**loaded.data, "token": None} == {**before, "token": None}
    assert loaded.state is ConfigEntryState.LOADED
    assert hass.config_entries.async_entries(DOMAIN) == [loaded]


async def test_log_in_again_after_the_access_was_withdrawn(
    hass: HomeAssistant, owner: Owner, entry: MockConfigEntry, tesla: Simulator
) -> None:
    """The whole story: Tesla refuses, Home Assistant asks, the owner logs in, all is well."""
    user, application = tesla.accounts.users["owner-1"], tesla.accounts.applications[CLIENT_ID]
    tesla.cloud.tokens.revoke(user, application)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["context"]["source"], flow["step_id"]) == (SOURCE_REAUTH, "reauth_confirm")

    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {})
    result = await owner.answer(result, simulator_allow="owner-1")
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert str(entry.state) == str(ConfigEntryState.LOADED)


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_log_in_with_another_account(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, source: str
) -> None:
    before = dict(loaded.data)
    start = {
        "reauth": loaded.start_reauth_flow,
        "reconfigure": loaded.start_reconfigure_flow,
    }[source]
    result = await start(hass)
    result = await owner.answer(await owner.submit(result), simulator_allow="owner-2")
    await check_abort(
        hass,
        result,
        "wrong_account",
        "You logged in with the Tesla account …0002, but Tesla belongs to the one whose number "
        "ends in …0001.",
        "Du hast dich mit dem Tesla-Konto …0002 angemeldet, aber Tesla gehört zu dem, dessen "
        "Nummer",
    )
    assert loaded.data == before

    result = await start(hass)
    result = await owner.answer(await owner.submit(result), simulator_allow="owner-1")
    if source == "reconfigure":
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
        result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, f"{source}_successful")
    assert loaded.data["token"]["access_token"] != before["token"]["access_token"]


OTHER = ClientCredential("lenient-demo", "lenient-secret", "Other")
"""Another application of an owner who made a second one."""


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_repair_offers_the_applications(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, source: str
) -> None:
    """Where there are several; that of the entry is suggested."""
    await async_import_client_credential(hass, DOMAIN, OTHER, "second")
    result = await mend(hass, owner, loaded, source)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pick_implementation")
    (choice,) = fields_of(result).values()
    assert choice.container == {DOMAIN: "Simulator", "second": "Other"}
    result = await owner.submit(result)
    assert result["type"] is FlowResultType.EXTERNAL_STEP
    assert URL(result["url"]).query["client_id"] == CLIENT_ID
    result = await owner.answer(result, simulator_allow="owner-1")
    if source == "reauth":
        # Nothing but the login changed.
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
        # The entry is reloaded.
        await hass.async_block_till_done()


async def mend(
    hass: HomeAssistant, owner: Owner, entry: MockConfigEntry, source: str
) -> ConfigFlowResult:
    """Begin to log in or to set up again."""
    return await owner.submit(
        await (
            entry.start_reauth_flow(hass)
            if source == "reauth"
            else entry.start_reconfigure_flow(hass)
        )
    )


LENIENT_DOMAIN = "lenient.example"


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_moving_to_another_application(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, tesla: Simulator, source: str
) -> None:
    """Entry, ledger and registration move along."""
    tesla.domains[LENIENT_DOMAIN] = tesla.domains[PUBLIC_DOMAIN]
    await async_import_client_credential(hass, DOMAIN, OTHER, "second")
    before = loaded.runtime_data.ledger
    result = await mend(hass, owner, loaded, source)
    result = await owner.submit(result, implementation="second")
    result = await owner.answer(result, simulator_allow="owner-1")
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "domain")
    assert suggested_domain(result) == PUBLIC_DOMAIN
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: LENIENT_DOMAIN})
    result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, f"{source}_successful")
    assert loaded.state is ConfigEntryState.LOADED
    assert loaded.data["auth_implementation"] == "second"
    assert loaded.data[CONF_PUBLIC_DOMAIN] == LENIENT_DOMAIN
    assert tesla.accounts.registrations[OTHER.client_id, "eu"].domain == LENIENT_DOMAIN
    assert loaded.runtime_data.ledger is await async_get_ledger(hass, OTHER.client_id)
    assert loaded.runtime_data.ledger is not before
    asked = [each.client_id for each in tesla.requests if each.endpoint == "products"]
    assert asked[-1] == OTHER.client_id


@pytest.mark.parametrize("source", ["reauth", "reconfigure"])
async def test_secret_was_changed_at_tesla(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, tesla: Simulator, source: str
) -> None:
    """The owner reads what to do: add new credentials, and choose them."""
    tesla.accounts.applications[CLIENT_ID].client_secret = "new-secret"
    result = await mend(hass, owner, loaded, source)
    result = await owner.answer(result, simulator_allow="owner-1")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "application_refused")

    await async_import_client_credential(
        hass, DOMAIN, ClientCredential(CLIENT_ID, "new-secret", "Simulator"), "renewed"
    )
    credentials = hass.data[DATA_COMPONENT].async_client_credentials(DOMAIN)
    if "renewed" not in credentials:
        # As the page for credentials does; the import leaves alone what is there.
        await hass.data[DATA_COMPONENT].async_create_item(
            {
                "domain": DOMAIN,
                "client_id": CLIENT_ID,
                "client_secret": "new-secret",
                "auth_domain": "renewed",
                "name": "Simulator",
            }
        )
    result = await mend(hass, owner, loaded, source)
    (choice,) = fields_of(result).values()
    assert choice.container == {DOMAIN: "Simulator (flotte)", "renewed": "Simulator (renewed)"}
    result = await owner.submit(result, implementation="renewed")
    result = await owner.answer(result, simulator_allow="owner-1")
    if source == "reconfigure":
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
        result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    # The application has not changed, so nothing has to be registered again.
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, f"{source}_successful")
    assert loaded.data["auth_implementation"] == "renewed"
    assert loaded.runtime_data.ledger is await async_get_ledger(hass, CLIENT_ID)


async def test_secret_was_changed_and_is_used_for_a_renewal(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    """The text names the secret, and not the password."""
    tesla.accounts.applications[CLIENT_ID].client_secret = "new-secret"
    tesla.faults.order("status", endpoint="products", status=401)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.error_reason_translation_key == "application_refused"


async def test_log_in_again_with_the_application_that_is_left(
    hass: HomeAssistant, owner: Owner, entry: MockConfigEntry, tesla: Simulator
) -> None:
    """The credentials were removed; the entry goes on with those that took their place."""
    credentials = hass.data[DATA_COMPONENT]
    (credential,) = credentials.async_items()
    await credentials.async_delete_item(credential["id"])
    await async_import_client_credential(hass, DOMAIN, OTHER, "second")
    tesla.domains[LENIENT_DOMAIN] = tesla.domains[PUBLIC_DOMAIN]
    result = await entry.start_reauth_flow(hass)
    result = await owner.submit(result)
    result = await owner.answer(result, simulator_allow="owner-1")
    # Tesla does not know the domain for this application yet.
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: LENIENT_DOMAIN})
    result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    assert entry.data["auth_implementation"] == "second"
    assert entry.data[CONF_PUBLIC_DOMAIN] == LENIENT_DOMAIN
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("domain", [PUBLIC_DOMAIN, "new.flotte.example"])
async def test_set_up_again(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, tesla: Simulator, domain: str
) -> None:
    before = dict(loaded.data)
    tesla.domains[domain] = tesla.domains[PUBLIC_DOMAIN]
    result = await loaded.start_reconfigure_flow(hass)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "reconfigure")
    result = await owner.answer(await owner.submit(result), simulator_allow="owner-1")
    assert result["step_id"] == "domain"
    assert suggested_domain(result) == PUBLIC_DOMAIN
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: domain})
    assert placeholder(result, "url") == wrapping_link(f"{tesla.eu_url}/_ak/{domain}")
    result = await owner.submit(result, **{CONF_FINISH: True})
    await hass.async_block_till_done()
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert loaded.data == {
        **before,
        "token": loaded.data["token"],
        CONF_PUBLIC_DOMAIN: domain,
    }
    assert loaded.data["token"]["access_token"] != before["token"]["access_token"]
    assert tesla.accounts.registrations[CLIENT_ID, "eu"].domain == domain
    assert loaded.state is ConfigEntryState.LOADED
    assert hass.config_entries.async_entries(DOMAIN) == [loaded]


async def test_repair_follows_home_assistants_rules(
    hass: HomeAssistant, owner: Owner, loaded: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is reported that a later Home Assistant makes an error.

    A flow that reloads an entry whose update listener reloads it too is one: from 2026.12 on.
    """
    result = await loaded.start_reauth_flow(hass)
    result = await owner.answer(await owner.submit(result), simulator_allow="owner-1")
    await hass.async_block_till_done()
    assert result["reason"] == "reauth_successful"
    assert "Detected" not in caplog.text


# --- The stream after a new login -----------------------------------------------------------------


async def log_in_again(hass: HomeAssistant, owner: Owner, entry: MockConfigEntry) -> None:
    """The owner does what the open flow asks for, or begins one."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    result = flows[0] if flows else await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {})
    result = await owner.answer(result, simulator_allow="owner-1")
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_stream_returns_with_a_new_login(
    hass: HomeAssistant,
    owner: Owner,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """Tesla removes the configuration with the consent, and a new one does not bring it back."""
    accounts = tesla.accounts
    tesla.cloud.tokens.revoke(accounts.users["owner-1"], accounts.applications[CLIENT_ID])
    await pass_time(2 * MINUTE)
    assert CLIENT_ID not in aurora.telemetry.subscriptions
    seen = len(asked_of(tesla, aurora))
    await log_in_again(hass, owner, entry_of_stream)
    await pass_time(2 * MINUTE)
    asked = [each for each in asked_of(tesla, aurora)[seen:] if "telemetry" in each]
    assert asked == ["fleet_telemetry_config"]
    assert CLIENT_ID in aurora.telemetry.subscriptions
    await pass_time(3 * MINUTE)
    assert state_of(hass, STREAMING).state == "on"
    assert issues_of(hass) == set()


async def test_stream_continues_over_a_new_login(
    hass: HomeAssistant,
    owner: Owner,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
) -> None:
    """Nothing is sent to a car that has its configuration; a look that fails is repeated."""
    tesla.faults.order("status", endpoint="fleet_telemetry_config", status=503)
    await log_in_again(hass, owner, entry_of_stream)
    await pass_time(2 * MINUTE)
    looks = [each.status for each in tesla.requests if each.endpoint == "fleet_telemetry_config"]
    assert looks == [503]
    # It is not forgotten over a restart.
    assert await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(2 * MINUTE)
    looks = [each.status for each in tesla.requests if each.endpoint == "fleet_telemetry_config"]
    assert looks == [503, 200]
    assert await hass.config_entries.async_reload(entry_of_stream.entry_id)
    await pass_time(2 * MINUTE)
    looks = [each.status for each in tesla.requests if each.endpoint == "fleet_telemetry_config"]
    assert looks == [503, 200]
    sent = [each for each in tesla.requests if each.endpoint == "fleet_telemetry_config_jws"]
    assert len(sent) == 1


@pytest.mark.freeze_time(MOMENT)  # the bill of the application that is left depends on the time
@pytest.mark.parametrize("is_reachable", [True, False])
async def test_stream_moves_to_another_application(
    hass: HomeAssistant,
    owner: Owner,
    aurora: Car,
    entry_of_stream: MockConfigEntry,
    tesla: Simulator,
    pass_time: Pass,
    is_reachable: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """The old one would continue to cost money without a receiver."""
    domain = "new.flotte.example"
    tesla.domains[domain] = tesla.domains[PUBLIC_DOMAIN]
    await async_import_client_credential(hass, DOMAIN, OTHER, "second")
    tesla.accounts.applications[OTHER.client_id].allowed_origins.append("https://flotte.example")
    if not is_reachable:
        tesla.faults.order("status", endpoint="fleet_telemetry_config_delete", status=503)
    result = await mend(hass, owner, entry_of_stream, "reconfigure")
    result = await owner.submit(result, implementation="second")
    result = await owner.answer(result, simulator_allow="owner-1")
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: domain})
    result = await owner.submit(result, **{CONF_FINISH: True})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done(wait_background_tasks=True)
    await pass_time(3 * MINUTE)
    assert OTHER.client_id in aurora.telemetry.subscriptions
    assert (CLIENT_ID in aurora.telemetry.subscriptions) is not is_reachable
    left = f"stream_left_{MODEL_Y[-6:]}_{CLIENT_ID[-6:]}"
    assert issues_of(hass) == (set() if is_reachable else {left})
    assert state_of(hass, STREAMING).state == "on"


# --- Odd answers ----------------------------------------------------------------------------------


async def test_odd_answers_about_pairing(owner: Owner, tesla: Simulator) -> None:
    """Whatever Tesla answers, the step stays and says which cars are not known to be paired."""
    result = await to_pairing(owner)
    vehicles = {MODEL_3: {"vehicle_command_protocol_required": True}}
    status = {"key_paired_vins": [MODEL_Y], "unpaired_vins": [MODEL_3], "vehicle_info": vehicles}
    seen = set()
    for body in bodies({"response": status}):
        tesla.faults.order("status", endpoint="fleet_status", status=200, body=body)
        result = await owner.submit(result)
        assert not tesla.faults.pending()
        # A car that needs no key is none that has to be paired.
        if result["type"] is FlowResultType.CREATE_ENTRY:
            assert b'"vehicle_command_protocol_required": false' in body
            break
        assert result["step_id"] == "pairing"
        assert result["errors"] is not None
        seen.add(result["errors"].get("base"))
    assert seen == {"still_unpaired", "tesla_unavailable"}


PRODUCTS = {"response": [{"vin": MODEL_3, "display_name": "Comet"}]}


async def test_odd_products_at_pairing(owner: Owner, tesla: Simulator) -> None:
    """An account without a car has nothing to pair; one whose cars are not known has to wait."""
    # Not all: there is a flow for each.
    for body in list(bodies(PRODUCTS))[::7]:
        await check_odd_products(owner, tesla, body)


async def check_odd_products(owner: Owner, tesla: Simulator, body: bytes) -> None:
    # Tesla limits the requests for tokens in a minute.
    tesla.clock.advance(60)
    result = await owner.log_in()
    tesla.faults.order("status", endpoint="products", status=200, body=body)
    result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
    assert not tesla.faults.pending()
    if result.get("step_id") == "no_vehicles":
        result = await owner.submit(result)
    if result["type"] is FlowResultType.CREATE_ENTRY:
        assert MODEL_3.encode() not in body
        await owner.hass.config_entries.async_remove(result["result"].entry_id)
    else:
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "pairing")
        owner.hass.config_entries.flow.async_abort(result["flow_id"])


async def test_odd_answers_about_the_domain(owner: Owner, tesla: Simulator) -> None:
    await register_key(owner.hass, tesla)
    result = await owner.log_in()
    account = {"client_id": "a", "domain": PUBLIC_DOMAIN, "public_key": "04ab"}
    seen = set()
    for body in bodies({"response": account}):
        tesla.faults.order("status", endpoint="register", status=200, body=body)
        result = await owner.submit(result, **{CONF_PUBLIC_DOMAIN: PUBLIC_DOMAIN})
        assert not tesla.faults.pending()
        tesla.clock.advance(60)
        assert result["step_id"] == "domain"
        assert result["errors"] is not None
        seen.add(result["errors"].get("base"))
    assert seen == {"other_key", "public_key_not_fetched", "tesla_unavailable"}


TOKEN = {"access_token": "a", "refresh_token": "b", "expires_in": 28_800, "token_type": "Bearer"}


@pytest.mark.parametrize("number", range(3))
async def test_odd_answers_of_the_token_server(owner: Owner, tesla: Simulator, number: int) -> None:
    for body in list(bodies(TOKEN))[number::6]:
        await check_odd_token(owner, tesla, body)


async def check_odd_token(owner: Owner, tesla: Simulator, body: bytes) -> None:
    tesla.faults.order("status", endpoint="token", status=200, body=body)
    result = await owner.log_in()
    assert not tesla.faults.pending()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "oauth_error"


@pytest.mark.parametrize(
    "claims",
    [
        *(b"null", b"5", b"[]", b'"x"', b"{}", b"\xff", b"[" * 2_000, b'{"sub": 5, "scp": 5}'),
        *(b'{"sub": null}', b'{"sub": []}', b'{"sub": "", "scp": []}', b'{"sub": "a", "scp": {}}'),
        *(b'{"sub": "a", "scp": [[], {}, null]}', b'{"sub": "a", "scp": null, "ou_code": []}'),
        b'{"sub": "\\ud800", "scp": ["openid"], "ou_code": {"a": 1}}',
    ],
)
async def test_odd_claims(owner: Owner, tesla: Simulator, claims: bytes) -> None:
    access_token = f"a.{urlsafe_b64encode(claims).decode().rstrip('=')}.c"
    body = json.dumps({**TOKEN, "access_token": access_token})
    tesla.faults.order("status", endpoint="token", status=200, body=body)
    result = await owner.log_in()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] in ("oauth_error", "missing_scopes")
