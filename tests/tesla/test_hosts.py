"""Tesla's addresses, and hosts that a token may be sent to."""

import pytest

from custom_components.flotte.tesla.hosts import TESLA, Hosts, address_in, simulated

EU = "https://fleet-api.prd.eu.vn.cloud.tesla.com"
NA = "https://fleet-api.prd.na.vn.cloud.tesla.com"


def test_teslas_addresses() -> None:
    assert TESLA.authorize_url == "https://auth.tesla.com/oauth2/v3/authorize"
    assert TESLA.token_url == "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"
    assert TESLA.regions == {"na": NA, "eu": EU}


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        (EU, True),
        (NA, True),
        ("https://fleet-api.prd.new.vn.cloud.tesla.com", True),
        ("https://owner-api.teslamotors.com", True),
        ("https://FLEET-API.PRD.EU.VN.CLOUD.TESLA.COM", True),
        ("http://fleet-api.prd.eu.vn.cloud.tesla.com", False),
        ("ftp://fleet-api.prd.eu.vn.cloud.tesla.com", False),
        ("https://tesla.com.evil.example", False),
        ("https://eviltesla.com", False),
        ("https://evil.example/.tesla.com", False),
        ("https://evil.example?.tesla.com", False),
        ("https://evil.example#.tesla.com", False),
        ("https://fleet-api.prd.eu.vn.cloud.tesla.com@evil.example", False),
        ("https://127.0.0.1", False),
        ("//fleet-api.prd.eu.vn.cloud.tesla.com", False),
        ("fleet-api.prd.eu.vn.cloud.tesla.com", False),
        ("https://", False),
        ("", False),
    ],
)
def test_trusted_hosts(address: str, *, trusted: bool) -> None:
    assert TESLA.trusts(address) is trusted


def test_a_broken_address_is_not_trusted() -> None:
    assert TESLA.trusts("https://[fleet-api.tesla.com") is False


def test_at_a_simulator_only_its_own_addresses_are_trusted() -> None:
    hosts = simulated("http://127.0.0.1:1", {"eu": "http://127.0.0.1:2", "na": "http://x:3"})
    assert hosts.authorize_url == "http://127.0.0.1:1/oauth2/v3/authorize"
    assert hosts.token_url == "http://127.0.0.1:1/oauth2/v3/token"
    assert hosts.pairing_url == "http://127.0.0.1:1/_ak"
    assert TESLA.pairing_url == "https://tesla.com/_ak"
    assert hosts.trusts("http://127.0.0.1:2")
    assert hosts.trusts("http://x:3")
    assert not hosts.trusts("http://127.0.0.1:4")
    assert not hosts.trusts(EU)


@pytest.mark.parametrize(
    ("token_region", "region"),
    [("EU", "eu"), ("NA", "na"), ("eu", "eu"), ("CN", "na"), ("", "na")],
)
def test_the_region_of_a_token(token_region: str, region: str) -> None:
    assert TESLA.region_of(token_region) == region


def test_a_region_that_does_not_exist_becomes_one_that_does() -> None:
    assert Hosts("a", "t", {"eu": EU}).region_of("NA") == "eu"


# Tesla's wording (2024-08), as its own proxy reads it from the header.
OUT_OF_REGION = (
    '{"response":null,"error":"user out of region, use base URL: '
    "https://fleet-api.prd.eu.vn.cloud.tesla.com, see "
    'https://developer.tesla.com/docs/fleet-api","error_description":"","txid":"0"}'
)


@pytest.mark.parametrize(
    ("body", "alt_svc", "address"),
    [
        (OUT_OF_REGION, "", EU),
        (OUT_OF_REGION, f"h2={NA}", EU),
        ("", f"h2={EU}", EU),
        ("", f'h2="{EU}"; ma=86400', EU),
        ("", f"h2={EU}, h3=:443", EU),
        (f"Use Base URL:{EU}/", "", EU),
        (f"use base URL: {EU}.", "", EU),
        ('{"error":"use base URL: https://a.example"}', "", "https://a.example"),
        ("user out of region", "", None),
        ("use base URL: somewhere else", "", None),
        ("", 'h3=":443"', None),
        ("", "", None),
    ],
)
def test_the_address_in_an_answer(body: str, alt_svc: str, address: str | None) -> None:
    assert address_in(body, alt_svc) == address
