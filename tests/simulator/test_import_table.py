"""The import table of the simulator: which of its modules may import which.

Every file of the simulator has a row; packages by topic have one for all their files. Each row
names only modules of rows above it, and packages and clocks as in `tests/test_architecture.py`.
"""

import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.test_architecture import NEEDS_PERMISSION, imported

SIMULATOR = Path(__file__).parents[2] / "simulator"
PACKAGE = "simulator"

MAY_IMPORT: dict[str, set[str]] = {
    "accounts": set(),
    "bodies": {"aiohttp"},
    "clock": {"time"},
    "ports": {"socket"},
    "faults": set(),
    "minutes": set(),
    "balance": {"minutes"},
    "refusals": set(),
    "telemetry.certificates": {"cryptography", "ssl"},
    "telemetry.alerts": {"google", "tesla_protocol"},
    "telemetry": set(),
    "telemetry.signature": set(),
    "telemetry.envelope": set(),
    "pages": {"accounts", "aiohttp"},
    "bill": {"clock"},
    "limits": {"clock"},
    "tokens": {"accounts", "clock", "cryptography", "jwt"},
    "protocol": {"refusals", "cryptography", "google", "tesla_protocol"},
    "site_answers": {"refusals"},
    "vehicle": {"clock", "refusals"},
    "endpoints": {"bill", "limits"},
    "commands": {"refusals", "vehicle"},
    "vehicle_data": {"vehicle"},
    "rest_commands": {"commands", "refusals"},
    "signed_actions": {"commands", "protocol", "vehicle", "google", "tesla_protocol"},
    "telemetry.field": {"vehicle", "tesla_protocol"},
    "telemetry.readers": {"telemetry.field", "vehicle", "vehicle_data"},
    "telemetry.fields": {
        "telemetry.field",
        "telemetry.readers",
        "vehicle",
        "vehicle_data",
        "tesla_protocol",
    },
    "telemetry.configuration": {"telemetry.fields", "telemetry.signature"},
    "telemetry.collector": {
        "telemetry.configuration",
        "telemetry.field",
        "telemetry.fields",
        "vehicle",
        "google",
        "tesla_protocol",
    },
    "telemetry.connection": {
        "clock",
        "telemetry.certificates",
        "telemetry.configuration",
        "vehicle",
        "aiohttp",
        "asyncio",
        "cryptography",
        "ssl",
        "time",
    },
    "telemetry.subscription": {
        "telemetry.collector",
        "telemetry.configuration",
        "telemetry.signature",
        "vehicle",
    },
    "telemetry.in_flight": {"telemetry.subscription"},
    "telemetry.recorder": {
        "telemetry.alerts",
        "telemetry.certificates",
        "telemetry.collector",
        "telemetry.field",
        "telemetry.signature",
        "telemetry.subscription",
        "vehicle",
        "tesla_protocol",
    },
    "connected_vehicle": {
        "clock",
        "protocol",
        "refusals",
        "telemetry.certificates",
        "telemetry.recorder",
        "vehicle",
    },
    "telemetry.link": {
        "telemetry.certificates",
        "telemetry.collector",
        "telemetry.connection",
        "telemetry.envelope",
        "telemetry.field",
        "telemetry.in_flight",
        "telemetry.recorder",
        "telemetry.subscription",
        "vehicle",
        "aiohttp",
        "asyncio",
    },
    "steering": {
        "connected_vehicle",
        "protocol",
        "refusals",
        "telemetry.alerts",
        "telemetry.certificates",
        "telemetry.field",
        "telemetry.fields",
        "vehicle",
    },
    "cars": {
        "commands",
        "connected_vehicle",
        "protocol",
        "refusals",
        "rest_commands",
        "signed_actions",
        "steering",
        "vehicle_data",
        "tesla_protocol",
    },
    "energy": {"balance", "cars", "clock", "minutes", "refusals", "site_answers", "vehicle"},
    "supercharging": {"cars"},
    "world": {"cars", "clock", "energy", "supercharging", "vehicle"},
    "cloud": {
        "accounts",
        "bill",
        "cars",
        "clock",
        "endpoints",
        "energy",
        "faults",
        "limits",
        "refusals",
        "tokens",
        "world",
        "aiohttp",
    },
    "control": {
        "accounts",
        "cars",
        "cloud",
        "energy",
        "pages",
        "refusals",
        "telemetry.certificates",
        "aiohttp",
    },
    "fleet": {"cars", "cloud", "endpoints", "limits", "refusals", "rest_commands", "aiohttp"},
    "oauth": {"accounts", "cloud", "pages", "tokens", "aiohttp", "multidict"},
    "partner": {"accounts", "cars", "cloud", "pages", "refusals", "aiohttp", "cryptography"},
    "site_endpoints": {"cloud", "refusals", "aiohttp"},
    "charging_endpoints": {"cloud", "supercharging", "aiohttp"},
    "telemetry.endpoints": {
        "accounts",
        "cars",
        "cloud",
        "telemetry.configuration",
        "telemetry.field",
        "telemetry.signature",
        "aiohttp",
        "asyncio",
    },
    "telemetry.streams": {
        "bill",
        "cars",
        "cloud",
        "telemetry.certificates",
        "telemetry.endpoints",
        "telemetry.link",
        "telemetry.subscription",
        "asyncio",
    },
    "app": {
        "accounts",
        "bill",
        "bodies",
        "charging_endpoints",
        "clock",
        "cloud",
        "control",
        "endpoints",
        "faults",
        "fleet",
        "limits",
        "oauth",
        "partner",
        "site_endpoints",
        "telemetry.endpoints",
        "telemetry.streams",
        "telemetry.subscription",
        "world",
        "aiohttp",
        "asyncio",
    },
    "__main__": {"app", "asyncio"},
    "simulator": {"app"},
}


