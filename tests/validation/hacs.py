"""Rules of HACS about a repository with an integration.

Left to HACS' own action, because GitHub alone knows: description, topics, issues switched on, not
archived, and the licence as GitHub detects it (here: the text is that of an OSI licence).
"""

import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import probatio
from yarl import URL

from tests.validation.integration import Integration, Problems, misfits

type RepositoryRule = Callable[[Path], Problems]

_HACS = probatio.Schema(
    {
        probatio.Required("name"): str,
        "content_in_root": bool,
        "country": probatio.Any(str, [str]),
        "filename": str,
        "hacs": str,
        "hide_default_branch": bool,
        "homeassistant": str,
        "persistent_directory": str,
        "render_readme": bool,
        "zip_release": bool,
    }
)

LICENCES = {
    "Apache-2.0": "95f35d79ea3bab75c250549d6a03cef242e0547d78c99e26fcede49936fb0184",
}
"""SHA-256 of the words of the licence texts that GitHub recognises and we might use."""


def _object(path: Path) -> dict[str, object] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError, ValueError:
        return None
    return content if isinstance(content, dict) else None


def hacs_json(repository: Path) -> Problems:
    """hacs.json has a name and only keys that HACS knows."""
    content = _object(repository / "hacs.json")
    if content is None:
        yield "hacs.json is missing or no JSON object"
        return
    yield from misfits(_HACS, content, "hacs.json")
    if content.get("zip_release") and not content.get("filename"):
        yield "hacs.json: zip_release needs filename"
    least = content.get("homeassistant", "2026.10.0")
    if not re.fullmatch(r"20\d\d\.\d{1,2}\.\d+(b\d+)?", str(least)):
        yield f"hacs.json: homeassistant {least!r} is no release of Home Assistant"


def one_integration(repository: Path) -> Problems:
    """Exactly one folder lies under custom_components."""
    folders = [
        path.name
        for path in sorted((repository / "custom_components").glob("*"))
        if path.is_dir() and path.name != "__pycache__"
    ]
    if len(folders) != 1:
        yield f"custom_components: one integration, not {len(folders)} ({', '.join(folders)})"


def _integrations(repository: Path) -> list[Integration]:
    return [
        Integration(path.parent)
        for path in sorted((repository / "custom_components").glob("*/manifest.json"))
    ]


def integration_manifest(repository: Path) -> Problems:
    """What HACS reads from the manifest is there, two of it addresses."""
    for integration in _integrations(repository):
        for key in ("codeowners", "documentation", "domain", "issue_tracker", "name", "version"):
            if not integration.manifest.get(key):
                yield f"manifest.json: HACS needs {key}"
        for key in ("documentation", "issue_tracker"):
            if URL(str(integration.manifest.get(key, ""))).scheme not in {"http", "https"}:
                yield f"manifest.json: {key} is no address"


def brands(repository: Path) -> Problems:
    """The integration brings its icon."""
    for integration in _integrations(repository):
        if not integration.has("brand/icon.png"):
            yield f"custom_components/{integration.domain}/brand/icon.png is missing"


def licence_words(text: str) -> str:
    """A licence's words, without layout and case: what its recognition rests on."""
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def licence(repository: Path) -> Problems:
    """The licence is one that GitHub recognises, word for word."""
    path = repository / "LICENSE"
    if not path.is_file():
        yield "LICENSE is missing"
        return
    words = licence_words(path.read_text(encoding="utf-8"))
    if hashlib.sha256(words.encode()).hexdigest() not in LICENCES.values():
        yield "LICENSE is not the text of a licence that GitHub recognises"


def information(repository: Path) -> Problems:
    """There is something to read before installing."""
    if not any((repository / name).is_file() for name in ("README.md", "info.md")):
        yield "README.md or info.md is missing"


def no_registry_locks(repository: Path) -> Problems:
    """No lock file, since they record the addresses that packages came from."""
    for name in ("uv.lock", "poetry.lock", "package-lock.json", "yarn.lock"):
        if (repository / name).exists():
            yield f"{name} does not belong here: versions are pinned in requirements*.txt"


RULES: tuple[RepositoryRule, ...] = (
    hacs_json,
    one_integration,
    integration_manifest,
    brands,
    licence,
    information,
    no_registry_locks,
)
