"""The rules that no validator knows: Flotte keeps them, and each of them can be broken."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.validation import brand, keys, manifest, quality, services, texts
from tests.validation.example import (
    ENGLISH,
    FLOW,
    INIT,
    SENSOR,
    SERVICES,
    changed,
    english,
    icons,
    picture,
    write_integration,
)
from tests.validation.example import manifest as manifest_with
from tests.validation.integration import Integration, Rule

FLOTTE = Integration(Path(__file__).parents[1] / "custom_components" / "flotte")

RULES: tuple[Rule, ...] = (
    *manifest.RULES,
    *services.RULES,
    *texts.RULES,
    *quality.RULES,
    *brand.RULES,
    *keys.RULES,
)

type Changes = Mapping[str, str | bytes | None]

WITHOUT_PLATFORM_RULE = SENSOR.replace("PARALLEL_UPDATES = 0", "")

OPTIONS = """
class ExampleOptionsFlow(WakesSteps):
    async def async_step_init(self, user_input=None):
        return self.async_show_menu(step_id="init", menu_options=["wakes"])
"""
WAKES = """
class WakesSteps:
    async def async_step_wakes(self, user_input=None):
        errors = {"base": "too_late"}
        schema = vol.Schema({vol.Required("hour"): int})
        return self.async_show_form(step_id="wakes", data_schema=schema, errors=errors)
