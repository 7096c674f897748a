"""Publishes decisions about charging as text: event entity, bus event and logbook.

Only those that change something: a command, another reason to wait, or hands off. The controller
decides many times a minute, and mostly the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..coordinator import VehicleCoordinator
from ..spending.decisions import ATTR_ASSET, ATTR_REASON
from ..tesla.charging.decide import ChargingDecision, ChargingStep, Reason
from ..tesla.listeners import Listeners
from .controller import ChargingController
from .sentences import async_sentence

EVENT_CHARGING_DECISION: Final = f"{DOMAIN}_charging_decision"
"""Bus event: the data of a `ChargingNews`, the happening as `decision`, device and entity."""
EVENT_CHARGING_STEP: Final = f"{DOMAIN}_charging_step"
"""Bus event for the logbook: one of the above that the state of the sensor does not show."""
DECISION_KEY: Final = "charging_decision"
"""Key of the entities that show the decision."""
ATTR_SENTENCE: Final = "sentence"
ATTR_CURRENT: Final = "current"


class ChargingHappening(StrEnum):
    """Type of an event."""

    STARTED = "started"
    CHANGED = "changed"
    STOPPED = "stopped"
    WAITS = "waits"
    HANDS_OFF = "hands_off"


_HAPPENINGS: Final[Mapping[ChargingStep, ChargingHappening]] = {
    ChargingStep.START: ChargingHappening.STARTED,
    ChargingStep.SET: ChargingHappening.CHANGED,
    ChargingStep.STOP: ChargingHappening.STOPPED,
    ChargingStep.HANDS_OFF: ChargingHappening.HANDS_OFF,
    ChargingStep.KEEP: ChargingHappening.WAITS,
}
_USUAL_WAITS: Final = frozenset({Reason.WAITS_FOR_SUN, Reason.RESTS})
"""Reasons between which a waiting vehicle goes back and forth with each cloud."""


@dataclass(frozen=True, slots=True)
class ChargingNews:
    """A decision as it is published in Home Assistant."""

    happening: ChargingHappening
    data: Mapping[str, Any]
    """JSON with the names above as keys."""
    context: Context
    """Context of the bus event, and of everything that it causes."""


class ChargingDecisions:
    """Publishes the decisions about a vehicle, in the owner's language."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: VehicleCoordinator,
        controller: ChargingController,
    ) -> None:
        """Publish until the entry is unloaded."""
        self._hass = hass
        self._coordinator = coordinator
        self._listeners = Listeners[ChargingNews]()
        self._controller = controller
        self._last: tuple[ChargingHappening, Reason, str] | None = None
        """The last event, with the key of its error."""
        self._last_reason: Reason | None = None
        """The reason of the last decision, whether it was published or not."""
        coordinator.config_entry.async_on_unload(controller.decided.subscribe(self._async_decided))

    @callback
    def async_subscribe(self, listener: Callable[[ChargingNews], None]) -> Callable[[], None]:
        """Call `listener` with each new decision; call the returned function to stop."""
        return self._listeners.subscribe(listener)

    @callback
    def _async_decided(self, decision: ChargingDecision) -> None:
        acts = decision.action not in {ChargingStep.KEEP, ChargingStep.HANDS_OFF}
        problem = self._controller.sender.problem if acts else None
        happening = _HAPPENINGS[decision.action] if problem is None else ChargingHappening.WAITS
        event = happening, decision.reason, problem.translation_key if problem else ""
        is_same_reason = self._last_reason in {None, decision.reason}
        self._last_reason = decision.reason
        if not self._is_news(event, decision):
            return
        self._last = event
        amps = None if problem else decision.figures.get("amps")
        data = {
            ATTR_REASON: str(decision.reason),
            ATTR_SENTENCE: async_sentence(self._hass, decision, problem),
            ATTR_CURRENT: None if amps is None else round(amps),
            ATTR_ASSET: self._coordinator.device_name,
        }
        context = Context()
        on_the_bus = {"decision": str(happening), **data, **self._places()}
        self._hass.bus.async_fire(EVENT_CHARGING_DECISION, on_the_bus, context=context)
        # If the reason is another one, the sensor's state has it, and a line in the logbook.
        if problem or is_same_reason or ATTR_ENTITY_ID not in on_the_bus:
            self._hass.bus.async_fire(EVENT_CHARGING_STEP, on_the_bus, context=context)
        self._listeners(ChargingNews(happening, data, context))

    def _places(self) -> dict[str, str]:
        """The device and the sensor with which the logbook lists the sentence."""
        coordinator, places = self._coordinator, {}
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, coordinator.unique_prefix), coordinator.config_entry.entry_id
        )
        if device is not None:
            places[ATTR_DEVICE_ID] = device.id
        sensor = er.async_get(self._hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, coordinator.unique_id_of(DECISION_KEY)
        )
        if sensor is not None and self._hass.states.get(sensor) is not None:
            places[ATTR_ENTITY_ID] = sensor
        return places

    def _is_news(
        self, event: tuple[ChargingHappening, Reason, str], decision: ChargingDecision
    ) -> bool:
        """Whether something changes for a person who reads the list of events."""
        happening, reason, error = event
        if happening not in {ChargingHappening.WAITS, ChargingHappening.HANDS_OFF}:
            return True
        if event == self._last:
            return False
        if happening is ChargingHappening.HANDS_OFF or error or self._last is None:
            return True
        if "amps" in decision.figures:
            # It charges, as the last event said.
            return False
        last_happening, last_reason, _ = self._last
        is_waiting = last_happening is ChargingHappening.STOPPED or last_reason in _USUAL_WAITS
        return not (is_waiting and reason in _USUAL_WAITS)
