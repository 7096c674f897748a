"""Parsers: Tesla's value in, ours out.

Those of numbers with a unit are in `measures`. One parser serves both sources, so it accepts the
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
    """A number that counts something."""
    return round(number(value))


def boolean(value: object) -> bool:
    """True and false, also as 1 and 0."""
    if value in (True, False):
        return bool(value)
    raise Unrecognised(value)


def text(value: object) -> str | None:
    """A text; Tesla's ways of saying "none" (blank, `<invalid>`) are None."""
    if not isinstance(value, str):
        raise Unrecognised(value)
    stripped = value.strip()
    return None if stripped in ("", "<invalid>") else stripped


def first_word(value: object) -> str | None:
    """The text up to the first blank: `2026.32.1 0123abcd` is version `2026.32.1`."""
    words = text(value)
    return words.split()[0] if words else None


def upper_case(value: object) -> str | None:
    """A code that the stream writes in capitals and a polled answer does not: `P74D`."""
    code = text(value)
    return code.upper() if code else None


def instant(value: object) -> float | None:
    """Unix seconds; 0 is Tesla's way of saying "never".

    The stream encodes these times in its own way, which its decoder undoes.
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
    """`NoPower` to `no_power`, `BLEKeys` to `ble_keys`: how we and the translations spell words."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", value).lower()


UNKNOWN_WORDS: Final = ("unknown", "invalid", "sna")
"""Words that stand for "no value" in Tesla's enumerations; SNA is "signal not available"."""


def one_of(*known: str, **spelled: str) -> Callable[[Any], str | None]:
    """One of `known` words, in lower-case snake; `spelled` maps Tesla's other spellings.

    "Unknown" and "Invalid" are None: Tesla has no value, and that is not worth a log entry.
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
    """False for 0, false and the words in `off` (lower-case snake); true for anything else known.

    "Unknown" and "Invalid" are None.
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
    """True and false, also as a word (lower-case snake): `yes`, or one of `no`.

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
    """Whether a dashcam records; any other word is a reason why it does not."""
    if isinstance(value, bool):
        return value
    word = text(value)
    return None if word is None or snake(word) in UNKNOWN_WORDS else snake(word) == "recording"


def digit(value: object) -> int | None:
    """A number that an enumeration spells: `3` or `"3"`."""
    if not isinstance(value, str):
        return whole(value)
    return None if snake(value) in UNKNOWN_WORDS else int(value)
