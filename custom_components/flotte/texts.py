"""Texts that entities, events and actions show in Home Assistant's language."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations, async_get_translations

from .const import DOMAIN

_COMMA_LANGUAGES: Final = frozenset({"da", "de", "es", "fr", "it", "nb", "nl", "pl", "sv"})
"""Languages of our texts with a decimal comma."""
_FIGURES: Final = frozenset(
    {"allowed", "budget", "cost", "left", "limit", "needed", "projected", "reserve", "spent"}
    | {"surplus"}
)
"""Placeholders of numbers. Others may look alike, such as a version 2025.20."""
_DECIMAL: Final = re.compile(r"-?[0-9]+\.[0-9]+")


async def async_load_texts(hass: HomeAssistant) -> None:
    """Load our texts, and again after each change of the language."""
    await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})


@callback
def with_decimal_mark(hass: HomeAssistant, text: str) -> str:
    """The text of a number, and perhaps a unit, with the decimal mark of the language."""
    return text.replace(".", ",") if hass.config.language in _COMMA_LANGUAGES else text


@callback
def async_figures(hass: HomeAssistant, placeholders: Mapping[str, str]) -> dict[str, str]:
    """Placeholders with the decimal mark of the language in each number."""
    if hass.config.language not in _COMMA_LANGUAGES:
        return dict(placeholders)
    return {
        name: text.replace(".", ",") if name in _FIGURES and _DECIMAL.fullmatch(text) else text
        for name, text in placeholders.items()
    }


@callback
def async_text(hass: HomeAssistant, key: str, placeholders: Mapping[str, str]) -> str:
    """One of our texts in Home Assistant's language; errors themselves are always in English."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    text = texts.get(f"component.{DOMAIN}.exceptions.{key}.message", key)
    with suppress(KeyError):
        return text.format_map(async_figures(hass, placeholders))
    return text


async def async_option_texts(hass: HomeAssistant, key: str) -> dict[str, str]:
    """The texts of a selector's options, in Home Assistant's language."""
    texts = await async_get_translations(hass, hass.config.language, "selector", {DOMAIN})
    beginning = f"component.{DOMAIN}.selector.{key}.options."
    return {
        path.removeprefix(beginning): text
        for path, text in texts.items()
        if path.startswith(beginning)
    }
