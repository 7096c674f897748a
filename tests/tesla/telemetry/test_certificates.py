"""Our own CA, the user's certificate, Tesla's CAs, and who a certificate stands for."""

import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from custom_components.flotte.tesla.telemetry.tls import certificates
from custom_components.flotte.tesla.telemetry.tls.certificates import (
    TESLA_FINGERPRINTS,
    Authority,
    CertificateDefect,
    Defect,
    Identity,
    ServerCertificate,
    UnknownDevice,
    accept_client_cas,
    identity,
    read_server_certificate,
    server_context,
)
from tests.tesla.telemetry.pki import (
    CAR_USAGE,
    CLIENT,
    DAY,
    ISSUING_CA,
    PRODUCTS_CA,
    SERVER,
    VIN,
    WIFI_USAGE,
    Ca,
    Issued,
    der,
    full_name,
    key_pem,
    pem,
)

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOST = "flotte.example"


def loaded(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(text.encode())


def defect_of(caught: pytest.ExceptionInfo[CertificateDefect]) -> Defect:
    assert caught.value.key == caught.value.defect.value
    return caught.value.defect


# --- Our own CA -----------------------------------------------------------------------------------


def test_authority_is_a_proper_root() -> None:
    (root,) = loaded(Authority.generate(NOW).certificate_pem)
    root.verify_directly_issued_by(root)
    basic = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    public = root.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    assert isinstance(public.curve, ec.SECP256R1)
    identifier = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert identifier == x509.SubjectKeyIdentifier.from_public_key(public)
    assert root.not_valid_before_utc < NOW
    assert root.not_valid_after_utc > NOW + timedelta(days=15 * 365)


def test_two_authorities_are_not_mistaken_for_each_other() -> None:
    first, second = (loaded(Authority.generate(NOW).certificate_pem)[0] for _ in range(2))
    assert first.subject != second.subject
    assert first.serial_number != second.serial_number


@pytest.mark.parametrize(
    ("host", "named"),
    [
        (HOST, x509.DNSName(HOST)),
        ("Flotte.Example.", x509.DNSName(HOST)),
        ("müller.example", x509.DNSName("xn--mller-kva.example")),
        ("192.0.2.7", x509.IPAddress(ip_address("192.0.2.7"))),
        ("[2001:db8::7]", x509.IPAddress(ip_address("2001:db8::7"))),
    ],
)
def test_server_certificate_is_for_its_host(host: str, named: x509.GeneralName) -> None:
    issued = Authority.generate(NOW).issue(host, NOW)
    (leaf,) = loaded(issued.chain)
    (root,) = loaded(issued.ca)
    leaf.verify_directly_issued_by(root)
    extensions = leaf.extensions
    assert list(extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == [named]
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    issuer = extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert issuer.key_identifier == own.key_identifier
    assert extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value != own
    assert leaf.not_valid_before_utc <= NOW - timedelta(hours=12)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc < timedelta(days=398)
    assert leaf.not_valid_after_utc > NOW + timedelta(days=390)
    assert issued.is_anchored


def test_long_host_name_does_not_fit_into_the_common_name() -> None:
    host = ".".join(["a" * 60, "b" * 60, "example"])
    (leaf,) = loaded(Authority.generate(NOW).issue(host, NOW).chain)
    assert not list(leaf.subject)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert names.critical
    assert names.value.get_values_for_type(x509.DNSName) == [host]


@pytest.mark.parametrize(
    "host", ["", " ", "a b", "https://flotte.example", "*.example", "-a.example", "a..b", "x" * 64]
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(CertificateDefect) as caught:
        Authority.generate(NOW).issue(host, NOW)
    assert defect_of(caught) is Defect.INVALID_HOST


def test_renewal_leaves_what_the_cars_trust_alone() -> None:
    authority = Authority.generate(NOW)
    first = authority.issue(HOST, NOW)
    again = Authority.from_pem(authority.certificate_pem, authority.key_pem())
    assert first.renew_after > NOW + timedelta(days=200)
    assert first.renew_after < first.not_after - timedelta(days=100)
    second = again.issue(HOST, first.renew_after)
    assert second.ca == first.ca == authority.certificate_pem
    assert second.key != first.key
    assert second.not_after > first.not_after
    loaded(second.chain)[0].verify_directly_issued_by(loaded(first.ca)[0])


def test_server_certificate_never_outlives_its_authority() -> None:
    authority = Authority.generate(NOW)
    late = authority.not_after - 30 * DAY
    assert authority.issue(HOST, late).not_after == authority.not_after


def test_damaged_authority_is_not_replaced() -> None:
    one, other = Authority.generate(NOW), Authority.generate(NOW)
    for certificate, key in [
        ("", one.key_pem()),
        (one.certificate_pem, ""),
        (one.certificate_pem, other.key_pem()),
        (one.certificate_pem + other.certificate_pem, one.key_pem()),
    ]:
        with pytest.raises(CertificateDefect) as caught:
            Authority.from_pem(certificate, key)
        assert defect_of(caught) is Defect.AUTHORITY_UNREADABLE


@pytest.mark.parametrize("without", ["identifier", "elliptic curve"])
def test_authority_that_could_not_issue_is_not_read(without: str) -> None:
    """A certificate and key of somebody else's, in the place of ours."""
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = ec.generate_private_key(ec.SECP256R1())
    if without == "elliptic curve":
        key = rsa.generate_private_key(65537, 2048)
    name = full_name("Somebody's CA")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key())
        .serial_number(1)
        .not_valid_before(NOW)
        .not_valid_after(NOW + DAY)
        .sign(key, hashes.SHA256())
    )
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
    with pytest.raises(CertificateDefect) as caught:
        Authority.from_pem(pem(certificate), text)
    assert defect_of(caught) is Defect.AUTHORITY_UNREADABLE


def test_authority_that_is_over_issues_nothing() -> None:
    authority = Authority.generate(NOW)
    with pytest.raises(CertificateDefect) as caught:
        authority.issue(HOST, authority.not_after + DAY)
    assert defect_of(caught) is Defect.AUTHORITY_EXPIRED


def test_stored_server_certificate_is_read_again() -> None:
    authority = Authority.generate(NOW)
    issued = authority.issue(HOST, NOW)
    read = read_server_certificate(
        issued.chain.encode(),
        issued.key.encode(),
        HOST,
        NOW,
        roots=authority.certificate_pem.encode(),
    )
    assert read == issued


def test_no_key_is_shown() -> None:
    authority = Authority.generate(NOW)
    issued = authority.issue(HOST, NOW)
    for key, shown in [(issued.key, repr(issued)), (authority.key_pem(), repr(authority))]:
        assert key.splitlines()[1] not in shown
        assert "PRIVATE" not in shown


# --- The user's certificate -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def root() -> Ca:
    return Ca.make("Root")


@pytest.fixture(scope="module")
def between(root: Ca) -> Ca:
    return Ca.make("Intermediate", root)


@pytest.fixture(scope="module")
def server(between: Ca) -> Issued:
    return between.issue("whatever", SERVER, hosts=(HOST,), addresses=("192.0.2.7",))


def now() -> datetime:
    return datetime.now(UTC)


def read(server: Issued, chain: str | None = None, **changes: Any) -> ServerCertificate:
    arguments = {"key": server.key_pem.encode(), "host": HOST, "now": now(), **changes}
    return read_server_certificate((server.chain if chain is None else chain).encode(), **arguments)


def test_public_chain_with_its_root(root: Ca, between: Ca, server: Issued) -> None:
    found = read(server, roots=(Ca.make("Another").pem + root.pem).encode())
    assert found.chain == server.chain
    assert found.ca == between.pem + root.pem
    assert found.is_anchored
    assert found.not_after == server.certificate.not_valid_after_utc


def test_a_root_of_the_same_name_is_not_the_root(between: Ca, server: Issued) -> None:
    found = read(server, roots=Ca.make("Root").pem.encode())
    assert found.ca == between.pem
    assert not found.is_anchored


def test_an_expired_root_is_of_no_use(root: Ca, between: Ca, server: Issued) -> None:
    over = Ca.make("Root", key=root.key, start=now() - 9 * DAY, end=now() - DAY)
    assert read(server, roots=over.pem.encode()).ca == between.pem


def test_chain_without_a_known_root_is_taken_as_it_is(between: Ca, server: Issued) -> None:
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


def test_certificate_that_signed_itself() -> None:
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


def test_an_expired_issuer_is_told_by_its_name(root: Ca) -> None:
    over = Ca.make("Intermediate", root, end=now() + DAY)
    with pytest.raises(CertificateDefect) as caught:
        read(over.issue(HOST, SERVER, hosts=(HOST,)), now=now() + 2 * DAY)
    assert defect_of(caught) is Defect.EXPIRED
    assert caught.value.placeholders["certificate"] == "Intermediate"


def test_what_a_certificate_is_for(between: Ca) -> None:
    read(between.issue(HOST, hosts=(HOST,)))
    with pytest.raises(CertificateDefect) as caught:
        read(between.issue(HOST, CLIENT, hosts=(HOST,)))
    assert defect_of(caught) is Defect.NOT_FOR_SERVERS


# --- Tesla's CAs ----------------------------------------------------------------------------------


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


def test_any_ca_only_if_asked_for() -> None:
    one, other = Ca.make("One"), Ca.make("Other")
    file = (one.pem + other.pem).encode()
    assert accept_client_cas(file, now(), None).certificates == (one.pem, other.pem)
    with pytest.raises(CertificateDefect) as caught:
        accept_client_cas(file, now())
    assert defect_of(caught) is Defect.CLIENT_CAS_MISSING
    assert caught.value.placeholders == {"expired": "-", "unknown": "2"}


def test_nothing_but_expired_ones() -> None:
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


# --- TLS ------------------------------------------------------------------------------------------


def test_context(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    context = server_context(issued, root.pem, tmp_path)
    assert context.protocol is ssl.PROTOCOL_TLS_SERVER
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.MAXIMUM_SUPPORTED
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "Root"),),),
    ]


