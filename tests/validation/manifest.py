"""Rules about manifest.json and about the imports that it must announce."""

import ast
import re
from pathlib import Path

import homeassistant.components
import probatio
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy
from homeassistant.const import Platform
from packaging.requirements import InvalidRequirement, Requirement
from yarl import URL

from tests.validation.integration import Integration, Problems, Rule, misfits

_CORE = Path(homeassistant.components.__file__).parent

VERSION_STRATEGIES = frozenset(
    {
        AwesomeVersionStrategy.CALVER,
        AwesomeVersionStrategy.SEMVER,
        AwesomeVersionStrategy.SIMPLEVER,
        AwesomeVersionStrategy.BUILDVER,
        AwesomeVersionStrategy.PEP440,
    }
)

ALWAYS_ALLOWED_IMPORTS = frozenset(
    {
        *(platform.value for platform in Platform),
        "alert",
        "automation",
        "conversation",
        "device_automation",
        "frontend",
        "group",
        "homeassistant",
        "input_boolean",
        "input_button",
        "input_datetime",
        "input_number",
        "input_select",
        "input_text",
        "media_source",
        "onboarding",
        "panel_custom",
        "persistent_notification",
        "person",
        "script",
        "sun",
        "system_health",
        "system_log",
        "timer",
        "webhook",
        "websocket_api",
        "zone",
    }
)
"""Components that may be imported without being announced as dependencies."""

ANNOUNCES = {"bluetooth_adapters": frozenset({"bluetooth"})}
"""A dependency that stands for others too."""

TIERS_WITH_OWNER = frozenset({"silver", "gold", "platinum"})


def _lower(value: str) -> str:
    if value != value.lower():
        raise probatio.Invalid("must be lower case")
    return value


def _upper(value: str) -> str:
    if value != value.upper():
        raise probatio.Invalid("must be upper case")
    return value


def _wildcard(value: str) -> str:
    if not set("*?[") & set(value):
        raise probatio.Invalid("needs a wildcard")
    return value


def _codeowner(value: str) -> str:
    if not value.startswith("@"):
        raise probatio.Invalid("must begin with @")
    return value


_LOWER = probatio.All(str, _lower)
_UPPER = probatio.All(str, _upper)

_SHAPE = probatio.Schema(
    {
        probatio.Required("domain"): str,
        probatio.Required("name"): str,
        probatio.Required("documentation"): str,
        probatio.Required("codeowners"): [probatio.All(str, _codeowner)],
        probatio.Required("version"): str,
        probatio.Required("iot_class"): probatio.In(
            (
                "assumed_state",
                "calculated",
                "cloud_polling",
                "cloud_push",
                "local_polling",
                "local_push",
            )
        ),
        "integration_type": probatio.In(
            ("device", "entity", "hardware", "helper", "hub", "service", "system")
        ),
        "quality_scale": probatio.In(
            (
                "bronze",
                "silver",
                "gold",
                "platinum",
                "custom",
                "no_score",
                "internal",
                "legacy",
            )
        ),
        "config_flow": bool,
        "single_config_entry": bool,
        "import_executor": bool,
        "disabled": str,
        "issue_tracker": str,
        "requirements": [str],
        "dependencies": [str],
        "after_dependencies": [str],
        "loggers": [str],
        "preview_features": dict,
        "mqtt": [str],
        "homekit": {"models": [str]},
        "ssdp": [probatio.All(dict, probatio.Length(min=1))],
        "zeroconf": [
            probatio.Any(
                str,
                {probatio.Required("type"): str, "name": _LOWER, "properties": {str: _LOWER}},
            )
        ],
        "dhcp": [
            {
                "hostname": _LOWER,
                "macaddress": probatio.All(str, _upper, _wildcard),
                "registered_devices": bool,
            }
        ],
        "usb": [
            {
                "vid": _UPPER,
                "pid": _UPPER,
                "serial_number": _LOWER,
                "manufacturer": _LOWER,
                "description": _LOWER,
                "known_devices": [str],
            }
        ],
        "bluetooth": [
            {
                "connectable": bool,
                "service_uuid": _LOWER,
                "service_data_uuid": _LOWER,
                "local_name": str,
                "manufacturer_id": int,
                "manufacturer_data_start": [int],
            }
        ],
    }
)


def manifest_exists(integration: Integration) -> Problems:
    """There is a manifest."""
    if not integration.has("manifest.json"):
        yield "manifest.json is missing"


def manifest_shape(integration: Integration) -> Problems:
    """Only known keys, all required ones, each with a value of its kind."""
    if integration.manifest:
        yield from misfits(_SHAPE, integration.manifest, "manifest.json")


def manifest_order(integration: Integration) -> Problems:
    """Domain, name, then the rest in alphabetical order."""
    keys = list(integration.manifest)
    wanted: list[str] = [key for key in ("domain", "name") if key in keys]
    wanted += sorted(set(keys) - set(wanted))
    if keys != wanted:
        yield f"manifest.json: order should be {', '.join(wanted)}"


