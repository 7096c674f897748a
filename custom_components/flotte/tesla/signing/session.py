"""Messages to and from one domain of one vehicle; `session_state` has the state of the session.

Every message is a RoutableMessage (protobuf). Field numbers are in brackets:

    handshake   to domain [6.1], from routing address [7.2], our public key [14.1], uuid [51];
                112 bytes, neither signed nor secret; the uuid is the challenge
    answer      from domain [7.1], to routing address [6.2], session info [15] as bytes,
                tag of 32 bytes [13.6.1] = HMAC(session info key, metadata || session info)
    command     to domain [6.1], from routing address [7.2], plaintext payload [10],
                our public key [13.1.1], epoch, counter, expires_at, tag [13.8.1 to 13.8.4],
                uuid [51], flags = 2 [52];
                tag of 32 bytes = HMAC(command key, metadata || payload)
    reply       from domain [7.1], to routing address [6.2], request_uuid [50] = our uuid,
                status and fault [12.1, 12.2], and one of: session info with its tag as above;
                ciphertext [10] with nonce, counter, tag [13.9.1 to 13.9.3]; plaintext [10]

    session info    counter (1), public key of the domain (2), epoch (3), clock in seconds since
                    the epoch began (4), status (5): 1 = our key is not on the keychain

For the layout of the metadata see `metadata`, for the keys see `keys`.

Callers pass the time: `now` is in monotonic seconds, never a date. The vehicle's clock is estimated
as `clock of the last session info + time since it arrived`. The estimate is too low by the time
that the answer took (at most 10 s, see `MAX_ANSWER_AGE`), so a command expires that much earlier
than requested.

Source: Tesla's vehicle-command, pkg/protocol/protocol.md and internal/authentication (2026-07-22).
"""

import hmac
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import override

from google.protobuf.message import DecodeError
from tesla_protocol.command.signatures_pb2 import (
    SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST,
    SessionInfo,
)
from tesla_protocol.command.universal_message_pb2 import (
    DOMAIN_INFOTAINMENT,
    DOMAIN_VEHICLE_SECURITY,
    FLAG_ENCRYPT_RESPONSE,
    OPERATIONSTATUS_WAIT,
    RoutableMessage,
)

from . import metadata
from .faults import ProtocolError
from .keys import ClientKey, SessionKey
from .metadata import EPOCH_LENGTH, UUID_LENGTH, VIN_LENGTH, Domain, SignatureType
from .session_state import MAX_CLOCK, SessionState

_LOGGER = logging.getLogger(__name__)

FLAGS = 1 << FLAG_ENCRYPT_RESPONSE
"""Flags of every command: 2, because the enum counts bits. Firmware from 2024.38 on then encrypts
its replies, older firmware ignores the flag, and some commands require it (fault 28)."""
DEFAULT_LIFETIME = 15.0
"""Seconds from signing to expiry. A request over the internet takes up to 10 s, and the vehicle
refuses some messages above 30 s (fault 20)."""
MAX_ANSWER_AGE = 10.0
"""Maximum seconds between a request and its session info, so that the clock in it is not too old.
The reference client has the same limit over the internet."""
MAX_REPLY_LENGTH = 100_000
"""Maximum bytes of a reply; the reference client refuses longer ones."""

_ROUTING_ADDRESS_LENGTH = 16
_WIRE_DOMAIN = {
    Domain.VEHICLE_SECURITY: DOMAIN_VEHICLE_SECURITY,
    Domain.INFOTAINMENT: DOMAIN_INFOTAINMENT,
}


class Acceptance(Enum):
    """Whether session info was accepted; only `ACCEPTED` changes the session."""

    ACCEPTED = "accepted"
    TOO_LATE = "too late"
    """The session info took more than 10 s, so its clock is too old."""
    KEY_NOT_PAIRED = "key not paired"
    """Our key is not on the keychain. This answer contains no key and cannot be verified."""
    MALFORMED = "malformed"
    WRONG_TAG = "wrong tag"
    STALE_CLOCK = "stale clock"
    """The clock of the same epoch went backwards."""


