"""Access tokens: renewed in time, once, and stored before anybody uses them.

Refresh tokens serve once at the simulator, too: using one twice, or losing one, would end at
`login_required` here.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.config_entry_oauth2_flow import async_get_config_entry_implementation
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.account.tokens import Tokens
from custom_components.flotte.const import DOMAIN, UNREACHABLE_GRACE
from custom_components.flotte.tesla.errors import LoginRequired, Unreachable
from custom_components.flotte.tesla.spending.caller import SETUP
from simulator import Simulator
from simulator.bodies import FIREWALL_PAGE
from tests.conftest import CLIENT_ID, MODEL_Y, set_up, state_of, vehicle_of

EIGHT_HOURS = timedelta(hours=8)
"""How long an access token lives. Source: Tesla's third-party token page (2026-08)."""

type Wait = Callable[[timedelta], Coroutine[Any, Any, None]]


@pytest.fixture
async def tokens(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> Tokens:
    """The tokens of an entry that is not set up; the time stands still."""
    return Tokens(hass, entry, await async_get_config_entry_implementation(hass, entry))


def refreshes(tesla: Simulator) -> int:
    """How often a token was asked for."""
    return sum(each.endpoint == "token" for each in tesla.requests)


def stored(entry: MockConfigEntry) -> dict[str, Any]:
    """The tokens that are kept with the entry."""
    token: dict[str, Any] = entry.data["token"]
    return token


def withdraw(tesla: Simulator) -> None:
    """The owner withdraws the consent at Tesla: nothing of it is worth anything any more."""
    accounts = tesla.accounts
    tesla.cloud.tokens.revoke(accounts.users["owner-1"], accounts.applications[CLIENT_ID])


# --- Renewed in time ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "renewed"),
    [
        (timedelta(hours=8), 0),
        (timedelta(seconds=21), 0),
        (timedelta(seconds=19), 1),
        (timedelta(seconds=-1), 1),
        (timedelta(days=-89), 1),
    ],
    ids=["new", "just before", "about to expire", "expired", "long expired"],
)
async def test_is_renewed_before_it_expires(
    tokens: Tokens,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    left: timedelta,
    renewed: int,
) -> None:
    """20 s before its end, so that it does not expire on the way."""
    before = stored(entry)
    freezer.tick(EIGHT_HOURS - left)
    token = await tokens(renew=False)
    assert refreshes(tesla) == renewed
    assert (token != before["access_token"]) == bool(renewed)
    assert stored(entry)["access_token"] == token
    assert (stored(entry)["refresh_token"] != before["refresh_token"]) == bool(renewed)
    # What Tesla gave is good, and stays so: nothing is asked a second time.
    tesla.cloud.tokens.check(token)
    assert await tokens(renew=False) == token
    assert refreshes(tesla) == renewed


