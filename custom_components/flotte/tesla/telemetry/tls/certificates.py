"""Certificates of the stream: whom the cars trust, whom we trust, and which car is calling.

    the cars trust    a CA of our own (`Authority`), or what signed the certificate that the user
                      has; it goes into the configuration's `ca`
    we trust          Tesla's CAs that sign the cars' certificates, each one known by its
                      fingerprint (`accept_client_cas`)
    who is calling    the car's certificate says it (`identity`), nothing else does

Nothing here tells the time or waits; only `server_context` touches the disk, and says so.

Sources: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15), which does the same in Go; and
what Python 3.14 with OpenSSL 3.6 was seen to do.
"""

import binascii
import hashlib
import ipaddress
import os
import re
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFETIME: Final = timedelta(days=20 * 365)
"""The cars keep our CA in their configuration, so it has to outlive them."""

SERVER_LIFETIME: Final = timedelta(days=397)
"""From first to last valid second. TLS clients of today refuse 398 days and more."""

BACKDATED: Final = timedelta(days=1)
"""A car whose clock is behind must not take a new certificate for one of the future."""

LARGEST_FILE: Final = 1_000_000
"""Bytes of a file with certificates. Tesla's has 14 of them in about 25 kB."""


_CANNOT_BE_READ: Final = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for certificates that are damaged or odd; some of it while reading on."""


class Defect(StrEnum):
    """What can be wrong with certificates; the value is the key of the text for the user."""

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
    """What the user typed is no name of a host."""
    AUTHORITY_UNREADABLE = "certificate_authority_unreadable"
    """Our own CA, as it was stored."""
    AUTHORITY_UNWRITABLE = "certificate_authority_unwritable"
    AUTHORITY_EXPIRED = "certificate_authority_expired"
    CLIENT_CAS_UNREADABLE = "client_cas_unreadable"
    CLIENT_CAS_MISSING = "client_cas_missing"
    """Nothing acceptable in it, so that no car could connect."""


OF_AUTHORITY: Final = frozenset(
    {Defect.AUTHORITY_UNREADABLE, Defect.AUTHORITY_UNWRITABLE, Defect.AUTHORITY_EXPIRED}
)
"""What is wrong with our own CA, and not with files of the owner's."""


class CertificateDefect(ValueError):
    """A certificate or key that cannot be used; the text never contains key material.

    `key` is the translation key, `placeholders` fill the translation.
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


class UnknownDevice(ValueError):
    """A certificate of Tesla's, but not that of a car; the text is the reason."""


# --- The server's certificate ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """What the server shows to the cars."""

    chain: str
    """PEM: the server's certificate, then its issuers."""
    key: str = field(repr=False)
    """PEM, PKCS#8 without a password: a secret."""
    ca: str
    """PEM for the configuration's `ca`: what the chain verifies with."""
    is_anchored: bool
    """Whether `ca` holds a root. If not, cars that insist on one will not connect."""
    not_before: datetime
    not_after: datetime

    @property
    def renew_after(self) -> datetime:
        """When two thirds of its life are over: from then on it should be replaced."""
        return self.not_after - (self.not_after - self.not_before) / 3


