"""Our repository keeps the rules of HACS, and each rule can be broken."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.validation.example import MANIFEST, changed, write_integration
from tests.validation.hacs import (
    RULES,
    RepositoryRule,
    brands,
    hacs_json,
    information,
    integration_manifest,
    licence,
    no_registry_locks,
    one_integration,
)

ROOT = Path(__file__).parents[1]
type Break = Callable[[Path], object]


def _write(name: str, text: str) -> Break:
    return lambda repository: (repository / name).write_text(text, encoding="utf-8")


def _remove(name: str) -> Break:
    return lambda repository: (repository / name).unlink()


HACS = {"name": "Example", "homeassistant": "2026.10.0"}
OURS = "custom_components/example_car"

BROKEN: list[tuple[RepositoryRule, Break, str]] = [
    (hacs_json, _remove("hacs.json"), "missing or no JSON object"),
    (hacs_json, _write("hacs.json", "["), "missing or no JSON object"),
    (hacs_json, _write("hacs.json", changed(HACS, "name")), "name"),
    (hacs_json, _write("hacs.json", changed(HACS, "domains", ["lock"])), "domains"),
    (hacs_json, _write("hacs.json", changed(HACS, "zip_release", value=True)), "needs filename"),
    (hacs_json, _write("hacs.json", changed(HACS, "homeassistant", "next")), "no release"),
    (
        one_integration,
        lambda repository: write_integration(repository / "custom_components" / "other", {}),
        "not 2 (example_car, other)",
    ),
    (
        one_integration,
        lambda repository: shutil.rmtree(repository / OURS),
        "not 0",
    ),
    (
        integration_manifest,
        _write(f"{OURS}/manifest.json", changed(MANIFEST, "issue_tracker")),
        "HACS needs issue_tracker",
    ),
    (
        integration_manifest,
        _write(f"{OURS}/manifest.json", changed(MANIFEST, "issue_tracker", "by post")),
        "issue_tracker is no address",
    ),
    (brands, _remove(f"{OURS}/brand/icon.png"), "icon.png is missing"),
    (licence, _remove("LICENSE"), "LICENSE is missing"),
    (licence, _write("LICENSE", "Do as you like."), "not the text of a licence"),
    (
        licence,
        lambda repository: (repository / "LICENSE").write_text(
            (ROOT / "LICENSE").read_text().replace("perpetual", "temporary")
        ),
        "not the text of a licence",
    ),
    (information, _remove("README.md"), "README.md or info.md is missing"),
    (no_registry_locks, _write("uv.lock", ""), "uv.lock does not belong here"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository without a fault."""
    write_integration(tmp_path / "custom_components" / "example_car", {})
    (tmp_path / "hacs.json").write_text(json.dumps(HACS))
    (tmp_path / "README.md").write_text("Example\n")
    shutil.copy(ROOT / "LICENSE", tmp_path / "LICENSE")
    return tmp_path


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_flotte_keeps_the_rule(rule: RepositoryRule) -> None:
    assert not list(rule(ROOT))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_example_keeps_the_rule(rule: RepositoryRule, repository: Path) -> None:
    assert not list(rule(repository))


@pytest.mark.parametrize(
    ("rule", "break_it", "says"),
    [pytest.param(*row, id=f"{row[0].__name__}: {row[2]}") for row in BROKEN],
)
def test_a_broken_rule_is_told(
    rule: RepositoryRule, break_it: Break, says: str, repository: Path
) -> None:
    break_it(repository)
    assert says in "\n".join(rule(repository))


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)
