"""The vehicle's side of the signed command protocol, from the bytes up.

A car has two subsystems that take commands, each a world of its own: a P-256 key, an epoch (it ends
when that computer restarts), a clock that counts seconds since the epoch began, and one counter per
client key. A client shakes hands with a subsystem, derives a key from both P-256 keys, and sends
messages whose HMAC covers the payload and everything that could be changed about it.

    handle(message)
      destination, uuid, routing address   malformed ones are faults, or refused by the gateway
      session_info_request                 -> session info and its tag (status 1 for unknown keys)
      unsigned payload                     -> reads only
      HMAC payload                         key, epoch, expiry, tag, counter; execute; reply

Written with plain cryptography from Tesla's published specification (vehicle-command,
pkg/protocol/protocol.md) and the behaviour of its published verifier (internal/authentication,
July 2026), which every number here comes from. This module knows nothing of cars: what a payload
means is the business of the `Executor` it is given.
"""

import hashlib
import hmac
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message import DecodeError
from tesla_protocol.command import signatures_pb2, universal_message_pb2

from simulator.refusals import MalformedMessage

__all__ = [
    "INFOTAINMENT",
    "VEHICLE_SECURITY",
    "Executor",
    "Fault",
    "FaultOrder",
    "MalformedMessage",
    "Request",
    "Subsystem",
    "VehicleProtocol",
]

# Domains
VEHICLE_SECURITY = 2
INFOTAINMENT = 3
DOMAIN_NAMES = {VEHICLE_SECURITY: "vehicle_security", INFOTAINMENT: "infotainment"}

# Metadata tags and signature types
TAG_SIGNATURE_TYPE = 0
TAG_DOMAIN = 1
TAG_PERSONALIZATION = 2
TAG_EPOCH = 3
TAG_EXPIRES_AT = 4
TAG_COUNTER = 5
TAG_CHALLENGE = 6
TAG_FLAGS = 7
TAG_REQUEST_HASH = 8
TAG_FAULT = 9
END = b"\xff"
TYPE_SESSION_INFO = 6
TYPE_HMAC = 8
TYPE_RESPONSE = 9
LONGEST_VALUE = 255

# Lengths in bytes
POINT_BYTES = 65
UUID_BYTES = 16
ADDRESS_BYTES = 16
EPOCH_BYTES = 16
KEY_BYTES = 16
NONCE_BYTES = 12
GCM_TAG_BYTES = 16
SHORT_HASH_BYTES = 17

ENCRYPT_RESPONSE = 2
"""The flag mask: 1 << FLAG_ENCRYPT_RESPONSE."""
LONGEST_LIFETIME = 30
"""Seconds. The published verifier's limit; this car applies it to every message."""
HIGHEST_EXPIRY = 1 << 30
"""Above it `expires_at` is not a time at all: fault 13."""
WINDOW = 32
"""How many counters behind the highest infotainment still takes, each once."""
HIGHEST_COUNTER = 0xFFFFFFFF
ENCRYPTING_SINCE = (2024, 38)
"""The first firmware that encrypts replies."""
MESSAGE_LIMIT = 100_000
"""No gateway carries more (Tesla's client names it for replies)."""

OPERATION_WAIT = 1
OPERATION_ERROR = 2
KEY_NOT_ON_WHITELIST = 1

# Faults by number
BUSY = 1
UNKNOWN_KEY_ID = 3
INVALID_SIGNATURE = 5
INVALID_TOKEN_OR_COUNTER = 6
INSUFFICIENT_PRIVILEGES = 7
INVALID_DOMAINS = 8
INVALID_COMMAND = 9
DECODING = 10
BAD_PARAMETER = 13
INCORRECT_EPOCH = 15
TIME_EXPIRED = 17
TIME_TO_LIVE_TOO_LONG = 20
REPEATED_COUNTER = 26
INVALID_KEY_HANDLE = 27
REQUIRES_RESPONSE_ENCRYPTION = 28
RESYNC_FAULTS = frozenset({5, 6, 15, 17, 20, 26})
"""Faults that bring the session info along, so that the client can do better at once."""


