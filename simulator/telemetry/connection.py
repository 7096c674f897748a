"""A connection from a car to a telemetry server: TLS with its certificate, and a WebSocket."""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, ClassVar, override
from uuid import uuid4

import aiohttp
from cryptography import x509

from simulator.clock import Clock
from simulator.telemetry.certificates import Authorities, Kind
from simulator.telemetry.configuration import Configuration
from simulator.vehicle.vehicle import Vehicle

USER_AGENT = "Hermes/1.16.9"
"""As the owner of a server observed it."""
HOST = "127.0.0.1"
CONNECT_SECONDS = 5.0
"""Real seconds for connection, handshakes and upgrade, and for closing."""
_SLEEPLESS = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, which Python's ssl does not name: validity is checked by the simulated
clock."""
_PATHS = ("/", "/stream")
"""The cars' path is not documented: every server must accept every path."""
_OFFERED_COMPRESSION = 15
_BUSY_TURNS = 200
_NAP_SECONDS = 0.0002


class _Handshake(ssl.SSLObject):
    """A handshake that finally checks the validity by the simulated clock."""

    clock: ClassVar[Clock]

    @override
    def do_handshake(self) -> None:
        super().do_handshake()
        now = datetime.fromtimestamp(self.clock.now(), UTC)
        for der in self.get_verified_chain():
            certificate = x509.load_der_x509_certificate(der)
            if now > certificate.not_valid_after_utc:
                raise ssl.SSLCertVerificationError(1, "certificate has expired")
            if now < certificate.not_valid_before_utc:
                raise ssl.SSLCertVerificationError(1, "certificate is not yet valid")


class Waiting:
    """Waits of real time, which are independent of a clock driven by a test."""

    def __init__(self, *, is_driven: bool) -> None:
        self._is_driven = is_driven

    async def within[T](self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        """Return the result of the work. Raises TimeoutError after so many real seconds."""
        task = asyncio.ensure_future(work)
        try:
            if not await self.until(task.done, seconds):
                raise TimeoutError(f"no answer within {seconds} s")
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def until(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Let the loop work until a condition is true; returns whether it is.

        A driven clock may stand still for the loop too, so that its timers never end: real time
        comes from the operating system then.
        """
        end = time.clock_gettime(time.CLOCK_MONOTONIC) + seconds
        turns = 0
        while not is_done():
            if time.clock_gettime(time.CLOCK_MONOTONIC) > end:
                return False
            turns += 1
            if not self._is_driven:
                await asyncio.sleep(0.005)
                continue
            await asyncio.sleep(0)
            if turns > _BUSY_TURNS:
                # All tasks of this loop have had their turn; the missing event comes from outside.
                time.sleep(_NAP_SECONDS)  # noqa: ASYNC251 - the loop's own sleep may never end
        return True


class Connection:
    """A connection that can be opened again after it was closed."""

    def __init__(
        self, vehicle: Vehicle, waiting: Waiting, on_message: Callable[[bytes], None]
    ) -> None:
        self._vehicle = vehicle
        self._waiting = waiting
        self._on_message = on_message
        self._session: aiohttp.ClientSession | None = None
        self._socket: aiohttp.ClientWebSocketResponse[bool] | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as the car knows."""
        return self._socket is not None and not self._socket.closed

    @property
    def is_lost(self) -> bool:
        """Whether the other side ended the connection."""
        return self._socket is not None and self._socket.closed

    async def send(self, data: bytes) -> None:
        """Send a message. Raises ConnectionError and aiohttp.ClientError."""
        if self._socket is None:
            raise ConnectionError("not connected")
        await self._socket.send_bytes(data)

    async def open(self, configuration: Configuration, context: ssl.SSLContext) -> None:
        """Connect. Raises the errors of aiohttp and ssl, and TimeoutError."""
        await self._waiting.within(CONNECT_SECONDS, self._open(configuration, context))

    async def cut(self) -> None:
        """End the connection without closing it in order."""
        transport = self._socket.get_extra_info("transport") if self._socket else None
        if transport is not None:
            transport.abort()
        await self.close()

    async def _open(self, configuration: Configuration, context: ssl.SSLContext) -> None:
        """Connect, shake hands, upgrade."""
        self._session = aiohttp.ClientSession()
        at_home = self._vehicle.is_near(*self._vehicle.home)
        socket = await self._session.ws_connect(
            f"wss://{HOST}:{configuration.tcp_port}{_PATHS[self._vehicle.id % len(_PATHS)]}",
            ssl=context,
            server_hostname=configuration.hostname,
            headers={
                "Host": f"{configuration.hostname}:{configuration.tcp_port}",
                "User-Agent": USER_AGENT,
                "Version": self._vehicle.telemetry_version or "",
                "X-Network-Interface": "wifi" if at_home else "cellular",
                "X-TXID": str(uuid4()),
            },
            compress=_OFFERED_COMPRESSION,
            timeout=aiohttp.ClientWSTimeout(ws_close=CONNECT_SECONDS),
        )
        self._socket = socket
        if socket.compress:
            # Community reports say that cars offer it but disconnect from a server that accepts it.
            raise ValueError("the server compresses")
        self._reader = asyncio.create_task(self._read(socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse[bool]) -> None:
        """Receive messages until the connection ends."""
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                self._on_message(message.data)

    async def close(self) -> None:
        """End the connection, if there is one."""
        socket, self._socket = self._socket, None
        session, self._session = self._session, None
        reader, self._reader = self._reader, None
        if socket is not None:
            with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._waiting.within(CONNECT_SECONDS, self._part(socket, reader))
        if reader is not None:
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reader
        if session is not None:
            await session.close()

    @staticmethod
    async def _part(
        socket: aiohttp.ClientWebSocketResponse[bool], reader: asyncio.Task[None] | None
    ) -> None:
        """Close in order, and receive the acks that are on their way."""
        await socket.close()
        if reader is not None:
            await asyncio.wait([reader])


def client_context(
    configuration: Configuration, authorities: Authorities, vehicle: Vehicle, kind: Kind
) -> ssl.SSLContext:
    """The TLS settings of a car.

    Raises ValueError (ssl.SSLError is one too) for a `ca` that is no certificate.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=configuration.ca)
    context.verify_flags |= _SLEEPLESS
    # Python creates the object that shakes hands: its class is the only way to give it a clock.
    context.sslobject_class = type("Handshake", (_Handshake,), {"clock": vehicle.clock})
    authorities.present(context, vehicle.vin, kind)
    return context
