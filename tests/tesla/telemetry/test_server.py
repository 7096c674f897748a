"""The server for cars, over real sockets and real TLS on loopback."""

import asyncio
import gc
import logging
import socket as sockets
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast, override

import aiohttp
import flatbuffers  # type: ignore[import-untyped]  # it has no types
import pytest
from aiohttp import WSCloseCode, WSMsgType, WSServerHandshakeError
from cryptography import x509

from custom_components.flotte.tesla.telemetry import messages as messages_module
from custom_components.flotte.tesla.telemetry import server as server_module
from custom_components.flotte.tesla.telemetry.admission import (
    AdmissionResult,
    Allowance,
    HandshakeAdmission,
    WaitingRoom,
)
from custom_components.flotte.tesla.telemetry.connections import Connection
from custom_components.flotte.tesla.telemetry.counters import Refusal
from custom_components.flotte.tesla.telemetry.entrance import PortInUse
from custom_components.flotte.tesla.telemetry.envelope import write_ack, write_error
from custom_components.flotte.tesla.telemetry.messages import Listener
from custom_components.flotte.tesla.telemetry.records import MalformedRecord
from custom_components.flotte.tesla.telemetry.server import TelemetryServer
from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.context import ServerContext, server_context
from custom_components.flotte.tesla.telemetry.tls.handshake import Failure, Handshake, HandshakeStep
from tests.tesla.servers import until
from tests.tesla.telemetry.inline import Inline, Slow
from tests.tesla.telemetry.pki import (
    CAR_USAGE,
    CLIENT,
    DAY,
    ISSUING_CA,
    OTHER_VIN,
    PRODUCTS_CA,
    SERVER,
    VIN,
    WIFI_USAGE,
    Ca,
    Issued,
)

HOST: Final = "127.0.0.1"
ELSEWHERE: Final = "127.0.0.2"
"""Another source on this machine."""
NO_CONTEXT: Final = ServerContext(ssl.PROTOCOL_TLS_SERVER)

# Answers captured from Tesla's own server.
ACK_0001: Final = bytes.fromhex(
    "1400000000000e001800140010000f00080004000e00000014000000300000000000000510000000140000000000"
    "000000000000010000005600000009000000747869642d303030310000000000000000000000"
)
ERROR_0006: Final = bytes.fromhex(
    "1400000000000e001800140010000f00080004000e000000140000003c0000000000000410000000140000000000"
    "000000000000000000000000000009000000747869642d30303036000e001400000010000c00080004000e000000"
    "100000001400000018000000340000000000000000000000000000000000000018000000696e636f727265637420"
    "6d65737361676520666f726d6174000000000000000000000000"
)


def message(txid: bytes = b"txid-0001", topic: bytes = b"V", payload: bytes = b"payload") -> bytes:
    """A car's message, made with the library of cars' messages."""
    builder = flatbuffers.Builder(64)
    body = builder.CreateString(payload)
    builder.StartObject(6)
    builder.PrependUOffsetTRelativeSlot(2, body, 0)
    stream = builder.EndObject()
    txid_at, topic_at = builder.CreateString(txid), builder.CreateString(topic)
    builder.StartObject(5)
    builder.PrependUOffsetTRelativeSlot(0, txid_at, 0)
    builder.PrependUOffsetTRelativeSlot(1, topic_at, 0)
    builder.PrependUint8Slot(2, 4, 0)
    builder.PrependUOffsetTRelativeSlot(3, stream, 0)
    builder.Finish(builder.EndObject())
    return bytes(builder.Output())


