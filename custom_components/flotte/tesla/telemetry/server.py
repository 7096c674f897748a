"""The server that cars connect to: WebSocket over mutual TLS, and an answer for every message.

    TCP accepted -> TLS, the car's certificate verified -> upgrade, the car known -> messages

The port is open to the internet. Until a certificate of Tesla's is verified a connection costs
little, is one of few, and has little time; after that it belongs to some car, and only the cars
that `find` knows get any further.

One connection never waits for another: what it says is handled at once, a flood in small portions,
and nobody waits for a car that does not read its answers.

Sources: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), whose answers these are; Python's
asyncio and aiohttp 3.14.
"""

import asyncio
import errno
import itertools
import logging
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol, cast, override

from aiohttp import WSCloseCode, WSMsgType, web

from .certificates import UnknownDevice, identity
from .envelope import STREAM, MalformedEnvelope, read_envelope, write_ack, write_error
from .records import MalformedRecord

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
HANDSHAKES: Final = 256
"""At once. A file and some 100 kB of memory each."""
HANDSHAKES_PER_SECOND: Final = 50.0
"""On average, after a first `HANDSHAKES`: each takes about a millisecond of the event loop."""

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
_REMEMBERED: Final = 100
"""How many different troubles are kept in mind, so that each is logged once."""
_VIN_SHOWN: Final = 6
"""The last characters, which tell an owner's cars apart."""
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

    FLOOD = "flood"
    """More connections at once, or in a second, than are let in."""
    TIMEOUT = "handshake_timeout"
    NO_CERTIFICATE = "no_certificate"
    """A browser or a scanner; or a car that was not asked as it wants to be asked."""
    UNTRUSTED = "untrusted_certificate"
    NO_TLS = "no_tls"
    """Something else than TLS, or a client that does not trust our certificate."""
    LOST = "lost"
    """The other side went away during the handshake."""
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
        connections_per_car: The oldest connection is closed when a car opens more.
        connections: Of all cars.
        handshakes: TLS handshakes at once; the oldest gives way to the next.
        handshakes_per_second: On average; the burst is `handshakes`.
        handshake_timeout: Seconds.
        upgrade_timeout: Seconds from TLS to the request for a WebSocket.
        heartbeat: Seconds between two looks whether connections are alive.
        close_timeout: Seconds to end a connection in good order.
    """

    def __init__(
        self,
        find: Find,
        *,
        connections_per_car: int = CONNECTIONS_PER_CAR,
        connections: int = CONNECTIONS,
        handshakes: int = HANDSHAKES,
        handshakes_per_second: float = HANDSHAKES_PER_SECOND,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        upgrade_timeout: float = UPGRADE_TIMEOUT,
        heartbeat: float = HEARTBEAT,
        close_timeout: float = CLOSE_TIMEOUT,
    ) -> None:
        self.counters = Counters()
        self._find = find
        self._connections_per_car = connections_per_car
        self._connections = connections
        self._handshakes = handshakes
        self._handshakes_per_second = handshakes_per_second
        self._handshake_timeout = handshake_timeout
        self._upgrade_timeout = upgrade_timeout
        self._heartbeat = heartbeat
        self._close_timeout = close_timeout

        self._server: asyncio.Server | None = None
        self._context: ssl.SSLContext | None = None
        self._next_look: asyncio.TimerHandle | None = None
        self._room = float(handshakes)
        self._room_at = 0.0
        # Dictionaries keep the order of arrival: the first is the oldest.
        self._arriving: dict[_Connection, asyncio.Task[None]] = {}
        self._secured: set[_Connection] = set()
        self._open: dict[str, dict[str, _Connection]] = {}
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._known_troubles: set[tuple[object, ...]] = set()

    @property
    def port(self) -> int:
        """The port it listens on; 0 if it does not."""
        if self._server is None or not self._server.sockets:
            return 0
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def open_connections(self) -> int:
        """WebSockets of cars that are up now."""
        return sum(map(len, self._open.values()))

    def diagnostics(self) -> dict[str, object]:
        """Numbers that help to find out why no car connects."""
        counters = self.counters
        return {
            "is_listening": self._server is not None,
            "cars": len(self._open),
            "connections": self.open_connections,
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

    async def start(self, host: str | None, port: int, context: ssl.SSLContext) -> None:
        """Listen.

        Args:
            host: Address to listen on; None: all.
            port: 0: any that is free; without a host each kind of address gets another one.
            context: From `certificates.server_context`.

        Raises:
            PortInUse: somebody else listens there; trying later is sensible.
            OSError: the address does not exist, or the port is not for ordinary programs.
            RuntimeError: it listens already.
        """
        if self._server is not None:
            raise RuntimeError("the server is running")
        self._context = context
        loop = asyncio.get_running_loop()
        made = partial(_Connection, self._arrived, self._serve, self._lost)
        try:
            self._server = await loop.create_server(made, host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(error.errno, error.strerror) from error
            raise
        self._next_look = loop.call_later(self._heartbeat, self._look)
        _LOGGER.debug("Listening for cars on port %d", self.port)

    def use(self, context: ssl.SSLContext) -> None:
        """Speak TLS like this from the next connection on; those that are up stay as they are.

        This is how a renewed certificate comes into use. A new context, because changing one that
        handshakes are using, from a thread, is not safe.
        """
        self._context = context

    async def stop(self) -> None:
        """Listen no more, and end all connections in good order but soon.

        Afterwards every listener knows that its connections are closed, and the port is free.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        if self._next_look is not None:
            self._next_look.cancel()
        try:
            for task in tuple(self._arriving.values()):
                task.cancel()
            goodbyes = []
            for connection in tuple(self._secured):
                if connection.socket is None:
                    connection.abort()
                else:
                    goodbyes.append(self._goodbye(connection, WSCloseCode.GOING_AWAY))
            await asyncio.gather(*goodbyes)
        finally:
            server.abort_clients()
        while tasks := {*self._arriving.values(), *self._tasks}:
            _, slow = await asyncio.wait(tasks, timeout=self._close_timeout)
            for task in slow:
                task.cancel()
        await server.wait_closed()
        # TLS tells a moment later than TCP.
        for connection in tuple(self._secured):
            await connection.gone.wait()
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

    def _arrived(self, connection: _Connection, transport: asyncio.Transport) -> None:
        """Start TLS on a connection that was accepted, if there is room."""
        self.counters.arrived += 1
        if self._server is None or self._context is None or not self._take_room():
            self._refuse(Refusal.FLOOD)
            transport.abort()
            return
        if len(self._arriving) >= self._handshakes:
            # Who keeps us waiting longest is the least likely to be a car.
            oldest = next(iter(self._arriving))
            self._refuse(Refusal.FLOOD)
            self._arriving.pop(oldest).cancel()
            oldest.abort()
        self._arriving[connection] = asyncio.create_task(
            self._secure(connection, transport, self._context)
        )

    def _take_room(self) -> bool:
        """Take one handshake out of what the rate allows; False if there is none left."""
        now = asyncio.get_running_loop().time()
        gained = (now - self._room_at) * self._handshakes_per_second
        self._room = min(float(self._handshakes), self._room + gained)
        self._room_at = now
        if self._room < 1:
            return False
        self._room -= 1
        return True

    async def _secure(
        self, connection: _Connection, transport: asyncio.Transport, context: ssl.SSLContext
    ) -> None:
        """Do the TLS handshake."""
        secured: asyncio.Transport | None = None
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                connection,
                context,
                server_side=True,
                ssl_handshake_timeout=self._handshake_timeout,
                ssl_shutdown_timeout=self._close_timeout,
            )
        except ssl.SSLCertVerificationError as error:
            self._refuse(Refusal.UNTRUSTED, error.verify_message)
        except ssl.SSLError as error:
            has_none = error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
            self._refuse(Refusal.NO_CERTIFICATE if has_none else Refusal.NO_TLS, error.reason)
        except ConnectionAbortedError:
            self._refuse(Refusal.TIMEOUT)
        except OSError:
            self._refuse(Refusal.LOST)
        else:
            self._hand_over(connection, secured)
        finally:
            self._arriving.pop(connection, None)

    def _hand_over(self, connection: _Connection, secured: asyncio.Transport | None) -> None:
        """Let a connection whose TLS stands ask for what it wants."""
        # asyncio hands out a transport even if the other side hung up during the handshake; then
        # it has no object.
        if (
            secured is None
            or secured.get_extra_info("ssl_object") is None
            or connection.gone.is_set()
        ):
            refusal = Refusal.LOST
        elif len(self._secured) >= self._connections:
            refusal = Refusal.FULL
        else:
            self._secured.add(connection)
            connection.begin(secured, self._upgrade_timeout, self._silent)
            return
        self._refuse(refusal)
        if secured is not None:
            secured.abort()

    def _silent(self, connection: _Connection) -> None:
        """End a connection that did not ask for anything in time."""
        self._refuse(Refusal.SILENT)
        connection.abort()

    def _lost(self, connection: _Connection) -> None:
        """Forget a connection that is gone."""
        self._secured.discard(connection)

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
        try:
            vin = identity(connection.certificate()).vin
        except UnknownDevice as error:
            return self._turn_down(Refusal.UNKNOWN_DEVICE, HTTPStatus.FORBIDDEN, str(error))
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
            timeout=self._close_timeout,
        )
        if not socket.can_prepare(request):
            return self._turn_down(Refusal.NO_WEBSOCKET, HTTPStatus.UPGRADE_REQUIRED)
        await socket.prepare(request)
        network = request.headers.get("X-Network-Interface", "").lower()
        connection.socket = socket
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
        number = 0
        while (message := await socket.receive()).type is WSMsgType.BINARY:
            await socket.send_bytes(self._answer(message.data, listener))
            number += 1
            if not number % _AT_A_STRETCH:
                # Neither line above lets others have their turn while messages are waiting.
                await asyncio.sleep(0)
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
    """One connection from TCP on: first TLS's client, then the road to aiohttp's HTTP.

    asyncio alone would do a handshake for everybody who comes, and tell nobody how it went.
    """

    def __init__(
        self,
        arrived: Callable[[_Connection, asyncio.Transport], None],
        serve: Callable[[_Connection, web.BaseRequest], Awaitable[web.StreamResponse]],
        lost: Callable[[_Connection], None],
    ) -> None:
        self.socket: web.WebSocketResponse | None = None
        """Once the upgrade is done."""
        self.is_silent = False
        """Whether nothing came since the last look."""
        self.is_pinged = False
        self.gone = asyncio.Event()
        self._arrived = arrived
        self._serve = serve
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._http: web.RequestHandler | None = None
        self._early: list[bytes] = []
        self._timer: asyncio.TimerHandle | None = None

    def begin(
        self, secured: asyncio.Transport, timeout: float, silent: Callable[[_Connection], None]
    ) -> None:
        """Speak HTTP from now on; `silent` is called if nothing was asked in time."""
        self._transport = secured
        self._timer = asyncio.get_running_loop().call_later(timeout, silent, self)
        server = web.Server(
            self._request,
            logger=_HTTP_LOGGER,
            access_log=None,
            keepalive_timeout=0,
            lingering_time=0,
        )
        self._http = server()
        self._http.connection_made(secured)
        # Decrypted together with the end of the handshake.
        for data in self._early:
            self._http.data_received(data)
        self._early.clear()

    async def _request(self, request: web.BaseRequest) -> web.StreamResponse:
        self._stop_timer()
        return await self._serve(self, request)

    def certificate(self) -> bytes:
        """The certificate, DER, whose key the other side was seen to have.

        It is the first of the verified chain. Others may have been sent along; they count for
        nothing. Empty if the connection is gone.
        """
        session = self._transport and self._transport.get_extra_info("ssl_object")
        return (session and session.getpeercert(binary_form=True)) or b""

    def abort(self) -> None:
        """End it at once, without a word."""
        if self._transport is not None:
            self._transport.abort()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # What asyncio calls this for sockets is always of this kind.
        self._transport = cast("asyncio.Transport", transport)
        # What comes is for TLS, which is not there yet.
        self._transport.pause_reading()
        self._arrived(self, self._transport)

    @override
    def data_received(self, data: bytes) -> None:
        self.is_silent = False
        if self._http is None:
            self._early.append(data)
        else:
            self._http.data_received(data)

    @override
    def eof_received(self) -> None:
        if self._http is not None:
            self._http.eof_received()

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
        self.gone.set()
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
