"""Registers the sentences about all vehicles with Home Assistant's conversation.

One registration for all accounts: the vehicles of several can be named in a sentence, and "the car"
has to know whether there is only one. It follows names, options and the language.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import (
    SIGNAL_CONFIG_ENTRY_CHANGED,
    ConfigEntry,
    ConfigEntryChange,
)
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, Context, Event, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.script import ScriptRunResult
from homeassistant.helpers.trigger import (
    async_initialize_triggers,
    async_validate_trigger_config,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.setup import async_when_setup

from ..account.data import FlotteConfigEntry
from ..const import CONF_TRUNK_MOTORS, CONF_VOICE_QUESTIONS, DOMAIN, LOGGER
from ..coordinator import VehicleCoordinator
from .acting import Speaker, async_act, async_may_act
from .acts import ACTS, ActRequest
from .answers import QUESTIONS, WITHOUT_PLACE
from .consent import CodeGuard, async_may_hear_place, async_objection, takes_code
from .grammar import Grammar, SentenceTable, Understood
from .grammar_de import GERMAN
from .grammar_en import ENGLISH
from .number_words import NUMBERS, PIN
from .spoken_names import async_spoken_names, names_template, vehicles_named
from .wording import say, say_list, spoken_language

CONVERSATION: Final = "conversation"
_TABLES: Final[Mapping[str, SentenceTable]] = {"en": ENGLISH, "de": GERMAN}
_CODED: Final = frozenset(intent for intent, act in ACTS.items() if act.takes_code)
_UNCLEAR: Final = "unclear"
_NAMES: Final = frozenset({"name", "name_by_user", "aliases"})
"""Changes of registries that change the names of vehicles."""


def grammar_of(language: str, names: frozenset[str], *, takes_codes: bool = False) -> Grammar:
    """The sentences of a language about vehicles with these names; see `Grammar`."""
    table = _TABLES[language]
    number = NUMBERS[language]
    fraction = "|".join(table.words["percent"])
    values = {
        "car": names_template(names, table.generic),
        "owner": names_template(names),
        "number": number,
        "percent": f"({number}|{fraction})",
        "pin": PIN,
    }
    # Last, because a code at the end of a sentence may be any text, as what is unclear.
    rows = sorted(table.rows, key=lambda each: each.intent in _CODED)
    rows.sort(key=lambda each: each.intent == _UNCLEAR)
    return Grammar(replace(table, rows=tuple(rows)), values, takes_codes=takes_codes)


@dataclass(slots=True)
class _Answering:
    """The triggers that a sentence started, of which one answers."""

    context_id: str
    sentence: str
    started: set[str] = field(default_factory=set)
    """Intents of the triggers; one that starts again belongs to the next, equal sentence."""
    is_answered: bool = False


class VoiceSentences:
    """The sentences of all accounts, registered while there is a vehicle that they can name."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self._names: Mapping[VehicleCoordinator, frozenset[str]] = {}
        self._language: str | None = None
        self._takes_codes = False
        self._grammar: Grammar | None = None
        self._unregister: CALLBACK_TYPE | None = None
        self._lock = asyncio.Lock()
        self._answering: _Answering | None = None
        """The last sentence."""
        self._guards: dict[str, CodeGuard] = {}
        """Of each account, because each has a code of its own."""

    @callback
    def async_vehicles(self) -> list[VehicleCoordinator]:
        """Vehicles of the loaded accounts whose owner has not turned the sentences off."""
        entries: list[FlotteConfigEntry] = self._hass.config_entries.async_loaded_entries(DOMAIN)
        return [
            vehicle
            for entry in entries
            if entry.options.get(CONF_VOICE_QUESTIONS, True)
            for vehicle in entry.runtime_data.vehicles
        ]

    async def async_refresh(self) -> None:
        """Register the sentences again if a name, a vehicle or the language has changed."""
        async with self._lock:
            language = spoken_language(self._hass)
            if language not in _TABLES:
                language = None
            names = (
                {each: async_spoken_names(each, language) for each in self.async_vehicles()}
                if language
                else {}
            )
            takes_codes = any(takes_code(each.config_entry.options) for each in names)
            if (names, language, takes_codes) == (self._names, self._language, self._takes_codes):
                return
            self._names, self._language, self._takes_codes = names, language, takes_codes
            if self._unregister is not None:
                self._unregister()
                self._unregister = self._grammar = None
            if language is not None and names:
                await self._async_register(language, frozenset[str]().union(*names.values()))

    async def _async_register(self, language: str, names: frozenset[str]) -> None:
        # Compiling takes longer than the loop should wait.
        compile_all = partial(grammar_of, language, names, takes_codes=self._takes_codes)
        grammar = await self._hass.async_add_executor_job(compile_all)
        self._grammar = grammar
        config: list[ConfigType] = []
        for intent, templates in grammar.sentences.items():
            trigger = {"trigger": CONVERSATION, "id": intent, "command": templates}
            # Home Assistant parses the templates in its loop, so let it do other things meanwhile.
            await asyncio.sleep(0)
            config += await async_validate_trigger_config(self._hass, cv.TRIGGER_SCHEMA([trigger]))
        self._unregister = await async_initialize_triggers(
            self._hass, config, self._async_handle, DOMAIN, "Flotte", LOGGER.log
        )

    async def _async_handle(
        self, variables: Mapping[str, Any], _context: Context | None = None
    ) -> ScriptRunResult:
        """Answer a sentence, if it means the intent of this trigger: several may match it."""
        trigger, grammar = variables["trigger"], self._grammar
        sentence, speaker = trigger["sentence"], _speaker_of(trigger)
        answering = self._async_join(speaker.context.id, sentence, trigger["id"])
        understood = None if grammar is None else grammar.understand(sentence)
        if grammar is not None and understood is not None and understood.intent != trigger["id"]:
            # The trigger of that intent comes first, if Home Assistant's matcher agrees.
            await asyncio.sleep(0)
            if not answering.is_answered:
                understood = grammar.understand(sentence, trigger["id"])
        answer = None
        if not answering.is_answered:
            answering.is_answered = True
            answer = await self._async_answer(understood, speaker)
        return ScriptRunResult(conversation_response=answer, service_response=None, variables={})

    @callback
    def _async_join(self, context_id: str, sentence: str, intent: str) -> _Answering:
        """The sentence that started this trigger: a script may say the same one again."""
        last = self._answering
        if (
            last is None
            or (last.context_id, last.sentence) != (context_id, sentence)
            or intent in last.started
        ):
            last = self._answering = _Answering(context_id, sentence)
        last.started.add(intent)
        return last

    async def _async_answer(self, understood: Understood | None, speaker: Speaker) -> str:
        hass, known = self._hass, list(self._names)
        if understood is None:
            names = say_list(hass, [each.device_name for each in known], "or")
            return say(hass, "not_understood", name=names)
        intent, slots = understood.intent, understood.slots
        vehicles = vehicles_named(slots.get("car") or slots.get("owner", ""), self._names) or known
        if len(vehicles) > 1:
            names = say_list(hass, [each.device_name for each in vehicles], "or")
            return say(hass, "which", names=names)
        vehicle = vehicles[0]
        if (question := QUESTIONS.get(intent)) is not None:
            if intent in WITHOUT_PLACE and not await async_may_hear_place(
                vehicle, speaker.context, in_room=speaker.is_in_room
            ):
                question = WITHOUT_PLACE[intent]
            return question(vehicle)
        act, name = ACTS[intent], vehicle.device_name
        # First, so that a user without the right neither learns nor tries the owner's code.
        if not await async_may_act(vehicle, speaker.context):
            return say(hass, "unauthorized", name=name)
        guard = self._guards.setdefault(vehicle.config_entry.entry_id, CodeGuard())
        objection = async_objection(vehicle, act, slots, guard)
        if objection is not None:
            key, words = objection
            return say(hass, key, name=name, **words)
        motors = vehicle.config_entry.options.get(CONF_TRUNK_MOTORS, ())
        has_motor = vehicle.vehicle.vin in motors
        request = ActRequest(hass, name, slots, vehicle.state, has_added_trunk_motor=has_motor)
        return await async_act(vehicle, intent, act, request, speaker)


