"""Tools for language models, called as a conversation calls them; asking costs nothing."""

import json
from typing import Any

import pytest
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.spending.prices import PRICED
from custom_components.flotte.tesla.charging.situation import ChargingMode
from simulator import Simulator
from tests.conftest import MODEL_Y
from tests.fleet import MINUTE, MOMENT, Wait

pytestmark = pytest.mark.freeze_time(MOMENT)

ANNA = Context(user_id="anna")
SECRETS = (MODEL_Y[-6:], "52.37", "4.89", "token", "eyJ")
"""Parts of VINs, positions and tokens, which no answer may contain."""


@pytest.fixture
async def assist(hass: HomeAssistant) -> None:
    """Home Assistant as it is when a language model is used."""
    assert await async_setup_component(hass, "homeassistant", {})
    hass.config.latitude, hass.config.longitude = 52.3731, 4.8903
    assert await async_setup_component(hass, "zone", {})
    assert await async_setup_component(hass, "llm", {})


@pytest.fixture
async def asked(assist: None, told: MockConfigEntry) -> MockConfigEntry:
    """The entry with all data, in a Home Assistant with Assist."""
    return told


async def tools(hass: HomeAssistant, assistant: str = "conversation") -> llm.APIInstance:
    context = llm.LLMContext("test", ANNA, "en", assistant, None)
    return await llm.async_get_api(hass, "assist", context)


async def ask(hass: HomeAssistant, name: str, **arguments: Any) -> Any:
    """The answer of a tool, after checking that it gives nothing away."""
    api = await tools(hass)
    result = await api.async_call_tool(llm.ToolInput(f"flotte__{name}", arguments))
    assert isinstance(result, llm.ToolResult)
    text = json.dumps(result.data)
    assert not [each for each in SECRETS if each in text]
    return result.data


def expose(hass: HomeAssistant, *entities: str, to: str = "conversation") -> None:
    for each in entities:
        async_expose_entity(hass, to, each, should_expose=True)


def only(answer: Any) -> Any:
    (vehicle,) = answer["cars"]
    return vehicle


async def test_the_state_of_a_car(hass: HomeAssistant, asked: MockConfigEntry) -> None:
    expose(hass, "lock.aurora_doors", "device_tracker.aurora_location")
    state = only(await ask(hass, "state", car="Aurora"))
    assert state["connection"] == "online"
    assert state["battery_level"]["value"] == 68
    assert state["battery_level"]["unit"] == "%"
    assert state["battery_level"]["age_in_minutes"] <= 2
    assert state["range"] == {**state["range"], "value": 362, "unit": "km"}
    assert state["locked"]["value"] is True
    assert state["any_window_open"]["value"] is False
    assert state["climate_on"]["value"] is False
    assert state["place"]["value"] == "test home"
    assert "withheld" not in state


async def test_ages_grow_and_units_are_the_users(
    hass: HomeAssistant, asked: MockConfigEntry, tesla: Simulator, wait: Wait
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
    await wait(40 * MINUTE)
    state = only(await ask(hass, "state", car="Aurora"))
    assert state["connection"] == "asleep"
    assert state["range"]["unit"] == "mi"
    assert state["range"]["value"] == 225
    assert 38 <= state["battery_level"]["age_in_minutes"] <= 42
    assert tesla.world.cars[MODEL_Y].state == "asleep"


async def test_what_is_not_known_is_unknown(
    hass: HomeAssistant, assist: None, loaded: MockConfigEntry
) -> None:
    """A sleeping car that was never asked anything."""
    expose(hass, "lock.aurora_doors", "device_tracker.aurora_location")
    state = only(await ask(hass, "state", car="Aurora"))
    for name in ("battery_level", "locked", "any_window_open", "place"):
        assert state[name] == {"value": "unknown"}, name
    charging = only(await ask(hass, "charging", car="Aurora"))
    assert charging["done_at"] == {"value": "unknown"}
    assert charging["last_charge"] == {"value": "unknown"}


async def test_only_what_is_exposed_is_said(hass: HomeAssistant, asked: MockConfigEntry) -> None:
    """By default, Home Assistant exposes climates and covers, but no lock and no location."""
    state = only(await ask(hass, "state", car="Aurora"))
    assert state["battery_level"]["value"] == 68
    assert not state.keys() & {"locked", "any_door_open", "place"}
    assert {"locked", "any_door_open", "place"} <= set(state["withheld"]["facts"])
    for entity_id in hass.states.async_entity_ids():
        if "aurora" in entity_id:
            async_expose_entity(hass, "conversation", entity_id, should_expose=False)
    answer = await ask(hass, "state", car="Aurora")
    assert "error" in answer
    assert {each["name"] for each in (await ask(hass, "state"))["cars"]} == {
        "Comet",
        "Old Faithful",
    }


async def test_no_tools_without_a_car(hass: HomeAssistant, asked: MockConfigEntry) -> None:
    for entity_id in hass.states.async_entity_ids():
        async_expose_entity(hass, "conversation", entity_id, should_expose=False)
    names = [each.name for each in (await tools(hass)).tools]
    assert not [each for each in names if each.startswith("flotte__")]


async def test_charging(hass: HomeAssistant, asked: MockConfigEntry, wait: Wait) -> None:
    charging = only(await ask(hass, "charging", car="Aurora"))
    assert charging["plugged_in"]["value"] is True
    assert charging["charge_limit"] == {**charging["charge_limit"], "value": 80, "unit": "%"}
    assert charging["charging_at_home"] == {"mode": "off"}
    controller = asked.runtime_data.charging_controllers[MODEL_Y]
    controller.async_change(mode=ChargingMode.SUN_ONLY)
    await wait(MINUTE)
    at_home = only(await ask(hass, "charging", car="Aurora"))["charging_at_home"]
    assert at_home.keys() == {"mode", "withheld"}
    assert at_home["withheld"]["facts"][0] == "reason"
    expose(hass, "device_tracker.aurora_location")
    at_home = only(await ask(hass, "charging", car="Aurora"))["charging_at_home"]
    assert at_home["mode"] == "sun_only"
    assert at_home["reason"].endswith(".")


async def test_the_bill(hass: HomeAssistant, asked: MockConfigEntry) -> None:
    (account,) = (await ask(hass, "cost"))["accounts"]
    assert account["month"] == "2026-10"
    assert account["spent"] == 0.01
    assert account["by_category"]["data"]["count"] == 3
    assert account["left"] == account["budget"] - account["spent"]
    assert account["projection"]["total"] >= account["spent"]
    assert account["spending_mode"]["mode"] == "normal"


async def test_prices(hass: HomeAssistant, assist: None, loaded: MockConfigEntry) -> None:
    """Aurora sleeps, so each action includes a wake."""
    for action in PRICED:
        price = only(await ask(hass, "price", car="Aurora", action=action))
        assert price["consists_of"]["wake"] == 1
        assert price["decision"] == "allowed"
        assert price["connection"] == "asleep"


async def test_invalid_arguments_are_refused(hass: HomeAssistant, asked: MockConfigEntry) -> None:
    assert "error" in await ask(hass, "state", car="Kitt")
    assert "error" in await ask(hass, "price", car="Aurora", action="explode")


async def test_asking_costs_nothing(
    hass: HomeAssistant, asked: MockConfigEntry, tesla: Simulator
) -> None:
    tesla.world.cars[MODEL_Y].steer({"state": "asleep"})
    before = len(tesla.requests)
    for name in ("state", "charging", "cost"):
        await ask(hass, name)
    await ask(hass, "price", action="wake")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(tesla.requests) == before
