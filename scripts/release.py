"""Make the parts of a release: the archive that HACS installs, and the release notes.

    scripts/release.py check v0.2.0      compare the tag, the manifest, pyproject.toml, CHANGELOG.md
    scripts/release.py notes v0.2.0      print that version's section of CHANGELOG.md
    scripts/release.py archive FOLDER    write the archive that hacs.json names into FOLDER

Needs Python only, no packages.
"""

import argparse
import json
import re
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every file in the archive, so that the same content makes the same archive."""

SECTION = re.compile(
    r"^## \[(?P<version>[^\]]+)\](?: - (?P<date>\d{4}-\d{2}-\d{2}))?$", re.MULTILINE
)
LINK = re.compile(r"^\[[^\]]+\]: ", re.MULTILINE)
"""The first of the links at the end of the changelog."""


class ReleaseError(Exception):
    """A reason why a version cannot be released."""


def integration(root: Path) -> Path:
    """The folder of the integration."""
    (manifest,) = root.glob("custom_components/*/manifest.json")
    return manifest.parent


def version_of(tag: str) -> str:
    """The version that a tag names.

    Raises:
        ReleaseError: it does not begin with v.
    """
    if not tag.startswith("v"):
        raise ReleaseError(f"the tag {tag} does not begin with v")
    return tag.removeprefix("v")


def notes(root: Path, version: str) -> str:
    """The section of a version in the changelog, without its heading.

    Raises:
        ReleaseError: there is none, it has no date, it is empty, or a newer version has one.
    """
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = list(SECTION.finditer(text))
    released = [each for each in sections if each["version"] != "Unreleased"]
    if not released or released[0]["version"] != version:
        raise ReleaseError(f"CHANGELOG.md: the newest version is not {version}")
    section = released[0]
    if section["date"] is None:
        raise ReleaseError(f"CHANGELOG.md: {version} has no date")
    rest = text[section.end() :]
    end = min(
        [found.start() for pattern in (SECTION, LINK) if (found := pattern.search(rest))],
        default=len(rest),
    )
    if not (body := rest[:end].strip()):
        raise ReleaseError(f"CHANGELOG.md: the section {version} is empty")
    return body


def check(root: Path, version: str) -> None:
    """Compare the version with all places that name it.

    Raises:
        ReleaseError: naming the place that differs.
    """
    manifest = json.loads((integration(root) / "manifest.json").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, found in (
        ("manifest.json", manifest["version"]),
        ("pyproject.toml", project["version"]),
    ):
        if found != version:
            raise ReleaseError(f"{name}: the version is {found}, not {version}")
    notes(root, version)


def files(folder: Path) -> Iterator[Path]:
    """All files of the integration except Python's caches, in a fixed order."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def archive(root: Path, target: Path) -> Path:
    """Write the archive into a folder and return its path.

    HACS unpacks it inside the integration's folder, so it has no folder of its own at the top.
    """
    folder = integration(root)
    hacs = json.loads((root / "hacs.json").read_text(encoding="utf-8"))
    path: Path = target / hacs["filename"]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for each in files(folder):
            entry = zipfile.ZipInfo(each.relative_to(folder).as_posix(), EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            packed.writestr(entry, each.read_bytes())
    return path


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Run the command of the command line."""
    parser = argparse.ArgumentParser(prog="scripts/release.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("check", "notes"):
        commands.add_parser(name).add_argument("tag", help="the tag of the version: v0.2.0")
    commands.add_parser("archive").add_argument("folder", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.command == "archive":
            print(archive(root, chosen.folder))
        elif chosen.command == "check":
            check(root, version_of(chosen.tag))
        else:
            print(notes(root, version_of(chosen.tag)))
    except ReleaseError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