class Authority:
    """A certification authority of our own, which signs our server's certificates.

    The cars trust it because the configuration says so. As long as it stays, certificates of the
    server can be renewed without telling the cars.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self._key = key
        self._certificate = certificate

    @classmethod
    def generate(cls, now: datetime) -> Self:
        """Make a new one."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        identifier = x509.SubjectKeyIdentifier.from_public_key(public)
        # A name of its own: certificates of an earlier one must never seem to be from this one.
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
        """Read what `certificate_pem` and `key_pem` answered.

        Raises:
            CertificateDefect: `AUTHORITY_UNREADABLE`. It must never be replaced silently, because
                the cars trust the old one only.
        """
        try:
            private = _read_key(key.encode())
            (read,) = _read_chain(certificate.encode())
        except ValueError:
            raise CertificateDefect(Defect.AUTHORITY_UNREADABLE) from None
        if (
            not isinstance(private, ec.EllipticCurvePrivateKey)
            or not _belongs(private, read)
            or _extension(read, x509.SubjectKeyIdentifier) is None
        ):
            raise CertificateDefect(Defect.AUTHORITY_UNREADABLE)
        return cls(private, read)

    @property
    def certificate_pem(self) -> str:
        """PEM for the configuration's `ca`."""
        return _pem(self._certificate)

    @property
    def not_after(self) -> datetime:
        """Last valid second."""
        return self._certificate.not_valid_after_utc

    def key_pem(self) -> str:
        """Return the private key as PKCS#8 PEM: a secret."""
        return _key_pem(self._key)

    def issue(self, host: str, now: datetime) -> ServerCertificate:
        """Make a certificate, with a new key, for the name or address that cars connect to.

        Raises:
            CertificateDefect: `INVALID_HOST`; `AUTHORITY_EXPIRED` if the cars cannot trust it.
        """
        name = _host(host)
        if now >= self.not_after:
            time = self.not_after.isoformat()
            raise CertificateDefect(Defect.AUTHORITY_EXPIRED, time=time)
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key()
        # A common name has at most 64 characters, a host name up to 253. Then the subject is empty,
        # and what stands for it must be critical (RFC 5280, 4.1.2.6).
        subject = []
        if len(str(name.value)) <= _LONGEST_COMMON_NAME:
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
            chain=_pem(certificate),
            key=_key_pem(key),
            ca=self.certificate_pem,
            is_anchored=True,
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
        )


_LONGEST_COMMON_NAME: Final = 64


def read_server_certificate(
    chain: bytes, key: bytes, host: str, now: datetime, *, roots: bytes = b""
) -> ServerCertificate:
    """Check a certificate that the user has, or that was stored, and find its `ca`.

    The file of a public CA ends with an intermediate; the root is looked for in `roots`. Both go
    into `ca`: Tesla's own check verifies the first certificate with `ca` alone, and the root still
    fits when the next certificate comes from another intermediate.

    Args:
        chain: PEM, the server's certificate first, each followed by its issuer.
        key: PEM, without a password.
        host: The name or address that cars connect to.
        now: The time now; aware.
        roots: PEM with roots that may be sent to cars, for example those that Python packages of
            trusted roots have. Our own CA if that issued the certificate.

    Raises:
        CertificateDefect: for the first thing that is wrong with them.
    """
    name = _host(host)
    certificates = _read_chain(chain)
    private = _read_key(key)
    leaf, *issuers = certificates
    if not _belongs(private, leaf):
        in_chain = any(_belongs(private, each) for each in issuers)
        raise CertificateDefect(Defect.CHAIN_ORDER if in_chain else Defect.KEY_OTHER)
    for issued, issuer in zip(certificates, issuers, strict=False):
        if not _issued_by(issued, issuer):
            raise CertificateDefect(Defect.CHAIN_ORDER, certificate=_name_of(issued.subject))
    for each in certificates:
        _check_time(each, now)
    if not _is_for_servers(leaf):
        raise CertificateDefect(Defect.NOT_FOR_SERVERS)
    if not _is_for(leaf, name):
        raise CertificateDefect(
            Defect.WRONG_HOST, host=str(name.value), names=", ".join(_names(leaf)) or "-"
        )
    anchors = list(_anchors(certificates, roots, now))
    # The leaf is an anchor only if it signed itself.
    ca = [*issuers, *(each for each in anchors if each not in issuers)]
    if not ca:
        raise CertificateDefect(Defect.CHAIN_INCOMPLETE, issuer=_name_of(leaf.issuer))
    return ServerCertificate(
        chain="".join(map(_pem, certificates)),
        key=_key_pem(private),
        ca="".join(map(_pem, ca)),
        is_anchored=bool(anchors),
        not_before=leaf.not_valid_before_utc,
        not_after=min(each.not_valid_after_utc for each in certificates),
    )


