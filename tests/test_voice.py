"""Sentences about cars, spoken to Home Assistant's conversation."""

import string
from collections.abc import Awaitable, Callable, Mapping

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import conversation
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import CONF_VOICE_QUESTIONS, DOMAIN
from custom_components.flotte.tesla.signals import WINDOW_DRIVER_FRONT
from custom_components.flotte.tesla.state import Reading, Source
from custom_components.flotte.voice.sentences import grammar_of
from custom_components.flotte.voice.wording_de import GERMAN_WORDS
from custom_components.flotte.voice.wording_en import ENGLISH_WORDS
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, set_up, vehicle_of
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)

type Say = Callable[[str], Awaitable[str]]


@pytest.fixture
def say(hass: HomeAssistant) -> Say:
    """Says a sentence to Home Assistant, and returns its answer."""

    async def say(sentence: str) -> str:
        result = await conversation.async_converse(
            hass, sentence, None, Context(), language=hass.config.language
        )
        speech: str = result.response.speech["plain"]["speech"]
        return speech

    return say


@pytest.fixture
async def spoken_to(
    hass_at_tesla: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    """An account whose cars can be spoken to."""
    monkeypatch.setattr("custom_components.flotte.PLATFORMS", [Platform.CLIMATE, Platform.SWITCH])
    assert await async_setup_component(hass_at_tesla, "homeassistant", {})
    assert await async_setup_component(hass_at_tesla, "conversation", {})
    await set_up(hass_at_tesla, entry)
    await hass_at_tesla.async_block_till_done(wait_background_tasks=True)
    return entry


@pytest.fixture
async def only_aurora(
    hass_at_tesla: HomeAssistant, tesla: Simulator, spoken_to: MockConfigEntry
) -> MockConfigEntry:
    """An account with one car, which was polled once."""
    for vin in (MODEL_3, MODEL_S):
        spoken_to.runtime_data.vehicles.remove(vehicle_of(spoken_to, vin))
    tesla.world.cars[MODEL_Y].steer({"state": "online"})
    await vehicle_of(spoken_to, MODEL_Y).async_refresh()
    # Any change of Home Assistant's own settings makes the sentences follow.
    hass_at_tesla.bus.async_fire(EVENT_CORE_CONFIG_UPDATE)
    await hass_at_tesla.async_block_till_done(wait_background_tasks=True)
    return spoken_to


async def test_questions(
    hass: HomeAssistant,
    only_aurora: MockConfigEntry,
    tesla: Simulator,
    say: Say,
    freezer: FrozenDateTimeFactory,
) -> None:
    before = len(tesla.requests)
    assert await say("What is the range of Aurora?") == (
        "Aurora can drive 362 kilometres, with 68 per cent."
    )
    assert await say("Is Aurora locked?") == "Aurora is locked."
    assert await say("how much battery does the car have left") == (
        "Aurora has 68 per cent, 362 kilometres."
    )
    assert await say("is my car charging") == "Aurora is plugged in, but not charging."
    assert await say("what has the car cost this month") == (
        "Tesla's interface has cost 0 of 10 euros this month, before Tesla's discount."
    )
    assert len(tesla.requests) == before
    freezer.tick(600)
    vehicle_of(only_aurora, MODEL_Y).vehicle.apply_state("asleep")
    assert await say("what's Aurora's battery") == (
        "Aurora has 68 per cent, 362 kilometres, as of 10 minutes ago, asleep."
    )
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_units_of_the_system(
    hass: HomeAssistant, only_aurora: MockConfigEntry, say: Say
) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    assert await say("how far can Aurora go") == "Aurora can drive 225 miles, with 68 per cent."
    assert await say("how warm is it in Aurora") == (
        "It is 61 degrees Fahrenheit inside Aurora and 60 degrees Fahrenheit outside."
    )


async def test_closed_only_if_each_window_is_known_to_be(
    only_aurora: MockConfigEntry, say: Say
) -> None:
    vehicle = vehicle_of(only_aurora, MODEL_Y).vehicle
    assert await say("are Aurora's windows closed") == "All windows of Aurora are closed."
    now = vehicle.context.now()
    vehicle.receive({WINDOW_DRIVER_FRONT: Reading(None, now, Source.POLL)})
    assert await say("are the windows of Aurora closed") == (
        "What Aurora reports is closed, but I do not know about the driver's window."
    )
    vehicle.receive({WINDOW_DRIVER_FRONT: Reading(value=True, time=now, source=Source.POLL)})
    assert await say("are the windows of Aurora closed") == "The driver's window of Aurora is open."


async def test_unknown_is_not_guessed(spoken_to: MockConfigEntry, say: Say) -> None:
    assert await say("is Aurora locked") == (
        "I do not know the lock state of Aurora. It is asleep and reports when it wakes up. "
        "To ask now, wake it up first."
    )


async def test_several_cars(spoken_to: MockConfigEntry, say: Say) -> None:
    assert await say("where is the car") == "Which car: Aurora, Comet or Old Faithful?"
    assert (await say("where is old faithful")).startswith("I do not know the location of Old")


async def test_names_follow(hass: HomeAssistant, spoken_to: MockConfigEntry, say: Say) -> None:
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, MODEL_Y), spoken_to.entry_id)
    assert device is not None
    devices.async_update_device(device.id, name_by_user="Blitz (rot) 2 🚗")
    await hass.async_block_till_done()
    assert "Blitz" in await say("how far can Blitz rot 2 drive")
    assert "Blitz" in await say("how far can blitz rot two drive")


async def test_turned_off_and_unloaded(
    hass: HomeAssistant, spoken_to: MockConfigEntry, say: Say
) -> None:
    question = "how far can Aurora drive"
    assert "the range of Aurora" in await say(question)
    hass.config_entries.async_update_entry(spoken_to, options={CONF_VOICE_QUESTIONS: False})
    await hass.async_block_till_done()
    assert "the range of Aurora" not in await say(question)
    hass.config_entries.async_update_entry(spoken_to, options={})
    await hass.async_block_till_done()
    assert "the range of Aurora" in await say(question)
    assert await hass.config_entries.async_unload(spoken_to.entry_id)
    await hass.async_block_till_done()
    assert "the range of Aurora" not in await say(question)


OTHER_DEVICES = (
    "how warm is it inside",
    "is the front door locked",
    "lock the front door",
    "open the windows in the living room",
    "start charging my phone",
    "turn on the car charger",
    "turn on the light",
    "what is the temperature in the kitchen",
    "where is Anna",
)


def test_sentences_about_other_devices_are_not_ours() -> None:
    grammar = grammar_of("en", frozenset({"aurora"}))
    assert [each for each in OTHER_DEVICES if grammar.understand(each)] == []


def test_texts_are_complete() -> None:
    def placeholders(texts: Mapping[str, str]) -> dict[str, set[str]]:
        parse = string.Formatter().parse
        return {key: {name for _, name, *_ in parse(text) if name} for key, text in texts.items()}

    assert placeholders(GERMAN_WORDS.texts) == placeholders(ENGLISH_WORDS.texts)
