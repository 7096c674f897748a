"""Release notes of a vehicle's software, as Tesla writes them."""

from collections.abc import Mapping
from typing import Any

from .reading_json import as_object, as_text


def release_notes(answer: Mapping[str, Any], version: str) -> str | None:
    """The notes of a version in an answer of `release_notes`, as Markdown; None if it has none.

    Tesla wraps the notes twice. Notes of another version are left out: the answer is of the
    software that Tesla's servers have for the vehicle, which can differ from the one on offer.
    """
    listed = as_object(answer.get("response", answer)).get("release_notes")
    notes = [as_object(each) for each in listed] if isinstance(listed, list) else []
    parts = [_note(each) for each in notes if _is_of(each, version)]
    return "\n\n".join(each for each in parts if each) or None


def _is_of(note: Mapping[str, Any], version: str) -> bool:
    """Whether a note is of a version; one that names none belongs to the version asked for."""
    named = (as_text(note.get("customer_version")) or "").strip()
    return not named or named == version


def _note(note: Mapping[str, Any]) -> str:
    title, subtitle, description = (
        (as_text(note.get(key)) or "").strip() for key in ("title", "subtitle", "description")
    )
    parts = (f"## {title}" if title else "", f"**{subtitle}**" if subtitle else "", description)
    return "\n\n".join(each for each in parts if each)
