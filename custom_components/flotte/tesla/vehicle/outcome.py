"""Types that the parts of a vehicle share: intents, outcomes and the coverage of a stream."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Any, Final, Protocol

from ..commands import Command
from ..signing.session import DEFAULT_LIFETIME
from ..state import Signal

VERIFY_MARGIN_SECONDS: Final = 5.0
"""Time after a command's expiry from which the vehicle's state shows whether the command ran."""
MAX_DOUBT_SECONDS: Final = DEFAULT_LIFETIME + 1 + VERIFY_MARGIN_SECONDS
"""Time after sending a cancelled command from which the vehicle's state shows whether it ran."""
OVERRIDE_SECONDS: Final = 30.0
"""Time in which a person can repeat a skipped command to have it sent after all, or repeat a
refused one to confirm its wake."""


class Errand(Enum):
    """A reason to wake a vehicle, other than a command."""

    WAKE = auto()
    SCHEDULES = auto()
    LOOK = auto()
    """A request for data of a vehicle that is awake; it wakes none."""
    SOLAR = auto()
    """A change of Charge on Solar, which is read first."""


type Intent = Command | Errand
"""The purpose of a request, used to recognise a repeated request."""


class CommandMode(StrEnum):
    """How a vehicle accepts commands."""

    SIGNED = "signed"
    UNSIGNED = "rest"


@dataclass(frozen=True, slots=True)
class Done:
    """The command was executed, or there was nothing to do."""

    already: bool = False
    """Whether the command's effect was there already, so that nothing changed."""
    waits_until: datetime | None = None
    """If the command was deferred instead of executed: when its deferral expires."""
    reply: bytes = field(default=b"", repr=False)
    """The vehicle's reply to a command that asks for values."""


class StreamCoverage(Protocol):
    """The signals that a vehicle's stream covers, and since when; see `stream`."""

    @property
    def is_connected(self) -> bool:
        """Whether the vehicle is streaming now."""

    def continuous_since(self, signal: Signal[Any], *, in_steps: bool = False) -> datetime | None:
        """Since when every change of this signal has been reported; None if some may be missing.

        With `in_steps`, changes smaller than the signal's step do not count.
        """

    def latency_of(self, signal: Signal[Any]) -> timedelta:
        """Longest time until a change of this signal arrives."""

    def reports_every_change(self, signal: Signal[Any]) -> bool:
        """Whether each change of this signal arrives at once while there is a connection."""

    def includes(self, signal: Signal[Any]) -> bool:
        """Whether this signal is streamed at all."""

    def missing_since(self, signal: Signal[Any]) -> datetime | None:
        """Since when the awake vehicle has reported that this signal has no value."""

    def lapse(self) -> None:
        """Set signals to unknown that have had no value for too long."""

    def invalidate(self) -> None:
        """Restart the coverage: the vehicle was awake without streaming."""

    def close_all(self) -> None:
        """Drop all connections, which are known to be dead."""


def can_be_looked_at(command: Command) -> bool:
    """Whether polled data can show the effect of a command."""
    return any(signal.paths for signal in command.expects)


def is_same_intent(one: Intent | None, other: Intent | None) -> bool:
    """Whether two requests have the same purpose; None stands for no request."""
    if not (isinstance(one, Command) and isinstance(other, Command)):
        return one == other
    return (one.name, one.payload, one.parameters) == (other.name, other.payload, other.parameters)
