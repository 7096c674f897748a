"""Texts that entities, events and actions show in Home Assistant's language."""

from collections.abc import Mapping
from contextlib import suppress

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations, async_get_translations

from .const import DOMAIN


async def async_load_texts(hass: HomeAssistant) -> None:
    """Load our texts, and again after each change of the language."""
    await async_get_translations(hass, hass.config.language, "exceptions", {DOMAIN})


@callback
def async_text(hass: HomeAssistant, key: str, placeholders: Mapping[str, str]) -> str:
    """One of our texts in Home Assistant's language; errors themselves are always in English."""
    texts = async_get_cached_translations(hass, hass.config.language, "exceptions", DOMAIN)
    text = texts.get(f"component.{DOMAIN}.exceptions.{key}.message", key)
    with suppress(KeyError):
        return text.format_map(placeholders)
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
