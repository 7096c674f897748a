"""Actions of energy sites: their fields are described as they are."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.util.yaml import load_yaml_dict

import custom_components.flotte
from custom_components.flotte.services.action import Action
from custom_components.flotte.services.energy import ENERGY_ACTIONS

FLOTTE: Final = Path(custom_components.flotte.__file__).parent
DESCRIBED: Final[dict[str, Any]] = load_yaml_dict(str(FLOTTE / "services.yaml"))
ENGLISH: Final[dict[str, Any]] = json.loads(
    (FLOTTE / "translations" / "en.json").read_text("utf-8")
)
ICONS: Final[dict[str, Any]] = json.loads((FLOTTE / "icons.json").read_text("utf-8"))

EACH_ROW = pytest.mark.parametrize("row", ENERGY_ACTIONS, ids=lambda row: row.name)


def markers(row: Action) -> dict[str, vol.Marker]:
    """The fields of a row's schema."""
    return {str(marker): marker for marker in row.fields}


@EACH_ROW
def test_fields_are_described_as_they_are(row: Action) -> None:
    described = DESCRIBED[row.name]["fields"]
    assert described.keys() == markers(row).keys()
    assert ENGLISH["services"][row.name]["fields"].keys() == described.keys()
    for name, marker in markers(row).items():
        assert described[name].get("required", False) is isinstance(marker, vol.Required), name
    assert ICONS["services"][row.name]["service"].startswith("mdi:")


@EACH_ROW
def test_examples_fit_the_schema(row: Action) -> None:
    examples = {
        name: field["example"]
        for name, field in DESCRIBED[row.name]["fields"].items()
        if "example" in field
    }
    row.schema({"device_id": ["abc"], **examples})


@EACH_ROW
def test_the_documentation_names_every_action_and_field(row: Action) -> None:
    text = (FLOTTE.parents[1] / "docs" / "actions.md").read_text("utf-8")
    assert f"`flotte.{row.name}`" in text
    assert all(f"`{name}`" in text for name in markers(row))


@EACH_ROW
async def test_a_response_is_optional(hass_at_tesla: HomeAssistant, row: Action) -> None:
    registered = hass_at_tesla.services.supports_response("flotte", row.name)
    assert registered is SupportsResponse.OPTIONAL


@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "", 7, None])
def test_dates_that_cannot_be_read(date: object) -> None:
    (row,) = ENERGY_ACTIONS
    with pytest.raises(vol.Invalid):
        row.schema({"device_id": "abc", "start": date})
