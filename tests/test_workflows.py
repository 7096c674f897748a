"""Workflows run only what is pinned, with the least permissions, and call our own scripts."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from homeassistant.util.yaml import load_yaml_dict

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(
    r"^\s*(?:- )?uses: [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # (?:v\d[\w.]*|main|master)$"
)
"""A commit, and beside it the version or branch that it was taken from."""


def _read(path: Path) -> dict[str, Any]:
    return load_yaml_dict(path)


def _steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for job in _read(path)["jobs"].values():
            for step in job["steps"]:
                yield path.name, step


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_commit(path: Path) -> None:
    used = [line for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line for line in used if not PINNED.match(line)] == []


def test_an_action_has_one_commit_everywhere() -> None:
    commits: dict[str, set[str]] = {}
    for _, step in _steps():
        if "uses" in step:
            action, _, commit = step["uses"].partition("@")
            commits.setdefault(action, set()).add(commit)
    assert {action: found for action, found in commits.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_only_read(path: Path) -> None:
    """But for the one job that publishes a release, and only that."""
    content = _read(path)
    assert content["permissions"] in ({}, {"contents": "read"})
    writing = {
        name
        for name, job in content["jobs"].items()
        if "write" in (job.get("permissions") or {}).values()
    }
    assert writing == ({"publish"} if path.name == "release.yml" else set())


def test_a_checkout_leaves_no_token_behind() -> None:
    for name, step in _steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, name


def test_the_scripts_that_are_called_exist() -> None:
    for name, step in _steps():
        for script in re.findall(r"scripts/[\w.]+", step.get("run", "")):
            assert (ROOT / script).is_file(), f"{name}: {script}"


def test_the_validators_of_home_assistant_and_hacs_run() -> None:
    used = {step["uses"].partition("@")[0] for _, step in _steps() if "uses" in step}
    assert {"home-assistant/actions/hassfest", "hacs/action"} <= used


@pytest.mark.parametrize(
    ("line", "is_pinned"),
    [
        (f"      - uses: actions/checkout@{'0a' * 20} # v6.0.2", True),
        (f"      - uses: home-assistant/actions/hassfest@{'0a' * 20} # master", True),
        (f"      - uses: actions/checkout@{'0a' * 20}", False),
        ("      - uses: actions/checkout@v6 # v6.0.2", False),
        ("      - uses: hacs/action@main", False),
    ],
)
def test_the_check_of_pins_tells_them_apart(line: str, is_pinned: bool) -> None:  # noqa: FBT001  # a case
    assert bool(PINNED.match(line)) is is_pinned
