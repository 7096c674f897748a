"""Events: alerts of a vehicle, and decisions about spending."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .coordinator import VehicleCoordinator
from .entity import AccountEntity, FlotteEntityDescription, VehicleEntity
from .spending.decisions import DecisionOutcome, Decisions, PublishedDecision
from .tesla.telemetry.records import Alert

PARALLEL_UPDATES = 0

ALARM: Final = "alarm"
OTHER_ALERT: Final = "other"
AUDIENCES: Final = ("customer", "service", "service_fix")
"""Audiences of an alert, the owner first. Source: Tesla's vehicle_alert.proto (2026-07)."""


@dataclass(frozen=True, kw_only=True)
class FlotteEventDescription(FlotteEntityDescription, EventEntityDescription):
    """The row of the alerts."""


ALERT: Final = FlotteEventDescription(key="alert", event_types=[ALARM, *AUDIENCES, OTHER_ALERT])
DECISION: Final = EventEntityDescription(
    key="spending_decision", event_types=[str(outcome) for outcome in DecisionOutcome]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the account's event, and the alerts of each vehicle that streams: polling has none."""
    async_add_entities([DecisionEvent(entry, Decisions(hass, entry))])
    vehicles = entry.runtime_data.vehicles
    added: set[VehicleCoordinator] = set()

    @callback
    def add_alerts() -> None:
        new = {each for each in vehicles if each.stream_watch.is_expected} - added
        added.update(new)
        async_add_entities(AlertEvent(each) for each in vehicles if each in new)

    add_alerts()
    for coordinator in vehicles:
        entry.async_on_unload(coordinator.stream_watch.changed.subscribe(add_alerts))


def event_type(alert: Alert) -> str:
    """The event type of an alert: the alarm, or its first audience.

    The names end in `AlarmTriggered` or `alarmTriggered` (captured from vehicles, 2025).
    """
    if "alarmtriggered" in alert.name.lower():
        return ALARM
    return next((each for each in AUDIENCES if each in alert.audiences), OTHER_ALERT)


class AlertEvent(VehicleEntity, EventEntity):
    """Fires when a vehicle raises an alert."""

    entity_description: FlotteEventDescription

    def __init__(self, coordinator: VehicleCoordinator) -> None:
        """Show the alerts of a vehicle."""
        super().__init__(coordinator, ALERT, ())

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.stream.on_alert(self._async_fire))

    @callback
    def _async_fire(self, alert: Alert) -> None:
        self._trigger_event(
            event_type(alert),
            {
                "name": alert.name,
                "audiences": list(alert.audiences),
                "started": alert.started.isoformat() if alert.started else None,
                "ended": alert.ended.isoformat() if alert.ended else None,
            },
        )
        self.async_write_ha_state()


class DecisionEvent(AccountEntity, EventEntity):
    """Fires when the gate decides about a request that costs money."""

    entity_description: EventEntityDescription

    def __init__(self, entry: FlotteConfigEntry, decisions: Decisions) -> None:
        """Show the decisions about an account."""
        super().__init__(entry, DECISION)
        self._decisions = decisions

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._decisions.async_subscribe(self._async_fire))

    @callback
    def _async_fire(self, verdict: PublishedDecision) -> None:
        self.async_set_context(verdict.context)
        self._trigger_event(verdict.outcome, dict(verdict.data))
        self.async_write_ha_state()