class Fault(Exception):
    """The subsystem does not accept the message; `number` is a MessageFault_E."""

    def __init__(self, number: int) -> None:
        super().__init__(f"fault {number}")
        self.number = number


def item(tag: int, value: bytes) -> bytes:
    """One item of metadata: tag (1 byte), length (1 byte), value.

    Raises ValueError above 255 bytes.
    """
    if len(value) > LONGEST_VALUE:
        raise ValueError("a metadata value has at most 255 bytes")
    return bytes((tag, len(value))) + value


def number_item(tag: int, value: int) -> bytes:
    """An item whose value is a number: always 4 bytes, big-endian."""
    return item(tag, value.to_bytes(4, "big"))


def derive_key(private: ec.EllipticCurvePrivateKey, public: ec.EllipticCurvePublicKey) -> bytes:
    """K: the first 16 bytes of SHA-1 over the 32-byte X of the shared point."""
    shared = private.exchange(ec.ECDH(), public)
    # The protocol says SHA-1; it only condenses a secret here.
    return hashlib.sha1(shared, usedforsecurity=False).digest()[:KEY_BYTES]


def subkey(key: bytes, label: bytes) -> bytes:
    """A key for one purpose: HMAC-SHA256 of the label under K."""
    return hmac.digest(key, label, "sha256")


def session_info_tag(key: bytes, vin: str, challenge: bytes, session_info: bytes) -> bytes:
    """What proves a session info: 32 bytes over metadata and the exact bytes."""
    message = (
        item(TAG_SIGNATURE_TYPE, bytes((TYPE_SESSION_INFO,)))
        + item(TAG_PERSONALIZATION, vin.encode())
        + item(TAG_CHALLENGE, challenge)
        + END
        + session_info
    )
    return hmac.digest(subkey(key, b"session info"), message, "sha256")


def command_tag(
    key: bytes,
    *,
    vin: str,
    domain: int,
    epoch: bytes,
    expires_at: int,
    counter: int,
    flags: int,
    payload: bytes,
) -> bytes:
    """The HMAC of a command: 32 bytes; flags take part only when they are not zero."""
    message = (
        item(TAG_SIGNATURE_TYPE, bytes((TYPE_HMAC,)))
        + item(TAG_DOMAIN, bytes((domain,)))
        + item(TAG_PERSONALIZATION, vin.encode())
        + item(TAG_EPOCH, epoch)
        + number_item(TAG_EXPIRES_AT, expires_at)
        + number_item(TAG_COUNTER, counter)
        + (number_item(TAG_FLAGS, flags) if flags else b"")
        + END
        + payload
    )
    return hmac.digest(subkey(key, b"authenticated command"), message, "sha256")


def request_hash(domain: int, tag: bytes) -> bytes:
    """What binds a reply to an HMAC request: 33 bytes, 17 from vehicle security."""
    whole = bytes((TYPE_HMAC,)) + tag
    return whole[:SHORT_HASH_BYTES] if domain == VEHICLE_SECURITY else whole


def reply_metadata(
    vin: str, domain: int, *, counter: int, flags: int, hash_of_request: bytes, fault: int
) -> bytes:
    """Metadata of an encrypted reply; its SHA-256 is the associated data."""
    return (
        item(TAG_SIGNATURE_TYPE, bytes((TYPE_RESPONSE,)))
        + item(TAG_DOMAIN, bytes((domain,)))
        + item(TAG_PERSONALIZATION, vin.encode())
        + number_item(TAG_COUNTER, counter)
        + number_item(TAG_FLAGS, flags)
        + item(TAG_REQUEST_HASH, hash_of_request)
        + number_item(TAG_FAULT, fault)
        + END
    )


def read_point(value: bytes) -> ec.EllipticCurvePublicKey:
    """A public key off the wire. Raises Fault 13 for anything but a point of P-256."""
    if len(value) != POINT_BYTES:
        raise Fault(BAD_PARAMETER)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), value)
    except ValueError as error:
        raise Fault(BAD_PARAMETER) from error


