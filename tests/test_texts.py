"""Numbers and callers in texts are in the language of the text."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.spending.decisions import name_of
from custom_components.flotte.texts import async_figures


@pytest.mark.parametrize(
    ("language", "cost"),
    [
        ("en", "0.022"),
        ("en-GB", "0.022"),
        *((code, "0,022") for code in ("da", "de", "es", "fr", "it", "nb", "nl", "pl", "sv")),
        # These have no texts of ours, and show the English ones.
        ("ja", "0.022"),
        ("pt", "0.022"),
    ],
)
def test_decimal_mark(hass: HomeAssistant, language: str, cost: str) -> None:
    """Of numbers alone: versions, dates and lists stay as they are."""
    hass.config.language = language
    others = {"firmware": "2025.20", "limit": "120", "allowed": "0.5, 1.5", "until": "2026-11-01"}
    assert async_figures(hass, {"cost": "0.022", **others}) == {"cost": cost, **others}


@pytest.mark.usefixtures("enable_custom_integrations")
async def test_callers_have_names_in_the_language(hass: HomeAssistant) -> None:
    hass.config.language = "de"
    hass.config.components.add(DOMAIN)
    await async_get_translations(hass, "de", "entity", {DOMAIN})
    assert name_of(hass, "automation") == "eine Automatisierung"
    assert name_of(hass, "person") == "eine Person"
    assert name_of(hass, "automation:automation.heat") == "automation.heat"
    assert name_of(hass, "voice") == "voice"
