"""The tables of sentences, and the way in which they are judged."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.voice.judging import LANGUAGES, Happened, Row, Rules, Verdict, judge, read_rows
from benchmarks.voice.meanings import IS_QUESTION, OTHER, STILL, SUN_ON, Truth

NOW = datetime(2026, 11, 30, 20, 0, tzinfo=UTC)
TRUTH = Truth(
    level=68,
    range_km=362,
    inside=23.5,
    charged_at=NOW + timedelta(hours=1, minutes=10),
    version="2026.32.6",
    cost=0.4,
    home="Home",
    now=NOW,
)
ALLOWED = Rules("en", allows_acts=True, allows_code=True)
INSTALLED = Rules("en", allows_acts=False, allows_code=False)
SILENT = Happened(
    "Done", is_error=False, is_answer=False, executions=(), calls=frozenset(), is_sun_on=False
)
RIGHT, WRONG, MISSED = Verdict.RIGHT, Verdict.WRONG, Verdict.MISSED


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables(language: str) -> None:
    rows = read_rows(language)
    assert len(rows) >= 80
    assert len({row.sentence.casefold() for row in rows}) == len(rows)
    for row in rows:
        assert row.act or row.kind in {*IS_QUESTION, *STILL, OTHER, SUN_ON}, row
    named = {row.meaning.removeprefix("code ").partition(" ")[0] for row in rows}
    assert named >= IS_QUESTION


@pytest.mark.parametrize(
    ("meaning", "speech", "verdict"),
    [
        ("battery", "Aurora has 68 per cent.", RIGHT),
        ("battery", "Aurora has 362 kilometres.", WRONG),
        ("battery", "I do not know that.", MISSED),
        ("inside", "23,5 °C", RIGHT),
        ("inside", "235", WRONG),
        ("locked", "Yes, Aurora is locked.", RIGHT),
        ("locked", "Aurora is unlocked.", WRONG),
        ("done_at", "At 21:10.", RIGHT),
        ("done_at", "In 1 hour and 12 minutes.", RIGHT),
        ("done_at", "At 22:10.", WRONG),
        ("done_at", "Soon.", WRONG),
        ("cost", "It has cost 0.40 of 10 euros.", RIGHT),
        ("cost", "Das hat 0,4 Euro gekostet.", RIGHT),
        ("cost", "It has cost 0.45 euros.", WRONG),
        ("cost", "It has cost 10 euros.", WRONG),
        ("at_home", "Aurora is not at home.", WRONG),
    ],
)
def test_an_answer(meaning: str, speech: str, verdict: Verdict) -> None:
    happened = replace(SILENT, speech=speech)
    assert judge(Row(meaning, ""), happened, INSTALLED, TRUTH) is verdict
    acted = replace(happened, executions=(("honk_horn", {}),))
    assert judge(Row(meaning, ""), acted, INSTALLED, TRUTH) is WRONG


TO_21 = ("set_temps", {"driver_temp": 21.0, "passenger_temp": 21.0})
ON: tuple[str, dict[str, float]] = ("auto_conditioning_start", {})
UNLOCK: tuple[str, dict[str, float]] = ("door_unlock", {})
HINT = replace(SILENT, speech="Allow it in the options.")


@pytest.mark.parametrize(
    ("meaning", "happened", "rules", "verdict"),
    [
        ("climate_to 21", replace(SILENT, executions=(TO_21,)), ALLOWED, RIGHT),
        ("climate_to 21", replace(SILENT, executions=(ON, TO_21)), INSTALLED, RIGHT),
        ("climate_to 22", replace(SILENT, executions=(TO_21,)), ALLOWED, WRONG),
        ("climate_to 21", replace(SILENT, executions=(TO_21, UNLOCK)), ALLOWED, WRONG),
        ("climate_to 21", SILENT, ALLOWED, MISSED),
        ("climate_to 21", HINT, INSTALLED, RIGHT),
        ("climate_to 21", HINT, ALLOWED, MISSED),
        ("climate_to 21", replace(SILENT, is_answer=True), ALLOWED, WRONG),
        ("climate_to 21", replace(SILENT, calls=frozenset({"lock.door"})), ALLOWED, WRONG),
        ("code unlock", replace(SILENT, executions=(UNLOCK,)), ALLOWED, RIGHT),
        ("code unlock", replace(SILENT, executions=(UNLOCK,)), INSTALLED, WRONG),
        ("refused", replace(SILENT, executions=(UNLOCK,)), ALLOWED, WRONG),
        ("refused", SILENT, ALLOWED, RIGHT),
        ("sun_on", replace(SILENT, is_sun_on=True), ALLOWED, RIGHT),
        ("sun_on", replace(SILENT, executions=(ON,)), ALLOWED, WRONG),
    ],
)
def test_an_action(meaning: str, happened: Happened, rules: Rules, verdict: Verdict) -> None:
    assert judge(Row(meaning, ""), happened, rules, TRUTH) is verdict


def test_something_else_in_the_house() -> None:
    row = Row("other", "lock the front door")
    plain = replace(SILENT, speech="Locked", calls=frozenset({"lock.front_door"}))
    assert judge(row, plain, ALLOWED, TRUTH, plain) is RIGHT
    assert judge(row, SILENT, ALLOWED, TRUTH, plain) is WRONG
    reached = replace(plain, executions=(("door_lock", {}),))
    assert judge(row, reached, ALLOWED, TRUTH, reached) is WRONG
