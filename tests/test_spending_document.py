"""The automations in docs/spending.md, as a reader would copy them."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from homeassistant.const import SERVICE_TURN_OFF, Platform
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.flotte.tesla.spending.policy import RULES, Group, SpendingRule
from simulator import Simulator
from tests.conftest import MODEL_Y, EntryMaker, register_key, set_up, state_of
from tests.fleet import MINUTE, MOMENT, Wait, act

pytestmark = [pytest.mark.freeze_time(MOMENT), pytest.mark.usefixtures("quick_waits")]

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "docs" / "spending.md"
TRANSLATION: Final = ROOT / "custom_components" / "flotte" / "translations" / "en.json"


@pytest.fixture
async def copied(
    hass: HomeAssistant, tesla: Simulator, make_entry: EntryMaker, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MockConfigEntry]:
    """An account at night, with the automations of the document."""
    monkeypatch.setattr(
        "custom_components.flotte.PLATFORMS",
        [
            Platform.BINARY_SENSOR,
            Platform.EVENT,
            Platform.LOCK,
            Platform.NUMBER,
            Platform.SELECT,
            Platform.SENSOR,
        ],
    )
    blocks = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL)
    examples: list[Any] = [parse_yaml(block) for block in blocks]
    assert await async_setup_component(hass, "automation", {"automation": examples})
    assert len(hass.states.async_entity_ids("automation")) == len(examples) == 2
    await register_key(hass, tesla)
    entry = make_entry(options={"quiet_begin": "01:00:00", "quiet_end": "05:00:00"})
    await set_up(hass, entry)
    yield entry
    # One of them runs by the clock.
    for automation in hass.states.async_entity_ids("automation"):
        await act(hass, SERVICE_TURN_OFF, automation)


async def test_the_car_gets_the_solar_surplus(
    hass: HomeAssistant, copied: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    car = tesla.world.cars[MODEL_Y]
    car.steer({"state": "online", "plugged_in": True, "charging": True})
    await wait(12 * MINUTE)
    spare = float(state_of(hass, "sensor.aurora_charger_power").state) - float(
        state_of(hass, "sensor.home_grid_power").state
    )
    told = [each for each in car.executions if each.name == "set_charging_amps"]
    assert told
    assert 0 <= told[-1].parameters["charging_amps"] <= 16
    assert state_of(hass, "number.aurora_charge_current").state == str(
        max(0, min(16, int(spare / 0.69)))
    )

    told.clear()
    car.executions.clear()
    await act(hass, "select_option", "select.tesla_account_spending_mode_setting", option="frugal")
    await wait(12 * MINUTE)
    assert car.executions == []


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
