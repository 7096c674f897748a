"""The server's certificate: checks an owner's files, and finds the CAs that vehicles trust for it.

These CAs go into the configuration's `ca`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import ExtendedKeyUsageOID

from .certificates import (
    PARSE_ERRORS,
    CertificateDefect,
    Defect,
    belongs_to,
    common_name,
    extension_of,
    host_name,
    key_to_pem,
    pem_blocks,
    read_chain,
    read_key,
    to_pem,
)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """The certificate that the server presents to vehicles, with its key."""

    chain: str
    """PEM: the server's certificate, then its issuers."""
    key: str = field(repr=False)
    """Private key, PEM, PKCS#8 without a password: a secret."""
    ca: str
    """PEM for the configuration's `ca`, against which vehicles verify the chain."""
    is_anchored: bool
    """Whether `ca` contains a root. Vehicles that require a root cannot connect without one."""
    not_before: datetime
    not_after: datetime

    @property
    def renew_after(self) -> datetime:
        """When to start replacing the certificate: after two thirds of its life."""
        return self.not_after - (self.not_after - self.not_before) / 3


def read_server_certificate(
    chain: bytes, key: bytes, host: str, now: datetime, *, roots: bytes = b""
) -> ServerCertificate:
    """Check an owner's or a stored certificate, and find its `ca`.

    The chain from a public CA ends with an intermediate, so the root is searched in `roots`. Both
    go into `ca`: Tesla's own check verifies the first certificate with `ca` alone, and the root is
    still right when the next certificate is from another intermediate.

    Args:
        chain: PEM, the server's certificate first, each followed by its issuer.
        key: PEM, without a password.
        host: The name or address that vehicles connect to.
        now: The current time; aware.
        roots: PEM with roots that may be sent to vehicles, such as those in Python packages of
            trusted roots; our own CA if it issued the certificate.

    Raises:
        CertificateDefect: with the first defect found.
    """
    name = host_name(host)
    certificates = read_chain(chain)
    private = read_key(key)
    leaf, *issuers = certificates
    if not belongs_to(private, leaf):
        in_chain = any(belongs_to(private, each) for each in issuers)
        raise CertificateDefect(Defect.CHAIN_ORDER if in_chain else Defect.KEY_OTHER)
    for issued, issuer in zip(certificates, issuers, strict=False):
        if not _issued_by(issued, issuer):
            raise CertificateDefect(Defect.CHAIN_ORDER, certificate=common_name(issued.subject))
    for each in certificates:
        _check_time(each, now)
    if not _is_for_servers(leaf):
        raise CertificateDefect(Defect.NOT_FOR_SERVERS)
    if not _is_for(leaf, name):
        raise CertificateDefect(
            Defect.WRONG_HOST, host=str(name.value), names=", ".join(_names(leaf)) or "-"
        )
    anchors = list(_anchors(certificates, roots, now))
    # The leaf itself is included only if it is self-signed, as an anchor.
    ca = [*issuers, *(each for each in anchors if each not in issuers)]
    if not ca:
        raise CertificateDefect(Defect.CHAIN_INCOMPLETE, issuer=common_name(leaf.issuer))
    return ServerCertificate(
        chain="".join(map(to_pem, certificates)),
        key=key_to_pem(private),
        ca="".join(map(to_pem, ca)),
        is_anchored=bool(anchors),
        not_before=leaf.not_valid_before_utc,
        not_after=min(each.not_valid_after_utc for each in certificates),
    )


def _anchors(
    chain: list[x509.Certificate], roots: bytes, now: datetime
) -> Iterator[x509.Certificate]:
    """Find the roots of a chain: its last certificate if self-signed, and any issuer in `roots`.

    A chain may have several roots: that of its intermediate, and an older one that cross-signed
    that root.
    """
    if _issued_by(chain[-1], chain[-1]):
        yield chain[-1]
    if not roots:
        return
    # Parse only roots that contain a wanted name: some public roots are so old and odd that the
    # library warns about them, and will reject them one day.
    wanted = {each.issuer.public_bytes() for each in chain}
    for der in pem_blocks(roots):
        if not any(name in der for name in wanted):
            continue
        try:
            root = x509.load_der_x509_certificate(der)
        except PARSE_ERRORS:
            continue
        if (
            root not in chain
            and root.not_valid_before_utc <= now <= root.not_valid_after_utc
            and any(_issued_by(each, root) for each in chain)
        ):
            yield root


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (*PARSE_ERRORS, InvalidSignature):
        return False
    return True


def _check_time(certificate: x509.Certificate, now: datetime) -> None:
    name = common_name(certificate.subject)
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
    """Whether the certificate is for servers: it says so, or does not restrict its usage."""
    usage = extension_of(leaf, x509.ExtendedKeyUsage)
    return usage is None or ExtendedKeyUsageOID.SERVER_AUTH in usage


def _names(leaf: x509.Certificate) -> list[str]:
    """Hosts that the certificate is for. As in today's clients, the common name does not count."""
    names = extension_of(leaf, x509.SubjectAlternativeName)
    if names is None:
        return []
    addresses = map(str, names.get_values_for_type(x509.IPAddress))
    return [*names.get_values_for_type(x509.DNSName), *addresses]


def _is_for(leaf: x509.Certificate, host: x509.DNSName | x509.IPAddress) -> bool:
    wanted = str(host.value)
    names = [name.lower() for name in _names(leaf)]
    if wanted in names:
        return True
    # A wildcard stands for exactly one label, the first (RFC 6125, 6.4.3).
    _, dot, parent = wanted.partition(".")
    return isinstance(host, x509.DNSName) and bool(dot) and f"*.{parent}" in names
