"""Odd values, and every place in an answer or a file where one can be put."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

ODD: list[object] = [
    *(None, True, -1, 2**63, -(2**64), 1e308, "", "text", "1e400", "x" * 5_000, "0000-00-00"),
    *([], [None], [[]], {}, {"": None}, [{}], {"a": {"b": []}}),
]
"""Values of every type."""


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place in a JSON value."""
    yield path
    children: Mapping[Any, object] = {}
    if isinstance(value, dict):
        children = value
    elif isinstance(value, list):
        children = dict(enumerate(value))
    for key, child in children.items():
        yield from places(child, (*path, key))


def replaced(value: object, path: tuple[str | int, ...], new: object) -> Any:
    """A copy of a JSON value with something else at one place."""
    if not path:
        return new
    changed: Any = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


WORDS: list[bytes] = [
    *(
        b"null",
        b"true",
        b"false",
        b'""',
        b'"x"',
        b"5",
        b"-1",
        b"200",
        b"1e308",
        b"1e400",
        b"-1e400",
    ),
    *(b"NaN", b"9" * 5_000, b"[]", b"{}", b"[[]]", b'[{"a": [null]}]', b'{"": {"a": []}}'),
    *(b"[" * 500 + b"]" * 500, b"[" * 100_000, b'"\xff\xfe"', b'"\\ud800"', b'{"\\udc00": 1}'),
    *(b'"1e400"', b'"\\u0000"', b'"%s"' % (b"x" * 5_000), b"", b"{"),
]
"""JSON words of every type, and some that are none, as they come over the wire."""


def bodies(answer: object) -> Iterator[bytes]:
    """An answer with each of the words at each of its places, as it comes over the wire."""
    mark = "odd value"
    for path in places(answer):
        text = json.dumps(replaced(answer, path, mark)).encode()
        for word in WORDS:
            yield text.replace(b'"%s"' % mark.encode(), word)
