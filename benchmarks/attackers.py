"""Unknown clients that flood the receiver's port, in a process of their own.

    python -m benchmarks.attackers

reads orders (JSON, a line each) from its standard input until that is closed, and answers each with
a line. Tesla issued none of the attackers' certificates, except that of another person's car, which
the order contains.
"""

import asyncio
import base64
import json
import ssl
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

ONE_SOURCE: Final = "127.66.0.1"
PIECE: Final = 1 << 16


class Attackers:
    """All attacks. Each method makes one connection of the attack of its name."""

    def __init__(self, port: int, folder: Path, foreign: str, *, has_curves: bool) -> None:
        self._port = port
        self._folder = folder
        self._anonymous = _client()
        self._many = self._with(_chain(_usual, 100_000))
        self._many_1_2 = self._with(_chain(_usual, 100_000))
        self._many_1_2.maximum_version = ssl.TLSVersion.TLSv1_2
        # Parsing them takes this process as long as it takes the server.
        self._curves = self._with(_chain(_slow_curve, 12_000 if has_curves else 0))
        self._foreign = _client()
        path = folder / "foreign.pem"
        path.write_text(foreign, "ascii")
        self._foreign.load_cert_chain(path)
        self._hello = _first_words(self._anonymous)

    def _with(self, chain: list[bytes]) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        context = _client()
        path = self._folder / f"{len(list(self._folder.iterdir()))}.pem"
        path.write_text(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ).decode()
            + "".join(map(_pem, [_usual(key), *chain])),
            "ascii",
        )
        context.load_cert_chain(path)
        return context

    # --- Connections ---------------------------------------------------------------------------

    async def connects(self, source: str) -> None:
        """Connect, and do nothing else."""
        await self._send(source, b"")

    async def crumbs(self, source: str) -> None:
        """Send a greeting byte by byte."""
        await self._send(source, *(bytes([each]) for each in self._hello), pause=0.02)

    async def records(self, source: str) -> None:
        """Send a greeting in records of one byte."""
        head, words = self._hello[:3], self._hello[5:]
        await self._send(source, b"".join(head + b"\0\1" + bytes([each]) for each in words))

    async def greets(self, source: str) -> None:
        """Send a greeting, then nothing."""
        await self._send(source, self._hello)

    async def shouts(self, source: str) -> None:
        """Send a megabyte that starts like a greeting."""
        await self._send(source, b"\x16\x03\x01\x40\x00\x01\xff\xff\xff", *[bytes(PIECE)] * 16)

    async def anonymous(self, source: str) -> None:
        """Complete a handshake without a certificate."""
        await self._shake_hands(source, self._anonymous)

    async def certificates(self, source: str) -> None:
        """Complete a handshake with 100 kB of certificates, compressed if possible."""
        await self._shake_hands(source, self._many)

    async def certificates_1_2(self, source: str) -> None:
        """Complete a handshake with 100 kB of certificates over TLS 1.2."""
        await self._shake_hands(source, self._many_1_2)

    async def curves(self, source: str) -> None:
        """Complete a handshake with certificates whose keys take long to parse."""
        await self._shake_hands(source, self._curves)

    async def foreign(self, source: str) -> None:
        """Complete a handshake with the certificate of another person's car, then send nothing."""
        await self._shake_hands(source, self._foreign)

    async def headers(self, source: str) -> None:
        """Complete a handshake with another person's certificate, then send endless headers."""
        line = b"X-A: " + bytes([65]) * 4000 + b"\r\n"
        await self._shake_hands(source, self._foreign, b"GET / HTTP/1.1\r\n", *[line] * 1000)

    # --- Execution -----------------------------------------------------------------------------

    async def _send(self, source: str, *pieces: bytes, pause: float = 0.0) -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(source, 0)
        )
        await _talk(reader, writer, pieces, pause)

    async def _shake_hands(self, source: str, context: ssl.SSLContext, *pieces: bytes) -> None:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", self._port, local_addr=(source, 0), ssl=context, server_hostname="x"
        )
        await _talk(reader, writer, pieces, 0.0)

    async def attack(self, name: str, at_once: int, seconds: float, sources: int) -> int:
        """Keep so many connections busy all the time; returns the number of connections made."""
        one: Callable[[str], Awaitable[None]] = getattr(self, name)
        until = asyncio.get_running_loop().time() + seconds
        number = 0

        async def again_and_again() -> None:
            nonlocal number
            while asyncio.get_running_loop().time() < until:
                number += 1
                source = ONE_SOURCE
                if sources > 1:
                    chosen = number % sources
                    source = f"127.66.{1 + chosen // 250}.{1 + chosen % 250}"
                with suppress(OSError, ssl.SSLError, TimeoutError, EOFError):
                    async with asyncio.timeout_at(until):
                        await one(source)
                await asyncio.sleep(0)

        await asyncio.gather(*(again_and_again() for _ in range(at_once)))
        return number