class Heard(Listener):
    """Records all calls."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, bytes]] = []
        self.networks: list[str] = []
        self.up: list[str] = []
        self.down: list[str] = []
        self.trouble: Exception | None = None
        """Raised by `heard`."""

    @override
    def opened(self, connection: str, network: str) -> None:
        self.up.append(connection)
        self.networks.append(network)

    @override
    def closed(self, connection: str) -> None:
        assert connection in self.up
        assert connection not in self.down
        self.down.append(connection)

    @override
    def receive(self, topic: bytes, payload: bytes) -> None:
        self.messages.append((topic, payload))
        if self.trouble is not None:
            raise self.trouble


class Tesla:
    """Authorities with Tesla's names, and cars' certificates from them."""

    def __init__(self) -> None:
        self.motors_root = Ca.make("Tesla Motors Root CA")
        self.products = Ca.make(PRODUCTS_CA, self.motors_root)
        self.product_root = Ca.make("Tesla Product Root CA")
        self.issuing = Ca.make(ISSUING_CA, self.product_root)
        # As in Tesla's bundle: roots and some that they signed.
        self.bundle = self.motors_root.pem + self.products.pem + self.product_root.pem

    def by_name(self, vin: str = VIN) -> Issued:
        """A car identified by the name of its issuer."""
        return self.products.issue(vin, CLIENT)

    def by_usage(self, vin: str = VIN) -> Issued:
        """A car identified by its key usage."""
        return self.issuing.issue(vin, CLIENT, CAR_USAGE)


@pytest.fixture(scope="module")
def tesla() -> Tesla:
    return Tesla()


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.generate(datetime.now(UTC))


class Garage:
    """Cars that connect to a server, and that all leave at the end."""

    def __init__(self, tesla: Tesla, authority: Authority, folder: Path) -> None:
        self.tesla = tesla
        self.authority = authority
        self.folder = folder
        self.heard: dict[str, Heard] = {VIN: Heard()}
        self.stack = AsyncExitStack()
        self.sockets: list[aiohttp.ClientWebSocketResponse] = []
        """Kept until the end: an unreferenced connection is closed."""
        self.server = TelemetryServer(self.heard.get)

    @property
    def listener(self) -> Heard:
        """The one for `VIN`."""
        return self.heard[VIN]

    def server_context(self) -> ServerContext:
        """With a new certificate."""
        issued = self.authority.issue(HOST, datetime.now(UTC))
        return server_context(issued, self.tesla.bundle, self.folder)

    async def open(self, **limits: Any) -> TelemetryServer:
        """Start the server."""
        self.server = TelemetryServer(self.heard.get, **{"executor": Inline()} | limits)
        await self.server.start(HOST, 0, self.server_context())
        self.stack.push_async_callback(self.server.stop)
        return self.server

    def client_context(
        self,
        issued: Issued | None,
        *,
        chain: str | None = None,
        version: ssl.TLSVersion | None = None,
    ) -> ssl.SSLContext:
        """As a car has it, which trusts our authority only."""
        context = ssl.create_default_context(cadata=self.authority.certificate_pem)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        if issued is not None:
            path = self.folder / f"{issued.certificate.serial_number}.pem"
            path.write_text(issued.key_pem + (issued.chain if chain is None else chain), "ascii")
            context.load_cert_chain(path)
        return context

    async def connect(
        self, issued: Issued | None, *, path: str = "/", headers: Any = None, **how: Any
    ) -> aiohttp.ClientWebSocketResponse:
        """Connect as a car would; raises aiohttp's errors."""
        tls = {name: how.pop(name) for name in ("chain", "version") if name in how}
        session = await self.stack.enter_async_context(aiohttp.ClientSession())
        socket: aiohttp.ClientWebSocketResponse = await session.ws_connect(
            f"wss://{HOST}:{self.server.port}{path}",
            ssl=self.client_context(issued, **tls),
            headers=headers,
            timeout=aiohttp.ClientWSTimeout(ws_close=1),
            **how,
        )
        self.sockets.append(socket)
        return socket

    async def plain(self, host: str = HOST) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect by TCP only, from a host."""
        reader, writer = await asyncio.open_connection(HOST, self.server.port, local_addr=(host, 0))
        self.stack.callback(_leave, writer)
        return reader, writer

    async def secured(self, issued: Issued) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect by TLS only."""
        reader, writer = await asyncio.open_connection(
            HOST, self.server.port, ssl=self.client_context(issued)
        )
        self.stack.callback(_leave, writer)
        return reader, writer

    async def send_and_hear(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Have a car push, and get the answer."""
        await socket.send_bytes(message())
        assert await hear(socket) == ACK_0001

    async def refused(self, reason: Refusal, number: int = 1) -> None:
        """Wait until so many connections at least were refused, all of them for this reason.

        aiohttp tries once more when a connection is lost before the answer.
        """
        await until(lambda: self.server.counters.refused.total() >= number)
        assert set(self.server.counters.refused) == {reason}


def allowing(per_source: int, common: int = 1000) -> HandshakeAdmission:
    """So many handshakes, and no more however long one waits."""
    return HandshakeAdmission(lambda: Allowance(per_source, 0.0), Allowance(common, 0.0))


def _leave(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.fixture
async def garage(
    tesla: Tesla, authority: Authority, tmp_path: Path, socket_enabled: None
) -> AsyncIterator[Garage]:
    garage = Garage(tesla, authority, tmp_path)
    async with garage.stack:
        yield garage
        await asyncio.gather(*(socket.close() for socket in garage.sockets))
    for listener in garage.heard.values():
        assert sorted(listener.down) == sorted(listener.up)
    assert garage.server.open_connections == 0
    assert not garage.server._vehicles.by_vin
    assert not garage.server._secured
    assert not garage.server._entrance.arriving
    assert not garage.server._tasks


UPGRADE: Final = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


def frame(data: bytes) -> bytes:
    """A binary message of less than 65536 bytes, masked with zeros."""
    return bytes([0x82, 0x80 | 126]) + len(data).to_bytes(2) + bytes(4) + data


async def hear(socket: aiohttp.ClientWebSocketResponse) -> bytes:
    """The next answer."""
    data = await socket.receive_bytes()
    assert isinstance(data, bytes)
    return data


async def ending(reader: asyncio.StreamReader) -> None:
    """Wait until the server hangs up."""
    with suppress(ConnectionError, ssl.SSLError):
        while await reader.read(65536):
            pass


# --- Cars -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("rule", [Tesla.by_name, Tesla.by_usage])
async def test_a_car_is_received_and_answered(
    garage: Garage, rule: Callable[[Tesla], Issued], version: ssl.TLSVersion
) -> None:
    server = await garage.open()
    socket = await garage.connect(
        rule(garage.tesla),
        version=version,
        headers={"X-Network-Interface": "cellular", "User-Agent": "Hermes/1.16.9"},
    )
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert garage.listener.messages == [(b"V", b"payload")]
    assert garage.listener.networks == ["cellular"]
    assert server.open_connections == 1
    await socket.close()
    await until(lambda: garage.listener.down)
    assert garage.listener.down == garage.listener.up
    assert server.open_connections == 0
    assert server.diagnostics() == {
        "is_listening": True,
        "is_flooded": False,
        "cars": 0,
        "connections": 0,
        "waiting": 0,
        "handshakes": 0,
        "arrived": 1,
        "opened": 1,
        "replaced": 0,
        "messages": 1,
        "malformed": 0,
        "failures": 0,
        "text": 0,
        "refused": {},
    }


@pytest.mark.parametrize("path", ["/", "/status", "/any/thing?at=all", "//"])
async def test_any_path(garage: Garage, path: str) -> None:
    await garage.open()
    await garage.connect(garage.tesla.by_name(), path=path)
    assert len(garage.listener.up) == 1


@pytest.mark.parametrize(
    ("header", "network"),
    [
        ("wifi", "wifi"),
        ("WIFI", "wifi"),
        ("cellular", "cellular"),
        ("carrier pigeon", ""),
        ("", ""),
    ],
)
async def test_network(garage: Garage, header: str, network: str) -> None:
    await garage.open()
    await garage.connect(garage.tesla.by_name(), headers={"X-Network-Interface": header})
    assert garage.listener.networks == [network]


async def test_compression_is_never_accepted(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name(), compress=15)
    assert not socket.compress
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001


async def test_answers_come_in_order(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    sent = [(b"t%d" % number, b"V" if number % 3 else b"alerts") for number in range(300)]
    for txid, topic in sent:
        await socket.send_bytes(message(txid, topic))
    for txid, topic in sent:
        assert await hear(socket) == write_ack(txid, topic)
    assert [topic for topic, _ in garage.listener.messages] == [topic for _, topic in sent]


async def test_a_message_in_the_first_packet(garage: Garage) -> None:
    """A client may send its request together with the end of the handshake, and more behind it."""
    await garage.open()
    reader, writer = await garage.secured(garage.tesla.by_name())
    writer.write(UPGRADE + frame(message()))
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101 ")
    assert await reader.readexactly(2 + len(ACK_0001)) == bytes([0x82, len(ACK_0001)]) + ACK_0001


# --- Refused connections -------------------------------------------------------------------------


async def test_no_certificate(garage: Garage) -> None:
    await garage.open()
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(None)
    await garage.refused(Refusal.NO_CERTIFICATE)


def _of_a_stranger(tesla: Tesla) -> Issued:
    return Ca.make(PRODUCTS_CA).issue(VIN, CLIENT)


def _of_a_stranger_with_teslas_issuer(tesla: Tesla) -> Issued:
    stranger = Ca.make(PRODUCTS_CA)
    issued = stranger.issue(VIN, CLIENT)
    return Issued(issued.certificate, issued.key, tesla.products.issuers)


def _signed_by_a_car(tesla: Tesla) -> Issued:
    """A car's certificate is no authority, whatever its owner does with the key."""
    car = tesla.by_name(OTHER_VIN)
    parent = Ca(car.certificate, car.key, car.issuers)
    return Ca.make(PRODUCTS_CA, parent).issue(VIN, CLIENT)


def _expired(tesla: Tesla) -> Issued:
    return tesla.products.issue(VIN, CLIENT, end=datetime.now(UTC) - timedelta(hours=1))


def _of_tomorrow(tesla: Tesla) -> Issued:
    return tesla.products.issue(VIN, CLIENT, start=datetime.now(UTC) + DAY)


def _for_servers(tesla: Tesla) -> Issued:
    return tesla.issuing.issue(VIN, SERVER, CAR_USAGE)


def _under_an_expired_issuer(tesla: Tesla) -> Issued:
    over = Ca.make(ISSUING_CA, tesla.product_root, end=datetime.now(UTC) - timedelta(hours=1))
    return over.issue(VIN, CLIENT, CAR_USAGE)


@pytest.mark.parametrize(
    "make",
    [
        _of_a_stranger,
        _of_a_stranger_with_teslas_issuer,
        _signed_by_a_car,
        _expired,
        _of_tomorrow,
        _for_servers,
        _under_an_expired_issuer,
    ],
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_certificates_that_are_not_trusted(
    garage: Garage, make: Callable[[Tesla], Issued], version: ssl.TLSVersion
) -> None:
    await garage.open()
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(make(garage.tesla), version=version)
    await garage.refused(Refusal.UNTRUSTED)
    assert not garage.listener.up


async def test_intermediate_that_was_not_sent(garage: Garage) -> None:
    """The bundle of these tests has the root only; Tesla's has most of the intermediates."""
    await garage.open()
    car = garage.tesla.by_usage()
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(car, chain=car.pem)
    await garage.refused(Refusal.UNTRUSTED)


async def test_a_trusted_intermediate_is_enough(garage: Garage) -> None:
    garage.tesla = Tesla()
    garage.tesla.bundle = garage.tesla.issuing.pem
    await garage.open()
    car = garage.tesla.by_usage()
    await garage.connect(car, chain=car.pem)
    assert garage.listener.up


@pytest.mark.parametrize(
    ("usages", "name", "reason"),
    [
        ((CLIENT, WIFI_USAGE), VIN, Refusal.UNKNOWN_DEVICE),
        ((CLIENT, CAR_USAGE, WIFI_USAGE), VIN, Refusal.UNKNOWN_DEVICE),
        ((CLIENT, "1.3.6.1.4.1.49279.2.5.2"), VIN, Refusal.UNKNOWN_DEVICE),
        ((CLIENT,), VIN, Refusal.UNKNOWN_DEVICE),
        ((CLIENT, CAR_USAGE), "localhost", Refusal.UNKNOWN_DEVICE),
        ((CLIENT, CAR_USAGE), OTHER_VIN, Refusal.UNKNOWN_VEHICLE),
    ],
)
async def test_devices_of_teslas_that_are_none_of_ours(
    garage: Garage,
    caplog: pytest.LogCaptureFixture,
    usages: tuple[str, ...],
    name: str,
    reason: Refusal,
) -> None:
    caplog.set_level(logging.INFO)
    await garage.open()
    for _ in range(2):
        with pytest.raises(WSServerHandshakeError) as caught:
            await garage.connect(garage.tesla.issuing.issue(name, *usages))
        assert caught.value.status == 403
    await garage.refused(reason, 2)
    assert not garage.listener.up
    logged = [each.getMessage() for each in caplog.records]
    # Logged once, and without the whole VIN.
    assert [text for text in logged if "000002" in text] == (
        ["Refused a connection from an unknown car: 000002"] if name == OTHER_VIN else []
    )


async def test_only_the_certificate_whose_key_was_shown_counts(garage: Garage) -> None:
    """A car's certificate is no secret: another car may send it behind its own."""
    garage.heard[OTHER_VIN] = Heard()
    await garage.open()
    victim, thief = garage.tesla.by_name(VIN), garage.tesla.by_name(OTHER_VIN)
    socket = await garage.connect(thief, chain=thief.pem + victim.chain)
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert not garage.listener.up
    assert garage.heard[OTHER_VIN].messages == [(b"V", b"payload")]


async def test_a_strangers_certificate_is_not_saved_by_a_cars(garage: Garage) -> None:
    await garage.open()
    stranger = _of_a_stranger(garage.tesla)
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(stranger, chain=stranger.pem + garage.tesla.by_name().chain)
    await garage.refused(Refusal.UNTRUSTED)


async def test_another_request_than_for_a_websocket(garage: Garage) -> None:
    await garage.open()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"https://{HOST}:{garage.server.port}/",
            ssl=garage.client_context(garage.tesla.by_name()),
            data=b"x" * 100_000,
        ) as response,
    ):
        assert response.status == 426
    await garage.refused(Refusal.NO_WEBSOCKET)


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff"])
async def test_no_tls(garage: Garage, data: bytes) -> None:
    await garage.open()
    reader, writer = await garage.plain()
    writer.write(data)
    writer.write_eof()
    await ending(reader)
    await until(lambda: garage.server.counters.refused)
    assert set(garage.server.counters.refused) <= {Refusal.NO_TLS, Refusal.LOST}


