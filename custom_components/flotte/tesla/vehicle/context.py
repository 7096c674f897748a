"""The things that all parts of a vehicle share."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ..api.fleet import FleetApi
from ..spending.gate import Gate


@dataclass(slots=True)
class VehicleContext:
    """A vehicle's identity, its way to Tesla, the rules of spending and the clock.

    Parts keep the context, never the clock, which tests set later.
    """

    vin: str
    api: FleetApi
    gate: Gate
    scopes: frozenset[str]
    """Scopes that the owner granted."""
    clock: Callable[[], datetime]
    """Time now; aware."""

    def now(self) -> datetime:
        """Time now, UTC."""
        return self.clock()
