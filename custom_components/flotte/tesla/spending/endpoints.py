"""What each endpoint is billed as: one table, and what the owner knows better.

Tesla states a category for few endpoints; the rule for all others is that what is not known is
billed as data, the dearest of what a request can be but for a wake. A row that says otherwise says
why.

What the categories rest on:

- vehicle_data is data, wake_up a wake: Tesla's page on prices (2026-08).
- command (every `command/...`) is a command: the panels of Tesla's pages on commands (mid-2025).
- signed_command is a command, which is not stated: it carries commands, and handshakes go the same
  way.
- vehicle (is it online?) is free, which is not stated: Tesla's best practices (2026-08) tell to ask
  it before anything paid, and Home Assistant's own integration calls it free.
- products and fleet_status are free, which is not stated: the cloud answers them; Home Assistant's
  documentation (2025-01) names only refreshes, commands and wakes as costing something.
- region and register are free, which is not stated: once for each account, and no car is asked.
- fleet_telemetry_config_... and fleet_telemetry_errors are data, as all that is not known; what is
  streamed then is billed by the signal, and is no request.
- What is asked of energy sites is energy, priced 0: "free at this time", says Home Assistant's
  documentation (2025-01).
"""

from collections.abc import Mapping
from typing import Any, Final

from .tariff import Category, Charge

STATED: Final[Mapping[str, Category]] = {
    "vehicle_data": Category.DATA,
    "wake_up": Category.WAKE,
    "command": Category.COMMAND,
    "signed_command": Category.COMMAND,
    "products": Category.FREE,
    "fleet_status": Category.FREE,
    "region": Category.FREE,
    "register": Category.FREE,
}
"""What cannot be changed. The first four Tesla states, and the gate asks for these by their
category; should their price change, that is said in the tariff. The others nobody could start
without, nor learn that a suspension is over; they are few."""

ASSUMED: Final[Mapping[str, Category]] = {
    "vehicle": Category.FREE,
    "fleet_telemetry_config_create": Category.DATA,
    "fleet_telemetry_config_get": Category.DATA,
    "fleet_telemetry_config_delete": Category.DATA,
    "fleet_telemetry_errors": Category.DATA,
    "live_status": Category.ENERGY,
    "site_info": Category.ENERGY,
    "backup": Category.ENERGY,
    "operation": Category.ENERGY,
    "storm_mode": Category.ENERGY,
    "grid_import_export": Category.ENERGY,
    "off_grid_vehicle_charging_reserve": Category.ENERGY,
    "time_of_use_settings": Category.ENERGY,
}
"""What Tesla does not state; the owner may know better from a bill."""

UNKNOWN: Final = Category.DATA
"""What is in neither table."""

CHOICES: Final = (Category.FREE, Category.COMMAND, Category.DATA, Category.ENERGY)
"""What an endpoint can be said to be. A wake is none: the gate takes it for a car that is woken."""


class Endpoints:
    """What the requests of a developer account are billed as.

    Args:
        own: By endpoint, what the owner knows better; see `read_categories`.
    """

    def __init__(self, own: Mapping[str, Category] | None = None) -> None:
        self.own = own or {}
        """May be replaced at any time: it is looked at for each request."""

    def category(self, endpoint: str) -> Category:
        """What a request to an endpoint is billed as."""
        if (stated := STATED.get(endpoint)) is not None:
            return stated
        return self.own.get(endpoint) or ASSUMED.get(endpoint, UNKNOWN)

    def charge(self, endpoint: str, count: int = 1, *, unasked: bool = False) -> Charge:
        """What so many requests to an endpoint are charged as.

        Args:
            endpoint: Name of it, as in the table.
            count: How many.
            unasked: Whether they need no room in the budget, because they end spending: without
                them a stream would go on costing when nothing is left.
        """
        return Charge(self.category(endpoint), count, unasked)


def read_categories(stored: object) -> dict[str, Category]:
    """What the owner knows better, from the option `endpoint_categories`; nothing is none.

    Raises:
        ValueError: naming the endpoint that is not in `ASSUMED`, or whose category is no choice.
    """
    if stored is None:
        return {}
    if not isinstance(stored, Mapping):
        raise ValueError("endpoint_categories")  # noqa: TRY004  # one kind for what cannot be read
    return {str(name): _choice(name, value) for name, value in stored.items()}


def _choice(endpoint: Any, value: object) -> Category:  # noqa: ANN401  # JSON
    if endpoint not in ASSUMED or value not in CHOICES:
        raise ValueError(str(endpoint))
    return Category(str(value))
