"""Cars at a server under a flood, in a process of their own.

    python -m benchmarks.callers

reads orders (JSON, a line each) from its standard input until that is closed, and answers each with
a line of JSON. One car stays connected and pushes; another connects repeatedly, from the address of
the first and from others that no car has used.
"""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import aiohttp

from benchmarks.flood import CAR, COMING_CAR, SEED
from benchmarks.records import Records
from simulator.telemetry.certificates import Authorities, Kind

HOME: Final = "127.0.0.1"
PUSH_SECONDS: Final = 0.05
TRY_SECONDS: Final = 0.25
"""Seconds between two attempts of a car to connect."""
PATIENCE_SECONDS: Final = 3.0
"""Seconds that an attempt may take; real cars wait longer."""


class Cars:
    """Both cars."""

    def __init__(self, port: int, host: str, ca: str) -> None:
        self._port = port
        self._host = host
        authorities = Authorities(SEED)
        self._contexts = {}
        for vin in (CAR, COMING_CAR):
            self._contexts[vin] = context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(cadata=ca)
            authorities.present(context, vin, Kind.OID)
        self._records = Records(CAR, ["VehicleSpeed", "Soc", "PackVoltage", "PackCurrent"])
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._new = self._new_sources()

    async def connect(self) -> None:
        """Connect for as long as this process runs."""
        self._session, self._socket = await self._open(CAR, HOME)

    async def leave(self) -> None:
        """Hang up."""
        if self._session is not None and self._socket is not None:
            await self._socket.close()
            await self._session.close()
            self._session = self._socket = None

    async def _open(
        self, vin: str, source: str
    ) -> tuple[aiohttp.ClientSession, aiohttp.ClientWebSocketResponse[bool]]:
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(local_addr=(source, 0)))
        try:
            socket = await session.ws_connect(
                f"wss://127.0.0.1:{self._port}/",
                ssl=self._contexts[vin],
                server_hostname=self._host,
            )
        except BaseException:
            await session.close()
            raise
        return session, socket

    async def drive(self, seconds: float) -> dict[str, Any]:
        """Push, and attempt to connect, for so many seconds."""
        until = time.monotonic() + seconds
        acks, known, new = await asyncio.gather(
            self._push(until), self._try(until, iter(lambda: HOME, "")), self._try(until, self._new)
        )
        return {
            "acks": acks[0],
            "lost": acks[1],
            "tries": known[0],
            "got_in": known[1],
            "new_tries": new[0],
            "new_got_in": new[1],
        }

    async def _push(self, until: float) -> tuple[list[float], int]:
        """Milliseconds until each acknowledgement, and the number of lost connections."""
        acks: list[float] = []
        lost = 0
        while time.monotonic() < until:
            begin = time.perf_counter()
            try:
                if self._socket is None:
                    await self.connect()
                else:
                    await self._socket.send_bytes(self._records.next())
                    await self._socket.receive_bytes()
            except aiohttp.ClientError, OSError, TypeError:
                lost += self._socket is not None
                await self.leave()
            else:
                acks.append((time.perf_counter() - begin) * 1000)
            await asyncio.sleep(PUSH_SECONDS)
        return acks, lost

    async def _try(self, until: float, sources: Iterator[str]) -> tuple[int, int]:
        """The number of attempts to connect, and of successful ones."""
        tries = got_in = 0
        while time.monotonic() < until:
            tries += 1
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    session, socket = await self._open(COMING_CAR, next(sources))
                    got_in += 1
                await socket.close()
                await session.close()
            await asyncio.sleep(TRY_SECONDS)
        return tries, got_in

    @staticmethod
    def _new_sources() -> Iterator[str]:
        for number in range(60_000):
            yield f"127.77.{number // 250}.{1 + number % 250}"


async def _serve() -> None:
    """Process orders until standard input ends."""
    cars: Cars | None = None
    while line := await asyncio.to_thread(sys.stdin.readline):
        order: dict[str, Any] = json.loads(line)
        answer: dict[str, Any] = {}
        if "port" in order:
            cars = Cars(**order)
            await cars.connect()
        elif cars is not None:
            answer = await cars.drive(**order)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    if cars is not None:
        await cars.leave()


if __name__ == "__main__":
    asyncio.run(_serve())
