"""The TLS context of the server, and the private file behind it."""

import ssl
import stat
from pathlib import Path

import pytest

from custom_components.flotte.tesla.telemetry.tls.authority import Authority
from custom_components.flotte.tesla.telemetry.tls.certificates import CertificateDefect, Defect
from custom_components.flotte.tesla.telemetry.tls.context import server_context
from custom_components.flotte.tesla.telemetry.tls.server_certificate import ServerCertificate
from tests.tesla.telemetry.pki import HOST, Ca, defect_of, now


def test_context(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    context = server_context(issued, root.pem, tmp_path)
    assert context.protocol is ssl.PROTOCOL_TLS_SERVER
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.maximum_version is ssl.TLSVersion.MAXIMUM_SUPPORTED
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT
    assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
    assert [each["subject"] for each in context.get_ca_certs()] == [
        ((("commonName", "Root"),),),
    ]


def test_the_key_is_on_disk_for_a_moment_and_private(
    tmp_path: Path, root: Ca, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    seen: list[tuple[int, bool]] = []

    load = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, file: str) -> None:
        path = Path(file)
        assert path.parent == tmp_path
        seen.append((stat.S_IMODE(path.stat().st_mode), issued.key in path.read_text("ascii")))
        load(context, file)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    server_context(issued, root.pem, tmp_path)
    # Once for each of the two contexts.
    assert seen == [(0o600, True)] * 2
    assert list(tmp_path.iterdir()) == []


def test_refusals_of_openssl(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    other = Authority.generate(now()).issue(HOST, now())
    mixed = ServerCertificate(
        issued.chain, other.key, "", is_anchored=True, not_before=now(), not_after=now()
    )
    for certificate, cas, defect in [
        (mixed, root.pem, Defect.KEY_OTHER),
        (issued, "", Defect.CLIENT_CAS_MISSING),
        (issued, "nothing", Defect.CLIENT_CAS_UNREADABLE),
        (issued, "ä", Defect.CLIENT_CAS_UNREADABLE),
    ]:
        with pytest.raises(CertificateDefect) as caught:
            server_context(certificate, cas, tmp_path)
        assert defect_of(caught) is defect
        assert list(tmp_path.iterdir()) == []


def test_nowhere_to_put_the_file(tmp_path: Path, root: Ca) -> None:
    issued = Authority.generate(now()).issue(HOST, now())
    with pytest.raises(FileNotFoundError):
        server_context(issued, root.pem, tmp_path / "missing")