@dataclass
class Session:
    """What a subsystem remembers of a client key within an epoch."""

    counter: int = 0
    """The highest counter accepted."""
    seen: int = 0
    """Bit n: the counter n + 1 below the highest was used."""

    def accept_rising(self, counter: int) -> bool:
        """Vehicle security: only ever higher."""
        if counter <= self.counter:
            return False
        self.counter = counter
        return True

    def accept_window(self, counter: int) -> bool:
        """Infotainment: each once, at most 32 behind the highest."""
        if counter > self.counter:
            shift = counter - self.counter
            # The highest so far is now `shift` behind, and so are the marks of those below it.
            marks = (self.seen << shift) | (1 << (shift - 1)) if shift <= WINDOW else 0
            self.seen = marks & ((1 << WINDOW) - 1)
            self.counter = counter
            return True
        age = self.counter - counter
        if age == 0 or age > WINDOW or self.seen >> (age - 1) & 1:
            return False
        self.seen |= 1 << (age - 1)
        return True


class Subsystem:
    """One domain of a car: its key, epoch, clock and counters."""

    def __init__(
        self,
        domain: int,
        *,
        seed: str,
        booted_at: float,
        private_key: ec.EllipticCurvePrivateKey | None = None,
        epoch: bytes | None = None,
        boots: int = 0,
    ) -> None:
        """Everything that is not given comes out of the seed, the same every time."""
        self.domain = domain
        self.seed = seed
        self.booted_at = booted_at
        self.boots = boots
        self.key_number = 0
        self.drift = 0.0
        """Seconds that the subsystem's clock runs ahead of the time since its epoch began."""
        self.sessions: dict[bytes, Session] = {}
        self.accepted = 0
        """Messages that were authenticated."""
        self.handshakes = 0
        self.faults: dict[int, int] = {}
        """How often each fault was answered."""
        self._private = private_key or self._make_key()
        self.epoch = epoch or self._make_epoch()

    def _make_key(self) -> ec.EllipticCurvePrivateKey:
        digest = hashlib.sha256(f"{self.seed}/{self.domain}/key/{self.key_number}".encode())
        # The order of P-256 is just below 2^256; halving keeps every digest below it.
        return ec.derive_private_key(
            int.from_bytes(digest.digest(), "big") // 2 + 1, ec.SECP256R1()
        )

    def _make_epoch(self) -> bytes:
        digest = hashlib.sha256(f"{self.seed}/{self.domain}/epoch/{self.boots}".encode())
        return digest.digest()[:EPOCH_BYTES]

    @property
    def public_key(self) -> bytes:
        """65 bytes: 04, X, Y."""
        return self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )

    def key_with(self, client: ec.EllipticCurvePublicKey) -> bytes:
        """K of this subsystem and a client."""
        return derive_key(self._private, client)

    def clock(self, now: float) -> int:
        """Whole seconds since the epoch began, as this subsystem counts them."""
        return max(0, int(now - self.booted_at + self.drift))

    def reboot(self, now: float) -> None:
        """Restart: a new epoch, a clock at zero, no counters."""
        self.boots += 1
        self.epoch = self._make_epoch()
        self.booted_at = now
        self.drift = 0.0
        self.sessions.clear()

    def change_key(self) -> None:
        """Get another key, as after a repair. The epoch stays; see `reboot`."""
        self.key_number += 1
        self._private = self._make_key()

    def session(self, client: bytes) -> Session:
        """The counters of a client key."""
        return self.sessions.setdefault(client, Session())

    def accept(self, client: bytes, counter: int) -> bool:
        """Take a counter, if this domain's rule allows it."""
        if counter == 0:
            return False
        session = self.session(client)
        if self.domain == VEHICLE_SECURITY:
            return session.accept_rising(counter)
        return session.accept_window(counter)

    def info(self, client: bytes, now: float) -> bytes:
        """A serialised SessionInfo for a key on the keychain."""
        message = signatures_pb2.SessionInfo(
            counter=self.session(client).counter,
            publicKey=self.public_key,
            epoch=self.epoch,
            clock_time=self.clock(now),
        )
        return _wire(message)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A message that came through: who signed it, and what it says."""

    domain: int
    payload: bytes
    client: bytes | None
    """The client's public key; None for an unsigned read."""
    counter: int | None
    wants_encryption: bool


