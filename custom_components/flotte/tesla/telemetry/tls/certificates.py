"""Certificates and keys in files, and the defects that they can have.

Nothing here reads a clock, blocks or accesses the disk.
"""

import binascii
import ipaddress
import re
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

MAX_FILE: Final = 1_000_000
"""Maximum bytes of a file with certificates. Tesla's file has 14 of them in about 25 kB."""


PARSE_ERRORS: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""Errors of the library for damaged or odd certificates, some of them only when a part is read."""


class Defect(StrEnum):
    """A defect of a certificate or key; the value is the key of the text for the user."""

    UNREADABLE = "certificate_unreadable"
    KEY_UNREADABLE = "certificate_key_unreadable"
    KEY_ENCRYPTED = "certificate_key_encrypted"
    KEY_KIND = "certificate_key_kind"
    KEY_OTHER = "certificate_key_other"
    """The key belongs to another certificate."""
    CHAIN_ORDER = "certificate_chain_order"
    """The file must begin with the server's certificate, each followed by its issuer."""
    CHAIN_INCOMPLETE = "certificate_chain_incomplete"
    NOT_FOR_SERVERS = "certificate_not_for_servers"
    WRONG_HOST = "certificate_wrong_host"
    NOT_YET_VALID = "certificate_not_yet_valid"
    EXPIRED = "certificate_expired"
    INVALID_HOST = "certificate_invalid_host"
    """The user's input is not the name of a host."""
    AUTHORITY_UNREADABLE = "certificate_authority_unreadable"
    """Our own stored CA."""
    AUTHORITY_UNWRITABLE = "certificate_authority_unwritable"
    AUTHORITY_EXPIRED = "certificate_authority_expired"
    CLIENT_CAS_UNREADABLE = "client_cas_unreadable"
    CLIENT_CAS_MISSING = "client_cas_missing"
    """The file has no acceptable CA, so no vehicle could connect."""


OF_AUTHORITY: Final = frozenset(
    {Defect.AUTHORITY_UNREADABLE, Defect.AUTHORITY_UNWRITABLE, Defect.AUTHORITY_EXPIRED}
)
"""Defects of our own CA, as opposed to those of the owner's files."""


class CertificateDefect(ValueError):
    """A certificate or key cannot be used; the message never contains key material.

    `key` is the translation key, and `placeholders` fills the translation.
    """

    def __init__(self, defect: Defect, **placeholders: str) -> None:
        details = ", ".join(f"{name}: {text}" for name, text in placeholders.items())
        super().__init__(f"{defect.value} ({details})" if details else defect.value)
        self.defect = defect
        self.placeholders = placeholders

    @property
    def key(self) -> str:
        """Key of the text for the user."""
        return self.defect.value


def read_chain(pem: bytes) -> list[x509.Certificate]:
    """Read one or more certificates. Raises CertificateDefect."""
    if len(pem) > MAX_FILE:
        raise CertificateDefect(Defect.UNREADABLE)
    try:
        return x509.load_pem_x509_certificates(pem)
    except PARSE_ERRORS:
        raise CertificateDefect(Defect.UNREADABLE) from None


type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def read_key(pem: bytes) -> PrivateKey:
    """Read a private key for TLS, without a password.

    Raises:
        CertificateDefect: the key is unreadable, encrypted, or of another kind.
    """
    if len(pem) > MAX_FILE:
        raise CertificateDefect(Defect.KEY_UNREADABLE)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateDefect(Defect.KEY_ENCRYPTED) from None
    except Exception:  # noqa: BLE001  # the library raises several kinds, and quotes its input
        raise CertificateDefect(Defect.KEY_UNREADABLE) from None
    # These two kinds are in use; it is unknown whether vehicles support others.
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise CertificateDefect(Defect.KEY_KIND)
    return key


def belongs_to(key: PrivateKey, certificate: x509.Certificate) -> bool:
    """Whether a private key belongs to a certificate."""
    try:
        return key.public_key() == certificate.public_key()
    except PARSE_ERRORS:
        return False  # the library does not know this kind of key


def extension_of[T: x509.ExtensionType](certificate: x509.Certificate, kind: type[T]) -> T | None:
    """Return an extension; None if it is missing or unreadable."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (*PARSE_ERRORS, x509.ExtensionNotFound):
        return None


_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def host_name(text: str) -> x509.DNSName | x509.IPAddress:
    """Convert a host to its form in certificates. Raises CertificateDefect."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text.strip("[] ")))
    except ValueError:
        pass
    try:
        name = text.strip().rstrip(".").encode("idna").decode("ascii").lower()
    except UnicodeError:
        name = ""
    if not _HOST_NAME.fullmatch(name):
        raise CertificateDefect(Defect.INVALID_HOST, host=text)
    return x509.DNSName(name)


def to_pem(certificate: x509.Certificate) -> str:
    """Encode a certificate as PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def key_to_pem(key: CertificateIssuerPrivateKeyTypes) -> str:
    """Encode a private key as PEM, PKCS#8 without a password: a secret."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def common_name(name: x509.Name) -> str:
    """Return the common name, or the whole name if it has none."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[-1].value) if common else name.rfc4514_string()


_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"


_END: Final = b"-----END CERTIFICATE-----"


def pem_blocks(pem: bytes) -> Iterable[bytes]:
    """Decode each certificate in a PEM file to DER, in one pass."""
    _, *blocks = pem.split(_BEGIN) if len(pem) <= MAX_FILE else [b""]
    if not blocks:
        raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE)
    for block in blocks:
        text, end, _ = block.partition(_END)
        try:
            der = binascii.a2b_base64(b"".join(text.split()), strict_mode=True) if end else b""
        except binascii.Error:
            der = b""
        if not der:
            raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE)
        yield der
