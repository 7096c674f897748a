"""Flotte in a German Home Assistant: names, an error and a repair are German, and none is a key."""

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import DOMAIN
from tests.conftest import MODEL_3, set_up
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)


@pytest.fixture
async def german(
    hass_at_tesla: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """An account in a Home Assistant whose language is German."""
    platforms = [Platform.BUTTON, Platform.NUMBER, Platform.SENSOR]
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", platforms)
    hass_at_tesla.config.language = "de"
    await set_up(hass_at_tesla, entry)
    return entry


async def test_names_are_german(hass: HomeAssistant, german: MockConfigEntry) -> None:
    entities = er.async_entries_for_config_entry(er.async_get(hass), german.entry_id)
    names = {entity.translation_key: entity.original_name for entity in entities}
    assert names["charge_limit"] == "Ladelimit"
    assert names["odometer"] == "Kilometerstand"
    assert names["wake"] == "Aufwecken"
    assert names["cost_month"] == "Kosten diesen Monat"
    assert [name for name in names.values() if name in names] == []


async def test_an_error_is_german(hass: HomeAssistant, german: MockConfigEntry) -> None:
    """The frontend shows the text of the error's key in the language of its user."""
    button = next(
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(hass), german.entry_id)
        if entity.translation_key == "flash_lights" and MODEL_3 in entity.unique_id
    )
    with pytest.raises(HomeAssistantError) as error:
        await hass.services.async_call("button", "press", {"entity_id": button}, blocking=True)
    texts = await async_get_translations(hass, "de", "exceptions", {DOMAIN})
    text = texts[f"component.{DOMAIN}.exceptions.{error.value.translation_key}.message"]
    assert text.format_map(error.value.translation_placeholders or {}) == (
        "Der Schlüssel von Flotte ist nicht mit Comet gekoppelt. Koppele ihn in der Tesla-App. "
        "Der Link steht unter Einstellungen > Reparaturen."
    )


async def test_a_repair_is_german(hass: HomeAssistant, german: MockConfigEntry) -> None:
    texts = await async_get_translations(hass, "de", "issues", {DOMAIN})
    issues = [issue for issue in ir.async_get(hass).issues.values() if issue.domain == DOMAIN]
    titles = {
        texts[f"component.{DOMAIN}.issues.{issue.translation_key}.title"].format_map(
            issue.translation_placeholders or {}
        )
        for issue in issues
    }
    assert "Koppele den Schlüssel mit Comet" in titles
