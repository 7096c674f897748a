"""Remedies for connection errors that vehicles report."""

from enum import StrEnum
from typing import Final


class Remedy(StrEnum):
    """The remedy for an error that a vehicle reports; part of its repair issue's key."""

    SIGNATURE = "signature"
    """The vehicle rejects the configuration's signature: pair our key, then send it again."""
    HOST_NAME = "host_name"
    """The server's certificate is for another name."""
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE = "certificate"
    """The vehicle does not trust the server's certificate: wrong `ca`, or an incomplete chain."""
    NAME_NOT_FOUND = "name_not_found"
    """The host name does not resolve."""
    NOT_REACHABLE = "not_reachable"
    """Nothing answers at the port: forwarding, firewall, or Flotte is not running."""
    REFUSED_THERE = "refused_there"
    """The server that answers is not the receiver, or it rejects the vehicle."""
    OTHER = "other"


_REMEDIES: Final = (
    # The first row with a matching part wins, so specific parts come first: "x509: certificate is
    # valid for a, not b" is about a name.
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
"""Parts of vehicles' error messages, in lower case. Tesla documents none of them; they are from
issues of its server's repository and from common TLS libraries."""


def remedy_for(*texts: str) -> Remedy:
    """The remedy for an error with this name and description."""
    text = " ".join(texts).lower()
    for remedy, parts in _REMEDIES:
        if any(part in text for part in parts):
            return remedy
    return Remedy.OTHER
