"""TLS context of the server; building one is the only part that touches the disk.

Source: what Python 3.14 with OpenSSL 3.6 was seen to do.
"""

import os
import ssl
import tempfile
from pathlib import Path
from typing import Final

from .certificates import CertificateDefect, Defect
from .server_certificate import ServerCertificate

_NO_COMPRESSED_CERTIFICATES: Final = 1 << 33
"""`SSL_OP_NO_RX_CERTIFICATE_COMPRESSION` of OpenSSL from 3.2 on; Python has no name for it.

With compression 2 kB on the wire become 100 kB of certificates to parse (RFC 8879).
"""


class ServerContext(ssl.SSLContext):
    """TLS context of the server, with a second context for clients that offer a session.

    OpenSSL keeps the sessions of TLS 1.2 to resume them, without verifying the certificate again,
    and Python offers no way to turn that off. But a context only knows its own sessions: a client
    that offers one of them gets `alternate`, which does not know it, and the other way round.
    """

    alternate: ServerContext


def server_context(certificate: ServerCertificate, client_cas: str, folder: Path) -> ServerContext:
    """Build the TLS context of the server. Blocks: the key passes through a private file.

    What cars offer is not documented, so TLS 1.2 and 1.3 are both on. That the certificate of the
    client is for clients is checked by OpenSSL.

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
    # OpenSSL takes the key from a file only. No other user can read this one (mode 600).
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
    # Every known CA is trusted on its own, also an intermediate, as by Tesla's own server.
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