@pytest.mark.parametrize(
    "data",
    [b"\x16\x03\x01\x02\x00\x01", b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nA: " + b"x" * 99999],
)
async def test_nonsense_over_tls_is_not_shouted_about(
    garage: Garage, caplog: pytest.LogCaptureFixture, data: bytes
) -> None:
    await garage.open(upgrade_timeout=0.05)
    reader, writer = await garage.secured(garage.tesla.by_name())
    writer.write(data)
    await ending(reader)
    assert not [each for each in caplog.records if each.levelno > logging.INFO]


async def test_silence_before_tls(garage: Garage) -> None:
    await garage.open(first_byte_timeout=0.02)
    reader, _ = await garage.plain()
    await ending(reader)
    await garage.refused(Refusal.NOTHING_SENT)


async def test_a_handshake_that_stops_half_way(garage: Garage) -> None:
    await garage.open(handshake_timeout=0.05)
    reader, writer = await garage.plain()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = garage.client_context(None).wrap_bio(incoming, outgoing, server_hostname=HOST)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    writer.write(hello[:50])
    await ending(reader)
    await garage.refused(Refusal.TIMEOUT)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
async def test_hanging_up_before_tls(garage: Garage, sent: bytes) -> None:
    await garage.open()
    _, writer = await garage.plain()
    writer.write(sent)
    await until(
        lambda: garage.server._entrance.arriving if sent else len(garage.server._entrance.room)
    )
    writer.transport.abort()
    await garage.refused(Refusal.LOST)


async def test_silence_after_tls(garage: Garage) -> None:
    await garage.open(upgrade_timeout=0.02)
    reader, _ = await garage.secured(garage.tesla.by_name())
    await ending(reader)
    await garage.refused(Refusal.SILENT)


async def test_half_a_request(garage: Garage) -> None:
    await garage.open(upgrade_timeout=0.02)
    reader, writer = await garage.secured(garage.tesla.by_name())
    writer.write(b"GET / HTTP/1.1\r\n")
    await ending(reader)
    await garage.refused(Refusal.SILENT)


async def test_the_clock_stops_with_the_connection(garage: Garage) -> None:
    await garage.open(upgrade_timeout=600)
    _, writer = await garage.secured(garage.tesla.by_name())
    await until(lambda: garage.server._secured)
    (connection,) = garage.server._secured
    writer.transport.abort()
    await until(lambda: not garage.server._secured)
    assert connection._timer is None
    assert not garage.server.counters.refused


# --- Messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (b"\1\2\3", write_error(b"")),
        (b"", write_error(b"")),
        # Here, too, Tesla's server sends two acknowledgements; it is no envelope.
        (bytes(40), write_error(b"")),
        # One where Tesla's server sends two.
        (ACK_0001, write_ack(b"txid-0001", b"")),
    ],
)
async def test_messages_that_no_car_sends(garage: Garage, data: bytes, answer: bytes) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    await socket.send_bytes(data)
    assert await hear(socket) == answer
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert len(garage.listener.messages) == 1