def test_the_key_is_on_disk_for_a_moment_and_for_nobody_else(
    tmp_path: Path, root: Ca, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    seen: list[tuple[int, bool]] = []

    load = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, file: str) -> None:
        path = Path(file)
        assert path.parent == tmp_path
        seen.append((stat.S_IMODE(path.stat().st_mode), issued.key in path.read_text("ascii")))
        load(context, file)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    server_context(issued, root.pem, tmp_path)
    # Once for each of the two contexts.
    assert seen == [(0o600, True)] * 2
    assert list(tmp_path.iterdir()) == []


def test_what_openssl_refuses(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    other = Authority.generate(now()).issue(HOST, now())
    mixed = ServerCertificate(
        issued.chain, other.key, "", is_anchored=True, not_before=now(), not_after=now()
    )
    for certificate, cas, defect in [
        (mixed, root.pem, Defect.KEY_OTHER),
        (issued, "", Defect.CLIENT_CAS_MISSING),
        (issued, "nothing", Defect.CLIENT_CAS_UNREADABLE),
        (issued, "ä", Defect.CLIENT_CAS_UNREADABLE),
    ]:
        with pytest.raises(CertificateDefect) as caught:
            server_context(certificate, cas, tmp_path)
        assert defect_of(caught) is defect
        assert list(tmp_path.iterdir()) == []


def test_nowhere_to_put_the_file(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    with pytest.raises(FileNotFoundError):
        server_context(issued, root.pem, tmp_path / "missing")


# --- Who is calling -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cas() -> dict[str, Ca]:
    names = (
        "TeslaMotors",
        "Tesla Issuing CA",
        PRODUCTS_CA,
        *certificates._BY_USAGE,
        "Tesla Product Root CA",
        "Tesla Motors Products CA 2",
    )
    return {name: Ca.make(name) for name in names}


CAR = Identity(VIN, "vehicle_device")


@pytest.mark.parametrize("issuer", ["TeslaMotors", "Tesla Issuing CA", PRODUCTS_CA])
@pytest.mark.parametrize("usages", [(), (CLIENT,), ("1.3.6.1.4.1.49279.2.5.2",)])
def test_cars_by_their_issuer(cas: dict[str, Ca], issuer: str, usages: tuple[str, ...]) -> None:
    assert identity(cas[issuer].issue(VIN, *usages).der) == CAR


@pytest.mark.parametrize("issuer", sorted(certificates._BY_USAGE))
def test_cars_by_their_key_usage(cas: dict[str, Ca], issuer: str) -> None:
    assert identity(cas[issuer].issue(VIN, CLIENT, CAR_USAGE).der) == CAR


@pytest.mark.parametrize(
    "usages",
    [
        (CAR_USAGE,),
        ("1.3.6.1.4.1.49279.2.4.1", CLIENT),
        (CAR_USAGE, "1.3.6.1.4.1.49279.2.5.2"),  # the first one counts
        ("1.3.6.1.4.1.49279.2.5.99", CAR_USAGE),  # not one that is known
        ("1.3.6.1.4.1.49279.2.4.1.1", CAR_USAGE),
    ],
)
def test_key_usages_of_cars(cas: dict[str, Ca], usages: tuple[str, ...]) -> None:
    assert identity(cas[ISSUING_CA].issue(VIN, *usages).der) == CAR


@pytest.mark.parametrize(
    ("usages", "reason"),
    [
        ((), "no key usage"),
        ((CLIENT,), "no key usage"),
        (("1.3.6.1.4.1.49279.2.6.1",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.1.2",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.0",), "no key usage"),
        (("1.3.6.1.4.1.49279.2.5.10000000000",), "no key usage"),
        ((WIFI_USAGE,), "Wi-Fi"),
        ((CLIENT, CAR_USAGE, WIFI_USAGE), "Wi-Fi"),
        (("1.3.6.1.4.1.49279.2.5.2", CAR_USAGE), "energy_device"),
        (("1.3.6.1.4.1.49279.2.4.11",), "vehicle_board_device"),
        (("1.3.6.1.4.1.49279.2.5.12",), "das_device"),
        (("1.3.6.1.4.1.49279.2.5.14",), "vehicle_service"),
        (("1.3.6.1.4.1.49279.2.5.15",), "das_service"),
        (("1.3.6.1.4.1.49279.2.5.16",), "energy_service"),
        (("1.3.6.1.4.1.49279.2.5.28",), "robotics_device"),
    ],
)
def test_key_usages_of_others(cas: dict[str, Ca], usages: tuple[str, ...], reason: str) -> None:
    with pytest.raises(UnknownDevice, match=reason):
        identity(cas[ISSUING_CA].issue(VIN, *usages).der)


def test_wifi_certificate_by_an_issuer_of_cars(cas: dict[str, Ca]) -> None:
    with pytest.raises(UnknownDevice, match="Wi-Fi"):
        identity(cas[PRODUCTS_CA].issue(VIN, WIFI_USAGE).der)


@pytest.mark.parametrize(
    ("issuer", "units", "reason"),
    [
        (PRODUCTS_CA, ("Tesla Motors SN",), "vehicle_board_device"),
        (PRODUCTS_CA, ("Solar Inverter",), "solar_inverter_device"),
        (ISSUING_CA, ("Gen3 Wall Connector",), "wall_connector_device"),
    ],
)
def test_units_of_others(
    cas: dict[str, Ca], issuer: str, units: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UnknownDevice, match=reason):
        identity(cas[issuer].issue(full_name(VIN, *units), CAR_USAGE).der)


@pytest.mark.parametrize(
    ("issuer", "units"),
    [(PRODUCTS_CA, ("Motors", "Tesla Motors SN")), ("TeslaMotors", ("Tesla Motors SN",))],
)
def test_units_that_say_nothing(cas: dict[str, Ca], issuer: str, units: tuple[str, ...]) -> None:
    assert identity(cas[issuer].issue(full_name(VIN, *units)).der) == CAR


@pytest.mark.parametrize("issuer", ["Tesla Product Root CA", "Tesla Motors Products CA 2"])
def test_other_issuers_make_no_cars(cas: dict[str, Ca], issuer: str) -> None:
    with pytest.raises(UnknownDevice, match="issuer"):
        identity(cas[issuer].issue(VIN, CLIENT, CAR_USAGE).der)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "XP7YGCEK0RB00000",
        VIN + "1",
        VIN.lower(),
        VIN[:-1] + "O",
        VIN[:-1] + ".",
        VIN + "\n",
        VIN[:-1] + "１",  # noqa: RUF001  # a digit, but not one of a VIN
    ],
)
def test_names_that_are_no_vin(cas: dict[str, Ca], name: str) -> None:
    # The library makes no certificate with an empty name.
    given = full_name(name or None, *(() if name else ("Motors",)))
    with pytest.raises(UnknownDevice):
        identity(cas[PRODUCTS_CA].issue(given).der)


def test_two_names_are_none(cas: dict[str, Ca]) -> None:
    two = x509.Name([*full_name(VIN), *full_name("LRW3E7FS0RC000002")])
    with pytest.raises(UnknownDevice, match="exactly one name"):
        identity(cas[PRODUCTS_CA].issue(two).der)


@pytest.mark.parametrize("data", [b"", b"\0", b"0" * 100])
def test_what_is_no_certificate(data: bytes) -> None:
    with pytest.raises(UnknownDevice, match="cannot be read"):
        identity(data)


def test_damaged_certificates_raise_nothing_else(cas: dict[str, Ca]) -> None:
    good = der(cas[ISSUING_CA].issue(VIN, CLIENT, CAR_USAGE).certificate)
    for position in range(len(good)):
        damaged = bytearray(good)
        damaged[position] ^= 0x15
        try:
            identity(bytes(damaged))
        except UnknownDevice:
            continue


def test_pem_of_the_tests_is_what_the_library_writes(root: Ca) -> None:
    assert pem(loaded(root.pem)[0]) == root.pem
