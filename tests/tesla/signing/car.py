"""The vehicle's side for the tests, with plain cryptography and no code of the integration.

It keeps the state of a vehicle (key, epoch, clock, counter, keychain), checks a command before it
executes it, and records executions.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from tesla_protocol.command import signatures_pb2 as signatures
from tesla_protocol.command import universal_message_pb2 as universal

VIN = "5YJ30123456789ABC"


class Clock:
    """Monotonic seconds that only a test moves; starts at an odd value on purpose."""

    def __init__(self) -> None:
        self.now = 1_000_003.25

    def __call__(self) -> float:
        """The time of the test."""
        return self.now


def public_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def lengthened(tag: int, value: bytes) -> bytes:
    return bytes([tag]) + bytes([len(value)]) + value


@dataclass
class Car:
    """One domain of one vehicle."""

    clock: Clock
    domain: int
    client_public: bytes
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.derive_private_key(0xC0FFEE, ec.SECP256R1())
    )
    epoch: bytes = bytes(range(16))
    started: float = 999_000.0
    paired: bool = True
    encrypts: bool = True
    counter: int = 0
    payload: bytes = b""
    """The answer to an executed command."""
    faults: list[int] = field(default_factory=list)
    """Faults to answer next, before any check; 0 for none."""
    statuses: list[int] = field(default_factory=list)
    """Operation status to answer next without a fault."""
    encrypts_faults: bool = False
    """Faults come inside encrypted replies, where they are authenticated."""
    with_session_info: bool = True
    """Bear session info in the faults that allow it."""
    spoil: Callable[[universal.RoutableMessage], None] | None = None
    """Changes the reply before it leaves."""
    executed: list[bytes] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    lifetimes: list[int] = field(default_factory=list)
    """Seconds from arrival to expiry of each command that came."""
    handshakes: int = 0
    reply_counter: int = 0

    @property
    def time(self) -> int:
        """Its own clock: whole seconds since the epoch began."""
        return int(self.clock.now - self.started)

    def reboot(self) -> None:
        """Start a new epoch."""
        self.epoch = hashlib.sha256(self.epoch).digest()[:16]
        self.started = self.clock.now
        self.counter = 0

    def receive(self, message: bytes) -> bytes:
        """Answer one message."""
        request = universal.RoutableMessage.FromString(message)
        reply = universal.RoutableMessage()
        reply.from_destination.domain = self.domain  # type: ignore[assignment]  # a plain number
        reply.to_destination.routing_address = request.from_destination.routing_address
        if self.domain == 3:
            reply.request_uuid = request.uuid
        if request.WhichOneof("payload") == "session_info_request":
            self.handshakes += 1
            self._introduce(request, reply)
        else:
            self._run(request, reply)
        if self.spoil is not None:
            self.spoil(reply)
        answer: bytes = reply.SerializeToString()
        return answer

    def _k(self) -> bytes:
        peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self.client_public)
        return hashlib.sha1(self.key.exchange(ec.ECDH(), peer)).digest()[:16]  # noqa: S324  # the protocol's

    def _introduce(
        self, request: universal.RoutableMessage, reply: universal.RoutableMessage
    ) -> None:
        if not self.paired:
            reply.session_info = b"\x28\x01"
            return
        info = signatures.SessionInfo(
            counter=self.counter,
            publicKey=public_bytes(self.key),
            epoch=self.epoch,
            clock_time=self.time,
        ).SerializeToString()
        self.sign_session_info(info, request.uuid, reply)

    def sign_session_info(
        self, info: bytes, challenge: bytes, reply: universal.RoutableMessage
    ) -> None:
        """Put session info and its tag into a reply."""
        metadata = b"\0\1\6" + lengthened(2, VIN.encode()) + lengthened(6, challenge) + b"\xff"
        subkey = hmac.new(self._k(), b"session info", "sha256").digest()
        reply.session_info = info
        reply.signature_data.session_info_tag.tag = hmac.new(
            subkey, metadata + info, "sha256"
        ).digest()

    def _verify(self, request: universal.RoutableMessage) -> int:  # noqa: PLR0911  # one per check
        signed = request.signature_data.HMAC_Personalized_data
        if not self.paired:
            return 3
        if signed.epoch != self.epoch:
            return 15
        metadata = (
            b"\0\1\x08"
            + bytes([1, 1, self.domain])
            + lengthened(2, VIN.encode())
            + lengthened(3, self.epoch)
            + lengthened(4, signed.expires_at.to_bytes(4))
            + lengthened(5, signed.counter.to_bytes(4))
            + lengthened(7, request.flags.to_bytes(4))
            + b"\xff"
        )
        subkey = hmac.new(self._k(), b"authenticated command", "sha256").digest()
        tag = hmac.new(subkey, metadata + request.protobuf_message_as_bytes, "sha256").digest()
        if tag != signed.tag:
            return 5
        if signed.counter <= self.counter:
            return 6
        if self.time > signed.expires_at:
            return 17
        if signed.expires_at - self.time > 30:
            return 20
        return 0

    def _run(self, request: universal.RoutableMessage, reply: universal.RoutableMessage) -> None:
        signed = request.signature_data.HMAC_Personalized_data
        self.lifetimes.append(signed.expires_at - self.time)
        fault = self.faults.pop(0) if self.faults else 0
        fault = fault or self._verify(request)
        status = self.statuses.pop(0) if self.statuses else 0
        if fault or status:
            reply.signedMessageStatus.operation_status = 2 if fault else status  # type: ignore[assignment]  # a plain number
            reply.signedMessageStatus.signed_message_fault = fault  # type: ignore[assignment]  # as above
            if fault and self.encrypts_faults:
                self._answer(request, reply, fault)
            elif fault in {5, 6, 15, 17, 20, 26} and self.with_session_info:
                self._introduce(request, reply)
            return
        self.counter = signed.counter
        self.accepted.append(signed.counter)
        self.executed.append(request.protobuf_message_as_bytes)
        self._answer(request, reply)

    def _answer(
        self, request: universal.RoutableMessage, reply: universal.RoutableMessage, fault: int = 0
    ) -> None:
        if not (self.encrypts and request.flags & 2):
            reply.protobuf_message_as_bytes = self.payload
            return
        self.reply_counter += 1
        tag = request.signature_data.HMAC_Personalized_data.tag
        known_by = b"\x08" + (tag[:16] if self.domain == 2 else tag)
        metadata = (
            b"\0\1\x09"
            + bytes([1, 1, self.domain])
            + lengthened(2, VIN.encode())
            + lengthened(5, self.reply_counter.to_bytes(4))
            + lengthened(7, bytes(4))
            + lengthened(8, known_by)
            + lengthened(9, fault.to_bytes(4))
            + b"\xff"
        )
        nonce = self.reply_counter.to_bytes(12)
        sealed = AESGCM(self._k()).encrypt(nonce, self.payload, hashlib.sha256(metadata).digest())
        reply.protobuf_message_as_bytes = sealed[:-16]
        encrypted = reply.signature_data.AES_GCM_Response_data
        encrypted.nonce = nonce
        encrypted.counter = self.reply_counter
        encrypted.tag = sealed[-16:]
