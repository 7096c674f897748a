"""Configurations: created, shown, removed, refused."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulator import Simulator
from simulator.accounts import SCOPES
from simulator.bill import Category
from tests.simulator.telemetry_server import DrivenClock, said, settle, token
from tests.simulator.visitor import KeyHost, Reply, Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
OLD = "5YJSA7E20KF000003"
NOW = 1795339800.0
CLIENT = "flotte-demo"
CREATE = "/api/1/vehicles/fleet_telemetry_config_jws"
CLAIMS: dict[str, Any] = {
    "hostname": "car.flotte.example",
    "port": 4443,
    "ca": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
    "fields": {"Soc": {"interval_seconds": 60, "minimum_delta": 0.5}},
    "alert_types": ["customer"],
    "delivery_policy": "latest",
    "exp": 1900000000,
}


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncIterator[Simulator]:
    async with Simulator(DrivenClock(NOW), rate_limits=False) as simulator:
        yield simulator


class Owner:
    """Configures cars in the name of owner-1."""

    def __init__(self, visitor: Visitor, host: KeyHost, access: str) -> None:
        self.visitor = visitor
        self.host = host
        self.access = access

    async def create(
        self, vins: list[str], *, key: ec.EllipticCurvePrivateKey | None = None, **changes: Any
    ) -> Reply:
        """Send a signed configuration; None leaves a claim out."""
        claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
        body = {"vins": vins, "token": token(key or self.host.key, claims)}
        return await self.visitor.post(CREATE, token=self.access, json=body)

    async def shown(self, vin: str = AURORA) -> Any:
        """The cloud's answer about the configuration."""
        return (await self.visitor.get(path(vin), token=self.access)).response

    async def errors(self, vin: str = AURORA) -> Any:
        """The errors that the car reported."""
        reply = await self.visitor.get(path(vin, "fleet_telemetry_errors"), token=self.access)
        return reply.response["fleet_telemetry_errors"]


@pytest.fixture
def owner(visitor: Visitor, registered: KeyHost, token: str) -> Owner:
    return Owner(visitor, registered, token)


def path(vin: str, name: str = "fleet_telemetry_config") -> str:
    return f"/api/1/vehicles/{vin}/{name}"


def wake(simulator: Simulator, vin: str = AURORA) -> None:
    simulator.world.cars[vin].steer({"state": "online", "user_present": True})


async def test_created_shown_removed(simulator: Simulator, owner: Owner) -> None:
    assert await owner.shown() == {
        "synced": True,
        "config": None,
        "limit_reached": False,
        "key_paired": True,
    }
    assert (await owner.create([AURORA])).response == {"updated_vehicles": 1}
    # Asleep: it gets it when it is online.
    shown = await owner.shown()
    assert (shown["synced"], shown["config"]) == (False, CLAIMS)
    wake(simulator)
    assert (await owner.shown())["synced"] is True
    reply = await owner.visitor.ask("DELETE", path(AURORA), token=owner.access)
    assert reply.response == {"updated_vehicles": 1}
    assert (await owner.shown())["config"] is None
    reply = await owner.visitor.ask("DELETE", path(AURORA), token=owner.access)
    assert reply.response == {"updated_vehicles": 0}


async def test_all_of_it_is_billed_as_data(simulator: Simulator, owner: Owner) -> None:
    await owner.create([AURORA])
    await owner.shown()
    await owner.errors()
    await owner.visitor.ask("DELETE", path(AURORA), token=owner.access)
    counts = {kind: count for kind, count in simulator.bill.counts().items() if count}
    assert counts.pop(Category.FREE) >= 2  # registration
    assert counts == {Category.DATA: 4}


