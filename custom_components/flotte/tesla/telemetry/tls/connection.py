"""TLS of one connection: the handshake in a thread, everything after it on the event loop.

    TCP ──> TlsTransport ──> the protocol above it (HTTP)

A stranger chooses what a handshake costs: some hundred certificates, or elliptic curves made to be
slow, take OpenSSL a second and more for a few thousand bytes. So the steps of handshakes are done
one after the other in a thread, which leaves the event loop free (OpenSSL runs without Python's
lock), and their bytes are counted. asyncio's own TLS does handshakes on the loop.

What has been received is decrypted in small portions, so that a client that sends much, or much
that OpenSSL has to answer itself (key updates), takes its turn with everybody else.
"""

import asyncio
import logging
import ssl
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, cast, override

from .context import ServerContext

_LOGGER: Final = logging.getLogger(__name__)

MAX_HANDSHAKE_BYTES: Final = 16_384
"""What OpenSSL is given of a client until TLS is established.

A greeting has 0.3 to 2 kB, a chain of four certificates with RSA keys about 6 kB.
"""
MAX_HANDSHAKE_STEPS: Final = 64
"""Portions in which it may arrive; each costs a visit to the thread."""
_PORTION: Final = 16_384
"""Bytes that are decrypted before others get their turn."""


class Failure(StrEnum):
    """Why TLS was not established."""

    NO_CERTIFICATE = "no_certificate"
    """A browser or a scanner; or a car that was not asked as it wants to be asked."""
    UNTRUSTED = "untrusted_certificate"
    NO_TLS = "no_tls"
    """Something else than TLS, or a client that does not trust our certificate."""
    TOO_MUCH = "too_much_before_tls"
    """More bytes, or in more portions, than a car needs."""
    TIMEOUT = "handshake_timeout"
    LOST = "lost"
    """The other side went away."""
    FLOOD = "flood"
    """There is no more time for its source."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one step of a handshake."""

    outgoing: bytes
    """For the client."""
    seconds: float
    """Of processor time."""
    is_done: bool = False
    failure: Failure | None = None
    detail: str = ""
    """Of a failure, for a log."""


class Handshake:
    """A TLS handshake from bytes to bytes. Its steps may run in a thread, one at a time."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._received = bytearray()
        self._begin(context)

    def _begin(self, context: ServerContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def step(self, data: bytes) -> Step:
        """Go on with what was received."""
        begin = time.thread_time()
        is_done = False
        failure, detail = None, ""
        self._received += data
        try:
            is_done = self._advance(data)
            if self.session.session_reused:
                # Nothing was sent yet. The other context does not know the session, so that it is
                # agreed upon anew, and the certificate verified.
                self._begin(self._context.alternate)
                is_done = self._advance(bytes(self._received))
        except ssl.SSLCertVerificationError as error:
            failure, detail = Failure.UNTRUSTED, error.verify_message
        except ssl.SSLError as error:
            has_none = error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
            failure = Failure.NO_CERTIFICATE if has_none else Failure.NO_TLS
            detail = error.reason or ""
        if is_done:
            self._received.clear()
        seconds = time.thread_time() - begin
        return Step(self.outgoing.read(), seconds, is_done, failure, detail)

    def _advance(self, data: bytes) -> bool:
        self.incoming.write(data)
        try:
            self.session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


class HandshakeQueue:
    """Runs the steps of handshakes in a thread, one at a time.

    Args:
        executor: Where; None: the event loop's own.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor
        self._waiting: deque[TlsTransport] = deque()
        self._is_running = False

    def submit(self, connection: TlsTransport) -> None:
        """Have the next step of a connection run."""
        self._waiting.append(connection)
        self._run()

    def _run(self) -> None:
        while self._waiting and not self._is_running:
            connection = self._waiting.popleft()
            if (data := connection.begin_step()) is None:
                continue
            try:
                running = asyncio.get_running_loop().run_in_executor(
                    self._executor, connection.handshake.step, data
                )
            except RuntimeError:
                # There are no threads any more: Home Assistant stops.
                connection.abort()
                continue
            self._is_running = True
            running.add_done_callback(partial(self._finished, connection))

    def _finished(self, connection: TlsTransport, done: asyncio.Future[Step]) -> None:
        self._is_running = False
        try:
            connection.end_step(done.result())
        except asyncio.CancelledError:
            connection.abort()
        finally:
            self._run()


