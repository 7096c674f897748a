"""Rules about quality_scale.yaml, and about the code behind a rule that it calls done.

Home Assistant's validator reads the file of core integrations only; the checks of the code are
those it makes there.
"""

import ast
import re
from collections.abc import Callable, Iterator

from homeassistant.const import Platform

from tests.validation.integration import Integration, Problems, Rule

SCALE = {
    "bronze": [
        "action-setup",
        "appropriate-polling",
        "brands",
        "common-modules",
        "config-flow",
        "config-flow-test-coverage",
        "dependency-transparency",
        "docs-actions",
        "docs-triggers",
        "docs-conditions",
        "docs-high-level-description",
        "docs-installation-instructions",
        "docs-removal-instructions",
        "entity-event-setup",
        "entity-unique-id",
        "has-entity-name",
        "runtime-data",
        "test-before-configure",
        "test-before-setup",
        "unique-config-entry",
    ],
    "silver": [
        "action-exceptions",
        "config-entry-unloading",
        "docs-configuration-parameters",
        "docs-installation-parameters",
        "entity-unavailable",
        "integration-owner",
        "log-when-unavailable",
        "parallel-updates",
        "reauthentication-flow",
        "test-coverage",
    ],
    "gold": [
        "devices",
        "diagnostics",
        "discovery",
        "discovery-update-info",
        "docs-data-update",
        "docs-examples",
        "docs-known-limitations",
        "docs-supported-devices",
        "docs-supported-functions",
        "docs-troubleshooting",
        "docs-use-cases",
        "dynamic-devices",
        "entity-category",
        "entity-device-class",
        "entity-disabled-by-default",
        "entity-translations",
        "exception-translations",
        "icon-translations",
        "reconfiguration-flow",
        "repair-issues",
        "stale-devices",
    ],
    "platinum": ["async-dependency", "inject-websession", "strict-typing"],
}
NAMES = frozenset(name for names in SCALE.values() for name in names)
STATUSES = frozenset({"done", "todo", "exempt"})


def _status(row: object) -> object:
    return row.get("status") if isinstance(row, dict) else row


def scale_shape(integration: Integration) -> Problems:
    """The file names every rule of the scale once, with a status; an exemption has a reason."""
    if not integration.has("quality_scale.yaml"):
        return
    content = integration.yaml("quality_scale.yaml") or {}
    rules = content.get("rules")
    if set(content) != {"rules"} or not isinstance(rules, dict):
        yield "quality_scale.yaml: has rules, and nothing else"
        return
    for name in sorted(NAMES - rules.keys()):
        yield f"quality_scale.yaml: {name} is missing"
    for name in sorted(rules.keys() - NAMES):
        yield f"quality_scale.yaml: there is no rule {name}"
    for name, row in rules.items():
        status = _status(row)
        if status not in STATUSES:
            yield f"quality_scale.yaml: {name} is {status}"
        if status == "exempt" and not (isinstance(row, dict) and row.get("comment")):
            yield f"quality_scale.yaml: {name} is exempt without a comment"


def scale_true(integration: Integration) -> Problems:
    """The code supports every rule that the file calls done."""
    rules = (integration.yaml("quality_scale.yaml") or {}).get("rules")
    for name, row in rules.items() if isinstance(rules, dict) else ():
        if _status(row) == "done" and name in CODE_CHECKS:
            for problem in CODE_CHECKS[name](integration):
                yield f"quality_scale.yaml: {name} is not done: {problem}"


def _functions(integration: Integration, name: str) -> Iterator[str]:
    """The names of all functions and methods of a module."""
    module = integration.modules.get(name)
    for node in ast.walk(module) if module else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _needs(integration: Integration, file: str, *functions: str) -> Problems:
    """The file has at least one of the functions."""
    if not set(functions) & set(_functions(integration, file)):
        yield f"{file} has no {' or '.join(functions)}"


def unloading(integration: Integration) -> Problems:
    """An entry can be unloaded."""
    yield from _needs(integration, "__init__.py", "async_unload_entry")


