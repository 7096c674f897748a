"""Parsers of Tesla's values.

Parsers of numbers with a unit are in `measures`. One parser serves both sources, so it accepts the
polled form (`0`, `"Charging"`) as well as the streamed one (`"WindowStateClosed"` without its
prefix).
"""

import re
from collections.abc import Callable
from typing import Any, Final

from ..state import Implausible, Unrecognised

KILOMETRES_PER_MILE: Final = 1.609344
"""Exact, by the definition of 1959."""

type Position = tuple[float, float]
"""Latitude and longitude, degrees, WGS 84."""


def number(value: object) -> float:
    """Any JSON number, in the unit that Tesla uses."""
    # Nearly every number of a stream is a float already.
    if isinstance(value, float):
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unrecognised(value)
    return float(value)


def whole(value: object) -> int:
    """A whole number; fractions are rounded."""
    return round(number(value))


def boolean(value: object) -> bool:
    """A flag, which may also be 1 or 0."""
    if value in (True, False):
        return bool(value)
    raise Unrecognised(value)


def text(value: object) -> str | None:
    """A text; None if it is blank or `<invalid>`, which Tesla sends for "none"."""
    if not isinstance(value, str):
        raise Unrecognised(value)
    stripped = value.strip()
    return None if stripped in ("", "<invalid>") else stripped


def first_word(value: object) -> str | None:
    """The text up to the first blank: `2026.32.1 0123abcd` is version `2026.32.1`."""
    words = text(value)
    return words.split()[0] if words else None


def upper_case(value: object) -> str | None:
    """A code such as `P74D` in capitals, as in the stream; polled answers have lower case."""
    code = text(value)
    return code.upper() if code else None


def instant(value: object) -> float | None:
    """Unix seconds; None for 0, which means "never".

    The stream encodes these times in its own way, which its decoder has corrected.
    """
    return number(value) or None


_POLE: Final = 90
_ANTIMERIDIAN: Final = 180


def position(value: object) -> Position | None:
    """Latitude and longitude in degrees, as a pair; without a fix both are 0."""
    if not isinstance(value, tuple | list) or len(value) != 2:  # noqa: PLR2004  # a pair
        raise Unrecognised(value)
    latitude, longitude = number(value[0]), number(value[1])
    if not (-_POLE <= latitude <= _POLE and -_ANTIMERIDIAN <= longitude <= _ANTIMERIDIAN):
        raise Implausible(value)
    return (latitude, longitude) if latitude or longitude else None


def snake(value: str) -> str:
    """Convert a word to our spelling: `NoPower` to `no_power`, `BLEKeys` to `ble_keys`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", value).lower()


UNKNOWN_WORDS: Final = ("unknown", "invalid", "sna")
"""Words for "no value" in Tesla's enumerations; SNA is "signal not available"."""


def one_of(*known: str, **spelled: str) -> Callable[[Any], str | None]:
    """Create a parser of `known` words in snake case; `spelled` maps Tesla's other spellings.

    "Unknown" and "Invalid" are None, without a log entry, because Tesla has no value.
    """
    options = frozenset(known)

    def parse(value: object) -> str | None:
        if not isinstance(value, str):
            raise Unrecognised(value)
        word = snake(value.strip())
        word = spelled.get(word, word)
        if word in options:
            return word
        if word in UNKNOWN_WORDS:
            return None
        raise Unrecognised(value)

    return parse


def unless(*off: str) -> Callable[[Any], bool | None]:
    """Create a parser that returns False for 0, false and the words in `off` (in snake case).

    "Unknown" and "Invalid" are None; anything else is True.
    """

    def parse(value: object) -> bool | None:
        if isinstance(value, bool | int):
            return bool(value)
        if not isinstance(value, str) or not value:
            raise Unrecognised(value)
        word = snake(value)
        return None if word in UNKNOWN_WORDS else word not in off

    return parse


def truth(yes: str, *, no: tuple[str, ...]) -> Callable[[Any], bool | None]:
    """Create a parser of a flag, which may be a word in snake case: `yes`, or one of `no`.

    "Unknown", "Invalid" and "Faulted" (a broken sensor) are None.
    """

    def parse(value: object) -> bool | None:
        if not isinstance(value, str):
            return boolean(value)
        word = snake(value)
        if word == yes or word in no:
            return word == yes
        if word in UNKNOWN_WORDS or word == "faulted":
            return None
        raise Unrecognised(value)

    return parse


is_open = unless("closed")


def is_recording(value: object) -> bool | None:
    """Whether the dashcam is recording; any other word is the reason why it is not."""
    if isinstance(value, bool):
        return value
    word = text(value)
    return None if word is None or snake(word) in UNKNOWN_WORDS else snake(word) == "recording"


def digit(value: object) -> int | None:
    """A number, which an enumeration may spell: `3` or `"3"`."""
    if not isinstance(value, str):
        return whole(value)
    return None if snake(value) in UNKNOWN_WORDS else int(value)
