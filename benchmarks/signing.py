"""Signed commands: Flotte's compared with those of `tesla-fleet-api`, and with a lower bound."""

import argparse
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from typing import Final, Self

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from tesla_fleet_api import TeslaFleetApi
from tesla_fleet_api.tesla.vehicle.signed import VehicleSigned
from tesla_protocol.command.universal_message_pb2 import (
    DOMAIN_INFOTAINMENT,
    DOMAIN_VEHICLE_SECURITY,
    RoutableMessage,
)

from benchmarks.plain_signing import PlainSigning
from benchmarks.simulated_tesla import Tesla, simulated_tesla
from benchmarks.timing import Timing, alternate, machine, positive
from custom_components.flotte.tesla.api.fleet import FleetApi
from custom_components.flotte.tesla.commands import lock_doors, set_charge_limit, unlock_doors
from custom_components.flotte.tesla.hosts import simulated
from custom_components.flotte.tesla.signing import ClientKey, Domain, Session
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.spending.meter import Meter
from custom_components.flotte.tesla.vehicle.vehicle import Vehicle

OURS: Final = "Flotte"
PEER: Final = f"tesla-fleet-api {version('tesla-fleet-api')}"
BOUND: Final = "plain lower bound"

MAX_OF_PEER: Final = 1.0
"""Goal: no slower than the peer, although the peer requests no encrypted reply."""
MAX_OF_BOUND: Final = 2.0
"""Goal: at most twice the lower bound."""

CALLER: Final = Caller(CallerKind.PERSON, "benchmark")
SCOPES: Final = frozenset({"vehicle_device_data", "vehicle_cmds", "vehicle_charging_cmds"})
LIFETIME: Final = 15
"""Seconds for which a command of the lower bound is valid, as long as Flotte's."""
SHORTER_WARM_UP: Final = 5
"""A fifth of the timed commands runs before them, untimed."""

# One command to each of the vehicle's computers, and no two in a row with the same value: a setting
# that the vehicle already has need not be sent at all.
TURNS: Final = (
    (lock_doors(), set_charge_limit(70)),
    (unlock_doors(), set_charge_limit(80)),
)
COMMANDS: Final = tuple(command for turn in TURNS for command in turn)
PAYLOADS: Final = tuple(
    (command.domain, command.payload) for command in COMMANDS if command.domain is not None
)
WIRE: Final = {
    Domain.VEHICLE_SECURITY: DOMAIN_VEHICLE_SECURITY,
    Domain.INFOTAINMENT: DOMAIN_INFOTAINMENT,
}


class WrongResult(Exception):
    """The measured code did not do what it should, so its time means nothing."""


def our_signing(session: Session) -> Callable[[bytes], str]:
    """Flotte's signing, as the conversation and `FleetApi.signed_command` do it."""

    def sign(payload: bytes) -> str:
        return b64encode(session.sign(payload, now=time.monotonic()).message).decode()

    return sign


def peer_signing(
    vehicle: VehicleSigned[TeslaFleetApi], domain: Domain
) -> Callable[[bytes], Awaitable[str]]:
    """The peer's signing for the Fleet API as in its `VehicleSigned`, without locks and checks."""
    session = vehicle._sessions[WIRE[domain]]  # noqa: SLF001  # no other way to its signing

    async def sign(payload: bytes) -> str:
        message = await vehicle._commandHmac(session, payload)  # noqa: SLF001  # as above
        return b64encode(message.SerializeToString()).decode()

    return sign


def plain_signing(private_key: ec.EllipticCurvePrivateKey, session: Session) -> PlainSigning:
    """The lower bound, which continues one of Flotte's sessions."""
    return PlainSigning(
        private_key,
        vehicle_public=session.state.vehicle_public,
        vin=session.vin,
        domain=WIRE[session.domain],
        epoch=session.state.epoch,
        routing_address=os.urandom(16),
        uuid=os.urandom(16),
        counter=session.state.counter,
        expires_at=int(session.state.vehicle_clock(time.monotonic())) + LIFETIME,
    )


class OurTrips:
    """Flotte's whole client: vehicle, conversation, meter, API."""

    def __init__(self, vehicle: Vehicle) -> None:
        self._vehicle = vehicle
        self._turn = 0

    async def go(self) -> None:
        """Send one command to each computer, with confirmed effect."""
        for command in TURNS[self._turn]:
            done = await self._vehicle.send(command, CALLER)
            if done.already:
                raise WrongResult(f"{command.name} was not needed")
        self._turn = 1 - self._turn


