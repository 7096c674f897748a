"""Clocks that are set ahead and back: nothing is delayed, or done, for the length of the jump."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import signals
from custom_components.flotte.tesla.commands import set_charge_limit
from custom_components.flotte.tesla.errors import RateLimited
from custom_components.flotte.tesla.spending.caller import POLLING
from custom_components.flotte.tesla.state import Source, State
from custom_components.flotte.tesla.vehicle import poll_plan as plan
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.cars import Car
from tests.tesla.account import MODEL_Y, NOW, PERSON, Account
from tests.tesla.conftest import VehicleMaker

MINUTE = timedelta(minutes=1)
JUMPS = pytest.mark.parametrize(
    "jump", [timedelta(minutes=20), timedelta(days=1), timedelta(days=3 * 365)], ids=str
)


@dataclass
class Wall:
    """Our clock, which can be set; monotonic time is not affected."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        """The time as our clock shows it."""
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def wall(account: Account) -> Wall:
    """The clock of our side."""
    wall = Wall()
    account.api.transport.sender.clock = wall
    account.meter.budget = Decimal(1000)
    return wall


@pytest.fixture
def vehicle(awake: Vehicle, car: Car, wall: Wall) -> Vehicle:
    """Aurora, awake and occupied."""
    car.steer({"user_present": True})
    awake.context.clock = wall
    return awake


async def pass_minutes(vehicle: Vehicle, freezer: FrozenDateTimeFactory, minutes: int) -> int:
    """Let minutes pass as the coordinator does; returns the number of data requests."""
    asked = 0
    for _ in range(minutes):
        freezer.tick(MINUTE)
        if vehicle.check_due():
            await vehicle.check()
        if vehicle.is_online and vehicle.data_due():
            await vehicle.poll()
            asked += 1
    return asked


@JUMPS
@pytest.mark.parametrize("restarts", [False, True])
async def test_the_usual_pace_after_a_jump_ahead_and_back(
    vehicle: Vehicle,
    make_vehicle: VehicleMaker,
    wall: Wall,
    freezer: FrozenDateTimeFactory,
    *,
    jump: timedelta,
    restarts: bool,
) -> None:
    await pass_minutes(vehicle, freezer, 5)
    wall.ahead = jump
    await pass_minutes(vehicle, freezer, 3)
    if restarts:
        stored = vehicle.to_stored()
        vehicle = make_vehicle()
        vehicle.context.clock = wall
        vehicle.restore(stored)
    wall.ahead = timedelta()
    usual = timedelta(hours=2) // plan.ACTIVE_INTERVAL
    assert usual - 1 <= await pass_minutes(vehicle, freezer, 120) <= usual + 1


@JUMPS
async def test_a_command_before_a_jump_back_is_looked_at_once(
    vehicle: Vehicle, wall: Wall, freezer: FrozenDateTimeFactory, *, jump: timedelta
) -> None:
    await pass_minutes(vehicle, freezer, 5)
    wall.ahead = jump
    await pass_minutes(vehicle, freezer, 3)
    await vehicle.send(set_charge_limit(70), PERSON)
    wall.ahead = timedelta()
    assert await pass_minutes(vehicle, freezer, 5) == 1


@JUMPS
async def test_readings_count_again_after_a_jump_back(
    vehicle: Vehicle, wall: Wall, freezer: FrozenDateTimeFactory, *, jump: timedelta
) -> None:
    """A setting that the car has is not sent for as long as the clock was ahead."""
    wall.ahead = jump
    await vehicle.send(set_charge_limit(70), PERSON)
    wall.ahead = timedelta()
    freezer.tick(MINUTE)
    vehicle.lapse()
    await vehicle.refresh(PERSON)
    assert vehicle.knowledge.is_certain({signals.CHARGE_LIMIT: 70})


def test_an_assumption_from_the_future_lapses() -> None:
    state = State().assume({signals.LOCKED: True}, NOW + timedelta(days=1000))
    after, gone = state.lapse(NOW)
    assert gone == {signals.LOCKED}
    assert after[signals.LOCKED] is None
    assert Source.ASSUMED not in {each.source for each in after.readings.values()}


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), timedelta(days=1095)])
async def test_a_wait_requested_by_tesla_is_not_prolonged_by_a_jump_back(
    account: Account, tesla: Simulator, freezer: FrozenDateTimeFactory, *, back: timedelta
) -> None:
    tesla.faults.order("status", status=429, headers={"Retry-After": "60"})
    with pytest.raises(RateLimited):
        await account.api.vehicle(MODEL_Y, POLLING)
    freezer.tick(-back)
    with pytest.raises(RateLimited) as waiting:
        await account.api.vehicle(MODEL_Y, POLLING)
    assert waiting.value.retry_after <= timedelta(seconds=60)
    freezer.tick(timedelta(seconds=61))
    await account.api.vehicle(MODEL_Y, POLLING)