async def test_a_record_that_cannot_be_read(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    garage.listener.trouble = MalformedRecord("no protobuf")
    await socket.send_bytes(message(b"txid-0006"))
    assert await hear(socket) == ERROR_0006
    garage.listener.trouble = None
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert garage.server.counters.malformed == 1
    assert garage.server.counters.failures == 0


async def test_a_listener_that_fails(garage: Garage, caplog: pytest.LogCaptureFixture) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    garage.listener.trouble = KeyError("ours")
    for _ in range(3):
        await socket.send_bytes(message(b"txid-0006"))
        assert await hear(socket) == ERROR_0006
    garage.listener.trouble = None
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert garage.server.counters.failures == 3
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(errors) == 1
    assert errors[0].exc_info is not None
    assert VIN not in caplog.text


async def test_a_listener_that_fails_at_the_ends(
    garage: Garage, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Heard):
        @override
        def opened(self, connection: str, network: str) -> None:
            super().opened(connection, network)
            raise ValueError("ours")

        @override
        def closed(self, connection: str) -> None:
            super().closed(connection)
            raise LookupError("ours")

    garage.heard[VIN] = Failing()
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    await socket.close()
    await until(lambda: garage.listener.down)
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == 2


async def test_text_ends_the_connection(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    await socket.send_str("hello")
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == WSCloseCode.UNSUPPORTED_DATA
    await until(lambda: garage.listener.down)
    assert garage.server.counters.text == 1
    assert not garage.listener.messages


async def test_a_message_that_is_too_large_is_answered(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    largest = message(payload=b"x" * (1_000_000 - len(message(payload=b""))))
    assert len(largest) == 1_000_000
    await socket.send_bytes(largest)
    assert await hear(socket) == ACK_0001
    await socket.send_bytes(largest + b"\0")
    assert await hear(socket) == write_error(b"")
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert len(garage.listener.messages) == 2


async def test_a_message_that_is_much_too_large_ends_the_connection(garage: Garage) -> None:
    await garage.open()
    reader, writer = await garage.secured(garage.tesla.by_name())
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    # Recognised by its head: the rest of it need not arrive.
    writer.write(bytes([0x82, 0x80 | 127]) + (2_000_000).to_bytes(8) + bytes(4))
    head = await reader.readexactly(4)
    assert head[0] == 0x88
    assert int.from_bytes(head[2:]) == WSCloseCode.MESSAGE_TOO_BIG
    await ending(reader)
    await until(lambda: garage.listener.down)
    assert garage.server.counters.messages == 0


# --- Many -----------------------------------------------------------------------------------------


async def test_two_hundred_cars_at_once(garage: Garage) -> None:
    vins = [f"XP7YGCEK0RB{number:06}" for number in range(200)]
    garage.heard = {vin: Heard() for vin in vins}
    await garage.open(admission=allowing(200), room=WaitingRoom[sockets.socket](max_per_source=200))

    async def drive(vin: str) -> None:
        socket = await garage.connect(garage.tesla.by_name(vin))
        await socket.send_bytes(message(vin.encode()))
        assert await hear(socket) == write_ack(vin.encode(), b"V")

    await asyncio.gather(*map(drive, vins))
    assert garage.server.open_connections == 200
    assert all(len(listener.messages) == 1 for listener in garage.heard.values())
    assert not garage.server.counters.refused


async def test_one_connection_too_many_of_a_car(garage: Garage) -> None:
    garage.heard[OTHER_VIN] = Heard()
    await garage.open(connections_per_vehicle=2)
    other = await garage.connect(garage.tesla.by_name(OTHER_VIN))
    car = garage.tesla.by_name()
    first, second, third = [await garage.connect(car) for _ in range(3)]
    assert (await first.receive()).type is WSMsgType.CLOSE
    assert first.close_code == WSCloseCode.POLICY_VIOLATION
    await until(lambda: garage.listener.down)
    assert garage.listener.down == garage.listener.up[:1]
    for socket in (second, third, other):
        await socket.send_bytes(message())
        assert await hear(socket) == ACK_0001
    assert garage.server.open_connections == 3
    assert garage.server.counters.replaced == 1


async def test_one_connection_too_many_of_all(garage: Garage) -> None:
    await garage.open(connections=1)
    first = await garage.connect(garage.tesla.by_name())
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(garage.tesla.by_name())
    await garage.refused(Refusal.FULL)
    await first.close()
    await until(lambda: not garage.server._secured)
    await garage.connect(garage.tesla.by_name())


async def test_silent_connections_give_way_to_a_car(garage: Garage) -> None:
    await garage.open(room=WaitingRoom[sockets.socket](max_per_source=3))
    silent = [await garage.plain() for _ in range(3)]
    await until(lambda: len(garage.server._entrance.room) == 3)
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    # The oldest one had to go.
    await ending(silent[0][0])
    await garage.refused(Refusal.FLOOD)
    assert len(garage.server._entrance.room) == 2


@pytest.mark.parametrize("host", [HOST, ELSEWHERE])
async def test_idle_connections_exclude_no_car(garage: Garage, host: str) -> None:
    """From elsewhere, or from the address that the car has too."""
    await garage.open()
    for _ in range(3):
        for _ in range(100):
            await garage.plain(host)
        await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    assert garage.server.counters.opened == 3
    assert len(garage.server._entrance.room) <= 64


async def test_one_source_leaves_the_allowance_of_the_others_alone(garage: Garage) -> None:
    await garage.open(admission=allowing(3))
    refused = garage.server.counters.refused
    for _ in range(10):
        _, writer = await garage.plain(ELSEWHERE)
        writer.write(b"nonsense")
    await until(lambda: refused.total() == 10)
    assert refused == {Refusal.NO_TLS: 3, Refusal.SOURCE_FLOOD: 7}
    for _ in range(5):
        # The car's cost is refunded.
        await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))


async def test_a_flood_from_everywhere_excludes_only_new_sources(garage: Garage) -> None:
    await garage.open(admission=allowing(10, common=3))
    refused = garage.server.counters.refused
    first = await garage.connect(garage.tesla.by_name())
    for number in range(6):
        _, writer = await garage.plain(f"127.0.1.{number}")
        writer.write(b"nonsense")
        await until(partial(lambda number: refused.total() > number, number))
    assert refused == {Refusal.NO_TLS: 3, Refusal.FLOOD: 3}
    await first.close()
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))


