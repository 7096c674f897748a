"""A client that is not ours, the library `tesla-fleet-api`, works against the simulator.

It shows that the simulator speaks Tesla's language and not a dialect of our own.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tesla_fleet_api import TeslaFleetApi
from tesla_fleet_api.exceptions import (
    InvalidRegion,
    InvalidResource,
    OAuthExpired,
    PreconditionFailed,
    RateLimited,
    TeslaFleetError,
    VehicleOffline,
)

from simulator import Simulator
from simulator.bill import Category
from simulator.cars import Car, Execution

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD_FAITHFUL = "5YJSA7E20KF000003"
SITE = 1234567890123
VEHICLE_SECURITY, INFOTAINMENT = 2, 3


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncIterator[Simulator]:
    """A running simulator."""
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def unregistered(
    simulator: Simulator, tmp_path: Path
) -> AsyncIterator[tuple[TeslaFleetApi, Callable[[], Awaitable[None]]]]:
    """The library, logged in as owner-1, with a key that is hosted; and how to register it."""
    async with aiohttp.ClientSession() as session:
        api = TeslaFleetApi(
            session, access_token=simulator.login()["access_token"], server=simulator.eu_url
        )
        await api.get_private_key(str(tmp_path / "key.pem"))

        async def serve(_request: web.Request) -> web.Response:
            return web.Response(text=api.public_pem)

        app = web.Application()
        app.router.add_get("/.well-known/appspecific/com.tesla.3p.public-key.pem", serve)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        simulator.domains["flotte.example"] = f"http://127.0.0.1:{runner.addresses[0][1]}"

        async def register() -> None:
            """As the library's own `partner_login`, whose address cannot be changed."""
            form = {
                "grant_type": "client_credentials",
                "client_id": "flotte-demo",
                "client_secret": "flotte-secret",
                "audience": simulator.eu_url,
                "scope": "openid",
            }
            url = f"{simulator.auth_url}/oauth2/v3/token"
            async with session.post(url, data=form) as response:
                token = (await response.json())["access_token"]
            partner = TeslaFleetApi(session, access_token=token, server=simulator.eu_url)
            answer = await partner.partner.register("flotte.example")
            assert answer["response"]["public_key"] == api.public_uncompressed_point

        yield api, register
        await runner.cleanup()


@pytest.fixture
async def api(
    unregistered: tuple[TeslaFleetApi, Callable[[], Awaitable[None]]],
) -> TeslaFleetApi:
    """The library, logged in, its domain registered and its key paired with Aurora."""
    api, register = unregistered
    await register()
    return api


@pytest.fixture
def aurora(simulator: Simulator) -> Car:
    """Aurora, awake."""
    car = simulator.world.cars[AURORA]
    car.steer({"state": "online"})
    return car


def runs(car: Car) -> list[tuple[str, bool, int | None]]:
    """What really ran: name, signed or not, domain."""
    return [(run.name, run.signed, run.domain) for run in car.executions]


async def test_unregistered(
    unregistered: tuple[TeslaFleetApi, Callable[[], Awaitable[None]]],
) -> None:
    api, register = unregistered
    with pytest.raises(PreconditionFailed):
        await api.products()
    await register()
    assert len((await api.products())["response"]) == 4


async def test_list_and_products(simulator: Simulator, api: TeslaFleetApi) -> None:
    listed = (await api.vehicles.createFleet(AURORA).list())["response"]
    assert [car["vin"] for car in listed] == [AURORA, COMET, OLD_FAITHFUL]
    products = (await api.products())["response"]
    assert [product["command_signing"] for product in products if "vin" in product] == [
        "required",
        "required",
        "off",
    ]
    assert simulator.bill.total("flotte-demo") == 0


