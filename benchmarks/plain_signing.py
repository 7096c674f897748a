"""A lower bound of a signed command: metadata, HMAC, protobuf and base64 only.

It has no session that could be outdated, no checks, no random numbers, and no record of what was
sent. Constant parts are prepared: the beginning of the metadata, and the message, in which only the
fields are written that differ from command to command. The bytes are those of Flotte's own
messages, with which tests/test_benchmarks.py compares them, but the code is not Flotte's.
"""

import hashlib
import hmac
from base64 import b64encode
from struct import Struct

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tesla_protocol.command.universal_message_pb2 import Domain, RoutableMessage

# 04 04 expires_at, 05 04 counter, 07 04 flags, FF
_END = Struct(">BBI BBI BBI B")
_ENCRYPT_REPLY = 2


class PlainSigning:
    """A signer for one domain of one vehicle, as fast as Python and its libraries can be."""

    def __init__(
        self,
        private_key: ec.EllipticCurvePrivateKey,
        *,
        vehicle_public: bytes,
        vin: str,
        domain: Domain,
        epoch: bytes,
        routing_address: bytes,
        uuid: bytes,
        counter: int,
        expires_at: int,
    ) -> None:
        """Prepare the constant parts.

        Args:
            private_key: on the curve P-256.
            vehicle_public: the domain's key, 65 bytes.
            vin: 17 characters, upper case.
            domain: 2 vehicle security, 3 infotainment.
            epoch: 16 bytes.
            routing_address: 16 bytes.
            uuid: 16 bytes, of all commands.
            counter: the last one used.
            expires_at: seconds on the domain's clock, of all commands.
        """
        self.counter = counter
        self._expires_at = expires_at
        self._uuid = uuid
        shared = private_key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), vehicle_public)
        )
        k = hashlib.sha1(shared, usedforsecurity=False).digest()[:16]
        self._key = hmac.digest(k, b"authenticated command", "sha256")
        self._metadata = (
            bytes((0, 1, 8, 1, 1, domain, 2, 17)) + vin.encode() + bytes((3, 16)) + epoch
        )
        self._message = RoutableMessage()
        self._message.to_destination.domain = domain
        self._message.from_destination.routing_address = routing_address
        self._message.flags = _ENCRYPT_REPLY
        signature = self._message.signature_data
        signature.signer_identity.public_key = private_key.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self._signature = signature.HMAC_Personalized_data
        self._signature.epoch = epoch

    def sign(self, payload: bytes) -> str:
        """Sign one command with the next counter; returns it in base64."""
        self.counter = counter = self.counter + 1
        expires_at = self._expires_at
        signature = self._signature
        signature.counter = counter
        signature.expires_at = expires_at
        signature.tag = hmac.digest(
            self._key,
            self._metadata
            + _END.pack(4, 4, expires_at, 5, 4, counter, 7, 4, _ENCRYPT_REPLY, 255)
            + payload,
            "sha256",
        )
        message = self._message
        message.protobuf_message_as_bytes = payload
        message.uuid = self._uuid
        return b64encode(message.SerializeToString()).decode()
