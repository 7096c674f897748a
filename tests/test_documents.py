"""The documents name only what exists: files, scripts, names in the code, and places to link to."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOTTE = ROOT / "custom_components" / "flotte"

DOCUMENTS = sorted(
    path for folder in (".", "docs", ".github") for path in (ROOT / folder).glob("*.md")
)
FOR_DEVELOPERS = [path for path in DOCUMENTS if path.name in {"CONTRIBUTING.md", "architecture.md"}]
"""The documents whose code spans are names of files and of things in the code."""

BASES = (ROOT, FLOTTE)
"""Where a path may begin: at the root, or in the folder of the integration."""

SPAN = re.compile(r"`([^`\n]+)`")
PATH = re.compile(
    r"[\w.-]*[\w-]/[\w./*-]*|[\w-]+\.(?:py|md|json|ya?ml|toml|txt)|\.ci/run|\.[\w-]+/"
)
NAME = re.compile(r"(?:[A-Za-z_]\w*\.)*(?P<last>[A-Za-z_]\w*)(?P<call>\(\))?")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")

MADE_LATER = {".venv/", ".demo/", ".storage/", ".storage/flotte.*"}
"""Folders that the scripts or Home Assistant make."""


def _prose(text: str) -> str:
    return FENCE.sub("", text)


def _paths(text: str) -> Iterator[str]:
    """Every path that a document for developers names: in code spans and in its picture."""
    for span in SPAN.findall(_prose(text)):
        for word in span.split():
            if PATH.fullmatch(word) and word not in MADE_LATER:
                yield word
    for kind, block in FENCE.findall(text):
        if kind == "mermaid":
            yield from re.findall(r"[\w/]+\.py|[\w/]+/(?=[\"<\s,])", block)
        elif kind == "bash":
            yield from re.findall(r"(?:scripts|tests)/[\w./]+", block)


def _names(text: str) -> Iterator[str]:
    """The names of classes, functions and constants in code spans."""
    for span in SPAN.findall(_prose(text)):
        found = NAME.fullmatch(span)
        if found and (found["call"] or "." in span or not span.islower() or "_" in span):
            yield found["last"]


def _anchors(path: Path) -> set[str]:
    """The places in a document that can be linked to, as GitHub names them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def _exists(name: str) -> bool:
    return any(any(base.glob(name.rstrip("/"))) for base in BASES)


def _words_of_the_code() -> set[str]:
    folders = ("custom_components", "simulator", "tests", "demo", "benchmarks", "scripts")
    words: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".json", ".yaml"}:
                words.update(re.findall(r"\w+", path.read_text("utf-8")))
    return words


@pytest.mark.parametrize("path", FOR_DEVELOPERS, ids=lambda path: path.name)
def test_a_named_path_exists(path: Path) -> None:
    named = set(_paths(path.read_text("utf-8")))
    assert named
    assert {each for each in named if not _exists(each)} == set()


@pytest.mark.parametrize("path", FOR_DEVELOPERS, ids=lambda path: path.name)
def test_a_name_in_the_text_is_one_in_the_code(path: Path) -> None:
    assert set(_names(path.read_text("utf-8"))) - _words_of_the_code() == set()


def _modules(text: str) -> dict[str, set[str]]:
    """The modules in the table of every file, by folder below the integration's."""
    _, _, table = text.partition("\n## Every file\n")
    rows = re.findall(r"^\| `([\w/]+)/` \| (.*) \|$", table.partition("\n## ")[0], re.MULTILINE)
    return {
        folder.removeprefix("custom_components/flotte"): set(SPAN.findall(modules))
        for folder, modules in rows
    }


