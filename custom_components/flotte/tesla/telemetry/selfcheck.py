"""The check of our own public address, from a vehicle's point of view.

As Tesla's own script for server certificates does (`check_server_cert.sh` of its public repository,
2026-07), it connects to the host name and verifies the chain against the `ca` that vehicles have.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TIMEOUT_SECONDS: Final = 10.0


class Finding(StrEnum):
    """Result of a check; each has a text for the owner."""

    OK = "ok"
    UNKNOWN_HOST = "unknown_host"
    """The host name has no address."""
    REFUSED = "refused"
    """No program listens on the port."""
    TIMEOUT = "timeout"
    """No answer: usually a closed port, or a router that cannot reach its own public address."""
    NO_TLS = "no_tls"
    """The answer is not TLS, or the connection is closed at once."""
    OTHER_CERTIFICATE = "other_certificate"
    """Another server answers, or its chain is incomplete: vehicles would disconnect."""
    OTHER_NAME = "other_name"
    """The certificate is for another name."""
    EXPIRED = "expired"
    NOT_RUNNING = "not_running"
    """Our own server is not running."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result of a check, with details."""

    finding: Finding
    detail: str = ""
    """Message of the operating system or of TLS; contains no secrets."""


def client_context(ca: str) -> ssl.SSLContext:
    """Create a vehicle's TLS context, which trusts only the `ca` of its configuration.

    Blocks briefly.

    Raises:
        ssl.SSLError: `ca` is not PEM.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # As in vehicles, an intermediate in the `ca` is trusted on its own.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=ca)
    return context


async def check_address(
    hostname: str,
    port: int,
    context: ssl.SSLContext,
    *,
    at: str | None = None,
    patience: float = TIMEOUT_SECONDS,
) -> Check:
    """Connect to the address as a vehicle would, but without a client certificate.

    Args:
        hostname: Host name in the vehicles' configuration.
        port: Port in the vehicles' configuration.
        context: From `client_context`.
        at: Address to connect to; None to resolve the host name.
        patience: Timeout in seconds.
    """
    try:
        async with asyncio.timeout(patience):
            _reader, writer = await asyncio.open_connection(
                at or hostname, port, ssl=context, server_hostname=hostname
            )
    except OSError as error:
        # This includes errors of TLS and name resolution, and the timeout.
        return _of_error(error)
    # The server will refuse us for lack of a certificate, but it has already presented its own.
    writer.transport.abort()
    return Check(Finding.OK)


def _of_error(error: OSError) -> Check:
    match error:
        case ssl.SSLCertVerificationError():
            return Check(_of_verification(error), error.verify_message)
        case socket.gaierror():
            return Check(Finding.UNKNOWN_HOST, error.strerror or "")
        case ConnectionRefusedError():
            return Check(Finding.REFUSED)
        case ssl.SSLError() | ConnectionError():
            return Check(Finding.NO_TLS, getattr(error, "reason", None) or type(error).__name__)
    return Check(Finding.TIMEOUT, error.strerror or "")


_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_OTHER_NAME: Final = (62, 64)
"""OpenSSL's codes X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH."""


def _of_verification(error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code in _OTHER_NAME:
        return Finding.OTHER_NAME
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return Finding.EXPIRED
    return Finding.OTHER_CERTIFICATE
