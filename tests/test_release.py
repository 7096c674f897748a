"""The parts of a release, and reasons that keep a version from being released."""

import importlib.util
import json
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", ROOT / "scripts" / "release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


release = _script()

CHANGELOG = """\
# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added

- A horn.

## [0.1.0] - 2026-11-01

- The beginning.

[Unreleased]: https://example.com/commits/main
[0.2.0]: https://example.com/releases/v0.2.0
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository that is ready to release 0.2.0."""
    folder = tmp_path / "custom_components" / "example"
    (folder / "translations").mkdir(parents=True)
    (folder / "__pycache__").mkdir()
    (folder / "__init__.py").write_text("DOMAIN = 'example'\n")
    (folder / "__pycache__" / "stale.pyc").write_text("left behind")
    (folder / "manifest.json").write_text('{"version": "0.2.0"}')
    (folder / "translations" / "en.json").write_text("{}")
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "0.2.0"\n')
    (tmp_path / "hacs.json").write_text('{"zip_release": true, "filename": "example.zip"}')
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    return tmp_path


def test_versions_that_agree_can_be_released(repository: Path) -> None:
    assert release.main(["check", "v0.2.0"], repository) == 0


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("custom_components/example/manifest.json", "0.2.0", "0.1.0", "manifest.json: the version"),
        ("pyproject.toml", "0.2.0", "0.2.1", "pyproject.toml: the version is 0.2.1, not 0.2.0"),
        ("CHANGELOG.md", "## [0.2.0]", "## [0.3.0]", "the newest version is not 0.2.0"),
        ("CHANGELOG.md", " - 2026-12-01", "", "0.2.0 has no date"),
        ("CHANGELOG.md", "### Added\n\n- A horn.\n", "", "the section 0.2.0 is empty"),
    ],
)
def test_a_version_that_differs_somewhere_is_not_released(
    name: str,
    old: str,
    new: str,
    message: str,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = repository / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    assert release.main(["check", "v0.2.0"], repository) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("tag", ["0.2.0", "v0.1.0", "v0.2"])
def test_a_tag_of_another_version_is_not_released(tag: str, repository: Path) -> None:
    assert release.main(["check", tag], repository) == 1


@pytest.mark.parametrize(
    ("tag", "changelog", "expected"),
    [
        ("v0.2.0", CHANGELOG, "### Added\n\n- A horn.\n"),
        (
            "v0.1.0",
            CHANGELOG.replace("## [0.2.0] - 2026-12-01\n\n### Added\n\n- A horn.\n\n", ""),
            "- The beginning.\n",
        ),
    ],
)
def test_the_notes_are_the_section_of_the_version(
    tag: str, changelog: str, expected: str, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "CHANGELOG.md").write_text(changelog)
    assert release.main(["notes", tag], repository) == 0
    assert capsys.readouterr().out == expected


def test_the_archive_unpacks_into_the_folder_of_the_integration(repository: Path) -> None:
    assert release.main(["archive", str(repository)], repository) == 0
    with zipfile.ZipFile(repository / "example.zip") as packed:
        assert packed.namelist() == ["__init__.py", "manifest.json", "translations/en.json"]
        assert packed.read("__init__.py") == b"DOMAIN = 'example'\n"


def test_the_same_content_makes_the_same_archive(repository: Path, tmp_path: Path) -> None:
    first = release.archive(repository, tmp_path).read_bytes()
    (repository / "custom_components" / "example" / "__init__.py").touch()
    assert release.archive(repository, tmp_path).read_bytes() == first


def test_flotte_has_what_a_release_needs(tmp_path: Path) -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert hacs["zip_release"] is True
    with zipfile.ZipFile(release.archive(ROOT, tmp_path)) as packed:
        names = set(packed.namelist())
    assert {"manifest.json", "__init__.py", "translations/en.json", "brand/icon.png"} <= names
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_versions_of_the_repository_agree() -> None:
    manifest = json.loads((release.integration(ROOT) / "manifest.json").read_text())
    assert f'\nversion = "{manifest["version"]}"\n' in (ROOT / "pyproject.toml").read_text()
