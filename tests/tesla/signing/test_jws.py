"""Tesla.SS256: bytes from Tesla's own signer and from RFC 6979, and a verifier of our own."""

import hashlib
import json
import logging
import math
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.flotte.tesla.signing import ClientKey
from custom_components.flotte.tesla.signing.jws import (
    ALGORITHM,
    AUDIENCE,
    _nonce,
    sign,
    signature,
)

SCALAR = 0x0300000000000000000000000000000000000000000000000000000000000000
"""The private key of the unit tests of Tesla's signer."""

CLAIMS: dict[str, Any] = {
    "hostname": "telemetry.example.com",
    "port": 443,
    "ca": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n",
    "fields": {
        "Soc": {"interval_seconds": 60, "minimum_delta": 0.5},
        "Location": {"interval_seconds": 10},
    },
    "alert_types": ["service"],
    "delivery_policy": "latest",
    "exp": 1_900_000_000,
}

TOKEN = (
    "eyJhbGciOiJUZXNsYS5TUzI1NiIsInR5cCI6IkpXVCJ9.eyJhbGVydF90eXBlcyI6WyJzZXJ2aWNlIl0sImF1ZCI6Im"
    "NvbS50ZXNsYS5mbGVldC5UZWxlbWV0cnlDbGllbnQiLCJjYSI6Ii0tLS0tQkVHSU4gQ0VSVElGSUNBVEUtLS0tLVxuQU"
    "E9PVxuLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLVxuIiwiZGVsaXZlcnlfcG9saWN5IjoibGF0ZXN0IiwiZXhwIjoxOT"
    "AwMDAwMDAwLCJmaWVsZHMiOnsiTG9jYXRpb24iOnsiaW50ZXJ2YWxfc2Vjb25kcyI6MTB9LCJTb2MiOnsiaW50ZXJ2YW"
    "xfc2Vjb25kcyI6NjAsIm1pbmltdW1fZGVsdGEiOjAuNX19LCJob3N0bmFtZSI6InRlbGVtZXRyeS5leGFtcGxlLmNvbS"
    "IsImlzcyI6IkJHUnY5L1piTzF2VFFwejdLdWRRRHVraWRZdTY1NFlMNEl0NjU1SzBwN1VHdkJFcW5RWktHS1ZhWWVNeG"
    "dFcVA2RWt0L0UvQWptbVZ5WG5CSlNzMitVWT0iLCJwb3J0Ijo0NDN9._54ruK2A22Ih7BXNqKAlob8FiWhoDZoEZY4qo"
    "0A9ZvgApBMt0GQIsVr9iZ25ekSwlrqgNs3Kp2d5ntGcoF1yWXEkjAqcVTBTPAB_kgh5KnPu5xUAXjCwIk_8ex0UCQ3L"
)
"""The result of Tesla's signer for the claims above with the key above."""


def key_of(scalar: int) -> ClientKey:
    return ClientKey(ec.derive_private_key(scalar, ec.SECP256R1()))


KEY = key_of(SCALAR)


# --- A verifier that shares only the definition with the signer -----------------------------------

P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

type Point = tuple[int, int] | None


def add(first: Point, second: Point) -> Point:
    """The sum of two points of P-256; None is the point at infinity."""
    if first is None or second is None:
        return second if first is None else first
    (x1, y1), (x2, y2) = first, second
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    slope = (
        (3 * x1 * x1 - 3) * pow(2 * y1, -1, P)
        if first == second
        else (y2 - y1) * pow(x2 - x1, -1, P)
    )
    x3 = (slope * slope - x1 - x2) % P
    return x3, (slope * (x1 - x3) - y1) % P


