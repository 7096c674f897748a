"""TLS from bytes to bytes: sessions, certificates that are compressed, portions."""

import asyncio
import gc
import ssl
import weakref
from collections.abc import AsyncIterator
from concurrent.futures import Executor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Never, override

import pytest

from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.connection import TlsTransport
from custom_components.flotte.tesla.telemetry.tls.context import ServerContext, server_context
from custom_components.flotte.tesla.telemetry.tls.handshake import (
    Failure,
    Handshake,
    HandshakeQueue,
    HandshakeStep,
)
from tests.tesla.servers import until
from tests.tesla.telemetry.inline import Inline, Slow
from tests.tesla.telemetry.pki import CLIENT, PRODUCTS_CA, VIN, Ca, Issued

HOST: Final = "127.0.0.1"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.generate(datetime.now(UTC))


@pytest.fixture(scope="module")
def products() -> Ca:
    return Ca.make(PRODUCTS_CA)


@pytest.fixture
def context(authority: Authority, products: Ca, tmp_path: Path) -> ServerContext:
    return server_context(authority.issue(HOST, datetime.now(UTC)), products.pem, tmp_path)


class Client:
    """A car's side of TLS, from bytes to bytes."""

    def __init__(
        self,
        authority: Authority,
        issued: Issued,
        folder: Path,
        *,
        version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3,
        copies: int = 1,
    ) -> None:
        self.context = ssl.create_default_context(cadata=authority.certificate_pem)
        self.context.minimum_version = self.context.maximum_version = version
        path = folder / "client.pem"
        path.write_text(issued.key_pem + issued.pem * copies, "ascii")
        self.context.load_cert_chain(path)
        self.sent = 0
        self.begin()

    def begin(self, session: ssl.SSLSession | None = None) -> None:
        """Connect again, and offer a session."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.context.wrap_bio(
            self.incoming, self.outgoing, server_hostname=HOST, session=session
        )

    def answer(self, data: bytes = b"") -> bytes:
        """Process data from the server."""
        self.incoming.write(data)
        with suppress(ssl.SSLWantReadError, ssl.SSLError):
            self.tls.do_handshake()
        answer = self.outgoing.read()
        self.sent += len(answer)
        return answer

    def shake_hands(self, handshake: Handshake) -> HandshakeStep:
        """Do it all; returns the last step."""
        data = self.answer()
        for _ in range(10):
            step = handshake.step(data)
            data = self.answer(step.outgoing)
            if step.is_done or step.failure:
                return step
        raise AssertionError("it never ends")


VERSIONS: Final = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("version", VERSIONS)
def test_no_session_is_resumed(
    context: ServerContext,
    authority: Authority,
    products: Ca,
    tmp_path: Path,
    version: ssl.TLSVersion,
) -> None:
    """Whichever of the two contexts a session is from: its certificate is verified again."""
    client = Client(authority, products.issue(VIN, CLIENT), tmp_path, version=version)
    session = None
    # All are kept: the end of a connection may discard its session.
    handshakes = [Handshake(context) for _ in range(5)]
    for handshake in handshakes:
        client.begin(session)
        step = client.shake_hands(handshake)
        assert step.is_done
        assert not client.tls.session_reused
        assert not handshake.session.session_reused
        assert handshake.session.getpeercert()
        session = client.tls.session


def test_without_the_second_context_a_session_is_resumed(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path
) -> None:
    """So that the test above can fail."""
    client = Client(
        authority, products.issue(VIN, CLIENT), tmp_path, version=ssl.TLSVersion.TLSv1_2
    )
    context.alternate = context
    first, second = Handshake(context), Handshake(context)
    assert client.shake_hands(first).is_done
    client.begin(client.tls.session)
    client.shake_hands(second)
    assert second.session.session_reused


@pytest.mark.parametrize("version", VERSIONS)
def test_certificates_are_not_compressed(
    context: ServerContext,
    authority: Authority,
    products: Ca,
    tmp_path: Path,
    version: ssl.TLSVersion,
) -> None:
    """The cost is visible in the number of bytes."""
    issued = products.issue(VIN, CLIENT)
    client = Client(authority, issued, tmp_path, version=version, copies=40)
    assert client.shake_hands(Handshake(context)).is_done
    assert client.sent > 40 * len(issued.der)


def test_failures(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path
) -> None:
    stranger = Client(authority, Ca.make(PRODUCTS_CA).issue(VIN, CLIENT), tmp_path)
    step = stranger.shake_hands(Handshake(context))
    assert (step.failure, step.detail) == (
        Failure.UNTRUSTED,
        "certificate signature failure",
    )
    # The alert for the client.
    assert step.outgoing
    step = Handshake(context).step(b"GET / HTTP/1.1\r\n\r\n")
    assert (step.failure, step.detail) == (Failure.NO_TLS, "HTTP_REQUEST")


# --- The transport --------------------------------------------------------------------------------


class Tcp(asyncio.Transport):
    """A connection to a client that is in this process."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.is_paused = False
        self.resumed = 0
        self.is_over = False
        self.has_ended = False

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    @override
    def get_write_buffer_size(self) -> int:
        return 0

    @override
    def pause_reading(self) -> None:
        self.is_paused = True

    @override
    def resume_reading(self) -> None:
        self.is_paused = False
        self.resumed += 1

    @override
    def write_eof(self) -> None:
        self.has_ended = True

    @override
    def close(self) -> None:
        self.is_over = True

    @override
    def abort(self) -> None:
        self.is_over = True

    def take(self) -> bytes:
        """The data that the server has sent."""
        data = bytes(self.written)
        self.written.clear()
        return data


