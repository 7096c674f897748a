"""TLS of one connection: the handshake in a thread, everything after it on the event loop.

    TCP ──> TlsTransport ──> the protocol above it (HTTP)

Received data is decrypted in small portions, so that other connections get their turn even if a
client sends a lot, or sends key updates, which OpenSSL answers on its own.
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
"""Bytes to decrypt before other connections get their turn."""


class TlsTransport(asyncio.Protocol, asyncio.Transport):
    """TLS over a TCP connection: a protocol for TCP, and a transport for the protocol above.

    Args:
        context: From `context.server_context`.
        queue: Runs the steps of the handshake.
        may_go_on: Called before each step; returns whether there is time for it.
        on_secured: Called once when TLS is established; has to call `attach`, or end the
            connection.
        on_failed: Called once if the handshake fails, with details for the log.
        on_step: Called with the processor time, in seconds, of each step of the handshake; after a
            failure, also for a step that was still running.
        handshake_timeout: Seconds for the handshake.
        close_timeout: Seconds for the other side to confirm the end of the connection.
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
        """Set when the TCP connection is lost."""
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
        """Data that is not decrypted yet."""
        self._is_reading = True
        """Whether the protocol above accepts more data."""
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
            # If the alert with the reason is not with the operating system yet, do not wait for it.
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
                # A client may send any amount of data right after its part of the handshake.
                self._tcp.pause_reading()
            self.handshake.feed(data)
        elif self._above is not None and not self._is_closing:
            self._received += data
            if not self._is_scheduled:
                self._decrypt()

    def _decrypt(self) -> None:
        """Decrypt a portion of the received data, and pass it to the protocol above."""
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
                    # The other side announced the end of the connection.
                    self.close()
                    return
                self._above.data_received(data)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError as error:
            _LOGGER.debug("TLS of a connection failed: %s", error.reason)
            self._flush()
            self.abort()
            return
        self._flush()
        self._go_on_reading()

    def _go_on_reading(self) -> None:
        """Resume reading from TCP once all received data is passed on; until then, pass on more."""
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

    # --- For the protocol above -------------------------------------------------------------------

    def attach(self, above: asyncio.Protocol) -> None:
        """Pass all data from now on to a protocol."""
        self._above = above
        above.connection_made(self)
        # A client may send data together with the end of its handshake.
        self._decrypt()

    def certificate(self) -> bytes:
        """The certificate (DER) whose private key the other side has proved to have.

        It is the first of the verified chain; other certificates that were sent do not count. Empty
        if there is none.
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
        """End the connection gracefully, so that written data still arrives."""
        if self._is_closing or self._tcp is None:
            return
        self._is_closing = True
        # This raises until the other side confirms the end; do not wait for that.
        with suppress(ssl.SSLError):
            self._tls.session.unwrap()
        self._flush()
        # Unread data would reset TCP and lose the written data. So read the rest, but do not
        # decrypt it.
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