@dataclass(eq=False, slots=True)
class Request:
    """A message to a domain, with the values needed to verify the reply. Do not change it.

    Not frozen, because that would add a tenth to the time of signing each command.
    """

    message: bytes = field(repr=False)
    """A serialised RoutableMessage; its payload, such as a PIN, is signed but not encrypted."""
    domain: Domain
    uuid: bytes
    """16 bytes; the challenge for session info."""
    routing_address: bytes
    """16 bytes; the address that the reply must have."""
    sent_at: float
    """Planned time of sending, in monotonic seconds."""
    key: SessionKey | None = None
    """The keys that it was signed with; None for a handshake."""
    tag: bytes = b""
    """32 bytes; empty for a handshake."""
    epoch: bytes = b""
    counter: int = 0
    expires_at: int = 0
    """Seconds on the vehicle's clock."""
    reply_counters: set[int] = field(default_factory=set, repr=False, compare=False)
    """Counters of the encrypted replies to this request so far; none may be repeated."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The vehicle's reply to a request."""

    fault: int
    """Number of the fault, or 0 for none. See `faults.FAULTS`."""
    operation_status: int
    """0 done, 1 wait, 2 error; matters only without a fault."""
    payload: bytes | None = field(repr=False)
    """The domain's answer in plaintext, empty for a plain success; None if the reply is a fault or
    only session info."""
    authenticated: bool
    """Whether the reply was encrypted, which proves that payload and fault are the vehicle's."""
    downgraded: bool
    """Whether this is a success in plaintext from a domain that has encrypted its replies before,
    so that it may have been forged on the way."""
    session_info: Acceptance | None
    """Whether the included session info was accepted; None if there was none."""

    @property
    def resynced(self) -> bool:
        """Whether this reply has updated the session."""
        return self.session_info is Acceptance.ACCEPTED

    @property
    def wait(self) -> bool:
        """Whether the vehicle is busy and executed nothing."""
        return self.fault == 0 and self.operation_status == OPERATIONSTATUS_WAIT