class Above(asyncio.Protocol):
    """The layer above TLS."""

    def __init__(self) -> None:
        self.portions: list[bytes] = []
        self.is_lost = False

    @override
    def data_received(self, data: bytes) -> None:
        self.portions.append(data)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


class Pair:
    """A client and a transport."""

    def __init__(
        self, context: ServerContext, client: Client, queue: HandshakeQueue | None = None
    ) -> None:
        self.has_time = True
        self.client = client
        self.tcp = Tcp()
        self.above = Above()
        self.failures: list[Failure] = []
        self.transport = TlsTransport(
            context,
            queue or HandshakeQueue(Inline()),
            may_go_on=lambda: self.has_time,
            on_secured=lambda transport: transport.attach(self.above),
            on_failed=lambda _, failure, __: self.failures.append(failure),
            on_step=lambda _, __: None,
            handshake_timeout=60,
            close_timeout=60,
        )
        self.transport.connection_made(self.tcp)

    async def secure(self) -> None:
        """Do the handshake."""
        self.transport.data_received(self.client.answer())
        await until(lambda: self.tcp.written)
        self.transport.data_received(self.client.answer(self.tcp.take()))
        await until(lambda: self.transport.handshake.is_over)

    def encrypted(self, data: bytes, size: int = 16_384) -> bytes:
        """As the client sends it."""
        for at in range(0, len(data), size):
            self.client.tls.write(data[at : at + size])
        return self.client.outgoing.read()


@pytest.fixture
async def pair(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path
) -> AsyncIterator[Pair]:
    pair = Pair(context, Client(authority, products.issue(VIN, CLIENT), tmp_path))
    yield pair
    pair.transport.connection_lost(None)


async def test_much_at_once_is_decrypted_in_portions(pair: Pair) -> None:
    """Each in another turn of the event loop, without reading in between."""
    await pair.secure()
    data = bytes(range(256)) * 1000
    pair.transport.data_received(pair.encrypted(data, 100))
    assert pair.tcp.is_paused
    assert 0 < len(b"".join(pair.above.portions)) < 16_384
    turns = 0
    while len(b"".join(pair.above.portions)) < len(data):
        before = len(b"".join(pair.above.portions))
        await asyncio.sleep(0)
        assert len(b"".join(pair.above.portions)) - before < 16_384
        turns += 1
    assert turns > 15
    assert pair.tcp.resumed
    assert b"".join(pair.above.portions) == data


async def test_the_layer_above_receives_nothing_while_paused(pair: Pair) -> None:
    await pair.secure()
    pair.transport.pause_reading()
    data = bytes(100_000)
    pair.transport.data_received(pair.encrypted(data))
    for _ in range(20):
        await asyncio.sleep(0)
    assert pair.above.portions == []
    assert pair.tcp.is_paused
    pair.transport.resume_reading()
    await until(lambda: not pair.tcp.is_paused)
    assert b"".join(pair.above.portions) == data


async def test_behind_the_handshake(pair: Pair) -> None:
    """More than a handshake may have, in one piece with its end."""
    pair.transport.data_received(pair.client.answer())
    await until(lambda: pair.tcp.written)
    end = pair.client.answer(pair.tcp.take())
    data = bytes(100_000)
    pair.transport.data_received(end + pair.encrypted(data))
    await until(lambda: len(b"".join(pair.above.portions)) == len(data))
    assert pair.failures == []
    assert not pair.tcp.is_paused


