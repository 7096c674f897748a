"""The server that cars connect to: WebSocket over mutual TLS, and an answer for every message.

    TCP accepted -> first byte -> admitted -> TLS, the car's certificate verified
        -> upgrade, the car known -> messages

The port is open to the internet. Until a certificate of Tesla's is verified a connection costs the
event loop next to nothing, and everything else as little as its source may spend (`admission`);
after that it belongs to some car, and only the cars that `find` knows get any further.

One connection never waits for another: what it says is handled at once, a flood in small portions,
and nobody waits for a car that does not read its answers.

Sources: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), whose answers these are; Python's
asyncio and aiohttp 3.14.
"""

import asyncio
import errno
import itertools
import logging
import socket as sockets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol, override

from aiohttp import WSCloseCode, WSMsgType, web

from .acceptor import Acceptor, reset
from .admission import SECONDS_PER_HANDSHAKE, Admission, Verdict, WaitingRoom
from .envelope import STREAM, MalformedEnvelope, read_envelope, write_ack, write_error
from .records import MalformedRecord
from .tls.connection import Failure, HandshakeQueue, TlsTransport
from .tls.context import ServerContext
from .tls.identity import UnknownDevice, identity

_LOGGER: Final = logging.getLogger(__name__)
_HTTP_LOGGER: Final = _LOGGER.getChild("http")
# aiohttp reports every bad request as an error with a traceback; here they are counted instead.
_HTTP_LOGGER.setLevel(logging.CRITICAL)

LARGEST_MESSAGE: Final = 1_000_000
"""Bytes. Above it Tesla's server answers an error and keeps the connection."""
LARGEST_FRAME: Final = 2_000_000
"""Bytes that are read at all: from here on the connection is closed (code 1009)."""

CONNECTIONS_PER_CAR: Final = 4
"""A change between Wi-Fi and the mobile network makes connections overlap; dead ones linger."""
CONNECTIONS: Final = 500
"""Of all cars, counted from a verified certificate on."""
STRANGERS: Final = 16
"""Connections with a certificate of Tesla's that is none of our cars'. Nothing but the reason for
their refusal is in it for them."""

FIRST_BYTE_TIMEOUT: Final = 5.0
"""Seconds from TCP to the first byte: a car sends it at once."""
HANDSHAKE_TIMEOUT: Final = 10.0
"""Seconds for TLS."""
UPGRADE_TIMEOUT: Final = 10.0
"""Seconds from TLS to a WebSocket."""
HEARTBEAT: Final = 15.0
"""Seconds between two looks at all connections.

One that was silent since the last look is pinged, one that did not answer that either is closed: a
dead connection is noticed after 30 to 45 s. Another receiver pings cars every 30 s without trouble.
"""
CLOSE_TIMEOUT: Final = 2.0
"""Seconds that a client has to agree that a connection ends."""

_AT_A_STRETCH: Final = 16
"""Messages of one connection before others get their turn: after an outage a car sends 5000."""
_SECONDS_AT_A_STRETCH: Final = 0.002
"""The same for messages that take long."""
_REMEMBERED: Final = 100
"""How many different troubles are kept in mind, so that each is logged once."""
_VIN_SHOWN: Final = 6
"""The last characters, which tell an owner's cars apart."""
_CONVERSATION: Final = frozenset({WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})
_NETWORKS: Final = frozenset({"wifi", "cellular"})


class Listener(Protocol):
    """What one car's connections and messages go to."""

    def opened(self, connection: str, network: str) -> None:
        """A connection is up; over `wifi`, `cellular` or (unknown) an empty text."""

    def closed(self, connection: str) -> None:
        """It is gone: exactly one call for each `opened`, also when the server stops."""

    def heard(self, topic: bytes, payload: bytes) -> None:
        """A message came; when this returns, the car is told that it may forget it.

        Raises:
            MalformedRecord: it cannot be read; the car is told so.
        """


type Find = Callable[[str], Listener | None]
"""Answers the listener for a VIN; None refuses the car."""


class Refusal(StrEnum):
    """Why a connection came to nothing."""

    FLOOD = Failure.FLOOD.value
    """More handshakes than all sources together are allowed, or no place left to wait."""
    SOURCE_FLOOD = "source_flood"
    """More handshakes than one source is allowed."""
    NOTHING_SENT = "nothing_sent"
    """TCP was up, but not one byte came."""
    TOO_MUCH = Failure.TOO_MUCH.value
    TIMEOUT = Failure.TIMEOUT.value
    NO_CERTIFICATE = Failure.NO_CERTIFICATE.value
    UNTRUSTED = Failure.UNTRUSTED.value
    NO_TLS = Failure.NO_TLS.value
    LOST = Failure.LOST.value
    FULL = "full"
    SILENT = "silent"
    """TLS stood, but nothing was asked."""
    NO_WEBSOCKET = "no_websocket"
    UNKNOWN_DEVICE = "unknown_device"
    """Tesla's certificate, but not a car's."""
    UNKNOWN_CAR = "unknown_car"