def runtime_data(integration: Integration) -> Problems:
    """Data with the lifetime of the entry is its typed runtime_data."""
    module = integration.modules.get("__init__.py", ast.Module())
    assigned = {
        target.attr
        for node in ast.walk(module)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Attribute)
    }
    if "runtime_data" not in assigned:
        yield "__init__.py does not set entry.runtime_data"
    for node in ast.walk(module):
        if isinstance(node, ast.AsyncFunctionDef) and node.name == "async_setup_entry":
            annotation = node.args.args[1].annotation if len(node.args.args) > 1 else None
            if annotation is None or ast.unparse(annotation) == "ConfigEntry":
                yield "async_setup_entry does not say which kind of entry it takes"
    if any(re.search(r"hass\.data\[DOMAIN\]", integration.source(n)) for n in integration.modules):
        yield "hass.data[DOMAIN] is used"


def parallel_updates(integration: Integration) -> Problems:
    """Every platform sets PARALLEL_UPDATES."""
    for platform in Platform:
        for name in (f"{platform}.py", f"{platform}/__init__.py"):
            module = integration.modules.get(name)
            if module is not None and not any(
                isinstance(target, ast.Name) and target.id == "PARALLEL_UPDATES"
                for node in module.body
                if isinstance(node, ast.Assign | ast.AnnAssign)
                for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            ):
                yield f"{name} sets no PARALLEL_UPDATES"


def reauthentication(integration: Integration) -> Problems:
    """The flow supports logging in again."""
    yield from _needs(integration, "config_flow.py", "async_step_reauth")


def reconfiguration(integration: Integration) -> Problems:
    """The flow supports changing the settings of an entry."""
    yield from _needs(integration, "config_flow.py", "async_step_reconfigure")


def diagnostics(integration: Integration) -> Problems:
    """Diagnostics can be downloaded."""
    yield from _needs(
        integration,
        "diagnostics.py",
        "async_get_config_entry_diagnostics",
        "async_get_device_diagnostics",
    )


def checks_before_setup(integration: Integration) -> Problems:
    """The setup raises an error if it fails."""
    if not re.search(
        r"\b(ConfigEntryNotReady|ConfigEntryAuthFailed|ConfigEntryError"
        r"|async_config_entry_first_refresh)\b",
        "".join(
            integration.source(each)
            for each in ("__init__.py", "coordinator.py", "account/setup.py")
        ),
    ):
        yield "no file of the setup raises a setup error"


def unique_entry(integration: Integration) -> Problems:
    """An account cannot be added twice."""
    source = integration.source("config_flow.py")
    if not integration.manifest.get("single_config_entry") and not re.search(
        r"\b(_abort_if_unique_id_configured|_async_abort_entries_match)\(", source
    ):
        yield "config_flow.py does not look for an entry that exists"


def entity_names(integration: Integration) -> Problems:
    """Entities are named after their device."""
    if not any(
        re.search(r"_attr_has_entity_name(: bool)? = True", integration.source(name))
        for name in integration.modules
    ):
        yield "no entity sets _attr_has_entity_name"


def common_modules(integration: Integration) -> Problems:
    """Coordinators and the base entity are in the usual modules."""
    for name in ("coordinator.py", "entity.py"):
        if not integration.has(name):
            yield f"{name} is missing"


CODE_CHECKS: dict[str, Callable[[Integration], Problems]] = {
    "common-modules": common_modules,
    "config-entry-unloading": unloading,
    "diagnostics": diagnostics,
    "has-entity-name": entity_names,
    "parallel-updates": parallel_updates,
    "reauthentication-flow": reauthentication,
    "reconfiguration-flow": reconfiguration,
    "runtime-data": runtime_data,
    "test-before-setup": checks_before_setup,
    "unique-config-entry": unique_entry,
}
"""The rules of the scale that can be read from the code."""

RULES: tuple[Rule, ...] = (scale_shape, scale_true)
