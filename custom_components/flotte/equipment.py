"""Which entities a vehicle can have, by its model, its reports and its stream.

The model follows from the VIN until the vehicle reports it. A value that was not reported yet
proves nothing: its entity is added once it is reported, or at once if the vehicle is meant to
stream, because vehicles stream only what enabled entities show.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from homeassistant.helpers import entity_registry as er

from .coordinator import FlotteCoordinator, SiteCoordinator, VehicleCoordinator
from .tesla import signals
from .tesla.signals import LIVE_STATUS, SITE_INFO
from .tesla.state import Signal


class UnpaidSignals(frozenset[Signal[Any]]):
    """Signals of an entity that is enabled only while the vehicle is polled: never streamed."""


def streams(coordinator: FlotteCoordinator) -> bool:
    """Whether a vehicle is meant to stream. Then each enabled entity may cost money."""
    return isinstance(coordinator, VehicleCoordinator) and coordinator.stream_watch.is_expected


def is_only_polled(coordinator: FlotteCoordinator) -> bool:
    """Whether a vehicle is not meant to stream, or was not until that became uncertain."""
    return not streams(coordinator) or (
        isinstance(coordinator, VehicleCoordinator) and coordinator.stream_watch.was_polled
    )


def answered_at(coordinator: FlotteCoordinator) -> tuple[datetime | None, ...]:
    """When each part of the data that shows what a vehicle or site has was answered last."""
    if isinstance(coordinator, VehicleCoordinator):
        return (coordinator.vehicle.poller.data_received_at,)
    if isinstance(coordinator, SiteCoordinator):
        sections = coordinator.site.sections
        return sections[LIVE_STATUS].read, sections[SITE_INFO].read
    return ()


def can_have(coordinator: FlotteCoordinator, models: Collection[str]) -> bool:
    """Whether a vehicle is one of these models, or may be; no models stand for all."""
    if not models or not isinstance(coordinator, VehicleCoordinator):
        return True
    model = coordinator.state[signals.MODEL] or signals.model_of_vin(coordinator.vehicle.vin)
    return model is None or model in models


def can_report(coordinator: FlotteCoordinator, awaited: Collection[Signal[Any]]) -> bool:
    """Whether a vehicle has reported one of these signals, or is meant to stream one."""
    if not awaited or not isinstance(coordinator, VehicleCoordinator):
        return True
    if streams(coordinator) and any(signal.streamed for signal in awaited):
        return True
    return any(coordinator.state.reported(signal) is not None for signal in awaited)


def can_show(
    coordinator: FlotteCoordinator, models: Collection[str], awaited: Collection[Signal[Any]]
) -> bool:
    """Whether an entity may ever show something, with the model and the options of the stream."""
    return can_have(coordinator, models) and (
        any(signal.paths or not signal.streamed for signal in awaited)
        or can_report(coordinator, awaited)
    )


def is_unused(entity: er.RegistryEntry) -> bool:
    """Whether an entity is disabled by default and its owner has changed nothing about it."""
    own = entity.name, entity.icon, entity.area_id, entity.device_class, entity.hidden_by
    is_changed = any(own) or entity.labels or entity.categories
    return entity.disabled_by is er.RegistryEntryDisabler.INTEGRATION and not is_changed