class Executor(Protocol):
    """What understands payloads and acts on them."""

    def execute(self, request: Request) -> bytes:
        """Run the payload; returns the domain's serialised answer.

        Raises Fault when the payload is not one that the domain can run.
        """


@dataclass(kw_only=True)
class FaultOrder:
    """An order to answer the next messages with a fault (or WAIT) whatever they say."""

    fault: int = 0
    operation: int = OPERATION_ERROR
    left: int = 1
    """For how many more messages."""
    domain: int | None = None
    """None: whichever domain is asked."""
    runs: bool = False
    """Whether the command runs all the same (a fault that comes after the deed: 2, 25)."""
    is_encrypted: bool = False
    """Whether the fault comes inside an encrypted reply, where it is authenticated."""


@dataclass(kw_only=True)
class _Verified:
    """A request with what its reply needs."""

    request: Request
    key: bytes
    tag: bytes
    encrypts: bool


@dataclass(kw_only=True)
class VehicleProtocol:
    """Both subsystems of a car, its keychain, and what can be ordered to go wrong."""

    vin: str
    keys: set[bytes]
    """65-byte public keys on the keychain; shared with the car."""
    subsystems: dict[int, Subsystem]
    executor: Executor
    firmware: Callable[[], str]
    encrypts_replies: bool = True
    """False: as firmware before 2024.38, whatever the flag says."""
    arrival_delay: float = 0.0
    """Seconds that a message spends on its way: the clock it is judged by is that much later."""
    busy_until: float = 0.0
    """Unix time before which signed commands meet fault 1, as right after waking."""
    omits_session_info: bool = False
    """Faults come without the session info that would help."""
    orders: list[FaultOrder] = field(default_factory=list)
    replies: int = 0

    def handle(self, raw: bytes, now: float) -> bytes:
        """Answer a RoutableMessage with a RoutableMessage, both serialised.

        Whatever the bytes are, the answer is a message (perhaps with a fault), or MalformedMessage,
        which stands for the gateway's status 400.
        """
        message = self.read(raw)
        subsystem = self.subsystems.get(message.to_destination.domain)
        if subsystem is None:
            return self._fault(message, None, INVALID_DOMAINS, now)
        try:
            return self._answer(message, subsystem, now + self.arrival_delay)
        except Fault as fault:
            return self._fault(message, subsystem, fault.number, now + self.arrival_delay)

    @staticmethod
    def read(raw: bytes) -> universal_message_pb2.RoutableMessage:
        """Parse a message as the gateway does.

        Raises MalformedMessage for what is no message, has no payload, or hides its payload
        from the gateway (AES-GCM requests are for Bluetooth).
        """
        if len(raw) > MESSAGE_LIMIT:
            raise MalformedMessage("the message is too large")
        message = universal_message_pb2.RoutableMessage()
        try:
            message.ParseFromString(raw)
        except DecodeError as error:
            raise MalformedMessage("not a routable message") from error
        if message.WhichOneof("payload") not in (
            "protobuf_message_as_bytes",
            "session_info_request",
        ):
            raise MalformedMessage("the message has no payload")
        if message.signature_data.WhichOneof("sig_type") == "AES_GCM_Personalized_data":
            raise MalformedMessage("encrypted requests do not pass the gateway")
        return message

    def _answer(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem,
        now: float,
    ) -> bytes:
        if (
            len(message.uuid) != UUID_BYTES
            or len(message.from_destination.routing_address) != ADDRESS_BYTES
        ):
            raise Fault(BAD_PARAMETER)
        if message.WhichOneof("payload") == "session_info_request":
            return self._shake_hands(message, subsystem, now)
        if not message.HasField("signature_data"):
            return self._run_unsigned(message, subsystem)
        if now < self.busy_until:
            raise Fault(BUSY)
        order = self._next_order(subsystem.domain)
        if order is not None and not order.runs and not order.is_encrypted:
            return self._ordered(message, subsystem, order, now)
        verified = self._verify(message, subsystem, now)
        subsystem.accepted += 1
        if order is not None and not order.runs:
            return self._reply(message, verified, b"", order)
        answer = self.executor.execute(verified.request)
        if order is not None and not order.is_encrypted:
            return self._ordered(message, subsystem, order, now)
        return self._reply(message, verified, answer, order)

    # Handshake

    def _shake_hands(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem,
        now: float,
    ) -> bytes:
        """Session info and its tag; for a key that is not on the keychain its status only."""
        client = message.session_info_request.public_key
        read_point(client)
        reply = self._envelope(message, subsystem.domain)
        reply.request_uuid = message.uuid
        subsystem.handshakes += 1
        if client not in self.keys:
            status = signatures_pb2.SessionInfo(
                status=signatures_pb2.Session_Info_Status.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST
            )
            reply.session_info = _wire(status)
            return _wire(reply)
        self._attach_session_info(reply, message.uuid, subsystem, client=client, now=now)
        return _wire(reply)

    def _attach_session_info(
        self,
        reply: universal_message_pb2.RoutableMessage,
        challenge: bytes,
        subsystem: Subsystem,
        *,
        client: bytes,
        now: float,
    ) -> None:
        """Put in the session info for a client's key, and the tag that binds it to a request."""
        info = subsystem.info(client, now)
        reply.session_info = info
        reply.signature_data.session_info_tag.tag = session_info_tag(
            subsystem.key_with(read_point(client)), self.vin, challenge, info
        )

    # Commands

    def _run_unsigned(
        self, message: universal_message_pb2.RoutableMessage, subsystem: Subsystem
    ) -> bytes:
        request = Request(
            domain=subsystem.domain,
            payload=message.protobuf_message_as_bytes,
            client=None,
            counter=None,
            wants_encryption=False,
        )
        reply = self._envelope(message, subsystem.domain)
        reply.protobuf_message_as_bytes = self.executor.execute(request)
        return _wire(reply)

    def _verify(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem,
        now: float,
    ) -> _Verified:
        """Check everything about a signed message; only then does its counter count as used."""
        signature = message.signature_data
        if signature.WhichOneof("sig_type") != "HMAC_Personalized_data":
            raise Fault(INVALID_SIGNATURE)
        if signature.signer_identity.WhichOneof("identity_type") == "handle":
            raise Fault(INVALID_KEY_HANDLE)
        client = signature.signer_identity.public_key
        if client not in self.keys:
            raise Fault(UNKNOWN_KEY_ID)
        data = signature.HMAC_Personalized_data
        # A message may leave the epoch out; it is signed all the same.
        if data.epoch and data.epoch != subsystem.epoch:
            raise Fault(INCORRECT_EPOCH)
        clock = subsystem.clock(now)
        if data.expires_at > HIGHEST_EXPIRY:
            raise Fault(BAD_PARAMETER)
        if clock > data.expires_at:
            raise Fault(TIME_EXPIRED)
        if data.expires_at - clock > LONGEST_LIFETIME:
            raise Fault(TIME_TO_LIVE_TOO_LONG)
        key = subsystem.key_with(read_point(client))
        expected = command_tag(
            key,
            vin=self.vin,
            domain=subsystem.domain,
            epoch=subsystem.epoch,
            expires_at=data.expires_at,
            counter=data.counter,
            flags=message.flags,
            payload=message.protobuf_message_as_bytes,
        )
        if not hmac.compare_digest(expected, data.tag):
            raise Fault(INVALID_SIGNATURE)
        if not subsystem.accept(client, data.counter):
            raise Fault(INVALID_TOKEN_OR_COUNTER)
        encrypts = bool(message.flags & ENCRYPT_RESPONSE) and self.can_encrypt
        return _Verified(
            request=Request(
                domain=subsystem.domain,
                payload=message.protobuf_message_as_bytes,
                client=client,
                counter=data.counter,
                wants_encryption=bool(message.flags & ENCRYPT_RESPONSE),
            ),
            key=key,
            tag=data.tag,
            encrypts=encrypts,
        )

    @property
    def can_encrypt(self) -> bool:
        """Whether the firmware encrypts replies."""
        return self.encrypts_replies and _version(self.firmware()) >= ENCRYPTING_SINCE

    # Replies

    @staticmethod
    def _envelope(
        message: universal_message_pb2.RoutableMessage, domain: int
    ) -> universal_message_pb2.RoutableMessage:
        """An empty reply on its way back."""
        reply = universal_message_pb2.RoutableMessage()
        reply.to_destination.routing_address = message.from_destination.routing_address
        reply.from_destination.domain = domain  # type: ignore[assignment]  # an enum's number
        return reply

    def _reply(
        self,
        message: universal_message_pb2.RoutableMessage,
        verified: _Verified,
        answer: bytes,
        order: FaultOrder | None,
    ) -> bytes:
        """The answer to a command; encrypted if that was asked for and can be done."""
        domain = verified.request.domain
        reply = self._envelope(message, domain)
        if domain == INFOTAINMENT:
            # Vehicle security leaves it out.
            reply.request_uuid = message.uuid
        fault = 0
        if order is not None:
            fault = order.fault
            self._note(self.subsystems[domain], fault)
            reply.signedMessageStatus.operation_status = (
                order.operation  # type: ignore[assignment]  # an enum's number
            )
            reply.signedMessageStatus.signed_message_fault = fault  # type: ignore[assignment]  # an enum's number
        if not verified.encrypts:
            reply.protobuf_message_as_bytes = answer
            return _wire(reply)
        self.replies += 1
        nonce = os.urandom(NONCE_BYTES)
        # The counter is per request, and a request has one reply here.
        metadata = reply_metadata(
            self.vin,
            domain,
            counter=1,
            flags=0,
            hash_of_request=request_hash(domain, verified.tag),
            fault=fault,
        )
        sealed = AESGCM(verified.key).encrypt(nonce, answer, hashlib.sha256(metadata).digest())
        reply.protobuf_message_as_bytes = sealed[:-GCM_TAG_BYTES]
        data = reply.signature_data.AES_GCM_Response_data
        data.nonce = nonce
        data.counter = 1
        data.tag = sealed[-GCM_TAG_BYTES:]
        return _wire(reply)

    def _fault(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem | None,
        number: int,
        now: float,
    ) -> bytes:
        """A fault in the clear, with the session info where that helps."""
        domain = message.to_destination.domain if subsystem is None else subsystem.domain
        reply = self._envelope(message, domain)
        reply.request_uuid = message.uuid
        reply.signedMessageStatus.operation_status = OPERATION_ERROR  # type: ignore[assignment]  # an enum's number
        reply.signedMessageStatus.signed_message_fault = number  # type: ignore[assignment]  # an enum's number
        if subsystem is not None:
            self._note(subsystem, number)
            client = message.signature_data.signer_identity.public_key
            if number in RESYNC_FAULTS and client in self.keys and not self.omits_session_info:
                self._attach_session_info(reply, message.uuid, subsystem, client=client, now=now)
        return _wire(reply)

    @staticmethod
    def _note(subsystem: Subsystem, fault: int) -> None:
        if fault:
            subsystem.faults[fault] = subsystem.faults.get(fault, 0) + 1

    # Orders

    def _next_order(self, domain: int) -> FaultOrder | None:
        """The order that this message meets; it is used up by one."""
        for order in self.orders:
            if order.domain in (None, domain):
                order.left -= 1
                if order.left <= 0:
                    self.orders.remove(order)
                return order
        return None

    def _ordered(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem,
        order: FaultOrder,
        now: float,
    ) -> bytes:
        """The ordered fault, or the ordered operation status without one (WAIT)."""
        if order.fault:
            return self._fault(message, subsystem, order.fault, now)
        reply = self._envelope(message, subsystem.domain)
        reply.request_uuid = message.uuid
        reply.signedMessageStatus.operation_status = (
            order.operation  # type: ignore[assignment]  # an enum's number
        )
        return _wire(reply)


def _wire(message: signatures_pb2.SessionInfo | universal_message_pb2.RoutableMessage) -> bytes:
    """A message as bytes; the library has no types for it."""
    return bytes(message.SerializeToString())


def _version(firmware: str) -> tuple[int, ...]:
    """`2026.32.6` as numbers; what is no number ends it."""
    numbers: list[int] = []
    for part in firmware.split(" ", 1)[0].split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
