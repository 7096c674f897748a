"""TLS handshakes, step by step in a thread.

A client decides how expensive a handshake is: with a hundred certificates, or with elliptic curves
made to be slow, a few thousand bytes keep OpenSSL busy for a second or more. So the steps of all
handshakes run one after the other in a thread, and their bytes are limited. That keeps the event
loop free, because OpenSSL releases Python's lock; asyncio's own TLS does handshakes on the loop.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final, Protocol

from .context import ServerContext

MAX_HANDSHAKE_BYTES: Final = 16_384
"""Maximum number of bytes from a client until TLS is established.

A ClientHello has 0.3 to 2 kB, a chain of four certificates with RSA keys about 6 kB.
"""
MAX_HANDSHAKE_STEPS: Final = 64
"""Maximum number of portions in which these bytes may arrive; each needs a step in the thread."""


class Failure(StrEnum):
    """Reason why TLS was not established."""

    NO_CERTIFICATE = "no_certificate"
    """The client has no certificate: a browser, a scanner, or a vehicle that rejects our
    request."""
    UNTRUSTED = "untrusted_certificate"
    NO_TLS = "no_tls"
    """Another protocol, or a client that does not trust our certificate."""
    TOO_MUCH = "too_much_before_tls"
    """More bytes or portions than a vehicle needs."""
    TIMEOUT = "handshake_timeout"
    LOST = "lost"
    """The other side disconnected."""
    FLOOD = "flood"
    """The source has used up its processor time."""


@dataclass(frozen=True, slots=True)
class HandshakeStep:
    """Result of one step of a handshake."""

    outgoing: bytes
    """Bytes for the client."""
    seconds: float
    """Processor time of the step."""
    is_done: bool = False
    failure: Failure | None = None
    detail: str = ""
    """Details of a failure, for the log."""


class Handshake:
    """A TLS handshake from bytes to bytes. Its steps may run in a thread, one at a time."""

    def __init__(self, context: ServerContext) -> None:
        self._context = context
        self._received = bytearray()
        self._begin(context)

    def _begin(self, context: ServerContext) -> None:
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)

    def step(self, data: bytes) -> HandshakeStep:
        """Continue with received data."""
        begin = time.thread_time()
        is_done = False
        failure, detail = None, ""
        self._received += data
        try:
            is_done = self._advance(data)
            if self.session.session_reused:
                # Start again before anything is sent. The other context does not know the session,
                # so it negotiates a new one and verifies the certificate.
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
        return HandshakeStep(self.outgoing.read(), seconds, is_done, failure, detail)

    def _advance(self, data: bytes) -> bool:
        self.incoming.write(data)
        try:
            self.session.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


class Owner(Protocol):
    """The connection that a handshake belongs to."""

    def send(self, data: bytes) -> None:
        """Send bytes of the handshake to the client."""

    def on_step(self, seconds: float) -> None:
        """Note the processor time of a step, even if the handshake failed during the step."""

    def on_done(self) -> None:
        """Continue: TLS is established."""

    def on_failed(self, failure: Failure, detail: str) -> None:
        """End the connection: the handshake failed."""

    def abort(self) -> None:
        """End the connection: there is no thread for the handshake."""


class HandshakeRun:
    """The handshake of one connection, step by step, within its limits.

    Args:
        context: From `tls.context.server_context`.
        queue: Queue that runs the steps.
        owner: The connection.
        may_go_on: Called before each step; returns whether there is time for it.
    """

    def __init__(
        self,
        context: ServerContext,
        queue: HandshakeQueue,
        owner: Owner,
        *,
        may_go_on: Callable[[], bool],
    ) -> None:
        self.tls = Handshake(context)
        self.seconds = 0.0
        """Processor time so far."""
        self.steps = 0
        """Portions received so far."""
        self.received = bytearray()
        """Data received but not passed to a step yet; after the handshake, encrypted data."""
        self.is_over = False
        """Whether the handshake has succeeded or failed."""
        self._queue = queue
        self._owner = owner
        self._may_go_on = may_go_on
        self._is_stepping = False
        self._is_queued = False
        self._bytes = 0

    def feed(self, data: bytes) -> None:
        """Continue with data from the client."""
        self.steps += 1
        self.received += data
        self._request_step()

    def _request_step(self) -> None:
        if not self.received or self._is_queued or self._is_stepping:
            return
        if self._bytes >= MAX_HANDSHAKE_BYTES or self.steps > MAX_HANDSHAKE_STEPS:
            self.fail(Failure.TOO_MUCH)
            return
        self._is_queued = True
        self._queue.submit(self)

    def begin_step(self) -> bytes | None:
        """Return the data for the next step; None if no step is due any more."""
        self._is_queued = False
        if not self.is_over and not self._may_go_on():
            self.fail(Failure.FLOOD)
        if self.is_over:
            return None
        self._is_stepping = True
        data = bytes(self.received[: MAX_HANDSHAKE_BYTES - self._bytes])
        del self.received[: len(data)]
        self._bytes += len(data)
        return data

    def end_step(self, step: HandshakeStep) -> None:
        """Continue after a step."""
        self._is_stepping = False
        self.seconds += step.seconds
        self._owner.on_step(step.seconds)
        if self.is_over:
            self._release_owner()
            return
        if step.outgoing:
            self._owner.send(step.outgoing)
        if step.failure is not None:
            self.fail(step.failure, step.detail)
        elif step.is_done:
            self.is_over = True
            self._owner.on_done()
            self._release_owner()
        else:
            self._request_step()

    def fail(self, failure: Failure, detail: str = "") -> None:
        """Fail the handshake, unless it is over."""
        if self.is_over:
            return
        self.is_over = True
        self.received.clear()
        self._owner.on_failed(failure, detail)
        self._release_owner()

    def _release_owner(self) -> None:
        """Break the reference cycle, so that a flood needs no garbage collector to free memory."""
        if self.is_over and not self._is_stepping:
            del self._owner

    def abort(self) -> None:
        """End the connection: there is no thread for the next step."""
        self._owner.abort()


class HandshakeQueue:
    """Runs the steps of handshakes in a thread, one at a time.

    Args:
        executor: Provides the thread; None for the event loop's own.
    """

    def __init__(self, executor: Executor | None = None) -> None:
        self._executor = executor
        self._waiting: deque[HandshakeRun] = deque()
        self._is_running = False

    def submit(self, handshake: HandshakeRun) -> None:
        """Run the next step of a handshake."""
        self._waiting.append(handshake)
        self._run()

    def _run(self) -> None:
        while self._waiting and not self._is_running:
            waiting = self._waiting.popleft()
            if (data := waiting.begin_step()) is None:
                continue
            try:
                running = asyncio.get_running_loop().run_in_executor(
                    self._executor, waiting.tls.step, data
                )
            except RuntimeError:
                # The executor was shut down: Home Assistant is stopping.
                waiting.abort()
                continue
            self._is_running = True
            running.add_done_callback(partial(self._finished, waiting))

    def _finished(self, handshake: HandshakeRun, done: asyncio.Future[HandshakeStep]) -> None:
        self._is_running = False
        try:
            handshake.end_step(done.result())
        except asyncio.CancelledError:
            handshake.abort()
        finally:
            self._run()