def _anchors(
    chain: list[x509.Certificate], roots: bytes, now: datetime
) -> Iterator[x509.Certificate]:
    """Roots that the chain leads to: its own last one, and those that signed any of it.

    A chain may lead to several: to the root of an intermediate, and over a cross-signed form of
    that root to an older one.
    """
    if _issued_by(chain[-1], chain[-1]):
        yield chain[-1]
    if not roots:
        return
    # Only those that bear a wanted name are read: among the public ones are some so old and odd
    # that the library warns of them, and will refuse them one day.
    wanted = {each.issuer.public_bytes() for each in chain}
    for der in _blocks(roots):
        if not any(name in der for name in wanted):
            continue
        try:
            root = x509.load_der_x509_certificate(der)
        except _CANNOT_BE_READ:
            continue
        if (
            root not in chain
            and root.not_valid_before_utc <= now <= root.not_valid_after_utc
            and any(_issued_by(each, root) for each in chain)
        ):
            yield root


def _read_chain(pem: bytes) -> list[x509.Certificate]:
    """One certificate at least."""
    if len(pem) > LARGEST_FILE:
        raise CertificateDefect(Defect.UNREADABLE)
    try:
        return x509.load_pem_x509_certificates(pem)
    except _CANNOT_BE_READ:
        raise CertificateDefect(Defect.UNREADABLE) from None


type PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def _read_key(pem: bytes) -> PrivateKey:
    if len(pem) > LARGEST_FILE:
        raise CertificateDefect(Defect.KEY_UNREADABLE)
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateDefect(Defect.KEY_ENCRYPTED) from None
    except Exception:  # noqa: BLE001  # the library raises several kinds, and quotes its input
        raise CertificateDefect(Defect.KEY_UNREADABLE) from None
    # Whether cars can do anything else is not known; these two are in use.
    if not isinstance(key, (rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)):
        raise CertificateDefect(Defect.KEY_KIND)
    return key


def _belongs(key: PrivateKey, certificate: x509.Certificate) -> bool:
    try:
        return key.public_key() == certificate.public_key()
    except _CANNOT_BE_READ:
        return False  # a kind of key that the library does not know


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*_CANNOT_BE_READ, InvalidSignature):
        return False
    return True


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    name = _name_of(certificate.subject)
    if now < certificate.not_valid_before_utc:
        raise CertificateDefect(
            Defect.NOT_YET_VALID,
            certificate=name,
            time=certificate.not_valid_before_utc.isoformat(),
        )
    if now > certificate.not_valid_after_utc:
        raise CertificateDefect(
            Defect.EXPIRED, certificate=name, time=certificate.not_valid_after_utc.isoformat()
        )


def _is_for_servers(leaf: x509.Certificate) -> bool:
    """Whether it may stand for a server: it says so, or nothing about what it is for."""
    usage = _extension(leaf, x509.ExtendedKeyUsage)
    return usage is None or ExtendedKeyUsageOID.SERVER_AUTH in usage


def _names(leaf: x509.Certificate) -> list[str]:
    """Hosts that it is for. The common name does not count, for clients of today."""
    names = _extension(leaf, x509.SubjectAlternativeName)
    if names is None:
        return []
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _is_for(leaf: x509.Certificate, host: x509.DNSName | x509.IPAddress) -> bool:
    wanted = str(host.value)
    names = [name.lower() for name in _names(leaf)]
    if wanted in names:
        return True
    # A star stands for exactly one label, the first (RFC 6125, 6.4.3).
    _, dot, parent = wanted.partition(".")
    return isinstance(host, x509.DNSName) and bool(dot) and f"*.{parent}" in names


def _extension[T: x509.ExtensionType](certificate: x509.Certificate, kind: type[T]) -> T | None:
    """An extension; None if there is none, or if they cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (*_CANNOT_BE_READ, x509.ExtensionNotFound):
        return None


_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
)


def _host(text: str) -> x509.DNSName | x509.IPAddress:
    """A host as a certificate names it."""
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


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")


def _key_pem(key: CertificateIssuerPrivateKeyTypes) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode("ascii")


def _name_of(name: x509.Name) -> str:
    """The common name, or all of it."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[-1].value) if common else name.rfc4514_string()


# --- Tesla's CAs ----------------------------------------------------------------------------------

