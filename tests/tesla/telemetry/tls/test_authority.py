"""Our own certification authority and the certificates that it issues."""

from datetime import timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect
from custom_components.flotte.tesla.telemetry.tls.server_certificate import read_server_certificate
from tests.tesla.telemetry.pki import DAY, HOST, NOW, defect_of, full_name, loaded, pem


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
def test_invalid_hosts(host: str) -> None:
    with pytest.raises(CertificateDefect) as caught:
        Authority.generate(NOW).issue(host, NOW)
    assert defect_of(caught) is Defect.INVALID_HOST


def test_renewal_keeps_the_trusted_authority() -> None:
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
    """Another authority's certificate and key in the place of ours."""
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


def test_an_expired_authority_issues_nothing() -> None:
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
