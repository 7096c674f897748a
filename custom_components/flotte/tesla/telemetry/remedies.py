"""Remedies for trouble that cars report about their connections."""

from enum import StrEnum
from typing import Final


class Remedy(StrEnum):
    """What helps against trouble that a vehicle reports: the key of a repair's text."""

    SIGNATURE = "signature"
    """The vehicle does not accept who signed the configuration: pair our key, then send it anew."""
    HOST_NAME = "host_name"
    """The server's certificate bears another name."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE = "certificate"
    """The vehicle does not trust the server's certificate: wrong `ca`, or an incomplete chain."""
    NAME_NOT_FOUND = "name_not_found"
    """The host name leads nowhere."""
    NOT_REACHABLE = "not_reachable"
    """Nobody answers at the port: forwarding, firewall, or Flotte is not running."""
    REFUSED_THERE = "refused_there"
    """Somebody answers who is not the receiver, or who wants no such client."""
    OTHER = "other"


_REMEDIES: Final = (
    # The first row of which one text is found decides, so the more telling ones come first:
    # "x509: certificate is valid for a, not b" is about a name.
    (Remedy.SIGNATURE, ("invalidsignature", "invalid signature")),
    (
        Remedy.HOST_NAME,
        (
            "valid for",
            "hostname mismatch",
            "host name mismatch",
            "hostname does not match",
            "notvalidforname",
            "ip sans",
            "legacy common name",
        ),
    ),
    (
        Remedy.CERTIFICATE_EXPIRED,
        ("certificate has expired", "certificate expired", "not yet valid"),
    ),
    (
        Remedy.CERTIFICATE,
        (
            "unknown authority",
            "unknown ca",
            "unknown_ca",
            "unknownissuer",
            "bad certificate",
            "bad_certificate",
            "badcertificate",
            "peer certificate",
            "certificate verify failed",
            "self signed certificate",
            "self-signed certificate",
            "unable to get local issuer",
            "x509",
        ),
    ),
    (Remedy.SIGNATURE, ("unknown issuer",)),
    (
        Remedy.NAME_NOT_FOUND,
        ("no such host", "name resolution", "nxdomain", "server misbehaving", "getaddrinfo"),
    ),
    (
        Remedy.NOT_REACHABLE,
        (
            "connection refused",
            "timed out",
            "timeout",
            "deadline exceeded",
            "no route to host",
            "network is unreachable",
            "host is down",
        ),
    ),
    (
        Remedy.REFUSED_THERE,
        (
            "bad handshake",
            "bad status",
            "unexpected status",
            "connection reset",
            "certificate required",
            "handshake failure",
            "protocol version",
            "does not look like a tls handshake",
            "unexpected eof",
            ": eof",
        ),
    ),
)
"""Parts of what vehicles report, in lower case. Tesla lists none of them: they were seen in issues
of its server, or are how the usual TLS libraries put it."""


def remedy_for(*texts: str) -> Remedy:
    """What helps against trouble of this name and description."""
    told = " ".join(texts).lower()
    for remedy, parts in _REMEDIES:
        if any(part in told for part in parts):
            return remedy
    return Remedy.OTHER