class Session:
    """Messages to and from one domain of one vehicle. Mutable; use it under one lock."""

    def __init__(
        self,
        client_key: ClientKey,
        vin: str,
        domain: Domain,
        *,
        random_bytes: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Start an empty session.

        Args:
            client_key: The application's key.
            vin: 17 characters; converted to upper case, as in the vehicle's signatures.
            domain: The computer of the vehicle.
            random_bytes: Source of random bytes; replaced only by tests.

        Raises:
            ValueError: `vin` is not a VIN.
        """
        if len(vin) != VIN_LENGTH or not (vin.isascii() and vin.isalnum()):
            raise ValueError("a VIN has 17 letters and digits")
        self.vin = vin.upper()
        self.domain = domain
        self.state = SessionState(self.vin, domain)
        """Key, epoch, counter and clock."""
        self._client_key = client_key
        self._random_bytes = random_bytes
        # As in the reference client, infotainment gets one address for all messages, and vehicle
        # security a new one for each.
        self._routing_address = random_bytes(_ROUTING_ADDRESS_LENGTH)

    def expires_in(self, request: Request, now: float) -> float:
        """Seconds until the vehicle can no longer accept a command; 0 if it already cannot."""
        return self.state.expires_in(request.epoch, request.expires_at, now)

    def shows_arrival(self, request: Request) -> bool:
        """Whether the last session info reports the request's counter as the last one accepted.

        If so, a first copy of the request had arrived before the copy that was refused.
        """
        return self.state.shows_arrival(request.epoch, request.counter)

    # -- out ---------------------------------------------------------------------------------------

    def hello(self, *, now: float) -> Request:
        """Create a handshake, which requests session info and executes nothing."""
        uuid, routing_address = self._fresh_identifiers()
        message = self._envelope(uuid, routing_address)
        message.session_info_request.public_key = self._client_key.public_bytes
        return Request(message.SerializeToString(), self.domain, uuid, routing_address, now)

    def sign(self, payload: bytes, *, now: float, lifetime: float = DEFAULT_LIFETIME) -> Request:
        """Sign a command with the next counter. To the vehicle, each call is a separate command.

        Args:
            payload: A serialised VCSEC.UnsignedMessage or CarServer.Action.
            now: Planned time of sending, in monotonic seconds.
            lifetime: Seconds after which the vehicle refuses the command.

        Raises:
            ProtocolError: the session is not ready, or the expiry is out of range.
        """
        state = self.state
        if state.key is None or not state.ready:
            raise ProtocolError("no session to sign with; a handshake is needed")
        expires_at = math.floor(state.vehicle_clock(now) + lifetime)
        if not 0 < expires_at <= MAX_CLOCK:
            raise ProtocolError("the expiry is out of range; the vehicle's clock is not plausible")
        counter = state.use_counter()
        tag = state.key.tag_of_command(
            state.metadata_start + metadata.end_of_request(expires_at, counter, FLAGS), payload
        )
        uuid, routing_address = self._fresh_identifiers()
        message = self._envelope(uuid, routing_address)
        message.protobuf_message_as_bytes = payload
        message.flags = FLAGS
        signature = message.signature_data
        signature.signer_identity.public_key = self._client_key.public_bytes
        signed = signature.HMAC_Personalized_data
        signed.epoch = state.epoch
        signed.counter = counter
        signed.expires_at = expires_at
        signed.tag = tag
        return Request(
            message.SerializeToString(),
            self.domain,
            uuid,
            routing_address,
            now,
            state.key,
            tag,
            state.epoch,
            counter,
            expires_at,
        )

    def _fresh_identifiers(self) -> tuple[bytes, bytes]:
        uuid = self._random_bytes(UUID_LENGTH)
        if self.domain is Domain.VEHICLE_SECURITY:
            return uuid, self._random_bytes(_ROUTING_ADDRESS_LENGTH)
        return uuid, self._routing_address

    def _envelope(self, uuid: bytes, routing_address: bytes) -> RoutableMessage:
        message = RoutableMessage()
        message.to_destination.domain = _WIRE_DOMAIN[self.domain]
        message.from_destination.routing_address = routing_address
        message.uuid = uuid
        return message

    # -- in ----------------------------------------------------------------------------------------

    def open(self, request: Request, reply: bytes, *, now: float) -> Reply:
        """Read the reply to a request, and apply the session info in it.

        Args:
            request: The request, created by `hello` or `sign` of this session.
            reply: A serialised RoutableMessage; not trusted.
            now: Time of arrival, in monotonic seconds.

        Raises:
            ProtocolError: the reply is unreadable, not to this request, not decryptable, or a copy.
                If the request was a command, its outcome is unknown.
        """
        message = _parse(reply)
        _check_belongs(request, message)
        fault: int = message.signedMessageStatus.signed_message_fault
        status: int = message.signedMessageStatus.operation_status
        signature = message.signature_data.WhichOneof("sig_type")
        payload: bytes | None = None
        acceptance = None
        authenticated = False
        match message.WhichOneof("payload"):
            case "session_info":
                tag = message.signature_data.session_info_tag.tag
                acceptance = self.accept_session_info(request, message.session_info, tag, now=now)
            # An encrypted reply is recognised by its signature, not by its payload: a success of
            # vehicle security is an empty message, so its ciphertext is empty or absent.
            case "protobuf_message_as_bytes" | None if signature == "AES_GCM_Response_data":
                payload = _decrypt(self.vin, request, message)
                authenticated = self.state.encrypted_replies_seen = True
            case "protobuf_message_as_bytes" | None:
                payload = message.protobuf_message_as_bytes
            case other:
                raise ProtocolError(f"a reply cannot bear {other}")
        downgraded = (
            self.state.encrypted_replies_seen
            and not authenticated
            and payload is not None
            and fault == 0
            and status == 0
        )
        if downgraded:
            _LOGGER.warning(
                "%s answered a command in plaintext although it encrypted its replies before", self
            )
        return Reply(
            fault, status, None if fault else payload, authenticated, downgraded, acceptance
        )

    def accept_session_info(  # noqa: PLR0911  # one way out for each check
        self, request: Request, session_info: bytes, tag: bytes, *, now: float
    ) -> Acceptance:
        """Verify session info, and apply it if it is valid; otherwise nothing changes.

        The caller has checked that it is from the reply to `request`. A valid tag proves integrity,
        not identity: anyone with a key pair can create one. That only makes us sign commands that
        the real vehicle refuses. So a new public key is accepted, as from a replaced computer.

        Args:
            request: The handshake, or the command that was answered with a fault. Its own uuid is
                the challenge, never the echoed one.
            session_info: The exact bytes received, which the tag covers.
            tag: 32 bytes.
            now: Time of arrival, in monotonic seconds.
        """
        if now - request.sent_at > MAX_ANSWER_AGE:
            return Acceptance.TOO_LATE
        try:
            info = SessionInfo.FromString(session_info)
        except DecodeError:
            return Acceptance.MALFORMED
        if info.status == SESSION_INFO_STATUS_KEY_NOT_ON_WHITELIST or not info.publicKey:
            return Acceptance.KEY_NOT_PAIRED
        try:
            key = self._client_key.session_key(info.publicKey)
        except ProtocolError:
            return Acceptance.MALFORMED
        expected = key.tag_of_session_info(
            metadata.of_session_info(self.vin, request.uuid), session_info
        )
        if not hmac.compare_digest(expected, tag):
            return Acceptance.WRONG_TAG
        if len(info.epoch) != EPOCH_LENGTH or info.clock_time >= MAX_CLOCK:
            return Acceptance.MALFORMED
        replaced = self.state.is_replaced_by(key)
        if not self.state.update(key, info.epoch, info.counter, info.clock_time, now=now):
            return Acceptance.STALE_CLOCK
        if replaced:
            _LOGGER.warning("%s has a new key, as after a service; using it from now on", self)
        return Acceptance.ACCEPTED

    # -- storage -----------------------------------------------------------------------------------

    def to_stored(self, *, now_monotonic: float, now_wall: float) -> dict[str, object]:
        """The state as JSON without secrets; see `SessionState.to_stored`."""
        return self.state.to_stored(
            self._client_key, now_monotonic=now_monotonic, now_wall=now_wall
        )

    @classmethod
    def from_stored(
        cls,
        client_key: ClientKey,
        vin: str,
        domain: Domain,
        stored: object,
        *,
        now_monotonic: float,
        now_wall: float,
    ) -> Session:
        """Restore a session, so that the first command needs no handshake.

        The session is empty if anything is wrong; see `SessionState.from_stored`.

        Raises:
            ValueError: `vin` is not a VIN.
        """
        session = cls(client_key, vin, domain)
        session.state = SessionState.from_stored(
            session.vin,
            domain,
            client_key,
            stored,
            now_monotonic=now_monotonic,
            now_wall=now_wall,
        )
        return session

    @override
    def __repr__(self) -> str:
        return repr(self.state)


def _parse(reply: bytes) -> RoutableMessage:
    if len(reply) > MAX_REPLY_LENGTH:
        raise ProtocolError("reply above 100,000 bytes")
    try:
        message: RoutableMessage = RoutableMessage.FromString(reply)
    except DecodeError as error:
        raise ProtocolError("reply is not a RoutableMessage") from error
    return message


def _check_belongs(request: Request, message: RoutableMessage) -> None:
    """Raise ProtocolError unless the message answers this request.

    The receiver and the echoed uuid may be absent: vehicle security often omits the uuid.
    """
    sender = message.from_destination
    domain: int = sender.domain
    if sender.WhichOneof("sub_destination") != "domain" or domain != request.domain:
        raise ProtocolError(
            "reply from another domain, with fault "
            f"{message.signedMessageStatus.signed_message_fault}"
        )
    receiver = message.to_destination.routing_address
    if receiver and receiver != request.routing_address:
        raise ProtocolError("reply to another address")
    if message.request_uuid and message.request_uuid != request.uuid:
        raise ProtocolError("reply to another request")


def _decrypt(vin: str, request: Request, message: RoutableMessage) -> bytes:
    """Decrypt the payload of a reply to a command; a copy of a reply is rejected."""
    if request.key is None:
        raise ProtocolError("an encrypted reply to a handshake")
    sealed = message.signature_data.AES_GCM_Response_data
    if sealed.counter in request.reply_counters:
        raise ProtocolError("a reply came twice")
    plaintext = request.key.decrypt(
        sealed.nonce,
        message.protobuf_message_as_bytes,
        sealed.tag,
        metadata.of_reply(
            vin,
            request.domain,
            counter=sealed.counter,
            flags=message.flags,
            hash_of_request=metadata.request_hash(
                SignatureType.HMAC_PERSONALIZED, request.tag, request.domain
            ),
            fault=message.signedMessageStatus.signed_message_fault,
        ),
    )
    request.reply_counters.add(sealed.counter)
    return plaintext
