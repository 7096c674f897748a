"""An account whose cars push records, in a process of its own, as cars are separate.

    python -m benchmarks.streaming_cars NUMBER OWNERS

prints one line of JSON, serves as Tesla's cloud, and reads orders (JSON, a line each) from its
standard input until that is closed. The records come through connections like those of cars, over
mutual TLS, on a schedule that does not wait for acknowledgements.
"""

import asyncio
import json
import math
import ssl
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import aiohttp

from benchmarks.child import Child, child
from benchmarks.logged_in import CLIENT_ID, PUBLIC_DOMAIN, Account, Login
from benchmarks.records import Records
from simulator import Simulator
from simulator.accounts import Registration
from simulator.cars import Car
from simulator.clock import Clock
from simulator.telemetry import envelope
from simulator.telemetry.certificates import Authorities, Kind
from simulator.vehicle.model import MODEL_Y

START_SECONDS = 60
CONNECT_SECONDS = 60
SLACK_SECONDS = 30
"""The time that an order may take beyond its expected duration."""
CONNECTIONS_AT_ONCE = 8

OWNERS = ("owner-1", "owner-2")
"""Two, because Home Assistant allows a config entry at most 10,000 enabled entities."""
REGION = "eu"
SEED = 1


@dataclass(frozen=True, slots=True)
class Push:
    """An order: every car sends `per_second` records for so many seconds, with these fields."""

    fields: Sequence[str]
    per_second: float
    seconds: float

    @property
    def records(self) -> int:
        """The number of records of each car."""
        return round(self.per_second * self.seconds)


@dataclass(frozen=True, slots=True)
class Pushed:
    """The result of a push; lists by car, of nanoseconds on the machine's monotonic clock."""

    due: list[list[int]]
    """The scheduled time of each record."""
    sent: list[list[int]]
    acknowledged: list[list[int]]


class StreamingCars:
    """The cars, controlled from another process."""

    def __init__(self, account: Account, process: Child) -> None:
        self.account = account
        self._process = process

    async def pair(self, key: bytes) -> None:
        """Put a public key (65 bytes) on all cars, and register it with Tesla."""
        await self._order("pair", {"key": key.hex()}, CONNECT_SECONDS)

    async def connect(self, *, port: int, host: str, ca: str, cars: int) -> None:
        """Connect the first so many cars."""
        order = {"port": port, "host": host, "ca": ca, "cars": cars}
        await self._order("connect", order, CONNECT_SECONDS)

    async def push(self, order: Push) -> Pushed:
        """Let the cars push; returns when everything is acknowledged."""
        answer = await self._order("push", asdict(order), order.seconds + SLACK_SECONDS)
        return Pushed(**json.loads(answer))

    async def disconnect(self) -> None:
        """Disconnect the cars."""
        await self._order("disconnect", {}, CONNECT_SECONDS)

    async def _order(self, name: str, arguments: dict[str, Any], seconds: float) -> str:
        self._process.send(json.dumps({name: arguments}))
        return await self._process.line(seconds)


@asynccontextmanager
async def streaming_cars(number: int, owners: int = len(OWNERS)) -> AsyncIterator[StreamingCars]:
    """Run so many cars of so many owners in a child process. Raises ChildFailed."""
    async with child("benchmarks.streaming_cars", str(number), str(owners)) as process:
        account = Account.from_json(await process.line(START_SECONDS))
        yield StreamingCars(account, process)


# --- The other process ---------------------------------------------------------------------------


MODEL_S: Final = replace(MODEL_Y, car_type="models")
"""A model that has every signal which is measured: its rear motors are two."""


def _vin(number: int) -> str:
    return f"5YJSGCEK0RB{number:06}"


