"""The table of endpoints: name, cost, permissions and requirements of each.

Categories follow Tesla's pricing as far as it is documented; every row whose category Tesla does
not state has the reason for its category. An unknown path of a vehicle counts as data, the safe
side for a ledger that is compared with this bill.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from simulator.bill import Category
from simulator.limits import Limited


class Needs(StrEnum):
    """The kind of token that an endpoint needs."""

    NOTHING = "nothing"
    ANY = "any"
    USER = "user"
    PARTNER = "partner"


ENERGY_WHY = "priced 0: free at this time says the documentation of Home Assistant (January 2025)"
DATA_WHY = "category not stated by Tesla: counted as data"
FREE_AUTH = "Tesla: authentication is never billed"
FREE_PARTNER = "category not stated by Tesla: set-up of the application, needs no car"

DEVICE = frozenset({"vehicle_device_data"})
COMMANDS = frozenset({"vehicle_cmds"})
ENERGY = frozenset({"energy_device_data"})
ENERGY_COMMANDS = frozenset({"energy_cmds"})
CHARGING = frozenset({"vehicle_charging_cmds"})


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One row of the table."""

    name: str
    method: str
    path: str
    """Path with `{names}`; matched whole."""
    category: Category
    why: str = ""
    """The reason for its category, where Tesla does not state it."""
    needs: Needs = Needs.USER
    scopes: frozenset[str] = frozenset()
    """Scopes of which any one is enough; empty if the handler decides, or if none is needed."""
    limited: Limited | None = None
    regional: bool = True
    """Whether the wrong region answers 421 and an unregistered application 412."""
    online: bool = False
    """Whether the car itself must answer: 408 unless it is online."""


def _data(name: str, *, scopes: frozenset[str] = DEVICE, online: bool = False) -> Endpoint:
    return Endpoint(
        name=name,
        method="GET",
        path=f"/api/1/vehicles/{{vin}}/{name}",
        category=Category.DATA,
        why=DATA_WHY,
        scopes=scopes,
        limited=Limited.DATA,
        online=online,
    )


def _telemetry(name: str, method: str, path: str) -> Endpoint:
    return Endpoint(
        name=name,
        method=method,
        path=path,
        category=Category.DATA,
        why=DATA_WHY,
        # A partner's token configures every car that was granted to the application.
        needs=Needs.ANY,
        scopes=DEVICE,
        limited=Limited.DATA,
    )


def _charging(name: str, path: str) -> Endpoint:
    return Endpoint(
        name=name,
        method="GET",
        path=f"/api/1/dx/charging/{path}",
        category=Category.DATA,
        why=DATA_WHY,
        scopes=CHARGING,
        limited=Limited.DATA,
    )


def _site(name: str, method: str = "GET") -> Endpoint:
    return Endpoint(
        name=name,
        method=method,
        path=f"/api/1/energy_sites/{{site}}/{name}",
        category=Category.ENERGY,
        why=ENERGY_WHY,
        scopes=ENERGY if method == "GET" else ENERGY_COMMANDS,
    )


def _free(
    name: str,
    method: str,
    path: str,
    why: str,
    *,
    needs: Needs = Needs.NOTHING,
    scopes: frozenset[str] = frozenset(),
    regional: bool = False,
    limited: Limited | None = None,
) -> Endpoint:
    return Endpoint(
        name=name,
        method=method,
        path=path,
        category=Category.FREE,
        why=why,
        needs=needs,
        scopes=scopes,
        regional=regional,
        limited=limited,
    )


