"""Callers of actions: a person, an automation or script (and which one), a voice, or unknown.

Home Assistant passes a `Context` to every action. How it identifies the caller, as observed in Home
Assistant 2026.10:

- An automation acts with a context of its own, known from the event that it starts with.
- Google Assistant and HomeKit fire an event with the context of each command before they act.
- Assist (satellites, conversations) writes the state of the satellite or of the conversation's
  agent with the context before it acts; a satellite has no user.
- Home Assistant Cloud (with Alexa and Google Assistant), telephones (`voip`) and add-ons act as
  users that Home Assistant created for them, and that no person logs in as.
- Alexa fires its event only after a command has run. Through Home Assistant Cloud, the cloud's user
  identifies it; with the owner's own skill, it acts as the person who linked it and counts as that
  person.
- Any other user is a person, and so is everything that this person starts.
"""

from collections import OrderedDict
from typing import Any, Final

from homeassistant.auth import EVENT_USER_ADDED
from homeassistant.const import ATTR_ENTITY_ID, EVENT_STATE_CHANGED
from homeassistant.core import Context, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN
from ..tesla.spending.caller import Caller, CallerKind

ASSIST: Final = "assist"
CLOUD: Final = "cloud"
GOOGLE_ASSISTANT: Final = "google_assistant"
HOMEKIT: Final = "homekit"
TELEPHONE: Final = "voip"

_RUN_STARTED_EVENTS: Final = ("automation_triggered", "script_started")
"""Events of `automation` and `script`, as text because neither may be set up."""
_VOICES: Final = {
    "google_assistant_command": GOOGLE_ASSISTANT,
    "homekit_state_change": HOMEKIT,
}
"""Voice assistant, or bridge to one, that is about to act with an event's context, by event."""
_ASSIST: Final = ("assist_satellite.", "conversation.")
"""Entities whose state is written with the context of a spoken sentence."""
_SYSTEM_VOICES: Final = {
    "Home Assistant Cloud": CLOUD,
    "Voice over IP": TELEPHONE,
}
"""Voice assistants by the name of the user that Home Assistant created for them. Other users of
this kind are add-ons and programs, which count as automations."""
MAX_RUNS: Final = 500
"""Maximum number of runs to remember; a script may wait for hours before it acts."""


class CallerRegistry:
    """Known contexts and users."""

    def __init__(self) -> None:
        self.runs: OrderedDict[str, Caller] = OrderedDict()
        """Callers that started runs, by the id of the run's context."""
        self.users: dict[str, Caller] = {}
        """Callers for users that are not persons, by user id."""

    def note(self, context: Context, caller: Caller) -> None:
        """Note the caller of a context; the first one counts."""
        # A script that an automation starts has the automation's context, so the automation counts.
        self.runs.setdefault(context.id, caller)
        while len(self.runs) > MAX_RUNS:
            self.runs.popitem(last=False)

    @callback
    def on_run_started(self, event: Event[Any]) -> None:
        """Note that an automation or a script started."""
        name = str(event.data.get(ATTR_ENTITY_ID, ""))
        self.note(event.context, Caller(CallerKind.AUTOMATION, name))

    @callback
    def on_voice_event(self, event: Event[Any]) -> None:
        """Note that a voice assistant is about to act."""
        self.note(event.context, Caller(CallerKind.VOICE, _VOICES[str(event.event_type)]))

    @callback
    def on_assist_state(self, event: Event[EventStateChangedData]) -> None:
        """Note the caller of a sentence to Assist."""
        # A logged-in user who types or speaks is a person, and learns the outcome.
        if event.context.user_id is None:
            self.note(event.context, Caller(CallerKind.VOICE, ASSIST))


@callback
def _is_assist(data: EventStateChangedData) -> bool:
    return data["entity_id"].startswith(_ASSIST)


_REGISTRY: Final[HassKey[CallerRegistry]] = HassKey(f"{DOMAIN}_callers")


async def async_watch_callers(hass: HomeAssistant) -> None:
    """Remember the callers of contexts from now on."""
    registry = hass.data[_REGISTRY] = CallerRegistry()

    async def update_users(_event: Event[Any] | None = None) -> None:
        for user in await hass.auth.async_get_users():
            if user.system_generated:
                voice = _SYSTEM_VOICES.get(user.name or "")
                registry.users[user.id] = (
                    Caller(CallerKind.VOICE, voice) if voice else Caller(CallerKind.AUTOMATION)
                )

    for name in _RUN_STARTED_EVENTS:
        hass.bus.async_listen(name, registry.on_run_started)
    for name in _VOICES:
        hass.bus.async_listen(name, registry.on_voice_event)
    hass.bus.async_listen(EVENT_STATE_CHANGED, registry.on_assist_state, event_filter=_is_assist)
    hass.bus.async_listen(EVENT_USER_ADDED, update_users)
    await update_users()


@callback
def caller_of(hass: HomeAssistant, context: Context | None) -> Caller:
    """Find the caller that a context stands for.

    A script that a person starts counts as the person. A context without a user, an automation or a
    known voice assistant counts as an automation, because no person is known to wait for the
    outcome.
    """
    unattended = Caller(CallerKind.AUTOMATION)
    if context is None:
        return unattended
    registry = hass.data.get(_REGISTRY) or CallerRegistry()
    began = registry.runs.get(context.id) or registry.runs.get(context.parent_id or "")
    if began is not None and began.kind is CallerKind.VOICE:
        # Even if the context has the user who linked the service: they spoke, and see no screen.
        return began
    if context.user_id is None:
        return began or unattended
    # An automation identifies the caller better than a user that Home Assistant created.
    system = registry.users.get(context.user_id)
    if system is None:
        return Caller(CallerKind.PERSON)
    return began or system
