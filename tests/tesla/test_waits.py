"""Every wait of a vehicle, and every look at the clock, goes through `waits`.

The tests of commands that must never run twice move time by replacing two functions there. A part
with its own reference to one of them would wait for real, and those tests would check nothing.
"""

import ast
from pathlib import Path

import pytest

from custom_components.flotte.tesla.vehicle import vehicle

PARTS = sorted(Path(vehicle.__file__).parent.glob("*.py"))


def own_clocks(source: str) -> list[str]:
    """Imports and calls in a source that pass by `waits`."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("waits"):
            found.append("import from waits")
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = {alias.name for alias in node.names}
            modules = {node.module} if isinstance(node, ast.ImportFrom) else names
            if "time" in modules or ("asyncio" in modules and "sleep" in names):
                found.append("import of a clock")
        elif isinstance(node, ast.Attribute) and node.attr in ("sleep", "call_later", "call_at"):
            found.append(node.attr)
    return found


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_a_part_has_no_clock_of_its_own(path: Path) -> None:
    if path.stem != "waits":
        assert own_clocks(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "from time import monotonic",
        "from asyncio import sleep",
        "from .waits import pause",
        "import asyncio\nasyncio.sleep(1)",
    ],
)
def test_a_clock_of_its_own_is_found(source: str) -> None:
    assert own_clocks(source)
