"""No file and no class is too large to be read at one sitting."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("custom_components", "simulator", "benchmarks", "demo")
MAX_FILE_LINES = 500
MAX_CLASS_LINES = 250
TABLES = {
    "custom_components/flotte/tesla/telemetry/fields.py",
    "custom_components/flotte/tesla/telemetry/profiles.py",
}
"""Files of rows, which are searched and not read from top to bottom."""
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    """A file's path below the repository, with slashes."""
    return path.relative_to(ROOT).as_posix()


def classes_of(text: str) -> dict[str, int]:
    """The lines of each class in a module, nested ones too."""
    return {
        node.name: (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_sizes(path: Path) -> None:
    text = path.read_text("utf-8")
    lines = len(text.splitlines())
    if name_of(path) not in TABLES:
        assert lines <= MAX_FILE_LINES, f"split {name_of(path)} by topic: {lines} lines"
    large = {name: size for name, size in classes_of(text).items() if size > MAX_CLASS_LINES}
    assert not large, f"split by who owns which state: {large}"


def test_tables_are_large() -> None:
    """A file that got small needs no exception any more."""
    for name in TABLES:
        assert len((ROOT / name).read_text("utf-8").splitlines()) > MAX_FILE_LINES, name


def test_a_class_is_measured() -> None:
    text = "class Large:\n" + "    number = 1\n" * MAX_CLASS_LINES
    assert classes_of(text) == {"Large": MAX_CLASS_LINES + 1}