# SHA-256 of the certificates (DER) in config/files/prod_ca.crt of teslamotors/fleet-telemetry,
# commit 4767414 (2026-07-15).
_PRODUCTION: Final = {
    # Expired on 2025-05-06.
    "Tesla Issuing CA": "9210df2afb71dcdcdb96abc7d3607f67b7a8ff1ab95fd975ee716618c98d31fa",
    # The first ones to expire do so in August 2029.
    "Tesla Motors GF Austin Product Issuing CA": (
        "bdf7cf2fd449a7803b7224a306245b4dd47eab3b11288b05001b07623d8ef980"
    ),
    "Tesla Motors GF Berlin Product Issuing CA": (
        "3468361b3dfe779ea4bdcfb3bd18de39e9371f453b93c6947e3167adf7c995be"
    ),
    "Tesla Motors GF0 Product Issuing CA": (
        "db8c6739f268c4e3e7c90598c1de28724a22e41be0cc3d20c52717d9b56645d5"
    ),
    "Tesla Motors GF3 Product Issuing CA": (
        "ca3087352e1b77854556988865b880ddf206d70ca84b826dc45b04f9883a1fe9"
    ),
    "Tesla Motors GF3 Product RSA Issuing CA": (
        "6c221b7290db8ffcb8fc37174bc386886206b77fec83f11292b3f41f6f180b90"
    ),
    "Tesla Motors Product Issuing CA": (
        "2baa91cf98e3bf3d48b3791d9b608de3e9b879852e6828924e98b9a7f7b716f4"
    ),
    "Tesla Motors Product RSA Issuing CA": (
        "b18e1fe69a588703cccda70056bd5332952411b2b60e52bad63dcff8b5fa8b6d"
    ),
    "Tesla Motors Products CA": "a1ffaf486020d4643ac8832a0608a075bc509d6725eac205c0bfce61a21edeac",
    "Tesla Motors Root CA": "4045a9064a7ff9ba0b793f515a18ffcf006f86e504cd80ebad4465f7418430e1",
    "Tesla Policy CA": "56f74af54bc918ce3dcd9ddef1c41ef7747822ce673ecf554693d67c5417cd31",
    "Tesla Product RSA Root CA": "9c1432cbd81d9f842d35b782768e555b62446a3e6e5b6e95287f1de3a91fcbf5",
    "Tesla Product Root CA": "ebbaacc16eb93c2e961c58fd43d874df2760558da3ef681c7d617d89abba3f32",
    "Tesla Root CA": "681c9455f1051a9effa0ef0814901a5ea4c08241867e34fad2b431535cd9a4ae",
}

TESLA_FINGERPRINTS: Final = frozenset(_PRODUCTION.values())
"""SHA-256, in hex, of the CA certificates that sign the certificates of customers' cars."""


@dataclass(frozen=True, slots=True)
class AcceptedCas:
    """What was found in a file that should hold Tesla's CA certificates."""

    certificates: tuple[str, ...]
    """PEM of each accepted one."""
    expired: tuple[str, ...]
    """Names of those that are known, but over."""
    unknown: int
    """How many are not in the table."""

    @property
    def pem(self) -> str:
        """The accepted ones as one text."""
        return "".join(self.certificates)


def accept_client_cas(
    pem: bytes, now: datetime, fingerprints: frozenset[str] | None = TESLA_FINGERPRINTS
) -> AcceptedCas:
    """Of a file from anywhere, what cars may be verified with.

    Every certificate is judged on its own by its SHA-256, so that it does not matter where the file
    came from, and what else is in it. Those that are not known are not even parsed.

    Args:
        pem: The file.
        now: The time now; aware.
        fingerprints: Which ones are accepted; None: any, for a simulator on this machine.

    Raises:
        CertificateDefect: `CLIENT_CAS_UNREADABLE` if the file is damaged or no such file at all,
            `CLIENT_CAS_MISSING` if nothing in it is acceptable.
    """
    certificates: list[str] = []
    expired: list[str] = []
    unknown = 0
    # A file may name one twice.
    for der in dict.fromkeys(_blocks(pem)):
        if fingerprints is not None and hashlib.sha256(der).hexdigest() not in fingerprints:
            unknown += 1
            continue
        try:
            certificate = x509.load_der_x509_certificate(der)
            is_over = certificate.not_valid_after_utc < now
            name = _name_of(certificate.subject)
        except _CANNOT_BE_READ as error:
            raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE) from error
        if is_over:
            expired.append(name)
        else:
            certificates.append(_pem(certificate))
    if not certificates:
        raise CertificateDefect(
            Defect.CLIENT_CAS_MISSING, expired=", ".join(expired) or "-", unknown=str(unknown)
        )
    return AcceptedCas(tuple(certificates), tuple(expired), unknown)


