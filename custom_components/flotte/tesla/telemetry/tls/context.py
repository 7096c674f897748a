"""The server's TLS context, and the only part of TLS that accesses the disk.

Source: the observed behaviour of Python 3.14 with OpenSSL 3.6.
"""

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

from .certificates import CertificateDefect, Defect
from .server_certificate import ServerCertificate

_NO_COMPRESSED_CERTIFICATES: Final = 1 << 33
"""`SSL_OP_NO_RX_CERTIFICATE_COMPRESSION` of OpenSSL 3.2 and later, for which Python has no name.

With compression, 2 kB on the wire can become 100 kB of certificates to parse (RFC 8879).
"""


class ServerContext(ssl.SSLContext):
    """TLS context of the server, with a second context for clients that offer a session.

    OpenSSL resumes sessions of TLS 1.2 without verifying the certificate again, and Python cannot
    turn that off. But a context knows only its own sessions. So a client that offers a session of
    one context is served by the other one, its `alternate`.
    """

    alternate: ServerContext


def server_context(certificate: ServerCertificate, client_cas: str, folder: Path) -> ServerContext:
    """Create the server's TLS context. Blocks, because OpenSSL reads the key from a private file.

    Both TLS 1.2 and 1.3 are enabled, because it is not documented which one vehicles use. OpenSSL
    checks that a client's certificate is for clients.

    Args:
        certificate: The certificate to present.
        client_cas: PEM of the CAs that may have signed a vehicle's certificate; `AcceptedCas.pem`.
        folder: Existing folder on a local disk for the private file.

    Raises:
        CertificateDefect: OpenSSL cannot use one of them.
        OSError: the file cannot be written.
    """
    context, alternate = _context(client_cas), _context(client_cas)
    context.alternate, alternate.alternate = alternate, context
    # OpenSSL reads the key only from a file. No other user can read this file (mode 600).
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
    """Create a context without a certificate of its own. Raises CertificateDefect."""
    context = ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    # Not strict: it is unknown whether vehicles' certificates have the extensions that this
    # requires.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    # As in Tesla's own server, every CA in the list is trusted on its own, even an intermediate.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    # WebSocket needs HTTP/1.1.
    context.set_alpn_protocols(["http/1.1"])
    # A resumed session is not verified again, so an expired certificate would stay accepted.
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION | _NO_COMPRESSED_CERTIFICATES
    context.num_tickets = 0
    if not client_cas:
        raise CertificateDefect(Defect.CLIENT_CAS_MISSING, expired="-", unknown="0")
    try:
        context.load_verify_locations(cadata=client_cas)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise CertificateDefect(Defect.CLIENT_CAS_UNREADABLE) from error
    return context
