"""Messages to and from one domain of one vehicle; what is known of it is in `session_state`.

Every message is a RoutableMessage (protobuf). Field numbers in brackets:

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

The metadata is laid out in `metadata`, the keys in `keys`.

Times are arguments: `now` is monotonic seconds of the caller, never a date. The vehicle's clock is
estimated as `clock of the last session info + time since it arrived`, which is too low by the time
the answer took (at most 10 s, see `MAX_ANSWER_AGE`); a command lives that much shorter than asked.

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
"""2 on every command: the enum counts bits. Firmware from 2024.38 then encrypts its replies, older
firmware ignores it, and some commands demand it (fault 28)."""
DEFAULT_LIFETIME = 15.0
"""Seconds from signing to expiry; a request over the Internet takes up to 10, and the vehicle
refuses some messages above 30 (fault 20)."""
MAX_ANSWER_AGE = 10.0
"""Seconds between a request and its session info; an older clock sample is too old. The reference
client's limit on the Internet path."""
MAX_REPLY_LENGTH = 100_000
"""Bytes; the reference client refuses larger ones."""

_ROUTING_ADDRESS_LENGTH = 16
_WIRE_DOMAIN = {
    Domain.VEHICLE_SECURITY: DOMAIN_VEHICLE_SECURITY,
    Domain.INFOTAINMENT: DOMAIN_INFOTAINMENT,
}


class Acceptance(Enum):
    """Acceptance of session info; only `ACCEPTED` changes the session."""

    ACCEPTED = "accepted"
    TOO_LATE = "too late"
    """It took more than 10 s, so its clock is too old."""
    KEY_NOT_PAIRED = "key not paired"
    """Our key is not on the keychain. Its answer bears no key and cannot be verified."""
    MALFORMED = "malformed"
    WRONG_TAG = "wrong tag"
    STALE_CLOCK = "stale clock"
    """The clock of the same epoch went backwards."""


@dataclass(eq=False, slots=True)
class Request:
    """A message to a domain, and what it takes to judge the reply. It never changes.

    Not frozen: that would cost a tenth of the time of signing, once for each command.
    """

    message: bytes = field(repr=False)
    """A serialised RoutableMessage; HMAC does not hide the payload in it (a PIN, for example)."""
    domain: Domain
    uuid: bytes
    """16 bytes; the challenge for session info."""
    routing_address: bytes
    """16 bytes; where the reply must be addressed to."""
    sent_at: float
    """Monotonic seconds at which it was to be sent."""
    key: SessionKey | None = None
    """The key that signed it; None for a handshake."""
    tag: bytes = b""
    """32 bytes; empty for a handshake."""
    epoch: bytes = b""
    counter: int = 0
    expires_at: int = 0
    """Seconds on the vehicle's clock."""
    reply_counters: set[int] = field(default_factory=set, repr=False, compare=False)
    """Counters of the encrypted replies to this request so far: none may come twice."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The vehicle's reply to a request."""

    fault: int
    """0: none. See `faults.FAULTS`."""
    operation_status: int
    """0 done, 1 wait, 2 error; matters only without a fault."""
    payload: bytes | None = field(repr=False)
    """The domain's answer in plaintext, empty for a plain success; None if there is none: a fault,
    or session info only."""
    authenticated: bool
    """It was encrypted, so payload and fault are the vehicle's own words."""
    downgraded: bool
    """A success in plaintext from a domain that encrypted its replies before: anyone on the way
    can have written it."""
    session_info: Acceptance | None
    """Acceptance of the included session info; None if there was none."""

    @property
    def resynced(self) -> bool:
        """The session was brought up to date by this reply."""
        return self.session_info is Acceptance.ACCEPTED

    @property
    def wait(self) -> bool:
        """The vehicle is busy and executed nothing."""
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
            client_key: the application's key.
            vin: 17 characters; upper case is what the vehicle signs with.
            domain: which of the vehicle's computers.
            random_bytes: the system's random bytes; another source only for tests.

        Raises:
            ValueError: not a VIN.
        """
        if len(vin) != VIN_LENGTH or not (vin.isascii() and vin.isalnum()):
            raise ValueError("a VIN has 17 letters and digits")
        self.vin = vin.upper()
        self.domain = domain
        self.state = SessionState(self.vin, domain)
        """Key, epoch, counter and clock."""
        self._client_key = client_key
        self._random_bytes = random_bytes
        # As the reference client: infotainment gets one address for all messages, vehicle security
        # a fresh one for each.
        self._routing_address = random_bytes(_ROUTING_ADDRESS_LENGTH)

    def expires_in(self, request: Request, now: float) -> float:
        """Seconds until the vehicle can no longer accept a command; 0 when it already cannot."""
        return self.state.expires_in(request.epoch, request.expires_at, now)

    def shows_arrival(self, request: Request) -> bool:
        """Whether the last session info names the request's own counter as the last one taken.

        So a copy of the request had arrived before the one that was refused because of it.
        """
        return self.state.shows_arrival(request.epoch, request.counter)

    # -- out ---------------------------------------------------------------------------------------

    def hello(self, *, now: float) -> Request:
        """Make a handshake: asks for session info, executes nothing."""
        uuid, routing_address = self._fresh_identifiers()
        message = self._envelope(uuid, routing_address)
        message.session_info_request.public_key = self._client_key.public_bytes
        return Request(message.SerializeToString(), self.domain, uuid, routing_address, now)

    def sign(self, payload: bytes, *, now: float, lifetime: float = DEFAULT_LIFETIME) -> Request:
        """Sign a command with the next counter. Each call is a command of its own to the vehicle.

        Args:
            payload: a serialised VCSEC.UnsignedMessage or CarServer.Action.
            now: when it will be sent, in monotonic seconds.
            lifetime: seconds; the vehicle refuses it afterwards.

        Raises:
            ProtocolError: the session is not ready, or the expiry is out of the field's range.
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
        """Read the reply to a request; session info in it is put to use at once.

        Args:
            request: what was sent, by `hello` or `sign` of this session.
            reply: a serialised RoutableMessage; may be anything.
            now: when it arrived, in monotonic seconds.

        Raises:
            ProtocolError: unreadable, not the reply to this request, not decryptable, or a copy.
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
            # The signature tells an encrypted reply, not the payload: the success of vehicle
            # security is an empty message, so its ciphertext is empty or absent.
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
        """Check session info and, if everything holds, take it over; else nothing changes.

        The caller has checked that it came in the reply to `request`. A tag that verifies proves
        integrity, not identity: anyone with a key pair can make one. All they gain are commands
        that the real vehicle refuses, so a new public key is accepted: a replaced computer has one.

        Args:
            request: the handshake, or the command that was answered with a fault. Its own uuid is
                the challenge, never the one echoed.
            session_info: the exact bytes received; the tag covers them.
            tag: 32 bytes.
            now: when it arrived, in monotonic seconds.
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
        """The state for JSON, see `SessionState.to_stored`; nothing secret is in it."""
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
        """Continue a stored session; the first command needs no handshake then.

        Anything wrong gives an empty session, see `SessionState.from_stored`.

        Raises:
            ValueError: not a VIN.
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

    The receiver and the echoed uuid may be absent: vehicle security often leaves the uuid out.
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
    """The payload of an encrypted reply to a command; it is accepted only once."""
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
