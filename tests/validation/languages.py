"""Rules about the other languages, and what a change of an English text leaves to translate.

A fingerprint pairs a hash of an English text with a hash of its translation, in
tests/validation/fingerprints/. A text is

    new      without a fingerprint: English is shown until it is translated
    missing  with a fingerprint, but without a translation
    stale    changed in English since its translation was accepted
    edited   changed in the translation since it was accepted
    left     no longer in English

Missing texts fail the tests. The others wait for a translator: `scripts/languages` lists them, and
`scripts/languages --accept de` accepts the German texts as they are.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.validation.glossary import GLOSSARIES, NAMES, Glossary
from tests.validation.texts import leaves, placeholders

ROOT = Path(__file__).parents[2]
TRANSLATIONS = ROOT / "custom_components" / "flotte" / "translations"
FINGERPRINTS = Path(__file__).parent / "fingerprints"

MAX_LENGTH = 1.8
MAX_LENGTH_EXTRA = 12
"""A name may be 1.8 times as long as in English and 12 characters more; tiles cut the rest off."""

_NAME = re.compile(
    r"entity\.\w+\.\w+\.name|.*\.state\.\w+|selector\.\w+\.options\.\w+|services\.\w+\.name"
)
_CODE = re.compile(r"`[^`]*`")
_PLACEHOLDER = re.compile(r"{\w+}")
_ADDRESS = re.compile(r"https?://[^\s)]+|\]\([^)]*\)|\b[\w.-]+\.(?:com|example)\b")
_MARKS = re.compile(r"\*\*|\n|✓|○|\u2796")
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True)
class Translation:
    """One language beside English."""

    code: str
    english: dict[str, str]
    texts: dict[str, str]
    fingerprints: dict[str, str] = field(default_factory=dict)
    """By key, the hash of the English text and that of its translation."""

    @property
    def glossary(self) -> Glossary:
        """The words of this language."""
        return GLOSSARIES[self.code]

    @cached_property
    def current(self) -> list[str]:
        """The keys whose English text is the one that was translated."""
        return [key for key in self.texts if key in self.english and key not in self.stale]

    @cached_property
    def new(self) -> list[str]:
        """The keys that were never translated."""
        return [key for key in self.english if key not in {*self.texts, *self.fingerprints}]

    @cached_property
    def missing(self) -> list[str]:
        """The keys that lost their translation."""
        return [key for key in self.english if key in self.fingerprints and key not in self.texts]

    @cached_property
    def stale(self) -> set[str]:
        """The keys whose English text has changed."""
        return {
            key
            for key, text in self.english.items()
            if key in self.texts
            if key in self.fingerprints and self.fingerprints[key].split()[0] != _hash(text)
        }

    @cached_property
    def edited(self) -> list[str]:
        """The keys whose translation alone was changed or added."""
        return [
            key
            for key in self.current
            if self.fingerprints.get(key) != _fingerprint(self.english[key], self.texts[key])
        ]

    @cached_property
    def left(self) -> list[str]:
        """The keys that English no longer has."""
        return [key for key in self.texts if key not in self.english]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _fingerprint(english: str, text: str) -> str:
    return f"{_hash(english)} {_hash(text)}"


def codes() -> list[str]:
    """The languages beside English."""
    return sorted(path.stem for path in TRANSLATIONS.glob("*.json") if path.stem != "en")


def _load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def _save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def translation(code: str) -> Translation:
    """Read one language."""
    return Translation(
        code,
        english=dict(leaves(_load(TRANSLATIONS / "en.json"))),
        texts=dict(leaves(_load(TRANSLATIONS / f"{code}.json"))),
        fingerprints=_load(FINGERPRINTS / f"{code}.json"),
    )


def _complete(language: Translation) -> Iterator[str]:
    """Nothing that was translated is missing, and nothing is there that English never had."""
    for key in language.missing:
        yield f"{key} is missing"
    for key in language.left:
        if key not in language.fingerprints:
            yield f"{key} is not in English"


def _literal(language: Translation) -> Iterator[str]:
    """Texts are texts: not empty, and no references, which only core resolves."""
    for key, text in language.texts.items():
        if not text.strip():
            yield f"{key} is empty"
        if "[%key" in text:
            yield f"{key} is a reference"


def _same_marks(language: Translation) -> Iterator[str]:
    """Placeholders, code, addresses, emphasis and paragraphs are those of the English text."""
    for key in language.current:
        english, text = language.english[key], language.texts[key]
        if placeholders(english) != placeholders(text):
            yield f"{key} has other placeholders than English"
        for name, pattern in (("code", _CODE), ("addresses", _ADDRESS), ("marks", _MARKS)):
            if sorted(pattern.findall(english)) != sorted(pattern.findall(text)):
                yield f"{key} has other {name} than English"


def _short(language: Translation) -> Iterator[str]:
    """Names and states fit where the English ones do."""
    for key in language.current:
        longest = MAX_LENGTH * len(language.english[key]) + MAX_LENGTH_EXTRA
        if _NAME.fullmatch(key) and len(language.texts[key]) > longest:
            yield f"{key} is longer than {longest:.0f} characters: {language.texts[key]}"


def _translated(language: Translation) -> Iterator[str]:
    """No English is left over, but for names and for words that are the same in both languages."""
    same = {word.lower() for word in (*NAMES, *language.glossary.same)}
    for key in language.current:
        text = language.texts[key]
        if text != language.english[key] or text.lower() in same:
            continue
        words = _WORD.findall(_PLACEHOLDER.sub("", text))
        if left := [word for word in words if word.lower() not in same]:
            yield f"{key} is English: {' '.join(left)}"


def _in_glossary(language: Translation) -> Iterator[str]:
    """A thing has one name, and what the language does not use is not there."""
    for key in language.current:
        english, text = _PLACEHOLDER.sub("", language.english[key]), language.texts[key]
        for term, wanted in language.glossary.terms.items():
            if re.search(rf"\b{term}\b", english, re.IGNORECASE) and not re.search(
                wanted, text, re.IGNORECASE
            ):
                yield f"{key}: “{term}” is “{wanted}” here: {text}"
        for pattern, reason in language.glossary.avoided.items():
            if found := re.search(pattern, _CODE.sub("", text)):
                yield f"{key}: {reason}: {found[0]}"


RULES = (_complete, _literal, _same_marks, _short, _translated, _in_glossary)


def problems(language: Translation) -> list[str]:
    """Every fault of a language that fails the tests."""
    return [f"{language.code}: {problem}" for rule in RULES for problem in rule(language)]


def waiting(language: Translation) -> list[str]:
    """Every text of a language that waits for a translator or for being accepted."""
    kinds = {
        "new": language.new,
        "stale": [key for key in language.english if key in language.stale],
        "edited": language.edited,
        "left": language.left,
    }
    return [f"{language.code}: {key} is {kind}" for kind, keys in kinds.items() for key in keys]


def _ordered(english: dict[str, Any], texts: dict[str, Any]) -> dict[str, Any]:
    """The texts in the order of English, without those that English no longer has."""
    return {
        key: _ordered(value, texts[key]) if isinstance(value, dict) else texts[key]
        for key, value in english.items()
        if key in texts
    }


def accept(code: str) -> None:
    """Take the texts of a language as translations of the English ones of today."""
    path = TRANSLATIONS / f"{code}.json"
    _save(path, _ordered(_load(TRANSLATIONS / "en.json"), _load(path)))
    language = translation(code)
    _save(
        FINGERPRINTS / f"{code}.json",
        {
            key: _fingerprint(language.english[key], text)
            for key, text in language.texts.items()
            if key in language.english
        },
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """List what is to translate, or accept what was."""
    parser = argparse.ArgumentParser(prog="scripts/languages")
    parser.add_argument("languages", nargs="*", help="codes such as de; by default, all")
    parser.add_argument("--accept", action="store_true", help="accept these translations")
    parser.add_argument("--check", action="store_true", help="fail if anything is listed")
    given = parser.parse_args(arguments)
    if given.accept:
        for code in given.languages:
            accept(code)
    listed = [
        line
        for language in map(translation, given.languages or codes())
        for line in (*problems(language), *waiting(language))
    ]
    for line in listed:
        print(line)  # noqa: T201
    print(f"{len(listed)} to do" if listed else "All languages are complete.")  # noqa: T201
    return 1 if listed and given.check else 0


if __name__ == "__main__":
    sys.exit(main())
