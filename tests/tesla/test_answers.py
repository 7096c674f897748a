"""Answers are read up to a limit, and errors keep none of them alive."""

import sys
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from custom_components.flotte.tesla.api.oauth import request_token
from custom_components.flotte.tesla.errors import Forbidden, InvalidAnswer, ServiceError, TeslaError
from simulator import bodies
from tests.tesla.account import MODEL_Y, PERSON, Account

MEBIBYTE = 1 << 20
MAX_MEMORY = 20 * MEBIBYTE


@pytest.fixture
def memory() -> Iterator[None]:
    """The test must do with little memory, the simulator's part of it included."""
    bodies.bomb()
    tracemalloc.start()
    yield
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MAX_MEMORY


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("kind", ["endless", "bomb"])
@pytest.mark.parametrize(
    ("status", "error"), [(200, InvalidAnswer), (403, Forbidden), (500, ServiceError)]
)
async def test_a_body_is_read_up_to_a_limit(
    account: Account, kind: str, status: int, error: type[TeslaError]
) -> None:
    account.tesla.faults.order(kind, endpoint="products", status=status)
    with pytest.raises(TeslaError) as raised:
        await account.api.products()
    assert type(raised.value) is error


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("kind", ["endless", "bomb"])
@pytest.mark.parametrize(
    ("status", "error"), [(200, InvalidAnswer), (401, ServiceError), (500, ServiceError)]
)
async def test_a_token_is_read_up_to_a_limit(
    account: Account,
    session: aiohttp.ClientSession,
    kind: str,
    status: int,
    error: type[TeslaError],
) -> None:
    account.tesla.faults.order(kind, endpoint="token", status=status)
    with pytest.raises(TeslaError) as raised:
        await request_token(session, account.hosts.token_url, {})
    assert type(raised.value) is error


async def test_a_connection_that_was_given_up_is_not_used_again(account: Account) -> None:
    account.tesla.faults.order("endless", endpoint="products", status=500)
    with pytest.raises(ServiceError):
        await account.api.products()
    assert await account.api.products()


LONG = "long answer " * 20_000
"""240 kB."""


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, LONG),
        (200, f'{{"error": "{LONG}"}}'),
        (200, f'{{"response": "{LONG}"}}'),
        (200, f'{{"response": ["{LONG}"]}}'),
        (200, f'{{"response": {{"a": "{LONG}"'),
        (200, "[" * 100_000),
        (400, LONG),
        (403, f'{{"error": "{LONG}"}}'),
        (500, f'{{"error": "{LONG}"}}'),
        (421, f"use base URL: https://{LONG}"),
        (429, LONG),
    ],
    ids=lambda value: str(value)[:30],
)
@pytest.mark.parametrize("call", ["vehicle", "products", "signed_command"])
async def test_an_error_keeps_no_body_alive(
    account: Account, call: str, status: int, body: str
) -> None:
    calls: dict[str, Any] = {
        "vehicle": lambda: account.api.vehicle(MODEL_Y, PERSON),
        "products": account.api.products,
        "signed_command": lambda: account.api.signed_command(MODEL_Y, b"\x00", PERSON),
    }
    if body.startswith('{"response": [') and call == "products":
        # A list is expected.
        body = body.replace("[", "").replace("]", "")
    account.tesla.faults.order("status", endpoint=call, status=status, body=body)
    with pytest.raises(TeslaError) as raised:
        await calls[call]()
    assert largest_kept(raised.value) < 1_000


@pytest.mark.parametrize("body", [LONG, f'{{"error": "{LONG}"}}', f'["{LONG}"]'])
@pytest.mark.parametrize("status", [200, 401, 403])
async def test_an_error_of_the_token_server_keeps_no_body_alive(
    account: Account, session: aiohttp.ClientSession, status: int, body: str
) -> None:
    account.tesla.faults.order("status", endpoint="token", status=status, body=body)
    with pytest.raises(TeslaError) as raised:
        await request_token(session, account.hosts.token_url, {})
    assert largest_kept(raised.value) < 1_000


def largest_kept(error: BaseException) -> int:
    """The maximum bytes of text or JSON that an error and its causes keep in one variable."""
    sizes = [0]
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None:
            continue
        left += (each.__cause__, each.__context__)
        values = [*each.args, *vars(each).values()]
        for frame in frames(each.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                values += frame.f_locals.values()
        sizes += (
            sys.getsizeof(value) if isinstance(value, str | bytes | bytearray) else len(repr(value))
            for value in values
            if isinstance(value, str | bytes | bytearray | dict | list)
        )
    return max(sizes)


def frames(traceback: TracebackType | None) -> Iterator[Any]:
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


# --- Redirects ------------------------------------------------------------------------------------


@pytest.fixture
async def stranger(socket_enabled: None) -> AsyncIterator[TestServer]:
    """A host that is not Tesla's, and would gladly have a token."""
    app = web.Application()
    app["seen"] = []

    async def take(request: web.Request) -> web.Response:
        app["seen"].append(await request.text())
        return web.json_response({"access_token": "a", "refresh_token": "r", "expires_in": 60})

    app.router.add_route("*", "/{tail:.*}", take)
    server = TestServer(app)
    async with server:
        yield server


@pytest.mark.filterwarnings("ignore:It is recommended to use web.AppKey")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_secrets_follow_no_redirect(
    account: Account, session: aiohttp.ClientSession, stranger: TestServer, status: int
) -> None:
    account.tesla.faults.order(
        "status", endpoint="token", status=status, headers={"Location": str(stranger.make_url("/"))}
    )
    with pytest.raises(ServiceError):
        await request_token(session, account.hosts.token_url, {"client_secret": "secret"})
    assert stranger.app["seen"] == []
