"""The category of each endpoint on Tesla's bill: one table, and the owner's corrections.

Tesla states a category for few endpoints. An endpoint of unknown category counts as data, the
dearest category except wakes. The reasons and sources for the categories:

- vehicle_data is data and wake_up is a wake: Tesla's page on prices (2026-08).
- command (every `command/...`) is a command: the panels of Tesla's pages on commands (mid-2025).
- signed_command is a command (assumed): it carries commands, and handshakes use it too.
- vehicle (is it online?) is free (assumed): Tesla's best practices (2026-08) recommend it before
  any paid request, and Home Assistant's own integration calls it free.
- products and fleet_status are free (assumed): the cloud answers them, and Home Assistant's
  documentation (2025-01) lists only refreshes, commands and wakes as paid.
- region and register are free (assumed): they are sent once per account and reach no car.
- fleet_telemetry_config_... and fleet_telemetry_errors are data, because their category is unknown.
  The stream itself is billed by the signal, not by request.
- nearby_charging_sites is data (assumed): TeslaLogger stopped using it because it is paid (2025).
- charging_history and charging_invoice are data, because their category is unknown.
- release_notes is data (assumed): its category is unknown.
- Requests to energy sites are energy, priced 0: Home Assistant's documentation (2025-01) calls them
  "free at this time".
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .tariff import Category, Charge


class Endpoint(StrEnum):
    """An endpoint of the Fleet API, or several billed alike. Options store these names."""

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
    NEARBY_CHARGING_SITES = "nearby_charging_sites"
    RELEASE_NOTES = "release_notes"
    CHARGING_HISTORY = "charging_history"
    CHARGING_INVOICE = "charging_invoice"
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
"""Categories that the owner cannot change. The first four are on Tesla's pages or follow from them,
and the gate relies on their categories; the tariff changes their prices. The free ones are few, and
without them no account could start or detect the end of a suspension."""

ASSUMED: Final[Mapping[Endpoint, Category]] = {
    Endpoint.VEHICLE: Category.FREE,
    Endpoint.FLEET_TELEMETRY_CONFIG_CREATE: Category.DATA,
    Endpoint.FLEET_TELEMETRY_CONFIG_GET: Category.DATA,
    Endpoint.FLEET_TELEMETRY_CONFIG_DELETE: Category.DATA,
    Endpoint.FLEET_TELEMETRY_ERRORS: Category.DATA,
    Endpoint.NEARBY_CHARGING_SITES: Category.DATA,
    Endpoint.RELEASE_NOTES: Category.DATA,
    Endpoint.CHARGING_HISTORY: Category.DATA,
    Endpoint.CHARGING_INVOICE: Category.DATA,
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
"""Categories that Tesla does not state; the owner can correct them from a bill."""

CHOICES: Final = (Category.FREE, Category.COMMAND, Category.DATA, Category.ENERGY)
"""Categories that the owner can choose for an endpoint. A wake is not among them, because to the
gate it means that a car is woken."""


class Endpoints:
    """The categories of a developer account's requests.

    Args:
        own: The owner's corrections by endpoint; see `read_categories`.
    """

    def __init__(self, own: Mapping[Endpoint, Category] | None = None) -> None:
        self.own = own or {}
        """The owner's corrections. May be replaced at any time; each request reads them."""

    def category(self, endpoint: Endpoint) -> Category:
        """The category of a request to an endpoint."""
        if (fixed := FIXED.get(endpoint)) is not None:
            return fixed
        return self.own.get(endpoint) or ASSUMED[endpoint]

    def charge(self, endpoint: Endpoint, count: int = 1, *, unasked: bool = False) -> Charge:
        """The charge for requests to an endpoint.

        Args:
            endpoint: The endpoint.
            count: Number of requests.
            unasked: Whether the budget need not have room, because the requests end spending:
                without them, a stream would keep costing money when nothing is left.
        """
        return Charge(self.category(endpoint), count, unasked)


def read_categories(stored: object) -> dict[Endpoint, Category]:
    """Read the owner's corrections from the option `endpoint_categories`; None means none.

    Raises:
        ValueError: names the endpoint that is not in `ASSUMED` or whose category is not in
            `CHOICES`.
    """
    if stored is None:
        return {}
    if not isinstance(stored, Mapping):
        raise ValueError("endpoint_categories")  # noqa: TRY004  # one kind for unreadable options
    return dict(_choice(name, value) for name, value in stored.items())


def _choice(endpoint: object, value: object) -> tuple[Endpoint, Category]:
    if endpoint not in ASSUMED or value not in CHOICES:
        raise ValueError(str(endpoint))
    return Endpoint(str(endpoint)), Category(str(value))
