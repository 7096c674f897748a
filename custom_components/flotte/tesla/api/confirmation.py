"""Tesla's confirmations of plain commands: one reader for all their forms.

These forms are in use under `response` (Tesla's pages of 2024 and 2025; pypowerwall's live test,
2026-06):

    {"result": true, "reason": ""}                          cars, some sites
    {"code": 201, "message": "Updated"}                     sites until 2025
    {"Message": "Backup reserve updated", "Code": 200}      sites since 2025-07
    {"response": {"code": 201, "message": "Updated"}}       a site's tariff

Keys may be in upper or lower case, and a code may be a number or a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..privacy import shortened
from ..reading_json import as_flag, number_in

_MAX_WORDS: Final = 200
_WORDS: Final = ("reason", "message", "error", "error_description")


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Meaning of an answer to a command."""

    done: bool | None
    """Whether the command was executed; None if the answer does not say."""
    words: str = ""
    """Tesla's message, shortened; empty if there is none."""


def read_confirmation(answer: object) -> Confirmation:
    """Read the answer to a command. If it reports both a success and a refusal, it is a refusal."""
    fields = _fields(answer)
    inner = _fields(fields.get("response"))
    if not fields.keys() & {"code", "result"}:
        fields = inner
    words = next((str(fields[key]).strip() for key in _WORDS if fields.get(key)), "")
    return Confirmation(_done(fields), shortened(words, _MAX_WORDS))


def _fields(answer: object) -> dict[str, object]:
    """The answer with lower-case keys; empty if it is no object."""
    if not isinstance(answer, Mapping):
        return {}
    return {str(key).lower(): value for key, value in answer.items()}


def _done(fields: Mapping[str, object]) -> bool | None:
    result, code = _flag(fields.get("result")), number_in(fields.get("code"))
    if result is False or (code is not None and 400 <= code < 500):  # noqa: PLR2004  # as in HTTP
        return False
    if code is None:
        return result
    return True if 200 <= code < 300 else None  # noqa: PLR2004  # as in HTTP


def _flag(value: object) -> bool | None:
    """Read a flag, which may also be a text."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return as_flag(value)
