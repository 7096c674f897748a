"""Ordered faults: execution, answers and billing."""

import asyncio
import zlib

import aiohttp
import pytest

from simulator import Simulator
from simulator.bill import Category
from simulator.faults import FaultKind, Faults
from tests.simulator.telemetry_server import settle
from tests.simulator.visitor import Visitor
from tests.tesla.servers import until

COMET = "LRW3E7FS0RC000002"
OLD = "5YJSA7E20KF000003"
HONK = f"/api/1/vehicles/{OLD}/command/honk_horn"


def honks(simulator: Simulator) -> int:
    return sum(run.name == "honk_horn" for run in simulator.world.cars[OLD].executions)


@pytest.mark.parametrize(
    ("order", "request_of", "hit"),
    [
        ({}, ("products", "/api/1/products", None), True),
        ({"endpoint": "vehicle_data"}, ("vehicle_data", "/x", "V"), True),
        ({"endpoint": "vehicle_data"}, ("vehicle", "/x", "V"), False),
        ({"endpoint": "command/*"}, ("command/door_lock", "/x", "V"), True),
        ({"endpoint": "command/door_*"}, ("command/honk_horn", "/x", "V"), False),
        ({"path": "/api/1/energy_sites/*"}, ("x", "/api/1/energy_sites/1/site_info", None), True),
        ({"path": "/api/1/energy_sites/*"}, ("x", "/api/1/products", None), False),
        ({"vin": "V"}, ("vehicle", "/x", "V"), True),
        ({"vin": "V"}, ("vehicle", "/x", "W"), False),
        ({"vin": "V"}, ("products", "/x", None), False),
    ],
)
def test_requests_that_match_an_order(
    order: dict[str, str], request_of: tuple[str, str, str | None], *, hit: bool
) -> None:
    faults = Faults()
    faults.order("status", **order)  # type: ignore[arg-type]  # only strings here
    assert (faults.take(*request_of).kind is FaultKind.STATUS) is hit


def test_count_and_skip() -> None:
    faults = Faults()
    fault = faults.order("dropped", count=2, skip=1)
    kinds = [faults.take("x", "/x", None).kind for _ in range(4)]
    assert kinds == [None, FaultKind.DROPPED, FaultKind.DROPPED, None]
    assert fault.hits == 2
    assert faults.pending() == []


def test_without_count_until_cleared() -> None:
    faults = Faults()
    fault = faults.order("dropped", count=None)
    other = faults.order("status")
    assert {faults.take("x", "/x", None).kind for _ in range(9)} == {FaultKind.DROPPED}
    faults.clear([fault.number])
    assert faults.pending() == [other]
    faults.clear()
    assert faults.take("x", "/x", None).kind is None


