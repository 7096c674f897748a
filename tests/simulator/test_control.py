"""Everything under /simulator."""

import pytest

from simulator import Simulator
from simulator.bill import Category
from tests.simulator.visitor import Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
SITE = 1234567890123


@pytest.mark.parametrize("path", ["/", "/simulator"])
async def test_index_is_a_page(visitor: Visitor, path: str) -> None:
    reply = await visitor.get(path)
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/html")


async def test_clock_moves_the_cars(simulator: Simulator, visitor: Visitor, token: str) -> None:
    before = (await visitor.get("/simulator/clock")).json["now"]
    assert (await visitor.post(f"/api/1/vehicles/{AURORA}/wake_up", token=token)).status == 200
    assert simulator.world.cars[AURORA].state != "online"
    after = (await visitor.post("/simulator/clock", json={"advance": 60})).json["now"]
    assert after - before >= 60
    assert simulator.world.cars[AURORA].state == "online"


@pytest.mark.parametrize("body", [{"advance": -1}, {"advance": "1"}, {"advance": True}, {}, []])
async def test_clock_refuses(visitor: Visitor, body: object) -> None:
    assert (await visitor.post("/simulator/clock", json=body)).status == 400


async def test_cars_can_be_read_and_steered(simulator: Simulator, visitor: Visitor) -> None:
    everyone = await visitor.get("/simulator/cars")
    assert set(everyone.json) == set(simulator.world.cars)
    changed = await visitor.post(f"/simulator/cars/{COMET}", json={"battery_level": 42})
    assert changed.status == 200
    assert round(changed.json["battery_level"]) == 42
    again = await visitor.get(f"/simulator/cars/{COMET}")
    assert round(again.json["battery_level"]) == 42
    reply = await visitor.get(
        f"/api/1/vehicles/{COMET}/vehicle_data", token=simulator.login()["access_token"]
    )
    assert reply.status == 412  # steering needs no registration, Tesla's API does


async def test_a_month_of_real_minutes_and_a_site_that_fails(visitor: Visitor, token: str) -> None:
    month = {"start": "2020-01-01T00:00:00Z", "kw": [1.234] * 43_200, "seconds": 86_400}
    given = await visitor.post(f"/simulator/sites/{SITE}", json={"solar_minutes": month})
    assert (given.status, given.json["power"]["solar"]) == (200, 1234)
    order = {"kind": "status", "endpoint": "live_status", "status": 503, "count": 2}
    assert (await visitor.post("/simulator/faults", json=order)).status == 200
    path = f"/api/1/energy_sites/{SITE}/live_status"
    statuses = [(await visitor.get(path, token=token)).status for _ in range(3)]
    assert statuses == [503, 503, 200]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/simulator/cars/{COMET}", {"wings": True}, 400),
        (f"/simulator/cars/{COMET}", [], 400),
        ("/simulator/cars/nothing", {}, 404),
        ("/simulator/sites/1", {}, 404),
        (f"/simulator/sites/{SITE}", {"wings": True}, 400),
        ("/simulator/nothing", {}, 404),
        ("/simulator/domains", {"flotte.example": 7}, 400),
        ("/simulator/accounts", {"user": "nobody"}, 400),
        ("/simulator/accounts", {"client_id": "nobody"}, 400),
        ("/simulator/accounts", {"user": "owner-1", "region": "cn"}, 400),
        ("/simulator/accounts", {"user": "owner-1", "limit": "1"}, 400),
        ("/simulator/accounts", {"user": "owner-1", "revoke": "nobody"}, 400),
        ("/simulator/accounts", {"client_id": "flotte-demo", "limit": "much"}, 400),
        ("/simulator/accounts", {"client_id": "flotte-demo", "unregister": "cn"}, 400),
        (
            "/simulator/accounts",
            {"user": "owner-1", "client_id": "flotte-demo", "scopes": ["x"]},
            400,
        ),
    ],
)
async def test_wrong_orders(visitor: Visitor, path: str, body: object, status: int) -> None:
    assert (await visitor.post(path, json=body)).status == status


async def test_body_must_be_json(visitor: Visitor) -> None:
    reply = await visitor.post("/simulator/clock", data="advance")
    assert (reply.status, reply.json["error"]) == (400, "the body is not JSON")


async def test_sites_can_be_read(visitor: Visitor) -> None:
    assert set((await visitor.get("/simulator/sites")).json) == {str(SITE)}
    assert (await visitor.get(f"/simulator/sites/{SITE}")).status == 200


async def test_domains(simulator: Simulator, visitor: Visitor) -> None:
    await visitor.post("/simulator/domains", json={"flotte.example": "http://127.0.0.1:8123"})
    assert simulator.domains == {"flotte.example": "http://127.0.0.1:8123"}
    assert (await visitor.get("/simulator/domains")).json == simulator.domains
    await visitor.post("/simulator/domains", json={"flotte.example": None})
    assert simulator.domains == {}


