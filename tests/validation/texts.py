"""Rules about translations/*.json and icons.json."""

import re
from collections.abc import Iterator

from tests.validation.integration import Integration, Problems, Rule

_PLACEHOLDER = re.compile(r"{([^{}]+)}")
_COUNT_OF_NOUN = re.compile(
    r"{(?:command|count|data|days|maximum|minutes|quota|rest_days|seconds|signal|starts|wake|wakes"
    r"|weekend_days|working_days)}[ -][^\W\d_]{4,}"
)
"""A number right before a word long enough to be a noun: units and small words are shorter."""
_NAMES_NO_COUNT = frozenset({"exceptions.cost_of_nothing.message"})
"""Texts whose {count} is the name of a field."""
_ON_OTHER_DEVICES = frozenset(
    {"sensor.connector_state", "sensor.energy_left", "sensor.site_last_seen"}
)
"""Entities of sites and wall connectors that may have the name of a vehicle's entity."""


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
    """English exists, and no file that Home Assistant ignores."""
    if not integration.has("translations/en.json"):
        yield "translations/en.json is missing"
    if integration.has("strings.json"):
        yield "strings.json is not read for a custom integration"


def translations_literal(integration: Integration) -> Problems:
    """Home Assistant shows texts of a custom integration as they are, resolving no references."""
    for name, content in _languages(integration):
        for path, text in leaves(content):
            if "[%key:" in text:
                yield f"{name}: {path} is a reference, which only core resolves"
            if not text:
                yield f"{name}: {path} is empty"


def translations_agree(integration: Integration) -> Problems:
    """Other languages have the keys and placeholders of English."""
    english = dict(leaves(integration.english))
    for name, content in _languages(integration):
        for path, text in leaves(content):
            if path not in english:
                yield f"{name}: {path} is not in English"
            elif placeholders(text) != placeholders(english[path]):
                yield f"{name}: {path} has other placeholders than English"


def counts_alone(integration: Integration) -> Problems:
    """No noun follows a count: it would be wrong for one, and has three forms in Polish."""
    for name, content in _languages(integration):
        for path, text in leaves(content):
            if path not in _NAMES_NO_COUNT and (found := _COUNT_OF_NOUN.search(text)):
                yield f"{name}: {path} has a noun after a count: {found[0]}"


def names_unique(integration: Integration) -> Problems:
    """Two entities of a device have two names in each language, also on different platforms."""
    for name, content in _languages(integration):
        owners: dict[str, str] = {}
        for path, text in leaves(content.get("entity", {})):
            entity = path.removesuffix(".name")
            if path.count(".") != 2 or entity == path or entity in _ON_OTHER_DEVICES:
                continue
            if (other := owners.setdefault(text.casefold(), entity)) != entity:
                yield f"{name}: {other} and {entity} have one name: {text}"


def icons_used(integration: Integration) -> Problems:
    """An icon belongs to a key that the code still uses."""
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
    translations_literal,
    translations_agree,
    counts_alone,
    names_unique,
    icons_used,
)
