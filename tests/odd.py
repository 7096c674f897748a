"""Odd values, and every place in an answer or a file where one can be put."""

import copy
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