class PeerTrips:
    """The peer's whole client."""

    def __init__(self, vehicle: VehicleSigned[TeslaFleetApi]) -> None:
        self._turns = (
            # Other charge limits than Flotte's: the car refuses the limit that it already has.
            (vehicle.door_lock, lambda: vehicle.set_charge_limit(71)),
            (vehicle.door_unlock, lambda: vehicle.set_charge_limit(81)),
        )
        self._turn = 0

    async def go(self) -> None:
        """Send one command to each computer, without an error as far as the peer knows."""
        for send in self._turns[self._turn]:
            answer = await send()
            if answer["response"]["result"] is not True:
                raise WrongResult(f"the peer was refused: {answer}")
        self._turn = 1 - self._turn


@dataclass(frozen=True, slots=True)
class Figures:
    """The results of all measurements."""

    signing: Mapping[str, Timing]
    """By name of the signer, for each signed command."""
    trips: Mapping[str, Timing]
    """By name of the client, for each command, from the call to its interpreted answer."""

    def ratio(self, other: str) -> float:
        """The time of Flotte's signing compared with another's."""
        return self.signing[OURS].median / self.signing[other].median

    def to_json(self) -> str:
        """The medians in microseconds, and the ratios, as one line of JSON."""
        return json.dumps(
            {
                "ours_us": round(self.signing[OURS].median, 3),
                "peer_us": round(self.signing[PEER].median, 3),
                "bound_us": round(self.signing[BOUND].median, 3),
                "roundtrip_us": round(self.trips[OURS].median, 1),
                "peer_roundtrip_us": round(self.trips[PEER].median, 1),
                "ratio_peer": round(self.ratio(PEER), 4),
                "ratio_bound": round(self.ratio(BOUND), 4),
            }
        )


