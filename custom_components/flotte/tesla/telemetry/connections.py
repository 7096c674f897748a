"""Connections from TLS on: HTTP, WebSockets of vehicles, and their heartbeat."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any, Final, override

from aiohttp import WSCloseCode, web

from .tls.connection import TlsTransport

_LOGGER: Final = logging.getLogger(__name__)
_HTTP_LOGGER: Final = _LOGGER.getChild("http")
# aiohttp reports every bad request as an error with a traceback; here they are counted instead.
_HTTP_LOGGER.setLevel(logging.CRITICAL)


class Connection(asyncio.Protocol):
    """One connection, from TLS on: passes bytes between TLS and aiohttp's HTTP."""

    def __init__(
        self,
        transport: TlsTransport,
        source: str,
        serve: Callable[[Connection, web.BaseRequest], Awaitable[web.StreamResponse]],
        lost: Callable[[Connection], None],
    ) -> None:
        self.transport = transport
        self.source = source
        """Source of the connection; see `admission.source_of`."""
        self.vin = ""
        """VIN in the client's certificate; empty if the certificate is not a vehicle's."""
        self.unknown = ""
        """Reason why the certificate is not a vehicle's."""
        self.is_stranger = False
        """Whether the certificate is not one of our vehicles'."""
        self.socket: web.WebSocketResponse | None = None
        """The WebSocket, once the upgrade is done."""
        self.is_silent = False
        """Whether nothing was received since the last check."""
        self.is_pinged = False
        """Whether the connection was pinged since then."""
        self._serve = serve
        self._lost = lost
        self._http: web.RequestHandler | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, timeout: float, silent: Callable[[Connection], None]) -> None:
        """Start HTTP; call `silent` if no request arrives in time."""
        self._timer = asyncio.get_running_loop().call_later(timeout, silent, self)
        server = web.Server(
            self._request,
            logger=_HTTP_LOGGER,
            access_log=None,
            keepalive_timeout=0,
            lingering_time=0,
        )
        self._http = server()
        self.transport.attach(self)

    async def _request(self, request: web.BaseRequest) -> web.StreamResponse:
        self._stop_timer()
        return await self._serve(self, request)

    def abort(self) -> None:
        """End the connection at once."""
        self.transport.abort()

    async def close(self, code: WSCloseCode, timeout: float) -> None:  # noqa: ASYNC109  # a limit
        """Close the WebSocket gracefully; if that fails, abort the connection below it."""
        if self.socket is None:
            return
        try:
            async with asyncio.timeout(timeout):
                await self.socket.close(code=code)
        except TimeoutError, ConnectionError:
            self.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._http is not None:
            self._http.connection_made(transport)

    @override
    def data_received(self, data: bytes) -> None:
        self.is_silent = False
        if self._http is not None:
            self._http.data_received(data)

    @override
    def pause_writing(self) -> None:
        if self._http is not None:
            self._http.pause_writing()

    @override
    def resume_writing(self) -> None:
        if self._http is not None:
            self._http.resume_writing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        if self._http is not None:
            self._http.connection_lost(exc)
        self._lost(self)


class VehicleConnections:
    """The open WebSockets of vehicles.

    Args:
        per_vehicle: Maximum per vehicle; if a vehicle opens more, its oldest connection is closed.
        close_timeout: Seconds to close a connection gracefully.
        keep: Called with each task, which the server waits for when it stops.
    """

    def __init__(
        self,
        per_vehicle: int,
        close_timeout: float,
        *,
        keep: Callable[[asyncio.Task[Any]], None],
    ) -> None:
        self.by_vin: dict[str, dict[str, Connection]] = {}
        """Connections by VIN and by name, the oldest first."""
        self._per_vehicle = per_vehicle
        self._close_timeout = close_timeout
        self._keep = keep
        self._numbers = itertools.count(1)

    @property
    def count(self) -> int:
        """Number of connections."""
        return sum(map(len, self.by_vin.values()))

    def has(self, vin: str) -> bool:
        """Whether a vehicle is connected."""
        return vin in self.by_vin

    def of(self, vin: str) -> tuple[Connection, ...]:
        """The connections of a vehicle."""
        return tuple(self.by_vin.get(vin, {}).values())

    def add(self, vin: str, connection: Connection) -> tuple[str, bool]:
        """Register a vehicle's WebSocket; if the vehicle has too many, close its oldest one.

        Returns:
            A name for the connection, which is unique for this server's lifetime, and whether the
            oldest connection was closed.
        """
        name = str(next(self._numbers))
        of_vehicle = self.by_vin.setdefault(vin, {})
        of_vehicle[name] = connection
        if not (is_full := len(of_vehicle) > self._per_vehicle):
            return name, is_full
        oldest = of_vehicle.pop(next(iter(of_vehicle)))
        goodbye = oldest.close(WSCloseCode.POLICY_VIOLATION, self._close_timeout)
        self._keep(asyncio.create_task(goodbye))
        return name, is_full

    def remove(self, vin: str, name: str) -> None:
        """Forget a vehicle's WebSocket, unless it was forgotten already."""
        if (of_vehicle := self.by_vin.get(vin)) is not None:
            of_vehicle.pop(name, None)
            if not of_vehicle:
                del self.by_vin[vin]


class Heartbeat:
    """Pings silent WebSockets and ends dead ones. aiohttp's own heartbeat outlives its connection.

    Args:
        connections: All connections; those without a WebSocket are ignored.
        interval: Seconds between checks.
        keep: Called with each task, which the server waits for when it stops.
    """

    def __init__(
        self,
        connections: Collection[Connection],
        interval: float,
        *,
        keep: Callable[[asyncio.Task[Any]], None],
    ) -> None:
        self._connections = connections
        self._interval = interval
        self._keep = keep
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Start checking the connections."""
        self._timer = asyncio.get_running_loop().call_later(self._interval, self._check)

    def stop(self) -> None:
        """Stop checking the connections."""
        if self._timer is not None:
            self._timer.cancel()

    def _check(self) -> None:
        self.start()
        for connection in tuple(self._connections):
            if connection.socket is None:
                continue
            if not connection.is_silent:
                connection.is_silent = True
                connection.is_pinged = False
            elif connection.is_pinged:
                _LOGGER.debug("A connection is dead")
                connection.abort()
            else:
                connection.is_pinged = True
                self._keep(asyncio.create_task(_ping(connection.socket)))


async def _ping(socket: web.WebSocketResponse) -> None:
    # The WebSocket may be closing or closed.
    with suppress(ConnectionError):
        await socket.ping()
