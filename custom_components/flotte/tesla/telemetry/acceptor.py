"""The listening sockets, and the connections that have not sent anything yet.

Until its first byte arrives, a connection only costs a file descriptor and a place in the waiting
room; then it is handed over. That keeps a flood of empty connections cheap: asyncio's own servers
create a transport and a task for each. Connections are accepted a few at a time, so that they never
hold up the event loop.
"""

import asyncio
import errno
import logging
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final

from .admission import WaitingRoom, source_of

_LOGGER: Final = logging.getLogger(__name__)

_BACKLOG: Final = 512
"""Maximum number of connections that the operating system holds until they are accepted."""
_ACCEPTS_AT_ONCE: Final = 16
"""Connections to accept before other tasks get their turn, after about half a millisecond."""
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_EXHAUSTED_PAUSE: Final = 1.0
"""Seconds to pause when the operating system has no file descriptors or memory left."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: close at once, and keep no state of the connection."""


class Acceptor:
    """Accepts connections.

    Args:
        room: Holds connections until their first byte.
        on_arrival: Called for each accepted connection.
        on_ready: Called with a connection that has sent something, and its source. Takes over the
            connection.
        on_displaced: Called with the source of a connection that had to leave for another one.
        on_silent: Called when a connection did not send anything in time.
        on_lost: Called when the client closed its connection.
        is_familiar: Returns whether our vehicles have connected from a source.
        timeout: Seconds until the first byte.
    """

    def __init__(
        self,
        room: WaitingRoom[socket.socket],
        *,
        on_arrival: Callable[[], None],
        on_ready: Callable[[socket.socket, str], None],
        on_displaced: Callable[[str], None],
        on_silent: Callable[[], None],
        on_lost: Callable[[], None],
        is_familiar: Callable[[str], bool],
        timeout: float,
    ) -> None:
        self._room = room
        self._on_arrival = on_arrival
        self._on_ready = on_ready
        self._on_displaced = on_displaced
        self._on_silent = on_silent
        self._on_lost = on_lost
        self._is_familiar = is_familiar
        self._timeout = timeout
        self._listening: list[socket.socket] = []
        self._timers: dict[socket.socket, asyncio.TimerHandle] = {}
        self._resume: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        """Whether this is listening."""
        return bool(self._listening)

    @property
    def port(self) -> int:
        """The port that this listens on; 0 if it is not listening."""
        if not self._listening:
            return 0
        port: int = self._listening[0].getsockname()[1]
        return port

    async def open(self, host: str | None, port: int) -> None:
        """Listen on an address, or on all if it is None. Raises OSError."""
        loop = asyncio.get_running_loop()
        addresses = await loop.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        listening: list[socket.socket] = []
        try:
            for family, kind, protocol, _, address in dict.fromkeys(addresses):
                try:
                    listening.append(_listen(family, kind, protocol, address))
                except OSError as error:
                    # A machine may resolve IPv6 addresses without supporting IPv6.
                    if error.errno not in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL} or host:
                        raise OSError(error.errno, f"{error.strerror}: {address}") from error
        except BaseException:
            for each in listening:
                each.close()
            raise
        if not listening:
            raise OSError(errno.EADDRNOTAVAIL, f"no address to listen on: {host}")
        self._listening = listening
        self._accept_from_now_on()

    def close(self) -> None:
        """Stop listening, and drop all waiting connections."""
        loop = asyncio.get_running_loop()
        if self._resume is not None:
            self._resume.cancel()
        for each in self._listening:
            loop.remove_reader(each.fileno())
            each.close()
        self._listening = []
        for connection in self._room.clear():
            self._drop(connection)

    def _accept_from_now_on(self) -> None:
        self._resume = None
        loop = asyncio.get_running_loop()
        for each in self._listening:
            loop.add_reader(each.fileno(), self._accept, each)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError, InterruptedError, ConnectionAbortedError:
                return
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._pause(error)
                return
            connection.settimeout(0)
            self._wait(connection, source_of(address[0]))

    def _pause(self, error: OSError) -> None:
        _LOGGER.debug("Not accepting connections for a moment: %s", error)
        loop = asyncio.get_running_loop()
        for each in self._listening:
            loop.remove_reader(each.fileno())
        self._resume = loop.call_later(_EXHAUSTED_PAUSE, self._accept_from_now_on)

    def _wait(self, connection: socket.socket, source: str) -> None:
        """Let a connection wait for its first byte."""
        self._on_arrival()
        if (displaced := self._room.enter(connection, source, self._is_familiar)) is not None:
            self._drop(displaced[0])
            self._on_displaced(displaced[1])
        loop = asyncio.get_running_loop()
        loop.add_reader(connection.fileno(), self._arrived, connection, source)
        self._timers[connection] = loop.call_later(
            self._timeout, partial(self._time_out, connection, source)
        )

    def _arrived(self, connection: socket.socket, source: str) -> None:
        """Hand over a connection that has become readable, or drop it if it was closed."""
        self._room.leave(connection, source)
        try:
            is_over = not connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError, InterruptedError:
            is_over = False
        except OSError:
            is_over = True
        if is_over:
            self._drop(connection)
            self._on_lost()
        else:
            self._forget(connection)
            self._on_ready(connection, source)

    def _time_out(self, connection: socket.socket, source: str) -> None:
        self._room.leave(connection, source)
        self._drop(connection)
        self._on_silent()

    def _forget(self, connection: socket.socket) -> None:
        asyncio.get_running_loop().remove_reader(connection.fileno())
        self._timers.pop(connection).cancel()

    def _drop(self, connection: socket.socket) -> None:
        self._forget(connection)
        reset(connection)


def reset(connection: socket.socket) -> None:
    """Reset a connection, so that this side keeps no state of it."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


def _listen(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 gets its own socket.
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.settimeout(0)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
