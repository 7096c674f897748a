"""Numbers, metadata and keys of the signed protocol, as bytes."""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric import ec
from tesla_protocol.command import signatures_pb2, universal_message_pb2

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
MAX_VALUE = 255

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
MAX_LIFETIME = 30
"""Seconds. The published verifier's limit; this car applies it to every message."""
MAX_EXPIRY = 1 << 30
"""Above it `expires_at` is not a time at all: fault 13."""
WINDOW = 32
"""The distance to the highest counter up to which infotainment accepts each counter once."""
ENCRYPTING_SINCE = (2024, 38)
"""The first firmware that encrypts replies."""
MESSAGE_LIMIT = 100_000
"""The gateway's limit (Tesla's client names it for replies)."""

OPERATION_WAIT = 1
OPERATION_ERROR = 2

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
RESYNC_FAULTS = frozenset({5, 6, 15, 17, 20, 26})
"""Faults that include the session info, so that the client can correct itself immediately."""


class Fault(Exception):
    """The subsystem does not accept the message; `number` is a MessageFault_E."""

    def __init__(self, number: int) -> None:
        super().__init__(f"fault {number}")
        self.number = number


def item(tag: int, value: bytes) -> bytes:
    """One item of metadata: tag (1 byte), length (1 byte), value.

    Raises ValueError above 255 bytes.
    """
    if len(value) > MAX_VALUE:
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
    """The proof of a session info: 32 bytes over metadata and the exact bytes."""
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
    """The HMAC of a command: 32 bytes; flags are included only if they are not zero."""
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
    """The value that binds a reply to an HMAC request: 33 bytes, 17 from vehicle security."""
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
    """A public key from the wire. Raises Fault 13 for anything but a point of P-256."""
    if len(value) != POINT_BYTES:
        raise Fault(BAD_PARAMETER)
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), value)
    except ValueError as error:
        raise Fault(BAD_PARAMETER) from error


def serialize(message: signatures_pb2.SessionInfo | universal_message_pb2.RoutableMessage) -> bytes:
    """A message as bytes; the library has no types for this."""
    return bytes(message.SerializeToString())