class Bench:
    """The clients of both, logged in to the simulator."""

    def __init__(self, tesla: Tesla, keys: Mapping[str, ec.EllipticCurvePrivateKey]) -> None:
        self._tesla = tesla
        self._keys = keys
        # Each has connections of its own, as it would have without the other.
        self._our_http = aiohttp.ClientSession()
        self._peer_http = aiohttp.ClientSession()
        self._api = FleetApi(
            self._our_http,
            self._token,
            hosts=simulated(tesla.url, {"eu": tesla.url}),
            base_url=tesla.url,
            meter=Meter(budget=Decimal(1_000_000)),
        )
        self._peer_api = TeslaFleetApi(
            self._peer_http, access_token=tesla.access_token, server=tesla.url
        )
        self._peer_api.private_key = keys[PEER]
        self._peer = self._peer_api.vehicles.createSigned(tesla.vin)

    async def _token(self, renewed: bool) -> str:  # noqa: FBT001  # the signature of a token source
        if renewed:
            raise WrongResult("the simulator refuses its own token")
        return self._tesla.access_token

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._our_http.close()
        await self._peer_http.close()

    async def measure_signing(self, *, repeats: int, commands: int) -> dict[str, Timing]:
        """Microseconds for each signed command: sign, serialise, base64."""
        our_sessions = await self._sessions(OURS)
        bound_sessions = await self._sessions(BOUND)
        await self._peer.handshakeVehicleSecurity()
        await self._peer.handshakeInfotainment()
        # The session of each domain, in advance: looking it up is no part of signing.
        ours = [(our_signing(our_sessions[domain]), payload) for domain, payload in PAYLOADS]
        peer = [(peer_signing(self._peer, domain), payload) for domain, payload in PAYLOADS]
        plain = {
            domain: plain_signing(self._keys[BOUND], session)
            for domain, session in bound_sessions.items()
        }
        bound = [(plain[domain].sign, payload) for domain, payload in PAYLOADS]
        await self._check(OURS, [sign(payload) for sign, payload in ours], is_encrypted=True)
        await self._check(PEER, [await sign(payload) for sign, payload in peer], is_encrypted=False)
        await self._check(BOUND, [sign(payload) for sign, payload in bound], is_encrypted=True)
        rounds = -(-commands // len(PAYLOADS))

        async def sign_ours() -> None:
            for _ in range(rounds):
                for sign, payload in ours:
                    sign(payload)

        async def sign_peer() -> None:
            for _ in range(rounds):
                for sign, payload in peer:
                    await sign(payload)

        async def sign_bound() -> None:
            for _ in range(rounds):
                for sign, payload in bound:
                    sign(payload)

        return await alternate(
            {OURS: sign_ours, PEER: sign_peer, BOUND: sign_bound},
            repeats=repeats,
            warm_up=-(-repeats // SHORTER_WARM_UP),
            units=rounds * len(PAYLOADS),
        )

    async def measure_trips(self, trips: int) -> dict[str, Timing]:
        """Microseconds for each command to the simulator and back.

        Raises:
            WrongResult: a command was not executed, or more than once.
        """
        vehicle = Vehicle(self._tesla.vin, self._api, ClientKey(self._keys[OURS]), scopes=SCOPES)
        vehicle.apply_state("online")
        ours, peer = OurTrips(vehicle), PeerTrips(self._peer)
        turns = -(-trips // len(TURNS[0]))
        warm_up = -(-turns // SHORTER_WARM_UP)
        before = await self._tesla.executions(self._our_http)
        timings = await alternate(
            {OURS: ours.go, PEER: peer.go},
            repeats=turns,
            warm_up=warm_up,
            units=len(TURNS[0]),
        )
        executed = await self._tesla.executions(self._our_http)
        executed.subtract(before)
        expected = _executions(warm_up + turns)
        if executed != expected + expected:
            raise WrongResult(f"the car executed {executed}")
        return timings

    async def _sessions(self, name: str) -> dict[Domain, Session]:
        """Shake hands with both computers, with one client's key."""
        key = ClientKey(self._keys[name])
        sessions = {domain: Session(key, self._tesla.vin, domain) for domain in Domain}
        for session in sessions.values():
            hello = session.hello(now=time.monotonic())
            reply = await self._api.signed_command(self._tesla.vin, hello.message, CALLER)
            session.open(hello, reply, now=time.monotonic())
        return sessions

    async def _check(self, name: str, messages: list[str], *, is_encrypted: bool) -> None:
        """Check that the car executes a client's signed commands, and how it replies.

        Raises:
            WrongResult: it does not execute them, or replies differently.
        """
        before = await self._tesla.executions(self._our_http)
        for message in messages:
            reply = RoutableMessage.FromString(
                await self._api.signed_command(self._tesla.vin, b64decode(message), CALLER)
            )
            if reply.signature_data.HasField("AES_GCM_Response_data") is not is_encrypted:
                raise WrongResult(f"the reply to {name} is not as it should be: {reply}")
        executed = await self._tesla.executions(self._our_http)
        executed.subtract(before)
        if executed != Counter(command.name for command in COMMANDS):
            raise WrongResult(f"of {name} the car executed {executed}")


def _executions(turns: int) -> Counter[str]:
    """The commands that the car must have executed after so many turns of one client."""
    return Counter(command.name for turn in range(turns) for command in TURNS[turn % len(TURNS)])


async def measure(*, repeats: int, commands: int, trips: int) -> Figures:
    """Measure everything in one run.

    Args:
        repeats: The number of timed batches of signed commands for each signer.
        commands: The number of commands in a batch; rounded up to whole rounds.
        trips: The number of commands that each client sends to the simulator; also rounded up.
    """
    keys = {name: ec.generate_private_key(ec.SECP256R1()) for name in (OURS, PEER, BOUND)}
    points = [ClientKey(key).public_bytes for key in keys.values()]
    async with simulated_tesla(points) as tesla, Bench(tesla, keys) as bench:
        return Figures(
            signing=await bench.measure_signing(repeats=repeats, commands=commands),
            trips=await bench.measure_trips(trips),
        )


def table(figures: Figures) -> str:
    """The table of all figures."""
    lines = [
        machine(),
        "",
        f"{'microseconds per command':<40}{'median':>10}{'10 %':>10}{'90 %':>10}",
        "sign, serialise, base64",
        *_rows(figures.signing),
        "round trip to the simulator",
        *_rows(figures.trips),
        "",
        _goal(f"{OURS} / {PEER}", figures.ratio(PEER), MAX_OF_PEER),
        _goal(f"{OURS} / {BOUND}", figures.ratio(BOUND), MAX_OF_BOUND),
    ]
    return "\n".join(lines)


_REPLIES: Final = {OURS: ", encrypted reply", BOUND: ", encrypted reply", PEER: ", plain reply"}


def _rows(timings: Mapping[str, Timing]) -> list[str]:
    return [
        f"  {name + _REPLIES[name]:<38}"
        f"{timing.median:>10,.2f}{timing.low:>10,.2f}{timing.high:>10,.2f}"
        for name, timing in timings.items()
    ]


def _goal(name: str, ratio: float, most: float) -> str:
    verdict = "met" if ratio <= most else "MISSED"
    return f"{name:<40}{ratio:>10.3f}   goal: at most {most:.1f}, {verdict}"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options for the number of measurements."""
    parser.add_argument(
        "--repeats", type=positive, default=2000, help="batches for each signer (%(default)s)"
    )
    parser.add_argument(
        "--commands", type=positive, default=20, help="commands in a batch (%(default)s)"
    )
    parser.add_argument(
        "--trips", type=positive, default=1000, help="round trips of each client (%(default)s)"
    )


async def run(options: argparse.Namespace) -> None:
    """Measure, and print the table and the line of JSON."""
    figures = await measure(repeats=options.repeats, commands=options.commands, trips=options.trips)
    sys.stdout.write(f"{table(figures)}\n\n{figures.to_json()}\n")
