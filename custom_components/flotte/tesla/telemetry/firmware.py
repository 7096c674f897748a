"""Firmware, as far as it changes what the stream means.

Before 2024.44.32 `DoorState` has DriverRear and PassengerFront crossed, and `Version` may be the
version on offer. Source: Tesla's list of fields (2026-08).
"""

import re
from functools import lru_cache
from typing import Final

type Release = tuple[int, ...]

FIRST_SOUND: Final[Release] = (2024, 44, 32)
"""The first firmware whose doors and version are what they are called."""

_RELEASE: Final = re.compile(r"\s*(\d{4}(?:\.\d{1,6}){1,5})(?![\d.])")


def release(firmware: str | None) -> Release | None:
    """A firmware such as `2026.32.1 0123abcd`, to be compared; None if it is none."""
    found = _RELEASE.match(firmware or "")
    return None if found is None else tuple(map(int, found[1].split(".")))


@lru_cache(maxsize=256)
def newest_release(*known: str | None) -> Release | None:
    """The newest of these firmwares, as a vehicle is never set back; None if none is known."""
    return max((found for each in known if (found := release(each))), default=None)


def is_unsound(running: Release | None) -> bool:
    """Whether this firmware crosses doors; what is not known is taken to be newer."""
    return running is not None and running < FIRST_SOUND
