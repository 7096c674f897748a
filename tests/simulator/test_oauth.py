"""Logging in: every grant, every error, rotation and its grace."""

import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import jwt
import pytest
from freezegun.api import FrozenDateTimeFactory

from simulator import Simulator
from simulator.tokens import ACCESS_TOKEN_SECONDS
from tests.simulator.visitor import CALLBACK, Reply, Visitor

HOUR = 3600


def claims(token: str) -> dict[str, Any]:
    """The claims of a token, without verification."""
    return jwt.decode(token, options={"verify_signature": False})


async def code(visitor: Visitor, **changes: str | None) -> str:
    """An authorization code."""
    return (await visitor.authorize(**changes)).query["code"]


async def login(visitor: Visitor, **changes: str | None) -> dict[str, Any]:
    """The answer of the token endpoint after a whole login."""
    reply = await visitor.exchange(await code(visitor, **changes))
    assert reply.status == 200, reply.text
    pair: dict[str, Any] = reply.json
    return pair


async def works(visitor: Visitor, pair: dict[str, Any]) -> bool:
    """Whether the access token of a pair is accepted."""
    reply = await visitor.get("/oauth2/v3/userinfo", token=pair["access_token"])
    assert reply.status in (200, 401)
    return reply.status == 200


async def test_login_gives_documented_tokens(simulator: Simulator, visitor: Visitor) -> None:
    reply = await visitor.authorize(nonce="the-nonce")
    assert reply.headers["Location"].startswith(CALLBACK + "?")
    assert reply.query["state"] == "the-state"
    assert reply.query["code"].startswith("EU_")

    answer = await visitor.exchange(reply.query["code"])

    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 28800
    assert answer.json["state"] == "the-state"
    assert answer.json["refresh_token"].startswith("EU_")
    said = claims(answer.json["access_token"])
    now = simulator.clock.now()
    assert said["iss"] == f"{simulator.auth_url}/oauth2/v3/nts"
    assert said["azp"] == "flotte-demo"
    assert said["sub"] == simulator.accounts.users["owner-1"].subject
    assert {simulator.eu_url, simulator.na_url} < set(said["aud"])
    assert said["scp"] == ["offline_access", "openid", "vehicle_cmds", "vehicle_device_data"]
    assert said["amr"] == ["pwd", "mfa", "otp"]
    assert said["exp"] - said["iat"] == 28800
    assert abs(said["iat"] - now) < 5
    assert said["auth_time"] == pytest.approx(now, abs=5)
    assert said["ou_code"] == "EU"
    assert said["locale"] == "en-GB"
    assert claims(answer.json["id_token"])["nonce"] == "the-nonce"


async def test_tokens_are_verified_by_the_published_key(
    simulator: Simulator, visitor: Visitor
) -> None:
    pair = await login(visitor)
    metadata = await visitor.get("/oauth2/v3/thirdparty/.well-known/openid-configuration")
    assert metadata.json["token_endpoint"] == f"{simulator.auth_url}/oauth2/v3/token"
    keys = await visitor.get(metadata.json["jwks_uri"].removeprefix(simulator.auth_url))

    key = jwt.PyJWK.from_dict(keys.json["keys"][0])
    said = jwt.decode(
        pair["access_token"], key, algorithms=["RS256"], audience=simulator.na_url, leeway=60
    )

    assert said["azp"] == "flotte-demo"
    assert jwt.get_unverified_header(pair["access_token"])["kid"] == keys.json["keys"][0]["kid"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "somebody"}, "client_not_found"),
        ({"client_id": None}, "client_not_found"),
        ({"redirect_uri": "https://evil.example/auth/external/callback"}, "invalid_redirect_url"),
        (
            {"redirect_uri": "http://127.0.0.1:8123.evil.example/auth/external/callback"},
            "invalid_redirect_url",
        ),
        (
            {"redirect_uri": "http://127.0.0.1:8123/auth/external/callback/elsewhere"},
            "invalid_redirect_url",
        ),
        ({"redirect_uri": None}, "invalid_redirect_url"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"state": None}, "invalid_request"),
        ({"scope": None}, "invalid_request"),
        ({"scope": "openid vehicle_everything"}, "invalid_scope"),
        ({"simulator_allow": "nobody"}, "invalid_request"),
        ({"scope": "openid vehicle_specs"}, "invalid_scope"),  # partner tokens only
    ],
)
async def test_authorize_refuses(
    visitor: Visitor, changes: dict[str, str | None], error: str
) -> None:
    reply = await visitor.authorize(**changes)
    assert (reply.status, reply.error) == (400, error)


