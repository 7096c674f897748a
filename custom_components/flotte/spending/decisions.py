"""Publishes decisions of the gate as text: event entity, bus event and logbook.

The background asks every minute, so a decision that repeats the last one (an equal outcome and
reason, for the same caller and vehicle) is not published again. The logbook only has refusals and
deferrals, by an event of its own, because it shows every event of a type that it describes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID, Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_cached_translations

from ..account.data import FlotteConfigEntry
from ..const import DOMAIN
from ..tesla.listeners import Listeners
from ..tesla.spending.caller import CallerKind
from ..tesla.spending.decision import (
    Allow,
    Decision,
    DecisionReason,
    Defer,
    Refuse,
    SpendingRequest,
)
from ..texts import async_text

EVENT_SPENDING_DECISION: Final = f"{DOMAIN}_spending_decision"
"""Bus event: the data of a `PublishedDecision`, the outcome as `decision`, and the device."""
EVENT_SPENDING_DENIED: Final = f"{DOMAIN}_spending_denied"
"""Bus event for the logbook: a refusal or deferral that a person may want to know about."""
SPENDING_REASON_KEY: Final = "spending_reason"
"""Key of the sensor that says why the account spends as it does."""
ATTR_DECISION: Final = "decision"
ATTR_REASON: Final = "reason"
ATTR_EXPLANATION: Final = "explanation"
ATTR_CALLER: Final = "caller"
ATTR_ASSET: Final = "car"
ATTR_COST: Final = "cost"
ATTR_CURRENCY: Final = "currency"
ATTR_UNTIL: Final = "until"
_DECIMALS: Final = 3
"""Decimals of a cost: the cheapest one, of a command, is a thousandth of a euro."""


class DecisionOutcome(StrEnum):
    """Outcome of a request; the values are types of the event."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    WAITS = "waits"


OUTCOMES: Final[Mapping[type[Decision], DecisionOutcome]] = {
    Allow: DecisionOutcome.ALLOWED,
    Refuse: DecisionOutcome.REFUSED,
    Defer: DecisionOutcome.WAITS,
}


_CALLER_STATES: Final = (
    f"component.{DOMAIN}.entity.event.spending_decision.state_attributes.caller.state"
)


@dataclass(frozen=True, slots=True)
class PublishedDecision:
    """A decision as it is published in Home Assistant."""

    outcome: DecisionOutcome
    data: Mapping[str, Any]
    """JSON with the names above as keys; the time is in UTC."""
    context: Context
    """Context of the bus event, and of everything that it causes."""


class Decisions:
    """Publishes decisions about the vehicles and sites of an account, in the owner's language."""

    def __init__(self, hass: HomeAssistant, entry: FlotteConfigEntry) -> None:
        """Publish until the entry is unloaded."""
        self._hass = hass
        self._entry = entry
        data = entry.runtime_data
        self._assets = {each.unique_prefix: each for each in (*data.vehicles, *data.sites)}
        self._listeners = Listeners[PublishedDecision]()
        self._last: dict[tuple[str, str], tuple[DecisionOutcome, str]] = {}
        self._last_denied: dict[tuple[str, str], str] = {}
        entry.async_on_unload(data.ledger.gate.decided.subscribe(self._async_decided))

    @callback
    def async_subscribe(self, listener: Callable[[PublishedDecision], None]) -> Callable[[], None]:
        """Call `listener` with each new decision; call the returned function to stop."""
        return self._listeners.subscribe(listener)

    @callback
    def _async_decided(self, request: SpendingRequest, decision: Decision) -> None:
        if (
            decision.reason is DecisionReason.FREE
            or not self._is_ours(request)
            or not self._is_news(request, decision)
        ):
            return
        tariff = self._entry.runtime_data.ledger.meter.tariff
        device = dr.async_get(self._hass).async_get_device_by_identifier(
            (DOMAIN, request.asset), self._entry.entry_id
        )
        asset = self._assets.get(request.asset)
        outcome = OUTCOMES[type(decision)]
        until = None if isinstance(decision, Allow) else decision.until
        data = {
            ATTR_REASON: decision.key,
            ATTR_EXPLANATION: async_text(
                self._hass,
                decision.key,
                {**decision.placeholders, "caller": name_of(self._hass, request.caller.label)},
            ),
            ATTR_CALLER: request.caller.label,
            ATTR_ASSET: asset.device_name if asset else None,
            ATTR_COST: round(float(tariff.total(request.charges)), _DECIMALS),
            ATTR_CURRENCY: tariff.currency,
            ATTR_UNTIL: until.isoformat() if until else None,
        }
        context = Context()
        on_the_bus = {ATTR_DECISION: str(outcome), **data}
        if device is not None:
            on_the_bus[ATTR_DEVICE_ID] = device.id
        self._hass.bus.async_fire(EVENT_SPENDING_DECISION, on_the_bus, context=context)
        if self._is_for_logbook(request, decision):
            denied = on_the_bus | self._sensor_of_account()
            self._hass.bus.async_fire(EVENT_SPENDING_DENIED, denied, context=context)
        self._listeners(PublishedDecision(outcome, data, context))

    def _sensor_of_account(self) -> dict[str, str]:
        """The sensor whose logbook has the denials: a dashboard shows that of an entity only."""
        sensor = er.async_get(self._hass).async_get_entity_id(
            Platform.SENSOR, DOMAIN, f"{self._entry.unique_id}-{SPENDING_REASON_KEY}"
        )
        return {} if sensor is None else {ATTR_ENTITY_ID: sensor}

    def _is_ours(self, request: SpendingRequest) -> bool:
        """Whether this account must publish it: others may share the ledger."""
        if request.asset:
            return request.asset in self._assets
        # One account publishes decisions about several vehicles at once.
        ledger = self._entry.runtime_data.ledger
        loaded: list[FlotteConfigEntry] = self._hass.config_entries.async_loaded_entries(DOMAIN)
        return self._entry in [each for each in loaded if each.runtime_data.ledger is ledger][:1]

    def _is_for_logbook(self, request: SpendingRequest, decision: Decision) -> bool:
        """Whether it is refused or deferred, and for the background, for another reason than last.

        The background is allowed and refused in turns when its share of the budget is used up.
        """
        if isinstance(decision, Allow):
            return False
        if request.caller.kind is not CallerKind.BACKGROUND:
            return True
        asker = (request.caller.label, request.asset)
        is_new = self._last_denied.get(asker) != decision.key
        self._last_denied[asker] = decision.key
        return is_new

    def _is_news(self, request: SpendingRequest, decision: Decision) -> bool:
        if request.caller.kind is not CallerKind.BACKGROUND:
            return True
        asker = (request.caller.label, request.asset)
        answer = (OUTCOMES[type(decision)], decision.key)
        is_news = self._last.get(asker) != answer
        self._last[asker] = answer
        return is_news


@callback
def name_of(hass: HomeAssistant, caller: str) -> str:
    """A caller's label as a person reads it: `automation.heat`, `polling`, `a person`."""
    kind, _, name = caller.partition(":")
    texts = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
    return name or texts.get(f"{_CALLER_STATES}.{kind}", kind)
