"""Rules about translations/*.json and icons.json."""

import re
from collections.abc import Iterator
from itertools import pairwise

import probatio
from homeassistant.const import Platform

from tests.validation.integration import Integration, Problems, Rule, misfits

KEY = re.compile(r"(?!.*[_-]{2})(?![_-])[a-z0-9_-]+(?<![_-])")
"""A translation key: lower case, digits, single - and _ that neither begin nor end it."""

_HTML = re.compile(r"<[a-z].*?>", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"{([^{}]+)}")
_PLATFORMS = frozenset(platform.value for platform in Platform)

_TEXTS = probatio.Schema({str: str})
_SECTION = probatio.Schema(
    {"name": str, "description": str, "data": _TEXTS, "data_description": _TEXTS}
)
_STEP = probatio.Schema(
    {
        "title": str,
        "description": str,
        "data": _TEXTS,
        "data_description": _TEXTS,
        "menu_options": _TEXTS,
        "menu_option_descriptions": _TEXTS,
        "submit": str,
        "sections": {str: _SECTION},
    }
)
_FLOW = {
    "step": {str: _STEP},
    "error": _TEXTS,
    "abort": _TEXTS,
    "progress": _TEXTS,
    "create_entry": _TEXTS,
}
_STATES = {str: str}
_ATTRIBUTES = {str: {"name": str, "state": _STATES}}
_FIELDS = {str: {"name": str, "description": str, "example": str}}
_SERVICE = {
    "name": str,
    "description": str,
    "description_configured": str,
    "fields": _FIELDS,
    "sections": {str: {"name": str, "description": str}},
}

_TRANSLATION = probatio.Schema(
    {
        "title": str,
        "common": _TEXTS,
        "config": {"flow_title": str, **_FLOW},
        "options": _FLOW,
        "config_subentries": {
            str: {
                probatio.Required("entry_type"): str,
                probatio.Required("initiate_flow"): _TEXTS,
                probatio.Required("step"): {str: _STEP},
                "error": _TEXTS,
                "abort": _TEXTS,
                "progress": _TEXTS,
                "create_entry": _TEXTS,
            }
        },
        "selector": {
            str: {
                "options": _TEXTS,
                "choices": _TEXTS,
                "unit_of_measurement": _TEXTS,
                "fields": _FIELDS,
            }
        },
        "device_automation": {
            "action_type": _TEXTS,
            "condition_type": _TEXTS,
            "trigger_type": _TEXTS,
            "trigger_subtype": _TEXTS,
            "extra_fields": _TEXTS,
            "extra_fields_descriptions": _TEXTS,
        },
        "system_health": {"info": _TEXTS},
        "config_panel": dict,
        "application_credentials": {"description": str},
        "issues": {
            str: {
                probatio.Required("title"): str,
                probatio.Exclusive("description", "body"): str,
                probatio.Exclusive("fix_flow", "body"): {
                    "step": {str: _STEP},
                    "error": _TEXTS,
                    "abort": _TEXTS,
                },
            }
        },
        "device": {str: {"name": str}},
        "entity": {
            probatio.In(_PLATFORMS): {
                str: {
                    "name": str,
                    "state": _STATES,
                    "state_attributes": _ATTRIBUTES,
                    "unit_of_measurement": str,
                }
            }
        },
        "entity_component": {str: {"name": str, "state": _STATES, "state_attributes": _ATTRIBUTES}},
        "exceptions": {str: {probatio.Required("message"): str}},
        "services": {str: _SERVICE},
        "triggers": {str: _SERVICE},
        "conditions": {str: _SERVICE},
        "conversation": dict,
        "preview_features": {str: dict},
    }
)


def _icon(value: str) -> str:
    if not value.startswith("mdi:"):
        raise probatio.Invalid(f"{value!r} is not of mdi")
    return value


def _slug_key(value: str) -> str:
    if not KEY.fullmatch(value):
        raise probatio.Invalid(f"{value!r} is no key")
    return value


def _number(value: str) -> str:
    float(value)
    return value


_ICON = probatio.All(str, _icon)
_ICON_KEY = probatio.All(str, _slug_key)
_ICON_STATES = {
    "default": _ICON,
    "state": {_ICON_KEY: _ICON},
    "range": {probatio.All(str, _number): _ICON},
}
_FLOW_ICONS = {"step": {_ICON_KEY: {"sections": {_ICON_KEY: _ICON}}}}
_ICONS = probatio.Schema(
    {
        "config": _FLOW_ICONS,
        "options": _FLOW_ICONS,
        "issues": {_ICON_KEY: {"fix_flow": _FLOW_ICONS}},
        "services": {
            _ICON_KEY: probatio.Any(_ICON, {"service": _ICON, "sections": {_ICON_KEY: _ICON}})
        },
        "triggers": {_ICON_KEY: {probatio.Required("trigger"): _ICON}},
        "conditions": {_ICON_KEY: {probatio.Required("condition"): _ICON}},
        "entity": {
            probatio.In(_PLATFORMS): {
                _ICON_KEY: {**_ICON_STATES, "state_attributes": {_ICON_KEY: _ICON_STATES}}
            }
        },
    }
)


