"""Plain English: no phrases that have to be read twice, and no misspellings.

It covers the texts for people (translations, documents) and the docstrings, comments and names of
the code.
"""

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
TRANSLATION: Final = ROOT / "custom_components/flotte/translations/en.json"
DOCUMENTS: Final = (
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "custom_components/flotte/quality_scale.yaml",
    ROOT / "custom_components/flotte/services.yaml",
)
_FOR_DEVELOPERS: Final = {"architecture.md", "benchmarks.md", "CONTRIBUTING.md"}
"""Documents that may call things as the code does."""

FOLDERS: Final = ("benchmarks", "custom_components", "demo", "simulator", "tests")
"""Folders of code."""

_ANYWHERE: Final = {
    r"by (?:it|them|him)sel(?:f|ves)": "on its own, automatically",
    r"anew": "again",
    r"likewise": "also",
    r"somebody": "someone",
    r"seldom": "less often",
    r"from afar": "remotely",
    r"all the same": "anyway, still",
    r"(?:is|are|was|were|be|been) told": "receives, is configured, is notified",
    r"heard of": "reported, known",
    r"mend(?:s|ed|ing)?": "fix",
    r"wish(?:es|ed)?": "request",
    r"such an?": "this, one, like this",
    r"set-up": "setup",
    r"log-in": "login",
}
"""Phrases, as words of a regular expression, and what to write instead."""
_FOR_PEOPLE: Final = {
    **_ANYWHERE,
    r"switch(?:es|ed|ing)? (?:it |them )?(?:on|off)": "turn on, turn off",
    r"carried out": "run",
    r"(?:is|are|be) asked": "is polled, is requested",
    r"kept for people": "reserved for people",
    r"sleeps": "is asleep",
    r"it goes on": "it continues, it keeps happening",
    r"usual value": "default",
    r"put together": "composed",
}
_IN_CODE: Final = {
    **_ANYWHERE,
    r"nobody": "no one; better: name the thing",
    r"whoever": "the caller, the client, the user",
}
_VEHICLE: Final = re.compile(r"\bvehicles?\b", re.IGNORECASE)
_TESLAS_WORDS: Final = re.compile(
    r"vehicle (?:information|location|commands?|charging management|scopes|identification number)"
    r"|scopes for vehicle|vehicle information, location|for vehicles or energy products",
    re.IGNORECASE,
)
"""Where Tesla says vehicle, so do we; everywhere else a person reads car."""
_OPENING: Final = re.compile(r"(?:The same\b|What |Who |Whoever )")
"""Openings of a docstring. It begins with a noun phrase or an imperative."""
_CONSTANT: Final = re.compile(r"_?(?:MOST|LARGEST|LONGEST|HIGHEST|LOWEST|SHORTEST)_")
"""Beginnings of identifiers: MAX_ and MIN_ say it."""
_OUTDATED: Final = {"async_obey", "limit", "may_wait", "saves"}
"""Names of variables, parameters and functions about spending: budget, deferrable, reduces_cost."""
_NAMES_A_CAR: Final = re.compile(
    r"(?:^|_)cars?(?:_|\d|$)|(?:^|_)CARS?(?:_|\d|$)|Cars?(?=[A-Z\d_]|$)"
)
"""Parts of identifiers: in code, a car is a vehicle, an asset or a VIN."""
_OF_EACH_PLATFORM: Final = {"PARALLEL_UPDATES", "async_get_triggers", "async_setup_entry"}
"""Names that Home Assistant expects in each platform."""
_TESLAS_NAMES: Final = {"CarSeat", "car_server", "car_server_pb2"}
"""Identifiers of Tesla's protocol; they may say car."""


_SPELLING: Final = (
    "distater",  # the field DiStateR
    "ende",  # German, as is the next one
    "oder",
    "hass",
    "mimimum",  # a misspelt key that a test is about
    "stauts",  # another one
    "thirdparty",
)
"""Words that codespell takes for misspelt, in lower case."""


def _pattern(phrases: dict[str, str]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(phrases)})\b", re.IGNORECASE)


