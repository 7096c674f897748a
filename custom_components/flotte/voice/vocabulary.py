"""The words of the answers in one language."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Texts by key, with placeholders in braces, and words for units and currencies."""

    texts: Mapping[str, str]
    units: Mapping[str, str]
    """By Home Assistant's units."""
    currencies: Mapping[str, str]
    """By their codes."""
