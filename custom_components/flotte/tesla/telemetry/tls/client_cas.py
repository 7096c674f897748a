"""Tesla's CAs that sign vehicles' certificates, each identified by its fingerprint.

Source: teslamotors/fleet-telemetry, commit 4767414 (2026-07-15).
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509

from .certificates import PARSE_ERRORS, CertificateDefect, Defect, common_name, pem_blocks, to_pem

# SHA-256 of the certificates (DER) in config/files/prod_ca.crt of teslamotors/fleet-telemetry,
# commit 4767414 (2026-07-15).
_PRODUCTION: Final = {
    # Expired on 2025-05-06.
    "Tesla Issuing CA": "9210df2afb71dcdcdb96abc7d3607f67b7a8ff1ab95fd975ee716618c98d31fa",
    # The next ones expire in August 2029.
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
"""SHA-256, in hex, of the CA certificates that sign the certificates of customers' vehicles."""


@dataclass(frozen=True, slots=True)
class AcceptedCas:
    """CA certificates accepted from a file, and those that were not."""

    certificates: tuple[str, ...]
    """PEM of each accepted certificate."""
    expired: tuple[str, ...]
    """Names of known certificates that have expired."""
    unknown: int
    """Number of certificates that are not in the table."""

    @property
    def pem(self) -> str:
        """The accepted certificates as one PEM text."""
        return "".join(self.certificates)


def accept_client_cas(
    pem: bytes, now: datetime, fingerprints: frozenset[str] | None = TESLA_FINGERPRINTS
) -> AcceptedCas:
    """Pick the CAs that may verify vehicles from a file of any origin.

    Every certificate is identified by its own SHA-256, so the origin of the file and its other
    contents do not matter. Unknown certificates are not even parsed.

    Args:
        pem: The file.
        now: The current time; aware.
        fingerprints: Fingerprints to accept; None for any, with a simulator on this machine.

    Raises:
        CertificateDefect: `CLIENT_CAS_UNREADABLE` if the file is damaged or not PEM,
            `CLIENT_CAS_MISSING` if it contains no acceptable certificate.
    """
    certificates: list[str] = []
    expired: list[str] = []
    unknown = 0
    # A file may contain a certificate twice.
    for der in dict.fromkeys(pem_blocks(pem)):
        if fingerprints is not None and hashlib.sha256(der).hexdigest() not in fingerprints:
            unknown += 1
            continue
        try:
            certificate = x509.load_der_x509_certificate(der)
            is_over = certificate.not_valid_after_utc < now
            name = common_name(certificate.subject)
        except PARSE_ERRORS as error:
            raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE) from error
        if is_over:
            expired.append(name)
        else:
            certificates.append(to_pem(certificate))
    if not certificates:
        raise CertificateDefect(
            Defect.CLIENT_CAS_MISSING, expired=", ".join(expired) or "-", unknown=str(unknown)
        )
    return AcceptedCas(tuple(certificates), tuple(expired), unknown)