async def test_is_renewed_again_and_again(
    tokens: Tokens, entry: MockConfigEntry, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Each refresh token serves once; after a week of them the account is still logged in."""
    seen = {stored(entry)["refresh_token"]}
    for _ in range(21):
        freezer.tick(EIGHT_HOURS)
        tesla.cloud.tokens.check(await tokens(renew=False))
        seen.add(stored(entry)["refresh_token"])
    assert (len(seen), refreshes(tesla)) == (22, 21)
    assert stored(entry)["expires_at"] == tesla.clock.now() + EIGHT_HOURS.total_seconds()


async def test_two_at_once_renew_once(
    tokens: Tokens, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(EIGHT_HOURS)
    first, second = await asyncio.gather(tokens(renew=False), tokens(renew=False))
    assert first == second
    assert refreshes(tesla) == 1


# --- Refused before its time ----------------------------------------------------------------------


async def test_refused_token_is_renewed_once_and_stored(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    before = stored(entry)
    tesla.faults.order("status", endpoint="products", status=401)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert refreshes(tesla) == 1
    after = stored(entry)
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    # The request was sent again, and what came after it needed no other token.
    products = [each.status for each in tesla.requests if each.endpoint == "products"]
    assert products == [401, 200]
    tesla.cloud.tokens.check(after["access_token"])


async def test_is_stored_before_it_is_used(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A crash between the two would lose the only refresh token that is worth something."""
    kept_when_used: list[bool] = []
    check = tesla.cloud.tokens.check

    def checked(value: str) -> Any:
        kept_when_used.append(value == stored(entry)["access_token"])
        return check(value)

    monkeypatch.setattr(tesla.cloud.tokens, "check", checked)
    tesla.faults.order("status", endpoint="products", status=401)
    await set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert kept_when_used
    assert all(kept_when_used)


async def test_token_that_stays_refused_is_not_renewed_twice(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator
) -> None:
    tesla.faults.order("status", endpoint="products", status=401, count=None)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert refreshes(tesla) == 1
    check_login_is_requested(hass, entry)


async def test_two_refused_at_once_renew_once(loaded: MockConfigEntry, tesla: Simulator) -> None:
    api = vehicle_of(loaded, MODEL_Y).vehicle.api
    before = refreshes(tesla)
    tesla.faults.order("status", endpoint="vehicle", status=401, count=2)
    answers = await asyncio.gather(api.vehicle(MODEL_Y, SETUP), api.vehicle(MODEL_Y, SETUP))
    assert [each["vin"] for each in answers] == [MODEL_Y, MODEL_Y]
    assert refreshes(tesla) == before + 1
    statuses = [each.status for each in tesla.requests if each.endpoint == "vehicle"]
    assert Counter(statuses) == {401: 2, 200: 2}


async def test_refused_again_after_a_while_is_renewed_again(
    tokens: Tokens, tesla: Simulator, freezer: FrozenDateTimeFactory
) -> None:
    """Not within a minute: then it was another request's refusal of the token before."""
    first = await tokens(renew=True)
    freezer.tick(timedelta(seconds=59))
    assert await tokens(renew=True) == first
    freezer.tick(timedelta(seconds=2))
    assert await tokens(renew=True) != first
    assert refreshes(tesla) == 2


# --- The owner must log in again ------------------------------------------------------------------


def check_login_is_requested(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """One flow waits in which the owner of this entry logs in again."""
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert (flow["context"]["source"], flow["step_id"]) == (SOURCE_REAUTH, "reauth_confirm")
    assert flow["context"]["entry_id"] == entry.entry_id


@pytest.mark.parametrize("renew", [True, False])
async def test_refused_refresh_token_means_logging_in(
    tokens: Tokens,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    renew: bool,  # noqa: FBT001  # pytest names it
) -> None:
    withdraw(tesla)
    freezer.tick(EIGHT_HOURS)
    before = dict(stored(entry))
    with pytest.raises(LoginRequired):
        await tokens(renew=renew)
    assert stored(entry) == before


@pytest.mark.parametrize("status", [400, 401])
async def test_setup_requests_a_login(
    hass: HomeAssistant, entry: MockConfigEntry, tesla: Simulator, status: int
) -> None:
    tesla.faults.order("status", endpoint="products", status=401)
    tesla.faults.order("status", endpoint="token", status=status)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "login_required"
    check_login_is_requested(hass, entry)


async def test_poll_requests_a_login(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    withdraw(tesla)
    await wait(timedelta(minutes=1))
    check_login_is_requested(hass, loaded)
    # It stays with that one flow, however long the owner is away.
    asked = len(tesla.requests)
    await wait(timedelta(minutes=3))
    check_login_is_requested(hass, loaded)
    assert len(tesla.requests) - asked < 20


async def test_command_requests_a_login(
    hass: HomeAssistant, loaded: MockConfigEntry, tesla: Simulator
) -> None:
    withdraw(tesla)
    with pytest.raises(HomeAssistantError) as refusal:
        await hass.services.async_call(
            "button", "press", {"entity_id": "button.aurora_wake_up"}, blocking=True
        )
    assert refusal.value.translation_key == "login_required"
    await hass.async_block_till_done()
    check_login_is_requested(hass, loaded)
    assert tesla.world.cars[MODEL_Y].wakes == 0


async def test_a_missing_refresh_token_requests_a_login(
    hass: HomeAssistant, entry: MockConfigEntry, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    """As soon as the access token has expired, also at the next start."""
    token = {name: each for name, each in stored(entry).items() if name != "refresh_token"}
    hass.config_entries.async_update_entry(entry, data={**entry.data, "token": token})
    await set_up(hass, entry)
    await wait(EIGHT_HOURS)
    check_login_is_requested(hass, entry)
    assert "Unexpected error" not in caplog.text
    assert not await hass.config_entries.async_reload(entry.entry_id)
    assert entry.error_reason_translation_key == "login_required"
    check_login_is_requested(hass, entry)


# --- The token server has trouble -----------------------------------------------------------------

WRONG_FIELDS: list[dict[str, Any]] = [
    {"access_token": None},
    {"access_token": ""},
    {"access_token": 7},
    {"access_token": ["a"]},
    {"refresh_token": None},
    {"refresh_token": ""},
    {"refresh_token": {}},
    {"expires_in": None},
    {"expires_in": 0},
    {"expires_in": -1},
    {"expires_in": True},
    {"expires_in": float("inf")},
    {"expires_in": float("nan")},
    {"expires_in": 10**12},
    {"expires_in": "soon"},
    {"expires_in": []},
]
GOOD: dict[str, Any] = {"access_token": "a", "refresh_token": "r", "expires_in": 28800}

TROUBLE: dict[str, dict[str, Any]] = {
    "server error": {"kind": "status", "status": 500},
    "unavailable": {"kind": "status", "status": 503},
    "too many requests": {"kind": "status", "status": 429},
    "connection lost before": {"kind": "dropped"},
    "connection lost after": {"kind": "lost_reply"},
    "firewall": {"kind": "firewall"},
    "firewall's 400": {"kind": "status", "status": 400, "body": FIREWALL_PAGE},
    "firewall's 401": {"kind": "status", "status": 401, "body": FIREWALL_PAGE},
    "401 without words": {"kind": "status", "status": 401, "body": ""},
    "401 with other JSON": {"kind": "status", "status": 401, "body": {"message": "Unauthorized"}},
    "401 with a list": {"kind": "status", "status": 401, "body": '["login_required"]'},
    "its own trouble": {"kind": "status", "status": 400, "body": {"error": "server_error"}},
    **{
        f"{status}": {"kind": "status", "status": status, "body": {"error": "login_required"}}
        for status in (402, 403, 404, 405, 408, 412, 421, 423, 424, 451, 499)
    },
    **{
        f"redirect {status}": {
            "kind": "status",
            "status": status,
            "headers": {"Location": "https://elsewhere.example/token"},
        }
        for status in (301, 302, 303, 307, 308)
    },
    "endless": {"kind": "endless", "status": 200},
    "gzip bomb": {"kind": "bomb", "status": 200},
    "endless refusal": {"kind": "endless", "status": 401},
    "no token in the answer": {"kind": "malformed", "body": json.dumps({"expires_in": 60})},
    **{
        f"shape {number}": {"kind": "malformed", "body": body}
        for number, body in enumerate(
            (
                "",
                "null",
                "[]",
                "7",
                '"token"',
                FIREWALL_PAGE,
                "[" * 100_000,
                *(json.dumps(GOOD | wrong) for wrong in WRONG_FIELDS),
                '{"access_token": "a", "refresh_token": "r", "expires_in": 1' + "0" * 5000 + "}",
            )
        )
    },
    "cut in half": {"kind": "malformed"},
}
EACH_TROUBLE = pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)


@EACH_TROUBLE
@pytest.mark.parametrize("renew", [True, False])
async def test_trouble_is_temporary(
    tokens: Tokens,
    entry: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    trouble: dict[str, Any],
    renew: bool,  # noqa: FBT001  # pytest names it
) -> None:
    """The old refresh token stays good: Tesla takes it again for 24 h if its answer was lost."""
    freezer.tick(EIGHT_HOURS)
    tesla.faults.order(endpoint="token", **trouble)
    before = dict(stored(entry))
    with pytest.raises(Unreachable) as error:
        await tokens(renew=renew)
    assert error.value.is_temporary
    assert stored(entry) == before
    tesla.cloud.tokens.check(await tokens(renew=renew))


@pytest.mark.parametrize(
    "trouble",
    [TROUBLE[name] for name in ("server error", "firewall", "404", "408", "451", "shape 0")],
    ids=str,
)
async def test_set_up_is_tried_again(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    tesla: Simulator,
    wait: Wait,
    trouble: dict[str, Any],
) -> None:
    tesla.faults.order("status", endpoint="products", status=401)
    tesla.faults.order(endpoint="token", **trouble)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert entry.error_reason_translation_key == "unreachable"
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    await wait(timedelta(minutes=1))
    assert str(entry.state) == str(ConfigEntryState.LOADED)


async def test_poll_is_tried_again(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    wait: Wait,
) -> None:
    tesla.faults.order("status", endpoint="token", status=503, count=None)
    freezer.tick(EIGHT_HOURS)
    await wait(timedelta(minutes=2))
    assert polls_of(loaded) == {False}
    tesla.faults.clear()
    await wait(timedelta(minutes=1))
    assert polls_of(loaded) == {True}
    assert not hass.config_entries.flow.async_progress_by_handler(DOMAIN)


def polls_of(entry: MockConfigEntry) -> set[bool]:
    """Whether the last polls of the vehicles worked."""
    return {each.last_update_success for each in entry.runtime_data.vehicles}


async def test_long_trouble_is_shown(
    hass: HomeAssistant,
    loaded: MockConfigEntry,
    tesla: Simulator,
    freezer: FrozenDateTimeFactory,
    wait: Wait,
) -> None:
    """A short one is not; then what is known stays on show."""
    tesla.faults.order("status", endpoint="token", status=503, count=None)
    freezer.tick(EIGHT_HOURS)
    await wait(UNREACHABLE_GRACE - timedelta(minutes=2))
    assert state_of(hass, "lock.aurora_doors").state != STATE_UNAVAILABLE
    await wait(timedelta(minutes=4))
    assert state_of(hass, "lock.aurora_doors").state == STATE_UNAVAILABLE
    tesla.faults.clear()
    await wait(timedelta(minutes=1))
    assert state_of(hass, "lock.aurora_doors").state != STATE_UNAVAILABLE


async def test_no_answer_in_time_is_temporary(
    tokens: Tokens, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def time_out(_token: dict[str, Any]) -> dict[str, Any]:
        raise TimeoutError

    freezer.tick(EIGHT_HOURS)
    monkeypatch.setattr(tokens._implementation, "async_refresh_token", time_out)
    with pytest.raises(Unreachable):
        await tokens(renew=False)
