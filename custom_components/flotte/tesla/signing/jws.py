"""Tesla.SS256: the signature of a stream's configuration.

    token       header "." claims "." signature; each part base64url without padding
    header      {"alg":"Tesla.SS256","typ":"JWT"}
    claims      the configuration, plus
                iss   our public key: standard base64 with padding of 65 bytes 04, X, Y
                aud   AUDIENCE
    signature   96 bytes: X of V, Y of V, r; 32 bytes big-endian each
    m           the signed message: the ASCII bytes of header "." claims

It is a Schnorr signature (after RFC 8235) on P-256 with SHA-256, where n is the order of the group,
G its base point, a our private scalar and A = aG our public key:

    v = nonce of RFC 6979, section 3.2, for a and SHA-256(m)      1 <= v < n
    V = vG
    c = SHA-256 over G, V, A and m, each preceded by its length (4 bytes big-endian);
        the points as 65 bytes 04, X, Y
    r = (v - a c) mod n                       the verifier checks V = rG + cA

Equal claims and keys always give the same token. OpenSSL computes vG; Python computes the one line
of arithmetic with a and v, which does not take constant time. But it runs a few times a month on
the owner's machine, where no attacker can measure its time.

Source: Tesla's vehicle-command, internal/schnorr and pkg/account (2026-07-22).
"""

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .keys import ClientKey

ALGORITHM: Final = "Tesla.SS256"
AUDIENCE: Final = "com.tesla.fleet.TelemetryClient"
"""The telemetry client, in every vehicle that the token is sent to."""

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""n of P-256. Source: FIPS 186-4, D.1.2.3."""
_LENGTH: Final = 32  # bytes of a scalar, a coordinate and a digest


def sign(claims: Mapping[str, Any], key: ClientKey) -> str:
    """Return the token for these claims. `iss` and `aud` are always set here.

    Raises:
        TypeError, ValueError: the claims are not JSON; NaN and infinity are not JSON either.
    """
    named = {**claims, "iss": b64encode(key.public_bytes).decode("ascii"), "aud": AUDIENCE}
    message = f"{_part(_plain({'alg': ALGORITHM, 'typ': 'JWT'}))}.{_part(_plain(named))}"
    return f"{message}.{_part(signature(message.encode('ascii'), key))}"


def signature(message: bytes, key: ClientKey) -> bytes:
    """Sign a message: 96 bytes, V without its leading 04, then r."""
    scalar = key.scalar()
    once = _nonce(scalar, hashlib.sha256(message).digest())
    commitment = _times_base(once)
    challenge = hashlib.sha256()
    for item in (_times_base(1), commitment, key.public_bytes, message):
        challenge.update(len(item).to_bytes(4, "big") + item)
    response = (once - scalar * int.from_bytes(challenge.digest(), "big")) % _ORDER
    return commitment[1:] + _octets(response)


def _nonce(scalar: int, digest: bytes) -> int:
    """The v of RFC 6979, section 3.2, steps b to h: 1 <= v < n, and as secret as the key."""
    seed = _octets(scalar) + _octets(int.from_bytes(digest, "big") % _ORDER)
    value, mac_key = b"\x01" * _LENGTH, bytes(_LENGTH)
    for separator in (b"\x00", b"\x01"):
        mac_key = hmac.digest(mac_key, value + separator + seed, "sha256")
        value = hmac.digest(mac_key, value, "sha256")
    while True:
        value = hmac.digest(mac_key, value, "sha256")
        if 0 < (candidate := int.from_bytes(value, "big")) < _ORDER:
            return candidate
        mac_key = hmac.digest(mac_key, value + b"\x00", "sha256")
        value = hmac.digest(mac_key, value, "sha256")


def _times_base(scalar: int) -> bytes:
    """The point scalar G as 65 bytes."""
    point = ec.derive_private_key(scalar, ec.SECP256R1()).public_key()
    return point.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


def _octets(number: int) -> bytes:
    return number.to_bytes(_LENGTH, "big")


def _plain(value: object) -> bytes:
    """Encode as JSON without blanks and with sorted keys, as Tesla's own signer does."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def _part(data: bytes) -> str:
    return urlsafe_b64encode(data).decode("ascii").rstrip("=")
