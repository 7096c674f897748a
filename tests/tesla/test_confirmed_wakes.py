"""A person has to repeat a command that wakes a car: the owner may configure that."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.errors import GateRefused
from custom_components.flotte.tesla.spending.caller import POLLING, Caller, CallerKind
from custom_components.flotte.tesla.spending.decision import Allow, Refuse
from custom_components.flotte.tesla.spending.ledger import Month
from custom_components.flotte.tesla.spending.policy import Policy
from custom_components.flotte.tesla.spending.tariff import Category, Charge
from custom_components.flotte.tesla.vehicle.outcome import OVERRIDE_SECONDS, Done
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator.cars import Car
from tests.tesla.account import NOW, PERSON, Account

ASKS = Policy(budget=Decimal(10), confirm_wakes=True)
SUN = Caller(CallerKind.AUTOMATION, "automation.solar_surplus")

type Wish = Callable[[Vehicle], Awaitable[object]]

WISHES: dict[str, Wish] = {
    "a setting": lambda vehicle: vehicle.send(commands.set_charge_limit(70), PERSON),
    "no setting": lambda vehicle: vehicle.send(commands.lock_doors(), PERSON),
    "a wake alone": lambda vehicle: vehicle.wake(PERSON),
    "a look at the schedules": lambda vehicle: vehicle.schedules(PERSON),
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, freezer: FrozenDateTimeFactory) -> None:
    """While it wakes up the clock moves instead of the test waiting."""

    async def pass_time(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr("custom_components.flotte.tesla.vehicle.waits.pause", pass_time)


async def refused(wish: Awaitable[object]) -> GateRefused:
    with pytest.raises(GateRefused) as refusal:
        await wish
    return refusal.value


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_the_second_time_it_is_done(
    vehicle: Vehicle, car: Car, account: Account, wish: Wish
) -> None:
    vehicle.gate.policy = ASKS
    error = await refused(wish(vehicle))
    assert error.translation_key == "gate_confirm"
    # A wake alone; with a handshake and the command; or with a data request.
    assert Decimal(error.placeholders["cost"]) in {Decimal("0.02"), Decimal("0.022")}
    assert (car.wakes, account.booked()[Category.WAKE]) == (0, 0)
    await wish(vehicle)
    assert car.wakes == 1
    assert account.meter.ledger.avoided_wakes(Month.of(NOW)) == 0, "it was asked for, not saved"


async def test_an_offer_lapses(vehicle: Vehicle, car: Car, freezer: FrozenDateTimeFactory) -> None:
    vehicle.gate.policy = ASKS
    await refused(vehicle.wake(PERSON))
    freezer.tick(timedelta(seconds=OVERRIDE_SECONDS + 0.1))
    await refused(vehicle.wake(PERSON))
    freezer.tick(timedelta(seconds=OVERRIDE_SECONDS - 0.1))
    await vehicle.wake(PERSON)
    assert car.wakes == 1


@pytest.mark.parametrize(
    "other",
    [commands.set_charge_limit(71), commands.set_temperature(21), commands.lock_doors(), None],
    ids=["another limit", "temperature", "lock", "wake"],
)
async def test_another_command_has_to_be_confirmed_too(
    vehicle: Vehicle, car: Car, other: commands.Command | None
) -> None:
    vehicle.gate.policy = ASKS
    first = commands.set_charge_limit(70)
    await refused(vehicle.send(first, PERSON))
    await refused(vehicle.wake(PERSON) if other is None else vehicle.send(other, PERSON))
    await refused(vehicle.send(first, PERSON))
    assert car.wakes == 0
    assert await vehicle.send(first, PERSON) == Done()


async def test_nothing_to_confirm_while_it_is_awake(awake: Vehicle, car: Car) -> None:
    awake.gate.policy = ASKS
    assert await awake.send(commands.lock_doors(), PERSON) == Done()


async def test_an_automation_needs_no_confirmation_and_confirms_nothing(
    vehicle: Vehicle, car: Car
) -> None:
    vehicle.gate.policy = ASKS
    await refused(vehicle.send(commands.lock_doors(), PERSON))
    assert await vehicle.send(commands.lock_doors(), SUN) == Done()
    assert car.wakes == 1


async def test_an_automation_does_not_confirm_for_a_person(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    vehicle.gate.policy = Policy(budget=Decimal(10), confirm_wakes=True, wakes_per_day=0)
    await refused(vehicle.wake(PERSON))
    assert (await refused(vehicle.wake(SUN))).translation_key == "gate_asleep"
    await vehicle.wake(PERSON)
    assert car.wakes == 1


async def test_one_that_fell_asleep_unnoticed(awake: Vehicle, car: Car) -> None:
    """The first time it was not known that the car would have to be woken."""
    awake.gate.policy = ASKS
    car.steer({"state": "asleep"})
    error = await refused(awake.send(commands.lock_doors(), PERSON))
    assert error.translation_key == "gate_confirm"
    assert car.executions == []
    assert await awake.send(commands.lock_doors(), PERSON) == Done()
    assert (car.wakes, len(car.executions)) == (1, 1)


async def test_a_changed_price_confirms_nothing(vehicle: Vehicle, car: Car) -> None:
    vehicle.gate.policy = ASKS
    for _ in range(2):
        _request, decision = vehicle.admission.quote(commands.lock_doors(), PERSON)
        assert isinstance(decision, Refuse)
        assert decision.key == "gate_confirm"
    await refused(vehicle.send(commands.lock_doors(), PERSON))
    vehicle.gate.policy = Policy(budget=Decimal(10))
    _request, decision = vehicle.admission.quote(commands.lock_doors(), PERSON)
    assert isinstance(decision, Allow)


async def test_a_request_for_schedules_is_another_command(vehicle: Vehicle, car: Car) -> None:
    vehicle.gate.policy = ASKS
    await refused(vehicle.schedules(PERSON))
    await refused(vehicle.wake(PERSON))
    assert car.wakes == 0
    await vehicle.wake(PERSON)
    assert car.wakes == 1


async def test_a_failed_wake_of_another_caller_is_confirmed_by_the_command(
    vehicle: Vehicle, car: Car, account: Account
) -> None:
    """The person's own command was allowed without a wake, because one was on its way."""
    vehicle.gate.policy = ASKS
    limit = commands.set_charge_limit(70)
    await refused(vehicle.send(limit, PERSON))
    now = datetime.now(UTC)
    hold = account.meter.hold((Charge(Category.WAKE),), POLLING, vehicle.vin, now)
    await vehicle.send(limit, PERSON)
    hold.release()
    assert car.wakes == 1
    assert car.charging.limit_percent == 70
