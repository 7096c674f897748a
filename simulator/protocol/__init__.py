"""The vehicle's side of the signed command protocol, from the bytes up.

A car has two subsystems that accept commands, independent of each other: each has a P-256 key, an
epoch (it ends when that computer restarts), a clock that counts seconds since the epoch began, and
one counter per client key. A client shakes hands with a subsystem, derives a key from both P-256
keys, and sends messages whose HMAC covers the payload and everything about it that could be
changed.

    handle(message)
      destination, uuid, routing address   malformed ones are faults, or refused by the gateway
      session_info_request                 -> session info and its tag (status 1 for unknown keys)
      unsigned payload                     -> reads only
      HMAC payload                         key, epoch, expiry, tag, counter; execute; reply

Written with plain cryptography from Tesla's published specification (vehicle-command,
pkg/protocol/protocol.md) and the behaviour of its published verifier (internal/authentication, July
2026), the source of every number here. This module is independent of cars: the `Executor` that it
is given interprets payloads.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from google.protobuf.message import DecodeError
from tesla_protocol.command import signatures_pb2, universal_message_pb2

from simulator.protocol.subsystem import Subsystem
from simulator.protocol.verification import Request, Verified, verify
from simulator.protocol.wire import (
    ADDRESS_BYTES,
    BAD_PARAMETER,
    BUSY,
    ENCRYPTING_SINCE,
    GCM_TAG_BYTES,
    INFOTAINMENT,
    INVALID_DOMAINS,
    MESSAGE_LIMIT,
    NONCE_BYTES,
    OPERATION_ERROR,
    RESYNC_FAULTS,
    UUID_BYTES,
    Fault,
    read_point,
    reply_metadata,
    request_hash,
    serialize,
    session_info_tag,
)
from simulator.refusals import MalformedMessage

__all__ = ["Executor", "FaultOrder", "VehicleProtocol"]


class Executor(Protocol):
    """Interprets payloads and runs them."""

    def execute(self, request: Request) -> bytes:
        """Run the payload; returns the domain's serialised answer.

        Raises Fault when the domain cannot run the payload.
        """


@dataclass(kw_only=True)
class FaultOrder:
    """An order to answer the next messages with a fault (or WAIT), whatever they contain."""

    fault: int = 0
    operation: int = OPERATION_ERROR
    left: int = 1
    """The number of messages that it still applies to."""
    domain: int | None = None
    """None: any domain."""
    runs: bool = False
    """Whether the command runs anyway (a fault after the execution: 2, 25)."""
    is_encrypted: bool = False
    """Whether the fault comes inside an encrypted reply, where it is authenticated."""


@dataclass(kw_only=True)
class VehicleProtocol:
    """Both subsystems of a car, its keychain, and the ordered faults."""

    vin: str
    keys: set[bytes]
    """65-byte public keys on the keychain; shared with the car."""
    subsystems: dict[int, Subsystem]
    executor: Executor
    firmware: Callable[[], str]
    encrypts_replies: bool = True
    """False: as firmware before 2024.38, whatever the flag says."""
    arrival_delay: float = 0.0
    """Seconds for which a message travels: it is judged by a clock that is that much later."""
    busy_until: float = 0.0
    """Unix time before which signed commands meet fault 1, as just after waking."""
    omits_session_info: bool = False
    """Faults come without the session info that would help the client."""
    orders: list[FaultOrder] = field(default_factory=list)
    replies: int = 0

    def handle(self, raw: bytes, now: float) -> bytes:
        """Answer a RoutableMessage with a RoutableMessage, both serialised.

        The answer to any bytes is a message (perhaps with a fault), or MalformedMessage, which
        stands for the gateway's status 400.
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

        Raises MalformedMessage for bytes that are no message, have no payload, or hide their
        payload from the gateway (AES-GCM requests are for Bluetooth).
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
        order = _next_order(self.orders, subsystem.domain)
        if order is not None and not order.runs and not order.is_encrypted:
            return self._ordered(message, subsystem, order, now)
        verified = verify(
            message,
            subsystem,
            now,
            vin=self.vin,
            keys=self.keys,
            can_encrypt=self.can_encrypt,
        )
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
        """Session info and its tag; only its status for a key that is not on the keychain."""
        client = message.session_info_request.public_key
        read_point(client)
        reply = self._envelope(message, subsystem.domain)
        reply.request_uuid = message.uuid
        subsystem.handshakes += 1
        if client not in self.keys:
            status = signatures_pb2.SessionInfo(
                status=signatures_pb2.Session_Info_Status.SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST
            )
            reply.session_info = serialize(status)
            return serialize(reply)
        self._attach_session_info(reply, message.uuid, subsystem, client=client, now=now)
        return serialize(reply)

    def _attach_session_info(
        self,
        reply: universal_message_pb2.RoutableMessage,
        challenge: bytes,
        subsystem: Subsystem,
        *,
        client: bytes,
        now: float,
    ) -> None:
        """Add the session info for a client's key, and the tag that binds it to a request."""
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
        )
        reply = self._envelope(message, subsystem.domain)
        reply.protobuf_message_as_bytes = self.executor.execute(request)
        return serialize(reply)

    @property
    def can_encrypt(self) -> bool:
        """Whether the firmware encrypts replies."""
        return self.encrypts_replies and _version(self.firmware()) >= ENCRYPTING_SINCE

    # Replies

    @staticmethod
    def _envelope(
        message: universal_message_pb2.RoutableMessage, domain: int
    ) -> universal_message_pb2.RoutableMessage:
        """An empty reply to a message."""
        reply = universal_message_pb2.RoutableMessage()
        reply.to_destination.routing_address = message.from_destination.routing_address
        reply.from_destination.domain = domain  # type: ignore[assignment]  # an enum's number
        return reply

    def _reply(
        self,
        message: universal_message_pb2.RoutableMessage,
        verified: Verified,
        answer: bytes,
        order: FaultOrder | None,
    ) -> bytes:
        """The answer to a command; encrypted if that was requested and is possible."""
        domain = verified.request.domain
        reply = self._envelope(message, domain)
        if domain == INFOTAINMENT:
            # Vehicle security omits it.
            reply.request_uuid = message.uuid
        fault = 0
        if order is not None:
            fault = order.fault
            _note(self.subsystems[domain], fault)
            reply.signedMessageStatus.operation_status = (
                order.operation  # type: ignore[assignment]  # an enum's number
            )
            reply.signedMessageStatus.signed_message_fault = fault  # type: ignore[assignment]  # an enum's number
        if not verified.encrypts:
            reply.protobuf_message_as_bytes = answer
            return serialize(reply)
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
        return serialize(reply)

    def _fault(
        self,
        message: universal_message_pb2.RoutableMessage,
        subsystem: Subsystem | None,
        number: int,
        now: float,
    ) -> bytes:
        """A fault in the clear, with the session info if it helps."""
        domain = message.to_destination.domain if subsystem is None else subsystem.domain
        reply = self._envelope(message, domain)
        reply.request_uuid = message.uuid
        reply.signedMessageStatus.operation_status = OPERATION_ERROR  # type: ignore[assignment]  # an enum's number
        reply.signedMessageStatus.signed_message_fault = number  # type: ignore[assignment]  # an enum's number
        if subsystem is not None:
            _note(subsystem, number)
            client = message.signature_data.signer_identity.public_key
            if number in RESYNC_FAULTS and client in self.keys and not self.omits_session_info:
                self._attach_session_info(reply, message.uuid, subsystem, client=client, now=now)
        return serialize(reply)

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
        return serialize(reply)


def _next_order(orders: list[FaultOrder], domain: int) -> FaultOrder | None:
    """The order for the next message; decrements its count."""
    for order in orders:
        if order.domain in (None, domain):
            order.left -= 1
            if order.left <= 0:
                orders.remove(order)
            return order
    return None


def _note(subsystem: Subsystem, fault: int) -> None:
    """Count a fault."""
    if fault:
        subsystem.faults[fault] = subsystem.faults.get(fault, 0) + 1


def _version(firmware: str) -> tuple[int, ...]:
    """`2026.32.6` as numbers, up to the first part that is no number."""
    numbers: list[int] = []
    for part in firmware.split(" ", 1)[0].split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)