def times(scalar: int, point: Point) -> Point:
    total: Point = None
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def point_of(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")


def bytes_of(point: tuple[int, int]) -> bytes:
    return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")


def verifies(signed: bytes, message: bytes, public: bytes) -> bool:
    """Whether V = rG + cA."""
    commitment, response = point_of(signed), int.from_bytes(signed[64:], "big")
    hashed = b"".join(
        len(item).to_bytes(4, "big") + item
        for item in (bytes_of(G), bytes_of(commitment), public, message)
    )
    challenge = int.from_bytes(hashlib.sha256(hashed).digest(), "big")
    return add(times(response, G), times(challenge % N, point_of(public[1:]))) == commitment


def opened(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


# --- Vectors -------------------------------------------------------------------------------------


def test_the_token_is_that_of_teslas_signer() -> None:
    assert sign(CLAIMS, KEY) == TOKEN


def test_the_order_of_the_claims_does_not_matter() -> None:
    assert sign(dict(reversed(CLAIMS.items())), KEY) == TOKEN


def test_issuer_and_audience_cannot_be_given() -> None:
    assert sign({**CLAIMS, "iss": "someone", "aud": "else"}, KEY) == TOKEN


def test_signing_changes_no_claims() -> None:
    claims = dict(CLAIMS)
    sign(claims, KEY)
    assert claims == CLAIMS


def test_schnorr() -> None:
    assert signature(b"hello world", KEY).hex() == (
        "7cfdbeb5baa730540401550bdefa20976453e8539ae4b2f26ce33125801a08f9"
        "0ed20c3d846497ff82cc9772e3db4703982f47bd0b0b89dfb9a49cd2e5240546"
        "02b1e05fbf95f5686faea7a5809eb92f5ecc22eae74ceccc5e2a65dd67ff20fc"
    )


@pytest.mark.parametrize(
    ("scalar", "digest", "nonce"),
    [
        pytest.param(
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            hashlib.sha256(b"sample").hexdigest(),
            "a6e3c57dd01abe90086538398355dd4c3b17aa873382b0f24d6129493d8aad60",
            id="RFC 6979, appendix A.2.5, sample",
        ),
        pytest.param(
            "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721",
            hashlib.sha256(b"test").hexdigest(),
            "d16b6ae827f17175e040871a1c7ec3500192c4c92677336ec2537acaee0008e0",
            id="RFC 6979, appendix A.2.5, test",
        ),
        pytest.param(
            f"{SCALAR:064x}",
            "0080c36864c5f2f460e3767983c65677b65cef901bcedcb223f9b365c68f52f6",
            "264fc6592fbea24fd0954e0b86b886e8743161758ddad2f7e9fed75a0019e005",
            id="the first candidate is above the order",
        ),
    ],
)
def test_nonce(scalar: str, digest: str, nonce: str) -> None:
    assert f"{_nonce(int(scalar, 16), bytes.fromhex(digest)):064x}" == nonce


def test_a_digest_above_the_order_is_reduced() -> None:
    """RFC 6979, bits2octets: a digest and its remainder seed the same nonce."""
    over = N + 5
    assert _nonce(SCALAR, over.to_bytes(32, "big")) == _nonce(SCALAR, (5).to_bytes(32, "big"))
    assert _nonce(SCALAR, (5).to_bytes(32, "big")) != _nonce(SCALAR, (6).to_bytes(32, "big"))


# --- Layout --------------------------------------------------------------------------------------


def test_the_parts_of_a_token() -> None:
    header, claims, signed = sign(CLAIMS, KEY).split(".")
    assert opened(header) == b'{"alg":"Tesla.SS256","typ":"JWT"}'
    assert "=" not in header + claims + signed
    assert len(opened(signed)) == 96
    told = json.loads(opened(claims))
    assert told.pop("aud") == "com.tesla.fleet.TelemetryClient"
    assert b64decode(told.pop("iss"), validate=True) == KEY.public_bytes
    assert told == CLAIMS


def test_names() -> None:
    assert ALGORITHM == "Tesla.SS256"
    assert AUDIENCE == "com.tesla.fleet.TelemetryClient"


def test_the_message_is_ascii_for_any_claims() -> None:
    token = sign({"hostname": "bücher.example"}, KEY)
    assert token.isascii()
    assert json.loads(opened(token.split(".")[1]))["hostname"] == "bücher.example"


@pytest.mark.parametrize("claims", [{"exp": math.nan}, {"exp": math.inf}, {"ca": b"bytes"}])
def test_claims_that_are_not_json(claims: dict[str, Any]) -> None:
    with pytest.raises((TypeError, ValueError)):
        sign(claims, KEY)


# --- Properties ----------------------------------------------------------------------------------


def test_the_verifier_rejects() -> None:
    """A verifier that accepts everything would prove nothing below."""
    good = signature(b"hello world", KEY)
    assert verifies(good, b"hello world", KEY.public_bytes)
    assert not verifies(good, b"hello worle", KEY.public_bytes)
    assert not verifies(good, b"hello world", key_of(SCALAR + 1).public_bytes)
    for place in (0, 40, 95):
        bent = bytearray(good)
        bent[place] ^= 1
        assert not verifies(bytes(bent), b"hello world", KEY.public_bytes)


@given(scalar=st.integers(1, N - 1), message=st.binary(max_size=300))
@settings(max_examples=40)
def test_signatures_verify_and_are_deterministic(scalar: int, message: bytes) -> None:
    key = key_of(scalar)
    made = signature(message, key)
    assert len(made) == 96
    assert verifies(made, message, key.public_bytes)
    assert signature(message, key_of(scalar)) == made


@pytest.mark.parametrize("scalar", [1, 2, N - 1])
def test_extreme_keys(scalar: int) -> None:
    key = key_of(scalar)
    assert verifies(signature(b"", key), b"", key.public_bytes)


@given(scalar=st.integers(1, N - 1), digest=st.binary(min_size=32, max_size=32))
@settings(max_examples=60)
def test_a_nonce_is_a_scalar(scalar: int, digest: bytes) -> None:
    assert 0 < _nonce(scalar, digest) < N


# --- Secrets -------------------------------------------------------------------------------------


def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = sign(CLAIMS, KEY)
    message = token.rpartition(".")[0].encode()
    once = _nonce(SCALAR, hashlib.sha256(message).digest())
    shown = caplog.text + token + repr(KEY) + token.encode().hex()
    for secret in (SCALAR, once):
        octets = secret.to_bytes(32, "big")
        assert str(secret) not in shown
        assert octets.hex() not in shown
        assert urlsafe_b64encode(octets).decode().rstrip("=") not in shown
    assert not caplog.records
