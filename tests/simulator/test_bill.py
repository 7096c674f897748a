"""The simulator's own bill."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from simulator import Simulator
from simulator.bill import Bill, Category, cost
from simulator.clock import Clock
from simulator.endpoints import ENDPOINTS, find
from tests.simulator.visitor import Visitor

COMET = "LRW3E7FS0RC000002"


class StoppedClock(Clock):
    """A clock that shows the time of the test."""

    def __init__(self, moment: datetime) -> None:
        super().__init__()
        self.moment = moment

    def now(self) -> float:
        """The time of the test."""
        return self.moment.timestamp()


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))


@pytest.fixture
def bill(clock: StoppedClock) -> Bill:
    return Bill(clock)


@pytest.mark.parametrize(
    ("category", "count", "euro"),
    [
        (Category.SIGNAL, 150_000, "1"),
        (Category.COMMAND, 1_000, "1"),
        (Category.DATA, 500, "1"),
        (Category.WAKE, 50, "1"),
        (Category.WAKE, 1, "0.02"),
        (Category.COMMAND, 1_211, "1.211"),
        (Category.ENERGY, 100_000, "0"),
        (Category.FREE, 100_000, "0"),
    ],
)
def test_prices(category: Category, count: int, euro: str) -> None:
    assert cost(category, count) == Decimal(euro)


@pytest.mark.parametrize(
    ("status", "billed"),
    [
        (200, True),
        (400, True),
        (401, True),
        (403, True),
        (408, True),
        (429, True),
        (499, True),
        (500, False),
        (503, False),
        (540, False),
    ],
)
def test_below_500_is_billed(bill: Bill, status: int, billed: bool) -> None:  # noqa: FBT001
    assert bill.charge("a", Category.DATA, status=status) is billed
    assert bill.counts()[Category.DATA] == int(billed)


def test_counts_by_day_account_and_vehicle(bill: Bill, clock: StoppedClock) -> None:
    bill.charge("a", Category.DATA, vin="1")
    clock.moment = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    bill.charge("a", Category.DATA, vin="2")
    bill.charge("b", Category.WAKE, vin="2")
    bill.charge("b", Category.SIGNAL, vin="2", amount=40)

    assert bill.counts()[Category.DATA] == 2
    assert bill.counts(client_id="b")[Category.DATA] == 0
    assert bill.counts(vin="1")[Category.DATA] == 1
    assert bill.counts(day=date(2026, 12, 1))[Category.DATA] == 1
    assert bill.counts(month=date(2026, 11, 5))[Category.WAKE] == 0
    assert bill.counts(month=date(2026, 12, 31))[Category.SIGNAL] == 40
    assert bill.total("a") == Decimal("0.002")
    assert bill.total("a", date(2026, 11, 1)) == Decimal("0.002")


def test_invoice_rounds_each_category_and_takes_the_discount(bill: Bill) -> None:
    bill.charge("a", Category.COMMAND, amount=1_211)
    bill.charge("a", Category.WAKE, amount=500)
    assert bill.total("a") == Decimal("11.211")
    assert bill.due("a") == Decimal("1.21")
    bill.limits["a"] = Decimal(1)
    assert bill.due("a") == Decimal(1)


def test_suspended_beyond_discount_and_limit(bill: Bill, clock: StoppedClock) -> None:
    bill.charge("a", Category.WAKE, amount=500)
    assert not bill.suspended("a")
    bill.limits["a"] = Decimal(0)
    assert not bill.suspended("a")
    bill.charge("a", Category.SIGNAL)
    assert bill.suspended("a")
    bill.limits["a"] = Decimal("0.01")
    assert not bill.suspended("a")
    bill.charge("a", Category.DATA, amount=5)
    assert bill.suspended("a")
    clock.moment = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
    assert not bill.suspended("a")


def test_as_json(bill: Bill) -> None:
    bill.charge("a", Category.WAKE, vin="1", amount=3)
    bill.charge("b", Category.DATA)
    account = bill.as_json(client_id="a")["accounts"]
    assert set(account) == {"a"}
    assert account["a"]["counts"]["wake"] == 3
    assert account["a"]["euro"]["wake"] == "0.06"
    assert account["a"]["days"] == {"2026-11-30": {"wake": 3}}
    assert account["a"]["vehicles"] == {"1": {"wake": 3}}
    assert account["a"]["due"] == "0.00"


def test_every_row_without_a_stated_category_has_a_reason() -> None:
    stated = {"vehicle_data", "wake_up", "command"}
    assert {endpoint.name for endpoint in ENDPOINTS if not endpoint.why} == stated


@pytest.mark.parametrize(
    ("method", "path", "category"),
    [
        ("GET", "/api/1/vehicles/V/vehicle_data", Category.DATA),
        ("GET", "/api/1/vehicles/V/nearby_charging_sites", Category.DATA),
        ("GET", "/api/1/vehicles/V/service_data", Category.DATA),
        ("GET", "/api/1/vehicles/V/something/new", Category.DATA),
        ("POST", "/api/1/vehicles/V/wake_up", Category.WAKE),
        ("POST", "/api/1/vehicles/V/command/honk_horn", Category.COMMAND),
        ("POST", "/api/1/vehicles/V/signed_command", Category.COMMAND),
        ("GET", "/api/1/vehicles/V", Category.FREE),
        ("GET", "/api/1/vehicles", Category.FREE),
        ("GET", "/api/1/products", Category.FREE),
        ("GET", "/api/1/users/region", Category.FREE),
        ("POST", "/api/1/vehicles/fleet_status", Category.FREE),
        ("POST", "/api/1/partner_accounts", Category.FREE),
        ("POST", "/oauth2/v3/token", Category.FREE),
        ("GET", "/api/1/energy_sites/1/live_status", Category.ENERGY),
        ("POST", "/api/1/energy_sites/1/operation", Category.ENERGY),
        ("GET", "/api/1/dx/charging/history", Category.DATA),
        ("GET", "/api/1/dx/charging/invoice/7", Category.DATA),
        ("GET", "/api/1/nothing", Category.FREE),
    ],
)
def test_category_of(method: str, path: str, category: Category) -> None:
    assert find(method, path).endpoint.category is category


@pytest.mark.freeze_time("2026-03-10 09:00:00+00:00")
async def test_refused_requests_are_billed_too(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    path = f"/api/1/vehicles/{COMET}/vehicle_data"
    assert (await visitor.get(path, token=token)).status == 200
    poor = simulator.login(scopes=frozenset({"openid"}))["access_token"]
    assert (await visitor.get(path, token=poor)).status == 403
    assert (await visitor.get(path, token=token, base=simulator.na_url)).status == 421
    unsigned = f"/api/1/vehicles/{COMET}/command/door_lock"
    assert (await visitor.post(unsigned, token=token)).status == 403
    simulator.world.cars[COMET].state = "asleep"
    assert (await visitor.get(path, token=token)).status == 408
    simulator.clock.advance(9 * 3600)
    assert (await visitor.get(path, token=token)).status == 401

    counts = simulator.bill.counts(client_id="flotte-demo", vin=COMET)
    assert counts[Category.DATA] == 5
    assert counts[Category.COMMAND] == 1
    assert simulator.bill.total("flotte-demo") == Decimal("0.011")


async def test_an_anonymous_request_is_not_billed(simulator: Simulator, visitor: Visitor) -> None:
    path = f"/api/1/vehicles/{COMET}/vehicle_data"
    assert (await visitor.get(path)).status == 401
    assert simulator.bill.counts(client_id="")[Category.DATA] == 1
    assert simulator.bill.counts(client_id="flotte-demo")[Category.DATA] == 0


async def test_number_and_vin_name_the_same_vehicle_on_the_bill(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    number = simulator.world.cars[COMET].id
    await visitor.get(f"/api/1/vehicles/{number}/vehicle_data", token=token)
    await visitor.get(f"/api/1/vehicles/{COMET}/vehicle_data", token=token)
    assert simulator.bill.counts(vin=COMET)[Category.DATA] == 2


async def test_suspended_account_is_refused(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    await visitor.post("/simulator/accounts", json={"client_id": "flotte-demo", "limit": "0"})
    simulator.bill.charge("flotte-demo", Category.WAKE, amount=501)
    reply = await visitor.get("/api/1/products", token=token)
    assert (reply.status, reply.error) == (403, "account disabled: EXCEEDED_LIMIT")
    assert "Retry-After" not in reply.headers
    other = simulator.login(client_id="lenient-demo")["access_token"]
    assert (await visitor.get("/api/1/products", token=other)).status == 412
    await visitor.post("/simulator/accounts", json={"client_id": "flotte-demo", "limit": "5"})
    assert (await visitor.get("/api/1/products", token=token)).status == 200
