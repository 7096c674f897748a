"""Release notes of a version, out of Tesla's answer."""

from typing import Any

import pytest

from custom_components.flotte.tesla.release_notes import release_notes

NOTE: dict[str, Any] = {
    "title": "Minor updates",
    "subtitle": "Fixes",
    "description": "This release contains fixes.",
    "customer_version": "2026.38.9",
    "image_url": "https://example.com/picture.png",
}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (
            {"release_notes": [NOTE]},
            "## Minor updates\n\n**Fixes**\n\nThis release contains fixes.",
        ),
        (
            {"release_notes": [{"title": " One "}, {"description": "Two"}, {}]},
            "## One\n\nTwo",
        ),
        ({"release_notes": [{**NOTE, "customer_version": "2026.32.6"}]}, None),
        ({"release_notes": [{"title": 5, "description": None}, "text"]}, None),
        ({"release_notes": None}, None),
        ({}, None),
    ],
)
def test_notes(answer: dict[str, Any], expected: str | None) -> None:
    assert release_notes({"response": answer}, "2026.38.9") == expected
    assert release_notes(answer, "2026.38.9") == expected, "wrapped once"
