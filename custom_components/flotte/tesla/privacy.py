"""Removal of VINs and tokens from texts of others.

Errors, logs, repair issues and diagnostics get published, and Tesla's texts may contain a whole VIN
or a token. The end of a VIN is enough for owners to tell their cars apart.
"""

import re
from typing import Final

VIN_SHOWN: Final = 6
"""Number of a VIN's last characters that may be shown."""
# 17 characters without I, O and Q; Tesla's VINs end in six digits. Source: ISO 3779, Tesla's VIN
# decoder documents for the NHTSA (2008 to 2026).
_VIN: Final = re.compile(
    r"(?<![A-Z0-9])(?=\d*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{11}(\d{6})(?![A-Z0-9])", re.IGNORECASE
)
# Three base64url parts, the first of which begins with `{"` (RFC 7519); Tesla's refresh tokens
# begin with their region.
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:NA|EU|CN)_[\w-]{20,}")


def shortened(text: str, length: int | None = None) -> str:
    """Reduce VINs in `text` to their ends, remove tokens, then cut it to `length` characters.

    The cut is last, because a truncated VIN would not be recognised.
    """
    return _TOKEN.sub("…", _VIN.sub(r"…\1", text))[:length]
