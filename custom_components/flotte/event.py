"""Events: alerts and charging of a vehicle, outages at a site, and decisions about spending."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.charging import PLACE_SIGNALS, SESSION_SIGNALS, ChargingSessions
from .account.data import FlotteConfigEntry
from .charging.controller import ChargingController
from .charging.decisions import (
    DECISION_KEY,
    ChargingDecisions,
    ChargingHappening,
    ChargingNews,
)
from .charging.entity import ChargingDescription, ChargingEntity, async_add_charging
from .coordinator import SiteCoordinator, VehicleCoordinator
from .entity import (
    AccountEntity,
    FlotteEntity,
    FlotteEntityDescription,
    OccasionalEntity,
    VehicleEntity,
    async_add_rows,
    built_with,
)
from .spending.decisions import DecisionOutcome, Decisions, PublishedDecision
from .tesla import signals
from .tesla.charging.session import Happened, SessionEvent
from .tesla.energy.outages import Outage
from .tesla.telemetry.records import Alert

PARALLEL_UPDATES = 0

ALARM: Final = "alarm"
OTHER_ALERT: Final = "other"
OUTAGE: Final = "outage"
AUDIENCES: Final = ("customer", "service", "service_fix")
"""Audiences of an alert, the owner first. Source: Tesla's vehicle_alert.proto (2026-07)."""


@dataclass(frozen=True, kw_only=True)
class FlotteEventDescription(FlotteEntityDescription, EventEntityDescription):
    """The row of the events of a vehicle or site."""


@dataclass(frozen=True, kw_only=True)
class ChargingEventDescription(ChargingDescription, EventEntityDescription):
    """The row of the decisions about charging at home."""


ALERT: Final = FlotteEventDescription(key="alert", event_types=[ALARM, *AUDIENCES, OTHER_ALERT])
POWER_OUTAGE: Final = FlotteEventDescription(
    key="power_outage",
    event_types=[OUTAGE],
    exists=built_with(signals.HAS_BATTERY, signals.HAS_GRID),
)
CHARGING_SESSION: Final = FlotteEventDescription(
    key="charging_session", event_types=[str(event) for event in SessionEvent]
)
CHARGING_DECISION: Final = ChargingEventDescription(
    key=DECISION_KEY,
    event_types=[str(happening) for happening in ChargingHappening],
    entity_registry_enabled_default=False,
)
"""Disabled like the one below."""
DECISION: Final = EventEntityDescription(
    key="spending_decision",
    event_types=[str(outcome) for outcome in DecisionOutcome],
    entity_registry_enabled_default=False,
)
"""Disabled by default: each of its events is a line of the logbook, beside the sentence there, and
an integration cannot hide an entity from the logbook. The bus has the same events."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of the account, of sites and of vehicles; only a stream reports alerts."""
    async_add_entities([DecisionEvent(entry, Decisions(hass, entry))])
    async_add_rows(entry.runtime_data.sites, (POWER_OUTAGE,), OutageEvent, async_add_entities)
    vehicles, sessions = entry.runtime_data.vehicles, entry.runtime_data.charging_sessions
    decisions = {
        each: ChargingDecisions(
            hass, each, entry.runtime_data.charging_controllers[each.vehicle.vin]
        )
        for each in vehicles
    }
    async_add_entities(ChargingEvent(each, sessions[each.vehicle.vin]) for each in vehicles)
    async_add_charging(
        entry,
        (CHARGING_DECISION,),
        lambda coordinator, controller, row: ChargingDecisionEvent(
            coordinator, controller, row, decisions[coordinator]
        ),
        async_add_entities,
    )
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
    """The event type of an alert: the alarm, or its first audience."""
    if alert.is_alarm:
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


class OutageEvent(FlotteEntity[SiteCoordinator], EventEntity):
    """Fires when the backup history of a site has a new outage, once the outage is over."""

    entity_description: FlotteEventDescription

    def __init__(self, coordinator: SiteCoordinator, row: FlotteEventDescription) -> None:
        """Show the outages of a site, which requests them only if something shows them."""
        super().__init__(coordinator, row, (signals.LAST_OUTAGE,))

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.site.outages.on_outage.subscribe(self._async_fire))

    @callback
    def _async_fire(self, outage: Outage) -> None:
        self._trigger_event(
            OUTAGE,
            {
                "start": outage.start.isoformat(),
                "end": outage.end.isoformat(),
                "minutes": round(outage.duration / timedelta(minutes=1), 1),
            },
        )
        self.async_write_ha_state()


class ChargingEvent(OccasionalEntity, EventEntity):
    """Fires when a charging session starts, is interrupted, goes on, is complete, or ends."""

    entity_description: FlotteEventDescription

    def __init__(self, coordinator: VehicleCoordinator, sessions: ChargingSessions) -> None:
        """Show the sessions of a vehicle."""
        # The odometer helps if it is shown, but is not worth streaming for this alone.
        keys = (*SESSION_SIGNALS, *PLACE_SIGNALS, signals.BATTERY_LEVEL)
        super().__init__(coordinator, CHARGING_SESSION, keys)
        self._sessions = sessions

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._sessions.happened.subscribe(self._async_fire))

    @callback
    def _async_fire(self, happened: Happened) -> None:
        session = happened.session
        minutes = None if session.seconds is None else round(session.seconds / 60)
        self._trigger_event(
            happened.event,
            {
                "started": session.started_at and session.started_at.isoformat(),
                "stopped": session.stopped_at and session.stopped_at.isoformat(),
                "minutes": minutes,
                "energy": session.energy,
                "level_from": session.level_from,
                "level_to": session.level_to,
                "place": session.place,
                "cost": None if session.cost is None else round(session.cost, 2),
            },
        )
        self.async_write_ha_state()


class ChargingDecisionEvent(ChargingEntity, EventEntity):
    """Fires when charging at home starts, changes or stops something, waits, or hands off."""

    entity_description: ChargingEventDescription

    def __init__(
        self,
        coordinator: VehicleCoordinator,
        controller: ChargingController,
        row: ChargingEventDescription,
        decisions: ChargingDecisions,
    ) -> None:
        """Show the decisions about a vehicle."""
        super().__init__(coordinator, controller, row)
        self._decisions = decisions

    @property
    @override
    def fingerprint(self) -> object:
        return None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self._decisions.async_subscribe(self._async_fire))

    @callback
    def _async_fire(self, news: ChargingNews) -> None:
        self.async_set_context(news.context)
        self._trigger_event(news.happening, dict(news.data))
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
