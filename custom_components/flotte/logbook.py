"""Describes decisions about spending and charging for the logbook."""

import re
from collections.abc import Callable
from typing import Any, Final

from homeassistant.components.logbook import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .charging.decisions import ATTR_SENTENCE, EVENT_CHARGING_STEP
from .const import DOMAIN
from .spending.decisions import (
    ATTR_ASSET,
    ATTR_CALLER,
    ATTR_DECISION,
    ATTR_EXPLANATION,
    EVENT_SPENDING_DENIED,
    name_of,
)

_SENTENCE: Final = re.compile(r".{39,}?[.!?](?=\s)", re.DOTALL)
"""The first of several sentences, which says why; the others say what to do. A short one, such as
"The car is asleep.", needs the next."""


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Describe Flotte's bus events to the logbook: one line for each.

    The event of a refusal or deferral names the vehicle's device and the account's sensor of the
    spending mode's reason, so it appears in the logbooks of both and in the full one.

    The event of a step of charging names the vehicle's device and the sensor of the decision, so
    the sentence appears in the logbooks of both, between the lines of that sensor's own states.
    """

    @callback
    def label(part: str, default: str) -> str:
        """A text of an entity, as the entity itself would show it."""
        texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
        return texts.get(f"component.{DOMAIN}.entity.{part}", default)

    @callback
    def describe(event: Event) -> dict[str, Any]:
        data = event.data
        outcome, reason = data[ATTR_DECISION], data[ATTR_EXPLANATION]
        about = [data[ATTR_ASSET], name_of(hass, data[ATTR_CALLER])]
        decided = label(
            f"event.spending_decision.state_attributes.event_type.state.{outcome}", outcome
        )
        first = _SENTENCE.match(reason)
        return {
            LOGBOOK_ENTRY_NAME: label("event.spending_decision.name", "Spending decision"),
            LOGBOOK_ENTRY_MESSAGE: (
                f"{decided[:1].lower()}{decided[1:]} ({', '.join(filter(None, about))}): "
                f"{first[0] if first else reason}"
            ),
            LOGBOOK_ENTRY_ICON: "mdi:scale-balance",
            LOGBOOK_ENTRY_ENTITY_ID: data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_SPENDING_DENIED, describe)

    @callback
    def describe_charging(event: Event) -> dict[str, Any]:
        data = event.data
        sentence, sensor = data[ATTR_SENTENCE], data.get(ATTR_ENTITY_ID)
        return {
            LOGBOOK_ENTRY_NAME: label("sensor.charging_decision.name", "Charging decision"),
            # The logbook itself shows the device of an entity.
            LOGBOOK_ENTRY_MESSAGE: sentence if sensor else f"{data[ATTR_ASSET]}: {sentence}",
            LOGBOOK_ENTRY_ICON: "mdi:ev-station",
            LOGBOOK_ENTRY_ENTITY_ID: sensor,
        }

    async_describe_event(DOMAIN, EVENT_CHARGING_STEP, describe_charging)