async def test_authorize_shows_a_page(visitor: Visitor) -> None:
    reply = await visitor.authorize(simulator_allow=None, simulator_deny=None)
    assert reply.status == 200
    assert "Vehicle commands" in reply.text
    assert "owner-2@flotte.example" in reply.text
    assert 'value="openid"' not in reply.text  # no choice about the scopes of the login itself


async def test_page_grants_only_ticked_scopes(visitor: Visitor) -> None:
    page = "/oauth2/v3/authorize?response_type=code&client_id=flotte-demo&state=s"
    page += f"&redirect_uri={CALLBACK}&scope=openid+vehicle_cmds+vehicle_device_data+energy_cmds"
    reply = await visitor.post(
        page,
        data=[
            ("ticks", "1"),
            ("simulator_allow", "owner-2"),
            ("scope", "vehicle_device_data"),
            ("scope", "energy_cmds"),
        ],
    )
    pair = await visitor.exchange(reply.query["code"])
    said = claims(pair.json["access_token"])
    assert said["scp"] == ["energy_cmds", "openid", "vehicle_device_data"]
    assert said["sub"].endswith("2")
    assert "refresh_token" not in pair.json  # offline_access was not requested


async def test_deny_goes_back_without_code(visitor: Visitor) -> None:
    reply = await visitor.authorize(simulator_deny="1", simulator_allow=None)
    assert reply.query["error"] == "access_denied"
    assert reply.query["state"] == "the-state"
    assert "code" not in reply.query


async def test_auto_allow_needs_no_page(simulator: Simulator, visitor: Visitor) -> None:
    simulator.cloud.auto_allow = "owner-2"
    pair = await login(visitor, simulator_allow=None)
    assert claims(pair["access_token"])["sub"].endswith("2")


async def test_all_scopes_can_be_required(visitor: Visitor) -> None:
    reply = await visitor.authorize(
        require_requested_scopes="true", simulator_scopes="vehicle_device_data"
    )
    assert (reply.status, reply.error) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("asks", "scopes"),
    [
        (None, ["openid", "vehicle_device_data"]),
        ("true", ["openid", "vehicle_cmds", "vehicle_device_data"]),
    ],
)
async def test_scopes_left_out_earlier_are_only_added_on_request(
    visitor: Visitor, asks: str | None, scopes: list[str]
) -> None:
    scope = "openid vehicle_device_data vehicle_cmds"
    await login(visitor, scope=scope, simulator_scopes="vehicle_device_data")
    pair = await login(visitor, scope=scope, prompt_missing_scopes=asks)
    assert claims(pair["access_token"])["scp"] == scopes


async def test_code_works_once(visitor: Visitor) -> None:
    value = await code(visitor)
    assert (await visitor.exchange(value)).status == 200
    reply = await visitor.exchange(value)
    assert (reply.status, reply.error) == (400, "invalid_auth_code")


