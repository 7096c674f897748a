"""Numbers in texts have the decimal mark of their language."""

import pytest
from homeassistant.core import HomeAssistant

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