async def test_finds_its_region(
    simulator: Simulator, api: TeslaFleetApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = {"na": simulator.na_url, "eu": simulator.eu_url}
    monkeypatch.setattr("tesla_fleet_api.tesla.fleet.SERVERS", servers)
    api.server = simulator.na_url
    with pytest.raises(InvalidRegion):
        await api.products()
    assert await api.find_server() == "eu"
    assert api.server == simulator.eu_url


async def test_vehicle_data_asleep_then_woken(simulator: Simulator, api: TeslaFleetApi) -> None:
    vehicle = api.vehicles.createFleet(AURORA)
    with pytest.raises(VehicleOffline):
        await vehicle.vehicle_data()
    assert (await vehicle.wake_up())["response"]["state"] != "online"
    simulator.clock.advance(60)
    assert (await vehicle.vehicle())["response"]["state"] == "online"
    data = (await vehicle.vehicle_data(["charge_state", "drive_state", "location_data"]))[
        "response"
    ]
    assert data["charge_state"]["battery_level"] in (67, 68)
    assert data["drive_state"]["latitude"] == pytest.approx(52.3731)
    assert simulator.world.cars[AURORA].wakes == 1
    counts = simulator.bill.counts(client_id="flotte-demo", vin=AURORA)
    assert counts[Category.DATA] == 2  # the one that was answered 408 is billed too
    assert counts[Category.WAKE] == 1


async def test_signed_lock(simulator: Simulator, api: TeslaFleetApi, aurora: Car) -> None:
    aurora.steer({"locked": False})
    vehicle = api.vehicles.createSigned(AURORA)

    assert (await vehicle.door_lock())["response"]["result"] is True

    assert aurora.body.is_locked
    assert runs(aurora) == [("door_lock", True, VEHICLE_SECURITY)]
    # A handshake and the command, on the same endpoint.
    assert simulator.bill.counts(vin=AURORA)[Category.COMMAND] == 2
    assert simulator.bill.total("flotte-demo") == Decimal("0.002")

    await vehicle.door_unlock()
    await vehicle.door_lock()
    counters = [run.counter or 0 for run in aurora.executions]
    assert counters[0] > 0
    assert all(later > earlier for earlier, later in pairwise(counters))
    assert simulator.bill.counts(vin=AURORA)[Category.COMMAND] == 4  # no more handshakes


async def test_signed_climate_and_charging(
    simulator: Simulator, api: TeslaFleetApi, aurora: Car
) -> None:
    vehicle = api.vehicles.createSigned(AURORA)

    assert (await vehicle.set_temps(21.5, 20.0))["response"]["result"] is True
    assert (await vehicle.charge_start())["response"]["result"] is True

    first, second = aurora.executions
    assert (first.name, first.domain) == ("set_temps", INFOTAINMENT)
    assert first.parameters == {"driver_temp": 21.5, "passenger_temp": 20.0}
    assert (second.name, second.domain) == ("charge_start", INFOTAINMENT)
    assert first.counter is not None
    assert second.counter == first.counter + 1
    simulator.clock.advance(120)
    data = (await vehicle.vehicle_data())["response"]
    assert data["charge_state"]["charging_state"] == "Charging"
    assert data["climate_state"]["driver_temp_setting"] == 21.5
    counts = simulator.bill.counts(vin=AURORA)
    assert (counts[Category.COMMAND], counts[Category.DATA]) == (3, 1)


async def test_unpaired_car_refuses(simulator: Simulator, api: TeslaFleetApi) -> None:
    with pytest.raises(TeslaFleetError):
        await api.vehicles.createSigned(COMET).door_lock()
    assert simulator.world.cars[COMET].executions == []
    status = (await api.vehicles.createFleet(COMET).fleet_status([COMET]))["response"]
    assert status["unpaired_vins"] == [COMET]


async def test_old_car_takes_plain_commands_only(simulator: Simulator, api: TeslaFleetApi) -> None:
    car = simulator.world.cars[OLD_FAITHFUL]
    with pytest.raises(InvalidResource):
        await api.vehicles.createSigned(OLD_FAITHFUL).door_lock()
    car.steer({"locked": False})
    vehicle = api.vehicles.createFleet(OLD_FAITHFUL)
    assert (await vehicle.door_lock())["response"] == {"result": True, "reason": ""}
    assert runs(car) == [("door_lock", False, None)]
    assert car.body.is_locked


async def test_unsigned_command_is_refused(
    simulator: Simulator, api: TeslaFleetApi, aurora: Car
) -> None:
    with pytest.raises(TeslaFleetError) as raised:
        await api.vehicles.createFleet(AURORA).door_lock()
    assert raised.value.status == 403
    assert "Tesla Vehicle Command Protocol required" in str(raised.value.data)
    assert aurora.executions == []
    assert simulator.bill.counts(vin=AURORA)[Category.COMMAND] == 1


async def test_energy(simulator: Simulator, api: TeslaFleetApi) -> None:
    site = api.energySites.create(SITE)
    live: dict[str, Any] = (await site.live_status())["response"]
    assert live["solar_power"] + live["battery_power"] + live["grid_power"] == live["load_power"]
    assert (await site.site_info())["response"]["site_name"] == "Home"
    await site.backup(35)
    assert (await site.site_info())["response"]["backup_reserve_percent"] == 35
    assert simulator.bill.counts(client_id="flotte-demo")[Category.ENERGY] == 4
    assert simulator.bill.total("flotte-demo") == 0


async def test_rate_limit_tells_when_to_come_back(simulator: Simulator, api: TeslaFleetApi) -> None:
    vehicle = api.vehicles.createFleet(AURORA)
    for _ in range(3):
        await vehicle.wake_up()
    with pytest.raises(RateLimited) as raised:
        await vehicle.wake_up()
    told: Any = raised.value.data  # declared as text, but it is an object
    assert 1 <= int(told["after"]) <= 60
    assert simulator.bill.counts(vin=AURORA)[Category.WAKE] == 4


async def test_expired_token(simulator: Simulator, api: TeslaFleetApi) -> None:
    simulator.clock.advance(8 * 3600)
    with pytest.raises(OAuthExpired):
        await api.products()


def test_executions_say_all_that_is_checked_here() -> None:
    assert {"name", "parameters", "signed", "counter", "domain"} <= set(
        Execution.__dataclass_fields__
    )