async def test_an_old_model_s_streams_without_a_key(simulator: Simulator, owner: Owner) -> None:
    car = simulator.world.cars[OLD]
    car.steer({"telemetry_version": "1.2.0", "streaming_toggle": False, "firmware": "2025.20"})
    reply = await owner.create([OLD])
    assert reply.response["skipped_vehicles"] == {"unsupported_hardware": [OLD]}
    car.steer({"streaming_toggle": True, "firmware": "2025.14.3"})
    reply = await owner.create([OLD])
    assert reply.response["skipped_vehicles"] == {"unsupported_firmware": [OLD]}
    car.steer({"firmware": "2025.20", "state": "online"})
    assert (await owner.create([OLD], fields={"Gear": {"interval_seconds": 1}})).response == {
        "updated_vehicles": 1
    }
    simulator.clock.advance(180)
    told = [said(emission.payload)["Gear"] for _, _, emission in simulator.due()]
    # Park and invalid in turn.
    assert told == [2, "invalid", 2, "invalid"]
    assert await owner.errors(OLD) == []


async def test_skipped_cars(simulator: Simulator, owner: Owner) -> None:
    reply = await owner.create([AURORA, COMET, OLD])
    assert reply.response == {
        "updated_vehicles": 1,
        "skipped_vehicles": {"missing_key": [COMET], "unsupported_hardware": [OLD]},
    }
    simulator.world.cars[AURORA].steer({"firmware": "2024.20.9"})
    reply = await owner.create([AURORA])
    assert reply.response == {
        "updated_vehicles": 0,
        "skipped_vehicles": {"unsupported_firmware": [AURORA]},
    }
    simulator.world.cars[AURORA].steer({"firmware": "2024.26", "telemetry_version": None})
    reply = await owner.create([AURORA])
    assert reply.response["skipped_vehicles"] == {"unsupported_hardware": [AURORA]}


async def test_a_full_car(simulator: Simulator, owner: Owner) -> None:
    car = simulator.world.cars[AURORA]
    car.steer({"telemetry": {"other_configurations": 5}})
    reply = await owner.create([AURORA])
    assert reply.response == {
        "updated_vehicles": 0,
        "skipped_vehicles": {"max_configs": [AURORA]},
    }
    assert (await owner.shown())["limit_reached"] is True
    # As it used to be: reported as updated, but without a configuration.
    car.steer({"telemetry": {"hides_limit": True}})
    assert (await owner.create([AURORA])).response == {"updated_vehicles": 1}
    shown = await owner.shown()
    assert (shown["synced"], shown["config"], shown["limit_reached"]) == (True, None, True)
    # A freed place does not bring it back.
    car.steer({"telemetry": {"other_configurations": 4}})
    shown = await owner.shown()
    assert (shown["config"], shown["limit_reached"]) == (None, False)
    await owner.create([AURORA])
    car.steer({"telemetry": {"other_configurations": 5}})
    assert (await owner.create([AURORA])).response == {"updated_vehicles": 1}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"hostname": None}, "hostname is missing"),
        ({"ca": None}, "ca is missing"),
        ({"fields": {}}, "fields is missing"),
        ({"fields": {"Sok": {"interval_seconds": 1}}}, "Unknown field Sok"),
        ({"fields": {"Unknown": {"interval_seconds": 1}}}, "Unknown field Unknown"),
        ({"fields": {"Soc": {}}}, "Soc: interval_seconds must be a whole number from 1"),
        (
            {"fields": {"Soc": {"interval_seconds": 0}}},
            "Soc: interval_seconds must be a whole number from 1",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 1.5}}},
            "Soc: interval_seconds must be a whole number from 1",
        ),
        (
            {"fields": {"Soc": {"interval_seconds": 1, "minimal_delta": 1}}},
            "Soc: unknown minimal_delta",
        ),
        (
            {"fields": {"SelfDrivingMilesSinceReset": {"interval_seconds": 1}}},
            "SelfDrivingMilesSinceReset: minimum_delta must be at least 1",
        ),
        ({"alert_types": "customer"}, "alert_types must be a list of strings"),
        ({"delivery_policy": "newest"}, "delivery_policy must be latest"),
        (
            {"hostname": "car.elsewhere.example"},
            "hostname car.elsewhere.example does not share the root domain of the application",
        ),
    ],
)
async def test_refused_configurations(owner: Owner, changes: dict[str, Any], text: str) -> None:
    reply = await owner.create([AURORA], **changes)
    assert (reply.status, reply.error) == (400, text)
    assert (await owner.shown())["config"] is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"vins": [AURORA], "token": "a.b.c"}, 400),
        ({"vins": [AURORA]}, 400),
        ({"vins": AURORA, "token": ""}, 400),
        ({"vins": [], "token": ""}, 400),
        ({"vins": ["5YJ3E1EA7KF999999"], "token": ""}, 404),
    ],
)
async def test_refused_bodies(owner: Owner, body: dict[str, Any], status: int) -> None:
    assert (await owner.visitor.post(CREATE, token=owner.access, json=body)).status == status


