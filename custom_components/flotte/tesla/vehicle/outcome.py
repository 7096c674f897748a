"""The vocabulary of all parts of a vehicle: intents, outcomes, and what a stream covers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final, Protocol

from ..commands import Command
from ..signing.session import DEFAULT_LIFETIME
from ..state import Signal

VERIFY_MARGIN_SECONDS: Final = 5.0
"""Beyond a command's expiry, before the vehicle's state proves anything."""
MAX_DOUBT_SECONDS: Final = DEFAULT_LIFETIME + 1 + VERIFY_MARGIN_SECONDS
"""After a cancelled command left, before the vehicle's state proves anything."""
OVERRIDE_SECONDS: Final = 30.0
"""A person who asks again within that time for a setting that was not sent gets it sent. It is also
the time to confirm a wake."""


class Errand(Enum):
    """A reason to wake a vehicle, other than a command."""

    WAKE = auto()
    SCHEDULES = auto()


type Intent = Command | Errand
"""The purpose of a request, by which a repeated request is recognised."""


class CommandMode(StrEnum):
    """How a vehicle accepts commands."""

    SIGNED = "signed"
    UNSIGNED = "rest"


@dataclass(frozen=True, slots=True)
class Done:
    """The command was executed, or there was nothing to do."""

    already: bool = False
    """Whether the vehicle was so before; then nothing changed."""
    waits_until: datetime | None = None
    """Not executed yet: deferred until the vehicle wakes on its own, at most until then."""


class StreamCoverage(Protocol):
    """The signals that a vehicle's stream covers, and since when without a gap; see `stream`."""

    @property
    def is_connected(self) -> bool:
        """Whether the vehicle streams now."""

    def continuous_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when no change of this signal can have gone unnoticed; None if any can."""

    def latency_of(self, signal: Signal[Any]) -> timedelta:
        """Longest time until a change of this signal arrives."""

    def reports_every_change(self, signal: Signal[Any]) -> bool:
        """Whether each change of this signal arrives at once while there is a connection."""

    def includes(self, signal: Signal[Any]) -> bool:
        """Whether this signal is streamed at all."""

    def missing_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when the vehicle, although awake, says that it has no value of this signal."""

    def lapse(self) -> None:
        """Make unknown what has been missing for too long."""

    def invalidate(self) -> None:
        """Start the coverage over: the vehicle was awake without streaming."""

    def close_all(self) -> None:
        """Drop all connections, as they are dead."""


def can_be_looked_at(command: Command) -> bool:
    """Whether a polled answer shows the effect of a command."""
    return any(signal.paths for signal in command.expects)


def is_same_intent(one: Intent | None, other: Intent | None) -> bool:
    """Whether two requests ask for one thing; None is no request."""
    if not (isinstance(one, Command) and isinstance(other, Command)):
        return one == other
    return (one.name, one.payload, one.parameters) == (other.name, other.payload, other.parameters)
