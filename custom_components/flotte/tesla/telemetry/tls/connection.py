"""TLS of one connection: the handshake in a thread, everything after it on the event loop.

    TCP ──> TlsTransport ──> the protocol above it (HTTP)

What has been received is decrypted in small portions, so that a client that sends much, or much
that OpenSSL has to answer itself (key updates), takes turns with all others.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast, override

from .context import ServerContext
from .handshake import MAX_HANDSHAKE_BYTES, Failure, HandshakeQueue, HandshakeRun

_LOGGER: Final = logging.getLogger(__name__)

_PORTION: Final = 16_384
"""Bytes that are decrypted before others get their turn."""


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
        self.handshake = HandshakeRun(context, queue, self, may_go_on=may_go_on)
        self.gone = asyncio.Event()
        """Set when TCP is over."""
        self._on_secured = on_secured
        self._on_failed = on_failed
        self._on_step = on_step
        self._handshake_timeout = handshake_timeout
        self._close_timeout = close_timeout
        self._tcp: asyncio.Transport | None = None
        self._above: asyncio.Protocol | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tls = self.handshake.tls
        self._received = self.handshake.received
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
            self._handshake_timeout, self.handshake.fail, Failure.TIMEOUT
        )

    def send(self, data: bytes) -> None:
        """Send bytes of the handshake to the client."""
        if self._tcp is not None:
            self._tcp.write(data)

    def on_step(self, seconds: float) -> None:
        """Report the processor time of a step."""
        self._on_step(self, seconds)

    def on_done(self) -> None:
        """Hand over the connection: TLS is established."""
        self._stop_timer()
        self._on_secured(self)

    def on_failed(self, failure: Failure, detail: str) -> None:
        """End the connection: the handshake failed."""
        self._stop_timer()
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
        if not self.handshake.is_over:
            if self._tcp is not None and len(self._received) + len(data) >= MAX_HANDSHAKE_BYTES:
                # A client may send what it wants right behind its part of the handshake.
                self._tcp.pause_reading()
            self.handshake.feed(data)
        elif self._above is not None and not self._is_closing:
            self._received += data
            if not self._is_scheduled:
                self._decrypt()

    def _decrypt(self) -> None:
        """Hand a portion of what was received to the protocol above."""
        self._is_scheduled = False
        if self._above is None or self._is_closing or self._tcp is None:
            return
        session = self._tls.session
        if self._received and self._is_reading:
            self._tls.incoming.write(self._received[:_PORTION])
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
        if self._tcp is not None and (data := self._tls.outgoing.read()):
            self._tcp.write(data)

    @override
    def eof_received(self) -> bool:
        self.handshake.fail(Failure.LOST)
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
        self.handshake.fail(Failure.LOST)
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
        return self._tls.session.getpeercert(binary_form=True) or b""

    @override
    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if self._is_closing or self._tcp is None or not data:
            return
        self._tls.session.write(data)
        self._flush()

    @override
    def close(self) -> None:
        """End the connection in good order: what was written still arrives."""
        if self._is_closing or self._tcp is None:
            return
        self._is_closing = True
        # It raises until the other side confirms, which is not waited for.
        with suppress(ssl.SSLError):
            self._tls.session.unwrap()
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
            return self._tls.session
        return default if self._tcp is None else self._tcp.get_extra_info(name, default)
