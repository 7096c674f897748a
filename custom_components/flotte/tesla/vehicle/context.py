"""The context that all parts of a vehicle share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..api.fleet import FleetApi
from ..spending.gate import Gate


@dataclass(slots=True)
class VehicleContext:
    """A vehicle's identity, its API client, its gate and its clock.

    A part keeps the context and never the clock itself, which tests replace later.
    """

    vin: str
    api: FleetApi
    gate: Gate
    scopes: frozenset[str]
    """Scopes that the owner granted."""
    clock: Callable[[], datetime]
    """Returns the current time, timezone-aware."""

    def now(self) -> datetime:
        """The current time, timezone-aware."""
        return self.clock()
