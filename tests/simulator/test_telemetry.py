"""Streaming cars: messages, real TLS, and costs."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from freezegun.api import FrozenDateTimeFactory
from tesla_protocol.telemetry.vehicle_data_pb2 import Doors

from simulator import Simulator
from simulator.bill import Category
from simulator.telemetry import signature
from simulator.telemetry.link import Link
from simulator.telemetry.subscription import Emission
from simulator.world import World
from tests.simulator.telemetry_server import (
    HOSTNAME,
    DrivenClock,
    Message,
    Receiver,
    point_of,
    said,
    settle,
    token,
)
from tests.simulator.visitor import KeyHost, Visitor

AURORA = "XP7YGCEK0RB000001"
COMET = "LRW3E7FS0RC000002"
CLIENT = "flotte-demo"
NOW = 1795339800.0
"""2026-11-22 09:30 UTC, a point of the grid."""
CREATE = "/api/1/vehicles/fleet_telemetry_config_jws"

type Configure = Callable[..., Awaitable[None]]


@pytest.fixture
async def simulator(socket_enabled: None) -> AsyncIterator[Simulator]:
    """Stands still unless moved."""
    async with Simulator(DrivenClock(NOW), rate_limits=False) as simulator:
        yield simulator


@pytest.fixture
async def server(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Receiver]:
    """A telemetry server that knows the cars' authorities."""
    async with Receiver(tmp_path, simulator.streams.authorities.bundle, NOW) as server:
        yield server


@pytest.fixture
def configure(visitor: Visitor, token_of_owner: str, key_host: KeyHost) -> Configure:
    """Configure a car as it should be done."""

    async def configure(claims: dict[str, Any], vin: str = AURORA) -> None:
        body = {"vins": [vin], "token": token(key_host.key, claims)}
        reply = await visitor.post(CREATE, token=token_of_owner, json=body)
        assert reply.response == {"updated_vehicles": 1}

    return configure


@pytest.fixture
def token_of_owner(token: str) -> str:
    """The access token under a name that the signer does not have."""
    return token


def wake(simulator: Simulator, vin: str = AURORA) -> None:
    """Awake, and kept awake by an occupant."""
    simulator.world.cars[vin].steer({"state": "online", "user_present": True})


async def after(simulator: Simulator, seconds: float) -> None:
    simulator.clock.advance(seconds)
    await simulator.stream()


def link(simulator: Simulator, vin: str = AURORA) -> Link:
    return simulator.streams.link(vin)


def times(messages: list[Message]) -> list[float]:
    """Seconds since the beginning."""
    return [message.time - NOW for message in messages]


# ---- the connection ----------------------------------------------------------------------------