@pytest.mark.parametrize(("seconds", "status"), [(299, 200), (300, 400)])
async def test_code_is_short_lived(
    simulator: Simulator, visitor: Visitor, seconds: int, status: int
) -> None:
    value = await code(visitor)
    simulator.cloud.tokens.codes[value].began = simulator.clock.now() - seconds
    assert (await visitor.exchange(value)).status == status


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code": "EU_none"}, 400, "invalid_auth_code"),
        ({"code": None}, 400, "invalid_auth_code"),
        (
            {"redirect_uri": "https://example.com/auth/external/callback"},
            400,
            "invalid_redirect_url",
        ),
        ({"redirect_uri": None}, 400, "invalid_redirect_url"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": None}, 400, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, 400, "unauthorized_client"),
        ({"client_secret": None}, 400, "unauthorized_client"),
        ({"client_id": "somebody"}, 400, "unauthorized_client"),
        (
            {"client_id": "lenient-demo", "client_secret": "lenient-secret"},
            400,
            "invalid_auth_code",
        ),
        ({"audience": None}, 400, "invalid_request"),
        ({"audience": "https://fleet-api.example"}, 400, "invalid_request"),
    ],
)
async def test_exchange_refuses(
    visitor: Visitor, changes: dict[str, str | None], status: int, error: str
) -> None:
    form: dict[str, str | None] = {"code": await code(visitor), **changes}
    reply = await visitor.exchange(**form)
    assert (reply.status, reply.error) == (status, error)
    assert set(reply.json) == {"error", "error_description", "referenceID"}


async def test_token_wants_a_form(visitor: Visitor) -> None:
    reply = await visitor.post("/oauth2/v3/token", json={"grant_type": "refresh_token"})
    assert (reply.status, reply.error) == (400, "invalid_request")


async def test_lenient_application_needs_no_audience(visitor: Visitor) -> None:
    value = await code(visitor, client_id="lenient-demo")
    reply = await visitor.exchange(
        value, client_id="lenient-demo", client_secret="lenient-secret", audience=None
    )
    assert reply.status == 200


async def test_refresh_rotates(visitor: Visitor) -> None:
    first = await login(visitor)
    second = await visitor.refresh(first["refresh_token"])
    assert second.status == 200
    assert second.json["refresh_token"] != first["refresh_token"]
    assert second.json["access_token"] != first["access_token"]
    assert claims(second.json["access_token"])["scp"] == claims(first["access_token"])["scp"]


async def test_refresh_needs_no_secret_but_a_wrong_one_is_refused(visitor: Visitor) -> None:
    first = await login(visitor)
    refused = await visitor.refresh(first["refresh_token"], client_secret="wrong")
    assert (refused.status, refused.error) == (400, "unauthorized_client")
    assert (await visitor.refresh(first["refresh_token"], client_secret=None)).status == 200


async def test_old_access_token_dies_when_the_new_one_is_used(visitor: Visitor) -> None:
    first = await login(visitor)
    second = (await visitor.refresh(first["refresh_token"])).json
    assert await works(visitor, first)
    assert await works(visitor, second)
    assert not await works(visitor, first)
    assert await works(visitor, second)


@pytest.mark.parametrize(
    ("seconds", "status"), [(0, 200), (24 * HOUR - 60, 200), (24 * HOUR + 60, 401)]
)
async def test_last_used_refresh_token_has_a_day_of_grace(
    simulator: Simulator, visitor: Visitor, seconds: float, status: int
) -> None:
    first = await login(visitor)
    await visitor.refresh(first["refresh_token"])  # and the answer is lost
    simulator.clock.advance(seconds)
    reply = await visitor.refresh(first["refresh_token"])
    assert reply.status == status
    if status == 401:
        assert reply.error == "login_required"


async def test_grace_is_not_prolonged_by_using_it(simulator: Simulator, visitor: Visitor) -> None:
    first = await login(visitor)
    await visitor.refresh(first["refresh_token"])
    simulator.clock.advance(23 * HOUR)
    assert (await visitor.refresh(first["refresh_token"])).status == 200
    simulator.clock.advance(2 * HOUR)
    assert (await visitor.refresh(first["refresh_token"])).status == 401