def _phrases(text: str, phrases: dict[str, str]) -> Iterator[str]:
    """The forbidden phrases in a text."""
    # A phrase may be broken over two lines.
    for found in _pattern(phrases).finditer(re.sub(r"\s+#?\s*", " ", text)):
        yield found.group()


def _texts(part: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a translation with its path."""
    if isinstance(part, str):
        yield path, part
        return
    for key, each in part.items():
        yield from _texts(each, f"{path}.{key}" if path else key)


_TRANSLATED: Final = dict(_texts(json.loads(TRANSLATION.read_text("utf-8"))))


def findings_in_code(source: str) -> list[str]:
    """The findings in a Python file: docstrings, comments and the names that it defines."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                # A docstring, or the line below a constant that describes it.
                if opening := _OPENING.match(text):
                    found.append(f"{node.lineno}: opens with {opening.group().strip()!r}")
                found += [f"{node.lineno}: {each!r}" for each in _phrases(text, _IN_CODE)]
            case ast.Name(id=name, ctx=ast.Store()) if _CONSTANT.match(name):
                found.append(f"{node.lineno}: {name}")
    comments = [
        each
        for each in tokenize.generate_tokens(io.StringIO(source).readline)
        if each.type is tokenize.COMMENT
    ]
    for comment in comments:
        found += [f"{comment.start[0]}: {each!r}" for each in _phrases(comment.string, _IN_CODE)]
    return found


def outdated_names(source: str) -> list[str]:
    """The outdated names that a file about spending defines."""
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Name(id=name, ctx=ast.Store())
                | ast.arg(arg=name)
                | ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.MatchAs(name=str(name))
            ) if name in _OUTDATED:
                found.append(f"{node.lineno}: {name}")
    return found


@pytest.mark.parametrize("folder", ["spending", "tesla/spending"])
def test_names_about_spending(folder: str) -> None:
    assert {
        path.name: found
        for path in sorted((ROOT / "custom_components/flotte" / folder).glob("*.py"))
        if (found := outdated_names(path.read_text("utf-8")))
    } == {}


def test_outdated_names_that_are_found() -> None:
    source = (
        "limit = 1\nasync def async_obey(saves): ...\nclass A:\n    may_wait: bool\nprint(limit)"
    )
    assert sorted(outdated_names(source)) == [
        "1: limit",
        "2: async_obey",
        "2: saves",
        "4: may_wait",
    ]


def names_of_cars(source: str) -> list[str]:
    """The identifiers in a Python file that say car, wherever they occur: also as attributes."""
    return [
        f"{each.start[0]}: {each.string}"
        for each in tokenize.generate_tokens(io.StringIO(source).readline)
        if each.type is tokenize.NAME
        and each.string not in _TESLAS_NAMES
        and _NAMES_A_CAR.search(each.string)
    ]


def test_code_says_vehicle() -> None:
    assert {
        str(path.relative_to(ROOT)): found
        for path in sorted((ROOT / "custom_components").rglob("*.py"))
        if (found := names_of_cars(path.read_text("utf-8")))
    } == {}


@pytest.mark.parametrize(
    "name",
    [
        "car",
        "_cars",
        "MAX_CARS",
        "by_car",
        "car2",
        "CarThing",
        "AllCars",
        "show_cars",
        "a_car_",
    ],
)
def test_names_of_cars_that_are_found(name: str) -> None:
    assert names_of_cars(f"async def a(b):\n    return b.{name}\n") == [f"2: {name}"]
    assert names_of_cars(f"def {name}(): ...\n") == [f"1: {name}"]
    assert names_of_cars(f"x = f'{{{name}}}'\n") == [f"1: {name}"]


def test_names_without_a_car_that_are_left_alone() -> None:
    source = (
        "card = carseat = oscar = scarce = Cargo = careful = CARE = x.car_server_pb2 = 'car'  # car"
    )
    assert names_of_cars(source) == []


def types_defined(source: str) -> Iterator[str]:
    """The names of the classes and type aliases at the top level of a Python file."""
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name) | ast.TypeAlias(name=ast.Name(id=name)):
                yield name


