"""A client that is not ours, the library `tesla-fleet-api`, works against the simulator.

It shows that the simulator speaks Tesla's language and not a dialect of our own, and that a car
understands the same when the library tells it something and when we do.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
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

from custom_components.flotte.tesla import commands
from custom_components.flotte.tesla.commands import Command, Seat
from custom_components.flotte.tesla.errors import CommandRefused
from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle
from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category
from simulator.cars import Car, Execution
from simulator.protocol.verification import Request
from tests.tesla.account import PERSON, Account

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
    """Executions: name, signed or not, domain."""
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


async def test_old_car_accepts_plain_commands_only(
    simulator: Simulator, api: TeslaFleetApi
) -> None:
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


async def test_rate_limit_has_the_time_of_the_next_attempt(
    simulator: Simulator, api: TeslaFleetApi
) -> None:
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


def test_executions_have_all_checked_members() -> None:
    assert {"name", "parameters", "signed", "counter", "domain"} <= set(
        Execution.__dataclass_fields__
    )


# --- The same meaning -----------------------------------------------------------------------------

HOME = (52.3731, 4.8903)
PIN = "1234"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One command, as we say it and as the library says it."""

    ours: Callable[[], Command]
    theirs: Callable[[Any], Awaitable[object]]
    """Given the library's vehicle."""
    car: Mapping[str, Any] = field(default_factory=dict)
    """How the car is steered before, so that ours may be sent."""
    their_domain: int | None = None
    """Where theirs goes, if elsewhere; `why` says why."""
    why: str = ""


