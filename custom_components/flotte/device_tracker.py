"""Device trackers: location of a vehicle, and origin and destination of its route."""

from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.device_tracker import TrackerEntity, TrackerEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account.data import FlotteConfigEntry
from .const import SCOPE_VEHICLE_LOCATION
from .entity import SignalDescription, VehicleEntity, async_add_rows
from .tesla import signals
from .tesla.signals import Position
from .tesla.state import Signal

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteTrackerDescription(SignalDescription, TrackerEntityDescription):
    """A position."""

    signal: Signal[Position]
    accuracy: Signal[float] | None = None
    """Uncertainty of the position. Only the stream reports it, in a field that Tesla does not
    document: it is used if it arrives, and not requested."""


TRACKERS: Final = (
    FlotteTrackerDescription(
        key="location", signal=signals.LOCATION, accuracy=signals.GPS_ACCURACY
    ),
    FlotteTrackerDescription(key="route", signal=signals.ROUTE_LOCATION),
    FlotteTrackerDescription(
        key="route_origin",
        signal=signals.ROUTE_ORIGIN,
        # Only the stream reports it.
        entity_registry_enabled_default=False,
    ),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the trackers, if the owner granted access to the location."""
    data = entry.runtime_data
    if SCOPE_VEHICLE_LOCATION not in data.scopes:
        return
    async_add_rows(
        data.vehicles,
        TRACKERS,
        lambda coordinator, row: VehicleTracker(coordinator, row, (row.signal,)),
        async_add_entities,
    )


class VehicleTracker(VehicleEntity, TrackerEntity):
    """Shows a position."""

    entity_description: FlotteTrackerDescription

    @property
    @override
    def latitude(self) -> float | None:
        position = self.readings[self.entity_description.signal]
        return None if position is None else position[0]

    @property
    @override
    def longitude(self) -> float | None:
        position = self.readings[self.entity_description.signal]
        return None if position is None else position[1]

    @property
    @override
    def location_accuracy(self) -> float:
        accuracy = self.entity_description.accuracy
        # Home Assistant's value of an unknown accuracy is 0.
        return (self.readings[accuracy] if accuracy else None) or 0

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # Not among the signals that it shows, because those are requested.
        self.async_on_remove(self.coordinator.vehicle.subscribe(self._async_accuracy_changed))

    @callback
    def _async_accuracy_changed(self, changed: frozenset[Signal[Any]]) -> None:
        if self.entity_description.accuracy in changed:
            self.async_write_ha_state()
