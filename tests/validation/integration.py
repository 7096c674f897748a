"""The folder of one integration, read once, for the rules to check."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from homeassistant.util.yaml import load_yaml_dict

type Problems = Iterator[str]
type Rule = Callable[[Integration], Problems]


class Integration:
    """The files of one integration. A file that does not parse raises."""

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
        """Return the object in a JSON file, or None if there is no such file."""
        if not self.has(name):
            return None
        content = json.loads((self.folder / name).read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise TypeError(f"{name} is no JSON object")
        return content

    def yaml(self, name: str) -> dict[str, Any] | None:
        """Return the mapping in a YAML file (empty for an empty file), or None without a file."""
        return load_yaml_dict(self.folder / name) if self.has(name) else None

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
        """Every Python file, by its path inside the folder."""
        return {
            path.relative_to(self.folder).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
            for path in sorted(self.folder.rglob("*.py"))
        }

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
        """Patterns of the texts that f-strings of the code can become, if they contain a word."""
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
