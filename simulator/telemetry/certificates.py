"""The authorities behind the cars' certificates: shaped and named like Tesla's, but our own.

    Tesla Product Root CA ── Tesla Motors Product Issuing CA ── cars of today, identified by an OID
    Tesla Motors Root CA ─── Tesla Motors Products CA ───────── older cars, identified by that name

Keys derive from the world's seed, so that a restarted simulator is trusted again. That makes them
worthless outside of a simulation, which is their only purpose.

Names, algorithms and OIDs: Tesla's fleet-telemetry, `messages` and `config/files/prod_ca.crt`.
Other contents of real cars' certificates are not known; certificates identified by name have no key
identifiers here, so that a server that insists on them is found out.
"""

import hashlib
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_FROM = datetime(2019, 5, 17, tzinfo=UTC)
_UNTIL = datetime(2049, 5, 19, tzinfo=UTC)
_VEHICLE = x509.ObjectIdentifier("1.3.6.1.4.1.49279.2.5.1")
_WIFI = x509.ObjectIdentifier("1.3.6.1.4.1.49279.2.5.1.1")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Kind(StrEnum):
    """The kind of a client's certificate."""

    OID = "oid"
    """A car of today: issued by Tesla Motors Product Issuing CA, with the OID of vehicles."""
    NAME = "name"
    """An older car: issued by Tesla Motors Products CA."""
    WIFI = "wifi"
    """For a Wi-Fi network, not for telemetry: a server must refuse it."""
    STRANGER = "stranger"
    """The names of OID, but issued by an unknown authority."""
    NONE = "none"
    """No certificate at all."""


@dataclass(frozen=True)
class Identity:
    """A key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> bytes:
        """The certificate in PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The unencrypted key in PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Authorities:
    """All issuing authorities, and the certificates that they issue to cars."""

    def __init__(self, seed: int) -> None:
        self._seed = f"telemetry/{seed}"
        self.product_root = self._root("Tesla Product Root CA")
        self.product_issuing = self._issuing(
            "Tesla Motors Product Issuing CA", self.product_root, has_identifiers=True
        )
        self.motors_root = self._root("Tesla Motors Root CA")
        self.products = self._issuing(
            "Tesla Motors Products CA", self.motors_root, has_identifiers=False
        )
        self._identities: dict[tuple[str, Kind], Identity] = {}

    @property
    def bundle(self) -> bytes:
        """All authorities as PEM, for a server that verifies cars."""
        return b"".join(
            identity.pem
            for identity in (
                self.product_root,
                self.product_issuing,
                self.motors_root,
                self.products,
            )
        )

    def identity(self, vin: str, kind: Kind) -> Identity:
        """A car's key and certificate; the subject's common name is the VIN."""
        if (vin, kind) not in self._identities:
            self._identities[vin, kind] = self._vehicle(vin, kind)
        return self._identities[vin, kind]

    def present(self, context: ssl.SSLContext, vin: str, kind: Kind) -> None:
        """Present the car's certificate; with an OID, its issuer's too."""
        if kind is Kind.NONE:
            return
        identity = self.identity(vin, kind)
        chain = identity.pem + (self.product_issuing.pem if kind is Kind.OID else b"")
        # Python's ssl reads keys from files only.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "client.pem")
            path.touch(mode=0o600)
            path.write_bytes(identity.key_pem + chain)
            context.load_cert_chain(path)

    def _vehicle(self, vin: str, kind: Kind) -> Identity:
        issuer = self.products if kind is Kind.NAME else self.product_issuing
        if kind is Kind.STRANGER:
            issuer = Identity(self._key("a stranger"), self.product_issuing.certificate)
        usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
        if kind is not Kind.NAME:
            usages.append(_WIFI if kind is Kind.WIFI else _VEHICLE)
        key = self._key(f"{vin}/{kind}")
        builder = self._builder(vin, key, issuer.certificate.subject).add_extension(
            x509.ExtendedKeyUsage(usages), critical=False
        )
        if kind is not Kind.NAME:
            builder = _identified(builder, key, issuer.key)
        return Identity(key, _signed(builder, issuer.key))

    def _root(self, name: str) -> Identity:
        key = self._key(name)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = _authority(self._builder(name, key, subject))
        return Identity(key, _signed(_identified(builder, key, key), key))

    def _issuing(self, name: str, root: Identity, *, has_identifiers: bool) -> Identity:
        key = self._key(name)
        builder = _authority(self._builder(name, key, root.certificate.subject))
        if has_identifiers:
            builder = _identified(builder, key, root.key)
        return Identity(key, _signed(builder, root.key))

    def _key(self, name: str) -> ec.EllipticCurvePrivateKey:
        """The key of this name, always the same one for a seed."""
        digest = hashlib.sha512(f"{self._seed}/{name}".encode()).digest()
        scalar = int.from_bytes(digest) % (_P256_ORDER - 1) + 1
        return ec.derive_private_key(scalar, ec.SECP256R1())

    def _builder(
        self, name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name
    ) -> x509.CertificateBuilder:
        digest = hashlib.sha256(f"{self._seed}/{name}/number".encode()).digest()
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(int.from_bytes(digest[:15]) + 1)
            .not_valid_before(_FROM)
            .not_valid_after(_UNTIL)
        )


def _authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    ).add_extension(
        x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        ),
        critical=True,
    )


def _identified(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    issuer: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    """With the identifiers of its own key and of its issuer's."""
    return builder.add_extension(
        x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
    ).add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False
    )


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Signed deterministically, so that the bytes too are always the same."""
    return builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
