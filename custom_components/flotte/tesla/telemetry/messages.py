"""The messages of vehicles, and the answer to each.

Source of the answers: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from .counters import Counters, KnownTroubles
from .envelope import STREAM_MESSAGE, MalformedEnvelope, read_envelope, write_ack, write_error
from .records import MalformedRecord

_LOGGER: Final = logging.getLogger(__name__)

MAX_MESSAGE: Final = 1_000_000
"""Bytes. To a longer message, Tesla's server answers an error, and keeps the connection."""
_AT_A_STRETCH: Final = 16
"""Messages to handle before other connections get their turn; after an outage a vehicle sends
5000."""
_SECONDS_AT_A_STRETCH: Final = 0.002
"""Time to handle messages before other connections get their turn."""
_CONVERSATION: Final = frozenset({WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG})


class Listener(Protocol):
    """Receives the messages of one vehicle, and notifications of its connections."""

    def opened(self, connection: str, network: str) -> None:
        """Note an opened connection. `network` is `wifi`, `cellular`, or empty if unknown."""

    def closed(self, connection: str) -> None:
        """Note a closed connection. Called once for each `opened`, also when the server stops."""

    def receive(self, topic: bytes, payload: bytes) -> None:
        """Receive a message. Once this returns it is acknowledged, and the vehicle forgets it.

        Raises:
            MalformedRecord: the message is unreadable; the vehicle receives an error.
        """


class Messages:
    """Passes the messages of all connections to their listeners, and answers them."""

    def __init__(self, counters: Counters, troubles: KnownTroubles) -> None:
        """Use `counters` for counts, and `troubles` to log each bug of a listener once."""
        self._counters = counters
        self._troubles = troubles

    async def converse(self, socket: web.WebSocketResponse, listener: Listener) -> None:
        """Answer every message, in order, until the connection ends."""
        loop = asyncio.get_running_loop()
        number = 0
        since = loop.time()
        while (message := await socket.receive()).type in _CONVERSATION:
            if message.type is WSMsgType.BINARY:
                await socket.send_bytes(self.answer(message.data, listener))
            elif message.type is WSMsgType.PING:
                await socket.pong(message.data)
            number += 1
            if number % _AT_A_STRETCH and loop.time() - since < _SECONDS_AT_A_STRETCH:
                continue
            # While messages are waiting, nothing above yields to other connections.
            await asyncio.sleep(0)
            since = loop.time()
        if message.type is WSMsgType.TEXT:
            self._counters.text += 1
            await socket.close(code=WSCloseCode.UNSUPPORTED_DATA)

    def answer(self, data: bytes, listener: Listener) -> bytes:
        """Pass a message to the listener, and return the answer, as from Tesla's server.

        One difference: a message of another type gets one acknowledgement instead of two.
        """
        counters = self._counters
        counters.messages += 1
        if len(data) > MAX_MESSAGE:
            counters.malformed += 1
            return write_error(b"")
        try:
            envelope = read_envelope(data)
        except MalformedEnvelope:
            counters.malformed += 1
            return write_error(b"")
        if envelope.message_type != STREAM_MESSAGE:
            return write_ack(envelope.txid, b"")
        try:
            listener.receive(envelope.topic, envelope.payload)
        except MalformedRecord:
            counters.malformed += 1
            return write_error(envelope.txid)
        except Exception as error:  # noqa: BLE001  # one bug must not end the stream
            # The record is lost, so it is not acknowledged. But an answer is needed: the vehicle
            # would resend the record, and every repetition would be billed.
            counters.failures += 1
            self._report(error)
            return write_error(envelope.txid)
        return write_ack(envelope.txid, envelope.topic)

    def notify(self, call: Callable[[], None]) -> None:
        """Call a listener; a bug in it must not end this connection."""
        try:
            call()
        except Exception as error:  # noqa: BLE001  # as above
            self._report(error)

    def _report(self, error: Exception) -> None:
        """Log a bug of a listener, each type of exception once."""
        if self._troubles.is_news(type(error)):
            _LOGGER.error(
                "A listener failed; further failures are logged at debug level", exc_info=error
            )
        else:
            _LOGGER.debug("A listener failed again: %s", type(error).__name__)
