"""Fixtures for the Tesla side, which needs no Home Assistant: an account at the simulator."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import aiohttp
import pytest
from freezegun.api import FrozenDateTimeFactory

from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.vehicle.outcome import CommandMode
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.cars import Car
from tests.tesla.account import MODEL_S, MODEL_Y, NOW, Account
from tests.tesla.trial import QuietSimulator, Trial, TrueClock, on_trial


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Start no Home Assistant, unlike the fixture of this name one folder up."""
    assert "hass" not in request.fixturenames, "the Tesla side is tested without"


@pytest.fixture
def disable_http_server() -> None:
    """Replace nothing in Home Assistant's web server, unlike the plugin: it is not started."""


@pytest.fixture
def skip_stop_scripts() -> None:
    """Replace nothing in Home Assistant's scripts, unlike the plugin: there are none."""


@pytest.fixture
async def tesla(freezer: FrozenDateTimeFactory, socket_enabled: None) -> AsyncIterator[Simulator]:
    """A running simulator, at noon of 10 March 2026."""
    freezer.move_to(NOW)
    async with Simulator() as simulator:
        yield simulator
        # Answers that were ordered to come late would otherwise be waited for, on a frozen clock.
        freezer.tick(timedelta(hours=1))


@pytest.fixture
async def session(tesla: Simulator) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP session."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def account(tesla: Simulator, session: aiohttp.ClientSession) -> AsyncIterator[Account]:
    """Owner-1, whose application is registered; afterwards the bill must equal the ledger."""
    account = Account(tesla, session)
    account.register()
    yield account
    account.check_bill()


@pytest.fixture(scope="session")
def client_key() -> ClientKey:
    """Our key."""
    return ClientKey.generate()


type VehicleMaker = Callable[..., Vehicle]


@pytest.fixture
def make_vehicle(account: Account, client_key: ClientKey) -> VehicleMaker:
    """Makes our side of a simulated car; our key is on the cars that their owner paired."""
    account.register(public_key=client_key.public_bytes)

    def make(
        vin: str = MODEL_Y,
        *,
        scopes: frozenset[str] = SCOPES,
        mode: CommandMode | None = None,
    ) -> Vehicle:
        usual = CommandMode.UNSIGNED if vin == MODEL_S else CommandMode.SIGNED
        return Vehicle(vin, account.api, client_key, scopes=scopes, mode=mode or usual)

    return make


@pytest.fixture
def vehicle(make_vehicle: VehicleMaker) -> Vehicle:
    """Aurora, who is asleep."""
    return make_vehicle()


@pytest.fixture
def car(tesla: Simulator, vehicle: Vehicle) -> Car:
    """The simulated Aurora."""
    return tesla.world.cars[vehicle.vin]


@pytest.fixture
async def awake(vehicle: Vehicle, car: Car) -> Vehicle:
    """Aurora, online, and known to be."""
    car.steer({"state": "online"})
    assert await vehicle.check()
    return vehicle


@pytest.fixture
async def quiet_tesla(socket_enabled: None) -> AsyncIterator[QuietSimulator]:
    """A running simulator on a clock of its own, for trials."""
    async with QuietSimulator(TrueClock()) as simulator:
        yield simulator


@pytest.fixture
async def trial(quiet_tesla: QuietSimulator, client_key: ClientKey) -> AsyncIterator[Trial]:
    """Aurora on trial, awake and without any fault so far."""
    async with on_trial(quiet_tesla, client_key) as trial:
        trial.car.steer({"state": "online"})
        yield trial
