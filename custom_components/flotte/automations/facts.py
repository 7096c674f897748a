"""Facts about a vehicle that triggers compare.

An assumed reading is our own expectation, and proves nothing. Nor does a missing value: the last
known one stays. A restored reading is from before the restart: a value that differs from it may
have come about at any time since, unless a stream reports it as a change. A stream does so for
words, but not for a position, which is never twice the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

from homeassistant.components.zone import in_zone
from homeassistant.const import ATTR_LATITUDE, ATTR_LONGITUDE
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..const import SCOPE_VEHICLE_LOCATION
from ..coordinator import VehicleCoordinator
from ..tesla import signals
from ..tesla.state import Reading, Signal, Source

EDGE: Final = 50.0
"""In m; a position that jumps about at the edge of the home is still at home so far outside it."""
FIRST_VALUES: Final = timedelta(seconds=60)
"""Time after a connection in which a stream may report values that have not changed."""
_ZONE: Final = "zone.home"
_RADIUS: Final = "radius"
_PLUG_SIGNALS: Final = (signals.CHARGING_STATE,)
_UPDATE_SIGNALS: Final[tuple[Signal[Any], ...]] = (
    signals.UPDATE_STATUS,
    signals.UPDATE_VERSION,
    signals.SOFTWARE_VERSION,
)
_PASSING: Final = ("starting", "calibrating")
"""Charging states between two others."""


class Known(NamedTuple):
    """A value that a vehicle reported."""

    value: object
    time: datetime
    """When it was last known to hold."""
    basis: object = None
    """The zone that it was compared with, if any; values of another basis prove no change."""
    is_restored: bool = False
    """Whether it is from before the restart."""
    is_change: bool = False
    """Whether the stream has just reported that it changed."""


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that is known about a vehicle."""

    signals: Callable[[VehicleCoordinator], tuple[Signal[Any], ...]]
    """Signals that it follows from."""
    read: Callable[[HomeAssistant, VehicleCoordinator, Known | None], Known | None]
    """Returns what is known now, given what was known before; None if nothing is."""


def _reported[T](vehicle: VehicleCoordinator, signal: Signal[T]) -> Reading[T] | None:
    """The reading of this start that is not assumed and has a value."""
    reading = vehicle.state.reported(signal)
    if reading is None or reading.value is None or reading.source is Source.RESTORED:
        return None
    return reading


def has_location(vehicle: VehicleCoordinator) -> bool:
    """Whether the owner granted access to the location."""
    return SCOPE_VEHICLE_LOCATION in vehicle.vehicle.context.scopes


def _home_signals(vehicle: VehicleCoordinator) -> tuple[Signal[Any], ...]:
    return (signals.LOCATION,) if has_location(vehicle) else (signals.AT_HOME,)


def _home(hass: HomeAssistant, vehicle: VehicleCoordinator, before: Known | None) -> Known | None:
    """Whether it is at home, by the zone, or without access to the location by its own word."""
    if not has_location(vehicle):
        reading = _reported(vehicle, signals.AT_HOME)
        return None if reading is None else Known(reading.value, reading.time)
    position, zone = _reported(vehicle, signals.LOCATION), hass.states.get(_ZONE)
    if position is None or position.value is None or zone is None:
        return None
    basis = tuple(zone.attributes.get(each) for each in (ATTR_LATITUDE, ATTR_LONGITUDE, _RADIUS))
    if in_zone(zone, *position.value):
        return Known(value=True, time=position.time, basis=basis)
    if not in_zone(zone, *position.value, EDGE):
        return Known(value=False, time=position.time, basis=basis)
    # At the edge nothing changes. A car that was first seen there is not at home.
    was_home = before is not None and before.basis == basis and before.value is True
    return Known(was_home, position.time, basis)


def _charging_state(vehicle: VehicleCoordinator) -> Known | None:
    """The charging state, also a restored one."""
    reading = vehicle.state.reported(signals.CHARGING_STATE)
    if reading is None or reading.value is None:
        return None
    connected = vehicle.state.reported(signals.STREAMING)
    is_change = (
        reading.source is Source.STREAM
        and connected is not None
        and connected.value is True
        # Not the time of the reading: the car's clock may be late.
        and dt_util.utcnow() - connected.time >= FIRST_VALUES
    )
    is_restored = reading.source is Source.RESTORED
    return Known(reading.value, reading.time, is_restored=is_restored, is_change=is_change)


def _plug(_hass: HomeAssistant, vehicle: VehicleCoordinator, _before: Known | None) -> Known | None:
    """Whether a cable is connected."""
    known = _charging_state(vehicle)
    return None if known is None else known._replace(value=known.value != "disconnected")


def _charge(
    _hass: HomeAssistant, vehicle: VehicleCoordinator, _before: Known | None
) -> Known | None:
    """The charging state."""
    known = _charging_state(vehicle)
    return None if known is None or known.value in _PASSING else known


def _sleep(
    _hass: HomeAssistant, vehicle: VehicleCoordinator, _before: Known | None
) -> Known | None:
    """Whether it is asleep; a car that is offline may only be out of reach."""
    presence, now = vehicle.vehicle.presence, dt_util.utcnow()
    if presence.is_online:
        return Known(value=False, time=now)
    return Known(value=True, time=now) if presence.is_asleep else None


def _update(
    _hass: HomeAssistant, vehicle: VehicleCoordinator, before: Known | None
) -> Known | None:
    """The version of the last update that was offered; empty if there was none.

    Of an update that was first offered during a restart, the owner does not know either.
    """
    state = vehicle.state
    known = [each for key in _UPDATE_SIGNALS if (each := state.reported(key)) is not None]
    if not known:
        return None
    newest = max(known, key=attrgetter("time"))
    version = state[signals.UPDATE_VERSION] if state[signals.UPDATE_STAGE] else None
    return Known(
        # The same update may be withdrawn for a moment, and offered again.
        version or (before.value if before else ""),
        newest.time,
        is_restored=newest.source is Source.RESTORED,
        is_change=newest.source is not Source.RESTORED,
    )


HOME_FACT: Final = Fact(signals=_home_signals, read=_home)
PLUG_FACT: Final = Fact(signals=lambda _: _PLUG_SIGNALS, read=_plug)
CHARGE_FACT: Final = Fact(signals=lambda _: _PLUG_SIGNALS, read=_charge)
SLEEP_FACT: Final = Fact(signals=lambda _: (), read=_sleep)
UPDATE_FACT: Final = Fact(signals=lambda _: _UPDATE_SIGNALS, read=_update)
