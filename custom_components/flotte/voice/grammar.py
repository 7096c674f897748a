"""Sentence templates, compiled for Home Assistant's matcher and for our own.

A template is written in the language of hassil, Home Assistant's matcher: `(a|b)` is a choice,
`[a]` is optional, `<rule>` stands for a part that several templates share, `{slot}` for a value.
Home Assistant only decides that a sentence is one of ours. It takes every slot as a wildcard and
does not say which template matched, so the same templates are compiled to regular expressions,
which find the intent and the values.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"\\(.)|([()\[\]|])|\{(\w+)\}|<(\w+)>|(\s+)|([^\\()\[\]|{}<>\s]+)")
_REGEX: Final = {"(": "(?:", ")": ")", "[": "(?:", "]": ")?", "|": "|"}
_SPACE: Final = r"(?:\s+|\b|$)"
"""A space next to an optional part may be the end of a word instead."""
_ANYTHING: Final = r"(?<!\S)\S.*?"
_SPECIAL: Final = re.compile(r"([\\()\[\]{}<>|;])")
_BARE_CODES: Final = {"secret": "[<code>|{words}]", "spoken_code": "(<code>|{words})"}
_RULE: Final = re.compile(r"\[?<\w+>\]?")
_APOSTROPHES: Final = re.compile("[\u2018\u2019\u00b4`]")
_PUNCTUATION: Final = re.compile(r"(?<!\d)[.,]|[.,](?!\d)")
_MARKS: Final = re.compile('[?!;:\u2026\u2012-\u2015"\u201c-\u201e\u00bf\u00a1-]+')


def normalized(sentence: str) -> str:
    """A sentence as it is matched: lower case, without punctuation, single spaces."""
    text = _APOSTROPHES.sub("'", sentence.lower())
    text = _MARKS.sub(" ", _PUNCTUATION.sub(" ", text))
    return " ".join(text.split())


def escaped(text: str) -> str:
    """A text as a part of a template, with all its characters meant literally."""
    return _SPECIAL.sub(r"\\\1", text)


def parts_of(template: str) -> list[str]:
    """The parts of a template between the spaces that no bracket encloses."""
    parts, depth = [""], 0
    for each in template:
        depth += (each in "([") - (each in ")]")
        if each == " " and not depth:
            parts.append("")
        else:
            parts[-1] += each
    return [part for part in parts if part]


def _grouped(templates: Iterable[str]) -> list[str]:
    """Templates with the same rule at their start and end as one, which is parsed faster."""
    groups: dict[tuple[str, str], list[str]] = {}
    for template in templates:
        parts = parts_of(template)
        start = parts.pop(0) if _RULE.fullmatch(parts[0]) and len(parts) > 1 else ""
        end = parts.pop() if _RULE.fullmatch(parts[-1]) and len(parts) > 1 else ""
        groups.setdefault((start, end), []).append(" ".join(parts))
    return [
        " ".join(filter(None, (start, f"({'|'.join(inner)})", end)))
        for (start, end), inner in groups.items()
    ]


def options_of(part: str) -> frozenset[str]:
    """The words that a part without inner brackets offers: "(is|are)"."""
    return frozenset(part.strip("()").split("|"))


@dataclass(frozen=True, slots=True)
class IntentRow:
    """The sentences of one intent."""

    intent: str
    templates: tuple[str, ...]


def means(intent: str, *templates: str) -> IntentRow:
    """Make the row of an intent."""
    return IntentRow(intent, templates)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceTable:
    """The sentences of one language."""

    generic: str
    """Template of the names that every vehicle has."""
    rules: Mapping[str, str]
    """Parts that templates share, by name."""
    words: Mapping[str, Mapping[str, str]]
    """Slots whose values are words, and what each word means."""
    rows: tuple[IntentRow, ...]
    """Intents; of several that match a sentence, the first one counts."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A sentence that was understood."""

    intent: str
    slots: Mapping[str, str]


class Grammar:
    """The sentences of one language, compiled.

    Args:
        table: The sentences.
        values: Templates of the slots that have a known set of values. All other slots are
            wildcards, which may hold any text.
        takes_codes: Whether an owner has chosen a code, which then needs no word before it. Without
            one, any text after a sentence would be taken for a code.
    """

    def __init__(
        self, table: SentenceTable, values: Mapping[str, str], *, takes_codes: bool = False
    ) -> None:
        rows = table.rows
        self._rules = {**table.rules, **(_BARE_CODES if takes_codes else {})}
        self._words = table.words
        self._values = {
            **{slot: f"({'|'.join(words)})" for slot, words in table.words.items()},
            **values,
        }
        self._patterns = self._compiled(rows, table.rules)
        if takes_codes:
            # A code that is any text comes last: it would take "windows" in "open the car windows".
            self._patterns += self._compiled(rows, self._rules)
        self.sentences = {
            part.intent: [self._expanded(each) for each in _grouped(part.templates)]
            for part in rows
        }
        """The templates of each intent for Home Assistant, with all rules and known values written
        out."""

    def understand(self, sentence: str, only: str | None = None) -> Understood | None:
        """Find the intent and the values of a sentence; None if it is not one of ours.

        With `only`, that intent is the only one.
        """
        text = normalized(sentence)
        for intent, pattern in self._patterns:
            if only is not None and intent != only:
                continue
            if found := pattern.fullmatch(text):
                values = {
                    group.rpartition("_")[0]: value
                    for group, value in found.groupdict().items()
                    if value
                }
                return Understood(
                    intent, {each: self._meant(each, values[each]) for each in values}
                )
        return None

    def _meant(self, slot: str, value: str) -> str:
        return self._words.get(slot, {}).get(value, value)

    def _compiled(
        self, rows: Iterable[IntentRow], rules: Mapping[str, str]
    ) -> list[tuple[str, re.Pattern[str]]]:
        return [
            (each.intent, re.compile(self._regex(template, rules)))
            for each in rows
            for template in each.templates
        ]

    def _regex(self, template: str, rules: Mapping[str, str]) -> str:
        count = iter(range(1000))

        def parts(text: str) -> Iterator[str]:
            for literal, bracket, slot, rule, space, word in _TOKEN.findall(text):
                if bracket:
                    yield _REGEX[bracket]
                elif slot:
                    # A name must not be used twice in a pattern.
                    values = self._values.get(slot)
                    inner = _ANYTHING if values is None else "".join(parts(values))
                    yield f"(?P<{slot}_{next(count)}>{inner})"
                elif rule:
                    yield f"(?:{''.join(parts(rules[rule]))})"
                else:
                    yield _SPACE if space else re.escape(word or literal)

        return "".join(parts(template))

    def _expanded(self, template: str) -> str:
        def parts(text: str) -> Iterator[str]:
            for token in _TOKEN.finditer(text):
                _, _, slot, rule, _, _ = token.groups()
                if rule:
                    yield f"({''.join(parts(self._rules[rule]))})"
                elif slot and slot in self._values:
                    yield f"({''.join(parts(self._values[slot]))})"
                else:
                    yield token.group()

        return "".join(parts(template))
