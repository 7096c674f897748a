"""The keys of both sides, and the keys derived from them.

    curve            NIST P-256, nothing else
    public key       65 bytes: 04, X (32 bytes big-endian), Y (32 bytes big-endian)
    shared secret    X of ECDH(our private key, the domain's public key), always 32 bytes,
                     including leading zeros
    K                first 16 bytes of SHA-1(shared secret)
    tag key of session info    HMAC-SHA256(K, "session info"), 32 bytes
    tag key of commands        HMAC-SHA256(K, "authenticated command"), 32 bytes
    key of encrypted replies   K itself, AES-128-GCM; associated data = SHA-256(metadata)

The derived keys depend only on the two key pairs. They are kept in memory and never stored.

Source: Tesla's vehicle-command, pkg/protocol/protocol.md, "Key agreement" (2026-07-22).
"""

import hashlib
import hmac
from typing import override

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .faults import ProtocolError

PUBLIC_KEY_LENGTH = 65
NONCE_LENGTH = 12
GCM_TAG_LENGTH = 16

_UNCOMPRESSED_POINT = 4  # first byte of a public key with both coordinates
_K_LENGTH = 16
# Enough for two domains of some ten vehicles; the limit keeps forged keys from filling memory.
_CACHED_SESSION_KEYS = 32


class SessionKey:
    """The keys that our key shares with one domain of a vehicle."""

    __slots__ = ("_aes_gcm", "_command_key", "_session_info_key", "vehicle_public")

    vehicle_public: bytes
    """The domain's public key, 65 bytes; not a secret."""

    def __init__(self, vehicle_public: bytes, shared_secret: bytes) -> None:
        # The protocol requires SHA-1; its weakness (collisions) does not matter here.
        k = hashlib.sha1(shared_secret, usedforsecurity=False).digest()[:_K_LENGTH]
        self.vehicle_public = vehicle_public
        self._session_info_key = hmac.digest(k, b"session info", "sha256")
        self._command_key = hmac.digest(k, b"authenticated command", "sha256")
        self._aes_gcm = AESGCM(k)

    def tag_of_session_info(self, metadata: bytes, session_info: bytes) -> bytes:
        """Tag of 32 bytes over the metadata and the session info, exactly as received."""
        return hmac.digest(self._session_info_key, metadata + session_info, "sha256")

    def tag_of_command(self, metadata: bytes, payload: bytes) -> bytes:
        """Tag of 32 bytes over the metadata and the plaintext payload."""
        return hmac.digest(self._command_key, metadata + payload, "sha256")

    def decrypt(self, nonce: bytes, ciphertext: bytes, tag: bytes, metadata: bytes) -> bytes:
        """Return the plaintext of a reply; it may be empty, and so may the ciphertext.

        Args:
            nonce: 12 bytes.
            ciphertext: As long as the plaintext.
            tag: 16 bytes.
            metadata: From `metadata.of_reply`; its SHA-256 is the associated data.

        Raises:
            ProtocolError: a length is wrong, or the reply was changed on the way.
        """
        if len(nonce) != NONCE_LENGTH or len(tag) != GCM_TAG_LENGTH:
            raise ProtocolError("encrypted reply with a nonce or tag of a wrong length")
        try:
            return self._aes_gcm.decrypt(nonce, ciphertext + tag, hashlib.sha256(metadata).digest())
        except InvalidTag as error:
            raise ProtocolError("encrypted reply does not verify") from error

    @override
    def __repr__(self) -> str:
        return f"SessionKey(vehicle {hashlib.sha256(self.vehicle_public).hexdigest()[:8]})"


class ClientKey:
    """The application's P-256 private key: signs commands and the stream's configuration."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        """Wrap a private key of the `cryptography` library.

        Raises:
            ValueError: the key is not on the curve P-256.
        """
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise ValueError(  # noqa: TRY004  # the type is right, the key's value is not
                f"the key must be on the curve P-256, this one is on {private_key.curve.name}"
            )
        self._private = private_key
        public = private_key.public_key()
        self.public_bytes: bytes = public.public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        """65 bytes: 04, X, Y."""
        self.public_pem: str = public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")
        """The public key as Tesla fetches it from the application's domain."""
        self.fingerprint: str = hashlib.sha256(self.public_bytes).hexdigest()
        """SHA-256 of the 65 bytes, in hex."""
        self._session_keys: dict[bytes, SessionKey] = {}

    @classmethod
    def generate(cls) -> ClientKey:
        """Generate a new key."""
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: str | bytes) -> ClientKey:
        """Read an unencrypted private key, SEC1 ("EC PRIVATE KEY") or PKCS#8 ("PRIVATE KEY").

        Raises:
            ValueError: not a private key in PEM, encrypted, or not on the curve P-256; the message
                never contains key material.
        """
        try:
            data = pem.encode("ascii") if isinstance(pem, str) else pem
            private_key = serialization.load_pem_private_key(data, password=None)
        except TypeError:
            raise ValueError(
                "the private key is encrypted; it must be without a password"
            ) from None
        except Exception:  # noqa: BLE001  # the library raises several kinds, and quotes its input
            raise ValueError("this is not a private key in PEM form") from None
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise ValueError("the key must be on the curve P-256, this one is of another kind")  # noqa: TRY004  # as above
        return cls(private_key)

    def to_pem(self) -> str:
        """Return the private key as PKCS#8 PEM: a secret."""
        return self._private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode("ascii")

    def scalar(self) -> int:
        """Return the private scalar, 1 <= a < n, for the signature of `jws`: a secret."""
        return self._private.private_numbers().private_value

    def session_key(self, vehicle_public: bytes) -> SessionKey:
        """Return the keys shared with a domain of a vehicle; cached, as this takes some 60 us.

        Raises:
            ProtocolError: not 65 bytes that start with 04, or not a point on the curve.
        """
        if (known := self._session_keys.get(vehicle_public)) is not None:
            return known
        if len(vehicle_public) != PUBLIC_KEY_LENGTH or vehicle_public[0] != _UNCOMPRESSED_POINT:
            raise ProtocolError("the vehicle's public key is not an uncompressed P-256 point")
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), vehicle_public)
        except ValueError as error:
            raise ProtocolError("the vehicle's public key is not on the curve P-256") from error
        made = SessionKey(vehicle_public, self._private.exchange(ec.ECDH(), public))
        if len(self._session_keys) >= _CACHED_SESSION_KEYS:
            del self._session_keys[next(iter(self._session_keys))]
        self._session_keys[vehicle_public] = made
        return made

    @override
    def __repr__(self) -> str:
        return f"ClientKey({self.fingerprint[:8]})"
