"""Describes decisions about spending and charging for the logbook."""

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

from .charging.decisions import ATTR_SENTENCE, EVENT_CHARGING_DECISION
from .const import DOMAIN
from .spending.decisions import (
    ATTR_ASSET,
    ATTR_CALLER,
    ATTR_DECISION,
    ATTR_EXPLANATION,
    EVENT_SPENDING_DECISION,
    DecisionOutcome,
    name_of,
)

_MESSAGES: Final = {
    DecisionOutcome.ALLOWED: "allowed for {asset}, requested by {caller}: {explanation}",
    DecisionOutcome.REFUSED: "refused for {asset}, requested by {caller}: {explanation}",
    DecisionOutcome.WAITS: "deferred for {asset}, requested by {caller}: {explanation}",
}
"""English only, as the logbook has no translations; the explanation itself is translated."""


@callback
def async_describe_events(
    _hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], dict[str, Any]]], None],
) -> None:
    """Describe Flotte's bus events to the logbook.

    The event of a spending decision names the vehicle's device and no entity, so it appears in the
    logbook of the vehicle. The account's logbook shows the event entity, which has the same
    context, so this text becomes its cause. The full logbook shows both, as it does for other
    integrations that have an event and an entity for it (core's Shelly and BTHome): an integration
    cannot hide an entity from the logbook.

    The event of a charging decision names the vehicle's device and the sensor of the decision, so
    the sentence appears in the logbooks of both. An entity alone would only show its state there,
    and no reason.
    """

    @callback
    def describe(event: Event) -> dict[str, Any]:
        data = event.data
        message = _MESSAGES[DecisionOutcome(data[ATTR_DECISION])].format(
            asset=data[ATTR_ASSET] or "the account",
            caller=name_of(data[ATTR_CALLER]),
            explanation=data[ATTR_EXPLANATION],
        )
        return {
            LOGBOOK_ENTRY_NAME: "Spending decision",
            LOGBOOK_ENTRY_MESSAGE: message,
            LOGBOOK_ENTRY_ICON: "mdi:scale-balance",
        }

    async_describe_event(DOMAIN, EVENT_SPENDING_DECISION, describe)

    @callback
    def describe_charging(event: Event) -> dict[str, Any]:
        data = event.data
        sentence, sensor = data[ATTR_SENTENCE], data.get(ATTR_ENTITY_ID)
        return {
            LOGBOOK_ENTRY_NAME: "Charging decision",
            # The logbook itself shows the device of an entity.
            LOGBOOK_ENTRY_MESSAGE: sentence if sensor else f"for {data[ATTR_ASSET]}: {sentence}",
            LOGBOOK_ENTRY_ICON: "mdi:ev-station",
            LOGBOOK_ENTRY_ENTITY_ID: sensor,
        }

    async_describe_event(DOMAIN, EVENT_CHARGING_DECISION, describe_charging)