async def test_accounts(simulator: Simulator, visitor: Visitor, token: str) -> None:
    assert token
    shown = (await visitor.get("/simulator/accounts")).json
    assert set(shown["users"]) == {"owner-1", "owner-2", "owner-3"}
    assert [row["domain"] for row in shown["registrations"]] == ["flotte.example"]
    assert [row["user"] for row in shown["consents"]] == ["owner-1"]
    assert "secret" not in str(shown)

    await visitor.post("/simulator/accounts", json={"user": "owner-1", "region": "na"})
    assert simulator.accounts.users["owner-1"].region == "na"
    changes = {
        "client_id": "flotte-demo",
        "audience_required": False,
        "allowed_origins": ["https://elsewhere.example"],
        "redirects": ["http://127.0.0.1/callback"],
        "unregister": "eu",
        "limit": "2.50",
    }
    assert (await visitor.post("/simulator/accounts", json=changes)).status == 200
    application = simulator.accounts.applications["flotte-demo"]
    assert not application.audience_required
    assert application.allowed_origins == ["https://elsewhere.example"]
    assert application.redirects == ["http://127.0.0.1/callback"]
    assert simulator.accounts.registrations == {}
    assert str(simulator.bill.limits["flotte-demo"]) == "2.50"
    await visitor.post("/simulator/accounts", json={"client_id": "flotte-demo", "limit": None})
    assert simulator.bill.limits == {}


async def test_bill_over_http(simulator: Simulator, visitor: Visitor, token: str) -> None:
    await visitor.post(f"/api/1/vehicles/{AURORA}/wake_up", token=token)
    account = (await visitor.get("/simulator/bill")).json["accounts"]["flotte-demo"]
    assert account["counts"]["wake"] == 1
    assert account["euro"]["wake"] == "0.02"
    assert account["vehicles"][AURORA] == {"wake": 1}
    today = simulator.bill.today().isoformat()
    assert account["days"][today]["wake"] == 1
    for query, wakes in ((f"day={today}", 1), (f"month={today[:7]}", 1), ("day=2020-01-01", 0)):
        reply = await visitor.get(f"/simulator/bill?{query}")
        assert reply.json["accounts"]["flotte-demo"]["counts"]["wake"] == wakes
    assert (await visitor.get("/simulator/bill?day=today")).status == 400
    assert (await visitor.get("/simulator/bill?client_id=none")).json["accounts"] == {}


async def test_request_log(simulator: Simulator, visitor: Visitor, token: str) -> None:
    await visitor.ask("DELETE", "/simulator/requests")
    await visitor.get(f"/api/1/vehicles/{COMET}/vehicle_data?endpoints=drive_state", token=token)
    await visitor.get("/api/1/products", token=token, base=simulator.na_url)
    rows = (await visitor.get("/simulator/requests")).json["requests"]
    assert [(row["endpoint"], row["status"], row["region"]) for row in rows] == [
        ("vehicle_data", 200, "eu"),
        ("products", 421, "na"),
    ]
    assert rows[0]["path"] == f"/api/1/vehicles/{COMET}/vehicle_data?endpoints=drive_state"
    assert rows[0]["vin"] == COMET
    assert rows[0]["category"] == "data"
    assert rows[0]["client_id"] == "flotte-demo"
    assert rows[0]["billed"] is True
    last = (await visitor.get("/simulator/requests?last=1")).json["requests"]
    assert [row["endpoint"] for row in last] == ["products"]


async def test_control_is_neither_billed_nor_disturbed(
    simulator: Simulator, visitor: Visitor
) -> None:
    simulator.faults.order("dropped", count=None)
    assert (await visitor.get("/simulator/cars")).status == 200
    assert simulator.requests == []
    assert sum(simulator.bill.counts().values()) == 0


@pytest.mark.parametrize(("keep", "answer"), [(True, 200), (False, 401)])
async def test_reset(
    simulator: Simulator, visitor: Visitor, token: str, *, keep: bool, answer: int
) -> None:
    await visitor.post(f"/simulator/cars/{COMET}", json={"battery_level": 12})
    simulator.bill.charge("flotte-demo", Category.WAKE)
    simulator.faults.order("dropped", endpoint="wake_up")
    world = simulator.world
    assert (await visitor.post("/simulator/reset", json={"keep_accounts": keep})).status == 200
    assert simulator.world is not world
    assert simulator.bill.counts()[Category.WAKE] == 0
    assert simulator.faults.pending() == []
    assert simulator.requests == []
    assert (await visitor.get("/api/1/products", token=token)).status == answer
    assert bool(simulator.world.cars[AURORA].keys) is keep
