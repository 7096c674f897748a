"""The entrance of connections, from TCP to TLS: accept, admit, and do the handshake.

    TCP accepted -> first byte -> admitted -> TLS, the vehicle's certificate verified

Until one of Tesla's certificates is verified, a connection costs the event loop next to nothing,
and costs processor time only within the allowance of its source (`admission`).
"""

import asyncio
import errno
import socket as sockets
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Any

from .acceptor import Acceptor, reset
from .admission import SECONDS_PER_HANDSHAKE, AdmissionResult, HandshakeAdmission, WaitingRoom
from .counters import Counters, Refusal
from .tls.connection import TlsTransport
from .tls.context import ServerContext
from .tls.handshake import Failure, HandshakeQueue


class PortInUse(OSError):
    """Another program or server listens on this port."""


class Entrance:
    """Listens for connections, and hands each over once its TLS is established.

    Args:
        counters: Counts refused connections.
        admission: Decides which handshakes may begin.
        room: Connections that have sent nothing yet.
        executor: Runs the handshakes; None for the event loop's own.
        on_secured: Called with a connection's source and transport once TLS is established.
        keep: Called with each task, which the server waits for when it stops.
        first_byte_timeout: Seconds from TCP to the first byte.
        handshake_timeout: Seconds for the TLS handshake.
        close_timeout: Seconds to close a connection gracefully.
    """

    def __init__(
        self,
        counters: Counters,
        admission: HandshakeAdmission,
        room: WaitingRoom[sockets.socket],
        executor: Executor | None,
        *,
        on_secured: Callable[[str, TlsTransport], None],
        keep: Callable[[asyncio.Task[Any]], None],
        first_byte_timeout: float,
        handshake_timeout: float,
        close_timeout: float,
    ) -> None:
        self.admission = admission
        self.room = room
        self.context: ServerContext | None = None
        """TLS context of new handshakes."""
        self.arriving: dict[TlsTransport, None] = {}
        """Connections whose handshake is under way, oldest first."""
        self._counters = counters
        self._on_secured = on_secured
        self._keep = keep
        self._handshake_timeout = handshake_timeout
        self._close_timeout = close_timeout
        self._acceptor = Acceptor(
            room,
            on_arrival=self._arrived,
            on_ready=self._admit_source,
            on_displaced=self._displaced,
            on_silent=partial(counters.refuse, Refusal.NOTHING_SENT),
            on_lost=partial(counters.refuse, Refusal.LOST),
            is_familiar=self._is_familiar,
            timeout=first_byte_timeout,
        )
        # Two queues, so that vehicles' sources never wait for a stranger's handshake.
        self._familiar_handshakes = HandshakeQueue(executor)
        self._other_handshakes = HandshakeQueue(executor)

    @property
    def port(self) -> int:
        """The port that this listens on; 0 if it is not listening."""
        return self._acceptor.port

    @property
    def is_open(self) -> bool:
        """Whether this is listening."""
        return self._acceptor.is_open

    async def open(self, host: str | None, port: int, context: ServerContext) -> None:
        """Listen; see `TelemetryServer.start`."""
        self.context = context
        try:
            await self._acceptor.open(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(error.errno, error.strerror) from error
            raise

    def close(self) -> list[TlsTransport]:
        """Stop listening, abort the handshakes under way, and return their transports."""
        self._acceptor.close()
        arriving = list(self.arriving)
        for each in arriving:
            each.abort()
        return arriving

    def is_flooded(self) -> bool:
        """Whether a lasting flood of connections may keep vehicles out."""
        return self.admission.flood.is_flooded(asyncio.get_running_loop().time())

    def welcome(self, source: str) -> None:
        """Refund the handshake of one of our vehicles, and remember its source."""
        self.admission.welcome(source, asyncio.get_running_loop().time())

    def _arrived(self) -> None:
        self._counters.arrived += 1

    def _is_familiar(self, source: str) -> bool:
        return self.admission.is_familiar(source, asyncio.get_running_loop().time())

    def _displaced(self, source: str) -> None:
        """Count a connection that was displaced from the waiting room."""
        self._counters.refuse(Refusal.FLOOD)
        if self._is_familiar(source) or len(self.room) >= self.room.max_waiting:
            self.admission.flood.turned_away(asyncio.get_running_loop().time())

    def _admit_source(self, connection: sockets.socket, source: str) -> None:
        """Begin the TLS handshake of a connection that has sent its first bytes, if admitted."""
        verdict = self.admission.admit(source, asyncio.get_running_loop().time())
        if verdict is not AdmissionResult.ADMITTED or self.context is None:
            is_own_fault = verdict is AdmissionResult.SOURCE_SPENT
            self._counters.refuse(Refusal.SOURCE_FLOOD if is_own_fault else Refusal.FLOOD)
            reset(connection)
            return
        transport = TlsTransport(
            self.context,
            self._familiar_handshakes if self._is_familiar(source) else self._other_handshakes,
            may_go_on=partial(self._may_go_on, source),
            on_secured=partial(self._hand_over, source),
            on_failed=self._not_secured,
            on_step=partial(self._charge, source),
            handshake_timeout=self._handshake_timeout,
            close_timeout=self._close_timeout,
        )
        self.arriving[transport] = None
        self._keep(asyncio.create_task(self._secure(transport, connection)))

    async def _secure(self, transport: TlsTransport, connection: sockets.socket) -> None:
        """Start TLS on a socket."""
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: transport, connection)
        except OSError:
            connection.close()
            transport.connection_lost(None)

    def _may_go_on(self, source: str) -> bool:
        return not self.admission.is_in_debt(source, asyncio.get_running_loop().time())

    def _charge(self, source: str, transport: TlsTransport, seconds: float) -> None:
        """Charge a handshake's processor time beyond the share that its admission paid for."""
        excess = min(seconds, transport.handshake.seconds - SECONDS_PER_HANDSHAKE)
        if excess > 0:
            self.admission.charge(source, excess, asyncio.get_running_loop().time())

    def _not_secured(self, transport: TlsTransport, failure: Failure, detail: str) -> None:
        self.arriving.pop(transport, None)
        self._counters.refuse(Refusal(failure), detail)

    def _hand_over(self, source: str, transport: TlsTransport) -> None:
        del self.arriving[transport]
        self._on_secured(source, transport)
