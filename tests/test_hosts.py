"""Which Tesla is talked to: the real one, or a simulator on this machine and nothing else."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from custom_components.flotte.account.hosts import get_hosts
from custom_components.flotte.const import DOMAIN
from custom_components.flotte.tesla.hosts import TESLA

LOOPBACK = "http://127.0.0.1:8600"
OTHER_LOOPBACK = "http://127.0.0.1:8601"


async def set_up(hass: HomeAssistant, simulator: object) -> bool:
    """Set Flotte up with this part of `configuration.yaml`; answers whether it was accepted."""
    assert await async_setup_component(hass, "application_credentials", {})
    return await async_setup_component(hass, DOMAIN, {DOMAIN: {"simulator": simulator}})


@pytest.mark.parametrize("config", [{}, {DOMAIN: {}}], ids=["nothing", "no simulator"])
async def test_without_a_simulator_it_is_tesla(hass: HomeAssistant, config: dict[str, Any]) -> None:
    assert await async_setup_component(hass, "application_credentials", {})
    assert await async_setup_component(hass, DOMAIN, config)
    assert get_hosts(hass) is TESLA


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        (LOOPBACK, LOOPBACK),
        (f"{LOOPBACK}/", LOOPBACK),
        ("http://localhost:8600", "http://localhost:8600"),
        ("https://localhost", "https://localhost"),
        ("http://[::1]:8600", "http://[::1]:8600"),
        ("HTTP://LOCALHOST:8600", "HTTP://LOCALHOST:8600"),
    ],
)
async def test_simulator_on_this_machine_is_accepted(
    hass: HomeAssistant, written: str, taken: str
) -> None:
    assert await set_up(hass, {"auth": written, "eu": written, "na": OTHER_LOOPBACK})
    hosts = get_hosts(hass)
    assert hosts.authorize_url == f"{taken}/oauth2/v3/authorize"
    assert hosts.token_url == f"{taken}/oauth2/v3/token"
    assert hosts.regions == {"eu": taken, "na": OTHER_LOOPBACK}


async def test_simulator_is_all_that_is_trusted_then(hass: HomeAssistant) -> None:
    """Tokens of a simulator have no business at Tesla, and the other way round."""
    assert await set_up(hass, {"auth": LOOPBACK, "eu": LOOPBACK, "na": OTHER_LOOPBACK})
    hosts = get_hosts(hass)
    assert hosts.trusts(LOOPBACK)
    assert hosts.trusts(OTHER_LOOPBACK)
    for elsewhere in (*TESLA.regions.values(), "http://127.0.0.1:8602", "https://a.example"):
        assert not hosts.trusts(elsewhere)
    assert not TESLA.trusts(LOOPBACK)


@pytest.mark.parametrize("key", ["auth", "eu", "na"])
@pytest.mark.parametrize(
    "address",
    [
        "https://fleet-api.prd.eu.vn.cloud.tesla.com",
        "http://192.168.1.2:8600",
        "http://0.0.0.0:8600",
        "http://127.0.0.1.example:8600",
        "http://localhost.example:8600",
        "http://127.0.0.1@elsewhere.example",
        "http://127.0.0.1:8600@elsewhere.example",
        "http://elsewhere.example/127.0.0.1",
        "http://elsewhere.example?127.0.0.1",
        "http://elsewhere.example#127.0.0.1",
        "http://2130706433:8600",
        "ftp://127.0.0.1",
        "127.0.0.1:8600",
        "",
        None,
        8600,
    ],
)
async def test_simulator_elsewhere_is_refused(
    hass: HomeAssistant, key: str, address: object, caplog: pytest.LogCaptureFixture
) -> None:
    """No configuration can send tokens to another machine."""
    addresses = {"auth": LOOPBACK, "eu": LOOPBACK, "na": OTHER_LOOPBACK}
    assert not await set_up(hass, addresses | {key: address})
    assert get_hosts(hass) is TESLA
    assert f"'flotte->simulator->{key}'" in caplog.text


@pytest.mark.parametrize("missing", ["auth", "eu", "na"])
async def test_half_a_simulator_is_refused(hass: HomeAssistant, missing: str) -> None:
    addresses = {"auth": LOOPBACK, "eu": LOOPBACK, "na": OTHER_LOOPBACK}
    del addresses[missing]
    assert not await set_up(hass, addresses)
    assert get_hosts(hass) is TESLA


@pytest.mark.parametrize("simulator", [LOOPBACK, [], {"asia": LOOPBACK}])
async def test_other_forms_are_refused(hass: HomeAssistant, simulator: object) -> None:
    assert not await set_up(hass, simulator)
    assert get_hosts(hass) is TESLA
