"""The tables of entities in README.md and its translations, made from the rows of the platforms.

    scripts/entities            write the tables
    scripts/entities --check    fail if one is stale

A table follows a comment such as `<!-- entities of each vehicle -->`. The names come from
translations/, those of the platforms from Home Assistant. Text after a semicolon in a cell is not
made here, and stays.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import homeassistant.components
from homeassistant.const import Platform
from homeassistant.helpers.entity import EntityDescription

import custom_components.flotte
from tests.test_entity_tables import DEVICES, NAMED_BY_THE_CAR, key_of

ROOT: Final = Path(__file__).parents[1]
READMES: Final = {"README.md": "en", "README.de.md": "de"}
"""By file, its language."""
HEADS: Final = {
    "en": ("platform", "entities"),
    "de": ("Plattform", "Entitäten"),  # codespell:ignore plattform
}
NOT_ALL: Final = {Platform.SENSOR, Platform.BINARY_SENSOR}
"""Platforms of which the tables leave out what is disabled: there is too much of it."""

_TABLE: Final = re.compile(r"<!-- entities of each (\w+) -->\n\n((?:\|.*\n)*)")
_PLACE: Final = re.compile(r"_(front|rear|left|right|center|driver|passenger|third_row)(?=_|$)")


@cache
def _texts(language: str) -> dict[str, Any]:
    folder = Path(custom_components.flotte.__file__).parent / "translations"
    texts: dict[str, Any] = json.loads((folder / f"{language}.json").read_text("utf-8"))
    return texts


@cache
def _title(platform: Platform, language: str) -> str:
    """Home Assistant's word for a platform."""
    folder = Path(homeassistant.components.__file__).parent / platform / "translations"
    title: str = json.loads((folder / f"{language}.json").read_text("utf-8"))["title"]
    return title


def _name(platform: Platform, row: EntityDescription, language: str) -> str:
    """The name of an entity; that of the platform if it is called like its device."""
    if (platform, row.key) in NAMED_BY_THE_CAR:
        return _title(platform, language)
    name: str = _texts(language)["entity"][platform][key_of(row)]["name"]
    return name


def _shared(names: list[str]) -> str:
    """The words that all names have, in their order: "door" of "Front driver door" and others."""
    words = [name.casefold().split() for name in names]
    shared = [word for word in words[0] if all(word in each for each in words)]
    first = names[0].split()
    return " ".join(first[words[0].index(word)] for word in shared)


def _items(platform: Platform, table: Iterable[EntityDescription], language: str) -> Iterator[str]:
    """The items of a cell; rows that differ in their place alone are one, with their number."""
    groups: dict[tuple[str, bool], list[EntityDescription]] = {}
    for row in table:
        enabled = row.entity_registry_enabled_default
        if enabled or platform not in NOT_ALL:
            groups.setdefault((_PLACE.sub("", row.key), enabled), []).append(row)
    for (_, enabled), rows in groups.items():
        names = [_name(platform, row, language) for row in rows]
        if len(names) > 1 and (shared := _shared(names)):
            names = [f"{shared[0].upper()}{shared[1:]} ({len(names)})"]
        yield from (name if enabled else f"*{name}*" for name in names)


def _cells(table: str) -> dict[str, str]:
    """The cells of a written table, by the title of their platform."""
    rows = (line.strip("|").split("|", 1) for line in table.splitlines()[2:])
    return {title.strip(): text.strip() for title, text in rows}


def _made(device: str, written: str, language: str) -> str:
    remarks = {title: text.partition("; ")[2] for title, text in _cells(written).items()}
    lines = [f"| {' | '.join(HEADS[language])} |", "|---|---|"]
    for platform, rows in sorted(DEVICES[device].items()):
        title = _title(platform, language)
        text = ", ".join(_items(platform, rows, language))
        lines.append(f"| {title} | {'; '.join(filter(None, (text, remarks.get(title))))} |")
    return "\n".join(lines) + "\n"


def renewed(text: str, language: str) -> str:
    """A README with the tables as they should be."""
    return _TABLE.sub(
        lambda found: found[0].removesuffix(found[2]) + _made(found[1], found[2], language), text
    )


def devices_in(text: str) -> list[str]:
    """The devices that a README has a table of."""
    return [found[1] for found in _TABLE.finditer(text)]


def main() -> None:
    """Write the tables, or say which README has stale ones."""
    parser = argparse.ArgumentParser(prog="scripts/entities", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if one is stale")
    options = parser.parse_args()
    stale = False
    for name, language in READMES.items():
        path = ROOT / name
        text = path.read_text("utf-8")
        if (made := renewed(text, language)) != text:
            stale = True
            sys.stdout.write(f"{name}: {'stale' if options.check else 'written'}\n")
            if not options.check:
                path.write_text(made, "utf-8")
    sys.exit(stale and options.check)


if __name__ == "__main__":
    main()