def test_every_file_is_named() -> None:
    """Each module of the product has a place in the table, and the table names no other."""
    existing: dict[str, set[str]] = {}
    for path in FLOTTE.rglob("*.py"):
        if path.name != "__init__.py":
            folder = path.parent.relative_to(FLOTTE).as_posix()
            existing.setdefault("" if folder == "." else folder, set()).add(path.stem)
    assert _modules((ROOT / "docs" / "architecture.md").read_text("utf-8")) == existing


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(FENCE.sub("", path.read_text("utf-8"))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, anchor = target.partition("#")
        linked = path.parent / name if name else path
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


# --- The check itself: it must not let these pass ------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A row in `sensor/vehicle.py`.", ["sensor/vehicle.py"]),
        ("One of `tests/tesla/*.py`", ["tests/tesla/*.py"]),
        ("`scripts/test tests/test_lock.py`", ["scripts/test", "tests/test_lock.py"]),
        ("The packages `tesla/` and `account/`", ["tesla/", "account/"]),
        ('```mermaid\nA["lock.py<br>tesla/api/"]\n```\n', ["lock.py", "tesla/api/"]),
        ("```bash\nscripts/bench cost  # long\n```\n", ["scripts/bench"]),
        ("The `Signal` is `frozen`, see lock.py", []),
    ],
)
def test_the_check_finds_paths(text: str, found: list[str]) -> None:
    assert list(_paths(text)) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`Vehicle.send` and `async_send()`", ["send", "async_send"]),
        ("`MAY_IMPORT`, `FlotteConfigEntry`", ["MAY_IMPORT", "FlotteConfigEntry"]),
        ("`paid(account) == {}` and `press`", []),
    ],
)
def test_the_check_finds_names(text: str, found: list[str]) -> None:
    assert list(_names(text)) == found


def test_the_check_finds_modules() -> None:
    text = """
## Every file

| folder | modules |
|---|---|
| `custom_components/flotte/` | `lock` |
| `tesla/api/` | `fleet` and `sites` (the endpoints) |

## Another

| `account/` | `names` |
"""
    assert _modules(text) == {"": {"lock"}, "tesla/api": {"fleet", "sites"}}


def test_the_check_finds_missing_names() -> None:
    assert not _exists("tesla/wheels.py")
    assert _exists("tesla/signals/")


# --- The table of symptoms ------------------------------------------------------------------------

NOT_IN_THE_TABLE: dict[str, set[str]] = {
    "Its text names the one remedy, and how to apply it": {
        "host_names_differ",
        "login_needed",
        "no_mqtt",
        "options_unreadable",
        "port_in_use",
        "stream_limit_reached",
        "stream_max_configs",
        "stream_missing_key",
        "stream_unsupported_firmware",
    },
    "Its text names a file of this Home Assistant, and what to do with it": {
        "authority_unusable",
        "client_ca_missing",
        "ledger_unwritable",
        "storage_damaged",
        "storage_unwritable",
    },
    "Its text quotes what the car or Tesla reported, on which the remedy depends": {
        "certificate_unusable",
        "stream_error_certificate",
        "stream_error_certificate_expired",
        "stream_error_host_name",
        "stream_error_name_not_found",
        "stream_error_other",
        "stream_error_refused_there",
        "stream_error_signature",
        "stream_other",
        "stream_refused",
        "stream_unanchored",
    },
    "docs/streaming.md explains what it costs, and what Flotte does about it": {
        "broker_overdrawn",
        "port_flooded",
        "stream_left",
        "stream_overdrawn",
    },
    "There is nothing to do": {"stream_postponed", "stream_unsupported_hardware"},
}
"""Repair issues without a row in README's table of symptoms, by reason."""


def _symptoms() -> set[str]:
    """The messages in README's table of symptoms; `…` stands for what differs each time."""
    table = (ROOT / "README.md").read_text("utf-8").partition("## Troubleshooting")[2]
    cells = re.findall(r"^\| (.*?) \|", table.partition("\n## ")[0], re.MULTILINE)
    return {symptom for cell in cells for symptom in re.findall(r"\*([^*]+)\*", cell)}


def test_every_repair_issue_is_a_symptom_or_needs_no_row() -> None:
    texts = json.loads((FLOTTE / "translations" / "en.json").read_text("utf-8"))["issues"]
    symptoms = _symptoms()
    without = {
        key for key, text in texts.items() if re.sub(r"{\w+}", "…", text["title"]) not in symptoms
    }
    assert without == set().union(*NOT_IN_THE_TABLE.values())


def test_the_german_readme_has_the_same_sections() -> None:
    sections = {
        name: re.findall(r"^(#+) ", (ROOT / name).read_text("utf-8"), re.MULTILINE)
        for name in ("README.md", "README.de.md")
    }
    assert sections["README.de.md"] == sections["README.md"]
