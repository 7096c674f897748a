"""Sentences about cars, spoken to Home Assistant's conversation."""

import asyncio
import re
import string
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from hassil.intents import Intents, WildcardSlotList
from hassil.recognize import recognize_all
from homeassistant.auth.const import GROUP_ID_READ_ONLY
from homeassistant.components import conversation
from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, Platform
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.flotte.const import (
    CONF_VOICE_ACTS,
    CONF_VOICE_PHRASE,
    CONF_VOICE_QUESTIONS,
    CONF_VOICE_UNLOCK,
    DOMAIN,
)
from custom_components.flotte.errors import as_home_assistant
from custom_components.flotte.tesla.errors import VehicleBusy
from custom_components.flotte.tesla.signals import TRUNK, WINDOW_DRIVER_FRONT
from custom_components.flotte.tesla.spending.caller import Caller, CallerKind
from custom_components.flotte.tesla.state import Reading, Source
from custom_components.flotte.voice.acts import ACTS
from custom_components.flotte.voice.answers import QUESTIONS
from custom_components.flotte.voice.grammar_de import GERMAN
from custom_components.flotte.voice.grammar_en import ENGLISH
from custom_components.flotte.voice.number_words import number_of
from custom_components.flotte.voice.sentences import grammar_of
from custom_components.flotte.voice.wording_de import GERMAN_WORDS
from custom_components.flotte.voice.wording_en import ENGLISH_WORDS
from simulator import Simulator
from tests.conftest import MODEL_3, MODEL_S, MODEL_Y, set_up, vehicle_of
from tests.fleet import MOMENT

pytestmark = pytest.mark.freeze_time(MOMENT)

ROOT = Path(__file__).parents[1]

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


@pytest.fixture
async def awake(hass: HomeAssistant, only_aurora: MockConfigEntry) -> MockConfigEntry:
    """The account with one car, whose owner lets voice control it."""
    hass.config_entries.async_update_entry(only_aurora, options={CONF_VOICE_ACTS: True})
    await hass.async_block_till_done()
    return only_aurora


async def test_acts(awake: MockConfigEntry, tesla: Simulator, say: Say) -> None:
    car = tesla.world.cars[MODEL_Y]
    assert await say("turn on sentry mode on Aurora") == "Sentry mode of Aurora is on."
    assert (car.sentry_mode, car.climate.is_on) == (True, False)
    assert await say("set Aurora to twenty one and a half degrees") == (
        "Aurora is set to 21.5 degrees."
    )
    assert await say("charge limit 85%") == "Aurora charges up to 85 per cent."
    assert await say("set the driver's seat heater of the car to high") == (
        "The seat heater of Aurora is on level 3."
    )
    assert (car.climate.driver_setting, car.charging.limit_percent) == (21.5, 85)
    assert await say("set the charge limit to 30 percent") == (
        "30 is not allowed for charge limit, so nothing was sent. Choose one of the allowed "
        "values: 50 … 100."
    )
    unclear = "I do not know whether you mean per cent or amps. Say it again with the unit."
    assert await say("limit the car to 16") == await say("charge current to 80") == unclear
    assert await say("unlock Aurora") == (
        "To unlock, open or start Aurora by voice, turn that on in Flotte's options and choose a "
        "code."
    )
    assert car.body.is_locked


async def test_a_script_may_say_the_same_again(
    hass: HomeAssistant, awake: MockConfigEntry, tesla: Simulator
) -> None:
    run = Context()
    for _ in range(2):
        before = len(tesla.requests)
        await conversation.async_converse(hass, "honk the horn of Aurora", None, run, language="en")
        assert len(tesla.requests) > before


async def test_exposure_is_consent_to_what_lets_no_one_in(
    hass: HomeAssistant, only_aurora: MockConfigEntry, tesla: Simulator, say: Say
) -> None:
    """Home Assistant exposes switches and climates on its own, but no locks."""
    assert await say("warm up Aurora") == "The climate control of Aurora is on."
    assert await say("navigate Aurora to Rome") == (
        'To control Aurora by voice, turn on "Let voice control cars" in Flotte\'s options.'
    )
    async_expose_entity(hass, "conversation", "switch.aurora_sentry_mode", should_expose=False)
    assert (await say("sentry mode on")).startswith("To control Aurora by voice")
    assert not tesla.world.cars[MODEL_Y].sentry_mode


