"""The listening sockets, on loopback."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator
from typing import Final, override

import pytest

from custom_components.flotte.tesla.telemetry import acceptor as acceptor_module
from custom_components.flotte.tesla.telemetry.acceptor import Acceptor, reset
from custom_components.flotte.tesla.telemetry.admission import WaitingRoom
from tests.tesla.servers import until

HOST: Final = "127.0.0.1"


class Recorder:
    """An acceptor, and its reports."""

    def __init__(self) -> None:
        self.room = WaitingRoom[socket.socket](max_waiting=3)
        self.ready: list[tuple[socket.socket, str]] = []
        self.reports: list[str] = []
        self.acceptor = Acceptor(
            self.room,
            on_arrival=lambda: self.reports.append("arrival"),
            on_ready=lambda connection, source: self.ready.append((connection, source)),
            on_displaced=lambda source: self.reports.append(f"displaced {source}"),
            on_silent=lambda: self.reports.append("silent"),
            on_lost=lambda: self.reports.append("lost"),
            is_familiar=lambda _: False,
            timeout=60,
        )
        self.clients: list[socket.socket] = []

    async def connect(self) -> socket.socket:
        """A client that has been accepted."""
        client = socket.socket()
        self.clients.append(client)
        client.settimeout(0)
        before = len(self.reports)
        port = self.acceptor.port
        await asyncio.get_running_loop().sock_connect(client, (HOST, port))
        await until(lambda: len(self.reports) > before)
        return client


@pytest.fixture
async def recorder(socket_enabled: None) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.acceptor.close()
    for connection, _ in recorder.ready:
        reset(connection)
    for client in recorder.clients:
        client.close()
    assert len(recorder.room) == 0
    assert not recorder.acceptor._timers


async def test_handed_over_with_the_first_byte(recorder: Recorder) -> None:
    await recorder.acceptor.open(HOST, 0)
    client = await recorder.connect()
    assert len(recorder.room) == 1
    client.send(b"hello")
    await until(lambda: recorder.ready)
    ((connection, source),) = recorder.ready
    assert source == HOST
    assert connection.recv(10) == b"hello"
    assert len(recorder.room) == 0


async def test_without_a_host_all_addresses(recorder: Recorder) -> None:
    await recorder.acceptor.open(None, 0)
    hosts = {each.getsockname()[0] for each in recorder.acceptor._listening}
    # Not every machine has IPv6.
    assert hosts in ({"0.0.0.0", "::"}, {"0.0.0.0"})  # noqa: S104  # all of them


async def test_lost_and_displaced_connections(recorder: Recorder) -> None:
    await recorder.acceptor.open(HOST, 0)
    (await recorder.connect()).close()
    await until(lambda: "lost" in recorder.reports)
    recorder.reports.clear()
    for _ in range(4):
        await recorder.connect()
    assert recorder.reports == ["arrival"] * 4 + [f"displaced {HOST}"]
    assert len(recorder.room) == 3


class Exhausted(socket.socket):
    """A listening socket while the operating system is out of resources."""

    error = errno.EMFILE

    @override
    def accept(self) -> tuple[socket.socket, object]:
        raise OSError(self.error, "no")


async def test_no_files_are_left(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is accepted for a moment, and the event loop does not spin."""
    monkeypatch.setattr(acceptor_module, "_EXHAUSTED_PAUSE", 0.0)
    await recorder.acceptor.open(HOST, 0)
    loop = asyncio.get_running_loop()
    (listening,) = recorder.acceptor._listening
    with Exhausted() as exhausted:
        recorder.acceptor._accept(exhausted)
        assert not loop.remove_reader(listening.fileno())
    await until(lambda: recorder.acceptor._resume is None)
    await recorder.connect()
    assert len(recorder.room) == 1


async def test_another_trouble_is_no_pause(recorder: Recorder) -> None:
    with Exhausted() as broken:
        broken.error = errno.EBADF
        with pytest.raises(OSError, match="no"):
            recorder.acceptor._accept(broken)


async def test_close_while_no_files_are_left(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await recorder.acceptor.open(HOST, 0)
    with Exhausted() as exhausted:
        recorder.acceptor._accept(exhausted)
    recorder.acceptor.close()
    assert not recorder.acceptor.is_open
    assert recorder.acceptor.port == 0