"""
"""The options flow of the example in two modules, without any texts."""


def scale(*lines: str, without: str = "") -> str:
    """A quality_scale.yaml with every rule to do, but for the lines given."""
    own = {line.split(":")[0] for line in lines}
    rest = [f"{name}: todo" for name in sorted(quality.NAMES - own - {without})]
    return "rules:\n" + "".join(f"  {line}\n" for line in (*lines, *rest))


NOT_DONE: list[tuple[str, Changes, str]] = [
    ("common-modules", {}, "coordinator.py is missing"),
    ("config-entry-unloading", {"__init__.py": ""}, "no async_unload_entry"),
    ("diagnostics", {}, "no async_get_config_entry_diagnostics"),
    ("has-entity-name", {"sensor.py": ""}, "_attr_has_entity_name"),
    ("parallel-updates", {"sensor.py": WITHOUT_PLATFORM_RULE}, "sets no PARALLEL_UPDATES"),
    (
        "parallel-updates",
        {"lock/__init__.py": WITHOUT_PLATFORM_RULE},
        "lock/__init__.py sets no PARALLEL_UPDATES",
    ),
    ("reauthentication-flow", {"config_flow.py": ""}, "no async_step_reauth"),
    ("reconfiguration-flow", {}, "no async_step_reconfigure"),
    ("runtime-data", {"__init__.py": ""}, "does not set entry.runtime_data"),
    (
        "runtime-data",
        {"__init__.py": INIT.replace("entry: ExampleConfigEntry", "entry: ConfigEntry")},
        "which kind of entry",
    ),
    (
        "runtime-data",
        {"__init__.py": INIT + "    hass.data[DOMAIN] = 1\n"},
        "hass.data[DOMAIN] is used",
    ),
    ("test-before-setup", {"__init__.py": ""}, "raises a setup error"),
    ("unique-config-entry", {"config_flow.py": ""}, "does not look for an entry"),
]
"""A rule of the quality scale, what makes it untrue, and what is said."""

BROKEN: list[tuple[Rule, Changes, str]] = [
    # manifest.json
    (manifest.manifest_domain, manifest_with("domain", "other"), "in the folder example_car"),
    (manifest.manifest_domain, manifest_with("domain", "tesla_fleet"), "core integration"),
    (manifest.manifest_version, manifest_with("version", "newest"), "cannot be compared"),
    (manifest.dependencies_exist, manifest_with("dependencies", ["warp_drive"]), "no warp_drive"),
    # services.yaml, triggers.yaml, conditions.yaml
    (services.services_named, english("services.send_home.name"), "send_home.name is missing"),
    (
        services.services_named,
        english("services.send_home.fields.speed.description"),
        "send_home.fields.speed.description is missing",
    ),
    # translations
    (texts.translations_exist, {"translations/en.json": None}, "en.json is missing"),
    (texts.translations_exist, {"strings.json": "{}"}, "strings.json is not read"),
    (texts.translations_literal, english("config.error.wrong_host", "[%key:a::b%]"), "reference"),
    (texts.translations_literal, english("config.error.wrong_host", ""), "is empty"),
    (
        texts.translations_agree,
        {"translations/nl.json": json.dumps({"title": "Voorbeeld"})},
        "title is not in English",
    ),
    (
        texts.translations_agree,
        {"translations/nl.json": changed({}, "exceptions.unreachable.message", "{gastheer}?")},
        "other placeholders",
    ),
    (
        texts.counts_alone,
        {"translations/nl.json": changed({}, "exceptions.unreachable.message", "Nog {days} dagen")},
        "noun after a count: {days} dagen",
    ),
    (
        texts.names_unique,
        {
            "translations/nl.json": json.dumps(
                {
                    "entity": {
                        "button": {"drive": {"name": "Rijden"}},
                        "sensor": {"driving": {"name": "rijden"}},
                    }
                }
            )
        },
        "button.drive and sensor.driving have one name",
    ),
    # icons.json
    (
        texts.icons_used,
        icons("entity.sensor.gone", {"default": "mdi:car"}),
        "nothing is called entity.sensor.gone",
    ),
    (
        texts.icons_used,
        icons("services.gone", {"service": "mdi:car"}),
        "nothing is called services.gone",
    ),
    # quality_scale.yaml
    (quality.scale_shape, {"quality_scale.yaml": "brands: done"}, "has rules, and nothing else"),
    (quality.scale_shape, {"quality_scale.yaml": scale(without="brands")}, "brands is missing"),
    (quality.scale_shape, {"quality_scale.yaml": scale("colour: done")}, "no rule colour"),
    (quality.scale_shape, {"quality_scale.yaml": scale("brands: maybe")}, "brands is maybe"),
    (
        quality.scale_shape,
        {"quality_scale.yaml": scale("discovery: {status: exempt}")},
        "discovery is exempt without a comment",
    ),
    *(
        (quality.scale_true, {"quality_scale.yaml": scale(f"{name}: done"), **changes}, says)
        for name, changes, says in NOT_DONE
    ),
    # brand
    (brand.brand_names, {"brand/icon.png": None}, "brand/icon.png is missing"),
    (brand.brand_names, {"brand/banner.png": picture(256, 256)}, "banner.png is never shown"),
    (brand.brand_sizes, {"brand/icon.png": picture(255, 256)}, "icon.png is 255x256"),
    (brand.brand_sizes, {"brand/dark_icon@2x.png": picture(256, 256)}, "not 512 square"),
    (brand.brand_sizes, {"brand/logo.png": picture(900, 300)}, "shorter side 300"),
    (brand.brand_format, {"brand/logo.png": picture(200, 200, mode="RGB")}, "no transparency"),
    (
        brand.brand_format,
        {"brand/logo.png": picture(200, 200, image_format="WEBP")},
        "WEBP, not PNG",
    ),
    (
        brand.brand_format,
        {"brand/logo.png": picture(200, 200, icc_profile=b"not ours")},
        "colour profile",
    ),
    (brand.brand_trimmed, {"brand/icon.png": picture(256, 256, margin=9)}, "empty margin"),
    (brand.brand_trimmed, {"brand/icon.png": picture(256, 256, margin=128)}, "is empty"),
    (brand.brand_trimmed, {"brand/logo.png": picture(300, 200, margin=1)}, "empty margin"),
    # Texts that the code asks for
    (keys.exceptions_worded, english("exceptions.unreachable"), "exceptions.unreachable is"),
    (keys.issues_worded, english("issues.not_paired"), "issues.not_paired is missing"),
    (
        keys.selectors_worded,
        {"config_flow.py": FLOW + '\nx = SelectSelectorConfig(translation_key="colour")'},
        "selector.colour is missing",
    ),
    (keys.entities_named, english("entity.sensor.gear"), "entity.sensor.gear.name is missing"),
    (
        keys.entities_named,
        {"lock.py": 'class DoorLock(LockEntity):\n    _attr_translation_key = "doors"'},
        "entity.lock.doors.name is missing",
    ),
    (keys.flows_worded, english("config.step.user"), "config.step.user is missing"),
    (
        keys.flows_worded,
        english("config.step.user.data_description.host"),
        "no step of config names and explains the field host",
    ),
    (keys.flows_worded, english("config.error.wrong_host"), "config.error.wrong_host is missing"),
    (keys.flows_worded, english("config.abort.reauth_done"), "config.abort.reauth_done is missing"),
    (
        keys.flows_worded,
        english("config.abort.already_configured"),
        "config.abort.already_configured is missing",
    ),
    (
        keys.flows_worded,
        {"config_flow.py": FLOW.replace("(ConfigFlow)", "(AbstractOAuth2FlowHandler)")},
        "config.abort.oauth_failed is missing",
    ),
    (
        keys.flows_worded,
        {
            "config_flow.py": FLOW + "\nclass ExampleOptionsFlow:\n    def f(self):\n"
            '        return self.async_show_form(step_id="init")'
        },
        "options.step.init is missing",
    ),
    (
        keys.flows_worded,
        {"flows/options.py": OPTIONS, "flows/wakes.py": WAKES},
        "options.step.wakes is missing",
    ),
    (
        keys.flows_worded,
        {"flows/options.py": OPTIONS, "flows/wakes.py": WAKES},
        "options.error.too_late is missing",
    ),
    (
        keys.flows_worded,
        {"flows/options.py": OPTIONS, "flows/wakes.py": WAKES},
        "no step of options names and explains the field hour",
    ),
    *(
        (keys.flows_worded, {"config_flow.py": FLOW.replace(old, new)}, says)
        for old, new, says in (
            ('step_id="user"', 'step_id="user" if a else "b"', "config.step.b is missing"),
            ('= "wrong_host"', '= "wrong_host" if a else "b"', "config.error.b is missing"),
        )
    ),
    (keys.flows_worded, {"config_flow.py": ""}, "the config flow shows no step"),
    (keys.flows_worded, {"flows/options.py": ""}, "the options flow shows no step"),
    (
        keys.flows_worded,
        {"config_flow.py": FLOW + "\n    def async_get_options_flow(entry):\n        return 1"},
        "the options flow shows no step",
    ),
    (keys.texts_used, english("exceptions.gone", {"message": "A"}), "nothing uses exceptions.gone"),
    (keys.texts_used, english("config.error.gone", "A"), "nothing uses config.error.gone"),
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_flotte_keeps_the_rule(rule: Rule) -> None:
    assert not list(rule(FLOTTE))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_example_keeps_the_rule(rule: Rule, tmp_path: Path) -> None:
    example = write_integration(tmp_path / "example_car", {})
    assert not list(rule(Integration(example)))


@pytest.mark.parametrize(
    ("rule", "changes", "says"),
    [pytest.param(*row, id=f"{row[0].__name__}: {row[2]}") for row in BROKEN],
)
def test_a_broken_rule_is_reported(rule: Rule, changes: Changes, says: str, tmp_path: Path) -> None:
    example = write_integration(tmp_path / "example_car", changes)
    assert says in "\n".join(rule(Integration(example)))


def test_every_rule_is_broken_once() -> None:
    assert {rule for rule, _, _ in BROKEN} == set(RULES)


def test_every_code_check_is_broken_once() -> None:
    assert {name for name, _, _ in NOT_DONE} == set(quality.CODE_CHECKS)


@pytest.mark.parametrize("name", ["uv.lock", "poetry.lock", "package-lock.json", "yarn.lock"])
def test_no_lock_file_records_where_packages_come_from(name: str) -> None:
    """Versions are pinned in requirements*.txt."""
    assert not (Path(__file__).parents[1] / name).exists()


def test_the_scale_has_54_rules() -> None:
    assert {tier: len(names) for tier, names in quality.SCALE.items()} == {
        "bronze": 20,
        "silver": 10,
        "gold": 21,
        "platinum": 3,
    }
    assert len(quality.NAMES) == 54


def test_a_complete_translation_in_another_language_is_kept(tmp_path: Path) -> None:
    changes = {"translations/nl.json": json.dumps(ENGLISH), "services.yaml": SERVICES}
    example = Integration(write_integration(tmp_path / "example_car", changes))
    assert not [problem for rule in RULES for problem in rule(example)]