ENDPOINTS = (
    _free("authorize", "GET", "/oauth2/v3/authorize", FREE_AUTH),
    _free("authorize", "POST", "/oauth2/v3/authorize", FREE_AUTH),
    _free("token", "POST", "/oauth2/v3/token", FREE_AUTH, limited=Limited.TOKEN),
    _free(
        "metadata",
        "GET",
        "/oauth2/v3/thirdparty/.well-known/openid-configuration",
        FREE_AUTH,
    ),
    _free("keys", "GET", "/oauth2/v3/discovery/thirdparty/keys", FREE_AUTH),
    _free("userinfo", "GET", "/oauth2/v3/userinfo", FREE_AUTH),
    _free("revoke", "GET", "/user/revoke/consent", FREE_AUTH),
    _free("revoke", "POST", "/user/revoke/consent", FREE_AUTH),
    _free("pair", "GET", "/_ak/{domain}", "a page for the owner, not an API"),
    _free("pair", "POST", "/_ak/{domain}", "a page for the owner, not an API"),
    _free("status", "GET", "/status", "needs no token, so nobody can be billed"),
    _free("register", "POST", "/api/1/partner_accounts", FREE_PARTNER, needs=Needs.PARTNER),
    _free(
        "public_key",
        "GET",
        "/api/1/partner_accounts/public_key",
        FREE_PARTNER,
        needs=Needs.PARTNER,
        regional=True,
    ),
    _free(
        "region",
        "GET",
        "/api/1/users/region",
        "category not stated by Tesla: called once, at set-up",
        needs=Needs.USER,
        scopes=frozenset(
            {
                "vehicle_device_data",
                "vehicle_cmds",
                "energy_cmds",
                "energy_device_data",
                "user_data",
            }
        ),
        regional=True,
    ),
    _free(
        "me",
        "GET",
        "/api/1/users/me",
        "category not stated by Tesla: about the user, not about a vehicle",
        needs=Needs.USER,
        scopes=frozenset({"user_data"}),
        regional=True,
    ),
    _free(
        "products",
        "GET",
        "/api/1/products",
        "category not stated by Tesla: cloud data, and Home Assistant's documentation names only "
        "refreshes, commands and wakes as costing",
        needs=Needs.ANY,
        scopes=DEVICE | ENERGY,
        regional=True,
    ),
    _free(
        "list",
        "GET",
        "/api/1/vehicles",
        "category not stated by Tesla: cloud data like products",
        needs=Needs.ANY,
        scopes=DEVICE,
        regional=True,
    ),
    _free(
        "fleet_status",
        "POST",
        "/api/1/vehicles/fleet_status",
        "category not stated by Tesla: best practice asks for it before commands",
        needs=Needs.ANY,
        scopes=DEVICE,
        # Since January 2025 it no longer fails with 412 or 421, according to a Tesla engineer.
    ),
    _free(
        "vehicle",
        "GET",
        "/api/1/vehicles/{vin}",
        "Tesla's best practice is to ask it before paid requests",
        needs=Needs.USER,
        scopes=DEVICE,
        regional=True,
    ),
    Endpoint(
        name="vehicle_data",
        method="GET",
        path="/api/1/vehicles/{vin}/vehicle_data",
        category=Category.DATA,
        scopes=DEVICE,
        limited=Limited.DATA,
        online=True,
    ),
    Endpoint(
        name="wake_up",
        method="POST",
        path="/api/1/vehicles/{vin}/wake_up",
        category=Category.WAKE,
        # Tesla's pages name different scopes in different places; either is accepted.
        scopes=frozenset({"vehicle_cmds", "vehicle_device_data"}),
        limited=Limited.WAKE,
    ),
    Endpoint(
        name="signed_command",
        method="POST",
        path="/api/1/vehicles/{vin}/signed_command",
        category=Category.COMMAND,
        why="not stated by Tesla: it carries commands; handshakes use the same path",
        limited=Limited.COMMAND,
    ),
    Endpoint(
        name="command",
        method="POST",
        path="/api/1/vehicles/{vin}/command/{command}",
        category=Category.COMMAND,
        limited=Limited.COMMAND,
    ),
    _telemetry("fleet_telemetry_config_jws", "POST", "/api/1/vehicles/fleet_telemetry_config_jws"),
    _telemetry("fleet_telemetry_config_create", "POST", "/api/1/vehicles/fleet_telemetry_config"),
    _telemetry("fleet_telemetry_config", "GET", "/api/1/vehicles/{vin}/fleet_telemetry_config"),
    _telemetry(
        "fleet_telemetry_config_delete",
        "DELETE",
        "/api/1/vehicles/{vin}/fleet_telemetry_config",
    ),
    _telemetry("fleet_telemetry_errors", "GET", "/api/1/vehicles/{vin}/fleet_telemetry_errors"),
    _free(
        "partner_fleet_telemetry_errors",
        "GET",
        "/api/1/partner_accounts/fleet_telemetry_errors",
        FREE_PARTNER,
        needs=Needs.PARTNER,
        scopes=DEVICE,
        regional=True,
    ),
    _free(
        "partner_fleet_telemetry_error_vins",
        "GET",
        "/api/1/partner_accounts/fleet_telemetry_error_vins",
        FREE_PARTNER,
        needs=Needs.PARTNER,
        scopes=DEVICE,
        regional=True,
    ),
    _data("mobile_enabled", scopes=COMMANDS),
    _data("nearby_charging_sites", online=True),
    _data("release_notes"),
    _data("recent_alerts"),
    _data("service_data"),
    _data("drivers"),
    _charging("charging_history", "history"),
    _charging("charging_invoice", "invoice/{invoice}"),
    _charging("charging_sessions", "sessions"),
    _site("live_status"),
    _site("site_info"),
    _site("calendar_history"),
    _site("telemetry_history"),
    _site("backup", "POST"),
    _site("operation", "POST"),
    _site("storm_mode", "POST"),
    _site("grid_import_export", "POST"),
    _site("off_grid_vehicle_charging_reserve", "POST"),
    _site("time_of_use_settings", "POST"),
)
"""All endpoints of the simulator. Paths and scopes: Tesla's pages as of August 2024 to August
2026."""

UNKNOWN_OF_VEHICLE = Endpoint(
    name="unknown",
    method="*",
    path="/api/1/vehicles/{vin}/{rest}",
    category=Category.DATA,
    why=DATA_WHY,
    limited=Limited.DATA,
)
UNKNOWN = Endpoint(
    name="unknown",
    method="*",
    path="/{rest}",
    category=Category.FREE,
    why="no endpoint at all",
    needs=Needs.NOTHING,
    regional=False,
)


class Match(NamedTuple):
    """The endpoint of a request."""

    endpoint: Endpoint
    parameters: dict[str, str]
    """The values of the `{names}` in the path."""
    method_fits: bool

    @property
    def name(self) -> str:
        """The endpoint's name; a command's own name goes with it."""
        command = self.parameters.get("command")
        return f"{self.endpoint.name}/{command}" if command else self.endpoint.name


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))


_PATTERNS = tuple((_pattern(endpoint.path), endpoint) for endpoint in ENDPOINTS)
_OF_VEHICLE = re.compile(r"/api/1/vehicles/(?P<vin>[^/]+)/.+")


def find(method: str, path: str) -> Match:
    """The endpoint of a request; one of the two unknown ones if there is none.

    A known path with another method gives its endpoint with `method_fits` false.
    """
    other: Match | None = None
    for pattern, endpoint in _PATTERNS:
        if (found := pattern.fullmatch(path)) is None:
            continue
        if endpoint.method == method:
            return Match(endpoint, found.groupdict(), method_fits=True)
        other = other or Match(endpoint, found.groupdict(), method_fits=False)
    if other is not None:
        return other
    if found := _OF_VEHICLE.fullmatch(path):
        return Match(UNKNOWN_OF_VEHICLE, found.groupdict(), method_fits=True)
    return Match(UNKNOWN, {}, method_fits=True)