async def test_the_code(
    hass: HomeAssistant,
    only_aurora: MockConfigEntry,
    tesla: Simulator,
    say: Say,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    car = tesla.world.cars[MODEL_Y]
    options = {CONF_VOICE_UNLOCK: True, CONF_VOICE_PHRASE: "4711"}
    hass.config_entries.async_update_entry(only_aurora, options=options)
    await hass.async_block_till_done()
    assert (await say("unlock the car")).startswith("Say it again with your code")
    for _ in range(6):
        # Wrong, but no guess of a code.
        assert await say("start the car wash") == "That code is wrong, so I did nothing."
    assert await say("unlock Aurora, code four seven one one") == "Aurora is unlocked."
    assert not car.body.is_locked
    for _ in range(5):
        assert await say("open the trunk, code 4712") == "That code is wrong, so I did nothing."
    assert await say("open the trunk, code 4711") == (
        "There were too many wrong codes. Try again in 10 minutes."
    )
    assert car.body.trunk == 0
    freezer.tick(600)
    assert await say("open the car's trunk, code 4711") == "The trunk of Aurora is open."
    ours = [each for each in caplog.records if each.name.startswith("custom_components")]
    assert not [each for each in ours if "4711" in each.getMessage()]
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_trunk_without_a_motor_is_not_said_to_close(
    hass: HomeAssistant, awake: MockConfigEntry, tesla: Simulator, say: Say
) -> None:
    """The command would open it, and Flotte would assume that it is closed."""
    car, vehicle = tesla.world.cars[MODEL_Y], vehicle_of(awake, MODEL_Y)
    car.model = replace(car.model, has_power_liftgate=False)
    car.body.trunk = 1
    await vehicle.vehicle.look(Caller(CallerKind.PERSON))
    assert await say("close the trunk") == ("The trunk of Aurora has no motor. Close it by hand.")
    assert vehicle.state[TRUNK] is True


@pytest.mark.usefixtures("quick_waits")
async def test_a_part_that_waits_does_not_stop_the_others(
    hass: HomeAssistant,
    awake: MockConfigEntry,
    tesla: Simulator,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A temperature may be deferred, the climate control may not: it wakes the car for both."""
    waiting = {"asleep_person": "wait", "asleep_automation": "wait"}
    hass.config_entries.async_update_entry(awake, options={CONF_VOICE_ACTS: True, **waiting})
    await hass.async_block_till_done()
    car = tesla.world.cars[MODEL_Y]
    car.state = "asleep"
    vehicle_of(awake, MODEL_Y).vehicle.apply_state("asleep")
    monkeypatch.setattr("custom_components.flotte.voice.acting.PATIENCE_SECONDS", -1)
    answer = await say("warm up Aurora to 25 degrees")
    assert answer == "Aurora is waking up. I will turn the climate control on."
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (car.climate.is_on, car.climate.driver_setting) == (True, 25)


async def test_a_slow_act_continues(
    hass: HomeAssistant,
    awake: MockConfigEntry,
    tesla: Simulator,
    say: Say,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("custom_components.flotte.voice.acting.PATIENCE_SECONDS", -1)
    car = tesla.world.cars[MODEL_Y]
    assert await say("turn on sentry mode") == "Aurora takes a while. I will turn sentry mode on."
    await hass.async_block_till_done(wait_background_tasks=True)
    assert car.sentry_mode


async def test_a_promise_that_is_not_kept_is_reported(
    hass: HomeAssistant, awake: MockConfigEntry, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("custom_components.flotte.voice.acting.PATIENCE_SECONDS", -1)
    vehicle = vehicle_of(awake, MODEL_Y)

    async def refuse(*_more: object) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
        raise as_home_assistant(VehicleBusy(), name="Aurora") from VehicleBusy()

    monkeypatch.setattr(vehicle, "async_ask", refuse)
    refused: list[str] = []
    vehicle.refusals.reported.subscribe(lambda command, *_: refused.append(command.name))
    vehicle.vehicle.apply_state("asleep")
    assert await say("lock Aurora") == "Aurora is waking up. I will lock it."
    await hass.async_block_till_done(wait_background_tasks=True)
    (note,) = hass.data["persistent_notification"].values()
    assert note["title"] == "Aurora"
    assert note["message"].startswith("I could not lock it. The car is busy")
    assert refused == ["door_lock"]


async def test_a_person_needs_the_right_to_control(
    hass: HomeAssistant, awake: MockConfigEntry, tesla: Simulator, say: Say
) -> None:
    await hass.auth.async_create_user("Owner")
    user = await hass.auth.async_create_user("Guest", group_ids=[GROUP_ID_READ_ONLY])
    # Not even whether a code is right.
    for sentence in ("turn on sentry mode", "unlock Aurora, code 4711"):
        result = await conversation.async_converse(hass, sentence, None, Context(user_id=user.id))
        assert result.response.speech["plain"]["speech"] == "You may not control Aurora."
    assert not tesla.world.cars[MODEL_Y].sentry_mode


async def test_charging_from_the_sun(awake: MockConfigEntry, say: Say) -> None:
    assert await say("charge the car only from the sun") == (
        "Aurora now charges from the sun only. Aurora is plugged in, but not charging."
    )
    controller = awake.runtime_data.charging_controllers[MODEL_Y]
    assert controller.settings.mode == "sun_only"
    assert await say("send flowers to Aurora") == (
        "I did not understand that about Aurora, so I did nothing."
    )
    assert (await say("charge the car from the sun first")).startswith(
        "Aurora now charges from the sun first."
    )
    assert await say("stop charging Aurora from the sun") == "Aurora no longer charges by the sun."
    assert not controller.is_on


async def test_a_room_learns_the_place_only_if_it_is_exposed(
    hass: HomeAssistant, awake: MockConfigEntry, say: Say
) -> None:
    """Everyone who is there can ask; users of the app see the location anyway."""
    entity = er.async_get(hass).async_get_or_create(
        "device_tracker", DOMAIN, vehicle_of(awake, MODEL_Y).unique_id_of("location")
    )

    async def ask(sentence: str) -> str:
        result = await conversation.async_converse(
            hass, sentence, None, Context(), language="en", device_id="speaker"
        )
        speech: str = result.response.speech["plain"]["speech"]
        return speech

    withheld = (
        "I may not say here where Aurora is. Ask in the app, or expose the location of Aurora to "
        "Assist."
    )
    assert await say("where is Aurora") != withheld
    assert await ask("where is Aurora") == await ask("is Aurora at home") == withheld
    assert "may not say here why" in await ask("why is Aurora not charging")
    async_expose_entity(hass, "conversation", entity.entity_id, should_expose=True)
    assert await ask("where is Aurora") == await say("where is Aurora")
    await hass.auth.async_create_user("Owner")
    stranger = await hass.auth.async_create_user("Guest")
    async_expose_entity(hass, "conversation", entity.entity_id, should_expose=False)
    result = await conversation.async_converse(
        hass, "where is Aurora", None, Context(user_id=stranger.id), language="en"
    )
    assert result.response.speech["plain"]["speech"] == withheld


async def test_german(
    hass: HomeAssistant, awake: MockConfigEntry, tesla: Simulator, say: Say
) -> None:
    car = tesla.world.cars[MODEL_Y]
    # Anything else that is asked of Aurora: Home Assistant would turn on the climate.
    assert await say("turn on the radio in Aurora") == (
        "I did not understand that about Aurora, so I did nothing."
    )
    await hass.config.async_update(language="de-CH")
    await hass.async_block_till_done()
    assert await say("Wie voll ist die Batterie von Aurora?") == (
        "Aurora hat 68 Prozent, 362 Kilometer."
    )
    assert await say("Wächtermodus an") == "Der Wächtermodus von Aurora ist an."
    assert await say("Stelle Aurora auf einundzwanzigeinhalb Grad") == (
        "Aurora ist auf 21,5 Grad gestellt."
    )
    assert await say("Ladelimit auf achtzig Prozent") == (
        "Aurora lädt bis 80 Prozent, das war schon so."
    )
    assert await say("Öffne den Kofferraum von Aurora") == (
        "Um Aurora mit der Stimme zu entriegeln, zu öffnen oder zu starten, schalte das in Flottes "
        "Optionen ein und wähle einen Code."
    )
    assert (car.sentry_mode, car.climate.is_on, car.body.trunk) == (True, False, 0)
    await hass.config.async_update(language="fr")
    await hass.async_block_till_done()
    assert "Aurora" not in await say("Wächtermodus aus")


OTHER_DEVICES = (
    "any windows open in the living room",
    "Aurora should not charge",
    "don't start charging Aurora",
    "I'd like the living room at 21 degrees",
    "is Anna home",
    "put the heating on in the living room",
    "set the volume limit to 80%",
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


AMPERES = {"car": "das auto", "number": "16", "amperes": "A"}
PER_CENT = {"percent": "80", "sign": "%"}
UNDERSTOOD: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("en", "turn on sentry mode on Aurora", "sentry_on", {"car": "aurora"}),
    ("en", "what is the range of Aurora", "range", {"car": "aurora"}),
    ("en", "unlock the car, code 4711", "unlock", {"car": "the car", "phrase": "4711"}),
    ("en", "charge the car to half", "charge_limit", {"car": "the car", "percent": "50"}),
    ("de", "Schließe Aurora ab", "lock", {"car": "aurora"}),
    ("de", "Auroras Batterie", "battery", {"owner": "aurora"}),
    ("de", "Heize Aurora vor", "climate_on", {"car": "aurora"}),
    ("de", "Starte das Laden", "charging_start", {}),
    ("de", "Wo ist Aurora", "location", {"car": "aurora"}),
    ("de", "Lade das Auto mit 16 Ampere", "charge_current", AMPERES),
    ("en", "limit the car to 16 amps", "charge_current", {**AMPERES, "car": "the car"}),
    ("en", "limit the car to 80 percent", "charge_limit", {**PER_CENT, "car": "the car"}),
    ("de", "Begrenze das Auto auf 16 Ampere", "charge_current", AMPERES),
    ("en", "could you tell me if Aurora is locked", "locked", {"car": "aurora"}),
    ("en", "I'd like to know how warm it is in Aurora", "inside_temperature", {"car": "aurora"}),
    ("en", "tell me how long Aurora needs to charge", "charge_end", {"car": "aurora"}),
    ("en", "set the car to solar first", "sun_first", {"car": "the car"}),
    (
        "en",
        "send 12 Main Street to Aurora",
        "navigate",
        {"sent": "12 main street", "car": "aurora"},
    ),
    ("de", "Weißt du, ob Aurora gerade lädt?", "charging", {"car": "aurora"}),
    ("de", "Sag mir, wie weit Aurora noch fahren kann", "range", {"car": "aurora"}),
    ("de", "Schließen Sie das Auto bitte ab", "lock", {"car": "das auto"}),
    ("de", "Mach bei Aurora den Kofferraum zu", "trunk_close", {"car": "aurora"}),
    ("de", "bitte das Auto abschließen", "lock", {"car": "das auto"}),
    ("de", "Lade das Auto zuerst mit Sonnenstrom", "sun_first", {"car": "das auto"}),
    ("en", "How's Aurora's battery doing?", "battery", {"car": "aurora"}),
    ("en", "How much range have I got in my car?", "range", {"car": "my car"}),
    ("en", "Can you check if Aurora is charging", "charging", {"car": "aurora"}),
    ("en", "When's my car fully charged?", "charge_end", {"car": "my car"}),
    ("en", "Is my Tesla in the drive at home?", "at_home", {"car": "my tesla"}),
    ("en", "Please check whether Aurora is locked", "locked", {"car": "aurora"}),
    ("en", "are the windows up on Aurora", "windows", {"car": "aurora"}),
    ("en", "Any windows open in my Tesla?", "windows", {"car": "my tesla"}),
    ("en", "What's it like inside Aurora, how hot is it", "inside_temperature", {"car": "aurora"}),
    ("en", "what outside temperature does the car show", "outside_temperature", {"car": "the car"}),
    ("en", "Does Aurora have a software update waiting?", "software", {"car": "aurora"}),
    ("en", "Is sentry mode on in Aurora?", "sentry_state", {"car": "aurora"}),
    ("en", "put the heating on in Aurora please", "climate_on", {"car": "aurora"}),
    (
        "en",
        "I'd like Aurora at twenty degrees",
        "temperature",
        {"car": "aurora", "number": "twenty"},
    ),
    ("en", "Get the ice off Aurora's windscreen", "defrost_on", {"car": "aurora"}),
    ("en", "Aurora start charging", "charging_start", {"car": "aurora"}),
    (
        "en",
        "Set the limit to 100% for Aurora",
        "charge_limit",
        {"percent": "100", "sign": "%", "car": "aurora"},
    ),
    (
        "en",
        "Driver's seat heat to medium in my Tesla",
        "seat_heat",
        {"seat": "driver", "level": "2", "car": "my tesla"},
    ),
    (
        "en",
        "turn up Aurora's passenger seat heater to high",
        "seat_heat",
        {"car": "aurora", "seat": "passenger", "level": "3"},
    ),
    ("en", "Aurora flash your lights", "flash", {"car": "aurora"}),
    ("en", "Use solar first when charging Aurora", "sun_first", {"car": "aurora"}),
    ("de", "Wie viel Restreichweite hat mein Auto?", "range", {"car": "mein auto"}),
    ("de", "Kannst du mal schauen, ob Aurora lädt", "charging", {"car": "aurora"}),
    ("de", "Steckt bei Aurora das Ladekabel?", "plugged_in", {"car": "aurora"}),
    ("de", "Wo ist Aurora parkiert?", "location", {"car": "aurora"}),
    ("de", "Zeig mir bitte, wo Aurora ist", "location", {"car": "aurora"}),
    ("de", "ist Aurora schon wieder zuhause", "at_home", {"car": "aurora"}),
    ("de", "ist mein auto zu oder offen", "locked", {"car": "mein auto"}),
    ("de", "welche außentemperatur zeigt das auto an", "outside_temperature", {"car": "das auto"}),
    ("de", "ist Aurora im Ruhezustand", "presence", {"car": "aurora"}),
    ("de", "Wie viel ist Aurora insgesamt gelaufen?", "odometer", {"car": "aurora"}),
    ("de", "Haben Auroras Reifen genug Druck?", "tyres", {"owner": "aurora"}),
    ("de", "Mach das Auto zu und sperr es ab", "lock", {"car": "das auto"}),
    ("de", "dreh bitte die heizung in Aurora auf", "climate_on", {"car": "aurora"}),
    ("de", "Mach das Auto schon mal warm", "climate_on", {"car": "das auto"}),
    (
        "de",
        "Stellen Sie Aurora bitte auf 21,5 °C",
        "temperature",
        {"car": "aurora", "number": "21,5", "unit": "°C"},
    ),
    ("de", "Ich hätte Aurora gern auf 22 Grad", "temperature", {"car": "aurora", "number": "22"}),
    ("de", "Mach bei Aurora die Scheiben eisfrei", "defrost_on", {"car": "aurora"}),
    ("de", "Scheibenenteisung im Auto abschalten", "defrost_off", {"car": "auto"}),
    ("de", "bitte mein auto aufladen", "charging_start", {"car": "mein auto"}),
    (
        "de",
        "Aurora soll bis 100% laden",
        "charge_limit",
        {"car": "aurora", "percent": "100", "sign": "%"},
    ),
    ("de", "Waechtermodus einschalten", "sentry_on", {}),
    (
        "de",
        "mach im auto die sitzheizung hinten aus",
        "seat_heat_off",
        {"car": "auto", "seat": "rear"},
    ),
    (
        "de",
        "Schalt in Aurora die Sitzheizung für den Fahrer an",
        "seat_heat",
        {"car": "aurora", "seat": "driver"},
    ),
    ("de", "Aurora soll mal die Lichthupe machen", "flash", {"car": "aurora"}),
    ("de", "Bitte bei Aurora hupen", "honk", {"car": "aurora"}),
    (
        "de",
        "Schick Aurora die Route zum Flughafen München",
        "navigate",
        {"car": "aurora", "place": "flughafen münchen"},
    ),
    ("de", "Bei Aurora bitte Sonne zuerst", "sun_first", {"car": "aurora"}),
)
OTHERS_IN_GERMAN = (
    "Aurora soll nicht laden",
    "Aurora soll erst um elf laden",
    "Das Auto soll nicht hupen",
    "Ich hätte das Wohnzimmer gern auf 22 Grad",
    "Mach die Heizung im Wohnzimmer auf",
    "Stell die Heizung auf 22 Grad",
    "Zeig mir, wo Anna ist",
    "Lade mein Handy",
    "Mach das Licht im Auto an",
    "Öffne die Fenster im Wohnzimmer",
    "Schalte die Heizung aus",
    "Schließe die Haustür ab",
    "Schließ das Auto nicht ab",
    "Wie warm ist es drinnen",
    "Wo ist Anna",
)


def test_templates_mean_the_same_to_home_assistant() -> None:
    """Its matcher and ours accept and reject the same sentences."""
    for language in ("en", "de"):
        grammar = grammar_of(language, frozenset({"aurora"}))
        intents = Intents.from_dict(
            {
                "language": language,
                "intents": {
                    intent: {"data": [{"sentences": templates}]}
                    for intent, templates in grammar.sentences.items()
                },
            }
        )
        for slot in ("phrase", "place", "sent", "thing"):
            intents.slot_lists[slot] = WildcardSlotList(slot)
        for _, sentence, intent, slots in (each for each in UNDERSTOOD if each[0] == language):
            understood = grammar.understand(sentence)
            assert understood is not None, sentence
            assert (understood.intent, understood.slots) == (intent, slots)
            assert intent in {each.intent.name for each in recognize_all(sentence, intents)}
        for sentence in OTHERS_IN_GERMAN if language == "de" else OTHER_DEVICES:
            assert grammar.understand(sentence) is None, sentence
            assert not list(recognize_all(sentence, intents)), sentence


def test_documented_sentences_are_understood() -> None:
    grammars = [grammar_of(language, frozenset({"aurora"})) for language in ("en", "de")]
    quoted = re.findall(
        r"^> .*(?:\n> .*)*", (ROOT / "docs" / "voice.md").read_text("utf-8"), re.MULTILINE
    )
    assert len(quoted) == 8
    for index, quote in enumerate(quoted):
        for sentence in re.sub(r"\n?> ", " ", quote).split("·"):
            understood = grammars[index % 2].understand(sentence)
            assert understood is not None, sentence
            act = ACTS.get(understood.intent)
            assert (act is None, act is not None and act.takes_code) == (index < 2, index > 5)


CLOSE = {
    "en": ("close the frunk of Aurora", "lower the trunk", "close the windows of Aurora"),
    "de": (
        "Schließe den Frunk von Aurora",
        "Schließ den Kofferraum",
        "Mach die Fenster vom Auto hoch",
        "Schließ die Ladeklappe",
        "Mach den Kofferraum zu",
    ),
}


@pytest.mark.parametrize("language", ["en", "de"])
def test_closing_never_opens(language: str) -> None:
    """German verbs open or close by the word at the end of the sentence."""
    grammar = grammar_of(language, frozenset({"aurora"}), takes_codes=True)
    for sentence in CLOSE[language]:
        understood = grammar.understand(sentence)
        assert understood is not None, sentence
        assert understood.intent.endswith("_close"), sentence
    assert grammar.understand("Mach den Kofferraum") is None


def test_a_code_without_the_word() -> None:
    """Only where an owner has chosen one; otherwise any text would be taken for it."""
    for takes_codes in (False, True):
        grammar = grammar_of("en", frozenset({"aurora"}), takes_codes=takes_codes)
        understood = grammar.understand("unlock Aurora, blue elephant")
        assert (understood is not None) is takes_codes
        # What is to be opened is no code.
        opened = grammar.understand("open the car windows 4711")
        assert opened is not None
        assert (opened.intent, opened.slots["pin"]) == ("windows_open", "4711")
        # A lock needs none, and does not lock at once what is to be locked later.
        assert grammar.understand("lock Aurora in ten minutes") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("80", 80),
        ("21,5", 21.5),
        ("twenty one and a half", 21.5),
        ("nineteen point five", 19.5),
        ("a hundred", 100),
        ("achtzig", 80),
        ("einundzwanzig", 21),
        ("neunzehneinhalb", 19.5),
        ("sechzehn komma fünf", 16.5),
    ],
)
def test_numbers(text: str, number: float) -> None:
    assert number_of(text) == number


def test_every_intent_has_an_answer_and_sentences() -> None:
    for table in (ENGLISH, GERMAN):
        assert {each.intent for each in table.rows} == {*QUESTIONS, *ACTS}
    texts = ENGLISH_WORDS.texts
    for intent, act in ACTS.items():
        assert {f"act_{intent}", f"done_{intent}"} <= set(texts) or act.mode is not None, intent


def test_texts_are_complete() -> None:
    def placeholders(texts: Mapping[str, str]) -> dict[str, set[str]]:
        parse = string.Formatter().parse
        return {key: {name for _, name, *_ in parse(text) if name} for key, text in texts.items()}

    assert placeholders(GERMAN_WORDS.texts) == placeholders(ENGLISH_WORDS.texts)