def public_names_defined(source: str) -> Iterator[str]:
    """The public names at the top level of a Python file: of types, functions and constants."""
    found = list(types_defined(source))
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.append(name)
            case ast.AnnAssign(target=ast.Name(id=name)):
                found.append(name)
            case ast.Assign(targets=targets):
                found += [
                    each.id
                    for target in targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name)
                ]
    for name in found:
        if not name.startswith("_"):
            yield name


@pytest.mark.parametrize("defined_in", [types_defined, public_names_defined])
def test_no_two_modules_share_a_name(defined_in: Callable[[str], Iterator[str]]) -> None:
    """Private types count too, because readers meet their names in tracebacks and messages."""
    modules: dict[str, set[str]] = {}
    for path in sorted((ROOT / "custom_components").rglob("*.py")):
        for name in defined_in(path.read_text("utf-8")):
            modules.setdefault(name, set()).add(str(path.relative_to(ROOT)))
    shared = {name: paths for name, paths in modules.items() if len(paths) > 1}
    assert {name: paths for name, paths in shared.items() if name not in _OF_EACH_PLATFORM} == {}


def test_names_defined_that_are_found() -> None:
    source = """
class A: ...
class _B: ...
type C = int
D = E, _F = 1, 2
G: Final = 3
def h(i): J = 4
async def k(): ...
def _l(): ...
if True: M = 5
from n import O
"""
    assert list(types_defined(source)) == ["A", "_B", "C"]
    assert sorted(public_names_defined(source)) == ["A", "C", "D", "E", "G", "h", "k"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text("utf-8"), flags=re.DOTALL)
    phrases = _ANYWHERE if path.name in _FOR_DEVELOPERS else _FOR_PEOPLE
    assert list(_phrases(text, phrases)) == []


def test_translations() -> None:
    assert {
        path: found
        for path, text in _TRANSLATED.items()
        if (found := list(_phrases(text, _FOR_PEOPLE)))
    } == {}


def test_a_person_reads_car() -> None:
    assert {
        path: text
        for path, text in _TRANSLATED.items()
        if not path.startswith("entity.") and _VEHICLE.search(_TESLAS_WORDS.sub("", text))
    } == {}


@pytest.mark.parametrize("folder", FOLDERS)
def test_code(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{each}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for each in findings_in_code(path.read_text("utf-8"))
        if path != Path(__file__)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('"""What is asked."""', 1),
        ('"""The same, but later."""', 1),
        ('"""Whether it runs."""', 0),
        ('x = 1\n"""Tried by\nitself, by nobody."""', 2),
        ("# It starts by itself.", 1),
        ("MOST_CARS = 3", 1),
        ("MAX_CARS = MOST_CARS", 0),
        ('print("What is it")', 0),
    ],
)
def test_code_that_is_found(source: str, count: int) -> None:
    assert len(findings_in_code(source)) == count


def test_text_that_is_found() -> None:
    assert list(_phrases("It is tried again by\n  itself; switch it on.", _FOR_PEOPLE)) == [
        "by itself",
        "switch it on",
    ]
    assert _VEHICLE.search(_TESLAS_WORDS.sub("", "The vehicle has Vehicle commands"))


def test_spelling() -> None:
    """No common misspelling in English; British and American spelling are both accepted."""
    foreign = [
        f"*/translations/{path.name}"
        for path in TRANSLATION.parent.glob("*.json")
        if path != TRANSLATION
    ]
    foreign += ["*/glossary.py", "*/test_german.py", "*/test_languages.py", "*/words.js"]
    # Sentences as people say them, and German.
    foreign += [f"*/voice/{each}_*.py" for each in ("acts", "grammar", "questions", "wording")]
    foreign += ["*/voice/number_words.py", "*/test_voice*.py", "docs/voice.md"]
    foreign += [
        "*/*sentences_*.csv",
        "*/voice/meanings.py",
        "*/voice/house.py",
    ]
    done = subprocess.run(  # noqa: S603 - a program of this environment
        [
            sys.executable,
            "-m",
            "codespell_lib",
            f"--skip={','.join(('*.ambr', '*.png', '*.pyc', *foreign))}",
            f"--ignore-words-list={','.join(_SPELLING)}",
            *("README.md", "info.md", "docs", "scripts", *FOLDERS),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
