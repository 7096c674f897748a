"""Tesla.SS256, the car's side: verification of a configuration's signature.

A Schnorr signature after RFC 8235 on NIST P-256 with SHA-256. The signer knows a with A = aG; the
signature is V and r with V = rG + cA, where c is a hash over G, V, A and the message. Source:
Tesla's vehicle-command, `internal/schnorr`. Only public values are used here, so nothing needs
constant time.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

ALGORITHM = "Tesla.SS256"
AUDIENCE = "com.tesla.fleet.TelemetryClient"
"""`aud` of a configuration for any car; see `audience` for one car's own."""

_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
_G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_WIDTH = 32
_POINT = 65
_SIGNATURE = 96
_PARTS = 3

type Point = tuple[int, int]
type _Jacobian = tuple[int, int, int]
"""X, Y, Z with x = X/Z², y = Y/Z³; Z = 0 is the point at infinity."""

_INFINITY: _Jacobian = (1, 1, 0)


class MalformedToken(ValueError):
    """The text is not a token of this kind."""


@dataclass(frozen=True)
class Token:
    """A signed configuration, parsed but not yet trusted."""

    message: bytes
    """The signed bytes: header, full stop, claims, as they stand in the token."""
    claims: dict[str, Any]
    signature: bytes

    @property
    def issuer(self) -> bytes:
        """The uncompressed point in `iss`, 65 bytes; empty if there is none."""
        try:
            point = base64.b64decode(str(self.claims.get("iss", "")), validate=True)
        except binascii.Error:
            return b""
        return point if len(point) == _POINT else b""

    @property
    def is_signed(self) -> bool:
        """Whether the issuer's key made the signature."""
        return verify(self.issuer, self.message, self.signature)


def audience(vin: str) -> str:
    """`aud` of a configuration for one car alone."""
    return f"com.tesla.vehicle.{vin}.TelemetryClient"


def read(text: str) -> Token:
    """Parse a token.

    Raises MalformedToken unless it is three parts of base64url without padding, with header and
    claims of this algorithm.
    """
    parts = text.split(".")
    if len(parts) != _PARTS:
        raise MalformedToken("a token has three parts")
    head, claims, signature = (_decode(part) for part in parts)
    try:
        header, body = json.loads(head), json.loads(claims)
    except ValueError as error:
        raise MalformedToken("header and claims must be JSON") from error
    if not isinstance(header, dict) or header.get("alg") != ALGORITHM:
        raise MalformedToken(f"alg must be {ALGORITHM}")
    if not isinstance(body, dict):
        raise MalformedToken("the claims are not an object")
    if len(signature) != _SIGNATURE:
        raise MalformedToken(f"the signature must have {_SIGNATURE} bytes")
    return Token(f"{parts[0]}.{parts[1]}".encode(), body, signature)


def _decode(part: str) -> bytes:
    try:
        return base64.b64decode(
            part.encode("ascii") + b"=" * (-len(part) % 4), altchars=b"-_", validate=True
        )
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedToken("a part is not base64url") from error


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature of 96 bytes (X of V, Y of V, r) fits key and message.

    The key is an uncompressed point of 65 bytes; a point off the curve verifies nothing.
    """
    key = _point(public_key[1:]) if len(public_key) == _POINT and public_key[0] == 4 else None  # noqa: PLR2004 - SEC 1: 4 announces an uncompressed point
    if key is None or len(signature) != _SIGNATURE:
        return False
    promise = _point(signature[: 2 * _WIDTH])
    response = int.from_bytes(signature[2 * _WIDTH :])
    if promise is None or response >= _N:
        return False
    digest = hashlib.sha256()
    for item in (_bytes(_G), _bytes(promise), _bytes(key), message):
        digest.update(len(item).to_bytes(4) + item)
    challenge = int.from_bytes(digest.digest()) % _N
    return _affine(_add(_times(response, _G), _times(challenge, key))) == promise


def _bytes(point: Point) -> bytes:
    return b"\x04" + point[0].to_bytes(_WIDTH) + point[1].to_bytes(_WIDTH)


def _point(coordinates: bytes) -> Point | None:
    """The point with these coordinates, if it is on the curve y² = x³ - 3x + b."""
    x, y = int.from_bytes(coordinates[:_WIDTH]), int.from_bytes(coordinates[_WIDTH:])
    if x >= _P or y >= _P or (y * y - (x * x * x - 3 * x + _B)) % _P:
        return None
    return x, y


def _times(number: int, point: Point) -> _Jacobian:
    result = _INFINITY
    summand: _Jacobian = (*point, 1)
    while number:
        if number & 1:
            result = _add(result, summand)
        summand = _double(summand)
        number >>= 1
    return result


def _double(point: _Jacobian) -> _Jacobian:
    x, y, z = point
    if not z or not y:
        return _INFINITY
    square = y * y % _P
    slant = 4 * x * square % _P
    slope = 3 * (x - z * z) * (x + z * z) % _P
    new_x = (slope * slope - 2 * slant) % _P
    return new_x, (slope * (slant - new_x) - 8 * square * square) % _P, 2 * y * z % _P


def _add(one: _Jacobian, other: _Jacobian) -> _Jacobian:
    if not one[2]:
        return other
    if not other[2]:
        return one
    (x1, y1, z1), (x2, y2, z2) = one, other
    square1, square2 = z1 * z1 % _P, z2 * z2 % _P
    u1, u2 = x1 * square2 % _P, x2 * square1 % _P
    s1, s2 = y1 * square2 * z2 % _P, y2 * square1 * z1 % _P
    width, height = (u2 - u1) % _P, (s2 - s1) % _P
    if not width:
        return _INFINITY if height else _double(one)
    square = width * width % _P
    cube = square * width % _P
    base = u1 * square % _P
    x = (height * height - cube - 2 * base) % _P
    return x, (height * (base - x) - s1 * cube) % _P, width * z1 * z2 % _P


def _affine(point: _Jacobian) -> Point | None:
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, _P)
    return x * inverse * inverse % _P, y * inverse * inverse * inverse % _P
