"""Fixtures for the tests of the simulator."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from simulator import Simulator
from tests.simulator.visitor import KeyHost, Visitor


@pytest.fixture
def disable_http_server() -> None:
    """Replace nothing in Home Assistant's web server, unlike the plugin: it is not started."""


@pytest.fixture
def skip_stop_scripts() -> None:
    """Replace nothing in Home Assistant's scripts, unlike the plugin: there are none."""


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncIterator[Simulator]:
    """A running simulator; the plugin blocks sockets by default."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def delay_over(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Ends every ordered delay when it is set, so that none ends early on a busy machine."""
    over, sleep = asyncio.Event(), asyncio.sleep

    async def wait(seconds: float) -> None:
        await (over.wait() if seconds else sleep(0))

    monkeypatch.setattr(asyncio, "sleep", wait)
    return over


@pytest.fixture
async def visitor(simulator: Simulator) -> AsyncIterator[Visitor]:
    """A client of the simulator."""
    async with aiohttp.ClientSession() as session:
        yield Visitor(simulator, session)


@pytest.fixture
async def key_host(simulator: Simulator) -> AsyncIterator[KeyHost]:
    """The domain flotte.example with a key."""
    async with KeyHost() as host:
        simulator.domains["flotte.example"] = host.url
        yield host


@pytest.fixture
async def registered(visitor: Visitor, key_host: KeyHost) -> KeyHost:
    """The application's domain is registered in the region "eu"."""
    assert (await visitor.register()).status == 200
    return key_host


@pytest.fixture
def token(simulator: Simulator, registered: KeyHost) -> str:
    """An access token of owner-1 with all scopes, in a region where the domain is registered."""
    return str(simulator.login()["access_token"])
