"""Firmware versions that change how the stream has to be read.

Before 2024.44.32, `DoorState` swaps DriverRear and PassengerFront, and `Version` may be the version
on offer instead of the installed one. Source: Tesla's list of fields (2026-08).
"""

import re
from functools import lru_cache
from typing import Final

type Release = tuple[int, ...]

FIRST_SOUND: Final[Release] = (2024, 44, 32)
"""The first firmware whose `DoorState` and `Version` are right."""

_RELEASE: Final = re.compile(r"\s*(\d{4}(?:\.\d{1,6}){1,5})(?![\d.])")


def release(firmware: str | None) -> Release | None:
    """Read a firmware such as `2026.32.1 0123abcd` into a comparable form; None if it is none."""
    found = _RELEASE.match(firmware or "")
    return None if found is None else tuple(map(int, found[1].split(".")))


@lru_cache(maxsize=256)
def newest_release(*known: str | None) -> Release | None:
    """The newest of these firmwares (vehicles are never downgraded); None if none is known."""
    return max((found for each in known if (found := release(each))), default=None)


def is_unsound(running: Release | None) -> bool:
    """Whether this firmware is older than `FIRST_SOUND`; an unknown one is not."""
    return running is not None and running < FIRST_SOUND
