"""Who asks: a person, an automation or script (and which one), or somebody without a name.

Home Assistant hands a `Context` to every action. That of a person has their user; that of an
automation has an id of its own, which is known from the event with which the automation began.
"""

from collections import OrderedDict
from typing import Any, Final

from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Context, Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .tesla.meter import Caller, CallerKind

_RUNS: Final[HassKey[OrderedDict[str, str]]] = HassKey(f"{DOMAIN}_runs")
_BEGINNINGS: Final = ("automation_triggered", "script_started")
"""Events of `automation` and `script`, which need not be set up."""
MOST_RUNS: Final = 500
"""Runs that are remembered; a script may wait for hours before it acts."""


@callback
def async_watch_callers(hass: HomeAssistant) -> None:
    """Remember which automation or script a context belongs to."""
    runs: OrderedDict[str, str] = OrderedDict()
    hass.data[_RUNS] = runs

    @callback
    def began(event: Event[Any]) -> None:
        # A script that an automation starts has the automation's context: that one asked.
        runs.setdefault(event.context.id, str(event.data.get(ATTR_ENTITY_ID, "")))
        while len(runs) > MOST_RUNS:
            runs.popitem(last=False)

    for name in _BEGINNINGS:
        hass.bus.async_listen(name, began)


@callback
def caller_of(hass: HomeAssistant, context: Context | None) -> Caller:
    """Who asks.

    What a person starts is theirs, also a script. Who has neither user nor automation (a voice
    satellite, a bridge to other assistants) is treated like an automation: nobody is known to wait
    for the outcome.
    """
    if context is None:
        return Caller(CallerKind.AUTOMATION)
    if context.user_id is not None:
        return Caller(CallerKind.PERSON)
    runs = hass.data.get(_RUNS) or OrderedDict[str, str]()
    name = runs.get(context.id) or runs.get(context.parent_id or "", "")
    return Caller(CallerKind.AUTOMATION, name)
