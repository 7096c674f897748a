"""Regions, registration of the domain, and pairing."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from simulator import Simulator
from simulator.accounts import SCOPES
from tests.simulator.visitor import KeyHost, Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD = "5YJSA7E20KF000003"


async def test_unregistered_application_is_refused(simulator: Simulator, visitor: Visitor) -> None:
    reply = await visitor.get("/api/1/products", token=simulator.login()["access_token"])
    assert reply.status == 412
    assert reply.error.startswith(
        f"Account flotte-demo must be registered in the current region {simulator.eu_url}"
    )


async def test_wrong_region_names_the_right_one(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    reply = await visitor.get("/api/1/products", token=token, base=simulator.na_url)
    assert reply.status == 421
    assert f"user out of region, use base URL: {simulator.eu_url}, see " in reply.error
    assert reply.headers["Alt-Svc"] == f"h2={simulator.eu_url}"
    assert reply.headers["x-txid"] == reply.json["txid"]


async def test_region_of_user(simulator: Simulator, visitor: Visitor, token: str) -> None:
    reply = await visitor.get("/api/1/users/region", token=token)
    assert reply.response == {"region": "eu", "fleet_api_base_url": simulator.eu_url}


async def test_ou_code_is_only_a_hint(simulator: Simulator, visitor: Visitor) -> None:
    token = simulator.login("owner-3")["access_token"]
    reply = await visitor.get("/api/1/users/region", token=token)
    assert reply.status == 421
    assert simulator.na_url in reply.error


async def test_registered_in_one_region_only(
    simulator: Simulator, visitor: Visitor, registered: KeyHost
) -> None:
    token = simulator.login("owner-3")["access_token"]
    refused = await visitor.get("/api/1/users/region", token=token, base=simulator.na_url)
    assert refused.status == 412
    assert simulator.na_url in refused.error
    assert (await visitor.register(base=simulator.na_url)).status == 200
    reply = await visitor.get("/api/1/users/region", token=token, base=simulator.na_url)
    assert reply.response["region"] == "na"
    assert registered.asked == 2


async def test_registration_answers_the_key(visitor: Visitor, key_host: KeyHost) -> None:
    reply = await visitor.register()
    assert reply.response["public_key"] == key_host.point.hex()
    assert reply.response["public_key"].startswith("04")
    assert reply.response["domain"] == "flotte.example"
    assert set(reply.response) == {
        "client_id",
        "account_id",
        "name",
        "description",
        "domain",
        "ca",
        "issuer",
        "csr",
        "csr_updated_at",
        "created_at",
        "updated_at",
        "enterprise_tier",
        "public_key",
    }


async def test_registered_key_can_be_read(
    simulator: Simulator, visitor: Visitor, registered: KeyHost
) -> None:
    path = "/api/1/partner_accounts/public_key"
    partner = await visitor.partner()
    reply = await visitor.get(path, token=partner, params={"domain": "flotte.example"})
    assert reply.response == {"public_key": registered.point.hex()}
    other = await visitor.get(path, token=partner, params={"domain": "other.example"})
    assert other.status == 404
    user = await visitor.get(
        path, token=simulator.login()["access_token"], params={"domain": "flotte.example"}
    )
    assert user.status == 403


@pytest.mark.parametrize(
    ("domain", "status", "text"),
    [
        ("Flotte.example", 400, "Invalid domain Flotte.example"),
        ("https://flotte.example", 400, "lowercase and starts without https://"),
        ("flotte.example/path", 400, "Invalid domain"),
        ("flotte.example\n", 400, "Invalid domain"),
        ("", 400, "Invalid domain"),
        (None, 400, "Invalid domain"),
        (7, 400, "Invalid domain"),
        ("evil.example", 412, "does not match the application's allowed origins"),
        ("notflotte.example", 412, "does not match the application's allowed origins"),
        ("unhosted.flotte.example", 424, "could not resolve"),
        ("127.0.0.1:9", 424, "could not resolve"),
    ],
)
async def test_registration_refuses_domain(
    visitor: Visitor, key_host: KeyHost, domain: object, status: int, text: str
) -> None:
    reply = await visitor.register(domain)
    assert reply.status == status
    assert text in reply.error
    assert key_host.asked == 0


@pytest.mark.parametrize("domain", ["home.flotte.example", "127.0.0.1:8123", "localhost"])
async def test_subdomains_and_loopback_fit(
    simulator: Simulator, visitor: Visitor, key_host: KeyHost, domain: str
) -> None:
    simulator.domains[domain] = key_host.url
    assert (await visitor.register(domain)).status == 200


def other_curve() -> bytes:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def other_kind() -> bytes:
    key = rsa.generate_private_key(65537, 2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(
    ("status", "body", "text"),
    [
        (404, b"", "status 404"),
        (302, b"", "status 302"),
        (200, b"<html>", "not a PEM public key"),
        (200, other_curve(), "not on curve prime256v1"),
        (200, other_kind(), "not on curve prime256v1"),
    ],
    ids=["missing", "redirect", "no key", "other curve", "other kind"],
)
async def test_registration_needs_a_fitting_key(
    simulator: Simulator, visitor: Visitor, key_host: KeyHost, status: int, body: bytes, text: str
) -> None:
    key_host.status, key_host.body = status, body
    reply = await visitor.register()
    assert reply.status == 424
    assert text in reply.error
    assert simulator.accounts.registrations == {}


async def test_registration_needs_a_server_that_answers(
    simulator: Simulator, visitor: Visitor
) -> None:
    async with KeyHost() as gone:
        simulator.domains["flotte.example"] = gone.url
    assert (await visitor.register()).status == 424


async def test_registration_needs_a_partner_token_of_the_region(
    simulator: Simulator, visitor: Visitor, key_host: KeyHost
) -> None:
    body = {"domain": "flotte.example"}
    path = "/api/1/partner_accounts"
    user = await visitor.post(path, token=simulator.login()["access_token"], json=body)
    assert user.status == 403
    elsewhere = await visitor.post(
        path, token=await visitor.partner(base=simulator.na_url), json=body
    )
    assert elsewhere.status == 401
    nobody = await visitor.post(path, json=body)
    assert nobody.status == 401
    assert key_host.asked == 0


async def test_domain_belongs_to_one_application(
    simulator: Simulator, visitor: Visitor, registered: KeyHost
) -> None:
    simulator.accounts.applications["lenient-demo"].allowed_origins.append("https://flotte.example")
    reply = await visitor.register(client_id="lenient-demo")
    assert reply.status == 412
    assert "already used by another application" in reply.error
    assert registered.asked == 1


async def test_registering_again_uses_the_new_key(
    simulator: Simulator, visitor: Visitor, registered: KeyHost
) -> None:
    first = simulator.accounts.registrations["flotte-demo", "eu"]
    simulator.clock.advance(60)
    registered.key = ec.generate_private_key(ec.SECP256R1())
    registered.body = registered.pem
    reply = await visitor.register()
    assert reply.response["public_key"] == registered.point.hex()
    second = simulator.accounts.registrations["flotte-demo", "eu"]
    assert second.created_at == first.created_at
    assert second.updated_at >= first.updated_at + 60


async def test_registration_pairs_cars_that_pair_automatically(
    simulator: Simulator, registered: KeyHost
) -> None:
    paired = {vin for vin, car in simulator.world.cars.items() if registered.point in car.keys}
    assert paired == {AURORA}


async def pair(visitor: Visitor, vin: str | None = COMET, **more: str) -> tuple[int, str]:
    """Push the button as a script; status and error."""
    reply = await visitor.post(
        "/_ak/flotte.example",
        headers={"Accept": "application/json"},
        json={**({"vin": vin} if vin else {}), **more},
    )
    return reply.status, reply.json.get("error", "")


async def test_pairing_puts_the_key_on_the_car(
    simulator: Simulator, visitor: Visitor, registered: KeyHost, token: str
) -> None:
    assert registered.point not in simulator.world.cars[COMET].keys
    assert await pair(visitor) == (200, "")
    assert registered.point in simulator.world.cars[COMET].keys
    status = await visitor.post(
        "/api/1/vehicles/fleet_status", token=token, json={"vins": [AURORA, COMET]}
    )
    assert status.response["key_paired_vins"] == [AURORA, COMET]


async def test_pairing_page_for_a_person(
    simulator: Simulator, visitor: Visitor, registered: KeyHost, token: str
) -> None:
    assert token
    page = await visitor.get(f"/_ak/flotte.example?vin={COMET}")
    assert page.status == 200
    assert "Comet (online)" in page.text
    assert "Aurora" not in page.text
    done = await visitor.post("/_ak/flotte.example", data={"vin": COMET})
    assert "may now command Comet" in done.text
    assert registered.point in simulator.world.cars[COMET].keys


async def test_pairing_refusals(simulator: Simulator, visitor: Visitor, key_host: KeyHost) -> None:
    comet = simulator.world.cars[COMET]
    assert await pair(visitor) == (
        412,
        "flotte.example is not registered in the region of the owner.",
    )
    await visitor.register()
    assert await pair(visitor) == (403, "Flotte demonstration has not been granted access.")
    simulator.login(scopes=frozenset({"openid", "energy_cmds"}))
    assert (await pair(visitor))[0] == 403
    simulator.login(scopes=SCOPES)
    assert await pair(visitor, vin=None) == (400, "Choose a car first.")
    assert await pair(visitor, vin="nothing") == (404, "There is no such car.")
    assert await pair(visitor, user="owner-2") == (
        403,
        "Flotte demonstration has not been granted access.",
    )
    assert await pair(visitor, user="nobody") == (404, "There is no such user.")
    assert (await pair(visitor, vin=AURORA))[0] == 408
    assert await pair(visitor, vin=OLD) == (409, "Old Faithful has no keychain for the protocol")
    key_host.status = 404
    assert await pair(visitor) == (424, "flotte.example is not registered: its key is gone.")
    key_host.status = 200
    key_host.key = ec.generate_private_key(ec.SECP256R1())
    key_host.body = key_host.pem
    assert "another key" in (await pair(visitor))[1]
    await visitor.register()
    comet.other_keys = 20
    assert await pair(visitor) == (409, "the keychain is full")
    comet.other_keys = 19
    assert await pair(visitor) == (200, "")
