"""The bytes that a signature covers besides the payload: items of tag, length and value.

    item     tag (1 byte), length of the value (1 byte), value (0 to 255 bytes)
    end      FF, one byte, no length

    tag   name             length     value
    00    SIGNATURE_TYPE   1          05, 06, 08 or 09: see `SignatureType`
    01    DOMAIN           1          02 vehicle security, 03 infotainment
    02    PERSONALIZATION  17         VIN, ASCII upper case
    03    EPOCH            16         the domain's epoch
    04    EXPIRES_AT       4          seconds on the domain's clock
    05    COUNTER          4          of the request or of the reply
    06    CHALLENGE        16         uuid of our request
    07    FLAGS            4          flag mask
    08    REQUEST_HASH     17 or 33   see `request_hash`
    09    FAULT            4          fault code of the reply

Tags ascend, integers are 4 bytes, big-endian, and items that do not apply are left out. There are
three structures:

    session info     00 01 06 | 02 11 VIN | 06 10 uuid | FF
    signed request   00 01 08 | 01 01 domain | 02 11 VIN | 03 10 epoch | 04 04 expires_at
                     | 05 04 counter | 07 04 flags | FF              flags left out when zero
    encrypted reply  00 01 09 | 01 01 domain | 02 11 VIN | 05 04 counter | 07 04 flags
                     | 08 11/21 request hash | 09 04 fault | FF       zeros are written

Source: Tesla's vehicle-command, pkg/protocol/protocol.md, "Metadata serialization" (2026-07-22);
every layout here was recomputed byte for byte against the reference client.
"""

from collections.abc import Iterable
from enum import IntEnum
from struct import Struct

MAX_VALUE_LENGTH = 255
"""Maximum bytes of a value, because its length is one byte."""
VIN_LENGTH = 17
EPOCH_LENGTH = 16
UUID_LENGTH = 16
SHORT_HASH_LENGTH = 17
"""Bytes of a short request hash: the signature type (1 byte) and the tag's first 16 bytes."""

_UINT32_MASK = 0xFFFF_FFFF
_UINT32 = Struct(">I")
# 04 04 expires_at, 05 04 counter, 07 04 flags, FF: the part that changes with every request.
_REQUEST_END = Struct(">BBI BBI BBI B")


class Domain(IntEnum):
    """The two computers that accept commands; each has its own key, epoch, clock and counter."""

    VEHICLE_SECURITY = 2
    """Locks, trunks, remote start. Counters must increase strictly."""
    INFOTAINMENT = 3
    """Everything else."""


class Tag(IntEnum):
    """First byte of an item."""

    SIGNATURE_TYPE = 0
    DOMAIN = 1
    PERSONALIZATION = 2
    EPOCH = 3
    EXPIRES_AT = 4
    COUNTER = 5
    CHALLENGE = 6
    FLAGS = 7
    REQUEST_HASH = 8
    FAULT = 9
    END = 255


class SignatureType(IntEnum):
    """Kind of signature, included so that one kind of message cannot pass for another."""

    AES_GCM_PERSONALIZED = 5
    """Encrypted request, only over Bluetooth, because Tesla's gateway blocks it."""
    HMAC = 6
    """Session info."""
    HMAC_PERSONALIZED = 8
    """Our signed requests."""
    AES_GCM_RESPONSE = 9
    """Encrypted replies."""


def item(tag: int, value: bytes) -> bytes:
    """Encode one item: tag (1 byte), length (1 byte), value.

    Raises:
        ValueError: the value is longer than 255 bytes.
    """
    if len(value) > MAX_VALUE_LENGTH:
        raise ValueError(f"metadata item {tag} has {len(value)} bytes, the limit is 255")
    return bytes((tag, len(value))) + value


def encode(items: Iterable[tuple[int, bytes]]) -> bytes:
    """Encode all items and the end mark.

    Raises:
        ValueError: a value is longer than 255 bytes, or the tags do not ascend.
    """
    encoded = bytearray()
    last = -1
    for tag, value in items:
        if not last < tag < Tag.END:
            raise ValueError(f"metadata item {tag} is out of order")
        encoded += item(tag, value)
        last = tag
    encoded.append(Tag.END)
    return bytes(encoded)


def uint32(number: int) -> bytes:
    """Encode an integer as 4 bytes, big-endian.

    A negative number becomes its two's complement, as in the reference client: an enum that the
    vehicle sends can be negative.
    """
    return _UINT32.pack(number & _UINT32_MASK)


def of_session_info(vin: str, challenge: bytes) -> bytes:
    """Metadata of session info; `challenge` is the uuid of our request (16 bytes)."""
    return encode(
        (
            (Tag.SIGNATURE_TYPE, bytes((SignatureType.HMAC,))),
            (Tag.PERSONALIZATION, vin.encode("ascii")),
            (Tag.CHALLENGE, challenge),
        )
    )


def start_of_request(vin: str, domain: Domain, epoch: bytes) -> bytes:
    """First part of a signed request's metadata, equal for all requests of one epoch."""
    return b"".join(
        (
            item(Tag.SIGNATURE_TYPE, bytes((SignatureType.HMAC_PERSONALIZED,))),
            item(Tag.DOMAIN, bytes((domain,))),
            item(Tag.PERSONALIZATION, vin.encode("ascii")),
            item(Tag.EPOCH, epoch),
        )
    )


def end_of_request(expires_at: int, counter: int, flags: int) -> bytes:
    """Second part of a signed request's metadata. Flags must not be 0, which would be left out."""
    return _REQUEST_END.pack(
        Tag.EXPIRES_AT, 4, expires_at, Tag.COUNTER, 4, counter, Tag.FLAGS, 4, flags, Tag.END
    )


def of_reply(
    vin: str, domain: int, *, counter: int, flags: int, hash_of_request: bytes, fault: int
) -> bytes:
    """Metadata of an encrypted reply; flags and fault are included even if they are 0."""
    return encode(
        (
            (Tag.SIGNATURE_TYPE, bytes((SignatureType.AES_GCM_RESPONSE,))),
            (Tag.DOMAIN, bytes((domain,))),
            (Tag.PERSONALIZATION, vin.encode("ascii")),
            (Tag.COUNTER, uint32(counter)),
            (Tag.FLAGS, uint32(flags)),
            (Tag.REQUEST_HASH, hash_of_request),
            (Tag.FAULT, uint32(fault)),
        )
    )


def request_hash(signature_type: SignatureType, tag: bytes, domain: Domain) -> bytes:
    """Hash that binds an encrypted reply to our request: signature type (1 byte), then our tag.

    It has 33 bytes for an HMAC request (tag of 32 bytes) to infotainment. Vehicle security
    truncates it to 17 bytes. An AES-GCM request has a tag of 16 bytes, so its hash has 17 bytes in
    both domains.
    """
    whole = bytes((signature_type,)) + tag
    return whole[:SHORT_HASH_LENGTH] if domain is Domain.VEHICLE_SECURITY else whole
