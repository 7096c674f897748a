"""Our own certification authority, which signs the server's certificates.

Vehicles trust it because it is in the configuration's `ca`.
"""

from datetime import datetime, timedelta
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .certificates import (
    CertificateDefect,
    Defect,
    belongs_to,
    extension_of,
    host_name,
    key_to_pem,
    read_chain,
    read_key,
    to_pem,
)
from .server_certificate import ServerCertificate

CA_LIFETIME: Final = timedelta(days=20 * 365)
"""Vehicles keep our CA in their configuration, so it has to outlive them."""


SERVER_LIFETIME: Final = timedelta(days=397)
"""Validity of server certificates. Today's TLS clients reject 398 days and more."""


BACKDATED: Final = timedelta(days=1)
"""Time by which certificates are backdated, so that a vehicle whose clock is slow accepts new
ones."""


class Authority:
    """Our own certification authority, which signs our server's certificates.

    Vehicles trust it because it is in their configuration. As long as the authority is kept, server
    certificates can be renewed without configuring the vehicles again.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def generate(cls, now: datetime) -> Self:
        """Generate an authority with a new key."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        # Each authority has a unique name: certificates of an earlier one must not seem to be from
        # this one.
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Flotte"),
                x509.NameAttribute(
                    NameOID.COMMON_NAME, f"Flotte CA {identifier.digest.hex()[:12]}"
                ),
            ]
        )
        certificate = (
            x509.CertificateBuilder(name, name, public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(now + CA_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(is_ca=True), critical=True)
            .add_extension(identifier, critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @classmethod
    def from_pem(cls, certificate: str, key: str) -> Self:
        """Restore an authority from its `certificate_pem` and `key_pem`.

        Raises:
            CertificateDefect: `AUTHORITY_UNREADABLE`. Never replace the authority silently, because
                vehicles trust only the old one.
        """
        try:
            private = read_key(key.encode())
            (read,) = read_chain(certificate.encode())
        except ValueError:
            raise CertificateDefect(Defect.AUTHORITY_UNREADABLE) from None
        if (
            not isinstance(private, ec.EllipticCurvePrivateKey)
            or not belongs_to(private, read)
            or extension_of(read, x509.SubjectKeyIdentifier) is None
        ):
            raise CertificateDefect(Defect.AUTHORITY_UNREADABLE)
        return cls(private, read)

    @property
    def certificate_pem(self) -> str:
        """PEM for the configuration's `ca`."""
        return to_pem(self._certificate)

    @property
    def not_after(self) -> datetime:
        """The last second for which the authority is valid."""
        return self._certificate.not_valid_after_utc

    def key_pem(self) -> str:
        """Return the private key as PKCS#8 PEM: a secret."""
        return key_to_pem(self._key)

    def issue(self, host: str, now: datetime) -> ServerCertificate:
        """Issue a certificate, with a new key, for the name or address that vehicles connect to.

        Raises:
            CertificateDefect: `INVALID_HOST`, or `AUTHORITY_EXPIRED`: vehicles no longer trust it.
        """
        name = host_name(host)
        if now >= self.not_after:
            time = self.not_after.isoformat()
            raise CertificateDefect(Defect.AUTHORITY_EXPIRED, time=time)
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        # A common name has at most 64 characters, a host name up to 253. For a longer name the
        # subject is empty, and the alternative name must be critical (RFC 5280, 4.1.2.6).
        subject = []
        if len(str(name.value)) <= _MAX_COMMON_NAME:
            subject.append(x509.NameAttribute(NameOID.COMMON_NAME, str(name.value)))
        not_before = now - BACKDATED
        not_after = min(not_before + SERVER_LIFETIME, self.not_after)
        issuer_identifier = self._certificate.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value
        certificate = (
            x509.CertificateBuilder()
            .issuer_name(self._certificate.subject)
            .subject_name(x509.Name(subject))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(is_ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=not subject)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_identifier),
                critical=False,
            )
            .sign(self._key, hashes.SHA256())
        )
        return ServerCertificate(
            chain=to_pem(certificate),
            key=key_to_pem(key),
            ca=self.certificate_pem,
            is_anchored=True,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )


_MAX_COMMON_NAME: Final = 64


def _key_usage(*, is_ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_ca,
        crl_sign=is_ca,
        encipher_only=False,
        decipher_only=False,
    )
