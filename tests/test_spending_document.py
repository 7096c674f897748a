"""The automations in docs/spending.md, as a reader would copy them."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.flotte.tesla.spending.policy import RULES, Group, SpendingRule
from simulator import Simulator
from tests.conftest import EntryMaker, register_key, set_up
from tests.fleet import MOMENT, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "docs" / "spending.md"
TRANSLATION: Final = ROOT / "custom_components" / "flotte" / "translations" / "en.json"


@pytest.fixture
async def copied(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """An account at night, with the automations of the document."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.EVENT,
            Platform.LOCK,
        ],
    )
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    examples: list[Any] = [parse_yaml(block) for block in blocks]
    assert await async_setup_component(hass, "automation", {"automation": examples})
    assert len(hass.states.async_entity_ids("automation")) == len(examples) == 1
    await register_key(hass, tesla)
    entry = make_entry(options={"quiet_begin": "01:00:00", "quiet_end": "05:00:00"})
    await set_up(hass, entry)
    return entry


async def test_a_refusal_is_reported(hass: HomeAssistant, copied: MockConfigEntry) -> None:
    sent = async_mock_service(hass, "notify", "send_message")
    with pytest.raises(HomeAssistantError):
        await act(hass, "lock", "lock.aurora_doors")
    await hass.async_block_till_done()
    (call,) = sent
    assert call.data["message"].startswith(
        "Aurora: The car is asleep, and automations cannot wake a car"
    )


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if rule.group is not Group.ENTITY], ids=lambda rule: rule.option
)
def test_every_option_is_described(rule: SpendingRule) -> None:
    step = json.loads(TRANSLATION.read_text("utf-8"))["options"]["step"][rule.group]
    texts = step["sections"]["advanced"] if rule.is_advanced else step
    name = texts["data"].get(rule.option, rule.option)
    # The document has both ends of the quiet hours in one row.
    name = "Quiet hours start, end" if rule.field == "quiet_hours" else name
    # With its default, in the first cell of a row.
    described = {
        line.split("|")[1].strip().removesuffix(" (advanced)").casefold()
        for line in DOCUMENT.read_text("utf-8").splitlines()
        if line.startswith("| ")
    }
    assert name.casefold() in described, "add a row to the options in docs/spending.md"