def modules() -> dict[str, Path]:
    """The simulator's files by their module name below the package, `simulator` for the package."""
    return {
        ".".join(path.relative_to(SIMULATOR).with_suffix("").parts)
        .removesuffix("__init__")
        .rstrip(".")
        or PACKAGE: path
        for path in sorted(SIMULATOR.rglob("*.py"))
    }


MODULES = modules()


def row_of(module: str) -> str:
    """The row of a module: its own, or that of its package."""
    name = module
    while name and name not in MAY_IMPORT:
        name = name.rpartition(".")[0]
    return name


def wanted(module: str, source: str) -> set[str]:
    """Everything a module imports that needs a permission."""
    known = {PACKAGE, *(f"{PACKAGE}.{each}" for each in MODULES)}
    found = set()
    for target in imported(source, PACKAGE, known):
        top = target.partition(".")[0]
        if top == PACKAGE:
            row = row_of(target.removeprefix(PACKAGE).removeprefix(".") or PACKAGE)
            if row != row_of(module):
                found.add(row or target)
        elif top not in sys.stdlib_module_names or top in NEEDS_PERMISSION:
            found.add(top)
    return found


def used() -> dict[str, set[str]]:
    """Everything that the modules of each row import."""
    found: dict[str, set[str]] = {}
    for module, path in MODULES.items():
        found.setdefault(row_of(module), set()).update(wanted(module, path.read_text("utf-8")))
    return found


@pytest.mark.parametrize(("module", "path"), MODULES.items(), ids=MODULES)
def test_a_module_imports_only_what_its_row_permits(module: str, path: Path) -> None:
    assert wanted(module, path.read_text("utf-8")) <= MAY_IMPORT.get(row_of(module), set())


def test_every_module_has_a_row_and_every_row_a_module() -> None:
    assert {row_of(module) for module in MODULES} == set(MAY_IMPORT)


def test_no_permission_is_unused() -> None:
    assert used() == MAY_IMPORT


def test_there_are_no_circles() -> None:
    tuple(TopologicalSorter(MAY_IMPORT).static_order())


def test_the_rows_name_only_rows_above_them() -> None:
    seen: set[str] = set()
    for row, allowed in MAY_IMPORT.items():
        seen.add(row)
        assert allowed & set(MAY_IMPORT) <= seen, row


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_no_import_hides_from_run_time(path: Path) -> None:
    assert "TYPE_CHECKING" not in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("telemetry.fields", "from simulator.cars import Car", {"cars"}),
        ("telemetry.fields", "from simulator import cars, vehicle_data", {"cars", "vehicle_data"}),
        ("vehicle.life", "from simulator.vehicle import body\nimport asyncio", {"asyncio"}),
        ("bill", "import simulator.telemetry.streams", {"telemetry.streams"}),
        ("bill", "import aiohttp.web", {"aiohttp"}),
        ("bill", "import json", set()),
        ("bill", "from simulator import Simulator", {"simulator"}),
    ],
)
def test_the_check_sees_what_needs_permission(module: str, source: str, found: set[str]) -> None:
    assert wanted(module, source) == found
