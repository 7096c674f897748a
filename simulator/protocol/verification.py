"""The check of a signed message, and the request it carries."""

import hmac
from dataclasses import dataclass

from tesla_protocol.command import universal_message_pb2

from simulator.protocol.subsystem import Subsystem
from simulator.protocol.wire import (
    BAD_PARAMETER,
    ENCRYPT_RESPONSE,
    INCORRECT_EPOCH,
    INVALID_KEY_HANDLE,
    INVALID_SIGNATURE,
    INVALID_TOKEN_OR_COUNTER,
    MAX_EXPIRY,
    MAX_LIFETIME,
    TIME_EXPIRED,
    TIME_TO_LIVE_TOO_LONG,
    UNKNOWN_KEY_ID,
    Fault,
    command_tag,
    read_point,
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """A verified message: its client and its content."""

    domain: int
    payload: bytes
    client: bytes | None
    """The client's public key; None for an unsigned read."""
    counter: int | None


@dataclass(kw_only=True)
class Verified:
    """A request with the values that its reply needs."""

    request: Request
    key: bytes
    tag: bytes
    encrypts: bool


def verify(
    message: universal_message_pb2.RoutableMessage,
    subsystem: Subsystem,
    now: float,
    *,
    vin: str,
    keys: set[bytes],
    can_encrypt: bool,
) -> Verified:
    """Check everything about a signed message; only then does its counter count as used."""
    signature = message.signature_data
    if signature.WhichOneof("sig_type") != "HMAC_Personalized_data":
        raise Fault(INVALID_SIGNATURE)
    if signature.signer_identity.WhichOneof("identity_type") == "handle":
        raise Fault(INVALID_KEY_HANDLE)
    client = signature.signer_identity.public_key
    if client not in keys:
        raise Fault(UNKNOWN_KEY_ID)
    data = signature.HMAC_Personalized_data
    # A message may leave the epoch out, although it is signed.
    if data.epoch and data.epoch != subsystem.epoch:
        raise Fault(INCORRECT_EPOCH)
    clock = subsystem.clock(now)
    if data.expires_at > MAX_EXPIRY:
        raise Fault(BAD_PARAMETER)
    if clock > data.expires_at:
        raise Fault(TIME_EXPIRED)
    if data.expires_at - clock > MAX_LIFETIME:
        raise Fault(TIME_TO_LIVE_TOO_LONG)
    key = subsystem.key_with(read_point(client))
    expected = command_tag(
        key,
        vin=vin,
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
    encrypts = bool(message.flags & ENCRYPT_RESPONSE) and can_encrypt
    return Verified(
        request=Request(
            domain=subsystem.domain,
            payload=message.protobuf_message_as_bytes,
            client=client,
            counter=data.counter,
        ),
        key=key,
        tag=data.tag,
        encrypts=encrypts,
    )
