"""Rules about the manifest facts that decide whether Home Assistant loads the integration."""

from pathlib import Path

import homeassistant.components
from awesomeversion import AwesomeVersion, AwesomeVersionStrategy

from tests.validation.integration import Integration, Problems, Rule

_CORE = Path(homeassistant.components.__file__).parent


def manifest_domain(integration: Integration) -> Problems:
    """The domain is the name of the folder, and does not replace a core integration."""
    domain = integration.manifest.get("domain")
    if domain != integration.domain:
        yield f"manifest.json: domain {domain} lies in the folder {integration.domain}"
    if isinstance(domain, str) and domain and (_CORE / domain / "manifest.json").exists():
        yield f"manifest.json: domain {domain} is a core integration"


def manifest_version(integration: Integration) -> Problems:
    """Home Assistant can compare the version; it blocks custom integrations without one."""
    version = str(integration.manifest.get("version", ""))
    if AwesomeVersion(version).strategy is AwesomeVersionStrategy.UNKNOWN:
        yield f"manifest.json: version {version!r} cannot be compared"


def dependencies_exist(integration: Integration) -> Problems:
    """The installed Home Assistant has every component that the manifest depends on."""
    manifest = integration.manifest
    for key in ("dependencies", "after_dependencies"):
        for dependency in manifest.get(key, ()):
            if not (_CORE / dependency / "manifest.json").exists():
                yield f"manifest.json: {key}: there is no {dependency}"


RULES: tuple[Rule, ...] = (manifest_domain, manifest_version, dependencies_exist)
