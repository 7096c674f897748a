"""The server that vehicles connect to: WebSockets over mutual TLS, with an answer to every message.

    TCP accepted -> first byte -> admitted -> TLS, the vehicle's certificate verified
        -> upgrade, the vehicle known -> messages

The port is open to the internet. Until one of Tesla's certificates is verified, a connection costs
the event loop next to nothing, and costs processor time only within the allowance of its source
(`admission`). After that the connection belongs to some Tesla device, and only the vehicles that
`find` knows get any further.

No connection waits for another: messages are handled at once, many of them in small portions, and a
vehicle that does not read its answers delays no other.

Sources: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), for the answers; Python's asyncio
and aiohttp 3.14.
"""

import asyncio
import logging
import socket as sockets
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import WSCloseCode, web

from ..privacy import VIN_SHOWN
from .admission import HandshakeAdmission, WaitingRoom
from .connections import Connection, Heartbeat, VehicleConnections
from .counters import Counters, KnownTroubles, Refusal
from .entrance import Entrance
from .messages import Listener, Messages
from .tls.connection import TlsTransport
from .tls.context import ServerContext
from .tls.identity import UnknownDevice, identity

_LOGGER: Final = logging.getLogger(__name__)

MAX_FRAME: Final = 2_000_000
"""Size of a message, in bytes, at which the connection is closed (code 1009)."""

CONNECTIONS_PER_VEHICLE: Final = 4
"""Maximum per vehicle. Connections overlap when a vehicle changes between Wi-Fi and the mobile
network, and dead ones linger."""
CONNECTIONS: Final = 500
"""Maximum for all our vehicles, counted from a verified certificate on."""
STRANGERS: Final = 16
"""Maximum number of connections with one of Tesla's certificates, but not of our vehicles. They
only get the reason for their refusal."""

FIRST_BYTE_TIMEOUT: Final = 5.0
"""Seconds from TCP to the first byte, which a vehicle sends at once."""
HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds for the TLS handshake."""
UPGRADE_TIMEOUT: Final = 10.0
"""Seconds from TLS to a WebSocket."""
HEARTBEAT: Final = 15.0
"""Seconds between checks of all connections.