def _speaker_of(trigger: Mapping[str, Any]) -> Speaker:
    """The origin of a sentence: the context says which user may do what, and who pays for it."""
    context = trigger["user_input"]["context"]
    satellite = trigger["satellite_id"]
    return Speaker(
        Context(context["user_id"], context["parent_id"], context["id"]),
        satellite,
        is_in_room=satellite is not None or trigger["device_id"] is not None,
    )


@callback
def async_watch_voice(hass: HomeAssistant) -> None:
    """Offer the sentences from now on, once `conversation` is set up."""
    sentences = VoiceSentences(hass)

    @callback
    def refresh() -> None:
        hass.async_create_task(sentences.async_refresh(), "flotte registers sentences")

    @callback
    def on_entry(_change: ConfigEntryChange, entry: ConfigEntry[Any]) -> None:
        if entry.domain == DOMAIN:
            refresh()

    @callback
    def on_event(_event: Event[Any]) -> None:
        refresh()

    @callback
    def is_renamed(data: Mapping[str, Any]) -> bool:
        return data["action"] == "update" and not _NAMES.isdisjoint(data["changes"])

    async def start(_hass: HomeAssistant, _component: str) -> None:
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, on_entry)
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, on_event, is_renamed)
        hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, on_event, is_renamed)
        hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, on_event)
        refresh()

    async_when_setup(hass, CONVERSATION, start)
