"""Callers of actions: a person, an automation or script (and which one), a voice, or unknown.

Home Assistant hands a `Context` to every action. What it says of who asks, by what was seen in
Home Assistant 2026.10:

- An automation acts with a context of its own, which is known from the event with which it began.
- Google Assistant and HomeKit tell of each command in an event with its context before they act.
- Assist (satellites, conversations) writes the state of the satellite or of the conversation's
  agent with the context before it acts; a satellite has no user.
- Home Assistant's cloud (Alexa and Google Assistant through it), telephones (`voip`) and add-ons
  act as users that Home Assistant made for them, and that no person logs in as.
- Alexa reports a command only after it ran. Through Home Assistant's cloud it is known
  by the cloud's user; with a skill of one's own it acts as the person who linked it, and is taken
  for that person.
- Any other user is that person, also with what they start.
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

_BEGINNINGS: Final = ("automation_triggered", "script_started")
"""Events of `automation` and `script`, which need not be set up."""
_VOICES: Final = {
    "google_assistant_command": GOOGLE_ASSISTANT,
    "homekit_state_change": HOMEKIT,
}
"""By event: which voice, or bridge to one, is about to act with the event's context."""
_ASSIST: Final = ("assist_satellite.", "conversation.")
"""Entities whose state is written with the context of a spoken sentence."""
_SYSTEM_VOICES: Final = {
    "Home Assistant Cloud": CLOUD,
    "Voice over IP": TELEPHONE,
}
"""By the name of the user that Home Assistant made for them. Other such users are add-ons and
programs: automations."""
MAX_RUNS: Final = 500
"""Runs that are remembered; a script may wait for hours before it acts."""


class _Known:
    """Known contexts and users."""

    def __init__(self) -> None:
        self.runs: OrderedDict[str, Caller] = OrderedDict()
        """Callers that began the runs of contexts, by the id of the context."""
        self.users: dict[str, Caller] = {}
        """Users that are no persons, by their id."""

    def began(self, context: Context, caller: Caller) -> None:
        """Note the caller of a context; its first caller stays."""
        # A script that an automation starts has the automation's context: that one asked.
        self.runs.setdefault(context.id, caller)
        while len(self.runs) > MAX_RUNS:
            self.runs.popitem(last=False)

    @callback
    def run_began(self, event: Event[Any]) -> None:
        """Take in that an automation or a script began."""
        name = str(event.data.get(ATTR_ENTITY_ID, ""))
        self.began(event.context, Caller(CallerKind.AUTOMATION, name))

    @callback
    def voice_heard(self, event: Event[Any]) -> None:
        """Take in that a voice is about to act."""
        self.began(event.context, Caller(CallerKind.VOICE, _VOICES[str(event.event_type)]))

    @callback
    def assist_heard(self, event: Event[EventStateChangedData]) -> None:
        """Note the caller of a sentence to Assist."""
        # Who is logged in and types or speaks is a person, and hears what comes of it.
        if event.context.user_id is None:
            self.began(event.context, Caller(CallerKind.VOICE, ASSIST))


@callback
def _is_assist(data: EventStateChangedData) -> bool:
    return data["entity_id"].startswith(_ASSIST)


_KNOWN: Final[HassKey[_Known]] = HassKey(f"{DOMAIN}_callers")


async def async_watch_callers(hass: HomeAssistant) -> None:
    """Remember who a context belongs to, from now on."""
    known = hass.data[_KNOWN] = _Known()

    async def look_at_users(_event: Event[Any] | None = None) -> None:
        for user in await hass.auth.async_get_users():
            if user.system_generated:
                voice = _SYSTEM_VOICES.get(user.name or "")
                known.users[user.id] = (
                    Caller(CallerKind.VOICE, voice) if voice else Caller(CallerKind.AUTOMATION)
                )

    for name in _BEGINNINGS:
        hass.bus.async_listen(name, known.run_began)
    for name in _VOICES:
        hass.bus.async_listen(name, known.voice_heard)
    hass.bus.async_listen(EVENT_STATE_CHANGED, known.assist_heard, event_filter=_is_assist)
    hass.bus.async_listen(EVENT_USER_ADDED, look_at_users)
    await look_at_users()


@callback
def caller_of(hass: HomeAssistant, context: Context | None) -> Caller:
    """Find the caller that a context stands for.

    A script that a person starts counts as the person. A context without a user, an automation or
    a known voice counts as an automation, because no person is known to wait for the outcome.
    """
    nobody = Caller(CallerKind.AUTOMATION)
    if context is None:
        return nobody
    known = hass.data.get(_KNOWN) or _Known()
    began = known.runs.get(context.id) or known.runs.get(context.parent_id or "")
    if began is not None and began.kind is CallerKind.VOICE:
        # Also with the user who linked the service: they spoke, and look at no screen.
        return began
    if context.user_id is None:
        return began or nobody
    # What acts as a user of Home Assistant's own is known better by its automation.
    system = known.users.get(context.user_id)
    if system is None:
        return Caller(CallerKind.PERSON)
    return began or system