async def test_first_record_has_every_field(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(
        server.claims(["Soc", "Gear", "DoorState", "Locked", "VehicleName", "ChargeLimitSoc"])
    )
    await simulator.stream()
    (message,) = server.take()
    assert message.topic == b"V"
    assert message.sender == b"vehicle_device.XP7YGCEK0RB000001"
    assert message.device == b"XP7YGCEK0RB000001"
    assert message.created_at == 1795339800
    assert message.time == NOW
    assert not message.record.is_resend
    assert message.values == {
        "Soc": 68.0,
        "Gear": 2,
        "DoorState": Doors(),
        "Locked": True,
        "VehicleName": "Aurora",
        "ChargeLimitSoc": 80,
    }
    arms = [datum.value.WhichOneof("value") for datum in message.record.data]
    assert arms == [
        "double_value",
        "shift_state_value",
        "door_value",
        "boolean_value",
        "string_value",
        "int_value",
    ]
    assert link(simulator).acks == 1


async def test_how_a_car_connects(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Soc"]))
    await simulator.stream()
    (request,) = server.requests
    assert request.headers["User-Agent"] == "Hermes/1.16.9"
    assert request.headers["Version"] == "1.2.0"
    assert request.headers["X-Network-Interface"] == "wifi"
    assert len(request.headers["X-TXID"]) == 36
    assert "permessage-deflate" in request.headers["Sec-WebSocket-Extensions"]
    assert server.server_names == [HOSTNAME]
    (certificate,) = server.client_certificates
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in names] == [AURORA]


@pytest.mark.parametrize(
    ("vin", "issuer", "oids"),
    [
        (
            AURORA,
            "Tesla Motors Product Issuing CA",
            ["1.3.6.1.5.5.7.3.2", "1.3.6.1.4.1.49279.2.5.1"],
        ),
        (COMET, "Tesla Motors Products CA", ["1.3.6.1.5.5.7.3.2"]),
    ],
)
async def test_two_kinds_of_certificates(
    simulator: Simulator,
    server: Receiver,
    configure: Configure,
    key_host: KeyHost,
    vin: str,
    issuer: str,
    oids: list[str],
) -> None:
    if key_host.point not in simulator.world.cars[vin].keys:
        simulator.world.cars[vin].pair(key_host.point)
    wake(simulator, vin)
    await configure(server.claims(["Soc"]), vin)
    await simulator.stream()
    (certificate,) = server.client_certificates
    assert certificate.issuer.rfc4514_string() == f"CN={issuer}"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert [oid.dotted_string for oid in usage] == oids
    assert len(server.take()) == 1


async def test_the_bundle_is_served_and_always_the_same(visitor: Visitor) -> None:
    reply = await visitor.get("/simulator/telemetry/client_ca.pem")
    authorities = x509.load_pem_x509_certificates(reply.text.encode())
    assert [one.subject.rfc4514_string() for one in authorities] == [
        "CN=Tesla Product Root CA",
        "CN=Tesla Motors Product Issuing CA",
        "CN=Tesla Motors Root CA",
        "CN=Tesla Motors Products CA",
    ]
    assert Simulator().streams.authorities.bundle == reply.text.encode()
    assert Simulator(seed=2).streams.authorities.bundle != reply.text.encode()


async def test_a_car_connects_to_this_machine_only(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    # Would lead elsewhere, and the certificate is for another name.
    await configure(server.claims(["Soc"]) | {"hostname": "other.flotte.example"})
    await simulator.stream()
    assert server.take() == []
    assert server.server_names == ["other.flotte.example"]
    (error,) = simulator.world.cars[AURORA].telemetry.errors
    assert error["error_name"] == "cloud_manager_error"
    assert "Hostname mismatch" in error["error"]


async def test_another_authority_is_refused(
    simulator: Simulator, server: Receiver, configure: Configure, tmp_path: Path
) -> None:
    wake(simulator)
    (tmp_path / "other").mkdir()
    async with Receiver(tmp_path / "other", server.client_ca, NOW) as other:
        await configure(server.claims(["Soc"]) | {"ca": other.ca})
        await simulator.stream()
    assert server.requests == []
    (error,) = simulator.world.cars[AURORA].telemetry.errors
    assert "certificate verify failed" in error["error"]


async def test_certificates_end_by_the_simulated_clock(
    simulator: Simulator, configure: Configure, tmp_path: Path
) -> None:
    wake(simulator)
    bundle = simulator.streams.authorities.bundle
    async with Receiver(tmp_path, bundle, NOW, days=2) as server:
        await configure(server.claims(["Gear"]))
        await simulator.stream()
        await link(simulator).cut()
        await after(simulator, 86_400)
        assert len(server.requests) == 2
        await link(simulator).cut()
        await after(simulator, 1)
        assert len(server.requests) == 2
    (error,) = simulator.world.cars[AURORA].telemetry.errors
    assert "certificate has expired" in error["error"]


async def test_a_server_that_compresses_is_left(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    server.compress = True
    wake(simulator)
    await configure(server.claims(["Soc"]))
    await simulator.stream()
    await settle()
    assert len(server.requests) == 1
    assert (server.take(), server.open) == ([], 0)


@pytest.mark.parametrize("kind", ["none", "stranger"])
async def test_a_server_that_wants_a_certificate(
    simulator: Simulator, server: Receiver, configure: Configure, kind: str
) -> None:
    wake(simulator)
    simulator.world.cars[AURORA].steer({"telemetry": {"certificate": kind}})
    await configure(server.claims(["Soc"]))
    await simulator.stream()
    assert server.requests == []
    assert not link(simulator).is_connected


# ---- times of messages -------------------------------------------------------------------------


async def test_only_changes_on_the_grid(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["DoorState", "Locked", "Gear"]))
    await simulator.stream()
    server.take()
    await after(simulator, 60)
    assert server.take() == []
    simulator.clock.advance(0.2)
    simulator.world.cars[AURORA].steer({"open": "df"})
    await simulator.stream()
    assert server.take() == []
    await after(simulator, 0.4)
    (message,) = server.take()
    assert message.time == NOW + 60.5
    assert message.values == {"DoorState": Doors(DriverFront=True)}


async def test_a_change_within_the_interval_waits_for_its_end(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    await configure(server.claims({"DoorState": {"interval_seconds": 60}}))
    await simulator.stream()
    server.take()
    # Opened and closed again within the minute: not sent.
    simulator.clock.advance(10)
    car.steer({"open": "df"})
    simulator.clock.advance(10)
    car.steer({"close": "df"})
    simulator.clock.advance(10)
    car.steer({"open": "pf"})
    await after(simulator, 100)
    (message,) = server.take()
    assert times([message]) == [60]
    assert message.values == {"DoorState": Doors(PassengerFront=True)}


async def test_nothing_is_sent_before_its_interval_is_over(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims({"DoorState": {"interval_seconds": 2}}))
    await simulator.stream()
    simulator.clock.advance(1.5)
    simulator.world.cars[AURORA].steer({"open": "df"})
    await after(simulator, 3)
    assert times(server.take()) == [0, 2]


async def test_intervals_and_smallest_changes(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    simulator.world.cars[AURORA].steer({"charging": True})
    await configure(
        server.claims(
            {
                "BatteryLevel": {"interval_seconds": 60},
                "Soc": {"interval_seconds": 60, "minimum_delta": 0.5},
            }
        )
    )
    await after(simulator, 1800)
    messages = server.take()
    told = {
        name: [message for message in messages if name in message.values]
        for name in ("BatteryLevel", "Soc")
    }
    # The level changes every minute; charging starts after four seconds.
    assert times(told["BatteryLevel"]) == [60.0 * number for number in range(31)]
    levels = [message.values["Soc"] for message in told["Soc"]]
    steps = [after - before for before, after in pairwise(levels)]
    # 11 kW into 75 kWh: half a percent takes two minutes and a quarter; sampled every 5 s.
    assert len(steps) == 12
    assert all(0.5 <= step < 0.52 for step in steps)


async def test_resend_interval_repeats_unchanged_values(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(
        server.claims({"Gear": {"interval_seconds": 1, "resend_interval_seconds": 300}})
    )
    await after(simulator, 1000)
    messages = server.take()
    assert times(messages) == [0, 300, 600, 900]
    assert {message.values["Gear"] for message in messages} == {2}
    assert not any(message.record.is_resend for message in messages)


async def test_metres_for_places(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(
        server.claims(
            {
                "Location": {"interval_seconds": 1, "minimum_delta": 100},
                "Odometer": {"interval_seconds": 1},
            }
        )
    )
    simulator.world.cars[AURORA].steer({"drive": True})
    await after(simulator, 1200)
    messages = server.take()
    miles = [message.values["Odometer"] for message in messages if "Odometer" in message.values]
    # The built-in smallest change of the odometer.
    assert min(b - a for a, b in pairwise(miles)) >= 0.1
    assert max(b - a for a, b in pairwise(miles)) < 0.12
    places = sum("Location" in message.values for message in messages)
    driven = (miles[-1] - miles[0]) * 1609.344
    # A bend makes the straight line shorter than the distance driven.
    assert driven / 115 < places <= driven / 100 + 1


@pytest.mark.parametrize(
    ("firmware", "told"),
    [("2024.44.25", 6), ("2024.44.32", 1), ("2025.2.6", 1)],
)
async def test_old_firmware_knows_no_smallest_change(
    simulator: Simulator, server: Receiver, configure: Configure, firmware: str, told: int
) -> None:
    wake(simulator)
    simulator.world.cars[AURORA].steer({"firmware": firmware})
    await configure(server.claims({"Soc": {"interval_seconds": 10, "minimum_delta": 5}}))
    await after(simulator, 50)
    assert len(server.take()) == told


async def test_fields_that_the_car_lacks_are_left_out(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    simulator.world.cars[AURORA].steer({"firmware": "2024.44.32"})
    await configure(
        server.claims(["TonneauPosition", "SeatVentEnabled", "MediaAudioVolume", "Gear"])
    )
    await simulator.stream()
    assert [list(message.values) for message in server.take()] == [["Gear"]]


async def test_flapping_is_sent_at_each_interval(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    car.steer({"flapping": {"CurrentLimitMph": 0.02}})
    await configure(server.claims({"CurrentLimitMph": {"interval_seconds": 30}}))
    await after(simulator, 100)
    assert [message.values["CurrentLimitMph"] for message in server.take()] == [
        85.0,
        85.02,
        85.0,
        85.02,
    ]
    car.steer({"flapping": {}})
    await after(simulator, 100)
    assert [message.values["CurrentLimitMph"] for message in server.take()] == [85.0]


async def test_text_of_an_old_client(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    car.steer({"text_values": True, "open": ["df", "pf"], "values": {"FdWindow": "PartiallyOpen"}})
    await configure(
        server.claims(
            ["Gear", "DoorState", "FdWindow", "Location", "Locked", "ChargeLimitSoc", "HvacPower"]
        )
    )
    await simulator.stream()
    (message,) = server.take()
    assert message.values == {
        "Gear": "P",
        "DoorState": "DriverFront|PassengerFront",
        "FdWindow": "PartiallyOpen",
        "Location": "(52.373100 N, 4.890300 E)",
        "Locked": "true",
        "ChargeLimitSoc": "80",
        "HvacPower": 1,
    }


async def test_times_are_wrong_as_documented(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    car.charging.schedule.mode = "StartAt"
    car.charging.schedule.start_minutes = 15
    await configure(server.claims(["ScheduledChargingStartTime", "TpmsLastSeenPressureTimeFl"]))
    await simulator.stream()
    (message,) = server.take()
    # 2026-11-23 00:15 on the car's clock, and now, 10:30 there: both interpreted as times in
    # California.
    assert message.values == {
        "ScheduledChargingStartTime": 1795421700,
        "TpmsLastSeenPressureTimeFl": 1795372200,
    }


async def test_values_can_be_ordered(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear", "SentryMode"]))
    await simulator.stream()
    server.take()
    simulator.world.cars[AURORA].steer({"values": {"Gear": None, "SentryMode": "Panic"}})
    await after(simulator, 1)
    (message,) = server.take()
    assert message.values == {"Gear": "invalid", "SentryMode": 5}


# ---- asleep and awake --------------------------------------------------------------------------


async def test_invalid_before_sleep_and_everything_after(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    car = simulator.world.cars[AURORA]
    car.steer({"state": "online"})
    await configure(
        server.claims(
            {
                name: {"interval_seconds": 3600}
                for name in ("DetailedChargeState", "Gear", "InsideTemp", "Soc", "Locked")
            }
        )
    )
    await simulator.stream()
    assert server.open == 1
    server.take()
    # Eleven minutes without anything to do.
    await after(simulator, 700)
    (message,) = server.take()
    assert message.time == NOW + 660
    assert message.values == {
        "DetailedChargeState": "invalid",
        "Gear": "invalid",
        "InsideTemp": "invalid",
    }
    await settle()
    assert (car.state, server.open) == ("asleep", 0)
    await after(simulator, 3600)
    assert (server.take(), len(server.requests)) == ([], 1)
    car.wake_up()
    await after(simulator, 13)
    (message,) = server.take()
    assert message.time == NOW + 4312
    assert set(message.values) == {
        "DetailedChargeState",
        "Gear",
        "InsideTemp",
        "Soc",
        "Locked",
    }
    assert "invalid" not in [message.values[name] for name in ("Gear", "Soc", "Locked")]
    assert len(server.requests) == 2


async def test_a_whole_day_in_one_step(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    """Two wakes between two looks are sent with their own times."""
    car = simulator.world.cars[AURORA]
    await configure(server.claims({"Locked": {"interval_seconds": 1}}))
    car.wake_up()
    simulator.clock.advance(40_000)
    car.wake_up()
    await after(simulator, 40_000)
    assert times(server.take()) == [12, 40_012]
    await settle()
    assert (len(server.requests), server.open) == (2, 0)


async def test_configuration_waits_for_the_car(
    simulator: Simulator, server: Receiver, configure: Configure, visitor: Visitor, token: str
) -> None:
    path = f"/api/1/vehicles/{AURORA}/fleet_telemetry_config"
    await configure(server.claims(["Gear"]))
    assert (await visitor.get(path, token=token)).response["synced"] is False
    await after(simulator, 3600)
    assert server.requests == []
    car = simulator.world.cars[AURORA]
    car.steer({"telemetry": {"config_delay": 100}})
    await configure(server.claims(["Gear"]))
    wake(simulator)
    await after(simulator, 99)
    assert (await visitor.get(path, token=token)).response["synced"] is False
    await after(simulator, 2)
    assert (await visitor.get(path, token=token)).response["synced"] is True
    assert times(server.take()) == [3700]


async def test_a_new_configuration_takes_over(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear"]))
    await simulator.stream()
    await configure(server.claims(["Locked", "Gear"]))
    await after(simulator, 1)
    assert [list(message.values) for message in server.take()] == [["Gear"], ["Locked", "Gear"]]
    await settle()
    assert (len(server.requests), server.open) == (2, 1)


async def test_an_ended_configuration(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear"], exp=int(NOW) + 50))
    await simulator.stream()
    assert server.open == 1
    await after(simulator, 51)
    await settle()
    assert server.open == 0


# ---- acks, losses ------------------------------------------------------------------------------


async def test_without_acks_the_latest_is_sent_again(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    await configure(server.claims(["DoorState", "Locked"], delivery_policy="latest"))
    await simulator.stream()
    server.take()
    server.acks = False
    car.steer({"open": "df"})
    simulator.clock.advance(1)
    await simulator.stream(patience=0)
    simulator.clock.advance(1)
    car.steer({"close": "df", "locked": False})
    await simulator.stream(patience=0)
    await server.hears(2)
    first = server.take()
    assert [set(message.values) for message in first] == [{"DoorState"}, {"DoorState", "Locked"}]
    server.acks = True
    simulator.clock.advance(28)
    await simulator.stream(patience=0.05)
    assert server.take() == []
    await after(simulator, 2)
    (again,) = server.take()
    assert again.record.is_resend
    assert again.values == {"DoorState": Doors(), "Locked": False}
    assert again.time == NOW + 32
    assert again.txid not in {message.txid for message in first}
    await after(simulator, 60)
    assert server.take() == []
    # Sent again is billed again.
    assert simulator.bill.counts()[Category.SIGNAL] == 2 + 3 + 2


async def test_without_the_policy_acks_do_not_matter(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    server.acks = False
    wake(simulator)
    await configure(server.claims(["DoorState"]))
    await simulator.stream(patience=0)
    await server.hears(1)
    simulator.clock.advance(600)
    await simulator.stream(patience=0.05)
    assert len(server.take()) == 1


async def test_the_latest_after_a_lost_connection(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["DoorState"], delivery_policy="latest"))
    await simulator.stream()
    server.acks = False
    simulator.world.cars[AURORA].steer({"open": "df"})
    simulator.clock.advance(1)
    await simulator.stream(patience=0)
    await server.hears(2)
    await link(simulator).cut()
    server.take()
    server.acks = True
    await after(simulator, 1)
    (again,) = server.take()
    assert again.record.is_resend
    assert again.values == {"DoorState": Doors(DriverFront=True)}


async def test_clients_before_1_0_resend_nothing(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    car.steer({"firmware": "2025.2.5"})
    await configure(server.claims(["DoorState"], delivery_policy="latest"))
    await simulator.stream()
    server.acks = False
    car.steer({"open": "df"})
    simulator.clock.advance(1)
    await simulator.stream(patience=0)
    await server.hears(2)
    await link(simulator).cut()
    server.take()
    server.acks = True
    await after(simulator, 60)
    assert server.take() == []


async def test_a_connection_lost_on_order_does_not_mean_sleep(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    await configure(server.claims(["Locked"]))
    await simulator.stream()
    server.take()
    car.steer({"lose_connection": 300})
    await after(simulator, 1)
    await settle()
    assert (car.state, server.open) == ("online", 0)
    car.steer({"locked": False})
    await after(simulator, 290)
    assert (server.take(), server.open) == ([], 0)
    await after(simulator, 10)
    assert [(message.time - NOW, message.values) for message in server.take()] == [
        (1, {"Locked": False})
    ]
    # Without a time it is cut, and made again at once.
    car.steer({"lose_connection": 0})
    await after(simulator, 1)
    await settle()
    assert (len(server.requests), server.open) == (3, 1)
    assert server.take() == []


async def test_lost_changes_are_not_billed(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Locked", "Gear"]))
    await simulator.stream()
    simulator.world.cars[AURORA].steer({"lost_changes": {"Locked": 60}, "locked": False})
    await after(simulator, 30)
    assert len(server.take()) == 1
    assert simulator.bill.counts()[Category.SIGNAL] == 2


async def test_unsent_messages_are_kept(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    await configure(server.claims(["DoorState"]))
    await simulator.stream()
    await server.stop()
    await settle()
    server.take()
    simulator.clock.advance(1)
    car.steer({"open": "df"})
    await after(simulator, 1)
    car.steer({"close": "df"})
    await after(simulator, 10)
    assert simulator.bill.counts()[Category.SIGNAL] == 1
    await server.listen()
    await after(simulator, 30)
    messages = server.take()
    # With the times at which they happened.
    assert times(messages) == [1, 2]
    assert [message.values["DoorState"] for message in messages] == [
        Doors(DriverFront=True),
        Doors(),
    ]
    assert simulator.bill.counts()[Category.SIGNAL] == 3


async def test_pauses_grow_up_to_thirty_seconds(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["DoorState"]))
    await simulator.stream()
    await server.stop()
    await settle()
    start = simulator.clock.now()
    for _ in range(240):
        await after(simulator, 0.5)
    tries = [at - start for at in link(simulator).tries[1:]]
    assert tries == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]


async def test_five_thousand_are_kept(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    car.steer({"flapping": {"CurrentLimitMph": 1}})
    await configure(server.claims(["CurrentLimitMph"]))
    await simulator.stream()
    car.steer({"state": "offline"})
    server.take()
    await after(simulator, 6000)
    assert server.take() == []
    car.steer({"state": "online"})
    await after(simulator, 0.5)
    messages = server.take()
    assert len(messages) == 5000
    assert times(messages)[0] > 1000
    assert times(messages)[-1] == 6000


async def test_a_sleeping_car_does_not_deliver_kept_messages(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    car = simulator.world.cars[AURORA]
    car.steer({"state": "online"})
    await configure(server.claims(["DoorState"]))
    await simulator.stream()
    await server.stop()
    await settle()
    server.take()
    simulator.clock.advance(1)
    car.steer({"open": "df"})
    await after(simulator, 1)
    car.steer({"close": "df", "state": "asleep"})
    await after(simulator, 60)
    await server.listen()
    await after(simulator, 600)
    assert server.take() == []
    car.steer({"state": "online"})
    await after(simulator, 1)
    # The kept messages, and then every field again.
    assert times(server.take()) == [1, 2, 662]


# ---- alerts and errors -------------------------------------------------------------------------


async def test_alerts(simulator: Simulator, server: Receiver, configure: Configure) -> None:
    wake(simulator)
    car = simulator.world.cars[AURORA]
    await configure(server.claims(["Gear"], alert_types=["customer"]))
    await simulator.stream()
    server.take()
    car.steer({"alert": {"name": "VCSEC_a133_alarmTriggered", "audiences": ["customer"]}})
    car.steer({"alert": {"name": "BCCEN_w095_AlarmTriggered", "audiences": ["service"]}})
    await after(simulator, 30)
    car.steer({"alert": {"active": False}})
    await after(simulator, 1)
    begun, ended = (message.alerts.alerts[0] for message in server.take())
    assert begun.name == ended.name == "VCSEC_a133_alarmTriggered"
    assert list(begun.audiences) == [1]
    assert begun.started_at.seconds == ended.started_at.seconds == NOW
    assert not begun.HasField("ended_at")
    assert ended.ended_at.seconds == NOW + 30
    # One field and two alerts.
    assert simulator.bill.counts(vin=AURORA)[Category.SIGNAL] == 3


async def test_no_alerts_unless_configured(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear"]))
    simulator.world.cars[AURORA].steer({"alert": {}})
    await after(simulator, 1)
    assert [message.topic for message in server.take()] == [b"V"]


async def test_errors_are_sent_and_cost_nothing(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear"]))
    simulator.world.cars[AURORA].steer(
        {"client_error": {"name": "cloud_manager_error", "body": "close 1006", "tags": {"a": 1}}}
    )
    await simulator.stream()
    record, message = server.take()
    (error,) = message.errors.errors
    assert (error.name, error.body, dict(error.tags)) == (
        "cloud_manager_error",
        "close 1006",
        {"a": "1"},
    )
    assert simulator.bill.counts()[Category.SIGNAL] == len(record.values) == 1


# ---- the bill ----------------------------------------------------------------------------------


async def test_the_bill_counts_every_datum(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    car = simulator.world.cars[AURORA]
    car.steer({"state": "online", "drive": True})
    names = ["Location", "VehicleSpeed", "Soc", "Gear", "DoorState", "PackCurrent", "InsideTemp"]
    await configure(server.claims(names, alert_types=["customer"]))
    for _ in range(5):
        await after(simulator, 700)
    car.steer({"alert": {}})
    await after(simulator, 5)
    counted = Counter(message.topic for message in server.messages)
    data = sum(len(message.record.data) for message in server.messages if message.topic == b"V")
    assert counted[b"alerts"] == 1
    assert data > 1000
    assert simulator.bill.counts(client_id=CLIENT, vin=AURORA)[Category.SIGNAL] == data + 1
    assert any(
        "invalid" in message.values.values() for message in server.messages if message.topic == b"V"
    )
    described = (car.describe())["telemetry"]["configurations"][CLIENT]["link"]
    assert described["signals"] == data + 1
    assert described["acks"] == len(server.messages)


async def test_a_suspended_account_loses_its_configurations(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    wake(simulator)
    await configure(server.claims(["Gear"]))
    await simulator.stream()
    server.take()
    simulator.bill.charge(CLIENT, Category.WAKE, amount=10_000)
    simulator.bill.limits[CLIENT] = Decimal(0)
    await after(simulator, 1)
    await settle()
    assert server.open == 0
    # The last message of a car whose configuration was removed.
    assert [(message.topic, message.payload) for message in server.take()] == [(b"errors", b"")]
    assert simulator.world.cars[AURORA].telemetry.subscriptions == {}


async def test_messages_without_connections(
    simulator: Simulator, server: Receiver, configure: Configure
) -> None:
    """`due` returns the messages that would have been sent."""
    claims = server.claims(["Soc", "Gear", "VehicleSpeed"])
    car = simulator.world.cars[AURORA]
    car.steer({"state": "online", "drive": True})
    await configure(claims)
    simulator.clock.advance(2000)
    told = simulator.due()
    assert {(vin, client) for vin, client, _ in told} == {(AURORA, CLIENT)}
    emissions = [emission for _, _, emission in told]
    assert [emission.time for emission in emissions] == sorted(
        emission.time for emission in emissions
    )
    assert emissions[0].time == NOW
    assert all(tuple(said(one.payload)) == one.names for one in emissions)
    signals = sum(one.signals for one in emissions)
    assert simulator.bill.counts()[Category.SIGNAL] == signals > 500
    await simulator.stream()
    assert server.take() == []
    assert simulator.due() == []


@pytest.mark.parametrize("step", [0.5, 7.3, 60.0])
async def test_messages_do_not_depend_on_observations(step: float) -> None:
    """A drive and the time after it, observed often and once: the messages are equal."""
    told: list[list[tuple[float, bytes]]] = []
    key = ec.generate_private_key(ec.SECP256R1())
    claims = {
        "hostname": HOSTNAME,
        "ca": "a",
        "fields": {
            name: {"interval_seconds": 10}
            for name in (
                "Location",
                "VehicleSpeed",
                "Gear",
                "Odometer",
                "Locked",
                "DestinationName",
            )
        },
    }
    for one_step in (step, 3000.0):
        clock = DrivenClock(NOW)
        car = World(clock).cars[AURORA]
        car.steer({"state": "online", "drive": True, "pair": point_of(key).hex()})
        car.telemetry.offer(CLIENT, signature.read(token(key, claims)))
        emissions: list[Emission] = []
        while clock.now() < NOW + 3000:
            clock.advance(min(one_step, NOW + 3000 - clock.now()))
            emissions += [emission for _, emission in car.telemetry.due()]
        told.append([(emission.time, emission.payload) for emission in emissions])
    assert told[0] == told[1]
    assert len(told[0]) > 50


async def test_with_the_machines_clock_frozen(
    socket_enabled: None, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> None:
    """Freezegun stops the loop's timers too; a step must end anyway."""
    freezer.move_to("2026-11-22T09:30:00Z")
    key = ec.generate_private_key(ec.SECP256R1())
    async with (
        Simulator() as simulator,
        Receiver(tmp_path, simulator.streams.authorities.bundle, NOW) as server,
    ):
        simulator.login()
        car = simulator.world.cars[AURORA]
        car.steer({"state": "online", "pair": point_of(key).hex()})
        car.telemetry.offer(CLIENT, signature.read(token(key, server.claims(["DoorState"]))))
        await simulator.stream()
        car.steer({"open": "df"})
        freezer.tick(1)
        server.acks = False
        await simulator.stream(patience=0.05)
        await server.hears(2)
        assert times(server.take()) == [0, 1]
        # The test's own server would wait for the car with a timer that stands still.
        await simulator.streams.stop()
        await settle()


async def test_automatic_streaming(
    socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real clock the cars stream automatically."""
    monkeypatch.setattr("simulator.telemetry.streams.BEAT_SECONDS", 0.01)
    key = ec.generate_private_key(ec.SECP256R1())
    async with Simulator(streaming=True) as simulator:
        now = simulator.clock.now()
        async with Receiver(tmp_path, simulator.streams.authorities.bundle, now) as server:
            simulator.login()
            car = simulator.world.cars[AURORA]
            car.steer({"state": "online", "pair": point_of(key).hex()})
            car.telemetry.offer(CLIENT, signature.read(token(key, server.claims(["DoorState"]))))
            await server.heard.wait()
            server.heard.clear()
            car.steer({"open": "df"})
            await server.heard.wait()
            first, second = server.take()
            assert first.values == {"DoorState": Doors()}
            assert second.values == {"DoorState": Doors(DriverFront=True)}
            assert now <= first.time <= second.time <= simulator.clock.now() + 0.5
            assert (first.time % 0.5, second.time % 0.5) == (0, 0)
    assert server.open == 0
