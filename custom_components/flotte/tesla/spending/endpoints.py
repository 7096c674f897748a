"""Category of each endpoint on the bill: one table, and the owner's corrections.

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
from enum import StrEnum
from typing import Final

from .tariff import Category, Charge


class Endpoint(StrEnum):
    """An endpoint of Fleet API, or several that are billed alike; an owner's options name them."""

    VEHICLE_DATA = "vehicle_data"
    WAKE_UP = "wake_up"
    COMMAND = "command"
    SIGNED_COMMAND = "signed_command"
    PRODUCTS = "products"
    FLEET_STATUS = "fleet_status"
    REGION = "region"
    REGISTER = "register"
    VEHICLE = "vehicle"
    FLEET_TELEMETRY_CONFIG_CREATE = "fleet_telemetry_config_create"
    FLEET_TELEMETRY_CONFIG_GET = "fleet_telemetry_config_get"
    FLEET_TELEMETRY_CONFIG_DELETE = "fleet_telemetry_config_delete"
    FLEET_TELEMETRY_ERRORS = "fleet_telemetry_errors"
    LIVE_STATUS = "live_status"
    SITE_INFO = "site_info"
    CALENDAR_HISTORY = "calendar_history"
    TELEMETRY_HISTORY = "telemetry_history"
    BACKUP = "backup"
    OPERATION = "operation"
    STORM_MODE = "storm_mode"
    GRID_IMPORT_EXPORT = "grid_import_export"
    OFF_GRID_VEHICLE_CHARGING_RESERVE = "off_grid_vehicle_charging_reserve"
    TIME_OF_USE_SETTINGS = "time_of_use_settings"


FIXED: Final[Mapping[Endpoint, Category]] = {
    Endpoint.VEHICLE_DATA: Category.DATA,
    Endpoint.WAKE_UP: Category.WAKE,
    Endpoint.COMMAND: Category.COMMAND,
    Endpoint.SIGNED_COMMAND: Category.COMMAND,
    Endpoint.PRODUCTS: Category.FREE,
    Endpoint.FLEET_STATUS: Category.FREE,
    Endpoint.REGION: Category.FREE,
    Endpoint.REGISTER: Category.FREE,
}
"""Categories that cannot be changed. Tesla states the first four, and the gate asks for these by
their category; should their price change, the tariff says so. Without the others no account could
start, nor learn that a suspension is over; they are few."""

ASSUMED: Final[Mapping[Endpoint, Category]] = {
    Endpoint.VEHICLE: Category.FREE,
    Endpoint.FLEET_TELEMETRY_CONFIG_CREATE: Category.DATA,
    Endpoint.FLEET_TELEMETRY_CONFIG_GET: Category.DATA,
    Endpoint.FLEET_TELEMETRY_CONFIG_DELETE: Category.DATA,
    Endpoint.FLEET_TELEMETRY_ERRORS: Category.DATA,
    Endpoint.LIVE_STATUS: Category.ENERGY,
    Endpoint.SITE_INFO: Category.ENERGY,
    Endpoint.CALENDAR_HISTORY: Category.ENERGY,
    Endpoint.TELEMETRY_HISTORY: Category.ENERGY,
    Endpoint.BACKUP: Category.ENERGY,
    Endpoint.OPERATION: Category.ENERGY,
    Endpoint.STORM_MODE: Category.ENERGY,
    Endpoint.GRID_IMPORT_EXPORT: Category.ENERGY,
    Endpoint.OFF_GRID_VEHICLE_CHARGING_RESERVE: Category.ENERGY,
    Endpoint.TIME_OF_USE_SETTINGS: Category.ENERGY,
}
"""Categories that Tesla does not state; the owner may know better from a bill."""

CHOICES: Final = (Category.FREE, Category.COMMAND, Category.DATA, Category.ENERGY)
"""Categories that the owner can choose for an endpoint. A wake is none of them: to the gate it
means that a car is woken."""


class Endpoints:
    """Categories of the requests of a developer account.

    Args:
        own: By endpoint, what the owner knows better; see `read_categories`.
    """

    def __init__(self, own: Mapping[Endpoint, Category] | None = None) -> None:
        self.own = own or {}
        """May be replaced at any time: it is looked at for each request."""

    def category(self, endpoint: Endpoint) -> Category:
        """The category of a request to an endpoint."""
        if (fixed := FIXED.get(endpoint)) is not None:
            return fixed
        return self.own.get(endpoint) or ASSUMED[endpoint]

    def charge(self, endpoint: Endpoint, count: int = 1, *, unasked: bool = False) -> Charge:
        """Charge for requests to an endpoint.

        Args:
            endpoint: Which.
            count: How many.
            unasked: Whether they need no room in the budget, because they end spending: without
                them a stream would go on costing when nothing is left.
        """
        return Charge(self.category(endpoint), count, unasked)


def read_categories(stored: object) -> dict[Endpoint, Category]:
    """The owner's corrections, from the option `endpoint_categories`; nothing is none.

    Raises:
        ValueError: naming the endpoint that is not in `ASSUMED`, or whose category is no choice.
    """
    if stored is None:
        return {}
    if not isinstance(stored, Mapping):
        raise ValueError("endpoint_categories")  # noqa: TRY004  # one kind for what cannot be read
    return dict(_choice(name, value) for name, value in stored.items())


def _choice(endpoint: object, value: object) -> tuple[Endpoint, Category]:
    if endpoint not in ASSUMED or value not in CHOICES:
        raise ValueError(str(endpoint))
    return Endpoint(str(endpoint)), Category(str(value))
