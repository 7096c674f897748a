"""Every language is complete, and each rule about languages finds its fault."""

import json
import shutil
from pathlib import Path

import pytest

from tests.validation import glossary, languages
from tests.validation.glossary import Glossary
from tests.validation.languages import Translation

ENGLISH = {
    "title": "Flotte for Tesla",
    "entity.sensor.range.name": "Range",
    "exceptions.asleep.message": "The car {name} is asleep. See [help]({url}) or `code`.",
}
GERMAN = {
    "title": "Flotte for Tesla",
    "entity.sensor.range.name": "Reichweite",
    "exceptions.asleep.message": "Das Auto {name} schläft. Siehe [Hilfe]({url}) oder `code`.",
}


def german(**changes: str | None) -> Translation:
    """The small German translation with changes, accepted before them."""
    texts = GERMAN | {key.replace("__", "."): text for key, text in changes.items()}
    return Translation(
        "de",
        english=ENGLISH,
        texts={key: text for key, text in texts.items() if text is not None},
        fingerprints={key: languages._fingerprint(ENGLISH[key], GERMAN[key]) for key in ENGLISH},
    )


@pytest.mark.parametrize("code", languages.codes())
def test_language(code: str) -> None:
    assert languages.problems(languages.translation(code)) == []


def test_a_correct_language_has_no_problems() -> None:
    assert languages.problems(german()) == []
    assert languages.waiting(german()) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"title": None}, "title is missing"),
        ({"exceptions__gone__message": "Weg."}, "exceptions.gone.message is not in English"),
        ({"title": " "}, "title is empty"),
        ({"title": "[%key:common%]"}, "title is a reference"),
        ({"exceptions__asleep__message": "Das Auto schläft."}, "other placeholders"),
        ({"exceptions__asleep__message": "Auto {name} [{url}]({name}) `code`"}, "other addresses"),
        ({"exceptions__asleep__message": "Auto {name} [Hilfe]({url})"}, "other code"),
        ({"title": "**Flotte**"}, "other marks"),
        ({"entity__sensor__range__name": "Reichweite bis zum Ende der Welt"}, "is longer than 21"),
        ({"entity__sensor__range__name": "Range"}, "is English: Range"),
        ({"entity__sensor__range__name": "Weite"}, "is “reichweite” here: Weite"),
        ({"title": "Ihre Flotte"}, "German says du: Ihre"),
    ],
)
def test_rule_finds_its_fault(changes: dict[str, str | None], problem: str) -> None:
    assert any(problem in each for each in languages.problems(german(**changes)))


def test_a_changed_english_text_makes_its_translation_stale() -> None:
    changed = Translation(
        "de", ENGLISH | {"title": "Fleet {x}", "new": "New"}, GERMAN, german().fingerprints
    )
    assert languages.problems(changed) == []
    assert languages.waiting(changed) == ["de: new is new", "de: title is stale"]


def test_an_edited_and_a_leftover_text_wait_too() -> None:
    edited = german(title="Flotte für Tesla")
    assert languages.waiting(edited) == ["de: title is edited"]
    without = {key: text for key, text in ENGLISH.items() if key != "title"}
    left = Translation("de", without, GERMAN, german().fingerprints)
    assert languages.problems(left) == []
    assert languages.waiting(left) == ["de: title is left"]


def test_accepting_a_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A leftover text is removed, the order is that of English, and the check passes."""
    monkeypatch.setattr(languages, "TRANSLATIONS", tmp_path)
    monkeypatch.setattr(languages, "FINGERPRINTS", tmp_path / "fingerprints")
    nl = Glossary(terms={"car": "auto"})
    monkeypatch.setattr(languages, "GLOSSARIES", {**glossary.GLOSSARIES, "nl": nl})
    (tmp_path / "en.json").write_text('{"a": "The car", "b": {"c": "Yes"}}')
    (tmp_path / "nl.json").write_text('{"b": {"c": "Ja", "d": "Weg"}, "a": "De auto"}')
    assert languages.main(["--check"]) == 1
    assert "nl: b.d is not in English" in capsys.readouterr().out
    assert languages.main(["--accept", "nl", "--check"]) == 0
    assert json.loads((tmp_path / "nl.json").read_text()) == {"a": "De auto", "b": {"c": "Ja"}}
    shutil.rmtree(tmp_path / "fingerprints")
    assert languages.main(["--check"]) == 1
    assert languages.main([]) == 0