async def _talk(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    pieces: tuple[bytes, ...],
    pause: float,
) -> None:
    """Send the pieces, and stay until the server hangs up."""
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)
        while await reader.read(PIECE):
            pass
    finally:
        writer.transport.abort()


def _client() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _first_words(context: ssl.SSLContext) -> bytes:
    outgoing = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="x").do_handshake()
    return outgoing.read()


# --- Certificates ---------------------------------------------------------------------------------


def _pem(der: bytes) -> str:
    text = base64.encodebytes(der).decode()
    return f"-----BEGIN CERTIFICATE-----\n{text}-----END CERTIFICATE-----\n"


def _chain(make: Callable[[ec.EllipticCurvePrivateKey], bytes], size: int) -> list[bytes]:
    """A chain of certificates with so many bytes."""
    certificate = make(ec.generate_private_key(ec.SECP256R1()))
    return [certificate] * (size // len(certificate))


def _usual(key: ec.EllipticCurvePrivateKey) -> bytes:
    now = datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def _slow_curve(_: ec.EllipticCurvePrivateKey) -> bytes:
    """A certificate whose key is a compressed point of a curve of its own.

    Parsing it takes a square root modulo a prime p. With 2**600 in p - 1, OpenSSL needs 0.15 s for
    that, and needs it twice, because of the curve's generator.
    """
    prime = _SLOW_PRIME
    size = (prime.bit_length() + 7) // 8
    a, b = prime - 3, 7
    x = next(x for x in range(2, 1000) if pow(x**3 + a * x + b, (prime - 1) // 2, prime) == 1)
    point = b"\2" + x.to_bytes(size)
    field = _tag(0x30, _name("1.2.840.10045.1.1"), _integer(prime))
    curve = _tag(0x30, _tag(4, a.to_bytes(size)), _tag(4, b.to_bytes(size)))
    order = (1 << (prime.bit_length() - 1)) - 1
    parameters = _tag(0x30, _integer(1), field, curve, _tag(4, point), _integer(order), _integer(1))
    key = _tag(0x30, _tag(0x30, _name("1.2.840.10045.2.1"), parameters), _tag(3, b"\0" + point))
    algorithm = _tag(0x30, _name("1.2.840.10045.4.3.2"))
    name = _tag(0x30, _tag(0x31, _tag(0x30, _name("2.5.4.3"), _tag(12, b"x"))))
    validity = _tag(0x30, _tag(0x17, b"250101000000Z"), _tag(0x17, b"350101000000Z"))
    to_be_signed = _tag(
        0x30, _tag(0xA0, _integer(2)), _integer(1), algorithm, name, validity, name, key
    )
    signature = _tag(3, b"\0" + _tag(0x30, _integer(1), _integer(1)))
    return _tag(0x30, to_be_signed, algorithm, signature)


_SLOW_PRIME: Final = (1152921504606847021 << 600) + 1
"""661 bits, the maximum of OpenSSL."""


_SHORT: Final = 127
"""Maximum bytes of an item whose length takes one byte."""


def _tag(kind: int, *parts: bytes) -> bytes:
    """One item of DER."""
    body = b"".join(parts)
    length = len(body)
    if length <= _SHORT:
        return bytes([kind, length]) + body
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes([kind, 0x80 | len(octets)]) + octets + body


def _integer(number: int) -> bytes:
    return _tag(2, number.to_bytes(number.bit_length() // 8 + 1))


def _name(dotted: str) -> bytes:
    """An object identifier."""
    first, second, *others = map(int, dotted.split("."))
    body = bytearray([first * 40 + second])
    for number in others:
        digits = [number & 127]
        while number := number >> 7:
            digits.append(128 | number & 127)
        body += bytes(reversed(digits))
    return _tag(6, bytes(body))


# --- The process ----------------------------------------------------------------------------------


async def _serve() -> None:
    """Process orders until standard input ends."""
    attackers: Attackers | None = None
    with tempfile.TemporaryDirectory() as folder:
        while line := await asyncio.to_thread(sys.stdin.readline):
            order: dict[str, Any] = json.loads(line)
            answer = 0
            if "port" in order:
                attackers = Attackers(folder=Path(folder), **order)
            elif attackers is not None:
                answer = await attackers.attack(**order)
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_serve())