A connection that was silent since the last check is pinged; if it stays silent, it is closed. That
detects a dead connection after 30 to 45 s. Another receiver pings vehicles every 30 s without
trouble.
"""
CLOSE_TIMEOUT: Final = 2.0
"""Seconds for a client to confirm the end of a connection."""

_NETWORKS: Final = frozenset({"wifi", "cellular"})


type Find = Callable[[str], Listener | None]
"""Returns the listener of a vehicle by VIN; None refuses the vehicle."""


class TelemetryServer:
    """The server that vehicles connect to.

    Args:
        find: Finds the listener of a vehicle.
        admission: Decides which handshakes may begin.
        room: Connections that have sent nothing yet.
        executor: Runs the handshakes; None for the event loop's own.
        connections_per_vehicle: Maximum per vehicle; if a vehicle opens more, its oldest connection
            is closed.
        connections: Maximum number of connections for all our vehicles.
        strangers: Maximum number of connections with one of Tesla's certificates, but not of our
            vehicles; the oldest gives way to a new one.
        first_byte_timeout: Seconds from TCP to the first byte.
        handshake_timeout: Seconds for the TLS handshake.
        upgrade_timeout: Seconds from TLS to the request for a WebSocket.
        heartbeat: Seconds between checks whether connections are alive.
        close_timeout: Seconds to close a connection gracefully.
    """

    def __init__(
        self,
        find: Find,
        *,
        admission: HandshakeAdmission | None = None,
        room: WaitingRoom[sockets.socket] | None = None,
        executor: Executor | None = None,
        connections_per_vehicle: int = CONNECTIONS_PER_VEHICLE,
        connections: int = CONNECTIONS,
        strangers: int = STRANGERS,
        first_byte_timeout: float = FIRST_BYTE_TIMEOUT,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        upgrade_timeout: float = UPGRADE_TIMEOUT,
        heartbeat: float = HEARTBEAT,
        close_timeout: float = CLOSE_TIMEOUT,
    ) -> None:
        self.counters = Counters()
        self._find = find
        self._connections = connections
        self._strangers = strangers
        self._upgrade_timeout = upgrade_timeout
        self._close_timeout = close_timeout

        self._entrance = Entrance(
            self.counters,
            admission or HandshakeAdmission(),
            # Not `room or ...`: an empty room is false.
            WaitingRoom() if room is None else room,
            executor,
            on_secured=self._hand_over,
            keep=self._keep,
            first_byte_timeout=first_byte_timeout,
            handshake_timeout=handshake_timeout,
            close_timeout=close_timeout,
        )
        self._troubles = KnownTroubles()
        self.messages = Messages(self.counters, self._troubles)
        # Dictionaries keep the order of arrival: the first is the oldest.
        self._secured: dict[Connection, None] = {}
        self._vehicles = VehicleConnections(connections_per_vehicle, close_timeout, keep=self._keep)
        self._heartbeat = Heartbeat(self._secured, heartbeat, keep=self._keep)
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def port(self) -> int:
        """The port that the server listens on; 0 if it is not listening."""
        return self._entrance.port

    @property
    def open_connections(self) -> int:
        """Number of open WebSockets of vehicles."""
        return self._vehicles.count

    @property
    def is_flooded(self) -> bool:
        """Whether a lasting flood of connections may keep vehicles out."""
        return self._entrance.is_flooded()

    def has(self, vin: str) -> bool:
        """Whether a vehicle is connected."""
        return self._vehicles.has(vin)

    def diagnostics(self) -> dict[str, object]:
        """Numbers that help to find out why a vehicle does not connect."""
        return {
            "is_listening": self._entrance.is_open,
            "is_flooded": self.is_flooded,
            "cars": len(self._vehicles.by_vin),
            "connections": self.open_connections,
            "waiting": len(self._entrance.room),
            "handshakes": len(self._entrance.arriving),
            **self.counters.describe(),
        }

    async def start(self, host: str | None, port: int, context: ServerContext) -> None:
        """Start listening.

        Args:
            host: Address to listen on; None for all.
            port: Port to listen on; 0 for any free one, which differs by kind of address.
            context: TLS context from `tls.context.server_context`.

        Raises:
            PortInUse: another program listens on the port; retrying later may help.
            OSError: the address does not exist, or the port is reserved for privileged programs.
            RuntimeError: the server is already listening.
        """
        if self._entrance.is_open:
            raise RuntimeError("the server is running")
        await self._entrance.open(host, port, context)
        self._heartbeat.start()
        _LOGGER.debug("Listening for cars on port %d", self.port)

    def use(self, context: ServerContext) -> None:
        """Use a new TLS context for new connections, as after the renewal of a certificate.

        Changing the old context instead is not safe while handshakes use it in a thread.
        """
        self._entrance.context = context

    async def stop(self) -> None:
        """Stop listening, and close all connections gracefully but soon.

        When this returns, all listeners know that their connections are closed; the port is free.
        """
        if not self._entrance.is_open:
            return
        transports = self._entrance.close()
        transports += (each.transport for each in self._secured)
        self._heartbeat.stop()
        try:
            goodbyes = []
            for connection in tuple(self._secured):
                if connection.socket is None:
                    connection.abort()
                else:
                    goodbyes.append(connection.close(WSCloseCode.GOING_AWAY, self._close_timeout))
            await asyncio.gather(*goodbyes)
        finally:
            for transport in transports:
                transport.abort()
        while self._tasks:
            _, slow = await asyncio.wait(self._tasks, timeout=self._close_timeout)
            for task in slow:
                task.cancel()
        for transport in transports:
            await transport.gone.wait()
        _LOGGER.debug("Stopped listening for cars")

    async def send_away(self, vins: Iterable[str]) -> None:
        """Close the connections of these vehicles gracefully, because their listeners have changed.

        Vehicles reconnect at once, and then get their new listeners.
        """
        leaving = [each for vin in vins for each in self._vehicles.of(vin)]
        await asyncio.gather(
            *(each.close(WSCloseCode.GOING_AWAY, self._close_timeout) for each in leaving)
        )

    # --- From TLS to messages ---------------------------------------------------------------------

    def _hand_over(self, source: str, transport: TlsTransport) -> None:
        """Start HTTP on a connection whose TLS is established, unless there are too many."""
        connection = Connection(transport, source, self._serve, self._lost)
        try:
            connection.vin = identity(transport.certificate()).vin
        except UnknownDevice as error:
            connection.unknown = str(error)
        if self._find(connection.vin) is None:
            strangers = [each for each in self._secured if each.is_stranger]
            if len(strangers) >= self._strangers:
                self.counters.refuse(Refusal.FULL)
                strangers[0].abort()
            connection.is_stranger = True
        elif sum(not each.is_stranger for each in self._secured) >= self._connections:
            self.counters.refuse(Refusal.FULL)
            transport.abort()
            return
        self._secured[connection] = None
        connection.begin(self._upgrade_timeout, self._silent)

    def _silent(self, connection: Connection) -> None:
        """Abort a connection that sent no request in time."""
        self.counters.refuse(Refusal.SILENT)
        connection.abort()

    def _lost(self, connection: Connection) -> None:
        """Forget a closed connection."""
        self._secured.pop(connection, None)

    async def _serve(self, connection: Connection, request: web.BaseRequest) -> web.StreamResponse:
        """Answer the only request of a connection: the upgrade, and all messages after it.

        Any path is accepted, because the one that vehicles request is not documented.
        """
        task = asyncio.current_task()
        if task is not None:
            self._keep(task)
        if not (vin := connection.vin):
            return self._turn_down(Refusal.UNKNOWN_DEVICE, HTTPStatus.FORBIDDEN, connection.unknown)
        if (listener := self._find(vin)) is None:
            if self._troubles.is_news(Refusal.UNKNOWN_VEHICLE, vin):
                _LOGGER.info("Refused a connection from an unknown car: %s", _shown(vin))
            return self._turn_down(Refusal.UNKNOWN_VEHICLE, HTTPStatus.FORBIDDEN)
        socket = web.WebSocketResponse(
            # Vehicles reportedly offer compression, and disconnect when it is accepted.
            compress=False,
            # Text messages are refused, so they need not be decoded.
            decode_text=False,
            max_msg_size=MAX_FRAME,
            # Off, because aiohttp would answer a flood of pings without yielding to others.
            autoping=False,
            timeout=self._close_timeout,
        )
        if not socket.can_prepare(request):
            return self._turn_down(Refusal.NO_WEBSOCKET, HTTPStatus.UPGRADE_REQUIRED)
        await socket.prepare(request)
        network = request.headers.get("X-Network-Interface", "").lower()
        connection.socket = socket
        connection.is_stranger = False
        self._entrance.welcome(connection.source)
        name, is_replaced = self._vehicles.add(vin, connection)
        self.counters.opened += 1
        self.counters.replaced += is_replaced
        _LOGGER.debug("Car %s is connected: %s %s", _shown(vin), name, network)
        try:
            self.messages.notify(
                partial(listener.opened, name, network if network in _NETWORKS else "")
            )
            with suppress(ConnectionError):
                await self.messages.converse(socket, listener)
        finally:
            self._vehicles.remove(vin, name)
            self.messages.notify(partial(listener.closed, name))
            _LOGGER.debug("Car %s disconnected: %s, code %s", _shown(vin), name, socket.close_code)
        return socket

    def _turn_down(self, reason: Refusal, status: HTTPStatus, detail: str = "") -> web.Response:
        self.counters.refuse(reason, detail)
        response = web.Response(status=status)
        response.force_close()
        return response

    def _keep(self, task: asyncio.Task[Any]) -> None:
        """Have the server wait for this task when it stops."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _shown(vin: str) -> str:
    """The part of a VIN that may be logged."""
    return vin[-VIN_SHOWN:]
