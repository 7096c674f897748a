"""The check of an owner's certificate, and the certificates that cars verify it with."""

from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect
from custom_components.flotte.tesla.telemetry.tls.server_certificate import (
    ServerCertificate,
    read_server_certificate,
)
from tests.tesla.telemetry.pki import (
    CLIENT,
    DAY,
    HOST,
    SERVER,
    Ca,
    Issued,
    defect_of,
    full_name,
    key_pem,
    loaded,
    now,
    pem,
)


@pytest.fixture(scope="module")
def server(between: Ca) -> Issued:
    return between.issue("whatever", SERVER, hosts=(HOST,), addresses=("192.0.2.7",))


def read(server: Issued, chain: str | None = None, **changes: Any) -> ServerCertificate:
    arguments = {"key": server.key_pem.encode(), "host": HOST, "now": now(), **changes}
    return read_server_certificate((server.chain if chain is None else chain).encode(), **arguments)


def test_public_chain_with_its_root(root: Ca, between: Ca, server: Issued) -> None:
    found = read(server, roots=(Ca.make("Another").pem + root.pem).encode())
    assert found.chain == server.chain
    assert found.ca == between.pem + root.pem
    assert found.is_anchored
    assert found.not_after == server.certificate.not_valid_after_utc


def test_a_root_with_an_equal_name_is_not_the_root(between: Ca, server: Issued) -> None:
    found = read(server, roots=Ca.make("Root").pem.encode())
    assert found.ca == between.pem
    assert not found.is_anchored


def test_an_expired_root_is_of_no_use(root: Ca, between: Ca, server: Issued) -> None:
    over = Ca.make("Root", key=root.key, start=now() - 9 * DAY, end=now() - DAY)
    assert read(server, roots=over.pem.encode()).ca == between.pem


def test_chain_without_a_known_root_is_accepted(between: Ca, server: Issued) -> None:
    found = read(server)
    assert found.ca == between.pem
    assert not found.is_anchored


def test_chain_that_has_its_root(root: Ca, between: Ca, server: Issued) -> None:
    found = read(server, server.chain + root.pem)
    assert found.ca == between.pem + root.pem
    assert found.is_anchored


def test_cross_signed_root_leads_to_both(root: Ca, between: Ca, server: Issued) -> None:
    old = Ca.make("Older root")
    crossed = Ca.make("Root", old, key=root.key)
    chain = server.chain + crossed.pem
    found = read(server, chain, roots=(old.pem + root.pem).encode())
    assert found.ca == between.pem + crossed.pem + old.pem + root.pem


def test_self_signed_certificate() -> None:
    itself = Ca.make(HOST)
    builder = x509.CertificateBuilder(
        full_name(HOST),
        full_name(HOST),
        itself.key.public_key(),
        1,
        now() - DAY,
        now() + DAY,
        [
            x509.Extension(
                x509.SubjectAlternativeName.oid,
                critical=False,
                value=x509.SubjectAlternativeName([x509.DNSName(HOST)]),
            )
        ],
    )
    one = Issued(builder.sign(itself.key, hashes.SHA256()), itself.key)
    found = read(one, one.pem)
    assert found.ca == one.pem
    assert found.is_anchored


@pytest.mark.parametrize(
    ("names", "host", "fits"),
    [
        ((HOST,), "FLOTTE.example.", True),
        (("*.example",), HOST, True),
        (("*.flotte.example",), "car.flotte.example", True),
        (("*.example",), "car.flotte.example", False),
        (("*.flotte.example",), HOST, False),
        (("FLOTTE.example",), HOST, True),
        (("other.example",), HOST, False),
        ((), HOST, False),
        ((HOST,), "192.0.2.7", False),
        (("*.0.2.7",), "192.0.2.7", False),
    ],
)
def test_for_which_host_it_is(
    between: Ca, names: tuple[str, ...], host: str, *, fits: bool
) -> None:
    one = between.issue(HOST, SERVER, hosts=names)
    if fits:
        read(one, host=host)
        return
    with pytest.raises(CertificateDefect) as caught:
        read(one, host=host)
    assert defect_of(caught) is Defect.WRONG_HOST
    assert caught.value.placeholders["names"] == (", ".join(names) or "-")


