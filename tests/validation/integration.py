"""What a rule looks at: the folder of one integration, read once."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import probatio
from homeassistant.exceptions import HomeAssistantError
from homeassistant.util.yaml import load_yaml_dict

type Problems = Iterator[str]
type Rule = Callable[[Integration], Problems]

SLUG = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
"""Lower case letters and digits, joined by single underscores."""


class Integration:
    """The files of one integration. A file that cannot be read counts as missing.

    Unreadable files are reported by one rule (`files_parse`), so that a slip in one file is not
    told by every rule that reads it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def domain(self) -> str:
        """The domain that the folder's name claims."""
        return self.folder.name

    def has(self, name: str) -> bool:
        """Whether the integration has this file or folder."""
        return (self.folder / name).exists()

    def json(self, name: str) -> dict[str, Any] | None:
        """The object in a JSON file, or None."""
        try:
            content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except OSError, ValueError:
            return None
        return content if isinstance(content, dict) else None

    def yaml(self, name: str) -> dict[str, Any] | None:
        """The mapping in a YAML file (empty for an empty file), or None."""
        if not self.has(name):
            return None
        try:
            return load_yaml_dict(self.folder / name)
        except HomeAssistantError:
            return None

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """manifest.json; empty if there is none."""
        return self.json("manifest.json") or {}

    @cached_property
    def english(self) -> dict[str, Any]:
        """translations/en.json, the source of all texts; empty if there is none."""
        return self.json("translations/en.json") or {}

    @cached_property
    def modules(self) -> dict[str, ast.Module]:
        """Every Python file that parses, by its path inside the folder."""
        found = {}
        for path in sorted(self.folder.rglob("*.py")):
            try:
                found[path.relative_to(self.folder).as_posix()] = ast.parse(
                    path.read_text(encoding="utf-8")
                )
            except SyntaxError:
                continue
        return found

    @cached_property
    def words(self) -> frozenset[str]:
        """Every string constant of the code, and every argument's name: rows are named so too."""
        nodes = [node for module in self.modules.values() for node in ast.walk(module)]
        constants = (node.value for node in nodes if isinstance(node, ast.Constant))
        return frozenset(
            (
                *(value for value in constants if isinstance(value, str)),
                *(node.arg for node in nodes if isinstance(node, ast.keyword) and node.arg),
            )
        )

    @cached_property
    def word_patterns(self) -> tuple[re.Pattern[str], ...]:
        """What f-strings of the code can become, those with at least a word in them."""
        found = set()
        for module in self.modules.values():
            for node in ast.walk(module):
                if not isinstance(node, ast.JoinedStr):
                    continue
                parts = [
                    str(part.value) if isinstance(part, ast.Constant) else None
                    for part in node.values
                ]
                if any(re.search("[a-z]{3}", part) for part in parts if part):
                    found.add("".join(".+" if part is None else re.escape(part) for part in parts))
        return tuple(re.compile(pattern) for pattern in sorted(found))

    def uses(self, key: str) -> bool:
        """Whether the code has this text, written out or put together by an f-string."""
        return key in self.words or any(pattern.fullmatch(key) for pattern in self.word_patterns)

    def source(self, name: str) -> str:
        """The text of a file; empty if there is none."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else ""


def misfits(schema: probatio.Schema, content: object, where: str) -> Problems:
    """What a schema has against a content, each with its place."""
    try:
        schema(content)
    except probatio.MultipleInvalid as invalid:
        for error in invalid.errors:
            path = ".".join(str(key) for key in error.path)
            yield f"{where}: {path}: {error.msg}"


def files_parse(integration: Integration) -> Problems:
    """JSON, YAML and Python files can be read."""
    for path in sorted(integration.folder.rglob("*")):
        name = path.relative_to(integration.folder).as_posix()
        if path.suffix == ".json" and integration.json(name) is None:
            yield f"{name} is no JSON object"
        if path.suffix in {".yaml", ".yml"} and integration.yaml(name) is None:
            yield f"{name} is no YAML mapping"
        if path.suffix == ".py" and name not in integration.modules:
            yield f"{name} is no Python"