async def test_a_flood_is_cut_off_before_it_costs_anything(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[bytes] = []

    def step(_: Handshake, data: bytes) -> HandshakeStep:
        steps.append(data)
        return HandshakeStep(b"", 0.0, failure=Failure.NO_TLS)

    monkeypatch.setattr(Handshake, "step", step)
    await garage.open(admission=allowing(3))
    for _ in range(10):
        _, writer = await garage.plain()
        writer.write(b"x")
    await until(lambda: garage.server.counters.refused.total() == 10)
    assert len(steps) == 3


async def test_a_dear_handshake_is_paid_for_afterwards(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second of processor time is worth 50 usual handshakes."""

    def step(_: Handshake, data: bytes) -> HandshakeStep:
        return HandshakeStep(b"", len(data) * 1.0, failure=Failure.NO_TLS)

    with monkeypatch.context() as patched:
        patched.setattr(Handshake, "step", step)
        await garage.open(admission=allowing(20, common=1000))
        for number in range(3):
            _, writer = await garage.plain(ELSEWHERE)
            writer.write(b"x")
            await until(partial(lambda n: garage.server.counters.refused.total() > n, number))
    assert garage.server.counters.refused == {
        Refusal.NO_TLS: 1,
        Refusal.SOURCE_FLOOD: 2,
    }
    await garage.connect(garage.tesla.by_name())


async def test_a_cars_source_does_not_wait_for_a_strangers_handshake(
    garage: Garage,
) -> None:
    class Choosy(Inline):
        """Strangers' handshakes, which consist of two bytes here, never end."""

        def __init__(self) -> None:
            self.running: list[Future[Any]] = []

        @override
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            if args != (b"xx",):
                return super().submit(fn, *args, **kwargs)
            self.running.append(Future())
            return self.running[-1]

    choosy = Choosy()
    await garage.open(executor=choosy)
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    strangers = [await garage.plain(ELSEWHERE) for _ in range(3)]
    for _, writer in strangers:
        writer.write(b"xx")
    await until(lambda: choosy.running and len(garage.server._entrance.arriving) == 3)
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    # When the first is over and was dear, those that waited behind it are given up.
    assert len(choosy.running) == 1
    choosy.running[0].set_result(HandshakeStep(b"", 1.0, failure=Failure.UNTRUSTED))
    await until(lambda: garage.server.counters.refused.total() == 3)
    assert garage.server.counters.refused == {
        Refusal.UNTRUSTED: 1,
        Refusal.FLOOD: 2,
    }
    assert len(choosy.running) == 1


async def test_an_expensive_handshake_is_charged_after_the_client_left(garage: Garage) -> None:
    slow = Slow()
    admission = allowing(20, common=1000)
    await garage.open(executor=slow, admission=admission)
    _, writer = await garage.plain(ELSEWHERE)
    writer.write(b"x")
    await until(lambda: slow.running)
    writer.transport.abort()
    await garage.refused(Refusal.LOST)
    assert admission.admit(ELSEWHERE, 0.0) is AdmissionResult.ADMITTED
    slow.running[0].set_result(HandshakeStep(b"", 1.0))
    await until(lambda: admission.admit(ELSEWHERE, 0.0) is AdmissionResult.SOURCE_SPENT)


async def test_handshakes_are_not_done_on_the_event_loop(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    real = Handshake.step

    def step(handshake: Handshake, data: bytes) -> HandshakeStep:
        threads.add(threading.get_ident())
        return real(handshake, data)

    monkeypatch.setattr(Handshake, "step", step)
    await garage.open(executor=None)
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    assert threads
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_more_certificates_than_a_car_has(garage: Garage, version: ssl.TLSVersion) -> None:
    """Compression would make 100 kB of them a few."""
    await garage.open()
    stranger = _of_a_stranger(garage.tesla)
    with pytest.raises(aiohttp.ClientError):
        await garage.connect(stranger, chain=stranger.pem * 200, version=version)
    await garage.refused(Refusal.TOO_MUCH)


async def test_a_handshake_in_crumbs(garage: Garage) -> None:
    await garage.open()
    _, writer = await garage.plain()
    # The head of a record of 8 kB, and its content byte by byte.
    writer.write(b"\x16\x03\x01\x20\x00")
    await until(lambda: garage.server._entrance.arriving)
    (transport,) = garage.server._entrance.arriving
    run = transport.handshake
    for number in range(100):
        if garage.server.counters.refused:
            break
        writer.write(b"x")
        await until(partial(lambda n: run.steps > n or garage.server.counters.refused, number))
    await garage.refused(Refusal.TOO_MUCH)


async def test_strangers_with_certificates_of_tesla_s_keep_no_car_out(garage: Garage) -> None:
    await garage.open(strangers=2, connections=1)
    strangers = [await garage.secured(garage.tesla.by_name(OTHER_VIN)) for _ in range(3)]
    await ending(strangers[0][0])
    await garage.refused(Refusal.FULL)
    await garage.send_and_hear(await garage.connect(garage.tesla.by_name()))
    assert sum(each.is_stranger for each in garage.server._secured) == 2


async def test_a_car_that_does_not_read_slows_no_other(garage: Garage) -> None:
    garage.heard[OTHER_VIN] = Heard()
    await garage.open(close_timeout=0.05)
    reader, writer = await garage.secured(garage.tesla.by_name())
    writer.write(UPGRADE)
    await reader.readuntil(b"\r\n\r\n")
    # From here on nothing is read, and every answer has 60 kB.
    cast("asyncio.Transport", writer.transport).pause_reading()
    data = frame(message(b"t" * 60_000))
    for _ in range(400):
        writer.write(data)
    (connection,) = garage.server._secured
    transport = connection.transport
    await until(lambda: transport.get_write_buffer_size() > 0)
    other = await garage.connect(garage.tesla.by_name(OTHER_VIN))
    for _ in range(20):
        await other.send_bytes(message())
        assert await hear(other) == ACK_0001
    assert len(garage.listener.messages) < 400
    await garage.server.stop()
    assert garage.listener.down == garage.listener.up


@pytest.mark.parametrize(
    ("kind", "data"), [(WSMsgType.BINARY, message()), (WSMsgType.PING, b"x"), (WSMsgType.PONG, b"")]
)
@pytest.mark.parametrize(("seconds", "most"), [(3600.0, 32), (0.0, 4)])
async def test_a_flood_of_messages_leaves_others_their_turn(
    garage: Garage,
    monkeypatch: pytest.MonkeyPatch,
    kind: WSMsgType,
    data: bytes,
    seconds: float,
    most: int,
) -> None:
    """After a maximum number, or after one of them if it takes long."""
    monkeypatch.setattr(messages_module, "_SECONDS_AT_A_STRETCH", seconds)
    garage.heard[OTHER_VIN] = Heard()
    await garage.open()
    flooding = await garage.connect(garage.tesla.by_name())
    (served,) = garage.server._vehicles.by_vin[VIN].values()
    assert served.socket is not None
    # All at once, as after an outage: as many as the reader keeps before it stops reading.
    reader = served.socket._reader
    assert reader is not None
    for _ in range(400):
        reader.feed_data(aiohttp.WSMessage(kind, data, None), 0)
    waiting = []
    while reader._buffer:
        waiting.append(len(reader._buffer))
        await asyncio.sleep(0)
    assert all(before - after <= most for before, after in pairwise(waiting))
    assert len(waiting) > 400 // most
    await flooding.close()


async def test_pings_are_answered(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name(), autoping=False)
    await socket.ping(b"are you there")
    answer = await socket.receive()
    assert (answer.type, bytes(answer.data)) == (WSMsgType.PONG, b"are you there")
    await socket.pong(b"nobody asked")
    await garage.send_and_hear(socket)


# --- Ends -----------------------------------------------------------------------------------------


async def test_abrupt_loss(garage: Garage) -> None:
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name())
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    assert socket._conn is not None
    assert socket._conn.transport is not None
    socket._conn.transport.abort()
    await until(lambda: garage.listener.down)
    assert garage.listener.down == garage.listener.up


async def test_a_dead_connection_is_noticed(garage: Garage) -> None:
    await garage.open(heartbeat=0.02)
    socket = await garage.connect(garage.tesla.by_name(), autoping=False)
    # It is there, but it does not answer the ping.
    assert (await socket.receive()).type is WSMsgType.PING
    while not garage.listener.down:
        await socket.receive()
    assert garage.listener.down == garage.listener.up


async def test_a_living_connection_stays(garage: Garage) -> None:
    server = await garage.open(heartbeat=600)
    socket = await garage.connect(garage.tesla.by_name(), autoping=False)
    (connection,) = server._secured
    for _ in range(5):
        # Silent since the first check, and pinged at the second.
        for _ in range(2):
            server._heartbeat.stop()
            server._heartbeat._check()
        received = await socket.receive()
        assert received.type is WSMsgType.PING
        await socket.pong(received.data)
        await until(lambda: not connection.is_silent)
    assert not garage.listener.down
    await garage.send_and_hear(socket)


async def test_stop_ends_everything_in_good_order(garage: Garage) -> None:
    server = await garage.open()
    car = garage.tesla.by_name()
    sockets = [await garage.connect(car) for _ in range(4)]
    silent, _ = await garage.plain()
    asking, _ = await garage.secured(car)
    await until(lambda: len(server._secured) == 5)
    goodbyes = [asyncio.create_task(socket.receive()) for socket in sockets]
    port = server.port
    await server.stop()
    assert server.port == 0
    assert sorted(garage.listener.down) == sorted(garage.listener.up)
    for goodbye in goodbyes:
        assert (await goodbye).data == WSCloseCode.GOING_AWAY
    await ending(silent)
    await ending(asking)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection(HOST, port)
    await server.stop()


async def test_stop_does_not_wait_for_silent_clients(
    garage: Garage, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    close = Connection.close

    async def close_within(connection: Connection, code: WSCloseCode, timeout: float) -> None:  # noqa: ASYNC109  # as the real one
        waited.append(timeout)
        await close(connection, code, timeout)

    monkeypatch.setattr(Connection, "close", close_within)
    server = await garage.open(close_timeout=0.05)
    car = garage.tesla.by_name()
    # They never read, so they never agree to the end.
    _sockets = [await garage.connect(car, autoclose=False) for _ in range(4)]
    loop = asyncio.get_running_loop()
    start = loop.time()
    await server.stop()
    assert waited == [0.05] * 4
    # aiohttp alone waits for ten seconds.
    assert loop.time() - start < 8
    assert sorted(garage.listener.down) == sorted(garage.listener.up)


async def test_stop_before_start() -> None:
    server = TelemetryServer(lambda _vin: None)
    assert server.port == 0
    await server.stop()


async def test_restart_on_the_same_port(garage: Garage) -> None:
    server = await garage.open()
    port = server.port
    await garage.connect(garage.tesla.by_name())
    await server.stop()
    for _ in range(3):
        await server.start(HOST, port, garage.server_context())
        assert server.port == port
        socket = await garage.connect(garage.tesla.by_name())
        await socket.send_bytes(message())
        assert await hear(socket) == ACK_0001
        await server.stop()
    # No name of a connection is used twice.
    assert len(set(garage.listener.up)) == 4


async def test_port_in_use(garage: Garage) -> None:
    server = await garage.open()
    other = TelemetryServer(garage.heard.get)
    with pytest.raises(PortInUse) as caught:
        await other.start(HOST, server.port, NO_CONTEXT)
    assert isinstance(caught.value, OSError)
    assert str(server.port) in str(caught.value)
    assert other.port == 0
    # Nothing is left of the attempt.
    await server.stop()
    await other.start(HOST, 0, garage.server_context())
    await other.stop()


async def test_an_address_that_is_not_ours(garage: Garage) -> None:
    with pytest.raises(OSError, match=r"192\.0\.2\.1") as caught:
        await TelemetryServer(garage.heard.get).start("192.0.2.1", 0, NO_CONTEXT)
    assert not isinstance(caught.value, PortInUse)


async def test_start_twice(garage: Garage) -> None:
    server = await garage.open()
    with pytest.raises(RuntimeError):
        await server.start(HOST, 0, NO_CONTEXT)
    await garage.connect(garage.tesla.by_name())


async def test_a_new_certificate_disturbs_no_connection(garage: Garage) -> None:
    def shown(socket: aiohttp.ClientWebSocketResponse) -> int:
        session = socket.get_extra_info("ssl_object")
        return x509.load_der_x509_certificate(session.getpeercert(True)).serial_number  # noqa: FBT003  # not ours

    server = await garage.open()
    before = await garage.connect(garage.tesla.by_name())
    server.use(garage.server_context())
    after = await garage.connect(garage.tesla.by_name())
    assert shown(before) != shown(after)
    for socket in (before, after):
        await socket.send_bytes(message())
        assert await hear(socket) == ACK_0001
    assert not garage.listener.down


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_no_tickets(garage: Garage, version: ssl.TLSVersion) -> None:
    """A resumed session would not be verified again."""
    await garage.open()
    socket = await garage.connect(garage.tesla.by_name(), version=version)
    # With TLS 1.3 a ticket would come before the first answer.
    await socket.send_bytes(message())
    assert await hear(socket) == ACK_0001
    session = socket.get_extra_info("ssl_object").session
    assert session is None or not session.has_ticket


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """Unclosed sockets only warn when they are collected, and a warning is an error here."""
    yield
    gc.collect()


def test_shown_vin() -> None:
    assert server_module._shown(VIN) == "000001"
