"""Foreign words without what identifies a car or opens an account.

Errors, logs, repairs and diagnostics are shown around, and Tesla's own words may name a car by its
whole VIN or repeat a token. The end of a VIN is enough to tell one's cars apart.
"""

import re
from typing import Final

VIN_SHOWN: Final = 6
"""Last characters of a VIN that may be shown."""
# 17 characters without I, O and Q; Tesla's end in six digits. Source: ISO 3779, Tesla's VIN
# decoder documents for the NHTSA (2008 to 2026).
_VIN: Final = re.compile(
    r"(?<![A-Z0-9])(?=\d*[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{11}(\d{6})(?![A-Z0-9])", re.IGNORECASE
)
# Three base64url parts, the first of which begins with `{"` (RFC 7519); Tesla's refresh tokens
# begin with their region.
_TOKEN: Final = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]*|\b(?:NA|EU|CN)_[\w-]{20,}")


def shortened(text: str, length: int | None = None) -> str:
    """`text` with the ends of VINs only and without tokens, then cut to `length` characters.

    In that order: half a VIN is not recognised any more.
    """
    return _TOKEN.sub("…", _VIN.sub(r"…\1", text))[:length]
