"""Our key and the agreement with a vehicle's key."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from custom_components.flotte.tesla.signing import ClientKey, ProtocolError
from custom_components.flotte.tesla.signing import keys as keys_module
from tests.tesla.signing.car import public_bytes

PLAIN = serialization.NoEncryption()
PEM = serialization.Encoding.PEM
SEC1 = serialization.PrivateFormat.TraditionalOpenSSL
PKCS8 = serialization.PrivateFormat.PKCS8


@pytest.mark.parametrize("form", [SEC1, PKCS8])
@pytest.mark.parametrize("as_text", [True, False])
def test_reads_both_pem_forms(form: serialization.PrivateFormat, *, as_text: bool) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    data = private.private_bytes(PEM, form, PLAIN)
    key = ClientKey.from_pem(data.decode() if as_text else data)
    assert key.public_bytes == public_bytes(private)


def test_key_survives_storage() -> None:
    key = ClientKey.generate()
    again = ClientKey.from_pem(key.to_pem())
    assert again.public_bytes == key.public_bytes
    assert again.fingerprint == key.fingerprint
    assert key.to_pem().startswith("-----BEGIN PRIVATE KEY-----")


def test_public_pem_as_tesla_fetches_it() -> None:
    key = ClientKey.generate()
    loaded = serialization.load_pem_public_key(key.public_pem.encode())
    assert isinstance(loaded, ec.EllipticCurvePublicKey)
    assert loaded.public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    ) == (key.public_bytes)
    assert key.public_pem.startswith("-----BEGIN PUBLIC KEY-----")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1()])
def test_other_curves_are_refused_by_name(curve: ec.EllipticCurve) -> None:
    data = ec.generate_private_key(curve).private_bytes(PEM, PKCS8, PLAIN)
    with pytest.raises(ValueError, match=f"P-256, this one is on {curve.name}"):
        ClientKey.from_pem(data)


def test_other_kinds_of_key_are_refused() -> None:
    data = ed25519.Ed25519PrivateKey.generate().private_bytes(PEM, PKCS8, PLAIN)
    with pytest.raises(ValueError, match="of another kind"):
        ClientKey.from_pem(data)


def test_encrypted_key_is_refused() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    data = private.private_bytes(PEM, PKCS8, serialization.BestAvailableEncryption(b"x"))
    with pytest.raises(ValueError, match="without a password"):
        ClientKey.from_pem(data)


@pytest.mark.parametrize("text", ["", "ä", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_no_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match="not a private key in PEM form") as caught:
        ClientKey.from_pem(text)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_public_key_is_no_private_key() -> None:
    with pytest.raises(ValueError, match="not a private key"):
        ClientKey.from_pem(ClientKey.generate().public_pem)


GOOD = public_bytes(ec.derive_private_key(7, ec.SECP256R1()))


@pytest.mark.parametrize(
    "point",
    [
        b"",
        b"\0",
        GOOD[:-1],
        GOOD + b"\0",
        b"\x02" + GOOD[1:33],  # compressed
        b"\x06" + GOOD[1:],  # hybrid
        GOOD[:-1] + bytes([GOOD[-1] ^ 1]),  # not on the curve
        b"\x04" + bytes(64),
        b"\x04" + b"\xff" * 64,
    ],
)
def test_bad_vehicle_key_is_a_protocol_error(point: bytes) -> None:
    with pytest.raises(ProtocolError):
        ClientKey.generate().session_key(point)


def test_agreement_is_remembered_but_not_without_bound() -> None:
    key = ClientKey.generate()
    first = key.session_key(GOOD)
    assert key.session_key(GOOD) is first
    for scalar in range(8, 8 + 40):
        key.session_key(public_bytes(ec.derive_private_key(scalar, ec.SECP256R1())))
    assert len(key._session_keys) == keys_module._CACHED_SESSION_KEYS
    assert key.session_key(GOOD) is not first


def test_no_secret_is_shown() -> None:
    key = ClientKey.generate()
    body = "".join(key.to_pem().splitlines()[1:-1])
    session_key = key.session_key(GOOD)
    for shown in (repr(key), str(key), f"{key!r}", repr(session_key), str(session_key)):
        assert body[:20] not in shown
        assert len(shown) < 40


@pytest.mark.parametrize(("nonce", "tag"), [(11, 16), (13, 16), (0, 16), (12, 15), (12, 0)])
def test_lengths_of_nonce_and_tag(nonce: int, tag: int) -> None:
    with pytest.raises(ProtocolError, match="wrong length"):
        ClientKey.generate().session_key(GOOD).decrypt(bytes(nonce), b"", bytes(tag), b"")