ROWS = {
    "lock_doors": Row(ours=commands.lock_doors, theirs=lambda car: car.door_lock()),
    "unlock_doors": Row(ours=commands.unlock_doors, theirs=lambda car: car.door_unlock()),
    "remote_start": Row(ours=commands.remote_start, theirs=lambda car: car.remote_start_drive()),
    "open_frunk": Row(ours=commands.open_frunk, theirs=lambda car: car.actuate_trunk("front")),
    "open_trunk": Row(
        ours=lambda: commands.move_trunk(is_open=True), theirs=lambda car: car.actuate_trunk("rear")
    ),
    "close_trunk": Row(
        ours=lambda: commands.move_trunk(is_open=False),
        theirs=lambda car: car.actuate_trunk("rear"),
        car={"open": "rt"},
    ),
    "open_charge_port": Row(
        ours=commands.open_charge_port,
        theirs=lambda car: car.charge_port_door_open(),
        their_domain=VEHICLE_SECURITY,
        why="Tesla's own proxy uses infotainment, for which the charging scope is enough",
    ),
    "close_charge_port": Row(
        ours=commands.close_charge_port,
        theirs=lambda car: car.charge_port_door_close(),
        their_domain=VEHICLE_SECURITY,
        why="as above",
    ),
    "vent_windows": Row(
        ours=commands.vent_windows, theirs=lambda car: car.window_control("vent", *HOME)
    ),
    "close_windows": Row(
        ours=lambda: commands.close_windows(HOME),
        theirs=lambda car: car.window_control("close", *HOME),
    ),
    "open_tonneau": Row(
        ours=lambda: commands.move_tonneau("open"), theirs=lambda car: car.open_tonneau()
    ),
    "close_tonneau": Row(
        ours=lambda: commands.move_tonneau("close"), theirs=lambda car: car.close_tonneau()
    ),
    "stop_tonneau": Row(
        ours=lambda: commands.move_tonneau("stop"), theirs=lambda car: car.stop_tonneau()
    ),
    "vent_sunroof": Row(
        ours=lambda: commands.move_sunroof("vent"), theirs=lambda car: car.sun_roof_control("vent")
    ),
    "close_sunroof": Row(
        ours=lambda: commands.move_sunroof("close"),
        theirs=lambda car: car.sun_roof_control("close"),
    ),
    "open_sunroof": Row(
        ours=lambda: commands.move_sunroof("open"), theirs=lambda car: car.sun_roof_control("open")
    ),
    "start_charging": Row(ours=commands.start_charging, theirs=lambda car: car.charge_start()),
    "stop_charging": Row(ours=commands.stop_charging, theirs=lambda car: car.charge_stop()),
    "set_charge_limit": Row(
        ours=lambda: commands.set_charge_limit(72), theirs=lambda car: car.set_charge_limit(72)
    ),
    "set_charge_current": Row(
        ours=lambda: commands.set_charge_current(1), theirs=lambda car: car.set_charging_amps(1)
    ),
    "charge_to_maximum": Row(
        ours=commands.charge_to_maximum, theirs=lambda car: car.charge_max_range()
    ),
    "charge_to_standard": Row(
        ours=commands.charge_to_standard, theirs=lambda car: car.charge_standard()
    ),
    "add_charge_schedule": Row(
        ours=lambda: commands.add_charge_schedule(
            schedule_id=1_700_000_000,
            days=frozenset({"mon", "fri"}),
            position=HOME,
            start_minutes=65,
            end_minutes=420,
            one_time=True,
        ),
        theirs=lambda car: car.add_charge_schedule(
            days_of_week="Monday,Friday",
            enabled=True,
            lat=HOME[0],
            lon=HOME[1],
            start_time=65,
            end_time=420,
            one_time=True,
            id=1_700_000_000,
        ),
    ),
    "add_charge_schedule without a start": Row(
        ours=lambda: commands.add_charge_schedule(
            schedule_id=7,
            days=frozenset(commands.charging.DAYS),
            position=HOME,
            end_minutes=0,
            enabled=False,
        ),
        theirs=lambda car: car.add_charge_schedule(
            days_of_week="All", enabled=False, lat=HOME[0], lon=HOME[1], end_time=0, id=7
        ),
    ),
    "remove_charge_schedule": Row(
        ours=lambda: commands.remove_charge_schedule(1_700_000_000),
        theirs=lambda car: car.remove_charge_schedule(1_700_000_000),
    ),
    "remove_all_charge_schedules": Row(
        ours=lambda: commands.remove_all_charge_schedules(home=True, work=False, other=True),
        theirs=lambda car: car.batch_remove_charge_schedules(home=True, work=False, other=True),
    ),
    "add_precondition_schedule": Row(
        ours=lambda: commands.add_precondition_schedule(
            schedule_id=1_700_000_001,
            days=frozenset({"sun", "wed", "sat"}),
            position=HOME,
            ready_minutes=450,
        ),
        theirs=lambda car: car.add_precondition_schedule(
            days_of_week=1 + 8 + 64,
            enabled=True,
            lat=HOME[0],
            lon=HOME[1],
            precondition_time=450,
            id=1_700_000_001,
        ),
        why="the library takes no names of days here, only their mask",
    ),
    "remove_precondition_schedule": Row(
        ours=lambda: commands.remove_precondition_schedule(1_700_000_001),
        theirs=lambda car: car.remove_precondition_schedule(1_700_000_001),
    ),
    "remove_all_precondition_schedules": Row(
        ours=lambda: commands.remove_all_precondition_schedules(home=False, work=True, other=False),
        theirs=lambda car: car.batch_remove_precondition_schedules(
            home=False, work=True, other=False
        ),
    ),
    "set_scheduled_charging": Row(
        ours=lambda: commands.set_scheduled_charging(enabled=True, start_minutes=121),
        theirs=lambda car: car.set_scheduled_charging(enable=True, time=121),
    ),
    "set_scheduled_departure": Row(
        ours=lambda: commands.set_scheduled_departure(
            enabled=True,
            departure_minutes=430,
            preconditioning="all_week",
            off_peak="weekdays",
            off_peak_end_minutes=360,
        ),
        theirs=lambda car: car.set_scheduled_departure(
            enable=True,
            departure_time=430,
            preconditioning_enabled=True,
            off_peak_charging_enabled=True,
            off_peak_charging_weekdays_only=True,
            end_off_peak_time=360,
        ),
    ),
    "no scheduled_departure": Row(
        ours=lambda: commands.set_scheduled_departure(enabled=False),
        theirs=lambda car: car.set_scheduled_departure(enable=False),
    ),
    "start_climate": Row(
        ours=commands.start_climate, theirs=lambda car: car.auto_conditioning_start()
    ),
    "stop_climate": Row(
        ours=commands.stop_climate, theirs=lambda car: car.auto_conditioning_stop()
    ),
    "set_temperature": Row(
        ours=lambda: commands.set_temperature(21.5), theirs=lambda car: car.set_temps(21.5, 21.5)
    ),
    **{
        f"set_climate_keeper {mode}": Row(
            ours=lambda mode=mode: commands.set_climate_keeper(mode),  # type: ignore[misc]  # the loop's own value
            theirs=lambda car, number=number: car.set_climate_keeper_mode(number),  # type: ignore[misc]  # the same
        )
        for number, mode in enumerate(("off", "on", "dog", "camp"))
    },
    "set_defrost": Row(
        ours=lambda: commands.set_defrost(on=True),
        theirs=lambda car: car.set_preconditioning_max(on=True, manual_override=False),
    ),
    **{
        f"set_seat_heater {seat.name} {level}": Row(
            ours=lambda seat=seat, level=level: commands.set_seat_heater(seat, level),  # type: ignore[misc]  # the loop's own value
            theirs=lambda car, seat=seat, level=level: car.remote_seat_heater_request(  # type: ignore[misc]  # the same
                int(seat), level
            ),
            car={"climate": True},
        )
        for level, seat in zip((0, 1, 2, 3, 1, 2, 3, 0, 1), Seat, strict=True)
    },
    **{
        f"set_seat_cooler {seat.name} {level}": Row(
            ours=lambda seat=seat, level=level: commands.set_seat_cooler(seat, level),  # type: ignore[misc]  # the loop's own value
            theirs=lambda car, number=int(seat) + 1, level=level: car.remote_seat_cooler_request(  # type: ignore[misc]  # the same
                number, level
            ),
            why="both follow the documentation; Tesla's own proxy sends one level too low",
        )
        for seat, level in (
            (Seat.FRONT_LEFT, 0),
            (Seat.FRONT_LEFT, 1),
            (Seat.FRONT_RIGHT, 2),
            (Seat.FRONT_RIGHT, 3),
        )
    },
    "set_auto_seat_climate": Row(
        ours=lambda: commands.set_auto_seat_climate(Seat.FRONT_RIGHT, on=True),
        theirs=lambda car: car.remote_auto_seat_climate_request(2, auto_climate_on=True),
        car={"climate": True},
    ),
    "set_steering_wheel_heater": Row(
        ours=lambda: commands.set_steering_wheel_heater(on=True),
        theirs=lambda car: car.remote_steering_wheel_heater_request(on=True),
        car={"climate": True},
    ),
    "set_bioweapon_mode": Row(
        ours=lambda: commands.set_bioweapon_mode(on=True),
        theirs=lambda car: car.set_bioweapon_mode(on=True, manual_override=False),
    ),
    **{
        f"set_cabin_overheat_protection {mode}": Row(
            ours=lambda mode=mode: commands.set_cabin_overheat_protection(mode),  # type: ignore[misc]  # the loop's own value
            theirs=lambda car, on=on, fan_only=fan_only: car.set_cabin_overheat_protection(  # type: ignore[misc]  # the same
                on=on, fan_only=fan_only
            ),
        )
        for mode, on, fan_only in (
            ("off", False, False),
            ("on", True, False),
            ("fan_only", True, True),
        )
    },
    **{
        f"set_overheat_temperature {level}": Row(
            ours=lambda level=level: commands.set_overheat_temperature(level),  # type: ignore[misc]  # the loop's own value
            theirs=lambda car, number=number: car.set_cop_temp(number),  # type: ignore[misc]  # the same
            why="both follow the documentation; Tesla's own proxy sends one level too low",
        )
        for number, level in enumerate(("low", "medium", "high"))
    },
    "set_sentry_mode": Row(
        ours=lambda: commands.set_sentry_mode(on=True),
        theirs=lambda car: car.set_sentry_mode(on=True),
    ),
    "flash_lights": Row(ours=commands.flash_lights, theirs=lambda car: car.flash_lights()),
    "honk_horn": Row(ours=commands.honk_horn, theirs=lambda car: car.honk_horn()),
    "trigger_homelink": Row(
        ours=lambda: commands.trigger_homelink(HOME),
        theirs=lambda car: car.trigger_homelink(lat=HOME[0], lon=HOME[1]),
    ),
    "set_valet_mode": Row(
        ours=lambda: commands.set_valet_mode(on=True, pin=PIN),
        theirs=lambda car: car.set_valet_mode(on=True, password=PIN),
    ),
    "no valet_mode": Row(
        ours=lambda: commands.set_valet_mode(on=False),
        theirs=lambda car: car.set_valet_mode(on=False),
    ),
    "reset_valet_pin": Row(ours=commands.reset_valet_pin, theirs=lambda car: car.reset_valet_pin()),
    "set_guest_mode": Row(
        ours=lambda: commands.set_guest_mode(on=True),
        theirs=lambda car: car.guest_mode(enable=True),
    ),
    "set_pin_to_drive": Row(
        ours=lambda: commands.set_pin_to_drive(on=True, pin=PIN),
        theirs=lambda car: car.set_pin_to_drive(on=True, password=PIN),
    ),
    "reset_pin_to_drive": Row(
        ours=commands.reset_pin_to_drive, theirs=lambda car: car.reset_pin_to_drive_pin()
    ),
    "clear_pin_to_drive": Row(
        ours=commands.clear_pin_to_drive, theirs=lambda car: car.clear_pin_to_drive_admin()
    ),
    "set_speed_limit": Row(
        ours=lambda: commands.set_speed_limit(120.7),
        theirs=lambda car: car.speed_limit_set_limit(75),
    ),
    "activate_speed_limit": Row(
        ours=lambda: commands.activate_speed_limit(on=True, pin=PIN),
        theirs=lambda car: car.speed_limit_activate(PIN),
    ),
    "no activate_speed_limit": Row(
        ours=lambda: commands.activate_speed_limit(on=False, pin=PIN),
        theirs=lambda car: car.speed_limit_deactivate(PIN),
    ),
    "clear_speed_limit_pin": Row(
        ours=lambda: commands.clear_speed_limit_pin(PIN),
        theirs=lambda car: car.speed_limit_clear_pin(PIN),
    ),
    "clear_speed_limit_pin_as_owner": Row(
        ours=commands.clear_speed_limit_pin_as_owner,
        theirs=lambda car: car.speed_limit_clear_pin_admin(),
    ),
    "activate_parental_controls": Row(
        ours=lambda: commands.activate_parental_controls(on=True, pin=PIN),
        theirs=lambda car: car.parental_controls(activate=True, pin=PIN),
    ),
    "no activate_parental_controls": Row(
        ours=lambda: commands.activate_parental_controls(on=False, pin=PIN),
        theirs=lambda car: car.parental_controls(activate=False, pin=PIN),
    ),
    "set_parental_control": Row(
        ours=lambda: commands.set_parental_control("curfew", on=True),
        theirs=lambda car: car.parental_controls_enable_setting(setting=3, enable=True),
        why="the library passes the enum's number on; its documentation counts from 1, the enum"
        " from 0",
    ),
    "set_parental_speed_limit": Row(
        ours=lambda: commands.set_parental_speed_limit(104.6),
        theirs=lambda car: car.parental_controls_set_speed_limit(65),
    ),
    "clear_parental_pin": Row(
        ours=commands.clear_parental_pin, theirs=lambda car: car.parental_controls_clear_pin_admin()
    ),
    "set_volume": Row(
        ours=lambda: commands.set_volume(5.5), theirs=lambda car: car.adjust_volume(5.5)
    ),
    "step_volume up": Row(
        ours=lambda: commands.step_volume(up=True), theirs=lambda car: car.media_volume_up()
    ),
    "step_volume down": Row(
        ours=lambda: commands.step_volume(up=False), theirs=lambda car: car.media_volume_down()
    ),
    "toggle_playback": Row(
        ours=commands.toggle_playback, theirs=lambda car: car.media_toggle_playback()
    ),
    "set_playback": Row(
        ours=lambda: commands.set_playback(playing=True),
        theirs=lambda car: car.media_toggle_playback(),
        why="the same toggle; ours is only sent where the car is known to do the opposite",
    ),
    "next_track": Row(ours=commands.next_track, theirs=lambda car: car.media_next_track()),
    "previous_track": Row(ours=commands.previous_track, theirs=lambda car: car.media_prev_track()),
    "next_favourite": Row(ours=commands.next_favourite, theirs=lambda car: car.media_next_fav()),
    "previous_favourite": Row(
        ours=commands.previous_favourite, theirs=lambda car: car.media_prev_fav()
    ),
    "schedule_software_update": Row(
        ours=lambda: commands.schedule_software_update(120),
        theirs=lambda car: car.schedule_software_update(120),
        car={"software_update": {"status": "available"}},
    ),
    "cancel_software_update": Row(
        ours=commands.cancel_software_update, theirs=lambda car: car.cancel_software_update()
    ),
    "set_vehicle_name": Row(
        ours=lambda: commands.set_vehicle_name("Boréale"),
        theirs=lambda car: car.set_vehicle_name("Boréale"),
    ),
    "set_low_power_mode": Row(
        ours=lambda: commands.set_low_power_mode(on=True),
        theirs=lambda car: car.set_low_power_mode(on=True),
    ),
    "set_keep_accessory_power": Row(
        ours=lambda: commands.set_keep_accessory_power(on=True),
        theirs=lambda car: car.set_keep_accessory_power_mode(on=True),
    ),
    "erase_user_data": Row(ours=commands.erase_user_data, theirs=lambda car: car.erase_user_data()),
    "play_sound": Row(
        ours=lambda: commands.play_sound("locate"), theirs=lambda car: car.remote_boombox(2000)
    ),
    "get_charge_on_solar": Row(
        ours=commands.get_charge_on_solar, theirs=lambda car: car.get_charge_on_solar()
    ),
    "set_charge_on_solar": Row(
        ours=lambda: commands.set_charge_on_solar(is_on=True, lower=50, upper=90),
        theirs=lambda car: car.update_charge_on_solar(True, 50, 90),  # noqa: FBT003  # enabled
    ),
    "navigate_to_position": Row(
        ours=lambda: commands.navigate_to_position(HOME, "append"),
        theirs=lambda car: car.navigation_gps_request(*HOME, 3),
    ),
    "navigate_waypoints": Row(
        ours=lambda: commands.navigate_waypoints(["ChIJ_a", "ChIJ-b"]),
        theirs=lambda car: car.navigation_waypoints_request("refId:ChIJ_a,refId:ChIJ-b"),
    ),
    "take_drive_note": Row(
        ours=lambda: commands.take_drive_note("rattles"),
        theirs=lambda car: car.take_drivenote("rattles"),
    ),
    "send_calendar": Row(
        ours=lambda: commands.send_calendar("[]"),
        theirs=lambda car: car.upcoming_calendar_entries("[]"),
    ),
    "set_auto_steering_wheel": Row(
        ours=lambda: commands.set_auto_steering_wheel(on=True),
        theirs=lambda car: car.remote_auto_steering_wheel_heat_climate_request(on=True),
    ),
    "set_steering_wheel_level": Row(
        ours=lambda: commands.set_steering_wheel_level(3),
        theirs=lambda car: car.remote_steering_wheel_heat_level_request(3),
    ),
}


