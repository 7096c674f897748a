"""Servers on loopback that are not Tesla, and waits for events on a socket."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Self, override


async def until(condition: Callable[[], object]) -> None:
    """Let the event loop run until something is true; the clock stands still meanwhile.

    How many turns that takes depends on threads, so the time limit of the test is the only one.
    """
    while True:
        if condition():
            return
        await asyncio.sleep(0)


class Server:
    """Writes down every request; the base of the others answers `{"response": {}}` to all.

    `requests` holds the heads as they came, header lines included.
    """

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.url = ""
        self._server: asyncio.Server | None = None

    async def answer(self, writer: asyncio.StreamWriter, number: int) -> bool:  # noqa: ARG002  # others need it
        """Answer the request of this number on its connection (0 first); False hangs up."""
        body = b'{"response": {}}'
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        return True

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = 0
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.requests.append(head)
                for line in head.splitlines():
                    name, _, value = line.partition(":")
                    if name.lower() == "content-length":
                        await reader.readexactly(int(value))
                if not await self.answer(writer, number):
                    break
                number += 1
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._server.close_clients()
        await self._server.wait_closed()


class Forgetful(Server):
    """Answers the first request of a connection and hangs up at the second without an answer."""

    @override
    async def answer(self, writer: asyncio.StreamWriter, number: int) -> bool:
        """As the class says."""
        return number == 0 and await super().answer(writer, number)


async def closed_port() -> str:
    """An address without a listener."""
    async with Server() as server:
        return server.url
