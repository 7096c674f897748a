"""The translation keys that the code uses, as far as its source shows them.

A key that translations/en.json lacks is shown raw, at the very moment the user needs the text.
Sources are: keyword arguments and assignments called `translation_key`, the
steps, fields, errors and abort reasons of flows, and the keys of entity descriptions. Names that
stand for constants are followed through the integration's own modules.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import homeassistant.const
from homeassistant.const import Platform
from homeassistant.helpers import config_entry_oauth2_flow

from tests.validation.integration import Integration, Problems, Rule

_PLATFORMS = frozenset(platform.value for platform in Platform)

_OAUTH_FLOW = Path(str(config_entry_oauth2_flow.__file__))


def constants(integration: Integration) -> dict[str, str]:
    """Every module-level name with a text as its value, over all modules."""
    found = {}
    for module in integration.modules.values():
        for node in module.body:
            match node:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text)))
                ):
                    found[name] = text
    return found


def _text(node: ast.expr | None, known: dict[str, str]) -> str | None:
    """The text of an expression: a constant, or the name of one, ours or homeassistant.const's."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if name in known:
            return known[name]
        case ast.Name(id=name):
            value = getattr(homeassistant.const, name, None)
            return value if isinstance(value, str) else None
    return None


def _texts(node: ast.expr | None, known: dict[str, str]) -> set[str]:
    """The texts that an expression can become: both branches of a condition."""
    if isinstance(node, ast.IfExp):
        return _texts(node.body, known) | _texts(node.orelse, known)
    text = _text(node, known)
    return set() if text is None else {text}


def _argument(call: ast.Call, name: str) -> ast.expr | None:
    return next((keyword.value for keyword in call.keywords if keyword.arg == name), None)


def _called(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _calls(module: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module) if isinstance(node, ast.Call))


def _platform(name: str) -> str | None:
    """The platform that a file of the integration belongs to."""
    first = name.removesuffix(".py").split("/")[0]
    return first if first in _PLATFORMS else None


def exceptions(integration: Integration) -> set[str]:
    """The keys of errors: `raise SomeError(translation_key="...")`."""
    known = constants(integration)
    return {
        text
        for module in integration.modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        if (text := _text(_argument(node.exc, "translation_key"), known))
    }


def issues(integration: Integration) -> set[str]:
    """The keys of repair issues."""
    known = constants(integration)
    return {
        text
        for module in integration.modules.values()
        for call in _calls(module)
        if _called(call) in {"async_create_issue", "create_issue"}
        if (text := _text(_argument(call, "translation_key"), known))
    }


def selectors(integration: Integration) -> set[str]:
    """The keys of select selectors in flows."""
    known = constants(integration)
    return {
        text
        for module in integration.modules.values()
        for call in _calls(module)
        if _called(call).endswith("SelectorConfig")
        if (text := _text(_argument(call, "translation_key"), known))
    }


def entities(integration: Integration) -> Iterator[tuple[str, str, bool]]:
    """Platform and key of each entity, and whether its device class may name it.

    Rows are calls of a class called ...Description with a `key`; entities of their own kind have
    `_attr_translation_key`.
    """
    known = constants(integration)
    for name, module in integration.modules.items():
        platform = _platform(name)
        if platform is None:
            continue
        for call in _calls(module):
            if not _called(call).endswith("Description"):
                continue
            given = _text(_argument(call, "translation_key"), known)
            key = given or _text(_argument(call, "key"), known)
            unnamed = _argument(call, "name")
            if key and not (isinstance(unnamed, ast.Constant) and unnamed.value is None):
                yield platform, key, _argument(call, "device_class") is not None
        for node in ast.walk(module):
            if not isinstance(node, ast.ClassDef):
                continue
            own = {
                target.id: statement.value
                for statement in node.body
                if isinstance(statement, ast.Assign)
                for target in statement.targets
                if isinstance(target, ast.Name)
            }
            key = _text(own.get("_attr_translation_key"), known)
            unnamed = own.get("_attr_name")
            if key and not (isinstance(unnamed, ast.Constant) and unnamed.value is None):
                yield platform, key, "_attr_device_class" in own


def flow_modules(integration: Integration) -> dict[str, ast.Module]:
    """The code of each flow, by its part of the translations: config and options.

    The options flow is every module of the package `flows` and every class of config_flow.py with
    Options in its name. A part is there as soon as the integration has its flow, however empty.
    """
    parts: dict[str, list[ast.stmt]] = {}
    for name, module in integration.modules.items():
        if name == "config_flow.py":
            config = parts.setdefault("config", [])
            for node in module.body:
                if isinstance(node, ast.ClassDef) and "Options" in node.name:
                    parts.setdefault("options", []).append(node)
                else:
                    config.append(node)
        elif name.startswith("flows/"):
            parts.setdefault("options", []).extend(module.body)
    if "async_get_options_flow" in integration.source("config_flow.py"):
        parts.setdefault("options", [])
    return {part: ast.Module(body=body, type_ignores=[]) for part, body in parts.items()}


def steps(module: ast.AST, known: dict[str, str]) -> set[str]:
    """The steps that a flow shows."""
    showing = {
        "async_show_form",
        "async_show_menu",
        "async_external_step",
        "async_show_progress",
    }
    return {
        text
        for call in _calls(module)
        if _called(call) in showing
        for text in _texts(_argument(call, "step_id"), known)
    }


