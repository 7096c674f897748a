"""Lets cryptography learn what a date is before any test stops the clock.

It looks the class up once, at its first certificate. If that is the class of a stopped clock, real
dates are refused for the rest of the run; the other way round both are taken.
"""

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_KEY = ec.generate_private_key(ec.SECP256R1())
_NOW = datetime.now(UTC)
(
    x509.CertificateBuilder()
    .subject_name(x509.Name([]))
    .issuer_name(x509.Name([]))
    .public_key(_KEY.public_key())
    .serial_number(1)
    .not_valid_before(_NOW)
    .not_valid_after(_NOW + timedelta(days=1))
    .sign(_KEY, hashes.SHA256())
)