_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


def _blocks(pem: bytes) -> Iterable[bytes]:
    """What stands between the lines of each certificate, decoded; in one pass over the file."""
    _, *blocks = pem.split(_BEGIN) if len(pem) <= LARGEST_FILE else [b""]
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


# --- TLS ------------------------------------------------------------------------------------------


_NO_COMPRESSED_CERTIFICATES: Final = 1 << 33
"""`SSL_OP_NO_RX_CERTIFICATE_COMPRESSION` of OpenSSL from 3.2 on; Python has no name for it.

With compression 2 kB on the wire become 100 kB of certificates to parse (RFC 8879).
"""


class ServerContext(ssl.SSLContext):
    """TLS as the server speaks it, with a second context for clients that offer a session.

    OpenSSL keeps the sessions of TLS 1.2 to resume them, without verifying the certificate again,
    and Python offers no way to turn that off. But a context only knows its own sessions: whoever
    offers one of this context's gets `alternate`, which does not know it, and the other way round.
    """

    alternate: ServerContext


def server_context(certificate: ServerCertificate, client_cas: str, folder: Path) -> ServerContext:
    """How the server speaks TLS. Blocks: the key goes through a private file for a moment.

    What cars offer is not documented, so TLS 1.2 and 1.3 are both on. That the certificate of the
    client is for clients OpenSSL checks by itself.

    Args:
        certificate: To be shown.
        client_cas: PEM of the CAs that may have signed a car's certificate, `AcceptedCas.pem`.
        folder: Where the private file may be; it exists, and is on a disk of this machine.

    Raises:
        CertificateDefect: one of them is not what OpenSSL can use.
        OSError: no file can be written there.
    """
    context, alternate = _context(client_cas), _context(client_cas)
    context.alternate, alternate.alternate = alternate, context
    # OpenSSL takes the key from a file only. Nobody else can read this one (mode 600).
    handle, path = tempfile.mkstemp(prefix=".flotte-", suffix=".pem", dir=folder)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(certificate.key)
            file.write(certificate.chain)
        for each in (context, alternate):
            each.load_cert_chain(path)
    except ssl.SSLError:
        raise CertificateDefect(Defect.KEY_OTHER) from None
    finally:
        Path(path).unlink()
    return context