def test_address_in_the_certificate(server: Issued) -> None:
    read(server, host="192.0.2.7")


@pytest.mark.parametrize(
    ("chain", "key", "defect"),
    [
        ("", None, Defect.UNREADABLE),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None, Defect.UNREADABLE),
        ("x" * 1_000_001, None, Defect.UNREADABLE),
        (None, b"", Defect.KEY_UNREADABLE),
        (None, b"x" * 1_000_001, Defect.KEY_UNREADABLE),
        (None, b"-----BEGIN PRIVATE KEY-----\nAAAA\n", Defect.KEY_UNREADABLE),
        (None, key_pem(ec.generate_private_key(ec.SECP256R1())).encode(), Defect.KEY_OTHER),
        (
            None,
            key_pem(ec.generate_private_key(ec.SECP256R1()), b"x").encode(),
            Defect.KEY_ENCRYPTED,
        ),
        (
            None,
            ed25519.Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
            Defect.KEY_KIND,
        ),
    ],
    # Not by their values: keys are other ones in every process.
    ids=[
        "no chain",
        "chain that is none",
        "large chain",
        "no key",
        "large key",
        "half a key",
        "other key",
        "key with a password",
        "other kind of key",
    ],
)
def test_files_that_cannot_be_used(
    server: Issued, chain: str | None, key: bytes | None, defect: Defect
) -> None:
    with pytest.raises(CertificateDefect) as caught:
        read(server, chain, **({} if key is None else {"key": key}))
    assert defect_of(caught) is defect
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_order_of_the_chain(root: Ca, between: Ca, server: Issued) -> None:
    for chain in (
        between.pem + server.pem,
        server.pem + root.pem + between.pem,
        server.chain + Ca.make("Another").pem,
    ):
        with pytest.raises(CertificateDefect) as caught:
            read(server, chain)
        assert defect_of(caught) is Defect.CHAIN_ORDER


def test_server_certificate_alone_is_not_enough(root: Ca, server: Issued) -> None:
    with pytest.raises(CertificateDefect) as caught:
        read(server, server.pem, roots=root.pem.encode())
    assert defect_of(caught) is Defect.CHAIN_INCOMPLETE
    assert caught.value.placeholders == {"issuer": "Intermediate"}


def test_not_yet_and_no_more(root: Ca, server: Issued) -> None:
    for moment, defect, named in [
        (now() - 2 * DAY, Defect.NOT_YET_VALID, "whatever"),
        (now() + 9.5 * DAY, Defect.EXPIRED, "whatever"),
    ]:
        with pytest.raises(CertificateDefect) as caught:
            read(server, now=moment)
        assert defect_of(caught) is defect
        assert caught.value.placeholders["certificate"] == named


def test_an_expired_issuer_is_named(root: Ca) -> None:
    over = Ca.make("Intermediate", root, end=now() + DAY)
    with pytest.raises(CertificateDefect) as caught:
        read(over.issue(HOST, SERVER, hosts=(HOST,)), now=now() + 2 * DAY)
    assert defect_of(caught) is Defect.EXPIRED
    assert caught.value.placeholders["certificate"] == "Intermediate"


def test_purposes_of_a_certificate(between: Ca) -> None:
    read(between.issue(HOST, hosts=(HOST,)))
    with pytest.raises(CertificateDefect) as caught:
        read(between.issue(HOST, CLIENT, hosts=(HOST,)))
    assert defect_of(caught) is Defect.NOT_FOR_SERVERS


def test_pem_of_the_tests_equals_the_librarys(root: Ca) -> None:
    assert pem(loaded(root.pem)[0]) == root.pem