@dataclass(frozen=True)
class Understood:
    """The command that a car understood, whether or not it ran."""

    name: str
    parameters: Mapping[str, Any]
    signed: bool
    domain: int | None


@pytest.fixture
def understood(aurora: Car, monkeypatch: pytest.MonkeyPatch) -> list[Understood]:
    """Every command that Aurora gets from now on, refused or not."""
    heard: list[Understood] = []
    run = aurora._run

    def listen(
        name: str, parameters: dict[str, Any], *, signed: bool, request: Request | None = None
    ) -> None:
        domain = None if request is None else request.domain
        heard.append(Understood(name, dict(parameters), signed, domain))
        run(name, parameters, signed=signed, request=request)

    monkeypatch.setattr(aurora, "_run", listen)
    return heard


@pytest.fixture
async def ours(simulator: Simulator, aurora: Car) -> AsyncIterator[Vehicle]:
    """Aurora as Flotte sees her, with a key of our own on her keychain."""
    key = ClientKey.generate()
    aurora.pair(key.public_bytes)
    async with aiohttp.ClientSession() as session:
        account = Account(simulator, session)
        vehicle = Vehicle(AURORA, account.api, key, scopes=SCOPES)
        await vehicle.check(PERSON)
        yield vehicle


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_equal_meanings(
    api: TeslaFleetApi, ours: Vehicle, aurora: Car, understood: list[Understood], row: Row
) -> None:
    aurora.steer({"user_present": True, **row.car})
    # The car may refuse: what it took the message for is what is compared.
    with suppress(CommandRefused):
        # Theirs does not switch the climate on first.
        await ours.send(replace(row.ours(), preparation=None), PERSON)
    (we_said,) = understood
    assert we_said.signed
    assert we_said.name == row.ours().name

    with suppress(TeslaFleetError):
        await row.theirs(api.vehicles.createSigned(AURORA))
    (_, they_said) = understood
    assert (they_said.name, they_said.parameters) == (we_said.name, we_said.parameters)
    assert they_said.signed
    assert they_said.domain == (row.their_domain or we_said.domain)
    assert row.their_domain != we_said.domain, "not elsewhere at all"
    assert row.why or row.their_domain is None


def test_every_signed_command_is_compared() -> None:
    """Every signed command of the table has a row here."""
    compared = {
        name for row in ROWS.values() for name in (row.ours.__name__, *row.ours.__code__.co_names)
    }
    functions = {
        name
        for name, function in inspect.getmembers(commands, inspect.isfunction)
        if name in commands.__all__
    }
    assert functions - compared == UNSIGNED | WITHOUT_PEER, (
        "add a row to ROWS with the same command of the other client; a command that has no signed "
        "form belongs in UNSIGNED"
    )


UNSIGNED = {
    "navigate",
    "set_backup_reserve",
    "set_charge_from_grid",
    "set_export_rule",
    "set_off_grid_vehicle_reserve",
    "set_operation_mode",
    "set_rate_plan",
    "set_storm_watch",
}
WITHOUT_PEER = {"navigate_to_supercharger"}
"""The library names no Supercharger."""
"""There is no signed form."""
