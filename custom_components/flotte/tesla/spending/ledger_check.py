"""The check of a stored ledger. If one value is wrong, others may be missing.

`Ledger.from_stored` reads the readable rows even of a ledger that fails this check.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, TypeIs

from ..reading_json import as_number
from .ledger import CORRECTION, MAX_UNITS, Month
from .tariff import Category

_MAX_REFUNDED: Final = 10
"""How far below zero a month's count may be: a request that was under way during a correction may
be refunded afterwards."""
_OPTIONAL_ROWS: Final = ("unanswered", "saved")
"""Parts that the first versions did not write."""
_LATEST: Final = 253_402_300_799
"""The last second of the year 9999, in Unix seconds; a datetime cannot be later."""


def find_defect(stored: Mapping[str, Any]) -> str | None:
    """Name the first part of a stored ledger that is damaged; None if all is well."""
    if not _is_ledger(stored.get("ledger")):
        return "ledger"
    for key, check in _CHECKS.items():
        if (value := stored.get(key)) is not None and not check(value):
            return key
    return None


def is_month(value: object) -> bool:
    """Whether a value is a year and a month."""
    match value:
        case [int() as year, int() as month]:
            return 1 <= year <= 9999 and 1 <= month <= 12 and type(month) is int  # noqa: PLR2004
    return False


def is_count(value: object, least: int = 0) -> TypeIs[int]:
    """Whether a value is a plausible number of units."""
    return type(value) is int and least <= value <= MAX_UNITS


def _is_ledger(value: Any) -> bool:  # noqa: ANN401  # JSON
    if not isinstance(value, Mapping) or not _are_rows(value.get("counts")):
        return False
    totals: Counter[tuple[Month, str]] = Counter()
    for day, category, _, _, count in value["counts"]:
        totals[Month.of(date.fromisoformat(day)), category] += count
    if any(count < -_MAX_REFUNDED for count in totals.values()):
        return False
    return all(_are_rows(value.get(key, [])) for key in _OPTIONAL_ROWS)


def _are_rows(value: object) -> bool:
    return isinstance(value, list) and all(_is_row(line) for line in value)


def _is_row(line: object) -> bool:
    match line:
        case [str() as day, str() as category, str(), str() as caller, count]:
            try:
                date.fromisoformat(day)
            except ValueError:
                return False
            least = -MAX_UNITS if caller == CORRECTION else 0
            return category in Category and is_count(count, least)
    return False


def _is_woken(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(times, list) and all(_is_instant(each) for each in times)
        for times in value.values()
    )


def _is_instant(value: object) -> bool:
    seconds = as_number(value)
    return seconds is not None and 0 <= seconds <= _LATEST


def _is_doubt(value: object) -> bool:
    return (
        isinstance(value, Mapping)
        and is_month(value.get("month"))
        and isinstance(value.get("file"), str)
        and isinstance(counts := value.get("counts"), Mapping)
        and all(name in Category and is_count(count, -MAX_UNITS) for name, count in counts.items())
    )


_CHECKS: Final[Mapping[str, Callable[[object], bool]]] = {
    "suspended": is_month,
    "suspensions": is_count,
    "woken": _is_woken,
    "doubt": _is_doubt,
}
"""The check of each optional key's value."""
