"""Certification authorities that are not Tesla's, and the certificates of devices under them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Self

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect

PRODUCTS_CA = "Tesla Motors Products CA"
"""Issuer that makes a car by its name."""
ISSUING_CA = "Tesla Motors Product Issuing CA"
"""Issuer that needs a key usage for that."""
CAR_USAGE = "1.3.6.1.4.1.49279.2.5.1"
WIFI_USAGE = "1.3.6.1.4.1.49279.2.5.1.1"
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH.dotted_string
SERVER = ExtendedKeyUsageOID.SERVER_AUTH.dotted_string

VIN = "XP7YGCEK0RB000001"
OTHER_VIN = "LRW3E7FS0RC000002"

DAY = timedelta(days=1)


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def key_pem(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        encryption = serialization.BestAvailableEncryption(password)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def full_name(common_name: str | None, *units: str) -> x509.Name:
    common = [] if common_name is None else [(NameOID.COMMON_NAME, common_name)]
    parts = [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(*part) for part in (*parts, *common)])


@dataclass(frozen=True)
class Issued:
    """A certificate, its key, and its issuer."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    issuers: list[x509.Certificate] = field(default_factory=list)

    @property
    def pem(self) -> str:
        """The certificate."""
        return pem(self.certificate)

    @property
    def der(self) -> bytes:
        """The certificate."""
        return der(self.certificate)

    @property
    def chain(self) -> str:
        """With all issuers but the root."""
        return "".join(map(pem, [self.certificate, *self.issuers[:-1]]))

    @property
    def key_pem(self) -> str:
        """The private key."""
        return key_pem(self.key)


class Ca(Issued):
    """An authority for tests; without key identifiers, as cars' authorities may be."""

    @classmethod
    def make(
        cls,
        name: str,
        parent: Ca | None = None,
        *,
        key: ec.EllipticCurvePrivateKey | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Self:
        """Make one, which is self-signed if it has no parent."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(full_name(name))
            .issuer_name(parent.certificate.subject if parent else full_name(name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now - DAY)
            .not_valid_after(end or now + 10 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(parent.key if parent else key, hashes.SHA256())
        )
        issuers = [parent.certificate, *parent.issuers] if parent else []
        return cls(certificate, key, issuers)

    def issue(
        self,
        name: str | x509.Name | None,
        *usages: str,
        hosts: tuple[str, ...] = (),
        addresses: tuple[str, ...] = (),
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Issued:
        """Sign a certificate of a device or server, with these extended key usages."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name if isinstance(name, x509.Name) else full_name(name))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or now - DAY)
            .not_valid_after(end or now + 9 * DAY)
        )
        if usages:
            oids = [x509.ObjectIdentifier(usage) for usage in usages]
            builder = builder.add_extension(x509.ExtendedKeyUsage(oids), critical=False)
        names = [
            *map(x509.DNSName, hosts),
            *(x509.IPAddress(ip_address(address)) for address in addresses),
        ]
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(self.key, hashes.SHA256())
        return Issued(certificate, key, [self.certificate, *self.issuers])


NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


HOST = "flotte.example"


def loaded(text: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(text.encode())


def defect_of(caught: pytest.ExceptionInfo[CertificateDefect]) -> Defect:
    assert caught.value.key == caught.value.defect.value
    return caught.value.defect


def now() -> datetime:
    return datetime.now(UTC)