def _context(client_cas: str) -> ServerContext:
    """A context without a certificate of its own. Raises CertificateDefect."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    # Extensions that strictness asks for: whether the cars' certificates have them is not known.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # Every known CA is trusted by itself, also an intermediate, as by Tesla's own server.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # WebSocket needs HTTP/1.1.
    context.set_alpn_protocols(["http/1.1"])
    # A resumed session is not verified again: an expired certificate would live on.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | _NO_COMPRESSED_CERTIFICATES
    context.num_tickets = 0
    if not client_cas:
        raise CertificateDefect(Defect.CLIENT_CAS_MISSING, expired="-", unknown="0")
    try:
        context.load_verify_locations(cadata=client_cas)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE) from error
    return context


# --- Who is calling -------------------------------------------------------------------------------

VEHICLE: Final = "vehicle_device"

_PRODUCTS_CA: Final = "Tesla Motors Products CA"
_CARS_BY_NAME: Final = frozenset({"TeslaMotors", "Tesla Issuing CA", _PRODUCTS_CA})
"""Issuers that are enough to make a car."""
_BOARD_UNIT: Final = "Tesla Motors SN"

_BY_USAGE: Final = frozenset(
    {
        "Tesla Motors Product Issuing CA",
        "Tesla Motors Product RSA Issuing CA",
        "Tesla Motors GF3 Product Issuing CA",
        "Tesla Motors GF3 Product RSA Issuing CA",
        "Tesla Energy Product Issuing CA",
        "Tesla Energy GF0 Product Issuing CA",
        "Tesla Motors GF0 Product Issuing CA",
        "Tesla Motors GF Austin Product Issuing CA",
        "Tesla Motors GF Berlin Product Issuing CA",
        "Tesla Product Access Issuing CA",
        "Tesla China Product Access Issuing CA",
        "Tesla GF0 Product Access Issuing CA",
        "Tesla GF3 Product Access Issuing CA",
        "Tesla GF Austin Product Access Issuing CA",
        "Tesla GF Berlin Product Access Issuing CA",
    }
)
"""Issuers for all kinds of devices: the key usage says which."""

_USAGE: Final = re.compile(r"1\.3\.6\.1\.4\.1\.49279\.2\.[45]\.(\d{1,3})")
"""Tesla's own key usages: 4 engineering, 5 production; then the kind of device."""
_KINDS: Final = {
    1: VEHICLE,
    2: "energy_device",
    11: "vehicle_board_device",
    12: "das_device",
    14: "vehicle_service",
    15: "das_service",
    16: "energy_service",
    28: "robotics_device",
}
_WIFI: Final = "1.3.6.1.4.1.49279.2.5.1.1"
"""Of the certificate that a car has for Wi-Fi networks, which others than Tesla get to see."""
_OTHER_UNITS: Final = {
    "Solar Inverter": "solar_inverter_device",
    "Gen3 Wall Connector": "wall_connector_device",
}

_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a certificate stands for."""

    vin: str
    device_type: str


def identity(leaf_der: bytes) -> Identity:
    """The car that a certificate stands for; verified it must be already.

    Args:
        leaf_der: The certificate whose key the other side was seen to have: the first of the
            verified chain, never another one that was sent along.

    Raises:
        UnknownDevice: not a certificate of a car.
    """
    try:
        leaf = x509.load_der_x509_certificate(leaf_der)
        device = _only(leaf.subject, NameOID.COMMON_NAME)
        issuer = _only(leaf.issuer, NameOID.COMMON_NAME)
        units = _values(leaf.subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
        try:
            usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            usages = [each.dotted_string for each in usage]
        except x509.ExtensionNotFound:
            usages = []
    except UnknownDevice:
        raise
    except _CANNOT_BE_READ as error:
        raise UnknownDevice("the certificate cannot be read") from error
    if _WIFI in usages:
        raise UnknownDevice("a certificate for Wi-Fi networks")
    device_type = _device_type(issuer, units, usages)
    if device_type != VEHICLE:
        raise UnknownDevice(f"not a car but {device_type}")
    vin = device.replace(".", "-")
    if not _VIN.fullmatch(vin):
        raise UnknownDevice("the name in the certificate is not a VIN")
    return Identity(vin, device_type)


def _device_type(issuer: str, units: list[str], usages: list[str]) -> str:
    for unit in units:
        if (other := _OTHER_UNITS.get(unit)) is not None:
            return other
    if issuer in _CARS_BY_NAME:
        is_board = issuer == _PRODUCTS_CA and units[:1] == [_BOARD_UNIT]
        return "vehicle_board_device" if is_board else VEHICLE
    if issuer not in _BY_USAGE:
        raise UnknownDevice("an issuer that does not make certificates of devices")
    for usage in usages:
        if (found := _USAGE.fullmatch(usage)) and (kind := _KINDS.get(int(found[1]))):
            return kind
    raise UnknownDevice("no key usage of Tesla's")


def _values(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in name.get_attributes_for_oid(kind)]


def _only(name: x509.Name, kind: x509.ObjectIdentifier) -> str:
    """The one value: which of several counts, readers of certificates disagree about."""
    values = _values(name, kind)
    if len(values) != 1:
        raise UnknownDevice("the certificate does not have exactly one name")
    return values[0]