@dataclass(slots=True)
class Counters:
    """What happened since the start; for diagnostics, so nothing in it tells a car."""

    arrived: int = 0
    """TCP connections. If it stays 0, the port is not reachable from outside."""
    opened: int = 0
    """WebSockets of known cars."""
    replaced: int = 0
    """Closed because the car opened one too many."""
    messages: int = 0
    malformed: int = 0
    """Messages that were answered with an error because they cannot be read."""
    failures: int = 0
    """Messages that were answered with an error because of a bug of ours."""
    text: int = 0
    """Connections that ended because of a message that is not binary."""
    refused: Counter[Refusal] = field(default_factory=Counter)


class PortInUse(OSError):
    """Another program, or another server, listens on this port."""


class TelemetryServer:
    """Listens for cars.

    Args:
        find: Who wants to hear of a car.
        admission: Who may begin a handshake.
        room: Where connections wait that have sent nothing.
        executor: Where handshakes run; None: the event loop's own.
        connections_per_car: The oldest connection is closed when a car opens more.
        connections: Of all cars.
        strangers: Connections whose certificate is Tesla's, but of none of our cars; the oldest
            gives way to the next.
        first_byte_timeout: Seconds from TCP to the first byte.
        handshake_timeout: Seconds.
        upgrade_timeout: Seconds from TLS to the request for a WebSocket.
        heartbeat: Seconds between two looks whether connections are alive.
        close_timeout: Seconds to end a connection in good order.
    """

    def __init__(
        self,
        find: Find,
        *,
        admission: Admission | None = None,
        room: WaitingRoom[sockets.socket] | None = None,
        executor: Executor | None = None,
        connections_per_car: int = CONNECTIONS_PER_CAR,
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
        self._connections_per_car = connections_per_car
        self._connections = connections
        self._strangers = strangers
        self._handshake_timeout = handshake_timeout
        self._upgrade_timeout = upgrade_timeout
        self._heartbeat = heartbeat
        self._close_timeout = close_timeout

        self._admission = admission or Admission()
        # An empty one is false.
        self._room = WaitingRoom() if room is None else room
        self._acceptor = Acceptor(
            self._room,
            on_arrival=self._arrived,
            on_ready=self._admit_source,
            on_displaced=self._displaced,
            on_silent=partial(self._refuse, Refusal.NOTHING_SENT),
            on_lost=partial(self._refuse, Refusal.LOST),
            is_familiar=self._is_familiar,
            timeout=first_byte_timeout,
        )
        # Where cars come from nobody waits for a stranger's handshake, however long it takes.
        self._familiar_handshakes = HandshakeQueue(executor)
        self._other_handshakes = HandshakeQueue(executor)
        self._context: ServerContext | None = None
        self._next_look: asyncio.TimerHandle | None = None
        # Dictionaries keep the order of arrival: the first is the oldest.
        self._arriving: dict[TlsTransport, None] = {}
        self._secured: dict[_Connection, None] = {}
        self._open: dict[str, dict[str, _Connection]] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._known_troubles: set[tuple[object, ...]] = set()

    @property
    def port(self) -> int:
        """The port it listens on; 0 if it does not."""
        return self._acceptor.port

    @property
    def open_connections(self) -> int:
        """WebSockets of cars that are up now."""
        return sum(map(len, self._open.values()))

    @property
    def is_flooded(self) -> bool:
        """Whether strangers have been connecting for a while, so that cars may be kept out."""
        return self._admission.flood.is_flooded(asyncio.get_running_loop().time())

    def has(self, vin: str) -> bool:
        """Whether a car is connected."""
        return vin in self._open

    def diagnostics(self) -> dict[str, object]:
        """Numbers that help to find out why no car connects."""
        counters = self.counters
        return {
            "is_listening": self._acceptor.is_open,
            "is_flooded": self.is_flooded,
            "cars": len(self._open),
            "connections": self.open_connections,
            "waiting": len(self._room),
            "handshakes": len(self._arriving),
            "arrived": counters.arrived,
            "opened": counters.opened,
            "replaced": counters.replaced,
            "messages": counters.messages,
            "malformed": counters.malformed,
            "failures": counters.failures,
            "text": counters.text,
            "refused": {reason.value: number for reason, number in counters.refused.items()},
        }

    async def start(self, host: str | None, port: int, context: ServerContext) -> None:
        """Listen.

        Args:
            host: Address to listen on; None: all.
            port: 0: any that is free; without a host each kind of address gets another one.
            context: From `tls.context.server_context`.

        Raises:
            PortInUse: somebody else listens there; trying later is sensible.
            OSError: the address does not exist, or the port is not for ordinary programs.
            RuntimeError: it listens already.
        """
        if self._acceptor.is_open:
            raise RuntimeError("the server is running")
        self._context = context
        try:
            await self._acceptor.open(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(error.errno, error.strerror) from error
            raise
        self._next_look = asyncio.get_running_loop().call_later(self._heartbeat, self._look)
        _LOGGER.debug("Listening for cars on port %d", self.port)

    def use(self, context: ServerContext) -> None:
        """Speak TLS like this from the next connection on; those that are up stay as they are.

        This is how a renewed certificate comes into use. A new context, because changing one that
        handshakes are using, from a thread, is not safe.
        """
        self._context = context

    async def stop(self) -> None:
        """Listen no more, and end all connections in good order but soon.

        Afterwards every listener knows that its connections are closed, and the port is free.
        """
        if not self._acceptor.is_open:
            return
        self._acceptor.close()
        if self._next_look is not None:
            self._next_look.cancel()
        transports = [*self._arriving, *(each.transport for each in self._secured)]
        try:
            for arriving in tuple(self._arriving):
                arriving.abort()
            goodbyes = []
            for connection in tuple(self._secured):
                if connection.socket is None:
                    connection.abort()
                else:
                    goodbyes.append(self._goodbye(connection, WSCloseCode.GOING_AWAY))
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
        _LOGGER.debug("Listening for cars no more")

    async def send_away(self, vins: Iterable[str]) -> None:
        """End the connections of these cars in good order: others want to hear of them now.

        They come back at once, and are handed to whoever that is.
        """
        await asyncio.gather(
            *(
                self._goodbye(connection, WSCloseCode.GOING_AWAY)
                for vin in vins
                for connection in tuple(self._open.get(vin, {}).values())
            )
        )

    # --- From TCP to TLS --------------------------------------------------------------------------

    def _arrived(self) -> None:
        self.counters.arrived += 1

    def _is_familiar(self, source: str) -> bool:
        return self._admission.is_familiar(source, asyncio.get_running_loop().time())

    def _displaced(self, source: str) -> None:
        """Count a connection that had to leave the waiting room."""
        self._refuse(Refusal.FLOOD)
        if self._is_familiar(source) or len(self._room) >= self._room.max_waiting:
            self._admission.flood.turned_away(asyncio.get_running_loop().time())

    def _admit_source(self, connection: sockets.socket, source: str) -> None:
        """Begin a TLS handshake with a connection that has sent something, if there is room."""
        verdict = self._admission.admit(source, asyncio.get_running_loop().time())
        if verdict is not Verdict.ADMITTED or self._context is None:
            is_own_fault = verdict is Verdict.SOURCE_SPENT
            self._refuse(Refusal.SOURCE_FLOOD if is_own_fault else Refusal.FLOOD)
            reset(connection)
            return
        transport = TlsTransport(
            self._context,
            self._familiar_handshakes if self._is_familiar(source) else self._other_handshakes,
            may_go_on=partial(self._may_go_on, source),
            on_secured=partial(self._hand_over, source),
            on_failed=self._not_secured,
            on_step=partial(self._charge, source),
            handshake_timeout=self._handshake_timeout,
            close_timeout=self._close_timeout,
        )
        self._arriving[transport] = None
        self._keep(asyncio.create_task(self._secure(transport, connection)))

    async def _secure(self, transport: TlsTransport, connection: sockets.socket) -> None:
        """Put TLS on a socket."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: transport, connection)
        except OSError:
            connection.close()
            transport.connection_lost(None)

    def _may_go_on(self, source: str) -> bool:
        return not self._admission.is_in_debt(source, asyncio.get_running_loop().time())

    def _charge(self, source: str, transport: TlsTransport, seconds: float) -> None:
        """Charge what a step of a handshake took beyond what was paid at its beginning."""
        excess = min(seconds, transport.seconds - SECONDS_PER_HANDSHAKE)
        if excess > 0:
            self._admission.charge(source, excess, asyncio.get_running_loop().time())

    def _not_secured(self, transport: TlsTransport, failure: Failure, detail: str) -> None:
        self._arriving.pop(transport, None)
        self._refuse(Refusal(failure), detail)

    def _hand_over(self, source: str, transport: TlsTransport) -> None:
        """Let a connection whose TLS stands ask for what it wants."""
        del self._arriving[transport]
        connection = _Connection(transport, source, self._serve, self._lost)
        try:
            connection.vin = identity(transport.certificate()).vin
        except UnknownDevice as error:
            connection.unknown = str(error)
        if self._find(connection.vin) is None:
            strangers = [each for each in self._secured if each.is_stranger]
            if len(strangers) >= self._strangers:
                self._refuse(Refusal.FULL)
                strangers[0].abort()
            connection.is_stranger = True
        elif sum(not each.is_stranger for each in self._secured) >= self._connections:
            self._refuse(Refusal.FULL)
            transport.abort()
            return
        self._secured[connection] = None
        connection.begin(self._upgrade_timeout, self._silent)

    def _silent(self, connection: _Connection) -> None:
        """End a connection that did not ask for anything in time."""
        self._refuse(Refusal.SILENT)
        connection.abort()

    def _lost(self, connection: _Connection) -> None:
        """Forget a connection that is gone."""
        self._secured.pop(connection, None)

    def _refuse(self, reason: Refusal, detail: str = "") -> None:
        self.counters.refused[reason] += 1
        _LOGGER.debug("Connection refused: %s %s", reason, detail)

    # --- From TLS to messages ---------------------------------------------------------------------

    async def _serve(self, connection: _Connection, request: web.BaseRequest) -> web.StreamResponse:
        """Answer the one request of a connection: the upgrade, and all that follows.

        Any path will do: the one that cars ask for is not documented.
        """
        task = asyncio.current_task()
        if task is not None:
            self._keep(task)
        if not (vin := connection.vin):
            return self._turn_down(Refusal.UNKNOWN_DEVICE, HTTPStatus.FORBIDDEN, connection.unknown)
        if (listener := self._find(vin)) is None:
            if self._is_news(Refusal.UNKNOWN_CAR, vin):
                _LOGGER.info("A car is refused that is not set up here: %s", _shown(vin))
            return self._turn_down(Refusal.UNKNOWN_CAR, HTTPStatus.FORBIDDEN)
        socket = web.WebSocketResponse(
            # Cars are said to offer compression, and to leave when it is accepted.
            compress=False,
            # Text is refused, so it need not be decoded.
            decode_text=False,
            max_msg_size=LARGEST_FRAME,
            # aiohttp would answer a flood of pings without giving others their turn.
            autoping=False,
            timeout=self._close_timeout,
        )
        if not socket.can_prepare(request):
            return self._turn_down(Refusal.NO_WEBSOCKET, HTTPStatus.UPGRADE_REQUIRED)
        await socket.prepare(request)
        network = request.headers.get("X-Network-Interface", "").lower()
        connection.socket = socket
        connection.is_stranger = False
        self._admission.welcome(connection.source, asyncio.get_running_loop().time())
        name = self._admit(connection, vin)
        _LOGGER.debug("Car %s is connected: %s %s", _shown(vin), name, network)
        try:
            self._tell(partial(listener.opened, name, network if network in _NETWORKS else ""))
            with suppress(ConnectionError):
                await self._converse(socket, listener)
        finally:
            self._dismiss(vin, name)
            self._tell(partial(listener.closed, name))
            _LOGGER.debug("Car %s has gone: %s, code %s", _shown(vin), name, socket.close_code)
        return socket

    def _turn_down(self, reason: Refusal, status: HTTPStatus, detail: str = "") -> web.Response:
        self._refuse(reason, detail)
        response = web.Response(status=status)
        response.force_close()
        return response

    def _admit(self, connection: _Connection, vin: str) -> str:
        """Register a car's WebSocket; the oldest is closed if it is one too many.

        Returns:
            A name for the connection that no other one of this server ever has.
        """
        name = str(next(self._numbers))
        of_car = self._open.setdefault(vin, {})
        of_car[name] = connection
        self.counters.opened += 1
        if len(of_car) > self._connections_per_car:
            oldest = of_car.pop(next(iter(of_car)))
            self.counters.replaced += 1
            goodbye = self._goodbye(oldest, WSCloseCode.POLICY_VIOLATION)
            self._keep(asyncio.create_task(goodbye))
        return name

    def _dismiss(self, vin: str, name: str) -> None:
        """Forget a car's WebSocket, which may have been replaced before."""
        if (of_car := self._open.get(vin)) is not None:
            of_car.pop(name, None)
            if not of_car:
                del self._open[vin]

    async def _goodbye(self, connection: _Connection, code: WSCloseCode) -> None:
        """Close a WebSocket in good order, or else the connection below it."""
        if connection.socket is None:
            return
        try:
            async with asyncio.timeout(self._close_timeout):
                await connection.socket.close(code=code)
        except TimeoutError, ConnectionError:
            connection.abort()

    def _look(self) -> None:
        """See which connections are alive. aiohttp's own heartbeat outlives its connection."""
        self._next_look = asyncio.get_running_loop().call_later(self._heartbeat, self._look)
        for connection in tuple(self._secured):
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

    # --- Messages ---------------------------------------------------------------------------------

    async def _converse(self, socket: web.WebSocketResponse, listener: Listener) -> None:
        """Answer every message, in order, until the connection ends."""
        loop = asyncio.get_running_loop()
        number = 0
        since = loop.time()
        while (message := await socket.receive()).type in _CONVERSATION:
            if message.type is WSMsgType.BINARY:
                await socket.send_bytes(self._answer(message.data, listener))
            elif message.type is WSMsgType.PING:
                await socket.pong(message.data)
            number += 1
            if number % _AT_A_STRETCH and loop.time() - since < _SECONDS_AT_A_STRETCH:
                continue
            # Nothing above lets others have their turn while messages are waiting.
            await asyncio.sleep(0)
            since = loop.time()
        if message.type is WSMsgType.TEXT:
            self.counters.text += 1
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)

    def _answer(self, data: bytes, listener: Listener) -> bytes:
        """What the car is told about its message.

        As Tesla's server does, but for one thing: a message of another type gets one
        acknowledgement, not the same one twice.
        """
        counters = self.counters
        counters.messages += 1
        if len(data) > LARGEST_MESSAGE:
            counters.malformed += 1
            return write_error(b"")
        try:
            envelope = read_envelope(data)
        except MalformedEnvelope:
            counters.malformed += 1
            return write_error(b"")
        if envelope.message_type != STREAM:
            return write_ack(envelope.txid, b"")
        try:
            listener.heard(envelope.topic, envelope.payload)
        except MalformedRecord:
            counters.malformed += 1
            return write_error(envelope.txid)
        except Exception as error:  # noqa: BLE001  # one bug must not end the stream
            # Not acknowledged, because it did not arrive; not left open, because every repetition
            # would be billed.
            counters.failures += 1
            self._report(error)
            return write_error(envelope.txid)
        return write_ack(envelope.txid, envelope.topic)

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception as error:  # noqa: BLE001  # its bug is not this connection's
            self._report(error)

    def _report(self, error: Exception) -> None:
        """Log a bug of a listener, once for each kind."""
        if self._is_news(type(error)):
            _LOGGER.error("A listener failed; this is told once", exc_info=error)
        else:
            _LOGGER.debug("A listener failed again: %s", type(error).__name__)

    def _is_news(self, *trouble: object) -> bool:
        """Whether this was not met before; after `_REMEMBERED` of them nothing is news."""
        if trouble in self._known_troubles or len(self._known_troubles) >= _REMEMBERED:
            return False
        self._known_troubles.add(trouble)
        return True

    def _keep(self, task: asyncio.Task[Any]) -> None:
        """Wait for this task when the server stops."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Connection(asyncio.Protocol):
    """One connection from TLS on: the road to aiohttp's HTTP."""

    def __init__(
        self,
        transport: TlsTransport,
        source: str,
        serve: Callable[[_Connection, web.BaseRequest], Awaitable[web.StreamResponse]],
        lost: Callable[[_Connection], None],
    ) -> None:
        self.transport = transport
        self.source = source
        """Where it comes from, see `admission.source_of`."""
        self.vin = ""
        """By its certificate; empty if that is no car's."""
        self.unknown = ""
        """Why that is no car's."""
        self.is_stranger = False
        self.socket: web.WebSocketResponse | None = None
        """Once the upgrade is done."""
        self.is_silent = False
        """Whether nothing came since the last look."""
        self.is_pinged = False
        self._serve = serve
        self._lost = lost
        self._http: web.RequestHandler | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, timeout: float, silent: Callable[[_Connection], None]) -> None:
        """Speak HTTP from now on; `silent` is called if nothing was asked in time."""
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
        """End it at once, without a word."""
        self.transport.abort()

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


async def _ping(socket: web.WebSocketResponse) -> None:
    # It may be closing already, or closed.
    with suppress(ConnectionError):
        await socket.ping()


def _shown(vin: str) -> str:
    """As much of a VIN as may be in a log."""
    return vin[-_VIN_SHOWN:]
