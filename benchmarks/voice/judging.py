"""Judges what a sentence did: as meant, something else, or nothing."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from benchmarks.voice.meanings import (
    ACTS,
    CODE,
    EXPLAINED,
    HONEST,
    IS_QUESTION,
    OTHER,
    STILL,
    Act,
    Truth,
    is_answer,
)

FOLDER: Final = Path(__file__).parent
LANGUAGES: Final = ("en", "de")


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence with its meaning."""

    meaning: str
    sentence: str

    @property
    def kind(self) -> str:
        """First word of the meaning."""
        return self.meaning.partition(" ")[0]

    @property
    def act(self) -> tuple[Act, str] | None:
        """The command that is meant, with the rest of the meaning; None if it is none."""
        name, _, rest = self.meaning.removeprefix(f"{CODE} ").partition(" ")
        return (ACTS[name], rest) if name in ACTS else None


def read_rows(
    language: str, *, parts: Iterable[str] = ("", "more_", "later_", "fourth_")
) -> list[Row]:
    """The sentences of a language: for development, kept until the end, and written afterwards."""
    rows: list[Row] = []
    for part in parts:
        path = FOLDER / f"{part}sentences_{language}.csv"
        if path.exists():
            with path.open(encoding="utf-8", newline="") as file:
                rows += [Row(each["meaning"], each["sentence"]) for each in csv.DictReader(file)]
    return rows


class Verdict(StrEnum):
    """Result of a sentence."""

    RIGHT = "right"
    WRONG = "wrong"
    """Something else happened than was meant."""
    MISSED = "not understood"


@dataclass(frozen=True, slots=True)
class Happened:
    """Everything that a sentence led to."""

    speech: str
    is_error: bool
    is_answer: bool
    """Whether Home Assistant's own intents answered a question."""
    executions: tuple[tuple[str, Mapping[str, Any]], ...]
    """Commands that the car has run, with their parameters."""
    calls: frozenset[str]
    """Entities of the house that an action was called for."""
    is_sun_on: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The way in which a setup is judged."""

    language: str
    allows_acts: bool
    allows_code: bool


def judge(
    row: Row, happened: Happened, rules: Rules, truth: Truth, plain: Happened | None = None
) -> Verdict:
    """Judge a sentence.

    Args:
        row: The sentence.
        happened: What it led to.
        rules: How its setup is judged.
        truth: State of the car when it was said.
        plain: What it leads to without Flotte's sentences.
    """
    if row.kind == OTHER:
        return _judge_other(happened, plain)
    if happened.calls:
        return Verdict.WRONG
    if row.kind in STILL:
        return Verdict.WRONG if happened.executions or happened.is_sun_on else Verdict.RIGHT
    if row.kind in IS_QUESTION:
        return _judge_question(row, happened, rules, truth)
    if row.act is not None:
        return _judge_act(*row.act, row, happened, rules)
    return _judge_sun(happened, rules)


def _judge_other(happened: Happened, plain: Happened | None) -> Verdict:
    if happened.executions or happened.is_sun_on:
        return Verdict.WRONG
    if plain is not None and (plain.speech, plain.calls) != (happened.speech, happened.calls):
        return Verdict.WRONG
    return Verdict.RIGHT


def _judge_question(row: Row, happened: Happened, rules: Rules, truth: Truth) -> Verdict:
    if happened.executions or happened.is_sun_on:
        return Verdict.WRONG
    if happened.is_error:
        return Verdict.MISSED
    if is_answer(row.kind, rules.language, happened.speech, truth):
        return Verdict.RIGHT
    return Verdict.MISSED if HONEST.search(happened.speech) else Verdict.WRONG


def _judge_act(act: Act, rest: str, row: Row, happened: Happened, rules: Rules) -> Verdict:
    is_done = False
    for name, parameters in happened.executions:
        if name == act.name and act.fits(rest, parameters):
            is_done = True
        elif name not in act.may:
            return Verdict.WRONG
    if happened.is_sun_on:
        return Verdict.WRONG
    needs_code = row.kind == CODE
    if is_done:
        return Verdict.WRONG if needs_code and not rules.allows_code else Verdict.RIGHT
    return _judge_idle(happened, rules, is_allowed=rules.allows_acts)


def _judge_sun(happened: Happened, rules: Rules) -> Verdict:
    if happened.is_sun_on:
        return Verdict.RIGHT
    if happened.executions:
        return Verdict.WRONG
    return _judge_idle(happened, rules, is_allowed=rules.allows_acts)


def _judge_idle(happened: Happened, rules: Rules, *, is_allowed: bool) -> Verdict:
    """Judge an action that the car did not get."""
    if happened.executions or happened.is_answer:
        return Verdict.WRONG
    if not is_allowed and EXPLAINED[rules.language].search(happened.speech):
        return Verdict.RIGHT
    return Verdict.MISSED