async def test_grace_replaces_the_lost_pair(visitor: Visitor) -> None:
    first = await login(visitor)
    lost = (await visitor.refresh(first["refresh_token"])).json
    found = (await visitor.refresh(first["refresh_token"])).json
    assert (await visitor.refresh(lost["refresh_token"])).error == "login_required"
    assert (await visitor.refresh(found["refresh_token"])).status == 200


async def test_older_refresh_token_needs_login(visitor: Visitor) -> None:
    first = await login(visitor)
    second = (await visitor.refresh(first["refresh_token"])).json
    third = (await visitor.refresh(second["refresh_token"])).json
    reply = await visitor.refresh(first["refresh_token"])
    assert (reply.status, reply.error) == (401, "login_required")
    assert (await visitor.refresh(second["refresh_token"])).status == 200  # still in its grace
    assert (await visitor.refresh(third["refresh_token"])).error == "login_required"


@pytest.mark.parametrize(("days", "status"), [(89, 200), (90, 401)])
async def test_refresh_token_lives_three_months(
    simulator: Simulator, visitor: Visitor, days: int, status: int
) -> None:
    first = await login(visitor)
    simulator.clock.advance(days * 24 * HOUR)
    assert (await visitor.refresh(first["refresh_token"])).status == status


async def test_refresh_token_belongs_to_its_application(visitor: Visitor) -> None:
    first = await login(visitor)
    reply = await visitor.refresh(
        first["refresh_token"], client_id="lenient-demo", client_secret="lenient-secret"
    )
    assert (reply.status, reply.error) == (401, "login_required")


async def test_two_logins_do_not_disturb_each_other(visitor: Visitor) -> None:
    one, two = await login(visitor), await login(visitor)
    assert await works(visitor, two)
    assert await works(visitor, one)
    assert (await visitor.refresh(one["refresh_token"])).status == 200
    assert (await visitor.refresh(two["refresh_token"])).status == 200


async def test_password_reset_ends_refreshing(visitor: Visitor) -> None:
    first = await login(visitor)
    await visitor.post("/simulator/accounts", json={"user": "owner-1", "password_reset": True})
    assert (await visitor.refresh(first["refresh_token"])).error == "login_required"
    again = await login(visitor)
    assert (await visitor.refresh(again["refresh_token"])).status == 200


async def withdraw_by_control(visitor: Visitor) -> Reply:
    return await visitor.post(
        "/simulator/accounts", json={"user": "owner-1", "revoke": "flotte-demo"}
    )


async def withdraw_by_page(visitor: Visitor) -> Reply:
    page = "/user/revoke/consent?revoke_client_id=flotte-demo"
    assert "Remove access" in (await visitor.get(page)).text
    return await visitor.post(page, data={"user": "owner-1"})


@pytest.mark.parametrize("withdraw", [withdraw_by_control, withdraw_by_page])
async def test_withdrawn_consent_ends_all_tokens(
    visitor: Visitor, withdraw: Callable[[Visitor], Awaitable[Reply]]
) -> None:
    first = await login(visitor)
    assert (await withdraw(visitor)).status == 200
    assert not await works(visitor, first)
    assert (await visitor.refresh(first["refresh_token"])).error == "login_required"


async def test_consent_page_goes_back_and_refuses_strangers(visitor: Visitor) -> None:
    page = "/user/revoke/consent"
    back = await visitor.post(
        f"{page}?revoke_client_id=flotte-demo&back_url=http://127.0.0.1/", data={"user": "owner-1"}
    )
    assert (back.status, back.headers["Location"]) == (302, "http://127.0.0.1/")
    unknown = await visitor.get(f"{page}?revoke_client_id=nobody")
    assert (unknown.status, unknown.error) == (400, "client_not_found")
    nobody = await visitor.post(f"{page}?revoke_client_id=flotte-demo", data={"user": "nobody"})
    assert nobody.status == 400


