"""A charging session, and the reports of a vehicle that it is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple, Self

from ..reading_json import as_number, as_object
from ..state import restore_time
from .cost import Price

POLLED_ODOMETER: Final = 0.5
"""In km; a vehicle that moved further between two polls was unplugged meanwhile."""


class Place(StrEnum):
    """Where a vehicle charges."""

    HOME = "home"
    ELSEWHERE = "elsewhere"
    """With alternating current, away from home."""
    SUPERCHARGER = "supercharger"
    FAST_CHARGER = "fast_charger"
    """A fast charger whose operator is unknown: many cars report only the kind of plug."""


class SessionEvent(StrEnum):
    """Something that happens in a session."""

    STARTED = "started"
    INTERRUPTED = "interrupted"
    """It stopped below the limit: by command, by a schedule or for lack of power."""
    RESUMED = "resumed"
    COMPLETED = "completed"
    """The vehicle reached its limit. The cable is still connected."""
    ENDED = "ended"
    """The cable was unplugged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that is known about the charge of a vehicle at a moment."""

    now: datetime
    state: str | None
    """The charging state; None if unknown."""
    since: datetime
    """The time of its reading."""
    until: datetime
    """Up to when it certainly held."""
    energy: float | None = None
    """The energy counter, in kWh."""
    energy_at: datetime | None = None
    level: float | None = None
    """The battery, in per cent."""
    level_at: datetime | None = None
    odometer: float | None = None
    """In km."""
    odometer_slack: float = POLLED_ODOMETER
    """How far the odometer may lag behind the charging state, in km."""
    place: Place | None = None
    """Where the vehicle is, if it charges."""
    price: Price = field(default_factory=Price)
    price_elsewhere: float | None = None
    """The price of a kWh away from home, except at fast chargers."""
    latency: timedelta = timedelta()
    """Longest time until a change of the energy arrives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargingSession:
    """One session, from plugging in to unplugging. None is unknown."""

    started_at: datetime | None = None
    """When it began to charge."""
    stopped_at: datetime | None = None
    """When it last stopped charging."""
    seconds: float | None = None
    """Time of charging, without interruptions."""
    energy: float | None = None
    """Energy into the battery, in kWh."""
    level_from: float | None = None
    level_to: float | None = None
    place: Place | None = None
    cost: float | None = None

    def to_stored(self) -> dict[str, Any]:
        """The session as JSON."""
        return {
            "started": self.started_at and self.started_at.timestamp(),
            "stopped": self.stopped_at and self.stopped_at.timestamp(),
            "seconds": self.seconds,
            "energy": self.energy,
            "level_from": self.level_from,
            "level_to": self.level_to,
            "place": self.place and str(self.place),
            "cost": self.cost,
        }

    @classmethod
    def from_stored(cls, stored: object) -> Self | None:
        """Restore it from the JSON of `to_stored`; None if there is none."""
        if not isinstance(stored, Mapping):
            return None
        read = as_object(stored)
        place = read.get("place")
        return cls(
            started_at=restore_time(read.get("started")),
            stopped_at=restore_time(read.get("stopped")),
            seconds=_amount(read.get("seconds")),
            energy=_amount(read.get("energy")),
            level_from=_amount(read.get("level_from")),
            level_to=_amount(read.get("level_to")),
            place=Place(place) if place in tuple(Place) else None,
            cost=as_number(read.get("cost")),
        )


def _amount(stored: object) -> float | None:
    """A number that is not negative."""
    number = as_number(stored)
    return None if number is None or number < 0 else number


class Happened(NamedTuple):
    """An event, and its session as known then."""

    event: SessionEvent
    session: ChargingSession
