"""Every icon that is named anywhere is one of Home Assistant's frontend."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import hass_frontend
import pytest

ROOT: Final = Path(__file__).parents[1]
SUFFIXES: Final = {".html", ".js", ".json", ".md", ".py", ".yaml", ".yml"}
FILES: Final = sorted(
    path
    for place in ("custom_components", "demo", "docs", "blueprints", "*.md")
    for path in (ROOT.glob(place) if "*" in place else (ROOT / place).rglob("*"))
    if path.suffix in SUFFIXES and "mdi:" in path.read_text("utf-8")
)

_NAMED: Final = re.compile(r"\bmdi:([a-z0-9][a-z0-9-]*)")
_CHOSEN: Final = re.compile(r"`mdi:\$\{([^}]*)\}`")
"""A place in JavaScript that builds the name of an icon from others."""
_IN_ROWS: Final = re.compile(
    r"""^\s*\["[a-z_]+\.[a-z_]+",\s"([a-z0-9-]+)",  # an action: ["lock.doors", "lock",
    |^\s*\w+:\s\["([a-z0-9-]+)",\s\[                # a section: charging: ["ev-station", [
    """,
    re.MULTILINE | re.VERBOSE,
)
"""Rows of JavaScript that name an icon without its prefix."""


@cache
def existing() -> frozenset[str]:
    """The icons in the list from which the frontend offers them."""
    path = Path(hass_frontend.where(), "static", "mdi", "iconList.json")
    return frozenset(icon["name"] for icon in json.loads(path.read_text("utf-8")))


def icons(text: str, suffix: str) -> Iterator[str]:
    """The icons that a text names."""
    yield from _NAMED.findall(text)
    if suffix == ".js":
        chosen = _CHOSEN.findall(text)
        for expression in chosen:
            # A quoted name after a question mark or a colon; others are what it depends on.
            yield from re.findall(r'[?:] "([a-z0-9-]+)"', expression)
        if chosen:
            yield from (icon for row in _IN_ROWS.findall(text) for icon in row if icon)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_icon_exists(path: Path) -> None:
    named = set(icons(path.read_text("utf-8"), path.suffix))
    assert named
    assert named - existing() == set()


def test_icons_that_are_found() -> None:
    text = """
  charging: ["ev-station", [
  ["lock.doors", "lock", toggle],
  icon: "mdi:car-speaker", other: `mdi:${name === "unlock" ? "lock-open" : icon}`
"""
    assert set(icons(text, ".js")) == {"ev-station", "lock", "car-speaker", "lock-open"}
    assert "car-speaker" not in existing()
