"""Reading of untrusted or damaged JSON: each value is of the expected kind, or None.

Nothing here raises. A boolean is never a number, and numbers are finite. Other readers raise on
purpose: those of options, because the owner has to know which one is wrong (`spending.policy`,
`spending.tariff`, `spending.endpoints`), and the parsers of signals, because unknown values are
logged (`signals.parsers`).
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any, Final


def as_text(value: object) -> str | None:
    """A text, as it is."""
    return value if isinstance(value, str) else None


def as_flag(value: object) -> bool | None:
    """True or false."""
    return value if isinstance(value, bool) else None


def as_whole(value: object) -> int | None:
    """A whole number written as one: 5, not 5.0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def as_number(value: object) -> float | None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _float(value)


def number_in(value: object) -> float | None:
    """A finite number, which may be written as a text."""
    return _float(value) if isinstance(value, str) else as_number(value)


def as_object(value: object) -> Mapping[str, Any]:
    """An object; empty for any other value."""
    return value if isinstance(value, Mapping) else {}


def as_moment(value: object) -> datetime | None:
    """A text in ISO 8601 as aware UTC; None if it has no zone."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        return None if moment is None or moment.tzinfo is None else moment.astimezone(UTC)
    except ValueError, OverflowError:
        return None


def _float(value: float | str) -> float | None:
    try:
        number = float(value)
    except ValueError, OverflowError:
        return None
    return number if isfinite(number) else None


# --- A whole text --------------------------------------------------------------------------------


def parse_json(text: str) -> object:
    r"""Parse a JSON text; None if it is not JSON.

    The parser's errors are not passed on, because they keep the whole text alive. Values that Home
    Assistant cannot store are replaced: numbers that are infinite or need more than 64 bits become
    None, and lone surrogates (`"\ud800"`) become question marks.
    """
    try:
        value: object = json.loads(
            text, parse_int=_parse_whole, parse_float=_float, parse_constant=lambda _: None
        )
        return _without_halves(value) if _HALF.search(text) else value
    except ValueError, RecursionError:
        return None


_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
_MAX_DIGITS: Final = 20
"""Length of the longest 64-bit number, with its sign."""
_MIN_WHOLE: Final = -(2**63)
_MAX_WHOLE: Final = 2**63 - 1


def _parse_whole(digits: str) -> int | None:
    # Python raises an error for more than 4,300 digits.
    if len(digits) > _MAX_DIGITS:
        return None
    number = int(digits)
    return number if _MIN_WHOLE <= number <= _MAX_WHOLE else None


def _without_halves(value: object) -> object:
    match value:
        case str():
            return value.encode(errors="replace").decode()
        case list():
            return [_without_halves(each) for each in value]
        case dict():
            return {_without_halves(key): _without_halves(each) for key, each in value.items()}
    return value
