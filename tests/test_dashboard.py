"""The dashboard is served and offered to pages while there is an account."""

import json
import re
from pathlib import Path

import pytest
from homeassistant.components.frontend import DATA_EXTRA_MODULE_URL, UrlManager
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.flotte.const import DOMAIN
from custom_components.flotte.dashboard.serving import FRONTEND, async_serve_dashboard
from simulator import Simulator
from tests.conftest import TRANSLATIONS, EntryMaker, register_key, set_up

MODULES = sorted(FRONTEND.iterdir())
MAX_BYTES = 30_000
"""Home Assistant waits five seconds for a dashboard's module, on a phone far from home too."""


@pytest.fixture(autouse=True)
def _few_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.BINARY_SENSOR])


@pytest.fixture
def front_end(hass: HomeAssistant) -> UrlManager:
    """A front end, as far as an integration sees of it."""
    manager = UrlManager(lambda _change, _url: None, [])
    hass.data[DATA_EXTRA_MODULE_URL] = manager
    return manager


@pytest.mark.filterwarnings(
    "ignore:It is recommended to use web.RequestKey:aiohttp.web_exceptions.NotAppKeyWarning"
)
async def test_it_is_offered_while_there_is_an_account(
    front_end: UrlManager,
    hass_at_tesla: HomeAssistant,
    tesla: Simulator,
    make_entry: EntryMaker,
    hass_client_no_auth: ClientSessionGenerator,
) -> None:
    hass = hass_at_tesla
    await register_key(hass, tesla)
    assert front_end.urls == frozenset()
    entries: list[MockConfigEntry] = [make_entry(), make_entry("owner-2")]
    for entry in entries:
        await set_up(hass, entry)
    (address,) = front_end.urls
    assert re.fullmatch(r"/flotte_dashboard/[0-9a-f]{12}/flotte\.js", address)

    client = await hass_client_no_auth()
    for path in MODULES:
        answer = await client.get(address.replace("flotte.js", path.name))
        assert await answer.read() == path.read_bytes()
        assert "javascript" in answer.headers["Content-Type"]
        assert answer.headers["Cache-Control"] == "public, max-age=2678400"

    await hass.config_entries.async_remove(entries[0].entry_id)
    assert front_end.urls == {address}
    await hass.config_entries.async_remove(entries[1].entry_id)
    assert front_end.urls == frozenset()
    await set_up(hass, make_entry())
    assert front_end.urls == {address}


async def test_home_assistant_may_lack_a_front_end(
    hass_at_tesla: HomeAssistant, tesla: Simulator, make_entry: EntryMaker
) -> None:
    await register_key(hass_at_tesla, tesla)
    entry = make_entry()
    await set_up(hass_at_tesla, entry)
    assert DATA_EXTRA_MODULE_URL not in hass_at_tesla.data
    assert await hass_at_tesla.config_entries.async_remove(entry.entry_id)


async def test_a_changed_module_has_another_address(
    hass: HomeAssistant, front_end: UrlManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers keep a module for a month. With an account it does not wait for Tesla's answers."""
    MockConfigEntry(domain=DOMAIN).add_to_hass(hass)
    served: list[str] = []

    class Http:
        async def async_register_static_paths(self, configs: list[object]) -> None:
            served.extend(getattr(config, "url_path", "") for config in configs)

    hass.http = Http()  # type: ignore[assignment]
    monkeypatch.setattr("custom_components.flotte.dashboard.serving.FRONTEND", tmp_path)
    for content in ("export const A = 1;", "export const A = 2;"):
        (tmp_path / "words.js").write_text(content)
        await async_serve_dashboard(hass)
    assert len(set(served)) == 2
    assert front_end.urls == {f"{folder}/flotte.js" for folder in served}


def test_the_modules_are_small_and_complete() -> None:
    """There is no build step, so what they import from each other is what is there."""
    assert sum(path.stat().st_size for path in MODULES) <= MAX_BYTES
    imported = {"flotte.js"}
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        imported |= set(re.findall(r'^import .* from "\./([\w.]+)";$', text, re.MULTILINE))
        assert len(re.findall(r"^import ", text, re.MULTILINE)) == text.count('from "./'), path.name
    assert imported == {path.name for path in MODULES}


def test_every_word_is_translated_and_used() -> None:
    """A missing word would be an empty heading."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in MODULES)
    known = json.loads(TRANSLATIONS.read_text(encoding="utf-8"))["config_panel"]["dashboard"]
    asked = set(re.findall(r'(?:word|about)\((?:this\._)?(?:hass, )?"(\w+)"', text))
    assert len(asked) > 10
    assert asked <= set(known)
    # Sections, wheels and fields of the editor name their words by their own keys.
    assert [word for word in known if not re.search(rf"\b{word}\b", text)] == []


def test_elements_are_defined_only_after_home_assistant_has_booted() -> None:
    """It replaces the registry of elements while it boots, and forgets what was in the old one."""
    for path in MODULES:
        before, wait, after = path.read_text(encoding="utf-8").partition(
            'await customElements.whenDefined("home-assistant");'
        )
        assert "customElements.define" not in before, path.name
        assert bool(wait) == (path.name == "flotte.js") == ("customElements.define" in after)