async def test_scopes_must_be_enabled_for_the_application(
    simulator: Simulator, visitor: Visitor
) -> None:
    simulator.accounts.applications["flotte-demo"].scopes.discard("vehicle_cmds")
    reply = await visitor.authorize()
    assert (reply.status, reply.error) == (400, "invalid_scope")
    assert reply.json["error_description"] == "not enabled for the application: vehicle_cmds"


async def test_user_info_is_about_users(simulator: Simulator, visitor: Visitor) -> None:
    reply = await visitor.get("/oauth2/v3/userinfo", token=simulator.login()["access_token"])
    assert reply.json["sub"] == simulator.accounts.users["owner-1"].subject
    partner = await visitor.get("/oauth2/v3/userinfo", token=await visitor.partner())
    assert partner.status == 401


async def test_frozen_time_drives_tokens(visitor: Visitor, freezer: FrozenDateTimeFactory) -> None:
    first = await login(visitor)
    assert await works(visitor, first)
    freezer.tick(ACCESS_TOKEN_SECONDS - 1)
    assert await works(visitor, first)
    freezer.tick(1)
    assert not await works(visitor, first)
    assert (await visitor.refresh(first["refresh_token"])).status == 200


async def test_reduced_scopes_show_in_the_next_token(visitor: Visitor) -> None:
    first = await login(visitor)
    await visitor.post(
        "/simulator/accounts",
        json={"user": "owner-1", "client_id": "flotte-demo", "scopes": ["vehicle_device_data"]},
    )
    second = (await visitor.refresh(first["refresh_token"])).json
    assert claims(second["access_token"])["scp"] == [
        "offline_access",
        "openid",
        "vehicle_device_data",
    ]


@pytest.mark.parametrize(("seconds", "answer"), [(28790, 200), (28801, 401)])
async def test_access_token_expires(
    simulator: Simulator, visitor: Visitor, seconds: int, answer: int
) -> None:
    first = await login(visitor)
    simulator.clock.advance(seconds)
    reply = await visitor.get("/oauth2/v3/userinfo", token=first["access_token"])
    assert reply.status == answer
    if answer == 401:
        assert reply.error == "token expired (401)"


async def test_forged_token_is_refused(visitor: Visitor) -> None:
    head, body, signature = (await login(visitor))["access_token"].split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    said["scp"].append("energy_cmds")
    forged = base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()
    reply = await visitor.get("/oauth2/v3/userinfo", token=f"{head}.{forged}.{signature}")
    assert (reply.status, reply.error) == (401, "invalid bearer token")


async def test_partner_token(simulator: Simulator, visitor: Visitor) -> None:
    said = claims(await visitor.partner())
    assert said["sub"] == said["azp"] == "flotte-demo"
    assert said["aud"] == simulator.eu_url
    assert said["scp"] == ["openid", "vehicle_cmds", "vehicle_device_data"]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"audience": None}, "invalid_request"),
        ({"audience": "https://elsewhere.example"}, "invalid_request"),
        ({"client_secret": "wrong"}, "unauthorized_client"),
        ({"client_secret": None}, "unauthorized_client"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
async def test_partner_token_refused(
    simulator: Simulator, visitor: Visitor, changes: dict[str, str | None], error: str
) -> None:
    reply = await visitor.token(
        **{"grant_type": "client_credentials", "audience": simulator.eu_url, **changes}
    )
    assert (reply.status, reply.error) == (400, error)


async def test_login_without_pages_is_a_login(simulator: Simulator, visitor: Visitor) -> None:
    pair = simulator.login("owner-2", scopes=frozenset({"openid", "offline_access", "energy_cmds"}))
    assert await works(visitor, pair)
    assert claims(pair["access_token"])["scp"] == ["energy_cmds", "offline_access", "openid"]
    assert (await visitor.refresh(pair["refresh_token"])).status == 200
