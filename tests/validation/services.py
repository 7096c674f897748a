"""Rules about services.yaml, triggers.yaml and conditions.yaml."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import probatio
from homeassistant.helpers.selector import TargetSelector, validate_selector

from tests.validation.integration import SLUG, Integration, Problems, Rule, misfits

_REGISTERS_SERVICE = re.compile(
    r"hass\.services\.(async_register|register)\b"
    r"|async_register_(platform_)?entity_service\b|async_register_admin_service\b"
    r"|async_register_batched_platform_entity_service\b"
)


def _slug(value: str) -> str:
    if not SLUG.fullmatch(value):
        raise probatio.Invalid(f"{value!r} is no slug")
    return value


def _selector(value: object) -> object:
    try:
        return validate_selector(value)
    except (probatio.Invalid, KeyError, TypeError) as error:
        raise probatio.Invalid(f"no selector: {error}") from error


def _target(value: object) -> object:
    """A target selector's settings; none at all mean any target."""
    return TargetSelector.CONFIG_SCHEMA(value)


_FILTER = probatio.Schema(
    {
        probatio.Exclusive("attribute", "filter"): {str: list},
        probatio.Exclusive("supported_features", "filter"): [str],
    }
)
_FIELD = probatio.Schema(
    {
        "name": str,
        "description": str,
        "example": object,
        "default": object,
        "required": bool,
        "advanced": bool,
        "selector": _selector,
        "filter": _FILTER,
    }
)
_SECTION = probatio.Schema(
    {
        "name": str,
        "description": str,
        "collapsed": bool,
        probatio.Required("fields"): {probatio.All(str, _slug): _FIELD},
    }
)


def _field_or_section(value: object) -> object:
    return (_SECTION if isinstance(value, dict) and "fields" in value else _FIELD)(value)


_SERVICE = probatio.Any(
    None,
    probatio.Schema(
        {
            "name": str,
            "description": str,
            "target": _target,
            "fields": {probatio.All(str, _slug): _field_or_section},
        }
    ),
)
_SERVICES = probatio.Schema({probatio.All(str, _slug): _SERVICE})
_TRIGGERS = probatio.Schema(
    {
        probatio.All(str, _slug): probatio.Any(
            None, {"target": _target, "fields": {probatio.All(str, _slug): _FIELD}}
        )
    }
)


def services_exist(integration: Integration) -> Problems:
    """Code that registers an action needs services.yaml."""
    for name in integration.modules:
        if _REGISTERS_SERVICE.search(integration.source(name)) and not integration.has(
            "services.yaml"
        ):
            yield f"services.yaml is missing: {name} registers an action"


def services_shape(integration: Integration) -> Problems:
    """Each action has the keys that Home Assistant knows, and selectors that it can draw."""
    yield from misfits(_SERVICES, integration.yaml("services.yaml") or {}, "services.yaml")


def fields(service: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The fields of one action, those inside sections too."""
    if not isinstance(service, dict) or not isinstance(service.get("fields"), dict):
        return
    for name, field in service["fields"].items():
        if isinstance(field, dict) and isinstance(field.get("fields"), dict):
            yield from field["fields"].items()
        else:
            yield name, field if isinstance(field, dict) else {}


def services_fields_once(integration: Integration) -> Problems:
    """No field has the name of another, whatever its section."""
    for name, service in (integration.yaml("services.yaml") or {}).items():
        counted = Counter(field for field, _ in fields(service))
        for field, count in counted.items():
            if count > 1:
                yield f"services.yaml: {name} has {count} fields {field}"


def services_filter_target(integration: Integration) -> Problems:
    """A field that depends on the target's features needs a target."""
    for name, service in (integration.yaml("services.yaml") or {}).items():
        if isinstance(service, dict) and "target" in service:
            continue
        for field, settings in fields(service):
            if "filter" in settings:
                yield f"services.yaml: {name}.{field} has a filter, but {name} has no target"


def services_select_texts(integration: Integration) -> Problems:
    """The options of a select selector have texts."""
    known = integration.english.get("selector", {})
    for name, service in (integration.yaml("services.yaml") or {}).items():
        for field, settings in fields(service):
            selector = settings.get("selector")
            select = selector.get("select") if isinstance(selector, dict) else None
            key = select.get("translation_key") if isinstance(select, dict) else None
            if key is not None and key not in known:
                yield f"services.yaml: {name}.{field}: no selector.{key} in translations/en.json"


def services_named(integration: Integration) -> Problems:
    """Every action and field has a name and a description; without, its raw key is shown."""
    texts = integration.english.get("services", {})
    for name, service in (integration.yaml("services.yaml") or {}).items():
        own = texts.get(name, {})
        wanted = [(f"services.{name}", own)]
        wanted += [
            (f"services.{name}.fields.{field}", own.get("fields", {}).get(field, {}))
            for field, _ in fields(service)
        ]
        for place, text in wanted:
            for part in ("name", "description"):
                if not text.get(part):
                    yield f"translations/en.json: {place}.{part} is missing"


def _platform_file(integration: Integration, kind: str) -> Problems:
    """The YAML file that belongs to trigger.py or condition.py."""
    content = integration.yaml(f"{kind}s.yaml")
    if f"def async_get_{kind}s(" in integration.source(f"{kind}.py") and content is None:
        yield f"{kind}s.yaml is missing"
    yield from misfits(_TRIGGERS, content or {}, f"{kind}s.yaml")


def triggers(integration: Integration) -> Problems:
    """Triggers are described, in a known shape."""
    yield from _platform_file(integration, "trigger")


def conditions(integration: Integration) -> Problems:
    """Conditions are described, in a known shape."""
    yield from _platform_file(integration, "condition")


RULES: tuple[Rule, ...] = (
    services_exist,
    services_shape,
    services_fields_once,
    services_filter_target,
    services_select_texts,
    services_named,
    triggers,
    conditions,
)
