"""A plain telemetry server for the tests of the simulator's cars, and a signer of configurations.

Everything here is written from the documentation and shares no code with the tested modules: not
the envelope, the certificates, or the signature.
"""

import asyncio
import base64
import hashlib
import json
import secrets
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self, override

from aiohttp import WSMsgType, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tesla_protocol.telemetry.vehicle_alert_pb2 import VehicleAlerts
from tesla_protocol.telemetry.vehicle_data_pb2 import Field, Payload
from tesla_protocol.telemetry.vehicle_error_pb2 import VehicleErrors

from simulator.clock import Clock

HOSTNAME = "car.flotte.example"
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

type Point = tuple[int, int]


class DrivenClock(Clock):
    """Stands still unless a test moves it."""

    def __init__(self, start: float) -> None:
        super().__init__()
        self.moment = start

    @override
    def now(self) -> float:
        return self.moment

    @override
    def advance(self, seconds: float) -> None:
        self.moment += seconds


# ---- signing -----------------------------------------------------------------------------------


def plus(one: Point | None, other: Point | None) -> Point | None:
    """The sum of two points; None is the point at infinity."""
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % P == 0:
            return None
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P)
    x = (slope**2 - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def times(number: int, point: Point) -> Point:
    """A multiple of a point."""
    result: Point | None = None
    summand: Point | None = point
    while number:
        if number & 1:
            result = plus(result, summand)
        summand = plus(summand, summand)
        number >>= 1
    assert result is not None
    return result


def uncompressed(point: Point) -> bytes:
    return b"\x04" + point[0].to_bytes(32) + point[1].to_bytes(32)


def token(key: ec.EllipticCurvePrivateKey, claims: dict[str, Any]) -> str:
    """Claims signed with Tesla.SS256; `aud` and `iss` are added unless given."""
    scalar = key.private_numbers().private_value
    public = times(scalar, G)
    claims = {
        "aud": "com.tesla.fleet.TelemetryClient",
        "iss": base64.b64encode(uncompressed(public)).decode(),
        **claims,
    }
    message = f"{_part({'alg': 'Tesla.SS256', 'typ': 'JWT'})}.{_part(claims)}"
    nonce = secrets.randbelow(N - 1) + 1
    promise = times(nonce, G)
    digest = hashlib.sha256()
    for item in (uncompressed(G), uncompressed(promise), uncompressed(public), message.encode()):
        digest.update(len(item).to_bytes(4) + item)
    response = (nonce - scalar * int.from_bytes(digest.digest())) % N
    signature = uncompressed(promise)[1:] + response.to_bytes(32)
    return f"{message}.{base64.urlsafe_b64encode(signature).decode()}"


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# ---- envelope ----------------------------------------------------------------------------------


def slot(data: bytes, table: int, number: int) -> int:
    """The offset of a field of a FlatBuffers table; 0 if it is left out."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    if 4 + 2 * number >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset = struct.unpack_from("<H", data, vtable + 4 + 2 * number)[0]
    return table + offset if offset else 0


def follow(data: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", data, at)[0])


def content(data: bytes, table: int, number: int) -> bytes:
    """A byte vector of a table."""
    at = follow(data, slot(data, table, number))
    return data[at + 4 : at + 4 + struct.unpack_from("<I", data, at)[0]]


def acknowledgement(txid: bytes, topic: bytes) -> bytes:
    """Bytes of Tesla's server, position for position."""
    a, b = (len(text) + 5 + 3 & ~3 for text in (topic, txid))
    return b"".join(
        (
            struct.pack("<I2x7H", 20, 14, 24, 20, 16, 15, 8, 4),
            struct.pack("<iII3xBII", 14, 20, 24 + a + b, 5, 16, 12 + a),
            bytes(8),
            (struct.pack("<I", len(topic)) + topic).ljust(a, b"\0"),
            (struct.pack("<I", len(txid)) + txid).ljust(b, b"\0"),
            bytes(8),
        )
    )


@dataclass
class Message:
    """A received message, parsed."""

    data: bytes
    txid: bytes
    topic: bytes
    created_at: int
    sender: bytes
    device: bytes
    payload: bytes

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Follow the envelope; it must be a stream message."""
        root = follow(data, 0)
        assert data[slot(data, root, 2)] == 4
        stream = follow(data, slot(data, root, 3))
        return cls(
            data,
            content(data, root, 0),
            content(data, root, 1),
            struct.unpack_from("<I", data, slot(data, stream, 0))[0],
            content(data, stream, 1),
            content(data, stream, 4),
            content(data, stream, 2),
        )

    @property
    def record(self) -> Payload:
        """A record of signals."""
        assert self.topic == b"V"
        return Payload.FromString(self.payload)

    @property
    def alerts(self) -> VehicleAlerts:
        """Alerts."""
        assert self.topic == b"alerts"
        return VehicleAlerts.FromString(self.payload)

    @property
    def errors(self) -> VehicleErrors:
        """Problems of the client."""
        assert self.topic == b"errors"
        return VehicleErrors.FromString(self.payload)

    @property
    def time(self) -> float:
        """`created_at` of the record, Unix seconds."""
        at = self.record.created_at
        return float(at.seconds + at.nanos / 1_000_000_000)

    @property
    def values(self) -> dict[str, Any]:
        """The record's values by their arms; a message unchanged."""
        return said(self.payload)


def said(payload: bytes) -> dict[str, Any]:
    """A record's values by field; "invalid" for an invalid one."""
    return {
        Field.Name(datum.key): (
            "invalid"
            if datum.value.WhichOneof("value") == "invalid"
            else getattr(datum.value, str(datum.value.WhichOneof("value")))
        )
        for datum in Payload.FromString(payload).data
    }


# ---- certificates ------------------------------------------------------------------------------


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[str, ec.EllipticCurvePrivateKey] | None,
    start: datetime,
    days: int,
) -> x509.Certificate:
    """A server's certificate, or an authority's without issuer."""
    issuer_name, issuer_key = issuer or (name, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False
        ).add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass
class Receiver:
    """A telemetry server: mutual TLS, every message recorded, and acks while they are enabled."""

    folder: Path
    client_ca: bytes
    now: float
    hostname: str = HOSTNAME
    days: int = 100
    compress: bool = False
    acks: bool = True
    port: int = 0
    ca: str = ""
    messages: list[Message] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)
    client_certificates: list[x509.Certificate] = field(default_factory=list)
    server_names: list[str | None] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    open: int = 0

    async def __aenter__(self) -> Self:
        if not self.ca:
            self._make_certificates()
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def _make_certificates(self) -> None:
        start = datetime.fromtimestamp(self.now, UTC) - timedelta(days=1)
        root, own = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        authority = certificate("A server's own CA", root, None, start, 3650)
        leaf = certificate(self.hostname, own, ("A server's own CA", root), start, self.days)
        self.ca = authority.public_bytes(Encoding.PEM).decode()
        pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "server.pem").write_bytes(pem + leaf.public_bytes(Encoding.PEM))

    async def listen(self) -> None:
        """Start, at the port of before if there was one."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "server.pem")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=self.client_ca.decode())
        context.sni_callback = self._named
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop all connections."""
        await self._runner.cleanup()

    def _named(self, _socket: object, name: str | None, _context: ssl.SSLContext) -> None:
        self.server_names.append(name)

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        self.requests.append(request)
        assert request.transport is not None
        der = request.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
        self.client_certificates.append(x509.load_der_x509_certificate(der))
        socket = web.WebSocketResponse(compress=self.compress)
        await socket.prepare(request)
        self.open += 1
        try:
            async for message in socket:
                assert message.type is WSMsgType.BINARY
                received = Message.read(message.data)
                self.messages.append(received)
                self.heard.set()
                if self.acks:
                    await socket.send_bytes(acknowledgement(received.txid, received.topic))
        finally:
            self.open -= 1
        return socket

    async def hears(self, count: int) -> None:
        """Wait until so many messages have come since they were last taken."""
        while len(self.messages) < count:
            self.heard.clear()
            await self.heard.wait()

    def take(self) -> list[Message]:
        """The messages since the last call."""
        taken, self.messages = self.messages, []
        return taken

    def claims(self, fields: dict[str, Any] | Sequence[str], **more: Any) -> dict[str, Any]:
        """A configuration that leads here; fields by name alone get an interval of one second."""
        if not isinstance(fields, dict):
            fields = {name: {"interval_seconds": 1} for name in fields}
        return {
            "hostname": self.hostname,
            "port": self.port,
            "ca": self.ca,
            "fields": fields,
            **more,
        }


async def settle() -> None:
    """Let every task on the loop have its turns."""
    for _ in range(100):
        await asyncio.sleep(0)


def point_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
