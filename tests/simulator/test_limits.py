"""Rate limits on a moved clock."""

import pytest

from simulator import Simulator
from simulator.bill import Category
from simulator.clock import Clock
from simulator.limits import ALLOWED, Limited, RateLimits
from tests.simulator.visitor import Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD = "5YJSA7E20KF000003"


class StoppedClock(Clock):
    """A clock that shows the time of the test."""

    moment = 1_000_000.0

    def now(self) -> float:
        """The time of the test."""
        return self.moment


@pytest.mark.parametrize(
    ("kind", "requests", "seconds"),
    [
        (Limited.DATA, 60, 60),
        (Limited.WAKE, 3, 60),
        (Limited.COMMAND, 30, 60),
        (Limited.TOKEN, 20, 1),
    ],
)
def test_documented_limits(kind: Limited, requests: int, seconds: float) -> None:
    assert ALLOWED[kind] == (requests, seconds)


def test_window_slides() -> None:
    clock = StoppedClock()
    limits = RateLimits(clock)
    for second in (0, 20, 40):
        clock.moment = 1_000_000 + second
        assert limits.admit(Limited.WAKE, "car").admitted
    clock.moment = 1_000_050
    refused = limits.admit(Limited.WAKE, "car")
    assert (refused.admitted, refused.remaining, refused.reset_seconds) == (False, 0, 10)
    assert refused.headers["Retry-After"] == "10"
    assert limits.admit(Limited.WAKE, "another car").admitted
    clock.moment = 1_000_060
    assert limits.admit(Limited.WAKE, "car").admitted
    assert not limits.admit(Limited.WAKE, "car").admitted


def test_time_moved_back_does_not_lock() -> None:
    clock = StoppedClock()
    limits = RateLimits(clock)
    for _ in range(3):
        limits.admit(Limited.WAKE, "car")
    clock.moment -= 86400
    assert limits.admit(Limited.WAKE, "car").admitted


async def test_wakes(simulator: Simulator, visitor: Visitor, token: str) -> None:
    path = f"/api/1/vehicles/{AURORA}/wake_up"
    for remaining in (2, 1, 0):
        reply = await visitor.post(path, token=token)
        assert reply.status == 200
        assert reply.headers["RateLimit-Limit"] == "3"
        assert reply.headers["RateLimit-Remaining"] == str(remaining)
    refused = await visitor.post(path, token=token)
    assert refused.status == 429
    assert refused.error.startswith("Retry in ")
    assert 58 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Reset"] == refused.headers["Retry-After"]
    assert simulator.bill.counts()[Category.WAKE] == 4  # the refused one is billed too
    other = f"/api/1/vehicles/{COMET}/wake_up"
    assert (await visitor.post(other, token=token)).status == 200
    simulator.clock.advance(int(refused.headers["Retry-After"]))
    assert (await visitor.post(path, token=token)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", f"/api/1/vehicles/{COMET}/vehicle_data", 60),
        ("POST", f"/api/1/vehicles/{OLD}/command/flash_lights", 30),
    ],
)
async def test_minute(
    simulator: Simulator, visitor: Visitor, token: str, method: str, path: str, allowed: int
) -> None:
    for _ in range(allowed):
        assert (await visitor.ask(method, path, token=token)).status == 200
    assert (await visitor.ask(method, path, token=token)).status == 429
    simulator.clock.advance(61)
    assert (await visitor.ask(method, path, token=token)).status == 200


async def test_all_logins_of_a_user_share_a_limit(
    simulator: Simulator, visitor: Visitor, token: str
) -> None:
    path = f"/api/1/vehicles/{AURORA}/wake_up"
    for _ in range(3):
        await visitor.post(path, token=token)
    again = simulator.login()["access_token"]
    assert (await visitor.post(path, token=again)).status == 429


async def test_free_and_energy_requests_are_not_limited(visitor: Visitor, token: str) -> None:
    for _ in range(65):
        assert (await visitor.get(f"/api/1/vehicles/{COMET}", token=token)).status == 200
        path = "/api/1/energy_sites/1234567890123/live_status"
        assert (await visitor.get(path, token=token)).status == 200


async def test_token_requests(simulator: Simulator, visitor: Visitor) -> None:
    frozen = StoppedClock()
    simulator.limits._clock = frozen
    for _ in range(20):
        assert (await visitor.refresh("EU_none")).status == 401
    refused = await visitor.refresh("EU_none")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    other = await visitor.refresh("EU_none", client_id="lenient-demo", client_secret=None)
    assert other.status == 401
    frozen.moment += 1
    assert (await visitor.refresh("EU_none")).status == 401


async def test_can_be_switched_off(visitor: Visitor, token: str) -> None:
    assert (await visitor.post("/simulator/limits", json={"enabled": False})).status == 200
    path = f"/api/1/vehicles/{AURORA}/wake_up"
    replies = [await visitor.post(path, token=token) for _ in range(5)]
    assert {reply.status for reply in replies} == {200}
    wrong = await visitor.post("/simulator/limits", json={"enabled": "no"})
    assert wrong.status == 400
