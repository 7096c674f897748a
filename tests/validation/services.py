"""Rules about services.yaml."""

from collections.abc import Iterator

from tests.validation.integration import Integration, Problems, Rule


def fields(service: object) -> Iterator[str]:
    """The fields of one action, including those inside sections."""
    if not isinstance(service, dict) or not isinstance(service.get("fields"), dict):
        return
    for name, field in service["fields"].items():
        if isinstance(field, dict) and isinstance(field.get("fields"), dict):
            yield from field["fields"]
        else:
            yield name


def services_named(integration: Integration) -> Problems:
    """Every action and field has a name and a description; otherwise its raw key is shown."""
    texts = integration.english.get("services", {})
    for name, service in (integration.yaml("services.yaml") or {}).items():
        own = texts.get(name, {})
        wanted = [(f"services.{name}", own)]
        wanted += [
            (f"services.{name}.fields.{field}", own.get("fields", {}).get(field, {}))
            for field in fields(service)
        ]
        for place, text in wanted:
            for part in ("name", "description"):
                if not text.get(part):
                    yield f"translations/en.json: {place}.{part} is missing"


RULES: tuple[Rule, ...] = (services_named,)
