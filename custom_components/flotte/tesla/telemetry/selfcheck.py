"""Check of our own public address from outside, as a car sees it.

Like Tesla's own script for server certificates (`check_server_cert.sh` of its public repository,
2026-07), it connects with the host name, and verifies the chain against the `ca` that cars have.
"""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TIMEOUT_SECONDS: Final = 10.0


class Finding(StrEnum):
    """Result of a check; each has a text."""

    OK = "ok"
    UNKNOWN_HOST = "unknown_host"
    """The name has no address."""
    REFUSED = "refused"
    """No program listens at the port."""
    TIMEOUT = "timeout"
    """No answer: usually a closed port, or a router that cannot reach its own public address."""
    NO_TLS = "no_tls"
    """The answer is not TLS, or the connection is closed at once."""
    OTHER_CERTIFICATE = "other_certificate"
    """Another server answers, or its chain lacks something: the cars would hang up."""
    OTHER_NAME = "other_name"
    """The certificate is for another name."""
    EXPIRED = "expired"
    NOT_RUNNING = "not_running"
    """Our own server does not run."""


@dataclass(frozen=True, slots=True)
class Check:
    """The result."""

    finding: Finding
    detail: str = ""
    """Words of the system or of TLS; never secret."""


def client_context(ca: str) -> ssl.SSLContext:
    """TLS context of a car, which trusts only the `ca` of its configuration. Blocks briefly.

    Raises:
        ssl.SSLError: `ca` is not PEM.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # An intermediate that the configuration names is trusted as it is, as cars do.
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
    """Connect to the address as a car would, without a certificate of our own.

    Args:
        hostname: Host name in the cars' configuration.
        port: Port in the cars' configuration.
        context: From `client_context`.
        at: Address to connect to; None to resolve the host name.
        patience: Seconds.
    """
    try:
        async with asyncio.timeout(patience):
            _reader, writer = await asyncio.open_connection(
                at or hostname, port, ssl=context, server_hostname=hostname
            )
    except OSError as error:
        # Also errors of TLS, of name resolution, and the end of our patience.
        return _of_error(error)
    # The server hangs up on us for want of a certificate; by then it has shown its own.
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
"""Numbers of OpenSSL: X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH."""


def _of_verification(error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code in _OTHER_NAME:
        return Finding.OTHER_NAME
    if error.verify_code in (_EXPIRED, _NOT_YET_VALID):
        return Finding.EXPIRED
    return Finding.OTHER_CERTIFICATE
