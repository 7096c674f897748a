"""Gaps in a vehicle's stream: fields that have no value although the vehicle is awake."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from ..signals import SIGNALS_BY_FIELD
from ..state import KEEP, Reading, Signal, Source
from .consequences import is_at_rest
from .vehicle import Vehicle

GAP_LIFETIME: Final = timedelta(hours=1)
"""Time for which the last value is kept after an awake vehicle reported its field as invalid."""
OFTEN_ENDED: Final = (
    "ChargerPhases",
    "Cruise",
    "Di",
    "Media",
    "MilesToArrival",
    "MinutesToArrival",
    "Powershare",
    "Scheduled",
    "Semi",
    "SoftwareUpdate",
)
"""Prefixes of fields that become invalid whenever the thing they describe ends, such as a route.
Their gaps are not worth a data request."""


class Gaps:
    """The fields of one vehicle without a value, and since when."""

    def __init__(self, vehicle: Vehicle) -> None:
        """Begin without any."""
        self.since: dict[str, datetime] = {}
        """Since when each of these fields has had no value."""
        self._vehicle = vehicle
        # Fields that lost a value that they had in this waking period. Others may never have one.
        self._lost: set[str] = set()

    def clear(self) -> None:
        """Forget all gaps: fields invalidated before a sleep are sent again after it."""
        self.since.clear()
        self._lost.clear()

    def close(self, field: str) -> None:
        """Forget the gap of a field that has a value again."""
        self.since.pop(field, None)
        self._lost.discard(field)

    def note(self, ended: Collection[str], now: datetime) -> None:
        """Note fields without a value, and which of them had one since the vehicle woke."""
        came_online = self._vehicle.presence.online_since or now
        for field in ended:
            if field in self.since:
                continue
            self.since[field] = now
            known = (self._vehicle.state.reported(signal) for signal in SIGNALS_BY_FIELD[field])
            if any(
                each is not None
                and each.value is not None
                and each.source is Source.STREAM
                and each.time >= came_online
                for each in known
            ):
                self._lost.add(field)

    def missing_since(self, signal: Signal[Any], now: datetime) -> datetime | None:
        """Since when the awake vehicle has reported that a signal no longer has a value.

        None if it has a value, if it had none in this waking period, if one was polled recently, or
        if none is to be expected: a parked vehicle reports neither gear nor speed, and music does
        not always play.
        """
        field = signal.field
        if field not in self._lost or field.startswith(OFTEN_ENDED):
            return None
        return self._gap_of(signal, now)

    def _gap_of(self, signal: Signal[Any], now: datetime) -> datetime | None:
        """Since when a signal's field has had no value, unless another source supplied one."""
        since = self.since.get(signal.field)
        if since is None or signal.absent is not KEEP:
            return None
        state = self._vehicle.state
        known = state.reported(signal)
        if known is None or known.value is None or is_at_rest(signal, state):
            return None
        return None if known.time > max(since, now - GAP_LIFETIME) else since

    def lapse(self, now: datetime) -> None:
        """Set signals to unknown that have had no value for an hour."""
        gone = {
            signal: Reading(None, now, Source.STREAM)
            for field in self.since
            for signal in SIGNALS_BY_FIELD[field]
            if (since := self._gap_of(signal, now)) is not None and now - since >= GAP_LIFETIME
        }
        if gone:
            self._vehicle.receive(gone, now)
