"""Tesla's CA certificates, accepted by their fingerprints."""

import hashlib

import pytest

from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect
from custom_components.flotte.tesla.telemetry.tls.client_cas import (
    TESLA_FINGERPRINTS,
    accept_client_cas,
)
from tests.tesla.telemetry.pki import DAY, Ca, defect_of, now


def test_the_table_is_teslas() -> None:
    # SHA-256 of the sorted fingerprints, taken from the files of Tesla's repository.
    digest = hashlib.sha256("".join(sorted(TESLA_FINGERPRINTS)).encode()).hexdigest()
    assert digest == "4dc7af0c2b3d719b88ca1562d01bf5e5021159fef391716b77138ec1fd95fab0"
    assert len(TESLA_FINGERPRINTS) == 14


def fingerprint(ca: Ca) -> str:
    return hashlib.sha256(ca.der).hexdigest()


def test_each_ca_is_judged_by_its_fingerprint() -> None:
    good, over, other = (
        Ca.make("Good"),
        Ca.make("Over", start=now() - 9 * DAY, end=now() - DAY),
        Ca.make("Good"),
    )
    known = frozenset(map(fingerprint, (good, over)))
    file = (
        "# a comment\n" + over.pem + other.pem + good.pem.replace("\n", "\r\n") + good.pem
    ).encode()
    found = accept_client_cas(file, now(), known)
    assert found.certificates == (good.pem,)
    assert found.pem == good.pem
    assert found.expired == ("Over",)
    assert found.unknown == 1


def test_any_ca_only_on_request() -> None:
    one, other = Ca.make("One"), Ca.make("Other")
    file = (one.pem + other.pem).encode()
    assert accept_client_cas(file, now(), None).certificates == (one.pem, other.pem)
    with pytest.raises(CertificateDefect) as caught:
        accept_client_cas(file, now())
    assert defect_of(caught) is Defect.CLIENT_CAS_MISSING
    assert caught.value.placeholders == {"expired": "-", "unknown": "2"}


def test_only_expired_ones() -> None:
    over = Ca.make("Over", start=now() - 9 * DAY, end=now() - DAY)
    with pytest.raises(CertificateDefect) as caught:
        accept_client_cas(over.pem.encode(), now(), frozenset({fingerprint(over)}))
    assert caught.value.placeholders == {"expired": "Over", "unknown": "0"}


BEGIN = b"-----BEGIN CERTIFICATE-----\n"


END = b"-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<html>Not found</html>",
        b"\xff\x00",
        BEGIN,
        BEGIN + END,
        BEGIN + b"AAAA",
        BEGIN + b"A\n" + END,
        BEGIN + b"!!!!\n" + END,
        BEGIN + b"AAAA\n" + END,  # no certificate in it
        BEGIN * 37_000,
        b"x" * 1_000_001,
    ],
)
def test_hostile_files(file: bytes) -> None:
    with pytest.raises(CertificateDefect) as caught:
        accept_client_cas(file, now(), None)
    assert defect_of(caught) is Defect.CLIENT_CAS_UNREADABLE


def test_unknown_ones_are_not_even_parsed() -> None:
    good = Ca.make("Good")
    file = BEGIN + b"AAAA\n" + END + good.pem.encode()
    found = accept_client_cas(file, now(), frozenset({fingerprint(good)}))
    assert (found.certificates, found.unknown) == ((good.pem,), 1)