async def test_only_signed_configurations(owner: Owner) -> None:
    body = {"vins": [AURORA], "config": CLAIMS}
    reply = await owner.visitor.post(CREATE.removesuffix("_jws"), token=owner.access, json=body)
    assert reply.status == 400
    assert "must be signed" in reply.error


async def test_scopes(simulator: Simulator, owner: Owner) -> None:
    place = {"Location": {"interval_seconds": 10}}
    owner.access = simulator.login(scopes=SCOPES - {"vehicle_location"})["access_token"]
    reply = await owner.create([AURORA], fields=place)
    assert (reply.status, reply.error) == (403, "Unauthorized missing scopes")
    assert (await owner.create([AURORA])).status == 200
    owner.access = simulator.login(scopes=frozenset({"vehicle_cmds"}))["access_token"]
    assert (await owner.create([AURORA])).status == 403


async def test_a_withdrawn_consent_removes_it(
    simulator: Simulator, owner: Owner, visitor: Visitor
) -> None:
    await owner.create([AURORA], fields={"GpsState": {"interval_seconds": 10}})
    change = {"user": "owner-1", "client_id": CLIENT, "scopes": ["vehicle_device_data"]}
    assert (await visitor.post("/simulator/accounts", json=change)).status == 200
    assert (await owner.shown())["config"] is None
    assert (await owner.create([AURORA])).response == {"updated_vehicles": 1}
    await visitor.post("/simulator/accounts", json={"user": "owner-1", "revoke": CLIENT})
    # Any request at all makes the cloud look.
    await visitor.get("/status")
    assert simulator.world.cars[AURORA].telemetry.subscriptions == {}


async def test_cars_of_others(simulator: Simulator, owner: Owner) -> None:
    owner.access = simulator.login("owner-2")["access_token"]
    assert (await owner.create([AURORA])).status == 404
    assert (await owner.visitor.get(path(AURORA), token=owner.access)).status == 404


async def test_a_partner_configures_granted_cars(owner: Owner, visitor: Visitor) -> None:
    owner.access = await visitor.partner()
    assert (await owner.create([AURORA])).response == {"updated_vehicles": 1}
    reply = await visitor.ask("DELETE", path(AURORA), token=owner.access)
    assert reply.response == {"updated_vehicles": 1}


async def test_one_creation_at_a_time(simulator: Simulator, owner: Owner) -> None:
    replies = await asyncio.gather(owner.create([AURORA]), owner.create([AURORA]))
    assert sorted(reply.status for reply in replies) == [200, 429]
    assert simulator.bill.counts()[Category.DATA] == 2
    assert (await owner.create([AURORA])).status == 200


async def test_a_delayed_creation_is_under_way(
    simulator: Simulator, owner: Owner, delay_over: asyncio.Event
) -> None:
    simulator.faults.order("delay", endpoint="fleet_telemetry_config_jws", seconds=1)
    first = asyncio.create_task(owner.create([AURORA]))
    while not simulator.cloud.in_flight:
        await settle()
    assert (await owner.create([AURORA])).status == 429
    delay_over.set()
    assert (await first).status == 200


