"""Hostile values never raise, and are never misread."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from custom_components.flotte.tesla.reading_json import (
    as_flag,
    as_moment,
    as_number,
    as_object,
    as_text,
    as_whole,
    number_in,
    parse_json,
)

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**400,
    -(10**400),
    0.0,
    -0.5,
    1e308,
    math.nan,
    math.inf,
    -math.inf,
    "",
    " ",
    "text",
    "nan",
    "Infinity",
    "1e999",
    "9" * 5000,
    "\ud800",
    [],
    [1],
    {},
    {"a": 1},
    b"5",
    NOON,
)


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_each_value_is_of_one_kind(value: Any) -> None:
    """Booleans are no numbers, numbers are finite, and texts are not converted."""
    assert as_text(value) == (value if type(value) is str else None)
    assert as_flag(value) is (value if type(value) is bool else None)
    assert as_whole(value) == (value if type(value) is int else None)
    number = as_number(value)
    assert (number is not None) == (type(value) in (int, float) and -1e308 <= value <= 1e308)
    assert number is None or (type(number) is float and number == value)
    assert as_object(value) == (value if type(value) is dict else {})


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value)[:20])
def test_no_moment(value: object) -> None:
    assert as_moment(value) is None


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5.0),
        (0.25, 0.25),
        ("5", 5.0),
        (" -5.5 ", -5.5),
        ("1e3", 1000.0),
        ("", None),
        ("5 km", None),
        ("nan", None),
        ("-inf", None),
        ("1e999", None),
        ("9" * 5000, None),
        (10**400, None),
        (True, None),
        (None, None),
        ([5], None),
    ],
)
def test_a_number_that_may_be_a_text(value: object, number: float | None) -> None:
    assert number_in(value) == number


@pytest.mark.parametrize("value", [5.0, 5.5, "5", True, None])
def test_no_whole_number(value: object) -> None:
    assert as_whole(value) is None


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-03-10T12:00:00Z", NOON),
        ("2026-03-10T12:00:00+00:00", NOON),
        ("2026-03-10 14:00:00.000+02:00", NOON),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("2026-03-10T12:00:00", None),
        ("2026-03-10", None),
        ("2026-02-31T12:00:00Z", None),
        ("2026-13-45T00:00:00+00:00", None),
        ("10000-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("None", None),
        (5, None),
    ],
)
def test_moments(value: object, moment: datetime | None) -> None:
    read = as_moment(value)
    assert read == moment
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": [1, 2.5, true, null, "b"]}', {"a": [1, 2.5, True, None, "b"]}),
        ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
        ("[9223372036854775807, 9223372036854775808]", [2**63 - 1, None]),
        ("[-9223372036854775808, -9223372036854775809]", [-(2**63), None]),
        ("9" * 5000, None),
        ('{"\\ud800": "\\uDFFF!"}', {"?": "?!"}),
        ('"\\ud83d\\ude97"', "\N{AUTOMOBILE}"),
        ("", None),
        ("{", None),
        ("<html>", None),
        ("[" * 100_000, None),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_a_json_text(text: str, value: object) -> None:
    assert parse_json(text) == value