def manifest_domain(integration: Integration) -> Problems:
    """The domain is the folder's name and no core integration's."""
    domain = integration.manifest.get("domain")
    if domain != integration.domain:
        yield f"manifest.json: domain {domain} lies in the folder {integration.domain}"
    if isinstance(domain, str) and domain and (_CORE / domain / "manifest.json").exists():
        yield f"manifest.json: domain {domain} is a core integration"


def manifest_documentation(integration: Integration) -> Problems:
    """The documentation is ours, and read over https."""
    url = URL(str(integration.manifest.get("documentation", "")))
    if url.scheme != "https" or not url.host:
        yield "manifest.json: documentation must be an https address"
    if url.host == "www.home-assistant.io" and url.path.startswith("/integrations"):
        yield "manifest.json: documentation under home-assistant.io is for core integrations"


def manifest_version(integration: Integration) -> Problems:
    """The version is one that Home Assistant can compare."""
    version = str(integration.manifest.get("version", ""))
    if AwesomeVersion(version).strategy not in VERSION_STRATEGIES:
        yield f"manifest.json: version {version!r} is of no known kind"


def manifest_quality(integration: Integration) -> Problems:
    """Somebody answers for a tier from silver on."""
    manifest = integration.manifest
    if manifest.get("quality_scale") in TIERS_WITH_OWNER and not manifest.get("codeowners"):
        yield f"manifest.json: {manifest['quality_scale']} needs a code owner"


def requirements(integration: Integration) -> Problems:
    """Requirements have no spaces and versions that parse."""
    for text in integration.manifest.get("requirements", ()):
        if re.search(r"\s", text):
            yield f"requirements: {text!r} has a space"
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            yield f"requirements: {text!r} is no requirement"
            continue
        for specifier in requirement.specifier:
            if AwesomeVersion(specifier.version).strategy is AwesomeVersionStrategy.UNKNOWN:
                yield f"requirements: {text!r} has a version of no known kind"


def dependencies_exist(integration: Integration) -> Problems:
    """What the manifest depends on is part of Home Assistant, and named once."""
    manifest = integration.manifest
    needed = manifest.get("dependencies", [])
    for dependency in (*needed, *manifest.get("after_dependencies", ())):
        if not (_CORE / dependency / "manifest.json").exists():
            yield f"dependencies: there is no {dependency}"
    for dependency in manifest.get("after_dependencies", ()):
        if dependency in needed:
            yield f"dependencies: {dependency} is in after_dependencies too"


def dependencies_announced(integration: Integration) -> Problems:
    """A component that the code imports is announced."""
    manifest = integration.manifest
    announced = {*manifest.get("dependencies", ()), *manifest.get("after_dependencies", ())}
    for dependency in tuple(announced):
        announced |= ANNOUNCES.get(dependency, frozenset())
    announced |= {"bluetooth", "dhcp", "mqtt", "ssdp", "usb", "zeroconf"} & set(manifest)
    for name, module in integration.modules.items():
        for component in sorted(imported_components(module)):
            if component in announced or component in ALWAYS_ALLOWED_IMPORTS:
                continue
            # diagnostics.py, repairs.py, application_credentials.py, ... may import their host.
            if integration.has(f"{component}.py") or integration.has(component):
                continue
            yield f"dependencies: {name} imports {component}, which is not announced"


def imported_components(module: ast.Module) -> set[str]:
    """The components that a module imports when it runs, not those for the type checker alone."""
    found: set[str] = set()
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
                waiting += node.orelse
                continue
            case ast.Import():
                dotted = [alias.name for alias in node.names]
            case ast.ImportFrom(module="homeassistant.components", level=0):
                dotted = [f"homeassistant.components.{alias.name}" for alias in node.names]
            case ast.ImportFrom(module=str(origin), level=0):
                dotted = [origin]
            case _:
                dotted = []
        found |= {
            name.split(".")[2] for name in dotted if name.startswith("homeassistant.components.")
        }
        waiting += ast.iter_child_nodes(node)
    return found


def config_flow_exists(integration: Integration) -> Problems:
    """A manifest that promises a config flow has one."""
    if integration.manifest.get("config_flow") and not integration.has("config_flow.py"):
        yield "config_flow.py is missing"


def discovery_sets_unique_id(integration: Integration) -> Problems:
    """A flow that Home Assistant starts by itself must know what it has found before."""
    source = integration.source("config_flow.py")
    steps = "bluetooth|dhcp|discovery|hassio|homekit|mqtt|ssdp|usb|zeroconf"
    if re.search(rf"def async_step_({steps})\b", source) and not re.search(
        r"\basync_set_unique_id\(|_async_handle_discovery_without_unique_id\(", source
    ):
        yield "config_flow.py: a discovery step without a unique id"


RULES: tuple[Rule, ...] = (
    manifest_exists,
    manifest_shape,
    manifest_order,
    manifest_domain,
    manifest_documentation,
    manifest_version,
    manifest_quality,
    requirements,
    dependencies_exist,
    dependencies_announced,
    config_flow_exists,
    discovery_sets_unique_id,
)