class _Connection:
    """The connection of one car."""

    def __init__(
        self,
        vin: str,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse[bool],
    ) -> None:
        self._vin = vin
        self._session = session
        self._socket = socket
        self._acknowledged: list[int] = []
        self._expected = 0
        self._complete = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            if envelope.read(message.data).message_type == envelope.ACK:
                self._acknowledged.append(time.monotonic_ns())
                if len(self._acknowledged) == self._expected:
                    self._complete.set()
        # Missing acknowledgements will not come; the figures show them.
        self._complete.set()

    async def push(self, order: Push, begin: float) -> tuple[list[int], list[int], list[int]]:
        """Push on a schedule from this second on; returns the times of sending and of acks."""
        loop = asyncio.get_running_loop()
        records = Records(self._vin, order.fields)
        self._acknowledged.clear()
        self._complete.clear()
        self._expected = order.records
        due, sent = [], []
        for number in range(order.records):
            at = begin + number / order.per_second
            record = records.next()
            await asyncio.sleep(at - loop.time())
            due.append(round(at * 1e9))
            sent.append(time.monotonic_ns())
            await self._socket.send_bytes(record)
        await self._complete.wait()
        return due, sent, list(self._acknowledged)

    async def close(self) -> None:
        await self._socket.close()
        await self._session.close()
        await self._reader


class _Cars:
    """All connections."""

    def __init__(self, vins: Sequence[str]) -> None:
        self._vins = vins
        self._authorities = Authorities(SEED)
        self._connections: list[_Connection] = []

    async def connect(self, port: int, host: str, ca: str, cars: int) -> dict[str, Any]:
        turns = asyncio.Semaphore(CONNECTIONS_AT_ONCE)

        async def connect_one(vin: str) -> _Connection:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=ca)
            self._authorities.present(context, vin, Kind.OID)
            session = aiohttp.ClientSession()
            async with turns:
                socket = await session.ws_connect(
                    f"wss://127.0.0.1:{port}/",
                    ssl=context,
                    server_hostname=host,
                    headers={"Host": f"{host}:{port}", "X-Network-Interface": "wifi"},
                )
            return _Connection(vin, session, socket)

        self._connections = await asyncio.gather(*map(connect_one, self._vins[:cars]))
        return {}

    async def push(self, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
        order = Push(**arguments)
        begin = asyncio.get_running_loop().time() + 0.5
        # Cars do not know of each other: their records are spread over the interval, by the golden
        # ratio, so that neither all nor none come at once.
        golden = (math.sqrt(5) - 1) / 2
        results = await asyncio.gather(
            *(
                connection.push(order, begin + number * golden % 1 / order.per_second)
                for number, connection in enumerate(self._connections)
            )
        )
        due, sent, acknowledged = (list(each) for each in zip(*results, strict=True))
        return asdict(Pushed(due, sent, acknowledged))

    async def disconnect(self) -> dict[str, Any]:
        await asyncio.gather(*(each.close() for each in self._connections))
        self._connections = []
        return {}


async def _serve(number: int, owners: Sequence[str]) -> None:
    """Serve and process orders until standard input ends."""
    async with Simulator(Clock(), seed=SEED, rate_limits=False) as simulator:
        world = simulator.world
        world.cars.clear()
        world.sites.clear()
        for index in range(1, number + 1):
            vin = _vin(index)
            world.cars[vin] = car = Car(
                simulator.clock,
                MODEL_S,
                vin=vin,
                display_name=f"Car {index}",
                number=index,
                firmware="2026.32.6",
                percent=60,
                seed=SEED,
                telemetry_version="1.2.0",
            )
            car.account = owners[index % len(owners)]
            car.pairs_automatically = True
        account = Account(
            auth=simulator.auth_url,
            eu=simulator.eu_url,
            na=simulator.na_url,
            logins=[
                Login(simulator.accounts.users[owner].subject, simulator.login(owner, CLIENT_ID))
                for owner in owners
            ],
            vins=list(world.cars),
        )
        _print(asdict(account))
        cars = _Cars(account.vins)
        while line := await asyncio.to_thread(sys.stdin.readline):
            ((order, arguments),) = json.loads(line).items()
            if order == "pair":
                key = bytes.fromhex(arguments["key"])
                now = simulator.clock.now()
                simulator.accounts.registrations[CLIENT_ID, REGION] = Registration(
                    CLIENT_ID, REGION, PUBLIC_DOMAIN, key, now, now
                )
                simulator.cloud.pair_automatically(key)
                _print({})
            else:
                _print(await getattr(cars, order)(**arguments))


def _print(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), OWNERS[: int(sys.argv[2])]))