async def test_an_end_in_good_order(pair: Pair) -> None:
    """Written data arrives, and data after that is ignored."""
    await pair.secure()
    pair.transport.write(b"goodbye")
    pair.transport.close()
    pair.transport.write(b"nobody reads this")
    assert pair.transport.is_closing()
    assert pair.tcp.has_ended
    assert not pair.tcp.is_over
    late = pair.encrypted(b"too late")
    pair.client.incoming.write(pair.tcp.take())
    assert pair.client.tls.read() == b"goodbye"
    assert pair.client.tls.read() == b""
    pair.transport.data_received(late)
    assert pair.above.portions == []
    pair.transport.connection_lost(None)
    assert pair.above.is_lost


async def test_the_client_ends_it(pair: Pair) -> None:
    await pair.secure()
    with suppress(ssl.SSLWantReadError):
        pair.client.tls.unwrap()
    pair.transport.data_received(pair.client.outgoing.read())
    assert pair.transport.is_closing()


async def test_bytes_that_are_no_records(pair: Pair) -> None:
    await pair.secure()
    pair.transport.data_received(b"nonsense" * 10)
    assert pair.tcp.is_over


async def test_no_work_for_a_closed_connection(pair: Pair) -> None:
    pair.transport.data_received(pair.client.answer())
    pair.transport.connection_lost(None)
    await asyncio.sleep(0)
    assert pair.failures == [Failure.LOST]
    assert not pair.tcp.written


async def test_no_work_after_the_time_limit(pair: Pair) -> None:
    pair.transport.data_received(pair.client.answer())
    await until(lambda: pair.tcp.written)
    pair.has_time = False
    pair.transport.data_received(pair.client.answer(pair.tcp.take()))
    await asyncio.sleep(0)
    assert pair.failures == [Failure.FLOOD]
    assert pair.tcp.is_over
    assert not pair.tcp.written


@pytest.mark.parametrize("data", [b"nonsense" * 10, b""], ids=["failed", "done"])
async def test_a_connection_is_freed_when_it_ends(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path, data: bytes
) -> None:
    """Without a collection, whether its handshake failed or not: strangers may make thousands."""
    pair = Pair(context, Client(authority, products.issue(VIN, CLIENT), tmp_path))
    if data:
        pair.transport.data_received(data)
        await until(lambda: pair.failures)
    else:
        await pair.secure()
    pair.transport.connection_lost(None)
    found = weakref.ref(pair.transport)
    gc.disable()
    try:
        del pair.transport
        await asyncio.sleep(0)
        assert found() is None
    finally:
        gc.enable()


async def test_one_step_at_a_time(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path
) -> None:
    slow = Slow()
    queue = HandshakeQueue(slow)
    pairs = [
        Pair(context, Client(authority, products.issue(VIN, CLIENT), tmp_path), queue)
        for _ in range(3)
    ]
    for each in pairs:
        each.transport.data_received(each.client.answer())
    pairs[1].transport.connection_lost(None)
    assert len(slow.running) == 1
    slow.running[0].set_result(HandshakeStep(b"1", 0.0))
    await until(lambda: len(slow.running) > 1)
    slow.running[1].set_result(HandshakeStep(b"3", 0.0))
    await until(lambda: pairs[2].tcp.written)
    assert [bytes(each.tcp.written) for each in pairs] == [b"1", b"", b"3"]
    assert len(slow.running) == 2
    for each in pairs:
        each.transport.connection_lost(None)


async def test_threads_that_are_no_more(
    context: ServerContext, authority: Authority, products: Ca, tmp_path: Path
) -> None:
    """Home Assistant stops: connections end, and the queue continues."""

    class Stopped(Executor):
        @override
        def submit(self, *_: object, **__: object) -> Never:
            raise RuntimeError("cannot schedule new futures after shutdown")

    client = Client(authority, products.issue(VIN, CLIENT), tmp_path)
    pair = Pair(context, client, HandshakeQueue(Stopped()))
    pair.transport.data_received(client.answer())
    assert pair.tcp.is_over
    pair.transport.connection_lost(None)
    cancelled = Slow()
    pair = Pair(context, client, HandshakeQueue(cancelled))
    pair.transport.data_received(b"x")
    cancelled.running[0].cancel()
    await until(lambda: pair.tcp.is_over)
    pair.transport.connection_lost(None)