def leaves(content: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a nested mapping with its dotted path."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(content, str):
        yield path, content


def placeholders(text: str) -> set[str]:
    """The names in braces of a text."""
    return set(_PLACEHOLDER.findall(text))


def _languages(integration: Integration) -> Iterator[tuple[str, dict[str, object]]]:
    for path in sorted((integration.folder / "translations").glob("*.json")):
        name = f"translations/{path.name}"
        content = integration.json(name)
        if content is not None:
            yield name, content


def translations_exist(integration: Integration) -> Problems:
    """English is there, and nothing that Home Assistant would not read."""
    if not integration.has("translations/en.json"):
        yield "translations/en.json is missing"
    if integration.has("strings.json"):
        yield "strings.json is not read for a custom integration"


def translations_shape(integration: Integration) -> Problems:
    """Only parts that Home Assistant knows."""
    for name, content in _languages(integration):
        yield from misfits(_TRANSLATION, content, name)


def translations_keys(integration: Integration) -> Problems:
    """Keys are lower case, so every state of an enumeration must be."""

    def walk(content: object, path: str) -> Problems:
        if not isinstance(content, dict):
            return
        for key, value in content.items():
            if not KEY.fullmatch(key):
                yield f"{path}.{key} is no key"
            yield from walk(value, f"{path}.{key}")

    for name, content in _languages(integration):
        yield from walk(content, name)


def translations_values(integration: Integration) -> Problems:
    """Texts are plain, trimmed, and their placeholders stand free."""
    for name, content in _languages(integration):
        for path, text in leaves(content):
            if _HTML.search(text):
                yield f"{name}: {path} has HTML"
            if text != text.strip():
                yield f"{name}: {path} begins or ends with a space"
            if re.search(r"'{[^{}]*}'", text):
                yield f"{name}: {path} has a placeholder in single quotes"
            if "[%key:" in text:
                yield f"{name}: {path} is a reference, which only core resolves"
            if not text:
                yield f"{name}: {path} is empty"


def translations_data_description(integration: Integration) -> Problems:
    """A field that is explained is a field that exists."""

    def walk(content: object, path: str) -> Problems:
        if not isinstance(content, dict):
            return
        explained = content.get("data_description")
        if isinstance(explained, dict):
            for key in explained.keys() - content.get("data", {}).keys():
                yield f"{path}.data_description.{key} is not in data"
        for key, value in content.items():
            yield from walk(value, f"{path}.{key}")

    for name, content in _languages(integration):
        yield from walk(content, name)


def translations_issues(integration: Integration) -> Problems:
    """An issue has either a description or a flow that mends it."""
    for name, content in _languages(integration):
        issues = content.get("issues")
        for key, issue in issues.items() if isinstance(issues, dict) else ():
            if not {"description", "fix_flow"} & issue.keys():
                yield f"{name}: issues.{key} has neither description nor fix_flow"


def translations_agree(integration: Integration) -> Problems:
    """Other languages say what English says, with the same placeholders."""
    english = dict(leaves(integration.english))
    for name, content in _languages(integration):
        for path, text in leaves(content):
            if path not in english:
                yield f"{name}: {path} is not in English"
            elif placeholders(text) != placeholders(english[path]):
                yield f"{name}: {path} has other placeholders than English"


def icons_shape(integration: Integration) -> Problems:
    """Icons are of mdi and stand where Home Assistant looks for them."""
    yield from misfits(_ICONS, integration.json("icons.json") or {}, "icons.json")


def _icon_sets(integration: Integration) -> Iterator[tuple[str, dict[str, object]]]:
    """Every {default, state, range} of icons.json with its path."""
    entity = (integration.json("icons.json") or {}).get("entity", {})
    for platform, rows in entity.items():
        for key, icons in rows.items():
            yield f"entity.{platform}.{key}", icons
            for attribute, own in icons.get("state_attributes", {}).items():
                yield f"entity.{platform}.{key}.state_attributes.{attribute}", own


def icons_state_differs(integration: Integration) -> Problems:
    """A state's icon is not just the default's."""
    for path, icons in _icon_sets(integration):
        states = icons.get("state")
        for state, icon in states.items() if isinstance(states, dict) else ():
            if icon == icons.get("default"):
                yield f"icons.json: {path}.state.{state} is the default icon"


def icons_range_ascends(integration: Integration) -> Problems:
    """The steps of a range ascend."""
    for path, icons in _icon_sets(integration):
        steps = icons.get("range")
        numbers = [float(step) for step in steps] if isinstance(steps, dict) else []
        if any(low >= high for low, high in pairwise(numbers)):
            yield f"icons.json: {path}.range does not ascend"


def icons_used(integration: Integration) -> Problems:
    """An icon belongs to a key that the code still knows."""
    icons = integration.json("icons.json") or {}
    services = integration.yaml("services.yaml") or {}
    for platform, rows in icons.get("entity", {}).items():
        for key in rows:
            if not integration.uses(key):
                yield f"icons.json: nothing is called entity.{platform}.{key}"
    for key in icons.get("services", {}):
        if key not in services and not integration.uses(key):
            yield f"icons.json: nothing is called services.{key}"


RULES: tuple[Rule, ...] = (
    translations_exist,
    translations_shape,
    translations_keys,
    translations_values,
    translations_data_description,
    translations_issues,
    translations_agree,
    icons_shape,
    icons_state_differs,
    icons_range_ascends,
    icons_used,
)