async def test_a_strangers_signature_is_the_cars_business(
    simulator: Simulator, owner: Owner, visitor: Visitor
) -> None:
    wake(simulator)
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert (await owner.create([AURORA], key=stranger)).response == {"updated_vehicles": 1}
    shown = await owner.shown()
    assert (shown["synced"], shown["config"]) == (True, CLAIMS)
    (error,) = await owner.errors()
    assert error == {
        "vin": AURORA,
        "name": CLIENT,
        "error": "InvalidSignature: unknown issuer",
        "error_name": "config_manager_error",
        "created_at": "2026-11-22T09:30:00+00:00",
        "txID": error["txID"],
    }
    await simulator.stream()
    assert simulator.streams.link(AURORA).tries == []
    partner = await visitor.partner()
    reply = await visitor.get("/api/1/partner_accounts/fleet_telemetry_errors", token=partner)
    assert reply.response == {"fleet_telemetry_errors": [error]}
    reply = await visitor.get("/api/1/partner_accounts/fleet_telemetry_error_vins", token=partner)
    assert reply.response == {"vins": [AURORA]}


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"aud": "com.tesla.fleet.Other"}, "InvalidSignature: invalid audience"),
        (
            {"aud": f"com.tesla.vehicle.{COMET}.TelemetryClient"},
            "InvalidSignature: invalid audience",
        ),
        ({"exp": int(NOW)}, "TokenExpired"),
        ({"port": "4443"}, "invalid port"),
    ],
)
async def test_other_configurations_that_the_car_refuses(
    simulator: Simulator, owner: Owner, changes: dict[str, Any], text: str
) -> None:
    wake(simulator)
    assert (await owner.create([AURORA], **changes)).response == {"updated_vehicles": 1}
    assert [error["error"] for error in await owner.errors()] == [text]
    await simulator.stream()
    assert simulator.streams.link(AURORA).tries == []


async def test_for_one_car_alone(simulator: Simulator, owner: Owner) -> None:
    wake(simulator)
    await owner.create([AURORA], aud=f"com.tesla.vehicle.{AURORA}.TelemetryClient")
    assert await owner.errors() == []


async def test_a_forged_signature(simulator: Simulator, owner: Owner) -> None:
    wake(simulator)
    signed = token(owner.host.key, CLAIMS)
    other = token(owner.host.key, CLAIMS | {"port": 1})
    forged = signed.rpartition(".")[0] + "." + other.rpartition(".")[2]
    body = {"vins": [AURORA], "token": forged}
    await owner.visitor.post(CREATE, token=owner.access, json=body)
    assert [error["error"] for error in await owner.errors()] == [
        "InvalidSignature: verification failed"
    ]


async def test_the_truth_about_it(simulator: Simulator, owner: Owner, visitor: Visitor) -> None:
    await owner.create([AURORA])
    truth = (await visitor.get(f"/simulator/cars/{AURORA}")).json["telemetry"]
    assert truth["configurations"][CLIENT] == {
        "synced": False,
        "followed": False,
        "config": CLAIMS,
        "messages": 0,
        "waiting": 0,
        "link": None,
    }


@pytest.mark.parametrize(
    "order",
    [
        {"flapping": {"Gear": 1}},
        {"flapping": {"Soc": "a"}},
        {"values": {"Nothing": 1}},
        {"values": {"Gear": "Z"}},
        {"values": {"Locked": [1]}},
        {"text_values": 1},
        {"telemetry": {"nothing": 1}},
        {"telemetry": {"certificate": "gold"}},
        {"alert": {"audiences": ["nobody"]}},
    ],
)
async def test_wrong_orders(visitor: Visitor, order: dict[str, Any]) -> None:
    reply = await visitor.post(f"/simulator/cars/{AURORA}", json=order)
    assert reply.status == 400, reply.text


async def test_a_reset_forgets_it(simulator: Simulator, owner: Owner, visitor: Visitor) -> None:
    await owner.create([AURORA])
    await visitor.post("/simulator/reset", json={"keep_accounts": True})
    assert (await owner.shown())["config"] is None