class TlsTransport(asyncio.Protocol, asyncio.Transport):
    """TLS over a TCP connection: a protocol to the one, a transport to what is above.

    Args:
        context: From `certificates.server_context`.
        queue: Where its handshake runs.
        may_go_on: Asked before each step of the handshake whether there is time for it.
        on_secured: Called once when TLS is established; it calls `attach`, or ends the connection.
        on_failed: Called once if that fails, with the detail for a log.
        on_step: Called with the processor time, in seconds, of each step of the handshake; also
            after it has failed, if a step was still running.
        handshake_timeout: Seconds.
        close_timeout: Seconds that the other side has to agree that it ends.
    """

    def __init__(
        self,
        context: ServerContext,
        queue: HandshakeQueue,
        *,
        may_go_on: Callable[[], bool],
        on_secured: Callable[[TlsTransport], None],
        on_failed: Callable[[TlsTransport, Failure, str], None],
        on_step: Callable[[TlsTransport, float], None],
        handshake_timeout: float,
        close_timeout: float,
    ) -> None:
        super().__init__()
        self.handshake = Handshake(context)
        self.seconds = 0.0
        """Processor time of the handshake so far."""
        self.gone = asyncio.Event()
        """Set when TCP is over."""
        self._queue = queue
        self._may_go_on = may_go_on
        self._on_secured = on_secured
        self._on_failed = on_failed
        self._on_step = on_step
        self._handshake_timeout = handshake_timeout
        self._close_timeout = close_timeout
        self._tcp: asyncio.Transport | None = None
        self._above: asyncio.Protocol | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_shaking_hands = True
        self._is_stepping = False
        self._is_queued = False
        self._bytes = self._steps = 0
        self._received = bytearray()
        """Not decrypted yet."""
        self._is_reading = True
        """Whether what is above wants to have more."""
        self._is_scheduled = False
        self._is_closing = False

    # --- The handshake ----------------------------------------------------------------------------

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tcp = cast("asyncio.Transport", transport)
        if self._is_closing:
            self._tcp.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(
            self._handshake_timeout, self._fail, Failure.TIMEOUT
        )

    def _continue_handshake(self, data: bytes) -> None:
        self._steps += 1
        self._received += data
        if self._tcp is not None and len(self._received) >= MAX_HANDSHAKE_BYTES:
            # A client may send what it wants right behind its part of the handshake.
            self._tcp.pause_reading()
        self._request_step()

    def _request_step(self) -> None:
        if not self._received or self._is_queued or self._is_stepping:
            return
        if self._bytes >= MAX_HANDSHAKE_BYTES or self._steps > MAX_HANDSHAKE_STEPS:
            self._fail(Failure.TOO_MUCH)
            return
        self._is_queued = True
        self._queue.submit(self)

    def begin_step(self) -> bytes | None:
        """Hand out what the next step needs; None if there is nothing to do any more."""
        self._is_queued = False
        if self._is_shaking_hands and not self._may_go_on():
            self._fail(Failure.FLOOD)
        if not self._is_shaking_hands:
            return None
        self._is_stepping = True
        data = bytes(self._received[: MAX_HANDSHAKE_BYTES - self._bytes])
        del self._received[: len(data)]
        self._bytes += len(data)
        return data

    def end_step(self, step: Step) -> None:
        """Go on after a step."""
        self._is_stepping = False
        self.seconds += step.seconds
        self._on_step(self, step.seconds)
        if not self._is_shaking_hands or self._tcp is None:
            return
        if step.outgoing:
            self._tcp.write(step.outgoing)
        if step.failure is not None:
            self._fail(step.failure, step.detail)
        elif step.is_done:
            self._is_shaking_hands = False
            self._stop_timer()
            self._on_secured(self)
        else:
            self._request_step()

    def _fail(self, failure: Failure, detail: str = "") -> None:
        if not self._is_shaking_hands:
            return
        self._is_shaking_hands = False
        self._stop_timer()
        self._received.clear()
        if self._tcp is not None:
            # An alert that says why is in the hands of the operating system already, or never.
            if self._tcp.get_write_buffer_size():
                self._tcp.abort()
            else:
                self._tcp.close()
        self._on_failed(self, failure, detail)

    # --- From TCP ---------------------------------------------------------------------------------

    @override
    def data_received(self, data: bytes) -> None:
        if self._is_shaking_hands:
            self._continue_handshake(data)
        elif self._above is not None and not self._is_closing:
            self._received += data
            if not self._is_scheduled:
                self._decrypt()

    def _decrypt(self) -> None:
        """Hand a portion of what was received to the protocol above."""
        self._is_scheduled = False
        if self._above is None or self._is_closing or self._tcp is None:
            return
        session = self.handshake.session
        if self._received and self._is_reading:
            self.handshake.incoming.write(self._received[:_PORTION])
            del self._received[:_PORTION]
        try:
            while self._is_reading and not self._is_closing:
                if not (data := session.read(_PORTION)):
                    # The other side said that it ends.
                    self.close()
                    return
                self._above.data_received(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            _LOGGER.debug("TLS of a connection broke: %s", error.reason)
            self._flush()
            self.abort()
            return
        self._flush()
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        """Read on from TCP if all that came from there is handed over; else hand over more soon."""
        if self._tcp is None or self._is_closing:
            return
        if self._is_reading and not self._received:
            self._tcp.resume_reading()
            return
        self._tcp.pause_reading()
        if self._is_reading:
            self._is_scheduled = True
            asyncio.get_running_loop().call_soon(self._decrypt)

    def _flush(self) -> None:
        if self._tcp is not None and (data := self.handshake.outgoing.read()):
            self._tcp.write(data)

    @override
    def eof_received(self) -> bool:
        if self._is_shaking_hands:
            self._fail(Failure.LOST)
        return False

    @override
    def pause_writing(self) -> None:
        if self._above is not None:
            self._above.pause_writing()

    @override
    def resume_writing(self) -> None:
        if self._above is not None:
            self._above.resume_writing()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(Failure.LOST)
        self._stop_timer()
        self._is_closing = True
        self._received.clear()
        self.gone.set()
        above, self._above = self._above, None
        if above is not None:
            above.connection_lost(exc)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # --- For what is above ------------------------------------------------------------------------

    def attach(self, above: asyncio.Protocol) -> None:
        """Hand what comes from now on to a protocol."""
        self._above = above
        above.connection_made(self)
        # A client may send something together with the end of its handshake.
        self._decrypt()

    def certificate(self) -> bytes:
        """The certificate, DER, whose key the other side was seen to have.

        It is the first of the verified chain. Others may have been sent along; they count for
        nothing. Empty if there is none.
        """
        return self.handshake.session.getpeercert(binary_form=True) or b""

    @override
    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._is_closing or self._tcp is None or not data:
            return
        self.handshake.session.write(data)
        self._flush()

    @override
    def close(self) -> None:
        """End the connection in good order: what was written still arrives."""
        if self._is_closing or self._tcp is None:
            return
        self._is_closing = True
        # It wants to hear that the other side agrees, for which nobody waits.
        with suppress(ssl.SSLError):
            self.handshake.session.unwrap()
        self._flush()
        # With something unread TCP would be reset, and what was written lost: the rest is read,
        # but not decrypted.
        self._received.clear()
        self._tcp.write_eof()
        self._tcp.resume_reading()
        self._timer = asyncio.get_running_loop().call_later(self._close_timeout, self._tcp.abort)

    @override
    def abort(self) -> None:
        self._is_closing = True
        if self._tcp is not None:
            self._tcp.abort()

    @override
    def is_closing(self) -> bool:
        return self._is_closing

    @override
    def pause_reading(self) -> None:
        self._is_reading = False

    @override
    def resume_reading(self) -> None:
        if not self._is_reading:
            self._is_reading = True
            if not self._is_scheduled and not self._is_closing:
                self._is_scheduled = True
                asyncio.get_running_loop().call_soon(self._decrypt)

    @override
    def is_reading(self) -> bool:
        return self._is_reading

    @override
    def get_write_buffer_size(self) -> int:
        return 0 if self._tcp is None else self._tcp.get_write_buffer_size()

    @override
    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "ssl_object":
            return self.handshake.session
        return default if self._tcp is None else self._tcp.get_extra_info(name, default)
