"""Device trackers: where the vehicle is, and where it is going."""

from dataclasses import dataclass
from typing import Final, override

from homeassistant.components.device_tracker import TrackerEntity, TrackerEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .account import FlotteConfigEntry
from .const import SCOPE_VEHICLE_LOCATION
from .entity import FlotteEntityDescription, VehicleEntity
from .tesla import signals
from .tesla.signals import Position
from .tesla.state import Signal

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class FlotteTrackerDescription(FlotteEntityDescription, TrackerEntityDescription):
    """A position to follow."""

    signal: Signal[Position]


TRACKERS: Final = (
    FlotteTrackerDescription(key="location", signal=signals.LOCATION),
    FlotteTrackerDescription(key="route", signal=signals.ROUTE_LOCATION),
)


async def async_setup_entry(
    _hass: HomeAssistant,
    entry: FlotteConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the trackers, if the owner lets Tesla tell positions."""
    data = entry.runtime_data
    if SCOPE_VEHICLE_LOCATION not in data.scopes:
        return
    async_add_entities(
        VehicleTracker(coordinator, row, (row.signal,))
        for coordinator in data.vehicles
        for row in TRACKERS
    )


class VehicleTracker(VehicleEntity, TrackerEntity):
    """Follows a position."""

    entity_description: FlotteTrackerDescription

    @property
    @override
    def latitude(self) -> float | None:
        position = self.state_of_things[self.entity_description.signal]
        return None if position is None else position[0]

    @property
    @override
    def longitude(self) -> float | None:
        position = self.state_of_things[self.entity_description.signal]
        return None if position is None else position[1]
