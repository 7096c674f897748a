"""Whether everything that a flow shows has its text."""

from collections.abc import Mapping
from string import Formatter
from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.translation import async_get_translations


async def shown_reason(hass: HomeAssistant, result: ConfigFlowResult, language: str) -> str:
    """The text of an abort, from where Home Assistant's pages take it."""
    assert result["type"] is FlowResultType.ABORT
    domain = result.get("translation_domain") or result["handler"]
    texts = await async_get_translations(hass, language, "config", {domain})
    text = texts[f"component.{domain}.config.abort.{result['reason']}"]
    return text.format(**(result["description_placeholders"] or {}))


def fields_of(result: ConfigFlowResult) -> dict[str, Any]:
    """The fields of a form, by name, and how each is entered."""
    schema = result["data_schema"]
    assert schema is not None
    return {str(field): selector for field, selector in schema.schema.items()}


def all_fields_of(result: ConfigFlowResult) -> dict[Any, Any]:
    """The fields of a form and of its sections, and how each is entered."""
    schema = result["data_schema"]
    assert schema is not None
    found: dict[Any, Any] = {}
    for field, entered in schema.schema.items():
        found |= entered.schema.schema if isinstance(entered, section) else {field: entered}
    return found


def in_sections(result: ConfigFlowResult, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values for a form, those of advanced fields in their section."""
    shown = fields_of(result).keys()
    inner = {name: value for name, value in values.items() if name not in shown}
    outer = {name: value for name, value in values.items() if name in shown}
    return {**outer, "advanced": inner} if inner else outer


def placeholder(result: ConfigFlowResult, name: str) -> str:
    """The values of the placeholders in the text of a step."""
    filled = result["description_placeholders"]
    assert filled is not None
    return filled[name]


def _labels(step: dict[str, Any], fields: dict[str, Any]) -> list[str]:
    """The texts of a form's fields, including those in sections."""
    shown: list[str] = []
    for field, entered in fields.items():
        if isinstance(entered, section):
            texts = step["sections"][field]
            shown += [texts["name"], texts["description"]]
            shown += _labels(texts, entered.schema.schema)
        else:
            for kind in ("data", "data_description"):
                assert field in step.get(kind, {}), f"translations/en.json: {kind} of {field}"
                shown.append(step[kind][field])
    return shown


def check_texts(texts: dict[str, Any], result: Any) -> None:
    """Everything that a result shows has a text in `texts`, the flow's part of a translation."""
    shown: list[str] = []
    if result["type"] is FlowResultType.ABORT:
        shown.append(texts["abort"][result["reason"]])
    elif result["type"] is FlowResultType.FORM:
        step = texts["step"][result["step_id"]]
        # Core's step to choose between credentials explains itself by its one field.
        shown += [step["title"], step.get("description", step["title"])]
        fields = fields_of(result)
        shown += _labels(step, fields)
        for field, error in (result["errors"] or {}).items():
            assert field == "base" or field in fields
            shown.append(texts["error"][error])
    elif result["type"] is FlowResultType.EXTERNAL_STEP:
        step = texts["step"][result["step_id"]]
        shown += [step["title"], step["description"]]
    elif result["type"] is FlowResultType.MENU:
        step = texts["step"][result["step_id"]]
        shown.append(step["title"])
        for option in result["menu_options"]:
            shown += [step["menu_options"][option], step["menu_option_descriptions"][option]]
    elif result["type"] is FlowResultType.CREATE_ENTRY and "create_entry" in texts:
        shown.append(texts["create_entry"][result["description"] or "default"])
    filled = result.get("description_placeholders") or {}
    for text in shown:
        assert text
        gaps = {gap for _, gap, _, _ in Formatter().parse(text) if gap}
        assert gaps <= set(filled), f"{gaps - set(filled)} is not filled in: {text}"