def test_delays_add_up_and_go_with_other_kinds() -> None:
    faults = Faults()
    faults.order("delay", seconds=1)
    faults.order("status", status=503, seconds=2)
    faults.order("delay", seconds=4)
    trouble = faults.take("x", "/x", None)
    assert trouble.delay == 7
    assert trouble.kind is FaultKind.STATUS
    assert faults.pending() == []


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"kind": "nonsense"},
        {"kind": "status", "stauts": 500},
        {"kind": "status", "status": "500"},
        {"kind": "status", "count": True},
    ],
)
def test_wrong_orders_are_refused(order: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Faults().order_json(order)


@pytest.mark.parametrize(("status", "billed"), [(500, 0), (503, 0), (408, 1), (429, 1)])
async def test_status_runs_nothing(
    simulator: Simulator, visitor: Visitor, token: str, status: int, billed: int
) -> None:
    simulator.faults.order("status", endpoint="command/*", status=status)
    reply = await visitor.post(HONK, token=token)
    assert reply.status == status
    assert reply.error
    assert honks(simulator) == 0
    assert simulator.bill.counts()[Category.COMMAND] == billed
    assert (await visitor.post(HONK, token=token)).response["result"] is True
    assert honks(simulator) == 1


async def test_status_with_body_and_headers(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.faults.order("status", status=429, body={"error": "x"}, headers={"Retry-After": "7"})
    reply = await visitor.get("/api/1/products", token=token)
    assert (reply.json, reply.headers["Retry-After"]) == ({"error": "x"}, "7")
    simulator.faults.order("status", status=502, body="<html>bad gateway")
    reply = await visitor.get("/api/1/products", token=token)
    assert (reply.status, reply.text) == (502, "<html>bad gateway")
    assert reply.headers["Content-Type"].startswith("text/plain")


async def test_faults_hit_the_token_endpoint(simulator: Simulator, visitor: Visitor) -> None:
    pair = simulator.login()
    simulator.faults.order("status", endpoint="token", status=500)
    assert (await visitor.refresh(pair["refresh_token"])).status == 500
    assert (await visitor.refresh(pair["refresh_token"])).status == 200


async def test_lost_reply_runs_and_is_billed(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.faults.order("lost_reply", endpoint="command/honk_horn")
    with pytest.raises(aiohttp.ClientError):
        await visitor.post(HONK, token=token)
    assert honks(simulator) == 1
    assert simulator.bill.counts()[Category.COMMAND] == 1
    assert simulator.requests[-1].status == 200
    assert simulator.requests[-1].fault == "lost_reply"


async def test_the_grace_period_recovers_a_lost_refresh(
    simulator: Simulator, visitor: Visitor
) -> None:
    pair = simulator.login()
    simulator.faults.order("lost_reply", endpoint="token")
    with pytest.raises(aiohttp.ClientError):
        await visitor.refresh(pair["refresh_token"])
    assert (await visitor.refresh(pair["refresh_token"])).status == 200


async def test_dropped_connection_runs_and_costs_nothing(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    simulator.faults.order("dropped", endpoint="command/honk_horn")
    with pytest.raises(aiohttp.ClientError):
        await visitor.post(HONK, token=token)
    assert honks(simulator) == 0
    assert simulator.bill.counts()[Category.COMMAND] == 0
    assert simulator.bill.dropped == 1
    assert simulator.requests[-1].status is None
    assert not simulator.requests[-1].billed


async def test_malformed_body(simulator: Simulator, visitor: Visitor, token: str) -> None:
    whole = await visitor.get("/api/1/products", token=token)
    simulator.faults.order("malformed")
    half = await visitor.get("/api/1/products", token=token)
    assert half.status == 200
    assert half.json is None
    assert half.text
    assert whole.text.startswith(half.text)
    assert half.headers["Content-Length"] == str(len(half.text))
    simulator.faults.order("malformed", body="nonsense")
    assert (await visitor.get("/api/1/products", token=token)).text == "nonsense"
    assert simulator.bill.counts()[Category.FREE] >= 3


async def test_delay_is_only_a_delay(simulator: Simulator, visitor: Visitor, token: str) -> None:
    simulator.faults.order("delay", seconds=0.001)
    assert (await visitor.get("/api/1/products", token=token)).status == 200
    assert simulator.faults.pending() == []


async def test_orders_over_http(simulator: Simulator, visitor: Visitor, token: str) -> None:
    orders = [
        {"kind": "status", "endpoint": "products", "status": 503},
        {"kind": "lost_reply", "vin": COMET, "count": None},
    ]
    given = await visitor.post("/simulator/faults", json=orders)
    assert [fault["kind"] for fault in given.json["faults"]] == ["status", "lost_reply"]
    assert (await visitor.get("/api/1/products", token=token)).status == 503
    left = await visitor.get("/simulator/faults")
    assert [fault["vin"] for fault in left.json["faults"]] == [COMET]
    number = left.json["faults"][0]["number"]
    await visitor.ask("DELETE", f"/simulator/faults?number={number}")
    assert simulator.faults.pending() == []
    wrong = await visitor.post("/simulator/faults", json={"kind": "nonsense"})
    assert wrong.status == 400


async def test_a_request_runs_even_if_its_client_gives_up(
    simulator: Simulator, token: str, delay_over: asyncio.Event
) -> None:
    """The body is read before the delay: a request is complete even if its client gives up."""
    simulator.faults.order("delay", endpoint="command/*", seconds=1)
    host, port = simulator.eu_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    body = b'{"driver_temp": 25, "passenger_temp": 22}'
    head = (
        f"POST /api/1/vehicles/{OLD}/command/set_temps HTTP/1.1\r\nHost: {host}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()
    while not simulator.cloud.in_flight:
        await settle()
    writer.transport.abort()
    await settle()
    delay_over.set()
    while simulator.cloud.in_flight:
        await settle()
    assert simulator.world.cars[OLD].climate.driver_setting == 25
    assert simulator.cloud.failures == []


async def test_the_log_has_the_arrival_of_a_delayed_request(
    simulator: Simulator, visitor: Visitor, token: str, delay_over: asyncio.Event
) -> None:
    """Also for requests that were open at the same time, so that this is visible."""
    simulator.faults.order("delay", endpoint="products", seconds=1, count=2)
    asked = [asyncio.create_task(visitor.get("/api/1/products", token=token)) for _ in range(2)]
    while len(simulator.cloud.in_flight) < 2:
        await settle()
    simulator.clock.advance(1)
    delay_over.set()
    await asyncio.gather(*asked)
    await visitor.get("/api/1/products", token=token)

    first, second, last = [row for row in simulator.requests if row.endpoint == "products"]
    assert max(first.began, second.began) < min(first.time, second.time)
    assert first.time - first.began >= 1
    assert last.began >= max(first.time, second.time)
    assert last.as_json()["began"] == last.began


async def test_firewall_page(simulator: Simulator, visitor: Visitor) -> None:
    simulator.faults.order("firewall", endpoint="token")
    reply = await visitor.refresh(simulator.login()["refresh_token"])
    assert (reply.status, reply.json) == (403, None)
    assert reply.headers["Content-Type"].startswith("text/html")
    assert "Access Denied" in reply.text


async def test_hang(simulator: Simulator) -> None:
    """No answer comes, but the request is logged."""
    simulator.faults.order("hang", endpoint="status")
    async with aiohttp.ClientSession() as session:
        request = asyncio.create_task(session.get(f"{simulator.eu_url}/status"))
        await until(lambda: simulator.requests)
        assert simulator.requests[-1].fault == "hang"
        assert not request.done()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request


async def test_endless_body(simulator: Simulator) -> None:
    simulator.faults.order("endless", endpoint="status", status=200)
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{simulator.eu_url}/status") as response,
    ):
        assert response.status == 200
        assert await response.content.readexactly(5 << 20) == b" " * (5 << 20)
        response.close()


async def test_bomb(simulator: Simulator) -> None:
    simulator.faults.order("bomb", endpoint="status", status=200)
    async with (
        aiohttp.ClientSession(auto_decompress=False) as session,
        session.get(f"{simulator.eu_url}/status") as response,
    ):
        packed = await response.read()
    assert response.headers["Content-Encoding"] == "gzip"
    assert len(packed) < 100_000
    assert len(zlib.decompress(packed, wbits=31)) == 64 << 20