def fields(module: ast.AST, known: dict[str, str]) -> set[str]:
    """The fields of a flow's forms."""
    return {
        text
        for call in _calls(module)
        if _called(call) in {"Required", "Optional", "Inclusive", "Exclusive"} and call.args
        if (text := _text(call.args[0], known))
    }


def errors(module: ast.AST, known: dict[str, str]) -> set[str]:
    """The errors that a flow's forms show."""
    found: set[str] = set()
    for node in ast.walk(module):
        match node:
            case ast.Assign(
                targets=[ast.Subscript(value=ast.Name(id="errors"))],
                value=value,
            ):
                found |= _texts(value, known)
            case ast.Call():
                given = _argument(node, "errors")
                if isinstance(given, ast.Dict):
                    found |= {text for value in given.values for text in _texts(value, known)}
            case (
                ast.Assign(targets=[ast.Name(id="errors")], value=ast.Dict(values=values))
                | ast.AnnAssign(target=ast.Name(id="errors"), value=ast.Dict(values=values))
            ):
                found |= {text for value in values for text in _texts(value, known)}
    return found


def aborts(module: ast.AST, known: dict[str, str]) -> set[str]:
    """The reasons for which a flow ends without an entry."""
    found = set()
    for call in _calls(module):
        match _called(call):
            case "async_abort" | "AbortFlow" | "async_update_reload_and_abort":
                given = _argument(call, "reason") or (
                    call.args[0] if _called(call) == "AbortFlow" and call.args else None
                )
                found.add(_text(given, known))
            case "_abort_if_unique_id_configured" | "_async_abort_entries_match":
                found.add("already_configured")
            case "_abort_if_unique_id_mismatch":
                given = _argument(call, "reason")
                found.add(_text(given, known) if given else "unique_id_mismatch")
            case "async_set_unique_id" if _argument(call, "raise_on_progress") is None:
                found.add("already_in_progress")
    return {text for text in found if text}


def oauth_aborts() -> set[str]:
    """The reasons for which Home Assistant's own OAuth flow ends."""
    return aborts(ast.parse(_OAUTH_FLOW.read_text(encoding="utf-8")), {})


def _exist(integration: Integration, part: str, wanted: set[str]) -> Problems:
    known = integration.english
    for step in part.split("."):
        known = known.get(step, {})
    for key in sorted(wanted - known.keys()):
        yield f"translations/en.json: {part}.{key} is missing"


def exceptions_worded(integration: Integration) -> Problems:
    """Every error that names a key has its text."""
    yield from _exist(integration, "exceptions", exceptions(integration))


def issues_worded(integration: Integration) -> Problems:
    """Every repair issue has its text."""
    yield from _exist(integration, "issues", issues(integration))


def selectors_worded(integration: Integration) -> Problems:
    """Every select selector has the texts of its options."""
    yield from _exist(integration, "selector", selectors(integration))


def entities_named(integration: Integration) -> Problems:
    """Every entity has a name, of its own or by its device class."""
    for platform, key, by_class in entities(integration):
        own = integration.english.get("entity", {}).get(platform, {}).get(key, {})
        if not own.get("name") and not by_class:
            yield f"translations/en.json: entity.{platform}.{key}.name is missing"


def flows_worded(integration: Integration) -> Problems:
    """Every step, field, error and abort reason of a flow has its text."""
    known = constants(integration)
    for part, module in flow_modules(integration).items():
        shown = steps(module, known)
        if not shown:
            yield f"the {part} flow shows no step"
        yield from _exist(integration, f"{part}.step", shown)
        yield from _exist(integration, f"{part}.error", errors(module, known))
        reasons = aborts(module, known)
        if part == "config" and "AbstractOAuth2FlowHandler" in integration.source("config_flow.py"):
            reasons |= oauth_aborts()
        yield from _exist(integration, f"{part}.abort", reasons)
        texts = integration.english.get(part, {}).get("step", {})
        worded = {
            field
            for step in texts.values()
            for block in (step, *step.get("sections", {}).values())
            for field in block.get("data", {}).keys() & block.get("data_description", {}).keys()
        }
        worded |= {
            name
            for step in texts.values()
            for name, block in step.get("sections", {}).items()
            if block.keys() >= {"name", "description"}
        }
        for field in sorted(fields(module, known) - worded):
            yield f"translations/en.json: no step of {part} names and explains the field {field}"


def texts_used(integration: Integration) -> Problems:
    """Every text of an error, issue or flow has a key that the code uses."""
    known = oauth_aborts()
    known |= {reason for flow in flow_modules(integration).values() for reason in aborts(flow, {})}
    known |= {
        name.removeprefix("async_step_")
        for module in integration.modules.values()
        for node in ast.walk(module)
        if isinstance(node, ast.AsyncFunctionDef)
        for name in (node.name,)
    }
    # Home Assistant's OAuth flow shows these steps and reasons on its own.
    known |= {"pick_implementation", "auth", "reauth_successful", "reconfigure_successful"}
    english = integration.english
    parts = [("exceptions", english.get("exceptions", {})), ("issues", english.get("issues", {}))]
    for flow in ("config", "options"):
        texts = english.get(flow, {})
        parts += [(f"{flow}.{part}", texts.get(part, {})) for part in ("step", "error", "abort")]
    for part, own in parts:
        for key in sorted(own.keys() - known):
            if not integration.uses(key):
                yield f"translations/en.json: nothing uses {part}.{key}"


RULES: tuple[Rule, ...] = (
    exceptions_worded,
    issues_worded,
    selectors_worded,
    entities_named,
    flows_worded,
    texts_used,
)
